//go:build acceptance

package acceptance

import (
	"encoding/json"
	"maps"
	"os"
	"strings"
	"testing"
)

// walk is the story under way.
type walk struct {
	t        *testing.T
	dir      string
	server   *server
	admin    *client
	position string // of the last thing written

	h3, h4, h8, h9, h10 string // cases the program named
}

// TestWalk starts the program in an empty directory on the rehearsal clock and walks the story of world_test.go.
func TestWalk(t *testing.T) {
	w := &walk{t: t, dir: t.TempDir()}
	w.start("03-02 08:00")
	w.refusesStrangers()
	w.setUp()
	w.gridReads()

	w.firstDay()
	w.secondDay()
	w.thirdDay()
	w.restart("03-04 17:00")
	w.fourthDay()
	w.fifthDay()
	w.offlineBatch()
	w.water()
	w.market()
	w.lastDay()

	w.refusals()
	w.inspections()
	w.cases()
	w.timelines()
	w.patrols()
	w.campaigns()
	w.ledgers()
	w.exports()
	w.events()
	w.feed()
	w.metrics()
	w.upkeep()
}

// start starts the program on the rehearsal clock at an instant.
func (w *walk) start(instant string) {
	w.t.Helper()
	w.server = start(w.t, w.dir, "--clock", at8(instant))
	w.admin = w.server.client()
}

// clock moves the rehearsal clock.
func (w *walk) clock(instant string) {
	w.t.Helper()
	a := w.admin.post("/clock", object{"now": at8(instant)}).ok(200)
	equal(w.t, "the clock", a.at("now"), at8(instant))
}

// by is the client of a person, or of the steward.
func (w *walk) by(person string) *client { return w.admin.as(person) }

// cmd sends a command in a person's name and holds that it was done.
func (w *walk) cmd(person, path string, body object) answer {
	w.t.Helper()
	return w.changed(w.by(person).post(path, body))
}

// changed holds that a command was done, and keeps its position.
func (w *walk) changed(a answer) answer {
	w.t.Helper()
	if a.status != 201 {
		a.ok(200)
	}
	w.position = a.text("position")
	return a
}

// refused sends a command in a person's name and holds that it is refused so.
func (w *walk) refused(person, path string, body object, status int, code string, fields ...string) {
	w.t.Helper()
	w.by(person).post(path, body).refused(status, code, fields...)
}

// read reads what the last command wrote.
func (w *walk) read(path string) answer {
	w.t.Helper()
	sep := "?"
	for _, c := range path {
		if c == '?' {
			sep = "&"
		}
	}
	return w.admin.get(path + sep + "at_least=" + w.position).ok(200)
}

// state holds the state of a case and more of it.
func (w *walk) state(id, state string, more object) {
	w.t.Helper()
	want := object{"state": state}
	maps.Copy(want, more)
	holds(w.t, "case "+id, w.read("/cases/"+id).doc, want)
}

// queue holds which cases wait at an office, in this order.
func (w *walk) queue(cell string, cases ...string) answer {
	w.t.Helper()
	a := w.read("/escalations?cell=" + cell)
	if cases == nil {
		cases = []string{}
	}
	equal(w.t, "the queue of "+cell, column(a.items(), "case"), cases)
	return a
}

// restart ends the program with SIGTERM and starts it again on the same data: everything reads as before.
func (w *walk) restart(instant string) {
	w.t.Helper()
	w.clock(instant)
	paths := []string{"/cells?limit=500", "/persons?limit=500", "/departments", "/cells/" + district + "/duties", "/programmes/fire",
		"/inspections?limit=500", "/inspections/" + i1, "/campaigns", "/campaigns/" + campaign1, "/cases?limit=500",
		"/cases/" + h1, "/cases/" + w.h3, "/cases/" + w.h4, "/cases/" + h5, "/cases/" + h6,
		"/cases/" + h1 + "/timeline", "/cases/" + w.h3 + "/timeline", "/cases/" + w.h4 + "/timeline", "/cases/" + h5 + "/timeline",
		"/escalations?cell=" + district, "/escalations?cell=" + street1, "/cells/" + district + "/patrols?period=2026",
		"/cells/" + district + "/patrols?programme=fire&period=2026-W10", "/events?limit=500"}
	for _, ledger := range ledgers {
		paths = append(paths, "/cells/"+district+"/ledgers/"+ledger+"?limit=500", "/cells/"+district+"/ledgers/"+ledger+"?format=csv")
	}
	before := map[string]string{}
	for _, p := range paths {
		before[p] = string(w.admin.get(p).ok(200).body)
	}
	live := w.listen("", "") // somebody who listens does not hold it up
	w.server.stop()
	live.close()
	w.start("03-02 08:00") // the log knows that it is later
	w.clock(instant)
	for _, p := range paths {
		if after := string(w.admin.get(p).ok(200).body); after != before[p] {
			w.t.Errorf("after the restart %s reads\n%s\nand before it\n%s", p, after, before[p])
		}
	}
	w.admin.post("/clock", object{"now": at8("03-04 16:59")}).refused(409, "clock_backward")
}

// upkeep holds that nothing lies outside the data directory, that check finds nothing, that views built anew read
// the same, and that check finds nothing then.
func (w *walk) upkeep() {
	w.t.Helper()
	w.check()
	w.server.stop()
	names, err := os.ReadDir(w.dir)
	if err != nil || len(names) != 1 || names[0].Name() != "data" {
		w.t.Errorf("beside the data directory there is something: %v %v", names, err)
	}
	w.check()
	w.printed(6, "--type", "case.closed")
	w.printed(19, "--stream", "case-"+h5)
	w.printed(12, "--type", "case.closed,case.accepted")
	w.printed(0, "--from", at8("03-13 00:00"))
	if out, errOut, status := run(w.t, w.dir, "rebuild"); status != 0 {
		w.t.Fatalf("rebuild ended with %d\n%s\n%s", status, out, errOut)
	}
	w.check()
	w.start("03-02 08:00")
	w.cases()
	w.patrols()
	w.ledgers()
	w.server.stop()
}

func (w *walk) check() {
	w.t.Helper()
	if out, errOut, status := run(w.t, w.dir, "check"); status != 0 {
		w.t.Errorf("check ended with %d\n%s\n%s", status, out, errOut)
	}
}

// printed holds how many events "gridward log" prints, one JSON object a line.
func (w *walk) printed(want int, filter ...string) {
	w.t.Helper()
	out, errOut, status := run(w.t, w.dir, append([]string{"log", "--json"}, filter...)...)
	lines := strings.Split(strings.TrimSuffix(out, "\n"), "\n")
	if out == "" {
		lines = nil
	}
	for _, line := range lines {
		if !json.Valid([]byte(line)) {
			w.t.Errorf("log prints %q", line)
		}
	}
	if status != 0 || len(lines) != want {
		w.t.Errorf("log %v ended with %d and printed %d lines, want %d\n%s", filter, status, len(lines), want, errOut)
	}
}
