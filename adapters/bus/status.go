package bus

import (
	"sync"

	"gridward/app"
)

// Status is what a relay says of itself.
type Status struct {
	At        app.Position // everything up to here is delivered, parked or not for this receiver
	Delivered uint64       // since the start, repeats among them
	Failures  uint64       // since the start
	Err       error        // why it is held up; nil while it moves
}

// state is a Status that is kept up to date. It is safe for concurrent use.
type state struct {
	mu  sync.Mutex
	now Status
}

func (s *state) begun(at app.Position) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now.At = at
}

func (s *state) reached(at app.Position) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now.At, s.now.Err = at, nil
}

func (s *state) delivered(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now.Delivered += uint64(n)
}

func (s *state) failed(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.now.Failures++
	s.now.Err = err
}

// Status is how the relay does now.
func (r *Relay) Status() Status {
	r.state.mu.Lock()
	defer r.state.mu.Unlock()
	return r.state.now
}
