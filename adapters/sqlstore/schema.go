package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"slices"
	"strings"

	"github.com/google/uuid"
	_ "modernc.org/sqlite" // the driver "sqlite"
)

// The files of a data directory that are this package's.
const (
	logFile  = "log.db"
	lockFile = "lock"
)

// schema is the log's. Positions are given by the one writer, so that a batch needs no answer from the database to
// know its places; AUTOINCREMENT holds that none is ever given twice. Stream and type names are interned: an event
// row carries two small numbers instead. That an id is in a stream only once is the writer's work (batch.go): an
// index over ids would cost a random page per event for what a stream's few hundred ids answer as well.
const schema = `
CREATE TABLE log (
  id     BLOB    NOT NULL,
  format INTEGER NOT NULL
) STRICT;
CREATE TABLE streams (
  id   INTEGER PRIMARY KEY,
  name TEXT    NOT NULL UNIQUE
) STRICT;
CREATE TABLE types (
  id   INTEGER PRIMARY KEY,
  name TEXT    NOT NULL UNIQUE
) STRICT;
CREATE TABLE events (
  position    INTEGER PRIMARY KEY AUTOINCREMENT,
  stream      INTEGER NOT NULL REFERENCES streams (id),
  version     INTEGER NOT NULL,
  event_id    BLOB    NOT NULL,
  type        INTEGER NOT NULL REFERENCES types (id),
  schema      INTEGER NOT NULL,
  recorded_at INTEGER NOT NULL, -- microseconds since 1970, UTC
  meta        BLOB    NOT NULL, -- JSON of app.Meta
  data        BLOB    NOT NULL,
  UNIQUE (stream, version)
) STRICT;`

// format is the number of the shape above; another one is refused.
const format = 1

// The log's connections. There is no mmap: a log is larger than the memory a server should show, and the pages it
// reads again are in the system's cache anyway. The write-ahead log is copied back every 4,096 pages (16 MiB):
// rarely enough that the pages of the indexes are written once for many commits.
const (
	busyTimeout     = 5000  // ms
	writerCacheKiB  = 32768 // holds the upper levels and the hot leaves of the indexes of some million events
	readerCacheKiB  = 4096
	readConnections = 4
	checkpointPages = 4096
	journalLimit    = 64 << 20 // bytes the write-ahead log's file keeps after a reset
)

func writerDSN(path string, checkpoint int) string {
	return dsn(path, "", "busy_timeout", busyTimeout, "journal_mode", "wal", "synchronous", "full",
		"cache_size", -writerCacheKiB, "wal_autocheckpoint", checkpoint, "journal_size_limit", journalLimit)
}

func readerDSN(path, mode string) string {
	return dsn(path, mode, "busy_timeout", busyTimeout, "query_only", 1, "cache_size", -readerCacheKiB)
}

// dsn is the SQLite URI of a file with pragmas given as name, value, name, value.
func dsn(path, mode string, pragmas ...any) string {
	p := filepath.ToSlash(path)
	if abs, err := filepath.Abs(path); err == nil {
		p = filepath.ToSlash(abs)
	}
	if !strings.HasPrefix(p, "/") { // a drive letter
		p = "/" + p
	}
	q := url.Values{}
	for p := range slices.Chunk(pragmas, 2) {
		q.Add("_pragma", fmt.Sprintf("%v(%v)", p...))
	}
	s := "file://" + (&url.URL{Path: p}).EscapedPath() + "?" + q.Encode()
	if mode != "" {
		s += "&" + mode
	}
	return s
}

// migrate makes an empty file a log with the given id, and answers the id of the log that is there.
func migrate(ctx context.Context, db *sql.DB, newID func() uuid.UUID) (uuid.UUID, error) {
	var tables int
	if err := db.QueryRowContext(ctx, `SELECT count(*) FROM sqlite_schema WHERE name = 'log'`).Scan(&tables); err != nil {
		return uuid.Nil, err
	}
	if tables > 0 {
		if err := probe(ctx, db); err != nil {
			return uuid.Nil, err
		}
		return identify(ctx, db)
	}
	id := newID()
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return uuid.Nil, err
	}
	defer func() { _ = tx.Rollback() }() // after Commit it does nothing
	if _, err := tx.ExecContext(ctx, schema); err != nil {
		return uuid.Nil, err
	}
	if _, err := tx.ExecContext(ctx, `INSERT INTO log (id, format) VALUES (?, ?)`, id[:], format); err != nil {
		return uuid.Nil, err
	}
	return id, tx.Commit()
}

// probe is the error of a write, without writing: SQLite opens a file for reading when it may not write it, and says
// so only then.
func probe(ctx context.Context, db *sql.DB) error {
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	_, err = tx.ExecContext(ctx, `UPDATE log SET format = format`)
	return errors.Join(err, tx.Rollback())
}

// identify reads the log's id and holds that this program knows its format.
func identify(ctx context.Context, db *sql.DB) (uuid.UUID, error) {
	var raw []byte
	var found int
	err := db.QueryRowContext(ctx, `SELECT id, format FROM log`).Scan(&raw, &found)
	if errors.Is(err, sql.ErrNoRows) {
		return uuid.Nil, errors.New("the log has no identity")
	}
	if err != nil {
		return uuid.Nil, err
	}
	if found != format {
		return uuid.Nil, fmt.Errorf("the log has format %d, this program knows %d", found, format)
	}
	return uuid.FromBytes(raw)
}
