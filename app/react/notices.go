package react

import (
	"context"
	"time"

	"gridward/app"
)

// Notices opens a digest for everybody a record tells of a card, an escalation or supervision: one a person and local
// day, however much comes. What stands in it is read from the views (app/views, notices).
func Notices(a *app.App, zone *time.Location) Handler {
	return func(ctx context.Context, r app.Record) error { return a.Notify(ctx, r, zone) }
}
