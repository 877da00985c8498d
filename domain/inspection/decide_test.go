package inspection_test

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"gridward/domain/evidence"
	"gridward/domain/fault"
	"gridward/domain/grid"
	"gridward/domain/inspection"
	"gridward/domain/personal"
	"gridward/domain/programme"
)

const (
	id       = "0c0e1c35-5a75-4d5e-8f2e-0f4f9b6c0001"
	caseID   = "0c0e1c35-5a75-4d5e-8f2e-0f4f9b6c00aa"
	officer  = "11111111-1111-4111-8111-111111111111"
	helper   = "22222222-2222-4222-8222-222222222222"
	stranger = "33333333-3333-4333-8333-333333333333"
	area     = grid.CellCode("410104001001002")
	site     = grid.CellCode("4101040010010020017")
)

var (
	ended   = time.Date(2026, 3, 10, 10, 0, 0, 0, time.UTC)
	started = ended.Add(-time.Hour)
	before  = evidence.File{SHA256: strings.Repeat("ab", 32), MediaType: "image/jpeg", Size: 9, Phase: evidence.Before}
	after   = evidence.File{SHA256: strings.Repeat("cd", 32), MediaType: "image/jpeg", Size: 9, Phase: evidence.After}
)

// lamps is a small programme: two lines on the list, three hazards, content and the list mandatory.
func lamps() *programme.Programme {
	return &programme.Programme{Code: "lamps", Version: 3, Levels: []int{1, 4, 5}, MandatoryFields: []string{"content", "checklist"},
		Classes:   []programme.Class{{Code: "A"}},
		Checklist: []programme.CheckItem{{Item: "wire"}, {Item: "bulb"}},
		Catalogue: []programme.Item{{Item: "dim", Severity: programme.Minor}, {Item: "bare", Severity: programme.Serious}, {Item: "burning", Severity: programme.Major}}}
}

func facts() inspection.Facts {
	duty := func(id, person, role string) grid.Duty {
		return grid.Duty{ID: id, Person: person, Role: role, ActsAs: grid.RoleOfficer}
	}
	return inspection.Facts{Programme: lamps(), Cell: grid.Cell{Code: site, Classes: map[string]string{"lamps": "A"}},
		Persons: map[string]bool{officer: true, helper: true},
		Chain: grid.Chain{
			{Cell: site},
			{Cell: area, Held: grid.Duties{duty("d1", officer, "lamplighter"), duty("d2", stranger, "lamplighter"), duty("d3", helper, "aid")}},
		}}
}

func patrol(change func(*inspection.Log)) inspection.Log {
	cmd := inspection.Log{ID: id, Programme: "lamps", Cell: site, Officer: officer, StartedAt: started, EndedAt: ended, Content: "looked",
		Checklist: []inspection.CheckResult{{Item: "wire", Result: inspection.Pass}, {Item: "bulb", Result: inspection.NotApplicable}}}
	if change != nil {
		change(&cmd)
	}
	return cmd
}

func report(change func(*inspection.Report)) inspection.Report {
	cmd := patrol(nil)
	r := inspection.Report{Programme: "lamps", Cell: site, Officer: officer, Kind: inspection.Routine, StartedAt: started, EndedAt: ended,
		Content: "looked", Checklist: cmd.Checklist}
	if change != nil {
		change(&r)
	}
	return r
}

func acting(person, duty, role string) inspection.Acting {
	return inspection.Acting{Person: person, Duty: duty, Role: role, ActsAs: grid.RoleOfficer, Cell: area}
}

var byOfficer = []inspection.Acting{acting(officer, "d1", "lamplighter")}

func logged(change func(*inspection.Logged)) inspection.Logged {
	e := inspection.Logged{ID: id, ProgrammeVersion: 3, Report: report(nil), Acting: byOfficer}
	if change != nil {
		change(&e)
	}
	return e
}

