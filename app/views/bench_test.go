package views_test

import (
	"context"
	"database/sql"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"gridward/adapters/eventcodec"
	"gridward/adapters/memstore"
	"gridward/adapters/programmes"
	"gridward/adapters/sqlstore"
	"gridward/app"
	"gridward/app/demo"
	"gridward/app/views"
	"gridward/domain/programme"
)

// BenchmarkRebuild builds all views from the demo's month, and then sends the very same statements again in the same
// transactions, without reading, decoding or thinking: what it costs at least. Building and replaying alternate; run
// it with -benchtime 5x for the medians of five rounds. It prints events a second of both, their ratio, and the rows
// written per event.
func BenchmarkRebuild(b *testing.B) {
	log, codec := demoLog(b, demo.Options{Seed: 1})
	events := float64(must[app.Position](b)(log.Head(ctx())))
	tape, counters := record(b, log, codec)
	var built, replayed []float64
	for b.Loop() {
		db, start := emptyViews(b), time.Now()
		if _, err := views.Tape(ctx(), log, codec, db, shanghai, nil); err != nil {
			b.Fatal(err)
		}
		built = append(built, events/time.Since(start).Seconds())
		db, start = emptyViews(b), time.Now()
		replay(b, db, tape)
		replayed = append(replayed, events/time.Since(start).Seconds())
	}
	slices.Sort(built)
	slices.Sort(replayed)
	b.ReportMetric(events, "events")
	b.ReportMetric(built[len(built)/2], "events/s")
	b.ReportMetric(replayed[len(replayed)/2], "replayed-events/s")
	b.ReportMetric(built[len(built)/2]/replayed[len(replayed)/2], "of-replay")
	b.ReportMetric(float64(counters.Rows)/events, "rows/event")
	b.ReportMetric(float64(counters.Statements)/events, "statements/event")
	b.ReportMetric(0, "ns/op")
}

// demoLog is the demo's log in memory.
func demoLog(t testing.TB, o demo.Options) (app.Log, app.Codec) {
	t.Helper()
	var now time.Time
	log, codec := memstore.New(func() time.Time { return now }), eventcodec.New()
	house := must[*app.App](t)(app.New(log, codec, 10_000))
	o.Programmes, o.SetClock = must[[]programme.Programme](t)(programmes.Builtin()), func(at time.Time) { now = at }
	must[demo.Summary](t)(demo.Run(ctx(), house, log, codec, o))
	return log, codec
}

// record builds the views once and keeps every statement.
func record(b *testing.B, log app.Log, codec app.Codec) ([]recorded, views.Counters) {
	var tape []recorded
	counters, err := views.Tape(ctx(), log, codec, emptyViews(b), shanghai, func(text string, args []any, batch uint64) {
		tape = append(tape, recorded{text, args, batch})
	})
	if err != nil {
		b.Fatal(err)
	}
	return tape, counters
}

func emptyViews(b testing.TB) *sql.DB {
	db, err := sqlstore.BuildViewsFile(filepath.Join(b.TempDir(), "views.db"))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = db.Close() })
	return db
}

// recorded is one statement of a run.
type recorded struct {
	text  string
	args  []any
	batch uint64
}

// replay sends a run's statements in the run's own transactions.
func replay(b *testing.B, db *sql.DB, tape []recorded) {
	if err := views.Tables(ctx(), db); err != nil {
		b.Fatal(err)
	}
	background := context.Background()
	conn, err := db.Conn(background)
	if err != nil {
		b.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	stmts := map[string]*sql.Stmt{}
	for i := 0; i < len(tape); {
		tx, err := conn.BeginTx(background, nil)
		if err != nil {
			b.Fatal(err)
		}
		for batch := tape[i].batch; i < len(tape) && tape[i].batch == batch; i++ {
			r := tape[i]
			s := stmts[r.text]
			if s == nil {
				if s, err = conn.PrepareContext(background, views.Positional(r.text)); err != nil {
					b.Fatal(err)
				}
				stmts[r.text] = s
			}
			if err := run(s, r); err != nil {
				b.Fatal(err)
			}
		}
		if err := tx.Commit(); err != nil {
			b.Fatal(err)
		}
	}
	if err := views.Listed(ctx(), db); err != nil {
		b.Fatal(err)
	}
}

// run sends one statement and reads what it answers.
func run(s *sql.Stmt, r recorded) error {
	if !strings.HasPrefix(r.text, "SELECT") {
		_, err := s.ExecContext(context.Background(), r.args...)
		return err
	}
	rows, err := s.QueryContext(context.Background(), r.args...)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		continue
	}
	return rows.Err()
}
