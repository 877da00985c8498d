package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/google/uuid"
	"gridward/app"
	"gridward/app/commits"
)

// decide takes one append into the transaction or answers it otherwise: a conflict, or the place its ids have. The
// error is the transaction's, not the append's.
func (f *file) decide(ctx context.Context, r *commits.Request, at int64) error {
	s, err := f.stream(ctx, r.Stream)
	if err != nil {
		return err
	}
	known := 0
	for i := range r.Records {
		if _, ok := s.versions[r.Records[i].ID]; ok {
			known++
		}
	}
	current := uint64(len(s.versions))
	switch {
	case known == len(r.Records):
		return f.repeat(ctx, r, s)
	case known > 0 || r.Expected != current:
		r.Got, r.Err = app.Appended{}, &app.VersionConflict{Stream: r.Stream, Expected: r.Expected, Current: current}
		return nil
	}
	if s.id == 0 {
		f.lastStream++
		s.id = f.lastStream
		f.streams.row(s.id, r.Stream)
	}
	for i := range r.Records {
		if err := f.add(ctx, s, &r.Records[i], r.Meta(i), at); err != nil {
			return err
		}
	}
	f.cache.grown(len(r.Records))
	r.Got, r.Err, r.Wrote = appended(int64(len(s.versions)), f.head, at), nil, true
	return nil
}

// add puts one record behind its stream and behind the log.
func (f *file) add(ctx context.Context, s *stream, r *app.Record, meta []byte, at int64) error {
	typ, err := f.typeID(ctx, r.Type)
	if err != nil {
		return err
	}
	data := r.Data
	if data == nil {
		data = []byte{} // nil would be NULL
	}
	f.head++
	f.recorded = at
	version := int64(len(s.versions) + 1)
	s.versions[r.ID] = version
	f.events.row(f.head, s.id, version, r.ID[:], typ, int64(r.Schema), at, meta, data)
	return nil
}

// repeat answers an append whose ids are all in the stream with the place of its last record.
func (f *file) repeat(ctx context.Context, r *commits.Request, s *stream) error {
	if err := f.flush(ctx); err != nil { // the first copy may be of this very batch
		return err
	}
	version := s.versions[r.Records[len(r.Records)-1].ID]
	var position, at int64
	if err := f.placeOf.QueryRowContext(ctx, s.id, version).Scan(&position, &at); err != nil {
		return err
	}
	r.Got, r.Err = appended(version, position, at), nil
	return nil
}

// stream is what the file has under the name; a stream that is not there has no id and no records.
func (f *file) stream(ctx context.Context, name string) (*stream, error) {
	if s, ok := f.cache.get(name); ok {
		return s, nil
	}
	s := &stream{versions: map[uuid.UUID]int64{}}
	err := f.findStream.QueryRowContext(ctx, name).Scan(&s.id)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return nil, err
	}
	if s.id != 0 {
		if err := f.loadIDs(ctx, s); err != nil {
			return nil, err
		}
	}
	f.cache.put(name, s)
	return s, nil
}

func (f *file) loadIDs(ctx context.Context, s *stream) error {
	rows, err := f.ids.QueryContext(ctx, s.id)
	if err != nil {
		return err
	}
	defer rows.Close() //nolint:errcheck // what matters of it is in rows.Err
	for rows.Next() {
		var version int64
		var raw sql.RawBytes
		if err := rows.Scan(&version, &raw); err != nil {
			return err
		}
		id, err := uuid.FromBytes(raw)
		if err != nil {
			return fmt.Errorf("event id: %w", err)
		}
		s.versions[id] = version
	}
	return rows.Err()
}

// typeID is the number of an event's stored name. There are few names: a new one is written at once.
func (f *file) typeID(ctx context.Context, name string) (int64, error) {
	id, ok := f.types[name]
	if ok {
		return id, nil
	}
	id = int64(len(f.types) + 1)
	if _, err := f.conn.ExecContext(ctx, `INSERT INTO types (id, name) VALUES (?, ?)`, id, name); err != nil {
		return 0, err
	}
	f.types[name] = id
	return id, nil
}
