//go:build bench

package bench

import (
	"testing"
	"time"
)

// TestRebuildOfTheDemo builds all views from the demo's log as it lies on disk: read, decode, apply, commit. What the
// same statements cost alone is measured beside the views (app/views, BenchmarkRebuild).
func TestRebuildOfTheDemo(t *testing.T) {
	f, s := fixture(t), sizes()
	dir := t.TempDir()
	if err := fill(dir, many(f.records, len(f.records)), len(f.records)); err != nil {
		t.Fatal(err)
	}
	var rates, spent []float64
	for range s.rounds {
		fresh := t.TempDir()
		began, before := time.Now(), ownCPU(t)
		if err := buildViews(dir, fresh); err != nil {
			t.Fatal(err)
		}
		rates = append(rates, float64(len(f.records))/time.Since(began).Seconds())
		spent = append(spent, float64((ownCPU(t)-before).Microseconds())/float64(len(f.records)))
	}
	t.Logf("all views from the demo's %d events: %.0f events/s each, processor time an event %.0f µs", len(f.records), rates, spent)
	judge(t, "rebuild of all views", median(rates), true, 20_000, " events/s")
}
