package views_test

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"gridward/app/views"
	"gridward/domain/fault"
)

func TestPeriods(t *testing.T) {
	for text, want := range map[string]string{
		"2026": "2026-01-01 2027-01-01", "2026-H1": "2026-01-01 2026-07-01", "2026-H2": "2026-07-01 2027-01-01", "2026-Q4": "2026-10-01 2027-01-01",
		"2026-10": "2026-10-01 2026-11-01", "2026-12": "2026-12-01 2027-01-01", "2026-W43": "2026-10-19 2026-10-26", "2026-W01": "2025-12-29 2026-01-05",
		"2026-W53": "2026-12-28 2027-01-04", "2026-10-17": "2026-10-17 2026-10-18", "2024-02-29": "2024-02-29 2024-03-01",
	} {
		p := must[views.Period](t)(views.ParsePeriod(text, shanghai))
		if got := p.From.Format(time.DateOnly) + " " + p.To.Format(time.DateOnly); got != want {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
	for _, text := range []string{"", "26", "2026-", "2026-13", "2026-00", "2026-H3", "2026-Q0", "2026-W54", "2025-W53", "2026-W00", "2026-02-29", "2026-04-31", "2026-1", "2026-10-17T00", " 2026"} {
		_, err := views.ParsePeriod(text, shanghai)
		wantFault(t, err, fault.Invalid, "invalid_fields")
	}
}

// The periods of one kind cover time without a gap or an overlap, and every one is found by a day within it.
func TestPeriodsOfAKindTile(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		day := time.Date(rapid.IntRange(1990, 2060).Draw(r, "year"), 1, rapid.IntRange(1, 366).Draw(r, "day"), rapid.IntRange(0, 23).Draw(r, "hour"), 0, 0, 0, shanghai)
		name := rapid.SampledFrom([]func(time.Time) string{
			func(d time.Time) string { return d.Format("2006") },
			func(d time.Time) string { return fmt.Sprintf("%d-H%d", d.Year(), (int(d.Month())-1)/6+1) },
			func(d time.Time) string { return fmt.Sprintf("%d-Q%d", d.Year(), (int(d.Month())-1)/3+1) },
			func(d time.Time) string { return d.Format("2006-01") },
			func(d time.Time) string { y, w := d.ISOWeek(); return fmt.Sprintf("%d-W%02d", y, w) },
			func(d time.Time) string { return d.Format(time.DateOnly) },
		}).Draw(r, "kind")
		p, err := views.ParsePeriod(name(day), shanghai)
		if err != nil {
			r.Fatal(err)
		}
		if day.Before(p.From) || !day.Before(p.To) {
			r.Fatalf("%s does not hold %s", p, day)
		}
		next, err := views.ParsePeriod(name(p.To), shanghai)
		if err != nil || !next.From.Equal(p.To) {
			r.Fatalf("%s is followed by %s (%v)", p, next, err)
		}
	})
}
