package demo

import (
	"fmt"
	"time"

	"gridward/domain/grid"
	"gridward/domain/hazard"
	"gridward/domain/programme"
)

// What time does to cases, each told once, to the minute, on areas of their own.

// drawLimitTales draws the tales of limits.
func (p *plan) drawLimitTales() {
	p.taleOfTheLadder(p.area(3))
	p.taleOfHealing(p.area(4))
	p.taleOfExtensions(p.area(4))
	p.taleOfSuspensions(p.area(7))
	p.taleOfAppeals(p.area(7))
	p.taleOfTheBreak(p.area(8))
}

// area is the n-th area.
func (p *plan) area(n int) *place { return p.grid.areas[n%len(p.grid.areas)] }

// tale begins a fire case of its own: its officer reports it and the office files it a quarter of an hour later, which
// sends it to the area.
func (p *plan) tale(topic, severity string, area *place, reported time.Time) *road {
	r := p.rand(topic)
	var items []programme.Item
	for _, it := range p.programmes[fire].Catalogue {
		if it.Severity == severity && it.DispatchTo != nil && it.DispatchTo.Level == grid.Area && it.Limits[programme.StageRectification].N > 1 {
			items = append(items, it)
		}
	}
	c := &road{p: p, r: r, told: true, id: p.nextID("case"), programme: fire, cell: area, severity: severity, t: reported, last: reported}
	c.item, c.first = pick(r, items), p.grid.who(fire, area, reported, grid.RoleOfficer)
	c.opens(c.first, hazard.Report{Item: c.item.Item, Source: "officer", Description: fmt.Sprintf("%s:%s。", area.name, c.item.Name)})
	c.t = reported.Add(15 * time.Minute)
	c.fileNow()
	return c
}

// on says when the next command is: on the n-th working day.
func (c *road) on(n, hour, minute int) *road {
	c.t = c.p.onWorkday(n, hour, minute)
	return c
}

// late says that what the script has held since a step happened earlier than it is told.
func (p *plan) late(since int, happened time.Time) {
	for i := since; i < len(p.steps); i++ {
		p.steps[i].by.OccurredAt = happened
	}
}

// acceptNow takes it there and then.
func (c *road) acceptNow() { c.do(c.answers(), hazard.Accept{}) }

// over is the office so many levels above the area that has it.
func (c *road) over(levels int) string { return c.office(c.holder.level() - levels) }

// taleOfTheLadder: nobody removes a serious hazard. A yellow card, a red one, and the ladder hands it to the community,
// which acknowledges and hands it up once more; the street tells what to do, and it is done. Its twin is left where it
// is, until the ladder has it supervised by the street and by the district.
func (p *plan) taleOfTheLadder(area *place) {
	c := p.tale("ladder", programme.Serious, area, p.onWorkday(0, 8, 40))
	c.on(0, 10, 0).acceptNow()
	c.on(6, 10, 40).do(c.over(1), hazard.AcknowledgeEscalation{Instruction: "今日内到场,明确整改方案。"})
	c.on(6, 11, 30).do(c.over(1), hazard.Escalate{Reason: "涉及产权单位拒不配合,请街道协调。"})
	c.on(6, 15, 0).do(c.over(2), hazard.AcknowledgeEscalation{Instruction: "街道召集产权单位约谈,两日内整改到位。"})
	c.on(7, 15, 0).rectifyNow()
	c.on(8, 9, 30).checkNow(hazard.Passed)
	c.on(8, 16, 0).closeNow()

	twin := p.tale("ladder/left", programme.Serious, area, p.onWorkday(0, 9, 10))
	twin.on(0, 11, 0).acceptNow()
}

// taleOfHealing: it was removed in time, but the phone had no signal. The red card that came meanwhile is healed, the
// yellow one was deserved.
func (p *plan) taleOfHealing(area *place) {
	c := p.tale("healing", programme.Minor, area, p.onWorkday(1, 8, 30))
	c.on(1, 9, 0).acceptNow()
	told := len(p.steps)
	c.on(4, 15, 20).rectifyNow()
	p.late(told, p.onWorkday(3, 16, 40))
	c.on(5, 9, 30).checkNow(hazard.Passed)
	c.on(5, 16, 0).closeNow()
}

