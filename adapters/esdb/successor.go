package esdb

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"github.com/google/uuid"
	"gridward/app"
	"gridward/domain/fault"
)

// Bounds of what a successor sends at once: consecutive appends of one stream, until there is so much of them. The server
// takes 1 MiB; an append that is larger than these bounds goes alone.
const (
	togetherBytes   = 256 << 10
	togetherRecords = 256
	aroundBytes     = 1 << 10 // what is around a record's data, generously
)

// Successor is an app.Successor on a server: each event's metadata say where its record was in the original. One
// goroutine uses it.
type Successor struct {
	s        *Store
	head     app.Position // in the original
	recorded int64        // microseconds, of the last record
}

var _ app.Successor = (*Successor)(nil)

// OpenSuccessor opens the log on the server that takes over the records of the log with the id of, and makes it if there
// is none, with an id of its own. Errors of kind Conflict: log_other (the server holds another log, or another's
// successor), log_went_on (it has records of its own by now); others are those of Open.
func OpenSuccessor(ctx context.Context, url string, of uuid.UUID, o Options) (_ *Successor, err error) {
	o.of = of
	if o.Clock == nil {
		o.Clock = time.Now
	}
	s, err := Open(ctx, url, o)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.Close())
		}
	}()
	if s.of != of {
		return nil, fault.New(fault.Conflict, "log_other", "EventStoreDB at %s holds another log, %s: a copy needs an empty server", s.link.c.where(), s.id)
	}
	s.writer.keeps = true
	x := &Successor{s: s}
	return x, x.resume(ctx)
}

// resume finds the last record.
func (x *Successor) resume(ctx context.Context) error {
	head, recorded, _ := x.s.tail.known()
	if head == 0 {
		return nil
	}
	x.recorded = recorded.UnixMicro()
	err := x.s.link.read(ctx, ofAll(uint64(head), 1, false), func(e *streams.ReadResp_ReadEvent) (bool, error) {
		var sealed envelope
		if err := unseal(e.GetEvent().GetCustomMetadata(), &sealed); err != nil {
			return false, err
		}
		x.head = app.Position(sealed.Origin)
		return false, nil
	})
	if err == nil && x.head == 0 {
		return fault.New(fault.Conflict, "log_went_on",
			"the copy on EventStoreDB at %s has records of its own from position %s on: it is a log in use, and cannot be continued as a copy", x.s.link.c.where(), head)
	}
	return unopened(ctx, x.s.link.c, err)
}

// ID is the id of the log that it is itself.
func (x *Successor) ID() uuid.UUID { return x.s.id }

// Head implements app.Successor.
func (x *Successor) Head(context.Context) (app.Position, error) { return x.head, nil }

// Put implements app.Successor. What comes behind one another is sent behind one another, for only so the server keeps
// the order; but consecutive appends of one stream go together.
func (x *Successor) Put(ctx context.Context, records []app.Record) error {
	head, recorded := x.head, x.recorded
	for i := range records {
		r := &records[i]
		if r.Version == 0 {
			return fmt.Errorf("position %s has no version", r.Position)
		}
		if err := app.CheckPlace(r, head, r.Version-1, recorded); err != nil { // the server checks the version
			return err
		}
		if err := checkStorable(r.Stream, records[i:i+1]); err != nil {
			return err
		}
		head, recorded = r.Position, r.RecordedAt.UnixMicro()
	}
	for len(records) > 0 {
		n := together(records)
		if err := app.CheckAppend(records[0].Stream, records[:n]); err != nil {
			return err
		}
		if _, err := x.s.writer.queue.Append(ctx, records[0].Stream, records[0].Version-1, records[:n]); err != nil {
			return fmt.Errorf("from position %s on: %w", records[0].Position, err)
		}
		last := &records[n-1]
		x.head, x.recorded = last.Position, last.RecordedAt.UnixMicro()
		records = records[n:]
	}
	return nil
}

// together is how many of the records are sent at once: appends of one stream, none of them in part.
func together(records []app.Record) int {
	n, size := 0, 0
	for n < len(records) {
		whole, bytes := wholeAppend(records[n:])
		next := &records[n]
		if n > 0 && (next.Stream != records[0].Stream || next.Version != records[n-1].Version+1 || size+bytes > togetherBytes || n+whole > togetherRecords) {
			break
		}
		n, size = n+whole, size+bytes
	}
	return n
}

// wholeAppend is how many of the records were appended together, and how much that is.
func wholeAppend(records []app.Record) (n, bytes int) {
	for n < len(records) && (n == 0 || app.OneAppend(&records[n-1], &records[n]) && records[n].Version == records[n-1].Version+1) {
		bytes += len(records[n].Data) + aroundBytes
		n++
	}
	return n, bytes
}

// Close implements app.Successor.
func (x *Successor) Close() error { return x.s.Close() }
