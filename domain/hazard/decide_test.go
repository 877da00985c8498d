package hazard_test

import (
	"reflect"
	"testing"
	"time"

	"gridward/domain/evidence"
	"gridward/domain/grid"
	"gridward/domain/hazard"
	"gridward/domain/personal"
	"gridward/domain/programme"
)

type row struct {
	name  string
	given []hazard.Event
	by    string
	when  hazard.Command
	then  []hazard.Event // exactly
	no    string         // or the refusal's code
}

// now is the minute at which every row's command happens, after its history.
const now = 10

func st(by string) hazard.Stamp { return stamp(now, by) }

func run(t *testing.T, rows []row) {
	t.Helper()
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			c := fold(r.given)
			out, err := hazard.Decide(c, scene(c, r.by, now, r.when), r.when)
			refusal(t, err, r.no)
			if !reflect.DeepEqual(out.Events, r.then) {
				t.Fatalf("events\n got %+v\nwant %+v", out.Events, r.then)
			}
			if err == nil && out.Duty != "duty-"+r.by && out.Duty != "" {
				t.Errorf("acted under %s", out.Duty)
			}
		})
	}
}

func TestFiling(t *testing.T) {
	filedEvent := func(item, severity, reason string, l map[string]programme.Limit) hazard.Filed {
		it, _ := fire.Item(item)
		return hazard.Filed{Stamp: st("c.chief"), Item: item, Severity: severity, Cell: site, ProgrammeVersion: 2, Limits: l,
			EvidenceRequired: it.EvidenceRequired, SetOnDispatch: it.SetOnDispatch, Reason: reason, Office: who(community, "c.chief")}
	}
	listing := func(item string, l map[string]programme.Limit) []hazard.Event {
		f := filedEvent(item, "major", "", l)
		f.Listing = true
		return []hazard.Event{f, hazard.Escalated{Stamp: st("c.chief"), To: district, Level: 1, Reason: "a major hazard awaits its listing",
			Stage: "listing", Automatic: true, Office: who(district, "d.chief")}}
	}
	moved := filedEvent("exit", "minor", "", limits(3))
	moved.Cell = otherArea
	run(t, []row{
		{"the item sets severity and limits", reported(), "c.chief", hazard.File{Item: "exit"},
			[]hazard.Event{filedEvent("exit", "minor", "", limits(3))}, ""},
		{"a programme's automatic dispatch comes with it", reported(), "c.chief", hazard.File{Item: "wiring"},
			[]hazard.Event{filedEvent("wiring", "minor", "", limits(3)), hazard.Dispatched{Stamp: st("c.chief"), To: *who(area, "a.chief"),
				Office: community, Automatic: true}}, ""},
		{"to a department too", reported(), "c.chief", hazard.File{Item: "lamp"},
			[]hazard.Event{filedEvent("lamp", "minor", "", limits(3)), hazard.Dispatched{Stamp: st("c.chief"), Office: community, Automatic: true,
				To: hazard.Holder{Department: "fire-brigade", Person: "bureau", Duty: "duty-bureau", Role: "supervisor"}}}, ""},
		{"but not to one of another district: a person dispatches it", reported(), "c.chief", hazard.File{Item: "sign"},
			[]hazard.Event{filedEvent("sign", "minor", "", limits(3))}, ""},
		{"a major hazard escalates to level 1 and awaits its listing", reported(), "c.chief", hazard.File{Item: "blast"},
			listing("blast", withListing(limits(30))), ""},
		{"severity may be raised", reported(), "c.chief", hazard.File{Item: "exit", Severity: "major"}, listing("exit", withListing(limits(3))), ""},
		{"and lowered with a reason", reported(), "c.chief", hazard.File{Item: "gas", Severity: "minor", Reason: "valve shut"},
			[]hazard.Event{filedEvent("gas", "minor", "valve shut", limits(5))}, ""},
		{"but not without", reported(), "c.chief", hazard.File{Item: "gas", Severity: "minor"}, nil, "invalid_fields"},
		{"the cell may be corrected", reported(), "c.chief", hazard.File{Item: "exit", Cell: otherArea}, []hazard.Event{moved}, ""},
		{"an item is needed", reported(), "c.chief", hazard.File{}, nil, "invalid_fields"},
		{"of the catalogue", reported(), "c.chief", hazard.File{Item: "flood"}, nil, "invalid_fields"},
		{"an upper office may", reported(), "s.chief", hazard.File{Item: "exit"}, []hazard.Event{func() hazard.Event {
			f := filedEvent("exit", "minor", "", limits(3))
			f.Stamp = st("s.chief")
			return f
		}()}, ""},
		{"a level below the office may not", reported(), "a.chief", hazard.File{Item: "exit"}, nil, "not_in_charge"},
		{"nor an officer of the office", reported(), "c.officer", hazard.File{Item: "exit"}, nil, "not_in_charge"},
		{"nor twice", filed(), "c.chief", hazard.File{Item: "exit"}, nil, "wrong_state"},
	})
}

