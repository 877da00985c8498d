package sqlstore

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"os"
	"sync"
	"time"
)

// copying copies a database's write-ahead log back beside the one who writes, who would else stand still for it at the
// end of a commit, for a tenth of a second or more: two syncs and some thousand pages. What it cannot copy, because
// readers or the writer are in the way, it copies later; where it never can, the writer does (wal_autocheckpoint).
type copying struct {
	driver.Connector
	wal  string
	stop context.CancelFunc // nil: it has not begun
	over sync.WaitGroup
}

// copyEvery is how often it looks whether something was written.
const copyEvery = 200 * time.Millisecond

func (c *copying) begin(db *sql.DB) {
	ctx, stop := context.WithCancel(context.Background())
	c.stop = stop
	c.over.Go(func() {
		look := time.NewTicker(copyEvery)
		defer look.Stop()
		written := time.Time{}
		for {
			select {
			case <-look.C:
			case <-ctx.Done():
				return
			}
			info, err := os.Stat(c.wal)
			if err != nil || info.ModTime().Equal(written) {
				continue
			}
			if _, err := db.ExecContext(ctx, `PRAGMA wal_checkpoint(PASSIVE)`); err == nil { // else it is tried again, or the writer does it
				written = info.ModTime()
			}
		}
	})
}

// Close implements io.Closer: the database calls it when it is closed.
func (c *copying) Close() error {
	if c.stop != nil {
		c.stop()
		c.over.Wait()
	}
	return nil
}
