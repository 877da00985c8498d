package views_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"gridward/app/views"
	"gridward/domain/fault"
	"gridward/domain/grid"
	"gridward/domain/hazard"
	"gridward/domain/programme"
)

// red is the card for a rectification whose deadline passed; in the stages of a case without rework it is the fifth.
func red(when string, to hazard.Holder) hazard.CardGiven {
	return hazard.CardGiven{Stamp: hazard.Stamp{At: at(when), By: "system"}, Colour: "red", Holder: to, Told: []string{to.Person, "chief3"},
		Ladder: hazard.Climb{Round: 1, Stage: "rectification", Run: 4, ProgrammeVersion: 1, Deadline: at(when), Due: at(when)}}
}

// Three cases of a1 pass their deadline on Wednesday 14:30. One had been rectified in time, which was told late; one gets
// more time; the third stays red.
func TestCardsThatWereHealedOrWithdrawnStayButDoNotCount(t *testing.T) {
	w := newRoad(t)
	a1 := *holder(area1, "a1")
	for _, id := range []string{"c1", "c2", "c3"} {
		w.now = at("2026-03-01 10:00")
		w.toRectification(id)
	}
	for _, id := range []string{"c1", "c2", "c3"} {
		w.at("2026-03-04 14:30", id, red("2026-03-04 14:30", a1))
	}
	if got := w.ofPerson("a1", "").Totals; got.Red != 3 || got.Open != 3 { // the deadline itself is in time
		t.Errorf("the clock stands at the deadline, and the cards are given: %+v", got)
	}
	w.now = at("2026-03-04 16:00")
	healed := rectified("2026-03-04 14:00", a1)
	w.tell("c1", healed, hazard.CardHealed{Stamp: hazard.Stamp{At: healed.At, By: "system"}, Colour: "red", Run: 4})
	w.tell("c2", hazard.ExtensionRequested{Stamp: hazard.Stamp{At: at("2026-03-04 12:00"), By: "a1"}, Limit: programme.Limit{N: 1, Unit: "working_day"}, Reason: "缺料"})
	w.tell("c2", hazard.ExtensionDecided{Stamp: hazard.Stamp{At: w.now, By: "chief3"}, Granted: true, Cell: community},
		hazard.CardWithdrawn{Stamp: hazard.Stamp{At: w.now, By: "system"}, Colour: "red", Run: 4, Reason: "extension"})
	a := w.ofPerson("a1", "")
	if a.Totals.Red != 1 || a.Totals.Yellow != 0 || a.Totals.Cases != 3 || a.Totals.Late != 1 || a.Totals.Open != 1 {
		t.Errorf("totals %+v", a.Totals)
	}
	wantJSON(t, a.Cards, `[
		{"case":"c1","round":1,"stage":"rectification","colour":"red","at":"2026-03-04T14:30:00+08:00","holder":{"person":"a1","role":"chief","cell":"410104001001001"},"healed":true,"withdrawn":null},
		{"case":"c2","round":1,"stage":"rectification","colour":"red","at":"2026-03-04T14:30:00+08:00","holder":{"person":"a1","role":"chief","cell":"410104001001001"},"healed":false,"withdrawn":"2026-03-04T16:00:00+08:00"},
		{"case":"c3","round":1,"stage":"rectification","colour":"red","at":"2026-03-04T14:30:00+08:00","holder":{"person":"a1","role":"chief","cell":"410104001001001"},"healed":false,"withdrawn":null}]`)
	for _, then := range []string{"2026-03-04 14:30", "2026-03-04 15:59"} {
		if got := w.ofPerson("a1", then).Totals; got.Red != 3 {
			t.Errorf("as of %s all three were red: %+v", then, got)
		}
	}
	for n, id := range []string{"c1", "c2", "c3"} {
		if got := w.of(id, ""); text(got.Cards) != text(a.Cards[n:n+1]) {
			t.Errorf("the case says %s", text(got.Cards))
		}
	}
	w.same()
}

