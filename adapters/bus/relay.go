package bus

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/google/uuid"
	"go.uber.org/zap"

	"gridward/app"
	"gridward/domain/fault"
)

// What a relay writes into a message's metadata, beside its payload.
const (
	MetaLog      = "log"      // the log's id
	MetaPosition = "position" // in the log, as app.Position prints
	MetaStream   = "stream"
	MetaType     = "type" // the stored name
	MetaCell     = "cell" // may be empty
)

// Outlet is what one relay is made of. Its publisher is given messages in the log's order, at most Page at a time, and
// promises:
//
//   - An error means that some of the page were accepted, from its first on without a gap, or none. Nothing behind one
//     that was not accepted is accepted, not even later: the order of what a receiver sees first would be lost.
//   - fault.Unavailable says that the receiver is away, which is no message's fault; RetryAfter is heeded.
//
// A publisher that is a Resumer as well is asked where to go on.
type Outlet struct {
	Name      string // for the logs
	Log       app.Log
	To        message.Publisher
	Topic     string
	Payload   func(app.Record) ([]byte, error) // what the outside is told of a record
	Wants     func(app.Record) bool            // nil: everything
	FromStart bool                             // without a checkpoint, begin with the log's first record rather than the next one

	Checkpoint Checkpoint
	Page       int   // 1 at least
	Park       *Park // with a Page of 1 only; nil: what fails is tried until it works
	Pause      Backoff
	Sleep      func(context.Context, time.Duration) // nil: really
	Logger     *zap.Logger
}

// Resumer is a publisher whose receiver knows what it accepted last.
type Resumer interface {
	// Last is the place of the last message the receiver holds of the log with that id; found is false if it holds
	// none. It prepares the next Publish, which relies on nothing having come in between.
	Last(ctx context.Context, log uuid.UUID) (at app.Position, event uuid.UUID, found bool, err error)
}

// Relay carries the log's records to one receiver outside: at least once, each stream in its order, from a checkpoint
// on. It works alone: what the receiver does not take holds up nobody else.
type Relay struct {
	Outlet
	state state
	lines *lines // nil: nothing is parked
	tries int    // of the record that is next, through its own fault
}

// NewRelay makes a relay; run it until its context ends. One that parks is told of one record at a time.
func NewRelay(o Outlet) (*Relay, error) {
	if o.Page < 1 || o.Park != nil && o.Page != 1 {
		return nil, fmt.Errorf("outlet %s: pages of %d records", o.Name, o.Page)
	}
	if o.Wants == nil {
		o.Wants = func(app.Record) bool { return true }
	}
	if o.Sleep == nil {
		o.Sleep = sleep
	}
	o.Logger = o.Logger.With(zap.String("outlet", o.Name))
	r := &Relay{Outlet: o}
	if o.Park != nil {
		r.lines = &lines{park: o.Park}
	}
	return r, nil
}

// Run carries until ctx ends. What fails is tried again, with growing pauses, from what was delivered last.
func (r *Relay) Run(ctx context.Context) error {
	begun := false
	var at app.Position
	for failures := 0; ctx.Err() == nil; failures++ {
		var err error
		if !begun {
			at, err = r.begin(ctx)
			begun = err == nil
		}
		if err == nil {
			before := at
			if at, err = r.session(ctx, at); at != before {
				failures = 0
			}
		}
		if ctx.Err() != nil {
			return nil
		}
		r.state.failed(err)
		r.Logger.Warn("the outlet is held up", zap.Error(err), zap.Stringer("after", at), zap.Int("failures", failures+1))
		r.Sleep(ctx, r.pauseAfter(err, failures))
		if _, is := r.To.(Resumer); is {
			begun = false
		}
	}
	return nil
}

// longestPause bounds what a receiver can ask for by Retry-After.
const longestPause = time.Hour

func (r *Relay) pauseAfter(err error, failures int) time.Duration {
	d := r.Pause.after(failures)
	if f, ok := fault.As(err); ok {
		d = max(d, min(f.RetryAfter, longestPause))
	}
	return d
}

