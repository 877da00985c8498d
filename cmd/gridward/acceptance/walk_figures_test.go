//go:build acceptance

package acceptance

import (
	"fmt"
	"slices"
)

// roles is done by role; a role not named did nothing.
type roles map[string]int

// patrolled holds what was done in a cell's subtree in a period.
func (w *walk) patrolled(programme, cell, period string, done, other int, byRole roles) answer {
	w.t.Helper()
	a := w.read("/cells/" + cell + "/patrols?programme=" + programme + "&period=" + period)
	what := fmt.Sprintf("%s at %s in %s", programme, cell, period)
	holds(w.t, what, a.doc, object{"done": done, "other": other, "cell": cell, "programme": programme, "period": period})
	got := roles{}
	for _, r := range list(a.at("by_role")) {
		if n := int(at(r, "done").(float64)); n > 0 {
			got[at(r, "role").(string)] = n
		}
	}
	equal(w.t, what+" by role", got, byRole)
	return a
}

// below holds what the cells directly below a cell did: "code done other".
func (w *walk) below(programme, cell, period string, want ...string) {
	w.t.Helper()
	a := w.read("/cells/" + cell + "/patrols?programme=" + programme + "&period=" + period)
	got := []string{}
	for _, c := range list(a.at("children")) {
		got = append(got, fmt.Sprintf("%v %v %v", at(c, "cell"), at(c, "done"), at(c, "other")))
	}
	equal(w.t, fmt.Sprintf("%s below %s in %s", programme, cell, period), got, want)
}

