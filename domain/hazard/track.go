package hazard

import (
	"time"

	"gridward/domain/calendar"
	"gridward/domain/programme"
)

// track folds what an event does to the clocks. c is the case behind the event. An event that happened before the last
// step along the road (a replaced cell, told late) takes its effect with that step: the line has no way back.
func (c Case) track(before Case, e Event) Case {
	at := later(e.Stamped().When(), before.LastChange)
	if before.Suspension != nil && c.Suspension == nil {
		c.resume(*before.Suspension, at)
	}
	switch e := e.(type) {
	case Reported:
		c.begin(at)
		c.enter(programme.StageFiling, at, e.Office)
	case Filed:
		c.trackFiled(e, at)
	case Voided, MergedInto, Closed:
		c.finish(at)
	case Dispatched:
		c.trackDispatched(before, e, at)
	case Accepted:
		c.enter(programme.StageRectification, at, &e.Holder)
	case Returned:
		c.enter(programme.StageDispatch, at, e.Office)
	case Rectified:
		c.trackRectified(e, at)
	case Checked:
		c.trackChecked(e, at)
	case Reopened:
		c.trackReopened(e, at)
	case CellReplaced:
		c.trackReplaced(e, at)
	default:
		c.trackBeside(before, e, at)
	}
	return c
}

func (c *Case) trackFiled(e Filed, at time.Time) {
	c.leave(at)
	c.relimit() // the total
	switch {
	case e.OnTheSpot:
		c.enter(programme.StageRectification, at, e.Office)
	case e.Listing:
		c.enter(programme.StageListing, at, e.Office)
	default:
		c.enter(programme.StageDispatch, at, e.Office)
	}
	c.statutory()
}

// trackDispatched: a listing that is still awaited goes on beside the road, owed by whoever owed it.
func (c *Case) trackDispatched(before Case, e Dispatched, at time.Time) {
	listing, awaited := before.running(programme.StageListing)
	onRoad := awaited && before.Stages[listing].onRoad()
	c.enter(programme.StageAcceptance, at, &e.To)
	if onRoad && c.ListingAwaited {
		s := c.change(listing)
		s.Runs = append(s.Runs, Run{From: at, Holder: s.Runs[len(s.Runs)-1].Holder})
	}
}

// trackReplaced: what the replaced cell had passes to the office above it. A stage that is somebody else's (a listing
// that level 1 owes, a department's work, a check by an office above) stays where it is.
func (c *Case) trackReplaced(e CellReplaced, at time.Time) {
	if e.Returned {
		c.enter(programme.StageDispatch, at, &e.Office)
		return
	}
	i, ok := c.Current()
	if !ok {
		return
	}
	h := c.Stages[i].Runs[len(c.Stages[i].Runs)-1].Holder
	offices := c.is(StateReported, StateFiled) && c.Stages[i].Name != programme.StageListing
	if h == nil || h.Cell == e.Cell || offices {
		c.hand(at, &e.Office)
	}
}

// trackRectified: what was found and removed on the spot was in the hands of who did so.
func (c *Case) trackRectified(e Rectified, at time.Time) {
	if e.OnTheSpot {
		c.hand(at, &e.Holder)
	}
	if e.Delivered {
		c.finish(at)
		return
	}
	c.enter(programme.StageCheck, at, e.Office)
}

// trackChecked: rework continues the rectification's clock, the time in check excluded, unless the programme sets a
// limit of its own for it.
func (c *Case) trackChecked(e Checked, at time.Time) {
	if e.Result == Passed {
		c.enter(programme.StageClosure, at, c.Closing)
		return
	}
	_, own := c.Limits[programme.StageRework]
	i, ok := c.lastRectification()
	switch {
	case own:
		c.enter(programme.StageRework, at, e.Holder)
	case ok:
		c.goOn(i, at, e.Holder)
	default:
		c.enter(programme.StageRectification, at, e.Holder)
	}
}

// trackReopened: a new round has full limits, its total included.
func (c *Case) trackReopened(e Reopened, at time.Time) {
	c.begin(at)
	switch e.To {
	case StateRectifying:
		c.enter(programme.StageRectification, at, e.Holder)
	case StateFiled:
		c.enter(programme.StageDispatch, at, e.Office)
	default:
		c.enter(programme.StageFiling, at, e.Office)
	}
	c.statutory()
}

