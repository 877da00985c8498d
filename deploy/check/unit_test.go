package check

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// flags are the variables that stand for serve's flags, as the program itself tells them, and the token's.
func flags(t *testing.T) map[string]bool {
	t.Helper()
	help, err := exec.Command(built(t), "serve", "--help").Output()
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]bool{"GRIDWARD_ADMIN_TOKEN": true}
	for _, m := range regexp.MustCompile(`(?m)^\s+(?:-\w, )?--([a-z-]+)`).FindAllStringSubmatch(string(help), -1) {
		out["GRIDWARD_"+strings.ToUpper(strings.ReplaceAll(m[1], "-", "_"))] = true
	}
	if !out["GRIDWARD_DATA"] || !out["GRIDWARD_LISTEN"] {
		t.Fatalf("the help names %v", out)
	}
	return out
}

// systemd runs systemd-analyze, where there is one.
func systemd(t *testing.T, args ...string) (string, error) {
	t.Helper()
	if _, err := exec.LookPath("systemd-analyze"); err != nil {
		t.Skip("there is no systemd-analyze here")
	}
	out, err := exec.Command("systemd-analyze", args...).CombinedOutput()
	return string(out), err
}

// unit is the unit with the program where it was built, for systemd looks whether it is there.
func unit(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "gridward.service")
	text := strings.Replace(read(t, "gridward.service"), "/usr/local/bin/gridward", built(t), 1)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestSystemdTakesTheUnit(t *testing.T) {
	path := unit(t)
	if said, err := systemd(t, "verify", "--man=no", path); err != nil || strings.Contains(said, "gridward.service") {
		t.Errorf("%v: %s", err, said)
	}
}

func TestTheUnitIsExposedToLittle(t *testing.T) {
	path := unit(t)
	said, err := systemd(t, "security", "--offline=yes", "--no-pager", path)
	m := regexp.MustCompile(`exposure level for \S+: ([0-9.]+)`).FindStringSubmatch(said)
	if err != nil || m == nil {
		t.Fatalf("%v: %s", err, said)
	}
	if level, err := strconv.ParseFloat(m[1], 64); err != nil || level > 1.5 {
		t.Errorf("the exposure is %s, more than 1.5", m[1])
	}
}
