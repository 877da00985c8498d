package grid

import (
	"time"

	"gridward/domain/personal"
)

// The six roles. A programme's own posts act as one of them.
const (
	RoleChief      = "chief"      // 网格长: answers for the cell
	RoleOfficer    = "officer"    // 网格员、巡查员: walks the cell and logs patrols
	RoleLead       = "lead"       // 主办
	RoleAssistant  = "assistant"  // 协办
	RoleSponsor    = "sponsor"    // 分包领导
	RoleSupervisor = "supervisor" // 监管责任人
)

// Roles lists the six.
var Roles = []string{RoleChief, RoleOfficer, RoleLead, RoleAssistant, RoleSponsor, RoleSupervisor}

// CellEvent is what can happen to one cell's stream ("cell-<code>").
//
//sumtype:decl
type CellEvent interface{ cellEvent() }

// CellCreated says that the cell is part of the grid from now on.
type CellCreated struct {
	Code       CellCode          `json:"code"`
	Name       string            `json:"name"`
	Classes    map[string]string `json:"classes,omitempty"`    // programme code -> class
	Attributes map[string]any    `json:"attributes,omitempty"` // premises fields and whatever else is known of it
	Replaces   CellCode          `json:"replaces,omitempty"`   // the cell whose successor it is
}

// CellClassesSet replaces the classes of the programmes it names; an empty class takes the class away.
type CellClassesSet struct {
	Classes map[string]string `json:"classes"`
}

// CellAttributesSet replaces all attributes.
type CellAttributesSet struct {
	Attributes map[string]any `json:"attributes"`
}

// CellRetired takes the cell out of the grid; its history stays.
type CellRetired struct {
	At     time.Time `json:"at"`
	Reason string    `json:"reason"`
}

// CellReplaced retires the cell in favour of successors, which are created with it. Its code is never edited.
type CellReplaced struct {
	At         time.Time   `json:"at"`
	Successors []Successor `json:"successors"`
}

// Successor is one cell that takes a replaced cell's place.
type Successor struct {
	Code CellCode `json:"code"`
	Name string   `json:"name"`
}

func (CellCreated) cellEvent()       {}
func (CellClassesSet) cellEvent()    {}
func (CellAttributesSet) cellEvent() {}
func (CellRetired) cellEvent()       {}
func (CellReplaced) cellEvent()      {}

// PersonEvent is what can happen to one person's stream ("person-<id>").
//
//sumtype:decl
type PersonEvent interface{ personEvent() }

// PersonRegistered makes a person known.
type PersonRegistered struct {
	ID    string         `json:"id"`
	Name  personal.Value `json:"name"`
	Unit  string         `json:"unit,omitempty"`
	Phone personal.Value `json:"phone,omitzero"`
}

func (PersonRegistered) personEvent() {}

// DepartmentEvent is what can happen to one department's stream ("department-<code>").
//
//sumtype:decl
type DepartmentEvent interface{ departmentEvent() }

// DepartmentCreated makes a department known; it sits at a cell.
type DepartmentCreated struct {
	Code string   `json:"code"`
	Name string   `json:"name"`
	Cell CellCode `json:"cell"`
}

func (DepartmentCreated) departmentEvent() {}

// DutyEvent is what can happen to the stream of duties of one programme on one cell ("duties-<programme>-<cell>")
// or in one department ("duties-<programme>-dept-<code>").
//
//sumtype:decl
type DutyEvent interface{ dutyEvent() }

// DutyGiven says that a person holds a role from an instant on. A duty over several cells is recorded in the
// stream of each of them under the one id.
type DutyGiven struct {
	Duty       string     `json:"duty"` // id
	Programme  string     `json:"programme"`
	Role       string     `json:"role"`    // as the programme names it
	ActsAs     string     `json:"acts_as"` // one of the six roles
	Person     string     `json:"person"`
	From       time.Time  `json:"from"`
	Cells      []CellCode `json:"cells,omitempty"`      // all its cells, the one it was given at first
	Department string     `json:"department,omitempty"` // instead of cells
}

// DutyEnded says that a duty ends (or ended) at an instant.
type DutyEnded struct {
	Duty string    `json:"duty"`
	At   time.Time `json:"at"`
}

func (DutyGiven) dutyEvent() {}
func (DutyEnded) dutyEvent() {}
