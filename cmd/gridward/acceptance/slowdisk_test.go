//go:build acceptance

package acceptance

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"gridward/adapters/pgtest"
)

// slowSync is how much longer the disk takes in a slow round to have what is forced onto it.
const slowSync = 100 * time.Millisecond

// TestSlowDisk lets the disk take a tenth of a second more for everything that is forced onto it, again and again, under
// load and while the clock goes on. Commands are taken all the same, many with one commit; whoever reads does not wait
// for the disk; and at the end the log is held against what the clients were told, as after a storm.
func TestSlowDisk(t *testing.T) {
	if onEventStoreDB() {
		t.Skip("SKIPPED: the disk is the server's there")
	}
	dir := t.TempDir()
	if onPostgres() { // one whose disk nobody else waits for
		logs[dir] = pgtest.StartServer(t).Database(t)
	}
	s := start(t, dir, "--clock", firstHour.Format(time.RFC3339))
	disk := slowable(t, s)
	var reads atomic.Int64
	var reading sync.WaitGroup
	var over chan struct{}
	slow := func(int) {
		disk.slow(t, true)
		over = make(chan struct{})
		reading.Go(func() { // until the disk is quick again
			for ; ; reads.Add(1) {
				select {
				case <-over:
					return
				default:
				}
				if status, err := s.read("/cells/" + site1); status != http.StatusOK {
					t.Errorf("a read on a slow disk: %d, %v", status, err)
					return
				}
			}
		})
	}
	began := time.Now()
	rounds := max(4, faultRounds(t)/10)
	weathers(t, s, rounds, rand.New(rand.NewPCG(20260302, 12)), slow, func() {
		close(over)
		reading.Wait()
		disk.slow(t, false)
	})
	if n := reads.Load(); n < int64(10*rounds) { // a sync takes as long as several of them
		t.Errorf("%d reads in %d slow rounds", n, rounds)
	}
	t.Logf("%d reads while the disk was slow; all in %s", reads.Load(), time.Since(began).Round(time.Second))
}

// read gives the status of an answer to the administrator.
func (s *server) read(path string) (status int, err error) {
	req, err := http.NewRequest(http.MethodGet, s.url+"/api/v1"+path, nil)
	if err != nil {
		return 0, err
	}
	req.Header.Set("Authorization", "Bearer "+adminToken)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, err
	}
	return resp.StatusCode, resp.Body.Close()
}

// slowDisk is the disk of a log, which can be made slow.
type slowDisk interface {
	slow(t *testing.T, yes bool)
}

func slowable(t *testing.T, s *server) slowDisk {
	t.Helper()
	if onPostgres() {
		return postgresDisk{logOf(t, s.dir)}
	}
	if _, err := exec.LookPath("strace"); err != nil {
		const why = "a slow disk cannot be tried here: that needs strace"
		if os.Getenv("CI") == "true" {
			t.Fatalf("%s: %v", why, err)
		}
		t.Skipf("SKIPPED, AND NOT PROVEN HERE: %s: %v", why, err)
	}
	return &tracedDisk{pid: s.cmd.Process.Pid}
}

// postgresDisk has PostgreSQL itself wait before it forces a commit onto the disk.
type postgresDisk struct{ url string }

func (d postgresDisk) slow(t *testing.T, yes bool) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), d.url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(t.Context()) }()
	delay := time.Duration(0)
	if yes {
		delay = slowSync
	}
	for _, text := range []string{`ALTER SYSTEM SET commit_siblings = 0`, fmt.Sprintf(`ALTER SYSTEM SET commit_delay = %d`, delay.Microseconds()),
		`SELECT pg_reload_conf()`} {
		if _, err := conn.Exec(t.Context(), text); err != nil {
			t.Fatal(err)
		}
	}
}

// tracedDisk has the kernel hold the program's own calls of fsync and fdatasync back.
type tracedDisk struct {
	pid    int
	tracer *exec.Cmd
}

func (d *tracedDisk) slow(t *testing.T, yes bool) {
	t.Helper()
	if !yes {
		if err := d.tracer.Process.Signal(os.Interrupt); err != nil {
			t.Fatal(err)
		}
		_ = d.tracer.Wait() // it ends by the signal
		return
	}
	var said output
	d.tracer = exec.Command("strace", "-f", "-qq", "-o", os.DevNull, "-e", "trace=fsync,fdatasync",
		"-e", fmt.Sprintf("inject=fsync,fdatasync:delay_enter=%d", slowSync.Microseconds()), "-p", strconv.Itoa(d.pid))
	d.tracer.Stderr = &said
	if err := d.tracer.Start(); err != nil {
		t.Fatal(err)
	}
	for end := time.Now().Add(startsWithin); !d.traced(t); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("strace does not get hold of the program: %s", bytes.TrimSpace(said.bytes()))
		}
	}
}

// traced says whether somebody holds the program's calls back.
func (d *tracedDisk) traced(t *testing.T) bool {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", d.pid))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(status), "TracerPid:\t")
	tracer, _, _ := strings.Cut(rest, "\n")
	return tracer != "0"
}
