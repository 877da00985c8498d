package hazard_test

import (
	"fmt"
	"reflect"
	"testing"
	"time"

	"gridward/domain/grid"
	"gridward/domain/hazard"
	"gridward/domain/inspection"
	"gridward/domain/programme"
)

// line is the road of a round, in the order of the stages: "filing 03-02 09:00 - 03-02 10:00 c.chief".
func (s *story) line(round int) []string {
	var out []string
	for _, st := range s.c.Stages {
		for _, r := range st.Runs {
			if r.Road && st.Round == round {
				out = append(out, fmt.Sprintf("%s %s - %s %s", st.Name, short(r.From), short(r.To), person(r.Holder)))
			}
		}
	}
	return out
}

func short(t time.Time) string {
	if t.IsZero() {
		return "..."
	}
	return t.In(council.Location()).Format("01-02 15:04")
}

func person(h *hazard.Holder) string {
	if h == nil {
		return "nobody"
	}
	return h.Person
}

func (s *story) follows(round int, want ...string) {
	s.t.Helper()
	if got := s.line(round); !reflect.DeepEqual(got, want) {
		s.t.Errorf("the line of round %d\n got %q\nwant %q", round, got, want)
	}
}

func rectifiedSince(t testing.TB, item, at, done string) *story {
	s := rectifyingSince(t, item, at)
	s.does(done, "a.chief", hazard.Rectify{Measures: "m"})
	return s
}

func closedSince(t testing.TB, item, at, done string) *story {
	s := rectifiedSince(t, item, at, done)
	s.does(done, "c.officer", hazard.Check{Result: "passed"})
	s.does(done, "c.chief", hazard.Close{Rating: "good"})
	return s
}

func TestTheLineFromReportToClosure(t *testing.T) {
	s := tell(t).reported("03-02 09:00")
	s.does("03-02 10:00", "c.chief", hazard.File{Item: "exit"})
	s.does("03-02 11:00", "c.chief", hazard.Dispatch{Cell: area})
	s.does("03-02 14:00", "a.officer", hazard.Accept{})
	s.does("03-03 09:00", "a.chief", hazard.Rectify{Measures: "m"})
	s.does("03-03 10:00", "c.officer", hazard.Check{Result: "passed"})
	s.does("03-03 11:00", "c.chief", hazard.Check{Result: "failed"})
	s.does("03-03 15:00", "a.chief", hazard.Rectify{Measures: "m"})
	s.does("03-03 16:00", "c.officer", hazard.Check{Result: "passed"})
	s.does("03-04 09:00", "c.chief", hazard.Close{Rating: "good"})
	s.follows(1, "filing 03-02 09:00 - 03-02 10:00 c.chief", "dispatch 03-02 10:00 - 03-02 11:00 c.chief",
		"acceptance 03-02 11:00 - 03-02 14:00 a.chief", "rectification 03-02 14:00 - 03-03 09:00 a.officer",
		"rectification 03-03 11:00 - 03-03 15:00 a.chief",
		"check 03-03 09:00 - 03-03 10:00 c.chief", "closure 03-03 10:00 - 03-03 11:00 c.chief",
		"check 03-03 15:00 - 03-03 16:00 c.chief", "closure 03-03 16:00 - 03-04 09:00 c.chief")
	if st, _ := s.stage("total"); !st.Started().Equal(local("03-02 09:00")) || !st.Ended().Equal(local("03-04 09:00")) || len(st.Runs) != 1 {
		t.Errorf("the total ran %v", st.Runs)
	}
	if _, running := s.c.Current(); running {
		t.Error("a closed case has a stage that runs")
	}
}

func TestTheLineOfWhatIsDoneAtOnce(t *testing.T) {
	spot := tell(t)
	h := *who(area, "a.officer")
	stamp := on("03-02 09:00", "a.officer")
	spot.happens(hazard.Reported{Stamp: stamp, Case: "case", Programme: "fire", Cell: site, Office: who(community, "c.chief")},
		hazard.Filed{Stamp: stamp, Item: "exit", Severity: "minor", Cell: site, OnTheSpot: true, Limits: road(), Office: who(community, "c.chief")},
		hazard.Rectified{Stamp: stamp, Holder: h, OnTheSpot: true, Office: who(community, "c.chief")})
	spot.follows(1, "filing 03-02 09:00 - 03-02 09:00 c.chief", "rectification 03-02 09:00 - 03-02 09:00 a.officer", "check 03-02 09:00 - ... c.chief")

	window := tell(t)
	window.happens(hazard.Reported{Stamp: stamp, Case: "case", Programme: "fire", Cell: site},
		hazard.Filed{Stamp: stamp, Item: "permit", Cell: site, Limits: road()}, hazard.Dispatched{Stamp: stamp, To: h, Automatic: true},
		hazard.Accepted{Stamp: stamp, Holder: h, Automatic: true}, hazard.Rectified{Stamp: on("03-04 09:00", "a.officer"), Holder: h, Delivered: true})
	window.follows(1, "filing 03-02 09:00 - 03-02 09:00 nobody", "dispatch 03-02 09:00 - 03-02 09:00 nobody", "acceptance 03-02 09:00 - 03-02 09:00 a.officer",
		"rectification 03-02 09:00 - 03-04 09:00 a.officer")
}

