package patrol_test

import (
	"testing"

	"gridward/domain/patrol"
)

func TestThePrecedingPeriod(t *testing.T) {
	for _, tc := range []struct {
		kind, last, at string // the last day of the period
		want           bool
	}{
		{"day", "2026-02-14", "2026-02-15", true},
		{"day", "2026-02-14", "2026-02-14", false}, // it is not over
		{"day", "2026-02-13", "2026-02-15", false}, // another lies between
		{"week", "2026-02-15", "2026-02-16", true},
		{"week", "2026-02-15", "2026-02-22", true},
		{"week", "2026-02-15", "2026-02-23", false},
		{"week", "2026-01-04", "2026-01-05", true}, // the first of its year, which began in the last
		{"month", "2026-01-31", "2026-02-28", true},
		{"month", "2026-01-31", "2026-03-01", false},
		{"quarter", "2025-12-31", "2026-03-31", true},
		{"quarter", "2025-12-31", "2026-04-01", false},
		{"half_year", "2026-06-30", "2026-12-31", true},
		{"year", "2025-12-31", "2026-12-31", true},
		{"year", "2025-12-31", "2027-01-01", false},
		{"before_holiday", "2026-02-14", "2026-02-15", true},
		{"before_holiday", "2026-02-14", "2026-02-14", false},
		{"before_holiday", "2026-02-14", "2027-02-14", true}, // within a year
		{"before_holiday", "2026-02-14", "2027-02-15", false},
	} {
		p, ok := law.Ending(tc.kind, on(tc.last))
		if got := patrol.Preceding(p.Key, p.From, p.To, on(tc.at), shanghai); !ok || got != tc.want {
			t.Errorf("%s before %s: %v", p.Key, tc.at, got)
		}
	}
}
