//go:build bench

package bench

import (
	"bufio"
	"bytes"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

const token = "a token for benchmarks only"

// child is a server in a process of its own.
type child struct {
	t       *testing.T
	cmd     *exec.Cmd
	address string        // host:port
	started time.Duration // from the start of the process to the first 200 of /readyz
	log     string        // the file of its standard error
	ended   bool
}

// serve starts the program on a data directory.
func serve(t *testing.T, bin, dir string, env ...string) *child {
	t.Helper()
	return start(t, exec.Command(bin, "serve", "--data", dir, "--listen", "127.0.0.1:0"), env...)
}

// servePeerChild starts the peer.
func servePeerChild(t *testing.T) *child {
	t.Helper()
	return start(t, exec.Command("/proc/self/exe"), peerVariable+"="+t.TempDir())
}

func start(t *testing.T, cmd *exec.Cmd, env ...string) *child {
	t.Helper()
	c := &child{t: t, cmd: cmd, log: filepath.Join(t.TempDir(), "stderr")}
	stderr := must(os.Create(c.log))(t)
	defer func() { _ = stderr.Close() }()
	cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME"), "GRIDWARD_ADMIN_TOKEN=" + token}, env...)
	cmd.Stderr = stderr
	stdout := must(cmd.StdoutPipe())(t)
	began := time.Now()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.stop)
	first, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		t.Fatalf("the server said nothing: %v\n%s", err, c.tail())
	}
	_, c.address, _ = strings.Cut(strings.TrimSpace(first), "http://")
	for {
		resp, err := http.Get("http://" + c.address + "/readyz")
		if err == nil {
			_ = resp.Body.Close()
			if resp.StatusCode == http.StatusOK {
				c.started = time.Since(began)
				return c
			}
		}
		if time.Since(began) > time.Minute {
			t.Fatalf("not ready after a minute: %v\n%s", err, c.tail())
		}
		time.Sleep(time.Millisecond)
	}
}

// stop ends the process and holds that it ended well; the peer is simply ended.
func (c *child) stop() {
	if c.ended {
		return
	}
	c.ended = true
	_ = c.cmd.Process.Signal(syscall.SIGTERM)
	if err := c.cmd.Wait(); err != nil && strings.Contains(strings.Join(c.cmd.Args, " "), "serve") {
		c.t.Errorf("the server ended with %v\n%s", err, c.tail())
	}
}

func (c *child) tail() []byte {
	raw, _ := os.ReadFile(c.log)
	return raw[max(0, len(raw)-4000):]
}

// resident is the process's memory in MB, now or (VmHWM) at its highest.
func (c *child) resident(field string) (float64, error) {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", c.cmd.Process.Pid))
	if err != nil {
		return 0, err
	}
	for line := range bytes.Lines(raw) {
		if rest, ok := bytes.CutPrefix(line, []byte(field+":")); ok {
			kib, err := strconv.ParseFloat(strings.Fields(string(rest))[0], 64)
			return kib * 1024 / 1e6, err
		}
	}
	return 0, fmt.Errorf("no %s in /proc", field)
}

// cpu is the processor time the process has taken.
func (c *child) cpu() (time.Duration, error) {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", c.cmd.Process.Pid))
	if err != nil {
		return 0, err
	}
	fields := strings.Fields(string(raw[bytes.LastIndexByte(raw, ')')+1:])) // from the third on
	if len(fields) < 13 {
		return 0, fmt.Errorf("unexpected /proc stat: %s", raw)
	}
	user, err := strconv.Atoi(fields[11])
	if err != nil {
		return 0, err
	}
	system, err := strconv.Atoi(fields[12])
	return time.Duration(user+system) * 10 * time.Millisecond, err // Linux counts in hundredths for all programs
}

// ownCPU is the processor time this process has taken.
func ownCPU(t *testing.T) time.Duration {
	t.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
