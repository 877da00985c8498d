package demo

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"time"

	"gridward/domain/evidence"
	"gridward/domain/grid"
	"gridward/domain/inspection"
)

// clock is an instant of a day, from hour:minute on, within so much time.
func (p *plan) clock(r *rand.Rand, day, hour, minute int, within time.Duration) time.Time {
	return p.day(day).Add(time.Duration(hour)*time.Hour + time.Duration(minute)*time.Minute).Add(between(r, 0, within))
}

// minutes is a length of time.
func minutes(r *rand.Rand, least, most int) time.Duration {
	return between(r, time.Duration(least)*time.Minute, time.Duration(most)*time.Minute)
}

// firePatrols are an area's: one a day, one a week by night, and the self-checks of its sites. Now and then nobody
// goes.
func (p *plan) firePatrols(day, n int, area *place) {
	r := p.rand(fmt.Sprintf("fire/%s/%d", area.code, day))
	at := p.clock(r, day, 8, 30, 7*time.Hour)
	t := patrol{programme: fire, cell: area, officer: p.grid.who(fire, area, at, grid.RoleOfficer), kind: inspection.Routine,
		from: at, lasts: minutes(r, 20, 70), finds: 0.25}
	if chance(r, 0.4) {
		t.others = []string{p.grid.who(fire, area, at, grid.RoleChief), personName(r)}
	}
	if !area.absent[day] && !chance(r, 0.015) {
		p.log(r, t)
	}
	if (day+n)%7 == 3 && !area.absent[day] {
		t.from, t.lasts, t.others = p.clock(r, day, 20, 30, 80*time.Minute), minutes(r, 30, 60), nil
		p.log(r, t)
	}
	for _, site := range area.below {
		at := p.clock(r, day, 8, 0, 50*time.Minute)
		if !p.checksItself(site) || site.gone(at) || chance(r, 0.02) {
			continue
		}
		p.log(r, patrol{programme: fire, cell: site, officer: p.grid.who(fire, site, at, grid.RoleChief), kind: inspection.SelfCheck,
			from: at, lasts: minutes(r, 5, 15), finds: 0.02})
	}
}

// checksItself reports whether a site's head records the daily self-check. In a district of thousands only businesses
// do; in the small one everybody, so that what is missing stands out.
func (p *plan) checksItself(site *place) bool { return site.kind.checks || p.o.Scale == Small }

// communityPatrols are those of a community's officer, who sees every site once a month, a walk through an area at
// a time, and of its police officer, who comes once a week.
func (p *plan) communityPatrols(day, n int, c *place) {
	r := p.rand(fmt.Sprintf("community/%s/%d", c.code, day))
	for k, area := range c.below {
		if !p.turn(day, n*3+k*11) {
			continue
		}
		at, walk := p.clock(r, day, 9, 0, 2*time.Hour), p.nextID("walk")
		for _, site := range area.below {
			if site.gone(at) {
				continue
			}
			t := patrol{programme: fire, cell: site, officer: p.grid.who(fire, c, at, grid.RoleOfficer), kind: inspection.Routine,
				walk: walk, from: at, lasts: minutes(r, 8, 20), finds: 0.25, others: []string{p.grid.who(fire, site, at, grid.RoleChief)}}
			p.log(r, t)
			at = at.Add(t.lasts).Add(minutes(r, 2, 6))
		}
	}
	if (day+n)%7 == 1 {
		at := p.clock(r, day, 14, 30, 2*time.Hour)
		p.log(r, patrol{programme: fire, cell: c, officer: p.grid.who(fire, c, at, grid.RoleSupervisor), kind: inspection.Routine, from: at,
			lasts: minutes(r, 30, 90), others: []string{p.grid.who(fire, c, at, grid.RoleOfficer)}})
	}
}

