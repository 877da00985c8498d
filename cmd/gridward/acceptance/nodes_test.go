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
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"gridward/adapters/esdbtest"
	"gridward/adapters/pgtest"
)

// takeoverWithin is how long it may take until another node leads once the leader is gone.
const takeoverWithin = 10 * time.Second

// node is one of several programs on one log, with a network of its own to the database.
type node struct {
	*server
	dir   string
	net   *weather // to the database
	log   *weather // to EventStoreDB, where the log is there; else nil
	views []string // the flags that name their place, where that is not the log's
}

// nodes are several programs on one log.
type nodes struct {
	t    *testing.T
	all  []*node
	hook string // where webhooks go
}

func newNodes(t *testing.T, n int, hook string) *nodes {
	t.Helper()
	pg := pgtest.StartServer(t)
	database := pg.Database(t)
	var log *esdbtest.Server
	if onEventStoreDB() {
		log = startEventStoreDB(t)
	}
	c := &nodes{t: t, hook: hook}
	for range n {
		dir := t.TempDir()
		one := &node{dir: dir, net: newWeather(t, pg.Addr())}
		logs[dir] = one.net.url(t, database)
		if log != nil {
			one.views, one.log = []string{"--views", logs[dir]}, newWeather(t, log.Addr())
			logs[dir] = one.log.url(t, log.URL())
		}
		t.Cleanup(func() { delete(logs, dir) })
		for name, text := range map[string]string{"secret": hookSecret, "webhooks.yaml": "webhooks:\n- {name: office, url: " + hook + ", secret_file: secret, from: beginning}\n"} {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		one.begin(t)
		c.all = append(c.all, one)
	}
	return c
}

func (n *node) begin(t *testing.T) {
	t.Helper()
	n.server = start(t, n.dir, append(n.views, "--clock", firstHour.Format(time.RFC3339), "--webhooks", "webhooks.yaml")...)
}

// leader is the node that says that it leads, but for one; nil if none does.
func (c *nodes) leader(but *node) *node {
	client := &http.Client{Timeout: time.Second}
	for _, n := range c.all {
		if n == but {
			continue
		}
		resp, err := client.Get(n.url + "/readyz")
		if err != nil {
			continue
		}
		var says struct{ Role string }
		err = json.NewDecoder(resp.Body).Decode(&says)
		_ = resp.Body.Close()
		if err == nil && says.Role == "leading" {
			return n
		}
	}
	return nil
}

// awaitLeader gives the node that leads, and how long that took.
func (c *nodes) awaitLeader(but *node, within time.Duration) (*node, time.Duration) {
	c.t.Helper()
	for began := time.Now(); ; time.Sleep(50 * time.Millisecond) {
		if n := c.leader(but); n != nil {
			return n, time.Since(began)
		}
		if time.Since(began) > within {
			c.t.Fatalf("no other node leads after %s", within)
		}
	}
}

// move moves the leader's clock on, whichever node that is.
func (c *nodes) move(hand *clockHand, client *http.Client) bool {
	for _, n := range c.all {
		if hand.move(client, n.url) == nil {
			return true
		}
	}
	return false
}

// readsItsWrites holds that what is acknowledged by one node is read on every other.
func (c *nodes) readsItsWrites(round int) {
	c.t.Helper()
	for i, n := range c.all {
		code := fmt.Sprintf("%s%04d", areaA1, 9000+round*10+i)
		create := func() answer {
			return n.client().with("Idempotency-Key", code).post("/cells", object{"code": code, "name": "新楼院"})
		}
		made := create()
		for began := time.Now(); made.status == http.StatusServiceUnavailable && time.Since(began) < takeoverWithin; made = create() {
			time.Sleep(100 * time.Millisecond) // on EventStoreDB it has to learn who leads now
		}
		made.ok(201)
		for _, other := range c.all {
			other.client().get("/cells/" + code + "?at_least=" + made.text("position")).ok(200)
		}
	}
}

// inOrder receives webhooks and holds that whatever comes for the first time is its stream's next event.
type inOrder struct {
	mu    sync.Mutex
	next  map[string]uint64
	fault error
}

func (o *inOrder) ServeHTTP(_ http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // whoever sent it is gone
	}
	var e struct {
		Subject       string
		StreamVersion uint64
	}
	err = json.Unmarshal(body, &e)
	o.mu.Lock()
	defer o.mu.Unlock()
	if err == nil && e.StreamVersion > o.next[e.Subject]+1 {
		err = fmt.Errorf("%s version %d came after %d", e.Subject, e.StreamVersion, o.next[e.Subject])
	}
	if err != nil && o.fault == nil {
		o.fault = err
	}
	o.next[e.Subject] = max(o.next[e.Subject], e.StreamVersion)
}

// has says whether everything of the streams was taken.
func (o *inOrder) has(streams map[string]uint64) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	for stream, version := range streams {
		if o.next[stream] < version {
			return false
		}
	}
	return true
}

