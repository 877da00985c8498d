package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/google/uuid"

	"gridward/app"
)

// readPage is how many records are read from the log at a time.
const readPage = 1000

type logCommand struct {
	storage
	Stream string    `help:"Only this stream, e.g. case-<id> or cell-410104." placeholder:"NAME"`
	Type   []string  `help:"Only these types, e.g. case.filed,case.closed." placeholder:"TYPE"`
	From   time.Time `help:"Only what the log took at this instant or later (RFC 3339)." placeholder:"TIME"`
	To     time.Time `help:"Only what the log took before this instant (RFC 3339)." placeholder:"TIME"`
	JSON   bool      `name:"json" help:"One JSON object a line, the event's own data included."`
	Follow bool      `help:"Go on with what comes, until interrupted."`
}

// Run prints the events that pass the filter, in the log's order.
func (c logCommand) Run(e *env) (err error) {
	log, err := c.read(e.ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, log.Close()) }()
	write := c.text
	if c.JSON {
		write = jsonLine
	}
	after := app.Position(0)
	for {
		after, err = eachRecord(e.ctx, log, after, func(r app.Record) error {
			if !c.wants(r) {
				return nil
			}
			return write(e.stdout, r)
		})
		if err == nil && c.Follow {
			err = log.Wait(e.ctx, after)
		}
		if errors.Is(err, context.Canceled) {
			return nil
		}
		if err != nil || !c.Follow {
			return err
		}
	}
}

func (c logCommand) wants(r app.Record) bool {
	return (c.Stream == "" || r.Stream == c.Stream) &&
		(len(c.Type) == 0 || slices.Contains(c.Type, r.Type)) &&
		(c.From.IsZero() || !r.RecordedAt.Before(c.From)) &&
		(c.To.IsZero() || r.RecordedAt.Before(c.To))
}

// text is one line about a record, without what it says.
func (logCommand) text(w io.Writer, r app.Record) error {
	_, err := fmt.Fprintf(w, "%s  %-8s  %-28s  %s@%d  %s\n", r.RecordedAt.Local().Format(time.RFC3339), r.Position, r.Type, r.Stream, r.Version, r.Meta.Person())
	return err
}

// jsonLine is the whole record on one line.
func jsonLine(w io.Writer, r app.Record) error {
	return json.NewEncoder(w).Encode(struct {
		Position   string    `json:"position"`
		RecordedAt time.Time `json:"recorded_at"`
		ID         uuid.UUID `json:"id"`
		Stream     string    `json:"stream"`
		Version    uint64    `json:"version"`
		Type       string    `json:"type"`
		Schema     int       `json:"schema"`
		app.Meta
		Data json.RawMessage `json:"data"`
	}{r.Position.String(), r.RecordedAt, r.ID, r.Stream, r.Version, r.Type, r.Schema, r.Meta, r.Data})
}

// eachRecord calls do with every record above after, up to the log's end as it finds it, and gives the position of
// the last one.
func eachRecord(ctx context.Context, log app.Log, after app.Position, do func(app.Record) error) (app.Position, error) {
	for {
		records, err := log.Read(ctx, after, readPage)
		if err != nil {
			return after, err
		}
		for _, r := range records {
			if err := do(r); err != nil {
				return after, err
			}
			after = r.Position
		}
		if len(records) < readPage {
			return after, nil
		}
	}
}
