package storetest

import (
	"bytes"
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"
	"gridward/app"
)

func appending(t *testing.T, open Open) {
	c := newClock()
	log := open(t, c.now).Log

	if p := mustHead(t, log); p != 0 {
		t.Fatalf("the head of an empty log is %d", p)
	}
	if got := mustLoad(t, log, "nobody", 0); len(got) != 0 {
		t.Fatalf("an unknown stream has %d records", len(got))
	}
	_, err := log.Append(testContext(t), "a", 1, some("a", 1, 1))
	wantConflict(t, err, "a", 1, 0)
	if got := readAll(t, log, 10); len(got) != 0 {
		t.Fatalf("a refused append left %d records", len(got))
	}

	first := mustAppend(t, log, "a", 0, some("a", 1, 3)...)
	if first.Version != 3 || first.Position == 0 || first.Position != mustHead(t, log) {
		t.Fatalf("the first three records were acknowledged as %+v, head %d", first, mustHead(t, log))
	}
	other := mustAppend(t, log, "b", 0, some("b", 1, 1)...)
	if other.Version != 1 || other.Position <= first.Position {
		t.Fatalf("another stream's first record was acknowledged as %+v behind %+v", other, first)
	}

	for _, expected := range []uint64{0, 1, 2, 4, 1 << 40} {
		_, err = log.Append(testContext(t), "a", expected, some("a", 10, 11))
		wantConflict(t, err, "a", expected, 3)
	}
	wantIDs(t, mustLoad(t, log, "a", 0), 1, id("a", 1), id("a", 2), id("a", 3))

	second := mustAppend(t, log, "a", 3, some("a", 4, 4)...)
	if second.Version != 4 || second.Position <= other.Position {
		t.Fatalf("the fourth record was acknowledged as %+v", second)
	}
	wantIDs(t, mustLoad(t, log, "a", 0), 1, id("a", 1), id("a", 2), id("a", 3), id("a", 4))
	last := mustLoad(t, log, "a", 3)
	wantIDs(t, last, 4, id("a", 4))
	if last[0].Position != second.Position || !last[0].RecordedAt.Equal(second.RecordedAt) {
		t.Fatalf("the record says %d at %s, its acknowledgement %+v", last[0].Position, last[0].RecordedAt, second)
	}

	malformed(t, log)
	t.Run("a context that has ended writes nothing", func(t *testing.T) { cancelled(t, open) })
}

func malformed(t *testing.T, log app.Log) {
	t.Helper()
	head := mustHead(t, log)
	bad := func(change func(*app.Record)) []app.Record {
		r := record("m", 1)
		change(&r)
		return []app.Record{r}
	}
	cases := []struct {
		name, stream string
		records      []app.Record
	}{
		{"no stream", "", some("m", 1, 1)},
		{"no records", "m", nil},
		{"no id", "m", bad(func(r *app.Record) { r.ID = uuid.Nil })},
		{"no type", "m", bad(func(r *app.Record) { r.Type = "" })},
		{"no schema", "m", bad(func(r *app.Record) { r.Schema = 0 })},
		{"another stream's record", "m", bad(func(r *app.Record) { r.Stream = "n" })},
		{"one id twice", "m", append(some("m", 1, 1), record("m", 1))},
	}
	for _, c := range cases {
		if _, err := log.Append(testContext(t), c.stream, 0, c.records); err == nil {
			t.Errorf("an append with %s was acknowledged", c.name)
		}
	}
	if now := mustHead(t, log); now != head {
		t.Fatalf("malformed appends moved the head from %d to %d", head, now)
	}
}

func cancelled(t *testing.T, open Open) {
	log := open(t, newClock().now).Log
	ctx, cancel := context.WithCancel(testContext(t))
	cancel()
	_, err := log.Append(ctx, "a", 0, some("a", 1, 1))
	wantCanceled(t, "append", err)
	_, err = log.Load(ctx, "a", 0)
	wantCanceled(t, "load", err)
	_, err = log.Read(ctx, 0, 1)
	wantCanceled(t, "read", err)
	_, err = log.Head(ctx)
	wantCanceled(t, "head", err)
	wantCanceled(t, "wait", log.Wait(ctx, 0))

	mustAppend(t, log, "b", 0, some("b", 1, 1)...)
	wantIDs(t, readAll(t, log, 10), 1, id("b", 1))
}

