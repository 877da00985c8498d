package hazard_test

import (
	"testing"
	"time"

	"gridward/domain/hazard"
)

// lists lists the case, with a deadline.
func (s *story) lists(at, until string) {
	s.t.Helper()
	s.does(at, "d.chief", hazard.Supervise{Measure: "listed", Level: 1, Plan: &hazard.Plan{Goal: "g", Measures: "m", Funds: "f", ResponsibleBody: "b",
		Deadline: local(until), SafetyPlan: "s"}})
}

// suspends suspends it; the office is level 1's, which always may.
func (s *story) suspends(at, until string) {
	s.t.Helper()
	end := local(until)
	s.does(at, "d.chief", hazard.Suspend{Reason: "r", Until: &end})
}

// ran holds when a clock ran, and who it is that answers for it: "03-02 09:00 - 03-03 09:00 d.chief".
func (s *story) ran(name string, want ...string) {
	s.t.Helper()
	st, _ := s.stage(name)
	var got []string
	for _, r := range st.Runs {
		got = append(got, short(r.From)+" - "+short(r.To)+" "+person(r.Holder))
	}
	if len(got) != len(want) {
		s.t.Errorf("%s ran %q, want %q", name, got, want)
		return
	}
	for i := range got {
		if got[i] != want[i] {
			s.t.Errorf("%s ran %q, want %q", name, got, want)
		}
	}
}

func TestAMajorHazardAwaitsItsListing(t *testing.T) {
	s := filedTo(t, "blast", "03-02 09:00")
	s.follows(1, "filing 03-02 09:00 - 03-02 09:00 c.chief", "listing 03-02 09:00 - ... d.chief")
	s.deadline("listing", "03-03 09:00")
	s.lists("03-02 15:00", "04-01 00:00")
	s.follows(1, "filing 03-02 09:00 - 03-02 09:00 c.chief", "listing 03-02 09:00 - 03-02 15:00 d.chief", "dispatch 03-02 15:00 - ... c.chief")
	s.deadline("dispatch", "03-03 09:00") // in full, from the listing
	s.does("03-03 09:00", "c.chief", hazard.Dispatch{Cell: area})
	s.does("03-03 09:00", "a.chief", hazard.Accept{})
	s.deadline("rectification", "04-01 00:00") // not 30 days
}

// What somebody dispatches before the listing does not relieve level 1 of it.
func TestAListingThatIsStillAwaitedGoesOnBesideTheRoad(t *testing.T) {
	s := rectifyingSince(t, "blast", "03-02 09:00")
	s.ran("listing", "03-02 09:00 - 03-02 09:00 d.chief", "03-02 09:00 - ... d.chief")
	s.deadline("listing", "03-03 09:00")
	s.deadline("rectification", "04-01 09:00")
	s.does("03-02 10:00", "a.chief", hazard.Return{Reason: "not ours"})
	s.deadline("dispatch", "03-02 16:00")
	s.lists("03-02 11:00", "03-20 00:00")
	s.ran("listing", "03-02 09:00 - 03-02 09:00 d.chief", "03-02 09:00 - 03-02 11:00 d.chief")
	s.deadline("dispatch", "03-02 16:00") // on the same clock
	if got := s.line(1); got[len(got)-1] != "dispatch 03-02 10:00 - ... c.chief" {
		t.Errorf("the line %q", got)
	}
}

func TestAHazardThatBecomesMajorAwaitsItsListingBesideTheRoad(t *testing.T) {
	s := rectifyingSince(t, "exit", "03-02 09:00")
	s.does("03-02 10:00", "c.chief", hazard.Reclassify{Item: "blast", Reason: "worse"})
	s.ran("listing", "03-02 10:00 - ... d.chief")
	s.deadline("listing", "03-03 10:00")
	s.does("03-02 11:00", "s.chief", hazard.Reclassify{Item: "exit", Reason: "not so bad"})
	s.ran("listing", "03-02 10:00 - 03-02 11:00 d.chief")
	filed := filedTo(t, "exit", "03-02 09:00")
	filed.does("03-02 10:00", "c.chief", hazard.Reclassify{Item: "blast", Reason: "worse"})
	filed.follows(1, "filing 03-02 09:00 - 03-02 09:00 c.chief", "dispatch 03-02 09:00 - 03-02 10:00 c.chief", "listing 03-02 10:00 - ... d.chief")
	filed.does("03-02 11:00", "s.chief", hazard.Reclassify{Item: "exit", Reason: "not so bad"})
	filed.deadline("dispatch", "03-02 17:00") // anew
}

