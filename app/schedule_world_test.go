package app_test

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"gridward/adapters/eventcodec"
	"gridward/app"
	"gridward/domain/hazard"
)

// dues is the table of due instants: it follows the log, and keeps instants to the microsecond as tables do.
type dues struct {
	a   *app.App
	log app.Log

	mu     sync.Mutex
	at     app.Position
	due    map[string]time.Time
	limits []int // it was asked with
}

func newDues(a *app.App, log app.Log) *dues {
	return &dues{a: a, log: log, due: map[string]time.Time{}}
}

func (d *dues) list(ctx context.Context, until time.Time, limit int) ([]app.DueCase, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.limits = append(d.limits, limit)
	if err := d.follow(ctx); err != nil {
		return nil, err
	}
	var rows []app.DueCase
	for id, at := range d.due {
		if !at.After(until) {
			rows = append(rows, app.DueCase{ID: id, At: at})
		}
	}
	slices.SortFunc(rows, func(a, b app.DueCase) int { return cmp.Or(a.At.Compare(b.At), strings.Compare(a.ID, b.ID)) })
	return rows[:min(limit, len(rows))], nil
}

// follow asks the cases that have moved what is due next on them.
func (d *dues) follow(ctx context.Context) error {
	records, err := d.log.Read(ctx, d.at, 1_000_000)
	if err != nil {
		return err
	}
	moved := map[string]bool{}
	for _, r := range records {
		if id, is := strings.CutPrefix(r.Stream, "case-"); is {
			moved[id] = true
		}
		d.at = r.Position
	}
	for id := range moved {
		next, ok, _, err := d.a.Advance(ctx, id, time.Unix(0, 0), noon) // nothing was due in 1970
		if err != nil {
			return err
		}
		if delete(d.due, id); ok {
			d.due[id] = next.At.Truncate(time.Microsecond)
		}
	}
	return nil
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

// take gives what was said since it was last called.
func (c *complaints) take() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	said := c.said
	c.said = nil
	return said
}

// clockwork is a scheduler of a program of its own over the house's log.
type clockwork struct {
	*app.Scheduler
	complaints
	dues *dues
	app.Schedule
}

func newClockwork(h *house, change func(*app.Schedule)) *clockwork {
	h.t.Helper()
	a := newApp(h.t, h.log)
	w := &clockwork{dues: newDues(a, h.log)}
	w.Schedule = app.Schedule{Due: w.dues.list, Visible: func(context.Context, app.Position) error { return nil }, Clock: h.clock.Now, Failed: w.add}
	if change != nil {
		change(&w.Schedule)
	}
	w.Scheduler = app.NewScheduler(a, w.Schedule)
	return w
}

// catchesUp does what is due by now, and holds that nothing failed.
func (w *clockwork) catchesUp(t testing.TB) {
	t.Helper()
	err := w.CatchUp(t.Context(), w.Clock())
	if said := w.take(); err != nil || len(said) > 0 {
		t.Errorf("it answers %v, and says %q", err, said)
	}
	if s := w.Status(); !s.Oldest.IsZero() || s.Stuck != 0 || s.Err != nil {
		t.Errorf("status %+v", s)
	}
}

// shanghai is where the tests tell the time.
var shanghai = time.FixedZone("", 8*60*60)

// on is an instant of March 2026 in Shanghai, "10 09:30"; the 32nd is the first of April.
func on(t testing.TB, text string) time.Time {
	t.Helper()
	var day, hour, minute int
	if _, err := fmt.Sscanf(text, "%d %d:%d", &day, &hour, &minute); err != nil {
		t.Fatal(err)
	}
	return time.Date(2026, 3, day, hour, minute, 0, 0, shanghai)
}

func caseNo(n int) string { return fmt.Sprintf("00000000-0000-4000-8000-%012d", n) }

// newCalendarTown is a town with the calendar the product ships.
func newCalendarTown(t testing.TB) *house {
	t.Helper()
	h := newTown(t)
	h.ok(h.PublishBuiltinCalendar(t.Context(), h.steward()))
	return h
}

// opens reports and files a case of the site at an instant; the programme sends it to the area by itself.
func (h *house) opens(id, item string, at time.Time) {
	h.t.Helper()
	h.clock.set(at)
	cmd := resident(id)
	cmd.FoundAt = at
	h.done(h.ReportCase(h.t.Context(), h.by(zhao), cmd))
	h.takes(li, id, hazard.File{Item: item})
}

// takes has the case take a command now.
func (h *house) takes(person, id string, cmd hazard.Command) app.Receipt {
	h.t.Helper()
	return h.done(h.Case(h.t.Context(), h.by(person), id, cmd))
}

// newLateTown is a town with n cases that nobody accepts: the nth went to the area n seconds after 14:10 on Tuesday,
// 10 March 2026. After 4 working hours it has a red card, on Wednesday at 08:10, and 8 later it is escalated.
func newLateTown(t testing.TB, n int) *house {
	t.Helper()
	h := newCalendarTown(t)
	for i := range n {
		h.opens(caseNo(i), "corridor_cluttered", on(t, "10 14:10").Add(time.Duration(i)*time.Second))
	}
	return h
}

// did is one thing time did to a case.
type did struct {
	Case     int
	What     string // "red acceptance"
	Due      time.Time
	Recorded time.Time
}

func (d did) String() string {
	return fmt.Sprintf("%d %s %s", d.Case, d.What, d.Due.In(shanghai).Format("02 15:04"))
}

// timeDid is what time did to cases, in the log's order.
func (h *house) timeDid() []did {
	h.t.Helper()
	records, err := h.log.Read(h.t.Context(), 0, 1_000_000)
	h.ok(err)
	var out []did
	for _, r := range records {
		id, is := strings.CutPrefix(r.Stream, "case-")
		if !is {
			continue
		}
		event, err := eventcodec.New().Decode(r.Type, r.Schema, r.Data)
		h.ok(err)
		d := did{Due: event.(hazard.Event).Stamped().At, Recorded: r.RecordedAt}
		switch e := event.(type) {
		case hazard.CardGiven:
			d.What = e.Colour + " " + e.Ladder.Stage
		case hazard.CardWithdrawn:
			d.What = e.Colour + " withdrawn"
		case hazard.CardHealed:
			d.What = e.Colour + " healed"
		case hazard.Escalated:
			d.What = fmt.Sprintf("escalated to %d", e.Level)
		case hazard.Supervised:
			d.What = fmt.Sprintf("supervised by %d", e.Level)
		case hazard.Resumed:
			d.What = "resumed"
		case hazard.RungPassed:
			d.What = "passed " + e.Do + ": " + e.Reason
		default:
			continue
		}
		_, err = fmt.Sscanf(id, "00000000-0000-4000-8000-%d", &d.Case)
		h.ok(err)
		out = append(out, d)
	}
	return out
}

// timeDidExactly holds what time did, in the log's order.
func (h *house) timeDidExactly(want ...string) {
	h.t.Helper()
	var got []string
	for _, d := range h.timeDid() {
		got = append(got, d.String())
	}
	if !slices.Equal(got, want) {
		h.t.Errorf("time did\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}
