//go:build bench

package bench

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"gridward/adapters/eventcodec"
	"gridward/adapters/sqlstore"
	"gridward/app"
)

// TestCommandOnALongLog compares what logging a patrol costs on a log of a million events with what it costs on one
// of ten thousand, by 64 callers and by one.
func TestCommandOnALongLog(t *testing.T) {
	f, s := fixture(t), sizes()
	small, large := openLog(t, f.smallCopy(t)), openLog(t, f.largeDir(t))
	for _, l := range []*house{small, large} {
		l.patrol(t, f.patrols, connections, 2*s.commands) // caches fill
	}
	for _, run := range []struct{ callers, commands int }{{connections, s.commands}, {1, s.commands / 10}} {
		var costs, base, ratios []float64
		for range s.rounds {
			b := small.patrol(t, f.patrols, run.callers, run.commands)
			c := large.patrol(t, f.patrols, run.callers, run.commands)
			costs, base, ratios = append(costs, c), append(base, b), append(ratios, c/b)
		}
		t.Logf("%d callers: %.0f µs a command on %d events, %.0f µs on %d; all ratios %.2f", run.callers, median(costs), s.large, median(base), s.small, ratios)
		judge(t, fmt.Sprintf("a command's cost on the long log, %d callers", run.callers), median(ratios), false, 1.3, "")
	}
	t.Logf("in the end the logs held %d and %d", must(small.log.Head(t.Context()))(t), must(large.log.Head(t.Context()))(t))
}

// house is the rules' shell over a log, without views.
type house struct {
	app  *app.App
	log  *sqlstore.Store
	next int
	ids  *ids
}

func openLog(t *testing.T, dir string) *house {
	t.Helper()
	h := &house{ids: newIDs()}
	h.log = must(sqlstore.Open(context.Background(), dir, sqlstore.Options{Clock: time.Now}))(t)
	t.Cleanup(func() {
		if err := h.log.Close(); err != nil {
			t.Error(err)
		}
	})
	h.app = must(app.New(h.log, eventcodec.New(), 8192))(t)
	return h
}

// patrol logs that many patrols by so many callers and gives the wall clock's microseconds per command.
func (h *house) patrol(t *testing.T, patrols []patrol, callers, commands int) float64 {
	t.Helper()
	work := make(chan func() error, commands)
	for range commands {
		cmd := patrols[h.next%len(patrols)].cmd
		h.next++
		cmd.ID = string(h.ids.next())
		by := app.By{Actor: "admin", Admin: true, CommandID: uuid.MustParse(string(h.ids.next())), ReceivedAt: time.Now()}
		work <- func() error { _, err := h.app.LogInspection(context.Background(), by, cmd); return err }
	}
	close(work)
	var all sync.WaitGroup
	began := time.Now()
	for range callers {
		all.Go(func() {
			for do := range work {
				if err := do(); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	return float64(time.Since(began).Microseconds()) / float64(commands)
}

// TestStartAndMemoryOnALongLog starts the program on the long log, then loads it with patrols and with what people
// read, and watches how much memory it holds.
func TestStartAndMemoryOnALongLog(t *testing.T) {
	f, s := fixture(t), sizes()
	var starts []float64
	for range s.rounds {
		c := serve(t, f.bin, f.largeDir(t))
		starts = append(starts, c.started.Seconds())
		c.stop()
	}
	t.Logf("from the start of the process to ready, with %d events: %.2f s each", s.large, starts)
	judge(t, "start on the long log", median(starts), false, 2, " s")

	c := serve(t, f.bin, f.largeDir(t))
	stop := make(chan struct{})
	var beside sync.WaitGroup
	var highest float64
	beside.Go(func() { highest = c.watch(t, stop) })
	beside.Go(func() { c.readAll(t, stop) })
	total := newLoad()
	for range s.rounds {
		total.add(c.post(t, f.patrols, s.round, true))
	}
	close(stop)
	beside.Wait()
	t.Logf("on the long log, with readers beside: %s; the views were at most %s behind the last answer", total, total.lag.Round(time.Millisecond))
	if total.errors > 0 || total.requests == 0 {
		t.Errorf("%d requests, %d errors", total.requests, total.errors)
	}
	peak := must(c.resident("VmHWM"))(t)
	t.Logf("resident memory: %.0f MB at most while serving; since the start %.0f MB", highest, peak)
	judge(t, "resident memory while serving", max(highest, peak), false, 300, " MB")
}

// watch gives the highest resident memory seen until stop.
func (c *child) watch(t *testing.T, stop <-chan struct{}) (highest float64) {
	for tick := time.NewTicker(100 * time.Millisecond); ; {
		now, err := c.resident("VmRSS")
		if err != nil {
			t.Error(err)
			return highest
		}
		highest = max(highest, now)
		select {
		case <-tick.C:
		case <-stop:
			return highest
		}
	}
}

// readAll reads what people look at, one after the other, ten a second, until stop.
func (c *child) readAll(t *testing.T, stop <-chan struct{}) {
	paths := []string{"/cases?limit=100", "/inspections?cell=410104&limit=100", "/cells/410104/patrols?programme=fire&period=2025-03",
		"/cells/410104001/ledgers/hazards?from=2025-03-01&to=2025-04-01", "/escalations?cell=410104", "/events?limit=100", "/campaigns"}
	for n := 0; ; n++ {
		path := "/api/v1" + paths[n%len(paths)]
		if status := c.get(t, path); status != http.StatusOK {
			t.Errorf("%s: %d", path, status)
		}
		select {
		case <-time.After(100 * time.Millisecond):
		case <-stop:
			return
		}
	}
}
