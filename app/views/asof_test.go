package views_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"testing"
	"time"

	"gridward/adapters/sqlstore"
	"gridward/app"
	"gridward/app/views"
	"gridward/domain/fault"
	"gridward/domain/grid"
)

// pastLog is the log as it was when it had taken nothing behind a position.
type pastLog struct {
	app.Log
	last app.Position
}

func (l pastLog) upTo(records []app.Record, err error) ([]app.Record, error) {
	return slices.DeleteFunc(records, func(r app.Record) bool { return r.Position > l.last }), err
}

func (l pastLog) Load(ctx context.Context, stream string, after uint64) ([]app.Record, error) {
	return l.upTo(l.Log.Load(ctx, stream, after))
}

func (l pastLog) Read(ctx context.Context, after app.Position, limit int) ([]app.Record, error) {
	return l.upTo(l.Log.Read(ctx, after, limit))
}

func (l pastLog) Head(context.Context) (app.Position, error) { return l.last, nil }

// then gives the views somebody had at an instant: built from what the log had taken by then, and from nothing else.
func (w *world) then(at time.Time) *views.Views {
	w.t.Helper()
	l := pastLog{Log: w.log}
	for _, r := range must[[]app.Record](w.t)(w.log.Read(ctx(), 0, 1_000_000)) {
		if !r.RecordedAt.After(at) {
			l.last = r.Position
		}
	}
	v := views.New(l, w.codec, sqlstore.NewGenerations(w.t.TempDir(), false), shanghai)
	if err := v.Open(ctx(), nil); err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { _ = v.Close() })
	return v
}

// question is something that can be asked as of an instant, of views whose clock shows now.
type question func(v *views.Views, now, asOf time.Time) (any, error)

// questions is everything that can be asked about a town as of an instant.
func (h *town) questions() map[string]question {
	out := map[string]question{}
	h.aboutCases(out)
	h.aboutCells(out)
	for _, p := range h.people {
		out["accountability of person "+p] = func(v *views.Views, now, asOf time.Time) (any, error) {
			return v.PersonAccountability(ctx(), p, time.Time{}, time.Time{}, now, asOf)
		}
		out["accountability of person in a week "+p] = func(v *views.Views, now, asOf time.Time) (any, error) {
			return v.PersonAccountability(ctx(), p, at("2026-02-02 00:00"), at("2026-02-09 12:00"), now, asOf)
		}
	}
	return out
}

func (h *town) aboutCases(out map[string]question) {
	for _, id := range h.cases {
		out["case "+id] = func(v *views.Views, now, asOf time.Time) (any, error) {
			if asOf.IsZero() {
				return v.Case(ctx(), id, now)
			}
			return v.CaseAsOf(ctx(), id, asOf)
		}
		out["timeline "+id] = func(v *views.Views, _, asOf time.Time) (any, error) {
			return v.Timeline(ctx(), id, asOf, views.Paging{Limit: 500})
		}
		out["deadlines "+id] = func(v *views.Views, now, asOf time.Time) (any, error) { return v.Deadlines(ctx(), id, now, asOf) }
		out["accountability of case "+id] = func(v *views.Views, now, asOf time.Time) (any, error) {
			return v.CaseAccountability(ctx(), id, now, asOf)
		}
	}
}

