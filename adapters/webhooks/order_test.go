package webhooks_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"go.uber.org/zap"

	"gridward/adapters/bus"
	"gridward/adapters/memstore"
	"gridward/app"
)

// event is what these tests tell of a record.
type event struct {
	Stream  string
	Version uint64
}

// district is a receiver with bad days. It keeps what it took, in order.
type district struct {
	mu     sync.Mutex
	answer func(event) int // a status; 0 cuts the line after taking it
	taken  []event
}

func (d *district) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	raw, err := io.ReadAll(r.Body)
	var e event
	if err == nil {
		err = json.Unmarshal(raw, &e)
	}
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	status := d.answer(e)
	if status == 0 || status/100 == 2 {
		d.taken = append(d.taken, e)
	}
	if status == 0 {
		panic(http.ErrAbortHandler)
	}
	w.WriteHeader(status)
}

func (d *district) answers(answer func(event) int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.answer = answer
}

func (d *district) took() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return len(d.taken)
}

// inOrder holds what was taken against the log: of each stream every version, in order; one may come again at once.
func (d *district) inOrder(t *testing.T, log app.Log) {
	t.Helper()
	d.mu.Lock()
	defer d.mu.Unlock()
	last := map[string]uint64{}
	for _, e := range d.taken {
		if v := last[e.Stream]; e.Version != v && e.Version != v+1 {
			t.Fatalf("%s version %d came after %d", e.Stream, e.Version, v)
		}
		last[e.Stream] = e.Version
	}
	records, err := log.Read(t.Context(), 0, 100_000)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range records {
		if last[r.Stream] < r.Version {
			t.Fatalf("%s version %d never came", r.Stream, r.Version)
		}
	}
}

func newLog(t *testing.T, records, streams int) *memstore.Store {
	t.Helper()
	log := memstore.New(func() time.Time { return time.Date(2026, 2, 10, 9, 0, 0, 0, time.UTC) })
	for i := range records {
		if _, err := log.Append(t.Context(), fmt.Sprintf("case-%d", i%streams), uint64(i/streams),
			[]app.Record{{ID: uuid.New(), Type: "case.filed", Schema: 1, Data: []byte("{}")}}); err != nil {
			t.Fatal(err)
		}
	}
	return log
}

func outletTo(t *testing.T, log app.Log, url string, sleep func(context.Context, time.Duration)) bus.Outlet {
	t.Helper()
	dir := t.TempDir()
	return bus.Outlet{Name: "webhook-district", Log: log, To: publisher(t, url, secret, time.Now), FromStart: true, Page: 1,
		Payload:    func(r app.Record) ([]byte, error) { return json.Marshal(event{r.Stream, r.Version}) },
		Checkpoint: bus.NewFileCheckpoint(filepath.Join(dir, "district.checkpoint"), log.ID()),
		Park:       &bus.Park{In: bus.NewFileParking(filepath.Join(dir, "district.parked"), log.ID()), Attempts: 6, Clock: time.Now},
		Pause:      bus.Backoff{First: 100 * time.Millisecond, Most: 30 * time.Second}, Sleep: sleep, Logger: zap.NewNop()}
}

func run(t *testing.T, o bus.Outlet) (r *bus.Relay, stop func()) {
	t.Helper()
	r, err := bus.NewRelay(o)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- r.Run(ctx) }()
	stop = sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(stop)
	return r, stop
}

func until(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(60 * time.Second); !holds(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%s did not come about", what)
		}
	}
}

func always(status int) func(event) int { return func(event) int { return status } }

func noPause(context.Context, time.Duration) {}

func TestADistrictThatWasAwayForAnHourGetsEverythingInOrder(t *testing.T) {
	log := newLog(t, 300, 7)
	d := &district{answer: always(http.StatusServiceUnavailable)}
	var away time.Duration
	o := outletTo(t, log, receiver(t, d.ServeHTTP), func(_ context.Context, pause time.Duration) {
		if away += pause; away >= time.Hour {
			d.answers(always(http.StatusOK))
		}
	})
	r, _ := run(t, o)
	until(t, "the log's end", func() bool { return r.Status().At == 300 })
	d.inOrder(t, log)
	if parked, err := o.Park.In.List(); len(parked) > 0 || err != nil {
		t.Errorf("%d are parked, %v", len(parked), err)
	}
	if n := d.took(); n != 300 {
		t.Errorf("%d taken", n)
	}
}

func TestADistrictOfBadDaysNeverSeesAStreamOutOfOrder(t *testing.T) {
	log := newLog(t, 700, 11)
	rnd := rand.New(rand.NewPCG(7, 7))
	statuses := []int{200, 200, 200, 200, 202, 0, 400, 409, 422, 429, 500, 502, 503, 301}
	d := &district{}
	d.answer = func(e event) int {
		if e.Stream == "case-3" && e.Version >= 20 { // one stream is beyond this receiver
			return http.StatusUnprocessableEntity
		}
		return statuses[rnd.IntN(len(statuses))]
	}
	o := outletTo(t, log, receiver(t, d.ServeHTTP), noPause)
	for _, enough := range []app.Position{100, 300, 500, 700} { // restarts
		r, stop := run(t, o)
		until(t, "some of the log", func() bool { return r.Status().At >= enough })
		stop()
	}
	parked, err := o.Park.In.List()
	if err != nil || len(parked) < 40 {
		t.Fatalf("%d are parked, %v", len(parked), err)
	}
	for _, p := range parked {
		if err := o.Park.In.Ask(p.Position); err != nil {
			t.Fatal(err)
		}
	}
	d.answers(always(http.StatusOK))
	run(t, o)
	until(t, "the replay", func() bool { parked, err := o.Park.In.List(); return err == nil && len(parked) == 0 })
	d.inOrder(t, log)
}
