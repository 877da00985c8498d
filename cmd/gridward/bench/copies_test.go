//go:build bench

package bench

import (
	"bytes"
	"fmt"
	"iter"
	"strings"

	"github.com/google/uuid"

	"gridward/app"
)

// many gives that many records: the demo's own, and then its inspections and cases again and again, each time under
// new ids and a year earlier.
func many(records []app.Record, events int) iter.Seq[app.Record] {
	var work []app.Record
	for _, r := range records {
		if workID(r) != "" {
			work = append(work, r)
		}
	}
	return again(records, work, events)
}

// again gives that many records: the first ones, and then the work again and again, as many does.
func again(records, work []app.Record, events int) iter.Seq[app.Record] {
	return func(yield func(app.Record) bool) {
		first := records[:min(events, len(records))]
		left := events - len(first)
		for _, r := range first {
			if !yield(r) {
				return
			}
		}
		for years := 1; left > 0; years++ {
			c := newCopier(work, years)
			for _, r := range work[:min(left, len(work))] {
				if !yield(c.copy(r)) {
					return
				}
			}
			left -= len(work)
		}
	}
}

// workID is the id of the inspection or case a record belongs to, "" if it is another's.
func workID(r app.Record) string {
	for _, kind := range []string{"inspection-", "case-"} {
		if id, ok := strings.CutPrefix(r.Stream, kind); ok {
			return id
		}
	}
	return ""
}

// copier makes the same work happen once more, some years earlier, to other inspections and cases. People, duties and
// cells are the same.
type copier struct {
	years int
	ids   map[string]string
	from  []byte // a quoted year
	to    []byte
}

func newCopier(work []app.Record, years int) *copier {
	c := &copier{years: years, ids: map[string]string{}, from: fmt.Appendf(nil, `"%d-`, demoFrom.Year()),
		to: fmt.Appendf(nil, `"%d-`, demoFrom.Year()-years)}
	for _, r := range work {
		if id := workID(r); c.ids[id] == "" {
			c.ids[id] = c.other(uuid.MustParse(id)).String()
		}
	}
	return c
}

func (c *copier) other(id uuid.UUID) uuid.UUID {
	if id == uuid.Nil {
		return id
	}
	return uuid.NewSHA1(id, fmt.Append(nil, c.years))
}

func (c *copier) copy(r app.Record) app.Record {
	id := workID(r)
	r.Stream = strings.TrimSuffix(r.Stream, id) + c.ids[id]
	r.ID = c.other(r.ID)
	m := &r.Meta
	m.OccurredAt, m.ReceivedAt = m.OccurredAt.AddDate(-c.years, 0, 0), m.ReceivedAt.AddDate(-c.years, 0, 0)
	m.CommandID, m.Correlation, m.Causation = c.other(m.CommandID), c.other(m.Correlation), c.other(m.Causation)
	r.Data = bytes.ReplaceAll(r.Data, c.from, c.to) // a copy
	for at := 0; at+36 <= len(r.Data); at++ {
		d := r.Data[at : at+36]
		if d[8] != '-' || d[13] != '-' || d[18] != '-' || d[23] != '-' {
			continue
		}
		if other, known := c.ids[string(d)]; known {
			copy(d, other)
			at += 35
		}
	}
	return r
}
