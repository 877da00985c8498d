// Package natsbus gives messages to a stream of NATS JetStream: a Watermill publisher that takes pages.
//
// Watermill's own publisher for JetStream waits for each message's acknowledgement before it sends the next one; that
// is a round trip an event. This one sends a page, then waits. So that nothing can be accepted out of order when one of
// a page is lost, each message names the one it must come right behind, and the server refuses whatever follows a lost
// one. The same refuses a second sender, and what an old connection still had under way.
package natsbus

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/google/uuid"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"go.uber.org/zap"

	"gridward/app"
	"gridward/domain/fault"
	"gridward/domain/grid"
)

// What a message's headers say, beside Nats-Msg-Id (the event's id).
const (
	headerLog      = "Gridward-Log"
	headerPosition = "Gridward-Position"
)

// kept is how long a stream this package has made keeps its messages. One that is there already is left as it is.
const kept = 30 * 24 * time.Hour

const (
	ackTimeout = 5 * time.Second // of one page
	apiTimeout = 5 * time.Second
)

// Publisher is a Watermill publisher into one JetStream stream, which it makes if there is none. The topic is not looked at:
// a message's subject is the stream's name in small letters, its district (or _) and its type. One goroutine publishes.
type Publisher struct {
	conn   *nats.Conn
	js     jetstream.JetStream
	name   string
	prefix string // of every subject
	media  string
	logger *zap.Logger

	mu     sync.Mutex
	ready  bool   // last is what the stream stood at
	last   uint64 // sequence
	stream jetstream.Stream
}

var _ message.Publisher = (*Publisher)(nil)

// Publish implements message.Publisher: the messages are accepted in order, from the first on, or not at all. It returns when
// the server has acknowledged all of them. A failure is fault.Unavailable.
func (p *Publisher) Publish(_ string, messages ...*message.Message) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(messages) == 0 {
		return nil
	}
	ctx, cancel := p.onThisLine(messages[0].Context(), ackTimeout)
	defer cancel()
	for len(messages) > 0 {
		if !p.ready {
			if _, err := p.sync(ctx); err != nil {
				return away(err)
			}
		}
		n, err := p.burst(ctx, messages)
		if err != nil {
			p.ready = false
			return away(err)
		}
		messages = messages[n:]
	}
	return nil
}

// burst sends all messages and says how many from the first on were accepted: fewer only where one of them was in the
// stream already, but not at its end. The first is accepted only where the stream stands at the sequence it is known to
// stand at, each other one only right behind the one before it.
func (p *Publisher) burst(ctx context.Context, messages []*message.Message) (int, error) {
	acks := make([]jetstream.PubAckFuture, len(messages))
	for i, m := range messages {
		out := &nats.Msg{Subject: p.subject(m), Data: m.Payload, Header: nats.Header{
			"Content-Type": {p.media}, headerLog: {m.Metadata["log"]}, headerPosition: {m.Metadata["position"]}}}
		behind := jetstream.WithExpectLastSequence(p.last)
		if i > 0 {
			behind = jetstream.WithExpectLastMsgID(messages[i-1].UUID)
		}
		ack, err := p.js.PublishMsgAsync(out, jetstream.WithMsgID(m.UUID), behind, jetstream.WithRetryAttempts(0))
		if err != nil {
			return 0, err
		}
		acks[i] = ack
	}
	again := false // the one before was in the stream already
	for i, ack := range acks {
		select {
		case a := <-ack.Ok():
			if again = a.Duplicate; !again {
				p.last = a.Sequence
			}
		case err := <-ack.Err():
			if again {
				return i, nil
			}
			return 0, err
		case <-ctx.Done():
			return 0, context.Cause(ctx)
		}
	}
	return len(messages), nil
}

// lookForLine is how often it is looked whether a connection is still the one something was sent on: the client does not
// say so of each message that was lost with one.
const lookForLine = 50 * time.Millisecond

