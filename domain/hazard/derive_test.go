package hazard_test

import (
	"strings"
	"testing"
	"time"

	"gridward/domain/calendar"
	"gridward/domain/hazard"
	"gridward/domain/programme"
)

// clock is a stage of that limit that runs when the stretches say: "03-11 15:30/03-12 12:00", or "03-11 15:30/" for one
// that goes on.
func clock(limit string, stretches ...string) hazard.Stage {
	s := hazard.Stage{Name: "rectification", Round: 1, Limit: plim(limit)}
	for _, span := range spans(stretches...) {
		s.Runs = append(s.Runs, hazard.Run{From: span.From, To: span.To, Road: true})
	}
	return s
}

func spans(stretches ...string) []calendar.Span {
	var out []calendar.Span
	for _, text := range stretches {
		from, to, _ := strings.Cut(text, "/")
		span := calendar.Span{From: local(from)}
		if to != "" {
			span.To = local(to)
		}
		out = append(out, span)
	}
	return out
}

func paused(s hazard.Stage, stretches ...string) hazard.Stage {
	s.Pauses = spans(stretches...)
	return s
}

func extended(s hazard.Stage, limits ...string) hazard.Stage {
	for _, l := range limits {
		s.Extensions = append(s.Extensions, hazard.Extended{Limit: lim(l)})
	}
	return s
}

// listed puts the stage under a listing's deadline.
func listed(s hazard.Stage, until, since string) hazard.Stage {
	s.Fixed, s.FixedSince = local(until), local(since)
	return s
}