// refuses asserts a refusal by its code, and for an invalid field alone by its name.
func refuses(t *testing.T, err error, code, field string) {
	t.Helper()
	f, ok := fault.As(err)
	if !ok || f.Code != code {
		t.Fatalf("got %v, want the refusal %s", err, code)
	}
	if field != "" && (len(f.Fields) != 1 || f.Fields[0].Field != field) {
		t.Errorf("got the fields %+v, want %s alone", f.Fields, field)
	}
}

func TestLog(t *testing.T) {
	campaign := &inspection.Campaign{ID: "c1", Programme: "lamps", Cell: area, Class: "A", From: started.Add(-time.Hour), To: ended.Add(time.Hour), Checklist: []string{"bulb"}}
	spot := func(measures string, files ...evidence.File) *inspection.OnTheSpot {
		return &inspection.OnTheSpot{Measures: measures, Evidence: files}
	}
	hazard := func(h inspection.Found) func(*inspection.Log) {
		return func(c *inspection.Log) { c.Hazards = []inspection.Found{h} }
	}
	check := func(lines ...inspection.CheckResult) func(*inspection.Log) {
		return func(c *inspection.Log) { c.Checklist = lines }
	}
	pass := func(item string) inspection.CheckResult {
		return inspection.CheckResult{Item: item, Result: inspection.Pass}
	}
	for _, row := range []struct {
		name  string
		when  func(*inspection.Log)
		facts func(*inspection.Facts)
		then  func(*inspection.Logged)
		code  string // of the refusal; "" if then
		field string
	}{
		{name: "a routine patrol", then: func(*inspection.Logged) {}},
		{name: "participants count under their own duties, others travel as personal names",
			when: func(c *inspection.Log) { c.Participants = []string{helper, "李大爷"} },
			then: func(e *inspection.Logged) {
				e.Report.Participants = []inspection.Participant{{Person: helper}, {Name: personal.Of(id+"#p1", "李大爷")}}
				e.Acting = []inspection.Acting{acting(officer, "d1", "lamplighter"), acting(helper, "d3", "aid")}
			}},
		{name: "a hazard gets a case of a derived id", when: hazard(inspection.Found{Item: "dim", Description: "dim"}),
			then: func(e *inspection.Logged) {
				e.Hazards = []inspection.Hazard{{Case: inspection.CaseID(id, 0), Item: "dim", Description: personal.Of("case:"+inspection.CaseID(id, 0), "dim")}}
			}},
		{name: "a hazard of no item, under a given id", when: hazard(inspection.Found{ID: caseID, Description: "odd", Severity: programme.Major}),
			then: func(e *inspection.Logged) {
				e.Hazards = []inspection.Hazard{{Case: caseID, Description: personal.Of("case:"+caseID, "odd"), Severity: programme.Major}}
			}},
		{name: "removed on the spot", when: hazard(inspection.Found{Item: "dim", Description: "dim", OnTheSpot: spot("cleaned", before, after)}),
			then: func(e *inspection.Logged) {
				e.Hazards = []inspection.Hazard{{Case: inspection.CaseID(id, 0), Item: "dim", Description: personal.Of("case:"+inspection.CaseID(id, 0), "dim"),
					OnTheSpot: &inspection.Removed{Measures: "cleaned", Evidence: []evidence.File{before, after}}}}
			}},
		{name: "a self check need not answer every line", when: func(c *inspection.Log) { c.Kind = inspection.SelfCheck; c.Checklist = c.Checklist[:1] },
			then: func(e *inspection.Logged) {
				e.Report.Kind = inspection.SelfCheck
				e.Report.Checklist = e.Report.Checklist[:1]
			}},
		{name: "for a campaign", when: func(c *inspection.Log) { c.Campaign = "c1"; c.Checklist = c.Checklist[1:] }, facts: func(f *inspection.Facts) { f.Campaign = campaign },
			then: func(e *inspection.Logged) {
				e.Report.Kind, e.Report.Campaign, e.Report.Checklist = inspection.Campaigns, "c1", e.Report.Checklist[1:]
			}},
		{name: "a failed line with a note", when: check(inspection.CheckResult{Item: "wire", Result: inspection.Fail, Note: "frayed"}, pass("bulb")),
			then: func(e *inspection.Logged) {
				e.Report.Checklist = []inspection.CheckResult{{Item: "wire", Result: inspection.Fail, Note: "frayed"}, pass("bulb")}
			}},

		{name: "no officer", when: func(c *inspection.Log) { c.Officer = "" }, code: "invalid_fields", field: "officer"},
		{name: "an unknown officer", when: func(c *inspection.Log) { c.Officer = stranger }, code: "invalid_fields", field: "officer"},
		{name: "an unknown participant", when: func(c *inspection.Log) { c.Participants = []string{stranger} }, code: "invalid_fields", field: "participants.0"},
		{name: "a participant twice", when: func(c *inspection.Log) { c.Participants = []string{helper, helper} }, code: "invalid_fields", field: "participants.1"},
		{name: "an unknown kind", when: func(c *inspection.Log) { c.Kind = "stroll" }, code: "invalid_fields", field: "kind"},
		{name: "a level the programme does not use", when: func(c *inspection.Log) { c.Cell = "410104001" }, code: "invalid_fields", field: "cell"},
		{name: "no beginning", when: func(c *inspection.Log) { c.StartedAt = time.Time{} }, code: "invalid_fields", field: "started_at"},
		{name: "no end", when: func(c *inspection.Log) { c.EndedAt = time.Time{} }, code: "invalid_fields", field: "ended_at"},
		{name: "an end before the beginning", when: func(c *inspection.Log) { c.StartedAt = ended.Add(time.Second) }, code: "invalid_fields", field: "ended_at"},
		{name: "longer than a day", when: func(c *inspection.Log) { c.StartedAt = ended.Add(-24*time.Hour - time.Second) }, code: "invalid_fields", field: "ended_at"},
		{name: "content, which the programme asks for", when: func(c *inspection.Log) { c.Content = " " }, code: "invalid_fields", field: "content"},
		{name: "too much content", when: func(c *inspection.Log) { c.Content = strings.Repeat("网", 10001) }, code: "invalid_fields", field: "content"},
		{name: "no list, which the programme asks for", when: check(), code: "invalid_fields", field: "checklist"},
		{name: "a line left out of a routine patrol", when: check(pass("wire")), code: "invalid_fields", field: "checklist"},
		{name: "an unknown line", when: check(pass("wire"), pass("bulb"), pass("lid")), code: "invalid_fields", field: "checklist.2.item"},
		{name: "a line twice", when: check(pass("wire"), pass("bulb"), pass("wire")), code: "invalid_fields", field: "checklist.2.item"},
		{name: "a result that is none", when: check(pass("wire"), inspection.CheckResult{Item: "bulb", Result: "fine"}), code: "invalid_fields", field: "checklist.1.result"},
		{name: "a failed line without a word", when: check(pass("wire"), inspection.CheckResult{Item: "bulb", Result: inspection.Fail}), code: "invalid_fields", field: "checklist.1.note"},
		{name: "a place that is none", when: func(c *inspection.Log) { c.Location = &evidence.Location{Lon: 200} }, code: "invalid_fields", field: "location.lon"},
		{name: "evidence that is none", when: func(c *inspection.Log) { c.Evidence = []evidence.File{{SHA256: "x", MediaType: "image/png"}} }, code: "invalid_fields", field: "evidence.0.sha256"},
		{name: "a long name of a walk", when: func(c *inspection.Log) { c.Walk = strings.Repeat("w", 65) }, code: "invalid_fields", field: "walk"},

		{name: "the kind campaign without one", when: func(c *inspection.Log) { c.Kind = inspection.Campaigns }, code: "invalid_fields", field: "campaign"},
		{name: "a campaign's line left out", when: func(c *inspection.Log) { c.Campaign = "c1"; c.Checklist = c.Checklist[:1] },
			facts: func(f *inspection.Facts) { f.Campaign = campaign }, code: "invalid_fields", field: "checklist"},
		{name: "another programme's campaign", when: func(c *inspection.Log) { c.Campaign = "c1" },
			facts: func(f *inspection.Facts) { other := *campaign; other.Programme = "fire"; f.Campaign = &other }, code: "invalid_fields", field: "campaign"},
		{name: "a cell the campaign did not assign", when: func(c *inspection.Log) { c.Campaign = "c1" },
			facts: func(f *inspection.Facts) { f.Campaign = campaign; f.Cell.Classes = nil }, code: "not_in_campaign"},
		{name: "after the campaign", when: func(c *inspection.Log) { c.Campaign = "c1" },
			facts: func(f *inspection.Facts) { over := *campaign; over.To = ended; f.Campaign = &over }, code: "campaign_not_running"},

		{name: "a hazard without a word", when: hazard(inspection.Found{Item: "dim"}), code: "invalid_fields", field: "hazards.0.description"},
		{name: "an unknown item", when: hazard(inspection.Found{Item: "dark", Description: "x"}), code: "invalid_fields", field: "hazards.0.item"},
		{name: "an unknown severity", when: hazard(inspection.Found{Item: "dim", Description: "x", Severity: "grave"}), code: "invalid_fields", field: "hazards.0.severity"},
		{name: "a severity below the item's", when: hazard(inspection.Found{Item: "bare", Description: "x", Severity: programme.Minor}), code: "invalid_fields", field: "hazards.0.severity"},
		{name: "a case's id that is none", when: hazard(inspection.Found{ID: "x", Description: "x"}), code: "invalid_fields", field: "hazards.0.id"},
		{name: "a case's id twice", when: func(c *inspection.Log) {
			c.Hazards = []inspection.Found{{ID: caseID, Description: "x"}, {ID: caseID, Description: "y"}}
		}, code: "invalid_fields", field: "hazards.1.id"},
		{name: "on the spot without an item", when: hazard(inspection.Found{Description: "x", OnTheSpot: spot("m", before, after)}), code: "invalid_fields", field: "hazards.0.item"},
		{name: "on the spot without measures", when: hazard(inspection.Found{Item: "dim", Description: "x", OnTheSpot: spot("", before, after)}), code: "invalid_fields", field: "hazards.0.on_the_spot.measures"},
		{name: "on the spot without a picture of before", when: hazard(inspection.Found{Item: "dim", Description: "x", OnTheSpot: spot("m", after)}), code: "invalid_fields", field: "hazards.0.on_the_spot.evidence"},
		{name: "a major item on the spot", when: hazard(inspection.Found{Item: "burning", Description: "x", OnTheSpot: spot("m", before, after)}), code: "never_on_the_spot"},
		{name: "a minor item raised to major on the spot", when: hazard(inspection.Found{Item: "dim", Severity: programme.Major, Description: "x", OnTheSpot: spot("m", before, after)}), code: "never_on_the_spot"},
	} {
		t.Run(row.name, func(t *testing.T) {
			f, cmd := facts(), patrol(row.when)
			if row.facts != nil {
				row.facts(&f)
			}
			got, err := inspection.DecideLog(inspection.State{}, cmd, f)
			if row.code != "" {
				refuses(t, err, row.code, row.field)
				return
			}
			want := []inspection.Event{logged(row.then)}
			if err != nil || !reflect.DeepEqual(got, want) {
				t.Fatalf("got %+v, %v\nwant %+v", got, err, want)
			}
			if again, err := inspection.DecideLog(inspection.Evolve(inspection.State{}, got[0]), cmd, f); len(again) > 0 || err == nil {
				t.Errorf("the same again changes something: %+v, %v", again, err)
			}
		})
	}
}

