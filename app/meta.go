package app

import (
	"encoding/hex"
	"encoding/json"
	"strconv"
	"time"

	"github.com/google/uuid"
)

// AppendMeta appends the JSON of m, byte for byte what json.Marshal gives. Every append encodes metadata once, and
// reflection made that a fifth of an append's whole cost (docs/performance.md).
func AppendMeta(b []byte, m *Meta) ([]byte, error) {
	o := metaText{b: append(b, '{')}
	o.text(`"programme":`, m.Programme)
	if m.ProgrammeVersion != 0 {
		o.key(`"programme_version":`)
		o.b = strconv.AppendInt(o.b, int64(m.ProgrammeVersion), 10)
	}
	o.text(`"cell":`, m.Cell)
	o.time(`"occurred_at":`, m.OccurredAt)
	o.time(`"received_at":`, m.ReceivedAt)
	o.key(`"actor":`)
	o.quote(m.Actor)
	o.text(`"on_behalf_of":`, m.OnBehalfOf)
	o.text(`"duty":`, m.Duty)
	o.id(`"command_id":`, m.CommandID)
	o.text(`"request_hash":`, m.RequestHash)
	o.id(`"correlation":`, m.Correlation)
	if m.Causation != uuid.Nil {
		o.id(`"causation":`, m.Causation)
	}
	return append(o.b, '}'), o.err
}

// metaText is a JSON object in the making, and the first error of it.
type metaText struct {
	b   []byte
	err error
}

func (o *metaText) key(k string) {
	if o.b[len(o.b)-1] != '{' {
		o.b = append(o.b, ',')
	}
	o.b = append(o.b, k...)
}

// text is a string that is left out when it is empty.
func (o *metaText) text(k, s string) {
	if s != "" {
		o.key(k)
		o.quote(s)
	}
}

func (o *metaText) quote(s string) {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c > '~' || c == '"' || c == '\\' || c == '<' || c == '>' || c == '&' {
			q, err := json.Marshal(s)
			o.b = append(o.b, q...)
			o.fail(err)
			return
		}
	}
	o.b = append(append(append(o.b, '"'), s...), '"')
}

func (o *metaText) time(k string, t time.Time) {
	o.key(k)
	b, err := t.AppendText(append(o.b, '"'))
	if err != nil {
		o.fail(err)
		return
	}
	o.b = append(b, '"')
}

func (o *metaText) id(k string, id uuid.UUID) {
	o.key(k)
	b := hex.AppendEncode(append(o.b, '"'), id[:4])
	b = hex.AppendEncode(append(b, '-'), id[4:6])
	b = hex.AppendEncode(append(b, '-'), id[6:8])
	b = hex.AppendEncode(append(b, '-'), id[8:10])
	b = hex.AppendEncode(append(b, '-'), id[10:])
	o.b = append(b, '"')
}

func (o *metaText) fail(err error) {
	if o.err == nil {
		o.err = err
	}
}