// onThisLine is a context that ends after the time, or as soon as the connection is lost.
func (p *Publisher) onThisLine(ctx context.Context, most time.Duration) (_ context.Context, end func()) {
	ctx, lost := context.WithCancelCause(ctx)
	limit := time.AfterFunc(most, func() { lost(context.DeadlineExceeded) })
	before := p.conn.Stats().Reconnects
	go func() {
		look := time.NewTicker(lookForLine)
		defer look.Stop()
		for {
			select {
			case <-look.C:
				if !p.conn.IsConnected() || p.conn.Stats().Reconnects != before {
					lost(nats.ErrDisconnected)
				}
			case <-ctx.Done():
				return
			}
		}
	}()
	return ctx, func() {
		limit.Stop()
		lost(nil)
	}
}

// subject is where a message goes, e.g. gridward.410104.case.filed.
func (p *Publisher) subject(m *message.Message) string {
	district := string(grid.CellCode(m.Metadata["cell"]).AtLevel(grid.District))
	if district == "" {
		district = "_"
	}
	return p.prefix + "." + district + "." + m.Metadata["type"]
}

// Last is the place of the last message in the stream, if it is of the log with that id. It is an error if it is of
// another log: two logs cannot share a stream. One that nobody knows, or that is gone by its age, is none.
func (p *Publisher) Last(ctx context.Context, log uuid.UUID) (at app.Position, event uuid.UUID, found bool, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	ctx, cancel := p.onThisLine(ctx, apiTimeout)
	defer cancel()
	last, err := p.sync(ctx)
	if err != nil || last == nil || last.Header.Get(headerLog) == "" {
		return 0, uuid.Nil, false, away(err)
	}
	if from := last.Header.Get(headerLog); from != log.String() {
		p.ready = false
		return 0, uuid.Nil, false, away(fmt.Errorf("the stream %s holds the events of another log, %s", p.name, from))
	}
	at, err = app.ParsePosition(headerPosition, last.Header.Get(headerPosition))
	if err == nil {
		event, err = uuid.Parse(last.Header.Get(jetstream.MsgIDHeader))
	}
	return at, event, err == nil, away(err)
}

// sync finds where the stream stands, and its last message; nil if that is not there.
func (p *Publisher) sync(ctx context.Context) (*jetstream.RawStreamMsg, error) {
	p.ready = false
	if err := p.open(ctx); err != nil {
		return nil, err
	}
	info, err := p.stream.Info(ctx)
	if err != nil {
		p.stream = nil // it may be made anew
		return nil, err
	}
	p.ready, p.last = true, info.State.LastSeq
	if p.last == 0 {
		return nil, nil
	}
	last, err := p.stream.GetMsg(ctx, p.last)
	if gone := info.State.Msgs == 0 || info.State.NumDeleted > 0; gone && errors.Is(err, jetstream.ErrMsgNotFound) {
		return nil, nil
	} // else it is there, and a replica that was asked lies behind
	if err != nil {
		p.ready = false
	}
	return last, err
}

// open finds the stream, or makes it.
func (p *Publisher) open(ctx context.Context) (err error) {
	if p.stream != nil {
		return nil
	}
	p.stream, err = p.js.Stream(ctx, p.name)
	if !errors.Is(err, jetstream.ErrStreamNotFound) {
		return err
	}
	p.stream, err = p.js.CreateStream(ctx, jetstream.StreamConfig{Name: p.name, Description: "events of Gridward",
		Subjects: []string{p.prefix + ".>"}, Storage: jetstream.FileStorage, MaxAge: kept})
	if err == nil {
		p.logger.Info("made the stream", zap.String("stream", p.name), zap.Duration("max_age", kept))
	}
	return err
}

// away says of a failure that it is no message's fault.
func away(err error) error {
	if err == nil {
		return nil
	}
	return &fault.Error{Kind: fault.Unavailable, Code: "broker_unavailable", Message: "NATS did not take it", Cause: err}
}

// Close implements message.Publisher.
func (p *Publisher) Close() error {
	p.conn.Close()
	return nil
}

func prefixOf(stream string) string { return strings.ToLower(stream) }
