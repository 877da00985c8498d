package app

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"gridward/domain/fault"
)

// DueCase is a case and the instant of the next thing that time will do to it.
type DueCase struct {
	ID string
	At time.Time
}

// Schedule is what a Scheduler works with. Its tables are views: they may lie behind the log, which costs a look at a
// case that turns out to have nothing due.
type Schedule struct {
	// Due lists the cases that have something due until the instant, by instant and id, at most limit of them.
	Due func(ctx context.Context, until time.Time, limit int) ([]DueCase, error)
	// Visible returns once the tables show everything up to the position.
	Visible func(ctx context.Context, at Position) error
	// PeriodEnd is the first local midnight whose patrol periods are not closed yet; ok is false if there is none.
	// ClosePeriods records what they came to, by as many calls as it takes to close them. Both may be nil.
	PeriodEnd    func(ctx context.Context) (at time.Time, ok bool, err error)
	ClosePeriods func(ctx context.Context, at, received time.Time) (Position, error)
	// Clock tells the present.
	Clock func() time.Time
	// Failed is told what went wrong, once each time it begins to: with a case (its id), with patrol periods
	// (Periods), or with everything ("").
	Failed func(what string, err error)
}

// Periods is how patrol periods are named where a case has its id.
const Periods = "periods"

// Scheduler does what time makes due, in the order it is due across all cases and the ends of patrol periods. It is
// one caller of the log among many, so commands ride in the same commits and wait for none of it. Doing a thing twice
// does nothing, so any number of schedulers may work on one log. Its methods are safe for concurrent use.
type Scheduler struct {
	app *App
	Schedule

	turn chan struct{} // holds one: whoever catches up

	mu     sync.Mutex
	status ScheduleStatus
	stuck  map[string]setback // what is passed over for a while, by case or Periods

	idle map[string]time.Time // cases of the last page that had nothing due although the table said so; guarded by turn
	row  int                  // failures in a row; guarded by turn
}

// ScheduleStatus is how far a scheduler is.
type ScheduleStatus struct {
	Done   uint64    // things done since the start; what two schedulers do at once counts for both
	Oldest time.Time // the instant of what is done next; zero when nothing is due
	Stuck  int       // cases (and patrol periods) that are passed over because they failed
	Err    error     // why everything stands still, nil while it does not
}

// setback is something that failed, and when it is tried again.
type setback struct {
	failures int
	again    time.Time
}

// NewScheduler makes a scheduler; Run or CatchUp set it to work.
func NewScheduler(a *App, s Schedule) *Scheduler {
	return &Scheduler{app: a, Schedule: s, turn: make(chan struct{}, 1), stuck: map[string]setback{}}
}

const (
	// duePage is how many due cases are read from the table at once.
	duePage = 1000
	// tick is how often the table is looked at: nothing due costs one read of an index.
	tick = time.Second
	// mostPause bounds the pause before a new try, of everything or of one case.
	mostPause = 30 * time.Second
	mostStuck = 10 * time.Minute
	// mostLooks is how often ended periods are looked at before they are passed over: the first look states what was
	// missed, the second closes them, the third finds them closed.
	mostLooks = 6
	// mostInRow is how many cases may fail one after the other before the fault is taken to lie elsewhere.
	mostInRow = 20
)

// Run does what is due until ctx ends. What stops it is tried again, ever more slowly.
func (s *Scheduler) Run(ctx context.Context) error {
	for wait := tick; ctx.Err() == nil; pause(ctx, wait) {
		if wait = min(2*wait, mostPause); s.CatchUp(ctx, s.Clock()) == nil {
			wait = tick
		}
	}
	return nil
}

// CatchUp does everything that is due until the instant, itself included, and returns when the views show it. What
// fails for good with one case is passed over (ScheduleStatus.Stuck); an error says that nothing goes on: what was
// done stands.
func (s *Scheduler) CatchUp(ctx context.Context, until time.Time) error {
	select {
	case s.turn <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-s.turn }()
	err := s.catchUp(ctx, until)
	if ctx.Err() != nil {
		return errors.Join(ctx.Err(), err)
	}
	s.mu.Lock()
	first := err != nil && s.status.Err == nil
	s.status.Err = err
	s.mu.Unlock()
	if first {
		s.Failed("", err)
	}
	return err
}

