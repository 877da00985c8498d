//go:build acceptance

package acceptance

import (
	"math/rand/v2"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"gridward/adapters/esdbtest"
	"gridward/adapters/pgtest"
)

// TestStormOnEventStoreDB lets the program work on a server of EventStoreDB's protocol that goes away and returns on the
// same port, takes calls and answers none, loses answers, drops appends, cuts reads off and breaks its connections,
// under load and while the clock goes on. What is held is what TestStorm holds on PostgreSQL; and nobody waits for ever.
func TestStormOnEventStoreDB(t *testing.T) {
	if !onEventStoreDB() {
		t.Skip("SKIPPED: this is about EventStoreDB; make faults and make acceptance run it there")
	}
	dir, server := t.TempDir(), startEventStoreDB(t)
	logs[dir] = server.URL() + "&defaultDeadline=1500" // so that a server that says nothing is given up within a round
	t.Cleanup(func() { delete(logs, dir) })
	s := start(t, dir, "--clock", firstHour.Format(time.RFC3339))
	random := rand.New(rand.NewPCG(20260302, 11))
	longest := weathers(t, s, max(8, faultRounds(t)/6), random, func(round int) {
		switch round % 8 {
		case 0:
			server.Break()
		case 1:
			server.Stop()
		case 2:
			server.Stall()
			time.Sleep(2 * time.Second) // longer than anybody waits for an answer
		case 3:
			server.LoseAnswers(5)
		case 4:
			server.DropAppends(5)
		case 5:
			server.CutReads(2)
		case 6: // it says nothing any more, and is killed
			server.Stall()
			time.Sleep(300 * time.Millisecond)
			server.Stop()
		case 7: // it comes and goes
			for range 5 {
				server.Stop()
				time.Sleep(time.Duration(random.IntN(100)) * time.Millisecond)
				server.Run(t)
				time.Sleep(time.Duration(random.IntN(100)) * time.Millisecond)
			}
		}
	}, func() {
		server.CutReads(0)
		server.Flow()
		server.Run(t)
	})
	if longest > 15*time.Second {
		t.Errorf("somebody was kept waiting for %s", longest)
	}
	if n := server.Unguarded(); n > 0 {
		t.Errorf("%d appends named no version", n)
	}
}

// TestCopyOntoEventStoreDB moves a log from the embedded engine to PostgreSQL and on to EventStoreDB. The last copy is
// killed and goes on, and later takes what came since; it says the same as the original but for the positions; and the
// program works on it, in the data directory it had, and with its views in PostgreSQL.
func TestCopyOntoEventStoreDB(t *testing.T) {
	if !onEventStoreDB() {
		t.Skip("SKIPPED: this is about EventStoreDB; make acceptance runs it there")
	}
	dir := t.TempDir()
	here, db := "sqlite://"+filepath.ToSlash(filepath.Join(dir, "data")), pgtest.Start(t)
	server := esdbtest.Start(t, esdbtest.Options{TLS: true, User: "gridward", Password: esdbPassword, Took: time.Millisecond})
	logs[dir] = here
	t.Cleanup(func() { delete(logs, dir) })
	well(t, dir, "demo", "--scale", "small", "--days", "14", "--seed", "7")
	well(t, dir, "copy", "--from", here, "--to", db)

	breaks(t, dir, server, "copy", "--from", db, "--to", server.URL())
	began := time.Now()
	out := well(t, dir, "copy", "--from", db, "--to", server.URL())
	copied := number(t, out, `(\d+) events copied`)
	t.Logf("%d events copied and verified in %s, after a break; a millisecond for each append", copied, time.Since(began).Round(time.Millisecond))
	if !strings.Contains(out, "new log") || copied == 0 || copied >= number(t, out, `(\d+) are the same`) {
		t.Errorf("gone on with, it says %q", out)
	}
	s := start(t, dir, "--clock", at8("01-01 08:00")) // the original goes on; the clock shows its end
	register(t, s)
	s.stop()
	if out := well(t, dir, "copy", "--from", here, "--to", server.URL()); number(t, out, `(\d+) events copied`) == 0 {
		t.Errorf("what came since was not copied: %q", out)
	}
	was, _, _ := run(t, dir, "log", "--json")
	is, _, _ := run(t, dir, "log", "--json", "--log", server.URL())
	if was == "" || position.ReplaceAllString(was, "") != position.ReplaceAllString(is, "") {
		t.Error("the copy is not the original")
	}

	logs[dir] = server.URL() // and the program moves
	s = start(t, dir, "--clock", at8("01-01 08:00"))
	register(t, s)
	s.client().get("/cases?limit=1").ok(200)
	s.stop()
	well(t, dir, "check")
	s = start(t, dir, "--clock", at8("01-01 08:00"), "--views", db) // the views may be in PostgreSQL
	register(t, s)
	s.client().get("/cases?limit=1").ok(200)
	s.stop()
	well(t, dir, "check", "--views", db)
	if _, errs, status := run(t, dir, "copy", "--from", here, "--to", server.URL()); status == 0 || !strings.Contains(errs, "records of its own") {
		t.Errorf("a log in use was continued as a copy: %d, %s", status, errs)
	}
	back := filepath.Join(t.TempDir(), "back") // and could move back
	well(t, dir, "copy", "--from", server.URL(), "--to", "sqlite://"+filepath.ToSlash(back))
	is, _, _ = run(t, dir, "log", "--json")
	if again, _, _ := run(t, dir, "log", "--json", "--log", "sqlite://"+filepath.ToSlash(back)); again != is {
		t.Error("the copy back is not the log on EventStoreDB")
	}
}

// breaks runs a command of the program and kills it once it has written something.
func breaks(t *testing.T, dir string, server *esdbtest.Server, args ...string) {
	t.Helper()
	cmd := exec.Command(binary(t), args...)
	cmd.Dir, cmd.Env = dir, environment(t, dir)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	over := make(chan error, 1)
	go func() { over <- cmd.Wait() }()
	before := server.Events()
	for server.Events() < before+200 {
		select {
		case err := <-over:
			t.Fatalf("%s ended before it was killed: %v", args[0], err)
		case <-time.After(time.Millisecond):
		}
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	<-over
}

// number is the number that the program says.
func number(t *testing.T, said, pattern string) int {
	t.Helper()
	m := regexp.MustCompile(pattern).FindStringSubmatch(said)
	if m == nil {
		t.Fatalf("it says %q", said)
	}
	n, err := strconv.Atoi(m[1])
	if err != nil {
		t.Fatal(err)
	}
	return n
}
