package programme_test

import (
	"testing"

	"pgregory.net/rapid"

	"gridward/domain/programme"
)

func limits() *rapid.Generator[programme.Limit] {
	return rapid.Custom(func(t *rapid.T) programme.Limit {
		return programme.Limit{N: rapid.IntRange(1, 60).Draw(t, "n"), Unit: rapid.SampledFrom(programme.Units).Draw(t, "unit")}
	})
}

// A dispatch may only shorten the catalogue's limit; these are the pairs people meet.
func TestShorterOrEqual(t *testing.T) {
	for _, tc := range []struct {
		a, b string
		want bool
	}{
		{"3 working_day", "3 working_day", true},
		{"2 working_day", "3 working_day", true},
		{"4 working_day", "3 working_day", false},
		{"24 working_hour", "3 working_day", true},
		{"25 working_hour", "3 working_day", false},
		{"480 working_minute", "1 working_day", true},
		{"24 urgent_hour", "1 calendar_day", true},
		{"1441 urgent_minute", "1 calendar_day", false},
		{"1 calendar_day", "3 working_day", true},       // 24 h of the clock, 24 h of work
		{"2 calendar_day", "3 working_day", false},      // shorter in most weeks, not certain
		{"1 working_day", "30 calendar_day", false},     // a holiday may come between
		{"2 urgent_hour", "2 working_hour", true},       // work never runs faster than the clock
		{"0 working_day", "3 working_day", false},       // not a limit
		{"1 fortnight", "3 working_day", false},         // not a unit
		{"1 working_day", "100001 calendar_day", false}, // beyond MaxLimit
	} {
		if got := programme.ShorterOrEqual(limit(t, tc.a), limit(t, tc.b)); got != tc.want {
			t.Errorf("ShorterOrEqual(%s, %s) = %v, want %v", tc.a, tc.b, got, tc.want)
		}
	}
}

// Whatever the calendar, a limit that compares as shorter or equal never ends later. The calendar here is any
// pattern of working and free minutes, repeated.
func TestShorterOrEqualHoldsOnEveryCalendar(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := limits().Draw(t, "a"), limits().Draw(t, "b")
		working := rapid.SliceOfN(rapid.Bool(), 1, 40).Draw(t, "working")
		working = append(working, true) // some work somewhere, else no working limit ever ends
		if programme.ShorterOrEqual(a, b) && end(a, working) > end(b, working) {
			t.Fatalf("%s ends at minute %d, %s already at %d", a, end(a, working), b, end(b, working))
		}
	})
}

// end is the minute at which the time counted since minute 0 reaches the limit, minute by minute.
func end(l programme.Limit, working []bool) int {
	minutes := map[string]int{programme.UrgentMinute: 1, programme.UrgentHour: 60, programme.CalendarDay: 1440,
		programme.WorkingMinute: 1, programme.WorkingHour: 60, programme.WorkingDay: 480}[l.Unit] * l.N
	if l.Unit == programme.UrgentMinute || l.Unit == programme.UrgentHour || l.Unit == programme.CalendarDay {
		return minutes
	}
	at := 0
	for ; minutes > 0; at++ {
		if working[at%len(working)] {
			minutes--
		}
	}
	return at
}

func TestShorterOrEqualIsAnOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b, c := limits().Draw(t, "a"), limits().Draw(t, "b"), limits().Draw(t, "c")
		if !programme.ShorterOrEqual(a, a) {
			t.Fatalf("%s is not as short as itself", a)
		}
		if programme.ShorterOrEqual(a, b) && programme.ShorterOrEqual(b, c) && !programme.ShorterOrEqual(a, c) {
			t.Fatalf("%s <= %s <= %s, but not %s <= %s", a, b, c, a, c)
		}
	})
}
