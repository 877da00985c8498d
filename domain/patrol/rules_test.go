package patrol_test

import (
	"fmt"
	"slices"
	"testing"

	"gridward/domain/grid"
	"gridward/domain/patrol"
	"gridward/domain/programme"
)

// two patrols a week, one of them at night. The week is that of 9 to 15 February.
var twoANight = programme.DutyRule{What: "patrol", Role: "officer", Level: 4, Period: "week", Count: 2, Night: 1, Per: "cell"}

func TestANightPatrolIsHalfInTheNight(t *testing.T) {
	for _, tc := range []struct {
		when  string
		night bool
	}{
		{"02-10 21:00-22:00", true},
		{"02-10 19:00-21:00", true}, // half of it
		{"02-10 18:59-21:00", false},
		{"02-10 20:00-06:00", true},
		{"02-10 23:30-00:30", true}, // over midnight
		{"02-10 05:00-07:00", true}, // in the morning
		{"02-10 05:00-07:01", false},
		{"02-10 03:00-04:00", true},
		{"02-10 12:00-13:00", false},
		{"02-10 07:00-19:00", false},
		{"02-10 18:00-08:00", true},  // ten hours of fourteen
		{"02-10 10:00-06:00", true},  // ten of twenty
		{"02-10 09:00-06:00", false}, // ten of twenty-one
		{"02-10 20:00-20:00", true},  // it took no time, and began in the night
		{"02-10 06:00-06:00", false},
		{"02-10 19:59-19:59", false},
	} {
		night := 0
		if tc.night {
			night = 1
		}
		want := "2026-W07 area: 2 asked, 1 done, 1 short, night %d of 1; zhang 7d 2-1=1"
		run(t, []row{{name: tc.when, rule: twoANight, first: "02-09", last: "02-15", duties: duties(zhang), deeds: patrols(zhang, area, tc.when),
			want: []string{fmt.Sprintf(want, night)}}})
	}
}

func TestTheProgrammesOwnNight(t *testing.T) {
	for _, tc := range []struct {
		from, to, when string
		night          bool
	}{
		{"22:00", "05:00", "02-10 20:00-21:59", false},
		{"22:00", "05:00", "02-10 21:00-23:00", true},
		{"22:00", "05:00", "02-10 05:00-06:00", false},
		{"00:30", "04:30", "02-10 23:30-01:30", true}, // one that begins after midnight
		{"00:30", "04:30", "02-10 22:00-00:30", false},
		{"00:30", "04:30", "02-10 04:00-05:00", true},
	} {
		l := *law
		l.Night = &programme.Night{From: tc.from, To: tc.to}
		periods := of(&l, "week", "02-09", "02-15")
		g := &patrol.Ground{Duties: duties(zhang), Deeds: patrols(zhang, area, tc.when)}
		patrol.NewCount(&l, twoANight, periods, g).Each(periods, func(_ patrol.Period, line patrol.Line) {
			if (line.NightDone == 1) != tc.night {
				t.Errorf("night %s-%s: %s is %+v", tc.from, tc.to, tc.when, line)
			}
		})
	}
}

