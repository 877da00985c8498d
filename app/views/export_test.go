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
	p, err := newProjector(ctx, log, codec, db, loc)
	if err != nil {
		return Counters{}, err
	}
	p.size = TestSize
	var sum Counters
	if tell != nil {
		p.onExec = func(text string, args []any) error {
			tell(text, slices.Clone(args), sum.Batches)
			return nil
		}
	}
	err = p.catchUp(ctx, func(c Counters) { sum.add(c) })
	return sum, errors.Join(err, p.close())
}

// Tables makes the empty tables. Tests only.
func Tables(ctx context.Context, db *sql.DB) error {
	p, err := newProjector(ctx, nil, nil, db, time.UTC)
	if err != nil {
		return err
	}
	return p.close()
}

var TestSize = batchSize

// WordsOf gives a fact's words. Tests only.
var WordsOf = wordsOf
