package app

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/google/uuid"
	"gridward/domain/fault"
)

// Position is a place in the log's one total order. It only grows; gaps are allowed; 0 is before everything.
type Position uint64

// String is the form positions have on the wire: opaque to clients, of [A-Za-z0-9_-].
func (p Position) String() string { return strconv.FormatUint(uint64(p), 36) }

// ParsePosition reads the wire form. An unreadable one is an invalid field of the given name.
func ParsePosition(field, s string) (Position, error) {
	n, err := strconv.ParseUint(s, 36, 63)
	if err != nil {
		return 0, fault.BadField(field, "is not a position of this log")
	}
	return Position(n), nil
}

// Meta is what is known of an event beside what it says. The appender does not look into it.
type Meta struct {
	Programme        string    `json:"programme,omitempty"`
	ProgrammeVersion int       `json:"programme_version,omitempty"`
	Cell             string    `json:"cell,omitempty"`         // the cell it happened at; its first six digits are the district
	OccurredAt       time.Time `json:"occurred_at"`            // when it happened, by the one who says so
	ReceivedAt       time.Time `json:"received_at"`            // when the server took the command
	Actor            string    `json:"actor"`                  // who was authenticated: a person id, "admin", "system"
	OnBehalfOf       string    `json:"on_behalf_of,omitempty"` // the person id the actor acted for (X-Act-As)
	Duty             string    `json:"duty,omitempty"`         // the duty the decision relied on
	CommandID        uuid.UUID `json:"command_id"`
	RequestHash      string    `json:"request_hash,omitempty"` // hex of the command's content, to tell a retry from a reuse
	Correlation      uuid.UUID `json:"correlation"`            // the first command of the chain
	Causation        uuid.UUID `json:"causation,omitzero"`     // the event that caused it, if one did
}

// Person is who answers for it: the person acted for, or else the authenticated one.
func (m Meta) Person() string {
	if m.OnBehalfOf != "" {
		return m.OnBehalfOf
	}
	return m.Actor
}

// Record is one event as a store keeps it: raw bytes and metadata. The codec stands above the stores.
type Record struct {
	ID     uuid.UUID
	Stream string
	Type   string // the stored name, e.g. "case.filed"
	Schema int    // the version of the shape of Data, from 1
	Meta   Meta
	Data   []byte // bytes for ever: a store gives back exactly what it was given

	// Set by the store.
	Version    uint64    // in its stream, from 1, without a gap
	Position   Position  // in the log
	RecordedAt time.Time // when the log took it; never decreasing along positions; microseconds, UTC
}

// Appended is the answer to an append: the place of its last record.
type Appended struct {
	Version    uint64
	Position   Position
	RecordedAt time.Time
}

// Log is the port to the event store. Every store passes adapters/storetest; its methods are safe for
// concurrent use.
//
//   - An acknowledged append is on disk. An append is whole or absent.
//   - Versions of a stream have no gap. The expected version is always explicit: 0 means "no such stream".
//   - Read is in one total order and never skips an event that commits late.
//   - A read that fails is an error, never a short answer.
type Log interface {
	// Append puts the records behind version expected of the stream. If the stream is elsewhere the error is a
	// *VersionConflict with the current version, and nothing was written - except that when every record's id is
	// already in the stream, the append is acknowledged without a second copy, with the place they have.
	// A full queue, a full disk, a read-only or lost store is a *fault.Error of kind Unavailable, and nothing
	// was written. If ctx ends before the store has begun, nothing is written; afterwards the outcome may be
	// unknown to the caller, who finds out by appending the same ids again.
	Append(ctx context.Context, stream string, expected uint64, records []Record) (Appended, error)

	// Load gives the records of the stream with a version above after, in order; none is no error.
	Load(ctx context.Context, stream string, after uint64) ([]Record, error)

	// Read gives up to limit records with a position above after, in order. Fewer than limit means that these
	// were all there were when it looked.
	Read(ctx context.Context, after Position, limit int) ([]Record, error)

	// Head is the position of the last record, 0 in an empty log.
	Head(ctx context.Context) (Position, error)

	// Wait returns nil as soon as there is a record above after, or ctx's error.
	Wait(ctx context.Context, after Position) error

	// ID tells logs apart; it is made with the log and never changes.
	ID() uuid.UUID
}

// Replica is a log that is filled with the records of another one, as a copy or from a backup. One goroutine uses it,
// and nobody appends to it meanwhile.
type Replica interface {
	// Head is the position of the last record, 0 in an empty log.
	Head(ctx context.Context) (Position, error)
	// Put adds records with the ids, versions, positions and instants they have, behind the head and without a gap in
	// any stream's versions. After an error nothing of the call is there. What it acknowledged is on disk.
	Put(ctx context.Context, records []Record) error
	Close() error
}

// Successor is a log of its own that takes the records of another one over, where an engine cannot give them the
// positions they had. Ids, streams, versions, types, data, metadata, instants and the order stay; positions and the log's
// id are new, so that a cursor or a checkpoint of the original does not point into it. One goroutine uses it, and nobody
// appends to it meanwhile: a log with records of its own is no successor any more.
type Successor interface {
	// Head is the position which the last record had in the original, 0 if there is none yet.
	Head(ctx context.Context) (Position, error)
	// Put adds whole appends, of records with the positions they have in the original, behind the head and without a
	// gap in any stream's versions. After an error appends from the beginning of the call may be there, each whole, and
	// Head says up to where. What it acknowledged is on disk.
	Put(ctx context.Context, records []Record) error
	Close() error
}

// VersionConflict is the typed answer to an append whose expected version was not the stream's.
type VersionConflict struct {
	Stream   string
	Expected uint64
	Current  uint64
}

func (e *VersionConflict) Error() string {
	return fmt.Sprintf("stream %s is at version %d, not %d", e.Stream, e.Current, e.Expected)
}

// Codec turns events into stored bytes and back. Implemented by adapters/eventcodec.
type Codec interface {
	// Encode gives the stored name, the schema version and the bytes of an event. An event without a name is
	// a fault of the program and an error.
	Encode(event any) (typ string, schema int, data []byte, err error)
	// Decode gives the event of the newest shape, whatever shape was stored. An unknown type is an error.
	Decode(typ string, schema int, data []byte) (any, error)
}
