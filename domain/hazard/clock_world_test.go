package hazard_test

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"testing"
	"time"
	_ "time/tzdata" // the zones are the same on every machine

	"gridward/domain/calendar"
	"gridward/domain/hazard"
	"gridward/domain/programme"
)

// The clocks' world: the State Council's calendar, and the fire programme with every limit and a ladder.
var (
	council   = calendar.Compile(calendar.Builtin())
	calendars = calendar.State{Versions: []*calendar.Calendar{council}}
)

// local reads a local time of the year 2026: "03-11 15:30". 03-02 is a Monday.
func local(s string) time.Time {
	at, err := time.ParseInLocation("2006-01-02 15:04", "2026-"+s, council.Location())
	if err != nil {
		panic(err)
	}
	return at
}

// lim reads a limit: "3 working_day".
func lim(s string) programme.Limit {
	var l programme.Limit
	if _, err := fmt.Sscan(s, &l.N, &l.Unit); err != nil {
		panic(err)
	}
	return l
}

func plim(s string) *programme.Limit {
	l := lim(s)
	return &l
}

// road is the limits of every stage; over says what is otherwise.
func road(over ...string) map[string]programme.Limit {
	out := map[string]programme.Limit{}
	for _, l := range append([]string{"filing 1 working_day", "dispatch 4 working_hour", "acceptance 4 working_hour",
		"rectification 3 working_day", "check 2 working_day", "closure 2 working_day", "total 10 working_day"}, over...) {
		var stage, n, unit string
		if _, err := fmt.Sscan(l, &stage, &n, &unit); err != nil {
			panic(err)
		}
		out[stage] = lim(n + " " + unit)
	}
	return out
}

func rung(when, do string, n int) programme.Rung {
	r := programme.Rung{Do: do}
	switch do {
	case "escalate":
		r.Levels = n
	case "supervise":
		r.Level = n
	}
	if share, err := strconv.ParseFloat(when, 64); err == nil {
		r.When.Share = share
	} else {
		r.When.Past = plim(when)
	}
	return r
}

var timed = timedProgramme()

func timedProgramme() *programme.Programme {
	p := *fire
	p.Filing = plim("1 working_day")
	p.Catalogue = []programme.Item{
		{Item: "exit", Severity: "minor", Limits: road()},
		{Item: "gas", Severity: "serious", Limits: road("rectification 5 working_day", "total 12 working_day")},
		{Item: "blast", Severity: "major", Limits: road("listing 1 working_day", "rectification 30 calendar_day", "total 60 calendar_day")},
		{Item: "redo", Severity: "minor", Limits: road("rework 1 working_day")},
		{Item: "permit", Severity: "minor", Limits: road("rectification 5 working_day"), Statutory: plim("7 working_day")},
		{Item: "task", Severity: "minor", Limits: map[string]programme.Limit{}, SetOnDispatch: true},
		{Item: "bare", Severity: "minor", Limits: map[string]programme.Limit{}},
	}
	p.Ladder = []programme.Ladder{
		{Severity: "minor", Stage: "filing", Rungs: []programme.Rung{rung("1", "red", 0)}},
		{Severity: "minor", Stage: "acceptance", Rungs: []programme.Rung{rung("1", "red", 0)}},
		{Severity: "minor", Stage: "rectification", Rungs: []programme.Rung{rung("0.8", "yellow", 0), rung("1", "red", 0),
			rung("1 working_day", "escalate", 1), rung("2 working_day", "escalate", 2), rung("5 working_day", "supervise", 2)}},
		{Severity: "minor", Stage: "total", Rungs: []programme.Rung{rung("1", "red", 0), rung("1 working_day", "escalate", 1)}},
		{Severity: "serious", Stage: "rectification", Rungs: []programme.Rung{rung("0.5", "yellow", 0), rung("1", "red", 0),
			rung("1 working_day", "supervise", 1)}},
		{Severity: "major", Stage: "listing", Rungs: []programme.Rung{rung("1", "red", 0)}},
		{Severity: "major", Stage: "rectification", Rungs: []programme.Rung{rung("0.8", "yellow", 0), rung("1", "red", 0)}},
	}
	return &p
}

// story is a case as people and time make it, every step decided by the rules.
type story struct {
	t   testing.TB
	c   hazard.Case
	log []hazard.Event
	p   *programme.Programme
	cal calendar.State
}

func tell(t testing.TB) *story { return &story{t: t, p: timed, cal: calendars} }

// world is the scene of an instant.
func (s *story) world(by string, at time.Time, cmd hazard.Command) hazard.Scene {
	w := scene(s.c, by, 0, cmd)
	w.At, w.Programme, w.Calendars = at, s.p, s.cal
	return w
}

