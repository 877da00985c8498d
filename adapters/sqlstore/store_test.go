package sqlstore

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"gridward/adapters/storetest"
	"gridward/app"
)

func TestContract(t *testing.T) {
	storetest.Run(t, func(t *testing.T, now func() time.Time) storetest.Harness {
		dir := t.TempDir()
		log := open(t, dir, Options{Clock: now})
		return storetest.Harness{
			Log: log,
			Reopen: func(t *testing.T) app.Log {
				mustClose(t, log)
				log = open(t, dir, Options{Clock: now})
				return log
			},
			Close: func(t *testing.T) { mustClose(t, log) },
		}
	})
}

func open(t testing.TB, dir string, o Options) *Store {
	t.Helper()
	if o.Clock == nil {
		o.Clock = time.Now
	}
	s, err := Open(context.Background(), dir, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { mustClose(t, s) })
	return s
}

func mustClose(t testing.TB, s *Store) {
	t.Helper()
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
}

// The log and the views hold names and phones: nobody but their owner reads them, whatever the directory allows.
func TestFilesAreTheOwnersAlone(t *testing.T) {
	dir := t.TempDir()
	s, err := Open(t.Context(), dir, Options{Clock: time.Now})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = s.Close() }()
	db, err := OpenViewsFile(filepath.Join(dir, "views.db"), false)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	files, err := filepath.Glob(filepath.Join(dir, "*.db*"))
	if err != nil || len(files) < 4 {
		t.Fatalf("%v, %v", files, err)
	}
	for _, f := range files {
		if info, err := os.Stat(f); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s has the rights %v, %v", filepath.Base(f), info.Mode(), err)
		}
	}
}
