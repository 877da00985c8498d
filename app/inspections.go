package app

import (
	"context"
	"slices"

	"gridward/domain/fault"
	"gridward/domain/inspection"
	"gridward/domain/programme"
)

func inspectionStream(id string) Stream[inspection.State, inspection.Event] {
	return Stream[inspection.State, inspection.Event]{"inspection-" + id, inspection.Evolve}
}

// InspectionReceipt is the answer to a logged inspection: also the cases its hazards opened, in order.
type InspectionReceipt struct {
	Receipt
	Cases []string
}

// LogInspection logs one patrol and opens a case for each hazard it found. It decides everything first, appends
// the inspection, then each case, and answers after all; a retry (or the completer) finishes what a crash cut.
// A person logs its own patrols and those it took part in; a steward logs for anybody (a phone's outbox, a demo).
func (a *App) LogInspection(ctx context.Context, by By, cmd inspection.Log) (InspectionReceipt, error) {
	id, err := newID(by, cmd.ID, "inspection")
	if err != nil {
		return InspectionReceipt{}, err
	}
	if by, err = endsAt(by, cmd); err != nil {
		return InspectionReceipt{}, err
	}
	if cmd.Officer == "" && !by.Steward() {
		cmd.Officer = by.Person()
	}
	content := cmd
	cmd.ID = id
	stream := inspectionStream(id)
	defer a.inflight.begin(by.CommandID)()
	r, err := execute(ctx, a, by, stream, true, content, func(s inspection.State) (Decision[inspection.Event], error) {
		return a.decideLog(ctx, by, s, cmd)
	})
	r.ID = id
	if err != nil {
		return InspectionReceipt{Receipt: r}, err
	}
	if len(cmd.Hazards) == 0 { // nor had the command this one repeats
		a.inflight.finished(by.CommandID)
		return InspectionReceipt{Receipt: r}, nil
	}
	rec, err := a.recordAt(ctx, stream.Name, 1)
	if err != nil {
		return InspectionReceipt{Receipt: r}, err
	}
	s, _, err := load(ctx, a, stream)
	if err != nil {
		return InspectionReceipt{Receipt: r}, err
	}
	out := InspectionReceipt{Receipt: r}
	for _, h := range s.Logged.Hazards {
		out.Cases = append(out.Cases, h.Case)
	}
	high, err := a.openAllFound(ctx, rec, s.Logged)
	out.Position = max(out.Position, high)
	if err == nil {
		a.inflight.finished(by.CommandID)
	}
	return out, err
}

// endsAt stamps the command with the inspection's own time, which is when it ended.
func endsAt(by By, cmd inspection.Log) (By, error) {
	if cmd.EndedAt.IsZero() {
		return by, nil // the rule names the field
	}
	if err := by.checkTime("ended_at", cmd.EndedAt); err != nil {
		return by, err
	}
	if !by.OccurredAt.IsZero() && !by.OccurredAt.Equal(cmd.EndedAt) {
		return by, fault.BadField("occurred_at", "differs from ended_at, which says when an inspection happened")
	}
	by.OccurredAt = cmd.EndedAt
	return by, nil
}

// decideLog gathers what the decision relies on.
func (a *App) decideLog(ctx context.Context, by By, s inspection.State, cmd inspection.Log) (Decision[inspection.Event], error) {
	var none Decision[inspection.Event]
	if !by.Steward() && by.Person() != cmd.Officer && !slices.Contains(cmd.Participants, by.Person()) {
		return none, fault.Forbid("not_your_patrol", "one logs one's own patrols and those one took part in")
	}
	p, err := a.programme(ctx, cmd.Programme)
	if err != nil {
		return none, err
	}
	f, err := a.inspectionFacts(ctx, p, reportOf(cmd))
	if err != nil {
		return none, err
	}
	if f.Cell.GoneAt(cmd.EndedAt) {
		return none, fault.Refuse("cell_retired", "cell %s is no longer in the grid", cmd.Cell)
	}
	events, err := inspection.DecideLog(s, cmd, f)
	if err != nil {
		return none, err
	}
	logged := events[0].(inspection.Logged)
	for n := range logged.Hazards {
		if err := a.checkFound(ctx, by, logged, n); err != nil {
			return none, err
		}
	}
	d := Decision[inspection.Event]{Events: events, Programme: p.Code, ProgrammeVersion: p.Version, Cell: string(cmd.Cell)}
	if i := slices.IndexFunc(logged.Acting, func(x inspection.Acting) bool { return x.Person == by.Person() }); i >= 0 {
		d.Duty = logged.Acting[i].Duty // the nearest the sender acts under
	}
	return d, nil
}

