package calendar_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
	_ "time/tzdata" // the zones are the same on every machine

	"gridward/domain/calendar"
)

const (
	hour       = time.Hour
	workingDay = 8 * time.Hour
)

var builtin = calendar.Compile(calendar.Builtin())

// at reads a local time of the calendar: "2026-02-13 17:30", with seconds and parts of them or without.
func at(t testing.TB, c *calendar.Calendar, s string) time.Time {
	t.Helper()
	for _, layout := range []string{"2006-01-02 15:04", "2006-01-02 15:04:05"} {
		if when, err := time.ParseInLocation(layout, s, c.Location()); err == nil {
			return when
		}
	}
	t.Fatalf("%q is no time", s)
	return time.Time{}
}

// summer has another working time from May to September: 08:30-12:00 and 15:00-18:00, six and a half hours. Winter
// goes on over the new year.
func summer() calendar.Definition {
	d := calendar.Builtin()
	d.Seasons = []calendar.Season{
		{From: "05-01", To: "09-30", Periods: []calendar.Period{{From: "08:30", To: "12:00"}, {From: "15:00", To: "18:00"}}},
		{From: "10-01", To: "04-30", Periods: []calendar.Period{{From: "08:00", To: "12:00"}, {From: "14:00", To: "18:00"}}},
	}
	return d
}

