package app_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"gridward/app"
	"gridward/domain/fault"
	"gridward/domain/hazard"
)

var errPage = errors.New("the page is broken")

// poison lets no append to those cases through, for a reason that does not pass, and counts the tries.
func (h *house) poison(cases ...int) (tries *int) {
	tries = new(int)
	h.log.ask(func(stream string) error {
		if slices.ContainsFunc(cases, func(n int) bool { return stream == "case-"+caseNo(n) }) {
			*tries++
			return errPage
		}
		return nil
	})
	return tries
}

func upTo(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = i
	}
	return out
}

// One case that fails for good is passed over, told once, and the others go on.
func TestAPoisonedCaseHoldsNothingUp(t *testing.T) {
	h := newLateTown(t, 3)
	tries := h.poison(1)
	h.clock.set(on(t, "11 09:00"))
	w := newClockwork(h, nil)
	h.ok(w.CatchUp(t.Context(), h.clock.Now()))
	h.timeDidExactly("0 red acceptance 11 08:10", "2 red acceptance 11 08:10")
	if s := w.Status(); s.Done != 2 || s.Stuck != 1 || s.Err != nil || *tries != 1 {
		t.Errorf("status %+v after %d tries", s, *tries)
	}
	if said := w.take(); len(said) != 1 || !strings.HasPrefix(said[0], caseNo(1)) || !strings.Contains(said[0], errPage.Error()) {
		t.Errorf("it says %q", said)
	}
	if at, ok, err := w.Next(t.Context(), on(t, "13 00:00")); err != nil || !ok || !at.Equal(on(t, "12 08:10")) {
		t.Errorf("next is %s, %v, %v: what is passed over is not waited for", at, ok, err)
	}

	h.log.mend()
	h.ok(w.CatchUp(t.Context(), h.clock.Now())) // not yet
	if w.Status().Stuck != 1 {
		t.Error("it was tried again at once")
	}
	h.clock.set(on(t, "12 09:00"))
	w.catchesUp(t)
	h.timeDidExactly("0 red acceptance 11 08:10", "2 red acceptance 11 08:10", "1 red acceptance 11 08:10",
		"0 escalated to 3 12 08:10", "1 escalated to 3 12 08:10", "2 escalated to 3 12 08:10")
}

// It is tried again after 1 second, 2, 4 and so on, ten minutes at the most, and told again only if it had recovered.
func TestAPoisonedCaseIsTriedAgainEverMoreSlowly(t *testing.T) {
	h := newLateTown(t, 1)
	tries := h.poison(0)
	w := newClockwork(h, nil)
	begin, before := on(t, "11 09:00"), 0
	var at []int
	for second := range 2400 {
		h.clock.set(begin.Add(time.Duration(second) * time.Second))
		h.ok(w.CatchUp(t.Context(), h.clock.Now()))
		if *tries > before {
			at, before = append(at, second), *tries
		}
	}
	if want := []int{0, 1, 3, 7, 15, 31, 63, 127, 255, 511, 1023, 1623, 2223}; !slices.Equal(at, want) {
		t.Errorf("tried at %v, want %v", at, want)
	}
	if said := w.take(); len(said) != 1 {
		t.Errorf("it says %q", said)
	}
	h.log.mend()
	h.clock.set(begin.Add(time.Hour))
	w.catchesUp(t)
	h.poison(0)
	h.clock.set(on(t, "12 09:00"))
	h.ok(w.CatchUp(t.Context(), h.clock.Now()))
	if said := w.take(); len(said) != 1 {
		t.Errorf("the second time it says %q", said)
	}
}

// What a command has settled meanwhile is forgotten.
func TestAPoisonedCaseThatIsSettledIsForgotten(t *testing.T) {
	h := newLateTown(t, 1)
	h.poison(0)
	w := newClockwork(h, nil)
	h.clock.set(on(t, "11 09:00"))
	h.ok(w.CatchUp(t.Context(), h.clock.Now()))
	h.log.mend()
	by := h.by(zhao)
	by.OccurredAt = on(t, "11 08:00") // told late: it was in time
	h.done(h.Case(t.Context(), by, caseNo(0), hazard.Accept{}))
	h.ok(w.CatchUp(t.Context(), h.clock.Now()))
	if s := w.Status(); s.Stuck != 0 {
		t.Errorf("status %+v", s)
	}
}

