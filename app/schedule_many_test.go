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

	"gridward/app"
	"gridward/domain/hazard"
)

// together runs them at the same time and waits for all.
func together(work ...func()) {
	var all sync.WaitGroup
	for _, w := range work {
		all.Go(w)
	}
	all.Wait()
}

// eachOnce holds that every case has a red card and an escalation, each once, and in that order.
func eachOnce(t *testing.T, h *house, cases int) {
	t.Helper()
	did := map[int][]string{}
	for _, d := range h.timeDid() {
		did[d.Case] = append(did[d.Case], d.What)
	}
	for n := range cases {
		if !slices.Equal(did[n], []string{"red acceptance", "escalated to 3"}) {
			t.Errorf("case %d: %v", n, did[n])
		}
	}
	if len(did) != cases {
		t.Errorf("time did something to %d cases of %d", len(did), cases)
	}
}

// Any number of schedulers may work on one log: each thing is done once. Here they start level, and half of the cases are
// made due under their hands.
func TestTwoSchedulersDoEachThingOnce(t *testing.T) {
	const cases = 120
	h := newLateTown(t, cases)
	h.clock.set(on(t, "12 12:00"))
	a, b := newClockwork(h, nil), newClockwork(h, nil)
	together(func() { a.catchesUp(t) }, func() { b.catchesUp(t) })
	eachOnce(t, h, cases)
	if done := a.Status().Done + b.Status().Done; done < 2*cases { // both did what they appended at the same time
		t.Errorf("together they say that they did %d things", done)
	}
}

// The same with each append of one held until the other has decided on the same state: every append is contended.
func TestTwoSchedulersInStep(t *testing.T) {
	const cases = 40
	h := newLateTown(t, cases)
	h.clock.set(on(t, "12 12:00"))
	a, b := newClockwork(h, nil), newClockwork(h, nil)
	var mu sync.Mutex
	met := map[string]chan struct{}{}
	h.log.ask(func(stream string) error { // whoever comes first waits until the other is about to append too
		mu.Lock()
		other, second := met[stream]
		if second {
			delete(met, stream)
			close(other)
		} else {
			other = make(chan struct{})
			met[stream] = other
		}
		mu.Unlock()
		if !second {
			select {
			case <-other:
			case <-time.After(10 * time.Second):
				t.Errorf("nobody else came to %s", stream)
			}
		}
		return nil
	})
	together(func() { a.catchesUp(t) }, func() { b.catchesUp(t) })
	eachOnce(t, h, cases)
}

// Commands and schedulers meet on the same cases: whatever comes first, the log is a legal history.
func TestCommandsAndSchedulersMeet(t *testing.T) {
	const cases = 80
	h := newLateTown(t, cases)
	h.clock.set(on(t, "12 12:00"))
	a, b, people := newClockwork(h, nil), newClockwork(h, nil), newApp(t, h.log)
	accepts := func() {
		for n := range cases {
			by := h.by(zhao)
			if _, err := people.Case(t.Context(), by, caseNo(n), hazard.Accept{}); err != nil {
				t.Errorf("case %d: %v", n, err)
			}
		}
	}
	together(func() { a.catchesUp(t) }, func() { b.catchesUp(t) }, accepts)
	eachOnce(t, h, cases)
	for n := range cases {
		events := h.events("case-" + caseNo(n))
		if _, ok := events[len(events)-1].(hazard.Accepted); !ok || len(events) != 6 {
			t.Errorf("case %d ends with %T after %d events", n, events[len(events)-1], len(events))
		}
	}
}

// A burst of what is due comes page by page, in order, and holds no command up.
func TestABurstStarvesNobody(t *testing.T) {
	const cases = 2500
	h := newLateTown(t, cases)
	h.clock.set(on(t, "11 18:00"))
	w := newClockwork(h, nil)
	var mu sync.Mutex
	appends, commands := 0, 0
	h.log.ask(func(stream string) error {
		mu.Lock()
		appends++
		now := appends%500 == 0
		mu.Unlock()
		if now { // in the middle of the scheduler's append a person's command comes and goes
			commands++
			answered := make(chan error)
			by := app.By{Actor: zhao, CommandID: h.by(zhao).CommandID, ReceivedAt: h.clock.Now()}
			go func() {
				_, err := h.Case(t.Context(), by, caseNo(commands), hazard.Note{Text: "已通知"})
				answered <- err
			}()
			return <-answered
		}
		return nil
	})
	w.catchesUp(t)
	all := h.timeDid()
	if len(all) != cases || commands != 5 {
		t.Errorf("%d things were done to %d cases, with %d commands meanwhile", len(all), cases, commands)
	}
	if !slices.IsSortedFunc(all, func(a, b did) int { return cmp.Or(a.Due.Compare(b.Due), cmp.Compare(a.Case, b.Case)) }) {
		t.Error("not in due order")
	}
	if want := []int{1000, 1000, 1000}; !slices.Equal(w.dues.limits, want) {
		t.Errorf("the table was asked for %v rows, want %v", w.dues.limits, want)
	}
}

// On a full page nothing later than its last instant is done before the next page, be it the end of periods.
func TestAPageKeepsTheOrder(t *testing.T) {
	h := newCalendarTown(t)
	for n := range 1003 { // a thousand at one instant, before them one that is due again at once, and a few later
		at := on(t, "10 14:10")
		if n == 1000 {
			at = on(t, "10 14:05") // red on Wednesday at 08:05, then on Thursday at 08:05
		}
		if n > 1000 {
			at = on(t, "11 14:05") // red on Wednesday at 18:00 less five minutes' worth: Thursday at 08:05
		}
		h.opens(caseNo(n), "corridor_cluttered", at)
	}
	h.clock.set(on(t, "12 08:07"))
	var closed []string
	next := on(t, "11 08:10")
	w := newClockwork(h, func(s *app.Schedule) {
		s.PeriodEnd = func(context.Context) (time.Time, bool, error) { return next, true, nil }
		s.ClosePeriods = func(_ context.Context, at, _ time.Time) (app.Position, error) {
			closed = append(closed, fmt.Sprint(at.In(shanghai).Format("02 15:04 behind "), len(h.timeDid())))
			next = next.AddDate(0, 0, 1)
			return 0, nil
		}
	})
	w.catchesUp(t)
	all := h.timeDid()
	if !slices.IsSortedFunc(all, func(a, b did) int { return a.Due.Compare(b.Due) }) {
		t.Error("not in due order")
	}
	if len(all) != 1004 || !strings.HasPrefix(all[0].String(), "1000 red") {
		t.Errorf("%d things, first %s", len(all), all[0])
	}
	if want := []string{"11 08:10 behind 1001"}; !slices.Equal(closed, want) {
		t.Errorf("closed %v, want %v", closed, want)
	}
}
