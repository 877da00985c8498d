package demo

import (
	"context"
	"math/rand/v2"
	"time"

	"gridward/app"
	"gridward/domain/grid"
	"gridward/domain/inspection"
	"gridward/domain/register"
)

// drawRegisters draws what the ledgers hold beside inspections and hazards.
func (p *plan) drawRegisters() {
	r, g := p.rand("registers"), p.grid
	p.meets(r, fire, g.top, "meeting", "本季度安全生产委员会全体会议", 5)
	p.meets(r, market, g.top, "meeting", "责任区监管工作例会", 9)
	p.meets(r, water, g.top, "training", "水行政执法业务培训", 10)
	for _, m := range p.months() {
		p.monthly(r, m)
	}
	for n, s := range g.suburban {
		p.meets(r, water, s, "publicity", "水法规进村入户宣传", 11+n)
	}
	for n, c := range g.detailed {
		p.meets(r, fire, c, "training", c.short()+"微型消防站队员培训", (n*3+2)%p.o.Days)
		p.meets(r, fire, c, "drill", c.short()+"灭火和应急疏散演练", (n*5+4)%p.o.Days)
		p.meets(r, market, c, "plan", c.short()+"责任区月度检查计划", 1)
		p.meets(r, market, c, "log", c.short()+"责任区工作日志", (n*7+3)%p.o.Days)
		p.meets(r, market, c, "report", c.short()+"责任区月度报告", p.o.Days-1)
		p.forces(r, c)
		for k, area := range c.below {
			p.equipment(r, area, n*2+k)
		}
	}
}

// monthly draws what every month has: each street's meeting, and the working day on which streets and communities
// tell people about fire.
func (p *plan) monthly(r *rand.Rand, m month) {
	publicity := p.workdayFrom(m.first + 8%m.days)
	for n, s := range p.grid.streets {
		p.meets(r, fire, s, "meeting", s.name+"消防工作月例会", m.first+(n*2)%m.days)
		p.meets(r, fire, s, "publicity", "消防安全集中宣传日", publicity)
	}
	for _, c := range p.grid.communities {
		p.meets(r, fire, c, "publicity", c.short()+"消防知识进社区", publicity)
	}
}

// meets puts an activity into the script, recorded by who answers for the place.
func (p *plan) meets(r *rand.Rand, programmeCode string, at *place, kind, title string, day int) {
	held := p.clock(r, day, 9, 30, 5*time.Hour)
	person := p.grid.who(programmeCode, at, held, anyRole...)
	cmd := register.RecordActivity{ID: p.nextID("activity"), Cell: at.code, Programme: programmeCode, Kind: kind, HeldAt: held, Title: title,
		Minutes:      "通报近期工作情况,分析存在问题,部署下一步重点任务,明确责任人和时限。",
		Participants: []string{person, personName(r), personName(r) + "(居民代表)"}}
	p.add(held.Add(minutes(r, 90, 240)), person, "record activity "+cmd.ID, func(ctx context.Context, a *app.App, by app.By) (app.Receipt, error) {
		return a.RecordActivity(ctx, by, cmd)
	})
}

// forces registers a community's micro fire station and its emergency plan.
func (p *plan) forces(r *rand.Rand, c *place) {
	person := p.grid.who(fire, c, p.from, grid.RoleChief)
	for _, cmd := range []register.RegisterForce{
		{Kind: "force", Name: c.short() + "微型消防站", Headcount: 6 + r.IntN(8), Leader: personName(r), Phone: phone(9000 + p.number()), Equipment: "灭火器12具、水带8盘、消防服6套、消防水枪4支"},
		{Kind: "plan", Name: c.short() + "灭火和应急疏散预案", Content: "一、组织机构;二、报警与响应;三、疏散路线与集合点;四、初期火灾扑救;五、保障与演练。"},
	} {
		cmd.ID, cmd.Cell, cmd.Programme = p.nextID("force"), c.code, fire
		p.add(p.clock(r, 0, 9, 0, 8*time.Hour), person, "register force "+cmd.ID, func(ctx context.Context, a *app.App, by app.By) (app.Receipt, error) {
			return a.RegisterForce(ctx, by, cmd)
		})
	}
}