func TestEachMissingFieldIsNamed(t *testing.T) {
	f := facts()
	f.Programme.MandatoryFields = []string{"content", "participants", "measures", "location", "evidence", "checklist"}
	_, err := inspection.DecideLog(inspection.State{}, patrol(func(c *inspection.Log) { c.Content, c.Checklist = "", nil }), f)
	refused, _ := fault.As(err)
	var got []string
	for _, field := range refused.Fields {
		got = append(got, field.Field)
	}
	if !reflect.DeepEqual(got, f.Programme.MandatoryFields) {
		t.Errorf("got %v, want %v", got, f.Programme.MandatoryFields)
	}
}

func TestAFailedLineMayNameAHazardInstead(t *testing.T) {
	cmd := patrol(func(c *inspection.Log) {
		c.Checklist[0].Result = inspection.Fail
		c.Hazards = []inspection.Found{{Description: "frayed"}}
	})
	if _, err := inspection.DecideLog(inspection.State{}, cmd, facts()); err != nil {
		t.Error(err)
	}
}

func ptr[T any](v T) *T { return &v }

func TestAmend(t *testing.T) {
	given := inspection.Evolve(inspection.State{}, logged(nil))
	voided := inspection.Evolve(given, inspection.Voided{Reason: "x"})
	for _, row := range []struct {
		name  string
		given inspection.State
		when  inspection.Amend
		then  inspection.Event
		code  string
		field string
	}{
		{name: "times and words", given: given, when: inspection.Amend{Reason: "typo", EndedAt: ptr(ended.Add(time.Minute)), Content: ptr("looked well"), Surprise: ptr(true)},
			then: inspection.Amended{Reason: "typo", Acting: byOfficer, Report: report(func(r *inspection.Report) {
				r.EndedAt, r.Content, r.Surprise = ended.Add(time.Minute), "looked well", true
			})}},
		{name: "participants, and what it counts for with them", given: given, when: inspection.Amend{Reason: "forgot", Participants: ptr([]string{helper})},
			then: inspection.Amended{Reason: "forgot", Acting: []inspection.Acting{byOfficer[0], acting(helper, "d3", "aid")},
				Report: report(func(r *inspection.Report) { r.Participants = []inspection.Participant{{Person: helper}} })}},
		{name: "nothing different", given: given, when: inspection.Amend{Reason: "typo", EndedAt: ptr(ended.In(time.FixedZone("", 8*3600))), Content: ptr("looked")}},
		{name: "no reason", given: given, when: inspection.Amend{Content: ptr("x")}, code: "invalid_fields", field: "reason"},
		{name: "against the programme", given: given, when: inspection.Amend{Reason: "x", Content: ptr("")}, code: "invalid_fields", field: "content"},
		{name: "a void one", given: voided, when: inspection.Amend{Reason: "x", Content: ptr("y")}, code: "inspection_voided"},
		{name: "none", when: inspection.Amend{Reason: "x"}, code: "inspection_not_found"},
	} {
		t.Run(row.name, func(t *testing.T) {
			got, err := inspection.DecideAmend(row.given, row.when, facts())
			if row.code != "" {
				refuses(t, err, row.code, row.field)
				return
			}
			var want []inspection.Event
			if row.then != nil {
				want = []inspection.Event{row.then}
			}
			if err != nil || !reflect.DeepEqual(got, want) {
				t.Fatalf("got %+v, %v\nwant %+v", got, err, want)
			}
			after := row.given
			for _, e := range got {
				after = inspection.Evolve(after, e)
			}
			if again, err := inspection.DecideAmend(after, row.when, facts()); len(again) > 0 || err != nil {
				t.Errorf("the same again changes something: %+v, %v", again, err)
			}
		})
	}
}

