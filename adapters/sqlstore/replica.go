package sqlstore

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/gofrs/flock"
	"github.com/google/uuid"
	"gridward/app"
	"gridward/domain/fault"
)

// Replica is an app.Replica in a data directory, which it holds as a writer does. One goroutine uses it.
type Replica struct {
	lock *flock.Flock
	file *file
}

var _ app.Replica = (*Replica)(nil)

// OpenReplica opens the log with that id in a directory, and makes both if they are not there. A directory that holds
// another log is a Conflict with code log_other.
func OpenReplica(ctx context.Context, dir string, id uuid.UUID) (_ *Replica, err error) {
	if err := os.MkdirAll(dir, 0o750); err != nil { //nolint:gosec // the operator names the directory
		return nil, unwritableDir(dir, err)
	}
	r := &Replica{}
	if r.lock, err = lockDir(dir); err != nil {
		return nil, err
	}
	o := Options{NewID: func() uuid.UUID { return id }}.withDefaults()
	var found uuid.UUID
	if r.file, found, err = openFile(ctx, filepath.Join(dir, logFile), o); err != nil {
		return nil, errors.Join(unopened(dir, err), r.lock.Close())
	}
	if found != id {
		return nil, errors.Join(fault.New(fault.Conflict, "log_other", "%s holds another log, %s", dir, found), r.Close())
	}
	return r, nil
}

// Head implements app.Replica.
func (r *Replica) Head(context.Context) (app.Position, error) { return app.Position(r.file.head), nil }

// Put implements app.Replica.
func (r *Replica) Put(ctx context.Context, records []app.Record) error {
	if err := r.file.take(ctx, records); err != nil {
		if _, ok := fault.As(err); ok || code(err) == 0 {
			return err
		}
		return unwritable(err)
	}
	return nil
}

// Close implements app.Replica.
func (r *Replica) Close() error {
	var errs []error
	if r.file != nil {
		errs = append(errs, r.file.close())
	}
	return errors.Join(append(errs, r.lock.Close())...)
}

// take commits records as they are. After an error nothing of them is in the file.
func (f *file) take(ctx context.Context, records []app.Record) error {
	if _, err := f.begin.ExecContext(ctx); err != nil {
		return err
	}
	err := f.place(ctx, records)
	if err == nil {
		err = f.flush(ctx)
	}
	if err == nil {
		_, err = f.end.ExecContext(ctx)
	}
	if err != nil {
		f.forget(ctx)
		return errors.Join(err, f.learn(ctx))
	}
	f.cache.trim(cachedStreams, cachedIDs)
	f.tidy(ctx)
	return nil
}

// place puts each record at its own place.
func (f *file) place(ctx context.Context, records []app.Record) error {
	for i := range records {
		r := &records[i]
		s, err := f.stream(ctx, r.Stream)
		if err != nil {
			return err
		}
		if err := app.CheckPlace(r, app.Position(f.head), uint64(len(s.versions)), f.recorded); err != nil {
			return err
		}
		if s.id == 0 {
			f.lastStream++
			s.id = f.lastStream
			f.streams.row(s.id, r.Stream)
		}
		meta, err := app.AppendMeta(nil, &r.Meta)
		if err != nil {
			return fmt.Errorf("position %s: metadata: %w", r.Position, err)
		}
		f.head = int64(r.Position) - 1
		if err := f.add(ctx, s, r, meta, r.RecordedAt.UnixMicro()); err != nil {
			return err
		}
		f.cache.grown(1)
	}
	return nil
}
