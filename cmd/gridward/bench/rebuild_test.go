//go:build bench

package bench

import (
	"fmt"
	"os/exec"
	"testing"
	"time"

	"gridward/adapters/pgtest"
)

// TestRebuildOfTheDemo builds all views from the demo's log as it lies on disk, by the program itself (gridward rebuild):
// start, read, decode, apply, commit, switch. What the same statements cost alone is measured beside the views
// (app/views, BenchmarkRebuild).
func TestRebuildOfTheDemo(t *testing.T) {
	f := fixture(t)
	dir := t.TempDir()
	if err := fill(dir, many(f.records, len(f.records)), len(f.records)); err != nil {
		t.Fatal(err)
	}
	if err := buildViews(dir, dir); err != nil { // what rebuild replaces
		t.Fatal(err)
	}
	judge(t, "rebuild of all views", rebuilt(t, f, "--data", dir), true, 20_000, " events/s")
}

// TestRebuildOfTheDemoOnPostgres does the same where the log and the views are in PostgreSQL.
func TestRebuildOfTheDemoOnPostgres(t *testing.T) {
	f := fixture(t)
	dir, url := t.TempDir(), pgtest.Start(t)
	if err := fill(dir, many(f.records, len(f.records)), len(f.records)); err != nil {
		t.Fatal(err)
	}
	must(f.run("copy", "--from", "sqlite://"+dir, "--to", url))(t)
	judge(t, "rebuild of all views on PostgreSQL", rebuilt(t, f, "--data", t.TempDir(), "--log", url), true, 12_000, " events/s")
}

// rebuilt gives the events a second of the median round.
func rebuilt(t *testing.T, f *fixtures, at ...string) float64 {
	t.Helper()
	var rates, spent []float64
	for range sizes().rounds {
		began := time.Now()
		used := must(f.run("rebuild", at...))(t)
		rates = append(rates, float64(len(f.records))/time.Since(began).Seconds())
		spent = append(spent, float64(used.Microseconds())/float64(len(f.records)))
	}
	t.Logf("all views from the demo's %d events: %.0f events/s each, the program's processor time an event %.0f µs", len(f.records), rates, spent)
	return median(rates)
}

// run runs the program to its end, and gives the processor time it took.
func (f *fixtures) run(command string, args ...string) (time.Duration, error) {
	cmd := exec.Command(f.bin, append([]string{command}, args...)...)
	if out, err := cmd.CombinedOutput(); err != nil {
		return 0, fmt.Errorf("%s: %w\n%s", command, err, out)
	}
	return cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime(), nil
}
