package esdb

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"gridward/adapters/esdbtest"
	"gridward/adapters/memstore"
	"gridward/adapters/storetest"
	"gridward/app"
	"gridward/app/backup"
	"gridward/domain/fault"
)

func TestSuccessorContract(t *testing.T) {
	storetest.RunSuccessor(t, func(t *testing.T) storetest.SuccessorHarness {
		url := esdbtest.Start(t, esdbtest.Options{}).URL()
		return storetest.SuccessorHarness{
			Open: func(t *testing.T, of uuid.UUID) (app.Successor, error) {
				x, err := OpenSuccessor(testContext(t), url, of, Options{})
				if err != nil {
					return nil, err
				}
				t.Cleanup(func() { _ = x.Close() })
				return x, nil
			},
			Log: func(t *testing.T) (app.Log, func()) {
				s := mustOpen(t, url, Options{})
				return s, func() { mustClose(t, s) }
			},
		}
	})
}

// original is a log of commands that append one to three records each, several in a row to one stream.
func original(t testing.TB, commands int) *memstore.Store {
	t.Helper()
	now := time.Date(2026, 2, 10, 1, 0, 0, 0, time.UTC)
	log := memstore.New(func() time.Time { return now })
	versions := map[string]uint64{}
	for n := range commands {
		stream := fmt.Sprintf("case-%d", n/3%97)
		records := some(stream, 10*n, 10*n+n%3)
		for i := range records {
			records[i].Meta.CommandID = uuid.NewSHA1(uuid.Nil, fmt.Append(nil, n))
		}
		got, err := log.Append(context.Background(), stream, versions[stream], records)
		if err != nil {
			t.Fatal(err)
		}
		versions[stream] = got.Version
		now = now.Add(time.Second)
	}
	return log
}

func successor(t testing.TB, url string, of uuid.UUID) *Successor {
	t.Helper()
	x, err := OpenSuccessor(context.Background(), url, of, Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = x.Close() })
	return x
}

// wantCopy holds that the server has the original's records, whole, and as many.
func wantCopy(t *testing.T, from app.Log, url string) {
	t.Helper()
	all, err := from.Read(testContext(t), 0, 1_000_000)
	if err != nil {
		t.Fatal(err)
	}
	n, err := backup.CompareSuccessor(testContext(t), from, mustOpen(t, url, Options{}), nil)
	if err != nil || n != len(all) {
		t.Errorf("%d of %d records are the same: %v", n, len(all), err)
	}
}

func TestACopyIsResumedWhereverItBreaks(t *testing.T) {
	from, server := original(t, 600), esdbtest.Start(t, esdbtest.Options{})
	mine := func(tries int) error {
		x, err := OpenSuccessor(testContext(t), server.URL(), from.ID(), Options{})
		if err != nil {
			return err
		}
		ctx, cancel := context.WithCancel(testContext(t))
		defer cancel()
		puts := &breaking{Successor: x, after: 1 + tries%3, stop: cancel}
		_, err = backup.Copy(ctx, from, puts, nil)
		return errors.Join(err, x.Close())
	}
	tries := 0
	for err := mine(tries); err != nil; err = mine(tries) {
		if tries++; tries > 200 {
			t.Fatalf("it never comes to its end: %v", err)
		}
		switch tries % 3 {
		case 0:
			server.LoseAnswers(1)
		case 1:
			server.DropAppends(1)
		default:
			server.Break()
		}
	}
	if tries < 5 {
		t.Errorf("it broke only %d times", tries)
	}
	wantCopy(t, from, server.URL())
}

// breaking gives a page on in pieces of an append or more, and ends the copy after some of them.
type breaking struct {
	*Successor
	after int
	stop  func()
}

func (b *breaking) Put(ctx context.Context, records []app.Record) error {
	for len(records) > 0 {
		n := together(records)
		for range 5 {
			if n < len(records) {
				n += together(records[n:])
			}
		}
		if b.after--; b.after < 0 {
			b.stop()
		}
		if err := b.Successor.Put(ctx, records[:n]); err != nil {
			return err
		}
		records = records[n:]
	}
	return nil
}

func TestACopyWaitsForAServerThatReturns(t *testing.T) {
	from, server := original(t, 300), esdbtest.Start(t, esdbtest.Options{Took: time.Millisecond})
	x := successor(t, server.URL(), from.ID())
	done := make(chan error, 1)
	go func() {
		_, err := backup.Copy(testContext(t), from, x, nil)
		done <- err
	}()
	for server.Count("case-20") == 0 {
		time.Sleep(time.Millisecond)
	}
	server.Stop()
	server.Run(t)
	if err := <-done; err != nil { // nothing was on its way just then: the next run goes on
		wantFault(t, err, fault.Unavailable, "log_unreachable")
		mustCloseSuccessor(t, x)
		if _, err := backup.Copy(testContext(t), from, successor(t, server.URL(), from.ID()), nil); err != nil {
			t.Fatal(err)
		}
	}
	wantCopy(t, from, server.URL())
}

