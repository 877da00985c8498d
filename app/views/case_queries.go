package views

import (
	"context"
	"database/sql"
	"encoding/json"
	"strings"
	"time"

	"gridward/app"
	"gridward/domain/fault"
	"gridward/domain/grid"
	"gridward/domain/hazard"
	"gridward/domain/personal"
)

// Cases lists cases, the last reported first.
func (v *Views) Cases(ctx context.Context, f CaseFilter, p Paging) (Page[Case], error) {
	if err := v.Holds(f.Cell); err != nil {
		return Page[Case]{}, err
	}
	var w where
	w.subtree("c.cell", "c.district", f.Cell)
	w.is("c.programme", f.Programme)
	w.is("c.state", f.State)
	w.is("c.severity", f.Severity)
	w.is("c.item", f.Item)
	if f.Holder != "" {
		w.and("(c.holder_post = ? OR c.holder_person = ?)", f.Holder, f.Holder)
	}
	if f.Supervised != nil {
		w.and(map[bool]string{true: "c.supervision IS NOT NULL", false: "c.supervision IS NULL"}[*f.Supervised])
	}
	if f.Overdue != nil {
		w.and(map[bool]string{true: "c.deadline_at < ?", false: "(c.deadline_at IS NULL OR c.deadline_at >= ?)"}[*f.Overdue], micros(f.Now))
	}
	w.between("c.reported_at", f.From, f.To)
	const bodies = `SELECT c.body FROM (SELECT c.id, c.reported_at FROM cases c{}) page JOIN cases c ON c.id = page.id
ORDER BY page.reported_at DESC, page.id DESC` // what is sifted and sorted are short rows
	page, err := timed(ctx, v, bodies, &w, "c.reported_at", "c.id", true, p, scanBody[Case],
		func(c *Case) key { return key{N: micros(c.ReportedAt), S: c.ID} })
	for i := range page.Items {
		page.Items[i].judge(f.Now)
	}
	return page, err
}

// judge says whether a known deadline has passed.
func (c *Case) judge(now time.Time) { c.Overdue = c.Deadline != nil && now.After(c.Deadline.At) }

// Case gives one case; overdue is judged at now.
func (v *Views) Case(ctx context.Context, id string, now time.Time) (Case, error) {
	rows, err := collect(ctx, v, `SELECT body FROM cases WHERE id = $1`, []any{id}, scanBody[Case])
	if err == nil && len(rows) == 0 {
		err = v.missing(ctx, "case", id)
	}
	if err != nil {
		return Case{}, err
	}
	rows[0].judge(now)
	return rows[0], nil
}

// OpenCasesOf gives the ids of the open cases of exactly this cell, or held by it, in order: those that the cell's
// replacement moves. It waits until the views know everything up to the position.
func (v *Views) OpenCasesOf(ctx context.Context, cell grid.CellCode, upTo app.Position) ([]string, error) {
	if err := v.WaitFor(ctx, upTo); err != nil {
		return nil, err
	}
	return collect(ctx, v, `
SELECT id FROM cases WHERE (cell = $1 OR holder_post = $1) AND state NOT IN ($2, $3) ORDER BY id`,
		[]any{string(cell), hazard.StateClosed, hazard.StateVoided}, scanText)
}

// late is how long after it happened a fact is recorded at least to be marked late (design: time).
const late = time.Hour

// OpenCasesUnder gives the ids of the open cases derived under one of those versions of a programme, or with none named
// of the calendar, in order. It waits until the views know everything up to the position.
func (v *Views) OpenCasesUnder(ctx context.Context, programme string, versions []int, upTo app.Position) ([]string, error) {
	if err := v.WaitFor(ctx, upTo); err != nil {
		return nil, err
	}
	var w where
	w.and("state NOT IN (?, ?)", hazard.StateClosed, hazard.StateVoided)
	column := "calendar_version"
	if programme != "" {
		w.is("programme", programme)
		column = "programme_version"
	}
	args := make([]any, len(versions))
	for i, n := range versions {
		args[i] = n
	}
	w.and(column+" IN (?"+strings.Repeat(", ?", len(versions)-1)+")", args...)
	return collect(ctx, v, `SELECT id FROM cases`+w.text("id", 0), w.args, scanText)
}

