package demo

import (
	"fmt"
	"math/rand/v2"
	"time"

	"gridward/domain/grid"
	"gridward/domain/hazard"
	"gridward/domain/inspection"
	"gridward/domain/programme"
)

// City management in one community: limits of minutes and hours.

// drawCityPeople draws who looks after the streets of the first community brought to life.
func (p *plan) drawCityPeople(r *rand.Rand) {
	g := p.grid
	c := g.detailed[0]
	p.give(urban, "centre_head", grid.RoleChief, p.register(r, "管城区城市管理监督指挥中心"), g.top)
	p.give(urban, "street_head", grid.RoleChief, p.register(r, c.up.name+"办事处"), c.up)
	p.give(urban, "community_head", grid.RoleChief, p.register(r, c.name), c)
	p.give(urban, "operator", grid.RoleSupervisor, p.register(r, c.up.name+"城管平台"), c)
	for _, area := range c.below {
		p.give(urban, "unit_head", grid.RoleChief, p.register(r, c.up.name+"环卫所"), area)
		p.give(urban, "acquisition_officer", grid.RoleOfficer, p.register(r, "管城区信息采集中心"), area)
	}
}

// drawCity draws the rounds and what they find.
func (p *plan) drawCity() {
	g := p.grid
	c := g.detailed[0]
	r := p.rand("city")
	for _, m := range p.months() {
		p.meets(r, urban, g.top, "meeting", "城市管理工作月度讲评", m.first+9)
	}
	p.meets(r, urban, g.top, "training", "部件事件采集标准培训", 10)
	for day := range p.o.Days {
		for n, area := range c.below {
			p.cityRound(r, area, grid.RoleOfficer, p.clock(r, day, 8, 30, 6*time.Hour), 0.5)
			switch (day + 2*n) % 7 {
			case 2:
				p.cityRound(r, area, grid.RoleOfficer, p.clock(r, day, 20, 30, time.Hour), 0.2)
			case 4:
				p.cityRound(r, area, grid.RoleChief, p.clock(r, day, 9, 0, time.Hour), 0)
			}
		}
		if day%7 == 3 {
			p.cityRound(r, c, grid.RoleChief, p.clock(r, day, 15, 0, time.Hour), 0)
		}
		if p.turn(day, 6) {
			p.cityRound(r, c.up, grid.RoleChief, p.clock(r, day, 10, 0, time.Hour), 0)
		}
	}
	p.taleOfTheManhole(c.below[0])
}

func (p *plan) cityRound(r *rand.Rand, at *place, role string, from time.Time, finds float64) {
	p.log(r, patrol{programme: urban, cell: at, officer: p.grid.who(urban, at, from, role), kind: inspection.Routine, from: from, lasts: minutes(r, 20, 50), finds: finds})
}

// taleOfTheManhole: a cover is gone, and nobody at the desk sees the report. After five minutes there is a red card,
// after ten the ladder hands it two levels up; the centre calls, and then everything goes fast.
func (p *plan) taleOfTheManhole(area *place) {
	r := p.rand("manhole")
	at := p.clock(r, p.workdayFrom(7), 10, 0, 30*time.Minute)
	c := &road{p: p, r: r, told: true, id: p.nextID("case"), programme: urban, cell: area, t: at, last: at}
	c.item, c.first = p.item(r, urban, programme.Major), p.grid.who(urban, area, at, grid.RoleOfficer)
	c.severity = c.item.Severity
	c.opens(c.first, hazard.Report{Item: c.item.Item, Severity: c.severity, Source: "officer", Description: fmt.Sprintf("%s:%s,已现场看守。", area.name, c.item.Name)})
	c.t = at.Add(12 * time.Minute)
	c.do(c.office(grid.District), hazard.AcknowledgeEscalation{Instruction: "平台立即立案派遣,养护单位十分钟内到场。"})
	c.t = at.Add(14 * time.Minute)
	c.fileNow()
	c.t = at.Add(17 * time.Minute)
	c.dispatchBy(c.office(grid.Community), area.up, area, "")
	c.t = at.Add(24 * time.Minute)
	c.acceptNow()
	c.t = at.Add(70 * time.Minute)
	c.rectifyNow()
	c.t = at.Add(100 * time.Minute)
	c.checkNow(hazard.Passed)
	c.t = at.Add(3 * time.Hour)
	c.closeNow()
}
