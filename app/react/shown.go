package react

import (
	"encoding/json"
	"fmt"

	"gridward/app"
)

// Shown is what may be seen of an event outside, whoever looks: GET /events, the live feed and everything that leaves
// the house show this and no more.
type Shown struct {
	Type   string
	Schema int             // of Data: the newest
	Data   json.RawMessage // an object, with every personal value (package personal) made unreadable
}

// Show lifts a record's event to its newest shape and masks it.
func Show(codec app.Codec, r app.Record) (Shown, error) {
	event, err := codec.Decode(r.Type, r.Schema, r.Data)
	if err != nil {
		return Shown{}, fmt.Errorf("event at %s: %w", r.Position, err)
	}
	typ, schema, raw, err := codec.Encode(event)
	if err == nil {
		raw, err = mask(raw)
	}
	if err != nil {
		return Shown{}, fmt.Errorf("event at %s: %w", r.Position, err)
	}
	return Shown{Type: typ, Schema: schema, Data: raw}, nil
}