func TestAListingReplacesTheLimitFromThatInstant(t *testing.T) {
	s := rectifyingSince(t, "blast", "03-02 09:00")
	s.lists("03-03 09:00", "03-20 00:00")
	s.deadline("rectification", "03-20 00:00")
	s.does("03-19 09:00", "a.chief", hazard.Rectify{Measures: "m"})
	s.does("03-21 09:00", "c.officer", hazard.Check{Result: "failed"})
	s.deadline("rectification", "03-20 00:00") // rework too: it is a date

	// Listed while it is under check: what was rectified late stays late, and what goes on goes on under the listing.
	checked := rectifiedSince(t, "exit", "03-02 09:00", "03-06 09:00")
	checked.does("03-06 10:00", "c.chief", hazard.Reclassify{Item: "blast", Reason: "worse"})
	checked.does("03-06 11:00", "s.chief", hazard.Reclassify{Item: "exit", Severity: "major", Reason: "the same"})
	checked.lists("03-06 14:00", "03-20 00:00")
	if st, _ := checked.stage("rectification"); st.Verdict(council, local("03-06 15:00")) != hazard.VerdictLate {
		t.Errorf("listed behind its deadline it was rectified %s", st.Verdict(council, local("03-06 15:00")))
	}
	checked.does("03-07 09:00", "c.officer", hazard.Check{Result: "failed"})
	checked.deadline("rectification", "03-20 00:00")
}

func TestAListingsDeadlineOutlastsTheStage(t *testing.T) {
	s := rectifyingSince(t, "blast", "03-02 09:00")
	s.lists("03-03 09:00", "03-20 00:00")
	s.suspends("03-05 00:00", "03-08 12:00")
	s.deadline("rectification", "")
	s.until("03-08 12:00")
	s.deadline("rectification", "03-23 12:00")
	s.does("03-09 09:00", "c.chief", hazard.Dispatch{Cell: otherArea})
	s.does("03-09 09:00", "b.chief", hazard.Accept{})
	s.deadline("rectification", "03-23 12:00")
	s.does("03-10 09:00", "b.chief", hazard.Rectify{Measures: "m"})
	s.does("03-10 09:00", "d.chief", hazard.LiftSupervision{})
	s.does("03-10 09:00", "c.officer", hazard.Check{Result: "passed"})
	s.does("03-10 09:00", "c.chief", hazard.Close{Rating: "good"})
	s.does("03-11 09:00", "c.chief", hazard.Reopen{Reason: "again"})
	s.deadline("rectification", "04-10 09:00") // a new round knows no listing of the old one
}

func TestASuspensionStopsEveryClock(t *testing.T) {
	s := rectifyingSince(t, "permit", "03-02 09:00")
	s.suspends("03-02 14:00", "03-04 14:00")
	for _, name := range []string{"rectification", "total", "statutory"} {
		s.deadline(name, "")
	}
	due, ok := s.c.NextDue(calendars, timed)
	if want := (hazard.Due{At: local("03-04 14:00"), Resume: true}); !ok || due != want {
		t.Errorf("next is %+v", due)
	}
	s.does("03-03 14:00", "d.chief", hazard.Resume{})
	s.deadline("rectification", "03-10 09:00")
	s.deadline("total", "03-17 09:00")
	s.deadline("statutory", "03-12 09:00")
	if got := s.until("03-05 09:00"); len(got) > 0 {
		t.Errorf("it ended twice: %s", shown(got))
	}
}

func TestASuspensionEndsByItselfAfterAYear(t *testing.T) {
	s := rectifyingSince(t, "exit", "03-02 09:00")
	s.does("03-02 14:00", "c.chief", hazard.Suspend{Reason: "r"})
	year := local("03-02 14:00").AddDate(1, 0, 0)
	s.passes(year.Add(-time.Second), true)
	if s.c.Suspension == nil {
		t.Fatal("it ended before")
	}
	n := len(s.log)
	s.passes(year, true)
	same(t, s.log[n:], []hazard.Event{hazard.Resumed{Stamp: hazard.Stamp{At: year, By: hazard.System}, Automatic: true}})
}

