package esdb

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"gridward/app"
	"gridward/domain/fault"
)

// readRetry is when to come again after a read that failed.
const readRetry = time.Second

// pageEvents bounds what is asked for in one read of $all.
const pageEvents = 4096

// Load implements app.Log. A stream read costs one call; where the server gives no positions with it, one more for each
// append whose records are read.
func (s *Store) Load(ctx context.Context, stream string, after uint64) ([]app.Record, error) {
	out, err := again(ctx, s, func() ([]app.Record, error) { return s.load(ctx, stream, after) })
	if err != nil {
		return nil, unreadable(ctx, err)
	}
	return out, nil
}

// again is one more attempt where a read broke: the connection may have been a dead one, or the node no leader.
func again[T any](ctx context.Context, s *Store, do func() (T, error)) (T, error) {
	out, err := do()
	if broken, ok := isBroken(err); ok && !broken.away && ctx.Err() == nil {
		out, err = do()
	}
	return out, err
}

func (s *Store) load(ctx context.Context, stream string, after uint64) ([]app.Record, error) {
	if after > math.MaxInt64 {
		return nil, nil // the server counts no further
	}
	var out []app.Record
	var behind []uint64
	placeless := false
	err := s.link.read(ctx, ofStream(s.prefix+stream, after, math.MaxInt64), func(x *streams.ReadResp_ReadEvent) (bool, error) {
		r, from, err := s.record(x)
		if err != nil {
			return false, err
		}
		if want := after + uint64(len(out)) + 1; r.Version != want || r.Stream != stream {
			return false, fmt.Errorf("stream %s goes on with version %d of %s, not with %d: it was cut or deleted", stream, r.Version, r.Stream, want)
		}
		placeless = placeless || r.Position == 0
		out, behind = append(out, r), append(behind, from)
		return true, nil
	})
	if err != nil && !errors.Is(err, errNoStream) {
		return nil, err
	}
	if placeless {
		if err := s.place(ctx, out, behind); err != nil {
			return nil, err
		}
	}
	s.ids.learn(stream, after, out)
	return out, nil
}

// place finds the positions of a stream's records in $all, each from the position that its append began behind.
func (s *Store) place(ctx context.Context, records []app.Record, behind []uint64) error {
	first := records[0].Version
	for i := range records {
		if records[i].Position != 0 {
			continue
		}
		from := behind[i]
		err := s.walk(ctx, from, func(x *streams.ReadResp_ReadEvent) (bool, error) {
			e := x.GetEvent()
			if streamOf(e) != s.prefix+records[i].Stream {
				return true, nil
			}
			if at := e.GetStreamRevision() + 1 - first; at < uint64(len(records)) && fromWire(e.GetId()) == records[at].ID {
				records[at].Position = position(x)
			}
			return records[i].Position == 0, nil
		})
		if err != nil {
			return err
		}
		if records[i].Position == 0 {
			return fmt.Errorf("version %d of stream %s is nowhere behind position %d", records[i].Version, records[i].Stream, from)
		}
	}
	return nil
}

// walk gives all events behind a place, the server's own too, until take wants no more or there are none.
func (s *Store) walk(ctx context.Context, after uint64, take func(*streams.ReadResp_ReadEvent) (more bool, err error)) error {
	for from := after; ; {
		got, more := 0, true
		err := s.link.read(ctx, ofAll(from, pageEvents, false), func(x *streams.ReadResp_ReadEvent) (bool, error) {
			got++
			p := uint64(position(x))
			if p == 0 && got > 1 {
				return false, errors.New("an event of $all without a position")
			}
			if p <= from {
				return true, nil
			}
			from = p
			var err error
			more, err = take(x)
			return more, err
		})
		if err != nil || !more || got < pageEvents {
			return err
		}
	}
}

// Read implements app.Log.
func (s *Store) Read(ctx context.Context, after app.Position, limit int) ([]app.Record, error) {
	if limit <= 0 {
		return nil, fmt.Errorf("read of %d records", limit)
	}
	if after >= s.tail.Head() { // the server refuses a place that it has not come to
		head, err := s.Head(ctx)
		if err != nil || after >= head {
			return nil, err
		}
	}
	out, err := again(ctx, s, func() ([]app.Record, error) { return s.page(ctx, uint64(after), limit) })
	if saidNo(err) && ctx.Err() == nil {
		out, err = s.between(ctx, after, limit, err)
	}
	if err != nil {
		return nil, unreadable(ctx, err)
	}
	return out, nil
}

