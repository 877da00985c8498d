package grid

import (
	"encoding/json"
	"maps"
	"slices"
	"time"

	"gridward/domain/fault"
)

// Lengths of texts, in characters.
const (
	maxName   = 200
	maxReason = 1000
	maxText   = 10000
)

// maxAttributes is how many attributes one cell may carry.
const maxAttributes = 200

// Scheme is what one programme says about cells: which classes they may have and which fields premises carry.
type Scheme struct {
	Programme string
	Classes   []string
	Fields    []Field
}

// Field is one attribute of premises: kind is text, number, bool, date ("2006-01-02") or choice.
type Field struct {
	Name    string
	Kind    string
	Choices []string
}

// checkClasses notes classes nobody knows. An empty class is right only where it takes a class away.
func checkClasses(bad *fault.Fields, classes map[string]string, schemes []Scheme, mayClear bool) {
	for _, programme := range slices.Sorted(maps.Keys(classes)) {
		class, at := classes[programme], "classes."+programme
		i := slices.IndexFunc(schemes, func(s Scheme) bool { return s.Programme == programme })
		switch {
		case i < 0:
			bad.Add(at, "there is no such programme")
		case class == "" && mayClear:
		case !slices.Contains(schemes[i].Classes, class):
			bad.Add(at, "%q is not a class of the programme", class)
		}
	}
}

// checkAttributes notes attributes that do not fit. A name some programme knows takes a value that fits one of
// the programmes that know it; any other name takes a text, a number or a truth value.
func checkAttributes(bad *fault.Fields, attributes map[string]any, schemes []Scheme) {
	if len(attributes) > maxAttributes {
		bad.Add("attributes", "are more than %d", maxAttributes)
		return
	}
	for _, name := range slices.Sorted(maps.Keys(attributes)) {
		at := "attributes." + name
		bad.Text(at, name, 64)
		var known []Field
		for _, s := range schemes {
			for _, f := range s.Fields {
				if f.Name == name {
					known = append(known, f)
				}
			}
		}
		if len(known) == 0 {
			known = []Field{{Kind: "text"}, {Kind: "number"}, {Kind: "bool"}}
		}
		value := attributes[name]
		if !slices.ContainsFunc(known, func(f Field) bool { return f.fits(value) }) {
			bad.Add(at, "%s", known[0].wants())
		}
	}
}

func (f Field) fits(value any) bool {
	text, isText := value.(string)
	switch f.Kind {
	case "number":
		_, ok := value.(float64)
		return ok
	case "bool":
		_, ok := value.(bool)
		return ok
	case "date":
		_, err := time.Parse(time.DateOnly, text)
		return isText && err == nil
	case "choice":
		return isText && slices.Contains(f.Choices, text)
	default:
		return isText && len(text) <= 4*maxText
	}
}

func (f Field) wants() string {
	switch f.Kind {
	case "number":
		return "is not a number"
	case "bool":
		return "is not true or false"
	case "date":
		return `is not a date like "2006-01-02"`
	case "choice":
		return "is not one of the choices"
	default:
		return "is not a text"
	}
}

// plain gives the attributes as they read back from the log: numbers are float64.
func plain(attributes map[string]any) map[string]any {
	if len(attributes) == 0 {
		return nil
	}
	out := make(map[string]any, len(attributes))
	for name, value := range attributes {
		switch v := value.(type) {
		case int:
			value = float64(v)
		case int64:
			value = float64(v)
		case json.Number:
			if n, err := v.Float64(); err == nil {
				value = n
			}
		}
		out[name] = value
	}
	return out
}
