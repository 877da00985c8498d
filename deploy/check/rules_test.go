package check

import (
	"regexp"
	"slices"
	"testing"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/rulefmt"
)

func rules(t *testing.T) []rulefmt.Rule {
	t.Helper()
	groups, errs := rulefmt.Parse([]byte(read(t, "prometheus-rules.yml")), false, model.UTF8Validation)
	for _, err := range errs {
		t.Error(err)
	}
	if groups == nil {
		t.FailNow()
	}
	var out []rulefmt.Rule
	for _, g := range groups.Groups {
		out = append(out, g.Rules...)
	}
	return out
}

// chineseFirst is a line in Chinese, a slash, and the same in English.
var chineseFirst = regexp.MustCompile(`^[^/]*\p{Han}[^/]*/ ?[^\p{Han}]*[A-Za-z][^\p{Han}]*$`)

func TestEveryAlertIsWellFormedAndAsksForWhatIsExported(t *testing.T) {
	all, m := rules(t), known(t)
	if len(all) < 20 {
		t.Errorf("%d rules", len(all))
	}
	for _, r := range all {
		if r.Alert == "" || !slices.Contains([]string{"critical", "warning"}, r.Labels["severity"]) {
			t.Errorf("%s%s: severity %q", r.Alert, r.Record, r.Labels["severity"])
		}
		if s := r.Annotations["summary"]; !chineseFirst.MatchString(s) {
			t.Errorf("%s: the summary is not Chinese / English: %s", r.Alert, s)
		}
		if len(r.Annotations["runbook"]) < 40 {
			t.Errorf("%s says too little of what to do", r.Alert)
		}
		holdQuery(t, r.Alert, r.Expr, m)
	}
}
