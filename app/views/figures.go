package views

import (
	"cmp"
	"context"
	"database/sql"
	"slices"
	"time"

	"gridward/domain/grid"
	"gridward/domain/inspection"
	"gridward/domain/patrol"
	"gridward/domain/programme"
)

// Patrols counts what was done and what was asked in the cell's subtree in a period, by role, and by the cells directly
// below: as of an instant (zero: now). Asked is what the duties to patrol and to check oneself ask in the periods that
// begin in this one, are no longer than it, and have begun; a period under way asks its whole count. An empty programme
// is all of them together.
func (v *Views) Patrols(ctx context.Context, cell grid.CellCode, code string, period Period, now, asOf time.Time) (Patrols, error) {
	if _, err := v.Cell(ctx, cell); err != nil {
		return Patrols{}, err
	}
	if !asOf.IsZero() {
		now = asOf
	}
	out := Patrols{Cell: cell, Programme: code, Period: period.Text, ByRole: []RolePatrols{}, Children: []ChildPatrols{}}
	counted, err := v.counted(ctx, cell, code, period, asOf)
	if err != nil {
		return Patrols{}, err
	}
	codes := []string{code}
	if code == "" {
		if codes, err = v.dutyProgrammes(ctx); err != nil {
			return Patrols{}, err
		}
	}
	for _, code := range codes {
		if err := v.asked(ctx, cell, code, period, now, asOf, counted); err != nil {
			return Patrols{}, err
		}
	}
	total := counted.cells[cell]
	out.Done, out.Other, out.Required, out.Short = total.done, total.other, total.required, total.short
	for role, f := range counted.roles {
		out.ByRole = append(out.ByRole, RolePatrols{Role: role, Required: f.required, Done: f.done, Short: f.short})
	}
	slices.SortFunc(out.ByRole, func(a, b RolePatrols) int { return cmp.Compare(a.Role, b.Role) })
	var below where
	below.and("parent = ?", string(cell))
	below.recorded("", asOf)
	children, err := collect(ctx, v, `SELECT code, name FROM cells`+below.text("code", 0), below.args,
		func(r *sql.Rows) (k ChildPatrols, err error) { return k, r.Scan(&k.Cell, &k.Name) })
	for _, k := range children {
		f := counted.of(k.Cell)
		k.Done, k.Other, k.Required, k.Short = f.done, f.other, f.required, f.short
		out.Children = append(out.Children, k)
	}
	return out, err
}

// figure is what one line of an answer counts; required and short are nil until something is asked.
type figure struct {
	done, other     int
	required, short *int
}

func (f *figure) ask(l patrol.Line) {
	if f.required == nil {
		f.required, f.short = new(int), new(int)
	}
	*f.required += l.Required
	*f.short += l.Short
}

// figures is the counts of a cell, of those directly below it, and of its roles.
type figures struct {
	cell  grid.CellCode
	cells map[grid.CellCode]*figure
	roles map[string]*figure
}

func (f figures) of(cell grid.CellCode) *figure {
	if f.cells[cell] == nil {
		f.cells[cell] = &figure{}
	}
	return f.cells[cell]
}

func (f figures) role(name string) *figure {
	if f.roles[name] == nil {
		f.roles[name] = &figure{}
	}
	return f.roles[name]
}

// child is the cell directly below the one asked about over or at another; ok is false for that cell itself.
func (f figures) child(cell grid.CellCode) (grid.CellCode, bool) {
	if cell == f.cell {
		return "", false
	}
	return cell.AtLevel(f.cell.Level() + 1), true
}