func TestAWorkingLimitIsReached(t *testing.T) {
	inSeasons := calendar.Compile(summer())
	for _, tc := range []struct {
		name string
		c    *calendar.Calendar
		from string
		d    time.Duration
		want string
	}{
		// Without holidays: 2026-03-11 is a Wednesday.
		{"five working days", builtin, "2026-03-11 15:30", 5 * workingDay, "2026-03-18 15:30"},
		{"an hour over the weekend", builtin, "2026-03-13 17:30", hour, "2026-03-16 08:30"},
		{"a day from Saturday noon", builtin, "2026-03-14 12:00", workingDay, "2026-03-16 18:00"},
		{"an hour over lunch", builtin, "2026-03-11 11:30", hour, "2026-03-11 14:30"},
		{"from within lunch", builtin, "2026-03-11 13:00", hour, "2026-03-11 15:00"},
		{"the earliest instant is the end of the morning", builtin, "2026-03-11 11:00", hour, "2026-03-11 12:00"},
		{"and the end of the day", builtin, "2026-03-11 17:00", hour, "2026-03-11 18:00"},
		{"from the beginning of the morning", builtin, "2026-03-11 08:00", 4 * hour, "2026-03-11 12:00"},
		{"from the end of the morning", builtin, "2026-03-11 12:00", hour, "2026-03-11 15:00"},
		{"from the end of the day", builtin, "2026-03-11 18:00", hour, "2026-03-12 09:00"},
		{"one nanosecond more than the day has left", builtin, "2026-03-13 17:59:59", time.Second + 1, "2026-03-16 08:00:00.000000001"},
		{"from within a second", builtin, "2026-03-11 11:59:59.25", time.Second, "2026-03-11 14:00:00.25"},
		{"from within a second of lunch", builtin, "2026-03-11 12:00:00.25", time.Second, "2026-03-11 14:00:01"},
		{"a minute", builtin, "2026-03-11 11:59:30", time.Minute, "2026-03-11 14:00:30"},

		// The Spring Festival of 2026: off from Sunday 15 to Monday 23 February, worked on the Saturdays 14 and 28.
		// Friday 13 after 15:30 has 2.5 h, Saturday 14 has 8, Tuesday 24 has 8, Wednesday 25 to 15:30 has 5.5 = 24 h.
		{"three days across the festival", builtin, "2026-02-13 15:30", 3 * workingDay, "2026-02-25 15:30"},
		{"an hour into the make-up Saturday", builtin, "2026-02-13 17:30", hour, "2026-02-14 08:30"},
		{"an hour across the whole festival", builtin, "2026-02-14 17:30", hour, "2026-02-24 08:30"},
		{"from within the festival", builtin, "2026-02-18 09:00", hour, "2026-02-24 09:00"},
		// Wednesday 25 after 10:00 has 6 h, 26, 27 and Saturday 28 have 8 each = 30, Monday 2 March to 10:00 has 2 = 32.
		{"four days across the make-up Saturday", builtin, "2026-02-25 10:00", 4 * workingDay, "2026-03-02 10:00"},

		// Summer begins on Friday 1 May, which is off until Tuesday 5. 30 April after 16:00 has 2 h; Wednesday 6 May
		// has 6.5, so 1.5 more than a working day: 8 h are 2 + 6, the sixth hour of 6 May ends at 17:30.
		{"a day into summer", inSeasons, "2026-04-30 16:00", workingDay, "2026-05-06 17:30"},
		// A working day is eight hours whatever the season: 6.5 h on Monday 6 July, 1.5 h on Tuesday from 08:30.
		{"a day in summer", inSeasons, "2026-07-06 00:00", workingDay, "2026-07-07 10:00"},
		// Wednesday 30 September after 17:00 has 1 h; off from 1 to 7 October; Thursday 8 is winter, from 08:00.
		{"an hour and a half into winter", inSeasons, "2026-09-30 17:00", 90 * time.Minute, "2026-10-08 08:30"},
		// Over the new year: Wednesday 31 December 2025 after 17:00 has 1 h, off from 1 to 3 January, Sunday 4 worked.
		{"over the new year", inSeasons, "2025-12-31 17:00", 2 * hour, "2026-01-04 09:00"},

		// No days off are published for 2027: 1 January, a Friday, is worked.
		{"into a year that is not published", builtin, "2026-12-31 17:00", 2 * hour, "2027-01-01 09:00"},
		// 10 and 11 January 1970 are a weekend.
		{"before the published years", builtin, "1970-01-09 17:30", hour, "1970-01-12 08:30"},
		// 29 December 1999 is a Wednesday: 2 h, Thursday and Friday 16, Monday 3 January 2000 to 14:00+... 6 h to 16:00.
		{"from before the table into it", builtin, "1999-12-29 16:00", 3 * workingDay, "2000-01-03 16:00"},
		// 31 December 2063 is a Monday.
		{"from the table behind it", builtin, "2063-12-31 17:00", 2 * hour, "2064-01-01 09:00"},
		{"behind the table", builtin, "2099-12-31 17:00", 2 * hour, "2100-01-01 09:00"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			from, want := at(t, tc.c, tc.from), at(t, tc.c, tc.want)
			if got := tc.c.Reach(calendar.Working, from, tc.d); !got.Equal(want) {
				t.Errorf("%s after %s is %s, want %s", tc.d, from, got, want)
			}
			if got := tc.c.Count(calendar.Working, from, want); got != tc.d {
				t.Errorf("from %s to %s is %s, want %s", from, want, got, tc.d)
			}
			if got := tc.c.Reach(calendar.Working, from.UTC(), tc.d); got != want.UTC() {
				t.Errorf("asked in UTC it says %s, want %s", got, want.UTC())
			}
		})
	}
}

// Two hundred and sixty-two weekdays of 2024, twenty-eight days off on weekdays of its list, eight make-up days.
func TestAWholeYear(t *testing.T) {
	// Weekdays off by the 2024 list: New Year 1; Spring Festival 12-16 Feb 5 (10, 11, 17 are a weekend); Qingming 4-5
	// April 2; May 1-3 3; Dragon Boat 1; Mid-Autumn 16-17 Sep 2; National Day 1-4 and 7 Oct 5. 19 of 262 weekdays,
	// and eight make-up days: 4 and 18 Feb, 7 and 28 April, 11 May, 14 and 29 Sep, 12 Oct. 262 - 19 + 8 = 251.
	from, to := at(t, builtin, "2024-01-01 00:00"), at(t, builtin, "2025-01-01 00:00")
	if got := builtin.Count(calendar.Working, from, to); got != 251*workingDay {
		t.Errorf("2024 has %s, want %s", got, 251*workingDay)
	}
}

