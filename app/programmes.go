package app

import (
	"context"

	"gridward/domain/fault"
	"gridward/domain/grid"
	"gridward/domain/programme"
)

// programmesStream lists the codes of all programmes.
func programmesStream() Stream[programme.Index, programme.IndexEvent] {
	return Stream[programme.Index, programme.IndexEvent]{"programmes", programme.EvolveIndex}
}

// PublishProgramme publishes a definition as the next version of its programme. The same definition again is no
// new version. As a correction it derives the open cases again that the wrong version bound; open finds them. Only a
// steward may (forbidden: not_steward).
func (a *App) PublishProgramme(ctx context.Context, by By, p programme.Programme, open OpenCasesUnder) (Publication, error) {
	if !by.Steward() {
		return Publication{}, fault.Forbid("not_steward", "programmes are published by an administrator")
	}
	defer a.inflight.begin(by.CommandID)()
	// Listed first: a crash between the two leaves a code without a version, which nobody sees, and never a
	// programme that is missing from the list.
	if err := programme.Validate(p).Err(); err != nil {
		return Publication{}, err
	}
	list := by.then("list")
	if _, err := execute(ctx, a, list, programmesStream(), false, p.Code, func(s programme.Index) (Decision[programme.IndexEvent], error) {
		events, err := programme.DecideList(s, p.Code)
		return Decision[programme.IndexEvent]{Events: events, Programme: p.Code}, err
	}); err != nil {
		return Publication{}, err
	}
	p.Version = 0 // whatever it says: the log counts
	r, err := execute(ctx, a, by, programmeStream(p.Code), false, p, func(s programme.State) (Decision[programme.Event], error) {
		events, err := programme.DecidePublish(s, p)
		return Decision[programme.Event]{Events: events, Programme: p.Code, ProgrammeVersion: len(s.Versions) + 1}, err
	})
	r.ID = p.Code
	if err != nil {
		return Publication{Receipt: r}, err
	}
	return a.corrected(ctx, by, programmeStream(p.Code).Name, r, open)
}

// PublishBuiltin publishes the programmes that ship with the program where the log has none of that code yet: a
// programme the user replaced stays replaced.
func (a *App) PublishBuiltin(ctx context.Context, by By, builtin []programme.Programme) error {
	for _, p := range builtin {
		s, _, err := load(ctx, a, programmeStream(p.Code))
		if err != nil {
			return err
		}
		if len(s.Versions) > 0 {
			continue
		}
		if _, err := a.PublishProgramme(ctx, by.then("publish/"+p.Code), p, nil); err != nil {
			return err
		}
	}
	return nil
}

// Programmes gives the newest version of every programme, in the order they were first published.
func (a *App) Programmes(ctx context.Context) ([]*programme.Programme, error) {
	index, _, err := load(ctx, a, programmesStream())
	if err != nil {
		return nil, err
	}
	out := make([]*programme.Programme, 0, len(index))
	for _, code := range index {
		s, _, err := load(ctx, a, programmeStream(code))
		if err != nil {
			return nil, err
		}
		if n := len(s.Versions); n > 0 {
			out = append(out, &s.Versions[n-1])
		}
	}
	return out, nil
}

// Programme gives one version of a programme; 0 is the newest.
func (a *App) Programme(ctx context.Context, code string, version int) (*programme.Programme, error) {
	return a.programmeAt(ctx, code, version)
}

// schemes gives what the programmes say about cells.
func (a *App) schemes(ctx context.Context) ([]grid.Scheme, error) {
	all, err := a.Programmes(ctx)
	if err != nil {
		return nil, err
	}
	out := make([]grid.Scheme, len(all))
	for i, p := range all {
		out[i].Programme = p.Code
		for _, c := range p.Classes {
			out[i].Classes = append(out[i].Classes, c.Code)
		}
		for _, f := range p.PremisesFields {
			out[i].Fields = append(out[i].Fields, grid.Field{Name: f.Name, Kind: f.Kind, Choices: f.Choices})
		}
	}
	return out, nil
}
