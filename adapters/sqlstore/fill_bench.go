//go:build bench

package sqlstore

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"time"

	"github.com/google/uuid"
	"gridward/app"
)

// fillRows is how many records Fill commits at once.
const fillRows = 20_000

// Fill makes the log of an empty directory out of records in the order of the log, with the times they carry; their
// versions and positions are counted anew. Nobody is asked whether they are right. Benchmarks only: an honest append
// of a million events takes minutes.
func Fill(ctx context.Context, dir string, records iter.Seq[app.Record]) (id uuid.UUID, err error) {
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return uuid.Nil, err
	}
	f, id, err := openFile(ctx, filepath.Join(dir, logFile), Options{Clock: time.Now}.withDefaults())
	if err != nil {
		return uuid.Nil, err
	}
	defer func() { err = errors.Join(err, f.close()) }()
	type place struct{ id, version int64 }
	streams := map[string]place{}
	rows := 0
	for r := range records {
		if rows%fillRows == 0 {
			if err := f.fillCommit(ctx, rows > 0); err != nil {
				return uuid.Nil, err
			}
		}
		rows++
		s, known := streams[r.Stream]
		if !known {
			s.id = int64(len(streams) + 1)
			f.streams.row(s.id, r.Stream)
		}
		s.version++
		streams[r.Stream] = s
		meta, err := app.AppendMeta(nil, &r.Meta)
		if err != nil {
			return uuid.Nil, fmt.Errorf("record %d: %w", rows, err)
		}
		typ, err := f.typeID(ctx, r.Type)
		if err != nil {
			return uuid.Nil, err
		}
		f.recorded = max(f.recorded, r.RecordedAt.UnixMicro())
		f.events.row(int64(rows), s.id, s.version, r.ID[:], typ, int64(r.Schema), f.recorded, meta, r.Data)
	}
	if err := f.flush(ctx); err != nil {
		return uuid.Nil, err
	}
	_, err = f.end.ExecContext(ctx)
	return id, err
}

// fillCommit ends one transaction, if there is one, and begins the next.
func (f *file) fillCommit(ctx context.Context, open bool) error {
	if open {
		if err := f.flush(ctx); err != nil {
			return err
		}
		if _, err := f.end.ExecContext(ctx); err != nil {
			return err
		}
	}
	_, err := f.begin.ExecContext(ctx)
	return err
}
