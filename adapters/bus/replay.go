package bus

import (
	"context"
	"fmt"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"
	"go.uber.org/zap"

	"gridward/app"
	"gridward/app/react"
	"gridward/domain/fault"
)

// Park is when a reaction gives a record up for the time being: after so many tries the record is parked, and those
// behind it go on. What fails because something is unavailable (fault.Unavailable) is tried until it works: that is
// not the record's fault.
type Park struct {
	In       react.Parking
	Attempts int // 1 at least
	Clock    func() time.Time
}

// middleware parks what failed so often. What cannot be parked either is refused, and comes again.
func (p *Park) middleware(logger *zap.Logger) message.HandlerMiddleware {
	return func(handle message.HandlerFunc) message.HandlerFunc {
		return func(msg *message.Message) ([]*message.Message, error) {
			out, err := handle(msg)
			if err == nil || msg.Context().Err() != nil || !parkable(err) {
				return out, err
			}
			return nil, p.put(recordOf(msg), err, p.Attempts, logger)
		}
	}
}

// parkable reports whether the record is at fault rather than something that will come back.
func parkable(err error) bool {
	f, ok := fault.As(err)
	return !ok || f.Kind != fault.Unavailable
}

func (p *Park) put(r app.Record, cause error, attempts int, logger *zap.Logger) error {
	err := p.In.Put(react.Parked{Position: r.Position, Record: r.ID, Type: r.Type, Stream: r.Stream,
		Error: cause.Error(), Attempts: attempts, ParkedAt: p.Clock().UTC()})
	if err == nil {
		logger.Error("a record was parked", zap.Error(cause), zap.Stringer("position", r.Position), zap.String("stream", r.Stream), zap.Int("attempts", attempts))
	}
	return err
}

// lookForRequests is how often the parking is looked at.
const lookForRequests = time.Second

// Replay tries the parked records again that somebody asked for (Parking.Ask), until ctx ends: each once, beside what
// the router does and out of the log's order, which a handler must bear. One that fails again stays parked.
func Replay(ctx context.Context, log app.Log, r Reaction, logger *zap.Logger) error {
	logger = logger.With(zap.String("reaction", r.Name))
	look := time.NewTicker(lookForRequests)
	defer look.Stop()
	for failing := false; ; {
		err := ReplayAsked(ctx, log, r, logger)
		if ctx.Err() != nil {
			return nil
		}
		if err != nil && !failing {
			logger.Error("parked records cannot be tried again", zap.Error(err))
		}
		failing = err != nil
		select {
		case <-look.C:
		case <-ctx.Done():
			return nil
		}
	}
}

// ReplayAsked is one look at the parking.
func ReplayAsked(ctx context.Context, log app.Log, r Reaction, logger *zap.Logger) error {
	parked, err := r.Park.In.List()
	if err != nil {
		return err
	}
	for _, p := range parked {
		if !p.Asked {
			continue
		}
		if err := replayOne(ctx, log, r, p, logger); err != nil {
			return err
		}
	}
	return nil
}

func replayOne(ctx context.Context, log app.Log, r Reaction, p react.Parked, logger *zap.Logger) error {
	records, err := log.Read(ctx, p.Position-1, 1)
	if err != nil {
		return err
	}
	if len(records) == 0 || records[0].Position != p.Position {
		return fmt.Errorf("there is no record at position %s", p.Position)
	}
	err = handled(ctx, r.Handle, records[0])
	if err != nil && (ctx.Err() != nil || !parkable(err)) {
		return err // the request stands
	}
	if err == nil {
		logger.Info("a parked record was handled", zap.Stringer("position", p.Position))
		return r.Park.In.Answer(p.Position, true)
	}
	if err := r.Park.put(records[0], err, p.Attempts+1, logger); err != nil {
		return err
	}
	return r.Park.In.Answer(p.Position, false)
}

// handled is one try; a panic counts as a failure, as it does in the router.
func handled(ctx context.Context, handle func(context.Context, app.Record) error, r app.Record) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	return handle(ctx, r)
}
