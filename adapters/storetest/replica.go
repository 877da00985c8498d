package storetest

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"gridward/app"
)

// ReplicaHarness is one engine's replica under test.
type ReplicaHarness struct {
	// Open opens the log with that id to be filled, and makes it if it is not there.
	Open func(t *testing.T, id uuid.UUID) (app.Replica, error)
	// Log opens what was filled. The replica is closed by then.
	Log func(t *testing.T) app.Log
}

// RunReplica holds a replica to the contract.
func RunReplica(t *testing.T, harness func(t *testing.T) ReplicaHarness) {
	id := uuid.MustParse("7d1f0a52-4f3e-4c79-9d0f-2a3b4c5d6e7f")
	records := elsewhere()
	t.Run("it keeps every place, also where the original has gaps", func(t *testing.T) {
		h := harness(t)
		fill(t, h, id, records[:3], records[3:])
		log := h.Log(t)
		if log.ID() != id {
			t.Errorf("the log is %s", log.ID())
		}
		got, err := log.Read(testContext(t), 0, 100)
		if err != nil {
			t.Fatal(err)
		}
		if len(got) != len(records) {
			t.Fatalf("it has %d records of %d", len(got), len(records))
		}
		for i := range got {
			if !reflect.DeepEqual(got[i], records[i]) {
				t.Errorf("record %d is\n%+v, not\n%+v", i, got[i], records[i])
			}
		}
	})
	t.Run("it is appended to like any other", func(t *testing.T) {
		h := harness(t)
		fill(t, h, id, records)
		log := h.Log(t)
		last := records[len(records)-1]
		next := records[0]
		next.ID, next.Position, next.Version, next.RecordedAt = uuid.New(), 0, 0, time.Time{}
		got, err := log.Append(testContext(t), "a", 3, []app.Record{next})
		if err != nil || got.Version != 4 || got.Position <= last.Position || got.RecordedAt.Before(last.RecordedAt) {
			t.Errorf("an append gave %+v, %v", got, err)
		}
		if _, err := log.Append(testContext(t), "a", 4, []app.Record{next}); err != nil {
			t.Errorf("a repeat: %v", err)
		}
	})
	t.Run("it goes on where it was", func(t *testing.T) {
		h := harness(t)
		fill(t, h, id, records[:2])
		r := openReplica(t, h, id)
		if head, err := r.Head(testContext(t)); err != nil || head != records[1].Position {
			t.Errorf("its head is %s, %v", head, err)
		}
		put(t, r, records[2:])
		closeReplica(t, r)
	})
	t.Run("it takes nothing that does not fit", func(t *testing.T) {
		h := harness(t)
		r := openReplica(t, h, id)
		put(t, r, records[:2])
		for what, change := range map[string]func(*app.Record){
			"not behind the head":        func(x *app.Record) { x.Position = records[1].Position },
			"a version left out":         func(x *app.Record) { x.Version++ },
			"a version that is there":    func(x *app.Record) { x.Version-- },
			"recorded before the others": func(x *app.Record) { x.RecordedAt = records[0].RecordedAt.Add(-time.Second) },
			"no type":                    func(x *app.Record) { x.Type = "" },
			"no id":                      func(x *app.Record) { x.ID = uuid.Nil },
		} {
			bad := slices.Clone(records[2:])
			change(&bad[1])
			if err := r.Put(testContext(t), bad); err == nil {
				t.Errorf("%s: it took that", what)
			}
		}
		put(t, r, records[2:]) // none of it is there
		closeReplica(t, r)
	})
	t.Run("it knows every stream, also those that it wrote long ago", func(t *testing.T) {
		const streams = 20_000 // more than a replica remembers
		h := harness(t)
		r := openReplica(t, h, id)
		page := make([]app.Record, 0, streams)
		add := func(stream int, version uint64) {
			x := records[0]
			x.ID, x.Stream, x.Version = uuid.NewSHA1(uuid.Nil, fmt.Append(nil, stream, version)), fmt.Sprint("many-", stream), version
			x.Position += app.Position(len(page)) + app.Position(version)*streams
			page = append(page, x)
		}
		for i := range streams {
			add(i, 1)
		}
		put(t, r, page)
		page = page[:0]
		for i := range streams { // from the end of them to their beginning
			if i%7 == 0 {
				add(streams-1-i, 2)
			}
		}
		put(t, r, page)
		closeReplica(t, r)
	})
	t.Run("it is no other log", func(t *testing.T) {
		h := harness(t)
		fill(t, h, id, records)
		if r, err := h.Open(t, uuid.New()); err == nil {
			t.Error("it was opened under another id")
			closeReplica(t, r)
		}
	})
}

// elsewhere is the log that is copied: two streams, and positions with gaps.
func elsewhere() []app.Record {
	at := time.Date(2026, 2, 10, 1, 0, 0, 123456000, time.UTC)
	var out []app.Record
	versions := map[string]uint64{}
	for i, stream := range []string{"a", "b", "a", "b", "a"} {
		versions[stream]++
		out = append(out, app.Record{ID: uuid.NewSHA1(uuid.Nil, []byte{byte(i)}), Stream: stream, Type: "case.noted", Schema: 1 + i%2,
			Meta: app.Meta{Programme: "fire", ProgrammeVersion: i, Cell: "410104", OccurredAt: at, ReceivedAt: at, Actor: "p-1", CommandID: uuid.NewSHA1(uuid.Nil, []byte{9}),
				Correlation: uuid.NewSHA1(uuid.Nil, []byte{9})},
			Data: []byte(`{"text": "楼道 \u0041\u003c"}`), Version: versions[stream], Position: app.Position(3 + 4*i), RecordedAt: at.Add(time.Duration(i/2) * time.Second)})
	}
	return out
}

func fill(t *testing.T, h ReplicaHarness, id uuid.UUID, pages ...[]app.Record) {
	t.Helper()
	r := openReplica(t, h, id)
	for _, page := range pages {
		put(t, r, page)
	}
	closeReplica(t, r)
}

func openReplica(t *testing.T, h ReplicaHarness, id uuid.UUID) app.Replica {
	t.Helper()
	r, err := h.Open(t, id)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func put(t *testing.T, r app.Replica, records []app.Record) {
	t.Helper()
	if err := r.Put(context.Background(), records); err != nil {
		t.Fatal(err)
	}
}

func closeReplica(t *testing.T, r app.Replica) {
	t.Helper()
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
}