func TestASuspensionEndsWithItsStage(t *testing.T) {
	s := filedTo(t, "exit", "03-02 09:00")
	s.does("03-02 09:00", "c.chief", hazard.Dispatch{Cell: area})
	s.suspends("03-02 10:00", "03-30 09:00")
	s.does("03-03 10:00", "a.chief", hazard.Accept{})
	s.deadline("acceptance", "03-03 15:00") // had it gone on: one hour used
	s.deadline("rectification", "03-06 10:00")
	s.deadline("total", "03-17 09:00")
	again := rectifyingSince(t, "exit", "03-02 09:00")
	again.does("03-02 09:00", "c.chief", hazard.Dispatch{Cell: area})
	again.suspends("03-02 10:00", "03-30 09:00")
	again.does("03-03 10:00", "c.chief", hazard.Dispatch{Cell: otherArea}) // dispatched as before: the state is the same
	again.deadline("total", "03-17 09:00")
	again.deadline("acceptance", "03-03 16:00")
}

// Late commands are decided on the present state and do not go back behind the last step along the road.
func TestWhatIsToldLate(t *testing.T) {
	suspended := rectifyingSince(t, "exit", "03-02 09:00")
	suspended.suspends("03-04 09:00", "03-30 09:00")
	suspended.late("03-03 09:00", "a.chief", hazard.Rectify{Measures: "m"}) // it was done before
	suspended.deadline("total", "03-16 09:00")
	suspended.follows(1, "filing 03-02 09:00 - 03-02 09:00 c.chief", "dispatch 03-02 09:00 - 03-02 09:00 c.chief",
		"acceptance 03-02 09:00 - 03-02 09:00 a.chief", "rectification 03-02 09:00 - 03-03 09:00 a.chief", "check 03-03 09:00 - ... c.chief")

	told := then(rectifying(), hazard.Suspended{Stamp: hazard.Stamp{At: at(5), By: "c.chief", Judged: at(9)}, Until: at(99)})
	if c := fold(told); !c.Suspension.Since.Equal(at(9)) || !c.Stages[0].Pauses[0].From.Equal(at(9)) {
		t.Errorf("a suspension told more than 72 hours late stops the clocks at %s", c.Suspension.Since)
	}

	handed := filedTo(t, "exit", "03-02 09:00")
	handed.happens(hazard.CellReplaced{Stamp: on("03-02 11:00", "admin"), Cell: site, Office: *who(street, "s.chief")})
	handed.late("03-02 10:00", "c.chief", hazard.Dispatch{Cell: area}) // before it was handed over
	handed.follows(1, "filing 03-02 09:00 - 03-02 09:00 c.chief", "dispatch 03-02 09:00 - 03-02 10:00 c.chief", "acceptance 03-02 10:00 - ... a.chief")

	before := rectifyingSince(t, "exit", "03-02 09:00")
	before.happens(hazard.CellReplaced{Stamp: on("03-01 09:00", "admin"), Cell: area, Office: *who(community, "c.chief"), Returned: true})
	if got := before.line(1); got[len(got)-1] != "dispatch 03-02 09:00 - ... c.chief" || !before.c.LastChange.Equal(local("03-02 09:00")) {
		t.Errorf("the line went back: %q", got)
	}

	refused := func(s *story, at, by string, cmd hazard.Command) {
		t.Helper()
		_, err := hazard.Decide(s.c, s.world(by, local(at), cmd), cmd)
		refusal(t, err, "out_of_order")
	}
	checked := rectifiedSince(t, "exit", "03-02 09:00", "03-03 09:00")
	checked.does("03-03 11:00", "c.officer", hazard.Check{Result: "passed"})
	refused(checked, "03-03 10:00", "c.chief", hazard.Close{Rating: "good"}) // before the check passed
	list := filedTo(t, "blast", "03-02 09:00")
	list.lists("03-02 11:00", "03-20 00:00")
	refused(list, "03-02 10:00", "c.chief", hazard.Dispatch{Cell: area}) // before the dispatch began
	again := filedTo(t, "exit", "03-02 09:00")
	again.does("03-02 09:00", "c.chief", hazard.Dispatch{Cell: area})
	again.does("03-02 11:00", "c.chief", hazard.Dispatch{Cell: otherArea})
	refused(again, "03-02 10:00", "b.chief", hazard.Accept{}) // before it had it
}
