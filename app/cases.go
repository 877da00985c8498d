package app

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"gridward/domain/fault"
	"gridward/domain/grid"
	"gridward/domain/hazard"
	"gridward/domain/inspection"
)

func caseStream(id string) Stream[hazard.Case, hazard.Event] {
	return Stream[hazard.Case, hazard.Event]{"case-" + id, hazard.Evolve}
}

// ReportCase opens a case from a report (上报). It answers with the case's id.
func (a *App) ReportCase(ctx context.Context, by By, cmd hazard.Report) (Receipt, error) {
	if cmd.Case == "" {
		cmd.Case = DeriveID(by.CommandID, "case")
	}
	if _, err := uuid.Parse(cmd.Case); err != nil {
		return Receipt{}, fault.BadField("id", "is not a UUID")
	}
	content := struct {
		hazard.Report
		OccurredAt time.Time `json:"occurred_at,omitzero"`
	}{cmd, by.OccurredAt}
	r, err := execute(ctx, a, by, caseStream(cmd.Case), true, content, func(hazard.Case) (Decision[hazard.Event], error) {
		s, err := a.reportScene(ctx, by, cmd)
		if err != nil {
			return Decision[hazard.Event]{}, err
		}
		out, err := hazard.DecideReport(s, cmd)
		return caseDecision(out, s, cmd.Cell), err
	})
	r.ID = cmd.Case
	return r, err
}

func (a *App) reportScene(ctx context.Context, by By, cmd hazard.Report) (hazard.Scene, error) {
	prog, err := a.programme(ctx, cmd.Programme)
	if err != nil {
		return hazard.Scene{}, err
	}
	cell, err := a.liveCell(ctx, "cell", cmd.Cell)
	if err != nil {
		return hazard.Scene{}, err
	}
	if cmd.FirstContact != "" {
		if _, err := a.person(ctx, "first_contact", cmd.FirstContact); err != nil {
			return hazard.Scene{}, err
		}
	}
	s := by.scene()
	s.Programme, s.Cell = prog, cell
	if s.Calendars, err = a.Calendars(ctx); err != nil {
		return s, err
	}
	s.Chain, err = a.chain(ctx, prog.Code, cmd.Cell, s.At)
	return s, err
}

// caseContent is what tells a command on a case from another one: its name and its fields.
type caseContent struct {
	Name    string
	Command hazard.Command
}

// Case takes one command on a case.
func (a *App) Case(ctx context.Context, by By, id string, cmd hazard.Command) (Receipt, error) {
	merge, merging := cmd.(hazard.Merge)
	if merging {
		defer a.inflight.begin(by.CommandID)()
	}
	r, err := execute(ctx, a, by, caseStream(id), false, caseContent{fmt.Sprintf("%T", cmd), cmd},
		func(c hazard.Case) (Decision[hazard.Event], error) {
			return a.decideOn(ctx, by, c, cmd, func(c hazard.Case, s hazard.Scene) (hazard.Outcome, error) {
				out, err := hazard.Decide(c, s, cmd)
				if _, again := cmd.(hazard.Reopen); again && err == nil {
					return a.reopenedUnder(ctx, c, s, out)
				}
				return out, err
			})
		})
	r.ID = id
	if err != nil {
		return r, a.keepWords(ctx, by, id, cmd, err)
	}
	if !merging {
		return r, nil
	}
	linked, err := a.linkDuplicate(ctx, by, id, merge.Into)
	r.Position = max(r.Position, linked.Position)
	return r, err
}

// decideOn decides on a case as it is once everything has happened to it that was due before. What was due is told with
// what the decision comes to, if that is anything; else it is left to the scheduler.
func (a *App) decideOn(ctx context.Context, by By, c hazard.Case, cmd hazard.Command,
	decide func(hazard.Case, hazard.Scene) (hazard.Outcome, error)) (Decision[hazard.Event], error) {
	c, first, err := a.advance(ctx, c, by.judgedAt(), false)
	if err != nil {
		return Decision[hazard.Event]{}, err
	}
	s, err := a.scene(ctx, by, c, cmd)
	if err != nil {
		return Decision[hazard.Event]{}, err
	}
	out, err := decide(c, s)
	due := 0
	if len(out.Events) > 0 {
		due, out.Events = len(first), append(first, out.Events...)
	}
	d := caseDecision(out, s, c.Cell)
	d.Due = due
	return d, err
}

