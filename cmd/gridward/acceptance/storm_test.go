//go:build acceptance

package acceptance

import (
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	toxiproxy "github.com/Shopify/toxiproxy/v2"
	"github.com/rs/zerolog"

	"gridward/adapters/pgtest"
)

// TestStorm lets the program work on a PostgreSQL whose connections are cut, stall, are slow or break in the middle of
// an answer, and that is killed and started again, under load and while the clock goes on. What was acknowledged is
// there once, nothing refused is, what was open is sent again and then there once, time did everything once, and the
// views are those of a fresh rebuild.
func TestStorm(t *testing.T) {
	if !onPostgres() {
		t.Skip("SKIPPED: this is about PostgreSQL; make faults and make acceptance run it there")
	}
	dir := t.TempDir()
	pg := pgtest.StartServer(t)
	net := newWeather(t, pg.Addr())
	logs[dir] = net.url(t, pg.Database(t))
	s := start(t, dir, "--clock", firstHour.Format(time.RFC3339))
	random := rand.New(rand.NewPCG(20260302, 10))
	weathers(t, s, max(6, faultRounds(t)/6), random, func(round int) {
		switch round % 6 {
		case 0:
			net.cut(t)
		case 1:
			pg.Kill(t)
			time.Sleep(time.Duration(random.IntN(300)) * time.Millisecond)
			pg.Run(t)
		case 2:
			net.has(t, `{"type": "latency", "attributes": {"latency": 120, "jitter": 100}}`)
		case 3:
			net.has(t, `{"type": "timeout", "attributes": {"timeout": 400}}`) // nothing comes back, then the line is cut
		case 4:
			net.has(t, `{"type": "limit_data", "attributes": {"bytes": 4000}}`) // cut in the middle of an answer
		case 5:
			pg.Shutdown(t)
			pg.Run(t)
		}
	}, func() { net.clears(t) })
}

// weathers loads the program round after round while the clock goes on. In each of them something is wrong with its
// log's server, until calm is called. At the end what is open is sent again, three days pass, and the log is held against
// what the clients were told. It gives how long the longest answer took.
func weathers(t *testing.T, s *server, rounds int, random *rand.Rand, wrong func(round int), calm func()) time.Duration {
	t.Helper()
	prepare(t, s)
	hand, watch := &clockHand{now: firstHour}, &stopwatch{next: &http.Transport{MaxIdleConnsPerHost: clients}, longest: map[string]time.Duration{}}
	client := &http.Client{Timeout: 20 * time.Second, Transport: watch}
	defer client.CloseIdleConnections()
	var sent []*attempt
	for round := range rounds {
		var over atomic.Bool
		var all sync.WaitGroup
		loads := make([]*load, clients)
		for w := range loads {
			loads[w] = &load{round: round, worker: w}
			all.Go(func() { loads[w].weather(client, func() string { return s.url }, &over) })
		}
		all.Go(func() {
			for !over.Load() {
				_ = hand.move(client, s.url) // it may break off like anything else
			}
		})
		time.Sleep(time.Duration(200+random.IntN(300)) * time.Millisecond)
		wrong(round)
		time.Sleep(time.Duration(300+random.IntN(500)) * time.Millisecond)
		calm()
		over.Store(true)
		all.Wait()
		for _, l := range loads {
			if l.err != nil {
				t.Fatalf("round %d: %v", round, l.err)
			}
			sent = append(sent, l.sent...)
		}
	}
	settle(t, sent, s.url)
	hand.now = hand.now.AddDate(0, 0, 3)
	hand.arrive(t, s.url)
	s.stop()
	t.Logf("the longest answers: %v", watch.longest)
	compare(t, s.dir, sent)
	if out, errs, status := run(t, s.dir, "check"); status != 0 {
		t.Errorf("check ends with %d:\n%s%s", status, out, errs)
	}
	return max(watch.longest["commands"], watch.longest["the clock"])
}

// stopwatch remembers how long the longest answer took to come, or not to come: to a command, and to a move of the
// clock, which has much to do.
type stopwatch struct {
	next    http.RoundTripper
	mu      sync.Mutex
	longest map[string]time.Duration
}

// RoundTrip implements http.RoundTripper.
func (w *stopwatch) RoundTrip(r *http.Request) (*http.Response, error) {
	began := time.Now()
	resp, err := w.next.RoundTrip(r)
	took, what := time.Since(began), "commands"
	if strings.HasSuffix(r.URL.Path, "/clock") {
		what = "the clock"
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.longest[what] = max(w.longest[what], took)
	return resp, err
}

// settle sends what is open again until its fate is known.
func settle(t *testing.T, sent []*attempt, base string) {
	t.Helper()
	patient := &http.Client{Timeout: time.Minute}
	for _, a := range sent {
		for tries := 0; a.fate == unknown; tries++ {
			if err := a.send(patient, base); err != nil || tries == 200 {
				t.Fatalf("sent again after the storm, %s %s is not known: %v", a.path, a.key, err)
			}
			if a.fate == unknown {
				time.Sleep(100 * time.Millisecond)
			}
		}
	}
}

// weather sends commands until it is over. What did not come to an end is sent again, as a client would.
func (l *load) weather(client *http.Client, base func() string, over *atomic.Bool) {
	for n := 0; !over.Load(); n++ {
		a := l.next(n)
		l.sent = append(l.sent, a)
		for a.fate == unknown && !over.Load() {
			if l.err = a.send(client, base()); l.err != nil {
				return
			}
			if a.fate == unknown {
				time.Sleep(30 * time.Millisecond)
			}
		}
	}
}

// weather is what lies between the program and its database.
type weather struct{ proxy *toxiproxy.Proxy }

func newWeather(t *testing.T, upstream string) *weather {
	t.Helper()
	quiet := zerolog.Nop()
	api := toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), quiet)
	p := toxiproxy.NewProxy(api, "postgres", "127.0.0.1:0", upstream)
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Stop)
	return &weather{p}
}

// url is a database's URL by way of the weather.
func (w *weather) url(t *testing.T, text string) string {
	t.Helper()
	u, err := url.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	u.Host = w.proxy.Listen
	return u.String()
}

// cut cuts every connection, and lets new ones come.
func (w *weather) cut(t *testing.T) {
	t.Helper()
	w.proxy.Stop()
	if err := w.proxy.Start(); err != nil {
		t.Fatal(err)
	}
}

func (w *weather) has(t *testing.T, toxic string) {
	t.Helper()
	if _, err := w.proxy.Toxics.AddToxicJson(strings.NewReader(toxic)); err != nil {
		t.Fatal(err)
	}
}

func (w *weather) clears(t *testing.T) {
	t.Helper()
	w.proxy.Toxics.ResetToxics(t.Context())
}
