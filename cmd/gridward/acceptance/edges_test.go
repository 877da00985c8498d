//go:build acceptance

package acceptance

import (
	"testing"
)

// TestEdges walks what the story has no room for, in the same world: a cell replaced and one retired, a case
// reopened, one reclassified, and one at level 1 with nobody above.
func TestEdges(t *testing.T) {
	w := &walk{t: t, dir: t.TempDir()}
	w.start("03-02 08:00")
	w.setUp()
	w.clock("03-02 09:00")
	w.batchItems()
	w.reopened()
	w.reclassified()
	w.dispatchedAgain()
	w.atTheTop()
	w.byClass()
	w.replaced()
	w.retired()
	w.overdue()
	w.dutyEnds()
	w.check()
	w.server.stop()
}

// report opens a case of fire and gives its id.
func (w *walk) report(person, cell string) string {
	w.t.Helper()
	return w.cmd(person, "/cases", object{"programme": "fire", "cell": cell, "description": "演练用的隐患", "source": "officer", "found_at": at8("03-02 08:30")}).text("id")
}

// reopened: a closed case begins a second round at its last holder; both ratings stay readable.
func (w *walk) reopened() {
	id := w.report(feng, site1)
	w.cmd(zhou, "/cases/"+id+"/file", object{"item": "corridor_cluttered"})
	for _, round := range []struct {
		number int
		rating string
	}{{1, "poor"}, {2, "fair"}} {
		if round.number == 1 {
			w.cmd(zheng, "/cases/"+id+"/accept", object{})
		}
		w.cmd(zheng, "/cases/"+id+"/rectify", object{"measures": "清运", "evidence": photos("after")})
		w.cmd(feng, "/cases/"+id+"/check", object{"result": "passed"})
		w.cmd(zhou, "/cases/"+id+"/close", object{"rating": round.rating})
		w.state(id, "closed", object{"round": round.number, "rating": round.rating})
		if round.number == 1 {
			w.refused(zheng, "/cases/"+id+"/reopen", object{"reason": "又堆满了"}, 403, "not_in_charge")
			w.cmd(zhou, "/cases/"+id+"/reopen", object{"reason": "又堆满了"})
			w.state(id, "rectifying", object{"round": 2, "holder.cell": areaA1, "holder.person": zheng, "rating": nil, "closed_at": nil})
		}
	}
	w.timeline(id, "reported filed dispatched accepted rectified checked closed reopened rectified checked closed")
	equal(w.t, "both ratings", column(w.ledger(areaA1, "ratings", "", 2), "rating"), []string{"poor", "fair"})
}

// reclassified: raised to major a case awaits its listing at level 1; only the level above lowers it.
func (w *walk) reclassified() {
	id := w.report(chu, site5)
	w.cmd(wu, "/cases/"+id+"/file", object{"item": "ebike_indoors"})
	w.queue(district)
	w.refused(chu, "/cases/"+id+"/reclassify", object{"severity": "major", "reason": "二十余辆"}, 403, "not_in_charge")
	w.cmd(wu, "/cases/"+id+"/reclassify", object{"severity": "major", "reason": "二十余辆"})
	w.state(id, "dispatched", object{"severity": "major", "listing_awaited": true, "escalation.cell": district, "escalation.level": 1, "holder.cell": areaC1})
	w.queue(district, id)
	w.refused(wu, "/cases/"+id+"/reclassify", object{"severity": "serious", "reason": "核定为五辆"}, 403, "not_in_charge")
	w.cmd(li, "/cases/"+id+"/reclassify", object{"severity": "serious", "reason": "核定为五辆"})
	w.queue(district)
	w.state(id, "dispatched", object{"severity": "serious", "listing_awaited": false, "escalation": nil})
	w.timeline(id, "reported filed dispatched reclassified escalated reclassified")
}