func TestClockTimeCountsAlways(t *testing.T) {
	from := at(t, builtin, "2026-02-15 23:30")
	var none *calendar.Calendar // clock time needs no calendar
	for _, c := range []*calendar.Calendar{builtin, none} {
		if got, want := c.Reach(calendar.Clock, from, 2*hour), at(t, builtin, "2026-02-16 01:30"); !got.Equal(want) {
			t.Errorf("two hours after %s is %s", from, got)
		}
		if got := c.Count(calendar.Clock, from, from.Add(90*time.Second)); got != 90*time.Second {
			t.Errorf("ninety seconds are %s", got)
		}
		if got := c.Count(calendar.Clock, from, from.Add(-hour)); got != 0 {
			t.Errorf("backwards is %s", got)
		}
	}
}

func TestNothingToCountIsReachedAtOnce(t *testing.T) {
	saturday := at(t, builtin, "2026-03-14 12:00")
	for _, d := range []time.Duration{0, -hour, math.MinInt64} {
		if got := builtin.Reach(calendar.Working, saturday, d); got != saturday {
			t.Errorf("%s after %s is %s", d, saturday, got)
		}
	}
	if got := builtin.Count(calendar.Working, saturday.AddDate(0, 0, 5), saturday); got != 0 {
		t.Errorf("backwards is %s", got)
	}
}

// The local clock of Berlin jumps from 02:00 to 03:00 on Sunday 29 March 2026 and back from 03:00 to 02:00 on Sunday
// 25 October. Both are made working days, worked from 01:00 to 04:00.
func TestTheClockIsPutForwardAndBack(t *testing.T) {
	berlin := calendar.Compile(calendar.Definition{
		Name: "Nachtarbeit", Zone: "Europe/Berlin",
		Seasons: []calendar.Season{{From: "01-01", To: "12-31", Periods: []calendar.Period{{From: "01:00", To: "02:30"}, {From: "02:45", To: "04:00"}}}},
		Years:   []calendar.Year{{Year: 2026, Days: []calendar.Day{{Date: "2026-03-29", Name: "Sonntag"}, {Date: "2026-10-25", Name: "Sonntag"}}}},
	})
	utc := func(s string) time.Time {
		when, err := time.Parse(time.RFC3339, s)
		if err != nil {
			t.Fatal(err)
		}
		return when
	}
	for _, tc := range []struct {
		name, from string
		d          time.Duration
		want       string
	}{
		// 01:00-02:00 is there (00:00Z-01:00Z), 03:00-04:00 is there (01:00Z-02:00Z), between them nothing: 2 h.
		{"forward", "2026-03-28T12:00:00Z", 2 * hour, "2026-03-29T02:00:00Z"},
		{"forward, in the middle", "2026-03-28T12:00:00Z", hour + time.Minute, "2026-03-29T01:01:00Z"},
		// Before: 01:00-02:30 (23:00Z-00:30Z) and 02:45-03:00 (00:45Z-01:00Z); after: 02:00-02:30 (01:00Z-01:30Z) and
		// 02:45-04:00 (01:45Z-03:00Z): 1.5 + 0.25 + 0.5 + 1.25 = 3.5 h.
		{"back, the hour's first time", "2026-10-24T12:00:00Z", 105 * time.Minute, "2026-10-25T01:00:00Z"},
		{"back, the hour's second time", "2026-10-24T12:00:00Z", 106 * time.Minute, "2026-10-25T01:01:00Z"},
		{"back, the whole day", "2026-10-24T12:00:00Z", 210 * time.Minute, "2026-10-25T03:00:00Z"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := berlin.Reach(calendar.Working, utc(tc.from), tc.d); !got.Equal(utc(tc.want)) {
				t.Errorf("got %s, want %s", got.UTC(), tc.want)
			}
			if got := berlin.Count(calendar.Working, utc(tc.from), utc(tc.want)); got != tc.d {
				t.Errorf("counted %s, want %s", got, tc.d)
			}
		})
	}
}

// The library's zones say of the last day of a leap year that the clock changes at once: time goes on all the same.
func TestTheEndOfALeapYearPasses(t *testing.T) {
	d := calendar.Builtin()
	d.Zone, d.Years = "Europe/Berlin", nil
	berlin := calendar.Compile(d)
	for _, from := range []string{"2040-12-31T00:30:00Z", "2088-12-31T00:30:00Z"} { // in the table and behind it; 31 December 2040 is a Monday
		when, err := time.Parse(time.RFC3339, from)
		if err != nil {
			t.Fatal(err)
		}
		if got := berlin.Count(calendar.Working, when, when.AddDate(0, 0, 7)); got != 5*workingDay {
			t.Errorf("a week from %s counts %s", from, got)
		}
	}
}