func TestNightsArePartOfTheCount(t *testing.T) {
	daysOnly := patrols(zhang, area, "02-09", "02-10", "02-11")
	// 4 by 1, 3 and 3 days is 0.6, 1.7 and 1.7, so none, 2 and 2; but 3 is one each: c takes a's.
	a, b, c := holds("a", "officer", "01-10", "02-10", area), holds("b", "officer", "02-10", "02-13", area), holds("c", "officer", "02-13", "", area)
	run(t, []row{
		{name: "both are there", rule: twoANight, first: "02-09", last: "02-15", duties: duties(zhang), deeds: patrols(zhang, area, "02-10", "02-11 22:00-22:30"),
			want: []string{"2026-W07 area: 2 asked, 2 done, 0 short, night 1 of 1; zhang 7d 2-2=0"}},
		{name: "all by day lack one", rule: twoANight, first: "02-09", last: "02-15", duties: duties(zhang), deeds: daysOnly,
			want: []string{"2026-W07 area: 2 asked, 3 done, 1 short, night 0 of 1; zhang 7d 2-3=1"}},
		{name: "one by day lacks one: at night it is both", rule: twoANight, first: "02-09", last: "02-15", duties: duties(zhang), deeds: patrols(zhang, area, "02-10"),
			want: []string{"2026-W07 area: 2 asked, 1 done, 1 short, night 0 of 1; zhang 7d 2-1=1"}},
		{name: "none lack two", rule: twoANight, first: "02-09", last: "02-15", duties: duties(zhang),
			want: []string{"2026-W07 area: 2 asked, 0 done, 2 short, night 0 of 1; zhang 7d 2-0=2"}},
		{name: "all at night is fine", rule: twoANight, first: "02-09", last: "02-15", duties: duties(zhang), deeds: patrols(zhang, area, "02-10 22:00-22:30", "02-11 22:00-22:30"),
			want: []string{"2026-W07 area: 2 asked, 2 done, 0 short, night 2 of 1; zhang 7d 2-2=0"}},
		{name: "the night of the last day belongs to the week", rule: twoANight, first: "02-09", last: "02-15", duties: duties(zhang),
			deeds: patrols(zhang, area, "02-08 23:00-05:00", "02-15 23:30-05:00"),
			want:  []string{"2026-W07 area: 2 asked, 1 done, 1 short, night 1 of 1; zhang 7d 2-1=1"}},
		{name: "a night in another's share is no credit", rule: twoANight, first: "02-09", last: "02-15",
			duties: duties(holds("zhang", "officer", "01-10", "02-12", area), holds("li", "officer", "02-12", "", area)), // 3 and 4 days
			deeds:  deeds(patrols(zhang, area, "02-10 22:00-22:30"), patrols(from15, area, "02-15")),
			want:   []string{"2026-W07 area: 2 asked, 2 done, 1 short, night 1 of 1; zhang 3d 1-1=0; li 4d 1-1=1"}},
		{name: "nobody owes more nights than patrols", rule: with(twoANight, func(r *programme.DutyRule) { r.Count, r.Night = 4, 3 }), first: "02-09", last: "02-15",
			duties: duties(a, b, c), deeds: deeds(patrols(b, area, "02-10", "02-11 22:00-22:30"), patrols(c, area, "02-13", "02-14 22:00-22:30")),
			want: []string{"2026-W07 area: 4 asked, 4 done, 1 short, night 2 of 3; a 1d 0-0=0; b 3d 2-2=0; c 3d 2-2=1"}},
	})
}

func TestPeaks(t *testing.T) {
	water := programme.DutyRule{What: "patrol", Role: "inspector", Level: 4, Period: "month", Count: 5, Per: "holder",
		Peak: &programme.Peak{Months: []int{4, 5, 6, 7, 8, 11}, Count: 10, Night: 1}}
	wu := holds("wu", "inspector", "01-01", "", area)
	night := patrols(wu, area, "03-03 22:00-23:00", "04-03 22:00-23:00")
	weekly := with(twoANight, func(r *programme.DutyRule) { r.Peak = &programme.Peak{Months: []int{4}, Count: 4} })
	run(t, []row{
		{name: "own count and nights in the months of the peak", rule: water, first: "03-01", last: "04-30", duties: duties(wu), deeds: night,
			want: []string{"2026-03 area/wu: 5 asked, 1 done, 4 short; wu 31d 5-1=4",
				"2026-04 area/wu: 10 asked, 1 done, 9 short, night 1 of 1; wu 30d 10-1=9"}},
		{name: "a week is of the month in which it begins", rule: weekly, first: "03-23", last: "04-12", duties: duties(zhang),
			want: []string{"2026-W13 area: 2 asked, 0 done, 2 short, night 0 of 1; zhang 7d 2-0=2",
				"2026-W14 area: 2 asked, 0 done, 2 short, night 0 of 1; zhang 7d 2-0=2", // from Monday 30 March
				"2026-W15 area: 4 asked, 0 done, 4 short; zhang 7d 4-0=4"}},
	})
}

