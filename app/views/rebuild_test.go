package views_test

import (
	"context"
	"database/sql"
	"errors"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"gridward/adapters/sqlstore"
	"gridward/app"
	"gridward/app/views"
	"gridward/domain/fault"
	"gridward/domain/hazard"
	"gridward/domain/personal"
)

// same ends the test unless the world's views are what the log says.
func (w *world) same() {
	w.t.Helper()
	n, _, err := sqlstore.NewGenerations(w.dir, true).Current(ctx())
	if err != nil {
		w.t.Fatal(err)
	}
	live, err := sqlstore.NewGenerations(w.dir, true).Open(ctx(), n)
	if err != nil {
		w.t.Fatal(err)
	}
	defer func() { _ = live.Close() }()
	fresh, err := sqlstore.OpenViewsFile(filepath.Join(w.t.TempDir(), "fresh.db"), false)
	if err != nil {
		w.t.Fatal(err)
	}
	defer func() { _ = fresh.Close() }()
	differences, err := views.Check(ctx(), w.log, w.codec, shanghai, live, fresh, 10, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	for _, d := range differences {
		w.t.Error(d)
	}
}

func TestEveryEventIsAppliedOnceWhereverTheProjectorIsCut(t *testing.T) {
	for seed := range uint64(3) {
		w := newWorld(t)
		m := newMix(w, seed)
		m.settle(1)
		cuts := 0
		broken := errors.New("cut")
		for range 30 {
			for range 20 {
				m.step()
			}
			w.views.Batch(1 + m.rng.IntN(40))
			left := m.rng.IntN(120)
			w.views.FailOn(func(string, []any) error {
				if left--; left < 0 {
					return broken
				}
				return nil
			})
			if err := w.views.CatchUp(ctx()); err != nil {
				if !errors.Is(err, broken) {
					t.Fatal(err)
				}
				cuts++
			}
			if m.rng.IntN(5) == 0 { // the process ends here, and another begins
				if err := w.views.Close(); err != nil {
					t.Fatal(err)
				}
				w.views = w.open()
			}
		}
		w.views.FailOn(nil)
		w.project()
		w.same()
		if cuts < 10 {
			t.Errorf("seed %d: cut only %d times", seed, cuts)
		}
		head := must[app.Position](t)(w.log.Head(ctx()))
		if s := w.views.Status(ctx()); s.Applied != head || s.Err != nil || s.Lag() != 0 {
			t.Errorf("seed %d: %+v", seed, s)
		}
		for id, want := range m.open {
			got := must[views.Case](t)(w.views.Case(ctx(), id, w.now))
			if got.State != want.State || got.Severity != want.Severity || got.Cell != want.Cell || got.Round != want.Round ||
				got.ListingAwaited != want.ListingAwaited || (got.Escalation == nil) != (want.Escalation == nil) ||
				len(got.Supervisions) != len(want.Supervisions) || len(got.Transfers) != len(want.Transfers) {
				t.Errorf("seed %d: the view has %+v, the rules %+v", seed, got, want)
			}
		}
	}
}

func TestRebuildBesideTheLiveViews(t *testing.T) {
	w := newWorld(t)
	m := newMix(w, 1)
	m.settle(2)
	for range 400 {
		m.step()
	}
	running, stop := context.WithCancel(ctx())
	ended := make(chan error)
	go func() { ended <- w.views.Run(running) }()
	for range 3 {
		var last, total app.Position
		if err := w.views.Rebuild(ctx(), func(d, n app.Position) { last, total = d, n }); err != nil {
			t.Fatal(err)
		}
		if last == 0 || last != total {
			t.Errorf("progress ended at %d of %d", last, total)
		}
		for range 50 {
			m.step()
		}
		head := must[app.Position](t)(w.log.Head(ctx()))
		if err := w.views.WaitFor(ctx(), head); err != nil {
			t.Fatal(err)
		}
	}
	stop()
	if err := <-ended; !errors.Is(err, context.Canceled) {
		t.Errorf("Run ended with %v", err)
	}
	w.same()
	n, _, err := sqlstore.NewGenerations(w.dir, false).Current(ctx())
	if err != nil || n != 4 {
		t.Errorf("generation %d, %v", n, err)
	}
	files := must[[]string](t)(filepath.Glob(filepath.Join(w.dir, "*.db")))
	if len(files) != 1 {
		t.Errorf("old generations are left: %v", files)
	}
}

func TestAnEventNobodyKnowsStopsTheProjectorInFrontOfIt(t *testing.T) {
	w := newWorld(t)
	w.grid()
	last := w.log1(visit("i1", site1, at("2026-02-10 09:00"), "officer"))
	bad := w.put("case-c9", "p1", hazard.Noted{Stamp: w.stamp("p1"), Text: personal.Of("c9", "秘密")}) // of a case nobody reported
	w.log1(visit("i2", site1, at("2026-02-10 10:00"), "officer"))
	err := w.views.CatchUp(ctx())
	if err == nil || !strings.Contains(err.Error(), "case.noted") || strings.Contains(err.Error(), "秘密") {
		t.Errorf("the error: %v", err)
	}
	s := w.views.Status(ctx())
	if s.Applied != last || s.Err == nil || s.Lag() != 2 {
		t.Errorf("status %+v", s)
	}
	if got := w.done(site1, "2026"); got != [2]int{1, 0} {
		t.Errorf("what lies before it is applied: %v", got)
	}
	running, stop := context.WithTimeout(ctx(), 0)
	defer stop()
	wantFault(t, w.views.WaitFor(running, bad), fault.Unavailable, "views_behind")
}

func TestARebuildThatFailsLeavesTheLiveViews(t *testing.T) {
	w := newWorld(t)
	w.grid()
	w.project()
	w.put("case-c9", "p1", hazard.Noted{Stamp: w.stamp("p1"), Text: personal.Of("c9", "x")}) // of a case nobody reported
	if err := w.views.Rebuild(ctx(), nil); err == nil || !strings.Contains(err.Error(), "no case c9") {
		t.Errorf("the rebuild: %v", err)
	}
	if _, err := w.views.Cell(ctx(), site1); err != nil {
		t.Errorf("the live views: %v", err)
	}
	if files := must[[]string](t)(filepath.Glob(filepath.Join(w.dir, "*.db"))); len(files) != 1 {
		t.Errorf("files: %v", files)
	}
}

func TestViewsOfOtherCodeAreRebuiltAtTheStart(t *testing.T) {
	w := newWorld(t)
	w.grid()
	w.project()
	if err := w.views.Close(); err != nil {
		t.Fatal(err)
	}
	gens := sqlstore.NewGenerations(w.dir, false)
	n, fingerprint, err := gens.Current(ctx())
	if err != nil {
		t.Fatal(err)
	}
	if err := gens.Switch(ctx(), n, "other"); err != nil {
		t.Fatal(err)
	}
	w.views = w.open()
	m, again, err := gens.Current(ctx())
	if err != nil || m != n+1 || again != fingerprint {
		t.Errorf("generation %d %s, %v", m, again, err)
	}
	if _, err := w.views.Cell(ctx(), site1); err != nil {
		t.Errorf("after the rebuild: %v", err)
	}
}

func TestTheProjectorTriesAgainAndSaysSoMeanwhile(t *testing.T) {
	w := newWorld(t)
	w.grid()
	broken := errors.New("disk full")
	var mended atomic.Bool
	w.views.FailOn(func(string, []any) error {
		if mended.Load() {
			return nil
		}
		return broken
	})
	running, stop := context.WithCancel(ctx())
	ended := make(chan error)
	go func() { ended <- w.views.Run(running) }()
	for w.views.Status(ctx()).Err == nil {
		runtime.Gosched()
	}
	if s := w.views.Status(ctx()); !errors.Is(s.Err, broken) || s.Applied != 0 || s.Lag() != 8 {
		t.Errorf("while it stands: %+v", s)
	}
	if _, err := w.views.Cells(ctx(), views.CellFilter{}, views.Paging{}); err != nil {
		t.Errorf("reading goes on: %v", err)
	}
	mended.Store(true)
	head := must[app.Position](t)(w.log.Head(ctx()))
	if err := w.views.WaitFor(ctx(), head); err != nil {
		t.Fatal(err)
	}
	if s := w.views.Status(ctx()); s.Err != nil || s.Applied != head || s.Counters.Events != 8 || s.Counters.Rows < 8 || !s.LastRecordedAt.Equal(w.now) {
		t.Errorf("afterwards: %+v", s)
	}
	stop()
	<-ended
}

func TestCheckTellsEveryRowThatDiffers(t *testing.T) {
	w := newWorld(t)
	w.grid()
	w.log1(visit("i1", site1, at("2026-02-10 09:00"), "officer"))
	w.project()
	n, _, err := sqlstore.NewGenerations(w.dir, true).Current(ctx())
	if err != nil {
		t.Fatal(err)
	}
	live := must[*sql.DB](t)(sqlstore.NewGenerations(w.dir, false).Open(ctx(), n))
	defer func() { _ = live.Close() }()
	for _, tamper := range []string{
		`UPDATE patrols SET done = 7 WHERE cell = '410104' AND role = 'officer'`,
		`DELETE FROM inspections`,
		`INSERT INTO persons (id, name, body) VALUES ('x', '某人', '{}')`,
		`UPDATE cells SET name = 'n', search = 'n' WHERE code LIKE '41010400100100100%'`,
	} {
		if _, err := live.Exec(tamper); err != nil {
			t.Fatal(err)
		}
	}
	fresh := emptyViews(t)
	differences := must[[]views.Difference](t)(views.Check(ctx(), w.log, w.codec, shanghai, live, fresh, 2, nil))
	got := []string{}
	for _, d := range differences {
		got = append(got, d.String())
	}
	want := []string{"cells 4101040010010010001: differs in name, search", "cells 4101040010010010002: differs in name, search", // two of three: the limit
		"persons x: surplus", "inspections i1/1: missing", "patrols 410104/fire/20260210/officer: differs in done"}
	if !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

func TestViewsThatCannotBeWrittenAreStillRead(t *testing.T) {
	w := newWorld(t)
	w.grid()
	w.project()
	v := views.New(w.log, w.codec, sqlstore.NewGenerations(w.dir, true), shanghai)
	if err := v.Open(ctx(), nil); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = v.Close() }()
	w.log1(visit("i1", site1, at("2026-02-10 09:00"), "officer"))
	if err := v.CatchUp(ctx()); err == nil {
		t.Error("there is nowhere to write to")
	}
	if s := v.Status(ctx()); s.Err == nil || s.Lag() != 1 {
		t.Errorf("status: %+v", s)
	}
	if c, err := v.Cell(ctx(), site1); err != nil || c.Name != "商场" {
		t.Errorf("reading: %+v, %v", c, err)
	}
}
