package pgstore

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"gridward/adapters/pgtest"
	"gridward/app"
	"gridward/domain/fault"
)

// answers is what callers were told of the records they appended.
type answers struct {
	mu                    sync.Mutex
	acknowledged, refused map[uuid.UUID]bool
}

func (a *answers) note(records []app.Record, err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, r := range records {
		if err == nil {
			a.acknowledged[r.ID] = true
		} else {
			a.refused[r.ID] = true
		}
	}
}

// little tells whether too little has happened yet to prove anything.
func (a *answers) little() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.acknowledged) < 500 || len(a.refused) == 0
}

// appendUntil appends to a stream of its own, one and three records in turn, until told to stop. What is refused as
// unavailable is not tried again: it must not be there. Any other error is a fault.
func (a *answers) appendUntil(t *testing.T, s *Store, name string, stop *atomic.Bool) {
	version := uint64(0)
	for n := 0; !stop.Load(); n += 4 {
		records := []app.Record{rec(name, n), rec(name, n+1), rec(name, n+2)}
		if n%8 == 0 {
			records = records[:1]
		}
		got, err := s.Append(context.Background(), name, version, records)
		if err == nil {
			a.note(records, nil)
			version = got.Version
			continue
		}
		e, ok := fault.As(err)
		if !ok || e.Kind != fault.Unavailable || e.RetryAfter <= 0 {
			t.Errorf("append to %s: %v", name, err)
			return
		}
		a.note(records, err)
		time.Sleep(5 * time.Millisecond)
	}
}

// TestKilledServerKeepsWhatItAcknowledged kills the server under load and starts it again, round after round, in the
// way of a crash and in order, and holds that what was acknowledged is there once and what was refused is not.
func TestKilledServerKeepsWhatItAcknowledged(t *testing.T) {
	server := pgtest.StartServer(t)
	url := server.Database(t)
	nodes := []*Store{open(t, url, Options{}), open(t, url, Options{})}
	a := &answers{acknowledged: map[uuid.UUID]bool{}, refused: map[uuid.UUID]bool{}}
	var stop atomic.Bool
	var all sync.WaitGroup
	for n, s := range nodes {
		for g := range 12 {
			all.Go(func() { a.appendUntil(t, s, fmt.Sprintf("%d/%d", n, g), &stop) })
		}
	}
	for round := 0; round < 6 || a.little() && round < 40; round++ { // a busy machine needs more
		time.Sleep(time.Duration(100+37*(round%6)) * time.Millisecond)
		if round%3 == 2 {
			server.Shutdown(t)
		} else {
			server.Kill(t)
		}
		time.Sleep(50 * time.Millisecond)
		server.Run(t)
	}
	time.Sleep(200 * time.Millisecond)
	stop.Store(true)
	all.Wait()

	seen := map[uuid.UUID]bool{}
	for _, r := range wantVersions(t, nodes[0], nil) {
		seen[r.ID] = true
	}
	for id := range a.acknowledged {
		if !seen[id] {
			t.Fatalf("%s was acknowledged and is gone", id)
		}
	}
	for id := range a.refused {
		if seen[id] {
			t.Fatalf("%s was refused and is there", id)
		}
	}
	if len(seen) != len(a.acknowledged) {
		t.Fatalf("%d records are there, %d were acknowledged", len(seen), len(a.acknowledged))
	}
	if a.little() {
		t.Fatalf("only %d records were acknowledged and %d refused: this proves little", len(a.acknowledged), len(a.refused))
	}
	t.Logf("%d acknowledged, %d refused", len(a.acknowledged), len(a.refused))
}

// While the server is gone nobody is left in the dark: whoever reads, waits or appends is told, and all go on when it
// is back.
func TestALostServerIsSaidAndFoundAgain(t *testing.T) {
	server := pgtest.StartServer(t)
	s := open(t, server.Database(t), Options{})
	ctx := context.Background()
	head := mustAppend(t, s, "a", 0, rec("a", 1)).Position
	waiting := make(chan error, 1)
	go func() { waiting <- s.Wait(ctx, head) }()
	server.Shutdown(t)

	wantUnavailable(t, <-waiting, "log_unreachable")
	_, err := s.Load(ctx, "a", 0)
	wantUnavailable(t, err, "log_unreadable")
	_, err = s.Read(ctx, 0, 10)
	wantUnavailable(t, err, "log_unreadable")
	_, err = s.Head(ctx)
	wantUnavailable(t, err, "log_unreadable")
	time.Sleep(idle + 100*time.Millisecond) // a connection that was not used is looked at first
	_, err = s.Append(ctx, "a", 1, []app.Record{rec("a", 2)})
	wantUnavailable(t, err, "log_unreachable")

	server.Run(t)
	mustAppend(t, s, "a", 1, rec("a", 3))
	wantVersions(t, s, map[string]uint64{"a": 2})
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	for err = errors.New("none yet"); err != nil && ctx.Err() == nil; {
		err = s.Wait(ctx, head)
	}
	if err != nil {
		t.Error(err)
	}
}

// An append whose fate is not known when the store is closed is not called refused.
func TestCloseDoesNotGuess(t *testing.T) {
	server := pgtest.StartServer(t)
	p := newProxy(t, server.Addr())
	s := open(t, p.url(t, server.Database(t)), Options{})
	mustAppend(t, s, "a", 0, rec("a", 1))
	server.Kill(t)
	done := make(chan error, 1)
	p.refuse()
	go func() { done <- second(s.Append(context.Background(), "a", 1, []app.Record{rec("a", 2)})) }()
	for !s.writer.queue.Refusing() {
		time.Sleep(time.Millisecond)
	}
	_, err := s.Append(context.Background(), "b", 0, []app.Record{rec("b", 1)})
	wantUnavailable(t, err, "log_unreachable")
	mustClose(t, s)
	err = <-done
	if _, known := fault.As(err); err == nil || known {
		t.Errorf("got %v, want an error that says nothing is known", err)
	}
}
