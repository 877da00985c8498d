//go:build bench

package bench

import (
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os/exec"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"gridward/adapters/pgtest"
)

// share is how much of one processor a node gets where two of them are measured: so little that the clients and PostgreSQL
// always have enough beside it, and only the nodes' own part is narrow.
const share = 0.25

// readersOfANode read from one node, each as soon as it is answered.
const readersOfANode = 32

// TestASecondNode holds what a second node adds to the throughput of reads. No machine here has the processors for two
// nodes, a database and the clients; so each node is held to a small share of one, and what else they have in common
// (the database, its tables, the leader's work) would show as what the second one does not add.
func TestASecondNode(t *testing.T) {
	f, s := fixture(t), sizes()
	dir, url := t.TempDir(), pgtest.Start(t)
	if err := fill(dir, many(f.records, len(f.records)), len(f.records)); err != nil {
		t.Fatal(err)
	}
	must(f.run("copy", "--from", "sqlite://"+dir, "--to", url))(t)
	sample := &readers{cells: map[int][]string{}, years: 1}
	for range sample.watch(many(f.records, len(f.records))) {
		continue
	}
	var nodes [2]*readers
	for i := range nodes {
		one := *sample
		one.random = rand.New(rand.NewPCG(5, uint64(i)))
		one.child = start(t, exec.Command(f.bin, "serve", "--data", t.TempDir(), "--log", url, "--listen", "127.0.0.1:0",
			"--clock", demoFrom.AddDate(0, 1, 0).Format(time.RFC3339)))
		nodes[i] = &one
	}
	for _, n := range nodes {
		n.rest(t)
	}
	for i := range nodes {
		defer nodes[i].hold(t, share)()
		nodes[i].readAll(t, s.round/2)
	}
	var adds []float64
	for range s.rounds {
		alone := [2]float64{nodes[0].readAll(t, s.round), nodes[1].readAll(t, s.round)}
		var both [2]float64
		var all sync.WaitGroup
		for i, n := range nodes {
			all.Go(func() { both[i] = n.readAll(t, s.round) })
		}
		all.Wait()
		adds = append(adds, 2*(both[0]+both[1])/(alone[0]+alone[1])-1)
		t.Logf("one node %.0f reads/s, the other %.0f; both at once %.0f and %.0f", alone[0], alone[1], both[0], both[1])
	}
	judge(t, "a second node adds, of the first one's reads a second", median(adds), true, 0.7, "")
}

// readAll reads everything people read from the node, for so long, and gives the reads a second.
func (r *readers) readAll(t *testing.T, lasts time.Duration) float64 {
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: readersOfANode}}
	defer client.CloseIdleConnections()
	var mu sync.Mutex
	next := func(n int) string {
		mu.Lock()
		defer mu.Unlock()
		return kindsOfReading[n%len(kindsOfReading)].path(r)
	}
	var done atomic.Int64
	var all sync.WaitGroup
	began := time.Now()
	for range readersOfANode {
		all.Go(func() {
			for time.Since(began) < lasts {
				if err := read(client, r.address, next(int(done.Add(1)))); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	all.Wait()
	return float64(done.Load()) / time.Since(began).Seconds()
}

func read(client *http.Client, address, path string) error {
	req, err := http.NewRequest(http.MethodGet, "http://"+address+"/api/v1"+path, nil)
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+token)
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	if _, err := io.Copy(io.Discard, resp.Body); err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %d", path, resp.StatusCode)
	}
	return nil
}

// rest returns when the process has next to nothing to do: what the month left due is done.
func (c *child) rest(t *testing.T) {
	t.Helper()
	for deadline := time.Now().Add(5 * time.Minute); time.Now().Before(deadline); {
		before := must(c.cpu())(t)
		time.Sleep(2 * time.Second)
		if must(c.cpu())(t)-before < 2*time.Second/50 {
			return
		}
	}
	t.Fatal("it does not come to rest")
}

// saved is how much processor time a process that is held may save up: two of the ticks it is counted by.
const saved = 20 * time.Millisecond

// hold keeps the process to a share of one processor, until release: it stands still whenever it is ahead.
func (c *child) hold(t *testing.T, share float64) (release func()) {
	over, done := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		look := time.NewTicker(5 * time.Millisecond)
		defer look.Stop()
		at, before := time.Now(), must(c.cpu())(t)
		credit := time.Duration(0)
		for stands := false; ; {
			now := time.Now()
			used, err := c.cpu()
			if err != nil {
				t.Error(err)
				return
			}
			credit = min(credit+time.Duration(share*float64(now.Sub(at))), saved) - (used - before)
			at, before = now, used
			ahead := credit < 0
			select {
			case <-over:
				ahead = false
			default:
			}
			if ahead != stands {
				stands = ahead
				_ = c.cmd.Process.Signal(map[bool]syscall.Signal{true: syscall.SIGSTOP, false: syscall.SIGCONT}[stands])
			}
			select {
			case <-look.C:
			case <-over:
				if !stands {
					return
				}
			}
		}
	}()
	return func() { close(over); <-done }
}
