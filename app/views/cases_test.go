package views_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"gridward/app/views"
	"gridward/domain/fault"
	"gridward/domain/grid"
	"gridward/domain/hazard"
	"gridward/domain/personal"
	"gridward/domain/programme"
)

func (w *world) case1(id string) views.Case {
	w.t.Helper()
	w.project()
	return must[views.Case](w.t)(w.views.Case(ctx(), id, w.now))
}

func (w *world) queue(cell string) []views.QueueItem {
	w.t.Helper()
	w.project()
	return must[views.Page[views.QueueItem]](w.t)(w.views.Escalations(ctx(), grid.CellCode(cell), "", w.now, views.Paging{})).Items
}

func TestACaseOnItsRoad(t *testing.T) {
	w := newWorld(t)
	w.grid()
	put := func(events ...any) views.Case {
		w.later(time.Hour)
		w.put("case-c1", "p1", events...)
		return w.case1("c1")
	}
	expect := func(c views.Case, state string, holder any, person string) {
		t.Helper()
		h := ""
		if c.Holder != nil {
			h = string(c.Holder.Cell) + c.Holder.Department
		}
		if c.State != state || h != holder || (c.Holder != nil && c.Holder.Person != person) {
			t.Errorf("%s at %+v, want %s at %v", c.State, c.Holder, state, holder)
		}
	}
	expect(put(w.report("c1", site1)), "reported", community, "chief3")
	expect(put(w.file(site1, "exit", "minor")), "filed", community, "chief3")
	dispatched := hazard.Dispatched{Stamp: w.stamp("chief3"), To: hazard.Holder{Department: "police", Person: "officer7"}, Office: community,
		Assisting: []hazard.Holder{*who(area2, "a2")}, Limit: &programme.Limit{N: 1, Unit: "working_day"}}
	c := put(dispatched)
	expect(c, "dispatched", "police", "officer7")
	if len(c.Assisting) != 1 || c.Limits["rectification"].N != 1 {
		t.Errorf("dispatched: %+v", c)
	}
	expect(put(hazard.Returned{Stamp: w.stamp("officer7"), Reason: "not ours", Office: who(community, "chief3")}), "filed", community, "chief3")
	dispatched.To, dispatched.Assisting, dispatched.Stamp = *who(area1, "a1"), nil, w.stamp("chief3")
	expect(put(dispatched), "dispatched", area1, "a1")
	expect(put(hazard.Accepted{Stamp: w.stamp("a1"), Holder: *who(area1, "a1")}), "rectifying", area1, "a1")
	rectified := hazard.Rectified{Stamp: w.stamp("a1"), Measures: "cleared", PerformedBy: personal.Party{Name: personal.Of("o", "owner")}, Holder: *who(area1, "a1")}
	expect(put(rectified), "rectified", area1, "a1")
	c = put(hazard.Checked{Stamp: w.stamp("chief3"), Result: "failed", Holder: who(area1, "a1")})
	expect(c, "rectifying", area1, "a1")
	if c.ReworkCount != 1 || c.LastCheck != "failed" {
		t.Errorf("rework: %+v", c)
	}
	put(rectified)
	put(hazard.Checked{Stamp: w.stamp("chief3"), Result: "passed"})
	c = put(hazard.Closed{Stamp: w.stamp("chief3"), Rating: "fair", Office: community})
	expect(c, "closed", area1, "a1")
	if c.Rating == nil || *c.Rating != "fair" || c.PerformedBy != "owner" || c.Version != 11 {
		t.Errorf("closed: %+v", c)
	}
	c = put(hazard.FeedbackGiven{Stamp: w.stamp("p1"), Satisfied: true, Note: personal.Of("x", "谢谢")})
	if c.Feedback == nil || c.Feedback.Note != "谢谢" {
		t.Errorf("feedback: %+v", c.Feedback)
	}
	c = put(hazard.Reopened{Stamp: w.stamp("chief2"), Reason: "again", Round: 2, To: "rectifying", Holder: who(area1, "a1")})
	expect(c, "rectifying", area1, "a1")
	if c.Round != 2 || c.Rating != nil || c.ReworkCount != 1 {
		t.Errorf("reopened: %+v", c)
	}
	expect(put(hazard.CellReplaced{Stamp: w.stamp("system"), Cell: area1, Office: *who(community, "chief3"), Returned: true}), "filed", community, "chief3")
	w.same()

	facts := must[views.Page[views.Fact]](t)(w.views.Timeline(ctx(), "c1", time.Time{}, views.Paging{Limit: 500}))
	types := []string{}
	for _, f := range facts.Items {
		types = append(types, strings.TrimPrefix(f.Type, "case."))
	}
	if got := strings.Join(types, " "); got != "reported filed dispatched returned dispatched accepted rectified checked rectified checked closed feedback_given reopened cell_replaced" {
		t.Errorf("timeline: %s", got)
	}
	wantJSON(t, facts.Items[3].Words, `{"reason":"not ours","office":{"cell":"410104001001","person":"chief3","duty":"d","role":"chief"}}`)
	if f := facts.Items[3]; f.OccurredAt.Format(time.RFC3339) != "2026-02-10T12:00:00+08:00" || f.Late || f.Actor != "p1" {
		t.Errorf("a fact: %+v", f)
	}
	_, err := w.views.Timeline(ctx(), "none", time.Time{}, views.Paging{})
	wantFault(t, err, fault.NotFound, "case_not_found")
	_, err = w.views.Case(ctx(), "none", w.now)
	wantFault(t, err, fault.NotFound, "case_not_found")
}

