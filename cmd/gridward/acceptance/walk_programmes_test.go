//go:build acceptance

package acceptance

import (
	"os"
	"slices"
	"strings"
)

// water is 03-10 and 03-11: a patrol without its mandatory fields is refused; the complete one finds h8.
func (w *walk) water() {
	w.clock("03-10 21:40")
	night := func(more object) object {
		p := patrol(w2, commA, "03-10 19:30", "03-10 21:30", object{"programme": "water", "participants": []string{he, "村民小组长"}, "checklist": nil,
			"content": "巡查支渠", "measures": "劝离倾倒垃圾者", "hazards": []object{{"item": "canal_littered", "description": "支渠边堆放垃圾"}}})
		for k, v := range more {
			if p[k] = v; v == nil {
				delete(p, k)
			}
		}
		return p
	}
	w.refused(xu, "/inspections", night(object{"measures": nil}), 422, "invalid_fields", "measures")
	w.refused(xu, "/inspections", night(object{"measures": nil, "content": "  ", "participants": nil}), 422, "invalid_fields", "content", "participants", "measures")
	w.refused(xu, "/inspections", night(object{"cell": nil}), 422, "invalid_fields", "cell")
	a := w.cmd(xu, "/inspections", night(nil))
	w.h8 = a.text("cases.0")

	w.clock("03-11 08:30")
	w.refused(zhou, "/cases/"+w.h8+"/file", object{"item": "canal_littered"}, 403, "not_in_charge")
	w.cmd(you, "/cases/"+w.h8+"/file", object{"item": "canal_littered"})
	w.state(w.h8, "dispatched", object{"programme": "water", "holder.cell": commA, "holder.person": you, "holder.role": "irrigation_head"})
	w.clock("03-11 09:00")
	keyed := w.by(you).with("Idempotency-Key", "you-1")
	first := w.changed(keyed.post("/cases/"+w.h8+"/accept", object{}))
	again := keyed.post("/cases/"+w.h8+"/accept", object{}).ok(200)
	equal(w.t, "accepting again under the same key", again.doc, first.doc)
	keyed.post("/cases/"+w.h8+"/return", object{"reason": "不归我管"}).refused(422, "idempotency_key_reused")
}

// market is 03-11: lead and assistant visit a restaurant; the owner rectifies and the lead records it.
func (w *walk) market() {
	w.clock("03-11 10:45")
	visit := func(more object) object {
		p := patrol(m1, site2, "03-11 10:00", "03-11 10:40", object{"programme": "market", "participants": []string{qin}, "checklist": passed(checklists["market"]...),
			"location": object{"lon": 113.6871, "lat": 34.7525, "accuracy_m": 12}, "hazards": []object{{"item": "food_expired", "description": "过期食用油两桶"}}})
		for k, v := range more {
			if p[k] = v; v == nil {
				delete(p, k)
			}
		}
		return p
	}
	w.refused(zhu, "/inspections", visit(object{"location": nil}), 422, "invalid_fields", "location")
	w.refused(zhu, "/inspections", visit(object{"checklist": passed(checklists["market"][:7]...)}), 422, "invalid_fields", "checklist")
	w.refused(zhu, "/inspections", visit(object{"cell": street1}), 422, "invalid_fields", "cell")
	w.h9 = w.cmd(zhu, "/inspections", visit(nil)).text("cases.0")

	w.clock("03-11 11:00")
	w.cmd(yang, "/cases/"+w.h9+"/file", object{"item": "food_expired"})
	w.state(w.h9, "filed", object{"holder.cell": commA, "holder.person": yang, "severity": "serious"})
	w.clock("03-11 11:10")
	w.cmd(yang, "/cases/"+w.h9+"/dispatch", object{"cell": areaA1, "limit": object{"n": 4, "unit": "working_hour"}})
	w.state(w.h9, "dispatched", object{"holder.cell": areaA1, "holder.person": zhu, "holder.role": "section_lead"})
	w.clock("03-11 11:20")
	w.refused(feng, "/cases/"+w.h9+"/accept", object{}, 403, "not_the_holder")
	w.cmd(zhu, "/cases/"+w.h9+"/accept", object{})
	w.clock("03-11 14:00")
	w.cmd(zhu, "/cases/"+w.h9+"/rectify", object{"measures": "下架封存", "performed_by": "店主马某", "evidence": photos("after")})
	w.clock("03-11 14:30")
	w.cmd(qin, "/cases/"+w.h9+"/check", object{"result": "passed"})
	w.refused(zhu, "/cases/"+w.h9+"/close", object{"rating": "good"}, 409, "separation_of_duties")
	w.refused(qin, "/cases/"+w.h9+"/close", object{"rating": "good"}, 403, "not_in_charge")
	w.clock("03-11 15:00")
	w.cmd(yang, "/cases/"+w.h9+"/close", object{"rating": "good"})
}

