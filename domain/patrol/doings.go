package patrol

import (
	"cmp"
	"slices"
	"time"

	"gridward/domain/grid"
)

// place is where a deed is looked for: the cell of the duty (or where it was recorded), and where only what was done
// at certain premises counts these.
type place struct{ cell, site grid.CellCode }

// place gives where to look for what was done at a cell for a target.
func (c *Count) place(cell, site grid.CellCode) place {
	if c.rule.Per == PerPremises && Walked(c.rule.What) {
		return place{cell, site}
	}
	return place{cell: cell}
}

// put sorts what may count by its place.
func (c *Count) put(deeds []Deed) {
	c.shelf = make(map[place][]*Deed, len(c.ground.posts))
	for i := range deeds {
		if d := &deeds[i]; d.What == c.rule.What {
			at := c.place(d.Cell, d.Site)
			c.shelf[at] = append(c.shelf[at], d)
		}
	}
}

// doing is one thing that counts for a target.
type doing struct {
	day, who     int       // who is the claim it counts for
	to           time.Time // when it ended
	dark, length time.Duration
}

// nightly reports whether at least half of it lay in the night.
func (d doing) nightly() bool { return 2*d.dark >= d.length }

// doneBy gives what counts for a target, in the order of days: each inspection once, and from the area upward the
// inspections of one walk once a day, as one patrol. What it gives holds until it is called again.
func (c *Count) doneBy(t *target) []doing {
	type walkOn struct {
		walk string
		day  int
	}
	out, met, walks := c.doings[:0], map[string]bool{}, map[walkOn]int{}
	c.candidates(t, func(d *Deed, day, who int) {
		if met[d.ID] {
			return
		}
		met[d.ID] = true
		did := doing{day: day, who: who, to: d.To}
		if c.night != nil {
			did.dark, did.length = c.night.of(d.From, d.To, c.law.Zone)
		}
		if d.Walk != "" && t.cell.Level() < grid.Site {
			k := walkOn{d.Walk, day}
			if i, again := walks[k]; again {
				out[i].add(did)
				return
			}
			walks[k] = len(out)
		}
		out = append(out, did)
	})
	slices.SortStableFunc(out, func(a, b doing) int { return cmp.Compare(a.day, b.day) })
	c.doings = out
	return out
}

// add makes another inspection of the same walk a part of it: the walk is whose the last one was.
func (d *doing) add(o doing) {
	if o.to.After(d.to) {
		d.who, d.to = o.who, o.to
	}
	d.dark += o.dark
	d.length += o.length
}

// candidates gives the deeds that may count, some of them twice: done by those who held the post, or while it was
// vacant by the office that stood in for it. With each come its day, by its local start, and the claim it counts for.
func (c *Count) candidates(t *target, take func(d *Deed, day, who int)) {
	look := func(cell grid.CellCode, counts func(d *Deed, who int) bool) {
		for _, d := range c.shelf[c.place(cell, t.cell)] {
			day := c.on.at(d.From)
			if day < 0 || c.working != nil && !c.working[day] {
				continue
			}
			if who := t.tenure.answers(day, later(d.From, d.To)); who != nobody && counts(d, who) {
				take(d, day, who)
			}
		}
	}
	at := t.duty.Cells
	if t.duty.ID == "" {
		at = []grid.CellCode{t.post}
	}
	for _, cell := range at {
		look(cell, func(d *Deed, _ int) bool { return c.counts(t, d) })
	}
	for i, claim := range t.tenure.claims {
		if !claim.standIn || len(claim.holders) == 0 || !Walked(c.rule.What) {
			continue
		}
		office := claim.holders[0]
		look(office.Cells[0], func(d *Deed, who int) bool { return who == i && d.Duty == office.ID && t.cell.Contains(d.Site) })
	}
}

// counts reports whether what was done under a duty at the target's own cells, or recorded there, counts for it.
func (c *Count) counts(t *target, d *Deed) bool {
	switch {
	case !Walked(c.rule.What):
		return true
	case c.rule.Per == PerHolder:
		return d.Duty == t.duty.ID
	}
	return matches(c.rule.Role, d.Role, d.ActsAs)
}
