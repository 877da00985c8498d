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
	// Again judges the ended periods that any of these touches, each once, when everything up to the position is known.
	Again func(ctx context.Context, touched []Touched, upTo Position) ([]Restatement, error)
}

// Restatement is what a period comes to now, and the last of what touched it, by its place in the list.
type Restatement struct {
	patrol.Statement
	Because int
}

func shortfallStream(s patrol.Statement) Stream[patrol.State, patrol.Event] {
	return Stream[patrol.State, patrol.Event]{s.Stream(), patrol.Evolve}
}

func closedDaysStream(day time.Time) Stream[patrol.Closed, patrol.DayEvent] {
	return Stream[patrol.Closed, patrol.DayEvent]{"periods-" + day.Format("2006-01"), patrol.EvolveClosed}
}

// ClosePeriods states what was missed in the patrol periods that ended at a local midnight, one fact for each area,
// programme, role and period, and closes the day once a look finds all of it stated before. So it is called until the
// day is closed, each time with a table that shows everything up to the position it gave: what became known while one
// look was under way is stated by the next. Repeated, it does nothing.
func (a *App) ClosePeriods(ctx context.Context, at, received time.Time, table PatrolTable) (Position, error) {
	before, err := a.log.Head(ctx)
	if err != nil {
		return 0, err
	}
	statements, err := table.Ended(ctx, at)
	if err != nil {
		return 0, err
	}
	by := By{Actor: hazard.System, ReceivedAt: received, OccurredAt: at, CommandID: uuid.NewSHA1(patrolSpace, []byte(at.UTC().Format(time.RFC3339)))}
	var highest Position
	for _, s := range statements {
		r, err := a.state(ctx, by, s)
		if err != nil {
			return highest, err
		}
		highest = max(highest, r.Position)
	}
	if highest > before {
		return highest, nil
	}
	day := at.Add(-time.Microsecond)
	name := day.Format(time.DateOnly)
	r, err := execute(ctx, a, by, closedDaysStream(day), false, name, func(s patrol.Closed) (Decision[patrol.DayEvent], error) {
		return Decision[patrol.DayEvent]{Events: patrol.DecideClose(s, name)}, nil
	})
	return max(highest, r.Position), err
}

// patrolSpace is the namespace of the ids of commands that state what patrols missed.
var patrolSpace = uuid.NewSHA1(uuid.NameSpaceOID, []byte("patrols"))

// state records a statement, unless it says what was said last.
func (a *App) state(ctx context.Context, by By, s patrol.Statement) (Receipt, error) {
	st := shortfallStream(s)
	_, found, err := load(ctx, a, st)
	if err != nil {
		return Receipt{}, err
	}
	by = by.then(st.Name)
	by.CommandID = anew(by.CommandID.String(), found)
	return execute(ctx, a, by, st, false, st.Name, func(now patrol.State) (Decision[patrol.Event], error) {
		return Decision[patrol.Event]{Events: patrol.Decide(now, s), Programme: s.Programme, ProgrammeVersion: s.ProgrammeVersion, Cell: string(s.Area)}, nil
	})
}

// restating is the stored names of the events that may touch what was stated of ended periods.
func restating(codec Codec) (map[string]bool, error) {
	return storedNames(codec, inspection.Logged{}, inspection.Amended{}, inspection.Voided{}, inspection.CampaignOpened{}, register.ActivityRecorded{},
		grid.DutyGiven{}, grid.DutyEnded{}, grid.CellRetired{}, grid.CellReplaced{})
}