// Twenty in a row are no fault of theirs: the round ends and says so, once. Nineteen are.
func TestManyFailuresInARowStopTheRound(t *testing.T) {
	h := newLateTown(t, 21)
	h.poison(upTo(20)...)
	h.clock.set(on(t, "11 09:00"))
	w := newClockwork(h, nil)
	err := w.CatchUp(t.Context(), h.clock.Now())
	if !errors.Is(err, errPage) || !strings.Contains(err.Error(), "20 failed one after the other") {
		t.Fatalf("it answers %v", err)
	}
	h.timeDidExactly()
	s := w.Status()
	if s.Done != 0 || s.Stuck != 19 || s.Err == nil || !s.Oldest.Equal(on(t, "11 08:10").Add(19*time.Second)) {
		t.Errorf("status %+v", s)
	}
	if said := w.take(); len(said) != 20 || !strings.HasPrefix(said[19], ": ") {
		t.Errorf("it says %q", said)
	}
	h.poison(upTo(19)...)
	h.clock.set(h.clock.Now().Add(time.Minute))
	h.ok(w.CatchUp(t.Context(), h.clock.Now()))
	h.timeDidExactly("19 red acceptance 11 08:10", "20 red acceptance 11 08:10")
	h.log.mend()
	h.clock.set(h.clock.Now().Add(time.Minute))
	w.catchesUp(t)
	if n := len(h.timeDid()); n != 21 {
		t.Errorf("%d things were done to 21 cases", n)
	}
}

// One that goes well in between shows that the fault is theirs.
func TestFailuresNotInARowStopNothing(t *testing.T) {
	h := newLateTown(t, 40)
	h.poison(slices.DeleteFunc(upTo(39), func(n int) bool { return n == 19 })...)
	h.clock.set(on(t, "11 09:00"))
	w := newClockwork(h, nil)
	h.ok(w.CatchUp(t.Context(), h.clock.Now()))
	h.timeDidExactly("19 red acceptance 11 08:10", "39 red acceptance 11 08:10")
	if s := w.Status(); s.Stuck != 38 {
		t.Errorf("status %+v", s)
	}
}

// A crowd of poisoned cases stops a round, but not for ever: their pauses outgrow those between rounds.
func TestACrowdOfPoisonedCasesIsGotOver(t *testing.T) {
	h := newLateTown(t, 61)
	h.poison(upTo(60)...)
	w := newClockwork(h, nil)
	rounds := 0
	for at := on(t, "11 09:00"); len(h.timeDid()) == 0 && rounds < 30; at = at.Add(30 * time.Second) {
		h.clock.set(at)
		_ = w.CatchUp(t.Context(), at) //nolint:errcheck // it fails until it is over them
		rounds++
	}
	h.timeDidExactly("60 red acceptance 11 08:11")
}

// What cannot be done now is no fault of a case: the round ends, what was done stands, and the next goes on from there.
func TestWhatIsUnavailableStopsTheRound(t *testing.T) {
	h := newLateTown(t, 3)
	h.clock.set(on(t, "11 09:00"))
	w := newClockwork(h, nil)
	h.log.cutAfter(1)
	for range 2 {
		if err := w.CatchUp(t.Context(), h.clock.Now()); !errors.Is(err, errQueueFull) {
			t.Fatalf("it answers %v", err)
		}
	}
	s := w.Status()
	if s.Done != 1 || s.Stuck != 0 || !errors.Is(s.Err, errQueueFull) || !s.Oldest.Equal(on(t, "11 08:10").Add(time.Second)) {
		t.Errorf("status %+v", s)
	}
	if said := w.take(); len(said) != 1 {
		t.Errorf("it says %q", said)
	}
	h.log.mend()
	w.catchesUp(t)
	h.timeDidExactly("0 red acceptance 11 08:10", "1 red acceptance 11 08:10", "2 red acceptance 11 08:10")
}

