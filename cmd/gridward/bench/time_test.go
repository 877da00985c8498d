//go:build bench

package bench

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"gridward/adapters/eventcodec"
	"gridward/adapters/programmes"
	"gridward/adapters/sqlstore"
	"gridward/app"
	"gridward/app/views"
	"gridward/domain/calendar"
	"gridward/domain/evidence"
	"gridward/domain/grid"
	"gridward/domain/hazard"
	"gridward/domain/programme"
)

// TestDeadlineDerivation derives whole deadlines on one core: some weeks of working days over the Spring Festival, with a
// suspension and an extension, from a different start each time.
func TestDeadlineDerivation(t *testing.T) {
	cal := calendar.Compile(calendar.Builtin())
	from := time.Date(2026, 2, 2, 8, 0, 0, 0, china)
	stages := make([]hazard.Stage, 997)
	for i := range stages {
		at := from.Add(time.Duration(i) * 7 * time.Minute)
		stages[i] = hazard.Stage{Name: programme.StageRectification, Limit: &programme.Limit{N: 10, Unit: programme.WorkingDay},
			Runs: []hazard.Run{{From: at, Road: true}}, Pauses: []calendar.Span{{From: at.AddDate(0, 0, 3), To: at.AddDate(0, 0, 6)}},
			Extensions: []hazard.Extended{{Limit: programme.Limit{N: 3, Unit: programme.WorkingDay}, Granted: at.AddDate(0, 0, 9)}}}
	}
	n := map[bool]int{true: 20_000, false: 2_000_000}[sizes().smoke]
	began := time.Now()
	for i := range n {
		if at, ok := stages[i%len(stages)].Deadline(cal); !ok || at.Before(from) {
			t.Fatal("no deadline")
		}
	}
	judge(t, "deadlines derived", float64(n)/time.Since(began).Seconds(), true, 200_000, "/s")
}

// town is a small district with people, on which cases run.
type town struct {
	*testing.T
	dir   string
	now   time.Time
	log   *sqlstore.Store
	app   *app.App
	views *views.Views
	sent  int
	last  app.Position
}

const (
	theDistrict, theStreet, theCommunity, theArea = grid.CellCode("410104"), grid.CellCode("410104001"), grid.CellCode("410104001001"), grid.CellCode("410104001001001")

	roomHead, groupHead = "00000000-0000-4000-8000-000000000001", "00000000-0000-4000-8000-000000000002"
)

func newTown(t *testing.T) *town {
	t.Helper()
	w := &town{T: t, dir: t.TempDir(), now: time.Date(2026, 1, 5, 9, 0, 0, 0, china)}
	ctx := context.Background()
	w.log = must(sqlstore.Open(ctx, w.dir, sqlstore.Options{Clock: func() time.Time { return w.now }}))(t)
	w.app = must(app.New(w.log, eventcodec.New(), 8192))(t)
	w.views = views.New(w.log, eventcodec.New(), sqlstore.NewGenerations(w.dir, false), china)
	builtin := must(programmes.Builtin())(t)
	w.ok(errors.Join(w.app.PublishBuiltinCalendar(ctx, w.by("")), w.app.PublishBuiltin(ctx, w.by(""), builtin), w.views.Open(ctx, nil)))
	t.Cleanup(func() { w.ok(errors.Join(w.views.Close(), w.log.Close())) })
	for _, c := range []grid.CellCode{theDistrict, theStreet, theCommunity, theArea} {
		w.did(w.app.CreateCell(ctx, w.by(""), grid.CreateCell{Code: c, Name: "网格"}))
	}
	for id, at := range map[string]grid.CellCode{roomHead: theCommunity, groupHead: theArea} {
		w.did(w.app.RegisterPerson(ctx, w.by(""), grid.RegisterPerson{ID: id, Name: "某人"}))
		w.did(w.app.GiveDuty(ctx, w.by(""), at, grid.GiveDuty{Programme: "fire", Role: "chief", Person: id, From: w.now.AddDate(0, -1, 0)}))
	}
	return w
}

// by is the next command of a person, or of a steward.
func (w *town) by(person string) app.By {
	w.sent++
	by := app.By{Actor: person, CommandID: uuid.NewSHA1(uuid.Nil, fmt.Append(nil, w.sent)), ReceivedAt: w.now}
	if person == "" {
		by.Actor, by.Admin = "admin", true
	}
	return by
}