// restate states anew what records touch in periods that had ended when the log took them: a late patrol, a void, an
// amendment, a duty or the end of a cell told late. It judges by all that the log holds now, and whoever goes through the
// log comes to every record; so what is stated last knows all of them, and repeated it does nothing. A period that many
// of the records touch, an officer's patrols of a week without a signal, is judged once.
func (a *App) restate(ctx context.Context, records []Record, table PatrolTable) error {
	if table.Again == nil {
		return nil
	}
	var touched []Touched
	var because []Record
	for _, r := range records {
		if !a.restating[r.Type] {
			continue
		}
		event, err := a.codec.Decode(r.Type, r.Schema, r.Data)
		if err != nil {
			return placed(r, err)
		}
		ts, err := a.touches(ctx, r, event)
		if err != nil {
			return placed(r, err)
		}
		for _, t := range ts {
			touched, because = append(touched, t), append(because, r)
		}
	}
	if len(touched) == 0 {
		return nil
	}
	head, err := a.log.Head(ctx)
	if err != nil {
		return err
	}
	restatements, err := table.Again(ctx, touched, head)
	if err != nil {
		return err
	}
	for _, s := range restatements {
		r := because[s.Because]
		by := By{Actor: hazard.System, ReceivedAt: r.RecordedAt, CommandID: uuid.NewSHA1(patrolSpace, r.ID[:]), Cause: r.ID, Origin: r.Meta.Correlation}
		if _, err := a.state(ctx, by, s.Statement); err != nil {
			return placed(r, err)
		}
	}
	return nil
}

// touches tells what a record touches, ended or not.
func (a *App) touches(ctx context.Context, r Record, event any) ([]Touched, error) {
	at := func(programme string, cell grid.CellCode, from time.Time) Touched {
		return Touched{Programme: programme, Cell: cell, From: from, To: from.Add(time.Microsecond), Until: r.RecordedAt}
	}
	since := func(programme string, cell grid.CellCode, from time.Time) Touched {
		return Touched{Programme: programme, Cell: cell, Below: true, From: from, To: r.RecordedAt, Until: r.RecordedAt}
	}
	switch e := event.(type) {
	case inspection.Logged:
		return []Touched{at(e.Report.Programme, e.Report.Cell, e.Report.StartedAt)}, nil
	case inspection.Amended, inspection.Voided:
		st := Stream[inspection.State, inspection.Event]{r.Stream, inspection.Evolve}
		before, err := stateAt(ctx, a, st, r.Version-1)
		if err != nil {
			return nil, err
		}
		after, err := stateAt(ctx, a, st, r.Version)
		return []Touched{at(before.Report.Programme, before.Report.Cell, before.Report.StartedAt),
			at(after.Report.Programme, after.Report.Cell, after.Report.StartedAt)}, err
	case inspection.CampaignOpened:
		return []Touched{at(e.Programme, e.Cell, e.From)}, nil
	case register.ActivityRecorded:
		return []Touched{at(e.Programme, e.Cell, e.HeldAt)}, nil
	case grid.DutyGiven:
		return everywhere(e.Cells, func(c grid.CellCode) Touched { return since(e.Programme, c, e.From) }), nil
	case grid.DutyEnded:
		duties, _, err := load(ctx, a, Stream[grid.Duties, grid.DutyEvent]{r.Stream, grid.EvolveDuties})
		d, _ := duties.Find(e.Duty)
		return everywhere(d.Cells, func(c grid.CellCode) Touched { return since(d.Programme, c, e.At) }), err
	case grid.CellRetired:
		return a.inEvery(ctx, func(programme string) Touched { return since(programme, grid.CellCode(r.Meta.Cell), e.At) })
	case grid.CellReplaced:
		return a.inEvery(ctx, func(programme string) Touched { return since(programme, grid.CellCode(r.Meta.Cell), e.At) })
	}
	return nil, nil
}

func everywhere(cells []grid.CellCode, touched func(grid.CellCode) Touched) []Touched {
	out := make([]Touched, len(cells))
	for i, c := range cells {
		out[i] = touched(c)
	}
	return out
}

// inEvery is what is touched in every programme.
func (a *App) inEvery(ctx context.Context, touched func(programme string) Touched) ([]Touched, error) {
	codes, _, err := load(ctx, a, programmesStream())
	out := make([]Touched, len(codes))
	for i, code := range codes {
		out[i] = touched(code)
	}
	return out, err
}
