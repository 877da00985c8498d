//go:build bench

package bench

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"gridward/adapters/bus"
	"gridward/adapters/eventcodec"
	"gridward/adapters/memstore"
	"gridward/adapters/programmes"
	"gridward/adapters/sqlstore"
	"gridward/app"
	"gridward/app/demo"
	"gridward/app/views"
	"gridward/domain/grid"
)

var china = time.FixedZone("Asia/Shanghai", 8*60*60)

// The demo's month: over, whatever day the measures are taken on, and without a leap day.
var demoFrom = time.Date(2026, 2, 1, 0, 0, 0, 0, china)

// fixtures is what the tests of a run measure on. Each part is made when it is first asked for, below one directory
// that goes with the run.
type fixtures struct {
	once    sync.Once
	err     error
	root    string
	bin     string       // the program as it is released
	records []app.Record // the demo's log
	patrols []patrol

	small, large dataDir // logs of few and of many events, their views built
}

// dataDir is a data directory that is made when it is first asked for.
type dataDir struct {
	once sync.Once
	err  error
	path string
}

var made fixtures

func (f *fixtures) remove() {
	if f.root != "" {
		_ = os.RemoveAll(f.root)
	}
}

// fixture gives what all tests need.
func fixture(t *testing.T) *fixtures {
	t.Helper()
	made.once.Do(func() { made.err = made.make(t) })
	if made.err != nil {
		t.Fatal(made.err)
	}
	return &made
}

func (f *fixtures) make(t *testing.T) (err error) {
	if f.root, err = os.MkdirTemp("", "gridward-bench-"); err != nil {
		return err
	}
	if f.bin, err = f.build("gridward", ""); err != nil {
		return err
	}
	began := time.Now()
	if f.records, err = demoLog(sizes()); err != nil {
		return err
	}
	if f.patrols, err = patrolsOf(f.records, sizes().small); err != nil {
		return err
	}
	t.Logf("fixture: the demo's log: %d events in %s, %d patrols to copy on %d cells", len(f.records), since(began), len(f.patrols), cellsOf(f.patrols))
	return nil
}

// kept is where the largest logs are made. They take minutes, so a directory that is named keeps them for the next run.
func (f *fixtures) kept() string {
	if dir := os.Getenv("GRIDWARD_BENCH_FIXTURES"); dir != "" {
		return dir
	}
	return f.root
}

// build builds the program.
func (f *fixtures) build(name, tags string) (string, error) {
	bin := filepath.Join(f.root, name)
	out, err := exec.Command("go", "build", "-trimpath", "-tags", tags, "-o", bin, "gridward/cmd/gridward").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("go build: %w: %s", err, out)
	}
	return bin, nil
}

// dir gives the path of a data directory with that many events and its views.
func (f *fixtures) dir(t *testing.T, d *dataDir, events int) string {
	t.Helper()
	d.once.Do(func() {
		d.path = filepath.Join(f.root, fmt.Sprint(events))
		began := time.Now()
		if d.err = fill(d.path, many(f.records, events), events); d.err != nil {
			return
		}
		filled := since(began)
		began = time.Now()
		if d.err = buildViews(d.path, d.path); d.err != nil {
			return
		}
		t.Logf("fixture: a log of %d events in %s, its views in %s, %.0f events/s", events, filled, since(began), float64(events)/time.Since(began).Seconds())
	})
	if d.err != nil {
		t.Fatal(d.err)
	}
	return d.path
}

// buildViews builds the views of the log in one directory, in another: all of them, or a shard's.
func buildViews(log, to string, districts ...grid.CellCode) error {
	ctx := context.Background()
	store, err := sqlstore.Open(ctx, log, sqlstore.Options{Clock: time.Now})
	if err != nil {
		return err
	}
	v := views.New(store, eventcodec.New(), sqlstore.NewGenerations(to, false), china, districts...)
	err = v.Open(ctx, nil)
	return errors.Join(err, v.Close(), store.Close())
}

// smallDir is a data directory with a log of 10,000 events.
func (f *fixtures) smallDir(t *testing.T) string { return f.dir(t, &f.small, sizes().small) }

// smallCopy is a copy of the small one, for a test that fills it up.
func (f *fixtures) smallCopy(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "data")
	if err := os.CopyFS(dir, os.DirFS(f.smallDir(t))); err != nil {
		t.Fatal(err)
	}
	return dir
}

// largeDir is one with a million.
func (f *fixtures) largeDir(t *testing.T) string { return f.dir(t, &f.large, sizes().large) }

func since(began time.Time) time.Duration { return time.Since(began).Round(10 * time.Millisecond) }

// demoLog is the demo's log, made by the same handlers as the API's.
func demoLog(s size) ([]app.Record, error) {
	ctx := context.Background()
	var now time.Time
	log, codec := memstore.New(func() time.Time { return now }), eventcodec.New()
	house, err := app.New(log, codec, 65_536)
	if err != nil {
		return nil, err
	}
	builtin, err := programmes.Builtin()
	if err != nil {
		return nil, err
	}
	o := demo.Options{Seed: 1, Scale: demo.Full, From: demoFrom, Programmes: builtin, SetClock: func(at time.Time) { now = at }}
	if s.smoke {
		o.Scale = demo.Small
	}
	if _, err := demo.Run(ctx, house, log, codec, o); err != nil {
		return nil, err
	}
	head, err := log.Head(ctx)
	if err != nil {
		return nil, err
	}
	return log.Read(ctx, 0, int(head))
}

// fill makes a data directory with a log of the records, whose followers have nothing left to do.
func fill(dir string, records iter.Seq[app.Record], events int) error {
	ctx := context.Background()
	id, err := sqlstore.Fill(ctx, dir, records)
	if err != nil {
		return err
	}
	for _, follower := range []string{"feed", "completer"} {
		if err := bus.NewFileCheckpoint(filepath.Join(dir, follower+".checkpoint"), id).Save(ctx, app.Position(events)); err != nil {
			return err
		}
	}
	return nil
}
