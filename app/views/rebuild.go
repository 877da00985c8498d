package views

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"gridward/app"
)

// Rebuild builds a new generation beside the live one, from the log's beginning, and moves the readers over once it
// has caught up; the old generation is dropped when its last reader has left. The live projector goes on meanwhile.
// progress (may be nil) is called after each batch with how far the new generation is and where the log ended when
// that was last asked. On an error the live generation stays.
func (v *Views) Rebuild(ctx context.Context, progress func(done, total app.Position)) error {
	v.rebuilding.Lock()
	defer v.rebuilding.Unlock()
	old, _, err := v.gens.Current(ctx)
	if err != nil {
		return fmt.Errorf("rebuild: %w", err)
	}
	n := old + 1
	if err := v.gens.Drop(ctx, n); err != nil { // what a rebuild that was cut short has left
		return fmt.Errorf("rebuild: %w", err)
	}
	db, err := v.gens.Open(ctx, n)
	if err != nil {
		return fmt.Errorf("rebuild: open generation %d: %w", n, err)
	}
	p, err := newProjector(ctx, v.log, v.codec, db, v.loc)
	if err == nil {
		err = p.fill(ctx, progress)
	}
	if err == nil {
		err = v.swap(ctx, p, &generation{n: n, db: db})
	}
	if err == nil {
		return nil
	}
	err = fmt.Errorf("rebuild: %w", err)
	if now, _, lookErr := v.gens.Current(context.WithoutCancel(ctx)); lookErr != nil || now == n {
		return errors.Join(err, lookErr) // it is live already: only the end of the old one went wrong
	}
	if p != nil {
		err = errors.Join(err, p.close())
	}
	return errors.Join(err, db.Close(), v.gens.Drop(context.WithoutCancel(ctx), n))
}

// fill applies the whole log as it stands.
func (p *projector) fill(ctx context.Context, progress func(done, total app.Position)) error {
	head, err := p.log.Head(ctx)
	if err != nil {
		return fmt.Errorf("the log's head: %w", err)
	}
	return p.catchUp(ctx, func(Counters) {
		if progress != nil {
			progress(p.position, max(head, p.position))
		}
	})
}

// swap holds the live projector still, brings the new generation up to the log's end, and makes it the live one.
func (v *Views) swap(ctx context.Context, p *projector, g *generation) error {
	v.projecting.Lock()
	if err := p.catchUp(ctx, nil); err != nil {
		v.projecting.Unlock()
		return err
	}
	if err := v.gens.Switch(ctx, g.n, v.fingerprint()); err != nil {
		v.projecting.Unlock()
		return fmt.Errorf("switch to generation %d: %w", g.n, err)
	}
	oldProjector, old := v.goLive(p, g)
	v.projecting.Unlock()
	if old == nil {
		if g.n > 1 { // left by other code: nobody reads it
			return v.gens.Drop(ctx, g.n-1)
		}
		return nil
	}
	gone := make(chan struct{})
	v.retire(old, func() { close(gone) })
	<-gone // queries are short
	return errors.Join(oldProjector.close(), old.db.Close(), v.gens.Drop(context.WithoutCancel(ctx), old.n))
}

// Check compares views with what the log says: it builds fresh, an empty database, up to where views are, and
// gives the rows that differ, at most limit of them in each table. It writes nothing to the log or to views.
func Check(ctx context.Context, log app.Log, codec app.Codec, loc *time.Location, views, fresh *sql.DB, limit int,
	progress func(done, total app.Position)) ([]Difference, error) {
	at, err := readCheckpoint(ctx, views)
	if err != nil {
		return nil, err
	}
	p, err := newProjector(ctx, log, codec, fresh, loc)
	if err != nil {
		return nil, fmt.Errorf("check: %w", err)
	}
	err = p.catchUpTo(ctx, at.position, func(Counters) {
		if progress != nil {
			progress(p.position, at.position)
		}
	})
	if err = errors.Join(err, p.close()); err != nil {
		return nil, fmt.Errorf("check: %w", err)
	}
	return Compare(ctx, views, fresh, limit)
}

// Lag is how far the views are behind the log's end as the two were last seen, in positions.
func (s Status) Lag() uint64 {
	if s.Head <= s.Applied {
		return 0
	}
	return uint64(s.Head - s.Applied)
}
