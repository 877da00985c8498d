package esdb

import (
	"context"
	"sync"
	"time"

	"gridward/app"
	"gridward/app/commits"
	"gridward/domain/fault"
)

// The tail looks at the log's end by itself: what this process appends it knows at once, what others append within
// poll. A subscription would bring every record once more, begins at the end unless it is told otherwise, and does not
// come back by itself when it is dropped. A look that fails is followed by the next after retryLook.
const (
	poll      = 200 * time.Millisecond
	retryLook = 500 * time.Millisecond
)

// tail is how far the log goes, and what else is known of its end.
type tail struct {
	*commits.Tail
	mu       sync.Mutex
	head     app.Position
	recorded time.Time    // of the record at head, or later
	seen     app.Position // no record is between head and here, only what is the server's
}

func newTail() *tail { return &tail{Tail: commits.NewTail()} }

// saw notes that the last record at or before seen is at head.
func (t *tail) saw(seen, head app.Position, recorded time.Time) {
	t.mu.Lock()
	t.head = max(t.head, head)
	if recorded.After(t.recorded) {
		t.recorded = recorded
	}
	t.seen = max(t.seen, seen, t.head)
	t.mu.Unlock()
	t.Grow(head)
}

// known is the last record that was seen, when it was recorded, and up to where that is certain.
func (t *tail) known() (head app.Position, recorded time.Time, seen app.Position) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.head, t.recorded, t.seen
}

// Wait implements app.Log. While the server cannot be reached it is an error of kind Unavailable.
func (s *Store) Wait(ctx context.Context, after app.Position) error { return s.tail.Wait(ctx, after) }

// follow looks at the end of the log until ctx ends.
func (s *Store) follow(ctx context.Context) {
	for ctx.Err() == nil {
		pause := poll
		if _, err := s.Head(ctx); err != nil {
			e := fault.New(fault.Unavailable, "log_unreachable", "the log's server cannot be reached")
			e.RetryAfter, e.Cause = retryLook, err
			s.tail.Lose(e)
			pause = retryLook
		} else {
			s.tail.Lose(nil)
		}
		timer := time.NewTimer(pause)
		select {
		case <-timer.C:
		case <-ctx.Done():
		}
		timer.Stop()
	}
}
