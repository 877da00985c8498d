package app_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	"gridward/app"
	"gridward/domain/fault"
	"gridward/domain/hazard"
	"gridward/domain/inspection"
)

// told is a command received now that happened earlier.
func (h *house) told(person string, happened time.Time) app.By {
	by := h.by(person)
	by.OccurredAt = happened
	return by
}

// newRectifying has the case 1, to be rectified from Tuesday the 10th at 09:30 until Friday the 13th at 09:30.
func newRectifying(t *testing.T) *house {
	h := newCalendarTown(t)
	h.opens(caseNo(1), "corridor_cluttered", on(t, "10 09:00"))
	h.clock.set(on(t, "10 09:30"))
	h.takes(zhao, caseNo(1), hazard.Accept{})
	return h
}

var cleared = hazard.Rectify{Measures: "已清运", Evidence: photo}

// A phone that was offline tells that the hazard had been removed in time: the red card is healed and stays in the
// timeline, the yellow one was deserved.
func TestARectificationToldLateHealsTheCard(t *testing.T) {
	h := newRectifying(t)
	h.clock.set(on(t, "13 11:00"))
	newClockwork(h, nil).catchesUp(t)
	by := h.told(zhao, on(t, "13 09:00"))
	h.twice(by, onCase(t, caseNo(1), cleared))
	h.timeDidExactly("1 yellow rectification 12 14:42", "1 red rectification 13 09:30", "1 red healed 13 09:00")
	newClockwork(h, nil).catchesUp(t)
	if all := h.timeDid(); len(all) != 3 {
		t.Errorf("afterwards time did %v", all)
	}
	c := h.folded(caseNo(1))
	if !c.LastChange.Equal(on(t, "13 09:00")) || c.State != hazard.StateRectified {
		t.Errorf("it is %s since %s", c.State, c.LastChange)
	}
}

// What was due before the command happened comes first, as far as nobody has done it; what was due later never was.
func TestALateCommandComesAfterWhatWasDueBeforeItHappened(t *testing.T) {
	h := newRectifying(t)
	h.clock.set(on(t, "13 11:00")) // and the scheduler stood still
	h.done(h.Case(t.Context(), h.told(zhao, on(t, "13 09:00")), caseNo(1), cleared))
	newClockwork(h, nil).catchesUp(t)
	h.timeDidExactly("1 yellow rectification 12 14:42")
	for _, r := range h.records("case-" + caseNo(1)) { // the card is the system's, though the rectification's command brought it
		if want := map[string]string{"case.card_given": hazard.System, "case.rectified": zhao}[r.Type]; want != "" && r.Meta.Person() != want {
			t.Errorf("%s is by %s, want %s", r.Type, r.Meta.Person(), want)
		}
	}
}

// At the very instant of the deadline it is in time.
func TestTheInstantOfTheDeadlineIsInTime(t *testing.T) {
	h := newRectifying(t)
	h.clock.set(on(t, "13 09:30"))
	h.takes(zhao, caseNo(1), cleared)
	newClockwork(h, nil).catchesUp(t)
	h.timeDidExactly("1 yellow rectification 12 14:42")
}

// Up to 72 hours back limits are judged by when it happened, beyond that by when it was told.
func TestWhatIsToldVeryLateIsJudgedByWhenItWasTold(t *testing.T) {
	for _, told := range []struct {
		at    string
		reply string
		left  string // when the stage ended
	}{{"16 09:00", "1 red healed 13 09:00", "13 09:00"}, {"16 09:01", "", "16 09:01"}} {
		h := newRectifying(t)
		h.clock.set(on(t, "13 11:00"))
		newClockwork(h, nil).catchesUp(t)
		h.clock.set(on(t, told.at))
		h.done(h.Case(t.Context(), h.told(zhao, on(t, "13 09:00")), caseNo(1), cleared))
		want := []string{"1 yellow rectification 12 14:42", "1 red rectification 13 09:30"}
		if told.reply != "" {
			want = append(want, told.reply)
		}
		h.timeDidExactly(want...)
		var rectified hazard.Rectified
		for _, e := range h.events("case-" + caseNo(1)) {
			if r, ok := e.(hazard.Rectified); ok {
				rectified = r
			}
		}
		if c := h.folded(caseNo(1)); !rectified.At.Equal(on(t, "13 09:00")) || !c.LastChange.Equal(on(t, told.left)) {
			t.Errorf("told %s: it happened %s, and the stage ended %s", told.at, rectified.At, c.LastChange)
		}
	}
}

