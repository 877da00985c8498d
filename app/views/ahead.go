package views

import (
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"gridward/domain/hazard"
	"gridward/domain/inspection"
)

// What a batch needs of the tables it reads before it begins, many rows at once. Each read waits for every statement
// before it, so on an engine that is written to without waiting reads in between are what a batch costs most.

// ahead reads what the events of the batch are about: the cases, the inspections that are amended or voided, the walks
// that go on.
func (b *batch) ahead() error {
	reported := map[string]bool{}
	cases, standing, walks := &keyList{}, &keyList{}, &keyList{}
	for i := range b.entries {
		e := &b.entries[i]
		switch ev := e.event.(type) {
		case hazard.Reported:
			reported[e.Stream] = true
		case hazard.Event:
			if id := strings.TrimPrefix(e.Stream, "case-"); !reported[e.Stream] && !b.p.known.Contains(id) {
				cases.add(id)
			}
		case inspection.Logged:
			b.walksOn(ev.Report.Programme, ev.Report.Walk, walks)
		case inspection.Amended:
			standing.add(strings.TrimPrefix(e.Stream, "inspection-"))
			b.walksOn(ev.Report.Programme, ev.Report.Walk, walks)
		case inspection.Voided:
			standing.add(strings.TrimPrefix(e.Stream, "inspection-"))
		}
	}
	if err := b.readCases(cases.list); err != nil {
		return fmt.Errorf("cases: %w", err)
	}
	if err := b.readStanding(standing.list, walks); err != nil {
		return fmt.Errorf("inspections: %w", err)
	}
	if err := b.readWalks(walks.list); err != nil {
		return fmt.Errorf("walks: %w", err)
	}
	return nil
}

// keyList is a list in which each stands once.
type keyList struct {
	list []string
	seen map[string]bool
}

func (n *keyList) add(key string) {
	if n.seen == nil {
		n.seen = map[string]bool{}
	}
	if !n.seen[key] {
		n.seen[key] = true
		n.list = append(n.list, key)
	}
}

// among runs a query for many keys, which the text has as {} behind its own arguments.
func (b *batch) among(text string, args []any, keys []string, scan func(*sql.Rows) error) error {
	before, after, _ := strings.Cut(text, "{}")
	for len(keys) > 0 {
		n := chunk(len(keys))
		all := slices.Clone(args)
		marks := make([]string, n)
		for i, key := range keys[:n] {
			all = append(all, key)
			marks[i] = fmt.Sprintf("$%d", len(all))
		}
		if err := b.rows(before+strings.Join(marks, ", ")+after, all, scan); err != nil {
			return err
		}
		keys = keys[n:]
	}
	return nil
}

// readCases reads cases, each with its line of responsibility.
func (b *batch) readCases(ids []string) error {
	err := b.among(`SELECT id, body, track FROM cases WHERE id IN ({})`, nil, ids, func(r *sql.Rows) error {
		var id, body, track string
		if err := r.Scan(&id, &body, &track); err != nil {
			return err
		}
		c := &caseRow{saved: new([]intervalRow)}
		if err := json.Unmarshal([]byte(body), &c.Case); err != nil {
			return err
		}
		b.cases[id] = c
		return json.Unmarshal([]byte(track), &c.track)
	})
	if err != nil {
		return err
	}
	return b.among(selectInterval+` WHERE case_id IN ({}) ORDER BY case_id, seq`, nil, ids, func(r *sql.Rows) error {
		id, row, err := scanInterval(r)
		if c := b.cases[id]; c != nil && err == nil {
			*c.saved = append(*c.saved, row)
		}
		return err
	})
}

// readStanding reads the revisions that stand, and names their walks.
func (b *batch) readStanding(ids []string, walks *keyList) error {
	return b.among(`SELECT body, acting FROM inspections WHERE superseded_at IS NULL AND id IN ({})`, nil, ids, func(r *sql.Rows) error {
		var body string
		row := &inspectionRow{written: true}
		if err := r.Scan(&body, &row.acting); err != nil {
			return err
		}
		if err := json.Unmarshal([]byte(body), &row.Inspection); err != nil {
			return err
		}
		b.standing[row.ID] = row
		b.walksOn(row.Programme, row.Walk, walks)
		return nil
	})
}

