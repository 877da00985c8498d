package patrol_test

import (
	"encoding/json"
	"errors"
	"reflect"
	"slices"
	"testing"
	"time"

	"gridward/domain/grid"
	"gridward/domain/patrol"
	"gridward/domain/programme"
)

// fireLaw asks of an area's officer five patrols a month and every premises once, of a head of premises a self-check, of
// the community's chief a meeting, and of officers a patrol on each working day.
var fireLaw = &patrol.Law{Programme: "fire", Version: 3, Zone: shanghai, Calendar: edition(7, "01-01").Calendar, Rules: []programme.DutyRule{
	{What: "self_check", Role: "chief", Level: 5, Period: "month", Count: 1, Per: "premises"},
	five,
	{What: "patrol", Role: "officer", Level: 4, Period: "month", Count: 1, Per: "premises"},
	{What: "meeting", Role: "chief", Level: 3, Period: "month", Count: 1, Per: "cell"},
	{What: "patrol", Role: "officer", Level: 4, Period: "day", Count: 1, Per: "cell", WorkingDaysOnly: true},
}}

// from gives some deeds whatever they are asked for.
func from(all ...[]patrol.Deed) patrol.Deeds {
	return func(programme.DutyRule, time.Time, time.Time) ([]patrol.Deed, error) { return deeds(all...), nil }
}

func judge(t *testing.T, law *patrol.Law, periods []patrol.Period, g *patrol.Ground, done patrol.Deeds) []patrol.Statement {
	t.Helper()
	out, err := patrol.Judge(law, periods, g, done)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

var (
	february = of(fireLaw, "month", "02-01", "02-01")
	owner    = holds("owner", "chief", "01-01", "", site)
	sub      = holds("sub", "chief", "01-01", "", street)
)

// statement is one of February.
func statement(area grid.CellCode, role string, required, done, short int) patrol.Statement {
	return patrol.Statement{Programme: "fire", Area: area, Role: role, Period: "2026-02", From: at("02-01"), To: at("03-01"),
		Required: required, Done: done, Short: short, ProgrammeVersion: 3, CalendarVersion: 7}
}

func equal(t *testing.T, got, want []patrol.Statement) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Fatalf("statements\n got %+v\nwant %+v", got, want)
	}
}

func TestJudgeStatesEachArea(t *testing.T) {
	g := &patrol.Ground{Duties: duties(zhang, owner, head, mayor, sub), Cells: premises("", "", site, site2, farSite)}
	done := from(patrols(zhang, area, "02-02", "02-03"), patrols(zhang, site, "02-04"), did(mayor, "meeting", community, "02-10"))

	// The officer: 3 of 5 in the area, and one of two premises seen once. What is not short is in the sums only.
	officer := statement(area, "officer", 7, 4, 3)
	officer.Lines = []patrol.Line{
		{What: "patrol", Role: "officer", Cell: area, Required: 5, Done: 3, Short: 2,
			Holders: []patrol.Holder{{Person: "zhang", Duty: "zhang", Role: "officer", Cell: area, Days: 28, Required: 5, Done: 3, Short: 2}}},
		{What: "patrol", Role: "officer", Cell: site2, Required: 1, Short: 1,
			Holders: []patrol.Holder{{Person: "zhang", Duty: "zhang", Role: "officer", Cell: area, Days: 28, Required: 1, Short: 1}}},
	}
	officer.Chain = []patrol.InCharge{{Person: "head", Role: "chief", Cell: area}, {Person: "mayor", Role: "chief", Cell: community},
		{Person: "sub", Role: "chief", Cell: street}}
	// A head of premises is told with the area that these lie in.
	chief := statement(area, "chief", 1, 0, 1)
	chief.Lines = []patrol.Line{{What: "self_check", Role: "chief", Cell: site, Required: 1, Short: 1,
		Holders: []patrol.Holder{{Person: "owner", Duty: "owner", Role: "chief", Cell: site, Days: 28, Required: 1, Short: 1}}}}
	chief.Chain = officer.Chain
	equal(t, judge(t, fireLaw, february, g, done), []patrol.Statement{statement(community, "chief", 1, 1, 0), chief, officer})
}