// What an inspection found is judged the same way: its filing limit of 8 working hours runs from when it ended, or from
// when it was told.
func TestWhatAnInspectionFoundVeryLateIsJudgedByWhenItWasTold(t *testing.T) {
	for told, due := range map[string]string{"13 12:00": "11 12:00", "13 12:01": "16 12:00"} {
		h := newCalendarTown(t)
		h.clock.set(on(t, told))
		r, err := h.LogInspection(t.Context(), h.by(zhao), inspection.Log{Programme: "fire", Cell: site, StartedAt: on(t, "10 11:00"), EndedAt: on(t, "10 12:00"),
			Content: "日巡查", Participants: []string{"楼长"}, Checklist: passedAll(t, "fire"), Hazards: []inspection.Found{{ID: caseNo(1), Item: "corridor_cluttered", Description: "杂物"}}})
		h.ok(err)
		all, err := h.Calendars(t.Context())
		h.ok(err)
		c := h.folded(r.Cases[0])
		i, _ := c.Current()
		if at, ok := c.Stages[i].Deadline(all.Latest()); !ok || !at.Equal(on(t, due)) {
			t.Errorf("told %s it is to be filed by %s, want %s", told, at.In(shanghai), due)
		}
	}
}

// The words and the evidence of a late command that a rule refuses are kept as a note, once; the refusal stands.
func TestTheWordsOfARefusedLateCommandAreKept(t *testing.T) {
	h := newRectifying(t)
	h.clock.set(on(t, "10 11:00"))
	h.takes(zhao, caseNo(1), hazard.Return{Reason: "不属本片区"})
	h.clock.set(on(t, "10 14:00"))
	before := len(h.records("case-" + caseNo(1)))
	for _, c := range []struct {
		happened string
		rule     string
	}{{"10 10:30", "out_of_order"}, {"10 11:30", "wrong_state"}} {
		by := h.told(zhao, on(t, c.happened))
		for range 2 {
			_, err := h.Case(t.Context(), by, caseNo(1), cleared)
			if f, ok := fault.As(err); !ok || f.Kind != fault.Refused || f.Code != c.rule {
				t.Errorf("%s: it answers %v", c.happened, err)
			}
		}
		note, ok := h.last(caseNo(1)).(hazard.Noted)
		if !ok || note.Text.Reveal() != "已清运" || !slices.Equal(note.Evidence, photo) || !note.At.Equal(on(t, c.happened)) || note.By != zhao ||
			note.Refused == nil || *note.Refused != (hazard.Refusal{Command: "rectify", Rule: c.rule}) {
			t.Errorf("%s: the case ends with %+v", c.happened, h.last(caseNo(1)))
		}
	}
	if n := len(h.records("case-" + caseNo(1))); n != before+2 {
		t.Errorf("%d events came of two refused commands", n-before)
	}
	if c := h.folded(caseNo(1)); c.State != hazard.StateFiled {
		t.Errorf("the case is %s", c.State)
	}
}

