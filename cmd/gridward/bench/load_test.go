//go:build bench

package bench

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"gridward/app"
)

const connections = 64

// load is what came of one or more rounds of load on one server.
type load struct {
	requests int // answered with 201
	errors   int // anything else
	example  string
	took     time.Duration // until the views had caught up
	lag      time.Duration // of it, after the last answer
	head     app.Position  // the highest acknowledged
	cpu      time.Duration // the server's, on all cores
	client   time.Duration // this process's
	times    *hdrhistogram.Histogram
}

func newLoad() *load { return &load{times: hdrhistogram.New(1, 60_000_000, 3)} } // µs

func (l *load) add(o *load) {
	l.requests, l.errors, l.head = l.requests+o.requests, l.errors+o.errors, max(l.head, o.head)
	l.took, l.lag = l.took+o.took, max(l.lag, o.lag)
	l.cpu, l.client = l.cpu+o.cpu, l.client+o.client
	if l.example == "" {
		l.example = o.example
	}
	l.times.Merge(o.times)
}

func (l *load) rate() float64 { return float64(l.requests) / l.took.Seconds() }

// each is the processor time one request took on both sides.
func (l *load) each() float64 { return (l.cpu + l.client).Seconds() / float64(l.requests) }

func (l *load) String() string {
	return fmt.Sprintf("%.0f requests/s, p50 %.1f ms, p99 %.1f ms, processor time a request %d µs (client %d µs), %d errors %s", l.rate(),
		float64(l.times.ValueAtQuantile(50))/1000, float64(l.times.ValueAtQuantile(99))/1000,
		l.cpu.Microseconds()/int64(max(1, l.requests)), l.client.Microseconds()/int64(max(1, l.requests)), l.errors, l.example)
}

// post sends patrols over 64 connections for so long, each as soon as the last is answered, and then waits, if the
// server has views, until they show the last acknowledged one.
func (c *child) post(t *testing.T, patrols []patrol, lasts time.Duration, views bool) *load {
	t.Helper()
	sum := newLoad()
	var mu sync.Mutex
	var all sync.WaitGroup
	conns := make([]*connection, connections)
	for i := range conns {
		conns[i] = c.connect(t)
	}
	before, client := must(c.cpu())(t), ownCPU(t)
	began := time.Now()
	for i, conn := range conns {
		all.Go(func() {
			mine := conn.run(patrols, i*len(patrols)/connections, began.Add(lasts))
			mu.Lock()
			defer mu.Unlock()
			sum.add(mine)
		})
	}
	all.Wait()
	answered := time.Now()
	if views {
		c.awaitViews(t, sum.head)
	}
	sum.took, sum.lag = time.Since(began), time.Since(answered)
	sum.cpu, sum.client = must(c.cpu())(t)-before, ownCPU(t)-client
	return sum
}

// awaitViews waits until the views have applied the position.
func (c *child) awaitViews(t *testing.T, at app.Position) {
	t.Helper()
	for deadline := time.Now().Add(5 * time.Minute); time.Now().Before(deadline); {
		if status := c.get(t, "/api/v1/cells/410104?at_least="+at.String()); status == http.StatusOK {
			return
		}
	}
	t.Fatal("the views do not catch up")
}

// get reads one resource and gives the status.
func (c *child) get(t *testing.T, path string) int {
	t.Helper()
	req := must(http.NewRequest(http.MethodGet, "http://"+c.address+path, nil))(t)
	req.Header.Set("Authorization", "Bearer "+token)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Errorf("%s: %v", path, err)
		return 0
	}
	defer func() { _ = resp.Body.Close() }()
	_, _ = io.Copy(io.Discard, resp.Body)
	return resp.StatusCode
}

// connection is a client so plain that it costs little beside the servers it shares the cores with.
type connection struct {
	conn net.Conn
	in   *bufio.Reader
	out  []byte
	ids  *ids

	retryAfter string // of the last answer
}

func (c *child) connect(t *testing.T) *connection {
	t.Helper()
	conn := must(net.Dial("tcp", c.address))(t)
	t.Cleanup(func() { _ = conn.Close() })
	return &connection{conn: conn, in: bufio.NewReader(conn), ids: newIDs()}
}

// run sends patrols from the nth on, one after the other, until the end.
func (n *connection) run(patrols []patrol, nth int, end time.Time) *load {
	defer func() { _ = n.conn.Close() }()
	l := newLoad()
	for sent := time.Now(); sent.Before(end); nth++ {
		status, answer, err := n.post(&patrols[nth%len(patrols)])
		now := time.Now()
		_ = l.times.RecordValue(now.Sub(sent).Microseconds())
		sent = now
		var receipt struct{ Position string }
		if err == nil && status == http.StatusCreated {
			err = json.Unmarshal(answer, &receipt)
		} else if err == nil {
			err = fmt.Errorf("%d %s", status, answer)
		}
		var at app.Position
		if err == nil {
			at, err = app.ParsePosition("position", receipt.Position)
		}
		if err != nil {
			l.errors++
			l.example = err.Error()
			if status == 0 {
				return l // the connection is gone
			}
			continue
		}
		l.requests++
		l.head = max(l.head, at)
	}
	return l
}

func (n *connection) post(p *patrol) (status int, answer []byte, err error) {
	n.out = fmt.Appendf(n.out[:0], "POST /api/v1/inspections HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer %s\r\n"+
		"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n", token, len(p.body))
	body := len(n.out)
	n.out = append(n.out, p.body...)
	copy(n.out[body+p.id:], n.ids.next())
	if _, err := n.conn.Write(n.out); err != nil {
		return 0, nil, err
	}
	resp, err := http.ReadResponse(n.in, nil)
	if err != nil {
		return 0, nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	n.retryAfter = resp.Header.Get("Retry-After")
	var b bytes.Buffer
	if _, err := b.ReadFrom(resp.Body); err != nil {
		return 0, nil, err
	}
	return resp.StatusCode, b.Bytes(), nil
}
