package app

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	"github.com/google/uuid"
)

// ReadMeta is json.Unmarshal into an empty m. What AppendMeta wrote without an escape is taken apart directly (a
// rebuild spent half of its reading in reflection); anything else goes to json.Unmarshal.
func ReadMeta(b []byte, m *Meta) error {
	if readPlain(b, m) {
		return nil
	}
	*m = Meta{}
	return json.Unmarshal(b, m)
}

// readPlain reads a flat object of known keys without spaces and escapes. It says whether b was one.
func readPlain(b []byte, m *Meta) bool {
	if len(b) < 2 || b[0] != '{' || b[len(b)-1] != '}' {
		return false
	}
	for b = b[1 : len(b)-1]; ; b = b[1:] {
		key, rest, ok := plainString(b)
		if !ok || len(rest) == 0 || rest[0] != ':' {
			return false
		}
		var value []byte
		if string(key) == "programme_version" {
			value, rest = plainNumber(rest[1:])
		} else if value, rest, ok = plainString(rest[1:]); !ok {
			return false
		}
		if setMeta(m, key, value) != nil {
			return false
		}
		if len(rest) == 0 {
			return true
		}
		if rest[0] != ',' {
			return false
		}
		b = rest
	}
}

// plainNumber is what stands before the next comma.
func plainNumber(b []byte) (n, rest []byte) {
	if i := bytes.IndexByte(b, ','); i >= 0 {
		return b[:i], b[i:]
	}
	return b, nil
}

// plainString is a quoted string of printable ASCII without a backslash.
func plainString(b []byte) (s, rest []byte, ok bool) {
	if len(b) == 0 || b[0] != '"' {
		return nil, nil, false
	}
	for i, c := range b[1:] {
		switch {
		case c == '"':
			return b[1 : i+1], b[i+2:], true
		case c < ' ' || c > '~' || c == '\\':
			return nil, nil, false
		}
	}
	return nil, nil, false
}

func setMeta(m *Meta, key, value []byte) (err error) {
	switch string(key) {
	case "programme":
		m.Programme = string(value)
	case "programme_version":
		m.ProgrammeVersion, err = strconv.Atoi(string(value))
		if err == nil && strconv.Itoa(m.ProgrammeVersion) != string(value) {
			err = errors.New("not how JSON writes it")
		}
	case "cell":
		m.Cell = string(value)
	case "occurred_at":
		err = m.OccurredAt.UnmarshalText(value)
	case "received_at":
		err = m.ReceivedAt.UnmarshalText(value)
	case "actor":
		m.Actor = string(value)
	case "on_behalf_of":
		m.OnBehalfOf = string(value)
	case "duty":
		m.Duty = string(value)
	case "command_id":
		m.CommandID, err = uuid.ParseBytes(value)
	case "request_hash":
		m.RequestHash = string(value)
	case "correlation":
		m.Correlation, err = uuid.ParseBytes(value)
	case "causation":
		m.Causation, err = uuid.ParseBytes(value)
	default:
		err = fmt.Errorf("unknown key %q", key)
	}
	return err
}
