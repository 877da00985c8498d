package views

import (
	"database/sql"
	"fmt"
	"slices"
	"time"

	"gridward/domain/grid"
	"gridward/domain/hazard"
)

// The line of responsibility of every case, one row an interval: a cache of what its events, the duties and the rules
// come to. An interval that goes on is judged when it is asked about.
var intervalsTable = table{"intervals", []string{"case_id", "seq"}, `
CREATE TABLE IF NOT EXISTS intervals (
	case_id     TEXT NOT NULL,
	seq         BIGINT NOT NULL, -- from 0, in the order of time
	programme   TEXT NOT NULL,
	round       BIGINT NOT NULL,
	stage       TEXT NOT NULL,
	cell        TEXT NOT NULL,   -- of the post, or of the department's seat; '' where nobody had it
	department  TEXT NOT NULL,
	person      TEXT NOT NULL,   -- '' where the post was vacant
	role        TEXT NOT NULL,
	office      TEXT NOT NULL,   -- the office that stood in for a vacant post, or nobody's: '-'; else ''
	from_at     BIGINT NOT NULL,
	to_at       BIGINT,
	used        BIGINT NOT NULL, -- seconds, in the limit's own time; 0 while it goes on
	limit_n     BIGINT NOT NULL, -- 0: none, or a date
	limit_unit  TEXT NOT NULL,
	deadline_at BIGINT,
	late        BIGINT NOT NULL, -- of one that has ended
	exempt      BIGINT NOT NULL,
	PRIMARY KEY (case_id, seq)
);
CREATE INDEX IF NOT EXISTS intervals_cell ON intervals (cell, from_at)`}

// isLong marks the intervals that go on or took more than 31 days. They have indexes of their own: whoever asks about a
// month looks for what began in it or in the 31 days before, and for these few, and not through all the years before.
const (
	isLong    = `(to_at IS NULL OR to_at - from_at > 2678400000000)`
	longAfter = 31 * 24 * time.Hour
)

const intervalsListed = `
CREATE INDEX IF NOT EXISTS intervals_person ON intervals (person, from_at);
CREATE INDEX IF NOT EXISTS intervals_person_long ON intervals (person, from_at) WHERE ` + isLong + `;
CREATE INDEX IF NOT EXISTS intervals_cell_long ON intervals (cell, from_at) WHERE ` + isLong

// The posts and persons that ever had a case, by the facts of the case alone: where an answer as of an instant looks.
var casePartiesTable = table{"case_parties", []string{"party", "case_id"}, `
CREATE TABLE IF NOT EXISTS case_parties (
	party   TEXT NOT NULL, -- cell code (also of a department's seat), department code or person id
	case_id TEXT NOT NULL,
	PRIMARY KEY (party, case_id)
)`}

// nobody marks an interval in which a post was vacant and no office stood in.
const nobody = "-"

// intervalRow is one row of intervals; equal rows say the same.
type intervalRow struct {
	programme, stage, cell, department, person, role, office, unit string
	round, from, to, used, limit, deadline                         int64 // to and deadline 0: none
	late, exempt                                                   bool
}

// dutyBook gives the duties of posts as they were known at an instant, from the tables and from memory as far as that
// reaches.
type dutyBook struct {
	rows  func(query string, args []any, scan func(*sql.Rows) error) error
	asOf  time.Time                 // zero: now
	known map[[2]string]grid.Duties // by programme, and cell or department
	seats map[string]grid.CellCode  // of departments: they do not move
	err   error                     // the first that came up
}

func newDutyBook(rows func(query string, args []any, scan func(*sql.Rows) error) error, asOf time.Time) *dutyBook {
	return &dutyBook{rows: rows, asOf: asOf, known: map[[2]string]grid.Duties{}, seats: map[string]grid.CellCode{}}
}

const (
	gridDutyColumns = `SELECT d.id, d.programme, d.role, d.acts_as, d.person, d.department, d.cells, d.from_at, d.to_at, d.recorded_at, d.end_recorded_at`
	selectGridDuty  = gridDutyColumns + `
FROM duties d `
)

