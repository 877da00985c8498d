package pgstore

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgconn"
	"gridward/app"
	"gridward/app/commits"
)

// rows is what a batch writes, column by column, and how to forget it again.
type rows struct {
	n                                               int
	stream, version, event, schema, typ, meta, data array
	newID, newName                                  array
	streams                                         []*stream // of the rows
	ids                                             []uuid.UUID
	begun                                           []begun
}

// begun is a stream that the batch makes.
type begun struct {
	name string
	s    *stream
}

func newRows() rows {
	return rows{
		stream: array{oid: oidInt8}, version: array{oid: oidInt8}, event: array{oid: oidUUID}, schema: array{oid: oidInt4},
		typ: array{oid: oidText}, meta: array{oid: oidBytes}, data: array{oid: oidBytes},
		newID: array{oid: oidInt8}, newName: array{oid: oidText},
	}
}

func (r *rows) reset() {
	for _, a := range []*array{&r.stream, &r.version, &r.event, &r.schema, &r.typ, &r.meta, &r.data, &r.newID, &r.newName} {
		if cap(a.b) > 16<<20 { // one very large batch is not kept for ever
			a.b = nil
		}
		a.reset()
	}
	clear(r.streams)
	clear(r.begun)
	r.n, r.streams, r.ids, r.begun = 0, r.streams[:0], r.ids[:0], r.begun[:0]
}

// The ways a transaction fails. Of raced and refused nothing is in the log; of lost there may be, if it was sent.
var errRaced = errors.New("somebody else has written meanwhile")

// errLost is a connection that broke.
type errLost struct {
	cause error
	sent  bool // the rows were on their way: nobody knows what became of them
}

func (e *errLost) Error() string { return "the connection to the log broke: " + bare(e.cause).Error() }
func (e *errLost) Unwrap() error { return e.cause }

// refused tells whether the server itself said that the transaction is not.
func refused(err error) bool {
	var e *pgconn.PgError
	return errors.As(err, &e) && (e.SeverityUnlocalized == "ERROR" || e.SeverityUnlocalized == "" && e.Severity == "ERROR")
}

// commit decides the appends of a batch one after the other, sets each one's answer and commits what they wrote.
// After an error nothing of the batch is in the log, save for errLost, and the answers mean nothing.
func (s *session) commit(ctx context.Context, batch []*commits.Request) (n int, err error) {
	s.rows.reset()
	s.assumed = s.assumed[:0]
	if err := s.connect(ctx); err != nil {
		if refused(err) || errors.Is(err, errOtherLog) {
			return 0, err
		}
		return 0, &errLost{cause: err}
	}
	writing := false
	n, err = s.transact(ctx, batch, &writing)
	if err == nil {
		s.cache.trim(cachedStreams, cachedIDs)
		return n, nil
	}
	s.undo()
	switch {
	case errors.Is(err, errRaced):
		s.alone = false
		s.leave(ctx)
		return 0, errRaced
	case refused(err):
		s.leave(ctx)
		if state(err) == stateUnique {
			s.alone = false
			return 0, errRaced
		}
		if state(err) == stateReadOnly {
			_ = s.close() // the next attempt may find the primary
		}
		return 0, err
	default:
		_ = s.close()
		return 0, &errLost{cause: err, sent: writing && !pgconn.SafeToRetry(err)}
	}
}

// leave ends a transaction that is to leave nothing. A connection on which that fails is given up; so is then what
// it had begun.
func (s *session) leave(ctx context.Context) {
	s.open = false
	if s.conn == nil || s.conn.TxStatus() == 'I' {
		return
	}
	if err := s.run(ctx, call{name: "rollback"}); err != nil {
		_ = s.close()
	}
}

func (s *session) transact(ctx context.Context, batch []*commits.Request, writing *bool) (int, error) {
	var err error
	if s.alone {
		err = s.look(ctx, s.missing(batch, true))
	} else {
		err = s.enter(ctx, batch)
	}
	if err != nil {
		return 0, err
	}
	at := max(s.now().UnixMicro(), s.recorded)
	conflicts := false
	for _, r := range batch {
		if err := s.decide(ctx, r, at); err != nil {
			return 0, err
		}
		conflicts = conflicts || r.Err != nil
	}
	switch {
	case s.rows.n > 0:
		*writing = true
		return s.rows.n, s.put(ctx, at)
	case s.open:
		s.open = false
		return 0, s.run(ctx, call{name: "rollback"})
	case conflicts:
		return 0, s.unmoved(ctx)
	default:
		return 0, nil // what is there stays there
	}
}

