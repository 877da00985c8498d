package check

import (
	"testing"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
)

// holdQuery checks that a query parses and that the program exports each metric it names, with each label it matches on
// or groups by.
func holdQuery(t *testing.T, where, query string, m metrics) {
	t.Helper()
	expr, err := parser.ParseExpr(query)
	if err != nil {
		t.Errorf("%s: %v", where, err)
		return
	}
	parser.Inspect(expr, func(node parser.Node, _ []parser.Node) error {
		switch n := node.(type) {
		case *parser.VectorSelector:
			holdSelector(t, where, n, m)
		case *parser.AggregateExpr:
			for _, selector := range selectors(n.Expr) {
				for _, l := range n.Grouping {
					if have := m[selector.Name]; have != nil && !n.Without && !have[l] {
						t.Errorf("%s: groups %s by %s, which it does not have", where, selector.Name, l)
					}
				}
			}
		}
		return nil
	})
}

func holdSelector(t *testing.T, where string, s *parser.VectorSelector, m metrics) {
	t.Helper()
	have := m[s.Name]
	if have == nil {
		t.Errorf("%s: %q is exported by nobody", where, s.Name)
		return
	}
	for _, matcher := range s.LabelMatchers {
		if matcher.Name != labels.MetricName && !have[matcher.Name] {
			t.Errorf("%s: %s has no label %s", where, s.Name, matcher.Name)
		}
	}
}

func selectors(expr parser.Expr) (out []*parser.VectorSelector) {
	parser.Inspect(expr, func(node parser.Node, _ []parser.Node) error {
		if s, ok := node.(*parser.VectorSelector); ok {
			out = append(out, s)
		}
		return nil
	})
	return out
}