func reportOf(cmd inspection.Log) inspection.Report {
	return inspection.Report{Cell: cmd.Cell, Officer: cmd.Officer, Campaign: cmd.Campaign, EndedAt: cmd.EndedAt,
		Participants: named(cmd.Participants)}
}

// named gives the participants that may be persons of the grid.
func named(participants []string) []inspection.Participant {
	var out []inspection.Participant
	for _, p := range participants {
		out = append(out, inspection.Participant{Person: p})
	}
	return out
}

// inspectionFacts loads what a report refers to.
func (a *App) inspectionFacts(ctx context.Context, p *programme.Programme, r inspection.Report) (inspection.Facts, error) {
	f := inspection.Facts{Programme: p}
	var err error
	if f.Cell, err = a.anyCell(ctx, "cell", r.Cell); err != nil {
		return f, err
	}
	if r.Campaign != "" {
		c, err := a.campaign(ctx, r.Campaign)
		if err != nil {
			return f, err
		}
		f.Campaign = &c
	}
	names := []string{r.Officer}
	for _, p := range r.Participants {
		names = append(names, p.Person)
	}
	if f.Persons, err = a.knownPersons(ctx, names...); err != nil {
		return f, err
	}
	f.Chain, err = a.chain(ctx, p.Code, r.Cell, r.EndedAt)
	return f, err
}

// openAllFound opens the cases of a logged inspection and gives the highest position; what is open already
// stays as it is.
func (a *App) openAllFound(ctx context.Context, rec Record, ev inspection.Logged) (Position, error) {
	var highest Position
	for n := range ev.Hazards {
		r, err := a.openFound(ctx, because(rec), ev, n)
		if err != nil {
			return highest, err
		}
		highest = max(highest, r.Position)
	}
	return highest, nil
}

// completeInspection opens the cases a crash cut off; done already, it changes nothing.
func (a *App) completeInspection(ctx context.Context, rec Record, ev inspection.Logged) error {
	_, err := a.openAllFound(ctx, rec, ev)
	return err
}

// AmendInspection corrects a report: its officer, or an office at the cell or above. The duties it counts for are
// found anew.
func (a *App) AmendInspection(ctx context.Context, by By, id string, cmd inspection.Amend) (Receipt, error) {
	return a.changeInspection(ctx, by, id, "amend", cmd, func(s inspection.State, p *programme.Programme) ([]inspection.Event, error) {
		r := s.Report
		if cmd.EndedAt != nil {
			if err := by.checkTime("ended_at", *cmd.EndedAt); err != nil {
				return nil, err
			}
			r.EndedAt = *cmd.EndedAt
		}
		if cmd.Participants != nil {
			r.Participants = named(*cmd.Participants)
		}
		f, err := a.inspectionFacts(ctx, p, r)
		if err != nil {
			return nil, err
		}
		return inspection.DecideAmend(s, cmd, f)
	})
}

// VoidInspection takes an inspection out of every figure: its officer, or an office at the cell or above. The
// cases it opened go on.
func (a *App) VoidInspection(ctx context.Context, by By, id string, cmd inspection.Void) (Receipt, error) {
	return a.changeInspection(ctx, by, id, "void", cmd, func(s inspection.State, _ *programme.Programme) ([]inspection.Event, error) {
		return inspection.DecideVoid(s, cmd)
	})
}

// changeInspection runs one command on a logged inspection, under the programme's version it was logged under.
func (a *App) changeInspection(ctx context.Context, by By, id, what string, cmd any,
	decide func(inspection.State, *programme.Programme) ([]inspection.Event, error)) (Receipt, error) {
	content := struct {
		What string
		Cmd  any
	}{what, cmd}
	r, err := execute(ctx, a, by, inspectionStream(id), false, content, func(s inspection.State) (Decision[inspection.Event], error) {
		var none Decision[inspection.Event]
		if !s.Exists() {
			return none, fault.Missing("inspection", id)
		}
		var duty string
		var err error
		if by.Steward() || by.Person() != s.Report.Officer {
			if duty, err = a.officeHeld(ctx, by, s.Report.Programme, s.Report.Cell); err != nil {
				return none, err
			}
		}
		p, err := a.programmeAt(ctx, s.Report.Programme, s.Logged.ProgrammeVersion)
		if err != nil {
			return none, err
		}
		events, err := decide(s, p)
		return Decision[inspection.Event]{Events: events, Programme: p.Code, ProgrammeVersion: p.Version,
			Cell: string(s.Report.Cell), Duty: duty}, err
	})
	r.ID = id
	return r, err
}
