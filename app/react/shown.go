package react

import (
	"bytes"
	"encoding/json"
	"fmt"

	"gridward/app"
)

// masked stands for every personal value in what is shown of an event.
const masked = "***"

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

// valueKey is how a codec writes the key that every personal value has. Most events have none.
var valueKey = []byte(`"value":`)

// mask makes the personal values of an object as a codec writes it unreadable.
func mask(raw []byte) ([]byte, error) {
	if !bytes.Contains(raw, valueKey) {
		return raw, nil
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var data map[string]any
	if err := d.Decode(&data); err != nil {
		return nil, err
	}
	maskIn(data)
	return json.Marshal(data)
}

func maskIn(v any) {
	switch v := v.(type) {
	case []any:
		for _, inner := range v {
			maskIn(inner)
		}
	case map[string]any:
		_, value := v["value"]
		_, subject := v["subject"]
		if value && (len(v) == 1 || (len(v) == 2 && subject)) {
			v["value"] = masked
			return
		}
		for _, inner := range v {
			maskIn(inner)
		}
	}
}
