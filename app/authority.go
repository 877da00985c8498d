package app

import (
	"context"
	"time"

	"github.com/google/uuid"

	"gridward/domain/fault"
	"gridward/domain/grid"
)

// judgedBack is how far back a late command is judged by the time it happened (design: time).
const judgedBack = 72 * time.Hour

// judgedAt is the instant at which the duties of whoever sends the command are looked at.
func (b By) judgedAt() time.Time {
	if at := b.At(); !at.Before(b.ReceivedAt.Add(-judgedBack)) {
		return at
	}
	return b.ReceivedAt
}

// heldOn gives the duties the person holds on the cell or above it, nearest first, in one programme or, with
// none named, in any.
func (a *App) heldOn(ctx context.Context, programme, person string, cell grid.CellCode, at time.Time) (grid.Duties, error) {
	codes := []string{programme}
	if programme == "" {
		index, _, err := load(ctx, a, programmesStream())
		if err != nil {
			return nil, err
		}
		codes = index
	}
	var held grid.Duties
	for _, code := range codes {
		chain, err := a.chain(ctx, code, cell, at)
		if err != nil {
			return nil, err
		}
		held = append(held, chain.DutyOf(person)...)
	}
	return held, nil
}

// officeOver gives the duty under which the sender may arrange things at the cell: an office (chief, supervisor,
// sponsor) of the programme, or of any with none named, at the cell or above it. A steward may without a duty.
// Anybody else is refused (not_in_charge).
func (a *App) officeOver(ctx context.Context, by By, programme string, cell grid.CellCode) (string, error) {
	if by.Steward() {
		return "", nil
	}
	return a.officeHeld(ctx, by, programme, cell)
}

// officeHeld is officeOver for what a steward may not do either.
func (a *App) officeHeld(ctx context.Context, by By, programme string, cell grid.CellCode) (string, error) {
	if by.Steward() {
		return "", fault.Forbid("not_in_charge", "an administrator holds no office: act as a person who does")
	}
	held, err := a.heldOn(ctx, programme, by.Person(), cell, by.judgedAt())
	if err != nil {
		return "", err
	}
	for _, d := range held {
		if d.Office() {
			return d.ID, nil
		}
	}
	return "", fault.Forbid("not_in_charge", "it belongs to an office at cell %s or above", cell)
}

// dutyOn gives any duty of the sender on the cell or above it. A steward may without one; anybody else is
// refused (no_duty_here).
func (a *App) dutyOn(ctx context.Context, by By, programme string, cell grid.CellCode) (string, error) {
	if by.Steward() {
		return "", nil
	}
	held, err := a.heldOn(ctx, programme, by.Person(), cell, by.judgedAt())
	if err != nil {
		return "", err
	}
	if len(held) == 0 {
		return "", fault.Forbid("no_duty_here", "it belongs to those with a duty at cell %s or above", cell)
	}
	return held[0].ID, nil
}

// newID gives the id of what a command creates: the client's, or one derived from the command.
func newID(by By, given, what string) (string, error) {
	if given == "" {
		return DeriveID(by.CommandID, what), nil
	}
	id, err := uuid.Parse(given)
	if err != nil || len(given) != 36 {
		return "", fault.BadField("id", "is not a UUID")
	}
	return id.String(), nil
}

// knownPersons tells which of the names are ids of persons of the grid.
func (a *App) knownPersons(ctx context.Context, names ...string) (map[string]bool, error) {
	known := map[string]bool{}
	for _, id := range names {
		if !grid.IsPersonID(id) || known[id] {
			continue
		}
		p, _, err := load(ctx, a, personStream(id))
		if err != nil {
			return nil, err
		}
		known[id] = p.ID != ""
	}
	return known, nil
}

// recordAt gives one record of a stream.
func (a *App) recordAt(ctx context.Context, stream string, version uint64) (Record, error) {
	records, err := a.log.Load(ctx, stream, version-1)
	if err != nil {
		return Record{}, err
	}
	if len(records) == 0 {
		return Record{}, fault.Missing("record", stream)
	}
	return records[0], nil
}

// because is the sender of what follows from a record on other streams. It is the same whoever finishes the work:
// the command itself, its retry, or the completer.
func because(r Record) By {
	return By{Actor: r.Meta.Actor, OnBehalfOf: r.Meta.OnBehalfOf, CommandID: r.Meta.CommandID, ReceivedAt: r.Meta.ReceivedAt,
		OccurredAt: r.Meta.OccurredAt, Cause: r.ID, Origin: r.Meta.Correlation}
}
