//go:build bench

package bench

import (
	"os/exec"
	"testing"
	"time"
)

// TestRebuildOfTheDemo builds all views from the demo's log as it lies on disk, by the program itself (gridward rebuild):
// start, read, decode, apply, commit, switch. What the same statements cost alone is measured beside the views
// (app/views, BenchmarkRebuild).
func TestRebuildOfTheDemo(t *testing.T) {
	f, s := fixture(t), sizes()
	dir := t.TempDir()
	if err := fill(dir, many(f.records, len(f.records)), len(f.records)); err != nil {
		t.Fatal(err)
	}
	if err := buildViews(dir, dir); err != nil { // what rebuild replaces
		t.Fatal(err)
	}
	var rates, spent []float64
	for range s.rounds {
		cmd := exec.Command(f.bin, "rebuild", "--data", dir)
		began := time.Now()
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		rates = append(rates, float64(len(f.records))/time.Since(began).Seconds())
		used := cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
		spent = append(spent, float64(used.Microseconds())/float64(len(f.records)))
	}
	t.Logf("all views from the demo's %d events: %.0f events/s each, processor time an event %.0f µs", len(f.records), rates, spent)
	judge(t, "rebuild of all views", median(rates), true, 20_000, " events/s")
}
