package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"gridward/domain/fault"
)

const testToken = "a token for tests only"

// sheltered is a buffer that may be read while a server writes to it.
type sheltered struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *sheltered) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *sheltered) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

// environment is an environment with the given variables only.
func environment(pairs ...string) func(string) (string, bool) {
	return func(name string) (string, bool) {
		for i := 0; i < len(pairs); i += 2 {
			if pairs[i] == name {
				return pairs[i+1], true
			}
		}
		return "", false
	}
}

// gridward runs one command to its end.
func gridward(t *testing.T, args ...string) (stdout string, err error) {
	t.Helper()
	var out, errs bytes.Buffer
	err = run(t.Context(), args, environment(), &out, &errs)
	return out.String(), err
}

// server is the program serving, as tests see it.
type server struct {
	url    string
	token  string
	greets string // what it said first on standard output
	logs   *sheltered
	cancel context.CancelFunc
	ended  chan error
}

// serving starts the program on a free port; it is stopped at the test's end if not before.
func serving(t *testing.T, dir string, args ...string) *server {
	t.Helper()
	return servingIn(t, environment(tokenVariable, testToken), dir, args...)
}

func servingIn(t *testing.T, lookup func(string) (string, bool), dir string, args ...string) *server {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	s := &server{token: testToken, logs: &sheltered{}, cancel: cancel, ended: make(chan error, 1)}
	stdout, out := io.Pipe()
	go func() {
		err := run(ctx, append([]string{"serve", "--data", dir, "--listen", "127.0.0.1:0"}, args...), lookup, out, s.logs)
		_ = out.CloseWithError(io.EOF)
		s.ended <- err
	}()
	t.Cleanup(func() { cancel(); s.ended <- <-s.ended })
	lines := bufio.NewReader(stdout)
	first, err := lines.ReadString('\n')
	if err != nil {
		t.Fatalf("the server said nothing: %v; %s", <-s.ended, s.logs)
	}
	s.greets = first
	s.url = strings.TrimSpace(first[strings.Index(first, "http"):])
	if token, set := lookup(tokenVariable); !set || token == "" {
		second, err := lines.ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		s.greets += second
	}
	go func() { _, _ = io.Copy(io.Discard, lines) }()
	return s
}

// stop asks the server to stop and waits until it has.
func (s *server) stop(t *testing.T) {
	t.Helper()
	s.cancel()
	err := <-s.ended
	s.ended <- err
	if err != nil {
		t.Errorf("the server ended with %v", err)
	}
}

// do sends one request and gives status and body.
func (s *server) do(method, path, body string) (int, map[string]any, error) {
	req, err := http.NewRequest(method, s.url+path, strings.NewReader(body))
	if err != nil {
		return 0, nil, err
	}
	req.Header.Set("Authorization", "Bearer "+s.token)
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, nil, err
	}
	defer func() { _ = resp.Body.Close() }()
	raw, err := io.ReadAll(resp.Body)
	var answer map[string]any
	if len(raw) > 0 && strings.Contains(resp.Header.Get("Content-Type"), "json") {
		if err := json.Unmarshal(raw, &answer); err != nil {
			return 0, nil, fmt.Errorf("%s: %w", raw, err)
		}
	}
	return resp.StatusCode, answer, err
}

// must sends one request that has to be answered with the status.
func (s *server) must(t *testing.T, status int, method, path, body string) map[string]any {
	t.Helper()
	got, answer, err := s.do(method, path, body)
	if err != nil || got != status {
		t.Fatalf("%s %s: %d, %v, %v; want %d", method, path, got, answer, err, status)
	}
	return answer
}

func createCell(code string) string { return fmt.Sprintf(`{"code":%q,"name":"某区"}`, code) }