func TestVoidingAndMerging(t *testing.T) {
	run(t, []row{
		{"a minor one by the office", filed(), "c.chief", hazard.Void{Reason: "no hazard"},
			[]hazard.Event{hazard.Voided{Stamp: st("c.chief"), Reason: "no hazard", Level: 3, Cell: community}}, ""},
		{"a serious one takes one level higher", filedAs("gas", "serious"), "c.chief", hazard.Void{Reason: "no hazard"}, nil, "not_in_charge"},
		{"which may", filedAs("gas", "serious"), "s.chief", hazard.Void{Reason: "no hazard"},
			[]hazard.Event{hazard.Voided{Stamp: st("s.chief"), Reason: "no hazard", Level: 2, Cell: street}}, ""},
		{"a reason is needed", filed(), "c.chief", hazard.Void{}, nil, "invalid_fields"},
		{"not once dispatched", dispatched(), "c.chief", hazard.Void{Reason: "no hazard"}, nil, "wrong_state"},
		{"a duplicate is merged", reported(), "c.chief", hazard.Merge{Into: "other"},
			[]hazard.Event{hazard.MergedInto{Stamp: st("c.chief"), Into: "other"}}, ""},
		{"not into itself", reported(), "c.chief", hazard.Merge{Into: "case"}, nil, "invalid_fields"},
		{"not into nothing", reported(), "c.chief", hazard.Merge{Into: "ghost"}, nil, "case_not_found"},
		{"not into a closed one", reported(), "c.chief", hazard.Merge{Into: "done"}, nil, "not_open"},
		{"a voided one is reopened by the office above", voided(), "s.chief", hazard.Reopen{Reason: "there is one"},
			[]hazard.Event{hazard.Reopened{Stamp: st("s.chief"), Reason: "there is one", Round: 2, To: "reported", Office: who(community, "c.chief")}}, ""},
		{"not by the one that voided it", voided(), "c.chief", hazard.Reopen{Reason: "there is one"}, nil, "not_in_charge"},
	})
}

