package hazard_test

import (
	"fmt"
	"testing"
	"time"

	"gridward/domain/grid"
	"gridward/domain/hazard"
	"gridward/domain/programme"
)

// The rectification of these stories is the case's fifth clock: behind total, filing, dispatch and acceptance. It is due
// on Thursday 03-05 at 09:00, three working days after Monday 09:00; four fifths are 19.2 hours, Wednesday 14:12.
func climb(rung int, due string) hazard.Climb {
	return hazard.Climb{Round: 1, Stage: "rectification", Run: 4, Rung: rung, ProgrammeVersion: 2, Deadline: local("03-05 09:00"), Due: local(due)}
}

func pclimb(rung int, due string) *hazard.Climb {
	at := climb(rung, due)
	return &at
}

// heard is who hears of the area's cards: the holder, the chief of the next level, the nearest sponsor.
var heard = []string{"a.chief", "c.chief", "c.sponsor"}

func card(colour string, rung int, due string) hazard.Event {
	return hazard.CardGiven{Stamp: sys(due), Colour: colour, Ladder: climb(rung, due), Holder: *who(area, "a.chief"), Told: heard}
}

func TestTheLadderIsClimbedInOrder(t *testing.T) {
	s := rectifyingSince(t, "exit", "03-02 09:00")
	same(t, s.until("03-04 14:11"), nil)
	same(t, s.until("03-04 14:12"), []hazard.Event{card("yellow", 0, "03-04 14:12")})
	same(t, s.until("03-20 09:00"), []hazard.Event{card("red", 1, "03-05 09:00"),
		hazard.Escalated{Stamp: sys("03-06 09:00"), To: community, Level: 3, Reason: "deadline", Automatic: true, Office: who(community, "c.chief"),
			Ladder: pclimb(2, "03-06 09:00"), Told: heard},
		hazard.Escalated{Stamp: sys("03-09 09:00"), To: street, Level: 2, Reason: "deadline", Automatic: true, Office: who(street, "s.chief"),
			Ladder: pclimb(3, "03-09 09:00"), Told: []string{"a.chief", "c.chief", "c.sponsor", "s.chief"}},
		hazard.Supervised{Stamp: sys("03-12 09:00"), Measure: "order", Level: 2, Cell: street, Ladder: pclimb(4, "03-12 09:00"),
			Told: []string{"a.chief", "c.chief", "c.sponsor", "s.chief"}},
		hazard.CardGiven{Stamp: sys("03-16 09:00"), Colour: "red", Holder: *who(area, "a.chief"), Told: heard, // the total's, to who has the case
			Ladder: hazard.Climb{Round: 1, Stage: "total", Run: 0, Rung: 0, ProgrammeVersion: 2, Deadline: local("03-16 09:00"), Due: local("03-16 09:00")}},
		hazard.RungPassed{Stamp: sys("03-17 09:00"), Do: "escalate", Reason: "escalated_as_high",
			Ladder: hazard.Climb{Round: 1, Stage: "total", Run: 0, Rung: 1, ProgrammeVersion: 2, Deadline: local("03-16 09:00"), Due: local("03-17 09:00")}}})
	if due, ok := s.c.NextDue(calendars, timed); ok {
		t.Errorf("time has more to do: %+v", due)
	}
	if c := s.c; c.Escalation == nil || c.Escalation.Level != 2 || len(c.Supervisions) != 1 || c.Holder.Person != "a.chief" {
		t.Errorf("climbed it is %+v", c)
	}
}

