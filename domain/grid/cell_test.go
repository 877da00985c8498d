package grid_test

import (
	"reflect"
	"testing"
	"time"

	"gridward/domain/fault"
	"gridward/domain/grid"
	"gridward/domain/personal"
)

const (
	district  = grid.CellCode("410104")
	street    = grid.CellCode("410104001")
	street2   = grid.CellCode("410104002")
	community = grid.CellCode("410104001001")
	area      = grid.CellCode("410104001001002")
	site      = grid.CellCode("4101040010010020017")
)

var schemes = []grid.Scheme{
	{Programme: "fire", Classes: []string{"A", "B"}, Fields: []grid.Field{
		{Name: "storeys", Kind: "number"}, {Name: "sprinklers", Kind: "bool"}, {Name: "built_on", Kind: "date"},
		{Name: "use", Kind: "choice", Choices: []string{"shop", "home"}}, {Name: "owner", Kind: "text"}}},
	{Programme: "market", Classes: []string{"A"}, Fields: []grid.Field{{Name: "storeys", Kind: "text"}}},
}

// refusal is what a row expects instead of events: the rule's code, and the field if it is an invalid one.
type refusal struct{ code, field string }

// check compares a decision with what a row expects, exactly.
func check[E any](t *testing.T, got []E, err error, want []E, refused refusal) {
	t.Helper()
	if refused.code == "" {
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("got %+v, %v\nwant %+v", got, err, want)
		}
		return
	}
	f, ok := fault.As(err)
	if !ok || f.Code != refused.code || len(got) != 0 {
		t.Fatalf("got %+v, %v; want the refusal %s", got, err, refused.code)
	}
	if refused.field != "" && (len(f.Fields) != 1 || f.Fields[0].Field != refused.field) {
		t.Errorf("got the fields %+v, want %s alone", f.Fields, refused.field)
	}
}

func invalid(field string) refusal { return refusal{"invalid_fields", field} }

func cellOf(events ...grid.CellEvent) grid.Cell {
	var c grid.Cell
	for _, e := range events {
		c = grid.EvolveCell(c, e)
	}
	return c
}

func TestCreateCell(t *testing.T) {
	parent := grid.Cell{Code: area, Name: "一片区"}
	retired := grid.Cell{Code: area, Retired: true}
	shop := grid.CreateCell{Code: site, Name: " 便民超市 ", Classes: map[string]string{"fire": "B"},
		Attributes: map[string]any{"storeys": 3, "sprinklers": true, "built_on": "2001-05-01", "use": "shop", "owner": "x", "colour": "red", "seats": 2.5}}
	created := grid.CellCreated{Code: site, Name: "便民超市", Classes: map[string]string{"fire": "B"},
		Attributes: map[string]any{"storeys": 3.0, "sprinklers": true, "built_on": "2001-05-01", "use": "shop", "owner": "x", "colour": "red", "seats": 2.5}}
	attribute := func(name string, value any) grid.CreateCell {
		return grid.CreateCell{Code: site, Name: "x", Attributes: map[string]any{name: value}}
	}
	for _, row := range []struct {
		name    string
		given   grid.Cell
		when    grid.CreateCell
		parent  grid.Cell
		then    []grid.CellEvent
		refused refusal
	}{
		{name: "a site with classes and premises fields", when: shop, parent: parent, then: []grid.CellEvent{created}},
		{name: "a district needs no parent", when: grid.CreateCell{Code: district, Name: "管城回族区"},
			then: []grid.CellEvent{grid.CellCreated{Code: district, Name: "管城回族区"}}},
		{name: "a number some programme takes as a text", when: attribute("storeys", "three"), parent: parent,
			then: []grid.CellEvent{grid.CellCreated{Code: site, Name: "x", Attributes: map[string]any{"storeys": "three"}}}},
		{name: "the same cell again", given: cellOf(created), when: shop, parent: parent},
		{name: "another cell of that code", given: cellOf(grid.CellCreated{Code: site, Name: "other"}), when: shop, parent: parent, refused: refusal{code: "cell_exists"}},
		{name: "no parent", when: shop, refused: refusal{code: "no_parent"}},
		{name: "a retired parent", when: shop, parent: retired, refused: refusal{code: "parent_retired"}},
		{name: "a malformed code", when: grid.CreateCell{Code: "4101", Name: "x"}, refused: invalid("code")},
		{name: "no name", when: grid.CreateCell{Code: district, Name: "  "}, refused: invalid("name")},
		{name: "an unknown programme", when: grid.CreateCell{Code: district, Name: "x", Classes: map[string]string{"fir": "A"}}, refused: invalid("classes.fir")},
		{name: "an unknown class", when: grid.CreateCell{Code: district, Name: "x", Classes: map[string]string{"fire": "Z"}}, refused: invalid("classes.fire")},
		{name: "an empty class", when: grid.CreateCell{Code: district, Name: "x", Classes: map[string]string{"fire": ""}}, refused: invalid("classes.fire")},
		{name: "no number", when: attribute("storeys", true), parent: parent, refused: invalid("attributes.storeys")},
		{name: "no truth value", when: attribute("sprinklers", "yes"), parent: parent, refused: invalid("attributes.sprinklers")},
		{name: "no date", when: attribute("built_on", "2001-02-30"), parent: parent, refused: invalid("attributes.built_on")},
		{name: "no choice", when: attribute("use", "barn"), parent: parent, refused: invalid("attributes.use")},
		{name: "no text", when: attribute("owner", 1), parent: parent, refused: invalid("attributes.owner")},
		{name: "an unknown name takes no list", when: attribute("colour", []any{"red"}), parent: parent, refused: invalid("attributes.colour")},
	} {
		t.Run(row.name, func(t *testing.T) {
			got, err := grid.DecideCreateCell(row.given, row.when, row.parent, schemes)
			check(t, got, err, row.then, row.refused)
			for _, e := range got {
				row.given = grid.EvolveCell(row.given, e)
			}
			if again, _ := grid.DecideCreateCell(row.given, row.when, row.parent, schemes); len(again) > 0 {
				t.Errorf("the same again changes something: %+v", again)
			}
		})
	}
}

