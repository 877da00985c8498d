package app

import (
	"context"
	"fmt"
	"slices"

	"gridward/domain/fault"
	"gridward/domain/grid"
)

// GiveDuty gives a person a role on a cell and, if the command names more, on those cells too: a steward, or an
// office of the programme at (or above) every one of them.
func (a *App) GiveDuty(ctx context.Context, by By, cell grid.CellCode, cmd grid.GiveDuty) (Receipt, error) {
	if cell.Level() == 0 {
		return Receipt{}, fault.BadField("cell", "is not a cell code: 6, 9, 12, 15 or 19 digits")
	}
	cmd.Department = ""
	cmd.Cells = append([]grid.CellCode{cell}, slices.DeleteFunc(slices.Clone(cmd.Cells), func(c grid.CellCode) bool { return c == cell })...)
	return a.giveDuty(ctx, by, cmd, func(cmd grid.GiveDuty, facts *grid.DutyFacts) (string, error) {
		facts.Held = map[grid.CellCode]grid.Duties{}
		var duty string
		for i, c := range cmd.Cells {
			if _, err := a.liveCell(ctx, grid.CellField(i), c); err != nil {
				return "", err
			}
			over, err := a.officeOver(ctx, by, cmd.Programme, c)
			if err != nil {
				return "", err
			}
			if i == 0 {
				duty = over
				continue
			}
			if facts.Held[c], _, err = load(ctx, a, dutiesStream(cmd.Programme, c)); err != nil {
				return "", err
			}
		}
		return duty, nil
	})
}

// GiveDepartmentDuty gives a person a role in a department: a steward, or an office of the programme at its cell
// or above.
func (a *App) GiveDepartmentDuty(ctx context.Context, by By, department string, cmd grid.GiveDuty) (Receipt, error) {
	cmd.Department, cmd.Cells = department, nil
	return a.giveDuty(ctx, by, cmd, func(cmd grid.GiveDuty, _ *grid.DutyFacts) (string, error) {
		d, err := a.department(ctx, department)
		if err != nil {
			return "", err
		}
		return a.officeOver(ctx, by, cmd.Programme, d.Cell)
	})
}

// giveDuty decides on the first stream and then records the duty on the others. ground checks the places and
// gives the duty the decision relies on.
func (a *App) giveDuty(ctx context.Context, by By, cmd grid.GiveDuty, ground func(grid.GiveDuty, *grid.DutyFacts) (string, error)) (Receipt, error) {
	id, err := newID(by, cmd.ID, "duty")
	if err != nil {
		return Receipt{}, err
	}
	p, err := a.programme(ctx, cmd.Programme)
	if err != nil {
		return Receipt{}, err
	}
	content := cmd
	cmd.ID = id
	stream, at := dutyPlace(cmd.Programme, cmd.Cells, cmd.Department)
	defer a.inflight.begin(by.CommandID)()
	r, err := execute(ctx, a, by, stream, false, content, func(s grid.Duties) (Decision[grid.DutyEvent], error) {
		var none Decision[grid.DutyEvent]
		facts := grid.DutyFacts{ActsAs: p.ActsAs(cmd.Role), Levels: p.Levels}
		duty, err := ground(cmd, &facts)
		if err != nil {
			return none, err
		}
		if _, err := a.person(ctx, "person", cmd.Person); err != nil {
			return none, err
		}
		events, err := grid.DecideGiveDuty(s, cmd, facts)
		return Decision[grid.DutyEvent]{Events: events, Programme: p.Code, ProgrammeVersion: p.Version, Cell: at, Duty: duty}, err
	})
	r.ID, r.Created = id, true
	if err != nil {
		return Receipt{}, err
	}
	s, _, err := load(ctx, a, stream)
	if err != nil {
		return r, err
	}
	d, found := s.Find(id)
	if !found || len(d.Cells) < 2 {
		return r, nil
	}
	rec, err := a.recordAt(ctx, stream.Name, r.Version)
	if err != nil {
		return r, err
	}
	high, err := a.spreadDuty(ctx, rec, d.Programme, id, d.Cells[1:], given(d))
	r.Position = max(r.Position, high)
	return r, err
}

// given is the event that gave a duty.
func given(d grid.Duty) grid.DutyGiven {
	return grid.DutyGiven{Duty: d.ID, Programme: d.Programme, Role: d.Role, ActsAs: d.ActsAs, Person: d.Person, From: d.From,
		Cells: d.Cells, Department: d.Department}
}

// dutyPlace is the stream that decides on a duty, and the cell it is recorded at.
func dutyPlace(programme string, cells []grid.CellCode, department string) (Stream[grid.Duties, grid.DutyEvent], string) {
	if department != "" {
		return departmentDutiesStream(programme, department), ""
	}
	return dutiesStream(programme, cells[0]), string(cells[0])
}

