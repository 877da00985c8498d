package morning

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

func TestEveryDeckHasTheProportionsExactly(t *testing.T) {
	for seed := range uint64(50) {
		d, r := deck{}, rand.New(random(seed, 1))
		dealt := map[kind]int{}
		for range cards {
			dealt[d.next(r)]++
		}
		for k, share := range kinds {
			if dealt[kind(k)]*100 != share.percent*cards {
				t.Fatalf("seed %d: %d of %d cards are %s, want %d %%", seed, dealt[kind(k)], cards, share.name, share.percent)
			}
		}
	}
	if said := Mix(); !strings.Contains(said, "10 are officers' batches of 20 patrols, 40 are single patrols, 25 are office work, 25 are leaders' reads") {
		t.Errorf("the proportions are told as %q", said)
	}
}

func TestTheOrderOfAClientsWorkComesFromTheSeed(t *testing.T) {
	order := func(seed, client uint64) []kind {
		d, r := deck{}, rand.New(random(seed, client))
		var dealt []kind
		for range 5 * cards {
			dealt = append(dealt, d.next(r))
		}
		return dealt
	}
	first := order(1, 1)
	if !slices.Equal(first, order(1, 1)) {
		t.Error("the same seed and client make two orders")
	}
	if slices.Equal(first, order(2, 1)) || slices.Equal(first, order(1, 2)) {
		t.Error("another seed or client makes the same order")
	}
	id := newID(random(1, 1))
	if id != newID(random(1, 1)) || id == newID(random(1, 2)) {
		t.Error("ids do not come from seed and client")
	}
}
