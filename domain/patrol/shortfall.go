package patrol

import (
	"reflect"
	"slices"
	"time"

	"gridward/domain/grid"
)

// Statement is what was missing in one area (or in one cell above the areas) of one role's duties in one period, as it
// was known when it was stated. Required, Done and Short are of all its duties; Lines lists those that are short.
type Statement struct {
	Programme        string        `json:"programme"`
	Area             grid.CellCode `json:"area"`
	Role             string        `json:"role"`   // as the rules have it
	Period           string        `json:"period"` // its key
	From             time.Time     `json:"from"`
	To               time.Time     `json:"to"` // excluded
	Required         int           `json:"required"`
	Done             int           `json:"done"`
	Short            int           `json:"short"`
	Lines            []Line        `json:"lines,omitempty"`
	Chain            []InCharge    `json:"chain,omitempty"` // who should have seen it: nearest first
	ProgrammeVersion int           `json:"programme_version"`
	CalendarVersion  int           `json:"calendar_version,omitempty"`
}

// InCharge is who stood for an office at or above the area when the period ended.
type InCharge struct {
	Person string        `json:"person"`
	Role   string        `json:"role"`
	Cell   grid.CellCode `json:"cell"`
}

// Stream is where an area's statements about one role and period are kept.
func (s Statement) Stream() string {
	return "shortfall-" + s.Programme + "-" + string(s.Area) + "-" + s.Role + "-" + s.Period
}

// Event is what can happen to the stream of one area, role and period ("shortfall-<programme>-<area>-<role>-<period>").
//
//sumtype:decl
type Event interface{ patrolEvent() }

// Found says, once the period is over, what was missing.
type Found Statement

// Restated says what is missing by what became known since (a late patrol, a void, a duty told late); the earlier
// statements stay.
type Restated Statement

func (Found) patrolEvent()    {}
func (Restated) patrolEvent() {}

// State is the last statement of a stream, nil before the first.
type State struct{ Last *Statement }

// Evolve folds one event.
func Evolve(_ State, e Event) State {
	var last Statement
	switch e := e.(type) {
	case Found:
		last = Statement(e)
	case Restated:
		last = Statement(e)
	}
	return State{&last}
}

// Decide states what is missing now: the first time if anything is, later when it differs from what was said.
func Decide(s State, now Statement) []Event {
	switch {
	case s.Last == nil && now.Short == 0, s.Last != nil && s.Last.says(now):
		return nil
	case s.Last == nil:
		return []Event{Found(now)}
	}
	return []Event{Restated(now)}
}

// says reports whether the other says the same of what is missing. What was done beyond it is no news.
func (s Statement) says(o Statement) bool {
	same := func(a, b Line) bool { return reflect.DeepEqual(a, b) }
	return s.Required == o.Required && s.Short == o.Short && slices.EqualFunc(s.Lines, o.Lines, same) && slices.Equal(s.Chain, o.Chain)
}

// DayEvent is what can happen to the stream of a month's closed days ("periods-2026-02").
//
//sumtype:decl
type DayEvent interface{ dayEvent() }

// DayClosed says that everything missing in the periods that ended with that local day has been stated.
type DayClosed struct {
	Day string `json:"day"` // 2026-02-15
}

func (DayClosed) dayEvent() {}

// Closed is the days of one month that are closed, in the order in which they were.
type Closed []string

// EvolveClosed folds one event of a month's days.
func EvolveClosed(s Closed, e DayEvent) Closed {
	if e, ok := e.(DayClosed); ok {
		return append(slices.Clip(s), e.Day)
	}
	return s
}

// DecideClose closes a day once.
func DecideClose(s Closed, day string) []DayEvent {
	if slices.Contains(s, day) {
		return nil
	}
	return []DayEvent{DayClosed{Day: day}}
}
