package esdb

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"gridward/adapters/esdbtest"
	"gridward/domain/fault"
)

const secret = "p%40ss,w0rd" // percent-encoded in a connection string

func TestConnectionStringsThatCannotBeUsed(t *testing.T) {
	for _, url := range []string{
		"", "esdb://", "postgres://u:" + secret + "@h/d", "esdb://:" + secret + "@h:2113", "esdb://u:" + secret + "@h:port", "esdb://u:" + secret + "@h:2113/path",
		"esdb://u:" + secret + "@a:1,b:x", "esdb://u:p@ss%zz@h", "esdb://u:" + secret + "@h?tls=perhaps", "esdb://u:" + secret + "@h?tlsCaFiel=x",
		"esdb://u:" + secret + "@h?tlsCAFile=/nowhere/ca.pem", "esdb://u:" + secret + "@h?defaultDeadline=soon", "esdb://u:" + secret + "@h?defaultDeadline=0",
		"esdb://u:" + secret + "@h?userCertFile=x", "esdb://u:" + secret + "@h?userCertFile=/nowhere/c&userKeyFile=/nowhere/k", "esdb://u:" + secret + "@h?maxDiscoverAttempts=0",
		"esdb://u:" + secret + "@h?nodePreference=best", "esdb://u:" + secret + "@h?%zz",
	} {
		s, err := Open(context.Background(), url, Options{Clock: time.Now})
		if err == nil {
			mustClose(t, s)
			t.Errorf("%s was opened", url)
			continue
		}
		wantFault(t, err, fault.Invalid, "log_url_invalid")
		wantNoSecret(t, err)
	}
}

func wantNoSecret(t *testing.T, err error) {
	t.Helper()
	for _, s := range []string{secret, "p@ss", "w0rd"} {
		if strings.Contains(err.Error(), s) {
			t.Errorf("the password is in %q", err)
		}
	}
}

func TestOpenSaysWhatToDo(t *testing.T) {
	plain := esdbtest.Start(t, esdbtest.Options{})
	gone := esdbtest.Start(t, esdbtest.Options{})
	gone.Stop()
	stalled := esdbtest.Start(t, esdbtest.Options{})
	stalled.Stall()
	closed := esdbtest.Start(t, esdbtest.Options{TLS: true, User: "gridward", Password: "p@ss,w0rd"})
	_, ca, _ := strings.Cut(closed.URL(), "?")
	for name, c := range map[string]struct{ url, code, says string }{
		"nobody there":     {gone.URL(), "log_unreachable", gone.Addr()},
		"nobody in reach":  {gone.ClusterURL(), "log_unreachable", gone.Addr()},
		"no answer":        {stalled.URL() + "&gossipTimeout=1&maxDiscoverAttempts=2", "log_unreachable", stalled.Addr()},
		"TLS, it has none": {"esdb://u:" + secret + "@" + plain.Addr() + "?maxDiscoverAttempts=2", "log_unreachable", "tls=false"},
		"no TLS, it has":   {"esdb://u:" + secret + "@" + closed.Addr() + "?tls=false&maxDiscoverAttempts=2", "log_unreachable", "without TLS"},
		"unknown CA":       {"esdb://gridward:" + secret + "@" + closed.Addr() + "?maxDiscoverAttempts=2", "log_unreachable", "tlsCAFile"},
		"another password": {"esdb://gridward:" + secret + "x@" + closed.Addr() + "?" + ca, "log_login_refused", "gridward"},
		"another user":     {"esdb://other:" + secret + "@" + closed.Addr() + "?" + ca, "log_login_refused", "other"},
		"no user":          {"esdb://" + closed.Addr() + "?" + ca, "log_login_refused", "without a user"},
	} {
		t.Run(name, func(t *testing.T) {
			began := time.Now()
			_, err := Open(context.Background(), c.url, Options{Clock: time.Now})
			wantFault(t, err, fault.Unavailable, c.code)
			wantNoSecret(t, err)
			if !strings.Contains(err.Error(), c.says) {
				t.Errorf("it does not say %q: %v", c.says, err)
			}
			if took := time.Since(began); took > openTimeout+time.Second {
				t.Errorf("it took %s", took)
			}
		})
	}
}

