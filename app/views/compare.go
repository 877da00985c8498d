package views

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
)

// Difference is one row that two generations do not agree on. It names columns, not what is in them: that may be
// personal.
type Difference struct {
	Table   string
	Key     string   // the row's primary key
	What    string   // "missing" (only in b), "surplus" (only in a) or "differs"
	Columns []string // with "differs": which
}

func (d Difference) String() string {
	s := d.Table + " " + d.Key + ": " + d.What
	if len(d.Columns) > 0 {
		s += " in " + strings.Join(d.Columns, ", ")
	}
	return s
}

// Compare gives the rows on which two generations differ, at most limit of each table. Both stand still meanwhile.
func Compare(ctx context.Context, a, b Queries, limit int) ([]Difference, error) {
	var out []Difference
	for _, t := range tables {
		d, err := t.compare(ctx, a, b, limit)
		if err != nil {
			return nil, fmt.Errorf("compare %s: %w", t.name, err)
		}
		out = append(out, d...)
	}
	return out, nil
}

// compare walks both tables in the order of their keys.
func (t table) compare(ctx context.Context, a, b Queries, limit int) (out []Difference, err error) {
	left, err := t.walk(ctx, a)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, left.close()) }()
	right, err := t.walk(ctx, b)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, right.close()) }()
	for len(out) < limit && (left.more || right.more) {
		order := 0
		switch {
		case !right.more:
			order = -1
		case !left.more:
			order = 1
		default:
			order = compareKeys(left.values[:len(t.key)], right.values[:len(t.key)])
		}
		switch {
		case order < 0:
			out = append(out, Difference{Table: t.name, Key: left.key(), What: "surplus"})
			err = left.next()
		case order > 0:
			out = append(out, Difference{Table: t.name, Key: right.key(), What: "missing"})
			err = right.next()
		default:
			if columns := left.differing(right); columns != nil {
				out = append(out, Difference{Table: t.name, Key: left.key(), What: "differs", Columns: columns})
			}
			err = errors.Join(left.next(), right.next())
		}
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}

// walker reads one table row by row: first the key's columns, then all.
type walker struct {
	table   table
	rows    *sql.Rows
	columns []string
	values  []any
	more    bool
}

func (t table) walk(ctx context.Context, db Queries) (*walker, error) {
	k := strings.Join(t.key, ", ")
	rows, err := db.QueryContext(ctx, "SELECT "+k+", t.* FROM "+t.name+" t ORDER BY "+k) //nolint:gosec,rowserrcheck,sqlclosecheck // constant names; the walker checks and closes
	if err != nil {
		return nil, err
	}
	w := &walker{table: t, rows: rows}
	if w.columns, err = rows.Columns(); err == nil {
		w.values = make([]any, len(w.columns))
		err = w.next()
	}
	if err != nil {
		return nil, errors.Join(err, rows.Close()) //nolint:sqlclosecheck // else the walker closes
	}
	return w, nil
}

func (w *walker) next() error {
	if w.more = w.rows.Next(); !w.more {
		return w.rows.Err()
	}
	into := make([]any, len(w.values))
	for i := range w.values {
		into[i] = &w.values[i]
	}
	return w.rows.Scan(into...)
}

func (w *walker) close() error { return w.rows.Close() }

func (w *walker) key() string {
	parts := make([]string, len(w.table.key))
	for i := range parts {
		parts[i] = fmt.Sprint(w.values[i])
	}
	return strings.Join(parts, "/")
}

func (w *walker) differing(o *walker) []string {
	var out []string
	for i := len(w.table.key); i < len(w.values); i++ {
		if w.values[i] != o.values[i] && w.columns[i] != "epoch" { // who projected is no part of what is known
			out = append(out, w.columns[i])
		}
	}
	return out
}

// compareKeys orders keys as the database does: numbers by value, texts by their bytes.
func compareKeys(a, b []any) int {
	for i := range a {
		n, isNumber := a[i].(int64)
		m, alsoNumber := b[i].(int64)
		order := 0
		if isNumber && alsoNumber {
			order = cmp.Compare(n, m)
		} else {
			order = strings.Compare(fmt.Sprint(a[i]), fmt.Sprint(b[i]))
		}
		if order != 0 {
			return order
		}
	}
	return 0
}
