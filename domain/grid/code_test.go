package grid_test

import (
	"reflect"
	"strconv"
	"testing"

	"pgregory.net/rapid"

	"gridward/domain/grid"
)

func TestACodesLevelIsItsForm(t *testing.T) {
	for code, level := range map[string]int{
		"410104": 1, "410104001": 2, "410104001001": 3, "410104001001002": 4, "4101040010010020017": 5,
		"": 0, "4101": 0, "41010400100100200": 0, "41010a": 0, "4101040010010020017 ": 0, "４１０１０４": 0,
	} {
		if got := grid.CellCode(code).Level(); got != level {
			t.Errorf("%q: level %d, want %d", code, got, level)
		}
	}
}

func TestUpward(t *testing.T) {
	want := []grid.CellCode{site, area, community, street, district}
	if got := site.Upward(); !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestACodeIsItsPlace(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		code := grid.CellCode(rapid.StringMatching(`[0-9]{19}`).Draw(t, "code"))
		level := rapid.IntRange(1, 5).Draw(t, "level")
		up := code.AtLevel(level)
		if up.Level() != level || !up.Contains(code) || level < 5 && code.Contains(up) || level > 1 && up.Parent() != code.AtLevel(level-1) {
			t.Fatalf("%s at level %d is %s, under %s", code, level, up, up.Parent())
		}
		n, err := strconv.ParseUint(string(up), 10, 64)
		if err != nil || grid.CodeOf(level, n) != up {
			t.Fatalf("%s came back as %s, %v", up, grid.CodeOf(level, n), err)
		}
	})
}