func TestTheWordsOfATimelineRevealEveryPersonalValue(t *testing.T) {
	secret := personal.Of("s", "42")
	for _, e := range []hazard.Event{
		hazard.Reported{Description: secret, Reporter: &hazard.Reporter{Name: secret, Phone: secret}},
		hazard.Noted{Text: secret}, hazard.FeedbackGiven{Note: secret}, hazard.Rectified{PerformedBy: personal.Party{Name: secret}},
	} {
		words := must[map[string]any](t)(views.WordsOf(e))
		raw, _ := json.Marshal(words)
		if strings.Contains(string(raw), "subject") || !strings.Contains(string(raw), `"42"`) {
			t.Errorf("%T: %s", e, raw)
		}
	}
	// No other event of a case has a personal field: a new one has to be revealed too.
	known := map[string]bool{"Reported.Description": true, "Reporter.Name": true, "Reporter.Phone": true, "Noted.Text": true, "FeedbackGiven.Note": true, "Party.Name": true}
	var walk func(reflect.Type)
	seen := map[reflect.Type]bool{}
	walk = func(typ reflect.Type) {
		for typ.Kind() == reflect.Pointer || typ.Kind() == reflect.Slice {
			typ = typ.Elem()
		}
		if typ.Kind() != reflect.Struct || seen[typ] {
			return
		}
		seen[typ] = true
		for f := range typ.NumField() {
			field := typ.Field(f)
			if field.Type == reflect.TypeFor[personal.Value]() && !known[typ.Name()+"."+field.Name] {
				t.Errorf("%s.%s is personal and not revealed", typ.Name(), field.Name)
			}
			walk(field.Type)
		}
	}
	for _, e := range []hazard.Event{hazard.Reported{}, hazard.VerificationRequested{}, hazard.Verified{}, hazard.Filed{}, hazard.Voided{}, hazard.Dispatched{},
		hazard.Accepted{}, hazard.Returned{}, hazard.Rectified{}, hazard.Checked{}, hazard.Closed{}, hazard.Reclassified{}, hazard.Escalated{},
		hazard.EscalationAcknowledged{}, hazard.Supervised{}, hazard.SupervisionLifted{}, hazard.Transferred{}, hazard.TransferReplied{}, hazard.Reopened{},
		hazard.MergedInto{}, hazard.DuplicateLinked{}, hazard.CellReplaced{}, hazard.Noted{}, hazard.FeedbackGiven{}} {
		walk(reflect.TypeOf(e))
	}
}

