package views

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"

	"gridward/domain/fault"
	"gridward/domain/grid"
)

// The ledgers of a cell (台账). Each is a book: where its rows come from, and its columns. An upper cell's ledger is
// the books of its subtree one after the other: rows are ordered by cell, then by time, then by id. As of an instant a
// book holds what the log had taken by then, as it was told then.

// book is one ledger.
type book struct {
	title   string
	columns func(context.Context, *Views, LedgerFilter) ([]Column, error)
	page    func(context.Context, *Views, []Column, grid.CellCode, LedgerFilter, Paging) (Page[Row], error)
}

// source says where a book's rows come from, as parts of a query.
type source[T any] struct {
	listing   string                     // the ledger's name in its cursors
	query     string                     // SELECT ... FROM ..., with the joins
	cell      string                     // the column of the cell
	of        string                     // the rows' own one, where they are joined to the cells
	programme string                     // the column of the programme; empty: the rows are of none
	at        string                     // the column of the time, or 0 where the rows have none
	id        string                     // the column that tells rows of one cell and time apart
	narrow    func(*where, LedgerFilter) // to what was known then, and whatever else rows have to meet
	scan      func(*Views, *sql.Rows) (T, error)
	key       func(*T) (grid.CellCode, int64, string)

	past   []string                                           // the queries as of an instant, $1, where those are others: their rows together
	retell func(context.Context, *Views, *T, time.Time) error // tells a row as it was known at an instant, where it has changed since
}

// field is one column with how its value is taken from a row.
type field[T any] struct {
	Column
	value func(*T) any
}

// col makes a column; names may be nil.
func col[T any](key, heading string, names map[string]string, value func(*T) any) field[T] {
	return field[T]{Column{Key: key, Heading: heading, Names: names}, value}
}

// bookOf makes a book with fixed columns.
func bookOf[T any](title string, src source[T], fields ...field[T]) book {
	src.listing = title
	columns := make([]Column, len(fields))
	for i, f := range fields {
		columns[i] = f.Column
	}
	return book{
		title:   title,
		columns: func(context.Context, *Views, LedgerFilter) ([]Column, error) { return columns, nil },
		page: func(ctx context.Context, v *Views, columns []Column, cell grid.CellCode, f LedgerFilter, p Paging) (Page[Row], error) {
			return src.page(ctx, v, cell, f, p, func(t *T) Row {
				values := make([]any, len(fields))
				for i, f := range fields {
					values[i] = f.value(t)
				}
				return Row{columns, values}
			})
		},
	}
}

// page reads one page of the source. It goes from cell to cell and looks in each for the rows of the time asked for: a
// month's page costs the same however many years there are.
func (s source[T]) page(ctx context.Context, v *Views, cell grid.CellCode, f LedgerFilter, p Paging, row func(*T) Row) (Page[Row], error) {
	size, err := p.size()
	if err != nil {
		return Page[Row]{}, err
	}
	k, ok, err := p.after(s.listing)
	if err != nil {
		return Page[Row]{}, err
	}
	queries, w := []string{s.query}, where{}
	if len(s.past) > 0 && !f.AsOf.IsZero() {
		queries, w.args = s.past, []any{micros(f.AsOf)}
	}
	w.subtree(s.cell, "", cell)
	if s.of != "" { // SQLite takes a CROSS JOIN in the order it is written: from each cell to its rows
		w.and(s.of + " = " + s.cell)
	}
	if s.programme != "" {
		w.is(s.programme, f.Programme)
	}
	if s.narrow != nil {
		s.narrow(&w, f)
	}
	if s.at != "0" {
		w.between(s.at, f.From, f.To)
	}
	if ok {
		at, id, _ := strings.Cut(k.S, " ")
		w.and(s.cell+" >= ?", at)
		w.and("("+s.cell+", "+s.at+", "+s.id+") > (?, ?, ?)", at, k.N, id)
	}
	order := s.cell + ", " + s.at + ", " + s.id
	if s.at == "0" {
		order = s.cell + ", " + s.id
	}
	rows, err := s.rows(ctx, v, queries, w.text(order, size+1), w.args, f.AsOf)
	if err != nil {
		return Page[Row]{}, err
	}
	cut := pageOf(s.listing, rows, size, func(t T) key {
		cell, at, id := s.key(&t)
		return key{N: at, S: string(cell) + " " + id}
	})
	page := Page[Row]{Items: make([]Row, len(cut.Items)), NextCursor: cut.NextCursor}
	for i := range cut.Items {
		page.Items[i] = row(&cut.Items[i])
	}
	return page, nil
}

