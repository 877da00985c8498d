package hazard

import (
	"slices"
	"time"

	"gridward/domain/calendar"
	"gridward/domain/grid"
)

// Interval is one stretch of a case's line of responsibility: one stage in one person's hands. The intervals of a
// round follow each other from report to closure without a gap and without an overlap.
type Interval struct {
	Run    int // which of the case's stages
	Stage  string
	Round  int
	Holder Holder
	Office grid.CellCode // of the office that stood in for a vacant post; else empty
	Vacant bool          // nobody held the post, and there was no office to stand in
	From   time.Time
	To     time.Time // zero: it goes on
}

// Posted gives the posts from a holder's own upward, nearest first, with every duty ever given there.
type Posted func(Holder) grid.Chain

// Line is who answered for a case and when. Responsibility follows the post: whoever takes a duty over takes its cases
// with it, and while a post is vacant the office in charge above it answers (glossary). uses tells the programme's
// levels.
func (c Case) Line(posted Posted, uses func(level int) bool) []Interval {
	out := make([]Interval, 0, len(c.Stages))
	for i, s := range c.Stages {
		for _, r := range s.Runs {
			if r.Road && !r.To.Equal(r.From) { // what was passed on at once, nobody had to answer for
				out = append(out, s.held(i, r, posted, uses)...)
			}
		}
	}
	slices.SortStableFunc(out, func(a, b Interval) int { return a.From.Compare(b.From) })
	return out
}

// held cuts one run where the post changed hands.
func (s Stage) held(i int, r Run, posted Posted, uses func(int) bool) []Interval {
	whole := Interval{Run: i, Stage: s.Name, Round: s.Round, From: r.From, To: r.To}
	if r.Holder == nil {
		whole.Vacant = true
		return []Interval{whole}
	}
	whole.Holder = *r.Holder
	posts := posted(*r.Holder)
	if len(posts) == 0 || r.Holder.Duty == "" && r.Holder.Person != "" {
		return []Interval{whole}
	}
	var out []Interval
	for _, at := range changes(posts, r) {
		next := whole
		next.From = at
		next.Holder, next.Office, next.Vacant = r.Holder.standing(posts, at, uses)
		if n := len(out); n > 0 {
			if last := &out[n-1]; last.Holder == next.Holder && last.Office == next.Office && last.Vacant == next.Vacant {
				continue
			}
			out[n-1].To = at
		}
		out = append(out, next)
	}
	return out
}

// changes are the run's beginning and the instants within it at which a duty on the posts begins or ends, in order.
func changes(posts grid.Chain, r Run) []time.Time {
	at := []time.Time{r.From}
	note := func(t time.Time) {
		if t.After(r.From) && (r.To.IsZero() || t.Before(r.To)) {
			at = append(at, t)
		}
	}
	for _, p := range posts {
		for _, d := range p.Held {
			note(d.From)
			note(d.To)
		}
	}
	slices.SortFunc(at, time.Time.Compare)
	return slices.CompactFunc(at, time.Time.Equal)
}

// standing is who stands for a holder's post at an instant: the one who took the case as long as that duty lasts, else
// whoever stands for the post, else the office in charge above.
func (h Holder) standing(posts grid.Chain, at time.Time, uses func(int) bool) (Holder, grid.CellCode, bool) {
	own := grid.Post{Cell: posts[0].Cell, Department: posts[0].Department, Held: posts[0].Held.ActiveAt(at)}
	if _, still := own.Held.Find(h.Duty); still {
		return h, "", false
	}
	if face, ok := own.Face(); ok {
		return h.under(face), "", false
	}
	for _, p := range posts[1:] {
		if !uses(p.Cell.Level()) {
			continue
		}
		office := grid.Post{Cell: p.Cell, Held: p.Held.ActiveAt(at)}
		if face, ok := office.Face(); ok && face.Office() {
			return h.under(face), p.Cell, false
		}
	}
	return Holder{Cell: h.Cell, Department: h.Department}, "", true
}

// Verdict is the interval's own: late once the stage's deadline has passed in it. Who handed a stage on before its
// deadline was in time.
func (i Interval) Verdict(s *Stage, cal *calendar.Calendar, now time.Time) string {
	end := i.To
	if end.IsZero() {
		end = now
	}
	if at, ok := s.Deadline(cal); ok && end.After(at) {
		return VerdictLate
	}
	if i.To.IsZero() {
		return VerdictOpen
	}
	return VerdictOnTime
}

// LateFrom is the instant at which the interval became late; ok is false while it is not.
func (i Interval) LateFrom(s *Stage, cal *calendar.Calendar, now time.Time) (at time.Time, ok bool) {
	if i.Verdict(s, cal, now) != VerdictLate {
		return time.Time{}, false
	}
	at, _ = s.Deadline(cal)
	if at.Before(i.From) {
		at = i.From
	}
	return at, true
}

// Used is the time the interval took of its stage, counted as the stage counts; one that goes on is counted until now.
func (i Interval) Used(s *Stage, cal *calendar.Calendar, now time.Time) time.Duration {
	to := i.To
	if to.IsZero() {
		to = now
	}
	return s.usedBetween(cal, i.From, to)
}

// Above gives who stood for the offices over a holder's post at an instant, nearest first: who should have seen to it.
// The holder itself is left out.
func Above(posts grid.Chain, h Holder, at time.Time, uses func(int) bool) []Holder {
	var out []Holder
	for i, p := range posts {
		if i == 0 && p.Department == "" || !uses(p.Cell.Level()) {
			continue
		}
		office := grid.Post{Cell: p.Cell, Held: p.Held.ActiveAt(at)}
		if face, ok := office.Face(); ok && face.Office() && face.Person != h.Person {
			out = append(out, Holder{Cell: p.Cell, Person: face.Person, Duty: face.ID, Role: face.Role})
		}
	}
	return out
}

// usedBetween is Used within a stretch.
func (s Stage) usedBetween(cal *calendar.Calendar, from, to time.Time) time.Duration {
	kind := calendar.Clock
	if s.Limit != nil && s.Fixed.IsZero() && cal != nil {
		kind, _ = s.Limit.Time()
	}
	var sum time.Duration
	spans, _ := s.active()
	for _, span := range spans {
		a, b := span.From, span.To
		if a.Before(from) {
			a = from
		}
		if b.IsZero() || b.After(to) {
			b = to
		}
		sum += count(cal, kind, a, b)
	}
	return sum
}
