package views

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"gridward/domain/grid"
	"gridward/domain/patrol"
)

// Every statement of what was missing, the superseded ones too; and one row for each person who answered for a part of
// it, or for nobody where a post was vacant.
var shortfallsTable = table{"shortfalls", []string{"stream", "version"}, `
CREATE TABLE IF NOT EXISTS shortfalls (
	stream        TEXT NOT NULL,
	version       BIGINT NOT NULL,
	programme     TEXT NOT NULL,
	area          TEXT NOT NULL,
	from_at       BIGINT NOT NULL,
	to_at         BIGINT NOT NULL,
	short         BIGINT NOT NULL,
	recorded_at   BIGINT NOT NULL,
	superseded_at BIGINT,
	body          TEXT NOT NULL, -- a patrol.Statement
	PRIMARY KEY (stream, version)
);
CREATE INDEX IF NOT EXISTS shortfalls_area ON shortfalls (area, to_at)`}

var missedTable = table{"missed", []string{"stream", "version", "seq"}, `
CREATE TABLE IF NOT EXISTS missed (
	stream        TEXT NOT NULL,
	version       BIGINT NOT NULL,
	seq           BIGINT NOT NULL,
	programme     TEXT NOT NULL,
	cell          TEXT NOT NULL, -- the post's, or the premises
	person        TEXT NOT NULL, -- '' where nobody answered
	to_at         BIGINT NOT NULL,
	recorded_at   BIGINT NOT NULL,
	superseded_at BIGINT,
	body          TEXT NOT NULL, -- a MissedDuty without its chain
	PRIMARY KEY (stream, version, seq)
)`}

const missedListed = `
CREATE INDEX IF NOT EXISTS missed_person ON missed (person, to_at);
CREATE INDEX IF NOT EXISTS missed_cell ON missed (cell, to_at)`

// The local days whose periods are closed.
var patrolDaysTable = table{"patrol_days", []string{"day"}, `
CREATE TABLE IF NOT EXISTS patrol_days (
	day TEXT PRIMARY KEY -- as 2026-02-10
)`}

// MissedDuty is one person's part of what a duty missed in a period (逐级责任追究), and who should have seen it.
type MissedDuty struct {
	Programme  string            `json:"programme"`
	What       string            `json:"what"`
	Cell       grid.CellCode     `json:"cell"` // the post's, or the premises
	Period     string            `json:"period"`
	From       time.Time         `json:"from"`
	To         time.Time         `json:"to"`
	Person     string            `json:"person"` // empty: the post was vacant and nobody stood in
	Role       string            `json:"role"`
	Required   int               `json:"required"`
	Done       int               `json:"done"`
	Short      int               `json:"short"`
	Days       int               `json:"days"`
	StandIn    bool              `json:"stand_in"`
	Jointly    bool              `json:"jointly"`
	RecordedAt time.Time         `json:"recorded_at"` // when it was stated
	Chain      []patrol.InCharge `json:"chain"`
}

// Shortfall is what was missing in an area, as last stated; Earlier is what was said before.
type Shortfall struct {
	patrol.Statement
	RecordedAt time.Time   `json:"recorded_at"`
	Earlier    []Shortfall `json:"earlier,omitempty"`
}

func (b *batch) applyShortfall(e entry, event patrol.Event) error {
	var s patrol.Statement
	switch ev := event.(type) {
	case patrol.Found:
		s = patrol.Statement(ev)
	case patrol.Restated:
		s = patrol.Statement(ev)
	default:
		return fmt.Errorf("the view of shortfalls knows no %T", event)
	}
	if e.Version > 1 {
		if err := b.supersedeStated(e); err != nil {
			return err
		}
	}
	body, err := toJSON(s)
	if err != nil {
		return err
	}
	b.stated = append(b.stated, e.Stream, e.Version, s.Programme, string(s.Area), micros(s.From), micros(s.To), s.Short, micros(e.RecordedAt), body)
	return b.missed(e, s)
}

