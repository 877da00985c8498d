package views

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// Column is one column of a sheet: its key in JSON and its Chinese heading. Names, where there are any, are what its
// codes are called on a sheet that people read; JSON keeps the codes.
type Column struct {
	Key     string
	Heading string
	Names   map[string]string
	Holds   string // what its codes stand for, where that is looked up (names.go); empty: nothing
}

// Row is one line of a sheet. It marshals to an object with the columns' keys, in their order. A value is a string,
// a number, a bool, a time, a *time.Time, a list of strings or a JSON object; nil is "not known".
type Row struct {
	columns []Column
	values  []any
}

// Value gives the value under a key, nil when there is no such column.
func (r Row) Value(key string) any {
	for i, c := range r.columns {
		if c.Key == key {
			return r.values[i]
		}
	}
	return nil
}

// MarshalJSON implements json.Marshaler.
func (r Row) MarshalJSON() ([]byte, error) {
	var out bytes.Buffer
	out.WriteByte('{')
	for i, c := range r.columns {
		if i > 0 {
			out.WriteByte(',')
		}
		key, err := json.Marshal(c.Key)
		if err != nil {
			return nil, err
		}
		value, err := json.Marshal(r.values[i])
		if err != nil {
			return nil, fmt.Errorf("column %s: %w", c.Key, err)
		}
		out.Write(key)
		out.WriteByte(':')
		out.Write(value)
	}
	out.WriteByte('}')
	return out.Bytes(), nil
}

// Sheet is a table to be written out in whatever format. Rows are read while they are written, page by page; an
// error ends them.
type Sheet struct {
	Title   string
	Columns []Column
	Rows    iter.Seq2[Row, error]
}

// bom tells spreadsheet programs that the file is UTF-8.
const bom = "\ufeff"

// WriteCSV writes the sheet as CSV (RFC 4180): UTF-8 with byte order mark, CRLF, the headings first. A text that a
// spreadsheet program would take for a formula gets a leading apostrophe. An error in the middle leaves what was
// written so far.
func (s Sheet) WriteCSV(w io.Writer) error {
	if _, err := io.WriteString(w, bom); err != nil {
		return err
	}
	out := csv.NewWriter(w)
	out.UseCRLF = true
	fields := make([]string, len(s.Columns))
	for i, c := range s.Columns {
		fields[i] = harmless(c.Heading)
	}
	if err := out.Write(fields); err != nil {
		return err
	}
	for row, err := range s.Rows {
		if err != nil {
			return err
		}
		for i, c := range s.Columns {
			if fields[i], err = c.text(row.values[i]); err != nil {
				return err
			}
		}
		if err := out.Write(fields); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

// text is a value as people read it on a sheet.
func (c Column) text(value any) (string, error) {
	switch v := value.(type) {
	case nil:
		return "", nil
	case string:
		if name, ok := c.Names[v]; ok {
			v = name
		}
		return harmless(v), nil
	case []string:
		return harmless(strings.Join(v, "、")), nil
	case int:
		return strconv.Itoa(v), nil
	case bool:
		return map[bool]string{true: "是", false: "否"}[v], nil
	case time.Time:
		return v.Format(time.DateTime), nil
	case *time.Time:
		if v == nil {
			return "", nil
		}
		return v.Format(time.DateTime), nil
	}
	raw, err := json.Marshal(value)
	return harmless(string(raw)), err
}

// formulaStarts are the characters by which spreadsheet programs know a formula, or skip to find one; the full-width
// forms are what an input method makes of them.
const formulaStarts = "=+-@\t\r\n＝＋－＠"

// harmless keeps a text from being taken for a formula (OWASP: CSV injection).
func harmless(s string) string {
	if first, _ := utf8.DecodeRuneInString(s); s != "" && strings.ContainsRune(formulaStarts, first) {
		return "'" + s
	}
	return s
}
