//go:build bench

package bench

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// TestInspectionsOverHTTP compares the program with a peer behind the same middleware and contract that only decodes
// and answers: alternating rounds, client on the same cores, the program's time counted until its views show the last
// acknowledged patrol.
func TestInspectionsOverHTTP(t *testing.T) {
	f, s := fixture(t), sizes()
	real, peer := serve(t, f.bin, f.smallCopy(t)), servePeerChild(t)
	real.post(t, f.patrols, s.round/4, true) // caches fill, heaps grow
	peer.post(t, f.patrols, s.round/4, false)
	total, totalPeer := newLoad(), newLoad()
	var rates, peerRates, ratios []float64
	for range s.rounds {
		r := real.post(t, f.patrols, s.round, true)
		p := peer.post(t, f.patrols, s.round, false)
		total.add(r)
		totalPeer.add(p)
		rates, peerRates, ratios = append(rates, r.rate()), append(peerRates, p.rate()), append(ratios, r.rate()/p.rate())
	}
	t.Logf("POST /inspections, %d connections: %s; the views were at most %s behind the last answer", connections, total, total.lag.Round(time.Millisecond))
	t.Logf("the peer: %s", totalPeer)
	t.Logf("by processor time alone, which busy neighbours disturb less: %.2f of the peer", totalPeer.each()/total.each())
	t.Logf("medians of %d rounds: %.0f requests/s, the peer %.0f; all ratios %.2f", s.rounds, median(rates), median(peerRates), ratios)
	if total.errors+totalPeer.errors > 0 {
		t.Errorf("errors: %d of the program, %d of the peer", total.errors, totalPeer.errors)
	}
	if total.requests == 0 || totalPeer.requests == 0 {
		t.Error("nothing was answered")
	}
	judge(t, "POST /inspections, of the peer", median(ratios), true, 0.25, "")
}

// TestProfile writes where the time goes while patrols are logged, if it is told where to.
func TestProfile(t *testing.T) {
	to := os.Getenv("GRIDWARD_BENCH_PROFILE")
	if to == "" {
		t.Skip("GRIDWARD_BENCH_PROFILE names no directory")
	}
	f, s := fixture(t), sizes()
	free := must(net.Listen("tcp", "127.0.0.1:0"))(t)
	address := free.Addr().String()
	if err := free.Close(); err != nil {
		t.Fatal(err)
	}
	bin := must(f.build("gridward-profiled", "bench"))(t)
	c := serve(t, bin, f.smallCopy(t), "GRIDWARD_PPROF="+address)
	c.post(t, f.patrols, s.round/4, true)
	seconds := max(1, int(s.round.Seconds()))
	written := make(chan error)
	go func() {
		err := download(fmt.Sprintf("http://%s/debug/pprof/profile?seconds=%d", address, seconds), filepath.Join(to, "cpu.pprof"))
		if err == nil {
			err = download("http://"+address+"/debug/pprof/allocs", filepath.Join(to, "allocs.pprof"))
		}
		written <- err
	}()
	l := c.post(t, f.patrols, time.Duration(seconds)*time.Second, true)
	if err := <-written; err != nil {
		t.Fatal(err)
	}
	t.Logf("while it was profiled: %s", l)
	t.Logf("go tool pprof -top %s", filepath.Join(to, "cpu.pprof"))
}

func download(url, to string) error {
	resp, err := http.Get(url)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s %s", url, resp.Status, raw)
	}
	return os.WriteFile(to, raw, 0o600)
}