// between reads behind a place that the server would not read from. It takes only the places of events; so this may be
// the one before a record's, by which that record is asked for.
func (s *Store) between(ctx context.Context, after app.Position, limit int, refused error) ([]app.Record, error) {
	out, err := s.pageFrom(ctx, uint64(after)+1, uint64(after), limit)
	if err == nil {
		return out, nil
	}
	if !saidNo(err) {
		return nil, err
	}
	if _, err := s.look(ctx); err != nil { // it is not the place
		return nil, err
	}
	e := fault.New(fault.Invalid, "log_position_unknown", "%s is no position of this log", after)
	e.Cause = refused
	return nil, e
}

// saidNo tells that the server answered a read by a failure of that read, whatever it calls it.
func saidNo(err error) bool {
	if broken, ok := isBroken(err); ok {
		return broken.said
	}
	switch status.Code(err) {
	case codes.InvalidArgument, codes.OutOfRange, codes.FailedPrecondition, codes.NotFound:
		return true
	default:
		return false
	}
}

func (s *Store) page(ctx context.Context, after uint64, limit int) ([]app.Record, error) {
	return s.pageFrom(ctx, after, after, limit)
}

// pageFrom reads the records behind a position, from the place of an event there or behind it.
func (s *Store) pageFrom(ctx context.Context, from, after uint64, limit int) ([]app.Record, error) {
	out := make([]app.Record, 0, min(limit, pageEvents))
	for {
		count, got := min(limit-len(out), pageEvents)+1, 0 // one more: the event at the place comes again
		err := s.link.read(ctx, ofAll(from, uint64(count), false), func(x *streams.ReadResp_ReadEvent) (bool, error) {
			got++
			p := uint64(position(x))
			if p <= after {
				return true, nil
			}
			from, after = p, p
			if !s.isOurs(x.GetEvent()) {
				return true, nil
			}
			r, _, err := s.record(x)
			if err != nil {
				return false, fmt.Errorf("position %s: %w", app.Position(p), err)
			}
			out = append(out, r)
			return len(out) < limit, nil
		})
		if err != nil {
			return nil, err
		}
		if got < count || len(out) == limit {
			return out, nil
		}
	}
}

// unreadable is the answer to a read that failed: the context's own error if that is why, else Unavailable.
func unreadable(ctx context.Context, err error) error {
	if e := ctx.Err(); e != nil {
		return e
	}
	if _, ok := fault.As(err); ok {
		return err
	}
	e := fault.New(fault.Unavailable, "log_unreadable", "the log cannot be read")
	e.RetryAfter, e.Cause = readRetry, err
	return e
}

// Head implements app.Log.
func (s *Store) Head(ctx context.Context) (app.Position, error) {
	head, err := again(ctx, s, func() (app.Position, error) { return s.look(ctx) })
	if err != nil {
		return 0, unreadable(ctx, err)
	}
	return head, nil
}

// look finds the last record from the end of $all backwards, as far as it was not looked before, and tells the tail.
func (s *Store) look(ctx context.Context) (app.Position, error) {
	head, at, seen := s.tail.known()
	newest, from := seen, uint64(0)
	for count := uint64(1); ; count = min(8*count, pageEvents) {
		got, found := uint64(0), false
		err := s.link.read(ctx, ofAll(from, count, true), func(x *streams.ReadResp_ReadEvent) (bool, error) {
			got++
			p := position(x)
			newest, from = max(newest, p), uint64(p)
			if p == 0 || p <= seen {
				found = true
				return false, nil
			}
			if !s.isOurs(x.GetEvent()) {
				return true, nil
			}
			r, _, err := s.record(x)
			head, at, found = p, r.RecordedAt, true
			return false, err
		})
		if err != nil {
			return 0, err
		}
		if found || got < count {
			s.tail.saw(newest, head, at)
			return head, nil
		}
	}
}

// learn reads what the stream has gained, and gives the ids of all its records.
func (s *Store) learn(ctx context.Context, stream string) ([][16]byte, error) {
	known := s.ids.of(stream)
	var more []app.Record
	err := s.link.read(ctx, ofStream(s.prefix+stream, uint64(len(known)), math.MaxInt64), func(x *streams.ReadResp_ReadEvent) (bool, error) {
		r := app.Record{ID: fromWire(x.GetEvent().GetId()), Version: x.GetEvent().GetStreamRevision() + 1}
		if want := uint64(len(known)+len(more)) + 1; r.Version != want {
			return false, fmt.Errorf("stream %s goes on with version %d, not with %d: it was cut or deleted", stream, r.Version, want)
		}
		more = append(more, r)
		return true, nil
	})
	if err != nil && !errors.Is(err, errNoStream) {
		return nil, err
	}
	s.ids.learn(stream, uint64(len(known)), more)
	ids := slices.Clone(known)
	for i := range more {
		ids = append(ids, more[i].ID)
	}
	return ids, nil
}
