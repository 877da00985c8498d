package views_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"gridward/adapters/programmes"
	"gridward/app"
	"gridward/domain/calendar"
	"gridward/domain/fault"
	"gridward/domain/grid"
	"gridward/domain/programme"
)

// town is a small district in which people work by the program's own commands: patrols and what they find, duties that
// change hands, rules that are published anew, much of it told late. What time makes due is done and stated. The same
// seed gives the same log.
type town struct {
	*world
	rng       *rand.Rand
	house     *app.App
	scheduler *app.Scheduler
	completed app.Position
	told      app.Position

	people, sites, cases, inspections, equipment []string
	posts                                        []heldPost
	rules                                        programme.Programme // of fire, as last published
	did                                          map[string]int      // commands carried out, by kind
}

// heldPost is one duty as the town knows it.
type heldPost struct {
	duty, programme, role, person, department string
	cells                                     []grid.CellCode
	from                                      time.Time
	ended                                     bool
}

const (
	street2    = "410104002"
	community2 = "410104001002"
	area3      = "410104001002001"
	site4      = "4101040010020010001"
)

func newTown(t testing.TB, seed uint64) *town {
	t.Helper()
	w := newWorld(t)
	w.now = at("2026-01-26 07:00")
	h := &town{world: w, rng: rand.New(rand.NewPCG(seed, 7)), did: map[string]int{}, sites: []string{site1, site2, site3, site4, area1, area2, area3}}
	h.house = must[*app.App](t)(app.New(w.log, w.codec, 10_000))
	h.scheduler = app.NewScheduler(h.house, app.Schedule{Due: w.views.Due, Visible: h.visible, PeriodEnd: w.views.PeriodEnd,
		ClosePeriods: func(ctx context.Context, at, received time.Time) (app.Position, error) {
			return h.house.ClosePeriods(ctx, at, received, h.patrols())
		},
		Clock: func() time.Time { return w.now }, Failed: func(what string, err error) { t.Errorf("the schedule: %s: %v", what, err) }})
	h.furnish()
	h.inhabit()
	h.settle()
	return h
}

func (h *town) visible(context.Context, app.Position) error { return h.views.CatchUp(ctx()) }

func (h *town) patrols() app.PatrolTable {
	return app.PatrolTable{Ended: h.views.Ended, Again: func(ctx context.Context, touched []app.Touched, upTo app.Position) ([]app.Restatement, error) {
		if err := h.views.CatchUp(ctx); err != nil { // what Run does in the background
			return nil, err
		}
		return h.views.Again(ctx, touched, upTo)
	}}
}

// furnish publishes the rules and makes the cells.
func (h *town) furnish() {
	h.t.Helper()
	builtin := must[[]programme.Programme](h.t)(programmes.Builtin())
	for _, p := range builtin {
		if p.Code == "fire" {
			h.rules = p
		}
	}
	h.ok(h.house.PublishBuiltinCalendar(ctx(), h.steward()))
	h.ok(h.house.PublishBuiltin(ctx(), h.steward(), builtin))
	for _, c := range []grid.CellCode{district, street, street2, community, community2, area1, area2, area3, site1, site2, site3, site4} {
		class := map[string]string{}
		if c.Level() == grid.Site {
			class["fire"] = []string{"A", "B"}[h.rng.IntN(2)]
		}
		h.done(h.house.CreateCell(ctx(), h.steward(), grid.CreateCell{Code: c, Name: "格" + string(c), Classes: class}))
	}
	h.done(h.house.CreateDepartment(ctx(), h.steward(), grid.CreateDepartment{Code: "police", Name: "派出所", Cell: street}))
}

// inhabit gives the posts to people. Some stay vacant.
func (h *town) inhabit() {
	h.t.Helper()
	for range 20 {
		id := h.id()
		h.done(h.house.RegisterPerson(ctx(), h.steward(), grid.RegisterPerson{ID: id, Name: "人" + id[:4]}))
		h.people = append(h.people, id)
	}
	for i, p := range []struct {
		programme, role string
		cells           []grid.CellCode
	}{
		{"fire", "chief", []grid.CellCode{district}}, {"fire", "sponsor", []grid.CellCode{district}}, {"fire", "chief", []grid.CellCode{street}},
		{"fire", "sponsor", []grid.CellCode{street, street2}}, {"fire", "chief", []grid.CellCode{community}}, {"fire", "officer", []grid.CellCode{community}},
		{"fire", "chief", []grid.CellCode{area1}}, {"fire", "officer", []grid.CellCode{area1, area2}}, {"fire", "chief", []grid.CellCode{area2}},
		{"fire", "chief", []grid.CellCode{community2}}, {"fire", "officer", []grid.CellCode{area3}}, {"fire", "chief", []grid.CellCode{site1}},
		{"water", "irrigation_head", []grid.CellCode{street, street2}}, {"water", "inspector", []grid.CellCode{street}}, {"water", "brigade", []grid.CellCode{district}},
	} {
		h.give(heldPost{programme: p.programme, role: p.role, person: h.people[i], cells: p.cells, from: h.now.Add(-time.Hour)})
	}
	h.give(heldPost{programme: "fire", role: "supervisor", person: h.people[15], department: "police", from: h.now.Add(-time.Hour)})
}

