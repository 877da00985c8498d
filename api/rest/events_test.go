package rest_test

import (
	"bufio"
	"context"
	"encoding/json"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"gridward/api/rest"
	"gridward/api/rest/gen"
	"gridward/app"
)

type eventPage struct {
	Items      []gen.Event
	NextCursor *string `json:"next_cursor"`
}

func TestEventsHidePersonalValues(t *testing.T) {
	h := open(t, setup{programs: true})
	settle(h)
	newCase(h, obj{"reporter": obj{"name": "刘女士", "phone": "13900000000"}})
	h.post("/inspections", patrol(nil), as(officer)...).want(http.StatusCreated)
	r := h.get("/events?limit=500").want(http.StatusOK)
	for _, secret := range []string{"张三", "13800000000", "刘女士", "13900000000", "老刘"} {
		if strings.Contains(string(r.raw), secret) {
			t.Errorf("%s can be read in the events", secret)
		}
	}
	if !strings.Contains(string(r.raw), `"value":"***"`) || !strings.Contains(string(r.raw), "管城回族区") {
		t.Error("masked too little or too much")
	}
	last := body[eventPage](r).Items
	e := last[len(last)-1]
	if e.Type != "inspection.logged" || e.Actor != "admin" || e.OnBehalfOf != officer || e.Cell != site || e.Programme != "fire" || e.Version != 1 ||
		!strings.HasPrefix(e.Stream, "inspection-") || e.CommandId == "" || e.Correlation == "" || e.OccurredAt.After(e.ReceivedAt) {
		t.Errorf("%+v", e)
	}
}

func TestEventsInPages(t *testing.T) {
	h := open(t, setup{})
	for _, name := range []string{"一", "二", "三", "四", "五"} {
		h.post("/persons", obj{"name": name}).want(http.StatusCreated)
	}
	h.post("/cells", obj{"code": district, "name": "管城回族区"}).want(http.StatusCreated)
	h.post("/cells/"+district+"/retire", obj{"reason": "试"}).want(http.StatusOK)
	pages := func(query string) (sizes []int, all []gen.Event) {
		t.Helper()
		cursor := ""
		for {
			p := body[eventPage](h.get("/events?" + query + "&cursor=" + cursor).want(http.StatusOK))
			sizes, all = append(sizes, len(p.Items)), append(all, p.Items...)
			if p.NextCursor == nil {
				return sizes, all
			}
			cursor = *p.NextCursor
		}
	}
	for query, want := range map[string]struct{ pages, events int }{
		"limit=3": {3, 7}, "limit=7": {1, 7}, "limit=2&type=person.registered": {3, 5}, "limit=5&type=person.*": {1, 5},
		"stream=cell-" + district + "&limit=1": {2, 2}, "stream=cell-" + district + "&type=cell.retired": {1, 1}, "type=nothing": {1, 0}, "stream=nothing": {1, 0},
	} {
		sizes, all := pages(query)
		if len(sizes) != want.pages || len(all) != want.events {
			t.Errorf("%s: %d events in pages of %v", query, len(all), sizes)
		}
		for i := 1; i < len(all); i++ {
			if all[i-1].RecordedAt.After(all[i].RecordedAt) || all[i-1].Id == all[i].Id {
				t.Errorf("%s: out of order at %d", query, i)
			}
		}
	}
	_, all := pages("limit=500")
	if got := body[eventPage](h.get("/events?after=" + all[4].Position)); len(got.Items) != 2 {
		t.Errorf("%d behind the fifth", len(got.Items))
	}
	h.get("/events?after=!").want(http.StatusUnprocessableEntity).field("after")
	h.get("/events?after=1&cursor=1").want(http.StatusUnprocessableEntity).field("cursor")
	h.get("/events?cursor=zzzzzzzzzzzzzzzzzzzz").want(http.StatusUnprocessableEntity).field("cursor")
}

