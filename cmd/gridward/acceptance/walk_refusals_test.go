//go:build acceptance

package acceptance

import "strings"

// refusesStrangers holds who gets in: nobody without the token, but for what says whether and what the program is.
func (w *walk) refusesStrangers() {
	nobody := w.admin.with("Authorization", "")
	for _, path := range []string{"/cells", "/cases", "/events", "/events/stream", "/metrics", "/persons"} {
		a := nobody.get(path)
		a.refused(401, "unauthenticated")
		equal(w.t, "the challenge", a.header.Get("WWW-Authenticate"), "Bearer")
		w.admin.with("Authorization", "Bearer acceptance-administrators").get(path).refused(401, "unauthenticated")
	}
	nobody.post("/cells", object{"code": district, "name": "管城回族区"}).refused(401, "unauthenticated")
	for _, path := range []string{"/healthz", "/readyz", "/version", "/openapi.yaml", "/docs"} {
		nobody.get(path).ok(200)
	}
	w.admin.get("/metrics").ok(200)
	w.by("10000000-0000-4000-8000-000000000099").get("/cells").refused(403, "unknown_person")
	w.by("赵立新").get("/cells").refused(403, "unknown_person")
}

// refusals holds what the door and the house refuse, none of which writes anything.
func (w *walk) refusals() {
	before := len(w.admin.get("/events?limit=500").ok(200).items())
	unknown := "20000000-0000-4000-8000-000000000099"
	w.admin.get("/nowhere").refused(404, "no_such_route")
	w.admin.post("/cases/"+h1+"/forget", object{}).refused(404, "no_such_route")
	w.admin.do("DELETE", "/cases/"+h1, nil).refused(405, "method_not_allowed")
	w.admin.get("/cases/"+unknown).refused(404, "case_not_found")
	w.admin.get("/cells/410199").refused(404, "cell_not_found")
	w.admin.get("/persons/"+unknown).refused(404, "person_not_found")
	w.admin.get("/inspections/"+unknown).refused(404, "inspection_not_found")
	w.admin.get("/campaigns/"+unknown).refused(404, "campaign_not_found")
	w.admin.get("/programmes/forestry").refused(404, "programme_not_found")
	w.refused(zhou, "/cases/"+unknown+"/accept", object{}, 404, "case_not_found")
	w.refused(sun, "/cases/"+h7+"/dispatch", object{"department": "navy"}, 404, "department_not_found")
	w.refused(feng, "/inspections", patrol(unknown, "4101040010010010099", "03-12 09:00", "03-12 09:10", nil), 404, "cell_not_found")

	w.admin.post("/persons", `{"name": "半截`).refused(400, "malformed_json")
	w.admin.post("/persons", `{"name": "一"} {"name": "二"}`).refused(400, "malformed_json")
	w.admin.with("Content-Type", "text/plain").post("/persons", `{"name": "某"}`).refused(415, "unsupported_media_type")
	w.admin.post("/persons", `{"name": "`+strings.Repeat("a", 1<<20)+`"}`).refused(413, "too_large")
	w.admin.post("/persons", object{"name": "某某", "phone": "call me"}).refused(422, "invalid_fields", "phone")
	w.admin.post("/persons", object{"name": "某某", "age": 40}).refused(422, "invalid_fields", "age")
	w.admin.post("/cells", object{"code": "41010400", "name": "某"}).refused(422, "invalid_fields", "code")
	w.admin.post("/cells", object{"code": "410104009001", "name": "某社区"}).refused(409, "no_parent")
	w.admin.post("/cells", object{"code": district, "name": "另一个区"}).refused(409, "id_reused")
	w.admin.post("/persons", object{"id": feng, "name": "别人"}).refused(409, "id_reused")
	w.refused(sun, "/cells", object{"code": "410104002009", "name": "越界社区"}, 403, "not_in_charge")
	w.refused(zhou, "/cells/"+commA+"/duties", object{"programme": "fire", "role": "room_head", "person": wei, "from": at8("03-12 00:00")}, 409, "post_taken")
	w.refused(steward, "/cells/"+commA+"/duties", object{"programme": "fire", "role": "emperor", "person": wei, "from": at8("03-12 00:00")}, 422, "invalid_fields", "role")
	w.refused(steward, "/cases/"+h7+"/accept", object{}, 403, "not_the_holder")
	w.refused(sun, "/cases/"+h7+"/file", object{"item": "wiring_makeshift"}, 409, "wrong_state")
	w.refused(zhou, "/cases/"+w.h10+"/file", object{"item": "no_such_item"}, 422, "invalid_fields", "item")
	w.refused(zhou, "/cases/"+w.h10+"/file", object{"item": "alarm_faulty", "severity": "minor"}, 422, "invalid_fields", "reason")

	w.refused(zhao, "/clock", object{"now": at8("03-13 08:00")}, 403, "not_steward")
	w.refused(steward, "/clock", object{"now": "tomorrow"}, 422, "invalid_fields", "now")

	w.admin.get("/cases?cursor=nonsense").refused(422, "bad_cursor", "cursor")
	w.admin.get("/cases?limit=501").refused(422, "invalid_fields", "limit")
	w.admin.get("/cases?limit=0").refused(422, "invalid_fields", "limit")
	w.admin.get("/cases?colour=red").refused(422, "invalid_fields", "colour")
	w.admin.get("/cases?state=asleep").refused(422, "invalid_fields", "state")
	w.admin.get("/cells?level=6").refused(422, "invalid_fields", "level")
	w.admin.get("/events?after=%21").refused(422, "invalid_fields", "after")
	equal(w.t, "cells with empty parameters", len(w.admin.get("/cells?level=&parent=&limit=&cursor=").ok(200).items()), 15)
	a := w.admin.get("/cells?at_least=zzzzzzz")
	a.refused(503, "views_behind")
	equal(w.t, "Retry-After is given", a.header.Get("Retry-After") != "", true)

	traced := w.admin.with("X-Request-Id", "trace-4711").get("/cases/" + unknown)
	equal(w.t, "the request id", traced.header.Get("X-Request-Id"), "trace-4711")
	equal(w.t, "the problem's instance", traced.at("instance"), "trace-4711")
	equal(w.t, "events after the refusals", len(w.admin.get("/events?limit=500").ok(200).items()), before)
}
