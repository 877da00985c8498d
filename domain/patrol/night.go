package patrol

import "time"

// night is the hours of a local day that count as night, in minutes since midnight; to lies behind from, on the next
// day if need be.
type night struct{ from, to int }

const wholeDay = 24 * 60

// night gives the law's hours: 20:00-06:00 unless the programme says.
func (l *Law) night() night {
	n := night{20 * 60, 6 * 60}
	if l.Night != nil {
		n = night{minutes(l.Night.From), minutes(l.Night.To)}
	}
	if n.to <= n.from {
		n.to += wholeDay
	}
	return n
}

// minutes reads "15:04"; a published programme says it right.
func minutes(clock string) int {
	t, err := time.Parse("15:04", clock)
	if err != nil {
		return 0
	}
	return 60*t.Hour() + t.Minute()
}

// of gives how long a patrol took and how much of that lies in the night. One that took no time is a moment long.
func (n night) of(from, to time.Time, zone *time.Location) (dark, length time.Duration) {
	if !to.After(from) {
		to = from.Add(1)
	}
	y, m, d := from.In(zone).Date()
	for d--; ; d++ { // the night before may still go on
		begin := time.Date(y, m, d, 0, n.from, 0, 0, zone)
		if !begin.Before(to) {
			return dark, to.Sub(from)
		}
		end := time.Date(y, m, d, 0, n.to, 0, 0, zone)
		dark += max(earlier(end, to).Sub(later(begin, from)), 0)
	}
}
