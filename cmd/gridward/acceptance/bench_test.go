//go:build acceptance

package acceptance

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// morningRow is a row of the table: its name, how many were done, busy and wrong.
var morningRow = regexp.MustCompile(`(?m)^\|[ 0-9]+\| +(.+?) +\| +(\d+) \| +\d+ \| +(\d+) \| +(\d+) \|`)

// TestBenchHTTP plays a short morning: every kind of request occurs, in the proportions stated, none fails, and what is
// left passes the check; and no second one is played on top of it.
func TestBenchHTTP(t *testing.T) {
	dir := t.TempDir()
	bench := []string{"bench", "http", "--data", "data", "--streets", "1", "--clients", "4", "--for", "5s"}
	if url := logOf(t, dir); url != "" {
		bench = append(bench, "--log", url)
	}
	out, errs, status := run(t, dir, bench...)
	if status != 0 {
		t.Fatalf("bench http ends with %d:\n%s%s", status, out, errs)
	}
	done := map[string]int{}
	for _, row := range morningRow.FindAllStringSubmatch(out, -1) {
		n, err := strconv.Atoi(row[2])
		if err != nil || row[4] != "0" {
			t.Errorf("row %q: %v", row[0], err)
		}
		done[row[1]] = n
	}
	for _, what := range []string{"officers' batches of 20 patrols", "single patrols", "office work", "report", "file", "dispatch", "accept", "note", "escalate",
		"acknowledge-escalation", "rectify", "check", "close", "leaders' reads", "queue of cases", "ledger page", "patrol counts", "escalations",
		"accountability of a case", "accountability of a person", "total"} {
		if done[what] == 0 {
			t.Errorf("no %s was done:\n%s", what, out)
		}
	}
	// A deck of twenty cards has the proportions exactly; the last deck of each of four clients may be cut off.
	for what, percent := range map[string]int{"officers' batches of 20 patrols": 10, "single patrols": 40, "office work": 25, "leaders' reads": 25} {
		if off := done[what] - done["total"]*percent/100; off < -20 || off > 20 {
			t.Errorf("%d of %d are %s, want %d of 100", done[what], done["total"], what, percent)
		}
	}
	if out, errs, status := run(t, dir, "check", "--data", "data"); status != 0 {
		t.Errorf("check ends with %d:\n%s%s", status, out, errs)
	}
	if logged := strings.Count(first(run(t, dir, "log", "--data", "data", "--type", "inspection.logged")), "\n"); logged != done["single patrols"]+20*done["officers' batches of 20 patrols"] {
		t.Errorf("the log has %d patrols, and the table %d single ones and %d batches", logged, done["single patrols"], done["officers' batches of 20 patrols"])
	}
	if _, errs, status := run(t, dir, bench...); status == 0 || !strings.Contains(errs, "log_not_empty") {
		t.Errorf("a second morning on the same log ends with %d: %s", status, errs)
	}
}

func first(stdout, _ string, _ int) string { return stdout }

// TestBenchHTTPInterrupted holds that a morning that is interrupted, by one signal to the whole group as a terminal
// sends it, ends soon, and leaves neither a process nor a file.
func TestBenchHTTPInterrupted(t *testing.T) {
	embeddedOnly(t)
	dir := t.TempDir()
	tmp := filepath.Join(dir, "tmp")
	if err := os.Mkdir(tmp, 0o700); err != nil {
		t.Fatal(err)
	}
	var out output
	cmd := exec.Command(binary(t), "bench", "http", "--streets", "1", "--clients", "4", "--for", "1h")
	cmd.Dir, cmd.Env = dir, append(environment(t, dir), "TMPDIR="+tmp)
	cmd.Stdout, cmd.Stderr = &out, &out
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	over := make(chan error, 1)
	go func() { over <- cmd.Wait() }()
	await := func(what string, seen func() bool) {
		t.Helper()
		for deadline := time.Now().Add(startsWithin); !seen(); time.Sleep(5 * time.Millisecond) {
			if time.Now().After(deadline) {
				_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
				t.Fatalf("%s does not come:\n%s", what, out.tail(4000))
			}
		}
	}
	await("the play", func() bool { return bytes.Contains(out.bytes(), []byte("playing for 1h")) })
	if err := syscall.Kill(-cmd.Process.Pid, syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-over:
		var exit *exec.ExitError
		if !errors.As(err, &exit) || exit.ExitCode() != 1 || !bytes.Contains(out.bytes(), []byte("interrupted")) {
			t.Errorf("it ended with %v:\n%s", err, out.tail(4000))
		}
	case <-time.After(stopsWithin):
		_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		t.Fatalf("it did not end within %s:\n%s", stopsWithin, out.tail(4000))
	}
	await("the end of the last process", func() bool { return errors.Is(syscall.Kill(-cmd.Process.Pid, 0), syscall.ESRCH) })
	if left, err := os.ReadDir(tmp); err != nil || len(left) > 0 {
		t.Errorf("it left %v, %v", left, err)
	}
}
