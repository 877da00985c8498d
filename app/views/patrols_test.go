package views_test

import (
	"testing"
	"time"

	"gridward/app/views"
	"gridward/domain/grid"
	"gridward/domain/inspection"
)

func (w *world) patrols(cell, period string) views.Patrols {
	w.t.Helper()
	p := must[views.Period](w.t)(views.ParsePeriod(period, shanghai))
	return must[views.Patrols](w.t)(w.views.Patrols(ctx(), grid.CellCode(cell), "fire", p, w.now, time.Time{}))
}

// done is done and other of one cell.
func (w *world) done(cell, period string) [2]int {
	w.t.Helper()
	p := w.patrols(cell, period)
	return [2]int{p.Done, p.Other}
}

func TestPatrolsAreCountedThroughAllLevels(t *testing.T) {
	w := newWorld(t)
	w.grid()
	w.log1(visit("i1", site1, at("2026-02-10 09:00"), "officer"))
	w.log1(visit("i2", site2, at("2026-02-10 10:00"), "officer", "chief"))
	w.log1(visit("i3", site3, at("2026-02-11 09:00"), "chief"))
	w.log1(visit("i4", site3, at("2026-02-11 23:50"), "chief")) // the day of its local start
	w.log1(visit("i5", site1, at("2026-02-12 09:00")))          // under no duty
	recheck := visit("i6", site1, at("2026-02-12 10:00"), "officer")
	recheck.Report.Kind = inspection.Recheck
	w.log1(recheck)
	water := visit("i7", site1, at("2026-02-10 09:00"), "inspector")
	water.Report.Programme = "water"
	w.log1(water)
	w.project()

	wantJSON(t, w.patrols(community, "2026-02"), `{"cell":"410104001001","programme":"fire","period":"2026-02","required":null,"done":4,"short":null,"other":1,
		"by_role":[{"role":"chief","required":null,"done":3,"short":null},{"role":"officer","required":null,"done":2,"short":null}],
		"children":[
			{"cell":"410104001001001","name":"一片区","required":null,"done":2,"short":null,"other":1},
			{"cell":"410104001001002","name":"二片区","required":null,"done":2,"short":null,"other":0}]}`)
	for _, c := range []struct {
		cell, period string
		want         [2]int
	}{
		{district, "2026", [2]int{4, 1}}, {street, "2026-H1", [2]int{4, 1}}, {area1, "2026-Q1", [2]int{2, 1}}, {site1, "2026-02", [2]int{1, 1}},
		{district, "2026-02-10", [2]int{2, 0}}, {district, "2026-02-11", [2]int{2, 0}}, {district, "2026-02-12", [2]int{0, 1}},
		{district, "2026-W07", [2]int{4, 1}}, {district, "2026-03", [2]int{0, 0}}, {site2, "2026", [2]int{1, 0}},
	} {
		if got := w.done(c.cell, c.period); got != c.want {
			t.Errorf("%s in %s: %v, want %v", c.cell, c.period, got, c.want)
		}
	}
	all := must[views.Patrols](t)(w.views.Patrols(ctx(), district, "", must[views.Period](t)(views.ParsePeriod("2026", shanghai)), w.now, time.Time{}))
	if all.Done != 5 {
		t.Errorf("all programmes together: %d", all.Done)
	}
}

func TestAmendAndVoidRestateTheCounts(t *testing.T) {
	for _, each := range []bool{true, false} { // event by event, and all in one batch
		w := newWorld(t)
		step := func() {
			if each {
				w.project()
			}
		}
		w.grid()
		in := visit("i1", site1, at("2026-02-10 09:00"), "officer")
		w.log1(in)
		w.log1(visit("i2", site1, at("2026-02-10 12:00"), "officer"))
		step()
		moved := in.Report
		moved.Cell, moved.StartedAt = site3, at("2026-02-11 09:00")
		w.put("inspection-i1", "p1", inspection.Amended{Reason: "wrong door", Report: moved, Acting: in.Acting})
		step()
		w.put("inspection-i2", "p1", inspection.Voided{Reason: "twice"})
		w.project()
		for _, c := range []struct {
			cell, period string
			want         [2]int
		}{{site1, "2026", [2]int{}}, {area1, "2026", [2]int{}}, {site3, "2026-02-11", [2]int{1, 0}}, {district, "2026-02-10", [2]int{}}, {district, "2026", [2]int{1, 0}}} {
			if got := w.done(c.cell, c.period); got != c.want {
				t.Errorf("each %v: %s in %s: %v, want %v", each, c.cell, c.period, got, c.want)
			}
		}
		page := must[views.Page[views.Inspection]](t)(w.views.Inspections(ctx(), views.InspectionFilter{Cell: district}, views.Paging{}))
		if len(page.Items) != 1 || page.Items[0].ID != "i1" || page.Items[0].Cell != site3 || page.Items[0].Revision != 2 {
			t.Errorf("the inspections that stand: %+v", page.Items)
		}
		void := must[views.Inspection](t)(w.views.Inspection(ctx(), "i2"))
		if !void.Voided || void.VoidReason != "twice" || void.SupersededAt == nil {
			t.Errorf("a voided inspection: %+v", void)
		}
		amended := must[views.Inspection](t)(w.views.Inspection(ctx(), "i1"))
		if len(amended.Revisions) != 1 || amended.Revisions[0].Cell != site1 || amended.Revisions[0].SupersededAt == nil || amended.Reason != "wrong door" {
			t.Errorf("an amended inspection: %+v", amended)
		}
		w.same()
	}
}

func TestOneWalkCountsOnceFromTheAreaUpward(t *testing.T) {
	for _, each := range []bool{true, false} {
		w := newWorld(t)
		step := func() {
			if each {
				w.project()
			}
		}
		w.grid()
		walk := func(id, cell, start string, roles ...string) {
			in := visit(id, cell, at(start), roles...)
			in.Report.Walk = "w1"
			w.log1(in)
			step()
		}
		walk("i1", site1, "2026-02-10 09:00", "officer")
		walk("i2", site2, "2026-02-10 10:00", "officer", "chief")
		walk("i3", site3, "2026-02-10 11:00", "officer")
		walk("i4", site1, "2026-02-10 12:00") // under no duty: the walk has counted already
		w.project()
		check := func(when string, want map[string][2]int) {
			t.Helper()
			for cell, n := range want {
				if got := w.done(cell, "2026-02-10"); got != n {
					t.Errorf("each %v, %s: %s %v, want %v", each, when, cell, got, n)
				}
			}
		}
		check("logged", map[string][2]int{site1: {1, 1}, site2: {1, 0}, site3: {1, 0}, area1: {1, 0}, area2: {1, 0}, community: {1, 0}, district: {1, 0}})
		if got := w.patrols(community, "2026-02").ByRole; len(got) != 2 || got[0].Done != 1 || got[1].Done != 1 {
			t.Errorf("by role: %+v", got)
		}
		w.put("inspection-i3", "p1", inspection.Voided{Reason: "r"})
		w.put("inspection-i1", "p1", inspection.Voided{Reason: "r"})
		w.project()
		check("two voided", map[string][2]int{site1: {0, 1}, area1: {1, 0}, area2: {0, 0}, community: {1, 0}})
		w.put("inspection-i2", "p1", inspection.Voided{Reason: "r"})
		w.project()
		check("only the one without a duty left", map[string][2]int{site1: {0, 1}, site2: {0, 0}, area1: {0, 1}, district: {0, 1}})
		w.same()
	}
}
