//go:build acceptance

package acceptance

import (
	"fmt"
	"testing"
)

// TestRehearsal runs the month of rehearsal_world_test.go on the rehearsal clock.
func TestRehearsal(t *testing.T) {
	w := &walk{t: t, dir: t.TempDir()}
	w.start("02-09 08:00")
	w.rehearsalSetUp()

	w.beforeTheFestival()
	w.makeUpSaturday()
	w.downForThreeDays()
	w.firstDaysBack()
	w.twoRungsUp()
	w.offlineHeals()
	w.listedAndLifted()

	w.rehearsedDeadlines()
	w.rehearsedLine()
	w.rehearsedPatrols()
	w.rehearsedAsOf()
	w.rehearsedPeople()
	w.rehearsedPapers()
	w.rehearsalUpkeep()
}

func (w *walk) rehearsalSetUp() {
	w.t.Helper()
	for _, c := range cells[:2] {
		w.cmd(steward, "/cells", c)
	}
	w.cmd(steward, "/cells", cells[3]) // community A
	w.cmd(steward, "/cells", cells[6]) // area a1
	for _, p := range people {
		w.cmd(steward, "/persons", object{"id": p.id, "name": p.name, "phone": p.phone})
	}
	w.changed(w.admin.with("Content-Type", "application/yaml").do("POST", "/programmes", rehearsalProgramme))
	since := "2026-02-01T00:00:00+08:00"
	for _, d := range []struct{ programme, role, person, cell string }{
		{"watch", "chief", zhao, district}, {"watch", "chief", sun, street1}, {"watch", "chief", zhou, commA}, {"watch", "chief", zheng, areaA1},
		{"fire", "safety_committee_director", zhao, district}, {"fire", "station_head", sun, street1}, {"fire", "room_head", zhou, commA},
		{"fire", "group_head", zheng, areaA1},
	} {
		w.cmd(steward, "/cells/"+d.cell+"/duties", object{"programme": d.programme, "role": d.role, "person": d.person, "from": since})
	}
	w.cmd(steward, "/cells/"+areaA1+"/duties", object{"id": fengDuty, "programme": "watch", "role": "watcher", "person": feng, "from": since})
}

// opens reports a case of "watch" in a1 and files it; it goes to the area by itself. The area's chief accepts it.
func (w *walk) opens(id, item, instant string) {
	w.t.Helper()
	w.clock(instant)
	w.cmd(feng, "/cases", object{"id": id, "programme": "watch", "cell": areaA1, "description": "演练 " + item, "source": "officer",
		"found_at": at8(instant)})
	w.cmd(zhou, "/cases/"+id+"/file", object{"item": item})
	w.cmd(zheng, "/cases/"+id+"/accept", object{})
}

// cards holds the cards of a case in the order given: colour, stage, instant, and what became of it.
func (w *walk) cards(id string, want ...string) {
	w.t.Helper()
	var got []string
	for _, c := range list(w.read("/cases/" + id).at("cards")) {
		s := fmt.Sprintf("%v %v %v", at(c, "colour"), at(c, "stage"), short(at(c, "at")))
		if at(c, "healed") == true {
			s += " healed"
		}
		if withdrawn := at(c, "withdrawn"); withdrawn != nil {
			s += " withdrawn"
		}
		got = append(got, s)
	}
	equal(w.t, "the cards of "+id, got, want)
}

// short is an instant of 2026 as the story writes it: "02-25 10:00".
func short(v any) string {
	s := fmt.Sprint(v)
	if len(s) < 16 {
		return s
	}
	return s[5:10] + " " + s[11:16]
}

// due holds the deadline of a case's present stage.
func (w *walk) due(id, stage, instant string) {
	w.t.Helper()
	w.state(id, fmt.Sprint(w.read("/cases/"+id).at("state")), object{"deadline.stage": stage, "deadline.at": at8(instant)})
}

