package demo

import (
	"context"
	"errors"
	"fmt"
	"time"

	"gridward/app"
	"gridward/domain/fault"
	"gridward/domain/grid"
	"gridward/domain/hazard"
	"gridward/domain/inspection"
	"gridward/domain/programme"
)

// drawTales draws what shall happen once for certain, on the last three sites of the first area and around them.
func (p *plan) drawTales() {
	area := p.grid.areas[0]
	fixed := area.below[len(area.below)-3:]
	p.taleOfReplacement(fixed[0])
	p.taleOfSites(area, fixed[1], fixed[2])
	p.taleOfCorrections(fixed[2])
	p.taleOfOutbox(area)
	p.taleOfRefusals(area)
	p.drawLimitTales()
	p.drawDutyTales()
	p.taleOfTheCalendar(area)
	p.taleOfLastDays(area)
}

// taleOfReplacement: a building is divided in two while one of its cases is with its head and another is new. Both
// pass to the office above and go on from there.
func (p *plan) taleOfReplacement(site *place) {
	r, g := p.rand("replacement"), p.grid
	at := p.clock(r, 9, 10, 0, time.Hour)
	site.until = at
	held, fresh := p.newRoad(r, fire, site), p.newRoad(r, fire, site)
	for n, c := range []*road{held, fresh} {
		c.item = p.item(r, fire, programme.Minor)
		c.severity, c.first = programme.Minor, g.who(fire, site.at(grid.Community), at, grid.RoleOfficer)
		c.t = p.clock(r, 6+2*n, 9, 0, time.Hour)
		c.last = c.t
		c.opens(c.first, hazard.Report{Description: c.words(), Source: "resident", Reporter: &hazard.ReportedBy{Anonymous: true}})
	}
	held.t = held.t.Add(40 * time.Minute)
	held.fileNow()
	held.t = held.t.Add(30 * time.Minute)
	held.dispatchBy(held.office(grid.Community), site.at(grid.Community), site, "")
	held.t = held.t.Add(time.Hour)
	held.acceptNow()
	boss := g.who(fire, site.at(grid.Community), at, grid.RoleChief)
	var before app.Position // of the last command before it
	p.add(at.Add(-time.Minute), boss, "note before the replacement", func(ctx context.Context, a *app.App, by app.By) (app.Receipt, error) {
		done, err := a.Case(ctx, by, held.id, hazard.Note{Text: "该楼即将分户登记,案件随之移交。"})
		before = done.Position
		return done, err
	})
	successors := []*place{{name: site.name + "东单元"}, {name: site.name + "西单元"}}
	replace := grid.ReplaceCell{}
	for n, s := range successors {
		s.code, s.up, s.kind, s.fixed = site.up.code+grid.CellCode(fmt.Sprintf("%04d", 901+n)), site.up, site.kind, true
		replace.Successors = append(replace.Successors, grid.Successor{Code: s.code, Name: s.name})
	}
	p.add(at, boss, "replace cell "+string(site.code), func(ctx context.Context, a *app.App, by app.By) (app.Receipt, error) {
		return a.ReplaceCell(ctx, by, site.code, replace, nil)
	})
	p.add(at.Add(time.Second), "", "pass on the cases of "+string(site.code), func(ctx context.Context, a *app.App, _ app.By) (app.Receipt, error) {
		return app.Receipt{Position: before}, passOn(ctx, a, before, held.id, fresh.id)
	})
	p.settleSuccessors(at, boss, site, successors)
	held.t, held.last = at.Add(time.Hour), at.Add(time.Hour)
	held.dispatch(site.up, "")
	held.finish()
	fresh.play = plain
	fresh.walk(at.Add(time.Hour))
}

