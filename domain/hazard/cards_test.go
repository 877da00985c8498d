package hazard_test

import (
	"reflect"
	"testing"

	"gridward/domain/hazard"
	"gridward/domain/programme"
)

func healed(at, colour string, rung int) hazard.Event {
	return hazard.CardHealed{Stamp: sys(at), Colour: colour, Run: 4, Rung: rung}
}

func withdrawn(at, colour string, rung int, reason string) hazard.Event {
	return hazard.CardWithdrawn{Stamp: sys(at), Colour: colour, Run: 4, Rung: rung, Reason: reason}
}

// cards tells what became of the cards of a clock: "yellow", "red healed", "red withdrawn".
func (s *story) cards(name string, want ...string) {
	s.t.Helper()
	st, _ := s.stage(name)
	var got []string
	for _, r := range st.Rungs {
		text := r.Do
		if r.Healed {
			text += " healed"
		}
		if !r.Withdrawn.IsZero() {
			text += " withdrawn"
		}
		if r.Do == "yellow" || r.Do == "red" {
			got = append(got, text)
		}
	}
	if len(got)+len(want) > 0 && !reflect.DeepEqual(got, want) {
		s.t.Errorf("cards %q, want %q", got, want)
	}
}

// both is a case with both cards: yellow on Wednesday 14:12, red on Thursday 09:00.
func both(t testing.TB, item string) *story {
	s := rectifyingSince(t, item, "03-02 09:00")
	s.until("03-05 09:00")
	s.cards("rectification", "yellow", "red")
	return s
}

// A command that is told late heals the cards given meanwhile: the stage had ended by then.
func TestALateCommandHeals(t *testing.T) {
	s := both(t, "exit")
	got := s.late("03-04 12:00", "a.chief", hazard.Rectify{Measures: "m"})
	same(t, got[1:], []hazard.Event{healed("03-04 12:00", "yellow", 0), healed("03-04 12:00", "red", 1)})

	some := both(t, "exit")
	got = some.late("03-04 15:00", "a.chief", hazard.Rectify{Measures: "m"})
	same(t, got[1:], []hazard.Event{healed("03-04 15:00", "red", 1)})
	some.cards("rectification", "yellow", "red healed")

	exact := both(t, "exit") // at the deadline itself it was in time
	got = exact.late("03-05 09:00", "a.chief", hazard.Rectify{Measures: "m"})
	same(t, got[1:], []hazard.Event{healed("03-05 09:00", "red", 1)})

	none := both(t, "exit")
	if got = none.does("03-05 10:00", "a.chief", hazard.Rectify{Measures: "m"}); len(got) != 1 {
		t.Errorf("rectified late it heals %s", shown(got[1:]))
	}

	// Told more than 72 hours late it counts from when it was told, and heals nothing.
	old := both(t, "exit")
	cmd := hazard.Rectify{Measures: "m"}
	w := old.world("a.chief", local("03-04 12:00"), cmd)
	w.Judged = local("03-09 09:00")
	out, err := hazard.Decide(old.c, w, cmd)
	refusal(t, err, "")
	if len(out.Events) != 1 {
		t.Errorf("judged by when it was told it heals %s", shown(out.Events[1:]))
	}

	returned := both(t, "exit")
	got = returned.late("03-04 12:00", "a.chief", hazard.Return{Reason: "not ours"})
	same(t, got[1:], []hazard.Event{healed("03-04 12:00", "yellow", 0), healed("03-04 12:00", "red", 1)})
}

// What was healed before a check failed may be given again: the clock goes on.
func TestAHealedCardMayBeGivenAgainInTheRework(t *testing.T) {
	s := both(t, "exit")
	s.late("03-04 12:00", "a.chief", hazard.Rectify{Measures: "m"}) // 19 of 24 hours
	s.does("03-05 09:00", "c.officer", hazard.Check{Result: "failed"})
	s.until("03-05 09:12")
	s.cards("rectification", "yellow healed", "red healed", "yellow") // 19.2 hours
	s.until("03-05 16:00")
	s.cards("rectification", "yellow healed", "red healed", "yellow", "red")
}