// lastDay is Thursday 03-12: a case voided and reopened, a new version of the programme, the end of a duty.
func (w *walk) lastDay() {
	w.clock("03-12 09:00")
	report := object{"programme": "fire", "cell": site3, "description": "疑似烟感故障", "source": "officer", "found_at": at8("03-12 08:50")}
	phone := w.by(feng).with("Idempotency-Key", "phone-7/2026-03-12/1")
	w.h10 = w.changed(phone.post("/cases", report)).text("id")
	again := phone.post("/cases", report).ok(201)
	holds(w.t, "the same key again", again.doc, object{"id": w.h10, "version": 1, "position": w.position})
	other := object{"programme": "fire", "cell": site3, "description": "另一件事", "source": "officer", "found_at": at8("03-12 08:50")}
	phone.post("/cases", other).refused(422, "idempotency_key_reused")
	w.clock("03-12 09:10")
	w.cmd(zhou, "/cases/"+w.h10+"/void", object{"reason": "误报"})
	w.state(w.h10, "voided", nil)
	w.clock("03-12 09:20")
	w.refused(zhou, "/cases/"+w.h10+"/reopen", object{"reason": "再看"}, 403, "not_in_charge")
	w.cmd(sun, "/cases/"+w.h10+"/reopen", object{"reason": "烟感确有故障"})
	w.state(w.h10, "reported", object{"round": 2})
	w.clock("03-12 09:25")
	w.cmd(feng, "/cases/"+w.h10+"/note", object{"text": "维保单位明日到场"})
	w.refused(chu, "/cases/"+w.h10+"/note", object{"text": "路过"}, 403, "out_of_scope")

	w.clock("03-12 10:00")
	w.cmd(you, "/inspections", patrol(w3, commC, "03-12 09:00", "03-12 09:50", object{"programme": "water", "checklist": nil, "content": "巡查干渠",
		"measures": "清理闸前漂浮物", "participants": []string{"管水员"}}))

	w.refused(feng, "/inspections", patrol(i13, site2, "03-12 09:00", "03-12 09:50", object{"campaign": campaign1}), 409, "id_reused")
	w.refused(feng, "/inspections", patrol("", site2, "03-12 09:00", "03-12 09:50", object{"id": nil, "campaign": campaign1}), 409, "campaign_not_running")
	w.refused(feng, "/inspections", patrol("", site2, "03-12 09:00", "03-12 09:50", object{"id": nil, "occurred_at": at8("03-12 09:00")}),
		422, "invalid_fields", "occurred_at")

	w.clock("03-12 10:10")
	source, err := os.ReadFile("../../../adapters/programmes/files/fire.yaml")
	if err != nil {
		w.t.Fatal(err)
	}
	faster := strings.Replace(string(source), "rectification: 3 working_day", "rectification: 2 working_day", 1)
	yaml := w.admin.with("Content-Type", "application/yaml")
	yaml.post("/programmes", strings.Replace(faster, "acts_as: chief", "acts_as: king", 1)).ok(422)
	w.by(zhao).with("Content-Type", "application/yaml").post("/programmes", faster).refused(403, "not_steward")
	w.changed(yaml.post("/programmes", faster))
	holds(w.t, "programme fire", w.read("/programmes/fire").doc, object{"version": 2, "versions": []int{1, 2}, "office_level": 3})
	w.clock("03-12 10:20")
	w.cmd(sun, "/cases/"+h7+"/file", object{"item": "wiring_makeshift"})
	w.state(h7, "dispatched", object{"programme_version": 2, "limits.rectification": object{"n": 2, "unit": "working_day"}, "holder.cell": areaB1})
	w.state(h1, "closed", object{"programme_version": 1, "limits.rectification": object{"n": 3, "unit": "working_day"}})

	w.clock("03-12 10:30")
	w.cmd(steward, "/cells/"+district+"/duties/"+qianDuty+"/end", object{"at": at8("03-12 10:30")})
	held := func(at string, persons ...string) {
		a := w.read("/cells/" + district + "/duties?programme=fire&at=" + strings.ReplaceAll(at8(at), "+", "%2B"))
		got := column(a.items(), "person")
		slices.Sort(got)
		equal(w.t, "who holds a duty of fire in the district at "+at, got, persons)
	}
	held("03-12 10:29", zhao, qian)
	held("03-12 10:30", zhao)
}