// beforeTheFestival is Monday the 9th to Friday the 13th.
func (w *walk) beforeTheFestival() {
	w.opens(caseD, "days", "02-09 09:00")
	w.due(caseD, "rectification", "02-14 09:00")
	w.opens(caseE, "days", "02-09 09:30")

	w.clock("02-10 09:00")
	w.patrol(feng, walkFeng, "02-10 08:10", "02-10 09:00")
	w.clock("02-10 10:00")
	w.cmd(zhou, "/cases", object{"id": caseF, "programme": "fire", "cell": areaA1, "description": "安全出口封堵", "source": "officer",
		"found_at": at8("02-10 10:00")})
	w.cmd(zhou, "/cases/"+caseF+"/file", object{"item": "crowded_exits_closed"})
	w.due(caseF, "listing", "02-11 10:00")
	w.queue(district, caseF)
	w.clock("02-10 15:00")
	w.refused(zheng, "/cases/"+caseD+"/suspend", object{"reason": "业主外出"}, 403, "not_in_charge")
	w.cmd(zhou, "/cases/"+caseD+"/suspend", object{"reason": "业主外出"})
	w.state(caseD, "rectifying", object{"suspended": true, "deadline": nil})

	w.cmd(steward, "/cells/"+areaA1+"/duties/"+fengDuty+"/end", object{"at": at8("02-11 00:00")})
	w.cmd(steward, "/cells/"+areaA1+"/duties", object{"programme": "watch", "role": "watcher", "person": chu, "from": at8("02-11 00:00")})

	w.clock("02-11 09:30")
	w.cards(caseF, "yellow listing 02-11 08:24")
	w.cmd(zhao, "/cases/"+caseF+"/supervise", object{"measure": "listed", "level": 1, "plan": object{"goal": "恢复安全出口", "measures": "拆除封堵",
		"funds": "单位自筹", "responsible_body": "商场", "deadline": at8("03-05 18:00"), "safety_plan": "停业整改"}})
	w.queue(district)
	w.opens(caseB, "hours", "02-11 10:30")
	w.due(caseB, "rectification", "02-11 16:30")
	w.clock("02-11 16:20")
	w.cards(caseB, "yellow rectification 02-11 15:42")
	w.cmd(zheng, "/cases/"+caseB+"/rectify", object{"measures": "已处理"})

	w.clock("02-12 09:00")
	w.cmd(feng, "/cases", object{"id": caseA, "programme": "watch", "cell": areaA1, "description": "演练 A", "source": "officer",
		"found_at": at8("02-12 09:00")})
	w.clock("02-12 09:30")
	w.cmd(zhou, "/cases/"+caseA+"/file", object{"item": "days"})
	w.clock("02-12 10:00")
	w.cmd(zheng, "/cases/"+caseA+"/accept", object{})
	w.due(caseA, "rectification", "02-26 10:00")
	w.clock("02-12 15:00")
	w.cmd(zhou, "/cases/"+caseD+"/resume", object{})
	w.due(caseD, "rectification", "02-25 09:00")
	w.refused(zhou, "/cases/"+caseD+"/suspend", object{"reason": "再挂"}, 409, "suspended_already")
	w.clock("02-12 18:00")
	w.cmd(zhou, "/cases/"+caseF+"/dispatch", object{"cell": areaA1, "instruction": "按挂牌方案整改"})
	w.cmd(zheng, "/cases/"+caseF+"/accept", object{})
	w.due(caseF, "rectification", "03-05 18:00")
	w.clock("02-13 10:00")
	w.cards(caseE, "yellow rectification 02-13 09:30")
	w.refused(zheng, "/cases/"+caseE+"/request-extension", object{"until_limit": object{"n": 6, "unit": "working_day"}, "reason": "太长"},
		422, "invalid_fields", "until_limit")
	w.cmd(zheng, "/cases/"+caseE+"/request-extension", object{"until_limit": object{"n": 2, "unit": "working_day"}, "reason": "等材料"})
}

// makeUpSaturday is the 14th, a Saturday that is worked.
func (w *walk) makeUpSaturday() {
	w.clock("02-14 15:00")
	w.cards(caseE, "yellow rectification 02-13 09:30", "red rectification 02-14 09:30")
	w.cmd(zhou, "/cases/"+caseE+"/decide-extension", object{"granted": true, "note": "同意"})
	w.due(caseE, "rectification", "02-25 09:30")
	w.cards(caseE, "yellow rectification 02-13 09:30 withdrawn", "red rectification 02-14 09:30 withdrawn")
	w.clock("02-14 18:00")
	w.cards(caseE, "yellow rectification 02-13 09:30 withdrawn", "red rectification 02-14 09:30 withdrawn", "yellow rectification 02-14 16:18")
}

