package pgstore

import (
	"context"
	"time"

	"gridward/app/commits"
)

// lostRetry is when to come again after a batch that could not be committed, readRetry after a read that failed.
const (
	lostRetry = 5 * time.Second
	readRetry = time.Second
)

// closeGrace is how long Close lets the writer go on with what is in the queue.
const closeGrace = 10 * time.Second

// writer is the one goroutine of this process that writes the log, behind the queue of those who append. Other processes
// have theirs.
type writer struct {
	o       Options
	tail    *commits.Tail
	session *session
	ctx     context.Context // ends when Close will not wait any longer
	stop    context.CancelFunc
	queue   *commits.Queue
}

func newWriter(s *session, o Options, t *commits.Tail) *writer {
	w := &writer{o: o, tail: t, session: s}
	w.ctx, w.stop = context.WithCancel(context.Background())
	w.queue = commits.New(o.Limits, w.commit, o.OnCommit)
	return w
}

// commit implements commits.Commit.
func (w *writer) commit(batch []*commits.Request) (info commits.Batch, err error) {
	began := time.Now()
	info.Rows, info.Tries, err = w.settle(batch)
	info.Took = time.Since(began)
	if err == nil {
		w.tail.Grow(w.session.position)
	}
	return info, err
}

// close ends the writer after what is in the queue, or after the grace, and gives up the connection.
func (w *writer) close() error {
	grace := time.AfterFunc(closeGrace, w.stop)
	defer grace.Stop()
	if w.queue.Refusing() {
		w.stop()
	}
	if !w.queue.Close() {
		return nil
	}
	w.stop()
	return w.session.close()
}
