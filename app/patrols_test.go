package app_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"gridward/app"
	"gridward/domain/fault"
	"gridward/domain/grid"
	"gridward/domain/hazard"
	"gridward/domain/inspection"
	"gridward/domain/patrol"
	"gridward/domain/register"
)

const area2 = grid.CellCode("410104001001002")

// newPatrolledTown has two areas, each with an officer who has to patrol it every day. The programme was published on
// Tuesday, 10 March 2026, at noon, and that is the first day that is asked for.
func newPatrolledTown(t *testing.T) (*house, *patrolTable) {
	h := newCalendarTown(t)
	h.done(h.CreateCell(t.Context(), h.steward(), grid.CreateCell{Code: area2, Name: "二号片区"}))
	h.done(h.RegisterPerson(t.Context(), h.steward(), grid.RegisterPerson{ID: sun, Name: "sun"}))
	h.duty(area2, "fire", "officer", sun)
	return h, &patrolTable{h: h}
}

// patrols logs a patrol of half an hour now.
func (h *house) patrols(t *testing.T, officer string, cell grid.CellCode, from time.Time) string {
	t.Helper()
	r, err := h.LogInspection(t.Context(), h.by(officer), inspection.Log{Programme: "fire", Cell: cell, StartedAt: from, EndedAt: from.Add(30 * time.Minute),
		Content: "日巡查", Participants: []string{"楼长"}, Checklist: passedAll(t, "fire")})
	h.ok(err)
	return r.ID
}

// midnight closes what has ended by an instant.
func (p *patrolTable) midnight(t *testing.T, at time.Time) {
	t.Helper()
	p.h.clock.set(at)
	newClockwork(p.h, p.into(newApp(t, p.h.log))).catchesUp(t)
}

// completed has the completer go through the log, with a table of its own.
func (p *patrolTable) completed() {
	p.h.t.Helper()
	p.h.completeWith(app.Tables{Patrols: (&patrolTable{h: p.h}).port()})
}

func (h *house) statedExactly(area grid.CellCode, day string, want ...string) {
	h.t.Helper()
	if got := h.stated(area, "officer", "2026-03-"+day); !slices.Equal(got, want) {
		h.t.Errorf("of %s on the %sth it is stated %q, want %q", area, day, got, want)
	}
}

// What is missing is a fact of its own for each area, programme, role and period; then the day is closed, once.
func TestEndedPeriodsAreStatedAndClosed(t *testing.T) {
	h, table := newPatrolledTown(t)
	h.clock.set(on(t, "10 16:00"))
	h.patrols(t, sun, area2, on(t, "10 15:00"))
	table.midnight(t, on(t, "10 23:59"))
	if days := h.closedDays(); days != nil {
		t.Errorf("before midnight it closed %v", days)
	}
	table.midnight(t, on(t, "11 00:01"))
	h.statedExactly(area, "10", "found 1 of 1 by zhao")
	h.statedExactly(area2, "10") // nothing was missed
	fact := h.records("shortfall-fire-" + string(area) + "-officer-2026-03-10")[0]
	if fact.Meta.Actor != hazard.System || !fact.Meta.OccurredAt.Equal(on(t, "11 00:00")) || fact.Meta.Programme != "fire" || fact.Meta.Cell != string(area) {
		t.Errorf("it is recorded as %+v", fact.Meta)
	}
	want := []patrol.InCharge{{Person: li, Role: "chief", Cell: community}, {Person: wang, Role: "chief", Cell: street}}
	if s := h.events(fact.Stream)[0].(patrol.Found); !slices.Equal(s.Chain, want) || s.ProgrammeVersion != 1 || s.CalendarVersion != 1 {
		t.Errorf("it is stated as %+v", s)
	}
	head := h.head()
	table.midnight(t, on(t, "11 00:02"))
	if _, err := h.ClosePeriods(t.Context(), on(t, "11 00:00"), on(t, "11 00:03"), table.port()); err != nil || h.head() != head {
		t.Errorf("again: %v, and %d more facts", err, h.head()-head)
	}
}

