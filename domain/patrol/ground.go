package patrol

import (
	"cmp"
	"slices"
	"sort"
	"time"

	"gridward/domain/grid"
)

// Ground is what is known of a programme where it is asked about: every duty ever given there and above, the cells
// that left the grid or have a class, the premises, and what was done. It is made ready when it is first asked, so it
// is not changed afterwards, nor shared before.
type Ground struct {
	Duties []grid.Duty // each once, over however many cells it is
	Cells  []Cell
	Deeds  []Deed

	posts map[grid.CellCode][]grid.Duty // by when they began
	cells map[grid.CellCode]Cell
	sites []grid.CellCode // in order
}

// index makes the ground searchable, once.
func (g *Ground) index() {
	if g.posts != nil {
		return
	}
	g.posts = make(map[grid.CellCode][]grid.Duty, len(g.Duties))
	for _, d := range g.Duties {
		for _, c := range d.Cells {
			g.posts[c] = append(g.posts[c], d)
		}
	}
	for _, held := range g.posts {
		slices.SortFunc(held, func(a, b grid.Duty) int { return cmp.Or(a.From.Compare(b.From), cmp.Compare(a.ID, b.ID)) })
	}
	g.cells = make(map[grid.CellCode]Cell, len(g.Cells))
	for _, c := range g.Cells {
		g.cells[c.Code] = c
		if c.Code.Level() == grid.Site {
			g.sites = append(g.sites, c.Code)
		}
	}
	slices.Sort(g.sites)
}

// below gives the premises in a cell, itself included.
func (g *Ground) below(cell grid.CellCode) []grid.CellCode {
	from := sort.Search(len(g.sites), func(i int) bool { return g.sites[i] >= cell })
	to := from
	for to < len(g.sites) && cell.Contains(g.sites[to]) {
		to++
	}
	return g.sites[from:to]
}

// given gives the duties of a role that were ever given on a cell, in order.
func (g *Ground) given(role string, cell grid.CellCode) grid.Duties {
	var out grid.Duties
	for _, d := range g.posts[cell] {
		if matches(role, d.Role, d.ActsAs) {
			out = append(out, d)
		}
	}
	return out
}

// inCharge is who stands for the office in charge of the first of the cells, which lead upward.
func (g *Ground) inCharge(up []grid.CellCode, at time.Time) (grid.Duty, bool) {
	for _, c := range up {
		post := grid.Post{Cell: c}
		for _, d := range g.posts[c] {
			if d.Office() && d.ActiveAt(at) {
				post.Held = append(post.Held, d)
			}
		}
		if d, ok := post.Face(); ok {
			d.Cells = []grid.CellCode{c} // the place it acts for here
			return d, true
		}
	}
	return grid.Duty{}, false
}
