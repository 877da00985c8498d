package views_test

import (
	"bytes"
	"encoding/csv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"gridward/app/views"
	"gridward/domain/fault"
	"gridward/domain/grid"
	"gridward/domain/hazard"
	"gridward/domain/personal"
	"gridward/domain/programme"
	"gridward/domain/register"
)

func (w *world) csv(cell, name, prog string) string {
	w.t.Helper()
	w.project()
	s := must[views.Sheet](w.t)(w.views.Ledger(ctx(), grid.CellCode(cell), name, views.LedgerFilter{Programme: prog}))
	var out bytes.Buffer
	if err := s.WriteCSV(&out); err != nil {
		w.t.Fatal(err)
	}
	return out.String()
}

func (w *world) ledger(cell, name, prog string) []views.Row {
	w.t.Helper()
	w.project()
	return must[views.Page[views.Row]](w.t)(w.views.LedgerPage(ctx(), grid.CellCode(cell), name, views.LedgerFilter{Programme: prog}, views.Paging{})).Items
}

func TestTheLedgersOfACellCoverItsSubtree(t *testing.T) {
	w := newWorld(t)
	w.grid()
	w.put("programme-fire", "admin", programme.Published{Programme: programme.Programme{Code: "fire", Version: 1,
		Classes: []programme.Class{{Code: "A", Name: "重点单位"}}, PremisesFields: []programme.Field{{Name: "floors", Label: "层数", Kind: "number"}}}})
	w.put("cell-"+site1, "admin", grid.CellAttributesSet{Attributes: map[string]any{"floors": 6, "owner": "=1+1"}})
	w.put("activity-a1", "p1", register.ActivityRecorded{ID: "a1", Cell: community, Programme: "fire", Kind: "drill", HeldAt: at("2026-02-10 08:00"),
		Title: "疏散演练", Participants: []register.Attendee{{Person: "p1"}, {Name: personal.Of("x", "王五")}}})
	w.put("equipment-e1", "p1", register.EquipmentRegistered{ID: "e1", Cell: site1, Programme: "fire", Kind: "灭火器", Quantity: 4, BoughtOn: "2026-01-01", ValidUntil: "2027-01-01"})
	w.put("equipment-e1", "p1", register.EquipmentServiced{ServicedOn: "2026-02-01", ValidUntil: "2028-02-01"})
	w.put("force-f1", "p1", register.ForceRegistered{ID: "f1", Cell: community, Programme: "fire", Kind: "force", Name: "微型消防站", Headcount: 6, Leader: personal.Of("x", "王五")})
	w.log1(visit("i1", site1, at("2026-02-10 09:00"), "officer"))
	w.log1(visit("i2", site3, at("2026-02-09 09:00"), "officer"))
	w.put("case-c1", "p1", w.report("c1", site1), w.file(site1, "exit", "minor"),
		hazard.Rectified{Stamp: w.stamp("p1"), Measures: "m", PerformedBy: personal.Party{Person: "p1"}, Holder: *who(area1, "a1")},
		hazard.Transferred{Stamp: w.stamp("c"), Authority: "公安", DocumentNo: "7", Cell: street},
		hazard.Closed{Stamp: w.stamp("chief2"), Rating: "good", Office: street})

	wantJSON(t, w.ledger(area1, "premises", "fire"), `[
		{"code":"4101040010010010001","name":"商场","parent":"410104001001001","class":"A","retired":false,"floors":6},
		{"code":"4101040010010010002","name":"餐馆","parent":"410104001001001","class":"B","retired":false,"floors":null}]`)
	if rows := w.ledger(district, "premises", "market"); len(rows) != 1 || rows[0].Value("name") != "餐馆" {
		t.Errorf("the premises of another programme: %+v", rows)
	}
	if rows := w.ledger(district, "premises", ""); len(rows) != 3 || rows[1].Value("class") != "fire:B、market:C" {
		t.Errorf("all premises: %+v", rows)
	}
	wantJSON(t, w.ledger(street, "activities", "fire"), `[{"id":"a1","cell":"410104001001","cell_name":"北大街社区","programme":"fire","kind":"drill",
		"held_at":"2026-02-10T08:00:00+08:00","title":"疏散演练","minutes":"","participants":["p1","王五"]}]`)
	wantJSON(t, w.ledger(site1, "equipment", ""), `[{"id":"e1","cell":"4101040010010010001","cell_name":"商场","programme":"fire","kind":"灭火器","quantity":4,"standing":"in_use",
		"bought_on":"2026-01-01","valid_until":"2028-02-01","serviced_on":"2026-02-01","place":"","note":"","retired_at":null,"retired_reason":""}]`)
	wantJSON(t, w.ledger(district, "forces", "fire"), `[{"id":"f1","cell":"410104001001","cell_name":"北大街社区","programme":"fire","kind":"force","name":"微型消防站",
		"headcount":6,"leader":"王五","phone":"","equipment":"","content":""}]`)
	wantJSON(t, w.ledger(area1, "transfers", "fire"), `[{"case":"c1","cell":"4101040010010010001","cell_name":"商场","programme":"fire","authority":"公安","document_no":"7",
		"note":"","office":"410104001","made_by":"c","transferred_at":"2026-02-10T09:00:00+08:00","replied_at":null,"reply_document_no":"","outcome":""}]`)
	wantJSON(t, w.ledger(area1, "ratings", "fire"), `[{"case":"c1","cell":"4101040010010010001","cell_name":"商场","programme":"fire","item":"exit","severity":"minor",
		"round":1,"rating":"good","holder":"410104001001001","holder_person":"a1","rework_count":0,"office":"410104001","made_by":"chief2","note":"",
		"closed_at":"2026-02-10T09:00:00+08:00"}]`)
	if rows := w.ledger(district, "inspections", "fire"); len(rows) != 2 || rows[0].Value("id") != "i1" {
		t.Errorf("inspections, cell by cell: %+v", rows)
	}
	if rows := w.ledger(area2, "hazards", "fire"); len(rows) != 0 {
		t.Errorf("another area's hazards: %+v", rows)
	}
	for name, head := range map[string]string{"hazards": "编号,网格编码,网格名称,业务条线,事项,隐患等级,状态", "premises": "网格编码,单位场所名称,所属网格,类别,已注销,层数",
		"ratings": "案件编号,网格编码", "inspections": "编号,", "activities": "编号,", "equipment": "编号,", "transfers": "案件编号,", "forces": "编号,"} {
		text := w.csv(district, name, "fire")
		if !strings.HasPrefix(text, "\ufeff"+head) || !strings.HasSuffix(text, "\r\n") {
			t.Errorf("%s: %q", name, text)
		}
	}
	if text := w.csv(district, "hazards", "fire"); !strings.Contains(text, "c1,4101040010010010001,商场,fire,exit,一般隐患,已结案,网格员,堵塞,2026-02-10 09:00:00") {
		t.Errorf("hazards as people read them: %q", text)
	}
	if text := w.csv(district, "premises", "fire"); !strings.Contains(text, "商场,一片区,重点单位,否,6\r\n") {
		t.Errorf("premises as people read them: %q", text)
	}
	if text := w.csv(area1, "ratings", "fire"); !strings.Contains(text, ",好,一片区,") {
		t.Errorf("ratings name the unit: %q", text)
	}
}

