package patrol_test

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"gridward/domain/grid"
	"gridward/domain/patrol"
	"gridward/domain/programme"
)

// slow counts one target of a rule the obvious way: four hours for four hours who answered, deed for deed what counts.
// In its worlds duties and lives begin and end on such hours, and patrols every half an hour.
type slow struct {
	law  *patrol.Law
	rule programme.DutyRule
	g    *patrol.Ground
	post grid.CellCode
	cell grid.CellCode         // the post's or the premises
	duty *grid.Duty            // per holder: whose; nil is the vacancy of the post
	days map[time.Time]*answer // told by ofDay before
}

// answer is who answered at an instant.
type answer struct {
	persons []grid.Duty
	standIn bool
}

func (a answer) String() string {
	ids := []string{strconv.FormatBool(a.standIn)}
	for _, d := range a.persons {
		ids = append(ids, d.ID)
	}
	return strings.Join(ids, " ")
}

func (s slow) meant(role, actsAs string) bool {
	if slices.Contains(grid.Roles, s.rule.Role) {
		return s.rule.Role == actsAs
	}
	return s.rule.Role == role
}

func (s slow) life(cell grid.CellCode) patrol.Span {
	for _, c := range s.g.Cells {
		if c.Code == cell {
			return c.Life
		}
	}
	return patrol.Span{}
}

func gone(life patrol.Span, at time.Time) bool { return !life.To.IsZero() && !at.Before(life.To) }

// on gives the duties of a cell that a filter lets through, by when they began.
func (s slow) on(cell grid.CellCode, meant func(grid.Duty) bool) []grid.Duty {
	var out []grid.Duty
	for _, d := range s.g.Duties {
		if slices.Contains(d.Cells, cell) && meant(d) {
			out = append(out, d)
		}
	}
	slices.SortFunc(out, func(a, b grid.Duty) int { return cmp.Or(a.From.Compare(b.From), cmp.Compare(a.ID, b.ID)) })
	return out
}

// ofPost is who answered for the post at an instant, nil for nobody.
func (s slow) ofPost(at time.Time) *answer {
	given := s.on(s.post, func(d grid.Duty) bool { return s.meant(d.Role, d.ActsAs) })
	if len(given) == 0 || at.Before(given[0].From) || gone(s.life(s.post), at) {
		return nil
	}
	holding := slices.DeleteFunc(given, func(d grid.Duty) bool { return !d.ActiveAt(at) })
	var persons []grid.Duty
	named := map[string]bool{}
	for _, d := range holding {
		if !named[d.Person] {
			persons = append(persons, d)
		}
		named[d.Person] = true
	}
	if len(persons) > 0 {
		return &answer{persons: persons}
	}
	for cell := s.post; cell != ""; cell = cell.Parent() {
		for _, role := range []string{"chief", "supervisor", "sponsor"} {
			if there := s.on(cell, func(d grid.Duty) bool { return d.ActsAs == role && d.ActiveAt(at) }); len(there) > 0 {
				face := there[0]
				face.Cells = []grid.CellCode{cell}
				return &answer{persons: []grid.Duty{face}, standIn: true}
			}
		}
	}
	return &answer{standIn: true}
}

// at is who answered for the target at an instant, nil for nobody.
func (s slow) at(at time.Time) *answer {
	switch {
	case s.duty != nil:
		if !s.duty.ActiveAt(at) || !slices.ContainsFunc(s.duty.Cells, func(c grid.CellCode) bool { return !gone(s.life(c), at) }) {
			return nil
		}
		return &answer{persons: []grid.Duty{*s.duty}}
	case s.rule.Per == patrol.PerHolder:
		if a := s.ofPost(at); a != nil && a.standIn {
			return a
		}
		return nil
	case s.rule.Per == patrol.PerPremises:
		if life := s.life(s.cell); at.Before(life.From) || gone(life, at) {
			return nil
		}
	}
	return s.ofPost(at)
}

// ofDay is who answered for most of a day, between equals who did last.
func (s slow) ofDay(day time.Time) *answer {
	if a, known := s.days[day]; known {
		return a
	}
	hours, last, who := map[string]int{}, map[string]int{}, map[string]*answer{}
	for h := 0; h < 24; h += 4 {
		a := s.at(day.Add(time.Duration(h) * time.Hour))
		k := fmt.Sprint(a)
		hours[k]++
		last[k], who[k] = h, a
	}
	best := ""
	for k := range hours {
		if best == "" || hours[k] > hours[best] || hours[k] == hours[best] && last[k] > last[best] {
			best = k
		}
	}
	s.days[day] = who[best]
	return who[best]
}

func (s slow) works(day time.Time) bool {
	return !s.rule.WorkingDaysOnly || s.law.Calendar.WorkingDay(day)
}

// classAtEnd is the class the target had in the last moment of a period in which it was in the grid.
func (s slow) classAtEnd(p patrol.Period) string {
	for _, c := range s.g.Cells {
		if c.Code != s.cell {
			continue
		}
		moment := p.To.Add(-1)
		if gone(c.Life, moment) {
			moment = c.Life.To.Add(-1)
		}
		for _, k := range c.Classes {
			if !moment.Before(k.From) && !gone(k.Span, moment) {
				return k.Class
			}
		}
	}
	return ""
}

// part is a line's holders, before they are named.
type part struct {
	who             *answer
	days, last      int
	required, night int
	done, nightDone int
}

