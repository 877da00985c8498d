package hazard_test

import (
	"slices"
	"testing"
	"time"

	"gridward/domain/fault"
	"gridward/domain/grid"
	"gridward/domain/hazard"
)

// clockRow is a row whose command may happen at another minute than now.
type clockRow struct {
	name  string
	given []hazard.Event
	by    string
	when  hazard.Command
	then  hazard.Event // exactly this one
	no    string       // or the refusal's code
	at    int          // minute; 0: now
	field string       // the invalid field
}

// runClock runs rows, and holds the law: the same command sent twice changes nothing the second time.
func runClock(t *testing.T, rows []clockRow) {
	t.Helper()
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			if r.at == 0 {
				r.at = now
			}
			c := fold(r.given)
			out, err := decideAt(c, r.by, r.at, r.when)
			refusal(t, err, r.no)
			if r.field != "" && !refusedField(err, r.field) {
				t.Fatalf("refused with %v, want the field %s", err, r.field)
			}
			if r.no != "" {
				same(t, out.Events, nil)
				return
			}
			same(t, out.Events, []hazard.Event{r.then})
			if out.Duty != "duty-"+r.by && out.Duty != "" {
				t.Errorf("acted under %s", out.Duty)
			}
			again, err := decideAt(fold(append(r.given[:len(r.given):len(r.given)], out.Events...)), r.by, r.at+1, r.when)
			if f, ok := fault.As(err); !ok || f.Kind == fault.Invalid || len(again.Events) > 0 {
				t.Errorf("sent twice it comes to %s (%v)", shown(again.Events), err)
			}
		})
	}
}

func decideAt(c hazard.Case, by string, n int, cmd hazard.Command) (hazard.Outcome, error) {
	s := scene(c, by, n, cmd)
	s.Calendars = calendars
	return hazard.Decide(c, s, cmd)
}

func refusedField(err error, field string) bool {
	f, ok := fault.As(err)
	return ok && slices.ContainsFunc(f.Fields, func(x fault.Field) bool { return x.Field == field })
}

func then(history []hazard.Event, more ...hazard.Event) []hazard.Event {
	return append(history[:len(history):len(history)], more...)
}

// Histories with extensions; the case is rectifying since minute 3, by 3 working days: until minute 3+3 days.
const days = 24 * 60

func askedBy(by string) hazard.Event {
	return hazard.ExtensionRequested{Stamp: stamp(5, by), Limit: lim("1 working_day"), Reason: "parts"}
}

func answered(granted bool) hazard.Event {
	return hazard.ExtensionDecided{Stamp: stamp(6, "c.chief"), Granted: granted, Cell: community}
}

func suspendedAt(n, until int) hazard.Event {
	return hazard.Suspended{Stamp: stamp(n, "c.chief"), Reason: "winter", Until: at(until), Cell: community}
}

// byBureau is a case that the community gave to the fire brigade.
func byBureau() []hazard.Event {
	h := hazard.Holder{Department: "fire-brigade", Person: "bureau"}
	return then(filed(), hazard.Dispatched{Stamp: stamp(2, "c.chief"), To: h, Office: community}, hazard.Accepted{Stamp: stamp(3, "bureau"), Holder: h})
}

// atTheTop is a case that level 1 rectifies itself.
func atTheTop() []hazard.Event {
	return then(filed(), hazard.Dispatched{Stamp: stamp(2, "d.sponsor"), To: *who(district, "d.chief"), Office: district},
		hazard.Accepted{Stamp: stamp(3, "d.chief"), Holder: *who(district, "d.chief")})
}

// listedCase is a major hazard under a listing's deadline, 20 days after it was listed.
func listedCase() []hazard.Event {
	return then(rectifyingFrom(filedAs("blast", "major")), hazard.Supervised{Stamp: stamp(4, "d.chief"), Measure: "listed", Level: 1, Cell: district,
		Plan: &hazard.Plan{Deadline: at(4 + 20*days)}})
}

