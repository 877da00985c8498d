package esdb

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"gridward/adapters/esdbtest"
	"gridward/domain/fault"
)

// Who may append no more does not, neither what waits nor what is on its way; when it may again, it does.
func TestNothingIsSentWhenTheTermIsOver(t *testing.T) {
	server := esdbtest.Start(t, esdbtest.Options{})
	var term atomic.Pointer[context.Context]
	begin := func() (end func()) {
		ctx, cancel := context.WithCancel(t.Context())
		term.Store(&ctx)
		return cancel
	}
	end := begin()
	var batches atomic.Int64
	s := mustOpen(t, server.URL(), Options{
		Term:  func() context.Context { return *term.Load() },
		Clock: func() time.Time { batches.Add(1); return time.Now() },
	})
	refused := func(err error, code string) {
		t.Helper()
		if f, ok := fault.As(err); !ok || f.Kind != fault.Unavailable || f.Code != code {
			t.Errorf("got %v, want %s", err, code)
		}
	}
	mustAppend(t, s, "a", 0, one("a", 1))

	server.Stall()
	begun := make(chan error)
	go func() {
		_, err := s.Append(testContext(t), "a", 1, one("a", 2))
		begun <- err
	}()
	eventually(t, func() error {
		if batches.Load() < 2 {
			return errors.New("it is not on its way yet")
		}
		return nil
	})
	time.Sleep(100 * time.Millisecond) // it is sent
	end()
	refused(<-begun, "log_outcome_unknown")
	server.Flow()
	_, err := s.Append(testContext(t), "b", 0, one("b", 1))
	refused(err, "not_leading")

	begin()
	mustAppend(t, s, "b", 0, one("b", 1))
	if a, b := server.Count("a"), server.Count("b"); a != 1 || b != 1 {
		t.Errorf("the streams have %d and %d events", a, b)
	}
}