func TestItServesStopsAndKeepsWhatItAcknowledged(t *testing.T) {
	dir := t.TempDir()
	s := serving(t, dir)
	s.must(t, 200, "GET", "/healthz", "")
	s.must(t, 200, "GET", "/readyz", "")
	at := s.must(t, 201, "POST", "/api/v1/cells", createCell("410104"))["position"]
	s.must(t, 200, "GET", fmt.Sprintf("/api/v1/cells/410104?at_least=%v", at), "")
	if _, err := gridward(t, "serve", "--data", dir, "--listen", "127.0.0.1:0"); err == nil || !strings.Contains(err.Error(), "data_dir_locked") {
		t.Errorf("a second server on the directory: %v", err)
	}
	s.stop(t)

	again := serving(t, dir)
	again.must(t, 200, "GET", "/api/v1/cells/410104", "")
	again.stop(t)
	if strings.Contains(s.logs.String()+again.logs.String()+s.greets, testToken) {
		t.Error("the token was shown or logged")
	}
}

// A stop in the middle of work: what was answered is there, what was refused is not.
func TestAGracefulStopLosesNothing(t *testing.T) {
	dir := t.TempDir()
	s := serving(t, dir)
	s.must(t, 201, "POST", "/api/v1/cells", createCell("410104"))
	var mu sync.Mutex
	acknowledged := map[string]bool{}
	enough := make(chan struct{})
	var clients sync.WaitGroup
	for c := range 8 {
		clients.Go(func() {
			for i := range 100 {
				code := fmt.Sprintf("410104%03d", c*100+i)
				status, _, err := s.do("POST", "/api/v1/cells", createCell(code))
				if err != nil || status != http.StatusCreated {
					return // the server has stopped
				}
				mu.Lock()
				acknowledged[code] = true
				if len(acknowledged) == 100 {
					close(enough)
				}
				mu.Unlock()
			}
		})
	}
	<-enough
	s.stop(t)
	clients.Wait()

	kept := map[string]bool{}
	out, err := gridward(t, "log", "--data", dir, "--type", "cell.created", "--json")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(out) {
		var r struct{ Stream string }
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			t.Fatal(err)
		}
		code := strings.TrimPrefix(r.Stream, "cell-")
		if kept[code] {
			t.Errorf("%s is there twice", code)
		}
		kept[code] = true
	}
	for code := range acknowledged {
		if !kept[code] {
			t.Errorf("%s was acknowledged and is not there", code)
		}
	}
}

func TestALiveStreamDoesNotHoldUpTheStop(t *testing.T) {
	s := serving(t, t.TempDir())
	req, err := http.NewRequest("GET", s.url+"/api/v1/events/stream?after=1", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+s.token)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	lines := bufio.NewScanner(resp.Body)
	events := 0
	for lines.Scan() {
		if strings.HasPrefix(lines.Text(), "event: ") {
			if events++; events == 3 {
				s.cancel() // while the stream is open
			}
		}
	}
	if events < 3 {
		t.Errorf("%d events came", events)
	}
	s.stop(t)
}

func TestTheTokenIsSetOrMade(t *testing.T) {
	dir := t.TempDir()
	var made string
	for round, want := range []string{"Administrator's token (kept in", "Administrator's token: in"} {
		s := servingIn(t, environment(), dir)
		if !strings.Contains(s.greets, want) {
			t.Errorf("start %d said %q", round, s.greets)
		}
		raw, err := os.ReadFile(filepath.Join(dir, tokenFile))
		if err != nil {
			t.Fatal(err)
		}
		if round == 1 && string(raw) != made {
			t.Error("the second start made another token")
		}
		made = string(raw)
		s.token = strings.TrimSpace(made)
		s.must(t, 200, "GET", "/api/v1/cells", "")
		s.token = testToken
		s.must(t, 401, "GET", "/api/v1/cells", "")
		s.stop(t)
		if strings.Contains(s.logs.String(), strings.TrimSpace(made)) {
			t.Error("the token is in the logs")
		}
	}
	if info, err := os.Stat(filepath.Join(dir, tokenFile)); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the token's file: %v, %v", info.Mode(), err)
	}

	empty := t.TempDir()
	err := run(t.Context(), []string{"serve", "--data", empty, "--listen", "127.0.0.1:0"}, environment(tokenVariable, "short"), io.Discard, io.Discard)
	if err == nil || !strings.Contains(err.Error(), "5 characters") || strings.Contains(err.Error(), "short") {
		t.Errorf("a short token: %v", err)
	}
	if left, err := os.ReadDir(empty); err != nil || len(left) != 0 {
		t.Errorf("the refused start left %v, %v", left, err)
	}
}

