package views

import (
	"database/sql"
	"fmt"
	"sync"
)

// composing is what is worked out on another core while other tables are written: it asks the tables for nothing, and
// leaves all of the batch alone but its cases.
type composing struct {
	patrols <-chan []patrolChange
	cases   func() error // waits until the cases are composed, and gives the first error; it may be asked again
}

// compose begins to work out what there is to write of the patrol counts and of every case the batch changed or whose line
// a change of duties or rules moved. All that is needed for it was read.
func (b *batch) compose() composing {
	book := b.p.duties // as readPosts has left it
	book.err = nil
	book.rows = func(text string, _ []any, _ func(*sql.Rows) error) error {
		return fmt.Errorf("asked for too late: %s", text)
	}
	patrols, cases := make(chan []patrolChange, 1), make(chan error, 1)
	go func() {
		patrols <- b.patrolChanges()
		cases <- b.composeCases(book)
	}()
	return composing{patrols, sync.OnceValue(func() error { return <-cases })}
}

func (b *batch) composeCases(book *dutyBook) error {
	for id, c := range b.cases {
		if err := c.compose(b.p, book); err != nil {
			return fmt.Errorf("case %s: %w", id, err)
		}
	}
	return nil
}

func (c *caseRow) compose(p *projector, book *dutyBook) (err error) {
	c.derive(p.rules, p.loc)
	if c.body, err = toJSON(c.Case); err != nil {
		return err
	}
	if c.trackBody, err = toJSON(c.track); err != nil {
		return err
	}
	if next, ok := p.rules.nextDue(c.track); ok {
		c.due = micros(next.At)
	}
	c.line, err = book.line(c.track, p.rules)
	return err
}
