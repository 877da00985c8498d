package hazard

import (
	"slices"
	"time"

	"gridward/domain/calendar"
	"gridward/domain/programme"
)

// The verdicts on a stage.
const (
	VerdictOpen   = "open"
	VerdictOnTime = "on_time"
	VerdictLate   = "late"
)

// part is so much time of one kind, to be counted one after the other.
type part struct {
	kind calendar.Kind
	time time.Duration
}

// parts appends a limit and what was added to it, each to be counted in its own kind of time. A listing's deadline is
// so much clock time from the instant of the listing.
func (s Stage) parts(out []part) []part {
	switch {
	case !s.Fixed.IsZero():
		out = append(out, part{calendar.Clock, s.Fixed.Sub(s.fixedFrom())})
	case s.Limit != nil:
		kind, d := s.Limit.Time()
		out = append(out, part{kind, d})
	default:
		return out
	}
	for _, x := range s.Extensions {
		kind, d := x.Limit.Time()
		out = append(out, part{kind, d})
	}
	return out
}

// fixedFrom is where the time until a listing's deadline begins: a stage may begin behind that deadline.
func (s Stage) fixedFrom() time.Time {
	if s.Fixed.Before(s.FixedSince) {
		return s.Fixed
	}
	return s.FixedSince
}

// active is when the clock counts: its runs less the suspensions. going says that it counts on behind the last one.
func (s Stage) active() (spans []calendar.Span, going bool) { return less(nil, s.Runs, s.Pauses) }

// counted is when the limit's time counts: when the clock does, while a listing's deadline knows suspensions only.
func (s Stage) counted(out []calendar.Span) (spans []calendar.Span, going bool) {
	if s.Fixed.IsZero() {
		return less(out, s.Runs, s.Pauses)
	}
	one := [1]Run{{From: s.fixedFrom()}}
	return less(out, one[:], s.Pauses)
}

// less appends the runs without the pauses, both in order. Where the last pause ends with the last run, the clock would
// go on from there: an empty span says so.
func less(out []calendar.Span, runs []Run, pauses []calendar.Span) (spans []calendar.Span, going bool) {
	for _, r := range runs {
		from := r.From
		for _, p := range pauses {
			if !p.To.IsZero() && !p.To.After(from) || !r.To.IsZero() && !p.From.Before(r.To) {
				continue
			}
			if p.From.After(from) {
				out = append(out, calendar.Span{From: from, To: p.From})
			}
			if from = p.To; from.IsZero() {
				return out, false
			}
		}
		if r.To.IsZero() || !r.To.Before(from) {
			out = append(out, calendar.Span{From: from, To: r.To})
		}
	}
	return out, true
}

// reach is the instant at which the parts are used up. A clock that has stopped is taken to have gone on; one under
// suspension has no such instant unless it lies before.
func (s Stage) reach(cal *calendar.Calendar, parts []part) (at time.Time, ok bool) {
	var few [4]calendar.Span
	spans, going := s.counted(few[:0])
	if len(spans) == 0 || len(parts) == 0 {
		return time.Time{}, false
	}
	i, at := 0, spans[0].From
	for _, p := range parts {
		if cal == nil && p.kind == calendar.Working {
			return time.Time{}, false
		}
		left := p.time
		for ; i < len(spans)-1 || !going; i++ {
			used := cal.Count(p.kind, at, spans[i].To)
			if used >= left {
				break
			}
			if i == len(spans)-1 {
				return time.Time{}, false
			}
			left, at = left-used, spans[i+1].From
		}
		at = cal.Reach(p.kind, at, left)
	}
	return at, true
}

// Deadline is the earliest instant at which the counted time reaches the limit and its extensions, suspension
// excluded (design: time, "Limits"). ok is false without a limit, or while a suspension leaves it open.
func (s Stage) Deadline(cal *calendar.Calendar) (at time.Time, ok bool) {
	var few [4]part
	return s.reach(cal, s.parts(few[:0]))
}