// Every instant is counted by hand. 2026-03-11 is a Wednesday; a working day is 08:00-12:00 and 14:00-18:00.
func TestDeadline(t *testing.T) {
	const wednesday, openEnd = "03-11 15:30/", ""
	for _, tc := range []struct {
		name string
		s    hazard.Stage
		want string
	}{
		{"five working days", clock("5 working_day", wednesday), "03-18 15:30"},
		{"an hour over the weekend", clock("1 working_hour", "03-13 17:30/"), "03-16 08:30"},
		{"a day from Saturday noon", clock("1 working_day", "03-14 12:00/"), "03-16 18:00"},
		{"minutes over lunch", clock("45 working_minute", "03-11 11:30/"), "03-11 14:15"},
		{"urgent hours know no night", clock("2 urgent_hour", "03-13 23:30/"), "03-14 01:30"},
		{"nor do urgent minutes", clock("15 urgent_minute", "03-14 12:00/"), "03-14 12:15"},
		{"calendar days know no weekend", clock("3 calendar_day", "03-13 09:00/"), "03-16 09:00"},
		{"across the Spring Festival", clock("3 working_day", "02-13 15:30/"), "02-25 15:30"},
		{"a clock that stopped is taken to have gone on", clock("5 working_day", "03-11 15:30/03-12 09:00"), "03-18 15:30"},
		{"no limit, no deadline", hazard.Stage{Runs: clock("1 working_day", wednesday).Runs}, openEnd},

		// 2.5 h on Wednesday, 8 on Thursday, 2 on Friday are 12.5 of 40; Tuesday 15:00 on has 3, Wednesday, Thursday and
		// Friday 24 = 39.5, and half an hour on Monday 23.
		{"a suspension is not counted", paused(clock("5 working_day", wednesday), "03-13 10:00/03-17 15:00"), "03-23 08:30"},
		{"nor of the clock's time", paused(clock("3 calendar_day", wednesday), "03-12 00:00/03-20 00:00"), "03-22 15:30"},
		{"a weekend under suspension costs no working time", paused(clock("5 working_day", wednesday), "03-13 18:00/03-16 08:00"), "03-18 15:30"},
		{"while it lasts nothing is due", paused(clock("5 working_day", wednesday), "03-13 10:00/"), openEnd},
		{"unless it was before", paused(clock("1 working_hour", wednesday), "03-13 10:00/"), "03-11 16:30"},
		{"or at that very instant", paused(clock("1 working_hour", wednesday), "03-11 16:30/"), "03-11 16:30"},
		{"suspended as it began", paused(clock("1 working_hour", wednesday), "03-11 15:30/"), openEnd},
		{"and resumed", paused(clock("1 working_hour", wednesday), "03-11 15:30/03-16 08:00"), "03-16 09:00"},
		// 8 h on Wednesday, then suspended until it stopped: the ninth hour would have begun there.
		{"a suspension that ended with the clock", paused(clock("9 working_hour", "03-11 08:00/03-13 12:00"), "03-12 08:00/03-13 12:00"), "03-13 15:00"},

		// 3 working days: Monday 16 at 15:30; two calendar days: Wednesday 15:30; four working hours: 2.5 there, 1.5 on Thursday.
		{"an extension", extended(clock("3 working_day", wednesday), "1 working_day"), "03-17 15:30"},
		{"in another unit", extended(clock("3 working_day", wednesday), "2 calendar_day"), "03-18 15:30"},
		{"and a second one", extended(clock("3 working_day", wednesday), "2 calendar_day", "4 working_hour"), "03-19 09:30"},
		{"working time behind the clock's", extended(clock("2 urgent_hour", "03-13 17:00/"), "1 working_hour"), "03-16 09:00"},
		{"a suspension within the extension", paused(extended(clock("1 working_day", wednesday), "1 calendar_day"), "03-13 00:00/03-14 00:00"),
			"03-14 15:30"},

		// 8 h on Wednesday and 4 on Thursday; under check until Monday 08:00; 8 h there and 4 on Tuesday are 24.
		{"rework goes on, time in check excluded", clock("3 working_day", "03-11 08:00/03-12 12:00", "03-16 08:00/"), "03-17 12:00"},
		{"twice", clock("3 working_day", "03-11 08:00/03-12 12:00", "03-16 08:00/03-16 12:00", "03-18 08:00/"), "03-18 18:00"},
		{"what was late stays late", clock("1 working_hour", "03-11 08:00/03-12 12:00", "03-16 08:00/"), "03-11 09:00"},
		{"suspended in the rework", paused(clock("3 working_day", "03-11 08:00/03-12 12:00", "03-16 08:00/"), "03-16 10:00/03-17 10:00"), "03-18 12:00"}, // 12 + 2, then 6 and 4
		{"handed over during a suspension", paused(clock("1 working_day", "03-11 08:00/03-12 08:00", "03-12 08:00/"), "03-11 12:00/03-13 08:00"), "03-13 12:00"},

		{"a listing's deadline replaces the limit", listed(clock("1 working_day", wednesday), "04-10 00:00", "03-12 09:00"), "04-10 00:00"},
		{"and knows no check", listed(clock("3 working_day", "03-11 08:00/03-12 12:00", "03-16 08:00/"), "04-10 00:00", "03-12 09:00"), "04-10 00:00"},
		{"a suspension moves it", paused(listed(clock("1 working_day", wednesday), "04-10 00:00", "03-12 09:00"), "03-20 00:00/03-22 12:00"), "04-12 12:00"},
		{"not one before the listing", paused(listed(clock("1 working_day", wednesday), "04-10 00:00", "03-22 12:00"), "03-12 00:00/03-20 00:00"), "04-10 00:00"},
		{"of one it fell into, the rest", paused(listed(clock("1 working_day", wednesday), "04-10 00:00", "03-19 00:00"), "03-12 00:00/03-20 00:00"), "04-11 00:00"},
		{"nor one behind it", paused(listed(clock("1 working_day", wednesday), "04-10 00:00", "03-12 09:00"), "04-11 00:00/04-13 00:00"), "04-10 00:00"},
		{"an extension moves it", extended(listed(clock("1 working_day", wednesday), "04-10 17:00", "03-12 09:00"), "2 working_hour"), "04-13 09:00"},
		{"a suspension between them", paused(extended(listed(clock("1 working_day", wednesday), "04-10 17:00", "03-12 09:00"), "2 calendar_day"),
			"04-11 00:00/04-12 00:00"), "04-13 17:00"},
		{"while it lasts", paused(listed(clock("1 working_day", wednesday), "04-10 00:00", "03-12 09:00"), "03-20 00:00/"), openEnd},
		{"a stage that begins behind it", listed(clock("1 working_day", "04-12 09:00/"), "04-10 00:00", "04-12 09:00"), "04-10 00:00"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			at, ok := tc.s.Deadline(council)
			if ok != (tc.want != openEnd) || ok && !at.Equal(local(tc.want)) {
				t.Errorf("due at %s (%t), want %s", at, ok, tc.want)
			}
		})
	}
}

