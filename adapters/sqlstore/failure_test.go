package sqlstore

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"gridward/app"
	"gridward/app/commits"
	"gridward/domain/fault"
)

func rec(name string, n int) app.Record {
	at := time.Date(2026, 2, 10, 9, 0, 0, 0, time.UTC)
	return app.Record{
		ID: uuid.NewSHA1(uuid.NameSpaceOID, fmt.Appendf(nil, "%s/%d", name, n)), Type: "test.happened", Schema: 1,
		Data: fmt.Appendf(nil, `{"n":%d}`, n), Meta: app.Meta{OccurredAt: at, ReceivedAt: at, Actor: "tester"},
	}
}

func bigRec(name string, n, size int) app.Record {
	r := rec(name, n)
	r.Data = make([]byte, size)
	return r
}

func wantUnavailable(t *testing.T, err error, code string) fault.Error {
	t.Helper()
	e, ok := fault.As(err)
	if !ok || e.Kind != fault.Unavailable || e.Code != code {
		t.Fatalf("got error %v, want Unavailable %s", err, code)
	}
	return *e
}

func count(t *testing.T, s *Store) int {
	t.Helper()
	got, err := s.Read(context.Background(), 0, 1_000_000)
	if err != nil {
		t.Fatal(err)
	}
	return len(got)
}

// stalled is a store whose writer stands still from its first commit on until release is called.
func stalled(t *testing.T, o Options) (s *Store, release func()) {
	t.Helper()
	in, out := make(chan struct{}), make(chan struct{})
	var once, free sync.Once
	o.OnCommit = func(commits.Batch) {
		once.Do(func() {
			close(in)
			<-out
		})
	}
	s = open(t, t.TempDir(), o)
	release = func() { free.Do(func() { close(out) }) }
	t.Cleanup(release) // before the store is closed, which waits for the writer
	if _, err := s.Append(context.Background(), "first", 0, []app.Record{rec("first", 1)}); err != nil {
		t.Fatal(err)
	}
	<-in
	return s, release
}

// queued appends in the background and returns once the append waits in the queue.
func queued(ctx context.Context, s *Store, stream string, expected uint64, records ...app.Record) <-chan error {
	before := s.Queue()
	done := make(chan error, 1)
	go func() {
		_, err := s.Append(ctx, stream, expected, records)
		done <- err
	}()
	for s.Queue() == before {
		time.Sleep(50 * time.Microsecond) // polls a length; nothing depends on how long
	}
	return done
}

func TestFullQueueRefusesAtOnce(t *testing.T) {
	s, release := stalled(t, Options{Limits: commits.Limits{Queue: 2}})
	a := queued(context.Background(), s, "a", 0, rec("a", 1))
	b := queued(context.Background(), s, "b", 0, rec("b", 1))

	_, err := s.Append(context.Background(), "c", 0, []app.Record{rec("c", 1)})
	if e := wantUnavailable(t, err, "log_busy"); e.RetryAfter != time.Second {
		t.Fatalf("retry after %s, want a second", e.RetryAfter)
	}
	release()
	if err := errors.Join(<-a, <-b); err != nil {
		t.Fatal(err)
	}
	if n := count(t, s); n != 3 {
		t.Fatalf("the log has %d records, want the three that were acknowledged", n)
	}
	if _, err := s.Append(context.Background(), "c", 0, []app.Record{rec("c", 1)}); err != nil {
		t.Fatalf("the same append later: %v", err)
	}
}

func TestQueueIsBoundedInBytesToo(t *testing.T) {
	s, release := stalled(t, Options{Limits: commits.Limits{QueueBytes: 10_000}})
	a := queued(context.Background(), s, "a", 0, bigRec("a", 1, 8_000))
	_, err := s.Append(context.Background(), "b", 0, []app.Record{bigRec("b", 1, 8_000)})
	wantUnavailable(t, err, "log_busy")
	release()
	if err := <-a; err != nil {
		t.Fatal(err)
	}
	// One that is larger than the bound passes when it is alone.
	if _, err := s.Append(context.Background(), "c", 0, []app.Record{bigRec("c", 1, 50_000)}); err != nil {
		t.Fatal(err)
	}
}

