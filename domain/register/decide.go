package register

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"gridward/domain/fault"
	"gridward/domain/grid"
	"gridward/domain/personal"
)

// Lengths of texts, in characters.
const (
	maxName = 200
	maxNote = 1000
	maxText = 10000
)

// maxAttendees is how many may be named for one activity.
const maxAttendees = 500

// Activity is the state of one activity.
type Activity struct {
	ID   string // "" while there is no such activity
	Cell grid.CellCode
}

// EvolveActivity folds one event of an activity's stream.
func EvolveActivity(s Activity, e ActivityEvent) Activity {
	if e, ok := e.(ActivityRecorded); ok {
		s.ID, s.Cell = e.ID, e.Cell
	}
	return s
}

// DecideRecordActivity decides on a new activity; the command carries the id. known are those of the participants
// that are persons of the grid.
func DecideRecordActivity(s Activity, cmd RecordActivity, known map[string]bool) ([]ActivityEvent, error) {
	if s.ID != "" {
		return nil, taken
	}
	var bad fault.Fields
	bad.Require("programme", cmd.Programme)
	if !slices.Contains(ActivityKinds, cmd.Kind) {
		bad.Add("kind", "is not one of %s", strings.Join(ActivityKinds, ", "))
	}
	if cmd.HeldAt.IsZero() {
		bad.Add("held_at", "is required")
	}
	bad.Text("title", cmd.Title, maxName)
	bad.AtMost("minutes", cmd.Minutes, maxText)
	if len(cmd.Participants) > maxAttendees {
		bad.Add("participants", "are more than %d", maxAttendees)
	}
	e := ActivityRecorded{ID: cmd.ID, Cell: cmd.Cell, Programme: cmd.Programme, Kind: cmd.Kind, HeldAt: cmd.HeldAt,
		Title: strings.TrimSpace(cmd.Title), Minutes: cmd.Minutes}
	for i, p := range cmd.Participants {
		at := "participants." + strconv.Itoa(i)
		if grid.IsPersonID(p) {
			if !known[p] {
				bad.Add(at, "there is no such person")
			}
			e.Participants = append(e.Participants, Attendee{Person: p})
			continue
		}
		bad.Text(at, p, maxName)
		e.Participants = append(e.Participants, Attendee{Name: personal.Of(cmd.ID+"#p"+strconv.Itoa(i), p)})
	}
	if err := bad.Err(); err != nil {
		return nil, err
	}
	return []ActivityEvent{e}, nil
}

// Equipment is the state of one item of equipment.
type Equipment struct {
	ID         string // "" while there is no such item
	Cell       grid.CellCode
	Programme  string
	BoughtOn   string
	ValidUntil string
	Retired    bool
}

// EvolveEquipment folds one event of an item's stream.
func EvolveEquipment(s Equipment, e EquipmentEvent) Equipment {
	switch e := e.(type) {
	case EquipmentRegistered:
		s.ID, s.Cell, s.Programme, s.BoughtOn, s.ValidUntil = e.ID, e.Cell, e.Programme, e.BoughtOn, e.ValidUntil
	case EquipmentServiced:
		if e.ValidUntil != "" {
			s.ValidUntil = e.ValidUntil
		}
	case EquipmentRetired:
		s.Retired = true
	}
	return s
}

// DecideRegisterEquipment decides on a new item; the command carries the id.
func DecideRegisterEquipment(s Equipment, cmd RegisterEquipment) ([]EquipmentEvent, error) {
	if s.ID != "" {
		return nil, taken
	}
	var bad fault.Fields
	bad.Text("kind", cmd.Kind, maxName)
	if cmd.Quantity < 1 || cmd.Quantity > 1_000_000 {
		bad.Add("quantity", "is not between 1 and 1000000")
	}
	civil(&bad, "bought_on", cmd.BoughtOn)
	civil(&bad, "valid_until", cmd.ValidUntil)
	if cmd.BoughtOn != "" && cmd.ValidUntil != "" && cmd.ValidUntil < cmd.BoughtOn {
		bad.Add("valid_until", "lies before bought_on")
	}
	bad.AtMost("place", cmd.Place, maxName)
	bad.AtMost("note", cmd.Note, maxNote)
	if err := bad.Err(); err != nil {
		return nil, err
	}
	return []EquipmentEvent{EquipmentRegistered(cmd)}, nil
}

