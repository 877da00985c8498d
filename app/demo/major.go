package demo

import (
	"gridward/domain/grid"
	"gridward/domain/hazard"
)

// listed is the road of a major fire hazard: level 1 is told at filing, acknowledges, lists it with the six parts,
// has it dispatched to the street, and lifts the listing before it is closed.
func listed(c *road) {
	c.file()
	if !c.listing() {
		c.finish()
		return
	}
	c.wait(soon/2, 2*soon)
	c.do(c.office(grid.District), hazard.AcknowledgeEscalation{Instruction: "立即组织挂牌督办,整改期间落实专人看护。"})
	c.listedFrom()
}

// listedLate: the listing comes without a word before.
func listedLate(c *road) {
	c.file()
	c.wait(later, day)
	c.listedFrom()
}

func (c *road) listedFrom() {
	if !c.listing() {
		c.finish()
		return
	}
	c.list()
	c.toTheStreet()
	c.accept()
	c.transfer()
	c.rectify()
	c.check(hazard.Passed)
	c.wait(soon, 2*soon)
	c.refused("listed", c.closer(), hazard.Close{Rating: "good"})
	c.unlist()
	c.close()
}

// toTheStreet has level 1 dispatch the case to the street.
func (c *road) toTheStreet() {
	c.wait(soon, later)
	c.dispatchBy(c.office(grid.District), c.p.grid.top, c.cell.at(grid.Street), "")
}

// listedAndWatched: the street places the case under its own eye as well.
func listedAndWatched(c *road) {
	c.file()
	if !c.listing() {
		c.finish()
		return
	}
	c.list()
	c.dispatch(nil, brigade)
	c.accept()
	c.supervise("onsite_check")
	c.rectify()
	c.lift()
	c.check(hazard.Passed)
	c.unlist()
	c.close()
}

// list lists the case with the six parts.
func (c *road) list() {
	c.wait(soon, later)
	c.onList = true
	c.do(c.office(grid.District), hazard.Supervise{Measure: hazard.Listed, Level: grid.District, Plan: &hazard.Plan{
		Goal: "彻底消除重大火灾隐患,恢复安全疏散条件。", Measures: "停用相关区域,拆除违规部分,增设消防设施,分阶段验收。",
		Funds: "由产权单位自筹,街道监督使用。", ResponsibleBody: c.cell.at(grid.Street).name + "办事处",
		Deadline: c.t.AddDate(0, 0, 12+c.r.IntN(18)), SafetyPlan: "整改期间专人值守,配备应急器材,制定疏散预案。",
	}})
}

func (c *road) unlist() {
	c.wait(soon, later)
	c.do(c.office(grid.District), hazard.LiftSupervision{Note: "整改验收合格,予以销牌。"})
}

// majorByHand is the road of a major hazard in a programme that lists none: the top is told, and watches.
func majorByHand(c *road) {
	c.file()
	c.ready()
	c.escalate()
	c.accept()
	c.supervise("order")
	c.rectify()
	c.lift()
	c.check(hazard.Passed)
	c.close()
}
