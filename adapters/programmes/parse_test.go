package programmes_test

import (
	"encoding/json"
	"errors"
	"os"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"gridward/adapters/programmes"
	"gridward/domain/fault"
	"gridward/domain/programme"
)

// small is a whole programme; the cases below spoil one line of it. Line 1 is "code: lamps".
const small = `code: lamps
name: 路灯
levels: [1, 2, 4]
office_level: 2
classes:
  - {code: country, name: 乡村}
checklist:
  - item: lit
    name: 亮灯
limits:
  minor: {check: 1 working_hour, rectification: 3 working_day}
  major: {check: 2 working_hour, rectification: 30 calendar_day}
class_limits:
  country: {check: 4 working_hour}
catalogue:
  - item: dark
    name: 灯不亮
    severity: minor
    limits: {rectification: 1 working_day}
    dispatch_to: {level: 4}
  - {item: open_base, name: 灯杆门缺失, severity: major}
duties:
  - {what: patrol, role: officer, level: 4, period: week, count: 1, per: cell}
ladder:
  - severity: minor
    stage: rectification
    rungs:
      - {when: {share: 0.8}, do: yellow}
      - {when: {past: 1 working_day}, do: escalate, levels: 1}
`

func TestParseFillsInTheDefaults(t *testing.T) {
	p := parse(t, small)
	if p.Version != 0 || p.Code != "lamps" || p.OfficeLevel != 2 {
		t.Errorf("got %s version %d, office level %d", p.Code, p.Version, p.OfficeLevel)
	}
	dark, _ := p.Item("dark")
	for _, tc := range []struct{ severity, class, stage, want string }{
		{"minor", "", "rectification", "1 working_day"}, // the item's own word
		{"minor", "", "check", "1 working_hour"},
		{"minor", "country", "check", "4 working_hour"},
		{"major", "", "rectification", "30 calendar_day"},
		{"major", "country", "check", "4 working_hour"},
		{"serious", "", "rectification", "1 working_day"}, // no defaults for serious: the item's own
	} {
		if got := dark.LimitsFor(tc.severity, tc.class)[tc.stage].String(); got != tc.want {
			t.Errorf("%+v: got %s", tc, got)
		}
	}
	if p.Roles == nil || p.MandatoryFields == nil || p.PremisesFields == nil {
		t.Error("a list left out reads as null, not as an empty list")
	}
}

func TestParseReadsWhatTimeNeeds(t *testing.T) {
	src := strings.Replace(small, "office_level: 2", "office_level: 2\nfiling: 2 working_hour\ncorrects: 3", 1)
	src = strings.Replace(src, "do: escalate, levels: 1", "do: escalate", 1)
	src = strings.Replace(src, "stage: rectification", "stage: statutory", 1)
	p := parse(t, src)
	if p.Filing == nil || p.Filing.String() != "2 working_hour" || p.Corrects != 3 {
		t.Errorf("filing %v, corrects %d", p.Filing, p.Corrects)
	}
	if rungs := p.Rungs(programme.Minor, programme.StageStatutory); len(rungs) != 2 || rungs[0].Levels != 0 || rungs[1].Levels != 1 {
		t.Errorf("rungs %+v: only what escalates goes up, by one level when none is given", rungs)
	}
	if p := parse(t, small); p.Filing != nil || p.Corrects != 0 {
		t.Errorf("left out: filing %v, corrects %d", p.Filing, p.Corrects)
	}
}

