package esdb

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"github.com/google/uuid"
	"gridward/adapters/esdbtest"
	"gridward/app"
	"gridward/domain/fault"
)

// The traps of the client, as design/engines.md lists them. Where it can be shown the client falls into each of them
// beside the adapter, which does not.

// patience bounds what a test waits for.
const patience = 30 * time.Second

func testContext(t testing.TB) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(cancel)
	return ctx
}

// one is the nth record of a stream.
func one(stream string, n int) []app.Record {
	at := time.Date(2026, 2, 10, 9, 0, 0, 0, time.UTC)
	return []app.Record{{ID: uuid.NewSHA1(uuid.Nil, fmt.Appendf(nil, "%s/%d", stream, n)), Type: "case.noted", Schema: 1, Data: []byte(`{"n":1}`),
		Meta: app.Meta{OccurredAt: at, ReceivedAt: at, Actor: "tester"}}}
}

// some is the records from..to of a stream.
func some(stream string, from, to int) (out []app.Record) {
	for n := from; n <= to; n++ {
		out = append(out, one(stream, n)...)
	}
	return out
}

func mustAppend(t testing.TB, s *Store, stream string, expected uint64, records []app.Record) app.Appended {
	t.Helper()
	got, err := s.Append(testContext(t), stream, expected, records)
	if err != nil {
		t.Fatalf("append to %s at %d: %v", stream, expected, err)
	}
	return got
}