func mustCloseSuccessor(t *testing.T, x *Successor) {
	t.Helper()
	if err := x.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestACopyNeverLeavesAnAppendInPart(t *testing.T) {
	from, server := original(t, 200), esdbtest.Start(t, esdbtest.Options{})
	sizes := map[uuid.UUID]int{}
	all, err := from.Read(testContext(t), 0, 10_000)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range all {
		sizes[r.Meta.CommandID]++
	}
	x := successor(t, server.URL(), from.ID())
	reads := mustOpen(t, server.URL(), Options{})
	for at, n := 0, 0; at < len(all); at += n {
		n = together(all[at:])
		server.RefuseAppends(status.Error(codes.PermissionDenied, "no"))
		if err := x.Put(testContext(t), all[at:at+n]); err == nil {
			t.Fatal("it was refused, and nobody heard of it")
		}
		server.RefuseAppends(nil)
		if err := x.Put(testContext(t), all[at:at+n]); err != nil {
			t.Fatal(err)
		}
		there := map[uuid.UUID]int{}
		got, err := reads.Read(testContext(t), 0, 10_000)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range got {
			there[r.Meta.CommandID]++
		}
		for command, n := range there {
			if n != sizes[command] {
				t.Fatalf("behind record %d: %d of an append's %d are there", at, n, sizes[command])
			}
		}
	}
}

func TestACopyRefusesAServerWithSomethingElse(t *testing.T) {
	of := uuid.New()
	t.Run("somebody else's events", func(t *testing.T) {
		server := esdbtest.Start(t, esdbtest.Options{})
		server.Put("orders-1", "OrderPlaced", []byte("{}"), []byte("{}"))
		_, err := OpenSuccessor(testContext(t), server.URL(), of, Options{})
		wantFault(t, err, fault.Unavailable, "log_foreign_event")
		if server.Count(own) != 0 {
			t.Error("it made a log beside them")
		}
	})
	t.Run("a log of its own", func(t *testing.T) {
		server := esdbtest.Start(t, esdbtest.Options{})
		mustAppend(t, mustOpen(t, server.URL(), Options{}), "a", 0, one("a", 1))
		_, err := OpenSuccessor(testContext(t), server.URL(), of, Options{})
		wantFault(t, err, fault.Conflict, "log_other")
	})
	t.Run("a copy that went on", func(t *testing.T) {
		from, server := original(t, 5), esdbtest.Start(t, esdbtest.Options{})
		x := successor(t, server.URL(), from.ID())
		if _, err := backup.Copy(testContext(t), from, x, nil); err != nil {
			t.Fatal(err)
		}
		mustAppend(t, mustOpen(t, server.URL(), Options{}), "new", 0, one("new", 1))
		_, err := OpenSuccessor(testContext(t), server.URL(), from.ID(), Options{})
		wantFault(t, err, fault.Conflict, "log_went_on")
	})
	t.Run("a copy that somebody writes to meanwhile", func(t *testing.T) {
		from, server := original(t, 5), esdbtest.Start(t, esdbtest.Options{})
		x := successor(t, server.URL(), from.ID())
		mustAppend(t, mustOpen(t, server.URL(), Options{}), "case-0", 0, one("other", 1))
		if _, err := backup.Copy(testContext(t), from, x, nil); err == nil {
			t.Error("nobody heard of it")
		} else if c, ok := conflictOf(err); !ok || c != 1 {
			t.Errorf("it ended with %v", err)
		}
	})
}

func TestAnAppendLargerThanTheServerTakesIsSaid(t *testing.T) {
	log := memstore.New(func() time.Time { return time.Date(2026, 2, 10, 1, 0, 0, 0, time.UTC) })
	large := one("a", 1)
	large[0].Data = make([]byte, 2<<20)
	if _, err := log.Append(testContext(t), "a", 0, large); err != nil {
		t.Fatal(err)
	}
	x := successor(t, esdbtest.Start(t, esdbtest.Options{}).URL(), log.ID())
	_, err := backup.Copy(testContext(t), log, x, nil)
	wantFault(t, err, fault.Invalid, "log_append_too_large")
}

// BenchmarkCopyOntoEventStoreDB copies a log in which hardly a record has a neighbour of its own stream, as in a city's:
// the demonstration's 7,659 records are 7,236 runs of one stream.
func BenchmarkCopyOntoEventStoreDB(b *testing.B) {
	from := memstore.New(func() time.Time { return time.Date(2026, 2, 10, 1, 0, 0, 0, time.UTC) })
	for n := range 5000 {
		stream := fmt.Sprintf("case-%d", n%1000)
		if _, err := from.Append(context.Background(), stream, uint64(n/1000), one(stream, n)); err != nil {
			b.Fatal(err)
		}
	}
	for _, took := range []time.Duration{0, time.Millisecond, 5 * time.Millisecond} {
		b.Run(took.String(), func(b *testing.B) {
			all, err := from.Read(context.Background(), 0, 1_000_000)
			if err != nil {
				b.Fatal(err)
			}
			for b.Loop() {
				x := successor(b, esdbtest.Start(b, esdbtest.Options{Took: took}).URL(), from.ID())
				if _, err := backup.Copy(context.Background(), from, x, nil); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(len(all)*b.N)/b.Elapsed().Seconds(), "events/s")
			b.ReportMetric(0, "ns/op")
		})
	}
}
