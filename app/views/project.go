package views

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"regexp"
	"runtime/debug"
	"strconv"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"

	"gridward/app"
	"gridward/domain/inspection"
)

// batchSize is how many events are applied in one transaction at most; fewer are taken when fewer are there. More
// would write fewer pages and hold more events in memory: two batches are, one being applied and one being read.
const batchSize = 2000

// knownCases is how many cases a projector remembers beyond a batch, so that it need not read them again.
const knownCases = 4096

// knownCase is one of them, with its line as it was written.
type knownCase struct {
	told
	saved *[]intervalRow
}

// projector brings one generation up to date. One goroutine at a time uses it.
type projector struct {
	origin
	db    *sql.DB
	epoch int64 // of whoever projects
	size  int   // of a batch
	build bool  // an empty database is filled: after a failure it is thrown away
	plain bool  // the engine takes ? for a parameter (see positional)

	texts  map[rowsOf]string
	conn   *sql.Conn // the one connection that writes; nil after it failed
	stmts  map[string]*sql.Stmt
	known  *lru.Cache[string, knownCase] // as committed
	rules  *rules                        // as the tables have them, and the batch under way
	duties *dutyBook

	position   app.Position
	recordedAt time.Time

	onExec func(text string, args []any) error // tests: sees every statement, and may fail it
}

// buildSize is how many events are applied in one transaction when a generation is filled: the more, the more often
// counts of the same cell and day are written together. Two such batches take some 150 MB; under a smaller limit of the
// heap (the server's own) the collector would do most of the work, and fewer are taken.
func buildSize() int {
	const roomy = 256 << 20
	if debug.SetMemoryLimit(-1) < roomy {
		return 4000
	}
	return 10000
}

// entry is one event with all that is known of it.
type entry struct {
	app.Record
	event any
	row   *inspectionRow // of an inspection logged: made while reading, beside the tables' work
}

// decoded is one batch on its way from the log to the tables.
type decoded struct {
	entries []entry
	passed  int        // events of the log, those that are not applied too
	to      checkpoint // the last of these
	err     error      // behind the entries: what stopped the reading
}

// newProjector reads how far the tables are; where there are none it makes them. Where there are, it writes nothing but
// its epoch, if that is a new one: whoever projected before it commits nothing any more.
func newProjector(ctx context.Context, from origin, db *sql.DB, epoch int64) (*projector, error) {
	p := &projector{origin: from, db: db, size: batchSize, epoch: epoch, texts: map[rowsOf]string{}}
	if _, err := readCheckpoint(ctx, db); err != nil { // cut off while they were made, the tables have no checkpoint
		if err := makeTables(ctx, db); err != nil {
			return nil, err
		}
		if err := makeListed(ctx, db); err != nil {
			return nil, err
		}
	}
	if epoch > 0 {
		if _, err := db.ExecContext(ctx, `UPDATE checkpoint SET epoch = $1 WHERE id = 1 AND epoch < $2`, epoch, epoch); err != nil {
			return nil, fmt.Errorf("views: epoch: %w", err)
		}
	}
	p.plain = takesQuestionMarks(ctx, db)
	return p, p.connect(ctx)
}

// takesQuestionMarks tells SQLite, which reads ? and $1 alike but looks up the name of each $n in a list of them all,
// from PostgreSQL, which knows $n only.
func takesQuestionMarks(ctx context.Context, db *sql.DB) bool {
	var one int
	return db.QueryRowContext(ctx, `SELECT CAST(? AS INTEGER)`, 1).Scan(&one) == nil
}

// numbered is a parameter as these texts have it.
var numbered = regexp.MustCompile(`\$[0-9]+`)

// positional writes ? for each parameter of a text in which they come in order, each once.
func positional(text string) string {
	n, inOrder := 0, true
	out := numbered.ReplaceAllStringFunc(text, func(p string) string {
		n++
		inOrder = inOrder && p == "$"+strconv.Itoa(n)
		return "?"
	})
	if !inOrder {
		return text
	}
	return out
}

