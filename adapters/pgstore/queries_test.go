package pgstore_test

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"gridward/adapters/sqlstore"
	"gridward/app"
	"gridward/app/views"
	"gridward/domain/grid"
)

// question is one query of the views; its answer as a value that JSON can hold.
type question struct {
	name string
	ask  func(context.Context, *views.Views) (any, error)
}

// answered is every page of a listing.
func answered[T any](list func(views.Paging) (views.Page[T], error)) (any, error) {
	var all []T
	p := views.Paging{Limit: 7}
	for {
		page, err := list(p)
		if err != nil {
			return nil, err
		}
		all = append(all, page.Items...)
		if page.NextCursor == nil || len(all) > 300 {
			return all, nil
		}
		p.Cursor = *page.NextCursor
	}
}

// ids are what a column of the tables holds.
func ids(t *testing.T, db *sql.DB, query string) (out []string) {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), query)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			t.Fatal(err)
		}
		out = append(out, s)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}

// Every query gives the same answer on either engine.
func TestTheQueriesAnswerTheSameOnBothEngines(t *testing.T) {
	log, codec := demoLog(t, 14)
	embedded, db := live(t, log, codec, sqlstore.NewGenerations(t.TempDir(), false))
	served, _ := live(t, log, codec, postgresGenerations(t))
	refused := map[string]bool{}
	full := 0
	for _, q := range questions(t, db) {
		want, err := q.ask(t.Context(), embedded)
		if err != nil {
			t.Fatalf("%s on SQLite: %v", q.name, err)
		}
		got, err := q.ask(t.Context(), served)
		if err != nil {
			if !refused[err.Error()] {
				t.Errorf("%s: %v", q.name, err)
			}
			refused[err.Error()] = true
			continue
		}
		a, b := text(t, want), text(t, got)
		if len(a) > len("null ") {
			full++
		}
		if !bytes.Equal(a, b) {
			at := 0
			for at < min(len(a), len(b)) && a[at] == b[at] {
				at++
			}
			t.Errorf("%s differs at byte %d:\nSQLite     ...%.200s\nPostgreSQL ...%.200s", q.name, at, a[max(0, at-60):], b[max(0, at-60):])
		}
	}
	if full < 200 {
		t.Errorf("only %d questions have an answer with something in it: this proves little", full)
	}
}

