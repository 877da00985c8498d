//go:build acceptance

// Package acceptance holds the built program against numbers written by hand, over REST only (make acceptance).
//
// walk_test.go walks one story from an empty directory; world_test.go tells it. edges_test.go walks what the story has
// no room for, in the same world. harness_test.go builds, starts and stops the program, client_test.go talks to it.
package acceptance

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"sync"
	"syscall"
	"testing"
	"time"

	"gridward/adapters/esdbtest"
	"gridward/adapters/pgtest"
)

// adminToken is the administrator's token of every program the tests start.
const adminToken = "acceptance-administrator"

// How long the program may take before a test gives up on it: generous, for the machine may be busy.
const (
	startsWithin = 60 * time.Second
	stopsWithin  = 60 * time.Second
)

// binary gives the program's path: the one GRIDWARD_BINARY names (make acceptance), or else one built now, once.
func binary(t testing.TB) string {
	t.Helper()
	path, err := built()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

var built = sync.OnceValues(func() (string, error) {
	if path := os.Getenv("GRIDWARD_BINARY"); path != "" {
		return filepath.Abs(path)
	}
	dir, err := os.MkdirTemp("", "gridward-acceptance-")
	if err != nil {
		return "", err
	}
	builtDir = dir
	path := filepath.Join(dir, "gridward")
	cmd := exec.Command("go", "build", "-o", path, "gridward/cmd/gridward")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("go build: %w\n%s", err, out)
	}
	return path, nil
})

// builtDir is where built puts what it builds, "" if it built nothing.
var builtDir string

func TestMain(m *testing.M) {
	pgtest.Main(m, func() {
		if builtDir != "" {
			_ = os.RemoveAll(builtDir)
		}
	})
}

// server is one running program. It is stopped when the test ends, whatever happens.
type server struct {
	t    testing.TB
	dir  string // its working directory; the data lie in dir/data
	url  string // "http://127.0.0.1:port"
	cmd  *exec.Cmd
	out  output        // what it wrote to standard output and standard error
	over chan struct{} // closed when the process has ended
	err  error         // of the process; valid once over is closed
}

// start runs "gridward serve" with more flags in a directory, on a free port, and returns when /readyz says so.
// The data go to dir/data, the default. Start it again in the same directory and it has the same data.
func start(t testing.TB, dir string, flags ...string) *server {
	t.Helper()
	s := &server{t: t, dir: dir, over: make(chan struct{})}
	s.cmd = exec.Command(binary(t), append([]string{"serve", "--listen", "127.0.0.1:0"}, flags...)...)
	s.cmd.Dir = dir
	s.cmd.Env = environment(t, dir)
	s.cmd.Stdout, s.cmd.Stderr = &s.out, &s.out
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		s.err = s.cmd.Wait()
		close(s.over)
	}()
	t.Cleanup(func() {
		s.kill()
		keepsSecrets(t, s.out.bytes())
		if t.Failed() {
			t.Logf("the program wrote:\n%s", s.out.tail(400))
		}
	})
	s.awaitReady()
	return s
}

// environment is the environment of every program the tests start in a directory: nothing of the caller's own settings.
func environment(t testing.TB, dir string) []string {
	t.Helper()
	env := []string{"PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME"), "GRIDWARD_ADMIN_TOKEN=" + adminToken}
	if url := logOf(t, dir); url != "" {
		env = append(env, "GRIDWARD_LOG="+url)
	}
	return env
}

// onPostgres says that the log and the views are kept on PostgreSQL this time, and not in the data directory.
func onPostgres() bool { return os.Getenv("GRIDWARD_ACCEPTANCE_ENGINE") == "postgres" }

// onEventStoreDB says that the log is kept this time on a server of EventStoreDB's protocol in this process, on a real
// port, with TLS and a user; the views are in the data directory.
func onEventStoreDB() bool { return os.Getenv("GRIDWARD_ACCEPTANCE_ENGINE") == "esdb" }

// esdbPassword is the password of every server of EventStoreDB's protocol. Nothing the program writes may have it.
const esdbPassword = "acceptance, p@ssword"

// startEventStoreDB starts a server with TLS and a user, whom the connection string names.
func startEventStoreDB(t testing.TB) *esdbtest.Server {
	t.Helper()
	return esdbtest.Start(t, esdbtest.Options{TLS: true, User: "gridward", Password: esdbPassword})
}

