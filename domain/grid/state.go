package grid

import (
	"maps"
	"time"

	"gridward/domain/personal"
)

// Cell is the state of one cell.
type Cell struct {
	Code       CellCode // "" while there is no such cell
	Name       string
	Classes    map[string]string
	Attributes map[string]any
	Retired    bool      // also when replaced
	RetiredAt  time.Time // when it left the grid
	Successors []Successor
}

// Exists reports whether the cell was ever created.
func (c Cell) Exists() bool { return c.Code != "" }

// GoneAt reports whether the cell had left the grid at the instant. What happened in it before still counts,
// however late it is told.
func (c Cell) GoneAt(at time.Time) bool { return c.Retired && !at.Before(c.RetiredAt) }

// EvolveCell folds one event of a cell's stream.
func EvolveCell(c Cell, e CellEvent) Cell {
	switch e := e.(type) {
	case CellCreated:
		c.Code, c.Name, c.Classes, c.Attributes = e.Code, e.Name, e.Classes, e.Attributes
	case CellClassesSet:
		classes := maps.Clone(c.Classes)
		if classes == nil {
			classes = map[string]string{}
		}
		for programme, class := range e.Classes {
			if class == "" {
				delete(classes, programme)
			} else {
				classes[programme] = class
			}
		}
		c.Classes = classes
	case CellAttributesSet:
		c.Attributes = e.Attributes
	case CellRetired:
		c.Retired, c.RetiredAt = true, e.At
	case CellReplaced:
		c.Retired, c.RetiredAt, c.Successors = true, e.At, e.Successors
	}
	return c
}

// Person is the state of one person.
type Person struct {
	ID    string // "" while there is no such person
	Name  personal.Value
	Unit  string
	Phone personal.Value
}

// EvolvePerson folds one event of a person's stream.
func EvolvePerson(p Person, e PersonEvent) Person {
	if e, ok := e.(PersonRegistered); ok {
		p.ID, p.Name, p.Unit, p.Phone = e.ID, e.Name, e.Unit, e.Phone
	}
	return p
}

// Department is the state of one department.
type Department struct {
	Code string // "" while there is no such department
	Name string
	Cell CellCode
}

// EvolveDepartment folds one event of a department's stream.
func EvolveDepartment(d Department, e DepartmentEvent) Department {
	if e, ok := e.(DepartmentCreated); ok {
		d.Code, d.Name, d.Cell = e.Code, e.Name, e.Cell
	}
	return d
}
