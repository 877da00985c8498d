package app_test

import (
	"fmt"
	"maps"
	"reflect"
	"strings"
	"testing"
	"time"

	"gridward/app"
	"gridward/domain/evidence"
	"gridward/domain/grid"
	"gridward/domain/inspection"
)

const patrolID = "00000000-0000-4000-8000-0000000000a1"

// waterPatrol is a right one: content, participants and measures are mandatory in water, and it has no checklist.
func waterPatrol(change func(*inspection.Log)) inspection.Log {
	cmd := inspection.Log{Programme: "water", Cell: community, StartedAt: noon.Add(-time.Hour), EndedAt: noon.Add(-time.Minute),
		Content: "渠道巡查", Measures: "无", Participants: []string{zhao, "村民老张"}}
	if change != nil {
		change(&cmd)
	}
	return cmd
}

func withHazards(cmd *inspection.Log) {
	cmd.ID = patrolID
	cmd.Hazards = []inspection.Found{{Item: "canal_littered", Description: "垃圾"}, {ID: "00000000-0000-4000-8000-0000000000c1", Description: "不明"}}
}

func TestLogAnInspection(t *testing.T) {
	h := newTown(t)
	ctx := t.Context()
	cmd := waterPatrol(withHazards)
	var cases []string
	r := h.twice(h.by(qian), func(a *app.App, by app.By) (app.Receipt, error) {
		r, err := a.LogInspection(ctx, by, cmd)
		cases = r.Cases
		return r.Receipt, err
	})
	if want := []string{inspection.CaseID(patrolID, 0), cmd.Hazards[1].ID}; !reflect.DeepEqual(cases, want) {
		t.Errorf("it opened %v, want %v", cases, want)
	}
	if r.ID != patrolID || r.Version != 1 || r.Position != h.head() || !r.Created {
		t.Errorf("it answered %+v with the log at %d", r, h.head())
	}
	logged := h.events("inspection-" + patrolID)[0].(inspection.Logged)
	duty := h.events("duties-water-" + string(street))[0].(grid.DutyGiven).Duty
	if want := []inspection.Acting{{Person: qian, Duty: duty, Role: "inspector", ActsAs: "officer", Cell: street}}; !reflect.DeepEqual(logged.Acting, want) {
		t.Errorf("it counts for %+v, want %+v", logged.Acting, want)
	}
	rec := h.records("inspection-" + patrolID)[0]
	if logged.Report.Officer != qian || rec.Meta.Duty != duty || rec.Meta.Programme != "water" || rec.Meta.ProgrammeVersion != 1 ||
		rec.Meta.Cell != string(community) || !rec.Meta.OccurredAt.Equal(cmd.EndedAt) {
		t.Errorf("recorded as %+v", rec.Meta)
	}
	for _, c := range cases {
		if opened := h.records("case-" + c); len(opened) == 0 || opened[0].Meta.Causation != rec.ID || opened[0].Meta.Correlation != rec.Meta.Correlation {
			t.Errorf("case %s does not tell what caused it: %+v", c, opened)
		}
	}
}

func TestWhoLogsWhat(t *testing.T) {
	h := newTown(t)
	log := func(by app.By, cmd inspection.Log) func() error {
		return func() error { _, err := h.LogInspection(t.Context(), by, cmd); return err }
	}
	of := func(officer string) func(*inspection.Log) { return func(c *inspection.Log) { c.Officer = officer } }
	h.ok(log(h.by(zhao), waterPatrol(of(qian)))()) // a participant logs it
	h.ok(log(h.steward(), waterPatrol(of(qian)))())
	h.refused("not_your_patrol", "", log(h.by(li), waterPatrol(of(qian))))
	h.refused("invalid_fields", "officer", log(h.steward(), waterPatrol(nil)))
	h.refused("invalid_fields", "officer", log(h.by("00000000-0000-4000-8000-00000000ffff"), waterPatrol(nil)))
	h.refused("invalid_fields", "participants.0", log(h.by(qian), waterPatrol(func(c *inspection.Log) {
		c.Participants = []string{"00000000-0000-4000-8000-00000000ffff"}
	})))
	acting := h.by("admin")
	acting.Admin, acting.OnBehalfOf = true, qian
	h.ok(log(acting, waterPatrol(nil))())
	acting.CommandID = h.by(qian).CommandID
	h.refused("not_your_patrol", "", log(acting, waterPatrol(of(li))))
}

