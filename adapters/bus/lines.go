package bus

import (
	"context"
	"fmt"
	"slices"

	"go.uber.org/zap"

	"gridward/app"
	"gridward/app/react"
)

// lines are the streams that stand still at one receiver because a record of theirs is parked: what comes behind it in
// its stream is parked too, so that nothing overtakes. One relay uses it, from one goroutine.
type lines struct {
	park *Park
	of   map[string][]app.Position // what is parked, by stream, in order
}

// load reads what is parked.
func (l *lines) load() error {
	parked, err := l.park.In.List()
	if err != nil {
		return err
	}
	l.of = map[string][]app.Position{}
	for _, p := range parked {
		l.of[p.Stream] = append(l.of[p.Stream], p.Position)
	}
	return nil
}

// stand reports whether something of the stream is parked.
func (l *lines) stand(stream string) bool { return len(l.of[stream]) > 0 }

// join parks a record behind those of its stream. One that is parked already, from before a crash, stays as it is.
func (l *lines) join(r app.Record, logger *zap.Logger) error {
	line := l.of[r.Stream]
	if slices.Contains(line, r.Position) {
		return nil
	}
	return l.put(r, fmt.Errorf("waits behind the one at position %s", line[0]), 0, logger)
}

// put parks a record at its stream's end, or says anew of one that stands there why.
func (l *lines) put(r app.Record, cause error, attempts int, logger *zap.Logger) error {
	if err := l.park.put(r, cause, attempts, logger); err != nil {
		return err
	}
	if line := l.of[r.Stream]; !slices.Contains(line, r.Position) {
		l.of[r.Stream] = append(line, r.Position)
	}
	return nil
}

// pop takes the first of the line away.
func (l *lines) pop(stream string) {
	if l.of[stream] = l.of[stream][1:]; len(l.of[stream]) == 0 {
		delete(l.of, stream)
	}
}

// replay tries the parked lines again that somebody asked for (Parking.Ask): to ask for one record of a stream is to ask
// for all of it that is parked, in order, until one fails. Records are tried here, between those of the log, so that
// a stream is never on two ways at once.
func (r *Relay) replay(ctx context.Context) error {
	if r.lines == nil || len(r.lines.of) == 0 {
		return nil
	}
	parked, err := r.Park.In.List()
	if err != nil {
		return err
	}
	by := map[string][]react.Parked{}
	var asked []string
	for _, p := range parked {
		by[p.Stream] = append(by[p.Stream], p)
	}
	for _, p := range parked {
		if line := by[p.Stream]; p.Position == line[0].Position && anyAsked(line) {
			asked = append(asked, p.Stream)
		}
	}
	for _, stream := range asked {
		if err := r.replayLine(ctx, by[stream]); err != nil {
			return err // the requests stand
		}
	}
	return nil
}

func anyAsked(line []react.Parked) bool {
	for _, p := range line {
		if p.Asked {
			return true
		}
	}
	return false
}

// replayLine tries one stream's parked records in order. The one that fails stays, and those behind it with it.
func (r *Relay) replayLine(ctx context.Context, line []react.Parked) error {
	for i, p := range line {
		records, err := r.Log.Read(ctx, p.Position-1, 1)
		if err != nil {
			return err
		}
		if len(records) == 0 || records[0].Position != p.Position {
			return fmt.Errorf("there is no record at position %s", p.Position)
		}
		if r.Wants(records[0]) {
			if err = r.publish(r.write(ctx, page{records: records})); err == nil {
				r.state.delivered(1)
			}
		}
		if err != nil && (ctx.Err() != nil || !parkable(err)) {
			return err
		}
		if err != nil {
			return r.stay(records[0], err, line[i:])
		}
		if err := r.Park.In.Answer(p.Position, true); err != nil {
			return err
		}
		r.lines.pop(p.Stream)
		r.Logger.Info("a parked record was delivered", zap.Stringer("position", p.Position), zap.String("stream", p.Stream))
	}
	return nil
}

// stay says of a parked record why it failed again, and ends the requests for it and those behind it.
func (r *Relay) stay(rec app.Record, cause error, rest []react.Parked) error {
	if err := r.lines.put(rec, cause, rest[0].Attempts+1, r.Logger); err != nil {
		return err
	}
	for _, p := range rest {
		if err := r.Park.In.Answer(p.Position, false); err != nil {
			return err
		}
	}
	return nil
}
