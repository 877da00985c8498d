package rest_test

import (
	"net/http"
	"strings"
	"testing"

	"gridward/api/rest/gen"
	"gridward/app/views"
)

// The cells of the tests.
const (
	district  = "410104"
	street    = "410104001"
	community = "410104001001"
	area      = "410104001001001"
	site      = "4101040010010010001"
	site2     = "4101040010010010002"
)

type obj = map[string]any

// settle builds a small district with its fire-safety people.
func settle(h *house) {
	h.t.Helper()
	for _, c := range [][2]string{{district, "管城回族区"}, {street, "北下街街道"}, {community, "北顺城街社区"}, {area, "第一片区"}, {site, "和平大厦"}, {site2, "建设大厦"}} {
		h.post("/cells", obj{"code": c[0], "name": c[1]}).want(http.StatusCreated)
	}
	for id, name := range map[string]string{officer: "张三", chief: "李四", room: "王五", station: "赵六", director: "孙七"} {
		h.post("/persons", obj{"id": id, "name": name, "phone": "13800000000"}).want(http.StatusCreated)
	}
	for _, d := range [][3]string{{area, "officer", officer}, {area, "chief", chief}, {community, "chief", room}, {street, "chief", station}, {district, "chief", director}} {
		h.post("/cells/"+d[0]+"/duties", obj{"programme": "fire", "role": d[1], "person": d[2], "from": "2026-01-01T00:00:00+08:00"}).want(http.StatusCreated)
	}
}

// patrol is a complete fire-safety patrol of the site.
func patrol(more obj) obj {
	p := obj{"programme": "fire", "cell": site, "officer": officer, "kind": "routine",
		"started_at": "2026-02-10T08:00:00+08:00", "ended_at": "2026-02-10T08:30:00+08:00", "content": "例行检查", "measures": "已告知",
		"participants": []string{chief, "楼长老刘"}, "location": obj{"lon": 113.68, "lat": 34.75, "accuracy_m": 5},
		"checklist": []obj{
			{"item": "evacuation", "result": "pass"}, {"item": "facilities", "result": "pass"}, {"item": "extinguishers", "result": "fail", "note": "过期"},
			{"item": "open_fire", "result": "pass"}, {"item": "electricity", "result": "pass"}, {"item": "gas", "result": "na"},
			{"item": "oil", "result": "na"}, {"item": "responsibility", "result": "pass"}, {"item": "emergency_plan", "result": "pass"}},
	}
	for k, v := range more {
		p[k] = v
	}
	return p
}

func photo(phase string) []obj {
	return []obj{{"sha256": strings.Repeat("ab", 32), "media_type": "image/jpeg", "size": 1000, "phase": phase}}
}

func report(more obj) obj {
	r := obj{"programme": "fire", "cell": site, "description": "灭火器过期", "source": "resident", "found_at": "2026-02-10T08:00:00+08:00",
		"reporter": obj{"name": "刘女士", "phone": "13900000000"}}
	for k, v := range more {
		r[k] = v
	}
	return r
}

// as gives the headers of somebody the administrator acts for.
func as(person string) []string { return []string{"X-Act-As", person} }

// newCase reports a case and gives its id.
func newCase(h *house, more obj) string {
	h.t.Helper()
	r := h.post("/cases", report(more)).want(http.StatusCreated)
	id := body[gen.Receipt](r).Id
	if r.header.Get("Location") != "/api/v1/cases/"+id {
		h.t.Fatalf("Location %q", r.header.Get("Location"))
	}
	return id
}

// Every route answers a good request, and every answer is as the contract says.
func TestEveryRoute(t *testing.T) {
	h := open(t, setup{programs: true})
	settle(h)
	gridRoutes(t, h)
	inspectionRoutes(t, h)
	caseRoutes(t, h)
	ledgerRoutes(t, h)
	otherRoutes(t, h)
	timeRoutes(t, h)
	for path, item := range h.judge.doc.Paths.Map() {
		for method, op := range item.Operations() {
			name := op.OperationID
			if name != "streamEvents" && !h.seen[name+" 200"] && !h.seen[name+" 201"] {
				t.Errorf("nothing good came from %s %s", method, path)
			}
		}
	}
}

