package views

import "gridward/domain/hazard"

var transfersTable = table{"transfers", []string{"case_id", "version"}, `
CREATE TABLE IF NOT EXISTS transfers (
	case_id     TEXT NOT NULL,
	version     BIGINT NOT NULL, -- of the event that handed over
	cell        TEXT NOT NULL,   -- of the case then
	programme   TEXT NOT NULL,
	authority   TEXT NOT NULL,
	document_no TEXT NOT NULL,
	note        TEXT NOT NULL,
	office      TEXT NOT NULL,   -- the cell of the office that handed it over
	made_by     TEXT NOT NULL,
	at          BIGINT NOT NULL,
	replied_at  BIGINT,
	reply_no    TEXT NOT NULL,
	outcome     TEXT NOT NULL,
	recorded_at BIGINT NOT NULL,
	reply_recorded_at BIGINT,
	PRIMARY KEY (case_id, version)
);
CREATE INDEX IF NOT EXISTS transfers_cell ON transfers (cell, at)`}

var ratingsTable = table{"ratings", []string{"case_id", "round"}, `
CREATE TABLE IF NOT EXISTS ratings (
	case_id      TEXT NOT NULL,
	round        BIGINT NOT NULL,
	cell         TEXT NOT NULL, -- of the case
	programme    TEXT NOT NULL,
	item         TEXT NOT NULL,
	severity     TEXT NOT NULL,
	rating       TEXT NOT NULL,
	holder       TEXT NOT NULL, -- the cell or department that rectified
	person       TEXT NOT NULL,
	rework_count BIGINT NOT NULL,
	office       TEXT NOT NULL, -- the cell of the office that closed it
	made_by      TEXT NOT NULL,
	note         TEXT NOT NULL,
	closed_at    BIGINT NOT NULL,
	recorded_at  BIGINT NOT NULL,
	PRIMARY KEY (case_id, round)
);
CREATE INDEX IF NOT EXISTS ratings_cell ON ratings (cell, closed_at)`}

// transfer enters a written handover.
func (b *batch) transfer(c *caseRow, e entry, ev hazard.Transferred) error {
	return b.exec(`
INSERT INTO transfers (case_id, version, cell, programme, authority, document_no, note, office, made_by, at, reply_no, outcome, recorded_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, '', '', $11)`,
		c.ID, e.Version, string(c.Cell), c.Programme, ev.Authority, ev.DocumentNo, ev.Note, string(ev.Cell), ev.By, micros(ev.At), micros(e.RecordedAt))
}

// reply enters the answer; an answer to nothing stays in the timeline.
func (b *batch) reply(before *told, e entry, ev hazard.TransferReplied) error {
	i := before.answered(ev.DocumentNo)
	if i < 0 {
		return nil
	}
	return b.later("transfer", `
UPDATE transfers SET replied_at = $3, reply_no = $4, outcome = $5, reply_recorded_at = $6 WHERE case_id = $1 AND version = $2`,
		before.ID, before.Transfers[i].Version, micros(ev.At), ev.DocumentNo, ev.Outcome, micros(e.RecordedAt))
}

// rate enters the closing rating of a round into the file of the case's cell.
func (b *batch) rate(c *caseRow, e entry, ev hazard.Closed) error {
	var person string
	if c.Holder != nil {
		person = c.Holder.Person
	}
	return b.exec(`
INSERT INTO ratings (case_id, round, cell, programme, item, severity, rating, holder, person, rework_count, office, made_by, note, closed_at, recorded_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)`,
		c.ID, c.Round, string(c.Cell), c.Programme, c.Item, c.Severity, ev.Rating, c.Holder.post(), person, c.ReworkCount, string(ev.Office), ev.By,
		ev.Note, micros(ev.At), micros(e.RecordedAt))
}
