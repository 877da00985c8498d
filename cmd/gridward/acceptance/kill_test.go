//go:build acceptance

package acceptance

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
)

// What becomes of one command, as its client saw it.
type fate int

const (
	unknown fate = iota // the line broke, or the service was not there: it may be in the log or not
	acknowledged
	refused
)

// attempt is one command of the load.
type attempt struct {
	method, path string
	key          string // the Idempotency-Key
	body         object
	streams      []string // what it makes once it is acknowledged: each of them exists with one creation
	event        string   // for a command on a stream that exists: the type it appends there
	filed        string   // the case it files
	mustFail     bool     // a rule refuses it: nothing of it may ever be found

	fate fate
	was  answerSeen
}

// answerSeen is what an acknowledgement said.
type answerSeen struct {
	ID       string   `json:"id"`
	Version  uint64   `json:"version"`
	Position string   `json:"position"`
	Cases    []string `json:"cases"`
}

// send tries a command once and keeps what came of it.
func (a *attempt) send(client *http.Client, base string) error {
	raw, err := json.Marshal(a.body)
	if err != nil {
		return err
	}
	req, err := http.NewRequest(a.method, base+"/api/v1"+a.path, bytes.NewReader(raw))
	if err != nil {
		return err
	}
	req.Header = http.Header{"Authorization": {"Bearer " + adminToken}, "Content-Type": {"application/json"}, "Idempotency-Key": {a.key}}
	switch {
	case a.filed != "":
		req.Header.Set("X-Act-As", zhou)
	case !strings.HasPrefix(a.path, "/cells"):
		req.Header.Set("X-Act-As", feng)
	}
	resp, err := client.Do(req)
	if err != nil {
		return nil //nolint:nilerr // the fate stays unknown
	}
	defer func() { _ = resp.Body.Close() }()
	answer, err := io.ReadAll(resp.Body)
	if err != nil {
		return nil //nolint:nilerr // likewise: cut off in the middle of the answer
	}
	switch {
	case resp.StatusCode < 300:
		a.fate = acknowledged
		if a.mustFail {
			return fmt.Errorf("%s %s was taken, though a rule is against it: %s", a.method, a.path, answer)
		}
		return json.Unmarshal(answer, &a.was)
	case resp.StatusCode < 500:
		a.fate = refused
		if !a.mustFail {
			return fmt.Errorf("%s %s was refused: %s", a.method, a.path, answer)
		}
	}
	return nil
}

// load is the commands one client sends, one after the other, until the service is gone.
type load struct {
	round, worker int
	sent          []*attempt
	filed         string // the last case it filed
	err           error
}

// next makes the n-th command: new sites, patrols that find a hazard, offline batches, notes on a case found before and
// its filing, and now and then something that a rule refuses.
func (l *load) next(n int) *attempt {
	id := uuid.NewString()
	a := &attempt{method: http.MethodPost, key: fmt.Sprintf("%d/%d/%d", l.round, l.worker, n)}
	found := uuid.NewString()
	patrol := object{"id": id, "programme": "fire", "cell": site1, "started_at": at8("03-02 09:00"), "ended_at": at8("03-02 09:20"),
		"content": "查看消防通道", "participants": []string{"值班人员"}, "checklist": passed(checklists["fire"]...),
		"hazards": []object{{"id": found, "item": "corridor_cluttered", "description": "楼道堆物"}}}
	switch last := l.lastCase(); {
	case n%7 == 1 && last != "":
		a.path, a.body, a.event = "/cases/"+last+"/note", object{"text": "已到场"}, "case-"+last
	case n%7 == 6 && last != "" && last != l.filed:
		l.filed = last
		a.path, a.body, a.filed = "/cases/"+last+"/file", object{"item": "corridor_cluttered"}, last
	case n%7 == 2:
		delete(patrol, "content")
		a.path, a.body, a.mustFail, a.streams = "/inspections", patrol, true, []string{"inspection-" + id, "case-" + found}
	case n%7 == 3:
		site := 1000 + (l.round*8+l.worker)*20 + n/7%20
		code := fmt.Sprintf("%s%04d", areaA1, site)
		a.path, a.body, a.streams = "/cells", object{"code": code, "name": "新楼院"}, []string{"cell-" + code}
		if n/7 >= 20 || site > 9999 { // there are no more of them
			a.path, a.body, a.streams = "/inspections", patrol, []string{"inspection-" + id, "case-" + found}
		}
	case n%7 == 4:
		a.path = "/inspections/batch"
		items := []object{}
		for range 4 {
			item, case4 := uuid.NewString(), uuid.NewString()
			p := object{}
			for k, v := range patrol {
				p[k] = v
			}
			p["id"], p["hazards"] = item, []object{{"id": case4, "item": "corridor_cluttered", "description": "楼道堆物"}}
			items = append(items, p)
			a.streams = append(a.streams, "inspection-"+item, "case-"+case4)
		}
		a.body = object{"items": items}
	default:
		a.path, a.body, a.streams = "/inspections", patrol, []string{"inspection-" + id, "case-" + found}
	}
	return a
}