func TestTheChainLeavesOutWhoMissedItThemselves(t *testing.T) {
	g := &patrol.Ground{Duties: duties(mayor, sub, holds("boss", "sponsor", "01-01", "02-28", district), holds("new", "sponsor", "02-28", "", district))}
	missed := statement(community, "chief", 1, 0, 1)
	missed.Lines = []patrol.Line{{What: "meeting", Role: "chief", Cell: community, Required: 1, Short: 1,
		Holders: []patrol.Holder{{Person: "mayor", Duty: "mayor", Role: "chief", Cell: community, Days: 28, Required: 1, Short: 1}}}}
	missed.Chain = []patrol.InCharge{{Person: "sub", Role: "chief", Cell: street}, {Person: "new", Role: "sponsor", Cell: district}} // as of the end
	equal(t, judge(t, fireLaw, february, g, from()), []patrol.Statement{missed})

	g = &patrol.Ground{Duties: duties(until14, mayor)} // who stood in and missed it as well
	got := judge(t, fireLaw, february, g, from(did(mayor, "meeting", community, "02-10")))
	if len(got) != 2 || got[1].Short != 5 || got[1].Chain != nil {
		t.Errorf("got %+v", got)
	}
	got = judge(t, fireLaw, february, g, from(patrols(mayor, area, "02-20", "02-21", "02-22"))) // who stood in and did not
	if want := []patrol.InCharge{{Person: "mayor", Role: "chief", Cell: community}}; len(got) != 2 || got[1].Short != 2 || !slices.Equal(got[1].Chain, want) {
		t.Errorf("got %+v", got)
	}
}

func TestJudgeStatesWhereNothingIsAskedAnyMore(t *testing.T) {
	g := &patrol.Ground{Duties: duties(zhang), Cells: premises("", "01-31", area)}
	equal(t, judge(t, fireLaw, february, g, from()), []patrol.Statement{statement(area, "officer", 0, 0, 0)})
	g = &patrol.Ground{Duties: duties(holds("zhang", "officer", "03-01", "", area))}
	equal(t, judge(t, fireLaw, february, g, from()), []patrol.Statement{}) // nothing was asked yet
	g = &patrol.Ground{Duties: duties(zhang)}
	equal(t, judge(t, fireLaw, of(fireLaw, "day", "02-15", "02-15"), g, from()), []patrol.Statement{}) // a day off
}

func TestJudgeAsksForWhatEachRuleNeeds(t *testing.T) {
	type call struct{ what, period, from, to string }
	var calls []call
	day := func(t time.Time) string { return t.In(shanghai).Format("01-02 15:04") }
	periods := append(of(fireLaw, "month", "02-01", "03-31"), of(fireLaw, "day", "03-30", "03-31")...)
	g := &patrol.Ground{Duties: duties(zhang)}
	judge(t, fireLaw, periods, g, func(r programme.DutyRule, from, to time.Time) ([]patrol.Deed, error) {
		calls = append(calls, call{r.What, r.Period, day(from), day(to)})
		return nil, nil
	})
	want := []call{{"self_check", "month", "02-01 00:00", "04-01 00:00"}, {"patrol", "month", "02-01 00:00", "04-01 00:00"},
		{"patrol", "month", "02-01 00:00", "04-01 00:00"}, {"meeting", "month", "02-01 00:00", "04-01 00:00"}, {"patrol", "day", "03-30 00:00", "04-01 00:00"}}
	if !slices.Equal(calls, want) {
		t.Errorf("got %v", calls)
	}
	broken := errors.New("broken")
	if _, err := patrol.Judge(fireLaw, periods, g, func(programme.DutyRule, time.Time, time.Time) ([]patrol.Deed, error) { return nil, broken }); !errors.Is(err, broken) {
		t.Errorf("got %v", err)
	}
	if got := judge(t, fireLaw, of(fireLaw, "week", "02-02", "02-09"), g, nil); len(got) > 0 {
		t.Errorf("no rule is for weeks: %+v", got)
	}
}

