package demo

import (
	"time"

	"gridward/domain/grid"
	"gridward/domain/hazard"
	"gridward/domain/inspection"
	"gridward/domain/programme"
)

// What becomes of patrols that nobody made, or told late.

// drawHandovers draws who follows whom. They come before everything else that is drawn of the days of work, which asks
// who holds a post then.
func (p *plan) drawHandovers() {
	r := p.rand("chiefs")
	for n, a := range p.grid.areas {
		if n%12 == 1 {
			p.handOver(r, fire, "group_head", grid.RoleChief, a, 8+n%(p.o.Days-10))
		}
	}
	p.taleOfHandingOver(p.area(2))
}

// drawDutyTales draws the tales of patrol duty. They only say what is different there: the rounds (rounds.go) go on.
func (p *plan) drawDutyTales() {
	p.taleOfMissedPatrols(p.area(5))
	p.taleOfTheLateWeek(p.area(6))
	p.taleOfTheCanal()
}

// away has a place's officer stay away on some days.
func (c *place) away(from, to int) {
	if c.absent == nil {
		c.absent = map[int]bool{}
	}
	for day := from; day < to; day++ {
		c.absent[day] = true
	}
}

// taleOfHandingOver: in the middle of the month an area gets another officer, who misses nothing, while the old one
// missed a patrol two days before. An irrigation street gets another inspector the same day: the month's five patrols
// are shared by days, two and three, and the new one, who is away for the first week, does not make three.
func (p *plan) taleOfHandingOver(area *place) {
	r := p.rand("handing over")
	day := min(p.months()[0].days/2, p.o.Days-4)
	area.away(day-2, day-1)
	p.handOver(r, fire, grid.RoleOfficer, grid.RoleOfficer, area, day)
	street := p.grid.suburban[2]
	p.handOver(r, water, "inspector", grid.RoleOfficer, street, day)
	street.away(day, day+8)
}

// taleOfMissedPatrols: an area's officer stays away for three days. On the fourth the officer goes again and finds
// what nobody saw meanwhile: who missed the patrol of the day before stands beside the case.
func (p *plan) taleOfMissedPatrols(area *place) {
	r := p.rand("missed patrols")
	day := p.workdayFrom(8)
	area.away(day-3, day+1)
	at := p.clock(r, day, 9, 0, 30*time.Minute)
	officer := p.grid.who(fire, area, at, grid.RoleOfficer)
	c := p.found(patrol{programme: fire, cell: area, officer: officer, kind: inspection.Routine, from: at, lasts: 40 * time.Minute}, programme.Serious)
	c.file()
	c.finish()
}

// found draws a patrol that finds a hazard of a severity.
func (p *plan) found(t patrol, severity string) *road {
	r := p.rand("found/" + t.cell.name)
	id := p.nextID("inspection")
	cmd, _ := p.report(r, t, id)
	c := p.newRoad(r, t.programme, t.cell)
	c.item, c.first = p.item(r, t.programme, severity), t.officer
	c.severity = c.item.Severity
	cmd.Hazards = []inspection.Found{{ID: c.id, Item: c.item.Item, Description: t.cell.name + ":" + c.item.Name + "。"}}
	sent := cmd.EndedAt.Add(5 * time.Minute)
	p.add(sent, t.officer, "log inspection "+id, logInspection(cmd))
	c.t, c.last = sent, sent
	return c
}

// taleOfTheLateWeek: a phone finds no network for a week, from a Monday on. Each day's patrol and the week's night
// patrol are missing until it sends them all on the next Monday; then nothing is.
func (p *plan) taleOfTheLateWeek(area *place) {
	r := p.rand("late week")
	monday := 1
	for p.day(monday).Weekday() != time.Monday {
		monday++
	}
	area.away(monday, monday+7)
	var items []inspection.Log
	for n := range 7 {
		at := p.clock(r, monday+n, 9, 0, 5*time.Hour)
		t := patrol{programme: fire, cell: area, officer: p.grid.who(fire, area, at, grid.RoleOfficer), kind: inspection.Routine, from: at, lasts: minutes(r, 25, 60)}
		cmd, _ := p.report(r, t, p.nextID("inspection"))
		if items = append(items, cmd); n == 3 {
			t.from = p.clock(r, monday+n, 20, 30, time.Hour)
			cmd, _ = p.report(r, t, p.nextID("inspection"))
			items = append(items, cmd)
		}
	}
	sent := p.clock(r, monday+7, 9, 30, 20*time.Minute)
	officer := items[0].Officer
	for n := range items { // one after the other, for the log's order
		p.batch(sent.Add(time.Duration(n)*time.Second), officer, items[n:n+1])
	}
	p.batch(sent.Add(20*time.Second), officer, items)
}

// taleOfTheCanal: a water inspector comes to an irrigation street only in the month's first days. In the next month
// somebody is found to take water there unasked, and it is traced who should have seen it.
func (p *plan) taleOfTheCanal() {
	months := p.months()
	if len(months) < 2 {
		return
	}
	r, street := p.rand("canal"), p.grid.suburban[1]
	street.away(months[0].first+3, months[1].first)
	at := p.clock(r, months[1].first+2, 9, 30, time.Hour)
	c := p.found(patrol{programme: water, cell: street.below[0], officer: p.grid.who(water, street, at, grid.RoleOfficer), kind: inspection.Routine,
		from: at, lasts: time.Hour, others: []string{p.grid.who(water, street, at, grid.RoleChief)}}, programme.Serious)
	c.fileNow()
	c.ready()
	c.accept()
	c.transfer()
	c.rectify()
	c.check(hazard.Passed)
	c.close()
}
