package hazard

import (
	"slices"
	"time"

	"gridward/domain/grid"
	"gridward/domain/programme"
)

// System is who answers for what time does.
const System = "system"

// DecideDue decides one thing that is due, in the scene of its instant. It always comes to an event, so that the same
// thing is never due again.
func DecideDue(c Case, s Scene, d Due) []Event {
	st := Stamp{At: d.At, By: System}
	if d.Resume {
		return []Event{Resumed{Stamp: st, Automatic: true}}
	}
	stage := *c.Stages[d.Run]
	climb := Climb{Round: stage.Round, Stage: stage.Name, Run: d.Run, Rung: d.Rung, ProgrammeVersion: s.Programme.Version,
		Deadline: d.Deadline, Due: d.At}
	switch d.Do.Do {
	case programme.DoYellow, programme.DoRed:
		h := c.present(s, stage)
		return []Event{CardGiven{Stamp: st, Colour: d.Do.Do, Ladder: climb, Holder: h, Told: c.told(s, h)}}
	case programme.DoEscalate:
		return []Event{climbUp(c, s, st, climb, stage, max(d.Do.Levels, 1))}
	default:
		return []Event{climbSupervise(c, s, st, climb, stage, d.Do.Level)}
	}
}

// climbUp queues the case so many of the programme's levels above its holder, unless it waits as high already.
func climbUp(c Case, s Scene, st Stamp, climb Climb, stage Stage, levels int) Event {
	passed := RungPassed{Stamp: st, Do: programme.DoEscalate, Ladder: climb}
	h := c.present(s, stage)
	chain, from := c.standing(s, h)
	target := from
	for range levels {
		if up := above(s.Programme, target); up > 0 {
			target = up
		}
	}
	higher := upTo(s.Programme, chain, target)
	if target == from || len(higher) == 0 {
		passed.Reason = "no_level_above"
		return passed
	}
	e := Escalated{Stamp: st, To: higher[0].Cell, Level: higher[0].Cell.Level(), Reason: "deadline", Automatic: true, Ladder: &climb}
	if beside(stage.Name) {
		e.Stage = stage.Name // it waits as long as that clock runs
	}
	if e.Office, e.Vacant = inCharge(higher); e.Office != nil {
		e.To, e.Level = e.Office.Cell, e.Office.Cell.Level()
	}
	if c.Escalation != nil && c.Escalation.Level <= e.Level {
		passed.Reason = "escalated_as_high"
		return passed
	}
	if e.Told = c.told(s, h); e.Office != nil {
		e.Told = tell(e.Told, e.Office.Person)
	}
	return e
}

// climbSupervise takes the case under the eye of the office at a level, unless that office has it there already, or
// the case lies above that level itself.
func climbSupervise(c Case, s Scene, st Stamp, climb Climb, stage Stage, level int) Event {
	e := Supervised{Stamp: st, Measure: Measures[0], Level: level, Cell: c.Cell.AtLevel(level), Ladder: &climb}
	if e.Cell == "" {
		return RungPassed{Stamp: st, Do: programme.DoSupervise, Ladder: climb, Reason: "no_level_above"}
	}
	if slices.ContainsFunc(c.Supervisions, func(x Supervision) bool { return x.Measure == e.Measure && x.Cell == e.Cell }) {
		return RungPassed{Stamp: st, Do: programme.DoSupervise, Ladder: climb, Reason: "supervised_already"}
	}
	e.Told = c.told(s, c.present(s, stage))
	if post, _, ok := s.Chain.At(e.Cell).InCharge(""); ok {
		e.Told = tell(e.Told, holderOf(post).Person)
	}
	return e
}

// present is who holds a stage at the scene's instant: its post, with whoever stands there now.
func (c Case) present(s Scene, stage Stage) Holder {
	var h Holder
	if last := stage.Runs[len(stage.Runs)-1]; last.Holder != nil {
		h = *last.Holder
	} else if i, ok := c.Current(); ok {
		if on := c.Stages[i].Runs[len(c.Stages[i].Runs)-1].Holder; on != nil {
			h = *on
		}
	}
	posts := s.postsOf(h)
	if len(posts) == 0 {
		return h
	}
	if slices.ContainsFunc(posts[0].Held, func(d grid.Duty) bool { return d.ID == h.Duty }) {
		return h
	}
	if len(posts[0].Held) > 0 {
		if face, ok := posts[0].Face(); ok {
			return h.under(face)
		}
	}
	if office, _ := inCharge(upTo(s.Programme, posts, grid.Site)); office != nil {
		h.Person, h.Duty, h.Role = office.Person, office.Duty, office.Role
	}
	return h
}

// standing is the chain and level a holder stands at: a department's work belongs to the office that dispatched it.
func (c Case) standing(s Scene, h Holder) (grid.Chain, int) {
	switch {
	case h.Department != "" && c.DispatchedAt != "":
		return s.Chain, c.DispatchedAt.Level()
	case h.Cell == "":
		return c.responsible(s)
	}
	for _, chain := range []grid.Chain{s.Held, s.Chain} {
		if len(chain.At(h.Cell)) > 0 {
			return chain, h.Cell.Level()
		}
	}
	return s.Chain, h.Cell.Level()
}

