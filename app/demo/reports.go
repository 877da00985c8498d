package demo

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"gridward/app"
	"gridward/domain/grid"
	"gridward/domain/hazard"
	"gridward/domain/programme"
)

// drawReports draws what comes in from outside the patrols: residents, departments, and a system of the city's.
func (p *plan) drawReports() {
	g := p.grid
	for day := range p.o.Days {
		r := p.rand(fmt.Sprintf("reports/%d", day))
		for range 1 + len(g.detailed)/8 {
			p.drawReport(r, fire, p.reportedPlace(r), day)
		}
		if chance(r, 0.7) {
			p.drawReport(r, market, pick(r, g.areas), day)
		}
		if chance(r, 0.5) {
			p.drawReport(r, water, pick(r, pick(r, g.suburban).below), day)
		}
	}
}

// reportedPlace is anywhere: a community nobody brought to life, an area, or a site.
func (p *plan) reportedPlace(r *rand.Rand) *place {
	switch r.IntN(3) {
	case 0:
		return pick(r, p.grid.communities)
	case 1:
		return pick(r, p.grid.areas)
	}
	for {
		if site := pick(r, p.grid.sites); !site.fixed {
			return site
		}
	}
}

func (p *plan) drawReport(r *rand.Rand, programmeCode string, at *place, day int) {
	c := p.newRoad(r, programmeCode, at)
	for c.severity == programme.Major { // nobody calls the hotline about those
		c.item = p.item(r, programmeCode, programme.Minor)
		c.severity = c.item.Severity
	}
	c.t = p.clock(r, day, 7, 30, 13*time.Hour)
	c.last = c.t
	p.deal("report/"+programmeCode, []card{
		{4, fromResident(plain)}, {2, fromResident(verified)}, {1, fromResident(unfounded)}, {1, fromResident(askedOfPerson)},
		{2, fromResident(duplicate)}, {1, fromResident(noted)}, {1, fromResident(reopened)}, {2, fromDepartment(plain)}, {1, fromDepartment(toDepartment)},
		{1, fromSystem(plain)}, {1, fromSystem(voided)}, {1, anonymous(verified)},
	})(c)
}

// opens puts the report into the script.
func (c *road) opens(person string, cmd hazard.Report) {
	cmd.Case, cmd.Programme, cmd.Cell = c.id, c.programme, c.cell.code
	cmd.FoundAt = c.t.Add(-minutes(c.r, 5, 240))
	c.p.add(c.t, person, "report case "+c.id, func(ctx context.Context, a *app.App, by app.By) (app.Receipt, error) {
		return a.ReportCase(ctx, by, cmd)
	})
}

func (c *road) words() string { return fmt.Sprintf(pick(c.r, residentWords), c.item.Name, c.cell.name) }

// desk is who takes reports there: the officer, or whoever answers for the place or above it.
func (c *road) desk() string {
	for at := c.cell; at != nil; at = at.up {
		if person := c.p.grid.who(c.programme, at, c.t, grid.RoleOfficer, grid.RoleLead, grid.RoleChief, grid.RoleSupervisor); person != "" {
			return person
		}
	}
	return ""
}

func fromResident(play func(*road)) func(*road) {
	return func(c *road) {
		c.first = c.desk()
		c.opens(c.first, hazard.Report{Description: c.words(), Source: "resident",
			Reporter: &hazard.ReportedBy{Name: personName(c.r), Phone: phone(5000 + c.p.number())}})
		play(c)
	}
}

func anonymous(play func(*road)) func(*road) {
	return func(c *road) {
		c.first = c.desk()
		c.opens(c.first, hazard.Report{Description: c.words(), Source: "resident", Reporter: &hazard.ReportedBy{Anonymous: true}})
		play(c)
	}
}

// fromDepartment: the police station, the brigade or the bureau comes across it.
func fromDepartment(play func(*road)) func(*road) {
	return func(c *road) {
		c.first = c.p.grid.desk(c.programme, c.bureau(), c.t)
		c.opens(c.first, hazard.Report{Item: c.item.Item, Severity: c.severity, Source: "department",
			Description: fmt.Sprintf("执法检查发现:%s,%s。", c.cell.name, c.item.Name)})
		play(c)
	}
}

// fromSystem: a system of the city's sends it in under an integration's token; first contact is whose desk it is.
func fromSystem(play func(*road)) func(*road) {
	return func(c *road) {
		c.first = c.desk()
		c.opens("", hazard.Report{Item: c.item.Item, Source: "system", FirstContact: c.first,
			Description: fmt.Sprintf("感知设备告警:%s,%s。", c.cell.name, c.item.Name)})
		play(c)
	}
}

// asks has somebody look whether there is something, and gives the result.
func (c *road) asks(cmd hazard.RequestVerification, answers func() string, result string) {
	c.wait(soon/4, 2*soon)
	cmd.Note = "请现场核实。"
	c.do(c.office(c.officeLevel()), cmd)
	c.wait(soon/2, later)
	c.do(answers(), hazard.Verify{Result: result, Note: "已到现场查看。"})
}

// asksPlace asks the place itself, or the nearest above it where anybody holds a duty.
func (c *road) asksPlace(result string) {
	for at := c.cell; at != nil; at = at.up {
		there := func() string { return c.p.grid.who(c.programme, at, c.t, anyRole...) }
		if there() != "" {
			c.asks(hazard.RequestVerification{Cell: at.code}, there, result)
			return
		}
	}
}

func verified(c *road) {
	c.asksPlace(hazard.Confirmed)
	plain(c)
}

func unfounded(c *road) {
	c.asksPlace(hazard.NotFound)
	c.wait(soon/2, 2*soon)
	c.do(c.office(c.officeLevel()), hazard.Void{Reason: "现场核实未发现所述问题。"})
}

func askedOfPerson(c *road) {
	c.asks(hazard.RequestVerification{Person: c.first}, func() string { return c.first }, hazard.Confirmed)
	plain(c)
}

// duplicate: a neighbour reports the same the same day; it is merged into the first one.
func duplicate(c *road) {
	second := &road{p: c.p, r: c.r, id: c.p.nextID("case"), programme: c.programme, item: c.item, severity: c.severity, cell: c.cell,
		t: c.t.Add(minutes(c.r, 5, 20)), first: c.first}
	second.opens(c.first, hazard.Report{Description: second.words(), Source: "resident",
		Reporter: &hazard.ReportedBy{Name: personName(c.r), Phone: phone(5000 + c.p.number())}})
	second.last = second.t
	second.wait(soon/4, soon/2)
	second.do(second.office(c.officeLevel()), hazard.Merge{Into: c.id})
	c.last, c.t = second.t, second.t
	plain(c)
}
