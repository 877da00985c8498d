//go:build acceptance

package acceptance

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"gridward/adapters/pgtest"
)

// The two districts that are sharded.
const (
	eastern = "330108"
	western = "330110"
)

// siteOf is the one premises of a district.
func siteOf(district string) string { return district + "0010010010001" }

// personIn is somebody in a district: the officer, or the head of the area or of the community.
func personIn(district, post string) string {
	n := map[string]int{"officer": 1, "group_head": 2, "room_head": 3}[post]
	return fmt.Sprintf("0190f5fe-7c00-7a00-8a00-%s%06d", district, n)
}

// city is a whole node on a log in PostgreSQL, and a shard beside it for each of two districts.
type city struct {
	t      *testing.T
	whole  *server
	shards map[string]*server  // by district
	own    map[string][]string // the flags of each: one has its views in files, the other in a database
}

func newCity(t *testing.T) *city {
	t.Helper()
	url := pgtest.Start(t)
	begin := func(flags ...string) *server {
		dir := t.TempDir()
		logs[dir] = url
		t.Cleanup(func() { delete(logs, dir) })
		return start(t, dir, append(slices.Clone(flags), "--clock", firstHour.Format(time.RFC3339))...)
	}
	c := &city{t: t, whole: begin(), shards: map[string]*server{}, own: map[string][]string{eastern: {"--districts", eastern},
		western: {"--districts", western, "--views", pgtest.Start(t)}}}
	for d, own := range c.own {
		c.shards[d] = begin(own...)
	}
	return c
}

// settleDistrict makes the cells, people and duties of a district by one server.
func settleDistrict(s *server, district string) {
	admin, site := s.client(), siteOf(district)
	for _, n := range []int{6, 9, 12, 15, 19} {
		admin.post("/cells", object{"code": site[:n], "name": "格" + site[:n]}).ok(201)
	}
	for post, cell := range map[string]string{"officer": site[:15], "group_head": site[:15], "room_head": site[:12]} {
		admin.post("/persons", object{"id": personIn(district, post), "name": "人" + post}).ok(201)
		admin.post("/cells/"+cell+"/duties", object{"programme": "fire", "role": post, "person": personIn(district, post), "from": "2025-12-01T00:00:00+08:00"}).ok(201)
	}
}

// find logs a patrol of a district's premises that found a hazard, has it filed at once, and gives the case and the
// position.
func find(s *server, district string) (id, position string) {
	end := firstHour.Add(-time.Minute)
	items := []object{}
	for _, item := range list(s.client().get("/programmes/fire").ok(200).at("checklist")) {
		items = append(items, object{"item": at(item, "item"), "result": "pass"})
	}
	logged := s.client().as(personIn(district, "officer")).post("/inspections", object{"programme": "fire", "cell": siteOf(district), "officer": personIn(district, "officer"),
		"kind": "routine", "started_at": end.Add(-30 * time.Minute), "ended_at": end, "content": "例行检查", "measures": "已告知", "participants": []string{"楼长"},
		"checklist": items, "hazards": []object{{"item": "extinguisher_expired", "description": "灭火器过期"}}}).ok(201)
	id = logged.text("cases.0")
	filed := s.client().as(personIn(district, "room_head")).post("/cases/"+id+"/file", object{"item": "extinguisher_expired"}).ok(200)
	return id, filed.text("position")
}

// TestShards runs a whole node and a shard for each of two districts, in processes of their own on one log. All of them
// take commands of both districts; each reads its own writes; a shard answers about its district what the whole node
// does, and sends whoever asks about another on; what time makes due is done by the whole node alone; and a shard's views
// are those of a fresh rebuild.
func TestShards(t *testing.T) {
	if !onPostgres() {
		t.Skip("SKIPPED: shards need a log that several processes open")
	}
	c := newCity(t)
	settleDistrict(c.whole, eastern)
	settleDistrict(c.shards[eastern], western) // a command about any district goes to any node
	cases := map[string][]string{}
	for _, d := range []string{eastern, western} {
		for _, s := range []*server{c.whole, c.shards[eastern], c.shards[western]} {
			id, position := find(s, d)
			cases[d] = append(cases[d], id)
			for _, reader := range []*server{c.whole, c.shards[d]} {
				reader.client().get("/cases/" + id + "?at_least=" + position).ok(200)
			}
			other := c.shards[map[string]string{eastern: western, western: eastern}[d]]
			other.client().get("/cases/"+id+"?at_least="+position).refused(421, "district_elsewhere")
		}
	}
	hand := &clockHand{now: firstHour.AddDate(0, 0, 3)}
	hand.arrive(t, c.whole.url)
	position := c.awaitCards(cases)
	for d, s := range c.shards { // their clocks stood still
		s.stop()
		c.shards[d] = start(t, s.dir, append(slices.Clone(c.own[d]), "--clock", hand.now.Format(time.RFC3339))...)
	}
	for _, d := range []string{eastern, western} {
		c.same(d, cases[d], position)
	}
	c.onlyTheWholeActs()
	for d, s := range c.shards {
		s.client().get("/cases?cell=" + d).ok(200)
		s.stop()
		if out, errs, status := run(t, s.dir, append([]string{"check"}, c.own[d]...)...); status != 0 || !strings.Contains(out, "0 differences") {
			t.Errorf("check of the shard of %s ends with %d:\n%s%s", d, status, out, errs)
		}
		if _, errs, status := run(t, s.dir, append([]string{"rebuild"}, c.own[d]...)...); status != 0 {
			t.Errorf("rebuild of the shard of %s ends with %d:\n%s", d, status, errs)
		}
	}
	c.whole.stop()
	if out, errs, status := run(t, c.whole.dir, "check"); status != 0 {
		t.Errorf("check ends with %d:\n%s%s", status, out, errs)
	}
}

