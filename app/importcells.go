package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/google/uuid"

	"gridward/domain/fault"
	"gridward/domain/grid"
)

// importAtOnce is how many cells of an import are on their way at once unless the options say: they share the
// log's commits.
const importAtOnce = 256

// maxImportErrors is how many wrong lines an import tells at most.
const maxImportErrors = 100

// ImportOptions says how to import.
type ImportOptions struct {
	DryRun   bool                  // validate and count only
	AtOnce   int                   // how many cells are on their way at once; 0 is 256, 1 keeps the file's order within a level
	Dir      string                // where a file that cannot be read twice is spooled; "" is the system's place
	Progress func(done, total int) // told of rows appended now and then, one call at a time; may be nil
}

// ImportResult is what an import came to, or with DryRun what it would come to (Position is 0 then).
type ImportResult struct {
	Created, Unchanged int
	Position           Position
}

// ImportCells puts the cells of a CSV file into the grid: code,level,parent,name and optionally class, in UTF-8
// with a header. A class is "programme=class", several separated by ";", or a class only one programme has.
//
// The whole file is validated first, in 8 bytes a row: what is wrong is told by line and field (up to 100 of
// them) and nothing is written. Then the cells are appended, parents before children, each a command of its own
// named by what it says: an import cut off and repeated finds what is there unchanged. Only a steward may.
func (a *App) ImportCells(ctx context.Context, by By, r io.Reader, opts ImportOptions) (ImportResult, error) {
	if !by.Steward() {
		return ImportResult{}, fault.Forbid("not_steward", "cells are imported by an administrator")
	}
	if err := by.checkTime("occurred_at", by.At()); err != nil {
		return ImportResult{}, err
	}
	schemes, err := a.schemes(ctx)
	if err != nil {
		return ImportResult{}, err
	}
	file, drop, err := spool(r, opts.Dir)
	if err != nil {
		return ImportResult{}, err
	}
	defer drop()
	im := &importing{app: a, by: by, opts: opts, file: &cellFile{src: file, schemes: schemes}}
	if err := im.checkRows(); err != nil {
		return ImportResult{}, err
	}
	planned, err := im.checkAgainstGrid(ctx)
	if err != nil || opts.DryRun {
		return planned, err
	}
	return im.append(ctx)
}

// importing is one import under way.
type importing struct {
	app  *App
	by   By
	opts ImportOptions
	file *cellFile
	set  codeSet
	bad  fault.Fields
}

// checkRows validates each row for itself, and that no code comes twice.
func (im *importing) checkRows() error {
	err := im.file.each(func(row cellRow) error {
		if row.bad != nil {
			return im.report(row.line, row.bad)
		}
		im.set.add(row.cmd.Code)
		return nil
	})
	if err != nil && !errors.Is(err, errEnoughErrors) {
		return err
	}
	if err := im.bad.Err(); err != nil {
		return err
	}
	if twice := im.set.seal(); len(twice) > 0 {
		return im.tellTwice(twice)
	}
	return nil
}

// tellTwice names the lines on which a code comes again.
func (im *importing) tellTwice(twice map[grid.CellCode]bool) error {
	first := map[grid.CellCode]int{}
	err := im.file.each(func(row cellRow) error {
		if !twice[row.cmd.Code] {
			return nil
		}
		if line, again := first[row.cmd.Code]; again {
			return im.report(row.line, fault.Fields{{Field: "code", Reason: fmt.Sprintf("is on line %d already", line)}})
		}
		first[row.cmd.Code] = row.line
		return nil
	})
	if err != nil && !errors.Is(err, errEnoughErrors) {
		return err
	}
	return im.bad.Err()
}

var errEnoughErrors = errors.New("enough errors")

// report notes what is wrong with a line; errEnoughErrors ends the reading.
func (im *importing) report(line int, bad fault.Fields) error {
	for _, f := range bad {
		if len(im.bad) == maxImportErrors {
			return errEnoughErrors
		}
		field := fmt.Sprintf("line %d", line)
		if f.Field != "" {
			field += "." + f.Field
		}
		im.bad = append(im.bad, fault.Field{Field: field, Reason: f.Reason})
	}
	return nil
}

// checkAgainstGrid compares the rows with the cells there are, and counts what the import will come to.
func (im *importing) checkAgainstGrid(ctx context.Context) (ImportResult, error) {
	var planned ImportResult
	parents := map[int]lookedUp{} // the last one looked up at each level: files come sorted
	err := im.file.each(func(row cellRow) error {
		code := row.cmd.Code
		if up := code.Parent(); up != "" {
			last := parents[up.Level()]
			if last.code != up {
				parent, _, err := load(ctx, im.app, cellStream(up))
				if err != nil {
					return err
				}
				last = lookedUp{up, im.wrongParent(up, parent)}
				parents[up.Level()] = last
			}
			if last.wrong != "" {
				return im.report(row.line, fault.Fields{{Field: "parent", Reason: last.wrong}})
			}
		}
		c, _, err := load(ctx, im.app, cellStream(code))
		switch {
		case err != nil:
			return err
		case !c.Exists():
			planned.Created++
		default:
			planned.Unchanged++
			done, err := im.imported(ctx, row)
			if err != nil {
				return err
			}
			if field, wrong := differs(c, row.cmd); !done && field != "" {
				return im.report(row.line, fault.Fields{{Field: field, Reason: wrong}})
			}
		}
		return nil
	})
	if err != nil && !errors.Is(err, errEnoughErrors) {
		return ImportResult{}, err
	}
	return planned, im.bad.Err()
}