// After days of downtime each day is stated and closed in its order; the week with its Sunday.
func TestDaysOfDowntimeAreClosedOneByOne(t *testing.T) {
	h, table := newPatrolledTown(t)
	table.midnight(t, on(t, "16 09:00"))
	if days := h.closedDays(); !slices.Equal(days, []string{"10", "11", "12", "13", "14", "15"}) {
		t.Errorf("closed %v", days)
	}
	for day := 10; day <= 15; day++ {
		h.statedExactly(area, fmt.Sprint(day), "found 1 of 1 by zhao")
		h.statedExactly(area2, fmt.Sprint(day), "found 1 of 1 by sun")
	}
	h.statedExactly(area, "16")
	if got := h.stated(area, "officer", "2026-W11"); len(got) != 1 {
		t.Errorf("of the week it is stated %q", got)
	}
}

func TestTwoSchedulersCloseEachDayOnce(t *testing.T) {
	h, table := newPatrolledTown(t)
	h.clock.set(on(t, "23 09:00"))
	a, b := newClockwork(h, table.into(newApp(t, h.log))), newClockwork(h, (&patrolTable{h: h}).into(newApp(t, h.log)))
	together(func() { a.catchesUp(t) }, func() { b.catchesUp(t) })
	if days := h.closedDays(); len(days) != 13 || !slices.IsSorted(days) {
		t.Errorf("closed %v", days)
	}
	for stream, n := range h.streams() {
		if strings.HasPrefix(stream, "shortfall-") && n != 1 {
			t.Errorf("%s has %d facts", stream, n)
		}
	}
}

// A fact told after its period ended states it anew; both facts stay. Told in time it changes nothing.
func TestALatePatrolStatesItsDayAnew(t *testing.T) {
	h, table := newPatrolledTown(t)
	h.clock.set(on(t, "10 16:00"))
	h.patrols(t, sun, area2, on(t, "10 15:00"))
	table.midnight(t, on(t, "12 00:00"))
	table.completed()
	h.statedExactly(area, "10", "found 1 of 1 by zhao")
	h.statedExactly(area2, "10")

	h.clock.set(on(t, "12 09:00"))
	late := h.patrols(t, zhao, area, on(t, "10 17:00"))
	for range 2 {
		table.completed()
		h.statedExactly(area, "10", "found 1 of 1 by zhao", "restated 0 of 1")
	}
	h.statedExactly(area, "11", "found 1 of 1 by zhao")
	cause := h.records("inspection-" + late)[0]
	fact := h.records("shortfall-fire-" + string(area) + "-officer-2026-03-10")[1]
	if fact.Meta.Causation != cause.ID || fact.Meta.Correlation != cause.Meta.Correlation || !fact.Meta.ReceivedAt.Equal(cause.RecordedAt) {
		t.Errorf("it is recorded as %+v", fact.Meta)
	}
	table.midnight(t, on(t, "13 00:00")) // whose table knows it all
	h.statedExactly(area, "10", "found 1 of 1 by zhao", "restated 0 of 1")
}

func TestVoidsAndAmendmentsStateTheirDaysAnew(t *testing.T) {
	h, table := newPatrolledTown(t)
	h.clock.set(on(t, "10 16:00"))
	voided, amended := h.patrols(t, zhao, area, on(t, "10 15:00")), h.patrols(t, sun, area2, on(t, "10 15:00"))
	table.midnight(t, on(t, "12 00:00"))
	h.clock.set(on(t, "12 09:00"))
	h.done(h.VoidInspection(t.Context(), h.by(zhao), voided, inspection.Void{Reason: "误报"}))
	from, to := on(t, "11 15:00"), on(t, "11 15:30")
	h.done(h.AmendInspection(t.Context(), h.by(sun), amended, inspection.Amend{Reason: "日期填错", StartedAt: &from, EndedAt: &to}))
	for range 2 {
		table.completed()
		h.statedExactly(area, "10", "found 1 of 1 by zhao")
		h.statedExactly(area2, "10", "found 1 of 1 by sun")
		h.statedExactly(area2, "11", "found 1 of 1 by sun", "restated 0 of 1")
	}
}

