package rest_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"gridward/api/rest"
	"gridward/api/rest/gen"
	"gridward/domain/grid"
)

// A shard takes every command, and of reads those it can answer in full. Of the others it says that another node can.
func TestAShardSaysWhatItDoesNotHold(t *testing.T) {
	const beyond, farSite = "410105", "4101050010010010001"
	h := open(t, setup{programs: true, districts: []grid.CellCode{district}, options: func(o *rest.Options) { o.Role = func() string { return "shard" } }})
	settle(h)
	for _, code := range []string{beyond, farSite[:9], farSite[:12], farSite[:15], farSite} {
		h.post("/cells", obj{"code": code, "name": "他区"}).want(http.StatusCreated)
	}
	for _, cell := range []string{farSite[:15], beyond} {
		h.post("/cells/"+cell+"/duties", obj{"programme": "fire", "role": "chief", "person": officer, "from": "2026-01-01T00:00:00+08:00"}).want(http.StatusCreated)
	}
	farCase := body[gen.Receipt](h.post("/cases", report(obj{"cell": farSite}), "X-Act-As", officer).want(http.StatusCreated)).Id
	nearCase := body[gen.Receipt](h.post("/cases", report(nil), "X-Act-As", officer).want(http.StatusCreated)).Id
	farPatrol := body[gen.Receipt](h.post("/inspections", patrol(obj{"cell": farSite}), "X-Act-As", officer).want(http.StatusCreated)).Id
	nearPatrol := body[gen.Receipt](h.post("/inspections", patrol(nil), "X-Act-As", officer).want(http.StatusCreated)).Id
	campaign := obj{"programme": "fire", "cell": beyond, "title": "排查", "from": "2026-02-01T00:00:00+08:00", "to": "2026-03-01T00:00:00+08:00", "targets": []string{farSite}}
	farCampaign := body[gen.Receipt](h.post("/campaigns", campaign).want(http.StatusCreated)).Id

	for _, path := range []string{
		"/cells", "/cells?level=1", "/cells?parent=" + beyond, "/cells/" + farSite, "/cells/410199", "/cells/" + beyond + "/duties",
		"/inspections", "/inspections?officer=" + officer, "/inspections?cell=" + farSite, "/inspections/" + farPatrol,
		"/campaigns", "/campaigns?cell=" + beyond, "/campaigns/" + farCampaign,
		"/cases", "/cases?holder=" + officer, "/cases?cell=" + farSite[:9], "/cases/" + farCase, "/cases/" + farCase + "?as_of=2026-02-10T08:59:00%2B08:00",
		"/cases/" + farCase + "/timeline", "/cases/" + farCase + "/deadlines", "/cases/" + farCase + "/accountability", "/cases/" + farCase + "/accountability?format=html",
		"/cells/" + farSite + "/ledgers/hazards", "/cells/" + farSite + "/ledgers/hazards?format=csv", "/cells/" + farSite + "/ledgers/hazards?format=xlsx",
		"/cells/" + beyond + "/patrols?programme=fire", "/patrols/shortfalls", "/patrols/shortfalls?cell=" + beyond, "/escalations?cell=" + beyond,
		"/cells/" + beyond + "/accountability", "/persons/" + officer + "/accountability", "/persons/" + officer + "/notices",
	} {
		p := h.get(path).want(http.StatusMisdirectedRequest, "district_elsewhere").problem()
		if !strings.Contains(p.Detail, "holds the districts "+district+" only") {
			t.Errorf("%s: %s", path, p.Detail)
		}
	}
	h.post("/cells/"+farSite+"/replace", obj{"successors": []obj{{"code": farSite[:18] + "9", "name": "新址"}}}).want(http.StatusMisdirectedRequest, "district_elsewhere")
	h.post("/calendars", obj{"years": []obj{{"year": 2027, "days": []obj{}}}}).want(http.StatusMisdirectedRequest, "district_elsewhere")
	h.post("/programmes", "code: x\n", "Content-Type", "application/yaml").want(http.StatusMisdirectedRequest, "district_elsewhere")

	for _, path := range []string{
		"/cells?parent=" + district, "/cells/" + site, "/inspections?cell=" + district, "/inspections/" + nearPatrol, "/campaigns?cell=" + district,
		"/cases?cell=" + site, "/cases/" + nearCase, "/cases/" + nearCase + "/timeline", "/cases/" + nearCase + "/accountability?format=html",
		"/cells/" + district + "/patrols?programme=fire", "/patrols/shortfalls?cell=" + district, "/escalations?cell=" + district,
		"/cells/" + district + "/accountability", "/cells/" + district + "/ledgers/hazards?format=xlsx",
		"/persons", "/persons/" + officer, "/departments", "/programmes", "/programmes/fire", "/calendars",
	} {
		h.get(path).want(http.StatusOK)
	}
	h.do(http.MethodGet, "/api/v1/events", nil).want(http.StatusOK)
	if duties := body[struct{ Duties []gen.Duty }](h.get("/persons/" + officer)).Duties; len(duties) != 3 {
		t.Errorf("a person's duties in every district are known: %+v", duties)
	}
	h.get("/cases/0190f5fe-7c00-7a00-8a00-00000000ffff").want(http.StatusNotFound, "case_not_found")
	h.get("/persons/0190f5fe-7c00-7a00-8a00-00000000ffff/notices").want(http.StatusNotFound, "person_not_found")
	h.post("/cells/"+site2+"/replace", obj{"successors": []obj{{"code": site2[:18] + "9", "name": "新址"}}}).want(http.StatusOK)

	ready := body[gen.Readiness](h.do(http.MethodGet, "/readyz", nil).want(http.StatusOK))
	if ready.Role != gen.Shard || !slices.Equal(ready.Districts, []grid.CellCode{district}) {
		t.Errorf("ready as %+v", ready)
	}
}
