package views_test

import (
	"errors"
	"path/filepath"
	"testing"

	"gridward/adapters/sqlstore"
	"gridward/app"
	"gridward/app/views"
)

// The rows say what the log says, and nothing of how it was read: command by command while a town was at work, event by
// event, in batches of any size, or rebuilt in one go. Duties told late and rules published anew are in it.
func TestTheRowsDoNotTellHowTheLogWasRead(t *testing.T) {
	for seed := range uint64(3) {
		h := newTown(t, 40+seed)
		for range 120 {
			h.step()
		}
		h.same() // the live ones with those built in one go
		once := emptyViews(t)
		must[views.Counters](t)(views.Tape(ctx(), h.log, h.codec, once, shanghai, nil))
		for _, size := range []int{1, 17, 400} {
			bits := emptyViews(t)
			must[views.Counters](t)(views.InBatches(ctx(), h.log, h.codec, bits, shanghai, size))
			for _, d := range must[[]views.Difference](t)(views.Compare(ctx(), once, bits, 3)) {
				t.Errorf("seed %d, %d events at a time: %s (%s)", seed, size, d, h.kinds())
			}
		}
		if err := h.views.Rebuild(ctx(), nil); err != nil {
			t.Fatal(err)
		}
		h.same()
	}
}

// Whatever a batch had read or worked out before it failed is forgotten with it.
func TestATownIsFollowedWhereverTheProjectorIsCut(t *testing.T) {
	h := newTown(t, 50)
	for range 120 {
		h.step()
	}
	growing := &pastLog{Log: h.log}
	dir := t.TempDir()
	open := func() *views.Views {
		v := views.New(growing, h.codec, sqlstore.NewGenerations(dir, false), shanghai)
		if err := v.Open(ctx(), nil); err != nil {
			t.Fatal(err)
		}
		return v
	}
	v, broken, cuts := open(), errors.New("cut"), 0
	head := must[app.Position](t)(h.log.Head(ctx()))
	for growing.last < head {
		growing.last = min(head, growing.last+app.Position(1+h.rng.IntN(30)))
		v.Batch(1 + h.rng.IntN(20))
		left := h.rng.IntN(200)
		v.FailOn(func(string, []any) error {
			if left--; left < 0 {
				return broken
			}
			return nil
		})
		if err := v.CatchUp(ctx()); err != nil {
			if !errors.Is(err, broken) {
				t.Fatal(err)
			}
			cuts++
		}
		if h.rng.IntN(10) == 0 { // the process ends here, and another begins
			if err := v.Close(); err != nil {
				t.Fatal(err)
			}
			v = open()
		}
	}
	v.FailOn(nil)
	if err := errors.Join(v.CatchUp(ctx()), v.Close()); err != nil || cuts < 10 {
		t.Fatalf("cut %d times, %v", cuts, err)
	}
	live := must[string](t)(newest(dir))
	db, err := sqlstore.OpenViewsFile(live, false)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	for _, d := range must[[]views.Difference](t)(views.Check(ctx(), h.log, h.codec, shanghai, db, emptyViews(t), 5, nil)) {
		t.Error(d)
	}
}

// newest is the file of the only generation there is.
func newest(dir string) (string, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*.db"))
	if err == nil && len(files) != 1 {
		err = errors.New("not one generation")
	}
	if err != nil {
		return "", err
	}
	return files[0], nil
}

// A batch may be about more posts than a projector remembers.
func TestABatchOverMorePostsThanAreRemembered(t *testing.T) {
	h := newTown(t, 50)
	for range 120 {
		h.step()
	}
	plenty, few := emptyViews(t), emptyViews(t)
	must[views.Counters](t)(views.Tape(ctx(), h.log, h.codec, plenty, shanghai, nil))
	defer views.KnownPosts(1)()
	must[views.Counters](t)(views.InBatches(ctx(), h.log, h.codec, few, shanghai, 100))
	for _, d := range must[[]views.Difference](t)(views.Compare(ctx(), plenty, few, 3)) {
		t.Error(d)
	}
}
