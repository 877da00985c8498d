package views_test

import (
	"context"
	"database/sql"
	"fmt"
	"maps"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"gridward/adapters/memstore"
	"gridward/adapters/sqlstore"
	"gridward/app"
	"gridward/app/views"
	"gridward/domain/fault"
	"gridward/domain/grid"
	"gridward/domain/inspection"
	"gridward/domain/programme"
)

// beyond is another district.
const beyond = "410105"

// shard opens views of some districts over a log; without any they are the whole.
func (w *world) shard(log app.Log, districts ...grid.CellCode) (*views.Views, string) {
	w.t.Helper()
	dir := w.t.TempDir()
	v := views.New(log, w.codec, sqlstore.NewGenerations(dir, false), shanghai, districts...)
	if err := v.Open(ctx(), nil); err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { _ = v.Close() })
	return v, dir
}

var anyID = regexp.MustCompile(`[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}`)

// twin says the same of the other district: its cells, people, cases and departments are others.
func twin(text string) string {
	text = strings.NewReplacer(district, beyond, "police", "patrol").Replace(text)
	return anyID.ReplaceAllStringFunc(text, func(id string) string { return twinID(uuid.MustParse(id)).String() })
}

func twinID(id uuid.UUID) uuid.UUID {
	if id == uuid.Nil {
		return id
	}
	return uuid.NewSHA1(id, []byte(beyond))
}

// shared is the streams there are one of, however many districts: rules, and the days that are closed.
func shared(stream string) bool {
	for _, kind := range []string{"programme", "calendar", "periods-"} {
		if strings.HasPrefix(stream, kind) {
			return true
		}
	}
	return false
}

// twoDistricts gives the town's log with all that happened in it happening in another district too, at the same time.
func (h *town) twoDistricts() (*memstore.Store, func(time.Time)) {
	h.t.Helper()
	var now time.Time
	log, versions := memstore.New(func() time.Time { return now }), map[string]uint64{}
	put := func(r app.Record) {
		stream := r.Stream
		r.Version, r.Position, r.RecordedAt = 0, 0, time.Time{}
		at := must[app.Appended](h.t)(log.Append(ctx(), stream, versions[stream], []app.Record{r}))
		versions[stream] = at.Version
	}
	for _, r := range h.records() {
		now = r.RecordedAt
		put(r)
		if shared(r.Stream) {
			continue
		}
		r.ID, r.Stream, r.Data = twinID(r.ID), twin(r.Stream), []byte(twin(string(r.Data)))
		m := &r.Meta
		m.Cell, m.Actor, m.OnBehalfOf, m.Duty = twin(m.Cell), twin(m.Actor), twin(m.OnBehalfOf), twin(m.Duty)
		m.CommandID, m.Correlation, m.Causation = twinID(m.CommandID), twinID(m.Correlation), twinID(m.Causation)
		put(r)
	}
	return log, func(at time.Time) { now = at }
}

// aboutLists is what is listed of a town, and what is found by an id that is no case's.
func (h *town) aboutLists(out map[string]question) {
	all := views.Paging{Limit: 500}
	for _, c := range []grid.CellCode{district, street, community, area1, site1} {
		for name, q := range map[string]question{
			"cell": func(v *views.Views, _, _ time.Time) (any, error) { return v.Cell(ctx(), c) },
			"cells below": func(v *views.Views, _, _ time.Time) (any, error) {
				return v.Cells(ctx(), views.CellFilter{Parent: c}, all)
			},
			"cases": func(v *views.Views, now, _ time.Time) (any, error) {
				return v.Cases(ctx(), views.CaseFilter{Cell: c, Now: now}, all)
			},
			"inspections": func(v *views.Views, _, _ time.Time) (any, error) {
				return v.Inspections(ctx(), views.InspectionFilter{Cell: c}, all)
			},
			"campaigns": func(v *views.Views, _, _ time.Time) (any, error) {
				return v.Campaigns(ctx(), views.CampaignFilter{Cell: c}, all)
			},
			"escalations": func(v *views.Views, now, _ time.Time) (any, error) { return v.Escalations(ctx(), c, "", now, all) },
			"duties":      func(v *views.Views, _, _ time.Time) (any, error) { return v.DutiesAt(ctx(), c, "", time.Time{}, all) },
		} {
			out[name+" "+string(c)] = q
		}
	}
	for _, id := range h.inspections {
		out["inspection "+id] = func(v *views.Views, _, _ time.Time) (any, error) { return v.Inspection(ctx(), id) }
	}
}

