package views

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"gridward/app"
	"gridward/domain/fault"
	"gridward/domain/grid"
	"gridward/domain/hazard"
	"gridward/domain/programme"
)

// Answers as of an instant (当时所知) come from what the log had taken by then. The zero instant is now.

// history is a case as its own stream tells it, with the records it was told by. It is never behind the log.
type history struct {
	told
	facts []fact
	rules *rules
}

// fact is one record of a case with its event.
type fact struct {
	app.Record
	event hazard.Event
}

// history reads a case as of an instant. A case that nobody had reported then is not found.
func (v *Views) history(ctx context.Context, id string, asOf time.Time) (*history, error) {
	records, err := v.log.Load(ctx, "case-"+id, 0)
	if err != nil {
		return nil, err
	}
	h := &history{}
	for _, r := range records {
		if !asOf.IsZero() && r.RecordedAt.After(asOf) {
			break
		}
		event, err := v.codec.Decode(r.Type, r.Schema, r.Data)
		if err != nil {
			return nil, err
		}
		e, ok := event.(hazard.Event)
		if !ok {
			return nil, errors.New(r.Type + " does not belong to a case")
		}
		if err := h.fold(r, e, v.loc); err != nil {
			return nil, err
		}
		h.facts = append(h.facts, fact{r, e})
	}
	if len(h.facts) == 0 {
		return nil, fault.Missing("case", id)
	}
	if h.rules, err = v.rulesFor(ctx, h.Programme, asOf); err != nil {
		return nil, err
	}
	h.derive(h.rules, v.loc)
	return h, nil
}

// CaseAsOf is the case as it was known at an instant; overdue is judged at it.
func (v *Views) CaseAsOf(ctx context.Context, id string, asOf time.Time) (Case, error) {
	h, err := v.history(ctx, id, asOf)
	if err != nil {
		return Case{}, err
	}
	h.judge(asOf)
	return h.Case, nil
}

// cellAsOf is a cell as it was known at an instant; ok is false for one that nobody had created then.
func (v *Views) cellAsOf(ctx context.Context, code grid.CellCode, asOf time.Time) (c Cell, ok bool, err error) {
	records, err := v.log.Load(ctx, "cell-"+string(code), 0)
	if err != nil {
		return c, false, err
	}
	for _, r := range records {
		if r.RecordedAt.After(asOf) {
			break
		}
		event, err := v.codec.Decode(r.Type, r.Schema, r.Data)
		if err != nil {
			return c, false, err
		}
		e, is := event.(grid.CellEvent)
		if !is {
			return c, false, errors.New(r.Type + " does not belong to a cell")
		}
		if c, err = c.fold(r, e, v.loc); err != nil {
			return c, false, err
		}
		ok = true
	}
	return c, ok, nil
}

// newest cuts the rules to the versions of a programme that were published by an instant.
func newest(versions []*programme.Programme, published []time.Time, asOf time.Time) []*programme.Programme {
	n := len(versions)
	for n > 0 && !asOf.IsZero() && published[n-1].After(asOf) {
		n--
	}
	return versions[:n]
}

// read runs a query and calls scan for each row (dutyBook).
func (v *Views) read(ctx context.Context) func(query string, args []any, scan func(*sql.Rows) error) error {
	return func(query string, args []any, scan func(*sql.Rows) error) error {
		_, err := collect(ctx, v, query, args, func(r *sql.Rows) (struct{}, error) { return struct{}{}, scan(r) })
		return err
	}
}
