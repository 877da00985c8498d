package demo

import (
	"math/rand/v2"
	"time"

	"gridward/domain/calendar"
)

// worked gives the days of work that the shipped calendar has as working days, by number.
func (p *plan) worked() []int {
	var out []int
	for n := range p.o.Days {
		if p.calendar.WorkingDay(p.day(n)) {
			out = append(out, n)
		}
	}
	return out
}

// onWorkday is an instant of the n-th working day, from 0. Beyond the last it lies after the end.
func (p *plan) onWorkday(n, hour, minute int) time.Time {
	day := p.o.Days + n
	if all := p.worked(); n < len(all) {
		day = all[n]
	}
	return p.day(day).Add(time.Duration(hour)*time.Hour + time.Duration(minute)*time.Minute)
}

// workdayFrom is the first working day that is not before a day; the day itself where there is none.
func (p *plan) workdayFrom(day int) int {
	for _, n := range p.worked() {
		if n >= day {
			return n
		}
	}
	return day
}

// lastBeforeBreak is which working day comes last before the longest run of days off that has one before it.
func (p *plan) lastBeforeBreak() int {
	all := p.worked()
	before, longest := 0, 0
	for i := 1; i < len(all); i++ {
		if off := all[i] - all[i-1]; off > longest {
			before, longest = i-1, off
		}
	}
	return before
}

// resting reports whether an instant lies in a public holiday: nobody goes to the office then.
func (p *plan) resting(t time.Time) bool {
	for _, h := range p.holidays {
		if !t.Before(h.From) && t.Before(h.To) {
			return true
		}
	}
	return false
}

// feast is the holiday the days of work are about, "" where they have none.
func (p *plan) feast() string {
	longest := calendar.Holiday{}
	for _, h := range p.holidays {
		if h.To.Sub(h.From) > longest.To.Sub(longest.From) {
			longest = h
		}
	}
	return longest.Name
}

// month is the part of a calendar month from its first day of work to its end, which may lie after the last one.
type month struct {
	first int // day of work
	days  int
	of    time.Month
}

// months are the months of the days of work.
func (p *plan) months() []month {
	var out []month
	for n := 0; n < p.o.Days; {
		y, m, d := p.day(n).Date()
		days := time.Date(y, m+1, 0, 0, 0, 0, 0, china).Day() - d + 1
		out = append(out, month{n, days, m})
		n += days
	}
	return out
}

// monthOf is the month of a day.
func (p *plan) monthOf(day int) month {
	all := p.months()
	for i := len(all) - 1; i > 0; i-- {
		if all[i].first <= day {
			return all[i]
		}
	}
	return all[0]
}

// turn reports whether a day is the i-th turn of its month: whoever has to do something once a month has a day of
// their own for it.
func (p *plan) turn(day, i int) bool {
	m := p.monthOf(day)
	return day-m.first == i%m.days
}

// office moves an instant into the next office hours. On weekends somebody is on duty, on public holidays nobody.
func (p *plan) office(r *rand.Rand, t time.Time) time.Time {
	at := office(r, t)
	for p.resting(at) {
		y, m, d := at.In(china).Date()
		at = office(r, time.Date(y, m, d+1, 0, 0, 0, 0, china))
	}
	return at
}
