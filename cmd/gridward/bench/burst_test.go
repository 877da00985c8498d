//go:build bench

package bench

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"gridward/app"
	"gridward/domain/grid"
	"gridward/domain/hazard"
)

// TestABurstOfDueItems lets a great many cases fall due at once, and has somebody send commands all the while: they ride
// in the same commits and wait for none of it.
func TestABurstOfDueItems(t *testing.T) {
	cases := map[bool]int{true: 300, false: 100_000}[sizes().smoke]
	w := newTown(t)
	w.fill(cases)
	ctx := context.Background()
	w.ok(w.views.CatchUp(ctx))
	running, stop := context.WithCancel(ctx)
	var following sync.WaitGroup
	following.Go(func() { _ = w.views.Run(running) })
	defer following.Wait()
	defer stop()

	alone := w.commands(200, nil)
	w.now = w.now.AddDate(0, 0, 1).Add(10 * time.Minute) // nobody accepted within the working day
	s := app.NewScheduler(w.app, app.Schedule{Due: w.views.Due, Visible: w.views.WaitFor, Clock: func() time.Time { return w.now },
		Failed: func(what string, err error) { t.Errorf("%s: %v", what, err) }})
	over := make(chan struct{})
	began := time.Now()
	var took time.Duration
	go func() {
		defer close(over)
		if err := s.CatchUp(ctx, w.now); err != nil {
			t.Error(err)
		}
		took = time.Since(began)
	}()
	beside := w.commands(1<<30, over)
	done := s.Status().Done
	if int(done) < cases {
		t.Errorf("only %d of %d were done", done, cases)
	}
	t.Logf("%d due things in %s, %.0f a second; a command meanwhile %.0f µs (median of %d), alone %.0f µs", done, took.Round(10*time.Millisecond),
		float64(done)/took.Seconds(), median(beside), len(beside), median(alone))
	judge(t, "a command during the burst beside one alone", median(beside)/median(alone), false, 5, "")
}

// fill opens many cases that nobody accepts, by many callers.
func (w *town) fill(cases int) {
	w.Helper()
	const callers = 128
	var all sync.WaitGroup
	errs := make(chan error, callers)
	for c := range callers {
		all.Go(func() {
			for i := c; i < cases; i += callers {
				if err := w.fileOne(i); err != nil {
					errs <- err
					return
				}
			}
		})
	}
	all.Wait()
	close(errs)
	for err := range errs {
		w.ok(err)
	}
}

func (w *town) fileOne(i int) error {
	by := func(what string) app.By {
		return app.By{Actor: roomHead, CommandID: uuid.NewSHA1(uuid.Nil, fmt.Append(nil, what, i)), ReceivedAt: w.now}
	}
	r, err := w.app.ReportCase(context.Background(), by("report"), hazard.Report{Programme: "fire", Cell: theArea, Description: "楼道堆物", Source: "resident", FoundAt: w.now})
	if err != nil {
		return err
	}
	_, err = w.app.Case(context.Background(), by("file"), r.ID, hazard.File{Item: "corridor_cluttered"})
	return err
}

// commands sends one command after the other, so many or until something is over, and gives how long each took, in
// microseconds.
func (w *town) commands(n int, over <-chan struct{}) []float64 {
	w.Helper()
	var took []float64
	for i := 0; i < n; i++ {
		select {
		case <-over:
			return took
		default:
		}
		began := time.Now()
		_, err := w.app.RegisterPerson(context.Background(), app.By{Actor: "admin", Admin: true, CommandID: uuid.New(), ReceivedAt: w.now},
			grid.RegisterPerson{Name: "某人"})
		if err != nil {
			w.Fatal(errors.Join(errors.New("a command during the burst"), err))
		}
		took = append(took, float64(time.Since(began).Microseconds()))
	}
	return took
}
