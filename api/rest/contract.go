package rest

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/getkin/kin-openapi/openapi3"

	"gridward/api"
	"gridward/domain/fault"
)

// base is where the contract's paths are served.
const base = "/api/v1"

// contract is openapi.yaml, read. It is safe for concurrent use.
type contract struct {
	doc    *openapi3.T
	checks []openapi3.SchemaValidationOption
}

// operation is one method on one path, with what a request to it must look like.
type operation struct {
	*openapi3.Operation
	method, path string
	open         bool // needs no token
	atRoot       bool // served at the root too
	params       []*openapi3.Parameter
	query        map[string]bool // names
	media        map[string]*openapi3.MediaType
	room         room
}

// loadContract reads the contract, once a process: it is the same bytes for every door, and nobody changes it.
var loadContract = sync.OnceValues(func() (*contract, error) {
	doc, err := openapi3.NewLoader().LoadFromData(api.Contract)
	if err != nil {
		return nil, fmt.Errorf("openapi.yaml: %w", err)
	}
	return &contract{doc: doc, checks: []openapi3.SchemaValidationOption{
		openapi3.MultiErrors(), openapi3.VisitAsRequest(), openapi3.EnableFormatValidation(),
		openapi3.WithStringFormatValidator("date-time", openapi3.NewCallbackValidator(isInstant)),
		openapi3.WithStringFormatValidator("date", openapi3.NewCallbackValidator(isDay)),
	}}, nil
})

var (
	errInstant = errors.New("is not an instant of RFC 3339 with offset, as 2026-02-10T09:00:00+08:00")
	errDay     = errors.New("is not a day, as 2026-02-10")
)

func isInstant(s string) error {
	at, err := time.Parse(time.RFC3339, s)
	if err != nil || at.Year() < 1900 || at.Year() > 9000 {
		return errInstant
	}
	return nil
}

func isDay(s string) error {
	if _, err := time.Parse(time.DateOnly, s); err != nil {
		return errDay
	}
	return nil
}

// operation finds what the contract says of an echo path.
func (c *contract) operation(method, echoPath string) (*operation, error) {
	parts := strings.Split(echoPath, "/")
	for i, p := range parts {
		if name, ok := strings.CutPrefix(p, ":"); ok {
			parts[i] = "{" + name + "}"
		}
	}
	path := strings.Join(parts, "/")
	item := c.doc.Paths.Value(path)
	if item == nil || item.GetOperation(method) == nil {
		return nil, fmt.Errorf("%s %s is not in the contract", method, path)
	}
	spec := item.GetOperation(method)
	op := &operation{Operation: spec, method: method, path: path, query: map[string]bool{},
		open: spec.Security != nil && len(*spec.Security) == 0, atRoot: len(item.Servers) > 1, room: room{bytes: maxBody}}
	if other, ok := rooms[spec.OperationID]; ok {
		op.room = other
	}
	for _, ref := range append(item.Parameters, spec.Parameters...) {
		op.params = append(op.params, ref.Value)
		if ref.Value.In == openapi3.ParameterInQuery {
			op.query[ref.Value.Name] = true
		}
	}
	if spec.RequestBody != nil {
		op.media = spec.RequestBody.Value.Content
	}
	return op, nil
}

// command reports whether the operation is a command, which the log remembers under an id.
func (op *operation) command() bool {
	return slices.ContainsFunc(op.params, func(p *openapi3.Parameter) bool {
		return p.In == openapi3.ParameterInHeader && p.Name == "Idempotency-Key"
	})
}

// check holds a value against a schema and names what is wrong with it, below the given path.
func (c *contract) check(schema *openapi3.Schema, value any, path string) fault.Fields {
	var bad fault.Fields
	if err := schema.VisitJSON(value, c.checks...); err != nil {
		collect(&bad, err, path)
		sorted(bad)
	}
	return bad
}

// sorted brings fields found in the order of a map into one that is the same every time.
func sorted(bad fault.Fields) {
	slices.SortStableFunc(bad, func(a, b fault.Field) int { return strings.Compare(a.Field, b.Field) })
}

// text notes every string with a NUL in it: no database keeps one in a text.
func text(bad *fault.Fields, value any, path string) {
	switch v := value.(type) {
	case string:
		if strings.ContainsRune(v, 0) {
			bad.Add(path, "has a NUL in it")
		}
	case []any:
		for i, inner := range v {
			text(bad, inner, dotted(path, strconv.Itoa(i)))
		}
	case map[string]any:
		for name, inner := range v {
			if strings.ContainsRune(name, 0) {
				bad.Add(path, "has a field with a NUL in its name")
			}
			text(bad, inner, dotted(path, name))
		}
	}
}

func dotted(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

// collect flattens the validator's errors into fields.
func collect(bad *fault.Fields, err error, path string) {
	var several openapi3.MultiError
	if errors.As(err, &several) {
		for _, e := range several {
			collect(bad, e, path)
		}
		return
	}
	var wrong *openapi3.SchemaError
	if !errors.As(err, &wrong) {
		bad.Add(path, "is not as the contract says")
		return
	}
	at := wrong.JSONPointer()
	if path != "" {
		at = append([]string{path}, at...)
	}
	reason := reasonOf(wrong)
	if name, ok := quoted(wrong.Reason); ok && strings.HasSuffix(wrong.Reason, "is unsupported") {
		if len(at) == 0 || at[len(at)-1] != name {
			at = append(at, name)
		}
		reason = "is not a field of this request"
	}
	bad.Add(strings.Join(at, "."), "%s", reason)
}

// reasonOf words the commonest findings as the house does; it never repeats the value.
func reasonOf(e *openapi3.SchemaError) string {
	switch e.SchemaField {
	case "required":
		return "is required"
	case "format":
		if e.Origin != nil && (errors.Is(e.Origin, errInstant) || errors.Is(e.Origin, errDay)) {
			return errors.Unwrap(e).Error()
		}
		switch e.Schema.Format {
		case "date-time":
			return errInstant.Error()
		case "date":
			return errDay.Error()
		}
	case "pattern":
		return "does not have the form " + e.Schema.Pattern
	case "enum":
		return fmt.Sprintf("is not one of %v", e.Schema.Enum)
	case "nullable":
		return "must not be null"
	}
	return e.Reason
}

// quoted gives the first text between double quotes.
func quoted(s string) (string, bool) {
	_, rest, ok := strings.Cut(s, `"`)
	if !ok {
		return "", false
	}
	name, _, ok := strings.Cut(rest, `"`)
	return name, ok
}

// when reads an instant or a day of the zone; end gives a day's end. Empty is the zero time.
func when(field, s string, zone *time.Location, end bool) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	if at, err := time.Parse(time.RFC3339, s); err == nil {
		return at, nil
	}
	day, err := time.ParseInLocation(time.DateOnly, s, zone)
	if err != nil {
		return time.Time{}, fault.BadField(field, "is neither an instant of RFC 3339 with offset nor a day")
	}
	if end {
		day = day.AddDate(0, 0, 1)
	}
	return day, nil
}