func TestRequestExtension(t *testing.T) {
	day := hazard.RequestExtension{Limit: lim("1 working_day"), Reason: "parts"}
	of := func(l string) hazard.RequestExtension { return hazard.RequestExtension{Limit: lim(l), Reason: "parts"} }
	asks := func(by string, n int, l string) hazard.Event {
		return hazard.ExtensionRequested{Stamp: stamp(n, by), Limit: lim(l), Reason: "parts"}
	}
	unlimited := filed()
	f := unlimited[1].(hazard.Filed)
	f.Limits = nil
	unlimited[1] = f
	once := then(rectifying(), askedBy("a.chief"), answered(true))
	twice := then(once, askedBy("a.chief"), answered(true))
	refused := then(rectifying(), askedBy("a.chief"), answered(false), askedBy("a.chief"), answered(false))
	again := then(closed(), hazard.Reopened{Stamp: stamp(7, "c.chief"), Round: 2, To: "rectifying", Holder: who(area, "a.chief")})
	runClock(t, []clockRow{
		{name: "the holder asks", given: rectifying(), by: "a.chief", when: day, then: asks("a.chief", now, "1 working_day")},
		{name: "anybody of the post may", given: rectifying(), by: "a.officer", when: day, then: asks("a.officer", now, "1 working_day")},
		{name: "nobody else", given: rectifying(), by: "c.chief", when: day, no: "not_the_holder"},
		{name: "not before accepting", given: dispatched(), by: "a.chief", when: day, no: "wrong_state"},
		{name: "not once rectified", given: rectified(), by: "a.chief", when: day, no: "wrong_state"},
		{name: "with a reason", given: rectifying(), by: "a.chief", when: hazard.RequestExtension{Limit: lim("1 working_day")}, no: "invalid_fields", field: "reason"},
		{name: "so much of a unit", given: rectifying(), by: "a.chief", when: of("0 working_day"), no: "invalid_fields", field: "until_limit.n"},
		{name: "that there is", given: rectifying(), by: "a.chief", when: of("1 fortnight"), no: "invalid_fields", field: "until_limit.unit"},
		{name: "as much as the limit", given: rectifying(), by: "a.chief", when: of("3 working_day"), then: asks("a.chief", now, "3 working_day")},
		{name: "not more", given: rectifying(), by: "a.chief", when: of("25 working_hour"), no: "invalid_fields", field: "until_limit"},
		{name: "in another unit when it is certain", given: rectifying(), by: "a.chief", when: of("1 calendar_day"), then: asks("a.chief", now, "1 calendar_day")},
		{name: "and only then", given: rectifying(), by: "a.chief", when: of("2 calendar_day"), no: "invalid_fields", field: "until_limit"},
		{name: "one at a time", given: then(rectifying(), askedBy("a.officer")), by: "a.chief", when: day, no: "extension_asked"},
		{name: "a second one", given: once, by: "a.chief", when: day, then: asks("a.chief", now, "1 working_day")},
		{name: "not a third", given: twice, by: "a.chief", when: day, no: "extensions_used"},
		{name: "what was not granted does not count", given: refused, by: "a.chief", when: day, then: asks("a.chief", now, "1 working_day")},
		{name: "a new round counts anew", given: again, by: "a.chief", when: day, then: asks("a.chief", now, "1 working_day")},
		{name: "at the deadline itself", given: rectifying(), by: "a.chief", when: day, at: 3 + 3*days, then: asks("a.chief", 3+3*days, "1 working_day")},
		{name: "not behind it", given: rectifying(), by: "a.chief", when: day, at: 4 + 3*days, no: "deadline_passed"},
		{name: "an extension moves it", given: once, by: "a.chief", when: day, at: 3 + 4*days, then: asks("a.chief", 3+4*days, "1 working_day")},
		{name: "so far", given: once, by: "a.chief", when: day, at: 4 + 4*days, no: "deadline_passed"},
		{name: "without a limit there is nothing to extend", given: rectifyingFrom(unlimited), by: "a.chief", when: day, no: "no_limit"},
		{name: "a suspension stops the clock, not the pen", given: then(rectifying(), suspendedAt(4, 30*days)), by: "a.chief", when: day, at: 9 * days,
			then: asks("a.chief", 9*days, "1 working_day")},
		{name: "and brings no deadline back", given: then(rectifying(), suspendedAt(5*days, 30*days)), by: "a.chief", when: day, at: 9 * days, no: "deadline_passed"},
		{name: "of a listing's deadline, as long as the listing gave", given: listedCase(), by: "a.chief", when: of("20 calendar_day"),
			then: asks("a.chief", now, "20 calendar_day")},
		{name: "not longer", given: listedCase(), by: "a.chief", when: of("21 calendar_day"), no: "invalid_fields", field: "until_limit"},
		{name: "working days as the calendar has them", given: listedCase(), by: "a.chief", when: of("14 working_day"),
			then: asks("a.chief", now, "14 working_day")}, // from Sunday 22 March to Friday 10 April 18:00, 6 April (清明节) off
		{name: "and not more", given: listedCase(), by: "a.chief", when: of("15 working_day"), no: "invalid_fields", field: "until_limit"},
	})
}

