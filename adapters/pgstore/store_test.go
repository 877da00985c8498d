package pgstore

import (
	"context"
	"testing"
	"time"

	"gridward/adapters/pgtest"
	"gridward/adapters/storetest"
	"gridward/app"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

func TestContract(t *testing.T) {
	storetest.Run(t, func(t *testing.T, now func() time.Time) storetest.Harness {
		url := pgtest.Start(t)
		log := open(t, url, Options{Clock: now})
		return storetest.Harness{
			Log: log,
			Reopen: func(t *testing.T) app.Log {
				mustClose(t, log)
				log = open(t, url, Options{Clock: now})
				return log
			},
			Close: func(t *testing.T) { mustClose(t, log) },
		}
	})
}

func open(t testing.TB, url string, o Options) *Store {
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
