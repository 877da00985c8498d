package views_test

import (
	"testing"

	"gridward/domain/grid"
	"gridward/domain/hazard"
	"gridward/domain/programme"
)

// From report to closure somebody answers at every instant: no gap, no overlap, each stage against its own limit.
func TestTheLineOfACaseIsUnbroken(t *testing.T) {
	w := newRoad(t)
	a1 := *holder(area1, "a1")
	w.toRectification("c1")
	w.at("2026-03-03 10:00", "c1", rectified("2026-03-03 10:00", a1))
	w.at("2026-03-03 11:00", "c1", checked("2026-03-03 11:00", "failed", &a1))
	w.at("2026-03-04 15:30", "c1", rectified("2026-03-04 15:30", a1))
	w.at("2026-03-04 17:00", "c1", checked("2026-03-04 17:00", "passed", nil))
	w.at("2026-03-06 09:00", "c1", closed("2026-03-06 09:00"))
	a := w.of("c1", "")
	w.wantLine("c1", a.Intervals,
		"filing: chief3 community, 02 09:00-02 11:00, 2h0m0s on_time",
		"dispatch: chief3 community, 02 11:00-02 11:30, 30m0s on_time",
		"acceptance: a1 area1, 02 11:30-02 14:30, 1h0m0s on_time", // noon is no working time
		"rectification: a1 area1, 02 14:30-03 10:00, 5h30m0s on_time",
		"check: chief2 street, 03 10:00-03 11:00, 1h0m0s on_time",
		"rectification: a1 area1, 03 11:00-04 15:30, 10h30m0s on_time", // 16 hours in all, to the second
		"check: chief2 street, 04 15:30-04 17:00, 1h30m0s on_time",
		"closure: chief2 street, 04 17:00-06 09:00, 10h0m0s late")
	if d := a.Intervals[5].Deadline; d == nil || !d.Equal(at("2026-03-04 15:30")) {
		t.Errorf("the hour in check is not the rectifier's: %s", d)
	}
	if got := chain(a.Intervals[7].Chain); got != "d1" {
		t.Errorf("over the street stands %q", got)
	}
	wantJSON(t, a.Totals, `{"cases":1,"intervals":8,"on_time":7,"late":1,"open":0,"exempt":0,"yellow":0,"red":0,"escalations":0,"missed":0}`)
	w.same()
}

// Whoever takes a post over takes its cases with it.
func TestADutyHandedOverDividesTheStage(t *testing.T) {
	w := newRoad(t)
	w.toRectification("c1")
	w.now = at("2026-03-03 12:00")
	w.ended(area1, "a1", at("2026-03-03 12:00"))
	w.given(area1, "chief", "a2", at("2026-03-03 12:00"))
	w.at("2026-03-04 16:00", "c1", rectified("2026-03-04 16:00", *holder(area1, "a2")))
	a := w.of("c1", "")
	w.wantLine("c1", a.Intervals[3:],
		"rectification: a1 area1, 02 14:30-03 12:00, 7h30m0s on_time", // handed on before the deadline: in time
		"rectification: a2 area1, 03 12:00-04 16:00, 10h0m0s late",
		"check: chief2 street, 04 16:00-now, 0s open")
	if got := chain(a.Intervals[4].Chain); got != "chief3 chief2 d1" {
		t.Errorf("over the area stand %q", got)
	}
	w.wantLine("a1", w.ofPerson("a1", "").Intervals, line(a.Intervals[2:4])...)
	w.wantLine("a2", w.ofPerson("a2", "").Intervals, line(a.Intervals[4:5])...)
	w.same()
}