// LastDeadline is how far the limits under way reach, as far as the last thing due on a case tells; ok is false if
// nothing is due.
func (v *Views) LastDeadline(ctx context.Context) (at time.Time, ok bool, err error) {
	last, err := collect(ctx, v, `SELECT due_at, deadline_at FROM cases WHERE due_at IS NOT NULL ORDER BY due_at DESC, id DESC LIMIT 1`, nil,
		func(r *sql.Rows) (int64, error) {
			var due int64
			var deadline sql.NullInt64
			err := r.Scan(&due, &deadline)
			return max(due, deadline.Int64), err
		})
	if err != nil || len(last) == 0 {
		return at, false, err
	}
	return v.at(last[0]), true, nil
}

// Due gives the cases that time does something to until an instant, by that instant and their id.
func (v *Views) Due(ctx context.Context, until time.Time, limit int) ([]app.DueCase, error) {
	return collect(ctx, v, `SELECT id, due_at FROM cases WHERE due_at <= $1 ORDER BY due_at, id LIMIT $2`, []any{micros(until), limit},
		func(r *sql.Rows) (d app.DueCase, err error) {
			var at int64
			err = r.Scan(&d.ID, &at)
			d.At = time.UnixMicro(at).UTC()
			return d, err
		})
}

// Timeline lists every fact of a case in order, as of an instant (zero: now). It is read from the case's own stream, so
// it is never behind.
func (v *Views) Timeline(ctx context.Context, id string, asOf time.Time, p Paging) (Page[Fact], error) {
	size, err := p.size()
	if err != nil {
		return Page[Fact]{}, err
	}
	k, _, err := p.after("timeline")
	if err != nil {
		return Page[Fact]{}, err
	}
	records, err := v.log.Load(ctx, "case-"+id, uint64(max(k.N, 0)))
	if err != nil {
		return Page[Fact]{}, err
	}
	if err := v.holdsStream(records); err != nil {
		return Page[Fact]{}, err
	}
	records = takenBy(records, asOf)
	if len(records) == 0 && k.N == 0 {
		return Page[Fact]{}, fault.Missing("case", id)
	}
	facts := make([]Fact, 0, min(len(records), size+1))
	for _, r := range records[:min(len(records), size+1)] {
		event, err := v.codec.Decode(r.Type, r.Schema, r.Data)
		if err != nil {
			return Page[Fact]{}, err
		}
		words, err := wordsOf(event)
		if err != nil {
			return Page[Fact]{}, err
		}
		occurred := r.Meta.OccurredAt
		if e, ok := event.(hazard.Event); ok {
			occurred = e.Stamped().At
		}
		facts = append(facts, Fact{Version: r.Version, Position: r.Position.String(), Type: r.Type, OccurredAt: occurred.In(v.loc),
			RecordedAt: r.RecordedAt.In(v.loc), Late: r.RecordedAt.Sub(occurred) > late, Actor: r.Meta.Actor, OnBehalfOf: r.Meta.OnBehalfOf,
			Duty: r.Meta.Duty, Words: words})
	}
	return pageOf("timeline", facts, size, func(f Fact) key { return key{N: int64(f.Version)} }), nil
}

// wordsOf gives an event's own fields, less its stamp, with personal values as plain text.
func wordsOf(event any) (map[string]any, error) {
	raw, err := json.Marshal(event)
	if err != nil {
		return nil, err
	}
	var words map[string]any
	if err := json.Unmarshal(raw, &words); err != nil {
		return nil, err
	}
	delete(words, "at")
	delete(words, "by")
	switch e := event.(type) {
	case hazard.Reported:
		delete(words, "case")
		words["description"] = e.Description.Reveal()
		if e.Reporter != nil {
			words["reporter"] = Reporter{Name: e.Reporter.Name.Reveal(), Phone: e.Reporter.Phone.Reveal(), Anonymous: e.Reporter.Anonymous}
		}
	case hazard.Rectified:
		words["performed_by"] = e.PerformedBy.Key()
	case hazard.Noted:
		words["text"] = e.Text.Reveal()
	case hazard.FeedbackGiven:
		reveal(words, "note", e.Note)
	}
	return words, nil
}

func reveal(words map[string]any, name string, value personal.Value) {
	if !value.IsZero() {
		words[name] = value.Reveal()
	}
}
