package views

import (
	"fmt"
	"slices"
	"time"

	"gridward/app"
	"gridward/domain/hazard"
	"gridward/domain/programme"
)

// told is a case as its events tell it: what people read, and the rules' own state beside it, which has the clocks.
type told struct {
	Case
	track hazard.Case
}

// fold changes the case by one of its events. It is pure: the same events give the same case. What follows from
// clocks and cards is derived afterwards (derive).
func (c *told) fold(r app.Record, event hazard.Event, loc *time.Location) error {
	at := instant(event.Stamped().At, loc)
	if c.Escalation != nil && hazard.EndsEscalation(c.Escalation.Stage, event) {
		c.Escalation = nil
	}
	c.track = hazard.Evolve(c.track, event)
	if !c.road(event, at, loc) && !c.beside(r, event, at, loc) && !c.inTime(event, at, loc) {
		return fmt.Errorf("the view of cases knows no %T", event)
	}
	if c.track.Suspension == nil {
		c.Suspension = nil // it ends with the stage too
	}
	c.Supervision = c.weightiest()
	c.Version, c.Position = r.Version, r.Position.String()
	return nil
}

// instant is an instant in the zone of the answers, at the precision the tables keep.
func instant(t time.Time, loc *time.Location) time.Time { return t.In(loc).Truncate(time.Microsecond) }

// road folds what moves a case along (design: case-lifecycle); known is false for what stands beside the road.
func (c *told) road(event hazard.Event, at time.Time, loc *time.Location) (known bool) {
	switch ev := event.(type) {
	case hazard.Reported:
		c.report(ev, at, loc)
	case hazard.Filed:
		c.State, c.Item, c.Severity, c.Cell = hazard.StateFiled, ev.Item, ev.Severity, ev.Cell
		c.ProgrammeVersion, c.ListingAwaited, c.OnTheSpot = ev.ProgrammeVersion, ev.Listing, ev.OnTheSpot
		c.Holder = c.heldBy(ev.Office, at)
		c.settleVerification()
	case hazard.Voided:
		c.State, c.ListingAwaited, c.Holder = hazard.StateVoided, false, nil
	case hazard.MergedInto:
		c.State, c.MergedInto, c.ListingAwaited, c.Holder = hazard.StateVoided, ev.Into, false, nil
	case hazard.Dispatched:
		c.State, c.Holder = hazard.StateDispatched, holderOf(&ev.To, at)
		c.Assisting = make([]Holder, len(ev.Assisting))
		for i := range ev.Assisting {
			c.Assisting[i] = *holderOf(&ev.Assisting[i], at)
		}
	case hazard.Accepted:
		c.State, c.Holder = hazard.StateRectifying, c.heldBy(&ev.Holder, at)
	case hazard.Returned:
		c.State, c.Holder, c.Assisting = hazard.StateFiled, holderOf(ev.Office, at), []Holder{}
	case hazard.Rectified:
		c.State, c.Holder = hazard.StateRectified, c.heldBy(&ev.Holder, at)
		c.PerformedBy, c.LastCheck, c.OnTheSpot = ev.PerformedBy.Key(), "", ev.OnTheSpot
		if ev.Delivered {
			c.State, c.ClosedAt = hazard.StateClosed, &at
		}
	case hazard.Checked:
		c.LastCheck = ev.Result
		if ev.Result != hazard.Passed {
			c.State, c.Holder = hazard.StateRectifying, c.heldBy(ev.Holder, at)
			c.ReworkCount++
		}
	case hazard.Closed:
		c.State, c.Rating, c.ClosedAt, c.ClosedAtTop = hazard.StateClosed, &ev.Rating, &at, ev.AtTop
	case hazard.Reopened:
		c.reopen(ev, at)
	case hazard.CellReplaced:
		c.Holder = holderOf(&ev.Office, at)
		if ev.Returned {
			c.State, c.Assisting = hazard.StateFiled, []Holder{}
		}
	default:
		return false
	}
	return true
}

func (c *told) report(ev hazard.Reported, at time.Time, loc *time.Location) {
	c.Case = Case{ID: ev.Case, Programme: ev.Programme, Cell: ev.Cell, Item: ev.Item, Severity: ev.Severity,
		State: hazard.StateReported, Round: 1, Source: ev.Source, FirstContact: ev.FirstContact, Description: ev.Description.Reveal(),
		FoundAt: instant(ev.FoundAt, loc), ReportedAt: at, Location: ev.Location, Evidence: orEmpty(ev.Evidence),
		Limits: map[string]programme.Limit{}, Holder: holderOf(ev.Office, at), Cards: []Card{}, Supervisions: []Supervision{},
		Extensions: []Extension{}, Inspection: ev.Inspection, Assisting: []Holder{}, Duplicates: []string{}, Transfers: []Transfer{}}
	if r := ev.Reporter; r != nil {
		c.Reporter = &Reporter{Name: r.Name.Reveal(), Phone: r.Phone.Reveal(), Anonymous: r.Anonymous}
	}
}

