package hazard

import (
	"time"

	"gridward/domain/evidence"
	"gridward/domain/fault"
	"gridward/domain/grid"
	"gridward/domain/programme"
)

// MaxAhead is how far a phone's clock may run ahead of the server's (design: time).
const MaxAhead = 5 * time.Minute

// file makes a report a case. Its consequences are decided with it: for a major hazard with a listing limit the
// escalation to level 1, otherwise the programme's automatic dispatch. A case that was returned is filed already, so
// from then on only people dispatch it.
func file(c Case, s Scene, cmd File) (Outcome, error) {
	if err := c.inState(StateReported); err != nil {
		return Outcome{}, err
	}
	post, duty, err := s.officer(s.offices())
	if err != nil {
		return Outcome{}, err
	}
	item, severity, err := classify(s.Programme, cmd.Item, cmd.Severity)
	if err != nil {
		return Outcome{}, err
	}
	if programme.SeverityRank(severity) < programme.SeverityRank(item.Severity) && cmd.Reason == "" {
		return Outcome{}, fault.BadField("reason", "is required to file below the item's severity %s", item.Severity)
	}
	filed := Filed{
		Stamp: s.stamp(c), Item: item.Item, Severity: severity, Cell: s.Cell.Code, ProgrammeVersion: s.Programme.Version,
		EvidenceRequired: item.EvidenceRequired, SetOnDispatch: item.SetOnDispatch, Reason: cmd.Reason,
		Limits: item.LimitsFor(severity, s.Cell.Classes[s.Programme.Code]), CalendarVersion: s.calendarVersion(),
	}
	if !sameDistrict(s.Cell.Code, c.Cell) {
		return Outcome{}, fault.BadField("cell", "lies in another district")
	}
	filed.Office, filed.Vacant = inCharge(s.officesOver())
	events := []Event{}
	if awaitsListing(severity, filed.Limits) {
		filed.Listing = true
		events = append(events, filed, toTheTop(s, c, "a major hazard awaits its listing"))
	} else if events = append(events, filed); item.DispatchTo != nil && len(s.Targets) > 0 && sameDistrict(s.Targets[0].Cell.Code, s.Cell.Code) {
		to, vacant := s.Targets[0].holder(s.Programme)
		events = append(events, Dispatched{Stamp: filed.Stamp, To: to, Office: post.Cell, Automatic: true, Vacant: vacant})
		if s.Programme.Steps == programme.StepsDeliver { // what a window takes in it handles at once
			events = append(events, Accepted{Stamp: filed.Stamp, Holder: to, Automatic: true})
		}
	}
	return did(duty, events...)
}

// sameDistrict says whether two cells lie in one district: a case never leaves its own.
func sameDistrict(a, b grid.CellCode) bool {
	return a.AtLevel(grid.District) == b.AtLevel(grid.District)
}

// classify finds the item and the severity a case is filed under: the item's own when none is given.
func classify(p *programme.Programme, code, severity string) (programme.Item, string, error) {
	var bad fault.Fields
	bad.Require("item", code)
	checkClassification(&bad, p, "", code, severity)
	if err := bad.Err(); err != nil {
		return programme.Item{}, "", err
	}
	item, _ := p.Item(code)
	if severity == "" {
		severity = item.Severity
	}
	return item, severity, nil
}

// awaitsListing reports whether a hazard goes to the government's list: a major one in a programme that sets a
// limit for the listing.
func awaitsListing(severity string, limits map[string]programme.Limit) bool {
	_, listing := limits[programme.StageListing]
	return severity == programme.Major && listing
}

// toTheTop escalates straight to level 1, to await the listing.
func toTheTop(s Scene, c Case, reason string) Escalated {
	top := s.Cell.Code.AtLevel(grid.District)
	e := Escalated{Stamp: s.stamp(c), To: top, Level: grid.District, Reason: reason, Stage: programme.StageListing, Automatic: true}
	e.Office, e.Vacant = inCharge(s.Chain.At(top))
	return e
}

// dispatch gives the case to a lead: an office at or above the programme's office level does, and once somebody
// has it only an office at or above the dispatcher.
func dispatch(c Case, s Scene, cmd Dispatch) (Outcome, error) {
	if err := c.inState(StateFiled, StateDispatched, StateRectifying); err != nil {
		return Outcome{}, err
	}
	offices := s.offices()
	if c.State != StateFiled {
		offices = upTo(s.Programme, offices, c.DispatchedAt.Level())
	}
	post, duty, err := s.officer(offices)
	if err != nil {
		return Outcome{}, err
	}
	if err := checkDispatch(c, s, post, cmd); err != nil {
		return Outcome{}, err
	}
	to, vacant := s.Targets[0].holder(s.Programme)
	e := Dispatched{Stamp: s.stamp(c), To: to, Limit: cmd.Limit, Instruction: cmd.Instruction, Office: post.Cell, Vacant: vacant}
	for _, t := range s.Targets[1:] {
		h, _ := t.holder(s.Programme)
		e.Assisting = append(e.Assisting, h)
	}
	return did(duty, e)
}

