package patrol_test

import (
	"testing"

	"gridward/domain/grid"
	"gridward/domain/patrol"
	"gridward/domain/programme"
)

// five patrols of an area a month, by whoever is its officer.
var five = programme.DutyRule{What: "patrol", Role: "officer", Level: 4, Period: "month", Count: 5, Per: "cell"}

// with is another rule like it.
func with(r programme.DutyRule, change func(*programme.DutyRule)) programme.DutyRule {
	change(&r)
	return r
}

var (
	zhang = holds("zhang", "officer", "01-10", "", area)
	// Two people one after the other: February in halves of 14 days.
	until14 = holds("zhang", "officer", "01-10", "02-15", area)
	from15  = holds("li", "officer", "02-15", "", area)

	head   = holds("head", "chief", "01-01", "", area)
	mayor  = holds("mayor", "chief", "01-01", "", community)
	police = holds("police", "supervisor", "01-01", "", community)
)

func duties(d ...grid.Duty) []grid.Duty { return d }

func deeds(d ...[]patrol.Deed) []patrol.Deed {
	var out []patrol.Deed
	for _, some := range d {
		out = append(out, some...)
	}
	return out
}

func TestTheCountOfAMonth(t *testing.T) {
	run(t, []row{
		{name: "what is missing", rule: five, duties: duties(zhang), deeds: patrols(zhang, area, "02-02", "02-10", "02-28"),
			want: []string{"2026-02 area: 5 asked, 3 done, 2 short; zhang 28d 5-3=2"}},
		{name: "what is beyond it", rule: five, duties: duties(zhang), deeds: patrols(zhang, area, "02-02", "02-03", "02-04", "02-05", "02-06", "02-07"),
			want: []string{"2026-02 area: 5 asked, 6 done, 0 short; zhang 28d 5-6=0"}},
		{name: "wherever in the area", rule: five, duties: duties(zhang), deeds: deeds(patrols(zhang, site, "02-02"), patrols(zhang, site2, "02-02")),
			want: []string{"2026-02 area: 5 asked, 2 done, 3 short; zhang 28d 5-2=3"}},
		{name: "by the local day of the start", rule: five, duties: duties(zhang),
			deeds: patrols(zhang, area, "01-31 23:50-00:30", "02-28 23:59-00:59", "03-01 00:00-00:30"),
			want:  []string{"2026-02 area: 5 asked, 1 done, 4 short; zhang 28d 5-1=4"}},
		{name: "not under another duty", rule: five, duties: duties(zhang, head), deeds: patrols(head, area, "02-02"),
			want: []string{"2026-02 area: 5 asked, 0 done, 5 short; zhang 28d 5-0=5"}},
		{name: "nor what is something else", rule: five, duties: duties(zhang), deeds: did(zhang, "self_check", area, "02-02"),
			want: []string{"2026-02 area: 5 asked, 0 done, 5 short; zhang 28d 5-0=5"}},
		{name: "one patrol counts for the cell and its ancestors", rule: with(five, func(r *programme.DutyRule) { r.Role, r.Level = "chief", 3 }),
			duties: duties(mayor), deeds: patrols(mayor, site, "02-02"),
			want: []string{"2026-02 community: 5 asked, 1 done, 4 short; mayor 28d 5-1=4"}},
		{name: "each post for itself", rule: five, duties: duties(zhang, holds("li", "officer", "01-10", "", area2)),
			deeds: patrols(zhang, area, "02-02", "02-03", "02-04", "02-05", "02-06", "02-07"),
			want: []string{"2026-02 area: 5 asked, 6 done, 0 short; zhang 28d 5-6=0",
				"2026-02 area2: 5 asked, 0 done, 5 short; li 28d 5-0=5"}},
		{name: "not at another level", rule: five, duties: duties(holds("zhang", "officer", "01-10", "", community))},
		{name: "nor of another role", rule: five, duties: duties(head)},
		{name: "one of the six means whoever acts as it", rule: five, duties: duties(holds("wu", "inspector", "01-10", "", area)),
			deeds: patrols(holds("wu", "inspector", "01-10", "", area), area, "02-02"),
			want:  []string{"2026-02 area: 5 asked, 1 done, 4 short; wu 28d 5-1=4"}},
		{name: "the programme's own post only its own", rule: with(five, func(r *programme.DutyRule) { r.Role = "inspector" }), duties: duties(zhang)},
	})
}