func TestTheLongestLimits(t *testing.T) {
	// 2026-03-11 10:00 and 100,000 working days. What the slow walk says is counted back by weeks: from Monday 4
	// January 2027 only weekends are off.
	from := at(t, builtin, "2026-03-11 10:00")
	monday := at(t, builtin, "2027-01-04 00:00")
	rest := 100_000*workingDay - builtin.Count(calendar.Working, from, monday)
	weeks, days := rest/(5*workingDay), rest%(5*workingDay)/workingDay
	into := rest % workingDay
	want := monday.AddDate(0, 0, int(weeks)*7+int(days)).Add(8*hour + into)
	if into > 4*hour {
		want = want.Add(2 * hour)
	}
	if got := builtin.Reach(calendar.Working, from, 100_000*workingDay); !got.Equal(want) {
		t.Errorf("100,000 working days from %s end %s, want %s", from, got, want)
	}
	if got := builtin.Count(calendar.Working, from, want); got != 100_000*workingDay {
		t.Errorf("it counts %s", got)
	}
	end := time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC)
	for _, from := range []time.Time{{}, end.AddDate(-1, 0, 0), end, end.AddDate(90_000, 0, 0), time.Unix(math.MaxInt64>>2, 0), time.Unix(math.MinInt64>>2, 0)} {
		got := builtin.Reach(calendar.Working, from, math.MaxInt64)
		if from.Before(end) && got.After(end) || !from.Before(end) && got.Before(from) {
			t.Errorf("from %s it reaches %s", from, got)
		}
	}
	if got := builtin.Count(calendar.Working, time.Unix(math.MinInt64>>2, 0), time.Unix(math.MaxInt64>>2, 0)); got != math.MaxInt64 {
		t.Errorf("all working time there is comes to %s", got)
	}
}

// randomCalendar makes seasons, periods, days off and make-up days in a zone where the clock does odd things.
func randomCalendar(r *rand.Rand) calendar.Definition {
	zones := []string{"Asia/Shanghai", "Europe/Berlin", "America/St_Johns", "Australia/Lord_Howe", "Asia/Kathmandu", "America/Havana", "Pacific/Apia", "Africa/Casablanca", "UTC"}
	d := calendar.Definition{Name: "任意", Zone: zones[r.IntN(len(zones))]}
	starts := map[int]bool{}
	for range 1 + r.IntN(4) {
		starts[r.IntN(366)] = true
	}
	var begins []int
	for b := range starts {
		begins = append(begins, b)
	}
	slices.Sort(begins)
	leap := func(n int) string { return time.Date(2000, 1, 1+(n+366)%366, 0, 0, 0, 0, time.UTC).Format("01-02") }
	for i, b := range begins {
		next := begins[(i+1)%len(begins)]
		d.Seasons = append(d.Seasons, calendar.Season{From: leap(b), To: leap(next - 1), Periods: randomPeriods(r)})
	}
	for _, y := range []int{1998 + r.IntN(8), 2008 + r.IntN(4), 2026, 2063, 2064} {
		year := calendar.Year{Year: y}
		for n := r.IntN(4); n < 365; n += 1 + r.IntN(60) {
			date := time.Date(y, 1, 1+n, 0, 0, 0, 0, time.UTC).Format(time.DateOnly)
			year.Days = append(year.Days, calendar.Day{Date: date, Name: "假", Off: r.IntN(2) == 0})
		}
		d.Years = append(d.Years, year)
	}
	return d
}

func randomPeriods(r *rand.Rand) []calendar.Period {
	var out []calendar.Period
	clock := func(m int) string { return fmt.Sprintf("%02d:%02d", m/60, m%60) }
	for m := r.IntN(10 * 60); len(out) < 4; {
		to := min(m+1+r.IntN(6*60), 24*60)
		out = append(out, calendar.Period{From: clock(m), To: clock(to)})
		if m = to + r.IntN(3*60); m >= 24*60 {
			break
		}
	}
	return out
}