// atTheTop: at level 1 another one closes, who neither performed, dispatched nor checked.
func (w *walk) atTheTop() {
	const ma, lin = "10000000-0000-4000-8000-000000000031", "10000000-0000-4000-8000-000000000032"
	for person, role := range map[string]string{ma: "safety_committee_director", lin: "sponsor"} {
		w.cmd(steward, "/persons", object{"id": person, "name": "某领导"})
		w.cmd(steward, "/cells/"+district+"/duties", object{"programme": "fire", "role": role, "person": person, "from": at8("03-01 00:00")})
	}
	id := w.report(feng, district)
	w.refused(zhou, "/cases/"+id+"/file", object{"item": "plan_missing"}, 403, "not_in_charge")
	w.cmd(zhao, "/cases/"+id+"/file", object{"item": "plan_missing"})
	w.state(id, "filed", object{"holder.cell": district, "holder.person": zhao})
	w.cmd(zhao, "/cases/"+id+"/dispatch", object{"cell": district})
	w.refused(zhao, "/cases/"+id+"/escalate", object{"reason": "再上报"}, 409, "no_level_above")
	w.cmd(qian, "/cases/"+id+"/accept", object{})
	w.cmd(qian, "/cases/"+id+"/rectify", object{"measures": "补齐预案", "evidence": photos("after")})
	w.cmd(ma, "/cases/"+id+"/check", object{"result": "passed"})
	for _, person := range []string{qian, zhao, ma} {
		w.refused(person, "/cases/"+id+"/close", object{"rating": "good"}, 409, "separation_of_duties")
	}
	w.cmd(lin, "/cases/"+id+"/close", object{"rating": "good"})
	w.state(id, "closed", object{"closed_at_top": true})
}

// replaced: the area b1 is replaced by two. Its dispatched case returns to filed at the parent office - that of the
// street, B being vacant - and its reported one passes to that office as it is.
func (w *walk) replaced() {
	w.clock("03-02 09:10")
	held, waiting := w.report(chen, areaB1), w.report(chen, areaB1)
	w.cmd(sun, "/cases/"+held+"/file", object{"item": "extinguisher_expired"})
	w.state(held, "dispatched", object{"holder.cell": areaB1, "holder.person": chen})
	successors := object{"successors": []object{{"code": commB + "002", "name": "唐子巷东片"}, {"code": commB + "003", "name": "唐子巷西片"}}}
	w.refused(zhou, "/cells/"+areaB1+"/replace", successors, 403, "not_in_charge")
	w.cmd(steward, "/cells/"+areaB1+"/replace", successors)
	holds(w.t, "b1", w.read("/cells/"+areaB1).doc, object{"retired": true, "successors": []string{commB + "002", commB + "003"}, "name": "唐子巷一片"})
	holds(w.t, "its successor", w.read("/cells/"+commB+"002").doc, object{"replaces": areaB1, "retired": false, "name": "唐子巷东片"})
	w.clock("03-02 09:20")
	w.state(held, "filed", object{"holder.cell": street1, "holder.person": sun, "cell": areaB1})
	w.state(waiting, "reported", object{"holder.cell": street1, "holder.person": sun})
	equal(w.t, "the facts of the dispatched one", column(w.read("/cases/"+held+"/timeline").items(), "type"),
		[]string{"case.reported", "case.filed", "case.dispatched", "case.cell_replaced"})
	w.refused(chen, "/inspections", patrol(i9, areaB1, "03-02 09:00", "03-02 09:20", nil), 409, "cell_retired")
	w.refused(steward, "/cells/"+areaB1+"/replace", successors, 409, "cell_retired")
	w.refused(steward, "/cells/"+areaB1+"/classes", nil, 405, "method_not_allowed")
}

// retired: nothing new happens in a retired cell; it stays in the ledger.
func (w *walk) retired() {
	w.clock("03-02 09:30")
	w.refused(li, "/cells/"+site3+"/retire", object{"reason": "停业"}, 403, "not_in_charge")
	w.cmd(zhou, "/cells/"+site3+"/retire", object{"reason": "停业"})
	w.refused(feng, "/inspections", patrol(i9, site3, "03-02 09:10", "03-02 09:31", nil), 409, "cell_retired")
	w.cmd(feng, "/inspections", patrol(i9, site3, "03-02 09:00", "03-02 09:20", nil)) // it ended before that
	w.refused(feng, "/cases", object{"programme": "fire", "cell": site3, "description": "隐患", "source": "officer", "found_at": at8("03-02 09:00")}, 409, "cell_retired")
	row := w.rowOf(w.ledger(areaA2, "premises", "", 1), "code", site3)
	holds(w.t, "the retired premises", row, object{"retired": true, "name": "悦来宾馆"})
	holds(w.t, "s3", w.read("/cells/"+site3).doc, object{"retired": true, "retire_reason": "停业", "retired_at": at8("03-02 09:30")})
}

