package rest_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"go.uber.org/zap"

	"gridward/api/rest"
	"gridward/app"
)

func TestOpenPathsNeedNoToken(t *testing.T) {
	h := open(t, setup{})
	for _, path := range []string{"/healthz", "/readyz", "/version", "/openapi.yaml", "/docs"} {
		for _, base := range []string{"", "/api/v1"} {
			h.do(http.MethodGet, base+path, nil, "Authorization", "").want(http.StatusOK)
		}
	}
}

func TestEverythingElseNeedsAToken(t *testing.T) {
	h := open(t, setup{})
	for _, head := range []string{"", "Bearer", "Bearer ", "Bearer wrong", "Basic " + token, "Bearer " + token + "x", token} {
		for _, path := range []string{"/metrics", "/api/v1/metrics", "/api/v1/cells", "/api/v1/events", "/api/v1/cases/x"} {
			r := h.do(http.MethodGet, path, nil, "Authorization", head)
			r.want(http.StatusUnauthorized, "unauthenticated")
			if r.header.Get("WWW-Authenticate") != "Bearer" {
				t.Errorf("%s: WWW-Authenticate %q", path, r.header.Get("WWW-Authenticate"))
			}
		}
	}
	h.do(http.MethodGet, "/metrics", nil).want(http.StatusOK)
	h.do(http.MethodGet, "/api/v1/cells", nil, "Authorization", "bearer "+token).want(http.StatusOK)
}

func TestShortAdminTokenIsRefusedAtTheStart(t *testing.T) {
	if _, err := rest.New(rest.Options{AdminToken: "short"}); err == nil {
		t.Fatal("a door without options opened")
	}
}

func TestActingForSomebody(t *testing.T) {
	h := open(t, setup{options: func(o *rest.Options) {
		o.Authenticate = func(_ context.Context, token string) (app.By, bool, error) {
			switch token {
			case "an-officer's":
				return app.By{Actor: officer}, true, nil
			case "broken":
				return app.By{}, false, errors.New("no answer")
			}
			return app.By{}, false, nil
		}
	}})
	h.post("/persons", map[string]any{"id": officer, "name": "张三"}).want(http.StatusCreated)
	h.get("/cells", "X-Act-As", officer).want(http.StatusOK)
	h.get("/cells", "X-Act-As", strings.ToUpper(officer)).want(http.StatusOK)
	h.get("/cells", "X-Act-As", chief).want(http.StatusForbidden, "unknown_person")
	h.get("/cells", "X-Act-As", "admin").want(http.StatusForbidden, "unknown_person")
	h.get("/cells", "Authorization", "Bearer an-officer's").want(http.StatusOK)
	h.get("/cells", "Authorization", "Bearer an-officer's", "X-Act-As", officer).want(http.StatusForbidden, "may_not_act_as")
	h.get("/cells", "Authorization", "Bearer nobody's").want(http.StatusUnauthorized)
	h.get("/cells", "Authorization", "Bearer broken").want(http.StatusInternalServerError, "internal")

	// What only an administrator in its own name may do.
	h.post("/views/rebuild", nil, "X-Act-As", officer).want(http.StatusForbidden, "not_steward")
	h.post("/clock", map[string]any{"now": "2026-02-10T10:00:00+08:00"}, "X-Act-As", officer).want(http.StatusForbidden, "not_steward")
	h.post("/programmes", "code: x", "Content-Type", "text/yaml", "X-Act-As", officer)
}

func TestTheRoutersOwnAnswersAreProblems(t *testing.T) {
	h := open(t, setup{})
	h.do(http.MethodGet, "/", nil).want(http.StatusNotFound, "no_such_route")
	h.do(http.MethodGet, "/api/v1/nothing", nil, "Authorization", "").want(http.StatusNotFound, "no_such_route")
	r := h.do(http.MethodDelete, "/api/v1/cells", nil).want(http.StatusMethodNotAllowed, "method_not_allowed")
	for _, m := range []string{"GET", "POST"} {
		if !strings.Contains(r.header.Get("Allow"), m) {
			t.Errorf("Allow %q lacks %s", r.header.Get("Allow"), m)
		}
	}
}

