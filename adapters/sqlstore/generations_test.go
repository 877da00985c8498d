package sqlstore_test

import (
	"database/sql"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"gridward/adapters/sqlstore"
	"gridward/domain/fault"
)

func openGeneration(t *testing.T, g *sqlstore.Generations, n int) *sql.DB {
	t.Helper()
	db, err := g.Open(t.Context(), n)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

func exec(t *testing.T, db *sql.DB, text string) {
	t.Helper()
	if _, err := db.ExecContext(t.Context(), text); err != nil {
		t.Fatal(err)
	}
}

func wantCurrent(t *testing.T, g *sqlstore.Generations, n int, fingerprint string) {
	t.Helper()
	if gotN, gotF, err := g.Current(t.Context()); gotN != n || gotF != fingerprint || err != nil {
		t.Errorf("current is %d %q %v, want %d %q", gotN, gotF, err, n, fingerprint)
	}
}

func TestAGenerationIsBuiltBesideTheLiveOneAndSwitchedTo(t *testing.T) {
	dir := t.TempDir()
	g := sqlstore.NewGenerations(dir, false)
	wantCurrent(t, g, 0, "")

	one := openGeneration(t, g, 1)
	exec(t, one, `CREATE TABLE t (x INTEGER)`)
	if err := g.Switch(t.Context(), 1, "a"); err != nil {
		t.Fatal(err)
	}
	two := openGeneration(t, g, 2)
	exec(t, two, `CREATE TABLE u (x INTEGER)`)
	exec(t, one, `INSERT INTO t VALUES (1)`)
	wantCurrent(t, g, 1, "a")
	if err := g.Switch(t.Context(), 2, "b"); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(one.Close(), g.Drop(t.Context(), 1), g.Drop(t.Context(), 1), two.Close()); err != nil {
		t.Fatal(err)
	}

	again := sqlstore.NewGenerations(dir, false)
	wantCurrent(t, again, 2, "b")
	exec(t, openGeneration(t, again, 2), `INSERT INTO u VALUES (1)`)
	if left, err := filepath.Glob(filepath.Join(dir, "views-1.*")); err != nil || len(left) != 0 {
		t.Errorf("left of the dropped generation: %v, %v", left, err)
	}
}

func TestAPointerToNothingCountsAsNone(t *testing.T) {
	dir := t.TempDir()
	g := sqlstore.NewGenerations(dir, false)
	if err := g.Switch(t.Context(), 7, "a"); err != nil {
		t.Fatal(err)
	}
	wantCurrent(t, g, 0, "")
	if err := os.WriteFile(filepath.Join(dir, "views.json"), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, _, err := g.Current(t.Context()); err == nil {
		t.Error("a broken pointer was taken")
	}
}

func TestReadOnlyGenerationsChangeNothing(t *testing.T) {
	dir := t.TempDir()
	g := sqlstore.NewGenerations(dir, false)
	live, err := g.Open(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	exec(t, live, `CREATE TABLE t (x INTEGER)`)
	if err := errors.Join(g.Switch(t.Context(), 1, "a"), live.Close()); err != nil {
		t.Fatal(err)
	}

	ro := sqlstore.NewGenerations(dir, true)
	wantCurrent(t, ro, 1, "a")
	var n int
	db := openGeneration(t, ro, 1)
	if err := db.QueryRowContext(t.Context(), `SELECT count(*) FROM t`).Scan(&n); err != nil || n != 0 {
		t.Errorf("%d rows, %v", n, err)
	}
	if _, err := db.ExecContext(t.Context(), `INSERT INTO t VALUES (1)`); err == nil {
		t.Error("a read-only generation was written")
	}
	_, open := ro.Open(t.Context(), 2)
	for what, err := range map[string]error{"open": open, "switch": ro.Switch(t.Context(), 2, "b"), "drop": ro.Drop(t.Context(), 1)} {
		if !errors.Is(err, fault.New(fault.Unavailable, "views_read_only", "")) {
			t.Errorf("%s: %v", what, err)
		}
	}
	wantCurrent(t, g, 1, "a")
}