// What is told late moves the line; what was known before stays known as it was.
func TestADutyToldLateMovesTheLine(t *testing.T) {
	w := newRoad(t)
	w.toRectification("c1")
	w.at("2026-03-04 16:00", "c1", rectified("2026-03-04 16:00", *holder(area1, "a1")))
	before := "rectification: a1 area1, 02 14:30-04 16:00, 17h30m0s late"
	w.wantLine("c1", w.of("c1", "").Intervals[3:4], before)
	w.now = at("2026-03-06 09:00")
	w.ended(area1, "a1", at("2026-03-04 09:00"))
	w.given(area1, "chief", "a2", at("2026-03-04 09:00"))
	w.now = at("2026-03-06 10:00")
	after := []string{"rectification: a1 area1, 02 14:30-04 09:00, 12h30m0s on_time", "rectification: a2 area1, 04 09:00-04 16:00, 5h0m0s late"}
	w.wantLine("c1", w.of("c1", "").Intervals[3:5], after...)
	w.wantLine("c1 as of Thursday", w.of("c1", "2026-03-05 09:00").Intervals[3:4], before)
	w.wantLine("a1", w.ofPerson("a1", "").Intervals[1:], after[0])
	w.wantLine("a1 as of Thursday", w.ofPerson("a1", "2026-03-05 09:00").Intervals[1:], before)
	w.wantLine("a2", w.ofPerson("a2", "").Intervals, after[1])
	w.wantLine("a2 as of Thursday", w.ofPerson("a2", "2026-03-05 09:00").Intervals)
	w.wantLine("a2 as of Friday nine", w.ofPerson("a2", "2026-03-06 09:00").Intervals, after[1])
	w.same()
}

// While a post is vacant the office in charge above it answers; where there is none, nobody does.
func TestAVacantPostFallsOnTheOfficeAbove(t *testing.T) {
	w := newRoad(t)
	w.toRectification("c1")
	w.now = at("2026-03-03 10:00")
	w.ended(area1, "a1", at("2026-03-03 10:00"))
	w.project()
	w.now = at("2026-03-03 12:00")
	w.ended(community, "chief3", at("2026-03-03 12:00"))
	w.project()
	for _, p := range [][2]string{{street, "chief2"}, {district, "d1"}} {
		w.ended(p[0], p[1], at("2026-03-03 16:00"))
	}
	w.project()
	w.now = at("2026-03-03 18:00")
	w.wantLine("c1", w.of("c1", "").Intervals[3:],
		"rectification: a1 area1, 02 14:30-03 10:00, 5h30m0s on_time",
		"rectification: chief3 area1 by community, 03 10:00-03 12:00, 2h0m0s on_time",
		"rectification: chief2 area1 by street, 03 12:00-03 16:00, 2h0m0s on_time",
		"rectification: nobody area1, 03 16:00-now, 2h0m0s open")
	w.given(street, "sponsor", "o7", at("2026-03-03 17:00"))
	w.wantLine("c1", w.of("c1", "").Intervals[6:],
		"rectification: nobody area1, 03 16:00-03 17:00, 1h0m0s on_time", "rectification: o7 area1 by street, 03 17:00-now, 1h0m0s open")
	w.wantLine("o7", w.ofPerson("o7", "").Intervals, "rectification: o7 area1 by street, 03 17:00-now, 1h0m0s open")
	w.same()
}

// A department holds a case by the duties in it; its chair empty, the office over its seat answers.
func TestADepartmentHoldsACase(t *testing.T) {
	w := newRoad(t)
	w.put("duties-fire-dept-police", "admin", grid.DutyGiven{Duty: "o7@police", Programme: "fire", Role: "supervisor", ActsAs: "supervisor", Person: "o7",
		From: at("2026-01-01 00:00"), Department: "police"})
	o7 := hazard.Holder{Department: "police", Person: "o7", Duty: "o7@police", Role: "supervisor"}
	w.at("2026-03-02 09:00", "c1", reported("2026-03-02 09:00", "c1", site1))
	w.at("2026-03-02 10:00", "c1", filed("2026-03-02 10:00", site1))
	w.at("2026-03-02 11:00", "c1", dispatched("2026-03-02 11:00", o7))
	w.at("2026-03-02 12:00", "c1", accepted("2026-03-02 12:00", o7))
	w.project()
	w.now = at("2026-03-03 09:00")
	w.put("duties-fire-dept-police", "admin", grid.DutyEnded{Duty: "o7@police", At: at("2026-03-02 18:00")}) // told the next morning
	want := []string{"acceptance: o7 police, 02 11:00-02 12:00, 1h0m0s on_time", "rectification: o7 police, 02 12:00-02 18:00, 4h0m0s on_time",
		"rectification: chief2 police by street, 02 18:00-now, 1h0m0s open"}
	w.wantLine("c1", w.of("c1", "").Intervals[2:], want...)
	w.wantLine("c1 as of the evening", w.of("c1", "2026-03-02 20:00").Intervals[3:], "rectification: o7 police, 02 12:00-now, 4h0m0s open")
	w.project()
	cell := func(code grid.CellCode) []string { return line(w.ofCell(code).Intervals) }
	if got := cell(street); len(got) != 5 || got[4] != want[2] {
		t.Errorf("the street has its department's work too: %q", got)
	}
	if got := cell(community); len(got) != 2 {
		t.Errorf("the community has what it had before: %q", got)
	}
	w.same()
}