type lookedUp struct {
	code  grid.CellCode
	wrong string // why nothing can be created under it, "" if it can
}

func (im *importing) wrongParent(code grid.CellCode, parent grid.Cell) string {
	switch {
	case parent.Retired:
		return fmt.Sprintf("cell %s is no longer in the grid", code)
	case !parent.Exists() && !im.set.has(code):
		return fmt.Sprintf("there is no cell %s, neither in the grid nor in the file", code)
	}
	return ""
}

// imported reports whether an earlier import created the cell by the very same row.
func (im *importing) imported(ctx context.Context, row cellRow) (bool, error) {
	by, err := im.rowBy(row)
	if err != nil {
		return false, err
	}
	_, cur, err := load(ctx, im.app, cellStream(row.cmd.Code))
	for _, c := range cur.commands {
		if c.command == by.CommandID {
			return true, err
		}
	}
	return false, err
}

// differs names what a row says differently of a cell that is there.
func differs(c grid.Cell, cmd grid.CreateCell) (field, reason string) {
	if c.Name != cmd.Name {
		return "name", "differs from the name the cell has"
	}
	for programme, class := range cmd.Classes {
		if c.Classes[programme] != class {
			return "class", fmt.Sprintf("differs from the class the cell has in %s", programme)
		}
	}
	return "", ""
}

// rowBy names the command of a row by what the row says.
func (im *importing) rowBy(row cellRow) (By, error) {
	hash, err := hashOf(row.cmd)
	if err != nil {
		return By{}, err
	}
	by := im.by.then("import")
	by.CommandID = uuid.NewSHA1(uuid.NameSpaceOID, []byte("cells/import/"+string(row.cmd.Code)+"/"+hash))
	return by, nil
}

// append creates the cells, one level after the other.
func (im *importing) append(ctx context.Context) (ImportResult, error) {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var mu sync.Mutex // guards result and the calls of Progress
	var result ImportResult
	total := im.set.len()
	one := func(row cellRow) {
		r, err := im.createRow(ctx, row)
		if err != nil {
			stop(fmt.Errorf("import of cell %s: %w", row.cmd.Code, err))
			return
		}
		mu.Lock()
		defer mu.Unlock()
		result.Position = max(result.Position, r.Position)
		if r.Replayed {
			result.Unchanged++
		} else {
			result.Created++
		}
		if done := result.Created + result.Unchanged; im.opts.Progress != nil && (done%importAtOnce == 0 || done == total) {
			im.opts.Progress(done, total)
		}
	}
	for level := grid.District; level <= grid.Site; level++ {
		if im.set.at(level) == 0 {
			continue
		}
		if err := im.appendLevel(ctx, level, one); err != nil {
			return ImportResult{}, err
		}
	}
	return result, nil
}

// appendLevel hands the rows of one level to the workers and waits for them.
func (im *importing) appendLevel(ctx context.Context, level int, one func(cellRow)) error {
	rows := make(chan cellRow)
	var group sync.WaitGroup
	atOnce := im.opts.AtOnce
	if atOnce < 1 {
		atOnce = importAtOnce
	}
	for range min(atOnce, im.set.at(level)) {
		group.Go(func() {
			for row := range rows {
				one(row)
			}
		})
	}
	err := im.file.each(func(row cellRow) error {
		if row.cmd.Code.Level() != level {
			return nil
		}
		select {
		case rows <- row:
			return nil
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	})
	close(rows)
	group.Wait()
	if err == nil {
		err = context.Cause(ctx)
	}
	return err
}

// createRow creates one cell unless it is there: what the row says was compared before.
func (im *importing) createRow(ctx context.Context, row cellRow) (Receipt, error) {
	by, err := im.rowBy(row)
	if err != nil {
		return Receipt{}, err
	}
	parent := grid.Cell{Code: row.cmd.Code.Parent()}
	return execute(ctx, im.app, by, cellStream(row.cmd.Code), false, row.cmd, func(c grid.Cell) (Decision[grid.CellEvent], error) {
		if c.Exists() {
			return Decision[grid.CellEvent]{}, nil
		}
		events, err := grid.DecideCreateCell(c, row.cmd, parent, im.file.schemes)
		return Decision[grid.CellEvent]{Events: events, Cell: string(row.cmd.Code)}, err
	})
}