func TestTheRehearsalClockStandsStillAndMovesForward(t *testing.T) {
	dir := t.TempDir()
	const nine = "2026-02-10T09:00:00+08:00"
	s := serving(t, dir, "--clock", nine)
	s.must(t, 201, "POST", "/api/v1/cells", createCell("410104"))
	s.must(t, 200, "POST", "/api/v1/clock", `{"now":"2026-02-10T10:00:00+08:00"}`)
	s.must(t, 409, "POST", "/api/v1/clock", `{"now":"2026-02-10T09:30:00+08:00"}`)
	s.must(t, 201, "POST", "/api/v1/cells", createCell("410104001"))
	s.stop(t)

	again := serving(t, dir, "--clock", nine)
	if now := again.must(t, 200, "POST", "/api/v1/clock", `{"now":"2026-02-10T10:00:00+08:00"}`)["now"]; now != "2026-02-10T10:00:00+08:00" {
		t.Errorf("the clock shows %v", now)
	}
	again.stop(t)
	out, err := gridward(t, "log", "--data", dir, "--json", "--stream", "cell-410104001")
	if err != nil || !strings.Contains(out, `"recorded_at":"2026-02-10T02:00:00Z"`) {
		t.Errorf("%s, %v", out, err)
	}

	real := serving(t, t.TempDir())
	real.must(t, 404, "POST", "/api/v1/clock", `{"now":"2026-02-10T10:00:00+08:00"}`)
}

// A directory without a usable lock stands for one that cannot be written: root may write everywhere. The
// acceptance tests do the same on a read-only file system.
func TestADirectoryThatCannotBeWrittenIsStillRead(t *testing.T) {
	dir := t.TempDir()
	s := serving(t, dir)
	s.must(t, 201, "POST", "/api/v1/cells", createCell("410104"))
	s.stop(t)
	lock := filepath.Join(dir, "lock")
	if err := os.Remove(lock); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(lock, 0o700); err != nil {
		t.Fatal(err)
	}

	ro := serving(t, dir)
	ready := ro.must(t, 200, "GET", "/readyz", "")
	if warnings, _ := ready["warnings"].([]any); len(warnings) != 1 {
		t.Errorf("ready: %v", ready)
	}
	ro.must(t, 200, "GET", "/api/v1/cells/410104", "")
	if code := ro.must(t, 503, "POST", "/api/v1/cells", createCell("410105"))["code"]; code != "log_unwritable" {
		t.Errorf("a command was refused with %v", code)
	}
	ro.stop(t)
	if !strings.Contains(ro.logs.String(), "cannot be written") {
		t.Error("the logs do not say so")
	}
}

func TestWhereTheOtherNodesReachThisOne(t *testing.T) {
	name, err := os.Hostname()
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ advertise, listens, want string }{
		{"", "127.0.0.1:8080", "http://127.0.0.1:8080"},
		{"", "10.0.0.5:80", "http://10.0.0.5:80"},
		{"", "[fd00::5]:8080", "http://[fd00::5]:8080"},
		{"", "0.0.0.0:8080", "http://" + name + ":8080"},
		{"", "[::]:8080", "http://" + name + ":8080"},
		{"https://gridward-1.example", "[::]:8080", "https://gridward-1.example"},
	} {
		listens, err := net.ResolveTCPAddr("tcp", tt.listens)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := (serveCommand{Advertise: tt.advertise}).address(listens); err != nil || got != tt.want {
			t.Errorf("%+v: %q, %v", tt, got, err)
		}
	}
	for _, wrong := range []string{"10.0.0.5:8080", "gridward-1", "ftp://gridward-1", "http://", "http://admin:secret@gridward-1", "http://gridward-1/api", "http://gridward-1?x=1"} {
		_, err := gridward(t, "serve", "--listen", "127.0.0.1:0", "--data", t.TempDir(), "--advertise", wrong)
		if f, ok := fault.As(err); !ok || f.Code != "advertise_invalid" || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v", wrong, err)
		}
	}
}