// awaitCards waits until every case has had its red card, and nothing more happens; it gives the position then.
func (c *city) awaitCards(cases map[string][]string) (position string) {
	c.t.Helper()
	admin := c.whole.client()
	for began := time.Now(); ; time.Sleep(200 * time.Millisecond) {
		without := 0
		for _, ids := range cases {
			for _, id := range ids {
				if !slices.Contains(column(list(admin.get("/cases/"+id).ok(200).at("cards")), "colour"), "red") {
					without++
				}
			}
		}
		now := admin.get("/readyz")
		if without == 0 && now.at("views_lag") == float64(0) && now.text("views_position") == position {
			return position
		}
		position = now.text("views_position")
		if time.Since(began) > time.Minute {
			c.t.Fatalf("%d cases have no red card", without)
		}
	}
}

// same holds that a shard answers about its district as the whole node does, and the other shard not at all.
func (c *city) same(district string, cases []string, position string) {
	c.t.Helper()
	site := siteOf(district)
	paths := []string{"/cells?parent=" + district, "/cases?cell=" + district, "/inspections?cell=" + district, "/campaigns?cell=" + district,
		"/patrols/shortfalls?cell=" + district}
	for _, n := range []int{6, 9, 12, 15, 19} {
		cell := "/cells/" + site[:n]
		paths = append(paths, cell, cell+"/duties", cell+"/patrols?programme=fire", "/escalations?cell="+site[:n], cell+"/ledgers/hazards",
			cell+"/ledgers/inspections", cell+"/accountability")
	}
	for _, id := range cases {
		paths = append(paths, "/cases/"+id, "/cases/"+id+"/timeline")
	}
	if n := len(c.shards[district].client().get("/cases?cell=" + district).ok(200).items()); n != len(cases) {
		c.t.Errorf("the shard of %s has %d cases, want %d", district, n, len(cases))
	}
	for _, path := range paths {
		sep := "?"
		if strings.Contains(path, "?") {
			sep = "&"
		}
		path += sep + "at_least=" + position
		want, got := c.whole.client().get(path).ok(200), c.shards[district].client().get(path).ok(200)
		if !reflect.DeepEqual(got.doc, want.doc) {
			c.t.Errorf("GET %s: the shard answers\n%s\nthe whole node\n%s", path, got.body, want.body)
		}
		for d, s := range c.shards {
			if d != district {
				s.client().get(path).refused(421, "district_elsewhere")
			}
		}
	}
}

// onlyTheWholeActs holds that the shards lead nobody and do nothing that is due.
func (c *city) onlyTheWholeActs() {
	c.t.Helper()
	equal(c.t, "the whole node's role", c.whole.client().get("/readyz").ok(200).at("role"), "leading")
	if says := string(c.whole.client().get("/metrics").ok(200).body); !strings.Contains(says, "gridward_leader 1") || !strings.Contains(says, "gridward_schedule_done_total") {
		c.t.Error("the whole node does not lead")
	}
	for d, s := range c.shards {
		ready := s.client().get("/readyz").ok(200)
		holds(c.t, "readiness", ready.doc, object{"role": "shard", "districts": []any{d}})
		if says := string(s.client().get("/metrics").ok(200).body); !strings.Contains(says, "gridward_leader 0") || strings.Contains(says, "gridward_schedule_done_total") {
			c.t.Errorf("the shard of %s acts by itself", d)
		}
	}
}