// marketPatrols are those of a community's lead and assistant, by credit class.
func (p *plan) marketPatrols(day, n int, c *place) {
	r := p.rand(fmt.Sprintf("market/%s/%d", c.code, day))
	at := p.clock(r, day, 9, 0, 30*time.Minute)
	m := p.monthOf(day)
	half, i := m.days/2, n
	for k, area := range c.below {
		lead, assistant := p.grid.who(market, area, at, grid.RoleLead), p.grid.who(market, area, at, grid.RoleAssistant)
		for _, site := range area.below {
			i++
			first := m.first + (i*7)%half
			due := day == first && (site.credit == "C" || site.credit == "D" || m.first == 0 && (site.credit == "B" && i%3 == 0 || site.credit == "A" && i%6 == 0))
			if site.credit == "D" && day == first+half {
				due = true
			}
			if !due || site.gone(at) {
				continue
			}
			t := patrol{programme: market, cell: site, officer: lead, others: []string{assistant}, kind: inspection.Routine, from: at,
				lasts: minutes(r, 20, 40), finds: 0.4}
			p.log(r, t)
			at = at.Add(t.lasts).Add(minutes(r, 5, 15))
		}
		if p.turn(day, n+k*3) { // the section looks at itself once a month
			p.log(r, patrol{programme: market, cell: area, officer: lead, others: []string{assistant}, kind: inspection.SelfCheck,
				from: p.clock(r, day, 16, 0, time.Hour), lasts: minutes(r, 30, 60)})
		}
	}
}

// waterPatrols are those of the irrigation districts' inspectors and heads, and of the brigade.
func (p *plan) waterPatrols(day int) {
	r, g := p.rand(fmt.Sprintf("water/%d", day)), p.grid
	for n, s := range g.suburban {
		c := s.below[(day+n)%len(s.below)]
		at := p.clock(r, day, 9, 0, 5*time.Hour)
		inspector, head := g.who(water, s, at, grid.RoleOfficer), g.who(water, s, at, grid.RoleChief)
		t := patrol{programme: water, cell: c, officer: inspector, kind: inspection.Routine, from: at, lasts: minutes(r, 40, 120), finds: 0.5,
			others: []string{g.who(water, c, at, grid.RoleChief)}}
		switch {
		case s.absent[day]:
		case (day+n)%10 == 7:
			t.from, t.finds = p.clock(r, day, 20, 30, time.Hour), 0.3
			p.log(r, t)
		case (day+n)%5 == 2:
			p.log(r, t)
		case (day+n)%9 == 4:
			t.officer, t.others = head, []string{inspector}
			p.log(r, t)
		}
		with := []string{head, inspector}
		if s.absent[day] {
			with = with[:1]
		}
		if (day+n*3)%14 == 6 {
			brigade := g.all(water, g.top, at, grid.RoleSupervisor)
			p.log(r, patrol{programme: water, cell: s, officer: brigade[(n+day/14)%len(brigade)], others: with,
				kind: inspection.Routine, from: at.Add(time.Hour), lasts: minutes(r, 60, 150)})
		}
	}
}

// secondThoughts amend and void an inspection now and then.
func (p *plan) secondThoughts(r *rand.Rand, id string, t patrol, sent time.Time) {
	switch x := r.IntN(400); {
	case x < 4:
		content := pick(r, contents[t.programme]) + "(补充更正)"
		p.amend(sent.Add(minutes(r, 30, 300)), id, t.officer, inspection.Amend{Reason: "补充巡查内容。", Content: &content})
	case x == 4:
		p.void(sent.Add(minutes(r, 30, 300)), id, t.officer, inspection.Void{Reason: "误操作重复上传。"})
	}
}

// photo is one photograph as a phone would send it.
func (p *plan) photo(r *rand.Rand, phase string) evidence.File {
	var hash strings.Builder
	for range 4 {
		fmt.Fprintf(&hash, "%016x", r.Uint64())
	}
	return evidence.File{SHA256: hash.String(), MediaType: "image/jpeg", Size: 80_000 + r.Int64N(2_000_000), Phase: phase}
}

// location is somewhere in the district.
func (p *plan) location(r *rand.Rand) *evidence.Location {
	return &evidence.Location{Lon: float64(113_660_000+r.IntN(120_000)) / 1e6, Lat: float64(34_660_000+r.IntN(90_000)) / 1e6,
		AccuracyM: float64(3 + r.IntN(25))}
}
