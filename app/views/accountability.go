package views

import (
	"context"
	"slices"
	"time"

	"gridward/domain/grid"
	"gridward/domain/hazard"
	"gridward/domain/programme"
)

// Accountability is who answered for what, when, against which limit, and who failed to look (责任追究): of a case, or of
// a person or a cell in a time.
type Accountability struct {
	Intervals    []Interval        `json:"intervals"`
	Cards        []HeldCard        `json:"cards"`
	Escalations  []PastEscalation  `json:"escalations"`
	Supervisions []PastSupervision `json:"supervisions"`
	MissedDuties []MissedDuty      `json:"missed_duties"`
	Said         []Said            `json:"said"` // of a case only
	Totals       Totals            `json:"totals"`
}

// Interval is one stage of a case in one person's hands. Those of a case follow each other without a gap.
type Interval struct {
	Case        string           `json:"case"`
	Programme   string           `json:"programme"`
	Round       int              `json:"round"`
	Stage       string           `json:"stage"`
	Holder      Answering        `json:"holder"`
	Office      grid.CellCode    `json:"office,omitempty"` // which stood in for a vacant post
	Vacant      bool             `json:"vacant"`           // nobody held the post, and no office stood in
	From        time.Time        `json:"from"`
	To          *time.Time       `json:"to"`           // null while it goes on
	UsedSeconds int64            `json:"used_seconds"` // in the limit's own time
	Limit       *programme.Limit `json:"limit"`
	Deadline    *time.Time       `json:"deadline"` // of the stage
	Verdict     string           `json:"verdict"`
	Exempt      bool             `json:"exempt"` // an appeal was upheld; the verdict stays
	Chain       []Answering      `json:"chain"`  // of a late one: who stood above when it became late, nearest first
}

// Answering is a person at a post.
type Answering struct {
	Person     string        `json:"person,omitempty"`
	Role       string        `json:"role,omitempty"`
	Cell       grid.CellCode `json:"cell,omitempty"`
	Department string        `json:"department,omitempty"`
}

// HeldCard is a card and who got it.
type HeldCard struct {
	Case      string     `json:"case"`
	Round     int        `json:"round"`
	Stage     string     `json:"stage"`
	Colour    string     `json:"colour"`
	At        time.Time  `json:"at"`
	Holder    Answering  `json:"holder"`
	Healed    bool       `json:"healed"`
	Withdrawn *time.Time `json:"withdrawn"`
}

// PastEscalation is one time a case was queued at an upper office.
type PastEscalation struct {
	Case           string        `json:"case"`
	Round          int           `json:"round"`
	Cell           grid.CellCode `json:"cell"` // of the office
	Level          int           `json:"level"`
	Person         string        `json:"person,omitempty"` // who stood for the office then
	Since          time.Time     `json:"since"`
	Ended          *time.Time    `json:"ended"`
	Reason         string        `json:"reason"`
	Automatic      bool          `json:"automatic"`
	Rung           *int          `json:"rung"`
	AcknowledgedAt *time.Time    `json:"acknowledged_at"`
	AcknowledgedBy string        `json:"acknowledged_by,omitempty"`
	Instruction    string        `json:"instruction,omitempty"`
}

// PastSupervision is one supervision of a case.
type PastSupervision struct {
	Case      string        `json:"case"`
	Measure   string        `json:"measure"`
	Level     int           `json:"level"`
	Cell      grid.CellCode `json:"cell"`
	Since     time.Time     `json:"since"`
	Lifted    *time.Time    `json:"lifted"`
	Automatic bool          `json:"automatic"`
	Plan      *hazard.Plan  `json:"plan,omitempty"`
}

// Totals sums an accountability up. Late counts every late interval, exempt ones too, which Exempt counts again. Cards
// that were withdrawn or healed are not counted.
type Totals struct {
	Cases       int `json:"cases"`
	Intervals   int `json:"intervals"`
	OnTime      int `json:"on_time"`
	Late        int `json:"late"`
	Open        int `json:"open"`
	Exempt      int `json:"exempt"`
	Yellow      int `json:"yellow"`
	Red         int `json:"red"`
	Escalations int `json:"escalations"`
	Missed      int `json:"missed"` // the sum of what duties missed
}

// CaseAccountability is the line of one case from report to closure, as of an instant (zero: now).
func (v *Views) CaseAccountability(ctx context.Context, id string, now, asOf time.Time) (Accountability, error) {
	h, err := v.history(ctx, id, asOf)
	if err != nil {
		return Accountability{}, err
	}
	if !asOf.IsZero() {
		now = asOf
	}
	out := none()
	if out.Intervals, err = v.intervalsOf(h.track, h.rules, now, newDutyBook(v.read(ctx), asOf)); err != nil {
		return out, err
	}
	out.Cards, out.Escalations, out.Supervisions, out.Said = h.heldCards(v.loc), h.escalations(v.loc), h.supervisions(v.loc), h.said(v.loc)
	if out.MissedDuties, err = v.missedBefore(ctx, h.Programme, h.Cell, h.FoundAt, asOf); err != nil {
		return out, err
	}
	out.sum()
	return out, nil
}

// none is an accountability that says nothing.
func none() Accountability {
	return Accountability{Intervals: []Interval{}, Cards: []HeldCard{}, Escalations: []PastEscalation{}, Supervisions: []PastSupervision{},
		MissedDuties: []MissedDuty{}, Said: []Said{}}
}

