package views

import (
	"context"
	"database/sql"
	"slices"
	"strings"
	"time"

	"gridward/app"
	"gridward/domain/calendar"
	"gridward/domain/grid"
	"gridward/domain/inspection"
	"gridward/domain/patrol"
	"gridward/domain/programme"
)

// What patrol duty is judged by (domain/patrol), read from the tables: the laws, the ground of a subtree, the deeds.

// laws gives every version of a programme's duties and of the calendar, and since when each is in force. Without a
// programme there are none.
func (v *Views) laws(ctx context.Context, code string, asOf time.Time) (*patrol.Laws, error) {
	out := &patrol.Laws{Programme: code, Zone: v.loc}
	var p, c where
	p.and("code = ?", code)
	p.publishedBy(asOf)
	c.publishedBy(asOf)
	err := v.read(ctx)(`SELECT recorded_at, body FROM programmes`+p.text("version", 0), p.args, func(r *sql.Rows) error {
		at, p, err := scanPublished[programme.Programme](r)
		out.Versions = append(out.Versions, patrol.Version{Version: p.Version, Published: at, Night: p.Night, Roles: p.Roles, Rules: p.Duties})
		return err
	})
	if err != nil {
		return nil, err
	}
	rows, err := v.calendarEditions(ctx, c)
	out.Calendars = rows
	return out, err
}

func (w *where) publishedBy(asOf time.Time) {
	if !asOf.IsZero() {
		w.and("recorded_at <= ?", micros(asOf))
	}
}

// calendarEditions gives the calendar's versions, ready to count with; they are kept, for making one ready takes a
// millisecond.
func (v *Views) calendarEditions(ctx context.Context, w where) ([]patrol.Edition, error) {
	v.editions.mu.Lock()
	defer v.editions.mu.Unlock()
	if v.editions.ready == nil {
		v.editions.ready = map[int]*calendar.Calendar{}
	}
	var out []patrol.Edition
	err := v.read(ctx)(`SELECT recorded_at, body FROM calendars`+w.text("version", 0), w.args, func(r *sql.Rows) error {
		at, d, err := scanPublished[calendar.Definition](r)
		if err != nil {
			return err
		}
		c := v.editions.ready[d.Version]
		if c == nil {
			c = calendar.Compile(d)
			v.editions.ready[d.Version] = c
		}
		out = append(out, patrol.Edition{Published: at, Calendar: c})
		return nil
	})
	return out, err
}

func scanPublished[T any](r *sql.Rows) (at time.Time, t T, err error) {
	var recorded int64
	var body string
	if err := r.Scan(&recorded, &body); err != nil {
		return at, t, err
	}
	t, err = marshaled[T](body)
	return time.UnixMicro(recorded), t, err
}

