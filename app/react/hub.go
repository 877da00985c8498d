package react

import (
	"context"
	"fmt"
	"sync"

	"gridward/app"
	"gridward/domain/fault"
)

const (
	// behind is how many records a listener may lie behind the hub before it must read the log again.
	behind = 256
	// page is how many records a listener reads from the log at a time.
	page = 256
)

// Hub passes the log's records to whoever listens, each in the log's order with no gap and no double. Listeners
// that begin in the past, or cannot keep up, read the log until they have caught up; so the hub never waits for
// anyone, and a listener costs one bounded buffer. It is safe for concurrent use.
type Hub struct {
	log app.Log

	mu     sync.Mutex
	last   app.Position // of the last record told
	live   map[chan app.Record]struct{}
	closed chan struct{}
}

// NewHub makes a hub over the log it will be told of.
func NewHub(log app.Log) *Hub {
	return &Hub{log: log, live: map[chan app.Record]struct{}{}, closed: make(chan struct{})}
}

// Tell passes a record on. Records must come in order; one told before is passed over.
func (h *Hub) Tell(r app.Record) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if r.Position <= h.last {
		return
	}
	h.last = r.Position
	for l := range h.live {
		select {
		case l <- r:
		default:
			delete(h.live, l)
			close(l)
		}
	}
}

// Subscribe gives every record above after, first from the log, then as they come. The channel is closed when ctx
// ends, the hub is closed, or the log cannot be read; the listener then subscribes again behind the last record it
// has seen.
func (h *Hub) Subscribe(ctx context.Context, after app.Position) (<-chan app.Record, error) {
	select {
	case <-h.closed:
		return nil, fault.New(fault.Unavailable, "stopping", "the service is stopping")
	default:
	}
	first, err := h.log.Read(ctx, after, page)
	if err != nil {
		return nil, fmt.Errorf("feed: %w", err)
	}
	l := &listener{hub: h, at: after, out: make(chan app.Record)}
	go l.run(ctx, first)
	return l.out, nil
}

// Listeners is how many listen and have caught up.
func (h *Hub) Listeners() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.live)
}

// Close ends every subscription and refuses new ones.
func (h *Hub) Close() {
	h.mu.Lock()
	defer h.mu.Unlock()
	select {
	case <-h.closed:
	default:
		close(h.closed)
	}
}

// join makes a listener at the position a live one, unless the hub has told more than it has seen.
func (h *Hub) join(at app.Position) (chan app.Record, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.last > at {
		return nil, false
	}
	live := make(chan app.Record, behind)
	h.live[live] = struct{}{}
	return live, true
}

func (h *Hub) leave(live chan app.Record) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.live, live)
}

// listener is one subscription on its way through the log.
type listener struct {
	hub *Hub
	at  app.Position // of the last record given
	out chan app.Record
}

// run gives records from the log until there are no more, then from the hub until it falls behind, and so on.
func (l *listener) run(ctx context.Context, records []app.Record) {
	defer close(l.out)
	for {
		for len(records) > 0 {
			for _, r := range records {
				if !l.give(ctx, r) {
					return
				}
			}
			var err error
			if records, err = l.hub.log.Read(ctx, l.at, page); err != nil {
				return
			}
		}
		if live, ok := l.hub.join(l.at); ok && !l.follow(ctx, live) {
			return
		}
		var err error
		if records, err = l.hub.log.Read(ctx, l.at, page); err != nil {
			return
		}
	}
}

// follow gives what the hub tells; true means that the listener has fallen behind and reads on in the log.
func (l *listener) follow(ctx context.Context, live chan app.Record) bool {
	defer l.hub.leave(live)
	for {
		select {
		case r, ok := <-live:
			if !ok {
				return true
			}
			if r.Position > l.at && !l.give(ctx, r) {
				return false
			}
		case <-ctx.Done():
			return false
		case <-l.hub.closed:
			return false
		}
	}
}

func (l *listener) give(ctx context.Context, r app.Record) bool {
	select {
	case l.out <- r:
		l.at = r.Position
		return true
	case <-ctx.Done():
		return false
	case <-l.hub.closed:
		return false
	}
}
