package views_test

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"

	"gridward/adapters/eventcodec"
	"gridward/adapters/memstore"
	"gridward/adapters/sqlstore"
	"gridward/app"
	"gridward/app/views"
	"gridward/domain/fault"
	"gridward/domain/grid"
	"gridward/domain/hazard"
	"gridward/domain/inspection"
	"gridward/domain/personal"
)

// shanghai has no summer time.
var shanghai = time.FixedZone("Asia/Shanghai", 8*60*60)

// at reads "2026-02-10 09:00" in Shanghai.
func at(s string) time.Time {
	t, err := time.ParseInLocation("2006-01-02 15:04", s, shanghai)
	if err != nil {
		panic(err)
	}
	return t
}

// world is a log to put events into and the views over it.
type world struct {
	t     testing.TB
	log   *memstore.Store
	codec *eventcodec.Codec
	dir   string
	views *views.Views

	now      time.Time // when the log takes what is put next
	versions map[string]uint64
	commands int
	place    string // where what is put next happens; "" is nowhere
}

func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{t: t, codec: eventcodec.New(), dir: t.TempDir(), now: at("2026-02-10 09:00"), versions: map[string]uint64{}}
	w.log = memstore.New(func() time.Time { return w.now })
	w.views = w.open()
	return w
}

// open makes views over the world's log and directory, as a start of the service does.
func (w *world) open() *views.Views {
	w.t.Helper()
	v := views.New(w.log, w.codec, sqlstore.NewGenerations(w.dir, false), shanghai)
	if err := v.Open(context.Background(), nil); err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() {
		if err := v.Close(); err != nil {
			w.t.Error(err)
		}
	})
	return v
}

// put appends events to a stream, as done now by an actor, and gives the position of the last.
func (w *world) put(stream, actor string, events ...any) app.Position {
	w.t.Helper()
	w.commands++
	command := uuid.NewSHA1(uuid.Nil, fmt.Append(nil, w.commands))
	records := make([]app.Record, len(events))
	for i, e := range events {
		typ, schema, data, err := w.codec.Encode(e)
		if err != nil {
			w.t.Fatal(err)
		}
		records[i] = app.Record{ID: uuid.NewSHA1(command, fmt.Append(nil, i)), Type: typ, Schema: schema, Data: data,
			Meta: app.Meta{Cell: w.place, OccurredAt: w.now, ReceivedAt: w.now, Actor: actor, CommandID: command, Correlation: command}}
	}
	got, err := w.log.Append(context.Background(), stream, w.versions[stream], records)
	if err != nil {
		w.t.Fatal(err)
	}
	w.versions[stream] = got.Version
	return got.Position
}

// later lets time pass.
func (w *world) later(d time.Duration) { w.now = w.now.Add(d) }

// project brings the views up to date.
func (w *world) project() {
	w.t.Helper()
	if err := w.views.CatchUp(context.Background()); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) cell(code, name string, classes map[string]string) {
	w.t.Helper()
	w.put("cell-"+code, "admin", grid.CellCreated{Code: grid.CellCode(code), Name: name, Classes: classes})
}

// The cells most tests stand on: a district, a street, a community, two areas, three premises.
const (
	district  = "410104"
	street    = "410104001"
	community = "410104001001"
	area1     = "410104001001001"
	area2     = "410104001001002"
	site1     = "4101040010010010001"
	site2     = "4101040010010010002"
	site3     = "4101040010010020001"
)

func (w *world) grid() {
	w.t.Helper()
	w.cell(district, "管城区", nil)
	w.cell(street, "北下街街道", nil)
	w.cell(community, "北大街社区", nil)
	w.cell(area1, "一片区", nil)
	w.cell(area2, "二片区", nil)
	w.cell(site1, "商场", map[string]string{"fire": "A"})
	w.cell(site2, "餐馆", map[string]string{"fire": "B", "market": "C"})
	w.cell(site3, "旅馆", map[string]string{"fire": "A"})
}

// visit is an inspection of a cell in fire that began at an instant and lasted half an hour.
func visit(id, cell string, start time.Time, roles ...string) inspection.Logged {
	in := inspection.Logged{ID: id, ProgrammeVersion: 1, Report: inspection.Report{Programme: "fire", Cell: grid.CellCode(cell),
		Officer: "p1", Kind: inspection.Routine, StartedAt: start, EndedAt: start.Add(30 * time.Minute), Content: "c"}}
	for _, r := range roles {
		in.Acting = append(in.Acting, inspection.Acting{Person: "p1", Duty: "d-" + r, Role: r, ActsAs: r, Cell: grid.CellCode(cell)})
	}
	return in
}

func (w *world) log1(in inspection.Logged) app.Position {
	w.t.Helper()
	return w.put("inspection-"+in.ID, "p1", in)
}

// stamp is now, by somebody.
func (w *world) stamp(by string) hazard.Stamp { return hazard.Stamp{At: w.now, By: by} }

func who(cell, person string) *hazard.Holder {
	return &hazard.Holder{Cell: grid.CellCode(cell), Person: person, Duty: "d", Role: "chief"}
}

func (w *world) report(id, cell string) hazard.Reported {
	return hazard.Reported{Stamp: w.stamp("p1"), Case: id, Programme: "fire", Cell: grid.CellCode(cell), Description: personal.Of(id, "堵塞"),
		Source: "officer", FoundAt: w.now, FirstContact: "p1", Office: who(community, "chief3")}
}

func (w *world) file(cell, item, severity string) hazard.Filed {
	return hazard.Filed{Stamp: w.stamp("chief3"), Item: item, Severity: severity, Cell: grid.CellCode(cell), ProgrammeVersion: 1, Office: who(community, "chief3")}
}

// must gives the value, or ends the test.
func must[T any](t testing.TB) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// wantJSON compares what a query answers with what is written by hand.
func wantJSON(t *testing.T, got any, want string) {
	t.Helper()
	raw, err := json.Marshal(got)
	if err != nil {
		t.Fatal(err)
	}
	var g, w any
	if err := json.Unmarshal(raw, &g); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(want), &w); err != nil {
		t.Fatalf("the test's own JSON: %v", err)
	}
	a, _ := json.Marshal(g)
	b, _ := json.Marshal(w)
	if string(a) != string(b) {
		t.Errorf("got  %s\nwant %s", a, b)
	}
}

func wantFault(t *testing.T, err error, kind fault.Kind, code string) {
	t.Helper()
	f, ok := fault.As(err)
	if !ok || f.Kind != kind || f.Code != code {
		t.Errorf("got %v, want a fault %s", err, code)
	}
}

func ctx() context.Context { return context.Background() }