// Who is given a duty as of last Tuesday has missed what it asked since; whose duty had ended then has not, but the
// office that stands in; and of a cell that had left the grid nothing was asked.
func TestDutiesToldLateStateTheirDaysAnew(t *testing.T) {
	h, table := newPatrolledTown(t)
	const area3 = grid.CellCode("410104001001003")
	h.done(h.CreateCell(t.Context(), h.steward(), grid.CreateCell{Code: area3, Name: "三号片区"}))
	table.midnight(t, on(t, "12 00:00"))
	h.clock.set(on(t, "12 09:00"))
	tuesday := on(t, "10 00:00")
	h.done(h.GiveDuty(t.Context(), h.steward(), area3, grid.GiveDuty{Programme: "fire", Role: "officer", Person: qian, From: tuesday}))
	ended := h.events("duties-fire-" + string(area))[0].(grid.DutyGiven).Duty
	h.done(h.EndDuty(t.Context(), h.steward(), area, grid.EndDuty{Duty: ended, At: tuesday}))
	gone := h.steward()
	gone.OccurredAt = tuesday
	h.done(h.RetireCell(t.Context(), gone, area2, grid.RetireCell{Reason: "并入一号片区"}))
	for range 2 {
		table.completed()
		for _, day := range []string{"10", "11"} {
			h.statedExactly(area3, day, "found 1 of 1 by ")
			h.statedExactly(area, day, "found 1 of 1 by zhao", "restated 1 of 1 by li")
			h.statedExactly(area2, day, "found 1 of 1 by sun", "restated 0 of 0")
		}
		h.statedExactly(area, "12") // which has not ended
	}
	h.statedExactly(area3, "12")
}

func TestCampaignsAndActivitiesToldLateStateTheirMonthAnew(t *testing.T) {
	h, table := newPatrolledTown(t)
	table.midnight(t, on(t, "32 00:00")) // a campaign, a meeting and publicity are missing
	h.clock.set(on(t, "32 09:00"))
	h.done(h.RecordActivity(t.Context(), h.by(wang), register.RecordActivity{Programme: "fire", Cell: street, Kind: "meeting", Title: "例会", HeldAt: on(t, "20 09:00")}))
	table.completed()
	h.done(h.OpenCampaign(t.Context(), h.by(wang), inspection.OpenCampaign{Programme: "fire", Cell: street, Title: "集中排查", From: on(t, "25 00:00"),
		To: on(t, "40 00:00"), Targets: []grid.CellCode{site}}))
	table.completed()
	if got, want := h.stated(street, "chief", "2026-03"), []string{"found 3 of 3 by wang by wang by wang", "restated 2 of 3 by wang by wang",
		"restated 1 of 3 by wang"}; !slices.Equal(got, want) {
		t.Errorf("it is stated %q, want %q", got, want)
	}
}

// What becomes known while a look is under way, and is gone through before that look is stated, is stated all the same.
func TestAPatrolToldWhilePeriodsCloseIsNotMissed(t *testing.T) {
	for name, told := range map[string]string{"after midnight": "11 00:00", "before midnight, committed behind the look": "10 23:59"} {
		h, table := newPatrolledTown(t)
		table.judged = func() {
			table.judged = nil
			h.clock.set(on(t, told))
			h.patrols(t, zhao, area, on(t, "10 15:00"))
			table.completed()
		}
		table.midnight(t, on(t, "11 00:00"))
		t.Log(name)
		h.statedExactly(area, "10", "found 1 of 1 by zhao", "restated 0 of 1")
		h.statedExactly(area2, "10", "found 1 of 1 by sun")
		if days := h.closedDays(); !slices.Equal(days, []string{"10"}) {
			t.Errorf("%s: closed %v", name, days)
		}
	}
}

