package bus_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"go.uber.org/zap"

	"gridward/adapters/bus"
	"gridward/app"
	"gridward/app/react"
	"gridward/domain/fault"
)

// picky is a handler that fails with what the test says, position by position.
type picky struct {
	mu    sync.Mutex
	fails map[app.Position]error
	seen  []app.Position
	done  []app.Position
}

func (p *picky) handle(_ context.Context, r app.Record) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.seen = append(p.seen, r.Position)
	if err := p.fails[r.Position]; err != nil {
		return err
	}
	p.done = append(p.done, r.Position)
	return nil
}

// heal lets a position be handled from now on.
func (p *picky) heal(at app.Position) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.fails, at)
}

func (p *picky) handled() []app.Position {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.done)
}

func (p *picky) tries(at app.Position) (n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, seen := range p.seen {
		if seen == at {
			n++
		}
	}
	return n
}

// until waits for something another goroutine does.
func until(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); !holds(); {
		if time.Now().After(end) {
			t.Fatalf("%s did not come about", what)
		}
		time.Sleep(time.Millisecond)
	}
}

func parkingReaction(t *testing.T, log app.Log, dir string, p *picky) bus.Reaction {
	t.Helper()
	return bus.Reaction{Name: "picky", Handle: p.handle, Checkpoint: fromStart(t, log),
		Park: &bus.Park{In: bus.NewFileParking(dir, log.ID()), Attempts: 3, Clock: func() time.Time { return time.Date(2026, 2, 10, 9, 0, 0, 0, time.UTC) }}}
}

func run(t *testing.T, log app.Log, r bus.Reaction) (stop func()) {
	t.Helper()
	router, err := bus.NewRouter(log, quick, zap.NewNop(), r)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- router.Run(ctx) }()
	return func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
}

func TestWhatCannotBeHandledIsParkedAndTheOthersGoOn(t *testing.T) {
	log, dir := newLog(t), filepath.Join(t.TempDir(), "parked")
	write(t, log, 5)
	p := &picky{fails: map[app.Position]error{2: errors.New("no such person"), 4: errors.New("nor this one")}}
	r := parkingReaction(t, log, dir, p)
	stop := run(t, log, r)
	until(t, "the last record", func() bool { return slices.Contains(p.handled(), 5) })
	stop()
	if got := p.handled(); !slices.Equal(got, []app.Position{1, 3, 5}) {
		t.Errorf("handled %v", got)
	}
	parked, err := r.Park.In.List()
	if err != nil || len(parked) != 2 {
		t.Fatalf("parked %+v, %v", parked, err)
	}
	first := parked[0]
	if first.Position != 2 || first.Attempts != 3 || first.Error != "no such person" || first.Type != "test.happened" || first.Asked || first.Log != log.ID() {
		t.Errorf("parked as %+v", first)
	}
	if p.tries(2) != 3 {
		t.Errorf("tried %d times", p.tries(2))
	}

	p.heal(2)
	if err := r.Park.In.Ask(2, 4); err != nil {
		t.Fatal(err)
	}
	if parked, _ = r.Park.In.List(); len(parked) != 2 || !parked[0].Asked {
		t.Errorf("asked for, it is %+v", parked)
	}
	if err := bus.ReplayAsked(t.Context(), log, r, zap.NewNop()); err != nil {
		t.Fatal(err)
	}
	parked, err = r.Park.In.List()
	if err != nil || len(parked) != 1 || parked[0].Position != 4 || parked[0].Attempts != 4 || parked[0].Asked {
		t.Errorf("after the new try %+v, %v", parked, err)
	}
	if got := p.handled(); !slices.Contains(got, 2) {
		t.Errorf("handled %v", got)
	}
}

func TestWhatIsOnlyUnavailableIsTriedUntilItWorks(t *testing.T) {
	log, dir := newLog(t), filepath.Join(t.TempDir(), "parked")
	write(t, log, 2)
	p := &picky{fails: map[app.Position]error{1: fault.New(fault.Unavailable, "queue_full", "the queue is full")}}
	r := parkingReaction(t, log, dir, p)
	stop := run(t, log, r)
	until(t, "many tries", func() bool { return p.tries(1) > 10 })
	p.heal(1)
	until(t, "the second record", func() bool { return slices.Contains(p.handled(), 2) })
	stop()
	if parked, err := r.Park.In.List(); err != nil || len(parked) != 0 {
		t.Errorf("parked %+v, %v", parked, err)
	}
}

func TestARequestForANewTryIsSeenByARunningServer(t *testing.T) {
	log, dir := newLog(t), filepath.Join(t.TempDir(), "parked")
	write(t, log, 1)
	p := &picky{fails: map[app.Position]error{1: errors.New("poison")}}
	r := parkingReaction(t, log, dir, p)
	stop := run(t, log, r)
	until(t, "the parking", func() bool { parked, err := r.Park.In.List(); return err == nil && len(parked) == 1 })
	stop()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- bus.Replay(ctx, log, r, zap.NewNop()) }()
	p.heal(1)
	if err := bus.NewFileParking(dir, log.ID()).Ask(1); err != nil {
		t.Fatal(err)
	}
	until(t, "the new try", func() bool { return len(p.handled()) == 1 })
	until(t, "the end of the parking", func() bool { parked, err := r.Park.In.List(); return err == nil && len(parked) == 0 })
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestAParkingIsOfOneLogAndItsFilesAreUnderstood(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "parked")
	mine, others := bus.NewFileParking(dir, uuid.New()), bus.NewFileParking(dir, uuid.New())
	if parked, err := mine.List(); err != nil || len(parked) != 0 {
		t.Errorf("nothing parked yet is %v, %v", parked, err)
	}
	if err := mine.Put(react.Parked{Position: 7, Error: "x"}); err != nil {
		t.Fatal(err)
	}
	if parked, err := others.List(); err != nil || len(parked) != 0 {
		t.Errorf("another log's parking lists %v, %v", parked, err)
	}
	if err := mine.Ask(8); err == nil || !strings.Contains(err.Error(), "nothing is parked") {
		t.Errorf("asking for what is not parked: %v", err)
	}
	if err := os.WriteFile(filepath.Join(dir, "00000000000000000009.json"), []byte("{torn"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := mine.List(); err == nil {
		t.Error("a torn file was passed over in silence")
	}
}

func TestAPanicIsParkedToo(t *testing.T) {
	log, dir := newLog(t), filepath.Join(t.TempDir(), "parked")
	write(t, log, 1)
	r := parkingReaction(t, log, dir, &picky{})
	r.Handle = func(context.Context, app.Record) error { panic("a nil map") }
	stop := run(t, log, r)
	until(t, "the parking", func() bool { parked, err := r.Park.In.List(); return err == nil && len(parked) == 1 })
	stop()
	if err := r.Park.In.Ask(1); err != nil {
		t.Fatal(err)
	}
	if err := bus.ReplayAsked(t.Context(), log, r, zap.NewNop()); err != nil {
		t.Fatal(err)
	}
	if parked, err := r.Park.In.List(); err != nil || len(parked) != 1 || !strings.Contains(parked[0].Error, "a nil map") || parked[0].Attempts != 4 {
		t.Errorf("parked %+v, %v", parked, err)
	}
}
