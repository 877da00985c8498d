package views

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"gridward/app"
	"gridward/domain/fault"
	"gridward/domain/grid"
)

// Rebuild builds a new generation beside the live one, from the log's beginning, and moves the readers over once it
// has caught up; the old generation is dropped when its last reader has left. The live projector goes on meanwhile.
// progress (may be nil) is called after each batch with how far the new generation is and where the log ended when
// that was last asked. On an error the live generation stays.
func (v *Views) Rebuild(ctx context.Context, progress func(done, total app.Position)) error {
	v.mu.Lock()
	following := v.following
	v.mu.Unlock()
	if following {
		return fault.New(fault.Unavailable, "not_leading", "another node keeps the views: ask that one to rebuild them")
	}
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
	if err := v.build(ctx, n, progress); err != nil {
		return errors.Join(fmt.Errorf("rebuild: %w", err), v.gens.Drop(context.WithoutCancel(ctx), n))
	}
	db, err := v.gens.Open(ctx, n)
	if err != nil {
		return fmt.Errorf("rebuild: open generation %d: %w", n, err)
	}
	g := &generation{n: n, db: db}
	p, err := newProjector(ctx, v.origin, db, v.epoch)
	live := false
	if err == nil {
		live, err = v.swap(ctx, p, g)
	}
	if err == nil {
		return nil
	}
	err = fmt.Errorf("rebuild: %w", err)
	if live {
		return err // only the end of the old generation went wrong
	}
	if p != nil {
		err = errors.Join(err, p.close())
	}
	return errors.Join(err, db.Close(), v.gens.Drop(context.WithoutCancel(ctx), n))
}

// build fills a new generation with the whole log as it stands, and closes it.
func (v *Views) build(ctx context.Context, n int, progress func(done, total app.Position)) error {
	db, err := v.gens.Build(ctx, n)
	if err != nil {
		return fmt.Errorf("generation %d: %w", n, err)
	}
	return errors.Join(fillNew(ctx, v.origin, db, v.epoch, progress), db.Close())
}

// fillNew fills an empty database with the whole log as it stands.
func fillNew(ctx context.Context, from origin, db *sql.DB, epoch int64, progress func(done, total app.Position)) error {
	p, err := newBuilder(ctx, from, db, epoch)
	if err != nil {
		return err
	}
	if err := errors.Join(p.fill(ctx, progress), p.close()); err != nil {
		return err
	}
	return makeListed(ctx, db)
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

// swap holds the live projector still, brings the new generation up to the log's end, and makes it the live one; then
// it ends the old one. live tells whether it came that far.
func (v *Views) swap(ctx context.Context, p *projector, g *generation) (live bool, err error) {
	oldProjector, old, err := v.switchTo(ctx, p, g)
	if err != nil {
		return false, err
	}
	ending := context.WithoutCancel(ctx)
	if old == nil {
		return true, v.gens.Drop(ending, g.n-1) // left by other code, if at all: nobody reads it
	}
	gone := make(chan struct{})
	v.retire(old, func() { close(gone) })
	<-gone // queries are short
	return true, errors.Join(oldProjector.close(), old.db.Close(), v.gens.Drop(ending, old.n))
}

func (v *Views) switchTo(ctx context.Context, p *projector, g *generation) (*projector, *generation, error) {
	v.projecting.Lock()
	defer v.projecting.Unlock()
	if err := p.catchUp(ctx, nil); err != nil {
		return nil, nil, err
	}
	if err := v.gens.Switch(ctx, g.n, v.fingerprint()); err != nil {
		now, _, lookErr := v.gens.Current(context.WithoutCancel(ctx))
		if lookErr != nil || now != g.n { // it is the live one all the same when only the last sync failed
			return nil, nil, fmt.Errorf("switch to generation %d: %w", g.n, errors.Join(err, lookErr))
		}
	}
	oldProjector, old := v.goLive(p, g)
	return oldProjector, old, nil
}

// Check compares views with what the log says: it builds fresh, an empty database, up to where views are, and
// gives the rows that differ, at most limit of them in each table. It writes nothing to the log or to views. With
// districts, views are a shard of these.
func Check(ctx context.Context, log app.Log, codec app.Codec, loc *time.Location, views Queries, fresh *sql.DB, limit int,
	progress func(done, total app.Position), districts ...grid.CellCode) ([]Difference, error) {
	at, err := readCheckpoint(ctx, views)
	if err != nil {
		return nil, err
	}
	p, err := newBuilder(ctx, origin{log, codec, loc, districts}, fresh, 0)
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