// An inspection that a phone tells more than 72 hours late opens its cases as of then, as far as clocks go.
func TestWhatAnInspectionFoundIsJudgedLikeAnyFact(t *testing.T) {
	found := inspection.Logged{ID: "i", Report: inspection.Report{Programme: "fire", Cell: site, Officer: "a.officer", EndedAt: local("03-02 09:00")},
		Hazards: []inspection.Hazard{{Case: "case", Item: "exit"}}}
	s := tell(t)
	w := s.world("a.officer", local("03-02 09:00"), nil)
	s.happens(hazard.DecideFound(w, found, 0)...)
	s.deadline("filing", "03-03 09:00")
	late := tell(t)
	w.Judged = local("03-09 09:00")
	late.happens(hazard.DecideFound(w, found, 0)...)
	late.deadline("filing", "03-10 09:00")
	if at := late.log[0].Stamped().At; !at.Equal(local("03-02 09:00")) {
		t.Errorf("it was reported at %s", at)
	}
}

func TestDispatchingAgainStartsFreshLimits(t *testing.T) {
	s := rectifyingSince(t, "exit", "03-02 09:00")
	s.deadline("rectification", "03-05 09:00")
	s.does("03-04 10:00", "c.chief", hazard.Dispatch{Cell: otherArea, Limit: plim("2 working_day")})
	s.deadline("acceptance", "03-04 16:00")
	s.does("03-04 15:00", "b.chief", hazard.Accept{})
	s.deadline("rectification", "03-06 15:00") // the dispatcher's own
	s.does("03-04 16:00", "b.chief", hazard.Return{Reason: "not ours"})
	s.deadline("dispatch", "03-05 10:00")
	s.does("03-05 09:00", "c.chief", hazard.Dispatch{Cell: area})
	s.does("03-05 09:30", "c.chief", hazard.Dispatch{Cell: otherArea}) // again before anybody accepts
	s.deadline("acceptance", "03-05 15:30")
	s.does("03-05 10:00", "b.chief", hazard.Accept{})
	s.deadline("rectification", "03-10 10:00") // the catalogue's in full
}

func TestReworkGoesOnUnlessItHasALimitOfItsOwn(t *testing.T) {
	s := rectifiedSince(t, "exit", "03-02 09:00", "03-03 09:00") // 8 of 24 hours
	s.does("03-05 09:00", "c.officer", hazard.Check{Result: "failed"})
	s.deadline("rectification", "03-09 09:00")
	own := rectifiedSince(t, "redo", "03-02 09:00", "03-03 09:00")
	own.does("03-05 09:00", "c.officer", hazard.Check{Result: "failed"})
	own.deadline("rework", "03-06 09:00")
	own.does("03-05 10:00", "a.chief", hazard.Rectify{Measures: "m"})
	own.does("03-05 11:00", "c.officer", hazard.Check{Result: "failed"})
	own.deadline("rework", "03-06 11:00") // each time anew
}

