// Package sqlstore is the embedded event store: one SQLite file, written by one goroutine that commits the appends
// of many callers together, read by as many as like. It also opens the views' files (views.go).
//
// A data directory belongs to one writer at a time, by a lock on the file "lock" in it.
package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/gofrs/flock"
	"github.com/google/uuid"
	"gridward/app"
	"gridward/app/commits"
	"gridward/domain/fault"
	sqlite3 "modernc.org/sqlite/lib"
)

// Options are what a log is opened with. Everything but Clock has a default.
type Options struct {
	Clock func() time.Time // stamps RecordedAt; called by the writer, once per batch
	NewID func() uuid.UUID // the id of a log that is made; default random

	commits.Limits

	// OnCommit, if set, hears of every batch after its callers were answered. It runs on the writer: it must be
	// quick and must not append.
	OnCommit func(commits.Batch)

	checkpointPages int   // of the write-ahead log
	walLimit        int64 // bytes of its file
}

// Store is an app.Log in a data directory. It is safe for concurrent use.
type Store struct {
	dir    string
	id     uuid.UUID
	lock   *flock.Flock // nil when read-only
	reads  *sql.DB
	load   *sql.Stmt
	page   *sql.Stmt
	last   *sql.Stmt
	find   *sql.Stmt
	writer *writer // nil when read-only
	tail   tail
}

var _ app.Log = (*Store)(nil)

// Open opens the log of the data directory for writing and makes directory and log if they are not there. If another
// process holds the directory the error is of kind Unavailable with code data_dir_locked; if it cannot be written,
// data_dir_unwritable: OpenReadOnly may still read it. Both name the directory.
func Open(ctx context.Context, dir string, o Options) (*Store, error) {
	if o.Clock == nil {
		return nil, errors.New("sqlstore: Options.Clock is required")
	}
	o = o.withDefaults()
	if err := os.MkdirAll(dir, 0o750); err != nil { //nolint:gosec // the operator names the directory
		return nil, unwritableDir(dir, err)
	}
	lock, err := lockDir(dir)
	if err != nil {
		return nil, err
	}
	s := &Store{dir: dir, lock: lock}
	s.tail.changed = make(chan struct{})
	path := filepath.Join(dir, logFile)
	if s.writer, err = newWriter(ctx, path, o, &s.tail); err != nil {
		return nil, errors.Join(unopened(dir, err), s.Close())
	}
	s.id = s.writer.logID
	if err := s.openReads(ctx, readerDSN(path, "mode=rw")); err != nil {
		return nil, errors.Join(fmt.Errorf("open the log of %s: %w", dir, err), s.Close())
	}
	return s, nil
}

func (o Options) withDefaults() Options {
	if o.NewID == nil {
		o.NewID = uuid.New
	}
	if o.checkpointPages <= 0 {
		o.checkpointPages = checkpointPages
	}
	if o.walLimit <= 0 {
		o.walLimit = walLimit
	}
	return o
}

// HoldDir makes the directory if it is not there and takes its lock, as Open does, for whoever keeps views in it and
// the log elsewhere. Errors are those of Open.
func HoldDir(dir string) (release func() error, err error) {
	if err := os.MkdirAll(dir, 0o750); err != nil { //nolint:gosec // the operator names the directory
		return nil, unwritableDir(dir, err)
	}
	lock, err := lockDir(dir)
	if err != nil {
		return nil, err
	}
	return lock.Close, nil
}

func lockDir(dir string) (*flock.Flock, error) {
	lock := flock.New(filepath.Join(dir, lockFile))
	ok, err := lock.TryLock()
	if err != nil {
		return nil, unwritableDir(dir, err)
	}
	if !ok {
		return nil, fault.New(fault.Unavailable, "data_dir_locked", "the data directory %s is in use by another gridward", dir)
	}
	return lock, nil
}

// unopened is why the log of a directory could not be opened for writing.
func unopened(dir string, cause error) error {
	if refused := (*fs.PathError)(nil); errors.As(cause, &refused) {
		return unwritableDir(dir, cause)
	}
	switch code(cause) {
	case sqlite3.SQLITE_FULL, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM, sqlite3.SQLITE_IOERR:
		return unwritableDir(dir, cause)
	default:
		return fmt.Errorf("open the log of %s: %w", dir, cause)
	}
}

func unwritableDir(dir string, cause error) error {
	e := fault.New(fault.Unavailable, "data_dir_unwritable", "the data directory %s cannot be written", dir)
	e.Cause = cause
	return e
}

func (s *Store) openReads(ctx context.Context, dsn string) (err error) {
	if s.reads, err = sql.Open("sqlite", dsn); err != nil {
		return err
	}
	s.reads.SetMaxOpenConns(readConnections)
	s.reads.SetMaxIdleConns(readConnections)
	for stmt, text := range map[**sql.Stmt]string{&s.load: loadSQL, &s.page: pageSQL, &s.last: lastSQL, &s.find: findSQL} {
		if *stmt, err = s.reads.PrepareContext(ctx, text); err != nil { //nolint:sqlclosecheck // closed with the pool
			return err
		}
	}
	return nil
}

// ID implements app.Log.
func (s *Store) ID() uuid.UUID { return s.id }

// Queue is the number of appends that wait for the writer now.
func (s *Store) Queue() int {
	if s.writer == nil {
		return 0
	}
	return s.writer.queue.Waiting()
}

// Append implements app.Log. The records' bytes must not change until it has returned; if it returned because its
// context ended, not ever. Codes of kind Unavailable: log_busy (the queue is full), log_unwritable (the batch could
// not be committed; the cause is inside), log_read_only and log_closed. Nothing was written then.
func (s *Store) Append(ctx context.Context, stream string, expected uint64, records []app.Record) (app.Appended, error) {
	if err := app.CheckAppend(stream, records); err != nil {
		return app.Appended{}, err
	}
	if err := ctx.Err(); err != nil {
		return app.Appended{}, err
	}
	if s.writer == nil {
		return app.Appended{}, fault.New(fault.Unavailable, "log_read_only", "the log in %s is open for reading only", s.dir)
	}
	return s.writer.queue.Append(ctx, stream, expected, records)
}

// Close commits what waits in the queue, closes the files and gives up the directory. Every later call fails.
func (s *Store) Close() error {
	var errs []error
	if s.writer != nil {
		errs = append(errs, s.writer.close())
	}
	s.tail.end()
	if s.reads != nil {
		errs = append(errs, s.reads.Close())
	}
	if s.lock != nil {
		errs = append(errs, s.lock.Close())
	}
	return errors.Join(errs...)
}

// tail tells those who wait how far the log goes.
type tail struct {
	mu      sync.Mutex
	head    app.Position
	changed chan struct{} // closed and replaced whenever head grows
	closed  bool
}

func (t *tail) grow(head app.Position) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.head = head
	close(t.changed)
	t.changed = make(chan struct{})
}

func (t *tail) end() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.closed && t.changed != nil {
		t.closed = true
		close(t.changed)
		t.changed = make(chan struct{})
	}
}

// now is how far the log goes, a channel that closes when that is no longer so, and an error once it is closed.
func (t *tail) now() (app.Position, <-chan struct{}, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closed {
		return 0, nil, commits.Closed()
	}
	return t.head, t.changed, nil
}
