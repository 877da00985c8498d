// Package commits lets many callers' appends share the commits of a log's one writer. It is what stands before the
// writer of every store: the queue, the batches and the answers. What a batch does to the log is the store's own.
package commits

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

// Limits bound the queue and a batch. What is zero gets its default.
type Limits struct {
	Queue      int   // appends that may wait for the writer; default 4,096
	QueueBytes int64 // bytes of theirs; default 64 MiB (one append larger than that passes alone)
	BatchRows  int   // records in one commit; default 1,024 (one append larger than that passes alone)
	BatchBytes int64 // bytes in one commit; default 4 MiB, likewise

	// Linger is how long at most a batch waits for those whom the one before answered, and never longer than an eighth
	// of what that one took; default not at all. It is for a log far away, whose commits take some milliseconds however
	// few are in them: without it the callers of such a log part into two halves that take turns.
	Linger time.Duration
}

func (l Limits) withDefaults() Limits {
	if l.Queue <= 0 {
		l.Queue = 4096
	}
	if l.QueueBytes <= 0 {
		l.QueueBytes = 64 << 20
	}
	if l.BatchRows <= 0 {
		l.BatchRows = 1024
	}
	if l.BatchBytes <= 0 {
		l.BatchBytes = 4 << 20
	}
	return l
}

// Batch is what one turn of the writer did.
type Batch struct {
	Appends int           // callers answered
	Rows    int           // records written
	Bytes   int64         // of the appends
	Queue   int           // appends left waiting
	Tries   int           // transactions it took: more than one when another node was quicker or the server was lost
	Took    time.Duration // from the first statement to the commit's end
	Err     error         // why nothing was written, if so
}

// Commit decides the appends of a batch in turn, each against what the earlier ones did, sets their answers and commits
// once. It fills in Rows, Tries and Took. Its error is the answer to everyone in the batch, and what was set is void. It
// runs on the queue's one goroutine.
type Commit func(batch []*Request) (Batch, error)

// Queue is where appends wait, and the goroutine that takes all that is waiting, up to a bound, has it committed and
// answers everyone. It is safe for concurrent use.
type Queue struct {
	limits   Limits
	commit   Commit
	answered func(Batch)
	queue    chan *Request
	held     *Request // taken from the queue, too big for the batch that was full
	bytes    atomic.Int64
	refusing atomic.Pointer[error] // why nothing is taken in, while that is so
	done     chan struct{}         // closed when the goroutine has ended
	batch    []*Request
	about    int              // the appends that were answered last or were waiting then: as many may come for the next batch
	late     <-chan time.Time // when the next batch waits for them no more; nil if it does not wait
	pool     sync.Pool
	mu       sync.RWMutex // guards closed against sends into the queue
	closed   bool
}

// New starts the goroutine. answered (may be nil) hears of every batch after its callers were answered; it runs on that
// goroutine, so that it must be quick and must not append.
func New(l Limits, commit Commit, answered func(Batch)) *Queue {
	l = l.withDefaults()
	q := &Queue{limits: l, commit: commit, answered: answered, queue: make(chan *Request, l.Queue), done: make(chan struct{})}
	q.pool.New = func() any { return &Request{answer: make(chan struct{}, 1)} }
	go q.run()
	return q
}

// Waiting is the number of appends that wait for the writer now.
func (q *Queue) Waiting() int { return len(q.queue) }

// Append hands the records to the writer and waits for the answer. If ctx ends before the writer has begun, nothing is
// written; afterwards the outcome is not known.
func (q *Queue) Append(ctx context.Context, stream string, expected uint64, records []app.Record) (app.Appended, error) {
	r := q.pool.Get().(*Request)
	if err := r.take(stream, expected, records); err != nil {
		return app.Appended{}, err
	}
	if err := q.enqueue(r); err != nil {
		return app.Appended{}, err
	}
	select {
	case <-r.answer:
		return q.give(r)
	case <-ctx.Done():
	}
	if r.state.CompareAndSwap(waiting, abandoned) {
		return app.Appended{}, ctx.Err()
	}
	select {
	case <-r.answer: // it was ready as well
		return q.give(r)
	default:
		return app.Appended{}, fmt.Errorf("append to %s was begun, its outcome is not known: %w", stream, ctx.Err())
	}
}

func (q *Queue) give(r *Request) (app.Appended, error) {
	got, err := r.Got, r.Err
	r.Records, r.Err = nil, nil
	if cap(r.json) <= pooledJSON {
		q.pool.Put(r)
	}
	return got, err
}