// give gives a duty, and reports whether it was given.
func (h *town) give(p heldPost) bool {
	p.duty = h.id()
	cmd := grid.GiveDuty{ID: p.duty, Programme: p.programme, Role: p.role, Person: p.person, From: p.from, Cells: p.cells}
	var err error
	if p.department != "" {
		_, err = h.house.GiveDepartmentDuty(ctx(), h.steward(), p.department, cmd)
	} else {
		_, err = h.house.GiveDuty(ctx(), h.steward(), p.cells[0], cmd)
	}
	if h.took("give duty", err) {
		h.posts = append(h.posts, p)
		return true
	}
	return false
}

func (h *town) id() string {
	h.commands++
	return uuid.NewSHA1(uuid.NameSpaceOID, fmt.Append(nil, h.commands)).String()
}

// by is a new command of a person, steward one of the administrator.
func (h *town) by(person string) app.By {
	return app.By{Actor: person, CommandID: uuid.MustParse(h.id()), ReceivedAt: h.now}
}

func (h *town) steward() app.By {
	by := h.by("admin")
	by.Admin = true
	return by
}

func (h *town) ok(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

func (h *town) done(_ app.Receipt, err error) {
	h.t.Helper()
	h.ok(err)
}

// took reports whether a command was carried out; a rule may refuse it.
func (h *town) took(what string, err error) bool {
	h.t.Helper()
	if f, ok := fault.As(err); err != nil && (!ok || f.Kind == fault.Unavailable) {
		h.t.Fatalf("%s: %v", what, err)
	}
	if err == nil {
		h.did[what]++
	}
	return err == nil
}

// settle does what time has made due, finishes what commands left, and opens digests.
func (h *town) settle() {
	h.t.Helper()
	h.project()
	h.ok(h.scheduler.CatchUp(ctx(), h.now))
	for again := true; again; {
		before := must[app.Position](h.t)(h.log.Head(ctx()))
		h.complete()
		h.notify()
		h.project()
		again = before < must[app.Position](h.t)(h.log.Head(ctx()))
	}
}

// complete runs the completer to the end of the log.
func (h *town) complete() {
	h.t.Helper()
	running, stop := context.WithCancel(ctx())
	defer stop()
	head := must[app.Position](h.t)(h.log.Head(ctx()))
	if h.completed >= head {
		return
	}
	tables := app.Tables{Cases: h.views.OpenCasesOf, Under: h.views.OpenCasesUnder, Patrols: h.patrols()}
	err := h.house.Complete(running, h.completed, tables, func(p app.Position) error {
		if h.completed = p; p >= head {
			stop()
		}
		return h.views.CatchUp(ctx())
	}, func(r app.Record, f *fault.Error) { h.t.Errorf("%s is not completed: %v", r.Stream, f) })
	if err != nil && !errors.Is(err, context.Canceled) {
		h.t.Fatal(err)
	}
}

func (h *town) notify() {
	h.t.Helper()
	records := must[[]app.Record](h.t)(h.log.Read(ctx(), h.told, 100_000))
	for _, r := range records {
		h.ok(h.house.Notify(ctx(), r, shanghai))
		h.told = r.Position
	}
}

// records gives the whole log.
func (h *town) records() []app.Record {
	h.t.Helper()
	return must[[]app.Record](h.t)(h.log.Read(ctx(), 0, 1_000_000))
}

// step lets some hours pass and some things happen, a few of them at one instant.
func (h *town) step() {
	h.t.Helper()
	h.later(time.Duration(10+h.rng.IntN(500)) * time.Minute)
	for range 1 + h.rng.IntN(3) {
		h.something()
	}
	h.settle()
}

func (h *town) something() {
	switch n := h.rng.IntN(100); {
	case n < 8:
		h.changeHands()
	case n < 9:
		h.publish()
	case n < 11:
		h.rebuild()
	case n < 30:
		h.patrol()
	case n < 35:
		h.enter()
	case n < 42 || len(h.cases) == 0:
		h.report()
	default:
		h.advance(pick(h.rng, h.cases))
	}
}

func pick[T any](r *rand.Rand, from []T) T { return from[r.IntN(len(from))] }

// past is some time ago: at once, within hours, or days back.
func (h *town) past() time.Time {
	switch h.rng.IntN(4) {
	case 0:
		return h.now.Add(-time.Duration(h.rng.IntN(5*24*60)) * time.Minute)
	case 1:
		return h.now.Add(-time.Duration(h.rng.IntN(300)) * time.Minute)
	default:
		return h.now
	}
}

// changeHands ends a duty, gives it to somebody else, or leaves the post vacant; often told late, or ahead.
func (h *town) changeHands() {
	i := h.rng.IntN(len(h.posts))
	p := &h.posts[i]
	from := h.past()
	if h.rng.IntN(6) == 0 {
		from = h.now.Add(time.Duration(h.rng.IntN(48)) * time.Hour)
	}
	if !p.ended {
		cmd := grid.EndDuty{Duty: p.duty, At: from}
		var err error
		if p.department != "" {
			_, err = h.house.EndDepartmentDuty(ctx(), h.steward(), p.department, cmd)
		} else {
			_, err = h.house.EndDuty(ctx(), h.steward(), p.cells[0], cmd)
		}
		if !h.took("end duty", err) {
			return
		}
		p.ended = true
	}
	if h.rng.IntN(3) > 0 {
		next := *p
		next.person, next.from, next.ended = pick(h.rng, h.people), from, false
		h.give(next)
	}
}

// publish publishes the programme or the calendar anew, as a correction or for what comes later.
func (h *town) publish() {
	open := func(ctx context.Context, programme string, versions []int, upTo app.Position) ([]string, error) {
		h.project()
		return h.views.OpenCasesUnder(ctx, programme, versions, upTo)
	}
	if h.rng.IntN(2) == 0 {
		year := calendar.Year{Year: 2026, Days: []calendar.Day{{Date: h.now.AddDate(0, 0, h.rng.IntN(9)).In(shanghai).Format(time.DateOnly), Name: "假", Off: true}}}
		known := must[calendar.State](h.t)(h.house.Calendars(ctx()))
		_, err := h.house.PublishCalendar(ctx(), h.steward(), calendar.Definition{Years: []calendar.Year{year}, Corrects: h.rng.IntN(len(known.Versions) + 1)}, open)
		h.took("publish calendar", err)
		return
	}
	p := h.rules
	p.Catalogue = slices.Clone(p.Catalogue)
	for i := range p.Catalogue {
		limits := map[string]programme.Limit{}
		for stage, l := range p.Catalogue[i].Limits {
			limits[stage] = programme.Limit{N: max(1, l.N+h.rng.IntN(3)-1), Unit: l.Unit}
		}
		p.Catalogue[i].Limits = limits
	}
	p.Duties = slices.Clone(p.Duties)
	p.Duties[1].Count = 1 + h.rng.IntN(2)
	latest := must[*programme.Programme](h.t)(h.house.Programme(ctx(), "fire", 0))
	p.Corrects = h.rng.IntN(latest.Version + 1)
	_, err := h.house.PublishProgramme(ctx(), h.steward(), p, open)
	if h.took("publish programme", err) {
		h.rules = p
	}
}

// rebuild replaces a cell, retires one, or classes it anew.
func (h *town) rebuild() {
	code := grid.CellCode(pick(h.rng, h.sites))
	switch h.rng.IntN(6) {
	case 0:
		next := code[:len(code)-2] + grid.CellCode(fmt.Sprintf("%02d", 50+h.rng.IntN(40)))
		_, err := h.house.ReplaceCell(ctx(), h.steward(), code, grid.ReplaceCell{Successors: []grid.Successor{{Code: next, Name: "新格"}}}, nil)
		if h.took("replace cell", err) {
			h.sites = append(h.sites, string(next))
		}
	case 1:
		if code.Level() == grid.Site {
			_, err := h.house.RetireCell(ctx(), h.steward(), code, grid.RetireCell{Reason: "拆除"})
			h.took("retire cell", err)
		}
	default:
		class := []string{"A", "B", "C", ""}[h.rng.IntN(4)]
		_, err := h.house.SetCellClasses(ctx(), h.steward(), code, grid.SetClasses{Classes: map[string]string{"fire": class}})
		h.took("set classes", err)
	}
}

// kinds lists what was done, for failures.
func (h *town) kinds() string {
	out := []string{}
	for k, n := range h.did {
		out = append(out, fmt.Sprintf("%s %d", k, n))
	}
	slices.Sort(out)
	return strings.Join(out, ", ")
}
