package pgstore

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgconn"
	"gridward/app"
	"gridward/app/commits"
)

// session is the writer's connection, and what it knows of the log without asking. Only the writer's goroutine uses
// it. What it knows is the log up to a position; others may have written since. A commit puts records right behind
// that position, whose key is unique: it succeeds only if nobody has, and so proves what it was decided by.
type session struct {
	c    *config
	id   uuid.UUID // of the log
	now  func() time.Time
	conn *pgconn.PgConn // nil: to be connected
	used time.Time      // when it last answered

	position   app.Position // that it knows the log up to
	recorded   int64        // microseconds, of the record there
	lastStream int64        // the highest number of a stream then
	cache      *cache
	alone      bool // nobody else has written lately: write without looking

	open    bool // a transaction is under way: the lock is held and nobody writes
	rows    rows
	assumed []string // streams of the batch that nobody has looked for: their names will say so if they are there
}

func newSession(c *config, id uuid.UUID, o Options) *session {
	return &session{c: c, id: id, now: o.Clock, cache: newCache(), rows: newRows()}
}

// statements are those of the writer, by name. Numbers, ids and texts go both ways in binary.
var statements = map[string]string{
	"begin":    `BEGIN`,
	"commit":   `COMMIT`,
	"rollback": `ROLLBACK`,
	"lock":     fmt.Sprintf(`SELECT pg_advisory_xact_lock(%d)`, int64(lockAppend)),
	"tip": `SELECT coalesce(max(position), 0), coalesce((SELECT recorded_at FROM gridward.events ORDER BY position DESC LIMIT 1), 0),
  coalesce((SELECT max(id) FROM gridward.streams), 0) FROM gridward.events`,
	"since": `SELECT s.name, s.id, e.version, e.event_id FROM gridward.events e JOIN gridward.streams s ON s.id = e.stream
WHERE e.position > $1 ORDER BY e.position LIMIT $2`,
	"streams": `SELECT s.name, s.id, e.version, e.event_id FROM gridward.streams s JOIN gridward.events e ON e.stream = s.id
WHERE s.name = ANY ($1::text[])`,
	"place":      `SELECT position, recorded_at FROM gridward.events WHERE stream = $1 AND version = $2`,
	"putStreams": `INSERT INTO gridward.streams (id, name) SELECT * FROM unnest($1::bigint[], $2::text[])`,
	"putEvents": `INSERT INTO gridward.events (position, recorded_at, stream, version, event_id, schema, type, meta, data)
SELECT $1::bigint + r.n, $2::bigint, r.stream, r.version, r.event_id, r.schema, r.type, r.meta, r.data
FROM unnest($3::bigint[], $4::bigint[], $5::uuid[], $6::integer[], $7::text[], $8::bytea[], $9::bytea[])
  WITH ORDINALITY AS r (stream, version, event_id, schema, type, meta, data, n)`,
	"tell": `SELECT pg_notify('` + channel + `', '')`,
}

// call is one statement of a round trip. row, if set, gets each row; its values are good until it returns.
type call struct {
	name string
	args [][]byte
	row  func(values [][]byte) error
}

var binary1 = []int16{1}

// run sends the calls together and reads all answers. Outside of a transaction they are one by themselves, committed
// when run returns nil.
func (s *session) run(ctx context.Context, calls ...call) (err error) {
	p := s.conn.StartPipeline(ctx)
	for _, c := range calls {
		p.SendQueryPrepared(c.name, c.args, binary1, binary1)
	}
	defer func() {
		if e := p.Close(); err == nil { // the commit's own answer is read here
			err = e
		}
		s.used = time.Now()
	}()
	if err := p.Sync(); err != nil {
		return err
	}
	for _, c := range calls {
		if err := c.read(p); err != nil {
			return err
		}
	}
	return nil
}

func (c call) read(p *pgconn.Pipeline) error {
	got, err := p.GetResults()
	if err != nil {
		return err
	}
	r, ok := got.(*pgconn.ResultReader)
	if !ok {
		return fmt.Errorf("%s was answered by %T", c.name, got)
	}
	for r.NextRow() {
		if c.row == nil || err != nil {
			continue
		}
		err = c.row(r.Values())
	}
	_, closing := r.Close()
	return errors.Join(closing, err)
}

// idle is how long a connection is trusted that was not used. Looked at after that, one that broke meanwhile is found
// before the rows are on their way.
const idle = time.Second

// connect makes the connection, if there is none, and learns where the log ends.
func (s *session) connect(ctx context.Context) (err error) {
	if s.conn != nil && time.Since(s.used) > idle && !s.answers(ctx) {
		_ = s.close()
	}
	if s.conn != nil {
		return nil
	}
	s.cache.clear()
	s.open, s.alone = false, false
	if s.conn, err = pgconn.ConnectConfig(ctx, &s.c.conn.Config); err != nil {
		s.conn = nil
		return err
	}
	if err := s.learn(ctx); err != nil {
		return errors.Join(err, s.close())
	}
	return nil
}

