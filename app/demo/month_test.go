package demo_test

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"gridward/app/demo"
	"gridward/domain/grid"
	"gridward/domain/hazard"
	"gridward/domain/inspection"
	"gridward/domain/programme"
	"gridward/domain/register"
)

func TestEveryKindOfEventHappensWhateverTheSeed(t *testing.T) {
	t.Parallel()
	for seed := range uint64(2) {
		h := newHouse(t)
		h.run(t, small(seed))
		seen := map[string]bool{}
		for _, r := range h.records(t) {
			seen[r.Type] = true
		}
		for _, typ := range slices.Sorted(maps.Keys(h.codec.Types())) {
			if !seen[typ] {
				t.Errorf("seed %d: no %s", seed, typ)
			}
		}
	}
}

// A small demo of a whole month.
func TestTheMonth(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	s := h.run(t, demo.Options{Seed: 1, Scale: demo.Small})
	t.Run("the district is whole", func(t *testing.T) { theDistrictIsWhole(t, h) })
	t.Run("time is simulated", func(t *testing.T) { timeIsSimulated(t, h, s) })
	t.Run("the summary adds up", func(t *testing.T) { theSummaryAddsUp(t, h, s) })
	t.Run("it has everything", func(t *testing.T) { theMonthHasEverything(t, h) })
	t.Run("phones are nobody's", func(t *testing.T) {
		for _, p := range events[grid.PersonRegistered](t, h) {
			if !strings.HasPrefix(p.Phone.Reveal(), "1390000") {
				t.Errorf("person %s has a number of somebody", p.ID)
			}
		}
	})
}

func theDistrictIsWhole(t *testing.T, h *house) {
	levels, names := map[int]int{}, map[grid.CellCode]string{}
	for _, c := range events[grid.CellCreated](t, h) {
		levels[c.Code.Level()]++
		names[c.Code] = c.Name
	}
	if levels[1] != 1 || levels[2] != 14 || levels[3] != 155 || levels[4] == 0 || levels[5] == 0 {
		t.Errorf("cells by level: %v", levels)
	}
	for code, name := range map[grid.CellCode]string{"410104": "管城回族区", "410104011": "南曹街道", "410104001001": "新华社区居委会"} {
		if names[code] != name {
			t.Errorf("cell %s is %q", code, names[code])
		}
	}
}

func timeIsSimulated(t *testing.T, h *house, s demo.Summary) {
	from := time.Date(2026, time.February, 1, 0, 0, 0, 0, china)
	if s.First.Before(from.AddDate(0, 0, -3)) || s.Last.After(from.AddDate(0, 0, 40)) {
		t.Errorf("recorded from %s to %s", s.First, s.Last)
	}
	late := 0
	for _, r := range h.records(t) {
		if r.Meta.Actor != "system" && !r.RecordedAt.Equal(r.Meta.ReceivedAt) {
			t.Errorf("%s %s was received at %s and recorded at %s", r.Stream, r.Type, r.Meta.ReceivedAt, r.RecordedAt)
		}
		if r.RecordedAt.Sub(r.Meta.OccurredAt) > time.Hour {
			late++
		}
	}
	if late == 0 {
		t.Error("nothing arrived late")
	}
}

func theSummaryAddsUp(t *testing.T, h *house, s demo.Summary) {
	seen := map[string]int{}
	for _, r := range h.records(t) {
		seen[r.Type]++
	}
	inspections, cases := 0, 0
	for _, n := range s.Inspections {
		inspections += n
	}
	states := map[string]int{}
	for _, by := range s.Cases {
		for state, n := range by {
			states[state] += n
			cases += n
		}
	}
	cells := 0
	for _, n := range s.Cells {
		cells += n
	}
	for what, pair := range map[string][2]int{
		"events":      {s.Events, len(h.records(t))},
		"written":     {s.Written, len(h.records(t))},
		"inspections": {inspections, seen["inspection.logged"] - seen["inspection.voided"]},
		"cases":       {cases, seen["case.reported"]},
		"closed":      {states[hazard.StateClosed], seen["case.closed"] + delivered(t, h) - closedReopened(t, h)},
		"cards":       {s.Cards["yellow"] + s.Cards["red"], seen["case.card_given"]},
		"escalations": {s.Escalations["by the ladder"] + s.Escalations["at once"] + s.Escalations["by hand"], seen["case.escalated"]},
		"shortfalls":  {s.Shortfalls["stated"] + s.Shortfalls["stated anew"], seen["patrol.shortfall_found"] + seen["patrol.shortfall_restated"]},
		"extensions":  {s.Extensions["granted"] + s.Extensions["refused"], seen["case.extension_decided"]},
		"suspensions": {s.Suspensions["begun"], seen["case.suspended"]},
		"appeals":     {s.Appeals["upheld"] + s.Appeals["rejected"], seen["case.appeal_decided"]},
		"digests":     {s.Digests, seen["notice.digest_opened"]},
		"cells":       {cells, seen["cell.created"] - seen["cell.retired"] - seen["cell.replaced"]},
		"persons":     {s.Persons, seen["person.registered"]},
		"departments": {s.Departments, seen["department.created"]},
		"campaigns":   {s.Campaigns, seen["campaign.opened"]},
		"activities":  {s.Activities, seen["activity.recorded"]},
		"equipment":   {s.Equipment, seen["equipment.registered"] - seen["equipment.retired"]},
		"forces":      {s.Forces, seen["force.registered"]},
	} {
		if pair[0] != pair[1] || pair[0] == 0 {
			t.Errorf("%s: the summary says %d, the log %d", what, pair[0], pair[1])
		}
	}
	if s.Events < 6000 || s.Events > 10000 {
		t.Errorf("a small demo has %d events", s.Events)
	}
	total := 0
	for _, row := range s.Rows() {
		if row.What == "cases" {
			total += row.Count
		}
	}
	if total != cases {
		t.Errorf("the table has %d cases of %d", total, cases)
	}
}

