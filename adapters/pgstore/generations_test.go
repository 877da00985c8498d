package pgstore

import (
	"database/sql"
	"errors"
	"strings"
	"testing"
	"time"

	"gridward/adapters/pgtest"
	"gridward/app/views"
	"gridward/domain/fault"
)

var _ views.Generations = (*Generations)(nil)

func generations(t *testing.T, url string, readOnly bool) *Generations {
	t.Helper()
	g, err := NewGenerations(url, readOnly)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

func openGeneration(t *testing.T, g *Generations, n int) *sql.DB {
	t.Helper()
	db, err := g.Open(t.Context(), n)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

func execute(t *testing.T, db *sql.DB, text string) {
	t.Helper()
	if _, err := db.ExecContext(t.Context(), text); err != nil {
		t.Fatal(err)
	}
}

func wantCurrent(t *testing.T, g *Generations, n int, fingerprint string) {
	t.Helper()
	if gotN, gotF, err := g.Current(t.Context()); gotN != n || gotF != fingerprint || err != nil {
		t.Errorf("current is %d %q %v, want %d %q", gotN, gotF, err, n, fingerprint)
	}
}

// Another node notices within a second that there is a newer generation: until then it reads the old one.
func TestAGenerationThatOthersReadIsDroppedWhenTheyHaveLeft(t *testing.T) {
	url := pgtest.Start(t)
	g := generations(t, url, false)
	mine := openGeneration(t, g, 1)
	execute(t, mine, `CREATE TABLE t (x BIGINT)`)
	if err := mine.Close(); err != nil {
		t.Fatal(err)
	}
	other := openGeneration(t, generations(t, url, true), 1)
	dropped := make(chan error, 1)
	go func() { dropped <- g.Drop(t.Context(), 1) }()
	for range 20 {
		time.Sleep(10 * time.Millisecond)
		if _, err := other.ExecContext(t.Context(), `SELECT x FROM t`); err != nil {
			t.Fatalf("while it is read: %v", err)
		}
	}
	select {
	case err := <-dropped:
		t.Fatalf("dropped while it is read: %v", err)
	default:
	}
	if err := other.Close(); err != nil {
		t.Fatal(err)
	}
	if err := <-dropped; err != nil {
		t.Fatal(err)
	}
}

func TestAGenerationIsBuiltBesideTheLiveOneAndSwitchedTo(t *testing.T) {
	url := pgtest.Start(t)
	g := generations(t, url, false)
	wantCurrent(t, g, 0, "")

	one := openGeneration(t, g, 1)
	execute(t, one, `CREATE TABLE t (x BIGINT)`)
	if err := g.Switch(t.Context(), 1, "a"); err != nil {
		t.Fatal(err)
	}
	built, err := g.Build(t.Context(), 2)
	if err != nil {
		t.Fatal(err)
	}
	execute(t, built, `CREATE TABLE u (x BIGINT)`)
	execute(t, built, `INSERT INTO u VALUES (7)`)
	if err := built.Close(); err != nil {
		t.Fatal(err)
	}
	two := openGeneration(t, g, 2)
	execute(t, one, `INSERT INTO t VALUES (1)`)
	wantCurrent(t, g, 1, "a")
	if err := g.Switch(t.Context(), 2, "b"); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(one.Close(), g.Drop(t.Context(), 1), g.Drop(t.Context(), 1), two.Close()); err != nil {
		t.Fatal(err)
	}

	again := generations(t, url, false)
	wantCurrent(t, again, 2, "b")
	var x int
	if err := openGeneration(t, again, 2).QueryRow(`SELECT x FROM u`).Scan(&x); err != nil || x != 7 {
		t.Errorf("got %d, %v", x, err)
	}
	var left int
	if err := two.QueryRow(`SELECT 1`).Scan(&left); err == nil {
		t.Error("a closed generation answers")
	}
}

func TestAPointerToNothingCountsAsNone(t *testing.T) {
	g := generations(t, pgtest.Start(t), false)
	if err := g.Switch(t.Context(), 7, "a"); err != nil {
		t.Fatal(err)
	}
	wantCurrent(t, g, 0, "")
}

// What was committed to the views without being forced onto the disk is there after a crash once Switch has returned.
func TestSwitchForcesWhatWasCommittedBefore(t *testing.T) {
	server := pgtest.StartServer(t)
	g := generations(t, server.Database(t), false)
	db := openGeneration(t, g, 1)
	execute(t, db, `CREATE TABLE t (x BIGINT)`)
	execute(t, db, `INSERT INTO t SELECT generate_series(1, 1000)`)
	if err := g.Switch(t.Context(), 1, "a"); err != nil {
		t.Fatal(err)
	}
	server.Kill(t)
	server.Run(t)
	wantCurrent(t, g, 1, "a")
	var n int
	if err := openGeneration(t, g, 1).QueryRow(`SELECT count(*) FROM t`).Scan(&n); err != nil || n != 1000 {
		t.Errorf("%d rows, %v", n, err)
	}
}

func TestReadOnlyGenerationsChangeNothing(t *testing.T) {
	url := pgtest.Start(t)
	g := generations(t, url, false)
	execute(t, openGeneration(t, g, 1), `CREATE TABLE t (x BIGINT)`)
	if err := g.Switch(t.Context(), 1, "a"); err != nil {
		t.Fatal(err)
	}

	ro := generations(t, url, true)
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

// The role that keeps the views may make schemas, and needs nothing else; without that it is told.
func TestTheViewsNeedFewRights(t *testing.T) {
	owner := pgtest.Start(t)
	conn := raw(t, owner)
	role, url := newRole(t, conn, owner)
	g := generations(t, url, false)
	_, err := g.Build(t.Context(), 1)
	wantCode(t, "a role without rights", err, "log_no_rights")
	run(t, conn, `GRANT CREATE ON DATABASE `+conn.Config().Database+` TO `+role)
	db, err := g.Build(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	execute(t, db, `CREATE TABLE t (x BIGINT)`)
	if err := errors.Join(db.Close(), g.Switch(t.Context(), 1, "a")); err != nil {
		t.Fatal(err)
	}
	execute(t, openGeneration(t, g, 1), `INSERT INTO t VALUES (1)`)
	wantCurrent(t, g, 1, "a")
}

// A database that orders texts as a dictionary does would give wrong ranges of cells without an error.
func TestViewsNeedTextsInTheOrderOfTheirBytes(t *testing.T) {
	url := pgtest.Start(t)
	g := generations(t, url, false)
	db := openGeneration(t, g, 1)
	var other string
	if err := db.QueryRow(`SELECT collname FROM pg_collation WHERE collprovider = 'i' AND collname = 'en-x-icu'`).Scan(&other); err != nil {
		t.Skip("SKIPPED, loudly: this server has no collation but its own")
	}
	name := strings.ReplaceAll(url[strings.LastIndex(url, "/")+1:], "gridward_", "gridward_icu_")
	execute(t, db, `CREATE DATABASE `+name+` TEMPLATE template0 ENCODING 'UTF8' LOCALE_PROVIDER icu ICU_LOCALE 'en' LOCALE 'C'`)
	t.Cleanup(func() { _, _ = db.Exec(`DROP DATABASE ` + name + ` WITH (FORCE)`) })
	_, err := generations(t, url[:strings.LastIndex(url, "/")+1]+name, false).Open(t.Context(), 1)
	if !errors.Is(err, fault.New(fault.Unavailable, "views_order", "")) {
		t.Errorf("got %v", err)
	}
}