// aboutEverybody is what every shard knows in full.
func (h *town) aboutEverybody() map[string]question {
	all := views.Paging{Limit: 500}
	out := map[string]question{
		"persons":     func(v *views.Views, _, _ time.Time) (any, error) { return v.Persons(ctx(), all) },
		"departments": func(v *views.Views, _, _ time.Time) (any, error) { return v.Departments(ctx(), all) },
		"programmes":  func(v *views.Views, _, _ time.Time) (any, error) { return v.Programmes(ctx(), all) },
		"calendars":   func(v *views.Views, _, _ time.Time) (any, error) { return v.Calendars(ctx(), all) },
	}
	for _, p := range h.people {
		out["person "+p] = func(v *views.Views, _, _ time.Time) (any, error) { return v.Person(ctx(), p) }
		out["person "+twin(p)] = func(v *views.Views, _, _ time.Time) (any, error) { return v.Person(ctx(), twin(p)) }
	}
	return out
}

// A shard answers every question about its own districts as the whole views do, also as of an instant, and none about
// another's: it says whom to ask. Somebody with posts in both is known to both, and answered for by neither.
func TestAShardAnswersAsTheWholeOrNotAtAll(t *testing.T) {
	for seed := range uint64(2) {
		h := newTown(t, 70+seed)
		for range 150 {
			h.step()
		}
		log, set := h.twoDistricts()
		set(h.now)
		house := must[*app.App](t)(app.New(log, h.codec, 10_000))
		_, err := house.GiveDuty(ctx(), h.steward(), beyond+"001001", grid.GiveDuty{ID: h.id(), Programme: "fire", Role: "officer", Person: h.people[0], From: h.now})
		h.ok(err)
		whole, wholeDir := h.shard(log)
		mine, mineDir := h.shard(log, district)
		others, othersDir := h.shard(log, beyond)

		questions := map[string]question{}
		h.aboutCases(questions)
		h.aboutCells(questions)
		h.aboutLists(questions)
		records := must[[]app.Record](t)(log.Read(ctx(), 0, 1_000_000))
		for _, asOf := range []time.Time{{}, records[len(records)*2/3].RecordedAt.In(shanghai)} {
			for _, name := range slices.Sorted(maps.Keys(questions)) {
				want := answer(t, questions[name], whole, h.now, asOf)
				if got := answer(t, questions[name], mine, h.now, asOf); !reflect.DeepEqual(got, want) {
					t.Fatalf("seed %d, %s as of %s:\n got %s\nwant %s", seed, name, asOf, text(got), text(want))
				}
				_, err := questions[name](others, h.now, asOf)
				wantElsewhere(t, name, err)
			}
			for _, p := range h.people {
				_, err := mine.PersonAccountability(ctx(), p, time.Time{}, time.Time{}, h.now, asOf)
				wantElsewhere(t, "accountability of a person", err)
			}
		}
		for name, q := range h.aboutEverybody() {
			for _, v := range []*views.Views{mine, others} {
				if got, want := answer(t, q, v, h.now, time.Time{}), answer(t, q, whole, h.now, time.Time{}); !reflect.DeepEqual(got, want) {
					t.Errorf("seed %d, %s: got %s, want %s", seed, name, text(got), text(want))
				}
			}
		}
		wantDivided(t, wholeDir, mineDir, othersDir)
	}
}

func wantElsewhere(t *testing.T, what string, err error) {
	t.Helper()
	if f, ok := fault.As(err); !ok || f.Kind != fault.Elsewhere || f.Code != "district_elsewhere" || !strings.Contains(f.Message, "this node holds") {
		t.Fatalf("%s: got %v, want district_elsewhere", what, err)
	}
}

