//go:build acceptance

package acceptance

// thirdDay is Wednesday 03-04: a resident's report is verified, filed, returned and given to a department; another
// report of the same is merged into it.
func (w *walk) thirdDay() {
	w.clock("03-04 08:50")
	w.cmd(feng, "/inspections", patrol(i8, site1, "03-04 08:30", "03-04 08:45", object{"kind": "recheck", "participants": []string{jiang},
		"checklist": passed("evacuation")}))

	w.clock("03-04 09:00")
	report := object{"id": h5, "programme": "fire", "cell": commB, "description": "楼下有人把电动车推进楼道充电", "source": "resident",
		"found_at": at8("03-04 08:00"), "reporter": object{"name": "何大妈", "phone": "13900000001"}}
	w.cmd(chen, "/cases", report)
	w.state(h5, "reported", object{"source": "resident", "first_contact": chen, "reporter.name": "何大妈", "reporter.phone": "13900000001",
		"holder.cell": street1, "holder.person": sun, "severity": "", "item": ""})
	again := w.by(chen).post("/cases", report).ok(201)
	holds(w.t, "the same report again", again.doc, object{"id": h5, "version": 1})
	w.refused(chen, "/cases", object{"id": h5, "programme": "fire", "cell": commB, "description": "另一件事", "source": "resident",
		"found_at": at8("03-04 08:00")}, 409, "id_reused")

	w.clock("03-04 09:40")
	w.cmd(sun, "/cases/"+h5+"/request-verification", object{"cell": areaB1, "note": "请到现场核实"})
	w.clock("03-04 10:30")
	w.refused(feng, "/cases/"+h5+"/verify", object{"result": "confirmed"}, 403, "not_asked")
	w.cmd(chen, "/cases/"+h5+"/verify", object{"result": "confirmed", "note": "三辆车正在充电"})
	w.state(h5, "reported", object{"verification.cell": areaB1, "verification.result": "confirmed"})

	w.clock("03-04 10:45")
	w.cmd(feng, "/cases", object{"id": h6, "programme": "fire", "cell": site4, "item": "ebike_indoors", "description": "超市楼上楼道充电",
		"source": "resident", "found_at": at8("03-04 10:40"), "reporter": object{"anonymous": true}})
	w.clock("03-04 11:00")
	w.cmd(sun, "/cases/"+h5+"/file", object{"item": "ebike_indoors", "cell": site4})
	w.state(h5, "dispatched", object{"cell": site4, "severity": "serious", "holder.cell": areaB1, "holder.person": chen,
		"limits.rectification": object{"n": 1, "unit": "working_day"}})

	w.clock("03-04 11:10")
	w.refused(sun, "/cases/"+h6+"/merge", object{"into": h6}, 422, "invalid_fields", "into")
	w.refused(sun, "/cases/"+h6+"/merge", object{"into": h1}, 409, "not_open")
	w.refused(chen, "/cases/"+h6+"/merge", object{"into": h5}, 403, "not_in_charge")
	w.cmd(sun, "/cases/"+h6+"/merge", object{"into": h5})
	w.state(h6, "voided", object{"merged_into": h5, "reporter.anonymous": true, "holder": nil})
	w.state(h5, "dispatched", object{"duplicates": []string{h6}})

	w.clock("03-04 14:00")
	w.cmd(chen, "/cases/"+h5+"/return", object{"reason": "超出片区职权，需消防部门执法"})
	w.state(h5, "filed", object{"holder.cell": street1, "holder.person": sun})
	w.refused(chen, "/cases/"+h5+"/accept", object{}, 409, "wrong_state")
	w.clock("03-04 14:30")
	longer := object{"department": "fire-brigade", "limit": object{"n": 3, "unit": "working_day"}}
	w.refused(sun, "/cases/"+h5+"/dispatch", longer, 422, "invalid_fields", "limit")
	w.refused(sun, "/cases/"+h5+"/dispatch", object{"department": "fire-brigade", "cell": areaB1}, 422, "invalid_fields", "cell")
	w.refused(chen, "/cases/"+h5+"/dispatch", object{"department": "fire-brigade"}, 403, "not_in_charge")
	w.cmd(sun, "/cases/"+h5+"/dispatch", object{"department": "fire-brigade", "limit": object{"n": 4, "unit": "working_hour"}, "instruction": "依法查处"})
	w.state(h5, "dispatched", object{"holder.department": "fire-brigade", "holder.person": shen, "holder.role": "brigade_inspector",
		"limits.rectification": object{"n": 4, "unit": "working_hour"}})
	w.clock("03-04 15:00")
	w.refused(chen, "/cases/"+h5+"/accept", object{}, 403, "not_the_holder")
	w.cmd(shen, "/cases/"+h5+"/accept", object{})

	w.clock("03-04 16:00")
	w.cmd(chen, "/inspections", patrol(i9, site4, "03-04 15:30", "03-04 15:50", nil))
	w.patrolled("fire", district, "2026-03-04", 1, 0, roles{"officer": 1})
}