func gridRoutes(t *testing.T, h *house) {
	csv := "code,level,parent,name\n410105,1,,金水区\n410105001,2,410105,经八路街道\n"
	dry := h.post("/cells/import?dry_run=true", csv, "Content-Type", "text/csv").want(http.StatusOK)
	if got := body[gen.ImportReceipt](dry); got.Created != 2 || got.Position != "0" {
		t.Errorf("dry run %+v", got)
	}
	if got := body[gen.ImportReceipt](h.post("/cells/import", csv, "Content-Type", "text/csv").want(http.StatusOK)); got.Created != 2 {
		t.Errorf("import %+v", got)
	}
	h.post("/cells/import", "code,level,parent,name\n41,1,,坏\n", "Content-Type", "text/csv").want(http.StatusUnprocessableEntity)
	h.do(http.MethodPut, "/api/v1/cells/"+site+"/classes", obj{"fire": "A", "occurred_at": "2026-02-10T08:59:00+08:00"}).want(http.StatusOK)
	h.do(http.MethodPut, "/api/v1/cells/"+site+"/attributes", obj{"attributes": obj{"kind": "建筑", "address": "和平路1号"}}).want(http.StatusOK)
	cell := body[views.Cell](h.get("/cells/" + site).want(http.StatusOK))
	if cell.Classes["fire"] != "A" || cell.Level != 5 {
		t.Errorf("%+v", cell)
	}
	if got := body[views.Page[views.Cell]](h.get("/cells?parent=" + area + "&level=5&limit=1").want(http.StatusOK)); len(got.Items) != 1 || got.NextCursor == nil {
		t.Errorf("%+v", got)
	} else if got = body[views.Page[views.Cell]](h.get("/cells?parent=" + area + "&level=5&limit=1&cursor=" + *got.NextCursor)); len(got.Items) != 1 || got.NextCursor != nil {
		t.Errorf("second page %+v", got)
	}
	h.get("/cells/999999").want(http.StatusNotFound)
	h.post("/cells/410105001/replace", obj{"successors": []obj{{"code": "410105002", "name": "新街道"}}}).want(http.StatusOK)
	h.post("/cells/410105002/retire", obj{"reason": "试"}).want(http.StatusOK)

	h.post("/departments", obj{"code": "brigade", "name": "消防救援大队", "cell": district}).want(http.StatusCreated)
	h.get("/departments").want(http.StatusOK)
	duty := obj{"programme": "fire", "role": "supervisor", "person": officer, "from": "2026-01-01T00:00:00+08:00"}
	d := body[gen.Receipt](h.post("/departments/brigade/duties", duty).want(http.StatusCreated))
	h.post("/departments/brigade/duties/"+d.Id+"/end", obj{"at": "2026-02-01T00:00:00+08:00"}).want(http.StatusOK)
	d = body[gen.Receipt](h.post("/cells/"+site+"/duties", duty).want(http.StatusCreated))
	h.post("/cells/"+site+"/duties/"+d.Id+"/end", obj{"at": "2026-02-01T00:00:00+08:00"}).want(http.StatusOK)
	h.get("/cells/" + area + "/duties?programme=fire&at=2026-02-01T00:00:00%2B08:00").want(http.StatusOK)
	h.get("/persons").want(http.StatusOK)
	if p := body[views.Person](h.get("/persons/" + strings.ToUpper(officer)).want(http.StatusOK)); p.Name != "张三" {
		t.Errorf("%+v", p)
	}
	h.get("/persons/nobody").want(http.StatusNotFound)
}

func inspectionRoutes(t *testing.T, h *house) {
	found := []obj{{"description": "灭火器过期", "item": "extinguisher_expired"},
		{"description": "楼道堆物", "item": "corridor_cluttered", "on_the_spot": obj{"measures": "当场清理", "evidence": append(photo("before"), photo("after")...)}}}
	r := body[gen.InspectionReceipt](h.post("/inspections", patrol(obj{"hazards": found, "evidence": photo("other")}), as(officer)...).want(http.StatusCreated))
	if len(r.Cases) != 2 {
		t.Fatalf("%+v", r)
	}
	h.last = r.Position
	h.get("/cases/" + r.Cases[1]).want(http.StatusOK)
	h.get("/inspections?cell=" + street + "&programme=fire&officer=" + officer + "&from=2026-02-10&to=2026-02-10").want(http.StatusOK)
	h.post("/inspections/"+r.Id+"/amend", obj{"reason": "补充", "content": "例行检查(补)"}, as(officer)...).want(http.StatusOK)
	if v := body[views.Inspection](h.get("/inspections/" + r.Id).want(http.StatusOK)); v.Content != "例行检查(补)" || v.Revision != 2 || len(v.Revisions) != 1 {
		t.Errorf("%+v", v)
	}
	h.post("/inspections/"+r.Id+"/void", obj{"reason": "误登"}, as(officer)...).want(http.StatusOK)
	h.get("/inspections/" + r.Id).want(http.StatusOK)
	c := body[gen.Receipt](h.post("/campaigns", obj{"programme": "fire", "cell": street, "title": "冬春火灾防控", "from": "2026-02-01T00:00:00+08:00",
		"to": "2026-03-01T00:00:00+08:00", "targets": []string{site, site2}}, as(station)...).want(http.StatusCreated))
	h.get("/campaigns?cell=" + district + "&programme=fire").want(http.StatusOK)
	h.get("/campaigns/" + c.Id).want(http.StatusOK)
	h.post("/inspections/batch", obj{"items": []obj{patrol(obj{"id": "0190f5fe-7c00-7a00-8a00-0000000000b1", "campaign": c.Id, "kind": "campaign"})}}).want(http.StatusOK)
}

