package app

import (
	"context"
	"fmt"

	"gridward/domain/fault"
	"gridward/domain/grid"
)

// CreateCell puts a cell into the grid: a steward, or an office at its parent or above.
func (a *App) CreateCell(ctx context.Context, by By, cmd grid.CreateCell) (Receipt, error) {
	if cmd.Code.Level() == 0 {
		return Receipt{}, fault.BadField("code", "is not a cell code: 6, 9, 12, 15 or 19 digits")
	}
	r, err := execute(ctx, a, by, cellStream(cmd.Code), true, cmd, func(c grid.Cell) (Decision[grid.CellEvent], error) {
		var none Decision[grid.CellEvent]
		over := cmd.Code.Parent()
		if over == "" {
			over = cmd.Code
		}
		duty, err := a.officeOver(ctx, by, "", over)
		if err != nil {
			return none, err
		}
		schemes, err := a.schemes(ctx)
		if err != nil {
			return none, err
		}
		var parent grid.Cell
		if up := cmd.Code.Parent(); up != "" {
			if parent, _, err = load(ctx, a, cellStream(up)); err != nil {
				return none, err
			}
		}
		events, err := grid.DecideCreateCell(c, cmd, parent, schemes)
		return Decision[grid.CellEvent]{Events: events, Cell: string(cmd.Code), Duty: duty}, err
	})
	r.ID = string(cmd.Code)
	return r, err
}

// SetCellClasses sets a cell's classes in the programmes named: a steward, or an office at the cell or above.
func (a *App) SetCellClasses(ctx context.Context, by By, code grid.CellCode, cmd grid.SetClasses) (Receipt, error) {
	return a.changeCell(ctx, by, code, cmd, func(c grid.Cell) ([]grid.CellEvent, error) {
		schemes, err := a.schemes(ctx)
		if err != nil {
			return nil, err
		}
		return grid.DecideSetClasses(c, cmd, schemes)
	})
}

// SetCellAttributes replaces a cell's attributes: a steward, or an office at the cell or above.
func (a *App) SetCellAttributes(ctx context.Context, by By, code grid.CellCode, cmd grid.SetAttributes) (Receipt, error) {
	return a.changeCell(ctx, by, code, cmd, func(c grid.Cell) ([]grid.CellEvent, error) {
		schemes, err := a.schemes(ctx)
		if err != nil {
			return nil, err
		}
		return grid.DecideSetAttributes(c, cmd, schemes)
	})
}

// RetireCell takes a cell out of the grid: a steward, or an office at the cell or above.
func (a *App) RetireCell(ctx context.Context, by By, code grid.CellCode, cmd grid.RetireCell) (Receipt, error) {
	return a.changeCell(ctx, by, code, cmd, func(c grid.Cell) ([]grid.CellEvent, error) {
		return grid.DecideRetireCell(c, cmd, by.At())
	})
}

// ReplaceCell retires a cell in favour of successors: a steward, or an office at the cell or above. It answers
// when the successors are there and the open cases of the cell, as open finds them, have passed to the parent
// office. With no open the completer passes them on.
func (a *App) ReplaceCell(ctx context.Context, by By, code grid.CellCode, cmd grid.ReplaceCell, open OpenCases) (Receipt, error) {
	defer a.inflight.begin(by.CommandID)()
	r, err := a.changeCell(ctx, by, code, cmd, func(c grid.Cell) ([]grid.CellEvent, error) {
		var taken []grid.CellCode
		for _, s := range cmd.Successors {
			if s.Code.Level() == 0 {
				continue // the rule names the field
			}
			other, _, err := load(ctx, a, cellStream(s.Code))
			if err != nil {
				return nil, err
			}
			if other.Exists() {
				taken = append(taken, s.Code)
			}
		}
		return grid.DecideReplaceCell(c, cmd, by.At(), taken)
	})
	if err != nil {
		return r, err
	}
	record, err := a.recordAt(ctx, cellStream(code).Name, r.Version)
	if err != nil {
		return r, err
	}
	c, _, err := load(ctx, a, cellStream(code))
	if err != nil {
		return r, err
	}
	at, err := a.createSuccessors(ctx, record, grid.CellReplaced{Successors: c.Successors})
	r.Position = max(r.Position, at)
	if err != nil || open == nil {
		return r, err
	}
	at, err = a.passCases(ctx, record, open)
	r.Position = max(r.Position, at)
	return r, err
}

// completeReplacement creates the successors a crash cut off; done already, it changes nothing.
func (a *App) completeReplacement(ctx context.Context, rec Record, ev grid.CellReplaced) error {
	_, err := a.createSuccessors(ctx, rec, ev)
	return err
}

// createSuccessors creates what takes a cell's place and gives the highest position. A cell that somebody else
// created under a successor's code meanwhile is the successor: it has that code, and nothing of it is overwritten.
func (a *App) createSuccessors(ctx context.Context, rec Record, ev grid.CellReplaced) (Position, error) {
	var highest Position
	for _, s := range ev.Successors {
		by := because(rec).then("successor/" + string(s.Code))
		created := grid.CellCreated{Code: s.Code, Name: s.Name, Replaces: grid.CellCode(rec.Meta.Cell)}
		r, err := execute(ctx, a, by, cellStream(s.Code), false, created, func(c grid.Cell) (Decision[grid.CellEvent], error) {
			d := Decision[grid.CellEvent]{Cell: string(s.Code), Duty: rec.Meta.Duty}
			if !c.Exists() {
				d.Events = []grid.CellEvent{created}
			}
			return d, nil
		})
		if err != nil {
			return highest, fmt.Errorf("successor %s: %w", s.Code, err)
		}
		highest = max(highest, r.Position)
	}
	return highest, nil
}

// changeCell runs one command on a cell that is there, sent by a steward or an office at the cell or above.
func (a *App) changeCell(ctx context.Context, by By, code grid.CellCode, cmd any, decide func(grid.Cell) ([]grid.CellEvent, error)) (Receipt, error) {
	if _, err := a.anyCell(ctx, "code", code); err != nil {
		return Receipt{}, err
	}
	content := struct {
		What string
		Cmd  any
	}{fmt.Sprintf("%T", cmd), cmd}
	r, err := execute(ctx, a, by, cellStream(code), false, content, func(c grid.Cell) (Decision[grid.CellEvent], error) {
		duty, err := a.officeOver(ctx, by, "", code)
		if err != nil {
			return Decision[grid.CellEvent]{}, err
		}
		events, err := decide(c)
		return Decision[grid.CellEvent]{Events: events, Cell: string(code), Duty: duty}, err
	})
	r.ID = string(code)
	return r, err
}