// fourthDay is Thursday 03-05: the department's work fails its check once; a patrol is voided; the campaign begins.
func (w *walk) fourthDay() {
	w.clock("03-05 09:00")
	w.cmd(shen, "/cases/"+h5+"/rectify", object{"measures": "清理充电车辆", "evidence": photos("after")})
	w.clock("03-05 09:30")
	w.refused(shen, "/cases/"+h5+"/check", object{"result": "passed"}, 409, "separation_of_duties")
	w.cmd(sun, "/cases/"+h5+"/check", object{"result": "failed", "note": "仍有两辆车"})
	w.state(h5, "rectifying", object{"rework_count": 1, "last_check": "failed", "holder.department": "fire-brigade", "holder.person": shen, "round": 1})
	w.refused(sun, "/cases/"+h5+"/close", object{"rating": "fair"}, 409, "wrong_state")

	w.clock("03-05 09:35")
	w.cmd(chen, "/inspections", patrol(i10, site4, "03-05 09:00", "03-05 09:30", nil))
	w.clock("03-05 10:00")
	w.refused(feng, "/inspections/"+i9+"/void", object{"reason": "误录"}, 403, "not_in_charge")
	w.cmd(chen, "/inspections/"+i9+"/void", object{"reason": "误录"})
	w.refused(chen, "/inspections/"+i9+"/void", object{"reason": "误录"}, 409, "already_voided")
	holds(w.t, "i9", w.read("/inspections/"+i9).doc, object{"voided": true, "void_reason": "误录", "superseded_at": at8("03-05 10:00")})
	w.patrolled("fire", district, "2026-03-04", 0, 0, roles{})

	w.clock("03-05 11:40")
	in := func(more object) object {
		p := object{"campaign": campaign1, "checklist": passed("evacuation", "electricity")}
		for k, v := range more {
			p[k] = v
		}
		return p
	}
	w.refused(feng, "/inspections", patrol(i11, site1, "03-05 11:00", "03-05 11:30", in(nil)), 409, "not_in_campaign")
	w.refused(feng, "/inspections", patrol(i11, site2, "03-05 11:00", "03-05 11:30", in(object{"checklist": passed("evacuation")})),
		422, "invalid_fields", "checklist")
	w.cmd(feng, "/inspections", patrol(i11, site2, "03-05 11:00", "03-05 11:30", in(nil)))
	holds(w.t, "i11", w.read("/inspections/"+i11).doc, object{"kind": "campaign", "campaign": campaign1})
	w.clock("03-05 12:10")
	w.cmd(feng, "/inspections", patrol(i12, site3, "03-05 11:40", "03-05 12:00", in(nil)))
	w.patrolled("fire", district, "2026-03-05", 3, 0, roles{"officer": 3})

	w.clock("03-05 15:00")
	w.cmd(shen, "/cases/"+h5+"/rectify", object{"measures": "拖离车辆，处罚当事人", "evidence": photos("after")})
	w.refused(shen, "/cases/"+h5+"/check", object{"result": "passed"}, 409, "separation_of_duties")
	w.clock("03-05 15:30")
	w.cmd(sun, "/cases/"+h5+"/check", object{"result": "passed", "note": "已清空"})
	w.refused(sun, "/cases/"+h5+"/check", object{"result": "passed"}, 409, "already_checked")
	w.clock("03-05 15:40")
	w.cmd(sun, "/cases/"+h5+"/close", object{"rating": "average", "note": "返工一次"})
	w.clock("03-05 16:00")
	w.cmd(chen, "/cases/"+h5+"/feedback", object{"satisfied": true, "note": "何大妈表示满意"})
	w.state(h5, "closed", object{"rating": "average", "feedback.satisfied": true, "feedback.note": "何大妈表示满意"})
	w.refused(sun, "/cases/"+h5+"/dispatch", object{"cell": areaB1}, 409, "wrong_state")
}

