package rest_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"gridward/api/rest/gen"
	"gridward/app"
	"gridward/app/views"
	"gridward/domain/calendar"
)

// pass lets time pass until an instant, and does what it makes due.
func (h *house) pass(at string) {
	h.t.Helper()
	to, err := time.Parse(time.RFC3339, at)
	if err != nil {
		h.t.Fatal(err)
	}
	h.mu.Lock()
	h.now = to
	h.mu.Unlock()
	table := app.PatrolTable{Ended: h.views.Ended, Again: h.views.Again}
	s := app.NewScheduler(h.app, app.Schedule{Due: h.views.Due, Visible: h.views.WaitFor, PeriodEnd: h.views.PeriodEnd, Clock: h.clock,
		ClosePeriods: func(ctx context.Context, at, received time.Time) (app.Position, error) {
			return h.app.ClosePeriods(ctx, at, received, table)
		},
		Failed: func(what string, err error) { h.t.Errorf("%s: %v", what, err) }})
	if err := s.CatchUp(h.t.Context(), to); err != nil {
		h.t.Fatal(err)
	}
	head, err := h.log.Head(h.t.Context())
	if err != nil {
		h.t.Fatal(err)
	}
	h.last = head.String()
	records, err := h.log.Read(h.t.Context(), 0, 100_000)
	if err != nil {
		h.t.Fatal(err)
	}
	for _, r := range records { // what the bus does
		if err := h.app.Notify(h.t.Context(), r, zone); err != nil {
			h.t.Fatal(err)
		}
	}
	if head, err = h.log.Head(h.t.Context()); err != nil {
		h.t.Fatal(err)
	}
	h.last = head.String()
}

// timeRoutes: a case that runs late, is given more time, stands still, is closed and appealed; and what is known of it.
func timeRoutes(t *testing.T, h *house) {
	run := func(id, verb string, payload any, who string) {
		t.Helper()
		if r := h.post("/cases/"+id+"/"+verb, payload, as(who)...); r.status != http.StatusOK {
			t.Errorf("%s: %d %s", verb, r.status, r.raw)
		}
	}
	id := newCase(h, obj{"item": "extinguisher_expired", "description": "=灭火器<b>过期</b>"})
	run(id, "file", obj{"item": "extinguisher_expired"}, room)
	run(id, "accept", nil, chief) // 3 working days: until 2026-02-13 10:00
	run(id, "request-extension", obj{"until_limit": obj{"n": 1, "unit": "working_day"}, "reason": "等材料"}, chief)
	run(id, "decide-extension", obj{"granted": true, "note": "同意"}, room)
	run(id, "suspend", obj{"reason": "业主外出", "until": "2026-02-12T10:00:00+08:00"}, room)
	h.pass("2026-02-10T11:00:00+08:00")
	run(id, "resume", nil, room)
	known := h.clock()
	h.pass("2026-02-26T09:00:00+08:00") // over the Spring Festival
	items := body[struct{ Items []views.DerivedStage }](h.get("/cases/" + id + "/deadlines").want(http.StatusOK)).Items
	var late bool
	for _, d := range items {
		late = late || d.Stage == "rectification" && d.Verdict == "late" && len(d.Extensions) == 1 && len(d.Pauses) == 1
	}
	if !late {
		t.Errorf("the derivation %+v", items)
	}
	a := body[views.Accountability](h.get("/cases/" + id + "/accountability").want(http.StatusOK))
	if a.Totals.Late != 1 || a.Totals.Red != 1 || len(a.Cards) < 2 || len(a.Escalations) == 0 {
		t.Errorf("totals %+v, cards %+v", a.Totals, a.Cards)
	}
	asOf := "as_of=" + strings.ReplaceAll(known.Format(time.RFC3339), "+", "%2B")
	if then := body[views.Case](h.get("/cases/" + id + "?" + asOf).want(http.StatusOK)); then.Overdue || len(then.Cards) != 0 {
		t.Errorf("then it was %+v", then)
	}
	for _, path := range []string{"/cases/" + id + "/timeline", "/cases/" + id + "/deadlines", "/cases/" + id + "/accountability", "/persons/" + chief + "/accountability",
		"/cells/" + street + "/accountability", "/cells/" + street + "/patrols", "/patrols/shortfalls", "/cells/" + street + "/ledgers/hazards"} {
		h.get(path + "?" + asOf).want(http.StatusOK)
		h.get(path+"?as_of=2026-03-30T00:00:00%2B08:00").want(http.StatusUnprocessableEntity, "in_future")
	}
	if p := body[views.Accountability](h.get("/persons/" + chief + "/accountability?from=2026-02-01&to=2026-02-28").want(http.StatusOK)); p.Totals.Late == 0 {
		t.Errorf("the chief's %+v", p.Totals)
	}
	if p := body[views.Page[views.Shortfall]](h.get("/patrols/shortfalls?cell=" + district + "&programme=fire&period=2026-02").want(http.StatusOK)); len(p.Items) == 0 {
		t.Error("nobody missed a patrol")
	}
	if p := body[views.Page[views.Digest]](h.get("/persons/" + chief + "/notices").want(http.StatusOK)); len(p.Items) == 0 || p.Items[0].Red+p.Items[0].Yellow == 0 {
		t.Errorf("the chief was told %+v", p.Items)
	}
	run(id, "rectify", obj{"measures": "已更换", "evidence": photo("after")}, chief)
	run(id, "check", obj{"result": "passed"}, room)
	run(id, "close", obj{"rating": "average"}, room)
	run(id, "appeal", obj{"reason": "材料由厂家延误"}, chief)
	run(id, "decide-appeal", obj{"upheld": true, "note": "情况属实"}, director)
	if a := body[views.Accountability](h.get("/cases/" + id + "/accountability").want(http.StatusOK)); a.Totals.Exempt == 0 || a.Totals.Late != 1 {
		t.Errorf("after the appeal %+v", a.Totals)
	}
	calendarRoutes(t, h)
	for _, path := range []string{"/cases/" + id + "/accountability", "/persons/" + chief + "/accountability", "/cells/" + street + "/accountability",
		"/cells/" + street + "/patrols", "/patrols/shortfalls", "/cells/" + street + "/ledgers/hazards"} {
		if r := h.get(path + "?format=xlsx").want(http.StatusOK); !strings.HasPrefix(string(r.raw), "PK") {
			t.Errorf("%s is no workbook", path)
		}
	}
}

func calendarRoutes(t *testing.T, h *house) {
	all := body[views.Page[calendar.Definition]](h.get("/calendars").want(http.StatusOK))
	if len(all.Items) != 1 || len(all.Items[0].Years) != 4 {
		t.Fatalf("the calendars %+v", all)
	}
	day := obj{"corrects": 1, "years": []obj{{"year": 2026, "days": []obj{{"date": "2026-02-27", "name": "试", "off": true}}}}}
	first := body[gen.PublishReceipt](h.post("/calendars", day).want(http.StatusCreated))
	if first.Version != 2 {
		t.Errorf("published as %+v", first)
	}
	if again := body[gen.PublishReceipt](h.post("/calendars", day).want(http.StatusOK)); again.Version != 2 {
		t.Errorf("published again as %+v", again)
	}
	h.post("/calendars", obj{"zone": "Mars/Olympus"}).want(http.StatusUnprocessableEntity, "invalid_fields")
	h.post("/calendars", day, as(director)...).want(http.StatusForbidden, "not_steward")
}
