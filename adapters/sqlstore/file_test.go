package sqlstore

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/uuid"
	"gridward/app"
)

// TestWriteAheadLogIsEmptiedBehindReadersWhoHeldIt keeps one snapshot open, so that no checkpoint can reset the file,
// until it is beyond its limit.
func TestWriteAheadLogIsEmptiedBehindReadersWhoHeldIt(t *testing.T) {
	ctx := context.Background()
	const limit = 1 << 20
	dir := t.TempDir()
	s := open(t, dir, Options{checkpointPages: 16, walLimit: limit})
	size := func() int64 {
		t.Helper()
		wal, err := os.Stat(filepath.Join(dir, logFile+"-wal"))
		if err != nil {
			t.Fatal(err)
		}
		return wal.Size()
	}
	appended := 0
	appendOne := func(bytes int) {
		t.Helper()
		if _, err := s.Append(ctx, "a", uint64(appended), []app.Record{bigRec("a", appended, bytes)}); err != nil {
			t.Fatal(err)
		}
		appended++
	}
	appendOne(10)
	rows, err := s.page.QueryContext(ctx, 0, 10) // a snapshot
	if err != nil {
		t.Fatal(err)
	}
	for appended < walCommits-10 {
		appendOne(10_000)
	}
	held := size()
	if err := errors.Join(rows.Err(), rows.Close()); err != nil { //nolint:sqlclosecheck // the test goes on without it
		t.Fatal(err)
	}
	for appended < walCommits+1 {
		appendOne(10)
	}
	if now := size(); held <= limit || now > limit {
		t.Fatalf("the write-ahead log had %d bytes while a reader held it and has %d, want it to go from above %d to below", held, now, limit)
	}
	if n := count(t, s); n != appended {
		t.Fatalf("the log has %d records, want %d", n, appended)
	}
}

// TestStreamsThatAreNotCachedAreFoundInTheFile drops what the writer knows between the appends.
func TestStreamsThatAreNotCachedAreFoundInTheFile(t *testing.T) {
	ctx := context.Background()
	s := open(t, t.TempDir(), Options{})
	for n := range 5 {
		for i := range 3 {
			name := fmt.Sprint("s", i)
			got, err := s.Append(ctx, name, uint64(n), []app.Record{rec(name, n)})
			if err != nil || got.Version != uint64(n+1) {
				t.Fatalf("append %d to %s: %+v, %v", n, name, got, err)
			}
			s.writer.file.cache.trim(0, 0) // the writer stands still: nothing is in its queue
			again, err := s.Append(ctx, name, 0, []app.Record{rec(name, n)})
			if err != nil || again != got {
				t.Fatalf("append %d to %s again: %+v, %v, want %+v", n, name, again, err, got)
			}
		}
	}
}

func TestCacheIsBounded(t *testing.T) {
	c := newCache()
	for i := range 10 {
		s := &stream{versions: map[uuid.UUID]int64{{1}: 1, {2}: 2, {3}: 3}}
		c.put(fmt.Sprint(i), s)
	}
	c.trim(8, 1000)
	if c.lru.Len() != 8 || c.ids != 24 {
		t.Fatalf("got %d streams with %d ids, want 8 with 24", c.lru.Len(), c.ids)
	}
	c.trim(8, 10)
	if c.lru.Len() != 3 || c.ids != 9 {
		t.Fatalf("got %d streams with %d ids, want 3 with 9", c.lru.Len(), c.ids)
	}
	if _, ok := c.get("9"); !ok {
		t.Fatal("the newest stream was dropped")
	}
}

// TestQueriesUseTheirIndexes holds the plans of the three reads that every command and every view lives on.
func TestQueriesUseTheirIndexes(t *testing.T) {
	s := open(t, t.TempDir(), Options{})
	for text, want := range map[string][]string{
		loadSQL: {"SEARCH s USING COVERING INDEX", "SEARCH e USING INDEX", "SEARCH t USING INTEGER PRIMARY KEY"},
		pageSQL: {"SEARCH e USING INTEGER PRIMARY KEY", "SEARCH s USING INTEGER PRIMARY KEY", "SEARCH t USING INTEGER PRIMARY KEY"},
		lastSQL: {"SEARCH events"},
	} {
		rows, err := s.reads.QueryContext(context.Background(), "EXPLAIN QUERY PLAN "+text, 0, 0)
		if err != nil {
			t.Fatal(err)
		}
		var plan []string
		for rows.Next() {
			var id, parent, unused int
			var step string
			if err := rows.Scan(&id, &parent, &unused, &step); err != nil {
				t.Fatal(err)
			}
			plan = append(plan, step)
		}
		if err := errors.Join(rows.Err(), rows.Close()); err != nil { //nolint:sqlclosecheck // in a loop
			t.Fatal(err)
		}
		if len(plan) != len(want) {
			t.Fatalf("the plan of %s is %q", text, plan)
		}
		for i := range want {
			if !strings.HasPrefix(plan[i], want[i]) {
				t.Fatalf("the plan of %s is %q, want %q", text, plan, want)
			}
		}
	}
}
