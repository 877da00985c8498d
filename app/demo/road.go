package demo

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"gridward/app"
	"gridward/domain/calendar"
	"gridward/domain/evidence"
	"gridward/domain/grid"
	"gridward/domain/hazard"
	"gridward/domain/inspection"
	"gridward/domain/programme"
)

// road is the way of one case as it is drawn: where it stands, and until when it is drawn.
type road struct {
	p    *plan
	r    *rand.Rand
	play func(*road)
	spot bool // rectified when it was found
	told bool // a tale: everything at the minute it says

	id, programme string
	item          programme.Item
	severity      string
	cell          *place
	t             time.Time // of the next command, and then of the last
	last          time.Time // of the one before
	first         string    // first contact

	holder     *place // who has it, or had it when it was rectified
	department string
	dispatched int // level of the office that dispatched
	performer  string
	recorder   string
	onList     bool
}

// severities are dealt in this order, so that each kind comes early and often enough.
var severities = []string{programme.Minor, programme.Serious, programme.Major, programme.Minor, programme.Minor, programme.Minor, programme.Serious,
	programme.Minor, programme.Minor, programme.Serious, programme.Minor, programme.Minor, programme.Minor, programme.Serious, programme.Minor,
	programme.Minor, programme.Minor, programme.Serious, programme.Minor, programme.Minor, programme.Minor, programme.Serious, programme.Minor}

// newRoad draws a hazard of a programme at a place.
func (p *plan) newRoad(r *rand.Rand, programmeCode string, c *place) *road {
	n := p.dealt[programmeCode]
	p.dealt[programmeCode]++
	road := &road{p: p, r: r, id: p.nextID("case"), programme: programmeCode, cell: c}
	road.item = p.item(r, programmeCode, severities[n%len(severities)])
	road.severity = road.item.Severity
	return road
}

// item draws one of the catalogue's items of the severity, or of any where the programme has none.
func (p *plan) item(r *rand.Rand, programmeCode, severity string) programme.Item {
	var some []programme.Item
	for _, it := range p.programmes[programmeCode].Catalogue {
		if it.Severity == severity {
			some = append(some, it)
		}
	}
	if len(some) == 0 {
		some = p.programmes[programmeCode].Catalogue
	}
	return pick(r, some)
}

// find draws what a patrol finds, and which road it goes.
func (p *plan) find(r *rand.Rand, t patrol) *road {
	road := p.newRoad(r, t.programme, t.cell)
	road.first = t.officer
	if road.severity != programme.Major && chance(r, 0.12) {
		road.spot, road.play = true, onTheSpot
		return road
	}
	road.play = p.deal(t.programme+"/"+road.severity, cardsFor(t.programme, road.severity))
	return road
}

// walk draws the road.
func (c *road) walk(from time.Time) {
	c.t, c.last = from, from
	c.play(c)
}

// wait lets time pass until the next command, into office hours.
func (c *road) wait(least, most time.Duration) {
	c.t = c.p.office(c.r, c.t.Add(between(c.r, least, most)))
}

// within lets time pass until a stage's end; now and then its limit passes first.
func (c *road) within(stage string, least, most time.Duration) {
	span, urgent := c.limit(stage)
	switch late := chance(c.r, 0.06); {
	case !late || span == 0:
		c.prompt(stage, least, most)
	case urgent:
		c.t = c.t.Add(between(c.r, span*11/10, span*16/10))
	default:
		c.wait(span*11/10, span*18/10)
	}
}

// prompt lets time pass until what is done well within a stage's limit. What is urgent is done at any hour.
func (c *road) prompt(stage string, least, most time.Duration) {
	switch span, urgent := c.limit(stage); {
	case urgent:
		c.t = c.t.Add(between(c.r, span/10, span*8/10))
	case span > 0 && span <= most:
		c.wait(min(least, span/10), span*8/10)
	default:
		c.wait(least, most)
	}
}

