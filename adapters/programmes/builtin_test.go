package programmes_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
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
			counts{7, 13, 24, 9, 20, 15, 9, 12, 13}},
		"fire-basic": {[]int{1, 2, 5}, 2, 2, []string{"content", "participants", "checklist"},
			counts{5, 5, 8, 9, 9, 8, 5, 8, 13}},
		"market": {[]int{1, 3, 4, 5}, 3, 0, []string{"content", "participants", "location", "checklist"},
			counts{5, 4, 9, 8, 13, 11, 4, 7, 12}},
		"water": {[]int{1, 2, 3, 4}, 3, 0, []string{"content", "participants", "measures"},
			counts{3, 4, 0, 0, 6, 9, 2, 3, 16}},
		"organisation": {[]int{1, 2, 3, 4}, 0, 0, []string{"content"}, counts{6, 0, 0, 6, 10, 8, 3, 11, 9}},
		"urban":        {[]int{1, 2, 3, 4}, 3, 0, []string{"content"}, counts{7, 2, 0, 0, 66, 21, 5, 8, 18}},
		"service":      {[]int{1, 2, 3}, 1, 0, []string{"content"}, counts{6, 0, 0, 5, 13, 10, 1, 6, 15}},
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
	if len(all) != 7 {
		t.Errorf("ships %v", slices.Sorted(maps.Keys(all)))
	}
}

// Every item of every programme has a limit for every stage it can pass, at every severity, and none for one it
// never passes: nobody checks or closes what is delivered, and a task that is set has no limit before.
func TestBuiltinLimitsAreComplete(t *testing.T) {
	for code, p := range builtin(t) {
		if p.Filing == nil {
			t.Errorf("%s has no limit for filing a report nobody has classified", code)
		}
		delivers := p.Steps == programme.StepsDeliver
		for _, it := range p.Catalogue {
			for _, severity := range programme.Severities {
				limits := it.LimitsFor(severity, "")
				for stage, want := range map[string]bool{programme.StageFiling: true, programme.StageDispatch: true,
					programme.StageAcceptance: true, programme.StageRectification: !it.SetOnDispatch, programme.StageCheck: !delivers,
					programme.StageClosure: !delivers, programme.StageTotal: true, programme.StageStatutory: it.Statutory != nil} {
					if _, ok := limits[stage]; ok != want {
						t.Errorf("%s %s at %s: a limit for %s is %v", code, it.Item, severity, stage, ok)
					}
				}
			}
		}
	}
}

// The ladders cover what the limits cover: no rung for a stage that never runs, and acceptance and rectification at
// every severity.
func TestBuiltinLadders(t *testing.T) {
	for code, p := range builtin(t) {
		for _, severity := range programme.Severities {
			for _, stage := range []string{programme.StageAcceptance, programme.StageRectification} {
				if len(p.Rungs(severity, stage)) == 0 {
					t.Errorf("%s climbs nothing for %s at %s", code, stage, severity)
				}
			}
		}
		for _, l := range p.Ladder {
			if !slices.ContainsFunc(p.Catalogue, func(it programme.Item) bool {
				_, ok := it.LimitsFor(l.Severity, "")[l.Stage]
				return ok || it.SetOnDispatch && l.Stage == programme.StageRectification
			}) {
				t.Errorf("%s has a ladder for %s at %s, which no item limits", code, l.Stage, l.Severity)
			}
		}
	}
	for _, tc := range []struct{ code, severity, stage, want string }{
		{"fire", programme.Minor, programme.StageRectification, "yellow 0.8, red 1, escalate+1 after 1 working_day, supervise@2 after 5 working_day"},
		{"fire", programme.Major, programme.StageListing, "yellow 0.8, red 1"},
		{"fire-basic", programme.Serious, programme.StageClosure, "red 1, escalate+1 after 1 working_day"},
		{"market", programme.Minor, programme.StageRectification, "yellow 0.8, red 1, escalate+1 after 2 working_day"},
		{"water", programme.Serious, programme.StageFiling, "red 1, escalate+1 after 2 urgent_hour"},
		{"organisation", programme.Serious, programme.StageRectification, "yellow 0.8, red 1, escalate+1 after 1 working_day, supervise@1 after 3 working_day"},
		{"urban", programme.Minor, programme.StageDispatch, "yellow 0.8, red 1, escalate+1 after 15 urgent_minute"},
		{"urban", programme.Serious, programme.StageDispatch, "red 1, escalate+1 after 5 urgent_minute"},
		{"urban", programme.Major, programme.StageFiling, "red 1, escalate+2 after 5 urgent_minute"},
		{"service", programme.Minor, programme.StageStatutory, "yellow 0.8, red 1, supervise@1 1"},
	} {
		p := builtin(t)[tc.code]
		if got := climbs(p.Rungs(tc.severity, tc.stage)); got != tc.want {
			t.Errorf("%s, %s at %s: %s, want %s", tc.code, tc.stage, tc.severity, got, tc.want)
		}
	}
}

