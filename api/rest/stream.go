package rest

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"
	"go.uber.org/zap"

	"gridward/api/rest/gen"
	"gridward/app"
	"gridward/app/react"
)

const (
	heartbeat  = 15 * time.Second
	streamSlow = 10 * time.Second // a client that takes nothing for so long is let go
)

// StreamEvents implements GET /events/stream: server-sent events whose id is the position, so that a client that
// lost the line goes on behind the last one it saw. Without one it starts at the end of the log.
func (s *Server) StreamEvents(c echo.Context, p gen.StreamEventsParams) error {
	ctx, cancel := context.WithCancel(c.Request().Context())
	defer cancel()
	after, err := s.streamAfter(ctx, p)
	if err != nil {
		return err
	}
	records, err := s.feed.Subscribe(ctx, after)
	if err != nil {
		return err
	}
	s.metrics.streams.Inc()
	defer s.metrics.streams.Dec()
	unhurried(c, 0)
	h := c.Response().Header()
	h.Set(echo.HeaderContentType, "text/event-stream")
	h.Set(echo.HeaderCacheControl, "no-store")
	h.Set("X-Accel-Buffering", "no")
	c.Response().WriteHeader(http.StatusOK)
	if err := s.send(c, ": live\n\n"); err != nil {
		return nil //nolint:nilerr // the client has gone
	}
	beat := time.NewTicker(heartbeat)
	defer beat.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-s.closing:
			return nil
		case <-beat.C:
			err = s.send(c, ": beat\n\n")
		case r, ok := <-records:
			if !ok {
				return nil // too slow: the client comes back with the last id it saw
			}
			err = s.sendEvent(c, p.Type, r)
		}
		if err != nil {
			s.Logger.Debug("live stream ended", zap.String("request_id", requestIDOf(c)))
			return nil //nolint:nilerr // the client has gone, and the answer has begun
		}
	}
}

func (s *Server) streamAfter(ctx context.Context, p gen.StreamEventsParams) (app.Position, error) {
	switch {
	case p.LastEventID != "":
		return app.ParsePosition("Last-Event-ID", p.LastEventID)
	case p.After != "":
		return app.ParsePosition("after", p.After)
	}
	return s.Log.Head(ctx)
}

func (s *Server) sendEvent(c echo.Context, typ string, r app.Record) error {
	if !react.TypeMatches(typ, r.Type) {
		return nil
	}
	e, err := s.event(r)
	if err != nil {
		s.Logger.Error("event cannot be read", zap.String("position", r.Position.String()), zap.Error(err))
		return err
	}
	data, err := json.Marshal(e)
	if err != nil {
		return err
	}
	return s.send(c, fmt.Sprintf("id: %s\nevent: %s\ndata: %s\n\n", e.Position, e.Type, data))
}

func (s *Server) send(c echo.Context, text string) error {
	control := http.NewResponseController(c.Response())
	_ = control.SetWriteDeadline(time.Now().Add(streamSlow)) // a recorder in tests has no deadlines
	if _, err := c.Response().Write([]byte(text)); err != nil {
		return err
	}
	return control.Flush()
}

// logFeed follows the log itself.
type logFeed struct{ log app.Log }

// Subscribe implements Feed. The channel is unbuffered: a slow reader slows only its own reading.
func (f logFeed) Subscribe(ctx context.Context, after app.Position) (<-chan app.Record, error) {
	out := make(chan app.Record)
	go func() {
		defer close(out)
		for {
			records, err := f.log.Read(ctx, after, 256)
			if err != nil {
				return
			}
			for _, r := range records {
				select {
				case out <- r:
					after = r.Position
				case <-ctx.Done():
					return
				}
			}
			if len(records) == 0 && f.log.Wait(ctx, after) != nil {
				return
			}
		}
	}()
	return out, nil
}
