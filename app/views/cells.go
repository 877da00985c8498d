package views

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"strings"

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

func (b *batch) applyCell(e entry, event grid.CellEvent) error {
	code := grid.CellCode(strings.TrimPrefix(e.Stream, "cell-"))
	var c Cell
	if created, ok := event.(grid.CellCreated); ok {
		c = Cell{Code: created.Code, Level: created.Code.Level(), Parent: created.Code.Parent(), Name: created.Name,
			Classes: map[string]string{}, Attributes: created.Attributes, Replaces: created.Replaces}
		if c.Level == 0 {
			return fmt.Errorf("%q is not a cell code", created.Code)
		}
	} else {
		found, err := b.cell(code)
		if err != nil {
			return err
		}
		c = found
	}
	switch ev := event.(type) {
	case grid.CellCreated:
		if err := b.setClasses(&c, ev.Classes); err != nil {
			return err
		}
	case grid.CellClassesSet:
		if err := b.setClasses(&c, ev.Classes); err != nil {
			return err
		}
	case grid.CellAttributesSet:
		c.Attributes = ev.Attributes
	case grid.CellRetired:
		at := b.in(ev.At)
		c.Retired, c.RetiredAt, c.Reason = true, &at, ev.Reason
	case grid.CellReplaced:
		at := b.in(ev.At)
		c.Retired, c.RetiredAt, c.Successors = true, &at, nil
		for _, s := range ev.Successors {
			c.Successors = append(c.Successors, s.Code)
		}
	default:
		return fmt.Errorf("the view of cells knows no %T", event)
	}
	if c.Attributes == nil {
		c.Attributes = map[string]any{}
	}
	c.Version, c.Position = e.Version, e.Position.String()
	return b.saveCell(c)
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

func (b *batch) saveCell(c Cell) error {
	body, err := toJSON(c)
	if err != nil {
		return err
	}
	live := 1
	if c.Retired {
		live = 0
	}
	return b.exec(`
INSERT INTO cells (code, level, parent, name, search, live, body) VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (code) DO UPDATE SET name = excluded.name, search = excluded.search, live = excluded.live, body = excluded.body`,
		string(c.Code), c.Level, string(c.Parent), c.Name, strings.ToLower(c.Name), live, body)
}

// setClasses changes the classes of the programmes named; an empty one takes it away.
func (b *batch) setClasses(c *Cell, classes map[string]string) error {
	for programme, class := range classes {
		if former := c.Classes[programme]; former != "" {
			if err := b.exec(`DELETE FROM cell_classes WHERE programme = $1 AND class = $2 AND cell = $3`, programme, former, string(c.Code)); err != nil {
				return err
			}
		}
		if class == "" {
			delete(c.Classes, programme)
			continue
		}
		c.Classes[programme] = class
		if err := b.exec(`INSERT INTO cell_classes (programme, class, cell) VALUES ($1, $2, $3)`, programme, class, string(c.Code)); err != nil {
			return err
		}
	}
	return nil
}

// Cells lists cells by code, retired ones included.
func (v *Views) Cells(ctx context.Context, f CellFilter, p Paging) (Page[Cell], error) {
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
	var t T
	if err := r.Scan(&body); err != nil {
		return t, err
	}
	return t, json.Unmarshal([]byte(body), &t)
}