// scanGridDuty reads a duty as it was known at an instant (zero: now), and what columns stand behind it; known is false
// where it was not.
func scanGridDuty(r *sql.Rows, asOf time.Time, more ...any) (d grid.Duty, known bool, err error) {
	var department sql.NullString
	var cells string
	var from, recorded int64
	var to, ended sql.NullInt64
	into := []any{&d.ID, &d.Programme, &d.Role, &d.ActsAs, &d.Person, &department, &cells, &from, &to, &recorded, &ended}
	if err := r.Scan(append(into, more...)...); err != nil {
		return d, false, err
	}
	d.Department, d.From = department.String, time.UnixMicro(from).UTC()
	if to.Valid && (asOf.IsZero() || ended.Int64 <= micros(asOf)) {
		d.To = time.UnixMicro(to.Int64).UTC()
	}
	d.Cells, err = marshaled[[]grid.CellCode](cells)
	return d, asOf.IsZero() || recorded <= micros(asOf), err
}

// ofDepartment gives every duty ever given at a department, in the order given.
func (d *dutyBook) ofDepartment(code, programme string) grid.Duties {
	k := [2]string{programme, code}
	if _, known := d.known[k]; !known {
		d.known[k] = nil
		d.learn(`, d.department FROM duties d WHERE d.programme = $1 AND d.department = $2 ORDER BY d.given_at`, programme, code)
	}
	return d.known[k]
}

// upward gives the posts of a cell and of those above it, nearest first, each with every duty ever given at exactly
// that cell, in the order given. Those that it does not know yet it reads together.
func (d *dutyBook) upward(cell grid.CellCode, programme string) grid.Chain {
	out := make(grid.Chain, 0, grid.Site)
	marks, args := "", []any{programme}
	for _, c := range cell.Upward() {
		k := [2]string{programme, string(c)}
		if _, known := d.known[k]; !known {
			d.known[k] = nil
			args = append(args, string(c))
			marks += fmt.Sprintf(", $%d", len(args))
		}
		out = append(out, grid.Post{Cell: c})
	}
	if len(args) > 1 {
		d.learn(dutiesOfCells(marks[2:]), args...)
	}
	for i, p := range out {
		out[i].Held = d.known[[2]string{programme, string(p.Cell)}]
	}
	return out
}

// learn reads the duties that were known at the instant, each with the post it is at, and remembers them.
func (d *dutyBook) learn(from string, args ...any) {
	d.failed(d.rows(gridDutyColumns+from, args, func(r *sql.Rows) error {
		var post string
		duty, known, err := scanGridDuty(r, d.asOf, &post)
		if k := [2]string{duty.Programme, post}; known && err == nil {
			d.known[k] = append(d.known[k], duty)
		}
		return err
	}))
}

func (d *dutyBook) failed(err error) {
	if err != nil && d.err == nil {
		d.err = err
	}
}

// posted gives the posts from a holder's own upward (hazard.Posted) in a programme, for one derivation: it remembers
// them.
func (d *dutyBook) posted(programme string) hazard.Posted {
	chains := map[[2]string]grid.Chain{}
	return func(h hazard.Holder) grid.Chain {
		post := [2]string{string(h.Cell), h.Department}
		if out, ok := chains[post]; ok {
			return out
		}
		cell := h.Cell
		var out grid.Chain
		if h.Department != "" {
			cell = d.seat(h)
			out = grid.Chain{{Cell: cell, Department: h.Department, Held: d.ofDepartment(h.Department, programme)}}
		}
		out = append(out, d.upward(cell, programme)...)
		chains[post] = out
		return out
	}
}

// seat is the cell of a holder: its own, or that of its department.
func (d *dutyBook) seat(h hazard.Holder) grid.CellCode {
	if h.Department == "" {
		return h.Cell
	}
	if seat, ok := d.seats[h.Department]; ok {
		return seat
	}
	d.seats[h.Department] = ""
	d.failed(d.rows(`SELECT body FROM departments WHERE code = $1`, []any{h.Department}, func(r *sql.Rows) error {
		found, err := scanBody[Department](r)
		d.seats[h.Department] = found.Cell
		return err
	}))
	return d.seats[h.Department]
}

