package demo

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"gridward/app"
	"gridward/domain/grid"
)

// post is one duty as the script knows it.
type post struct {
	duty, role, actsAs, person string
	from, to                   time.Time // to is zero while it goes on
}

func (o post) held(at time.Time) bool {
	return !at.Before(o.from) && (o.to.IsZero() || at.Before(o.to))
}

// The departments of the district; a police station is one of its street's.
const (
	brigade      = "fire-brigade"
	waterBrigade = "water-brigade"
	marketBureau = "market-bureau"
)

func policeOf(street *place) string { return "police-" + string(street.code) }

func postKey(programme string, c *place) string { return programme + "/" + string(c.code) }

func deskKey(programme, department string) string { return programme + "/dept/" + department }

// who gives the person who holds a post at the place then, by the first of the roles somebody holds; "" when nobody.
func (g *district) who(programme string, c *place, at time.Time, roles ...string) string {
	if c == nil {
		return ""
	}
	return firstHeld(g.posts[postKey(programme, c)], at, roles)
}

// desk is who, in a department.
func (g *district) desk(programme, department string, at time.Time) string {
	return firstHeld(g.posts[deskKey(programme, department)], at, anyRole)
}

// all gives everybody who holds a role at the place then.
func (g *district) all(programme string, c *place, at time.Time, role string) []string {
	var out []string
	for _, o := range g.posts[postKey(programme, c)] {
		if o.actsAs == role && o.held(at) {
			out = append(out, o.person)
		}
	}
	return out
}

var (
	anyRole    = []string{grid.RoleChief, grid.RoleLead, grid.RoleOfficer, grid.RoleAssistant, grid.RoleSupervisor, grid.RoleSponsor}
	officeRole = []string{grid.RoleChief, grid.RoleSupervisor, grid.RoleSponsor}
)

func firstHeld(posts []post, at time.Time, roles []string) string {
	for _, role := range roles {
		for _, o := range posts {
			if o.actsAs == role && o.held(at) {
				return o.person
			}
		}
	}
	return ""
}

// officeOver gives the nearest office at that level or above over the place, and who acts for it; nobody of those
// barred.
func (g *district) officeOver(programme string, c *place, level int, at time.Time, barred ...string) (*place, string) {
	for ; c != nil; c = c.up {
		if c.level() > level {
			continue
		}
		for _, role := range officeRole {
			if person := g.who(programme, c, at, role); person != "" && !slices.Contains(barred, person) {
				return c, person
			}
		}
	}
	return nil, ""
}

// register makes a person known when the grid is set up.
func (p *plan) register(r *rand.Rand, unit string) string {
	cmd := p.newPerson(r, unit)
	p.arrange("register a person", func(ctx context.Context, a *app.App, by app.By) (app.Receipt, error) {
		return a.RegisterPerson(ctx, by, cmd)
	})
	return cmd.ID
}

func (p *plan) newPerson(r *rand.Rand, unit string) grid.RegisterPerson {
	p.grid.people++
	return grid.RegisterPerson{ID: p.nextID("person"), Name: personName(r), Unit: unit, Phone: phone(p.grid.people)}
}

// give gives a duty on places when the grid is set up; it is held from the first day on.
func (p *plan) give(programme, role, actsAs, person string, places ...*place) {
	cmd := p.newDuty(programme, role, actsAs, person, p.from, places...)
	p.arrange("give a duty at "+string(places[0].code), func(ctx context.Context, a *app.App, by app.By) (app.Receipt, error) {
		return a.GiveDuty(ctx, by, cmd.Cells[0], cmd)
	})
}

// newDuty notes the duty and gives the command for it. A programme that does not know the role by that name has it
// under the name of what it acts as.
func (p *plan) newDuty(programme, role, actsAs, person string, from time.Time, places ...*place) grid.GiveDuty {
	if p.programmes[programme].ActsAs(role) != actsAs {
		role = actsAs
	}
	cmd := grid.GiveDuty{ID: p.nextID("duty"), Programme: programme, Role: role, Person: person, From: from}
	for _, c := range places {
		cmd.Cells = append(cmd.Cells, c.code)
		key := postKey(programme, c)
		p.grid.posts[key] = append(p.grid.posts[key], post{duty: cmd.ID, role: role, actsAs: actsAs, person: person, from: from})
	}
	return cmd
}

// department makes a department known and gives its duties in a programme to some people.
func (p *plan) department(r *rand.Rand, code, name string, at *place, programme, role string, people int) {
	p.grid.departments[code] = at
	made := grid.CreateDepartment{Code: code, Name: name, Cell: at.code}
	p.arrange("create department "+code, func(ctx context.Context, a *app.App, by app.By) (app.Receipt, error) {
		return a.CreateDepartment(ctx, by, made)
	})
	for range people {
		person := p.register(r, name)
		cmd := p.newDuty(programme, role, grid.RoleSupervisor, person, p.from)
		key := deskKey(programme, code)
		p.grid.posts[key] = append(p.grid.posts[key], post{duty: cmd.ID, role: cmd.Role, actsAs: grid.RoleSupervisor, person: person, from: p.from})
		p.arrange("give a duty in "+code, func(ctx context.Context, a *app.App, by app.By) (app.Receipt, error) {
			return a.GiveDepartmentDuty(ctx, by, code, cmd)
		})
	}
}