// DecideServiceEquipment decides on a service.
func DecideServiceEquipment(s Equipment, cmd ServiceEquipment) ([]EquipmentEvent, error) {
	if err := inUse(s); err != nil {
		return nil, err
	}
	var bad fault.Fields
	bad.Require("serviced_on", cmd.ServicedOn)
	civil(&bad, "serviced_on", cmd.ServicedOn)
	civil(&bad, "valid_until", cmd.ValidUntil)
	if cmd.ServicedOn != "" && s.BoughtOn != "" && cmd.ServicedOn < s.BoughtOn {
		bad.Add("serviced_on", "lies before it was bought")
	}
	if cmd.ValidUntil != "" && cmd.ValidUntil < cmd.ServicedOn {
		bad.Add("valid_until", "lies before serviced_on")
	}
	bad.AtMost("note", cmd.Note, maxNote)
	if err := bad.Err(); err != nil {
		return nil, err
	}
	return []EquipmentEvent{EquipmentServiced(cmd)}, nil
}

// DecideRetireEquipment decides on the end of an item's use, once.
func DecideRetireEquipment(s Equipment, cmd RetireEquipment) ([]EquipmentEvent, error) {
	if err := inUse(s); err != nil {
		return nil, err
	}
	var bad fault.Fields
	bad.Text("reason", cmd.Reason, maxNote)
	if err := bad.Err(); err != nil {
		return nil, err
	}
	return []EquipmentEvent{EquipmentRetired(cmd)}, nil
}

func inUse(s Equipment) error {
	if s.ID == "" {
		return fault.New(fault.NotFound, "equipment_not_found", "there is no such equipment")
	}
	if s.Retired {
		return fault.Refuse("equipment_retired", "the equipment is out of use")
	}
	return nil
}

// Force is the state of one force or plan.
type Force struct {
	ID   string // "" while there is no such force
	Cell grid.CellCode
}

// EvolveForce folds one event of a force's stream.
func EvolveForce(s Force, e ForceEvent) Force {
	if e, ok := e.(ForceRegistered); ok {
		s.ID, s.Cell = e.ID, e.Cell
	}
	return s
}

// DecideRegisterForce decides on a new force or plan; the command carries the id.
func DecideRegisterForce(s Force, cmd RegisterForce) ([]ForceEvent, error) {
	if s.ID != "" {
		return nil, taken
	}
	var bad fault.Fields
	bad.Require("programme", cmd.Programme)
	if cmd.Kind != "force" && cmd.Kind != "plan" {
		bad.Add("kind", "is not one of force, plan")
	}
	bad.Text("name", cmd.Name, maxName)
	if cmd.Headcount < 0 || cmd.Headcount > 1_000_000 {
		bad.Add("headcount", "is not between 0 and 1000000")
	}
	bad.AtMost("leader", cmd.Leader, maxName)
	grid.CheckPhone(&bad, "phone", cmd.Phone)
	bad.AtMost("equipment", cmd.Equipment, maxText)
	bad.AtMost("content", cmd.Content, maxText)
	if cmd.Kind == "plan" {
		bad.Require("content", strings.TrimSpace(cmd.Content))
	}
	if err := bad.Err(); err != nil {
		return nil, err
	}
	return []ForceEvent{ForceRegistered{ID: cmd.ID, Cell: cmd.Cell, Programme: cmd.Programme, Kind: cmd.Kind,
		Name: strings.TrimSpace(cmd.Name), Headcount: cmd.Headcount, Leader: personal.Of(cmd.ID, cmd.Leader),
		Phone: personal.Of(cmd.ID, cmd.Phone), Equipment: cmd.Equipment, Content: cmd.Content}}, nil
}

// taken refuses an id that has something already: the same command again never comes this far.
var taken = fault.New(fault.Conflict, "id_reused", "the id belongs to something else")

// civil notes what is not a civil day; none is right.
func civil(bad *fault.Fields, field, day string) {
	if day == "" {
		return
	}
	if _, err := time.Parse(time.DateOnly, day); err != nil {
		bad.Add(field, `is not a date like "2006-01-02"`)
	}
}
