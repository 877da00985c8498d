// Package backup copies logs: from one engine to another, and to files and back.
package backup

import (
	"bytes"
	"context"
	"errors"
	"fmt"

	"gridward/app"
)

// page is how many records are read and written at a time.
const page = 2000

// Progress hears how far something is; total may grow meanwhile.
type Progress func(done, total app.Position)

// Copy puts everything the log holds behind the replica's head into the replica, and tells how many records that was.
// Cut off and done again, it goes on where it was. What the log takes meanwhile is copied too, up to its end as Copy
// finds it there.
func Copy(ctx context.Context, from app.Log, to app.Replica, progress Progress) (n int, err error) {
	at, err := to.Head(ctx)
	if err != nil {
		return 0, err
	}
	for {
		records, err := from.Read(ctx, at, page)
		if err != nil {
			return n, err
		}
		if len(records) > 0 {
			if err := to.Put(ctx, records); err != nil {
				return n, err
			}
			n, at = n+len(records), records[len(records)-1].Position
		}
		head, err := from.Head(ctx)
		if err != nil {
			return n, err
		}
		if progress != nil {
			progress(at, max(head, at))
		}
		if len(records) < page {
			return n, nil
		}
	}
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
