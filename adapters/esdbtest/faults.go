package esdbtest

import (
	"net"
	"sync"
	"sync/atomic"
)

// faults is what is wrong with the server now.
type faults struct {
	stalled    atomic.Bool  // calls are taken and never answered
	cut        atomic.Int64 // reads break after so many events, if above 0
	lose       atomic.Int64 // so many appends are kept, and their connections break before the answer
	drop       atomic.Int64 // so many appends break before they are kept
	placeless  atomic.Bool  // repeated appends are answered without a position
	noPosition atomic.Bool  // reads of a stream give no positions
	follower   atomic.Value // the address of the leader: this node is a follower
	refuse     atomic.Value // an error to answer appends with
	repeats    atomic.Value // an error to answer repeated appends with
	unguarded  atomic.Int64 // appends that named no version

	mu      sync.Mutex
	release chan struct{} // closed when stalled calls may go
}

// Stall has the server take calls and answer none, until Flow or Stop.
func (s *Server) Stall() { s.faults.stalled.Store(true) }

// Flow ends Stall.
func (s *Server) Flow() {
	s.faults.mu.Lock()
	defer s.faults.mu.Unlock()
	s.faults.stalled.Store(false)
	close(s.faults.release)
	s.faults.release = make(chan struct{})
}

func (f *faults) released() <-chan struct{} {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.release
}

// CutReads has every read break after so many events; 0 ends that.
func (s *Server) CutReads(after int) { s.faults.cut.Store(int64(after)) }

// LoseAnswers has the connection break once so many of the next appends are kept, before each is answered.
func (s *Server) LoseAnswers(n int) { s.faults.lose.Store(int64(n)) }

// DropAppends has the connection break at the next n appends; nothing of them is kept.
func (s *Server) DropAppends(n int) { s.faults.drop.Store(int64(n)) }

// RepeatWithoutPlace has repeated appends answered without a position, as a server may that has to look in its index.
func (s *Server) RepeatWithoutPlace(on bool) { s.faults.placeless.Store(on) }

// ReadWithoutPositions has reads of a stream give no commit positions, as some versions do.
func (s *Server) ReadWithoutPositions(on bool) { s.faults.noPosition.Store(on) }

// Follow makes the node a follower of the one at that address; "" makes it a leader again.
func (s *Server) Follow(leader string) { s.faults.follower.Store(leader) }

// RefuseAppends has appends answered with that status; nil ends it.
func (s *Server) RefuseAppends(err error) { s.faults.refuse.Store(&err) }

// RefuseRepeats has appends that are there already answered with that status; nil ends it.
func (s *Server) RefuseRepeats(err error) { s.faults.repeats.Store(&err) }

// Unguarded is how many appends came that would have gone behind any version of their stream.
func (s *Server) Unguarded() int { return int(s.faults.unguarded.Load()) }

// Break closes every connection of the server, which goes on.
func (s *Server) Break() {
	s.running.Lock()
	defer s.running.Unlock()
	if s.conns != nil {
		s.conns.cut()
	}
}

// connections is a listener that remembers what it accepted.
type connections struct {
	net.Listener
	faults *faults
	mu     sync.Mutex
	open   map[net.Conn]struct{}
}

// Accept implements net.Listener.
func (l *connections) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.open == nil {
		l.open = map[net.Conn]struct{}{}
	}
	l.open[c] = struct{}{}
	return &connection{c, l}, nil
}

func (l *connections) cut() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for c := range l.open {
		_ = c.Close() // it is to break
	}
}

type connection struct {
	net.Conn
	of *connections
}

// Close implements net.Conn.
func (c *connection) Close() error {
	c.of.mu.Lock()
	delete(c.of.open, c.Conn)
	c.of.mu.Unlock()
	return c.Conn.Close()
}
