package programme_test

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"gridward/domain/fault"
	"gridward/domain/grid"
	"gridward/domain/programme"
)

// limit reads the short form in tests: "3 working_day".
func limit(t *testing.T, s string) programme.Limit {
	t.Helper()
	var l programme.Limit
	if _, err := fmt.Sscanf(s, "%d %s", &l.N, &l.Unit); err != nil {
		t.Fatalf("%q is not a limit: %v", s, err)
	}
	return l
}

// lamps is a small, sound programme that uses everything a definition may hold.
func lamps() programme.Programme {
	day, hour := programme.Limit{N: 1, Unit: programme.WorkingDay}, programme.Limit{N: 1, Unit: programme.WorkingHour}
	return programme.Programme{
		Code: "lamps", Name: "路灯", NameEn: "Street lamps",
		Levels: []int{1, 2, 4}, OfficeLevel: 2, TransferLevel: 1,
		Roles:           []programme.Role{{Code: "lamplighter", Name: "灯工", ActsAs: grid.RoleOfficer}},
		MandatoryFields: []string{"content", "checklist"},
		Classes:         []programme.Class{{Code: "town", Name: "城区"}, {Code: "country", Name: "乡村"}},
		PremisesFields: []programme.Field{
			{Name: "poles", Label: "灯杆数", Kind: "number"},
			{Name: "power", Label: "供电", Kind: "choice", Choices: []string{"市电", "太阳能"}, Required: true},
		},
		Checklist: []programme.CheckItem{{Item: "lit", Name: "亮灯"}, {Item: "cable", Name: "线缆"}},
		Catalogue: []programme.Item{
			{Item: "dark", Name: "灯不亮", Severity: programme.Minor,
				Limits:      map[string]programme.Limit{programme.StageCheck: hour, programme.StageRectification: day},
				ClassLimits: map[string]map[string]programme.Limit{"country": {programme.StageCheck: {N: 2, Unit: programme.WorkingHour}}},
				DispatchTo:  &programme.DispatchTo{Level: 4}, Statutory: &programme.Limit{N: 2, Unit: programme.WorkingDay}},
			{Item: "leak", Name: "漏电", Severity: programme.Major,
				Limits:         map[string]programme.Limit{programme.StageListing: day},
				SeverityLimits: map[string]map[string]programme.Limit{programme.Serious: {programme.StageRectification: day}}},
			{Item: "other", Name: "其他", Severity: programme.Minor, SetOnDispatch: true},
		},
		Duties: []programme.DutyRule{{What: "patrol", Role: "lamplighter", Level: 4, Class: "town", Period: "week", Count: 2,
			Per: "cell", Night: 1, Peak: &programme.Peak{Months: []int{11, 12}, Count: 4, Night: 2}}},
		Ladder: []programme.Ladder{{Severity: programme.Minor, Stage: programme.StageRectification, Rungs: []programme.Rung{
			{When: programme.When{Share: 0.8}, Do: programme.DoYellow},
			{When: programme.When{Share: 1}, Do: programme.DoRed},
			{When: programme.When{Past: &day}, Do: programme.DoEscalate, Levels: 1},
			{When: programme.When{Past: &day}, Do: programme.DoSupervise, Level: 1},
		}}},
		Night: &programme.Night{From: "19:30", To: "06:00"},
	}
}

func TestASoundProgrammeHasNoProblems(t *testing.T) {
	for name, change := range map[string]func(p *programme.Programme){
		"as it is":                func(*programme.Programme) {},
		"closing verifies":        func(p *programme.Programme) { p.Steps = programme.StepsVerify },
		"rectifying delivers":     func(p *programme.Programme) { p.Steps = programme.StepsDeliver },
		"a correction":            func(p *programme.Programme) { p.Corrects = 3 },
		"reports have a limit":    func(p *programme.Programme) { p.Filing = &programme.Limit{N: 15, Unit: programme.UrgentMinute} },
		"before a holiday":        func(p *programme.Programme) { p.Duties[0].Period = "before_holiday" },
		"a ladder of the law's":   func(p *programme.Programme) { p.Ladder[0].Stage = programme.StageStatutory },
		"every patrol at night":   func(p *programme.Programme) { p.Duties[0].Night = 2 },
		"two periods of one duty": func(p *programme.Programme) { d := p.Duties[0]; d.Period = "day"; p.Duties = append(p.Duties, d) },
		"times of which none is sure to be first": func(p *programme.Programme) {
			p.Ladder[0].Rungs[3].When.Past = &programme.Limit{N: 2, Unit: programme.CalendarDay}
		},
	} {
		p := lamps()
		change(&p)
		if bad := programme.Validate(p); len(bad) != 0 {
			t.Errorf("%s: got %v", name, bad)
		}
	}
}