func TestVerification(t *testing.T) {
	asked := append(reported(), hazard.VerificationRequested{Stamp: stamp(1, "c.chief"), Person: "a.officer"})
	askedArea := append(reported(), hazard.VerificationRequested{Stamp: stamp(1, "c.chief"), Cell: area})
	run(t, []row{
		{"the office asks a person", reported(), "c.chief", hazard.RequestVerification{Person: "a.officer", Note: "look"},
			[]hazard.Event{hazard.VerificationRequested{Stamp: st("c.chief"), Person: "a.officer", Note: "look"}}, ""},
		{"or a cell, not both", reported(), "c.chief", hazard.RequestVerification{Person: "a.officer", Cell: area}, nil, "invalid_fields"},
		{"who answers", asked, "a.officer", hazard.Verify{Result: "confirmed"},
			[]hazard.Event{hazard.Verified{Stamp: st("a.officer"), Result: "confirmed"}}, ""},
		{"and nobody else", asked, "c.officer", hazard.Verify{Result: "confirmed"}, nil, "not_asked"},
		{"a cell's people answer", askedArea, "a.chief", hazard.Verify{Result: "not_found"},
			[]hazard.Event{hazard.Verified{Stamp: st("a.chief"), Result: "not_found"}}, ""},
		{"not another cell's", askedArea, "c.officer", hazard.Verify{Result: "not_found"}, nil, "not_asked"},
		{"the result is one of two", asked, "a.officer", hazard.Verify{Result: "maybe"}, nil, "invalid_fields"},
		{"not once filed", filed(), "a.officer", hazard.Verify{Result: "confirmed"}, nil, "wrong_state"},
	})
}

func TestDispatchAndReturn(t *testing.T) {
	to := func(by string, h hazard.Holder, office grid.CellCode) hazard.Dispatched {
		return hazard.Dispatched{Stamp: st(by), To: h, Office: office}
	}
	shorter, longer := programme.Limit{N: 1, Unit: "working_day"}, programme.Limit{N: 4, Unit: "working_day"}
	limited := to("c.chief", *who(area, "a.chief"), community)
	limited.Limit, limited.Instruction = &shorter, "at once"
	helped := to("c.chief", *who(area, "a.chief"), community)
	helped.Assisting = []hazard.Holder{{Department: "fire-brigade", Person: "bureau", Duty: "duty-bureau", Role: "supervisor"}}
	byStreet := append(filed(), hazard.Dispatched{Stamp: stamp(2, "s.chief"), To: *who(area, "a.chief"), Office: street})
	run(t, []row{
		{"to a cell under the office", filed(), "c.chief", hazard.Dispatch{Cell: area}, []hazard.Event{to("c.chief", *who(area, "a.chief"), community)}, ""},
		{"to the office itself", filed(), "c.chief", hazard.Dispatch{Cell: community},
			[]hazard.Event{to("c.chief", *who(community, "c.chief"), community)}, ""},
		{"to a department", filed(), "c.chief", hazard.Dispatch{Department: "fire-brigade"},
			[]hazard.Event{to("c.chief", hazard.Holder{Department: "fire-brigade", Person: "bureau", Duty: "duty-bureau", Role: "supervisor"}, community)}, ""},
		{"with somebody assisting", filed(), "c.chief", hazard.Dispatch{Cell: area, Assisting: []hazard.Target{{Department: "fire-brigade"}}},
			[]hazard.Event{helped}, ""},
		{"with a limit that shortens", filed(), "c.chief", hazard.Dispatch{Cell: area, Limit: &shorter, Instruction: "at once"}, []hazard.Event{limited}, ""},
		{"never lengthens", filed(), "c.chief", hazard.Dispatch{Cell: area, Limit: &longer}, nil, "invalid_fields"},
		{"an item that asks for a limit gets one", filedAs("task", "minor"), "c.chief", hazard.Dispatch{Cell: area}, nil, "invalid_fields"},
		{"not to a cell elsewhere", filed(), "c.chief", hazard.Dispatch{Cell: elsewhere}, nil, "invalid_fields"},
		{"an area does not dispatch", filed(), "a.chief", hazard.Dispatch{Cell: site}, nil, "not_in_charge"},
		{"the dispatcher may dispatch again", dispatched(), "c.chief", hazard.Dispatch{Cell: otherArea},
			[]hazard.Event{to("c.chief", *who(otherArea, "b.chief"), community)}, ""},
		{"an office above may", rectifying(), "s.chief", hazard.Dispatch{Cell: otherArea},
			[]hazard.Event{to("s.chief", *who(otherArea, "b.chief"), street)}, ""},
		{"an office below the dispatcher may not", byStreet, "c.chief", hazard.Dispatch{Cell: otherArea}, nil, "not_in_charge"},
		{"not once rectified", rectified(), "c.chief", hazard.Dispatch{Cell: area}, nil, "wrong_state"},
		{"the holder accepts", dispatched(), "a.officer", hazard.Accept{},
			[]hazard.Event{hazard.Accepted{Stamp: st("a.officer"), Holder: *who(area, "a.officer")}}, ""},
		{"nobody else", dispatched(), "c.chief", hazard.Accept{}, nil, "not_the_holder"},
		{"the holder returns", rectifying(), "a.chief", hazard.Return{Reason: "not ours"},
			[]hazard.Event{hazard.Returned{Stamp: st("a.chief"), Reason: "not ours", Office: who(community, "c.chief")}}, ""},
		{"with a reason", rectifying(), "a.chief", hazard.Return{}, nil, "invalid_fields"},
		{"to the dispatcher's office", byStreet, "a.chief", hazard.Return{Reason: "not ours"},
			[]hazard.Event{hazard.Returned{Stamp: st("a.chief"), Reason: "not ours", Office: who(street, "s.chief")}}, ""},
	})
}