// answers looks whether the connection is still good for something.
func (s *session) answers(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	return s.conn.Ping(ctx) == nil
}

// durably holds that an acknowledged commit is on the disk, also where the server's own default is otherwise.
const durably = `SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'`

func (s *session) learn(ctx context.Context) error {
	if _, err := s.conn.Exec(ctx, durably).ReadAll(); err != nil {
		return err
	}
	for name, text := range statements {
		if _, err := s.conn.Prepare(ctx, name, text, nil); err != nil {
			return err
		}
	}
	var id uuid.UUID
	r := s.conn.ExecParams(ctx, `SELECT id FROM gridward.log`, nil, nil, nil, binary1).Read()
	if r.Err != nil {
		return r.Err
	}
	if len(r.Rows) == 1 {
		copy(id[:], r.Rows[0][0])
	}
	if id != s.id {
		return errOtherLog
	}
	return s.run(ctx, s.tip())
}

// errOtherLog says that behind the URL there is a log now that this program did not open.
var errOtherLog = errors.New("the database holds another log than the one that was opened: start again")

// tip reads where the log ends.
func (s *session) tip() call {
	return call{name: "tip", row: func(v [][]byte) error {
		s.position, s.recorded, s.lastStream = app.Position(numberOf(v[0])), numberOf(v[1]), numberOf(v[2]) //nolint:gosec // positions fit
		return nil
	}}
}

// close gives up the connection. It waits for nothing.
func (s *session) close() error {
	if s.conn == nil {
		return nil
	}
	conn := s.conn
	s.conn, s.open = nil, false
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	return conn.Close(ctx)
}

// known is a row of "since" and "streams": where a record is.
type known struct {
	name        string
	id, version int64
	event       uuid.UUID
}

func readKnown(into *[]known) func([][]byte) error {
	return func(v [][]byte) error {
		k := known{name: string(v[0]), id: numberOf(v[1]), version: numberOf(v[2])}
		copy(k.event[:], v[3])
		*into = append(*into, k)
		return nil
	}
}

// sinceLimit is how many records of others are read into the cache; beyond that it is emptied instead.
const sinceLimit = 4096

// enter begins a transaction that nobody else writes in, and learns what others wrote before it.
func (s *session) enter(ctx context.Context, batch []*commits.Request) error {
	var since, found []known
	before := s.position
	names := s.missing(batch, false)
	calls := []call{
		{name: "begin"}, {name: "lock"}, s.tip(),
		{name: "since", args: [][]byte{number(int64(before)), number(sinceLimit)}, row: readKnown(&since)}, //nolint:gosec // positions fit
	}
	if len(names) > 0 {
		calls = append(calls, s.streams(names, &found))
	}
	if err := s.run(ctx, calls...); err != nil {
		return err
	}
	s.open = true
	if len(since) == sinceLimit || s.position < before {
		s.cache.clear()
	}
	for _, k := range since {
		if st, ok := s.cache.get(k.name); ok {
			st.id = k.id
			s.cache.add(st, k.event, k.version)
		}
	}
	s.keep(names, found)
	s.alone = len(since) == 0
	return s.look(ctx, s.missing(batch, false))
}

// look reads streams into the cache.
func (s *session) look(ctx context.Context, names []string) error {
	if len(names) == 0 {
		return nil
	}
	var found []known
	if err := s.run(ctx, s.streams(names, &found)); err != nil {
		return err
	}
	s.keep(names, found)
	return nil
}

func (s *session) streams(names []string, into *[]known) call {
	a := array{oid: oidText}
	a.reset()
	for _, name := range names {
		a.text(name)
	}
	return call{name: "streams", args: [][]byte{a.value()}, row: readKnown(into)}
}

// keep puts what was found of the named streams into the cache; of what was not found there is nothing.
func (s *session) keep(names []string, found []known) {
	for _, name := range names {
		s.cache.put(name, &stream{versions: map[uuid.UUID]int64{}})
	}
	for _, k := range found {
		st, _ := s.cache.get(k.name)
		st.id = k.id
		s.cache.add(st, k.event, k.version)
	}
}

// missing names the streams of the batch that the cache does not have. With assume, a stream that is to be begun is
// taken to be new: if it is not, its name is taken.
func (s *session) missing(batch []*commits.Request, assume bool) (names []string) {
	begun := map[string]bool{}
	for _, r := range batch {
		if _, seen := begun[r.Stream]; s.cache.has(r.Stream) || (seen && begun[r.Stream]) {
			continue
		}
		if assume && r.Expected == 0 {
			begun[r.Stream] = false
			continue
		}
		begun[r.Stream] = true
		names = append(names, r.Stream)
	}
	for name, asked := range begun {
		if !asked {
			s.cache.put(name, &stream{versions: map[uuid.UUID]int64{}})
			s.assumed = append(s.assumed, name)
		}
	}
	return names
}