// walksOn names the walk of an inspection, if it is of one, to be read.
func (b *batch) walksOn(programme, walk string, walks *keyList) {
	if walk != "" {
		walks.add(walk)
		b.patrols[patrolGroup{programme: programme, walk: walk}] = newGroup()
	}
}

// readWalks reads what stands of walks, for the groups that were named.
func (b *batch) readWalks(walks []string) error {
	return b.among(`SELECT walk, programme, id, cell, started_at, acting FROM inspections WHERE superseded_at IS NULL AND kind <> $1 AND walk IN ({})`,
		[]any{inspection.Recheck}, walks, func(r *sql.Rows) error {
			var g patrolGroup
			var id, cell, acting string
			var started int64
			if err := r.Scan(&g.walk, &g.programme, &id, &cell, &started, &acting); err != nil {
				return err
			}
			if s := b.patrols[g]; s != nil {
				c := b.counts(cell, started, rolesIn(acting))
				s.before[id], s.now[id] = c, c
			}
			return nil
		})
}

// readPosts has the duty book learn all that the lines of the batch's cases ask for.
func (b *batch) readPosts() error {
	book := b.dutyBook()
	unknown := map[string]*keyList{} // by programme
	for _, c := range b.cases {
		for _, s := range c.track.Stages {
			for _, run := range s.Runs {
				if run.Holder == nil {
					continue
				}
				if code := run.Holder.Department; code != "" {
					book.ofDepartment(code, c.Programme)
				}
				for _, cell := range book.seat(*run.Holder).Upward() {
					k := [2]string{c.Programme, string(cell)}
					if _, known := book.known[k]; known {
						continue
					}
					if unknown[c.Programme] == nil {
						unknown[c.Programme] = &keyList{}
					}
					unknown[c.Programme].add(string(cell))
				}
			}
		}
	}
	if book.err != nil {
		return book.err
	}
	for programme, cells := range unknown {
		for _, cell := range cells.list {
			book.known[[2]string{programme, cell}] = nil
		}
		book.rows = func(text string, args []any, scan func(*sql.Rows) error) error {
			return b.among(text, args, cells.list, scan)
		}
		book.learn(dutiesOfCells("{}"), programme)
	}
	book.rows = b.rows
	return book.err
}

// dutiesOfCells finds the duties at cells of a programme by way of the cells: a programme has too many duties.
func dutiesOfCells(marks string) string {
	return `, k.cell FROM duty_cells k CROSS JOIN duties d WHERE d.programme = $1 AND d.id = k.duty AND k.cell IN (` + marks + `) ORDER BY d.given_at`
}

// readMoved finds the cases whose lines posts had since an instant or later, and those of vacant posts below them.
func (b *batch) readMoved(moved []post, scan func(*sql.Rows) error) error {
	const columns = 4
	for len(moved) > 0 {
		n := chunk(len(moved))
		var args []any
		for _, p := range moved[:n] {
			args = append(args, string(p.cell), prefixEnd(string(p.cell)), p.programme, b.moves[p])
		}
		rows := make([]string, n)
		for i := range rows {
			at := columns * i
			rows[i] = fmt.Sprintf("(CAST($%d AS TEXT), CAST($%d AS TEXT), CAST($%d AS TEXT), CAST($%d AS BIGINT))", at+1, at+2, at+3, at+4)
		}
		if err := b.rows(`WITH moved (post, beyond, programme, since) AS (VALUES `+strings.Join(rows, ", ")+`)
SELECT DISTINCT i.case_id FROM moved CROSS JOIN intervals i
WHERE i.cell >= moved.post AND i.cell < moved.beyond AND i.programme = moved.programme AND (i.to_at IS NULL OR i.to_at >= moved.since)
	AND (i.cell = moved.post OR i.office <> '')`,
			args, scan); err != nil {
			return err
		}
		moved = moved[n:]
	}
	return nil
}
