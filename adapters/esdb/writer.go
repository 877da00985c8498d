package esdb

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"gridward/app"
	"gridward/app/commits"
	"gridward/domain/fault"
)

// Bounds of the writer.
const (
	lanes      = 100                   // streams appended to at once: what the server takes on one connection
	linger     = 2 * time.Millisecond  // commits.Limits.Linger, where nothing else is asked for
	maxSaid    = 3                     // how often the server may say of one append no more than that it failed
	lostRetry  = 5 * time.Second       // when to come again after an append that could not be written
	firstPause = 50 * time.Millisecond // between the attempts to reach a server that is gone in the middle of a batch
	lastPause  = 2 * time.Second
	quickly    = time.Second      // how long nobody is refused while a new connection is made
	closeGrace = 10 * time.Second // how long Close lets the writer go on with what is in the queue
)

// writer sends the appends of this process, batch after batch: those of a batch at once, but for those of one stream.
// All of a batch have the same time of recording, and the next batch begins when all are answered; so an earlier time
// never comes behind a later one, in whatever order the server takes the appends of a batch.
type writer struct {
	s       *Store
	clock   func() time.Time
	term    func() context.Context // as long as this process may append
	ctx     context.Context        // ends when Close will not wait any longer
	stop    context.CancelFunc
	queue   *commits.Queue
	sends   chan func()    // to the goroutines that send, which stay: their stacks have grown to what a call needs
	senders sync.WaitGroup // those goroutines
	sending int            // how many of them there are
	keeps   bool           // the records keep the instants they have, and where they were: a successor's
}

func newWriter(s *Store, o Options) *writer {
	w := &writer{s: s, clock: o.Clock, term: o.Term, sends: make(chan func())}
	if w.term == nil {
		w.term = context.Background
	}
	w.ctx, w.stop = context.WithCancel(context.Background())
	if o.Linger == 0 {
		o.Linger = linger
	}
	w.queue = commits.New(o.Limits, w.commit, o.OnCommit)
	return w
}

// close ends the writer after what is in the queue, or after the grace.
func (w *writer) close() {
	grace := time.AfterFunc(closeGrace, w.stop)
	defer grace.Stop()
	if w.queue.Refusing() {
		w.stop()
	}
	if w.queue.Close() {
		close(w.sends)
		w.senders.Wait()
	}
	w.stop()
}

// work is one append on its way.
type work struct {
	r    *commits.Request
	sent bool  // the server may have it
	said int   // how often the server said no more than that it failed
	lost error // why it is not known what became of it; nil once it is
}

// batch is what the appends sent together share.
type batch struct {
	ctx    context.Context // ends with the term, or when Close will not wait any longer
	at     time.Time
	behind app.Position // a record that was there before
	mu     sync.Mutex
	head   app.Position // the last one written
	rows   int
}

// commit implements commits.Commit: every append has an answer of its own.
func (w *writer) commit(requests []*commits.Request) (info commits.Batch, err error) {
	began := time.Now()
	head, recorded, _ := w.s.tail.known()
	ctx, cancel := context.WithCancel(w.term())
	defer cancel()
	defer context.AfterFunc(w.ctx, cancel)()
	if ctx.Err() != nil {
		return info, w.ended()
	}
	b := &batch{ctx: ctx, at: w.clock().UTC().Truncate(time.Microsecond), behind: head}
	if b.at.Before(recorded) {
		b.at = recorded
	}
	if w.keeps { // appends come one by one
		last := requests[len(requests)-1].Records
		b.at = last[len(last)-1].RecordedAt
	}
	byStream := map[string]int{}
	var todo [][]*work
	for _, r := range requests {
		i, ok := byStream[r.Stream]
		if !ok {
			i = len(todo)
			byStream[r.Stream] = i
			todo = append(todo, nil)
		}
		todo[i] = append(todo[i], &work{r: r})
	}
	info.Tries = w.settle(b, todo)
	if b.head > 0 {
		w.s.tail.saw(b.head, b.head, b.at)
	}
	info.Rows, info.Took = b.rows, time.Since(began)
	return info, nil
}

