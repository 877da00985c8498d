package patrol

import (
	"slices"
	"time"

	"gridward/domain/calendar"
	"gridward/domain/programme"
)

// Laws is every version of one programme's duties and of the calendar, and since when each is in force. The latest
// published before a period's end judges it; a period that ended before the first is asked for nothing.
type Laws struct {
	Programme string
	Zone      *time.Location
	Versions  []Version // in the order published
	Calendars []Edition // as well
}

// Version is what one version of a programme asks.
type Version struct {
	Version   int                  `json:"version"`
	Published time.Time            `json:"-"`
	Night     *programme.Night     `json:"night,omitempty"`
	Roles     []programme.Role     `json:"roles"`
	Rules     []programme.DutyRule `json:"rules"`
}

// Edition is one version of the calendar.
type Edition struct {
	Published time.Time
	Calendar  *calendar.Calendar
}

// InForce gives the law at an instant, nil when the programme was not published then.
func (s *Laws) InForce(at time.Time) *Law {
	version, edition := s.inForce(at)
	if version < 0 {
		return nil
	}
	v := s.Versions[version]
	return &Law{Programme: s.Programme, Version: v.Version, Night: v.Night, Rules: v.Rules, Calendar: s.calendar(edition), Zone: s.Zone}
}

// calendar is an edition's, nil before the first.
func (s *Laws) calendar(edition int) *calendar.Calendar {
	if edition < 0 {
		return nil
	}
	return s.Calendars[edition].Calendar
}

// inForce gives which version and which edition of the calendar are in force at an instant, -1 before the first.
func (s *Laws) inForce(at time.Time) (version, edition int) {
	for version = len(s.Versions) - 1; version >= 0 && s.Versions[version].Published.After(at); {
		version--
	}
	for edition = len(s.Calendars) - 1; edition >= 0 && s.Calendars[edition].Published.After(at); {
		edition--
	}
	return version, edition
}

// Due is periods that one law judges.
type Due struct {
	Law     *Law
	Periods []Period
}

// Begun gives the periods that begin on the days from one midnight to another, are no longer than those days
// together, and have begun by now, each with the law that judges it: at its end, or while it runs now.
func (s *Laws) Begun(from, to, now time.Time, only func(programme.DutyRule) bool) []Due {
	longest := daysBetween(from, to)
	return s.collect(from, to, now, only, (*Law).Beginning, func(p Period) bool { return p.Days() <= longest && !p.From.After(now) })
}

// Ended gives the periods that end with the days from one midnight to another and touch a stretch.
func (s *Laws) Ended(from, to time.Time, touching Span) []Due {
	every := func(programme.DutyRule) bool { return true }
	return s.collect(from, to, to, every, (*Law).Ending, func(p Period) bool {
		return p.To.After(touching.From) && (touching.To.IsZero() || p.From.Before(touching.To))
	})
}

// collect finds the wanted periods of the kinds that the rules meant have, day by day, and the law that judges each.
func (s *Laws) collect(from, to, now time.Time, only func(programme.DutyRule) bool, find func(*Law, string, time.Time) (Period, bool),
	wanted func(Period) bool) []Due {
	var out []Due
	at := map[[2]int]int{} // where in out the periods of a version and an edition are
	kinds := s.kinds(only)
	for day := from; day.Before(to); day = day.AddDate(0, 0, 1) {
		for _, kind := range kinds {
			for edition := -1; edition < len(s.Calendars); edition++ { // each says for itself which days lie before a holiday
				p, ok := find(&Law{Zone: s.Zone, Calendar: s.calendar(edition)}, kind, day)
				if !ok || !wanted(p) {
					continue
				}
				judged := earlier(p.To.Add(-1), now)
				v, c := s.inForce(judged)
				if v < 0 || c != edition {
					continue
				}
				i, known := at[[2]int{v, c}]
				if !known {
					i = len(out)
					at[[2]int{v, c}], out = i, append(out, Due{Law: s.InForce(judged)})
				}
				out[i].Periods = append(out[i].Periods, p)
			}
		}
	}
	return out
}

// kinds gives the kinds of period that any version's rules have; only tells which rules are meant.
func (s *Laws) kinds(only func(programme.DutyRule) bool) []string {
	return slices.DeleteFunc(slices.Clone(Kinds), func(kind string) bool {
		return !slices.ContainsFunc(s.Versions, func(v Version) bool {
			return slices.ContainsFunc(v.Rules, func(r programme.DutyRule) bool { return r.Period == kind && only(r) })
		})
	})
}
