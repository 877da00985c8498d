package views_test

import (
	"testing"

	"gridward/app"
	"gridward/app/views"
	"gridward/domain/grid"
	"gridward/domain/inspection"
	"gridward/domain/patrol"
	"gridward/domain/programme"
)

// newBeat is a road whose programme asks the officer of an area to patrol it twice a week, and the chief of a street once
// a month. o1 walks the first area; nobody has the second.
func newBeat(t testing.TB) *road {
	w := newRoad(t)
	w.put("person-o1", "admin", grid.PersonRegistered{ID: "o1"})
	w.given(area1, "officer", "o1", at("2026-02-02 00:00"))
	w.publish(2, func(p *programme.Programme) {
		p.Duties = []programme.DutyRule{{What: "patrol", Role: "officer", Level: 4, Period: "week", Count: 2, Per: "cell"},
			{What: "patrol", Role: "chief", Level: 2, Period: "month", Count: 1, Per: "cell"},
			{What: "meeting", Role: "chief", Level: 2, Period: "month", Count: 1, Per: "cell"}}
	})
	return w
}

// patrolled logs an inspection at a premises under a duty on a cell ("": under none).
func (w *road) patrolled(id, site, start, person, on string) {
	w.t.Helper()
	in := visit(id, site, at(start))
	in.Report.Officer = person
	if on != "" {
		role := map[bool]string{true: "officer", false: "chief"}[person == "o1"]
		in.Acting = []inspection.Acting{{Person: person, Duty: person + "@" + on, Role: role, ActsAs: role, Cell: grid.CellCode(on)}}
	}
	w.log1(in)
}

func (w *road) figures(cell grid.CellCode, period, asOf string) views.Patrols {
	w.t.Helper()
	w.project()
	p := must[views.Period](w.t)(views.ParsePeriod(period, shanghai))
	return must[views.Patrols](w.t)(w.views.Patrols(ctx(), cell, "fire", p, w.now, instant(asOf)))
}

func TestWhatIsRequiredDoneAndShort(t *testing.T) {
	w := newBeat(t)
	w.now = at("2026-03-05 09:00")
	w.patrolled("i1", site1, "2026-03-02 09:00", "o1", area1)
	w.patrolled("i2", site2, "2026-03-03 09:00", "p1", "")
	w.patrolled("i3", site3, "2026-03-04 09:00", "chief2", street)
	week := `{"cell":"410104001001","programme":"fire","period":"2026-W10","required":2,"done":2,"short":1,"other":1,
		"by_role":[{"role":"chief","required":null,"done":1,"short":null},{"role":"officer","required":2,"done":1,"short":1}],
		"children":[{"cell":"410104001001001","name":"一片区","required":2,"done":1,"short":1,"other":1},
			{"cell":"410104001001002","name":"二片区","required":null,"done":1,"short":null,"other":0}]}`
	wantJSON(t, w.figures(community, "2026-W10", ""), week)
	// A month holds the weeks that begin in it and have begun: this one. The street's own duty is met.
	if p := w.figures(street, "2026-03", ""); *p.Required != 3 || p.Done != 2 || *p.Short != 1 || p.Other != 1 {
		t.Errorf("the street's month: %s", text(p))
	}
	if p := w.figures(community, "2026-03-04", ""); p.Required != nil || p.Done != 1 {
		t.Errorf("a day is too short for a week's duty: %s", text(p))
	}
	if p := w.figures(area2, "2026-03", ""); p.Required != nil || p.Short != nil {
		t.Errorf("nobody was ever given a duty there: %s", text(p))
	}
	w.now = at("2026-03-09 09:00")
	w.patrolled("late", site1, "2026-03-06 09:00", "o1", area1) // told on Monday
	if p := w.figures(area1, "2026-W10", ""); *p.Short != 0 || p.Done != 2 {
		t.Errorf("with the one told late: %s", text(p))
	}
	if p := w.figures(street, "2026-03", ""); *p.Required != 5 || *p.Short != 2 {
		t.Errorf("the next week has begun: %s", text(p))
	}
	wantJSON(t, w.figures(community, "2026-W10", "2026-03-08 23:59"), week)
	w.put("inspection-i1", "chief3", inspection.Voided{Reason: "不实"})
	if p := w.figures(area1, "2026-W10", ""); *p.Short != 1 || p.Done != 1 {
		t.Errorf("a void takes it out again: %s", text(p))
	}
	w.same()
}

