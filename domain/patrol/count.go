package patrol

import (
	"cmp"
	"slices"

	"gridward/domain/grid"
	"gridward/domain/programme"
)

// Holder is who answers for a share of a count, and for how many days of it.
type Holder struct {
	Person   string        `json:"person,omitempty"` // empty: the post was vacant, and there was no office to stand in
	Duty     string        `json:"duty,omitempty"`   // id
	Role     string        `json:"role,omitempty"`
	Cell     grid.CellCode `json:"cell,omitempty"` // of the duty
	Days     int           `json:"days"`
	Required int           `json:"required"`
	Done     int           `json:"done"`
	Short    int           `json:"short"`
	StandIn  bool          `json:"stand_in,omitempty"` // the office in charge, while the post was vacant
	Jointly  bool          `json:"jointly,omitempty"`  // several held the post together: each answers for the whole share
}

// Line is what one duty asked in one period, and what came of it.
type Line struct {
	What      string        `json:"what"`
	Role      string        `json:"role"`            // as the rule has it
	Cell      grid.CellCode `json:"cell"`            // the post's cell, or the premises
	Duty      string        `json:"duty,omitempty"`  // where each duty is asked by itself
	Class     string        `json:"class,omitempty"` // the rule is about cells of this class
	Required  int           `json:"required"`
	Done      int           `json:"done"`
	Short     int           `json:"short"`
	Night     int           `json:"night,omitempty"`      // of what is required
	NightDone int           `json:"night_done,omitempty"` // of what was done
	Holders   []Holder      `json:"holders,omitempty"`
}

// Count is one rule over a run of days, ready to be asked about its periods.
type Count struct {
	law     *Law
	rule    programme.DutyRule
	ground  *Ground
	on      days
	working []bool // by day; nil when every day counts
	night   *night // nil when none has to lie there

	shelf  map[place][]*Deed // what may count, set by each
	shares []share           // what demand gave last
	doings []doing           // and doneBy
}

// NewCount prepares a rule over the days that the periods reach over. They are not empty and of the rule's own kind.
func NewCount(law *Law, rule programme.DutyRule, periods []Period, g *Ground) *Count {
	g.index()
	from, to := periods[0].From, periods[0].To
	for _, p := range periods {
		from, to = earlier(from, p.From), later(to, p.To)
	}
	c := &Count{law: law, rule: rule, ground: g, on: daysOf(from, to)}
	if rule.WorkingDaysOnly {
		c.working = make([]bool, c.on.count())
		for i := range c.working {
			c.working[i] = law.worked(c.on[i])
		}
	}
	if rule.Night > 0 || rule.Peak != nil && rule.Peak.Night > 0 {
		n := law.night()
		c.night = &n
	}
	return c
}

// Each calls do for each line the rule asks in the periods, in the order of the posts. What asks for nothing (nobody
// answered for it, no working day) is left out.
func (c *Count) Each(periods []Period, do func(Period, Line)) {
	c.each(periods, c.ground.Deeds, func(t *target, p Period, shares []share) {
		if len(shares) > 0 {
			l := c.line(t, shares)
			l.Holders = t.holders(shares)
			do(p, l)
		}
	})
}

// each calls do for each target and each of the periods that has a day that counts, with the shares of those who
// answer: none where nothing is asked.
func (c *Count) each(periods []Period, deeds []Deed, do func(*target, Period, []share)) {
	runs := c.runs(periods)
	c.put(deeds)
	targets := c.targets()
	for i := range targets {
		t := &targets[i]
		done := c.doneBy(t)
		for _, r := range runs {
			shares := c.demand(t, r)
			credit(shares, done, r)
			do(t, r.Period, shares)
		}
	}
}

// Required calls do for each target with what the rule asks of it in the periods together, without looking at what
// was done.
func (c *Count) Required(periods []Period, do func(cell grid.CellCode, required int)) {
	runs := c.runs(periods)
	for _, t := range c.targets() {
		sum := 0
		for _, r := range runs {
			for _, s := range c.demand(&t, r) {
				if s.who != nobody {
					sum += s.required
				}
			}
		}
		do(t.cell, sum)
	}
}

