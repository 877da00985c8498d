package bus

import (
	"context"
	"sync"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"
	"go.uber.org/zap"

	"gridward/app"
)

// readAtOnce is how many records are read from the log at a time, and how often at least the checkpoint is saved.
const readAtOnce = 256

type recordKey struct{}

// recordOf is the record a message of a Subscriber carries.
func recordOf(msg *message.Message) app.Record {
	r, _ := msg.Context().Value(recordKey{}).(app.Record)
	return r
}

// Subscriber is a Watermill subscriber over the log: it gives every record behind its checkpoint, in order, the
// next one only after the last one was acknowledged; one that was refused comes again. A log that cannot be read is
// tried again and again, with growing pauses. The topic is not looked at: there is one log.
type Subscriber struct {
	log        app.Log
	checkpoint Checkpoint
	pause      Backoff
	logger     *zap.Logger

	stop    context.CancelFunc
	stopped context.Context
	running sync.WaitGroup
}

var _ message.Subscriber = (*Subscriber)(nil)

// NewSubscriber makes a subscriber that begins behind the checkpoint, or with the next record if there is none.
func NewSubscriber(log app.Log, checkpoint Checkpoint, pause Backoff, logger *zap.Logger) *Subscriber {
	stopped, stop := context.WithCancel(context.Background())
	return &Subscriber{log: log, checkpoint: checkpoint, pause: pause, logger: logger, stop: stop, stopped: stopped}
}

// Subscribe implements message.Subscriber. The channel is closed when ctx ends or the subscriber is closed.
func (s *Subscriber) Subscribe(ctx context.Context, _ string) (<-chan *message.Message, error) {
	at, found, err := s.checkpoint.Load(ctx)
	if err != nil {
		return nil, err
	}
	if !found {
		if at, err = s.log.Head(ctx); err != nil {
			return nil, err
		}
		s.save(ctx, at) // so that a crash before the first record skips nothing
	}
	ctx, cancel := context.WithCancel(ctx)
	context.AfterFunc(s.stopped, cancel)
	out := make(chan *message.Message)
	s.running.Go(func() {
		defer cancel()
		defer close(out)
		s.run(ctx, at, out)
	})
	return out, nil
}

// Close implements message.Subscriber: it returns when nothing is given any more.
func (s *Subscriber) Close() error {
	s.stop()
	s.running.Wait()
	return nil
}

func (s *Subscriber) run(ctx context.Context, at app.Position, out chan<- *message.Message) {
	failures := 0
	for ctx.Err() == nil {
		records, err := s.read(ctx, at)
		if err != nil {
			if ctx.Err() != nil {
				return
			}
			s.logger.Error("the log cannot be read", zap.Error(err), zap.Stringer("after", at))
			s.pause.Wait(ctx, failures)
			failures++
			continue
		}
		failures = 0
		before := at
		for _, r := range records {
			if !s.deliver(ctx, r, out) {
				break
			}
			at = r.Position
		}
		if at != before { // also when the subscription has just ended
			s.save(context.WithoutCancel(ctx), at)
		}
	}
}

// read waits for records behind the position.
func (s *Subscriber) read(ctx context.Context, after app.Position) ([]app.Record, error) {
	if err := s.log.Wait(ctx, after); err != nil {
		return nil, err
	}
	return s.log.Read(ctx, after, readAtOnce)
}

// deliver gives the record until it is acknowledged; false means that the subscription has ended before that.
func (s *Subscriber) deliver(ctx context.Context, r app.Record, out chan<- *message.Message) bool {
	for refusals := 0; ; refusals++ {
		msg := message.NewMessageWithContext(context.WithValue(ctx, recordKey{}, r), r.ID.String(), r.Data)
		select {
		case out <- msg:
		case <-ctx.Done():
			return false
		}
		select {
		case <-msg.Acked():
			return true
		case <-msg.Nacked():
			if s.pause.Wait(ctx, refusals); ctx.Err() != nil {
				return false
			}
		}
	}
}

// save keeps the position. A checkpoint that cannot be saved costs a repeat after
// the next start and nothing else, so the work goes on.
func (s *Subscriber) save(ctx context.Context, at app.Position) {
	if err := s.checkpoint.Save(ctx, at); err != nil {
		s.logger.Warn("the checkpoint cannot be saved", zap.Error(err), zap.Stringer("position", at))
	}
}

// Backoff is how long to pause before trying again: First, then doubling up to Most.
type Backoff struct{ First, Most time.Duration }

// after is the pause due after so many failures before this one.
func (b Backoff) after(failures int) time.Duration {
	d := b.First
	for i := 0; i < failures && d < b.Most; i++ {
		d *= 2
	}
	return min(d, b.Most)
}

// Wait pauses for the time due after so many failures before this one, or until ctx ends.
func (b Backoff) Wait(ctx context.Context, failures int) { sleep(ctx, b.after(failures)) }
