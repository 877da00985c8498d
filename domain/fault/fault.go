// Package fault is the one error type of the house.
//
// Every refusal the program can explain is an [Error] of one of a few kinds; whatever is not an [Error] is
// "internal", is logged once with its cause, and is never shown to a client.
package fault

import (
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"
)

// Kind says what a client can do about an error. Each kind maps to one HTTP status, in one table (api/rest).
type Kind uint8

// The kinds, with the HTTP status each one becomes.
const (
	Invalid      Kind = iota + 1 // 422: a field is wrong; Fields says which
	NotFound                     // 404: there is no such thing
	Conflict                     // 409: an id is taken by other content
	Refused                      // 409: a rule of supervision says no; Code names the rule
	Forbidden                    // 403: this actor may not do it
	Precondition                 // 412: the version asked for has moved
	Unavailable                  // 503: the log or a view cannot take it now; try again after RetryAfter
	Elsewhere                    // 421: another node holds what is asked about; this one cannot know
)

// Field names one invalid field (dotted path, e.g. "checklist.0.result") and says why.
type Field struct {
	Field  string `json:"field"`
	Reason string `json:"reason"`
}

// Error is a typed refusal. Code is stable and part of the contract; Message is for people and may change.
type Error struct {
	Kind       Kind
	Code       string
	Message    string
	Fields     []Field
	RetryAfter time.Duration // only with Unavailable; zero means "the default of the door"
	Cause      error         // never shown to a client
}

// Error implements error.
func (e *Error) Error() string {
	s := e.Code + ": " + e.Message
	for _, f := range e.Fields {
		s += fmt.Sprintf("; %s: %s", f.Field, f.Reason)
	}
	if e.Cause != nil {
		s += ": " + e.Cause.Error()
	}
	return s
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Cause }

// Is matches another *Error of the same kind and code, so that errors.Is works on a sentinel.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && t.Kind == e.Kind && t.Code == e.Code
}

// New makes an error of the kind with a stable code and a message for people.
func New(kind Kind, code, format string, args ...any) *Error {
	return &Error{Kind: kind, Code: code, Message: fmt.Sprintf(format, args...)}
}

// Refuse is New(Refused, ...): a rule of supervision says no.
func Refuse(code, format string, args ...any) *Error { return New(Refused, code, format, args...) }

// Forbid is New(Forbidden, ...): this actor may not do it.
func Forbid(code, format string, args ...any) *Error { return New(Forbidden, code, format, args...) }

// Missing says that there is no such thing: Missing("case", id).
func Missing(what, id string) *Error {
	return New(NotFound, what+"_not_found", "there is no %s %s", what, id)
}

// BadField is one invalid field.
func BadField(field, reason string, args ...any) *Error {
	return BadFields(Field{field, fmt.Sprintf(reason, args...)})
}

// BadFields is several invalid fields at once.
func BadFields(fields ...Field) *Error {
	return &Error{Kind: Invalid, Code: "invalid_fields", Message: "the input has invalid fields", Fields: fields}
}

// Fields collects invalid fields; Err is nil while there are none.
type Fields []Field

// Add notes one invalid field.
func (f *Fields) Add(field, reason string, args ...any) {
	*f = append(*f, Field{field, fmt.Sprintf(reason, args...)})
}

// Require notes the field as missing when it is empty.
func (f *Fields) Require(field, value string) {
	if value == "" {
		f.Add(field, "is required")
	}
}

// AtMost notes the field as too long when it has more runes than that.
func (f *Fields) AtMost(field, value string, runes int) {
	if len(value) > runes && utf8.RuneCountInString(value) > runes {
		f.Add(field, "is longer than %d characters", runes)
	}
}

// Text notes the field as missing when there is nothing but blanks in it, and as too long as AtMost does.
func (f *Fields) Text(field, value string, runes int) {
	f.Require(field, strings.TrimSpace(value))
	f.AtMost(field, value, runes)
}

// Err is the collected error, or nil.
func (f Fields) Err() error {
	if len(f) == 0 {
		return nil
	}
	return BadFields(f...)
}

// As returns err's *Error, if it has one.
func As(err error) (*Error, bool) {
	var e *Error
	ok := errors.As(err, &e)
	return e, ok
}
