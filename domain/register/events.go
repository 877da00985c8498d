// Package register is what a cell's ledgers hold beside premises, inspections and hazards (台账): publicity,
// training, drills and meetings; equipment with its dates; forces and emergency plans.
package register

import (
	"time"

	"gridward/domain/grid"
	"gridward/domain/personal"
)

// ActivityKinds are the kinds of activity.
var ActivityKinds = []string{"publicity", "training", "drill", "meeting", "plan", "log", "report"}

// ActivityEvent is what can happen to one activity's stream ("activity-<id>").
//
//sumtype:decl
type ActivityEvent interface{ activityEvent() }

// ActivityRecorded is one activity held.
type ActivityRecorded struct {
	ID           string        `json:"id"`
	Cell         grid.CellCode `json:"cell"`
	Programme    string        `json:"programme"`
	Kind         string        `json:"kind"`
	HeldAt       time.Time     `json:"held_at"`
	Title        string        `json:"title"`
	Minutes      string        `json:"minutes,omitempty"` // what was said and agreed
	Participants []Attendee    `json:"participants,omitempty"`
}

// Attendee is a person of the grid by id, or somebody else by name.
type Attendee struct {
	Person string         `json:"person,omitempty"`
	Name   personal.Value `json:"name,omitzero"`
}

func (ActivityRecorded) activityEvent() {}

// EquipmentEvent is what can happen to one item of equipment's stream ("equipment-<id>").
//
//sumtype:decl
type EquipmentEvent interface{ equipmentEvent() }

// EquipmentRegistered puts equipment into the cell's register. Dates are civil days "2006-01-02".
type EquipmentRegistered struct {
	ID         string        `json:"id"`
	Cell       grid.CellCode `json:"cell"`
	Programme  string        `json:"programme,omitempty"`
	Kind       string        `json:"kind"`
	Quantity   int           `json:"quantity"`
	BoughtOn   string        `json:"bought_on,omitempty"`
	ValidUntil string        `json:"valid_until,omitempty"`
	Place      string        `json:"place,omitempty"`
	Note       string        `json:"note,omitempty"`
}

// EquipmentServiced says that it was serviced, and until when it is valid now.
type EquipmentServiced struct {
	ServicedOn string `json:"serviced_on"`
	ValidUntil string `json:"valid_until,omitempty"` // empty: unchanged
	Note       string `json:"note,omitempty"`
}

// EquipmentRetired takes it out of use.
type EquipmentRetired struct {
	Reason string `json:"reason"`
}

func (EquipmentRegistered) equipmentEvent() {}
func (EquipmentServiced) equipmentEvent()   {}
func (EquipmentRetired) equipmentEvent()    {}

// ForceEvent is what can happen to one force's stream ("force-<id>").
//
//sumtype:decl
type ForceEvent interface{ forceEvent() }

// ForceRegistered is a force (a volunteer brigade, a micro fire station) or an emergency plan of the cell.
type ForceRegistered struct {
	ID        string         `json:"id"`
	Cell      grid.CellCode  `json:"cell"`
	Programme string         `json:"programme"`
	Kind      string         `json:"kind"` // force, plan
	Name      string         `json:"name"`
	Headcount int            `json:"headcount,omitempty"`
	Leader    personal.Value `json:"leader,omitzero"`
	Phone     personal.Value `json:"phone,omitzero"`
	Equipment string         `json:"equipment,omitempty"`
	Content   string         `json:"content,omitempty"` // of a plan
}

func (ForceRegistered) forceEvent() {}
