package sqlstore

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"gridward/app"
	"gridward/domain/fault"
)

// TestReadOnlyDirectory uses a directory that cannot be written. Root can write everywhere, so as root the use is
// made by a child with another user's rights.
func TestReadOnlyDirectory(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	s := open(t, dir, Options{})
	for n := range 3 {
		if _, err := s.Append(context.Background(), "a", uint64(n), []app.Record{rec("a", n)}); err != nil {
			t.Fatal(err)
		}
	}
	mustClose(t, s)
	for p := dir; p != "/" && p != os.TempDir(); p = filepath.Dir(p) { // let the other user get there
		if err := os.Chmod(p, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{logFile, lockFile} {
		if err := os.Chmod(filepath.Join(dir, name), 0o444); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chmod(dir, 0o555); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.Chmod(dir, 0o755) }) // or it could not be removed

	if os.Geteuid() != 0 {
		if err := useReadOnlyDir(dir); err != nil {
			t.Fatal(err)
		}
		return
	}
	cmd := exec.Command("/proc/self/exe")
	cmd.Env = append(os.Environ(), readOnlyDir+"="+dir)
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
}

// useReadOnlyDir holds that a log of three records in a directory without write permission is refused by name to a
// writer and given to a reader.
func useReadOnlyDir(dir string) error {
	ctx := context.Background()
	_, err := Open(ctx, dir, Options{Clock: time.Now})
	if e, ok := fault.As(err); !ok || e.Code != "data_dir_unwritable" || !strings.Contains(e.Message, dir) {
		return fmt.Errorf("opening for writing gave %w", err)
	}
	s, err := OpenReadOnly(ctx, dir)
	if err != nil {
		return err
	}
	got, err := s.Read(ctx, 0, 10)
	if err != nil || len(got) != 3 {
		return fmt.Errorf("a reader finds %d records, want 3: %w", len(got), err)
	}
	_, err = s.Append(ctx, "a", 3, []app.Record{rec("a", 9)})
	if e, ok := fault.As(err); !ok || e.Code != "log_read_only" {
		return fmt.Errorf("an append gave %w", err)
	}
	return s.Close()
}

// TestFullFileSystem fills a real file system, a small one in memory, and makes room on it again.
func TestFullFileSystem(t *testing.T) {
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, "size=4m"); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("in CI this test has to run: mount a tmpfs: %v", err)
		}
		t.Skipf("SKIPPED, loudly: a small file system cannot be mounted here (%v); the disk that is full is only played by a page limit", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, 0); err != nil {
			t.Error(err)
		}
	})
	ballast := filepath.Join(dir, "ballast")
	if err := os.WriteFile(ballast, make([]byte, 2<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	s := open(t, dir, Options{})
	if _, err := s.Append(context.Background(), "a", 0, []app.Record{rec("a", 1)}); err != nil {
		t.Fatal(err)
	}
	fills(t, s)
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	works(t, s)
}

// TestCloseLeavesNothingOpen looks at the process itself: a connection that was not closed would keep its files.
func TestCloseLeavesNothingOpen(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, Options{})
	if _, err := s.Append(context.Background(), "a", 0, []app.Record{rec("a", 1)}); err != nil {
		t.Fatal(err)
	}
	r := openReadOnly(t, dir)
	if n := count(t, s) + count(t, r); n != 2 {
		t.Fatalf("writer and reader see %d records together, want 2", n)
	}
	mustClose(t, r)
	mustClose(t, s)
	fds, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	for _, fd := range fds {
		if file, err := os.Readlink("/proc/self/fd/" + fd.Name()); err == nil && strings.HasPrefix(file, dir) {
			t.Errorf("%s is still open", file)
		}
	}
	left, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil || len(left) != 2 {
		t.Fatalf("the directory holds %v, %v, want the log and the lock", left, err)
	}
}
