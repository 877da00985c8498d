package app_test

import (
	"context"
	"fmt"
	"strings"
	"time"

	"gridward/adapters/eventcodec"
	"gridward/app"
	"gridward/domain/calendar"
	"gridward/domain/grid"
	"gridward/domain/inspection"
	"gridward/domain/patrol"
	"gridward/domain/programme"
	"gridward/domain/register"
)

// patrolTable judges patrol duty by what the log holds up to the position it shows.
type patrolTable struct {
	h      *house
	shown  app.Position
	judged func() // is called between a look and what is made of it
}

// known is what a table knows.
type known struct {
	laws   map[string]*patrol.Laws
	ground map[string]*patrol.Ground
	deeds  map[string][]patrol.Deed
	begins time.Time // of the first programme
	closed time.Time // the end of the last day that is closed

	calendars []patrol.Edition
	walks     map[string]inspection.State
	duties    map[string]grid.Duty
	cells     map[grid.CellCode]patrol.Span
}

func (p *patrolTable) into(a *app.App) func(*app.Schedule) {
	return func(s *app.Schedule) {
		s.Visible, s.PeriodEnd = p.visible, p.periodEnd
		s.ClosePeriods = func(ctx context.Context, at, received time.Time) (app.Position, error) {
			return a.ClosePeriods(ctx, at, received, p.port())
		}
	}
}

func (p *patrolTable) port() app.PatrolTable { return app.PatrolTable{Ended: p.ended, Again: p.again} }

func (p *patrolTable) visible(_ context.Context, at app.Position) error {
	p.shown = max(p.shown, at)
	return nil
}

func (p *patrolTable) periodEnd(ctx context.Context) (time.Time, bool, error) {
	k, err := p.known(ctx)
	if k.closed.IsZero() {
		k.closed = patrol.Midnight(k.begins, shanghai)
	}
	return k.closed.AddDate(0, 0, 1), true, err
}

func (p *patrolTable) ended(ctx context.Context, at time.Time) ([]patrol.Statement, error) {
	k, err := p.known(ctx)
	if err != nil {
		return nil, err
	}
	var out []patrol.Statement
	for code := range k.laws {
		stated, err := k.judge(code, at.AddDate(0, 0, -1), at, patrol.Span{})
		if err != nil {
			return nil, err
		}
		out = append(out, stated...)
	}
	if p.judged != nil {
		p.judged()
	}
	return out, nil
}

// again judges more than what is touched, which is stated already.
func (p *patrolTable) again(ctx context.Context, touched []app.Touched, upTo app.Position) ([]app.Restatement, error) {
	if err := p.visible(ctx, upTo); err != nil {
		return nil, err
	}
	k, err := p.known(ctx)
	if err != nil {
		return nil, err
	}
	var out []app.Restatement
	for i, t := range touched {
		all, err := k.judge(t.Programme, patrol.Midnight(t.From, shanghai), patrol.Midnight(t.Until, shanghai), patrol.Span{From: t.From, To: t.To})
		if err != nil {
			return nil, err
		}
		for _, s := range all {
			if s.Area.Contains(t.Cell) || t.Below && t.Cell.Contains(s.Area) {
				out = append(out, app.Restatement{Statement: s, Because: i})
			}
		}
	}
	return out, nil
}

func (k *known) judge(code string, from, to time.Time, touching patrol.Span) ([]patrol.Statement, error) {
	var out []patrol.Statement
	laws := k.laws[code]
	laws.Calendars = k.calendars
	for _, due := range laws.Ended(from, to, touching) {
		stated, err := patrol.Judge(due.Law, due.Periods, k.ground[code], func(_ programme.DutyRule, from, to time.Time) (deeds []patrol.Deed, err error) {
			for _, d := range k.deeds[code] {
				if !d.From.Before(from) && d.From.Before(to) {
					deeds = append(deeds, d)
				}
			}
			return deeds, nil
		})
		if err != nil {
			return nil, err
		}
		out = append(out, stated...)
	}
	return out, nil
}

func (p *patrolTable) known(ctx context.Context) (*known, error) {
	k := &known{laws: map[string]*patrol.Laws{}, ground: map[string]*patrol.Ground{}, deeds: map[string][]patrol.Deed{},
		walks: map[string]inspection.State{}, duties: map[string]grid.Duty{}, cells: map[grid.CellCode]patrol.Span{}}
	records, err := p.h.log.Read(ctx, 0, 1_000_000)
	for _, r := range records {
		if r.Position > p.shown {
			break
		}
		event, err := eventcodec.New().Decode(r.Type, r.Schema, r.Data)
		if err != nil {
			return nil, err
		}
		k.learn(r, event)
	}
	k.settle()
	return k, err
}

