package rest_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/gorillamux"
	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"gridward/adapters/eventcodec"
	"gridward/adapters/memstore"
	"gridward/adapters/programmes"
	"gridward/adapters/sqlstore"
	"gridward/api"
	"gridward/api/rest"
	"gridward/api/rest/gen"
	"gridward/app"
	"gridward/app/views"
	"gridward/domain/fault"
	"gridward/domain/grid"
	"gridward/domain/programme"
)

const token = "a-token-for-tests-only"

// house is the whole program behind the door, in memory but for the views.
type house struct {
	t      *testing.T
	server *rest.Server
	log    app.Log
	views  *views.Views
	app    *app.App
	lines  *observer.ObservedLogs
	judge  *judge
	spool  string

	mu   sync.Mutex
	now  time.Time
	last string          // the position of the last command's answer
	seen map[string]bool // "operation status" of every answer
}

type setup struct {
	options  func(*rest.Options)
	idle     bool // the views do not follow the log by themselves
	programs bool // the built-in programmes are published
	log      func(app.Log) app.Log

	districts []grid.CellCode // the views are a shard of these
}

var zone = time.FixedZone("CST", 8*3600)

func open(t *testing.T, with setup) *house {
	t.Helper()
	judge, err := newJudge()
	if err != nil {
		t.Fatal(err)
	}
	h := &house{t: t, now: time.Date(2026, 2, 10, 9, 0, 0, 0, zone), judge: judge, seen: map[string]bool{}}
	codec := eventcodec.New()
	h.log = memstore.New(h.clock)
	if with.log != nil {
		h.log = with.log(h.log)
	}
	if h.app, err = app.New(h.log, codec, 1000); err != nil {
		t.Fatal(err)
	}
	h.views = views.New(h.log, codec, sqlstore.NewGenerations(t.TempDir(), false), zone, with.districts...)
	if err := h.views.Open(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	stopped := make(chan struct{})
	if with.idle {
		close(stopped)
	} else {
		go func() { defer close(stopped); _ = h.views.Run(ctx) }()
	}
	t.Cleanup(func() {
		stop()
		<-stopped
		if err := h.views.Close(); err != nil {
			t.Error(err)
		}
	})
	h.spool = t.TempDir()
	core, lines := observer.New(zapcore.DebugLevel)
	h.lines = lines
	o := rest.Options{App: h.app, Views: h.views, Log: h.log, Codec: codec, Clock: h.clock, Logger: zap.New(core),
		Registry: prometheus.NewRegistry(), AdminToken: token, SpoolDir: h.spool, Zone: zone,
		Build:          gen.Version{Version: "1.2.3", Commit: "abc", Go: "go1.26"},
		ParseProgramme: func(raw []byte) (programme.Programme, error) { return programmes.Parse("body", raw) },
		Rehearsal:      h.advance}
	if with.options != nil {
		with.options(&o)
	}
	if h.server, err = rest.New(o); err != nil {
		t.Fatal(err)
	}
	if with.programs {
		builtin, err := programmes.Builtin()
		if err != nil {
			t.Fatal(err)
		}
		by := app.By{Actor: "admin", Admin: true, ReceivedAt: h.now}
		if err := errors.Join(h.app.PublishBuiltinCalendar(t.Context(), by), h.app.PublishBuiltin(t.Context(), by, builtin)); err != nil {
			t.Fatal(err)
		}
	}
	return h
}

func (h *house) clock() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.now
}

func (h *house) advance(_ context.Context, to time.Time) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if to.Before(h.now) {
		return fault.New(fault.Conflict, "clock_backward", "the clock moves only forward")
	}
	h.now = to
	return nil
}

// reply is one answer, already held against the contract.
type reply struct {
	t      *testing.T
	status int
	header http.Header
	raw    []byte
}

// want fails unless the answer has the status (and, for a problem, the code).
func (r reply) want(status int, code ...string) reply {
	r.t.Helper()
	if r.status != status {
		r.t.Fatalf("status %d, want %d: %s", r.status, status, r.raw)
	}
	if len(code) > 0 && r.problem().Code != code[0] {
		r.t.Fatalf("code %q, want %q: %s", r.problem().Code, code[0], r.raw)
	}
	return r
}

func (r reply) problem() gen.Problem {
	r.t.Helper()
	return body[gen.Problem](r)
}

// field fails unless the problem names the field.
func (r reply) field(name string) reply {
	r.t.Helper()
	for _, e := range r.problem().Errors {
		if e.Field == name {
			return r
		}
	}
	r.t.Fatalf("no error about %q: %s", name, r.raw)
	return r
}

func body[T any](r reply) T {
	r.t.Helper()
	var v T
	if err := json.Unmarshal(r.raw, &v); err != nil {
		r.t.Fatalf("%v: %s", err, r.raw)
	}
	return v
}

// do sends a request with the administrator's token. A body is a string as it is, or a value as JSON; head is
// pairs of header and value, where an empty value takes the header away.
func (h *house) do(method, path string, payload any, head ...string) reply {
	h.t.Helper()
	return h.send(h.t.Context(), method, path, payload, head...)
}

// doIn sends a request without a body in a context of its own.
func (h *house) doIn(ctx context.Context, method, path string) reply {
	h.t.Helper()
	return h.send(ctx, method, path, nil)
}