// fifthDay is Friday 03-06: the major and the serious hazard end; a patrol is amended; the ledgers get their entries.
func (w *walk) fifthDay() {
	w.clock("03-06 09:40")
	w.cmd(feng, "/inspections", patrol(i13, site2, "03-06 09:10", "03-06 09:35", object{"campaign": campaign1,
		"checklist": passed("evacuation", "electricity")}))
	w.clock("03-06 10:00")
	w.cmd(wu, "/cases/"+w.h4+"/rectify", object{"measures": "清退住宿人员，封闭二层", "evidence": photos("before", "after")})
	w.clock("03-06 10:30")
	w.cmd(chu, "/cases/"+w.h4+"/check", object{"result": "passed"})
	w.clock("03-06 10:40")
	w.refused(li, "/cases/"+w.h4+"/close", object{"rating": "good"}, 409, "listed")
	w.refused(li, "/cases/"+w.h4+"/lift-supervision", object{}, 403, "not_in_charge")
	w.clock("03-06 10:50")
	w.cmd(zhao, "/cases/"+w.h4+"/lift-supervision", object{"note": "现场核销"})
	w.clock("03-06 11:00")
	w.cmd(li, "/cases/"+w.h4+"/close", object{"rating": "good"})
	w.state(w.h4, "closed", object{"rating": "good", "supervision": nil, "supervisions": []any{}})

	w.clock("03-06 14:00")
	moved := object{"reason": "日期填错", "started_at": at8("03-06 09:00"), "ended_at": at8("03-06 09:30")}
	w.refused(feng, "/inspections/"+i10+"/amend", moved, 403, "not_in_charge")
	w.cmd(chen, "/inspections/"+i10+"/amend", moved)
	holds(w.t, "i10", w.read("/inspections/"+i10).doc, object{"revision": 2, "reason": "日期填错", "started_at": at8("03-06 09:00"),
		"recorded_at": at8("03-06 14:00"), "revisions.0.revision": 1, "revisions.0.started_at": at8("03-05 09:00"),
		"revisions.0.superseded_at": at8("03-06 14:00"), "voided": false})

	w.clock("03-06 14:30")
	w.cmd(zhao, "/cells/"+district+"/activities", object{"programme": "fire", "kind": "meeting", "held_at": at8("03-06 14:00"), "title": "一季度安委会例会",
		"minutes": "通报重大隐患一处", "participants": []string{zhao, sun, li}})
	w.cmd(zhou, "/cells/"+commA+"/activities", object{"programme": "fire", "kind": "publicity", "held_at": at8("03-06 09:00"), "title": "消防宣传日"})
	w.cmd(wu, "/cells/"+commC+"/activities", object{"programme": "fire", "kind": "training", "held_at": at8("03-05 15:00"), "title": "企业负责人培训",
		"participants": []string{"工厂安全员"}})
	w.cmd(yang, "/cells/"+commA+"/activities", object{"programme": "market", "kind": "plan", "held_at": at8("03-02 08:00"), "title": "三月检查计划"})
	w.refused(chu, "/cells/"+commA+"/activities", object{"programme": "fire", "kind": "drill", "held_at": at8("03-06 09:00"), "title": "演练"},
		403, "no_duty_here")

	w.clock("03-06 15:00")
	w.cmd(wang, "/cases/"+w.h3+"/rectify", object{"measures": "拆除门锁，更换推杆", "performed_by": "恒通物业公司", "evidence": photos("before", "after")})
	w.queue(street1)
	w.clock("03-06 15:30")
	w.refused(steward, "/cases/"+w.h3+"/transfer-reply", object{"document_no": "北消移〔2026〕3号"}, 422, "invalid_fields", "outcome")
	w.cmd(steward, "/cases/"+w.h3+"/transfer-reply", object{"document_no": "北消移〔2026〕3号", "outcome": "已责令改正"})
	w.clock("03-06 16:00")
	w.cmd(wei, "/cases/"+w.h3+"/check", object{"result": "passed", "note": "推杆有效"})
	w.refused(wang, "/cases/"+w.h3+"/close", object{"rating": "fair"}, 409, "separation_of_duties")
	w.clock("03-06 16:10")
	w.cmd(sun, "/cases/"+w.h3+"/lift-supervision", object{"note": "已整改"})
	w.clock("03-06 16:20")
	w.cmd(zhou, "/cases/"+w.h3+"/close", object{"rating": "fair"})

	w.clock("03-06 16:30")
	w.cmd(feng, "/equipment/"+extinguishers+"/service", object{"serviced_on": "2026-03-06", "valid_until": "2027-03-31"})
	w.cmd(wu, "/equipment/"+blanket+"/retire", object{"reason": "破损"})
	w.refused(wu, "/equipment/"+blanket+"/service", object{"serviced_on": "2026-03-06"}, 409, "equipment_retired")
}