// drawPeople draws who answers for what.
func (p *plan) drawPeople() {
	r, g := p.rand("people"), p.grid
	p.department(r, brigade, "管城区消防救援大队", g.top, fire, "brigade_inspector", 3)
	p.department(r, waterBrigade, "管城区水政监察大队", g.top, water, "brigade", 3)
	p.department(r, marketBureau, "管城区市场监督管理局", g.top, market, "assessor", 2)
	p.drawTop(r)
	for _, s := range g.streets {
		unit := s.name + "办事处"
		p.give(fire, "station_head", grid.RoleChief, p.register(r, unit), s)
		p.department(r, policeOf(s), s.name+"派出所", s, fire, "police_officer", 1)
	}
	for _, c := range g.communities {
		p.give(fire, "room_head", grid.RoleChief, p.register(r, c.name), c)
	}
	p.drawWaterPeople(r)
	for _, c := range g.detailed {
		p.drawCommunityPeople(r, c)
	}
	p.drawHallPeople(r)
	p.drawCityPeople(r)
}

// drawTop draws the people of the district: two of its safety committee, its leaders with streets of their own,
// and the heads of the bureaus.
func (p *plan) drawTop(r *rand.Rand) {
	g := p.grid
	for range 2 {
		p.give(fire, "safety_committee_director", grid.RoleChief, p.register(r, "管城回族区安全生产委员会"), g.top)
	}
	for streets := range slices.Chunk(g.streets, 5) {
		p.give(fire, grid.RoleSponsor, grid.RoleSponsor, p.register(r, "管城回族区人民政府"), streets...)
	}
	for range 2 {
		p.give(market, "bureau_head", grid.RoleChief, p.register(r, "管城区市场监督管理局"), g.top)
		p.give(water, "brigade", grid.RoleSupervisor, p.register(r, "管城区水政监察大队"), g.top)
	}
	p.give(market, "assessor", grid.RoleSupervisor, p.register(r, "管城区市场监督管理局"), g.top)
}

// drawWaterPeople draws the irrigation districts: each is a duty over several streets, and no division.
func (p *plan) drawWaterPeople(r *rand.Rand) {
	names := []string{"航海灌区管理所", "潮河灌区管理所", "圃田灌区管理所"}
	n := 0
	for streets := range slices.Chunk(p.grid.suburban, 2) {
		unit := names[n%len(names)]
		n++
		p.give(water, "irrigation_head", grid.RoleChief, p.register(r, unit), streets...)
		for _, s := range streets {
			p.give(water, "inspector", grid.RoleOfficer, p.register(r, unit), s)
			for _, c := range s.below {
				p.give(water, grid.RoleChief, grid.RoleChief, p.register(r, c.short()+"用水户协会"), c)
			}
		}
	}
}

// drawCommunityPeople draws the people of one community brought to life.
func (p *plan) drawCommunityPeople(r *rand.Rand, c *place) {
	p.give(fire, grid.RoleOfficer, grid.RoleOfficer, p.register(r, c.name), c)
	p.give(fire, "police_officer", grid.RoleSupervisor, p.register(r, c.up.name+"派出所"), c)
	bureau := c.up.name + "市场监管所"
	p.give(market, "area_head", grid.RoleChief, p.register(r, bureau), c)
	p.give(market, "section_lead", grid.RoleLead, p.register(r, bureau), c.below...)
	p.give(market, "section_assistant", grid.RoleAssistant, p.register(r, bureau), c.below...)
	for _, area := range c.below {
		p.give(fire, "group_head", grid.RoleChief, p.register(r, c.name), area)
		p.give(fire, grid.RoleOfficer, grid.RoleOfficer, p.register(r, c.name), area)
		for _, site := range area.below {
			p.give(fire, "building_head", grid.RoleChief, p.register(r, site.name), site)
		}
	}
}

// handOver has one holder of a post follow another at the beginning of a day.
func (p *plan) handOver(r *rand.Rand, programme, role, actsAs string, c *place, day int) {
	posts, at := p.grid.posts[postKey(programme, c)], p.day(day)
	i := slices.IndexFunc(posts, func(o post) bool { return o.actsAs == actsAs && o.to.IsZero() })
	end := grid.EndDuty{Duty: posts[i].duty, At: at}
	posts[i].to = at
	_, boss := p.grid.officeOver(programme, c.up, c.level()-1, at)
	eve := at.Add(-7 * time.Hour)
	p.add(eve, boss, "end a duty at "+string(c.code), func(ctx context.Context, a *app.App, by app.By) (app.Receipt, error) {
		return a.EndDuty(ctx, by, c.code, end)
	})
	home := c
	if home.level() > grid.Community {
		home = c.at(grid.Community)
	}
	next := p.newPerson(r, home.name)
	next.Cell = home.code
	p.add(eve.Add(time.Minute), boss, "register a person", func(ctx context.Context, a *app.App, by app.By) (app.Receipt, error) {
		return a.RegisterPerson(ctx, by, next)
	})
	duty := p.newDuty(programme, role, actsAs, next.ID, at, c)
	p.add(eve.Add(2*time.Minute), boss, fmt.Sprintf("give a duty at %s", c.code), func(ctx context.Context, a *app.App, by app.By) (app.Receipt, error) {
		return a.GiveDuty(ctx, by, c.code, duty)
	})
}
