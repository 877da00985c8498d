package hazard_test

import (
	"testing"

	"gridward/domain/grid"
	"gridward/domain/hazard"
)

func appealedBy(person string) hazard.Event {
	return hazard.Appealed{Stamp: stamp(7, person), Reason: "the road was flooded"}
}

func judged(by string, upheld bool, cell grid.CellCode) hazard.Event {
	return hazard.AppealDecided{Stamp: stamp(8, by), Upheld: upheld, Level: cell.Level(), Cell: cell}
}

// closedAtTop is a case that level 1 rectified and closed itself.
func closedAtTop() []hazard.Event {
	return then(atTheTop(),
		hazard.Rectified{Stamp: stamp(4, "d.chief"), Measures: "m", PerformedBy: party("d.chief"), Holder: *who(district, "d.chief")},
		hazard.Checked{Stamp: stamp(5, "c.officer"), Result: "passed"},
		hazard.Closed{Stamp: stamp(6, "d.chief2"), Rating: "good", Office: district, AtTop: true})
}

// delivered is a service that its holder delivered: that closed it.
func delivered(to []hazard.Event, by string, h hazard.Holder) []hazard.Event {
	return then(to, hazard.Rectified{Stamp: stamp(4, by), Measures: "m", PerformedBy: party(by), Holder: h, Delivered: true})
}

func TestAppeal(t *testing.T) {
	cmd := hazard.Appeal{Reason: "the road was flooded"}
	objects := func(by string) hazard.Event { return hazard.Appealed{Stamp: st(by), Reason: "the road was flooded"} }
	gone := then(filed(), // gone.chief held the area, rectified there and left
		hazard.Dispatched{Stamp: stamp(2, "c.chief"), To: hazard.Holder{Cell: area, Person: "gone.chief"}, Office: community},
		hazard.Accepted{Stamp: stamp(3, "gone.chief"), Holder: hazard.Holder{Cell: area, Person: "gone.chief"}},
		hazard.Rectified{Stamp: stamp(4, "gone.chief"), Measures: "m", PerformedBy: party("contractor"), Holder: hazard.Holder{Cell: area, Person: "gone.chief"}},
		hazard.Checked{Stamp: stamp(5, "c.officer"), Result: "passed"},
		hazard.Closed{Stamp: stamp(6, "c.chief"), Rating: "poor", Office: community})
	next := then(gone, hazard.Reopened{Stamp: stamp(7, "c.chief"), Round: 2, To: "rectifying", Holder: who(area, "a.chief")},
		hazard.Rectified{Stamp: stamp(8, "a.chief"), Measures: "m", PerformedBy: party("a.chief"), Holder: *who(area, "a.chief")},
		hazard.Checked{Stamp: stamp(8, "c.officer"), Result: "passed"},
		hazard.Closed{Stamp: stamp(9, "c.chief"), Rating: "good", Office: community})
	runClock(t, []clockRow{
		{name: "who had the case objects", given: closed(), by: "a.chief", when: cmd, then: objects("a.chief")},
		{name: "anyone in scope does", given: closed(), by: "s.officer", when: cmd, then: objects("s.officer")},
		{name: "who had it and left the post does", given: gone, by: "gone.chief", when: cmd, then: objects("gone.chief")},
		{name: "in the round in question", given: next, by: "gone.chief", when: cmd, no: "out_of_scope"},
		{name: "nobody else", given: closed(), by: "b.chief", when: cmd, no: "out_of_scope"},
		{name: "with a reason", given: closed(), by: "a.chief", when: hazard.Appeal{}, no: "invalid_fields", field: "reason"},
		{name: "once a round", given: then(closed(), appealedBy("a.chief")), by: "a.officer", when: cmd, no: "already_appealed"},
		{name: "each round once", given: then(closed(), then(next, appealedBy("a.chief"))[7:]...), by: "a.chief", when: cmd, no: "already_appealed"},
		{name: "a new round may be objected to", given: then(closed(), append([]hazard.Event{appealedBy("a.chief")}, next[7:]...)...), by: "a.chief", when: cmd,
			then: objects("a.chief")},
		{name: "not before closure", given: rectified(), by: "a.chief", when: cmd, no: "wrong_state"},
		{name: "not to what was void", given: voided(), by: "a.chief", when: cmd, no: "wrong_state"},
	})
	c := fold(closed())
	s := scene(c, "a.chief", now, cmd)
	s.Steward = true // an administrator of that name
	s.Chain, s.Held = nil, nil
	_, err := hazard.Decide(c, s, cmd)
	refusal(t, err, "out_of_scope")
}