// taleOfExtensions: one holder asks for more time and gets it, which takes the yellow card back; another does not, and
// has the red card next morning.
func (p *plan) taleOfExtensions(area *place) {
	for n, granted := range []bool{true, false} {
		c := p.tale(fmt.Sprintf("extension/%d", n), programme.Serious, area, p.onWorkday(0, 8, 45))
		c.on(0, 9, 30).acceptNow()
		c.on(4, 11, 0).do(c.answers(), hazard.RequestExtension{Limit: programme.Limit{N: 2, Unit: programme.WorkingDay}, Reason: "更换的防火门需定制,厂家两日后到货。"})
		decision := hazard.DecideExtension{Granted: granted, Note: "情况属实,同意延期两个工作日。"}
		if !granted {
			decision.Note = "可先行封闭隐患部位,不予延期。"
		}
		c.on(4, 15, 30).do(c.over(1), decision)
		c.on(6, 9, 0).rectifyNow()
		c.on(6, 15, 0).checkNow(hazard.Passed)
		c.on(7, 10, 0).closeNow()
	}
}

// taleOfSuspensions: two cases wait for something nobody here can hurry. One resumes by itself on the day that was
// set, the other when the office says so.
func (p *plan) taleOfSuspensions(area *place) {
	until := p.onWorkday(5, 9, 0)
	c := p.tale("suspension/until", programme.Serious, area, p.onWorkday(0, 9, 0))
	c.on(0, 10, 30).acceptNow()
	c.on(1, 11, 0).do(c.over(1), hazard.Suspend{Reason: "需整栋停水施工,物业已公告停水日期,届时恢复。", Until: &until})
	c.on(7, 10, 0).rectifyNow()
	c.on(8, 10, 0).checkNow(hazard.Passed)
	c.on(8, 15, 0).closeNow()

	c = p.tale("suspension/resumed", programme.Serious, area, p.onWorkday(1, 9, 0))
	c.on(1, 10, 30).acceptNow()
	c.on(2, 9, 30).do(c.over(1), hazard.Suspend{Reason: "产权纠纷已诉至法院,待裁定后整改。"})
	c.on(5, 14, 30).do(c.over(1), hazard.Resume{})
	c.on(7, 16, 0).rectifyNow()
	c.on(8, 10, 30).checkNow(hazard.Passed)
	c.on(8, 15, 30).closeNow()
}

// taleOfAppeals: two cases were taken late, each for a red card. Who had them objects after closure; the street takes
// the one lateness back and lets the other stand.
func (p *plan) taleOfAppeals(area *place) {
	for n, upheld := range []bool{true, false} {
		c := p.tale(fmt.Sprintf("appeal/%d", n), programme.Minor, area, p.onWorkday(0, 8, 45+5*n))
		c.on(0, 16, 30).acceptNow()
		c.on(1, 11, 0).rectifyNow()
		c.on(2, 10, 0).checkNow(hazard.Passed)
		c.on(2, 16, 0).closeNow()
		reason, note := "当日上午随街道参加应急演练,无法接单,有签到表为证。", "情况属实,该次超时不予计入。"
		if !upheld {
			reason, note = "手机没有收到提醒。", "系统有送达记录,维持原结果。"
		}
		c.on(3, 10, 0).do(c.answers(), hazard.Appeal{Reason: reason})
		c.on(4, 15, 0).do(c.over(2), hazard.DecideAppeal{Upheld: upheld, Note: note})
	}
}

// taleOfTheBreak: two cases are taken on the last working day before the longest break. Their three working days run
// on behind it: one is done in time, the other is not, and climbs.
func (p *plan) taleOfTheBreak(area *place) {
	eve := p.lastBeforeBreak()
	c := p.tale("break/in time", programme.Minor, area, p.onWorkday(eve, 8, 40))
	c.on(eve, 10, 0).acceptNow()
	c.on(eve+2, 15, 0).rectifyNow()
	c.on(eve+3, 10, 0).checkNow(hazard.Passed)
	c.on(eve+3, 16, 0).closeNow()

	c = p.tale("break/late", programme.Minor, area, p.onWorkday(eve, 8, 50))
	c.on(eve, 10, 20).acceptNow()
	c.on(eve+4, 11, 30).do(c.over(1), hazard.AcknowledgeEscalation{Instruction: "施工队已返岗,今日必须完成。"})
	c.on(eve+4, 16, 0).rectifyNow()
	c.on(eve+5, 10, 0).checkNow(hazard.Passed)
	c.on(eve+5, 15, 0).closeNow()
}