// serve runs the door on a real listener until the test ends.
func serve(t *testing.T, s *rest.Server) string {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- s.Serve(l) }()
	t.Cleanup(func() {
		if err := s.Shutdown(context.Background()); err != nil {
			t.Error(err)
		}
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return "http://" + l.Addr().String()
}

// live is one open stream of server-sent events.
type live struct {
	t    *testing.T
	resp *http.Response
	read *bufio.Reader
}

func (h *house) listen(at, query string, head ...string) live {
	h.t.Helper()
	r, err := http.NewRequestWithContext(h.t.Context(), http.MethodGet, at+"/api/v1/events/stream?"+query, nil)
	if err != nil {
		h.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	for i := 0; i+1 < len(head); i += 2 {
		r.Header.Set(head[i], head[i+1])
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() { _ = resp.Body.Close() })
	if resp.StatusCode != http.StatusOK || !strings.HasPrefix(resp.Header.Get("Content-Type"), "text/event-stream") {
		h.t.Fatalf("%d %s", resp.StatusCode, resp.Header.Get("Content-Type"))
	}
	l := live{h.t, resp, bufio.NewReader(resp.Body)}
	if first, _ := l.read.ReadString('\n'); !strings.HasPrefix(first, ":") {
		h.t.Fatalf("the stream begins with %q", first)
	}
	return l
}

// next gives the next event: its id and its data.
func (l live) next() (id string, e gen.Event) {
	l.t.Helper()
	for {
		line, err := l.read.ReadString('\n')
		if err != nil {
			l.t.Fatal(err)
		}
		name, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ": ")
		switch name {
		case "id":
			id = value
		case "data":
			if err := json.Unmarshal([]byte(value), &e); err != nil {
				l.t.Fatal(err)
			}
			return id, e
		}
	}
}

func TestTheLiveStreamResumes(t *testing.T) {
	h := open(t, setup{})
	at := serve(t, h.server)
	h.post("/persons", obj{"name": "张三"}).want(http.StatusCreated)
	first := h.last
	fromNow := h.listen(at, "")
	fromStart := h.listen(at, "after=0")
	h.post("/persons", obj{"name": "李四"}).want(http.StatusCreated)
	second := h.last
	if id, e := fromNow.next(); id != second || e.Position != second {
		t.Errorf("from now on: %s, want %s", id, second)
	}
	for _, want := range []string{first, second} {
		if id, e := fromStart.next(); id != want || e.Type != "person.registered" || strings.Contains(toText(t, e), "张三") {
			t.Errorf("from the start: %s %+v, want %s", id, e, want)
		}
	}
	_ = fromStart.resp.Body.Close()
	h.post("/cells", obj{"code": district, "name": "管城回族区"}).want(http.StatusCreated)
	h.post("/persons", obj{"name": "王五"}).want(http.StatusCreated)
	resumed := h.listen(at, "type=person.*&after=0", "Last-Event-ID", second) // the header is the newer word
	if id, e := resumed.next(); id != h.last || e.Type != "person.registered" {
		t.Errorf("resumed at %s %s, want %s", id, e.Type, h.last)
	}
	h.do(http.MethodGet, "/api/v1/events/stream?after=!", nil).want(http.StatusUnprocessableEntity).field("after")
	h.do(http.MethodGet, "/api/v1/events/stream", nil, "Last-Event-ID", "!").want(http.StatusUnprocessableEntity).field("Last-Event-ID")
}

func toText(t *testing.T, v any) string {
	t.Helper()
	raw, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

// slow gives one record and then says that the reader is too slow.
type slow struct{ log app.Log }

func (s slow) Subscribe(ctx context.Context, after app.Position) (<-chan app.Record, error) {
	records, err := s.log.Read(ctx, after, 1)
	out := make(chan app.Record, 1)
	for _, r := range records {
		out <- r
	}
	close(out)
	return out, err
}

func TestASlowListenerIsLetGo(t *testing.T) {
	h := open(t, setup{options: func(o *rest.Options) { o.Feed = slow{o.Log} }})
	at := serve(t, h.server)
	h.post("/persons", obj{"name": "张三"}).want(http.StatusCreated)
	h.post("/persons", obj{"name": "李四"}).want(http.StatusCreated)
	l := h.listen(at, "after=0")
	id, _ := l.next()
	if rest, err := l.read.ReadString(0); rest != "\n" || err == nil {
		t.Errorf("after the channel closed came %q, %v", rest, err)
	}
	again := h.listen(at, "", "Last-Event-ID", id)
	if next, _ := again.next(); next != h.last {
		t.Errorf("it went on at %s", next)
	}
}

// Shutdown ends live streams and lets requests in flight finish.
func TestShutdown(t *testing.T) {
	entered, leave := make(chan struct{}), make(chan struct{})
	h := open(t, setup{options: func(o *rest.Options) {
		o.Rehearsal = func(context.Context, time.Time) error { close(entered); <-leave; return nil }
	}})
	at := serve(t, h.server)
	l := h.listen(at, "")
	status := make(chan int, 1)
	go func() {
		r, err := http.NewRequest(http.MethodPost, at+"/api/v1/clock", strings.NewReader(`{"now":"2026-02-11T09:00:00+08:00"}`))
		if err != nil {
			panic(err)
		}
		r.Header.Set("Authorization", "Bearer "+token)
		r.Header.Set("Content-Type", "application/json")
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			status <- 0
			return
		}
		_ = resp.Body.Close()
		status <- resp.StatusCode
	}()
	<-entered
	stopped := make(chan error, 1)
	go func() { stopped <- h.server.Shutdown(context.Background()) }()
	if _, err := l.read.ReadString(0); err == nil {
		t.Error("the live stream goes on")
	}
	select {
	case err := <-stopped:
		t.Fatalf("stopped with a request in flight: %v", err)
	default:
	}
	close(leave)
	if got := <-status; got != http.StatusOK {
		t.Errorf("the request in flight got %d", got)
	}
	if err := <-stopped; err != nil {
		t.Error(err)
	}
}