// slow counts minute by minute, and second by second in the first and the last minute: whatever the local clock shows
// as worked.
func slow(d calendar.Definition, zone *time.Location, from, to time.Time) time.Duration {
	days := map[string]bool{}
	for _, y := range d.Years {
		for _, listed := range y.Days {
			days[listed.Date] = listed.Off
		}
	}
	var sum time.Duration
	for a := from; a.Before(to); {
		b := a.Truncate(time.Second).Add(time.Second)
		if a.Sub(from) >= time.Minute && to.Sub(a) > time.Minute && a.Unix()%60 == 0 {
			b = a.Add(time.Minute)
		}
		if b.After(to) {
			b = to
		}
		if slowWorks(d, days, a.In(zone)) {
			sum += b.Sub(a)
		}
		a = b
	}
	return sum
}

func slowWorks(d calendar.Definition, days map[string]bool, local time.Time) bool {
	off, listed := days[local.Format("2006-01-02")]
	if !listed {
		off = local.Weekday() == time.Saturday || local.Weekday() == time.Sunday
	}
	if off {
		return false
	}
	date, clock := local.Format("01-02"), local.Format("15:04")
	for _, s := range d.Seasons {
		in := s.From <= date && date <= s.To
		if s.To < s.From {
			in = s.From <= date || date <= s.To
		}
		if !in {
			continue
		}
		for _, p := range s.Periods {
			if p.From <= clock && clock < p.To {
				return true
			}
		}
	}
	return false
}

// randomStart is near where something happens: changes of the clock, ends of the table, listed days.
func randomStart(r *rand.Rand) time.Time {
	near := []time.Time{
		time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2064, 1, 1, 0, 0, 0, 0, time.UTC),
		time.Date(2011, 12, 30, 0, 0, 0, 0, time.UTC), // a day that Apia did not have
		time.Date(2010, 11, 7, 2, 0, 0, 0, time.UTC),  // St. John's: from 00:01 back to the day before
		time.Date(2026, 3, 29, 1, 0, 0, 0, time.UTC), time.Date(2026, 10, 25, 1, 0, 0, 0, time.UTC),
		time.Date(2026, 3, 8, 5, 0, 0, 0, time.UTC), time.Date(2026, 11, 1, 5, 0, 0, 0, time.UTC),
		time.Date(2026, 2, 20, 0, 0, 0, 0, time.UTC), time.Date(1969, 12, 31, 0, 0, 0, 0, time.UTC), time.Date(2150, 6, 1, 0, 0, 0, 0, time.UTC),
	}
	start := near[r.IntN(len(near))].Add(time.Duration(r.Int64N(int64(6*24*hour))) - 3*24*hour)
	switch r.IntN(3) {
	case 0:
		return start.Truncate(time.Minute)
	case 1:
		return start.Truncate(time.Second)
	}
	return start
}

func TestItCountsLikeTheSlowCounter(t *testing.T) {
	for seed := range uint64(150) {
		r := rand.New(rand.NewPCG(seed, 1))
		d := randomCalendar(r)
		if bad := calendar.Validate(d); len(bad) > 0 {
			t.Fatalf("seed %d: %+v", seed, bad)
		}
		c := calendar.Compile(d)
		for range 4 {
			from := randomStart(r)
			to := from.Add(time.Duration(r.Int64N(int64(9 * 24 * hour))))
			if got, want := c.Count(calendar.Working, from, to), slow(d, c.Location(), from, to); got != want {
				t.Fatalf("seed %d: %s from %s to %s counts %s, slowly %s", seed, d.Zone, from, to, got, want)
			}
			checkReach(t, d, c, seed, from, time.Duration(r.Int64N(int64(20*hour))))
		}
	}
}

