package views

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"gridward/domain/fault"
	"gridward/domain/grid"
	"gridward/domain/hazard"
)

// One row for each escalation ever made. The queue of an office is those that have not ended.
var escalationsTable = table{"escalations", []string{"case_id", "version"}, `
CREATE TABLE IF NOT EXISTS escalations (
	case_id         TEXT NOT NULL,
	version         BIGINT NOT NULL, -- of the event that made it
	office          TEXT NOT NULL,   -- the cell of the office it waits at
	level           BIGINT NOT NULL,
	since           BIGINT NOT NULL,
	reason          TEXT NOT NULL,
	automatic       BIGINT NOT NULL,
	made_by         TEXT NOT NULL,
	acknowledged_at BIGINT,
	acknowledged_by TEXT,
	instruction     TEXT,
	ended_at        BIGINT,
	PRIMARY KEY (case_id, version)
);
CREATE INDEX IF NOT EXISTS escalations_office ON escalations (office) WHERE ended_at IS NULL`}

// escalate queues the case at an upper office. A case waits in one queue at a time: the higher office takes over.
func (b *batch) escalate(c *caseRow, e entry, ev hazard.Escalated, at time.Time) error {
	if c.Escalation != nil {
		if err := b.endEscalation(c.ID, ev.At); err != nil {
			return err
		}
	}
	c.Escalation = &Escalation{Level: ev.Level, Cell: ev.To, Since: at, Reason: ev.Reason, Stage: ev.Stage, Automatic: ev.Automatic}
	automatic := 0
	if ev.Automatic {
		automatic = 1
	}
	return b.exec(`
INSERT INTO escalations (case_id, version, office, level, since, reason, automatic, made_by) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
		c.ID, e.Version, string(ev.To), ev.Level, micros(ev.At), ev.Reason, automatic, ev.By)
}

func (b *batch) acknowledge(c *caseRow, ev hazard.EscalationAcknowledged, at time.Time) error {
	if c.Escalation != nil {
		known := *c.Escalation
		known.AcknowledgedAt, known.Instruction = &at, ev.Instruction
		c.Escalation = &known
	}
	return b.must("escalation", `
UPDATE escalations SET acknowledged_at = $2, acknowledged_by = $3, instruction = $4 WHERE case_id = $1 AND ended_at IS NULL`,
		c.ID, micros(ev.At), ev.By, ev.Instruction)
}

func (b *batch) endEscalation(id string, at time.Time) error {
	return b.exec(`UPDATE escalations SET ended_at = $2 WHERE case_id = $1 AND ended_at IS NULL`, id, micros(at))
}

// worst is the rank of a case in a queue, the worst first: listed before all, then by severity.
const worst = `(CASE c.supervision WHEN 'listed' THEN 0 ELSE 4 END + CASE c.severity WHEN 'major' THEN 0 WHEN 'serious' THEN 1 WHEN 'minor' THEN 2 ELSE 3 END)`

// Escalations is the queue of the office at exactly that cell: the listed first, then the severest, then those that
// wait longest. An empty programme is any.
func (v *Views) Escalations(ctx context.Context, cell grid.CellCode, programme string, p Paging) (Page[QueueItem], error) {
	size, err := p.size()
	if err != nil {
		return Page[QueueItem]{}, err
	}
	k, ok, err := p.after("escalations")
	if err != nil {
		return Page[QueueItem]{}, err
	}
	if cell.Level() == 0 {
		return Page[QueueItem]{}, fault.BadField("cell", "is not a cell code")
	}
	var w where
	w.and("e.office = ? AND e.ended_at IS NULL", string(cell))
	w.is("c.programme", programme)
	if ok {
		var since int64
		var id string
		if _, err := fmt.Sscanf(k.S, "%d %s", &since, &id); err != nil {
			return Page[QueueItem]{}, errCursor
		}
		w.and("("+worst+", e.since, e.case_id) > (?, ?, ?)", k.N, since, id)
	}
	type ranked struct {
		QueueItem
		rank int64
	}
	query := `
SELECT ` + worst + `, e.case_id, c.programme, c.cell, c.item, c.severity, c.state, c.supervision, c.body, e.office, e.level, e.since, e.reason,
	e.automatic, e.made_by, e.acknowledged_at, e.acknowledged_by, e.instruction
FROM escalations e JOIN cases c ON c.id = e.case_id` + w.text(worst+", e.since, e.case_id", size+1)
	rows, err := collect(ctx, v, query, w.args, func(r *sql.Rows) (q ranked, err error) {
		var supervision, by, instruction sql.NullString
		var since int64
		var acknowledged sql.NullInt64
		var body string
		err = r.Scan(&q.rank, &q.Case, &q.Programme, &q.Cell, &q.Item, &q.Severity, &q.State, &supervision, &body, &q.Office, &q.Level, &since,
			&q.Reason, &q.Automatic, &q.By, &acknowledged, &by, &instruction)
		if err != nil {
			return q, err
		}
		q.Listed, q.Since, q.AcknowledgedAt = supervision.String == hazard.Listed, v.at(since), v.maybeAt(acknowledged)
		q.AcknowledgedBy, q.Instruction = by.String, instruction.String
		q.ListingAwaited, err = listingAwaited(body)
		return q, err
	})
	if err != nil {
		return Page[QueueItem]{}, err
	}
	page := pageOf("escalations", rows, size, func(q ranked) key {
		return key{N: q.rank, S: fmt.Sprintf("%d %s", micros(q.Since), q.Case)}
	})
	out := Page[QueueItem]{Items: make([]QueueItem, len(page.Items)), NextCursor: page.NextCursor}
	for i, q := range page.Items {
		out.Items[i] = q.QueueItem
	}
	return out, nil
}
