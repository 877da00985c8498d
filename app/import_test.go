package app_test

import (
	"errors"
	"fmt"
	"io"
	"os"
	"reflect"
	"strings"
	"testing"

	"gridward/app"
	"gridward/domain/fault"
	"gridward/domain/grid"
)

// register is a small file as the statistical divisions come, children before their parents, with classes.
const registerFile = "\ufeffcode,level,parent,name,class\n" +
	"410105001001,3,410105001,社区,\n" +
	"410105001001001,4,410105001001,片区,\n" +
	"4101050010010010001,5,410105001001001,\"超市, 一\",fire=B;market=C\n" +
	"4101050010010010002,5,410105001001001,诊所,small_clinic\n" +
	"410105,1,,金水区,\n" +
	"410105001,2,410105,经八路街道,\n"

// once is a reader that cannot be read twice.
type once struct{ io.Reader }

func (h *house) imports(file io.Reader, opts app.ImportOptions) (app.ImportResult, error) {
	return h.ImportCells(h.t.Context(), h.steward(), file, opts)
}

func TestImport(t *testing.T) {
	h := newTown(t)
	empty := h.head()
	dir := t.TempDir()
	got, err := h.imports(once{strings.NewReader(registerFile)}, app.ImportOptions{DryRun: true, Dir: dir})
	if want := (app.ImportResult{Created: 6}); err != nil || got != want || h.head() != empty {
		t.Fatalf("the rehearsal came to %+v, %v, and the log went from %d to %d", got, err, empty, h.head())
	}
	var told []int
	got, err = h.imports(once{strings.NewReader(registerFile)}, app.ImportOptions{Dir: dir, Progress: func(done, total int) { told = append(told, done, total) }})
	if want := (app.ImportResult{Created: 6, Position: h.head()}); err != nil || got != want || h.head() != empty+6 {
		t.Fatalf("got %+v, %v", got, err)
	}
	if want := []int{6, 6}; !reflect.DeepEqual(told, want) {
		t.Errorf("progress told %v, want %v", told, want)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("it left behind %v, %v", left, err)
	}
	want := []any{grid.CellCreated{Code: "4101050010010010001", Name: "超市, 一", Classes: map[string]string{"fire": "B", "market": "C"}}}
	if got := h.events("cell-4101050010010010001"); !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}

	// The classes and attributes are kept up by people afterwards: the same file is still no news.
	h.done(h.SetCellClasses(t.Context(), h.steward(), "4101050010010010001", grid.SetClasses{Classes: map[string]string{"fire": "A"}}))
	h.done(h.RetireCell(t.Context(), h.steward(), "4101050010010010002", grid.RetireCell{Reason: "x"}))
	head := h.head()
	got, err = h.imports(strings.NewReader(registerFile), app.ImportOptions{})
	if err != nil || got.Created != 0 || got.Unchanged != 6 || h.head() != head {
		t.Errorf("the same file again came to %+v, %v", got, err)
	}
}

func TestCellsThatAreThereAreUnchangedOrInTheWay(t *testing.T) {
	h := newTown(t)
	row := func(format string, args ...any) io.Reader {
		return strings.NewReader("code,level,parent,name,class\n" + fmt.Sprintf(format, args...))
	}
	got, err := h.imports(row("%s,5,%s,cell %s,\n", site, area, site), app.ImportOptions{})
	if want := (app.ImportResult{Unchanged: 1, Position: got.Position}); err != nil || got != want {
		t.Errorf("got %+v, %v", got, err)
	}
	h.refused("invalid_fields", "line 2.name", func() error {
		_, err := h.imports(row("%s,5,%s,another,\n", site, area), app.ImportOptions{})
		return err
	})
	h.refused("invalid_fields", "line 2.class", func() error {
		_, err := h.imports(row("%s,5,%s,cell %s,fire=A\n", site, area, site), app.ImportOptions{})
		return err
	})
	h.done(h.RetireCell(t.Context(), h.steward(), area, grid.RetireCell{Reason: "x"}))
	h.refused("invalid_fields", "line 2.parent", func() error {
		_, err := h.imports(row("4101040010010010009,5,%s,x,\n", area), app.ImportOptions{})
		return err
	})
	h.refused("not_steward", "", func() error {
		_, err := h.ImportCells(t.Context(), h.by(wang), row(""), app.ImportOptions{})
		return err
	})
}

