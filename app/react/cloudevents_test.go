package react_test

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	cloudevents "github.com/cloudevents/sdk-go/v2"
	"github.com/google/uuid"

	"gridward/adapters/eventcodec"
	"gridward/app"
	"gridward/app/react"
)

const stored = "../../adapters/eventcodec/testdata"

// reported is a record of a resident's report, with everything a record can have.
func reported(t *testing.T) app.Record {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(stored, "case.reported.v1.json"))
	if err != nil {
		t.Fatal(err)
	}
	shanghai := time.FixedZone("", 8*60*60)
	return app.Record{ID: uuid.MustParse("0198f0aa-0000-7000-8000-000000000001"), Stream: "case-0198f0aa-0000-7000-8000-000000000002",
		Type: "case.reported", Schema: 1, Data: bytes.TrimSpace(data), Version: 1, Position: 71,
		RecordedAt: time.Date(2026, 2, 10, 1, 30, 0, 123456000, time.UTC),
		Meta: app.Meta{Programme: "fire", ProgrammeVersion: 3, Cell: "410104001001002", OccurredAt: time.Date(2026, 2, 10, 9, 0, 0, 0, shanghai),
			ReceivedAt: time.Date(2026, 2, 10, 9, 30, 0, 0, shanghai), Actor: "admin", OnBehalfOf: "person-7", Duty: "duty-9",
			CommandID: uuid.MustParse("0198f0aa-0000-7000-8000-000000000003"), RequestHash: "abcd",
			Correlation: uuid.MustParse("0198f0aa-0000-7000-8000-000000000004"), Causation: uuid.MustParse("0198f0aa-0000-7000-8000-000000000005")}}
}

var logID = uuid.MustParse("0198f0aa-0000-7000-8000-00000000000a")

func toCloudEvent(t *testing.T, r app.Record) []byte {
	t.Helper()
	e, err := react.ToCloudEvent(logID, eventcodec.New(), r)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// What receivers rely on stands in this file; a change of it is a change of the contract (docs/outbound.md).
func TestACloudEventReadsAsItAlwaysDid(t *testing.T) {
	golden := filepath.Join("testdata", "case.reported.cloudevent.json")
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	var got bytes.Buffer
	if err := json.Indent(&got, toCloudEvent(t, reported(t)), "", "  "); err != nil {
		t.Fatal(err)
	}
	if got.WriteByte('\n'); got.String() != string(want) {
		t.Errorf("%s is now\n%s", golden, got.String())
	}
}

func TestEveryStoredEventIsAValidCloudEvent(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(stored, "*.json"))
	if err != nil || len(files) < 50 {
		t.Fatal(len(files), err)
	}
	for _, file := range files {
		name := strings.TrimSuffix(filepath.Base(file), ".json")
		dot := strings.LastIndex(name, ".v") // type.v1, or type.v1+ for a shape of more fields
		typ := name[:dot]
		r := reported(t)
		r.Type, r.Schema = typ, int(name[dot+2]-'0')
		if r.Data, err = os.ReadFile(file); err != nil {
			t.Fatal(err)
		}
		raw := toCloudEvent(t, r)
		e := cloudevents.NewEvent()
		if err := json.Unmarshal(raw, &e); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if err := e.Validate(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if e.ID() != r.ID.String() || e.Type() != "cn.gridward."+typ || e.Subject() != r.Stream || !e.Time().Equal(r.RecordedAt) || e.DataContentType() != "application/json" {
			t.Errorf("%s: %v", name, e.Context)
		}
		for _, personal := range []string{"person-7", "admin", "duty-9", "abcd"} {
			if strings.Contains(string(raw), `"`+personal+`"`) {
				t.Errorf("%s tells %s", name, personal)
			}
		}
	}
}

func TestWhatARecordDoesNotHaveIsLeftOut(t *testing.T) {
	r := reported(t)
	r.Meta = app.Meta{OccurredAt: r.Meta.OccurredAt}
	var e map[string]any
	if err := json.Unmarshal(toCloudEvent(t, r), &e); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"programme", "cell", "correlationid", "causationid"} {
		if v, is := e[name]; is {
			t.Errorf("%s is %q", name, v)
		}
	}
}

func TestAnOldShapeIsLiftedBeforeItIsShown(t *testing.T) {
	data, err := os.ReadFile(filepath.Join(stored, "inspection.logged.v1.json"))
	if err != nil {
		t.Fatal(err)
	}
	shown, err := react.Show(eventcodec.New(), app.Record{Type: "inspection.logged", Schema: 1, Data: data})
	if err != nil || shown.Schema != 2 || !bytes.Contains(shown.Data, []byte(`"description":{"subject":"case:case","value":"***"}`)) {
		t.Errorf("schema %d, %v: %s", shown.Schema, err, shown.Data)
	}
}

func TestAnEventNobodyKnowsIsNotTold(t *testing.T) {
	r := reported(t)
	r.Type = "case.unheard_of"
	if _, err := react.ToCloudEvent(logID, eventcodec.New(), r); err == nil {
		t.Error("told")
	}
}

func TestTextOfAnyKindStaysJSON(t *testing.T) {
	r := reported(t)
	r.Stream = "case-\"\\\n网格<&>\x7f"
	var e struct{ Subject string }
	if err := json.Unmarshal(toCloudEvent(t, r), &e); err != nil || e.Subject != r.Stream {
		t.Errorf("%q, %v", e.Subject, err)
	}
}

func TestAFilterWants(t *testing.T) {
	f := react.Filter{Types: []string{"case.*"}, Programmes: []string{"fire", "water"}, Cells: []string{"410104"}}
	r := reported(t)
	if !f.Wants(r) || !(react.Filter{}).Wants(app.Record{}) {
		t.Error("too little")
	}
	for _, change := range []func(*app.Record){
		func(r *app.Record) { r.Type = "inspection.logged" }, func(r *app.Record) { r.Meta.Programme = "market" },
		func(r *app.Record) { r.Meta.Cell = "410105001" }, func(r *app.Record) { r.Meta.Cell = "" },
	} {
		other := r
		if change(&other); f.Wants(other) {
			t.Errorf("too much: %s %s %s", other.Type, other.Meta.Programme, other.Meta.Cell)
		}
	}
}
