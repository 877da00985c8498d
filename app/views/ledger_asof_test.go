package views_test

import (
	"fmt"
	"strings"
	"testing"

	"gridward/app/views"
	"gridward/domain/grid"
	"gridward/domain/hazard"
	"gridward/domain/inspection"
	"gridward/domain/personal"
	"gridward/domain/programme"
	"gridward/domain/register"
)

// told writes one row of a ledger: the values of some columns.
func told(rows []views.Row, columns ...string) string {
	out := []string{}
	for _, r := range rows {
		values := make([]string, len(columns))
		for i, c := range columns {
			values[i] = fmt.Sprint(r.Value(c))
		}
		out = append(out, strings.Join(values, " "))
	}
	return strings.Join(out, ", ")
}

// as gives a ledger of fire as of an instant, page by page, one row at a time.
func (w *world) as(asOf, cell, name string) []views.Row {
	w.t.Helper()
	w.project()
	out, p := []views.Row{}, views.Paging{Limit: 1}
	for {
		page := must[views.Page[views.Row]](w.t)(w.views.LedgerPage(ctx(), grid.CellCode(cell), name,
			views.LedgerFilter{Programme: "fire", Now: w.now, AsOf: instant(asOf)}, p))
		out = append(out, page.Items...)
		if page.NextCursor == nil {
			return out
		}
		p.Cursor = *page.NextCursor
	}
}