// overdue: a listed case is overdue once the listing's own date has passed.
func (w *walk) overdue() {
	w.clock("03-02 10:00")
	id := w.report(chu, site5)
	w.cmd(wu, "/cases/"+id+"/file", object{"item": "combustible_core_panels"})
	w.cmd(zhao, "/cases/"+id+"/supervise", object{"measure": "listed", "level": 1, "plan": object{"goal": "拆除", "measures": "拆除彩钢板", "funds": "自筹",
		"responsible_body": "兴旺服装厂", "deadline": at8("03-02 12:00"), "safety_plan": "停产"}})
	w.clock("03-02 12:00")
	w.state(id, "filed", object{"overdue": false, "deadline.at": at8("03-02 12:00"), "supervision.measure": "listed"})
	w.found("overdue=true&severity=major")
	w.clock("03-02 12:01")
	w.state(id, "filed", object{"overdue": true})
	w.found("overdue=true&severity=major", id)
	w.found("supervised=true", id)
	w.found("overdue=false&severity=major")
}

// dispatchedAgain: the office a case was escalated to takes it itself, which ends the escalation; the level above
// that office closes.
func (w *walk) dispatchedAgain() {
	id := w.report(feng, site3)
	w.cmd(zhou, "/cases/"+id+"/file", object{"item": "fire_door_propped"})
	w.cmd(wang, "/cases/"+id+"/accept", object{})
	w.cmd(wang, "/cases/"+id+"/escalate", object{"reason": "力量不足"})
	w.queue(commA, id)
	w.refused(wang, "/cases/"+id+"/dispatch", object{"cell": areaA1}, 403, "not_in_charge")
	w.cmd(zhou, "/cases/"+id+"/dispatch", object{"cell": commA})
	w.queue(commA)
	w.state(id, "dispatched", object{"holder.cell": commA, "holder.person": zhou, "escalation": nil})
	w.refused(wang, "/cases/"+id+"/accept", object{}, 403, "not_the_holder")
	w.cmd(zhou, "/cases/"+id+"/accept", object{})
	w.cmd(zhou, "/cases/"+id+"/rectify", object{"measures": "更换闭门器", "evidence": photos("after")})
	w.cmd(wei, "/cases/"+id+"/check", object{"result": "passed"})
	w.refused(zhou, "/cases/"+id+"/close", object{"rating": "good"}, 409, "separation_of_duties")
	w.cmd(sun, "/cases/"+id+"/check", object{"result": "failed", "note": "仍不能自行关闭"}) // until closure the closing office may
	w.state(id, "rectifying", object{"rework_count": 1, "holder.cell": commA})
	w.cmd(zhou, "/cases/"+id+"/rectify", object{"measures": "再换一扇", "performed_by": "门业公司", "evidence": photos("after")})
	w.cmd(wei, "/cases/"+id+"/check", object{"result": "passed"})
	w.cmd(sun, "/cases/"+id+"/close", object{"rating": "average"})
	w.timeline(id, "reported filed dispatched accepted escalated dispatched accepted rectified checked checked rectified checked closed")
}

// byClass: the progress of a campaign over a class; a voided inspection is taken out of it.
func (w *walk) byClass() {
	w.clock("03-02 09:05")
	w.cmd(zhao, "/campaigns", object{"id": "40000000-0000-4000-8000-000000000003", "programme": "fire", "cell": district, "title": "重点单位",
		"from": at8("03-02 00:00"), "to": at8("03-03 00:00"), "class": "A"})
	progress := func(inspected int) {
		w.t.Helper()
		holds(w.t, "the campaign", w.read("/campaigns/40000000-0000-4000-8000-000000000003").doc, object{"progress": object{"targets": 1, "inspected": inspected},
			"targets.0.cell": site5, "targets.0.inspections": inspected})
	}
	progress(0)
	of := object{"campaign": "40000000-0000-4000-8000-000000000003", "kind": "campaign"}
	w.refused(chu, "/inspections", patrol(i11, site5, "03-02 08:30", "03-02 08:50", object{"kind": "campaign"}), 422, "invalid_fields", "campaign")
	w.refused(chu, "/inspections", patrol(i11, areaC1, "03-02 08:30", "03-02 08:50", of), 409, "not_in_campaign")
	w.cmd(chu, "/inspections", patrol(i11, site5, "03-02 08:30", "03-02 08:50", of))
	progress(1)
	w.cmd(wu, "/inspections/"+i11+"/void", object{"reason": "记错单位"})
	progress(0)
	w.refused(chu, "/inspections/"+i11+"/amend", object{"reason": "再改", "content": "x"}, 409, "inspection_voided")
}

