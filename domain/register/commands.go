package register

import (
	"time"

	"gridward/domain/grid"
)

// RecordActivity records one activity held.
type RecordActivity struct {
	ID           string        `json:"id,omitempty"`
	Cell         grid.CellCode `json:"cell"`
	Programme    string        `json:"programme"`
	Kind         string        `json:"kind"`
	HeldAt       time.Time     `json:"held_at"`
	Title        string        `json:"title"`
	Minutes      string        `json:"minutes,omitempty"`
	Participants []string      `json:"participants,omitempty"` // person ids or names
}

// RegisterEquipment puts equipment into a cell's register.
type RegisterEquipment struct {
	ID         string        `json:"id,omitempty"`
	Cell       grid.CellCode `json:"cell"`
	Programme  string        `json:"programme,omitempty"`
	Kind       string        `json:"kind"`
	Quantity   int           `json:"quantity"`
	BoughtOn   string        `json:"bought_on,omitempty"`   // "2006-01-02"
	ValidUntil string        `json:"valid_until,omitempty"` // "2006-01-02"
	Place      string        `json:"place,omitempty"`
	Note       string        `json:"note,omitempty"`
}

// ServiceEquipment says that equipment was serviced.
type ServiceEquipment struct {
	ServicedOn string `json:"serviced_on"`           // "2006-01-02"
	ValidUntil string `json:"valid_until,omitempty"` // "2006-01-02"; empty: unchanged
	Note       string `json:"note,omitempty"`
}

// RetireEquipment takes equipment out of use.
type RetireEquipment struct {
	Reason string `json:"reason"`
}

// RegisterForce registers a force or an emergency plan.
type RegisterForce struct {
	ID        string        `json:"id,omitempty"`
	Cell      grid.CellCode `json:"cell"`
	Programme string        `json:"programme"`
	Kind      string        `json:"kind"` // force, plan
	Name      string        `json:"name"`
	Headcount int           `json:"headcount,omitempty"`
	Leader    string        `json:"leader,omitempty"`
	Phone     string        `json:"phone,omitempty"`
	Equipment string        `json:"equipment,omitempty"`
	Content   string        `json:"content,omitempty"`
}