func TestReopeningStartsARoundWithFullLimits(t *testing.T) {
	s := rectifyingSince(t, "exit", "03-02 09:00")
	s.does("03-02 10:00", "c.chief", hazard.Dispatch{Cell: area, Limit: plim("1 working_day")})
	s.does("03-02 10:00", "a.chief", hazard.Accept{})
	s.does("03-03 09:00", "a.chief", hazard.Rectify{Measures: "m"})
	s.does("03-03 09:00", "c.officer", hazard.Check{Result: "passed"})
	s.does("03-03 09:00", "c.chief", hazard.Close{Rating: "good"})
	first := s.line(1)
	s.does("03-16 09:00", "c.chief", hazard.Reopen{Reason: "again"})
	s.deadline("rectification", "03-19 09:00") // not the day its dispatcher once gave
	s.deadline("total", "03-30 09:00")
	s.follows(2, "rectification 03-16 09:00 - ... a.chief")
	if !reflect.DeepEqual(s.line(1), first) {
		t.Errorf("the first round reads %q now", s.line(1))
	}
	task := rectifyingSince(t, "task", "03-02 09:00")
	task.does("03-02 10:00", "a.chief", hazard.Rectify{Measures: "m"})
	task.does("03-02 10:00", "c.officer", hazard.Check{Result: "passed"})
	task.does("03-02 10:00", "c.chief", hazard.Close{Rating: "good"})
	task.does("03-16 09:00", "c.chief", hazard.Reopen{Reason: "again"})
	task.deadline("rectification", "03-18 09:00") // where the limit is set on dispatch there is no other
}

func TestAVoidedCaseComesBackToBeFiled(t *testing.T) {
	s := filedTo(t, "permit", "03-02 09:00")
	s.does("03-02 10:00", "c.chief", hazard.Void{Reason: "no"})
	s.does("03-09 10:00", "s.chief", hazard.Reopen{Reason: "yes"})
	s.deadline("filing", "03-10 10:00")
	s.follows(1, "filing 03-02 09:00 - 03-02 09:00 c.chief", "dispatch 03-02 09:00 - 03-02 10:00 c.chief")
	s.follows(2, "filing 03-09 10:00 - ... c.chief")
	s.does("03-09 11:00", "c.chief", hazard.File{Item: "permit"})
	n := 0
	for _, st := range s.c.Stages {
		if st.Name == "statutory" && st.Round == 2 {
			n++
		}
	}
	s.deadline("statutory", "03-18 11:00")
	if n != 1 {
		t.Errorf("the law's clock runs %d times", n)
	}
}

// Return loops cannot hide time: the total runs from report to closure and stops under suspension only.
func TestTheTotalNeverRestarts(t *testing.T) {
	s := rectifyingSince(t, "exit", "03-02 09:00")
	for range 3 {
		s.does("03-03 09:00", "a.chief", hazard.Return{Reason: "not ours"})
		s.does("03-03 09:00", "c.chief", hazard.Dispatch{Cell: area})
		s.does("03-03 09:00", "a.chief", hazard.Accept{})
		s.deadline("total", "03-16 09:00")
	}
	s.does("03-04 09:00", "a.chief", hazard.Rectify{Measures: "m"})
	s.does("03-05 09:00", "c.officer", hazard.Check{Result: "failed"})
	s.deadline("total", "03-16 09:00")
	until := local("03-09 09:00")
	s.does("03-06 09:00", "c.chief", hazard.Suspend{Reason: "r", Until: &until})
	s.deadline("total", "")
	same(t, s.until("03-09 09:00"), []hazard.Event{hazard.Resumed{Stamp: sys("03-09 09:00"), Automatic: true}})
	s.deadline("total", "03-17 09:00")
	if st, i := s.stage("total"); i != 0 || len(st.Runs) != 1 || st.Runs[0].Road || st.Runs[0].Holder != nil {
		t.Errorf("the total is no interval of accountability: %+v", st)
	}
}

func TestAServiceItemHasTwoLimits(t *testing.T) {
	s := rectifyingSince(t, "permit", "03-02 09:00")
	s.deadline("rectification", "03-09 09:00")
	s.deadline("statutory", "03-11 09:00")
	s.does("03-10 09:00", "a.chief", hazard.Rectify{Measures: "m"})
	late, _ := s.stage("rectification")
	lawful, _ := s.stage("statutory")
	now := local("03-10 09:00")
	if a, b := late.Verdict(council, now), lawful.Verdict(council, now); a != hazard.VerdictLate || b != hazard.VerdictOpen {
		t.Errorf("committed %s, statutory %s", a, b)
	}

	until := local("03-03 09:00")
	other := rectifyingSince(t, "exit", "03-02 09:00")
	other.does("03-02 14:00", "c.chief", hazard.Suspend{Reason: "r", Until: &until})
	other.until("03-03 09:00")
	other.does("03-03 10:00", "c.chief", hazard.Reclassify{Item: "permit", Reason: "it is one"})
	other.deadline("statutory", "03-11 16:00") // from the filing, less the five hours of suspension
}

