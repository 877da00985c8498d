package app_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"

	"gridward/adapters/eventcodec"
	"gridward/adapters/memstore"
	"gridward/adapters/programmes"
	"gridward/app"
	"gridward/domain/fault"
	"gridward/domain/grid"
)

// The little town of the tests: one district, two streets, a community, an area and two sites.
const (
	district  = grid.CellCode("410104")
	street    = grid.CellCode("410104001")
	street2   = grid.CellCode("410104002")
	community = grid.CellCode("410104001001")
	area      = grid.CellCode("410104001001001")
	site      = grid.CellCode("4101040010010010001")
	site2     = grid.CellCode("4101040010010010002")
)

// Its people, by what they do in fire.
const (
	wang = "00000000-0000-4000-8000-000000000001" // chief of the street
	li   = "00000000-0000-4000-8000-000000000002" // chief of the community
	zhao = "00000000-0000-4000-8000-000000000003" // officer of the area
	qian = "00000000-0000-4000-8000-000000000004" // nobody in fire; inspector of water in the street
)

var noon = time.Date(2026, 3, 10, 4, 0, 0, 0, time.UTC) // 12:00 in Shanghai

// shipped is the programmes the product ships, read once.
var shipped = sync.OnceValues(programmes.Builtin)

// wall is the clock of a test: it shows noon until it is set.
type wall struct {
	mu  sync.Mutex
	now time.Time
}

func (w *wall) Now() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.now
}

func (w *wall) set(at time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.now = at
}

// cutLog is a log that a crash, a full queue or something worse cuts off: before every append it asks before.
type cutLog struct {
	app.Log
	before atomic.Pointer[func(stream string) error]
}

func (l *cutLog) Append(ctx context.Context, stream string, expected uint64, records []app.Record) (app.Appended, error) {
	if before := l.before.Load(); before != nil {
		if err := (*before)(stream); err != nil {
			return app.Appended{}, err
		}
	}
	return l.Log.Append(ctx, stream, expected, records)
}

// ask has every append ask first; mend ends that.
func (l *cutLog) ask(before func(stream string) error) { l.before.Store(&before) }

func (l *cutLog) mend() { l.before.Store(nil) }

var errQueueFull = fault.New(fault.Unavailable, "queue_full", "the queue is full")

// cut refuses appends to the streams of that prefix.
func (l *cutLog) cut(prefix string) {
	l.ask(func(stream string) error {
		if strings.HasPrefix(stream, prefix) {
			return errQueueFull
		}
		return nil
	})
}

// cutAfter lets so many appends through.
func (l *cutLog) cutAfter(appends int) {
	var taken atomic.Int64
	l.ask(func(string) error {
		if taken.Add(1) > int64(appends) {
			return errQueueFull
		}
		return nil
	})
}

// house is the program on an empty log.
type house struct {
	*app.App
	t        testing.TB
	log      *cutLog
	clock    *wall
	commands int
}

func newHouse(t testing.TB) *house {
	t.Helper()
	h := &house{t: t, clock: &wall{now: noon}}
	h.log = &cutLog{Log: memstore.New(h.clock.Now)}
	h.App = newApp(t, h.log)
	return h
}