// unmoved holds that nobody has written: or else what was called a conflict may be none any more.
func (s *session) unmoved(ctx context.Context) error {
	before := s.position
	if err := s.run(ctx, s.tip()); err != nil {
		return err
	}
	if s.position != before {
		s.position = before // up to there the cache is true
		return errRaced
	}
	return nil
}

// put sends the rows and commits.
func (s *session) put(ctx context.Context, at int64) error {
	r := &s.rows
	var calls []call
	if !s.open {
		calls = append(calls, call{name: "lock"})
	}
	if len(r.begun) > 0 {
		calls = append(calls, call{name: "putStreams", args: [][]byte{r.newID.value(), r.newName.value()}})
	}
	calls = append(calls, call{name: "putEvents", args: [][]byte{
		number(int64(s.position)), number(at), r.stream.value(), r.version.value(), r.event.value(), r.schema.value(), //nolint:gosec // positions fit
		r.typ.value(), r.meta.value(), r.data.value(),
	}}, call{name: "tell"})
	if s.open {
		calls = append(calls, call{name: "commit"})
	}
	if err := s.run(ctx, calls...); err != nil {
		return err
	}
	s.open = false
	s.position += app.Position(r.n) //nolint:gosec // never negative
	s.recorded = at
	s.lastStream += int64(len(r.begun))
	return nil
}

// undo takes out of the cache what a batch that failed had put there.
func (s *session) undo() {
	for i, st := range s.rows.streams {
		s.cache.take(st, s.rows.ids[i])
	}
	for _, b := range s.rows.begun {
		b.s.id = 0
	}
	for _, name := range s.assumed {
		s.cache.drop(name)
	}
}

// decide takes one append into the transaction or answers it otherwise: a conflict, or the place its ids have. The
// error is the transaction's, not the append's.
func (s *session) decide(ctx context.Context, r *commits.Request, at int64) error {
	st, _ := s.cache.get(r.Stream)
	knows := 0
	for i := range r.Records {
		if _, ok := st.versions[r.Records[i].ID]; ok {
			knows++
		}
	}
	current := uint64(len(st.versions))
	r.Got, r.Err, r.Wrote = app.Appended{}, nil, false
	switch {
	case knows == len(r.Records):
		return s.repeat(ctx, r, st, at)
	case knows > 0 || r.Expected != current:
		r.Err = &app.VersionConflict{Stream: r.Stream, Expected: r.Expected, Current: current}
		return nil
	}
	if st.id == 0 {
		st.id = s.lastStream + int64(len(s.rows.begun)) + 1
		s.rows.newID.int8(st.id)
		s.rows.newName.text(r.Stream)
		s.rows.begun = append(s.rows.begun, begun{r.Stream, st})
	}
	for i := range r.Records {
		s.add(st, &r.Records[i], r.Meta(i))
	}
	r.Got, r.Wrote = s.appended(int64(len(st.versions)), at), true
	return nil
}

// add puts one record behind its stream and behind the log.
func (s *session) add(st *stream, r *app.Record, meta []byte) {
	rows := &s.rows
	version := int64(len(st.versions) + 1)
	s.cache.add(st, r.ID, version)
	rows.n++
	rows.streams = append(rows.streams, st)
	rows.ids = append(rows.ids, r.ID)
	rows.stream.int8(st.id)
	rows.version.int8(version)
	rows.event.bytes(r.ID[:])
	rows.schema.int4(r.Schema)
	rows.typ.text(r.Type)
	rows.meta.bytes(meta)
	rows.data.bytes(r.Data)
}

// appended is the answer to the append whose last record is the last of the rows so far.
func (s *session) appended(version, at int64) app.Appended {
	return answer(version, int64(s.position)+int64(s.rows.n), at) //nolint:gosec // positions fit
}

func answer(version, position, at int64) app.Appended {
	return app.Appended{Version: uint64(version), Position: app.Position(position), RecordedAt: time.UnixMicro(at).UTC()} //nolint:gosec // never negative
}

// repeat answers an append whose ids are all in the stream with the place of its last record.
func (s *session) repeat(ctx context.Context, r *commits.Request, st *stream, at int64) error {
	last := r.Records[len(r.Records)-1].ID
	version := st.versions[last]
	for i, other := range s.rows.streams { // the first copy may be of this very batch
		if other == st && s.rows.ids[i] == last {
			r.Got = answer(version, int64(s.position)+int64(i)+1, at) //nolint:gosec // positions fit
			return nil
		}
	}
	found := false
	err := s.run(ctx, call{name: "place", args: [][]byte{number(st.id), number(version)}, row: func(v [][]byte) error {
		r.Got, found = answer(version, numberOf(v[0]), numberOf(v[1])), true
		return nil
	}})
	if err == nil && !found {
		return errors.New("a record is not there any more") // the connection is given up, and the cache with it
	}
	return err
}
