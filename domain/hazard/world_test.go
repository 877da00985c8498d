package hazard_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"gridward/domain/evidence"
	"gridward/domain/fault"
	"gridward/domain/grid"
	"gridward/domain/hazard"
	"gridward/domain/personal"
	"gridward/domain/programme"
)

// The world of these tests: one district with a street, a community, an area and a site; a fire-like programme.
const (
	district  grid.CellCode = "410104"
	street    grid.CellCode = "410104001"
	community grid.CellCode = "410104001001"
	area      grid.CellCode = "410104001001001"
	site      grid.CellCode = "4101040010010010001"
	otherArea grid.CellCode = "410104001001002"
	elsewhere grid.CellCode = "410104002001001"
)

// Who holds what: a person's name says it.
var posts = map[grid.CellCode][]string{
	district:  {"d.chief:chief", "d.chief2:chief", "d.sponsor:sponsor", "d.supervisor:supervisor"},
	street:    {"s.chief:chief", "s.officer:officer"},
	community: {"c.chief:chief", "c.sponsor:sponsor", "c.officer:officer"},
	area:      {"a.chief:chief", "a.officer:officer"},
	site:      {"owner:chief"},
	otherArea: {"b.chief:chief"},
}

var bureau = grid.Post{Cell: district, Department: "fire-brigade", Held: duties("", "bureau:supervisor")}

func duties(cell grid.CellCode, held ...string) grid.Duties {
	var out grid.Duties
	for _, h := range held {
		person, role := h, ""
		for i := range h {
			if h[i] == ':' {
				person, role = h[:i], h[i+1:]
			}
		}
		d := grid.Duty{ID: "duty-" + person, Programme: "fire", Role: role, ActsAs: role, Person: person}
		if cell != "" {
			d.Cells = []grid.CellCode{cell}
		}
		out = append(out, d)
	}
	return out
}

func chain(cell grid.CellCode, vacant ...grid.CellCode) grid.Chain {
	var out grid.Chain
next:
	for _, c := range cell.Upward() {
		for _, v := range vacant {
			if c == v {
				out = append(out, grid.Post{Cell: c})
				continue next
			}
		}
		out = append(out, grid.Post{Cell: c, Held: duties(c, posts[c]...)})
	}
	return out
}

var fire = &programme.Programme{
	Code: "fire", Version: 2, Levels: []int{1, 2, 3, 4, 5}, OfficeLevel: 3, TransferLevel: 2,
	Catalogue: []programme.Item{
		{Item: "exit", Severity: "minor", Limits: limits(3), SeverityLimits: map[string]map[string]programme.Limit{"major": {"listing": {N: 1, Unit: "working_day"}}}},
		{Item: "wiring", Severity: "minor", Limits: limits(3), DispatchTo: &programme.DispatchTo{Level: 4}},
		{Item: "lamp", Severity: "minor", Limits: limits(3), DispatchTo: &programme.DispatchTo{Department: "fire-brigade"}},
		{Item: "sign", Severity: "minor", Limits: limits(3), DispatchTo: &programme.DispatchTo{Department: "afar"}},
		{Item: "gas", Severity: "serious", Limits: limits(5), EvidenceRequired: true},
		{Item: "blast", Severity: "major", Limits: withListing(limits(30))},
		{Item: "task", Severity: "minor", Limits: limits(3), SetOnDispatch: true},
	},
}

func limits(n int) map[string]programme.Limit {
	return map[string]programme.Limit{"rectification": {N: n, Unit: "working_day"}}
}

func withListing(l map[string]programme.Limit) map[string]programme.Limit {
	l["listing"] = programme.Limit{N: 1, Unit: "working_day"}
	return l
}

var t0 = time.Date(2026, 3, 2, 9, 0, 0, 0, time.FixedZone("+08", 8*3600))

// at is n minutes into the story.
func at(n int) time.Time { return t0.Add(time.Duration(n) * time.Minute) }

func stamp(n int, by string) hazard.Stamp { return hazard.Stamp{At: at(n), By: by} }

// sha is a well-formed hash.
const sha = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

var photo = []evidence.File{{SHA256: sha, MediaType: "image/jpeg", Size: 1, Phase: "after"}}

// who is the short name of a holder.
func who(cell grid.CellCode, person string) *hazard.Holder {
	for _, p := range posts[cell] {
		if len(p) > len(person) && p[:len(person)+1] == person+":" {
			return &hazard.Holder{Cell: cell, Person: person, Duty: "duty-" + person, Role: p[len(person)+1:]}
		}
	}
	return &hazard.Holder{Cell: cell, Person: person}
}

// Histories that rows begin with.
func reported() []hazard.Event {
	return []hazard.Event{hazard.Reported{Stamp: stamp(0, "a.officer"), Case: "case", Programme: "fire", Cell: site,
		Source: "officer", FoundAt: at(0), FirstContact: "a.officer", Office: who(community, "c.chief")}}
}

