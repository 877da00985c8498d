package views_test

import (
	"fmt"
	"math/rand/v2"
	"time"

	"gridward/domain/grid"
	"gridward/domain/hazard"
	"gridward/domain/inspection"
	"gridward/domain/personal"
	"gridward/domain/register"
)

// mix puts about n events of a plausible month into the log: the grid first, then patrols with their findings, cases
// on every road, and what goes into the registers. The same seed gives the same log.
type mix struct {
	*world
	rng   *rand.Rand
	sites []string
	open  map[string]hazard.Case
	ids   []string // of open, in order
	logs  []inspection.Logged
	next  int
}

func newMix(w *world, seed uint64) *mix {
	return &mix{world: w, rng: rand.New(rand.NewPCG(seed, 1)), open: map[string]hazard.Case{}}
}

func (m *mix) id(kind string) string {
	m.next++
	return fmt.Sprintf("%s-%08d-4c1e-8f63-5b7d21a09e44", kind, m.next)
}

// settle makes a grid of so many communities, each with five areas of ten sites.
func (m *mix) settle(communities int) {
	m.cell(district, "区", nil)
	for c := range communities {
		st := fmt.Sprintf("%s%03d", district, c/10+1)
		if c%10 == 0 {
			m.cell(st, "街道", nil)
		}
		co := fmt.Sprintf("%s%03d", st, c%10+1)
		m.cell(co, "社区", nil)
		for a := range 5 {
			area := fmt.Sprintf("%s%03d", co, a+1)
			m.cell(area, "片区", nil)
			for s := range 10 {
				site := fmt.Sprintf("%s%04d", area, s+1)
				m.cell(site, "单位", map[string]string{"fire": string(rune('A' + s%3))})
				m.sites = append(m.sites, site)
			}
			m.put("duties-fire-"+area, "admin", grid.DutyGiven{Duty: m.id("duty"), Programme: "fire", Role: "officer", ActsAs: "officer",
				Person: m.person(area), From: m.now, Cells: []grid.CellCode{grid.CellCode(area)}})
		}
	}
}

func (m *mix) person(area string) string { return "person-" + area }

// step does one thing.
func (m *mix) step() {
	m.later(time.Duration(m.rng.IntN(90)) * time.Second)
	site := m.sites[m.rng.IntN(len(m.sites))]
	switch n := m.rng.IntN(100); {
	case n < 50:
		m.patrol(site)
	case n < 52 && len(m.logs) > 0:
		m.restate()
	case n < 54:
		m.register(site)
	case n < 60 || len(m.ids) == 0:
		m.find(site, "")
	default:
		m.advance(m.ids[m.rng.IntN(len(m.ids))])
	}
}

func (m *mix) patrol(site string) {
	in := visit(m.id("insp"), site, m.now.Add(-time.Hour), "officer")
	in.Report.Officer = m.person(site[:15])
	in.Acting[0].Person = in.Report.Officer
	in.Report.Content = "疏散通道、安全出口、消防设施、灭火器、用火用电情况检查，现场负责人陪同"
	in.Report.Measures = "现场提醒负责人加强管理，记录在案"
	for i := range 5 {
		in.Report.Checklist = append(in.Report.Checklist, inspection.CheckResult{Item: fmt.Sprint("item-", i), Result: "pass"})
	}
	if m.rng.IntN(3) == 0 {
		in.Report.Walk = fmt.Sprintf("walk-%s-%d", site[:15], m.now.YearDay())
	}
	if m.rng.IntN(10) == 0 {
		in.Hazards = []inspection.Hazard{{Case: m.id("case"), Item: "exit", Description: personal.Of("case", "堵塞")}}
	}
	m.log1(in)
	m.logs = append(m.logs, in)
	for _, h := range in.Hazards {
		m.findAs(h.Case, site, in.ID)
	}
}

// restate amends an inspection that stands, or voids it.
func (m *mix) restate() {
	i := m.rng.IntN(len(m.logs))
	in := m.logs[i]
	if m.rng.IntN(2) == 0 {
		m.put("inspection-"+in.ID, "p1", inspection.Voided{Reason: "重复登记"})
		m.logs = append(m.logs[:i], m.logs[i+1:]...)
		return
	}
	m.logs[i].Report.Cell = grid.CellCode(m.sites[m.rng.IntN(len(m.sites))])
	m.logs[i].Report.StartedAt = m.now
	m.put("inspection-"+in.ID, "p1", inspection.Amended{Reason: "更正", Report: m.logs[i].Report, Acting: in.Acting})
}

func (m *mix) register(site string) {
	switch m.rng.IntN(3) {
	case 0:
		id := m.id("act")
		m.put("activity-"+id, "p1", register.ActivityRecorded{ID: id, Cell: grid.CellCode(site[:12]), Programme: "fire", Kind: "publicity", HeldAt: m.now, Title: "宣传"})
	case 1:
		id := m.id("eq")
		m.put("equipment-"+id, "p1", register.EquipmentRegistered{ID: id, Cell: grid.CellCode(site), Kind: "灭火器", Quantity: 4, BoughtOn: "2026-01-01"},
			register.EquipmentServiced{ServicedOn: "2026-02-01", ValidUntil: "2027-02-01"})
	default:
		id := m.id("camp")
		m.put("campaign-"+id, "p1", inspection.CampaignOpened{ID: id, Programme: "fire", Cell: grid.CellCode(site[:9]), Title: "集中排查", From: m.now,
			To: m.now.AddDate(0, 1, 0), Targets: []grid.CellCode{grid.CellCode(site), grid.CellCode(m.sites[0])}})
	}
}

