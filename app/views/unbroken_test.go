package views_test

import (
	"reflect"
	"slices"
	"testing"
	"time"

	"gridward/app/views"
)

// bag counts things by what they say.
func bag[T any](of []T, keep func(T) bool) map[string]int {
	out := map[string]int{}
	for _, t := range of {
		if keep(t) {
			out[text(t)]++
		}
	}
	return out
}

func all[T any](T) bool { return true }

// A town's cases, whoever asks about them: the same intervals, cards and escalations.
func TestWhoAnsweredIsTheSameWhoeverAsks(t *testing.T) {
	for seed := range uint64(3) {
		h := newTown(t, 20+seed)
		for range 150 {
			h.step()
		}
		var whole views.Accountability
		for _, id := range h.cases {
			a := must[views.Accountability](t)(h.views.CaseAccountability(ctx(), id, h.now, time.Time{}))
			unbroken(t, must[views.Case](t)(h.views.Case(ctx(), id, h.now)), a.Intervals)
			whole.Intervals = append(whole.Intervals, a.Intervals...)
			whole.Cards = append(whole.Cards, a.Cards...)
			whole.Escalations = append(whole.Escalations, a.Escalations...)
		}
		h.eachPerson(whole)
		h.wholeDistrict(whole)
	}
}

// unbroken: the intervals of a round follow each other from its beginning to its end, without a gap or an overlap.
func unbroken(t *testing.T, c views.Case, line []views.Interval) {
	t.Helper()
	if len(line) == 0 || line[0].From.Before(c.ReportedAt) { // later, where it was told days late
		t.Fatalf("case %s, reported at %s, does not begin with its report: %s", c.ID, c.ReportedAt, text(line))
	}
	for i, next := range line[1:] {
		before := line[i]
		switch {
		case before.To == nil:
			t.Errorf("case %s: somebody answers beside another: %s", c.ID, text(line))
		case next.Round == before.Round && !next.From.Equal(*before.To):
			t.Errorf("case %s: from %s to %s nobody or two answer: %s", c.ID, before.To, next.From, text(line))
		case next.Round != before.Round && (next.Round < before.Round || next.From.Before(*before.To)):
			t.Errorf("case %s: round %d behind round %d: %s", c.ID, next.Round, before.Round, text(line))
		}
	}
	open := c.State != "closed" && c.State != "voided"
	if last := line[len(line)-1]; (last.To == nil) != open {
		t.Errorf("case %s is %s and ends with %s", c.ID, c.State, text(last))
	}
}

// eachPerson: what everybody answered for is the whole, but for vacant posts; and told anew from the log it is the same.
func (h *town) eachPerson(whole views.Accountability) {
	h.t.Helper()
	var theirs views.Accountability
	for _, p := range h.people {
		a := must[views.Accountability](h.t)(h.views.PersonAccountability(ctx(), p, time.Time{}, time.Time{}, h.now, time.Time{}))
		anew := must[views.Accountability](h.t)(h.views.PersonAccountability(ctx(), p, time.Time{}, time.Time{}, h.now, h.now))
		if text(a) != text(anew) {
			h.t.Errorf("%s by the tables %s\nby the log %s", p, text(a), text(anew))
		}
		h.split(p, a)
		theirs.Intervals, theirs.Cards = append(theirs.Intervals, a.Intervals...), append(theirs.Cards, a.Cards...)
	}
	if got, want := bag(theirs.Intervals, all), bag(whole.Intervals, func(i views.Interval) bool { return i.Holder.Person != "" }); !reflect.DeepEqual(got, want) {
		h.t.Errorf("all persons together have %d intervals, their cases %d", len(got), len(want))
	}
	if got, want := bag(theirs.Cards, all), bag(whole.Cards, func(c views.HeldCard) bool { return c.Holder.Person != "" }); !reflect.DeepEqual(got, want) {
		h.t.Errorf("all persons together got %d cards, their cases %d", len(got), len(want))
	}
}

// split: two stretches that meet hold together what the whole one holds, an interval that lies in both twice.
func (h *town) split(person string, whole views.Accountability) {
	h.t.Helper()
	in := func(from, to time.Time) views.Accountability {
		return must[views.Accountability](h.t)(h.views.PersonAccountability(ctx(), person, from, to, h.now, time.Time{}))
	}
	cut := at("2026-02-04 10:30")
	a, b := in(time.Time{}, cut), in(cut, time.Time{})
	both := bag(append(a.Intervals, b.Intervals...), all)
	for said, n := range bag(whole.Intervals, all) {
		if both[said] != n && both[said] != 2*n {
			h.t.Errorf("%s: met %d times before and after, %d times at all: %s", person, both[said], n, said)
		}
	}
	if len(a.Cards)+len(b.Cards) != len(whole.Cards) || len(a.MissedDuties)+len(b.MissedDuties) != len(whole.MissedDuties) ||
		len(a.Escalations)+len(b.Escalations) != len(whole.Escalations) {
		h.t.Errorf("%s: before and after do not make the whole", person)
	}
	for _, i := range append(a.Intervals, b.Intervals...) {
		if bag(whole.Intervals, all)[text(i)] == 0 {
			h.t.Errorf("%s: not in the whole: %s", person, text(i))
		}
	}
}

// wholeDistrict: the district answers for every post in it.
func (h *town) wholeDistrict(whole views.Accountability) {
	h.t.Helper()
	d := must[views.Accountability](h.t)(h.views.CellAccountability(ctx(), district, time.Time{}, time.Time{}, h.now, time.Time{}))
	held := func(i views.Interval) bool { return i.Holder.Cell != "" || i.Holder.Department != "" }
	if got, want := bag(d.Intervals, all), bag(whole.Intervals, held); !reflect.DeepEqual(got, want) {
		h.t.Errorf("the district has %d intervals, its cases %d", len(got), len(want))
	}
	posted := func(c views.HeldCard) bool { return c.Holder.Cell != "" || c.Holder.Department != "" }
	if got, want := bag(d.Cards, all), bag(whole.Cards, posted); !reflect.DeepEqual(got, want) {
		h.t.Errorf("the district has %d cards, its cases %d", len(got), len(want))
	}
	if got, want := bag(d.Escalations, all), bag(whole.Escalations, all); !reflect.DeepEqual(got, want) {
		h.t.Errorf("the district has %d escalations, its cases %d", len(got), len(want))
	}
	late := len(slices.DeleteFunc(slices.Clone(d.Intervals), func(i views.Interval) bool { return i.Verdict != "late" }))
	if s := d.Totals; s.Intervals != len(d.Intervals) || s.Late != late || s.Late+s.Open+s.OnTime != s.Intervals || s.Escalations != len(d.Escalations) {
		h.t.Errorf("totals %+v", s)
	}
}
