package pgtest_test

import (
	"testing"

	"github.com/jackc/pgx/v5"
	"gridward/adapters/pgtest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// Two databases of one test are two, and neither has anything in it.
func TestStartGivesAnEmptyDatabaseEachTime(t *testing.T) {
	for _, url := range []string{pgtest.Start(t), pgtest.Start(t)} {
		conn, err := pgx.Connect(t.Context(), url)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := conn.Exec(t.Context(), `CREATE TABLE t (x TEXT)`); err != nil {
			t.Error(err)
		}
		if err := conn.Close(t.Context()); err != nil {
			t.Error(err)
		}
	}
}

func TestAKilledServerComesBackWithWhatItHad(t *testing.T) {
	s := pgtest.StartServer(t)
	url := s.Database(t)
	run := func(text string) (n int) {
		t.Helper()
		conn, err := pgx.Connect(t.Context(), url)
		if err != nil {
			t.Fatal(err)
		}
		if err := conn.QueryRow(t.Context(), text).Scan(&n); err != nil {
			t.Error(err)
		}
		_ = conn.Close(t.Context())
		return n
	}
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Exec(t.Context(), `CREATE TABLE t AS SELECT 7 AS x`); err != nil {
		t.Fatal(err)
	}
	s.Kill(t)
	if err := conn.Ping(t.Context()); err == nil {
		t.Error("a killed server answers")
	}
	s.Run(t)
	if x := run(`SELECT x FROM t`); x != 7 {
		t.Errorf("got %d", x)
	}
	s.Shutdown(t)
	s.Run(t)
	if x := run(`SELECT x FROM t`); x != 7 {
		t.Errorf("got %d", x)
	}
}
