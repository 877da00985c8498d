package sqlstore

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"gridward/app"
	"gridward/domain/fault"
)

// busyRetry is when to come again after a full queue, lostRetry after a batch that could not be committed.
const (
	busyRetry = time.Second
	lostRetry = 5 * time.Second
)

// writer is the one goroutine that writes the log, and the queue before it. Callers encode what they append and wait
// for their answer; the writer takes all that is waiting, up to a bound, decides each append in turn against what the
// earlier ones of the batch did, commits once, and answers everyone.
type writer struct {
	logID  uuid.UUID
	o      Options
	tail   *tail
	file   *file
	heads  *heads
	queue  chan *request
	held   *request // taken from the queue, too big for the batch that was full
	bytes  atomic.Int64
	done   chan struct{} // closed when the goroutine has ended
	batch  []*request
	pool   sync.Pool
	mu     sync.RWMutex // guards closed against sends into the queue
	closed bool
}

// request is one append on its way through the writer.
type request struct {
	stream   string
	expected uint64
	records  []app.Record
	json     []byte // the records' metadata, one behind the other
	ends     []int  // where each one ends
	size     int64
	state    atomic.Int32
	answer   chan struct{} // holds one

	// Set by the writer before it answers.
	got   app.Appended
	err   error
	wrote bool // it put records behind the stream, rather than finding them there
}

// The states of a request. Whoever moves it out of waiting, the caller who gives up or the writer, decides.
const (
	waiting int32 = iota
	taken
	abandoned
)

// pooledJSON bounds the metadata buffer a request keeps for its next use, in bytes.
const pooledJSON = 64 << 10

// rowOverhead is what a record costs beside its data and metadata, in bytes, roughly.
const rowOverhead = 64

func newWriter(ctx context.Context, path string, o Options, t *tail) (*writer, error) {
	f, id, err := openFile(ctx, path, o)
	if err != nil {
		return nil, err
	}
	w := &writer{logID: id, o: o, tail: t, file: f, heads: newHeads(), queue: make(chan *request, o.Queue), done: make(chan struct{})}
	w.pool.New = func() any { return &request{answer: make(chan struct{}, 1)} }
	t.head = app.Position(f.head)
	go w.run()
	return w, nil
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

// take makes r the append of the records.
func (r *request) take(stream string, expected uint64, records []app.Record) (err error) {
	r.stream, r.expected, r.records = stream, expected, records
	r.json, r.ends = r.json[:0], r.ends[:0]
	r.size, r.wrote = 0, false
	for i := range records {
		if r.json, err = appendMeta(r.json, &records[i].Meta); err != nil {
			return fmt.Errorf("append to %s: metadata of record %d: %w", stream, i, err)
		}
		r.ends = append(r.ends, len(r.json))
		r.size += int64(len(records[i].Data) + rowOverhead)
	}
	r.size += int64(len(r.json))
	r.state.Store(waiting)
	return nil
}

// meta is the JSON of the ith record's metadata.
func (r *request) meta(i int) []byte {
	from := 0
	if i > 0 {
		from = r.ends[i-1]
	}
	return r.json[from:r.ends[i]]
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
	if total := w.bytes.Add(r.size); total <= w.o.QueueBytes || total == r.size {
		select {
		case w.queue <- r:
			return nil
		default:
		}
	}
	w.bytes.Add(-r.size)
	e := fault.New(fault.Unavailable, "log_busy", "too many appends wait for the log")
	e.RetryAfter = busyRetry
	return e
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
	rows, err := w.file.commit(context.Background(), w.batch)
	info := Batch{Appends: len(w.batch), Rows: rows, Took: time.Since(began), Err: err}
	if err != nil {
		err = unwritable(err)
	} else if rows > 0 {
		w.tail.grow(app.Position(w.file.head))
	}
	for _, r := range w.batch {
		info.Bytes += r.size
	}
	w.bytes.Add(-info.Bytes)
	for i, r := range w.batch {
		if err != nil {
			r.got, r.err = app.Appended{}, err
		} else if r.wrote {
			w.heads.wrote(r.stream, r.got.Version)
		}
		w.batch[i] = nil
		r.answer <- struct{}{} // r is the caller's again
	}
	if w.o.OnCommit != nil {
		info.Queue = len(w.queue)
		w.o.OnCommit(info)
	}
}

// close ends the writer after what is in the queue, and closes the file.
func (w *writer) close() error {
	w.mu.Lock()
	if w.closed {
		w.mu.Unlock()
		return nil
	}
	w.closed = true
	close(w.queue)
	w.mu.Unlock()
	<-w.done
	return w.file.close()
}

// unwritable is the answer to everyone in a batch that could not be committed.
func unwritable(cause error) error {
	e := fault.New(fault.Unavailable, "log_unwritable", "nothing was written: %s", reason(cause))
	e.RetryAfter, e.Cause = lostRetry, cause
	return e
}
