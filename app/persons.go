package app

import (
	"context"

	"gridward/domain/fault"
	"gridward/domain/grid"
)

// RegisterPerson makes a person known: a steward, or an office at the cell the command names (level 1 to 3) or
// above.
func (a *App) RegisterPerson(ctx context.Context, by By, cmd grid.RegisterPerson) (Receipt, error) {
	id, err := newID(by, cmd.ID, "person")
	if err != nil {
		return Receipt{}, err
	}
	content := cmd
	cmd.ID = id
	r, err := execute(ctx, a, by, personStream(id), true, content, func(p grid.Person) (Decision[grid.PersonEvent], error) {
		duty, err := a.mayRegister(ctx, by, cmd.Cell)
		if err != nil {
			return Decision[grid.PersonEvent]{}, err
		}
		events, err := grid.DecideRegisterPerson(p, cmd)
		return Decision[grid.PersonEvent]{Events: events, Cell: string(cmd.Cell), Duty: duty}, err
	})
	r.ID = id
	return r, err
}

// mayRegister asks for an office of level 1 to 3 over the cell; a steward names one or not.
func (a *App) mayRegister(ctx context.Context, by By, cell grid.CellCode) (string, error) {
	if by.Steward() && cell == "" {
		return "", nil
	}
	if cell == "" {
		return "", fault.Forbid("not_in_charge", "name the cell whose office registers the person")
	}
	if _, err := a.liveCell(ctx, "cell", cell); err != nil {
		return "", err
	}
	return a.officeOver(ctx, by, "", cell.AtLevel(min(cell.Level(), grid.Community)))
}

// CreateDepartment makes a department known: a steward, or an office at its cell or above.
func (a *App) CreateDepartment(ctx context.Context, by By, cmd grid.CreateDepartment) (Receipt, error) {
	r, err := execute(ctx, a, by, departmentStream(cmd.Code), true, cmd, func(d grid.Department) (Decision[grid.DepartmentEvent], error) {
		var none Decision[grid.DepartmentEvent]
		cell, err := a.liveCell(ctx, "cell", cmd.Cell)
		if err != nil {
			return none, err
		}
		duty, err := a.officeOver(ctx, by, "", cmd.Cell)
		if err != nil {
			return none, err
		}
		events, err := grid.DecideCreateDepartment(d, cmd, cell)
		return Decision[grid.DepartmentEvent]{Events: events, Cell: string(cmd.Cell), Duty: duty}, err
	})
	r.ID = cmd.Code
	return r, err
}
