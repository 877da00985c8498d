package main

import (
	"context"
	"time"

	"gridward/app"
)

// broken is a log whose second record has lost its place and time.
type broken struct{ app.Log }

func (b broken) Read(ctx context.Context, after app.Position, limit int) ([]app.Record, error) {
	records, err := b.Log.Read(ctx, after, limit)
	if len(records) == 2 {
		records[1].Version, records[1].Position = 7, records[0].Position
		records[1].RecordedAt = records[0].RecordedAt.Add(-time.Hour)
	}
	return records, err
}
