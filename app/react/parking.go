package react

import (
	"fmt"
	"time"

	"github.com/google/uuid"

	"gridward/app"
)

// Parking is where the records stand that a reaction or an outlet could not handle, until an operator has them tried
// again. It is bound to one log and one of those. Its methods are safe for concurrent use, also by several processes.
type Parking interface {
	// Put parks a record, or replaces what is said of one that is parked; a request for a new try stands. When it
	// returns, that is on disk.
	Put(r Parked) error
	// List gives what is parked, in the log's order.
	List() ([]Parked, error)
	// Ask has parked records tried again by whoever runs the reaction. What is not parked is an error.
	Ask(positions ...app.Position) error
	// Answer ends a request, and the parking itself if the record was handled.
	Answer(at app.Position, handled bool) error
}

// Parked is one record that was passed over, and why.
type Parked struct {
	Log      uuid.UUID    `json:"log"`
	Position app.Position `json:"position"`
	Record   uuid.UUID    `json:"record"`
	Type     string       `json:"type"`
	Stream   string       `json:"stream"`
	Error    string       `json:"error"`    // of the last try
	Attempts int          `json:"attempts"` // so far
	ParkedAt time.Time    `json:"parked_at"`

	Asked bool `json:"-"` // somebody wants it tried again
}

// NotParked is the error of asking for what is not parked.
func NotParked(at app.Position) error { return fmt.Errorf("nothing is parked at position %s", at) }
