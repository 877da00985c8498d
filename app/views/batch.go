package views

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"gridward/domain/calendar"
	"gridward/domain/grid"
	"gridward/domain/hazard"
	"gridward/domain/inspection"
	"gridward/domain/notice"
	"gridward/domain/patrol"
	"gridward/domain/programme"
	"gridward/domain/register"
)

// batch is the work of one transaction. What many events of a batch change together (cases, patrol counts) is
// gathered here and written once.
type batch struct {
	ctx      context.Context
	p        *projector
	entries  []entry
	now      int // the index of the one that is applied
	counters Counters
	cases    map[string]*caseRow
	standing map[string]*inspectionRow // inspections by id: those of which a revision was made, or may be superseded
	patrols  map[patrolGroup]*groupState
	parties  map[[2]string]bool // party and case

	// Rows to be written many at once, column by column.
	lines   []any // intervals
	opened  []any // cases
	stated  []any // shortfalls
	missing []any // missed duties
	told    []any // notices

	logged []*inspectionRow // revisions

	results       []result
	moves         map[post]int64 // since when
	republished   []string       // programmes
	firstCalendar bool           // was published
}

func newBatch(ctx context.Context, p *projector, entries []entry) *batch {
	return &batch{ctx: ctx, p: p, entries: entries, cases: map[string]*caseRow{}, standing: map[string]*inspectionRow{},
		patrols: map[patrolGroup]*groupState{}, parties: map[[2]string]bool{}, moves: map[post]int64{}}
}

// run reads what the batch needs, hands each event to its views and writes what was gathered.
func (b *batch) run() error {
	if err := b.ahead(); err != nil {
		return fmt.Errorf("what is there: %w", err)
	}
	for i, e := range b.entries {
		b.now = i
		if err := b.apply(e); err != nil {
			return &errEntry{i, e, err}
		}
	}
	b.now = gathered
	return b.flush()
}

// gathered is the index of no event: what is written of many.
const gathered = -1

// apply hands an event to the views it concerns. An event nobody knows stops the projector.
func (b *batch) apply(e entry) error {
	switch ev := e.event.(type) {
	case hazard.Event:
		return b.applyCase(e, ev)
	case inspection.Event:
		return b.applyInspection(e, ev)
	case inspection.CampaignEvent:
		return b.applyCampaign(e, ev)
	case grid.CellEvent:
		return b.applyCell(e, ev)
	case grid.PersonEvent:
		return b.applyPerson(e, ev)
	case grid.DepartmentEvent:
		return b.applyDepartment(e, ev)
	case grid.DutyEvent:
		return b.applyDuty(e, ev)
	case register.ActivityEvent:
		return b.applyActivity(e, ev)
	case register.EquipmentEvent:
		return b.applyEquipment(e, ev)
	case register.ForceEvent:
		return b.applyForce(e, ev)
	case programme.Event:
		return b.applyProgramme(e, ev)
	case programme.IndexEvent:
		return nil // only the code: the programme comes with its publication
	case calendar.Event:
		return b.applyCalendar(e, ev)
	case patrol.Event:
		return b.applyShortfall(e, ev)
	case patrol.DayEvent:
		return b.applyDayClosed(e, ev)
	case notice.Event:
		return b.applyDigest(e, ev)
	}
	return fmt.Errorf("no view knows %T", e.event)
}

// flush writes what was gathered.
func (b *batch) flush() error {
	if err := b.gatherMoved(); err != nil {
		return fmt.Errorf("cases that moved: %w", err)
	}
	if err := b.readPosts(); err != nil {
		return fmt.Errorf("duties: %w", err)
	}
	composing := b.compose()
	defer func() { _ = composing.cases() }() // its error is told below, unless something else went wrong before
	for _, part := range []struct {
		name  string
		write func() error
	}{
		{"inspections", b.flushInspections},
		{"patrols", func() error { return b.flushPatrols(<-composing.patrols) }},
		{"shortfalls", b.flushStated},
		{"notices", b.flushNotices},
		{"composing", composing.cases},
		{"cases", b.flushCases},
		{"parties", b.flushParties},
	} {
		if err := part.write(); err != nil {
			return fmt.Errorf("%s: %w", part.name, err)
		}
	}
	for _, r := range b.results { // an engine that sent them without waiting is waited for now
		n, err := r.RowsAffected()
		if err == nil && n == 0 && r.must != "" {
			err = fmt.Errorf("there is no such %s", r.must)
		}
		if err != nil && r.of != gathered {
			err = &errEntry{r.of, b.entries[r.of], err}
		}
		if err != nil {
			return err
		}
		b.counters.Rows += uint64(max(n, 0))
	}
	return nil
}