// ground gives what is known of a programme in a subtree ("" is everything): the duties there and above, the premises,
// and what left the grid.
func (v *Views) ground(ctx context.Context, code string, scope grid.CellCode, asOf time.Time) (*patrol.Ground, error) {
	g := &patrol.Ground{}
	var w where
	w.and("d.programme = ?", code)
	if scope != "" {
		on, args := reaching("k.cell", scope)
		w.and("EXISTS (SELECT 1 FROM duty_cells k WHERE k.duty = d.id AND "+on+")", args...)
	}
	err := v.read(ctx)(selectGridDuty+w.text("d.given_at", 0), w.args, func(r *sql.Rows) error {
		d, known, err := scanGridDuty(r, asOf)
		if known {
			g.Duties = append(g.Duties, d)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	g.Cells, err = v.groundCells(ctx, code, scope, asOf)
	return g, err
}

// reaching is the condition that a cell lies in a subtree or above it.
func reaching(column string, scope grid.CellCode) (string, []any) {
	up := scope.Upward()[1:]
	args := []any{string(scope), prefixEnd(string(scope))}
	for _, c := range up {
		args = append(args, string(c))
	}
	if len(up) == 0 {
		return "(" + column + " >= ? AND " + column + " < ?)", args
	}
	return "(" + column + " >= ? AND " + column + " < ? OR " + column + " IN (?" + strings.Repeat(", ?", len(up)-1) + "))", args
}

// groundCells gives the premises, the cells that left the grid, and those with a class in the programme.
func (v *Views) groundCells(ctx context.Context, code string, scope grid.CellCode, asOf time.Time) ([]patrol.Cell, error) {
	var cells, spans where
	cells.and("(c.level = 5 OR c.left_at IS NOT NULL OR EXISTS (SELECT 1 FROM class_spans k WHERE k.cell = c.code AND k.programme = ?))", code)
	spans.and("k.programme = ?", code)
	if scope != "" {
		on, args := reaching("c.code", scope)
		cells.and(on, args...)
		on, args = reaching("k.cell", scope)
		spans.and(on, args...)
	}
	if !asOf.IsZero() {
		cells.and("c.recorded_at <= ?", micros(asOf))
		spans.and("k.recorded_at <= ?", micros(asOf))
	}
	var out []patrol.Cell
	at := map[string]int{}
	err := v.read(ctx)(`SELECT c.code, c.created_at, c.left_at, c.left_recorded_at FROM cells c`+cells.text("", 0), cells.args, func(r *sql.Rows) error {
		var c patrol.Cell
		var created int64
		var left, known sql.NullInt64
		if err := r.Scan(&c.Code, &created, &left, &known); err != nil {
			return err
		}
		c.Life = span(created, left, known, asOf)
		at[string(c.Code)] = len(out)
		out = append(out, c)
		return nil
	})
	if err != nil {
		return nil, err
	}
	err = v.read(ctx)(`SELECT k.cell, k.class, k.from_at, k.to_at, k.end_recorded_at FROM class_spans k`+spans.text("k.cell, k.version", 0), spans.args, func(r *sql.Rows) error {
		var cell, class string
		var from int64
		var to, known sql.NullInt64
		if err := r.Scan(&cell, &class, &from, &to, &known); err != nil {
			return err
		}
		if i, ok := at[cell]; ok {
			out[i].Classes = append(out[i].Classes, patrol.Class{Class: class, Span: span(from, to, known, asOf)})
		}
		return nil
	})
	return out, err
}

// span is a stretch whose end was known at an instant, or is known now.
func span(from int64, to, known sql.NullInt64, asOf time.Time) patrol.Span {
	s := patrol.Span{From: time.UnixMicro(from)}
	if to.Valid && (asOf.IsZero() || known.Int64 <= micros(asOf)) {
		s.To = time.UnixMicro(to.Int64)
	}
	return s
}

// deeds gives what was done in a subtree ("" is everything) and may count for a rule.
func (v *Views) deeds(ctx context.Context, code string, scope grid.CellCode, asOf time.Time) patrol.Deeds {
	return func(rule programme.DutyRule, from, to time.Time) ([]patrol.Deed, error) {
		switch {
		case patrol.Walked(rule.What):
			return v.walked(ctx, code, scope, from, to, asOf)
		case rule.What == patrol.Campaigns:
			return v.held(ctx, `SELECT id, cell, $1, from_at FROM campaigns WHERE programme = $2 AND from_at >= $3 AND from_at < $4`,
				rule.What, code, scope, from, to, asOf)
		default:
			return v.held(ctx, `SELECT id, cell, $1, held_at FROM activities WHERE kind = $1 AND programme = $2 AND held_at >= $3 AND held_at < $4`,
				rule.What, code, scope, from, to, asOf)
		}
	}
}

// walked gives the inspections that may count, once for each duty under which somebody acted.
func (v *Views) walked(ctx context.Context, code string, scope grid.CellCode, from, to, asOf time.Time) ([]patrol.Deed, error) {
	var w where
	w.known("i.", asOf)
	w.subtree("i.cell", "i.district", scope)
	w.and("i.programme = ? AND i.kind <> ? AND i.acting <> ''", code, inspection.Recheck)
	w.between("i.started_at", from, to)
	var out []patrol.Deed
	err := v.read(ctx)(`SELECT i.id, i.cell, i.kind, i.walk, i.started_at, i.ended_at, i.acting FROM inspections i`+w.text("i.started_at, i.id", 0), w.args,
		func(r *sql.Rows) error {
			d := patrol.Deed{What: patrol.Patrols}
			var kind, acting string
			var walk sql.NullString
			var started, ended int64
			if err := r.Scan(&d.ID, &d.Site, &kind, &walk, &started, &ended, &acting); err != nil {
				return err
			}
			if kind == inspection.SelfCheck {
				d.What = patrol.SelfChecks
			}
			d.Walk, d.From, d.To = walk.String, time.UnixMicro(started), time.UnixMicro(ended)
			for entry := range strings.FieldsSeq(acting) {
				d.Cell, d.Role, d.ActsAs, d.Duty = actingOf(entry)
				out = append(out, d)
			}
			return nil
		})
	return out, err
}

// held gives campaigns or activities.
func (v *Views) held(ctx context.Context, query, what, code string, scope grid.CellCode, from, to, asOf time.Time) ([]patrol.Deed, error) {
	args := []any{what, code, micros(from), micros(to)}
	if scope != "" {
		query += ` AND cell >= $5 AND cell < $6`
		args = append(args, string(scope), prefixEnd(string(scope)))
	}
	if !asOf.IsZero() {
		query += ` AND recorded_at <= ` + map[bool]string{true: "$7", false: "$5"}[scope != ""]
		args = append(args, micros(asOf))
	}
	var out []patrol.Deed
	err := v.read(ctx)(query, args, func(r *sql.Rows) error {
		var d patrol.Deed
		var at int64
		err := r.Scan(&d.ID, &d.Cell, &d.What, &at)
		d.Site, d.From, d.To = d.Cell, time.UnixMicro(at), time.UnixMicro(at)
		out = append(out, d)
		return err
	})
	return out, err
}

// dutyProgrammes gives the programmes that ever asked for a duty which somebody was given.
func (v *Views) dutyProgrammes(ctx context.Context) ([]string, error) {
	return collect(ctx, v, `SELECT DISTINCT programme FROM duties ORDER BY programme`, nil, scanText)
}

// PeriodEnd is the first local midnight whose patrol periods are not closed yet: the one after the last that is, or
// after the day on which the first programme was published. ok is false while no duty was ever given.
func (v *Views) PeriodEnd(ctx context.Context) (at time.Time, ok bool, err error) {
	days, err := collect(ctx, v, `SELECT COALESCE(MAX(day), '') FROM patrol_days`, nil, scanText)
	if err != nil {
		return at, false, err
	}
	if len(days) > 0 && days[0] != "" {
		day, err := time.ParseInLocation(time.DateOnly, days[0], v.loc)
		return day.AddDate(0, 0, 2), err == nil, err
	}
	first, err := collect(ctx, v, `SELECT MIN(p.recorded_at) FROM programmes p WHERE EXISTS (SELECT 1 FROM duties d)`, nil,
		func(r *sql.Rows) (us sql.NullInt64, err error) { return us, r.Scan(&us) })
	if err != nil || !first[0].Valid {
		return at, false, err
	}
	return patrol.Midnight(v.at(first[0].Int64), v.loc).AddDate(0, 0, 1), true, nil
}

// Ended judges every period that ended at a local midnight, in every programme, as things stand.
func (v *Views) Ended(ctx context.Context, at time.Time) ([]patrol.Statement, error) {
	codes, err := v.dutyProgrammes(ctx)
	if err != nil {
		return nil, err
	}
	at = at.In(v.loc)
	var out []patrol.Statement
	for _, code := range codes {
		laws, err := v.laws(ctx, code, time.Time{})
		if err != nil {
			return nil, err
		}
		stated, err := v.judge(ctx, code, "", laws.Ended(at.AddDate(0, 0, -1), at, patrol.Span{}))
		if err != nil {
			return nil, err
		}
		out = append(out, stated...)
	}
	return out, nil
}

// Again judges anew the ended periods that what became known touches. It waits until the views know everything up to
// the position.
func (v *Views) Again(ctx context.Context, t app.Touched, upTo app.Position) ([]patrol.Statement, error) {
	from, to := patrol.Midnight(t.From, v.loc), patrol.Midnight(t.Until, v.loc)
	if !from.Before(to) { // told on the day it happened: nothing had ended
		return nil, nil
	}
	if err := v.WaitFor(ctx, upTo); err != nil {
		return nil, err
	}
	laws, err := v.laws(ctx, t.Programme, time.Time{})
	if err != nil {
		return nil, err
	}
	due := laws.Ended(from, to, patrol.Span{From: t.From, To: t.To})
	var out []patrol.Statement
	if t.Below {
		out, err = v.judge(ctx, t.Programme, t.Cell, due)
		if err != nil {
			return nil, err
		}
		out = slices.DeleteFunc(out, func(s patrol.Statement) bool { return !t.Cell.Contains(s.Area) })
	}
	for _, area := range areasOver(t.Cell) {
		stated, err := v.judge(ctx, t.Programme, area, atLevelOf(area, due))
		if err != nil {
			return nil, err
		}
		for _, s := range stated {
			if s.Area == area && (!t.Below || !t.Cell.Contains(area)) {
				out = append(out, s)
			}
		}
	}
	return out, nil
}

// areasOver gives the areas whose statements may be about a cell: its own, and those of the posts above.
func areasOver(cell grid.CellCode) []grid.CellCode {
	var out []grid.CellCode
	for _, c := range cell.Upward() {
		if area := patrol.AreaOf(c); !slices.Contains(out, area) {
			out = append(out, area)
		}
	}
	return out
}

// atLevelOf keeps the rules whose statements are about cells at the level of an area.
func atLevelOf(area grid.CellCode, due []patrol.Due) []patrol.Due {
	out := make([]patrol.Due, len(due))
	for i, d := range due {
		law := *d.Law
		law.Rules = slices.DeleteFunc(slices.Clone(law.Rules), func(r programme.DutyRule) bool { return min(r.Level, grid.Area) != area.Level() })
		out[i] = patrol.Due{Law: &law, Periods: d.Periods}
	}
	return out
}

func (v *Views) judge(ctx context.Context, code string, scope grid.CellCode, due []patrol.Due) ([]patrol.Statement, error) {
	var out []patrol.Statement
	var g *patrol.Ground
	for _, d := range due {
		if len(d.Law.Rules) == 0 {
			continue
		}
		if g == nil {
			var err error
			if g, err = v.ground(ctx, code, scope, time.Time{}); err != nil {
				return nil, err
			}
		}
		stated, err := patrol.Judge(d.Law, d.Periods, g, v.deeds(ctx, code, scope, time.Time{}))
		if err != nil {
			return nil, err
		}
		out = append(out, stated...)
	}
	return out, nil
}