func filedAs(item, severity string) []hazard.Event {
	it, _ := fire.Item(item)
	return append(reported(), hazard.Filed{Stamp: stamp(1, "c.chief"), Item: item, Severity: severity, Cell: site, ProgrammeVersion: 2,
		Limits: it.LimitsFor(severity, ""), EvidenceRequired: it.EvidenceRequired, SetOnDispatch: it.SetOnDispatch,
		Listing: severity == "major", Office: who(community, "c.chief")})
}

func filed() []hazard.Event { return filedAs("exit", "minor") }

func dispatchedFrom(history []hazard.Event) []hazard.Event {
	return append(history, hazard.Dispatched{Stamp: stamp(2, "c.chief"), To: *who(area, "a.chief"), Office: community})
}

func dispatched() []hazard.Event { return dispatchedFrom(filed()) }

func rectifyingFrom(history []hazard.Event) []hazard.Event {
	return append(dispatchedFrom(history), hazard.Accepted{Stamp: stamp(3, "a.chief"), Holder: *who(area, "a.chief")})
}

func rectifying() []hazard.Event { return rectifyingFrom(filed()) }

func rectifiedBy(history []hazard.Event, performer, recorder string) []hazard.Event {
	return append(rectifyingFrom(history), hazard.Rectified{Stamp: stamp(4, recorder), Measures: "cleared", PerformedBy: party(performer),
		Holder: *who(area, "a.chief")})
}

// party is a person of these tests (their ids have a dot), or somebody else.
func party(name string) personal.Party {
	if strings.Contains(name, ".") || name == "bureau" {
		return personal.Party{Person: name}
	}
	return grid.PartyOf(name, "case:case")
}

func rectified() []hazard.Event { return rectifiedBy(filed(), "a.chief", "a.chief") }

func passed(history []hazard.Event, by string) []hazard.Event {
	return append(history, hazard.Checked{Stamp: stamp(5, by), Result: "passed"})
}

func closed() []hazard.Event {
	return append(passed(rectified(), "c.officer"), hazard.Closed{Stamp: stamp(6, "c.chief"), Rating: "good", Office: community})
}

func voided() []hazard.Event {
	return append(reported(), hazard.Voided{Stamp: stamp(1, "c.chief"), Reason: "none", Level: 3, Cell: community})
}

func fold(history []hazard.Event) hazard.Case {
	var c hazard.Case
	for _, e := range history {
		c = hazard.Evolve(c, e)
	}
	return c
}

// scene is the world as it stands for a command of the person at minute n.
func scene(c hazard.Case, by string, n int, cmd hazard.Command) hazard.Scene {
	s := hazard.Scene{By: by, At: at(n), Explicit: true, Programme: fire, Cell: grid.Cell{Code: site}, Chain: chain(site)}
	holder := c.Holder
	if holder == nil {
		holder = c.Rectified
	}
	switch {
	case holder != nil && holder.Department != "":
		s.Bureau, s.Held = &bureau, chain(bureau.Cell)
	case holder != nil:
		s.Held = chain(holder.Cell)
	}
	switch cmd := cmd.(type) {
	case hazard.Dispatch:
		for _, t := range append([]hazard.Target{{Cell: cmd.Cell, Department: cmd.Department}}, cmd.Assisting...) {
			s.Targets = append(s.Targets, place(t))
		}
	case hazard.File:
		if it, ok := fire.Item(cmd.Item); ok && it.DispatchTo != nil {
			s.Targets = []hazard.Place{place(hazard.Target{Cell: site.AtLevel(it.DispatchTo.Level), Department: it.DispatchTo.Department})}
		}
		if cmd.Cell != "" {
			s.Cell, s.Moved = grid.Cell{Code: cmd.Cell}, chain(cmd.Cell)
		}
	case hazard.Merge:
		if cmd.Into == "other" {
			s.Other = hazard.Case{ID: "other", Programme: "fire", State: hazard.StateFiled}
		}
		if cmd.Into == "done" {
			s.Other = hazard.Case{ID: "done", Programme: "fire", State: hazard.StateClosed}
		}
	}
	return s
}

func place(t hazard.Target) hazard.Place {
	if t.Department == "afar" {
		return hazard.Place{Cell: grid.Cell{Code: "410105"}, Bureau: &grid.Post{Cell: "410105", Department: t.Department}}
	}
	if t.Department != "" {
		return hazard.Place{Cell: grid.Cell{Code: district}, Bureau: &bureau, Chain: chain(district)}
	}
	return hazard.Place{Cell: grid.Cell{Code: t.Cell}, Chain: chain(t.Cell)}
}

// refusal checks that an error is a typed one of that code ("" means none).
func refusal(t *testing.T, err error, code string) {
	t.Helper()
	var f *fault.Error
	switch {
	case code == "" && err != nil:
		t.Fatalf("refused: %v", err)
	case code == "":
	case !errors.As(err, &f):
		t.Fatalf("got %v, want the refusal %s", err, code)
	case f.Code != code:
		t.Fatalf("refused with %s (%v), want %s", f.Code, f, code)
	}
}
