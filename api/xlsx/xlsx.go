// Package xlsx writes tables as spreadsheets people work on: headings that stay in sight, columns wide enough for
// Chinese text, dates that are dates, and codes that are texts.
package xlsx

import (
	"archive/zip"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/xuri/excelize/v2"
)

// Sheet is one table. A row's values are texts, whole numbers, bools, times (with the wall clock they carry), Days or
// lists of texts; nil is an empty cell, and anything else is written as JSON. Rows are read once; an error ends them.
type Sheet struct {
	Name     string
	Headings []string
	Rows     iter.Seq2[[]any, error]
}

// Day is a civil day in the form 2006-01-02. What has not that form is written as the text it is.
type Day string

const (
	maxRows  = 1 << 20 // that a worksheet holds
	measured = 200     // rows a column's width is taken from
	minWidth = 8       // in characters
	maxWidth = 60
	maxName  = 31 // characters of a worksheet's name
)

// Write writes a workbook. Rows lie in files under dir while they are gathered, so memory does not grow with them;
// a table longer than a worksheet holds goes on in another one. Nothing is written to w before all rows are read.
func Write(w io.Writer, dir string, sheets ...Sheet) (err error) {
	return write(w, dir, maxRows, sheets)
}

func write(w io.Writer, dir string, most int, sheets []Sheet) (err error) {
	f := excelize.NewFile(excelize.Options{TmpDir: dir})
	defer func() {
		if e := f.Close(); err == nil {
			err = e
		}
	}()
	b := book{f: f, most: most}
	if err := b.dress(); err != nil {
		return err
	}
	for _, s := range sheets {
		if err := b.table(s); err != nil {
			return fmt.Errorf("worksheet %s: %w", s.Name, err)
		}
	}
	// excelize would gather the whole file in memory: the archive goes straight out instead.
	f.SetZipWriter(func(io.Writer) excelize.ZipWriter { return zip.NewWriter(w) })
	return f.Write(io.Discard)
}

// book is a workbook that grows.
type book struct {
	f      *excelize.File
	most   int // rows of a worksheet
	sheets int
	style  struct{ heading, text, number, instant, day int }
}

// dress defines the styles.
func (b *book) dress() error {
	border := []excelize.Border{{Type: "left", Color: "BFBFBF", Style: 1}, {Type: "right", Color: "BFBFBF", Style: 1},
		{Type: "top", Color: "BFBFBF", Style: 1}, {Type: "bottom", Color: "BFBFBF", Style: 1}}
	instant, day := "yyyy-mm-dd hh:mm:ss", "yyyy-mm-dd"
	top := &excelize.Alignment{Vertical: "top"}
	for _, s := range []struct {
		id    *int
		style excelize.Style
	}{
		{&b.style.heading, excelize.Style{Border: border, Font: &excelize.Font{Bold: true}, NumFmt: 49,
			Fill:      excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{"DDE7F3"}},
			Alignment: &excelize.Alignment{Horizontal: "center", Vertical: "center", WrapText: true}}},
		{&b.style.text, excelize.Style{Border: border, NumFmt: 49, Alignment: &excelize.Alignment{Vertical: "top", WrapText: true}}}, // 49 is text
		{&b.style.number, excelize.Style{Border: border, Alignment: top}},
		{&b.style.instant, excelize.Style{Border: border, Alignment: top, CustomNumFmt: &instant}},
		{&b.style.day, excelize.Style{Border: border, Alignment: top, CustomNumFmt: &day}},
	} {
		var err error
		if *s.id, err = b.f.NewStyle(&s.style); err != nil {
			return err
		}
	}
	return nil
}

// table writes one table.
func (b *book) table(s Sheet) error {
	t := table{book: b, Sheet: s}
	for row, err := range s.Rows {
		if err != nil {
			return err
		}
		if cells := b.cells(row); t.out != nil {
			err = t.put(cells)
		} else if t.first = append(t.first, cells); len(t.first) == measured {
			err = t.begin()
		}
		if err != nil {
			return err
		}
	}
	if t.out == nil {
		if err := t.begin(); err != nil {
			return err
		}
	}
	return t.out.Flush()
}

// table is one table that is being written, on as many worksheets as it needs.
type table struct {
	*book
	Sheet
	first [][]any // its first rows: they wait until the columns are measured by them
	out   *worksheet
	parts int
}

// begin writes the first rows.
func (t *table) begin() error {
	if err := t.open(); err != nil {
		return err
	}
	for _, row := range t.first {
		if err := t.put(row); err != nil {
			return err
		}
	}
	return nil
}

// put writes a row, on the next worksheet when this one is full.
func (t *table) put(row []any) error {
	if t.out.rows == t.most {
		if err := t.out.Flush(); err != nil {
			return err
		}
		if err := t.open(); err != nil {
			return err
		}
	}
	return t.out.row(row, excelize.RowOpts{})
}

