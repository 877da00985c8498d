package views

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"gridward/domain/hazard"
	"gridward/domain/programme"
)

// One row for each case as it stands. What never changes stands in columns of its own that updates leave alone, so
// that only the indexes on what moves are written again.
var casesTable = table{"cases", []string{"id"}, `
CREATE TABLE IF NOT EXISTS cases (
	id            TEXT PRIMARY KEY,
	district      TEXT NOT NULL,
	cell          TEXT NOT NULL,
	programme     TEXT NOT NULL,
	reported_at   BIGINT NOT NULL,
	state         TEXT NOT NULL,
	severity      TEXT NOT NULL,
	item          TEXT NOT NULL,
	holder_post   TEXT, -- cell code or department code
	holder_person TEXT,
	supervision   TEXT, -- the weightiest measure in force
	deadline_at   BIGINT,
	body          TEXT NOT NULL -- a Case
)`}

const casesListed = `
CREATE INDEX IF NOT EXISTS cases_reported ON cases (reported_at, id);
CREATE INDEX IF NOT EXISTS cases_cell ON cases (cell, reported_at, id);
CREATE INDEX IF NOT EXISTS cases_state ON cases (state, reported_at, id);
CREATE INDEX IF NOT EXISTS cases_holder_post ON cases (holder_post) WHERE holder_post IS NOT NULL;
CREATE INDEX IF NOT EXISTS cases_holder_person ON cases (holder_person) WHERE holder_person IS NOT NULL`

// caseRow is one case while a batch works on it.
type caseRow struct {
	Case
	created bool // by this batch
	moved   bool // to another cell
}

// caseOf gives the case an event is about, read from the tables when the batch first meets it.
func (b *batch) caseOf(id string) (*caseRow, error) {
	if c := b.cases[id]; c != nil {
		return c, nil
	}
	if known, ok := b.p.known.Get(id); ok {
		c := &caseRow{Case: known}
		b.cases[id] = c
		return c, nil
	}
	var body string
	ok, err := b.row(`SELECT body FROM cases WHERE id = $1`, []any{id}, &body)
	if err != nil {
		return nil, err
	}
	if !ok {
		return nil, fmt.Errorf("there is no case %s", id)
	}
	c := &caseRow{}
	if err := json.Unmarshal([]byte(body), &c.Case); err != nil {
		return nil, err
	}
	b.cases[id] = c
	return c, nil
}

func (b *batch) applyCase(e entry, event hazard.Event) error {
	id := strings.TrimPrefix(e.Stream, "case-")
	if _, first := event.(hazard.Reported); first {
		b.cases[id] = &caseRow{created: true}
	}
	c, err := b.caseOf(id)
	if err != nil {
		return err
	}
	if c.Escalation != nil && hazard.EndsEscalation(c.Escalation.Stage, event) {
		c.Escalation = nil
		if err := b.endEscalation(id, event.Stamped().At); err != nil {
			return err
		}
	}
	at := b.in(event.Stamped().At)
	known := b.road(c, event, at)
	if !known {
		known, err = b.beside(c, e, event, at)
	}
	if err != nil {
		return err
	}
	if !known {
		return fmt.Errorf("the view of cases knows no %T", event)
	}
	if closed, ok := event.(hazard.Closed); ok {
		if err := b.rate(c, closed); err != nil {
			return err
		}
	}
	c.Deadline = c.deadline()
	c.Version, c.Position = e.Version, e.Position.String()
	return nil
}