// short is a statement with one line, by somebody who did so much of five.
func short(done int) patrol.Statement {
	s := statement(area, "officer", 5, done, 5-done)
	if done < 5 {
		s.Lines = []patrol.Line{{What: "patrol", Role: "officer", Cell: area, Required: 5, Done: done, Short: 5 - done,
			Holders: []patrol.Holder{{Person: "zhang", Days: 28, Required: 5, Done: done, Short: 5 - done}}}}
		s.Chain = []patrol.InCharge{{Person: "head", Role: "chief", Cell: area}}
	}
	return s
}

func changed(s patrol.Statement, change func(*patrol.Statement)) patrol.Statement {
	change(&s)
	return s
}

func TestStating(t *testing.T) {
	found := []patrol.Event{patrol.Found(short(3))}
	mended := append(slices.Clip(found), patrol.Restated(short(5)))
	for _, r := range []struct {
		name  string
		given []patrol.Event
		now   patrol.Statement
		then  []patrol.Event
	}{
		{"what is missing is found", nil, short(3), found},
		{"nothing is missing", nil, short(5), nil},
		{"nothing is asked", nil, statement(area, "officer", 0, 0, 0), nil},
		{"a late patrol restates it", found, short(4), []patrol.Event{patrol.Restated(short(4))}},
		{"a void as well", found, short(2), []patrol.Event{patrol.Restated(short(2))}},
		{"nothing is missing any more", found, short(5), []patrol.Event{patrol.Restated(short(5))}},
		{"nothing is asked any more", found, statement(area, "officer", 0, 0, 0), []patrol.Event{patrol.Restated(statement(area, "officer", 0, 0, 0))}},
		{"and then it is again", mended, short(4), []patrol.Event{patrol.Restated(short(4))}},
		{"somebody else answers", found, changed(short(3), func(s *patrol.Statement) {
			s.Lines = slices.Clone(s.Lines)
			s.Lines[0].Holders = []patrol.Holder{{Person: "li", Days: 28, Required: 5, Done: 3, Short: 2}}
		}), []patrol.Event{patrol.Restated(changed(short(3), func(s *patrol.Statement) {
			s.Lines = slices.Clone(s.Lines)
			s.Lines[0].Holders = []patrol.Holder{{Person: "li", Days: 28, Required: 5, Done: 3, Short: 2}}
		}))}},
		{"somebody else should have seen it", found, changed(short(3), func(s *patrol.Statement) { s.Chain = nil }),
			[]patrol.Event{patrol.Restated(changed(short(3), func(s *patrol.Statement) { s.Chain = nil }))}},
		{"what was done elsewhere is no news", found, changed(short(3), func(s *patrol.Statement) { s.Done = 30 }), nil},
	} {
		var s patrol.State
		for _, e := range r.given {
			s = patrol.Evolve(s, e)
		}
		got := patrol.Decide(s, r.now)
		if !reflect.DeepEqual(got, r.then) {
			t.Errorf("%s\n got %+v\nwant %+v", r.name, got, r.then)
		}
		for _, e := range got {
			s = patrol.Evolve(s, e)
		}
		if again := patrol.Decide(s, r.now); again != nil {
			t.Errorf("%s: said twice it is %+v", r.name, again)
		}
	}
}

func TestTheStreamOfAStatement(t *testing.T) {
	if got := short(3).Stream(); got != "shortfall-fire-410104001001001-officer-2026-02" {
		t.Errorf("got %s", got)
	}
}

func TestClosingADay(t *testing.T) {
	var s patrol.Closed
	for _, day := range []string{"2026-02-15", "2026-02-16", "2026-02-14"} {
		events := patrol.DecideClose(s, day)
		if !slices.Equal(events, []patrol.DayEvent{patrol.DayClosed{Day: day}}) {
			t.Errorf("closing %s gives %v", day, events)
		}
		s = patrol.EvolveClosed(s, events[0])
		if again := patrol.DecideClose(s, day); again != nil {
			t.Errorf("closing %s twice gives %v", day, again)
		}
	}
	if want := (patrol.Closed{"2026-02-15", "2026-02-16", "2026-02-14"}); !slices.Equal(s, want) {
		t.Errorf("closed are %v", s)
	}
}

