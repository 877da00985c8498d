package patrol_test

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"gridward/domain/calendar"
	"gridward/domain/patrol"
	"gridward/domain/programme"
)

const anyYear = "2006-01-02"

func on(day string) time.Time {
	d, err := time.ParseInLocation(anyYear, day, shanghai)
	if err != nil {
		panic(err)
	}
	return d
}

// spelt is a period as "key: first day..last day".
func spelt(p patrol.Period) string {
	return p.Key + ": " + p.From.Format(anyYear) + ".." + p.To.AddDate(0, 0, -1).Format(anyYear)
}

func TestPeriods(t *testing.T) {
	for _, tc := range []struct{ kind, first, last, key string }{
		{"day", "2026-02-15", "2026-02-15", "2026-02-15"},
		{"week", "2026-02-09", "2026-02-15", "2026-W07"},
		{"week", "2025-12-29", "2026-01-04", "2026-W01"}, // the week of the first Thursday
		{"week", "2026-12-28", "2027-01-03", "2026-W53"},
		{"week", "2027-01-04", "2027-01-10", "2027-W01"},
		{"week", "2024-12-30", "2025-01-05", "2025-W01"},
		{"week", "2022-12-26", "2023-01-01", "2022-W52"},
		{"month", "2026-02-01", "2026-02-28", "2026-02"},
		{"month", "2024-02-01", "2024-02-29", "2024-02"},
		{"month", "2026-12-01", "2026-12-31", "2026-12"},
		{"quarter", "2026-01-01", "2026-03-31", "2026-Q1"},
		{"quarter", "2026-10-01", "2026-12-31", "2026-Q4"},
		{"half_year", "2026-01-01", "2026-06-30", "2026-H1"},
		{"half_year", "2026-07-01", "2026-12-31", "2026-H2"},
		{"year", "2026-01-01", "2026-12-31", "2026"},

		// Off from Sunday 15 to Monday 23 February; Saturday 14 is worked for it.
		{"before_holiday", "2026-02-08", "2026-02-14", "2026-02-15-holiday"},
		{"before_holiday", "2025-12-25", "2025-12-31", "2026-01-01-holiday"},
		{"before_holiday", "2026-04-24", "2026-04-30", "2026-05-01-holiday"},
		{"before_holiday", "2026-09-24", "2026-09-30", "2026-10-01-holiday"}, // from the day before Mid-Autumn, which is over on the 28th
		{"before_holiday", "2024-06-01", "2024-06-07", "2024-06-08-holiday"}, // Monday 10 is listed; the weekend before belongs to it
	} {
		want := patrol.Period{Kind: tc.kind, Key: tc.key, From: on(tc.first), To: on(tc.last).AddDate(0, 0, 1)}
		if p, ok := law.Beginning(tc.kind, on(tc.first)); !ok || p != want {
			t.Errorf("the %s that begins on %s is %v", tc.kind, tc.first, p)
		}
		if p, ok := law.Ending(tc.kind, on(tc.last)); !ok || p != want {
			t.Errorf("the %s that ends with %s is %v", tc.kind, tc.last, p)
		}
		if n := int(on(tc.last).Sub(on(tc.first)).Hours())/24 + 1; want.Days() != n {
			t.Errorf("%s has %d days, not %d", tc.key, want.Days(), n)
		}
	}
	for _, tc := range []struct{ kind, day string }{
		{"week", "2026-02-10"}, {"month", "2026-02-02"}, {"quarter", "2026-02-01"}, {"half_year", "2026-04-01"}, {"year", "2026-07-01"},
		{"before_holiday", "2026-02-09"}, {"before_holiday", "2027-02-01"}, {"fortnight", "2026-02-01"},
	} {
		if p, ok := law.Beginning(tc.kind, on(tc.day)); ok {
			t.Errorf("%v begins on %s", p, tc.day)
		}
	}
	bare := patrol.Law{Zone: shanghai}
	if p, ok := bare.Ending("before_holiday", on("2026-02-14")); ok {
		t.Errorf("without a calendar %v is before a holiday", p)
	}
}

