package app_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"gridward/app"
	"gridward/domain/calendar"
	"gridward/domain/hazard"
)

// Three cases in one week of March 2026 without a holiday; working hours are 08:00-12:00 and 14:00-18:00.
//
//   - 1 (minor) is accepted on Tuesday at 09:30 and never rectified: 3 working days are 24 hours. 6.5 of them are used
//     on Tuesday and 8 on Wednesday, so four fifths (19:12) on Thursday at 14:42 and all on Friday at 09:30. A working
//     day later, on Monday at 09:30, the level above the area has it, five later, on Friday at 09:30, the street.
//   - 2 (minor) goes to the area on Tuesday at 14:10, where nobody accepts it: 4 hours end on Wednesday at 08:10.
//   - 3 (serious) goes there at 15:00: 2 hours end at 17:00, 4 more on Wednesday at 11:00.
func newWeek(t *testing.T) *house {
	h := newCalendarTown(t)
	h.opens(caseNo(1), "corridor_cluttered", on(t, "10 09:00"))
	h.clock.set(on(t, "10 09:30"))
	h.takes(zhao, caseNo(1), hazard.Accept{})
	h.opens(caseNo(2), "corridor_cluttered", on(t, "10 14:10"))
	h.opens(caseNo(3), "exit_locked", on(t, "10 15:00"))
	return h
}

var theWeek = []string{
	"3 red acceptance 10 17:00",
	"2 red acceptance 11 08:10",
	"3 escalated to 3 11 11:00",
	"2 escalated to 3 12 08:10",
	"1 yellow rectification 12 14:42",
	"1 red rectification 13 09:30",
	"1 escalated to 3 16 09:30",
	"1 supervised by 2 20 09:30",
}

func TestTimeDoesThingsWhenTheyAreDue(t *testing.T) {
	h := newWeek(t)
	w := newClockwork(h, nil)
	for at := on(t, "10 15:00"); at.Before(on(t, "21 00:00")); at = at.Add(time.Minute) {
		h.clock.set(at)
		w.catchesUp(t)
	}
	h.timeDidExactly(theWeek...)
	for _, d := range h.timeDid() {
		if !d.Recorded.Equal(d.Due) {
			t.Errorf("%s was recorded at %s", d, d.Recorded)
		}
	}
	if done := w.Status().Done; done != uint64(len(theWeek)) {
		t.Errorf("it says that it did %d things", done)
	}
}

// What was due while the service was down is done when it is back, in order across all cases, with both the instant due
// and the instant recorded.
func TestWhatWasDueDuringDowntimeIsDoneInOrder(t *testing.T) {
	h := newWeek(t)
	h.clock.set(on(t, "21 03:00"))
	newClockwork(h, nil).catchesUp(t)
	h.timeDidExactly(theWeek...)
	for _, d := range h.timeDid() {
		if !d.Recorded.Equal(on(t, "21 03:00")) {
			t.Errorf("%s was recorded at %s", d, d.Recorded)
		}
	}
}

func TestWhatIsDoneIsNotDoneAgain(t *testing.T) {
	h := newWeek(t)
	h.clock.set(on(t, "21 03:00"))
	w := newClockwork(h, nil)
	w.catchesUp(t)
	head := h.head()
	w.catchesUp(t)
	newClockwork(h, nil).catchesUp(t)
	for _, id := range []string{caseNo(1), caseNo(2), caseNo(3)} {
		for _, until := range []time.Time{on(t, "11 08:10"), on(t, "13 09:30"), on(t, "21 00:00")} {
			if _, _, r, err := h.Advance(t.Context(), id, until, h.clock.Now()); err != nil || !r.Replayed {
				t.Errorf("advanced again it answered %+v, %v", r, err)
			}
		}
	}
	if h.head() != head {
		t.Errorf("%d more things were recorded", h.head()-head)
	}
}

// A clock that is put back, by a correction or a careless hand, does nothing twice and lets nothing out when it is right
// again; and what is recorded meanwhile is not recorded earlier than what was there.
func TestAClockThatStepsBackDoesNothingTwice(t *testing.T) {
	h := newWeek(t)
	w := newClockwork(h, nil)
	h.clock.set(on(t, "12 15:00"))
	w.catchesUp(t)
	head := h.head()
	h.clock.set(on(t, "10 16:00")) // none of it was due
	w.catchesUp(t)
	newClockwork(h, nil).catchesUp(t)
	if h.head() != head {
		t.Errorf("%d more things were recorded", h.head()-head)
	}
	h.opens(caseNo(4), "corridor_cluttered", on(t, "10 16:00"))
	h.clock.set(on(t, "21 03:00"))
	w.catchesUp(t)
	h.timeDidExactly(slices.Insert(slices.Clone(theWeek), 5, "4 red acceptance 11 10:00", "4 escalated to 3 12 10:00")...)
	records, err := h.log.Read(t.Context(), 0, 1_000_000)
	h.ok(err)
	for i := 1; i < len(records); i++ {
		if records[i].RecordedAt.Before(records[i-1].RecordedAt) {
			t.Errorf("position %s was recorded before %s", records[i].Position, records[i-1].Position)
		}
	}
}