// Next is the earliest instant until which something is due that is not passed over for a while; ok is false if nothing
// is.
func (s *Scheduler) Next(ctx context.Context, until time.Time) (at time.Time, ok bool, err error) {
	head, err := s.app.log.Head(ctx)
	if err == nil {
		err = s.Visible(ctx, head)
	}
	if err != nil {
		return at, false, err
	}
	passed := s.passedOver(s.Clock())
	rows, err := s.Due(ctx, until, 1+len(passed))
	if err != nil {
		return at, false, err
	}
	rows = slices.DeleteFunc(rows, func(d DueCase) bool { return passed[d.ID] })
	if ok = len(rows) > 0; ok {
		at = rows[0].At
	}
	if s.PeriodEnd == nil || passed[Periods] {
		return at, ok, nil
	}
	end, ends, err := s.PeriodEnd(ctx)
	if err == nil && ends && !end.After(until) && (!ok || end.Before(at)) {
		return end, true, nil
	}
	return at, ok, err
}

// Status tells how far it is.
func (s *Scheduler) Status() ScheduleStatus {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := s.status
	out.Stuck = len(s.stuck)
	return out
}

func (s *Scheduler) catchUp(ctx context.Context, until time.Time) error {
	s.row = 0
	at, err := s.app.log.Head(ctx)
	for more := true; more && err == nil; {
		if err = s.Visible(ctx, at); err != nil {
			break
		}
		var reached Position
		reached, more, err = s.page(ctx, until)
		at = max(at, reached)
	}
	if err == nil {
		err = s.Visible(ctx, at)
	}
	if err != nil {
		return fmt.Errorf("schedule: %w", err)
	}
	s.next(time.Time{})
	return nil
}

// page does what the next page of the table says is due. more says that there are further pages.
func (s *Scheduler) page(ctx context.Context, until time.Time) (reached Position, more bool, err error) {
	passed := s.passedOver(s.Clock())
	limit := duePage + len(passed)
	rows, err := s.Due(ctx, until, limit)
	if err != nil {
		return 0, false, err
	}
	w := &work{Scheduler: s, until: until}
	if more = len(rows) == limit; more {
		w.until = rows[limit-1].At // what is due at that very instant may go on on the next page
	}
	if !more {
		s.forget(rows)
	}
	w.queue = slices.DeleteFunc(rows, func(d DueCase) bool { return passed[d.ID] })
	w.idle, s.idle = s.idle, map[string]time.Time{}
	if !passed[Periods] {
		if err := w.lookAtPeriods(ctx); err != nil {
			return 0, more, err
		}
	}
	for {
		end := w.periodsFirst(more)
		if !end && len(w.queue) == 0 {
			return w.reached, more, nil
		}
		if end {
			err = w.closePeriods(ctx)
		} else {
			err = w.advance(ctx)
		}
		if err != nil {
			return w.reached, more, err
		}
	}
}

// work is one page under way.
type work struct {
	*Scheduler
	until   time.Time // nothing later is done before the next page
	queue   []DueCase // by instant and id
	idle    map[string]time.Time
	end     time.Time // of patrol periods
	ends    bool
	reached Position
}

// advance does what is due next on a case, and queues what comes after that.
func (w *work) advance(ctx context.Context) error {
	due := w.queue[0]
	w.queue = w.queue[1:]
	w.next(due.At)
	next, ok, r, err := w.app.Advance(ctx, due.ID, due.At, w.Clock())
	switch {
	case err != nil:
	case ok && !next.At.After(due.At):
		err = fmt.Errorf("it was due at %s and still is", due.At.UTC().Format(time.RFC3339))
	case r.Replayed && w.idle[due.ID].Equal(due.At):
		err = fmt.Errorf("the views say that it is due at %s, and it has nothing due", due.At.UTC().Format(time.RFC3339))
	}
	if err != nil {
		return w.setback(ctx, due.ID, err)
	}
	w.reached = max(w.reached, r.Position)
	if r.Replayed {
		w.Scheduler.idle[due.ID] = due.At
	}
	w.done(due.ID, !r.Replayed)
	if ok && !next.At.After(w.until) {
		later := DueCase{ID: due.ID, At: next.At}
		i, _ := slices.BinarySearchFunc(w.queue, later, inDueOrder)
		w.queue = slices.Insert(w.queue, i, later)
	}
	return nil
}