// climbs writes rungs as one reads them.
func climbs(rungs []programme.Rung) string {
	words := make([]string, len(rungs))
	for i, r := range rungs {
		words[i] = r.Do
		if r.Levels > 0 {
			words[i] += fmt.Sprintf("+%d", r.Levels)
		}
		if r.Level > 0 {
			words[i] += fmt.Sprintf("@%d", r.Level)
		}
		if r.When.Past != nil {
			words[i] += " after " + r.When.Past.String()
		} else {
			words[i] += fmt.Sprintf(" %g", r.When.Share)
		}
	}
	return strings.Join(words, ", ")
}

// What each programme asks of whom, written by hand from the design: "what role@level period count".
func TestBuiltinDuties(t *testing.T) {
	for code, want := range map[string][]string{
		"fire": {"self_check chief@5 day 1", "patrol officer@4 day 1", "patrol officer@4 week 1", "patrol officer@3 month 1",
			"patrol supervisor@3 week 1", "campaign chief@2 month 1", "meeting chief@1 quarter 1", "meeting chief@2 month 1",
			"publicity chief@2 month 1", "publicity chief@3 month 1", "training chief@3 quarter 1", "drill chief@3 quarter 1"},
		"fire-basic": {"campaign chief@1 quarter 1", "meeting chief@1 quarter 1", "patrol brigade_inspector@1 quarter 1",
			"patrol police_officer@2 half_year 1", "self_check chief@5 day 1"},
		"market":       {"campaign chief@3 month 1", "self_check lead@4 month 1", "campaign supervisor@1 quarter 1"},
		"water":        {"patrol inspector@2 month 5", "patrol irrigation_head@2 month 3", "patrol brigade@1 month 2"},
		"organisation": {"patrol grid_member@4 week 2", "meeting chief@3 month 2", "patrol chief@4 before_holiday 1"},
		"urban":        {"patrol acquisition_officer@4 day 1", "patrol acquisition_officer@4 week 1", "patrol unit_head@4 week 1"},
		"service":      {"self_check duty_director@1 day 1", "training chief@1 quarter 1"},
	} {
		got := map[string]bool{}
		for _, d := range builtin(t)[code].Duties {
			got[fmt.Sprintf("%s %s@%d %s %d", d.What, d.Role, d.Level, d.Period, d.Count)] = true
		}
		for _, duty := range want {
			if !got[duty] {
				t.Errorf("%s does not ask for %q; it asks for %v", code, duty, slices.Sorted(maps.Keys(got)))
			}
		}
	}
}

func TestOrganisationSetsEveryTask(t *testing.T) {
	p := builtin(t)["organisation"]
	if p.Steps != programme.StepsVerify {
		t.Errorf("steps %q", p.Steps)
	}
	for _, it := range p.Catalogue {
		if !it.SetOnDispatch || it.DispatchTo != nil {
			t.Errorf("%s: %+v", it.Item, it)
		}
	}
}

