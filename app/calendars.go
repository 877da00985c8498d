package app

import (
	"context"

	"gridward/domain/calendar"
	"gridward/domain/fault"
	"gridward/domain/programme"
)

func calendarStream() Stream[calendar.State, calendar.Event] {
	return Stream[calendar.State, calendar.Event]{"calendar-default", calendar.Evolve}
}

// Calendars gives every version of the calendar ever published.
func (a *App) Calendars(ctx context.Context) (calendar.State, error) {
	s, _, err := load(ctx, a, calendarStream())
	return s, err
}

// Publication is the answer to a publication: where it corrects a version, the deadlines of open cases it moved.
type Publication struct {
	Receipt
	Moved []MovedDeadline
}

// PublishCalendar publishes the next version of the calendar. What it leaves out stays as it was, and the same again
// is no new version. As a correction it derives the open cases again that the wrong version bound; open finds them.
// Only a steward may (forbidden: not_steward).
func (a *App) PublishCalendar(ctx context.Context, by By, d calendar.Definition, open OpenCasesUnder) (Publication, error) {
	if !by.Steward() {
		return Publication{}, fault.Forbid("not_steward", "calendars are published by an administrator")
	}
	defer a.inflight.begin(by.CommandID)()
	d.Version = 0 // whatever it says: the log counts
	r, err := execute(ctx, a, by, calendarStream(), false, d, func(s calendar.State) (Decision[calendar.Event], error) {
		events, err := calendar.DecidePublish(s, d)
		return Decision[calendar.Event]{Events: events}, err
	})
	r.ID = "default"
	if err != nil {
		return Publication{Receipt: r}, err
	}
	return a.corrected(ctx, calendarStream().Name, r, open)
}

// PublishBuiltinCalendar publishes the calendar the product ships where the log has none.
func (a *App) PublishBuiltinCalendar(ctx context.Context, by By) error {
	s, err := a.Calendars(ctx)
	if err != nil || len(s.Versions) > 0 {
		return err
	}
	_, err = a.PublishCalendar(ctx, by.then("publish-calendar"), calendar.Builtin(), nil)
	return err
}

// corrected does what follows from a publication that corrects an earlier one, and answers it.
func (a *App) corrected(ctx context.Context, stream string, r Receipt, open OpenCasesUnder) (Publication, error) {
	out := Publication{Receipt: r, Moved: []MovedDeadline{}}
	record, err := a.recordAt(ctx, stream, r.Version)
	if err != nil {
		return out, err
	}
	moved, at, err := a.correctBy(ctx, record, open)
	out.Moved, out.Position = append(out.Moved, moved...), max(out.Position, at)
	return out, err
}

// correctBy derives the open cases again that the record of a publication corrects; nothing for any other record.
func (a *App) correctBy(ctx context.Context, r Record, open OpenCasesUnder) ([]MovedDeadline, Position, error) {
	event, err := a.codec.Decode(r.Type, r.Schema, r.Data)
	if err != nil {
		return nil, 0, err
	}
	switch e := event.(type) {
	case calendar.Published:
		return a.correctCalendar(ctx, r, e, open)
	case programme.Published:
		return a.correctProgramme(ctx, r, e, open)
	}
	return nil, 0, nil
}