// Every day lies in one period of each civil kind, which are told alike from both their ends.
func TestPeriodsDivideTheDays(t *testing.T) {
	for _, zone := range []string{"Asia/Shanghai", "Europe/Berlin"} { // in Berlin two days a year are not 24 hours long
		loc, err := time.LoadLocation(zone)
		if err != nil {
			t.Fatal(err)
		}
		l := patrol.Law{Zone: loc}
		for _, kind := range patrol.Kinds[:6] {
			var last patrol.Period
			for n := range 3 * 366 {
				day := time.Date(2024, 1, 1+n, 0, 0, 0, 0, loc) // a Monday, and the first of a year
				begun, begins := l.Beginning(kind, day)
				if begins != (last.Key == "" || last.To.Equal(day)) {
					t.Fatalf("%s in %s: a period begins on %s: %v, the last was %v", kind, zone, day, begins, last)
				}
				if begins {
					last = begun
				}
				ended, ends := l.Ending(kind, day)
				if ends != last.To.Equal(time.Date(2024, 1, 2+n, 0, 0, 0, 0, loc)) || ends && ended != last {
					t.Fatalf("%s in %s: on %s ends %v, the last to begin was %v", kind, zone, day, ended, last)
				}
			}
		}
	}
}

func TestMidnight(t *testing.T) {
	if got := patrol.Midnight(time.Date(2026, 2, 14, 16, 30, 0, 0, time.UTC), shanghai); !got.Equal(on("2026-02-15")) {
		t.Errorf("half past midnight in Shanghai is of %s", got)
	}
}

func version(n int, published string, kinds ...string) patrol.Version {
	v := patrol.Version{Version: n, Published: at(published)}
	for _, k := range kinds {
		v.Rules = append(v.Rules, programme.DutyRule{What: "patrol", Role: "officer", Level: 4, Period: k, Count: n, Per: "cell"})
	}
	return v
}

// judged says by which version of the programme and of the calendar which periods are judged.
func judged(due []patrol.Due) []string {
	var out []string
	for _, d := range due {
		var keys []string
		for _, p := range d.Periods {
			keys = append(keys, p.Key)
		}
		out = append(out, fmt.Sprintf("v%d c%d %s", d.Law.Version, d.Law.CalendarVersion(), strings.Join(keys, " ")))
	}
	return out
}

// edition is the calendar with days off that were worked.
func edition(n int, published string, off ...string) patrol.Edition {
	d := calendar.Builtin()
	d.Version = n
	for y := range d.Years {
		for i := range d.Years[y].Days {
			if day := &d.Years[y].Days[i]; slices.Contains(off, day.Date) {
				day.Off = true
			}
		}
	}
	return patrol.Edition{Published: at(published), Calendar: calendar.Compile(d)}
}

func every(programme.DutyRule) bool { return true }

func kind(k string) func(programme.DutyRule) bool {
	return func(r programme.DutyRule) bool { return r.Period == k }
}

func TestTheLatestPublishedBeforeItsEndJudgesAPeriod(t *testing.T) {
	laws := patrol.Laws{Programme: "fire", Zone: shanghai, Versions: []patrol.Version{
		version(1, "02-03 10:00", "day", "week"), version(2, "02-11 10:00", "day", "week", "month"), version(3, "03-01", "day", "month"),
	}}
	for _, tc := range []struct {
		name string
		got  []patrol.Due
		want []string
	}{
		{"the day of the first publication is judged, what ended before is not", laws.Ended(at("02-01"), at("02-05"), patrol.Span{}),
			[]string{"v1 c0 2026-02-03 2026-02-04"}},
		{"a version published in the middle judges the whole", laws.Ended(at("02-08"), at("02-16"), patrol.Span{}),
			[]string{"v1 c0 2026-02-08 2026-W06 2026-02-09 2026-02-10", "v2 c0 2026-02-11 2026-02-12 2026-02-13 2026-02-14 2026-02-15 2026-W07"}},
		{"one published as it ends does not", laws.Ended(at("02-28"), at("03-01"), patrol.Span{}), []string{"v2 c0 2026-02-28 2026-02"}},
		{"but the next", laws.Ended(at("03-01"), at("03-02"), patrol.Span{}), []string{"v3 c0 2026-03-01 2026-W09"}},
		{"what touches no hour of a stretch is left out", laws.Ended(at("02-11"), at("02-16"), patrol.Span{From: at("02-12"), To: at("02-14")}),
			[]string{"v2 c0 2026-02-12 2026-02-13 2026-W07"}},
		{"a stretch that goes on", laws.Ended(at("02-11"), at("02-13"), patrol.Span{From: at("02-11 23:00")}), []string{"v2 c0 2026-02-11 2026-02-12"}},

		{"what begins in a week and fits in", laws.Begun(at("02-09"), at("02-16"), at("03-15"), every),
			[]string{"v1 c0 2026-02-09 2026-02-10", "v2 c0 2026-W07 2026-02-11 2026-02-12 2026-02-13 2026-02-14 2026-02-15"}},
		{"what runs is judged by what is in force", laws.Begun(at("02-09"), at("02-12"), at("02-11 09:00"), every),
			[]string{"v1 c0 2026-02-09 2026-02-10 2026-02-11"}},
		{"what has not begun is not there yet", laws.Begun(at("02-01"), at("03-01"), at("02-05 12:00"), kind("week")),
			[]string{"v1 c0 2026-W06"}},
		{"a month fits in a month", laws.Begun(at("02-01"), at("03-01"), at("03-15"), kind("month")),
			[]string{"v2 c0 2026-02"}},
		{"and not in four weeks less a day", laws.Begun(at("02-01"), at("02-28"), at("03-15"), kind("month")), nil},
	} {
		if got := judged(tc.got); !slices.Equal(got, tc.want) {
			t.Errorf("%s\n got %q\nwant %q", tc.name, got, tc.want)
		}
	}
}

