package rest

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/prometheus/client_golang/prometheus"
)

// So many are worked on at once and so many wait; who comes beyond that is told to come again, before its body is read,
// and all who were let in are answered.
func TestAdmission(t *testing.T) {
	registry := prometheus.NewRegistry()
	m, err := newMetrics(registry)
	if err != nil {
		t.Fatal(err)
	}
	s := &Server{admission: newAdmission(), admitted: map[string]bool{"/api/v1/inspections": true}, metrics: m, closing: make(chan struct{})}
	var inside, most, done atomic.Int64
	open := make(chan struct{})
	work := s.admit(func(echo.Context) error {
		most.Store(max(most.Load(), inside.Add(1)))
		<-open
		inside.Add(-1)
		done.Add(1)
		return nil
	})
	var all sync.WaitGroup
	for range admittedAtOnce + admittedWaits {
		all.Go(func() {
			if err := work(call(t.Context())); err != nil {
				t.Error(err)
			}
		})
	}
	for inside.Load() < admittedAtOnce || s.admission.waiting.Load() < admittedWaits {
		time.Sleep(time.Millisecond)
	}
	began, passed := time.Now(), 0
	door := s.shed(func(echo.Context) error { passed++; return nil })
	late := call(t.Context())
	late.SetPath("/api/v1/inspections")
	if err := door(late); !errors.Is(err, errBusy) || passed > 0 || time.Since(began) < refusedAfter {
		t.Errorf("at the threshold: %v after %s, %d passed", err, time.Since(began), passed)
	}
	probe := call(t.Context())
	probe.SetPath("/readyz")
	if err := door(probe); err != nil || passed != 1 {
		t.Errorf("a probe: %v, %d passed", err, passed)
	}
	if err := work(call(t.Context())); !errors.Is(err, errBusy) {
		t.Errorf("in the queue: %v", err)
	}
	p, retry := problem(errBusy)
	if p.Status != http.StatusServiceUnavailable || p.Code != "busy" || retry < time.Second {
		t.Errorf("it is answered with %+v, again after %s", p, retry)
	}
	close(open)
	all.Wait()
	if done.Load() != admittedAtOnce+admittedWaits || most.Load() > admittedAtOnce || s.admission.waiting.Load() != 0 {
		t.Errorf("%d done, %d at once at most, %d wait", done.Load(), most.Load(), s.admission.waiting.Load())
	}
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() == "gridward_http_shed_total" {
			if n := f.GetMetric()[0].GetCounter().GetValue(); n != 2 {
				t.Errorf("%g were refused", n)
			}
			return
		}
	}
	t.Error("nobody counts who was refused")
}

// Who gives up waiting leaves the queue.
func TestAdmissionGivenUp(t *testing.T) {
	m, err := newMetrics(prometheus.NewRegistry())
	if err != nil {
		t.Fatal(err)
	}
	s := &Server{admission: &admission{turns: make(chan struct{})}, metrics: m}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.admit(func(echo.Context) error { return nil })(call(ctx)); !errors.Is(err, context.Canceled) || s.admission.waiting.Load() != 0 {
		t.Errorf("%v, and %d wait", err, s.admission.waiting.Load())
	}
}

func call(ctx context.Context) echo.Context {
	return echo.New().NewContext(httptest.NewRequestWithContext(ctx, http.MethodPost, "/", nil), httptest.NewRecorder())
}