func TestWorkingDaysOnly(t *testing.T) {
	publicity := programme.DutyRule{What: "publicity", Role: "chief", Level: 3, Period: "month", Count: 4, Per: "cell", WorkingDaysOnly: true}
	daily := with(five, func(r *programme.DutyRule) { r.Period, r.Count, r.WorkingDaysOnly = "day", 1, true })
	run(t, []row{
		// February has 16: 2 to 6, 9 to 13, the made-up Saturdays 14 and 28, and 24 to 27. By 5 and 11 of them 4 is 1.25 and 2.75.
		{name: "shared by working days", rule: publicity,
			duties: duties(holds("mayor", "chief", "01-01", "02-07", community), holds("next", "chief", "02-07", "", community)),
			want:   []string{"2026-02 community: 4 asked, 0 done, 4 short; mayor 5d 1-0=1; next 11d 3-0=3"}},
		{name: "done on working days", rule: publicity, duties: duties(mayor),
			deeds: did(mayor, "publicity", community, "02-01", "02-02", "02-14", "02-15", "02-21"), // Sunday, Monday, worked Saturday, off, off
			want:  []string{"2026-02 community: 4 asked, 2 done, 2 short; mayor 16d 4-2=2"}},
		{name: "a day off asks for nothing", rule: daily, first: "02-13", last: "02-24", duties: duties(zhang),
			want: []string{"2026-02-13 area: 1 asked, 0 done, 1 short; zhang 1d 1-0=1", "2026-02-14 area: 1 asked, 0 done, 1 short; zhang 1d 1-0=1",
				"2026-02-24 area: 1 asked, 0 done, 1 short; zhang 1d 1-0=1"}},
		{name: "who held it on days off only has no share", rule: publicity,
			duties: duties(holds("mayor", "chief", "01-01", "02-01", community), holds("next", "chief", "02-15", "02-24", community)),
			want:   []string{"2026-02 community: 4 asked, 0 done, 4 short; ?* 16d 4-0=4"}},
	})
	bare := *law
	bare.Calendar = nil // Monday to Friday
	periods := of(&bare, "day", "02-13", "02-17")
	var got []string
	patrol.NewCount(&bare, daily, periods, &patrol.Ground{Duties: duties(zhang)}).Each(periods, func(p patrol.Period, _ patrol.Line) { got = append(got, p.Key) })
	if want := []string{"2026-02-13", "2026-02-16", "2026-02-17"}; !slices.Equal(got, want) {
		t.Errorf("without a calendar the working days are %v, want %v", got, want)
	}
}

func TestBeforeAHoliday(t *testing.T) {
	run(t, []row{{name: "the seven days before the Spring Festival", rule: with(five, func(r *programme.DutyRule) { r.Period, r.Count = "before_holiday", 2 }),
		duties: duties(zhang), deeds: patrols(zhang, area, "02-07", "02-08", "02-15"),
		want: []string{"2026-02-15-holiday area: 2 asked, 1 done, 1 short; zhang 7d 2-1=1"}}})
}

