package views

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"

	"gridward/app"
)

// edition is raised when rows come out differently for the same log though the tables look the same: the views
// are then rebuilt at the next start.
const edition = "2"

// table is one table of the views: its primary key, by which generations are compared, and its text.
type table struct {
	name string
	key  []string
	ddl  string
}

var checkpointTable = table{"checkpoint", []string{"id"}, `
CREATE TABLE IF NOT EXISTS checkpoint (
	id          BIGINT PRIMARY KEY,
	position    BIGINT NOT NULL,
	recorded_at BIGINT NOT NULL,
	epoch       BIGINT NOT NULL -- of whoever projects: an earlier leader commits nothing any more
)`}

// tables is all of them.
var tables = []table{
	checkpointTable,
	cellsTable, cellClassesTable, classSpansTable,
	personsTable, departmentsTable, dutiesTable, dutyCellsTable,
	inspectionsTable, patrolsTable,
	casesTable, caseMovesTable, casePartiesTable, intervalsTable, cardsTable, escalationsTable, transfersTable, ratingsTable,
	campaignsTable, campaignTargetsTable,
	activitiesTable, equipmentTable, forcesTable,
	programmesTable, calendarsTable,
	shortfallsTable, missedTable, patrolDaysTable, noticesTable, digestsTable,
}

// listings is the indexes that only listings use: a generation that is built from nothing gets them at the end, which
// is much cheaper than keeping them while it grows.
var listings = []string{inspectionsListed, casesListed, intervalsListed, cardsListed, escalationsListed, missedListed}

// fingerprint tells what built the tables: their texts, the edition, the zone of the days, the log, and a shard's districts.
func (v *Views) fingerprint() string {
	text := fmt.Sprintln(edition, v.loc, v.log.ID())
	if len(v.districts) > 0 {
		text += fmt.Sprintln(v.districts)
	}
	for _, t := range tables {
		text += t.ddl + ";"
	}
	for _, ddl := range listings {
		text += ddl + ";"
	}
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:16])
}

// checkpoint is how far the tables are.
type checkpoint struct {
	position   app.Position
	recordedAt time.Time
}

func readCheckpoint(ctx context.Context, db Queries) (checkpoint, error) {
	var position, recorded int64
	if err := db.QueryRowContext(ctx, `SELECT position, recorded_at FROM checkpoint WHERE id = 1`).Scan(&position, &recorded); err != nil {
		return checkpoint{}, fmt.Errorf("views: checkpoint: %w", err)
	}
	c := checkpoint{position: app.Position(position)}
	if recorded != 0 {
		c.recordedAt = time.UnixMicro(recorded).UTC()
	}
	return c, nil
}