func TestWhoAnswersByDays(t *testing.T) {
	twice := holds("zhang", "inspector", "01-20", "", area)
	twice.ID = "another duty of zhang's"
	run(t, []row{
		// 2.5 each: the half goes to the later. What zhang did beyond his 2 is no credit for li.
		{name: "two one after the other", rule: five, duties: duties(until14, from15),
			deeds: deeds(patrols(until14, area, "02-02", "02-03", "02-04", "02-05"), patrols(from15, area, "02-20")),
			want:  []string{"2026-02 area: 5 asked, 5 done, 2 short; zhang 14d 2-4=0; li 14d 3-1=2"}},
		// 5 by 16 and 12 days: 2.86 and 2.14.
		{name: "the larger remainder", rule: five, duties: duties(holds("zhang", "officer", "01-10", "02-17", area), holds("li", "officer", "02-17", "", area)),
			want: []string{"2026-02 area: 5 asked, 0 done, 5 short; zhang 16d 3-0=3; li 12d 2-0=2"}},
		{name: "it starts with the first duty given there", rule: five, duties: duties(from15),
			want: []string{"2026-02 area: 3 asked, 0 done, 3 short; li 14d 3-0=3"}},
		// 5 by 16 and 12 days: the 16 before are nobody's 3.
		{name: "and the days before are nobody's share", rule: five, duties: duties(holds("li", "officer", "02-17", "", area)),
			want: []string{"2026-02 area: 2 asked, 0 done, 2 short; li 12d 2-0=2"}},
		{name: "nothing before it", rule: five, duties: duties(holds("li", "officer", "03-01", "", area))},
		{name: "a share may be none", rule: with(five, func(r *programme.DutyRule) { r.Count = 1 }), duties: duties(holds("li", "officer", "02-20", "", area)),
			deeds: patrols(holds("li", "officer", "02-20", "", area), area, "02-21"),
			want:  []string{"2026-02 area: 0 asked, 1 done, 0 short; li 9d 0-1=0"}},

		// Both together are one claim for the days on which they were two.
		{name: "those who hold it together answer for the whole", rule: five, duties: duties(zhang, from15),
			deeds: deeds(patrols(zhang, area, "02-03", "02-16"), patrols(from15, area, "02-17")),
			want:  []string{"2026-02 area: 5 asked, 3 done, 2 short; zhang 14d 2-1=1; zhang+ 14d 3-2=1; li+ 14d 3-2=1"}},
		{name: "who holds it under two names answers once", rule: five, duties: duties(zhang, twice),
			want: []string{"2026-02 area: 5 asked, 0 done, 5 short; zhang 28d 5-0=5"}},
		{name: "a patrol of both is one", rule: five, duties: duties(zhang, holds("li", "officer", "01-10", "", area)),
			deeds: func() []patrol.Deed {
				both := deeds(patrols(zhang, area, "02-03"), patrols(holds("li", "officer", "01-10", "", area), area, "02-03"))
				both[1].ID = both[0].ID
				return both
			}(),
			want: []string{"2026-02 area: 5 asked, 1 done, 4 short; li+ 28d 5-1=4; zhang+ 28d 5-1=4"}},
		// Zhang has the first and the last week to himself, and the two between with li.
		{name: "the same holders twice have one share", rule: five, duties: duties(zhang, holds("li", "officer", "02-08", "02-22", area)),
			deeds: patrols(zhang, area, "02-02", "02-25", "02-26"),
			want:  []string{"2026-02 area: 5 asked, 3 done, 2 short; zhang+ 14d 2-0=2; li+ 14d 2-0=2; zhang 14d 3-3=0"}},
	})
}

