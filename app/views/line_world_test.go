package views_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"gridward/app"
	"gridward/app/views"
	"gridward/domain/calendar"
	"gridward/domain/grid"
	"gridward/domain/hazard"
	"gridward/domain/personal"
	"gridward/domain/programme"
)

// road is a world with the shipped calendar, a programme with short limits, and a chief at every level:
// d1 (district), chief2 (street), chief3 (community), a1 (the first area). 2026-03-02 is a Monday.
type road struct{ *world }

func newRoad(t testing.TB) *road {
	t.Helper()
	w := &road{newWorld(t)}
	w.now = at("2026-03-01 09:00")
	w.grid()
	w.put("calendar-default", "admin", firstCalendar())
	w.publish(1, nil)
	for _, p := range [][2]string{{district, "d1"}, {street, "chief2"}, {community, "chief3"}, {area1, "a1"}} {
		w.given(p[0], "chief", p[1], at("2026-01-01 00:00"))
	}
	for _, p := range []string{"d1", "chief2", "chief3", "a1", "a2", "o7", "p1"} {
		w.put("person-"+p, "admin", grid.PersonRegistered{ID: p, Name: personal.Of(p, "人"+p)})
	}
	w.put("department-police", "admin", grid.DepartmentCreated{Code: "police", Name: "派出所", Cell: street})
	return w
}

// firstCalendar publishes the shipped calendar.
func firstCalendar() calendar.Published {
	c := calendar.Builtin()
	c.Version = 1
	return calendar.Published{Calendar: c}
}

// limits are those of every case here.
var limits = map[string]programme.Limit{
	"filing": {N: 4, Unit: "working_hour"}, "dispatch": {N: 2, Unit: "working_hour"}, "acceptance": {N: 2, Unit: "working_hour"},
	"rectification": {N: 2, Unit: "working_day"}, "check": {N: 1, Unit: "working_day"}, "closure": {N: 1, Unit: "working_day"},
	"total": {N: 10, Unit: "calendar_day"}}

// publish puts a version of fire into the log.
func (w *road) publish(version int, change func(*programme.Programme)) {
	w.t.Helper()
	p := programme.Programme{Code: "fire", Name: "消防", Version: version, Levels: []int{1, 2, 3, 4, 5}, OfficeLevel: 3,
		Catalogue: []programme.Item{{Item: "exit", Name: "出口", Severity: "minor", Limits: limits}},
		Ladder:    []programme.Ladder{{Severity: "minor", Stage: "rectification", Rungs: []programme.Rung{{When: programme.When{Share: 1}, Do: "red"}}}}}
	if change != nil {
		change(&p)
	}
	w.put("programme-fire", "admin", programme.Published{Programme: p})
}

// given gives a duty on a cell, under the id "<person>@<cell>"; ended ends it. Both are told now.
func (w *road) given(cell, role, person string, from time.Time) {
	w.t.Helper()
	w.put("duties-fire-"+cell, "admin", grid.DutyGiven{Duty: person + "@" + cell, Programme: "fire", Role: role, ActsAs: role, Person: person,
		From: from, Cells: []grid.CellCode{grid.CellCode(cell)}})
}

func (w *road) ended(cell, person string, at time.Time) {
	w.t.Helper()
	w.put("duties-fire-"+cell, "admin", grid.DutyEnded{Duty: person + "@" + cell, At: at})
}

// holder is who has a case under the duty that given gave.
func holder(cell, person string) *hazard.Holder {
	return &hazard.Holder{Cell: grid.CellCode(cell), Person: person, Duty: person + "@" + cell, Role: "chief"}
}

// at does the events of a case at an instant and tells them at once.
func (w *road) at(when, id string, events ...hazard.Event) {
	w.t.Helper()
	w.now = at(when)
	w.tell(id, events...)
}

// tell tells events of a case now, whenever they happened.
func (w *road) tell(id string, events ...hazard.Event) {
	w.t.Helper()
	put := make([]any, len(events))
	for i, e := range events {
		put[i] = e
	}
	w.put("case-"+id, events[0].Stamped().By, put...)
}

// The steps of a case at an instant.
func reported(when, id, cell string) hazard.Reported {
	filing := limits["filing"]
	return hazard.Reported{Stamp: hazard.Stamp{At: at(when), By: "p1"}, Case: id, Programme: "fire", Cell: grid.CellCode(cell), Description: personal.Of(id, "堵塞"),
		Source: "officer", FoundAt: at(when), FirstContact: "p1", Office: holder(community, "chief3"), ProgrammeVersion: 1, CalendarVersion: 1, Limit: &filing}
}

func filed(when, cell string) hazard.Filed {
	return hazard.Filed{Stamp: hazard.Stamp{At: at(when), By: "chief3"}, Item: "exit", Severity: "minor", Cell: grid.CellCode(cell), ProgrammeVersion: 1,
		CalendarVersion: 1, Limits: limits, Office: holder(community, "chief3")}
}