// A wrong file is refused with line, column, path and reason, and everything wrong with it at once.
func TestParseSaysWhereAndWhy(t *testing.T) {
	for _, tc := range []struct {
		name     string
		old, new string   // of small
		want     []string // "where: path | part of the reason"
	}{
		{"unknown key", "office_level: 2", "office_level: 2\noffice: 3", []string{"line 5, column 1: office | unknown key"}},
		{"unknown key deep down", "name: 亮灯", "nome: 亮灯",
			[]string{"line 9, column 5: checklist[0].nome | unknown key; known here: item, name"}},
		{"a version", "code: lamps", "code: lamps\nversion: 3", []string{"line 2, column 1: version | unknown key"}},
		{"key twice", "name: 路灯", "name: 路灯\nname: 灯", []string{"line 3, column 1 | already defined"}},
		{"a number for text", "name: 灯不亮", "name: 404",
			[]string{"line 17, column 11: catalogue[0].name | must be text, not the number 404"}},
		{"text for a number", "count: 1", "count: one",
			[]string{"line 23, column 66: duties[0].count | must be a whole number, not text"}},
		{"a fraction for a whole number", "count: 1", "count: 1.5",
			[]string{"line 23, column 66: duties[0].count | must be a whole number, not the number 1.5"}},
		{"a number beyond all", "office_level: 2", "office_level: 99999999999999999999",
			[]string{"line 4, column 15: office_level | must be a whole number"}},
		{"text for a list", "levels: [1, 2, 4]", "levels: all", []string{"line 3, column 9: levels | must be a list, not text"}},
		{"a list for a mapping", "dispatch_to: {level: 4}", "dispatch_to: [4]",
			[]string{"line 20, column 18: catalogue[0].dispatch_to | must be a mapping (key: value), not a list"}},
		{"nothing", "name: 路灯", "name:", []string{"line 2, column 6: name | has no value"}},
		{"missing name", "name: 路灯\n", "", []string{"line 1, column 1: name | is required"}},
		{"missing office level", "office_level: 2\n", "", []string{"line 1, column 1: office_level | is required (0: the parent cell)"}},
		{"missing item name", "    name: 灯不亮\n", "", []string{"line 16, column 5: catalogue[0].name | is required"}},
		{"a limit as a mapping", "{rectification: 1 working_day}", "{rectification: {n: 1, unit: working_day}}",
			[]string{`line 19, column 29: catalogue[0].limits.rectification | must read like "3 working_day", not a mapping`}},
		{"a limit without unit", "{rectification: 1 working_day}", "{rectification: soon}",
			[]string{`line 19, column 29: catalogue[0].limits.rectification | must read like "3 working_day"`}},
		{"a limit's unit", "{rectification: 1 working_day}", "{rectification: 1 fortnight}",
			[]string{`line 19, column 14: catalogue[0].limits.rectification.unit | "fortnight" is not one of`}},
		{"a default's unit", "check: 2 working_hour", "check: 0 hour",
			[]string{"line 12, column 11: limits.major.check.n | must be 1 to", `line 12, column 11: limits.major.check.unit | "hour" is not one of`}},
		{"a default's stage", "{check: 2 working_hour", "{lunch: 2 working_hour", []string{"line 12, column 11: limits.major.lunch | is not one of the stages"}},
		{"a default's severity", "  major: {check", "  huge: {check", []string{`line 12, column 3: limits.huge | "huge" is not one of`}},
		{"a default's class", "country: {check", "moon: {check", []string{`line 14, column 3: class_limits.moon | class "moon"`}},
		{"a level of another programme", "dispatch_to: {level: 4}", "dispatch_to: {level: 3}",
			[]string{"line 20, column 19: catalogue[0].dispatch_to.level | level 3 is not one of"}},
		{"an item twice", "{item: open_base", "{item: dark", []string{`line 21, column 6: catalogue[1].item | "dark" is already at catalogue[0]`}},
		{"the filing limit's unit", "office_level: 2", "office_level: 2\nfiling: 1 hour", []string{`line 5, column 1: filing.unit | "hour" is not one of`}},
		{"a filing limit without unit", "office_level: 2", "office_level: 2\nfiling: 1", []string{`line 5, column 9: filing | must read like "3 working_day"`}},
		{"a correction of nothing", "office_level: 2", "office_level: 2\ncorrects: 0",
			[]string{"line 5, column 1: corrects | must be the number of a version, from 1"}},
		{"a correction of a word", "office_level: 2", "office_level: 2\ncorrects: last", []string{"line 5, column 11: corrects | must be a whole number"}},
		{"the law's limit among the others", "limits: {rectification: 1 working_day}", "limits: {statutory: 1 working_day}",
			[]string{"line 19, column 14: catalogue[0].limits.statutory | is not one of the stages"}},
		{"a ladder for no stage", "stage: rectification", "stage: lunch", []string{`line 26, column 5: ladder[0].stage | "lunch" is not one of`}},
		{"rungs out of order", "{when: {past: 1 working_day}, do: escalate, levels: 1}", "{when: {share: 0.5}, do: yellow}",
			[]string{"line 29, column 10: ladder[0].rungs[1].when | comes before the rung above it"}},
		{"more nights than patrols", "count: 1,", "count: 1, night: 2,", []string{"line 23, column 69: duties[0].night | must be 0 to the count, 1"}},
		{"a duty per premises without sites", "per: cell", "per: premises", []string{"line 23, column 69: duties[0].per | premises lie at level 5"}},
		{"a duty twice", "duties:", "duties:\n  - {what: patrol, role: officer, level: 4, period: week, count: 3, per: cell}",
			[]string{`line 24, column 6: duties[1].what | "patrol officer 4  week cell" is already at duties[0]`}},
		{"two things at once", "name: 灯不亮\n    severity: minor", "nam: 灯\n    severity: 3",
			[]string{"line 17, column 5: catalogue[0].nam | unknown key", "line 18, column 15: catalogue[0].severity | must be text"}},
		{"an anchor", "name: 路灯", "name: &n 路灯", []string{"line 2, column 7: name | anchors, aliases and tags"}},
		{"a merge", "name: 路灯", "<<: {name: 路灯}", []string{"line 2, column 1 | keys are plain text"}},
		{"bytes that are no text", "路灯", "\xff\xfe", []string{"line 1, column 1 | is not UTF-8"}},
		{"two documents", "code: lamps", "---\na: 1\n---\ncode: lamps", []string{"line 3, column 1 | more than one document"}},
		{"a bracket left open", "levels: [1, 2, 4]", "levels: [1, 2", []string{"line 3, column 9 | this bracket is not closed"}},
		{"broken YAML", "name: 路灯", "name: a: b", []string{"line 2, column 7 | mapping value is not allowed in this context"}},
		{"an empty file", small, "# nothing yet\n", []string{"line 1, column 1 | is empty"}},
		{"no mapping at all", small, "lamps", []string{"line 1, column 1 | must be a mapping"}},
		{"too large", small, strings.Repeat("#", programmes.MaxSize+1), []string{"line 1, column 1 | is larger than"}},
		{"too deep in brackets", small, "code: " + strings.Repeat("[", 200_000), []string{"line 1, column 23 | nested too deeply"}},
		{"dashes in brackets", small, "levels: [" + strings.Repeat("- ", 100_000), []string{"line 1, column 9 | this bracket is not closed"}},
		{"too deep in dashes", small, strings.Repeat("- ", 100_000), []string{"line 1, column 161 | nested too deeply"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if !strings.Contains(small, tc.old) {
				t.Fatalf("%q is not in the sample", tc.old)
			}
			_, err := programmes.Parse("lamps.yaml", []byte(strings.Replace(small, tc.old, tc.new, 1)))
			e, ok := fault.As(err)
			if !ok || e.Kind != fault.Invalid || e.Code != "invalid_programme" || !strings.Contains(e.Message, "lamps.yaml") {
				t.Fatalf("err = %v", err)
			}
			if len(e.Fields) != len(tc.want) {
				t.Fatalf("%d problems, want %d: %v", len(e.Fields), len(tc.want), e.Fields)
			}
			for i, want := range tc.want {
				where, why, _ := strings.Cut(want, " | ")
				if e.Fields[i].Field != where || !strings.Contains(e.Fields[i].Reason, why) {
					t.Errorf("got  %s | %s\nwant %s", e.Fields[i].Field, e.Fields[i].Reason, want)
				}
			}
		})
	}
}

