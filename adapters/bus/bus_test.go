package bus_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"gridward/adapters/bus"
	"gridward/adapters/memstore"
	"gridward/app"
	"gridward/app/react"
)

// quick lets a test try again without waiting.
var quick = bus.Backoff{First: time.Microsecond, Most: time.Millisecond}

func newLog(t *testing.T) *memstore.Store {
	t.Helper()
	return memstore.New(func() time.Time { return time.Date(2026, 2, 10, 9, 0, 0, 0, time.UTC) })
}

// write appends n records, each the first of a stream of its own.
func write(t *testing.T, log app.Log, n int) {
	t.Helper()
	for range n {
		id := uuid.New()
		if _, err := log.Append(t.Context(), "s-"+id.String(), 0,
			[]app.Record{{ID: id, Type: "test.happened", Schema: 1, Data: []byte(`{"n":1}`)}}); err != nil {
			t.Fatal(err)
		}
	}
}

// start runs a router with one reaction; the answer stops it and waits until it has.
func start(t *testing.T, log app.Log, logger *zap.Logger, keep bus.Checkpoint, handle react.Handler) (stop func()) {
	t.Helper()
	router, err := bus.NewRouter(log, quick, logger, bus.Reaction{Name: "test", Handle: handle, Checkpoint: keep})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- router.Run(ctx) }()
	<-router.Running()
	return func() {
		t.Helper()
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("the router ended with %v", err)
		}
	}
}

func file(t *testing.T, log app.Log) *bus.FileCheckpoint {
	t.Helper()
	return bus.NewFileCheckpoint(filepath.Join(t.TempDir(), "test.checkpoint"), log.ID())
}

// fromStart is a checkpoint that stands before the first record.
func fromStart(t *testing.T, log app.Log) *bus.FileCheckpoint {
	t.Helper()
	c := file(t, log)
	if err := c.Save(t.Context(), 0); err != nil {
		t.Fatal(err)
	}
	return c
}

func positions(from, to app.Position) []app.Position {
	var all []app.Position
	for p := from; p <= to; p++ {
		all = append(all, p)
	}
	return all
}

func TestEveryRecordComesInOrderOneAtATime(t *testing.T) {
	log := newLog(t)
	write(t, log, 600)
	var seen []app.Position
	var busy atomic.Int32
	done := make(chan struct{})
	stop := start(t, log, zap.NewNop(), fromStart(t, log), func(_ context.Context, r app.Record) error {
		if busy.Add(1) != 1 {
			t.Error("two records at once")
		}
		defer busy.Add(-1)
		if seen = append(seen, r.Position); r.Position == 700 {
			close(done)
		}
		return nil
	})
	write(t, log, 100)
	<-done
	stop()
	if !slices.Equal(seen, positions(1, 700)) {
		t.Errorf("seen: %v", seen)
	}
}

func TestAReactionGoesOnBehindItsCheckpoint(t *testing.T) {
	log := newLog(t)
	keep := fromStart(t, log)
	for round := range app.Position(3) {
		var seen []app.Position
		first, last := round*5+1, round*5+5
		done := make(chan struct{})
		stop := start(t, log, zap.NewNop(), keep, func(_ context.Context, r app.Record) error {
			if seen = append(seen, r.Position); r.Position == last {
				close(done)
			}
			return nil
		})
		write(t, log, 5)
		<-done
		stop()
		if !slices.Equal(seen, positions(first, last)) {
			t.Errorf("round %d saw %v", round, seen)
		}
		if at, found, err := keep.Load(t.Context()); at != last || !found || err != nil {
			t.Errorf("round %d left the checkpoint at %d, %v, %v", round, at, found, err)
		}
	}
}

func TestARecordThatWasNotHandledComesAgainAfterARestart(t *testing.T) {
	log := newLog(t)
	write(t, log, 3)
	keep := fromStart(t, log)
	tried := make(chan struct{}, 1)
	stop := start(t, log, zap.NewNop(), keep, func(_ context.Context, r app.Record) error {
		if r.Position < 3 {
			return nil
		}
		select {
		case tried <- struct{}{}:
		default:
		}
		return errors.New("nobody answers")
	})
	<-tried
	stop()
	if at, _, err := keep.Load(t.Context()); at != 2 || err != nil {
		t.Fatalf("the checkpoint stands at %d, %v", at, err)
	}
	again := make(chan app.Position, 3)
	stop = start(t, log, zap.NewNop(), keep, func(_ context.Context, r app.Record) error { again <- r.Position; return nil })
	if p := <-again; p != 3 {
		t.Errorf("it went on with %d", p)
	}
	stop()
}

