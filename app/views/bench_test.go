package views_test

import (
	"context"
	"database/sql"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gridward/adapters/sqlstore"
	"gridward/app"
	"gridward/app/views"
)

// BenchmarkRebuild builds all views from a generated month of work, and sends the very same statements again without
// reading, decoding or thinking: what it costs at least. It prints events a second, their ratio, and rows per event.
func BenchmarkRebuild(b *testing.B) {
	w := newWorld(b)
	m := newMix(w, 7)
	m.settle(20)
	for head := app.Position(0); head < 60_000; {
		m.step()
		head, _ = w.log.Head(ctx())
	}
	benchmarkRebuild(b, w.log, w.codec)
}

// benchmarkRebuild measures on any log.
func benchmarkRebuild(b *testing.B, log app.Log, codec app.Codec) {
	events := float64(must[app.Position](b)(log.Head(ctx())))
	var built, replayed time.Duration
	var rows uint64
	for b.Loop() {
		var tape []recorded
		db := emptyViews(b)
		counters, err := views.Tape(ctx(), log, codec, db, shanghai, func(text string, args []any, batch uint64) {
			tape = append(tape, recorded{text, args, batch})
		})
		if err != nil {
			b.Fatal(err)
		}
		rows = counters.Rows
		db = emptyViews(b)
		start := time.Now()
		if _, err := views.Tape(ctx(), log, codec, db, shanghai, nil); err != nil {
			b.Fatal(err)
		}
		built += time.Since(start)
		start = time.Now()
		replay(b, emptyViews(b), tape)
		replayed += time.Since(start)
	}
	b.ReportMetric(events*float64(b.N)/built.Seconds(), "events/s")
	b.ReportMetric(events*float64(b.N)/replayed.Seconds(), "replayed-events/s")
	b.ReportMetric(replayed.Seconds()/built.Seconds(), "of-replay")
	b.ReportMetric(float64(rows)/events, "rows/event")
	b.ReportMetric(0, "ns/op")
}

func emptyViews(b testing.TB) *sql.DB {
	db, err := sqlstore.OpenViewsFile(filepath.Join(b.TempDir(), "views.db"), false)
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
				if s, err = conn.PrepareContext(background, r.text); err != nil {
					b.Fatal(err)
				}
				stmts[r.text] = s
			}
			if strings.HasPrefix(r.text, "SELECT") {
				rows, err := s.QueryContext(background, r.args...)
				if err != nil {
					b.Fatal(err)
				}
				for rows.Next() {
					continue
				}
				err = rows.Close()
				if err != nil {
					b.Fatal(err)
				}
			} else if _, err := s.ExecContext(background, r.args...); err != nil {
				b.Fatal(err)
			}
		}
		if err := tx.Commit(); err != nil {
			b.Fatal(err)
		}
	}
}