func (m *mix) find(site, inspection string) { m.findAs(m.id("case"), site, inspection) }

func (m *mix) findAs(id, site, inspection string) {
	r := m.report(id, site)
	r.Inspection, r.Office = inspection, who(site[:12], "chief-"+site[:12])
	m.happen(id, r)
}

// happen puts events into a case's stream.
func (m *mix) happen(id string, events ...hazard.Event) {
	c, known := m.open[id]
	if !known {
		m.ids = append(m.ids, id)
	}
	put := make([]any, len(events))
	for i, e := range events {
		put[i] = e
		c = hazard.Evolve(c, e)
	}
	m.put("case-"+id, events[0].Stamped().By, put...)
	m.open[id] = c
	if !c.Open() && m.rng.IntN(4) > 0 {
		delete(m.open, id)
		for i := range m.ids {
			if m.ids[i] == id {
				m.ids = append(m.ids[:i], m.ids[i+1:]...)
				return
			}
		}
	}
}

// advance takes a case one step along one of its roads.
func (m *mix) advance(id string) {
	c := m.open[id]
	cell := string(c.Cell)
	holder := hazard.Holder{Cell: grid.CellCode(cell[:15]), Person: m.person(cell[:15]), Role: "officer"}
	office := who(cell[:12], "chief-"+cell[:12])
	st := m.stamp(office.Person)
	dice := m.rng.IntN(12)
	if c.Open() && m.rng.IntN(10) == 0 {
		m.happen(id, m.aside(c, st)...)
		return
	}
	switch c.State {
	case hazard.StateReported:
		severity := []string{"minor", "minor", "serious", "major"}[m.rng.IntN(4)]
		filed := hazard.Filed{Stamp: st, Item: "exit", Severity: severity, Cell: c.Cell, ProgrammeVersion: 1, Office: office, Listing: severity == "major"}
		if dice == 0 {
			filed.Cell = grid.CellCode(m.sites[m.rng.IntN(len(m.sites))])
		}
		events := []hazard.Event{filed}
		if filed.Listing {
			events = append(events, hazard.Escalated{Stamp: st, To: district, Level: 1, Reason: "重大隐患", Stage: "listing", Automatic: true})
		}
		m.happen(id, events...)
	case hazard.StateFiled:
		if dice == 0 {
			m.happen(id, hazard.Voided{Stamp: st, Reason: "不属实", Level: 3, Cell: office.Cell})
			return
		}
		m.happen(id, hazard.Dispatched{Stamp: st, To: holder, Office: office.Cell, Instruction: "限期整改"})
	case hazard.StateDispatched:
		if dice == 0 {
			m.happen(id, hazard.Returned{Stamp: st, Reason: "不属本片区", Office: office})
			return
		}
		m.happen(id, hazard.Accepted{Stamp: st, Holder: holder})
	case hazard.StateRectifying:
		m.happen(id, hazard.Rectified{Stamp: m.stamp(holder.Person), Measures: "已清理通道并张贴警示标识", PerformedBy: personal.Party{Person: holder.Person}, Holder: holder})
	case hazard.StateRectified:
		switch {
		case dice < 2:
			m.happen(id, hazard.Checked{Stamp: st, Result: "failed", Holder: &holder})
		case c.Passed:
			m.happen(id, hazard.Closed{Stamp: st, Rating: "good", Office: office.Cell})
		default:
			m.happen(id, hazard.Checked{Stamp: st, Result: "passed"})
		}
	case hazard.StateClosed:
		m.happen(id, hazard.Reopened{Stamp: st, Reason: "复发", Round: c.Round + 1, To: hazard.StateRectifying, Holder: &holder})
	case hazard.StateVoided:
		m.happen(id, hazard.Reopened{Stamp: st, Reason: "复核", Round: c.Round + 1, To: hazard.StateReported, Holder: office})
	}
}

// aside is something beside the road.
func (m *mix) aside(c hazard.Case, st hazard.Stamp) []hazard.Event {
	top := grid.CellCode(district)
	switch m.rng.IntN(6) {
	case 0:
		return []hazard.Event{hazard.Escalated{Stamp: st, To: c.Cell.AtLevel(2), Level: 2, Reason: "力量不足"}}
	case 1:
		if c.Escalation != nil {
			return []hazard.Event{hazard.EscalationAcknowledged{Stamp: st, Cell: c.Escalation.Cell, Instruction: "照办"}}
		}
		return []hazard.Event{hazard.Noted{Stamp: st, Text: personal.Of(c.ID, "备注")}}
	case 2:
		return []hazard.Event{hazard.Supervised{Stamp: st, Measure: "listed", Level: 1, Cell: top, Plan: &hazard.Plan{Deadline: m.now.AddDate(0, 1, 0)}}}
	case 3:
		return []hazard.Event{hazard.SupervisionLifted{Stamp: st, Measure: "listed", Cell: top}}
	case 4:
		return []hazard.Event{hazard.Transferred{Stamp: st, Authority: "消防救援大队", DocumentNo: fmt.Sprint(m.next), Cell: top},
			hazard.TransferReplied{Stamp: st, DocumentNo: "B", Outcome: "已受理"}}
	default:
		return []hazard.Event{hazard.Reclassified{Stamp: st, Item: "wiring", Severity: "serious", Reason: "变化"}}
	}
}