// downForThreeDays stops the service in the holiday and starts it three days later: what was due is done, in order.
func (w *walk) downForThreeDays() {
	w.opens(caseC, "urgent", "02-17 22:00")
	w.due(caseC, "rectification", "02-18 04:00")
	w.clock("02-17 22:30")
	w.server.stop()
	w.start("02-20 22:30")
	w.clock("02-20 22:30")
	w.cards(caseC, "yellow rectification 02-18 02:48", "red rectification 02-18 04:00")
	w.state(caseC, "rectifying", object{"overdue": true})
	for _, f := range w.read("/cases/" + caseC + "/timeline").items() {
		if at(f, "type") == "case.card_given" {
			equal(w.t, "when the card was recorded", at(f, "recorded_at"), at8("02-20 22:30"))
			equal(w.t, "whether it was late", at(f, "late"), true)
		}
	}
}

// firstDaysBack is Tuesday the 24th and Wednesday the 25th.
func (w *walk) firstDaysBack() {
	w.clock("02-24 10:00")
	w.cards(caseD, "yellow rectification 02-24 09:00")
	w.cmd(zheng, "/cases/"+caseE+"/request-extension", object{"until_limit": object{"n": 1, "unit": "working_day"}, "reason": "再等一天"})
	w.clock("02-24 11:00")
	w.cmd(zhou, "/cases/"+caseE+"/decide-extension", object{"granted": true})
	w.due(caseE, "rectification", "02-26 09:30")
	w.clock("02-24 12:00")
	w.queue(commA, caseC)
	w.clock("02-24 18:00")
	w.queue(commA)
	w.queue(street1, caseC)
	w.cards(caseE, "yellow rectification 02-13 09:30 withdrawn", "red rectification 02-14 09:30 withdrawn",
		"yellow rectification 02-14 16:18 withdrawn", "yellow rectification 02-24 14:42")

	w.clock("02-25 08:30")
	w.cmd(zheng, "/cases/"+caseD+"/rectify", object{"measures": "已整改"})
	w.clock("02-25 09:00")
	w.cmd(zheng, "/cases/"+caseC+"/rectify", object{"measures": "已抢修"})
	w.queue(street1)
	w.clock("02-25 10:30")
	w.week8Missed()
	w.batchOfChu()
	w.clock("02-25 11:00")
	w.cards(caseA, "yellow rectification 02-25 10:00")
	w.refused(zheng, "/cases/"+caseE+"/request-extension", object{"until_limit": object{"n": 1, "unit": "working_day"}, "reason": "第三次"},
		409, "extensions_used")
}

// patrol logs one patrol of a1.
func (w *walk) patrol(officer, id, from, to string) {
	w.t.Helper()
	w.cmd(officer, "/inspections", patrolOf(officer, id, from, to))
}

func patrolOf(officer, id, from, to string) object {
	return object{"id": id, "programme": "watch", "cell": areaA1, "officer": officer, "kind": "routine", "started_at": at8(from),
		"ended_at": at8(to), "content": "例行巡查"}
}

// batchOfChu is what chu's phone sends when it finds a signal.
func (w *walk) batchOfChu() {
	w.t.Helper()
	a := w.by(chu).post("/inspections/batch", object{"items": []object{
		patrolOf(chu, walkChu1, "02-18 09:00", "02-18 10:00"), patrolOf(chu, walkChu2, "02-19 09:00", "02-19 10:00")}}).ok(200)
	equal(w.t, "the batch", column(list(a.at("results")), "status"), []string{"created", "created"})
	w.position = a.text("position")
}