func TestUrbanCatalogue(t *testing.T) {
	p := builtin(t)["urban"]
	groups, units := map[string]int{}, map[string]int{}
	for _, it := range p.Catalogue {
		groups[it.Group]++
		units[it.Limits[programme.StageRectification].Unit]++
		if it.FilingCondition == "" || it.ClosingCondition == "" {
			t.Errorf("%s: filed when %q, closed when %q", it.Item, it.FilingCondition, it.ClosingCondition)
		}
	}
	// 16+9+6+7+4 components and 15+5+7+8+10+5 events: 92
	if want := map[string]int{"部件/公用设施": 16, "部件/道路交通": 9, "部件/市容环境": 6, "部件/园林绿化": 7, "部件/其他设施": 4, "事件/市容环境": 15,
		"事件/宣传广告": 5, "事件/施工管理": 7, "事件/突发事件": 8, "事件/街面秩序": 10, "事件/扩展事件": 5}; !maps.Equal(groups, want) {
		t.Errorf("groups %v", groups)
	}
	for _, unit := range programme.Units {
		if units[unit] == 0 {
			t.Errorf("nothing is rectified within so many %s", unit)
		}
	}
	for _, tc := range []struct{ item, class, filing, dispatch, rectification, check string }{
		{"manhole_cover_missing", "town", "5 urgent_minute", "5 urgent_minute", "2 urgent_hour", "1 working_hour"},
		{"traffic_light_out", "", "5 urgent_minute", "5 urgent_minute", "30 urgent_minute", "1 working_hour"},
		{"rain_grate_clogged", "town", "15 urgent_minute", "15 urgent_minute", "4 working_hour", "1 working_hour"},
		{"small_ads", "country", "15 urgent_minute", "15 urgent_minute", "90 working_minute", "2 working_hour"},
		{"street_lamp_dark", "", "15 urgent_minute", "15 urgent_minute", "1 working_day", "1 working_hour"},
		{"road_surface_broken", "country", "15 urgent_minute", "15 urgent_minute", "5 working_day", "2 working_hour"},
		{"street_tree_dead", "town", "15 urgent_minute", "15 urgent_minute", "30 calendar_day", "1 working_hour"},
		{"rubbish_exposed", "town", "15 urgent_minute", "15 urgent_minute", "4 working_hour", "1 working_hour"},
		{"rubbish_exposed", "country", "15 urgent_minute", "15 urgent_minute", "1 working_day", "2 working_hour"},
		{"road_collapse", "", "5 urgent_minute", "5 urgent_minute", "24 urgent_hour", "1 working_hour"},
	} {
		it, ok := p.Item(tc.item)
		limits := it.LimitsFor(it.Severity, tc.class)
		if got := [4]string{limits["filing"].String(), limits["dispatch"].String(), limits["rectification"].String(), limits["check"].String()}; !ok ||
			got != [4]string{tc.filing, tc.dispatch, tc.rectification, tc.check} {
			t.Errorf("%s in %q: %v", tc.item, tc.class, got)
		}
	}
}

// Raised or not, a promise stays the item's own, and the law's limit beside it.
func TestServiceLimits(t *testing.T) {
	p := builtin(t)["service"]
	if p.Steps != programme.StepsDeliver {
		t.Errorf("steps %q", p.Steps)
	}
	at := map[int]int{}
	for _, it := range p.Catalogue {
		at[it.DispatchTo.Level]++
	}
	if want := map[int]int{1: 18, 2: 4, 3: 2}; !maps.Equal(at, want) {
		t.Errorf("by the level that handles them: %v, want %v", at, want)
	}
	for _, tc := range []struct{ item, severity, committed, statutory string }{
		{"company_deregistration", programme.Minor, "5 working_day", "7 working_day"},
		{"company_deregistration", programme.Major, "5 working_day", "7 working_day"},
		{"food_licence", programme.Serious, "5 working_day", "10 working_day"},
		{"birth_registration", programme.Minor, "1 working_hour", "5 working_day"},
	} {
		it, ok := p.Item(tc.item)
		limits := it.LimitsFor(tc.severity, "")
		if !ok || limits["rectification"].String() != tc.committed || limits["statutory"].String() != tc.statutory {
			t.Errorf("%s at %s: %v", tc.item, tc.severity, limits)
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