// limit is how long a stage's limit lasts by the clock, about, 0 where it has none; urgent says that it runs at any
// hour, and is short.
func (c *road) limit(stage string) (span time.Duration, urgent bool) {
	l, has := c.item.LimitsFor(c.severity, "")[stage]
	if !has {
		return 0, false
	}
	kind, span := l.Time()
	if kind == calendar.Working && span >= workday {
		return span * (day / workday), false
	}
	return span, kind == calendar.Clock && span < day
}

const (
	soon  = time.Hour
	later = 6 * time.Hour
	day   = 24 * time.Hour

	workday = 8 * time.Hour
)

// do puts one command on the case into the script. Now and then a phone was offline and sends it some time later.
func (c *road) do(person string, cmd hazard.Command) {
	n := len(c.p.steps)
	c.p.add(c.t, person, fmt.Sprintf("%T of case %s", cmd, c.id), onCase(c.id, cmd))
	if late := minutes(c.r, 5, 40); len(c.p.steps) > n && chance(c.r, 0.04) && !c.told && c.t.Add(-late).After(c.last) {
		c.p.steps[n].by.OccurredAt = c.t.Add(-late)
	}
	c.last = c.t
}

// refused puts a command on the case into the script that is there to be refused.
func (c *road) refused(code, person string, cmd hazard.Command) {
	c.p.refuse(code, c.t, person, fmt.Sprintf("%T of case %s", cmd, c.id), onCase(c.id, cmd))
}

func onCase(id string, cmd hazard.Command) action {
	return func(ctx context.Context, a *app.App, by app.By) (app.Receipt, error) { return a.Case(ctx, by, id, cmd) }
}

// office is who acts for the nearest office at that level or above over the case.
func (c *road) office(level int) string {
	_, person := c.p.grid.officeOver(c.programme, c.cell, level, c.t)
	return person
}

// officeLevel is where the programme files and dispatches.
func (c *road) officeLevel() int {
	if l := c.p.programmes[c.programme].OfficeLevel; l > 0 {
		return l
	}
	return grid.Community
}

// listing reports whether a major case awaits its listing.
func (c *road) listing() bool {
	_, has := c.item.LimitsFor(c.severity, "")[programme.StageListing]
	return has && c.severity == programme.Major
}

// file files the case, and knows where the programme sends it by itself.
func (c *road) file() {
	c.within(programme.StageFiling, 10*time.Minute, 4*soon)
	c.fileNow()
}

// fileNow files it there and then.
func (c *road) fileNow() {
	cmd := hazard.File{Item: c.item.Item}
	if programme.SeverityRank(c.severity) > programme.SeverityRank(c.item.Severity) {
		cmd.Severity, cmd.Reason = c.severity, "现场情况较重,提级办理。"
	}
	c.do(c.office(c.officeLevel()), cmd)
	at, _ := c.p.grid.officeOver(c.programme, c.cell, c.officeLevel(), c.t)
	c.dispatched = at.level()
	if to := c.item.DispatchTo; to != nil && to.Level > 0 && !c.listing() {
		c.holder = c.cell.at(to.Level)
	}
}

// ready sees to it that the case is dispatched: by itself, or by its office to whoever it is for.
func (c *road) ready() {
	if c.holder == nil && c.department == "" {
		c.dispatch(c.usual(), "")
	}
}

// usual is the cell that usually gets a case: the area over it, the place itself, or its street.
func (c *road) usual() *place {
	at := c.cell
	if at.level() == grid.Site {
		at = at.up
	}
	return at
}

// dispatch gives the case to a cell or a department.
func (c *road) dispatch(to *place, department string) {
	c.within(programme.StageDispatch, 20*time.Minute, 2*soon)
	at, person := c.p.grid.officeOver(c.programme, c.cell, c.officeLevel(), c.t)
	c.dispatchBy(person, at, to, department)
}

