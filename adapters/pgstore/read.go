package pgstore

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
	"gridward/app"
	"gridward/domain/fault"
)

const (
	columns = `SELECT e.position, s.name, e.version, e.event_id, e.type, e.schema, e.recorded_at, e.meta, e.data `
	loadSQL = columns + `FROM gridward.streams s JOIN gridward.events e ON e.stream = s.id
WHERE s.name = $1 AND e.version > $2 ORDER BY e.version`
	pageSQL = columns + `FROM gridward.events e JOIN gridward.streams s ON s.id = e.stream
WHERE e.position > $1 ORDER BY e.position LIMIT $2`
	headSQL = `SELECT coalesce(max(position), 0) FROM gridward.events`
)

// Load implements app.Log. It always asks the server: another node may have written the stream.
func (s *Store) Load(ctx context.Context, stream string, after uint64) ([]app.Record, error) {
	if !isText(stream) {
		return nil, ctx.Err() // no such stream can be there
	}
	return s.query(ctx, loadSQL, stream, int64(min(after, 1<<62))) //nolint:gosec // bounded
}

// Read implements app.Log. Positions are committed in their order (see the package), and one statement sees all that
// was committed before it: nothing is skipped.
func (s *Store) Read(ctx context.Context, after app.Position, limit int) ([]app.Record, error) {
	if limit <= 0 {
		return nil, fmt.Errorf("read of %d records", limit)
	}
	return s.query(ctx, pageSQL, int64(min(after, 1<<62)), limit) //nolint:gosec // bounded
}

// query reads records. A connection that broke since it was last used is worth one more attempt.
func (s *Store) query(ctx context.Context, text string, args ...any) ([]app.Record, error) {
	out, err := s.queryOnce(ctx, text, args...)
	if err != nil && state(err) == "" && ctx.Err() == nil && !s.tail.Closed() {
		out, err = s.queryOnce(ctx, text, args...)
	}
	if err != nil {
		return nil, unreadable(ctx, err)
	}
	return out, nil
}

func (s *Store) queryOnce(ctx context.Context, text string, args ...any) ([]app.Record, error) {
	rows, err := s.reads.Query(ctx, text, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []app.Record
	for rows.Next() {
		out = append(out, app.Record{})
		if err := scan(rows, &out[len(out)-1]); err != nil {
			return nil, err
		}
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	return out, nil
}

func scan(rows pgx.Rows, r *app.Record) error {
	var meta pgtype.DriverBytes // good until the next row
	var position, version, at int64
	err := rows.Scan(&position, &r.Stream, &version, (*[16]byte)(&r.ID), &r.Type, &r.Schema, &at, &meta, &r.Data)
	if err != nil {
		return err
	}
	r.Position, r.Version = app.Position(position), uint64(version) //nolint:gosec // never negative
	if err := app.ReadMeta(meta, &r.Meta); err != nil {
		return fmt.Errorf("position %d: metadata: %w", r.Position, err)
	}
	r.RecordedAt = time.UnixMicro(at).UTC()
	return nil
}

// unreadable is the answer to a read that failed: the context's own error if that is why, else Unavailable.
func unreadable(ctx context.Context, err error) error {
	if e := ctx.Err(); e != nil {
		return e
	}
	e := fault.New(fault.Unavailable, "log_unreadable", "the log cannot be read")
	e.RetryAfter, e.Cause = readRetry, err
	return e
}

// Head implements app.Log.
func (s *Store) Head(ctx context.Context) (app.Position, error) {
	var head int64
	err := s.reads.QueryRow(ctx, headSQL).Scan(&head)
	if err != nil && state(err) == "" && ctx.Err() == nil && !s.tail.Closed() {
		err = s.reads.QueryRow(ctx, headSQL).Scan(&head)
	}
	if err != nil {
		return 0, unreadable(ctx, err)
	}
	return app.Position(head), nil //nolint:gosec // never negative
}
