// Package esdb is the event store on EventStoreDB, a server or a cluster of it: a stream of the log is a stream of the
// server, a position is the commit position in $all. The server must be empty, or hold this log and nothing else
// beside what is its own.
//
// The protocol and the connection string are those of the client's module, whose calls are not used: it ends the
// process at an event whose time of creation it cannot read, panics at messages it does not know, and after a search
// for a node that failed its callers wait without regard to their contexts. What stands here instead is small (link.go,
// call.go); docs/decisions/0021 says more.
package esdb

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"github.com/google/uuid"
	"gridward/app"
	"gridward/app/commits"
	"gridward/domain/fault"
)

// Options are what a log is opened with. Everything but Clock has a default.
type Options struct {
	Clock func() time.Time // stamps RecordedAt; called once per batch
	NewID func() uuid.UUID // the id of a log that is made; default random

	commits.Limits

	// Term gives the context of the time in which this process may append; it ends when another one may. What is on its
	// way then is cut off. nil: it always may.
	Term func() context.Context

	// OnCommit, if set, hears of every batch after its callers were answered. It runs on the writer: it must be
	// quick and must not append.
	OnCommit func(commits.Batch)

	of uuid.UUID // the log whose records one that is made takes over; none if it is a log from the beginning

	prefix string // of the names of all streams: so tests have many logs on one server
}

// Store is an app.Log on a server. It is safe for concurrent use.
type Store struct {
	id     uuid.UUID
	of     uuid.UUID // the log whose records it took over; none if it began by itself
	prefix string
	link   *link
	ids    *ids
	tail   *tail
	writer *writer // nil when read-only
	stop   context.CancelFunc
	looks  sync.WaitGroup
	once   sync.Once
}

var _ app.Log = (*Store)(nil)

// Open opens the log on the server of the connection string, and makes it if it is not there: once, however many nodes
// do so together. It takes ten seconds at most. Errors say what to do and are of kind Invalid (log_url_invalid) or
// Unavailable: log_unreachable, log_login_refused, log_no_rights, log_format_unknown, log_foreign_event (somebody else's
// are on the server). No error has the password in it.
func Open(ctx context.Context, url string, o Options) (*Store, error) {
	if o.Clock == nil {
		return nil, errors.New("esdb: Options.Clock is required")
	}
	if o.NewID == nil {
		o.NewID = uuid.New
	}
	return open(ctx, url, o, false)
}

// OpenReadOnly opens the log on the server for reading, also while others append to it. Append answers log_read_only.
// A server without a log is NotFound with code log_not_found; other errors are those of Open.
func OpenReadOnly(ctx context.Context, url string) (*Store, error) {
	return open(ctx, url, Options{Clock: time.Now}, true)
}

func open(ctx context.Context, url string, o Options, readOnly bool) (_ *Store, err error) {
	c, err := configure(url)
	if err != nil {
		return nil, err
	}
	s := &Store{prefix: o.prefix, tail: newTail(), stop: func() {}}
	if s.ids, err = newIDs(); err != nil {
		return nil, err
	}
	if s.link, err = newLink(c); err != nil {
		return nil, fault.New(fault.Invalid, "log_url_invalid", "the connection string of the log cannot be used: the files that userCertFile and userKeyFile name are no certificate and its key")
	}
	opening, cancel := context.WithTimeout(ctx, openTimeout)
	defer cancel()
	if err := s.begin(opening, o, readOnly); err != nil {
		s.link.close()
		return nil, unopened(ctx, c, err)
	}
	if !readOnly {
		s.writer = newWriter(s, o)
	}
	following, stop := context.WithCancel(context.Background()) //nolint:gosec // Close calls stop
	s.stop = stop
	s.looks.Go(func() { s.follow(following) })
	return s, nil
}

// begin finds the log and its end, in as many attempts as the connection string allows.
func (s *Store) begin(ctx context.Context, o Options, readOnly bool) (err error) {
	c := s.link.c
	for attempt := 0; attempt < c.MaxDiscoverAttempts; attempt++ {
		var found identity
		if found, err = s.identify(ctx, o, readOnly); err == nil {
			s.id, s.of = found.ID, found.Of
			_, err = s.look(ctx)
		}
		if _, ok := isBroken(err); !ok || ctx.Err() != nil {
			return err
		}
		timer := time.NewTimer(time.Duration(c.DiscoveryInterval) * time.Millisecond)
		select {
		case <-timer.C:
		case <-ctx.Done():
		}
		timer.Stop()
	}
	return err
}