// EndDuty ends a duty that is held on the cell, on all its cells alike: a steward, or an office of its programme
// at the cell or above.
func (a *App) EndDuty(ctx context.Context, by By, cell grid.CellCode, cmd grid.EndDuty) (Receipt, error) {
	if _, err := a.anyCell(ctx, "cell", cell); err != nil {
		return Receipt{}, err
	}
	return a.endDuty(ctx, by, cmd, cell, func(programme string) Stream[grid.Duties, grid.DutyEvent] {
		return dutiesStream(programme, cell)
	})
}

// EndDepartmentDuty ends a duty held in a department: a steward, or an office of its programme at the
// department's cell or above.
func (a *App) EndDepartmentDuty(ctx context.Context, by By, department string, cmd grid.EndDuty) (Receipt, error) {
	d, err := a.department(ctx, department)
	if err != nil {
		return Receipt{}, err
	}
	return a.endDuty(ctx, by, cmd, d.Cell, func(programme string) Stream[grid.Duties, grid.DutyEvent] {
		return departmentDutiesStream(programme, department)
	})
}

func (a *App) endDuty(ctx context.Context, by By, cmd grid.EndDuty, over grid.CellCode,
	place func(programme string) Stream[grid.Duties, grid.DutyEvent]) (Receipt, error) {
	d, err := a.findDuty(ctx, cmd.Duty, place)
	if err != nil {
		return Receipt{}, err
	}
	stream := place(d.Programme)
	defer a.inflight.begin(by.CommandID)()
	r, err := execute(ctx, a, by, stream, false, cmd, func(s grid.Duties) (Decision[grid.DutyEvent], error) {
		duty, err := a.officeOver(ctx, by, d.Programme, over)
		if err != nil {
			return Decision[grid.DutyEvent]{}, err
		}
		events, err := grid.DecideEndDuty(s, cmd)
		return Decision[grid.DutyEvent]{Events: events, Programme: d.Programme, Cell: string(over), Duty: duty}, err
	})
	r.ID = cmd.Duty
	if err != nil || len(d.Cells) < 2 {
		return r, err
	}
	rec, err := a.recordAt(ctx, stream.Name, r.Version)
	if err != nil {
		return r, err
	}
	others := slices.DeleteFunc(slices.Clone(d.Cells), func(c grid.CellCode) bool { return c == over })
	high, err := a.spreadDuty(ctx, rec, d.Programme, d.ID, others, grid.DutyEnded(cmd))
	r.Position = max(r.Position, high)
	return r, err
}

// findDuty looks for a duty through the programmes at one place.
func (a *App) findDuty(ctx context.Context, id string, place func(programme string) Stream[grid.Duties, grid.DutyEvent]) (grid.Duty, error) {
	index, _, err := load(ctx, a, programmesStream())
	if err != nil {
		return grid.Duty{}, err
	}
	for _, code := range index {
		s, _, err := load(ctx, a, place(code))
		if err != nil {
			return grid.Duty{}, err
		}
		if d, found := s.Find(id); found {
			return d, nil
		}
	}
	return grid.Duty{}, fault.Missing("duty", id)
}

// spreadDuty records what was decided about a duty on its other cells, and gives the highest position. Where it
// is recorded already nothing changes.
func (a *App) spreadDuty(ctx context.Context, rec Record, programme, duty string, cells []grid.CellCode, ev grid.DutyEvent) (Position, error) {
	var highest Position
	for _, c := range cells {
		by := because(rec).then(fmt.Sprintf("%T/%s/%s", ev, duty, c))
		r, err := execute(ctx, a, by, dutiesStream(programme, c), false, ev, func(s grid.Duties) (Decision[grid.DutyEvent], error) {
			return Decision[grid.DutyEvent]{Events: s.Missing(ev), Programme: programme,
				ProgrammeVersion: rec.Meta.ProgrammeVersion, Cell: string(c), Duty: rec.Meta.Duty}, nil
		})
		if err != nil {
			return highest, fmt.Errorf("duty on %s: %w", c, err)
		}
		highest = max(highest, r.Position)
	}
	return highest, nil
}

// completeDuty records a duty on those of its cells that a crash cut off; done already, it changes nothing.
func (a *App) completeDuty(ctx context.Context, rec Record, ev grid.DutyGiven) error {
	if len(ev.Cells) < 2 || rec.Stream != dutiesStream(ev.Programme, ev.Cells[0]).Name {
		return nil // one place, or itself a copy
	}
	_, err := a.spreadDuty(ctx, rec, ev.Programme, ev.Duty, ev.Cells[1:], ev)
	return err
}

// completeDutyEnd records the end of a duty on those of its cells that a crash cut off.
func (a *App) completeDutyEnd(ctx context.Context, rec Record, ev grid.DutyEnded) error {
	here := grid.CellCode(rec.Meta.Cell)
	if rec.Stream != dutiesStream(rec.Meta.Programme, here).Name {
		return nil // in a department: one place
	}
	s, _, err := load(ctx, a, dutiesStream(rec.Meta.Programme, here))
	if err != nil {
		return err
	}
	d, _ := s.Find(ev.Duty)
	others := slices.DeleteFunc(slices.Clone(d.Cells), func(c grid.CellCode) bool { return c == here })
	_, err = a.spreadDuty(ctx, rec, d.Programme, d.ID, others, ev)
	return err
}
