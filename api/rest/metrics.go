package rest

import (
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// metrics is what the door counts. The stores and the views bring their own collectors.
type metrics struct {
	requests *prometheus.HistogramVec
	commands *prometheus.CounterVec
	streams  prometheus.Gauge
	shed     prometheus.Counter
}

func newMetrics(r *prometheus.Registry) (*metrics, error) {
	m := &metrics{
		requests: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "gridward_http_request_seconds",
			Help: "HTTP requests by route pattern and status.", Buckets: prometheus.ExponentialBuckets(0.0005, 2.5, 12)},
			[]string{"method", "route", "status"}),
		commands: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "gridward_commands_total",
			Help: "Commands by type and outcome."}, []string{"type", "outcome"}),
		streams: prometheus.NewGauge(prometheus.GaugeOpts{Name: "gridward_live_streams", Help: "Open server-sent event streams."}),
		shed:    prometheus.NewCounter(prometheus.CounterOpts{Name: "gridward_http_shed_total", Help: "Requests answered 503 because too much was asked at once."}),
	}
	for _, c := range []prometheus.Collector{m.requests, m.commands, m.streams, m.shed} {
		if err := r.Register(c); err != nil {
			return nil, err
		}
	}
	return m, nil
}

func (m *metrics) request(method, route string, status int, took time.Duration) {
	m.requests.WithLabelValues(method, route, strconv.Itoa(status)).Observe(took.Seconds())
}

func (m *metrics) command(typ, outcome string) { m.commands.WithLabelValues(typ, outcome).Inc() }
