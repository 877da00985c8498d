package react

import (
	"encoding/json"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"gridward/app"
	"gridward/domain/grid"
)

// CloudEventType is the media type of a CloudEvent's JSON.
const CloudEventType = "application/cloudevents+json"

// ToCloudEvent is a record of the log as the outside gets it: a CloudEvent 1.0 in its JSON form. It says no more than
// GET /events does, and not who acted.
func ToCloudEvent(log uuid.UUID, codec app.Codec, r app.Record) ([]byte, error) {
	shown, err := Show(codec, r)
	if err != nil {
		return nil, err
	}
	o := objectText{b: make([]byte, 0, len(shown.Data)+768)}
	o.text("specversion", "1.0")
	o.text("id", r.ID.String()) // the event's: whoever has seen it from this source may pass it over
	o.text("source", "/gridward/logs/"+log.String())
	o.text("type", "cn.gridward."+shown.Type)
	o.text("subject", r.Stream)
	o.text("time", r.RecordedAt.UTC().Format(time.RFC3339Nano)) // when the log took it
	o.text("datacontenttype", "application/json")
	// Extensions; their names are of small letters and digits, as the specification asks.
	o.text("position", r.Position.String()) // in the log, as GET /events writes it
	o.number("streamversion", r.Version)    // in the stream, from 1, without a gap
	o.text("partitionkey", r.Stream)        // what has the same key must stay in order
	o.number("schemaversion", uint64(shown.Schema))
	o.text("occurredat", r.Meta.OccurredAt.UTC().Format(time.RFC3339Nano))
	o.text("programme", r.Meta.Programme)
	o.text("cell", r.Meta.Cell)
	o.text("correlationid", idText(r.Meta.Correlation))
	o.text("causationid", idText(r.Meta.Causation))
	o.key("data")
	o.b = append(append(o.b, shown.Data...), '}')
	return o.b, o.err
}

// objectText is a JSON object in the making, and the first error of it. (Through reflection, an event cost twice as much.)
type objectText struct {
	b   []byte
	err error
}

func (o *objectText) key(name string) {
	if len(o.b) == 0 {
		o.b = append(o.b, '{')
	} else {
		o.b = append(o.b, ',')
	}
	o.b = append(append(append(o.b, '"'), name...), `":`...)
}

// text is a string that is left out when it is empty.
func (o *objectText) text(name, s string) {
	if s == "" {
		return
	}
	o.key(name)
	for i := range len(s) {
		if c := s[i]; c < ' ' || c > '~' || c == '"' || c == '\\' {
			quoted, err := json.Marshal(s)
			o.b = append(o.b, quoted...)
			if o.err == nil {
				o.err = err
			}
			return
		}
	}
	o.b = append(append(append(o.b, '"'), s...), '"')
}

func (o *objectText) number(name string, n uint64) {
	o.key(name)
	o.b = strconv.AppendUint(o.b, n, 10)
}

func idText(id uuid.UUID) string {
	if id == uuid.Nil {
		return ""
	}
	return id.String()
}

// Filter is what somebody outside wants to hear of. An empty list wants everything.
type Filter struct {
	Types      []string // stored names; a trailing * matches a family, as in GET /events
	Programmes []string
	Cells      []string // with everything below them
}

// Wants reports whether the record is one of them. A record without a programme or a cell is wanted only where that
// is not asked for.
func (f Filter) Wants(r app.Record) bool {
	return wanted(f.Types, r.Type, TypeMatches) && wanted(f.Programmes, r.Meta.Programme, equal) && wanted(f.Cells, r.Meta.Cell, under)
}

func wanted(list []string, is string, matches func(want, is string) bool) bool {
	for _, want := range list {
		if matches(want, is) {
			return true
		}
	}
	return len(list) == 0
}

func equal(want, is string) bool { return want == is }

func under(want, is string) bool { return grid.CellCode(want).Contains(grid.CellCode(is)) }

// TypeMatches holds a stored name against a filter: the name, or the beginning of it before a "*"; an empty filter
// matches all.
func TypeMatches(filter, typ string) bool {
	if family, ok := strings.CutSuffix(filter, "*"); ok {
		return strings.HasPrefix(typ, family)
	}
	return filter == "" || filter == typ
}