// wantDivided holds that two shards have each row of what happens in a district once between them, and what is everybody's
// both.
func wantDivided(t *testing.T, whole string, shards ...string) {
	t.Helper()
	dirs := append([]string{whole}, shards...)
	count := func(table string) []int {
		out := make([]int, len(dirs))
		for i, dir := range dirs {
			db := must[*sql.DB](t)(sqlstore.OpenViewsFile(must[string](t)(newest(dir)), false))
			if err := db.QueryRowContext(ctx(), `SELECT COUNT(*) FROM `+table).Scan(&out[i]); err != nil {
				t.Fatal(err)
			}
			if err := db.Close(); err != nil {
				t.Fatal(err)
			}
		}
		return out
	}
	for _, table := range []string{"cells", "class_spans", "inspections", "patrols", "cases", "case_moves", "case_parties", "intervals", "cards", "escalations",
		"transfers", "ratings", "activities", "equipment", "forces", "shortfalls", "missed", "notices"} {
		if n := count(table); n[0] != n[1]+n[2] || n[0] == 0 {
			t.Errorf("%s: %d rows, %d and %d in the shards", table, n[0], n[1], n[2])
		}
	}
	for _, table := range []string{"persons", "departments", "duties", "duty_cells", "programmes", "calendars", "patrol_days"} {
		if n := count(table); n[0] != n[1] || n[0] != n[2] {
			t.Errorf("%s: %d rows, %d and %d in the shards", table, n[0], n[1], n[2])
		}
	}
	if n := count("digests"); n[1] != 0 || n[2] != 0 {
		t.Errorf("the shards have %v digests: nobody is told of them there", n[1:])
	}
}

// What happens elsewhere is passed over unread, batch by batch: the position, the time and who waits for them move on.
func TestAShardMovesOverWhatHappensElsewhere(t *testing.T) {
	w := newWorld(t)
	w.place = district
	w.grid()
	v, dir := w.shard(w.log, district)
	v.Batch(4)
	w.place = beyond + "001001001001"
	for i := range 30 {
		w.later(time.Minute)
		w.log1(visit(fmt.Sprint("far", i), beyond+"0010010010010001", w.now, "officer"))
	}
	typ := app.Record{ID: uuid.NewSHA1(uuid.Nil, []byte("x")), Type: "nobody.knows", Schema: 1, Data: []byte(`{}`), Meta: app.Meta{Cell: w.place}}
	last := must[app.Appended](t)(w.log.Append(ctx(), "case-far", 0, []app.Record{typ}))
	if err := v.CatchUp(ctx()); err != nil {
		t.Fatal(err)
	}
	s := v.Status(ctx())
	if s.Applied != last.Position || s.Lag() != 0 || !s.LastRecordedAt.Equal(last.RecordedAt) || s.Counters.Events != 0 || s.Counters.Batches < 1 {
		t.Errorf("the status: %+v", s)
	}
	at, cancel := context.WithTimeout(ctx(), time.Second)
	defer cancel()
	if err := v.WaitFor(at, last.Position); err != nil {
		t.Error(err)
	}
	w.place = district
	near := w.log1(visit("near", site1, w.now, "officer"))
	typ.ID, typ.Meta.Cell = uuid.NewSHA1(uuid.Nil, []byte("y")), district
	must[app.Appended](t)(w.log.Append(ctx(), "case-near", 0, []app.Record{typ}))
	if err := v.CatchUp(ctx()); err == nil || !strings.Contains(err.Error(), "nobody.knows") {
		t.Errorf("an event of its own that nobody knows: %v", err)
	}
	if s := v.Status(ctx()); s.Applied != near || s.Lag() != 1 {
		t.Errorf("it stands in front of it: %+v", s)
	}
	if err := v.Close(); err != nil {
		t.Fatal(err)
	}
	db := must[*sql.DB](t)(sqlstore.OpenViewsFile(must[string](t)(newest(dir)), false))
	defer func() { _ = db.Close() }()
	differences := must[[]views.Difference](t)(views.Check(ctx(), w.log, w.codec, shanghai, db, emptyViews(t), 5, nil, district))
	for _, d := range differences {
		t.Error(d)
	}
}

// Views of other districts are other views: they are built anew.
func TestOtherDistrictsAreOtherViews(t *testing.T) {
	w := newWorld(t)
	w.place = district
	w.grid()
	dir := t.TempDir()
	for i, c := range []struct {
		districts  []grid.CellCode
		generation string
	}{{[]grid.CellCode{district}, "1"}, {[]grid.CellCode{district}, "1"}, {[]grid.CellCode{district, beyond}, "2"}, {nil, "3"}, {[]grid.CellCode{beyond}, "4"}} {
		v := views.New(w.log, w.codec, sqlstore.NewGenerations(dir, false), shanghai, c.districts...)
		if err := v.Open(ctx(), nil); err != nil {
			t.Fatal(err)
		}
		if err := v.Close(); err != nil {
			t.Fatal(err)
		}
		if got := must[string](t)(newest(dir)); filepath.Base(got) != "views-"+c.generation+".db" {
			t.Errorf("%d: %s", i, got)
		}
	}
}

