package views_test

import (
	"testing"
	"time"

	"gridward/app/views"
	"gridward/domain/hazard"
	"gridward/domain/programme"
)

func (w *road) deadlines(id, asOf string) []views.DerivedStage {
	w.t.Helper()
	w.project()
	return must[[]views.DerivedStage](w.t)(w.views.Deadlines(ctx(), id, w.now, instant(asOf)))
}

// A deadline can always be explained: the limit, the versions, the start, each pause and extension, the result.
func TestADeadlineIsExplained(t *testing.T) {
	w := newRoad(t)
	w.toRectification("c1") // on Monday 14:30, for 2 working days
	w.at("2026-03-03 09:00", "c1", hazard.Suspended{Stamp: hazard.Stamp{At: at("2026-03-03 09:00"), By: "chief3"}, Reason: "停工", Until: at("2026-04-01 09:00"), Cell: community})
	if s := w.deadlines("c1", "")[4]; s.Deadline != nil || s.Verdict != "open" || s.UsedSeconds != 16200 {
		t.Errorf("suspended, nobody knows when it will be due: %s", text(s))
	}
	w.at("2026-03-04 09:00", "c1", hazard.Resumed{Stamp: hazard.Stamp{At: at("2026-03-04 09:00"), By: "chief3"}})
	w.at("2026-03-04 09:30", "c1", hazard.ExtensionRequested{Stamp: hazard.Stamp{At: at("2026-03-04 09:30"), By: "a1"}, Limit: programme.Limit{N: 4, Unit: "working_hour"}, Reason: "缺料"})
	w.at("2026-03-04 10:00", "c1", hazard.ExtensionDecided{Stamp: hazard.Stamp{At: at("2026-03-04 10:00"), By: "chief3"}, Granted: true, Cell: community})
	w.at("2026-03-06 09:00", "c1", rectified("2026-03-06 09:00", *holder(area1, "a1")))
	all := w.deadlines("c1", "")
	// Monday 3.5 hours and Tuesday 1; from Wednesday 9:00 on 11.5 are left, to Thursday 14:30; 4 more reach to Friday 8:30.
	wantJSON(t, all[4], `{"round":1,"stage":"rectification","holder":{"person":"a1","role":"chief","cell":"410104001001001"},"limit":{"n":2,"unit":"working_day"},"basis":"limit",
		"programme_version":1,"calendar_version":1,"start":"2026-03-02T14:30:00+08:00","runs":[{"from":"2026-03-02T14:30:00+08:00","to":"2026-03-06T09:00:00+08:00"}],
		"pauses":[{"from":"2026-03-03T09:00:00+08:00","to":"2026-03-04T09:00:00+08:00"}],
		"extensions":[{"n":4,"unit":"working_hour","granted_at":"2026-03-04T10:00:00+08:00"}],"deadline":"2026-03-06T08:30:00+08:00","ended_at":"2026-03-06T09:00:00+08:00",
		"used_seconds":73800,"verdict":"late","exempt":false}`)
	if s := all[0]; s.Stage != "total" || s.Holder != nil || s.Verdict != "open" || !s.Deadline.Equal(at("2026-03-13 09:00")) {
		t.Errorf("the total stops under suspension only: %s", text(s))
	}
	then := w.deadlines("c1", "2026-03-04 09:59")[4]
	if !then.Deadline.Equal(at("2026-03-05 14:30")) || len(then.Extensions) != 0 || then.EndedAt != nil || then.UsedSeconds != 19740 {
		t.Errorf("before the extension: %s", text(then))
	}
}

// A listing's deadline replaces the limit; a year whose days off nobody has published counts weekends only, and says so.
func TestADeadlineThatIsADateAndAYearNobodyPublished(t *testing.T) {
	w := newRoad(t)
	w.toRectification("c1")
	plan := &hazard.Plan{Deadline: at("2026-03-20 18:00")}
	w.at("2026-03-03 09:00", "c1", hazard.Supervised{Stamp: hazard.Stamp{At: at("2026-03-03 09:00"), By: "d1"}, Measure: "listed", Level: 1, Cell: district, Plan: plan})
	s := w.deadlines("c1", "")[4]
	if s.Basis != "listing" || s.Limit != nil || !s.Deadline.Equal(plan.Deadline) {
		t.Errorf("listed: %s", text(s))
	}
	w.at("2026-12-31 17:00", "c2", reported("2026-12-31 17:00", "c2", site1))
	all := w.deadlines("c2", "")
	if s := all[1]; !s.Deadline.Equal(at("2027-01-01 11:00")) || text(s.UnpublishedYears) != "[2027]" { // New Year's Day, for all it knows, is worked
		t.Errorf("over the new year: %s", text(s))
	}
	if s := all[0]; s.Basis != "none" || s.Deadline != nil || s.Limit != nil {
		t.Errorf("not filed, it has no total: %s", text(s))
	}
}

// What was recorded before there were calendars counts by the first one, as soon as there is one.
func TestTheFirstCalendarSettlesWhatCameBeforeIt(t *testing.T) {
	w := &road{newWorld(t)}
	w.now = at("2026-03-01 09:00")
	w.grid()
	w.publish(1, nil)
	w.given(area1, "chief", "a1", at("2026-01-01 00:00"))
	r, f := reported("2026-03-02 09:00", "c1", site1), filed("2026-03-02 11:00", site1)
	r.CalendarVersion, f.CalendarVersion = 0, 0
	w.at("2026-03-02 11:00", "c1", r, f)
	w.at("2026-03-02 14:30", "c1", dispatched("2026-03-02 14:30", *holder(area1, "a1")), accepted("2026-03-02 14:30", *holder(area1, "a1")))
	if c := w.case1("c1"); c.Deadline != nil || len(w.due("2026-04-01 00:00")) != 0 {
		t.Errorf("nobody knows what a working day is: %s", text(c.Deadline))
	}
	w.now = at("2026-03-03 09:00")
	w.put("calendar-default", "admin", firstCalendar())
	if c := w.case1("c1"); c.Deadline == nil || !c.Deadline.At.Equal(at("2026-03-04 14:30")) || len(w.due("2026-03-04 14:30")) != 1 {
		t.Errorf("now it is due: %s", text(c.Deadline))
	}
	if c := must[views.Case](t)(w.views.CaseAsOf(ctx(), "c1", at("2026-03-02 18:00"))); c.Deadline != nil {
		t.Errorf("nobody knew on Monday: %s", text(c.Deadline))
	}
	w.same()
	var none time.Time
	if got := must[views.Accountability](t)(w.views.CaseAccountability(ctx(), "c1", w.now, none)).Intervals[1]; got.Verdict != "on_time" || got.UsedSeconds != 5400 {
		t.Errorf("from 11:00 to 14:30 an hour and a half is worked: %s", text(got))
	}
}