func inDueOrder(a, b DueCase) int {
	if c := a.At.Compare(b.At); c != 0 {
		return c
	}
	return strings.Compare(a.ID, b.ID)
}

func (w *work) lookAtPeriods(ctx context.Context) (err error) {
	if w.PeriodEnd == nil {
		return nil
	}
	w.end, w.ends, err = w.PeriodEnd(ctx)
	return err
}

// periodsFirst reports whether the end of patrol periods comes before what is due next on a case. Where there are
// more pages, what is due on cases at the page's last instant is not all known yet.
func (w *work) periodsFirst(more bool) bool {
	if !w.ends || w.end.After(w.until) || more && !w.end.Before(w.until) {
		return false
	}
	return len(w.queue) == 0 || w.end.Before(w.queue[0].At)
}

// closePeriods closes the day that ended at one midnight. Each look at it begins when the tables show everything there
// is; what one states the next one finds stated.
func (w *work) closePeriods(ctx context.Context) error {
	end := w.end
	w.next(end)
	for look := range mostLooks {
		head, err := w.app.log.Head(ctx)
		if err == nil {
			err = w.Visible(ctx, head)
		}
		if err == nil {
			err = w.lookAtPeriods(ctx)
		}
		if err != nil {
			return err
		}
		if !w.ends || w.end.After(end) {
			w.done(Periods, look > 0) // else another scheduler was faster
			return nil
		}
		at, err := w.ClosePeriods(ctx, end, w.Clock())
		w.reached = max(w.reached, at)
		if err != nil {
			w.ends = false
			return w.setback(ctx, Periods, err)
		}
	}
	w.ends = false
	return w.setback(ctx, Periods, fmt.Errorf("what ended at %s is not closed after %d looks", end.UTC().Format(time.RFC3339), mostLooks))
}

// next notes the instant of what is done next.
func (s *Scheduler) next(at time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.status.Oldest = at
}

// done notes that something is in order.
func (s *Scheduler) done(what string, did bool) {
	s.row = 0
	s.mu.Lock()
	defer s.mu.Unlock()
	if did {
		s.status.Done++
	}
	delete(s.stuck, what)
}

// setback passes something over that failed. What nothing can be done about here ends the round instead.
func (s *Scheduler) setback(ctx context.Context, what string, err error) error {
	if f, ok := fault.As(err); ctx.Err() != nil || ok && f.Kind == fault.Unavailable {
		return err
	}
	if s.row++; s.row >= mostInRow {
		return fmt.Errorf("%d failed one after the other, %s last: %w", s.row, what, err)
	}
	s.mu.Lock()
	b := s.stuck[what]
	b.again = s.Clock().Add(min(tick<<min(b.failures, 20), mostStuck))
	b.failures++
	s.stuck[what] = b
	s.mu.Unlock()
	if b.failures == 1 {
		s.Failed(what, err)
	}
	return nil
}

// passedOver is what is not tried again yet.
func (s *Scheduler) passedOver(now time.Time) map[string]bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := map[string]bool{}
	for what, b := range s.stuck {
		if b.again.After(now) {
			out[what] = true
		}
	}
	return out
}

// forget drops the setbacks of cases that have nothing due any more; due is all that have.
func (s *Scheduler) forget(due []DueCase) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for what := range s.stuck {
		if what != Periods && !slices.ContainsFunc(due, func(d DueCase) bool { return d.ID == what }) {
			delete(s.stuck, what)
		}
	}
}