func TestEquipmentIsInUseUntilItExpires(t *testing.T) {
	w := newWorld(t)
	w.grid()
	for id, until := range map[string]string{"e1": "", "e2": "2027-01-01", "e3": "2026-03-12", "e4": "2026-02-10", "e5": "2026-02-09"} {
		w.put("equipment-"+id, "p1", register.EquipmentRegistered{ID: id, Cell: site1, Kind: "灭火器", Quantity: 1, ValidUntil: until})
	}
	w.put("equipment-e6", "p1", register.EquipmentRegistered{ID: "e6", Cell: site1, Kind: "灭火器", Quantity: 1}, register.EquipmentRetired{Reason: "x"})
	w.project()
	page, err := w.views.LedgerPage(ctx(), grid.CellCode(site1), "equipment", views.LedgerFilter{Now: at("2026-02-10 23:59")}, views.Paging{})
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{"in_use", "in_use", "expiring", "expiring", "expired", "retired"} {
		if got := page.Items[i].Value("standing"); got != want {
			t.Errorf("%s is %s, want %s", page.Items[i].Value("id"), got, want)
		}
	}
}

func TestACursorServesItsOwnListingOnly(t *testing.T) {
	w := newWorld(t)
	w.grid()
	w.project()
	page, err := w.views.LedgerPage(ctx(), grid.CellCode(district), "premises", views.LedgerFilter{}, views.Paging{Limit: 1})
	if err != nil || page.NextCursor == nil {
		t.Fatalf("%+v, %v", page, err)
	}
	other := views.Paging{Cursor: *page.NextCursor}
	_, ledger := w.views.LedgerPage(ctx(), grid.CellCode(district), "hazards", views.LedgerFilter{}, other)
	_, cells := w.views.Cells(ctx(), views.CellFilter{}, other)
	_, cases := w.views.Cases(ctx(), views.CaseFilter{}, other)
	for _, err := range []error{ledger, cells, cases} {
		if f, ok := fault.As(err); !ok || f.Code != "bad_cursor" {
			t.Errorf("another listing's cursor: %v", err)
		}
	}
}

func TestNoCellOfACSVIsAFormula(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		value := rapid.StringOf(rapid.RuneFrom([]rune("=+-@\t\r\n\"',;＝＋－＠a1 中"))).Draw(r, "value")
		var out bytes.Buffer
		if err := views.OneCell(value).WriteCSV(&out); err != nil {
			r.Fatal(err)
		}
		read := csv.NewReader(strings.NewReader(strings.TrimPrefix(out.String(), "\ufeff")))
		rows, err := read.ReadAll()
		if err != nil {
			r.Fatalf("%q: %v", out.String(), err)
		}
		if value == "" {
			return
		}
		got := rows[1][0]
		if strings.ContainsAny(got[:1], "=+-@\t\r\n") || strings.HasPrefix(got, "＝") || strings.HasPrefix(got, "＠") {
			r.Fatalf("%q is a formula", got)
		}
		if strings.ContainsRune("=+-@", rune(value[0])) && got != "'"+strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(value) && !strings.ContainsAny(value, "\r\n") {
			r.Fatalf("%q became %q", value, got)
		}
	})
}
