package grid

import (
	"slices"
	"strconv"
	"time"

	"gridward/domain/fault"
)

// maxDutyCells is over how many cells one duty may reach (an irrigation district spans some townships).
const maxDutyCells = 200

// GiveDuty gives a person a role in a programme, over cells or in a department.
type GiveDuty struct {
	ID         string     `json:"id,omitempty"`
	Programme  string     `json:"programme"`
	Role       string     `json:"role"` // one of the programme's own, or of the six
	Person     string     `json:"person"`
	From       time.Time  `json:"from"`
	Cells      []CellCode `json:"cells,omitempty"`
	Department string     `json:"department,omitempty"`
}

// DutyFacts is what the decision on a duty relies on beside the first stream.
type DutyFacts struct {
	ActsAs string              // what the role acts as in the programme, "" when it knows no such role
	Levels []int               // the programme's levels
	Held   map[CellCode]Duties // the duties of the other cells
}

// DecideGiveDuty decides on a duty, on the stream of its first cell or its department. It decides for all its
// cells: the other streams take the event as it is.
func DecideGiveDuty(first Duties, cmd GiveDuty, facts DutyFacts) ([]DutyEvent, error) {
	var bad fault.Fields
	if facts.ActsAs == "" {
		bad.Add("role", "is not a role of the programme")
	}
	if cmd.From.IsZero() {
		bad.Add("from", "is required")
	}
	if len(cmd.Cells) > maxDutyCells {
		bad.Add("cells", "are more than %d", maxDutyCells)
	}
	for i, c := range cmd.Cells {
		at := CellField(i)
		if !slices.Contains(facts.Levels, c.Level()) {
			bad.Add(at, "is not at a level the programme uses")
		}
		if slices.Contains(cmd.Cells[:i], c) {
			bad.Add(at, "is named twice")
		}
	}
	if err := bad.Err(); err != nil {
		return nil, err
	}
	e := DutyGiven{Duty: cmd.ID, Programme: cmd.Programme, Role: cmd.Role, ActsAs: facts.ActsAs, Person: cmd.Person,
		From: cmd.From, Cells: cmd.Cells, Department: cmd.Department}
	if d, found := first.Find(cmd.ID); found {
		if d.same(e) {
			return nil, nil
		}
		return nil, fault.New(fault.Conflict, "id_reused", "the id belongs to another duty")
	}
	if cmd.Department != "" {
		if err := collides(first, e, "department "+cmd.Department, false); err != nil {
			return nil, err
		}
	}
	for i, c := range cmd.Cells {
		held := first
		if i > 0 {
			held = facts.Held[c]
		}
		if err := collides(held, e, "cell "+string(c), c.Level() > District); err != nil {
			return nil, err
		}
	}
	return []DutyEvent{e}, nil
}

// CellField names the i-th cell of a duty as the one who gives it knows it: the first is the place it is given at,
// the others are its list.
func CellField(i int) string {
	if i == 0 {
		return "cell"
	}
	return "cells." + strconv.Itoa(i-1)
}

// collides refuses a duty the person holds there already, and a second holder of a chief's post. The district is
// a committee and may have several chiefs.
func collides(held Duties, e DutyGiven, where string, single bool) error {
	for _, d := range held {
		if !d.To.IsZero() && !d.To.After(e.From) || d.Role != e.Role {
			continue
		}
		if d.Person == e.Person {
			return fault.Refuse("duty_overlaps", "the person holds that role in %s then", where)
		}
		if single && e.ActsAs == RoleChief {
			return fault.Refuse("post_taken", "somebody else holds that post in %s then", where)
		}
	}
	return nil
}

// same reports whether the event says what gave this duty.
func (d Duty) same(e DutyGiven) bool {
	return d.Programme == e.Programme && d.Role == e.Role && d.ActsAs == e.ActsAs && d.Person == e.Person &&
		d.From.Equal(e.From) && slices.Equal(d.Cells, e.Cells) && d.Department == e.Department
}

// EndDuty ends a duty at an instant, past or to come.
type EndDuty struct {
	Duty string    `json:"duty"`
	At   time.Time `json:"at"`
}

// DecideEndDuty decides on the end of a duty, in each of its streams alike. An end is final.
func DecideEndDuty(s Duties, cmd EndDuty) ([]DutyEvent, error) {
	d, found := s.Find(cmd.Duty)
	switch {
	case !found:
		return nil, fault.Missing("duty", cmd.Duty)
	case cmd.At.IsZero():
		return nil, fault.BadField("at", "is required")
	case d.To.Equal(cmd.At):
		return nil, nil
	case !d.To.IsZero():
		return nil, fault.Refuse("duty_ended", "the duty has an end already")
	case !cmd.At.After(d.From):
		return nil, fault.BadField("at", "is not after the beginning of the duty")
	}
	return []DutyEvent{DutyEnded(cmd)}, nil
}

// Missing gives what one of a duty's other streams still lacks of what was decided on the first.
func (s Duties) Missing(e DutyEvent) []DutyEvent {
	switch e := e.(type) {
	case DutyGiven:
		if _, found := s.Find(e.Duty); found {
			return nil
		}
	case DutyEnded:
		if d, found := s.Find(e.Duty); found && !d.To.IsZero() {
			return nil
		}
	}
	return []DutyEvent{e}
}