// Saturday 14 February is worked by the first edition; by the second the festival begins with it.
func TestTheCalendarInForceSaysWhatLiesBeforeAHoliday(t *testing.T) {
	laws := patrol.Laws{Programme: "fire", Zone: shanghai, Versions: []patrol.Version{version(1, "01-01", "before_holiday")},
		Calendars: []patrol.Edition{edition(1, "01-20"), edition(2, "02-10", "2026-02-14")}}
	for _, tc := range []struct {
		name string
		got  []patrol.Due
		want []string
	}{
		{"nothing before the first edition", laws.Ended(at("01-01"), at("01-20"), patrol.Span{}), nil},
		{"the run that ended is the second's", laws.Ended(at("02-01"), at("03-01"), patrol.Span{}), []string{"v1 c2 2026-02-14-holiday"}},
		{"while it ran it was the first's", laws.Begun(at("02-01"), at("03-01"), at("02-09"), every), []string{"v1 c1 2026-02-15-holiday"}},
		{"then the second's", laws.Begun(at("02-01"), at("03-01"), at("02-10"), every), []string{"v1 c2 2026-02-14-holiday"}},
	} {
		if got := judged(tc.got); !slices.Equal(got, tc.want) {
			t.Errorf("%s\n got %q\nwant %q", tc.name, got, tc.want)
		}
	}
	law := laws.Ended(at("02-01"), at("03-01"), patrol.Span{})[0].Law
	if p, ok := law.Ending("before_holiday", at("02-13")); !ok || spelt(p) != "2026-02-14-holiday: 2026-02-07..2026-02-13" {
		t.Errorf("got %s", spelt(p))
	}
}

func TestInForce(t *testing.T) {
	laws := patrol.Laws{Programme: "fire", Zone: shanghai, Versions: []patrol.Version{version(1, "02-03", "day"), version(2, "02-11", "week")},
		Calendars: []patrol.Edition{edition(1, "02-05")}}
	laws.Versions[1].Night = &programme.Night{From: "22:00", To: "05:00"}
	if l := laws.InForce(at("02-02")); l != nil {
		t.Errorf("before the first publication there is %+v", l)
	}
	for _, tc := range []struct {
		at   string
		want patrol.Law
	}{
		{"02-03", patrol.Law{Programme: "fire", Version: 1, Rules: laws.Versions[0].Rules, Zone: shanghai}},
		{"02-05", patrol.Law{Programme: "fire", Version: 1, Rules: laws.Versions[0].Rules, Zone: shanghai, Calendar: laws.Calendars[0].Calendar}},
		{"02-12", patrol.Law{Programme: "fire", Version: 2, Rules: laws.Versions[1].Rules, Zone: shanghai, Calendar: laws.Calendars[0].Calendar,
			Night: laws.Versions[1].Night}},
	} {
		if got := laws.InForce(at(tc.at)); !reflect.DeepEqual(*got, tc.want) {
			t.Errorf("on %s\n got %+v\nwant %+v", tc.at, *got, tc.want)
		}
	}
}
