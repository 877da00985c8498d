package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"time"

	"github.com/google/uuid"
	"gridward/app"
	"gridward/app/commits"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// file is the log's file as its writer sees it: one connection, and what is known of its content without asking.
// Only the writer's goroutine uses it.
type file struct {
	path string
	now  func() time.Time
	db   *sql.DB
	conn *sql.Conn

	begin, end, undo         *sql.Stmt
	findStream, ids, placeOf *sql.Stmt
	events, streams          *bulk
	prepared                 []*sql.Stmt // all of them: a connection of one's own does not close them by itself

	known      bool // head, recorded, lastStream and types are those of the file
	head       int64
	recorded   int64 // microseconds, of the last record
	lastStream int64
	types      map[string]int64
	cache      *cache

	commits  int // since the write-ahead log's size was looked at
	walLimit int64
}

// private makes a file that its owner alone can read, if there is none: it will hold names and phones. SQLite gives
// the files beside it the same rights.
func private(path string) error {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600) //nolint:gosec // the operator names the directory
	if err != nil {
		return err
	}
	return f.Close()
}

// The writer looks at the write-ahead log's file every walCommits commits. Readers who overlap without a pause keep
// it from being reset; beyond so many bytes the writer waits for them and empties it.
const (
	walCommits = 256
	walLimit   = 256 << 20 // Options.walLimit if not set
)

func openFile(ctx context.Context, path string, o Options) (*file, uuid.UUID, error) {
	if err := private(path); err != nil {
		return nil, uuid.Nil, err
	}
	db, err := sql.Open("sqlite", writerDSN(path, o.checkpointPages))
	if err != nil {
		return nil, uuid.Nil, err
	}
	db.SetMaxOpenConns(1)
	f := &file{path: path, now: o.Clock, db: db, cache: newCache(), walLimit: o.walLimit}
	id, err := migrate(ctx, db, o.NewID)
	if err == nil {
		err = f.prepare(ctx)
	}
	if err == nil {
		err = f.learn(ctx)
	}
	if err != nil {
		return nil, uuid.Nil, errors.Join(err, f.close())
	}
	return f, id, nil
}

func (f *file) prepare(ctx context.Context) (err error) {
	if f.conn, err = f.db.Conn(ctx); err != nil {
		return err
	}
	for stmt, text := range map[**sql.Stmt]string{
		&f.begin:      `BEGIN IMMEDIATE`,
		&f.end:        `COMMIT`,
		&f.undo:       `ROLLBACK`,
		&f.findStream: `SELECT id FROM streams WHERE name = ?`,
		&f.ids:        `SELECT version, event_id FROM events WHERE stream = ? ORDER BY version`,
		&f.placeOf:    `SELECT position, recorded_at FROM events WHERE stream = ? AND version = ?`,
	} {
		if *stmt, err = f.statement(ctx, text); err != nil { //nolint:sqlclosecheck // close does
			return err
		}
	}
	f.streams, err = newBulk(ctx, f, `INSERT INTO streams (id, name) VALUES `, 2)
	if err != nil {
		return err
	}
	f.events, err = newBulk(ctx, f, insertEvents, eventColumns)
	return err
}

func (f *file) statement(ctx context.Context, text string) (*sql.Stmt, error) {
	stmt, err := f.conn.PrepareContext(ctx, text)
	if err == nil {
		f.prepared = append(f.prepared, stmt)
	}
	return stmt, err
}

const (
	insertEvents = `INSERT INTO events (position, stream, version, event_id, type, schema, recorded_at, meta, data) VALUES `
	eventColumns = 9
)

// learn reads what the writer keeps in mind: at the start, and after a batch that failed.
func (f *file) learn(ctx context.Context) error {
	f.cache.clear()
	f.types = map[string]int64{}
	err := f.conn.QueryRowContext(ctx, `SELECT ifnull(max(position), 0),
  ifnull((SELECT recorded_at FROM events ORDER BY position DESC LIMIT 1), 0),
  (SELECT ifnull(max(id), 0) FROM streams) FROM events`).Scan(&f.head, &f.recorded, &f.lastStream)
	if err != nil {
		return err
	}
	rows, err := f.conn.QueryContext(ctx, `SELECT id, name FROM types`)
	if err != nil {
		return err
	}
	defer rows.Close() //nolint:errcheck // what matters of it is in rows.Err
	for rows.Next() {
		var id int64
		var name string
		if err := rows.Scan(&id, &name); err != nil {
			return err
		}
		f.types[name] = id
	}
	f.known = rows.Err() == nil
	return rows.Err()
}

// commit decides the appends of a batch one after the other, sets each one's answer and commits what they wrote.
// After an error nothing of the batch is in the file and the answers mean nothing.
func (f *file) commit(ctx context.Context, batch []*commits.Request) (rows int, err error) {
	if _, err := f.begin.ExecContext(ctx); err != nil {
		return 0, err
	}
	before := f.head
	if err = f.write(ctx, batch); err == nil {
		_, err = f.end.ExecContext(ctx)
	}
	if err != nil {
		f.forget(ctx)
		return 0, err
	}
	f.cache.trim(cachedStreams, cachedIDs)
	f.tidy(ctx)
	return int(f.head - before), nil
}

func (f *file) write(ctx context.Context, batch []*commits.Request) error {
	if !f.known {
		if err := f.learn(ctx); err != nil {
			return err
		}
	}
	at := max(f.now().UnixMicro(), f.recorded)
	for _, r := range batch {
		if err := f.decide(ctx, r, at); err != nil {
			return err
		}
	}
	return f.flush(ctx)
}

func (f *file) flush(ctx context.Context) error {
	if err := f.streams.flush(ctx); err != nil {
		return err
	}
	return f.events.flush(ctx)
}

// forget undoes a failed batch. The database may have rolled it back by itself: then ROLLBACK is the one that fails,
// which is no news.
func (f *file) forget(ctx context.Context) {
	f.known = false
	f.streams.drop()
	f.events.drop()
	_, _ = f.undo.ExecContext(ctx)
}

// tidy keeps the write-ahead log's file from growing without end under readers who never pause. If it does not work
// this time it will another time.
func (f *file) tidy(ctx context.Context) {
	if f.commits++; f.commits < walCommits {
		return
	}
	f.commits = 0
	if wal, err := os.Stat(f.path + "-wal"); err == nil && wal.Size() > f.walLimit {
		_, _ = f.conn.ExecContext(ctx, `PRAGMA wal_checkpoint(TRUNCATE)`)
	}
}

func (f *file) close() error {
	var errs []error
	for _, stmt := range f.prepared {
		errs = append(errs, stmt.Close())
	}
	if f.conn != nil {
		errs = append(errs, f.conn.Close())
	}
	return errors.Join(append(errs, f.db.Close())...)
}

// code is SQLite's primary result code of an error, 0 if it has none.
func code(err error) int {
	var e *sqlite.Error
	if !errors.As(err, &e) {
		return 0
	}
	return e.Code() & 0xff
}

// reason says for people why a batch could not be committed.
func reason(err error) string {
	switch code(err) {
	case sqlite3.SQLITE_FULL:
		return "the disk is full"
	case sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM:
		return "the data directory cannot be written"
	case sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED:
		return "another program holds the log"
	case sqlite3.SQLITE_IOERR:
		return "the disk failed"
	default:
		return "the log failed"
	}
}

func appended(version, position, at int64) app.Appended {
	return app.Appended{Version: uint64(version), Position: app.Position(position), RecordedAt: time.UnixMicro(at).UTC()}
}
