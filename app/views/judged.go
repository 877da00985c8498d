package views

import (
	"context"
	"database/sql"
	"slices"
	"time"

	"gridward/app"
	"gridward/domain/grid"
	"gridward/domain/patrol"
	"gridward/domain/programme"
)

// What the scheduler and the completer state of patrol duty (app.PatrolTable): the periods that ended, and those that
// something told late touches.

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

// look is one judgement of the ended periods of an area, or (below) of all areas in a cell.
type look struct {
	programme string
	area      grid.CellCode
	below     bool
	days      patrol.Span // from the day something happened to the one on which it became known
	span      patrol.Span // what happened; zero where any instant of its day touches the same periods
}

// Again judges anew the ended periods that what became known touches, each once. It waits until the views know
// everything up to the position.
func (v *Views) Again(ctx context.Context, touched []app.Touched, upTo app.Position) ([]app.Restatement, error) {
	var looks []look
	last := map[look]int{}
	for i, t := range touched {
		days := patrol.Span{From: patrol.Midnight(t.From, v.loc), To: patrol.Midnight(t.Until, v.loc)}
		if !days.From.Before(days.To) { // told on the day it happened: nothing had ended
			continue
		}
		if len(looks) == 0 {
			if err := v.WaitFor(ctx, upTo); err != nil {
				return nil, err
			}
		}
		touches, err := v.looks(ctx, t, days)
		if err != nil {
			return nil, err
		}
		for _, l := range touches {
			if _, again := last[l]; !again {
				looks = append(looks, l)
			}
			last[l] = i
		}
	}
	var out []app.Restatement
	for _, l := range looks {
		stated, err := v.look(ctx, l)
		if err != nil {
			return nil, err
		}
		for _, s := range stated {
			out = append(out, app.Restatement{Statement: s, Because: last[l]})
		}
	}
	return out, nil
}

// looks is what has to be judged because of one fact: the areas over its cell, and those below it.
func (v *Views) looks(ctx context.Context, t app.Touched, days patrol.Span) ([]look, error) {
	l := look{programme: t.Programme, days: days}
	if t.To.After(patrol.Midnight(t.From, v.loc).AddDate(0, 0, 1)) {
		l.span = patrol.Span{From: t.From, To: t.To}
	}
	var out []look
	if t.Below {
		l.area, l.below = t.Cell, true
		out = append(out, l)
		l.below = false
	}
	areas, err := v.areasOver(ctx, t.Programme, t.Cell)
	for _, area := range areas {
		if l.area = area; !t.Below || !t.Cell.Contains(area) {
			out = append(out, l)
		}
	}
	return out, err
}

func (v *Views) look(ctx context.Context, l look) ([]patrol.Statement, error) {
	laws, err := v.laws(ctx, l.programme, time.Time{})
	if err != nil {
		return nil, err
	}
	span := l.span
	if span.From.IsZero() {
		span = patrol.Span{From: l.days.From, To: l.days.From.Add(time.Microsecond)}
	}
	due := laws.Ended(l.days.From, l.days.To, span)
	if !l.below {
		due = atLevelOf(l.area, due)
	}
	out, err := v.judge(ctx, l.programme, l.area, due)
	return slices.DeleteFunc(out, func(s patrol.Statement) bool {
		return s.Area != l.area && !(l.below && l.area.Contains(s.Area))
	}), err
}

// areasOver gives the areas whose statements may be about a cell: its own, those of the posts above, and those of the
// duties there that are over several cells, which are told at the first of each level.
func (v *Views) areasOver(ctx context.Context, code string, cell grid.CellCode) ([]grid.CellCode, error) {
	var out []grid.CellCode
	add := func(c grid.CellCode) {
		if area := patrol.AreaOf(c); !slices.Contains(out, area) {
			out = append(out, area)
		}
	}
	for _, c := range cell.Upward() {
		add(c)
	}
	duties, err := v.dutiesReaching(ctx, terrain{programme: code, scope: cell})
	for _, d := range duties {
		if len(d.Cells) < 2 || !slices.ContainsFunc(d.Cells, func(c grid.CellCode) bool { return c.Contains(cell) }) {
			continue
		}
		met := map[int]bool{}
		for _, c := range d.Cells {
			if !met[c.Level()] {
				met[c.Level()] = true
				add(c)
			}
		}
	}
	return out, err
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
	t := terrain{programme: code, scope: scope}
	for _, d := range due {
		if len(d.Law.Rules) == 0 {
			continue
		}
		if g == nil {
			var err error
			if g, err = v.ground(ctx, &t); err != nil {
				return nil, err
			}
		}
		stated, err := patrol.Judge(d.Law, d.Periods, g, v.deeds(ctx, t))
		if err != nil {
			return nil, err
		}
		out = append(out, stated...)
	}
	return out, nil
}