// line counts a period; ok is false where nothing is asked.
func (s slow) line(p patrol.Period) (l patrol.Line, ok bool) {
	if s.rule.Class != "" && s.classAtEnd(p) != s.rule.Class {
		return l, false
	}
	parts := map[string]*part{}
	i := 0
	for day := p.From; day.Before(p.To); day = day.AddDate(0, 0, 1) {
		if i++; !s.works(day) {
			continue
		}
		a := s.ofDay(day)
		k := fmt.Sprint(a)
		if parts[k] == nil {
			parts[k] = &part{who: a}
		}
		parts[k].days++
		parts[k].last = i
	}
	var order []*part
	for _, x := range parts {
		order = append(order, x)
		ok = ok || x.who != nil
	}
	if !ok {
		return l, false
	}
	slices.SortFunc(order, func(a, b *part) int { return cmp.Compare(a.last, b.last) })
	s.share(order, p)
	s.count(parts, p)
	l = patrol.Line{What: s.rule.What, Role: s.rule.Role, Cell: s.cell, Class: s.rule.Class}
	if s.duty != nil {
		l.Duty = s.duty.ID
	}
	for _, x := range order {
		if x.who == nil {
			continue
		}
		short := max(0, x.required-x.done, x.night-x.nightDone)
		l.Required, l.Night, l.Done, l.NightDone, l.Short = l.Required+x.required, l.Night+x.night, l.Done+x.done, l.NightDone+x.nightDone, l.Short+short
		h := patrol.Holder{Days: x.days, Required: x.required, Done: x.done, Short: short, StandIn: x.who.standIn, Jointly: len(x.who.persons) > 1}
		if len(x.who.persons) == 0 {
			l.Holders = append(l.Holders, h)
		}
		for _, d := range x.who.persons {
			h.Person, h.Duty, h.Role, h.Cell = d.Person, d.ID, d.Role, s.post
			if h.StandIn {
				h.Cell = d.Cells[0]
			}
			l.Holders = append(l.Holders, h)
		}
	}
	return l, true
}

// share gives out the count one by one: to whoever is furthest behind their exact share, the later of equals. The
// nights as well, and then those that nobody has a patrol for to the latest who has.
func (s slow) share(order []*part, p patrol.Period) {
	count, night := s.rule.Count, s.rule.Night
	if s.rule.Peak != nil && slices.Contains(s.rule.Peak.Months, int(p.From.Month())) {
		count, night = s.rule.Peak.Count, s.rule.Peak.Night
	}
	total := 0
	for _, x := range order {
		total += x.days
	}
	deal := func(n int, of func(*part) *int) {
		left := n
		for _, x := range order {
			*of(x) = n * x.days / total
			left -= *of(x)
		}
		for ; left > 0; left-- {
			var next *part
			for _, x := range order {
				if next == nil || n*x.days-*of(x)*total >= n*next.days-*of(next)*total {
					next = x
				}
			}
			*of(next)++
		}
	}
	deal(count, func(x *part) *int { return &x.required })
	deal(night, func(x *part) *int { return &x.night })
	for _, x := range order {
		for ; x.night > x.required; x.night-- {
			for i := len(order) - 1; ; i-- {
				if order[i].night < order[i].required {
					order[i].night++
					break
				}
			}
		}
	}
}

// count adds what was done in a period, and by whom.
func (s slow) count(parts map[string]*part, p patrol.Period) {
	groups := map[string][]patrol.Deed{}
	for _, d := range s.g.Deeds {
		if d.From.Before(p.From) || !d.From.Before(p.To) || !s.works(patrol.Midnight(d.From, shanghai)) || !s.counts(d) {
			continue
		}
		k := d.ID
		if d.Walk != "" && s.cell.Level() < 5 {
			k = d.Walk + " on " + d.From.In(shanghai).Format("02")
		}
		if !slices.ContainsFunc(groups[k], func(o patrol.Deed) bool { return o.ID == d.ID }) {
			groups[k] = append(groups[k], d)
		}
	}
	nights := s.rule.Night
	if s.rule.Peak != nil && slices.Contains(s.rule.Peak.Months, int(p.From.Month())) {
		nights = s.rule.Peak.Night
	}
	for _, group := range groups {
		last := slices.MaxFunc(group, func(a, b patrol.Deed) int { return a.To.Compare(b.To) })
		x := parts[fmt.Sprint(s.ofDeed(last))]
		if x == nil {
			continue
		}
		x.done++
		if nights > 0 && s.nightly(group) {
			x.nightDone++
		}
	}
}

// ofDeed is who answers for a deed: the day's, or where that is nobody whoever answered when it ended.
func (s slow) ofDeed(d patrol.Deed) *answer {
	if a := s.ofDay(patrol.Midnight(d.From, shanghai)); a != nil {
		return a
	}
	return s.at(d.To)
}

func (s slow) counts(d patrol.Deed) bool {
	if d.What != s.rule.What || s.ofDeed(d) == nil {
		return false
	}
	at := []grid.CellCode{s.post}
	if s.duty != nil {
		at = s.duty.Cells
	}
	if d.What != "patrol" && d.What != "self_check" {
		return slices.Contains(at, d.Cell)
	}
	if s.rule.Per == patrol.PerPremises && d.Site != s.cell {
		return false
	}
	if a := s.ofDeed(d); a.standIn && len(a.persons) > 0 && d.Duty == a.persons[0].ID && d.Cell == a.persons[0].Cells[0] && s.cell.Contains(d.Site) {
		return true
	}
	if s.rule.Per == patrol.PerHolder {
		return s.duty != nil && d.Duty == s.duty.ID && slices.Contains(at, d.Cell)
	}
	return d.Cell == s.post && s.meant(d.Role, d.ActsAs)
}

// nightly adds up the half hours.
func (s slow) nightly(group []patrol.Deed) bool {
	dark, all := 0, 0
	for _, d := range group {
		for at := d.From; at.Before(d.To); at = at.Add(30 * time.Minute) {
			all++
			if hour := at.In(shanghai).Hour(); hour >= 20 || hour < 6 {
				dark++
			}
		}
	}
	return 2*dark >= all
}
