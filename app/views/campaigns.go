package views

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"

	"gridward/domain/grid"
	"gridward/domain/inspection"
)

var campaignsTable = table{"campaigns", []string{"id"}, `
CREATE TABLE IF NOT EXISTS campaigns (
	id        TEXT PRIMARY KEY,
	programme TEXT NOT NULL,
	cell      TEXT NOT NULL,
	from_at   BIGINT NOT NULL,
	to_at     BIGINT NOT NULL,
	targets   BIGINT NOT NULL, -- how many
	recorded_at BIGINT NOT NULL,
	body      TEXT NOT NULL    -- a Campaign without what is counted
);
CREATE INDEX IF NOT EXISTS campaigns_from ON campaigns (from_at, id)`}

var campaignTargetsTable = table{"campaign_targets", []string{"campaign", "cell"}, `
CREATE TABLE IF NOT EXISTS campaign_targets (
	campaign TEXT NOT NULL,
	cell     TEXT NOT NULL,
	PRIMARY KEY (campaign, cell)
)`}

func (b *batch) applyCampaign(e entry, event inspection.CampaignEvent) error {
	switch ev := event.(type) {
	case inspection.CampaignOpened:
		return b.openCampaign(e, ev)
	}
	return fmt.Errorf("the view of campaigns knows no %T", event)
}

// openCampaign fixes the targets: the cells named, or those of the class in the subtree that are live now.
func (b *batch) openCampaign(e entry, ev inspection.CampaignOpened) error {
	named := make([]any, 0, 2*len(ev.Targets))
	for _, c := range ev.Targets {
		named = append(named, ev.ID, string(c))
	}
	if err := b.insertMany(`INSERT INTO campaign_targets (campaign, cell) VALUES `, 2, named, ` ON CONFLICT (campaign, cell) DO NOTHING`); err != nil {
		return err
	}
	if ev.Class != "" {
		if err := b.exec(`
INSERT INTO campaign_targets (campaign, cell)
SELECT CAST($1 AS TEXT), k.cell FROM cell_classes k JOIN cells c ON c.code = k.cell
WHERE k.programme = $2 AND k.class = $3 AND k.cell >= $4 AND k.cell < $5 AND c.live = 1
ON CONFLICT (campaign, cell) DO NOTHING`,
			ev.ID, ev.Programme, ev.Class, string(ev.Cell), prefixEnd(string(ev.Cell))); err != nil {
			return err
		}
	}
	c := Campaign{ID: ev.ID, Programme: ev.Programme, Cell: ev.Cell, Title: ev.Title, From: b.in(ev.From), To: b.in(ev.To),
		Class: ev.Class, Checklist: append([]string{}, ev.Checklist...), Version: e.Version, Position: e.Position.String()}
	body, err := toJSON(c)
	if err != nil {
		return err
	}
	return b.exec(`INSERT INTO campaigns (id, programme, cell, from_at, to_at, targets, recorded_at, body)
VALUES ($1, $2, $3, $4, $5, (SELECT COUNT(*) FROM campaign_targets WHERE campaign = $1), $6, $7)`,
		ev.ID, ev.Programme, string(ev.Cell), micros(ev.From), micros(ev.To), micros(e.RecordedAt), body)
}

// inspectedTargets counts a campaign's distinct targets that were inspected: by an inspection that stands, names the
// campaign, is no re-check, and began within it. An inspection is of a target when it is at exactly that cell.
const inspectedTargets = `(
	SELECT COUNT(DISTINCT i.cell) FROM inspections i JOIN campaign_targets t ON t.campaign = c.id AND t.cell = i.cell
	WHERE i.campaign = c.id AND i.superseded_at IS NULL AND i.kind <> 'recheck' AND i.started_at >= c.from_at AND i.started_at < c.to_at)`

func scanCampaign(r *sql.Rows) (Campaign, error) {
	var body string
	var c Campaign
	var p Progress
	if err := r.Scan(&body, &p.Targets, &p.Inspected); err != nil {
		return c, err
	}
	err := json.Unmarshal([]byte(body), &c)
	c.Progress = p
	return c, err
}

// Campaigns lists campaigns, the last to begin first, with their progress.
func (v *Views) Campaigns(ctx context.Context, f CampaignFilter, p Paging) (Page[Campaign], error) {
	if err := v.Holds(f.Cell); err != nil {
		return Page[Campaign]{}, err
	}
	size, err := p.size()
	if err != nil {
		return Page[Campaign]{}, err
	}
	k, ok, err := p.after("campaigns")
	if err != nil {
		return Page[Campaign]{}, err
	}
	var w where
	w.subtree("c.cell", "", f.Cell)
	w.is("c.programme", f.Programme)
	if ok {
		w.and("(c.from_at, c.id) < (?, ?)", k.N, k.S)
	}
	query := `SELECT c.body, c.targets, ` + inspectedTargets + ` FROM campaigns c` + w.text("c.from_at DESC, c.id DESC", size+1)
	rows, err := collect(ctx, v, query, w.args, scanCampaign)
	if err != nil {
		return Page[Campaign]{}, err
	}
	return pageOf("campaigns", rows, size, func(c Campaign) key { return key{N: micros(c.From), S: c.ID} }), nil
}

// Campaign gives one campaign with its targets, by code.
func (v *Views) Campaign(ctx context.Context, id string) (Campaign, error) {
	rows, err := collect(ctx, v, `SELECT c.body, c.targets, `+inspectedTargets+` FROM campaigns c WHERE c.id = $1`, []any{id}, scanCampaign)
	if err != nil {
		return Campaign{}, err
	}
	if len(rows) == 0 {
		return Campaign{}, v.missing(ctx, "campaign", id)
	}
	c := rows[0]
	c.Targets, err = collect(ctx, v, `
SELECT t.cell, COALESCE(g.name, ''), (
	SELECT COUNT(*) FROM inspections i WHERE i.campaign = c.id AND i.cell = t.cell AND i.superseded_at IS NULL
	AND i.kind <> 'recheck' AND i.started_at >= c.from_at AND i.started_at < c.to_at)
FROM campaigns c JOIN campaign_targets t ON t.campaign = c.id LEFT JOIN cells g ON g.code = t.cell
WHERE c.id = $1 ORDER BY t.cell`, []any{id}, func(r *sql.Rows) (CampaignTarget, error) {
		var t CampaignTarget
		var cell string
		err := r.Scan(&cell, &t.Name, &t.Inspections)
		t.Cell = grid.CellCode(cell)
		return t, err
	})
	if c.Targets == nil {
		c.Targets = []CampaignTarget{}
	}
	return c, err
}
