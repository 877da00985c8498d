//go:build bench

package bench

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"gridward/adapters/sqlstore"
	"gridward/app"
	"gridward/domain/grid"
)

// TestReadsOnALongLog compares the slowest hundredth of what people read on a log of five million events and half a
// million cases with that on a log of a hundred thousand events: the queue, a page of a ledger, patrol counts and
// accountability, each of another cell, case or person every time, in alternating rounds. Who is accountable for what is
// asked of the same cases and the same month on both: in earlier years, whose holidays no calendar names, more was late.
func TestReadsOnALongLog(t *testing.T) {
	f, s := fixture(t), sizes()
	short, long := newReaders(t, f, s.short), newReaders(t, f, s.long)
	t.Logf("the short log has %d cases in %d years, the long one %d in %d", short.cases, short.years, long.cases, long.years)
	if !s.smoke && long.cases < s.long/10 {
		t.Errorf("%d cases are fewer than one in ten events", long.cases)
	}
	for _, kind := range kindsOfReading {
		short.read(t, kind.name, kind.path, s.reads/4)
		long.read(t, kind.name, kind.path, s.reads/4)
		var ratios []float64
		var before, after *hdrhistogram.Histogram
		for range s.rounds {
			before, after = short.read(t, kind.name, kind.path, s.reads), long.read(t, kind.name, kind.path, s.reads)
			ratios = append(ratios, float64(after.ValueAtQuantile(99))/float64(before.ValueAtQuantile(99)))
		}
		t.Logf("%s: p50 %.2f and %.2f ms, p99 %.2f and %.2f ms in the last round; ratios of p99 %.2f", kind.name, ms(before, 50), ms(after, 50), ms(before, 99), ms(after, 99), ratios)
		judge(t, "p99 of "+kind.name+" on the long log, of the short one's", median(ratios), false, 1.5, "")
	}
}

func ms(h *hdrhistogram.Histogram, q float64) float64 { return float64(h.ValueAtQuantile(q)) / 1000 }

// kindsOfReading is what people read.
var kindsOfReading = []struct {
	name string
	path func(*readers) string
}{
	{"the queue of a street", func(r *readers) string {
		return fmt.Sprintf("/cases?cell=%s&overdue=true&limit=50", r.cell(grid.Street))
	}},
	{"a street's escalations", func(r *readers) string { return fmt.Sprintf("/escalations?cell=%s&limit=50", r.cell(grid.Street)) }},
	{"a page of a ledger", func(r *readers) string {
		year := r.year()
		return fmt.Sprintf("/cells/%s/ledgers/hazards?from=%d-02-01&to=%d-03-01&limit=50", r.cell(grid.Community), year, year)
	}},
	{"patrol counts", func(r *readers) string {
		return fmt.Sprintf("/cells/%s/patrols?programme=fire&period=%d-02", r.cell(grid.Community), demoFrom.Year()) // earlier nothing was asked
	}},
	{"the accountability of a case", func(r *readers) string { return "/cases/" + pick(r, r.sample) + "/accountability" }},
	{"the accountability of a person's month", func(r *readers) string {
		return fmt.Sprintf("/persons/%s/accountability?from=%d-02-01&to=%[2]d-03-01", pick(r, r.people), demoFrom.Year())
	}},
}

// readers read from one server.
type readers struct {
	*child
	random *rand.Rand
	cells  map[int][]string
	people []string
	sample []string // some cases
	cases  int
	years  int
}

func pick(r *readers, from []string) string { return from[r.random.IntN(len(from))] }

func (r *readers) cell(l int) string { return pick(r, r.cells[l]) }

func (r *readers) year() int { return demoFrom.Year() - r.random.IntN(r.years) }

// newReaders makes a log of that many events with its views, and starts the program on it.
func newReaders(t *testing.T, f *fixtures, events int) *readers {
	t.Helper()
	r := &readers{random: rand.New(rand.NewPCG(5, 5)), cells: map[int][]string{}, years: 1}
	dir := filepath.Join(f.kept(), fmt.Sprint("reads-", events))
	events = max(events, len(f.records)) // the whole month: nothing is left to be done in it
	first, work := overTheYears(f.records)
	events = len(first) + (events-len(first)+len(work)/2)/len(work)*len(work) // whole months: nothing is left open in an earlier one
	began := time.Now()
	complete := filepath.Join(dir, "complete")
	if _, err := os.Stat(complete); err == nil {
		if err := stored(dir, r.watch); err != nil {
			t.Fatal(err)
		}
	} else if err := r.fill(dir, complete, again(first, work, events), events); err != nil {
		t.Fatal(err)
	}
	filled := since(began)
	began = time.Now()
	if err := buildViews(dir, dir); err != nil {
		t.Fatal(err)
	}
	if err := warm(dir); err != nil {
		t.Fatal(err)
	}
	t.Logf("fixture: a log of %d events in %s, its views in %s (some of it from a run before, if GRIDWARD_BENCH_FIXTURES names where)", events, filled, since(began))
	r.child = start(t, exec.Command(f.bin, "serve", "--data", dir, "--listen", "127.0.0.1:0", "--clock", demoFrom.AddDate(0, 1, 0).Format(time.RFC3339)))
	return r
}

