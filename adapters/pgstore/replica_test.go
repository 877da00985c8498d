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

// One process at a time works on a log; another one gets the part when the first gives it up or dies.
func TestLead(t *testing.T) {
	server := pgtest.StartServer(t)
	url := server.Database(t)
	lost := func(err error) { t.Errorf("lost: %v", err) }
	first, err := TakeLead(t.Context(), url, lost)
	if err != nil {
		t.Fatal(err)
	}
	_, err = TakeLead(t.Context(), url, lost)
	refusedAs(t, err, "log_in_use")
	server.Kill(t)
	server.Run(t)
	for held := false; !held; time.Sleep(50 * time.Millisecond) { // the first takes it again by itself
		other, err := TakeLead(t.Context(), url, lost)
		if held = err != nil; !held {
			_ = other.Close()
		}
	}
	if err := errors.Join(first.Close(), first.Close()); err != nil {
		t.Error(err)
	}
	for {
		second, err := TakeLead(t.Context(), url, lost)
		if err == nil {
			_ = second.Close()
			return
		}
		refusedAs(t, err, "log_in_use") // the server has not noticed yet
		time.Sleep(20 * time.Millisecond)
	}
}

// Whoever finds the part taken by another process for longer than a dead connection lasts is told.
func TestALeadTakenOverIsSaid(t *testing.T) {
	url := pgtest.Start(t)
	told := make(chan error, 1)
	first, err := takeLead(t.Context(), url, func(err error) { told <- err }, 50*time.Millisecond, 200*time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = first.Close() }()
	ctx := t.Context()
	admin := raw(t, url)
	for { // its connection is cut until the other one is quicker
		if _, err := admin.Exec(ctx, `SELECT pg_terminate_backend(pid) FROM pg_locks WHERE locktype = 'advisory' AND pid <> pg_backend_pid()`); err != nil {
			t.Fatal(err)
		}
		var mine bool
		if err := admin.QueryRow(ctx, `SELECT pg_try_advisory_lock($1)`, int64(lockLead)).Scan(&mine); err != nil {
			t.Fatal(err)
		}
		if mine {
			break
		}
	}
	refusedAs(t, <-told, "log_in_use")
}

func refusedAs(t *testing.T, err error, code string) {
	t.Helper()
	if !errors.Is(err, fault.New(fault.Unavailable, code, "")) {
		t.Fatalf("got %v, want %s", err, code)
	}
}
