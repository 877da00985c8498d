package app_test

import (
	"testing"
	"time"
)

// BenchmarkAdvance is one thing due: the scheduler's look at a case, its decision, the append, and what comes next. The
// log is in memory, so it is what the house costs and not the disk.
func BenchmarkAdvance(b *testing.B) {
	h := newLateTown(b, 500)
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		if n == 500 {
			b.StopTimer()
			h, n = newLateTown(b, 500), 0
			b.StartTimer()
		}
		if _, ok, r, err := h.Advance(b.Context(), caseNo(n), on(b, "11 12:00"), on(b, "11 12:00")); err != nil || !ok || r.Replayed {
			b.Fatal(r, err)
		}
		n++
	}
}

// BenchmarkAdvanceNothing is a look at a case that turns out to have nothing due.
func BenchmarkAdvanceNothing(b *testing.B) {
	h := newLateTown(b, 1)
	b.ReportAllocs()
	for b.Loop() {
		if _, _, r, err := h.Advance(b.Context(), caseNo(0), on(b, "10 15:00"), on(b, "10 15:00")); err != nil || !r.Replayed {
			b.Fatal(r, err)
		}
	}
}

// BenchmarkCatchUp is a thousand things due at once.
func BenchmarkCatchUp(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		b.StopTimer()
		h := newLateTown(b, 1000)
		h.clock.set(on(b, "11 12:00"))
		w := newClockwork(h, nil)
		if _, err := w.Due(b.Context(), time.Time{}, 1); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
		w.catchesUp(b)
	}
}
