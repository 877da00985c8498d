package main

import (
	"math"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"gridward/adapters/bus"
	"gridward/app"
	"gridward/app/commits"
	"gridward/app/react"
	"gridward/app/views"
)

// batchMetrics tells what the log's writer does.
type batchMetrics struct {
	seconds, records prometheus.Histogram
	failed           prometheus.Counter
}

func newBatchMetrics(r prometheus.Registerer) *batchMetrics {
	m := &batchMetrics{
		seconds: prometheus.NewHistogram(prometheus.HistogramOpts{Name: "gridward_log_commit_seconds",
			Help: "Time to commit one batch of appends to the log.", Buckets: prometheus.ExponentialBuckets(0.0001, 2, 16)}),
		records: prometheus.NewHistogram(prometheus.HistogramOpts{Name: "gridward_log_batch_records",
			Help: "Records in one commit.", Buckets: prometheus.ExponentialBuckets(1, 2, 12)}),
		failed: prometheus.NewCounter(prometheus.CounterOpts{Name: "gridward_log_failed_batches_total",
			Help: "Batches that could not be committed; nothing of them was written."}),
	}
	r.MustRegister(m.seconds, m.records, m.failed, collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

func (m *batchMetrics) observe(b commits.Batch) {
	if b.Err != nil {
		m.failed.Inc()
		return
	}
	m.seconds.Observe(b.Took.Seconds())
	m.records.Observe(float64(b.Rows))
}

func registerQueue(r prometheus.Registerer, store writable) {
	r.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "gridward_log_queue",
		Help: "Appends that wait for the log's writer."}, func() float64 { return float64(store.Queue()) }))
}

// registerViews tells how far the views are and what they have written since the start.
func registerViews(r prometheus.Registerer, status func() views.Status) {
	gauge := func(name, help string, value func(views.Status) float64) prometheus.Collector {
		return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, func() float64 { return value(status()) })
	}
	r.MustRegister(
		gauge("gridward_views_lag", "Positions of the log the views have not applied yet.", func(s views.Status) float64 { return float64(s.Lag()) }),
		gauge("gridward_views_stopped", "1 while the views stand still before an event or a disk they cannot take.", func(s views.Status) float64 {
			if s.Err != nil {
				return 1
			}
			return 0
		}),
		prometheus.NewCounterFunc(prometheus.CounterOpts{Name: "gridward_views_events_total", Help: "Events applied to the views."},
			func() float64 { return float64(status().Counters.Events) }),
		prometheus.NewCounterFunc(prometheus.CounterOpts{Name: "gridward_views_rows_total", Help: "Rows the views have written."},
			func() float64 { return float64(status().Counters.Rows) }),
	)
}

// registerLead tells whether this node leads those on its log; one that is alone does.
func registerLead(r prometheus.Registerer, h *house) {
	r.MustRegister(
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "gridward_leader", Help: "1 while this node leads the nodes on its log."},
			func() float64 {
				if h.leads() {
					return 1
				}
				return 0
			}),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "gridward_leader_epoch", Help: "The epoch in which this node led last; 0 where there can be no other."},
			func() float64 {
				if h.crew == nil || h.shard() {
					return 0
				}
				return float64(h.crew.epoch.Load())
			}),
	)
}

// registerSchedule tells how far what is due is done.
func registerSchedule(r prometheus.Registerer, status func() app.ScheduleStatus, clock func() time.Time) {
	r.MustRegister(
		prometheus.NewCounterFunc(prometheus.CounterOpts{Name: "gridward_schedule_done_total", Help: "Things done that time made due."},
			func() float64 { return float64(status().Done) }),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "gridward_schedule_stuck", Help: "Cases and patrol periods that are passed over because they failed."},
			func() float64 { return float64(status().Stuck) }),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "gridward_schedule_behind_seconds", Help: "How long ago what is done next was due."},
			func() float64 {
				if at := status().Oldest; !at.IsZero() {
					return max(clock().Sub(at).Seconds(), 0)
				}
				return 0
			}),
	)
}

// registerOutlet tells how far one receiver outside has been told.
func registerOutlet(r prometheus.Registerer, name string, status func() bus.Status, head func() (app.Position, error)) {
	labels := prometheus.Labels{"outlet": name}
	r.MustRegister(
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "gridward_outlet_lag", Help: "Positions of the log the receiver was not told of yet.", ConstLabels: labels},
			func() float64 {
				last, err := head()
				if at := status().At; err == nil && last > at {
					return float64(last - at)
				}
				return 0
			}),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "gridward_outlet_held_up", Help: "1 while the receiver takes nothing.", ConstLabels: labels},
			func() float64 {
				if status().Err != nil {
					return 1
				}
				return 0
			}),
		prometheus.NewCounterFunc(prometheus.CounterOpts{Name: "gridward_outlet_events_total", Help: "Events the receiver took.", ConstLabels: labels},
			func() float64 { return float64(status().Delivered) }),
		prometheus.NewCounterFunc(prometheus.CounterOpts{Name: "gridward_outlet_failures_total", Help: "Tries that failed.", ConstLabels: labels},
			func() float64 { return float64(status().Failures) }),
	)
}

// registerParking tells how much is parked: notices, or events for one receiver outside.
func registerParking(r prometheus.Registerer, name string, in react.Parking) {
	r.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "gridward_outlet_parked", Help: "Events that are parked.", ConstLabels: prometheus.Labels{"outlet": name}},
		func() float64 {
			parked, err := in.List()
			if err != nil {
				return math.NaN()
			}
			return float64(len(parked))
		}))
}
