//go:build acceptance

package acceptance

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestDemo makes the demonstration twice: the same seed makes the same log, which passes the check; another seed
// does not; and a repeat adds nothing.
func TestDemo(t *testing.T) {
	notOverTheProtocol(t)
	logs := map[string]string{}
	for name, seed := range map[string]string{"first": "7", "second": "7", "other": "8"} {
		dir := t.TempDir()
		demo := []string{"demo", "--scale", "small", "--days", "14", "--seed", seed}
		out, errs, status := run(t, dir, demo...)
		if status != 0 {
			t.Fatalf("demo ends with %d:\n%s%s", status, out, errs)
		}
		for _, row := range []string{"major, closed", "yellow", "red", "by the ladder", "stated anew", "moved by a correction", "digests"} {
			if !strings.Contains(out, row) {
				t.Errorf("the table has no %q:\n%s", row, out)
			}
		}
		logs[name], _, _ = run(t, dir, "log", "--json")
		if name != "first" {
			continue
		}
		if out, errs, status := run(t, dir, "check"); status != 0 {
			t.Errorf("check ends with %d:\n%s%s", status, out, errs)
		}
		if _, errs, status := run(t, dir, demo...); status != 0 {
			t.Errorf("demo again ends with %d: %s", status, errs)
		}
		if again, _, _ := run(t, dir, "log", "--json"); again != logs[name] {
			t.Error("the demonstration made again changed the log")
		}
	}
	if logs["first"] == "" || logs["first"] != logs["second"] {
		t.Error("the same seed made two logs")
	}
	if logs["first"] == logs["other"] {
		t.Error("another seed made the same log")
	}
}

// TestFirstStart is what make run does: the first start fills the directory, the second keeps the data.
func TestFirstStart(t *testing.T) {
	notOverTheProtocol(t)
	dir := t.TempDir()
	s := start(t, dir, "--demo")
	head := len(s.client().get("/cells?level=3&limit=500").ok(200).items())
	if head != 155 {
		t.Errorf("%d communities", head)
	}
	s.stop()
	before, _, _ := run(t, dir, "log", "--json")
	s = start(t, dir, "--demo")
	s.client().get("/cases?limit=1").ok(200)
	s.stop()
	if after, _, _ := run(t, dir, "log", "--json"); !strings.HasPrefix(after, before) { // time may have gone on
		t.Error("the second start changed the log")
	}
	if _, err := os.Stat(filepath.Join(dir, "data", "demo.unfinished")); !os.IsNotExist(err) {
		t.Errorf("the finished demonstration left its mark: %v", err)
	}
}