// Used is the time counted until now, in the limit's own kind of time; clock time without a limit.
func (s Stage) Used(cal *calendar.Calendar, now time.Time) time.Duration {
	kind := calendar.Clock
	if s.Limit != nil && s.Fixed.IsZero() && cal != nil {
		kind, _ = s.Limit.Time()
	}
	var sum time.Duration
	spans, _ := s.active()
	for _, span := range spans {
		to := span.To
		if to.IsZero() {
			to = now
		}
		sum += count(cal, kind, span.From, to)
	}
	return sum
}

func count(cal *calendar.Calendar, kind calendar.Kind, from, to time.Time) time.Duration {
	if cal == nil {
		return max(to.Sub(from), 0)
	}
	return cal.Count(kind, from, to)
}

// Verdict is open while the stage runs and its deadline has not passed, late once it has, and else on_time. What has
// no limit is never late.
func (s Stage) Verdict(cal *calendar.Calendar, now time.Time) string {
	end := s.Ended()
	if end.IsZero() {
		end = now
	}
	if at, ok := s.Deadline(cal); ok && end.After(at) {
		return VerdictLate
	}
	if s.Running() {
		return VerdictOpen
	}
	return VerdictOnTime
}

// RungDue is the instant at which a rung is due: at a share of the limit, extensions included, or so long past the
// deadline. A share is taken of every part in its own kind of time; under a listing it is of the time from the listing,
// and nothing is due before that.
func (s Stage) RungDue(cal *calendar.Calendar, w programme.When) (time.Time, bool) {
	var few [4]part
	parts := s.parts(few[:0])
	switch {
	case len(parts) == 0:
		return time.Time{}, false
	case w.Past != nil:
		kind, d := w.Past.Time()
		parts = append(parts, part{kind, d})
	default:
		for i, p := range parts {
			parts[i].time = share(p.time, w.Share)
		}
	}
	at, ok := s.reach(cal, parts)
	if ok && !s.Fixed.IsZero() {
		at = later(at, s.FixedSince)
	}
	return at, ok
}

// share is a fraction of a duration, to the second; all of it is exactly that.
func share(d time.Duration, of float64) time.Duration {
	if of == 1 {
		return d
	}
	return time.Duration(of * float64(d)).Round(time.Second)
}

// Due is the next thing time does to a case.
type Due struct {
	At       time.Time
	Resume   bool           // a suspension ends by itself
	Run      int            // which of the case's stages
	Rung     int            // which rung of its ladder
	Do       programme.Rung // what it does
	Deadline time.Time
}

// NextDue is the earliest thing that time will do to the case by itself: a suspension's end, or a rung of the ladder
// of a running stage. Of several at one instant the suspension's end comes first, then the earlier stage and the
// lower rung.
func (c Case) NextDue(calendars calendar.State, p *programme.Programme) (Due, bool) {
	var next Due
	found := false
	if c.Suspension != nil {
		next, found = Due{At: c.Suspension.Until, Resume: true}, true
	}
	if p == nil {
		return next, found
	}
	for i, s := range c.Stages {
		if !s.Running() {
			continue
		}
		cal := calendars.Version(s.CalendarVersion)
		for n, rung := range p.Rungs(c.ladderSeverity(), s.Name) {
			if s.has(n, rung.Do) {
				continue
			}
			if at, ok := s.RungDue(cal, rung.When); ok && (!found || at.Before(next.At)) {
				next, found = Due{At: at, Run: i, Rung: n, Do: rung, Deadline: s.against(cal)}, true
			}
		}
	}
	return next, found
}

// against is the deadline that a rung is due against: what was due as a suspension began, the one that stood then.
func (s Stage) against(cal *calendar.Calendar) time.Time {
	if s.Paused() {
		s.Pauses = s.Pauses[:len(s.Pauses)-1]
	}
	at, _ := s.Deadline(cal)
	return at
}

// ladderSeverity is the severity whose ladder a case climbs: a report nobody has classified counts as minor.
func (c Case) ladderSeverity() string {
	if c.Severity == "" {
		return programme.Minor
	}
	return c.Severity
}

// has reports whether a rung was climbed for good. A card that was withdrawn, or healed before the clock went on, may
// be given again; so may what other rules had at that place.
func (s Stage) has(rung int, do string) bool {
	return slices.ContainsFunc(s.Rungs, func(r Climbed) bool {
		return r.Rung == rung && r.Do == do && r.Withdrawn.IsZero() && !r.Healed
	})
}
