package views_test

import (
	"database/sql"
	"errors"
	"strings"
	"testing"
	"time"

	"gridward/app/views"
	"gridward/domain/grid"
)

// grows names the tables that grow with the years, and what queries call them.
var grows = []string{"i", "c", "e", "p", "t", "m", "s", "n", "k", "inspections", "cases", "patrols", "intervals", "case_parties", "missed", "shortfalls", "cards",
	"escalations", "notices", "digests", "case_moves", "transfers", "activities", "campaigns"}

// walked tells which of them a plan walks from one end to the other.
func walked(plan string) string {
	for _, table := range grows {
		if strings.Contains(plan+";", "SCAN "+table+";") || strings.Contains(plan, "SCAN "+table+" ") {
			return table
		}
	}
	return ""
}

// No query may walk a whole table that grows with the years, except in an index's own order, from its start, as far
// as a page reaches: that is how "everything, the newest first" is read.
func TestNoQueryScansATableThatGrows(t *testing.T) {
	w := newWorld(t)
	m := newMix(w, 3)
	m.settle(2)
	for range 300 {
		m.step()
	}
	person := m.person(area1)
	w.put("person-"+person, "admin", grid.PersonRegistered{ID: person})
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
			if walked(all) != "" && (!walks || strings.Contains(all, "TEMP B-TREE")) {
				t.Errorf("%s: %s\n%s", name, all, text)
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
	check("patrols", false, func() error {
		_, err := w.views.Patrols(ctx(), community, "fire", month, w.now, w.now)
		return err
	})
	check("the queue", false, func() error {
		_, err := w.views.Escalations(ctx(), district, "fire", w.now, views.Paging{})
		return err
	})
	check("what is due", false, func() error { _, err := w.views.Due(ctx(), w.now, 100); return err })
	check("the last deadline", true, func() error { _, _, err := w.views.LastDeadline(ctx()); return err })
	check("notices", false, func() error { _, err := w.views.Notices(ctx(), person, views.Paging{}); return err })
	for _, asOf := range []time.Time{{}, w.now} {
		check("shortfalls", false, func() error {
			_, err := w.views.Shortfalls(ctx(), community, "fire", month, asOf, views.Paging{})
			return err
		})
		check("a person's accountability", false, func() error {
			_, err := w.views.PersonAccountability(ctx(), person, month.From, month.To, w.now, asOf)
			return err
		})
		check("a cell's accountability", false, func() error {
			_, err := w.views.CellAccountability(ctx(), community, month.From, month.To, w.now, asOf)
			return err
		})
		check("a case's accountability", false, func() error {
			_, err := w.views.CaseAccountability(ctx(), m.ids[0], w.now, asOf)
			return err
		})
	}
	check("campaigns", true, func() error { _, err := w.views.Campaigns(ctx(), views.CampaignFilter{}, views.Paging{}); return err })
	check("cells", true, func() error { _, err := w.views.Cells(ctx(), views.CellFilter{}, views.Paging{}); return err })
	for _, cell := range []string{district, community} {
		for _, name := range []string{"premises", "inspections", "hazards", "activities", "equipment", "transfers", "ratings", "forces"} {
			for _, asOf := range []time.Time{{}, w.now} {
				check(cell+" "+name, false, func() error {
					_, err := w.views.LedgerPage(ctx(), grid.CellCode(cell), name, views.LedgerFilter{Programme: "fire", AsOf: asOf}, views.Paging{})
					return err
				})
			}
		}
	}
}

// What people ask for every day may not cost more because a district has worked for years: a month's page of a ledger is
// sought cell by cell in that month, and the overdue cases of a street among those that have a limit.
func TestWhatIsAskedForEveryDayIsSoughtNotSifted(t *testing.T) {
	w := newWorld(t)
	m := newMix(w, 3)
	m.settle(2)
	for range 40 {
		m.step()
	}
	somebody := m.person(area1)
	w.put("person-"+somebody, "admin", grid.PersonRegistered{ID: somebody})
	w.project()
	month := must[views.Period](t)(views.ParsePeriod("2026-02", shanghai))
	sought := func(step string, query func() error) {
		t.Helper()
		var err error
		var plans []string
		explained := w.views.Plans(func() { err = query() }, func(_ string, plan []string) { plans = append(plans, strings.Join(plan, "; ")) })
		if all := strings.Join(plans, "\n"); err != nil || explained != nil || !strings.Contains(all, step) {
			t.Errorf("%s is not in the plan: %v, %v\n%s", step, err, explained, all)
		}
	}
	page := func(name string) func() error {
		return func() error {
			_, err := w.views.LedgerPage(ctx(), street, name, views.LedgerFilter{Programme: "fire", From: month.From, To: month.To}, views.Paging{})
			return err
		}
	}
	sought("INDEX cases_cell (cell=? AND reported_at>? AND reported_at<?)", page("hazards"))
	sought("INDEX inspections_cell (cell=? AND started_at>? AND started_at<?)", page("inspections"))
	sought("INDEX escalations_open (office=? AND ended_at=?)", func() error {
		_, err := w.views.Escalations(ctx(), street, "fire", w.now, views.Paging{})
		return err
	})
	sought("INDEX inspections_cell (cell=? AND started_at>? AND started_at<?)", func() error {
		_, err := w.views.Patrols(ctx(), community, "fire", month, w.now, w.now)
		return err
	})
	sought("INDEX intervals_person_long (person=? AND from_at<?)", func() error {
		_, err := w.views.PersonAccountability(ctx(), somebody, month.From, month.To, w.now, time.Time{})
		return err
	})
	sought("INDEX intervals_cell (cell=? AND from_at>? AND from_at<?)", func() error {
		_, err := w.views.CellAccountability(ctx(), street, month.From, month.To, w.now, time.Time{})
		return err
	})
	sought("INDEX cases_limited (cell>? AND cell<?)", func() error {
		yes := true
		_, err := w.views.Cases(ctx(), views.CaseFilter{Cell: street, Overdue: &yes, Now: w.now}, views.Paging{})
		return err
	})
}

// Neither may any statement with which the projector follows the log. What a publication moves is looked for everywhere:
// that happens a few times a year.
func TestTheProjectorScansNoTableThatGrows(t *testing.T) {
	h := newTown(t, 60)
	for range 120 {
		h.step()
	}
	db, statements := emptyViews(t), map[string][]any{}
	must[views.Counters](t)(views.Tape(ctx(), h.log, h.codec, db, shanghai, func(text string, args []any, _ uint64) { statements[text] = args }))
	for text, args := range statements {
		if strings.HasPrefix(text, "INSERT INTO") && !strings.Contains(text, "SELECT") || strings.Contains(text, "_version = 0") {
			continue
		}
		plan, err := planOf(db, text, args)
		if err != nil {
			t.Fatal(err)
		}
		if all := strings.Join(plan, "; "); walked(all) != "" {
			t.Errorf("%s\n%s", all, text)
		}
	}
}

// planOf is how the engine would go about a statement.
func planOf(db *sql.DB, text string, args []any) (plan []string, err error) {
	rows, err := db.Query("EXPLAIN QUERY PLAN "+text, args...)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var id, parent, unused int
		var detail string
		if err := rows.Scan(&id, &parent, &unused, &detail); err != nil {
			return nil, err
		}
		plan = append(plan, detail)
	}
	return plan, rows.Err()
}
