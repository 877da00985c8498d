// Package grid knows the cells of the grid, the persons and departments that answer for them, and who holds
// which duty where and when (网格、人员、部门、职责).
//
// A cell's code carries its place: a child's code begins with its parent's, so a subtree is a prefix. Levels 1
// to 3 are the national statistical division codes (GB/T 2260 and the statistical extension).
package grid

import "fmt"

// CellCode is a cell's code: digits only, 6, 9, 12, 15 or 19 of them.
type CellCode string

// The five levels of the grid.
const (
	District  = 1 // 区(县)政府
	Street    = 2 // 街道、乡镇
	Community = 3 // 社区、村
	Area      = 4 // 责任片区
	Site      = 5 // 楼院、单位场所
)

// codeLength is the number of digits of a code at each level; index 0 is unused.
var codeLength = [...]int{0, 6, 9, 12, 15, 19}

// Level is 1 (district) to 5 (site), or 0 when the code is malformed.
func (c CellCode) Level() int {
	for i := range len(c) {
		if c[i] < '0' || c[i] > '9' {
			return 0
		}
	}
	for level := District; level <= Site; level++ {
		if len(c) == codeLength[level] {
			return level
		}
	}
	return 0
}

// Parent is the code one level up, or "" for a district (and for a malformed code).
func (c CellCode) Parent() CellCode { return c.AtLevel(c.Level() - 1) }

// AtLevel is the ancestor (or the cell itself) at that level, or "" if there is none.
func (c CellCode) AtLevel(level int) CellCode {
	if level < District || level > c.Level() {
		return ""
	}
	return c[:codeLength[level]]
}

// Contains reports whether other is this cell or lies in its subtree.
func (c CellCode) Contains(other CellCode) bool {
	return c != "" && len(other) >= len(c) && other[:len(c)] == c
}

// Upward gives the cell and its ancestors, from itself to the district.
func (c CellCode) Upward() []CellCode {
	up := make([]CellCode, 0, Site)
	for level := c.Level(); level >= District; level-- {
		up = append(up, c.AtLevel(level))
	}
	return up
}

// CodeOf is the code of a level whose digits make that number.
func CodeOf(level int, number uint64) CellCode {
	return CellCode(fmt.Sprintf("%0*d", codeLength[level], number))
}
