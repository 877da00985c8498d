// Package views is what people read: cells, inspections, cases, ledgers, patrol counts, queues, campaigns. They are
// tables derived from the log alone; one projector brings them up to date, and they may be thrown away and built
// again at any time.
//
// One file per view, with its table, its apply and its queries. The SQL is one text for SQLite and PostgreSQL:
// $n placeholders, ON CONFLICT ... DO UPDATE, times as microseconds since 1970 UTC in BIGINT, JSON in TEXT, prefix
// ranges instead of LIKE where an index has to serve.
package views

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"gridward/app"
	"gridward/domain/fault"
	"gridward/domain/grid"
)

// Views answers queries and keeps itself up to date. Its methods are safe for concurrent use; Run is called once.
type Views struct {
	origin
	gens Generations

	projecting sync.Mutex // held by whoever moves the live projector, or swaps it
	live       *projector // guarded by projecting
	epoch      int64      // of this process among those that may project; 0 where there is only one

	rebuilding sync.Mutex // one rebuild at a time

	rules   logRules // as the log has them
	lawBook lawBook

	mu       sync.Mutex
	current  *generation   // what queries read
	applied  app.Position  // of the live generation
	recorded time.Time     // when the log took the event at applied
	err      error         // why the projector stands still, nil while it does not
	counters Counters      // of the projector since Open
	changed  chan struct{} // closed and replaced whenever applied moves
	wanted   chan struct{} // holds one: somebody waits for applied to move
	waiting  int           // how many do

	following bool // another process projects

	onQuery func(text string, args []any) // tests: sees every query
}

// origin is what views are made from.
type origin struct {
	log       app.Log
	codec     app.Codec
	loc       *time.Location
	districts Districts
}

// generation is one open database with its readers counted, so that it is closed only when nobody reads it.
type generation struct {
	n       int
	db      *sql.DB
	kept    sync.Map // *sql.Stmt by text: queries that were asked before
	texts   atomic.Int64
	readers int
	retired func() // set once the generation is no longer read from: runs when the last reader has left
}

// Status is how far the views are. They are ready while Err is nil.
type Status struct {
	Applied        app.Position
	Head           app.Position // of the log, when it was asked
	LastRecordedAt time.Time    // when the log took the last applied event; zero before the first
	Err            error        // why the projector stands still: the event it cannot apply, or the log or disk it cannot reach
	Counters       Counters
}

// Counters is the projector's work since the views were opened.
type Counters struct {
	Events     uint64 // applied
	Rows       uint64 // written, deleted ones included
	Statements uint64 // sent, queries included
	Batches    uint64 // committed
}

// New makes the views over a log. loc is the zone of local days and of times in answers; with districts they are a shard
// of these. Call Open next.
func New(log app.Log, codec app.Codec, gens Generations, loc *time.Location, districts ...grid.CellCode) *Views {
	return &Views{origin: origin{log, codec, loc, districts}, gens: gens, changed: make(chan struct{}), wanted: make(chan struct{}, 1)}
}

// Open opens the live generation. When there is none, or it was built by other code or from another log, it first
// builds a new one, calling progress (may be nil) after each batch.
func (v *Views) Open(ctx context.Context, progress func(done, total app.Position)) error {
	n, fingerprint, err := v.gens.Current(ctx)
	if err != nil {
		return fmt.Errorf("views: %w", err)
	}
	if n == 0 || fingerprint != v.fingerprint() {
		return v.Rebuild(ctx, progress)
	}
	db, err := v.gens.Open(ctx, n)
	if err != nil {
		return fmt.Errorf("views: open generation %d: %w", n, err)
	}
	p, err := newProjector(ctx, v.origin, db, v.epoch)
	if err == nil {
		var head app.Position
		if head, err = v.log.Head(ctx); err == nil && p.position > head {
			_ = p.close() // nothing is open in it: there is nothing to lose
			_ = db.Close()
			return v.Rebuild(ctx, progress) // the log is an older copy than the one these views saw
		}
	}
	if err != nil {
		return errors.Join(fmt.Errorf("views: generation %d: %w", n, err), db.Close())
	}
	v.projecting.Lock()
	defer v.projecting.Unlock()
	if _, old := v.goLive(p, &generation{n: n, db: db}); old != nil { // it was followed
		v.retire(old, func() { _ = old.db.Close() })
	}
	return nil
}

// Close ends reading and projecting. Run and Follow must have returned.
func (v *Views) Close() error {
	v.projecting.Lock()
	defer v.projecting.Unlock()
	var err error
	if v.live != nil {
		err = v.live.close()
		v.live = nil
	}
	v.mu.Lock()
	g := v.current
	v.current = nil
	v.mu.Unlock()
	if g == nil {
		return err
	}
	return errors.Join(err, g.db.Close())
}

// Run keeps the views up to date until ctx ends, and returns its error then. What stops the projector is tried
// again, at first at once, then ever more slowly up to every 10 seconds; Status says so meanwhile.
// Under load batches grow by themselves, and the same pages and counts are written less often.
func (v *Views) Run(ctx context.Context) error {
	pause := time.Duration(0)
	for ctx.Err() == nil {
		err := v.catchUp(ctx)
		if err == nil {
			pause = 0
			v.mu.Lock()
			v.err = nil
			at := v.applied
			v.mu.Unlock()
			err = v.log.Wait(ctx, at)
		}
		if ctx.Err() != nil {
			break
		}
		v.mu.Lock()
		v.err = err
		v.mu.Unlock()
		if err == nil {
			continue
		}
		pause = min(max(2*pause, 50*time.Millisecond), 10*time.Second)
		rest(ctx, pause, nil)
	}
	return ctx.Err()
}

