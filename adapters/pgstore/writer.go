package pgstore

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"gridward/app"
	"gridward/domain/fault"
)

// busyRetry is when to come again after a full queue, lostRetry after a batch that could not be committed.
const (
	busyRetry = time.Second
	lostRetry = 5 * time.Second
)

// closeGrace is how long Close lets the writer go on with what is in the queue.
const closeGrace = 10 * time.Second

// writer is the one goroutine of this process that writes the log, and the queue before it. Callers encode what they
// append and wait for their answer; the writer takes all that is waiting, up to a bound, decides each append in turn
// against what the earlier ones of the batch did, commits once, and answers everyone. Other processes have theirs.
type writer struct {
	o       Options
	tail    *tail
	session *session
	ctx     context.Context // ends when Close will not wait any longer
	stop    context.CancelFunc
	queue   chan *request
	held    *request // taken from the queue, too big for the batch that was full
	bytes   atomic.Int64
	outage  atomic.Pointer[errLost] // the server is gone in the middle of a batch: nothing is taken meanwhile
	done    chan struct{}           // closed when the goroutine has ended
	batch   []*request
	pool    sync.Pool
	mu      sync.RWMutex // guards closed against sends into the queue
	closed  bool
}

func newWriter(s *session, o Options, t *tail) *writer {
	w := &writer{o: o, tail: t, session: s, queue: make(chan *request, o.Queue), done: make(chan struct{})}
	w.ctx, w.stop = context.WithCancel(context.Background())
	w.pool.New = func() any { return &request{answer: make(chan struct{}, 1)} }
	go w.run()
	return w
}

// append hands the records to the writer and waits for the answer.
func (w *writer) append(ctx context.Context, stream string, expected uint64, records []app.Record) (app.Appended, error) {
	r := w.pool.Get().(*request)
	if err := r.take(stream, expected, records); err != nil {
		return app.Appended{}, err
	}
	if err := w.enqueue(r); err != nil {
		return app.Appended{}, err
	}
	select {
	case <-r.answer:
		return w.answered(r)
	case <-ctx.Done():
	}
	if r.state.CompareAndSwap(waiting, abandoned) {
		return app.Appended{}, ctx.Err()
	}
	select {
	case <-r.answer: // it was ready as well
		return w.answered(r)
	default:
		return app.Appended{}, fmt.Errorf("append to %s was begun, its outcome is not known: %w", stream, ctx.Err())
	}
}

func (w *writer) answered(r *request) (app.Appended, error) {
	got, err := r.got, r.err
	r.records, r.err = nil, nil
	if cap(r.json) <= pooledJSON {
		w.pool.Put(r)
	}
	return got, err
}

func (w *writer) enqueue(r *request) error {
	w.mu.RLock()
	defer w.mu.RUnlock()
	if w.closed {
		return closedLog()
	}
	if lost := w.outage.Load(); lost != nil {
		return unreachable(lost)
	}
	if total := w.bytes.Add(r.size); total <= w.o.QueueBytes || total == r.size {
		select {
		case w.queue <- r:
			return nil
		default:
		}
	}
	w.bytes.Add(-r.size)
	return busy("too many appends wait for the log", nil)
}

// run is the writer's goroutine: it ends when the queue is closed and empty.
func (w *writer) run() {
	defer close(w.done)
	for w.gather() {
		w.turn()
		runtime.Gosched() // the callers just answered may have more: what they bring now rides in the next commit
	}
}

// gather waits for an append and takes with it what else is waiting, within the bounds of a batch.
func (w *writer) gather() bool {
	w.batch = w.batch[:0]
	rows, bytes := 0, int64(0)
	for {
		r := w.held
		w.held = nil
		if r == nil {
			var open bool
			if r, open = w.next(len(w.batch) == 0); !open {
				return len(w.batch) > 0
			}
		}
		if r == nil {
			return true
		}
		if len(w.batch) > 0 && (rows+len(r.records) > w.o.BatchRows || bytes+r.size > w.o.BatchBytes) {
			w.held = r
			return true
		}
		if !r.state.CompareAndSwap(waiting, taken) {
			w.bytes.Add(-r.size)
			continue
		}
		w.batch = append(w.batch, r)
		rows, bytes = rows+len(r.records), bytes+r.size
	}
}

// next is the next append; none when none is waiting and it should not wait. It says when there will be no more.
func (w *writer) next(wait bool) (r *request, open bool) {
	if wait {
		r, open = <-w.queue
		return r, open
	}
	select {
	case r, open = <-w.queue:
		return r, open
	default:
		return nil, true
	}
}

// turn commits the batch and answers everyone in it.
func (w *writer) turn() {
	began := time.Now()
	info := Batch{Appends: len(w.batch)}
	var err error
	info.Rows, info.Tries, err = w.settle()
	info.Took, info.Err = time.Since(began), err
	if err == nil {
		w.tail.grow(w.session.position)
	}
	for _, r := range w.batch {
		info.Bytes += r.size
	}
	w.bytes.Add(-info.Bytes)
	for i, r := range w.batch {
		if err != nil {
			r.got, r.err = app.Appended{}, err
		}
		w.batch[i] = nil
		r.answer <- struct{}{} // r is the caller's again
	}
	if w.o.OnCommit != nil {
		info.Queue = len(w.queue)
		w.o.OnCommit(info)
	}
}

// close ends the writer after what is in the queue, or after the grace, and gives up the connection.
func (w *writer) close() error {
	w.mu.Lock()
	if w.closed {
		w.mu.Unlock()
		return nil
	}
	w.closed = true
	close(w.queue)
	w.mu.Unlock()
	grace := time.AfterFunc(closeGrace, w.stop)
	defer grace.Stop()
	if w.outage.Load() != nil {
		w.stop()
	}
	<-w.done
	w.stop()
	return w.session.close()
}

func busy(message string, cause error) error {
	e := fault.New(fault.Unavailable, "log_busy", "%s", message)
	e.RetryAfter, e.Cause = busyRetry, cause
	return e
}
