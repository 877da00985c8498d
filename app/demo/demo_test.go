package demo_test

import (
	"context"
	"errors"
	"reflect"
	"testing"
	"time"

	"gridward/adapters/eventcodec"
	"gridward/adapters/memstore"
	"gridward/adapters/programmes"
	"gridward/adapters/sqlstore"
	"gridward/app"
	"gridward/app/demo"
	"gridward/app/views"
	"gridward/domain/fault"
	"gridward/domain/grid"
	"gridward/domain/hazard"
)

// house is an empty house on a clock that only the demo moves.
type house struct {
	*app.App
	log   *brittle
	codec *eventcodec.Codec
	views *views.Views
	dir   string // of the views
	clock time.Time
}

// brittle is a log that takes nothing more once it holds so many records.
type brittle struct {
	app.Log
	most app.Position // 0: no end
}

func (l *brittle) Append(ctx context.Context, stream string, expected uint64, records []app.Record) (app.Appended, error) {
	if head, err := l.Head(ctx); err != nil || l.most > 0 && head >= l.most {
		return app.Appended{}, errors.Join(err, fault.New(fault.Unavailable, "queue_full", "the queue is full"))
	}
	return l.Log.Append(ctx, stream, expected, records)
}

func newHouse(t *testing.T) *house {
	t.Helper()
	h := &house{codec: eventcodec.New(), dir: t.TempDir()}
	h.log = &brittle{Log: memstore.New(func() time.Time { return h.clock })}
	h.restart(t)
	h.views = views.New(h.log, h.codec, sqlstore.NewGenerations(h.dir, false), china)
	if err := h.views.Open(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = h.views.Close() })
	return h
}

// restart forgets what a house keeps in memory.
func (h *house) restart(t *testing.T) {
	t.Helper()
	var err error
	if h.App, err = app.New(h.log, h.codec, 10_000); err != nil {
		t.Fatal(err)
	}
}

// follow has the views keep themselves up to date until the function it gives is called.
func (h *house) follow(t *testing.T) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	over := make(chan struct{})
	go func() {
		defer close(over)
		if err := h.views.Run(ctx); !errors.Is(err, context.Canceled) {
			t.Errorf("the views: %v", err)
		}
	}()
	return func() { cancel(); <-over }
}

// tables are what a demo asks of the views.
func (h *house) tables() *demo.Views {
	return &demo.Views{Due: h.views.Due, PeriodEnd: h.views.PeriodEnd, Visible: h.views.WaitFor, Tables: app.Tables{Cases: h.views.OpenCasesOf,
		Under: h.views.OpenCasesUnder, Patrols: app.PatrolTable{Ended: h.views.Ended, Again: h.views.Again}}}
}

var china = time.FixedZone("Asia/Shanghai", 8*60*60)

// small is the smallest demo there is; it holds everything all the same.
func small(seed uint64) demo.Options {
	return demo.Options{Seed: seed, Scale: demo.Small, Days: 14}
}

func (h *house) try(ctx context.Context, t *testing.T, o demo.Options) (demo.Summary, error) {
	t.Helper()
	builtin, err := programmes.Builtin()
	if err != nil {
		t.Fatal(err)
	}
	o.Programmes, o.SetClock, o.Views = builtin, func(at time.Time) { h.clock = at }, h.tables()
	defer h.follow(t)()
	return demo.Run(ctx, h.App, h.log, h.codec, o)
}