func TestDistrictsAreReadFromTheirCodes(t *testing.T) {
	got, err := views.ParseDistricts([]string{beyond, " " + district, beyond})
	if err != nil || got.String() != district+", "+beyond {
		t.Errorf("%v, %v", got, err)
	}
	if got, err := views.ParseDistricts(nil); err != nil || got != nil {
		t.Errorf("%v, %v", got, err)
	}
	for _, code := range []string{"", "41010", street, "41010x"} {
		_, err := views.ParseDistricts([]string{district, code})
		wantFault(t, err, fault.Invalid, "invalid_fields")
	}
}

// A duty over cells of two districts is judged by what was done in both: who holds one of them cannot.
func TestADutyOverTwoDistrictsIsCountedByWhoHoldsBoth(t *testing.T) {
	const far = beyond + "001"
	w := newRoad(t)
	w.publish(2, func(p *programme.Programme) {
		p.Duties = []programme.DutyRule{{What: "patrol", Role: "officer", Level: 2, Period: "month", Count: 3, Per: "holder"}}
	})
	for _, c := range []string{street, far} {
		w.place = c
		w.put("duties-fire-"+c, "admin", grid.DutyGiven{Duty: "both", Programme: "fire", Role: "officer", ActsAs: "officer", Person: "o7", From: at("2026-01-01 00:00"),
			Cells: []grid.CellCode{street, far}})
	}
	w.cell(beyond, "惠济区", nil)
	w.cell(far, "一街", nil)
	w.now = at("2026-03-20 09:00")
	in := visit("i1", far, at("2026-03-04 09:00"))
	in.Acting = []inspection.Acting{{Person: "o7", Duty: "both", Role: "officer", ActsAs: "officer", Cell: far}}
	w.log1(in)
	period := must[views.Period](t)(views.ParsePeriod("2026-03", shanghai))
	whole, _ := w.shard(w.log)
	both, _ := w.shard(w.log, district, beyond)
	want := must[views.Patrols](t)(whole.Patrols(ctx(), street, "fire", period, w.now, time.Time{}))
	if *want.Required != 3 || *want.Short != 2 || want.Done != 0 {
		t.Fatalf("the whole: %s", text(want))
	}
	if got := must[views.Patrols](t)(both.Patrols(ctx(), street, "fire", period, w.now, time.Time{})); !reflect.DeepEqual(got, want) {
		t.Errorf("who holds both: %s", text(got))
	}
	for d, cell := range map[grid.CellCode]grid.CellCode{district: street, beyond: far} {
		one, _ := w.shard(w.log, d)
		_, err := one.Patrols(ctx(), cell, "fire", period, w.now, time.Time{})
		wantElsewhere(t, "patrols of "+string(cell), err)
	}
	near, _ := w.shard(w.log, district)
	must[views.Patrols](t)(near.Patrols(ctx(), community, "fire", period, w.now, time.Time{})) // the duty lies above it
}

// What is found by an id is elsewhere if the log has it there, and not there at all only if nobody has it.
func TestWhatIsFoundByItsID(t *testing.T) {
	w := newWorld(t)
	w.place = beyond
	w.log1(visit("far", beyond, w.now))
	w.put("campaign-far", "admin", inspection.CampaignOpened{ID: "far", Programme: "fire", Cell: beyond, Title: "排查", From: w.now, To: w.now.AddDate(0, 1, 0)})
	w.put("case-far", "p1", w.report("far", beyond))
	v, _ := w.shard(w.log, district)
	for name, find := range map[string]func(id string) error{
		"case":                func(id string) error { _, err := v.Case(ctx(), id, w.now); return err },
		"case as of":          func(id string) error { _, err := v.CaseAsOf(ctx(), id, w.now); return err },
		"case accountability": func(id string) error { _, err := v.CaseAccountability(ctx(), id, w.now, time.Time{}); return err },
		"case deadlines":      func(id string) error { _, err := v.Deadlines(ctx(), id, w.now, time.Time{}); return err },
		"case timeline":       func(id string) error { _, err := v.Timeline(ctx(), id, time.Time{}, views.Paging{}); return err },
		"inspection":          func(id string) error { _, err := v.Inspection(ctx(), id); return err },
		"campaign":            func(id string) error { _, err := v.Campaign(ctx(), id); return err },
	} {
		wantElsewhere(t, name, find("far"))
		what, _, _ := strings.Cut(name, " ")
		wantFault(t, find("nobody's"), fault.NotFound, what+"_not_found")
	}
}