// settleSuccessors gives the successors of a site what it had: a class, a file and a head.
func (p *plan) settleSuccessors(at time.Time, boss string, site *place, successors []*place) {
	r := p.rand("successors")
	for n, s := range successors {
		t := at.Add(time.Duration(n+1) * 20 * time.Minute)
		classes := grid.SetClasses{Classes: map[string]string{fire: site.kind.class}}
		p.add(t, boss, "set the classes of "+string(s.code), func(ctx context.Context, a *app.App, by app.By) (app.Receipt, error) {
			return a.SetCellClasses(ctx, by, s.code, classes)
		})
		s.address = site.address
		file := grid.SetAttributes{Attributes: map[string]any{"kind": site.kind.file, "address": s.address, "use": site.kind.use}}
		p.add(t.Add(time.Minute), boss, "set the attributes of "+string(s.code), func(ctx context.Context, a *app.App, by app.By) (app.Receipt, error) {
			return a.SetCellAttributes(ctx, by, s.code, file)
		})
		head := p.newPerson(r, s.name)
		head.Cell = site.at(grid.Community).code
		p.add(t.Add(2*time.Minute), boss, "register a person", func(ctx context.Context, a *app.App, by app.By) (app.Receipt, error) {
			return a.RegisterPerson(ctx, by, head)
		})
		duty := p.newDuty(fire, "building_head", grid.RoleChief, head.ID, t, s)
		p.add(t.Add(3*time.Minute), boss, "give a duty at "+string(s.code), func(ctx context.Context, a *app.App, by app.By) (app.Receipt, error) {
			return a.GiveDuty(ctx, by, s.code, duty)
		})
	}
}

var errPassedOn = errors.New("passed on")

// passOn has the house do now what its completer does behind a replacement, so that it has its place in the log.
func passOn(ctx context.Context, a *app.App, from app.Position, cases ...string) error {
	open := func(context.Context, grid.CellCode, app.Position) ([]string, error) { return cases, nil }
	var refused error
	err := a.Complete(ctx, from, app.Tables{Cases: open, Under: noneOpen}, func(app.Position) error { return errPassedOn }, func(_ app.Record, f *fault.Error) { refused = f })
	if refused != nil {
		return refused
	}
	if errors.Is(err, errPassedOn) {
		return nil
	}
	return err
}

// taleOfSites: a site is pulled down, another's credit falls, and a new one opens.
func (p *plan) taleOfSites(area, gone, rated *place) {
	r, c := p.rand("sites"), area.up
	boss := p.grid.who(fire, c, p.day(11), grid.RoleChief)
	gone.until = p.clock(r, 11, 15, 0, time.Hour)
	p.add(gone.until, boss, "retire cell "+string(gone.code), func(ctx context.Context, a *app.App, by app.By) (app.Receipt, error) {
		return a.RetireCell(ctx, by, gone.code, grid.RetireCell{Reason: "房屋征收拆除。"})
	})
	supervisor := p.grid.who(market, c, p.day(7), grid.RoleChief)
	classes := grid.SetClasses{Classes: map[string]string{market: "C"}}
	if rated.credit == "C" {
		classes.Classes[market] = "D"
	}
	p.add(p.clock(r, 7, 15, 0, time.Hour), supervisor, "set the classes of "+string(rated.code), func(ctx context.Context, a *app.App, by app.By) (app.Receipt, error) {
		return a.SetCellClasses(ctx, by, rated.code, classes)
	})
	opened := grid.CreateCell{Code: area.code + "0950", Name: "新开业便民早餐店", Classes: map[string]string{fire: "small_restaurant", market: "A"},
		Attributes: map[string]any{"kind": "单位", "address": rated.address, "credit_class": "A", "food": true}}
	p.add(p.clock(r, 10, 15, 0, time.Hour), boss, "create cell "+string(opened.Code), func(ctx context.Context, a *app.App, by app.By) (app.Receipt, error) {
		return a.CreateCell(ctx, by, opened)
	})
}

// taleOfCorrections: one inspection is amended, another is void.
func (p *plan) taleOfCorrections(site *place) {
	r := p.rand("corrections")
	at := p.clock(r, 4, 10, 0, time.Hour)
	officer := p.grid.who(fire, site.at(grid.Community), at, grid.RoleOfficer)
	for n := range 2 {
		id := p.nextID("inspection")
		t := patrol{programme: fire, cell: site, officer: officer, kind: inspection.Recheck, from: at.Add(time.Duration(n) * time.Hour), lasts: minutes(r, 10, 20)}
		cmd, _ := p.report(r, t, id)
		sent := cmd.EndedAt.Add(time.Minute)
		p.add(sent, officer, "log inspection "+id, logInspection(cmd))
		if n == 0 {
			ended, others := cmd.EndedAt.Add(5*time.Minute), []string{personName(r), personName(r) + "(物业)"}
			p.amend(sent.Add(30*time.Minute), id, officer, inspection.Amend{Reason: "结束时间、参加人员填写有误。", EndedAt: &ended, Participants: &others})
			continue
		}
		chief := p.grid.who(fire, site.at(grid.Community), at, grid.RoleChief)
		p.void(sent.Add(time.Hour), id, chief, inspection.Void{Reason: "与前一条重复登记。"})
	}
}