// road folds what moves a case along (design: case-lifecycle); known is false for what stands beside the road.
func (b *batch) road(c *caseRow, event hazard.Event, at time.Time) (known bool) {
	switch ev := event.(type) {
	case hazard.Reported:
		c.report(b, ev, at)
	case hazard.Filed:
		c.moved = c.moved || c.Cell != ev.Cell
		c.State, c.Item, c.Severity, c.Cell, c.Limits = hazard.StateFiled, ev.Item, ev.Severity, ev.Cell, ev.Limits
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
		if ev.Limit != nil {
			limits := map[string]programme.Limit{programme.StageRectification: *ev.Limit}
			for stage, l := range c.Limits {
				if stage != programme.StageRectification {
					limits[stage] = l
				}
			}
			c.Limits = limits
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
		c.State, c.Round, c.Holder = ev.To, ev.Round, holderOf(ev.Holder, at)
		c.Rating, c.ClosedAt, c.ClosedAtTop, c.LastCheck, c.PerformedBy, c.MergedInto = nil, nil, false, "", "", ""
		c.OnTheSpot = false
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

func (c *caseRow) report(b *batch, ev hazard.Reported, at time.Time) {
	c.Case = Case{ID: ev.Case, Programme: ev.Programme, Cell: ev.Cell, Item: ev.Item, Severity: ev.Severity,
		State: hazard.StateReported, Round: 1, Source: ev.Source, FirstContact: ev.FirstContact, Description: ev.Description.Reveal(),
		FoundAt: b.in(ev.FoundAt), ReportedAt: at, Location: ev.Location, Evidence: orEmpty(ev.Evidence),
		Limits: map[string]programme.Limit{}, Holder: holderOf(ev.Office, at), Cards: []Card{}, Supervisions: []Supervision{},
		Extensions: []Extension{}, Inspection: ev.Inspection, Assisting: []Holder{}, Duplicates: []string{}, Transfers: []Transfer{}}
	if r := ev.Reporter; r != nil {
		c.Reporter = &Reporter{Name: r.Name.Reveal(), Phone: r.Phone.Reveal(), Anonymous: r.Anonymous}
	}
}

// beside folds what stands beside the road.
func (b *batch) beside(c *caseRow, e entry, event hazard.Event, at time.Time) (known bool, err error) {
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
		c.Item, c.Severity, c.Limits, c.ListingAwaited = ev.Item, ev.Severity, ev.Limits, ev.Listing
	case hazard.Escalated:
		err = b.escalate(c, e, ev, at)
	case hazard.EscalationAcknowledged:
		err = b.acknowledge(c, ev, at)
	case hazard.Supervised:
		s := Supervision{Measure: ev.Measure, Level: ev.Level, Cell: ev.Cell, Since: at}
		if ev.Plan != nil {
			plan := *ev.Plan
			plan.Deadline = b.in(plan.Deadline)
			s.Plan = &plan
		}
		c.Supervisions = append(c.Supervisions, s)
		c.ListingAwaited = c.ListingAwaited && ev.Measure != hazard.Listed
	case hazard.SupervisionLifted:
		c.Supervisions = slices.DeleteFunc(c.Supervisions, func(s Supervision) bool { return s.Measure == ev.Measure && s.Cell == ev.Cell })
	case hazard.Transferred:
		err = b.transfer(c, e, ev, at)
	case hazard.TransferReplied:
		err = b.reply(c, ev, at)
	case hazard.DuplicateLinked:
		c.Duplicates = append(c.Duplicates, ev.From)
	case hazard.FeedbackGiven:
		c.Feedback = &Feedback{Satisfied: ev.Satisfied, Note: ev.Note.Reveal(), At: at}
	case hazard.Noted: // only in the timeline
	default:
		return false, nil
	}
	c.Supervision = c.weightiest()
	return true, err
}

// settleVerification drops a request nobody answered: filing answers it.
func (c *caseRow) settleVerification() {
	if c.Verification != nil && c.Verification.Result == "" {
		c.Verification = nil
	}
}

// weightiest is the heaviest supervision in force, the latest of equals.
func (c *caseRow) weightiest() *Supervision {
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

// deadline is the one known without a calendar: a listing's, which replaces the rectification limit from the listing
// until the hazard is rectified.
func (c *caseRow) deadline() *Deadline {
	switch c.State {
	case hazard.StateFiled, hazard.StateDispatched, hazard.StateRectifying:
		if s := c.Supervision; s != nil && s.Plan != nil {
			return &Deadline{Stage: programme.StageRectification, At: s.Plan.Deadline}
		}
	}
	return nil
}

// heldBy is who has the case now: somebody who had it already has it since then.
func (c *caseRow) heldBy(h *hazard.Holder, at time.Time) *Holder {
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

// flushCases writes every case the batch changed, once.
func (b *batch) flushCases() error {
	ids := make([]string, 0, len(b.cases))
	for id := range b.cases {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	for _, id := range ids {
		if err := b.saveCase(b.cases[id]); err != nil {
			return err
		}
	}
	return nil
}

func (b *batch) saveCase(c *caseRow) error {
	body, err := toJSON(c.Case)
	if err != nil {
		return err
	}
	var post, person, supervision, deadline any
	if h := c.Holder; h != nil {
		post, person = nullText(h.Department), nullText(h.Person)
		if h.Department == "" {
			post = nullText(string(h.Cell))
		}
	}
	if c.Supervision != nil {
		supervision = c.Supervision.Measure
	}
	if c.Deadline != nil {
		deadline = micros(c.Deadline.At)
	}
	if c.created {
		return b.exec(`
INSERT INTO cases (id, district, cell, programme, reported_at, state, severity, item, holder_post, holder_person, supervision, deadline_at, body)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`,
			c.ID, string(c.Cell.AtLevel(1)), string(c.Cell), c.Programme, micros(c.ReportedAt), c.State, c.Severity, c.Item,
			post, person, supervision, deadline, body)
	}
	if c.moved {
		if err := b.exec(`UPDATE cases SET district = $2, cell = $3 WHERE id = $1`, c.ID, string(c.Cell.AtLevel(1)), string(c.Cell)); err != nil {
			return err
		}
	}
	return b.must("case", `
UPDATE cases SET state = $2, severity = $3, item = $4, holder_post = $5, holder_person = $6, supervision = $7, deadline_at = $8, body = $9
WHERE id = $1`,
		c.ID, c.State, c.Severity, c.Item, post, person, supervision, deadline, body)
}