func TestAFailingHandlerIsTriedUntilItWorksAndEveryFailureIsLogged(t *testing.T) {
	for name, fail := range map[string]func(){
		"an error": nil,
		"a panic":  func() { panic("boom") },
	} {
		t.Run(name, func(t *testing.T) {
			log := newLog(t)
			write(t, log, 2)
			core, said := observer.New(zap.ErrorLevel)
			const failures = 20
			tries := 0
			done := make(chan app.Position, 2)
			stop := start(t, log, zap.New(core), fromStart(t, log), func(_ context.Context, r app.Record) error {
				if r.Position == 1 {
					if tries++; tries <= failures {
						if fail != nil {
							fail()
						}
						return fmt.Errorf("try %d failed", tries)
					}
				}
				done <- r.Position
				return nil
			})
			if a, b := <-done, <-done; a != 1 || b != 2 {
				t.Errorf("handled %d, then %d", a, b)
			}
			stop()
			if said.Len() != failures {
				t.Errorf("%d failures, %d of them logged", failures, said.Len())
			}
		})
	}
}

func TestWithoutACheckpointItBeginsWithWhatComesNext(t *testing.T) {
	log := newLog(t)
	write(t, log, 50)
	seen := make(chan app.Position, 2)
	stop := start(t, log, zap.NewNop(), file(t, log), func(_ context.Context, r app.Record) error { seen <- r.Position; return nil })
	write(t, log, 1)
	if p := <-seen; p != 51 {
		t.Errorf("it began with %d", p)
	}
	stop()
}

// flaky is a log that cannot be read for a while.
type flaky struct {
	app.Log
	failures atomic.Int32
}

func (f *flaky) Read(ctx context.Context, after app.Position, limit int) ([]app.Record, error) {
	if f.failures.Add(-1) >= 0 {
		return nil, errors.New("input/output error")
	}
	return f.Log.Read(ctx, after, limit)
}

func TestALogThatCannotBeReadIsReadLater(t *testing.T) {
	log := &flaky{Log: newLog(t)}
	log.failures.Store(7)
	write(t, log, 1)
	core, said := observer.New(zap.ErrorLevel)
	seen := make(chan app.Position, 1)
	stop := start(t, log, zap.New(core), fromStart(t, log), func(_ context.Context, r app.Record) error { seen <- r.Position; return nil })
	if p := <-seen; p != 1 {
		t.Errorf("position %d came", p)
	}
	stop()
	if n := said.FilterMessage("the log cannot be read").Len(); n != 7 {
		t.Errorf("%d of 7 failures were logged", n)
	}
}

func TestTheLiveFeedReachesAListenerThroughTheRouter(t *testing.T) {
	log := newLog(t)
	write(t, log, 3)
	hub := react.NewHub(log)
	stop := start(t, log, zap.NewNop(), file(t, log), react.LiveFeed(hub))
	feed, err := hub.Subscribe(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	write(t, log, 2)
	for want := app.Position(2); want <= 5; want++ {
		if r := <-feed; r.Position != want || string(r.Data) != `{"n":1}` {
			t.Errorf("%d came with %s, want %d", r.Position, r.Data, want)
		}
	}
	stop()
}

func TestACheckpointFile(t *testing.T) {
	log := newLog(t)
	dir := t.TempDir()
	path := filepath.Join(dir, "x.checkpoint")
	keep := bus.NewFileCheckpoint(path, log.ID())
	if _, found, err := keep.Load(t.Context()); found || err != nil {
		t.Errorf("a file that is not there: %v, %v", found, err)
	}
	for _, p := range []app.Position{7, 9} {
		if err := keep.Save(t.Context(), p); err != nil {
			t.Fatal(err)
		}
	}
	if at, found, err := keep.Load(t.Context()); at != 9 || !found || err != nil {
		t.Errorf("loaded %d, %v, %v", at, found, err)
	}
	if _, found, err := bus.NewFileCheckpoint(path, uuid.New()).Load(t.Context()); found || err != nil {
		t.Errorf("another log's file counts: %v, %v", found, err)
	}
	if err := os.WriteFile(path, []byte("not json"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, _, err := keep.Load(t.Context()); err == nil {
		t.Error("a broken file was taken")
	}
	if err := bus.NewFileCheckpoint(filepath.Join(dir, "none", "x"), log.ID()).Save(t.Context(), 1); err == nil {
		t.Error("saved into a directory that is not there")
	}
}
