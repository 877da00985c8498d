package grid

import (
	"slices"
	"time"
)

// Duty is one person's role in a programme, on cells or in a department, from an instant to an instant.
type Duty struct {
	ID         string
	Programme  string
	Role       string // as the programme names it
	ActsAs     string // one of the six roles
	Person     string
	From       time.Time
	To         time.Time // zero while it goes on; excluded itself
	Cells      []CellCode
	Department string
}

// ActiveAt reports whether the duty is held at the instant: From included, To excluded.
func (d Duty) ActiveAt(at time.Time) bool {
	return !at.Before(d.From) && (d.To.IsZero() || at.Before(d.To))
}

// Office reports whether the role can act for an office: chief, supervisor or sponsor (glossary: the office in
// charge).
func (d Duty) Office() bool {
	return d.ActsAs == RoleChief || d.ActsAs == RoleSupervisor || d.ActsAs == RoleSponsor
}

// Duties is the state of one duties stream, in the order given. It is never changed in place.
type Duties []Duty

// EvolveDuties folds one event of a duties stream.
func EvolveDuties(s Duties, e DutyEvent) Duties {
	switch e := e.(type) {
	case DutyGiven:
		return append(slices.Clip(s), Duty{ID: e.Duty, Programme: e.Programme, Role: e.Role, ActsAs: e.ActsAs,
			Person: e.Person, From: e.From, Cells: e.Cells, Department: e.Department})
	case DutyEnded:
		s = slices.Clone(s)
		for i := range s {
			if s[i].ID == e.Duty {
				s[i].To = e.At
			}
		}
	}
	return s
}

// ActiveAt gives the duties held at the instant.
func (s Duties) ActiveAt(at time.Time) Duties {
	var out Duties
	for _, d := range s {
		if d.ActiveAt(at) {
			out = append(out, d)
		}
	}
	return out
}

// Find gives the duty of that id.
func (s Duties) Find(id string) (Duty, bool) {
	i := slices.IndexFunc(s, func(d Duty) bool { return d.ID == id })
	if i < 0 {
		return Duty{}, false
	}
	return s[i], true
}

// Post is one place on the way up from a cell (or a department) with the duties held there at one instant.
type Post struct {
	Cell       CellCode
	Department string // set when the post is a department sitting at Cell
	Held       Duties
}

// By gives the duties of this post a person holds.
func (p Post) By(person string) Duties {
	var out Duties
	for _, d := range p.Held {
		if d.Person == person {
			out = append(out, d)
		}
	}
	return out
}

// OfficeOf gives the first duty of the post under which the person can act for the office.
func (p Post) OfficeOf(person string) (Duty, bool) {
	for _, d := range p.Held {
		if d.Person == person && d.Office() {
			return d, true
		}
	}
	return Duty{}, false
}

// Face is who stands for the post: its chief, else its supervisor, else its sponsor, else whoever is there first.
func (p Post) Face() (Duty, bool) {
	for _, role := range []string{RoleChief, RoleSupervisor, RoleSponsor} {
		for _, d := range p.Held {
			if d.ActsAs == role {
				return d, true
			}
		}
	}
	if len(p.Held) > 0 {
		return p.Held[0], true
	}
	return Duty{}, false
}

// Chain is the posts from a cell (first) up to its district (last), at one instant and for one programme: what
// a decision about who may act relies on.
type Chain []Post

// At gives the chain from the given cell upward; the cell must lie on it, else the chain is empty.
func (c Chain) At(cell CellCode) Chain {
	i := slices.IndexFunc(c, func(p Post) bool { return p.Cell == cell && p.Department == "" })
	if i < 0 {
		return nil
	}
	return c[i:]
}

// InCharge is the office in charge: the nearest post upward, itself included, with a chief, supervisor or
// sponsor, and the cells passed over on the way, which were vacant. barred is one person who may not act
// (separation of duties): an office whose only holder is barred is passed over too. ok is false when there is
// none up to the district.
func (c Chain) InCharge(barred string) (post Post, vacant []CellCode, ok bool) {
	for _, p := range c {
		if slices.ContainsFunc(p.Held, func(d Duty) bool { return d.Office() && d.Person != barred }) {
			return p, vacant, true
		}
		vacant = append(vacant, p.Cell)
	}
	return Post{}, vacant, false
}

// DutyOf gives the duties a person holds anywhere on the chain, nearest first.
func (c Chain) DutyOf(person string) Duties {
	var out Duties
	for _, p := range c {
		out = append(out, p.By(person)...)
	}
	return out
}
