package react

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// agree holds the quick way against the plain one.
func agree(t interface{ Errorf(string, ...any) }, raw []byte) {
	quick, err := mask(raw)
	slow, slowErr := maskSlowly(raw)
	if err != nil || slowErr != nil {
		t.Errorf("%s: %v, %v", raw, err, slowErr)
		return
	}
	var a, b any
	if json.Unmarshal(quick, &a) != nil || json.Unmarshal(slow, &b) != nil || !reflect.DeepEqual(a, b) {
		t.Errorf("%s\nreads %s\nwant  %s", raw, quick, slow)
	}
}

func TestPersonalValuesAreMaskedAndNothingElse(t *testing.T) {
	for raw, want := range map[string]string{
		`{"a":1}`:                                         `{"a":1}`,
		`{"value":"secret"}`:                              `{"value":"***"}`,
		`{"a":{"subject":"s","value":"secret"}}`:          `{"a":{"subject":"s","value":"***"}}`,
		`{"a":{"value":"secret","subject":"s"},"b":[]}`:   `{"a":{"value":"***","subject":"s"},"b":[]}`,
		`{"a":[{"value":{"value":[1,"secret"]}}]}`:        `{"a":[{"value":"***"}]}`,
		`{"a":{"value":"open","unit":"day"}}`:             `{"a":{"value":"open","unit":"day"}}`,
		`{"a":{"unit":"day","value":"open","subject":1}}`: `{"a":{"unit":"day","value":"open","subject":1}}`,
		`{"a":"\"value\":\"open\"","b":{"value":""}}`:     `{"a":"\"value\":\"open\"","b":{"value":"***"}}`,
		`{"a":{"value":-1.5e3},"b":{},"c":[true,null]}`:   `{"a":{"value":"***"},"b":{},"c":[true,null]}`,
		`{"a":{"subject":{"value":"s"},"value":"x\\"}}`:   `{"a":{"subject":{"value":"***"},"value":"***"}}`,
	} {
		got, err := mask([]byte(raw))
		if err != nil || string(got) != want {
			t.Errorf("%s reads %s, %v", raw, got, err)
		}
		agree(t, []byte(raw))
	}
}

func TestWhatIsNotCompactIsMaskedAllTheSame(t *testing.T) {
	for _, raw := range []string{`{ "a" : {"value":"secret"} }`, `{"a":{"v\u0061lue":"x","value":"secret"}}`, `{"a":{"value":"secret","value":"secret"}}`, "{\"a\":[{\"value\":\"secret\"}\n]}"} {
		got, err := mask([]byte(raw))
		if err != nil || bytes.Contains(got, []byte("secret")) && !strings.Contains(raw, "u0061") {
			t.Errorf("%s reads %s, %v", raw, got, err)
		}
	}
	for _, raw := range []string{`{"value":`, `{"value":"`, `["value":1]`, `{"value":1}x{`, `{"value":}`} {
		if got, err := mask([]byte(raw)); err == nil && !json.Valid(got) {
			t.Errorf("%s reads %s", raw, got)
		}
	}
}

func TestMaskingEveryStoredShapeAgreesWithThePlainWay(t *testing.T) {
	files, err := filepath.Glob("../../adapters/eventcodec/testdata/*.json")
	if err != nil || len(files) < 50 {
		t.Fatal(len(files), err)
	}
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		agree(t, bytes.TrimSpace(raw))
	}
}

func TestMaskingAnythingAgreesWithThePlainWay(t *testing.T) {
	text := rapid.OneOf(rapid.SampledFrom([]string{"value", "subject", "a", "\"value\":", "\\", "网格"}), rapid.String())
	var value func(depth int) *rapid.Generator[any]
	value = func(depth int) *rapid.Generator[any] {
		plain := rapid.OneOf(rapid.Map(text, func(s string) any { return s }), rapid.Map(rapid.Int(), func(n int) any { return n }), rapid.Just[any](nil), rapid.Just[any](true))
		if depth == 0 {
			return plain
		}
		return rapid.OneOf(plain, rapid.Map(rapid.SliceOfN(value(depth-1), 0, 3), func(l []any) any { return l }),
			rapid.Map(rapid.MapOfN(text, value(depth-1), 0, 3), func(m map[string]any) any { return m }))
	}
	rapid.Check(t, func(t *rapid.T) {
		raw, err := json.Marshal(map[string]any{"event": value(4).Draw(t, "event")})
		if err != nil {
			t.Fatal(err)
		}
		agree(t, raw)
	})
}