// delivered counts the matters that were closed by their delivery.
func delivered(t *testing.T, h *house) int {
	n := 0
	for _, e := range events[hazard.Rectified](t, h) {
		if e.Delivered {
			n++
		}
	}
	return n
}

// closedReopened counts the closed cases that were opened again.
func closedReopened(t *testing.T, h *house) int {
	n := 0
	for _, e := range events[hazard.Reopened](t, h) {
		if e.To != hazard.StateReported {
			n++
		}
	}
	return n
}

// What every reader of the demo should find somewhere in it.
func theMonthHasEverything(t *testing.T, h *house) {
	has := map[string]bool{}
	for _, e := range events[inspection.Logged](t, h) {
		r := e.Report
		has["inspection "+r.Kind], has["inspection of "+r.Programme] = true, true
		has["walk"] = has["walk"] || r.Walk != ""
		has["night patrol"] = has["night patrol"] || r.StartedAt.Hour() >= 20
		has["surprise"] = has["surprise"] || r.Surprise
		for _, d := range e.Acting {
			has["acting as "+d.ActsAs] = true
		}
		for _, line := range r.Checklist {
			has["line "+line.Result] = true
		}
	}
	for _, e := range events[hazard.Event](t, h) {
		noteEvent(has, e)
	}
	for _, e := range events[register.ActivityRecorded](t, h) {
		has["activity "+e.Kind] = true
	}
	for _, e := range events[register.ForceRegistered](t, h) {
		has[e.Kind] = true
	}
	for _, e := range events[grid.DutyGiven](t, h) {
		has["role "+e.ActsAs] = true
		has["duty over several cells"] = has["duty over several cells"] || len(e.Cells) > 1
		has["duty in a department"] = has["duty in a department"] || e.Department != ""
	}
	want := strings.Fields("walk surprise force plan")
	want = append(want, "night patrol", "duty over several cells", "duty in a department", "on the spot", "automatic dispatch", "dispatch by hand",
		"dispatch to a department", "dispatch with assistance", "dispatch with a limit", "performed by somebody else", "second round",
		"raised at filing", "listing", "escalation by hand", "escalation at filing", "anonymous report", "verification of a cell", "verification of a person")
	add := func(prefix string, of ...string) {
		for _, x := range of {
			want = append(want, prefix+" "+x)
		}
	}
	add("inspection", inspection.Routine, inspection.Campaigns, inspection.SelfCheck, inspection.Recheck)
	add("inspection of", "fire", "water", "market", "service", "urban")
	add("acting as", grid.RoleChief, grid.RoleOfficer, grid.RoleLead, grid.RoleAssistant, grid.RoleSupervisor)
	add("role", grid.Roles...)
	add("line", inspection.Pass, inspection.Fail, inspection.NotApplicable)
	add("activity", register.ActivityKinds...)
	add("filed", programme.Severities...)
	add("rating", hazard.Ratings...)
	add("source", hazard.Sources...)
	add("check", hazard.Passed, hazard.Failed)
	add("verified", hazard.Confirmed, hazard.NotFound)
	for _, w := range want {
		if !has[w] {
			t.Errorf("nowhere: %s", w)
		}
	}
}

// noteEvent notes what an event of a case shows.
func noteEvent(has map[string]bool, e hazard.Event) {
	note := func(what string, is bool) { has[what] = has[what] || is }
	switch e := e.(type) {
	case hazard.Reported:
		has["source "+e.Source] = true
		note("anonymous report", e.Reporter != nil && e.Reporter.Anonymous)
	case hazard.VerificationRequested:
		note("verification of a cell", e.Cell != "")
		note("verification of a person", e.Person != "")
	case hazard.Verified:
		has["verified "+e.Result] = true
	case hazard.Filed:
		has["filed "+e.Severity] = true
		note("on the spot", e.OnTheSpot)
		note("raised at filing", e.Reason != "")
	case hazard.Dispatched:
		note("automatic dispatch", e.Automatic)
		note("dispatch by hand", !e.Automatic)
		note("dispatch to a department", e.To.Department != "")
		note("dispatch with assistance", len(e.Assisting) > 0)
		note("dispatch with a limit", e.Limit != nil)
	case hazard.Rectified:
		note("performed by somebody else", e.PerformedBy.Person != e.By)
	case hazard.Checked:
		has["check "+e.Result] = true
	case hazard.Closed:
		has["rating "+e.Rating] = true
	case hazard.Reopened:
		note("second round", e.Round > 1)
	case hazard.Supervised:
		note("listing", e.Plan != nil)
	case hazard.Escalated:
		note("escalation by hand", !e.Automatic)
		note("escalation at filing", e.Automatic)
	}
}
