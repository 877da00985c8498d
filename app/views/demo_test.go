package views_test

import (
	"testing"

	"gridward/app/demo"
	"gridward/app/views"
	"gridward/domain/hazard"
)

// The demo holds every kind of event there is, made by the real commands: the views take them all, in one go and in
// small batches with the same result, and every case stands where the rules say.
func TestTheDemoInTheViews(t *testing.T) {
	log, codec := demoLog(t, demo.Options{Seed: 3, Scale: demo.Small, Days: 14})
	once, bits := emptyViews(t), emptyViews(t)
	counters := must[views.Counters](t)(views.Tape(ctx(), log, codec, once, shanghai, nil))
	must[views.Counters](t)(views.InBatches(ctx(), log, codec, bits, shanghai, 7))
	for _, d := range must[[]views.Difference](t)(views.Compare(ctx(), once, bits, 5)) {
		t.Error(d)
	}
	cases := map[string]hazard.Case{}
	records, err := log.Read(ctx(), 0, 1_000_000)
	if err != nil || uint64(len(records)) != counters.Events {
		t.Fatalf("%d events, %d applied, %v", len(records), counters.Events, err)
	}
	for _, r := range records {
		if e, ok := must[any](t)(codec.Decode(r.Type, r.Schema, r.Data)).(hazard.Event); ok {
			cases[r.Stream] = hazard.Evolve(cases[r.Stream], e)
		}
	}
	for _, c := range cases {
		var state, severity, cell string
		var waiting int
		err := once.QueryRow(`SELECT state, severity, cell, (SELECT COUNT(*) FROM escalations WHERE case_id = id AND ended_at IS NULL) FROM cases WHERE id = $1`, c.ID).
			Scan(&state, &severity, &cell, &waiting)
		if err != nil || state != c.State || severity != c.Severity || cell != string(c.Cell) || (waiting == 1) != (c.Escalation != nil) {
			t.Errorf("case %s: %s %s %s %d (%v), the rules say %+v", c.ID, state, severity, cell, waiting, err, c)
		}
	}
	if len(cases) == 0 {
		t.Error("the demo has no cases")
	}
}
