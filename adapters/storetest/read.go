package storetest

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"gridward/app"
)

func reading(t *testing.T, open Open) {
	log := open(t, newClock().now).Log
	const streams, each = 3, 7
	for n := 1; n <= each; n++ {
		for s := range streams {
			name := fmt.Sprintf("s%d", s)
			mustAppend(t, log, name, uint64(n-1), record(name, n))
		}
	}
	mustAppend(t, log, "s0", each, some("s0", each+1, each+4)...)

	all := readAll(t, log, 1000)
	if len(all) != streams*each+4 {
		t.Fatalf("the log has %d records, want %d", len(all), streams*each+4)
	}
	wantOrder(t, all)
	for _, page := range []int{1, 2, 5, len(all), len(all) + 1} {
		paged := readAll(t, log, page)
		if len(paged) != len(all) {
			t.Fatalf("in pages of %d the log has %d records, want %d", page, len(paged), len(all))
		}
		for i := range all {
			wantSame(t, paged[i], all[i])
		}
	}
	if last := all[len(all)-1].Position; mustHead(t, log) != last {
		t.Fatalf("the head is %d, the last record is at %d", mustHead(t, log), last)
	}
	for _, after := range []app.Position{mustHead(t, log), mustHead(t, log) + 1000} {
		if got, err := log.Read(testContext(t), after, 10); err != nil || len(got) != 0 {
			t.Fatalf("read after %d gave %d records, %v", after, len(got), err)
		}
	}
	for i := range all { // the record at a position is asked for by the position before it
		if got, err := log.Read(testContext(t), all[i].Position-1, 1); err != nil || len(got) != 1 {
			t.Fatalf("read after %d gave %d records, %v", all[i].Position-1, len(got), err)
		} else {
			wantSame(t, got[0], all[i])
		}
	}
	for _, limit := range []int{0, -1} {
		if _, err := log.Read(testContext(t), 0, limit); err == nil {
			t.Fatalf("a read of %d records is no error", limit)
		}
	}
	for after := uint64(0); after <= each+6; after++ { // a stream from every place, and from behind its end
		got := mustLoad(t, log, "s0", after)
		if want := max(0, each+4-int(after)); len(got) != want {
			t.Fatalf("load after %d gave %d records, want %d", after, len(got), want)
		}
		for i, r := range got {
			if r.Version != after+uint64(i)+1 || r.ID != id("s0", int(r.Version)) || r.Stream != "s0" {
				t.Fatalf("load after %d: record %d is %s at version %d", after, i, r.ID, r.Version)
			}
		}
	}
}

// wantOrder holds that positions grow, times do not fall and every stream's versions go up by one from 1.
func wantOrder(t *testing.T, all []app.Record) {
	t.Helper()
	versions := map[string]uint64{}
	for i, r := range all {
		if i > 0 && r.Position <= all[i-1].Position {
			t.Fatalf("position %d comes behind %d", r.Position, all[i-1].Position)
		}
		if i > 0 && r.RecordedAt.Before(all[i-1].RecordedAt) {
			t.Fatalf("position %d was recorded at %s, the one before it at %s", r.Position, r.RecordedAt, all[i-1].RecordedAt)
		}
		versions[r.Stream]++
		if r.Version != versions[r.Stream] {
			t.Fatalf("position %d is version %d of %s, want %d", r.Position, r.Version, r.Stream, versions[r.Stream])
		}
	}
}

func waiting(t *testing.T, open Open) {
	log := open(t, newClock().now).Log
	wait := func(ctx context.Context, after app.Position) <-chan error {
		done := make(chan error, 1)
		go func() { done <- log.Wait(ctx, after) }()
		return done
	}
	ctx, cancel := context.WithCancel(testContext(t))
	given, kept := wait(ctx, 0), wait(testContext(t), 0)
	cancel()
	if err := <-given; !errors.Is(err, context.Canceled) {
		t.Fatalf("a wait whose context ended gave %v", err)
	}
	late, stop := context.WithTimeout(testContext(t), time.Millisecond)
	defer stop()
	if err := log.Wait(late, 0); !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("a wait past its deadline gave %v", err)
	}

	first := mustAppend(t, log, "a", 0, some("a", 1, 2)...).Position
	if err := <-kept; err != nil {
		t.Fatalf("a wait for the first record gave %v", err)
	}
	if err := log.Wait(testContext(t), first-1); err != nil {
		t.Fatalf("a wait for a record that is there gave %v", err)
	}

	var many []<-chan error
	for range 16 {
		many = append(many, wait(testContext(t), first))
	}
	// A refused append wakes nobody for good: those who wait still find the record after it.
	_, err := log.Append(testContext(t), "a", 0, some("a", 9, 9))
	wantConflict(t, err, "a", 0, 2)
	second := mustAppend(t, log, "b", 0, some("b", 1, 1)...).Position
	for _, done := range many {
		if err := <-done; err != nil {
			t.Fatalf("a wait for the second append gave %v", err)
		}
	}
	got, err := log.Read(testContext(t), first, 10)
	if err != nil || len(got) != 1 || got[0].Position != second {
		t.Fatalf("behind a wait Read gave %d records, %v", len(got), err)
	}
}