// begin finds where to go on: behind the checkpoint, or behind what the receiver says it has.
func (r *Relay) begin(ctx context.Context) (app.Position, error) {
	at, found, err := r.Checkpoint.Load(ctx)
	if err == nil && !found {
		if !r.FromStart {
			at, err = r.Log.Head(ctx)
		}
		if err == nil { // so that a crash before the first delivery skips nothing
			err = r.Checkpoint.Save(ctx, at)
		}
	}
	if err == nil && r.lines != nil {
		err = r.lines.load()
	}
	if err == nil {
		at, err = r.resume(ctx, at)
	}
	if err == nil {
		r.state.begun(at)
	}
	return at, err
}

// resume asks a receiver that knows. What it holds counts more than the checkpoint: it may have accepted what this side
// never heard of, or have lost its newest with its machine. Where what it holds is not of this log's history (one of
// the two came back from a backup), the checkpoint stands.
func (r *Relay) resume(ctx context.Context, at app.Position) (app.Position, error) {
	to, is := r.To.(Resumer)
	if !is {
		return at, nil
	}
	last, event, found, err := to.Last(ctx, r.Log.ID())
	if err != nil || !found || last == at || last == 0 {
		return at, err
	}
	records, err := r.Log.Read(ctx, last-1, 1)
	if err != nil {
		return at, err
	}
	if len(records) == 0 || records[0].Position != last || records[0].ID != event {
		r.Logger.Error("the receiver holds an event this log does not have: going on from the checkpoint", zap.Stringer("position", last))
		return at, nil
	}
	return last, nil
}

// session carries until something fails. It gives how far everything is delivered or parked. While a page is on its way,
// the next one is read and written out.
func (r *Relay) session(ctx context.Context, at app.Position) (app.Position, error) {
	ctx, cancel := context.WithCancel(ctx)
	pages := make(chan page, 1)
	var reading sync.WaitGroup
	reading.Go(func() { r.read(ctx, at, pages) })
	defer reading.Wait()
	defer cancel()
	if err := r.replay(ctx); err != nil {
		return at, err
	}
	look := time.NewTicker(lookForRequests)
	defer look.Stop()
	for unsaved := false; ; {
		select {
		case p := <-pages:
			if err := r.deliver(ctx, p); err != nil {
				return at, err
			}
			at = p.to
			r.state.reached(at)
			if unsaved = len(p.records) == 0; !unsaved { // what nobody wanted costs nothing to read again
				r.save(ctx, at)
			}
		case <-look.C:
			if unsaved {
				r.save(ctx, at)
				unsaved = false
			}
			if err := r.replay(ctx); err != nil {
				return at, err
			}
			r.state.reached(at)
		case <-ctx.Done():
			return at, ctx.Err()
		}
	}
}

// deliver gives a page to the receiver. With a page of one record, what is at fault itself is parked after so many
// tries, and so is what comes behind it in its stream.
func (r *Relay) deliver(ctx context.Context, p page) error {
	if p.unread != nil {
		return p.unread
	}
	if len(p.records) == 0 {
		return nil
	}
	if r.lines != nil && r.lines.stand(p.records[0].Stream) {
		return r.lines.join(p.records[0], r.Logger)
	}
	err := r.publish(p)
	if err == nil {
		r.tries = 0
		r.state.delivered(len(p.records))
		return nil
	}
	if r.lines == nil || ctx.Err() != nil || !parkable(err) {
		return err
	}
	if r.tries++; r.tries < r.Park.Attempts {
		return err
	}
	if err := r.lines.put(p.records[0], err, r.tries, r.Logger); err != nil {
		return err
	}
	r.tries = 0
	return nil
}

// publish gives a page to the publisher; a panic counts as a failure.
func (r *Relay) publish(p page) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v", p)
		}
	}()
	if p.unwritten != nil {
		return p.unwritten
	}
	return r.To.Publish(r.Topic, p.messages...)
}

// save keeps the position. A checkpoint that cannot be saved costs repeats after the next start and nothing else. It
// is saved when ctx has ended, too.
func (r *Relay) save(ctx context.Context, at app.Position) {
	if err := r.Checkpoint.Save(context.WithoutCancel(ctx), at); err != nil {
		r.Logger.Warn("the checkpoint cannot be saved", zap.Error(err), zap.Stringer("position", at))
	}
}

func sleep(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}