func wantCanceled(t *testing.T, what string, err error) {
	t.Helper()
	if !errors.Is(err, context.Canceled) {
		t.Errorf("%s with an ended context gave %v", what, err)
	}
}

func repeating(t *testing.T, open Open) {
	log := open(t, newClock().now).Log
	ctx := testContext(t)
	mustAppend(t, log, "a", 0, some("a", 1, 2)...)
	place := mustAppend(t, log, "a", 2, some("a", 3, 4)...)
	mustAppend(t, log, "a", 4, some("a", 5, 5)...)

	for _, expected := range []uint64{2, 0, 4, 5, 9} { // behind, further behind, between, current, ahead
		again, err := log.Append(ctx, "a", expected, some("a", 3, 4))
		if err != nil {
			t.Fatalf("the same ids again at %d: %v", expected, err)
		}
		if again.Version != place.Version || again.Position != place.Position || !again.RecordedAt.Equal(place.RecordedAt) {
			t.Fatalf("the same ids again at %d: got %+v, want %+v", expected, again, place)
		}
	}
	for _, expected := range []uint64{4, 5} { // a known id with a new one: behind, and at the current version
		_, err := log.Append(ctx, "a", expected, some("a", 5, 6))
		wantConflict(t, err, "a", expected, 5)
	}
	wantIDs(t, mustLoad(t, log, "a", 0), 1, id("a", 1), id("a", 2), id("a", 3), id("a", 4), id("a", 5))

	// The same id in another stream is another record.
	r := record("a", 1)
	mustAppend(t, log, "b", 0, r)
	wantIDs(t, mustLoad(t, log, "b", 0), 1, r.ID)
	if n := len(readAll(t, log, 100)); n != 6 {
		t.Fatalf("the log has %d records, want 6", n)
	}
}

func content(t *testing.T, open Open) {
	log := open(t, newClock().now).Log
	datas := [][]byte{
		{}, {0}, []byte("null"), []byte("{ \"b\" : 1,\n\t\"a\":2, \"a\":3 }\n"), {0xff, 0xfe, 0, 0xc3, 0x28},
		[]byte("安全出口被堵"), bytes.Repeat([]byte{'x', 0, 0xff, '\''}, 64<<10), // the last one is 256 KiB
	}
	var want []app.Record
	for i, d := range datas {
		r := record("a", i+1)
		r.Data, r.Schema = d, i+1
		want = append(want, r)
	}
	full := &want[0]
	full.Type = "case.filed"
	full.Meta = app.Meta{
		Programme: "fire", ProgrammeVersion: 3, Cell: "410104001001002",
		OccurredAt: time.Date(2026, 2, 10, 8, 0, 0, 1, time.FixedZone("", 8*3600)),
		ReceivedAt: time.Date(2026, 2, 10, 0, 0, 0, 999999999, time.UTC),
		Actor:      "admin", OnBehalfOf: "王\x00\"'", Duty: "d-1", CommandID: id("command", 1), RequestHash: "00ff",
		Correlation: id("command", 0), Causation: id("event", 9),
	}
	given := append([]app.Record(nil), want...)
	for i := range given {
		given[i].Data = bytes.Clone(want[i].Data)
	}
	done := mustAppend(t, log, "网格/a b?%'\"", 0, given...)
	for i := range given { // what the caller does with its bytes afterwards is the caller's
		for j := range given[i].Data {
			given[i].Data[j] = '!'
		}
	}
	got := readAll(t, log, 3)
	if len(got) != len(want) {
		t.Fatalf("got %d records, want %d", len(got), len(want))
	}
	for i := range want {
		want[i].Stream, want[i].Version, want[i].RecordedAt = "网格/a b?%'\"", uint64(i+1), done.RecordedAt
		want[i].Position = got[i].Position
		wantSame(t, got[i], want[i])
	}
	loaded := mustLoad(t, log, "网格/a b?%'\"", 0)
	for i := range want {
		wantSame(t, loaded[i], want[i])
		for j := range loaded[i].Data { // nor can a reader change the log
			loaded[i].Data[j] = '?'
		}
	}
	for i, r := range mustLoad(t, log, "网格/a b?%'\"", 0) {
		wantSame(t, r, want[i])
	}
}