func TestAnExtensionWithdraws(t *testing.T) {
	extends := func(s *story, at string, granted bool) []hazard.Event {
		return s.does(at, "c.chief", hazard.DecideExtension{Granted: granted})
	}
	asked := func() *story {
		s := rectifyingSince(t, "exit", "03-02 09:00")
		s.does("03-04 09:00", "a.chief", hazard.RequestExtension{Limit: lim("1 working_day"), Reason: "r"})
		s.until("03-05 10:00")
		s.cards("rectification", "yellow", "red")
		return s
	}
	s := asked()
	got := extends(s, "03-05 10:00", true)
	same(t, got[1:], []hazard.Event{withdrawn("03-05 10:00", "yellow", 0, "extension"), withdrawn("03-05 10:00", "red", 1, "extension")})
	s.until("03-06 09:00") // 25.6 hours on Thursday at 10:36, 32 on Friday at 09:00
	s.cards("rectification", "yellow withdrawn", "red withdrawn", "yellow", "red")
	if st, _ := s.stage("rectification"); !st.Rungs[2].Due.Equal(local("03-05 10:36")) || !st.Rungs[3].Due.Equal(local("03-06 09:00")) {
		t.Errorf("given again %+v", st.Rungs[2:])
	}

	later := asked()
	got = extends(later, "03-05 11:00", true) // four fifths have passed under the new deadline too
	same(t, got[1:], []hazard.Event{withdrawn("03-05 11:00", "red", 1, "extension")})

	behind := asked()
	if got = extends(behind, "03-06 10:00", true); len(got) != 1 {
		t.Errorf("behind the new deadline it withdraws %s", shown(got[1:]))
	}
	old := asked() // told more than 72 hours late: by then the new deadline has passed too
	w := old.world("c.chief", local("03-05 10:00"), hazard.DecideExtension{})
	w.Judged = local("03-09 10:00")
	if out, err := hazard.Decide(old.c, w, hazard.DecideExtension{Granted: true}); err != nil || len(out.Events) != 1 {
		t.Errorf("judged by when it was told it withdraws %s (%v)", shown(out.Events), err)
	}
	refused := asked()
	if got = extends(refused, "03-05 10:00", false); len(got) != 1 {
		t.Errorf("not granted it withdraws %s", shown(got[1:]))
	}
}

func TestASuspensionToldLateWithdraws(t *testing.T) {
	s := both(t, "exit")
	until := local("03-09 09:00")
	got := s.late("03-04 12:00", "c.chief", hazard.Suspend{Reason: "r", Until: &until})
	same(t, got[1:], []hazard.Event{withdrawn("03-04 12:00", "yellow", 0, "suspension"), withdrawn("03-04 12:00", "red", 1, "suspension")})
	s.until("03-09 09:12") // 19 hours before, 0.2 behind
	s.cards("rectification", "yellow withdrawn", "red withdrawn", "yellow")
	in := both(t, "exit")
	if got = in.does("03-05 10:00", "c.chief", hazard.Suspend{Reason: "r"}); len(got) != 1 {
		t.Errorf("suspended behind them it withdraws %s", shown(got[1:]))
	}
}

func TestReclassifyingWithdraws(t *testing.T) {
	s := both(t, "exit")
	got := s.does("03-05 10:00", "c.chief", hazard.Reclassify{Item: "gas", Reason: "worse"}) // five days now: Monday 09:00; half is Wednesday 14:00
	same(t, got[1:], []hazard.Event{withdrawn("03-05 10:00", "red", 1, "reclassification")})
	s.until("03-09 09:00")
	s.cards("rectification", "yellow", "red withdrawn", "red")

	checked := rectifyingSince(t, "gas", "03-02 09:00")
	checked.does("03-05 10:00", "a.chief", hazard.Rectify{Measures: "m", Evidence: photo})
	got = checked.does("03-05 11:00", "s.chief", hazard.Reclassify{Item: "bare", Reason: "no limit any more"})
	same(t, got[1:], []hazard.Event{withdrawn("03-05 11:00", "yellow", 0, "reclassification")}) // under check its clock may still go on
}

