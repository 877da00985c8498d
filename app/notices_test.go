package app_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"gridward/domain/grid"
	"gridward/domain/hazard"
	"gridward/domain/notice"
)

// notifies goes through the whole log as the reaction does.
func (h *house) notifies() error {
	records, err := h.log.Read(h.t.Context(), 0, 1_000_000)
	for _, r := range records {
		if err = h.Notify(h.t.Context(), r, shanghai); err != nil {
			return err
		}
	}
	return err
}

// digests is who has a digest on which day of March, in order: "li 11".
func (h *house) digests() []string {
	h.t.Helper()
	names := map[string]string{zhao: "zhao", li: "li", wang: "wang", qian: "qian"}
	var out []string
	for stream := range h.streams() {
		if !strings.HasPrefix(stream, "notices-") {
			continue
		}
		for _, e := range h.events(stream) {
			d := e.(notice.DigestOpened)
			if stream != "notices-"+d.Person+"-202603" {
				h.t.Errorf("%s has %+v", stream, d)
			}
			out = append(out, names[d.Person]+" "+strings.TrimPrefix(d.Day, "2026-03-"))
		}
	}
	slices.Sort(out)
	return out
}

func (h *house) digestsExactly(want ...string) {
	h.t.Helper()
	h.ok(h.notifies())
	head := h.head()
	h.ok(h.notifies()) // again it does nothing
	if got := h.digests(); !slices.Equal(got, want) || h.head() != head {
		h.t.Errorf("there are %v, want %v; told again the log went from %d to %d", got, want, head, h.head())
	}
}

// However many cards come, a person has one digest a local day: the holder, and the chief of the next level.
func TestADigestAPersonAndDay(t *testing.T) {
	h := newLateTown(t, 30)
	h.digestsExactly()
	h.clock.set(on(t, "11 09:00"))
	w := newClockwork(h, nil)
	w.catchesUp(t)
	h.digestsExactly("li 11", "zhao 11")
	h.clock.set(on(t, "12 09:00"))
	w.catchesUp(t) // they are escalated
	h.digestsExactly("li 11", "li 12", "zhao 11", "zhao 12")
	cause := h.records("case-" + caseNo(0))
	opened := h.records("notices-" + li + "-202603")[0]
	if card := cause[len(cause)-2]; opened.Meta.Causation != card.ID || opened.Meta.Actor != hazard.System || !opened.Meta.OccurredAt.Equal(card.RecordedAt) {
		t.Errorf("the digest is recorded as %+v", opened.Meta)
	}
}

// The day is the one on which the log took it, for that is when a person can know; it begins at local midnight.
func TestTheDayOfADigestIsLocal(t *testing.T) {
	h := newLateTown(t, 2)
	h.clock.set(on(t, "11 23:59"))
	h.takes(wang, caseNo(0), hazard.Supervise{Measure: "order", Level: 2})
	h.clock.set(on(t, "12 00:00"))
	h.takes(wang, caseNo(1), hazard.Supervise{Measure: "order", Level: 2})
	h.digestsExactly("li 11", "li 12", "zhao 11", "zhao 12") // li for the cards that came first
}

// What a person orders tells whoever has the case then, too, though the event does not name them.
func TestWhatAPersonOrdersTellsTheHolder(t *testing.T) {
	h := newCalendarTown(t)
	h.opens(caseNo(1), "corridor_cluttered", on(t, "10 14:10"))
	h.takes(li, caseNo(1), hazard.Escalate{Reason: "超出本级权限"}) // to the level above the area: li's own
	h.digestsExactly("li 10", "zhao 10")
	h.takes(wang, caseNo(1), hazard.Supervise{Measure: "order", Level: 2})
	h.takes(zhao, caseNo(1), hazard.Return{Reason: "不属本片区"})
	h.clock.set(on(t, "10 15:00"))
	h.digestsExactly("li 10", "zhao 10") // wang ordered it: nobody told them

	// Whoever had it when it was ordered is told, also when it has passed on before anybody is.
	h = newCalendarTown(t)
	h.opens(caseNo(1), "corridor_cluttered", on(t, "10 14:10"))
	h.takes(wang, caseNo(1), hazard.Supervise{Measure: "order", Level: 2})
	h.done(h.GiveDuty(t.Context(), h.steward(), site2, grid.GiveDuty{Programme: "fire", Role: "officer", Person: qian, From: noon}))
	h.takes(zhao, caseNo(1), hazard.Return{Reason: "不属本片区"})
	h.takes(li, caseNo(1), hazard.Dispatch{Cell: site2})
	h.digestsExactly("zhao 10")
}

// A case in nobody's hands tells nobody, and what is no news is passed over.
func TestNobodyIsToldOfWhatIsNoNews(t *testing.T) {
	h := newCalendarTown(t)
	h.opens(caseNo(1), "corridor_cluttered", on(t, "10 14:10"))
	h.takes(zhao, caseNo(1), hazard.Accept{})
	h.takes(zhao, caseNo(1), cleared)
	h.takes(li, caseNo(1), hazard.Check{Result: "passed"})
	h.digestsExactly()
}

// Cut off between two people, the reaction is tried again, and nobody is told twice.
func TestADigestCutOffIsOpenedLater(t *testing.T) {
	h := newLateTown(t, 3)
	h.clock.set(on(t, "11 09:00"))
	newClockwork(h, nil).catchesUp(t)
	h.log.cut("notices-" + li)
	if err := h.notifies(); !errors.Is(err, errQueueFull) {
		t.Fatalf("cut off, it answers %v", err)
	}
	h.log.mend()
	h.digestsExactly("li 11", "zhao 11")
}
