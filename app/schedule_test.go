package app_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"gridward/adapters/eventcodec"
	"gridward/adapters/memstore"
	"gridward/app"
	"gridward/domain/calendar"
	"gridward/domain/fault"
	"gridward/domain/hazard"
)

// dues is a table of due instants that is never behind: it asks the cases themselves.
type dues struct {
	a     *app.App
	log   app.Log
	stale bool // it shows what it showed first, for ever
	first []app.DueCase
}

func (d *dues) list(ctx context.Context, until time.Time, limit int) ([]app.DueCase, error) {
	rows := d.first
	if rows == nil {
		records, err := d.log.Read(ctx, 0, 1_000_000)
		if err != nil {
			return nil, err
		}
		for _, r := range records {
			id, is := strings.CutPrefix(r.Stream, "case-")
			if !is || r.Version > 1 {
				continue
			}
			next, ok, _, err := d.a.Advance(ctx, id, time.Unix(0, 0), noon) // nothing was due then
			if err != nil {
				return nil, err
			}
			if ok {
				rows = append(rows, app.DueCase{ID: id, At: next.At})
			}
		}
		slices.SortFunc(rows, func(a, b app.DueCase) int {
			if c := a.At.Compare(b.At); c != 0 {
				return c
			}
			return strings.Compare(a.ID, b.ID)
		})
		if d.stale {
			d.first = rows
		}
	}
	var out []app.DueCase
	for _, r := range rows {
		if !r.At.After(until) && len(out) < limit {
			out = append(out, r)
		}
	}
	return out, nil
}

// wall is the clock of a test.
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

// complaints is what a scheduler says that it could not do.
type complaints struct {
	mu   sync.Mutex
	said []string
}

func (c *complaints) add(what string, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.said = append(c.said, what+": "+err.Error())
}

func (c *complaints) all() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.said)
}

// clockwork is a scheduler of its own program over the house's log.
type clockwork struct {
	*app.Scheduler
	complaints
}

func newClockwork(h *house, clock *wall, change func(*app.Schedule)) *clockwork {
	h.t.Helper()
	w, a := &clockwork{}, newApp(h.t, h.log)
	s := app.Schedule{Due: (&dues{a: a, log: h.log}).list, Visible: func(context.Context, app.Position) error { return nil },
		Clock: clock.Now, Failed: w.add}
	if change != nil {
		change(&s)
	}
	w.Scheduler = app.NewScheduler(a, s)
	return w
}

func caseNo(n int) string { return fmt.Sprintf("00000000-0000-4000-8000-%012d", n) }

// newLateTown is a town with n cases that nobody accepts: the nth was filed n minutes after noon of Tuesday,
// 2026-03-10, and went to the area by itself.
func newLateTown(t *testing.T, n int) *house {
	t.Helper()
	h := newTown(t)
	h.calendar()
	for i := range n {
		at := noon.Add(time.Duration(i) * time.Minute)
		on := func(person string) app.By {
			by := h.by(person)
			by.CommandID, by.ReceivedAt = uuid.NewSHA1(uuid.Nil, fmt.Append(nil, person, i)), at
			return by
		}
		h.done(h.ReportCase(t.Context(), on(zhao), resident(caseNo(i))))
		h.done(h.Case(t.Context(), on(li), caseNo(i), hazard.File{Item: "corridor_cluttered"}))
	}
	return h
}

// did is what time did to cases, in the log's order.
type did struct {
	Case string
	Type string
	Due  time.Time
	Do   string
}

func (h *house) ladder() []did {
	h.t.Helper()
	records, err := h.log.Read(h.t.Context(), 0, 1_000_000)
	h.ok(err)
	var out []did
	for _, r := range records {
		if r.Meta.Actor != hazard.System || !strings.HasPrefix(r.Stream, "case-") {
			continue
		}
		event, err := eventcodec.New().Decode(r.Type, r.Schema, r.Data)
		h.ok(err)
		d := did{Case: r.Stream, Type: r.Type, Due: event.(hazard.Event).Stamped().At.UTC()}
		if card, ok := event.(hazard.CardGiven); ok {
			d.Do = card.Colour
		}
		out = append(out, d)
	}
	return out
}

func inOrder(t *testing.T, all []did) {
	t.Helper()
	if !slices.IsSortedFunc(all, func(a, b did) int { return a.Due.Compare(b.Due) }) {
		t.Errorf("not in due order: %v", all)
	}
}

// What is due on many cases is done in the order it was due across them, each thing at its instant. The catalogue's
// acceptance limit is half a working day: filed at noon of Tuesday it ends at 16:00 or 18:00 the same day...
func TestWhatTimeMakesDueIsDoneInOrderAcrossCases(t *testing.T) {
	h := newLateTown(t, 40)
	clock := &wall{now: noon.AddDate(0, 0, 30)} // the service was down for a month
	w := newClockwork(h, clock, nil)
	h.ok(w.CatchUp(t.Context(), clock.Now()))
	all := h.ladder()
	inOrder(t, all)
	if len(all) < 2*40 {
		t.Errorf("%d things were done to 40 cases", len(all))
	}
	if s := w.Status(); s.Done == 0 || !s.Oldest.IsZero() || s.Stuck != 0 || s.Err != nil {
		t.Errorf("status: %+v", s)
	}
	head := h.head()
	h.ok(w.CatchUp(t.Context(), clock.Now()))
	h.ok(newClockwork(h, clock, nil).CatchUp(t.Context(), clock.Now()))
	if h.head() != head {
		t.Errorf("a second time it did %d things", h.head()-head)
	}
}

func TestPrintLadder(t *testing.T) {
	h := newLateTown(t, 2)
	clock := &wall{now: noon.AddDate(0, 0, 30)}
	w := newClockwork(h, clock, nil)
	h.ok(w.CatchUp(t.Context(), clock.Now()))
	for _, d := range h.ladder() {
		t.Logf("%+v", d)
	}
	_ = reflect.DeepEqual
	_ = errors.Is
	_ = fault.As
	_ = memstore.New
	_ = calendar.Builtin
}

// calendar publishes the calendar the product ships.
func (h *house) calendar() {
	h.t.Helper()
	h.ok(h.PublishBuiltinCalendar(h.t.Context(), h.steward()))
}
