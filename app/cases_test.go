package app_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"

	"gridward/app"
	"gridward/domain/evidence"
	"gridward/domain/fault"
	"gridward/domain/grid"
	"gridward/domain/hazard"
)

const caseID = "00000000-0000-4000-8000-0000000000f1"

// photo is evidence that an item of the catalogue asks for.
var photo = []evidence.File{{SHA256: "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", MediaType: "image/jpeg", Phase: "after"}}

func resident(id string) hazard.Report {
	return hazard.Report{Case: id, Programme: "fire", Cell: site, Description: "楼道堆放杂物", Source: "resident", FoundAt: noon.Add(-time.Hour),
		Reporter: &hazard.ReportedBy{Name: "张大妈", Phone: "13900001234"}}
}

// onCase is a command on the case as twice takes it.
func onCase(t testing.TB, id string, cmd hazard.Command) func(*app.App, app.By) (app.Receipt, error) {
	return func(a *app.App, by app.By) (app.Receipt, error) { return a.Case(t.Context(), by, id, cmd) }
}

// last is the newest event of the case.
func (h *house) last(id string) any {
	h.t.Helper()
	events := h.events("case-" + id)
	return events[len(events)-1]
}

func TestACaseFromReportToClosure(t *testing.T) {
	h := newTown(t)
	report := func(a *app.App, by app.By) (app.Receipt, error) {
		return a.ReportCase(t.Context(), by, resident(caseID))
	}
	if r := h.twice(h.by(zhao), report); r.ID != caseID || !r.Created || r.Version != 1 {
		t.Errorf("reported: %+v", r)
	}
	for _, step := range []struct {
		by  string
		cmd hazard.Command
	}{
		{li, hazard.RequestVerification{Person: zhao}},
		{zhao, hazard.Verify{Result: "confirmed"}},
		{li, hazard.File{Item: "corridor_cluttered"}}, // the programme sends it to the area by itself
		{zhao, hazard.Accept{}},
		{zhao, hazard.Return{Reason: "人手不够"}},
		{li, hazard.Dispatch{Cell: area, Instruction: "请今日办结"}},
		{zhao, hazard.Accept{}},
		{zhao, hazard.Rectify{Measures: "已清运", Evidence: photo}},
		{li, hazard.Check{Result: "failed", Note: "还有一处"}},
		{zhao, hazard.Rectify{Measures: "全部清运", Evidence: photo}},
		{wang, hazard.Check{Result: "passed"}},
		{li, hazard.Close{Rating: "good"}},
		{zhao, hazard.Feedback{Satisfied: true}},
	} {
		h.twice(h.by(step.by), onCase(t, caseID, step.cmd))
	}
	var state hazard.Case
	dispatches := 0
	for _, e := range h.events("case-" + caseID) {
		state = hazard.Evolve(state, e.(hazard.Event))
		if d, ok := e.(hazard.Dispatched); ok {
			dispatches++
			if d.Automatic != (dispatches == 1) || d.To.Person != zhao || d.To.Cell != area {
				t.Errorf("dispatch %d: %+v", dispatches, d)
			}
		}
	}
	if state.State != hazard.StateClosed || dispatches != 2 {
		t.Errorf("%s after %d dispatches", state.State, dispatches)
	}
	for _, r := range h.records("case-" + caseID) {
		if r.Meta.Programme != "fire" || r.Meta.Cell != string(site) || r.Meta.RequestHash == "" || r.Meta.Correlation == uuid.Nil {
			t.Errorf("version %d says of itself %+v", r.Version, r.Meta)
		}
	}
}

