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
	programme       TEXT NOT NULL,
	round           BIGINT NOT NULL,
	office          TEXT NOT NULL,   -- the cell of the office it waits at
	person          TEXT,            -- who stood for that office
	level           BIGINT NOT NULL,
	since           BIGINT NOT NULL,
	reason          TEXT NOT NULL,
	automatic       BIGINT NOT NULL,
	rung            BIGINT,          -- of the ladder; NULL where a person or a rule escalated
	made_by         TEXT NOT NULL,
	acknowledged_at BIGINT,
	acknowledged_by TEXT,
	instruction     TEXT,
	ended_at        BIGINT,
	recorded_at     BIGINT NOT NULL,
	PRIMARY KEY (case_id, version)
);
CREATE INDEX IF NOT EXISTS escalations_open ON escalations (office, ended_at)`}

const escalationsListed = `
CREATE INDEX IF NOT EXISTS escalations_at ON escalations (office, since);
CREATE INDEX IF NOT EXISTS escalations_person ON escalations (person, since) WHERE person IS NOT NULL`

// escalate queues the case at an upper office. A case waits in one queue at a time: the higher office takes over.
func (b *batch) escalate(before Case, c *caseRow, e entry, ev hazard.Escalated) error {
	if before.Escalation != nil {
		if err := b.endEscalation(c.ID, ev.At); err != nil {
			return err
		}
	}
	var rung any
	if ev.Ladder != nil {
		rung = ev.Ladder.Rung
	}
	var person any
	if ev.Office != nil {
		person = nullText(ev.Office.Person)
	}
	return b.exec(`
INSERT INTO escalations (case_id, version, programme, round, office, person, level, since, reason, automatic, rung, made_by, recorded_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`,
		c.ID, e.Version, c.Programme, c.Round, string(ev.To), person, ev.Level, micros(ev.At), ev.Reason, flag(ev.Automatic), rung, ev.By, micros(e.RecordedAt))
}

func (b *batch) acknowledge(c *caseRow, ev hazard.EscalationAcknowledged) error {
	return b.later("escalation", `
UPDATE escalations SET acknowledged_at = $2, acknowledged_by = $3, instruction = $4 WHERE case_id = $1 AND ended_at IS NULL`,
		c.ID, micros(ev.At), ev.By, ev.Instruction)
}

func (b *batch) endEscalation(id string, at time.Time) error {
	return b.exec(`UPDATE escalations SET ended_at = $2 WHERE case_id = $1 AND ended_at IS NULL`, id, micros(at))
}

// worst is the rank of a case in a queue, the worst first: listed before all, then by severity.
const worst = `(CASE c.supervision WHEN 'listed' THEN 0 ELSE 4 END + CASE c.severity WHEN 'major' THEN 0 WHEN 'serious' THEN 1 WHEN 'minor' THEN 2 ELSE 3 END)`

// longest orders cases of one rank: those whose deadline passed first, then the others by their deadline; those
// without one come last.
const longest = `COALESCE(c.deadline_at, 9000000000000000000)`

// Escalations is the queue of the office at exactly that cell, worst first: the listed, then the severest, then those
// furthest past their deadline, then those that wait longest. An empty programme is any; now is what deadlines are
// held against.
func (v *Views) Escalations(ctx context.Context, cell grid.CellCode, programme string, now time.Time, p Paging) (Page[QueueItem], error) {
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
	if err := v.Holds(cell); err != nil {
		return Page[QueueItem]{}, err
	}
	var w where
	w.and("e.office = ? AND e.ended_at IS NULL", string(cell))
	w.is("c.programme", programme)
	if ok {
		var due, since int64
		var id string
		if _, err := fmt.Sscanf(k.S, "%d %d %s", &due, &since, &id); err != nil {
			return Page[QueueItem]{}, errCursor
		}
		w.and("("+worst+", "+longest+", e.since, e.case_id) > (?, ?, ?, ?)", k.N, due, since, id)
	}
	type ranked struct {
		QueueItem
		rank, due int64
	}
	query := `
SELECT ` + worst + `, ` + longest + `, c.body, e.office, e.level, e.since, e.reason, e.automatic, e.rung, e.made_by, e.acknowledged_at,
	e.acknowledged_by, e.instruction
FROM escalations e JOIN cases c ON c.id = e.case_id` + w.text(worst+", "+longest+", e.since, e.case_id", size+1)
	rows, err := collect(ctx, v, query, w.args, func(r *sql.Rows) (q ranked, err error) {
		var by, instruction sql.NullString
		var since int64
		var acknowledged, rung sql.NullInt64
		var body string
		err = r.Scan(&q.rank, &q.due, &body, &q.Office, &q.Level, &since, &q.Reason, &q.Automatic, &rung, &q.By, &acknowledged, &by, &instruction)
		if err != nil {
			return q, err
		}
		c, err := marshaled[Case](body)
		if err != nil {
			return q, err
		}
		q.about(c, now)
		q.Since, q.AcknowledgedAt = v.at(since), v.maybeAt(acknowledged)
		q.AcknowledgedBy, q.Instruction = by.String, instruction.String
		if rung.Valid {
			n := int(rung.Int64)
			q.Rung = &n
		}
		return q, nil
	})
	if err != nil {
		return Page[QueueItem]{}, err
	}
	page := pageOf("escalations", rows, size, func(q ranked) key {
		return key{N: q.rank, S: fmt.Sprintf("%d %d %s", q.due, micros(q.Since), q.Case)}
	})
	out := Page[QueueItem]{Items: make([]QueueItem, len(page.Items)), NextCursor: page.NextCursor}
	for i, q := range page.Items {
		out.Items[i] = q.QueueItem
	}
	return out, nil
}

// about fills in what the queue shows of the case itself.
func (q *QueueItem) about(c Case, now time.Time) {
	q.Case, q.Programme, q.Cell, q.Item, q.Severity, q.State = c.ID, c.Programme, c.Cell, c.Item, c.Severity, c.State
	q.Listed = c.Supervision != nil && c.Supervision.Measure == hazard.Listed
	q.ListingAwaited, q.Holder, q.Deadline = c.ListingAwaited, c.Holder, c.Deadline
	if d := c.Deadline; d != nil && now.After(d.At) {
		q.PastSeconds = int64(now.Sub(d.At) / time.Second)
	}
}
