//go:build acceptance

package acceptance

import (
	"bufio"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"time"
)

// facts is how often each fact happened in the story.
var facts = map[string]int{
	"programme.published": 8, "programme.listed": 7, "calendar.published": 1, // seven built in, fire twice
	"cell.created": 15, "cell.classes_set": 1, "cell.attributes_set": 1, "person.registered": 21, "department.created": 1,
	"duty.given": 23, "duty.ended": 1, // 21 duties, two of them on two cells
	"inspection.logged": 20, "inspection.amended": 1, "inspection.voided": 1, "campaign.opened": 2,
	"activity.recorded": 4, "equipment.registered": 3, "equipment.serviced": 1, "equipment.retired": 1, "force.registered": 2,
	"case.reported": 10, "case.verification_requested": 1, "case.verified": 1, "case.filed": 8, "case.dispatched": 8, "case.accepted": 6,
	"case.returned": 1, "case.rectified": 7, "case.checked": 7, "case.closed": 6, "case.escalated": 3, "case.escalation_acknowledged": 1,
	"case.supervised": 2, "case.supervision_lifted": 2, "case.transferred": 1, "case.transfer_replied": 1, "case.merged_into": 1,
	"case.duplicate_linked": 1, "case.voided": 1, "case.reopened": 1, "case.noted": 1, "case.feedback_given": 1,
}

// allFacts is their sum, of which 71 are facts of cases.
const allFacts = 185

// log reads the whole log page by page.
func (w *walk) log() (events []any, text string) {
	w.t.Helper()
	path := "/events?limit=50"
	for {
		a := w.admin.get(path).ok(200)
		events, text = append(events, a.items()...), text+string(a.body)
		if a.at("next_cursor") == nil {
			return events, text
		}
		path = "/events?limit=50&cursor=" + a.text("next_cursor")
	}
}

// events holds the whole log: every fact there once, versions without a gap, times that never go back, who and
// for whom, and no personal datum.
func (w *walk) events() {
	all, text := w.log()
	kinds, versions, ids := map[string]int{}, map[string]float64{}, map[string]bool{}
	var recorded time.Time
	told := 0
	for _, e := range all {
		if !byTime(e) {
			kinds[at(e, "type").(string)]++
			told++
		}
		stream, id := at(e, "stream").(string), at(e, "id").(string)
		if version := at(e, "version").(float64); version != versions[stream]+1 {
			w.t.Errorf("%s goes from version %v to %v", stream, versions[stream], version)
		}
		versions[stream]++
		if ids[id] {
			w.t.Errorf("event %s is there twice", id)
		}
		ids[id] = true
		now, err := time.Parse(time.RFC3339, at(e, "recorded_at").(string))
		if err != nil || now.Before(recorded) {
			w.t.Errorf("%s: recorded at %v after %v: %v", stream, now, recorded, err)
		}
		recorded = now
	}
	equal(w.t, "events", told, allFacts)
	equal(w.t, "events by type", kinds, facts)
	equal(w.t, "events of cases", len(w.admin.get("/events?limit=500&type=case.*").ok(200).items()), 77) // 71 by people; time gave 4 cards and one escalation, and one card was healed
	equal(w.t, "closings", len(w.admin.get("/events?limit=500&type=case.closed").ok(200).items()), 6)
	stream := w.admin.get("/events?stream=case-" + h5).ok(200)
	equal(w.t, "the stream of h5", len(stream.items()), 19) // 15 by people, 3 cards, one healed
	holds(w.t, "the stream of h5", stream.doc, object{"items.0.type": "case.reported", "items.0.version": 1, "items.0.actor": "admin",
		"items.0.on_behalf_of": chen, "items.0.cell": commB, "items.0.programme": "fire", "items.0.recorded_at": at8("03-04 09:00"),
		"items.0.data.description.value": "***", "items.0.data.reporter.name.value": "***", "items.0.data.reporter.phone.value": "***",
		"items.0.data.source": "resident"})

	private := []string{"刘大爷", "何大妈", "13900000001", "马队长", "13700000001", "店员小马", "村民小组长", "工厂安全员", "店主马某", "恒通物业公司", "楼下有人把电动车推进楼道充电", "维保单位明日到场", "二单元楼道堆放杂物"}
	for _, p := range people {
		private = append(private, p.name, p.phone)
	}
	for _, word := range private {
		if strings.Contains(text, word) {
			w.t.Errorf("the events tell %s", word)
		}
	}
	if log := string(w.server.out.bytes()); strings.Contains(log, "何大妈") || strings.Contains(log, "13900000001") || strings.Contains(log, adminToken) {
		w.t.Errorf("the program's own log tells personal data or the token")
	}
}