func TestParseBoundsItsAnswer(t *testing.T) {
	_, err := programmes.Parse("x", []byte(strings.Repeat("- a\n", 1000)))
	if e, _ := fault.As(err); e == nil || len(e.Fields) != 1 {
		t.Errorf("a list: %v", err)
	}
	_, err = programmes.Parse("x", []byte("levels: ["+strings.Repeat("a, ", 1000)+"a]"))
	if e, _ := fault.As(err); e == nil || len(e.Fields) != 50 || !strings.Contains(e.Message, "the first 50 of 1001 problems") {
		t.Errorf("a thousand wrong levels: %v", err)
	}
}

// What the programmes of the next issue need is in the form already.
func TestTheFormExpressesOtherLines(t *testing.T) {
	const head = "code: x\nname: 甲\nlevels: [1, 2, 3, 4]\n"
	t.Run("organisation: the parent cell decides, the limit is set on dispatch", func(t *testing.T) {
		p := parse(t, head+`office_level: 0
limits:
  minor: {rectification: 3 working_day, check: 1 working_day}
catalogue:
  - {item: dispute, name: 邻里纠纷, severity: minor, set_on_dispatch: true}
duties:
  - {what: meeting, role: chief, level: 4, period: before_holiday, count: 1, per: holder}
`)
		it, _ := p.Item("dispute")
		_, preset := it.Limits[programme.StageRectification]
		if p.OfficeLevel != 0 || !it.SetOnDispatch || preset || it.Limits[programme.StageCheck].String() != "1 working_day" {
			t.Errorf("office level %d, item %+v", p.OfficeLevel, it)
		}
	})
	t.Run("urban: urgent limits, town and country, conditions, a department", func(t *testing.T) {
		p := parse(t, head+`office_level: 3
classes: [{code: town, name: 城区}, {code: country, name: 乡村}]
limits:
  minor: {filing: 15 urgent_minute, dispatch: 15 urgent_minute, check: 1 working_hour}
class_limits:
  country: {check: 2 working_hour}
catalogue:
  - item: manhole_cover_missing
    name: 井盖缺失
    group: 公用设施
    severity: minor
    limits: {filing: 5 urgent_minute, dispatch: 5 urgent_minute, rectification: 2 urgent_hour}
    class_limits:
      country: {rectification: 4 urgent_hour}
    filing_condition: 井盖缺失或破损
    closing_condition: 恢复原状
    dispatch_to: {department: waterworks}
`)
		it, _ := p.Item("manhole_cover_missing")
		town, country := it.LimitsFor("minor", "town"), it.LimitsFor("minor", "country")
		if town["filing"].String() != "5 urgent_minute" || town["check"].String() != "1 working_hour" ||
			country["check"].String() != "2 working_hour" || country["rectification"].String() != "4 urgent_hour" ||
			it.DispatchTo.Department != "waterworks" || it.FilingCondition == "" || it.ClosingCondition != "恢复原状" {
			t.Errorf("item %+v, town %v, country %v", it, town, country)
		}
	})
	t.Run("service: rectify closes, a committed and a statutory limit", func(t *testing.T) {
		p := parse(t, head+`office_level: 1
steps: deliver
night: {from: "19:00", to: "07:30"}
catalogue:
  - {item: deregistration, name: 企业注销登记, severity: minor, limits: {rectification: 5 working_day}, statutory: 7 working_day}
`)
		it, _ := p.Item("deregistration")
		if p.Steps != programme.StepsDeliver || it.Statutory.String() != "7 working_day" ||
			it.Limits["rectification"].String() != "5 working_day" || p.Night.To != "07:30" {
			t.Errorf("steps %q, item %+v, night %+v", p.Steps, it, p.Night)
		}
	})
}