// TestNodes runs three nodes on one PostgreSQL, or on one EventStoreDB with the views in PostgreSQL, under load and while time goes on, and takes the leader away again and
// again: killed, stopped and woken when another leads, cut off from the database, or from EventStoreDB, in both directions or in one. Another
// node leads within ten seconds; what one node acknowledged every node reads; in the end the history is whole, nothing
// happened twice, the views are those of a fresh rebuild, and the webhook was told of every stream in its order.
func TestNodes(t *testing.T) {
	if !onPostgres() && !onEventStoreDB() {
		t.Skip("SKIPPED: this is about several nodes; make faults and make acceptance run it on PostgreSQL and EventStoreDB")
	}
	receiver := &inOrder{next: map[string]uint64{}}
	hook := httptest.NewServer(receiver)
	defer hook.Close()
	c := newNodes(t, 3, hook.URL)
	first, _ := c.awaitLeader(nil, takeoverWithin)
	prepare(t, first.server)
	hand, random := &clockHand{now: firstHour}, rand.New(rand.NewPCG(20260302, 23))
	client := &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{MaxIdleConnsPerHost: clients}}
	defer client.CloseIdleConnections()
	var sent []*attempt
	var slowest time.Duration
	kinds := 5
	if onEventStoreDB() {
		kinds = 8
	}
	for round := range max(kinds, faultRounds(t)/10) {
		var over atomic.Bool
		var all sync.WaitGroup
		loads := make([]*load, clients)
		for w := range loads {
			loads[w] = &load{round: round, worker: w}
			own := c.all[w%len(c.all)]
			all.Go(func() { loads[w].weather(client, func() string { return own.url }, &over) })
		}
		all.Go(func() {
			for !over.Load() {
				if !c.move(hand, client) {
					time.Sleep(50 * time.Millisecond)
				}
			}
		})
		leader, _ := c.awaitLeader(nil, takeoverWithin)
		time.Sleep(time.Duration(random.IntN(700)) * time.Millisecond)
		kind := round % kinds
		switch kind {
		case 0:
			leader.kill()
		case 1:
			if err := leader.cmd.Process.Signal(syscall.SIGSTOP); err != nil {
				t.Fatal(err)
			}
		case 2:
			leader.net.proxy.Stop()
		case 3:
			leader.net.has(t, `{"type": "timeout", "stream": "upstream", "attributes": {"timeout": 0}}`) // nothing goes to the database
		case 4:
			leader.net.has(t, `{"type": "timeout", "stream": "downstream", "attributes": {"timeout": 0}}`) // nothing comes from it
		case 5:
			leader.log.proxy.Stop()
		case 6:
			leader.log.has(t, `{"type": "timeout", "stream": "upstream", "attributes": {"timeout": 0}}`)
		case 7:
			leader.log.has(t, `{"type": "timeout", "stream": "downstream", "attributes": {"timeout": 0}}`)
		}
		_, took := c.awaitLeader(leader, takeoverWithin)
		slowest = max(slowest, took)
		switch kind {
		case 1:
			if err := leader.cmd.Process.Signal(syscall.SIGCONT); err != nil {
				t.Fatal(err)
			}
		case 2:
			if err := leader.net.proxy.Start(); err != nil {
				t.Fatal(err)
			}
		case 3, 4:
			leader.net.clears(t)
			leader.net.cut(t)
		case 5:
			if err := leader.log.proxy.Start(); err != nil {
				t.Fatal(err)
			}
		case 6, 7:
			leader.log.clears(t)
			leader.log.cut(t)
		}
		time.Sleep(time.Duration(200+random.IntN(300)) * time.Millisecond)
		over.Store(true)
		all.Wait()
		if kind == 0 {
			leader.begin(t)
		}
		for _, l := range loads {
			if l.err != nil {
				t.Fatalf("round %d: %v", round, l.err)
			}
			sent = append(sent, l.sent...)
		}
		for _, n := range c.all {
			n.awaitReady()
		}
		c.readsItsWrites(round)
	}
	leader, _ := c.awaitLeader(nil, takeoverWithin)
	settle(t, sent, leader.url)
	hand.now = hand.now.AddDate(0, 0, 3)
	hand.arrive(t, leader.url)
	awaitTold(t, leader.client(), receiver.has)
	receiver.mu.Lock()
	if receiver.fault != nil {
		t.Error(receiver.fault)
	}
	receiver.mu.Unlock()
	for _, n := range c.all {
		n.stop()
	}
	t.Logf("another node led after %s at most", slowest.Round(100*time.Millisecond))
	compare(t, c.all[0].dir, sent)
	if out, errs, status := run(t, c.all[0].dir, append([]string{"check"}, c.all[0].views...)...); status != 0 {
		t.Errorf("check ends with %d:\n%s%s", status, out, errs)
	}
}
