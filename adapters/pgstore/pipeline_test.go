package pgstore

import (
	"context"
	"database/sql"
	"errors"
	"testing"

	"gridward/adapters/pgtest"
)

// pipelinedTable is a generation with one table, and a transaction with a statement that writes into it.
func pipelinedTable(t *testing.T) (db *sql.DB, begin func() (*sql.Tx, *sql.Stmt)) {
	t.Helper()
	g := generations(t, pgtest.Start(t), false)
	db = openGeneration(t, g, 1)
	execute(t, db, `CREATE TABLE t (x BIGINT PRIMARY KEY, s TEXT)`)
	return db, func() (*sql.Tx, *sql.Stmt) {
		tx, err := db.Begin()
		if err != nil {
			t.Fatal(err)
		}
		stmt, err := tx.Prepare(`INSERT INTO t (x, s) VALUES ($1, $2) ON CONFLICT (x) DO UPDATE SET s = excluded.s WHERE t.s <> excluded.s`)
		if err != nil {
			t.Fatal(err)
		}
		return tx, stmt
	}
}

func countRows(t *testing.T, q interface {
	QueryRow(query string, args ...any) *sql.Row
}) (n int) {
	t.Helper()
	if err := q.QueryRow(`SELECT count(*) FROM t`).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// What is sent without waiting is read, counted and committed as if it had been waited for.
func TestWritesThatAreNotWaitedFor(t *testing.T) {
	db, begin := pipelinedTable(t)
	tx, stmt := begin() //nolint:sqlclosecheck // closed with the transaction
	var results []sql.Result
	for n := range 3000 { // more than are sent at once
		r, err := stmt.Exec(n, "a")
		if err != nil {
			t.Fatal(err)
		}
		results = append(results, r)
	}
	same, err := stmt.Exec(1, "a")
	if err != nil {
		t.Fatal(err)
	}
	if n := countRows(t, tx); n != 3000 {
		t.Errorf("the transaction itself sees %d rows", n)
	}
	for _, r := range results {
		if n, err := r.RowsAffected(); n != 1 || err != nil {
			t.Fatalf("%d rows, %v", n, err)
		}
	}
	if n, err := same.RowsAffected(); n != 0 || err != nil {
		t.Errorf("a row that was as it should be: %d rows, %v", n, err)
	}
	if n := countRows(t, db); n != 0 {
		t.Errorf("another connection sees %d rows before the commit", n)
	}
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
	if n := countRows(t, db); n != 3000 {
		t.Errorf("%d rows were committed", n)
	}
}

// A statement that fails is told at the latest by the commit, and takes everything with it.
func TestAWriteThatFailsLaterFailsTheTransaction(t *testing.T) {
	db, begin := pipelinedTable(t)
	for _, tell := range []func(*sql.Tx, *sql.Stmt, sql.Result) error{
		func(tx *sql.Tx, _ *sql.Stmt, _ sql.Result) error { return tx.Commit() },
		func(tx *sql.Tx, _ *sql.Stmt, r sql.Result) error {
			_, err := r.RowsAffected()
			return errors.Join(err, noError(t, tx.Rollback()))
		},
		func(tx *sql.Tx, _ *sql.Stmt, _ sql.Result) error {
			var n int
			err := tx.QueryRow(`SELECT 1`).Scan(&n)
			return errors.Join(err, noError(t, tx.Rollback()))
		},
		func(tx *sql.Tx, stmt *sql.Stmt, r sql.Result) error {
			_, _ = r.RowsAffected()
			_, err := stmt.Exec(7, "e")
			return errors.Join(err, noError(t, tx.Rollback()))
		},
	} {
		tx, stmt := begin()
		if _, err := stmt.Exec(1, "a"); err != nil {
			t.Fatal(err)
		}
		bad, err := stmt.Exec(2, "a\x00") // no text of the server's
		if err != nil {
			t.Fatal(err)
		}
		if _, err := stmt.Exec(3, "a"); err != nil {
			t.Fatal(err)
		}
		if err := tell(tx, stmt, bad); state(err) != "22021" {
			t.Errorf("got %v", err)
		}
		if n := countRows(t, db); n != 0 {
			t.Fatalf("%d rows are left", n)
		}
	}
	tx, stmt := begin() //nolint:sqlclosecheck // likewise; and the connection is well
	if _, err := stmt.ExecContext(context.Background(), 1, "a"); err != nil {
		t.Fatal(err)
	}
	if err := tx.Commit(); err != nil || countRows(t, db) != 1 {
		t.Errorf("%v, %d rows", err, countRows(t, db))
	}
}

// noError holds that an end went well and gives nothing.
func noError(t *testing.T, err error) error {
	t.Helper()
	if err != nil {
		t.Error(err)
	}
	return nil
}

// What is read is planned for what is asked, however often it was asked before; what a projector writes keeps its plans.
func TestWhatIsReadIsPlannedEachTime(t *testing.T) {
	db := openGeneration(t, generations(t, pgtest.Start(t), false), 1)
	db.SetMaxOpenConns(1) // so that both are on one connection
	mode := func(q interface {
		QueryRow(query string, args ...any) *sql.Row
	}, want string) {
		t.Helper()
		var got string
		if err := q.QueryRow(`SHOW plan_cache_mode`).Scan(&got); err != nil || got != want {
			t.Errorf("plan_cache_mode is %q, %v; want %q", got, err, want)
		}
	}
	mode(db, "force_custom_plan")
	for _, end := range []func(*sql.Tx) error{(*sql.Tx).Commit, (*sql.Tx).Rollback} {
		tx, err := db.Begin()
		if err != nil {
			t.Fatal(err)
		}
		mode(tx, "auto")
		if err := end(tx); err != nil {
			t.Fatal(err)
		}
		mode(db, "force_custom_plan")
	}
}
