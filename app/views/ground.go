package views

import (
	"context"
	"database/sql"
	"slices"
	"strings"
	"time"

	"gridward/domain/grid"
	"gridward/domain/inspection"
	"gridward/domain/patrol"
	"gridward/domain/programme"
)

// What patrol duty is judged by (domain/patrol), read from the tables: the ground of a subtree, and the deeds.

// terrain is where a programme's patrol duty is asked about, and as of when.
type terrain struct {
	programme string
	scope     grid.CellCode   // "" is everything
	also      []grid.CellCode // outside of it: cells that duties in it are over too (an irrigation district's townships)
	asOf      time.Time       // zero: now
}

// ground gives what is known of a programme in a subtree: the duties there and above, the premises, and what left the
// grid. The terrain is then known to the end.
func (v *Views) ground(ctx context.Context, t *terrain) (*patrol.Ground, error) {
	duties, err := v.dutiesReaching(ctx, *t)
	if err != nil {
		return nil, err
	}
	t.spread(duties)
	for _, c := range t.also { // a duty over several cells is judged by all of them
		if err := v.Holds(c); err != nil {
			return nil, err
		}
	}
	cells, err := v.groundCells(ctx, *t)
	return &patrol.Ground{Duties: duties, Cells: cells}, err
}

// dutiesReaching gives the duties in the terrain's subtree and above it.
func (v *Views) dutiesReaching(ctx context.Context, t terrain) (out []grid.Duty, err error) {
	var w where
	w.and("d.programme = ?", t.programme)
	if t.scope != "" {
		on, args := t.reaching("k.cell")
		w.and("d.id IN (SELECT k.duty FROM duty_cells k WHERE "+on+")", args...)
	}
	err = v.read(ctx)(selectGridDuty+w.text("d.given_at", 0), w.args, func(r *sql.Rows) error {
		d, known, err := scanGridDuty(r, t.asOf)
		if known {
			out = append(out, d)
		}
		return err
	})
	return out, err
}

// spread takes in the other cells of the duties that lie in the subtree in part.
func (t *terrain) spread(duties []grid.Duty) {
	if t.scope == "" {
		return
	}
	for _, d := range duties {
		if !slices.ContainsFunc(d.Cells, t.scope.Contains) {
			continue
		}
		for _, c := range d.Cells {
			if !t.scope.Contains(c) && !slices.Contains(t.also, c) {
				t.also = append(t.also, c)
			}
		}
	}
}

// reaching is the condition that a cell lies in the subtree, or above it, or is one of the others.
func (t terrain) reaching(column string) (string, []any) {
	args := []any{string(t.scope), prefixEnd(string(t.scope))}
	for _, c := range slices.Concat(t.scope.Upward()[1:], t.also) {
		args = append(args, string(c))
	}
	if len(args) == 2 {
		return "(" + column + " >= ? AND " + column + " < ?)", args
	}
	return "(" + column + " >= ? AND " + column + " < ? OR " + column + " IN (?" + strings.Repeat(", ?", len(args)-3) + "))", args
}

// inspections is the inspections, i, that may count. A whole district's are read in the order of their time; those of a
// part of it are sought from each of its cells, for among all of the district's they are few.
func (t terrain) inspections(w *where) (from string) {
	if len(t.also) == 0 && (t.scope == "" || t.scope.Level() == grid.District) {
		w.is("i.district", string(t.scope))
		return "inspections i"
	}
	t.narrow(w, "g.code")
	w.and("i.cell = g.code")
	return "cells g CROSS JOIN inspections i" // SQLite takes it in this order
}

// narrow narrows to what was done where it may count.
func (t terrain) narrow(w *where, column string) {
	if len(t.also) == 0 {
		w.subtree(column, "", t.scope)
		return
	}
	var args []any
	for _, c := range append([]grid.CellCode{t.scope}, t.also...) {
		args = append(args, string(c), prefixEnd(string(c)))
	}
	one := column + " >= ? AND " + column + " < ?"
	w.and("("+one+strings.Repeat(" OR "+one, len(t.also))+")", args...)
}

// groundCells gives the premises, the cells that left the grid, and those with a class in the programme.
func (v *Views) groundCells(ctx context.Context, t terrain) ([]patrol.Cell, error) {
	var cells, spans where
	cells.and("(c.level = 5 OR c.left_at IS NOT NULL OR EXISTS (SELECT 1 FROM class_spans k WHERE k.cell = c.code AND k.programme = ?))", t.programme)
	spans.and("k.programme = ?", t.programme)
	if t.scope != "" {
		on, args := t.reaching("c.code")
		cells.and(on, args...)
		on, args = t.reaching("k.cell")
		spans.and(on, args...)
	}
	cells.recorded("c.", t.asOf)
	spans.recorded("k.", t.asOf)
	var out []patrol.Cell
	at := map[string]int{}
	err := v.read(ctx)(`SELECT c.code, c.created_at, c.left_at, c.left_recorded_at FROM cells c`+cells.text("", 0), cells.args, func(r *sql.Rows) error {
		var c patrol.Cell
		var created int64
		var left, known sql.NullInt64
		if err := r.Scan(&c.Code, &created, &left, &known); err != nil {
			return err
		}
		c.Life = span(created, left, known, t.asOf)
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
			out[i].Classes = append(out[i].Classes, patrol.Class{Class: class, Span: span(from, to, known, t.asOf)})
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

// deeds gives what was done and may count for a rule.
func (v *Views) deeds(ctx context.Context, t terrain) patrol.Deeds {
	return func(rule programme.DutyRule, from, to time.Time) ([]patrol.Deed, error) {
		switch {
		case patrol.Walked(rule.What):
			return v.walked(ctx, t, from, to)
		case rule.What == patrol.Campaigns:
			return v.held(ctx, t, "campaigns", "from_at", rule.What, from, to)
		default:
			return v.held(ctx, t, "activities", "held_at", rule.What, from, to)
		}
	}
}

// walked gives the inspections that may count, once for each duty under which somebody acted.
func (v *Views) walked(ctx context.Context, t terrain, since, until time.Time) ([]patrol.Deed, error) {
	var w where
	from := t.inspections(&w)
	w.known("i.", t.asOf)
	w.and("i.programme = ? AND i.kind <> ? AND i.acting <> ''", t.programme, inspection.Recheck)
	w.between("i.started_at", since, until)
	var out []patrol.Deed
	err := v.read(ctx)(`SELECT i.id, i.cell, i.kind, i.walk, i.started_at, i.ended_at, i.acting FROM `+from+w.text("i.started_at, i.id", 0), w.args,
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

// held gives campaigns or activities of a kind.
func (v *Views) held(ctx context.Context, t terrain, table, at, what string, from, to time.Time) ([]patrol.Deed, error) {
	var w where
	if what != patrol.Campaigns {
		w.and("kind = ?", what)
	}
	w.and("programme = ?", t.programme)
	w.between(at, from, to)
	t.narrow(&w, "cell")
	w.recorded("", t.asOf)
	var out []patrol.Deed
	err := v.read(ctx)(`SELECT id, cell, `+at+` FROM `+table+w.text(at+", id", 0), w.args, func(r *sql.Rows) error {
		d := patrol.Deed{What: what}
		var us int64
		err := r.Scan(&d.ID, &d.Cell, &us)
		d.Site, d.From, d.To = d.Cell, time.UnixMicro(us), time.UnixMicro(us)
		out = append(out, d)
		return err
	})
	return out, err
}
