//go:build acceptance

package acceptance

import "strings"

// timeline holds which facts people put into a case's timeline, in order, without their common "case.". What time does
// there is held by the rehearsal.
func (w *walk) timeline(id, want string) answer {
	w.t.Helper()
	a := w.read("/cases/" + id + "/timeline?limit=500")
	people := []any{}
	for i, fact := range a.items() {
		holds(w.t, "the timeline of "+id, fact, object{"version": i + 1})
		if !byTime(fact) {
			people = append(people, fact)
			holds(w.t, "the timeline of "+id, fact, object{"actor": "admin"})
		}
	}
	equal(w.t, "the timeline of "+id, strings.ReplaceAll(strings.Join(column(people, "type"), " "), "case.", ""), want)
	a.doc = map[string]any{"items": people}
	return a
}

// byTime tells what time did, or follows from it.
func byTime(fact any) bool {
	kind := at(fact, "type").(string)
	return strings.HasPrefix(kind, "case.card_") || strings.HasPrefix(kind, "patrol.") || strings.HasPrefix(kind, "notice.") ||
		strings.HasPrefix(kind, "case.") && at(fact, "actor") == "system"
}

// timelines holds every fact of every case: the order, both times, who, and the words.
func (w *walk) timelines() {
	a := w.timeline(h1, "reported filed dispatched accepted rectified checked closed")
	holds(w.t, "h1", a.doc, object{
		"items.0.occurred_at": at8("03-02 09:20"), "items.0.recorded_at": at8("03-02 09:25"), "items.0.on_behalf_of": feng, "items.0.late": false,
		"items.0.words.description": "二单元楼道堆放杂物", "items.0.words.inspection": i1,
		"items.1.occurred_at": at8("03-02 10:45"), "items.1.on_behalf_of": zhou, "items.1.words.item": "corridor_cluttered", "items.1.words.programme_version": 1,
		"items.2.on_behalf_of": zhou, "items.2.words.automatic": true, "items.2.words.to.cell": areaA1, "items.2.words.to.person": zheng, "items.2.words.office": commA,
		"items.3.occurred_at": at8("03-02 11:30"), "items.3.recorded_at": at8("03-02 14:00"), "items.3.late": true, "items.3.on_behalf_of": zheng,
		"items.4.words.measures": "清运杂物，张贴通知", "items.4.words.performed_by": zheng, "items.4.words.evidence.1.phase": "after", "items.4.recorded_at": at8("03-02 16:00"),
		"items.5.on_behalf_of": feng, "items.5.words.result": "passed", "items.5.words.note": "楼道已清空",
		"items.6.on_behalf_of": zhou, "items.6.words.rating": "good", "items.6.words.note": "处置及时", "items.6.occurred_at": at8("03-02 17:00"), "items.6.late": false})

	a = w.timeline(h2, "reported filed rectified checked closed")
	holds(w.t, "h2", a.doc, object{"items.1.words.on_the_spot": true, "items.2.words.on_the_spot": true, "items.2.words.measures": "挪开货架",
		"items.2.words.performed_by": feng, "items.2.occurred_at": at8("03-02 09:40"), "items.3.on_behalf_of": zheng, "items.4.on_behalf_of": zhou,
		"items.4.occurred_at": at8("03-03 09:10")})

	a = w.timeline(w.h3, "reported filed dispatched accepted transferred escalated escalation_acknowledged escalated supervised rectified "+
		"transfer_replied checked supervision_lifted closed")
	holds(w.t, "h3", a.doc, object{
		"items.4.words.document_no": "北消移〔2026〕3号", "items.4.words.note": "移交安全出口上锁线索", "items.4.on_behalf_of": sun,
		"items.5.words.reason": "业主拒不配合", "items.5.words.to": commA, "items.5.words.level": 3, "items.5.occurred_at": at8("03-03 14:30"),
		"items.6.words.instruction": "会同派出所上门", "items.6.words.cell": commA, "items.7.words.to": street1, "items.7.words.level": 2,
		"items.8.words.measure": "order", "items.9.words.performed_by": "恒通物业公司", "items.9.on_behalf_of": wang,
		"items.10.on_behalf_of": nil, "items.10.words.outcome": "已责令改正", "items.11.on_behalf_of": wei, "items.12.words.note": "已整改",
		"items.13.words.rating": "fair"})

	a = w.timeline(w.h4, "reported filed escalated supervised dispatched accepted rectified checked supervision_lifted closed")
	holds(w.t, "h4", a.doc, object{
		"items.1.words.severity": "major", "items.1.words.listing": true, "items.2.words.automatic": true, "items.2.words.level": 1, "items.2.words.to": district,
		"items.2.occurred_at": at8("03-02 15:30"), "items.3.on_behalf_of": zhao, "items.3.words.measure": "listed", "items.3.words.plan.goal": "搬离住宿人员",
		"items.3.words.plan.measures": "停产整改，封闭二层", "items.3.words.plan.funds": "企业自筹12万元", "items.3.words.plan.responsible_body": "兴旺服装厂",
		"items.3.words.plan.deadline": at8("04-10 18:00"), "items.3.words.plan.safety_plan": "整改期间断电、专人值守",
		"items.4.words.instruction": "三日内清退住宿人员", "items.4.words.assisting.0.department": "fire-brigade", "items.8.on_behalf_of": zhao,
		"items.9.on_behalf_of": li})

	a = w.timeline(h5, "reported verification_requested verified filed dispatched duplicate_linked returned dispatched accepted rectified checked "+
		"rectified checked closed feedback_given")
	holds(w.t, "h5", a.doc, object{
		"items.0.words.reporter.name": "何大妈", "items.0.words.reporter.phone": "13900000001", "items.0.words.source": "resident", "items.0.words.vacant": []string{commB},
		"items.1.words.cell": areaB1, "items.1.words.note": "请到现场核实", "items.2.words.note": "三辆车正在充电", "items.2.on_behalf_of": chen,
		"items.3.words.cell": site4, "items.5.words.from": h6, "items.6.words.reason": "超出片区职权，需消防部门执法", "items.7.words.to.department": "fire-brigade",
		"items.7.words.instruction": "依法查处", "items.7.words.limit": object{"n": 4, "unit": "working_hour"}, "items.9.words.measures": "清理充电车辆",
		"items.10.words.result": "failed", "items.10.words.note": "仍有两辆车", "items.12.words.result": "passed", "items.13.words.note": "返工一次",
		"items.14.words.note": "何大妈表示满意", "items.14.words.satisfied": true})

	a = w.timeline(h6, "reported merged_into")
	holds(w.t, "h6", a.doc, object{"items.1.words.into": h5, "items.0.words.reporter.anonymous": true})
	a = w.timeline(h7, "reported filed dispatched")
	holds(w.t, "h7", a.doc, object{"items.0.late": true, "items.0.occurred_at": at8("03-08 09:30"), "items.0.recorded_at": at8("03-09 08:30"),
		"items.0.words.description": "仓库私拉电线", "items.1.words.programme_version": 2})
	a = w.timeline(w.h8, "reported filed dispatched accepted")
	holds(w.t, "h8", a.doc, object{"items.2.words.vacant": []string{commA}, "items.2.words.to.person": you})
	a = w.timeline(w.h9, "reported filed dispatched accepted rectified checked closed")
	holds(w.t, "h9", a.doc, object{"items.4.words.performed_by": "店主马某", "items.4.on_behalf_of": zhu, "items.5.on_behalf_of": qin})
	a = w.timeline(w.h10, "reported voided reopened noted")
	holds(w.t, "h10", a.doc, object{"items.1.words.reason": "误报", "items.1.words.level": 3, "items.2.words.reason": "烟感确有故障",
		"items.2.words.round": 2, "items.2.words.to": "reported", "items.3.words.text": "维保单位明日到场"})
	w.admin.get("/cases/"+i1+"/timeline").refused(404, "case_not_found")
}
