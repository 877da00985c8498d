package esdb

import (
	"context"
	"os"
	"testing"
	"time"

	"gridward/adapters/esdbtest"
	"gridward/adapters/storetest"
	"gridward/app"
)

func TestContract(t *testing.T) {
	storetest.Run(t, func(t *testing.T, now func() time.Time) storetest.Harness {
		return harness(t, esdbtest.Start(t, esdbtest.Options{}).URL(), now)
	})
}

// harness is the log of the connection string, empty, for the contract's suite.
func harness(t *testing.T, url string, now func() time.Time) storetest.Harness {
	log := mustOpen(t, url, Options{Clock: now})
	return storetest.Harness{
		Log: log,
		Reopen: func(t *testing.T) app.Log {
			mustClose(t, log)
			log = mustOpen(t, url, Options{Clock: now})
			return log
		},
		Close: func(t *testing.T) { mustClose(t, log) },
	}
}

func mustOpen(t testing.TB, url string, o Options) *Store {
	t.Helper()
	if o.Clock == nil {
		o.Clock = time.Now
	}
	s, err := Open(context.Background(), url, o)
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

// Env names a real server or cluster: a connection string with {log} in it has one empty server for each value, made
// and ended by whoever runs the tests; see docs/eventstoredb.md.
const env = "ESDB_URL"

var _ = os.Getenv
