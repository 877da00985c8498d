package views_test

import (
	"fmt"
	"strings"
	"time"

	"gridward/app/views"
	"gridward/domain/evidence"
	"gridward/domain/fault"
	"gridward/domain/grid"
	"gridward/domain/hazard"
	"gridward/domain/inspection"
	"gridward/domain/programme"
	"gridward/domain/register"
)

// photos show what was there before and after.
var photos = []evidence.File{{SHA256: strings.Repeat("a", 64), MediaType: "image/jpeg", Size: 9, Phase: evidence.Before},
	{SHA256: strings.Repeat("b", 64), MediaType: "image/jpeg", Size: 9, Phase: evidence.After}}

var townItems = []string{"corridor_cluttered", "corridor_cluttered", "alarm_faulty", "explosives_illegal"}

// holders gives who may act somewhere, as the town knows it, in some order.
func (h *town) holders() []string {
	out := []string{}
	for _, p := range h.posts {
		if !p.ended {
			out = append(out, p.person)
		}
	}
	h.rng.Shuffle(len(out), func(i, j int) { out[i], out[j] = out[j], out[i] })
	return out
}

// patrol logs an inspection, or amends or voids one; phones are often offline.
func (h *town) patrol() {
	if len(h.inspections) > 0 && h.rng.IntN(4) == 0 {
		id := pick(h.rng, h.inspections)
		by := h.steward()
		for _, who := range h.holders() {
			by.Actor, by.Admin = who, false
			var err error
			if h.rng.IntN(2) == 0 {
				_, err = h.house.VoidInspection(ctx(), by, id, inspection.Void{Reason: "重复"})
			} else {
				start := h.past().Add(-2 * time.Hour)
				end := start.Add(time.Hour)
				_, err = h.house.AmendInspection(ctx(), by, id, inspection.Amend{Reason: "更正", StartedAt: &start, EndedAt: &end})
			}
			if h.took("correct inspection", err) {
				return
			}
		}
		return
	}
	end := h.past()
	cmd := inspection.Log{ID: h.id(), Programme: "fire", Cell: grid.CellCode(pick(h.rng, h.sites)), StartedAt: end.Add(-time.Duration(20+h.rng.IntN(90)) * time.Minute),
		EndedAt: end, Participants: []string{"王五"}, Content: "检查", Measures: "提醒", Kind: inspection.Routine,
		Checklist: []inspection.CheckResult{}}
	for _, c := range h.rules.Checklist {
		cmd.Checklist = append(cmd.Checklist, inspection.CheckResult{Item: c.Item, Result: "pass"})
	}
	switch h.rng.IntN(8) {
	case 0:
		cmd.Kind = inspection.Recheck
	case 1:
		cmd.Kind = inspection.SelfCheck
	case 2:
		cmd.Programme, cmd.Cell, cmd.Checklist = "water", grid.CellCode(pick(h.rng, []string{street, street2})), nil
	case 3:
		cmd.Walk = "walk-" + end.Format(time.DateOnly)
	case 4:
		cmd.Hazards = []inspection.Found{{ID: h.id(), Item: pick(h.rng, townItems), Description: "堵塞"}}
	case 5:
		cmd.Hazards = []inspection.Found{{ID: h.id(), Item: "corridor_cluttered", Description: "堵塞", OnTheSpot: &inspection.OnTheSpot{Measures: "清理", Evidence: photos}}}
	}
	for _, who := range h.holders() {
		if _, err := h.house.LogInspection(ctx(), h.by(who), cmd); h.took("log inspection", err) {
			h.inspections = append(h.inspections, cmd.ID)
			for _, f := range cmd.Hazards {
				h.cases = append(h.cases, f.ID)
			}
			return
		}
	}
}

// enter puts something into the registers.
func (h *town) enter() {
	cell, day := grid.CellCode(pick(h.rng, []string{community, street, area1})), h.now.In(shanghai).Format(time.DateOnly)
	for _, who := range h.holders() {
		by, took := h.by(who), false
		switch h.rng.IntN(4) {
		case 0:
			_, err := h.house.RecordActivity(ctx(), by, register.RecordActivity{ID: h.id(), Cell: cell, Programme: "fire", Kind: pick(h.rng, []string{"publicity", "meeting", "drill"}),
				HeldAt: h.past(), Title: "活动"})
			took = h.took("record activity", err)
		case 1:
			id := h.id()
			_, err := h.house.RegisterEquipment(ctx(), by, register.RegisterEquipment{ID: id, Cell: cell, Programme: "fire", Kind: "灭火器", Quantity: 2, ValidUntil: day})
			if took = h.took("register equipment", err); took {
				h.equipment = append(h.equipment, id)
			}
		case 2:
			if len(h.equipment) == 0 {
				return
			}
			var err error
			if h.rng.IntN(4) == 0 {
				_, err = h.house.RetireEquipment(ctx(), by, pick(h.rng, h.equipment), register.RetireEquipment{Reason: "报废"})
			} else {
				_, err = h.house.ServiceEquipment(ctx(), by, pick(h.rng, h.equipment), register.ServiceEquipment{ServicedOn: day, ValidUntil: "2027-01-01"})
			}
			took = h.took("change equipment", err)
		default:
			_, err := h.house.RegisterForce(ctx(), by, register.RegisterForce{ID: h.id(), Cell: cell, Programme: "fire", Kind: "force", Name: "消防站"})
			took = h.took("register force", err)
		}
		if took {
			return
		}
	}
}

