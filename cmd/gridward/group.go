package main

import (
	"context"
	"errors"
	"sync"
	"time"

	"go.uber.org/zap"

	"gridward/adapters/bus"
	"gridward/app"
)

// retryPause is how long whoever follows the log waits before it tries again.
var retryPause = bus.Backoff{First: 100 * time.Millisecond, Most: 30 * time.Second}

// group is goroutines that are waited for together.
type group struct{ all sync.WaitGroup }

// run starts one; when it ends with an error of its own, that is logged.
func (g *group) run(ctx context.Context, logger *zap.Logger, name string, work func(context.Context) error) {
	g.all.Go(func() {
		if err := work(ctx); err != nil && !errors.Is(err, context.Canceled) {
			logger.Error("a worker has ended", zap.String("worker", name), zap.Error(err))
		}
	})
}

func (g *group) wait() { g.all.Wait() }

// reached is how far a follower of the log has come; others wait for it. It is safe for concurrent use.
type reached struct {
	mu      sync.Mutex
	at      app.Position
	changed chan struct{}
}

func (r *reached) set(at app.Position) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.at = at
	if r.changed != nil {
		close(r.changed)
		r.changed = nil
	}
}

// wait returns once it has come that far, or with ctx's error.
func (r *reached) wait(ctx context.Context, at app.Position) error {
	for {
		r.mu.Lock()
		if r.at >= at {
			r.mu.Unlock()
			return nil
		}
		if r.changed == nil {
			r.changed = make(chan struct{})
		}
		changed := r.changed
		r.mu.Unlock()
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
