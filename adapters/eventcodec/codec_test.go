package eventcodec

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"gridward/domain/grid"
	"gridward/domain/inspection"
	"gridward/domain/personal"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
)

// update writes golden files that are missing; it never touches one that is there.
var update = flag.Bool("update", false, "write missing golden files")

func golden(name string, schema int) string {
	return filepath.Join("testdata", fmt.Sprintf("%s.v%d.json", name, schema))
}

// grown is the golden file of a shape that got optional fields after it was first stored: the first file stays, and
// reads and writes as it did; this one fills every field.
func grown(name string, schema int) string {
	return filepath.Join("testdata", fmt.Sprintf("%s.v%d+.json", name, schema))
}

func readGolden(t *testing.T, name string, schema int) []byte {
	t.Helper()
	data, err := os.ReadFile(golden(name, schema))
	if err != nil {
		t.Fatalf("every stored shape has a golden file: %v", err)
	}
	return bytes.TrimSuffix(data, []byte("\n"))
}

func TestEveryStoredShapeStillReads(t *testing.T) {
	c := New()
	for _, e := range registry() {
		t.Run(e.name, func(t *testing.T) {
			if *update {
				writeMissing(t, c, e)
			}
			newest := readGolden(t, e.name, e.schema())
			if whole, err := os.ReadFile(grown(e.name, e.schema())); err == nil {
				stillTheSame(t, c, e, newest)
				newest = bytes.TrimSuffix(whole, []byte("\n"))
			}
			want, err := c.Decode(e.name, e.schema(), newest)
			if err != nil {
				t.Fatal(err)
			}
			if empty := firstEmpty(reflect.ValueOf(want), e.name); empty != "" {
				t.Errorf("the golden file leaves %s empty: it proves nothing of it", empty)
			}
			name, schema, data, err := c.Encode(want)
			if err != nil || name != e.name || schema != e.schema() || !bytes.Equal(data, newest) {
				t.Errorf("encoded again: %s %d %v\n got %s\nwant %s", name, schema, err, data, newest)
			}
			if _, err := os.Stat(grown(e.name, e.schema())); err == nil {
				return // of which older schemas know nothing
			}
			for schema := 1; schema < e.schema(); schema++ {
				got, err := c.Decode(e.name, schema, readGolden(t, e.name, schema))
				if want := asOnceTold(want); err != nil || !reflect.DeepEqual(got, want) {
					t.Errorf("schema %d reads as %+v, %v; want %+v", schema, got, err, want)
				}
			}
		})
	}
}

// stillTheSame holds that what was stored before a shape grew reads and is written as it was.
func stillTheSame(t *testing.T, c *Codec, e *entry, first []byte) {
	t.Helper()
	event, err := c.Decode(e.name, e.schema(), first)
	if err != nil {
		t.Fatal(err)
	}
	if _, _, again, err := c.Encode(event); err != nil || !bytes.Equal(again, first) {
		t.Errorf("what was stored first is encoded as %s, %v; it was %s", again, err, first)
	}
}

// asOnceTold is what an old shape could say of an event: a description and who removed a hazard were one text each.
func asOnceTold(event any) any {
	logged, ok := event.(inspection.Logged)
	if !ok {
		return event
	}
	hazard := logged.Hazards[0]
	hazard.Description = personal.Of("case:case", "description")
	spot := *hazard.OnTheSpot
	spot.PerformedBy = grid.PartyOf("performed_by", "case:case")
	hazard.OnTheSpot = &spot
	logged.Hazards = []inspection.Hazard{hazard}
	return logged
}

func TestNoGoldenFileIsWithoutItsEvent(t *testing.T) {
	files, err := filepath.Glob(filepath.Join("testdata", "*.json"))
	if err != nil {
		t.Fatal(err)
	}
	shapes := 0
	for _, e := range registry() {
		shapes += e.schema()
		if _, err := os.Stat(grown(e.name, e.schema())); err == nil {
			shapes++
		}
	}
	if len(files) != shapes {
		t.Errorf("%d golden files for %d stored shapes", len(files), shapes)
	}
}

func TestNamesAreWrittenOnce(t *testing.T) {
	c := New()
	if n := len(registry()); len(c.byName) != n || len(c.byType) != n {
		t.Errorf("%d entries, %d names, %d types", n, len(c.byName), len(c.byType))
	}
}

// TestEveryEventIsRegistered reads the domain's source: whatever carries the mark of a sealed event interface, or
// embeds what carries it, has a stored name.
func TestEveryEventIsRegistered(t *testing.T) {
	var registered []string
	for _, e := range registry() {
		registered = append(registered, strings.TrimPrefix(e.typ.PkgPath(), "gridward/domain/")+"."+e.typ.Name())
	}
	slices.Sort(registered)
	events := eventsIn(t, "calendar", "grid", "hazard", "inspection", "notice", "patrol", "programme", "register")
	if !slices.Equal(events, registered) {
		t.Errorf("events of the domain\n%v\nregistered\n%v", events, registered)
	}
}

func eventsIn(t *testing.T, packages ...string) []string {
	t.Helper()
	var out []string
	for _, pkg := range packages {
		files, err := filepath.Glob(filepath.Join("..", "..", "domain", pkg, "*.go"))
		if err != nil || len(files) == 0 {
			t.Fatalf("no source of %s: %v", pkg, err)
		}
		marked, embedded := map[string]bool{}, map[string][]string{}
		for _, name := range files {
			f, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			ast.Inspect(f, func(n ast.Node) bool { return collect(n, marked, embedded) })
		}
		for typ, in := range embedded {
			if marked[typ] {
				delete(marked, typ) // a part of events, itself none
				for _, event := range in {
					marked[event] = true
				}
			}
		}
		for typ := range marked {
			out = append(out, pkg+"."+typ)
		}
	}
	slices.Sort(out)
	return out
}