// fill makes the log, in the place of what a run that was cut short has left, and then says that it is complete.
func (r *readers) fill(dir, complete string, records iter.Seq[app.Record], events int) error {
	if err := os.RemoveAll(dir); err != nil {
		return err
	}
	if err := fill(dir, r.watch(records), events); err != nil {
		return err
	}
	return os.WriteFile(complete, nil, 0o600)
}

// warm brings the views into the system's cache, for both logs alike: a disk is not what is compared.
func warm(dir string) error {
	paths, err := filepath.Glob(filepath.Join(dir, "views-*.db"))
	for _, path := range paths {
		f, openErr := os.Open(path)
		if openErr != nil {
			return openErr
		}
		_, copyErr := io.Copy(io.Discard, f)
		err = errors.Join(err, copyErr, f.Close())
	}
	return err
}

// stored watches the records of a log that is there.
func stored(dir string, watch func(iter.Seq[app.Record]) iter.Seq[app.Record]) error {
	ctx := context.Background()
	log, err := sqlstore.Open(ctx, dir, sqlstore.Options{Clock: time.Now})
	if err != nil {
		return err
	}
	records := func(yield func(app.Record) bool) {
		for at := app.Position(0); ; {
			var page []app.Record
			if page, err = log.Read(ctx, at, 1000); err != nil || len(page) == 0 {
				return
			}
			for _, r := range page {
				if at = r.Position; !yield(r) {
					return
				}
			}
		}
	}
	for range watch(records) { // it is watched, no more
		continue
	}
	return errors.Join(err, log.Close())
}

// overTheYears is the demo's log as many years leave it: whoever has a post has it for ever, what was found in earlier
// years was brought to an end, and of the patrols without a finding one in sixteen is kept, so that there is a case for
// every ten events.
func overTheYears(records []app.Record) (first, again []app.Record) {
	ended := map[string]bool{}
	for _, r := range records {
		switch r.Type {
		case "case.reported", "case.reopened":
			ended[r.Stream] = false
		case "case.closed", "case.voided", "case.merged_into":
			ended[r.Stream] = true
		case "inspection.logged":
			ended[r.Stream] = bytes.Contains(r.Data, []byte(`"hazards":[`)) || r.ID[15] < 16
		}
	}
	for _, r := range records {
		if r.Type == "duty.given" {
			r.Data = bytes.Replace(r.Data, []byte(`"from":"2026-`), []byte(`"from":"1900-`), 1)
		}
		first = append(first, r)
		if ended[r.Stream] {
			again = append(again, r)
		}
	}
	return first, again
}

// watch learns from the records on their way what may be asked for.
func (r *readers) watch(records iter.Seq[app.Record]) iter.Seq[app.Record] {
	const oneIn = 5
	return func(yield func(app.Record) bool) {
		for rec := range records {
			switch rec.Type {
			case "cell.created":
				code := grid.CellCode(rec.Meta.Cell)
				r.cells[code.Level()] = append(r.cells[code.Level()], string(code))
			case "person.registered":
				r.people = append(r.people, strings.TrimPrefix(rec.Stream, "person-"))
			case "case.reported":
				ago := demoFrom.Year() - rec.Meta.OccurredAt.In(china).Year()
				if r.cases++; ago == 0 && r.cases%oneIn == 1 {
					r.sample = append(r.sample, workID(rec))
				}
				r.years = max(r.years, ago+1)
			}
			if !yield(rec) {
				return
			}
		}
	}
}

// read asks so many times, one after the other.
func (r *readers) read(t *testing.T, name string, path func(*readers) string, times int) *hdrhistogram.Histogram {
	t.Helper()
	h := newLoad().times
	for range times {
		p := path(r)
		began := time.Now()
		if status := r.get(t, "/api/v1"+p); status != http.StatusOK {
			t.Fatalf("%s: %s: %d", name, p, status)
		}
		_ = h.RecordValue(time.Since(began).Microseconds())
	}
	return h
}