// What is due is told by the clock, not by what was done: the next thing follows from the case.
func TestAdvanceTellsWhatIsDueNext(t *testing.T) {
	h := newWeek(t)
	due, ok, r, err := h.Advance(t.Context(), caseNo(1), on(t, "12 14:42"), on(t, "12 15:00"))
	h.ok(err)
	if !ok || r.Replayed || !due.At.Equal(on(t, "13 09:30")) || due.Do.Do != hazard.Red {
		t.Errorf("%+v, next %+v", r, due)
	}
	card, is := h.last(caseNo(1)).(hazard.CardGiven)
	if !is || card.By != hazard.System || !card.At.Equal(on(t, "12 14:42")) || !card.Ladder.Deadline.Equal(on(t, "13 09:30")) ||
		card.Ladder.Rung != 0 || card.Ladder.ProgrammeVersion != 1 || card.Holder.Person != zhao || !slices.Equal(card.Told, []string{zhao, li}) {
		t.Errorf("the card is %+v", h.last(caseNo(1)))
	}
	h.takes(zhao, caseNo(3), hazard.Accept{})
	h.takes(zhao, caseNo(3), hazard.Rectify{Measures: "已开锁", Evidence: photo})
	h.takes(li, caseNo(3), hazard.Check{Result: "passed"})
	h.takes(wang, caseNo(3), hazard.Close{Rating: "good"})
	if due, ok, r, err := h.Advance(t.Context(), caseNo(3), on(t, "31 00:00"), on(t, "31 00:00")); err != nil || ok || !r.Replayed {
		t.Errorf("a closed case: %+v, next %+v, %v", r, due, err)
	}
}

// A command lets happen first what was due before it, at the instants it was due.
func TestACommandComesAfterWhatWasDueBefore(t *testing.T) {
	h := newWeek(t)
	h.clock.set(on(t, "13 15:00"))
	h.takes(zhao, caseNo(1), hazard.Rectify{Measures: "已清运", Evidence: photo})
	h.timeDidExactly("1 yellow rectification 12 14:42", "1 red rectification 13 09:30")
	if r, ok := h.last(caseNo(1)).(hazard.Rectified); !ok || !r.At.Equal(on(t, "13 15:00")) {
		t.Errorf("it ends with %+v", h.last(caseNo(1)))
	}
	newClockwork(h, nil).catchesUp(t)
	h.timeDidExactly("1 yellow rectification 12 14:42", "1 red rectification 13 09:30",
		"3 red acceptance 10 17:00", "2 red acceptance 11 08:10", "3 escalated to 3 11 11:00", "2 escalated to 3 12 08:10")
	h.refuses("wrong_state", li, caseNo(2), hazard.Close{Rating: "good"}) // and a refused one lets nothing happen
}

// Deadlines are exact to the nanosecond, and tables keep microseconds.
func TestAnInstantTheTableCutsOffIsMetAllTheSame(t *testing.T) {
	h := newCalendarTown(t)
	h.opens(caseNo(1), "corridor_cluttered", on(t, "10 14:10").Add(123_456_789))
	h.clock.set(on(t, "11 08:10").Add(123_456_000))
	w := newClockwork(h, nil)
	w.catchesUp(t)
	w.catchesUp(t)
	h.timeDidExactly("1 red acceptance 11 08:10")
	if at := h.timeDid()[0].Due; !at.Equal(on(t, "11 08:10").Add(123_456_789)) {
		t.Errorf("the card is of %s", at)
	}
}