// lastCase is a case this client has been told of.
func (l *load) lastCase() string {
	for i := len(l.sent) - 1; i >= 0; i-- {
		if cases := l.sent[i].was.Cases; len(cases) > 0 {
			return cases[0]
		}
	}
	return ""
}

func (l *load) run(client *http.Client, base string) {
	for n := 0; ; n++ {
		a := l.next(n)
		l.sent = append(l.sent, a)
		if l.err = a.send(client, base); l.err != nil || a.fate == unknown {
			return
		}
	}
}

const clients = 6

// faultRounds is how many rounds of faults there are: a few in CI, as many as GRIDWARD_FAULT_ROUNDS says in make faults.
func faultRounds(t testing.TB) int {
	t.Helper()
	text := os.Getenv("GRIDWARD_FAULT_ROUNDS")
	if text == "" {
		return 12
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 {
		t.Fatalf("GRIDWARD_FAULT_ROUNDS is %q", text)
	}
	return n
}

// firstHour is when the rehearsal of the faults begins: its clock goes on while the load is on, so that time does things
// to the cases all the while.
var firstHour = time.Date(2026, 3, 2, 10, 0, 0, 0, time.FixedZone("", 8*60*60))

// TestKill kills the program at random instants under load, starts it again, and holds that everything it
// acknowledged is there exactly once and nothing it refused; what it left open is sent again and is then there once;
// and what time did, cards and escalations, it did once.
func TestKill(t *testing.T) {
	dir, rounds := t.TempDir(), faultRounds(t)
	random, longest := rand.New(rand.NewPCG(20260302, 9)), 250
	if onEventStoreDB() { // a command costs some ten calls there: enough of them are to come through
		longest = 1200
	}
	again := func() *server { return start(t, dir, "--clock", firstHour.Format(time.RFC3339)) }
	s := again()
	prepare(t, s)
	var sent []*attempt
	hand := &clockHand{now: firstHour}
	for round := range rounds {
		sent = append(sent, killRound(t, s, hand, round, time.Duration(5+random.IntN(longest))*time.Millisecond)...)
		s = again()
		client := &http.Client{Timeout: time.Minute}
		for _, a := range sent {
			if a.fate != unknown {
				continue
			}
			if err := a.send(client, s.url); err != nil || a.fate == unknown {
				t.Fatalf("round %d: sent again after the restart, %s has fate %d: %v", round, a.path, a.fate, err)
			}
		}
	}
	if rounds <= 36 { // the many cases of more rounds have had their cards by then, and it would take long
		hand.now = hand.now.AddDate(0, 0, 3)
	}
	hand.arrive(t, s.url)
	s.stop()
	compare(t, dir, sent)
	if out, errs, status := run(t, dir, "check"); status != 0 {
		t.Errorf("check ends with %d:\n%s%s", status, out, errs)
	}
}

// prepared is how many persons prepare registers.
const prepared = 3

// prepare lays the grid and the duties the load needs.
func prepare(t *testing.T, s *server) {
	t.Helper()
	admin := s.client()
	for _, c := range cells {
		admin.post("/cells", c).ok(201)
	}
	var duty answer
	for _, d := range []object{{"cell": "410104001001", "role": "room_head", "person": zhou}, {"cell": areaA1, "role": "group_head", "person": zhao},
		{"cell": areaA1, "role": "officer", "person": feng}} {
		admin.post("/persons", object{"id": d["person"], "name": "某人"}).ok(201)
		duty = admin.post(fmt.Sprintf("/cells/%s/duties", d["cell"]), object{"programme": "fire", "role": d["role"], "person": d["person"], "from": "2025-12-01T00:00:00+08:00"}).ok(201)
	}
	admin.get("/cells/" + site1 + "?at_least=" + duty.text("position")).ok(200) // the views know it too
}

// clockHand moves the rehearsal clock a little further each time.
type clockHand struct{ now time.Time }

// move moves the clock on. That it breaks off is no error where the program is killed: the next move has the same aim.
func (h *clockHand) move(client *http.Client, base string) error {
	next := h.now.Add(17 * time.Minute)
	req, err := http.NewRequest(http.MethodPost, base+"/api/v1/clock", strings.NewReader(fmt.Sprintf(`{"now": %q}`, next.Format(time.RFC3339))))
	if err != nil {
		return err
	}
	req.Header = http.Header{"Authorization": {"Bearer " + adminToken}, "Content-Type": {"application/json"}}
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	if answer, err := io.ReadAll(resp.Body); err != nil || resp.StatusCode != http.StatusOK {
		return fmt.Errorf("the clock: %d %s %w", resp.StatusCode, answer, err)
	}
	h.now = next
	return nil
}

// arrive moves the clock on and waits until all that was due has happened, a few minutes of work at a time.
func (h *clockHand) arrive(t *testing.T, base string) {
	t.Helper()
	client := &http.Client{Timeout: 5 * time.Minute}
	for tries := 1; ; tries++ {
		err := h.move(client, base)
		if err == nil {
			return
		}
		if tries == 12 {
			t.Fatal(err)
		}
	}
}

// killRound loads the program and kills it after a while.
func killRound(t *testing.T, s *server, hand *clockHand, round int, after time.Duration) []*attempt {
	t.Helper()
	loads := make([]*load, clients)
	client := &http.Client{Timeout: time.Minute, Transport: &http.Transport{MaxIdleConnsPerHost: clients}}
	defer client.CloseIdleConnections()
	var all sync.WaitGroup
	for w := range loads {
		loads[w] = &load{round: round, worker: w}
		all.Go(func() { loads[w].run(client, s.url) })
	}
	all.Go(func() {
		for hand.move(client, s.url) == nil { // until it is gone
			continue
		}
	})
	time.Sleep(after) // the instant of the kill is what is random here
	s.kill()
	all.Wait()
	var sent []*attempt
	for _, l := range loads {
		if l.err != nil {
			t.Fatalf("round %d: %v", round, l.err)
		}
		sent = append(sent, l.sent...)
	}
	return sent
}

// compare holds the log against what the clients were told.
func compare(t *testing.T, dir string, sent []*attempt) {
	t.Helper()
	out, errs, status := run(t, dir, "log", "--json")
	if status != 0 {
		t.Fatalf("log ends with %d: %s", status, errs)
	}
	created, notes, filed, versions := map[string]int{}, map[string]int{}, map[string]int{}, map[string]uint64{}
	positions := map[string]string{} // of a stream's version
	climbs := map[string]int{}       // of the ladder
	for line := range strings.Lines(out) {
		var r struct {
			Stream, Type, Position string
			Version                uint64
			Data                   struct {
				Colour string
				Ladder *struct{ Run, Rung int }
			}
		}
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			t.Fatal(err)
		}
		if versions[r.Stream]++; versions[r.Stream] != r.Version {
			t.Errorf("%s has version %d in place %d", r.Stream, r.Version, versions[r.Stream])
		}
		positions[fmt.Sprint(r.Stream, "@", r.Version)] = r.Position
		if l := r.Data.Ladder; l != nil { // nothing in the load heals or moves a card
			climb := fmt.Sprint(r.Stream, r.Type, l.Run, "/", l.Rung, r.Data.Colour)
			if climbs[climb]++; climbs[climb] > 1 {
				t.Errorf("time did %s of %s %d times", r.Type, r.Stream, climbs[climb])
			}
		}
		switch r.Type {
		case "inspection.logged", "case.reported", "cell.created":
			created[r.Stream]++
		case "case.noted":
			notes[r.Stream]++
		case "case.filed":
			filed[r.Stream]++
		}
	}
	counts := map[fate]int{}
	wantNotes := map[string]int{}
	for _, a := range sent {
		counts[a.fate]++
		want := 0
		if a.fate == acknowledged {
			want = 1
		}
		for _, stream := range a.streams {
			if created[stream] != want {
				t.Errorf("%s of %s %s is there %d times, want %d", stream, a.path, a.key, created[stream], want)
			}
		}
		if a.filed != "" && filed["case-"+a.filed] != want {
			t.Errorf("case %s was filed %d times, want %d", a.filed, filed["case-"+a.filed], want)
		}
		if a.event != "" {
			wantNotes[a.event]++
			if at := positions[fmt.Sprint(a.event, "@", a.was.Version)]; at != a.was.Position {
				t.Errorf("the note of %s was acknowledged at %s, and the log has version %d at %s", a.key, a.was.Position, a.was.Version, at)
			}
		}
	}
	for stream, want := range wantNotes {
		if notes[stream] != want {
			t.Errorf("%s has %d notes, %d were acknowledged", stream, notes[stream], want)
		}
	}
	t.Logf("%d commands acknowledged, %d refused, %d rungs of the ladder climbed", counts[acknowledged], counts[refused], len(climbs))
	if counts[acknowledged] < 36 || counts[refused] == 0 || len(wantNotes) == 0 || len(climbs) == 0 {
		t.Errorf("too little happened to prove anything: %v, %d notes, %d rungs", counts, len(wantNotes), len(climbs))
	}
}
