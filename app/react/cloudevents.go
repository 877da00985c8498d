package react

import (
	"encoding/json"
	"strings"
	"time"

	"github.com/google/uuid"

	"gridward/app"
	"gridward/domain/grid"
)

// CloudEventType is the media type of a CloudEvent's JSON.
const CloudEventType = "application/cloudevents+json"

// CloudEvent is an event of the log as the outside gets it: a CloudEvent 1.0 in its JSON form. It says no more than
// GET /events does, and not who acted.
type CloudEvent struct {
	SpecVersion     string    `json:"specversion"`
	ID              uuid.UUID `json:"id"`      // the event's: whoever has seen it from this source may pass it over
	Source          string    `json:"source"`  // the log
	Type            string    `json:"type"`    // cn.gridward. and the stored name
	Subject         string    `json:"subject"` // the stream
	Time            time.Time `json:"time"`    // when the log took it
	DataContentType string    `json:"datacontenttype"`

	// Extensions; their names are of small letters and digits, as the specification asks.
	Position      string `json:"position"`      // in the log, as GET /events writes it
	StreamVersion uint64 `json:"streamversion"` // in the stream, from 1, without a gap
	PartitionKey  string `json:"partitionkey"`  // the stream: what has the same key must stay in order
	SchemaVersion int    `json:"schemaversion"` // of the shape of data
	OccurredAt    string `json:"occurredat"`
	Programme     string `json:"programme,omitempty"`
	Cell          string `json:"cell,omitempty"`
	CorrelationID string `json:"correlationid,omitempty"`
	CausationID   string `json:"causationid,omitempty"`

	Data json.RawMessage `json:"data"`
}

// ToCloudEvent is a record of the log as the outside gets it.
func ToCloudEvent(log uuid.UUID, codec app.Codec, r app.Record) (CloudEvent, error) {
	shown, err := Show(codec, r)
	if err != nil {
		return CloudEvent{}, err
	}
	return CloudEvent{
		SpecVersion: "1.0", ID: r.ID, Source: "/gridward/logs/" + log.String(), Type: "cn.gridward." + shown.Type, Subject: r.Stream,
		Time: r.RecordedAt.UTC(), DataContentType: "application/json",
		Position: r.Position.String(), StreamVersion: r.Version, PartitionKey: r.Stream, SchemaVersion: shown.Schema,
		OccurredAt: r.Meta.OccurredAt.UTC().Format(time.RFC3339Nano), Programme: r.Meta.Programme, Cell: r.Meta.Cell,
		CorrelationID: idText(r.Meta.Correlation), CausationID: idText(r.Meta.Causation), Data: shown.Data,
	}, nil
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
