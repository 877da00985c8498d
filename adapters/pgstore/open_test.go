package pgstore

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"gridward/adapters/pgtest"
	"gridward/domain/fault"
)

// raw is a connection of the test's own.
func raw(t testing.TB, url string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(context.Background(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}

func run(t testing.TB, conn *pgx.Conn, text string, args ...any) {
	t.Helper()
	if _, err := conn.Exec(context.Background(), text, args...); err != nil {
		t.Fatal(err)
	}
}

func TestTenNodesThatStartTogetherMakeOneLog(t *testing.T) {
	url := pgtest.Start(t)
	var all sync.WaitGroup
	var mu sync.Mutex
	ids := map[uuid.UUID]int{}
	for range 10 {
		all.Go(func() {
			s, err := Open(context.Background(), url, Options{Clock: time.Now})
			if err != nil {
				t.Error(err)
				return
			}
			mu.Lock()
			ids[s.ID()]++
			mu.Unlock()
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	if len(ids) != 1 || ids[uuid.Nil] != 0 {
		t.Errorf("ten nodes found the logs %v", ids)
	}
}

// What is wrong with a URL is said by a code and in words, and never with the password.
func TestOpenSaysWhatIsWrong(t *testing.T) {
	good := pgtest.Start(t)
	change := func(f func(*url.URL)) string {
		u, err := url.Parse(good)
		if err != nil {
			t.Fatal(err)
		}
		f(u)
		return u.String()
	}
	const secret = "hush-1f0c"
	password := func(u *url.URL) { u.User = url.UserPassword(u.User.Username(), secret) }
	cases := []struct{ name, url, code, says string }{
		{"no URL", "postgres://user:" + secret + "@host:port/db", "log_url_invalid", "postgres://user@host"},
		{"nothing there", change(func(u *url.URL) { password(u); u.Host = "127.0.0.1:1" }), "log_unreachable", "127.0.0.1:1"},
		{"no such host", change(func(u *url.URL) { password(u); u.Host = "nowhere.invalid:5432" }), "log_unreachable", "nowhere.invalid"},
		{"wrong password", change(password), "log_login_refused", "check the user"},
		{"no such database", change(func(u *url.URL) { u.Path = "/nowhere" }), "log_database_missing", "nowhere"},
	}
	for _, c := range cases {
		_, err := Open(t.Context(), c.url, Options{Clock: time.Now})
		wantCode(t, c.name, err, c.code)
		if err != nil && (strings.Contains(err.Error(), secret) || !strings.Contains(err.Error(), c.says)) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

func wantCode(t *testing.T, what string, err error, code string) {
	t.Helper()
	if e, ok := fault.As(err); !ok || e.Code != code {
		t.Errorf("%s: got %v, want %s", what, err, code)
	}
}

func TestOpenRefusesALogOfAnotherFormat(t *testing.T) {
	url := pgtest.Start(t)
	mustClose(t, open(t, url, Options{}))
	run(t, raw(t, url), `UPDATE gridward.log SET format = 99`)
	_, err := Open(t.Context(), url, Options{Clock: time.Now})
	wantCode(t, "a newer format", err, "log_format_unknown")
	if err == nil || !strings.Contains(err.Error(), "format 99") {
		t.Errorf("got %v", err)
	}
}

// newRole makes a role without rights, and gives its URL.
func newRole(t *testing.T, conn *pgx.Conn, owner string) (role, its string) {
	t.Helper()
	role = fmt.Sprintf("few_%d", time.Now().UnixNano())
	run(t, conn, `CREATE ROLE `+role+` LOGIN PASSWORD 'few'`)
	t.Cleanup(func() {
		run(t, conn, `DROP OWNED BY `+role+` CASCADE`)
		run(t, conn, `DROP ROLE `+role)
	})
	u, err := url.Parse(owner)
	if err != nil {
		t.Fatal(err)
	}
	u.User = url.UserPassword(role, "few")
	return role, u.String()
}

// The program's role needs no more than docs/postgres.md grants it: it makes nothing, changes nothing, deletes nothing.
func TestTheLogNeedsFewRights(t *testing.T) {
	owner := pgtest.Start(t)
	mustClose(t, open(t, owner, Options{}))
	conn := raw(t, owner)
	role, url := newRole(t, conn, owner)

	_, err := Open(t.Context(), url, Options{Clock: time.Now})
	wantCode(t, "a role without rights", err, "log_no_rights")
	run(t, conn, `GRANT USAGE ON SCHEMA gridward TO `+role)
	run(t, conn, `GRANT SELECT ON ALL TABLES IN SCHEMA gridward TO `+role)
	run(t, conn, `GRANT INSERT ON gridward.streams, gridward.events TO `+role)
	s := open(t, url, Options{})
	mustAppend(t, s, "a", 0, rec("a", 1))
	wantVersions(t, s, map[string]uint64{"a": 1})
	mine := raw(t, url)
	for _, text := range []string{`DELETE FROM gridward.events`, `UPDATE gridward.events SET data = ''`, `TRUNCATE gridward.events`, `DROP TABLE gridward.events`} {
		if _, err := mine.Exec(t.Context(), text); state(err) != stateNoRights {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// A server that forgets what it acknowledged is refused, unless a test wants it so.
func TestOpenRefusesAServerThatMayForget(t *testing.T) {
	server := pgtest.StartServer(t)
	url := server.Database(t)
	conn := raw(t, url)
	run(t, conn, `ALTER SYSTEM SET fsync = off`)
	run(t, conn, `SELECT pg_reload_conf()`)
	var err error
	for range 200 { // the server reads its settings in its own time
		var s *Store
		if s, err = Open(t.Context(), url, Options{Clock: time.Now}); err != nil {
			break
		}
		mustClose(t, s)
		time.Sleep(10 * time.Millisecond)
	}
	if !errors.Is(err, fault.New(fault.Unavailable, "log_unsafe", "")) {
		t.Errorf("got %v", err)
	}
	mustClose(t, open(t, url, Options{UnsafeServer: true}))
}
