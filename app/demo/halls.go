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

// The service hall and one branch of it: matters are taken in, handled and delivered, against a committed limit and a
// statutory one.

// drawHallPeople draws who works at the hall, at the first street's branch and at its first village point.
func (p *plan) drawHallPeople(r *rand.Rand) {
	g := p.grid
	branch := g.streets[0]
	p.give(service, "hall_director", grid.RoleChief, p.register(r, "管城区政务服务大厅"), g.top)
	p.give(service, "duty_director", grid.RoleSupervisor, p.register(r, "管城区政务服务大厅"), g.top)
	p.give(service, "window_clerk", grid.RoleOfficer, p.register(r, "管城区政务服务大厅"), g.top)
	p.give(service, "branch_head", grid.RoleChief, p.register(r, branch.name+"便民服务中心"), branch)
	p.give(service, "branch_clerk", grid.RoleOfficer, p.register(r, branch.name+"便民服务中心"), branch)
	p.give(service, "point_agent", grid.RoleChief, p.register(r, branch.below[0].name), branch.below[0])
}

// drawHalls draws the halls' days: the look at the windows on every working day, and a matter on every other.
func (p *plan) drawHalls() {
	g := p.grid
	branch := g.streets[0]
	r := p.rand("halls")
	p.meets(r, service, g.top, "meeting", "政务大厅月度例会", 4)
	p.meets(r, service, g.top, "training", "窗口服务规范培训", 11)
	for n, day := range p.worked() {
		p.look(r, g.top, grid.RoleSupervisor, inspection.SelfCheck, day)
		if n%5 == 1 {
			p.look(r, branch, grid.RoleChief, inspection.SelfCheck, day)
		}
		if n%12 == 4 {
			p.look(r, g.top, grid.RoleChief, inspection.Routine, day)
		}
		if n%2 == 1 {
			continue
		}
		at := g.top
		if n%6 == 4 {
			at = branch
		}
		c := p.matter(r, at, p.matterAt(r, at), p.clock(r, day, 9, 10, 2*time.Hour))
		promised, _ := c.limit(programme.StageRectification)
		c.wait(promised/10, promised*8/10)
		c.deliver()
	}
	p.taleOfDeregistrations()
}

// look is one round of a hall or branch.
func (p *plan) look(r *rand.Rand, at *place, role, kind string, day int) {
	from := p.clock(r, day, 8, 35, 20*time.Minute)
	p.log(r, patrol{programme: service, cell: at, officer: p.grid.who(service, at, from, role), kind: kind, from: from, lasts: minutes(r, 10, 25)})
}

// matterAt draws an item that a hall or branch handles itself.
func (p *plan) matterAt(r *rand.Rand, at *place) programme.Item {
	for {
		it := pick(r, p.programmes[service].Catalogue)
		if it.DispatchTo != nil && it.DispatchTo.Level == at.level() && it.Severity != programme.Major {
			return it
		}
	}
}

// matter takes one in: a clerk at the window, then the hall's director on duty.
func (p *plan) matter(r *rand.Rand, at *place, item programme.Item, taken time.Time) *road {
	c := &road{p: p, r: r, told: true, id: p.nextID("case"), programme: service, cell: at, item: item, severity: item.Severity, t: taken, last: taken}
	c.first = p.grid.who(service, at, taken, grid.RoleOfficer)
	c.opens(c.first, hazard.Report{Item: item.Item, Description: "申请办理" + item.Name + ",材料齐全。", Source: "resident",
		Reporter: &hazard.ReportedBy{Name: personName(r), Phone: phone(5000 + p.number())}})
	c.t = taken.Add(between(r, 3*time.Minute, 20*time.Minute))
	c.fileNow()
	return c
}

// deliver hands over what was asked for: that ends it.
func (c *road) deliver() {
	c.do(c.p.grid.who(service, c.holder, c.t, grid.RoleOfficer), hazard.Rectify{Measures: "审核通过,证照(结果)已送达申请人。"})
	c.wait(10*time.Minute, soon)
	c.do(c.first, hazard.Feedback{Satisfied: true, Note: "好评:态度好,一次办成。"})
}

// taleOfDeregistrations: four companies want to be struck off, which is promised within five working days and has to
// be done within seven. One is done early, one on the same day, one late by the promise and one late by the law.
func (p *plan) taleOfDeregistrations() {
	item, ok := p.programmes[service].Item("company_deregistration")
	if !ok {
		return
	}
	for n, lasts := range []int{3, 0, 6, 8} {
		r := p.rand(fmt.Sprintf("deregistration/%d", n))
		c := p.matter(r, p.grid.top, item, p.onWorkday(1, 9, 10+7*n))
		c.on(1+lasts, 15, 20).deliver()
	}
}