func TestVacantCellFallsToTheOfficeInCharge(t *testing.T) {
	c := fold(dispatched())
	s := scene(c, "c.chief", now, hazard.Accept{})
	s.Held = chain(area, area)
	out, err := hazard.Decide(c, s, hazard.Accept{})
	refusal(t, err, "")
	want := []hazard.Event{hazard.Accepted{Stamp: st("c.chief"), Holder: hazard.Holder{Cell: area, Person: "c.chief", Duty: "duty-c.chief", Role: "chief"}}}
	if !reflect.DeepEqual(out.Events, want) {
		t.Fatalf("got %+v", out.Events)
	}
	c = fold(filed())
	s = scene(c, "c.chief", now, hazard.Dispatch{Cell: area})
	s.Targets[0].Chain = chain(area, area)
	out, err = hazard.Decide(c, s, hazard.Dispatch{Cell: area})
	refusal(t, err, "")
	if d := out.Events[0].(hazard.Dispatched); len(d.Vacant) != 1 || d.Vacant[0] != area || d.To.Person != "c.chief" || d.To.Cell != area {
		t.Fatalf("the vacancy is not on record: %+v", d)
	}
}

func TestRectifyCheckClose(t *testing.T) {
	rect := func(by, performer string, files []evidence.File) []hazard.Event {
		return []hazard.Event{hazard.Rectified{Stamp: st(by), Measures: "done", PerformedBy: party(performer), Evidence: files, Holder: *who(area, by),
			Office: who(community, "c.chief")}}
	}
	checked := func(by, result string) []hazard.Event {
		e := hazard.Checked{Stamp: st(by), Result: result}
		if result == "failed" {
			e.Holder = who(area, "a.chief")
		}
		return []hazard.Event{e}
	}
	closing := func(by string, office grid.CellCode) []hazard.Event {
		return []hazard.Event{hazard.Closed{Stamp: st(by), Rating: "good", Office: office}}
	}
	good := hazard.Close{Rating: "good"}
	byDepartment := append(filed(),
		hazard.Dispatched{Stamp: stamp(2, "c.chief"), To: hazard.Holder{Department: "fire-brigade", Person: "bureau"}, Office: community},
		hazard.Accepted{Stamp: stamp(3, "bureau"), Holder: hazard.Holder{Department: "fire-brigade", Person: "bureau"}},
		hazard.Rectified{Stamp: stamp(4, "bureau"), Measures: "m", PerformedBy: party("bureau"), Holder: hazard.Holder{Department: "fire-brigade", Person: "bureau"}})
	recorded := rectifiedBy(filed(), "李老板", "c.chief")
	run(t, []row{
		{"the holder rectifies", rectifying(), "a.chief", hazard.Rectify{Measures: "done"}, rect("a.chief", "a.chief", nil), ""},
		{"or records it for the owner", rectifying(), "a.officer", hazard.Rectify{Measures: "done", PerformedBy: "李老板"}, rect("a.officer", "李老板", nil), ""},
		{"with measures", rectifying(), "a.chief", hazard.Rectify{}, nil, "invalid_fields"},
		{"with evidence where the item asks", rectifyingFrom(filedAs("gas", "serious")), "a.chief", hazard.Rectify{Measures: "done"}, nil, "invalid_fields"},
		{"which then is enough", rectifyingFrom(filedAs("gas", "serious")), "a.chief", hazard.Rectify{Measures: "done", Evidence: photo},
			rect("a.chief", "a.chief", photo), ""},
		{"nobody else", rectifying(), "c.chief", hazard.Rectify{Measures: "done"}, nil, "not_the_holder"},
		{"not before accepting", dispatched(), "a.chief", hazard.Rectify{Measures: "done"}, nil, "wrong_state"},

		{"somebody else checks", rectified(), "a.officer", hazard.Check{Result: "passed"}, checked("a.officer", "passed"), ""},
		{"what fails is rework", rectified(), "c.officer", hazard.Check{Result: "failed"}, checked("c.officer", "failed"), ""},
		{"the performer does not check", rectified(), "a.chief", hazard.Check{Result: "passed"}, nil, "separation_of_duties"},
		{"nor somebody without a duty there", rectified(), "b.chief", hazard.Check{Result: "passed"}, nil, "out_of_scope"},
		{"who recorded it for the owner may check", recorded, "c.chief", hazard.Check{Result: "passed"}, checked("c.chief", "passed"), ""},
		{"one check is enough", passed(rectified(), "c.officer"), "s.chief", hazard.Check{Result: "passed"}, nil, "already_checked"},
		{"the closing office may still fail it", passed(rectified(), "c.officer"), "c.chief", hazard.Check{Result: "failed"}, checked("c.chief", "failed"), ""},
		{"nobody below it may", passed(rectified(), "c.officer"), "a.officer", hazard.Check{Result: "failed"}, nil, "not_in_charge"},

		{"the level above closes", passed(rectified(), "c.officer"), "c.chief", good, closing("c.chief", community), ""},
		{"any ancestor may", passed(rectified(), "c.officer"), "d.sponsor", good, closing("d.sponsor", district), ""},
		{"the checker may", passed(rectified(), "c.chief"), "c.chief", good, closing("c.chief", community), ""},
		{"the rectifying level may not", passed(rectified(), "c.officer"), "a.chief", good, nil, "separation_of_duties"},
		{"not even somebody else of it", passed(rectifiedBy(filed(), "a.officer", "a.officer"), "c.officer"), "a.chief", good, nil, "not_in_charge"},
		{"who recorded it does not close", passed(recorded, "c.officer"), "c.chief", good, nil, "separation_of_duties"},
		{"a performer with an upper duty does not close", passed(rectifiedBy(filed(), "s.chief", "a.chief"), "c.officer"), "s.chief", good, nil, "separation_of_duties"},
		{"not unchecked", rectified(), "c.chief", good, nil, "not_checked"},
		{"with one of four ratings", passed(rectified(), "c.officer"), "c.chief", hazard.Close{Rating: "great"}, nil, "invalid_fields"},
		{"a department's work by the office that dispatched it", passed(byDepartment, "c.officer"), "c.chief", good, closing("c.chief", community), ""},
		{"or above", passed(byDepartment, "c.officer"), "s.chief", good, closing("s.chief", street), ""},
		{"not below", passed(byDepartment, "c.officer"), "a.chief", good, nil, "not_in_charge"},
	})
}