func TestAMajorHazardIsListedWithItsDeadline(t *testing.T) {
	w := newWorld(t)
	w.grid()
	filed := w.file(site1, "blast", "major")
	filed.Listing = true
	w.put("case-c1", "p1", w.report("c1", site1))
	w.put("case-c1", "chief3", filed, hazard.Escalated{Stamp: w.stamp("chief3"), To: district, Level: 1, Reason: "major", Stage: "listing", Automatic: true})
	w.put("case-c1", "chief3", hazard.Dispatched{Stamp: w.stamp("chief3"), To: *who(area1, "a1"), Office: community})
	c := w.case1("c1")
	if !c.ListingAwaited || c.Escalation == nil || c.Escalation.Cell != district || c.Deadline != nil {
		t.Errorf("awaits its listing, whatever else goes on: %+v", c)
	}
	if q := w.queue(district); len(q) != 1 || q[0].Case != "c1" || !q[0].ListingAwaited || q[0].Listed {
		t.Errorf("the district's queue: %+v", q)
	}
	plan := &hazard.Plan{Goal: "g", Measures: "m", Funds: "f", ResponsibleBody: "b", Deadline: at("2026-03-01 18:00"), SafetyPlan: "s"}
	w.put("case-c1", "d1", hazard.Supervised{Stamp: w.stamp("d1"), Measure: "order", Level: 2, Cell: street})
	w.put("case-c1", "d1", hazard.Supervised{Stamp: w.stamp("d1"), Measure: "listed", Level: 1, Cell: district, Plan: plan})
	w.put("case-c1", "d1", hazard.Supervised{Stamp: w.stamp("d1"), Measure: "talk", Level: 2, Cell: street})
	c = w.case1("c1")
	if c.ListingAwaited || c.Escalation != nil || c.Supervision == nil || c.Supervision.Measure != "listed" || len(c.Supervisions) != 3 {
		t.Errorf("listed: %+v", c)
	}
	wantJSON(t, c.Deadline, `{"stage":"rectification","at":"2026-03-01T18:00:00+08:00","limit":null}`)
	if len(w.queue(district)) != 0 {
		t.Error("the wait for the listing is over")
	}
	yes, no := true, false
	overdue := func(now string, f *bool) int {
		t.Helper()
		return len(must[views.Page[views.Case]](t)(w.views.Cases(ctx(), views.CaseFilter{Overdue: f, Now: at(now)}, views.Paging{})).Items)
	}
	if overdue("2026-03-01 18:00", &yes) != 0 || overdue("2026-03-01 18:01", &yes) != 1 || overdue("2026-03-01 18:01", &no) != 0 {
		t.Error("overdue is judged at the instant given")
	}
	if c := must[views.Case](t)(w.views.Case(ctx(), "c1", at("2026-03-02 00:00"))); !c.Overdue {
		t.Error("the deadline has passed")
	}
	w.put("case-c1", "a1", hazard.Rectified{Stamp: w.stamp("a1"), Measures: "m", PerformedBy: personal.Party{Person: "a1"}, Holder: *who(area1, "a1")})
	if c := must[views.Case](t)(w.views.Case(ctx(), "c1", at("2026-03-02 00:00"))); !c.Overdue {
		t.Error("not projected yet")
	}
	if c := w.case1("c1"); c.Deadline != nil {
		t.Errorf("rectified, it has no deadline: %+v", c.Deadline)
	}
	w.put("case-c1", "d1", hazard.SupervisionLifted{Stamp: w.stamp("d1"), Measure: "listed", Cell: district})
	if c := w.case1("c1"); c.Supervision == nil || c.Supervision.Measure != "talk" {
		t.Errorf("the next weightiest: %+v", c.Supervision)
	}
	w.same()
}