// run is one period among the days of the count, and what the rule asks in it.
type run struct {
	Period
	first, end   int // end excluded
	count, night int
}

// runs gives the periods in which a day counts.
func (c *Count) runs(periods []Period) []run {
	out := make([]run, 0, len(periods))
	for _, p := range periods {
		first := c.on.at(p.From)
		r := run{Period: p, first: first, end: first + p.Days()}
		if c.working == nil || slices.Contains(c.working[r.first:r.end], true) {
			r.count, r.night = asked(c.rule, p)
			out = append(out, r)
		}
	}
	return out
}

// share is what one claim answers for in a period.
type share struct {
	who             int // the claim; nobody's share is asked of nobody
	days, last      int // how many of the days that count, and the last of them
	required, night int
	done, nightDone int
}

// short is what is missing: the nights are part of the count, so a patrol that is missing in the night is missing once.
func (s share) short() int { return max(0, s.required-s.done, s.night-s.nightDone) }

// demand shares the count of a period among those who answered for it, in the order of their last days; there is
// nothing when that is nobody. What it gives holds until it is called again.
func (c *Count) demand(t *target, r run) []share {
	if c.rule.Class != "" && c.ground.cells[t.cell].classAt(r.To) != c.rule.Class {
		return nil
	}
	shares := c.shares[:0]
	for day := r.first; day < r.end; day++ {
		if c.working != nil && !c.working[day] {
			continue
		}
		who := t.tenure.owner[day]
		i := slices.IndexFunc(shares, func(s share) bool { return s.who == who })
		if i < 0 {
			i = len(shares)
			shares = append(shares, share{who: who})
		}
		shares[i].days++
		shares[i].last = day
	}
	c.shares = shares
	if len(shares) == 1 {
		if shares[0].who == nobody {
			return nil
		}
		shares[0].required, shares[0].night = r.count, r.night
		return shares
	}
	slices.SortFunc(shares, func(a, b share) int { return cmp.Compare(a.last, b.last) })
	owned := make([]int, len(shares))
	for i, s := range shares {
		owned[i] = s.days
	}
	counts := Share(r.count, owned)
	nights := shareNights(r.night, owned, counts)
	for i := range shares {
		shares[i].required, shares[i].night = counts[i], nights[i]
	}
	return shares
}

// credit adds what was done in the period to the shares. What was done under a claim that has none counts for nothing.
func credit(shares []share, done []doing, r run) {
	i, _ := slices.BinarySearchFunc(done, r.first, func(d doing, day int) int { return cmp.Compare(d.day, day) })
	for ; i < len(done) && done[i].day < r.end; i++ {
		d := done[i]
		k := slices.IndexFunc(shares, func(s share) bool { return s.who == d.who })
		if k < 0 {
			continue
		}
		shares[k].done++
		if r.night > 0 && d.nightly() {
			shares[k].nightDone++
		}
	}
}

// line is one target in one period, its holders not yet named.
func (c *Count) line(t *target, shares []share) Line {
	l := Line{What: c.rule.What, Role: c.rule.Role, Cell: t.cell, Duty: t.duty.ID, Class: c.rule.Class}
	for _, s := range shares {
		if s.who != nobody {
			l.Required += s.required
			l.Night += s.night
			l.Done += s.done
			l.NightDone += s.nightDone
			l.Short += s.short()
		}
	}
	return l
}

// holders names who answers for the shares: the persons of a claim each with the whole of what they answer for
// together.
func (t *target) holders(shares []share) []Holder {
	var out []Holder
	for _, s := range shares {
		if s.who == nobody {
			continue
		}
		c := t.tenure.claims[s.who]
		h := Holder{Days: s.days, Required: s.required, Done: s.done, Short: s.short(), StandIn: c.standIn, Jointly: len(c.holders) > 1}
		if len(c.holders) == 0 {
			out = append(out, h)
		}
		for _, d := range c.holders {
			h.Person, h.Duty, h.Role, h.Cell = d.Person, d.ID, d.Role, t.post
			if c.standIn {
				h.Cell = d.Cells[0]
			}
			out = append(out, h)
		}
	}
	return out
}