// rest waits, or until ctx ends or somebody wants the views to go on.
func rest(ctx context.Context, d time.Duration, wanted <-chan struct{}) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-wanted:
	case <-ctx.Done():
	}
}

// CatchUp applies what the log holds beyond the views, once. Run does so by itself.
func (v *Views) CatchUp(ctx context.Context) error {
	err := v.catchUp(ctx)
	if ctx.Err() == nil {
		v.mu.Lock()
		v.err = err
		v.mu.Unlock()
	}
	return err
}

func (v *Views) catchUp(ctx context.Context) error {
	v.projecting.Lock()
	defer v.projecting.Unlock()
	if v.live == nil {
		return errClosed
	}
	return v.live.catchUp(ctx, func(c Counters) { v.moved(v.live, c) })
}

// moved makes known how far the live projector is.
func (v *Views) moved(p *projector, c Counters) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.applied, v.recorded = p.position, p.recordedAt
	v.err = nil
	v.counters.add(c)
	close(v.changed)
	v.changed = make(chan struct{})
}

func (c *Counters) add(d Counters) {
	c.Events += d.Events
	c.Rows += d.Rows
	c.Statements += d.Statements
	c.Batches += d.Batches
}

// goLive makes a generation the one that is read and projected into, and gives the former ones. projecting is held.
func (v *Views) goLive(p *projector, g *generation) (*projector, *generation) {
	oldProjector := v.live
	v.live = p
	v.mu.Lock()
	old := v.current
	v.current = g
	v.mu.Unlock()
	v.moved(p, Counters{})
	return oldProjector, old
}

var errClosed = fault.New(fault.Unavailable, "views_closed", "the views are not open")

// Status asks how far the views are.
func (v *Views) Status(ctx context.Context) Status {
	head, err := v.log.Head(ctx)
	v.mu.Lock()
	defer v.mu.Unlock()
	s := Status{Applied: v.applied, Head: head, LastRecordedAt: v.recorded, Err: v.err, Counters: v.counters}
	if s.Err == nil && v.current == nil {
		s.Err = errClosed
	}
	if s.Err == nil && err != nil {
		s.Err = fmt.Errorf("views: the log's head: %w", err)
	}
	return s
}

// WaitFor returns once the views have applied everything up to the position. When ctx ends first, the answer is
// Unavailable with code views_behind.
func (v *Views) WaitFor(ctx context.Context, at app.Position) error {
	v.wait(1)
	defer v.wait(-1)
	for {
		v.mu.Lock()
		applied, changed := v.applied, v.changed
		v.mu.Unlock()
		if applied >= at {
			return nil
		}
		select {
		case v.wanted <- struct{}{}:
		default: // somebody else has asked
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return &fault.Error{Kind: fault.Unavailable, Code: "views_behind", Message: "the views have not yet caught up with that position",
				RetryAfter: time.Second, Cause: ctx.Err()}
		}
	}
}

// wait counts who waits.
func (v *Views) wait(more int) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.waiting += more
}

// reader gives the live database for one query, and what to call when it is over.
func (v *Views) reader() (*generation, func(), error) {
	v.mu.Lock()
	defer v.mu.Unlock()
	g := v.current
	if g == nil {
		return nil, nil, errClosed
	}
	g.readers++
	return g, func() { v.release(g) }, nil
}

// keptTexts is how many queries a generation keeps prepared at most: there are fewer texts than that, unless somebody
// tries every number of arguments.
const keptTexts = 512

// query runs a query. To prepare a text takes SQLite as long as to answer it, so that it is done once.
func (g *generation) query(ctx context.Context, text string, args []any) (*sql.Rows, error) {
	if s, ok := g.kept.Load(text); ok {
		return s.(*sql.Stmt).QueryContext(ctx, args...) //nolint:forcetypeassert // nothing else is kept
	}
	if g.texts.Add(1) > keptTexts {
		return g.db.QueryContext(ctx, text, args...)
	}
	s, err := g.db.PrepareContext(ctx, text)
	if err != nil {
		return nil, err
	}
	if first, twice := g.kept.LoadOrStore(text, s); twice {
		_ = s.Close()         //nolint:sqlclosecheck // the other is as good
		s = first.(*sql.Stmt) //nolint:forcetypeassert // nothing else is kept
	}
	return s.QueryContext(ctx, args...)
}

func (v *Views) release(g *generation) {
	v.mu.Lock()
	g.readers--
	last := g.readers == 0 && g.retired != nil
	v.mu.Unlock()
	if last {
		g.retired()
	}
}

// retire has the generation closed and dropped as soon as nobody reads it any more.
func (v *Views) retire(g *generation, end func()) {
	v.mu.Lock()
	g.retired = end
	idle := g.readers == 0
	v.mu.Unlock()
	if idle {
		end()
	}
}