func (k *known) learn(r app.Record, event any) {
	if e, ok := event.(inspection.Event); ok {
		k.walks[r.Stream] = inspection.Evolve(k.walks[r.Stream], e)
	}
	switch e := event.(type) {
	case programme.Published:
		if k.begins.IsZero() {
			k.begins = r.RecordedAt
		}
		laws := k.laws[e.Programme.Code]
		if laws == nil {
			laws = &patrol.Laws{Programme: e.Programme.Code, Zone: shanghai}
			k.laws[e.Programme.Code] = laws
		}
		laws.Versions = append(laws.Versions, patrol.Version{Version: e.Programme.Version, Published: r.RecordedAt, Night: e.Programme.Night, Rules: e.Programme.Duties})
	case calendar.Published:
		k.calendars = append(k.calendars, patrol.Edition{Published: r.RecordedAt, Calendar: calendar.Compile(e.Calendar)})
	case grid.CellCreated:
		k.cells[e.Code] = patrol.Span{From: r.RecordedAt}
	case grid.CellRetired:
		code := grid.CellCode(r.Meta.Cell)
		k.cells[code] = patrol.Span{From: k.cells[code].From, To: e.At}
	case grid.DutyGiven:
		k.duties[e.Duty] = grid.Duty{ID: e.Duty, Programme: e.Programme, Role: e.Role, ActsAs: e.ActsAs, Person: e.Person, From: e.From, Cells: e.Cells}
	case grid.DutyEnded:
		d := k.duties[e.Duty]
		d.To = e.At
		k.duties[e.Duty] = d
	case inspection.CampaignOpened:
		k.deeds[e.Programme] = append(k.deeds[e.Programme], patrol.Deed{What: patrol.Campaigns, ID: e.ID, Cell: e.Cell, Site: e.Cell, From: e.From, To: e.From})
	case register.ActivityRecorded:
		k.deeds[e.Programme] = append(k.deeds[e.Programme], patrol.Deed{What: e.Kind, ID: e.ID, Cell: e.Cell, Site: e.Cell, From: e.HeldAt, To: e.HeldAt})
	case patrol.DayClosed:
		day, _ := time.ParseInLocation(time.DateOnly, e.Day, shanghai) //nolint:errcheck // a day as the program wrote it
		k.closed = day.AddDate(0, 0, 1)
	}
}

func (k *known) settle() {
	for code := range k.laws {
		k.ground[code] = &patrol.Ground{}
		for cell, life := range k.cells {
			k.ground[code].Cells = append(k.ground[code].Cells, patrol.Cell{Code: cell, Life: life})
		}
	}
	for _, d := range k.duties {
		k.ground[d.Programme].Duties = append(k.ground[d.Programme].Duties, d)
	}
	for _, s := range k.walks {
		for _, a := range s.Acting {
			if r := s.Report; !s.Voided {
				k.deeds[r.Programme] = append(k.deeds[r.Programme], patrol.Deed{What: patrol.Patrols, ID: s.Logged.ID, Walk: r.Walk, Cell: a.Cell, Site: r.Cell,
					Duty: a.Duty, Role: a.Role, ActsAs: a.ActsAs, From: r.StartedAt, To: r.EndedAt})
			}
		}
	}
}

// stated is what was said of an area's duty in a period, in order: "found 1 of 1 by zhao".
func (h *house) stated(area grid.CellCode, role, period string) []string {
	h.t.Helper()
	names := map[string]string{zhao: "zhao", li: "li", sun: "sun", wang: "wang"}
	var out []string
	for _, event := range h.events("shortfall-fire-" + string(area) + "-" + role + "-" + period) {
		said, s := "found", patrol.Statement{}
		switch e := event.(type) {
		case patrol.Found:
			s = patrol.Statement(e)
		case patrol.Restated:
			said, s = "restated", patrol.Statement(e)
		}
		text := fmt.Sprintf("%s %d of %d", said, s.Short, s.Required)
		for _, l := range s.Lines {
			for _, holder := range l.Holders {
				text += " by " + names[holder.Person]
			}
		}
		out = append(out, text)
	}
	return out
}

// closedDays is the days that were closed, in order.
func (h *house) closedDays() []string {
	h.t.Helper()
	var out []string
	for _, event := range h.events("periods-2026-03") {
		out = append(out, strings.TrimPrefix(event.(patrol.DayClosed).Day, "2026-03-"))
	}
	return out
}