func TestWhichWordsAreNotKept(t *testing.T) {
	h := newRectifying(t)
	h.clock.set(on(t, "10 11:00"))
	h.takes(zhao, caseNo(1), hazard.Return{Reason: "不属本片区"})
	h.clock.set(on(t, "10 13:00"))
	refused := func(rule string, by app.By, cmd hazard.Command) {
		t.Helper()
		h.refused(rule, "", func() error { _, err := h.Case(t.Context(), by, caseNo(1), cmd); return err }) // and nothing is written
	}
	refused("wrong_state", h.by(zhao), cleared)                                           // it is not late
	refused("wrong_state", h.told(zhao, on(t, "10 12:00")), cleared)                      // nor is what an hour old
	refused("wrong_state", h.told(zhao, on(t, "10 11:30")), hazard.Accept{})              // it has no words
	refused("wrong_state", h.told(qian, on(t, "10 11:30")), cleared)                      // who has nothing to do with the case
	refused("not_in_charge", h.told(zhao, on(t, "10 11:30")), hazard.Void{Reason: "不存在"}) // it was never theirs to say
	refused("invalid_fields", h.told(li, on(t, "10 11:30")), hazard.Dispatch{Instruction: "速办"})
	h.refused("case_not_found", "", func() error {
		_, err := h.Case(t.Context(), h.told(zhao, on(t, "10 11:30")), caseNo(9), cleared)
		return err
	})
}

// A note that cannot be written now is no refusal yet: the command is sent again.
func TestWordsThatCannotBeKeptNow(t *testing.T) {
	h := newRectifying(t)
	h.clock.set(on(t, "10 11:00"))
	h.takes(zhao, caseNo(1), hazard.Return{Reason: "不属本片区"})
	h.clock.set(on(t, "10 13:00"))
	by := h.told(zhao, on(t, "10 11:30"))
	h.log.cut("case-")
	if _, err := h.Case(t.Context(), by, caseNo(1), cleared); !errors.Is(err, errQueueFull) {
		t.Errorf("it answers %v", err)
	}
	h.log.mend()
	if _, err := h.Case(t.Context(), by, caseNo(1), cleared); !errors.Is(err, fault.New(fault.Refused, "wrong_state", "")) {
		t.Errorf("it answers %v", err)
	}
	if _, ok := h.last(caseNo(1)).(hazard.Noted); !ok {
		t.Errorf("the case ends with %+v", h.last(caseNo(1)))
	}
}

// A late command may not be earlier than the last change of state; words may.
func TestALateCommandBeforeTheLastChangeIsOutOfOrder(t *testing.T) {
	h := newRectifying(t)
	h.clock.set(on(t, "10 10:00"))
	h.refused("out_of_order", "", func() error {
		_, err := h.Case(t.Context(), h.told(zhao, on(t, "10 09:29")), caseNo(1), cleared)
		return err
	})
	h.done(h.Case(t.Context(), h.told(zhao, on(t, "10 09:29")), caseNo(1), hazard.Note{Text: "已到现场"}))
	h.done(h.Case(t.Context(), h.told(zhao, on(t, "10 09:30")), caseNo(1), cleared))
	h.refused("in_future", "occurred_at", func() error {
		_, err := h.Case(t.Context(), h.told(li, on(t, "10 10:06")), caseNo(1), hazard.Check{Result: "passed"})
		return err
	})
	h.done(h.Case(t.Context(), h.told(li, on(t, "10 10:05")), caseNo(1), hazard.Check{Result: "passed"}))
}

// A card that was healed is given again at its instant where the clock goes on without working time in between: rectified
// on Saturday, checked and failed on Saturday, told on Monday after the card.
func TestAHealedCardIsGivenAgainAtTheSameInstant(t *testing.T) {
	h := newCalendarTown(t)
	h.opens(caseNo(1), "corridor_cluttered", on(t, "11 08:30"))
	h.clock.set(on(t, "11 09:30")) // 6.5 hours are left of Wednesday, 8 of Thursday and Friday: 24 end on Monday at 09:30
	h.takes(zhao, caseNo(1), hazard.Accept{})
	h.clock.set(on(t, "16 10:00"))
	w := newClockwork(h, nil)
	w.catchesUp(t)
	h.done(h.Case(t.Context(), h.told(zhao, on(t, "14 10:00")), caseNo(1), cleared))
	h.done(h.Case(t.Context(), h.told(li, on(t, "14 12:00")), caseNo(1), hazard.Check{Result: "failed", Note: "还有一处"}))
	w.catchesUp(t)
	h.timeDidExactly("1 yellow rectification 13 14:42", "1 red rectification 16 09:30", "1 red healed 14 10:00", "1 red rectification 16 09:30")
}