// newBuilder is a projector that fills an empty database: without the indexes that only listings use.
func newBuilder(ctx context.Context, from origin, db *sql.DB, epoch int64) (*projector, error) {
	if err := makeTables(ctx, db); err != nil {
		return nil, err
	}
	p, err := newProjector(ctx, from, db, epoch)
	if err == nil {
		p.size, p.build = buildSize(), true
	}
	return p, err
}

// makeListed makes the indexes that only listings use.
func makeListed(ctx context.Context, db *sql.DB) error {
	for _, ddl := range listings {
		if _, err := db.ExecContext(ctx, ddl); err != nil {
			return fmt.Errorf("create index: %w", err)
		}
	}
	return nil
}

func makeTables(ctx context.Context, db *sql.DB) error {
	for _, t := range tables {
		if _, err := db.ExecContext(ctx, t.ddl); err != nil {
			return fmt.Errorf("create table %s: %w", t.name, err)
		}
	}
	const begin = `INSERT INTO checkpoint (id, position, recorded_at, epoch) VALUES (1, 0, 0, 0) ON CONFLICT (id) DO NOTHING`
	if _, err := db.ExecContext(ctx, begin); err != nil {
		return fmt.Errorf("checkpoint: %w", err)
	}
	return nil
}

// connect takes a connection and learns from it how far the tables are; a projector that has one keeps it.
func (p *projector) connect(ctx context.Context) error {
	if p.conn != nil {
		return nil
	}
	at, err := readCheckpoint(ctx, p.db)
	if err != nil {
		return err
	}
	conn, err := p.db.Conn(ctx)
	if err != nil {
		return fmt.Errorf("views: connect: %w", err)
	}
	p.conn, p.stmts = conn, map[string]*sql.Stmt{}
	if p.known, err = lru.New[string, knownCase](knownCases); err != nil {
		return errors.Join(err, p.close())
	}
	if p.rules, err = readRules(ctx, conn); err != nil {
		return errors.Join(err, p.close())
	}
	p.duties = newDutyBook(nil, time.Time{})
	p.position, p.recordedAt = at.position, at.recordedAt
	return nil
}

// close gives the connection back.
func (p *projector) close() error {
	if p.conn == nil {
		return nil
	}
	var errs []error
	for _, s := range p.stmts {
		errs = append(errs, s.Close())
	}
	errs = append(errs, p.conn.Close())
	p.conn, p.stmts, p.known = nil, nil, nil
	return errors.Join(errs...)
}

// forever is the position nothing lies behind.
const forever = ^app.Position(0)

// catchUp applies what the log holds, batch by batch, until it has seen the log's end. Decoding runs one batch
// ahead of the tables. committed (may be nil) is called after each batch. On an error what was committed stands.
func (p *projector) catchUp(ctx context.Context, committed func(Counters)) error {
	return p.catchUpTo(ctx, forever, committed)
}

func (p *projector) catchUpTo(ctx context.Context, until app.Position, committed func(Counters)) error {
	if err := p.connect(ctx); err != nil {
		return err
	}
	reading, stop := context.WithCancel(ctx)
	batches := make(chan decoded)
	go p.read(reading, p.position, until, batches)
	defer func() {
		for range batches { // until the reader has left
			continue
		}
	}()
	defer stop()
	for d := range batches {
		if d.passed > 0 {
			c, err := p.apply(ctx, d)
			if committed != nil && c.Batches > 0 {
				committed(c)
			}
			if err != nil {
				return err
			}
		}
		if d.err != nil {
			return d.err
		}
	}
	return ctx.Err()
}

// read sends decoded batches from after on until the log's end, an error or until, and closes the channel.
func (p *projector) read(ctx context.Context, after, until app.Position, to chan<- decoded) {
	defer close(to)
	for after < until {
		d, more := p.gather(ctx, after, until)
		select {
		case to <- d:
		case <-ctx.Done():
			return
		}
		if !more {
			return
		}
		after = d.to.position
	}
}

// mostPages is how many pages of the log one batch reaches over at most. A shard applies a part of each, and takes several
// together: the fuller a batch, the more often the same counts are written together.
const mostPages = 8

