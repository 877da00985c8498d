//go:build bench

package bench

import (
	"net/http"
	"testing"
	"time"
)

// acknowledged is a patrol and when its sender had the answer.
type acknowledged struct {
	id string
	at time.Time
}

// TestViewLag offers half the patrols that the program takes at most, and asks again and again for some of those that
// were acknowledged until the views show them. Nobody waits for the views by at_least, which would hurry them.
func TestViewLag(t *testing.T) {
	f, s := fixture(t), sizes()
	c := serve(t, f.bin, f.smallCopy(t))
	c.post(t, f.patrols, s.round/4, true)
	peak := c.post(t, f.patrols, s.round, true).rate()
	seen := newLoad()
	for range s.rounds {
		some := make(chan acknowledged) // whoever is answered while nobody is looked for is looked for
		over := make(chan struct{})
		go func() {
			defer close(over)
			for a := range some {
				for c.get(t, "/api/v1/inspections/"+a.id) != http.StatusOK {
					if time.Since(a.at) > time.Minute {
						t.Errorf("%s is not shown after a minute", a.id)
						return
					}
					time.Sleep(time.Millisecond)
				}
				_ = seen.times.RecordValue(time.Since(a.at).Microseconds())
				seen.requests++
			}
		}()
		half := c.storm(t, f.patrols, connections, peak/2, s.round, some)
		close(some)
		<-over
		if half.errors > 0 || half.shed > 0 {
			t.Errorf("%d errors (%s), %d told to come again", half.errors, half.example, half.shed)
		}
		t.Logf("peak %.0f/s; offered half of it: taken %.0f/s; the views showed what was acknowledged after p50 %.1f ms, p99 %.1f ms (%d looked for)",
			peak, half.rate(), ms(seen.times, 50), ms(seen.times, 99), seen.requests)
	}
	judge(t, "lag of the views at half the peak, p99", ms(seen.times, 99), false, 100, " ms")
}