// A cell that nobody had created yet is no child.
func TestTheCellsBelowAreThoseKnownThen(t *testing.T) {
	w := newBeat(t)
	w.now = at("2026-03-05 09:00")
	w.cell("410104001001003", "三片区", nil)
	if p := w.figures(community, "2026-03", ""); len(p.Children) != 3 {
		t.Errorf("now: %s", text(p))
	}
	if p := w.figures(community, "2026-03", "2026-03-04 09:00"); len(p.Children) != 2 {
		t.Errorf("then: %s", text(p))
	}
}

// state puts what the periods that ended at a midnight came to into the log, as the scheduler does.
func (w *road) state(midnight string) []patrol.Statement {
	w.t.Helper()
	w.now = at(midnight)
	w.project()
	all := must[[]patrol.Statement](w.t)(w.views.Ended(ctx(), at(midnight)))
	for _, s := range all {
		if s.Short > 0 {
			w.put(s.Stream(), "system", patrol.Found(s))
		}
	}
	return all
}

// again states anew what something touches, as the completer does.
func (w *road) again(touched app.Touched) []patrol.Statement {
	w.t.Helper()
	w.project()
	touched.Until = w.now
	var all []patrol.Statement
	for _, s := range must[[]app.Restatement](w.t)(w.views.Again(ctx(), []app.Touched{touched}, 0)) {
		w.put(s.Stream(), "system", patrol.Restated(s.Statement))
		all = append(all, s.Statement)
	}
	return all
}

func (w *road) shortfalls(cell grid.CellCode, period, asOf string) []views.Shortfall {
	w.t.Helper()
	w.project()
	p := must[views.Period](w.t)(views.ParsePeriod(period, shanghai))
	var out []views.Shortfall
	page := views.Paging{Limit: 1}
	for {
		got := must[views.Page[views.Shortfall]](w.t)(w.views.Shortfalls(ctx(), cell, "fire", p, instant(asOf), page))
		out = append(out, got.Items...)
		if got.NextCursor == nil {
			return out
		}
		page.Cursor = *got.NextCursor
	}
}

// What was missing is stated when the period is over, with who missed it and who should have seen it. What becomes known
// later restates it; both stay. A case found in the next period tells who had not looked.
func TestWhatWasMissed(t *testing.T) {
	w := newBeat(t)
	w.now = at("2026-03-03 09:00")
	w.patrolled("i1", site1, "2026-03-03 08:00", "o1", area1)
	if stated := w.state("2026-03-09 00:00"); len(stated) != 1 || stated[0].Area != area1 || stated[0].Short != 1 {
		t.Fatalf("the week is over: %s", text(stated))
	}
	w.at("2026-03-10 09:00", "c1", reported("2026-03-10 09:00", "c1", site1)) // found in the week after
	w.at("2026-03-17 09:00", "c2", reported("2026-03-17 09:00", "c2", site1)) // and two weeks after
	w.at("2026-03-17 10:00", "c3", reported("2026-03-10 09:00", "c3", site3)) // elsewhere
	missed := w.of("c1", "").MissedDuties
	wantJSON(t, missed, `[{"programme":"fire","what":"patrol","cell":"410104001001001","period":"2026-W10","from":"2026-03-02T00:00:00+08:00","to":"2026-03-09T00:00:00+08:00",
		"person":"o1","role":"officer","required":2,"done":1,"short":1,"days":7,"stand_in":false,"jointly":false,"recorded_at":"2026-03-09T00:00:00+08:00",
		"chain":[{"person":"a1","role":"chief","cell":"410104001001001"},{"person":"chief3","role":"chief","cell":"410104001001"},
			{"person":"chief2","role":"chief","cell":"410104001"},{"person":"d1","role":"chief","cell":"410104"}]}]`)
	if a, b := w.of("c2", "").MissedDuties, w.of("c3", "").MissedDuties; len(a)+len(b) != 0 {
		t.Errorf("not of the period before, not of that place: %s %s", text(a), text(b))
	}
	if a := w.ofPerson("o1", ""); text(a.MissedDuties) != text(missed) || a.Totals.Missed != 1 {
		t.Errorf("o1 answers for it: %s", text(a))
	}
	if a := w.ofCell(area1); text(a.MissedDuties) != text(missed) {
		t.Errorf("so does the area: %s", text(a))
	}
	w.now = at("2026-03-18 09:00")
	w.patrolled("late", site1, "2026-03-05 09:00", "o1", area1)
	stated := w.again(app.Touched{Programme: "fire", Cell: site1, From: at("2026-03-05 09:00"), To: at("2026-03-05 09:01")})
	if len(stated) != 1 || stated[0].Short != 0 || stated[0].Period != "2026-W10" {
		t.Fatalf("the patrol told late: %s", text(stated))
	}
	all := w.shortfalls(community, "2026-03", "")
	if len(all) != 1 || all[0].Short != 0 || len(all[0].Earlier) != 1 || all[0].Earlier[0].Short != 1 || !all[0].Earlier[0].RecordedAt.Equal(at("2026-03-09 00:00")) {
		t.Errorf("both stay: %s", text(all))
	}
	if then := w.shortfalls(community, "2026-03", "2026-03-17 00:00"); len(then) != 1 || then[0].Short != 1 || then[0].Earlier != nil {
		t.Errorf("as of then: %s", text(then))
	}
	if none := w.shortfalls(community, "2026-02", ""); len(none) != 0 {
		t.Errorf("no period ended in February: %s", text(none))
	}
	if a := w.of("c1", "").MissedDuties; len(a) != 0 {
		t.Errorf("o1 had looked after all: %s", text(a))
	}
	if a := w.of("c1", "2026-03-17 12:00").MissedDuties; text(a) != text(missed) {
		t.Errorf("as of then nobody knew: %s", text(a))
	}
	w.same()
}

