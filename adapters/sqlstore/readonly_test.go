package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"gridward/app"
	"gridward/domain/fault"
)

func openReadOnly(t *testing.T, dir string) *Store {
	t.Helper()
	s, err := OpenReadOnly(context.Background(), dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { mustClose(t, s) })
	return s
}

func TestReadOnlyFollowsALogThatIsWritten(t *testing.T) {
	ctx := context.Background()
	dir := t.TempDir()
	w := open(t, dir, Options{})
	mustAppend := func(expected uint64, n int) app.Position {
		t.Helper()
		got, err := w.Append(ctx, "a", expected, []app.Record{rec("a", n)})
		if err != nil {
			t.Fatal(err)
		}
		return got.Position
	}
	first := mustAppend(0, 1)
	r := openReadOnly(t, dir)
	if r.ID() != w.ID() {
		t.Fatalf("the reader says log %s, the writer %s", r.ID(), w.ID())
	}
	waited := make(chan error, 1)
	go func() { waited <- r.Wait(ctx, first) }()
	second := mustAppend(1, 2)
	if err := <-waited; err != nil {
		t.Fatal(err)
	}
	if head, err := r.Head(ctx); err != nil || head != second {
		t.Fatalf("the reader's head is %d, %v, want %d", head, err, second)
	}
	if got, err := r.Load(ctx, "a", 0); err != nil || len(got) != 2 {
		t.Fatalf("the reader loads %d records, %v", len(got), err)
	}
	_, err := r.Append(ctx, "a", 2, []app.Record{rec("a", 3)})
	wantUnavailable(t, err, "log_read_only")

	mustClose(t, w) // the writer goes; the reader stays
	if n := count(t, r); n != 2 {
		t.Fatalf("after the writer is gone the reader finds %d records", n)
	}
	if n := count(t, openReadOnly(t, dir)); n != 2 {
		t.Fatalf("a reader opened without a writer finds %d records", n)
	}
}

func TestReadOnlyNeedsALog(t *testing.T) {
	dir := t.TempDir()
	_, err := OpenReadOnly(context.Background(), dir)
	if e, ok := fault.As(err); !ok || e.Kind != fault.NotFound || e.Code != "log_not_found" {
		t.Fatalf("got %v", err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 0 {
		t.Fatalf("looking for a log left %v, %v", left, err)
	}
}

func TestViewsHaveOneWriterAndReadersBesideIt(t *testing.T) {
	ctx := context.Background()
	path := filepath.Join(t.TempDir(), "views-1 ?#%.db")
	db, err := OpenViewsFile(path, false)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { mustCloseDB(t, db) })
	if _, err := db.ExecContext(ctx, `CREATE TABLE v (n INTEGER)`); err != nil {
		t.Fatal(err)
	}
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.ExecContext(ctx, `INSERT INTO v VALUES (1)`); err != nil {
		t.Fatal(err)
	}
	ro, err := OpenViewsFile(path, true)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { mustCloseDB(t, ro) })
	rows := func(want int) {
		t.Helper()
		var own, other int
		if err := errors.Join(db.QueryRowContext(ctx, `SELECT count(*) FROM v`).Scan(&own),
			ro.QueryRowContext(ctx, `SELECT count(*) FROM v`).Scan(&other)); err != nil {
			t.Fatal(err)
		}
		if own != want || other != want {
			t.Fatalf("readers see %d and %d rows, want %d", own, other, want)
		}
	}
	rows(0)
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
	rows(1)
	if _, err := ro.ExecContext(ctx, `INSERT INTO v VALUES (2)`); err == nil {
		t.Fatal("a connection for reading wrote")
	}
	if _, err := OpenViewsFile(filepath.Join(t.TempDir(), "none.db"), true); err == nil {
		t.Fatal("a file that is not there was opened for reading")
	}
}

func mustCloseDB(t *testing.T, db *sql.DB) {
	t.Helper()
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}