func TestWhatAnInspectionRefersToMustBeThere(t *testing.T) {
	h := newTown(t)
	ctx := t.Context()
	log := func(change func(*inspection.Log)) func() error {
		return func() error { _, err := h.LogInspection(ctx, h.by(qian), waterPatrol(change)); return err }
	}
	h.refused("programme_not_found", "", log(func(c *inspection.Log) { c.Programme = "ice" }))
	h.refused("cell_not_found", "", log(func(c *inspection.Log) { c.Cell = "410104009" }))
	h.refused("invalid_fields", "cell", log(func(c *inspection.Log) { c.Cell = site })) // water works down to level 4
	h.refused("invalid_fields", "cell", log(func(c *inspection.Log) { c.Cell = "x" }))
	h.refused("campaign_not_found", "", log(func(c *inspection.Log) { c.Campaign = "x" }))
	h.refused("invalid_fields", "content", log(func(c *inspection.Log) { c.Content = "" }))
	h.refused("invalid_fields", "id", log(func(c *inspection.Log) { c.ID = "x" }))
	h.refused("in_future", "ended_at", log(func(c *inspection.Log) { c.EndedAt = noon.Add(6 * time.Minute) }))
	h.refused("invalid_fields", "occurred_at", func() error {
		by := h.by(qian)
		by.OccurredAt = noon.Add(-time.Second)
		_, err := h.LogInspection(ctx, by, waterPatrol(nil))
		return err
	})
	h.ok(log(withHazards)())
	h.refused("id_reused", "", log(func(c *inspection.Log) { c.ID = patrolID })) // other content
	h.refused("id_reused", "", log(func(c *inspection.Log) { withHazards(c); c.ID = "" }))
	h.done(h.RetireCell(ctx, h.steward(), community, grid.RetireCell{Reason: "x"}))
	h.refused("cell_retired", "", log(func(c *inspection.Log) { c.StartedAt, c.EndedAt = noon, noon }))
	h.ok(log(func(c *inspection.Log) { c.ID = "" })()) // it ended before the cell left: an offline phone loses nothing
}

func TestAnInspectionCutOffIsFinished(t *testing.T) {
	ctx := t.Context()
	cmd := waterPatrol(withHazards)
	whole := newTown(t)
	by := whole.by(qian)
	_, err := whole.LogInspection(ctx, by, cmd)
	whole.ok(err)
	for name, finish := range map[string]func(*house, app.By){
		"by a retry": func(h *house, by app.By) {
			r, err := h.LogInspection(ctx, by, cmd)
			h.ok(err)
			if len(r.Cases) != 2 || r.Position != h.head() {
				t.Errorf("the retry answered %+v", r)
			}
		},
		"by the same content under another key": func(h *house, _ app.By) {
			_, err := h.LogInspection(ctx, h.by(qian), cmd)
			h.ok(err)
		},
		"by the completer": func(h *house, _ app.By) { h.complete() },
	} {
		for _, cut := range []string{"case-" + inspection.CaseID(patrolID, 0), "case-" + cmd.Hazards[1].ID, "inspection-"} {
			if cut == "inspection-" && name == "by the completer" {
				continue // nothing was written: there is nothing to complete
			}
			t.Run(name+" after "+cut, func(t *testing.T) {
				h := newTown(t)
				by := h.by(qian)
				h.log.cut(cut)
				if _, err := h.LogInspection(ctx, by, cmd); err == nil {
					t.Fatal("it answered before everything was written")
				}
				h.log.mend()
				finish(h, by)
				h.complete()
				if got, want := h.streams(), whole.streams(); !maps.Equal(got, want) {
					t.Errorf("the log holds %v, want %v", got, want)
				}
			})
		}
	}
}