// One thing at a time is made wrong; exactly the paths given are named.
func TestValidateNamesWhatIsWrong(t *testing.T) {
	day := programme.Limit{N: 1, Unit: programme.WorkingDay}
	rung := func(p *programme.Programme, i int) *programme.Rung { return &p.Ladder[0].Rungs[i] }
	for _, tc := range []struct {
		name  string
		spoil func(p *programme.Programme)
		want  []string
	}{
		{"code", func(p *programme.Programme) { p.Code = "Lamps!" }, []string{"code"}},
		{"no name", func(p *programme.Programme) { p.Name = " " }, []string{"name"}},
		{"levels out of order", func(p *programme.Programme) { p.Levels = []int{1, 4, 2} }, []string{"levels[2]"}},
		{"level twice", func(p *programme.Programme) { p.Levels = []int{1, 2, 2, 4} }, []string{"levels[2]"}},
		{"level out of range", func(p *programme.Programme) { p.Levels = []int{1, 2, 4, 6} }, []string{"levels[3]"}},
		{"office level", func(p *programme.Programme) { p.OfficeLevel = 3 }, []string{"office_level"}},
		{"transfer level", func(p *programme.Programme) { p.TransferLevel = 5 }, []string{"transfer_level"}},
		{"steps", func(p *programme.Programme) { p.Steps = "fly" }, []string{"steps"}},
		{"filing limit", func(p *programme.Programme) { p.Filing = &programme.Limit{N: 1, Unit: "hour"} }, []string{"filing.unit"}},
		{"corrects", func(p *programme.Programme) { p.Corrects = -1 }, []string{"corrects"}},
		{"the statutory limit among the others", func(p *programme.Programme) { p.Catalogue[0].Limits[programme.StageStatutory] = day },
			[]string{"catalogue[0].limits.statutory"}},
		{"unknown mandatory field", func(p *programme.Programme) { p.MandatoryFields[0] = "area" }, []string{"mandatory_fields[0]"}},
		{"mandatory field twice", func(p *programme.Programme) { p.MandatoryFields[1] = "content" }, []string{"mandatory_fields[1]"}},
		{"checklist demanded, none there", func(p *programme.Programme) { p.Checklist = nil }, []string{"mandatory_fields[1]"}},
		{"role acts as nothing", func(p *programme.Programme) { p.Roles[0].ActsAs = "captain" }, []string{"roles[0].acts_as"}},
		{"one of the six redefined", func(p *programme.Programme) { p.Roles[0].Code = grid.RoleChief },
			[]string{"roles[0].acts_as", "duties[0].role"}},
		{"role twice", func(p *programme.Programme) { p.Roles = append(p.Roles, p.Roles[0]) }, []string{"roles[1].code"}},
		{"class twice", func(p *programme.Programme) { p.Classes = append(p.Classes, p.Classes[0]) }, []string{"classes[2].code"}},
		{"field kind", func(p *programme.Programme) { p.PremisesFields[0].Kind = "colour" }, []string{"premises_fields[0].kind"}},
		{"choice without choices", func(p *programme.Programme) { p.PremisesFields[0].Kind = "choice" }, []string{"premises_fields[0].choices"}},
		{"choices twice", func(p *programme.Programme) { p.PremisesFields[1].Choices = []string{"a", "a"} },
			[]string{"premises_fields[1].choices[1]"}},
		{"field twice", func(p *programme.Programme) { p.PremisesFields[1].Name = "poles" }, []string{"premises_fields[1].name"}},
		{"line twice", func(p *programme.Programme) { p.Checklist[1].Item = "lit" }, []string{"checklist[1].item"}},
		{"item twice", func(p *programme.Programme) { p.Catalogue[2].Item = "dark" }, []string{"catalogue[2].item"}},
		{"item without a name", func(p *programme.Programme) { p.Catalogue[1].Name = "" }, []string{"catalogue[1].name"}},
		{"severity", func(p *programme.Programme) { p.Catalogue[2].Severity = "huge" }, []string{"catalogue[2].severity"}},
		{"unit", func(p *programme.Programme) {
			p.Catalogue[0].Limits[programme.StageCheck] = programme.Limit{N: 1, Unit: "hour"}
		}, []string{"catalogue[0].limits.check.unit"}},
		{"n", func(p *programme.Programme) {
			p.Catalogue[0].Limits[programme.StageCheck] = programme.Limit{Unit: programme.WorkingDay}
		}, []string{"catalogue[0].limits.check.n"}},
		{"stage", func(p *programme.Programme) { p.Catalogue[0].Limits["lunch"] = day }, []string{"catalogue[0].limits.lunch"}},
		{"class of limits", func(p *programme.Programme) { p.Classes = p.Classes[:1] }, []string{"catalogue[0].class_limits.country"}},
		{"severity of limits", func(p *programme.Programme) {
			p.Catalogue[1].SeverityLimits["huge"] = map[string]programme.Limit{"check": {N: -1, Unit: programme.WorkingDay}}
		}, []string{"catalogue[1].severity_limits.huge", "catalogue[1].severity_limits.huge.check.n"}},
		{"dispatch to two", func(p *programme.Programme) { p.Catalogue[0].DispatchTo.Department = "brigade" },
			[]string{"catalogue[0].dispatch_to"}},
		{"dispatch to nothing", func(p *programme.Programme) { p.Catalogue[0].DispatchTo = &programme.DispatchTo{} },
			[]string{"catalogue[0].dispatch_to"}},
		{"dispatch to a foreign level", func(p *programme.Programme) { p.Catalogue[0].DispatchTo.Level = 3 },
			[]string{"catalogue[0].dispatch_to.level"}},
		{"a listed item dispatches itself", func(p *programme.Programme) { p.Catalogue[1].DispatchTo = &programme.DispatchTo{Level: 4} },
			[]string{"catalogue[1].dispatch_to"}},
		{"an item without a limit dispatches itself", func(p *programme.Programme) { p.Catalogue[2].DispatchTo = &programme.DispatchTo{Level: 4} },
			[]string{"catalogue[2].dispatch_to"}},
		{"more committed than the law gives", func(p *programme.Programme) {
			p.Catalogue[0].Statutory = &programme.Limit{N: 4, Unit: programme.WorkingHour}
		}, []string{"catalogue[0].statutory"}},
		{"what", func(p *programme.Programme) { p.Duties[0].What = "dance" }, []string{"duties[0].what"}},
		{"unknown role", func(p *programme.Programme) { p.Duties[0].Role = "captain" }, []string{"duties[0].role"}},
		{"duty level", func(p *programme.Programme) { p.Duties[0].Level = 3 }, []string{"duties[0].level"}},
		{"duty class", func(p *programme.Programme) { p.Duties[0].Class = "moon" }, []string{"duties[0].class"}},
		{"period and per", func(p *programme.Programme) { p.Duties[0].Period, p.Duties[0].Per = "moon", "star" },
			[]string{"duties[0].period", "duties[0].per"}},
		{"count", func(p *programme.Programme) { p.Duties[0].Count, p.Duties[0].Night = 0, 0 }, []string{"duties[0].count"}},
		{"more nights than patrols", func(p *programme.Programme) { p.Duties[0].Night = 3 }, []string{"duties[0].night"}},
		{"peak months", func(p *programme.Programme) { p.Duties[0].Peak.Months = []int{0, 4, 4, 13} },
			[]string{"duties[0].peak.months[0]", "duties[0].peak.months[2]", "duties[0].peak.months[3]"}},
		{"peak without months", func(p *programme.Programme) { p.Duties[0].Peak.Months = nil }, []string{"duties[0].peak.months"}},
		{"the same duty twice", func(p *programme.Programme) { p.Duties = append(p.Duties, p.Duties[0]) }, []string{"duties[1].what"}},
		{"a meeting at night", func(p *programme.Programme) { p.Duties[0].What = "meeting" }, []string{"duties[0].night", "duties[0].peak.night"}},
		{"premises in a programme without sites", func(p *programme.Programme) { p.Duties[0].Per = "premises" }, []string{"duties[0].per"}},
		{"peak months of a quarter", func(p *programme.Programme) { p.Duties[0].Period = "quarter" }, []string{"duties[0].peak"}},
		{"peak count", func(p *programme.Programme) { p.Duties[0].Peak.Count = 1 }, []string{"duties[0].peak.night"}},
		{"ladder twice", func(p *programme.Programme) { p.Ladder = append(p.Ladder, p.Ladder[0]) }, []string{"ladder[1].stage"}},
		{"ladder of nothing", func(p *programme.Programme) {
			p.Ladder[0] = programme.Ladder{Severity: "huge", Stage: "lunch"}
		}, []string{"ladder[0].severity", "ladder[0].stage", "ladder[0].rungs"}},
		{"both share and past", func(p *programme.Programme) { rung(p, 0).When.Past = &day }, []string{"ladder[0].rungs[0].when", "ladder[0].rungs[0].when"}},
		{"neither share nor past", func(p *programme.Programme) { rung(p, 2).When.Past = nil }, []string{"ladder[0].rungs[2].when"}},
		{"share above 1", func(p *programme.Programme) { rung(p, 0).When.Share = 1.2 }, []string{"ladder[0].rungs[0].when.share"}},
		{"share that is no number", func(p *programme.Programme) { rung(p, 0).When.Share = math.NaN() }, []string{"ladder[0].rungs[0].when.share"}},
		{"past of nothing", func(p *programme.Programme) { rung(p, 2).When.Past = &programme.Limit{N: 1} }, []string{"ladder[0].rungs[2].when.past.unit"}},
		{"red before the deadline", func(p *programme.Programme) { rung(p, 1).When.Share = 0.9 }, []string{"ladder[0].rungs[1].when"}},
		{"yellow at the deadline", func(p *programme.Programme) { rung(p, 0).When.Share = 1 }, []string{"ladder[0].rungs[0].when"}},
		{"escalate nowhere", func(p *programme.Programme) { rung(p, 2).Levels = 0 }, []string{"ladder[0].rungs[2].levels"}},
		{"supervise nowhere", func(p *programme.Programme) { rung(p, 3).Level = 3 }, []string{"ladder[0].rungs[3].level"}},
		{"a card with levels", func(p *programme.Programme) { rung(p, 0).Levels, rung(p, 0).Level = 1, 1 },
			[]string{"ladder[0].rungs[0].levels", "ladder[0].rungs[0].level"}},
		{"rungs out of order", func(p *programme.Programme) {
			p.Ladder[0].Rungs[0], p.Ladder[0].Rungs[1] = p.Ladder[0].Rungs[1], p.Ladder[0].Rungs[0]
		}, []string{"ladder[0].rungs[1].when"}},
		{"shares out of order", func(p *programme.Programme) {
			*rung(p, 1) = programme.Rung{When: programme.When{Share: 0.5}, Do: programme.DoYellow}
		},
			[]string{"ladder[0].rungs[1].when"}},
		{"times past out of order", func(p *programme.Programme) {
			rung(p, 3).When.Past = &programme.Limit{N: 2, Unit: programme.WorkingHour}
		},
			[]string{"ladder[0].rungs[3].when"}},
		{"an hour of the clock after an hour of work", func(p *programme.Programme) {
			rung(p, 3).When.Past = &programme.Limit{N: 8, Unit: programme.UrgentHour} // never later than 1 working day
		}, []string{"ladder[0].rungs[3].when"}},
		{"a rung before the deadline after one past it", func(p *programme.Programme) { rung(p, 3).When = programme.When{Share: 1} },
			[]string{"ladder[0].rungs[3].when"}},
		{"do", func(p *programme.Programme) { rung(p, 0).Do = "shout" }, []string{"ladder[0].rungs[0].do"}},
		{"night", func(p *programme.Programme) { p.Night = &programme.Night{From: "24:00", To: "6:00"} }, []string{"night.from", "night.to"}},
		{"an endless night", func(p *programme.Programme) { p.Night.To = p.Night.From }, []string{"night.to"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p := lamps()
			tc.spoil(&p)
			got := make([]string, 0)
			for _, f := range programme.Validate(p) {
				got = append(got, f.Field)
			}
			if !slices.Equal(got, tc.want) {
				t.Errorf("named %v, want %v", programme.Validate(p), tc.want)
			}
		})
	}
}

