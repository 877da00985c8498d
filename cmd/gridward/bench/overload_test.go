//go:build bench

package bench

import (
	"math/rand/v2"
	"net/http"
	"sync"
	"testing"
	"time"
)

// TestOverload finds out how many patrols the program takes at most, and then offers it three times as many, over far
// more connections than it works on at once, from clients that come again at their own pace whatever they were told.
// It answers most of what it could take, tells the rest to come again, and keeps within its memory.
func TestOverload(t *testing.T) {
	f, s := fixture(t), sizes()
	clients := map[bool]int{true: 200, false: 2000}[s.smoke]
	c := serve(t, f.bin, f.smallCopy(t))
	c.post(t, f.patrols, s.round/4, true)
	var goodput, shed []float64
	for range s.rounds {
		peak := c.post(t, f.patrols, s.round, true).rate()
		storm := c.storm(t, f.patrols, clients, 3*peak, s.round, nil)
		goodput = append(goodput, storm.rate()/peak)
		shed = append(shed, float64(storm.shed)/float64(storm.shed+storm.requests))
		if storm.errors > 0 || storm.hasty > 0 {
			t.Errorf("%d errors (%s), %d refusals without Retry-After", storm.errors, storm.example, storm.hasty)
		}
		t.Logf("peak %.0f/s; offered %.0f/s over %d connections: taken %.0f/s, %d told to come again, p99 of those taken %.0f ms",
			peak, 3*peak, clients, storm.rate(), storm.shed, float64(storm.times.ValueAtQuantile(99))/1000)
	}
	t.Logf("of the peak: %.2f; told to come again: %.2f of all", goodput, shed)
	memory := must(c.resident("VmHWM"))(t)
	judge(t, "goodput at three times the peak, of the peak", median(goodput), true, 0.8, "")
	judge(t, "resident memory with 2,000 connections", memory, false, 500, " MB")
}

// stormy is what came of a storm.
type stormy struct {
	*load
	shed, hasty int
}

// storm sends so many patrols a second over so many connections, each at its own pace: a client that is behind its
// time sends at once. Of what was taken, some hears as much as it can (it may be nil).
func (c *child) storm(t *testing.T, patrols []patrol, clients int, rate float64, lasts time.Duration, some chan<- acknowledged) *stormy {
	t.Helper()
	sum := &stormy{load: newLoad()}
	conns := make([]*connection, clients)
	for i := range conns {
		conns[i] = c.connect(t)
	}
	every := time.Duration(float64(clients) / rate * float64(time.Second))
	var mu sync.Mutex
	var all sync.WaitGroup
	began := time.Now()
	for i, conn := range conns {
		all.Go(func() {
			defer func() { _ = conn.conn.Close() }()
			mine := &stormy{load: newLoad()}
			next := began.Add(rand.N(every))
			for nth := i * len(patrols) / clients; next.Before(began.Add(lasts)); nth++ {
				time.Sleep(time.Until(next))
				next = next.Add(every)
				sent := time.Now()
				status, answer, err := conn.post(&patrols[nth%len(patrols)])
				switch {
				case err != nil:
					mine.errors, mine.example = mine.errors+1, err.Error()
					next = began.Add(lasts) // the connection is gone
				case status == http.StatusCreated:
					mine.requests++
					_ = mine.times.RecordValue(time.Since(sent).Microseconds())
					select {
					case some <- acknowledged{string(conn.ids.text[:]), time.Now()}:
					default:
					}
				case status == http.StatusServiceUnavailable:
					mine.shed++
					if conn.retryAfter == "" {
						mine.hasty++
					}
				default:
					mine.errors, mine.example = mine.errors+1, string(answer)
				}
			}
			mu.Lock()
			defer mu.Unlock()
			sum.add(mine.load)
			sum.shed, sum.hasty = sum.shed+mine.shed, sum.hasty+mine.hasty
		})
	}
	all.Wait()
	sum.took = time.Since(began)
	return sum
}
