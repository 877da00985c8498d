// Package morning plays a city's morning against a running Gridward, over HTTP only: it lays out a district, and then
// clients do what people there do, in stated proportions, each as soon as the last answer is there. Officers upload the
// patrols of a stairwell at once or log them one by one, the offices take the cases these open through their steps, and
// leaders read.
//
// district.go is who is where, raise.go puts it into the log. deck.go holds the proportions, patrols.go, office.go and
// reads.go what is asked for, tally.go what came of it.
package morning

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/google/uuid"

	"gridward/app"
)

// Options is what to play, and against what.
type Options struct {
	Base    string // "http://127.0.0.1:8080"
	Token   string // an administrator's
	Streets int    // of the district
	Clients int    // at once, each with a connection of its own
	For     time.Duration
	Seed    uint64 // the order of each client's work comes from it
}

// Result is what came of it.
type Result struct {
	Cells, Persons int           // of the district
	Patrols        int           // logged, those of batches too
	Took           time.Duration // from the first request to the last answer
	Behind         time.Duration // from the last answer until the views showed all of it
	tally          *tally
}

// morning is what the clients share.
type morning struct {
	door  *door
	d     *district
	lines []*line
	cases tray
	tally *tally
}

// Stage is where the play is, for whoever watches.
type Stage func(what string)

// Play raises the district in an empty log and plays. The log keeps it: never let it be somebody's own.
func Play(ctx context.Context, o Options, stage Stage) (*Result, error) {
	m := &morning{door: newDoor(o.Base, o.Token, o.Clients), d: layOut(o.Streets, random(o.Seed, 0)), tally: newTally()}
	defer m.door.close()
	stage(fmt.Sprintf("raising a district of %d cells and %d persons", len(m.d.cells), len(m.d.posts)))
	if err := m.raise(ctx, o.Clients); err != nil {
		return nil, fmt.Errorf("raise the district: %w", err)
	}
	stage(fmt.Sprintf("playing for %s with %d clients", o.For, o.Clients))
	began := time.Now()
	var all sync.WaitGroup
	for n := range o.Clients {
		c := newClient(m, random(o.Seed, uint64(n)+1))
		all.Go(func() { c.play(ctx, began.Add(o.For)) })
	}
	all.Wait()
	r := &Result{Cells: len(m.d.cells), Persons: len(m.d.posts), Took: time.Since(began), Patrols: m.tally.patrols, tally: m.tally}
	if err := m.awaitViews(ctx, m.tally.highest); err != nil {
		return nil, err
	}
	r.Behind = time.Since(began) - r.Took
	return r, nil
}

// awaitViews returns once the views show everything up to the position. The service itself waits two seconds at most.
func (m *morning) awaitViews(ctx context.Context, at app.Position) error {
	for deadline := time.Now().Add(5 * time.Minute); ; {
		a := m.door.get(ctx, "", "/cells/"+districtCode+"?at_least="+at.String())
		switch {
		case a.err != nil:
			return a.err
		case a.ok():
			return nil
		case !a.busy() || time.Now().After(deadline):
			return fmt.Errorf("the views do not catch up: %s", a.problem())
		}
	}
}

// client is one of those who ask, and everything it draws comes from its own source.
type client struct {
	*morning
	random *rand.Rand
	source *rand.ChaCha8
	deck   deck
	single int // patrols logged one by one
	reads  int
}

func newClient(m *morning, source *rand.ChaCha8) *client {
	return &client{morning: m, random: rand.New(source), source: source} //nolint:gosec // an order of work is no secret
}

// random is a source that is the same for the same seed and client.
func random(seed, client uint64) *rand.ChaCha8 {
	var key [32]byte
	copy(key[:], fmt.Sprintf("%016x%016x", seed, client))
	return rand.NewChaCha8(key)
}

// id is a new one, the client's own.
func (c *client) id() string { return newID(c.source) }

func newID(source *rand.ChaCha8) string {
	var id uuid.UUID
	_, _ = source.Read(id[:]) // it never fails
	id[6], id[8] = id[6]&0x0f|0x40, id[8]&0x3f|0x80
	return id.String()
}

// play works through decks of cards until the end. Told to come again, it waits as long as it was told.
func (c *client) play(ctx context.Context, end time.Time) {
	for ctx.Err() == nil && time.Now().Before(end) {
		var a answer
		switch c.deck.next(c.random) {
		case batches:
			a = c.batch(ctx)
		case singles:
			a = c.patrol(ctx)
		case office:
			a = c.office(ctx)
		default:
			a = c.read(ctx)
		}
		switch {
		case a.busy():
			pause(ctx, min(a.retryAfter, time.Until(end)))
		case a.err != nil && ctx.Err() == nil:
			pause(ctx, time.Second) // the service may be gone: do not count a million times that it is
		}
	}
}

func pause(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}

// pick draws one.
func pick[T any](r *rand.Rand, some []T) T { return some[r.IntN(len(some))] }
