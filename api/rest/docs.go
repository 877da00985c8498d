package rest

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"html/template"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

//go:embed docs.html
var docsTemplate string

// The page of /docs: the contract, to be read by people.
type (
	docPage struct {
		Title, Description string
		Tags               []docTag
		Schemas            []docSchema
	}
	docTag struct {
		Name, Label string
		Operations  []docOperation
	}
	docOperation struct {
		ID, Method, Path, Summary string
		Open                      bool
		Parameters                []docField
		Bodies                    []docBody
		Answers                   []docAnswer
	}
	docField struct {
		Name, In, Type, Ref, Description string
		Required                         bool
	}
	docBody struct {
		Media, Schema string
		Fields        []docField
		Example       string
	}
	docAnswer struct{ Status, Description, Media, Schema string }
	docSchema struct {
		Name, Description string
		Fields            []docField
		Type              string
	}
)

// renderDocs makes the page.
func renderDocs(doc *openapi3.T) ([]byte, error) {
	t, err := template.New("docs").Parse(docsTemplate)
	if err != nil {
		return nil, fmt.Errorf("docs.html: %w", err)
	}
	page := docPage{Title: doc.Info.Title, Description: doc.Info.Description}
	for _, tag := range doc.Tags {
		page.Tags = append(page.Tags, docTag{Name: tag.Name, Label: tag.Description, Operations: operationsOf(doc, tag.Name)})
	}
	for name, ref := range doc.Components.Schemas {
		s := ref.Value
		page.Schemas = append(page.Schemas, docSchema{Name: name, Description: s.Description, Fields: fieldsOf(s), Type: typeText(s)})
	}
	slices.SortFunc(page.Schemas, func(a, b docSchema) int { return strings.Compare(a.Name, b.Name) })
	var out bytes.Buffer
	if err := t.Execute(&out, page); err != nil {
		return nil, fmt.Errorf("docs.html: %w", err)
	}
	return out.Bytes(), nil
}

func operationsOf(doc *openapi3.T, tag string) []docOperation {
	var out []docOperation
	for _, path := range doc.Paths.InMatchingOrder() {
		for method, op := range doc.Paths.Value(path).Operations() {
			if !slices.Contains(op.Tags, tag) {
				continue
			}
			d := docOperation{ID: op.OperationID, Method: method, Path: path, Summary: op.Summary,
				Open: op.Security != nil && len(*op.Security) == 0, Answers: answersOf(op)}
			for _, ref := range op.Parameters {
				p := ref.Value
				d.Parameters = append(d.Parameters, docField{Name: p.Name, In: p.In, Type: typeText(p.Schema.Value), Ref: nameOf(p.Schema),
					Description: p.Description, Required: p.Required})
			}
			if op.RequestBody != nil {
				d.Bodies = bodiesOf(op.RequestBody.Value.Content)
			}
			out = append(out, d)
		}
	}
	slices.SortFunc(out, func(a, b docOperation) int { return strings.Compare(a.Path+" "+a.Method, b.Path+" "+b.Method) })
	return out
}

func answersOf(op *openapi3.Operation) []docAnswer {
	var out []docAnswer
	for status, ref := range op.Responses.Map() {
		a := docAnswer{Status: status}
		if ref.Value.Description != nil {
			a.Description = *ref.Value.Description
		}
		for media, m := range ref.Value.Content {
			a.Media, a.Schema = media, nameOf(m.Schema)
		}
		out = append(out, a)
	}
	slices.SortFunc(out, func(a, b docAnswer) int { return strings.Compare(a.Status, b.Status) })
	return out
}

func bodiesOf(content openapi3.Content) []docBody {
	var out []docBody
	for media, m := range content {
		b := docBody{Media: media, Schema: nameOf(m.Schema), Fields: fieldsOf(m.Schema.Value)}
		switch text, plain := m.Schema.Value.Example.(string); {
		case plain:
			b.Example = text
		case media == "application/json":
			raw, err := json.MarshalIndent(exampleOf(m.Schema.Value, 0), "", "  ")
			if err == nil {
				b.Example = string(raw)
			}
		}
		out = append(out, b)
	}
	slices.SortFunc(out, func(a, b docBody) int { return strings.Compare(a.Media, b.Media) })
	return out
}

func fieldsOf(s *openapi3.Schema) []docField {
	var out []docField
	for name, ref := range s.Properties {
		out = append(out, docField{Name: name, Type: typeText(ref.Value), Ref: nameOf(ref), Description: ref.Value.Description,
			Required: slices.Contains(s.Required, name)})
	}
	slices.SortFunc(out, func(a, b docField) int {
		if a.Required != b.Required {
			if a.Required {
				return -1
			}
			return 1
		}
		return strings.Compare(a.Name, b.Name)
	})
	return out
}

// nameOf is the component a schema (or the items of a list, or the one schema it wraps) refers to.
func nameOf(ref *openapi3.SchemaRef) string {
	switch {
	case ref == nil:
		return ""
	case ref.Ref != "":
		return ref.Ref[strings.LastIndex(ref.Ref, "/")+1:]
	case ref.Value.Items != nil:
		return nameOf(ref.Value.Items)
	case len(ref.Value.AllOf) == 1:
		return nameOf(ref.Value.AllOf[0])
	}
	return ""
}

// typeText says in a few words what a value looks like.
func typeText(s *openapi3.Schema) string {
	var text string
	switch {
	case len(s.Enum) > 0:
		words := make([]string, len(s.Enum))
		for i, v := range s.Enum {
			words[i] = fmt.Sprint(v)
		}
		text = strings.Join(words, " | ")
	case s.Type.Is("array") && s.Items != nil:
		text = typeText(s.Items.Value) + "[]"
	case s.Type == nil || len(*s.Type) == 0:
		text = "object"
	default:
		text = (*s.Type)[0]
		if s.Format != "" {
			text += " (" + s.Format + ")"
		}
	}
	if s.Nullable {
		text += " | null"
	}
	return text
}

// exampleOf makes an example out of a schema: its own, or one made of its required parts.
func exampleOf(s *openapi3.Schema, depth int) any {
	switch {
	case s.Example != nil:
		return s.Example
	case len(s.Enum) > 0:
		return s.Enum[0]
	case depth > 4 || s.Type == nil:
		return map[string]any{}
	case s.Type.Is("array"):
		return []any{exampleOf(s.Items.Value, depth+1)}
	case s.Type.Is("integer"), s.Type.Is("number"):
		return 1
	case s.Type.Is("boolean"):
		return true
	case s.Type.Is("object"):
		out := map[string]any{}
		for _, name := range s.Required {
			out[name] = exampleOf(s.Properties[name].Value, depth+1)
		}
		return out
	}
	return "..."
}