// late is the world as it was known at first: some of what was done, of the ends and of the duties was told later.
func (r dice) late(g patrol.Ground) *patrol.Ground {
	early := &patrol.Ground{Cells: slices.Clone(g.Cells)}
	for _, d := range g.Duties {
		if r.oneIn(4) {
			d.To = time.Time{}
		}
		if !r.oneIn(6) {
			early.Duties = append(early.Duties, d)
		}
	}
	for i := range early.Cells {
		if r.oneIn(2) {
			early.Cells[i].Life.To, early.Cells[i].Classes = time.Time{}, nil
		}
	}
	for _, d := range g.Deeds {
		if !r.oneIn(2) {
			early.Deeds = append(early.Deeds, d)
		}
	}
	return early
}

// Whatever is told late: once it is judged again, every stream says last what judging it for the first time would say.
func TestLateFactsRestate(t *testing.T) {
	restated, gone := 0, 0
	for seed := range uint64(2000) {
		r := roll(seed, 5)
		w := r.world()
		law := *w.law
		law.Rules = []programme.DutyRule{w.rule}
		state := func(streams map[string]patrol.State, g *patrol.Ground) {
			for _, s := range judge(t, &law, w.periods, g, from(g.Deeds)) {
				stream := streams[s.Stream()]
				for _, e := range patrol.Decide(stream, s) {
					if _, ok := e.(patrol.Restated); ok {
						if restated++; s.Required == 0 {
							gone++
						}
					}
					streams[s.Stream()] = patrol.Evolve(stream, stored(t, e))
				}
				if again := patrol.Decide(streams[s.Stream()], s); again != nil {
					t.Fatalf("seed %d: twice it says %+v", seed, again)
				}
			}
		}
		atOnce, later := map[string]patrol.State{}, map[string]patrol.State{}
		state(atOnce, &w.ground)
		state(later, r.late(w.ground))
		state(later, &w.ground)
		for stream, s := range atOnce {
			if l := later[stream].Last; l == nil || l.Required != s.Last.Required || l.Short != s.Last.Short || !reflect.DeepEqual(l.Lines, s.Last.Lines) {
				t.Fatalf("seed %d: %s\n at once %+v\nat last %+v", seed, stream, s.Last, l)
			}
		}
		for stream, s := range later {
			if atOnce[stream].Last == nil && s.Last.Short != 0 {
				t.Fatalf("seed %d: %s still says %+v", seed, stream, s.Last)
			}
		}
	}
	if restated < 500 || gone < 20 {
		t.Errorf("the worlds hold too little: %d restated, of %d nothing asked any more", restated, gone)
	}
}

// stored is an event as the log gives it back.
func stored(t *testing.T, e patrol.Event) patrol.Event {
	t.Helper()
	body, err := json.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	var back patrol.Statement
	if err := json.Unmarshal(body, &back); err != nil {
		t.Fatal(err)
	}
	if _, ok := e.(patrol.Restated); ok {
		return patrol.Restated(back)
	}
	return patrol.Found(back)
}

// A statement is the sum of the lines of its rules.
func TestAStatementIsTheSumOfItsLines(t *testing.T) {
	for seed := range uint64(1000) {
		w := roll(seed, 6).world()
		law := *w.law
		law.Rules = []programme.DutyRule{w.rule}
		var want, got patrol.Statement
		for _, l := range w.lines(t) {
			want.Required, want.Done, want.Short = want.Required+l.Required, want.Done+l.Done, want.Short+l.Short
		}
		for _, s := range judge(t, &law, w.periods, &w.ground, from(w.ground.Deeds)) {
			got.Required, got.Done, got.Short = got.Required+s.Required, got.Done+s.Done, got.Short+s.Short
			short := 0
			for _, l := range s.Lines {
				if short += l.Short; l.Short == 0 || !s.Area.Contains(l.Cell) || l.Holders == nil {
					t.Fatalf("seed %d: %s lists %+v", seed, s.Stream(), l)
				}
			}
			if short != s.Short {
				t.Fatalf("seed %d: %s is short of %d, its lines of %d", seed, s.Stream(), s.Short, short)
			}
		}
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("seed %d: stated %+v, by lines %+v", seed, got, want)
		}
	}
}
