package app_test

import (
	"slices"
	"testing"
	"time"

	"gridward/adapters/eventcodec"
	"gridward/app"
	"gridward/domain/evidence"
	"gridward/domain/grid"
	"gridward/domain/hazard"
	"gridward/domain/inspection"
	"gridward/domain/programme"
)

// Two more people of the town, who hold what a walk gives them.
const (
	sun  = "00000000-0000-4000-8000-000000000005"
	zhou = "00000000-0000-4000-8000-000000000006"
)

// step is one command on the case and the state it leaves.
type step struct {
	by    string
	cmd   hazard.Command
	state string
}

// newWalk is the town with two more people, and the duties of one programme.
func newWalk(t *testing.T, code string, duties ...[3]string) *house {
	t.Helper()
	h := newTown(t)
	for _, id := range []string{sun, zhou} {
		h.done(h.RegisterPerson(t.Context(), h.steward(), grid.RegisterPerson{ID: id, Name: "walker"}))
	}
	for _, d := range duties {
		h.duty(grid.CellCode(d[0]), code, d[1], d[2])
	}
	return h
}

// walk sends each command twice, as the law has it, and looks at the state after each.
func (h *house) walk(id string, steps ...step) hazard.Case {
	h.t.Helper()
	for i, s := range steps {
		h.twice(h.by(s.by), onCase(h.t, id, s.cmd))
		if got := h.folded(id).State; got != s.state {
			h.t.Fatalf("step %d, %T: the case is %s, want %s", i+1, s.cmd, got, s.state)
		}
	}
	return h.folded(id)
}

// folded is the case as its events tell it.
func (h *house) folded(id string) hazard.Case {
	h.t.Helper()
	var c hazard.Case
	for _, e := range h.events("case-" + id) {
		c = hazard.Evolve(c, e.(hazard.Event))
	}
	return c
}

// inspects logs a patrol and gives the case of the one hazard it found, which an office has to file.
func (h *house) inspects(officer string, cmd inspection.Log, item string) string {
	h.t.Helper()
	cmd.StartedAt, cmd.EndedAt = noon.Add(-time.Hour), noon.Add(-time.Minute)
	cmd.Hazards = []inspection.Found{{Item: item, Description: "巡查发现"}}
	r, err := h.LogInspection(h.t.Context(), h.by(officer), cmd)
	h.ok(err)
	if got := h.folded(r.Cases[0]).State; len(r.Cases) != 1 || got != hazard.StateReported {
		h.t.Fatalf("it opened %v, %s", r.Cases, got)
	}
	return r.Cases[0]
}

// takesIn is a report that somebody takes in for a resident.
func (h *house) takesIn(clerk, code string, cell grid.CellCode, item string) string {
	h.t.Helper()
	return h.twice(h.by(clerk), func(a *app.App, by app.By) (app.Receipt, error) {
		return a.ReportCase(h.t.Context(), by, hazard.Report{Programme: code, Cell: cell, Item: item, Description: "群众反映", Source: "resident", FoundAt: noon})
	}).ID
}

// refuses asserts that the case does not take the command, and why.
func (h *house) refuses(rule, by, id string, cmd hazard.Command) {
	h.t.Helper()
	h.refused(rule, "", func() error { _, err := h.Case(h.t.Context(), h.by(by), id, cmd); return err })
}

// passedAll answers every line of a programme's checklist.
func passedAll(t *testing.T, code string) []inspection.CheckResult {
	t.Helper()
	all, err := shipped()
	if err != nil {
		t.Fatal(err)
	}
	var out []inspection.CheckResult
	for _, p := range all {
		if p.Code == code {
			for _, line := range p.Checklist {
				out = append(out, inspection.CheckResult{Item: line.Item, Result: inspection.Pass})
			}
		}
	}
	return out
}

func limitIs(t *testing.T, c hazard.Case, stage, want string) {
	t.Helper()
	if got := c.Limits[stage].String(); got != want {
		t.Errorf("%s within %s, want %s", stage, got, want)
	}
}

