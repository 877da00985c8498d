package views

import (
	"context"
	"fmt"
	"time"

	"gridward/app"
	"gridward/domain/fault"
)

// Several processes may read the same views; one of them projects. It is told its epoch, which grows with every change
// of hands: what an earlier one still has under way is refused by the checkpoint. The others follow: they look how far it
// has come, and which generation is the live one.

// Lead opens the views to be projected by this process, as Open does, from an epoch on. Follow has returned.
func (v *Views) Lead(ctx context.Context, epoch int64, progress func(done, total app.Position)) error {
	v.epoch = epoch
	return v.Open(ctx, progress)
}

// Resign ends projecting; what was applied is read on. Run has returned.
func (v *Views) Resign() error {
	v.projecting.Lock()
	defer v.projecting.Unlock()
	if v.live == nil {
		return nil
	}
	err := v.live.close()
	v.live = nil
	return err
}

// How often a follower looks how far the views are: where somebody waits for them (WaitFor), and where nobody does.
// Which generation is the live one it looks up less often.
const (
	soonLook       = 10 * time.Millisecond
	idleLook       = 200 * time.Millisecond
	generationLook = time.Second
)

// Follow keeps up with what another process projects, until ctx ends. While there is nothing that this version of the
// program can read, Status says so.
func (v *Views) Follow(ctx context.Context) error {
	v.follows(true)
	defer v.follows(false)
	generations := time.NewTicker(generationLook)
	defer generations.Stop()
	err := v.moveOn(ctx)
	for ctx.Err() == nil {
		select {
		case <-generations.C:
			err = v.moveOn(ctx)
		default:
		}
		if err == nil {
			err = v.lookUp(ctx)
		}
		v.mu.Lock()
		if ctx.Err() == nil {
			v.err = err
		}
		pause := idleLook
		if v.waiting > 0 && err == nil {
			pause = soonLook
		}
		v.mu.Unlock()
		if pause == idleLook {
			rest(ctx, pause, v.wanted)
		} else {
			rest(ctx, pause, nil)
		}
	}
	return ctx.Err()
}

func (v *Views) follows(yes bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.following = yes
}

// moveOn reads from the generation that is the live one now.
func (v *Views) moveOn(ctx context.Context) error {
	n, fingerprint, err := v.gens.Current(ctx)
	if err != nil {
		return fmt.Errorf("views: %w", err)
	}
	v.mu.Lock()
	old := v.current
	v.mu.Unlock()
	if old != nil && old.n == n {
		return nil
	}
	if n == 0 || fingerprint != v.fingerprint() {
		return fault.New(fault.Unavailable, "views_of_another_version", "no node of this version has made the views yet")
	}
	db, err := v.gens.Open(ctx, n)
	if err != nil {
		return fmt.Errorf("views: open generation %d: %w", n, err)
	}
	v.mu.Lock()
	v.current = &generation{n: n, db: db}
	v.mu.Unlock()
	if old != nil {
		v.retire(old, func() { _ = old.db.Close() })
	}
	return nil
}

// lookUp makes known how far the views are.
func (v *Views) lookUp(ctx context.Context) error {
	g, done, err := v.reader()
	if err != nil {
		return err
	}
	defer done()
	at, err := readCheckpoint(ctx, g.db)
	if err != nil {
		return err
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if at.position == v.applied {
		return nil
	}
	v.applied, v.recorded = at.position, at.recordedAt
	close(v.changed)
	v.changed = make(chan struct{})
	return nil
}