// intervalsOf derives the line of a case. Duties that begin later than now are not known yet.
func (v *Views) intervalsOf(c hazard.Case, r *rules, now time.Time, book *dutyBook) ([]Interval, error) {
	posted, uses := book.posted(c.Programme), r.uses(c)
	line := c.Line(posted, uses)
	out := make([]Interval, 0, len(line))
	for _, at := range line {
		if at.From.After(now) {
			continue
		}
		if at.To.After(now) {
			at.To = time.Time{}
		}
		s := c.Stages[at.Run]
		cal := r.calendars.Version(s.CalendarVersion)
		in := Interval{Case: c.ID, Programme: c.Programme, Round: at.Round, Stage: at.Stage, Holder: answering(at.Holder), Office: at.Office, Vacant: at.Vacant,
			From: instant(at.From, v.loc), UsedSeconds: int64(at.Used(s, cal, now) / time.Second), Verdict: at.Verdict(s, cal, now), Exempt: s.Exempt,
			Chain: []Answering{}}
		if !at.To.IsZero() {
			to := instant(at.To, v.loc)
			in.To = &to
		}
		if s.Fixed.IsZero() {
			in.Limit = s.Limit
		}
		if due, ok := s.Deadline(cal); ok {
			due = instant(due, v.loc)
			in.Deadline = &due
		}
		if late, ok := at.LateFrom(s, cal, now); ok {
			in.Chain = above(posted(at.Holder), at.Holder, late, uses)
		}
		out = append(out, in)
	}
	return out, book.err
}

func above(posts grid.Chain, h hazard.Holder, at time.Time, uses func(int) bool) []Answering {
	out := []Answering{}
	for _, who := range hazard.Above(posts, h, at, uses) {
		out = append(out, answering(who))
	}
	return out
}

func answering(h hazard.Holder) Answering {
	return Answering{Person: h.Person, Role: h.Role, Cell: h.Cell, Department: h.Department}
}

// heldCards gives every card of the case, in the order they were due.
func (h *history) heldCards(loc *time.Location) []HeldCard {
	out := []HeldCard{}
	for _, s := range h.track.Stages {
		for _, r := range s.Rungs {
			if r.Do != programme.DoYellow && r.Do != programme.DoRed {
				continue
			}
			card := HeldCard{Case: h.ID, Round: s.Round, Stage: s.Name, Colour: r.Do, At: instant(r.Due, loc), Healed: r.Healed}
			if r.Holder != nil {
				card.Holder = answering(*r.Holder)
			}
			if !r.Withdrawn.IsZero() {
				at := instant(r.Withdrawn, loc)
				card.Withdrawn = &at
			}
			out = append(out, card)
		}
	}
	slices.SortStableFunc(out, func(a, b HeldCard) int { return a.At.Compare(b.At) })
	return out
}

// escalations gives every time the case was queued.
func (h *history) escalations(loc *time.Location) []PastEscalation {
	out := []PastEscalation{}
	stage, waiting := "", false
	end := func(at time.Time) {
		if waiting {
			at = instant(at, loc)
			out[len(out)-1].Ended, waiting = &at, false
		}
	}
	round := 1
	for _, f := range h.facts {
		at := f.event.Stamped().At
		if waiting && hazard.EndsEscalation(stage, f.event) {
			end(at)
		}
		switch e := f.event.(type) {
		case hazard.Reopened:
			round = e.Round
		case hazard.Escalated:
			end(at)
			past := PastEscalation{Case: h.ID, Round: round, Cell: e.To, Level: e.Level, Since: instant(at, loc), Reason: e.Reason, Automatic: e.Automatic}
			if e.Office != nil {
				past.Person = e.Office.Person
			}
			if e.Ladder != nil {
				past.Rung = &e.Ladder.Rung
			}
			out, stage, waiting = append(out, past), e.Stage, true
		case hazard.EscalationAcknowledged:
			if waiting {
				at := instant(at, loc)
				last := &out[len(out)-1]
				last.AcknowledgedAt, last.AcknowledgedBy, last.Instruction = &at, e.By, e.Instruction
			}
		}
	}
	return out
}

// supervisions gives every supervision, lifted or not.
func (h *history) supervisions(loc *time.Location) []PastSupervision {
	out := []PastSupervision{}
	for _, f := range h.facts {
		at := instant(f.event.Stamped().At, loc)
		switch e := f.event.(type) {
		case hazard.Supervised:
			s := PastSupervision{Case: h.ID, Measure: e.Measure, Level: e.Level, Cell: e.Cell, Since: at, Automatic: e.Ladder != nil}
			if e.Plan != nil {
				plan := *e.Plan
				plan.Deadline = instant(plan.Deadline, loc)
				s.Plan = &plan
			}
			out = append(out, s)
		case hazard.SupervisionLifted:
			for i := range out {
				if out[i].Lifted == nil && out[i].Measure == e.Measure && out[i].Cell == e.Cell {
					out[i].Lifted = &at
				}
			}
		}
	}
	return out
}

// sum counts what an accountability holds.
func (a *Accountability) sum() {
	cases := map[string]bool{}
	t := Totals{Intervals: len(a.Intervals), Escalations: len(a.Escalations)}
	for _, i := range a.Intervals {
		cases[i.Case] = true
		switch i.Verdict {
		case hazard.VerdictLate:
			t.Late++
		case hazard.VerdictOpen:
			t.Open++
		default:
			t.OnTime++
		}
		if i.Exempt {
			t.Exempt++
		}
	}
	for _, c := range a.Cards {
		switch {
		case c.Healed || c.Withdrawn != nil:
		case c.Colour == hazard.Red:
			t.Red++
		default:
			t.Yellow++
		}
	}
	for _, m := range a.MissedDuties {
		t.Missed += m.Short
	}
	t.Cases = len(cases)
	a.Totals = t
}
