package inspection

import (
	"slices"
	"time"

	"gridward/domain/grid"
)

// State is one inspection: as first logged, and as it reads now.
type State struct {
	Logged Logged // as first logged; ID is "" while there is no such inspection
	Report Report // as amended
	Acting []Acting
	Voided bool
}

// Exists reports whether the inspection was ever logged.
func (s State) Exists() bool { return s.Logged.ID != "" }

// Evolve folds one event of an inspection's stream.
func Evolve(s State, e Event) State {
	switch e := e.(type) {
	case Logged:
		s.Logged, s.Report, s.Acting = e, e.Report, e.Acting
	case Amended:
		s.Report, s.Acting = e.Report, e.Acting
	case Voided:
		s.Voided = true
	}
	return s
}

// Campaign is the state of one campaign; its ID is "" while there is no such campaign.
type Campaign CampaignOpened

// EvolveCampaign folds one event of a campaign's stream.
func EvolveCampaign(c Campaign, e CampaignEvent) Campaign {
	if e, ok := e.(CampaignOpened); ok {
		return Campaign(e)
	}
	return c
}

// Covers reports whether the campaign runs at the instant: From included, To excluded.
func (c Campaign) Covers(at time.Time) bool { return !at.Before(c.From) && at.Before(c.To) }

// Assigns reports whether the cell is one of the campaign's targets.
func (c Campaign) Assigns(cell grid.Cell) bool {
	if c.Class != "" {
		return c.Cell.Contains(cell.Code) && cell.Classes[c.Programme] == c.Class
	}
	return slices.Contains(c.Targets, cell.Code)
}