// postsOf are the posts from a holder's upward, as far as the scene knows them.
func (s Scene) postsOf(h Holder) grid.Chain {
	switch {
	case h.Department != "" && s.Bureau != nil && s.Bureau.Department == h.Department:
		return append(grid.Chain{*s.Bureau}, s.Held...)
	case h.Department != "":
		return nil
	}
	for _, chain := range []grid.Chain{s.Held, s.Chain} {
		if up := chain.At(h.Cell); len(up) > 0 {
			return up
		}
	}
	return nil
}

// told is who hears of a card: the holder, the chief of the next level and the nearest sponsor at or above its level.
func (c Case) told(s Scene, h Holder) []string {
	out := tell(nil, h.Person)
	chain, from := c.standing(s, h)
	if post, _, ok := upTo(s.Programme, chain, from-1).InCharge(h.Person); ok {
		out = tell(out, holderOf(post).Person)
	}
	for _, post := range upTo(s.Programme, chain, from) {
		for _, d := range post.Held {
			if d.ActsAs == grid.RoleSponsor {
				return tell(out, d.Person)
			}
		}
	}
	return out
}

func tell(told []string, person string) []string {
	if person == "" || slices.Contains(told, person) {
		return told
	}
	return append(told, person)
}

// consequences appends what a decision does to cards: those of a stage that ended in time after all are healed, those
// whose instant moved ahead of the decision's are withdrawn.
func consequences(c Case, s Scene, events []Event) []Event {
	after := c
	for _, e := range events {
		after = Evolve(after, e)
	}
	if len(events) == 0 {
		return events
	}
	last := events[len(events)-1].Stamped()
	st := Stamp{At: last.At, By: System, Judged: last.Judged}
	reason := reasonOf(events)
	for i, stage := range after.Stages {
		switch {
		case i < len(c.Stages) && c.Stages[i].Running() && !stage.Running():
			events = append(events, heal(st, i, *stage)...)
		case reason == "":
		case stage.Running():
			events = append(events, withdraw(after, s, st, i, reason, st.When())...)
		case after.mayGoOn(i): // it ended, but its limit has moved too
			events = append(events, withdraw(after, s, st, i, reason, stage.Ended())...)
		}
	}
	return events
}

// heal finds the cards of a stage that had ended by the instant they were due.
func heal(st Stamp, i int, stage Stage) []Event {
	var out []Event
	for _, r := range stage.Rungs {
		if r.stands() && !r.Due.Before(stage.Ended()) {
			out = append(out, CardHealed{Stamp: st, Colour: r.Do, Run: i, Rung: r.Rung})
		}
	}
	return out
}

// stands reports whether it is a card that was neither healed nor withdrawn.
func (r Climbed) stands() bool { return card(r.Do) && !r.Healed && r.Withdrawn.IsZero() }

// withdraw finds the cards of a stage that a moved deadline overtook: those that are not due by that instant any more.
func withdraw(c Case, s Scene, st Stamp, i int, reason string, by time.Time) []Event {
	var out []Event
	stage := *c.Stages[i]
	rungs := s.Programme.Rungs(c.ladderSeverity(), stage.Name)
	for _, r := range stage.Rungs {
		if !r.stands() {
			continue
		}
		if r.Rung < len(rungs) && rungs[r.Rung].Do == r.Do {
			if due, ok := stage.RungDue(s.Calendars.Version(stage.CalendarVersion), rungs[r.Rung].When); ok && !due.After(by) {
				continue
			}
		}
		out = append(out, CardWithdrawn{Stamp: st, Colour: r.Do, Run: i, Rung: r.Rung, Reason: reason})
	}
	return out
}

// reasonOf names what in a decision moves deadlines, "" when nothing does.
func reasonOf(events []Event) string {
	for _, e := range events {
		switch e := e.(type) {
		case ExtensionDecided:
			if e.Granted {
				return "extension"
			}
		case Suspended: // told late, of an instant before the card
			return "suspension"
		case Rederived:
			return "correction"
		case Reclassified:
			return "reclassification"
		case Supervised:
			if e.Measure == Listed {
				return "listing"
			}
		case Checked: // what is rectified again after a listing goes on under its deadline
			return "listing"
		default: // moves no deadline
		}
	}
	return ""
}

func card(do string) bool { return do == programme.DoYellow || do == programme.DoRed }

// DecideRederived moves an open case to corrected rules: another calendar version, another programme version, or
// both. It comes to nothing for a case that is closed or derived under them already.
func DecideRederived(c Case, s Scene, calendarVersion int, to *programme.Programme, limits map[string]programme.Limit) []Event {
	same := c.ProgrammeVersion == 0 || c.ProgrammeVersion == to.Version
	if !c.Open() || (c.CalendarVersion == calendarVersion && same) {
		return nil
	}
	e := Rederived{Stamp: Stamp{At: s.At, By: s.By}, ProgrammeVersion: to.Version, CalendarVersion: calendarVersion, Limits: limits}
	if c.ProgrammeVersion == 0 { // not filed yet: only its filing limit can move
		e.ProgrammeVersion = 0
	}
	after := Evolve(c, e)
	for i := range c.Stages {
		from, had := c.Stages[i].Deadline(s.Calendars.Version(c.Stages[i].CalendarVersion))
		till, has := after.Stages[i].Deadline(s.Calendars.Version(after.Stages[i].CalendarVersion))
		if had && has && !from.Equal(till) {
			e.Moved = append(e.Moved, Moved{Run: i, Stage: c.Stages[i].Name, From: from, To: till})
		}
	}
	s.Programme = to
	return consequences(c, s, []Event{e})
}