func TestClosingAtTheTop(t *testing.T) {
	top := append(filed(),
		hazard.Dispatched{Stamp: stamp(2, "d.sponsor"), To: *who(district, "d.chief"), Office: district},
		hazard.Accepted{Stamp: stamp(3, "d.chief"), Holder: *who(district, "d.chief")},
		hazard.Rectified{Stamp: stamp(4, "d.chief"), Measures: "m", PerformedBy: party("d.chief"), Holder: *who(district, "d.chief")},
		hazard.Checked{Stamp: stamp(5, "c.officer"), Result: "passed"})
	good := hazard.Close{Rating: "good"}
	run(t, []row{
		{"another chief of level 1 closes", top, "d.chief2", good,
			[]hazard.Event{hazard.Closed{Stamp: st("d.chief2"), Rating: "good", Office: district, AtTop: true}}, ""},
		{"not the performer", top, "d.chief", good, nil, "separation_of_duties"},
		{"not the dispatcher", top, "d.sponsor", good, nil, "separation_of_duties"},
		{"not a supervisor", top, "d.supervisor", good, nil, "not_in_charge"},
		{"escalation there is refused", top, "d.chief2", hazard.Escalate{Reason: "help"}, nil, "no_level_above"},
	})
}

func TestReopening(t *testing.T) {
	nobody := fold(closed())
	s := scene(nobody, "c.chief", now, hazard.Reopen{})
	s.Held = chain(area, area, community, street, district)
	out, err := hazard.Decide(nobody, s, hazard.Reopen{Reason: "again"})
	refusal(t, err, "")
	if r := out.Events[0].(hazard.Reopened); r.To != "filed" || r.Holder != nil || r.Round != 2 {
		t.Errorf("with nobody there: %+v", r)
	}
	run(t, []row{
		{"to the last cell's present holder", closed(), "c.chief", hazard.Reopen{Reason: "again"},
			[]hazard.Event{hazard.Reopened{Stamp: st("c.chief"), Reason: "again", Round: 2, To: "rectifying", Holder: who(area, "a.chief")}}, ""},
		{"with a reason", closed(), "c.chief", hazard.Reopen{}, nil, "invalid_fields"},
		{"by an office", closed(), "a.chief", hazard.Reopen{Reason: "again"}, nil, "not_in_charge"},
		{"not while open", rectified(), "c.chief", hazard.Reopen{Reason: "again"}, nil, "wrong_state"},
	})
	again := append(closed(), hazard.Reopened{Stamp: stamp(7, "c.chief"), Round: 2, To: "rectifying", Holder: who(area, "a.chief")})
	if c := fold(again); c.Round != 2 || len(c.Performers)+len(c.Checkers)+len(c.Recorders) != 0 || c.Passed {
		t.Errorf("a new round knows the old one's people: %+v", c)
	}
}

