package views

import (
	"context"
	"fmt"
	"iter"
)

// What the codes of a column stand for.
const (
	holdsPerson    = "person"    // person ids, or names of others
	holdsPost      = "post"      // cell codes and department codes
	holdsProgramme = "programme" // programme codes
	holdsItem      = "item"      // items of the row's programme's catalogue
	holdsCheck     = "check"     // lines of the row's programme's checklist
)

// of says what a column's codes stand for.
func (f field[T]) of(holds string) field[T] {
	f.Holds = holds
	return f
}

// names finds what codes are called, each once. What has no name keeps its code.
type names struct {
	v     *Views
	known map[[3]string]string
}

// named puts names in the place of codes, on a sheet that people read.
func (v *Views) named(ctx context.Context, columns []Column, rows iter.Seq2[Row, error]) iter.Seq2[Row, error] {
	n := names{v, map[[3]string]string{}}
	return func(yield func(Row, error) bool) {
		for row, err := range rows {
			if err == nil {
				err = n.row(ctx, columns, row)
			}
			if !yield(row, err) || err != nil {
				return
			}
		}
	}
}

func (n names) row(ctx context.Context, columns []Column, row Row) error {
	programme, _ := row.Value("programme").(string) // the code: the column comes before it is named
	for i, c := range columns {
		if c.Holds == "" {
			continue
		}
		var err error
		switch v := row.values[i].(type) {
		case string:
			row.values[i], err = n.find(ctx, c.Holds, programme, v)
		case []string:
			called := make([]string, len(v))
			for k := range v {
				if called[k], err = n.find(ctx, c.Holds, programme, v[k]); err != nil {
					return err
				}
			}
			row.values[i] = called
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (n names) find(ctx context.Context, holds, programme, code string) (string, error) {
	if holds != holdsItem && holds != holdsCheck {
		programme = ""
	}
	key := [3]string{holds, programme, code}
	if name, ok := n.known[key]; ok || code == "" {
		return name, nil
	}
	name, err := n.read(ctx, holds, programme, code)
	if err != nil {
		return "", err
	}
	if name == "" {
		name = code
	}
	n.known[key] = name
	return name, nil
}

// read asks the tables for a name; "" is none.
func (n names) read(ctx context.Context, holds, programme, code string) (string, error) {
	query := map[string]string{
		holdsPerson: `SELECT name FROM persons WHERE id = $1`,
		holdsPost:   `SELECT name FROM cells WHERE code = $1 UNION ALL SELECT name FROM departments WHERE code = $1`,
	}[holds]
	switch holds {
	case holdsProgramme:
		programme = code
		fallthrough
	case holdsItem, holdsCheck:
		return n.inProgramme(ctx, holds, programme, code)
	}
	found, err := collect(ctx, n.v, query, []any{code}, scanText)
	if err != nil || len(found) == 0 {
		return "", err
	}
	return found[0], nil
}

func (n names) inProgramme(ctx context.Context, holds, programme, code string) (string, error) {
	versions, err := collect(ctx, n.v, `SELECT body FROM programmes WHERE code = $1 AND latest = 1`, []any{programme}, scanBody[Programme])
	if err != nil {
		return "", fmt.Errorf("programme %s: %w", programme, err)
	}
	for _, p := range versions {
		if holds == holdsProgramme {
			return p.Name, nil
		}
		for _, it := range p.Catalogue {
			if holds == holdsItem {
				n.known[[3]string{holds, programme, it.Item}] = it.Name
			}
		}
		for _, it := range p.Checklist {
			if holds == holdsCheck {
				n.known[[3]string{holds, programme, it.Item}] = it.Name
			}
		}
	}
	return n.known[[3]string{holds, programme, code}], nil
}