func TestLimitsForOverridesBySeverityThenByClass(t *testing.T) {
	it := programme.Item{Severity: programme.Minor,
		Limits: map[string]programme.Limit{"check": limit(t, "1 working_hour"), "rectification": limit(t, "3 working_day")},
		SeverityLimits: map[string]map[string]programme.Limit{
			programme.Serious: {"check": limit(t, "4 working_hour"), "rectification": limit(t, "5 working_day")}},
		ClassLimits: map[string]map[string]programme.Limit{"country": {"check": limit(t, "8 working_hour")}},
	}
	for _, tc := range []struct{ severity, class, check, rectification string }{
		{programme.Minor, "", "1 working_hour", "3 working_day"},
		{programme.Minor, "country", "8 working_hour", "3 working_day"},
		{programme.Serious, "town", "4 working_hour", "5 working_day"},
		{programme.Serious, "country", "8 working_hour", "5 working_day"},
	} {
		got := it.LimitsFor(tc.severity, tc.class)
		if got["check"] != limit(t, tc.check) || got["rectification"] != limit(t, tc.rectification) || len(got) != 2 {
			t.Errorf("LimitsFor(%s, %q) = %v", tc.severity, tc.class, got)
		}
	}
}

func TestValidateLimitsIsStableInOrder(t *testing.T) {
	bad := map[string]programme.Limit{"b": {}, "a": {N: 1, Unit: programme.WorkingDay}}
	want := programme.ValidateLimits("limits", bad)
	for range 20 {
		if got := programme.ValidateLimits("limits", bad); !slices.Equal(got, want) {
			t.Fatalf("got %v, then %v", want, got)
		}
	}
	if len(want) != 4 || want[0].Field != "limits.a" || want[3] != (fault.Field{Field: "limits.b.unit", Reason: want[3].Reason}) {
		t.Errorf("got %v", want)
	}
}
