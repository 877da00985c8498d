//go:build bench

package bench

import (
	"context"
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
)

var china = time.FixedZone("CST", 8*60*60)

// The demo's month: over, whatever day the measures are taken on, and without a leap day.
var demoFrom = time.Date(2025, time.March, 1, 0, 0, 0, 0, china)

// fixtures is what all tests of a run measure on. It is made once, below one directory that goes with the run.
type fixtures struct {
	once sync.Once
	err  error
	root string

	records []app.Record // the demo's log
	patrols []patrol

	bin, profiled string // the program as it is released, and one that shows its profiles
	smallDir      string // a log of few events
	largeDir      string // of many, its views built
	built         time.Duration
}

var made fixtures

func (f *fixtures) remove() {
	if f.root != "" {
		_ = os.RemoveAll(f.root)
	}
}

// fixture gives the logs and the programs, made if they are not there yet.
func fixture(t *testing.T) *fixtures {
	t.Helper()
	made.once.Do(func() { made.err = made.make(t, sizes()) })
	if made.err != nil {
		t.Fatal(made.err)
	}
	return &made
}

func (f *fixtures) make(t *testing.T, s size) (err error) {
	if f.root, err = os.MkdirTemp("", "gridward-bench-"); err != nil {
		return err
	}
	f.bin, f.profiled = filepath.Join(f.root, "gridward"), filepath.Join(f.root, "gridward-profiled")
	for bin, tags := range map[string]string{f.bin: "", f.profiled: "bench"} {
		if out, err := exec.Command("go", "build", "-trimpath", "-tags", tags, "-o", bin, "gridward/cmd/gridward").CombinedOutput(); err != nil {
			return fmt.Errorf("go build: %w: %s", err, out)
		}
	}
	began := time.Now()
	if f.records, err = demoLog(s); err != nil {
		return err
	}
	if f.patrols, err = patrolsOf(f.records); err != nil {
		return err
	}
	t.Logf("fixture: the demo's log: %d events in %s, %d patrols to copy", len(f.records), since(began), len(f.patrols))
	f.smallDir, f.largeDir = filepath.Join(f.root, "small"), filepath.Join(f.root, "large")
	for dir, events := range map[string]int{f.smallDir: s.small, f.largeDir: s.large} {
		began = time.Now()
		if err := fill(dir, many(f.records, events), events); err != nil {
			return err
		}
		t.Logf("fixture: a log of %d events in %s", events, since(began))
		began = time.Now()
		if out, err := exec.Command(f.bin, "rebuild", "--data", dir).CombinedOutput(); err != nil {
			return fmt.Errorf("rebuild: %w: %s", err, out)
		}
		f.built = time.Since(began)
		t.Logf("fixture: its views in %s, %.0f events/s", since(began), float64(events)/f.built.Seconds())
	}
	return nil
}

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