// open begins a worksheet with its headings.
func (t *table) open() error {
	t.parts++
	t.sheets++
	name := nameOf(t.Name, t.parts)
	var err error
	if t.sheets == 1 {
		err = t.f.SetSheetName("Sheet1", name)
	} else {
		_, err = t.f.NewSheet(name)
	}
	if err != nil {
		return err
	}
	out, err := t.f.NewStreamWriter(name)
	if err != nil {
		return err
	}
	if err := out.SetPanes(&excelize.Panes{Freeze: true, YSplit: 1, TopLeftCell: "A2", ActivePane: "bottomLeft"}); err != nil {
		return err
	}
	headings := make([]any, len(t.Headings))
	for i, h := range t.Headings {
		headings[i] = excelize.Cell{StyleID: t.style.heading, Value: h}
		width := breadth(h)
		for _, row := range t.first {
			width = max(width, cellBreadth(row[i]))
		}
		if err := out.SetColWidth(i+1, i+1, float64(min(max(width+2, minWidth), maxWidth))); err != nil {
			return err
		}
	}
	t.out = &worksheet{StreamWriter: out}
	return t.out.row(headings, excelize.RowOpts{Height: 24})
}

// worksheet is one that is being written.
type worksheet struct {
	*excelize.StreamWriter
	rows int
}

func (w *worksheet) row(cells []any, how excelize.RowOpts) error {
	w.rows++
	at, err := excelize.CoordinatesToCellName(1, w.rows)
	if err != nil {
		return err
	}
	return w.SetRow(at, cells, how)
}

// cells dresses a row's values. A text is always a text cell, whatever it begins with: nothing becomes a formula.
func (b *book) cells(row []any) []any {
	out := make([]any, len(row))
	for i, value := range row {
		out[i] = b.cell(value)
	}
	return out
}

func (b *book) cell(value any) excelize.Cell {
	text := func(s string) excelize.Cell { return excelize.Cell{StyleID: b.style.text, Value: readable(s)} }
	switch v := value.(type) {
	case nil:
		return excelize.Cell{StyleID: b.style.text}
	case string:
		return text(v)
	case []string:
		return text(strings.Join(v, "、"))
	case bool:
		return text(map[bool]string{true: "是", false: "否"}[v])
	case int, int64:
		return excelize.Cell{StyleID: b.style.number, Value: v}
	case *int:
		if v == nil {
			return excelize.Cell{StyleID: b.style.text}
		}
		return excelize.Cell{StyleID: b.style.number, Value: *v}
	case time.Time:
		if v.IsZero() {
			return excelize.Cell{StyleID: b.style.text}
		}
		return excelize.Cell{StyleID: b.style.instant, Value: v}
	case *time.Time:
		if v == nil {
			return excelize.Cell{StyleID: b.style.text}
		}
		return excelize.Cell{StyleID: b.style.instant, Value: *v}
	case Day:
		if at, err := time.Parse(time.DateOnly, string(v)); err == nil {
			return excelize.Cell{StyleID: b.style.day, Value: at}
		}
		return text(string(v))
	}
	raw, err := json.Marshal(value)
	if err != nil {
		return text(fmt.Sprint(value))
	}
	return text(string(raw))
}

// readable leaves out what XML cannot hold, and would make the file unreadable.
func readable(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' && r != '\t' && r != '\n' && r != '\r' || r == 0xFFFE || r == 0xFFFF || r == utf8.RuneError {
			return -1
		}
		return r
	}, s)
}

// cellBreadth is how wide a cell's content stands.
func cellBreadth(cell any) int {
	c, _ := cell.(excelize.Cell)
	switch v := c.Value.(type) {
	case nil:
		return 0
	case string:
		return breadth(v)
	case time.Time:
		return len(time.DateTime)
	}
	return breadth(fmt.Sprint(c.Value))
}

// breadth is the width of the longest line of a text, in Latin characters: a Chinese one is twice as wide.
func breadth(s string) int {
	widest := 0
	for line := range strings.SplitSeq(s, "\n") {
		n := 0
		for _, r := range line {
			n++
			if r >= 0x1100 {
				n++
			}
		}
		widest = max(widest, n)
	}
	return widest
}

// nameOf is what a worksheet is called: 31 characters at most, without those a reference is made of.
func nameOf(name string, part int) string {
	name = strings.NewReplacer("[", "(", "]", ")", ":", "-", "*", "-", "?", "-", "/", "-", `\`, "-", "'", "").Replace(name)
	suffix := ""
	if part > 1 {
		suffix = fmt.Sprintf(" %d", part)
	}
	runes := []rune(name)
	return string(runes[:min(len(runes), maxName-len(suffix))]) + suffix
}