// An appeal that is upheld exempts the round; what was late stays late beside it.
func TestWhatIsExemptStaysLate(t *testing.T) {
	w := newRoad(t)
	a1 := *holder(area1, "a1")
	w.toRectification("c1")
	w.at("2026-03-05 09:00", "c1", rectified("2026-03-05 09:00", a1))
	w.at("2026-03-05 10:00", "c1", checked("2026-03-05 10:00", "passed", nil))
	w.at("2026-03-05 11:00", "c1", closed("2026-03-05 11:00"))
	w.at("2026-03-06 09:00", "c1", hazard.Appealed{Stamp: hazard.Stamp{At: at("2026-03-06 09:00"), By: "a1"}, Reason: "停电"})
	w.wantLine("a1", w.ofPerson("a1", "").Intervals[1:], "rectification: a1 area1, 02 14:30-05 09:00, 20h30m0s late")
	w.at("2026-03-09 09:00", "c1", hazard.AppealDecided{Stamp: hazard.Stamp{At: at("2026-03-09 09:00"), By: "d1"}, Upheld: true, Level: 1, Cell: district})
	a := w.ofPerson("a1", "")
	w.wantLine("a1", a.Intervals[1:], "rectification: a1 area1, 02 14:30-05 09:00, 20h30m0s late exempt")
	if a.Totals.Late != 1 || a.Totals.Exempt != 2 || a.Totals.OnTime != 1 {
		t.Errorf("totals %+v", a.Totals)
	}
	if got := w.ofPerson("a1", "2026-03-08 09:00").Totals; got.Exempt != 0 {
		t.Errorf("before the decision: %+v", got)
	}
	w.at("2026-03-10 09:00", "c1", hazard.AppealDecided{Stamp: hazard.Stamp{At: at("2026-03-10 09:00"), By: "d1"}, Level: 1, Cell: district})
	if got := w.ofPerson("a1", "").Totals; got.Exempt != 0 {
		t.Errorf("the last decision counts: %+v", got)
	}
	w.same()
}

// What a person answers for in a stretch of time: from is in it, to is not.
func TestAnAnswerAboutAStretchOfTime(t *testing.T) {
	w := newRoad(t)
	w.toRectification("c1") // a1 has it from Monday 11:30, rectifies from 14:30
	w.at("2026-03-04 10:00", "c1", rectified("2026-03-04 10:00", *holder(area1, "a1")))
	w.now = at("2026-03-10 09:00")
	w.project()
	stages := func(from, to string) string {
		out := []string{}
		a := must[views.Accountability](t)(w.views.PersonAccountability(ctx(), "a1", instant(from), instant(to), w.now, time.Time{}))
		for _, in := range a.Intervals {
			out = append(out, in.Stage)
		}
		return strings.Join(out, " ")
	}
	for _, c := range []struct{ from, to, want string }{
		{"", "", "acceptance rectification"}, {"", "2026-03-02 11:30", ""}, {"", "2026-03-02 11:31", "acceptance"}, {"", "2026-03-02 14:30", "acceptance"},
		{"2026-03-02 14:29", "", "acceptance rectification"}, {"2026-03-02 14:30", "", "rectification"}, {"2026-03-04 10:00", "", ""},
		{"2026-03-03 00:00", "2026-03-03 01:00", "rectification"}, {"2026-03-20 00:00", "", ""},
	} {
		if got := stages(c.from, c.to); got != c.want {
			t.Errorf("from %q to %q: %q, want %q", c.from, c.to, got, c.want)
		}
	}
	_, err := w.views.PersonAccountability(ctx(), "nobody", time.Time{}, time.Time{}, w.now, time.Time{})
	wantFault(t, err, fault.NotFound, "person_not_found")
	_, err = w.views.CellAccountability(ctx(), "410199", time.Time{}, time.Time{}, w.now, time.Time{})
	wantFault(t, err, fault.NotFound, "cell_not_found")
	_, err = w.views.CaseAccountability(ctx(), "c1", w.now, at("2026-03-02 08:59"))
	wantFault(t, err, fault.NotFound, "case_not_found") // nobody had reported it
}

