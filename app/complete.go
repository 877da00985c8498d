package app

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/hashicorp/golang-lru/v2/simplelru"

	"gridward/domain/calendar"
	"gridward/domain/fault"
	"gridward/domain/grid"
	"gridward/domain/hazard"
	"gridward/domain/inspection"
	"gridward/domain/programme"
)

// inflight is the commands that write to several streams and are under way in this process: the completer leaves
// them alone until they are done or given up.
type inflight struct {
	mu      sync.Mutex
	running map[uuid.UUID]chan struct{}
	done    *simplelru.LRU[uuid.UUID, struct{}] // the latest that came to their end: there is nothing to complete
}

// remembered is how many finished commands are remembered, 64 bytes each: more than the completer is ever behind
// while it keeps up; one that is forgotten is looked at again, which changes nothing.
const remembered = 32768

func newInflight() (*inflight, error) {
	done, err := simplelru.NewLRU[uuid.UUID, struct{}](remembered, nil)
	return &inflight{running: map[uuid.UUID]chan struct{}{}, done: done}, err
}

// finished notes that a command has done all it had to.
func (f *inflight) finished(command uuid.UUID) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.done.Add(command, struct{}{})
}

// begin marks a command as under way; the function it returns ends that. A command that is under way twice (a
// client that repeats itself) stays marked until the first is done, which does no harm.
func (f *inflight) begin(command uuid.UUID) (end func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, again := f.running[command]; again {
		return func() {}
	}
	over := make(chan struct{})
	f.running[command] = over
	return func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		delete(f.running, command)
		close(over)
	}
}

// wait returns when the command is not under way, or with ctx's error; whole says that it has done all it had to.
func (f *inflight) wait(ctx context.Context, command uuid.UUID) (whole bool, err error) {
	f.mu.Lock()
	over := f.running[command]
	f.mu.Unlock()
	if over != nil {
		select {
		case <-over:
		case <-ctx.Done():
			return false, ctx.Err()
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.done.Contains(command), nil
}

// OpenCases finds the open cases that a cell has or that lie in it, once everything up to the position is known.
type OpenCases func(ctx context.Context, cell grid.CellCode, upTo Position) ([]string, error)

// Tables is what the completer asks of the views.
type Tables struct {
	Cases   OpenCases
	Under   OpenCasesUnder
	Patrols PatrolTable
}

// completeBatch is how many records the completer reads at once.
const completeBatch = 500

// Complete finishes what a crash cut, from behind the position to the end of the log and then on its tail, until
// ctx ends: the cases an inspection found, the other side of a merge, the other cells of a duty, the successors
// and cases of a replaced cell. Everything it does is what the command itself would have done, under the same
// ids, so that doing it again changes nothing. saved is told how far it has come.
//
// What a rule refuses for good (two commands that raced for one id, say) is told to refused and passed over: it
// stays refused to whoever retries the command, and must not hold up the others.
func (a *App) Complete(ctx context.Context, from Position, t Tables, saved func(Position) error, refused func(Record, *fault.Error)) error {
	for {
		at, err := a.completeNext(ctx, from, t, refused)
		if err == nil && at > from {
			from, err = at, saved(at)
			pause(ctx, completePause)
		} else if err == nil {
			err = a.log.Wait(ctx, from)
		}
		if ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return fmt.Errorf("complete: %w", err)
		}
	}
}

// completePause is how long the completer lets work gather: nothing waits for it but a crash's remains.
const completePause = 50 * time.Millisecond

func pause(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}

// completeNext goes through the next records and gives how far it has come.
func (a *App) completeNext(ctx context.Context, from Position, t Tables, refused func(Record, *fault.Error)) (Position, error) {
	records, err := a.log.Read(ctx, from, completeBatch)
	if err != nil {
		return from, err
	}
	if err := a.restate(ctx, records, t.Patrols); err != nil { // refused by no rule
		return from, err
	}
	for _, r := range records {
		err := a.complete(ctx, r, t)
		if f, ok := fault.As(err); ok && f.Kind != fault.Unavailable {
			refused(r, f)
		} else if err != nil {
			return from, placed(r, err)
		}
		from = r.Position
	}
	return from, nil
}

// placed is an error with the record it is about.
func placed(r Record, err error) error {
	return fmt.Errorf("%s version %d: %w", r.Stream, r.Version, err)
}

// spreading is the stored names of the events that something on other streams follows from.
func spreading(codec Codec) (map[string]bool, error) {
	return storedNames(codec, inspection.Logged{}, hazard.MergedInto{}, grid.DutyGiven{}, grid.DutyEnded{}, grid.CellReplaced{},
		calendar.Published{}, programme.Published{})
}

// storedNames is the set of the events' stored names.
func storedNames(codec Codec, events ...any) (map[string]bool, error) {
	out := map[string]bool{}
	for _, event := range events {
		name, _, _, err := codec.Encode(event)
		if err != nil {
			return nil, err
		}
		out[name] = true
	}
	return out, nil
}

// complete finishes what follows from one record on other streams.
func (a *App) complete(ctx context.Context, r Record, t Tables) error {
	if !a.spreading[r.Type] {
		return nil
	}
	if whole, err := a.inflight.wait(ctx, r.Meta.CommandID); err != nil || whole {
		return err
	}
	event, err := a.codec.Decode(r.Type, r.Schema, r.Data)
	if err != nil {
		return err
	}
	return a.spread(ctx, r, event, t)
}

// spread does what follows from an event on other streams.
func (a *App) spread(ctx context.Context, r Record, event any, t Tables) (err error) {
	switch e := event.(type) {
	case inspection.Logged:
		return a.completeInspection(ctx, r, e)
	case hazard.MergedInto:
		_, err = a.linkDuplicate(ctx, because(r), r.Stream[len("case-"):], e.Into)
	case grid.DutyGiven:
		err = a.completeDuty(ctx, r, e)
	case grid.DutyEnded:
		err = a.completeDutyEnd(ctx, r, e)
	case grid.CellReplaced:
		if err = a.completeReplacement(ctx, r, e); err == nil {
			_, err = a.passCases(ctx, r, t.Cases)
		}
	case calendar.Published, programme.Published:
		_, err = a.correctBy(ctx, r, event, t.Under)
	}
	return err
}

// passCases hands the open cases of a replaced cell to the parent office and gives the highest position.
func (a *App) passCases(ctx context.Context, r Record, open OpenCases) (Position, error) {
	var highest Position
	cell := grid.CellCode(r.Meta.Cell)
	ids, err := open(ctx, cell, r.Position)
	if err != nil {
		return 0, err
	}
	for _, id := range ids {
		by := By{Actor: "system", CommandID: uuid.NewSHA1(r.ID, []byte(id)), ReceivedAt: r.RecordedAt, Cause: r.ID, Origin: r.Meta.Correlation}
		passed, err := execute(ctx, a, by, caseStream(id), false, caseContent{Name: "replaced " + string(cell)},
			func(c hazard.Case) (Decision[hazard.Event], error) {
				return a.decideOn(ctx, by, c, nil, func(c hazard.Case, s hazard.Scene) (hazard.Outcome, error) {
					return hazard.Outcome{Events: hazard.DecideReplaced(c, s, cell)}, nil
				})
			})
		if err != nil {
			return highest, err
		}
		highest = max(highest, passed.Position)
	}
	return highest, nil
}