func (c *road) dispatchBy(person string, at, to *place, department string) {
	cmd := hazard.Dispatch{Department: department, Instruction: pick(c.r, instructions)}
	if to != nil {
		cmd.Cell = to.code
	} else {
		cmd.Assisting = []hazard.Target{{Cell: c.usual().code}}
	}
	if own, has := c.item.LimitsFor(c.severity, "")[programme.StageRectification]; c.item.SetOnDispatch || has && own.N > 1 && chance(c.r, 0.2) {
		cmd.Limit = &programme.Limit{N: max(1, own.N-1), Unit: own.Unit}
	}
	c.do(person, cmd)
	c.holder, c.department, c.dispatched = to, department, at.level()
}

// answers is who answers for the case's holder.
func (c *road) answers() string {
	if c.department != "" {
		return c.p.grid.desk(c.programme, c.department, c.t)
	}
	if person := c.p.grid.who(c.programme, c.holder, c.t, anyRole...); person != "" {
		return person
	}
	_, person := c.p.grid.officeOver(c.programme, c.holder, grid.Site, c.t)
	return person
}

func (c *road) accept() {
	c.within(programme.StageAcceptance, 20*time.Minute, 4*soon)
	c.do(c.answers(), hazard.Accept{})
}

// rectify removes the hazard, by the holder's own hand or by an owner or contractor it names.
func (c *road) rectify() {
	c.within(programme.StageRectification, later/2, 2*day)
	c.rectifyNow()
}

// rectifyNow says there and then that it was removed.
func (c *road) rectifyNow() {
	cmd := hazard.Rectify{Measures: pick(c.r, rectifications)}
	if c.item.EvidenceRequired || chance(c.r, 0.5) {
		cmd.Evidence = []evidence.File{c.p.photo(c.r, evidence.Before), c.p.photo(c.r, evidence.After)}
	}
	c.recorder, c.performer = c.answers(), c.answers()
	if chance(c.r, 0.5) {
		cmd.PerformedBy = personName(c.r)
		c.performer = ""
	}
	c.do(c.recorder, cmd)
}

// checker is who looks: somebody in scope who neither performed nor recorded it.
func (c *road) checker() string {
	for at := c.cell; at != nil; at = at.up {
		for _, role := range []string{grid.RoleOfficer, grid.RoleAssistant, grid.RoleSupervisor, grid.RoleChief} {
			person := c.p.grid.who(c.programme, at, c.t, role)
			if person != "" && person != c.performer && person != c.recorder && person != c.first {
				return person
			}
		}
	}
	return c.office(grid.District)
}

func (c *road) check(result string) {
	c.within(programme.StageCheck, 2*soon, day)
	c.checkNow(result)
}

// checkNow checks it there and then.
func (c *road) checkNow(result string) {
	note := pick(c.r, checkNotes)
	if result == hazard.Failed {
		note = pick(c.r, failNotes)
	}
	person := c.checker()
	if !c.told && chance(c.r, 0.2) && !c.cell.gone(c.t) { // the look is a patrol of its own
		c.p.log(c.r, patrol{programme: c.programme, cell: c.cell, officer: person, kind: inspection.Recheck,
			from: c.t.Add(-time.Hour), lasts: minutes(c.r, 10, 30)})
	}
	c.do(person, hazard.Check{Result: result, Note: note})
}

// closer is who may close: above the cell that rectified, or the office that dispatched to a department.
func (c *road) closer() string {
	over, level := c.cell, c.dispatched
	if c.department == "" {
		over, level = c.holder, max(c.holder.level()-1, grid.District)
	}
	_, person := c.p.grid.officeOver(c.programme, over, level, c.t, c.performer, c.recorder)
	return person
}

func (c *road) close() {
	c.within(programme.StageClosure, soon, day)
	c.closeNow()
}

// closeNow closes it there and then.
func (c *road) closeNow() {
	rating := pick(c.r, []string{"good", "good", "good", "fair", "fair", "average", "poor"})
	c.do(c.closer(), hazard.Close{Rating: rating, Note: pick(c.r, closeNotes)})
}

// finish is the plain end of a road: accept, rectify, check, close.
func (c *road) finish() {
	c.ready()
	c.accept()
	c.rectify()
	c.check(hazard.Passed)
	c.close()
}