func TestContextThatEndsInTheQueueWritesNothing(t *testing.T) {
	s, release := stalled(t, Options{})
	ctx, cancel := context.WithCancel(context.Background())
	gone := queued(ctx, s, "a", 0, rec("a", 1))
	stays := queued(context.Background(), s, "b", 0, rec("b", 1))
	cancel()
	if err := <-gone; !errors.Is(err, context.Canceled) {
		t.Fatalf("got %v", err)
	}
	release()
	if err := <-stays; err != nil {
		t.Fatal(err)
	}
	if got, err := s.Load(context.Background(), "a", 0); err != nil || len(got) != 0 {
		t.Fatalf("an append whose context ended in the queue wrote %d records, %v", len(got), err)
	}
}

func TestOneCommitTakesManyAppendsAndEachHasItsOwnAnswer(t *testing.T) {
	var mu sync.Mutex
	var batches []commits.Batch
	in, out := make(chan struct{}), make(chan struct{})
	s := open(t, t.TempDir(), Options{OnCommit: func(b commits.Batch) {
		mu.Lock()
		batches = append(batches, b)
		first := len(batches) == 1
		mu.Unlock()
		if first {
			close(in)
			<-out
		}
	}})
	ctx := context.Background()
	if _, err := s.Append(ctx, "a", 0, []app.Record{rec("a", 1)}); err != nil {
		t.Fatal(err)
	}
	<-in
	wins := queued(ctx, s, "a", 1, rec("a", 2), rec("a", 3))
	behind := queued(ctx, s, "a", 1, rec("a", 9))             // lost to the one before it in the same batch
	follows := queued(ctx, s, "a", 3, rec("a", 4))            // knows what the batch did
	again := queued(ctx, s, "a", 1, rec("a", 2), rec("a", 3)) // the same ids, first copy not yet committed
	close(out)
	if err := errors.Join(<-wins, <-follows, <-again); err != nil {
		t.Fatal(err)
	}
	var conflict *app.VersionConflict
	if err := <-behind; !errors.As(err, &conflict) || conflict.Current != 3 {
		t.Fatalf("got %v, want a conflict at version 3", err)
	}
	if n := count(t, s); n != 4 {
		t.Fatalf("the log has %d records, want 4", n)
	}
	mustClose(t, s)
	if len(batches) != 2 || batches[1].Appends != 4 || batches[1].Rows != 3 || batches[1].Err != nil {
		t.Fatalf("got batches %+v, want a second one of four appends and three rows", batches)
	}
}