func TestTheQueueOfAnOfficeWorstFirst(t *testing.T) {
	w := newWorld(t)
	w.grid()
	plan := &hazard.Plan{Deadline: at("2026-03-01 18:00")}
	for _, c := range []struct {
		id, severity string
		listed       bool
	}{{"a", "minor", false}, {"b", "serious", false}, {"c", "minor", true}, {"d", "major", false}, {"e", "serious", false}} {
		w.later(time.Minute)
		w.put("case-"+c.id, "p1", w.report(c.id, site1), w.file(site1, "x", c.severity))
		if c.listed {
			w.put("case-"+c.id, "d1", hazard.Supervised{Stamp: w.stamp("d1"), Measure: "listed", Level: 1, Cell: district, Plan: plan})
		}
		w.put("case-"+c.id, "chief3", hazard.Escalated{Stamp: w.stamp("chief3"), To: street, Level: 2, Reason: "help"})
	}
	order := func() string {
		ids := ""
		p := views.Paging{Limit: 2} // paging keeps the order
		for {
			page := must[views.Page[views.QueueItem]](t)(w.views.Escalations(ctx(), street, "fire", w.now, p))
			for _, q := range page.Items {
				ids += q.Case
			}
			if page.NextCursor == nil {
				return ids
			}
			p.Cursor = *page.NextCursor
		}
	}
	w.project()
	if got := order(); got != "cdbea" {
		t.Errorf("the street's queue: %s", got)
	}
	w.put("case-b", "chief2", hazard.EscalationAcknowledged{Stamp: w.stamp("chief2"), Cell: street, Instruction: "go on"})
	w.put("case-e", "chief2", hazard.Dispatched{Stamp: w.stamp("chief2"), To: *who(area1, "a1"), Office: street}) // its stage ends
	w.put("case-d", "chief2", hazard.Escalated{Stamp: w.stamp("chief2"), To: district, Level: 1, Reason: "more"})
	w.put("case-a", "chief2", hazard.Noted{Stamp: w.stamp("p1"), Text: personal.Of("a", "x")})
	w.project()
	if got := order(); got != "cba" {
		t.Errorf("afterwards: %s", got)
	}
	if q := w.queue(street); q[1].Instruction != "go on" || q[1].AcknowledgedBy != "chief2" || q[1].AcknowledgedAt == nil {
		t.Errorf("acknowledged: %+v", q[1])
	}
	if q := w.queue(district); len(q) != 1 || q[0].Case != "d" {
		t.Errorf("the district's queue: %+v", q)
	}
	if c := w.case1("b"); c.Escalation == nil || c.Escalation.Instruction != "go on" {
		t.Errorf("the case says so too: %+v", c.Escalation)
	}
	w.same()
}

func TestDuplicatesTransfersAndReplacedCells(t *testing.T) {
	w := newWorld(t)
	w.grid()
	for _, id := range []string{"c1", "c2", "c3"} {
		w.put("case-"+id, "p1", w.report(id, site1))
	}
	w.put("case-c2", "chief3", hazard.MergedInto{Stamp: w.stamp("chief3"), Into: "c1"})
	w.put("case-c1", "chief3", hazard.DuplicateLinked{Stamp: w.stamp("chief3"), From: "c2"})
	w.put("case-c3", "chief3", hazard.Voided{Stamp: w.stamp("chief3"), Reason: "none", Level: 3, Cell: community})
	w.put("case-c1", "chief2", hazard.Transferred{Stamp: w.stamp("chief2"), Authority: "公安", DocumentNo: "7", Note: "n", Cell: street})
	w.put("case-c1", "chief2", hazard.Transferred{Stamp: w.stamp("chief2"), Authority: "消防", DocumentNo: "8", Cell: street})
	w.put("case-c1", "chief2", hazard.TransferReplied{Stamp: w.stamp("chief2"), DocumentNo: "7", Outcome: "taken"})
	w.put("case-c1", "chief2", hazard.TransferReplied{Stamp: w.stamp("chief2"), DocumentNo: "B-1", Outcome: "refused"})
	c := w.case1("c1")
	if fmt.Sprint(c.Duplicates) != "[c2]" || len(c.Transfers) != 2 || c.Transfers[0].Outcome != "taken" || c.Transfers[1].Outcome != "refused" || c.Transfers[1].ReplyNo != "B-1" {
		t.Errorf("c1: %+v", c)
	}
	if c := w.case1("c2"); c.State != "voided" || c.MergedInto != "c1" {
		t.Errorf("c2: %+v", c)
	}
	if ids := must[[]string](t)(w.views.OpenCasesOf(ctx(), site1, 0)); fmt.Sprint(ids) != "[c1]" {
		t.Errorf("open cases of the premises: %v", ids)
	}
	if ids := must[[]string](t)(w.views.OpenCasesOf(ctx(), community, 0)); fmt.Sprint(ids) != "[c1]" {
		t.Errorf("open cases the community's office has: %v", ids)
	}
	w.same()
}