func TestReclassifyingDerivesFromTheStagesStart(t *testing.T) {
	s := rectifyingSince(t, "exit", "03-02 09:00")
	s.does("03-03 09:00", "c.chief", hazard.Reclassify{Item: "gas", Reason: "worse"})
	s.deadline("rectification", "03-09 09:00")
	s.deadline("total", "03-18 09:00")
	s.does("03-03 10:00", "s.chief", hazard.Reclassify{Item: "exit", Reason: "not so bad"})
	s.deadline("rectification", "03-05 09:00")
	s.does("03-03 11:00", "c.chief", hazard.Dispatch{Cell: area, Limit: plim("2 working_day")})
	s.does("03-03 11:00", "a.chief", hazard.Accept{})
	s.does("03-03 12:00", "c.chief", hazard.Reclassify{Item: "gas", Reason: "worse"})
	s.deadline("rectification", "03-05 11:00") // the dispatcher's own is shorter still
	s.does("03-04 11:00", "a.chief", hazard.Rectify{Measures: "m", Evidence: photo})
	s.does("03-04 12:00", "s.chief", hazard.Reclassify{Item: "exit", Reason: "not so bad"})
	s.does("03-05 11:00", "c.officer", hazard.Check{Result: "failed"})
	s.deadline("rectification", "03-06 11:00") // also while it was under check
}

func TestAFilingLimitIsTheReportsOwn(t *testing.T) {
	s := tell(t).reported("03-02 09:00")
	st, _ := s.stage("filing")
	if want := plim("1 working_day"); !reflect.DeepEqual(st.Limit, want) || st.ProgrammeVersion != 2 || st.CalendarVersion != 1 || s.c.ProgrammeVersion != 0 {
		t.Errorf("filing by %v of version %d, calendar %d", st.Limit, st.ProgrammeVersion, st.CalendarVersion)
	}
	s.deadline("filing", "03-03 09:00")
	s.deadline("total", "")
	s.does("03-02 15:00", "c.chief", hazard.File{Item: "exit"})
	s.deadline("total", "03-16 09:00") // from the report
}

func TestWithoutLimitsNothingIsDue(t *testing.T) {
	s := rectifyingSince(t, "bare", "03-02 09:00")
	for _, st := range s.c.Stages {
		if at, ok := st.Deadline(council); ok && st.Name != programme.StageFiling {
			t.Errorf("%s is due at %s", st.Name, at)
		}
	}
	if due, ok := s.c.NextDue(calendars, timed); ok {
		t.Errorf("time will do %+v", due)
	}
}

// When cells change: dispatched and rectifying cases of the cell return, the others pass on, and what is somebody
// else's stays.
func TestAReplacedCell(t *testing.T) {
	replaced := func(s *story, at string, old grid.CellCode) {
		s.happens(hazard.DecideReplaced(s.c, s.world("admin", local(at), nil), old)...)
	}
	own := rectifyingSince(t, "exit", "03-02 09:00")
	replaced(own, "03-03 09:00", area)
	own.deadline("dispatch", "03-03 15:00")
	if got := own.line(1); own.c.State != hazard.StateFiled || got[len(got)-1] != "dispatch 03-03 09:00 - ... c.chief" {
		t.Errorf("%s, %q", own.c.State, got)
	}
	filed := filedTo(t, "exit", "03-02 09:00")
	replaced(filed, "03-02 10:00", site)
	filed.follows(1, "filing 03-02 09:00 - 03-02 09:00 c.chief", "dispatch 03-02 09:00 - ... c.chief")
	filed.deadline("dispatch", "03-02 15:00") // on the same clock

	major := filedTo(t, "blast", "03-02 09:00")
	replaced(major, "03-02 10:00", site)
	major.follows(1, "filing 03-02 09:00 - 03-02 09:00 c.chief", "listing 03-02 09:00 - ... d.chief")

	bureaus := filedTo(t, "exit", "03-02 09:00")
	bureaus.does("03-02 09:00", "c.chief", hazard.Dispatch{Department: "fire-brigade"})
	bureaus.does("03-02 09:00", "bureau", hazard.Accept{})
	replaced(bureaus, "03-02 10:00", site)
	if got := bureaus.line(1); got[len(got)-1] != "rectification 03-02 09:00 - ... bureau" || bureaus.c.State != hazard.StateRectifying {
		t.Errorf("the department's work went to %q", got)
	}
	checked := rectifiedSince(t, "exit", "03-02 09:00", "03-02 10:00")
	replaced(checked, "03-02 11:00", area)
	if got := checked.line(1); got[len(got)-1] != "check 03-02 10:00 - ... c.chief" {
		t.Errorf("the check went to %q", got)
	}
}
