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
	*app.Record
	event hazard.Event
}

// history reads a case as of an instant. A case that nobody had reported then is not found.
func (v *Views) history(ctx context.Context, id string, asOf time.Time) (*history, error) {
	records, err := v.log.Load(ctx, "case-"+id, 0)
	if err != nil {
		return nil, err
	}
	if err := v.holdsStream(records); err != nil {
		return nil, err
	}
	records = takenBy(records, asOf)
	h := &history{facts: make([]fact, 0, len(records))}
	for i := range records {
		r := &records[i]
		event, err := v.codec.Decode(r.Type, r.Schema, r.Data)
		if err != nil {
			return nil, err
		}
		e, ok := event.(hazard.Event)
		if !ok {
			return nil, errors.New(r.Type + " does not belong to a case")
		}
		if err := h.fold(*r, e, v.loc); err != nil {
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
	for _, r := range takenBy(records, asOf) {
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

// takenBy cuts the records of a stream to those that the log had taken by an instant (zero: all).
func takenBy(records []app.Record, asOf time.Time) []app.Record {
	n := len(records)
	for n > 0 && !asOf.IsZero() && records[n-1].RecordedAt.After(asOf) {
		n--
	}
	return records[:n]
}

// read runs a query and calls scan for each row (dutyBook).
func (v *Views) read(ctx context.Context) func(query string, args []any, scan func(*sql.Rows) error) error {
	return func(query string, args []any, scan func(*sql.Rows) error) error {
		_, err := collect(ctx, v, query, args, func(r *sql.Rows) (struct{}, error) { return struct{}{}, scan(r) })
		return err
	}
}
