package morning

import (
	"slices"
	"testing"
)

func TestACaseTakesItsStepsInOrder(t *testing.T) {
	byItself, byHand := item{DispatchTo: &target{Level: 4}}, item{}
	for _, c := range []struct {
		item item
		n    int
		want []string
	}{
		{byItself, 7, []string{files, accepts, rectifies, checks, closes}},
		{byHand, 7, []string{files, dispatches, accepts, rectifies, checks, closes}},
		{byItself, 5, []string{files, accepts, notes, rectifies, checks, closes}},
		{byHand, 8, []string{files, dispatches, accepts, escalates, acknowledge, rectifies, checks, closes}},
	} {
		if got := road(c.item, c.n); !slices.Equal(got, c.want) {
			t.Errorf("%+v, case %d: %v, want %v", c.item, c.n, got, c.want)
		}
	}
}

func TestACaseBegunGoesBeforeOneThatNobodyHasSeen(t *testing.T) {
	var cases tray
	if cases.take() != nil || cases.known(3) != "" {
		t.Error("an empty tray gives a case")
	}
	cases.add(nil) // a patrol that found nothing
	first, second := &open{id: "1"}, &open{id: "2"}
	cases.add(first)
	begun := cases.take()
	cases.add(second)
	if begun != first || cases.known(0) != "1" {
		t.Errorf("taken %v, known %q", begun, cases.known(0))
	}
	cases.back(begun)
	if next := cases.take(); next != first {
		t.Errorf("%v was taken before the one begun", next)
	}
	first.steps = nil
	cases.back(first) // it is closed
	if next := cases.take(); next != second {
		t.Errorf("%v was taken, want the other", next)
	}
	if next := cases.take(); next != nil {
		t.Errorf("%v was taken though somebody has it, or it is closed", next)
	}
}

func TestTheTrayIsBounded(t *testing.T) {
	var cases tray
	for range mostFresh + 1 {
		cases.add(&open{id: "1"})
	}
	taken := 0
	for cases.take() != nil {
		taken++
	}
	if taken != mostFresh || len(cases.seen) != mostSeen {
		t.Errorf("%d were kept and %d are known, want %d and %d", taken, len(cases.seen), mostFresh, mostSeen)
	}
}
