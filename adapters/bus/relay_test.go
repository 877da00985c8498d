package bus_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/ThreeDotsLabs/watermill"
	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/ThreeDotsLabs/watermill/pubsub/gochannel"
	"github.com/google/uuid"
	"go.uber.org/zap"

	"gridward/adapters/bus"
	"gridward/app"
	"gridward/domain/fault"
)

var errAway = fault.New(fault.Unavailable, "away", "nobody answers")

// receiver is a publisher that takes messages as the test says, and remembers them.
type receiver struct {
	mu    sync.Mutex
	judge func(at app.Position) error // nil: everything is taken
	taken []app.Position
	tried []app.Position
}

func (r *receiver) Publish(_ string, messages ...*message.Message) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, m := range messages {
		at, err := app.ParsePosition("position", m.Metadata.Get(bus.MetaPosition))
		if err != nil {
			return err
		}
		r.tried = append(r.tried, at)
		if r.judge != nil {
			if err := r.judge(at); err != nil {
				return err
			}
		}
		r.taken = append(r.taken, at)
	}
	return nil
}

func (r *receiver) Close() error { return nil }

// judges changes what is taken from now on.
func (r *receiver) judges(judge func(app.Position) error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.judge = judge
}

func (r *receiver) has(n int) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.taken) >= n
}

func (r *receiver) all() []app.Position {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.taken)
}

// wrong refuses some positions as their own fault.
func wrong(positions ...app.Position) func(app.Position) error {
	return func(at app.Position) error {
		if slices.Contains(positions, at) {
			return fmt.Errorf("position %s is wrong", at)
		}
		return nil
	}
}

// outlet is one to the receiver, from the log's first record on.
func outlet(t *testing.T, log app.Log, to message.Publisher) bus.Outlet {
	t.Helper()
	return bus.Outlet{Name: "test", Log: log, To: to, Topic: "events", FromStart: true, Page: 1, Pause: quick, Logger: zap.NewNop(),
		Payload: func(r app.Record) ([]byte, error) { return r.Data, nil }, Checkpoint: file(t, log)}
}

// parks lets an outlet park after three tries.
func parks(t *testing.T, o bus.Outlet) bus.Outlet {
	t.Helper()
	o.Park = &bus.Park{In: bus.NewFileParking(t.TempDir(), o.Log.ID()), Attempts: 3, Clock: time.Now}
	return o
}

// relay runs it; the answer stops it and waits until it has.
func relay(t *testing.T, o bus.Outlet) (r *bus.Relay, stop func()) {
	t.Helper()
	r, err := bus.NewRelay(o)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- r.Run(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("the relay ended with %v", err)
		}
	})
	t.Cleanup(stop)
	return r, stop
}