// patrols holds the counts at the end of the story, level by level and period by period.
func (w *walk) patrols() {
	w.t.Helper()
	// Day by day in the whole district. On 03-02 the walk counts once: i1 with i2, i3, i4.
	w.patrolled("fire", district, "2026-03-02", 3, 0, roles{"officer": 3, "building_head": 1, "police_officer": 1, "room_head": 1})
	w.patrolled("fire", district, "2026-03-03", 2, 1, roles{"officer": 1, "group_head": 1, "building_head": 1}) // i5, i6; i7 is other
	w.patrolled("fire", district, "2026-03-04", 0, 0, roles{})                                                  // i8 a recheck, i9 void
	w.patrolled("fire", district, "2026-03-05", 2, 0, roles{"officer": 2})                                      // i11, i12; i10 moved away
	w.patrolled("fire", district, "2026-03-06", 2, 0, roles{"officer": 2})                                      // i13, i10
	w.patrolled("fire", district, "2026-03-07", 1, 0, roles{"officer": 1})                                      // b3, over midnight
	w.patrolled("fire", district, "2026-03-08", 1, 0, roles{"officer": 1})                                      // b5
	// Weeks, months, quarters, half-years, years. W10 is 03-02 to 03-08; 2025-12-31 lies in 2026-W01.
	week := roles{"officer": 10, "building_head": 2, "group_head": 1, "police_officer": 1, "room_head": 1}
	quarter := roles{"officer": 11, "building_head": 2, "group_head": 1, "police_officer": 1, "room_head": 1}
	w.patrolled("fire", district, "2026-W10", 11, 1, week)
	w.patrolled("fire", district, "2026-W11", 0, 0, roles{})
	w.patrolled("fire", district, "2026-W09", 1, 0, roles{"officer": 1})
	w.patrolled("fire", district, "2026-W01", 1, 0, roles{"officer": 1})
	w.patrolled("fire", district, "2026-03", 11, 1, week)
	w.patrolled("fire", district, "2026-02", 1, 0, roles{"officer": 1})
	w.patrolled("fire", district, "2025-12", 1, 0, roles{"officer": 1})
	w.patrolled("fire", district, "2026-Q1", 12, 1, quarter)
	w.patrolled("fire", district, "2026-Q2", 0, 0, roles{})
	w.patrolled("fire", district, "2025-Q4", 1, 0, roles{"officer": 1})
	w.patrolled("fire", district, "2026-H1", 12, 1, quarter)
	w.patrolled("fire", district, "2025-H2", 1, 0, roles{"officer": 1})
	w.patrolled("fire", district, "2026", 12, 1, quarter)
	w.patrolled("fire", district, "2025", 1, 0, roles{"officer": 1})
	// Level by level in March.
	w.patrolled("fire", street1, "2026-03", 10, 1, roles{"officer": 9, "building_head": 2, "group_head": 1, "police_officer": 1})
	w.patrolled("fire", street2, "2026-03", 1, 0, roles{"officer": 1, "room_head": 1})
	w.patrolled("fire", commA, "2026-03", 7, 0, roles{"officer": 6, "building_head": 2, "group_head": 1, "police_officer": 1})
	w.patrolled("fire", commB, "2026-03", 3, 1, roles{"officer": 3})
	w.patrolled("fire", areaA1, "2026-03", 5, 0, roles{"officer": 4, "building_head": 2, "group_head": 1}) // the walk, i5, i6, i11, i13
	w.patrolled("fire", areaA1, "2026-03-02", 1, 0, roles{"officer": 1, "building_head": 1})               // the walk
	w.patrolled("fire", areaA2, "2026-03", 2, 0, roles{"officer": 2, "police_officer": 1})
	w.patrolled("fire", site1, "2026-03-02", 1, 0, roles{"officer": 1, "building_head": 1}) // each premises for itself
	w.patrolled("fire", site2, "2026-03-02", 1, 0, roles{"officer": 1})
	w.patrolled("fire", site1, "2026-03", 2, 0, roles{"officer": 1, "building_head": 2})
	w.patrolled("fire", site2, "2026-03", 3, 0, roles{"officer": 3})
	w.patrolled("fire", site3, "2026-03", 2, 0, roles{"officer": 2, "police_officer": 1})
	w.patrolled("fire", site4, "2026-03", 2, 1, roles{"officer": 2})
	w.patrolled("fire", site4, "2026-Q1", 3, 1, roles{"officer": 3})
	w.patrolled("fire", site5, "2026-W10", 1, 0, roles{"officer": 1, "room_head": 1})
	w.below("fire", district, "2026-03", street1+" 10 1", street2+" 1 0")
	w.below("fire", street1, "2026-03", commA+" 7 0", commB+" 3 1")
	w.below("fire", commA, "2026-03", areaA1+" 5 0", areaA2+" 2 0")
	w.below("fire", areaA1, "2026-03", site1+" 2 0", site2+" 3 0")
	w.below("fire", areaB1, "2026-03", site4+" 2 1")
	// Other programmes, and all together.
	w.patrolled("water", district, "2026-W11", 2, 0, roles{"inspector": 1, "brigade": 1, "irrigation_head": 1})
	w.patrolled("water", commA, "2026-03-10", 1, 0, roles{"inspector": 1, "brigade": 1})
	w.below("water", district, "2026-03", street1+" 1 0", street2+" 1 0")
	w.patrolled("market", areaA1, "2026-03-11", 1, 0, roles{"section_lead": 1, "section_assistant": 1})
	w.patrolled("market", district, "2026-Q1", 1, 0, roles{"section_lead": 1, "section_assistant": 1})
	all := w.read("/cells/" + district + "/patrols?period=2026-03")
	holds(w.t, "all programmes in March", all.doc, object{"done": 14, "other": 1})
	w.admin.get("/cells/"+district+"/patrols?period=2026-13").refused(422, "invalid_fields", "period")
	w.admin.get("/cells/"+district+"/patrols?period=2026-W54").refused(422, "invalid_fields", "period")
}

// campaigns holds the progress of both: s2 and s3 of s2, s3, s4, s2 twice; and no inspection named the other one.
func (w *walk) campaigns() {
	first := w.read("/campaigns/" + campaign1)
	holds(w.t, "campaign 1", first.doc, object{"title": "小场所专项", "progress": object{"targets": 3, "inspected": 2},
		"targets.0.cell": site2, "targets.0.name": "老马烩面馆", "targets.0.inspections": 2,
		"targets.1.cell": site3, "targets.1.inspections": 1, "targets.2.cell": site4, "targets.2.inspections": 0})
	second := w.read("/campaigns/" + campaign2)
	holds(w.t, "campaign 2", second.doc, object{"class": "small_restaurant", "progress": object{"targets": 1, "inspected": 0}, "targets.0.cell": site2})
	equal(w.t, "campaigns of the district", len(w.read("/campaigns?cell="+district).items()), 2)
	equal(w.t, "campaigns of street 1", column(w.read("/campaigns?cell="+street1).items(), "id"), []string{campaign1})
}