func TestNextDueInOrder(t *testing.T) {
	s := rectifyingSince(t, "exit", "03-02 09:00")
	due, ok := s.c.NextDue(calendars, timed)
	if want := (hazard.Due{At: local("03-04 14:12"), Run: 4, Rung: 0, Do: timed.Ladder[2].Rungs[0], Deadline: local("03-05 09:00")}); !ok || due != want {
		t.Errorf("next is %+v", due)
	}
	atOnce := *timed
	atOnce.Ladder = []programme.Ladder{{Severity: "minor", Stage: "total", Rungs: []programme.Rung{rung("1", "red", 0)}},
		{Severity: "minor", Stage: "rectification", Rungs: []programme.Rung{rung("5 working_day", "red", 0), rung("5 working_day", "supervise", 2)}}}
	two := rectifyingSince(t, "task", "03-02 09:00") // due two days later, five days past that on Wednesday 11
	two.c.Stages[0].Limit = plim("7 working_day")
	for i, want := range []string{"total 0", "rectification 0", "rectification 1"} { // of several at one instant the earlier stage, the lower rung
		due, ok := two.c.NextDue(calendars, &atOnce)
		if got := fmt.Sprint(two.c.Stages[due.Run].Name, " ", due.Rung); !ok || got != want || !due.At.Equal(local("03-11 09:00")) {
			t.Errorf("number %d is %s at %s, want %s", i, got, due.At, want)
		}
		two.happens(hazard.DecideDue(two.c, two.world(hazard.System, due.At, nil), due)...)
	}
	s.suspends("03-04 14:12", "03-30 09:00") // suspended at the instant of the yellow card, which is due all the same
	same(t, s.until("03-20 09:00"), []hazard.Event{card("yellow", 0, "03-04 14:12")})
}

func TestRungsThatHaveNothingToDo(t *testing.T) {
	past := func(s *story, want hazard.RungPassed) {
		t.Helper()
		for _, e := range s.log {
			if passed, ok := e.(hazard.RungPassed); ok {
				same(t, []hazard.Event{passed}, []hazard.Event{want})
				return
			}
		}
		t.Fatalf("no rung was passed over in %s", shown(s.log))
	}
	queued := rectifyingSince(t, "exit", "03-02 09:00")
	queued.does("03-03 09:00", "c.chief", hazard.Escalate{Reason: "help"}) // to the community, by hand
	queued.until("03-06 09:00")
	past(queued, hazard.RungPassed{Stamp: sys("03-06 09:00"), Do: "escalate", Ladder: climb(2, "03-06 09:00"), Reason: "escalated_as_high"})
	queued.until("03-09 09:00")
	if e := queued.c.Escalation; e == nil || e.Level != 2 {
		t.Errorf("the next rung leads to %+v", e)
	}

	supervised := rectifyingSince(t, "exit", "03-02 09:00")
	supervised.does("03-03 09:00", "s.chief", hazard.Supervise{Measure: "order", Level: 2})
	supervised.until("03-12 09:00")
	past(supervised, hazard.RungPassed{Stamp: sys("03-12 09:00"), Do: "supervise", Ladder: climb(4, "03-12 09:00"), Reason: "supervised_already"})
	if n := len(supervised.c.Supervisions); n != 1 {
		t.Errorf("it is supervised %d times", n)
	}
	other := rectifyingSince(t, "exit", "03-02 09:00")
	other.does("03-03 09:00", "s.chief", hazard.Supervise{Measure: "talk", Level: 2}) // another measure is another matter
	other.until("03-12 09:00")
	if n := len(other.c.Supervisions); n != 2 {
		t.Errorf("it is supervised %d times", n)
	}

	top := filedTo(t, "exit", "03-02 09:00")
	top.does("03-02 09:00", "d.sponsor", hazard.Dispatch{Cell: district})
	top.does("03-02 09:00", "d.chief", hazard.Accept{})
	top.until("03-09 09:00")
	past(top, hazard.RungPassed{Stamp: sys("03-06 09:00"), Do: "escalate", Ladder: climb(2, "03-06 09:00"), Reason: "no_level_above"})

	deep := rectifyingSince(t, "exit", "03-02 09:00")
	deep.c.Cell = street // a case of the street itself
	due := hazard.Due{At: local("03-12 09:00"), Run: 4, Rung: 4, Do: programme.Rung{Do: "supervise", Level: 3}, Deadline: local("03-05 09:00")}
	same(t, hazard.DecideDue(deep.c, deep.world(hazard.System, due.At, nil), due), []hazard.Event{
		hazard.RungPassed{Stamp: sys("03-12 09:00"), Do: "supervise", Ladder: climb(4, "03-12 09:00"), Reason: "no_level_above"}})
}