// What is told more than 72 hours late is judged by when it was told.
func TestAnExtensionToldTooLateIsJudgedByWhenItWasTold(t *testing.T) {
	c := fold(rectifying())
	cmd := hazard.RequestExtension{Limit: lim("1 working_day"), Reason: "parts"}
	s := scene(c, "a.chief", 2*days, cmd)
	s.Calendars, s.Judged = calendars, at(6*days)
	_, err := hazard.Decide(c, s, cmd)
	refusal(t, err, "deadline_passed")
	s.Judged = at(3 * days)
	out, err := hazard.Decide(c, s, cmd)
	refusal(t, err, "")
	same(t, out.Events, []hazard.Event{hazard.ExtensionRequested{Stamp: hazard.Stamp{At: at(2 * days), By: "a.chief", Judged: at(3 * days)},
		Limit: lim("1 working_day"), Reason: "parts"}})
}

func TestDecideExtension(t *testing.T) {
	waits := then(rectifying(), askedBy("a.chief"))
	grant, deny := hazard.DecideExtension{Granted: true, Note: "n"}, hazard.DecideExtension{Note: "n"}
	decides := func(by string, n int, granted bool, cell grid.CellCode) hazard.Event {
		return hazard.ExtensionDecided{Stamp: stamp(n, by), Granted: granted, Note: "n", Cell: cell}
	}
	stoodIn := then(rectifying(), askedBy("c.chief"))
	runClock(t, []clockRow{
		{name: "the office above grants", given: waits, by: "c.chief", when: grant, then: decides("c.chief", now, true, community)},
		{name: "or does not", given: waits, by: "c.sponsor", when: deny, then: decides("c.sponsor", now, false, community)},
		{name: "any office above", given: waits, by: "s.chief", when: grant, then: decides("s.chief", now, true, street)},
		{name: "not the holder's own", given: waits, by: "a.chief", when: grant, no: "not_in_charge"},
		{name: "nor an officer", given: waits, by: "c.officer", when: grant, no: "not_in_charge"},
		{name: "nor an office elsewhere", given: waits, by: "b.chief", when: grant, no: "not_in_charge"},
		{name: "there is nothing to decide", given: rectifying(), by: "c.chief", when: grant, no: "no_extension_asked"},
		{name: "any more", given: then(waits, answered(true)), by: "c.chief", when: grant, no: "no_extension_asked"},
		{name: "nor once rectified", given: then(waits, rectified()[4]), by: "c.chief", when: grant, no: "wrong_state"},
		{name: "behind the deadline too", given: waits, by: "c.chief", when: grant, at: 9 * days, then: decides("c.chief", 9*days, true, community)},
		{name: "during a suspension", given: then(waits, suspendedAt(6, 30*days)), by: "c.chief", when: grant, then: decides("c.chief", now, true, community)},
		{name: "who asked in a vacant holder's stead does not decide", given: stoodIn, by: "c.chief", when: grant, no: "separation_of_duties"},
		{name: "another one there does", given: stoodIn, by: "c.sponsor", when: grant, then: decides("c.sponsor", now, true, community)},
		{name: "a department's by the office that dispatched it", given: then(byBureau(), askedBy("bureau")), by: "c.chief", when: grant,
			then: decides("c.chief", now, true, community)},
		{name: "or above", given: then(byBureau(), askedBy("bureau")), by: "s.chief", when: grant, then: decides("s.chief", now, true, street)},
		{name: "not below", given: then(byBureau(), askedBy("bureau")), by: "a.chief", when: grant, no: "not_in_charge"},
		{name: "nor by itself", given: then(byBureau(), askedBy("bureau")), by: "bureau", when: grant, no: "not_in_charge"},
		{name: "at level 1 by another chief", given: then(atTheTop(), askedBy("d.chief")), by: "d.chief2", when: grant,
			then: decides("d.chief2", now, true, district)},
		{name: "or sponsor", given: then(atTheTop(), askedBy("d.chief")), by: "d.sponsor", when: grant, then: decides("d.sponsor", now, true, district)},
		{name: "not the holder", given: then(atTheTop(), askedBy("d.chief2")), by: "d.chief", when: grant, no: "separation_of_duties"},
		{name: "not who asked", given: then(atTheTop(), askedBy("d.chief2")), by: "d.chief2", when: grant, no: "separation_of_duties"},
		{name: "not a supervisor", given: then(atTheTop(), askedBy("d.chief")), by: "d.supervisor", when: grant, no: "not_in_charge"},
		{name: "a listing's deadline is level 1's", given: then(listedCase(), askedBy("a.chief")), by: "d.supervisor", when: grant,
			then: decides("d.supervisor", now, true, district)},
		{name: "nobody else's", given: then(listedCase(), askedBy("a.chief")), by: "s.chief", when: grant, no: "not_in_charge"},
	})
	if c := fold(then(waits, answered(true))); c.Extended != 1 || c.Asking != nil {
		t.Errorf("granted: %+v", c)
	}
	if c := fold(then(waits, answered(false))); c.Extended != 0 || c.Asking != nil || len(c.Stages[len(c.Stages)-1].Extensions) != 0 {
		t.Errorf("not granted: %+v", c)
	}
}

