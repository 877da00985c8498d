package hazard

import (
	"gridward/domain/grid"
	"gridward/domain/inspection"
)

// DecideFound opens the case of the n-th hazard of an inspection. The inspection has decided already that the
// hazard is well formed; one rectified on the spot is reported, filed and rectified in one command.
func DecideFound(s Scene, found inspection.Logged, n int) []Event {
	h, r := found.Hazards[n], found.Report
	st := Stamp{At: r.EndedAt, By: r.Officer, Judged: s.Judged}
	reported := Reported{
		Stamp: st, Case: h.Case, Programme: r.Programme, Cell: r.Cell, Item: h.Item, Severity: h.Severity,
		Description: h.Description, Source: "officer", FoundAt: r.EndedAt,
		Location: r.Location, FirstContact: r.Officer, Inspection: found.ID,
	}
	item, known := s.Programme.Item(h.Item)
	if known && reported.Severity == "" {
		reported.Severity = item.Severity
	}
	reported.Office, reported.Vacant = inCharge(s.offices())
	reported.ProgrammeVersion, reported.CalendarVersion = s.Programme.Version, s.calendarVersion()
	reported.Limit = s.filingLimit(reported.Item, reported.Severity)
	if h.OnTheSpot == nil {
		return []Event{reported}
	}
	filed := Filed{
		Stamp: st, Item: h.Item, Severity: reported.Severity, Cell: r.Cell, ProgrammeVersion: s.Programme.Version,
		Limits: item.LimitsFor(reported.Severity, s.Cell.Classes[r.Programme]), EvidenceRequired: item.EvidenceRequired,
		OnTheSpot: true, Office: reported.Office, Vacant: reported.Vacant, CalendarVersion: reported.CalendarVersion,
	}
	spot := h.OnTheSpot
	rectified := Rectified{Stamp: st, Measures: spot.Measures, PerformedBy: spot.PerformedBy, Evidence: spot.Evidence,
		Holder: onTheSpot(found), OnTheSpot: true}
	if rectified.PerformedBy.Key() == "" {
		rectified.PerformedBy.Person = r.Officer
	}
	rectified.Office = s.closing("", rectified.Holder, rectified.PerformedBy.Key())
	return []Event{reported, filed, rectified}
}

// onTheSpot is who rectified: the officer under the nearest duty held there, or the cell itself.
func onTheSpot(found inspection.Logged) Holder {
	h := Holder{Cell: found.Report.Cell, Person: found.Report.Officer}
	nearest := 0
	for _, a := range found.Acting {
		if a.Person == found.Report.Officer && a.Cell.Level() > nearest {
			nearest = a.Cell.Level()
			h.Cell, h.Duty, h.Role = a.Cell, a.Duty, a.Role
		}
	}
	return h
}

// DecideReplaced follows the replacement of a cell: an open case its holder there had returns to the parent
// office, any other passes to that office as it is.
func DecideReplaced(c Case, s Scene, old grid.CellCode) []Event {
	held := c.Holder != nil && c.Holder.Cell == old
	if !c.Open() || (!held && c.Cell != old) {
		return nil
	}
	e := CellReplaced{Stamp: s.stamp(c), Cell: old, Returned: held && c.is(StateDispatched, StateRectifying)}
	chain, level := s.Chain, old.Level()-1
	switch {
	case held:
		chain = s.Held
	case c.is(StateReported, StateFiled): // it waits for an office that files and dispatches
		level = min(level, officeLevel(s.Programme, c.Cell))
	}
	office, vacant := inCharge(upTo(s.Programme, chain, level))
	e.Office, e.Vacant = Holder{Cell: old.Parent()}, vacant
	if office != nil {
		e.Office = *office
	}
	return []Event{e}
}
