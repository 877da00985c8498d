package programmes

import (
	"errors"
	"fmt"
	"math"
	"reflect"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/lexer"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"

	"gridward/domain/fault"
	"gridward/domain/programme"
)

// place is a position in the file, both counted from 1; the zero place is the file as a whole.
type place struct{ line, column int }

func (p place) String() string {
	return fmt.Sprintf("line %d, column %d", max(p.line, 1), max(p.column, 1))
}

func placeOf(t *token.Token) place {
	if t == nil || t.Position == nil {
		return place{}
	}
	return place{t.Position.Line, t.Position.Column}
}

// reader fills Go values from a YAML tree. It exists beside the library's decoder because that one stops at the
// first error, knows no path, and turns numbers into text and back without a word.
type reader struct {
	places   map[string]place // where each path stands: its key, or the first token of a list's entry
	problems fault.Fields
}

// syntaxError is what keeps a file from having a tree at all.
type syntaxError struct {
	place  place
	reason string
}

// read reads one document into the struct that into points to, by its yaml tags. A file without a tree is a
// syntaxError; what is wrong in the tree is in the reader's problems.
func read(src []byte, into any) (*reader, *syntaxError) {
	root, err := parse(src)
	if err != nil {
		return nil, err
	}
	r := &reader{places: map[string]place{}}
	r.value("", root, reflect.ValueOf(into).Elem())
	return r, nil
}

func parse(src []byte) (root ast.Node, bad *syntaxError) {
	if len(src) > MaxSize {
		return nil, &syntaxError{reason: fmt.Sprintf("is larger than %d bytes", MaxSize)}
	}
	if !utf8.Valid(src) {
		return nil, &syntaxError{reason: "is not UTF-8"}
	}
	defer func() { // a parser's panic on somebody's upload is that file's problem, not the service's
		if p := recover(); p != nil {
			root, bad = nil, &syntaxError{reason: fmt.Sprintf("cannot be read as YAML: %v", p)}
		}
	}()
	tokens := lexer.Tokenize(string(src))
	if bad := checkNesting(tokens); bad != nil {
		return nil, bad
	}
	tree, err := parser.Parse(tokens, 0)
	if err != nil {
		var ye yaml.Error
		if errors.As(err, &ye) { // not its Error(): that prints the source around it, at a cost that grows with its square
			return nil, &syntaxError{place: placeOf(ye.GetToken()), reason: ye.GetMessage()}
		}
		return nil, &syntaxError{reason: err.Error()}
	}
	switch {
	case len(tree.Docs) == 0 || tree.Docs[0].Body == nil:
		return nil, &syntaxError{reason: "is empty"}
	case len(tree.Docs) > 1:
		return nil, &syntaxError{place: placeOf(tree.Docs[1].Start), reason: "has more than one document"}
	}
	return tree.Docs[0].Body, nil
}

// checkNesting looks at the tokens before the parser does, whose cost grows with the square of the depth. In block
// style each level takes a column, in flow style it takes a bracket. Dashes in brackets are an error the parser
// is slow to see, and most often a bracket somebody forgot to close.
func checkNesting(tokens token.Tokens) *syntaxError {
	const maxFlow, maxColumn = 16, 160
	var open []place
	for _, t := range tokens {
		switch t.Type { //nolint:exhaustive // the rest neither opens nor closes anything
		case token.SequenceStartType, token.MappingStartType:
			open = append(open, placeOf(t))
		case token.SequenceEndType, token.MappingEndType:
			open = open[:max(len(open)-1, 0)]
		case token.SequenceEntryType, token.MappingKeyType, token.MappingValueType:
			if len(open) == 0 && t.Position.Column > maxColumn {
				return &syntaxError{placeOf(t), "is nested too deeply"}
			}
			if len(open) > 0 && t.Type == token.SequenceEntryType {
				return &syntaxError{open[len(open)-1], "this bracket is not closed before the next dash"}
			}
		}
		if len(open) > maxFlow {
			return &syntaxError{placeOf(t), "is nested too deeply"}
		}
	}
	return nil
}

var limitType = reflect.TypeFor[programme.Limit]()

// value reads node n, which stands at path, into v.
func (r *reader) value(path string, n ast.Node, v reflect.Value) {
	switch n.(type) {
	case *ast.NullNode:
		r.add(path, n, "has no value")
		return
	case *ast.AnchorNode, *ast.AliasNode, *ast.TagNode:
		r.add(path, n, "anchors, aliases and tags are not part of the form")
		return
	}
	switch {
	case v.Type() == limitType:
		r.limit(path, n, v)
	case v.Kind() == reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		r.value(path, n, v.Elem())
	case v.Kind() == reflect.Struct, v.Kind() == reflect.Map:
		r.mapping(path, n, v)
	case v.Kind() == reflect.Slice:
		r.sequence(path, n, v)
	default:
		r.scalar(path, n, v)
	}
}

