package pgstore_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"gridward/adapters/pgstore"
	"gridward/adapters/pgtest"
	"gridward/adapters/sqlstore"
	"gridward/app"
	"gridward/app/demo"
	"gridward/app/views"
)

// copied is the log of another store in a database: the same streams, by appends of their own.
func copied(b *testing.B, from app.Log) *pgstore.Store {
	b.Helper()
	s, err := pgstore.Open(context.Background(), pgtest.Start(b), pgstore.Options{Clock: time.Now})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = s.Close() })
	records, err := from.Read(context.Background(), 0, 10_000_000)
	if err != nil {
		b.Fatal(err)
	}
	const together = 512
	for len(records) > 0 {
		n := min(together, len(records))
		done := make(chan error, n)
		byStream := map[string][]app.Record{}
		for _, r := range records[:n] {
			byStream[r.Stream] = append(byStream[r.Stream], r)
		}
		for stream, rs := range byStream {
			go func() {
				_, err := s.Append(context.Background(), stream, rs[0].Version-1, rs)
				done <- err
			}()
		}
		for range byStream {
			err = errors.Join(err, <-done)
		}
		if err != nil {
			b.Fatal(err)
		}
		records = records[n:]
	}
	return s
}

// BenchmarkRebuild builds all views of the full demo from nothing: the log and the views in PostgreSQL, and, for
// comparison, the views of the same log in SQLite. Run it with -benchtime=1x.
func BenchmarkRebuild(b *testing.B) {
	memory, codec := demoOf(b, demo.Options{Seed: 3, Scale: demo.Full})
	log := copied(b, memory)
	head, err := log.Head(context.Background())
	if err != nil {
		b.Fatal(err)
	}
	for name, g := range map[string]views.Generations{
		"views=postgresql": postgresGenerations(b), "views=sqlite": sqlstore.NewGenerations(b.TempDir(), false),
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				v := views.New(log, codec, g, shanghai)
				if err := errors.Join(v.Rebuild(context.Background(), nil), v.Close()); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(head)*float64(b.N)/b.Elapsed().Seconds(), "events/s")
		})
	}
}
