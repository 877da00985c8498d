package rest_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"gridward/api/rest/gen"
	"gridward/app"
	"gridward/app/views"
)

func TestTheSameKeyGivesTheSameAnswer(t *testing.T) {
	h := open(t, setup{})
	person := obj{"name": "张三"}
	first := h.post("/persons", person, "Idempotency-Key", "k1").want(http.StatusCreated)
	again := h.post("/persons", person, "Idempotency-Key", "k1").want(http.StatusCreated)
	if string(first.raw) != string(again.raw) || first.header.Get("Location") != again.header.Get("Location") || first.header.Get("Location") == "" {
		t.Errorf("%s at %s, then %s at %s", first.raw, first.header.Get("Location"), again.raw, again.header.Get("Location"))
	}
	h.post("/persons", obj{"name": "李四"}, "Idempotency-Key", "k1").want(http.StatusUnprocessableEntity, "idempotency_key_reused")
	other := h.post("/persons", person, "Idempotency-Key", "k2").want(http.StatusCreated)
	if body[gen.Receipt](other).Id == body[gen.Receipt](first).Id {
		t.Error("another key made the same person")
	}
	h.post("/persons", obj{"id": officer, "name": "赵六"}).want(http.StatusCreated)
	h.post("/persons", obj{"id": officer, "name": "赵六"}).want(http.StatusCreated)
	h.post("/persons", obj{"id": officer, "name": "赵七"}).want(http.StatusConflict, "id_reused")
}

// A key belongs to whom it came from: the same key of somebody else is another command.
func TestKeysBelongToTheirSender(t *testing.T) {
	h := open(t, setup{programs: true})
	settle(h)
	note := obj{"programme": "fire", "cell": site, "description": "堆物", "source": "officer", "found_at": "2026-02-10T08:00:00+08:00"}
	one := body[gen.Receipt](h.post("/cases", note, "X-Act-As", officer, "Idempotency-Key", "1").want(http.StatusCreated))
	two := body[gen.Receipt](h.post("/cases", note, "X-Act-As", chief, "Idempotency-Key", "1").want(http.StatusCreated))
	if one.Id == two.Id {
		t.Error("two senders, one case")
	}
}

func TestAtLeastWaitsForTheViews(t *testing.T) {
	h := open(t, setup{idle: true})
	h.post("/cells", obj{"code": district, "name": "管城回族区"}).want(http.StatusCreated)
	at := h.last
	if got := body[views.Page[views.Cell]](h.do(http.MethodGet, "/api/v1/cells", nil).want(http.StatusOK)); len(got.Items) != 0 {
		t.Fatalf("the views are ahead of themselves: %+v", got)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	h.doIn(ctx, http.MethodGet, "/api/v1/cells?at_least="+at).want(http.StatusServiceUnavailable, "views_behind")

	waiting := make(chan reply)
	go func() { waiting <- h.do(http.MethodGet, "/api/v1/cells/"+district+"?at_least="+at, nil) }()
	if err := h.views.CatchUp(t.Context()); err != nil {
		t.Fatal(err)
	}
	(<-waiting).want(http.StatusOK)
	h.do(http.MethodGet, "/api/v1/cells?at_least=zzzzzzzzzzzzzzzzzzz", nil).want(http.StatusUnprocessableEntity).field("at_least")
}

// A batch is what an offline phone sends: every item stands for itself, and sending it again changes nothing.
func TestABatchSentTwice(t *testing.T) {
	h := open(t, setup{programs: true})
	settle(h)
	id := func(n string) string { return "0190f5fe-7c00-7a00-8a00-0000000001" + n }
	misspelt := patrol(obj{"id": id("03"), "contnt": "例行"})
	items := []obj{
		patrol(obj{"id": id("01"), "occurred_at": "2026-02-10T08:30:00+08:00"}),
		patrol(obj{"id": id("02"), "hazards": []obj{{"description": "灭火器过期", "item": "extinguisher_expired"}}}),
		misspelt,
		patrol(nil), // no id
		patrol(obj{"id": id("04"), "cell": "410104001001001999"}),
		patrol(obj{"id": id("05"), "occurred_at": "2026-02-10T08:31:00+08:00"}),
		patrol(obj{"id": id("06"), "content": ""}),
		{"id": 7},
		patrol(obj{"id": id("07"), "content": "a\x00b"}),
		patrol(obj{"id": id("01")}),
	}
	want := []string{"created", "created", "rejected", "rejected", "rejected", "rejected", "rejected", "rejected", "rejected", "duplicate"}
	got := body[gen.BatchReceipt](h.post("/inspections/batch", obj{"items": items}, as(officer)...).want(http.StatusOK))
	check := func(want []string) {
		t.Helper()
		if len(got.Results) != len(want) {
			t.Fatalf("%d results", len(got.Results))
		}
		for i, r := range got.Results {
			if string(r.Status) != want[i] || (r.Problem != nil) != (want[i] == "rejected") {
				t.Errorf("item %d: %s %+v", i, r.Status, r.Problem)
			}
		}
	}
	check(want)
	for i, field := range map[int]string{2: "contnt", 3: "id", 4: "cell", 5: "occurred_at", 6: "content", 7: "id", 8: "content"} {
		p := got.Results[i].Problem
		found := false
		for _, e := range p.Errors {
			found = found || e.Field == field
		}
		if !found || p.Status != http.StatusUnprocessableEntity {
			t.Errorf("item %d: %+v names no %s", i, p, field)
		}
	}
	head, err := h.log.Head(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if got.Position != head.String() {
		t.Errorf("position %s, the log is at %s: the opened case counts too", got.Position, head)
	}
	got = body[gen.BatchReceipt](h.post("/inspections/batch", obj{"items": items}, as(officer)...).want(http.StatusOK))
	want[0], want[1] = "duplicate", "duplicate"
	check(want)
	if again, err := h.log.Head(t.Context()); err != nil || again != head || got.Position != head.String() {
		t.Errorf("sent again, the log went from %s to %s and the answer says %s (%v)", head, again, got.Position, err)
	}
}

// full is a log whose queue is full.
type full struct{ app.Log }

func (full) Append(context.Context, string, uint64, []app.Record) (app.Appended, error) {
	return app.Appended{}, queueFull
}

func TestAFullQueue(t *testing.T) {
	h := open(t, setup{log: func(l app.Log) app.Log { return full{l} }})
	r := h.post("/persons", obj{"name": "张三"}).want(http.StatusServiceUnavailable, "queue_full")
	if r.header.Get("Retry-After") != "2" {
		t.Errorf("Retry-After %q for 1.2 s", r.header.Get("Retry-After"))
	}
	if head, err := h.log.Head(t.Context()); err != nil || head != 0 {
		t.Errorf("%s %v", head, err)
	}
}

func TestTheClock(t *testing.T) {
	h := open(t, setup{})
	later := time.Date(2026, 2, 11, 9, 0, 0, 0, zone)
	if got := body[gen.ClockReading](h.post("/clock", obj{"now": later}).want(http.StatusOK)); !got.Now.Equal(later) {
		t.Errorf("%v", got)
	}
	h.post("/clock", obj{"now": later.Add(-time.Second)}).want(http.StatusConflict, "clock_backward")
	h.post("/clock", obj{"now": "tomorrow"}).want(http.StatusUnprocessableEntity).field("now")
	r := report(obj{"programme": "fire", "found_at": "2026-02-10T08:00:00+08:00", "occurred_at": "2026-02-11T09:06:00+08:00"})
	h.post("/cases", r).want(http.StatusUnprocessableEntity, "in_future").field("occurred_at")
}