func TestDecideAppeal(t *testing.T) {
	uphold, dismiss := hazard.DecideAppeal{Upheld: true, Note: "n"}, hazard.DecideAppeal{Note: "n"}
	open := then(closed(), appealedBy("a.chief"))
	top := then(closedAtTop(), appealedBy("c.chief"))
	byArea := then(delivered(rectifying(), "a.chief", *who(area, "a.chief")), appealedBy("a.officer"))
	byBrigade := then(delivered(byBureau(), "bureau", hazard.Holder{Department: "fire-brigade", Person: "bureau"}), appealedBy("a.officer"))
	decides := func(by string, upheld bool, cell grid.CellCode) hazard.Event {
		return hazard.AppealDecided{Stamp: st(by), Upheld: upheld, Note: "n", Level: cell.Level(), Cell: cell}
	}
	street1 := then(open, judged("s.chief", false, street))
	runClock(t, []clockRow{
		{name: "the level above the one that closed upholds", given: open, by: "s.chief", when: uphold, then: decides("s.chief", true, street)},
		{name: "or does not", given: open, by: "s.chief", when: dismiss, then: decides("s.chief", false, street)},
		{name: "any level above", given: open, by: "d.supervisor", when: uphold, then: decides("d.supervisor", true, district)},
		{name: "not the one that closed", given: open, by: "c.sponsor", when: uphold, no: "not_in_charge"},
		{name: "nor below", given: open, by: "a.chief", when: uphold, no: "not_in_charge"},
		{name: "nor an officer", given: open, by: "s.officer", when: uphold, no: "not_in_charge"},
		{name: "not who appealed", given: then(closed(), appealedBy("s.chief")), by: "s.chief", when: uphold, no: "separation_of_duties"},
		{name: "not who rectified", given: then(passed(rectifiedBy(filed(), "s.chief", "a.chief"), "c.officer"),
			hazard.Closed{Stamp: stamp(6, "c.chief"), Rating: "good", Office: community}, appealedBy("a.chief")), by: "s.chief", when: uphold, no: "separation_of_duties"},
		{name: "there must be one", given: closed(), by: "s.chief", when: uphold, no: "not_appealed"},
		{name: "a second time a higher level decides", given: street1, by: "d.chief", when: uphold, then: decides("d.chief", true, district)},
		{name: "not the same one", given: street1, by: "s.chief", when: uphold, no: "not_in_charge"},
		{name: "nobody is above level 1", given: then(open, judged("d.chief", false, district)), by: "d.chief2", when: uphold, no: "no_level_above"},
		{name: "two decisions are all", given: then(street1, judged("d.chief", true, district)), by: "d.chief2", when: dismiss, no: "appeal_decided"},
		{name: "what level 1 closed another of level 1 decides", given: top, by: "d.sponsor", when: uphold, then: decides("d.sponsor", true, district)},
		{name: "not who closed it", given: top, by: "d.chief2", when: uphold, no: "separation_of_duties"},
		{name: "not who rectified it", given: top, by: "d.chief", when: uphold, no: "separation_of_duties"},
		{name: "not a supervisor", given: top, by: "d.supervisor", when: uphold, no: "not_in_charge"},
		{name: "what was delivered, the level above the deliverer", given: byArea, by: "c.chief", when: uphold, then: decides("c.chief", true, community)},
		{name: "not its own", given: byArea, by: "a.officer", when: uphold, no: "not_in_charge"},
		{name: "a department's, the office that dispatched it", given: byBrigade, by: "c.chief", when: uphold, then: decides("c.chief", true, community)},
		{name: "not below", given: byBrigade, by: "a.chief", when: uphold, no: "not_in_charge"},
		{name: "not once it is reopened", given: then(open, hazard.Reopened{Stamp: stamp(9, "c.chief"), Round: 2, To: "rectifying", Holder: who(area, "a.chief")}),
			by: "s.chief", when: uphold, no: "wrong_state"},
	})
}

func TestWhoDecidedFirstDoesNotDecideAgainHigherUp(t *testing.T) {
	c := fold(then(closed(), appealedBy("a.chief"), judged("s.chief", false, street)))
	s := scene(c, "s.chief", now, hazard.DecideAppeal{})
	s.Chain = chain(site)
	for _, posts := range []grid.Chain{s.Chain, s.Held} {
		posts[len(posts)-1].Held = duties(district, "s.chief:chief") // promoted since
	}
	_, err := hazard.Decide(c, s, hazard.DecideAppeal{Upheld: true})
	refusal(t, err, "separation_of_duties")
}

// The raw result stays, the exemption stands beside it; the last decision counts, and other rounds are not touched.
func TestAnAppealExemptsTheRound(t *testing.T) {
	history := then(closed(), hazard.Reopened{Stamp: stamp(7, "c.chief"), Round: 2, To: "rectifying", Holder: who(area, "a.chief")},
		hazard.Rectified{Stamp: stamp(8, "a.chief"), Measures: "m", PerformedBy: party("a.chief"), Holder: *who(area, "a.chief")},
		hazard.Checked{Stamp: stamp(8, "c.officer"), Result: "passed"},
		hazard.Closed{Stamp: stamp(9, "c.chief"), Rating: "good", Office: community}, hazard.Appealed{Stamp: stamp(10, "a.chief"), Reason: "r"})
	exempt := func(c hazard.Case) (by [3]int) {
		for _, s := range c.Stages {
			if s.Exempt {
				by[s.Round]++
			}
		}
		return by
	}
	before := fold(history)
	upheld := fold(then(history, hazard.AppealDecided{Stamp: stamp(11, "s.chief"), Upheld: true, Level: 2, Cell: street}))
	if by := exempt(upheld); by != [3]int{0, 0, 4} { // total, rectification, check, closure
		t.Errorf("exempt by round: %v", by)
	}
	for i := range before.Stages {
		raw := upheld.Stages[i]
		if was := before.Stages[i]; raw.Verdict(council, at(now)) != was.Verdict(council, at(now)) || raw.Used(council, at(now)) != was.Used(council, at(now)) {
			t.Errorf("the raw result of %s changed", raw.Name)
		}
	}
	again := hazard.Evolve(upheld, hazard.AppealDecided{Stamp: stamp(12, "d.chief"), Level: 1, Cell: district})
	if by := exempt(again); by != [3]int{} {
		t.Errorf("exempt behind the second decision: %v", by)
	}
}
