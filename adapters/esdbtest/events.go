package esdbtest

import (
	"bytes"
	"strconv"
	"time"

	"github.com/google/uuid"
)

// Positions are places in a file: they begin behind its header and jump by the size of what is written.
const (
	firstPlace = 512
	overhead   = 57
)

// event is one event as the server keeps it.
type event struct {
	id         uuid.UUID
	stream     string
	revision   uint64
	place      uint64
	system     map[string]string // type, content-type, created
	custom     []byte
	data       []byte
	sequential int // its index in $all
}

// proposed is an event that somebody wants to be kept.
type proposed struct {
	id     uuid.UUID
	system map[string]string
	custom []byte
	data   []byte
}

// expectation is what an append asks of its stream.
type expectation struct {
	any, exists, none bool
	revision          uint64
}

// outcome is what became of an append.
type outcome struct {
	wrong     bool // the stream is elsewhere
	empty     bool // there is no stream
	revision  uint64
	place     uint64
	placeless bool
	again     bool // it was there before
}

// Put keeps an event of any kind, also one that no append would take, and gives its place.
func (s *Server) Put(stream, typ string, data, custom []byte) uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.keep(stream, proposed{id: uuid.New(), system: map[string]string{"type": typ, "content-type": "application/json"}, data: data, custom: custom}).place
}

// Count is the number of events in the stream.
func (s *Server) Count(stream string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.streams[stream])
}

// Events is the number of events in all streams, the server's own too.
func (s *Server) Events() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.all)
}

// keep puts an event at the end. The lock is held.
func (s *Server) keep(stream string, p proposed) *event {
	system := map[string]string{"created": strconv.FormatInt(s.o.Clock().UnixNano()/int64(100*time.Nanosecond), 10)}
	for k, v := range p.system {
		system[k] = v
	}
	e := &event{id: p.id, stream: stream, revision: uint64(len(s.streams[stream])), place: s.end, system: system,
		custom: bytes.Clone(p.custom), data: bytes.Clone(p.data), sequential: len(s.all)}
	s.end += uint64(overhead + 2*len(stream) + len(p.custom) + len(p.data))
	s.all = append(s.all, e)
	s.streams[stream] = append(s.streams[stream], e)
	close(s.changed)
	s.changed = make(chan struct{})
	return e
}

// append is what the server does with an append: whole or not at all. An append behind which its stream already goes
// on with the very ids it brings is answered as it was the first time.
func (s *Server) append(stream string, want expectation, events []proposed) outcome {
	s.mu.Lock()
	defer s.mu.Unlock()
	there := s.streams[stream]
	n := uint64(len(there))
	next := want.revision + 1
	switch {
	case want.any:
		next = n
	case want.exists:
		if n == 0 {
			return outcome{wrong: true, empty: true}
		}
		next = n
	case want.none:
		next = 0
	}
	if next != n {
		if last := repeated(there, next, events); last != nil {
			return outcome{again: true, revision: last.revision, place: last.place, placeless: s.faults.placeless.Load()}
		}
		return outcome{wrong: true, empty: n == 0, revision: n - 1}
	}
	var last *event
	for _, p := range events {
		last = s.keep(stream, p)
	}
	if last == nil {
		return outcome{empty: n == 0, revision: n - 1, placeless: true}
	}
	return outcome{revision: last.revision, place: last.place}
}

// repeated is the last of the events if they are in the stream from next on, in this order.
func repeated(there []*event, next uint64, events []proposed) (last *event) {
	for i, p := range events {
		at := next + uint64(i)
		if at >= uint64(len(there)) || there[at].id != p.id {
			return nil
		}
		last = there[at]
	}
	return last
}

// page gives up to count events of a stream from an index on, or before it when backwards.
func page(there []*event, from int, count uint64, backwards bool) []*event {
	var out []*event
	if backwards {
		for i := min(from, len(there)) - 1; i >= 0 && uint64(len(out)) < count; i-- {
			out = append(out, there[i])
		}
		return out
	}
	if from >= len(there) {
		return nil
	}
	rest := there[from:]
	if uint64(len(rest)) > count {
		rest = rest[:count]
	}
	return append(out, rest...)
}