func (q *Queue) enqueue(r *Request) error {
	q.mu.RLock()
	defer q.mu.RUnlock()
	if q.closed {
		return Closed()
	}
	if why := q.refusing.Load(); why != nil {
		return *why
	}
	if total := q.bytes.Add(r.size); total <= q.limits.QueueBytes || total == r.size {
		select {
		case q.queue <- r:
			return nil
		default:
		}
	}
	q.bytes.Add(-r.size)
	return Busy("too many appends wait for the log", nil)
}

// run is the queue's goroutine: it ends when the queue is closed and empty.
func (q *Queue) run() {
	defer close(q.done)
	for q.gather() {
		q.turn()
		runtime.Gosched() // the callers just answered may have more: what they bring now rides in the next commit
	}
}

// gather waits for an append and takes with it what else is waiting, or comes while it lingers, within the bounds of a
// batch.
func (q *Queue) gather() bool {
	q.batch = q.batch[:0]
	rows, bytes := 0, int64(0)
	for {
		r := q.held
		q.held = nil
		if r == nil {
			var open bool
			if r, open = q.next(len(q.batch) == 0); r == nil && open && len(q.batch) < q.about {
				r, open = q.linger()
			}
			if !open {
				return len(q.batch) > 0
			}
		}
		if r == nil {
			return true
		}
		if len(q.batch) > 0 && (rows+len(r.Records) > q.limits.BatchRows || bytes+r.size > q.limits.BatchBytes) {
			q.held = r
			return true
		}
		if !r.state.CompareAndSwap(waiting, taken) {
			q.bytes.Add(-r.size)
			continue
		}
		q.batch = append(q.batch, r)
		rows, bytes = rows+len(r.Records), bytes+r.size
	}
}

// next is the next append; none when none is waiting and it should not wait. It says when there will be no more.
func (q *Queue) next(wait bool) (r *Request, open bool) {
	if wait {
		r, open = <-q.queue
		return r, open
	}
	select {
	case r, open = <-q.queue:
		return r, open
	default:
		return nil, true
	}
}

// linger is the next append if one comes before the batch waits no more.
func (q *Queue) linger() (r *Request, open bool) {
	if q.late == nil {
		return nil, true
	}
	select {
	case r, open = <-q.queue:
		return r, open
	case <-q.late:
		q.late = nil
		return nil, true
	}
}

// turn has the batch committed and answers everyone in it.
func (q *Queue) turn() {
	info, err := q.commit(q.batch)
	q.about, q.late = len(q.batch)+len(q.queue), nil
	if patience := min(q.limits.Linger, info.Took/8); patience > 0 && q.about > 1 {
		q.late = time.After(patience)
	}
	info.Appends, info.Err = len(q.batch), err
	for _, r := range q.batch {
		info.Bytes += r.size
	}
	q.bytes.Add(-info.Bytes)
	for i, r := range q.batch {
		if err != nil {
			r.Got, r.Err = app.Appended{}, err
		}
		q.batch[i] = nil
		r.answer <- struct{}{} // r is the caller's again
	}
	if q.answered != nil {
		info.Queue = len(q.queue)
		q.answered(info)
	}
}

// Refuse answers whoever waits, and whoever comes, with an error until Accept: nothing of theirs is written. Only a
// Commit calls it, one that cannot come to its end.
func (q *Queue) Refuse(why error) {
	q.refusing.Store(&why)
	for {
		r, open := q.held, true
		q.held = nil
		if r == nil {
			r, open = q.next(false)
		}
		if r == nil || !open {
			return
		}
		q.bytes.Add(-r.size)
		if r.state.CompareAndSwap(waiting, taken) {
			r.Err = why
			r.answer <- struct{}{}
		}
	}
}

// Accept ends Refuse.
func (q *Queue) Accept() { q.refusing.Store(nil) }

// Refusing says whether nothing is taken in.
func (q *Queue) Refusing() bool { return q.refusing.Load() != nil }

// Close has what waits committed, and ends the goroutine. It says whether it was the first to do so; to be closed again
// does nothing.
func (q *Queue) Close() (first bool) {
	q.mu.Lock()
	first = !q.closed
	q.closed = true
	if first {
		close(q.queue)
	}
	q.mu.Unlock()
	if first {
		<-q.done
	}
	return first
}

// busyRetry is when to come again after a full queue.
const busyRetry = time.Second

// Busy is the answer where an append may be tried again soon: code log_busy.
func Busy(message string, cause error) error {
	e := fault.New(fault.Unavailable, "log_busy", "%s", message)
	e.RetryAfter, e.Cause = busyRetry, cause
	return e
}

// Closed is the answer of a log that is closed: code log_closed.
func Closed() error { return fault.New(fault.Unavailable, "log_closed", "the log is closed") }
