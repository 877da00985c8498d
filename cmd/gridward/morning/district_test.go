package morning

import (
	"slices"
	"testing"

	"gridward/adapters/programmes"
	"gridward/domain/programme"
)

func TestTheDistrictHasSoManyCellsOfEachLevel(t *testing.T) {
	d := layOut(2, random(1, 0))
	for level, want := range map[int]int{1: 1, 2: 2, 3: 10, 4: 30, 5: 150} {
		if got := len(d.level[level]); got != want {
			t.Errorf("level %d has %d cells, want %d", level, got, want)
		}
	}
	if len(d.areas) != 30 || len(d.areas[29].sites) != sites || d.areas[29].code != "410199002005003" || d.areas[29].community != "410199002005" {
		t.Errorf("%d areas, the last is %+v", len(d.areas), d.areas[29])
	}
}

func TestEveryRoleOfTheProgrammesIsHeldAndEveryoneAskedForIsThere(t *testing.T) {
	published, err := programmes.Builtin()
	if err != nil {
		t.Fatal(err)
	}
	d := layOut(1, random(1, 0))
	for _, l := range theLines() {
		held := map[string]bool{}
		for _, p := range d.posts {
			if p.programme == l.code {
				held[p.role] = true
			}
		}
		n := slices.IndexFunc(published, func(p programme.Programme) bool { return p.Code == l.code })
		if n < 0 {
			t.Fatalf("there is no programme %s", l.code)
		}
		for _, role := range published[n].Roles {
			if !held[role.Code] {
				t.Errorf("nobody is %s of %s", role.Code, l.code)
			}
		}
		for _, here := range d.areas {
			for role, cell := range map[string]string{l.files: here.community, l.closes(): here.community, l.holds(): here.code, l.checks(): here.code, l.walks: here.code} {
				if d.who(l, role, cell) == "" {
					t.Errorf("%s has no %s of %s", cell, role, l.code)
				}
			}
		}
		if d.who(l, l.closes(), d.areas[0].community) == d.who(l, l.holds(), d.areas[0].code) || l.checks() == l.holds() {
			t.Errorf("in %s somebody checks or closes what is its own work", l.code)
		}
	}
}
