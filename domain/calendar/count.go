package calendar

import (
	"math"
	"slices"
	"time"
)

// The instants at which working time begins and ends to be counted: the years 1 to 9999. Outside nothing is worked.
var (
	first = time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC).Unix()
	last  = time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC).Unix()
)

// Count is how much of that kind of time lies between two instants, 0 when to is not after from. It is exact to the
// nanosecond; what exceeds a Duration (292 years) is given as the longest one.
func (c *Calendar) Count(k Kind, from, to time.Time) time.Duration {
	switch {
	case !to.After(from):
		return 0
	case k == Clock:
		return to.Sub(from)
	case c.table.covers(from) && c.table.covers(to):
		return c.table.upTo(to) - c.table.upTo(from)
	}
	return c.walkThrough(from, to)
}

// Reach is the earliest instant at which Count from the given one comes to that much, in the zone of from. Nothing
// to count is reached at once; what the last second of the year 9999 does not see reached is given as that second.
func (c *Calendar) Reach(k Kind, from time.Time, left time.Duration) time.Time {
	if k == Clock || left <= 0 {
		return from.Add(max(left, 0))
	}
	at := from
	if at.Unix() < tableFrom {
		if at, left = c.walkOn(at, tableFrom, left); left == 0 {
			return at.In(from.Location())
		}
	}
	if c.table.covers(at) {
		done := c.table.upTo(at)
		if total := c.table.total(); total-done < left {
			at, left = time.Unix(tableTo, 0), left-(total-done)
		} else {
			return c.table.reach(done + left).In(from.Location())
		}
	}
	at, _ = c.walkOn(at, last, left)
	return at.In(from.Location())
}

// walkThrough is Count without the table.
func (c *Calendar) walkThrough(from, to time.Time) time.Duration {
	begin, end := from.Unix(), to.Unix()+1
	var seconds int64
	var part time.Duration // of the seconds at both ends
	for a, b := range c.worked(begin, end) {
		seconds += b - a
		if a == begin {
			part -= time.Duration(from.Nanosecond())
		}
		if b == end {
			part -= time.Second - time.Duration(to.Nanosecond())
		}
	}
	if seconds > int64(math.MaxInt64/time.Second) {
		return math.MaxInt64
	}
	return time.Duration(seconds)*time.Second + part
}

// walkOn is Reach without the table, as far as the end: where it comes to and how much is left then.
func (c *Calendar) walkOn(from time.Time, end int64, left time.Duration) (time.Time, time.Duration) {
	begin := from.Unix()
	for a, b := range c.worked(begin, end) {
		at, length := time.Unix(a, 0), time.Duration(b-a)*time.Second
		if a == begin {
			at, length = from, length-time.Duration(from.Nanosecond())
		}
		if left <= length {
			return at.Add(left), 0
		}
		left -= length
	}
	return time.Unix(max(begin, end), 0), left
}

// The table's stretch of time: where nearly every limit lies. Sixty-four years fit into 32 bits of seconds.
var (
	tableFrom = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC).Unix()
	tableTo   = time.Date(2064, 1, 1, 0, 0, 0, 0, time.UTC).Unix()
)

// table is the worked stretches from tableFrom to tableTo in order, and an entry behind them that ends the last one.
type table []struct {
	start  uint32 // in seconds since tableFrom
	before uint32 // the seconds worked until then; until the next one's is how long this one lasts
}

func (c *Calendar) tabulate() table {
	var t table
	var before uint32
	add := func(start int64) {
		t = append(t, struct{ start, before uint32 }{uint32(start - tableFrom), before})
	}
	for a, b := range c.worked(tableFrom, tableTo) {
		add(a)
		before += uint32(b - a)
	}
	add(tableTo)
	return slices.Clip(t)
}

func (t table) covers(at time.Time) bool { return tableFrom <= at.Unix() && at.Unix() < tableTo }

func (t table) total() time.Duration { return time.Duration(t[len(t)-1].before) * time.Second }

// upTo is what is worked from tableFrom to an instant that the table covers.
func (t table) upTo(at time.Time) time.Duration {
	seconds := uint32(at.Unix() - tableFrom)
	low, high := 0, len(t)-1 // the stretches before low begin by then, those from high on later
	for low < high {
		if mid := (low + high) / 2; t[mid].start <= seconds {
			low = mid + 1
		} else {
			high = mid
		}
	}
	if low == 0 {
		return 0
	}
	s := t[low-1]
	if into := seconds - s.start; into < t[low].before-s.before {
		return time.Duration(s.before+into)*time.Second + time.Duration(at.Nanosecond())
	}
	return time.Duration(t[low].before) * time.Second
}

// reach is the earliest instant at which upTo comes to that much, which is more than nothing and at most the total.
func (t table) reach(much time.Duration) time.Time {
	low, high := 0, len(t)-1 // the stretches before low end with less, those from high on do not
	for low < high {
		if mid := (low + high) / 2; time.Duration(t[mid+1].before)*time.Second < much {
			low = mid + 1
		} else {
			high = mid
		}
	}
	return time.Unix(tableFrom+int64(t[low].start), 0).Add(much - time.Duration(t[low].before)*time.Second)
}