func TestPerPremises(t *testing.T) {
	each := programme.DutyRule{What: "patrol", Role: "officer", Level: 4, Period: "month", Count: 1, Per: "premises"}
	both := premises("", "", site, site2)
	twice := with(each, func(r *programme.DutyRule) { r.Count = 2 })
	selfCheck := programme.DutyRule{What: "self_check", Role: "chief", Level: 5, Period: "day", Count: 1, Per: "premises"}
	owner := holds("owner", "chief", "01-01", "02-15", site)
	run(t, []row{
		{name: "each asks for itself; those elsewhere of somebody else", rule: each, duties: duties(zhang), cells: premises("", "", site2, farSite, site),
			deeds: deeds(patrols(zhang, site, "02-02", "02-03"), patrols(zhang, area, "02-04")),
			want:  []string{"2026-02 site: 1 asked, 2 done, 0 short; zhang 28d 1-2=0", "2026-02 site2: 1 asked, 0 done, 1 short; zhang 28d 1-0=1"}},
		{name: "a walk counts at each", rule: each, duties: duties(zhang), cells: both,
			deeds: walk("w", patrols(zhang, site, "02-02 09:00-09:30"), patrols(zhang, site2, "02-02 09:30-10:00")),
			want:  []string{"2026-02 site: 1 asked, 1 done, 0 short; zhang 28d 1-1=0", "2026-02 site2: 1 asked, 1 done, 0 short; zhang 28d 1-1=0"}},
		{name: "shared as the post's", rule: twice, duties: duties(until14, mayor), cells: premises("", "", site), deeds: patrols(mayor, site, "02-20"),
			want: []string{"2026-02 site: 2 asked, 1 done, 1 short; zhang 14d 1-0=1; mayor* 14d 1-1=0"}},
		{name: "from when they are in the grid", rule: twice, duties: duties(zhang), cells: premises("02-15", "", site),
			want: []string{"2026-02 site: 1 asked, 0 done, 1 short; zhang 14d 1-0=1"}},
		{name: "until they leave it", rule: twice, duties: duties(zhang), cells: premises("", "02-15", site),
			want: []string{"2026-02 site: 1 asked, 0 done, 1 short; zhang 14d 1-0=1"}},
		{name: "half a day is the later's: there", rule: with(selfCheck, func(r *programme.DutyRule) { r.Level = 4 }), first: "02-15", last: "02-15",
			duties: duties(head), cells: premises("02-15 12:00", "", site), want: []string{"2026-02-15 site: 1 asked, 0 done, 1 short; head 1d 1-0=1"}},
		{name: "or gone", rule: with(selfCheck, func(r *programme.DutyRule) { r.Level = 4 }), first: "02-15", last: "02-15",
			duties: duties(head), cells: premises("", "02-15 12:00", site)},
		{name: "its own head checks it, then the office above", rule: selfCheck, first: "02-14", last: "02-15", duties: duties(owner, head), cells: both,
			deeds: deeds(did(owner, "self_check", site, "02-14"), did(head, "self_check", site, "02-15"), did(head, "self_check", site2, "02-15")),
			want:  []string{"2026-02-14 site: 1 asked, 1 done, 0 short; owner 1d 1-1=0", "2026-02-15 site: 1 asked, 1 done, 0 short; head* 1d 1-1=0"}},
		{name: "nothing where there are none", rule: each, duties: duties(zhang), cells: premises("", "", farSite)},
	})
}

func TestAWalkCountsOnce(t *testing.T) {
	around := func(day string) []patrol.Deed {
		return walk("w", patrols(zhang, area, day+" 19:00-20:00"), patrols(zhang, site, day+" 20:00-20:30"), patrols(zhang, site2, day+" 20:30-21:00"))
	}
	owner := holds("owner", "chief", "01-01", "", site)
	atSite := programme.DutyRule{What: "patrol", Role: "chief", Level: 5, Period: "month", Count: 5, Per: "cell"}
	li := holds("li", "officer", "01-10", "", area)
	early, late := holds("early", "officer", "02-15 13:00", "02-15 20:00", area), holds("late", "officer", "02-15 20:00", "", area)
	run(t, []row{
		{name: "for an area's duty", rule: five, duties: duties(zhang), deeds: around("02-03"),
			want: []string{"2026-02 area: 5 asked, 1 done, 4 short; zhang 28d 5-1=4"}},
		{name: "on each day", rule: five, duties: duties(zhang), deeds: deeds(around("02-03"), around("02-04")),
			want: []string{"2026-02 area: 5 asked, 2 done, 3 short; zhang 28d 5-2=3"}},
		{name: "and two walks twice", rule: five, duties: duties(zhang), deeds: deeds(around("02-03"), walk("v", patrols(zhang, area, "02-03"))),
			want: []string{"2026-02 area: 5 asked, 2 done, 3 short; zhang 28d 5-2=3"}},
		{name: "for who went along, too", rule: with(five, func(r *programme.DutyRule) { r.Per = "holder" }), duties: duties(zhang, li),
			deeds: deeds(around("02-03"), walk("w", patrols(li, site, "02-03 20:00-20:30"), patrols(li, site2, "02-03 20:30-21:00"))),
			want:  []string{"2026-02 area/li: 5 asked, 1 done, 4 short; li 28d 5-1=4", "2026-02 area/zhang: 5 asked, 1 done, 4 short; zhang 28d 5-1=4"}},
		{name: "as one patrol: an hour of two was in the night", rule: twoANight, first: "02-09", last: "02-15", duties: duties(zhang), deeds: around("02-10"),
			want: []string{"2026-W07 area: 2 asked, 1 done, 1 short, night 1 of 1; zhang 7d 2-1=1"}},
		{name: "less than half was", rule: twoANight, first: "02-09", last: "02-15", duties: duties(zhang), deeds: around("02-10")[:2],
			want: []string{"2026-W07 area: 2 asked, 1 done, 1 short, night 0 of 1; zhang 7d 2-1=1"}},
		// Nobody's day: the officers came at 13:00 and 20:00. The walk was who ended it.
		{name: "for who was there at its end", rule: five, duties: duties(early, late),
			deeds: walk("w", patrols(early, area, "02-15 19:00-19:30"), patrols(late, area, "02-15 20:00-20:30")),
			want:  []string{"2026-02 area: 2 asked, 1 done, 1 short; late 13d 2-1=1"}},
		{name: "on premises each counts", rule: atSite, duties: duties(owner), deeds: walk("w", patrols(owner, site, "02-03 09:00-09:30", "02-03 09:30-10:00")),
			want: []string{"2026-02 site: 5 asked, 2 done, 3 short; owner 28d 5-2=3"}},
	})
}