// uses tells the levels of the programme a case is derived under; every level where it is not known.
func (r *rules) uses(c hazard.Case) func(int) bool {
	p := r.programme(c)
	return func(level int) bool { return p == nil || p.Uses(level) }
}

// line derives the line of a case.
func (d *dutyBook) line(c hazard.Case, r *rules) ([]intervalRow, error) {
	line := c.Line(d.posted(c.Programme), r.uses(c))
	out := make([]intervalRow, len(line))
	for i, at := range line {
		s := c.Stages[at.Run]
		cal := r.calendars.Version(s.CalendarVersion)
		h := at.Holder
		row := intervalRow{programme: c.Programme, stage: at.Stage, round: int64(at.Round), cell: string(d.seat(h)), department: h.Department,
			person: h.Person, role: h.Role, office: string(at.Office), from: micros(at.From), exempt: s.Exempt}
		if at.Vacant {
			row.office = nobody
		}
		if s.Limit != nil && s.Fixed.IsZero() {
			row.limit, row.unit = int64(s.Limit.N), s.Limit.Unit
		}
		if due, ok := s.Deadline(cal); ok {
			row.deadline = micros(due)
		}
		if !at.To.IsZero() {
			row.to = micros(at.To)
			row.used = int64(at.Used(s, cal, at.To) / time.Second)
			row.late = at.Verdict(s, cal, at.To) == hazard.VerdictLate
		}
		out[i] = row
	}
	return out, d.err
}

// saveLine writes what changed of a case's line.
func (b *batch) saveLine(c *caseRow) error {
	line := c.line
	var saved []intervalRow
	if c.saved != nil {
		saved = *c.saved
	}
	for i, row := range line {
		if i < len(saved) && saved[i] == row {
			continue
		}
		b.lines = append(b.lines, row.args(c.ID, i)...)
	}
	if len(line) < len(saved) {
		if err := b.exec(`DELETE FROM intervals WHERE case_id = $1 AND seq >= $2`, c.ID, len(line)); err != nil {
			return err
		}
	}
	c.saved = &line
	return nil
}

// flushLines writes the intervals that changed, many at once.
func (b *batch) flushLines() error {
	return b.insertMany(`
INSERT INTO intervals (case_id, seq, programme, round, stage, cell, department, person, role, office, from_at, to_at, used, limit_n, limit_unit,
	deadline_at, late, exempt) VALUES `, 18, b.lines, onIntervalConflict)
}

const onIntervalConflict = `
ON CONFLICT (case_id, seq) DO UPDATE SET round = excluded.round, stage = excluded.stage, cell = excluded.cell, department = excluded.department,
	person = excluded.person, role = excluded.role, office = excluded.office, from_at = excluded.from_at, to_at = excluded.to_at, used = excluded.used,
	limit_n = excluded.limit_n, limit_unit = excluded.limit_unit, deadline_at = excluded.deadline_at, late = excluded.late, exempt = excluded.exempt`

func (r intervalRow) args(id string, seq int) []any {
	return []any{id, seq, r.programme, r.round, r.stage, r.cell, r.department, r.person, r.role, r.office, r.from, nullTime(r.to), r.used, r.limit, r.unit,
		nullTime(r.deadline), flag(r.late), flag(r.exempt)}
}

// nullTime is an instant in microseconds that may be absent.
func nullTime(us int64) any {
	if us == 0 {
		return nil
	}
	return us
}

const (
	intervalColumns = `case_id, programme, round, stage, cell, department, person, role, office, from_at, to_at, used, limit_n, limit_unit, deadline_at,
	late, exempt`
	selectInterval = `SELECT ` + intervalColumns + ` FROM intervals`
)

func scanInterval(r *sql.Rows) (id string, row intervalRow, err error) {
	var to, deadline sql.NullInt64
	err = r.Scan(&id, &row.programme, &row.round, &row.stage, &row.cell, &row.department, &row.person, &row.role, &row.office, &row.from, &to,
		&row.used, &row.limit, &row.unit, &deadline, &row.late, &row.exempt)
	row.to, row.deadline = to.Int64, deadline.Int64
	return id, row, err
}