func (h *town) aboutCells(out map[string]question) {
	periods := []string{"2026", "2026-02", "2026-W07", "2026-02-04"}
	for _, c := range []grid.CellCode{district, street, street2, community, community2, area1, area2, site1, site3} {
		out["accountability of cell "+string(c)] = func(v *views.Views, now, asOf time.Time) (any, error) {
			return v.CellAccountability(ctx(), c, time.Time{}, time.Time{}, now, asOf)
		}
		for _, programme := range []string{"fire", "water", ""} {
			for _, text := range periods {
				period := must[views.Period](h.t)(views.ParsePeriod(text, shanghai))
				out[fmt.Sprint("patrols ", programme, c, text)] = func(v *views.Views, now, asOf time.Time) (any, error) {
					return v.Patrols(ctx(), c, programme, period, now, asOf)
				}
				out[fmt.Sprint("shortfalls ", programme, c, text)] = func(v *views.Views, _, asOf time.Time) (any, error) {
					return v.Shortfalls(ctx(), c, programme, period, asOf, views.Paging{Limit: 500})
				}
			}
		}
		for _, name := range ledgers {
			for _, programme := range []string{"fire", ""} {
				out[fmt.Sprint("ledger ", name, c, programme)] = func(v *views.Views, now, asOf time.Time) (any, error) {
					return allRows(v, c, name, views.LedgerFilter{Programme: programme, Now: now, AsOf: asOf})
				}
			}
		}
	}
}

var ledgers = []string{"premises", "inspections", "hazards", "activities", "equipment", "transfers", "ratings", "forces"}

// allRows reads a ledger three rows at a time.
func allRows(v *views.Views, cell grid.CellCode, name string, f views.LedgerFilter) ([]views.Row, error) {
	out, p := []views.Row{}, views.Paging{Limit: 3}
	for {
		page, err := v.LedgerPage(ctx(), cell, name, f, p)
		if err != nil {
			return nil, err
		}
		out = append(out, page.Items...)
		if page.NextCursor == nil {
			return out, nil
		}
		p.Cursor = *page.NextCursor
	}
}

// answer is what a question comes to, to be compared: an absent thing is one like any other.
func answer(t *testing.T, q question, v *views.Views, now, asOf time.Time) any {
	t.Helper()
	got, err := q(v, now, asOf)
	if f, ok := fault.As(err); ok && f.Kind == fault.NotFound {
		return f.Code
	}
	if err != nil {
		t.Fatal(err)
	}
	raw := must[[]byte](t)(json.Marshal(got))
	var out any
	if err := json.Unmarshal(raw, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

// Whatever was asked at an instant is answered the same for ever, as of that instant: the answer of views that knew
// nothing later, whatever was told late since (当时所知).
func TestAsOfAnInstantEverythingIsAnsweredAsItWasThen(t *testing.T) {
	for seed := range uint64(2) {
		h := newTown(t, seed)
		for range 200 {
			h.step()
		}
		questions := h.questions()
		names := slices.Sorted(maps.Keys(questions))
		records := h.records()
		asked, differ := 0, 0
		for range 5 {
			r := records[len(records)/8+h.rng.IntN(len(records)*7/8)]
			asOf := r.RecordedAt.In(shanghai)
			if h.rng.IntN(2) == 0 {
				asOf = asOf.Add(time.Duration(h.rng.IntN(3600)) * time.Second)
			}
			then := h.then(asOf)
			for _, name := range names {
				if h.rng.IntN(3) > 0 {
					continue
				}
				want := answer(t, questions[name], then, asOf, time.Time{})
				got := answer(t, questions[name], h.views, h.now, asOf)
				if !reflect.DeepEqual(got, want) {
					t.Fatalf("seed %d, %s as of %s:\n got %s\nwant %s\n%s", seed, name, asOf, text(got), text(want), h.kinds())
				}
				asked++
				if !reflect.DeepEqual(got, answer(t, questions[name], h.views, h.now, time.Time{})) {
					differ++
				}
			}
		}
		for _, name := range names { // and as of now it is what it is
			if h.rng.IntN(3) == 0 && !reflect.DeepEqual(answer(t, questions[name], h.views, h.now, h.now), answer(t, questions[name], h.views, h.now, time.Time{})) {
				t.Errorf("seed %d: %s is another one as of now", seed, name)
			}
		}
		if differ < asked/4 {
			t.Errorf("seed %d: of %d answers only %d are others today", seed, asked, differ)
		}
	}
}

func text(v any) string {
	raw, _ := json.Marshal(v)
	return string(raw)
}