// rows reads the rows of one or several queries, in their order, as they were told at an instant.
func (s source[T]) rows(ctx context.Context, v *Views, queries []string, text string, args []any, asOf time.Time) (out []T, err error) {
	for _, query := range queries {
		rows, err := collect(ctx, v, query+text, args, func(r *sql.Rows) (T, error) { return s.scan(v, r) })
		if err != nil {
			return nil, err
		}
		out = append(out, rows...)
	}
	if s.retell != nil && !asOf.IsZero() {
		for i := range out {
			if err := s.retell(ctx, v, &out[i], asOf); err != nil {
				return nil, err
			}
		}
	}
	if len(queries) > 1 {
		slices.SortFunc(out, func(a, b T) int {
			cell, at, id := s.key(&a)
			otherCell, otherAt, otherID := s.key(&b)
			return cmp.Or(cmp.Compare(cell, otherCell), cmp.Compare(at, otherAt), cmp.Compare(id, otherID))
		})
	}
	return out, nil
}

// bookFor finds the ledger of a name and sees to it that the cell is there.
func (v *Views) bookFor(ctx context.Context, cell grid.CellCode, name string, f LedgerFilter) (book, Cell, error) {
	now := f.Now
	if !f.AsOf.IsZero() {
		now = f.AsOf
	}
	b, ok := books(now.In(v.loc).Format(time.DateOnly))[name]
	if !ok {
		return book{}, Cell{}, fault.Missing("ledger", name)
	}
	c, err := v.Cell(ctx, cell)
	return b, c, err
}

// LedgerPage gives one page of a ledger (premises, inspections, hazards, activities, equipment, transfers, ratings or
// forces) of the cell and its subtree, ordered by cell, then time.
func (v *Views) LedgerPage(ctx context.Context, cell grid.CellCode, name string, f LedgerFilter, p Paging) (Page[Row], error) {
	b, _, err := v.bookFor(ctx, cell, name, f)
	if err != nil {
		return Page[Row]{}, err
	}
	columns, err := b.columns(ctx, v, f)
	if err != nil {
		return Page[Row]{}, err
	}
	return b.page(ctx, v, columns, cell, f, p)
}

// Ledger gives the whole ledger as a sheet for people: persons, offices, programmes and items by their names. Its rows
// are read as they are written.
func (v *Views) Ledger(ctx context.Context, cell grid.CellCode, name string, f LedgerFilter) (Sheet, error) {
	b, c, err := v.bookFor(ctx, cell, name, f)
	if err != nil {
		return Sheet{}, err
	}
	columns, err := b.columns(ctx, v, f)
	if err != nil {
		return Sheet{}, err
	}
	return Sheet{Title: fmt.Sprintf("%s %s", c.Name, b.title), Columns: columns, Rows: v.named(ctx, columns, b.all(ctx, v, columns, cell, f))}, nil
}

// all reads a book page by page.
func (b book) all(ctx context.Context, v *Views, columns []Column, cell grid.CellCode, f LedgerFilter) iter.Seq2[Row, error] {
	return func(yield func(Row, error) bool) {
		p := Paging{Limit: MaxLimit}
		for {
			page, err := b.page(ctx, v, columns, cell, f, p)
			if err != nil {
				yield(Row{}, err)
				return
			}
			for _, r := range page.Items {
				if !yield(r, nil) {
					return
				}
			}
			if page.NextCursor == nil {
				return
			}
			p.Cursor = *page.NextCursor
		}
	}
}
