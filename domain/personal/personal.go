// Package personal holds the one type in which personal data travels (names of residents, phones, text marked so).
//
// A value is kept with the subject it belongs to, so that values can later be encrypted under a key of that
// subject, and forgotten by dropping the key, without touching an event. It prints as "***": a log line or an
// error that meets one by accident says nothing.
package personal

// Value is one piece of personal data and whose it is.
type Value struct {
	Subject string `json:"subject,omitempty"` // stable id of the person it belongs to
	Value   string `json:"value,omitempty"`
}

// Of makes a value of a subject; an empty text makes the zero Value.
func Of(subject, text string) Value {
	if text == "" {
		return Value{}
	}
	return Value{Subject: subject, Value: text}
}

// Party is who did something: a person of the grid by id, or somebody else (an owner, a contractor) by name.
type Party struct {
	Person string `json:"person,omitempty"`
	Name   Value  `json:"name,omitzero"`
}

// Key tells parties apart: the person's id, else the name.
func (p Party) Key() string {
	if p.Person != "" {
		return p.Person
	}
	return p.Name.Value
}

// String hides the value: only Reveal gives it.
func (v Value) String() string {
	if v.Value == "" {
		return ""
	}
	return "***"
}

// GoString hides the value from %#v too.
func (v Value) GoString() string { return "personal.Value{***}" }

// Reveal gives the text, for an answer to somebody who may read it.
func (v Value) Reveal() string { return v.Value }

// IsZero reports whether there is nothing in it (also read by encoding/json's omitzero).
func (v Value) IsZero() bool { return v.Value == "" }