func text(t *testing.T, v any) []byte {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// questions is every query there is, about some of everything that is in the tables.
func questions(t *testing.T, db *sql.DB) []question {
	t.Helper()
	now := time.Date(2030, 1, 1, 0, 0, 0, 0, shanghai)
	instants := []time.Time{{}}
	for _, us := range ids(t, db, `SELECT DISTINCT recorded_at FROM (SELECT recorded_at FROM inspections ORDER BY recorded_at DESC LIMIT 400) x ORDER BY 1 LIMIT 1`) {
		var n int64
		_, _ = fmt.Sscan(us, &n)
		instants = append(instants, time.UnixMicro(n).In(shanghai))
	}
	cells := ids(t, db, `SELECT code FROM cells ORDER BY level, code LIMIT 4`)
	people := ids(t, db, `SELECT id FROM persons ORDER BY id LIMIT 8`)
	cases := ids(t, db, `SELECT id FROM cases ORDER BY id LIMIT 25`)
	codes := ids(t, db, `SELECT DISTINCT code FROM programmes ORDER BY code`)
	var all []question
	add := func(name string, ask func(context.Context, *views.Views) (any, error)) {
		all = append(all, question{name, ask})
	}
	for _, asOf := range instants {
		aboutCases(add, cases, now, asOf)
		aboutPeople(add, people, now, asOf)
		aboutCells(t, add, cells, codes, now, asOf)
	}
	plain(add, cells, people, codes, ids(t, db, `SELECT id FROM inspections ORDER BY id LIMIT 10`), ids(t, db, `SELECT id FROM campaigns ORDER BY id`), now)
	return all
}

type adder func(name string, ask func(context.Context, *views.Views) (any, error))

func aboutCases(add adder, cases []string, now, asOf time.Time) {
	for _, id := range cases {
		at := fmt.Sprintf(" %s as of %s", id, asOf)
		add("case"+at, func(ctx context.Context, v *views.Views) (any, error) {
			if asOf.IsZero() {
				return v.Case(ctx, id, now)
			}
			return softly(v.CaseAsOf(ctx, id, asOf))
		})
		add("accountability"+at, func(ctx context.Context, v *views.Views) (any, error) {
			return softly(v.CaseAccountability(ctx, id, now, asOf))
		})
		add("deadlines"+at, func(ctx context.Context, v *views.Views) (any, error) {
			return softly(v.Deadlines(ctx, id, now, asOf))
		})
		add("timeline"+at, func(ctx context.Context, v *views.Views) (any, error) {
			return softly(answered(func(p views.Paging) (views.Page[views.Fact], error) { return v.Timeline(ctx, id, asOf, p) }))
		})
	}
}

// softly makes a refusal part of the answer: of a case that was not known at an instant.
func softly[T any](got T, err error) (any, error) {
	if f, ok := asFault(err); ok {
		return f, nil
	}
	return got, err
}

func aboutPeople(add adder, people []string, now, asOf time.Time) {
	for _, id := range people {
		at := fmt.Sprintf(" %s as of %s", id, asOf)
		add("person"+at, func(ctx context.Context, v *views.Views) (any, error) { return v.Person(ctx, id) })
		add("person's accountability"+at, func(ctx context.Context, v *views.Views) (any, error) {
			return softly(v.PersonAccountability(ctx, id, time.Time{}, time.Time{}, now, asOf))
		})
		add("notices"+at, func(ctx context.Context, v *views.Views) (any, error) {
			return answered(func(p views.Paging) (views.Page[views.Digest], error) { return v.Notices(ctx, id, p) })
		})
		add("inspections of"+at, func(ctx context.Context, v *views.Views) (any, error) {
			return answered(func(p views.Paging) (views.Page[views.Inspection], error) {
				return v.Inspections(ctx, views.InspectionFilter{Officer: id}, p)
			})
		})
	}
}

var ledgers = []string{"premises", "inspections", "hazards", "activities", "equipment", "transfers", "ratings", "forces"}

func aboutCells(t *testing.T, add adder, cells, codes []string, now, asOf time.Time) {
	t.Helper()
	yes, no := true, false
	for _, c := range cells {
		cell := grid.CellCode(c)
		at := fmt.Sprintf(" %s as of %s", c, asOf)
		add("cell"+at, func(ctx context.Context, v *views.Views) (any, error) { return v.Cell(ctx, cell) })
		add("cell's accountability"+at, func(ctx context.Context, v *views.Views) (any, error) {
			return softly(v.CellAccountability(ctx, cell, now.AddDate(-9, 0, 0), now, now, asOf))
		})
		for _, f := range []views.CaseFilter{{Cell: cell, Now: now}, {Cell: cell, Overdue: &yes, Now: now}, {Cell: cell, Supervised: &no, Overdue: &no, Now: now}, {Holder: c, Now: now},
			{Cell: cell, Programme: codes[0], State: "closed", Severity: "minor", From: now.AddDate(-9, 0, 0), To: now}} {
			add(fmt.Sprintf("cases %+v", f)+at, func(ctx context.Context, v *views.Views) (any, error) {
				return answered(func(p views.Paging) (views.Page[views.Case], error) { return v.Cases(ctx, f, p) })
			})
		}
		add("inspections in"+at, func(ctx context.Context, v *views.Views) (any, error) {
			f := views.InspectionFilter{Cell: cell, Programme: codes[0], From: now.AddDate(-9, 0, 0), To: now}
			return answered(func(p views.Paging) (views.Page[views.Inspection], error) { return v.Inspections(ctx, f, p) })
		})
		for _, name := range ledgers {
			add("ledger "+name+at, func(ctx context.Context, v *views.Views) (any, error) {
				f := views.LedgerFilter{Programme: codes[0], From: now.AddDate(-9, 0, 0), To: now, Now: now, AsOf: asOf}
				return softly(answered(func(p views.Paging) (views.Page[views.Row], error) { return v.LedgerPage(ctx, cell, name, f, p) }))
			})
		}
		for _, code := range codes {
			aboutDuty(t, add, cell, code, at, now, asOf)
		}
	}
}

func aboutDuty(t *testing.T, add adder, cell grid.CellCode, code, at string, now, asOf time.Time) {
	t.Helper()
	for _, s := range []string{"2026-H1", "2026-02"} {
		period, err := views.ParsePeriod(s, shanghai)
		if err != nil {
			t.Fatal(err)
		}
		add("patrols "+code+" "+s+at, func(ctx context.Context, v *views.Views) (any, error) {
			return softly(v.Patrols(ctx, cell, code, period, now, asOf))
		})
		add("shortfalls "+code+" "+s+at, func(ctx context.Context, v *views.Views) (any, error) {
			return answered(func(p views.Paging) (views.Page[views.Shortfall], error) {
				return v.Shortfalls(ctx, cell, code, period, asOf, p)
			})
		})
	}
	add("escalations "+code+at, func(ctx context.Context, v *views.Views) (any, error) {
		return answered(func(p views.Paging) (views.Page[views.QueueItem], error) {
			return v.Escalations(ctx, cell, code, now, p)
		})
	})
	add("duties "+code+at, func(ctx context.Context, v *views.Views) (any, error) {
		return answered(func(p views.Paging) (views.Page[views.Duty], error) { return v.DutiesAt(ctx, cell, code, asOf, p) })
	})
	first := time.Date(2026, 2, 1, 0, 0, 0, 0, shanghai)
	add("touched "+code+at, func(ctx context.Context, v *views.Views) (any, error) {
		return v.Again(ctx, []app.Touched{{Programme: code, Cell: cell, Below: true, From: first, To: first.AddDate(0, 0, 20), Until: now}}, 0)
	})
	add("open cases "+code+at, func(ctx context.Context, v *views.Views) (any, error) { return v.OpenCasesOf(ctx, cell, 0) })
}

func plain(add adder, cells, people, codes, inspections, campaigns []string, now time.Time) {
	for _, f := range []views.CellFilter{{}, {Level: 4}, {Q: "社区"}, {Q: "4101"}, {Class: "key"}, {Parent: "410104"}} {
		add(fmt.Sprintf("cells %+v", f), func(ctx context.Context, v *views.Views) (any, error) {
			return answered(func(p views.Paging) (views.Page[views.Cell], error) { return v.Cells(ctx, f, p) })
		})
	}
	add("persons", func(ctx context.Context, v *views.Views) (any, error) {
		return answered(func(p views.Paging) (views.Page[views.Person], error) { return v.Persons(ctx, p) })
	})
	add("departments", func(ctx context.Context, v *views.Views) (any, error) {
		return answered(func(p views.Paging) (views.Page[views.Department], error) { return v.Departments(ctx, p) })
	})
	add("calendars", func(ctx context.Context, v *views.Views) (any, error) { return v.Calendars(ctx, views.Paging{}) })
	add("campaigns", func(ctx context.Context, v *views.Views) (any, error) {
		return answered(func(p views.Paging) (views.Page[views.Campaign], error) {
			return v.Campaigns(ctx, views.CampaignFilter{Cell: "410104", Programme: codes[0]}, p)
		})
	})
	add("programmes", func(ctx context.Context, v *views.Views) (any, error) {
		return answered(func(p views.Paging) (views.Page[views.Programme], error) { return v.Programmes(ctx, p) })
	})
	for _, code := range codes {
		add("programme "+code, func(ctx context.Context, v *views.Views) (any, error) { return v.Programme(ctx, code, 0) })
		add("open cases under "+code, func(ctx context.Context, v *views.Views) (any, error) {
			return v.OpenCasesUnder(ctx, code, []int{1, 2}, 0)
		})
	}
	add("last deadline", func(ctx context.Context, v *views.Views) (any, error) {
		at, ok, err := v.LastDeadline(ctx)
		return []any{at, ok}, err
	})
	add("period end", func(ctx context.Context, v *views.Views) (any, error) {
		at, ok, err := v.PeriodEnd(ctx)
		return []any{at, ok}, err
	})
	add("due", func(ctx context.Context, v *views.Views) (any, error) { return v.Due(ctx, now, 50) })
	for d := range 20 {
		midnight := time.Date(2026, 2, 1+d, 0, 0, 0, 0, shanghai)
		add("ended "+midnight.String(), func(ctx context.Context, v *views.Views) (any, error) { return v.Ended(ctx, midnight) })
	}
	for _, id := range inspections {
		add("inspection "+id, func(ctx context.Context, v *views.Views) (any, error) { return v.Inspection(ctx, id) })
	}
	for _, id := range campaigns {
		add("campaign "+id, func(ctx context.Context, v *views.Views) (any, error) { return v.Campaign(ctx, id) })
	}
	for _, name := range ledgers {
		add("sheet "+name, func(ctx context.Context, v *views.Views) (any, error) {
			sheet, err := v.Ledger(ctx, "410104", name, views.LedgerFilter{Programme: codes[0], Now: now})
			if err != nil {
				return nil, err
			}
			var out bytes.Buffer
			return &out, sheet.WriteCSV(&out)
		})
	}
	add("names", func(ctx context.Context, v *views.Views) (any, error) {
		n := v.Naming(ctx)
		return []string{n.Person(people[0]), n.Path(grid.CellCode(cells[len(cells)-1])), n.Programme(codes[0]), n.Post(cells[1]),
			n.Item(codes[0], "x"), n.Role(codes[0], "x"), n.Class(codes[0], "x")}, n.Err()
	})
}
