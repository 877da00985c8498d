package app

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"gridward/domain/fault"
	"gridward/domain/hazard"
)

// By is who sends a command and when: what the door stamps on it before the house sees it.
type By struct {
	Actor      string    // who was authenticated: a person id, "admin" or "system"
	OnBehalfOf string    // the person the actor acts for, if it does
	Admin      bool      // the actor is an administrator or an integration, not a person of the grid
	CommandID  uuid.UUID // UUIDv5(actor + idempotency key), or a UUIDv7
	Keyed      bool      // the command id comes from an idempotency key
	ReceivedAt time.Time
	OccurredAt time.Time // zero: when it was received
	IfMatch    *uint64   // the version the client saw, if it insists
	Cause      uuid.UUID // the event that caused it, if one did
	Origin     uuid.UUID // the first command of the chain; zero: this one
}

// Person is who answers for the command: the person acted for, or else the authenticated one.
func (b By) Person() string {
	if b.OnBehalfOf != "" {
		return b.OnBehalfOf
	}
	return b.Actor
}

// Steward reports whether it is an administrator in its own name, who may set the grid up but holds no duty.
func (b By) Steward() bool { return b.Admin && b.OnBehalfOf == "" }

// At is when the command happened.
func (b By) At() time.Time {
	if b.OccurredAt.IsZero() {
		return b.ReceivedAt
	}
	return b.OccurredAt
}

// checkTime refuses what claims to happen in the future.
func (b By) checkTime(field string, at time.Time) error {
	if at.After(b.ReceivedAt.Add(hazard.MaxAhead)) {
		return &fault.Error{Kind: fault.Invalid, Code: "in_future", Message: "it lies more than 5 minutes ahead of the server's clock",
			Fields: []fault.Field{{Field: field, Reason: "lies more than 5 minutes ahead of the server's clock"}}}
	}
	return nil
}

// Receipt is the answer to a command.
type Receipt struct {
	ID       string
	Version  uint64   // of the stream, behind the command's last event
	Position Position // the highest of everything the command wrote
	Created  bool     // the command created the thing
	Replayed bool     // the log had it already: nothing was written
}

// Decision is what a command came to: the events, and what they rely on.
type Decision[E any] struct {
	Events           []E
	Programme        string
	ProgrammeVersion int
	Cell             string
	Duty             string // the duty the decision relied on
	Due              int    // how many of the events, the first ones, time made due before: they are the system's own
}

// Stream names one stream and how its events fold into its state. Fold never changes memory reachable from its
// argument: states are cached and shared.
type Stream[S, E any] struct {
	Name string
	Fold func(S, E) S
}

// done is one command found in a stream.
type done struct {
	command  uuid.UUID
	hash     string
	version  uint64
	position Position
}

// loaded is one stream folded up to a version.
type loaded struct {
	state    any
	version  uint64
	commands []done // in order; the first one created the stream
}

// load folds a stream, from the cache as far as that reaches. The stream's name is the cache's key, so a stream
// is always folded into the same type.
func load[S, E any](ctx context.Context, a *App, st Stream[S, E]) (S, loaded, error) {
	var state S
	cur, hit := a.cache.Get(st.Name)
	if hit {
		state = cur.state.(S)
	}
	records, err := a.log.Load(ctx, st.Name, cur.version)
	if err != nil {
		return state, cur, fmt.Errorf("load %s: %w", st.Name, err)
	}
	if len(records) == 0 {
		return state, cur, nil
	}
	cur.commands = slices.Clone(cur.commands)
	for _, r := range records {
		e, err := decode[E](a, r)
		if err != nil {
			return state, cur, err
		}
		state = st.Fold(state, e)
		cur.version = r.Version
		if n := len(cur.commands); n > 0 && cur.commands[n-1].command == r.Meta.CommandID {
			cur.commands[n-1].version, cur.commands[n-1].position = r.Version, r.Position
		} else {
			cur.commands = append(cur.commands, done{r.Meta.CommandID, r.Meta.RequestHash, r.Version, r.Position})
		}
	}
	cur.state = state
	a.cache.Add(st.Name, cur)
	return state, cur, nil
}

// stateAt folds a stream as its record of that version left it, past the cache.
func stateAt[S, E any](ctx context.Context, a *App, st Stream[S, E], version uint64) (state S, err error) {
	records, err := a.log.Load(ctx, st.Name, 0)
	if err != nil {
		return state, fmt.Errorf("load %s: %w", st.Name, err)
	}
	for _, r := range records {
		if r.Version > version {
			break
		}
		e, err := decode[E](a, r)
		if err != nil {
			return state, err
		}
		state = st.Fold(state, e)
	}
	return state, nil
}

// decode gives a record's event, which must be of the stream's family.
func decode[E any](a *App, r Record) (e E, err error) {
	event, err := a.codec.Decode(r.Type, r.Schema, r.Data)
	if err != nil {
		return e, fmt.Errorf("%s version %d: %w", r.Stream, r.Version, err)
	}
	e, ok := event.(E)
	if !ok {
		return e, fmt.Errorf("%s version %d: %s does not belong there", r.Stream, r.Version, r.Type)
	}
	return e, nil
}

// maxAttempts bounds how often a command is decided anew because others were faster.
const maxAttempts = 8

// errReused says that an idempotency key came back with another body.
var errReused = fault.New(fault.Invalid, "idempotency_key_reused", "the idempotency key was used with another body")

