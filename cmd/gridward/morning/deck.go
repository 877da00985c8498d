package morning

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// kind is one of the four kinds of requests.
type kind int

const (
	batches kind = iota
	singles
	office
	leaders
)

// batchSize is how many patrols are uploaded at once; every findEvery-th patrol finds a hazard.
const (
	batchSize = 20
	findEvery = 10
)

// kinds are the kinds with their part of all requests, in percent.
var kinds = [...]struct {
	percent int
	name    string
}{
	batches: {10, fmt.Sprintf("officers' batches of %d patrols", batchSize)},
	singles: {40, "single patrols"},
	office:  {25, "office work"},
	leaders: {25, "leaders' reads"},
}

// Mix says in words what is played.
func Mix() string {
	var parts []string
	for _, k := range kinds {
		parts = append(parts, fmt.Sprintf("%d are %s", k.percent, k.name))
	}
	return fmt.Sprintf("Of 100 requests %s. Every %dth patrol finds a hazard; the offices take the cases these open through every step to "+
		"their closure; leaders read queues of cases, ledgers, patrol counts, escalations and accountability.", strings.Join(parts, ", "), findEvery)
}

// cards is how many a deck has: the fewest that keep the proportions exactly.
const cards = 20

// deck deals kinds of requests: shuffled, and each deck has the proportions exactly.
type deck struct{ left []kind }

func (d *deck) next(r *rand.Rand) kind {
	if len(d.left) == 0 {
		for k, share := range kinds {
			for range share.percent * cards / 100 {
				d.left = append(d.left, kind(k))
			}
		}
		r.Shuffle(len(d.left), func(i, j int) { d.left[i], d.left[j] = d.left[j], d.left[i] })
	}
	k := d.left[len(d.left)-1]
	d.left = d.left[:len(d.left)-1]
	return k
}