// gather reads and decodes one batch; more says whether there may be another behind it.
func (p *projector) gather(ctx context.Context, after, until app.Position) (d decoded, more bool) {
	d.to.position = after
	for range mostPages {
		limit := p.size - len(d.entries)
		records, err := p.log.Read(ctx, d.to.position, limit)
		if err != nil {
			d.err = fmt.Errorf("views: read the log: %w", err)
			return d, false
		}
		for i := range records {
			if records[i].Position > until {
				return d, false
			}
			if d.err = p.take(&d, records[i]); d.err != nil {
				return d, false
			}
		}
		if len(records) < limit {
			return d, false
		}
		if len(d.entries) == p.size {
			break
		}
	}
	return d, true
}

// take decodes the next record of a batch, or passes it over.
func (p *projector) take(d *decoded, r app.Record) error {
	if p.districts.concern(&r) {
		event, err := p.codec.Decode(r.Type, r.Schema, r.Data)
		if err != nil {
			return fmt.Errorf("views: %s version %d at %s: %w", r.Stream, r.Version, r.Position, err)
		}
		e := entry{Record: r, event: event}
		if logged, ok := event.(inspection.Logged); ok {
			if e.row, err = p.loggedRow(e, logged); err != nil {
				return fmt.Errorf("views: %s: %w", r.Stream, err)
			}
		}
		d.entries = append(d.entries, e)
	}
	d.passed++
	d.to = checkpoint{r.Position, r.RecordedAt}
	return nil
}

// errEntry is an event that a view cannot apply: the projector stops in front of it.
type errEntry struct {
	index int
	entry entry
	cause error
}

func (e *errEntry) Error() string {
	return fmt.Sprintf("cannot apply %s (%s version %d, position %s): %v",
		e.entry.Type, e.entry.Stream, e.entry.Version, e.entry.Position, e.cause)
}

func (e *errEntry) Unwrap() error { return e.cause }

// apply puts one batch and the checkpoint into the tables in one transaction. When an event cannot be applied,
// those before it still are.
func (p *projector) apply(ctx context.Context, d decoded) (Counters, error) {
	c, err := p.transact(ctx, d)
	if err == nil || p.build {
		return c, err
	}
	var bad *errEntry
	if errors.As(err, &bad) && bad.index > 0 && p.connect(ctx) == nil && p.position < d.entries[0].Position {
		last := d.entries[bad.index-1]
		c, again := p.transact(ctx, decoded{entries: d.entries[:bad.index], passed: bad.index, to: checkpoint{last.Position, last.RecordedAt}})
		if again != nil {
			return Counters{}, again
		}
		return c, err
	}
	return Counters{}, err
}

// transact is one transaction. Having failed, it gives the connection up, so that the next attempt begins with a
// new one and what that one reads from the checkpoint.
func (p *projector) transact(ctx context.Context, d decoded) (c Counters, err error) {
	if err := ctx.Err(); err != nil {
		return c, err
	}
	if err := p.connect(ctx); err != nil {
		return c, err
	}
	ctx = context.WithoutCancel(ctx) // a batch is short: it is finished rather than watched
	tx, err := p.conn.BeginTx(ctx, nil)
	if err != nil {
		return c, errors.Join(fmt.Errorf("views: begin: %w", err), p.close())
	}
	defer func() {
		if err != nil {
			_ = tx.Rollback() // the error that led here is the one to tell
			err = errors.Join(err, p.close())
		}
	}()
	b := newBatch(ctx, p, d.entries)
	if err := b.run(); err != nil {
		return c, fmt.Errorf("views: %w", err)
	}
	n, err := b.changed(`UPDATE checkpoint SET position = $1, recorded_at = $2 WHERE id = 1 AND position = $3 AND epoch = $4`,
		int64(d.to.position), d.to.recordedAt.UnixMicro(), int64(p.position), p.epoch)
	if err == nil && n == 0 {
		err = errors.New("there is no such checkpoint where it was: another process has moved it")
	}
	if err != nil {
		return c, fmt.Errorf("views: checkpoint: %w", err)
	}
	if err := tx.Commit(); err != nil {
		return c, fmt.Errorf("views: commit: %w", err)
	}
	p.position, p.recordedAt = d.to.position, d.to.recordedAt
	for id, c := range b.cases {
		p.known.Add(id, knownCase{c.told, c.saved})
	}
	b.counters.Events, b.counters.Batches = uint64(len(d.entries)), 1
	return b.counters, nil
}