// prepared gives the statement of a text, prepared once per connection.
func (b *batch) prepared(text string, args []any) (*sql.Stmt, error) {
	b.counters.Statements++
	if b.p.onExec != nil {
		if err := b.p.onExec(text, args); err != nil {
			return nil, err
		}
	}
	if s := b.p.stmts[text]; s != nil {
		return s, nil
	}
	engine := text
	if b.p.plain {
		engine = positional(text)
	}
	s, err := b.p.conn.PrepareContext(b.ctx, engine)
	if err != nil {
		return nil, fmt.Errorf("prepare %q: %w", text, err)
	}
	b.p.stmts[text] = s
	return s, nil
}

// exec runs a statement that writes.
func (b *batch) exec(text string, args ...any) error { return b.later("", text, args...) }

// result is a statement sent, with what it has to touch a row of, if so, and the index of the event it is for.
type result struct {
	sql.Result
	must string
	of   int
}

// later runs a statement that writes. How many rows it touched is asked at the end of the batch: where must names what
// is to be there already, none is an error.
func (b *batch) later(must, text string, args ...any) error {
	s, err := b.prepared(text, args) //nolint:sqlclosecheck // kept with the connection
	if err != nil {
		return err
	}
	r, err := s.ExecContext(b.ctx, args...)
	if err != nil {
		return err
	}
	b.results = append(b.results, result{r, must, b.now})
	return nil
}

// changed runs a statement that writes, and tells how many rows it touched.
func (b *batch) changed(text string, args ...any) (int64, error) {
	s, err := b.prepared(text, args) //nolint:sqlclosecheck // kept with the connection
	if err != nil {
		return 0, err
	}
	r, err := s.ExecContext(b.ctx, args...)
	if err != nil {
		return 0, err
	}
	n, err := r.RowsAffected()
	b.counters.Rows += uint64(max(n, 0))
	return n, err
}

// row reads one row; ok is false when there is none.
func (b *batch) row(text string, args []any, into ...any) (ok bool, err error) {
	s, err := b.prepared(text, args) //nolint:sqlclosecheck // kept with the connection
	if err != nil {
		return false, err
	}
	err = s.QueryRowContext(b.ctx, args...).Scan(into...)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return err == nil, err
}

// rows reads many rows; scan is called for each.
func (b *batch) rows(text string, args []any, scan func(*sql.Rows) error) error {
	s, err := b.prepared(text, args) //nolint:sqlclosecheck // kept with the connection
	if err != nil {
		return err
	}
	rows, err := s.QueryContext(b.ctx, args...)
	if err != nil {
		return err
	}
	return eachRow(rows, scan)
}

// chunks is how many rows go into one statement where many are written or read at once.
var chunks = []int{64, 16, 4, 1}

// chunk is how many of so many, at least one, go into the next statement.
func chunk(left int) int {
	return chunks[slices.IndexFunc(chunks, func(n int) bool { return n <= left })]
}

// insertMany writes rows of so many columns each: head, a list of rows, tail.
func (b *batch) insertMany(head string, columns int, args []any, tail string) error {
	for len(args) > 0 {
		n := chunk(len(args) / columns)
		if err := b.exec(b.p.rowsText(rowsOf{head, tail, columns, n}), args[:n*columns]...); err != nil {
			return err
		}
		args = args[n*columns:]
	}
	return nil
}

// rowsOf is a text: head, then n rows of so many placeholders each, then tail.
type rowsOf struct {
	head, tail string
	columns, n int
}

// rowsText writes such a text, once.
func (p *projector) rowsText(r rowsOf) string {
	if text, ok := p.texts[r]; ok {
		return text
	}
	var s strings.Builder
	s.WriteString(r.head)
	for i := range r.n * r.columns {
		switch {
		case i == 0:
			s.WriteString("($")
		case i%r.columns == 0:
			s.WriteString("), ($")
		default:
			s.WriteString(", $")
		}
		s.WriteString(strconv.Itoa(i + 1))
	}
	s.WriteString(")")
	s.WriteString(r.tail)
	p.texts[r] = s.String()
	return p.texts[r]
}