// supersedeStated ends what was stated of a period before, in this batch too.
func (b *batch) supersedeStated(e entry) error {
	if err := b.flushStated(); err != nil {
		return err
	}
	for _, name := range []string{"shortfalls", "missed"} {
		if err := b.exec(`UPDATE `+name+` SET superseded_at = $2 WHERE stream = $1 AND superseded_at IS NULL`, e.Stream, micros(e.RecordedAt)); err != nil {
			return err
		}
	}
	return nil
}

// flushStated writes what was stated.
func (b *batch) flushStated() error {
	stated, missing := b.stated, b.missing
	b.stated, b.missing = nil, nil
	return errors.Join(
		b.insertMany(`INSERT INTO shortfalls (stream, version, programme, area, from_at, to_at, short, recorded_at, body) VALUES `, 9, stated, ``),
		b.insertMany(`INSERT INTO missed (stream, version, seq, programme, cell, person, to_at, recorded_at, body) VALUES `, 9, missing, ``))
}

func (b *batch) missed(e entry, s patrol.Statement) error {
	seq := 0
	for _, l := range s.Lines {
		for _, h := range l.Holders {
			if h.Short == 0 {
				continue
			}
			m := MissedDuty{Programme: s.Programme, What: l.What, Cell: l.Cell, Period: s.Period, From: b.in(s.From), To: b.in(s.To), Person: h.Person, Role: h.Role,
				Required: h.Required, Done: h.Done, Short: h.Short, Days: h.Days, StandIn: h.StandIn, Jointly: h.Jointly, RecordedAt: b.in(e.RecordedAt)}
			if m.Role == "" {
				m.Role = l.Role
			}
			body, err := toJSON(m)
			if err != nil {
				return err
			}
			b.missing = append(b.missing, e.Stream, e.Version, seq, s.Programme, string(l.Cell), h.Person, micros(s.To), micros(e.RecordedAt), body)
			seq++
		}
	}
	return nil
}

func (b *batch) applyDayClosed(_ entry, event patrol.DayEvent) error {
	if ev, ok := event.(patrol.DayClosed); ok {
		return b.exec(`INSERT INTO patrol_days (day) VALUES ($1) ON CONFLICT (day) DO NOTHING`, ev.Day)
	}
	return fmt.Errorf("the view of closed days knows no %T", event)
}

// Shortfalls lists what was missing in the periods that ended within a period, in the areas of a subtree: by the end
// of the period, then by area. What nothing is missing of any more is listed too, with what was said of it before.
func (v *Views) Shortfalls(ctx context.Context, cell grid.CellCode, programme string, period Period, asOf time.Time, p Paging) (Page[Shortfall], error) {
	if err := v.Holds(cell); err != nil {
		return Page[Shortfall]{}, err
	}
	size, err := p.size()
	if err != nil {
		return Page[Shortfall]{}, err
	}
	k, ok, err := p.after("shortfalls")
	if err != nil {
		return Page[Shortfall]{}, err
	}
	var w where
	w.known("s.", asOf)
	w.subtree("s.area", "", cell)
	w.is("s.programme", programme)
	if !period.From.IsZero() {
		w.and("s.to_at > ? AND s.to_at <= ?", micros(period.From), micros(period.To))
	}
	if ok {
		area, stream, _ := strings.Cut(k.S, " ")
		w.and("(s.to_at, s.area, s.stream) > (?, ?, ?)", k.N, area, stream)
	}
	type at struct {
		Shortfall
		stream string
	}
	rows, err := collect(ctx, v, `SELECT s.stream, s.recorded_at, s.body FROM shortfalls s`+w.text("s.to_at, s.area, s.stream", size+1), w.args, func(r *sql.Rows) (a at, err error) {
		a.stream, a.Shortfall, err = v.scanShortfall(r)
		return a, err
	})
	if err != nil {
		return Page[Shortfall]{}, err
	}
	cut := pageOf("shortfalls", rows, size, func(a at) key { return key{N: micros(a.To), S: string(a.Area) + " " + a.stream} })
	page := Page[Shortfall]{Items: make([]Shortfall, len(cut.Items)), NextCursor: cut.NextCursor}
	for i, a := range cut.Items {
		if a.Earlier, err = v.earlier(ctx, a.stream, a.RecordedAt); err != nil {
			return Page[Shortfall]{}, err
		}
		page.Items[i] = a.Shortfall
	}
	return page, nil
}

