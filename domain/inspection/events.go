// Package inspection knows patrols (巡查、检查) and the campaigns that assign them from above (集中排查).
//
// An inspection is logged once, may be amended and voided by later events, and is never overwritten. It decides
// the hazards it found: each opens a case under an id the inspection fixes.
package inspection

import (
	"time"

	"gridward/domain/evidence"
	"gridward/domain/grid"
	"gridward/domain/personal"
)

// The kinds of inspection.
const (
	Routine   = "routine"
	Campaigns = "campaign"
	SelfCheck = "self_check"
	Recheck   = "recheck" // never counts for a duty
)

// The results of one line of a checklist.
const (
	Pass          = "pass"
	Fail          = "fail"
	NotApplicable = "na"
)

// Report is what an inspection says: all that may be amended, and what it is about.
type Report struct {
	Programme    string             `json:"programme"`
	Cell         grid.CellCode      `json:"cell"`
	Officer      string             `json:"officer"` // person id: who answers for the report
	Kind         string             `json:"kind"`
	Surprise     bool               `json:"surprise,omitempty"`
	Walk         string             `json:"walk,omitempty"`     // ties the inspections of one walk together
	Campaign     string             `json:"campaign,omitempty"` // campaign id
	StartedAt    time.Time          `json:"started_at"`
	EndedAt      time.Time          `json:"ended_at"`
	Participants []Participant      `json:"participants,omitempty"` // beside the officer
	Content      string             `json:"content,omitempty"`
	Checklist    []CheckResult      `json:"checklist,omitempty"`
	Measures     string             `json:"measures,omitempty"`
	Location     *evidence.Location `json:"location,omitempty"`
	Evidence     []evidence.File    `json:"evidence,omitempty"`
}

// Participant took part: a person of the grid by id, or somebody else by name.
type Participant struct {
	Person string         `json:"person,omitempty"`
	Name   personal.Value `json:"name,omitzero"`
}

// CheckResult is one line of the programme's checklist as found.
type CheckResult struct {
	Item   string `json:"item"`
	Result string `json:"result"` // pass, fail, na
	Note   string `json:"note,omitempty"`
}

// Hazard is one hazard found: it opens the case of that id.
type Hazard struct {
	Case        string         `json:"case"` // id, given or derived from the inspection's id and the hazard's place
	Item        string         `json:"item,omitempty"`
	Description personal.Value `json:"description"`
	Severity    string         `json:"severity,omitempty"` // the item's when empty
	OnTheSpot   *Removed       `json:"on_the_spot,omitempty"`
}

// Removed says that the hazard was removed on the spot.
type Removed struct {
	Measures    string          `json:"measures"`
	PerformedBy personal.Party  `json:"performed_by,omitzero"` // nobody: the officer
	Evidence    []evidence.File `json:"evidence,omitempty"`
}

// Acting is a duty under which somebody who took part acted: the inspection counts for it. Recorded when it is
// logged, so that figures never depend on what becomes of the duty later.
type Acting struct {
	Person string        `json:"person"`
	Duty   string        `json:"duty"`
	Role   string        `json:"role"`
	ActsAs string        `json:"acts_as"`
	Cell   grid.CellCode `json:"cell"` // the cell of the duty: the inspection's cell or an ancestor
}

// Event is what can happen to one inspection's stream ("inspection-<id>").
//
//sumtype:decl
type Event interface{ inspectionEvent() }

// Logged is one patrol, with all it found.
type Logged struct {
	ID               string   `json:"id"`
	ProgrammeVersion int      `json:"programme_version"`
	Report           Report   `json:"report"`
	Hazards          []Hazard `json:"hazards,omitempty"`
	Acting           []Acting `json:"acting,omitempty"`
}

// Amended replaces the report by a corrected one; the hazards stand.
type Amended struct {
	Reason string   `json:"reason"`
	Report Report   `json:"report"`
	Acting []Acting `json:"acting,omitempty"`
}

// Voided takes the inspection out of every figure; it stays readable.
type Voided struct {
	Reason string `json:"reason"`
}

func (Logged) inspectionEvent()  {}
func (Amended) inspectionEvent() {}
func (Voided) inspectionEvent()  {}

// CampaignEvent is what can happen to one campaign's stream ("campaign-<id>").
//
//sumtype:decl
type CampaignEvent interface{ campaignEvent() }

// CampaignOpened assigns inspections from above. Its targets are the cells named, or every live cell of the class
// in the cell's subtree.
type CampaignOpened struct {
	ID        string          `json:"id"`
	Programme string          `json:"programme"`
	Cell      grid.CellCode   `json:"cell"`
	Title     string          `json:"title"`
	From      time.Time       `json:"from"`
	To        time.Time       `json:"to"`
	Targets   []grid.CellCode `json:"targets,omitempty"`
	Class     string          `json:"class,omitempty"`
	Checklist []string        `json:"checklist,omitempty"` // items of the programme's checklist that must be looked at
}

func (CampaignOpened) campaignEvent() {}