func collect(n ast.Node, marked map[string]bool, embedded map[string][]string) bool {
	switch n := n.(type) {
	case *ast.FuncDecl:
		if n.Recv != nil && strings.HasSuffix(n.Name.Name, "Event") && !n.Name.IsExported() {
			if typ, ok := n.Recv.List[0].Type.(*ast.Ident); ok {
				marked[typ.Name] = true
			}
		}
		return false
	case *ast.TypeSpec:
		if s, ok := n.Type.(*ast.StructType); ok {
			for _, f := range s.Fields.List {
				if typ, ok := f.Type.(*ast.Ident); ok && len(f.Names) == 0 {
					embedded[typ.Name] = append(embedded[typ.Name], n.Name.Name)
				}
			}
		}
		return false
	}
	return true
}

func TestWhatIsNotUnderstoodIsAnError(t *testing.T) {
	c := New()
	var unknown *UnknownTypeError
	for _, schema := range []int{0, 2, -1} {
		if _, err := c.Decode("cell.retired", schema, []byte(`{"reason":"x"}`)); !errors.As(err, &unknown) {
			t.Errorf("schema %d: %v", schema, err)
		}
	}
	if _, err := c.Decode("cell.painted", 1, []byte(`{}`)); !errors.As(err, &unknown) || unknown.Type != "cell.painted" {
		t.Errorf("unknown type: %v", err)
	}
	for _, data := range []string{``, `null`, `[]`, `{"reason":"x","colour":"red"}`, `{"reason":"x"}{}`, `{"reason":1}`, `{"reason":"x"`} {
		if e, err := c.Decode("cell.retired", 1, []byte(data)); err == nil {
			t.Errorf("%q reads as %v", data, e)
		}
	}
	for _, data := range []string{`null`, `{}`, `{"report":[]}`, `{"report":{}}`, `{"report":{"inspector":1}}`} {
		if e, err := c.Decode("inspection.logged", 1, []byte(data)); err == nil {
			t.Errorf("%q lifts to %v", data, e)
		}
	}
	if _, _, _, err := c.Encode(struct{}{}); err == nil {
		t.Error("something that is no event was encoded")
	}
}

func FuzzDecode(f *testing.F) {
	c := New()
	names := slices.Sorted(maps.Keys(c.Types()))
	for i, name := range names {
		for schema := 1; schema <= c.Types()[name]; schema++ {
			if data, err := os.ReadFile(golden(name, schema)); err == nil {
				f.Add(i, schema, data)
			}
		}
	}
	f.Fuzz(func(t *testing.T, i, schema int, data []byte) {
		name := names[uint(i)%uint(len(names))]
		event, err := c.Decode(name, schema, data)
		if err != nil {
			return
		}
		// What reads must write, and read again as the same.
		typ, newest, again, err := c.Encode(event)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		back, err := c.Decode(typ, newest, again)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if _, _, third, err := c.Encode(back); err != nil || !bytes.Equal(third, again) {
			t.Fatalf("%s: %s then %s, %v", name, again, third, err)
		}
	})
}

func writeMissing(t *testing.T, c *Codec, e *entry) {
	t.Helper()
	path := golden(e.name, e.schema())
	if first, err := os.ReadFile(path); err == nil {
		event, err := c.Decode(e.name, e.schema(), first)
		if path = grown(e.name, e.schema()); err != nil || firstEmpty(reflect.ValueOf(event), e.name) == "" {
			return
		}
		if _, err := os.Stat(path); err == nil {
			return
		}
	}
	v := reflect.New(e.typ).Elem()
	fill(v, e.name)
	_, _, data, err := c.Encode(v.Interface())
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, append(data, '\n'), 0o644); err != nil {
		t.Fatal(err)
	}
}

// fill gives every field something.
func fill(v reflect.Value, name string) {
	if v.Type() == reflect.TypeFor[time.Time]() {
		v.Set(reflect.ValueOf(time.Date(2026, 2, 10, 9, 30, 0, 0, time.FixedZone("", 8*3600))))
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			f := v.Type().Field(i)
			tag, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			fill(v.Field(i), tag)
		}
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), name)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(v.Index(0), name)
	case reflect.Map:
		key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		fill(key, "key")
		fill(value, name)
		v.Set(reflect.MakeMap(v.Type()))
		v.SetMapIndex(key, value)
	case reflect.Interface:
		v.Set(reflect.ValueOf(name))
	case reflect.String:
		if v.Type().Name() == "CellCode" {
			name = "410104001001002"
		}
		v.SetString(name)
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Float64:
		v.SetFloat(1.5)
	default:
		v.SetInt(3)
	}
}

// firstEmpty names the first field that has its zero value.
func firstEmpty(v reflect.Value, path string) string {
	if v.IsZero() {
		return path
	}
	switch v.Kind() {
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			return ""
		}
		for i := range v.NumField() {
			if empty := firstEmpty(v.Field(i), path+"."+v.Type().Field(i).Name); empty != "" {
				return empty
			}
		}
	case reflect.Pointer:
		return firstEmpty(v.Elem(), path)
	case reflect.Slice:
		for i := range v.Len() {
			if empty := firstEmpty(v.Index(i), fmt.Sprintf("%s.%d", path, i)); empty != "" {
				return empty
			}
		}
	case reflect.Map:
		for _, k := range v.MapKeys() {
			if empty := firstEmpty(v.MapIndex(k), fmt.Sprintf("%s.%v", path, k)); empty != "" {
				return empty
			}
		}
	}
	return ""
}
