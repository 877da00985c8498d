package patrol

import (
	"slices"
	"sort"
	"time"

	"gridward/domain/grid"
)

// claim is one set of persons who answered for a post together.
type claim struct {
	holders []grid.Duty // none: the post was vacant and there was no office to stand in
	standIn bool
}

func (c claim) same(o claim) bool {
	return c.standIn == o.standIn && slices.EqualFunc(c.holders, o.holders, func(a, b grid.Duty) bool { return a.ID == b.ID })
}

// nobody is the claim of nobody: before the first duty was given, and once the cell had left the grid.
const nobody = 0

// tenure is who answered for a post, by the instant and by the day. A claim is an index into claims.
type tenure struct {
	claims    []claim // the first is nobody's
	stretches []held  // in order, without a gap
	owner     []int   // of each of the days asked about
}

// held is one stretch of a post's time and who answered then.
type held struct {
	Span
	who int
}

func newTenure() tenure { return tenure{claims: make([]claim, 1, 2)} }

// add gives the next stretch to a claim.
func (t *tenure) add(s Span, c claim) {
	i := slices.IndexFunc(t.claims[1:], c.same) + 1
	if i == nobody {
		i = len(t.claims)
		t.claims = append(t.claims, c)
	}
	t.stretches = append(t.stretches, held{s, i})
}

// leave gives the next stretch to nobody.
func (t *tenure) leave(s Span) { t.stretches = append(t.stretches, held{s, nobody}) }

// settle gives each day to who answered for most of it, between equals to the later.
func (t *tenure) settle(on days) {
	t.owner = make([]int, on.count())
	took := make([]time.Duration, len(t.claims))
	first := 0 // of the stretches that reach into the day
	for i := range t.owner {
		for !t.stretches[first].To.After(on[i]) {
			first++
		}
		end := first
		clear(took)
		for ; end < len(t.stretches) && t.stretches[end].From.Before(on[i+1]); end++ {
			s := t.stretches[end]
			took[s.who] += earlier(s.To, on[i+1]).Sub(later(s.From, on[i]))
		}
		most := t.stretches[first].who
		for _, s := range t.stretches[first+1 : end] {
			if took[s.who] >= took[most] {
				most = s.who
			}
		}
		t.owner[i] = most
	}
}

// answers gives who answers for what was done on a day: its owner, and where that is nobody whoever answered at the
// instant.
func (t *tenure) answers(day int, at time.Time) int {
	if who := t.owner[day]; who != nobody {
		return who
	}
	i := sort.Search(len(t.stretches), func(i int) bool { return t.stretches[i].To.After(at) })
	if i == len(t.stretches) { // it ended after the days asked about
		return nobody
	}
	return t.stretches[i].who
}

// within is the tenure for premises below the post: it is nobody's while they are not in the grid.
func (t tenure) within(life Span, on days) tenure {
	if life.covers(on[0]) && (life.To.IsZero() || !life.To.Before(on[on.count()])) {
		return t
	}
	out := tenure{claims: t.claims}
	for _, s := range t.stretches {
		for _, part := range cut(s.From, s.To, nil, life) {
			if life.covers(part.From) {
				out.stretches = append(out.stretches, held{part, s.who})
			} else {
				out.leave(part)
			}
		}
	}
	out.settle(on)
	return out
}

// vacant is the tenure of those who stood in alone; ok is false when nobody had to.
func (t tenure) vacant(on days) (out tenure, ok bool) {
	out = tenure{claims: t.claims}
	for _, s := range t.stretches {
		if t.claims[s.who].standIn {
			out.stretches, ok = append(out.stretches, s), true
		} else {
			out.leave(s.Span)
		}
	}
	out.settle(on)
	return out, ok
}

// ofPost tells who answered for a role's post on a cell from the first duty given there until the cell left the grid:
// those who held it, together; while it was vacant the office in charge.
func (g *Ground) ofPost(role string, cell grid.CellCode, on days) tenure {
	t := newTenure()
	given := g.given(role, cell)
	life := Span{From: given[0].From, To: g.cells[cell].Life.To}
	for _, s := range cut(on[0], on[on.count()], given, life) {
		active := given.ActiveAt(s.From)
		switch {
		case !life.covers(s.From):
			t.leave(s)
		case len(active) > 0:
			t.add(s, claim{holders: firstOfEach(active)})
		default:
			g.standIns(&t, cell, s)
		}
	}
	t.settle(on)
	return t
}

// firstOfEach leaves one duty of each person: who holds a post under two names answers for it once.
func firstOfEach(held grid.Duties) grid.Duties {
	var out grid.Duties
	for _, d := range held {
		if !slices.ContainsFunc(out, func(o grid.Duty) bool { return o.Person == d.Person }) {
			out = append(out, d)
		}
	}
	return out
}

// standIns gives a vacant stretch to the office in charge, which may change meanwhile.
func (g *Ground) standIns(t *tenure, cell grid.CellCode, vacant Span) {
	var offices []grid.Duty
	up := cell.Upward()
	for _, c := range up {
		for _, d := range g.posts[c] {
			if d.Office() {
				offices = append(offices, d)
			}
		}
	}
	for _, s := range cut(vacant.From, vacant.To, offices, Span{}) {
		c := claim{standIn: true}
		if d, ok := g.inCharge(up, s.From); ok {
			c.holders = []grid.Duty{d}
		}
		t.add(s, c)
	}
}

// ofDuty tells when one duty was held, as long as one of its cells was in the grid.
func (g *Ground) ofDuty(d grid.Duty, on days) tenure {
	var life Span
	for _, c := range d.Cells {
		gone := g.cells[c].Life.To
		if life.To = later(life.To, gone); gone.IsZero() {
			life.To = gone
			break
		}
	}
	t := newTenure()
	for _, s := range cut(on[0], on[on.count()], grid.Duties{d}, life) {
		if d.ActiveAt(s.From) && life.covers(s.From) {
			t.add(s, claim{holders: grid.Duties{d}})
		} else {
			t.leave(s)
		}
	}
	t.settle(on)
	return t
}

// cut divides a stretch where a duty or the life begins or ends.
func cut(from, to time.Time, duties []grid.Duty, life Span) []Span {
	at := []time.Time{from, to}
	note := func(t time.Time) {
		if t.After(from) && t.Before(to) {
			at = append(at, t)
		}
	}
	note(life.From)
	note(life.To)
	for _, d := range duties {
		note(d.From)
		note(d.To)
	}
	slices.SortFunc(at, time.Time.Compare)
	at = slices.CompactFunc(at, time.Time.Equal)
	out := make([]Span, 0, len(at)-1)
	for i := range len(at) - 1 {
		out = append(out, Span{at[i], at[i+1]})
	}
	return out
}

// days is the local days asked about: n midnights, and the one after the last day.
type days []time.Time

func daysOf(from, to time.Time) days {
	var out days
	for d := from; d.Before(to); d = d.AddDate(0, 0, 1) {
		out = append(out, d)
	}
	return append(out, to)
}

func (d days) count() int { return len(d) - 1 }

// at is the day of an instant, -1 when it is none of them.
func (d days) at(t time.Time) int {
	i := sort.Search(len(d), func(i int) bool { return d[i].After(t) }) - 1
	if i >= d.count() {
		return -1
	}
	return i
}
