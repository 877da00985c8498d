// Package eventcodec turns events into stored bytes and back.
//
// An event's stored name is written by hand in registry.go and never changes, nor do the bytes stored under it.
// When an event's shape changes, an upcaster lifts the old bytes one schema up; every shape ever stored has a
// golden file under testdata. An unknown name, an unknown schema or an unknown field is an error: the log is never
// half understood.
package eventcodec

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"

	jsonv2 "github.com/go-json-experiment/json"

	"gridward/app"
)

// UnknownTypeError says that the log holds an event this program does not know.
type UnknownTypeError struct {
	Type   string
	Schema int
}

func (e *UnknownTypeError) Error() string {
	return fmt.Sprintf("unknown event %q of schema %d", e.Type, e.Schema)
}

// upcast lifts the bytes of one schema to the next, as a JSON object whose numbers are json.Number.
type upcast func(map[string]any) error

// entry is one event as it is stored.
type entry struct {
	name   string
	typ    reflect.Type
	decode func([]byte) (any, error)
	ups    []upcast // from schema 1 on
}

// schema is the newest version of the shape.
func (e *entry) schema() int { return len(e.ups) + 1 }

// of makes the entry of one event type.
func of[E any](name string, ups ...upcast) *entry {
	return &entry{name: name, typ: reflect.TypeFor[E](), ups: ups, decode: func(data []byte) (any, error) {
		var event E
		err := strict(data, &event)
		return event, err
	}}
}

// Codec implements app.Codec. It is safe for concurrent use.
type Codec struct {
	byName map[string]*entry
	byType map[reflect.Type]*entry
}

var _ app.Codec = (*Codec)(nil)

// New makes the codec of all events of the program.
func New() *Codec {
	c := &Codec{byName: map[string]*entry{}, byType: map[reflect.Type]*entry{}}
	for _, e := range registry() {
		c.byName[e.name], c.byType[e.typ] = e, e
	}
	return c
}

// Encode implements app.Codec.
func (c *Codec) Encode(event any) (typ string, schema int, data []byte, err error) {
	e, ok := c.byType[reflect.TypeOf(event)]
	if !ok {
		return "", 0, nil, fmt.Errorf("event %T has no stored name", event)
	}
	if data, err = json.Marshal(event); err != nil {
		return "", 0, nil, fmt.Errorf("encode %s: %w", e.name, err)
	}
	return e.name, e.schema(), data, nil
}

// Decode implements app.Codec. A name or schema it does not know is an *UnknownTypeError.
func (c *Codec) Decode(typ string, schema int, data []byte) (any, error) {
	e, ok := c.byName[typ]
	if !ok || schema < 1 || schema > e.schema() {
		return nil, &UnknownTypeError{typ, schema}
	}
	if schema < e.schema() {
		var err error
		if data, err = e.lift(schema, data); err != nil {
			return nil, fmt.Errorf("lift %s from schema %d: %w", typ, schema, err)
		}
	}
	event, err := e.decode(data)
	if err != nil {
		return nil, fmt.Errorf("decode %s of schema %d: %w", typ, schema, err)
	}
	return event, nil
}

// Types gives the stored names and their newest schema.
func (c *Codec) Types() map[string]int {
	out := make(map[string]int, len(c.byName))
	for name, e := range c.byName {
		out[name] = e.schema()
	}
	return out
}

func (e *entry) lift(schema int, data []byte) ([]byte, error) {
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	var object map[string]any
	if err := d.Decode(&object); err != nil {
		return nil, err
	}
	if object == nil {
		return nil, errNotObject
	}
	for _, up := range e.ups[schema-1:] {
		if err := up(object); err != nil {
			return nil, err
		}
	}
	return json.Marshal(object)
}

var errNotObject = errors.New("not a JSON object")

// strict decodes one JSON object and refuses fields it does not know, a name that comes twice, and whatever comes
// after it. It is the next encoding/json (v2): half the time and a fifth of the garbage of the present one, and
// decoding is what a rebuild mostly does.
func strict(data []byte, into any) error {
	if len(data) == 0 || data[0] != '{' {
		return errNotObject
	}
	return jsonv2.Unmarshal(data, into, jsonv2.RejectUnknownMembers(true))
}