func mustLoad(t testing.TB, s *Store, stream string) []app.Record {
	t.Helper()
	got, err := s.Load(testContext(t), stream, 0)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func wantFault(t testing.TB, err error, kind fault.Kind, code string) {
	t.Helper()
	if f, ok := fault.As(err); !ok || f.Kind != kind || f.Code != code {
		t.Fatalf("got %v, want a fault %s", err, code)
	}
}

func TestTrapAnAppendWithoutAVersionGoesAnywhere(t *testing.T) {
	server := esdbtest.Start(t, esdbtest.Options{})
	client := bareClient(t, server.URL())
	event := esdb.EventData{EventID: uuid.New(), EventType: "x", Data: []byte("{}")}
	if _, err := client.AppendToStream(testContext(t), "$bare", esdb.AppendToStreamOptions{}, event); err != nil || server.Unguarded() != 1 {
		t.Fatalf("the client's append without a version: %v, %d of them", err, server.Unguarded())
	}
	s := mustOpen(t, server.URL(), Options{})
	mustAppend(t, s, "a", 0, some("a", 1, 2))
	mustAppend(t, s, "a", 2, one("a", 3))
	if _, err := s.Append(testContext(t), "a", 0, one("a", 4)); !errors.As(err, new(*app.VersionConflict)) {
		t.Errorf("an append at 0 to a stream at 3 gave %v", err)
	}
	if server.Unguarded() != 1 {
		t.Errorf("%d appends of the adapter named no version", server.Unguarded()-1)
	}
}

func TestTrapASubscriptionBeginsAtTheEnd(t *testing.T) {
	server := esdbtest.Start(t, esdbtest.Options{})
	first := mustOpen(t, server.URL(), Options{})
	before := mustAppend(t, first, "a", 0, one("a", 1))

	client := bareClient(t, server.URL())
	sub, err := client.SubscribeToAll(testContext(t), esdb.SubscribeToAllOptions{})
	if err != nil {
		t.Fatal(err)
	}
	after := mustAppend(t, first, "a", 1, one("a", 2))
	for event := sub.Recv(); ; event = sub.Recv() {
		if event.SubscriptionDropped != nil {
			t.Fatal(event.SubscriptionDropped.Error)
		}
		if e := event.EventAppeared; e != nil {
			if e.Event.Position.Commit != uint64(after.Position) {
				t.Errorf("the client was first told of %d, not of %d", e.Event.Position.Commit, after.Position)
			}
			break
		}
	}

	second := mustOpen(t, server.URL(), Options{})
	if err := second.Wait(testContext(t), 0); err != nil {
		t.Fatal(err)
	}
	got, err := second.Read(testContext(t), 0, 10)
	if err != nil || len(got) != 2 || got[0].Position != before.Position {
		t.Errorf("a log opened later reads %d records, %v", len(got), err)
	}
}

func TestTrapADroppedSubscriptionDoesNotComeBack(t *testing.T) {
	server := esdbtest.Start(t, esdbtest.Options{})
	writes, waits := mustOpen(t, server.URL(), Options{}), mustOpen(t, server.URL(), Options{})
	client := bareClient(t, server.URL())
	sub, err := client.SubscribeToAll(testContext(t), esdb.SubscribeToAllOptions{})
	if err != nil {
		t.Fatal(err)
	}
	head := app.Position(0)
	for n := 1; n <= 3; n++ {
		server.Break()
		got := mustAppend(t, writes, "a", uint64(n-1), one("a", n))
		awaitRecord(t, waits, head)
		head = got.Position
	}
	for event := sub.Recv(); event.SubscriptionDropped == nil; event = sub.Recv() { // the client's ends at the first break
	}
	if event := sub.Recv(); event.SubscriptionDropped == nil {
		t.Error("the client's subscription came back")
	}
}

// awaitRecord waits for a record behind a position, also where the server is away in between.
func awaitRecord(t testing.TB, s *Store, after app.Position) {
	t.Helper()
	ctx := testContext(t)
	for {
		err := s.Wait(ctx, after)
		if err == nil {
			return
		}
		if f, ok := fault.As(err); !ok || f.Kind != fault.Unavailable {
			t.Fatalf("a wait behind %d gave %v", after, err)
		}
		time.Sleep(10 * time.Millisecond) // it says so at once
	}
}

func TestTrapCallsHangWhenNoNodeIsFound(t *testing.T) {
	server := esdbtest.Start(t, esdbtest.Options{})
	s := mustOpen(t, server.ClusterURL()+"&maxDiscoverAttempts=1", Options{})
	mustAppend(t, s, "a", 0, one("a", 1))
	for what, away := range map[string]func(){"refuses": server.Stop, "says nothing": func() { server.Run(t); server.Stall(); server.Break() }} {
		away()
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		began := time.Now()
		var wg sync.WaitGroup
		for range 16 {
			for call, do := range map[string]func() error{
				"append": func() error { _, err := s.Append(ctx, "b", 0, one("b", 1)); return err },
				"load":   func() error { _, err := s.Load(ctx, "a", 0); return err },
				"read":   func() error { _, err := s.Read(ctx, 0, 10); return err },
				"head":   func() error { _, err := s.Head(ctx); return err },
			} {
				wg.Go(func() {
					if err := do(); err == nil {
						t.Errorf("%s of a server that %s is no error", call, what)
					}
				})
			}
		}
		wg.Wait()
		cancel()
		if took := time.Since(began); took > 5*time.Second {
			t.Errorf("the calls of a server that %s came back after %s", what, took)
		}
	}
	server.Stop()
	server.Run(t)
	eventually(t, func() error { _, err := s.Append(testContext(t), "c", 0, one("c", 1)); return err })
	if n := len(mustLoad(t, s, "a")); n != 1 {
		t.Errorf("the stream has %d records", n)
	}
}

// eventually does it until it is no error.
func eventually(t testing.TB, do func() error) {
	t.Helper()
	for end := time.Now().Add(patience); ; time.Sleep(10 * time.Millisecond) {
		err := do()
		if err == nil {
			return
		}
		if time.Now().After(end) {
			t.Fatal(err)
		}
	}
}

// child has the test binary read a stream by the client, in a process of its own.
const child = "GRIDWARD_ESDB_CHILD"

func TestTrapATimeOfCreationThatCannotBeRead(t *testing.T) {
	if url := os.Getenv(child); url != "" {
		readByTheClient(t, url)
		return
	}
	server := esdbtest.Start(t, esdbtest.Options{})
	s := mustOpen(t, server.URL(), Options{})
	mustAppend(t, s, "a", 0, some("a", 1, 3))

	if out, err := inAProcess(t, server.URL()); err != nil {
		t.Fatalf("the client could not read what is well: %v\n%s", err, out)
	}
	server.Spoil("a")
	if out, err := inAProcess(t, server.URL()); err == nil || !strings.Contains(out, "Failed to parse created date") {
		t.Errorf("the client's process lived: %v\n%s", err, out)
	}
	if n := len(mustLoad(t, s, "a")); n != 3 {
		t.Errorf("%d records were loaded", n)
	}
	got, err := s.Read(testContext(t), 0, 10)
	if err != nil || len(got) != 3 {
		t.Errorf("%d records were read, %v", len(got), err)
	}
	mustAppend(t, s, "a", 3, one("a", 4))
}

func inAProcess(t *testing.T, url string) (string, error) {
	t.Helper()
	cmd := exec.CommandContext(testContext(t), os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v")
	cmd.Env = append(os.Environ(), child+"="+url)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func readByTheClient(t *testing.T, url string) {
	stream, err := bareClient(t, url).ReadStream(testContext(t), "a", esdb.ReadStreamOptions{}, 10)
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Close()
	for {
		if _, err := stream.Recv(); errors.Is(err, io.EOF) {
			return
		} else if err != nil {
			t.Fatal(err)
		}
	}
}

func TestTrapAConflictSaysNoVersion(t *testing.T) {
	server := esdbtest.Start(t, esdbtest.Options{})
	a, b := mustOpen(t, server.URL(), Options{}), mustOpen(t, server.URL(), Options{})
	mustAppend(t, a, "a", 0, some("a", 1, 3))
	for _, expected := range []uint64{0, 2, 9} {
		_, err := b.Append(testContext(t), "a", expected, one("a", 7))
		var c *app.VersionConflict
		if !errors.As(err, &c) || *c != (app.VersionConflict{Stream: "a", Expected: expected, Current: 3}) {
			t.Errorf("at %d: %v", expected, err)
		}
	}
	mustAppend(t, a, "a", 3, one("a", 4)) // what b has seen of the stream is old now
	_, err := b.Append(testContext(t), "a", 3, one("a", 7))
	var c *app.VersionConflict
	if !errors.As(err, &c) || c.Current != 4 {
		t.Errorf("behind another node's append: %v", err)
	}
}

func TestTrapNotFoundComesWithTheFirstAnswer(t *testing.T) {
	server := esdbtest.Start(t, esdbtest.Options{})
	stream, err := bareClient(t, server.URL()).ReadStream(testContext(t), "nobody", esdb.ReadStreamOptions{}, 10)
	if err != nil {
		t.Fatalf("the client says it before it has read: %v", err)
	}
	defer stream.Close()
	if _, err := stream.Recv(); err == nil {
		t.Error("the client finds something")
	}
	s := mustOpen(t, server.URL(), Options{})
	if n := len(mustLoad(t, s, "nobody")); n != 0 {
		t.Errorf("a stream that is not there has %d records", n)
	}
	// No other failure passes for a stream that is not there, or for its end.
	mustAppend(t, s, "a", 0, some("a", 1, 5))
	for _, cut := range []int{1, 3, 4} {
		server.CutReads(cut)
		got, err := s.Load(testContext(t), "a", 0)
		wantFault(t, err, fault.Unavailable, "log_unreadable")
		more, err := s.Read(testContext(t), 0, 10)
		wantFault(t, err, fault.Unavailable, "log_unreadable")
		if len(got)+len(more) > 0 {
			t.Errorf("reads that were cut after %d events gave %d and %d records", cut, len(got), len(more))
		}
	}
	server.CutReads(0)
	if n := len(mustLoad(t, s, "a")); n != 5 {
		t.Errorf("the stream has %d records", n)
	}
}

func TestTrapAReadOfAStreamGivesNoPositions(t *testing.T) {
	server := esdbtest.Start(t, esdbtest.Options{})
	server.ReadWithoutPositions(true)
	s := mustOpen(t, server.URL(), Options{})
	for n := range 5 {
		mustAppend(t, s, "a", uint64(3*n), some("a", 3*n+1, 3*n+3))
		mustAppend(t, s, fmt.Sprintf("b%d", n), 0, one("b", n))
		server.Put("$stats", "$statsCollected", []byte("{}"), nil)
	}
	all, err := s.Read(testContext(t), 0, 100)
	if err != nil || len(all) != 20 {
		t.Fatalf("%d records, %v", len(all), err)
	}
	places := map[uuid.UUID]app.Position{}
	for _, r := range all {
		places[r.ID] = r.Position
	}
	for after := range uint64(15) {
		got, err := s.Load(testContext(t), "a", after)
		if err != nil || len(got) != 15-int(after) {
			t.Fatalf("after %d: %d records, %v", after, len(got), err)
		}
		for _, r := range got {
			if r.Position == 0 || r.Position != places[r.ID] {
				t.Errorf("version %d is at %d, not at %d", r.Version, r.Position, places[r.ID])
			}
		}
	}
	again := mustAppend(t, s, "a", 3, some("a", 4, 6))
	if again.Position != places[some("a", 6, 6)[0].ID] {
		t.Errorf("a repeat is told the position %d", again.Position)
	}
}

// conflictOf is the current version that a conflict carries.
func conflictOf(err error) (uint64, bool) {
	var c *app.VersionConflict
	if !errors.As(err, &c) {
		return 0, false
	}
	return c.Current, true
}
