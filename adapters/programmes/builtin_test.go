package programmes_test

import (
	"maps"
	"slices"
	"testing"

	"gridward/adapters/programmes"
	"gridward/domain/programme"
)

func builtin(t *testing.T) map[string]programme.Programme {
	t.Helper()
	all, err := programmes.Builtin()
	if err != nil {
		t.Fatal(err)
	}
	byCode := map[string]programme.Programme{}
	for _, p := range all {
		byCode[p.Code] = p
	}
	return byCode
}

// The figures of the design, written by hand.
func TestBuiltinProgrammes(t *testing.T) {
	type counts struct{ roles, classes, fields, checklist, minor, serious, major, duties, ladders int }
	all := builtin(t)
	for code, want := range map[string]struct {
		levels   []int
		office   int
		transfer int
		fields   []string
		counts
	}{
		"fire": {[]int{1, 2, 3, 4, 5}, 3, 2, []string{"content", "participants", "checklist"},
			counts{7, 13, 24, 9, 20, 15, 9, 12, 9}},
		"fire-basic": {[]int{1, 2, 5}, 2, 2, []string{"content", "participants", "checklist"},
			counts{5, 5, 8, 9, 9, 8, 5, 8, 4}},
		"market": {[]int{1, 3, 4, 5}, 3, 0, []string{"content", "participants", "location", "checklist"},
			counts{5, 4, 9, 8, 13, 11, 4, 7, 3}},
		"water": {[]int{1, 2, 3, 4}, 3, 0, []string{"content", "participants", "measures"},
			counts{3, 4, 0, 0, 6, 9, 2, 3, 4}},
	} {
		p, ok := all[code]
		if !ok {
			t.Errorf("%s is missing", code)
			continue
		}
		if !slices.Equal(p.Levels, want.levels) || p.OfficeLevel != want.office || p.TransferLevel != want.transfer ||
			!slices.Equal(p.MandatoryFields, want.fields) {
			t.Errorf("%s: levels %v, office %d, transfer %d, mandatory %v", code, p.Levels, p.OfficeLevel, p.TransferLevel, p.MandatoryFields)
		}
		of := func(severity string) (n int) {
			for _, it := range p.Catalogue {
				if it.Severity == severity {
					n++
				}
			}
			return n
		}
		got := counts{len(p.Roles), len(p.Classes), len(p.PremisesFields), len(p.Checklist), of(programme.Minor),
			of(programme.Serious), of(programme.Major), len(p.Duties), len(p.Ladder)}
		if got != want.counts {
			t.Errorf("%s has %+v, want %+v", code, got, want.counts)
		}
	}
	if len(all) != 4 {
		t.Errorf("ships %v", slices.Sorted(maps.Keys(all)))
	}
}

// Every item of every programme has a limit for every stage it can pass, at every severity.
func TestBuiltinLimitsAreComplete(t *testing.T) {
	stages := []string{programme.StageFiling, programme.StageDispatch, programme.StageAcceptance,
		programme.StageRectification, programme.StageCheck, programme.StageClosure, programme.StageTotal}
	for code, p := range builtin(t) {
		for _, it := range p.Catalogue {
			for _, severity := range programme.Severities {
				limits := it.LimitsFor(severity, "")
				for _, stage := range stages {
					if _, ok := limits[stage]; !ok {
						t.Errorf("%s %s at %s has no limit for %s", code, it.Item, severity, stage)
					}
				}
			}
		}
	}
}

func TestFireLimitsAndRoads(t *testing.T) {
	fire := builtin(t)["fire"]
	for _, tc := range []struct{ item, severity, rectification, listing string }{
		{"extinguisher_expired", programme.Minor, "3 working_day", ""},
		{"extinguisher_expired", programme.Serious, "5 working_day", ""},
		{"extinguisher_expired", programme.Major, "30 calendar_day", "1 working_day"},
		{"exit_locked", programme.Serious, "5 working_day", ""},
		{"hot_work_unpermitted", programme.Serious, "1 working_day", ""},
		{"crowded_exits_closed", programme.Major, "30 calendar_day", "1 working_day"},
	} {
		it, ok := fire.Item(tc.item)
		if !ok {
			t.Errorf("fire has no %s", tc.item)
			continue
		}
		limits := it.LimitsFor(tc.severity, "A")
		if got := limits[programme.StageRectification].String(); got != tc.rectification {
			t.Errorf("%s at %s: rectification within %s, want %s", tc.item, tc.severity, got, tc.rectification)
		}
		if l, ok := limits[programme.StageListing]; ok != (tc.listing != "") || (ok && l.String() != tc.listing) {
			t.Errorf("%s at %s: listing within %v, want %q", tc.item, tc.severity, l, tc.listing)
		}
	}
	for _, it := range fire.Catalogue {
		if it.Severity == programme.Minor && (it.DispatchTo == nil || it.DispatchTo.Level != 4) {
			t.Errorf("minor %s does not go to the area by itself: %+v", it.Item, it.DispatchTo)
		}
		if it.Severity == programme.Major && it.DispatchTo != nil {
			t.Errorf("major %s goes somewhere by itself: %+v", it.Item, it.DispatchTo)
		}
	}
}

func TestMarketVisitsByCreditClass(t *testing.T) {
	got := map[string]string{}
	for _, d := range builtin(t)["market"].Duties {
		if d.Class != "" {
			got[d.Class] = d.What + " " + d.Role + " " + d.Period + " " + string(rune('0'+d.Count))
		}
	}
	want := map[string]string{"A": "patrol lead half_year 1", "B": "patrol lead quarter 1", "C": "patrol lead month 1",
		"D": "patrol lead month 2"}
	if !maps.Equal(got, want) {
		t.Errorf("got %v", got)
	}
}

func TestWaterPatrolsInPeakMonths(t *testing.T) {
	want := map[string][2]int{"inspector": {5, 10}, "irrigation_head": {3, 6}, "brigade": {2, 4}}
	for _, d := range builtin(t)["water"].Duties {
		if d.Period != "month" || [2]int{d.Count, d.Peak.Count} != want[d.Role] || d.Night != 0 || d.Peak.Night != 1 ||
			!slices.Equal(d.Peak.Months, []int{4, 5, 6, 7, 8, 11}) {
			t.Errorf("%s: %+v, peak %+v", d.Role, d, d.Peak)
		}
		delete(want, d.Role)
	}
	if len(want) > 0 {
		t.Errorf("no duty for %v", want)
	}
}

// What is shipped can be published as it is, and again without effect.
func TestBuiltinProgrammesPublish(t *testing.T) {
	for code, p := range builtin(t) {
		events, err := programme.DecidePublish(programme.State{}, p)
		if err != nil || len(events) != 1 {
			t.Errorf("%s: %v, %v", code, events, err)
			continue
		}
		again, err := programme.DecidePublish(programme.Evolve(programme.State{}, events[0]), builtin(t)[code])
		if err != nil || len(again) != 0 {
			t.Errorf("%s again: %v, %v", code, again, err)
		}
	}
}