func TestSuspend(t *testing.T) {
	reason := hazard.Suspend{Reason: "winter"}
	until := func(n int) hazard.Suspend {
		when := at(n)
		return hazard.Suspend{Reason: "winter", Until: &when}
	}
	year := time.Date(2027, 3, 2, 9, now, 0, 0, t0.Location())
	beyond := year.Add(time.Second)
	stops := func(by string, end time.Time, cell grid.CellCode) hazard.Event {
		return hazard.Suspended{Stamp: st(by), Reason: "winter", Until: end, Cell: cell}
	}
	running := then(rectifying(), suspendedAt(5, 30*days))
	over := then(running, hazard.Resumed{Stamp: stamp(6, "c.chief")})
	again := then(over, then(closed(), hazard.Reopened{Stamp: stamp(7, "c.chief"), Round: 2, To: "rectifying", Holder: who(area, "a.chief")})[4:]...)
	stoodIn := then(filed(), hazard.Dispatched{Stamp: stamp(2, "s.chief"), To: hazard.Holder{Cell: area, Person: "c.chief"}, Office: street})
	runClock(t, []clockRow{
		{name: "the office above, for a year", given: rectifying(), by: "c.chief", when: reason, then: stops("c.chief", year, community)},
		{name: "already while dispatched", given: dispatched(), by: "s.chief", when: reason, then: stops("s.chief", year, street)},
		{name: "or until an instant", given: rectifying(), by: "c.chief", when: until(9 * days), then: stops("c.chief", at(9*days), community)},
		{name: "a year at most", given: rectifying(), by: "c.chief", when: hazard.Suspend{Reason: "winter", Until: &year}, then: stops("c.chief", year, community)},
		{name: "no second more", given: rectifying(), by: "c.chief", when: hazard.Suspend{Reason: "winter", Until: &beyond}, no: "invalid_fields", field: "until"},
		{name: "ahead of it", given: rectifying(), by: "c.chief", when: until(now), no: "invalid_fields", field: "until"},
		{name: "with a reason", given: rectifying(), by: "c.chief", when: hazard.Suspend{}, no: "invalid_fields", field: "reason"},
		{name: "not the holder", given: rectifying(), by: "a.chief", when: reason, no: "not_in_charge"},
		{name: "nor an officer above", given: rectifying(), by: "c.officer", when: reason, no: "not_in_charge"},
		{name: "not before it is dispatched", given: filed(), by: "c.chief", when: reason, no: "wrong_state"},
		{name: "nor once rectified", given: rectified(), by: "c.chief", when: reason, no: "wrong_state"},
		{name: "not while it is", given: running, by: "c.chief", when: reason, no: "suspended_already"},
		{name: "once a round", given: over, by: "c.chief", when: reason, no: "suspended_already"},
		{name: "a new round counts anew", given: again, by: "c.chief", when: reason, then: stops("c.chief", year, community)},
		{name: "who stands in for a vacant holder does not stop its own clock", given: stoodIn, by: "c.chief", when: reason, no: "separation_of_duties"},
		{name: "the next one does", given: stoodIn, by: "s.chief", when: reason, then: stops("s.chief", year, street)},
		{name: "a department's by the office that dispatched it", given: byBureau(), by: "c.chief", when: reason, then: stops("c.chief", year, community)},
		{name: "not by itself", given: byBureau(), by: "bureau", when: reason, no: "not_in_charge"},
		{name: "at level 1 another one", given: atTheTop(), by: "d.sponsor", when: reason, then: stops("d.sponsor", year, district)},
		{name: "not the holder there", given: atTheTop(), by: "d.chief", when: reason, no: "separation_of_duties"},
		{name: "a listed one only level 1", given: listedCase(), by: "c.chief", when: reason, no: "not_in_charge"},
		{name: "which may", given: listedCase(), by: "d.chief", when: reason, then: stops("d.chief", year, district)},
	})
}

