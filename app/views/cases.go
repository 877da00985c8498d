package views

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"gridward/domain/grid"
	"gridward/domain/hazard"
)

// One row for each case as it stands. What never changes stands in columns of its own that updates leave alone, so
// that only the indexes on what moves are written again.
var casesTable = table{"cases", []string{"id"}, `
CREATE TABLE IF NOT EXISTS cases (
	id            TEXT PRIMARY KEY,
	district      TEXT NOT NULL,
	cell          TEXT NOT NULL,
	programme     TEXT NOT NULL,
	reported_at   BIGINT NOT NULL,
	state         TEXT NOT NULL,
	severity      TEXT NOT NULL,
	item          TEXT NOT NULL,
	holder_post   TEXT, -- cell code or department code
	holder_person TEXT,
	supervision   TEXT, -- the weightiest measure in force
	deadline_at   BIGINT,
	due_at        BIGINT, -- when time does something to it next: what the scheduler looks at
	recorded_at   BIGINT NOT NULL, -- of the report
	programme_version BIGINT NOT NULL, -- it is derived under; 0 until it is filed
	calendar_version  BIGINT NOT NULL,
	body          TEXT NOT NULL, -- a Case
	track         TEXT NOT NULL  -- a hazard.Case: the rules' own state, with the clocks
);
CREATE INDEX IF NOT EXISTS cases_due ON cases (due_at, id) WHERE due_at IS NOT NULL`}

const casesListed = `
CREATE INDEX IF NOT EXISTS cases_reported ON cases (reported_at, id);
CREATE INDEX IF NOT EXISTS cases_cell ON cases (cell, reported_at, id);
CREATE INDEX IF NOT EXISTS cases_limited ON cases (cell, reported_at, id) WHERE deadline_at IS NOT NULL;
CREATE INDEX IF NOT EXISTS cases_state ON cases (state, reported_at, id);
CREATE INDEX IF NOT EXISTS cases_holder_post ON cases (holder_post) WHERE holder_post IS NOT NULL;
CREATE INDEX IF NOT EXISTS cases_holder_person ON cases (holder_person) WHERE holder_person IS NOT NULL`

// caseMovesTable is the cells a case was in before a filing corrected them: what its cell was at an instant of the
// log is told by the row that holds it, or else by the case itself.
var caseMovesTable = table{"case_moves", []string{"case_id", "until"}, `
CREATE TABLE IF NOT EXISTS case_moves (
	case_id TEXT NOT NULL,
	since   BIGINT NOT NULL, -- recorded
	until   BIGINT NOT NULL, -- recorded, excluded
	cell    TEXT NOT NULL,
	PRIMARY KEY (case_id, until)
);
CREATE INDEX IF NOT EXISTS case_moves_cell ON case_moves (cell)`}

// caseRow is one case while a batch works on it.
type caseRow struct {
	told
	created    bool           // by this batch
	moved      bool           // to another cell
	recordedAt time.Time      // of the report, where this batch created it
	saved      *[]intervalRow // the line as the tables have it; nil: there is none

	// To be written.
	body, trackBody string
	line            []intervalRow
	due             any
}

// caseOf gives the case an event is about: reported by this batch, remembered, or read before it.
func (b *batch) caseOf(id string) (*caseRow, error) {
	if c := b.cases[id]; c != nil {
		return c, nil
	}
	known, ok := b.p.known.Get(id)
	if !ok {
		return nil, fmt.Errorf("there is no case %s", id)
	}
	c := &caseRow{told: known.told, saved: known.saved}
	b.cases[id] = c
	return c, nil
}

func (b *batch) applyCase(e entry, event hazard.Event) error {
	id := strings.TrimPrefix(e.Stream, "case-")
	if _, first := event.(hazard.Reported); first {
		b.cases[id] = &caseRow{created: true, recordedAt: e.RecordedAt}
	}
	c, err := b.caseOf(id)
	if err != nil {
		return err
	}
	before := c.told
	if err := c.fold(e.Record, event, b.p.loc); err != nil {
		return err
	}
	if before.Cell != c.Cell && before.ID != "" {
		c.moved = true
		if err := b.caseMoved(e, before.ID, before.Cell); err != nil {
			return err
		}
	}
	if err := b.noteParties(before.track, c); err != nil {
		return err
	}
	return b.follow(e, before, c, event)
}

