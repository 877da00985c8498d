package sqlstore

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"gridward/domain/fault"
)

// OpenReadOnly opens the log of the data directory for reading, without the lock: also while a server writes it, and
// also if the directory cannot be written. Append answers log_read_only. A directory without a log is NotFound
// (code log_not_found). It never writes events; beside a log in a writable directory SQLite may leave its own
// -wal and -shm files, which belong to the log.
func OpenReadOnly(ctx context.Context, dir string) (*Store, error) {
	path := filepath.Join(dir, logFile)
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) { //nolint:gosec // the operator names the directory
		return nil, fault.New(fault.NotFound, "log_not_found", "there is no log in %s", dir)
	} else if err != nil {
		return nil, fmt.Errorf("open the log of %s: %w", dir, err)
	}
	s, err := openReader(ctx, dir, readerDSN(path, "mode=ro"))
	if err == nil {
		return s, nil
	}
	// A reader of a write-ahead log needs the -shm file. Where it is not there and cannot be made nobody writes
	// either; if nothing waits in the -wal file, the main file is the whole log and stands still.
	if hasWAL(path) {
		return nil, fmt.Errorf("open the log of %s (it was not closed cleanly and cannot be recovered where nothing can be written: copy the directory): %w", dir, err)
	}
	return openReader(ctx, dir, readerDSN(path, "mode=ro&immutable=1"))
}

func openReader(ctx context.Context, dir, dsn string) (*Store, error) {
	s := &Store{dir: dir}
	s.tail.changed = make(chan struct{})
	err := s.openReads(ctx, dsn)
	if err == nil {
		s.id, err = identify(ctx, s.reads)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("open the log of %s: %w", dir, err), s.Close())
	}
	return s, nil
}

// hasWAL says that something waits in the write-ahead log of a file.
func hasWAL(path string) bool {
	wal, err := os.Stat(path + "-wal") //nolint:gosec // the operator names the directory
	return err == nil && wal.Size() > 0
}