func TestWithoutACalendarOnlyTheClocksTimeIsKnown(t *testing.T) {
	if at, ok := clock("2 urgent_hour", "03-13 23:30/").Deadline(nil); !ok || !at.Equal(local("03-14 01:30")) {
		t.Errorf("urgent: %s, %t", at, ok)
	}
	if at, ok := clock("2 working_hour", "03-13 23:30/").Deadline(nil); ok {
		t.Errorf("working: %s", at)
	}
	if at, ok := listed(clock("1 working_day", "03-11 15:30/"), "04-10 00:00", "03-12 09:00").Deadline(nil); !ok || !at.Equal(local("04-10 00:00")) {
		t.Errorf("listed: %s, %t", at, ok)
	}
}

func TestRungDue(t *testing.T) {
	share := func(f float64) programme.When { return programme.When{Share: f} }
	past := func(l string) programme.When { return programme.When{Past: plim(l)} }
	five := clock("5 working_day", "03-11 15:30/")
	inCheck := clock("3 working_day", "03-11 08:00/03-12 12:00", "03-16 08:00/")
	list := listed(clock("1 working_day", "03-11 15:30/"), "04-11 09:00", "03-12 09:00") // 30 days
	for _, tc := range []struct {
		name string
		s    hazard.Stage
		when programme.When
		want string
	}{
		{"the deadline itself", five, share(1), "03-18 15:30"},
		{"half of 40 hours", five, share(0.5), "03-16 09:30"}, // 2.5 + 8 + 8 + 1.5
		{"four fifths", five, share(0.8), "03-17 15:30"},      // 32 h: one working day before
		{"a working day past it", five, past("1 working_day"), "03-19 15:30"},
		{"past it in another unit", five, past("1 calendar_day"), "03-19 15:30"},
		{"urgent hours past it", clock("1 working_hour", "03-13 17:00/"), past("2 urgent_hour"), "03-13 20:00"},
		{"half of the limit with its extension", extended(five, "1 working_day"), share(0.5), "03-16 15:30"}, // 20 h + 4 h
		{"half of each in its own time", extended(five, "2 calendar_day"), share(0.5), "03-17 09:30"},        // 20 h, then a day
		{"past the extension", extended(five, "1 working_day"), past("1 working_hour"), "03-19 16:30"},
		{"suspension excluded", paused(five, "03-13 10:00/03-17 15:00"), share(0.5), "03-18 14:30"}, // 12.5 h + 3 + 4.5
		{"before the suspension", paused(five, "03-13 10:00/"), share(0.25), "03-12 17:30"},         // 10 h: 2.5 + 7.5
		{"none while it lasts", paused(five, "03-13 10:00/"), share(0.5), ""},
		{"past it, in the rework", inCheck, past("4 working_hour"), "03-17 18:00"},
		{"no limit", hazard.Stage{Runs: five.Runs}, share(0.5), ""},
		{"half of a listing's time", list, share(0.5), "03-27 09:00"},
		{"past a listing's deadline", list, past("1 working_day"), "04-13 18:00"}, // a Saturday
		{"never before the stage", listed(clock("1 working_day", "04-12 09:00/"), "04-10 00:00", "04-12 09:00"), share(1), "04-12 09:00"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			at, ok := tc.s.RungDue(council, tc.when)
			if ok != (tc.want != "") || ok && !at.Equal(local(tc.want)) {
				t.Errorf("due at %s (%t), want %s", at, ok, tc.want)
			}
		})
	}
	odd := listed(clock("1 working_day", "03-11 15:30/"), "04-11 09:00", "03-12 09:00")
	odd.Fixed = odd.Fixed.Add(300 * time.Millisecond)
	if at, ok := odd.RungDue(council, share(1)); !ok || !at.Equal(odd.Fixed) {
		t.Errorf("a deadline between seconds is not rounded: %s", at)
	}
}

