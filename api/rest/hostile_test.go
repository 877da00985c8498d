package rest_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
)

// Whatever is sent, the answer is one of the contract's and no internal error, and the log holds whole inspections.
func FuzzBatch(f *testing.F) {
	good, err := json.Marshal(obj{"items": []obj{patrol(obj{"id": "0190f5fe-7c00-7a00-8a00-0000000000c1"})}})
	if err != nil {
		f.Fatal(err)
	}
	for _, seed := range []string{string(good), `{"items":[{}]}`, `{"items":[null]}`, `{"items":[[]]}`, `{"items":[{"id":1e999}]}`,
		`{"items":[{"id":"x","id":"y"}]}`, `{"items":{}}`, `{"items":[{"evidence":[{"size":99999999999999999999}]}]}`,
		`{"items":[{"location":{"lon":1e308,"lat":-1e308}}]}`, `{"items":[{"started_at":"0000-00-00T00:00:00Z"}]}`,
		strings.Replace(string(good), "fire", "\\u0000", 1), strings.Replace(string(good), "例行", "\\ud800", 1),
		strings.Replace(string(good), `"kind":"routine"`, `"kind":"campaign","campaign":"../../x"`, 1)} {
		f.Add([]byte(seed))
	}
	var h *house
	f.Fuzz(func(t *testing.T, raw []byte) {
		if h == nil {
			h = open(t, setup{programs: true, idle: true})
			settle(h)
		}
		h.t = t
		r := h.post("/inspections/batch", raw)
		switch r.status {
		case http.StatusOK, http.StatusBadRequest, http.StatusUnprocessableEntity:
		default:
			t.Fatalf("%d %s", r.status, r.raw)
		}
	})
}

// Fields of every kind, given nonsense on every command of a case.
func TestNonsenseIsNeverInternal(t *testing.T) {
	h := open(t, setup{programs: true})
	settle(h)
	id := newCase(h, nil)
	nonsense := []string{`{}`, `{"item":""}`, `{"item":"\u0000"}`, `{"cell":"410104"}`, `{"department":"nothing"}`, `{"level":99}`, `{"limit":{"n":0,"unit":"day"}}`,
		`{"limit":{"n":99999999999999999999,"unit":"working_day"}}`, `{"evidence":[{}]}`, `{"plan":{}}`, `{"into":"` + id + `"}`, `{"into":"x"}`,
		`{"result":"maybe"}`, `{"granted":true}`, `{"satisfied":"yes"}`, `{"reason":"` + strings.Repeat("长", 5000) + `"}`, `{"note":null}`, `{"ids":["` + id + `"],"rating":"good"}`,
		`{"measure":"listed","level":1}`, `{"measures":"a","evidence":[{"sha256":"` + strings.Repeat("g", 64) + `","media_type":"x","size":1}]}`}
	for path, item := range h.judge.doc.Paths.Map() {
		op := item.Post
		if op == nil || !strings.HasPrefix(path, "/cases/") {
			continue
		}
		for _, raw := range nonsense {
			r := h.post(strings.ReplaceAll(path, "{id}", id), raw, as(room)...)
			if r.status >= http.StatusInternalServerError {
				t.Errorf("%s %s: %d %s", path, raw, r.status, r.raw)
			}
		}
	}
	for _, id := range []string{"x", "..", "%00", strings.Repeat("a", 65), "0190f5fe-7c00-7a00-8a00-0000000000ff", "%ff"} {
		r := h.post("/cases/"+id+"/accept", nil)
		if r.status != http.StatusNotFound && r.status != http.StatusUnprocessableEntity {
			t.Errorf("%s: %d %s", id, r.status, r.raw)
		}
	}
}

func TestTheContractIsReadable(t *testing.T) {
	h := open(t, setup{})
	page := string(h.do(http.MethodGet, "/docs", nil).want(http.StatusOK).raw)
	for path, item := range h.judge.doc.Paths.Map() {
		for _, op := range item.Operations() {
			if !strings.Contains(page, path) || !strings.Contains(page, `id="`+op.OperationID+`"`) {
				t.Errorf("%s is not on the page", path)
			}
		}
	}
	for _, foreign := range []string{"http://", "https://", "<script", "src="} {
		if strings.Contains(page, foreign) {
			t.Errorf("the page has %q in it", foreign)
		}
	}
	if !strings.Contains(string(h.do(http.MethodGet, "/openapi.yaml", nil).raw), "\nopenapi: 3.0.3\n") {
		t.Error("the contract is not served")
	}
}
