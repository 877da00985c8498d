package hazard

import (
	"slices"
	"time"

	"gridward/domain/calendar"
	"gridward/domain/fault"
	"gridward/domain/grid"
	"gridward/domain/programme"
)

// Scene is everything a decision relies on beside the case itself, gathered from the few streams that hold it,
// as it stood when the command happened.
type Scene struct {
	By        string // who answers for the command
	Steward   bool   // an administrator in its own name: holds no duty
	At        time.Time
	Explicit  bool                 // the client said when it happened
	Judged    time.Time            // when limits take it to have happened, where that is not At
	Calendars calendar.State       // every version
	Programme *programme.Programme // the case's version; the newest while it is only reported
	Cell      grid.Cell            // the case's cell, or the one filing corrects it to
	Chain     grid.Chain           // from the case's cell upward
	Moved     grid.Chain           // of filing: from the corrected cell upward; else empty
	Held      grid.Chain           // from the holder's (or the rectifier's) cell upward; a department's cell for a department
	Bureau    *grid.Post           // the holder, when it is a department
	Targets   []Place              // of a dispatch: the lead, then those assisting; of filing: where the item goes by itself
	Other     Case                 // the case to merge into
}

// Place is one cell or department a case may be given to.
type Place struct {
	Cell   grid.Cell  // of the cell, or of the department's seat
	Bureau *grid.Post // the department
	Chain  grid.Chain // from the cell upward
}

// stamp is the when and who of the events to come. Without a time of its own a command happens now, though never
// before the last change of state (a phone's clock may have run a little ahead).
func (s Scene) stamp(c Case) Stamp {
	at := s.At
	if !s.Explicit && at.Before(c.LastChange) {
		at = c.LastChange
	}
	return Stamp{At: at, By: s.By, Judged: s.Judged}
}

// calendarVersion is the one that binds what is reported or filed now; 0 while there is none.
func (s Scene) calendarVersion() int { return len(s.Calendars.Versions) }

// officeLevel is the level at which the programme files and dispatches for a cell; 0 in the programme means the
// parent cell.
func officeLevel(p *programme.Programme, cell grid.CellCode) int {
	if p.OfficeLevel > 0 {
		return p.OfficeLevel
	}
	above := 0
	for _, l := range p.Levels {
		if l < cell.Level() {
			above = l
		}
	}
	return max(above, grid.District)
}

// officesOver are the offices over the cell a case is filed for, which filing may have corrected.
func (s Scene) officesOver() grid.Chain {
	if len(s.Moved) == 0 {
		return s.offices()
	}
	return upTo(s.Programme, s.Moved, officeLevel(s.Programme, s.Moved[0].Cell))
}

// upTo gives the posts of a chain at the programme's levels, at or above (so: numerically at most) a level.
func upTo(p *programme.Programme, chain grid.Chain, level int) grid.Chain {
	var out grid.Chain
	for _, post := range chain {
		if post.Cell.Level() <= level && p.Uses(post.Cell.Level()) {
			out = append(out, post)
		}
	}
	return out
}

// offices are the posts over the case's cell that file, void and dispatch.
func (s Scene) offices() grid.Chain {
	if len(s.Chain) == 0 {
		return nil
	}
	return upTo(s.Programme, s.Chain, officeLevel(s.Programme, s.Chain[0].Cell))
}

// inCharge is the office in charge among the posts, as a holder.
func inCharge(posts grid.Chain) (*Holder, []grid.CellCode) {
	post, vacant, ok := posts.InCharge("")
	if !ok {
		return nil, vacant
	}
	h := holderOf(post)
	return &h, vacant
}

// holderOf names who stands for a post.
func holderOf(p grid.Post) Holder {
	h := Holder{Cell: p.Cell, Department: p.Department}
	if p.Department != "" {
		h.Cell = ""
	}
	if face, ok := p.Face(); ok {
		h.Person, h.Duty, h.Role = face.Person, face.ID, face.Role
	}
	return h
}

// under is the holder as acted for by a duty.
func (h Holder) under(d grid.Duty) Holder {
	h.Person, h.Duty, h.Role = d.Person, d.ID, d.Role
	return h
}

// officer finds an office duty of the actor among the posts: the authority to act for an office there. It is the
// nearest one.
func (s Scene) officer(posts grid.Chain) (grid.Post, grid.Duty, error) {
	for _, p := range posts {
		if d, ok := p.OfficeOf(s.By); ok {
			return p, d, nil
		}
	}
	return grid.Post{}, grid.Duty{}, fault.Forbid("not_in_charge", "only a chief, supervisor or sponsor of an office that may do it can")
}

// holders are the posts whose people may act for the case's holder: the department, or the cell, or, while nobody
// holds a duty there, the office in charge above it.
func (s Scene) holders() grid.Chain {
	if s.Bureau != nil {
		return grid.Chain{*s.Bureau}
	}
	if len(s.Held) == 0 {
		return nil
	}
	if len(s.Held[0].Held) > 0 {
		return s.Held[:1]
	}
	if post, _, ok := upTo(s.Programme, s.Held, grid.Site).InCharge(""); ok {
		return grid.Chain{post}
	}
	return nil
}

// asHolder finds the actor's duty at the case's holder.
func (s Scene) asHolder() (grid.Duty, error) {
	for _, p := range s.holders() {
		if own := p.By(s.By); len(own) > 0 {
			return own[0], nil
		}
	}
	return grid.Duty{}, fault.Forbid("not_the_holder", "only somebody with a duty at the case's holder can")
}

// scope is every duty of the actor that lets it look into the case: over its cell, over its holder's, or at the
// department that has it.
func (s Scene) scope() grid.Duties {
	own := append(s.Chain.DutyOf(s.By), s.Held.DutyOf(s.By)...)
	if s.Bureau != nil {
		own = append(own, s.Bureau.By(s.By)...)
	}
	return own
}

// anyScope is the first of them, or a refusal.
func (s Scene) anyScope() (grid.Duty, error) {
	if own := s.scope(); len(own) > 0 {
		return own[0], nil
	}
	return grid.Duty{}, fault.Forbid("out_of_scope", "only somebody with a duty over the case can")
}

// place turns a target into a holder: who stands there, or for the office in charge above while nobody does.
func (p Place) holder(prog *programme.Programme) (Holder, []grid.CellCode) {
	if p.Bureau != nil {
		return holderOf(*p.Bureau), nil
	}
	h := Holder{Cell: p.Cell.Code}
	if len(p.Chain) > 0 && len(p.Chain[0].Held) > 0 {
		return holderOf(p.Chain[0]), nil
	}
	office, vacant := inCharge(upTo(prog, p.Chain, grid.Site))
	if office != nil {
		h.Person, h.Duty, h.Role = office.Person, office.Duty, office.Role
	}
	return h, vacant
}

// is reports whether the state is one of those.
func (c Case) is(states ...string) bool { return slices.Contains(states, c.State) }

// inState refuses a command outside its states.
func (c Case) inState(states ...string) error {
	if c.is(states...) {
		return nil
	}
	return fault.Refuse("wrong_state", "a case that is %s does not take this command", c.State)
}

// required refuses an empty text.
func required(field, value string) error {
	var bad fault.Fields
	bad.Require(field, value)
	return bad.Err()
}