func TestADayIsWhoseItMostlyWas(t *testing.T) {
	for _, tc := range []struct{ handover, want string }{
		{"02-15 11:00", "2026-02 area: 28 asked, 0 done, 28 short; zhang 14d 14-0=14; li 14d 14-0=14"},
		{"02-15 12:00", "2026-02 area: 28 asked, 0 done, 28 short; zhang 14d 14-0=14; li 14d 14-0=14"}, // half and half: the later
		{"02-15 13:00", "2026-02 area: 28 asked, 0 done, 28 short; zhang 15d 15-0=15; li 13d 13-0=13"},
	} {
		run(t, []row{{name: tc.handover, rule: with(five, func(r *programme.DutyRule) { r.Count = 28 }),
			duties: duties(holds("zhang", "officer", "01-10", tc.handover, area), holds("li", "officer", tc.handover, "", area)), want: []string{tc.want}}})
	}
	late := holds("li", "officer", "02-15 13:00", "", area)
	run(t, []row{
		// The 15th is nobody's, but what li did on it is li's; the 16th to the 28th are 13 days: 5 by 15 and 13 is 2.68 and 2.32.
		{name: "what was done on nobody's day counts for who answered at that hour", rule: five, duties: duties(late), deeds: patrols(late, area, "02-15 14:00-15:00"),
			want: []string{"2026-02 area: 2 asked, 1 done, 1 short; li 13d 2-1=1"}},
		{name: "it may have begun before", rule: five, duties: duties(late), deeds: patrols(late, area, "02-15 12:30-13:30"),
			want: []string{"2026-02 area: 2 asked, 1 done, 1 short; li 13d 2-1=1"}},
		{name: "what was done on another's day counts for the day", rule: five, duties: duties(holds("zhang", "officer", "01-10", "02-15 13:00", area), late),
			deeds: patrols(late, area, "02-15 14:00-15:00"),
			want:  []string{"2026-02 area: 5 asked, 1 done, 4 short; zhang 15d 3-1=2; li 13d 2-0=2"}},
	})
}