// counted counts what was done: from the roll-ups, or as of an instant from the inspections that stood then.
func (v *Views) counted(ctx context.Context, cell grid.CellCode, code string, period Period, asOf time.Time) (figures, error) {
	f := figures{cell, map[grid.CellCode]*figure{cell: {}}, map[string]*figure{}}
	add := func(at grid.CellCode, role string, t tally) {
		switch {
		case role == "":
			on := f.of(at)
			on.done += t.done
			on.other += t.other
		case at == cell:
			f.role(role).done += t.done
		}
	}
	if !asOf.IsZero() {
		return f, v.countedAsOf(ctx, cell, code, period, asOf, add)
	}
	var w where
	w.and("p.cell IN (SELECT code FROM cells WHERE parent = ? UNION ALL SELECT ?)", string(cell), string(cell)) // with OR PostgreSQL reads the table
	w.is("p.programme", code)
	w.and("p.day >= ? AND p.day < ?", dayNumber(period.From, v.loc), dayNumber(period.To, v.loc))
	err := v.read(ctx)(`SELECT p.cell, p.role, SUM(p.done), SUM(p.other) FROM patrols p`+w.text("", 0)+` GROUP BY p.cell, p.role`, w.args, func(r *sql.Rows) error {
		var at grid.CellCode
		var role string
		var t tally
		err := r.Scan(&at, &role, &t.done, &t.other)
		add(at, role, t)
		return err
	})
	return f, err
}

// countedAsOf rolls the inspections up that stood at an instant.
func (v *Views) countedAsOf(ctx context.Context, cell grid.CellCode, code string, period Period, asOf time.Time, add func(grid.CellCode, string, tally)) error {
	var w where
	from := terrain{scope: cell}.inspections(&w)
	w.known("i.", asOf)
	w.is("i.programme", code)
	w.and("i.kind <> ?", inspection.Recheck)
	w.between("i.started_at", period.From, period.To)
	groups := map[patrolGroup]map[string]counted{}
	err := v.read(ctx)(`SELECT i.id, i.cell, i.programme, i.walk, i.started_at, i.acting FROM `+from+w.text("", 0), w.args, func(r *sql.Rows) error {
		var in Inspection
		var walk sql.NullString
		var started int64
		var acting string
		if err := r.Scan(&in.ID, &in.Cell, &in.Programme, &walk, &started, &acting); err != nil {
			return err
		}
		in.Walk = walk.String
		k := groupFor(in)
		if groups[k] == nil {
			groups[k] = map[string]counted{}
		}
		groups[k][in.ID] = counted{in.Cell, dayNumber(time.UnixMicro(started), v.loc), rolesIn(acting)}
		return nil
	})
	for k, group := range groups {
		contributions(k.walk != "", group, func(at patrolKey, t tally) {
			if cell.Contains(at.cell) && at.cell.Level() <= cell.Level()+1 {
				add(at.cell, at.role, t)
			}
		})
	}
	return err
}

// walks tells the rules that are done by inspections.
func walks(r programme.DutyRule) bool { return patrol.Walked(r.What) }

// asked adds what a programme's duties ask, and what is short of it.
func (v *Views) asked(ctx context.Context, cell grid.CellCode, code string, period Period, now, asOf time.Time, f figures) error {
	laws, err := v.laws(ctx, code, asOf)
	if err != nil {
		return err
	}
	due := laws.Begun(period.From, period.To, now, walks)
	if len(due) == 0 {
		return nil
	}
	t := terrain{programme: code, scope: cell, asOf: asOf}
	g, err := v.ground(ctx, &t)
	if err != nil || len(g.Duties) == 0 {
		return err
	}
	for _, d := range due {
		from, to := d.Periods[0].From, d.Periods[0].To
		for _, p := range d.Periods {
			if p.From.Before(from) {
				from = p.From
			}
			if p.To.After(to) {
				to = p.To
			}
		}
		if g.Deeds, err = v.walked(ctx, t, from, to); err != nil {
			return err
		}
		for _, rule := range d.Law.Rules {
			if periods := patrol.OfKind(d.Periods, rule.Period); walks(rule) && len(periods) > 0 {
				patrol.NewCount(d.Law, rule, periods, g).Each(periods, func(_ patrol.Period, l patrol.Line) { f.ask(l) })
			}
		}
	}
	return nil
}

// ask adds a line to the cell, to the one below it, and to its role.
func (f figures) ask(l patrol.Line) {
	if !f.cell.Contains(l.Cell) {
		return
	}
	f.of(f.cell).ask(l)
	if child, ok := f.child(l.Cell); ok {
		f.of(child).ask(l)
	}
	f.role(roleOf(l)).ask(l)
}

// roleOf is the programme's own name for the post that a line is about: its holder's, where somebody holds it.
func roleOf(l patrol.Line) string {
	for _, h := range l.Holders {
		if h.Role != "" && !h.StandIn {
			return h.Role
		}
	}
	return l.Role
}