func (r *reader) mapping(path string, n ast.Node, v reflect.Value) {
	m, ok := n.(ast.MapNode)
	if !ok {
		r.add(path, n, "must be a mapping (key: value), not "+called(n))
		return
	}
	if v.Kind() == reflect.Map {
		v.Set(reflect.MakeMap(v.Type()))
	}
	for it := m.MapRange(); it.Next(); {
		name, ok := it.Key().(*ast.StringNode)
		if !ok {
			r.add(path, it.Key(), "keys are plain text; quote a number")
			continue
		}
		at := child(path, name.Value)
		r.places[at] = placeOf(name.GetToken())
		if v.Kind() == reflect.Map {
			elem := reflect.New(v.Type().Elem()).Elem()
			r.value(at, it.Value(), elem)
			v.SetMapIndex(reflect.ValueOf(name.Value), elem)
			continue
		}
		field, ok := fieldOf(v, name.Value)
		if !ok {
			r.add(at, name, "unknown key; known here: "+strings.Join(keysOf(v.Type()), ", "))
			continue
		}
		r.value(at, it.Value(), field)
	}
}

func (r *reader) sequence(path string, n ast.Node, v reflect.Value) {
	s, ok := n.(*ast.SequenceNode)
	if !ok {
		r.add(path, n, "must be a list, not "+called(n))
		return
	}
	v.Set(reflect.MakeSlice(v.Type(), len(s.Values), len(s.Values)))
	for i, e := range s.Values {
		at := fmt.Sprintf("%s[%d]", path, i)
		r.places[at] = start(e)
		r.value(at, e, v.Index(i))
	}
}

func (r *reader) scalar(path string, n ast.Node, v reflect.Value) {
	want := map[reflect.Kind]string{reflect.String: "text", reflect.Int: "a whole number", reflect.Float64: "a number",
		reflect.Bool: "true or false"}[v.Kind()]
	if !set(n, v) {
		r.add(path, n, fmt.Sprintf("must be %s, not %s", want, called(n)))
	}
}

// set puts a scalar into v if it is of exactly v's kind; a whole number is also a number.
func set(n ast.Node, v reflect.Value) bool {
	switch n := n.(type) {
	case *ast.StringNode:
		return setIf(v, reflect.String, func() { v.SetString(n.Value) })
	case *ast.LiteralNode:
		return setIf(v, reflect.String, func() { v.SetString(n.Value.Value) })
	case *ast.BoolNode:
		return setIf(v, reflect.Bool, func() { v.SetBool(n.Value) })
	case *ast.FloatNode:
		return setIf(v, reflect.Float64, func() { v.SetFloat(n.Value) })
	case *ast.IntegerNode:
		i, ok := whole(n.Value)
		if !ok {
			return false
		}
		return setIf(v, reflect.Int, func() { v.SetInt(i) }) || setIf(v, reflect.Float64, func() { v.SetFloat(float64(i)) })
	}
	return false
}

func setIf(v reflect.Value, kind reflect.Kind, do func()) bool {
	if v.Kind() != kind {
		return false
	}
	do()
	return true
}

// whole reads the library's two forms of an integer, as far as 32 bits hold it: no number here is larger.
func whole(value any) (int64, bool) {
	switch i := value.(type) {
	case int64:
		return i, i >= math.MinInt32 && i <= math.MaxInt32
	case uint64:
		return int64(i), i <= math.MaxInt32 //nolint:gosec // bounded right here
	}
	return 0, false
}

// limit reads the short form, "3 working_day". Whether n and unit make sense is the domain's to say.
func (r *reader) limit(path string, n ast.Node, v reflect.Value) {
	const form = `must read like "3 working_day"`
	text, ok := n.(*ast.StringNode)
	if !ok {
		r.add(path, n, form+", not "+called(n))
		return
	}
	number, unit, _ := strings.Cut(text.Value, " ")
	count, err := strconv.Atoi(number)
	if err != nil || unit == "" {
		r.add(path, n, form)
		return
	}
	v.Set(reflect.ValueOf(programme.Limit{N: count, Unit: strings.TrimSpace(unit)}))
}

func (r *reader) add(path string, n ast.Node, reason string) {
	r.problems.Add(field(start(n), path), "%s", reason)
}

// locate turns a path of the definition into line, column and path: where it stands, or where the nearest thing
// around it does.
func (r *reader) locate(path string) string {
	for around := path; ; {
		if at, ok := r.places[around]; ok {
			return field(at, path)
		}
		i := strings.LastIndexAny(around, ".[")
		if i < 0 {
			return field(place{}, path)
		}
		around = around[:i]
	}
}

func field(at place, path string) string {
	if path == "" {
		return at.String()
	}
	return at.String() + ": " + path
}
