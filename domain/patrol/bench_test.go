package patrol_test

import (
	"fmt"
	"testing"
	"time"

	"gridward/domain/grid"
	"gridward/domain/patrol"
	"gridward/domain/programme"
)

// bigDistrict is 100 areas of 50 premises each, with an officer for every area and a head for every premises, and what
// they did in January: a patrol of each area every day, four premises on the way, and nine in ten of the self-checks,
// 155,000 deeds in all.
func bigDistrict() (*patrol.Law, []patrol.Period, func() *patrol.Ground, patrol.Deeds) {
	laws := patrol.Laws{Programme: "fire", Zone: shanghai, Calendars: []patrol.Edition{{Calendar: builtin}}, Versions: []patrol.Version{{Rules: []programme.DutyRule{
		{What: "self_check", Role: "chief", Level: 5, Period: "day", Count: 1, Per: "premises"},
		{What: "patrol", Role: "officer", Level: 4, Period: "day", Count: 1, Per: "cell"},
		{What: "patrol", Role: "officer", Level: 4, Period: "week", Count: 1, Night: 1, Per: "cell"},
		{What: "patrol", Role: "officer", Level: 4, Period: "month", Count: 1, Per: "premises"},
	}}}}
	var duties []grid.Duty
	var cells []patrol.Cell
	done := map[string][]patrol.Deed{}
	for a := range uint64(100) {
		area := grid.CodeOf(grid.Area, 410104001001000+a)
		officer := holds("officer of "+string(area), "officer", "01-01", "", area)
		duties = append(duties, officer)
		var heads []grid.Duty
		for s := range 50 {
			site := area + grid.CellCode(fmt.Sprintf("%04d", s))
			cells = append(cells, patrol.Cell{Code: site})
			heads = append(heads, holds("head of "+string(site), "chief", "01-01", "", site))
		}
		duties = append(duties, heads...)
		for n := 1; n <= 31; n++ {
			day, hour := fmt.Sprintf("01-%02d ", n), 9+3*((n+int(a))%5)
			way := [][]patrol.Deed{patrols(officer, area, fmt.Sprintf("%s%02d:00-%02d:20", day, hour, hour))}
			for i := range 4 {
				way = append(way, patrols(officer, heads[(4*n+i)%50].Cells[0], fmt.Sprintf("%s%02d:20-%02d:40", day, hour, hour)))
			}
			done["patrol"] = append(done["patrol"], walk(day+string(area), way...)...)
			for s, head := range heads {
				if (s+n)%10 > 0 {
					done["self_check"] = append(done["self_check"], did(head, "self_check", head.Cells[0], day+"08:00-08:10")...)
				}
			}
		}
	}
	due := laws.Ended(at("01-01"), at("02-01"), patrol.Span{})[0]
	ground := func() *patrol.Ground { return &patrol.Ground{Duties: duties, Cells: cells} }
	return due.Law, due.Periods, ground, func(rule programme.DutyRule, _, _ time.Time) ([]patrol.Deed, error) { return done[rule.What], nil }
}

func BenchmarkJudgeMonth(b *testing.B) {
	law, periods, ground, deeds := bigDistrict()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := patrol.Judge(law, periods, ground(), deeds); err != nil {
			b.Fatal(err)
		}
	}
}