// equipment registers what an area has; some of it is serviced, some expires this month and some is retired.
func (p *plan) equipment(r *rand.Rand, area *place, n int) {
	officer := func(at time.Time) string { return p.grid.who(fire, area, at, grid.RoleOfficer) }
	date := func(days int) string { return p.day(days).Format(time.DateOnly) }
	for k, kind := range []string{"干粉灭火器(4kg)", "消火栓箱", "应急照明灯"} {
		cmd := register.RegisterEquipment{ID: p.nextID("equipment"), Cell: area.code, Programme: fire, Kind: kind, Quantity: 2 + r.IntN(18),
			BoughtOn: date(-200 - r.IntN(900)), ValidUntil: date(60 + r.IntN(700)), Place: area.name}
		if (n+k)%4 == 0 {
			cmd.ValidUntil = date(3 + r.IntN(p.o.Days))
		}
		at := p.clock(r, 1, 9, 0, 8*time.Hour)
		p.add(at, officer(at), "register equipment "+cmd.ID, func(ctx context.Context, a *app.App, by app.By) (app.Receipt, error) {
			return a.RegisterEquipment(ctx, by, cmd)
		})
		on := 2 + r.IntN(p.o.Days-2)
		at = p.clock(r, on, 10, 0, 6*time.Hour)
		switch (n + k) % 4 {
		case 1:
			service := register.ServiceEquipment{ServicedOn: date(on), ValidUntil: date(on + 365), Note: "检修充装,压力正常。"}
			p.add(at, officer(at), "service equipment "+cmd.ID, func(ctx context.Context, a *app.App, by app.By) (app.Receipt, error) {
				return a.ServiceEquipment(ctx, by, cmd.ID, service)
			})
		case 3:
			retire := register.RetireEquipment{Reason: "达到报废年限,更换新品。"}
			p.add(at, officer(at), "retire equipment "+cmd.ID, func(ctx context.Context, a *app.App, by app.By) (app.Receipt, error) {
				return a.RetireEquipment(ctx, by, cmd.ID, retire)
			})
		}
	}
}

// drawCampaigns draws what is assigned from above, and the inspections made for it.
func (p *plan) drawCampaigns() {
	r, g := p.rand("campaigns"), p.grid
	p.campaign(r, inspection.OpenCampaign{Programme: fire, Cell: g.top.code, Title: "重点单位消防安全专项检查", Class: "A"}, g.top, 7, 0.7)
	p.campaign(r, inspection.OpenCampaign{Programme: fire, Cell: g.top.code, Title: "餐饮场所用火用气专项整治", Class: "small_restaurant"}, g.top, 12, 0.6)
	p.campaign(r, inspection.OpenCampaign{Programme: fire, Cell: g.top.code, Title: "旅馆场所防火检查", Class: "small_hotel"}, g.top, p.o.Days-4, 0.5)
	for n, c := range g.detailed {
		share := 0.1
		if n%3 == 0 {
			share = 0.8
			p.campaign(r, inspection.OpenCampaign{Programme: fire, Cell: c.up.code, Title: c.up.name + p.feast() + "消防安全集中排查"}, c, 6, 0.85)
		}
		p.campaign(r, inspection.OpenCampaign{Programme: market, Cell: c.code, Title: c.short() + p.feast() + "食品安全专项检查"}, c, 9, share)
	}
}

// campaign opens a campaign for the sites below a place, and inspects that share of them while it runs.
func (p *plan) campaign(r *rand.Rand, cmd inspection.OpenCampaign, below *place, day int, share float64) {
	cmd.ID, cmd.From, cmd.To = p.nextID("campaign"), p.day(day), p.day(day+10)
	if list := p.programmes[cmd.Programme].Checklist; len(list) > 2 {
		cmd.Checklist = []string{list[0].Item, list[2].Item}
	}
	var targets []*place
	for _, site := range p.grid.sites {
		asked := cmd.Class != "" && site.kind.class == cmd.Class && p.programmes[fire].HasClass(cmd.Class) ||
			cmd.Class == "" && (cmd.Programme == fire || site.credit != "")
		if asked && !site.fixed && below.code.Contains(site.code) {
			targets = append(targets, site)
		}
	}
	if cmd.Class == "" {
		for _, site := range targets {
			cmd.Targets = append(cmd.Targets, site.code)
		}
	}
	opened := p.clock(r, day-1, 16, 0, time.Hour)
	_, boss := p.grid.officeOver(cmd.Programme, below, cmd.Cell.Level(), opened)
	p.add(opened, boss, "open campaign "+cmd.ID, func(ctx context.Context, a *app.App, by app.By) (app.Receipt, error) {
		return a.OpenCampaign(ctx, by, cmd)
	})
	for _, site := range targets {
		if !chance(r, share) {
			continue
		}
		at := p.clock(r, day+r.IntN(min(10, p.o.Days-day)), 9, 0, 7*time.Hour)
		t := patrol{programme: cmd.Programme, cell: site, kind: inspection.Campaigns, campaign: cmd.ID, from: at, lasts: minutes(r, 15, 40), finds: 0.2}
		if cmd.Programme == fire {
			t.officer = p.grid.who(fire, site.at(grid.Community), at, grid.RoleOfficer)
			t.others = []string{p.grid.who(fire, site, at, grid.RoleChief), p.grid.who(fire, site.at(grid.Street), at, grid.RoleChief)}
		} else {
			t.officer = p.grid.who(market, site.up, at, grid.RoleLead)
			t.others = []string{p.grid.who(market, site.up, at, grid.RoleAssistant)}
		}
		p.log(r, t)
	}
}
