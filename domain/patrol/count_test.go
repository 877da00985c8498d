package patrol_test

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"

	"gridward/domain/grid"
	"gridward/domain/patrol"
	"gridward/domain/programme"
)

// dice makes small worlds.
type dice struct{ *rand.Rand }

func roll(seed, kind uint64) dice { return dice{rand.New(rand.NewPCG(seed, kind))} }

func pick[T any](r dice, from ...T) T { return from[r.IntN(len(from))] }

// oneIn is true once in n times.
func (r dice) oneIn(n int) bool { return r.IntN(n) == 0 }

// world is a rule, its periods and the ground it is asked on, from the first of some days on.
type world struct {
	law     *patrol.Law
	rule    programme.DutyRule
	periods []patrol.Period
	ground  patrol.Ground
	first   time.Time
	days    int
}

func (r dice) world() world {
	w := world{law: &patrol.Law{Programme: "fire", Zone: shanghai, Calendar: builtin}, rule: r.rule()}
	w.first, w.days = at("02-01").AddDate(0, 0, r.IntN(40)), 3+r.IntN(9)
	switch w.rule.Period {
	case "month":
		w.first = pick(r, at("02-01"), at("04-01"))
		w.days = 30
	case "week":
		w.days = 16
	case "before_holiday":
		w.first, w.days = pick(r, at("02-08"), at("04-23")), 8
	}
	w.periods = of(w.law, w.rule.Period, w.first.Format("01-02"), w.first.AddDate(0, 0, w.days-1).Format("01-02"))
	w.ground = patrol.Ground{Duties: r.duties(w), Cells: r.cells(w)}
	w.ground.Deeds = r.deeds(w)
	return w
}

func (r dice) rule() programme.DutyRule {
	rule := programme.DutyRule{
		What: pick(r, "patrol", "patrol", "patrol", "self_check", "meeting"), Role: pick(r, "officer", "officer", "inspector", "chief"),
		Level: pick(r, 3, 4, 4, 4, 5), Period: pick(r, "day", "week", "month", "before_holiday"), Count: 1 + r.IntN(6),
		Per: pick(r, "cell", "cell", "holder", "premises"), WorkingDaysOnly: r.oneIn(4),
	}
	if rule.What == "patrol" && r.oneIn(2) {
		rule.Night = r.IntN(rule.Count + 1)
	}
	if r.oneIn(4) {
		rule.Peak = &programme.Peak{Months: []int{3, 4}, Count: 2 * rule.Count, Night: rule.Night}
	}
	if r.oneIn(4) {
		rule.Class = pick(r, "A", "B")
	}
	return rule
}

// hour is one of every four, from some days before the world's to some days after.
func (r dice) hour(w world) time.Time {
	return w.first.Add(time.Duration(r.IntN(6*(w.days+6))-18) * 4 * time.Hour)
}

func (r dice) span(w world) patrol.Span {
	s := patrol.Span{From: r.hour(w)}
	if r.oneIn(2) {
		s.From = w.first.AddDate(0, -1, 0)
	}
	if !r.oneIn(3) {
		if s.To = r.hour(w); !s.To.After(s.From) {
			s.To = time.Time{}
		}
	}
	return s
}

var everyCell = []grid.CellCode{street, community, area, area2, site, site2, farSite}

func (r dice) duties(w world) []grid.Duty {
	var out []grid.Duty
	for i := range 2 + r.IntN(7) {
		s := r.span(w)
		d := holds(fmt.Sprint("p", i), pick(r, w.rule.Role, w.rule.Role, "officer", "inspector", "chief", "supervisor", "sponsor"), "", "", pick(r, everyCell...))
		d.From, d.To = s.From, s.To
		if r.oneIn(3) {
			d.Person = pick(r, "p1", "p2")
		}
		if c := pick(r, everyCell...); r.oneIn(3) && c != d.Cells[0] {
			d.Cells = append(d.Cells, c)
		}
		out = append(out, d)
	}
	return out
}

