package views

import (
	"fmt"
	"strings"

	"gridward/domain/personal"
	"gridward/domain/register"
)

var activitiesTable = table{"activities", []string{"id"}, `
CREATE TABLE IF NOT EXISTS activities (
	id           TEXT PRIMARY KEY,
	cell         TEXT NOT NULL,
	programme    TEXT NOT NULL,
	kind         TEXT NOT NULL,
	held_at      BIGINT NOT NULL,
	title        TEXT NOT NULL,
	minutes      TEXT NOT NULL,
	participants TEXT NOT NULL, -- separated by ideographic commas
	recorded_at  BIGINT NOT NULL
);
CREATE INDEX IF NOT EXISTS activities_cell ON activities (cell, held_at)`}

// One row for each state of an item; the one that stands has no superseded_at.
var equipmentTable = table{"equipment", []string{"id", "revision"}, `
CREATE TABLE IF NOT EXISTS equipment (
	id             TEXT NOT NULL,
	revision       BIGINT NOT NULL, -- the stream's version
	cell           TEXT NOT NULL,
	programme      TEXT NOT NULL,
	kind           TEXT NOT NULL,
	quantity       BIGINT NOT NULL,
	bought_on      TEXT NOT NULL,
	valid_until    TEXT NOT NULL,
	serviced_on    TEXT NOT NULL,
	place          TEXT NOT NULL,
	note           TEXT NOT NULL,
	retired_at     BIGINT,
	retired_reason TEXT NOT NULL,
	recorded_at    BIGINT NOT NULL,
	superseded_at  BIGINT,
	PRIMARY KEY (id, revision)
);
CREATE INDEX IF NOT EXISTS equipment_cell ON equipment (cell, id)`}

var forcesTable = table{"forces", []string{"id"}, `
CREATE TABLE IF NOT EXISTS forces (
	id        TEXT PRIMARY KEY,
	cell      TEXT NOT NULL,
	programme TEXT NOT NULL,
	kind      TEXT NOT NULL,
	name      TEXT NOT NULL,
	headcount BIGINT NOT NULL,
	leader    TEXT NOT NULL,
	phone     TEXT NOT NULL,
	equipment TEXT NOT NULL,
	content   TEXT NOT NULL,
	recorded_at BIGINT NOT NULL
);
CREATE INDEX IF NOT EXISTS forces_cell ON forces (cell, id)`}

func (b *batch) applyActivity(e entry, event register.ActivityEvent) error {
	switch ev := event.(type) {
	case register.ActivityRecorded:
		names := make([]string, len(ev.Participants))
		for i, p := range ev.Participants {
			names[i] = personOrName(p.Person, p.Name)
		}
		return b.exec(`
INSERT INTO activities (id, cell, programme, kind, held_at, title, minutes, participants, recorded_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
			ev.ID, string(ev.Cell), ev.Programme, ev.Kind, micros(ev.HeldAt), ev.Title, ev.Minutes, strings.Join(names, "、"), micros(e.RecordedAt))
	}
	return fmt.Errorf("the view of activities knows no %T", event)
}

// personOrName is how somebody who took part is shown: the person's id, or else the name given.
func personOrName(person string, name personal.Value) string {
	if person != "" {
		return person
	}
	return name.Reveal()
}

func (b *batch) applyEquipment(e entry, event register.EquipmentEvent) error {
	id := strings.TrimPrefix(e.Stream, "equipment-")
	switch ev := event.(type) {
	case register.EquipmentRegistered:
		return b.exec(`
INSERT INTO equipment (id, revision, cell, programme, kind, quantity, bought_on, valid_until, serviced_on, place, note, retired_reason, recorded_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, '', $9, $10, '', $11)`,
			ev.ID, e.Version, string(ev.Cell), ev.Programme, ev.Kind, ev.Quantity, ev.BoughtOn, ev.ValidUntil, ev.Place, ev.Note, micros(e.RecordedAt))
	case register.EquipmentServiced:
		if err := b.reviseEquipment(e, id); err != nil {
			return err
		}
		return b.later("equipment", `
UPDATE equipment SET serviced_on = $2, valid_until = CASE WHEN $3 = '' THEN valid_until ELSE $3 END WHERE id = $1 AND superseded_at IS NULL`,
			id, ev.ServicedOn, ev.ValidUntil)
	case register.EquipmentRetired:
		if err := b.reviseEquipment(e, id); err != nil {
			return err
		}
		return b.later("equipment", `UPDATE equipment SET retired_at = $2, retired_reason = $3 WHERE id = $1 AND superseded_at IS NULL`,
			id, micros(e.Meta.OccurredAt), ev.Reason)
	}
	return fmt.Errorf("the view of equipment knows no %T", event)
}

// reviseEquipment ends the state that stands and begins the next with a copy of it.
func (b *batch) reviseEquipment(e entry, id string) error {
	if err := b.later("equipment", `
INSERT INTO equipment (id, revision, cell, programme, kind, quantity, bought_on, valid_until, serviced_on, place, note, retired_at, retired_reason, recorded_at)
SELECT id, CAST($2 AS BIGINT), cell, programme, kind, quantity, bought_on, valid_until, serviced_on, place, note, retired_at, retired_reason, CAST($3 AS BIGINT)
FROM equipment WHERE id = $1 AND superseded_at IS NULL`, id, e.Version, micros(e.RecordedAt)); err != nil {
		return err
	}
	return b.exec(`UPDATE equipment SET superseded_at = $3 WHERE id = $1 AND revision < $2 AND superseded_at IS NULL`, id, e.Version, micros(e.RecordedAt))
}

func (b *batch) applyForce(e entry, event register.ForceEvent) error {
	switch ev := event.(type) {
	case register.ForceRegistered:
		return b.exec(`
INSERT INTO forces (id, cell, programme, kind, name, headcount, leader, phone, equipment, content, recorded_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`,
			ev.ID, string(ev.Cell), ev.Programme, ev.Kind, ev.Name, ev.Headcount, ev.Leader.Reveal(), ev.Phone.Reveal(), ev.Equipment, ev.Content, micros(e.RecordedAt))
	}
	return fmt.Errorf("the view of forces knows no %T", event)
}