func TestPerHolder(t *testing.T) {
	each := with(five, func(r *programme.DutyRule) { r.Per = "holder" })
	li := holds("li", "officer", "02-15", "", area)
	over := holds("irrigation", "chief", "01-01", "02-22", community, area2, area)
	overAreas := with(each, func(r *programme.DutyRule) { r.Role = "chief" })
	there := patrols(over, farSite, "02-03")
	there[0].Cell = area2
	run(t, []row{
		{name: "each duty by itself", rule: each, duties: duties(zhang, li), deeds: deeds(patrols(zhang, area, "02-03"), patrols(li, area, "02-16", "02-17")),
			want: []string{"2026-02 area/zhang: 5 asked, 1 done, 4 short; zhang 28d 5-1=4", "2026-02 area/li: 3 asked, 2 done, 1 short; li 14d 3-2=1"}},
		{name: "in the order of the posts", rule: each, duties: duties(holds("a", "officer", "01-01", "", area2), holds("b", "officer", "01-02", "", area)),
			want: []string{"2026-02 area/b: 5 asked, 0 done, 5 short; b 28d 5-0=5", "2026-02 area2/a: 5 asked, 0 done, 5 short; a 28d 5-0=5"}},
		{name: "and the post while it is vacant", rule: each, duties: duties(until14, mayor), deeds: deeds(patrols(until14, area, "02-03"), patrols(mayor, area, "02-16", "02-03")),
			want: []string{"2026-02 area: 3 asked, 1 done, 2 short; mayor* 14d 3-1=2", "2026-02 area/zhang: 2 asked, 1 done, 1 short; zhang 14d 2-1=1"}},
		// A community is no area, so the duty is told at the first of its areas; a patrol under it counts wherever it was, once.
		{name: "a duty over several cells is one", rule: overAreas, duties: duties(over), deeds: deeds(there, patrols(over, community, "02-04")),
			want: []string{"2026-02 area2: 1 asked, 0 done, 1 short; ?* 7d 1-0=1", "2026-02 area2/irrigation: 4 asked, 2 done, 2 short; irrigation 21d 4-2=2"}},
		{name: "as long as one of them is in the grid", rule: overAreas, duties: duties(holds("irrigation", "chief", "01-01", "", area2, area)), cells: premises("", "02-08", area2),
			want: []string{"2026-02 area2/irrigation: 5 asked, 0 done, 5 short; irrigation 28d 5-0=5"}},
		{name: "of all it is 5 by 14 days and 14", rule: overAreas, duties: duties(holds("irrigation", "chief", "01-01", "", area2, area)),
			cells: append(premises("", "02-08", area2), premises("", "02-15", area)...),
			want:  []string{"2026-02 area2/irrigation: 2 asked, 0 done, 2 short; irrigation 14d 2-0=2"}},
		{name: "a duty in a department is on no cell", rule: each, duties: duties(grid.Duty{ID: "d", Role: "officer", ActsAs: "officer", Person: "d", Department: "brigade"})},
	})
}