func (w *town) ok(err error) {
	w.Helper()
	if err != nil {
		w.Fatal(err)
	}
}

func (w *town) did(r app.Receipt, err error) string {
	w.Helper()
	w.ok(err)
	w.last = max(w.last, r.Position)
	return r.ID
}

func (w *town) on(id, person string, cmd hazard.Command) {
	w.Helper()
	w.did(w.app.Case(context.Background(), w.by(person), id, cmd))
	w.now = w.now.Add(20 * time.Minute)
}

// opens reports a case and files it; it goes to the area by itself.
func (w *town) opens() string {
	w.Helper()
	id := w.did(w.app.ReportCase(context.Background(), w.by(roomHead), hazard.Report{Programme: "fire", Cell: theArea, Description: "楼道堆物", Source: "resident", FoundAt: w.now}))
	w.on(id, roomHead, hazard.File{Item: "corridor_cluttered"})
	return id
}

// times gives the median of many calls, in microseconds.
func times(t *testing.T, n int, do func() error) float64 {
	t.Helper()
	took := make([]float64, n)
	for i := range took {
		began := time.Now()
		if err := do(); err != nil {
			t.Fatal(err)
		}
		took[i] = float64(time.Since(began).Nanoseconds()) / 1000
	}
	return median(took)
}

// TestAccountabilityBesideItsSQL answers for a case with 200 facts (its stream, the duties of its posts, what was missed
// there), and for a person's year with 2,000 intervals, beside the bare SQL that reads the same rows; both in alternating
// rounds.
func TestAccountabilityBesideItsSQL(t *testing.T) {
	w, s := newTown(t), sizes()
	facts, cases, calls := 200, 1000, 21
	if s.smoke {
		facts, cases, calls = 40, 20, 3
	}
	long := w.longCase(facts)
	for range cases {
		w.wholeCase()
	}
	ctx := context.Background()
	w.ok(w.views.CatchUp(ctx))
	log := must(sql.Open("sqlite", filepath.Join(w.dir, "log.db")))(t)
	defer func() { _ = log.Close() }()
	n, _, err := sqlstore.NewGenerations(w.dir, true).Current(ctx)
	w.ok(err)
	tables := must(sqlstore.NewGenerations(w.dir, true).Open(ctx, n))(t)
	defer func() { _ = tables.Close() }()

	var posts []any
	for _, c := range theArea.Upward() {
		posts = append(posts, string(c))
	}
	var ofCase, ofPerson []float64
	for range s.rounds {
		bare := times(t, calls, func() error {
			return errors.Join(readAll(log, facts, caseRows, "case-"+long), readAll(tables, 1, dutyRows, posts...), readAll(tables, 0, missedRows, posts...))
		})
		whole := times(t, calls, func() error {
			a, err := w.views.CaseAccountability(ctx, long, w.now, time.Time{})
			if err == nil && len(a.Intervals) < facts/4 {
				err = fmt.Errorf("%d intervals", len(a.Intervals))
			}
			return err
		})
		ofCase = append(ofCase, whole/bare)
		t.Logf("a case with %d facts: %.0f µs, its rows alone %.0f µs", facts, whole, bare)
		bare = times(t, calls, func() error { return readAll(tables, 2*cases, intervalRows, groupHead) })
		whole = times(t, calls, func() error {
			a, err := w.views.PersonAccountability(ctx, groupHead, time.Time{}, time.Time{}, w.now, time.Time{})
			if err == nil && len(a.Intervals) < 2*cases {
				err = fmt.Errorf("%d intervals", len(a.Intervals))
			}
			return err
		})
		ofPerson = append(ofPerson, whole/bare)
		t.Logf("a person's year with %d intervals: %.0f µs, its rows alone %.0f µs", 2*cases, whole, bare)
	}
	judge(t, "accountability of a case beside the bare SQL", median(ofCase), false, 3, "")
	judge(t, "accountability of a person's year beside the bare SQL", median(ofPerson), false, 3, "")
}

