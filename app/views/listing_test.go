package views_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"gridward/app/views"
	"gridward/domain/fault"
	"gridward/domain/grid"
	"gridward/domain/inspection"
	"gridward/domain/personal"
	"gridward/domain/programme"
)

func codes(cells []views.Cell) string {
	out := []string{}
	for _, c := range cells {
		out = append(out, c.Name)
	}
	return fmt.Sprint(out)
}

func TestCellsAreFoundByEveryFilter(t *testing.T) {
	w := newWorld(t)
	w.grid()
	w.put("cell-"+site1, "admin", grid.CellClassesSet{Classes: map[string]string{"fire": "B", "market": "D"}})
	w.put("cell-"+site2, "admin", grid.CellClassesSet{Classes: map[string]string{"fire": ""}})
	w.put("cell-"+site3, "admin", grid.CellRetired{At: w.now, Reason: "拆除"})
	w.put("cell-"+area2, "admin", grid.CellReplaced{At: w.now, Successors: []grid.Successor{{Code: "410104001001003", Name: "三片区"}}})
	w.put("cell-410104001001003", "admin", grid.CellCreated{Code: "410104001001003", Name: "三片区", Replaces: area2})
	w.project()
	for name, c := range map[string]struct {
		f    views.CellFilter
		want string
	}{
		"all by code": {views.CellFilter{}, "[管城区 北下街街道 北大街社区 一片区 商场 餐馆 二片区 旅馆 三片区]"},
		"children":    {views.CellFilter{Parent: community}, "[一片区 二片区 三片区]"}, "level": {views.CellFilter{Level: 5}, "[商场 餐馆 旅馆]"},
		"class": {views.CellFilter{Class: "B"}, "[商场]"}, "class of any programme": {views.CellFilter{Class: "C"}, "[餐馆]"},
		"no longer of the class": {views.CellFilter{Class: "A"}, "[旅馆]"}, "part of the name": {views.CellFilter{Q: "街"}, "[北下街街道 北大街社区]"},
		"beginning of the code": {views.CellFilter{Q: area1}, "[一片区 商场 餐馆]"}, "no pattern": {views.CellFilter{Q: "%"}, "[]"},
		"together": {views.CellFilter{Parent: community, Q: "一"}, "[一片区]"},
	} {
		if got := codes(must[views.Page[views.Cell]](t)(w.views.Cells(ctx(), c.f, views.Paging{})).Items); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
	c := must[views.Cell](t)(w.views.Cell(ctx(), area2))
	if !c.Retired || fmt.Sprint(c.Successors) != "[410104001001003]" || c.Version != 2 {
		t.Errorf("a replaced cell: %+v", c)
	}
	_, err := w.views.Cell(ctx(), "410199")
	wantFault(t, err, fault.NotFound, "cell_not_found")
	_, err = w.views.Cells(ctx(), views.CellFilter{Level: 6}, views.Paging{})
	wantFault(t, err, fault.Invalid, "invalid_fields")
	w.same()
}

func TestPersonsDepartmentsAndDuties(t *testing.T) {
	w := newWorld(t)
	w.grid()
	w.put("person-p1", "admin", grid.PersonRegistered{ID: "p1", Name: personal.Of("p1", "张三"), Phone: personal.Of("p1", "138")})
	w.put("department-police", "admin", grid.DepartmentCreated{Code: "police", Name: "派出所", Cell: street})
	given := grid.DutyGiven{Duty: "d1", Programme: "fire", Role: "officer", ActsAs: "officer", Person: "p1", From: at("2026-02-01 00:00"), Cells: []grid.CellCode{area1, area2}}
	w.put("duties-fire-"+area1, "admin", given)
	w.put("duties-fire-"+area2, "admin", given)
	w.put("duties-water-"+area1, "admin", grid.DutyGiven{Duty: "d2", Programme: "water", Role: "inspector", ActsAs: "officer", Person: "p1", From: at("2026-02-01 00:00"), Cells: []grid.CellCode{area1}})
	w.put("duties-fire-dept-police", "admin", grid.DutyGiven{Duty: "d3", Programme: "fire", Role: "supervisor", ActsAs: "supervisor", Person: "p1", From: at("2026-02-01 00:00"), Department: "police"})
	w.put("duties-fire-"+area1, "admin", grid.DutyEnded{Duty: "d1", At: at("2026-02-20 00:00")})
	w.put("duties-fire-"+area2, "admin", grid.DutyEnded{Duty: "d1", At: at("2026-02-20 00:00")})
	w.project()
	for name, c := range map[string]struct {
		cell, programme string
		at              time.Time
		want            int
	}{
		"all": {area1, "", time.Time{}, 2}, "of a programme": {area1, "fire", time.Time{}, 1}, "the second cell": {area2, "", time.Time{}, 1},
		"before": {area1, "fire", at("2026-01-31 23:59"), 0}, "from": {area1, "fire", at("2026-02-01 00:00"), 1}, "until": {area1, "fire", at("2026-02-20 00:00"), 0},
	} {
		if got := len(must[views.Page[views.Duty]](t)(w.views.DutiesAt(ctx(), grid.CellCode(c.cell), c.programme, c.at, views.Paging{})).Items); got != c.want {
			t.Errorf("%s: %d, want %d", name, got, c.want)
		}
	}
	p := must[views.Person](t)(w.views.Person(ctx(), "p1"))
	if p.Name != "张三" || p.Phone != "138" || len(p.Duties) != 3 || p.Duties[2].Department != "police" {
		t.Errorf("person: %+v", p)
	}
	wantJSON(t, p.Duties[0], `{"id":"d1","programme":"fire","role":"officer","acts_as":"officer","person":"p1","from":"2026-02-01T00:00:00+08:00",
		"to":"2026-02-20T00:00:00+08:00","cells":["410104001001001","410104001001002"]}`)
	if d := must[views.Page[views.Department]](t)(w.views.Departments(ctx(), views.Paging{})).Items; len(d) != 1 || d[0].Cell != street {
		t.Errorf("departments: %+v", d)
	}
	if d := must[views.Page[views.Person]](t)(w.views.Persons(ctx(), views.Paging{})).Items; len(d) != 1 {
		t.Errorf("persons: %+v", d)
	}
	_, err := w.views.Person(ctx(), "p2")
	wantFault(t, err, fault.NotFound, "person_not_found")
	w.same()
}

func TestCampaignProgressIsDistinctTargetsInspected(t *testing.T) {
	w := newWorld(t)
	w.grid()
	w.put("cell-"+site3, "admin", grid.CellRetired{At: w.now, Reason: "x"})
	open := inspection.CampaignOpened{ID: "k1", Programme: "fire", Cell: district, Title: "冬防", From: at("2026-02-10 00:00"), To: at("2026-02-20 00:00"),
		Targets: []grid.CellCode{site1, site2}}
	w.put("campaign-k1", "d", open)
	open.ID, open.Targets, open.Class = "k2", nil, "A"
	w.put("campaign-k2", "d", open) // of class A only site1 is live
	visits := func(id, cell, start, campaign, kind string) {
		in := visit(id, cell, at(start), "officer")
		in.Report.Campaign, in.Report.Kind = campaign, kind
		w.log1(in)
	}
	visits("i1", site1, "2026-02-10 00:00", "k1", "campaign")
	visits("i2", site1, "2026-02-11 09:00", "k1", "campaign") // the same target
	visits("i3", site2, "2026-02-20 00:00", "k1", "campaign") // too late
	visits("i4", site2, "2026-02-12 09:00", "k1", "recheck")  // never counts
	visits("i5", site3, "2026-02-12 09:00", "k1", "campaign") // no target
	visits("i6", site1, "2026-02-12 09:00", "k2", "campaign")
	progress := func(id string) [2]int {
		t.Helper()
		w.project()
		c := must[views.Campaign](t)(w.views.Campaign(ctx(), id))
		return [2]int{c.Progress.Inspected, c.Progress.Targets}
	}
	if got := progress("k1"); got != [2]int{1, 2} {
		t.Errorf("k1: %v", got)
	}
	if got := progress("k2"); got != [2]int{1, 1} {
		t.Errorf("k2: %v", got)
	}
	c := must[views.Campaign](t)(w.views.Campaign(ctx(), "k1"))
	wantJSON(t, c.Targets, `[{"cell":"4101040010010010001","name":"商场","inspections":2},{"cell":"4101040010010010002","name":"餐馆","inspections":0}]`)
	w.put("inspection-i1", "p1", inspection.Voided{Reason: "x"})
	w.put("inspection-i2", "p1", inspection.Voided{Reason: "x"})
	if got := progress("k1"); got != [2]int{0, 2} {
		t.Errorf("voided: %v", got)
	}
	page := must[views.Page[views.Campaign]](t)(w.views.Campaigns(ctx(), views.CampaignFilter{Cell: street}, views.Paging{}))
	if len(page.Items) != 0 {
		t.Errorf("a campaign of the district is not the street's: %+v", page.Items)
	}
	page = must[views.Page[views.Campaign]](t)(w.views.Campaigns(ctx(), views.CampaignFilter{Cell: district, Programme: "fire"}, views.Paging{}))
	if len(page.Items) != 2 || page.Items[0].ID != "k2" || page.Items[0].Progress.Inspected != 1 {
		t.Errorf("campaigns: %+v", page.Items)
	}
	w.same()
}

func TestProgrammesInEveryVersion(t *testing.T) {
	w := newWorld(t)
	w.put("programme-fire", "admin", programme.Published{Programme: programme.Programme{Code: "fire", Version: 1, Name: "一"}})
	w.put("programme-fire", "admin", programme.Published{Programme: programme.Programme{Code: "fire", Version: 2, Name: "二"}})
	w.put("programme-water", "admin", programme.Published{Programme: programme.Programme{Code: "water", Version: 1}})
	w.project()
	if p := must[views.Page[views.Programme]](t)(w.views.Programmes(ctx(), views.Paging{})).Items; len(p) != 2 || p[0].Name != "二" || fmt.Sprint(p[0].Versions) != "[1 2]" {
		t.Errorf("programmes: %+v", p)
	}
	if p := must[views.Programme](t)(w.views.Programme(ctx(), "fire", 1)); p.Name != "一" {
		t.Errorf("version 1: %+v", p)
	}
	_, err := w.views.Programme(ctx(), "fire", 3)
	wantFault(t, err, fault.NotFound, "programme_not_found")
	w.same()
}

// What was there when a listing was begun is in it exactly once, whatever is added meanwhile.
func TestPagesAreCompleteWhateverIsAddedMeanwhile(t *testing.T) {
	w := newWorld(t)
	w.grid()
	n, round := 0, 0
	rapid.Check(t, func(r *rapid.T) {
		round++
		programme := fmt.Sprint("programme", round) // nobody else's
		logged := []string{}
		add := func(count int) {
			for range count {
				n++
				id := fmt.Sprintf("i%05d", n)
				cell := rapid.SampledFrom([]string{site1, site2, site3, area1}).Draw(r, "cell")
				day := rapid.IntRange(1, 3).Draw(r, "day") // many begin at the same instant
				in := visit(id, cell, at(fmt.Sprintf("2026-02-%02d 09:00", day)), "officer")
				in.Report.Programme = programme
				w.log1(in)
				logged = append(logged, id)
			}
			w.project()
		}
		add(rapid.IntRange(0, 25).Draw(r, "before"))
		before := slices.Clone(logged)
		ledger := rapid.Bool().Draw(r, "ledger")
		met := map[string]int{}
		p := views.Paging{Limit: rapid.IntRange(1, 7).Draw(r, "limit")}
		for {
			var next *string
			if ledger {
				page, err := w.views.LedgerPage(ctx(), district, "inspections", views.LedgerFilter{Programme: programme}, p)
				if err != nil {
					r.Fatal(err)
				}
				for _, row := range page.Items {
					met[row.Value("id").(string)]++
				}
				next = page.NextCursor
			} else {
				page, err := w.views.Inspections(ctx(), views.InspectionFilter{Cell: district, Programme: programme}, p)
				if err != nil {
					r.Fatal(err)
				}
				for _, in := range page.Items {
					met[in.ID]++
				}
				next = page.NextCursor
			}
			if next == nil {
				break
			}
			p.Cursor = *next
			add(rapid.IntRange(0, 2).Draw(r, "meanwhile"))
		}
		for _, id := range before {
			if met[id] != 1 {
				r.Fatalf("%s was met %d times", id, met[id])
			}
		}
	})
}

func TestBadCursorsAndLimits(t *testing.T) {
	w := newWorld(t)
	w.grid()
	w.project()
	for _, cursor := range []string{"!", "abc", "e30", "eyJzIjoiYSJ9x"} {
		_, err := w.views.Cases(ctx(), views.CaseFilter{}, views.Paging{Cursor: cursor})
		if f, ok := fault.As(err); !ok || f.Code != "bad_cursor" {
			t.Errorf("cursor %q: %v", cursor, err)
		}
	}
	for _, limit := range []int{-1, 501} {
		_, err := w.views.Cells(ctx(), views.CellFilter{}, views.Paging{Limit: limit})
		wantFault(t, err, fault.Invalid, "invalid_fields")
	}
	_, err := w.views.LedgerPage(ctx(), district, "nothing", views.LedgerFilter{}, views.Paging{})
	wantFault(t, err, fault.NotFound, "ledger_not_found")
	_, err = w.views.Escalations(ctx(), "x", "", w.now, views.Paging{})
	wantFault(t, err, fault.Invalid, "invalid_fields")
}