// trackBeside folds what changes clocks without moving the case along the road.
func (c *Case) trackBeside(before Case, e Event, at time.Time) {
	switch e := e.(type) {
	case Reclassified:
		c.relimit()
		c.trackListing(before, at)
	case Supervised:
		c.trackSupervised(before, e, at)
	case Escalated:
		c.trackEscalated(e, at)
	case Rederived:
		c.relimit()
	case ExtensionDecided:
		if i, ok := c.Current(); ok && e.Granted && before.Asking != nil {
			s := c.change(i)
			s.Extensions = append(s.Extensions, Extended{before.Asking.Limit, e.At})
		}
	case Suspended:
		for i := range c.Stages {
			if c.Stages[i].Running() {
				s := c.change(i)
				s.Pauses = append(s.Pauses, calendar.Span{From: at})
			}
		}
	case CardGiven:
		c.climbed(e.Ladder, Climbed{Rung: e.Ladder.Rung, Do: e.Colour, Due: e.Ladder.Due, Holder: &e.Holder})
	case RungPassed:
		c.climbed(e.Ladder, Climbed{Rung: e.Ladder.Rung, Do: e.Do, Due: e.Ladder.Due})
	case CardHealed:
		c.mark(e.Run, e.Rung, e.Colour, func(r *Climbed) { r.Healed = true })
	case CardWithdrawn:
		c.mark(e.Run, e.Rung, e.Colour, func(r *Climbed) { r.Withdrawn = e.At })
	case AppealDecided:
		for i := range c.Stages {
			if c.Stages[i].Round == c.Round {
				c.change(i).Exempt = e.Upheld
			}
		}
	default: // words, links and documents move no clock
	}
}

// trackEscalated notes the rung; the escalation made for a listing gives it to the office that has to list.
func (c *Case) trackEscalated(e Escalated, at time.Time) {
	if e.Ladder != nil {
		c.climbed(*e.Ladder, Climbed{Rung: e.Ladder.Rung, Do: programme.DoEscalate, Due: e.Ladder.Due})
		return
	}
	i, ok := c.running(programme.StageListing)
	switch {
	case !ok || e.Stage != programme.StageListing || e.Office == nil:
	case c.Stages[i].onRoad():
		c.hand(at, e.Office)
	default:
		s := c.change(i)
		s.Runs[len(s.Runs)-1].Holder = e.Office
	}
}

// trackSupervised: a listing's deadline replaces the rectification limit from that instant; for a rectification under
// check from when it goes on, for a later one from its start.
func (c *Case) trackSupervised(before Case, e Supervised, at time.Time) {
	if e.Ladder != nil {
		c.climbed(*e.Ladder, Climbed{Rung: e.Ladder.Rung, Do: programme.DoSupervise, Due: e.Ladder.Due})
	}
	if e.Measure != Listed {
		return
	}
	c.trackListing(before, at)
	if i, ok := c.Current(); ok {
		c.fix(c.change(i), at)
	}
}

// trackListing opens or ends the listing's clock as the case comes to await it or no longer does.
func (c *Case) trackListing(before Case, at time.Time) {
	i, running := before.running(programme.StageListing)
	switch {
	case c.ListingAwaited && !running && c.State == StateFiled:
		c.enter(programme.StageListing, at, c.Office)
	case c.ListingAwaited && !running:
		c.open(programme.StageListing, Run{From: at, Holder: c.Office})
	case !c.ListingAwaited && running && c.Stages[i].onRoad():
		c.enter(programme.StageDispatch, at, c.Office)
	case !c.ListingAwaited && running:
		c.stop(i, at)
	}
}

func (c *Case) climbed(at Climb, r Climbed) {
	if at.Run < 0 || at.Run >= len(c.Stages) {
		return
	}
	s := c.change(at.Run)
	s.Rungs = append(s.Rungs, r)
}

// mark changes the last card of a colour that a rung gave.
func (c *Case) mark(stage, rung int, colour string, how func(*Climbed)) {
	if stage < 0 || stage >= len(c.Stages) {
		return
	}
	s := c.change(stage)
	for i := len(s.Rungs) - 1; i >= 0; i-- {
		if s.Rungs[i].Rung == rung && s.Rungs[i].Do == colour {
			how(&s.Rungs[i])
			return
		}
	}
}