func caseRoutes(t *testing.T, h *house) {
	run := func(id, verb string, payload any, who string) {
		t.Helper()
		if r := h.post("/cases/"+id+"/"+verb, payload, as(who)...); r.status != http.StatusOK {
			t.Errorf("%s: %d %s", verb, r.status, r.raw)
		}
	}
	id := newCase(h, obj{"item": "extinguisher_expired"})
	run(id, "request-verification", obj{"cell": area, "note": "请核实"}, room)
	run(id, "verify", obj{"result": "confirmed", "note": "属实"}, officer)
	run(id, "file", obj{"item": "alarm_faulty"}, room)
	run(id, "dispatch", obj{"cell": area, "instruction": "尽快"}, room)
	run(id, "return", obj{"reason": "非本片区"}, chief)
	run(id, "dispatch", obj{"cell": area, "assisting": []obj{{"cell": community}}, "limit": obj{"n": 1, "unit": "working_day"}}, room)
	run(id, "accept", nil, chief)
	run(id, "escalate", obj{"reason": "超出权限"}, chief)
	run(id, "acknowledge-escalation", obj{"instruction": "立即整改"}, room)
	run(id, "reclassify", obj{"severity": "major", "item": "key_unit_facilities_down", "reason": "整体瘫痪"}, room)
	run(id, "supervise", obj{"measure": "listed", "level": 1, "plan": obj{"goal": "恢复", "measures": "更换", "funds": "自筹", "responsible_body": "物业",
		"deadline": "2026-03-10T00:00:00+08:00", "safety_plan": "值守"}}, director)
	run(id, "transfer", obj{"authority": "消防救援大队", "document_no": "管消移〔2026〕1号", "note": "材料一份"}, station)
	run(id, "transfer-reply", obj{"document_no": "管消移〔2026〕1号", "outcome": "已处罚"}, station)
	run(id, "rectify", obj{"measures": "已更换", "performed_by": "物业公司", "evidence": photo("after")}, chief)
	run(id, "check", obj{"result": "passed"}, room)
	run(id, "lift-supervision", obj{"note": "验收"}, director)
	run(id, "close", obj{"rating": "good"}, room)
	run(id, "feedback", obj{"satisfied": true, "note": "谢谢"}, officer)
	run(id, "reopen", obj{"reason": "复发"}, station)
	run(id, "note", obj{"text": "已电话告知", "evidence": photo("other")}, officer)
	if v := body[views.Case](h.get("/cases/" + id).want(http.StatusOK)); v.Round != 2 || v.ID != id {
		t.Errorf("%+v", v)
	}
	if facts := body[views.Page[views.Fact]](h.get("/cases/" + id + "/timeline?limit=500").want(http.StatusOK)); len(facts.Items) < 18 {
		t.Errorf("%d facts", len(facts.Items))
	}
	dup := newCase(h, obj{"description": "又报一次"})
	run(dup, "merge", obj{"into": id}, room)
	none := newCase(h, obj{"description": "没有的事"})
	run(none, "void", obj{"reason": "查无此事"}, room)
	h.get("/cases?cell=" + street + "&programme=fire&state=voided&severity=&overdue=false&supervised=false&holder=" + officer + "&from=2026-02-10&to=2026-02-11").want(http.StatusOK)
	done := newCase(h, nil)
	run(done, "file", obj{"item": "extinguisher_expired"}, room)
	run(done, "accept", nil, chief)
	run(done, "rectify", obj{"measures": "已更换", "evidence": photo("after")}, chief)
	run(done, "check", obj{"result": "passed"}, room)
	closed := body[gen.CloseReceipt](h.post("/cases/close", obj{"ids": []string{done, none}, "rating": "good"}, as(room)...).want(http.StatusOK))
	if len(closed.Results) != 2 || closed.Results[0].Status != gen.CloseResultStatusClosed || closed.Results[1].Problem == nil || closed.Position == "0" {
		t.Errorf("%+v", closed)
	}
}

