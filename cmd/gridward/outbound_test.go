package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	natsserver "github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	standard "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

const webhookSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw" //nolint:gosec // a published example

// hooked is a receiver of webhooks that refuses some subjects.
type hooked struct {
	mu      sync.Mutex
	refuses string
	took    []string // subject and version
	wrong   []string
}

func (h *hooked) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	verify, signErr := standard.NewWebhook(webhookSecret)
	var e struct {
		Subject       string
		StreamVersion int
		Data          struct{ Name string }
	}
	if err == nil {
		err = json.Unmarshal(body, &e)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if err != nil || signErr != nil || verify.Verify(body, r.Header) != nil {
		h.wrong = append(h.wrong, string(body))
	}
	if e.Subject == h.refuses {
		w.WriteHeader(http.StatusUnprocessableEntity)
		return
	}
	h.took = append(h.took, fmt.Sprintf("%s %d", e.Subject, e.StreamVersion))
}

func (h *hooked) taken() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return slices.Clone(h.took)
}

func awaited(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(30 * time.Second); !holds(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("%s did not come about", what)
		}
	}
}

// hooksFile names one webhook that wants to hear of cells.
func hooksFile(t *testing.T, url string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "webhooks.yaml")
	text := "webhooks:\n- name: city\n  url: " + url + "\n  secret_env: CITY_SECRET\n  types: [cell.*]\n  from: beginning\n"
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func TestServeTellsWebhooksAndWhatIsParkedComesInOrder(t *testing.T) {
	city := &hooked{refuses: "cell-410104"}
	receiver := httptest.NewServer(city)
	defer receiver.Close()
	dir := t.TempDir()
	in := environment(tokenVariable, testToken, "CITY_SECRET", webhookSecret, "GRIDWARD_WEBHOOKS", hooksFile(t, receiver.URL+"/?token=hidden"))
	s := servingIn(t, in, dir)
	s.must(t, http.StatusCreated, "POST", "/api/v1/cells", createCell("410104"))
	s.must(t, http.StatusCreated, "POST", "/api/v1/cells", createCell("410105"))
	s.must(t, http.StatusOK, "POST", "/api/v1/cells/410104/retire", `{"reason":"试"}`)
	awaited(t, "the other stream", func() bool { return slices.Equal(city.taken(), []string{"cell-410105 1"}) })
	awaited(t, "the warning", func() bool {
		_, ready, err := s.do("GET", "/readyz", "")
		return err == nil && strings.Contains(fmt.Sprint(ready["warnings"]), "2 events for webhook-city are parked")
	})
	for _, line := range []string{`gridward_outlet_parked{outlet="webhook-city"} 2`, `gridward_outlet_parked{outlet="notices"} 0`, `gridward_outlet_lag{outlet="webhook-city"} 0`, `gridward_outlet_events_total{outlet="webhook-city"} 1`} {
		awaited(t, line, func() bool { return strings.Contains(body(t, s, "/metrics"), line) })
	}
	out, err := gridward(t, "parked", "--data", dir, "--of", "webhook-city")
	if err != nil || strings.Count(out, "cell-410104") != 2 || !strings.Contains(out, "422") || !strings.Contains(out, "waits behind") {
		t.Errorf("%v: %s", err, out)
	}
	if out, err := gridward(t, "parked", "--data", dir, "--of", "notices"); err != nil || !strings.Contains(out, "nothing is parked") {
		t.Errorf("%v: %s", err, out)
	}
	if _, err := gridward(t, "parked", "--data", dir, "--replay", "zzz"); err == nil {
		t.Error("what is not parked was asked for")
	}
	city.mu.Lock()
	city.refuses = ""
	city.mu.Unlock()
	if _, err := gridward(t, "parked", "--data", dir, "--all"); err != nil {
		t.Fatal(err)
	}
	awaited(t, "the replay", func() bool {
		return slices.Equal(city.taken(), []string{"cell-410105 1", "cell-410104 1", "cell-410104 2"})
	})
	awaited(t, "the parking's end", func() bool { // stopped before that, the server would tell the last one again
		out, err := gridward(t, "parked", "--data", dir)
		return err == nil && strings.Contains(out, "nothing is parked")
	})
	s.stop(t)

	s = servingIn(t, in, dir) // goes on where it was
	s.must(t, http.StatusCreated, "POST", "/api/v1/cells", createCell("410106"))
	awaited(t, "the new cell", func() bool { return slices.Contains(city.taken(), "cell-410106 1") })
	s.stop(t)
	if got := city.taken(); len(got) != 4 || len(city.wrong) > 0 {
		t.Errorf("took %v; wrong: %v", got, city.wrong)
	}
	for _, secret := range []string{"hidden", webhookSecret} {
		if strings.Contains(s.logs.String(), secret) {
			t.Errorf("the log tells %s", secret)
		}
	}
}

func body(t *testing.T, s *server, path string) string {
	t.Helper()
	req, err := http.NewRequest(http.MethodGet, s.url+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+s.token)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

func TestServeTellsNATSEverything(t *testing.T) {
	broker, err := natsserver.NewServer(&natsserver.Options{Host: "127.0.0.1", Port: natsserver.RANDOM_PORT, JetStream: true, StoreDir: t.TempDir(),
		NoLog: true, NoSigs: true, Username: "gridward", Password: "a-broker-password"})
	if err != nil {
		t.Fatal(err)
	}
	broker.Start()
	defer broker.Shutdown()
	if !broker.ReadyForConnections(10 * time.Second) {
		t.Fatal("NATS does not start")
	}
	url := fmt.Sprintf("nats://gridward:a-broker-password@%s", broker.Addr())
	s := servingIn(t, environment(tokenVariable, testToken, "GRIDWARD_NATS", url), t.TempDir(), "--nats-stream", "CITY")
	s.must(t, http.StatusCreated, "POST", "/api/v1/cells", createCell("410104"))
	conn, err := nats.Connect(url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	js, err := jetstream.New(conn)
	if err != nil {
		t.Fatal(err)
	}
	awaited(t, "the event", func() bool {
		stream, err := js.Stream(t.Context(), "CITY")
		if err != nil {
			return false
		}
		m, err := stream.GetLastMsgForSubject(t.Context(), "city.410104.cell.created")
		return err == nil && strings.Contains(string(m.Data), `"type":"cn.gridward.cell.created"`) && strings.Contains(string(m.Data), "某区")
	})
	s.stop(t)
	if strings.Contains(s.logs.String(), "a-broker-password") {
		t.Error("the log tells the password")
	}
}

func TestServeDoesNotStartWithWebhooksThatCannotBeMeant(t *testing.T) {
	file := hooksFile(t, "ftp://somewhere")
	for _, args := range [][]string{{"--webhooks", file}, {"--webhooks", file + ".none"}, {"--nats", "localhost"}} {
		err := run(t.Context(), append([]string{"serve", "--data", t.TempDir(), "--listen", "127.0.0.1:0"}, args...), environment(tokenVariable, testToken), io.Discard, io.Discard)
		if err == nil {
			t.Errorf("%v: served", args)
		}
	}
}