// due decides a rung of the rectification on the posts as given.
func (s *story) due(rung int, at string, posts func(*hazard.Scene)) hazard.Event {
	s.t.Helper()
	d := hazard.Due{At: local(at), Run: 4, Rung: rung, Do: timed.Rungs("minor", "rectification")[rung], Deadline: local("03-05 09:00")}
	w := s.world(hazard.System, d.At, nil)
	posts(&w)
	out := hazard.DecideDue(s.c, w, d)
	if len(out) != 1 {
		s.t.Fatalf("comes to %s", shown(out))
	}
	return out[0]
}

func TestTheLadderFindsWhoIsThere(t *testing.T) {
	s := rectifyingSince(t, "exit", "03-02 09:00")
	vacant := func(cells ...grid.CellCode) func(*hazard.Scene) {
		return func(w *hazard.Scene) { w.Held, w.Chain = chain(area, cells...), chain(site, cells...) }
	}
	up := s.due(2, "03-06 09:00", vacant(community)).(hazard.Escalated)
	if up.To != street || up.Level != 2 || len(up.Vacant) != 1 || up.Vacant[0] != community || up.Office.Person != "s.chief" {
		t.Errorf("with the community vacant it waits at %+v", up)
	}
	none := s.due(2, "03-06 09:00", vacant(community, street, district)).(hazard.Escalated)
	if none.To != community || none.Level != 3 || none.Office != nil || len(none.Vacant) != 3 {
		t.Errorf("with nobody above it waits at %+v", none)
	}
	left := s.due(1, "03-05 09:00", func(w *hazard.Scene) {
		w.Held[0].Held = duties(area, "new.chief:chief")
	}).(hazard.CardGiven)
	if want := (hazard.Holder{Cell: area, Person: "new.chief", Duty: "duty-new.chief", Role: "chief"}); left.Holder != want || left.Told[0] != "new.chief" {
		t.Errorf("with another chief the card is %+v's", left.Holder)
	}
	empty := s.due(1, "03-05 09:00", vacant(area)).(hazard.CardGiven)
	if want := (hazard.Holder{Cell: area, Person: "c.chief", Duty: "duty-c.chief", Role: "chief"}); empty.Holder != want {
		t.Errorf("with the area vacant the card is %+v's", empty.Holder)
	}
	shallow := rectifyingSince(t, "exit", "03-02 09:00")
	shallow.happens(hazard.Dispatched{Stamp: on("03-02 09:00", "s.chief"), To: *who(street, "s.chief"), Office: street},
		hazard.Accepted{Stamp: on("03-02 09:00", "s.chief"), Holder: *who(street, "s.chief")})
	got := shallow.until("03-04 14:12")
	if c, ok := got[len(got)-1].(hazard.CardGiven); !ok || len(c.Told) != 3 || c.Told[1] != "d.chief" || c.Told[2] != "d.sponsor" {
		t.Errorf("of the street's card hear %s, who is below it not", shown(got))
	}
}

func TestADepartmentsCardsAndQueue(t *testing.T) {
	s := filedTo(t, "exit", "03-02 09:00")
	s.does("03-02 09:00", "c.chief", hazard.Dispatch{Department: "fire-brigade"})
	s.does("03-02 09:00", "bureau", hazard.Accept{})
	brigade := hazard.Holder{Department: "fire-brigade", Person: "bureau", Duty: "duty-bureau", Role: "supervisor"}
	told := []string{"bureau", "s.chief", "c.sponsor"} // the level above the office that dispatched, the nearest sponsor
	same(t, s.until("03-06 09:00"), []hazard.Event{
		hazard.CardGiven{Stamp: sys("03-04 14:12"), Colour: "yellow", Ladder: climb(0, "03-04 14:12"), Holder: brigade, Told: told},
		hazard.CardGiven{Stamp: sys("03-05 09:00"), Colour: "red", Ladder: climb(1, "03-05 09:00"), Holder: brigade, Told: told},
		hazard.Escalated{Stamp: sys("03-06 09:00"), To: street, Level: 2, Reason: "deadline", Automatic: true, Office: who(street, "s.chief"),
			Ladder: pclimb(2, "03-06 09:00"), Told: told}})
}