func TestWhatACommandOnACaseIsRefusedFor(t *testing.T) {
	h := newTown(t)
	ctx := t.Context()
	h.done(h.ReportCase(ctx, h.by(zhao), resident(caseID)))
	on := func(by app.By, cmd hazard.Command) func() error {
		return func() error { _, err := h.Case(ctx, by, caseID, cmd); return err }
	}
	report := func(change func(*hazard.Report)) func() error {
		cmd := resident("")
		change(&cmd)
		return func() error { _, err := h.ReportCase(ctx, h.by(zhao), cmd); return err }
	}
	moved, future, keyed := h.by(li), h.by(li), h.by(li)
	seven := uint64(7)
	moved.IfMatch, future.OccurredAt = &seven, noon.Add(6*time.Minute)

	h.refused("version_moved", "", on(moved, hazard.File{Item: "corridor_cluttered"}))
	h.refused("in_future", "occurred_at", on(future, hazard.File{Item: "corridor_cluttered"}))
	h.refused("not_in_charge", "", on(h.by(zhao), hazard.File{Item: "corridor_cluttered"}))
	h.refused("not_in_charge", "", on(h.steward(), hazard.File{Item: "corridor_cluttered"}))
	h.refused("wrong_state", "", on(h.by(li), hazard.Close{Rating: "good"}))
	h.refused("case_not_found", "", func() error { _, err := h.Case(ctx, h.by(li), uuid.NewString(), hazard.Accept{}); return err })
	h.done(h.Case(ctx, keyed, caseID, hazard.Note{Text: "a"}))
	h.refused("idempotency_key_reused", "", on(keyed, hazard.Note{Text: "b"}))
	h.refused("idempotency_key_reused", "", on(keyed, hazard.Feedback{Note: "a"}))

	h.refused("id_reused", "", report(func(r *hazard.Report) { r.Case, r.Description = caseID, "别的" }))
	h.refused("invalid_fields", "id", report(func(r *hazard.Report) { r.Case = "x" }))
	h.refused("invalid_fields", "description", report(func(r *hazard.Report) { r.Description = "" }))
	h.refused("invalid_fields", "source", report(func(r *hazard.Report) { r.Source = "rumour" }))
	h.refused("invalid_fields", "item", report(func(r *hazard.Report) { r.Item = "dragon" }))
	h.refused("invalid_fields", "found_at", report(func(r *hazard.Report) { r.FoundAt = noon.Add(time.Hour) }))
	h.refused("cell_not_found", "", report(func(r *hazard.Report) { r.Cell = "410104009" }))
	h.refused("programme_not_found", "", report(func(r *hazard.Report) { r.Programme = "ice" }))
	h.refused("person_not_found", "", report(func(r *hazard.Report) { r.FirstContact = uuid.NewString() }))

	h.done(h.Case(ctx, h.by(li), caseID, hazard.File{Item: "alarm_faulty"}))
	h.refused("invalid_fields", "cell", on(h.by(li), hazard.Dispatch{}))
	h.refused("invalid_fields", "cell", on(h.by(li), hazard.Dispatch{Cell: area, Department: "x"}))
	h.refused("department_not_found", "", on(h.by(li), hazard.Dispatch{Department: "x"}))
	h.refused("cell_not_found", "", on(h.by(li), hazard.Dispatch{Cell: "410104001001009"}))
	h.done(h.Case(ctx, h.by(li), caseID, hazard.Dispatch{Cell: area}))
	h.done(h.Case(ctx, h.by(zhao), caseID, hazard.Accept{}))
	h.refused("person_not_found", "", on(h.by(zhao), hazard.Rectify{Measures: "m", PerformedBy: uuid.NewString(), Evidence: photo}))
}

// The same id with the same content is a duplicate, whoever's command it comes under.
func TestAReportSentUnderAnotherCommandIsKnownByItsContent(t *testing.T) {
	h := newTown(t)
	first := h.done(h.ReportCase(t.Context(), h.by(zhao), resident(caseID)))
	again := h.done(h.ReportCase(t.Context(), h.by(zhao), resident(caseID)))
	if !again.Replayed || again.Position != first.Position || len(h.records("case-"+caseID)) != 1 {
		t.Errorf("%+v, then %+v", first, again)
	}
}

func TestADepartmentsWork(t *testing.T) {
	h := newTown(t)
	ctx := t.Context()
	h.done(h.CreateDepartment(ctx, h.steward(), grid.CreateDepartment{Code: "fire-brigade", Name: "消防救援大队", Cell: district}))
	h.done(h.GiveDepartmentDuty(ctx, h.steward(), "fire-brigade", grid.GiveDuty{Programme: "fire", Role: "supervisor", Person: qian, From: noon.AddDate(0, -1, 0)}))
	h.done(h.ReportCase(ctx, h.by(zhao), resident(caseID)))
	for _, step := range []struct {
		by  string
		cmd hazard.Command
	}{
		{li, hazard.File{Item: "alarm_faulty"}}, {li, hazard.Dispatch{Department: "fire-brigade", Assisting: []hazard.Target{{Cell: area}}}},
		{qian, hazard.Accept{}}, {qian, hazard.Rectify{Measures: "已修复", Evidence: photo}}, {li, hazard.Check{Result: "passed"}},
	} {
		h.done(h.Case(ctx, h.by(step.by), caseID, step.cmd))
	}
	h.refused("separation_of_duties", "", func() error { _, err := h.Case(ctx, h.by(qian), caseID, hazard.Close{Rating: "good"}); return err })
	h.done(h.Case(ctx, h.by(li), caseID, hazard.Close{Rating: "fair"})) // the office that dispatched it
}

func TestAMergeCutOffIsFinished(t *testing.T) {
	const other = "00000000-0000-4000-8000-0000000000f2"
	ctx := t.Context()
	prepare := func() (*house, app.By) {
		h := newTown(t)
		h.done(h.ReportCase(ctx, h.by(zhao), resident(caseID)))
		h.done(h.ReportCase(ctx, h.by(zhao), resident(other)))
		by := h.by(li)
		h.log.cut("case-" + other)
		if _, err := h.Case(ctx, by, caseID, hazard.Merge{Into: other}); !errors.Is(err, fault.New(fault.Unavailable, "queue_full", "")) {
			t.Fatalf("cut off, it answered %v", err)
		}
		h.log.mend()
		return h, by
	}
	check := func(h *house) {
		t.Helper()
		if e, ok := h.last(other).(hazard.DuplicateLinked); !ok || e.From != caseID || len(h.records("case-"+other)) != 2 {
			t.Errorf("the case it was merged into ends with %+v", h.last(other))
		}
		if _, ok := h.last(caseID).(hazard.MergedInto); !ok {
			t.Errorf("the duplicate ends with %+v", h.last(caseID))
		}
	}
	h, by := prepare()
	h.done(h.Case(ctx, by, caseID, hazard.Merge{Into: other})) // the client's retry
	check(h)
	h, _ = prepare()
	h.complete() // the completer
	h.complete()
	check(h)
}

