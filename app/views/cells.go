package views

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"maps"
	"strings"
	"time"

	"gridward/app"
	"gridward/domain/fault"
	"gridward/domain/grid"
)

var cellsTable = table{"cells", []string{"code"}, `
CREATE TABLE IF NOT EXISTS cells (
	code   TEXT PRIMARY KEY,
	level  BIGINT NOT NULL,
	parent TEXT NOT NULL,
	name   TEXT NOT NULL,
	search TEXT NOT NULL, -- the name in lower case
	live   BIGINT NOT NULL,
	created_at       BIGINT NOT NULL,
	recorded_at      BIGINT NOT NULL,
	left_at          BIGINT, -- the grid
	left_recorded_at BIGINT,
	body   TEXT NOT NULL  -- a Cell
);
CREATE INDEX IF NOT EXISTS cells_parent ON cells (parent, code);
CREATE INDEX IF NOT EXISTS cells_level ON cells (level, code)`}

var cellClassesTable = table{"cell_classes", []string{"programme", "class", "cell"}, `
CREATE TABLE IF NOT EXISTS cell_classes (
	programme TEXT NOT NULL,
	class     TEXT NOT NULL,
	cell      TEXT NOT NULL,
	PRIMARY KEY (programme, class, cell)
);
CREATE INDEX IF NOT EXISTS cell_classes_class ON cell_classes (class, cell);
CREATE INDEX IF NOT EXISTS cell_classes_cell ON cell_classes (cell)`}

// Which class a cell had in a programme, and from when to when.
var classSpansTable = table{"class_spans", []string{"cell", "programme", "version"}, `
CREATE TABLE IF NOT EXISTS class_spans (
	cell            TEXT NOT NULL,
	programme       TEXT NOT NULL,
	version         BIGINT NOT NULL, -- of the cell, when it got the class
	class           TEXT NOT NULL,
	from_at         BIGINT NOT NULL,
	to_at           BIGINT,
	recorded_at     BIGINT NOT NULL,
	end_recorded_at BIGINT,
	PRIMARY KEY (cell, programme, version)
);
CREATE INDEX IF NOT EXISTS class_spans_programme ON class_spans (programme, cell)`}

func (b *batch) applyCell(e entry, event grid.CellEvent) error {
	code := grid.CellCode(strings.TrimPrefix(e.Stream, "cell-"))
	var before Cell
	if _, created := event.(grid.CellCreated); !created {
		var err error
		if before, err = b.cell(code); err != nil {
			return err
		}
	}
	c, err := before.fold(e.Record, event, b.p.loc)
	if err != nil {
		return err
	}
	if err := b.moveClasses(before, c, e); err != nil {
		return err
	}
	return b.saveCell(c, e)
}

// fold changes a cell by one of its events.
func (c Cell) fold(r app.Record, event grid.CellEvent, loc *time.Location) (Cell, error) {
	switch ev := event.(type) {
	case grid.CellCreated:
		c = Cell{Code: ev.Code, Level: ev.Code.Level(), Parent: ev.Code.Parent(), Name: ev.Name, Attributes: ev.Attributes, Replaces: ev.Replaces}
		if c.Level == 0 {
			return c, fmt.Errorf("%q is not a cell code", ev.Code)
		}
		c.classify(ev.Classes)
	case grid.CellClassesSet:
		c.classify(ev.Classes)
	case grid.CellAttributesSet:
		c.Attributes = ev.Attributes
	case grid.CellRetired:
		at := instant(ev.At, loc)
		c.Retired, c.RetiredAt, c.Reason = true, &at, ev.Reason
	case grid.CellReplaced:
		at := instant(ev.At, loc)
		c.Retired, c.RetiredAt, c.Successors = true, &at, nil
		for _, s := range ev.Successors {
			c.Successors = append(c.Successors, s.Code)
		}
	default:
		return c, fmt.Errorf("the view of cells knows no %T", event)
	}
	if c.Attributes == nil {
		c.Attributes = map[string]any{}
	}
	c.Version, c.Position = r.Version, r.Position.String()
	return c, nil
}

// classify changes the classes of the programmes named; an empty one takes it away.
func (c *Cell) classify(classes map[string]string) {
	next := maps.Clone(c.Classes)
	if next == nil {
		next = map[string]string{}
	}
	for programme, class := range classes {
		if class == "" {
			delete(next, programme)
		} else {
			next[programme] = class
		}
	}
	c.Classes = next
}

func (b *batch) cell(code grid.CellCode) (Cell, error) {
	var body string
	ok, err := b.row(`SELECT body FROM cells WHERE code = $1`, []any{string(code)}, &body)
	if err != nil {
		return Cell{}, err
	}
	if !ok {
		return Cell{}, fmt.Errorf("there is no cell %s", code)
	}
	var c Cell
	return c, json.Unmarshal([]byte(body), &c)
}

