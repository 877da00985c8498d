package commits

import (
	"context"
	"sync"

	"gridward/app"
)

// Tail is how far a log goes, for those who wait for more: what this process appends it is told at once, what others
// append by whoever listens to the log's server. It is safe for concurrent use.
type Tail struct {
	mu      sync.Mutex
	head    app.Position
	changed chan struct{} // closed and replaced whenever something of the others changes
	lost    error         // why nobody would hear of news from other nodes; nil while somebody does
	closed  bool
}

// NewTail is the tail of an empty log.
func NewTail() *Tail { return &Tail{changed: make(chan struct{})} }

func (t *Tail) change(f func() bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if f() {
		close(t.changed)
		t.changed = make(chan struct{})
	}
}

// Grow notes that there is a record at head.
func (t *Tail) Grow(head app.Position) {
	t.change(func() bool {
		grows := head > t.head
		t.head = max(t.head, head)
		return grows
	})
}

// Head is the highest position it was told of.
func (t *Tail) Head() app.Position {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.head
}

// Closed says whether End was called.
func (t *Tail) Closed() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.closed
}

// Lose wakes who waits with the reason why nobody would hear of news; nil ends that.
func (t *Tail) Lose(err error) {
	t.change(func() bool {
		t.lost = err
		return err != nil
	})
}

// End wakes who waits: the log is closed.
func (t *Tail) End() {
	t.change(func() bool {
		t.closed = true
		return true
	})
}

// now is how far the log goes, a channel that closes when that is no longer so, and an error if nobody knows.
func (t *Tail) now() (app.Position, <-chan struct{}, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed {
		return 0, nil, Closed()
	}
	return t.head, t.changed, t.lost
}

// Wait returns nil as soon as there is a record above after, ctx's error, or why nobody would hear of one.
func (t *Tail) Wait(ctx context.Context, after app.Position) error {
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		head, changed, err := t.now()
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
