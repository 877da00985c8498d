package webhooks_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gridward/adapters/webhooks"
	"gridward/app"
)

func environment(name string) (string, bool) {
	switch name {
	case "GOOD":
		return secret, true
	case "SHORT":
		return "whsec_aGlkZGVu", true
	case "EMPTY":
		return "", true
	}
	return "", false
}

func TestAFileOfWebhooks(t *testing.T) {
	kept := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(kept, []byte(secret+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	hooks, err := webhooks.Parse([]byte(`
webhooks:
- name: district
  url: https://district.example/hook
  secret_env: GOOD
  types: [case.*, patrol.shortfall_found]
  programmes: [fire]
  cells: ["410104001"]
- name: archive
  url: http://10.0.0.7:8080/in
  secret_file: `+kept+`
  from: beginning
`), environment)
	if err != nil || len(hooks) != 2 {
		t.Fatal(hooks, err)
	}
	if hooks[0].FromStart() || !hooks[1].FromStart() || hooks[1].Name != "archive" {
		t.Errorf("%d hooks", len(hooks))
	}
	wants := hooks[0].Filter().Wants
	record := func(typ, programme, cell string) app.Record {
		return app.Record{Type: typ, Meta: app.Meta{Programme: programme, Cell: cell}}
	}
	for r, want := range map[[3]string]bool{
		{"case.filed", "fire", "410104001"}: true, {"case.filed", "fire", "410104001002"}: true, {"patrol.shortfall_found", "fire", "410104001"}: true,
		{"case.filed", "water", "410104001"}: false, {"case.filed", "fire", "410104"}: false, {"case.filed", "fire", ""}: false,
		{"inspection.logged", "fire", "410104001"}: false, {"patrol.shortfall_restated", "fire", "410104001"}: false,
	} {
		if got := wants(record(r[0], r[1], r[2])); got != want {
			t.Errorf("%v: %v", r, got)
		}
	}
	if !hooks[1].Filter().Wants(record("cell.created", "", "")) {
		t.Error("without a filter, everything is wanted")
	}
}

func TestAFileThatCannotBeMeantIsRefusedAndNotShown(t *testing.T) {
	good := "webhooks:\n- name: a\n  url: https://h/hidden\n  secret_env: GOOD\n"
	for name, file := range map[string]string{
		"no name":          "webhooks:\n- url: https://h/hidden\n  secret_env: GOOD\n",
		"a bad name":       "webhooks:\n- name: ../a\n  url: https://h/hidden\n  secret_env: GOOD\n",
		"two of a name":    good + strings.TrimPrefix(good, "webhooks:\n"),
		"no address":       "webhooks:\n- name: a\n  secret_env: GOOD\n",
		"another scheme":   "webhooks:\n- name: a\n  url: file:///hidden\n  secret_env: GOOD\n",
		"a bad address":    "webhooks:\n- name: a\n  url: 'http://hidden:port'\n  secret_env: GOOD\n",
		"no secret":        "webhooks:\n- name: a\n  url: https://h/hidden\n",
		"two secrets":      good + "  secret_file: b\n",
		"an unset secret":  "webhooks:\n- name: a\n  url: https://h/hidden\n  secret_env: NONE\n",
		"an empty secret":  "webhooks:\n- name: a\n  url: https://h/hidden\n  secret_env: EMPTY\n",
		"a short secret":   "webhooks:\n- name: a\n  url: https://h/hidden\n  secret_env: SHORT\n",
		"a missing file":   "webhooks:\n- name: a\n  url: https://h/hidden\n  secret_file: /none/there\n",
		"an unknown key":   good + "  secret: whsec_hidden\n",
		"a wrong from":     good + "  from: yesterday\n",
		"no YAML":          "webhooks: [hidden",
		"a wrong kind":     "webhooks: hidden",
		"types as a text":  good + "  types: {a: b}\n",
		"not a list":       "webhooks:\n  a: {url: hidden}\n",
		"an unknown block": "hidden: 1\n",
	} {
		if hooks, err := webhooks.Parse([]byte(file), environment); err == nil {
			t.Errorf("%s: taken as %d hooks", name, len(hooks))
		} else if text := err.Error(); strings.Contains(text, "hidden") && name != "an unknown block" || strings.Contains(text, "aGlkZGVu") {
			t.Errorf("%s: the error tells it: %v", name, err)
		}
	}
}
