//go:build acceptance

package acceptance

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestReadmeSession runs the README's session as it stands, in both languages, against the demonstration: every
// request answers, and what the README shows of the answers is there.
func TestReadmeSession(t *testing.T) {
	embeddedOnly(t)
	for _, tool := range []string{"bash", "curl"} {
		if _, err := exec.LookPath(tool); err != nil {
			if os.Getenv("CI") != "" {
				t.Fatalf("%s is missing", tool)
			}
			t.Skipf("SKIPPED: %s is missing, so nobody has run the README's session", tool)
		}
	}
	dir := t.TempDir()
	s := start(t, dir, "--demo")
	if err := os.WriteFile(filepath.Join(dir, "data", "admin.token"), []byte(adminToken), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"README.md", "README.zh-CN.md"} {
		text, err := os.ReadFile(filepath.Join("..", "..", "..", name))
		if err != nil {
			t.Fatal(err)
		}
		requests := 0
		session := "set -e\n"
		for _, line := range strings.Split(string(text), "\n") {
			command, ok := strings.CutPrefix(line, "$ ")
			if !ok {
				continue
			}
			requests += strings.Count(command, "curl ")
			command = strings.ReplaceAll(command, "http://127.0.0.1:8080", s.url)
			command = strings.ReplaceAll(command, "curl -sNH", "curl --max-time 2 -sNH") // the live feed has no end
			if strings.Contains(command, "/events/stream") {
				command = strings.SplitN(command, " #", 2)[0] + ` | head -c 1 || true`
			}
			session += command + "\necho; echo ---\n"
		}
		if requests < 3 {
			t.Fatalf("%s has a session of %d requests", name, requests)
		}
		cmd := exec.Command("bash", "-c", session)
		cmd.Dir = dir
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("the session of %s: %v\n%s\n%s", name, err, session, out)
		}
		for _, shown := range []string{`"severity":"major"`, "编号,网格编码,网格名称,业务条线,事项,隐患等级,状态,来源,隐患描述", ",消防安全网格,", "\n:"} {
			if !strings.Contains(string(out), shown) {
				t.Errorf("the session of %s shows no %s:\n%s", name, shown, out)
			}
		}
		if strings.Contains(string(out), `"status":4`) {
			t.Errorf("a request of %s is refused:\n%s", name, out)
		}
	}
}
