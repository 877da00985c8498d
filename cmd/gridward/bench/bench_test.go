//go:build bench

// Package bench measures the program as a whole (make bench): what it takes over HTTP beside a peer that only decodes
// and answers, what a long log costs, and how fast the views are built. docs/performance.md says what is measured
// against what.
//
//	GRIDWARD_BENCH=smoke          tiny sizes: shows that everything works, and judges nothing
//	GRIDWARD_BENCH_SECONDS=3      length of one round of load; judges nothing either. Default 6
//	GRIDWARD_BENCH_PROFILE=DIR    also writes CPU and allocation profiles of the program under load into DIR
package bench

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"testing"
	"time"

	"gridward/adapters/pgtest"
)

const rounds = 5

// size is how much is measured.
type size struct {
	smoke    bool
	judged   bool          // limits hold: a figure that misses one fails the test
	round    time.Duration // of load, on each side
	rounds   int
	small    int // events
	large    int
	short    int // what is read on the long log is compared with the short one
	long     int
	reads    int // of a kind in a round
	commands int // in a round of commands by many callers; a tenth of it by one
}

func sizes() size {
	s := size{judged: true, round: 6 * time.Second, rounds: rounds, small: 10_000, large: 1_000_000, short: 100_000, long: 5_000_000, reads: 1000, commands: 3_000}
	if seconds, err := strconv.ParseFloat(os.Getenv("GRIDWARD_BENCH_SECONDS"), 64); err == nil {
		s.round, s.judged = time.Duration(seconds*float64(time.Second)), false
	}
	if os.Getenv("GRIDWARD_BENCH") == "smoke" {
		s = size{smoke: true, round: 300 * time.Millisecond, rounds: 1, small: 4_000, large: 12_000, short: 20_000, long: 200_000, reads: 20, commands: 100}
	}
	return s
}

// TestMain is also the peer's main.
func TestMain(m *testing.M) {
	if dir := os.Getenv(peerVariable); dir != "" {
		if err := servePeer(dir); err != nil {
			fmt.Fprintln(os.Stderr, "peer:", err)
			os.Exit(1)
		}
		return
	}
	pgtest.Main(m, made.remove)
}

// judge prints a figure beside its limit. In a full run a figure that misses it fails the test.
func judge(t *testing.T, what string, got float64, atLeast bool, limit float64, unit string) {
	t.Helper()
	sign, met := "<=", got <= limit
	if atLeast {
		sign, met = ">=", got >= limit
	}
	line := fmt.Sprintf("%s: %.3g%s (wanted: %s %g%s)", what, got, unit, sign, limit, unit)
	switch {
	case !sizes().judged:
		t.Log(line + ": not judged in a short run")
	case met:
		t.Log(line + ": met")
	default:
		t.Error(line + ": MISSED")
	}
}

func median(xs []float64) float64 {
	s := slices.Sorted(slices.Values(xs))
	return s[len(s)/2]
}

// must gives the value, or ends the test.
func must[T any](v T, err error) func(t testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}
