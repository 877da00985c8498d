package views

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"gridward/domain/grid"
	"gridward/domain/inspection"
)

// One row for each revision of an inspection. The one that stands has no superseded_at; a voided inspection has none
// that stands. Figures are counted from these rows, so what was known at an instant can be counted too.
var inspectionsTable = table{"inspections", []string{"id", "revision"}, `
CREATE TABLE IF NOT EXISTS inspections (
	id            TEXT NOT NULL,
	revision      BIGINT NOT NULL,
	district      TEXT NOT NULL,
	cell          TEXT NOT NULL,
	programme     TEXT NOT NULL,
	officer       TEXT NOT NULL,
	kind          TEXT NOT NULL,
	walk          TEXT,
	campaign      TEXT,
	started_at    BIGINT NOT NULL,
	ended_at      BIGINT NOT NULL,
	recorded_at   BIGINT NOT NULL,
	superseded_at BIGINT,
	acting        TEXT NOT NULL, -- the duties under which somebody acted, separated by spaces: cell/role/acts_as/duty
	void_reason   TEXT,
	body          TEXT NOT NULL, -- an Inspection
	PRIMARY KEY (id, revision)
);
CREATE INDEX IF NOT EXISTS inspections_walk ON inspections (walk) WHERE walk IS NOT NULL;
CREATE INDEX IF NOT EXISTS inspections_campaign ON inspections (campaign, cell) WHERE campaign IS NOT NULL`}

const inspectionsListed = `
CREATE INDEX IF NOT EXISTS inspections_started ON inspections (started_at, id);
CREATE INDEX IF NOT EXISTS inspections_cell ON inspections (cell, started_at, id);
CREATE INDEX IF NOT EXISTS inspections_officer ON inspections (officer, started_at, id)`

// inspectionRow is one row, or one to be.
type inspectionRow struct {
	Inspection
	acting string
	body   string // of one to be

	written          bool
	superseded, void any // the columns of one to be
}

func (b *batch) applyInspection(e entry, event inspection.Event) error {
	switch ev := event.(type) {
	case inspection.Logged:
		b.insertInspection(e.row)
		return nil
	case inspection.Amended:
		in, err := b.supersede(e, "")
		if err != nil {
			return err
		}
		in.Revision++
		in.Reason = ev.Reason
		row, err := b.p.inspectionRow(e, in, ev.Report, ev.Acting)
		if err != nil {
			return err
		}
		b.insertInspection(row)
		return nil
	case inspection.Voided:
		_, err := b.supersede(e, ev.Reason)
		return err
	}
	return fmt.Errorf("the view of inspections knows no %T", event)
}

// loggedRow makes the first row of an inspection. It uses nothing that projecting changes.
func (p *projector) loggedRow(e entry, ev inspection.Logged) (*inspectionRow, error) {
	in := Inspection{ID: ev.ID, ProgrammeVersion: ev.ProgrammeVersion, Hazards: []Finding{}, Cases: []string{}, Revision: 1}
	for _, h := range ev.Hazards {
		f := Finding{Case: h.Case, Item: h.Item, Description: h.Description.Reveal(), Severity: h.Severity}
		if h.OnTheSpot != nil {
			f.OnTheSpot = &Removed{Measures: h.OnTheSpot.Measures, PerformedBy: h.OnTheSpot.PerformedBy.Key(), Evidence: orEmpty(h.OnTheSpot.Evidence)}
		}
		in.Hazards, in.Cases = append(in.Hazards, f), append(in.Cases, h.Case)
	}
	return p.inspectionRow(e, in, ev.Report, ev.Acting)
}

// inspectionRow makes the row of a revision.
func (p *projector) inspectionRow(e entry, in Inspection, r inspection.Report, acting []inspection.Acting) (*inspectionRow, error) {
	in.Programme, in.Cell, in.Officer, in.Kind = r.Programme, r.Cell, r.Officer, r.Kind
	in.Surprise, in.Walk, in.Campaign = r.Surprise, r.Walk, r.Campaign
	in.StartedAt, in.EndedAt, in.RecordedAt = p.in(r.StartedAt), p.in(r.EndedAt), p.in(e.RecordedAt)
	in.Participants = make([]string, len(r.Participants))
	for i, who := range r.Participants {
		in.Participants[i] = personOrName(who.Person, who.Name)
	}
	in.Content, in.Measures, in.Location = r.Content, r.Measures, r.Location
	in.Checklist, in.Evidence, in.Acting = orEmpty(r.Checklist), orEmpty(r.Evidence), orEmpty(acting)
	in.Version, in.Position = e.Version, e.Position.String()
	body, err := toJSON(in)
	return &inspectionRow{Inspection: in, acting: actingText(acting), body: body}, err
}

// insertInspection writes a revision and counts it.
func (b *batch) insertInspection(in *inspectionRow) {
	b.count(in.Inspection, rolesIn(in.acting))
	b.logged = append(b.logged, in)
	b.standing[in.ID] = in
}

// flushInspections writes the revisions gathered.
func (b *batch) flushInspections() error {
	const columns = 16
	args := make([]any, 0, columns*len(b.logged))
	for _, in := range b.logged {
		args = append(args,
			in.ID, in.Revision, string(in.Cell.AtLevel(1)), string(in.Cell), in.Programme, in.Officer, in.Kind, nullText(in.Walk),
			nullText(in.Campaign), micros(in.StartedAt), micros(in.EndedAt), micros(in.RecordedAt), in.superseded, in.void, in.acting, in.body)
	}
	return b.insertMany(`
INSERT INTO inspections (id, revision, district, cell, programme, officer, kind, walk, campaign, started_at, ended_at, recorded_at,
	superseded_at, void_reason, acting, body) VALUES `, columns, args, "")
}