func timing(t *testing.T, open Open) {
	c := newClock()
	h := open(t, c.now)
	log := h.Log
	start := c.now().Truncate(time.Microsecond)
	at := func(a app.Appended) time.Time {
		t.Helper()
		if _, off := a.RecordedAt.Zone(); off != 0 || a.RecordedAt.Nanosecond()%1000 != 0 {
			t.Fatalf("recorded at %s, want microseconds in UTC", a.RecordedAt.Format(time.RFC3339Nano))
		}
		return a.RecordedAt
	}
	steps := []struct {
		step time.Duration
		want time.Time
	}{
		{0, start}, {time.Second, start.Add(time.Second)},
		{-time.Hour, start.Add(time.Second)}, {-time.Hour, start.Add(time.Second)},
		{2*time.Hour + time.Second, start.Add(2 * time.Second)},
	}
	for i, s := range steps {
		c.move(s.step)
		if got := at(mustAppend(t, log, fmt.Sprintf("s%d", i%2), uint64(i/2), record("t", i+1))); !got.Equal(s.want) {
			t.Fatalf("step %d: recorded at %s, want %s", i, got, s.want)
		}
	}
	if h.Reopen != nil {
		log = h.Reopen(t)
		c.move(-24 * time.Hour)
		if got := at(mustAppend(t, log, "late", 0, record("late", 1))); !got.Equal(start.Add(2 * time.Second)) {
			t.Fatalf("after reopening under a clock a day behind: recorded at %s, want %s", got, start.Add(2*time.Second))
		}
	}
	wantOrder(t, readAll(t, log, 3))
}

func endings(t *testing.T, open Open) {
	t.Run("reopening keeps everything", func(t *testing.T) {
		h := open(t, newClock().now)
		if h.Reopen == nil {
			t.Log("this store keeps nothing: it cannot be reopened")
			return
		}
		logID := h.Log.ID()
		mustAppend(t, h.Log, "a", 0, some("a", 1, 3)...)
		mustAppend(t, h.Log, "b", 0, some("b", 1, 1)...)
		before := readAll(t, h.Log, 100)

		log := h.Reopen(t)
		if log.ID() != logID {
			t.Fatalf("the log's id was %s and is %s", logID, log.ID())
		}
		after := readAll(t, log, 100)
		if len(after) != len(before) {
			t.Fatalf("%d records were written, %d are there", len(before), len(after))
		}
		for i := range before {
			wantSame(t, after[i], before[i])
		}
		if p := mustHead(t, log); p != before[3].Position {
			t.Fatalf("the head was %d and is %d", before[3].Position, p)
		}
		_, err := log.Append(testContext(t), "a", 2, some("a", 3, 4))
		wantConflict(t, err, "a", 2, 3)
		if again := mustAppend(t, log, "a", 0, some("a", 1, 3)...); again.Position != before[2].Position {
			t.Fatalf("the same ids again after reopening: %+v, want position %d", again, before[2].Position)
		}
		if p := mustAppend(t, log, "a", 3, some("a", 4, 4)...).Position; p <= before[3].Position {
			t.Fatalf("a new record is at %d, the last one before reopening at %d", p, before[3].Position)
		}
	})
	t.Run("logs have ids of their own", func(t *testing.T) {
		a, b := open(t, newClock().now).Log.ID(), open(t, newClock().now).Log.ID()
		if a == b || a == [16]byte{} {
			t.Fatalf("two logs have the ids %s and %s", a, b)
		}
	})
	t.Run("a log that cannot be reached says so", func(t *testing.T) {
		h := open(t, newClock().now)
		mustAppend(t, h.Log, "a", 0, some("a", 1, 1)...)
		head := mustHead(t, h.Log)
		h.Close(t)
		ctx := testContext(t)
		if _, err := h.Log.Append(ctx, "a", 1, some("a", 2, 2)); err == nil {
			t.Error("append is no error")
		}
		if _, err := h.Log.Load(ctx, "a", 0); err == nil {
			t.Error("load is no error")
		}
		if _, err := h.Log.Read(ctx, 0, 10); err == nil {
			t.Error("read is no error")
		}
		if _, err := h.Log.Head(ctx); err == nil {
			t.Error("head is no error")
		}
		if err := h.Log.Wait(ctx, head); err == nil || errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("wait gave %v", err)
		}
	})
}
