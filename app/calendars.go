package app

import (
	"context"

	"gridward/domain/calendar"
	"gridward/domain/fault"
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
	return a.corrected(ctx, by, calendarStream().Name, r, open)
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

// corrected does what follows from a publication that corrects an earlier version, and answers it. The command that
// found its definition published already has moved nothing; its own repeat answers what it moved.
func (a *App) corrected(ctx context.Context, by By, stream string, r Receipt, open OpenCasesUnder) (Publication, error) {
	out := Publication{Receipt: r, Moved: []MovedDeadline{}}
	record, err := a.recordAt(ctx, stream, r.Version)
	if err != nil || record.Meta.CommandID != by.CommandID {
		return out, err
	}
	event, err := a.codec.Decode(record.Type, record.Schema, record.Data)
	if err != nil {
		return out, err
	}
	if corrects, err := a.correctBy(ctx, record, event, open); err != nil || !corrects {
		return out, err
	}
	out.Moved, out.Position, err = a.movedBy(ctx, record)
	return out, err
}
