package programme

import (
	"fmt"
	"slices"
	"time"

	"gridward/domain/calendar"
	"gridward/domain/fault"
)

// MaxLimit is the largest n of a limit: far beyond any scheme, and small enough that no sum of seconds overflows.
const MaxLimit = 100_000

// String is the short form programme files use: "3 working_day".
func (l Limit) String() string { return fmt.Sprintf("%d %s", l.N, l.Unit) }

// Validate says what is wrong with the limit, as fields under the given path; nothing when it is sound.
func (l Limit) Validate(path string) fault.Fields {
	var bad fault.Fields
	if l.N < 1 || l.N > MaxLimit {
		bad.Add(join(path, "n"), "must be 1 to %d", MaxLimit)
	}
	oneOf(&bad, join(path, "unit"), l.Unit, Units)
	return bad
}

// family is the kind of time a unit counts in.
type family uint8

const (
	realTime    family = iota + 1 // every second of every day
	workingTime                   // only the working periods of working days
)

// measure is the limit in seconds of its family's time. ok is false when the limit is not sound.
func (l Limit) measure() (seconds int64, f family, ok bool) {
	if len(l.Validate("")) > 0 {
		return 0, 0, false
	}
	n := int64(l.N)
	switch l.Unit {
	case UrgentMinute:
		return n * 60, realTime, true
	case UrgentHour:
		return n * 3600, realTime, true
	case CalendarDay:
		return n * 86400, realTime, true
	case WorkingMinute:
		return n * 60, workingTime, true
	case WorkingHour:
		return n * 3600, workingTime, true
	case WorkingDay:
		return n * 28800, workingTime, true // 8 working hours, whatever the season (design: time, "Limits")
	}
	return 0, 0, false
}

// ShorterOrEqual reports whether a is certain to end no later than b, whatever the calendar and the start.
// Within real time or within working time that is plain comparison. Real time against working time is certain
// when a's clock seconds are no more than b's working seconds, since working time never runs faster than the
// clock. Working time against real time is never certain: a holiday may be longer than b. A limit that is not
// sound compares as false.
func ShorterOrEqual(a, b Limit) bool {
	as, af, aok := a.measure()
	bs, bf, bok := b.measure()
	if !aok || !bok || (af == workingTime && bf == realTime) {
		return false
	}
	return as <= bs
}

// Time is how much time the limit allows and of which kind; a limit that is not sound allows none.
func (l Limit) Time() (calendar.Kind, time.Duration) {
	seconds, f, ok := l.measure()
	if !ok {
		return calendar.Clock, 0
	}
	if f == workingTime {
		return calendar.Working, time.Duration(seconds) * time.Second
	}
	return calendar.Clock, time.Duration(seconds) * time.Second
}

func join(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

func oneOf(bad *fault.Fields, path, value string, known []string) {
	if !slices.Contains(known, value) {
		bad.Add(path, "%q is not one of %v", value, known)
	}
}

// Working reports whether the limit counts working time.
func (l Limit) Working() bool {
	_, f, ok := l.measure()
	return ok && f == workingTime
}
