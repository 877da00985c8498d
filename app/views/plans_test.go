package views_test

import (
	"strings"
	"testing"
	"time"

	"gridward/app/views"
)

// No query may walk a whole table that grows with the years, except in an index's own order, from its start, as far
// as a page reaches: that is how "everything, the newest first" is read.
func TestNoQueryScansATableThatGrows(t *testing.T) {
	w := newWorld(t)
	m := newMix(w, 3)
	m.settle(2)
	for range 300 {
		m.step()
	}
	w.project()
	yes := true
	month := must[views.Period](t)(views.ParsePeriod("2026-02", shanghai))
	check := func(name string, walks bool, query func() error) {
		t.Helper()
		var err error
		told := 0
		explained := w.views.Plans(func() { err = query() }, func(text string, plan []string) {
			told++
			all := strings.Join(plan, "; ")
			for _, table := range []string{"i", "c", "e", "p", "t", "inspections", "cases", "patrols"} {
				scan := strings.Contains(all+";", "SCAN "+table+";") || strings.Contains(all, "SCAN "+table+" ")
				if scan && (!walks || strings.Contains(all, "TEMP B-TREE")) {
					t.Errorf("%s: %s\n%s", name, all, text)
				}
			}
		})
		if err != nil || explained != nil || told == 0 {
			t.Errorf("%s: %v, %v, %d queries", name, err, explained, told)
		}
	}
	inspections := func(f views.InspectionFilter) func() error {
		return func() error { _, err := w.views.Inspections(ctx(), f, views.Paging{}); return err }
	}
	cases := func(f views.CaseFilter) func() error {
		return func() error { _, err := w.views.Cases(ctx(), f, views.Paging{}); return err }
	}
	check("all inspections", true, inspections(views.InspectionFilter{}))
	check("a district's inspections", true, inspections(views.InspectionFilter{Cell: district}))
	check("an area's inspections", false, inspections(views.InspectionFilter{Cell: area1, Programme: "fire"}))
	check("an officer's inspections", false, inspections(views.InspectionFilter{Officer: "p"}))
	check("a month's inspections of a district", false, inspections(views.InspectionFilter{Cell: district, From: month.From, To: month.To}))
	check("all cases", true, cases(views.CaseFilter{}))
	check("a district's cases", true, cases(views.CaseFilter{Cell: district}))
	check("a community's cases", false, cases(views.CaseFilter{Cell: community, Supervised: &yes}))
	check("cases of a state", false, cases(views.CaseFilter{State: "filed"}))
	check("a holder's cases", false, cases(views.CaseFilter{Holder: "x"}))
	check("one case", false, func() error { _, err := w.views.Case(ctx(), m.ids[0], w.now); return err })
	check("one inspection", false, func() error { _, err := w.views.Inspection(ctx(), m.logs[0].ID); return err })
	check("open cases", false, func() error { _, err := w.views.OpenCasesOf(ctx(), site1, 0); return err })
	check("patrols", false, func() error { _, err := w.views.Patrols(ctx(), community, "fire", month, w.now, time.Time{}); return err })
	check("the queue", false, func() error { _, err := w.views.Escalations(ctx(), district, "fire", w.now, views.Paging{}); return err })
	check("campaigns", true, func() error { _, err := w.views.Campaigns(ctx(), views.CampaignFilter{}, views.Paging{}); return err })
	check("cells", true, func() error { _, err := w.views.Cells(ctx(), views.CellFilter{}, views.Paging{}); return err })
	for _, cell := range []string{district, community} {
		for _, name := range []string{"premises", "inspections", "hazards", "activities", "equipment", "transfers", "ratings", "forces"} {
			check(cell+" "+name, false, func() error {
				_, err := w.views.LedgerPage(ctx(), "410104", name, views.LedgerFilter{Programme: "fire"}, views.Paging{})
				return err
			})
		}
	}
}