// A serious hazard goes to the area by itself; the street hands it over in writing, and the road goes on.
func TestWalkFire(t *testing.T) {
	h := newWalk(t, "fire", [3]string{string(community), "officer", sun})
	id := h.inspects(zhao, inspection.Log{Programme: "fire", Cell: site, Content: "日巡查", Participants: []string{"楼长"}, Checklist: passedAll(t, "fire")}, "exit_locked")
	h.walk(id,
		step{li, hazard.File{Item: "exit_locked"}, "dispatched"},
		step{zhao, hazard.Accept{}, "rectifying"},
		step{wang, hazard.Transfer{Authority: "消防救援大队", DocumentNo: "消移〔2026〕1号"}, "rectifying"},
		step{zhao, hazard.Rectify{Measures: "已开锁", PerformedBy: "业主", Evidence: photo}, "rectified"},
		step{wang, hazard.TransferReply{DocumentNo: "消复〔2026〕1号", Outcome: "已知悉"}, "rectified"},
		step{sun, hazard.Check{Result: "passed"}, "rectified"})
	h.refuses("not_in_charge", sun, id, hazard.Close{Rating: "good"})
	c := h.walk(id, step{li, hazard.Close{Rating: "good"}, "closed"})
	limitIs(t, c, programme.StageRectification, "5 working_day")
}

// The end node's own check finds it, the street files it, and it goes back to the node to be put right.
func TestWalkFireBasic(t *testing.T) {
	h := newWalk(t, "fire-basic", [3]string{string(site), "node_head", zhou}, [3]string{string(street), "platform_head", wang},
		[3]string{string(street), "police_officer", sun})
	id := h.inspects(zhou, inspection.Log{Programme: "fire-basic", Cell: site, Kind: inspection.SelfCheck, Content: "每日自查",
		Participants: []string{"保安"}, Checklist: passedAll(t, "fire-basic")}, "extinguisher_expired")
	h.refuses("not_in_charge", zhou, id, hazard.File{Item: "extinguisher_expired"})
	h.walk(id,
		step{wang, hazard.File{Item: "extinguisher_expired"}, "dispatched"},
		step{zhou, hazard.Accept{}, "rectifying"},
		step{zhou, hazard.Rectify{Measures: "更换灭火器", Evidence: photo}, "rectified"},
		step{sun, hazard.Check{Result: "passed"}, "rectified"})
	h.refuses("separation_of_duties", zhou, id, hazard.Close{Rating: "good"})
	c := h.walk(id, step{wang, hazard.Close{Rating: "fair"}, "closed"})
	if c.Rectified.Cell != site || c.Rectified.Role != "node_head" {
		t.Errorf("rectified by %+v", c.Rectified)
	}
}

// Lead and assistant visit on site; the area's head plans a shorter limit, the owner does the work.
func TestWalkMarket(t *testing.T) {
	h := newWalk(t, "market", [3]string{string(area), "section_lead", zhao}, [3]string{string(area), "section_assistant", sun},
		[3]string{string(community), "area_head", li})
	visit := inspection.Log{Programme: "market", Cell: site, Content: "日常检查", Participants: []string{sun}, Checklist: passedAll(t, "market")}
	h.refused("invalid_fields", "location", func() error {
		visit := visit
		visit.StartedAt, visit.EndedAt = noon.Add(-time.Hour), noon
		_, err := h.LogInspection(t.Context(), h.by(zhao), visit)
		return err
	})
	visit.Location = &evidence.Location{Lon: 113.6871, Lat: 34.7525, AccuracyM: 12}
	id := h.inspects(zhao, visit, "food_expired")
	h.walk(id, step{li, hazard.File{Item: "food_expired"}, "filed"})
	h.refuses("invalid_fields", li, id, hazard.Dispatch{Cell: area, Limit: &programme.Limit{N: 2, Unit: programme.WorkingDay}}) // the catalogue gives one
	h.walk(id,
		step{li, hazard.Dispatch{Cell: area, Limit: &programme.Limit{N: 4, Unit: programme.WorkingHour}}, "dispatched"},
		step{zhao, hazard.Accept{}, "rectifying"},
		step{zhao, hazard.Rectify{Measures: "下架封存", PerformedBy: "店主马某", Evidence: photo}, "rectified"},
		step{sun, hazard.Check{Result: "passed"}, "rectified"})
	h.refuses("separation_of_duties", zhao, id, hazard.Close{Rating: "good"})
	h.walk(id, step{li, hazard.Close{Rating: "good"}, "closed"})
}

// The village puts it right; what it leaves undone goes back. The brigade looks and closes.
func TestWalkWater(t *testing.T) {
	h := newWalk(t, "water", [3]string{string(community), "irrigation_head", li}, [3]string{string(district), "brigade", wang})
	id := h.inspects(qian, waterPatrol(nil), "canal_littered")
	c := h.walk(id,
		step{li, hazard.File{Item: "canal_littered"}, "dispatched"},
		step{li, hazard.Accept{}, "rectifying"},
		step{li, hazard.Rectify{Measures: "清捞", Evidence: photo}, "rectified"},
		step{wang, hazard.Check{Result: "failed", Note: "下游仍有垃圾"}, "rectifying"},
		step{li, hazard.Rectify{Measures: "全段清捞", Evidence: photo}, "rectified"},
		step{qian, hazard.Check{Result: "passed"}, "rectified"},
		step{wang, hazard.Close{Rating: "average"}, "closed"})
	limitIs(t, c, programme.StageRectification, "3 working_day")
}

