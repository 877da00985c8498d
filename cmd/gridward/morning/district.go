package morning

import (
	"fmt"
	"math/rand/v2"
)

// The district, invented: so many streets, and below each level so many of the next.
const (
	districtCode = "410199"

	communities = 5 // of a street
	areas       = 3 // of a community
	sites       = 5 // of an area
)

// line is a line of supervision as the morning plays it: who does what in it. All but code and roles is read from the
// service.
type line struct {
	code   string
	parts  int // how often it comes, beside the others
	heads  map[int]string
	files  string // at the community
	closes string // likewise
	holds  string // at the area: who is given the cases there
	checks string // at the area
	walks  string // at the area: who goes on patrol
	at     int    // the level that is patrolled: 4 or 5
	more   map[int][]string

	checklist []string
	catalogue []item
}

// theLines are the lines of the morning. Everybody of the programmes has a post: the fire programme has one of each role.
func theLines() []*line {
	return []*line{
		{code: "fire", parts: 6, at: 5, files: "room_head", closes: "room_head", holds: "group_head", checks: "officer", walks: "officer",
			heads: map[int]string{1: "safety_committee_director", 2: "station_head", 3: "room_head"},
			more:  map[int][]string{1: {"sponsor", "brigade_inspector"}, 3: {"police_officer"}, 5: {"building_head"}}},
		{code: "market", parts: 2, at: 5, files: "area_head", closes: "area_head", holds: "section_lead", checks: "section_assistant", walks: "section_lead",
			heads: map[int]string{1: "bureau_head", 3: "area_head"}, more: map[int][]string{1: {"assessor"}}},
		{code: "urban", parts: 2, at: 4, files: "operator", closes: "community_head", holds: "unit_head", checks: "acquisition_officer", walks: "acquisition_officer",
			heads: map[int]string{1: "centre_head", 2: "street_head", 3: "community_head"}, more: map[int][]string{4: {"enforcement_officer"}}},
	}
}

// rolesAt gives the line's roles at a level, each once.
func (l *line) rolesAt(level int) []string {
	var some []string
	if head := l.heads[level]; head != "" {
		some = append(some, head)
	}
	switch level {
	case 3:
		some = append(some, l.files, l.closes)
	case 4:
		some = append(some, l.holds, l.checks, l.walks)
	}
	seen, roles := map[string]bool{}, []string(nil)
	for _, role := range append(some, l.more[level]...) {
		if !seen[role] {
			seen[role] = true
			roles = append(roles, role)
		}
	}
	return roles
}

// cell is one of the grid.
type cell struct {
	code, parent, name string
	level              int
}

// post is a role at a cell with the person who holds it.
type post struct{ programme, role, cell, person string }

// area is where patrols and cases are.
type area struct {
	code, community string
	sites           []string
}

// district is the grid and who is in it.
type district struct {
	cells []cell
	areas []area
	posts []post
	heads map[int][]string // cells by level, for their heads
	held  map[post]string  // the person by the rest
}

// layOut draws the district up. Each post is held by a person of its own.
func layOut(streets int, source *rand.ChaCha8) *district {
	d := &district{heads: map[int][]string{}, held: map[post]string{}}
	d.add(districtCode, "", "演练区")
	for s := range streets {
		street := d.add(fmt.Sprintf("%s%03d", districtCode, s+1), districtCode, fmt.Sprintf("第%d街道", s+1))
		for c := range communities {
			community := d.add(fmt.Sprintf("%s%03d", street, c+1), street, fmt.Sprintf("第%d社区", c+1))
			for a := range areas {
				code := d.add(fmt.Sprintf("%s%03d", community, a+1), community, fmt.Sprintf("第%d片区", a+1))
				here := area{code: code, community: community}
				for n := range sites {
					here.sites = append(here.sites, d.add(fmt.Sprintf("%s%04d", code, n+1), code, fmt.Sprintf("%d号楼院", n+1)))
				}
				d.areas = append(d.areas, here)
			}
		}
	}
	for _, l := range theLines() {
		for _, c := range d.cells {
			for _, role := range l.rolesAt(c.level) {
				p := post{programme: l.code, role: role, cell: c.code}
				d.held[p] = newID(source)
				p.person = d.held[p]
				d.posts = append(d.posts, p)
			}
		}
	}
	return d
}

func (d *district) add(code, parent, name string) string {
	level := map[int]int{6: 1, 9: 2, 12: 3, 15: 4, 19: 5}[len(code)]
	d.cells = append(d.cells, cell{code: code, parent: parent, name: name, level: level})
	d.heads[level] = append(d.heads[level], code)
	return code
}

// who holds the role of the line at the cell.
func (d *district) who(l *line, role, cell string) string {
	return d.held[post{programme: l.code, role: role, cell: cell}]
}
