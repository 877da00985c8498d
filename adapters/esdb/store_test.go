package esdb

import (
	"context"
	"os"
	"testing"
	"time"

	"github.com/google/uuid"
	"gridward/adapters/esdbtest"
	"gridward/adapters/storetest"
	"gridward/app"
	"gridward/domain/fault"
)

func TestContract(t *testing.T) {
	storetest.Run(t, func(t *testing.T, now func() time.Time) storetest.Harness {
		return harness(t, esdbtest.Start(t, esdbtest.Options{}).URL(), Options{Clock: now})
	})
}

// env names a real server or cluster, instead of the one in this process, for logs that share a server.
const env = "ESDB_URL"

// TestContractOnASharedServer has all its logs on one server: they are kept apart by the names of their streams, as they
// have to be on a real one, where they stay.
func TestContractOnASharedServer(t *testing.T) {
	url := os.Getenv(env)
	if url == "" {
		url = esdbtest.Start(t, esdbtest.Options{}).URL()
	}
	storetest.Run(t, func(t *testing.T, now func() time.Time) storetest.Harness {
		return harness(t, url, Options{Clock: now, prefix: "test-" + uuid.NewString() + "/"})
	})
}

func TestAPositionThatIsNoneIsSaid(t *testing.T) {
	server := esdbtest.Start(t, esdbtest.Options{})
	s := mustOpen(t, server.URL(), Options{})
	first := mustAppend(t, s, "a", 0, one("a", 1)).Position
	last := mustAppend(t, s, "a", 1, some("a", 2, 3)).Position
	for _, at := range []app.Position{first - 2, first + 1, last - 2} {
		_, err := s.Read(testContext(t), at, 10)
		wantFault(t, err, fault.Invalid, "log_position_unknown")
	}
	for at, want := range map[app.Position]int{0: 3, first - 1: 3, first: 2, last - 1: 1, last: 0, last + 7: 0} {
		if got, err := s.Read(testContext(t), at, 10); err != nil || len(got) != want {
			t.Errorf("behind %s there are %d records, %v; want %d", at, len(got), err, want)
		}
	}
	server.Stop()
	_, err := s.Read(testContext(t), first+1, 10)
	wantFault(t, err, fault.Unavailable, "log_unreadable") // it is not the position
}

// harness is the log of the connection string, empty, for the contract's suite.
func harness(t *testing.T, url string, o Options) storetest.Harness {
	log := mustOpen(t, url, o)
	return storetest.Harness{
		Log: log,
		Reopen: func(t *testing.T) app.Log {
			mustClose(t, log)
			log = mustOpen(t, url, o)
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
