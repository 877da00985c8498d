package main

import (
	"context"
	"sync"
	"time"

	"gridward/app"
	"gridward/domain/fault"
)

// rehearsal is a clock that stands still and moves only forward, when told. It is safe for concurrent use.
type rehearsal struct {
	mu  sync.Mutex
	now time.Time
}

// resume moves the clock to the log's last record if that is later than what it shows: time does not go back when
// the program is started again.
func (c *rehearsal) resume(ctx context.Context, log app.Log) error {
	head, err := log.Head(ctx)
	if err != nil || head == 0 {
		return err
	}
	last, err := log.Read(ctx, head-1, 1)
	if err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, r := range last {
		if r.RecordedAt.After(c.now) {
			c.now = r.RecordedAt
		}
	}
	return nil
}

// Now is the instant the clock shows.
func (c *rehearsal) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// set moves the clock forward; to an earlier instant it stays.
func (c *rehearsal) set(to time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if to.After(c.now) {
		c.now = to
	}
}

// Advance moves the clock forward, from one instant at which something is due to the next, so that all of it is recorded
// when it is due, and returns when the views show it. What follows from earlier commands is finished first: settled
// returns then. To an earlier instant it is refused (conflict: clock_backward).
func (c *rehearsal) Advance(ctx context.Context, to time.Time, s *app.Scheduler, settled func(context.Context) error) error {
	if now := c.Now(); to.Before(now) {
		return fault.New(fault.Conflict, "clock_backward", "the clock shows %s already and moves only forward", now.Format(time.RFC3339))
	}
	if err := settled(ctx); err != nil {
		return err
	}
	last := time.Time{}
	for {
		at, ok, err := s.Next(ctx, to)
		if err != nil {
			return err
		}
		if !ok || !at.After(last) { // what is still due then is stuck
			break
		}
		c.set(at)
		if err := s.CatchUp(ctx, at); err != nil {
			return err
		}
		last = at
	}
	c.set(to)
	return s.CatchUp(ctx, to)
}
