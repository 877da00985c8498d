package pgstore

import (
	"context"
	"errors"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"gridward/domain/fault"
)

// schema is the log's. Rows are only ever inserted. Stream names are interned: an event row and its index carry a
// number instead. Positions and the numbers of streams are given by the writer. That an id is in a stream only once
// is the writer's work too (decide.go): an index over ids would cost a random page per event for what a stream's few
// hundred ids answer as well. For the same reason there is no foreign key: the writer's one transaction puts a stream
// and its first event. Texts are ordered by their bytes, whatever the database's own order is.
const schema = `
CREATE TABLE gridward.log (
  one    boolean PRIMARY KEY DEFAULT true CHECK (one),
  id     uuid    NOT NULL,
  format integer NOT NULL
);
CREATE TABLE gridward.streams (
  id   bigint PRIMARY KEY,
  name text COLLATE "C" NOT NULL CONSTRAINT streams_name UNIQUE
);
CREATE TABLE gridward.events (
  position    bigint  CONSTRAINT events_position PRIMARY KEY,
  stream      bigint  NOT NULL,
  version     bigint  NOT NULL,
  recorded_at bigint  NOT NULL, -- microseconds since 1970, UTC
  event_id    uuid    NOT NULL,
  schema      integer NOT NULL,
  type        text COLLATE "C" NOT NULL,
  meta        bytea   NOT NULL, -- JSON of app.Meta
  data        bytea   NOT NULL, -- as given, for ever
  CONSTRAINT events_version UNIQUE (stream, version)
);`

// format is the number of the shape above; another one is refused.
const format = 1

// The keys of the advisory locks: of whoever makes the tables, and of whoever appends.
const (
	lockSchema = 0x67726964_00000001 // "grid"
	lockAppend = 0x67726964_00000002
)

// prepareDatabase makes the log if the database has none, and gives its id.
func prepareDatabase(ctx context.Context, c *config, o Options) (id uuid.UUID, err error) {
	conn, err := pgx.ConnectConfig(ctx, c.conn)
	if err != nil {
		return uuid.Nil, err
	}
	defer func() { _ = conn.Close(ctx) }() // nothing is open in it
	if err := checkServer(ctx, conn, o); err != nil {
		return uuid.Nil, err
	}
	there, err := hasTable(ctx, conn, "gridward", "log")
	if err != nil {
		return uuid.Nil, err
	}
	if !there {
		if err := migrate(ctx, conn, o.NewID); err != nil {
			return uuid.Nil, err
		}
	}
	return identify(ctx, conn)
}

// checkServer holds that a commit is on disk and that every text can be kept.
func checkServer(ctx context.Context, conn *pgx.Conn, o Options) error {
	var fsync, encoding string
	err := conn.QueryRow(ctx, `SELECT current_setting('fsync'), current_setting('server_encoding')`).Scan(&fsync, &encoding)
	switch {
	case err != nil:
		return err
	case encoding != "UTF8":
		return fault.New(fault.Unavailable, "log_encoding", "the database has the encoding %s: make one with ENCODING 'UTF8'", encoding)
	case fsync != "on" && !o.UnsafeServer:
		return fault.New(fault.Unavailable, "log_unsafe", "the server runs with fsync = off: what it acknowledges may be lost; set fsync = on")
	}
	return nil
}

// migrate makes the tables, unless somebody else has while it waited for its turn.
func migrate(ctx context.Context, conn *pgx.Conn, newID func() uuid.UUID) error {
	id := newID()
	return pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `SET LOCAL lock_timeout = 0`); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock($1)`, int64(lockSchema)); err != nil {
			return err
		}
		if there, err := hasTable(ctx, tx, "gridward", "log"); err != nil || there {
			return err
		}
		if err := makeSchema(ctx, tx, "gridward"); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, schema); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, `INSERT INTO gridward.log (id, format) VALUES ($1, $2)`, [16]byte(id), format)
		return err
	})
}

// querier is a connection or a transaction.
type querier interface {
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}

// hasTable asks the catalogue itself: to_regclass may answer from what the connection remembers, which is told of
// others' work at the next transaction only.
func hasTable(ctx context.Context, q querier, schema, name string) (there bool, err error) {
	err = q.QueryRow(ctx, `SELECT EXISTS (SELECT FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = $1 AND c.relname = $2)`, schema, name).Scan(&there)
	return there, err
}

func hasSchema(ctx context.Context, q querier, name string) (there bool, err error) {
	err = q.QueryRow(ctx, `SELECT EXISTS (SELECT FROM pg_catalog.pg_namespace WHERE nspname = $1)`, name).Scan(&there)
	return there, err
}

// makeSchema makes a schema if it is not there. Whoever may not make schemas may still have been given one.
func makeSchema(ctx context.Context, tx pgx.Tx, name string) error {
	there, err := hasSchema(ctx, tx, name)
	if err != nil || there {
		return err
	}
	_, err = tx.Exec(ctx, `CREATE SCHEMA `+pgx.Identifier{name}.Sanitize())
	return err
}

// identify reads the log's id and holds that this program knows its format.
func identify(ctx context.Context, conn *pgx.Conn) (uuid.UUID, error) {
	var id [16]byte
	var found int
	err := conn.QueryRow(ctx, `SELECT id, format FROM gridward.log`).Scan(&id, &found)
	if errors.Is(err, pgx.ErrNoRows) {
		return uuid.Nil, fault.New(fault.Unavailable, "log_format_unknown", "the log in schema gridward has no identity: it was not made by this program")
	}
	if err != nil {
		return uuid.Nil, err
	}
	if found != format {
		return uuid.Nil, fault.New(fault.Unavailable, "log_format_unknown",
			"the log has format %d, this program knows %d: use the program that wrote it, or a newer one", found, format)
	}
	return id, nil
}