func (b *batch) saveCell(c Cell, e entry) error {
	body, err := toJSON(c)
	if err != nil {
		return err
	}
	var left, known any
	if c.RetiredAt != nil {
		left, known = micros(*c.RetiredAt), micros(e.RecordedAt)
	}
	return b.exec(`
INSERT INTO cells (code, level, parent, name, search, live, created_at, recorded_at, left_at, left_recorded_at, body)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
ON CONFLICT (code) DO UPDATE SET name = excluded.name, search = excluded.search, live = excluded.live, left_at = COALESCE(cells.left_at, excluded.left_at),
	left_recorded_at = COALESCE(cells.left_recorded_at, excluded.left_recorded_at), body = excluded.body`,
		string(c.Code), c.Level, string(c.Parent), c.Name, strings.ToLower(c.Name), flag(!c.Retired), micros(e.Meta.OccurredAt), micros(e.RecordedAt),
		left, known, body)
}

// moveClasses writes what changed of a cell's classes: those it has, and since when and until when it had each.
func (b *batch) moveClasses(before, after Cell, e entry) error {
	for programme, class := range before.Classes {
		if after.Classes[programme] == class {
			continue
		}
		if err := b.exec(`DELETE FROM cell_classes WHERE programme = $1 AND class = $2 AND cell = $3`, programme, class, string(after.Code)); err != nil {
			return err
		}
		if err := b.exec(`UPDATE class_spans SET to_at = $3, end_recorded_at = $4 WHERE cell = $1 AND programme = $2 AND to_at IS NULL`,
			string(after.Code), programme, micros(e.Meta.OccurredAt), micros(e.RecordedAt)); err != nil {
			return err
		}
	}
	for programme, class := range after.Classes {
		if before.Classes[programme] == class {
			continue
		}
		if err := b.exec(`INSERT INTO cell_classes (programme, class, cell) VALUES ($1, $2, $3)`, programme, class, string(after.Code)); err != nil {
			return err
		}
		if err := b.exec(`INSERT INTO class_spans (cell, programme, version, class, from_at, recorded_at) VALUES ($1, $2, $3, $4, $5, $6)`,
			string(after.Code), programme, e.Version, class, micros(e.Meta.OccurredAt), micros(e.RecordedAt)); err != nil {
			return err
		}
	}
	return nil
}

// Cells lists cells by code, retired ones included.
func (v *Views) Cells(ctx context.Context, f CellFilter, p Paging) (Page[Cell], error) {
	if err := v.Holds(f.Parent); err != nil {
		return Page[Cell]{}, err
	}
	var w where
	w.is("c.parent", string(f.Parent))
	if f.Level != 0 {
		if f.Level < grid.District || f.Level > grid.Site {
			return Page[Cell]{}, fault.BadField("level", "is not 1 to 5")
		}
		w.and("c.level = ?", f.Level)
	}
	if f.Class != "" {
		w.and("EXISTS (SELECT 1 FROM cell_classes k WHERE k.class = ? AND k.cell = c.code)", f.Class)
	}
	if f.Q != "" {
		part := strings.NewReplacer(`!`, `!!`, `%`, `!%`, `_`, `!_`).Replace(strings.ToLower(f.Q))
		w.and("(c.search LIKE ? ESCAPE '!' OR (c.code >= ? AND c.code < ?))", "%"+part+"%", f.Q, prefixEnd(f.Q))
	}
	return listed(ctx, v, `SELECT c.body FROM cells c`, &w, "c.code", p, func(c *Cell) string { return string(c.Code) })
}

// Cell gives one cell, retired or not.
func (v *Views) Cell(ctx context.Context, code grid.CellCode) (Cell, error) {
	if err := v.Holds(code); err != nil {
		return Cell{}, err
	}
	return single[Cell](ctx, v, "cell", string(code), `SELECT body FROM cells WHERE code = $1`, string(code))
}

// listed is a page of a listing whose rows are kept whole as JSON, ordered by a unique text.
func listed[T any](ctx context.Context, v *Views, query string, w *where, column string, p Paging, id func(*T) string) (Page[T], error) {
	size, err := p.size()
	if err != nil {
		return Page[T]{}, err
	}
	k, ok, err := p.after(listingOf[T]())
	if err != nil {
		return Page[T]{}, err
	}
	if ok {
		w.and(column+" > ?", k.S)
	}
	query += w.text(column, size+1)
	rows, err := collect(ctx, v, query, w.args, scanBody[T])
	if err != nil {
		return Page[T]{}, err
	}
	return pageOf(listingOf[T](), rows, size, func(t T) key { return key{S: id(&t)} }), nil
}

// single is the one row kept whole as JSON that a query gives, or a "not found".
func single[T any](ctx context.Context, v *Views, what, id, query string, args ...any) (T, error) {
	var none T
	rows, err := collect(ctx, v, query, args, scanBody[T])
	if err != nil {
		return none, err
	}
	if len(rows) == 0 {
		return none, fault.Missing(what, id)
	}
	return rows[0], nil
}

func scanBody[T any](r *sql.Rows) (T, error) {
	var body string
	if err := r.Scan(&body); err != nil {
		var none T
		return none, err
	}
	return marshaled[T](body)
}

// marshaled reads what is kept whole as JSON.
func marshaled[T any](body string) (T, error) {
	var t T
	err := json.Unmarshal([]byte(body), &t)
	return t, err
}