func TestMajorHazards(t *testing.T) {
	plan := &hazard.Plan{Goal: "g", Measures: "m", Funds: "f", ResponsibleBody: "b", Deadline: at(60 * 24 * 30), SafetyPlan: "s"}
	escalated := append(filedAs("blast", "major"), hazard.Escalated{Stamp: stamp(1, "c.chief"), To: district, Level: 1, Stage: "listing", Automatic: true})
	listed := append(escalated[:len(escalated):len(escalated)], hazard.Supervised{Stamp: stamp(2, "d.chief"), Measure: "listed", Level: 1, Cell: district, Plan: plan})
	done := append(listed[:len(listed):len(listed)], passed(rectified(), "c.officer")[2:]...)
	unlisted := append(escalated[:len(escalated):len(escalated)], passed(rectified(), "c.officer")[2:]...)
	lifted := append(done[:len(done):len(done)], hazard.SupervisionLifted{Stamp: stamp(6, "d.chief"), Measure: "listed", Cell: district})
	partial := *plan
	partial.Funds, partial.Deadline = "", time.Time{}
	run(t, []row{
		{"level 1 lists with six parts", escalated, "d.chief", hazard.Supervise{Measure: "listed", Level: 1, Plan: plan},
			[]hazard.Event{hazard.Supervised{Stamp: st("d.chief"), Measure: "listed", Level: 1, Cell: district, Plan: plan}}, ""},
		{"all of them", escalated, "d.chief", hazard.Supervise{Measure: "listed", Level: 1, Plan: &partial}, nil, "invalid_fields"},
		{"level 1 only", escalated, "s.chief", hazard.Supervise{Measure: "listed", Level: 2, Plan: plan}, nil, "listing_level"},
		{"in person", escalated, "s.chief", hazard.Supervise{Measure: "listed", Level: 1, Plan: plan}, nil, "not_in_charge"},
		{"once", listed, "d.chief", hazard.Supervise{Measure: "listed", Level: 1, Plan: plan}, nil, "already_listed"},
		{"major ones only", filed(), "d.chief", hazard.Supervise{Measure: "listed", Level: 1, Plan: plan}, nil, "not_major"},
		{"it is not closed before it is listed", unlisted, "c.chief", hazard.Close{Rating: "good"}, nil, "listing_awaited"},
		{"nor before level 1 lifts it", done, "c.chief", hazard.Close{Rating: "good"}, nil, "listed"},
		{"which others cannot", done, "s.chief", hazard.LiftSupervision{}, nil, "not_in_charge"},
		{"it lifts", done, "d.chief2", hazard.LiftSupervision{Note: "clean"},
			[]hazard.Event{hazard.SupervisionLifted{Stamp: st("d.chief2"), Measure: "listed", Cell: district, Note: "clean"}}, ""},
		{"then it closes", lifted, "c.chief", hazard.Close{Rating: "good"},
			[]hazard.Event{hazard.Closed{Stamp: st("c.chief"), Rating: "good", Office: community}}, ""},
		{"lifting nothing is refused", filed(), "d.chief", hazard.LiftSupervision{}, nil, "not_supervised"},
		{"becoming major awaits the listing", rectifying(), "c.chief", hazard.Reclassify{Item: "blast", Reason: "worse"},
			[]hazard.Event{hazard.Reclassified{Stamp: st("c.chief"), Item: "blast", Severity: "major", Limits: withListing(limits(30)), Listing: true, Reason: "worse"},
				hazard.Escalated{Stamp: st("c.chief"), To: district, Level: 1, Stage: "listing", Automatic: true,
					Reason: "the hazard became major and awaits its listing", Office: who(district, "d.chief")}}, ""},
		{"lowering takes the level above", escalated, "c.chief", hazard.Reclassify{Item: "exit", Reason: "less"}, nil, "not_in_charge"},
		{"which may", escalated, "s.chief", hazard.Reclassify{Item: "exit", Reason: "less"},
			[]hazard.Event{hazard.Reclassified{Stamp: st("s.chief"), Item: "exit", Severity: "minor", Limits: limits(3), Reason: "less"}}, ""},
	})
	if c := fold(listed); c.Escalation != nil || c.ListingAwaited || !c.Listed() {
		t.Errorf("the listing does not end the wait: %+v", c)
	}
}