// checkReach holds the earliest instant against the slow counter: then it is as much, and a moment before it is less.
func checkReach(t *testing.T, d calendar.Definition, c *calendar.Calendar, seed uint64, from time.Time, left time.Duration) {
	t.Helper()
	got := c.Reach(calendar.Working, from, left)
	if got.Sub(from) > 30*24*hour {
		return // a thin calendar: the laws below hold it
	}
	if n := slow(d, c.Location(), from, got); n != left {
		t.Fatalf("seed %d: %s from %s reaches %s after %s, slowly %s", seed, d.Zone, from, got, left, n)
	}
	if left > 0 {
		if n := slow(d, c.Location(), from, got.Add(-1)); n >= left {
			t.Fatalf("seed %d: %s from %s reaches %s, but has %s before", seed, d.Zone, from, got, n)
		}
	}
}

func TestTheLaws(t *testing.T) {
	for seed := range uint64(300) {
		r := rand.New(rand.NewPCG(seed, 2))
		c := calendar.Compile(randomCalendar(r))
		for range 20 {
			from := randomStart(r)
			left := time.Duration(r.Int64N(int64(time.Hour << r.IntN(16)))) // up to four years of working time
			laws(t, c, from, left, r.Float64())
		}
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}

// laws: Reach is the earliest instant with that count, Count is additive, both are monotone.
func laws(t *testing.T, c *calendar.Calendar, from time.Time, left time.Duration, share float64) {
	t.Helper()
	end := c.Reach(calendar.Working, from, left)
	if n := c.Count(calendar.Working, from, end); n != left {
		t.Errorf("%s: from %s it reaches %s after %s, but counts %s", c.Zone, from, end, left, n)
	}
	if n := c.Count(calendar.Working, from, end.Add(-1)); left > 0 && n != left-1 {
		t.Errorf("%s: from %s, %s is not the earliest with %s", c.Zone, from, end, left)
	}
	part := time.Duration(float64(left) * share)
	middle := c.Reach(calendar.Working, from, part)
	if middle.After(end) {
		t.Errorf("%s: from %s, %s is reached after %s", c.Zone, from, part, left)
	}
	if got := c.Reach(calendar.Working, middle, left-part); left > part && !got.Equal(end) {
		t.Errorf("%s: from %s in two steps it is %s, in one %s", c.Zone, from, got, end)
	}
	cut := from.Add(time.Duration(float64(end.Sub(from)) * share))
	a, b := c.Count(calendar.Working, from, cut), c.Count(calendar.Working, cut, end)
	if a < 0 || b < 0 || a+b != left {
		t.Errorf("%s: from %s by %s to %s is %s and %s, together not %s", c.Zone, from, cut, end, a, b, left)
	}
}

func FuzzReach(f *testing.F) {
	f.Add(uint64(1), int64(1_770_000_000), int64(0), int64(40*hour))
	f.Add(uint64(2), int64(-3_000_000_000), int64(1), int64(time.Second))
	f.Add(uint64(3), int64(2_966_371_199), int64(999_999_999), int64(800_000*hour))
	f.Add(uint64(4), int64(946_684_799), int64(5), int64(hour))
	f.Fuzz(func(t *testing.T, seed uint64, sec, nsec, left int64) {
		const year = 366 * 24 * 3600
		c := calendar.Compile(randomCalendar(rand.New(rand.NewPCG(seed, 3))))
		// Years 1700 to 2240 or so, and a limit that even a minute a day comes to before time ends.
		from := time.Unix(sec%(270*year), nsec%int64(time.Second))
		left %= int64(1000 * hour)
		laws(t, c, from, time.Duration(max(left, -left)), float64(seed%101)/100)
	})
}

func BenchmarkReach(b *testing.B) {
	from := at(b, builtin, "2026-02-13 15:30")
	for b.Loop() {
		builtin.Reach(calendar.Working, from, 5*workingDay)
	}
}

func BenchmarkCount(b *testing.B) {
	from, to := at(b, builtin, "2026-02-13 15:30"), at(b, builtin, "2026-03-13 15:30")
	for b.Loop() {
		builtin.Count(calendar.Working, from, to)
	}
}

func BenchmarkReachLongest(b *testing.B) {
	from := at(b, builtin, "2026-02-13 15:30")
	for b.Loop() {
		builtin.Reach(calendar.Working, from, 100_000*workingDay)
	}
}

func BenchmarkCompile(b *testing.B) {
	d := calendar.Builtin()
	b.ReportAllocs()
	for b.Loop() {
		calendar.Compile(d)
	}
}