// twoRungsUp is Thursday the 26th and Friday the 27th.
func (w *walk) twoRungsUp() {
	w.clock("02-26 09:00")
	w.cmd(zheng, "/cases/"+caseE+"/rectify", object{"measures": "材料到位，已整改"})
	w.patrol(chu, walkChu3, "02-26 08:00", "02-26 08:50")
	w.clock("02-26 10:00")
	w.cards(caseA, "yellow rectification 02-25 10:00", "red rectification 02-26 10:00")
	w.state(caseA, "rectifying", object{"overdue": false}) // it is the very instant
	w.clock("02-26 16:00")
	w.state(caseA, "rectifying", object{"overdue": true, "escalation.cell": commA, "escalation.since": at8("02-26 16:00")})
	holds(w.t, "the queue", w.queue(commA, caseA).at("items.0"), object{"since": at8("02-26 16:00"), "holder.person": zheng, "past_seconds": 6 * 3600})
	w.clock("02-27 11:00")
	w.queue(commA)
	w.queue(street1, caseA)
	w.cmd(sun, "/cases/"+caseA+"/acknowledge-escalation", object{"instruction": "今日内完成"})
	holds(w.t, "the queue", w.queue(street1, caseA).at("items.0"), object{"since": at8("02-27 10:00"), "acknowledged_by": sun, "instruction": "今日内完成"})
	w.clock("02-27 15:00")
	w.cmd(zheng, "/cases/"+caseA+"/rectify", object{"measures": "整改完毕"})
	w.queue(street1)
	w.clock("02-27 16:00")
	w.cmd(zhou, "/cases/"+caseA+"/check", object{"result": "passed"})
	w.clock("02-27 17:00")
	w.cmd(zhou, "/cases/"+caseA+"/close", object{"rating": "poor", "note": "逾期"})
}

// offlineHeals is Monday the 2nd of March, and the corrected calendar of the 3rd.
func (w *walk) offlineHeals() {
	w.clock("03-01 13:12")
	w.cards(caseF, "yellow listing 02-11 08:24", "yellow rectification 03-01 13:12")
	w.opens(caseG, "hours", "03-02 09:00")
	w.opens(caseH, "days", "03-02 10:00")
	w.due(caseH, "rectification", "03-09 10:00")
	w.clock("03-02 17:00")
	w.cards(caseG, "yellow rectification 03-02 14:12", "red rectification 03-02 15:00")
	w.cmd(zheng, "/cases/"+caseG+"/rectify", object{"measures": "当场处理", "occurred_at": at8("03-02 14:30")})
	w.cards(caseG, "yellow rectification 03-02 14:12", "red rectification 03-02 15:00 healed")

	w.clock("03-03 09:00")
	calendar := w.read("/calendars")
	year := object{"year": 2026}
	for _, y := range list(at(calendar.items()[0], "years")) {
		if at(y, "year") == float64(2026) {
			year["days"] = append(list(at(y, "days")), object{"date": "2026-03-04", "name": "演练", "off": true})
		}
	}
	a := w.changed(w.admin.post("/calendars", object{"corrects": 1, "years": []object{year}}))
	moved := map[string]bool{}
	for _, m := range list(a.at("moved")) {
		moved[fmt.Sprintf("%v %v %s to %s", at(m, "case"), at(m, "stage"), short(at(m, "from")), short(at(m, "to")))] = true
	}
	if want := caseH + " rectification 03-09 10:00 to 03-10 10:00"; !moved[want] {
		w.t.Errorf("the correction moved %v, want %s among them", moved, want)
	}
	for m := range moved { // closed A never moves
		if len(m) > 36 && m[:36] == caseA {
			w.t.Errorf("a closed case moved: %s", m)
		}
	}
	w.due(caseH, "rectification", "03-10 10:00")
}

// listedAndLifted is the end of F.
func (w *walk) listedAndLifted() {
	w.clock("03-04 10:00")
	w.cmd(zheng, "/cases/"+caseF+"/rectify", object{"measures": "出口已恢复", "evidence": photos("after")})
	w.clock("03-04 11:00")
	w.cmd(zhou, "/cases/"+caseF+"/check", object{"result": "passed"})
	w.refused(zhou, "/cases/"+caseF+"/close", object{"rating": "good"}, 409, "listed")
	w.clock("03-05 09:00")
	w.cmd(zhao, "/cases/"+caseF+"/lift-supervision", object{"note": "验收合格"})
	w.cmd(zhou, "/cases/"+caseF+"/close", object{"rating": "good"})
	w.clock("03-10 09:00")
}
