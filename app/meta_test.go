package app

import (
	"encoding/json"
	"reflect"
	"testing"
	"time"

	"github.com/google/uuid"
	"pgregory.net/rapid"
)

func wantJSON(t rapid.TB, m Meta) {
	t.Helper()
	want, err := json.Marshal(&m)
	if err != nil {
		t.Fatal(err)
	}
	got, err := AppendMeta([]byte("before"), &m)
	if err != nil || string(got) != "before"+string(want) {
		t.Fatalf("got %s, %v, want before%s", got, err, want)
	}
	wantRead(t, want)
}

// wantRead holds that reading is what json.Unmarshal does, be it to fail.
func wantRead(t rapid.TB, text []byte) {
	t.Helper()
	var got, want Meta
	wantErr := json.Unmarshal(text, &want)
	gotErr := ReadMeta(text, &got)
	if (gotErr == nil) != (wantErr == nil) {
		t.Fatalf("reading %s gave the error %v, want %v", text, gotErr, wantErr)
	}
	if wantErr == nil && !reflect.DeepEqual(got, want) {
		t.Fatalf("reading %s gave %+v, want %+v", text, got, want)
	}
}

// TestMetaIsReadAsJSON gives what AppendMeta never writes: other programs may have, and files break.
func TestMetaIsReadAsJSON(t *testing.T) {
	for _, text := range []string{
		``, `{}`, `{`, `[]`, `null`, `{"actor":"a"`, `{"actor":"a"}}`, `{"actor":"a",}`, `{,}`, `{"actor":}`, `{"actor"}`,
		`{"actor":7}`, `{"actor":null}`, `{"actor":"a" }`, `{ "actor": "a\u0041\n" }`, `{"actor":"网格"}`, `{"ACTOR":"a"}`,
		`{"programme_version":"3"}`, `{"programme_version":3.0}`, `{"programme_version":+3}`, `{"programme_version":03}`,
		`{"programme_version":-3,"actor":"b"}`, `{"programme_version":{"a":1,"b":2}}`, `{"programme_version":1e2}`,
		`{"occurred_at":"yesterday"}`, `{"occurred_at":null}`, `{"command_id":"1"}`, `{"command_id":""}`, `{"causation":7}`,
		`{"command_id":"{00000000-0000-0000-0000-000000000001}"}`, `{"added_later":[1,2],"actor":"a"}`, `{"actor":"a","actor":"b"}`,
		`{"actor":true,"cell":false}`,
	} {
		wantRead(t, []byte(text))
	}
}

func TestMetaIsTheJSONOfItsType(t *testing.T) {
	wantJSON(t, Meta{})
	rapid.Check(t, func(t *rapid.T) {
		text := func(name string) string {
			return rapid.OneOf(rapid.String(), rapid.StringMatching(`[ -~]{0,12}`), rapid.Just("管\xff<\u2028>&")).Draw(t, name)
		}
		id := func(name string) (id uuid.UUID) {
			copy(id[:], rapid.SliceOfN(rapid.Byte(), 0, 16).Draw(t, name))
			return id
		}
		at := func(name string) time.Time {
			zone := time.FixedZone("", rapid.IntRange(-12*60, 14*60).Draw(t, name+" zone")*60)
			return time.Unix(rapid.Int64Range(0, 4e9).Draw(t, name), rapid.Int64Range(0, 999_999_999).Draw(t, name+" ns")).In(zone)
		}
		wantJSON(t, Meta{
			Programme: text("programme"), ProgrammeVersion: rapid.Int().Draw(t, "version"), Cell: text("cell"),
			OccurredAt: at("occurred"), ReceivedAt: at("received"), Actor: text("actor"), OnBehalfOf: text("behalf"),
			Duty: text("duty"), CommandID: id("command"), RequestHash: text("hash"), Correlation: id("correlation"),
			Causation: id("causation"),
		})
	})
}

// TestMetaLeavesNoFieldOut fills each field alone, also one that was added to Meta and not to AppendMeta.
func TestMetaLeavesNoFieldOut(t *testing.T) {
	typ := reflect.TypeFor[Meta]()
	for i := range typ.NumField() {
		var m Meta
		switch f := reflect.ValueOf(&m).Elem().Field(i).Addr().Interface().(type) {
		case *string:
			*f = "x"
		case *int:
			*f = 7
		case *time.Time:
			*f = time.Date(2026, 2, 10, 9, 0, 0, 0, time.UTC)
		case *uuid.UUID:
			*f = uuid.UUID{1}
		default:
			t.Fatalf("Meta.%s is of a kind this test does not know: %T", typ.Field(i).Name, f)
		}
		wantJSON(t, m)
	}
}

func TestMetaThatHasNoJSONIsAnError(t *testing.T) {
	m := Meta{OccurredAt: time.Date(10_000, 1, 1, 0, 0, 0, 0, time.UTC)}
	if _, err := AppendMeta(nil, &m); err == nil {
		t.Fatal("a year of five digits was encoded")
	}
}