func TestRequestIDs(t *testing.T) {
	h := open(t, setup{})
	if got := h.do(http.MethodGet, "/healthz", nil, "X-Request-Id", "phone-7_a.b").header.Get("X-Request-Id"); got != "phone-7_a.b" {
		t.Errorf("a sane id became %q", got)
	}
	for _, bad := range []string{"a b", strings.Repeat("x", 65), "a\"b", "张三"} {
		if got := h.do(http.MethodGet, "/healthz", nil, "X-Request-Id", bad).header.Get("X-Request-Id"); got == bad || got == "" {
			t.Errorf("%q was answered with %q", bad, got)
		}
	}
	if p := h.do(http.MethodGet, "/nowhere", nil, "X-Request-Id", "abc").problem(); p.Instance != "abc" {
		t.Errorf("instance %q", p.Instance)
	}
}

func TestBodiesThatAreNoBodies(t *testing.T) {
	h := open(t, setup{})
	for _, raw := range []string{"", "  ", "{", `{"name":`, `{"name":"a"} x`, `{"name":"a"}{}`, "\xff", `{"name":"` + "\xc3\x28" + `"}`, strings.Repeat("[", 20_000)} {
		h.post("/persons", raw).want(http.StatusBadRequest, "malformed_json")
	}
	for _, raw := range []string{`null`, `[]`, `7`, `"name"`} {
		h.post("/persons", raw).want(http.StatusUnprocessableEntity, "invalid_fields")
	}
	for _, kind := range []string{"", "text/plain", "application/json; charset=gbk", "application/xml", "///"} {
		h.post("/persons", `{"name":"a"}`, "Content-Type", kind).want(http.StatusUnsupportedMediaType, "unsupported_media_type")
	}
	h.post("/persons", `{"name":"张三"}`, "Content-Type", "application/json; charset=utf-8").want(http.StatusCreated)
}

func TestBodiesThatAreTooLarge(t *testing.T) {
	h := open(t, setup{})
	big := bytes.Repeat([]byte(" "), 1<<20+1)
	h.post("/persons", big).want(http.StatusRequestEntityTooLarge, "too_large")
	h.post("/cells/410104/retire", big).want(http.StatusRequestEntityTooLarge, "too_large")
	fits := append(bytes.Repeat([]byte(" "), 2<<20), `{"items":[]}`...)
	h.post("/inspections/batch", fits).want(http.StatusUnprocessableEntity).field("items")
	h.post("/inspections/batch", bytes.Repeat([]byte(" "), 8<<20+1)).want(http.StatusRequestEntityTooLarge, "too_large")
}

// cut is a body whose sender goes away in the middle.
type cut struct{ sent bool }

func (c *cut) Read(p []byte) (int, error) {
	if c.sent {
		return 0, io.ErrUnexpectedEOF
	}
	c.sent = true
	return copy(p, "code,level,parent,name\n410104,1,,管城回族区\n"), nil
}

func TestBodiesThatAreCutOff(t *testing.T) {
	h := open(t, setup{})
	for path, kind := range map[string]string{"/persons": "application/json", "/cells/import": "text/csv", "/programmes": "text/yaml"} {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/api/v1"+path, &cut{})
		r.Header.Set("Authorization", "Bearer "+token)
		r.Header.Set("Content-Type", kind)
		h.sendRequest(r).want(http.StatusBadRequest, "body_cut_off")
		r = httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/api/v1"+path, &cut{})
		r.Header.Set("Authorization", "Bearer "+token)
		r.Header.Set("Content-Type", kind)
		r.ContentLength = 256<<20 + 1
		h.sendRequest(r).want(http.StatusRequestEntityTooLarge, "too_large")
	}
	if head, err := h.log.Head(t.Context()); err != nil || head != 0 {
		t.Errorf("%s %v", head, err)
	}
	if left, err := os.ReadDir(h.spool); err != nil || len(left) != 0 {
		t.Errorf("left in the spool: %v %v", left, err)
	}
}

