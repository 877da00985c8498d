// Package backup copies logs: from one engine to another, and to files and back.
package backup

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"

	"gridward/app"
)

// page is how many records are read and written at a time.
const page = 2000

// Progress hears how far something is; total may grow meanwhile.
type Progress func(done, total app.Position)

// Target is what records are put into: an app.Replica, which keeps their positions, or an app.Successor.
type Target interface {
	// Head is the position in the original of the last record that is there.
	Head(ctx context.Context) (app.Position, error)
	// Put adds whole appends.
	Put(ctx context.Context, records []app.Record) error
}

// Copy puts everything the log holds behind the target's head into the target, whole appends at a time, and tells how
// many records that was. Cut off and done again, it goes on where it was. What the log takes meanwhile is copied too, up
// to its end as Copy finds it there.
func Copy(ctx context.Context, from app.Log, to Target, progress Progress) (n int, err error) {
	at, err := to.Head(ctx)
	if err != nil {
		return 0, err
	}
	var held []app.Record // an append that may go on
	for {
		read, err := from.Read(ctx, at, page)
		if err != nil {
			return n, err
		}
		if len(read) > 0 {
			at = read[len(read)-1].Position
		}
		records := append(held, read...)
		whole := len(records)
		if len(read) == page {
			whole = lastAppend(records)
		}
		if whole > 0 {
			if err := to.Put(ctx, records[:whole]); err != nil {
				return n, err
			}
		}
		n, held = n+whole, slices.Clone(records[whole:])
		head, err := from.Head(ctx)
		if err != nil {
			return n, err
		}
		if progress != nil {
			progress(at, max(head, at))
		}
		if len(read) < page {
			return n, nil
		}
	}
}

// lastAppend is where the last append begins.
func lastAppend(records []app.Record) int {
	i := len(records) - 1
	for i > 0 && app.OneAppend(&records[i-1], &records[i]) {
		i--
	}
	return i
}

// ErrDiffers says that two logs are not the same.
var ErrDiffers = errors.New("the copy is not the same log")

// Compare reads two logs beside each other up to the head of the second one, and fails with ErrDiffers at the first
// record in which they are not the same, to the byte.
func Compare(ctx context.Context, original, replica app.Log, progress Progress) (n int, err error) {
	if original.ID() != replica.ID() {
		return 0, fmt.Errorf("%w: one is %s, the other %s", ErrDiffers, original.ID(), replica.ID())
	}
	head, err := replica.Head(ctx)
	if err != nil {
		return 0, err
	}
	for at := app.Position(0); at < head; {
		want, err := original.Read(ctx, at, page)
		if err != nil {
			return n, err
		}
		got, err := replica.Read(ctx, at, page)
		if err != nil {
			return n, err
		}
		for i := range got {
			if i >= len(want) || !same(&want[i], &got[i]) {
				return n, fmt.Errorf("%w from position %s on", ErrDiffers, got[i].Position)
			}
			n, at = n+1, got[i].Position
		}
		if len(got) < len(want) && want[len(got)].Position <= head {
			return n, fmt.Errorf("%w: position %s is missing", ErrDiffers, want[len(got)].Position)
		}
		if progress != nil {
			progress(at, head)
		}
	}
	return n, nil
}

// CompareSuccessor reads a log and its successor beside each other up to the successor's end, and fails with ErrDiffers
// at the first record in which they are not the same, to the byte, but for its position. It gives how many there are.
func CompareSuccessor(ctx context.Context, original, successor app.Log, progress Progress) (n int, err error) {
	head, err := successor.Head(ctx)
	if err != nil {
		return 0, err
	}
	var at, there app.Position // in the original, in the successor
	for there < head {
		got, err := successor.Read(ctx, there, page)
		if err != nil {
			return n, err
		}
		if len(got) == 0 {
			return n, fmt.Errorf("%w: it ends behind position %s, before its end", ErrDiffers, there)
		}
		want, err := original.Read(ctx, at, len(got))
		if err != nil {
			return n, err
		}
		for i := range got {
			there = got[i].Position
			if i >= len(want) {
				return n, fmt.Errorf("%w: it has more, from its position %s on", ErrDiffers, there)
			}
			at = want[i].Position
			if got[i].Position = at; !same(&want[i], &got[i]) {
				return n, fmt.Errorf("%w from position %s on, which is %s in the copy", ErrDiffers, at, there)
			}
			n++
		}
		if progress != nil {
			progress(there, max(head, there))
		}
	}
	return n, nil
}

// same tells whether two records are the same to the byte.
func same(a, b *app.Record) bool {
	x, y := *a, *b
	x.Data, y.Data = nil, nil
	if !x.RecordedAt.Equal(y.RecordedAt) || !x.Meta.OccurredAt.Equal(y.Meta.OccurredAt) || !x.Meta.ReceivedAt.Equal(y.Meta.ReceivedAt) {
		return false
	}
	x.RecordedAt, x.Meta.OccurredAt, x.Meta.ReceivedAt = y.RecordedAt, y.Meta.OccurredAt, y.Meta.ReceivedAt
	return bytes.Equal(a.Data, b.Data) && x.ID == y.ID && x.Stream == y.Stream && x.Type == y.Type && x.Schema == y.Schema && x.Meta == y.Meta &&
		x.Version == y.Version && x.Position == y.Position
}
