//go:build acceptance

package acceptance

import (
	"maps"
	"strings"
)

// The checklists, all passed, as the programmes have them.
var checklists = map[string][]string{
	"fire":   {"evacuation", "facilities", "extinguishers", "open_fire", "electricity", "gas", "oil", "responsibility", "emergency_plan"},
	"market": {"licence", "food", "market_class", "farm_supplies", "trademark_contract", "advertising", "complaints", "direct_selling"},
}

func passed(items ...string) []object {
	out := []object{}
	for _, item := range items {
		out = append(out, object{"item": item, "result": "pass"})
	}
	return out
}

// patrol is a patrol of fire as a phone sends it: complete, unless more says otherwise; a nil takes a field away.
func patrol(id, cell, from, to string, more object) object {
	p := object{"id": id, "programme": "fire", "cell": cell, "started_at": at8(from), "ended_at": at8(to), "content": "查看消防通道、器材、用电",
		"participants": []string{"值班人员"}, "checklist": passed(checklists["fire"]...)}
	maps.Copy(p, more)
	for k, v := range p {
		if v == nil {
			delete(p, k)
		}
	}
	return p
}

// photos are pieces of evidence of these phases.
func photos(phases ...string) []object {
	out := []object{}
	for i, phase := range phases {
		out = append(out, object{"sha256": strings.Repeat(string("0123456789abcdef"[i]), 64), "media_type": "image/jpeg", "size": 1000 + i, "phase": phase})
	}
	return out
}