func TestFieldsAreNamed(t *testing.T) {
	h := open(t, setup{})
	patrol := func(change func(map[string]any)) map[string]any {
		p := map[string]any{"programme": "fire", "cell": "410104", "officer": officer, "kind": "routine",
			"started_at": "2026-02-10T08:00:00+08:00", "ended_at": "2026-02-10T08:30:00+08:00"}
		change(p)
		return p
	}
	for name, c := range map[string]struct {
		field  string
		change func(map[string]any)
	}{
		"missing":         {"cell", func(p map[string]any) { delete(p, "cell") }},
		"misspelt":        {"particpants", func(p map[string]any) { p["particpants"] = []string{"a"} }},
		"other case":      {"Content", func(p map[string]any) { p["Content"] = "a" }},
		"wrong type":      {"content", func(p map[string]any) { p["content"] = 7 }},
		"null":            {"content", func(p map[string]any) { p["content"] = nil }},
		"enum":            {"checklist.0.result", func(p map[string]any) { p["checklist"] = []any{map[string]any{"item": "a", "result": "ok"}} }},
		"inside a list":   {"hazards.1.description", func(p map[string]any) { p["hazards"] = []any{map[string]any{"description": "a"}, map[string]any{}} }},
		"misspelt inside": {"hazards.0.sevrity", func(p map[string]any) { p["hazards"] = []any{map[string]any{"description": "a", "sevrity": "minor"}} }},
		"no instant":      {"ended_at", func(p map[string]any) { p["ended_at"] = "yesterday" }},
		"no such day":     {"ended_at", func(p map[string]any) { p["ended_at"] = "2026-02-30T08:00:00+08:00" }},
		"no offset":       {"ended_at", func(p map[string]any) { p["ended_at"] = "2026-02-10T08:00:00" }},
		"cell's form":     {"cell", func(p map[string]any) { p["cell"] = "4101" }},
		"longitude":       {"location.lon", func(p map[string]any) { p["location"] = map[string]any{"lon": 200, "lat": 1} }},
		"hash": {"evidence.0.sha256", func(p map[string]any) {
			p["evidence"] = []any{map[string]any{"sha256": "x", "media_type": "image/jpeg", "size": 1}}
		}},
		"size": {"evidence.0.size", func(p map[string]any) {
			p["evidence"] = []any{map[string]any{"sha256": strings.Repeat("a", 64), "media_type": "image/jpeg", "size": 1.5}}
		}},
		"id":          {"id", func(p map[string]any) { p["id"] = "7" }},
		"occurred_at": {"occurred_at", func(p map[string]any) { p["occurred_at"] = "2026-02-10T08:31:00+08:00" }},
	} {
		t.Run(name, func(t *testing.T) {
			h.post("/inspections", patrol(c.change)).want(http.StatusUnprocessableEntity, "invalid_fields").field(c.field)
		})
	}
}

func TestAProblemStaysSmall(t *testing.T) {
	h := open(t, setup{})
	many := map[string]any{"name": "张三"}
	for i := range 5000 {
		many[fmt.Sprintf("x%04d", i)] = i
	}
	p := h.post("/persons", many).want(http.StatusUnprocessableEntity).problem()
	if len(p.Errors) != 100 || p.Errors[0].Field != "x0000" || p.Errors[99].Field != "x0099" {
		t.Errorf("%d errors, from %v", len(p.Errors), p.Errors[0])
	}
}

