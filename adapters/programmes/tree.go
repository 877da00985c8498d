package programmes

import (
	"reflect"

	"github.com/goccy/go-yaml/ast"
)

func child(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

// start is where a node begins; a block mapping begins at its first key, not at the colon its token is.
func start(n ast.Node) place {
	if m, ok := n.(*ast.MappingNode); ok && !m.IsFlowStyle && len(m.Values) > 0 {
		return placeOf(m.Values[0].Key.GetToken())
	}
	if m, ok := n.(*ast.MappingValueNode); ok {
		return placeOf(m.Key.GetToken())
	}
	return placeOf(n.GetToken())
}

// called names a node's kind in an author's words.
func called(n ast.Node) string {
	switch n.(type) {
	case ast.MapNode:
		return "a mapping"
	case *ast.SequenceNode:
		return "a list"
	case *ast.StringNode, *ast.LiteralNode:
		return "text"
	case *ast.IntegerNode, *ast.FloatNode, *ast.InfinityNode, *ast.NanNode:
		return "the number " + n.String()
	case *ast.BoolNode:
		return "true or false"
	}
	return n.Type().String()
}

// fieldOf gives the field of struct v whose yaml tag is the key.
func fieldOf(v reflect.Value, key string) (reflect.Value, bool) {
	for i := range v.NumField() {
		if v.Type().Field(i).Tag.Get("yaml") == key {
			return v.Field(i), true
		}
	}
	return reflect.Value{}, false
}

func keysOf(t reflect.Type) []string {
	keys := make([]string, t.NumField())
	for i := range keys {
		keys[i] = t.Field(i).Tag.Get("yaml")
	}
	return keys
}
