package patrol_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
	_ "time/tzdata" // the zones are the same on every machine

	"gridward/domain/calendar"
	"gridward/domain/grid"
	"gridward/domain/patrol"
	"gridward/domain/programme"
)

// The world of these tests: one district with a street, a community, two areas and some premises. Everything happens
// in 2026, whose February has four weeks.
const (
	district  grid.CellCode = "410104"
	street    grid.CellCode = "410104001"
	community grid.CellCode = "410104001001"
	area      grid.CellCode = "410104001001001"
	area2     grid.CellCode = "410104001001002"
	site      grid.CellCode = "4101040010010010001"
	site2     grid.CellCode = "4101040010010010002"
	farSite   grid.CellCode = "4101040010010020001"
)

var nick = map[grid.CellCode]string{district: "district", street: "street", community: "community", area: "area", area2: "area2",
	site: "site", site2: "site2", farSite: "farSite"}

var (
	shanghai, _ = time.LoadLocation("Asia/Shanghai")
	builtin     = calendar.Compile(calendar.Builtin())
	law         = &patrol.Law{Programme: "fire", Version: 1, Zone: shanghai, Calendar: builtin}
)

// at reads a local time of 2026, "02-13 17:30", or a day alone for its midnight; "" is no time.
func at(s string) time.Time {
	if s == "" {
		return time.Time{}
	}
	layout := "01-02 15:04"
	when, err := time.ParseInLocation("2006-"+layout[:min(len(s), len(layout))], "2026-"+s, shanghai)
	if err != nil {
		panic(err)
	}
	return when
}

// holds is a duty, its id the person's name; "inspector" is the programme's own post and acts as an officer.
func holds(person, role, from, to string, cells ...grid.CellCode) grid.Duty {
	d := grid.Duty{ID: person, Programme: "fire", Role: role, ActsAs: role, Person: person, From: at(from), To: at(to), Cells: cells}
	if role == "inspector" {
		d.ActsAs = grid.RoleOfficer
	}
	return d
}

// did is what was done under a duty, at the first of its cells: on each of the days at 09:00 for half an hour, or as
// the day says, "02-13 17:30-18:00".
func did(d grid.Duty, what string, where grid.CellCode, days ...string) []patrol.Deed {
	var out []patrol.Deed
	for _, day := range days {
		day, hours, ok := strings.Cut(day, " ")
		if !ok {
			hours = "09:00-09:30"
		}
		from, to, _ := strings.Cut(hours, "-")
		e := patrol.Deed{What: what, ID: fmt.Sprint(d.ID, what, where, day, from), Cell: d.Cells[0], Site: where, Duty: d.ID, Role: d.Role,
			ActsAs: d.ActsAs, From: at(day + " " + from), To: at(day + " " + to)}
		if e.To.Before(e.From) {
			e.To = e.To.AddDate(0, 0, 1)
		}
		out = append(out, e)
	}
	return out
}

// patrols is what somebody walked.
func patrols(d grid.Duty, where grid.CellCode, days ...string) []patrol.Deed {
	return did(d, patrol.Patrols, where, days...)
}

// walk ties deeds together.
func walk(name string, deeds ...[]patrol.Deed) []patrol.Deed {
	out := slices.Concat(deeds...)
	for i := range out {
		out[i].Walk = name
	}
	return out
}

// premises are cells that are in the grid from an instant to an instant.
func premises(from, to string, codes ...grid.CellCode) []patrol.Cell {
	var out []patrol.Cell
	for _, c := range codes {
		out = append(out, patrol.Cell{Code: c, Life: patrol.Span{From: at(from), To: at(to)}})
	}
	return out
}

// classed gives a cell a class from an instant to an instant.
func classed(c patrol.Cell, class, from, to string) patrol.Cell {
	c.Classes = append(slices.Clip(c.Classes), patrol.Class{Class: class, Span: patrol.Span{From: at(from), To: at(to)}})
	return c
}

// of gives the periods of a kind that begin on the days from the first to the last.
func of(l *patrol.Law, kind, first, last string) []patrol.Period {
	var out []patrol.Period
	for day := at(first); !day.After(at(last)); day = day.AddDate(0, 0, 1) {
		if p, ok := l.Beginning(kind, day); ok {
			out = append(out, p)
		}
	}
	return out
}

// row is one rule in a world, and the lines it gives in February, or as the row says.
type row struct {
	name        string
	rule        programme.DutyRule
	first, last string
	duties      []grid.Duty
	cells       []patrol.Cell
	deeds       []patrol.Deed
	want        []string // as told; nothing else is asked
}

func run(t *testing.T, rows []row) {
	t.Helper()
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			if r.first == "" {
				r.first, r.last = "02-01", "02-28"
			}
			g := &patrol.Ground{Duties: r.duties, Cells: r.cells, Deeds: r.deeds}
			periods := of(law, r.rule.Period, r.first, r.last)
			var got []string
			patrol.NewCount(law, r.rule, periods, g).Each(periods, func(p patrol.Period, l patrol.Line) { got = append(got, told(p, l)) })
			if !slices.Equal(got, r.want) {
				t.Fatalf("lines\n got %s\nwant %s", strings.Join(got, "\n     "), strings.Join(r.want, "\n     "))
			}
		})
	}
}

// told says a line in short: "2026-02 area: 5 asked, 3 done, 2 short; zhang 28d 5-3=2". A star is the office that
// stood in, a plus somebody who held the post with others, a question mark nobody.
func told(p patrol.Period, l patrol.Line) string {
	where := nick[l.Cell]
	if l.Duty != "" {
		where += "/" + l.Duty
	}
	out := fmt.Sprintf("%s %s: %d asked, %d done, %d short", p.Key, where, l.Required, l.Done, l.Short)
	if l.Night > 0 || l.NightDone > 0 {
		out += fmt.Sprintf(", night %d of %d", l.NightDone, l.Night)
	}
	for _, h := range l.Holders {
		out += "; " + h.Person
		if h.Person == "" {
			out += "?"
		}
		if h.StandIn {
			out += "*"
		}
		if h.Jointly {
			out += "+"
		}
		out += fmt.Sprintf(" %dd %d-%d=%d", h.Days, h.Required, h.Done, h.Short)
	}
	return out
}
