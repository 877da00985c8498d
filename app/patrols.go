package app

import (
	"context"
	"time"

	"github.com/google/uuid"

	"gridward/domain/grid"
	"gridward/domain/hazard"
	"gridward/domain/inspection"
	"gridward/domain/patrol"
	"gridward/domain/register"
)

// Touched is what a fact touches that became known after the periods it lies in had ended: duties of a programme on a
// cell and above it, in a stretch of time.
type Touched struct {
	Programme string
	Cell      grid.CellCode
	Below     bool // the posts below it too: an office stands in for them while they are vacant
	From, To  time.Time
	Until     time.Time // when it became known: only what had ended by then
}

// PatrolTable judges patrol duty by what the views know; without them nothing is stated.
type PatrolTable struct {
	// Ended judges every period that ended at a local midnight.
	Ended func(ctx context.Context, at time.Time) ([]patrol.Statement, error)
	// Again judges the ended periods that something touches, once everything up to the position is known.
	Again func(ctx context.Context, t Touched, upTo Position) ([]patrol.Statement, error)
}

func shortfallStream(s patrol.Statement) Stream[patrol.State, patrol.Event] {
	return Stream[patrol.State, patrol.Event]{s.Stream(), patrol.Evolve}
}

func closedDaysStream(day time.Time) Stream[patrol.Closed, patrol.DayEvent] {
	return Stream[patrol.Closed, patrol.DayEvent]{"periods-" + day.Format("2006-01"), patrol.EvolveClosed}
}

// patrolSpace is the namespace of the ids of commands that state what patrols missed.
var patrolSpace = uuid.NewSHA1(uuid.NameSpaceOID, []byte("patrols"))

// ClosePeriods states what was missed in the patrol periods that ended at a local midnight, one fact for each area,
// programme, role and period, and then closes the day. Repeated, it does nothing.
func (a *App) ClosePeriods(ctx context.Context, at, received time.Time, table PatrolTable) (Position, error) {
	statements, err := table.Ended(ctx, at)
	if err != nil {
		return 0, err
	}
	by := By{Actor: hazard.System, ReceivedAt: received, OccurredAt: at, CommandID: uuid.NewSHA1(patrolSpace, []byte(at.UTC().Format(time.RFC3339)))}
	var highest Position
	for _, s := range statements {
		if s.Short == 0 {
			continue
		}
		r, err := a.state(ctx, by.then(s.Stream()), s)
		if err != nil {
			return highest, err
		}
		highest = max(highest, r.Position)
	}
	day := at.Add(-time.Microsecond)
	name := day.Format(time.DateOnly)
	r, err := execute(ctx, a, by, closedDaysStream(day), false, name, func(s patrol.Closed) (Decision[patrol.DayEvent], error) {
		return Decision[patrol.DayEvent]{Events: patrol.DecideClose(s, name)}, nil
	})
	return max(highest, r.Position), err
}

// state records a statement, unless it says what was said last.
func (a *App) state(ctx context.Context, by By, s patrol.Statement) (Receipt, error) {
	return execute(ctx, a, by, shortfallStream(s), false, s.Stream(), func(now patrol.State) (Decision[patrol.Event], error) {
		return Decision[patrol.Event]{Events: patrol.Decide(now, s), Programme: s.Programme, ProgrammeVersion: s.ProgrammeVersion, Cell: string(s.Area)}, nil
	})
}

// restating is the stored names of the events that may touch what was stated of ended periods.
func restating(codec Codec) (map[string]bool, error) {
	return storedNames(codec, inspection.Logged{}, inspection.Amended{}, inspection.Voided{}, inspection.CampaignOpened{}, register.ActivityRecorded{},
		grid.DutyGiven{}, grid.DutyEnded{})
}

// restate states anew what a record touches in periods that had ended when the log took it: a late patrol, a void, an
// amendment, a duty told late. Repeated, it does nothing.
func (a *App) restate(ctx context.Context, r Record, event any, table PatrolTable) error {
	if table.Again == nil {
		return nil
	}
	touched, err := a.touches(ctx, r, event)
	if err != nil {
		return err
	}
	for _, t := range touched {
		statements, err := table.Again(ctx, t, r.Position)
		if err != nil {
			return err
		}
		by := By{Actor: hazard.System, ReceivedAt: r.RecordedAt, CommandID: uuid.NewSHA1(patrolSpace, r.ID[:]), Cause: r.ID, Origin: r.Meta.Correlation}
		for _, s := range statements {
			if _, err := a.state(ctx, by.then(s.Stream()), s); err != nil {
				return err
			}
		}
	}
	return nil
}

// touches tells what a record touches, ended or not.
func (a *App) touches(ctx context.Context, r Record, event any) ([]Touched, error) {
	at := func(programme string, cell grid.CellCode, from time.Time) Touched {
		return Touched{Programme: programme, Cell: cell, From: from, To: from.Add(time.Microsecond), Until: r.RecordedAt}
	}
	var out []Touched
	switch e := event.(type) {
	case inspection.Logged:
		out = []Touched{at(e.Report.Programme, e.Report.Cell, e.Report.StartedAt)}
	case inspection.Amended, inspection.Voided:
		before, after, err := a.revisions(ctx, r)
		if err != nil {
			return nil, err
		}
		out = []Touched{at(before.Programme, before.Cell, before.StartedAt), at(after.Programme, after.Cell, after.StartedAt)}
	case inspection.CampaignOpened:
		out = []Touched{at(e.Programme, e.Cell, e.From)}
	case register.ActivityRecorded:
		out = []Touched{at(e.Programme, e.Cell, e.HeldAt)}
	case grid.DutyGiven:
		for _, c := range e.Cells {
			out = append(out, Touched{Programme: e.Programme, Cell: c, Below: true, From: e.From, To: r.RecordedAt, Until: r.RecordedAt})
		}
	case grid.DutyEnded:
		d, err := a.dutyIn(ctx, r, e.Duty)
		if err != nil {
			return nil, err
		}
		for _, c := range d.Cells {
			out = append(out, Touched{Programme: d.Programme, Cell: c, Below: true, From: e.At, To: r.RecordedAt, Until: r.RecordedAt})
		}
	}
	return out, nil
}

// revisions gives an inspection's report before a record and behind it.
func (a *App) revisions(ctx context.Context, r Record) (before, after inspection.Report, err error) {
	records, err := a.log.Load(ctx, r.Stream, 0)
	if err != nil {
		return before, after, err
	}
	var s inspection.State
	for _, x := range records {
		event, err := a.codec.Decode(x.Type, x.Schema, x.Data)
		if err != nil {
			return before, after, err
		}
		e, ok := event.(inspection.Event)
		if !ok || x.Version > r.Version {
			break
		}
		before = s.Report
		s = inspection.Evolve(s, e)
	}
	return before, s.Report, nil
}

// dutyIn finds a duty in the stream of a record.
func (a *App) dutyIn(ctx context.Context, r Record, id string) (grid.Duty, error) {
	records, err := a.log.Load(ctx, r.Stream, 0)
	if err != nil {
		return grid.Duty{}, err
	}
	var duties grid.Duties
	for _, x := range records {
		event, err := a.codec.Decode(x.Type, x.Schema, x.Data)
		if err != nil {
			return grid.Duty{}, err
		}
		if e, ok := event.(grid.DutyEvent); ok {
			duties = grid.EvolveDuties(duties, e)
		}
	}
	d, _ := duties.Find(id)
	return d, nil
}
