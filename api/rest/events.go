package rest

import (
	"context"
	"net/http"
	"time"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"

	"gridward/api/rest/gen"
	"gridward/app"
	"gridward/app/react"
	"gridward/app/views"
	"gridward/domain/fault"
)

// How much of the log one call of /events looks at when it filters by type.
const (
	scanChunk = 1_000
	scanBound = 20_000
)

// ListEvents implements GET /events. A page may be short and still have a next_cursor: a call looks at a bounded
// piece of the log.
func (s *Server) ListEvents(c echo.Context, p gen.ListEventsParams) error {
	after, err := s.eventsAfter(p)
	if err != nil {
		return err
	}
	limit := p.Limit
	if limit == 0 {
		limit = views.DefaultLimit
	}
	var items []gen.Event
	var next app.Position
	if p.Stream != "" {
		items, next, err = s.streamEvents(c.Request().Context(), p.Stream, p.Type, after, limit)
	} else {
		items, next, err = s.logEvents(c.Request().Context(), p.Type, after, limit)
	}
	if err != nil {
		return err
	}
	out := struct {
		Items      []gen.Event `json:"items"`
		NextCursor *string     `json:"next_cursor"`
	}{Items: list(items)}
	if next > 0 {
		cursor := next.String()
		out.NextCursor = &cursor
	}
	return c.JSON(http.StatusOK, out)
}

func (s *Server) eventsAfter(p gen.ListEventsParams) (app.Position, error) {
	if p.AtLeast != "" { // the log itself is never behind; the position must still be one
		if _, err := app.ParsePosition("at_least", p.AtLeast); err != nil {
			return 0, err
		}
	}
	switch {
	case p.Cursor != "" && p.After != "":
		return 0, fault.BadField("cursor", "is given beside after")
	case p.Cursor != "":
		return app.ParsePosition("cursor", p.Cursor)
	case p.After != "":
		return app.ParsePosition("after", p.After)
	}
	return 0, nil
}

// streamEvents reads a page of one stream. next is 0 at the end.
func (s *Server) streamEvents(ctx context.Context, stream, typ string, after app.Position, limit int) (items []gen.Event, next app.Position, err error) {
	records, err := s.Log.Load(ctx, stream, 0)
	if err != nil {
		return nil, 0, err
	}
	for _, r := range records {
		if r.Position <= after || !react.TypeMatches(typ, r.Type) {
			continue
		}
		if len(items) == limit {
			return items, after, nil
		}
		e, err := s.event(r)
		if err != nil {
			return nil, 0, err
		}
		items, after = append(items, e), r.Position
	}
	return items, 0, nil
}

// logEvents reads a page of the whole log. next is 0 at the end.
func (s *Server) logEvents(ctx context.Context, typ string, after app.Position, limit int) (items []gen.Event, next app.Position, err error) {
	chunk := scanChunk
	if typ == "" {
		chunk = limit + 1
	}
	for scanned := 0; scanned < scanBound; {
		records, err := s.Log.Read(ctx, after, chunk)
		if err != nil {
			return nil, 0, err
		}
		for _, r := range records {
			if !react.TypeMatches(typ, r.Type) {
				after = r.Position
				continue
			}
			if len(items) == limit {
				return items, after, nil
			}
			e, err := s.event(r)
			if err != nil {
				return nil, 0, err
			}
			items, after = append(items, e), r.Position
		}
		if len(records) < chunk {
			return items, 0, nil
		}
		scanned += len(records)
	}
	return items, after, nil
}

// event writes a record as a client may see it: in the newest shape, with personal values masked, whoever asks.
func (s *Server) event(r app.Record) (gen.Event, error) {
	shown, err := react.Show(s.Codec, r)
	if err != nil {
		return gen.Event{}, err
	}
	in := func(t time.Time) time.Time { return t.In(s.Zone) }
	return gen.Event{
		Id: r.ID.String(), Position: r.Position.String(), Stream: r.Stream, Version: int64(r.Version), Type: shown.Type, Schema: shown.Schema,
		RecordedAt: in(r.RecordedAt), OccurredAt: in(r.Meta.OccurredAt), ReceivedAt: in(r.Meta.ReceivedAt), Actor: r.Meta.Actor,
		OnBehalfOf: r.Meta.OnBehalfOf, Duty: r.Meta.Duty, Programme: r.Meta.Programme, ProgrammeVersion: r.Meta.ProgrammeVersion,
		Cell: r.Meta.Cell, CommandId: r.Meta.CommandID.String(), Correlation: idText(r.Meta.Correlation),
		Causation: idText(r.Meta.Causation), Data: shown.Data,
	}, nil
}

func idText(id uuid.UUID) string {
	if id == uuid.Nil {
		return ""
	}
	return id.String()
}