func (v *Views) scanShortfall(r *sql.Rows) (stream string, s Shortfall, err error) {
	var recorded int64
	var body string
	if err := r.Scan(&stream, &recorded, &body); err != nil {
		return "", s, err
	}
	s.Statement, err = marshaled[patrol.Statement](body)
	s.RecordedAt, s.From, s.To = v.at(recorded), s.From.In(v.loc), s.To.In(v.loc)
	return stream, s, err
}

// earlier gives what was said before an instant.
func (v *Views) earlier(ctx context.Context, stream string, before time.Time) ([]Shortfall, error) {
	return collect(ctx, v, `SELECT stream, recorded_at, body FROM shortfalls WHERE stream = $1 AND superseded_at <= $2 ORDER BY version`,
		[]any{stream, micros(before)}, func(r *sql.Rows) (Shortfall, error) {
			_, s, err := v.scanShortfall(r)
			return s, err
		})
}

const selectMissed = `SELECT m.body, s.body FROM missed m JOIN shortfalls s ON s.stream = m.stream AND s.version = m.version`

// scanMissed reads a missed duty with the chain above it.
func (v *Views) scanMissed(r *sql.Rows) (MissedDuty, error) {
	var body, statement string
	if err := r.Scan(&body, &statement); err != nil {
		return MissedDuty{}, err
	}
	m, err := marshaled[MissedDuty](body)
	if err != nil {
		return m, err
	}
	s, err := marshaled[struct {
		Chain []patrol.InCharge `json:"chain"`
	}](statement)
	m.Chain = orEmpty(s.Chain)
	return m, err
}

// missedBy gives the duties missed in periods that ended in a stretch: by a person, or in a subtree.
func (v *Views) missedBy(ctx context.Context, person string, cell grid.CellCode, from, to, asOf time.Time) ([]MissedDuty, error) {
	var w where
	w.known("m.", asOf)
	w.is("m.person", person)
	w.subtree("m.cell", "", cell)
	if !from.IsZero() {
		w.and("m.to_at > ?", micros(from))
	}
	if !to.IsZero() {
		w.and("m.to_at <= ?", micros(to))
	}
	out, err := collect(ctx, v, selectMissed+w.text("m.to_at, m.cell, m.stream, m.seq", 0), w.args, v.scanMissed)
	return orEmpty(out), err
}

// missedBefore gives the patrols missed over a place in the period before an instant: those that would have found what
// was found then (design: programmes, water: traced level by level).
func (v *Views) missedBefore(ctx context.Context, programme string, cell grid.CellCode, found, asOf time.Time) ([]MissedDuty, error) {
	up := cell.Upward()
	var w where
	w.known("m.", asOf)
	w.and("m.programme = ?", programme)
	marks := make([]string, len(up))
	args := make([]any, len(up))
	for i, c := range up {
		marks[i], args[i] = "?", string(c)
	}
	w.and("m.cell IN ("+strings.Join(marks, ", ")+")", args...)
	w.and("m.to_at <= ?", micros(found))
	w.and("m.to_at > ?", micros(found.AddDate(-1, 0, 0)))
	all, err := collect(ctx, v, selectMissed+w.text("m.to_at, m.cell, m.stream, m.seq", 0), w.args, v.scanMissed)
	if err != nil {
		return nil, err
	}
	out := []MissedDuty{}
	for _, m := range all {
		if patrol.Walked(m.What) && patrol.Preceding(m.Period, m.From, m.To, found, v.loc) {
			out = append(out, m)
		}
	}
	return out, nil
}