// firstDay is Monday 03-02: three patrols find a minor, a serious and a major hazard and one on the spot; the minor
// one is closed the same day.
func (w *walk) firstDay() {
	w.clock("03-02 09:25")
	w.refused(feng, "/inspections", patrol(i1, site1, "03-02 09:00", "03-02 09:20", object{"content": nil, "participants": nil}),
		422, "invalid_fields", "content", "participants")
	w.refused(feng, "/inspections", patrol(i1, site1, "03-02 09:00", "03-02 09:31", nil), 422, "in_future", "ended_at")
	w.refused(zheng, "/inspections", patrol(i1, site1, "03-02 09:00", "03-02 09:20", object{"officer": feng}), 403, "not_your_patrol")
	a := w.cmd(feng, "/inspections", patrol(i1, site1, "03-02 09:00", "03-02 09:20", object{"walk": "walk-1", "participants": []string{jiang, "刘大爷"},
		"hazards": []object{{"id": h1, "item": "corridor_cluttered", "description": "二单元楼道堆放杂物"}}}))
	holds(w.t, "i1", a.doc, object{"id": i1, "version": 1, "cases": []string{h1}})
	w.state(h1, "reported", object{"programme": "fire", "cell": site1, "severity": "minor", "source": "officer", "first_contact": feng,
		"found_at": at8("03-02 09:20"), "holder.cell": commA, "holder.person": zhou, "inspection": i1, "version": 1})

	w.clock("03-02 09:45")
	spot := func(item string, evidence []object) object {
		return patrol(i2, site2, "03-02 09:25", "03-02 09:40", object{"walk": "walk-1", "participants": []string{"店员小马"},
			"hazards": []object{{"id": h2, "item": item, "description": "灭火器被货架挡住", "on_the_spot": object{"measures": "挪开货架", "evidence": evidence}}}})
	}
	w.refused(feng, "/inspections", spot("lodging_in_workshop", photos("before", "after")), 409, "never_on_the_spot")
	w.refused(feng, "/inspections", spot("extinguisher_out_of_reach", photos("before")), 422, "invalid_fields", "hazards.0.on_the_spot.evidence")
	w.cmd(feng, "/inspections", spot("extinguisher_out_of_reach", photos("before", "after")))
	w.state(h2, "rectified", object{"on_the_spot": true, "performed_by": feng, "holder.cell": areaA1, "severity": "minor", "version": 3})

	w.clock("03-02 10:35")
	a = w.cmd(feng, "/inspections", patrol(i3, site3, "03-02 10:00", "03-02 10:30", object{"participants": []string{wei},
		"hazards": []object{{"item": "exit_locked", "description": "营业期间二楼安全出口上锁"}}}))
	w.h3 = a.text("cases.0")

	w.clock("03-02 10:45")
	file := object{"item": "corridor_cluttered"}
	w.refused(zheng, "/cases/"+h1+"/file", file, 403, "not_in_charge")
	w.by(zhou).with("If-Match", `"7"`).post("/cases/"+h1+"/file", file).refused(412, "version_moved")
	a = w.changed(w.by(zhou).with("If-Match", `"1"`).post("/cases/"+h1+"/file", file))
	holds(w.t, "filing h1", a.doc, object{"id": h1, "version": 3})
	w.state(h1, "dispatched", object{"holder.cell": areaA1, "holder.person": zheng, "holder.role": "group_head", "holder.since": at8("03-02 10:45"),
		"item": "corridor_cluttered", "programme_version": 1, "limits.rectification": object{"n": 3, "unit": "working_day"}})
	w.clock("03-02 11:00")
	w.cmd(zhou, "/cases/"+w.h3+"/file", object{"item": "exit_locked"})
	w.state(w.h3, "dispatched", object{"holder.cell": areaA2, "holder.person": wang, "severity": "serious"})

	w.clock("03-02 14:00")
	w.refused(zheng, "/cases/"+h1+"/rectify", object{"measures": "清运杂物", "evidence": photos("after")}, 409, "wrong_state")
	w.refused(wang, "/cases/"+h1+"/accept", object{}, 403, "not_the_holder")
	w.refused(zheng, "/cases/"+h1+"/accept", object{"occurred_at": at8("03-02 10:00")}, 409, "out_of_order")
	w.refused(zheng, "/cases/"+h1+"/accept", object{"occurred_at": at8("03-02 14:10")}, 422, "in_future", "occurred_at")
	w.cmd(zheng, "/cases/"+h1+"/accept", object{"occurred_at": at8("03-02 11:30")})
	w.state(h1, "rectifying", object{"holder.person": zheng, "holder.since": at8("03-02 10:45")}) // he has had it since it was dispatched

	w.clock("03-02 15:10")
	a = w.cmd(chu, "/inspections", patrol(i4, site5, "03-02 14:00", "03-02 15:00", object{"participants": []string{wu},
		"hazards": []object{{"item": "lodging_in_workshop", "description": "车间二层住人，未作防火分隔"}}}))
	w.h4 = a.text("cases.0")
	w.queue(district)
	w.clock("03-02 15:30")
	w.cmd(wu, "/cases/"+w.h4+"/file", object{"item": "lodging_in_workshop"})
	w.state(w.h4, "filed", object{"severity": "major", "listing_awaited": true, "escalation.level": 1, "escalation.cell": district,
		"escalation.since": at8("03-02 15:30"), "escalation.automatic": true, "holder.cell": commC, "holder.person": wu})
	holds(w.t, "the queue of the district", w.queue(district, w.h4).doc, object{"items.0.severity": "major", "items.0.cell": site5,
		"items.0.office": district, "items.0.level": 1, "items.0.automatic": true, "items.0.listing_awaited": true, "items.0.listed": false,
		"items.0.since": at8("03-02 15:30"), "items.0.acknowledged_at": nil})
	w.refused(wu, "/cases/"+w.h4+"/escalate", object{"reason": "再上报"}, 409, "no_level_above")
	w.refused(wu, "/cases/"+w.h4+"/void", object{"reason": "误报"}, 403, "not_in_charge")

	w.clock("03-02 16:00")
	w.refused(zheng, "/cases/"+h1+"/rectify", object{"measures": "清运杂物"}, 422, "invalid_fields", "evidence")
	w.cmd(zheng, "/cases/"+h1+"/rectify", object{"measures": "清运杂物，张贴通知", "evidence": photos("before", "after")})
	w.refused(zheng, "/cases/"+h1+"/check", object{"result": "passed"}, 409, "separation_of_duties")
	w.refused(zhou, "/cases/"+h1+"/close", object{"rating": "good"}, 409, "not_checked")
	w.clock("03-02 16:30")
	w.cmd(feng, "/cases/"+h1+"/check", object{"result": "passed", "note": "楼道已清空"})
	w.refused(feng, "/cases/"+h1+"/close", object{"rating": "good"}, 403, "not_in_charge")
	w.refused(zheng, "/cases/"+h1+"/close", object{"rating": "good"}, 409, "separation_of_duties")
	w.clock("03-02 17:00")
	w.cmd(zhou, "/cases/"+h1+"/close", object{"rating": "good", "note": "处置及时"})
	w.state(h1, "closed", object{"rating": "good", "closed_at": at8("03-02 17:00")})
	w.refused(zhou, "/cases/"+h1+"/close", object{"rating": "good"}, 409, "wrong_state")
}

