package demo

import (
	"fmt"
	"time"

	"gridward/domain/evidence"
	"gridward/domain/grid"
	"gridward/domain/hazard"
	"gridward/domain/programme"
)

// cardsFor are the roads of what patrols find, by how often each is gone.
func cardsFor(programmeCode, severity string) []card {
	switch {
	case programmeCode == urban:
		return []card{{8, plain}, {2, rework}, {1, noted}}
	case severity == programme.Major && programmeCode == fire:
		return []card{{2, listed}, {1, listedAndWatched}, {1, listedLate}}
	case severity == programme.Major:
		return []card{{2, majorByHand}, {1, handedUp}}
	}
	cards := []card{
		{14, plain}, {3, rework}, {2, returned}, {2, toDepartment}, {2, reopened}, {1, voided}, {1, voidedReopened}, {1, raised},
		{1, lowered}, {2, escalated}, {1, handedUp}, {1, supervised}, {1, talkedTo}, {2, noted}, {1, passedOn}, {1, failedBeforeClosing},
		{1, stalledInFiling}, {2, stalledAtHolder}, {1, becameMajor}, {1, separated},
	}
	if severity == programme.Serious {
		cards = append(cards, card{6, transferred})
	}
	return cards
}

func plain(c *road) {
	c.file()
	c.finish()
}

// onTheSpot: found and rectified in one command; somebody else checks, the level above closes.
func onTheSpot(c *road) {
	c.holder = c.spotHolder()
	c.check(hazard.Passed)
	c.close()
}

// spotHolder is the place whose duty the finder had when it rectified.
func (c *road) spotHolder() *place {
	for at := c.cell; at != nil; at = at.up {
		for _, o := range c.p.grid.posts[postKey(c.programme, at)] {
			if o.person == c.first && o.held(c.t) {
				return at
			}
		}
	}
	return c.cell
}

func rework(c *road) {
	c.file()
	c.ready()
	c.accept()
	c.rectify()
	c.check(hazard.Failed)
	c.rectify()
	c.check(hazard.Passed)
	c.close()
}

// returned: the receiver says it is not theirs, and the office sends it to the site itself or to its own place.
func returned(c *road) {
	c.file()
	c.ready()
	if chance(c.r, 0.5) {
		c.accept()
	}
	c.wait(30*time.Minute, 3*soon)
	c.do(c.answers(), hazard.Return{Reason: pick(c.r, returnReasons)})
	to := c.cell
	if c.cell == c.holder && c.programme == fire && c.cell.level() == grid.Area {
		to = c.cell.below[c.r.IntN(max(1, len(c.cell.below)-3))]
	}
	if c.programme == market {
		to = c.usual() // subjects hold no duties there
	}
	c.dispatch(to, "")
	c.finish()
}

// toDepartment: the office gives it to a department, with the area assisting.
func toDepartment(c *road) {
	c.file()
	department := c.bureau()
	c.dispatch(nil, department)
	c.finish()
}

// bureau is the department a programme's cases go to.
func (c *road) bureau() string {
	switch c.programme {
	case water:
		return waterBrigade
	case market:
		return marketBureau
	}
	if c.cell.kind.class == "A" || c.severity == programme.Major {
		return brigade
	}
	return policeOf(c.cell.at(grid.Street))
}

func reopened(c *road) {
	c.file()
	c.finish()
	c.wait(later, 2*day)
	c.do(c.first, hazard.Feedback{Satisfied: false, Note: "回访时问题又出现。"})
	c.wait(2*soon, later)
	c.do(c.office(c.officeLevel()), hazard.Reopen{Reason: pick(c.r, reopenReasons)})
	c.rectify()
	c.check(hazard.Passed)
	c.close()
}

func voided(c *road) {
	c.wait(soon, later)
	c.do(c.office(c.voiding()), hazard.Void{Reason: pick(c.r, voidReasons)})
}

