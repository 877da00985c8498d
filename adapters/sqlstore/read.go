package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"gridward/app"
	"gridward/domain/fault"
)

const (
	columns = `SELECT e.position, s.name, e.version, e.event_id, t.name, e.schema, e.recorded_at, e.meta, e.data `
	loadSQL = columns + `FROM streams s JOIN events e ON e.stream = s.id JOIN types t ON t.id = e.type
WHERE s.name = ? AND e.version > ? ORDER BY e.version`
	pageSQL = columns + `FROM events e JOIN streams s ON s.id = e.stream JOIN types t ON t.id = e.type
WHERE e.position > ? ORDER BY e.position LIMIT ?`
	findSQL = `SELECT id FROM streams WHERE name = ?`
	lastSQL = `SELECT ifnull(max(position), 0) FROM events`
)

// poll is how often a log that another process writes is asked for news.
const poll = 200 * time.Millisecond

// Load implements app.Log.
func (s *Store) Load(ctx context.Context, stream string, after uint64) ([]app.Record, error) {
	if s.writer == nil {
		return s.query(ctx, s.load, stream, int64(min(after, 1<<62)))
	}
	if _, _, err := s.tail.now(); err != nil { // closed
		return nil, err
	}
	at, unmoved := s.writer.heads.reading(stream, after)
	if unmoved {
		return nil, ctx.Err()
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	ctx = context.WithoutCancel(ctx) // a stream is short: to read it costs less than to watch whether it is still wanted
	if after == 0 {
		// Most streams nobody has asked for before are those a command is about to create.
		var id int64
		err := s.find.QueryRowContext(ctx, stream).Scan(&id)
		if errors.Is(err, sql.ErrNoRows) {
			s.writer.heads.read(at, 0)
			return nil, nil
		}
		if err != nil {
			return nil, unreadable(ctx, err)
		}
	}
	records, err := s.query(ctx, s.load, stream, int64(min(after, 1<<62)))
	if err != nil {
		return nil, err
	}
	if n := len(records); n > 0 {
		after = records[n-1].Version
	}
	s.writer.heads.read(at, after)
	return records, nil
}

// Read implements app.Log. There is one writer and it commits in the order of positions, so nothing commits late.
func (s *Store) Read(ctx context.Context, after app.Position, limit int) ([]app.Record, error) {
	if limit <= 0 {
		return nil, fmt.Errorf("read of %d records", limit)
	}
	return s.query(ctx, s.page, int64(min(after, 1<<62)), limit)
}

func (s *Store) query(ctx context.Context, stmt *sql.Stmt, args ...any) (out []app.Record, err error) {
	rows, err := stmt.QueryContext(ctx, args...)
	if err != nil {
		return nil, unreadable(ctx, err)
	}
	defer func() {
		if e := rows.Close(); e != nil && err == nil {
			out, err = nil, unreadable(ctx, e)
		}
	}()
	for rows.Next() {
		if len(out) == cap(out) {
			out = slices.Grow(out, max(16, 3*len(out))) // records are large
		}
		out = append(out, app.Record{})
		if err := scan(rows, &out[len(out)-1]); err != nil {
			return nil, unreadable(ctx, err)
		}
	}
	if err := rows.Err(); err != nil {
		return nil, unreadable(ctx, err)
	}
	return out, nil
}

func scan(rows *sql.Rows, r *app.Record) error {
	var id, meta sql.RawBytes
	var position, version, schema, at int64
	err := rows.Scan(&position, &r.Stream, &version, &id, &r.Type, &schema, &at, &meta, &r.Data)
	if err != nil {
		return err
	}
	r.Position, r.Version, r.Schema = app.Position(position), uint64(version), int(schema)
	if r.ID, err = uuid.FromBytes(id); err != nil {
		return fmt.Errorf("position %d: event id: %w", r.Position, err)
	}
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
	e.Cause = err
	return e
}

// Head implements app.Log.
func (s *Store) Head(ctx context.Context) (app.Position, error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	if s.writer != nil {
		head, _, err := s.tail.now()
		return head, err
	}
	var head app.Position
	if err := s.last.QueryRowContext(ctx).Scan(&head); err != nil {
		return 0, unreadable(ctx, err)
	}
	return head, nil
}

// Wait implements app.Log. A log that is open for reading only is asked every 200 ms.
func (s *Store) Wait(ctx context.Context, after app.Position) error {
	var ticks <-chan time.Time
	if s.writer == nil {
		t := time.NewTicker(poll)
		defer t.Stop()
		ticks = t.C
	}
	for {
		_, changed, err := s.tail.now()
		if err != nil {
			return errors.Join(ctx.Err(), err)
		}
		head, err := s.Head(ctx)
		if err != nil || head > after {
			return err
		}
		select {
		case <-changed:
		case <-ticks:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
