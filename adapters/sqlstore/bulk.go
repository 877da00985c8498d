package sqlstore

import (
	"context"
	"database/sql"
	"strings"
)

// bulk inserts rows into one table, many per statement.
type bulk struct {
	columns int
	stmts   []*sql.Stmt // for bulkRows[i] rows
	args    []any       // of the rows not yet inserted
}

// bulkRows are the sizes statements are prepared for. Larger ones win nothing more; smaller ones take the rest.
var bulkRows = [...]int{64, 16, 4, 1}

func newBulk(ctx context.Context, f *file, insert string, columns int) (*bulk, error) {
	b := &bulk{columns: columns}
	row := "(?" + strings.Repeat(",?", columns-1) + ")"
	for _, n := range bulkRows {
		stmt, err := f.statement(ctx, insert+row+strings.Repeat(","+row, n-1)) //nolint:sqlclosecheck // file.close does
		if err != nil {
			return nil, err
		}
		b.stmts = append(b.stmts, stmt)
	}
	return b, nil
}

func (b *bulk) row(values ...any) { b.args = append(b.args, values...) }

// flush inserts what was given.
func (b *bulk) flush(ctx context.Context) error {
	rest := b.args
	for i, n := range bulkRows {
		for n *= b.columns; len(rest) >= n; rest = rest[n:] {
			if _, err := b.stmts[i].ExecContext(ctx, rest[:n]...); err != nil {
				return err
			}
		}
	}
	b.drop()
	return nil
}

func (b *bulk) drop() {
	clear(b.args)
	b.args = b.args[:0]
}