func TestAmendAndVoid(t *testing.T) {
	h := newTown(t)
	ctx := t.Context()
	_, err := h.LogInspection(ctx, h.by(qian), waterPatrol(withHazards))
	h.ok(err)
	h.duty(street, "water", "brigade", wang)
	h.duty(street2, "water", "brigade", li)
	words := func(s string) inspection.Amend { return inspection.Amend{Reason: "typo", Content: &s} }
	amend := func(by app.By, cmd inspection.Amend) func() error {
		return func() error { _, err := h.AmendInspection(ctx, by, patrolID, cmd); return err }
	}
	h.twice(h.by(qian), func(a *app.App, by app.By) (app.Receipt, error) {
		return a.AmendInspection(ctx, by, patrolID, words("更正"))
	})
	h.twice(h.by(wang), func(a *app.App, by app.By) (app.Receipt, error) {
		return a.AmendInspection(ctx, by, patrolID, words("再更正"))
	})
	h.refused("not_in_charge", "", amend(h.by(zhao), words("x"))) // took part, but does not answer for it
	h.refused("not_in_charge", "", amend(h.by(li), words("x")))   // an office elsewhere
	h.refused("not_in_charge", "", amend(h.steward(), words("x")))
	late := noon.Add(time.Hour)
	h.refused("in_future", "ended_at", amend(h.by(qian), inspection.Amend{Reason: "x", EndedAt: &late}))
	h.refused("inspection_not_found", "", func() error {
		_, err := h.VoidInspection(ctx, h.by(qian), "x", inspection.Void{Reason: "x"})
		return err
	})

	earlier := noon.AddDate(0, -2, 0) // before qian had the duty
	started := earlier.Add(-time.Hour)
	h.ok(amend(h.by(qian), inspection.Amend{Reason: "wrong month", StartedAt: &started, EndedAt: &earlier})())
	events := h.events("inspection-" + patrolID)
	if last := events[len(events)-1].(inspection.Amended); last.Acting != nil || last.Report.Content != "再更正" {
		t.Errorf("amended to %+v", last)
	}

	h.twice(h.by(qian), func(a *app.App, by app.By) (app.Receipt, error) {
		return a.VoidInspection(ctx, by, patrolID, inspection.Void{Reason: "重复"})
	})
	h.refused("already_voided", "", func() error {
		_, err := h.VoidInspection(ctx, h.by(qian), patrolID, inspection.Void{Reason: "重复"})
		return err
	})
	h.refused("inspection_voided", "", amend(h.by(qian), words("x")))
}

// batch is n water patrols; every third found something, and one is wrong.
func batch(n int) []inspection.Log {
	items := make([]inspection.Log, n)
	for i := range items {
		items[i] = waterPatrol(func(c *inspection.Log) {
			c.ID = fmt.Sprintf("00000000-0000-4000-8000-0000000b%04d", i)
			if i%3 == 0 {
				c.Hazards = []inspection.Found{{Item: "canal_littered", Description: "垃圾"}}
			}
			if i == 1 {
				c.Content = ""
			}
		})
	}
	return items
}

func TestABatchTellsWhatBecameOfEachItem(t *testing.T) {
	h := newTown(t)
	ctx := t.Context()
	items := batch(5)
	items = append(items, items[2]) // sent twice in one batch
	results, err := h.LogInspections(ctx, h.by(qian), items)
	h.ok(err)
	statuses := func(results []app.BatchResult) string {
		var out []string
		for i, r := range results {
			if r.ID != items[i].ID || (r.Problem != nil) != (r.Status == app.BatchRejected) {
				t.Errorf("item %d: %+v", i, r)
			}
			out = append(out, r.Status)
		}
		return strings.Join(out, " ")
	}
	if got, want := statuses(results), "created rejected created created created duplicate"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if p := results[1].Problem; p == nil || p.Code != "invalid_fields" || p.Fields[0].Field != "content" {
		t.Errorf("item 1: %v", p)
	}
	head := h.head()
	results, err = newApp(t, h.log).LogInspections(ctx, h.by(qian), items)
	h.ok(err)
	if got, want := statuses(results), "duplicate rejected duplicate duplicate duplicate duplicate"; got != want || h.head() != head {
		t.Errorf("sent again: %s, want %s; the log went from %d to %d", got, want, head, h.head())
	}
	items[0].Measures = "other"
	results, err = h.LogInspections(ctx, h.by(qian), items[:1])
	h.ok(err)
	if p := results[0].Problem; p == nil || p.Code != "id_reused" {
		t.Errorf("an id with other content: %+v", results[0])
	}
}

