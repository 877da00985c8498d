// Package storetest is the contract of the event store port (app.Log) as tests. Every store passes it: the memory
// store, the embedded one, and every real engine.
package storetest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"gridward/app"
)

// Harness is one store under test. A store's test package makes it; it cleans up after itself with t.Cleanup.
type Harness struct {
	// Log is open and empty.
	Log app.Log
	// Reopen closes the log and opens the same one again. Nil for a store that keeps nothing.
	Reopen func(t *testing.T) app.Log
	// Close ends the log, or cuts it off from its engine: every call after it has to fail.
	Close func(t *testing.T)
}

// Open makes an empty store whose clock is now.
type Open func(t *testing.T, now func() time.Time) Harness

// Run holds the store to the contract.
func Run(t *testing.T, open Open) {
	groups := []struct {
		name string
		test func(*testing.T, Open)
	}{
		{"append", appending},
		{"ids", repeating},
		{"content", content},
		{"read", reading},
		{"wait", waiting},
		{"time", timing},
		{"concurrency", concurrency},
		{"endings", endings},
	}
	for _, g := range groups {
		t.Run(g.name, func(t *testing.T) { g.test(t, open) })
	}
}

// patience bounds every wait of the suite; a store that is well never comes near it.
const patience = time.Minute

func testContext(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(cancel)
	return ctx
}

// clock is a clock the test moves, also backwards.
type clock struct {
	mu sync.Mutex
	at time.Time
}

// The nanoseconds are there on purpose: a store keeps microseconds.
func newClock() *clock { return &clock{at: time.Date(2026, 2, 10, 9, 0, 0, 123456789, time.UTC)} }

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) move(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// id is the nth id of a name: the same in every run.
func id(name string, n int) uuid.UUID {
	return uuid.NewSHA1(uuid.NameSpaceOID, fmt.Appendf(nil, "%s/%d", name, n))
}

// record is the nth record of a stream.
func record(stream string, n int) app.Record {
	at := time.Date(2026, 2, 10, 8, 59, n%60, 7000, time.FixedZone("", 8*3600))
	return app.Record{
		ID: id(stream, n), Type: "test.happened", Schema: 1,
		Data: fmt.Appendf(nil, `{"stream":%q,"n":%d}`, stream, n),
		Meta: app.Meta{
			OccurredAt: at, ReceivedAt: at.Add(time.Second), Actor: "tester",
			CommandID: id(stream+"/command", n), Correlation: id(stream+"/command", n),
		},
	}
}

// some is the records from..to of a stream.
func some(stream string, from, to int) []app.Record {
	var out []app.Record
	for n := from; n <= to; n++ {
		out = append(out, record(stream, n))
	}
	return out
}

func mustAppend(t *testing.T, log app.Log, stream string, expected uint64, records ...app.Record) app.Appended {
	t.Helper()
	got, err := log.Append(testContext(t), stream, expected, records)
	if err != nil {
		t.Fatalf("append to %s at %d: %v", stream, expected, err)
	}
	return got
}

func mustLoad(t *testing.T, log app.Log, stream string, after uint64) []app.Record {
	t.Helper()
	got, err := log.Load(testContext(t), stream, after)
	if err != nil {
		t.Fatalf("load %s after %d: %v", stream, after, err)
	}
	return got
}

func mustHead(t *testing.T, log app.Log) app.Position {
	t.Helper()
	p, err := log.Head(testContext(t))
	if err != nil {
		t.Fatalf("head: %v", err)
	}
	return p
}

// readAll reads the whole log in pages.
func readAll(t *testing.T, log app.Log, page int) []app.Record {
	t.Helper()
	var all []app.Record
	after := app.Position(0)
	for {
		got, err := log.Read(testContext(t), after, page)
		if err != nil {
			t.Fatalf("read %d after %d: %v", page, after, err)
		}
		if len(got) > page {
			t.Fatalf("read %d after %d gave %d records", page, after, len(got))
		}
		all = append(all, got...)
		if len(got) < page {
			return all
		}
		after = got[len(got)-1].Position
	}
}

// wantConflict holds that err is the typed conflict with these versions.
func wantConflict(t *testing.T, err error, stream string, expected, current uint64) {
	t.Helper()
	var c *app.VersionConflict
	if !errors.As(err, &c) {
		t.Fatalf("got error %v, want a version conflict", err)
	}
	if want := (app.VersionConflict{Stream: stream, Expected: expected, Current: current}); *c != want {
		t.Fatalf("got conflict %+v, want %+v", *c, want)
	}
}

// wantIDs holds that the records are these, in this order, with versions from first on without a gap.
func wantIDs(t *testing.T, got []app.Record, first uint64, want ...uuid.UUID) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("got %d records, want %d", len(got), len(want))
	}
	for i, r := range got {
		if r.ID != want[i] || r.Version != first+uint64(i) {
			t.Fatalf("record %d is %s at version %d, want %s at %d", i, r.ID, r.Version, want[i], first+uint64(i))
		}
	}
}

// wantSame holds that two records are equal in everything a reader can see, times as instants with their offsets.
func wantSame(t *testing.T, got, want app.Record) {
	t.Helper()
	if string(got.Data) != string(want.Data) {
		t.Fatalf("record %s: got %d data bytes %.80q, want %d %.80q", want.ID, len(got.Data), got.Data, len(want.Data), want.Data)
	}
	if g, w := metaJSON(t, got.Meta), metaJSON(t, want.Meta); g != w {
		t.Fatalf("record %s: got meta %s, want %s", want.ID, g, w)
	}
	if !got.RecordedAt.Equal(want.RecordedAt) {
		t.Fatalf("record %s: recorded at %s, want %s", want.ID, got.RecordedAt, want.RecordedAt)
	}
	type plain struct {
		id          uuid.UUID
		stream, typ string
		schema      int
		version     uint64
		position    app.Position
	}
	g := plain{got.ID, got.Stream, got.Type, got.Schema, got.Version, got.Position}
	w := plain{want.ID, want.Stream, want.Type, want.Schema, want.Version, want.Position}
	if g != w {
		t.Fatalf("got %+v, want %+v", g, w)
	}
}

func metaJSON(t *testing.T, m app.Meta) string {
	t.Helper()
	b, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}
