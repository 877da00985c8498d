// Package pgtest gives tests a real PostgreSQL: the server GRIDWARD_PG_DSN names, or one of their own, started from
// the programs installed on the machine and gone with the test process.
//
// A package that uses it has
//
//	func TestMain(m *testing.M) { pgtest.Main(m) }
package pgtest

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// Env names a server to be used instead of one of the harness's own: the URL of a database in which the user may
// create databases.
const Env = "GRIDWARD_PG_DSN"

// shared is the one server of this test process.
var shared struct {
	once   sync.Once
	server *Server // nil when Env names one
	url    string
	err    error
}

// Main runs the tests, then what comes after them, and ends the server they shared.
func Main(m *testing.M, after ...func()) {
	code := m.Run()
	for _, do := range after {
		do()
	}
	if shared.server != nil {
		if err := shared.server.end(); err != nil {
			fmt.Fprintln(os.Stderr, "pgtest:", err)
			code = max(code, 1)
		}
	}
	os.Exit(code)
}

// Start gives the URL of an empty database of the test's own, dropped at its end. Without PostgreSQL the test is
// skipped, in CI it fails.
func Start(t testing.TB) (dsn string) {
	t.Helper()
	shared.once.Do(func() {
		if shared.url = os.Getenv(Env); shared.url != "" {
			return
		}
		if shared.server, shared.err = start(); shared.err == nil {
			shared.url = shared.server.URL("postgres")
		}
	})
	need(t, shared.err)
	return database(t, shared.url)
}

// StartServer gives a server of the test's own, to be killed and started again; never the one Env names.
func StartServer(t testing.TB) *Server {
	t.Helper()
	s, err := start()
	need(t, err)
	t.Cleanup(func() {
		if err := s.end(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// errMissing says that the machine has no PostgreSQL.
var errMissing = errors.New("no PostgreSQL server program (initdb and postgres) in PATH or /usr/lib/postgresql/*/bin: " +
	"install it (Debian: apt-get install postgresql) or set " + Env)

func need(t testing.TB, err error) {
	t.Helper()
	switch {
	case err == nil:
	case errors.Is(err, errMissing) && os.Getenv("CI") != "true":
		t.Skipf("SKIPPED, loudly: nothing of PostgreSQL is tested here: %v", err)
	default:
		t.Fatalf("PostgreSQL: %v", err)
	}
}

// programs is the directory with initdb and postgres: of PATH, or else the newest that Debian installs.
func programs() (string, error) {
	dirs, err := filepath.Glob("/usr/lib/postgresql/*/bin")
	if err != nil {
		return "", err
	}
	slices.Reverse(dirs) // the newest first
	for _, dir := range append(filepath.SplitList(os.Getenv("PATH")), dirs...) {
		if isFile(filepath.Join(dir, "initdb")) && isFile(filepath.Join(dir, "postgres")) {
			return dir, nil
		}
	}
	return "", errMissing
}

func isFile(path string) bool {
	info, err := os.Stat(path) //nolint:gosec // of PATH
	return err == nil && info.Mode().IsRegular()
}

// database makes an empty database beside the one of the URL, for as long as the test runs.
func database(t testing.TB, server string) string {
	t.Helper()
	u, err := url.Parse(server)
	if err != nil || u.Scheme == "" {
		t.Fatalf("%s is not a URL of the form postgres://user@host/database", Env)
	}
	name := newDatabase(t, server)
	t.Cleanup(func() { statement(t, server, "DROP DATABASE IF EXISTS "+name+" WITH (FORCE)") })
	u.Path = "/" + name
	return u.String()
}

// newDatabase makes one that orders texts by their bytes, as the views need it.
func newDatabase(t testing.TB, server string) (name string) {
	t.Helper()
	name = "gridward_" + random()
	statement(t, server, "CREATE DATABASE "+name+" TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C'")
	return name
}

// statement runs one on a connection of its own.
func statement(t testing.TB, url, text string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		t.Fatal(err)
	}
	_, err = conn.Exec(ctx, text)
	if err = errors.Join(err, conn.Close(ctx)); err != nil {
		t.Fatal(err)
	}
}

// random is a word nobody else uses.
func random() string {
	var b [8]byte
	_, _ = rand.Read(b[:]) // never fails
	return hex.EncodeToString(b[:])
}