func newApp(t testing.TB, log app.Log) *app.App {
	t.Helper()
	a, err := app.New(log, eventcodec.New(), 1000)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// newTown is a house with the programmes, cells, people and duties of the little town.
func newTown(t testing.TB) *house {
	t.Helper()
	h := newHouse(t)
	builtin, err := shipped()
	if err != nil {
		t.Fatal(err)
	}
	h.ok(h.PublishBuiltin(t.Context(), h.steward(), builtin))
	for _, code := range []grid.CellCode{district, street, street2, community, area, site, site2} {
		h.done(h.CreateCell(t.Context(), h.steward(), grid.CreateCell{Code: code, Name: "cell " + string(code)}))
	}
	for i, id := range []string{wang, li, zhao, qian} {
		h.done(h.RegisterPerson(t.Context(), h.steward(), grid.RegisterPerson{ID: id, Name: fmt.Sprintf("person %d", i)}))
	}
	h.duty(street, "fire", "chief", wang)
	h.duty(community, "fire", "chief", li)
	h.duty(area, "fire", "officer", zhao)
	h.duty(street, "water", "inspector", qian)
	return h
}

func (h *house) duty(cell grid.CellCode, programme, role, person string) string {
	h.t.Helper()
	return h.done(h.GiveDuty(h.t.Context(), h.steward(), cell, grid.GiveDuty{Programme: programme, Role: role, Person: person, From: noon.AddDate(0, -1, 0)})).ID
}

// by is a new command of a person, received now.
func (h *house) by(person string) app.By {
	h.commands++
	return app.By{Actor: person, CommandID: uuid.NewSHA1(uuid.Nil, fmt.Append(nil, h.commands)), ReceivedAt: h.clock.Now()}
}

// steward is a new command of an administrator in its own name.
func (h *house) steward() app.By {
	by := h.by("admin")
	by.Admin = true
	return by
}

func (h *house) ok(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) done(r app.Receipt, err error) app.Receipt {
	h.t.Helper()
	h.ok(err)
	return r
}

func (h *house) head() app.Position {
	h.t.Helper()
	p, err := h.log.Head(h.t.Context())
	h.ok(err)
	return p
}

// records gives the records of a stream.
func (h *house) records(stream string) []app.Record {
	h.t.Helper()
	records, err := h.log.Load(h.t.Context(), stream, 0)
	h.ok(err)
	return records
}

// events gives the decoded events of a stream.
func (h *house) events(stream string) []any {
	h.t.Helper()
	var out []any
	for _, r := range h.records(stream) {
		e, err := eventcodec.New().Decode(r.Type, r.Schema, r.Data)
		h.ok(err)
		out = append(out, e)
	}
	return out
}

// streams counts the records of each stream.
func (h *house) streams() map[string]int {
	h.t.Helper()
	records, err := h.log.Read(h.t.Context(), 0, 1_000_000)
	h.ok(err)
	out := map[string]int{}
	for _, r := range records {
		out[r.Stream]++
	}
	return out
}

// twice holds the law: the same command sent again writes nothing, gives the same answer, and also does so in a
// program that has just started.
func (h *house) twice(by app.By, command func(*app.App, app.By) (app.Receipt, error)) app.Receipt {
	h.t.Helper()
	first, head := h.done(command(h.App, by)), app.Position(0)
	if head = h.head(); first.Replayed || first.Position == 0 || first.Position > head {
		h.t.Fatalf("the first time it answered %+v, with the log at %d", first, head)
	}
	for _, a := range []*app.App{h.App, newApp(h.t, h.log)} {
		again := h.done(command(a, by))
		if !again.Replayed {
			h.t.Errorf("the second time it did not know the command: %+v", again)
		}
		again.Replayed = false
		if again != first || h.head() != head {
			h.t.Errorf("the second time it answered %+v, the first %+v; the log went from %d to %d", again, first, head, h.head())
		}
	}
	return first
}

// refused asserts a refusal by its rule, and for invalid fields by the first one's name, and that nothing was
// written.
func (h *house) refused(code, field string, command func() error) {
	h.t.Helper()
	head := h.head()
	err := command()
	f, ok := fault.As(err)
	if !ok || f.Code != code || field != "" && (len(f.Fields) == 0 || f.Fields[0].Field != field) {
		h.t.Errorf("got %v, want the refusal %s %s", err, code, field)
	}
	if h.head() != head {
		h.t.Errorf("a refused command wrote to the log")
	}
}

// complete runs the completer from the beginning of the log until it has come to the end.
func (h *house) complete() {
	h.t.Helper()
	h.completeWith(app.Tables{Cases: func(context.Context, grid.CellCode, app.Position) ([]string, error) { return nil, nil }})
}

// completeWith does so with what the tables tell.
func (h *house) completeWith(t app.Tables) {
	h.t.Helper()
	ctx, stop := context.WithCancel(h.t.Context())
	defer stop()
	err := newApp(h.t, h.log).Complete(ctx, 0, t, func(p app.Position) error {
		if head, err := h.log.Head(ctx); err == nil && p >= head {
			stop()
		}
		return nil
	}, func(r app.Record, f *fault.Error) { h.t.Errorf("%s is not completed: %v", r.Stream, f) })
	if err != nil && !errors.Is(err, context.Canceled) {
		h.t.Fatal(err)
	}
}