// voiding is the level that voids the case: one higher for what is more than minor.
func (c *road) voiding() int {
	level := c.officeLevel()
	if c.severity == programme.Minor {
		return level
	}
	higher := grid.District
	for _, l := range c.p.programmes[c.programme].Levels {
		if l < level {
			higher = l
		}
	}
	return higher
}

func voidedReopened(c *road) {
	c.wait(soon, later)
	at, person := c.p.grid.officeOver(c.programme, c.cell, c.voiding(), c.t)
	c.do(person, hazard.Void{Reason: pick(c.r, voidReasons)})
	c.wait(later, day)
	c.do(c.office(max(at.level()-1, grid.District)), hazard.Reopen{Reason: pick(c.r, reopenReasons)})
	c.file()
	c.finish()
}

// raised: the office finds it worse than its item says.
func raised(c *road) {
	if c.severity == programme.Minor {
		c.severity = programme.Serious
	}
	c.file()
	c.finish()
}

// lowered: filed worse than it was, lowered by the level above, and reclassified to another item.
func lowered(c *road) {
	c.file()
	c.wait(30*time.Minute, 2*soon)
	was := c.item.Item
	for c.item.Item == was {
		c.item = c.p.item(c.r, c.programme, c.item.Severity)
	}
	cmd := hazard.Reclassify{Item: c.item.Item, Reason: "经复核,属另一类问题。"}
	person := c.office(c.officeLevel())
	if c.severity == programme.Serious {
		cmd.Severity, cmd.Reason, person = programme.Minor, "现场已采取临时措施,降为一般隐患。", c.office(c.voiding())
		c.severity = programme.Minor
	}
	c.do(person, cmd)
	c.finish()
}

// escalated: the holder cannot do it alone and says so; the office above tells what to do.
func escalated(c *road) {
	c.file()
	c.ready()
	c.escalate()
	c.finish()
}

// escalate hands the case up by hand; the office there acknowledges.
func (c *road) escalate() {
	c.prompt(programme.StageAcceptance, 30*time.Minute, 3*soon)
	from, person, level := c.cell, c.answers(), c.dispatched
	if c.department == "" {
		from, level = c.holder, c.holder.level()
	}
	c.do(person, hazard.Escalate{Reason: "超出本级处置能力,请上级协调。"})
	c.wait(soon, later)
	_, boss := c.p.grid.officeOver(c.programme, from, max(level-1, grid.District), c.t)
	c.do(boss, hazard.AcknowledgeEscalation{Instruction: pick(c.r, instructions)})
}

// handedUp: nobody below can do it; the office hands it up, and the one above dispatches.
func handedUp(c *road) {
	c.file()
	c.ready()
	c.prompt(programme.StageAcceptance, 30*time.Minute, 2*soon)
	c.do(c.answers(), hazard.Escalate{Reason: "涉及多个部门,请上级统筹派遣。"})
	c.wait(soon, later)
	at, boss := c.p.grid.officeOver(c.programme, c.cell, max(c.officeLevel()-1, grid.District), c.t)
	c.dispatchBy(boss, at, nil, c.bureau())
	c.finish()
}

// supervised: the office above places the case under its eye, and lifts that.
func supervised(c *road) {
	c.file()
	c.ready()
	c.accept()
	c.supervise("order", "talk", "bulletin")
	c.rectify()
	c.lift()
	c.check(hazard.Passed)
	c.close()
}

func (c *road) supervise(measures ...string) {
	c.wait(soon, later)
	at, boss := c.p.grid.officeOver(c.programme, c.cell, c.officeLevel()-1, c.t)
	c.do(boss, hazard.Supervise{Measure: pick(c.r, measures), Level: at.level()})
}

func (c *road) lift() {
	c.wait(soon, later)
	c.do(c.office(c.officeLevel()-1), hazard.LiftSupervision{Note: "整改完成,解除督办。"})
}

