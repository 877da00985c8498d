//go:build acceptance

package acceptance

import (
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	natsserver "github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	standard "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

const hookSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw" //nolint:gosec // a published example

// office receives webhooks, not always well, and keeps the last version it took of each stream.
type office struct {
	mu     sync.Mutex
	random *rand.Rand
	last   map[string]uint64
	fault  error // the first thing that was not as promised
}

func (o *office) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // the program was killed
	}
	verify, err := standard.NewWebhook(hookSecret)
	if err == nil {
		err = verify.Verify(body, r.Header)
	}
	var e struct {
		Subject       string
		StreamVersion uint64
	}
	if err == nil {
		err = json.Unmarshal(body, &e)
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	chance := o.random.IntN(300)
	if chance == 0 {
		w.WriteHeader(http.StatusServiceUnavailable)
		return
	}
	if last := o.last[e.Subject]; err == nil && e.StreamVersion != last && e.StreamVersion != last+1 {
		err = fmt.Errorf("%s version %d came after %d", e.Subject, e.StreamVersion, last)
	}
	if err != nil && o.fault == nil {
		o.fault = err
	}
	o.last[e.Subject] = e.StreamVersion
	if chance == 1 {
		panic(http.ErrAbortHandler) // taken, and nobody hears of it
	}
}

// has says whether everything of the streams was taken.
func (o *office) has(streams map[string]uint64) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	for stream, version := range streams {
		if o.last[stream] < version {
			return false
		}
	}
	return true
}

// broker starts a NATS server; stop it, and start it again with the same directory and port.
func broker(t *testing.T, dir string, port int) *natsserver.Server {
	t.Helper()
	s, err := natsserver.NewServer(&natsserver.Options{Host: "127.0.0.1", Port: port, JetStream: true, StoreDir: dir, NoLog: true, NoSigs: true})
	if err != nil {
		t.Fatal(err)
	}
	s.Start()
	if !s.ReadyForConnections(30 * time.Second) {
		t.Fatal("NATS does not start")
	}
	return s
}

// TestKillOutlets kills the program at random instants under load, and stops the broker now and then, while a webhook and
// NATS are told of everything. The webhook then has seen each stream in order, and the broker holds each event once, in
// the log's order.
func TestKillOutlets(t *testing.T) {
	receiver := &office{random: rand.New(rand.NewPCG(22, 22)), last: map[string]uint64{}}
	hooks := httptest.NewServer(receiver)
	defer hooks.Close()
	store := t.TempDir()
	nats1 := broker(t, store, natsserver.RANDOM_PORT)
	url := fmt.Sprintf("nats://%s", nats1.Addr())
	var port int
	if _, err := fmt.Sscanf(url, "nats://127.0.0.1:%d", &port); err != nil {
		t.Fatal(err)
	}
	stop := func() { nats1.Shutdown(); nats1.WaitForShutdown() }
	defer func() { stop() }()

	dir, rounds := t.TempDir(), min(faultRounds(t), 40)
	for name, text := range map[string]string{"secret": hookSecret, "webhooks.yaml": "webhooks:\n- {name: office, url: " + hooks.URL + ", secret_file: secret, from: beginning}\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	again := func() *server {
		return start(t, dir, "--clock", firstHour.Format(time.RFC3339), "--webhooks", "webhooks.yaml", "--nats", url)
	}
	s := again()
	prepare(t, s)
	random := rand.New(rand.NewPCG(20260302, 22))
	hand := &clockHand{now: firstHour}
	for round := range rounds {
		if round%3 == 1 {
			stop()
		}
		killRound(t, s, hand, round, time.Duration(5+random.IntN(250))*time.Millisecond)
		if round%3 == 2 {
			nats1 = broker(t, store, port)
		}
		s = again()
	}
	if rounds%3 == 2 {
		nats1 = broker(t, store, port)
	}

	events := awaitTold(t, s.client(), receiver.has)
	receiver.mu.Lock()
	if receiver.fault != nil {
		t.Error(receiver.fault)
	}
	receiver.mu.Unlock()
	holdsEachOnce(t, url, events)
	s.stop()
}

// awaitTold waits until a webhook has every stream of the log up to its last version, and gives the log's events.
func awaitTold(t *testing.T, c *client, has func(streams map[string]uint64) bool) []any {
	t.Helper()
	events, streams := everyEvent(c, "*"), map[string]uint64{}
	for _, e := range events {
		streams[at(e, "stream").(string)]++
	}
	for end := time.Now().Add(5 * time.Minute); !has(streams); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("the webhook was not told of everything")
		}
	}
	return events
}

// holdsEachOnce waits until the broker has the last event, and holds its stream against the log.
func holdsEachOnce(t *testing.T, url string, events []any) {
	t.Helper()
	conn, err := nats.Connect(url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	js, err := jetstream.New(conn)
	if err != nil {
		t.Fatal(err)
	}
	c, err := js.OrderedConsumer(t.Context(), "GRIDWARD", jetstream.OrderedConsumerConfig{})
	if err != nil {
		t.Fatal(err)
	}
	messages, err := c.Messages()
	if err != nil {
		t.Fatal(err)
	}
	defer messages.Stop()
	for i, e := range events {
		m, err := messages.Next(jetstream.NextMaxWait(time.Minute))
		if err != nil {
			t.Fatalf("message %d of %d: %v", i+1, len(events), err)
		}
		if got, want := m.Headers().Get(jetstream.MsgIDHeader), at(e, "id"); got != want {
			t.Fatalf("message %d is %s, the log has %s", i+1, got, want)
		}
	}
	t.Logf("%d events", len(events))
}
