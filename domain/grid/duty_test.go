package grid_test

import (
	"testing"

	"gridward/domain/grid"
)

func dutiesOf(events ...grid.DutyEvent) grid.Duties {
	var s grid.Duties
	for _, e := range events {
		s = grid.EvolveDuties(s, e)
	}
	return s
}

func TestGiveDuty(t *testing.T) {
	const d1, d2 = "d1", "d2"
	fire := grid.DutyFacts{ActsAs: grid.RoleChief, Levels: []int{1, 2, 3, 4, 5}}
	chief := grid.GiveDuty{ID: d1, Programme: "fire", Role: "chief", Person: wang, From: day(1), Cells: []grid.CellCode{street}}
	given := grid.DutyGiven{Duty: d1, Programme: "fire", Role: "chief", ActsAs: "chief", Person: wang, From: day(1), Cells: []grid.CellCode{street}}
	with := func(change func(*grid.GiveDuty)) grid.GiveDuty {
		cmd := chief
		cmd.ID = d2
		change(&cmd)
		return cmd
	}
	plain := func(*grid.GiveDuty) {}
	both := with(func(c *grid.GiveDuty) { c.Cells = []grid.CellCode{street, street2} })
	for _, row := range []struct {
		name    string
		given   grid.Duties
		when    grid.GiveDuty
		facts   grid.DutyFacts
		then    []grid.DutyEvent
		refused refusal
	}{
		{name: "a chief", when: chief, facts: fire, then: []grid.DutyEvent{given}},
		{name: "the same again", given: dutiesOf(given), when: chief, facts: fire},
		{name: "another under the id", given: dutiesOf(given), when: with(func(c *grid.GiveDuty) { c.ID, c.Person = d1, li }), facts: fire, refused: refusal{code: "id_reused"}},
		{name: "a programme's own role acts as one of the six", when: with(func(c *grid.GiveDuty) { c.Role = "inspector" }),
			facts: grid.DutyFacts{ActsAs: grid.RoleOfficer, Levels: []int{2}},
			then:  []grid.DutyEvent{grid.DutyGiven{Duty: d2, Programme: "fire", Role: "inspector", ActsAs: "officer", Person: wang, From: day(1), Cells: []grid.CellCode{street}}}},
		{name: "over two cells", when: both, facts: fire,
			then: []grid.DutyEvent{grid.DutyGiven{Duty: d2, Programme: "fire", Role: "chief", ActsAs: "chief", Person: wang, From: day(1), Cells: []grid.CellCode{street, street2}}}},
		{name: "in a department", when: with(func(c *grid.GiveDuty) { c.Cells, c.Department = nil, "police-1" }), facts: fire,
			then: []grid.DutyEvent{grid.DutyGiven{Duty: d2, Programme: "fire", Role: "chief", ActsAs: "chief", Person: wang, From: day(1), Department: "police-1"}}},
		{name: "an unknown role", when: chief, facts: grid.DutyFacts{Levels: fire.Levels}, refused: invalid("role")},
		{name: "no beginning", when: grid.GiveDuty{ID: d1, Programme: "fire", Role: "chief", Person: wang, Cells: chief.Cells}, facts: fire, refused: invalid("from")},
		{name: "a level the programme does not use", when: chief, facts: grid.DutyFacts{ActsAs: "chief", Levels: []int{1, 3}}, refused: invalid("cell")},
		{name: "a cell named twice", when: with(func(c *grid.GiveDuty) { c.Cells = []grid.CellCode{street, street} }), facts: fire, refused: invalid("cells.0")},
		{name: "a role the person holds there", given: dutiesOf(given), when: with(plain), facts: fire, refused: refusal{code: "duty_overlaps"}},
		{name: "a role the person holds on the other cell", when: both,
			facts: grid.DutyFacts{ActsAs: "chief", Levels: fire.Levels, Held: map[grid.CellCode]grid.Duties{street2: dutiesOf(given)}}, refused: refusal{code: "duty_overlaps"}},
		{name: "a second chief", given: dutiesOf(given), when: with(func(c *grid.GiveDuty) { c.Person = li }), facts: fire, refused: refusal{code: "post_taken"}},
		{name: "a chief before the present one", given: dutiesOf(given), when: with(func(c *grid.GiveDuty) { c.Person, c.From = li, day(1).AddDate(0, -1, 0) }), facts: fire, refused: refusal{code: "post_taken"}},
		{name: "a chief after the last one", given: dutiesOf(given, grid.DutyEnded{Duty: d1, At: day(5)}), when: with(func(c *grid.GiveDuty) { c.Person, c.From = li, day(5) }), facts: fire,
			then: []grid.DutyEvent{grid.DutyGiven{Duty: d2, Programme: "fire", Role: "chief", ActsAs: "chief", Person: li, From: day(5), Cells: []grid.CellCode{street}}}},
		{name: "a second chief of the district, which is a committee", given: dutiesOf(given),
			when: with(func(c *grid.GiveDuty) { c.Person, c.Cells = li, []grid.CellCode{district} }), facts: fire,
			then: []grid.DutyEvent{grid.DutyGiven{Duty: d2, Programme: "fire", Role: "chief", ActsAs: "chief", Person: li, From: day(1), Cells: []grid.CellCode{district}}}},
		{name: "a second officer", given: dutiesOf(given), when: with(func(c *grid.GiveDuty) { c.Person, c.Role = li, "officer" }),
			facts: grid.DutyFacts{ActsAs: "officer", Levels: fire.Levels},
			then:  []grid.DutyEvent{grid.DutyGiven{Duty: d2, Programme: "fire", Role: "officer", ActsAs: "officer", Person: li, From: day(1), Cells: []grid.CellCode{street}}}},
	} {
		t.Run(row.name, func(t *testing.T) {
			got, err := grid.DecideGiveDuty(row.given, row.when, row.facts)
			check(t, got, err, row.then, row.refused)
			after := row.given
			for _, e := range got {
				after = grid.EvolveDuties(after, e)
				if missing := after.Missing(e); len(missing) > 0 {
					t.Errorf("what is recorded is missing still: %+v", missing)
				}
			}
			if again, _ := grid.DecideGiveDuty(after, row.when, row.facts); len(again) > 0 {
				t.Errorf("the same again changes something: %+v", again)
			}
		})
	}
}