func caseDecision(out hazard.Outcome, s hazard.Scene, cell grid.CellCode) Decision[hazard.Event] {
	return Decision[hazard.Event]{Events: out.Events, Duty: out.Duty, Programme: s.Programme.Code,
		ProgrammeVersion: s.Programme.Version, Cell: string(cell)}
}

// scene gathers what a decision on the case relies on, as it stood when the command happened.
func (a *App) scene(ctx context.Context, by By, c hazard.Case, cmd hazard.Command) (hazard.Scene, error) {
	s := by.scene()
	if !c.Exists() {
		return s, fault.New(fault.NotFound, "case_not_found", "there is no such case")
	}
	var err error
	if s.Calendars, err = a.Calendars(ctx); err != nil {
		return s, err
	}
	if s.Programme, err = a.programmeAt(ctx, c.Programme, c.ProgrammeVersion); err != nil {
		return s, err
	}
	if s.Cell, err = a.anyCell(ctx, "cell", c.Cell); err != nil {
		return s, err
	}
	if s.Chain, err = a.chain(ctx, c.Programme, c.Cell, s.At); err != nil {
		return s, err
	}
	if err = a.holderScene(ctx, c, &s); err != nil {
		return s, err
	}
	return s, a.commandScene(ctx, c, cmd, &s)
}

// scene is what the sender alone brings into it.
func (b By) scene() hazard.Scene {
	s := hazard.Scene{By: b.Person(), Steward: b.Steward(), At: b.At(), Explicit: !b.OccurredAt.IsZero()}
	if judged := b.judgedAt(); !judged.Equal(s.At) {
		s.Judged = judged
	}
	return s
}

// holderScene gathers the posts of who has the case, or rectified it.
func (a *App) holderScene(ctx context.Context, c hazard.Case, s *hazard.Scene) error {
	holder := c.Holder
	if holder == nil {
		holder = c.Rectified
	}
	if holder == nil {
		return nil
	}
	cell := holder.Cell
	if holder.Department != "" {
		post, err := a.departmentPost(ctx, c.Programme, holder.Department, s.At)
		if err != nil {
			return err
		}
		s.Bureau, cell = &post, post.Cell
	}
	var err error
	s.Held, err = a.chain(ctx, c.Programme, cell, s.At)
	return err
}

// commandScene gathers what only some commands need: targets, the corrected cell, the case to merge into.
func (a *App) commandScene(ctx context.Context, c hazard.Case, cmd hazard.Command, s *hazard.Scene) error {
	var targets []hazard.Target
	switch cmd := cmd.(type) {
	case hazard.Dispatch:
		if (cmd.Cell == "") == (cmd.Department == "") {
			return fault.BadField("cell", "exactly one of cell and department is required")
		}
		targets = append([]hazard.Target{{Cell: cmd.Cell, Department: cmd.Department}}, cmd.Assisting...)
	case hazard.File:
		return a.filingScene(ctx, c, cmd, s)
	case hazard.RequestVerification:
		if cmd.Cell != "" {
			targets = []hazard.Target{{Cell: cmd.Cell}}
		}
		if cmd.Person != "" {
			if _, err := a.person(ctx, "person", cmd.Person); err != nil {
				return err
			}
		}
	case hazard.Rectify:
		if grid.IsPersonID(cmd.PerformedBy) {
			_, err := a.person(ctx, "performed_by", cmd.PerformedBy)
			return err
		}
	case hazard.Verify:
		if c.Asked != nil && c.Asked.Cell != "" {
			targets = []hazard.Target{{Cell: c.Asked.Cell}}
		}
	case hazard.Merge:
		other, _, err := load(ctx, a, caseStream(cmd.Into))
		s.Other = other
		return err
	default:
		return nil
	}
	for i, t := range targets {
		place, err := a.place(ctx, c.Programme, t, s)
		if err != nil {
			return fmt.Errorf("target %d: %w", i, err)
		}
		s.Targets = append(s.Targets, place)
	}
	return nil
}