// The example people copy from is a programme.
func TestTheDocumentedExampleParses(t *testing.T) {
	doc, err := os.ReadFile("../../docs/programmes.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllSubmatch(doc, -1)
	if len(blocks) != 1 {
		t.Fatalf("the document has %d YAML examples, want one", len(blocks))
	}
	p, err := programmes.Parse("docs/programmes.md", blocks[0][1])
	if err != nil {
		t.Fatal(err)
	}
	if len(p.Catalogue) < 3 || len(p.Duties) == 0 || len(p.Ladder) == 0 {
		t.Errorf("the example shows %d items, %d duties, %d ladders", len(p.Catalogue), len(p.Duties), len(p.Ladder))
	}
}

// Parse never panics; what it lets through is sound and reads back from the log's JSON as it was.
func FuzzParse(f *testing.F) {
	f.Add([]byte(small))
	f.Add([]byte("code: [x, {y: *a}]\n<<: &a 3\n"))
	f.Add([]byte(strings.Replace(small, "name: 灯不亮", "name: 灯不亮\n    class_limits: {}\n    severity_limits: {}", 1)))
	f.Add([]byte(strings.Replace(small, "checklist:", "premises_fields: [{name: a, label: b, kind: text, choices: []}]\nchecklist:", 1)))
	f.Add([]byte("levels: [1]\nnight: {from: 20:00, to: '06:00'}\n"))
	for _, name := range []string{"fire", "fire-basic", "market", "organisation", "service", "urban", "water"} {
		src, err := os.ReadFile("files/" + name + ".yaml")
		if err != nil {
			f.Fatal(err)
		}
		f.Add(src)
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		p, err := programmes.Parse("fuzz.yaml", src)
		if err != nil {
			if !errors.Is(err, &fault.Error{Kind: fault.Invalid, Code: "invalid_programme"}) {
				t.Fatalf("an error of another kind: %v", err)
			}
			return
		}
		if bad := programme.Validate(p); len(bad) > 0 {
			t.Fatalf("parsed, but is not sound: %v", bad)
		}
		b, err := json.Marshal(p)
		if err != nil {
			t.Fatal(err)
		}
		var back programme.Programme
		if err := json.Unmarshal(b, &back); err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(back, p) {
			t.Fatalf("came back changed\nwas %+v\nis  %+v", p, back)
		}
	})
}

func parse(t *testing.T, src string) programme.Programme {
	t.Helper()
	p, err := programmes.Parse("test.yaml", []byte(src))
	if err != nil {
		t.Fatal(err)
	}
	return p
}
