package patrol

import (
	"cmp"
	"slices"
	"time"

	"gridward/domain/grid"
	"gridward/domain/programme"
)

// Deeds gives what may count for a rule, of what was done between two instants.
type Deeds func(rule programme.DutyRule, from, to time.Time) ([]Deed, error)

// Judge states what was asked and done in periods that one law judges, in each area, also where nothing is missing,
// and where a role was given but nothing is asked of it (any more): what was stated before can be restated. The
// statements come in the order of their streams.
func Judge(law *Law, periods []Period, g *Ground, deeds Deeds) ([]Statement, error) {
	type at struct {
		area         grid.CellCode
		role, period string
	}
	stated := map[at]*Statement{}
	for _, rule := range law.Rules {
		due := OfKind(periods, rule.Period)
		if len(due) == 0 {
			continue
		}
		c := NewCount(law, rule, due, g)
		done, err := deeds(rule, c.on[0], c.on[c.on.count()])
		if err != nil {
			return nil, err
		}
		c.each(due, done, func(t *target, p Period, shares []share) {
			k := at{AreaOf(t.post), rule.Role, p.Key}
			s := stated[k]
			if s == nil {
				s = &Statement{Programme: law.Programme, Area: k.area, Role: k.role, Period: k.period, From: p.From, To: p.To,
					ProgrammeVersion: law.Version, CalendarVersion: law.CalendarVersion()}
				stated[k] = s
			}
			l := c.line(t, shares)
			s.Required += l.Required
			s.Done += l.Done
			if s.Short += l.Short; l.Short > 0 {
				l.Holders = t.holders(shares)
				s.Lines = append(s.Lines, l)
			}
		})
	}
	out := make([]Statement, 0, len(stated))
	for _, s := range stated {
		s.Chain = g.chainAbove(*s)
		out = append(out, *s)
	}
	slices.SortFunc(out, func(a, b Statement) int {
		return cmp.Or(cmp.Compare(a.Area, b.Area), cmp.Compare(a.Role, b.Role), cmp.Compare(a.Period, b.Period))
	})
	return out, nil
}

// OfKind gives the periods of one kind.
func OfKind(periods []Period, kind string) []Period {
	var out []Period
	for _, p := range periods {
		if p.Kind == kind {
			out = append(out, p)
		}
	}
	return out
}

// chainAbove gives who stood for the offices from the area upward when the period ended, those left out who missed
// the duty themselves.
func (g *Ground) chainAbove(s Statement) []InCharge {
	if s.Short == 0 {
		return nil
	}
	var out []InCharge
	for _, cell := range s.Area.Upward() {
		d, ok := g.inCharge([]grid.CellCode{cell}, s.To.Add(-1))
		if ok && !slices.ContainsFunc(s.Lines, func(l Line) bool { return l.missedBy(d.Person) }) {
			out = append(out, InCharge{d.Person, d.Role, cell})
		}
	}
	return out
}

func (l Line) missedBy(person string) bool {
	return slices.ContainsFunc(l.Holders, func(h Holder) bool { return h.Person == person && h.Short > 0 })
}
