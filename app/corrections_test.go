package app_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"gridward/app"
	"gridward/domain/calendar"
	"gridward/domain/hazard"
	"gridward/domain/programme"
)

// under finds the open cases derived under one of the versions, as the table of cases does.
func (h *house) under(_ context.Context, code string, versions []int, upTo app.Position) ([]string, error) {
	if upTo > h.head() {
		return nil, errors.New("it is asked for what there is not")
	}
	var ids []string
	for stream := range h.streams() {
		id, is := strings.CutPrefix(stream, "case-")
		if !is {
			continue
		}
		c := h.folded(id)
		bound := c.CalendarVersion
		if code != "" {
			bound = c.ProgrammeVersion
		}
		if c.Open() && (code == "" || c.Programme == code) && slices.Contains(versions, bound) {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids, nil
}

// listed is the calendar as it is with one more day off in 2026, or without that day.
func (h *house) listed(date string, off bool, corrects int) calendar.Definition {
	h.t.Helper()
	all, err := h.Calendars(h.t.Context())
	h.ok(err)
	d := calendar.Definition{Corrects: corrects}
	for _, y := range all.Latest().Years {
		if y.Year != 2026 {
			continue
		}
		y.Days = slices.DeleteFunc(slices.Clone(y.Days), func(day calendar.Day) bool { return day.Date == date })
		if off {
			y.Days = append(y.Days, calendar.Day{Date: date, Name: "停工", Off: true})
		}
		d.Years = append(d.Years, y)
	}
	return d
}

// rectifiedIn is the newest fire programme with another rectification limit for minor hazards.
func (h *house) rectifiedIn(days, corrects int) programme.Programme {
	h.t.Helper()
	newest, err := h.Programme(h.t.Context(), "fire", 0)
	h.ok(err)
	p := *newest
	p.Corrects = corrects
	p.Catalogue = slices.Clone(p.Catalogue)
	for i, item := range p.Catalogue {
		if item.Item == "corridor_cluttered" {
			limits := map[string]programme.Limit{}
			for stage, l := range item.LimitsFor(programme.Minor, "") {
				limits[stage] = l
			}
			limits[programme.StageRectification] = programme.Limit{N: days, Unit: programme.WorkingDay}
			p.Catalogue[i].Limits = limits
		}
	}
	return p
}

// movedExactly holds which deadlines a publication moved, in its order.
func movedExactly(t *testing.T, p app.Publication, want ...string) {
	t.Helper()
	var got []string
	for _, m := range p.Moved {
		var n int
		if _, err := fmt.Sscanf(m.Case, "00000000-0000-4000-8000-%d", &n); err != nil {
			t.Fatal(err)
		}
		got = append(got, fmt.Sprintf("%d %s %s to %s", n, m.Stage, m.From.In(shanghai).Format("02 15:04"), m.To.In(shanghai).Format("02 15:04")))
	}
	if !slices.Equal(got, want) {
		t.Errorf("it moved\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// newOpenTown has, on Tuesday the 10th at 17:00,
//   - 1, which is to be rectified within 24 working hours from 09:30: by Friday 09:30,
//   - 2, which went to the area at 14:10 and is to be accepted within 4: by Wednesday 08:10,
//   - 3, which is closed,
//   - 4, reported at 15:00 and to be filed within 8: by Wednesday 15:00.
//
// What is filed is to be closed within 80 hours in all: 1 (reported at 09:00) by Tuesday the 24th at 09:00, 2 by then at
// 14:10.
func newOpenTown(t *testing.T) *house {
	h := newCalendarTown(t)
	for _, id := range []string{caseNo(1), caseNo(3)} {
		h.opens(id, "corridor_cluttered", on(t, "10 09:00"))
		h.clock.set(on(t, "10 09:30"))
		h.takes(zhao, id, hazard.Accept{})
	}
	h.takes(zhao, caseNo(3), hazard.Rectify{Measures: "已清运", Evidence: photo})
	h.takes(li, caseNo(3), hazard.Check{Result: "passed"})
	h.takes(li, caseNo(3), hazard.Close{Rating: "good"})
	h.opens(caseNo(2), "corridor_cluttered", on(t, "10 14:10"))
	h.clock.set(on(t, "10 15:00"))
	cmd := resident(caseNo(4))
	h.done(h.ReportCase(t.Context(), h.by(zhao), cmd))
	h.clock.set(on(t, "10 17:00"))
	return h
}

// Wednesday the 11th turns out to be no working day.
var wednesdayOff = []string{
	"1 total 24 09:00 to 25 09:00", "1 rectification 13 09:30 to 16 09:30",
	"2 total 24 14:10 to 25 14:10", "2 acceptance 11 08:10 to 12 08:10",
	"4 filing 11 15:00 to 12 15:00",
}

func TestACorrectedCalendarMovesOpenDeadlines(t *testing.T) {
	h := newOpenTown(t)
	closed := len(h.records("case-" + caseNo(3)))
	by, d := h.steward(), h.listed("2026-03-11", true, 1)
	first, err := h.PublishCalendar(t.Context(), by, d, h.under)
	h.ok(err)
	movedExactly(t, first, wednesdayOff...)
	if first.Replayed || first.Version != 2 || first.Position != h.head() {
		t.Errorf("it answers %+v, the log is at %d", first.Receipt, h.head())
	}
	e, ok := h.last(caseNo(1)).(hazard.Rederived)
	if !ok || e.By != "admin" || !e.At.Equal(on(t, "10 17:00")) || e.CalendarVersion != 2 || e.ProgrammeVersion != 1 || e.Limits != nil {
		t.Errorf("the case ends with %+v", h.last(caseNo(1)))
	}
	if len(h.records("case-"+caseNo(3))) != closed {
		t.Error("a closed case was derived again")
	}

	// The same command again answers the same, whatever has become of the cases since.
	h.clock.set(on(t, "10 17:30"))
	h.takes(zhao, caseNo(1), hazard.Rectify{Measures: "已清运", Evidence: photo})
	h.opens(caseNo(5), "corridor_cluttered", h.clock.Now())
	head := h.head()
	for _, a := range []*app.App{h.App, newApp(t, h.log)} {
		again, err := a.PublishCalendar(t.Context(), by, d, h.under)
		h.ok(err)
		movedExactly(t, again, wednesdayOff...)
		if again.Replayed = false; again.Receipt != first.Receipt || h.head() != head {
			t.Errorf("again it answers %+v, first %+v; the log went from %d to %d", again.Receipt, first.Receipt, head, h.head())
		}
	}
	// What is filed since is bound by the new version and not derived again.
	if c := h.folded(caseNo(5)); c.CalendarVersion != 2 || len(h.records("case-"+caseNo(5))) != 3 {
		t.Errorf("the new case is under version %d", c.CalendarVersion)
	}
	// The same definition under another command is no new version: it has moved nothing.
	other, err := h.PublishCalendar(t.Context(), h.steward(), d, h.under)
	if err != nil || !other.Replayed || other.Version != 2 || h.head() != head {
		t.Errorf("another command: %+v, %v", other.Receipt, err)
	}
	movedExactly(t, other)
	h.refused("not_steward", "", func() error { _, err := h.PublishCalendar(t.Context(), h.by(wang), d, h.under); return err })
}

// A version that corrects nothing binds only what is filed later.
func TestANewerCalendarMovesNothing(t *testing.T) {
	h := newOpenTown(t)
	p, err := h.PublishCalendar(t.Context(), h.steward(), h.listed("2026-03-11", true, 0), h.under)
	h.ok(err)
	movedExactly(t, p)
	h.completeWith(app.Tables{Under: h.under})
	if c := h.folded(caseNo(1)); c.CalendarVersion != 1 {
		t.Errorf("the case is under version %d", c.CalendarVersion)
	}
	h.opens(caseNo(5), "corridor_cluttered", on(t, "10 17:00"))
	if c := h.folded(caseNo(5)); c.CalendarVersion != 2 {
		t.Errorf("the new case is under version %d", c.CalendarVersion)
	}
	// It is not what version 1 was corrected to: a correction of 1 leaves the new case alone.
	p, err = h.PublishCalendar(t.Context(), h.steward(), h.listed("2026-03-12", true, 1), h.under)
	h.ok(err)
	for _, m := range p.Moved {
		if m.Case == caseNo(5) {
			t.Errorf("it moved %+v", m)
		}
	}
}

// A card that a moved deadline overtakes is withdrawn; one whose instant has not moved stands.
func TestACorrectionWithdrawsTheCardsItOvertakes(t *testing.T) {
	h := newOpenTown(t)
	h.clock.set(on(t, "13 10:00"))
	newClockwork(h, nil).catchesUp(t)
	p, err := h.PublishCalendar(t.Context(), h.steward(), h.listed("2026-03-13", true, 1), h.under)
	h.ok(err)
	movedExactly(t, p, "1 total 24 09:00 to 25 09:00", "1 rectification 13 09:30 to 16 09:30", "2 total 24 14:10 to 25 14:10")
	h.timeDidExactly("2 red acceptance 11 08:10", "2 escalated to 3 12 08:10", "1 yellow rectification 12 14:42", "1 red rectification 13 09:30",
		"1 red withdrawn 13 10:00")
	h.clock.set(on(t, "16 10:00"))
	newClockwork(h, nil).catchesUp(t)
	all := h.timeDid()
	if last := all[len(all)-1].String(); last != "1 red rectification 16 09:30" {
		t.Errorf("the last thing is %s", last)
	}
}

// Cut off in the middle, a correction is finished by a repeat of the command or by the completer, and answers the same.
func TestACorrectionCutOffIsFinished(t *testing.T) {
	for _, finish := range []string{"retry", "completer"} {
		h := newOpenTown(t)
		by, d := h.steward(), h.listed("2026-03-11", true, 1)
		h.log.cut("case-" + caseNo(2))
		if _, err := h.PublishCalendar(t.Context(), by, d, h.under); !errors.Is(err, errQueueFull) {
			t.Fatalf("cut off, it answered %v", err)
		}
		h.log.mend()
		if h.folded(caseNo(1)).CalendarVersion != 2 || h.folded(caseNo(2)).CalendarVersion != 1 {
			t.Fatal("it was not cut off in the middle")
		}
		if finish == "completer" {
			h.completeWith(app.Tables{Under: h.under})
			h.completeWith(app.Tables{Under: h.under})
			if n := h.folded(caseNo(2)).CalendarVersion; n != 2 {
				t.Errorf("the case is under version %d", n)
			}
		}
		p, err := h.PublishCalendar(t.Context(), by, d, h.under)
		h.ok(err)
		movedExactly(t, p, wednesdayOff...)
		if n := h.folded(caseNo(4)).CalendarVersion; n != 2 {
			t.Errorf("%s: the last case is under version %d", finish, n)
		}
	}
}

// What is finished late takes no card for one that lies ahead: here none moves, and none is withdrawn.
func TestACorrectionFinishedLateLeavesCardsAlone(t *testing.T) {
	h := newOpenTown(t)
	h.log.cut("case-")
	if _, err := h.PublishCalendar(t.Context(), h.steward(), h.listed("2026-03-13", true, 1), h.under); !errors.Is(err, errQueueFull) {
		t.Fatal(err)
	}
	h.log.mend()
	h.clock.set(on(t, "11 09:00"))
	w := newClockwork(h, nil)
	w.catchesUp(t)
	h.completeWith(app.Tables{Under: h.under})
	w.catchesUp(t)
	h.timeDidExactly("2 red acceptance 11 08:10")
	if c := h.folded(caseNo(2)); c.CalendarVersion != 2 {
		t.Errorf("the case is under version %d", c.CalendarVersion)
	}
}

// A correction reaches what the version it corrects had not reached yet, and is not undone by that.
func TestACorrectionOfACorrection(t *testing.T) {
	h := newOpenTown(t)
	h.log.cut("case-" + caseNo(2))
	if _, err := h.PublishCalendar(t.Context(), h.steward(), h.listed("2026-03-11", true, 1), h.under); !errors.Is(err, errQueueFull) {
		t.Fatal(err)
	}
	h.log.mend()
	p, err := h.PublishCalendar(t.Context(), h.steward(), h.listed("2026-03-12", true, 2), h.under) // both days off
	h.ok(err)
	movedExactly(t, p, "1 total 25 09:00 to 26 09:00", "1 rectification 16 09:30 to 17 09:30", // from version 2
		"2 total 24 14:10 to 26 14:10", "2 acceptance 11 08:10 to 13 08:10", "4 filing 11 15:00 to 13 15:00") // from version 1
	head := h.head()
	stale := func(context.Context, string, []int, app.Position) ([]string, error) {
		return []string{caseNo(1), caseNo(2), caseNo(3), caseNo(4)}, nil
	}
	h.completeWith(app.Tables{Under: stale}) // version 2's comes to its end, with a table that lies behind
	if h.head() != head {
		t.Errorf("%d more things were recorded", h.head()-head)
	}
}

// What was closed before a correction moves when it is opened again: to the correction of the correction (Thursday off,
// Wednesday not), and to four days instead of three.
func TestWhatIsReopenedIsUnderTheCorrectedRules(t *testing.T) {
	h := newOpenTown(t)
	for _, d := range []calendar.Definition{h.listed("2026-03-11", true, 1), h.listed("2026-03-12", true, 2)} {
		_, err := h.PublishCalendar(t.Context(), h.steward(), d, h.under)
		h.ok(err)
	}
	for _, corrects := range []int{0, 1} {
		_, err := h.PublishProgramme(t.Context(), h.steward(), h.rectifiedIn(5-corrects, corrects), h.under)
		h.ok(err)
	}
	if c := h.folded(caseNo(3)); c.CalendarVersion != 1 || c.ProgrammeVersion != 1 {
		t.Fatalf("closed, it is under version %d, calendar %d", c.ProgrammeVersion, c.CalendarVersion)
	}
	h.takes(li, caseNo(3), hazard.Reopen{Reason: "又堆满了"}) // on Tuesday at 17:00
	c := h.folded(caseNo(3))
	if c.CalendarVersion != 3 || c.ProgrammeVersion != 3 || c.State != hazard.StateRectifying {
		t.Errorf("it is %s under version %d, calendar %d", c.State, c.ProgrammeVersion, c.CalendarVersion)
	}
	i, _ := c.Current()
	calendars, err := h.Calendars(t.Context())
	h.ok(err)
	if due, _ := c.Stages[i].Deadline(calendars.Version(3)); !due.Equal(on(t, "17 17:00")) { // four days: Wednesday, Friday, Monday, Tuesday
		t.Errorf("it is due at %s", due)
	}
}

// With no table at hand the completer does it.
func TestACorrectionLeftToTheCompleter(t *testing.T) {
	h := newOpenTown(t)
	by, d := h.steward(), h.listed("2026-03-11", true, 1)
	p, err := h.PublishCalendar(t.Context(), by, d, nil)
	h.ok(err)
	movedExactly(t, p)
	h.completeWith(app.Tables{Under: h.under})
	p, err = h.PublishCalendar(t.Context(), by, d, nil)
	h.ok(err)
	movedExactly(t, p, wednesdayOff...)
}

// What was filed before there was any calendar counts by the first, and is corrected with it.
func TestWhatIsOlderThanCalendarsIsCorrectedWithTheFirst(t *testing.T) {
	h := newTown(t)
	h.opens(caseNo(1), "corridor_cluttered", on(t, "10 14:10"))
	h.ok(h.PublishBuiltinCalendar(t.Context(), h.steward()))
	p, err := h.PublishCalendar(t.Context(), h.steward(), h.listed("2026-03-11", true, 1), h.under)
	h.ok(err)
	movedExactly(t, p, "1 total 24 14:10 to 25 14:10", "1 acceptance 11 08:10 to 12 08:10")
}

// Five days instead of three: 40 working hours from Tuesday 09:30 end on Tuesday the 17th at 09:30.
func TestACorrectedProgramme(t *testing.T) {
	h := newOpenTown(t)
	newer, err := h.PublishProgramme(t.Context(), h.steward(), h.rectifiedIn(4, 0), h.under)
	h.ok(err)
	movedExactly(t, newer)
	by, p := h.steward(), h.rectifiedIn(5, 1)
	var first app.Publication
	for i := range 2 {
		got, err := h.PublishProgramme(t.Context(), by, p, h.under)
		h.ok(err)
		movedExactly(t, got, "1 rectification 13 09:30 to 17 09:30")
		if i == 0 {
			first = got
		} else if got.Replayed = false; got.Receipt != first.Receipt {
			t.Errorf("again it answers %+v, first %+v", got.Receipt, first.Receipt)
		}
	}
	c, e := h.folded(caseNo(1)), h.last(caseNo(1)).(hazard.Rederived)
	limitIs(t, c, programme.StageRectification, "5 working_day")
	if c.ProgrammeVersion != 3 || c.CalendarVersion != 1 || e.ProgrammeVersion != 3 || e.CalendarVersion != 1 {
		t.Errorf("it is under version %d, calendar %d", c.ProgrammeVersion, c.CalendarVersion)
	}
	if c := h.folded(caseNo(2)); c.ProgrammeVersion != 3 {
		t.Errorf("what did not move is under version %d", c.ProgrammeVersion)
	}
}

// The same, cut off and finished by the completer.
func TestACorrectedProgrammeCutOff(t *testing.T) {
	h := newOpenTown(t)
	by, p := h.steward(), h.rectifiedIn(5, 1)
	h.log.cut("case-")
	if _, err := h.PublishProgramme(t.Context(), by, p, h.under); !errors.Is(err, errQueueFull) {
		t.Fatal(err)
	}
	h.log.mend()
	h.completeWith(app.Tables{Under: h.under})
	if n := h.folded(caseNo(1)).ProgrammeVersion; n != 2 {
		t.Errorf("the case is under version %d", n)
	}
	got, err := h.PublishProgramme(t.Context(), by, p, h.under)
	h.ok(err)
	movedExactly(t, got, "1 rectification 13 09:30 to 17 09:30")
}