func (h *town) report() {
	id, by := h.id(), h.by(pick(h.rng, h.people))
	by.OccurredAt = h.past()
	_, err := h.house.ReportCase(ctx(), by, hazard.Report{Case: id, Programme: "fire", Cell: grid.CellCode(pick(h.rng, h.sites)), Description: "堵塞", Source: "resident",
		FoundAt: by.OccurredAt, Reporter: &hazard.ReportedBy{Anonymous: true}})
	if h.took("report", err) {
		h.cases = append(h.cases, id)
	}
}

// advance takes a case some steps along one of its roads, by whoever may.
func (h *town) advance(id string) {
	for range 1 + h.rng.IntN(3) {
		h.project()
		c, err := h.views.Case(ctx(), id, h.now)
		if f, ok := fault.As(err); ok && f.Kind == fault.NotFound {
			return
		}
		h.ok(err)
		cmd := h.next(c)
		late, tries := h.past(), 0
		for _, who := range h.holders() {
			by := h.by(who)
			if late.Before(h.now) {
				by.OccurredAt = late
				if tries++; tries > 2 { // what is refused leaves its words
					break
				}
			}
			if _, err := h.house.Case(ctx(), by, id, cmd); h.took(fmt.Sprintf("%T", cmd), err) {
				break
			}
		}
	}
}

// next draws what is done to a case.
func (h *town) next(c views.Case) hazard.Command {
	if h.rng.IntN(4) == 0 {
		return h.aside(c)
	}
	switch c.State {
	case hazard.StateReported:
		cmd := hazard.File{Item: pick(h.rng, townItems)}
		if h.rng.IntN(4) == 0 {
			cmd.Cell = grid.CellCode(pick(h.rng, h.sites))
		}
		return pick(h.rng, []hazard.Command{cmd, cmd, cmd, cmd, hazard.Void{Reason: "不属实"}, hazard.Merge{Into: pick(h.rng, h.cases)}})
	case hazard.StateFiled:
		if c.ListingAwaited {
			return hazard.Supervise{Measure: hazard.Listed, Level: 1, Plan: &hazard.Plan{Goal: "g", Measures: "m", Funds: "f", ResponsibleBody: "b",
				Deadline: h.now.AddDate(0, 0, 3+h.rng.IntN(10)), SafetyPlan: "s"}}
		}
		return pick(h.rng, []hazard.Command{hazard.Dispatch{Cell: c.Cell.AtLevel(min(4, c.Cell.Level())), Instruction: "整改"}, hazard.Dispatch{Department: "police"},
			hazard.Dispatch{Cell: c.Cell.AtLevel(3)}})
	case hazard.StateDispatched:
		return pick(h.rng, []hazard.Command{hazard.Accept{}, hazard.Accept{}, hazard.Accept{}, hazard.Return{Reason: "不属本格"}, hazard.Dispatch{Department: "police"}})
	case hazard.StateRectifying:
		rectify := hazard.Rectify{Measures: "清理", Evidence: photos}
		if n := len(c.Extensions); n > 0 && c.Extensions[n-1].Granted == nil {
			return hazard.DecideExtension{Granted: h.rng.IntN(4) > 0}
		}
		return pick(h.rng, []hazard.Command{rectify, rectify, rectify, hazard.RequestExtension{Limit: programme.Limit{N: 1, Unit: "working_day"}, Reason: "缺料"},
			hazard.Dispatch{Department: "police"}, hazard.Return{Reason: "不属本格"}})
	case hazard.StateRectified:
		if c.LastCheck == hazard.Passed {
			return hazard.Close{Rating: pick(h.rng, hazard.Ratings)}
		}
		return hazard.Check{Result: pick(h.rng, []string{hazard.Passed, hazard.Passed, hazard.Failed}), Note: "现场"}
	case hazard.StateClosed:
		if n := len(c.Appeals); n > 0 && len(c.Appeals[n-1].Decisions) == 0 {
			return hazard.DecideAppeal{Upheld: h.rng.IntN(3) > 0}
		}
		return pick(h.rng, []hazard.Command{hazard.Appeal{Reason: "不服"}, hazard.Appeal{Reason: "不服"}, hazard.Feedback{Satisfied: true}, hazard.Reopen{Reason: "复发"}})
	}
	return hazard.Reopen{Reason: "复核"}
}

// aside is something beside the road.
func (h *town) aside(c views.Case) hazard.Command {
	until := h.now.Add(time.Duration(1+h.rng.IntN(96)) * time.Hour)
	return pick(h.rng, []hazard.Command{hazard.Note{Text: "备注"}, hazard.Escalate{Reason: "力量不足"}, hazard.AcknowledgeEscalation{Instruction: "照办"},
		hazard.Supervise{Measure: "order", Level: 1 + h.rng.IntN(2)}, hazard.LiftSupervision{Note: "已督办"}, hazard.Suspend{Reason: "停工", Until: &until}, hazard.Resume{},
		hazard.Transfer{Authority: "消防救援大队", DocumentNo: h.id()[:8]}, hazard.TransferReply{DocumentNo: "B", Outcome: "已受理"},
		hazard.Reclassify{Item: pick(h.rng, townItems), Reason: "变化"}, hazard.RequestVerification{Cell: c.Cell, Note: "核实"}, hazard.Verify{Result: hazard.Confirmed}})
}
