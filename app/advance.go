package app

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"gridward/domain/fault"
	"gridward/domain/hazard"
)

// Advance does what time has made due on a case until the instant, itself included: suspensions that end, cards,
// escalations, supervision. Each happens at the instant it was due, decided on the duties held then. Repeated, it
// does nothing. next is what is due after that; ok is false when nothing is.
//
// Instants count to the microsecond, as tables keep them: whoever asks for one that a table has cut off means all of it.
func (a *App) Advance(ctx context.Context, id string, until, received time.Time) (next hazard.Due, ok bool, r Receipt, err error) {
	st := caseStream(id)
	_, cur, err := load(ctx, a, st)
	if err != nil {
		return next, false, r, err
	}
	by := By{Actor: hazard.System, ReceivedAt: received, OccurredAt: until}
	by.CommandID = anew("advance/"+id+"/"+until.UTC().Format(time.RFC3339Nano), cur)
	through := until.Truncate(time.Microsecond).Add(time.Microsecond - 1)
	r, err = execute(ctx, a, by, st, false, until.UTC(), func(c hazard.Case) (Decision[hazard.Event], error) {
		_, events, err := a.advance(ctx, c, through, true)
		return Decision[hazard.Event]{Events: events, Programme: c.Programme, ProgrammeVersion: c.ProgrammeVersion, Cell: string(c.Cell)}, err
	})
	r.ID = id
	if err != nil {
		return next, false, r, err
	}
	c, _, err := load(ctx, a, st)
	if err != nil {
		return next, false, r, err
	}
	next, ok, err = a.nextDue(ctx, c)
	return next, ok, r, err
}

// anew is the id of a command of which the state alone tells whether there is anything to do. Two who find the stream
// where it is send the same command; done again later it is another, for the same thing may have to be done again at
// the same instant: a card that was withdrawn, say.
func anew(what string, found loaded) uuid.UUID {
	return uuid.NewSHA1(uuid.NameSpaceOID, fmt.Appendf(nil, "%s/%d", what, found.version))
}

// nextDue is the next thing time will do to a case.
func (a *App) nextDue(ctx context.Context, c hazard.Case) (hazard.Due, bool, error) {
	if !c.Open() {
		return hazard.Due{}, false, nil
	}
	calendars, err := a.Calendars(ctx)
	if err != nil {
		return hazard.Due{}, false, err
	}
	prog, err := a.programmeAt(ctx, c.Programme, c.ProgrammeVersion)
	if err != nil {
		return hazard.Due{}, false, err
	}
	due, ok := c.NextDue(calendars, prog)
	return due, ok, nil
}

// advance folds what is due on a case before the instant, or at it too, and gives the case behind it and the events.
func (a *App) advance(ctx context.Context, c hazard.Case, until time.Time, inclusive bool) (hazard.Case, []hazard.Event, error) {
	var events []hazard.Event
	for {
		due, ok, err := a.nextDue(ctx, c)
		if err != nil || !ok || due.At.After(until) || (!inclusive && !due.At.Before(until)) {
			return c, events, err
		}
		at := By{Actor: hazard.System, ReceivedAt: due.At}
		s, err := a.scene(ctx, at, c, nil)
		if err != nil {
			return c, nil, err
		}
		for _, e := range hazard.DecideDue(c, s, due) {
			c = hazard.Evolve(c, e)
			events = append(events, e)
		}
	}
}

// lateBy is how long after it happened a fact is told at least to be late (design: time).
const lateBy = time.Hour

// keepWords keeps the words and evidence of a late command that a rule refused, as a note on the case, and gives the
// refusal back. A sender who may not add a note to the case leaves none.
func (a *App) keepWords(ctx context.Context, by By, id string, cmd hazard.Command, refusal error) error {
	f, ok := fault.As(refusal)
	if !ok || f.Kind != fault.Refused || by.ReceivedAt.Sub(by.At()) <= lateBy {
		return refusal
	}
	name, text, files := hazard.WordsOf(cmd)
	if text == "" && len(files) == 0 {
		return refusal
	}
	next := by.then("refused")
	_, err := execute(ctx, a, next, caseStream(id), false, caseContent{"refused " + name, cmd}, func(c hazard.Case) (Decision[hazard.Event], error) {
		return a.decideOn(ctx, by, c, nil, func(c hazard.Case, s hazard.Scene) (hazard.Outcome, error) {
			out, err := hazard.Decide(c, s, hazard.Note{Text: text, Evidence: files})
			for i, e := range out.Events {
				if noted, is := e.(hazard.Noted); is {
					noted.Refused = &hazard.Refusal{Command: name, Rule: f.Code}
					out.Events[i] = noted
				}
			}
			return out, err
		})
	})
	if kept, refused := fault.As(err); err != nil && (!refused || kept.Kind == fault.Unavailable) {
		return err
	}
	return refusal
}