func TestAListingWithdraws(t *testing.T) {
	s := both(t, "exit")
	s.does("03-05 10:00", "c.chief", hazard.Reclassify{Item: "exit", Severity: "major", Reason: "worse"}) // the same limit
	s.cards("rectification", "yellow", "red")
	s.lists("03-05 11:00", "03-20 00:00")
	s.cards("rectification", "yellow withdrawn", "red withdrawn")
	s.until("03-20 00:00")
	s.cards("rectification", "yellow withdrawn", "red withdrawn", "yellow", "red")

	// Listed under check, the cards stay until it goes on under the listing.
	checked := both(t, "exit")
	checked.does("03-05 10:00", "a.chief", hazard.Rectify{Measures: "m"})
	checked.does("03-05 11:00", "c.chief", hazard.Reclassify{Item: "exit", Severity: "major", Reason: "worse"})
	checked.lists("03-05 12:00", "03-20 00:00")
	checked.cards("rectification", "yellow", "red")
	got := checked.does("03-06 09:00", "c.officer", hazard.Check{Result: "failed"})
	same(t, got[1:], []hazard.Event{withdrawn("03-06 09:00", "yellow", 0, "listing"), withdrawn("03-06 09:00", "red", 1, "listing")})
	plain := both(t, "exit")
	plain.does("03-05 10:00", "a.chief", hazard.Rectify{Measures: "m"})
	if got = plain.does("03-06 09:00", "c.officer", hazard.Check{Result: "failed"}); len(got) != 1 {
		t.Errorf("without a listing a check withdraws %s", shown(got[1:]))
	}
}

// rederives moves the case to version n of the corrected calendar and to a programme.
func (s *story) rederives(at string, n int, p *programme.Programme, limits map[string]programme.Limit) []hazard.Event {
	s.t.Helper()
	s.passes(local(at), false)
	s.cal = corrected
	out := hazard.DecideRederived(s.c, s.world("admin", local(at), nil), n, p, limits)
	s.happens(out...)
	return out
}

func TestACorrectedCalendarMovesOpenStages(t *testing.T) {
	s := both(t, "exit")
	got := s.rederives("03-05 10:00", 2, timed, nil) // 03-03 was off after all: a day more for everything that runs
	same(t, got, []hazard.Event{
		hazard.Rederived{Stamp: on("03-05 10:00", "admin"), ProgrammeVersion: 2, CalendarVersion: 2, Moved: []hazard.Moved{
			{Run: 0, Stage: "total", From: local("03-16 09:00"), To: local("03-17 09:00")},
			{Run: 4, Stage: "rectification", From: local("03-05 09:00"), To: local("03-06 09:00")}}},
		withdrawn("03-05 10:00", "yellow", 0, "correction"), withdrawn("03-05 10:00", "red", 1, "correction")})
	for i, st := range s.c.Stages {
		if want := map[bool]int{true: 2, false: 1}[st.Running()]; st.CalendarVersion != want {
			t.Errorf("stage %d counts by calendar %d", i, st.CalendarVersion)
		}
	}
	same(t, s.rederives("03-05 11:00", 2, timed, nil), nil) // twice changes nothing
	s.until("03-06 09:00")
	s.cards("rectification", "yellow withdrawn", "red withdrawn", "yellow", "red")
	s.does("03-06 10:00", "a.chief", hazard.Rectify{Measures: "m"})
	if st, _ := s.stage("check"); st.CalendarVersion != 2 {
		t.Errorf("what comes after counts by calendar %d", st.CalendarVersion)
	}

	checked := rectifiedSince(t, "exit", "03-02 09:00", "03-04 09:00")
	checked.rederives("03-04 10:00", 2, timed, nil)
	checked.does("03-05 09:00", "c.officer", hazard.Check{Result: "failed"}) // under check its clock may still go on: 8 of 24 hours
	checked.deadline("rectification", "03-09 09:00")
	suspended := rectifyingSince(t, "exit", "03-02 09:00")
	suspended.suspends("03-04 09:00", "03-30 09:00")
	got = suspended.rederives("03-05 09:00", 2, timed, nil)
	same(t, got, []hazard.Event{hazard.Rederived{Stamp: on("03-05 09:00", "admin"), ProgrammeVersion: 2, CalendarVersion: 2}}) // nothing is due meanwhile
	reported := tell(t).reported("03-02 09:00")
	same(t, reported.rederives("03-02 10:00", 2, timed, nil), []hazard.Event{hazard.Rederived{Stamp: on("03-02 10:00", "admin"), CalendarVersion: 2,
		Moved: []hazard.Moved{{Run: 1, Stage: "filing", From: local("03-03 09:00"), To: local("03-04 09:00")}}}})
	if st, _ := reported.stage("filing"); st.ProgrammeVersion != 2 {
		t.Errorf("the filing limit is of version %d", st.ProgrammeVersion)
	}
}