func TestResume(t *testing.T) {
	running := then(rectifying(), suspendedAt(5, 30*days))
	waiting := then(dispatched(), suspendedAt(5, 30*days))
	goesOn := func(by string) hazard.Event { return hazard.Resumed{Stamp: st(by)} }
	runClock(t, []clockRow{
		{name: "the office above", given: running, by: "c.chief", when: hazard.Resume{}, then: goesOn("c.chief")},
		{name: "any office above", given: waiting, by: "s.chief", when: hazard.Resume{}, then: goesOn("s.chief")},
		{name: "not the holder", given: running, by: "a.chief", when: hazard.Resume{}, no: "not_in_charge"},
		{name: "what is not suspended goes on", given: rectifying(), by: "c.chief", when: hazard.Resume{}, no: "not_suspended"},
		{name: "what was resumed too", given: then(running, hazard.Resumed{Stamp: stamp(6, "c.chief")}), by: "c.chief", when: hazard.Resume{}, no: "not_suspended"},
		{name: "it ended with the stage", given: then(waiting, rectifying()[3]), by: "c.chief", when: hazard.Resume{}, no: "not_suspended"},
		{name: "and with being dispatched again", given: then(waiting, dispatched()[2]), by: "c.chief", when: hazard.Resume{}, no: "not_suspended"},
		{name: "not once rectified", given: rectified(), by: "c.chief", when: hazard.Resume{}, no: "wrong_state"},
		{name: "not before it was suspended", given: running, by: "c.chief", when: hazard.Resume{}, at: 4, no: "out_of_order"},
	})
	c := fold(running)
	s := scene(c, "c.chief", 4, hazard.Resume{})
	s.Explicit = false // the server's clock lies a little behind the phone's: it happens now
	out, err := hazard.Decide(c, s, hazard.Resume{})
	refusal(t, err, "")
	same(t, out.Events, []hazard.Event{hazard.Resumed{Stamp: stamp(5, "c.chief")}})
}

func TestExtensionsAndSuspensionsEndWithTheStage(t *testing.T) {
	both := then(rectifying(), askedBy("a.chief"), suspendedAt(6, 30*days))
	for _, next := range []hazard.Event{rectified()[4], hazard.Returned{Stamp: stamp(7, "a.chief")},
		hazard.Dispatched{Stamp: stamp(7, "c.chief"), To: *who(otherArea, "b.chief"), Office: community}} {
		c := fold(then(both, next))
		if c.Suspension != nil || c.Asking != nil {
			t.Errorf("behind %T: %+v, %+v", next, c.Suspension, c.Asking)
		}
		for _, s := range c.Stages {
			if s.Paused() {
				t.Errorf("behind %T the stage %s is paused", next, s.Name)
			}
		}
	}
}
