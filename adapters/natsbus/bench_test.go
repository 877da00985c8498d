package natsbus_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/nats-io/nats.go"
	"go.uber.org/zap"

	"gridward/adapters/bus"
	"gridward/adapters/eventcodec"
	"gridward/adapters/memstore"
	"gridward/app"
	"gridward/app/react"
)

// story is what the log of the measure repeats: a case from report to closure, and an inspection, as they are stored.
var story = []string{"case.reported", "case.filed", "case.dispatched", "case.accepted", "case.rectified", "case.checked", "case.closed", "inspection.logged"}

// fill writes so many records into streams of eight.
func fill(b *testing.B, log *memstore.Store, n int) {
	b.Helper()
	codec := eventcodec.New()
	var records []app.Record
	for _, typ := range story {
		schema := codec.Types()[typ]
		data, err := os.ReadFile(filepath.Join("..", "eventcodec", "testdata", fmt.Sprintf("%s.v%d.json", typ, schema)))
		if err != nil {
			b.Fatal(err)
		}
		records = append(records, app.Record{Type: typ, Schema: schema, Data: data, Meta: app.Meta{Programme: "fire", Cell: "410104001001002",
			OccurredAt: time.Date(2026, 2, 10, 9, 0, 0, 0, time.UTC), Correlation: uuid.New()}})
	}
	for range n / len(records) {
		for i := range records {
			records[i].ID = uuid.New()
		}
		if _, err := log.Append(b.Context(), "case-"+records[0].ID.String(), 0, records); err != nil {
			b.Fatal(err)
		}
	}
}

// BenchmarkRelay is one relay from a log in memory to a real JetStream server in this process, with its stream in files:
// 100,000 events, read, masked, written as CloudEvents, sent and acknowledged.
func BenchmarkRelay(b *testing.B) {
	const events = 100_000
	log := newLog()
	fill(b, log, events)
	codec := eventcodec.New()
	for b.Loop() {
		b.StopTimer()
		s := startBroker(b)
		to := openPublisher(b, s.url(), nats.InProcessServer(s.Server))
		b.StartTimer()
		r, err := bus.NewRelay(bus.Outlet{Name: "nats", Log: log, To: to, FromStart: true, Page: bus.Page,
			Payload:    func(r app.Record) ([]byte, error) { return react.ToCloudEvent(log.ID(), codec, r) },
			Checkpoint: bus.NewFileCheckpoint(filepath.Join(b.TempDir(), "nats.checkpoint"), log.ID()),
			Pause:      bus.Backoff{First: time.Millisecond, Most: time.Second}, Logger: zap.NewNop()})
		if err != nil {
			b.Fatal(err)
		}
		stop := running(b, r)
		caughtUp(b, r, log)
		b.StopTimer()
		stop()
		if f := r.Status().Failures; f > 0 {
			b.Errorf("%d failures", f)
		}
		s.stop()
		b.StartTimer()
	}
	b.ReportMetric(events*float64(b.N)/b.Elapsed().Seconds(), "events/s")
}