// A duty over several cells is one count, told at the first of them: what was done in the others is done, whoever asks
// about whichever part.
func TestADutyOverSeveralCellsIsOneCount(t *testing.T) {
	const second = "410104002"
	w := newRoad(t)
	w.cell(second, "二街", nil)
	w.publish(2, func(p *programme.Programme) {
		p.Duties = []programme.DutyRule{{What: "patrol", Role: "officer", Level: 2, Period: "month", Count: 3, Per: "holder"}}
	})
	for _, c := range []string{street, second} {
		w.put("duties-fire-"+c, "admin", grid.DutyGiven{Duty: "both", Programme: "fire", Role: "officer", ActsAs: "officer", Person: "o7", From: at("2026-01-01 00:00"),
			Cells: []grid.CellCode{street, second}})
	}
	walked := func(id, cell, start string) {
		in := visit(id, cell, at(start))
		in.Acting = []inspection.Acting{{Person: "o7", Duty: "both", Role: "officer", ActsAs: "officer", Cell: grid.CellCode(cell)}}
		w.log1(in)
	}
	w.now = at("2026-03-20 09:00")
	walked("i1", second, "2026-03-04 09:00")
	walked("i2", second, "2026-03-05 09:00")
	for cell, want := range map[grid.CellCode]string{district: "3 2 1", street: "3 0 1"} {
		p := w.figures(cell, "2026-03", "")
		if got := text([]any{*p.Required, p.Done, *p.Short}); got != "["+want[:1]+","+want[2:3]+","+want[4:]+"]" {
			t.Errorf("%s: %s, want %s", cell, got, want)
		}
	}
	if p := w.figures(second, "2026-03", ""); p.Required != nil || p.Done != 2 {
		t.Errorf("it is told at the first: %s", text(p))
	}
	if stated := w.state("2026-04-01 00:00"); len(stated) != 1 || stated[0].Area != street || stated[0].Short != 1 || stated[0].Done != 2 {
		t.Fatalf("March is over: %s", text(stated))
	}
	w.now = at("2026-04-02 09:00")
	walked("i3", second, "2026-03-30 09:00")
	touched := app.Touched{Programme: "fire", Cell: second, From: at("2026-03-30 09:00"), To: at("2026-03-30 09:01")}
	if stated := w.again(touched); len(stated) != 1 || stated[0].Area != street || stated[0].Short != 0 || stated[0].Done != 3 {
		t.Errorf("what was told late in the second is stated at the first: %s", text(stated))
	}
	touched.Until = w.now
	later := touched
	later.From, later.To = at("2026-03-30 17:00"), at("2026-03-30 17:01")
	many := must[[]app.Restatement](t)(w.views.Again(ctx(), []app.Touched{touched, touched, later}, 0))
	if len(many) != 1 || many[0].Because != 2 {
		t.Errorf("what three facts touch is judged once, because of the last: %s", text(many))
	}
	w.same()
}
