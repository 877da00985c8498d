package storetest

import (
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"gridward/app"
)

// SuccessorHarness is one engine's successor under test.
type SuccessorHarness struct {
	// Open opens the log that takes over the records of the one with that id, and makes it if it is not there.
	Open func(t *testing.T, of uuid.UUID) (app.Successor, error)
	// Log opens what took them over, for reading and writing; it is closed before Open is called again.
	Log func(t *testing.T) (log app.Log, closing func())
}

// RunSuccessor holds a successor to the contract.
func RunSuccessor(t *testing.T, harness func(t *testing.T) SuccessorHarness) {
	of := uuid.MustParse("7d1f0a52-4f3e-4c79-9d0f-2a3b4c5d6e7f")
	records := elsewhere()
	t.Run("it keeps everything but the positions", func(t *testing.T) {
		h := harness(t)
		succeed(t, h, of, records[:3], records[3:])
		log, closing := h.Log(t)
		defer closing()
		if log.ID() == of || log.ID() == uuid.Nil {
			t.Errorf("the log is %s", log.ID())
		}
		wantTakenOver(t, log, records)
	})
	t.Run("it goes on where it was, as the same log", func(t *testing.T) {
		h := harness(t)
		succeed(t, h, of, records[:2])
		log, closing := h.Log(t)
		id := log.ID()
		closing()
		x := openSuccessor(t, h, of)
		if head, err := x.Head(testContext(t)); err != nil || head != records[1].Position {
			t.Errorf("its head is %s, %v", head, err)
		}
		take(t, x, records[2:])
		log, closing = h.Log(t)
		defer closing()
		if log.ID() != id {
			t.Errorf("the log was %s and is %s", id, log.ID())
		}
		wantTakenOver(t, log, records)
	})
	t.Run("it takes nothing that does not fit", func(t *testing.T) { takingOver(t, harness(t), of, records) })
	t.Run("it is appended to like any other, and is no successor then", func(t *testing.T) {
		h := harness(t)
		succeed(t, h, of, records)
		log, closing := h.Log(t)
		next := records[0]
		next.ID, next.Position, next.Version, next.RecordedAt = uuid.New(), 0, 0, time.Time{}
		last := mustHead(t, log)
		got, err := log.Append(testContext(t), "a", 3, []app.Record{next})
		if err != nil || got.Version != 4 || got.Position <= last || got.RecordedAt.Before(records[len(records)-1].RecordedAt) {
			t.Errorf("an append gave %+v, %v", got, err)
		}
		if again, err := log.Append(testContext(t), "a", 3, []app.Record{next}); err != nil || again != got {
			t.Errorf("a repeat gave %+v, %v", again, err)
		}
		closing()
		if x, err := h.Open(t, of); err == nil {
			t.Error("it was opened to be filled")
			_ = x.Close()
		}
	})
	t.Run("it is the successor of no other log", func(t *testing.T) {
		h := harness(t)
		succeed(t, h, of, records)
		if x, err := h.Open(t, uuid.New()); err == nil {
			t.Error("it was opened as another's")
			_ = x.Close()
		}
	})
	t.Run("a log that began by itself is none", func(t *testing.T) {
		h := harness(t)
		_, closing := h.Log(t)
		closing()
		if x, err := h.Open(t, of); err == nil {
			t.Error("it was opened to be filled")
			_ = x.Close()
		}
	})
}

// takingOver offers it what does not fit, and then what does.
func takingOver(t *testing.T, h SuccessorHarness, of uuid.UUID, records []app.Record) {
	t.Helper()
	x := openSuccessor(t, h, of)
	if err := x.Put(testContext(t), records[:2]); err != nil {
		t.Fatal(err)
	}
	for what, change := range map[string]func(*app.Record){
		"not behind the head":        func(r *app.Record) { r.Position = records[1].Position },
		"no version":                 func(r *app.Record) { r.Version = 0 },
		"recorded before the others": func(r *app.Record) { r.RecordedAt = records[0].RecordedAt.Add(-time.Second) },
		"no type":                    func(r *app.Record) { r.Type = "" },
		"no id":                      func(r *app.Record) { r.ID = uuid.Nil },
		"a version left out":         func(r *app.Record) { r.Version++ },
		"a version that is there":    func(r *app.Record) { r.Version-- },
	} {
		head, err := x.Head(testContext(t))
		if err != nil {
			t.Fatal(err)
		}
		bad := slices.Clone(records[2:])
		change(&bad[1])
		left := slices.DeleteFunc(bad, func(r app.Record) bool { return r.Position <= head && r.Position > records[1].Position })
		if err := x.Put(testContext(t), left); err == nil {
			t.Errorf("%s: it took that", what)
		}
		if head, err = x.Head(testContext(t)); err != nil || head >= records[3].Position {
			t.Errorf("%s: its head is %s, %v", what, head, err)
		}
	}
	head, err := x.Head(testContext(t))
	if err != nil {
		t.Fatal(err)
	}
	take(t, x, slices.DeleteFunc(slices.Clone(records), func(r app.Record) bool { return r.Position <= head }))
	log, closing := h.Log(t)
	defer closing()
	wantTakenOver(t, log, records)
}

// wantTakenOver holds that the log has these records in this order, at positions of its own.
func wantTakenOver(t *testing.T, log app.Log, want []app.Record) {
	t.Helper()
	got := readAll(t, log, 1000)
	wantOrder(t, got)
	if len(got) != len(want) {
		t.Fatalf("it has %d records of %d", len(got), len(want))
	}
	for i := range got {
		moved := want[i]
		moved.Position = got[i].Position
		wantSame(t, got[i], moved)
	}
}

func succeed(t *testing.T, h SuccessorHarness, of uuid.UUID, pages ...[]app.Record) {
	t.Helper()
	x := openSuccessor(t, h, of)
	for _, page := range pages[:len(pages)-1] {
		if err := x.Put(testContext(t), page); err != nil {
			t.Fatal(err)
		}
	}
	take(t, x, pages[len(pages)-1])
}

func openSuccessor(t *testing.T, h SuccessorHarness, of uuid.UUID) app.Successor {
	t.Helper()
	x, err := h.Open(t, of)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

// take has it take the last records, and closes it.
func take(t *testing.T, x app.Successor, records []app.Record) {
	t.Helper()
	if err := x.Put(testContext(t), records); err != nil {
		t.Fatal(err)
	}
	if err := x.Close(); err != nil {
		t.Fatal(err)
	}
}