// supersede ends the revision that stands and takes it out of the counts.
func (b *batch) supersede(e entry, voided string) (Inspection, error) {
	id := strings.TrimPrefix(e.Stream, "inspection-")
	in := b.standing[id]
	if in == nil {
		return Inspection{}, fmt.Errorf("no revision of inspection %s stands", id)
	}
	delete(b.standing, id)
	b.uncount(in.Inspection, rolesIn(in.acting))
	if !in.written {
		in.superseded, in.void = micros(e.RecordedAt), nullText(voided)
		return in.Inspection, nil
	}
	return in.Inspection, b.exec(`UPDATE inspections SET superseded_at = $3, void_reason = $4 WHERE id = $1 AND revision = $2`,
		id, in.Revision, micros(e.RecordedAt), nullText(voided))
}

// actingText is how the table keeps the duties under which somebody acted. Codes and ids hold neither spaces nor
// slashes.
func actingText(acting []inspection.Acting) string {
	entries := make([]string, len(acting))
	for i, a := range acting {
		entries[i] = string(a.Cell) + "/" + a.Role + "/" + a.ActsAs + "/" + a.Duty
	}
	return strings.Join(entries, " ")
}

// actingOf reads one entry of it.
func actingOf(entry string) (cell grid.CellCode, role, actsAs, duty string) {
	on, rest, _ := strings.Cut(entry, "/")
	role, rest, _ = strings.Cut(rest, "/")
	actsAs, duty, _ = strings.Cut(rest, "/")
	return grid.CellCode(on), role, actsAs, duty
}

// rolesIn gives each role once, in the order met.
func rolesIn(acting string) []string {
	var roles []string
	for entry := range strings.FieldsSeq(acting) {
		if _, role, _, _ := actingOf(entry); !slices.Contains(roles, role) {
			roles = append(roles, role)
		}
	}
	return roles
}

func orEmpty[T any](s []T) []T {
	if s == nil {
		return []T{}
	}
	return s
}

const selectInspection = `SELECT i.body, i.superseded_at, i.void_reason FROM inspections i`

func (v *Views) scanInspection(r *sql.Rows) (Inspection, error) {
	var in Inspection
	var body string
	var superseded sql.NullInt64
	var void sql.NullString
	if err := r.Scan(&body, &superseded, &void); err != nil {
		return in, err
	}
	err := json.Unmarshal([]byte(body), &in)
	in.SupersededAt, in.VoidReason, in.Voided = v.maybeAt(superseded), void.String, void.Valid
	return in, err
}

// Inspections lists the inspections that stand, the last begun first. Voided ones are found by their id only.
func (v *Views) Inspections(ctx context.Context, f InspectionFilter, p Paging) (Page[Inspection], error) {
	if err := v.Holds(f.Cell); err != nil {
		return Page[Inspection]{}, err
	}
	var w where
	w.and("i.superseded_at IS NULL")
	w.subtree("i.cell", "i.district", f.Cell)
	w.is("i.programme", f.Programme)
	w.is("i.officer", f.Officer)
	w.between("i.started_at", f.From, f.To)
	return timed(ctx, v, selectInspection, &w, "i.started_at", "i.id", true, p, v.scanInspection,
		func(in *Inspection) key { return key{N: micros(in.StartedAt), S: in.ID} })
}

// timed is a page of a listing ordered by a time and then an id, the newest first or the oldest first. The conditions and
// the order go to the end of the query, or where it has a {}.
func timed[T any](ctx context.Context, v *Views, query string, w *where, at, id string, newest bool, p Paging,
	scan func(*sql.Rows) (T, error), of func(*T) key) (Page[T], error) {
	size, err := p.size()
	if err != nil {
		return Page[T]{}, err
	}
	k, ok, err := p.after(listingOf[T]())
	if err != nil {
		return Page[T]{}, err
	}
	order, beyond := at+", "+id, ">"
	if newest {
		order, beyond = at+" DESC, "+id+" DESC", "<"
	}
	if ok {
		w.and("("+at+", "+id+") "+beyond+" (?, ?)", k.N, k.S)
	}
	before, after, _ := strings.Cut(query, "{}")
	query = before + w.text(order, size+1) + after
	rows, err := collect(ctx, v, query, w.args, scan)
	if err != nil {
		return Page[T]{}, err
	}
	return pageOf(listingOf[T](), rows, size, func(t T) key { return of(&t) }), nil
}

// Inspection gives one inspection, voided or not, with its earlier revisions, the first one first.
func (v *Views) Inspection(ctx context.Context, id string) (Inspection, error) {
	rows, err := collect(ctx, v, selectInspection+` WHERE i.id = $1 ORDER BY i.revision`, []any{id}, v.scanInspection)
	if err != nil {
		return Inspection{}, err
	}
	if len(rows) == 0 {
		return Inspection{}, v.missing(ctx, "inspection", id)
	}
	last := len(rows) - 1
	in := rows[last]
	in.Revisions = rows[:last]
	return in, nil
}
