// Package calendar counts working time (工作时): which hours of which days are worked, and when a limit is reached.
//
// A calendar is published data with versions: a zone, working periods that may change by season, days off and
// make-up working days (调休). Everything here is exact to the second and pure.
package calendar

import (
	"time"
)

// Definition is one version of the calendar as it is published. What it says of a date is: a listed day is what its
// list says; any other is worked from Monday to Friday.
type Definition struct {
	Version int      `json:"version"`
	Name    string   `json:"name"`
	Zone    string   `json:"zone"`    // IANA name
	Seasons []Season `json:"seasons"` // cover every day of a year, each once
	Years   []Year   `json:"years"`   // the years whose days off are published
	// Corrects is the version that was wrong: open stages derived under it, or under one it corrected, are derived
	// again. 0: cases filed later only.
	Corrects int `json:"corrects,omitempty"`
}

// Season is the working periods of a part of every year, both ends included.
type Season struct {
	From    string   `json:"from"`    // "01-01"
	To      string   `json:"to"`      // "12-31"
	Periods []Period `json:"periods"` // ascending, apart from each other
}

// Period is one working period of a day, local wall-clock times "15:04"; To is excluded.
type Period struct {
	From string `json:"from"`
	To   string `json:"to"`
}

// Year is one year's published exceptions.
type Year struct {
	Year   int    `json:"year"`
	Source string `json:"source,omitempty"`
	Days   []Day  `json:"days"`
}

// Day is one exception: a holiday or a day moved for one (off), or a make-up working day (not off).
type Day struct {
	Date string `json:"date"` // "2026-02-14"
	Name string `json:"name"` // of the holiday it belongs to
	Off  bool   `json:"off"`
}

// Event is what can happen to the calendar's stream ("calendar-default").
//
//sumtype:decl
type Event interface{ calendarEvent() }

// Published puts a new version into the log. The definition is whole.
type Published struct {
	Calendar Definition `json:"calendar"`
	Digest   string     `json:"digest"` // SHA-256 of the definition without its version, hex
}

func (Published) calendarEvent() {}

// State is the calendar's stream folded: every version ever published, the first at index 0. It is never changed in
// place.
type State struct {
	Versions []*Calendar
	Digest   string
}

// Version gives version n; 0, of what was recorded before there were calendars, is the first. nil while none was
// published.
func (s State) Version(n int) *Calendar {
	if n < 1 {
		n = 1
	}
	if n > len(s.Versions) {
		return nil
	}
	return s.Versions[n-1]
}

// Latest gives the version in force for new cases, nil before the first.
func (s State) Latest() *Calendar { return s.Version(len(s.Versions)) }

// Kind is the kind of time a limit counts in.
type Kind uint8

// The kinds.
const (
	Clock   Kind = iota // every second of every day
	Working             // the working periods of working days
)

// Span is a stretch of time, To excluded; a zero To means that it goes on.
type Span struct {
	From time.Time `json:"from"`
	To   time.Time `json:"to,omitzero"`
}
