//go:build acceptance

package acceptance

import (
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestBackupRestoreCopy backs the log up while the program serves it, goes on with the backup later, restores the whole
// of it and an earlier point in time, and copies the log to the embedded engine. Every copy says to the byte what the
// original says, and passes check.
func TestBackupRestoreCopy(t *testing.T) {
	dir := t.TempDir()
	s := start(t, dir, "--clock", at8("03-02 10:00"))
	prepare(t, s)
	patrols(t, s, 30)
	saved := filepath.Join(t.TempDir(), "backup")
	well(t, dir, "backup", "--to", saved)
	first, _, _ := run(t, dir, "log", "--json")
	s.client().post("/clock", object{"now": at8("03-03 18:00")}).ok(200)
	patrols(t, s, 10)
	s.stop()
	if out := well(t, dir, "backup", "--to", saved); !strings.Contains(out, "in 2 parts") {
		t.Errorf("continued, it says %q", out)
	}
	all, _, _ := run(t, dir, "log", "--json")

	whole := t.TempDir()
	well(t, whole, "restore", "--from", saved)
	sameLog(t, whole, all)
	again := start(t, whole, "--clock", at8("03-03 18:00")) // and it goes on
	patrols(t, again, 5)
	again.stop()
	well(t, whole, "check")

	before := t.TempDir()
	well(t, before, "restore", "--from", saved, "--until", at8("03-02 12:00"))
	sameLog(t, before, first)

	from := "sqlite://" + filepath.ToSlash(filepath.Join(dir, "data"))
	if url := logOf(t, dir); url != "" {
		from = url
	}
	copied := filepath.Join(t.TempDir(), "copy")
	for range 2 { // the second time there is nothing left to do
		well(t, dir, "copy", "--from", from, "--to", "sqlite://"+filepath.ToSlash(copied))
	}
	got, _, _ := run(t, dir, "log", "--json", "--data", copied, "--log", "sqlite://"+filepath.ToSlash(copied))
	if got != all {
		t.Error("the copy is not the original")
	}
	if _, errs, status := run(t, dir, "restore", "--from", saved, "--data", copied, "--log", "sqlite://"+filepath.ToSlash(copied), "--position", "zzzzzz!"); status == 0 {
		t.Errorf("a position that is none was taken: %s", errs)
	}
}

// patrols logs so many.
func patrols(t *testing.T, s *server, n int) {
	t.Helper()
	c := s.client().as(feng)
	for range n {
		c.post("/inspections", object{"programme": "fire", "cell": site1, "started_at": at8("03-02 09:00"), "ended_at": at8("03-02 09:20"),
			"content": "查看消防通道", "participants": []string{"值班人员"}, "checklist": passed(checklists["fire"]...),
			"hazards": []object{{"item": "corridor_cluttered", "description": "楼道堆物"}}}).ok(201)
	}
}

// well runs a command that has to end well, and gives what it said.
func well(t *testing.T, dir string, args ...string) string {
	t.Helper()
	out, errs, status := run(t, dir, args...)
	if status != 0 {
		t.Fatalf("%s ends with %d:\n%s%s", args[0], status, out, errs)
	}
	return out
}

// position is where a line of "log --json" says where the record is.
var position = regexp.MustCompile(`"position":"[0-9a-z]+",`)

// sameLog holds that a directory's log says the same, record by record, and that its views follow from it.
func sameLog(t *testing.T, dir, want string) {
	t.Helper()
	got, _, _ := run(t, dir, "log", "--json")
	if onEventStoreDB() { // which gives new positions
		got, want = position.ReplaceAllString(got, ""), position.ReplaceAllString(want, "")
	}
	if got != want {
		t.Errorf("the log has %d records, not the %d of the original, or says something else", strings.Count(got, "\n"), strings.Count(want, "\n"))
	}
	well(t, dir, "check")
}