func TestCasesAreFoundByEveryFilter(t *testing.T) {
	w := newWorld(t)
	w.grid()
	w.put("case-c1", "p1", w.report("c1", site1))
	w.later(24 * time.Hour)
	w.put("case-c2", "p1", w.report("c2", site3), w.file(site2, "exit", "serious")) // filing corrects the cell
	w.put("case-c2", "p1", hazard.Dispatched{Stamp: w.stamp("chief3"), To: hazard.Holder{Department: "police", Person: "o7"}, Office: community})
	w.later(24 * time.Hour)
	water := w.report("c3", site3)
	water.Programme = "water"
	w.put("case-c3", "p1", water)
	w.put("case-c3", "p1", hazard.Supervised{Stamp: w.stamp("d"), Measure: "order", Level: 2, Cell: street})
	w.project()
	yes, no := true, false
	for name, c := range map[string]struct {
		f    views.CaseFilter
		want string
	}{
		"all, last first": {views.CaseFilter{}, "[c3 c2 c1]"}, "district": {views.CaseFilter{Cell: district}, "[c3 c2 c1]"},
		"area": {views.CaseFilter{Cell: area1}, "[c2 c1]"}, "corrected": {views.CaseFilter{Cell: area2}, "[c3]"},
		"programme": {views.CaseFilter{Programme: "water"}, "[c3]"}, "state": {views.CaseFilter{State: "reported"}, "[c3 c1]"},
		"severity": {views.CaseFilter{Severity: "serious"}, "[c2]"}, "item": {views.CaseFilter{Item: "exit"}, "[c2]"},
		"holding cell": {views.CaseFilter{Holder: community}, "[c3 c1]"}, "holding department": {views.CaseFilter{Holder: "police"}, "[c2]"},
		"holding person": {views.CaseFilter{Holder: "o7"}, "[c2]"}, "supervised": {views.CaseFilter{Supervised: &yes}, "[c3]"},
		"unsupervised": {views.CaseFilter{Supervised: &no}, "[c2 c1]"}, "not overdue": {views.CaseFilter{Overdue: &no, Now: w.now}, "[c3 c2 c1]"},
		"from": {views.CaseFilter{From: at("2026-02-11 09:00")}, "[c3 c2]"}, "to": {views.CaseFilter{To: at("2026-02-11 09:00")}, "[c1]"},
		"together": {views.CaseFilter{Cell: district, State: "reported", Programme: "fire"}, "[c1]"},
	} {
		ids := []string{}
		for _, k := range must[views.Page[views.Case]](t)(w.views.Cases(ctx(), c.f, views.Paging{})).Items {
			ids = append(ids, k.ID)
		}
		if fmt.Sprint(ids) != c.want {
			t.Errorf("%s: %v, want %s", name, ids, c.want)
		}
	}
}
