package patrol

import (
	"fmt"
	"slices"
	"time"

	"gridward/domain/programme"
)

// The kinds of period.
const (
	Day           = "day"
	Week          = "week" // ISO 8601
	Month         = "month"
	Quarter       = "quarter"
	HalfYear      = "half_year"
	Year          = "year"
	BeforeHoliday = "before_holiday" // the seven local days before the first day off of a holiday
)

// Kinds lists them.
var Kinds = []string{Day, Week, Month, Quarter, HalfYear, Year, BeforeHoliday}

// holidayRun is how many days before a holiday are meant.
const holidayRun = 7

// Period is one run of whole local days in which a duty's count has to be reached.
type Period struct {
	Kind string
	Key  string    // 2026, 2026-H2, 2026-Q4, 2026-10, 2026-W43, 2026-10-17; before a holiday its first day off: 2026-10-01-holiday
	From time.Time // local midnight
	To   time.Time // local midnight after the last day, excluded
}

// Days is how many local days the period has.
func (p Period) Days() int { return daysBetween(p.From, p.To) }

// daysBetween counts local days between two midnights, whatever the clocks did meanwhile.
func daysBetween(from, to time.Time) int {
	return int((to.Sub(from) + 12*time.Hour) / (24 * time.Hour))
}

// Midnight is the beginning of the instant's local day.
func Midnight(at time.Time, zone *time.Location) time.Time {
	y, m, d := at.In(zone).Date()
	return time.Date(y, m, d, 0, 0, 0, 0, zone)
}

// civil gives the period of that kind in which a day lies; ok is false before holidays, which are no such division.
func civil(kind string, day time.Time) (p Period, ok bool) {
	y, m, _ := day.Date()
	first := func(month int) time.Time { return time.Date(y, time.Month(month), 1, 0, 0, 0, 0, day.Location()) }
	p.Kind = kind
	switch kind {
	case Day:
		p.Key, p.From, p.To = day.Format(time.DateOnly), day, day.AddDate(0, 0, 1)
	case Week:
		p.From = day.AddDate(0, 0, -(int(day.Weekday())+6)%7)
		p.To = p.From.AddDate(0, 0, 7)
		year, week := p.From.ISOWeek()
		p.Key = fmt.Sprintf("%d-W%02d", year, week)
	case Month:
		p.Key, p.From, p.To = day.Format("2006-01"), first(int(m)), first(int(m)+1)
	case Quarter:
		q := (int(m) - 1) / 3
		p.Key, p.From, p.To = fmt.Sprintf("%d-Q%d", y, q+1), first(3*q+1), first(3*q+4)
	case HalfYear:
		h := (int(m) - 1) / 6
		p.Key, p.From, p.To = fmt.Sprintf("%d-H%d", y, h+1), first(6*h+1), first(6*h+7)
	case Year:
		p.Key, p.From, p.To = fmt.Sprint(y), first(1), first(13)
	default:
		return Period{}, false
	}
	return p, true
}

// beforeHoliday gives the run that ends where a holiday begins on that day.
func (l *Law) beforeHoliday(first time.Time) (Period, bool) {
	if l.Calendar == nil {
		return Period{}, false
	}
	for _, h := range l.Calendar.Holidays(first, first.AddDate(0, 0, 1)) {
		if h.From.Equal(first) {
			return Period{Kind: BeforeHoliday, Key: first.Format(time.DateOnly) + "-holiday", From: first.AddDate(0, 0, -holidayRun), To: first}, true
		}
	}
	return Period{}, false
}

// Beginning gives the period of that kind whose first day it is.
func (l *Law) Beginning(kind string, day time.Time) (Period, bool) {
	if kind == BeforeHoliday {
		return l.beforeHoliday(day.AddDate(0, 0, holidayRun))
	}
	p, ok := civil(kind, day)
	return p, ok && p.From.Equal(day)
}

// Ending gives the period of that kind whose last day it is.
func (l *Law) Ending(kind string, day time.Time) (Period, bool) {
	next := day.AddDate(0, 0, 1)
	if kind == BeforeHoliday {
		return l.beforeHoliday(next)
	}
	p, ok := civil(kind, day)
	return p, ok && p.To.Equal(next)
}

// asked is what a rule asks in a period: the peak's own count where the first day lies in a month of the peak.
func asked(rule programme.DutyRule, p Period) (count, night int) {
	if peak := rule.Peak; peak != nil && slices.Contains(peak.Months, int(p.From.Month())) {
		return peak.Count, peak.Night
	}
	return rule.Count, rule.Night
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}
