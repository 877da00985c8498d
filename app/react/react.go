// Package react is what the outside is told: plain functions over the log's records, and the hub of those who
// listen. What must happen because of a command is not here: that is decided with the command and appended with it.
package react

import (
	"context"

	"gridward/app"
)

// Handler tells the outside of one record. Records come in the log's order, the next one only after this one was
// handled. An error means "again later"; a record may come twice after a crash, so telling twice must do no harm.
type Handler func(ctx context.Context, r app.Record) error

// LiveFeed tells every record to the hub's listeners.
func LiveFeed(hub *Hub) Handler {
	return func(_ context.Context, r app.Record) error {
		hub.Tell(r)
		return nil
	}
}