// Every ledger can be read as it was: with the rows the log had taken by then, each as it was told then.
func TestLedgersAsTheyWere(t *testing.T) {
	w := newWorld(t)
	w.now = at("2026-02-01 09:00")
	w.grid()
	w.put("programme-fire", "admin", programme.Published{Programme: programme.Programme{Code: "fire", Version: 1, PremisesFields: []programme.Field{{Name: "floors", Label: "层数"}}}})
	w.now = at("2026-02-02 09:00")
	w.log1(visit("i1", site1, at("2026-02-02 08:00"), "officer"))
	w.put("activity-a1", "p1", register.ActivityRecorded{ID: "a1", Cell: community, Programme: "fire", Kind: "drill", HeldAt: at("2026-02-01 08:00"), Title: "演练"})
	w.put("equipment-e1", "p1", register.EquipmentRegistered{ID: "e1", Cell: site1, Programme: "fire", Kind: "灭火器", Quantity: 4, ValidUntil: "2026-02-03"})
	w.put("force-f1", "p1", register.ForceRegistered{ID: "f1", Cell: community, Programme: "fire", Kind: "force", Name: "消防站"})
	w.put("case-c1", "p1", w.report("c1", site3))
	w.put("cell-"+site1, "admin", grid.CellAttributesSet{Attributes: map[string]any{"floors": 6}})

	w.now = at("2026-02-04 09:00")
	moved := visit("i1", site3, at("2026-02-02 08:00"), "officer")
	w.put("inspection-i1", "p1", inspection.Amended{Reason: "更正", Report: moved.Report, Acting: moved.Acting})
	w.put("equipment-e1", "p1", register.EquipmentServiced{ServicedOn: "2026-02-04", ValidUntil: "2027-02-04"})
	w.put("case-c1", "chief3", w.file(site1, "exit", "minor"), // filing corrects the cell
		hazard.Transferred{Stamp: w.stamp("chief2"), Authority: "公安", DocumentNo: "7", Cell: street})
	w.put("activity-a2", "p1", register.ActivityRecorded{ID: "a2", Cell: community, Programme: "fire", Kind: "drill", HeldAt: at("2026-01-20 08:00"), Title: "补录"})
	w.put("cell-"+site1, "admin", grid.CellAttributesSet{Attributes: map[string]any{"floors": 7}})
	w.put("cell-"+site3, "admin", grid.CellClassesSet{Classes: map[string]string{"fire": "", "market": "B"}})
	w.put("programme-fire", "admin", programme.Published{Programme: programme.Programme{Code: "fire", Version: 2, PremisesFields: []programme.Field{{Name: "owner", Label: "业主"}}}})

	w.now = at("2026-02-06 09:00")
	w.put("inspection-i1", "p1", inspection.Voided{Reason: "重复"})
	w.put("equipment-e1", "p1", register.EquipmentRetired{Reason: "损坏"})
	w.put("case-c1", "chief2", hazard.TransferReplied{Stamp: w.stamp("chief2"), DocumentNo: "B", Outcome: "已受理"},
		hazard.Rectified{Stamp: w.stamp("p1"), Measures: "m", PerformedBy: personal.Party{Person: "p1"}, Holder: *who(area1, "a1")},
		hazard.Closed{Stamp: w.stamp("chief2"), Rating: "good", Office: street})
	w.put("cell-"+site2, "admin", grid.CellRetired{At: w.now, Reason: "拆除"})
	w.later(60)

	days := []string{"2026-02-02 08:59", "2026-02-02 09:00", "2026-02-04 08:59", "2026-02-04 09:00", "2026-02-06 08:59", "2026-02-06 09:00", ""}
	for _, c := range []struct {
		ledger, columns string
		want            [7]string // by the days
	}{
		{"inspections", "id cell revision", [7]string{"", "i1 " + site1 + " 0", "i1 " + site1 + " 0", "i1 " + site3 + " 1", "i1 " + site3 + " 1", "", ""}},
		{"activities", "id", [7]string{"", "a1", "a1", "a2, a1", "a2, a1", "a2, a1", "a2, a1"}},
		{"equipment", "id standing valid_until", [7]string{"", "e1 expiring 2026-02-03", "e1 expired 2026-02-03", "e1 in_use 2027-02-04", "e1 in_use 2027-02-04",
			"e1 retired 2027-02-04", "e1 retired 2027-02-04"}},
		{"forces", "id", [7]string{"", "f1", "f1", "f1", "f1", "f1", "f1"}},
		{"hazards", "id cell state", [7]string{"", "c1 " + site3 + " reported", "c1 " + site3 + " reported", "c1 " + site1 + " filed", "c1 " + site1 + " filed",
			"c1 " + site1 + " closed", "c1 " + site1 + " closed"}},
		{"transfers", "case outcome reply_document_no", [7]string{"", "", "", "c1  ", "c1  ", "c1 已受理 B", "c1 已受理 B"}},
		{"ratings", "case rating", [7]string{"", "", "", "", "", "c1 good", "c1 good"}},
		{"premises", "name class retired", [7]string{"商场 A false, 餐馆 B false, 旅馆 A false", "商场 A false, 餐馆 B false, 旅馆 A false", "商场 A false, 餐馆 B false, 旅馆 A false",
			"商场 A false, 餐馆 B false", "商场 A false, 餐馆 B false", "商场 A false, 餐馆 B true", "商场 A false, 餐馆 B true"}},
	} {
		for i, day := range days {
			if got := told(w.as(day, district, c.ledger), strings.Fields(c.columns)...); got != c.want[i] {
				t.Errorf("%s as of %q: %q, want %q", c.ledger, day, got, c.want[i])
			}
		}
	}
	// The hazard and the inspection stand in the book of the cell they were in then.
	for _, c := range []struct{ day, cell, ledger, want string }{
		{"2026-02-03 00:00", area2, "hazards", "c1"}, {"2026-02-03 00:00", area1, "hazards", ""}, {"2026-02-05 00:00", area2, "hazards", ""},
		{"2026-02-05 00:00", area1, "hazards", "c1"}, {"2026-02-03 00:00", area1, "inspections", "i1"}, {"2026-02-05 00:00", area1, "inspections", ""},
	} {
		if got := told(w.as(c.day, c.cell, c.ledger), "id"); got != c.want {
			t.Errorf("%s of %s as of %s: %q, want %q", c.ledger, c.cell, c.day, got, c.want)
		}
	}
	for day, want := range map[string]string{"2026-02-03 00:00": `"floors":6}`, "2026-02-05 00:00": `"owner":null}`} {
		if rows := w.as(day, site1, "premises"); len(rows) != 1 || !strings.HasSuffix(text(rows[0]), `"retired":false,`+want) {
			t.Errorf("the fields the programme asked for on %s: %s", day, text(rows))
		}
	}
	s := must[views.Sheet](t)(w.views.Ledger(ctx(), district, "hazards", views.LedgerFilter{AsOf: at("2026-02-03 00:00")}))
	for row, err := range s.Rows {
		if err != nil || row.Value("state") != "reported" {
			t.Errorf("the sheet says the same: %s, %v", text(row), err)
		}
	}
	w.same()
}
