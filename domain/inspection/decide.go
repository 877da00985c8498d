package inspection

import (
	"reflect"
	"slices"
	"strconv"
	"time"

	"github.com/google/uuid"

	"gridward/domain/fault"
	"gridward/domain/grid"
	"gridward/domain/personal"
	"gridward/domain/programme"
)

// Facts is what a decision on an inspection relies on beside its own stream.
type Facts struct {
	Programme *programme.Programme // the newest version when logging, the logged one when amending
	Cell      grid.Cell
	Campaign  *Campaign       // the one it names, if it names one
	Persons   map[string]bool // which of the person ids it names are known
	Chain     grid.Chain      // from the cell upward, with the duties held when the inspection ended
}

// DecideLog decides on a new inspection; the command carries id and officer.
func DecideLog(s State, cmd Log, f Facts) ([]Event, error) {
	if s.Exists() {
		return nil, fault.New(fault.Conflict, "id_reused", "the id belongs to another inspection")
	}
	var bad fault.Fields
	r := Report{Programme: cmd.Programme, Cell: cmd.Cell, Officer: cmd.Officer, Kind: cmd.kind(), Surprise: cmd.Surprise,
		Walk: cmd.Walk, Campaign: cmd.Campaign, StartedAt: cmd.StartedAt, EndedAt: cmd.EndedAt,
		Participants: participants(&bad, cmd.ID, cmd.Participants, f.Persons), Content: cmd.Content,
		Checklist: cmd.Checklist, Measures: cmd.Measures, Location: cmd.Location, Evidence: cmd.Evidence}
	if !f.Programme.Uses(cmd.Cell.Level()) {
		bad.Add("cell", "is not at a level the programme uses")
	}
	checkReport(&bad, r, len(cmd.Hazards) > 0, f)
	hazards := found(&bad, cmd, f.Programme)
	if err := bad.Err(); err != nil {
		return nil, err
	}
	if err := checkCampaign(r, f); err != nil {
		return nil, err
	}
	if err := checkOnTheSpot(hazards, f.Programme); err != nil {
		return nil, err
	}
	return []Event{Logged{ID: cmd.ID, ProgrammeVersion: f.Programme.Version, Report: r, Hazards: hazards,
		Acting: acting(r, f.Chain)}}, nil
}

// kind is the kind the command means: routine, or campaign when it names one.
func (cmd Log) kind() string {
	switch {
	case cmd.Kind != "":
		return cmd.Kind
	case cmd.Campaign != "":
		return Campaigns
	}
	return Routine
}

// DecideAmend decides on a correction. It is judged by the rules it was logged under.
func DecideAmend(s State, cmd Amend, f Facts) ([]Event, error) {
	if err := standing(s); err != nil {
		return nil, err
	}
	var bad fault.Fields
	bad.Text("reason", cmd.Reason, maxReason)
	r := cmd.apply(&bad, s, f)
	checkReport(&bad, r, len(s.Logged.Hazards) > 0, f)
	if err := bad.Err(); err != nil {
		return nil, err
	}
	if reflect.DeepEqual(r, s.Report) {
		return nil, nil
	}
	if err := checkCampaign(r, f); err != nil {
		return nil, err
	}
	return []Event{Amended{Reason: cmd.Reason, Report: r, Acting: acting(r, f.Chain)}}, nil
}

// apply gives the report as corrected.
func (cmd Amend) apply(bad *fault.Fields, s State, f Facts) Report {
	r := s.Report
	setTime(&r.StartedAt, cmd.StartedAt)
	setTime(&r.EndedAt, cmd.EndedAt)
	set(&r.Content, cmd.Content)
	set(&r.Checklist, cmd.Checklist)
	set(&r.Measures, cmd.Measures)
	set(&r.Evidence, cmd.Evidence)
	set(&r.Surprise, cmd.Surprise)
	set(&r.Walk, cmd.Walk)
	if cmd.Location != nil {
		r.Location = cmd.Location
	}
	if cmd.Participants != nil {
		r.Participants = participants(bad, s.Logged.ID, *cmd.Participants, f.Persons)
	}
	return r
}

func set[T any](to, from *T) {
	if from != nil {
		*to = *from
	}
}

// setTime keeps what says the same instant as it was written.
func setTime(to, from *time.Time) {
	if from != nil && !from.Equal(*to) {
		*to = *from
	}
}

// DecideVoid decides on taking an inspection out of every figure, once.
func DecideVoid(s State, cmd Void) ([]Event, error) {
	if s.Voided {
		return nil, fault.Refuse("already_voided", "the inspection is void already")
	}
	if err := standing(s); err != nil {
		return nil, err
	}
	var bad fault.Fields
	bad.Text("reason", cmd.Reason, maxReason)
	if err := bad.Err(); err != nil {
		return nil, err
	}
	return []Event{Voided(cmd)}, nil
}

func standing(s State) error {
	if !s.Exists() {
		return fault.New(fault.NotFound, "inspection_not_found", "there is no such inspection")
	}
	if s.Voided {
		return fault.Refuse("inspection_voided", "the inspection is void")
	}
	return nil
}

// participants tells persons of the grid from others, whose names are personal data under the inspection's id.
func participants(bad *fault.Fields, id string, named []string, known map[string]bool) []Participant {
	if len(named) > maxParticipants {
		bad.Add("participants", "are more than %d", maxParticipants)
		return nil
	}
	out := make([]Participant, 0, len(named))
	for i, p := range named {
		at := "participants." + strconv.Itoa(i)
		if slices.Contains(named[:i], p) {
			bad.Add(at, "is named twice")
		}
		if grid.IsPersonID(p) {
			if !known[p] {
				bad.Add(at, "there is no such person")
			}
			out = append(out, Participant{Person: p})
			continue
		}
		bad.Text(at, p, maxName)
		out = append(out, Participant{Name: personal.Of(id+"#p"+strconv.Itoa(i), p)})
	}
	if len(out) == 0 {
		return nil
	}
	return out
}

// acting gives the duties of the officer and the participants on the way up from the cell: the inspection counts
// for each of them, nearest first.
func acting(r Report, chain grid.Chain) []Acting {
	who := []string{r.Officer}
	for _, p := range r.Participants {
		if p.Person != "" && !slices.Contains(who, p.Person) {
			who = append(who, p.Person)
		}
	}
	var out []Acting
	for _, post := range chain {
		for _, d := range post.Held {
			if slices.Contains(who, d.Person) {
				out = append(out, Acting{Person: d.Person, Duty: d.ID, Role: d.Role, ActsAs: d.ActsAs, Cell: post.Cell})
			}
		}
	}
	return out
}

// CaseID is the id of the case the n-th hazard of an inspection opens when the patrol gave none.
func CaseID(inspection string, n int) string {
	id, err := uuid.Parse(inspection)
	if err != nil { // an inspection's id is a UUID; anything else still has one id of its own
		id = uuid.NewSHA1(uuid.Nil, []byte(inspection))
	}
	return uuid.NewSHA1(id, []byte("hazard/"+strconv.Itoa(n))).String()
}