func (r dice) cells(w world) []patrol.Cell {
	var out []patrol.Cell
	for _, code := range everyCell {
		c := patrol.Cell{Code: code}
		if r.oneIn(3) {
			c.Life = r.span(w)
		}
		if since := r.hour(w); r.oneIn(2) {
			c.Classes = []patrol.Class{{Class: "A", Span: patrol.Span{To: since}}, {Class: "B", Span: patrol.Span{From: since}}}
		}
		if c.Life != (patrol.Span{}) || c.Classes != nil || code.Level() == grid.Site && !r.oneIn(4) {
			out = append(out, c)
		}
	}
	return out
}

// deeds are inspections of up to two people under some of their duties, some in walks, and meetings.
func (r dice) deeds(w world) []patrol.Deed {
	var out []patrol.Deed
	for i := range r.IntN(30) {
		from := w.first.Add(time.Duration(r.IntN(48*(w.days+2))-48) * 30 * time.Minute)
		d := patrol.Deed{What: pick(r, w.rule.What, w.rule.What, "patrol"), ID: fmt.Sprint("i", i), From: from, To: from.Add(time.Duration(1+r.IntN(16)) * 30 * time.Minute)}
		if r.oneIn(3) {
			d.Walk = pick(r, "v", "w")
		}
		for range 1 + r.IntN(2) {
			under := pick(r, w.ground.Duties...)
			if !under.ActiveAt(d.To) && !r.oneIn(5) {
				continue
			}
			d.Cell, d.Duty, d.Role, d.ActsAs = pick(r, under.Cells...), under.ID, under.Role, under.ActsAs
			if d.Site == "" {
				d.Site = pick(r, slices.DeleteFunc(slices.Clone(everyCell), func(c grid.CellCode) bool { return !d.Cell.Contains(c) })...)
			}
			out = append(out, d)
		}
	}
	return out
}

// lines counts quickly, and sees that no line comes twice.
func (w world) lines(t *testing.T) map[string]patrol.Line {
	t.Helper()
	out := map[string]patrol.Line{}
	patrol.NewCount(w.law, w.rule, w.periods, &w.ground).Each(w.periods, func(p patrol.Period, l patrol.Line) {
		k := string(l.Cell) + " " + l.Duty + " " + p.Key
		if _, twice := out[k]; twice {
			t.Errorf("%s comes twice", k)
		}
		out[k] = l
	})
	return out
}

// slowly counts all targets of a world's rule in all its periods, by cell, duty and period.
func (w world) slowly() map[string]patrol.Line {
	out := map[string]patrol.Line{}
	for _, t := range w.targets() {
		t.days = map[time.Time]*answer{}
		for _, p := range w.periods {
			if l, ok := t.line(p); ok {
				out[string(l.Cell)+" "+l.Duty+" "+p.Key] = l
			}
		}
	}
	return out
}

// targets are what the rule asks its count of: each post, the premises below it, or each duty and the vacancy of its post.
func (w world) targets() []slow {
	var out []slow
	told := map[grid.CellCode]bool{}
	for i := range w.ground.Duties {
		s := slow{law: w.law, rule: w.rule, g: &w.ground}
		d := &w.ground.Duties[i]
		cells := slices.DeleteFunc(slices.Clone(d.Cells), func(c grid.CellCode) bool { return !s.meant(d.Role, d.ActsAs) || c.Level() != w.rule.Level })
		if w.rule.Per == patrol.PerHolder && len(cells) > 0 {
			cells = cells[:1]
			s.post, s.cell, s.duty = cells[0], cells[0], d
			out = append(out, s)
			s.duty = nil
		}
		for _, cell := range cells {
			if !told[cell] {
				s.post, s.cell = cell, cell
				out = append(out, s.below()...)
			}
			told[cell] = true
		}
	}
	return out
}

// below is the post itself, or the premises it is asked for.
func (s slow) below() []slow {
	if s.rule.Per != patrol.PerPremises {
		return []slow{s}
	}
	var out []slow
	for _, c := range s.g.Cells {
		if c.Code.Level() == grid.Site && s.post.Contains(c.Code) {
			s.cell = c.Code
			out = append(out, s)
		}
	}
	return out
}

