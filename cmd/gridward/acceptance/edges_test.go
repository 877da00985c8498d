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
	w.reopened()
	w.reclassified()
	w.atTheTop()
	w.replaced()
	w.retired()
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
	held, waiting := w.report(chen, areaB1), w.report(chen, areaB1)
	w.cmd(sun, "/cases/"+held+"/file", object{"item": "extinguisher_expired"})
	w.state(held, "dispatched", object{"holder.cell": areaB1, "holder.person": chen})
	successors := object{"successors": []object{{"code": commB + "002", "name": "唐子巷东片"}, {"code": commB + "003", "name": "唐子巷西片"}}}
	w.refused(zhou, "/cells/"+areaB1+"/replace", successors, 403, "not_in_charge")
	w.cmd(steward, "/cells/"+areaB1+"/replace", successors)
	holds(w.t, "b1", w.read("/cells/"+areaB1).doc, object{"retired": true, "successors": []string{commB + "002", commB + "003"}, "name": "唐子巷一片"})
	holds(w.t, "its successor", w.read("/cells/"+commB+"002").doc, object{"replaces": areaB1, "retired": false, "name": "唐子巷东片"})
	w.clock("03-02 09:30") // answers when the cases have followed
	w.state(held, "filed", object{"holder.cell": street1, "holder.person": sun, "cell": areaB1})
	w.state(waiting, "reported", object{"holder.cell": street1, "holder.person": sun})
	w.timeline(held, "reported filed dispatched cell_replaced")
	w.refused(chen, "/inspections", patrol(i9, areaB1, "03-02 09:00", "03-02 09:20", nil), 409, "cell_retired")
	w.refused(steward, "/cells/"+areaB1+"/replace", successors, 409, "cell_retired")
	w.refused(steward, "/cells/"+areaB1+"/classes", nil, 405, "method_not_allowed")
}

// retired: nothing new happens in a retired cell; it stays in the ledger.
func (w *walk) retired() {
	w.refused(li, "/cells/"+site3+"/retire", object{"reason": "停业"}, 403, "not_in_charge")
	w.cmd(zhou, "/cells/"+site3+"/retire", object{"reason": "停业"})
	w.refused(feng, "/inspections", patrol(i9, site3, "03-02 09:00", "03-02 09:20", nil), 409, "cell_retired")
	w.refused(feng, "/cases", object{"programme": "fire", "cell": site3, "description": "隐患", "source": "officer", "found_at": at8("03-02 09:00")}, 409, "cell_retired")
	row := w.rowOf(w.ledger(areaA2, "premises", "", 1), "code", site3)
	holds(w.t, "the retired premises", row, object{"retired": true, "name": "悦来宾馆"})
	holds(w.t, "s3", w.read("/cells/"+site3).doc, object{"retired": true, "retire_reason": "停业", "retired_at": at8("03-02 09:30")})
}