// talkedTo: the leader with streets of his own, or else the top, talks to those in charge; nobody lifts that.
func talkedTo(c *road) {
	c.file()
	c.ready()
	c.wait(soon, later)
	at, boss := c.p.grid.officeOver(c.programme, c.cell, c.officeLevel()-1, c.t)
	if sponsor := c.p.grid.who(c.programme, at, c.t, grid.RoleSponsor); sponsor != "" {
		boss = sponsor
	}
	c.do(boss, hazard.Supervise{Measure: pick(c.r, []string{"talk", "onsite_check", "restriction"}), Level: at.level()})
	c.finish()
}

func noted(c *road) {
	c.file()
	c.wait(soon, later)
	c.do(c.first, hazard.Note{Text: "已与责任人沟通,约定整改时间。"})
	c.ready()
	c.wait(soon, later)
	c.do(c.answers(), hazard.Note{Text: "现场情况见照片。", Evidence: []evidence.File{c.p.photo(c.r, evidence.Before)}})
	c.finish()
	c.wait(soon, later)
	c.do(c.first, hazard.Feedback{Satisfied: true, Note: "问题已解决,满意。"})
}

// passedOn: the office gives it to somebody else before anybody has begun.
func passedOn(c *road) {
	c.file()
	c.ready()
	c.dispatch(c.cell.at(c.officeLevel()), "")
	c.finish()
}

// failedBeforeClosing: the check had passed, but the closing office finds otherwise.
func failedBeforeClosing(c *road) {
	c.file()
	c.ready()
	c.accept()
	c.rectify()
	c.check(hazard.Passed)
	c.wait(soon, later)
	c.do(c.closer(), hazard.Check{Result: hazard.Failed, Note: pick(c.r, failNotes)})
	c.rectify()
	c.check(hazard.Passed)
	c.close()
}

func stalledInFiling(c *road) {
	c.wait(later, day)
	if chance(c.r, 0.5) {
		c.file()
	}
}

func stalledAtHolder(c *road) {
	c.file()
	c.ready()
	for _, next := range []func(){c.accept, c.rectify, func() { c.check(hazard.Passed) }} {
		if chance(c.r, 0.4) {
			return
		}
		next()
	}
}

// becameMajor: it turned out worse than thought; the government lists it.
func becameMajor(c *road) {
	c.file()
	c.ready()
	c.accept()
	c.wait(soon, later)
	c.do(c.office(c.officeLevel()), hazard.Reclassify{Severity: programme.Major, Reason: "经消防救援机构判定,升级为重大隐患。"})
	c.severity = programme.Major
	if c.listing() {
		c.list()
	}
	c.rectify()
	c.check(hazard.Passed)
	if c.onList {
		c.unlist()
	}
	c.close()
}

// separated: the one who rectified tries to check, and is refused.
func separated(c *road) {
	c.file()
	c.ready()
	c.accept()
	c.rectify()
	c.wait(soon, 2*soon)
	if c.performer != "" {
		c.refused("separation_of_duties", c.performer, hazard.Check{Result: hazard.Passed, Note: "自查合格。"})
	}
	c.check(hazard.Passed)
	c.close()
}

// transferred: handed over in writing by the street, answered by the authority.
func transferred(c *road) {
	c.file()
	c.ready()
	c.accept()
	c.transfer()
	c.rectify()
	c.check(hazard.Passed)
	c.close()
}

func (c *road) transfer() {
	c.wait(soon, later)
	authority := map[string]string{fire: "管城区消防救援大队", water: "郑州市水利局", market: "管城区公安分局"}[c.programme]
	level := grid.Site
	if l := c.p.programmes[c.programme].TransferLevel; l > 0 {
		level = l
	}
	no := fmt.Sprintf("管%s移字〔%d〕%d号", map[string]string{fire: "消", water: "水", market: "市"}[c.programme], c.t.Year(), c.p.number())
	c.do(c.office(level), hazard.Transfer{Authority: authority, DocumentNo: no, Note: "随文移交现场检查记录、照片。"})
	c.wait(later, day)
	c.do(c.office(level), hazard.TransferReply{DocumentNo: no, Outcome: "已受理,依法责令限期改正。"})
}