func TestItCountsLikeTheSlowCounter(t *testing.T) {
	asked, done, joint, stoodIn := 0, 0, 0, 0
	for seed := range uint64(5000) {
		w := roll(seed, 1).world()
		got, want := w.lines(t), w.slowly()
		for k, l := range want {
			if !reflect.DeepEqual(got[k], l) {
				t.Fatalf("seed %d: %s of %+v\n got %+v\nwant %+v\nduties %+v\ncells %+v\ndeeds %+v", seed, k, w.rule, got[k], l, w.ground.Duties, w.ground.Cells, w.ground.Deeds)
			}
			asked, done = asked+l.Required, done+l.Done
			for _, h := range l.Holders {
				if h.Jointly {
					joint++
				}
				if h.StandIn {
					stoodIn++
				}
			}
		}
		if len(got) != len(want) {
			t.Fatalf("seed %d: %d lines, slowly %d", seed, len(got), len(want))
		}
	}
	if asked < 20_000 || done < 3_000 || joint < 800 || stoodIn < 2_000 {
		t.Errorf("the worlds are too empty: %d asked, %d done, %d held jointly, %d stood in", asked, done, joint, stoodIn)
	}
}

// The laws of every line: nobody is short of more than they had to do, nor of less than is missing, and so it is of all.
func TestTheLawsOfLines(t *testing.T) {
	for seed := range uint64(3000) {
		w := roll(seed, 2).world()
		most := w.rule.Count
		if w.rule.Peak != nil {
			most = max(most, w.rule.Peak.Count)
		}
		for k, l := range w.lines(t) {
			ok := len(l.Holders) > 0 && l.Required <= most && l.Night <= l.Required && l.NightDone <= l.Done && l.Short <= l.Required &&
				l.Short >= max(0, l.Required-l.Done, l.Night-l.NightDone)
			for _, h := range l.Holders {
				ok = ok && h.Days > 0 && h.Required <= l.Required && h.Done <= l.Done && h.Short <= h.Required && h.Short >= max(0, h.Required-h.Done)
			}
			if !ok {
				t.Fatalf("seed %d: %s is %+v", seed, k, l)
			}
		}
	}
}

// Required says what the lines say, target by target, whatever was done.
func TestRequiredSaysWhatTheLinesSay(t *testing.T) {
	for seed := range uint64(3000) {
		w := roll(seed, 3).world()
		lines, got := map[grid.CellCode]int{}, map[grid.CellCode]int{}
		for _, l := range w.lines(t) {
			lines[l.Cell] += l.Required
		}
		bare := &patrol.Ground{Duties: w.ground.Duties, Cells: w.ground.Cells}
		patrol.NewCount(w.law, w.rule, w.periods, bare).Required(w.periods, func(cell grid.CellCode, n int) { got[cell] += n })
		for cell, n := range got {
			if lines[cell] != n {
				t.Fatalf("seed %d: %s is asked %d, by the lines %d", seed, cell, n, lines[cell])
			}
		}
		for cell, n := range lines {
			if got[cell] != n {
				t.Fatalf("seed %d: %s is asked %d, by the lines %d", seed, cell, got[cell], n)
			}
		}
	}
}

// In which order the facts are handed in does not matter, nor whether the periods are asked one by one.
func TestTheOrderOfFactsDoesNotMatter(t *testing.T) {
	for seed := range uint64(1000) {
		r := roll(seed, 4)
		w := r.world()
		want := w.lines(t)
		for _, p := range w.periods {
			again := w
			again.periods = []patrol.Period{p}
			again.ground = patrol.Ground{Duties: slices.Clone(w.ground.Duties), Cells: slices.Clone(w.ground.Cells), Deeds: slices.Clone(w.ground.Deeds)}
			r.Shuffle(len(again.ground.Duties), reflect.Swapper(again.ground.Duties))
			r.Shuffle(len(again.ground.Cells), reflect.Swapper(again.ground.Cells))
			r.Shuffle(len(again.ground.Deeds), reflect.Swapper(again.ground.Deeds))
			for k, l := range again.lines(t) {
				if !reflect.DeepEqual(l, want[k]) {
					t.Fatalf("seed %d: %s\n got %+v\nwant %+v", seed, k, l, want[k])
				}
				delete(want, k)
			}
		}
		if len(want) > 0 {
			t.Fatalf("seed %d: left out %v", seed, want)
		}
	}
}