// What was taken back can be due again at the very same instant: a wrong correction is corrected.
func TestACardThatWasWithdrawnIsGivenAgainAtTheSameInstant(t *testing.T) {
	h := newLateTown(t, 1)
	h.clock.set(on(t, "11 09:00"))
	w := newClockwork(h, nil)
	w.catchesUp(t)
	for i, wednesday := range []calendar.Definition{h.listed("2026-03-11", true, 1), h.listed("2026-03-11", false, 2)} {
		p, err := h.PublishCalendar(t.Context(), h.steward(), wednesday, h.under)
		h.ok(err)
		movedExactly(t, p, [][]string{{"0 total 24 14:10 to 25 14:10", "0 acceptance 11 08:10 to 12 08:10"},
			{"0 total 25 14:10 to 24 14:10", "0 acceptance 12 08:10 to 11 08:10"}}[i]...)
	}
	w.catchesUp(t)
	h.timeDidExactly("0 red acceptance 11 08:10", "0 red withdrawn 11 09:00", "0 red acceptance 11 08:10")
	h.clock.set(on(t, "12 08:10"))
	w.catchesUp(t)
	h.timeDidExactly("0 red acceptance 11 08:10", "0 red withdrawn 11 09:00", "0 red acceptance 11 08:10", "0 escalated to 3 12 08:10")
}

// closings is a table of patrol periods: one ends at every midnight until the last.
type closings struct {
	next, last time.Time
	did        []string
	looks      int // it takes to close one
	err        error
}

func (c *closings) into(s *app.Schedule) {
	s.PeriodEnd = func(context.Context) (time.Time, bool, error) { return c.next, c.next.Before(c.last), nil }
	s.ClosePeriods = func(_ context.Context, at, _ time.Time) (app.Position, error) {
		if c.err != nil {
			return 0, c.err
		}
		c.did = append(c.did, at.In(shanghai).Format("02"))
		if n := len(c.did); n%c.looks == 0 {
			c.next = c.next.AddDate(0, 0, 1)
		}
		return 0, nil
	}
}

// Periods end among what is due on cases, each in its place; at one instant cases come first. Here the log's records
// tell where.
func TestPeriodsEndInTheirPlace(t *testing.T) {
	h := newWeek(t)
	h.clock.set(on(t, "14 00:00"))
	periods := &closings{next: on(t, "11 11:00"), last: on(t, "20 00:00"), looks: 2}
	var order []int
	w := newClockwork(h, func(s *app.Schedule) {
		periods.into(s)
		stated := s.ClosePeriods
		s.ClosePeriods = func(ctx context.Context, at, received time.Time) (app.Position, error) {
			order = append(order, len(h.timeDid()))
			return stated(ctx, at, received)
		}
	})
	if at, ok, err := w.Next(t.Context(), on(t, "14 00:00")); err != nil || !ok || !at.Equal(on(t, "10 17:00")) {
		t.Errorf("next: %s %v %v", at, ok, err)
	}
	w.catchesUp(t)
	if !slices.Equal(periods.did, []string{"11", "11", "12", "12", "13", "13"}) { // each is looked at until it is closed
		t.Errorf("closed %v", periods.did)
	}
	if !slices.Equal(order, []int{3, 3, 4, 4, 6, 6}) { // behind the escalation of 11 11:00; behind 12 08:10; behind 13 09:30
		t.Errorf("closed behind so many things: %v", order)
	}
	if at, ok, err := w.Next(t.Context(), on(t, "14 00:00")); err != nil || ok {
		t.Errorf("next: %s %v %v", at, ok, err)
	}
	if at, ok, err := w.Next(t.Context(), on(t, "15 00:00")); err != nil || !ok || !at.Equal(on(t, "14 11:00")) {
		t.Errorf("next: %s %v %v", at, ok, err)
	}
}

// A day that does not close is passed over, and cases go on.
func TestPeriodsThatDoNotCloseHoldNothingUp(t *testing.T) {
	h := newWeek(t)
	h.clock.set(on(t, "12 00:00"))
	periods := &closings{next: on(t, "11 00:00"), last: on(t, "12 00:00"), looks: 1000}
	w := newClockwork(h, periods.into)
	h.ok(w.CatchUp(t.Context(), h.clock.Now()))
	h.timeDidExactly(theWeek[:3]...)
	if s := w.Status(); s.Stuck != 1 || s.Err != nil || len(w.take()) != 1 || len(periods.did) != 6 {
		t.Errorf("status %+v after %d looks", s, len(periods.did))
	}
	h.clock.set(h.clock.Now().Add(time.Minute))
	periods.err = errors.New("no such table")
	h.ok(w.CatchUp(t.Context(), h.clock.Now()))
	h.clock.set(h.clock.Now().Add(time.Minute))
	periods.err, periods.looks = nil, 1
	w.catchesUp(t)
	if len(w.take()) != 0 || !periods.next.Equal(on(t, "12 00:00")) {
		t.Errorf("the next end is %s", periods.next)
	}
}