// inspections holds what the listing of inspections finds, the last begun first, and the first of them whole.
func (w *walk) inspections() {
	listed := func(query string, want ...string) {
		w.t.Helper()
		equal(w.t, "inspections with "+query, column(w.read("/inspections?"+query).items(), "id"), want)
	}
	listed("cell="+site1, i8, i6, i1)
	listed("programme=fire&officer="+feng, i13, i12, i11, i8, i5, i7, i3, i2, i1)
	listed("from=2026-03-07&to=2026-03-08", b5, b3)
	listed("programme=water", w3, w2)
	listed("cell="+commB+"&from=2026-03-04", b5, b3, i10)
	holds(w.t, "i1", w.read("/inspections/"+i1).doc, object{"programme_version": 1, "officer": feng, "walk": "walk-1", "participants": []string{jiang, "刘大爷"},
		"hazards.0.case": h1, "hazards.0.description": "二单元楼道堆放杂物", "acting.0.role": "building_head", "acting.0.cell": site1, "acting.1.role": "officer",
		"acting.1.cell": areaA1, "acting.1.acts_as": "officer", "acting.2": nil, "revision": 1, "voided": false, "recorded_at": at8("03-02 09:25")})
	holds(w.t, "i7", w.read("/inspections/"+i7).doc, object{"acting": []any{}, "cases": []any{}})
}

// found holds which cases a listing finds, whatever their order.
func (w *walk) found(query string, want ...string) {
	w.t.Helper()
	got := map[string]bool{}
	for _, id := range column(w.read("/cases?"+query).items(), "id") {
		got[id] = true
	}
	expected := map[string]bool{}
	for _, id := range want {
		expected[id] = true
	}
	equal(w.t, "cases with "+query, got, expected)
}

// cases holds every case as it stands at the end, and what the listings find.
func (w *walk) cases() {
	w.t.Helper()
	w.state(h1, "closed", object{"severity": "minor", "round": 1, "rework_count": 0, "rating": "good", "cell": site1, "performed_by": zheng,
		"last_check": "passed", "description": "二单元楼道堆放杂物", "reported_at": at8("03-02 09:20"), "cards": []any{}, "extensions": []any{},
		"suspended": false, "overdue": false, "on_the_spot": false, "version": 7, "closed_at_top": false})
	w.state(h2, "closed", object{"severity": "minor", "rating": "good", "on_the_spot": true, "cell": site2, "version": 5})
	w.state(w.h3, "closed", object{"severity": "serious", "rating": "fair", "cell": site3, "performed_by": "恒通物业公司", "escalation": nil,
		"supervision": nil, "transfers.0.document_no": "北消移〔2026〕3号", "transfers.0.authority": "管城公安分局北下街派出所", "transfers.0.cell": street1,
		"transfers.0.at": at8("03-03 14:10"), "transfers.0.replied_at": at8("03-06 15:30"), "transfers.0.outcome": "已责令改正"})
	w.state(w.h4, "closed", object{"severity": "major", "rating": "good", "cell": site5, "listing_awaited": false, "performed_by": wu, "deadline": nil})
	w.state(h5, "closed", object{"severity": "serious", "rating": "average", "rework_count": 1, "round": 1, "cell": site4, "item": "ebike_indoors",
		"duplicates": []string{h6}, "performed_by": shen, "source": "resident", "first_contact": chen})
	w.state(h6, "voided", object{"merged_into": h5, "rating": nil, "closed_at": nil})
	w.state(h7, "dispatched", object{"severity": "minor", "cell": site4, "holder.person": chen})
	w.state(w.h8, "rectifying", object{"severity": "minor", "cell": commA, "holder.person": you})
	w.state(w.h9, "closed", object{"severity": "serious", "rating": "good", "cell": site2, "performed_by": "店主马某"})
	w.state(w.h10, "reported", object{"round": 2, "cell": site3, "merged_into": nil})

	w.found("limit=500", h1, h2, w.h3, w.h4, h5, h6, h7, w.h8, w.h9, w.h10)
	w.found("state=closed", h1, h2, w.h3, w.h4, h5, w.h9)
	w.found("state=voided", h6)
	w.found("state=reported", w.h10)
	w.found("programme=fire&state=dispatched", h7)
	w.found("programme=water", w.h8)
	w.found("severity=serious", w.h3, h5, w.h9)
	w.found("severity=major", w.h4)
	w.found("item=food_expired", w.h9)
	w.found("cell="+commB, h5, h6, h7)
	w.found("cell="+areaA1, h1, h2, w.h9)
	w.found("cell="+commA, h1, h2, w.h3, w.h8, w.h9, w.h10)
	w.found("cell="+street2, w.h4)
	w.found("holder="+chen, h7)
	w.found("holder="+commA+"&state=rectifying", w.h8)
	w.found("supervised=true")
	w.found("overdue=true")
	w.found("from=2026-03-04&to=2026-03-04", h5, h6)
	w.queue(district)
	w.queue(street1)
	w.queue(commA)

	// Page by page, the last reported first.
	var paged []string
	path := "/cases?limit=3"
	for range 4 {
		a := w.read(path)
		paged = append(paged, column(a.items(), "id")...)
		if a.at("next_cursor") == nil {
			break
		}
		path = "/cases?limit=3&cursor=" + a.text("next_cursor")
	}
	equal(w.t, "the cases page by page", paged, []string{w.h10, w.h9, w.h8, h7, h6, h5, w.h4, w.h3, h2, h1})
}