func (s *story) happens(events ...hazard.Event) {
	for _, e := range events {
		s.c, s.log = hazard.Evolve(s.c, e), append(s.log, e)
	}
}

// reported opens the case at the site.
func (s *story) reported(at string) *story {
	s.t.Helper()
	w := s.world("a.officer", local(at), nil)
	w.Chain = chain(site)
	out, err := hazard.DecideReport(w, hazard.Report{Case: "case", Programme: "fire", Cell: site, Description: "d", Source: "officer", FoundAt: local(at)})
	if err != nil {
		s.t.Fatal(err)
	}
	s.happens(out.Events...)
	return s
}

// passes lets time do what is due before an instant, or at it too.
func (s *story) passes(until time.Time, inclusive bool) {
	s.t.Helper()
	for range 1000 {
		due, ok := s.c.NextDue(s.cal, s.p)
		if !ok || due.At.After(until) || !inclusive && !due.At.Before(until) {
			return
		}
		s.happens(hazard.DecideDue(s.c, s.world(hazard.System, due.At, nil), due)...)
	}
	s.t.Fatal("time never comes to an end")
}

// until lets time pass up to and with an instant, and gives what it did.
func (s *story) until(at string) []hazard.Event {
	s.t.Helper()
	n := len(s.log)
	s.passes(local(at), true)
	return s.log[n:]
}

// does is a command that goes through.
func (s *story) does(at, by string, cmd hazard.Command) []hazard.Event {
	s.t.Helper()
	s.passes(local(at), false)
	return s.late(at, by, cmd)
}

// late is a command told after time went on: it happened at that instant.
func (s *story) late(at, by string, cmd hazard.Command) []hazard.Event {
	s.t.Helper()
	out, err := hazard.Decide(s.c, s.world(by, local(at), cmd), cmd)
	if err != nil {
		s.t.Fatalf("%s: %T by %s: %v", at, cmd, by, err)
	}
	s.happens(out.Events...)
	return out.Events
}

// Ways that stories begin with.
func filedTo(t testing.TB, item, at string) *story {
	s := tell(t).reported(at)
	s.does(at, "c.chief", hazard.File{Item: item})
	return s
}

func rectifyingSince(t testing.TB, item, at string) *story {
	s := filedTo(t, item, at)
	cmd := hazard.Dispatch{Cell: area}
	if item == "task" {
		cmd.Limit = plim("2 working_day")
	}
	s.does(at, "c.chief", cmd)
	s.does(at, "a.chief", hazard.Accept{})
	return s
}

// stage gives the last clock of that name.
func (s *story) stage(name string) (hazard.Stage, int) {
	s.t.Helper()
	for i, st := range slices.Backward(s.c.Stages) {
		if st.Name == name {
			return *st, i
		}
	}
	s.t.Fatalf("there is no stage %s", name)
	return hazard.Stage{}, 0
}

// deadline holds the deadline of the last clock of that name; "" is none.
func (s *story) deadline(name, want string) {
	s.t.Helper()
	st, _ := s.stage(name)
	at, ok := st.Deadline(s.cal.Version(st.CalendarVersion))
	switch {
	case want == "" && ok:
		s.t.Errorf("%s is due at %s, want never", name, at)
	case want != "" && !ok:
		s.t.Errorf("%s is never due, want %s", name, want)
	case want != "" && !at.Equal(local(want)):
		s.t.Errorf("%s is due at %s, want %s", name, at, want)
	}
}

func same(t testing.TB, got, want []hazard.Event) {
	t.Helper()
	if len(got) == 0 && len(want) == 0 {
		return
	}
	if !reflect.DeepEqual(got, want) {
		t.Fatalf("events\n got %s\nwant %s", shown(got), shown(want))
	}
}

func shown(events []hazard.Event) string {
	var out string
	for _, e := range events {
		out += fmt.Sprintf("\n  %T%+v", e, e)
	}
	return out
}

func sys(at string) hazard.Stamp { return hazard.Stamp{At: local(at), By: hazard.System} }

func on(at, by string) hazard.Stamp { return hazard.Stamp{At: local(at), By: by} }

// corrected is the calendar and its correction: 03-03 is a day off after all.
var corrected = calendar.State{Versions: []*calendar.Calendar{council, calendar.Compile(withDayOff("2026-03-03"))}}

func withDayOff(date string) calendar.Definition {
	d := calendar.Builtin()
	for i, y := range d.Years {
		if y.Year == 2026 {
			d.Years[i].Days = append(slices.Clone(y.Days), calendar.Day{Date: date, Name: "停工", Off: true})
		}
	}
	return d
}