func TestCredentialsAndTLSComeFromTheConnectionString(t *testing.T) {
	server := esdbtest.Start(t, esdbtest.Options{TLS: true, User: "gridward", Password: "p@ss,w0rd"})
	for _, url := range []string{server.URL(), server.ClusterURL(), strings.Replace(server.URL(), "tlsCAFile=", "tlsVerifyCert=false&tlsCAFile=", 1)} {
		s := mustOpen(t, url, Options{})
		stream := uuid.NewString()
		mustAppend(t, s, stream, 0, one(stream, 1))
		server.Stop()
		server.Run(t)
		eventually(t, func() error { _, err := s.Append(testContext(t), stream, 1, one(stream, 2)); return err })
		if n := len(mustLoad(t, s, stream)); n != 2 {
			t.Errorf("%d records", n)
		}
	}
	t.Run("over TLS without a check of who it is", func(t *testing.T) {
		s := mustOpen(t, "esdb://gridward:"+secret+"@"+server.Addr()+"?tlsVerifyCert=false", Options{})
		mustAppend(t, s, "z", 0, one("z", 1))
	})
	t.Run("a file that is no authority", func(t *testing.T) {
		file := filepath.Join(t.TempDir(), "ca.pem")
		if err := os.WriteFile(file, []byte("nothing"), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := Open(context.Background(), "esdb://gridward:"+secret+"@"+server.Addr()+"?tlsCAFile="+file, Options{Clock: time.Now})
		wantFault(t, err, fault.Invalid, "log_url_invalid")
	})
}

func TestManyNodesMakeOneLog(t *testing.T) {
	server := esdbtest.Start(t, esdbtest.Options{})
	const nodes = 10
	var wg sync.WaitGroup
	stores := make([]*Store, nodes)
	for i := range nodes {
		wg.Go(func() { stores[i] = mustOpen(t, server.URL(), Options{}) })
	}
	wg.Wait()
	for _, s := range stores {
		if s.ID() != stores[0].ID() || s.ID() == uuid.Nil {
			t.Errorf("the log is %s and %s", s.ID(), stores[0].ID())
		}
	}
	if n := server.Count(own); n != 1 {
		t.Errorf("it was made %d times", n)
	}
	if got, err := stores[0].Read(testContext(t), 0, 10); err != nil || len(got) != 0 {
		t.Errorf("a new log has %d records, %v", len(got), err)
	}
}

func TestManyNodesOnOneLog(t *testing.T) {
	server := esdbtest.Start(t, esdbtest.Options{})
	const nodes, each = 4, 25
	var wg sync.WaitGroup
	for i := range nodes {
		s := mustOpen(t, server.URL(), Options{})
		wg.Go(func() {
			for n := range each {
				for expected := uint64(0); ; { // they fight for one stream
					_, err := s.Append(testContext(t), "a", expected, one("a", i*each+n))
					if err == nil {
						break
					}
					c, ok := conflictOf(err)
					if !ok || c <= expected {
						t.Errorf("at %d: %v", expected, err)
						return
					}
					expected = c
				}
			}
		})
	}
	wg.Wait()
	records := mustLoad(t, mustOpen(t, server.URL(), Options{}), "a")
	if len(records) != nodes*each {
		t.Errorf("the stream has %d records", len(records))
	}
}

func TestOpenReadOnly(t *testing.T) {
	server := esdbtest.Start(t, esdbtest.Options{})
	_, err := OpenReadOnly(context.Background(), server.URL())
	wantFault(t, err, fault.NotFound, "log_not_found")
	if server.Count(own) != 0 {
		t.Error("it made a log")
	}
	s := mustOpen(t, server.URL(), Options{})
	reads, err := OpenReadOnly(context.Background(), server.URL())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { mustClose(t, reads) })
	mustAppend(t, s, "a", 0, one("a", 1))
	awaitRecord(t, reads, 0)
	if reads.ID() != s.ID() || len(mustLoad(t, reads, "a")) != 1 {
		t.Error("it reads another log")
	}
	_, err = reads.Append(testContext(t), "a", 1, one("a", 2))
	wantFault(t, err, fault.Unavailable, "log_read_only")
}

func TestOpenRefusesALogOfAnotherFormat(t *testing.T) {
	for _, data := range []string{`{"id":"7d1f0a52-4f3e-4c79-9d0f-2a3b4c5d6e7f","format":2}`, `{"format":1}`, `nothing`} {
		server := esdbtest.Start(t, esdbtest.Options{})
		server.Put(own, "gridward.log", []byte(data), nil)
		_, err := Open(context.Background(), server.URL(), Options{Clock: time.Now})
		wantFault(t, err, fault.Unavailable, "log_format_unknown")
	}
}

func TestOpenEndsWithItsContext(t *testing.T) {
	server := esdbtest.Start(t, esdbtest.Options{})
	server.Stall()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error)
	go func() {
		_, err := Open(ctx, server.URL(), Options{Clock: time.Now})
		done <- err
	}()
	cancel()
	if err := <-done; !errors.Is(err, context.Canceled) {
		t.Errorf("it ended with %v", err)
	}
}
