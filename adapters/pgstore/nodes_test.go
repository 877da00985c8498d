package pgstore

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"gridward/adapters/pgtest"
	"gridward/app"
	"gridward/domain/fault"
)

func rec(name string, n int) app.Record {
	at := time.Date(2026, 2, 10, 9, 0, 0, 0, time.UTC)
	return app.Record{
		ID: uuid.NewSHA1(uuid.NameSpaceOID, fmt.Appendf(nil, "%s/%d", name, n)), Type: "test.happened", Schema: 1,
		Data: fmt.Appendf(nil, `{"n":%d}`, n), Meta: app.Meta{OccurredAt: at, ReceivedAt: at, Actor: "tester"},
	}
}

func mustAppend(t *testing.T, s *Store, stream string, expected uint64, records ...app.Record) app.Appended {
	t.Helper()
	got, err := s.Append(context.Background(), stream, expected, records)
	if err != nil {
		t.Fatalf("append to %s at %d: %v", stream, expected, err)
	}
	return got
}

func wantConflict(t *testing.T, err error, expected, current uint64) {
	t.Helper()
	var c *app.VersionConflict
	if !errors.As(err, &c) || c.Expected != expected || c.Current != current {
		t.Fatalf("got %v, want a conflict of %d with %d", err, expected, current)
	}
}

func wantUnavailable(t *testing.T, err error, code string) {
	t.Helper()
	e, ok := fault.As(err)
	if !ok || e.Kind != fault.Unavailable || e.Code != code || e.RetryAfter <= 0 {
		t.Fatalf("got error %v, want Unavailable %s with a time to come again", err, code)
	}
}

// wantVersions reads the whole log and holds that it is in order, that streams have no gap and are so long.
func wantVersions(t *testing.T, s *Store, want map[string]uint64) (all []app.Record) {
	t.Helper()
	all, err := s.Read(context.Background(), 0, 1_000_000)
	if err != nil {
		t.Fatal(err)
	}
	versions := map[string]uint64{}
	ids := map[uuid.UUID]bool{}
	for i, r := range all {
		versions[r.Stream]++
		switch {
		case r.Version != versions[r.Stream]:
			t.Fatalf("position %d is version %d of %s, want %d", r.Position, r.Version, r.Stream, versions[r.Stream])
		case i > 0 && (r.Position <= all[i-1].Position || r.RecordedAt.Before(all[i-1].RecordedAt)):
			t.Fatalf("position %d of %s comes behind %d of %s", r.Position, r.RecordedAt, all[i-1].Position, all[i-1].RecordedAt)
		case ids[r.ID]:
			t.Fatalf("%s is there twice", r.ID)
		}
		ids[r.ID] = true
	}
	for stream, n := range want {
		if versions[stream] != n {
			t.Fatalf("%s has %d records, want %d", stream, versions[stream], n)
		}
	}
	return all
}

// What one node remembers is not believed where another has written since.
func TestANodeIsNotMisledByWhatItRemembers(t *testing.T) {
	url := pgtest.Start(t)
	a, b := open(t, url, Options{}), open(t, url, Options{})
	mustAppend(t, a, "x", 0, rec("x", 1))
	mustAppend(t, b, "x", 1, rec("x", 2))
	first := mustAppend(t, a, "x", 2, rec("x", 3)) // a has seen version 1 only
	mustAppend(t, b, "new", 0, rec("new", 1))
	if got := mustAppend(t, a, "new", 1, rec("new", 2)); got.Version != 2 { // a stream a knows nothing of
		t.Errorf("got %+v", got)
	}
	mustAppend(t, a, "y", 0, rec("y", 1))
	_, err := b.Append(t.Context(), "y", 0, []app.Record{rec("y", 9)}) // taken to be new
	wantConflict(t, err, 0, 1)
	mustAppend(t, b, "y", 1, rec("y", 2))
	_, err = a.Append(t.Context(), "y", 1, []app.Record{rec("y", 8)})
	wantConflict(t, err, 1, 2)
	if got := mustAppend(t, b, "x", 0, rec("x", 3)); got != first { // acknowledged by the other node before
		t.Errorf("got %+v, want %+v", got, first)
	}
	if got := mustAppend(t, open(t, url, Options{}), "x", 2, rec("x", 3)); got != first { // by one that has just come
		t.Errorf("got %+v, want %+v", got, first)
	}
	wantVersions(t, a, map[string]uint64{"x": 3, "y": 2, "new": 2})
}

// Two nodes write the same streams as fast as they can while a third follows the log: one order, no gap, nothing
// skipped, and the times do not fall although the nodes' clocks differ by an hour.
func TestNodesShareOneOrder(t *testing.T) {
	url := pgtest.Start(t)
	const writers, each, streams = 8, 60, 3
	slow := func() time.Time { return time.Now().Add(-time.Hour) }
	nodes := []*Store{open(t, url, Options{}), open(t, url, Options{Clock: slow})}
	follower := open(t, url, Options{})
	seen := make(chan []app.Record)
	go func() { seen <- follow(t, follower, writers*each*len(nodes)) }()
	var all sync.WaitGroup
	for n, node := range nodes {
		for w := range writers {
			all.Go(func() {
				stream, version := fmt.Sprintf("s%d", w%streams), uint64(0)
				for i := range each {
					r := rec(fmt.Sprintf("%d/%d", n, w), i)
					for {
						got, err := node.Append(context.Background(), stream, version, []app.Record{r})
						var c *app.VersionConflict
						if errors.As(err, &c) {
							version = c.Current
							continue
						}
						if err != nil {
							t.Error(err)
							return
						}
						version = got.Version
						break
					}
				}
			})
		}
	}
	all.Wait()
	followed := <-seen
	whole := wantVersions(t, nodes[0], nil)
	if len(whole) != writers*each*len(nodes) || len(followed) != len(whole) {
		t.Fatalf("%d records were acknowledged, %d are there, %d were followed", writers*each*len(nodes), len(whole), len(followed))
	}
	for i := range whole {
		if followed[i].ID != whole[i].ID || followed[i].Position != whole[i].Position {
			t.Fatalf("record %d was %s when followed and is %s", i, followed[i].ID, whole[i].ID)
		}
	}
}

