package app

import (
	"context"
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

// correctCalendar derives the open cases again that a wrong version of the calendar bound, and gives what moved and
// the highest position. Repeated, it changes nothing and answers the same.
func (a *App) correctCalendar(ctx context.Context, r Record, e calendar.Published, open OpenCasesUnder) ([]MovedDeadline, Position, error) {
	if e.Calendar.Corrects == 0 {
		return nil, 0, nil
	}
	s, _, err := load(ctx, a, calendarStream())
	if err != nil {
		return nil, 0, err
	}
	versions := wrong(e.Calendar.Corrects, func(n int) int { return s.Version(n).Corrects })
	if versions[len(versions)-1] == 1 {
		versions = append(versions, 0) // what was recorded before there were calendars counts by the first
	}
	return a.correct(ctx, r, "", versions, open, func(c hazard.Case) (int, int) { return e.Calendar.Version, c.ProgrammeVersion })
}

// correctProgramme is the same for a version of a programme.
func (a *App) correctProgramme(ctx context.Context, r Record, e programme.Published, open OpenCasesUnder) ([]MovedDeadline, Position, error) {
	p := e.Programme
	if p.Corrects == 0 {
		return nil, 0, nil
	}
	s, _, err := load(ctx, a, programmeStream(p.Code))
	if err != nil {
		return nil, 0, err
	}
	versions := wrong(p.Corrects, func(n int) int { return s.Versions[n-1].Corrects })
	return a.correct(ctx, r, p.Code, versions, open, func(c hazard.Case) (int, int) { return c.CalendarVersion, p.Version })
}

// wrong lists a version and those it corrected itself, the newest first.
func wrong(n int, corrects func(int) int) []int {
	var out []int
	for ; n > 0; n = corrects(n) {
		out = append(out, n)
	}
	return out
}

// correct goes through the open cases; to gives the calendar and programme versions a case comes to.
func (a *App) correct(ctx context.Context, r Record, prog string, versions []int, open OpenCasesUnder,
	to func(hazard.Case) (int, int)) (moved []MovedDeadline, highest Position, err error) {
	ids, err := open(ctx, prog, versions, r.Position)
	if err != nil {
		return nil, 0, err
	}
	for _, id := range ids {
		by := By{Actor: r.Meta.Actor, OnBehalfOf: r.Meta.OnBehalfOf, Admin: true, CommandID: uuid.NewSHA1(r.ID, []byte(id)),
			ReceivedAt: r.RecordedAt, Cause: r.ID, Origin: r.Meta.Correlation}
		receipt, err := execute(ctx, a, by, caseStream(id), false, "correct "+r.ID.String(), func(c hazard.Case) (Decision[hazard.Event], error) {
			return a.rederive(ctx, by, c, to)
		})
		if err != nil {
			return nil, highest, err
		}
		highest = max(highest, receipt.Position)
		of, err := a.movedIn(ctx, id, by.CommandID)
		if err != nil {
			return nil, highest, err
		}
		moved = append(moved, of...)
	}
	return moved, highest, nil
}

// rederive decides one case.
func (a *App) rederive(ctx context.Context, by By, c hazard.Case, to func(hazard.Case) (int, int)) (Decision[hazard.Event], error) {
	c, first, err := a.advance(ctx, c, by.ReceivedAt, false)
	if err != nil {
		return Decision[hazard.Event]{}, err
	}
	s, err := a.scene(ctx, by, c, nil)
	if err != nil {
		return Decision[hazard.Event]{}, err
	}
	calendarVersion, programmeVersion := to(c)
	p, limits := s.Programme, c.Limits
	if programmeVersion != c.ProgrammeVersion {
		if p, err = a.programmeAt(ctx, c.Programme, programmeVersion); err != nil {
			return Decision[hazard.Event]{}, err
		}
		if item, ok := p.Item(c.Item); ok {
			limits = item.LimitsFor(c.Severity, s.Cell.Classes[c.Programme])
		}
	}
	events := hazard.DecideRederived(c, s, calendarVersion, p, limits)
	if len(events) > 0 {
		events = append(first, events...)
	}
	return caseDecision(hazard.Outcome{Events: events}, s, c.Cell), nil
}

// movedIn reads what one command moved in a case.
func (a *App) movedIn(ctx context.Context, id string, command uuid.UUID) ([]MovedDeadline, error) {
	records, err := a.log.Load(ctx, caseStream(id).Name, 0)
	if err != nil {
		return nil, err
	}
	var out []MovedDeadline
	for _, r := range records {
		if r.Meta.CommandID != command {
			continue
		}
		event, err := a.codec.Decode(r.Type, r.Schema, r.Data)
		if err != nil {
			return nil, err
		}
		if e, ok := event.(hazard.Rederived); ok {
			for _, m := range e.Moved {
				out = append(out, MovedDeadline{Case: id, Stage: m.Stage, From: m.From, To: m.To})
			}
		}
	}
	return out, nil
}