func (h *house) send(ctx context.Context, method, path string, payload any, head ...string) reply {
	h.t.Helper()
	var raw []byte
	switch p := payload.(type) {
	case nil:
	case string:
		raw = []byte(p)
	case []byte:
		raw = p
	default:
		var err error
		if raw, err = json.Marshal(p); err != nil {
			h.t.Fatal(err)
		}
	}
	r := httptest.NewRequestWithContext(ctx, method, path, bytes.NewReader(raw))
	r.Header.Set("Authorization", "Bearer "+token)
	if payload != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(head); i += 2 {
		if head[i+1] == "" {
			r.Header.Del(head[i])
			continue
		}
		r.Header.Set(head[i], head[i+1])
	}
	return h.sendRequest(r)
}

func (h *house) sendRequest(r *http.Request) reply {
	h.t.Helper()
	w := httptest.NewRecorder()
	h.server.ServeHTTP(w, r)
	out := reply{t: h.t, status: w.Code, header: w.Header(), raw: w.Body.Bytes()}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.seen[fmt.Sprintf("%s %d", h.judge.hold(h.t, r, out), w.Code)] = true
	if receipt := (gen.Receipt{}); w.Code < 300 && json.Unmarshal(out.raw, &receipt) == nil && receipt.Position != "" && receipt.Version > 0 {
		h.last = receipt.Position
	}
	return out
}

func (h *house) post(path string, payload any, head ...string) reply {
	h.t.Helper()
	return h.do(http.MethodPost, "/api/v1"+path, payload, head...)
}

// get reads what the last command has brought about.
func (h *house) get(path string, head ...string) reply {
	h.t.Helper()
	if h.last != "" && !strings.Contains(path, "at_least") {
		sep := "?"
		if strings.Contains(path, "?") {
			sep = "&"
		}
		path += sep + "at_least=" + h.last
	}
	return h.do(http.MethodGet, "/api/v1"+path, nil, head...)
}

// judge holds every answer against openapi.yaml, more strictly than clients should: what the contract does not
// list is wrong.
type judge struct {
	doc    *openapi3.T
	router routers.Router
}

// newJudge reads the contract once for all tests.
var newJudge = sync.OnceValues(func() (*judge, error) {
	doc, err := openapi3.NewLoader().LoadFromData(api.Contract)
	if err != nil {
		return nil, err
	}
	if err := doc.Validate(context.Background()); err != nil {
		return nil, err
	}
	no := false
	for _, ref := range doc.Components.Schemas {
		if s := ref.Value; s.Type.Is("object") && len(s.Properties) > 0 && s.AdditionalProperties.Has == nil && s.AdditionalProperties.Schema == nil {
			s.AdditionalProperties.Has = &no
		}
	}
	for _, path := range doc.Paths.Map() {
		path.Servers = nil // relative ones: the test strips the base
	}
	doc.Servers = nil
	router, err := gorillamux.NewRouter(doc)
	if err != nil {
		return nil, err
	}
	return &judge{doc: doc, router: router}, nil
})

// hold gives the operation that answered, "" if none.
func (j *judge) hold(t *testing.T, sent *http.Request, got reply) string {
	t.Helper()
	media, _, _ := strings.Cut(got.header.Get("Content-Type"), ";")
	bare := sent.Clone(sent.Context())
	bare.URL.Path = strings.TrimPrefix(bare.URL.Path, "/api/v1")
	bare.URL.RawPath = ""
	route, _, err := j.router.FindRoute(bare)
	if err != nil {
		if got.status != http.StatusNotFound && got.status != http.StatusMethodNotAllowed {
			t.Fatalf("%s %s is in no contract and answers %d", sent.Method, sent.URL.Path, got.status)
		}
		j.schema(t, j.doc.Components.Schemas["Problem"].Value, got, "a route that is not there")
		return ""
	}
	name := route.Operation.OperationID
	answer := route.Operation.Responses.Status(got.status)
	if answer == nil {
		t.Fatalf("%s answers %d, which is not in the contract: %s", name, got.status, got.raw)
	}
	content := answer.Value.Content.Get(media)
	if content == nil {
		t.Fatalf("%s answers %d as %q, which is not in the contract", name, got.status, media)
	}
	for header := range answer.Value.Headers {
		if got.header.Get(header) == "" && header != "ETag" {
			t.Fatalf("%s answers %d without %s", name, got.status, header)
		}
	}
	if strings.HasSuffix(media, "json") {
		j.schema(t, content.Schema.Value, got, name)
	}
	return name
}

func (j *judge) schema(t *testing.T, s *openapi3.Schema, got reply, name string) {
	t.Helper()
	var value any
	if err := json.Unmarshal(got.raw, &value); err != nil {
		t.Fatalf("%s: %v: %s", name, err, got.raw)
	}
	err := s.VisitJSON(value, openapi3.MultiErrors(), openapi3.VisitAsResponse(), openapi3.EnableFormatValidation())
	var wrong openapi3.MultiError
	if errors.As(err, &wrong) {
		t.Fatalf("%s %d is not as the contract says: %v\n%s", name, got.status, wrong, got.raw)
	} else if err != nil {
		t.Fatalf("%s %d is not as the contract says: %v\n%s", name, got.status, err, got.raw)
	}
}
