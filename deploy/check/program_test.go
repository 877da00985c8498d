package check

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

// root is the repository's.
const root = "../.."

// read gives a file of deploy/.
func read(t *testing.T, name string) string {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("..", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

// program builds Gridward, once, by the very line of the Containerfile.
var program = sync.OnceValues(func() (string, error) {
	raw, err := os.ReadFile("../Containerfile")
	if err != nil {
		return "", err
	}
	line := regexp.MustCompile(`(?m)^RUN (go build .*) -o /out/gridward (\S+)$`).FindSubmatch(raw)
	if line == nil {
		return "", fmt.Errorf("the Containerfile has no go build line that ends with -o /out/gridward PACKAGE")
	}
	dir, err := os.MkdirTemp("", "gridward-check")
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "gridward")
	build := exec.Command("sh", "-euc", fmt.Sprintf("%s -o '%s' %s", line[1], path, line[2]))
	build.Dir, build.Env = root, append(os.Environ(), "CGO_ENABLED=0", "VERSION=v0.0.0-check")
	out, err := build.CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("%w: %s", err, out)
	}
	return path, nil
})

func TestMain(m *testing.M) {
	code := m.Run()
	if path, err := program(); err == nil {
		_ = os.RemoveAll(filepath.Dir(path))
	}
	os.Exit(code)
}

func built(t *testing.T) string {
	t.Helper()
	path, err := program()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

const token = "a-token-for-the-check"

// metrics are the labels each exported time series' name has, as a freshly started program tells them.
type metrics map[string]map[string]bool

// exported starts the program with a webhook, sends it a command, and reads /metrics: everything it has to tell, with
// the names that PromQL uses (a histogram's are three).
var exported = sync.OnceValues(func() (metrics, error) {
	path, err := program()
	if err != nil {
		return nil, err
	}
	receiver := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer receiver.Close()
	dir := filepath.Dir(path)
	hooks := filepath.Join(dir, "webhooks.yaml")
	text := fmt.Sprintf("webhooks:\n- name: office\n  url: %s\n  secret_env: OFFICE_SECRET\n  from: beginning\n", receiver.URL)
	if err := os.WriteFile(hooks, []byte(text), 0o600); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	serve := exec.CommandContext(ctx, path, "serve")
	said, err := serve.StdoutPipe()
	if err != nil {
		return nil, err
	}
	var log bytes.Buffer
	serve.Stderr = &log
	serve.Env = []string{"GRIDWARD_DATA=" + filepath.Join(dir, "data"), "GRIDWARD_LISTEN=127.0.0.1:0", "GRIDWARD_ADMIN_TOKEN=" + token,
		"GRIDWARD_WEBHOOKS=" + hooks, "OFFICE_SECRET=whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}
	if err := serve.Start(); err != nil {
		return nil, err
	}
	got, err := ask(ctx, said)
	_ = serve.Process.Signal(syscall.SIGTERM)
	if ended := serve.Wait(); err == nil {
		err = ended
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %s", err, log.String())
	}
	return got, nil
})

// ask takes the address from what the program says first, has it refuse a command, and reads what it counts.
func ask(ctx context.Context, said io.Reader) (metrics, error) {
	line := make([]byte, 200)
	n, err := said.Read(line)
	if err != nil {
		return nil, err
	}
	_, url, ok := strings.Cut(strings.TrimSpace(string(line[:n])), "listens on ")
	if !ok {
		return nil, fmt.Errorf("it said %q", line[:n])
	}
	if _, err := get(ctx, http.MethodPost, url+"/api/v1/cells", token); err != nil {
		return nil, err
	}
	text, err := get(ctx, http.MethodGet, url+"/metrics", token)
	if err != nil {
		return nil, err
	}
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(bytes.NewReader(text))
	if err != nil {
		return nil, err
	}
	out := metrics{}
	for name, family := range families {
		labels := map[string]bool{"job": true, "instance": true}
		for _, m := range family.Metric {
			for _, l := range m.Label {
				labels[l.GetName()] = true
			}
		}
		out[name] = labels
		if family.GetType().String() == "HISTOGRAM" {
			delete(out, name)
			bucket := maps.Clone(labels)
			bucket["le"] = true
			out[name+"_bucket"], out[name+"_sum"], out[name+"_count"] = bucket, labels, labels
		}
	}
	return out, nil
}

func get(ctx context.Context, method, url, token string) ([]byte, error) {
	r, err := http.NewRequestWithContext(ctx, method, url, strings.NewReader(""))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Authorization", "Bearer "+token)
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return nil, err
	}
	defer func() { _ = answer.Body.Close() }()
	return io.ReadAll(answer.Body)
}

// known is what rules and panels may use: what the program exports, and what Prometheus adds.
func known(t *testing.T) metrics {
	t.Helper()
	m, err := exported()
	if err != nil {
		t.Fatal(err)
	}
	all := maps.Clone(m)
	all["up"] = map[string]bool{"job": true, "instance": true}
	return all
}

func TestTheContainersProgramIsStaticAndKnowsItsVersion(t *testing.T) {
	path := built(t)
	said, err := exec.Command(path, "version").Output()
	if err != nil || !strings.HasPrefix(string(said), "gridward v0.0.0-check ") {
		t.Errorf("version: %q, %v", said, err)
	}
	for _, linked := range dynamic(t, path) {
		t.Errorf("it needs %s, which scratch does not have", linked)
	}
}