// Nothing is done on a table that lies behind, and nothing where it cannot be read.
func TestATableThatCannotBeReadStopsTheRound(t *testing.T) {
	behind := fault.New(fault.Unavailable, "views_behind", "they lie behind")
	for name, change := range map[string]func(*app.Schedule){
		"visible": func(s *app.Schedule) { s.Visible = func(context.Context, app.Position) error { return behind } },
		"due": func(s *app.Schedule) {
			s.Due = func(context.Context, time.Time, int) ([]app.DueCase, error) { return nil, behind }
		},
		"period end": func(s *app.Schedule) {
			s.PeriodEnd = func(context.Context) (time.Time, bool, error) { return time.Time{}, false, behind }
		},
	} {
		h := newLateTown(t, 1)
		h.clock.set(on(t, "11 09:00"))
		w := newClockwork(h, change)
		if err := w.CatchUp(t.Context(), h.clock.Now()); !errors.Is(err, behind) || len(h.timeDid()) > 0 {
			t.Errorf("%s: it answers %v, and did %v", name, err, h.timeDid())
		}
		if _, _, err := w.Next(t.Context(), h.clock.Now()); !errors.Is(err, behind) {
			t.Errorf("%s: next answers %v", name, err)
		}
	}
}

// A table that says what is not so costs a look; when it still does behind everything there is, it is told.
func TestATableThatIsWrongIsToldOf(t *testing.T) {
	h := newLateTown(t, 2)
	h.clock.set(on(t, "11 09:00"))
	wrong := []app.DueCase{{ID: caseNo(0), At: on(t, "11 08:10")}, {ID: caseNo(1), At: on(t, "11 08:10").Add(time.Second)}}
	w := newClockwork(h, func(s *app.Schedule) {
		s.Due = func(context.Context, time.Time, int) ([]app.DueCase, error) { return slices.Clone(wrong), nil }
	})
	w.catchesUp(t)
	w.catchesUp(t) // it may not have known yet
	h.ok(w.CatchUp(t.Context(), h.clock.Now()))
	if said := w.take(); len(said) != 2 || w.Status().Stuck != 2 {
		t.Errorf("it says %q", said)
	}
	h.timeDidExactly("0 red acceptance 11 08:10", "1 red acceptance 11 08:10")
}

func TestCatchingUpEndsWithItsContext(t *testing.T) {
	h := newLateTown(t, 3)
	h.clock.set(on(t, "11 09:00"))
	ctx, stop := context.WithCancel(t.Context())
	w := newClockwork(h, nil)
	h.log.ask(func(string) error { stop(); return ctx.Err() })
	if err := w.CatchUp(ctx, h.clock.Now()); !errors.Is(err, context.Canceled) {
		t.Errorf("it answers %v", err)
	}
	if err := w.CatchUp(ctx, h.clock.Now()); !errors.Is(err, context.Canceled) {
		t.Errorf("it answers %v", err)
	}
	if s := w.Status(); s.Stuck != 0 || s.Err != nil || len(w.take()) != 0 {
		t.Errorf("status %+v: that it was stopped is nobody's fault", s)
	}
	h.log.mend()
	w.catchesUp(t)
}

// Run looks every second. While it cannot go on it tries again after 2, 4, 8, 16 and then every 30.
func TestRunLooksEverySecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newLateTown(t, 1)
		begin := time.Now()
		since := func() time.Duration { return time.Since(begin) }
		var looks []string
		var fails atomic.Bool
		w := newClockwork(h, func(s *app.Schedule) {
			s.Clock = func() time.Time { return on(t, "11 08:09").Add(since()) }
			due := s.Due
			s.Due = func(ctx context.Context, until time.Time, limit int) ([]app.DueCase, error) {
				looks = append(looks, fmt.Sprint(since().Seconds()))
				if fails.Load() {
					return nil, errQueueFull
				}
				return due(ctx, until, limit)
			}
		})
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- w.Run(ctx) }()
		time.Sleep(2500 * time.Millisecond) // of the bubble's time
		fails.Store(true)
		time.Sleep(95 * time.Second)
		fails.Store(false)
		time.Sleep(32 * time.Second)
		stop()
		if err := <-ended; err != nil {
			t.Errorf("it ended with %v", err)
		}
		if want := []string{"0", "1", "2", "3", "5", "9", "17", "33", "63", "93", "123", "124"}; !slices.Equal(looks[:min(len(want), len(looks))], want) {
			t.Errorf("it looked at %v, want %v", looks, want)
		}
		h.timeDidExactly("0 red acceptance 11 08:10")
		if said := w.take(); len(said) != 1 {
			t.Errorf("it says %q", said)
		}
	})
}
