package app

import (
	"context"

	"gridward/domain/fault"
	"gridward/domain/grid"
	"gridward/domain/register"
)

func activityStream(id string) Stream[register.Activity, register.ActivityEvent] {
	return Stream[register.Activity, register.ActivityEvent]{"activity-" + id, register.EvolveActivity}
}

func equipmentStream(id string) Stream[register.Equipment, register.EquipmentEvent] {
	return Stream[register.Equipment, register.EquipmentEvent]{"equipment-" + id, register.EvolveEquipment}
}

func forceStream(id string) Stream[register.Force, register.ForceEvent] {
	return Stream[register.Force, register.ForceEvent]{"force-" + id, register.EvolveForce}
}

// entry is where something is entered into a cell's registers, and under which duty.
type entry struct {
	programme string
	version   int
	cell      grid.CellCode
	duty      string
}

// enter finds out whether the sender may enter something into a cell's registers: a steward, or anybody with a
// duty of the programme (of any, with none named) at the cell or above.
func (a *App) enter(ctx context.Context, by By, programme string, cell grid.CellCode) (entry, error) {
	at := entry{programme: programme, cell: cell}
	if _, err := a.liveCell(ctx, "cell", cell); err != nil {
		return at, err
	}
	if programme != "" {
		p, err := a.programme(ctx, programme)
		if err != nil {
			return at, err
		}
		at.version = p.Version
	}
	var err error
	at.duty, err = a.dutyOn(ctx, by, programme, cell)
	return at, err
}

func entered[E any](at entry, events []E) Decision[E] {
	return Decision[E]{Events: events, Programme: at.programme, ProgrammeVersion: at.version, Cell: string(at.cell), Duty: at.duty}
}

// RecordActivity records a publicity, training, drill, meeting, plan, log or report held at a cell.
func (a *App) RecordActivity(ctx context.Context, by By, cmd register.RecordActivity) (Receipt, error) {
	id, err := newID(by, cmd.ID, "activity")
	if err != nil {
		return Receipt{}, err
	}
	if err := by.checkTime("held_at", cmd.HeldAt); err != nil {
		return Receipt{}, err
	}
	if cmd.Programme == "" {
		return Receipt{}, fault.BadField("programme", "is required")
	}
	content := cmd
	cmd.ID = id
	r, err := execute(ctx, a, by, activityStream(id), true, content, func(s register.Activity) (Decision[register.ActivityEvent], error) {
		var none Decision[register.ActivityEvent]
		at, err := a.enter(ctx, by, cmd.Programme, cmd.Cell)
		if err != nil {
			return none, err
		}
		known, err := a.knownPersons(ctx, cmd.Participants...)
		if err != nil {
			return none, err
		}
		events, err := register.DecideRecordActivity(s, cmd, known)
		return entered(at, events), err
	})
	r.ID = id
	return r, err
}

// RegisterEquipment puts equipment into a cell's register.
func (a *App) RegisterEquipment(ctx context.Context, by By, cmd register.RegisterEquipment) (Receipt, error) {
	id, err := newID(by, cmd.ID, "equipment")
	if err != nil {
		return Receipt{}, err
	}
	content := cmd
	cmd.ID = id
	r, err := execute(ctx, a, by, equipmentStream(id), true, content, func(s register.Equipment) (Decision[register.EquipmentEvent], error) {
		at, err := a.enter(ctx, by, cmd.Programme, cmd.Cell)
		if err != nil {
			return Decision[register.EquipmentEvent]{}, err
		}
		events, err := register.DecideRegisterEquipment(s, cmd)
		return entered(at, events), err
	})
	r.ID = id
	return r, err
}

// ServiceEquipment records a service.
func (a *App) ServiceEquipment(ctx context.Context, by By, id string, cmd register.ServiceEquipment) (Receipt, error) {
	return a.changeEquipment(ctx, by, id, "service", cmd, func(s register.Equipment) ([]register.EquipmentEvent, error) {
		return register.DecideServiceEquipment(s, cmd)
	})
}

// RetireEquipment takes equipment out of use.
func (a *App) RetireEquipment(ctx context.Context, by By, id string, cmd register.RetireEquipment) (Receipt, error) {
	return a.changeEquipment(ctx, by, id, "retire", cmd, func(s register.Equipment) ([]register.EquipmentEvent, error) {
		return register.DecideRetireEquipment(s, cmd)
	})
}

func (a *App) changeEquipment(ctx context.Context, by By, id, what string, cmd any,
	decide func(register.Equipment) ([]register.EquipmentEvent, error)) (Receipt, error) {
	content := struct {
		What string
		Cmd  any
	}{what, cmd}
	r, err := execute(ctx, a, by, equipmentStream(id), false, content, func(s register.Equipment) (Decision[register.EquipmentEvent], error) {
		var none Decision[register.EquipmentEvent]
		if s.ID == "" {
			return none, fault.Missing("equipment", id)
		}
		duty, err := a.dutyOn(ctx, by, s.Programme, s.Cell)
		if err != nil {
			return none, err
		}
		events, err := decide(s)
		return entered(entry{programme: s.Programme, cell: s.Cell, duty: duty}, events), err
	})
	r.ID = id
	return r, err
}

// RegisterForce registers a force (a volunteer brigade, a micro fire station) or an emergency plan of a cell.
func (a *App) RegisterForce(ctx context.Context, by By, cmd register.RegisterForce) (Receipt, error) {
	id, err := newID(by, cmd.ID, "force")
	if err != nil {
		return Receipt{}, err
	}
	if cmd.Programme == "" {
		return Receipt{}, fault.BadField("programme", "is required")
	}
	content := cmd
	cmd.ID = id
	r, err := execute(ctx, a, by, forceStream(id), true, content, func(s register.Force) (Decision[register.ForceEvent], error) {
		at, err := a.enter(ctx, by, cmd.Programme, cmd.Cell)
		if err != nil {
			return Decision[register.ForceEvent]{}, err
		}
		events, err := register.DecideRegisterForce(s, cmd)
		return entered(at, events), err
	})
	r.ID = id
	return r, err
}
