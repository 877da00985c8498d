package calendar

import (
	"slices"
	"strings"
	"time"
)

// Holiday is a run of days on which nobody works, with a listed day off among them: a weekend beside it belongs to it.
type Holiday struct {
	Name string // of the listed days; several, where holidays touch: "中秋节、国庆节"
	From time.Time
	To   time.Time // the local midnight after it, excluded
}

// dayOff is a listed day off.
type dayOff struct {
	date int64
	name string
}

// Holidays gives the holidays that a stretch touches, whole even where they begin before it or end after it, in order.
func (c *Calendar) Holidays(from, to time.Time) []Holiday {
	var out []Holiday
	for i := 0; i < len(c.daysOff); {
		begin, end := c.daysOff[i].date, c.daysOff[i].date+1
		for !c.worksOn(begin - 1) {
			begin--
		}
		for !c.worksOn(end) {
			end++
		}
		var names []string
		for ; i < len(c.daysOff) && c.daysOff[i].date < end; i++ {
			if name := c.daysOff[i].name; !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
		if h := (Holiday{strings.Join(names, "、"), c.midnight(begin), c.midnight(end)}); h.From.Before(to) && h.To.After(from) {
			out = append(out, h)
		}
	}
	return out
}
