// Package patrol knows what a programme's duties ask for in a period, what of it was done, and who answers for what
// was not (巡查职责、逐级责任追究): how often a post has to patrol, check itself, meet or train, how the count is shared
// by days among those who held the post, and the shortfall that is stated once the period is over.
//
// It is arithmetic over facts that are handed in: the duties given, the cells, and what was done.
package patrol

import (
	"slices"
	"time"

	"gridward/domain/calendar"
	"gridward/domain/grid"
	"gridward/domain/programme"
)

// The things a duty may ask for.
const (
	Patrols    = "patrol"
	SelfChecks = "self_check"
	Campaigns  = "campaign" // opened; what else there is (meeting, publicity, training, drill) are activities held
)

// Walked reports whether the thing is done by inspections.
func Walked(what string) bool { return what == Patrols || what == SelfChecks }

// Of whom, or of what, a duty asks its count.
const (
	PerCell     = "cell"
	PerHolder   = "holder"
	PerPremises = "premises"
)

// Law is what judges a period: the version of a programme and of the calendar in force at its end.
type Law struct {
	Programme string
	Version   int
	Night     *programme.Night // nil: 20:00-06:00
	Rules     []programme.DutyRule
	Calendar  *calendar.Calendar // nil while none was published: Monday to Friday are worked, and there are no holidays
	Zone      *time.Location     // of local days
}

// CalendarVersion is the version of the law's calendar, 0 without one.
func (l *Law) CalendarVersion() int {
	if l.Calendar == nil {
		return 0
	}
	return l.Calendar.Version
}

// worked reports whether the local day that begins at the instant is a working day.
func (l *Law) worked(day time.Time) bool {
	if l.Calendar == nil {
		return day.Weekday() != time.Saturday && day.Weekday() != time.Sunday
	}
	return l.Calendar.WorkingDay(day)
}

// Deed is one thing done that may count for a duty: an inspection under one of the duties of those who took part, a
// campaign opened, an activity held.
type Deed struct {
	What   string
	ID     string        // of the inspection, campaign or activity
	Walk   string        // ties the inspections of one walk together
	Cell   grid.CellCode // of the duty; of a campaign or an activity, where it was recorded
	Site   grid.CellCode // where
	Duty   string        // of an inspection: under which duty, as what
	Role   string
	ActsAs string
	From   time.Time
	To     time.Time
}

// Span is a stretch of time, To excluded; a zero To means that it goes on.
type Span struct{ From, To time.Time }

// covers reports whether the instant lies in the span.
func (s Span) covers(at time.Time) bool {
	return !at.Before(s.From) && (s.To.IsZero() || at.Before(s.To))
}

// Cell is what the rules ask of a cell: from when to when it was in the grid, and its classes in the programme.
type Cell struct {
	Code    grid.CellCode
	Life    Span
	Classes []Class
}

// Class is a class a cell had for a time.
type Class struct {
	Class string
	Span
}

// classAt gives the class the cell had at the instant, or when it left the grid if that was earlier.
func (c Cell) classAt(at time.Time) string {
	if !c.Life.To.IsZero() && c.Life.To.Before(at) {
		at = c.Life.To
	}
	for _, k := range c.Classes {
		if k.From.Before(at) && (k.To.IsZero() || !k.To.Before(at)) {
			return k.Class
		}
	}
	return ""
}

// matches reports whether a duty's role is the one the rule asks: one of the six means whoever acts as it, any other
// the programme's own post of that name.
func matches(rule, role, actsAs string) bool {
	if slices.Contains(grid.Roles, rule) {
		return actsAs == rule
	}
	return role == rule
}

// AreaOf is the cell whose statement lists what is missing at a cell: the area (level 4) of an area and of what lies
// in it, the cell itself above that.
func AreaOf(cell grid.CellCode) grid.CellCode {
	if cell.Level() > grid.Area {
		return cell.AtLevel(grid.Area)
	}
	return cell
}
