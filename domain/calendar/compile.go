package calendar

import (
	"cmp"
	"iter"
	"slices"
	"time"
)

// Calendar is one version, ready to count with. It is immutable: share it freely.
type Calendar struct {
	Definition
	loc     *time.Location
	off     map[int64]bool          // the listed days: true off, false worked
	daysOff []dayOff                // those off, in order
	periods [13][32][]secondsOfADay // by month and day of the month
	table   table
}

// secondsOfADay is a working period by the wall clock, to excluded.
type secondsOfADay struct{ from, to int64 }

const day = 24 * 60 * 60

// Compile makes a definition ready. It must be valid (Validate); what is not counts nothing. It takes about a
// millisecond, and the calendar half a megabyte.
func Compile(d Definition) *Calendar {
	c := &Calendar{Definition: d, off: map[int64]bool{}}
	var err error
	if c.loc, err = time.LoadLocation(d.Zone); err != nil {
		c.loc = time.UTC
	}
	for _, y := range d.Years {
		for _, listed := range y.Days {
			date, ok := parseDate(listed.Date)
			if !ok {
				continue
			}
			c.off[dayOf(date)] = listed.Off
			if listed.Off {
				c.daysOff = append(c.daysOff, dayOff{dayOf(date), listed.Name})
			}
		}
	}
	slices.SortFunc(c.daysOff, func(a, b dayOff) int { return cmp.Compare(a.date, b.date) })
	for _, s := range d.Seasons {
		periods := s.clock()
		for date := range s.days() {
			c.periods[date.Month()][date.Day()] = periods
		}
	}
	c.table = c.tabulate()
	return c
}

// clock gives the season's periods that can be read, ascending and apart.
func (s Season) clock() []secondsOfADay {
	var out []secondsOfADay
	var until int64
	for _, p := range s.Periods {
		from, okFrom := parseTime(p.From)
		to, okTo := parseTime(p.To)
		if okFrom && okTo && until <= from && from < to {
			out, until = append(out, secondsOfADay{from, to}), to
		}
	}
	return out
}

// days gives the season's days, in a leap year. One that ends before it begins goes on over the new year.
func (s Season) days() iter.Seq[time.Time] {
	return func(yield func(time.Time) bool) {
		from, okFrom := parseDate("2000-" + s.From)
		to, okTo := parseDate("2000-" + s.To)
		if !okFrom || !okTo {
			return
		}
		for date := from; yield(date) && !date.Equal(to); {
			date = date.AddDate(0, 0, 1)
			date = date.AddDate(2000-date.Year(), 0, 0)
		}
	}
}

// Location is the calendar's zone.
func (c *Calendar) Location() *time.Location { return c.loc }

// WorkingDay reports whether the local day of the instant is worked.
func (c *Calendar) WorkingDay(at time.Time) bool { return c.worksOn(c.localDay(at)) }

func (c *Calendar) worksOn(day int64) bool {
	if off, listed := c.off[day]; listed {
		return !off
	}
	weekday := floorMod(day+int64(time.Thursday), 7) // day 0 was a Thursday
	return weekday != int64(time.Saturday) && weekday != int64(time.Sunday)
}

// worked gives the worked stretches between two instants in order, as seconds since 1970, the ends excluded. A second
// is worked when the local clock shows a working period of a working day. So where the clock is put forward over a
// period there is that much less of it, and where it is put back the hour that comes twice counts twice.
func (c *Calendar) worked(from, to int64) iter.Seq2[int64, int64] {
	return func(yield func(int64, int64) bool) {
		to := min(to, last)
		for at := max(from, first); at < to; { // one stretch without a change of the clock after the other
			local := time.Unix(at, 0).In(c.loc)
			_, offset := local.Zone()
			end := to
			if _, change := local.ZoneBounds(); !change.IsZero() {
				if change.Unix() <= at { // as the library says of the last day of a leap year, where nothing changes
					change = local.Add(day * time.Second)
				}
				end = min(end, change.Unix())
			}
			for date := floorDiv(at+int64(offset), day); ; date++ {
				midnight := date*day - int64(offset)
				if midnight >= end {
					break
				}
				for _, p := range c.periodsOn(date) {
					if a, b := max(midnight+p.from, at), min(midnight+p.to, end); a < b && !yield(a, b) {
						return
					}
				}
			}
			at = end
		}
	}
}

func (c *Calendar) periodsOn(date int64) []secondsOfADay {
	if !c.worksOn(date) {
		return nil
	}
	_, m, d := time.Unix(date*day, 0).UTC().Date()
	return c.periods[m][d]
}

// localDay numbers the local day of an instant, 0 for the first of 1970.
func (c *Calendar) localDay(at time.Time) int64 {
	_, offset := at.In(c.loc).Zone()
	return floorDiv(at.Unix()+int64(offset), day)
}

// dayOf numbers a date, given as its midnight in UTC.
func dayOf(date time.Time) int64 { return floorDiv(date.Unix(), day) }

// midnight is the first instant of a numbered local day, or of what follows where the clock leaves midnight out.
func (c *Calendar) midnight(date int64) time.Time {
	y, m, d := time.Unix(date*day, 0).UTC().Date()
	at := time.Date(y, m, d, 0, 0, 0, 0, c.loc)
	if c.localDay(at) < date {
		_, at = at.ZoneBounds()
	}
	return at
}

func floorDiv(a, b int64) int64 { return (a - floorMod(a, b)) / b }

func floorMod(a, b int64) int64 { return ((a % b) + b) % b }

// parseDate reads "2026-02-14" as its midnight in UTC.
func parseDate(s string) (time.Time, bool) {
	t, err := time.Parse(time.DateOnly, s)
	return t, err == nil
}

// parseTime reads "15:04" as seconds since midnight; "24:00" is the day's end.
func parseTime(s string) (int64, bool) {
	if s == "24:00" {
		return day, true
	}
	t, err := time.Parse("15:04", s)
	return int64(t.Hour())*3600 + int64(t.Minute())*60, err == nil && len(s) == len("15:04")
}

// Unpublished gives the years that a stretch touches, both ends included, and whose days off are not published:
// there only weekends are counted off.
func (c *Calendar) Unpublished(from, to time.Time) []int {
	var out []int
	for y, end := max(from.In(c.loc).Year(), 1), min(to.In(c.loc).Year(), 9999); y <= end; y++ {
		if !slices.ContainsFunc(c.Years, func(known Year) bool { return known.Year == y }) {
			out = append(out, y)
		}
	}
	return out
}