func (c *told) reopen(ev hazard.Reopened, at time.Time) {
	holder := ev.Holder
	if holder == nil {
		holder = ev.Office
	}
	c.State, c.Round, c.Holder = ev.To, ev.Round, holderOf(holder, at)
	c.Rating, c.ClosedAt, c.ClosedAtTop, c.LastCheck, c.PerformedBy, c.MergedInto = nil, nil, false, "", "", ""
	c.OnTheSpot = false
}

// settleVerification drops a request nobody answered: filing answers it.
func (c *told) settleVerification() {
	if c.Verification != nil && c.Verification.Result == "" {
		c.Verification = nil
	}
}

// beside folds what stands beside the road.
func (c *told) beside(r app.Record, event hazard.Event, at time.Time, loc *time.Location) (known bool) {
	switch ev := event.(type) {
	case hazard.VerificationRequested:
		c.Verification = &Verification{Cell: ev.Cell, Person: ev.Person, Note: ev.Note}
	case hazard.Verified:
		asked := Verification{}
		if c.Verification != nil {
			asked = *c.Verification
		}
		asked.Result = ev.Result
		c.Verification = &asked
	case hazard.Reclassified:
		c.Item, c.Severity, c.ListingAwaited = ev.Item, ev.Severity, ev.Listing
	case hazard.Escalated:
		c.Escalation = &Escalation{Level: ev.Level, Cell: ev.To, Since: at, Reason: ev.Reason, Stage: ev.Stage, Automatic: ev.Automatic}
	case hazard.EscalationAcknowledged:
		if c.Escalation != nil {
			known := *c.Escalation
			known.AcknowledgedAt, known.AcknowledgedBy, known.Instruction = &at, ev.By, ev.Instruction
			c.Escalation = &known
		}
	case hazard.Supervised:
		s := Supervision{Measure: ev.Measure, Level: ev.Level, Cell: ev.Cell, Since: at}
		if ev.Plan != nil {
			plan := *ev.Plan
			plan.Deadline = instant(plan.Deadline, loc)
			s.Plan = &plan
		}
		c.Supervisions = append(slices.Clip(c.Supervisions), s)
		c.ListingAwaited = c.ListingAwaited && ev.Measure != hazard.Listed
	case hazard.SupervisionLifted:
		c.Supervisions = slices.DeleteFunc(slices.Clone(c.Supervisions),
			func(s Supervision) bool { return s.Measure == ev.Measure && s.Cell == ev.Cell })
	case hazard.Transferred:
		c.Transfers = append(slices.Clip(c.Transfers), Transfer{Authority: ev.Authority, DocumentNo: ev.DocumentNo, Note: ev.Note, Cell: ev.Cell,
			At: at, Version: r.Version})
	case hazard.TransferReplied:
		if i := c.answered(ev.DocumentNo); i >= 0 {
			c.Transfers = slices.Clone(c.Transfers)
			t := &c.Transfers[i]
			t.RepliedAt, t.ReplyNo, t.Outcome = &at, ev.DocumentNo, ev.Outcome
		}
	case hazard.DuplicateLinked:
		c.Duplicates = append(slices.Clip(c.Duplicates), ev.From)
	case hazard.FeedbackGiven:
		c.Feedback = &Feedback{Satisfied: ev.Satisfied, Note: ev.Note.Reveal(), At: at}
	case hazard.Noted: // only in the timeline
	default:
		return false
	}
	return true
}

// answered is the transfer a reply answers: the one of that document number, else the latest without an answer (the
// authority often answers under a number of its own); -1 when there is none.
func (c *told) answered(documentNo string) int {
	last := -1
	for i, t := range c.Transfers {
		if t.RepliedAt != nil {
			continue
		}
		last = i
		if t.DocumentNo == documentNo {
			break
		}
	}
	return last
}