func ledgerRoutes(t *testing.T, h *house) {
	h.post("/cells/"+community+"/activities", obj{"programme": "fire", "kind": "training", "held_at": "2026-02-09T09:00:00+08:00", "title": "培训",
		"participants": []string{officer, "居民代表"}}).want(http.StatusCreated)
	e := body[gen.Receipt](h.post("/cells/"+site+"/equipment", obj{"programme": "fire", "kind": "灭火器", "quantity": 4, "bought_on": "2024-02-01",
		"valid_until": "2026-02-01", "place": "一层"}).want(http.StatusCreated))
	h.post("/equipment/"+e.Id+"/service", obj{"serviced_on": "2026-02-09", "valid_until": "2027-02-09"}).want(http.StatusOK)
	h.post("/equipment/"+e.Id+"/retire", obj{"reason": "报废"}).want(http.StatusOK)
	h.post("/cells/"+community+"/forces", obj{"programme": "fire", "kind": "force", "name": "微型消防站", "headcount": 6, "leader": "老刘", "phone": "13700000000"}).want(http.StatusCreated)
	for _, name := range []string{"premises", "inspections", "hazards", "activities", "equipment", "transfers", "ratings", "forces"} {
		path := "/cells/" + street + "/ledgers/" + name + "?programme=fire&from=2026-01-01&to=2026-12-31"
		h.get(path).want(http.StatusOK)
		r := h.get(path + "&format=csv").want(http.StatusOK)
		if !strings.HasPrefix(string(r.raw), "\xef\xbb\xbf") {
			t.Errorf("%s: no BOM", name)
		}
		if d := r.header.Get("Content-Disposition"); !strings.HasPrefix(d, `attachment; filename="410104001-`+name+`.csv"; filename*=UTF-8''`) {
			t.Errorf("Content-Disposition %q", d)
		}
	}
	h.get("/cells/999999/ledgers/hazards?format=csv").want(http.StatusNotFound)
}

func otherRoutes(t *testing.T, h *house) {
	if v := body[views.Patrols](h.get("/cells/" + street + "/patrols?programme=fire&period=2026-02").want(http.StatusOK)); v.Done != 1 {
		t.Errorf("%+v", v)
	}
	h.get("/escalations?cell=" + district + "&programme=fire").want(http.StatusOK)
	h.get("/programmes").want(http.StatusOK)
	h.get("/programmes/fire").want(http.StatusOK)
	h.get("/programmes/fire?version=1").want(http.StatusOK)
	h.get("/programmes/none").want(http.StatusNotFound)
	h.post("/programmes", "code: [", "Content-Type", "application/yaml").want(http.StatusUnprocessableEntity)
	h.post("/programmes", tiny, "Content-Type", "text/yaml").want(http.StatusCreated)
	h.post("/programmes", tiny, "Content-Type", "text/plain").want(http.StatusOK)
	next := strings.Replace(tiny, "试用", "试行", 1)
	if r := body[gen.Receipt](h.post("/programmes", next, "Content-Type", "text/yaml").want(http.StatusOK)); r.Version != 2 {
		t.Errorf("published as %+v", r)
	}
	h.get("/events?limit=5&type=case.*").want(http.StatusOK)
	h.post("/views/rebuild", nil).want(http.StatusOK)
	h.post("/clock", obj{"now": "2026-02-10T10:00:00+08:00"}).want(http.StatusOK)
	h.post("/clock", obj{"now": "2026-02-10T09:00:00+08:00"}).want(http.StatusConflict, "clock_backward")
	for _, path := range []string{"/healthz", "/readyz", "/version", "/openapi.yaml", "/docs", "/metrics"} {
		h.get(path).want(http.StatusOK)
	}
}

// tiny is the smallest programme.
const tiny = `code: tiny
name: 试用条线
levels: [1, 2]
office_level: 1
`
