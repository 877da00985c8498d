//go:build acceptance

package acceptance

import (
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// nobody is a user without rights, for what root could do anyway.
const nobody = 65534

// TestDiskFull fills the disk under the running program: commands are refused and leave nothing, reads go on, and
// when there is space again so do commands. A start on the full disk serves what it can.
func TestDiskFull(t *testing.T) {
	embeddedOnly(t)
	dir := t.TempDir()
	data := filepath.Join(dir, "data")
	if err := os.Mkdir(data, 0o750); err != nil {
		t.Fatal(err)
	}
	smallDisk(t, data)
	s := start(t, dir)
	prepare(t, s)
	filler := filepath.Join(data, "filler")

	fillUp(t, filler)
	admin := s.client()
	acknowledged := registerUntilRefused(t, s)
	admin.get("/cells/" + site1).ok(200)
	admin.get("/cases").ok(200)
	admin.get("/events?limit=5").ok(200)

	if err := os.Remove(filler); err != nil {
		t.Fatal(err)
	}
	acknowledged = append(acknowledged, register(t, s))
	s.stop()
	held(t, dir, acknowledged)

	fillUp(t, filler)
	s = start(t, dir)
	s.client().get("/cells/" + site1).ok(200)
	acknowledged = append(acknowledged, registerUntilRefused(t, s)...)
	s.stop()
	if err := os.Remove(filler); err != nil {
		t.Fatal(err)
	}
	s = start(t, dir)
	acknowledged = append(acknowledged, register(t, s))
	s.stop()
	held(t, dir, acknowledged)
	if out, errs, status := run(t, dir, "check", "--scratch", t.TempDir()); status != 0 {
		t.Errorf("check ends with %d:\n%s%s", status, out, errs)
	}
}

// smallDisk lays a disk of a few megabytes over a directory.
func smallDisk(t *testing.T, at string) {
	t.Helper()
	err := syscall.Mount("none", at, "tmpfs", 0, "size=8m")
	if err == nil {
		t.Cleanup(func() {
			if err := syscall.Unmount(at, 0); err != nil {
				t.Errorf("unmount %s: %v", at, err)
			}
		})
		return
	}
	const why = "a full disk cannot be tried here: laying a small disk over a directory needs the right to mount"
	if os.Getenv("CI") == "true" {
		t.Fatalf("%s: %v", why, err)
	}
	t.Skipf("SKIPPED, AND NOT PROVEN HERE: %s: %v", why, err)
}

// fillUp writes a file until the disk is full.
func fillUp(t *testing.T, path string) {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	for size := 64 << 10; size > 0; {
		_, err := f.Write(make([]byte, size))
		if errors.Is(err, syscall.ENOSPC) {
			size /= 2
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}

// register registers a person and gives the id.
func register(t *testing.T, s *server) string {
	t.Helper()
	return s.client().post("/persons", object{"name": "某人"}).ok(201).text("id")
}

// registerUntilRefused registers persons with much to keep until that is refused, in the way the contract has it, and
// gives the ids of those that were taken.
func registerUntilRefused(t *testing.T, s *server) []string {
	t.Helper()
	var taken []string
	for range 2000 {
		a := s.client().post("/persons", object{"name": "某人", "unit": strings.Repeat("单位", 30)})
		if a.status == 201 {
			taken = append(taken, a.text("id"))
			continue
		}
		a.refused(503, "log_unwritable")
		if a.header.Get("Retry-After") == "" {
			t.Error("the refusal does not say when to come back")
		}
		return taken
	}
	t.Fatal("the disk is full, and 2000 commands were taken")
	return nil
}

// held holds that the log has exactly these persons beside the one the load began with.
func held(t *testing.T, dir string, persons []string) {
	t.Helper()
	out, errs, status := run(t, dir, "log", "--type", "person.registered", "--json")
	if status != 0 {
		t.Fatalf("log ends with %d: %s", status, errs)
	}
	if n := strings.Count(out, "\n"); n != len(persons)+prepared {
		t.Errorf("%d persons in the log, %d were acknowledged", n, len(persons)+prepared)
	}
	for _, id := range persons {
		if strings.Count(out, `"person-`+id+`"`) != 1 {
			t.Errorf("person %s was acknowledged and is not there once", id)
		}
	}
}

// TestReadOnlyDirectory starts the program on a directory it may not write: it reads, and says what it cannot do.
func TestReadOnlyDirectory(t *testing.T) {
	embeddedOnly(t)
	dir := t.TempDir()
	s := start(t, dir)
	prepare(t, s)
	s.stop()
	forbidWriting(t, filepath.Join(dir, "data"))

	s = startAsNobody(t, dir)
	admin := s.client()
	if ready := admin.with("Authorization", ""); strings.Count(string(ready.do("GET", "/readyz", nil).ok(200).body), "cannot be written") != 1 {
		t.Error("readyz does not warn")
	}
	admin.get("/cells/" + site1).ok(200)
	admin.get("/events?limit=5").ok(200)
	admin.post("/persons", object{"name": "某人"}).refused(503, "log_unwritable")
	s.stop()
	if !strings.Contains(string(s.out.bytes()), "cannot be written") {
		t.Error("the program's log does not say why")
	}
}

// forbidWriting takes the right to write from a directory and what is in it, and lets everybody read it.
func forbidWriting(t *testing.T, data string) {
	t.Helper()
	for p := filepath.Dir(data); p != "/" && p != filepath.Clean(os.TempDir()); p = filepath.Dir(p) {
		if err := os.Chmod(p, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	entries, err := os.ReadDir(data)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		mode := os.FileMode(0o444)
		if e.IsDir() {
			mode = 0o555
		}
		if err := os.Chmod(filepath.Join(data, e.Name()), mode); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chmod(data, 0o555); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.Chmod(data, 0o755) }) // or it could not be removed
}

// startAsNobody is start, and where the tests run as root the program runs as somebody who is not.
func startAsNobody(t *testing.T, dir string) *server {
	t.Helper()
	if os.Geteuid() != 0 {
		return start(t, dir)
	}
	program := filepath.Join(dir, "gridward")
	from, err := os.Open(binary(t))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = from.Close() }()
	to, err := os.OpenFile(program, os.O_CREATE|os.O_WRONLY, 0o755) //nolint:gosec // it is a program
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(to, from); err != nil {
		t.Fatal(err)
	}
	if err := to.Close(); err != nil {
		t.Fatal(err)
	}
	s := &server{t: t, dir: dir, over: make(chan struct{})}
	s.cmd = exec.Command(program, "serve", "--listen", "127.0.0.1:0")
	s.cmd.Dir, s.cmd.Env = dir, environment(t, dir)
	s.cmd.Stdout, s.cmd.Stderr = &s.out, &s.out
	s.cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		s.err = s.cmd.Wait()
		close(s.over)
	}()
	t.Cleanup(s.kill)
	s.awaitReady()
	return s
}