// identity is the one event of the stream own.
type identity struct {
	ID     uuid.UUID `json:"id"`
	Format int       `json:"format"`
	Of     uuid.UUID `json:"of,omitzero"` // the log whose records it took over
}

// format is the number of what is written here; any other is refused.
const format = 1

// identify gives the identity of the log that is there, or makes one. Of many that do so at once one makes it: the stream
// must not be there yet.
func (s *Store) identify(ctx context.Context, o Options, readOnly bool) (identity, error) {
	found, err := s.findID(ctx)
	if err != nil || found.ID != uuid.Nil {
		return found, err
	}
	if readOnly {
		return found, fault.New(fault.NotFound, "log_not_found", "there is no log at EventStoreDB at %s", s.link.c.where())
	}
	if _, err := s.look(ctx); err != nil { // nothing is written where somebody else's events are
		return found, err
	}
	made := identity{o.NewID(), format, o.of}
	data, err := json.Marshal(made)
	if err != nil {
		return found, err
	}
	_, err = s.link.append(ctx, s.prefix+own, 0, []*streams.AppendReq_ProposedMessage{{
		Id: toWire(made.ID), Metadata: map[string]string{systemType: "gridward.log", systemContent: contentJSON}, Data: data, CustomMetadata: []byte("{}")}})
	if err != nil && !errors.Is(err, errVersion) {
		return found, err
	}
	return s.findID(ctx)
}

// findID gives the identity of the log that is there, the zero one if there is none.
func (s *Store) findID(ctx context.Context) (found identity, err error) {
	err = s.link.read(ctx, ofStream(s.prefix+own, 0, 1), func(x *streams.ReadResp_ReadEvent) (bool, error) {
		if err := json.Unmarshal(x.GetEvent().GetData(), &found); err != nil || found.Format != format || found.ID == uuid.Nil {
			return false, fault.New(fault.Unavailable, "log_format_unknown", "the log at EventStoreDB at %s is of another format than this program's", s.link.c.where())
		}
		return false, nil
	})
	if errors.Is(err, errNoStream) {
		return identity{}, nil
	}
	return found, err
}

// ID implements app.Log.
func (s *Store) ID() uuid.UUID { return s.id }

// Queue is the number of appends that wait for the writer now.
func (s *Store) Queue() int {
	if s.writer == nil {
		return 0
	}
	return s.writer.queue.Waiting()
}

// Append implements app.Log. The records' bytes must not change until it has returned; if it returned because its
// context ended, not ever. Codes of kind Unavailable: log_busy (the queue is full), log_unwritable (the server refused
// it; the cause is inside), log_unreachable and log_closed; of kind Invalid: log_append_too_large. Nothing was written
// then. When the server is lost in the middle of an append the answer waits until it is known.
func (s *Store) Append(ctx context.Context, stream string, expected uint64, records []app.Record) (app.Appended, error) {
	if err := app.CheckAppend(stream, records); err != nil {
		return app.Appended{}, err
	}
	if err := checkStorable(stream, records); err != nil {
		return app.Appended{}, err
	}
	if err := ctx.Err(); err != nil {
		return app.Appended{}, err
	}
	if s.writer == nil {
		return app.Appended{}, fault.New(fault.Unavailable, "log_read_only", "the log is open for reading only")
	}
	return s.writer.queue.Append(ctx, stream, expected, records)
}

// checkStorable refuses what the server would, or would take for its own. It is a fault of the program, not of a client.
func checkStorable(stream string, records []app.Record) error {
	if stream == own || strings.HasPrefix(stream, "$") || !utf8.ValidString(stream) {
		return fmt.Errorf("append to %q: the name is not UTF-8, or is kept for the server or for the log's id", stream)
	}
	for i := range records {
		if t := records[i].Type; strings.HasPrefix(t, "$") || !utf8.ValidString(t) {
			return fmt.Errorf("append to %s: record %d has the type %q", stream, i, t)
		}
	}
	return nil
}

// Close sends what waits in the queue, for ten seconds at most, and closes the connection. Every later call fails.
func (s *Store) Close() error {
	s.once.Do(func() {
		if s.writer != nil {
			s.writer.close()
		}
		s.tail.End()
		s.stop()
		s.link.close()
		s.looks.Wait()
	})
	return nil
}
