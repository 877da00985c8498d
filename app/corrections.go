package app

import (
	"context"
	"slices"
	"time"

	"github.com/google/uuid"

	"gridward/domain/calendar"
	"gridward/domain/hazard"
	"gridward/domain/programme"
)

// OpenCasesUnder finds the open cases derived under one of those versions of the calendar (programme empty) or of a
// programme, once everything up to the position is known.
type OpenCasesUnder func(ctx context.Context, programme string, versions []int, upTo Position) ([]string, error)

// MovedDeadline is one deadline a correction moved.
type MovedDeadline struct {
	Case  string    `json:"case"`
	Stage string    `json:"stage"`
	From  time.Time `json:"from"`
	To    time.Time `json:"to"`
}

// correction is a version of the calendar or of a programme that corrects others.
type correction struct {
	programme string // empty: the calendar
	version   int
	wrong     []int // the versions it corrects
}

// correctionIn is what a publication corrects; ok is false where that is nothing.
func (a *App) correctionIn(ctx context.Context, event any) (k correction, ok bool, err error) {
	switch e := event.(type) {
	case calendar.Published:
		s, _, err := load(ctx, a, calendarStream())
		if err != nil || e.Calendar.Corrects == 0 {
			return k, false, err
		}
		k.version, k.wrong = e.Calendar.Version, wrong(e.Calendar.Corrects, func(n int) int { return s.Version(n).Corrects })
		if slices.Contains(k.wrong, 1) {
			k.wrong = append(k.wrong, 0) // what was recorded before there were calendars counts by the first
		}
	case programme.Published:
		s, _, err := load(ctx, a, programmeStream(e.Programme.Code))
		if err != nil || e.Programme.Corrects == 0 {
			return k, false, err
		}
		k.programme, k.version = e.Programme.Code, e.Programme.Version
		k.wrong = wrong(e.Programme.Corrects, func(n int) int { return s.Versions[n-1].Corrects })
	}
	return k, len(k.wrong) > 0, nil
}

// wrong lists a version and those it corrected itself, the newest first.
func wrong(n int, corrects func(int) int) []int {
	var out []int
	for ; n > 0; n = corrects(n) {
		out = append(out, n)
	}
	return out
}

// correctBy derives the open cases again that a publication corrects, and tells whether it corrects anything. Repeated,
// it changes nothing.
func (a *App) correctBy(ctx context.Context, r Record, event any, open OpenCasesUnder) (bool, error) {
	k, ok, err := a.correctionIn(ctx, event)
	if err != nil || !ok || open == nil {
		return ok, err
	}
	head, err := a.log.Head(ctx) // a case may have been filed under the old version while this one was published
	if err != nil {
		return ok, err
	}
	ids, err := open(ctx, k.programme, k.wrong, head)
	if err != nil {
		return ok, err
	}
	for _, id := range ids {
		by := By{Actor: r.Meta.Actor, OnBehalfOf: r.Meta.OnBehalfOf, Admin: true, CommandID: uuid.NewSHA1(r.ID, []byte(id)),
			ReceivedAt: r.RecordedAt, Cause: r.ID, Origin: r.Meta.Correlation}
		_, err := execute(ctx, a, by, caseStream(id), false, "correct "+r.ID.String(), func(c hazard.Case) (Decision[hazard.Event], error) {
			return a.decideOn(ctx, by, c, nil, func(c hazard.Case, s hazard.Scene) (hazard.Outcome, error) { return a.rederive(ctx, c, s, k) })
		})
		if err != nil {
			return ok, err
		}
	}
	return ok, nil
}

// rederive decides one case. What no wrong version binds (any more) stays as it is: a later correction may have come
// first.
func (a *App) rederive(ctx context.Context, c hazard.Case, s hazard.Scene, k correction) (hazard.Outcome, error) {
	bound, calendarVersion, p := c.CalendarVersion, k.version, s.Programme
	var limits map[string]programme.Limit // nil: as they were
	if k.programme != "" {
		var err error
		if p, err = a.programmeAt(ctx, c.Programme, k.version); err != nil {
			return hazard.Outcome{}, err
		}
		if item, ok := p.Item(c.Item); ok {
			limits = item.LimitsFor(c.Severity, s.Cell.Classes[c.Programme])
		}
		bound, calendarVersion = c.ProgrammeVersion, c.CalendarVersion
	}
	if !slices.Contains(k.wrong, bound) {
		return hazard.Outcome{}, nil
	}
	s.At = decidedAfter(c, s.At)
	return hazard.Outcome{Events: hazard.DecideRederived(c, s, calendarVersion, p, limits)}, nil
}

// reopenedUnder puts a case that is opened again under what has corrected its rules since it was closed.
func (a *App) reopenedUnder(ctx context.Context, c hazard.Case, s hazard.Scene, out hazard.Outcome) (hazard.Outcome, error) {
	rules, _, err := load(ctx, a, programmeStream(c.Programme))
	if err != nil {
		return out, err
	}
	var published []any
	for _, p := range rules.Versions {
		published = append(published, programme.Published{Programme: p})
	}
	for _, v := range s.Calendars.Versions {
		published = append(published, calendar.Published{Calendar: v.Definition})
	}
	c = hazard.Evolve(c, out.Events[0])
	for _, v := range slices.Backward(published) { // the newest first: what it binds, no earlier one does
		k, ok, err := a.correctionIn(ctx, v)
		if err != nil {
			return out, err
		}
		if !ok {
			continue
		}
		under, err := a.rederive(ctx, c, s, k)
		if err != nil {
			return out, err
		}
		for _, e := range under.Events {
			c = hazard.Evolve(c, e)
		}
		out.Events = append(out.Events, under.Events...)
	}
	return out, nil
}

// decidedAfter is the instant at which a case is derived again: that of the publication, or of the last thing that time
// has done to the case since, where the work was cut off and finished later. A card given meanwhile is no card whose
// instant lies ahead.
func decidedAfter(c hazard.Case, at time.Time) time.Time {
	for _, s := range c.Stages {
		for _, rung := range s.Rungs {
			if rung.Due.After(at) {
				at = rung.Due
			}
		}
	}
	return at
}

// movedBy reads from the log what the record of a publication moved, in the log's order, and the position of the last
// of it.
func (a *App) movedBy(ctx context.Context, r Record) ([]MovedDeadline, Position, error) {
	moved, last := []MovedDeadline{}, r.Position
	for after := r.Position; ; {
		records, err := a.log.Read(ctx, after, completeBatch)
		if err != nil {
			return nil, 0, err
		}
		for _, x := range records {
			after = x.Position
			if x.Meta.Causation != r.ID {
				continue
			}
			last = after
			event, err := a.codec.Decode(x.Type, x.Schema, x.Data)
			if err != nil {
				return nil, 0, err
			}
			if e, ok := event.(hazard.Rederived); ok {
				for _, m := range e.Moved {
					moved = append(moved, MovedDeadline{Case: x.Stream[len("case-"):], Stage: m.Stage, From: m.From, To: m.To})
				}
			}
		}
		if len(records) < completeBatch {
			return moved, last, nil
		}
	}
}