// The same where a crash comes between: the day is not closed, so it is looked at again.
func TestClosingCutOffIsFinished(t *testing.T) {
	h, table := newPatrolledTown(t)
	table.judged = func() {
		table.judged = nil
		h.patrols(t, zhao, area, on(t, "10 11:00"))
		table.completed()
		h.log.cutAfter(1) // one area of two
	}
	h.clock.set(on(t, "11 00:00"))
	w := newClockwork(h, table.into(newApp(t, h.log)))
	if err := w.CatchUp(t.Context(), h.clock.Now()); !errors.Is(err, errQueueFull) {
		t.Fatalf("cut off, it answers %v", err)
	}
	h.log.mend()
	(&patrolTable{h: h}).midnight(t, on(t, "11 00:01"))
	h.statedExactly(area2, "10", "found 1 of 1 by sun")
	if got := h.stated(area, "officer", "2026-03-10"); len(got) > 0 && !slices.Equal(got, []string{"found 1 of 1 by zhao", "restated 0 of 1"}) {
		t.Errorf("it is stated %q", got)
	}
	if days := h.closedDays(); !slices.Equal(days, []string{"10"}) {
		t.Errorf("closed %v", days)
	}
}

// However far the completer lies behind, whatever was told late is stated: here before the scheduler came to it, too.
func TestACompleterThatLagsMissesNothing(t *testing.T) {
	h, table := newPatrolledTown(t)
	h.clock.set(on(t, "11 09:00")) // the scheduler stands still
	h.patrols(t, zhao, area, on(t, "10 17:00"))
	table.midnight(t, on(t, "12 00:00"))
	h.statedExactly(area, "10")
	h.clock.set(on(t, "12 09:00"))
	voided := h.patrols(t, sun, area2, on(t, "11 17:00"))
	table.midnight(t, on(t, "14 00:00"))
	h.done(h.VoidInspection(t.Context(), h.by(sun), voided, inspection.Void{Reason: "误报"}))
	table.completed()
	h.statedExactly(area, "10")
	h.statedExactly(area2, "11", "found 1 of 1 by sun") // told, and taken back before anybody looked
	h.patrols(t, sun, area2, on(t, "11 17:00"))
	table.completed()
	h.statedExactly(area2, "11", "found 1 of 1 by sun", "restated 0 of 1")
}

// A rule that refuses what else follows from a late patrol does not keep its day from being stated anew.
func TestWhatIsRefusedIsStatedAllTheSame(t *testing.T) {
	h, table := newPatrolledTown(t)
	table.midnight(t, on(t, "11 00:00"))
	h.clock.set(on(t, "11 09:00"))
	h.log.cut("case-")
	_, err := h.LogInspection(t.Context(), h.by(zhao), inspection.Log{Programme: "fire", Cell: area, StartedAt: on(t, "10 17:00"), EndedAt: on(t, "10 17:30"),
		Content: "日巡查", Participants: []string{"楼长"}, Checklist: passedAll(t, "fire"), Hazards: []inspection.Found{{ID: caseNo(1), Description: "杂物"}}})
	if !errors.Is(err, errQueueFull) {
		t.Fatal(err)
	}
	h.log.mend()
	h.done(h.ReportCase(t.Context(), h.by(li), resident(caseNo(1)))) // the id is somebody else's meanwhile
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var refused []string
	h.ok(newApp(t, h.log).Complete(ctx, 0, app.Tables{Patrols: (&patrolTable{h: h}).port()}, func(app.Position) error { stop(); return nil },
		func(r app.Record, f *fault.Error) { refused = append(refused, r.Type+" "+f.Code) }))
	if !slices.Equal(refused, []string{"inspection.logged id_reused"}) {
		t.Errorf("refused: %v", refused)
	}
	h.statedExactly(area, "10", "found 1 of 1 by zhao", "restated 0 of 1")
}
