//go:build acceptance

package acceptance

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"
)

// TestBatchCutOff holds that 500 patrols sent in one request that is cut off anywhere, again and again, and at last
// sent whole, are there exactly once, with the 50 hazards they found.
func TestBatchCutOff(t *testing.T) {
	dir := t.TempDir()
	s := start(t, dir, "--clock", at8("03-02 08:00"))
	c := s.client()
	for _, cell := range []object{{"code": district, "name": "管城回族区"}, {"code": street1, "name": "北下街街道"}, {"code": commA, "name": "代书胡同社区"},
		{"code": areaA1, "name": "代书胡同东片"}, {"code": site1, "name": "建业楼院"}} {
		c.post("/cells", cell).ok(201)
	}
	c.post("/persons", object{"id": feng, "name": "冯小刚"}).ok(201)
	c.post("/cells/"+areaA1+"/duties", object{"programme": "fire", "role": "officer", "person": feng, "from": "2026-01-01T00:00:00+08:00"}).ok(201)

	// 25 patrols on each of 20 days of February; every tenth of them found something.
	var items []object
	for n := range 500 {
		from := time.Date(2026, 2, 1+n%20, 8, n/20*10, 0, 0, time.FixedZone("", 8*3600))
		item := patrol(fmt.Sprintf("70000000-0000-4000-8000-%012d", n), site1, "02-01 08:00", "02-01 08:00", object{
			"started_at": from.Format(time.RFC3339), "ended_at": from.Add(8 * time.Minute).Format(time.RFC3339)})
		if n%10 == 0 {
			item["hazards"] = []object{{"item": "corridor_cluttered", "description": "楼道堆放杂物"}}
		}
		items = append(items, item)
	}
	body, err := json.Marshal(object{"items": items})
	if err != nil {
		t.Fatal(err)
	}

	// Cut off before its end nothing of it is taken; cut off after its last byte, the program does what it can.
	for _, sent := range []int{0, 1, len(body) / 3, len(body) - 1} {
		cutOff(t, s, body, sent)
	}
	equal(t, "inspections after requests that never ended", len(c.get("/inspections?limit=500").ok(200).items()), 0)
	for range 5 {
		cutOff(t, s, body, len(body))
	}

	whole := c.as(feng).post("/inspections/batch", string(body)).ok(200)
	became := map[string]int{}
	for _, r := range list(whole.at("results")) {
		became[at(r, "status").(string)]++
	}
	if became["created"]+became["duplicate"] != 500 {
		t.Errorf("the whole batch became %v", became)
	}
	again := c.as(feng).post("/inspections/batch", string(body)).ok(200)
	for i, r := range list(again.at("results")) {
		holds(t, "the batch once more", r, object{"id": fmt.Sprintf("70000000-0000-4000-8000-%012d", i), "status": "duplicate"})
	}

	then := "at_least=" + whole.text("position")
	equal(t, "inspections", len(c.get("/inspections?limit=500&"+then).ok(200).items()), 500)
	equal(t, "no more of them", c.get("/inspections?limit=500&"+then).at("next_cursor"), nil)
	equal(t, "logged", len(everyEvent(c, "inspection.logged")), 500)
	equal(t, "reported", len(everyEvent(c, "case.reported")), 50)
	holds(t, "February", c.get("/cells/"+district+"/patrols?programme=fire&period=2026-02&"+then).ok(200).doc,
		object{"done": 500, "other": 0, "by_role": []object{{"role": "officer", "done": 500, "required": nil, "short": nil}}})
	holds(t, "one day", c.get("/cells/"+site1+"/patrols?programme=fire&period=2026-02-20").ok(200).doc, object{"done": 25})
	equal(t, "cases", len(c.get("/cases?limit=500&"+then).ok(200).items()), 50)
	s.stop()
	if out, errOut, status := run(t, dir, "check"); status != 0 {
		t.Errorf("check ended with %d\n%s\n%s", status, out, errOut)
	}
}

// cutOff begins to send a batch as feng, and closes the connection after so many bytes of the body.
func cutOff(t *testing.T, s *server, body []byte, sent int) {
	t.Helper()
	conn, err := net.Dial("tcp", strings.TrimPrefix(s.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	var request bytes.Buffer
	fmt.Fprintf(&request, "POST /api/v1/inspections/batch HTTP/1.1\r\nHost: gridward\r\nAuthorization: Bearer %s\r\nX-Act-As: %s\r\n"+
		"Content-Type: application/json\r\nContent-Length: %d\r\n\r\n", adminToken, feng, len(body))
	request.Write(body[:sent])
	if _, err := conn.Write(request.Bytes()); err != nil {
		t.Fatal(err)
	}
	if err := conn.Close(); err != nil {
		t.Fatal(err)
	}
}

// everyEvent reads all events of a type.
func everyEvent(c *client, kind string) []any {
	c.t.Helper()
	var events []any
	path := "/events?limit=500&type=" + kind
	for {
		a := c.get(path).ok(200)
		events = append(events, a.items()...)
		if a.at("next_cursor") == nil {
			return events
		}
		path = "/events?limit=500&type=" + kind + "&cursor=" + a.text("next_cursor")
	}
}
