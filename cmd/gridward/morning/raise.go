package morning

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"gridward/app"
)

// object is a JSON object to be sent.
type object map[string]any

// item is one of a programme's catalogue.
type item struct {
	Item             string
	Severity         string
	EvidenceRequired bool    `json:"evidence_required"`
	SetOnDispatch    bool    `json:"set_on_dispatch"`
	DispatchTo       *target `json:"dispatch_to"`
}

// target is where a filed case goes by itself.
type target struct{ Level int }

// raise puts the district into the log, several persons at once, and reads the programmes. Duties begin with the day.
func (m *morning) raise(ctx context.Context, atOnce int) error {
	if err := m.readLines(ctx); err != nil {
		return err
	}
	var rows strings.Builder
	rows.WriteString("code,level,parent,name\n")
	for _, c := range m.d.cells {
		fmt.Fprintf(&rows, "%s,%d,%s,%s\n", c.code, c.level, c.parent, c.name)
	}
	if a := m.door.send(ctx, "POST", "/cells/import", "", rows.String()); !a.ok() {
		return fmt.Errorf("the cells: %s", a.problem())
	}
	year, month, day := time.Now().In(china).Date()
	since := time.Date(year, month, day, 0, 0, 0, 0, china)
	todo := make(chan post)
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var all sync.WaitGroup
	for range atOnce {
		all.Go(func() {
			for p := range todo {
				if err := m.give(ctx, p, since); err != nil {
					stop(err)
				}
			}
		})
	}
	for _, p := range m.d.posts {
		if ctx.Err() != nil {
			break
		}
		todo <- p
	}
	close(todo)
	all.Wait()
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return m.awaitViews(ctx, m.tally.highest)
}

// give registers a person and gives it its post.
func (m *morning) give(ctx context.Context, p post, since time.Time) error {
	person := m.d.held[p]
	a := m.patiently(ctx, "/persons", object{"id": person, "name": p.role})
	if a.ok() {
		a = m.patiently(ctx, "/cells/"+p.cell+"/duties", object{"programme": p.programme, "role": p.role, "person": person, "from": since})
	}
	if !a.ok() {
		return fmt.Errorf("%s at %s: %s", p.role, p.cell, a.problem())
	}
	at, err := a.position()
	m.tally.reached(at)
	return err
}

// patiently sends a command of the administrator's, and comes again when it is told to.
func (m *morning) patiently(ctx context.Context, path string, body object) answer {
	for {
		a := m.door.send(ctx, "POST", path, "", body)
		if !a.busy() || ctx.Err() != nil {
			return a
		}
		pause(ctx, a.retryAfter)
	}
}

// readLines asks the service what its programmes check and catalogue. Of the catalogue it keeps what a community's
// office and an area can settle between them.
func (m *morning) readLines(ctx context.Context) error {
	for _, l := range theLines() {
		a := m.door.get(ctx, "", "/programmes/"+l.code)
		if !a.ok() {
			return fmt.Errorf("programme %s: %s", l.code, a.problem())
		}
		var p struct {
			Checklist []struct{ Item string }
			Catalogue []item
		}
		if err := json.Unmarshal(a.body, &p); err != nil {
			return fmt.Errorf("programme %s: %w", l.code, err)
		}
		for _, c := range p.Checklist {
			l.checklist = append(l.checklist, c.Item)
		}
		for _, i := range p.Catalogue {
			if i.Severity != "major" && !i.SetOnDispatch && (i.DispatchTo == nil || i.DispatchTo.Level == 4) {
				l.catalogue = append(l.catalogue, i)
			}
		}
		if len(l.catalogue) == 0 {
			return errors.New("programme " + l.code + " has nothing to find")
		}
		for range l.parts {
			m.lines = append(m.lines, l)
		}
	}
	return nil
}

// china is where local days begin.
var china = time.FixedZone("Asia/Shanghai", 8*60*60)

// position is the highest that a command wrote.
func (a answer) position() (app.Position, error) {
	var receipt struct{ Position string }
	if err := json.Unmarshal(a.body, &receipt); err != nil {
		return 0, err
	}
	return app.ParsePosition("position", receipt.Position)
}