// dutyEnds: a duty over two cells ends on both; who held it then may act no more, and the next office stands in.
func (w *walk) dutyEnds() {
	var duty string
	for _, d := range w.read("/cells/" + areaA2 + "/duties?programme=fire").items() {
		if at(d, "person") == feng {
			duty = at(d, "id").(string)
		}
	}
	w.refused(sun, "/cells/"+street2+"/duties/"+duty+"/end", object{"at": at8("03-02 13:00")}, 404, "duty_not_found")
	w.refused(li, "/cells/"+areaA2+"/duties/"+duty+"/end", object{"at": at8("03-02 13:00")}, 403, "not_in_charge")
	w.cmd(zhou, "/cells/"+areaA2+"/duties/"+duty+"/end", object{"at": at8("03-02 13:00")})
	w.refused(zhou, "/cells/"+areaA2+"/duties/"+duty+"/end", object{"at": at8("03-02 14:00")}, 409, "duty_ended")
	for _, area := range []string{areaA1, areaA2} {
		then := w.read("/cells/" + area + "/duties?programme=fire&at=2026-03-02T13:00:00%2B08:00")
		for _, d := range then.items() {
			if at(d, "person") == feng {
				w.t.Errorf("feng still holds a duty on %s", area)
			}
		}
	}
	w.clock("03-02 14:00")
	w.cmd(feng, "/inspections", patrol(i12, site1, "03-02 12:30", "03-02 12:50", nil)) // he held it then
	w.cmd(feng, "/inspections", patrol(i13, site1, "03-02 13:30", "03-02 13:50", nil))
	w.patrolled("fire", site1, "2026-03-02", 1, 1, roles{"officer": 1})
}

// batchItems: each item of a batch is taken or refused for itself, and an id is one patrol.
func (w *walk) batchItems() {
	good := patrol(i1, site1, "03-02 08:30", "03-02 08:50", nil)
	a := w.by(feng).post("/inspections/batch", object{"items": []object{
		good,
		patrol(i2, site1, "03-02 08:30", "03-02 08:50", object{"started_at": "yesterday"}),
		patrol(i3, site1, "03-02 08:30", "03-02 08:50", object{"colour": "red"}),
		patrol(i4, site1, "03-02 09:00", "03-02 10:00", nil),
		patrol(i5, "4101040010010010099", "03-02 08:30", "03-02 08:50", nil),
		good,
		patrol(i1, site1, "03-02 08:30", "03-02 08:50", object{"content": "别的内容"}),
	}}).ok(200)
	equal(w.t, "the items", column(list(a.at("results")), "status"), []string{"created", "rejected", "rejected", "rejected", "rejected", "duplicate", "rejected"})
	holds(w.t, "the items", a.doc, object{"results.1.problem.errors.0.field": "started_at", "results.2.problem.errors.0.field": "colour",
		"results.3.problem.code": "in_future", "results.4.problem.code": "cell_not_found", "results.4.problem.status": 404,
		"results.6.problem.code": "id_reused", "results.6.problem.status": 409})
	w.position = a.text("position")
	w.patrolled("fire", site1, "2026-03-02", 1, 0, roles{"officer": 1})
	var many []object
	for range 501 {
		many = append(many, good)
	}
	w.refused(feng, "/inspections/batch", object{"items": many}, 422, "invalid_fields", "items")
	w.refused(feng, "/inspections/batch", object{"items": []object{}}, 422, "invalid_fields", "items")
	w.cmd(feng, "/inspections/"+i1+"/void", object{"reason": "演练"})
}