func dispatched(when string, to hazard.Holder) hazard.Dispatched {
	return hazard.Dispatched{Stamp: hazard.Stamp{At: at(when), By: "chief3"}, To: to, Office: community, Instruction: "限期整改"}
}

func accepted(when string, by hazard.Holder) hazard.Accepted {
	return hazard.Accepted{Stamp: hazard.Stamp{At: at(when), By: by.Person}, Holder: by}
}

func rectified(when string, by hazard.Holder) hazard.Rectified {
	return hazard.Rectified{Stamp: hazard.Stamp{At: at(when), By: by.Person}, Measures: "已清理", PerformedBy: personal.Party{Person: by.Person}, Holder: by,
		Office: holder(street, "chief2")}
}

func checked(when, result string, again *hazard.Holder) hazard.Checked {
	return hazard.Checked{Stamp: hazard.Stamp{At: at(when), By: "chief2"}, Result: result, Note: "现场", Holder: again}
}

func closed(when string) hazard.Closed {
	return hazard.Closed{Stamp: hazard.Stamp{At: at(when), By: "chief2"}, Rating: "fair", Office: street}
}

// toRectification brings a case of the first premises into a1's hands by Monday 14:30.
func (w *road) toRectification(id string) {
	w.t.Helper()
	a1 := *holder(area1, "a1")
	w.at("2026-03-02 09:00", id, reported("2026-03-02 09:00", id, site1))
	w.at("2026-03-02 11:00", id, filed("2026-03-02 11:00", site1))
	w.at("2026-03-02 11:30", id, dispatched("2026-03-02 11:30", a1))
	w.at("2026-03-02 14:30", id, accepted("2026-03-02 14:30", a1))
}

// of is the accountability of a case, as of an instant ("": now).
func (w *road) of(id, asOf string) views.Accountability {
	w.t.Helper()
	w.project()
	return must[views.Accountability](w.t)(w.views.CaseAccountability(ctx(), id, w.now, instant(asOf)))
}

func (w *road) ofPerson(id, asOf string) views.Accountability {
	w.t.Helper()
	w.project()
	return must[views.Accountability](w.t)(w.views.PersonAccountability(ctx(), id, time.Time{}, time.Time{}, w.now, instant(asOf)))
}

func instant(s string) time.Time {
	if s == "" {
		return time.Time{}
	}
	return at(s)
}

// line writes intervals as people would: stage, who (for which post, of which office), from, to, time used, verdict.
func line(of []views.Interval) []string {
	out := make([]string, len(of))
	for i, in := range of {
		who := in.Holder.Person + " " + in.Holder.Department + short(in.Holder.Cell)
		if in.Vacant {
			who = "nobody " + in.Holder.Department + short(in.Holder.Cell)
		}
		if in.Office != "" {
			who += " by " + short(in.Office)
		}
		to := "now"
		if in.To != nil {
			to = in.To.Format("02 15:04")
		}
		out[i] = fmt.Sprintf("%s: %s, %s-%s, %s %s", in.Stage, who, in.From.Format("02 15:04"), to, time.Duration(in.UsedSeconds)*time.Second, in.Verdict)
		if in.Round > 1 {
			out[i] = fmt.Sprintf("round %d ", in.Round) + out[i]
		}
		if in.Exempt {
			out[i] += " exempt"
		}
	}
	return out
}

// short is the name of a level.
func short(c grid.CellCode) string {
	return map[grid.CellCode]string{district: "district", street: "street", community: "community", area1: "area1", area2: "area2", site1: "site1"}[c]
}

// chain names who stood above.
func chain(of []views.Answering) string {
	out := []string{}
	for _, a := range of {
		out = append(out, a.Person)
	}
	return strings.Join(out, " ")
}

// wantLine compares a line with what is written by hand.
func (w *road) wantLine(id string, got []views.Interval, want ...string) {
	w.t.Helper()
	if !slices.Equal(line(got), want) {
		w.t.Errorf("the line of %s:\n%s\nwant\n%s", id, strings.Join(line(got), "\n"), strings.Join(want, "\n"))
	}
}

func (w *road) ofCell(code grid.CellCode) views.Accountability {
	w.t.Helper()
	w.project()
	return must[views.Accountability](w.t)(w.views.CellAccountability(ctx(), code, time.Time{}, time.Time{}, w.now, time.Time{}))
}

// due is the cases with something due by an instant.
func (w *road) due(until string) []string {
	w.t.Helper()
	w.project()
	out := []string{}
	for _, d := range must[[]app.DueCase](w.t)(w.views.Due(ctx(), at(until), 100)) {
		out = append(out, d.ID)
	}
	return out
}