func TestClasses(t *testing.T) {
	d := programme.DutyRule{What: "patrol", Role: "officer", Level: 4, Class: "D", Period: "month", Count: 2, Per: "premises"}
	base := premises("", "", site)[0]
	gone := premises("", "02-15", site)[0]
	asked := []string{"2026-02 site: 2 asked, 0 done, 2 short; zhang 28d 2-0=2"}
	run(t, []row{
		{name: "of the class", rule: d, duties: duties(zhang), cells: []patrol.Cell{classed(base, "D", "01-01", "")}, want: asked},
		{name: "of another", rule: d, duties: duties(zhang), cells: []patrol.Cell{classed(base, "A", "01-01", "")}},
		{name: "of none", rule: d, duties: duties(zhang), cells: []patrol.Cell{base}},
		{name: "the class at the period's end says for the whole", rule: d, duties: duties(zhang),
			cells: []patrol.Cell{classed(classed(base, "A", "01-01", "02-28 17:00"), "D", "02-28 17:00", "")}, want: asked},
		{name: "not the one after it", rule: d, duties: duties(zhang), cells: []patrol.Cell{classed(classed(base, "D", "01-01", "03-01"), "A", "03-01", "")}, want: asked},
		{name: "nor one given later to what had none", rule: d, duties: duties(zhang), cells: []patrol.Cell{classed(base, "D", "03-01", "")}},
		{name: "nor the one taken away", rule: d, duties: duties(zhang), cells: []patrol.Cell{classed(base, "D", "01-01", "02-28 17:00")}},
		{name: "where they left the grid, the class they had", rule: d, duties: duties(zhang), cells: []patrol.Cell{classed(gone, "D", "01-01", "02-15")},
			want: []string{"2026-02 site: 1 asked, 0 done, 1 short; zhang 14d 1-0=1"}},
		{name: "a cell of the grid has one as well", rule: with(five, func(r *programme.DutyRule) { r.Class = "country" }),
			duties: duties(zhang, holds("li", "officer", "01-10", "", area2)), cells: []patrol.Cell{classed(premises("", "", area2)[0], "country", "01-01", "")},
			want: []string{"2026-02 area2: 5 asked, 0 done, 5 short; li 28d 5-0=5"}},
	})
}

func TestWhatIsHeldRatherThanWalked(t *testing.T) {
	meeting := programme.DutyRule{What: "meeting", Role: "chief", Level: 3, Period: "month", Count: 2, Per: "cell"}
	held := did(holds("anybody", "officer", "01-01", "", community), "meeting", community, "02-03", "02-20")
	elsewhere := did(holds("anybody", "officer", "01-01", "", street), "meeting", street, "02-04")
	two := holds("chiefs", "chief", "01-01", "", community, "410104001002")
	run(t, []row{
		{name: "whoever recorded it at the cell", rule: meeting, duties: duties(mayor), deeds: deeds(held, elsewhere, did(mayor, "training", community, "02-05")),
			want: []string{"2026-02 community: 2 asked, 2 done, 0 short; mayor 28d 2-2=0"}},
		{name: "on the days of those who stood in, for them", rule: meeting,
			duties: duties(holds("mayor", "chief", "01-01", "02-15", community), holds("sub", "chief", "01-01", "", street)), deeds: held,
			want: []string{"2026-02 community: 2 asked, 2 done, 0 short; mayor 14d 1-1=0; sub* 14d 1-1=0"}},
		{name: "at any of a duty's cells", rule: with(meeting, func(r *programme.DutyRule) { r.Per = "holder" }), duties: duties(two),
			deeds: deeds(held[:1], did(holds("anybody", "officer", "01-01", "", "410104001002"), "meeting", "410104001002", "02-04")),
			want:  []string{"2026-02 community/chiefs: 2 asked, 2 done, 0 short; chiefs 28d 2-2=0"}},
		{name: "a campaign opened", rule: with(meeting, func(r *programme.DutyRule) { r.What = "campaign" }), duties: duties(mayor),
			deeds: did(mayor, "campaign", community, "02-03"),
			want:  []string{"2026-02 community: 2 asked, 1 done, 1 short; mayor 28d 2-1=1"}},
	})
}