func TestEndDuty(t *testing.T) {
	given := grid.DutyGiven{Duty: "d1", Person: wang, From: day(3)}
	ended := grid.DutyEnded{Duty: "d1", At: day(9)}
	for _, row := range []struct {
		name    string
		given   grid.Duties
		when    grid.EndDuty
		then    []grid.DutyEvent
		refused refusal
	}{
		{name: "ended", given: dutiesOf(given), when: grid.EndDuty{Duty: "d1", At: day(9)}, then: []grid.DutyEvent{ended}},
		{name: "ended at the same instant again", given: dutiesOf(given, ended), when: grid.EndDuty{Duty: "d1", At: day(9)}},
		{name: "an end is final", given: dutiesOf(given, ended), when: grid.EndDuty{Duty: "d1", At: day(10)}, refused: refusal{code: "duty_ended"}},
		{name: "before it began", given: dutiesOf(given), when: grid.EndDuty{Duty: "d1", At: day(3)}, refused: invalid("at")},
		{name: "at no time", given: dutiesOf(given), when: grid.EndDuty{Duty: "d1"}, refused: invalid("at")},
		{name: "nobody's duty", given: dutiesOf(given), when: grid.EndDuty{Duty: "d2", At: day(9)}, refused: refusal{code: "duty_not_found"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			got, err := grid.DecideEndDuty(row.given, row.when)
			check(t, got, err, row.then, row.refused)
		})
	}
}

func TestADutyIsHeldFromItsFirstInstantUpToItsEnd(t *testing.T) {
	d := dutiesOf(grid.DutyGiven{Duty: "d1", From: day(3)}, grid.DutyEnded{Duty: "d1", At: day(9)})[0]
	for n, held := range map[int]bool{2: false, 3: true, 8: true, 9: false} {
		if d.ActiveAt(day(n)) != held {
			t.Errorf("day %d: held is not %v", n, held)
		}
	}
}

func TestOfficeInCharge(t *testing.T) {
	post := func(cell grid.CellCode, held ...grid.Duty) grid.Post { return grid.Post{Cell: cell, Held: held} }
	chief := func(person string) grid.Duty { return grid.Duty{ID: person, Person: person, ActsAs: grid.RoleChief} }
	officer := grid.Duty{ID: "o", Person: li, ActsAs: grid.RoleOfficer}
	chain := grid.Chain{post(community, officer), post(street, chief(wang)), post(district, chief(li))}
	for _, row := range []struct {
		name   string
		chain  grid.Chain
		barred string
		cell   grid.CellCode
		vacant []grid.CellCode
	}{
		{name: "an officer is no office", chain: chain, cell: street, vacant: []grid.CellCode{community}},
		{name: "its only holder is barred", chain: chain, barred: wang, cell: district, vacant: []grid.CellCode{community, street}},
		{name: "nobody anywhere", chain: chain[:1], vacant: []grid.CellCode{community}},
	} {
		t.Run(row.name, func(t *testing.T) {
			got, vacant, ok := row.chain.InCharge(row.barred)
			if got.Cell != row.cell || ok != (row.cell != "") {
				t.Errorf("got %s, %v; want %s", got.Cell, ok, row.cell)
			}
			check(t, vacant, nil, row.vacant, refusal{})
		})
	}
}
