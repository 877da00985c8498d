package views

import "gridward/domain/hazard"

// One row for each card ever given; one that was healed or withdrawn says so and stays.
var cardsTable = table{"cards", []string{"case_id", "version"}, `
CREATE TABLE IF NOT EXISTS cards (
	case_id      TEXT NOT NULL,
	version      BIGINT NOT NULL, -- of the event that gave it
	programme    TEXT NOT NULL,
	run          BIGINT NOT NULL, -- which of the case's stages
	rung         BIGINT NOT NULL,
	round        BIGINT NOT NULL,
	stage        TEXT NOT NULL,
	colour       TEXT NOT NULL,
	cell         TEXT NOT NULL,   -- of the holder's post, or of its department's seat
	department   TEXT NOT NULL,
	person       TEXT NOT NULL,
	role         TEXT NOT NULL,
	due_at       BIGINT NOT NULL,
	deadline_at  BIGINT NOT NULL,
	healed_at    BIGINT,
	withdrawn_at BIGINT,
	PRIMARY KEY (case_id, version)
)`}

const cardsListed = `
CREATE INDEX IF NOT EXISTS cards_person ON cards (person, due_at);
CREATE INDEX IF NOT EXISTS cards_cell ON cards (cell, due_at)`

func (b *batch) giveCard(c *caseRow, e entry, ev hazard.CardGiven) error {
	book := b.dutyBook()
	seat := book.seat(ev.Holder)
	if book.err != nil {
		return book.err
	}
	b.noteParty(c.ID, seat, ev.Holder)
	return b.exec(`
INSERT INTO cards (case_id, version, programme, run, rung, round, stage, colour, cell, department, person, role, due_at, deadline_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)`,
		c.ID, e.Version, c.Programme, ev.Ladder.Run, ev.Ladder.Rung, ev.Ladder.Round, ev.Ladder.Stage, ev.Colour, string(seat), ev.Holder.Department,
		ev.Holder.Person, ev.Holder.Role, micros(ev.Ladder.Due), micros(ev.Ladder.Deadline))
}

// lastCard is the last card of a colour that a rung gave.
const lastCard = `(SELECT MAX(version) FROM cards WHERE case_id = $1 AND run = $2 AND rung = $3 AND colour = $4)`

func (b *batch) healCard(id string, ev hazard.CardHealed) error {
	return b.later("card", `UPDATE cards SET healed_at = $5 WHERE case_id = $1 AND version = `+lastCard, id, ev.Run, ev.Rung, ev.Colour, micros(ev.At))
}

func (b *batch) withdrawCard(id string, ev hazard.CardWithdrawn) error {
	return b.later("card", `UPDATE cards SET withdrawn_at = $5 WHERE case_id = $1 AND version = `+lastCard, id, ev.Run, ev.Rung, ev.Colour, micros(ev.At))
}