// run runs a demo and fails the test with whatever it ends with.
func (h *house) run(t *testing.T, o demo.Options) demo.Summary {
	t.Helper()
	s, err := h.try(t.Context(), t, o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func (h *house) records(t *testing.T) []app.Record {
	t.Helper()
	head, err := h.log.Head(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	records, err := h.log.Read(t.Context(), 0, int(head)+1)
	if err != nil {
		t.Fatal(err)
	}
	return records
}

// events gives every event of one type.
func events[E any](t *testing.T, h *house) []E {
	t.Helper()
	var out []E
	for _, r := range h.records(t) {
		event, err := h.codec.Decode(r.Type, r.Schema, r.Data)
		if err != nil {
			t.Fatal(err)
		}
		if e, ok := event.(E); ok {
			out = append(out, e)
		}
	}
	return out
}

func sameLog(t *testing.T, a, b []app.Record) {
	t.Helper()
	if len(a) != len(b) {
		t.Fatalf("%d records, and %d", len(a), len(b))
	}
	for i := range a {
		if !reflect.DeepEqual(a[i], b[i]) {
			t.Fatalf("record %d differs:\n%+v %s\n%+v %s", i, a[i], a[i].Data, b[i], b[i].Data)
		}
	}
}

func TestTheSameOptionsMakeTheSameLogAndAnotherSeedAnother(t *testing.T) {
	t.Parallel()
	one, again, other := newHouse(t), newHouse(t), newHouse(t)
	one.run(t, small(7))
	again.run(t, small(7))
	sameLog(t, one.records(t), again.records(t))
	other.run(t, small(8))
	commands := map[string]bool{}
	for _, r := range one.records(t) {
		commands[r.Meta.CommandID.String()] = true
	}
	for _, r := range other.records(t) {
		if commands[r.Meta.CommandID.String()] && r.Meta.Actor != hazard.System { // that closes the same days
			t.Fatalf("command %s of %s is in both logs", r.Meta.CommandID, r.Type)
		}
	}
	a, b := events[grid.PersonRegistered](t, one), events[grid.PersonRegistered](t, other)
	if a[0].Name.Reveal()+a[1].Name.Reveal() == b[0].Name.Reveal()+b[1].Name.Reveal() {
		t.Error("the first people have the same names")
	}
}

func TestOnceMoreChangesNothingAndAnotherDemoIsRefused(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	first := h.run(t, small(7))
	before := h.records(t)
	second := h.run(t, small(7))
	sameLog(t, before, h.records(t))
	if first.Written != first.Events || second.Written != 0 {
		t.Errorf("wrote %d of %d, and then %d", first.Written, first.Events, second.Written)
	}
	second.Written, second.Commands, second.Refused = first.Written, first.Commands, first.Refused
	if !reflect.DeepEqual(first, second) {
		t.Errorf("the summary was %+v and is %+v", first, second)
	}
	_, err := h.try(t.Context(), t, small(4))
	if _, ok := fault.As(err); !ok {
		t.Errorf("another demo in the same log ended with %v, not with the refusal of a command", err)
	}
}

func TestWhatWasCutOffIsFinished(t *testing.T) {
	t.Parallel()
	whole, o, last := newHouse(t), small(4), 0
	o.Progress = func(done, total int) {
		if done <= last || done > total {
			t.Fatalf("progress: %d of %d after %d", done, total, last)
		}
		last = done
	}
	commands := whole.run(t, o).Commands
	if commands != last {
		t.Errorf("%d commands, but progress ended at %d", commands, last)
	}
	h := newHouse(t)
	for _, share := range []int{4, 2} { // cut off after a quarter, then after a half
		ctx, stop := context.WithCancel(t.Context())
		o := small(4)
		o.Progress = func(done, total int) {
			if done == total/share {
				stop()
			}
		}
		if _, err := h.try(ctx, t, o); !errors.Is(err, context.Canceled) {
			t.Fatalf("cut off after %d of %d: %v", commands/share, commands, err)
		}
		stop()
	}
	h.run(t, small(4))
	sameLog(t, whole.records(t), h.records(t))
}

// The log takes no more in the middle of an hour: of the cards, of a period's end, of the digests, of a correction. A
// house that has forgotten everything goes on from there.
func TestAnHourThatWasCutOffIsFinished(t *testing.T) {
	t.Parallel()
	whole, h := newHouse(t), newHouse(t)
	whole.run(t, small(6))
	cut := map[string]int{"case.card_given": 20, "patrol.shortfall_found": 12, "patrol.day_closed": 6, "notice.digest_opened": 30, "case.rederived": 7,
		"patrol.shortfall_restated": 3, "cell.replaced": 1, "case.cell_replaced": 2}
	seen := map[string]int{}
	for _, r := range whole.records(t) {
		if seen[r.Type]++; seen[r.Type] != cut[r.Type] {
			continue
		}
		h.log.most = r.Position - 1
		if _, err := h.try(t.Context(), t, small(6)); err == nil {
			t.Fatalf("the log took no more than %s, and nobody said so", r.Type)
		}
		if head, err := h.log.Head(t.Context()); err != nil || head != h.log.most {
			t.Fatalf("before %s: the log ends at %d, not at %d (%v)", r.Type, head, h.log.most, err)
		}
		h.restart(t)
		delete(cut, r.Type)
	}
	if len(cut) > 0 {
		t.Errorf("nothing was cut off before: %v", cut)
	}
	h.log.most = 0
	h.run(t, small(6))
	sameLog(t, whole.records(t), h.records(t))
}

func TestOptionsAreChecked(t *testing.T) {
	h := newHouse(t)
	if _, err := demo.Run(t.Context(), h.App, h.log, h.codec, small(1)); err == nil {
		t.Error("no clock, but no error")
	}
	for name, o := range map[string]demo.Options{
		"scale": {Scale: "middling"},
		"days":  {Scale: demo.Small, Days: 13},
	} {
		_, err := h.try(t.Context(), t, o)
		if f, ok := fault.As(err); !ok || f.Fields[0].Field != name {
			t.Errorf("%s: %v", name, err)
		}
	}
	if head, err := h.log.Head(t.Context()); err != nil || head != 0 {
		t.Errorf("the log is at %d (%v)", head, err)
	}
}