func TestABatchRefusedAsAWhole(t *testing.T) {
	h := newTown(t)
	send := func(items []inspection.Log) func() error {
		return func() error { _, err := h.LogInspections(t.Context(), h.by(qian), items); return err }
	}
	h.refused("invalid_fields", "items", send(nil))
	h.refused("invalid_fields", "items", send(make([]inspection.Log, app.MaxBatch+1)))
	items := batch(3)
	items[2].ID = ""
	h.refused("invalid_fields", "items.2.id", send(items))
}

func TestItemsOfABatchCannotShareACase(t *testing.T) {
	h := newTown(t)
	items := batch(7)[3:]
	items[0].Hazards[0].ID, items[3].Hazards[0].ID = "00000000-0000-4000-8000-0000000000c1", "00000000-0000-4000-8000-0000000000c1"
	results, err := h.LogInspections(t.Context(), h.by(qian), items)
	h.ok(err)
	if results[0].Status != app.BatchCreated || results[3].Status != app.BatchRejected || results[3].Problem.Fields[0].Field != "hazards.0.id" {
		t.Errorf("got %+v", results)
	}
}

func TestABatchCutOffAnywhereAndSentAgainIsWhole(t *testing.T) {
	ctx := t.Context()
	items := batch(10)
	whole := newTown(t)
	_, err := whole.LogInspections(ctx, whole.by(qian), items)
	whole.ok(err)
	want := whole.streams()
	appends := int(whole.head() - newTown(t).head())
	for cut := range appends {
		h := newTown(t)
		h.log.cutAfter(cut)
		if _, err := h.LogInspections(ctx, h.by(qian), items); err == nil {
			t.Fatalf("cut off after %d appends it still answered", cut)
		}
		h.log.mend()
		_, err := newApp(t, h.log).LogInspections(ctx, h.by(qian), items)
		h.ok(err)
		if got := h.streams(); !maps.Equal(got, want) {
			t.Fatalf("cut off after %d appends and sent again the log holds %v, want %v", cut, got, want)
		}
	}
}

func TestCampaigns(t *testing.T) {
	h := newTown(t)
	ctx := t.Context()
	cmd := inspection.OpenCampaign{Programme: "fire", Cell: street, Title: "冬季排查", From: noon.AddDate(0, 0, -1), To: noon.AddDate(0, 0, 1), Targets: []grid.CellCode{site}}
	r := h.twice(h.by(wang), func(a *app.App, by app.By) (app.Receipt, error) { return a.OpenCampaign(ctx, by, cmd) })
	open := func(by app.By, change func(*inspection.OpenCampaign)) func() error {
		c := cmd
		change(&c)
		return func() error { _, err := h.OpenCampaign(ctx, by, c); return err }
	}
	h.refused("not_in_charge", "", open(h.by(li), func(*inspection.OpenCampaign) {}))
	h.refused("invalid_fields", "targets.0", open(h.by(wang), func(c *inspection.OpenCampaign) { c.Targets = []grid.CellCode{"4101040010010010009"} }))
	h.refused("cell_not_found", "", open(h.by(wang), func(c *inspection.OpenCampaign) { c.Cell = "410104009" }))
	h.refused("programme_not_found", "", open(h.steward(), func(c *inspection.OpenCampaign) { c.Programme = "ice" }))

	fire, err := h.Programme(ctx, "fire", 0)
	h.ok(err)
	visit := inspection.Log{Programme: "fire", Cell: site, Campaign: r.ID, StartedAt: noon.Add(-time.Hour), EndedAt: noon, Content: "排查", Measures: "无",
		Participants: []string{li}, Location: &evidence.Location{Lon: 113.7, Lat: 34.7}, Evidence: []evidence.File{{SHA256: strings.Repeat("ab", 32), MediaType: "image/jpeg"}}}
	for _, item := range fire.Checklist {
		visit.Checklist = append(visit.Checklist, inspection.CheckResult{Item: item.Item, Result: inspection.Pass})
	}
	log := func(change func(*inspection.Log)) func() error {
		c := visit
		change(&c)
		return func() error { _, err := h.LogInspection(ctx, h.by(zhao), c); return err }
	}
	h.ok(log(func(*inspection.Log) {})())
	h.refused("not_in_campaign", "", log(func(c *inspection.Log) { c.Cell = site2 }))
	h.refused("campaign_not_running", "", log(func(c *inspection.Log) { c.StartedAt, c.EndedAt = noon.AddDate(0, 0, -2), noon.AddDate(0, 0, -2) }))
}