// secondDay is Tuesday 03-03: the major hazard is listed and dispatched, the serious one goes up step by step.
func (w *walk) secondDay() {
	w.clock("03-03 08:20")
	w.cmd(jiang, "/inspections", patrol(i6, site1, "03-03 08:00", "03-03 08:15", object{"kind": "self_check", "checklist": passed("evacuation", "extinguishers")}))

	w.clock("03-03 09:00")
	w.refused(feng, "/cases/"+h2+"/check", object{"result": "passed"}, 409, "separation_of_duties")
	w.cmd(zheng, "/cases/"+h2+"/check", object{"result": "passed"})
	w.clock("03-03 09:10")
	a := w.cmd(zhou, "/cases/close", object{"ids": []string{h2, w.h3}, "rating": "good"})
	holds(w.t, "closing in bulk", a.doc, object{"results.0.id": h2, "results.0.status": "closed", "results.1.id": w.h3, "results.1.status": "rejected",
		"results.1.problem.code": "wrong_state", "results.1.problem.status": 409})
	w.state(h2, "closed", object{"rating": "good"})

	w.clock("03-03 10:00")
	plan := object{"goal": "搬离住宿人员", "measures": "停产整改，封闭二层", "funds": "企业自筹12万元", "responsible_body": "兴旺服装厂",
		"deadline": at8("04-10 18:00"), "safety_plan": "整改期间断电、专人值守"}
	without := maps.Clone(plan)
	delete(without, "funds")
	w.refused(li, "/cases/"+w.h4+"/supervise", object{"measure": "listed", "level": 2, "plan": plan}, 409, "listing_level")
	w.refused(li, "/cases/"+w.h4+"/supervise", object{"measure": "listed", "level": 1, "plan": plan}, 403, "not_in_charge")
	w.refused(zhao, "/cases/"+w.h4+"/supervise", object{"measure": "listed", "level": 1, "plan": without}, 422, "invalid_fields", "plan.funds")
	w.clock("03-03 10:05")
	w.cmd(zhao, "/cases/"+w.h4+"/supervise", object{"measure": "listed", "level": 1, "plan": plan})
	w.queue(district)
	w.state(w.h4, "filed", object{"listing_awaited": false, "escalation": nil, "supervision.measure": "listed", "supervision.level": 1,
		"supervision.cell": district, "supervision.plan.funds": "企业自筹12万元",
		"deadline": object{"stage": "dispatch", "at": at8("03-03 12:05"), "limit": object{"n": 2, "unit": "urgent_hour"}}})

	w.clock("03-03 11:00")
	w.refused(li, "/cases/"+w.h4+"/dispatch", object{"cell": commA}, 422, "invalid_fields", "cell")
	w.cmd(li, "/cases/"+w.h4+"/dispatch", object{"cell": commC, "assisting": []object{{"department": "fire-brigade"}}, "instruction": "三日内清退住宿人员"})
	w.state(w.h4, "dispatched", object{"holder.cell": commC, "holder.person": wu, "assisting.0.department": "fire-brigade", "assisting.0.person": shen})
	w.clock("03-03 11:30")
	w.cmd(wu, "/cases/"+w.h4+"/accept", object{})

	w.clock("03-03 14:00")
	w.cmd(wang, "/cases/"+w.h3+"/accept", object{})
	w.clock("03-03 14:10")
	hand := object{"authority": "管城公安分局北下街派出所", "document_no": "北消移〔2026〕3号", "note": "移交安全出口上锁线索"}
	w.refused(zhou, "/cases/"+w.h3+"/transfer", hand, 403, "not_in_charge")
	w.cmd(sun, "/cases/"+w.h3+"/transfer", hand)
	w.refused(sun, "/cases/"+w.h3+"/transfer", hand, 409, "already_transferred")
	w.state(w.h3, "rectifying", object{"holder.cell": areaA2, "holder.person": wang})

	w.clock("03-03 14:30")
	w.cmd(wang, "/cases/"+w.h3+"/escalate", object{"reason": "业主拒不配合"})
	w.queue(commA, w.h3)
	w.state(w.h3, "rectifying", object{"holder.cell": areaA2, "escalation.level": 3, "escalation.cell": commA})
	w.clock("03-03 15:00")
	w.cmd(zhou, "/cases/"+w.h3+"/acknowledge-escalation", object{"instruction": "会同派出所上门"})
	w.refused(zhou, "/cases/"+w.h3+"/acknowledge-escalation", object{"instruction": "会同派出所上门"}, 409, "already_acknowledged")
	holds(w.t, "the queue of A", w.queue(commA, w.h3).doc, object{"items.0.acknowledged_at": at8("03-03 15:00"), "items.0.instruction": "会同派出所上门",
		"items.0.reason": "业主拒不配合", "items.0.automatic": false, "items.0.by": wang, "items.0.severity": "serious"})

	w.clock("03-03 15:25")
	w.cmd(feng, "/inspections", patrol(i7, site4, "03-03 15:00", "03-03 15:20", nil))
	w.clock("03-03 16:00")
	w.cmd(wang, "/cases/"+w.h3+"/escalate", object{"reason": "仍未开启"})
	w.queue(commA)
	w.queue(street1, w.h3)
	w.clock("03-03 16:30")
	w.cmd(sun, "/cases/"+w.h3+"/supervise", object{"measure": "order", "level": 2})
	w.state(w.h3, "rectifying", object{"supervision.measure": "order", "supervision.level": 2, "supervision.cell": street1, "escalation.cell": street1})
	w.clock("03-03 21:35")
	w.cmd(feng, "/inspections", patrol(i5, areaA1, "03-03 20:30", "03-03 21:30", object{"participants": []string{zheng}}))
}