// checkDispatch checks where the case shall go and by when. A cell must lie in the dispatching office's own
// subtree; a department must sit in the same district.
func checkDispatch(c Case, s Scene, office grid.Post, cmd Dispatch) error {
	var bad fault.Fields
	if len(s.Targets) == 0 {
		bad.Add("cell", "is required, or department")
		return bad.Err()
	}
	for i, t := range s.Targets {
		field := "cell"
		if t.Bureau != nil {
			field = "department"
		}
		if i > 0 {
			field = "assisting." + field
		}
		switch {
		case t.Bureau != nil && !sameDistrict(t.Bureau.Cell, office.Cell):
			bad.Add(field, "sits in another district")
		case t.Bureau == nil && !office.Cell.Contains(t.Cell.Code):
			bad.Add(field, "does not lie under the office %s that dispatches", office.Cell)
		case t.Bureau == nil && !s.Programme.Uses(t.Cell.Code.Level()):
			bad.Add(field, "is at a level that %s does not use", s.Programme.Code)
		}
	}
	own, has := c.Limits[programme.StageRectification]
	switch {
	case cmd.Limit == nil && c.SetOnDispatch:
		bad.Add("limit", "is required: the item's limit is set on dispatch")
	case cmd.Limit == nil:
	case len(cmd.Limit.Validate("limit")) > 0:
		bad = append(bad, cmd.Limit.Validate("limit")...)
	case has && !c.SetOnDispatch && !programme.ShorterOrEqual(*cmd.Limit, own):
		bad.Add("limit", "may only shorten the catalogue's %d %s", own.N, own.Unit)
	}
	return bad.Err()
}

func accept(c Case, s Scene) (Outcome, error) {
	if err := c.inState(StateDispatched); err != nil {
		return Outcome{}, err
	}
	duty, err := s.asHolder()
	if err != nil {
		return Outcome{}, err
	}
	return did(duty, Accepted{Stamp: s.stamp(c), Holder: c.Holder.under(duty)})
}

// giveBack returns the case to the office that dispatched it, or the next one upward that is held.
func giveBack(c Case, s Scene, cmd Return) (Outcome, error) {
	if err := c.inState(StateDispatched, StateRectifying); err != nil {
		return Outcome{}, err
	}
	if err := required("reason", cmd.Reason); err != nil {
		return Outcome{}, err
	}
	duty, err := s.asHolder()
	if err != nil {
		return Outcome{}, err
	}
	e := Returned{Stamp: s.stamp(c), Reason: cmd.Reason}
	e.Office, e.Vacant = inCharge(upTo(s.Programme, s.Chain, c.DispatchedAt.Level()))
	return did(duty, e)
}

func rectify(c Case, s Scene, cmd Rectify) (Outcome, error) {
	if err := c.inState(StateRectifying); err != nil {
		return Outcome{}, err
	}
	duty, err := s.asHolder()
	if err != nil {
		return Outcome{}, err
	}
	var bad fault.Fields
	bad.Require("measures", cmd.Measures)
	evidence.Check(&bad, "evidence", cmd.Evidence)
	if c.EvidenceRequired && len(cmd.Evidence) == 0 {
		bad.Add("evidence", "is required for %s", c.Item)
	}
	if err := bad.Err(); err != nil {
		return Outcome{}, err
	}
	e := Rectified{Stamp: s.stamp(c), Measures: cmd.Measures, PerformedBy: grid.PartyOf(cmd.PerformedBy, "case:"+c.ID), Evidence: cmd.Evidence,
		Holder: c.Holder.under(duty), Delivered: s.Programme.Steps == programme.StepsDeliver}
	if cmd.PerformedBy == "" {
		e.PerformedBy.Person = s.By
	}
	if !e.Delivered {
		e.Office = s.closing(c.DispatchedAt, e.Holder, e.PerformedBy.Key())
	}
	return did(duty, e)
}

// closing is the office that has to check and close what a holder rectified: the one in charge above it, or for a
// department the one that dispatched; at level 1 the district itself. Who performed the work is passed over.
func (s Scene) closing(dispatched grid.CellCode, rectified Holder, performer string) *Holder {
	post, _, ok := s.closers(dispatched, rectified).InCharge(performer)
	if !ok {
		return nil
	}
	h := holderOf(post)
	for _, d := range post.Held { // at the top another holder than the performer
		if h.Person == performer && d.Office() && d.Person != performer {
			h = h.under(d)
		}
	}
	return &h
}