// The seven steps: collected by a volunteer, entered by the parent cell, set with a limit, handled, reported back,
// verified and closed in one act, rated.
func TestWalkOrganisation(t *testing.T) {
	h := newWalk(t, "organisation", [3]string{string(area), "area_head", zhao}, [3]string{string(community), "community_head", li},
		[3]string{string(street), "street_head", wang})
	three := &programme.Limit{N: 3, Unit: programme.WorkingDay}
	id := h.takesIn(qian, "organisation", area, "neighbour_dispute") // qian holds no duty here
	h.refuses("not_in_charge", zhao, id, hazard.File{Item: "neighbour_dispute"})
	h.walk(id, step{li, hazard.File{Item: "neighbour_dispute"}, "filed"})
	h.refuses("invalid_fields", li, id, hazard.Dispatch{Cell: area})
	h.walk(id,
		step{li, hazard.Dispatch{Cell: area, Limit: three, Instruction: "三日内上门调解"}, "dispatched"},
		step{zhao, hazard.Accept{}, "rectifying"},
		step{zhao, hazard.Rectify{Measures: "已调解,双方和解"}, "rectified"})
	h.refuses("separation_of_duties", zhao, id, hazard.Close{Rating: "good"})
	c := h.walk(id, step{li, hazard.Close{Rating: "good"}, "closed"})
	if !slices.Equal(c.Checkers, []string{li}) || c.FirstContact != qian {
		t.Errorf("checked by %v, first contact %s", c.Checkers, c.FirstContact)
	}
	closed, ok := h.last(id).(hazard.Closed)
	if !ok || closed.Rating != "good" || closed.Office != community {
		t.Errorf("it ends with %+v", h.last(id))
	}
	// Beyond the area's power it goes upward: the level above takes it itself, and the one above that closes.
	id = h.takesIn(zhao, "organisation", area, "wages_owed")
	h.walk(id,
		step{li, hazard.File{Item: "wages_owed"}, "filed"},
		step{li, hazard.Dispatch{Cell: area, Limit: three}, "dispatched"},
		step{zhao, hazard.Accept{}, "rectifying"},
		step{zhao, hazard.Escalate{Reason: "超出本级权限"}, "rectifying"},
		step{li, hazard.AcknowledgeEscalation{Instruction: "由社区办理"}, "rectifying"},
		step{li, hazard.Dispatch{Cell: community, Limit: three}, "dispatched"},
		step{li, hazard.Accept{}, "rectifying"},
		step{li, hazard.Rectify{Measures: "工资已结清", Evidence: photo}, "rectified"},
		step{wang, hazard.Close{Rating: "fair"}, "closed"})
}

// An event goes to the unit by itself, a component to the department the operator knows. How long a check may take
// depends on where it lies.
func TestWalkUrban(t *testing.T) {
	const country = grid.CellCode("410104001001002")
	h := newWalk(t, "urban", [3]string{string(community), "operator", li}, [3]string{string(area), "unit_head", zhao},
		[3]string{string(area), "acquisition_officer", sun})
	ctx := t.Context()
	h.done(h.CreateCell(ctx, h.steward(), grid.CreateCell{Code: country, Name: "城外单元"}))
	for cell, class := range map[grid.CellCode]string{area: "town", country: "country"} {
		h.done(h.SetCellClasses(ctx, h.steward(), cell, grid.SetClasses{Classes: map[string]string{"urban": class}}))
	}
	h.duty(country, "urban", "acquisition_officer", sun)
	id := h.inspects(sun, inspection.Log{Programme: "urban", Cell: area, Content: "单元巡查"}, "shop_outside")
	c := h.walk(id,
		step{li, hazard.File{Item: "shop_outside"}, "dispatched"},
		step{zhao, hazard.Accept{}, "rectifying"},
		step{zhao, hazard.Rectify{Measures: "已退店经营", Evidence: photo}, "rectified"},
		step{sun, hazard.Check{Result: "passed"}, "rectified"},
		step{li, hazard.Close{Rating: "good"}, "closed"})
	limitIs(t, c, programme.StageFiling, "15 urgent_minute")
	limitIs(t, c, programme.StageCheck, "1 working_hour")

	h.done(h.CreateDepartment(ctx, h.steward(), grid.CreateDepartment{Code: "drainage", Name: "排水管理处", Cell: district}))
	h.done(h.GiveDepartmentDuty(ctx, h.steward(), "drainage", grid.GiveDuty{Programme: "urban", Role: "chief", Person: zhou, From: noon.AddDate(0, -1, 0)}))
	id = h.inspects(sun, inspection.Log{Programme: "urban", Cell: country, Content: "单元巡查"}, "manhole_cover_missing")
	c = h.walk(id,
		step{li, hazard.File{Item: "manhole_cover_missing"}, "filed"},
		step{li, hazard.Dispatch{Department: "drainage"}, "dispatched"},
		step{zhou, hazard.Accept{}, "rectifying"},
		step{zhou, hazard.Rectify{Measures: "井盖补装", Evidence: photo}, "rectified"},
		step{sun, hazard.Check{Result: "passed"}, "rectified"})
	limitIs(t, c, programme.StageDispatch, "5 urgent_minute")
	limitIs(t, c, programme.StageRectification, "2 urgent_hour")
	limitIs(t, c, programme.StageCheck, "2 working_hour")
	h.refuses("separation_of_duties", zhou, id, hazard.Close{Rating: "good"})
	h.walk(id, step{li, hazard.Close{Rating: "good"}, "closed"}) // the office that dispatched it
}

