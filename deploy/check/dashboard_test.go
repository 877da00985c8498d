package check

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/prometheus/prometheus/promql/parser"
)

// panel is what of a panel is looked at here.
type panel struct {
	ID      int
	Type    string
	Title   string
	GridPos struct{ H, W, X, Y int }
	Targets []struct{ RefID, Expr string }
}

type dashboard struct {
	UID, Title string
	Panels     []panel
	Templating struct {
		List []struct{ Name, Label, Type, Definition string }
	}
}

func dash(t *testing.T) dashboard {
	t.Helper()
	var d dashboard
	if err := json.Unmarshal([]byte(read(t, "grafana-dashboard.json")), &d); err != nil {
		t.Fatal(err)
	}
	return d
}

// filled puts something for Grafana's variables, as Grafana does before it asks.
var filled = strings.NewReplacer("$__rate_interval", "1m", "$job", "gridward", "$instance", ".*")

func TestEveryPanelAsksForWhatIsExported(t *testing.T) {
	d, m := dash(t), known(t)
	seen := map[string]bool{}
	for _, p := range d.Panels {
		if !chineseFirst.MatchString(p.Title) {
			t.Errorf("the title is not Chinese / English: %s", p.Title)
		}
		if p.Type != "row" && len(p.Targets) == 0 {
			t.Errorf("%s asks for nothing", p.Title)
		}
		for _, target := range p.Targets {
			query := filled.Replace(target.Expr)
			if strings.Contains(query, "$") {
				t.Errorf("%s: an unknown variable in %s", p.Title, target.Expr)
			}
			holdQuery(t, p.Title, query, m)
			for _, s := range named(t, query) {
				seen[s] = true
			}
		}
	}
	for name := range m {
		if strings.HasPrefix(name, "gridward_") && !seen[name] && !strings.HasSuffix(name, "_sum") && !strings.HasSuffix(name, "_count") {
			t.Errorf("no panel shows %s", name)
		}
	}
	for _, v := range d.Templating.List {
		for _, name := range regexp.MustCompile(`gridward_\w+`).FindAllString(v.Definition, -1) {
			if m[name] == nil {
				t.Errorf("variable %s asks for %s", v.Name, name)
			}
		}
	}
}

func named(t *testing.T, query string) (out []string) {
	t.Helper()
	expr, err := parser.ParseExpr(query)
	if err != nil {
		return nil // said already
	}
	for _, s := range selectors(expr) {
		out = append(out, s.Name)
	}
	return out
}

func TestCommandsThatPanelsNameAreInTheContract(t *testing.T) {
	contract, err := os.ReadFile(filepath.Join(root, "api/openapi.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, p := range dash(t).Panels {
		for _, target := range p.Targets {
			for _, m := range regexp.MustCompile(`type=~"([^"]+)"`).FindAllStringSubmatch(target.Expr, -1) {
				for _, operation := range strings.Split(m[1], "|") {
					found++
					if !strings.Contains(string(contract), "operationId: "+operation+"\n") {
						t.Errorf("%s: there is no command %s", p.Title, operation)
					}
				}
			}
		}
	}
	if found == 0 {
		t.Error("no panel names a command: is the pattern right?")
	}
}

func TestPanelsHaveTheirOwnPlaceAndNumber(t *testing.T) {
	ids, cells := map[int]bool{}, map[string]string{}
	for _, p := range dash(t).Panels {
		if ids[p.ID] {
			t.Errorf("%d is used twice", p.ID)
		}
		ids[p.ID] = true
		if p.GridPos.X+p.GridPos.W > 24 {
			t.Errorf("%s is too far right", p.Title)
		}
		for x := range p.GridPos.W {
			for y := range p.GridPos.H {
				at := fmt.Sprint(p.GridPos.X+x, p.GridPos.Y+y)
				if other := cells[at]; other != "" {
					t.Fatalf("%s lies over %s", p.Title, other)
				}
				cells[at] = p.Title
			}
		}
	}
}
