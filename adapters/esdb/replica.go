package esdb

import (
	"gridward/app"
	"gridward/domain/fault"
)

// OpenReplica refuses, with code log_keeps_no_positions: EventStoreDB cannot hold what app.Replica promises. It gives
// every event a position of its own choosing, so that a copy would have the original's id and other positions, to
// which cursors and checkpoints of the original do not point; and it writes one stream at a time, so that what comes
// in one call could be there in part. A copy from EventStoreDB to another engine is a read like any other.
func OpenReplica() (app.Replica, error) {
	return nil, fault.New(fault.Refused, "log_keeps_no_positions",
		"a log cannot be copied or restored onto EventStoreDB, which gives every event a new position: begin a new log there, or restore EventStoreDB's own backup")
}
