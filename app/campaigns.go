package app

import (
	"context"
	"fmt"

	"gridward/domain/fault"
	"gridward/domain/grid"
	"gridward/domain/inspection"
)

func campaignStream(id string) Stream[inspection.Campaign, inspection.CampaignEvent] {
	return Stream[inspection.Campaign, inspection.CampaignEvent]{"campaign-" + id, inspection.EvolveCampaign}
}

// campaign loads a campaign that must exist.
func (a *App) campaign(ctx context.Context, id string) (inspection.Campaign, error) {
	c, _, err := load(ctx, a, campaignStream(id))
	if err == nil && c.ID == "" {
		err = fault.Missing("campaign", id)
	}
	return c, err
}

// OpenCampaign assigns inspections from above: a steward, or an office of the programme at the campaign's cell or
// above.
func (a *App) OpenCampaign(ctx context.Context, by By, cmd inspection.OpenCampaign) (Receipt, error) {
	id, err := newID(by, cmd.ID, "campaign")
	if err != nil {
		return Receipt{}, err
	}
	content := cmd
	cmd.ID = id
	r, err := execute(ctx, a, by, campaignStream(id), true, content, func(c inspection.Campaign) (Decision[inspection.CampaignEvent], error) {
		var none Decision[inspection.CampaignEvent]
		p, err := a.programme(ctx, cmd.Programme)
		if err != nil {
			return none, err
		}
		if _, err := a.liveCell(ctx, "cell", cmd.Cell); err != nil {
			return none, err
		}
		duty, err := a.officeOver(ctx, by, cmd.Programme, cmd.Cell)
		if err != nil {
			return none, err
		}
		live, err := a.liveTargets(ctx, cmd)
		if err != nil {
			return none, err
		}
		events, err := inspection.DecideOpenCampaign(c, cmd, p, live)
		return Decision[inspection.CampaignEvent]{Events: events, Programme: p.Code, ProgrammeVersion: p.Version,
			Cell: string(cmd.Cell), Duty: duty}, err
	})
	r.ID = id
	return r, err
}

// liveTargets tells which of a campaign's targets are cells of the grid now.
func (a *App) liveTargets(ctx context.Context, cmd inspection.OpenCampaign) (map[grid.CellCode]bool, error) {
	live := map[grid.CellCode]bool{}
	for _, t := range cmd.Targets {
		if !cmd.Cell.Contains(t) || t.Level() == 0 {
			continue // the rule names the field
		}
		c, _, err := load(ctx, a, cellStream(t))
		if err != nil {
			return nil, fmt.Errorf("target %s: %w", t, err)
		}
		live[t] = c.Exists() && !c.Retired
	}
	return live, nil
}