// offlineBatch is Monday 03-09: a phone that was offline sends what it kept, twice.
func (w *walk) offlineBatch() {
	w.clock("03-09 08:30")
	long := patrol(b3, areaB1, "03-07 22:00", "03-08 00:30", nil)
	older := patrol(b2, site4, "03-07 16:00", "03-07 16:30", object{"started_at": "2025-12-31T16:00:00+08:00", "ended_at": "2025-12-31T16:30:00+08:00"})
	batch := object{"items": []object{patrol(b1, site4, "02-28 10:00", "02-28 10:30", nil), older, long,
		patrol(b4, site4, "03-08 08:00", "03-08 08:20", object{"content": nil}),
		patrol(b5, site4, "03-08 09:00", "03-08 09:30", object{"hazards": []object{{"id": h7, "item": "wiring_makeshift", "description": "仓库私拉电线"}}})}}
	first := w.changed(w.by(chen).post("/inspections/batch", batch))
	equal(w.t, "the batch", column(first.at("results").([]any), "status"), []string{"created", "created", "created", "rejected", "created"})
	equal(w.t, "the ids of the batch", column(first.at("results").([]any), "id"), []string{b1, b2, b3, b4, b5})
	holds(w.t, "the rejected one", first.at("results.3.problem"), object{"status": 422, "code": "invalid_fields", "errors.0.field": "content"})
	second := w.by(chen).post("/inspections/batch", batch).ok(200)
	equal(w.t, "the batch again", column(second.at("results").([]any), "status"), []string{"duplicate", "duplicate", "duplicate", "rejected", "duplicate"})
	w.admin.get("/inspections/"+b4).refused(404, "inspection_not_found")
	w.state(h7, "reported", object{"cell": site4, "found_at": at8("03-08 09:30"), "reported_at": at8("03-08 09:30"), "holder.person": sun})
}