// keepsSecrets holds that the program did not write that password, as it is or as it stands in the connection string.
func keepsSecrets(t testing.TB, wrote []byte) {
	t.Helper()
	for _, secret := range []string{"p@ssword", "p%40ssword"} {
		if bytes.Contains(wrote, []byte(secret)) {
			t.Error("the program wrote the password of its log's server")
		}
	}
}

// logs are the URLs of the directories that programs were started in.
var logs = map[string]string{}

// logOf gives the URL of a directory's log, which is made for its first program and dropped with the test; "" where the
// log is in the directory.
func logOf(t testing.TB, dir string) string {
	t.Helper()
	if logs[dir] == "" {
		switch {
		case onPostgres():
			logs[dir] = pgtest.Start(t)
		case onEventStoreDB():
			logs[dir] = startEventStoreDB(t).URL()
		default:
			return ""
		}
		t.Cleanup(func() { delete(logs, dir) })
	}
	return logs[dir]
}

// embeddedOnly leaves a test to the embedded engine: it is about files of its own.
func embeddedOnly(t testing.TB) {
	t.Helper()
	if onPostgres() || onEventStoreDB() {
		t.Skip("SKIPPED: this is about the embedded engine's own files, or has nothing to do with where the log is")
	}
}

// notOverTheProtocol leaves a test out where the log is on EventStoreDB: it draws a whole demonstration up, which is
// thousands of commands one after the other and the same on every engine; there it took two minutes, and held.
func notOverTheProtocol(t testing.TB) {
	t.Helper()
	if onEventStoreDB() {
		t.Skip("SKIPPED: the same on every engine, and long on EventStoreDB")
	}
}

// address is how the program says where it listens.
var address = regexp.MustCompile(`127\.0\.0\.1:[1-9][0-9]*`)

// awaitReady waits until the program has said where it listens and answers 200 on /readyz.
func (s *server) awaitReady() {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), startsWithin)
	defer cancel()
	again := time.NewTicker(5 * time.Millisecond)
	defer again.Stop()
	for {
		if at := address.Find(s.out.bytes()); at != nil {
			s.url = "http://" + string(at)
			if s.ready(ctx) {
				return
			}
		}
		select {
		case <-again.C:
		case <-s.over:
			s.t.Fatalf("the program ended before it was ready: %v\n%s", s.err, s.out.tail(4000))
		case <-ctx.Done():
			s.t.Fatalf("the program was not ready within %s\n%s", startsWithin, s.out.tail(4000))
		}
	}
}

func (s *server) ready(ctx context.Context) bool {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url+"/readyz", nil)
	if err != nil {
		return false
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return false
	}
	_ = resp.Body.Close()
	return resp.StatusCode == http.StatusOK
}

// stop sends SIGTERM and holds that the program ends with status 0.
func (s *server) stop() {
	s.t.Helper()
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		s.t.Fatalf("SIGTERM: %v", err)
	}
	select {
	case <-s.over:
	case <-time.After(stopsWithin):
		s.t.Fatalf("the program did not end within %s of SIGTERM", stopsWithin)
	}
	if s.err != nil {
		s.t.Fatalf("after SIGTERM the program ended with %v\n%s", s.err, s.out.tail(4000))
	}
}

// kill is kill -9; it returns when the process is gone. Killing one that has ended does nothing.
func (s *server) kill() {
	select {
	case <-s.over:
		return
	default:
	}
	if err := s.cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		s.t.Errorf("kill: %v", err)
	}
	<-s.over
}

// run runs one command of the program to its end in a directory ("check", "rebuild", "log") and gives what it
// wrote and its status.
func run(t testing.TB, dir string, args ...string) (stdout, stderr string, status int) {
	t.Helper()
	cmd := exec.Command(binary(t), args...)
	cmd.Dir, cmd.Env = dir, environment(t, dir)
	var out, errOut bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errOut
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	keepsSecrets(t, out.Bytes())
	keepsSecrets(t, errOut.Bytes())
	return out.String(), errOut.String(), cmd.ProcessState.ExitCode()
}

// output collects what a process writes, for a reader beside it.
type output struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.buf.Write(p)
}

func (o *output) bytes() []byte {
	o.mu.Lock()
	defer o.mu.Unlock()
	return bytes.Clone(o.buf.Bytes())
}

func (o *output) tail(n int) []byte {
	b := o.bytes()
	return b[max(0, len(b)-n):]
}