// gone is when cells of these tests leave the grid.
var gone = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)

func TestAPatrolBeforeACellLeftStillCounts(t *testing.T) {
	c := cellOf(grid.CellCreated{Code: site, Name: "超市"}, grid.CellRetired{At: gone, Reason: "razed"})
	if c.GoneAt(gone.Add(-time.Second)) || !c.GoneAt(gone) {
		t.Error("the cell is gone from the instant on, not before")
	}
}

func TestChangeCell(t *testing.T) {
	created := grid.CellCreated{Code: site, Name: "超市", Classes: map[string]string{"fire": "A"}, Attributes: map[string]any{"owner": "x"}}
	live, retired := cellOf(created), cellOf(created, grid.CellRetired{At: gone, Reason: "razed"})
	classes := func(c map[string]string) func(grid.Cell) ([]grid.CellEvent, error) {
		return func(s grid.Cell) ([]grid.CellEvent, error) {
			return grid.DecideSetClasses(s, grid.SetClasses{Classes: c}, schemes)
		}
	}
	attributes := func(a map[string]any) func(grid.Cell) ([]grid.CellEvent, error) {
		return func(s grid.Cell) ([]grid.CellEvent, error) {
			return grid.DecideSetAttributes(s, grid.SetAttributes{Attributes: a}, schemes)
		}
	}
	retire := func(reason string) func(grid.Cell) ([]grid.CellEvent, error) {
		return func(s grid.Cell) ([]grid.CellEvent, error) {
			return grid.DecideRetireCell(s, grid.RetireCell{Reason: reason}, gone)
		}
	}
	replace := func(taken []grid.CellCode, by ...grid.Successor) func(grid.Cell) ([]grid.CellEvent, error) {
		return func(s grid.Cell) ([]grid.CellEvent, error) {
			return grid.DecideReplaceCell(s, grid.ReplaceCell{Successors: by}, gone, taken)
		}
	}
	const s1, s2 = grid.CellCode("4101040010010020018"), grid.CellCode("4101040010010020019")
	for _, row := range []struct {
		name    string
		given   grid.Cell
		when    func(grid.Cell) ([]grid.CellEvent, error)
		then    []grid.CellEvent
		refused refusal
	}{
		{name: "only what changes of the classes", given: live, when: classes(map[string]string{"fire": "A", "market": "A"}),
			then: []grid.CellEvent{grid.CellClassesSet{Classes: map[string]string{"market": "A"}}}},
		{name: "an empty class takes it away", given: live, when: classes(map[string]string{"fire": ""}),
			then: []grid.CellEvent{grid.CellClassesSet{Classes: map[string]string{"fire": ""}}}},
		{name: "classes as they are", given: live, when: classes(map[string]string{"fire": "A", "market": ""})},
		{name: "an unknown class", given: live, when: classes(map[string]string{"fire": "Z"}), refused: invalid("classes.fire")},
		{name: "classes of a retired cell", given: retired, when: classes(map[string]string{"fire": "B"}), refused: refusal{code: "cell_retired"}},
		{name: "classes of no cell", when: classes(map[string]string{"fire": "B"}), refused: refusal{code: "cell_not_found"}},
		{name: "all attributes are replaced", given: live, when: attributes(map[string]any{"storeys": 2}),
			then: []grid.CellEvent{grid.CellAttributesSet{Attributes: map[string]any{"storeys": 2.0}}}},
		{name: "attributes as they are", given: live, when: attributes(map[string]any{"owner": "x"})},
		{name: "attributes that do not fit", given: live, when: attributes(map[string]any{"owner": 7}), refused: invalid("attributes.owner")},
		{name: "attributes of a retired cell", given: retired, when: attributes(nil), refused: refusal{code: "cell_retired"}},
		{name: "retired", given: live, when: retire("razed"), then: []grid.CellEvent{grid.CellRetired{At: gone, Reason: "razed"}}},
		{name: "retired without a reason", given: live, when: retire(" "), refused: invalid("reason")},
		{name: "retired twice", given: retired, when: retire("razed"), refused: refusal{code: "cell_retired"}},
		{name: "replaced", given: live, when: replace(nil, grid.Successor{Code: s1, Name: "东"}, grid.Successor{Code: s2, Name: "西 "}),
			then: []grid.CellEvent{grid.CellReplaced{At: gone, Successors: []grid.Successor{{Code: s1, Name: "东"}, {Code: s2, Name: "西"}}}}},
		{name: "replaced by nothing", given: live, when: replace(nil), refused: invalid("successors")},
		{name: "replaced by itself", given: live, when: replace(nil, grid.Successor{Code: site, Name: "x"}), refused: invalid("successors.0.code")},
		{name: "replaced twice by one", given: live, when: replace(nil, grid.Successor{Code: s1, Name: "x"}, grid.Successor{Code: s1, Name: "y"}), refused: invalid("successors.1.code")},
		{name: "replaced on another level", given: live, when: replace(nil, grid.Successor{Code: area, Name: "x"}), refused: invalid("successors.0.code")},
		{name: "replaced under another parent", given: live, when: replace(nil, grid.Successor{Code: "4101040010010030001", Name: "x"}), refused: invalid("successors.0.code")},
		{name: "a successor without a name", given: live, when: replace(nil, grid.Successor{Code: s1}), refused: invalid("successors.0.name")},
		{name: "a successor that is there", given: live, when: replace([]grid.CellCode{s1}, grid.Successor{Code: s1, Name: "x"}), refused: refusal{code: "successor_exists"}},
		{name: "replaced once retired", given: retired, when: replace(nil, grid.Successor{Code: s1, Name: "x"}), refused: refusal{code: "cell_retired"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			got, err := row.when(row.given)
			check(t, got, err, row.then, row.refused)
			for _, e := range got {
				row.given = grid.EvolveCell(row.given, e)
			}
			if again, _ := row.when(row.given); len(again) > 0 {
				t.Errorf("the same again changes something: %+v", again)
			}
		})
	}
}

