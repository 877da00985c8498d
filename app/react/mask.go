package react

import (
	"bytes"
	"encoding/json"
	"errors"
)

// masked stands for every personal value in what is shown of an event.
const masked = "***"

// valueKey is how a codec writes the key that every personal value has. Most events have none.
var valueKey = []byte(`"value":`)

// mask makes the personal values of an object as a codec writes it unreadable: wherever there is an object of a value
// and perhaps its subject, and nothing else, the value becomes ***. Text without spaces between its tokens is taken as
// it is (through maps, this was half of what an event costs on its way out); anything else goes through maps.
func mask(raw []byte) ([]byte, error) {
	if !bytes.Contains(raw, valueKey) {
		return raw, nil
	}
	m := masking{in: raw, out: make([]byte, 0, len(raw)+16)}
	if m.value() && m.at == len(raw) {
		return m.out, nil
	}
	return maskSlowly(raw)
}

// masking copies compact JSON, masking it on its way. Its methods say whether the text was as expected.
type masking struct {
	in, out []byte
	at      int
}

func (m *masking) value() bool {
	if m.at >= len(m.in) {
		return false
	}
	switch m.in[m.at] {
	case '{':
		return m.object()
	case '[':
		return m.array()
	case '"':
		_, ok := m.text()
		return ok
	}
	from := m.at
	for m.at < len(m.in) && bytes.IndexByte([]byte(",]} \t\r\n:\"{["), m.in[m.at]) < 0 {
		m.at++
	}
	m.out = append(m.out, m.in[from:m.at]...)
	return m.at > from
}

// text copies a string and gives it as it stands, without the quotes.
func (m *masking) text() ([]byte, bool) {
	from := m.at
	for i := from + 1; i < len(m.in); i++ {
		switch m.in[i] {
		case '\\':
			i++
		case '"':
			m.at = i + 1
			m.out = append(m.out, m.in[from:m.at]...)
			return m.in[from+1 : i], true
		}
	}
	return nil, false
}

// next copies one byte if it is the one.
func (m *masking) next(c byte) bool {
	if m.at >= len(m.in) || m.in[m.at] != c {
		return false
	}
	m.at++
	m.out = append(m.out, c)
	return true
}

func (m *masking) array() bool {
	m.next('[')
	if m.next(']') {
		return true
	}
	for {
		if !m.value() {
			return false
		}
		if m.next(']') {
			return true
		}
		if !m.next(',') {
			return false
		}
	}
}

func (m *masking) object() bool {
	m.next('{')
	if m.next('}') {
		return true
	}
	var keys, from, to int
	var value, subject bool
	for {
		if m.at >= len(m.in) || m.in[m.at] != '"' {
			return false
		}
		key, ok := m.text()
		if !ok || bytes.IndexByte(key, '\\') >= 0 || !m.next(':') {
			return false
		}
		keys++
		begin := len(m.out)
		if !m.value() {
			return false
		}
		switch string(key) {
		case "value":
			if value {
				return false
			}
			value, from, to = true, begin, len(m.out)
		case "subject":
			subject = true
		}
		if m.next('}') {
			break
		}
		if !m.next(',') {
			return false
		}
	}
	if value && (keys == 1 || keys == 2 && subject) {
		rest := string(m.out[to:])
		m.out = append(append(m.out[:from], `"`+masked+`"`...), rest...)
	}
	return true
}

// maskSlowly is mask for any JSON.
func maskSlowly(raw []byte) ([]byte, error) {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	var data map[string]any
	if err := d.Decode(&data); err != nil {
		return nil, err
	}
	if data == nil {
		return nil, errors.New("the event is no object")
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
		}
		for _, inner := range v {
			maskIn(inner)
		}
	}
}
