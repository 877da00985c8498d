package natsbus_test

import (
	"context"
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/zap"

	"gridward/adapters/bus"
	"gridward/adapters/memstore"
	"gridward/adapters/natsbus"
	"gridward/app"
)

// broker is a real NATS server in this process, with its data in a directory that outlives it.
type broker struct {
	dir  string
	port int
	*server.Server
}

func startBroker(t testing.TB) *broker {
	t.Helper()
	b := &broker{dir: t.TempDir(), port: server.RANDOM_PORT}
	b.start(t)
	t.Cleanup(b.stop)
	return b
}

// start starts it, on the port it had before.
func (b *broker) start(t testing.TB) {
	t.Helper()
	s, err := server.NewServer(&server.Options{Host: "127.0.0.1", Port: b.port, JetStream: true, StoreDir: b.dir, NoLog: true, NoSigs: true})
	if err != nil {
		t.Fatal(err)
	}
	s.Start()
	if !s.ReadyForConnections(10 * time.Second) {
		t.Fatal("NATS does not start")
	}
	b.Server = s
	if u := s.Addr(); u != nil {
		_, _ = fmt.Sscanf(u.String(), "127.0.0.1:%d", &b.port)
	}
}

func (b *broker) stop() {
	b.Shutdown()
	b.WaitForShutdown()
}

func (b *broker) url() string { return fmt.Sprintf("nats://127.0.0.1:%d", b.port) }

func openPublisher(t testing.TB, url string, more ...nats.Option) *natsbus.Publisher {
	t.Helper()
	p, err := natsbus.Open(natsbus.Options{URL: url, Stream: "GRIDWARD", Media: "application/test+json", Logger: zap.NewNop(),
		NATS: append([]nats.Option{nats.ReconnectWait(5 * time.Millisecond), nats.ReconnectJitter(time.Millisecond, time.Millisecond)}, more...)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = p.Close() })
	return p
}

func tryOpen(url, stream string) (*natsbus.Publisher, error) {
	return natsbus.Open(natsbus.Options{URL: url, Stream: stream, Logger: zap.NewNop()})
}

func newLog() *memstore.Store {
	return memstore.New(func() time.Time { return time.Date(2026, 2, 10, 9, 0, 0, 0, time.UTC) })
}

// write appends n records in turn to so many streams.
func write(t testing.TB, log app.Log, n, streams int) {
	t.Helper()
	for i := range n {
		stream := fmt.Sprintf("case-%d", i%streams)
		have, err := log.Load(t.Context(), stream, 0)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := log.Append(t.Context(), stream, uint64(len(have)), []app.Record{{ID: uuid.New(), Type: "case.filed", Schema: 1,
			Meta: app.Meta{Cell: "410104001001"}, Data: []byte(`{}`)}}); err != nil {
			t.Fatal(err)
		}
	}
}

// carry runs a relay from the log's first record on, with a checkpoint in dir.
func carry(t testing.TB, log app.Log, to *natsbus.Publisher, dir string, page int) (r *bus.Relay, stop func()) {
	t.Helper()
	r, err := bus.NewRelay(bus.Outlet{Name: "nats", Log: log, To: to, FromStart: true, Page: page,
		Payload: func(r app.Record) ([]byte, error) {
			return fmt.Appendf(nil, `{"stream":%q,"version":%d}`, r.Stream, r.Version), nil
		},
		Checkpoint: bus.NewFileCheckpoint(filepath.Join(dir, "nats.checkpoint"), log.ID()),
		Pause:      bus.Backoff{First: time.Millisecond, Most: 20 * time.Millisecond}, Logger: zap.NewNop()})
	if err != nil {
		t.Fatal(err)
	}
	return r, running(t, r)
}

// running runs a relay; the answer stops it and waits until it has.
func running(t testing.TB, r *bus.Relay) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	var all sync.WaitGroup
	all.Go(func() {
		if err := r.Run(ctx); err != nil {
			t.Error(err)
		}
	})
	stop = sync.OnceFunc(func() { cancel(); all.Wait() })
	t.Cleanup(stop)
	return stop
}

// eventually waits until something holds.
func eventually(t testing.TB, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(60 * time.Second); !holds(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain: %s", what)
		}
	}
}

// caughtUp waits until the relay has carried the whole log.
func caughtUp(t testing.TB, r *bus.Relay, log app.Log) {
	t.Helper()
	head, err := log.Head(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	eventually(t, "the relay at the log's head", func() bool { return r.Status().At >= head })
}

// stored is what a consumer gets from the stream, from its beginning.
func (b *broker) stored(t testing.TB) []jetstream.Msg {
	t.Helper()
	conn, err := nats.Connect(b.url())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	js, err := jetstream.New(conn)
	if err != nil {
		t.Fatal(err)
	}
	s, err := js.Stream(t.Context(), "GRIDWARD")
	if err != nil {
		t.Fatal(err)
	}
	c, err := s.OrderedConsumer(t.Context(), jetstream.OrderedConsumerConfig{})
	if err != nil {
		t.Fatal(err)
	}
	info, err := s.Info(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var out []jetstream.Msg
	for uint64(len(out)) < info.State.Msgs {
		batch, err := c.Fetch(int(info.State.Msgs)-len(out), jetstream.FetchMaxWait(5*time.Second))
		if err != nil {
			t.Fatal(err)
		}
		for m := range batch.Messages() {
			out = append(out, m)
		}
		if batch.Error() != nil {
			t.Fatal(batch.Error())
		}
	}
	return out
}

// inOrder holds what the stream has against the log: the log's records, each once, in the log's order.
func inOrder(t testing.TB, got []jetstream.Msg, log app.Log) {
	t.Helper()
	want, err := log.Read(t.Context(), 0, 1_000_000)
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != len(want) {
		t.Errorf("%d messages for %d records", len(got), len(want))
	}
	for i := range min(len(got), len(want)) {
		if id := got[i].Headers().Get(jetstream.MsgIDHeader); id != want[i].ID.String() {
			t.Fatalf("message %d is %s (%s), want %s version %d", i+1, id, got[i].Data(), want[i].Stream, want[i].Version)
		}
	}
}