func TestQueries(t *testing.T) {
	h := open(t, setup{})
	h.get("/cases?cell=&programme=&state=&severity=&overdue=&holder=&supervised=&from=&to=&limit=&cursor=").want(http.StatusOK)
	for query, field := range map[string]string{
		"limit=0": "limit", "limit=501": "limit", "limit=x": "limit", "limit=1&limit=2": "limit", "cursor=%2F%2F": "cursor", "cursor=zzz": "cursor",
		"at_least=%21": "at_least", "cell=41": "cell", "state=open": "state", "overdue=maybe": "overdue", "from=soon": "from",
		"from=2026-13-01": "from", "from=2026-02-10&to=2026-02-01": "to", "programe=fire": "programe", "severity=%ff": "severity", "holder=a%00": "holder",
	} {
		h.do(http.MethodGet, "/api/v1/cases?"+query, nil).want(http.StatusUnprocessableEntity).field(field)
	}
	h.do(http.MethodGet, "/api/v1/cases?cell=%zz", nil).want(http.StatusBadRequest, "bad_request")
	h.get("/cells/41/duties").want(http.StatusUnprocessableEntity).field("code")
	h.get("/escalations").want(http.StatusUnprocessableEntity).field("cell")
	h.get("/cells/410104/patrols?period=2026-W60").want(http.StatusUnprocessableEntity).field("period")
	h.get("/cells/410104/ledgers/nothing").want(http.StatusUnprocessableEntity).field("ledger")
}

func TestIfMatchAndIdempotencyKeyForms(t *testing.T) {
	h := open(t, setup{})
	h.post("/cells", map[string]any{"code": "410104", "name": "管城回族区"}).want(http.StatusCreated)
	reason := map[string]any{"reason": "撤销"}
	for _, tag := range []string{"x", `"x"`, `"1`, `W/"1"`, "-1", `""`, "*"} {
		h.post("/cells/410104/retire", reason, "If-Match", tag).want(http.StatusBadRequest, "bad_if_match")
	}
	h.post("/cells/410104/retire", reason, "If-Match", `"7"`).want(http.StatusPreconditionFailed, "version_moved")
	h.post("/cells/410104/retire", reason, "If-Match", "7").want(http.StatusPreconditionFailed, "version_moved")
	tag := h.get("/cells/410104").want(http.StatusOK).header.Get("ETag")
	if tag != `"1"` {
		t.Fatalf("ETag %s", tag)
	}
	h.post("/cells/410104/retire", reason, "If-Match", tag).want(http.StatusOK)
	h.post("/cells/410104/retire", reason, "Idempotency-Key", strings.Repeat("k", 256)).want(http.StatusUnprocessableEntity).field("Idempotency-Key")
	h.post("/cells/410104/retire", reason, "Idempotency-Key", "a\x01b").want(http.StatusUnprocessableEntity).field("Idempotency-Key")
}

// panicking is a log that panics when it is asked for its head.
type panicking struct{ app.Log }

func (panicking) Head(context.Context) (app.Position, error) { panic("张三 13800000000") }

type unreachable struct{ app.Log }

func (unreachable) Head(context.Context) (app.Position, error) {
	return 0, errors.New("no route to host")
}

func TestAPanicReachesNobody(t *testing.T) {
	h := open(t, setup{options: func(o *rest.Options) { o.Log = panicking{o.Log} }})
	r := h.do(http.MethodGet, "/readyz", nil, "X-Request-Id", "r1")
	r.want(http.StatusInternalServerError, "internal")
	logged := h.lines.FilterMessage("panic").All()
	if len(logged) != 1 || logged[0].ContextMap()["request_id"] != "r1" {
		t.Fatalf("logged %v", logged)
	}
	if len(h.lines.FilterMessage("request failed").All()) != 0 {
		t.Error("logged twice")
	}
	if strings.Contains(string(r.raw), "13800000000") || strings.Contains(logged[0].ContextMap()["what"].(string), "13800000000") {
		t.Error("the panic's own words went out")
	}
}

