//go:build bench

package bench

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"gridward/adapters/eventcodec"
	"gridward/adapters/sqlstore"
	"gridward/app/views"
)

// TestRebuildOfTheDemo builds all views from the demo's log as it lies on disk: read, decode, apply, commit. What the
// same statements cost alone is measured beside the views (app/views, BenchmarkRebuild).
func TestRebuildOfTheDemo(t *testing.T) {
	f, s := fixture(t), sizes()
	dir := t.TempDir()
	if err := fill(dir, many(f.records, len(f.records)), len(f.records)); err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	log := must(sqlstore.Open(ctx, dir, sqlstore.Options{Clock: time.Now}))(t)
	defer func() { _ = log.Close() }()
	var rates []float64
	for range s.rounds {
		fresh := filepath.Join(dir, "views")
		if err := os.Mkdir(fresh, 0o750); err != nil {
			t.Fatal(err)
		}
		v := views.New(log, eventcodec.New(), sqlstore.NewGenerations(fresh, false), china)
		began := time.Now()
		if err := v.Open(ctx, nil); err != nil {
			t.Fatal(err)
		}
		rates = append(rates, float64(len(f.records))/time.Since(began).Seconds())
		if err := v.Close(); err != nil {
			t.Fatal(err)
		}
		if err := os.RemoveAll(fresh); err != nil {
			t.Fatal(err)
		}
	}
	t.Logf("all views from the demo's %d events: %.0f events/s each", len(f.records), rates)
	judge(t, "rebuild of all views", median(rates), true, 20_000, " events/s")
}