func TestWhatIsClosedNeverMoves(t *testing.T) {
	s := closedSince(t, "exit", "03-02 09:00", "03-04 09:00")
	same(t, s.rederives("03-05 10:00", 2, timed, nil), nil)
	v := filedTo(t, "exit", "03-02 09:00")
	v.does("03-02 10:00", "c.chief", hazard.Void{Reason: "no"})
	same(t, v.rederives("03-05 10:00", 2, timed, nil), nil)
	s.cal = corrected
	s.does("03-06 09:00", "c.chief", hazard.Reopen{Reason: "again"})
	if moved := s.rederives("03-06 10:00", 2, timed, nil)[0].(hazard.Rederived).Moved; len(moved) != 0 {
		t.Errorf("of the closed round %+v moved", moved)
	}
}

func TestACorrectedProgrammeMovesLimitsAndRungs(t *testing.T) {
	next := *timed
	next.Version = 3
	next.Ladder = []programme.Ladder{{Severity: "minor", Stage: "rectification", Rungs: []programme.Rung{rung("1", "red", 0), rung("1 working_day", "escalate", 1)}}}
	s := both(t, "exit")
	got := s.rederives("03-05 10:00", 1, &next, road("rectification 4 working_day"))
	same(t, got, []hazard.Event{
		hazard.Rederived{Stamp: on("03-05 10:00", "admin"), ProgrammeVersion: 3, CalendarVersion: 1, Limits: road("rectification 4 working_day"),
			Moved: []hazard.Moved{{Run: 4, Stage: "rectification", From: local("03-05 09:00"), To: local("03-06 09:00")}}},
		withdrawn("03-05 10:00", "yellow", 0, "correction"), withdrawn("03-05 10:00", "red", 1, "correction")})
	same(t, s.rederives("03-05 10:00", 1, &next, road("rectification 4 working_day")), nil)
	s.p = &next
	s.until("03-09 09:00")
	s.cards("rectification", "yellow withdrawn", "red withdrawn", "red")
	if e := s.c.Escalation; e == nil || e.Level != 3 {
		t.Errorf("the new ladder's rung at the place of the old red card is not climbed: %+v", e)
	}

	// What another ladder has at the place of a rung that was climbed is climbed all the same.
	next.Ladder = []programme.Ladder{{Severity: "minor", Stage: "rectification",
		Rungs: []programme.Rung{rung("0.5", "yellow", 0), rung("0.8", "yellow", 0), rung("1", "red", 0)}}}
	other := both(t, "exit")
	other.until("03-06 09:00") // the third rung escalated
	other.rederives("03-06 10:00", 1, &next, nil)
	other.p = &next
	other.until("03-06 10:00")
	other.cards("rectification", "yellow", "red withdrawn", "yellow", "red")

	own := rectifyingSince(t, "exit", "03-02 09:00")
	own.does("03-02 09:00", "c.chief", hazard.Dispatch{Cell: area, Limit: plim("2 working_day")})
	own.does("03-02 09:00", "a.chief", hazard.Accept{})
	own.rederives("03-02 10:00", 1, &next, road("rectification 1 working_day"))
	own.deadline("rectification", "03-03 09:00") // the dispatcher's own only shortens
	task := rectifyingSince(t, "task", "03-02 09:00")
	task.rederives("03-02 10:00", 1, &next, map[string]programme.Limit{})
	task.deadline("rectification", "03-04 09:00") // and stays where there is no other
	bare := filedTo(t, "bare", "03-02 09:00")
	bare.does("03-02 09:00", "c.chief", hazard.Dispatch{Cell: area, Limit: plim("2 working_day")})
	bare.does("03-02 09:00", "a.chief", hazard.Accept{})
	bare.rederives("03-02 10:00", 1, &next, map[string]programme.Limit{})
	bare.deadline("rectification", "03-04 09:00")
}
