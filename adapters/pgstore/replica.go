package pgstore

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"
	lru "github.com/hashicorp/golang-lru/v2"
	"github.com/jackc/pgx/v5"
	"gridward/app"
	"gridward/domain/fault"
)

// Replica is an app.Replica in a database. One goroutine uses it. Each Put takes the lock that appends take.
type Replica struct {
	c       *config
	conn    *pgx.Conn
	streams *lru.Cache[string, tipOf]
}

// tipOf is the number of a stream (0: there is none) and its last version.
type tipOf struct{ id, version int64 }

var _ app.Replica = (*Replica)(nil)

// OpenReplica opens the log with that id in the database of the URL, and makes it if there is none. A database with
// another log is a Conflict with code log_other; other errors are those of Open.
func OpenReplica(ctx context.Context, url string, id uuid.UUID, o Options) (_ *Replica, err error) {
	o = o.withDefaults()
	o.NewID = func() uuid.UUID { return id }
	c, err := configure(url, o)
	if err != nil {
		return nil, err
	}
	found, err := prepareDatabase(ctx, c, o)
	if err != nil {
		return nil, unopened(c, err)
	}
	if found != id {
		return nil, fault.New(fault.Conflict, "log_other", "the database %s at %s holds another log, %s", c.conn.Database, c.where(), found)
	}
	r := &Replica{c: c}
	if r.streams, err = lru.New[string, tipOf](cachedStreams); err != nil {
		return nil, err
	}
	if r.conn, err = pgx.ConnectConfig(ctx, c.conn); err != nil {
		return nil, unopened(c, err)
	}
	if _, err := r.conn.Exec(ctx, durably); err != nil {
		return nil, errors.Join(unopened(c, err), r.Close())
	}
	return r, nil
}

// Head implements app.Replica.
func (r *Replica) Head(ctx context.Context) (app.Position, error) {
	var head int64
	if err := r.conn.QueryRow(ctx, headSQL).Scan(&head); err != nil {
		return 0, unreadable(ctx, err)
	}
	return app.Position(head), nil //nolint:gosec // never negative
}

// Put implements app.Replica.
func (r *Replica) Put(ctx context.Context, records []app.Record) error {
	err := pgx.BeginFunc(ctx, r.conn, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock($1)`, int64(lockAppend)); err != nil {
			return err
		}
		names, rows, err := r.place(ctx, tx, records)
		if err != nil {
			return err
		}
		if _, err := tx.CopyFrom(ctx, pgx.Identifier{"gridward", "streams"}, []string{"id", "name"}, pgx.CopyFromRows(names)); err != nil {
			return err
		}
		_, err = tx.CopyFrom(ctx, pgx.Identifier{"gridward", "events"},
			[]string{"position", "stream", "version", "recorded_at", "event_id", "schema", "type", "meta", "data"}, pgx.CopyFromRows(rows))
		return err
	})
	if err == nil {
		return nil
	}
	r.streams.Purge()
	if state(err) != "" {
		return unwritten(err)
	}
	return err
}

// place makes the rows of records that keep their places.
func (r *Replica) place(ctx context.Context, tx pgx.Tx, records []app.Record) (names, rows [][]any, err error) {
	var head, recorded, last int64
	if err := tx.QueryRow(ctx, statements["tip"]).Scan(&head, &recorded, &last); err != nil {
		return nil, nil, err
	}
	tips, err := r.tips(ctx, tx, records)
	if err != nil {
		return nil, nil, err
	}
	for i := range records {
		x := &records[i]
		if err := checkStorable(x.Stream, records[i:i+1]); err != nil {
			return nil, nil, err
		}
		s := tips[x.Stream]
		if err := app.CheckPlace(x, app.Position(head), uint64(s.version), recorded); err != nil { //nolint:gosec // never negative
			return nil, nil, err
		}
		if s.id == 0 {
			last++
			s.id = last
			names = append(names, []any{s.id, x.Stream})
		}
		meta, err := app.AppendMeta(nil, &x.Meta)
		if err != nil {
			return nil, nil, fmt.Errorf("position %s: metadata: %w", x.Position, err)
		}
		data := x.Data
		if data == nil {
			data = []byte{} // nil would be NULL
		}
		s.version++
		head, recorded = int64(x.Position), x.RecordedAt.UnixMicro() //nolint:gosec // positions fit
		tips[x.Stream] = s
		rows = append(rows, []any{head, s.id, s.version, recorded, [16]byte(x.ID), x.Schema, x.Type, meta, data})
	}
	for name, tip := range tips {
		r.streams.Add(name, tip)
	}
	return names, rows, nil
}

// tips gives those of the records' streams: remembered, or read.
func (r *Replica) tips(ctx context.Context, tx pgx.Tx, records []app.Record) (map[string]tipOf, error) {
	tips := map[string]tipOf{}
	var names []string
	for i := range records {
		name := records[i].Stream
		if tip, known := r.streams.Get(name); known {
			tips[name] = tip
		} else {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return tips, nil
	}
	rows, err := tx.Query(ctx, `SELECT s.name, s.id, (SELECT max(version) FROM gridward.events e WHERE e.stream = s.id)
FROM gridward.streams s WHERE s.name = ANY ($1::text[])`, names)
	if err != nil {
		return nil, err
	}
	var name string
	var tip tipOf
	_, err = pgx.ForEachRow(rows, []any{&name, &tip.id, &tip.version}, func() error {
		tips[name] = tip
		return nil
	})
	return tips, err
}

// Close implements app.Replica.
func (r *Replica) Close() error {
	if r.conn == nil {
		return nil
	}
	return r.conn.Close(context.Background())
}