func TestReadiness(t *testing.T) {
	h := open(t, setup{options: func(o *rest.Options) { o.Log = unreachable{o.Log} }})
	r := h.do(http.MethodGet, "/readyz", nil).want(http.StatusServiceUnavailable, "log_unreachable")
	if r.header.Get("Retry-After") != "1" || strings.Contains(string(r.raw), "no route") {
		t.Errorf("%v %s", r.header, r.raw)
	}
	h.do(http.MethodGet, "/healthz", nil).want(http.StatusOK)
	h.do(http.MethodGet, "/api/v1/cells", nil).want(http.StatusOK)
}

func TestReadinessOfViews(t *testing.T) {
	h := open(t, setup{idle: true, options: func(o *rest.Options) { o.Warnings = func() []string { return []string{"the disk is nearly full"} } }})
	if r := h.do(http.MethodGet, "/readyz", nil).want(http.StatusOK); !strings.Contains(string(r.raw), "nearly full") {
		t.Errorf("%s", r.raw)
	}
	if err := h.views.Close(); err != nil {
		t.Fatal(err)
	}
	h.do(http.MethodGet, "/readyz", nil).want(http.StatusServiceUnavailable, "views_stopped")
	h.do(http.MethodGet, "/api/v1/cells", nil).want(http.StatusServiceUnavailable)
	h.do(http.MethodGet, "/healthz", nil).want(http.StatusOK)
}

func TestTheAccessLogSaysNothingPersonal(t *testing.T) {
	h := open(t, setup{})
	h.post("/persons", map[string]any{"id": officer, "name": "张三丰", "phone": "13800000000"}).want(http.StatusCreated)
	h.get("/persons/" + officer).want(http.StatusOK)
	h.get("/cells?q=张三丰").want(http.StatusOK)
	h.do(http.MethodGet, "/somewhere/13800000000", nil)
	for _, line := range h.lines.All() {
		text, err := zapText(line.Message, line.Context)
		if err != nil {
			t.Fatal(err)
		}
		for _, secret := range []string{"张三丰", "13800000000", token, "q="} {
			if strings.Contains(text, secret) {
				t.Errorf("%q is in %s", secret, text)
			}
		}
	}
	line := h.lines.FilterMessage("request").FilterField(zap.String("route", "/api/v1/persons")).All()
	if len(line) != 1 {
		t.Fatalf("%d lines for one request", len(line))
	}
	m := line[0].ContextMap()
	if m["method"] != "POST" || m["status"] != int64(201) || m["actor"] != "admin" || m["request_id"] == "" {
		t.Errorf("%v", m)
	}
}

func TestMetrics(t *testing.T) {
	h := open(t, setup{})
	h.post("/cells", map[string]any{"code": "410104", "name": "管城回族区"}, "Idempotency-Key", "1").want(http.StatusCreated)
	h.post("/cells", map[string]any{"code": "410104", "name": "管城回族区"}, "Idempotency-Key", "1").want(http.StatusCreated)
	h.post("/cells", map[string]any{"code": "410104", "name": "别的"}).want(http.StatusConflict)
	h.post("/cells", obj{"code": "41"}).want(http.StatusUnprocessableEntity)
	h.post("/cells", "{").want(http.StatusBadRequest)
	h.do(http.MethodGet, "/nowhere", nil)
	text := string(h.do(http.MethodGet, "/metrics", nil).want(http.StatusOK).raw)
	for _, want := range []string{
		`gridward_commands_total{outcome="done",type="createCell"} 1`,
		`gridward_commands_total{outcome="replayed",type="createCell"} 1`,
		`gridward_commands_total{outcome="conflict",type="createCell"} 1`,
		`gridward_commands_total{outcome="invalid",type="createCell"} 1`,
		`gridward_commands_total{outcome="malformed",type="createCell"} 1`,
		`gridward_http_request_seconds_count{method="POST",route="/api/v1/cells",status="201"} 2`,
		`gridward_http_request_seconds_count{method="GET",route="none",status="404"} 1`,
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %s in\n%s", want, text)
		}
	}
}