// noteParties remembers to whom an event gave the case. Which they are follows from each event by itself, so that it
// does not depend on how events are batched.
func (b *batch) noteParties(before hazard.Case, c *caseRow) error {
	for i, s := range c.track.Stages {
		n := len(s.Runs)
		last := s.Runs[n-1].Holder
		if last == nil || i < len(before.Stages) && len(before.Stages[i].Runs) == n && before.Stages[i].Runs[n-1].Holder == last {
			continue
		}
		book := b.dutyBook()
		b.noteParty(c.ID, book.seat(*last), *last)
		if book.err != nil {
			return book.err
		}
	}
	return nil
}

func (b *batch) noteParty(id string, seat grid.CellCode, h hazard.Holder) {
	for _, party := range []string{string(seat), h.Department, h.Person} {
		if party != "" {
			b.parties[[2]string{party, id}] = true
		}
	}
}

// flushParties writes them.
func (b *batch) flushParties() error {
	order := make([][2]string, 0, len(b.parties))
	for k := range b.parties {
		order = append(order, k)
	}
	slices.SortFunc(order, func(x, y [2]string) int { return slices.Compare(x[:], y[:]) })
	args := make([]any, 0, 2*len(order))
	for _, k := range order {
		args = append(args, k[0], k[1])
	}
	return b.insertMany(`INSERT INTO case_parties (party, case_id) VALUES `, 2, args, ` ON CONFLICT (party, case_id) DO NOTHING`)
}

// post is where a duty is that was given or ended. It may change the lines of cases that the post had since, and of vacant
// posts below it.
type post struct {
	programme string
	cell      grid.CellCode // or
	seat      string        // a department
}

// gatherMoved finds the cases whose line a change of duties may move, those not filed whose programme was published
// anew, and those from before there was a calendar when the first is published.
func (b *batch) gatherMoved() error {
	var ids []string
	scan := func(r *sql.Rows) error {
		id, err := scanText(r)
		ids = append(ids, id)
		return err
	}
	var cells []post
	for p, since := range b.moves {
		if p.seat == "" {
			cells = append(cells, p)
			continue
		}
		if err := b.rows(`SELECT DISTINCT i.case_id FROM intervals i JOIN case_parties p ON p.case_id = i.case_id
WHERE p.party = $1 AND i.department = p.party AND i.programme = $2 AND (i.to_at IS NULL OR i.to_at >= $3)`, []any{p.seat, p.programme, since}, scan); err != nil {
			return err
		}
	}
	if err := b.readMoved(cells, scan); err != nil {
		return err
	}
	for _, code := range b.republished {
		if err := b.rows(`SELECT id FROM cases WHERE state IN ($1, $2) AND programme_version = 0 AND programme = $3`,
			[]any{hazard.StateReported, hazard.StateVoided, code}, scan); err != nil {
			return err
		}
	}
	if b.firstCalendar {
		if err := b.rows(`SELECT id FROM cases WHERE calendar_version = 0`, nil, scan); err != nil {
			return err
		}
	}
	unknown := &keyList{}
	for _, id := range ids {
		if b.cases[id] == nil && !b.p.known.Contains(id) {
			unknown.add(id)
		}
	}
	if err := b.readCases(unknown.list); err != nil {
		return err
	}
	for _, id := range ids {
		if _, err := b.caseOf(id); err != nil {
			return err
		}
	}
	return nil
}

// knownPosts is how many posts' duties a projector remembers beyond what a batch needs; tests take fewer.
var knownPosts = 20000

// dutyBook gives the projector's own, reading through the batch.
func (b *batch) dutyBook() *dutyBook {
	d := b.p.duties
	d.rows, d.err = b.rows, nil
	if len(d.known) > knownPosts {
		clear(d.known)
	}
	return d
}

// forget drops what is remembered of posts whose duties change.
func (d *dutyBook) forget(programme string, posts ...string) {
	for _, post := range posts {
		delete(d.known, [2]string{programme, post})
	}
}
