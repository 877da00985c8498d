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

// line is a line of supervision as the morning plays it: who does what in it. Checklist and catalogue are read from the
// service.
type line struct {
	code  string
	parts int              // how often it comes, beside the others
	at    int              // the level that is patrolled: 4 or 5
	files string           // the role that files and dispatches, at the community
	walks string           // the role that goes on patrol, at the area
	roles map[int][]string // by level; the first is the head there, and the second of an area checks what the first rectified

	checklist []string
	catalogue []item
}

func (l *line) closes() string { return l.roles[3][0] }
func (l *line) holds() string  { return l.roles[4][0] }
func (l *line) checks() string { return l.roles[4][1] }

// theLines are the lines of the morning, with every role of their programmes.
func theLines() []*line {
	return []*line{
		{code: "fire", parts: 6, at: 5, files: "room_head", walks: "officer", roles: map[int][]string{
			1: {"safety_committee_director", "sponsor", "brigade_inspector"}, 2: {"station_head"}, 3: {"room_head", "police_officer"},
			4: {"group_head", "officer"}, 5: {"building_head"}}},
		{code: "market", parts: 2, at: 5, files: "area_head", walks: "section_lead", roles: map[int][]string{
			1: {"bureau_head", "assessor"}, 3: {"area_head"}, 4: {"section_lead", "section_assistant"}}},
		{code: "urban", parts: 2, at: 4, files: "operator", walks: "acquisition_officer", roles: map[int][]string{
			1: {"centre_head"}, 2: {"street_head"}, 3: {"community_head", "operator"}, 4: {"unit_head", "acquisition_officer", "enforcement_officer"}}},
	}
}

// cell is one of the grid.
type cell struct {
	code, parent, name string
	level              int
}

// post is a role at a cell.
type post struct{ programme, role, cell string }

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
	level map[int][]string // the cells of each
	held  map[post]string  // who holds them
}

// layOut draws the district up. Each post is held by a person of its own.
func layOut(streets int, source *rand.ChaCha8) *district {
	d := &district{level: map[int][]string{}, held: map[post]string{}}
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
			for _, role := range l.roles[c.level] {
				p := post{l.code, role, c.code}
				d.held[p] = newID(source)
				d.posts = append(d.posts, p)
			}
		}
	}
	return d
}

func (d *district) add(code, parent, name string) string {
	level := map[int]int{6: 1, 9: 2, 12: 3, 15: 4, 19: 5}[len(code)]
	d.cells = append(d.cells, cell{code: code, parent: parent, name: name, level: level})
	d.level[level] = append(d.level[level], code)
	return code
}

// who holds the role of the line at the cell.
func (d *district) who(l *line, role, cell string) string {
	return d.held[post{l.code, role, cell}]
}