// grow appends records to streams of the given names, in turn.
func grow(t *testing.T, log app.Log, streams ...string) {
	t.Helper()
	for _, stream := range streams {
		have, err := log.Load(t.Context(), stream, 0)
		if err == nil {
			_, err = log.Append(t.Context(), stream, uint64(len(have)), []app.Record{{ID: uuid.New(), Type: "test.happened", Schema: 1, Data: []byte("{}")}})
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

func TestARelayGivesEveryRecordInOrderToAnyWatermillPublisher(t *testing.T) {
	log := newLog(t)
	write(t, log, 600)
	// In-process, as Watermill does it: without the wait for the subscriber, a GoChannel keeps no order.
	channel := gochannel.NewGoChannel(gochannel.Config{BlockPublishUntilSubscriberAck: true}, watermill.NopLogger{})
	defer func() { _ = channel.Close() }()
	messages, err := channel.Subscribe(t.Context(), "events")
	if err != nil {
		t.Fatal(err)
	}
	o := outlet(t, log, channel)
	o.Page = 64
	relay(t, o)
	write(t, log, 100)
	for want := app.Position(1); want <= 700; want++ {
		m := <-messages
		if got := m.Metadata.Get(bus.MetaPosition); got != want.String() {
			t.Fatalf("position %s came, want %s", got, want)
		}
		m.Ack()
	}
}

func TestARelayGoesOnBehindItsCheckpoint(t *testing.T) {
	log := newLog(t)
	to := &receiver{}
	o := outlet(t, log, to)
	for round := range 3 {
		write(t, log, 20)
		_, stop := relay(t, o)
		until(t, "this round's records", func() bool { return to.has((round + 1) * 20) })
		stop()
	}
	if got := to.all(); !slices.Equal(got, positions(1, 60)) {
		t.Errorf("taken: %v", got)
	}
}

func TestANewRelayBeginsWithTheNextRecordAndKeepsThat(t *testing.T) {
	log := newLog(t)
	write(t, log, 5)
	to := &receiver{}
	o := outlet(t, log, to)
	o.FromStart = false
	_, stop := relay(t, o)
	until(t, "a checkpoint", func() bool { at, found, err := o.Checkpoint.Load(t.Context()); return at == 5 && found && err == nil })
	stop()
	write(t, log, 3)
	relay(t, o)
	until(t, "the new records", func() bool { return to.has(3) })
	if got := to.all(); !slices.Equal(got, positions(6, 8)) {
		t.Errorf("taken: %v", got)
	}
}

func TestWhatAReceiverDoesNotWantIsPassedOver(t *testing.T) {
	log := newLog(t)
	write(t, log, 600)
	to := &receiver{}
	o := outlet(t, log, to)
	o.Wants = func(r app.Record) bool { return r.Position%100 == 0 }
	r, _ := relay(t, o)
	until(t, "the end", func() bool { return r.Status().At == 600 })
	if got := to.all(); !slices.Equal(got, []app.Position{100, 200, 300, 400, 500, 600}) {
		t.Errorf("taken: %v", got)
	}
	until(t, "the checkpoint", func() bool { at, _, _ := o.Checkpoint.Load(t.Context()); return at == 600 })
}

func TestAPageThatFailedIsSentAgainWhole(t *testing.T) {
	log := newLog(t)
	write(t, log, 30)
	to := &receiver{}
	failures := 2
	to.judges(func(at app.Position) error {
		if at == 15 && failures > 0 {
			failures--
			return errAway
		}
		return nil
	})
	o := outlet(t, log, to)
	o.Page = 10
	r, _ := relay(t, o)
	until(t, "the end", func() bool { return r.Status().At == 30 })
	want := slices.Concat(positions(1, 14), positions(11, 14), positions(11, 30))
	if got := to.all(); !slices.Equal(got, want) {
		t.Errorf("taken: %v", got)
	}
	if s := r.Status(); s.Failures != 2 || s.Err != nil {
		t.Errorf("%+v", s)
	}
}

// A receiver that is away for an hour: the pauses grow to their most, no clock is waited for, nothing is lost or parked.
func TestAReceiverThatIsAwayForAnHourGetsEverythingAfterwards(t *testing.T) {
	log := newLog(t)
	write(t, log, 200)
	to := &receiver{}
	o := parks(t, outlet(t, log, to))
	o.Pause = bus.Backoff{First: 100 * time.Millisecond, Most: 30 * time.Second}
	var away time.Duration
	o.Sleep = func(_ context.Context, d time.Duration) {
		if d > 30*time.Second {
			t.Errorf("a pause of %s", d)
		}
		if away += d; away >= time.Hour {
			to.judges(nil)
		}
	}
	to.judges(func(app.Position) error { return errAway })
	r, _ := relay(t, o)
	until(t, "the end", func() bool { return r.Status().At == 200 })
	if got := to.all(); !slices.Equal(got, positions(1, 200)) {
		t.Errorf("taken: %v", got)
	}
	if n := r.Status().Failures; n < 100 || n > 200 {
		t.Errorf("%d tries in an hour", n)
	}
	if parked, err := o.Park.In.List(); len(parked) > 0 || err != nil {
		t.Errorf("parked: %v, %v", parked, err)
	}
}

func TestAReceiverIsGivenTheTimeItAsksFor(t *testing.T) {
	log := newLog(t)
	write(t, log, 1)
	to := &receiver{}
	asked := []time.Duration{7 * time.Second, 0, 100 * time.Hour}
	to.judges(func(app.Position) error {
		if len(asked) == 0 {
			return nil
		}
		err := &fault.Error{Kind: fault.Unavailable, RetryAfter: asked[0]}
		asked = asked[1:]
		return err
	})
	o := outlet(t, log, to)
	var pauses []time.Duration
	o.Sleep = func(_ context.Context, d time.Duration) { pauses = append(pauses, d) }
	r, stop := relay(t, o)
	until(t, "the end", func() bool { return r.Status().At == 1 })
	stop()
	if want := []time.Duration{7 * time.Second, 2 * time.Microsecond, time.Hour}; !slices.Equal(pauses, want) {
		t.Errorf("pauses: %v", pauses)
	}
}

func TestAPanicIsAFailure(t *testing.T) {
	log := newLog(t)
	write(t, log, 2)
	to := &receiver{}
	to.judges(func(at app.Position) error {
		if at == 1 {
			panic("no such thing")
		}
		return nil
	})
	o := parks(t, outlet(t, log, to))
	r, _ := relay(t, o)
	until(t, "the end", func() bool { return r.Status().At == 2 })
	if parked, err := o.Park.In.List(); len(parked) != 1 || err != nil || parked[0].Error != "panic: no such thing" {
		t.Errorf("parked: %v, %v", parked, err)
	}
}

func TestOutletsThatCannotBeAreRefused(t *testing.T) {
	log := newLog(t)
	o := parks(t, outlet(t, log, &receiver{}))
	o.Page = 2
	if _, err := bus.NewRelay(o); err == nil {
		t.Error("pages that are parked")
	}
	o.Page = 0
	if _, err := bus.NewRelay(o); err == nil {
		t.Error("pages of nothing")
	}
}

// knowing is a receiver that says what it holds.
type knowing struct {
	receiver
	at    app.Position
	event uuid.UUID
	err   error
}

func (k *knowing) Last(context.Context, uuid.UUID) (app.Position, uuid.UUID, bool, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.at, k.event, k.at > 0, k.err
}

func TestWhatAReceiverHoldsCountsMoreThanTheCheckpoint(t *testing.T) {
	log := newLog(t)
	write(t, log, 20)
	records, err := log.Read(t.Context(), 0, 20)
	if err != nil {
		t.Fatal(err)
	}
	id := func(at app.Position) uuid.UUID { return records[at-1].ID }
	for name, c := range map[string]struct {
		checkpoint, holds app.Position
		event             uuid.UUID
		first             app.Position
	}{
		"it holds more":                       {5, 12, id(12), 13},
		"it has lost its newest":              {12, 5, id(5), 6},
		"it holds nothing":                    {12, 0, uuid.Nil, 13},
		"it holds another history":            {12, 15, id(3), 13},
		"it holds what the log does not have": {12, 99, id(3), 13},
	} {
		t.Run(name, func(t *testing.T) {
			to := &knowing{at: c.holds, event: c.event}
			o := outlet(t, log, to)
			if err := o.Checkpoint.Save(t.Context(), c.checkpoint); err != nil {
				t.Fatal(err)
			}
			r, _ := relay(t, o)
			until(t, "the end", func() bool { return r.Status().At == 20 })
			if got := to.all(); !slices.Equal(got, positions(c.first, 20)) {
				t.Errorf("taken: %v", got)
			}
		})
	}
}

func TestARelayWaitsForAReceiverThatCannotSayWhatItHolds(t *testing.T) {
	log := newLog(t)
	write(t, log, 3)
	to := &knowing{err: errors.New("nobody answers")}
	r, _ := relay(t, outlet(t, log, to))
	until(t, "some tries", func() bool { return r.Status().Failures > 3 && r.Status().Err != nil })
	to.mu.Lock()
	to.err = nil
	to.mu.Unlock()
	until(t, "the end", func() bool { s := r.Status(); return s.At == 3 && s.Err == nil })
}