// Taken in, handled, delivered: what the hall takes in it handles at once, delivering closes, and who was met first
// stays on record.
func TestWalkService(t *testing.T) {
	h := newWalk(t, "service", [3]string{string(district), "hall_director", wang}, [3]string{string(district), "window_clerk", zhao},
		[3]string{string(street), "branch_head", li}, [3]string{string(community), "point_agent", sun})
	id := h.takesIn(zhao, "service", district, "company_deregistration")
	h.refuses("not_in_charge", zhao, id, hazard.File{Item: "company_deregistration"})
	c := h.walk(id, step{wang, hazard.File{Item: "company_deregistration"}, "rectifying"}) // dispatched and accepted with it
	limitIs(t, c, programme.StageRectification, "5 working_day")
	limitIs(t, c, programme.StageStatutory, "7 working_day")
	h.refuses("wrong_state", wang, id, hazard.Check{Result: "passed"})
	h.walk(id, step{zhao, hazard.Rectify{Measures: "已出具注销通知书"}, "closed"})
	delivered, ok := h.last(id).(hazard.Rectified)
	if !ok || !delivered.Delivered || delivered.Holder.Cell != district || delivered.Holder.Role != "window_clerk" {
		t.Errorf("it ends with %+v", h.last(id))
	}
	h.refuses("wrong_state", wang, id, hazard.Close{Rating: "good"})
	if c := h.walk(id, step{zhao, hazard.Feedback{Satisfied: true}, "closed"}); c.FirstContact != zhao {
		t.Errorf("first contact %s", c.FirstContact)
	}

	// A village point takes in what the branch hall delivers.
	id = h.takesIn(sun, "service", community, "birth_registration")
	c = h.walk(id,
		step{wang, hazard.File{Item: "birth_registration"}, "rectifying"},
		step{li, hazard.Rectify{Measures: "已登记"}, "closed"})
	if c.FirstContact != sun || c.Rectified == nil || c.Rectified.Cell != street {
		t.Errorf("first contact %s, delivered by %+v", c.FirstContact, c.Rectified)
	}
	// Taken in at the hall it is sent there by a person, and accepted by one.
	id = h.takesIn(zhao, "service", district, "birth_registration")
	h.walk(id,
		step{wang, hazard.File{Item: "birth_registration"}, "filed"},
		step{wang, hazard.Dispatch{Cell: street}, "dispatched"},
		step{li, hazard.Accept{}, "rectifying"},
		step{li, hazard.Rectify{Measures: "已登记"}, "closed"})
}

// Every programme that ships is walked above, and its limits and duties are in force once it is published.
func TestEveryShippedProgrammeIsPublished(t *testing.T) {
	h := newTown(t)
	all, err := h.Programmes(t.Context())
	h.ok(err)
	var codes []string
	for _, p := range all {
		codes = append(codes, p.Code)
		if p.Filing == nil || len(p.Duties) == 0 || len(p.Ladder) == 0 {
			t.Errorf("%s: filing %v, %d duties, %d ladders", p.Code, p.Filing, len(p.Duties), len(p.Ladder))
		}
		for _, r := range h.records("programme-" + p.Code) {
			if _, err := eventcodec.New().Decode(r.Type, r.Schema, r.Data); err != nil {
				t.Errorf("%s does not come back from the log: %v", p.Code, err)
			}
		}
	}
	if slices.Sort(codes); !slices.Equal(codes, []string{"fire", "fire-basic", "market", "organisation", "service", "urban", "water"}) {
		t.Errorf("published %v", codes)
	}
}