// taleOfOutbox: a phone was offline for a day. Its batch is cut off before the last item and sent again, twice.
func (p *plan) taleOfOutbox(area *place) {
	r := p.rand("outbox")
	at := p.clock(r, 5, 9, 0, time.Hour)
	officer := p.grid.who(fire, area, at, grid.RoleOfficer)
	sent := p.clock(r, 6, 8, 35, 10*time.Minute)
	var items []inspection.Log
	for n := range 6 {
		t := patrol{programme: fire, cell: area, officer: officer, kind: inspection.Routine, from: at.Add(time.Duration(n) * 75 * time.Minute), lasts: minutes(r, 20, 50)}
		if n == 2 {
			t.finds = 1
		}
		cmd, roads := p.report(r, t, p.nextID("inspection"))
		items = append(items, cmd)
		for _, c := range roads {
			c.walk(sent.Add(time.Minute))
		}
	}
	for n := range len(items) - 1 { // one after the other, for the log's order
		p.batch(sent.Add(time.Duration(n)*time.Second), officer, items[n:n+1])
	}
	p.batch(sent.Add(20*time.Second), officer, items)
	p.batch(sent.Add(40*time.Second), officer, items)
}

func (p *plan) batch(at time.Time, officer string, items []inspection.Log) {
	what := fmt.Sprintf("log a batch of %d", len(items))
	p.add(at, officer, what, func(ctx context.Context, a *app.App, by app.By) (app.Receipt, error) {
		results, err := a.LogInspections(ctx, by, items)
		done := app.Receipt{Replayed: true}
		for _, result := range results {
			if result.Status == app.BatchRejected {
				return done, result.Problem
			}
			done.Position, done.Replayed = max(done.Position, result.Position), done.Replayed && result.Status == app.BatchDuplicate
		}
		return done, err
	})
}

// taleOfRefusals: a water patrol without what every one must have, and a post that is taken.
func (p *plan) taleOfRefusals(area *place) {
	r, street := p.rand("refusals"), p.grid.suburban[0]
	at := p.clock(r, 3, 10, 0, time.Hour)
	cmd, _ := p.report(r, patrol{programme: water, cell: street, officer: p.grid.who(water, street, at, grid.RoleOfficer), kind: inspection.Routine,
		from: at, lasts: time.Hour}, p.nextID("inspection"))
	cmd.Measures = ""
	p.refuse("invalid_fields", at.Add(2*time.Hour), cmd.Officer, "log inspection "+cmd.ID, logInspection(cmd))
	duty := grid.GiveDuty{ID: p.nextID("duty"), Programme: fire, Role: p.grid.posts[postKey(fire, area)][0].role, From: at,
		Person: p.grid.who(fire, area, at, grid.RoleOfficer)}
	boss := p.grid.who(fire, area.up, at, grid.RoleChief)
	p.refuse("post_taken", at.Add(3*time.Hour), boss, "give a duty at "+string(area.code), func(ctx context.Context, a *app.App, by app.By) (app.Receipt, error) {
		return a.GiveDuty(ctx, by, area.code, duty)
	})
}

// taleOfLastDays leaves work for whoever opens the demo: a major hazard that awaits its listing, one that is listed,
// and two cases in the queues of the offices above.
func (p *plan) taleOfLastDays(area *place) {
	r := p.rand("last days")
	officer := p.grid.who(fire, area, p.day(p.o.Days-1), grid.RoleOfficer)
	for n, play := range []func(*road){awaitsListing, awaitsRectification, awaitsTheStreet, awaitsTheStreet} {
		c := p.newRoad(r, fire, area)
		severity := programme.Major
		if n > 1 {
			severity = programme.Serious
		}
		c.item, c.first, c.play = p.item(r, fire, severity), officer, play
		c.severity = c.item.Severity
		c.t = p.clock(r, p.o.Days-4, 9, 10*n, time.Hour)
		c.opens(officer, hazard.Report{Item: c.item.Item, Source: "officer", Description: fmt.Sprintf("%s:%s。", area.name, c.item.Name)})
		c.walk(c.t)
	}
}

func awaitsListing(c *road) { c.file() }

func awaitsRectification(c *road) {
	c.file()
	if c.listing() {
		c.list()
	}
	c.toTheStreet()
	c.accept()
}

func awaitsTheStreet(c *road) {
	c.file()
	c.ready()
	c.wait(20*time.Minute, soon)
	c.do(c.answers(), hazard.Escalate{Reason: "需多部门联合处置,请上级协调。"})
}
