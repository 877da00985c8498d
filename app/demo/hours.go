package demo

import (
	"context"
	"errors"
	"fmt"
	"time"

	"gridward/app"
	"gridward/domain/fault"
)

// Views is what the demo asks of the views so that time passes in it: what is due on cases, which patrol periods
// have ended and what they came to.
type Views struct {
	app.Tables
	Due       func(ctx context.Context, until time.Time, limit int) ([]app.DueCase, error)
	PeriodEnd func(ctx context.Context) (at time.Time, ok bool, err error)
	// Visible returns once the tables show everything up to the position.
	Visible func(ctx context.Context, at app.Position) error
}

// hour is how often is done what time made due: at every full hour, midnights included.
const hour = time.Hour

// hours lets time pass beside the script. At every full hour it does what a running house does all the while: the
// completer's restatements of patrols told late, the scheduler's cards, escalations and closed periods, and then the
// digests of whoever was told something. What is recorded then has that hour's time.
//
// An hour follows from the log alone and comes to its end before anything later is written. So a log that ends later
// than an hour has had it, one that ends within it gets the rest, and a script that is run again skips what was.
type hours struct {
	a    *app.App
	log  app.Log
	v    Views
	tick func(time.Time) // moves the log's clock

	now       time.Time
	next      time.Time // the next hour
	scheduler *app.Scheduler
	failed    error        // what the scheduler or the completer passed over
	seen      app.Position // everything up to there was looked at by the hours before
}

// newHours lets time pass from an instant on, or from when the log ended if that is later; nil without views.
func newHours(ctx context.Context, a *app.App, log app.Log, o Options, from, ended time.Time) (*hours, error) {
	if o.Views == nil {
		return nil, nil
	}
	h := &hours{a: a, log: log, v: *o.Views, tick: o.SetClock, next: from}
	for h.next.Before(ended) {
		h.next = h.next.Add(hour)
	}
	h.scheduler = app.NewScheduler(a, app.Schedule{
		Due: h.v.Due, Visible: h.v.Visible, PeriodEnd: h.v.PeriodEnd,
		ClosePeriods: func(ctx context.Context, at, received time.Time) (app.Position, error) {
			return a.ClosePeriods(ctx, at, received, h.v.Patrols)
		},
		Clock:  func() time.Time { return h.now },
		Failed: func(what string, err error) { h.failed = errors.Join(h.failed, fmt.Errorf("%s: %w", what, err)) },
	})
	before := h.next.Add(-hour)
	return h, eachRecord(ctx, h.log, 0, func(r app.Record) error {
		if r.RecordedAt.After(before) {
			return errEnough
		}
		h.seen = r.Position // what the hours before have looked at
		return nil
	})
}

// endOf is where a log ends, and when that was recorded: a zero time for an empty one.
func endOf(ctx context.Context, log app.Log) (head app.Position, at time.Time, err error) {
	if head, err = log.Head(ctx); err != nil || head == 0 {
		return head, at, err
	}
	last, err := log.Read(ctx, head-1, 1)
	for _, r := range last {
		at = r.RecordedAt
	}
	return head, at, err
}

// pass lets time pass until before an instant, or until it itself.
func (h *hours) pass(ctx context.Context, until time.Time, inclusive bool) error {
	for h != nil && (h.next.Before(until) || inclusive && h.next.Equal(until)) {
		if err := h.strike(ctx, h.next); err != nil {
			return fmt.Errorf("demo: %s: %w", h.next.In(china).Format(time.DateTime), err)
		}
		h.next = h.next.Add(hour)
	}
	return nil
}

// strike is one hour.
func (h *hours) strike(ctx context.Context, at time.Time) error {
	h.now = at
	h.tick(at)
	head, err := h.log.Head(ctx)
	if err != nil {
		return err
	}
	if err := h.complete(ctx, head); err != nil {
		return err
	}
	if err := errors.Join(h.scheduler.CatchUp(ctx, at), h.failed); err != nil {
		return err
	}
	if head, err = h.log.Head(ctx); err != nil {
		return err
	}
	err = eachRecord(ctx, h.log, h.seen, func(r app.Record) error {
		if r.Position > head {
			return errEnough // the digests themselves
		}
		return h.a.Notify(ctx, r, china)
	})
	h.seen = max(h.seen, head)
	return err
}

// complete has the completer go through what was written since the last hour.
func (h *hours) complete(ctx context.Context, head app.Position) error {
	if err := h.v.Visible(ctx, head); err != nil {
		return err
	}
	for at := h.seen; at < head; {
		once, stop := context.WithCancel(ctx) // it would wait for more
		saved := func(reached app.Position) error { at = reached; stop(); return nil }
		err := h.a.Complete(once, at, h.v.Tables, saved, func(r app.Record, f *fault.Error) {
			h.failed = errors.Join(h.failed, fmt.Errorf("not completed: %s version %d: %w", r.Stream, r.Version, f))
		})
		stop()
		if err = errors.Join(err, ctx.Err(), h.failed); err != nil {
			return err
		}
	}
	return nil
}

var errEnough = errors.New("enough")

// eachRecord reads the log from behind a position to its end, or until do has enough.
func eachRecord(ctx context.Context, log app.Log, after app.Position, do func(app.Record) error) error {
	for {
		page, err := log.Read(ctx, after, pageOf)
		if err != nil {
			return err
		}
		for _, r := range page {
			if err := do(r); errors.Is(err, errEnough) {
				return nil
			} else if err != nil {
				return err
			}
			after = r.Position
		}
		if len(page) < pageOf {
			return nil
		}
	}
}
