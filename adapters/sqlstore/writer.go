package sqlstore

import (
	"context"
	"time"

	"github.com/google/uuid"
	"gridward/app"
	"gridward/app/commits"
	"gridward/domain/fault"
)

// lostRetry is when to come again after a batch that could not be committed.
const lostRetry = 5 * time.Second

// writer is the one goroutine that writes the log, behind the queue of those who append.
type writer struct {
	logID uuid.UUID
	tail  *tail
	file  *file
	heads *heads
	queue *commits.Queue
}

func newWriter(ctx context.Context, path string, o Options, t *tail) (*writer, error) {
	f, id, err := openFile(ctx, path, o)
	if err != nil {
		return nil, err
	}
	w := &writer{logID: id, tail: t, file: f, heads: newHeads()}
	t.head = app.Position(f.head)
	w.queue = commits.New(o.Limits, w.commit, o.OnCommit)
	return w, nil
}

// commit implements commits.Commit.
func (w *writer) commit(batch []*commits.Request) (info commits.Batch, err error) {
	began := time.Now()
	info.Tries = 1
	info.Rows, err = w.file.commit(context.Background(), batch)
	info.Took = time.Since(began)
	if err != nil {
		return info, unwritable(err)
	}
	if info.Rows > 0 {
		w.tail.grow(app.Position(w.file.head))
	}
	for _, r := range batch {
		if r.Wrote {
			w.heads.wrote(r.Stream, r.Got.Version)
		}
	}
	return info, nil
}

// close ends the writer after what is in the queue, and closes the file.
func (w *writer) close() error {
	if !w.queue.Close() {
		return nil
	}
	return w.file.close()
}

// unwritable is the answer to everyone in a batch that could not be committed.
func unwritable(cause error) error {
	e := fault.New(fault.Unavailable, "log_unwritable", "nothing was written: %s", reason(cause))
	e.RetryAfter, e.Cause = lostRetry, cause
	return e
}