// An escalation is answered for by the office it waited at, and by whoever had the case meanwhile.
func TestEscalationsAndSupervisionInTheAnswer(t *testing.T) {
	w := newRoad(t)
	w.toRectification("c1")
	climb := &hazard.Climb{Round: 1, Stage: "rectification", Run: 4, Rung: 1, ProgrammeVersion: 1, Due: at("2026-03-05 14:30"), Deadline: at("2026-03-04 14:30")}
	w.at("2026-03-05 14:30", "c1", hazard.Escalated{Stamp: hazard.Stamp{At: at("2026-03-05 14:30"), By: "system"}, To: street, Level: 2, Reason: "deadline", Automatic: true,
		Office: holder(street, "chief2"), Ladder: climb})
	w.at("2026-03-05 15:00", "c1", hazard.EscalationAcknowledged{Stamp: hazard.Stamp{At: at("2026-03-05 15:00"), By: "chief2"}, Cell: street, Instruction: "当日完成"})
	w.at("2026-03-05 15:30", "c1", hazard.Supervised{Stamp: hazard.Stamp{At: at("2026-03-05 15:30"), By: "chief2"}, Measure: "order", Level: 2, Cell: street})
	w.at("2026-03-05 16:00", "c1", hazard.Escalated{Stamp: hazard.Stamp{At: at("2026-03-05 16:00"), By: "chief2"}, To: district, Level: 1, Reason: "需协调", Office: holder(district, "d1")})
	w.at("2026-03-05 17:00", "c1", rectified("2026-03-05 17:00", *holder(area1, "a1")))
	w.at("2026-03-05 18:00", "c1", hazard.SupervisionLifted{Stamp: hazard.Stamp{At: at("2026-03-05 18:00"), By: "chief2"}, Measure: "order", Cell: street, Note: "已完成"})
	a := w.of("c1", "")
	wantJSON(t, a.Escalations, `[
		{"case":"c1","round":1,"cell":"410104001","level":2,"person":"chief2","since":"2026-03-05T14:30:00+08:00","ended":"2026-03-05T16:00:00+08:00","reason":"deadline",
			"automatic":true,"rung":1,"acknowledged_at":"2026-03-05T15:00:00+08:00","acknowledged_by":"chief2","instruction":"当日完成"},
		{"case":"c1","round":1,"cell":"410104","level":1,"person":"d1","since":"2026-03-05T16:00:00+08:00","ended":"2026-03-05T17:00:00+08:00","reason":"需协调",
			"automatic":false,"rung":null,"acknowledged_at":null}]`)
	wantJSON(t, a.Supervisions, `[{"case":"c1","measure":"order","level":2,"cell":"410104001","since":"2026-03-05T15:30:00+08:00","lifted":"2026-03-05T18:00:00+08:00","automatic":false}]`)
	said := []string{}
	for _, s := range a.Said {
		said = append(said, s.By+": "+s.Text)
	}
	if got := strings.Join(said, ", "); got != "p1: 堵塞, chief3: 限期整改, chief2: 当日完成, chief2: 需协调, a1: 已清理, chief2: 已完成" {
		t.Errorf("said: %s", got)
	}
	for person, want := range map[string]int{"a1": 2, "chief2": 1, "d1": 1, "chief3": 0} {
		if got := w.ofPerson(person, ""); len(got.Escalations) != want || got.Totals.Escalations != want {
			t.Errorf("%s: %s", person, text(got.Escalations))
		}
	}
	for cell, want := range map[grid.CellCode]int{district: 2, street: 2, community: 2, area1: 2, area2: 0} {
		if got := w.ofCell(cell); len(got.Escalations) != want {
			t.Errorf("%s: %s", cell, text(got.Escalations))
		}
	}
	then := w.of("c1", "2026-03-05 15:10")
	if got := fmt.Sprint(len(then.Escalations), len(then.Supervisions), then.Escalations[0].Ended); got != "1 0 <nil>" {
		t.Errorf("as of then: %s", text(then))
	}
	w.same()
}

// What took months, or goes on, is found in each month it touches, and what was short in its own.
func TestAnAnswerAboutAStretchLongAfterItBegan(t *testing.T) {
	w := newRoad(t)
	begin := w.now
	for _, id := range []string{"short", "long", "open"} {
		w.now = begin
		w.toRectification(id)
	}
	a1 := *holder(area1, "a1")
	w.at("2026-03-04 10:00", "short", rectified("2026-03-04 10:00", a1))
	w.at("2026-06-10 10:00", "long", rectified("2026-06-10 10:00", a1))
	w.now = at("2026-06-20 09:00")
	w.project()
	for _, c := range []struct{ from, to, want string }{
		{"2026-03-03 00:00", "2026-03-10 00:00", "long open short"}, {"2026-03-10 00:00", "2026-03-20 00:00", "long open"},
		{"2026-05-01 00:00", "2026-05-08 00:00", "long open"}, {"2026-06-09 00:00", "2026-06-11 00:00", "long open"},
		{"2026-06-11 00:00", "2026-06-12 00:00", "open"}, {"2026-06-19 00:00", "", "open"}, {"2027-01-01 00:00", "2027-02-01 00:00", "open"},
	} {
		from, to := instant(c.from), instant(c.to)
		ofPerson := must[views.Accountability](t)(w.views.PersonAccountability(ctx(), "a1", from, to, w.now, time.Time{}))
		ofCell := must[views.Accountability](t)(w.views.CellAccountability(ctx(), area1, from, to, w.now, time.Time{}))
		for _, a := range []views.Accountability{ofPerson, ofCell} {
			var cases []string
			for _, in := range a.Intervals {
				cases = append(cases, in.Case)
			}
			slices.Sort(cases)
			if got := strings.Join(slices.Compact(cases), " "); got != c.want {
				t.Errorf("from %s to %q: %q, want %q", c.from, c.to, got, c.want)
			}
		}
	}
}
