package views

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"gridward/domain/grid"
)

// where gathers the conditions of a query with their arguments.
type where struct {
	conditions []string
	args       []any
}

// and adds a condition; each ? in it becomes the next $n.
func (w *where) and(condition string, args ...any) {
	for _, a := range args {
		w.args = append(w.args, a)
		condition = strings.Replace(condition, "?", fmt.Sprintf("$%d", len(w.args)), 1)
	}
	w.conditions = append(w.conditions, condition)
}

// in adds that a column has one of the values.
func (w *where) in(column string, values []string) {
	args := make([]any, len(values))
	for i, value := range values {
		args[i] = value
	}
	w.and(column+" IN (?"+strings.Repeat(", ?", len(values)-1)+")", args...)
}

// is adds column = value unless the value is empty.
func (w *where) is(column, value string) {
	if value != "" {
		w.and(column+" = ?", value)
	}
}

// subtree narrows to a cell and all below it. A whole district is asked for by a column of its own, which has no
// index: nearly all rows are in it, and they are better read in the order of their time than gathered and sorted.
func (w *where) subtree(column, district string, cell grid.CellCode) {
	switch {
	case cell == "":
	case cell.Level() == grid.District && district != "":
		w.and(district+" = ?", string(cell))
	default:
		w.and(column+" >= ? AND "+column+" < ?", string(cell), prefixEnd(string(cell)))
	}
}

// between narrows a time to [from, to); a zero time is open.
func (w *where) between(column string, from, to time.Time) {
	if !from.IsZero() {
		w.and(column+" >= ?", from.UnixMicro())
	}
	if !to.IsZero() {
		w.and(column+" < ?", to.UnixMicro())
	}
}

// known narrows to the rows that stood at an instant, or that stand now where it is zero.
func (w *where) known(prefix string, asOf time.Time) {
	if asOf.IsZero() {
		w.and(prefix + "superseded_at IS NULL")
		return
	}
	w.and(prefix+"recorded_at <= ? AND ("+prefix+"superseded_at IS NULL OR "+prefix+"superseded_at > ?)", micros(asOf), micros(asOf))
}

// recorded narrows to the rows that the log had taken by an instant; every row had where it is zero.
func (w *where) recorded(prefix string, asOf time.Time) {
	if !asOf.IsZero() {
		w.and(prefix+"recorded_at <= ?", micros(asOf))
	}
}

// limit adds the number of rows as the last argument and gives the text from WHERE on.
func (w *where) text(order string, limit int) string {
	s := ""
	if len(w.conditions) > 0 {
		s = " WHERE " + strings.Join(w.conditions, " AND ")
	}
	if order != "" {
		s += " ORDER BY " + order
	}
	if limit > 0 {
		w.args = append(w.args, limit)
		s += fmt.Sprintf(" LIMIT $%d", len(w.args))
	}
	return s
}

// prefixEnd is the least text behind all that begin with the prefix (digits: ':' follows '9').
func prefixEnd(prefix string) string { return prefix + ":" }

// eachRow reads all rows and closes them.
func eachRow(rows *sql.Rows, scan func(*sql.Rows) error) error {
	for rows.Next() {
		if err := scan(rows); err != nil {
			return errors.Join(err, rows.Close())
		}
	}
	return errors.Join(rows.Err(), rows.Close())
}

// collect runs a query and scans every row into a T.
func collect[T any](ctx context.Context, v *Views, query string, args []any, scan func(*sql.Rows) (T, error)) ([]T, error) {
	g, done, err := v.reader()
	if err != nil {
		return nil, err
	}
	defer done()
	if v.onQuery != nil {
		v.onQuery(query, args)
	}
	rows, err := g.query(ctx, query, args)
	if err != nil {
		return nil, fmt.Errorf("views: query: %w", err)
	}
	var out []T
	err = eachRow(rows, func(r *sql.Rows) error {
		t, err := scan(r)
		out = append(out, t)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("views: query: %w", err)
	}
	return out, nil
}

// toJSON is the text of a value that is kept whole.
func toJSON(value any) (string, error) {
	raw, err := json.Marshal(value)
	return string(raw), err
}

// micros is a time as the tables keep it.
func micros(t time.Time) int64 { return t.UnixMicro() }

// nullText is a text that may be absent: what is empty is NULL, so that no index carries it.
func nullText(s string) any {
	if s == "" {
		return nil
	}
	return s
}

// at is an instant in the zone of the answers.
func (v *Views) at(us int64) time.Time { return time.UnixMicro(us).In(v.loc) }

// maybeAt is an instant that may be absent.
func (v *Views) maybeAt(us sql.NullInt64) *time.Time {
	if !us.Valid {
		return nil
	}
	t := v.at(us.Int64)
	return &t
}

func (p *projector) in(t time.Time) time.Time { return instant(t, p.loc) }

func (b *batch) in(t time.Time) time.Time { return b.p.in(t) }

// flag is a yes or no as the tables keep it.
func flag(yes bool) int {
	if yes {
		return 1
	}
	return 0
}

func scanText(r *sql.Rows) (s string, err error) { return s, r.Scan(&s) }