// settle sends the appends until it is known what became of each. When a connection breaks while one is on its way
// nobody knows whether the server has it. Then it is sent again with the same ids at the same version, which the
// server answers as it would have the first time, or the stream is looked at. While the server does not come back, the
// callers of the batch wait, and nobody else is taken in.
func (w *writer) settle(b *batch, todo [][]*work) (tries int) {
	for pause := firstPause; ; pause = min(2*pause, lastPause) {
		tries++
		w.round(b, todo)
		var lost error
		if todo, lost = unsettled(todo); len(todo) == 0 {
			w.queue.Accept()
			return tries
		}
		if tries == 1 && w.isThere(b.ctx) { // only the connection broke
			continue
		}
		if b.ctx.Err() == nil {
			w.queue.Refuse(unreachable(lost))
		}
		timer := time.NewTimer(pause)
		select {
		case <-timer.C:
		case <-b.ctx.Done():
		}
		timer.Stop()
		if b.ctx.Err() != nil {
			w.s.link.cut()
			w.abandon(todo)
			w.queue.Accept()
			return tries
		}
	}
}

// isThere says whether the server can be called again at once.
func (w *writer) isThere(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, quickly)
	defer cancel()
	_, err := w.s.link.get(ctx)
	return err == nil
}

// round sends each append once, those of one stream one after the other.
func (w *writer) round(b *batch, todo [][]*work) {
	if len(todo) == 1 {
		w.lane(b, todo[0])
		return
	}
	for ; w.sending < min(lanes, len(todo)); w.sending++ {
		w.senders.Go(func() {
			for send := range w.sends {
				send()
			}
		})
	}
	var wg sync.WaitGroup
	wg.Add(len(todo))
	for _, lane := range todo {
		w.sends <- func() {
			defer wg.Done()
			w.lane(b, lane)
		}
	}
	wg.Wait()
}

func (w *writer) lane(b *batch, lane []*work) {
	for i, x := range lane {
		if w.send(b, x); x.lost != nil {
			for _, later := range lane[i+1:] {
				later.lost = x.lost
			}
			return
		}
	}
}

// unsettled are the appends of which nothing is known yet, and why.
func unsettled(todo [][]*work) (left [][]*work, lost error) {
	for _, lane := range todo {
		for i, x := range lane {
			if x.lost != nil {
				left, lost = append(left, lane[i:]), x.lost
				break
			}
		}
	}
	return left, lost
}

// abandon answers those whom Close does not wait for, or whose term is over: sent again, their appends might come behind
// another process's with a time before it.
func (w *writer) abandon(todo [][]*work) {
	why := w.ended()
	for _, lane := range todo {
		for _, x := range lane {
			x.r.Err = why
			if x.sent {
				x.r.Err = unknown(x)
			}
		}
	}
}

// ended is why nothing more is sent: the log is closed, or another process appends by now (code not_leading).
func (w *writer) ended() error {
	if w.ctx.Err() != nil {
		return commits.Closed()
	}
	e := fault.New(fault.Unavailable, "not_leading", "nothing was written: another node appends to the log by now")
	e.RetryAfter = lostRetry
	return e
}

// unknown is the answer to an append that the server may have: code log_outcome_unknown.
func unknown(x *work) error {
	e := fault.New(fault.Unavailable, "log_outcome_unknown", "the log's server was lost, and whether it has this is not known; asked again with the same Idempotency-Key it is done once")
	e.RetryAfter, e.Cause = lostRetry, fmt.Errorf("append to %s: %w", x.r.Stream, x.lost)
	return e
}

// unreachable is the answer to whoever could not be taken in because the server is gone.
func unreachable(cause error) error {
	e := fault.New(fault.Unavailable, "log_unreachable", "nothing was written: the log's server cannot be reached")
	e.RetryAfter, e.Cause = lostRetry, cause
	return e
}

// unwritten is the answer to whom the server refused an append.
func unwritten(cause error) error {
	if _, ok := fault.As(cause); ok {
		return cause
	}
	e := fault.New(fault.Unavailable, "log_unwritable", "nothing was written: the log's server refused it")
	e.RetryAfter, e.Cause = lostRetry, cause
	return e
}

// isBroken says whether a call did not come to its end.
func isBroken(err error) (*errBroken, bool) {
	broken := new(errBroken)
	ok := errors.As(err, &broken)
	return broken, ok
}