func TestEvolveCellLeavesItsStateAlone(t *testing.T) {
	before := cellOf(grid.CellCreated{Code: site, Classes: map[string]string{"fire": "A"}})
	after := grid.EvolveCell(before, grid.CellClassesSet{Classes: map[string]string{"fire": "", "market": "A"}})
	if before.Classes["fire"] != "A" || len(before.Classes) != 1 {
		t.Errorf("the state before became %v", before.Classes)
	}
	if want := map[string]string{"market": "A"}; !reflect.DeepEqual(after.Classes, want) {
		t.Errorf("got %v, want %v", after.Classes, want)
	}
}

const (
	wang = "11111111-1111-4111-8111-111111111111"
	li   = "22222222-2222-4222-8222-222222222222"
)

func TestRegisterPerson(t *testing.T) {
	cmd := grid.RegisterPerson{ID: wang, Name: "王强", Unit: "北下街街道", Phone: "13803711234", Cell: street}
	e := grid.PersonRegistered{ID: wang, Name: personal.Of(wang, "王强"), Unit: "北下街街道", Phone: personal.Of(wang, "13803711234")}
	known := grid.EvolvePerson(grid.Person{}, e)
	for _, row := range []struct {
		name    string
		given   grid.Person
		when    grid.RegisterPerson
		then    []grid.PersonEvent
		refused refusal
	}{
		{name: "new", when: cmd, then: []grid.PersonEvent{e}},
		{name: "the same again", given: known, when: cmd},
		{name: "another under the id", given: known, when: grid.RegisterPerson{ID: wang, Name: "李"}, refused: refusal{code: "id_reused"}},
		{name: "no name", when: grid.RegisterPerson{ID: wang}, refused: invalid("name")},
		{name: "no UUID", when: grid.RegisterPerson{ID: "wang", Name: "王"}, refused: invalid("id")},
		{name: "no telephone number", when: grid.RegisterPerson{ID: wang, Name: "王", Phone: "12345"}, refused: invalid("phone")},
	} {
		t.Run(row.name, func(t *testing.T) {
			got, err := grid.DecideRegisterPerson(row.given, row.when)
			check(t, got, err, row.then, row.refused)
		})
	}
}