func TestBatchesAreBounded(t *testing.T) {
	var most int
	s := open(t, t.TempDir(), Options{Limits: commits.Limits{BatchRows: 4}, OnCommit: func(b commits.Batch) { most = max(most, b.Rows) }})
	var wg sync.WaitGroup
	for i := range 40 {
		wg.Go(func() {
			name := fmt.Sprintf("s%d", i)
			if _, err := s.Append(context.Background(), name, 0, []app.Record{rec(name, 1), rec(name, 2)}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if _, err := s.Append(context.Background(), "large", 0, []app.Record{
		rec("l", 1), rec("l", 2), rec("l", 3), rec("l", 4), rec("l", 5), rec("l", 6),
	}); err != nil {
		t.Fatalf("an append larger than a batch: %v", err)
	}
	mustClose(t, s)
	if most != 6 {
		t.Fatalf("the largest batch had %d rows, want the six of the one large append", most)
	}
}

func TestFullDiskRefusesAndRecovers(t *testing.T) {
	s := open(t, t.TempDir(), Options{})
	ctx := context.Background()
	if _, err := s.Append(ctx, "a", 0, []app.Record{rec("a", 1)}); err != nil {
		t.Fatal(err)
	}
	pages := func(n int) {
		t.Helper()
		if _, err := s.writer.file.conn.ExecContext(ctx, fmt.Sprintf("PRAGMA max_page_count = %d", n)); err != nil {
			t.Fatal(err)
		}
	}
	pages(1) // SQLite takes the size the file has now
	fills(t, s)
	pages(1 << 30)
	works(t, s)
}

// fills appends until the disk is full, and holds what the store then does.
func fills(t *testing.T, s *Store) {
	t.Helper()
	ctx := context.Background()
	var err error
	kept := count(t, s)
	for n := 0; err == nil; n++ {
		name := fmt.Sprintf("fill%d", n)
		if _, err = s.Append(ctx, name, 0, []app.Record{bigRec(name, 1, 30_000), bigRec(name, 2, 30_000)}); err == nil {
			kept += 2
		}
	}
	e := wantUnavailable(t, err, "log_unwritable")
	if !strings.Contains(e.Message, "the disk is full") || e.Cause == nil || e.RetryAfter <= 0 {
		t.Fatalf("the answer is %+v", e)
	}
	if n := count(t, s); n != kept {
		t.Fatalf("%d records were acknowledged, the log has %d", kept, n)
	}
	_, err = s.Append(ctx, "later", 0, []app.Record{bigRec("later", 1, 60_000)})
	wantUnavailable(t, err, "log_unwritable")
	if got, err := s.Load(ctx, "a", 0); err != nil || len(got) != 1 {
		t.Fatalf("while the disk is full a stream gives %d records, %v", len(got), err)
	}
}

// works holds that the store writes as if nothing had been.
func works(t *testing.T, s *Store) {
	t.Helper()
	ctx := context.Background()
	got, err := s.Append(ctx, "later", 0, []app.Record{bigRec("later", 1, 60_000), rec("later", 2)})
	if err != nil || got.Version != 2 {
		t.Fatalf("when the disk has room again: %+v, %v", got, err)
	}
	if got, err = s.Append(ctx, "a", 1, []app.Record{rec("a", 2)}); err != nil || got.Version != 2 {
		t.Fatalf("when the disk has room again: %+v, %v", got, err)
	}
	all, err := s.Read(ctx, 0, 1_000_000)
	if err != nil {
		t.Fatal(err)
	}
	versions := map[string]uint64{}
	for i, r := range all {
		versions[r.Stream]++
		if r.Version != versions[r.Stream] || (i > 0 && r.Position <= all[i-1].Position) {
			t.Fatalf("position %d is version %d of %s, want %d", r.Position, r.Version, r.Stream, versions[r.Stream])
		}
	}
}

func TestLostBatchFailsEveryoneInIt(t *testing.T) {
	s, release := stalled(t, Options{})
	ctx := context.Background()
	small := queued(ctx, s, "a", 0, rec("a", 1))
	wrong := queued(ctx, s, "b", 7, rec("b", 1))
	large := queued(ctx, s, "c", 0, bigRec("c", 1, 200_000))
	if _, err := s.writer.file.conn.ExecContext(ctx, "PRAGMA max_page_count = 1"); err != nil { // the writer stands still
		t.Fatal(err)
	}
	release()
	for _, done := range []<-chan error{small, wrong, large} {
		wantUnavailable(t, <-done, "log_unwritable")
	}
	if n := count(t, s); n != 1 {
		t.Fatalf("the log has %d records, want the first one only", n)
	}
}

func TestDirectoryHasOneWriter(t *testing.T) {
	dir := t.TempDir()
	s := open(t, dir, Options{})
	_, err := Open(context.Background(), dir, Options{Clock: time.Now})
	if e := wantUnavailable(t, err, "data_dir_locked"); !strings.Contains(e.Message, dir) {
		t.Fatalf("the error does not name the directory: %v", err)
	}
	mustClose(t, s)
	mustClose(t, open(t, dir, Options{}))
}

func TestOpenRefusesWhatIsNotItsLog(t *testing.T) {
	ctx := context.Background()
	dir := t.TempDir()
	if err := os.WriteFile(dir+"/"+logFile, []byte(strings.Repeat("this is no database. ", 500)), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(ctx, dir, Options{Clock: time.Now}); err == nil || !strings.Contains(err.Error(), dir) {
		t.Fatalf("opening a file that is no database gave %v", err)
	}
	newer := t.TempDir()
	s := open(t, newer, Options{})
	if _, err := s.writer.file.conn.ExecContext(ctx, `UPDATE log SET format = 99`); err != nil {
		t.Fatal(err)
	}
	mustClose(t, s)
	if _, err := Open(ctx, newer, Options{Clock: time.Now}); err == nil || !strings.Contains(err.Error(), "format 99") {
		t.Fatalf("opening a log of another format gave %v", err)
	}
}
