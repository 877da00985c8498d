// Package memstore keeps the log in memory: the real store of tests, and of whatever stands in for a server there.
// It passes adapters/storetest like every other store; what it lacks is durability.
package memstore

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"
	"gridward/app"
	"gridward/domain/fault"
)

// Store is an app.Log in memory. It is safe for concurrent use.
type Store struct {
	id  uuid.UUID
	now func() time.Time

	mu      sync.RWMutex
	records []app.Record // the record at position p is records[p-1]
	streams map[string]*stream
	changed chan struct{} // closed and replaced whenever the log grows
	closed  bool
}

type stream struct {
	places   []app.Position // by version-1
	versions map[uuid.UUID]uint64
}

var _ app.Log = (*Store)(nil)

// New makes an empty log whose clock is now.
func New(now func() time.Time) *Store {
	return &Store{id: uuid.New(), now: now, streams: map[string]*stream{}, changed: make(chan struct{})}
}

// Append implements app.Log.
func (s *Store) Append(ctx context.Context, name string, expected uint64, records []app.Record) (app.Appended, error) {
	if err := app.CheckAppend(name, records); err != nil {
		return app.Appended{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.usable(ctx); err != nil {
		return app.Appended{}, err
	}
	st := s.streams[name]
	if st == nil {
		st = &stream{versions: map[uuid.UUID]uint64{}}
	}
	known := 0
	for i := range records {
		if _, ok := st.versions[records[i].ID]; ok {
			known++
		}
	}
	current := uint64(len(st.places))
	if known == len(records) {
		version := st.versions[records[known-1].ID]
		return s.place(version, st.places[version-1]), nil
	}
	if known > 0 || expected != current {
		return app.Appended{}, &app.VersionConflict{Stream: name, Expected: expected, Current: current}
	}
	s.streams[name] = st
	at := s.now().UTC().Truncate(time.Microsecond)
	if n := len(s.records); n > 0 && at.Before(s.records[n-1].RecordedAt) {
		at = s.records[n-1].RecordedAt
	}
	for _, r := range records {
		current++
		r.Stream, r.Version, r.RecordedAt = name, current, at
		r.Position = app.Position(len(s.records) + 1)
		r.Data = slices.Clone(r.Data)
		s.records = append(s.records, r)
		st.places = append(st.places, r.Position)
		st.versions[r.ID] = current
	}
	close(s.changed)
	s.changed = make(chan struct{})
	return s.place(current, st.places[current-1]), nil
}

func (s *Store) place(version uint64, p app.Position) app.Appended {
	return app.Appended{Version: version, Position: p, RecordedAt: s.records[p-1].RecordedAt}
}

// Load implements app.Log.
func (s *Store) Load(ctx context.Context, name string, after uint64) ([]app.Record, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if err := s.usable(ctx); err != nil {
		return nil, err
	}
	st := s.streams[name]
	if st == nil || after >= uint64(len(st.places)) {
		return nil, nil
	}
	out := make([]app.Record, 0, uint64(len(st.places))-after)
	for _, p := range st.places[after:] {
		out = append(out, given(s.records[p-1]))
	}
	return out, nil
}

// Read implements app.Log.
func (s *Store) Read(ctx context.Context, after app.Position, limit int) ([]app.Record, error) {
	if limit <= 0 {
		return nil, fmt.Errorf("read of %d records", limit)
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	if err := s.usable(ctx); err != nil {
		return nil, err
	}
	if after >= app.Position(len(s.records)) {
		return nil, nil
	}
	rest := s.records[after:]
	rest = rest[:min(limit, len(rest))]
	out := make([]app.Record, 0, len(rest))
	for _, r := range rest {
		out = append(out, given(r))
	}
	return out, nil
}

// given is the record with bytes of its own, so that no reader can change the log.
func given(r app.Record) app.Record {
	r.Data = slices.Clone(r.Data)
	return r
}

// Head implements app.Log.
func (s *Store) Head(ctx context.Context) (app.Position, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return app.Position(len(s.records)), s.usable(ctx)
}

// Wait implements app.Log.
func (s *Store) Wait(ctx context.Context, after app.Position) error {
	for {
		s.mu.RLock()
		err, grown, changed := s.usable(ctx), app.Position(len(s.records)) > after, s.changed
		s.mu.RUnlock()
		if err != nil || grown {
			return err
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// ID implements app.Log.
func (s *Store) ID() uuid.UUID { return s.id }

// Close ends the store: every later call fails, and whoever waits is woken with that error.
func (s *Store) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.closed {
		s.closed = true
		close(s.changed)
		s.changed = make(chan struct{})
	}
	return nil
}

func (s *Store) usable(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if s.closed {
		return fault.New(fault.Unavailable, "log_closed", "the log is closed")
	}
	return nil
}
