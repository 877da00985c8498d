// Package bus carries effects outward, message by message: a Watermill subscriber over the log feeds a router whose
// handlers are plain functions of app/react. Views do not go through it.
package bus

import (
	"fmt"

	"github.com/ThreeDotsLabs/watermill"
	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/ThreeDotsLabs/watermill/message/router/middleware"
	"go.uber.org/zap"

	"gridward/app"
	"gridward/app/react"
)

// Reaction is one handler with the checkpoint it goes on from.
type Reaction struct {
	Name       string // unique, for the logs
	Handle     react.Handler
	Checkpoint Checkpoint
	Park       *Park // nil: a record is tried until it works, and those behind it wait
}

// untilItWorks makes Watermill's Retry try without a limit: it allows one try more than this, and takes none
// for no limit.
const untilItWorks = -1

// NewRouter makes the router that feeds each reaction with the log's records in order, each from its own
// checkpoint. A handler that fails or panics is tried again with growing pauses until it works, it is parked, or the
// router stops; every failure is logged. Run it until its context ends.
func NewRouter(log app.Log, pause Backoff, logger *zap.Logger, reactions ...Reaction) (*message.Router, error) {
	router, err := message.NewRouter(message.RouterConfig{}, zapLogger{logger})
	if err != nil {
		return nil, fmt.Errorf("router: %w", err)
	}
	for _, r := range reactions {
		logger := logger.With(zap.String("reaction", r.Name))
		handler := router.AddConsumerHandler(r.Name, "log", NewSubscriber(log, r.Checkpoint, pause, logger),
			func(msg *message.Message) error { return r.Handle(msg.Context(), recordOf(msg)) })
		retry := middleware.Retry{
			MaxRetries:          untilItWorks,
			InitialInterval:     pause.First,
			MaxInterval:         pause.Most,
			Multiplier:          2,
			ResetContextOnRetry: true,
			Logger:              zapLogger{logger},
		}
		if r.Park != nil {
			retry.MaxRetries = r.Park.Attempts - 1
			handler.AddMiddleware(r.Park.middleware(logger))
		}
		handler.AddMiddleware(retry.Middleware, middleware.Recoverer)
	}
	return router, nil
}

// zapLogger lets Watermill speak through zap. What it calls info is of no interest to an operator.
type zapLogger struct{ to *zap.Logger }

func fields(in watermill.LogFields) []zap.Field {
	out := make([]zap.Field, 0, len(in)+1)
	for k, v := range in {
		out = append(out, zap.Any(k, v))
	}
	return out
}

func (l zapLogger) Error(msg string, err error, f watermill.LogFields) {
	l.to.Error(msg, append(fields(f), zap.Error(err))...)
}
func (l zapLogger) Info(msg string, f watermill.LogFields)  { l.to.Debug(msg, fields(f)...) }
func (l zapLogger) Debug(msg string, f watermill.LogFields) { l.to.Debug(msg, fields(f)...) }
func (l zapLogger) Trace(string, watermill.LogFields)       {}
func (l zapLogger) With(f watermill.LogFields) watermill.LoggerAdapter {
	return zapLogger{l.to.With(fields(f)...)}
}