func TestClosingManyAtOnce(t *testing.T) {
	h := newTown(t)
	ctx := t.Context()
	const unchecked, ghost = "00000000-0000-4000-8000-0000000000f2", "00000000-0000-4000-8000-0000000000f3"
	for _, id := range []string{caseID, unchecked} {
		h.done(h.ReportCase(ctx, h.by(zhao), resident(id)))
		h.done(h.Case(ctx, h.by(li), id, hazard.File{Item: "corridor_cluttered"}))
		h.done(h.Case(ctx, h.by(zhao), id, hazard.Accept{}))
		h.done(h.Case(ctx, h.by(zhao), id, hazard.Rectify{Measures: "m", Evidence: photo}))
	}
	h.done(h.Case(ctx, h.by(li), caseID, hazard.Check{Result: "passed"}))
	by := h.by(li)
	for range 2 {
		results, err := h.CloseCases(ctx, by, []string{caseID, unchecked, ghost}, hazard.Close{Rating: "good"})
		h.ok(err)
		if results[0].Status != app.BatchClosed || results[1].Problem.Code != "not_checked" || results[2].Problem.Code != "case_not_found" {
			t.Errorf("got %+v", results)
		}
	}
	if n := len(h.records("case-" + caseID)); n != 7 {
		t.Errorf("closing it twice left %d events", n)
	}
	h.refused("invalid_fields", "ids", func() error { _, err := h.CloseCases(ctx, by, nil, hazard.Close{Rating: "good"}); return err })
}

// On replacement a case its holder had there goes back to the parent office; another of the cell passes unchanged.
func TestTheCasesOfAReplacedCell(t *testing.T) {
	h := newTown(t)
	ctx := t.Context()
	const reported = "00000000-0000-4000-8000-0000000000f2"
	h.done(h.ReportCase(ctx, h.by(zhao), resident(caseID)))
	h.done(h.Case(ctx, h.by(li), caseID, hazard.File{Item: "corridor_cluttered"})) // goes to the area
	atArea := resident(reported)
	atArea.Cell = area
	h.done(h.ReportCase(ctx, h.by(zhao), atArea))
	h.done(h.ReplaceCell(ctx, h.by(wang), area, grid.ReplaceCell{Successors: []grid.Successor{{Code: "410104001001002", Name: "新片区"}}}, nil))

	open := func(_ context.Context, cell grid.CellCode, _ app.Position) ([]string, error) {
		if cell != area {
			t.Errorf("asked for the cases of %s", cell)
		}
		return []string{caseID, reported}, nil
	}
	for range 2 {
		running, stop := context.WithCancel(ctx)
		h.ok(newApp(t, h.log).Complete(running, 0, app.Tables{Cases: open}, func(p app.Position) error {
			if p >= h.head() {
				stop()
			}
			return nil
		}, func(r app.Record, f *fault.Error) { t.Errorf("%s: %v", r.Stream, f) }))
		stop()
	}
	e, ok := h.last(caseID).(hazard.CellReplaced)
	if !ok || !e.Returned || e.Office.Cell != community || e.Office.Person != li {
		t.Errorf("the dispatched case ends with %+v", h.last(caseID))
	}
	e, ok = h.last(reported).(hazard.CellReplaced)
	if !ok || e.Returned || e.Office.Cell != community {
		t.Errorf("the reported case ends with %+v", h.last(reported))
	}
	if n := len(h.records("case-" + caseID)); n != 4 {
		t.Errorf("twice over it has %d events", n)
	}
	h.done(h.Case(ctx, h.by(li), caseID, hazard.Dispatch{Cell: "410104001001002"})) // only people dispatch it now
}

// What was due on a case before its cell was replaced happens first, under the old holder.
func TestACaseOfAReplacedCellHasItsCardFirst(t *testing.T) {
	h := newLateTown(t, 1)
	h.clock.set(on(t, "11 09:00"))
	h.done(h.ReplaceCell(t.Context(), h.by(wang), area, grid.ReplaceCell{Successors: []grid.Successor{{Code: "410104001001002", Name: "新片区"}}},
		func(context.Context, grid.CellCode, app.Position) ([]string, error) { return []string{caseNo(0)}, nil }))
	h.timeDidExactly("0 red acceptance 11 08:10")
	if e, ok := h.last(caseNo(0)).(hazard.CellReplaced); !ok || !e.Returned || !e.At.Equal(on(t, "11 09:00")) {
		t.Errorf("it ends with %+v", h.last(caseNo(0)))
	}
	head := h.head()
	h.clock.set(on(t, "12 09:00"))
	newClockwork(h, nil).catchesUp(t)
	if h.head() != head {
		t.Errorf("afterwards time did %v", h.timeDid())
	}
}
