package pgstore

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"

	"gridward/adapters/pgtest"
	"gridward/adapters/storetest"
	"gridward/app"
	"gridward/domain/fault"
)

func TestReplicaContract(t *testing.T) {
	storetest.RunReplica(t, func(t *testing.T) storetest.ReplicaHarness {
		url := pgtest.Start(t)
		return storetest.ReplicaHarness{
			Open: func(t *testing.T, id uuid.UUID) (app.Replica, error) {
				r, err := OpenReplica(t.Context(), url, id, Options{})
				if err != nil {
					return nil, err
				}
				return r, nil
			},
			Log: func(t *testing.T) app.Log { return open(t, url, Options{}) },
		}
	})
}

// A log that is read only is read while another process writes it, hears of its news, and takes nothing.
func TestReadOnly(t *testing.T) {
	url := pgtest.Start(t)
	if _, err := OpenReadOnly(t.Context(), url); !errors.Is(err, fault.New(fault.NotFound, "log_not_found", "")) {
		t.Fatalf("where there is none: %v", err)
	}
	s := open(t, url, Options{})
	first := mustAppend(t, s, "a", 0, rec("a", 1))
	r, err := OpenReadOnly(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer mustClose(t, r)
	if r.ID() != s.ID() || r.Queue() != 0 {
		t.Errorf("it is %s with %d waiting", r.ID(), r.Queue())
	}
	wantVersions(t, r, map[string]uint64{"a": 1})
	_, err = r.Append(t.Context(), "a", 1, []app.Record{rec("a", 2)})
	refusedAs(t, err, "log_read_only")
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	heard := make(chan error, 1)
	go func() { heard <- r.Wait(ctx, first.Position) }()
	mustAppend(t, s, "a", 1, rec("a", 3))
	if err := <-heard; err != nil {
		t.Error(err)
	}
}

func refusedAs(t *testing.T, err error, code string) {
	t.Helper()
	if !errors.Is(err, fault.New(fault.Unavailable, code, "")) {
		t.Fatalf("got %v, want %s", err, code)
	}
}