// caseMoved remembers the cell a case was in until now.
func (b *batch) caseMoved(e entry, id string, from grid.CellCode) error {
	return b.exec(`
INSERT INTO case_moves (case_id, since, until, cell) SELECT CAST($1 AS TEXT), COALESCE(MAX(until), 0), CAST($2 AS BIGINT), CAST($3 AS TEXT) FROM case_moves WHERE case_id = $1
ON CONFLICT (case_id, until) DO NOTHING`, id, micros(e.RecordedAt), string(from))
}

// follow writes what an event of a case changes in the tables beside it.
func (b *batch) follow(e entry, before told, c *caseRow, event hazard.Event) error {
	if before.Escalation != nil && (c.Escalation == nil || hazard.EndsEscalation(before.Escalation.Stage, event)) {
		if err := b.endEscalation(c.ID, event.Stamped().At); err != nil {
			return err
		}
	}
	if err := b.tell(c, e, event); err != nil {
		return err
	}
	switch ev := event.(type) {
	case hazard.Escalated:
		return b.escalate(before.Case, c, e, ev)
	case hazard.EscalationAcknowledged:
		return b.acknowledge(c, ev)
	case hazard.Transferred:
		return b.transfer(c, e, ev)
	case hazard.TransferReplied:
		return b.reply(&before, e, ev)
	case hazard.Closed:
		return b.rate(c, e, ev)
	case hazard.CardGiven:
		return b.giveCard(c, e, ev)
	case hazard.CardHealed:
		return b.healCard(c.ID, ev)
	case hazard.CardWithdrawn:
		return b.withdrawCard(c.ID, ev)
	}
	return nil
}

// flushCases writes every case that was composed, once.
func (b *batch) flushCases() error {
	ids := make([]string, 0, len(b.cases))
	for id := range b.cases {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	for _, id := range ids {
		c := b.cases[id]
		if err := b.saveCase(c); err != nil {
			return err
		}
		if err := b.saveLine(c); err != nil {
			return fmt.Errorf("intervals of %s: %w", id, err)
		}
	}
	if err := b.insertMany(`
INSERT INTO cases (id, district, cell, programme, reported_at, recorded_at, state, severity, item, holder_post, holder_person, supervision,
	deadline_at, due_at, programme_version, calendar_version, body, track) VALUES `, 18, b.opened, ``); err != nil {
		return err
	}
	return b.flushLines()
}

func (b *batch) saveCase(c *caseRow) error {
	var post, person, supervision, deadline any
	if h := c.Holder; h != nil {
		post, person = nullText(h.post()), nullText(h.Person)
	}
	if c.Supervision != nil {
		supervision = c.Supervision.Measure
	}
	if c.Deadline != nil {
		deadline = micros(c.Deadline.At)
	}
	if c.created {
		b.opened = append(b.opened, c.ID, string(c.Cell.AtLevel(1)), string(c.Cell), c.Programme, micros(c.ReportedAt), micros(c.recordedAt), c.State, c.Severity, c.Item,
			post, person, supervision, deadline, c.due, c.track.ProgrammeVersion, c.track.CalendarVersion, c.body, c.trackBody)
		return nil
	}
	if c.moved {
		if err := b.exec(`UPDATE cases SET district = $2, cell = $3 WHERE id = $1`, c.ID, string(c.Cell.AtLevel(1)), string(c.Cell)); err != nil {
			return err
		}
	}
	return b.later("case", `
UPDATE cases SET state = $2, severity = $3, item = $4, holder_post = $5, holder_person = $6, supervision = $7, deadline_at = $8, due_at = $9,
	programme_version = $10, calendar_version = $11, body = $12, track = $13
WHERE id = $1`,
		c.ID, c.State, c.Severity, c.Item, post, person, supervision, deadline, c.due, c.track.ProgrammeVersion, c.track.CalendarVersion, c.body, c.trackBody)
}
