package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/google/uuid"

	"gridward/adapters/eventcodec"
	"gridward/adapters/sqlstore"
	"gridward/app"
	"gridward/app/views"
)

// shown is how many differences of one kind, or rows of one table, are printed.
const shown = 20

type checkCommand struct {
	storage
	shardFlags
	Scratch string `help:"Where the fresh views are built for the comparison; removed afterwards. Default: the data directory." placeholder:"DIR"`
}

// Run reads everything and fails if anything is wrong. It changes nothing, and a server may run meanwhile: the
// views are compared as they stood at one instant.
func (c checkCommand) Run(e *env) (err error) {
	defer e.roomy()()
	log, err := c.read(e.ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, log.Close()) }()
	codec := eventcodec.New()

	head, err := log.Head(e.ctx)
	if err != nil {
		return err
	}
	bar := progress(e.stderr, "log  ")
	events, wrong, err := checkLog(e.ctx, log, codec, func(at app.Position) { bar(at, head) })
	if err != nil {
		return err
	}
	e.say("log %s: %d events, %d faults\n", log.ID(), events, len(wrong))
	for i, w := range wrong {
		if i == shown {
			e.say("  and %d more\n", len(wrong)-shown)
			break
		}
		e.say("  %s\n", w)
	}
	differences, err := c.checkViews(e, log, codec)
	if err != nil {
		return err
	}
	if n := len(wrong) + differences; n > 0 {
		return fmt.Errorf("check: %d faults found", n)
	}
	return nil
}

// checkLog reads every record: positions rise, versions of a stream have no gap, the time of recording never goes
// back, no event is there twice, and the codec knows every one. seen (may be nil) is told the position now and then.
func checkLog(ctx context.Context, log app.Log, codec app.Codec, seen func(app.Position)) (events int, wrong []string, err error) {
	versions := map[string]uint64{}
	ids := map[uuid.UUID]struct{}{}
	var position app.Position
	var recorded time.Time
	_, err = eachRecord(ctx, log, 0, func(r app.Record) error {
		fail := func(format string, args ...any) {
			wrong = append(wrong, fmt.Sprintf("position %s, %s version %d, %s: ", r.Position, r.Stream, r.Version, r.Type)+fmt.Sprintf(format, args...))
		}
		if r.Position <= position {
			fail("does not lie above position %s before it", position)
		}
		if want := versions[r.Stream] + 1; r.Version != want {
			fail("should be version %d", want)
		}
		if r.RecordedAt.Before(recorded) {
			fail("recorded before the one before it")
		}
		if _, twice := ids[r.ID]; twice {
			fail("event %s is there twice", r.ID)
		}
		if _, err := codec.Decode(r.Type, r.Schema, r.Data); err != nil {
			fail("%v", err)
		}
		position, recorded = r.Position, r.RecordedAt
		versions[r.Stream] = r.Version
		ids[r.ID] = struct{}{}
		if events++; events%readPage == 0 && seen != nil {
			seen(position)
		}
		return nil
	})
	if seen != nil {
		seen(position)
	}
	return events, wrong, err
}

// checkViews compares the live generation, as it stands at one instant, with a fresh one.
func (c checkCommand) checkViews(e *env, log app.Log, codec app.Codec) (differences int, err error) {
	districts, err := views.ParseDistricts(c.Districts)
	if err != nil {
		return 0, err
	}
	_, at, err := c.placesOf(districts)
	if err != nil {
		return 0, err
	}
	gens, err := at.generations(true)
	if err != nil {
		return 0, err
	}
	n, _, err := gens.Current(e.ctx)
	if err != nil {
		return 0, err
	}
	if n == 0 {
		e.say("views: none built yet\n")
		return 0, nil
	}
	scratch := c.Scratch
	if scratch == "" {
		scratch = c.Data
	}
	if scratch, err = os.MkdirTemp(scratch, "check-"); err != nil {
		return 0, fmt.Errorf("the views are built anew for the comparison; name a place with --scratch: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(scratch)) }()

	live, err := gens.Open(e.ctx, n)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, live.Close()) }()
	still, end, err := at.still(e.ctx, live, filepath.Join(scratch, "live.db"))
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, end()) }()
	fresh, err := sqlstore.BuildViewsFile(filepath.Join(scratch, "fresh.db"))
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, fresh.Close()) }()

	found, err := views.Check(e.ctx, log, codec, zone(), still, fresh, shown, progress(e.stderr, "views"), districts...)
	if err != nil {
		return 0, err
	}
	e.say("views, generation %d: %d differences\n", n, len(found))
	for _, d := range found {
		e.say("  %s\n", d)
	}
	return len(found), nil
}

// still gives the tables of a database as they stand at one instant, until end is called: a copy of SQLite's file, or a
// transaction of PostgreSQL's.
func (p place) still(ctx context.Context, live *sql.DB, path string) (_ views.Queries, end func() error, err error) {
	if p.url != "" {
		tx, err := live.BeginTx(ctx, &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true})
		if err != nil {
			return nil, nil, err
		}
		return tx, tx.Rollback, nil
	}
	if err := copyTo(ctx, live, path); err != nil {
		return nil, nil, fmt.Errorf("a copy of the views: %w", err)
	}
	db, err := sqlstore.OpenViewsFile(path, false)
	if err != nil {
		return nil, nil, err
	}
	return db, db.Close, nil
}

// copyTo writes a database as it stands at one instant to a new file.
func copyTo(ctx context.Context, db *sql.DB, path string) (err error) {
	conn, err := db.Conn(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	// SQLite takes the copy for a write, though the file itself is open for reading only.
	if _, err := conn.ExecContext(ctx, `PRAGMA query_only = 0`); err != nil {
		return err
	}
	_, err = conn.ExecContext(ctx, `VACUUM INTO ?`, path)
	return err
}