// gridReads holds what the grid reads once it is set up.
func (w *walk) gridReads() {
	codes := func(query string, want ...string) {
		w.t.Helper()
		equal(w.t, "cells with "+query, column(w.read("/cells?"+query).items(), "code"), append([]string{}, want...))
	}
	codes("level=1", district)
	codes("parent="+district, street1, street2)
	codes("level=4", areaA1, areaA2, areaB1, areaC1)
	codes("level=5", site1, site2, site3, site4, site5)
	codes("class=small_restaurant", site2)
	codes("q=%E6%B1%9F") // 江: no such name
	codes("q=%E5%AE%BE%E9%A6%86", site3)
	codes("q="+commC, commC, areaC1, site5)
	equal(w.t, "all cells", len(w.read("/cells?limit=500").items()), 15)
	one := w.read("/cells/" + site2)
	holds(w.t, "s2", one.doc, object{"code": site2, "level": 5, "parent": areaA1, "name": "老马烩面馆", "classes": object{"fire": "small_restaurant", "market": "C"},
		"attributes.address": "代书胡同2号", "retired": false, "version": 2})
	equal(w.t, "its ETag", one.header.Get("ETag"), `"2"`)
	equal(w.t, "persons", len(w.read("/persons?limit=500").items()), 21)
	holds(w.t, "feng", w.read("/persons/"+feng).doc, object{"name": "冯小刚", "phone": "13800000009", "duties.0.role": "officer",
		"duties.0.acts_as": "officer", "duties.0.cells": []string{areaA1, areaA2}, "duties.1": nil})
	equal(w.t, "departments", column(w.read("/departments").items(), "code"), []string{"fire-brigade"})
	onA1 := column(w.read("/cells/"+areaA1+"/duties?programme=fire").items(), "person")
	slices.Sort(onA1)
	equal(w.t, "duties of fire on a1", onA1, []string{zheng, feng})
	equal(w.t, "duties of water on street 2", column(w.read("/cells/"+street2+"/duties?programme=water").items(), "person"), []string{you})
	equal(w.t, "programmes", column(w.read("/programmes").items(), "code"), []string{"fire", "fire-basic", "market", "organisation", "service", "urban", "water"})
	holds(w.t, "programme fire", w.read("/programmes/fire").doc, object{"version": 1, "levels": []int{1, 2, 3, 4, 5}, "office_level": 3})
}
