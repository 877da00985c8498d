package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"modernc.org/sqlite"
)

// The views' connections. Their file is rebuildable, and its checkpoint commits with the rows, so a commit need not
// be on disk: synchronous=NORMAL syncs only when the write-ahead log is copied back. A machine that stops may lose
// the newest rows, which are then projected again; OFF would save little more and could leave a broken file that
// still answers.
const (
	viewConnections = 8
	viewCacheKiB    = 3072     // of each connection
	viewMapBytes    = 32 << 20 // mapped, shared by all connections
	viewWALPages    = 32768    // 128 MiB: from here on the writer copies the write-ahead log back itself
	buildCacheKiB   = 32768
)

// OpenViewsFile opens a file of views: a pool of up to eight connections for one projector that writes and many
// readers, who see the last commit and are never in its way. A transaction takes the write lock as it begins, unless
// it is begun with sql.TxOptions{ReadOnly: true}; a second writer waits for five seconds. With readOnly the file has
// to be there, also in a directory that cannot be written, and cannot be changed.
func OpenViewsFile(path string, readOnly bool) (*sql.DB, error) {
	tuning := []any{"busy_timeout", busyTimeout, "cache_size", -viewCacheKiB, "mmap_size", viewMapBytes, "temp_store", "memory"}
	if readOnly {
		pragmas := append(tuning, "query_only", 1)
		db, err := openViews(dsn(path, "mode=ro", pragmas...))
		if err == nil || hasWAL(path) {
			return db, err
		}
		return openViews(dsn(path, "mode=ro&immutable=1", pragmas...))
	}
	if err := private(path); err != nil {
		return nil, err
	}
	base, err := sqlite.NewConnector(dsn(path, "_txlock=immediate", append(tuning, "journal_mode", "wal", "synchronous", "normal",
		"wal_autocheckpoint", viewWALPages, "journal_size_limit", journalLimit)...))
	if err != nil {
		return nil, err
	}
	c := &copying{Connector: base, wal: path + "-wal"}
	db, err := opened(sql.OpenDB(c))
	if err == nil {
		c.begin(db)
	}
	return db, err
}

// BuildViewsFile opens a file of views to be filled from nothing by one goroutine: pages are written once, nothing is
// forced onto the disk, nothing can be rolled back, and a crash or an error leaves a file to be thrown away. Closed,
// it is opened by OpenViewsFile.
func BuildViewsFile(path string) (*sql.DB, error) {
	if err := private(path); err != nil {
		return nil, err
	}
	return openViews(dsn(path, "_txlock=immediate", "cache_size", -buildCacheKiB, "temp_store", "memory",
		"journal_mode", "off", "synchronous", "off"))
}

func openViews(dsn string) (*sql.DB, error) {
	db, err := sql.Open("sqlite", dsn)
	if err != nil {
		return nil, err
	}
	return opened(db)
}

func opened(db *sql.DB) (*sql.DB, error) {
	db.SetMaxOpenConns(viewConnections)
	db.SetMaxIdleConns(viewConnections)
	var pages int
	if err := db.QueryRowContext(context.Background(), `PRAGMA page_count`).Scan(&pages); err != nil {
		return nil, errors.Join(fmt.Errorf("open the views: %w", err), db.Close())
	}
	return db, nil
}
