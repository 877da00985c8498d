package inspection

import (
	"time"

	"gridward/domain/evidence"
	"gridward/domain/grid"
)

// Log logs one patrol with all it found.
type Log struct {
	ID           string             `json:"id,omitempty"`
	Programme    string             `json:"programme"`
	Cell         grid.CellCode      `json:"cell"`
	Officer      string             `json:"officer,omitempty"` // person id; the acting person when empty
	Kind         string             `json:"kind,omitempty"`    // routine when empty, campaign when one is named
	Surprise     bool               `json:"surprise,omitempty"`
	Walk         string             `json:"walk,omitempty"`
	Campaign     string             `json:"campaign,omitempty"`
	StartedAt    time.Time          `json:"started_at"`
	EndedAt      time.Time          `json:"ended_at"`
	Participants []string           `json:"participants,omitempty"` // person ids or names
	Content      string             `json:"content,omitempty"`
	Checklist    []CheckResult      `json:"checklist,omitempty"`
	Measures     string             `json:"measures,omitempty"`
	Location     *evidence.Location `json:"location,omitempty"`
	Evidence     []evidence.File    `json:"evidence,omitempty"`
	Hazards      []Found            `json:"hazards,omitempty"`
}

// Found is one hazard as the patrol tells it.
type Found struct {
	ID          string     `json:"id,omitempty"` // of the case it opens; derived when empty
	Item        string     `json:"item,omitempty"`
	Description string     `json:"description"`
	Severity    string     `json:"severity,omitempty"` // the item's when empty
	OnTheSpot   *OnTheSpot `json:"on_the_spot,omitempty"`
}

// OnTheSpot says that the hazard was removed at once.
type OnTheSpot struct {
	Measures    string          `json:"measures"`
	PerformedBy string          `json:"performed_by,omitempty"` // person id or a name; empty: the officer
	Evidence    []evidence.File `json:"evidence,omitempty"`
}

// Amend corrects what a report says; a nil field stays as it is. What it is about (programme, cell, officer, kind,
// campaign) and the hazards stand.
type Amend struct {
	Reason       string             `json:"reason"`
	StartedAt    *time.Time         `json:"started_at,omitempty"`
	EndedAt      *time.Time         `json:"ended_at,omitempty"`
	Participants *[]string          `json:"participants,omitempty"`
	Content      *string            `json:"content,omitempty"`
	Checklist    *[]CheckResult     `json:"checklist,omitempty"`
	Measures     *string            `json:"measures,omitempty"`
	Location     *evidence.Location `json:"location,omitempty"`
	Evidence     *[]evidence.File   `json:"evidence,omitempty"`
	Surprise     *bool              `json:"surprise,omitempty"`
	Walk         *string            `json:"walk,omitempty"`
}

// Void takes an inspection out of every figure.
type Void struct {
	Reason string `json:"reason"`
}

// OpenCampaign assigns inspections from above: to the cells named, or to every live cell of a class.
type OpenCampaign struct {
	ID        string          `json:"id,omitempty"`
	Programme string          `json:"programme"`
	Cell      grid.CellCode   `json:"cell"`
	Title     string          `json:"title"`
	From      time.Time       `json:"from"`
	To        time.Time       `json:"to"` // excluded itself
	Targets   []grid.CellCode `json:"targets,omitempty"`
	Class     string          `json:"class,omitempty"`
	Checklist []string        `json:"checklist,omitempty"`
}