func TestEscalationAndTransfer(t *testing.T) {
	up := func(by string, to grid.CellCode, level int, face string) []hazard.Event {
		return []hazard.Event{hazard.Escalated{Stamp: st(by), To: to, Level: level, Reason: "help", Office: who(to, face)}}
	}
	queued := append(rectifying(), hazard.Escalated{Stamp: stamp(4, "a.chief"), To: community, Level: 3})
	answered := append(queued[:len(queued):len(queued)], hazard.EscalationAcknowledged{Stamp: stamp(5, "c.chief"), Cell: community, Instruction: "go on"})
	handed := append(filed(), hazard.Transferred{Stamp: stamp(2, "s.chief"), Authority: "police", DocumentNo: "7", Cell: street})
	run(t, []row{
		{"from the holder to the level above", rectifying(), "a.officer", hazard.Escalate{Reason: "help"}, up("a.officer", community, 3, "c.chief"), ""},
		{"from the office to the level above", filed(), "c.chief", hazard.Escalate{Reason: "help"}, up("c.chief", street, 2, "s.chief"), ""},
		{"from the queue one further", queued, "c.chief", hazard.Escalate{Reason: "help"}, up("c.chief", street, 2, "s.chief"), ""},
		{"with a reason", rectifying(), "a.officer", hazard.Escalate{}, nil, "invalid_fields"},
		{"by somebody in scope", rectifying(), "b.chief", hazard.Escalate{Reason: "help"}, nil, "out_of_scope"},
		{"the office acknowledges with an instruction", queued, "c.chief", hazard.AcknowledgeEscalation{Instruction: "shut it"},
			[]hazard.Event{hazard.EscalationAcknowledged{Stamp: st("c.chief"), Cell: community, Instruction: "shut it"}}, ""},
		{"not without one", queued, "c.chief", hazard.AcknowledgeEscalation{}, nil, "invalid_fields"},
		{"once", answered, "c.chief", hazard.AcknowledgeEscalation{Instruction: "shut it"}, nil, "already_acknowledged"},
		{"not the level below", queued, "a.chief", hazard.AcknowledgeEscalation{Instruction: "shut it"}, nil, "not_in_charge"},
		{"nothing to acknowledge", rectifying(), "c.chief", hazard.AcknowledgeEscalation{Instruction: "shut it"}, nil, "not_escalated"},
		{"a street hands over in writing", filed(), "s.chief", hazard.Transfer{Authority: "police", DocumentNo: "7"},
			[]hazard.Event{hazard.Transferred{Stamp: st("s.chief"), Authority: "police", DocumentNo: "7", Cell: street}}, ""},
		{"in fire not a community", filed(), "c.chief", hazard.Transfer{Authority: "police", DocumentNo: "7"}, nil, "not_in_charge"},
		{"with authority and number", filed(), "s.chief", hazard.Transfer{}, nil, "invalid_fields"},
		{"each document once", handed, "s.chief", hazard.Transfer{Authority: "police", DocumentNo: "7"}, nil, "already_transferred"},
		{"the answer", handed, "s.chief", hazard.TransferReply{DocumentNo: "B-12", Outcome: "taken"},
			[]hazard.Event{hazard.TransferReplied{Stamp: st("s.chief"), DocumentNo: "B-12", Outcome: "taken"}}, ""},
		{"to nothing", filed(), "s.chief", hazard.TransferReply{DocumentNo: "B-12", Outcome: "taken"}, nil, "nothing_transferred"},
	})
	for _, next := range []hazard.Event{dispatched()[2], hazard.Returned{}, rectified()[4], hazard.Voided{}} {
		if c := hazard.Evolve(fold(queued), next); c.Escalation != nil {
			t.Errorf("%T does not end the escalation with its stage", next)
		}
	}
	if c := hazard.Evolve(fold(queued), hazard.Noted{}); c.Escalation == nil {
		t.Error("a note ends an escalation")
	}
}

func TestWords(t *testing.T) {
	run(t, []row{
		{"anyone in scope notes", rectifying(), "s.officer", hazard.Note{Text: "seen"},
			[]hazard.Event{hazard.Noted{Stamp: st("s.officer"), Text: personal.Of("case:case", "seen")}}, ""},
		{"nobody else", rectifying(), "b.chief", hazard.Note{Text: "seen"}, nil, "out_of_scope"},
		{"something", rectifying(), "s.officer", hazard.Note{}, nil, "invalid_fields"},
		{"feedback after closure", closed(), "a.officer", hazard.Feedback{Satisfied: true, Note: "thanks"},
			[]hazard.Event{hazard.FeedbackGiven{Stamp: st("a.officer"), Satisfied: true, Note: personal.Of("case:case", "thanks")}}, ""},
		{"not before", rectified(), "a.officer", hazard.Feedback{Satisfied: true}, nil, "wrong_state"},
	})
}