const (
	caseRows = `SELECT e.position, s.name, e.version, e.event_id, t.name, e.schema, e.recorded_at, e.meta, e.data
FROM streams s JOIN events e ON e.stream = s.id JOIN types t ON t.id = e.type WHERE s.name = ? ORDER BY e.version`
	dutyRows = `SELECT d.id, d.programme, d.role, d.acts_as, d.person, d.department, d.cells, d.from_at, d.to_at, d.recorded_at, d.end_recorded_at
FROM duties d WHERE d.id IN (SELECT duty FROM duty_cells WHERE cell IN (?, ?, ?, ?)) ORDER BY d.given_at`
	missedRows   = `SELECT * FROM missed WHERE superseded_at IS NULL AND cell IN (?, ?, ?, ?) ORDER BY to_at`
	intervalRows = `SELECT case_id, programme, round, stage, cell, department, person, role, office, from_at, to_at, used, limit_n, limit_unit, deadline_at, late, exempt
FROM intervals WHERE person = ? ORDER BY from_at, case_id, seq`
)

// readAll reads every row of a query into variables of their own.
func readAll(db *sql.DB, atLeast int, query string, args ...any) error {
	rows, err := db.Query(query, args...)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }()
	columns, err := rows.Columns()
	if err != nil {
		return err
	}
	into, values := make([]any, len(columns)), make([]any, len(columns))
	for i := range into {
		into[i] = &values[i]
	}
	n := 0
	for ; rows.Next(); n++ {
		if err := rows.Scan(into...); err != nil {
			return err
		}
	}
	if n < atLeast {
		return fmt.Errorf("only %d rows", n)
	}
	return rows.Err()
}

// longCase goes to and fro until it has that many facts.
func (w *town) longCase(facts int) string {
	w.Helper()
	id := w.opens() // three facts
	for n := 3; n < facts; n += 7 {
		w.on(id, groupHead, hazard.Accept{})
		for range 4 {
			w.on(id, groupHead, hazard.Note{Text: "已联系业主"})
		}
		w.on(id, groupHead, hazard.Return{Reason: "不属本片区"})
		w.on(id, roomHead, hazard.Dispatch{Cell: theArea, Instruction: "仍由你处理"})
	}
	return id
}

var proof = []evidence.File{{SHA256: strings.Repeat("ab", 32), MediaType: "image/jpeg", Size: 1000, Phase: "after"}}

// wholeCase goes the whole road within a working day or so.
func (w *town) wholeCase() {
	w.Helper()
	id := w.opens()
	w.on(id, groupHead, hazard.Accept{})
	w.on(id, groupHead, hazard.Rectify{Measures: "已清理", PerformedBy: "物业", Evidence: proof})
	w.on(id, roomHead, hazard.Check{Result: hazard.Passed})
	w.on(id, roomHead, hazard.Close{Rating: "good"})
	w.now = w.now.Add(6 * time.Hour)
}

// TestTickWithNothingDue looks for what is due among a million open cases of which none has anything due.
func TestTickWithNothingDue(t *testing.T) {
	w := newTown(t)
	id := w.opens()
	ctx := context.Background()
	w.ok(w.views.CatchUp(ctx))
	n, _, err := sqlstore.NewGenerations(w.dir, false).Current(ctx)
	w.ok(err)
	tables := must(sqlstore.NewGenerations(w.dir, false).Open(ctx, n))(t)
	defer func() { _ = tables.Close() }()
	cases := map[bool]int{true: 2_000, false: 1_000_000}[sizes().smoke]
	_, err = tables.ExecContext(ctx, `
WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
INSERT INTO cases (id, district, cell, programme, reported_at, state, severity, item, holder_post, holder_person, deadline_at, due_at, recorded_at,
	programme_version, calendar_version, body, track)
SELECT 'c' || n.i, district, cell, programme, reported_at + n.i, state, severity, item, holder_post, holder_person, deadline_at + n.i, due_at + n.i,
	recorded_at, programme_version, calendar_version, '{}', '{}' FROM cases, n WHERE id = ?`, cases, id)
	w.ok(err)
	s := app.NewScheduler(w.app, app.Schedule{Due: w.views.Due, Visible: w.views.WaitFor, PeriodEnd: w.views.PeriodEnd,
		ClosePeriods: func(context.Context, time.Time, time.Time) (app.Position, error) {
			return 0, errors.New("nothing ends")
		},
		Clock: func() time.Time { return w.now }, Failed: func(what string, err error) { t.Errorf("%s: %v", what, err) }})
	tick := times(t, 201, func() error { return s.CatchUp(ctx, w.now) })
	if did := s.Status().Done; did != 0 {
		t.Fatalf("it did %d things", did)
	}
	judge(t, fmt.Sprintf("a tick over %d open cases with nothing due", cases), tick/1000, false, 1, " ms")
}
