package rest_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"go.uber.org/zap"

	"gridward/api/rest"
	"gridward/app/views"
)

// following is a node that takes no commands itself.
func following(t *testing.T, leader func() *rest.Leader) *house {
	t.Helper()
	return open(t, setup{options: func(o *rest.Options) { o.Leader, o.LeaderTakesAll = leader, true }})
}

// followerOf is a node that sends commands on to the handler, and what tells it that this leads no more.
func followerOf(t *testing.T, leads http.Handler) (h *house, lose func()) {
	t.Helper()
	server := httptest.NewServer(leads)
	t.Cleanup(server.Close)
	at, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	lost := make(chan struct{})
	h = following(t, func() *rest.Leader { return &rest.Leader{At: at, Lost: lost} })
	return h, func() { close(lost) }
}

// isEmpty says whether nothing is in the node's own log.
func isEmpty(t *testing.T, h *house) bool {
	t.Helper()
	head, err := h.log.Head(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return head == 0
}

// What a node that follows is told to do the leader does, and its answer is the leader's; what it is asked it answers
// itself.
func TestCommandsGoToTheNodeThatLeads(t *testing.T) {
	leader := open(t, setup{})
	follower, _ := followerOf(t, leader.server)
	made := follower.post("/cells?", obj{"code": district, "name": "管城回族区"}, "X-Request-ID", "from-a-phone", "Idempotency-Key", "1").want(http.StatusCreated)
	again := leader.post("/cells", obj{"code": district, "name": "管城回族区"}, "Idempotency-Key", "1").want(http.StatusCreated)
	if string(made.raw) != string(again.raw) || made.header.Get("Location") != again.header.Get("Location") || made.header.Get("ETag") != again.header.Get("ETag") {
		t.Errorf("the leader answers %s, the follower %s", again.raw, made.raw)
	}
	for name, values := range made.header {
		if len(values) > 1 {
			t.Errorf("%s comes twice: %q", name, values)
		}
	}
	if got := made.header.Get("X-Request-ID"); got != "from-a-phone" || leader.lines.FilterField(zap.String("request_id", got)).Len() != 1 {
		t.Errorf("the request is %q here, and not that one at the leader", got)
	}
	follower.post("/cells", obj{"code": district, "name": "另一区"}).want(http.StatusConflict)
	follower.post("/cells", obj{"code": "x"}).want(http.StatusUnprocessableEntity).field("code")
	if !isEmpty(t, follower) {
		t.Error("the follower wrote itself")
	}
	follower.last = ""
	if got := body[views.Page[views.Cell]](follower.get("/cells").want(http.StatusOK)); len(got.Items) != 0 {
		t.Errorf("the follower was asked, and the leader answers: %+v", got)
	}
}

// Where every node takes commands, only what is the leader's alone goes there.
func TestWhatOnlyTheLeaderDoesGoesThere(t *testing.T) {
	leader := open(t, setup{})
	server := httptest.NewServer(leader.server)
	t.Cleanup(server.Close)
	at, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	h := open(t, setup{options: func(o *rest.Options) { o.Leader = func() *rest.Leader { return &rest.Leader{At: at} } }})
	h.post("/persons", obj{"name": "张三"}).want(http.StatusCreated)
	if isEmpty(t, h) || !isEmpty(t, leader) {
		t.Error("a command went to the leader")
	}
	later := leader.clock().AddDate(0, 0, 1)
	h.post("/clock", obj{"now": later}).want(http.StatusOK)
	if !leader.clock().Equal(later) || h.clock().Equal(later) {
		t.Error("the leader's clock was not moved, or the follower's was")
	}
	h.post("/views/rebuild", nil).want(http.StatusOK)
}

// A request is sent on once, and only whose it is may be: without a token nothing is sent, nor what is too large.
func TestWhatIsNotSentOn(t *testing.T) {
	nobody := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		if r.ContentLength >= 0 {
			t.Errorf("%s %s came", r.Method, r.URL)
		}
	})
	h, _ := followerOf(t, nobody)
	h.post("/persons", obj{"name": "张三"}, "Gridward-Forwarded", "1").want(http.StatusCreated)
	h.post("/persons", obj{"name": "张三"}, "Authorization", "").want(http.StatusUnauthorized)
	h.post("/nowhere", obj{}).want(http.StatusNotFound)
	large := `{"name":"` + strings.Repeat("三", 1<<20) + `"}`
	h.post("/persons", large).want(http.StatusRequestEntityTooLarge, "too_large")
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/api/v1/persons", io.MultiReader(strings.NewReader(large))) // of unknown length
	r.Header.Set("Authorization", "Bearer "+token)
	r.Header.Set("Content-Type", "application/json")
	h.sendRequest(r).want(http.StatusRequestEntityTooLarge, "too_large")
}

// Where no leader is known the house says so itself.
func TestNobodyLeads(t *testing.T) {
	h := following(t, func() *rest.Leader { return nil })
	h.post("/persons", obj{"name": "张三"}).want(http.StatusCreated)
}

// Whoever cannot be told the outcome is told that it is not known, and soon; where nothing was done, that.
func TestALeaderThatDoesNotAnswer(t *testing.T) {
	t.Run("it is gone", func(t *testing.T) {
		server := httptest.NewServer(http.NotFoundHandler())
		at, err := url.Parse(server.URL)
		if err != nil {
			t.Fatal(err)
		}
		server.Close()
		h := following(t, func() *rest.Leader { return &rest.Leader{At: at} })
		retryable(t, h.post("/persons", obj{"name": "张三"}).want(http.StatusServiceUnavailable, "not_leading"))
	})
	t.Run("it says nothing until another leads", func(t *testing.T) {
		asked, over := make(chan struct{}), make(chan struct{})
		h, lose := followerOf(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { close(asked); <-over }))
		defer close(over)
		go func() { <-asked; lose() }()
		retryable(t, h.post("/persons", obj{"name": "张三"}).want(http.StatusServiceUnavailable, "leader_lost"))
	})
	t.Run("it dies before it answers", func(t *testing.T) {
		h, _ := followerOf(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }))
		retryable(t, h.post("/persons", obj{"name": "张三"}).want(http.StatusServiceUnavailable, "leader_lost"))
	})
	t.Run("it dies while it answers", func(t *testing.T) {
		h, _ := followerOf(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "1000")
			w.WriteHeader(http.StatusCreated)
			_, _ = io.WriteString(w, `{"id":`)
			_ = http.NewResponseController(w).Flush()
			panic(http.ErrAbortHandler)
		}))
		front := httptest.NewServer(h.server)
		defer front.Close()
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, front.URL+"/api/v1/persons", strings.NewReader(`{"name":"张三"}`))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer "+token)
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			return // cut off before its beginning came
		}
		defer func() { _ = resp.Body.Close() }()
		if raw, err := io.ReadAll(resp.Body); err == nil {
			t.Errorf("half an answer looks whole: %q", raw)
		}
	})
	t.Run("the client goes away", func(t *testing.T) {
		asked, ended := make(chan struct{}), make(chan struct{})
		h, _ := followerOf(t, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body)
			close(asked)
			<-r.Context().Done()
			close(ended)
		}))
		ctx, leave := context.WithCancel(t.Context())
		go func() { <-asked; leave() }()
		h.send(ctx, http.MethodPost, "/api/v1/persons", obj{"name": "张三"}).want(http.StatusServiceUnavailable)
		<-ended // the leader hears of it
	})
}

func retryable(t *testing.T, r reply) {
	t.Helper()
	if r.header.Get("Retry-After") == "" {
		t.Errorf("it is not said when to come again: %s", r.raw)
	}
}
