package rest

import (
	"iter"
	"net/url"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"gridward/api/xlsx"
	"gridward/app/views"
	"gridward/domain/fault"
)

// fileTime is how long a ledger may take to be written out.
const fileTime = 30 * time.Minute

const xlsxType = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

// attach says that the answer is a file: by an ASCII name for old clients, and by the name people know it under
// (RFC 6266).
func attach(c echo.Context, media, ascii, title, extension string) {
	utf8 := strings.ReplaceAll(url.QueryEscape(title+extension), "+", "%20")
	h := c.Response().Header()
	h.Set(echo.HeaderContentType, media)
	h.Set(echo.HeaderContentDisposition, `attachment; filename="`+ascii+extension+`"; filename*=UTF-8''`+utf8)
}

// spreadsheet answers with a workbook. It is gathered on disk first, so that what fails is still a problem.
func (s *Server) spreadsheet(c echo.Context, ascii, title string, sheets ...xlsx.Sheet) error {
	unhurried(c, fileTime)
	attach(c, xlsxType, ascii, title, ".xlsx")
	err := xlsx.Write(c.Response(), s.SpoolDir, sheets...)
	if err != nil {
		c.Response().Header().Del(echo.HeaderContentDisposition)
	}
	return err
}

// tableOf makes a sheet of the views a worksheet: its codes by their names, its days as days.
func tableOf(s views.Sheet, name string) xlsx.Sheet {
	out := xlsx.Sheet{Name: name}
	for _, c := range s.Columns {
		out.Headings = append(out.Headings, c.Heading)
	}
	out.Rows = func(yield func([]any, error) bool) {
		for row, err := range s.Rows {
			var cells []any
			if err == nil {
				cells = cellsOf(s.Columns, row)
			}
			if !yield(cells, err) || err != nil {
				return
			}
		}
	}
	return out
}

func cellsOf(columns []views.Column, row views.Row) []any {
	cells := make([]any, len(columns))
	for i, c := range columns {
		cells[i] = row.Value(c.Key)
		text, ok := cells[i].(string)
		if name, named := c.Names[text]; ok && named {
			cells[i] = name
		} else if ok && (strings.HasSuffix(c.Key, "_on") || c.Key == "valid_until") { // the contract's names of days
			cells[i] = xlsx.Day(text)
		}
	}
	return cells
}

// each makes rows out of a list.
func each[T any](items []T, row func(T) []any) iter.Seq2[[]any, error] {
	return func(yield func([]any, error) bool) {
		for _, item := range items {
			if !yield(row(item), nil) {
				return
			}
		}
	}
}

// asOf reads the instant a question is asked as of: zero is now. The future is not known yet.
func (s *Server) asOf(at time.Time) (time.Time, error) {
	if at.After(s.Clock()) {
		return at, &fault.Error{Kind: fault.Invalid, Code: "in_future", Message: "nothing is known yet as of that instant",
			Fields: []fault.Field{{Field: "as_of", Reason: "lies ahead of the server's clock"}}}
	}
	return at, nil
}