func TestPhones(t *testing.T) {
	for phone, right := range map[string]bool{
		"": true, "13803711234": true, "+86 13803711234": true, "8613803711234": true, "0371-66661234": true, "037166661234": true,
		"010-12345678": false, "010-62345678": true, "66661234": true, "0371-66661234-801": true, "400-812-3456": true,
		"12803711234": false, "1380371123": false, "phone": false, "138 0371 1234": false,
	} {
		var bad fault.Fields
		if grid.CheckPhone(&bad, "phone", phone); (len(bad) == 0) != right {
			t.Errorf("%q: %v", phone, bad)
		}
	}
}

func TestCreateDepartment(t *testing.T) {
	at := grid.Cell{Code: street, Name: "北下街街道"}
	cmd := grid.CreateDepartment{Code: "police-1", Name: "北下街派出所", Cell: street}
	e := grid.DepartmentCreated(cmd)
	for _, row := range []struct {
		name    string
		given   grid.Department
		when    grid.CreateDepartment
		cell    grid.Cell
		then    []grid.DepartmentEvent
		refused refusal
	}{
		{name: "new", when: cmd, cell: at, then: []grid.DepartmentEvent{e}},
		{name: "the same again", given: grid.EvolveDepartment(grid.Department{}, e), when: cmd, cell: at},
		{name: "another of that code", given: grid.Department{Code: "police-1", Name: "x", Cell: street}, when: cmd, cell: at, refused: refusal{code: "department_exists"}},
		{name: "a code that is none", when: grid.CreateDepartment{Code: "a b", Name: "x", Cell: street}, cell: at, refused: invalid("code")},
		{name: "no name", when: grid.CreateDepartment{Code: "a", Cell: street}, cell: at, refused: invalid("name")},
		{name: "a retired cell", when: cmd, cell: grid.Cell{Code: street, Retired: true}, refused: refusal{code: "cell_retired"}},
	} {
		t.Run(row.name, func(t *testing.T) {
			got, err := grid.DecideCreateDepartment(row.given, row.when, row.cell)
			check(t, got, err, row.then, row.refused)
		})
	}
}

func day(n int) time.Time { return time.Date(2026, 3, n, 9, 0, 0, 0, time.UTC) }
