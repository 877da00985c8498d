package demo

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"gridward/app"
	"gridward/domain/evidence"
	"gridward/domain/inspection"
	"gridward/domain/programme"
)

// drawPatrols draws every patrol of the month, day by day, and what comes of what they find.
func (p *plan) drawPatrols() {
	for day := range p.o.Days {
		for n, area := range p.grid.areas {
			p.firePatrols(day, n, area)
		}
		for n, c := range p.grid.detailed {
			p.communityPatrols(day, n, c)
			p.marketPatrols(day, n, c)
		}
		p.waterPatrols(day)
	}
}

// patrol is one inspection to be drawn.
type patrol struct {
	programme string
	cell      *place
	officer   string
	others    []string
	kind      string
	walk      string
	campaign  string
	from      time.Time
	lasts     time.Duration
	finds     float64 // how likely it finds something
}

// log draws a patrol and puts it into the script. What it finds goes its road.
func (p *plan) log(r *rand.Rand, t patrol) {
	id := p.nextID("inspection")
	cmd, roads := p.report(r, t, id)
	sent := cmd.EndedAt.Add(between(r, time.Minute, 20*time.Minute))
	if t.programme == urban { // where filing has minutes, what is found is sent at once
		sent = cmd.EndedAt.Add(between(r, 10*time.Second, time.Minute))
	}
	p.add(sent, t.officer, "log inspection "+id, logInspection(cmd))
	for _, c := range roads {
		c.walk(sent)
	}
	p.secondThoughts(r, id, t, sent)
}

func logInspection(cmd inspection.Log) action {
	return func(ctx context.Context, a *app.App, by app.By) (app.Receipt, error) {
		done, err := a.LogInspection(ctx, by, cmd)
		return done.Receipt, err
	}
}

// report draws what an inspection says, and the roads of what it found.
func (p *plan) report(r *rand.Rand, t patrol, id string) (inspection.Log, []*road) {
	prog := p.programmes[t.programme]
	cmd := inspection.Log{ID: id, Programme: t.programme, Cell: t.cell.code, Officer: t.officer, Kind: t.kind, Walk: t.walk,
		Campaign: t.campaign, StartedAt: t.from, EndedAt: t.from.Add(t.lasts), Participants: t.others,
		Content: pick(r, contents[t.programme]), Measures: pick(r, patrolMeasures), Location: p.location(r)}
	if t.kind == inspection.SelfCheck {
		cmd.Content, cmd.Measures = pick(r, selfChecks[t.programme]), "已记入自查台账。"
	}
	if len(cmd.Participants) == 0 {
		cmd.Participants = []string{personName(r)}
	}
	cmd.Surprise = t.kind == inspection.Routine && chance(r, 0.1)
	if chance(r, 0.2) {
		cmd.Evidence = []evidence.File{p.photo(r, evidence.Other)}
	}
	cmd.Checklist = p.checklist(r, prog)
	if t.finds == 0 || t.cell.fixed || !chance(r, t.finds) {
		return cmd, nil
	}
	c := p.find(r, t)
	h := inspection.Found{ID: c.id, Item: c.item.Item, Description: fmt.Sprintf("%s:%s。", t.cell.name, c.item.Name)}
	if chance(r, 0.15) && !c.spot { // it is left to filing what exactly it is
		h.Item, h.Severity = "", c.item.Severity
	}
	if c.spot {
		h.OnTheSpot = &inspection.OnTheSpot{Measures: pick(r, rectifications), Evidence: []evidence.File{p.photo(r, evidence.Before), p.photo(r, evidence.After)}}
		c.performer = t.officer
	}
	cmd.Hazards = []inspection.Found{h}
	if i := r.IntN(max(1, len(cmd.Checklist))); i < len(cmd.Checklist) {
		cmd.Checklist = slices.Clone(cmd.Checklist)
		cmd.Checklist[i].Result, cmd.Checklist[i].Note = inspection.Fail, c.item.Name
	}
	return cmd, []*road{c}
}

// sheets is how many different checklists a programme's patrols fill in: a script holds many more patrols.
const sheets = 60

// checklist is one filled in without a fault. It is shared: whoever writes on it takes a copy.
func (p *plan) checklist(r *rand.Rand, prog *programme.Programme) []inspection.CheckResult {
	if p.lists[prog.Code] == nil {
		r := p.rand("checklists/" + prog.Code)
		for range sheets {
			var lines []inspection.CheckResult
			for _, c := range prog.Checklist {
				result := inspection.Pass
				if chance(r, 0.15) {
					result = inspection.NotApplicable
				}
				lines = append(lines, inspection.CheckResult{Item: c.Item, Result: result})
			}
			p.lists[prog.Code] = append(p.lists[prog.Code], lines)
		}
	}
	return pick(r, p.lists[prog.Code])
}

func (p *plan) amend(at time.Time, id, who string, cmd inspection.Amend) {
	p.add(at, who, "amend inspection "+id, func(ctx context.Context, a *app.App, by app.By) (app.Receipt, error) {
		return a.AmendInspection(ctx, by, id, cmd)
	})
}

func (p *plan) void(at time.Time, id, who string, cmd inspection.Void) {
	p.add(at, who, "void inspection "+id, func(ctx context.Context, a *app.App, by app.By) (app.Receipt, error) {
		return a.VoidInspection(ctx, by, id, cmd)
	})
}
