// Package pgstore is the event store on PostgreSQL: one log in the schema gridward of a database that many nodes may
// append to and read at once. It also keeps the views' generations there (generations.go).
//
// What orders the log is the primary key of its positions. An append writes the positions right behind the last one
// that its node has seen committed, so of two nodes that want the same place one waits for the other and then fails,
// and nothing can be committed behind a place that is still open: whoever reads a position reads all before it. A
// lock keeps the nodes in a queue, so that they need not find out by failing; the order does not depend on it.
package pgstore

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"
	"gridward/app"
	"gridward/app/commits"
	"gridward/domain/fault"
)

// Options are what a log is opened with. Everything but Clock has a default.
type Options struct {
	Clock func() time.Time // stamps RecordedAt; called by the writer, once per batch
	NewID func() uuid.UUID // the id of a log that is made; default random

	commits.Limits

	// LockWait is how long a batch waits for other sessions before its callers are told to come again; default 10 s.
	LockWait time.Duration

	// UnsafeServer takes a server that acknowledges commits which are not on its disk (fsync = off): for tests.
	UnsafeServer bool

	// OnCommit, if set, hears of every batch after its callers were answered. It runs on the writer: it must be
	// quick and must not append.
	OnCommit func(commits.Batch)
}

// Store is an app.Log in a database. It is safe for concurrent use.
type Store struct {
	id     uuid.UUID
	reads  *pgxpool.Pool
	writer *writer // nil when read-only
	tail   *commits.Tail
	ends   []func() // what runs beside it, in the order to be ended
	once   sync.Once
	err    error // of Close
}

var _ app.Log = (*Store)(nil)

func (o Options) withDefaults() Options {
	if o.NewID == nil {
		o.NewID = uuid.New
	}
	if o.LockWait <= 0 {
		o.LockWait = 10 * time.Second
	}
	return o
}

// Open opens the log in the database of the URL, and makes it if it is not there: once, however many nodes do so
// together. Errors say what to do and are of kind Invalid (log_url_invalid) or Unavailable: log_unreachable,
// log_login_refused, log_database_missing, log_no_rights, log_format_unknown, log_unsafe, log_encoding. No error has
// the password in it.
func Open(ctx context.Context, url string, o Options) (*Store, error) {
	if o.Clock == nil {
		return nil, errors.New("pgstore: Options.Clock is required")
	}
	o = o.withDefaults()
	c, err := configure(url, o)
	if err != nil {
		return nil, err
	}
	id, err := prepareDatabase(ctx, c, o)
	if err != nil {
		return nil, unopened(c, err)
	}
	s := &Store{id: id, tail: commits.NewTail()}
	session := newSession(c, id, o)
	if err := session.connect(ctx); err != nil {
		return nil, unopened(c, err)
	}
	if s.reads, err = pgxpool.NewWithConfig(ctx, c.pool); err != nil {
		return nil, unopened(c, errors.Join(err, session.close()))
	}
	s.tail.Grow(session.position)
	s.writer = newWriter(session, o, s.tail)
	s.listen(c)
	return s, nil
}

// listen hears of what others append, until Close.
func (s *Store) listen(c *config) {
	listening, stop := context.WithCancel(context.Background()) //nolint:gosec // Close calls stop
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		(&listener{config: c.conn, tail: s.tail}).run(listening)
	}()
	s.ends = []func(){stop, func() { <-ended }}
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
// context ended, not ever. Codes of kind Unavailable: log_busy (the queue is full, or other sessions held the log too
// long), log_unwritable (the server refused the batch; the cause is inside), log_unreachable and log_closed. Nothing
// was written then. When the server is lost in the middle of a commit the answer waits until it is known.
func (s *Store) Append(ctx context.Context, stream string, expected uint64, records []app.Record) (app.Appended, error) {
	if err := app.CheckAppend(stream, records); err != nil {
		return app.Appended{}, err
	}
	if err := checkStorable(stream, records); err != nil {
		return app.Appended{}, err
	}
	if err := ctx.Err(); err != nil {
		return app.Appended{}, err
	}
	if s.writer == nil {
		return app.Appended{}, fault.New(fault.Unavailable, "log_read_only", "the log is open for reading only")
	}
	return s.writer.queue.Append(ctx, stream, expected, records)
}

// Close commits what waits in the queue, for ten seconds at most, and closes all connections. Every later call fails.
func (s *Store) Close() error {
	s.once.Do(func() {
		if s.writer != nil {
			s.err = s.writer.close()
		}
		s.tail.End()
		for _, end := range s.ends {
			end()
		}
		s.reads.Close()
	})
	return s.err
}
