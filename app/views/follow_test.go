package views_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"gridward/adapters/eventcodec"
	"gridward/adapters/sqlstore"
	"gridward/app"
	"gridward/app/views"
	"gridward/domain/fault"
	"gridward/domain/grid"
)

// following is another process that reads the views of the world and projects nothing.
func following(t *testing.T, w *world) *views.Views {
	t.Helper()
	v := views.New(w.log, eventcodec.New(), sqlstore.NewGenerations(w.dir, false), shanghai)
	running, stop := context.WithCancel(ctx())
	ended := make(chan error, 1)
	go func() { ended <- v.Follow(running) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; !errors.Is(err, context.Canceled) {
			t.Errorf("Follow ended with %v", err)
		}
		if err := v.Close(); err != nil {
			t.Error(err)
		}
	})
	return v
}

// add makes a cell and gives the position.
func (w *world) addCell(code grid.CellCode) app.Position {
	w.cell(string(code), "新楼院", nil)
	return must[app.Position](w.t)(w.log.Head(ctx()))
}

// What one process projects every other reads, whoever rebuilds what.
func TestAFollowerReadsWhatIsProjected(t *testing.T) {
	w := newWorld(t)
	w.project()
	v := following(t, w)
	for i, rebuild := range []bool{false, true, false} {
		code := grid.CellCode("41010400100100" + string(rune('4'+i)))
		at := w.addCell(code)
		if rebuild {
			if err := w.views.Rebuild(ctx(), nil); err != nil {
				t.Fatal(err)
			}
		}
		w.project()
		if err := v.WaitFor(ctx(), at); err != nil {
			t.Fatal(err)
		}
		if c, err := v.Cell(ctx(), code); err != nil || c.Name != "新楼院" {
			t.Errorf("%s: %+v, %v", code, c, err)
		}
	}
	if err := v.Rebuild(ctx(), nil); !errors.Is(err, fault.New(fault.Unavailable, "not_leading", "")) {
		t.Errorf("a follower rebuilds: %v", err)
	}
}

// Before anybody has made the views a follower is not ready, and says why.
func TestAFollowerWaitsForTheViews(t *testing.T) {
	w := newWorld(t)
	if err := w.views.Close(); err != nil {
		t.Fatal(err)
	}
	w.dir = t.TempDir()
	v := following(t, w)
	for end := time.Now().Add(time.Minute); ; time.Sleep(time.Millisecond) {
		err := v.Status(ctx()).Err
		if err != nil && strings.Contains(err.Error(), "views_of_another_version") {
			break
		}
		if time.Now().After(end) {
			t.Fatalf("it says %v", err)
		}
	}
	w.views = w.open()
	for v.Status(ctx()).Err != nil {
		time.Sleep(time.Millisecond)
	}
}

// Whoever projected before a change of hands commits nothing any more, also what it had already begun.
func TestAnEarlierLeaderProjectsNothing(t *testing.T) {
	w := newWorld(t)
	w.project()
	open := func(epoch int64) *views.Views {
		v := views.New(w.log, eventcodec.New(), sqlstore.NewGenerations(w.dir, false), shanghai)
		if err := v.Lead(ctx(), epoch, nil); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = v.Close() })
		return v
	}
	first := open(1)
	second := open(2)
	at := w.addCell("410104001001004")
	for range 2 { // it does not come round either
		if err := first.CatchUp(ctx()); err == nil || first.Status(ctx()).Applied >= at {
			t.Fatalf("the first one projects: %v", err)
		}
	}
	if err := second.CatchUp(ctx()); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(second.Resign(), first.Resign()); err != nil {
		t.Fatal(err)
	}
	if c, err := second.Cell(ctx(), "410104001001004"); err != nil || c.Name == "" {
		t.Errorf("whoever has resigned reads on: %v", err)
	}
}