func TestVoid(t *testing.T) {
	given := inspection.Evolve(inspection.State{}, logged(nil))
	got, err := inspection.DecideVoid(given, inspection.Void{Reason: "recorded twice"})
	if want := []inspection.Event{inspection.Voided{Reason: "recorded twice"}}; err != nil || !reflect.DeepEqual(got, want) {
		t.Fatalf("got %+v, %v", got, err)
	}
	_, err = inspection.DecideVoid(inspection.Evolve(given, got[0]), inspection.Void{Reason: "recorded twice"})
	refuses(t, err, "already_voided", "")
	_, err = inspection.DecideVoid(given, inspection.Void{})
	refuses(t, err, "invalid_fields", "reason")
	_, err = inspection.DecideVoid(inspection.State{}, inspection.Void{Reason: "x"})
	refuses(t, err, "inspection_not_found", "")
}

func TestOpenCampaign(t *testing.T) {
	live := map[grid.CellCode]bool{site: true, area: true}
	cmd := func(change func(*inspection.OpenCampaign)) inspection.OpenCampaign {
		c := inspection.OpenCampaign{ID: id, Programme: "lamps", Cell: area, Title: "冬季排查", From: started, To: ended, Targets: []grid.CellCode{site}, Checklist: []string{"wire"}}
		change(&c)
		return c
	}
	for _, row := range []struct {
		name  string
		when  func(*inspection.OpenCampaign)
		field string // of the refusal; "" if it is right
	}{
		{name: "over cells", when: func(*inspection.OpenCampaign) {}},
		{name: "over a class", when: func(c *inspection.OpenCampaign) { c.Targets, c.Class = nil, "A" }},
		{name: "no title", when: func(c *inspection.OpenCampaign) { c.Title = "" }, field: "title"},
		{name: "no beginning", when: func(c *inspection.OpenCampaign) { c.From = time.Time{} }, field: "from"},
		{name: "no end", when: func(c *inspection.OpenCampaign) { c.To = time.Time{} }, field: "to"},
		{name: "no time between", when: func(c *inspection.OpenCampaign) { c.To = c.From }, field: "to"},
		{name: "no target", when: func(c *inspection.OpenCampaign) { c.Targets = nil }, field: "targets"},
		{name: "targets and a class", when: func(c *inspection.OpenCampaign) { c.Class = "A" }, field: "class"},
		{name: "an unknown class", when: func(c *inspection.OpenCampaign) { c.Targets, c.Class = nil, "Z" }, field: "class"},
		{name: "a target elsewhere", when: func(c *inspection.OpenCampaign) { c.Targets[0] = "4101040010010030001" }, field: "targets.0"},
		{name: "a target that is no cell", when: func(c *inspection.OpenCampaign) { c.Targets[0] = "4101040010010020018" }, field: "targets.0"},
		{name: "a target twice", when: func(c *inspection.OpenCampaign) { c.Targets = append(c.Targets, site) }, field: "targets.1"},
		{name: "an unknown line", when: func(c *inspection.OpenCampaign) { c.Checklist[0] = "lid" }, field: "checklist.0"},
		{name: "a line twice", when: func(c *inspection.OpenCampaign) { c.Checklist = append(c.Checklist, "wire") }, field: "checklist.1"},
	} {
		t.Run(row.name, func(t *testing.T) {
			c := cmd(row.when)
			got, err := inspection.DecideOpenCampaign(inspection.Campaign{}, c, lamps(), live)
			if row.field != "" {
				refuses(t, err, "invalid_fields", row.field)
				return
			}
			if want := []inspection.CampaignEvent{inspection.CampaignOpened(c)}; err != nil || !reflect.DeepEqual(got, want) {
				t.Fatalf("got %+v, %v\nwant %+v", got, err, want)
			}
			_, err = inspection.DecideOpenCampaign(inspection.EvolveCampaign(inspection.Campaign{}, got[0]), c, lamps(), live)
			refuses(t, err, "id_reused", "")
		})
	}
}
