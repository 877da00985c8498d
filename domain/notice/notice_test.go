package notice_test

import (
	"reflect"
	"slices"
	"testing"
	"time"

	"gridward/domain/hazard"
	"gridward/domain/notice"
)

var t0 = time.Date(2026, 3, 2, 9, 0, 0, 0, time.FixedZone("+08", 8*3600))

// at is n hours into the story.
func at(n int) time.Time { return t0.Add(time.Duration(n) * time.Hour) }

func TestWhatAnEventTellsWhom(t *testing.T) {
	due := hazard.Stamp{At: at(8), By: hazard.System}
	ordered := hazard.Stamp{At: at(2), By: "s.chief"}
	rung := hazard.Climb{Stage: "rectification", Deadline: at(10), Due: at(8)}
	for _, tc := range []struct {
		name string
		e    hazard.Event
		want notice.Notice
	}{
		{"a yellow card", hazard.CardGiven{Stamp: due, Colour: "yellow", Ladder: rung, Holder: hazard.Holder{Person: "a.chief"}, Told: []string{"a.chief", "c.chief"}},
			notice.Notice{Kind: "yellow", Stage: "rectification", At: at(8), Deadline: at(10), Told: []string{"a.chief", "c.chief"}}},
		{"a red card", hazard.CardGiven{Stamp: due, Colour: "red", Ladder: rung, Told: []string{"a.chief"}},
			notice.Notice{Kind: "red", Stage: "rectification", At: at(8), Deadline: at(10), Told: []string{"a.chief"}}},
		{"an escalation of the ladder", hazard.Escalated{Stamp: due, Office: &hazard.Holder{Person: "c.chief"}, Ladder: &rung, Told: []string{"a.chief", "c.chief"}},
			notice.Notice{Kind: "escalation", Stage: "rectification", At: at(8), Deadline: at(10), Told: []string{"a.chief", "c.chief"}}},
		{"an escalation by hand tells the office; the event does not name who has the case", hazard.Escalated{Stamp: ordered, Office: &hazard.Holder{Person: "d.chief"}},
			notice.Notice{Kind: "escalation", At: at(2), Told: []string{"d.chief"}, ByHand: true}},
		{"of a major hazard that awaits its listing", hazard.Escalated{Stamp: ordered, Stage: "listing", Automatic: true},
			notice.Notice{Kind: "escalation", Stage: "listing", At: at(2), ByHand: true}},
		{"supervision by the ladder", hazard.Supervised{Stamp: due, Ladder: &rung, Told: []string{"a.chief", "", "a.chief"}},
			notice.Notice{Kind: "supervision", Stage: "rectification", At: at(8), Deadline: at(10), Told: []string{"a.chief"}}},
		{"supervision by hand", hazard.Supervised{Stamp: ordered, Measure: "talk"}, notice.Notice{Kind: "supervision", At: at(2), ByHand: true}},
		{"a listing has a deadline", hazard.Supervised{Stamp: ordered, Measure: "listed", Plan: &hazard.Plan{Deadline: at(700)}},
			notice.Notice{Kind: "supervision", At: at(2), Deadline: at(700), ByHand: true}},
	} {
		if got, ok := notice.Of(tc.e); !ok || !reflect.DeepEqual(got, tc.want) {
			t.Errorf("%s\n got %+v\nwant %+v", tc.name, got, tc.want)
		}
	}
	for _, e := range []hazard.Event{nil, hazard.Noted{}, hazard.CardHealed{Colour: "red"}, hazard.CardWithdrawn{}, hazard.SupervisionLifted{}, hazard.Closed{}} {
		if got, ok := notice.Of(e); ok {
			t.Errorf("%T tells %+v", e, got)
		}
	}
}

func TestNobodyIsToldTwice(t *testing.T) {
	told := []string{"a", "b"}
	n := notice.Notice{Told: told[:1]}
	n.Tell("a", "", "c", "c")
	n.Tell()
	if want := []string{"a", "c"}; !slices.Equal(n.Told, want) {
		t.Errorf("told are %v", n.Told)
	}
	if told[1] != "b" {
		t.Error("somebody else's list was written to")
	}
}

func TestWhoHasACase(t *testing.T) {
	holder := func(person string) *hazard.Holder { return &hazard.Holder{Person: person} }
	over := hazard.Run{From: at(0), To: at(1), Holder: holder("c.chief"), Road: true}
	listing := &hazard.Stage{Name: "listing", Runs: []hazard.Run{{From: at(1), Holder: holder("d.chief")}}} // beside the road
	for _, tc := range []struct {
		name   string
		stages []*hazard.Stage
		want   string
	}{
		{"nobody, when nothing runs", []*hazard.Stage{{Name: "dispatch", Runs: []hazard.Run{over}}}, ""},
		{"nobody, of no stage", nil, ""},
		{"the holder of the stage that runs", []*hazard.Stage{{Name: "dispatch", Runs: []hazard.Run{over}},
			{Name: "rectification", Runs: []hazard.Run{over, {From: at(1), Holder: holder("a.chief"), Road: true}}}, listing}, "a.chief"},
		{"nobody, where there is none", []*hazard.Stage{{Name: "filing", Runs: []hazard.Run{{From: at(0), Road: true}}}}, ""},
	} {
		if got := notice.HolderOf(hazard.Case{Stages: tc.stages}); got != tc.want {
			t.Errorf("%s: %q, want %q", tc.name, got, tc.want)
		}
	}
}

func TestADigestIsOpenedOnce(t *testing.T) {
	var d notice.Digests
	for _, day := range []string{"2026-03-02", "2026-03-03", "2026-03-01"} {
		events := notice.DecideOpen(d, "a.chief", day, at(1))
		if want := []notice.Event{notice.DigestOpened{Person: "a.chief", Day: day, At: at(1)}}; !slices.Equal(events, want) {
			t.Fatalf("got %v", events)
		}
		d = notice.Evolve(d, events[0])
		if again := notice.DecideOpen(d, "a.chief", day, at(5)); again != nil {
			t.Errorf("opened twice: %v", again)
		}
	}
	if want := []string{"2026-03-02", "2026-03-03", "2026-03-01"}; !slices.Equal(d.Days, want) {
		t.Errorf("the digests are of %v", d.Days)
	}
}

func TestEvolveLeavesWhatItWasGiven(t *testing.T) {
	days := []string{"2026-03-02", "2026-03-04"}
	d := notice.Digests{Days: days[:1]}
	notice.Evolve(d, notice.DigestOpened{Day: "2026-03-03"})
	if days[1] != "2026-03-04" {
		t.Error("the state was changed in place")
	}
}