// follow reads the log as a subscriber does until it has so many records.
func follow(t *testing.T, s *Store, total int) (got []app.Record) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	after := app.Position(0)
	for len(got) < total && !t.Failed() {
		if err := s.Wait(ctx, after); err != nil {
			t.Errorf("wait after %d: %v", after, err)
			return got
		}
		records, err := s.Read(ctx, after, 7)
		if err != nil || len(records) == 0 {
			t.Errorf("read after %d: %d records, %v", after, len(records), err)
			return got
		}
		got = append(got, records...)
		after = records[len(records)-1].Position
	}
	return got
}

// A transaction that is slow, or is given up, holds a place: what comes behind it waits, and no reader passes it by.
func TestASlowTransactionIsNotPassedBy(t *testing.T) {
	for _, end := range []string{"COMMIT", "ROLLBACK"} {
		t.Run(end, func(t *testing.T) {
			url := pgtest.Start(t)
			s, ctx := open(t, url, Options{}), context.Background()
			head := mustAppend(t, s, "a", 0, rec("a", 1)).Position
			slow := raw(t, url)
			run(t, slow, `BEGIN`)
			run(t, slow, `INSERT INTO gridward.events (position, stream, version, recorded_at, event_id, schema, type, meta, data)
SELECT position + 1, stream, version + 1, recorded_at, gen_random_uuid(), 1, 'test.slow', meta, data FROM gridward.events`)
			done := make(chan app.Appended, 1)
			go func() {
				got, err := s.Append(ctx, "b", 0, []app.Record{rec("b", 1)})
				if err != nil {
					t.Error(err)
				}
				done <- got
			}()
			waitForLock(t, url)
			if got, err := s.Read(ctx, head, 10); err != nil || len(got) != 0 {
				t.Errorf("behind an open transaction a reader finds %d records, %v", len(got), err)
			}
			run(t, slow, end)
			want := map[string]uint64{"a": 1, "b": 1}
			if end == "COMMIT" {
				want["a"] = 2
			}
			got := <-done
			all := wantVersions(t, s, want)
			if last := all[len(all)-1]; last.Stream != "b" || last.Position != got.Position || int(got.Position) != len(all) {
				t.Errorf("acknowledged at %d, there at %d, of %d", got.Position, last.Position, len(all))
			}
		})
	}
}

// waitForLock returns when some session waits for another.
func waitForLock(t *testing.T, url string) {
	t.Helper()
	conn := raw(t, url)
	for n := 0; n == 0; {
		if err := conn.QueryRow(context.Background(), `SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND wait_event_type = 'Lock'`).Scan(&n); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Millisecond)
	}
}

// Whoever holds the log for too long makes the others come again, with nothing of theirs written.
func TestALogThatIsHeldIsBusy(t *testing.T) {
	url := pgtest.Start(t)
	s := open(t, url, Options{LockWait: 200 * time.Millisecond})
	mustAppend(t, s, "a", 0, rec("a", 1))
	holder := raw(t, url)
	run(t, holder, `BEGIN`)
	run(t, holder, `SELECT pg_advisory_xact_lock($1)`, int64(lockAppend))
	_, err := s.Append(t.Context(), "a", 1, []app.Record{rec("a", 2)})
	wantUnavailable(t, err, "log_busy")
	wantVersions(t, s, map[string]uint64{"a": 1})
	run(t, holder, `ROLLBACK`)
	mustAppend(t, s, "a", 1, rec("a", 2))
	wantVersions(t, s, map[string]uint64{"a": 2})
}

// What the server would refuse is refused before it can take others' appends down with it.
func TestWhatCannotBeStoredHarmsNobodyElse(t *testing.T) {
	s := open(t, pgtest.Start(t), Options{})
	bad := rec("a", 1)
	bad.Type = "a\x00b"
	for _, err := range []error{
		second(s.Append(t.Context(), "a\x00", 0, []app.Record{rec("a", 1)})),
		second(s.Append(t.Context(), "a\xff", 0, []app.Record{rec("a", 1)})),
		second(s.Append(t.Context(), "a", 0, []app.Record{bad})),
	} {
		if err == nil {
			t.Error("it was taken")
		}
	}
	if got, err := s.Load(t.Context(), "a\x00", 0); err != nil || len(got) != 0 {
		t.Errorf("%d records, %v", len(got), err)
	}
	mustAppend(t, s, "a", 0, rec("a", 1))
}

func second(_ app.Appended, err error) error { return err }
