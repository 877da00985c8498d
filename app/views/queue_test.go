package views_test

import (
	"fmt"
	"testing"
	"time"

	"gridward/app/views"
	"gridward/domain/fault"
	"gridward/domain/hazard"
	"gridward/domain/notice"
)

// Within a rank those furthest past their deadline come first, then those whose deadline is near, then those without
// one; of equals the one that waits longest. Paging keeps the order, whatever the clock does meanwhile.
func TestTheQueueByTheDeadline(t *testing.T) {
	w := newRoad(t)
	a1 := *holder(area1, "a1")
	begin := func(id, day string) {
		w.at(day+" 09:00", id, reported(day+" 09:00", id, site1), filed(day+" 09:00", site1), dispatched(day+" 09:00", a1), accepted(day+" 09:00", a1))
	}
	for i, day := range []string{"2026-03-02", "2026-03-03", "2026-03-04", "2026-03-05", "2026-03-05", "2026-03-05"} {
		begin(fmt.Sprint("c", i), day) // due two working days later, at nine
	}
	for i, id := range []string{"c4", "c5", "c3", "c2", "c1", "c0"} { // the last to be due waits longest
		when := fmt.Sprintf("2026-03-05 09:%02d", 30+i)
		w.at(when, id, hazard.Escalated{Stamp: hazard.Stamp{At: at(when), By: "chief3"}, To: street, Level: 2, Reason: "力量不足"})
	}
	w.at("2026-03-05 10:00", "c5", hazard.Suspended{Stamp: hazard.Stamp{At: at("2026-03-05 10:00"), By: "chief3"}, Reason: "停工", Until: at("2026-04-01 09:00"), Cell: community})
	w.at("2026-03-05 10:00", "c3", hazard.Reclassified{Stamp: hazard.Stamp{At: at("2026-03-05 10:00"), By: "chief3"}, Item: "exit", Severity: "serious", Limits: limits, Reason: "变化"})
	w.project()
	order, past := "", ""
	p := views.Paging{Limit: 1}
	for now := at("2026-03-05 10:00"); ; now = now.Add(24 * time.Hour) {
		page := must[views.Page[views.QueueItem]](t)(w.views.Escalations(ctx(), street, "fire", now, p))
		order += page.Items[0].Case + " "
		past += fmt.Sprint(page.Items[0].PastSeconds, " ")
		if page.NextCursor == nil {
			break
		}
		p.Cursor = *page.NextCursor
	}
	// c3 is serious; c0 was due on Wednesday at nine, c1 on Thursday, c2 on Friday, c4 on Monday; c5 is suspended.
	if order != "c3 c0 c1 c2 c4 c5 " {
		t.Errorf("the order: %s", order)
	}
	if past != fmt.Sprint("0 ", 49*3600, " ", 49*3600, " ", 49*3600, " ", 3600, " 0 ") {
		t.Errorf("past the deadline by then: %s", past)
	}
	if none := w.queueOf("water"); len(none) != 0 {
		t.Errorf("another programme's: %+v", none)
	}
	_, err := w.views.Escalations(ctx(), street, "fire", w.now, views.Paging{Cursor: p.Cursor[:len(p.Cursor)-2]})
	wantFault(t, err, fault.Invalid, "bad_cursor")
	w.same()
}

func (w *road) queueOf(programme string) []views.QueueItem {
	w.t.Helper()
	return must[views.Page[views.QueueItem]](w.t)(w.views.Escalations(ctx(), street, programme, w.now, views.Paging{})).Items
}

func (w *road) digests(person string, p views.Paging) views.Page[views.Digest] {
	w.t.Helper()
	w.project()
	return must[views.Page[views.Digest]](w.t)(w.views.Notices(ctx(), person, p))
}

// Everybody has one digest a day, by the day on which they can know, however much is in it.
func TestOneDigestAPersonAndDay(t *testing.T) {
	w := newRoad(t)
	a1 := *holder(area1, "a1")
	w.toRectification("c1")
	w.now = at("2026-03-01 10:00")
	w.toRectification("c2")
	opened := func(person, day string) {
		w.put("notices-"+person+"-202603", "system", notice.DigestOpened{Person: person, Day: day, At: w.now})
	}
	for _, id := range []string{"c1", "c2"} {
		w.at("2026-03-04 14:30", id, red("2026-03-04 14:30", a1)) // tells a1 and chief3
	}
	w.at("2026-03-05 00:30", "c1", hazard.Supervised{Stamp: hazard.Stamp{At: at("2026-03-04 23:30"), By: "chief2"}, Measure: "order", Level: 2, Cell: street}) // by hand: tells a1
	w.at("2026-03-05 15:00", "c1", hazard.Escalated{Stamp: hazard.Stamp{At: at("2026-03-05 15:00"), By: "chief3"}, To: street, Level: 2, Reason: "力量不足", Office: holder(street, "chief2")})
	opened("a1", "2026-03-04")
	opened("chief3", "2026-03-04")
	opened("a1", "2026-03-05")
	opened("chief2", "2026-03-05")
	days := w.digests("a1", views.Paging{}).Items
	if len(days) != 2 || days[0].Day != "2026-03-05" || days[1].Day != "2026-03-04" {
		t.Fatalf("the newest day first: %s", text(days))
	}
	if d := days[1]; d.Red != 2 || d.Yellow+d.Escalations+d.Supervisions != 0 || len(d.Items) != 2 || d.Items[0].Case != "c1" || d.Items[1].Case != "c2" {
		t.Errorf("two red cards: %s", text(d))
	}
	if d := days[0]; d.Red != 0 || d.Supervisions != 1 || d.Escalations != 1 {
		t.Errorf("what happened on Wednesday and was told on Thursday is Thursday's: %s", text(d))
	}
	wantJSON(t, days[1].Items[0], `{"kind":"red","case":"c1","programme":"fire","cell":"4101040010010010001","item":"exit","severity":"minor","state":"rectifying",
		"stage":"rectification","at":"2026-03-04T14:30:00+08:00","deadline":"2026-03-04T14:30:00+08:00"}`)
	if d := w.digests("chief3", views.Paging{}).Items; len(d) != 1 || d[0].Red != 2 {
		t.Errorf("the chief above hears of both: %s", text(d))
	}
	if d := w.digests("chief2", views.Paging{}).Items; len(d) != 1 || d[0].Escalations != 1 || len(d[0].Items) != 1 {
		t.Errorf("the office it waits at: %s", text(d))
	}
	if d := w.digests("d1", views.Paging{}).Items; len(d) != 0 {
		t.Errorf("nobody told d1 anything: %s", text(d))
	}
	first := w.digests("a1", views.Paging{Limit: 1})
	second := w.digests("a1", views.Paging{Limit: 1, Cursor: *first.NextCursor})
	if first.Items[0].Day != "2026-03-05" || second.Items[0].Day != "2026-03-04" || second.NextCursor != nil {
		t.Errorf("page by page: %s %s", text(first), text(second))
	}
	_, err := w.views.Notices(ctx(), "nobody", views.Paging{})
	wantFault(t, err, fault.NotFound, "person_not_found")
	w.same()
}
