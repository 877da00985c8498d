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

// tail tells those who wait how far the log goes.
type tail struct {
	mu       sync.Mutex
	head     app.Position
	recorded time.Time    // of the record at head
	seen     app.Position // no record is between head and here, only what is the server's
	changed  chan struct{}
	lost     error // why nobody would hear of news from other nodes; nil while somebody does
	closed   bool
}

func newTail() tail { return tail{changed: make(chan struct{})} }

func (t *tail) change(f func() bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if f() {
		close(t.changed)
		t.changed = make(chan struct{})
	}
}

// saw notes that the last record at or before seen is at head.
func (t *tail) saw(seen, head app.Position, recorded time.Time) {
	t.change(func() bool {
		grows := head > t.head
		if grows {
			t.head = head
		}
		if recorded.After(t.recorded) {
			t.recorded = recorded
		}
		t.seen = max(t.seen, seen, t.head)
		return grows
	})
}

func (t *tail) lose(err error) {
	t.change(func() bool {
		t.lost = err
		return err != nil
	})
}

func (t *tail) end() {
	t.change(func() bool {
		t.closed = true
		return true
	})
}

// now is how far the log goes, a channel that closes when that is no longer so, and an error if nobody knows.
func (t *tail) now() (app.Position, <-chan struct{}, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed {
		return 0, nil, commits.Closed()
	}
	return t.head, t.changed, t.lost
}

// known is the last record that was seen, when it was recorded, and up to where that is certain.
func (t *tail) known() (head app.Position, recorded time.Time, seen app.Position) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.head, t.recorded, t.seen
}

// Wait implements app.Log. While the server cannot be reached it is an error of kind Unavailable.
func (s *Store) Wait(ctx context.Context, after app.Position) error {
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		head, changed, err := s.tail.now()
		switch {
		case head > after:
			return nil
		case err != nil:
			return err
		}
		select {
		case <-changed:
		case <-ctx.Done():
		}
	}
}

// follow looks at the end of the log until ctx ends.
func (s *Store) follow(ctx context.Context) {
	for ctx.Err() == nil {
		pause := poll
		if _, err := s.Head(ctx); err != nil {
			e := fault.New(fault.Unavailable, "log_unreachable", "the log's server cannot be reached")
			e.RetryAfter, e.Cause = retryLook, err
			s.tail.lose(e)
			pause = retryLook
		} else {
			s.tail.lose(nil)
		}
		timer := time.NewTimer(pause)
		select {
		case <-timer.C:
		case <-ctx.Done():
		}
		timer.Stop()
	}
}