// execute runs one command on one stream: load, fold, decide, append. content is the command's own content: it
// tells a retry from the reuse of an id. With create, the stream must not exist; when it does, the same content
// is a retry and gets the original answer, other content is a conflict.
//
// decide sees the state and returns events or a typed refusal; no events means that there is nothing to change.
func execute[S, E any](ctx context.Context, a *App, by By, st Stream[S, E], create bool, content any,
	decide func(S) (Decision[E], error)) (Receipt, error) {
	if by.Keyed && !create && !by.OccurredAt.IsZero() { // under one key, another time is another body
		content = []any{content, by.OccurredAt}
	}
	hash, err := hashOf(content)
	if err != nil {
		return Receipt{}, err
	}
	if err := by.checkTime("occurred_at", by.At()); err != nil {
		return Receipt{}, err
	}
	for range maxAttempts {
		state, cur, err := load(ctx, a, st)
		if err != nil {
			return Receipt{}, err
		}
		if r, found, err := replay(by, cur, hash, create); found || err != nil {
			return r, err
		}
		if by.IfMatch != nil && *by.IfMatch != cur.version {
			return Receipt{}, fault.New(fault.Precondition, "version_moved", "it is at version %d", cur.version)
		}
		d, err := decide(state)
		if err != nil {
			return Receipt{}, err
		}
		if len(d.Events) == 0 {
			return unchanged(cur), nil
		}
		records, err := toRecords(a, by, st.Name, hash, d)
		if err != nil {
			return Receipt{}, err
		}
		at, err := a.log.Append(ctx, st.Name, cur.version, records)
		if conflict := (*VersionConflict)(nil); errors.As(err, &conflict) {
			continue
		}
		if err != nil {
			return Receipt{}, fmt.Errorf("append to %s: %w", st.Name, err)
		}
		return Receipt{Version: at.Version, Position: at.Position, Created: cur.version == 0}, nil
	}
	return Receipt{}, &fault.Error{Kind: fault.Unavailable, Code: "contended",
		Message: "too many others are changing the same thing", RetryAfter: time.Second}
}

// replay answers a command the stream already holds.
func replay(by By, cur loaded, hash string, create bool) (Receipt, bool, error) {
	for i, c := range cur.commands {
		if c.command != by.CommandID {
			continue
		}
		if c.hash != hash {
			return Receipt{}, true, errReused
		}
		return Receipt{Version: c.version, Position: c.position, Created: i == 0, Replayed: true}, true, nil
	}
	if !create || cur.version == 0 {
		return Receipt{}, false, nil
	}
	first := cur.commands[0]
	if first.hash != hash {
		return Receipt{}, true, fault.New(fault.Conflict, "id_reused", "the id belongs to something with other content")
	}
	return Receipt{Version: first.version, Position: first.position, Created: true, Replayed: true}, true, nil
}

// unchanged answers a command that found nothing to do.
func unchanged(cur loaded) Receipt {
	r := Receipt{Version: cur.version, Replayed: true}
	if n := len(cur.commands); n > 0 {
		r.Position = cur.commands[n-1].position
	}
	return r
}

func toRecords[E any](a *App, by By, stream, hash string, d Decision[E]) ([]Record, error) {
	meta := Meta{
		Programme: d.Programme, ProgrammeVersion: d.ProgrammeVersion, Cell: d.Cell, Duty: d.Duty,
		OccurredAt: by.At(), ReceivedAt: by.ReceivedAt, Actor: by.Actor, OnBehalfOf: by.OnBehalfOf,
		CommandID: by.CommandID, RequestHash: hash, Correlation: by.Origin, Causation: by.Cause,
	}
	if meta.Correlation == uuid.Nil {
		meta.Correlation = by.CommandID
	}
	records := make([]Record, len(d.Events))
	for i, e := range d.Events {
		typ, schema, data, err := a.codec.Encode(e)
		if err != nil {
			return nil, err
		}
		records[i] = Record{ID: eventID(by.CommandID, stream, i), Stream: stream, Type: typ, Schema: schema, Meta: meta, Data: data}
		if i < d.Due {
			m := &records[i].Meta
			m.Actor, m.OnBehalfOf, m.Duty = hazard.System, "", ""
		}
	}
	return records, nil
}

// eventID derives the id of a command's n-th event in a stream, so that a repeat has the same ids.
func eventID(command uuid.UUID, stream string, n int) uuid.UUID {
	return uuid.NewSHA1(command, fmt.Appendf(nil, "%s/%d", stream, n))
}

// DeriveID makes an id out of a command's, for what the client gave none: a retry makes the same one.
func DeriveID(command uuid.UUID, what string) string {
	return uuid.NewSHA1(command, []byte(what)).String()
}

// then is the next command of a chain: on another stream, because of this one.
func (b By) then(what string) By {
	next := b
	if next.Origin == uuid.Nil {
		next.Origin = b.CommandID
	}
	next.CommandID = uuid.NewSHA1(b.CommandID, []byte(what))
	next.IfMatch, next.Keyed = nil, false
	return next
}

func hashOf(content any) (string, error) {
	raw, err := json.Marshal(content)
	if err != nil {
		return "", fmt.Errorf("hash of a command: %w", err)
	}
	sum := sha256.Sum256(raw)
	return hex.EncodeToString(sum[:16]), nil
}
