package patrol

import (
	"cmp"
	"maps"
	"slices"

	"gridward/domain/grid"
)

// target is what a rule asks its count of, once in each period.
type target struct {
	post   grid.CellCode // the cell that carries the duty
	cell   grid.CellCode // the line's: the post's, or the premises
	duty   grid.Duty     // per holder: whose; its ID is empty for the vacancy of the post
	tenure tenure
}

// targets gives what the rule asks its count of, in order.
func (c *Count) targets() []target {
	if c.rule.Per == PerHolder {
		return c.holders()
	}
	var out []target
	for _, cell := range slices.Sorted(maps.Keys(c.ground.posts)) {
		if !c.carries(cell) || !slices.ContainsFunc(c.ground.posts[cell], c.meant) {
			continue
		}
		t := c.ground.ofPost(c.rule.Role, cell, c.on)
		if c.rule.Per != PerPremises {
			out = append(out, target{post: cell, cell: cell, tenure: t})
			continue
		}
		for _, site := range c.ground.below(cell) {
			out = append(out, target{post: cell, cell: site, tenure: t.within(c.ground.cells[site].Life, c.on)})
		}
	}
	return out
}

// carries reports whether the rule asks of posts at that cell's level.
func (c *Count) carries(cell grid.CellCode) bool { return cell.Level() == c.rule.Level }

// meant reports whether a duty is of the rule's role and begins before the days asked about are over.
func (c *Count) meant(d grid.Duty) bool {
	return matches(c.rule.Role, d.Role, d.ActsAs) && d.From.Before(c.on[c.on.count()])
}

// holders gives each duty of the role by itself, and each post for the time it was vacant. A duty over several cells
// is one: it is told at the first of them.
func (c *Count) holders() []target {
	var out []target
	posts := map[grid.CellCode]bool{}
	for _, d := range c.ground.Duties {
		i := slices.IndexFunc(d.Cells, c.carries)
		if i < 0 || !c.meant(d) {
			continue
		}
		cell := d.Cells[i]
		out = append(out, target{post: cell, cell: cell, duty: d, tenure: c.ground.ofDuty(d, c.on)})
		if posts[cell] {
			continue
		}
		posts[cell] = true
		if t, ok := c.ground.ofPost(c.rule.Role, cell, c.on).vacant(c.on); ok {
			out = append(out, target{post: cell, cell: cell, tenure: t})
		}
	}
	slices.SortFunc(out, func(a, b target) int {
		return cmp.Or(cmp.Compare(a.cell, b.cell), a.duty.From.Compare(b.duty.From), cmp.Compare(a.duty.ID, b.duty.ID))
	})
	return out
}