func TestUsed(t *testing.T) {
	five := clock("5 working_day", "03-11 15:30/")
	for _, tc := range []struct {
		name string
		s    hazard.Stage
		now  string
		want time.Duration
	}{
		{"working seconds for a working limit", five, "03-13 10:00", 12*time.Hour + 30*time.Minute},
		{"clock seconds for another", clock("5 calendar_day", "03-11 15:30/"), "03-13 10:00", 42*time.Hour + 30*time.Minute},
		{"without a limit too", hazard.Stage{Runs: five.Runs}, "03-13 10:00", 42*time.Hour + 30*time.Minute},
		{"under a listing too", listed(five, "04-10 00:00", "03-12 09:00"), "03-13 10:00", 42*time.Hour + 30*time.Minute},
		{"until it stopped", clock("5 working_day", "03-11 15:30/03-12 09:00"), "03-13 10:00", 3*time.Hour + 30*time.Minute},
		{"not while suspended", paused(five, "03-12 09:00/"), "03-13 10:00", 3*time.Hour + 30*time.Minute},
		{"again behind it", paused(five, "03-12 09:00/03-13 09:00"), "03-13 10:00", 4*time.Hour + 30*time.Minute},
		{"not in check", clock("3 working_day", "03-11 08:00/03-12 12:00", "03-16 08:00/"), "03-16 12:00", 16 * time.Hour},
		{"nothing before it began", five, "03-10 10:00", 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := tc.s.Used(council, local(tc.now)); got != tc.want {
				t.Errorf("used %s, want %s", got, tc.want)
			}
		})
	}
}

func TestVerdict(t *testing.T) {
	for _, tc := range []struct {
		name string
		s    hazard.Stage
		now  string
		want string
	}{
		{"open until the deadline", clock("1 working_hour", "03-13 17:30/"), "03-16 08:30", hazard.VerdictOpen},
		{"late behind it", clock("1 working_hour", "03-13 17:30/"), "03-16 08:31", hazard.VerdictLate},
		{"on time at the deadline itself", clock("1 working_hour", "03-13 17:30/03-16 08:30"), "03-20 08:00", hazard.VerdictOnTime},
		{"late for good", clock("1 working_hour", "03-13 17:30/03-16 08:31"), "03-20 08:00", hazard.VerdictLate},
		{"open under suspension, however long", paused(clock("1 working_hour", "03-13 17:30/"), "03-13 17:45/"), "06-01 08:00", hazard.VerdictOpen},
		{"late before it", paused(clock("1 working_hour", "03-13 17:30/"), "03-16 09:00/"), "06-01 08:00", hazard.VerdictLate},
		{"on time when it stopped under suspension", paused(clock("9 working_hour", "03-11 08:00/03-13 12:00"), "03-12 08:00/03-13 12:00"), "06-01 08:00",
			hazard.VerdictOnTime},
		{"what has no limit is never late", hazard.Stage{Runs: clock("1 working_hour", "03-13 17:30/").Runs}, "06-01 08:00", hazard.VerdictOpen},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := tc.s.Verdict(council, local(tc.now)); got != tc.want {
				t.Errorf("%s, want %s", got, tc.want)
			}
		})
	}
}
