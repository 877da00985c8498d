package views

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"time"

	"gridward/app"
)

// FailOn has the live projector ask f before every statement, and give up the batch on its error. Tests only.
func (v *Views) FailOn(f func(text string, args []any) error) {
	v.projecting.Lock()
	defer v.projecting.Unlock()
	v.live.onExec = f
}

// Batch sets how many events the live projector takes at once. Tests only.
func (v *Views) Batch(n int) {
	v.projecting.Lock()
	defer v.projecting.Unlock()
	v.live.size = n
}

// Tape builds all views in an empty database and tells every statement with the number of its batch. Tests only.
func Tape(ctx context.Context, log app.Log, codec app.Codec, db *sql.DB, loc *time.Location, tell func(text string, args []any, batch uint64)) (Counters, error) {
	p, err := newBuilder(ctx, origin{log: log, codec: codec, loc: loc}, db, 0)
	if err != nil {
		return Counters{}, err
	}
	var sum Counters
	if tell != nil {
		p.onExec = func(text string, args []any) error {
			tell(text, slices.Clone(args), sum.Batches)
			return nil
		}
	}
	err = p.catchUp(ctx, func(c Counters) { sum.add(c) })
	return sum, errors.Join(err, p.close(), makeListed(ctx, db))
}

// KnownPosts has projectors remember the duties of so few posts, until restored. Tests only.
func KnownPosts(n int) (restore func()) {
	before := knownPosts
	knownPosts = n
	return func() { knownPosts = before }
}

// Tables makes the empty tables, and Listed the indexes that only listings use. Tests only.
var (
	Tables = makeTables
	Listed = makeListed
	// Positional writes ? for parameters.
	Positional = positional
)

// WordsOf gives a fact's words. Tests only.
var WordsOf = wordsOf

// Plans tells the plan of every query that f makes. Tests only.
func (v *Views) Plans(f func(), tell func(query string, plan []string)) error {
	var errs []error
	v.onQuery = func(text string, args []any) {
		rows, err := v.current.db.Query("EXPLAIN QUERY PLAN "+text, args...)
		if err != nil {
			errs = append(errs, err)
			return
		}
		var plan []string
		errs = append(errs, eachRow(rows, func(r *sql.Rows) error {
			var id, parent, unused int
			var detail string
			err := r.Scan(&id, &parent, &unused, &detail)
			plan = append(plan, detail)
			return err
		}))
		tell(text, plan)
	}
	f()
	v.onQuery = nil
	return errors.Join(errs...)
}

// OneCell is a sheet of one column and one row. Tests only.
func OneCell(value string) Sheet {
	columns := []Column{{Key: "a", Heading: "甲"}}
	return Sheet{Columns: columns, Rows: func(yield func(Row, error) bool) { yield(Row{columns, []any{value}}, nil) }}
}

// InBatches builds all views in an empty database in batches of so many events. Tests only.
func InBatches(ctx context.Context, log app.Log, codec app.Codec, db *sql.DB, loc *time.Location, size int) (Counters, error) {
	p, err := newProjector(ctx, origin{log: log, codec: codec, loc: loc}, db, 0)
	if err != nil {
		return Counters{}, err
	}
	p.size = size
	var sum Counters
	err = p.catchUp(ctx, func(c Counters) { sum.add(c) })
	return sum, errors.Join(err, p.close())
}
