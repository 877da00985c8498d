package morning

import (
	"context"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"
	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"

	"gridward/app"
)

// longest is what a histogram can hold, in microseconds; a request is given up before.
const longest = 120_000_000

// row is what came of requests of one sort.
type row struct {
	Done, Busy, Errors int                     // answered 2xx; told to come again; anything else
	example            string                  // the first error
	times              *hdrhistogram.Histogram // of what was done, µs
}

func newRow() *row { return &row{times: hdrhistogram.New(1, longest, 3)} }

func (r *row) count(a answer) {
	switch {
	case a.ok():
		r.Done++
		_ = r.times.RecordValue(min(a.took.Microseconds(), longest))
	case a.busy():
		r.Busy++
	default:
		if r.Errors++; r.example == "" {
			r.example = a.problem()
		}
	}
}

// add takes in what came of another sort.
func (r *row) add(o *row) {
	r.Done, r.Busy, r.Errors = r.Done+o.Done, r.Busy+o.Busy, r.Errors+o.Errors
	r.times.Merge(o.times)
}

// tally is what came of everything, kept by all clients.
type tally struct {
	mu      sync.Mutex
	rows    map[part]*row
	patrols int
	highest app.Position // any command has reached
}

// part is a kind of requests and, where there are more of one, which of them.
type part struct {
	kind kind
	what string
}

func newTally() *tally { return &tally{rows: map[part]*row{}} }

// count takes in an answer, unless the play was stopped before it came.
func (t *tally) count(ctx context.Context, k kind, what string, a answer) {
	if ctx.Err() != nil {
		return
	}
	if a.ok() && k != leaders {
		at, err := a.position()
		if a.err = err; err == nil {
			t.reached(at)
		}
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	s := part{k, what}
	if t.rows[s] == nil {
		t.rows[s] = newRow()
	}
	t.rows[s].count(a)
}

// logged takes in patrols that were logged.
func (t *tally) logged(n int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.patrols += n
}

// reached takes in a position that a command has written.
func (t *tally) reached(at app.Position) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.highest = max(t.highest, at)
}

// partsOf gives what a kind consists of; "" is the whole of it.
func partsOf(k kind) []string {
	switch k {
	case office:
		return theSteps
	case leaders:
		return theReads
	default:
		return []string{""}
	}
}

// sum is what came of all that a kind consists of.
func (t *tally) sum(k kind) *row {
	r := newRow()
	for _, what := range partsOf(k) {
		if o := t.rows[part{k, what}]; o != nil {
			r.add(o)
		}
	}
	return r
}

// Errors is how many requests failed.
func (r *Result) Errors() int {
	n := 0
	for _, row := range r.tally.rows {
		n += row.Errors
	}
	return n
}

// Print writes the table and, below it, the first error of each sort.
func (r *Result) Print(to io.Writer) {
	t := table.NewWriter()
	t.SetOutputMirror(to)
	t.AppendHeader(table.Row{"of 100", "what", "done", "a second", "busy", "errors", "p50 ms", "p90 ms", "p99 ms", "max ms"})
	configs := []table.ColumnConfig{{Number: 1, Align: text.AlignRight, AlignFooter: text.AlignRight}}
	for n := 3; n <= 10; n++ {
		configs = append(configs, table.ColumnConfig{Number: n, Align: text.AlignRight, AlignHeader: text.AlignRight, AlignFooter: text.AlignRight})
	}
	t.SetColumnConfigs(configs)
	total := newRow()
	for k, share := range kinds {
		sum := r.tally.sum(kind(k))
		total.add(sum)
		t.AppendRow(r.cells(share.percent, share.name, sum))
		for _, what := range partsOf(kind(k)) {
			if row := r.tally.rows[part{kind(k), what}]; row != nil && what != "" {
				t.AppendRow(r.cells("", "  "+what, row))
			}
		}
	}
	t.AppendSeparator()
	t.AppendRow(r.cells(100, "total", total))
	t.Render()
	for k, share := range kinds {
		for _, what := range partsOf(kind(k)) {
			if row := r.tally.rows[part{kind(k), what}]; row != nil && row.Errors > 0 {
				_, _ = fmt.Fprintf(to, "%d of %s failed, first: %s\n", row.Errors, strings.TrimSpace(share.name+" "+what), row.example)
			}
		}
	}
}

// cells is a row of the table.
func (r *Result) cells(percent any, name string, w *row) table.Row {
	ms := func(µs int64) string { return fmt.Sprintf("%.1f", float64(µs)/1000) }
	return table.Row{percent, name, w.Done, fmt.Sprintf("%.0f", Rate(w.Done, r.Took)), w.Busy, w.Errors, ms(w.times.ValueAtQuantile(50)),
		ms(w.times.ValueAtQuantile(90)), ms(w.times.ValueAtQuantile(99)), ms(w.times.Max())}
}

// Rate is how many there were a second.
func Rate(n int, took time.Duration) float64 { return float64(n) / max(took.Seconds(), 0.001) }
