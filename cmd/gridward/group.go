package main

import (
	"context"
	"errors"
	"sync"
	"time"

	"go.uber.org/zap"

	"gridward/adapters/bus"
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