// inTime folds what is about time alone: extensions, suspensions and appeals. Cards are derived.
func (c *told) inTime(event hazard.Event, at time.Time, loc *time.Location) (known bool) {
	switch ev := event.(type) {
	case hazard.ExtensionRequested:
		c.Extensions = append(slices.Clip(c.Extensions), Extension{Round: c.Round, UntilLimit: ev.Limit, AskedAt: at, AskedBy: ev.By, Reason: ev.Reason})
	case hazard.ExtensionDecided:
		if n := len(c.Extensions); n > 0 {
			c.Extensions = slices.Clone(c.Extensions)
			x := &c.Extensions[n-1]
			x.Granted, x.DecidedAt, x.DecidedBy, x.Note = &ev.Granted, &at, ev.By, ev.Note
		}
	case hazard.Suspended:
		c.Suspension = &Suspension{Since: at, Until: instant(ev.Until, loc), Reason: ev.Reason, Cell: ev.Cell}
	case hazard.Resumed:
		c.Suspension = nil
	case hazard.Rederived:
		c.ProgrammeVersion = ev.ProgrammeVersion
	case hazard.Appealed:
		c.Appeals = append(slices.Clip(c.Appeals), Appeal{Round: c.Round, At: at, By: ev.By, Reason: ev.Reason, Decisions: []AppealDecision{}})
	case hazard.AppealDecided:
		if n := len(c.Appeals); n > 0 {
			c.Appeals = slices.Clone(c.Appeals)
			a := &c.Appeals[n-1]
			a.Decisions = append(slices.Clip(a.Decisions), AppealDecision{Upheld: ev.Upheld, Note: ev.Note, At: at, By: ev.By, Level: ev.Level, Cell: ev.Cell})
		}
	case hazard.CardGiven, hazard.CardHealed, hazard.CardWithdrawn, hazard.RungPassed: // the clocks have them
	default:
		return false
	}
	return true
}

// weightiest is the heaviest supervision in force, the latest of equals.
func (c *told) weightiest() *Supervision {
	best := -1
	for i, s := range c.Supervisions {
		if best < 0 || slices.Index(hazard.Measures, s.Measure) >= slices.Index(hazard.Measures, c.Supervisions[best].Measure) {
			best = i
		}
	}
	if best < 0 {
		return nil
	}
	s := c.Supervisions[best]
	return &s
}

// heldBy is who has the case now: somebody who had it already has it since then.
func (c *told) heldBy(h *hazard.Holder, at time.Time) *Holder {
	next := holderOf(h, at)
	if next != nil && c.Holder != nil && next.Cell == c.Holder.Cell && next.Department == c.Holder.Department && next.Person == c.Holder.Person {
		next.Since = c.Holder.Since
	}
	return next
}

// holderOf is who has a case from an instant on.
func holderOf(h *hazard.Holder, since time.Time) *Holder {
	if h == nil {
		return nil
	}
	return &Holder{Cell: h.Cell, Department: h.Department, Person: h.Person, Role: h.Role, Since: since}
}

// derive brings what follows from the clocks up to date: the limits in force, the deadline, the cards.
func (c *told) derive(r *rules, loc *time.Location) {
	c.Limits = make(map[string]programme.Limit, len(c.track.Limits)+1)
	for stage, l := range c.track.Limits {
		c.Limits[stage] = l
	}
	if own := c.track.OwnLimit; own != nil {
		c.Limits[programme.StageRectification] = *own
	}
	c.Suspended = c.Suspension != nil
	c.Deadline = c.deadline(r, loc)
	c.Cards = []Card{}
	for _, s := range c.track.Stages {
		for _, rung := range s.Rungs {
			if rung.Do != programme.DoYellow && rung.Do != programme.DoRed {
				continue
			}
			card := Card{Colour: rung.Do, Stage: s.Name, Round: s.Round, At: instant(rung.Due, loc), Healed: rung.Healed}
			if !rung.Withdrawn.IsZero() {
				at := instant(rung.Withdrawn, loc)
				card.Withdrawn = &at
			}
			c.Cards = append(c.Cards, card)
		}
	}
	slices.SortStableFunc(c.Cards, func(a, b Card) int { return a.At.Compare(b.At) })
}

// deadline is that of the road's stage that runs. While that one has none of its own, a listing's is shown: it
// replaces the rectification limit from the listing until the hazard is rectified.
func (c *told) deadline(r *rules, loc *time.Location) *Deadline {
	i, running := c.track.Current()
	if !running || c.Suspended {
		return nil
	}
	s := c.track.Stages[i]
	if at, ok := s.Deadline(r.calendars.Version(s.CalendarVersion)); ok {
		d := &Deadline{Stage: s.Name, At: instant(at, loc)}
		if s.Fixed.IsZero() {
			d.Limit = s.Limit
		}
		return d
	}
	switch c.State {
	case hazard.StateFiled, hazard.StateDispatched, hazard.StateRectifying:
		if s := c.Supervision; s != nil && s.Plan != nil {
			return &Deadline{Stage: programme.StageRectification, At: s.Plan.Deadline}
		}
	}
	return nil
}