func TestAVacantPostFallsOnTheOfficeInCharge(t *testing.T) {
	sponsor := holds("boss", "sponsor", "01-01", "", community)
	dayOff := holds("zhang", "officer", "01-10", "02-15", area)
	run(t, []row{
		{name: "the cell's own chief first", rule: five, duties: duties(until14, head, mayor),
			deeds: deeds(patrols(until14, area, "02-02", "02-03"), patrols(head, site, "02-10", "02-20")),
			want:  []string{"2026-02 area: 5 asked, 3 done, 2 short; zhang 14d 2-2=0; head* 14d 3-1=2"}},
		{name: "then the nearest above; its patrols count in the area only", rule: five, duties: duties(until14, mayor),
			deeds: deeds(patrols(mayor, area, "02-14", "02-15"), patrols(mayor, farSite, "02-16"), patrols(mayor, community, "02-17"), patrols(mayor, site, "02-18")),
			want:  []string{"2026-02 area: 5 asked, 2 done, 3 short; zhang 14d 2-0=2; mayor* 14d 3-2=1"}},
		{name: "the office's chief before its supervisor, that one before its sponsor", rule: five, duties: duties(until14, sponsor, police, mayor),
			want: []string{"2026-02 area: 5 asked, 0 done, 5 short; zhang 14d 2-0=2; mayor* 14d 3-0=3"}},
		{name: "the supervisor before the sponsor", rule: five, duties: duties(until14, sponsor, police),
			want: []string{"2026-02 area: 5 asked, 0 done, 5 short; zhang 14d 2-0=2; police* 14d 3-0=3"}},
		{name: "only what it did while it stood in, under that duty", rule: five, duties: duties(until14, mayor, police),
			deeds: deeds(patrols(mayor, area, "02-03"), patrols(police, area, "02-20")),
			want:  []string{"2026-02 area: 5 asked, 0 done, 5 short; zhang 14d 2-0=2; mayor* 14d 3-0=3"}},
		// 14, 7 and 7 days: 4 is 2, 1 and 1.
		{name: "the office may change meanwhile", rule: with(five, func(r *programme.DutyRule) { r.Count = 4 }),
			duties: duties(until14, holds("mayor", "chief", "01-01", "02-22", community), holds("sub", "chief", "01-01", "", street)),
			want:   []string{"2026-02 area: 4 asked, 0 done, 4 short; zhang 14d 2-0=2; mayor* 7d 1-0=1; sub* 7d 1-0=1"}},
		{name: "or there is none at all", rule: five, duties: duties(until14), want: []string{"2026-02 area: 5 asked, 0 done, 5 short; zhang 14d 2-0=2; ?* 14d 3-0=3"}},
		{name: "an officer above is no office", rule: five, duties: duties(until14, holds("li", "officer", "01-01", "", community)),
			want: []string{"2026-02 area: 5 asked, 0 done, 5 short; zhang 14d 2-0=2; ?* 14d 3-0=3"}},
		{name: "not before the first duty", rule: five, duties: duties(from15, mayor), want: []string{"2026-02 area: 3 asked, 0 done, 3 short; li 14d 3-0=3"}},
		{name: "a chief's post falls on the chief above", rule: with(five, func(r *programme.DutyRule) { r.Role = "chief" }),
			duties: duties(holds("head", "chief", "01-01", "02-15", area), mayor),
			want:   []string{"2026-02 area: 5 asked, 0 done, 5 short; head 14d 2-0=2; mayor* 14d 3-0=3"}},
		{name: "an evening without an officer is not yet a vacant day", rule: with(five, func(r *programme.DutyRule) { r.Period, r.Count = "day", 1 }),
			first: "02-14", last: "02-15", duties: duties(holds("zhang", "officer", "01-10", "02-14 18:00", area), mayor), deeds: patrols(dayOff, area, "02-14"),
			want: []string{"2026-02-14 area: 1 asked, 1 done, 0 short; zhang 1d 1-1=0", "2026-02-15 area: 1 asked, 0 done, 1 short; mayor* 1d 1-0=1"}},
	})
}

func TestARetiredCellAsksForNothing(t *testing.T) {
	gone := premises("", "02-15", area)
	daily := with(five, func(r *programme.DutyRule) { r.Period, r.Count = "day", 1 })
	run(t, []row{
		{name: "5 by 14 days and the 14 after", rule: five, duties: duties(zhang, mayor), cells: gone, deeds: patrols(zhang, area, "02-02"),
			want: []string{"2026-02 area: 2 asked, 1 done, 1 short; zhang 14d 2-1=1"}},
		{name: "nor of the office above", rule: five, duties: duties(holds("zhang", "officer", "01-10", "02-08", area), mayor), cells: gone,
			// 5 by 7, 7 and 14 days: 1.25, 1.25 and 2.5, and the one left over goes to the later.
			want: []string{"2026-02 area: 2 asked, 0 done, 2 short; zhang 7d 1-0=1; mayor* 7d 1-0=1"}},
		{name: "nothing afterwards", rule: five, first: "03-01", last: "03-31", duties: duties(zhang, mayor), cells: gone},
		{name: "day by day", rule: daily, first: "02-13", last: "02-16", duties: duties(zhang), cells: gone,
			want: []string{"2026-02-13 area: 1 asked, 0 done, 1 short; zhang 1d 1-0=1", "2026-02-14 area: 1 asked, 0 done, 1 short; zhang 1d 1-0=1"}},
		{name: "what was done on its last morning counts", rule: five, duties: duties(zhang), cells: premises("", "02-15 10:00", area),
			deeds: patrols(zhang, area, "02-15"), want: []string{"2026-02 area: 2 asked, 1 done, 1 short; zhang 14d 2-1=1"}},
		{name: "a cell put into the grid after its first duty asks from the duty on", rule: five, duties: duties(zhang), cells: premises("02-15", "", area),
			want: []string{"2026-02 area: 5 asked, 0 done, 5 short; zhang 28d 5-0=5"}},
	})
}
