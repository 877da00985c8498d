package react_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"gridward/adapters/memstore"
	"gridward/app"
	"gridward/app/react"
	"gridward/domain/fault"
)

// newLog is a log in memory with n records.
func newLog(t *testing.T, n int) *memstore.Store {
	t.Helper()
	at := time.Date(2026, 2, 10, 9, 0, 0, 0, time.UTC)
	log := memstore.New(func() time.Time { return at })
	for i := range n {
		write(t, log, fmt.Sprintf("before-%d", i))
	}
	return log
}

func write(t *testing.T, log app.Log, stream string) {
	t.Helper()
	if _, err := log.Append(t.Context(), stream, 0, []app.Record{{ID: uuid.New(), Type: "test.happened", Schema: 1, Data: []byte("{}")}}); err != nil {
		t.Error(err)
	}
}

// tell passes the log's records above after to the hub, as the bus does.
func tell(t *testing.T, log app.Log, hub *react.Hub, after app.Position) {
	t.Helper()
	records, err := log.Read(t.Context(), after, 1_000_000)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range records {
		hub.Tell(r)
	}
}

// expect reads the records of positions from..to off the feed, each once and in order.
func expect(t *testing.T, feed <-chan app.Record, from, to app.Position) {
	t.Helper()
	for want := from; want <= to; want++ {
		r, ok := <-feed
		if !ok {
			t.Fatalf("the feed ended before position %d", want)
		}
		if r.Position != want {
			t.Fatalf("position %d came, want %d", r.Position, want)
		}
	}
}

func subscribe(t *testing.T, hub *react.Hub, after app.Position) <-chan app.Record {
	t.Helper()
	feed, err := hub.Subscribe(t.Context(), after)
	if err != nil {
		t.Fatal(err)
	}
	return feed
}

func TestAListenerBeginsInThePastAndGoesOnLive(t *testing.T) {
	log := newLog(t, 700)
	hub := react.NewHub(log)
	tell(t, log, hub, 0)
	feed := subscribe(t, hub, 300)
	expect(t, feed, 301, 700)
	write(t, log, "after")
	tell(t, log, hub, 700)
	expect(t, feed, 701, 701)
}

func TestAHubThatLiesBehindTheLogDoublesNothing(t *testing.T) {
	log := newLog(t, 10)
	hub := react.NewHub(log)
	feed := subscribe(t, hub, 0)
	expect(t, feed, 1, 10)
	tell(t, log, hub, 0)
	write(t, log, "after")
	tell(t, log, hub, 10)
	expect(t, feed, 11, 11)
}

func TestAListenerThatCannotKeepUpMissesNothing(t *testing.T) {
	log := newLog(t, 1)
	hub := react.NewHub(log)
	feed := subscribe(t, hub, 0)
	expect(t, feed, 1, 1)
	for i := range 2000 {
		write(t, log, fmt.Sprintf("burst-%d", i))
	}
	tell(t, log, hub, 0)
	if n := hub.Listeners(); n != 0 {
		t.Errorf("%d listeners still hold a buffer after a burst that none of them read", n)
	}
	expect(t, feed, 2, 2001)
}

func TestConcurrentAppendsReachEveryListenerOnceAndInOrder(t *testing.T) {
	const writers, each, listeners = 4, 500, 5
	log := newLog(t, 100)
	hub := react.NewHub(log)
	var all sync.WaitGroup
	for w := range writers {
		all.Go(func() {
			for i := range each {
				write(t, log, fmt.Sprintf("w%d-%d", w, i))
			}
		})
	}
	all.Go(func() { // the bus
		for at := app.Position(0); at < 100+writers*each; {
			records, err := log.Read(t.Context(), at, 64)
			if err == nil && len(records) == 0 {
				err = log.Wait(t.Context(), at)
			}
			if err != nil {
				t.Error(err)
				return
			}
			for _, r := range records {
				hub.Tell(r)
				at = r.Position
			}
		}
	})
	for n := range listeners {
		after := app.Position(n * 20)
		feed := subscribe(t, hub, after)
		all.Go(func() {
			for want := after + 1; want <= 100+writers*each; want++ {
				if r := <-feed; r.Position != want {
					t.Errorf("listener %d: position %d came, want %d", n, r.Position, want)
					return
				}
			}
		})
	}
	all.Wait()
}

func TestAFeedEndsWithItsContextOrItsHub(t *testing.T) {
	log := newLog(t, 3)
	hub := react.NewHub(log)
	ctx, cancel := context.WithCancel(t.Context())
	gone, err := hub.Subscribe(ctx, 3)
	if err != nil {
		t.Fatal(err)
	}
	stays := subscribe(t, hub, 3)
	cancel()
	if r, ok := <-gone; ok {
		t.Errorf("record %d came after the context ended", r.Position)
	}
	hub.Close()
	hub.Close()
	if r, ok := <-stays; ok {
		t.Errorf("record %d came after the hub was closed", r.Position)
	}
	if _, err := hub.Subscribe(t.Context(), 0); !errors.Is(err, fault.New(fault.Unavailable, "stopping", "")) {
		t.Errorf("a closed hub took a listener: %v", err)
	}
}

func TestALogThatCannotBeReadIsSaidAtOnce(t *testing.T) {
	log := newLog(t, 1)
	if err := log.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := react.NewHub(log).Subscribe(t.Context(), 0); err == nil {
		t.Error("a feed over a closed log was given")
	}
}
