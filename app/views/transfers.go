package views

import (
	"time"

	"gridward/domain/hazard"
)

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
	PRIMARY KEY (case_id, round)
);
CREATE INDEX IF NOT EXISTS ratings_cell ON ratings (cell, closed_at)`}

// transfer enters a written handover.
func (b *batch) transfer(c *caseRow, e entry, ev hazard.Transferred, at time.Time) error {
	c.Transfers = append(c.Transfers, Transfer{Authority: ev.Authority, DocumentNo: ev.DocumentNo, Note: ev.Note, Cell: ev.Cell, At: at, Version: e.Version})
	return b.exec(`
INSERT INTO transfers (case_id, version, cell, programme, authority, document_no, note, office, made_by, at, reply_no, outcome)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, '', '')`,
		c.ID, e.Version, string(c.Cell), c.Programme, ev.Authority, ev.DocumentNo, ev.Note, string(ev.Cell), ev.By, micros(ev.At))
}

// reply enters the answer: to the transfer of that document number, else to the latest without one (the authority
// often answers under a number of its own).
func (b *batch) reply(c *caseRow, ev hazard.TransferReplied, at time.Time) error {
	answered := -1
	for i, t := range c.Transfers {
		if t.RepliedAt != nil {
			continue
		}
		answered = i
		if t.DocumentNo == ev.DocumentNo {
			break
		}
	}
	if answered < 0 {
		return nil // an answer to nothing stays in the timeline
	}
	t := &c.Transfers[answered]
	t.RepliedAt, t.ReplyNo, t.Outcome = &at, ev.DocumentNo, ev.Outcome
	return b.must("transfer", `UPDATE transfers SET replied_at = $3, reply_no = $4, outcome = $5 WHERE case_id = $1 AND version = $2`,
		c.ID, t.Version, micros(ev.At), ev.DocumentNo, ev.Outcome)
}

// rate enters the closing rating of a round into the file of the case's cell.
func (b *batch) rate(c *caseRow, ev hazard.Closed) error {
	var holder, person string
	if h := c.Holder; h != nil {
		holder, person = h.Department, h.Person
		if holder == "" {
			holder = string(h.Cell)
		}
	}
	return b.exec(`
INSERT INTO ratings (case_id, round, cell, programme, item, severity, rating, holder, person, rework_count, office, made_by, note, closed_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)`,
		c.ID, c.Round, string(c.Cell), c.Programme, c.Item, c.Severity, ev.Rating, holder, person, c.ReworkCount, string(ev.Office), ev.By,
		ev.Note, micros(ev.At))
}
