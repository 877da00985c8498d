package views

import (
	"encoding/base64"
	"encoding/json"
	"fmt"

	"gridward/domain/fault"
)

// The sizes of a page.
const (
	DefaultLimit = 50
	MaxLimit     = 500
)

// Paging is what a caller asks for: how many, and behind which cursor. The zero Paging is the first page.
type Paging struct {
	Limit  int    // 0: DefaultLimit; at most MaxLimit
	Cursor string // opaque, of a former page; empty: from the start
}

// Page is one page of a listing. NextCursor is null at the end.
type Page[T any] struct {
	Items      []T     `json:"items"`
	NextCursor *string `json:"next_cursor"`
}

var errCursor = &fault.Error{Kind: fault.Invalid, Code: "bad_cursor", Message: "the cursor is not one of this listing",
	Fields: []fault.Field{{Field: "cursor", Reason: "is not a cursor of this listing"}}}

// size is the number of rows of the page, or an invalid field.
func (p Paging) size() (int, error) {
	switch {
	case p.Limit == 0:
		return DefaultLimit, nil
	case p.Limit < 0 || p.Limit > MaxLimit:
		return 0, fault.BadField("limit", "is not between 1 and %d", MaxLimit)
	}
	return p.Limit, nil
}

// key is the sort key of one row: a number (a time in microseconds, or a rank) and a text that makes it unique.
type key struct {
	L string `json:"l"` // the listing: a cursor of one is refused by the others
	N int64  `json:"n,omitempty"`
	S string `json:"s"`
}

func (k key) cursor() string {
	raw, err := json.Marshal(k)
	if err != nil {
		panic(err) // a number and a text always marshal
	}
	return base64.RawURLEncoding.EncodeToString(raw)
}

// listingOf names the listing of a kind of thing, for its cursors.
func listingOf[T any]() string {
	var t T
	return fmt.Sprintf("%T", t)
}

// after reads the cursor of a listing; ok is false on the first page.
func (p Paging) after(listing string) (k key, ok bool, err error) {
	if p.Cursor == "" {
		return key{}, false, nil
	}
	raw, err := base64.RawURLEncoding.DecodeString(p.Cursor)
	if err != nil || json.Unmarshal(raw, &k) != nil || k.cursor() != p.Cursor || k.L != listing {
		return key{}, false, errCursor
	}
	return k, true, nil
}

// pageOf cuts the page out of size+1 rows.
func pageOf[T any](listing string, rows []T, size int, of func(T) key) Page[T] {
	page := Page[T]{Items: rows}
	if len(rows) > size {
		page.Items = rows[:size]
		last := of(rows[size-1])
		last.L = listing
		next := last.cursor()
		page.NextCursor = &next
	}
	if page.Items == nil {
		page.Items = []T{}
	}
	return page
}