// filingScene gathers the corrected cell, and where the programme sends the item by itself. A department or cell
// that is not there (any more) leaves the dispatch to people.
func (a *App) filingScene(ctx context.Context, c hazard.Case, cmd hazard.File, s *hazard.Scene) error {
	if cmd.Cell != "" && cmd.Cell != c.Cell {
		var err error
		if s.Cell, err = a.liveCell(ctx, "cell", cmd.Cell); err != nil {
			return err
		}
		if s.Moved, err = a.chain(ctx, c.Programme, cmd.Cell, s.At); err != nil {
			return err
		}
	}
	item, ok := s.Programme.Item(cmd.Item)
	if !ok || item.DispatchTo == nil {
		return nil
	}
	target := hazard.Target{Cell: s.Cell.Code.AtLevel(item.DispatchTo.Level), Department: item.DispatchTo.Department}
	if target == (hazard.Target{}) {
		return nil
	}
	place, err := a.place(ctx, c.Programme, target, s)
	if f, refused := fault.As(err); refused && (f.Kind == fault.NotFound || f.Kind == fault.Refused) {
		return nil
	}
	if err == nil {
		s.Targets = []hazard.Place{place}
	}
	return err
}

// place gathers one target: a live cell, or a department.
func (a *App) place(ctx context.Context, prog string, t hazard.Target, s *hazard.Scene) (hazard.Place, error) {
	var p hazard.Place
	cell := t.Cell
	if (t.Cell == "") == (t.Department == "") {
		return p, fault.BadField("cell", "exactly one of cell and department is required")
	}
	if t.Department != "" {
		post, err := a.departmentPost(ctx, prog, t.Department, s.At)
		if err != nil {
			return p, err
		}
		p.Bureau, cell = &post, post.Cell
	}
	var err error
	if p.Cell, err = a.liveCell(ctx, "cell", cell); err != nil {
		return p, err
	}
	p.Chain, err = a.chain(ctx, prog, cell, s.At)
	return p, err
}

// linkDuplicate notes on the surviving case which duplicate was merged into it.
func (a *App) linkDuplicate(ctx context.Context, by By, from, into string) (Receipt, error) {
	next := by.then("link " + from)
	return execute(ctx, a, next, caseStream(into), false, caseContent{Name: "link " + from}, func(c hazard.Case) (Decision[hazard.Event], error) {
		link := hazard.DuplicateLinked{Stamp: hazard.Stamp{At: by.At(), By: by.Person()}, From: from}
		return Decision[hazard.Event]{Events: []hazard.Event{link}, Programme: c.Programme, ProgrammeVersion: c.ProgrammeVersion,
			Cell: string(c.Cell)}, nil
	})
}

// foundScene gathers what opening the cases of an inspection relies on.
func (a *App) foundScene(ctx context.Context, by By, found inspection.Logged) (hazard.Scene, error) {
	r := found.Report
	s := hazard.Scene{By: r.Officer, At: r.EndedAt, Judged: by.scene().Judged}
	var err error
	if s.Calendars, err = a.Calendars(ctx); err != nil {
		return s, err
	}
	if s.Programme, err = a.programmeAt(ctx, r.Programme, found.ProgrammeVersion); err != nil {
		return s, err
	}
	if s.Cell, err = a.anyCell(ctx, "cell", r.Cell); err != nil {
		return s, err
	}
	s.Chain, err = a.chain(ctx, r.Programme, r.Cell, r.EndedAt)
	return s, err
}

// openFound opens the case of an inspection's n-th hazard. Repeated, it opens nothing and answers the same.
func (a *App) openFound(ctx context.Context, by By, found inspection.Logged, n int) (Receipt, error) {
	id := found.Hazards[n].Case
	next := by.then("case " + id)
	next.Cause = eventID(by.CommandID, inspectionStream(found.ID).Name, 0)
	r, err := execute(ctx, a, next, caseStream(id), true, found.Hazards[n], func(hazard.Case) (Decision[hazard.Event], error) {
		s, err := a.foundScene(ctx, by, found)
		if err != nil {
			return Decision[hazard.Event]{}, err
		}
		out := hazard.Outcome{Events: hazard.DecideFound(s, found, n)}
		return caseDecision(out, s, found.Report.Cell), nil
	})
	r.ID = id
	return r, err
}

// checkFound refuses an inspection whose hazard names a case that is somebody else's, before anything is written.
func (a *App) checkFound(ctx context.Context, by By, found inspection.Logged, n int) error {
	id := found.Hazards[n].Case
	_, cur, err := load(ctx, a, caseStream(id))
	if err != nil || cur.version == 0 || cur.commands[0].command == by.then("case "+id).CommandID {
		return err
	}
	return fault.New(fault.Conflict, "id_reused", "hazards.%d.id is the id of another case", n)
}