func TestEachStageHasAnswerersOfItsOwn(t *testing.T) {
	s := tell(t).reported("03-02 09:00")
	got := s.until("03-03 09:00")
	if c, ok := got[0].(hazard.CardGiven); !ok || len(got) != 1 || c.Holder != *who(community, "c.chief") || c.Ladder.Stage != "filing" {
		t.Errorf("an unfiled report: %s", shown(got))
	}
	unfiled := tell(t).reported("03-02 09:00")
	due, _ := unfiled.c.NextDue(calendars, timed)
	w := unfiled.world(hazard.System, due.At, nil)
	w.Chain[1].Held = duties(area, "a.sponsor:sponsor")
	if c := hazard.DecideDue(unfiled.c, w, due)[0].(hazard.CardGiven); len(c.Told) != 3 || c.Told[1] != "s.chief" || c.Told[2] != "c.sponsor" {
		t.Errorf("of the community's card hear %v, who is below it not", c.Told)
	}
	major := rectifyingSince(t, "blast", "03-02 09:00") // the area has it, level 1 owes the listing
	got = major.until("03-03 09:00")
	if c, ok := got[0].(hazard.CardGiven); !ok || len(got) != 1 || c.Holder != *who(district, "d.chief") || c.Ladder.Stage != "listing" {
		t.Errorf("an unlisted major hazard: %s", shown(got))
	}
}

// An escalation over the whole road's time waits through the stages, until somebody dispatches again or it is over.
func TestAnEscalationOfTheTotalOutlastsTheStage(t *testing.T) {
	s := rectifyingSince(t, "exit", "03-02 09:00")
	s.does("03-03 09:00", "a.chief", hazard.Rectify{Measures: "m"})
	got := s.until("03-17 09:00")
	e, ok := got[len(got)-1].(hazard.Escalated)
	if !ok || e.Stage != "total" || e.To != street {
		t.Fatalf("a check that never comes: %s", shown(got))
	}
	s.does("03-17 10:00", "c.officer", hazard.Check{Result: "failed"})
	if s.c.Escalation == nil {
		t.Error("it ended with the check")
	}
	s.does("03-17 11:00", "s.chief", hazard.Dispatch{Cell: area})
	if s.c.Escalation != nil {
		t.Error("the office dispatched again and it still waits")
	}
	for stage, want := range map[string][3]bool{"": {true, true, true}, "listing": {false, false, true}, "total": {true, false, true}, "statutory": {true, false, true}} {
		got := [3]bool{hazard.EndsEscalation(stage, hazard.Dispatched{}), hazard.EndsEscalation(stage, hazard.Checked{}), hazard.EndsEscalation(stage, hazard.Closed{})}
		if got != want {
			t.Errorf("of %q dispatching, checking, closing end %v", stage, got)
		}
	}
}

func TestWhatWasDueWhileTheServiceWasDownIsDoneInOrder(t *testing.T) {
	s := rectifyingSince(t, "exit", "03-02 09:00")
	s.does("03-12 10:00", "a.chief", hazard.Rectify{Measures: "m"}) // nobody looked before
	var at []time.Time
	for _, e := range s.log[4:] {
		if e.Stamped().By == hazard.System {
			at = append(at, e.Stamped().At)
		}
	}
	want := []string{"03-04 14:12", "03-05 09:00", "03-06 09:00", "03-09 09:00", "03-12 09:00"}
	if len(at) != len(want) {
		t.Fatalf("time did %s", shown(s.log))
	}
	for i := range want {
		if !at[i].Equal(local(want[i])) {
			t.Errorf("number %d at %s, want %s", i, at[i], want[i])
		}
	}
}
