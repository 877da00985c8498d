package esdb

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"github.com/google/uuid"
	"gridward/app"
	"gridward/domain/fault"
)

// own is the stream that holds the log's id. It is not part of the log.
const own = "gridward-log"

// What the server keeps about an event, by the names it gives them.
const (
	systemType    = "type"
	systemContent = "content-type"
	contentJSON   = "application/json"
	contentBytes  = "application/octet-stream"
)

// envelope is what stands in an event's user metadata around the record's own: what EventStoreDB has no place for.
// Behind is the position of a record that was there before the append began: where a read of a stream gives no
// positions, the record's is looked for from there on. Origin is the position the record had in the log that this one
// took it over from, 0 if it began here.
type envelope struct {
	Schema   int             `json:"schema"`
	Recorded int64           `json:"recorded"` // microseconds
	Behind   uint64          `json:"behind"`
	Origin   uint64          `json:"origin,omitempty"`
	Meta     json.RawMessage `json:"meta"`
}

// seal appends the JSON of an envelope.
func seal(b []byte, e *envelope) []byte {
	b = append(b, `{"schema":`...)
	b = strconv.AppendInt(b, int64(e.Schema), 10)
	b = append(b, `,"recorded":`...)
	b = strconv.AppendInt(b, e.Recorded, 10)
	b = append(b, `,"behind":`...)
	b = strconv.AppendUint(b, e.Behind, 10)
	if e.Origin > 0 {
		b = append(b, `,"origin":`...)
		b = strconv.AppendUint(b, e.Origin, 10)
	}
	b = append(b, `,"meta":`...)
	b = append(b, e.Meta...)
	return append(b, '}')
}

// unseal reads what seal wrote without looking into the metadata twice, and any other JSON of that shape.
func unseal(b []byte, e *envelope) error {
	if unsealPlain(b, e) {
		return nil
	}
	*e = envelope{}
	if err := json.Unmarshal(b, e); err != nil {
		return err
	}
	if e.Schema < 1 || len(e.Meta) == 0 {
		return errors.New("it has no schema or no metadata of a record")
	}
	return nil
}

func unsealPlain(b []byte, e *envelope) bool {
	var schema, recorded int64
	ok := integer(&b, `{"schema":`, &schema) && integer(&b, `,"recorded":`, &recorded)
	var behind, origin int64
	ok = ok && integer(&b, `,"behind":`, &behind)
	integer(&b, `,"origin":`, &origin) // only what was taken over has one
	meta, found := bytes.CutPrefix(b, []byte(`,"meta":`))
	if !ok || !found || schema < 1 || behind < 0 || origin < 0 || len(meta) < 3 || meta[0] != '{' || meta[len(meta)-1] != '}' {
		return false
	}
	*e = envelope{Schema: int(schema), Recorded: recorded, Behind: uint64(behind), Origin: uint64(origin), Meta: meta[:len(meta)-1]}
	return true
}

// integer reads a key and a number off the front of b.
func integer(b *[]byte, key string, into *int64) bool {
	rest, ok := bytes.CutPrefix(*b, []byte(key))
	if !ok {
		return false
	}
	end := bytes.IndexAny(rest, ",}")
	if end < 1 {
		return false
	}
	n, err := strconv.ParseInt(string(rest[:end]), 10, 64)
	if err != nil {
		return false
	}
	*into, *b = n, rest[end:]
	return true
}

// proposal is the record as it is sent.
func proposal(r *app.Record, e *envelope) *streams.AppendReq_ProposedMessage {
	content := contentBytes
	if json.Valid(r.Data) {
		content = contentJSON
	}
	return &streams.AppendReq_ProposedMessage{
		Id:             toWire(r.ID),
		Metadata:       map[string]string{systemType: r.Type, systemContent: content},
		Data:           r.Data,
		CustomMetadata: seal(make([]byte, 0, len(e.Meta)+128), e),
	}
}

// streamOf is the event's stream.
func streamOf(e *streams.ReadResp_ReadEvent_RecordedEvent) string {
	return string(e.GetStreamIdentifier().GetStreamName())
}

// isOurs says whether an event is one of the log's: neither the server's own nor the log's id.
func (s *Store) isOurs(e *streams.ReadResp_ReadEvent_RecordedEvent) bool {
	stream, within := strings.CutPrefix(streamOf(e), s.prefix)
	return within && stream != own && !strings.HasPrefix(stream, "$") && !strings.HasPrefix(e.GetMetadata()[systemType], "$")
}

// record makes the record of an event, and gives the position from behind which to look for its own if it has none.
func (s *Store) record(x *streams.ReadResp_ReadEvent) (r app.Record, behind uint64, err error) {
	e := x.GetEvent()
	if e == nil {
		return r, 0, errors.New("an event without content")
	}
	r = app.Record{
		ID: fromWire(e.GetId()), Stream: strings.TrimPrefix(streamOf(e), s.prefix), Type: e.GetMetadata()[systemType],
		Data: e.GetData(), Version: e.GetStreamRevision() + 1, Position: position(x),
	}
	if r.Data == nil {
		r.Data = []byte{}
	}
	var sealed envelope
	err = unseal(e.GetCustomMetadata(), &sealed)
	if err == nil {
		err = app.ReadMeta(sealed.Meta, &r.Meta)
	}
	if err == nil && (r.ID == uuid.Nil || r.Type == "") {
		err = errors.New("it has no id or no type")
	}
	if err != nil {
		foreign := fault.New(fault.Unavailable, "log_foreign_event",
			"event %d of stream %s is not of this log, and EventStoreDB must hold nothing else", e.GetStreamRevision(), streamOf(e))
		foreign.Cause = err
		return r, 0, foreign
	}
	r.Schema, r.RecordedAt = sealed.Schema, time.UnixMicro(sealed.Recorded).UTC()
	return r, sealed.Behind, nil
}

// position is where the event is in $all, 0 if the server does not say.
func position(x *streams.ReadResp_ReadEvent) app.Position {
	if p, ok := x.GetPosition().(*streams.ReadResp_ReadEvent_CommitPosition); ok && p.CommitPosition <= math.MaxInt64 {
		return app.Position(p.CommitPosition)
	}
	if p := x.GetEvent().GetCommitPosition(); p <= math.MaxInt64 {
		return app.Position(p)
	}
	return 0
}

func toWire(id uuid.UUID) *shared.UUID {
	return &shared.UUID{Value: &shared.UUID_Structured_{Structured: &shared.UUID_Structured{
		MostSignificantBits:  int64(binary.BigEndian.Uint64(id[:8])),
		LeastSignificantBits: int64(binary.BigEndian.Uint64(id[8:])),
	}}}
}

// fromWire is the id, or none if it cannot be read.
func fromWire(id *shared.UUID) (out uuid.UUID) {
	if s := id.GetStructured(); s != nil {
		binary.BigEndian.PutUint64(out[:8], uint64(s.GetMostSignificantBits()))
		binary.BigEndian.PutUint64(out[8:], uint64(s.GetLeastSignificantBits()))
		return out
	}
	out, err := uuid.Parse(id.GetString_())
	if err != nil {
		return uuid.Nil
	}
	return out
}
