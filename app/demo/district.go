package demo

import (
	"context"
	_ "embed" // the district's register
	"encoding/csv"
	"fmt"
	"strings"
	"time"

	"gridward/app"
	"gridward/domain/grid"
)

// guancheng is the register of Guancheng district: code, level, parent, name.
//
//go:embed guancheng.csv
var guancheng string

// place is one cell of the district as the script knows it.
type place struct {
	code  grid.CellCode
	name  string
	up    *place
	below []*place
	until time.Time // when it leaves the grid; zero: never

	kind    siteKind // of a site
	credit  string   // class of a subject in market; empty: none
	address string
	fixed   bool         // a tale happens here: nothing is left to chance
	absent  map[int]bool // days on which a place's officer does not go out
}

func (c *place) level() int { return c.code.Level() }

// at is the place itself or the one above it at that level; nil below.
func (c *place) at(level int) *place {
	for c != nil && c.level() > level {
		c = c.up
	}
	if c == nil || c.level() != level {
		return nil
	}
	return c
}

func (c *place) gone(t time.Time) bool { return !c.until.IsZero() && !t.Before(c.until) }

// short is a community's name without what every community's name ends with.
func (c *place) short() string {
	name := c.name
	for _, end := range []string{"居民委员会", "居委会", "村委会"} {
		name = strings.TrimSuffix(name, end)
	}
	return name
}

// district is the grid as the script knows it.
type district struct {
	top         *place
	streets     []*place
	communities []*place
	detailed    []*place // the communities brought to life
	areas       []*place
	sites       []*place
	suburban    []*place // the streets with irrigated land

	departments map[string]*place // by code: where it sits
	posts       map[string][]post // by programme and cell, or by programme and department
	people      int
}

// drawDistrict reads the register and draws areas and sites below it.
func (p *plan) drawDistrict() error {
	g := &district{departments: map[string]*place{}, posts: map[string][]post{}}
	p.grid = g
	rows, err := csv.NewReader(strings.NewReader(guancheng)).ReadAll()
	if err != nil {
		return fmt.Errorf("demo: the district's register: %w", err)
	}
	known := map[string]*place{}
	for _, row := range rows[1:] {
		c := &place{code: grid.CellCode(row[0]), name: row[3], up: known[row[2]]}
		known[row[0]] = c
		if c.up != nil {
			c.up.below = append(c.up.below, c)
		}
		switch c.level() {
		case grid.District:
			g.top = c
		case grid.Street:
			g.streets = append(g.streets, c)
		case grid.Community:
			g.communities = append(g.communities, c)
		default:
			return fmt.Errorf("demo: the district's register: %s has no level above 4", c.code)
		}
		p.createCell(c, nil, nil)
	}
	for _, s := range g.streets {
		for _, irrigated := range []string{"航海东路", "十八里河", "南曹", "金岱", "圃田"} {
			if strings.HasPrefix(s.name, irrigated) {
				g.suburban = append(g.suburban, s)
			}
		}
	}
	g.detailed = g.communities
	if p.o.Scale == Small {
		g.detailed = nil
		for i, s := range g.streets { // one community in every third street
			if i%3 == 0 {
				g.detailed = append(g.detailed, s.below[len(s.below)/2])
			}
		}
	}
	p.drawAreas()
	return nil
}

// drawAreas divides the communities brought to life into areas, and puts sites into them.
func (p *plan) drawAreas() {
	r := p.rand("areas")
	ordinals := strings.Fields("一 二 三 四")
	for _, c := range p.grid.detailed {
		for n := range 2 {
			area := &place{code: c.code + grid.CellCode(fmt.Sprintf("%03d", n+1)), up: c,
				name: c.short() + "第" + ordinals[n] + "片区"}
			c.below = append(c.below, area)
			p.grid.areas = append(p.grid.areas, area)
			p.createCell(area, nil, nil)
			count := 4 + r.IntN(3)
			for i := range count {
				p.drawSite(r, area, i+1)
			}
		}
	}
	first := p.grid.areas[0]
	for _, site := range first.below[len(first.below)-3:] {
		site.fixed = true
	}
}

// createCell puts a cell into the grid when it is set up.
func (p *plan) createCell(c *place, classes map[string]string, attributes map[string]any) {
	cmd := grid.CreateCell{Code: c.code, Name: c.name, Classes: classes, Attributes: attributes}
	p.arrange("create cell "+string(c.code), func(ctx context.Context, a *app.App, by app.By) (app.Receipt, error) {
		return a.CreateCell(ctx, by, cmd)
	})
}
