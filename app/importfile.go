package app

import (
	"bufio"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"

	"gridward/domain/fault"
	"gridward/domain/grid"
)

// spool makes a file readable more than once: it is itself when it can be, else a temporary copy, which drop
// removes.
func spool(r io.Reader, dir string) (file io.ReadSeeker, drop func(), err error) {
	if s, ok := r.(io.ReadSeeker); ok {
		if at, err := s.Seek(0, io.SeekCurrent); err == nil && at == 0 {
			return s, func() {}, nil
		}
	}
	tmp, err := os.CreateTemp(dir, "import-*.csv")
	if err != nil {
		return nil, nil, &fault.Error{Kind: fault.Unavailable, Code: "no_room", Message: "the file cannot be kept for its validation", Cause: err}
	}
	drop = func() {
		_ = tmp.Close()           // it is only read from here on
		_ = os.Remove(tmp.Name()) // what is left behind is found by its name
	}
	var disk *os.PathError
	if _, err := io.Copy(tmp, r); errors.As(err, &disk) {
		drop()
		return nil, nil, &fault.Error{Kind: fault.Unavailable, Code: "no_room", Message: "the file cannot be kept for its validation", Cause: err}
	} else if err != nil {
		drop()
		return nil, nil, fmt.Errorf("read the import: %w", err)
	}
	return tmp, drop, nil
}

// cellRow is one line of the file, as a command or with what is wrong with it.
type cellRow struct {
	line int
	cmd  grid.CreateCell
	bad  fault.Fields
}

// cellFile reads the rows of an import, as often as needed.
type cellFile struct {
	src     io.ReadSeeker
	schemes []grid.Scheme
	columns [5]int // where code, level, parent, name, class stand; class may be -1
}

var importColumns = [5]string{"code", "level", "parent", "name", "class"}

// each reads the file from its beginning and hands over row by row. A file that is no such CSV is an invalid
// field named by its line.
func (f *cellFile) each(row func(cellRow) error) error {
	if _, err := f.src.Seek(0, io.SeekStart); err != nil {
		return fmt.Errorf("read the import again: %w", err)
	}
	in := bufio.NewReaderSize(f.src, 1<<16)
	if mark, _ := in.Peek(3); string(mark) == "\xef\xbb\xbf" {
		_, _ = in.Discard(3) // just peeked at
	}
	r := csv.NewReader(in)
	r.ReuseRecord = true
	header, err := r.Read()
	if errors.Is(err, io.EOF) {
		return fault.BadField("line 1", "is not a header: the file is empty")
	}
	if err != nil {
		return unreadable(err)
	}
	if err := f.readHeader(header); err != nil {
		return err
	}
	for {
		record, err := r.Read()
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case errors.Is(err, csv.ErrFieldCount):
			line, _ := r.FieldPos(0)
			err = row(cellRow{line: line, bad: fault.Fields{{Reason: "has another number of fields than the header"}}})
		case err != nil:
			return unreadable(err)
		default:
			line, _ := r.FieldPos(0)
			err = row(f.parse(line, record))
		}
		if err != nil {
			return err
		}
	}
}

// unreadable names the line on which the file stops being CSV.
func unreadable(err error) error {
	var parse *csv.ParseError
	if errors.As(err, &parse) {
		return fault.BadField("line "+strconv.Itoa(parse.Line), "is not CSV: %v", parse.Err)
	}
	return fmt.Errorf("read the import: %w", err)
}

func (f *cellFile) readHeader(header []string) error {
	var bad fault.Fields
	for i, column := range importColumns {
		f.columns[i] = slices.Index(header, column)
		if f.columns[i] < 0 && column != "class" {
			bad.Add("line 1", "has no column %s", column)
		}
	}
	for i, column := range header {
		if !slices.Contains(importColumns[:], column) {
			bad.Add("line 1", "has an unknown column %q", column)
		} else if slices.Contains(header[:i], column) {
			bad.Add("line 1", "has the column %s twice", column)
		}
	}
	return bad.Err()
}

// parse makes a row's command, by the rules of creating a cell.
func (f *cellFile) parse(line int, record []string) cellRow {
	field := func(column int) string {
		if f.columns[column] < 0 {
			return ""
		}
		return strings.TrimSpace(record[f.columns[column]])
	}
	row := cellRow{line: line, cmd: grid.CreateCell{Code: grid.CellCode(field(0)), Name: field(3)}}
	code := row.cmd.Code
	if level := code.Level(); level != 0 {
		if field(1) != strconv.Itoa(level) {
			row.bad.Add("level", "is not %d, the level of the code", level)
		}
		if up := code.Parent(); field(2) != string(up) {
			row.bad.Add("parent", "is not %q, the code's own beginning", up)
		}
	}
	var wrong string
	if row.cmd.Classes, wrong = f.classes(field(4)); wrong != "" {
		row.bad.Add("class", "%s", wrong)
	}
	_, err := grid.DecideCreateCell(grid.Cell{}, row.cmd, grid.Cell{Code: code.Parent()}, f.schemes)
	if refused, ok := fault.As(err); ok {
		for _, wrong := range refused.Fields {
			if strings.HasPrefix(wrong.Field, "classes.") {
				wrong.Field = "class" // the column it stands in
			}
			row.bad = append(row.bad, wrong)
		}
	}
	return row
}

// classes reads "programme=class;programme=class", or one bare class.
func (f *cellFile) classes(text string) (map[string]string, string) {
	if text == "" {
		return nil, ""
	}
	out := map[string]string{}
	for part := range strings.SplitSeq(text, ";") {
		programme, class, pair := strings.Cut(part, "=")
		if !pair {
			class = programme
			var having []string
			for _, s := range f.schemes {
				if slices.Contains(s.Classes, class) {
					having = append(having, s.Programme)
				}
			}
			if len(having) != 1 {
				return nil, fmt.Sprintf("%q is a class of %d programmes: write programme=class", class, len(having))
			}
			programme = having[0]
		}
		if _, twice := out[programme]; twice {
			return nil, fmt.Sprintf("names %s twice", programme)
		}
		out[programme] = class
	}
	return out, ""
}

// codeSet is the codes of a file: 8 bytes each, sorted once all are in.
type codeSet struct {
	levels [grid.Site + 1][]uint64 // a code's digits as a number; its level tells how many they are
}

func (s *codeSet) add(code grid.CellCode) {
	level := code.Level()
	s.levels[level] = append(s.levels[level], number(code))
}

// seal sorts the codes and gives some of those that came more than once.
func (s *codeSet) seal() map[grid.CellCode]bool {
	twice := map[grid.CellCode]bool{}
	for level, codes := range s.levels {
		slices.Sort(codes)
		for i := 1; i < len(codes) && len(twice) < maxImportErrors; i++ {
			if codes[i] == codes[i-1] {
				twice[grid.CodeOf(level, codes[i])] = true
			}
		}
	}
	return twice
}

func (s *codeSet) has(code grid.CellCode) bool {
	_, found := slices.BinarySearch(s.levels[code.Level()], number(code))
	return found
}

func (s *codeSet) at(level int) int { return len(s.levels[level]) }

func (s *codeSet) len() int {
	n := 0
	for _, codes := range s.levels {
		n += len(codes)
	}
	return n
}

// number is a code's digits; 19 of them fit into 64 bits.
func number(code grid.CellCode) uint64 {
	var n uint64
	for i := range len(code) {
		n = n*10 + uint64(code[i]-'0')
	}
	return n
}