// feed holds the live feed: behind a position it gives what followed, in order, and then what happens.
func (w *walk) feed() {
	all, _ := w.log()
	from := len(all) - 30
	live := w.listen("", at(all[from-1], "position").(string))
	for _, want := range all[from:] {
		id, got := live.next()
		equal(w.t, "the feed", got, want)
		equal(w.t, "the feed's id", id, at(want, "position"))
	}
	noted := w.cmd(feng, "/cases/"+w.h10+"/note", object{"text": "维保单位已到场"})
	id, event := live.next()
	equal(w.t, "the live event's id", id, noted.at("position"))
	holds(w.t, "the live event", event, object{"type": "case.noted", "stream": "case-" + w.h10, "data.text.value": "***", "on_behalf_of": feng})
	live.close()

	again := w.listen("", id) // behind the last one there is nothing, until something happens
	noted = w.cmd(feng, "/cases/"+w.h10+"/note", object{"text": "已更换烟感"})
	id, _ = again.next()
	equal(w.t, "the feed taken up again", id, noted.at("position"))
	again.close()
}

// metrics holds what the program counted since it was started again on 03-04: h3, h4, h5 and h9 were closed, the batch
// of five logged four patrols once.
func (w *walk) metrics() {
	w.read("/cases/" + w.h10) // the views have caught up with the last command
	text := string(w.admin.get("/metrics").ok(200).body)
	for _, line := range []string{`gridward_commands_total{outcome="done",type="closeCase"} 4`,
		`gridward_commands_total{outcome="done",type="logInspections"} 4`, `gridward_commands_total{outcome="replayed",type="logInspections"} 4`,
		`gridward_commands_total{outcome="invalid",type="logInspections"} 2`, "gridward_views_lag 0", "gridward_views_stopped 0", "gridward_log_queue 0"} {
		if !strings.Contains(text, "\n"+line+"\n") {
			w.t.Errorf("the metrics lack %s", line)
		}
	}
	for _, name := range []string{"gridward_log_commit_seconds_count ", "gridward_log_batch_records_count ", "gridward_http_request_seconds_count{"} {
		if !strings.Contains(text, "\n"+name) {
			w.t.Errorf("the metrics lack %s", name)
		}
	}
}

// listener is one client of the live feed.
type listener struct {
	w     *walk
	body  io.Closer
	lines *bufio.Scanner
}

// listen opens the live feed for events of a type, "" being all, behind a position, "" being the log's end.
func (w *walk) listen(kind, behind string) *listener {
	w.t.Helper()
	req, err := http.NewRequest(http.MethodGet, w.admin.base+"/events/stream?type="+kind, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+adminToken)
	if behind != "" {
		req.Header.Set("Last-Event-ID", behind)
	}
	resp, err := w.admin.http.Do(req)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { _ = resp.Body.Close() })
	equal(w.t, "the feed's type", resp.Header.Get("Content-Type"), "text/event-stream")
	l := &listener{w: w, body: resp.Body, lines: bufio.NewScanner(resp.Body)}
	l.lines.Buffer(nil, 1<<20)
	return l
}

// next waits for the next event and gives its id and its content.
func (l *listener) next() (id string, event any) {
	l.w.t.Helper()
	for l.lines.Scan() {
		line := l.lines.Text()
		if text, ok := strings.CutPrefix(line, "id: "); ok {
			id = text
		}
		if text, ok := strings.CutPrefix(line, "data: "); ok {
			if err := json.Unmarshal([]byte(text), &event); err != nil {
				l.w.t.Fatal(err)
			}
		}
		if line == "" && event != nil {
			return id, event
		}
	}
	l.w.t.Fatalf("the feed ended: %v", l.lines.Err())
	return "", nil
}

func (l *listener) close() { _ = l.body.Close() }
