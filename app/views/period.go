package views

import (
	"fmt"
	"regexp"
	"strconv"
	"time"

	"gridward/domain/fault"
)

// Period is a run of whole local days: From included, To excluded, both midnights of the zone it was read in.
type Period struct {
	Text     string
	From, To time.Time
}

var periodForms = regexp.MustCompile(`^(\d{4})(?:-(?:H([12])|Q([1-4])|W(\d{2})|(\d{2})(?:-(\d{2}))?))?$`)

// ParsePeriod reads a year (2026), half-year (2026-H2), quarter (2026-Q4), month (2026-10), ISO 8601 week
// (2026-W43) or day (2026-10-17) in a zone. What is none of these is an invalid field "period".
func ParsePeriod(s string, loc *time.Location) (Period, error) {
	m := periodForms.FindStringSubmatch(s)
	if m == nil {
		return Period{}, badPeriod()
	}
	n := make([]int, len(m))
	for i := 1; i < len(m); i++ {
		n[i], _ = strconv.Atoi(m[i]) // the pattern lets only digits through; absent is 0
	}
	year, half, quarter, week, month, day := n[1], n[2], n[3], n[4], n[5], n[6]
	at := func(month, day int) time.Time { return time.Date(year, time.Month(month), day, 0, 0, 0, 0, loc) }
	p := Period{Text: s}
	switch {
	case half > 0:
		p.From, p.To = at(half*6-5, 1), at(half*6+1, 1)
	case quarter > 0:
		p.From, p.To = at(quarter*3-2, 1), at(quarter*3+1, 1)
	case m[4] != "":
		fourth := at(1, 4) // always in week 1
		monday := 4 - (int(fourth.Weekday())+6)%7 + (week-1)*7
		p.From, p.To = at(1, monday), at(1, monday+7)
		if y, w := p.From.ISOWeek(); y != year || w != week {
			return Period{}, badPeriod()
		}
	case m[6] != "":
		p.From, p.To = at(month, day), at(month, day+1)
		if p.From.Format(time.DateOnly) != s {
			return Period{}, badPeriod()
		}
	case m[5] != "":
		p.From, p.To = at(month, 1), at(month+1, 1)
		if month < 1 || month > 12 {
			return Period{}, badPeriod()
		}
	default:
		p.From, p.To = at(1, 1), at(13, 1)
	}
	return p, nil
}

func badPeriod() error {
	return fault.BadField("period", "is not a year 2026, half-year 2026-H2, quarter 2026-Q4, month 2026-10, week 2026-W43 or day 2026-10-17")
}

// dayNumber is the local day of an instant as yyyymmdd: days sort and compare as numbers in SQL.
func dayNumber(t time.Time, loc *time.Location) int64 {
	y, m, d := t.In(loc).Date()
	return int64(y)*10000 + int64(m)*100 + int64(d)
}

func (p Period) String() string { return fmt.Sprintf("%s [%s, %s)", p.Text, p.From, p.To) }
