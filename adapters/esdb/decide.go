package esdb

import (
	"errors"
	"fmt"
	"slices"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"gridward/app"
)

// send brings one append to its answer, or leaves it lost. What the server says of an append that it has seen before
// is not enough for that: the stream itself is looked at.
func (w *writer) send(b *batch, x *work) {
	x.lost = nil
	r := x.r
	known := w.s.ids.of(r.Stream)
	if uint64(len(known)) < r.Expected {
		var err error
		if known, err = w.s.learn(b.ctx, r.Stream); err != nil {
			w.fails(b, x, err)
			return
		}
	}
	if uint64(len(known)) != r.Expected || holds(known, r.Records) > 0 {
		w.look(b, x, nil)
		return
	}
	events := make([]*streams.AppendReq_ProposedMessage, len(r.Records))
	for i := range r.Records {
		e := envelope{Schema: r.Records[i].Schema, Recorded: b.at.UnixMicro(), Behind: uint64(b.behind), Meta: r.Meta(i)}
		if w.keeps {
			e.Recorded, e.Origin = r.Records[i].RecordedAt.UnixMicro(), uint64(r.Records[i].Position)
		}
		events[i] = proposal(&r.Records[i], &e)
	}
	got, err := w.s.link.append(b.ctx, w.s.prefix+r.Stream, r.Expected, events)
	broken, isLost := isBroken(err)
	if isLost && !broken.sent && !broken.away { // the connection was a dead one, or the node no leader
		got, err = w.s.link.append(b.ctx, w.s.prefix+r.Stream, r.Expected, events)
		broken, isLost = isBroken(err)
	}
	switch {
	case err == nil && got.known && app.Position(got.position) > b.behind:
		w.s.ids.learn(r.Stream, r.Expected, r.Records)
		w.wrote(b, x, app.Appended{Version: r.Expected + uint64(len(r.Records)), Position: app.Position(got.position), RecordedAt: b.at})
	case err == nil || errors.Is(err, errVersion):
		w.look(b, x, nil) // it has it, from before; or the stream is elsewhere
	case isLost && broken.said:
		x.sent = true
		if x.said++; x.said < maxSaid {
			x.lost = err
			return
		}
		w.look(b, x, unwritten(err))
	case isLost:
		x.sent = x.sent || broken.sent
		w.fails(b, x, err)
	case x.sent:
		w.look(b, x, unwritten(err)) // refused now, but an earlier attempt may have come through
	default:
		r.Err = unwritten(err)
	}
}

// fails leaves the append lost if the server may have it, else it is refused: nothing of it was written.
func (w *writer) fails(b *batch, x *work, err error) {
	_, isLost := isBroken(err)
	switch {
	case x.sent:
		x.lost = err
	case b.ctx.Err() != nil:
		x.r.Err = w.ended()
	case isLost:
		x.r.Err = unreachable(err)
	default:
		x.r.Err = unwritten(err)
	}
}

// look decides by what is in the stream: all of the append's ids, and it is acknowledged with the place they have; else
// it is a conflict with the version there is. Where the stream is at the expected version without any of them the
// answer is otherwise, if that is given; if not, the append is lost, for another node's answer was older than that of
// the one which refused it.
func (w *writer) look(b *batch, x *work, otherwise error) {
	r := x.r
	there, err := w.s.learn(b.ctx, r.Stream)
	if err != nil {
		w.fails(b, x, err)
		return
	}
	current := uint64(len(there))
	switch n := holds(there, r.Records); {
	case n == len(r.Records):
		version := uint64(slices.Index(there, [16]byte(r.Records[n-1].ID))) + 1
		got, err := w.s.load(b.ctx, r.Stream, version-1)
		if err == nil && (len(got) == 0 || got[0].ID != r.Records[n-1].ID) {
			err = fmt.Errorf("version %d of stream %s is not what it was", version, r.Stream)
		}
		if err != nil {
			w.fails(b, x, err)
			return
		}
		r.Got = app.Appended{Version: version, Position: got[0].Position, RecordedAt: got[0].RecordedAt}
	case n > 0 || current != r.Expected:
		r.Err = &app.VersionConflict{Stream: r.Stream, Expected: r.Expected, Current: current}
	case otherwise != nil:
		r.Err = otherwise
	default:
		err := fmt.Errorf("stream %s: %w", r.Stream, errVersion)
		if x.said++; x.said < maxSaid {
			x.lost = err
			return
		}
		r.Err = unwritten(err)
	}
}

// wrote notes an append as written.
func (w *writer) wrote(b *batch, x *work, got app.Appended) {
	x.r.Got, x.r.Wrote = got, true
	b.mu.Lock()
	defer b.mu.Unlock()
	b.head, b.rows = max(b.head, got.Position), b.rows+len(x.r.Records)
}

// holds is how many of the records have their ids in the stream.
func holds(there [][16]byte, records []app.Record) (n int) {
	for i := range records {
		if slices.Contains(there, [16]byte(records[i].ID)) {
			n++
		}
	}
	return n
}
