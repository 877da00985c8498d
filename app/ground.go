package app

import (
	"context"
	"time"

	"gridward/domain/fault"
	"gridward/domain/grid"
	"gridward/domain/programme"
)

// The streams, by what they hold. A stream's name is its address for ever.

func cellStream(code grid.CellCode) Stream[grid.Cell, grid.CellEvent] {
	return Stream[grid.Cell, grid.CellEvent]{"cell-" + string(code), grid.EvolveCell}
}

func personStream(id string) Stream[grid.Person, grid.PersonEvent] {
	return Stream[grid.Person, grid.PersonEvent]{"person-" + id, grid.EvolvePerson}
}

func departmentStream(code string) Stream[grid.Department, grid.DepartmentEvent] {
	return Stream[grid.Department, grid.DepartmentEvent]{"department-" + code, grid.EvolveDepartment}
}

func dutiesStream(programme string, cell grid.CellCode) Stream[grid.Duties, grid.DutyEvent] {
	return Stream[grid.Duties, grid.DutyEvent]{"duties-" + programme + "-" + string(cell), grid.EvolveDuties}
}

func departmentDutiesStream(programme, department string) Stream[grid.Duties, grid.DutyEvent] {
	return Stream[grid.Duties, grid.DutyEvent]{"duties-" + programme + "-dept-" + department, grid.EvolveDuties}
}

func programmeStream(code string) Stream[programme.State, programme.Event] {
	return Stream[programme.State, programme.Event]{"programme-" + code, programme.Evolve}
}

// liveCell loads a cell that must exist and not be retired; field names it in the refusal.
func (a *App) liveCell(ctx context.Context, field string, code grid.CellCode) (grid.Cell, error) {
	c, err := a.anyCell(ctx, field, code)
	if err == nil && c.Retired {
		err = fault.Refuse("cell_retired", "cell %s is no longer in the grid", code)
	}
	return c, err
}

// anyCell loads a cell that must exist, retired or not; an empty or malformed code is an invalid field.
func (a *App) anyCell(ctx context.Context, field string, code grid.CellCode) (grid.Cell, error) {
	if code.Level() == 0 {
		return grid.Cell{}, fault.BadField(field, "is not a cell code: 6, 9, 12, 15 or 19 digits")
	}
	c, _, err := load(ctx, a, cellStream(code))
	if err == nil && !c.Exists() {
		err = fault.Missing("cell", string(code))
	}
	return c, err
}

// person loads a person who must exist.
func (a *App) person(ctx context.Context, field, id string) (grid.Person, error) {
	if id == "" {
		return grid.Person{}, fault.BadField(field, "is required")
	}
	p, _, err := load(ctx, a, personStream(id))
	if err == nil && p.ID == "" {
		err = fault.Missing("person", id)
	}
	return p, err
}

// department loads a department that must exist.
func (a *App) department(ctx context.Context, code string) (grid.Department, error) {
	d, _, err := load(ctx, a, departmentStream(code))
	if err == nil && d.Code == "" {
		err = fault.Missing("department", code)
	}
	return d, err
}

// programme loads the newest version of a programme that must exist.
func (a *App) programme(ctx context.Context, code string) (*programme.Programme, error) {
	return a.programmeAt(ctx, code, 0)
}

// programmeAt loads one version of a programme; 0 is the newest.
func (a *App) programmeAt(ctx context.Context, code string, version int) (*programme.Programme, error) {
	if code == "" {
		return nil, fault.BadField("programme", "is required")
	}
	s, _, err := load(ctx, a, programmeStream(code))
	if err != nil {
		return nil, err
	}
	if version == 0 {
		version = len(s.Versions)
	}
	if version < 1 || version > len(s.Versions) {
		return nil, fault.Missing("programme", code)
	}
	return &s.Versions[version-1], nil
}

// chain gathers the posts from a cell up to its district, with the duties held there at the instant.
func (a *App) chain(ctx context.Context, prog string, cell grid.CellCode, at time.Time) (grid.Chain, error) {
	up := cell.Upward()
	chain := make(grid.Chain, len(up))
	for i, c := range up {
		duties, _, err := load(ctx, a, dutiesStream(prog, c))
		if err != nil {
			return nil, err
		}
		chain[i] = grid.Post{Cell: c, Held: duties.ActiveAt(at)}
	}
	return chain, nil
}

// departmentPost gathers a department's duties held at the instant.
func (a *App) departmentPost(ctx context.Context, prog, code string, at time.Time) (grid.Post, error) {
	d, err := a.department(ctx, code)
	if err != nil {
		return grid.Post{}, err
	}
	duties, _, err := load(ctx, a, departmentDutiesStream(prog, code))
	if err != nil {
		return grid.Post{}, err
	}
	return grid.Post{Cell: d.Cell, Department: code, Held: duties.ActiveAt(at)}, nil
}