func TestWhatIsWrongWithAFileIsToldByLineAndField(t *testing.T) {
	h := newTown(t)
	const header = "code,level,parent,name,class\n"
	for name, row := range map[string]struct {
		file string
		want []string
	}{
		"empty":                   {"", []string{"line 1"}},
		"no header":               {"410105,1,,金水区,\n", []string{"line 1", "line 1", "line 1", "line 1", "line 1", "line 1", "line 1", "line 1", "line 1"}},
		"a column twice":          {"code,level,parent,name,name\n", []string{"line 1"}},
		"not CSV":                 {header + "410105,1,,\"金水区,\n", []string{"line 2"}},
		"a field missing":         {header + "410105,1,\n410106,1,,x,\n", []string{"line 2"}},
		"no code":                 {header + "4101,1,,x,\n", []string{"line 2.code"}},
		"another level":           {header + "410105,2,,x,\n", []string{"line 2.level"}},
		"another parent":          {header + "410105001,2,410104,x,\n", []string{"line 2.parent"}},
		"no name":                 {header + "410105,1,, ,\n", []string{"line 2.name"}},
		"an unknown class":        {header + "410105,1,,x,castle\n", []string{"line 2.class"}},
		"a class of several":      {header + "410105,1,,x,A\n", []string{"line 2.class"}},
		"a programme's class not": {header + "410105,1,,x,fire=Z\n", []string{"line 2.class"}},
		"a programme twice":       {header + "410105,1,,x,fire=A;fire=B\n", []string{"line 2.class"}},
		"a code twice":            {header + "410105,1,,x,\n410106,1,,y,\n410105,1,,z,\n410105,1,,w,\n", []string{"line 4.code", "line 5.code"}},
		"a parent nowhere":        {header + "410105,1,,x,\n410106001,2,410106,y,\n", []string{"line 3.parent"}},
		"all of it at once":       {header + "410105,1,,,\n4101,1,,x,\n", []string{"line 2.name", "line 3.code"}},
		"the first hundred of it": {header + strings.Repeat("4101,1,,x,\n", 150), hundred()},
	} {
		t.Run(name, func(t *testing.T) {
			head := h.head()
			_, err := h.imports(strings.NewReader(row.file), app.ImportOptions{})
			f, ok := fault.As(err)
			if !ok {
				t.Fatalf("got %v", err)
			}
			var got []string
			for _, field := range f.Fields {
				got = append(got, field.Field)
			}
			if !reflect.DeepEqual(got, row.want) || h.head() != head {
				t.Errorf("got %v, want %v; the log went from %d to %d", got, row.want, head, h.head())
			}
		})
	}
}

func hundred() []string {
	var out []string
	for i := range 100 {
		out = append(out, fmt.Sprintf("line %d.code", i+2))
	}
	return out
}

func TestAnImportCutOffAnywhereIsFinishedByRepeatingIt(t *testing.T) {
	for cut := range 6 {
		h := newTown(t)
		before := h.head()
		h.log.cutAfter(int(cut))
		_, err := h.imports(strings.NewReader(registerFile), app.ImportOptions{})
		if f, ok := fault.As(err); !ok || f.Kind != fault.Unavailable || h.head() != before+app.Position(cut) {
			t.Fatalf("cut off after %d: %v, the log went from %d to %d", cut, err, before, h.head())
		}
		h.log.mend()
		got, err := h.imports(strings.NewReader(registerFile), app.ImportOptions{})
		want := app.ImportResult{Created: 6 - cut, Unchanged: cut, Position: h.head()}
		if err != nil || got != want || h.head() != before+6 {
			t.Errorf("repeated after %d it came to %+v, %v; want %+v", cut, got, err, want)
		}
	}
}

func TestOneAtATimeKeepsTheOrderOfTheFile(t *testing.T) {
	h := newTown(t)
	file := "code,level,parent,name\n410105,1,,金水区\n"
	want := []string{"cell-410105"}
	for i := 60; i > 0; i-- {
		code := fmt.Sprintf("410105%03d", i)
		file += code + ",2,410105,街道\n"
		want = append(want, "cell-"+code)
	}
	before := h.head()
	_, err := h.imports(strings.NewReader(file), app.ImportOptions{AtOnce: 1})
	h.ok(err)
	records, err := h.log.Read(t.Context(), before, 100)
	h.ok(err)
	var got []string
	for _, r := range records {
		got = append(got, r.Stream)
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func FuzzImport(f *testing.F) {
	f.Add(registerFile)
	f.Add("code,level,parent,name\n410105,1,,金水区\n410105,1,,金水区\n")
	f.Add("name,parent,level,code\n\"金\n水\",,1,410105\n,,,\n")
	f.Fuzz(func(t *testing.T, file string) {
		h := newHouse(t)
		planned, err := h.imports(strings.NewReader(file), app.ImportOptions{DryRun: true})
		if _, typed := fault.As(err); err != nil && !typed {
			t.Fatalf("an error that is no fault: %v", err)
		}
		if err != nil {
			return
		}
		done, err := h.imports(strings.NewReader(file), app.ImportOptions{})
		if err != nil || done.Created != planned.Created || done.Position != h.head() {
			t.Fatalf("planned %+v, came to %+v, %v", planned, done, err)
		}
	})
}

type brokenReader struct{}

var errBroken = errors.New("the line was cut")

func (brokenReader) Read([]byte) (int, error) { return 0, errBroken }

func TestAFileThatBreaksOffImportsNothing(t *testing.T) {
	h := newTown(t)
	head := h.head()
	_, err := h.imports(io.MultiReader(strings.NewReader(registerFile), brokenReader{}), app.ImportOptions{Dir: t.TempDir()})
	if !errors.Is(err, errBroken) || h.head() != head {
		t.Errorf("got %v; the log went from %d to %d", err, head, h.head())
	}
	_, err = h.imports(once{strings.NewReader(registerFile)}, app.ImportOptions{Dir: t.TempDir() + "/nowhere"})
	if f, ok := fault.As(err); !ok || f.Code != "no_room" || h.head() != head {
		t.Errorf("got %v", err)
	}
}