// A replaced cell's cases go back to the office above it; a new round begins with full limits.
func TestReplacementAndReopening(t *testing.T) {
	w := newRoad(t)
	a1 := *holder(area1, "a1")
	w.toRectification("c1")
	w.at("2026-03-03 09:00", "c1", hazard.CellReplaced{Stamp: hazard.Stamp{At: at("2026-03-03 09:00"), By: "system"}, Cell: area1,
		Office: *holder(community, "chief3"), Returned: true})
	w.at("2026-03-03 10:00", "c1", hazard.Voided{Stamp: hazard.Stamp{At: at("2026-03-03 10:00"), By: "chief3"}, Reason: "不属实", Level: 3, Cell: community})
	w.at("2026-03-05 09:00", "c1", hazard.Reopened{Stamp: hazard.Stamp{At: at("2026-03-05 09:00"), By: "chief2"}, Reason: "复发", Round: 2,
		To: hazard.StateRectifying, Holder: &a1})
	w.now = at("2026-03-09 09:30")
	a := w.of("c1", "")
	w.wantLine("c1", a.Intervals[3:],
		"rectification: a1 area1, 02 14:30-03 09:00, 4h30m0s on_time",
		"dispatch: chief3 community, 03 09:00-03 10:00, 1h0m0s on_time",
		"round 2 rectification: a1 area1, 05 09:00-now, 16h30m0s late")
	if d := a.Intervals[5].Deadline; !d.Equal(at("2026-03-09 09:00")) {
		t.Errorf("full limits again: %s", d)
	}
	w.same()
}

// The rules a case is not yet bound to are the newest ones: a programme published anew moves what it asks of them.
func TestARuleThatComesLaterMovesWhatIsNotFiled(t *testing.T) {
	w := newRoad(t)
	w.ended(community, "chief3", at("2026-03-01 09:00"))
	w.at("2026-03-02 09:00", "c1", reported("2026-03-02 09:00", "c1", site1))
	w.now = at("2026-03-02 10:00")
	w.wantLine("c1", w.of("c1", "").Intervals, "filing: chief2 community by street, 02 09:00-now, 1h0m0s open")
	due := func() int { return len(w.due("2026-03-09 00:00")) }
	if due() != 0 {
		t.Error("nothing is due: there is no ladder for filing")
	}
	w.publish(2, func(p *programme.Programme) { // the street drops out, and filing is watched
		p.Levels = []int{1, 3, 4, 5}
		p.Ladder = []programme.Ladder{{Severity: "minor", Stage: "filing", Rungs: []programme.Rung{{When: programme.When{Share: 1}, Do: "red"}}}}
	})
	w.wantLine("c1", w.of("c1", "").Intervals, "filing: d1 community by district, 02 09:00-now, 1h0m0s open")
	w.wantLine("d1", w.ofPerson("d1", "").Intervals, "filing: d1 community by district, 02 09:00-now, 1h0m0s open")
	w.wantLine("chief2 as of then", w.ofPerson("chief2", "2026-03-02 09:59").Intervals, "filing: chief2 community by street, 02 09:00-now, 59m0s open")
	if due() != 1 {
		t.Error("a red card is due now")
	}
	w.same()
}
