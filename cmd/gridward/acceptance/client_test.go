//go:build acceptance

package acceptance

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"
)

// object is a JSON object to be sent.
type object map[string]any

// client sends requests in somebody's name. It is made by (*server).client and changed by as and with.
type client struct {
	t       testing.TB
	base    string // ends in /api/v1
	headers map[string]string
	http    *http.Client
}

// client talks to the server as the administrator.
func (s *server) client() *client {
	return &client{t: s.t, base: s.url + "/api/v1", headers: map[string]string{"Authorization": "Bearer " + adminToken},
		http: &http.Client{Timeout: 60 * time.Second}}
}

// with is the same client with one more header; an empty value takes the header away.
func (c *client) with(header, value string) *client {
	d := *c
	d.headers = map[string]string{header: value}
	for k, v := range c.headers {
		if k != header {
			d.headers[k] = v
		}
	}
	return &d
}

// as is the client in a person's name (X-Act-As).
func (c *client) as(person string) *client { return c.with("X-Act-As", person) }

// answer is what came back.
type answer struct {
	t      testing.TB
	what   string // "GET /cells"
	status int
	header http.Header
	body   []byte
	doc    any // the JSON in it, nil if it is none; numbers are float64
}

func (c *client) get(path string) answer { return c.do(http.MethodGet, path, nil) }

func (c *client) post(path string, body any) answer { return c.do(http.MethodPost, path, body) }

func (c *client) put(path string, body any) answer { return c.do(http.MethodPut, path, body) }

// do sends a request: a string is sent as it is, nil is no body, anything else as JSON.
func (c *client) do(method, path string, body any) answer {
	c.t.Helper()
	var reader io.Reader
	switch b := body.(type) {
	case nil:
	case string:
		reader = strings.NewReader(b)
	default:
		raw, err := json.Marshal(b)
		if err != nil {
			c.t.Fatal(err)
		}
		reader = bytes.NewReader(raw)
	}
	req, err := http.NewRequest(method, c.base+path, reader)
	if err != nil {
		c.t.Fatal(err)
	}
	if reader != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	for k, v := range c.headers {
		if v != "" {
			req.Header.Set(k, v)
		}
	}
	resp, err := c.http.Do(req)
	if err != nil {
		c.t.Fatalf("%s %s: %v", method, path, err)
	}
	defer func() { _ = resp.Body.Close() }()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		c.t.Fatalf("%s %s: %v", method, path, err)
	}
	a := answer{t: c.t, what: method + " " + path, status: resp.StatusCode, header: resp.Header, body: raw}
	if strings.Contains(resp.Header.Get("Content-Type"), "json") {
		if err := json.Unmarshal(raw, &a.doc); err != nil {
			c.t.Fatalf("%s %s answers %d with no JSON: %v\n%s", method, path, resp.StatusCode, err, raw)
		}
	}
	return a
}

// ok holds that the answer has the status.
func (a answer) ok(status int) answer {
	a.t.Helper()
	if a.status != status {
		a.t.Fatalf("%s: status %d, want %d\n%s", a.what, a.status, status, a.body)
	}
	return a
}

// refused holds that the answer is a problem with status and code, and names exactly these fields.
func (a answer) refused(status int, code string, fields ...string) {
	a.t.Helper()
	var named []string
	for _, e := range list(at(a.doc, "errors")) {
		named = append(named, fmt.Sprint(at(e, "field")))
	}
	if a.status != status || at(a.doc, "code") != code || len(fields) > 0 && !reflect.DeepEqual(named, fields) {
		a.t.Errorf("%s: status %d code %v fields %q, want %d %s %q\n%s", a.what, a.status, at(a.doc, "code"), named, status, code, fields, a.body)
		return
	}
	if got := a.header.Get("Content-Type"); !strings.HasPrefix(got, "application/problem+json") {
		a.t.Errorf("%s: a problem comes as %s", a.what, got)
	}
	if at(a.doc, "status") != float64(status) || at(a.doc, "type") == nil || at(a.doc, "title") == nil {
		a.t.Errorf("%s: the problem lacks type, title or status: %s", a.what, a.body)
	}
}

// at is the value at a path of the answer, e.g. "items.0.holder.cell".
func (a answer) at(path string) any { return at(a.doc, path) }

// text is the text at a path; anything else fails the test.
func (a answer) text(path string) string {
	a.t.Helper()
	s, ok := at(a.doc, path).(string)
	if !ok {
		a.t.Fatalf("%s: %s is %v, want a text\n%s", a.what, path, at(a.doc, path), a.body)
	}
	return s
}

// items are the items of a page.
func (a answer) items() []any {
	a.t.Helper()
	items, ok := at(a.doc, "items").([]any)
	if !ok {
		a.t.Fatalf("%s: no items\n%s", a.what, a.body)
	}
	return items
}

// at is the value at a dotted path in decoded JSON: names and places in lists; nil if there is none.
func at(doc any, path string) any {
	for _, name := range strings.Split(path, ".") {
		switch v := doc.(type) {
		case map[string]any:
			doc = v[name]
		case []any:
			i, err := strconv.Atoi(name)
			if err != nil || i < 0 || i >= len(v) {
				return nil
			}
			doc = v[i]
		default:
			return nil
		}
	}
	return doc
}

func list(v any) []any {
	l, _ := v.([]any)
	return l
}

// column gives the values at a path of each item, as texts.
func column(items []any, path string) []string {
	out := []string{}
	for _, item := range items {
		out = append(out, fmt.Sprint(at(item, path)))
	}
	return out
}

// holds compares the values at paths of a document with what is wanted: numbers may be ints, an instant equals the
// same instant in another zone.
func holds(t testing.TB, what string, doc any, want object) {
	t.Helper()
	for path, w := range want {
		if got := at(doc, path); !same(got, w) {
			t.Errorf("%s: %s is %v, want %v", what, path, show(got), show(w))
		}
	}
}

// equal compares two values the same way.
func equal(t testing.TB, what string, got, want any) {
	t.Helper()
	if !same(got, want) {
		t.Errorf("%s: %s, want %s", what, show(got), show(want))
	}
}

// same compares as JSON does.
func same(got, want any) bool {
	g, w := plain(got), plain(want)
	if gs, ok := g.(string); ok {
		if ws, ok := w.(string); ok {
			gt, gerr := time.Parse(time.RFC3339, gs)
			wt, werr := time.Parse(time.RFC3339, ws)
			return gs == ws || gerr == nil && werr == nil && gt.Equal(wt)
		}
	}
	return reflect.DeepEqual(g, w)
}

// plain gives a value as it would come back from the wire.
func plain(v any) any {
	raw, err := json.Marshal(v)
	if err != nil {
		return v
	}
	var out any
	if json.Unmarshal(raw, &out) != nil {
		return v
	}
	return out
}

func show(v any) string {
	raw, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	return string(raw)
}
