package inspection

import (
	"slices"
	"strconv"
	"strings"

	"gridward/domain/fault"
	"gridward/domain/grid"
	"gridward/domain/programme"
)

// maxTargets is how many cells one campaign may name; a wider one names a class.
const maxTargets = 5000

// DecideOpenCampaign decides on a new campaign; the command carries the id. live are those of its targets that
// are cells of the grid now.
func DecideOpenCampaign(c Campaign, cmd OpenCampaign, p *programme.Programme, live map[grid.CellCode]bool) ([]CampaignEvent, error) {
	if c.ID != "" {
		return nil, fault.New(fault.Conflict, "id_reused", "the id belongs to another campaign")
	}
	var bad fault.Fields
	bad.Text("title", cmd.Title, maxName)
	if cmd.From.IsZero() {
		bad.Add("from", "is required")
	}
	if cmd.To.IsZero() {
		bad.Add("to", "is required")
	} else if !cmd.To.After(cmd.From) {
		bad.Add("to", "is not after from")
	}
	switch {
	case len(cmd.Targets) == 0 && cmd.Class == "":
		bad.Add("targets", "is required where no class is named")
	case len(cmd.Targets) > 0 && cmd.Class != "":
		bad.Add("class", "excludes targets: name one of the two")
	case len(cmd.Targets) > maxTargets:
		bad.Add("targets", "are more than %d: name a class", maxTargets)
	case cmd.Class != "" && !p.HasClass(cmd.Class):
		bad.Add("class", "is not a class of the programme")
	default:
		checkTargets(&bad, cmd, p, live)
	}
	for i, item := range cmd.Checklist {
		at := "checklist." + strconv.Itoa(i)
		if !slices.ContainsFunc(p.Checklist, func(c programme.CheckItem) bool { return c.Item == item }) {
			bad.Add(at, "is not an item of the programme's checklist")
		}
		if slices.Contains(cmd.Checklist[:i], item) {
			bad.Add(at, "is named twice")
		}
	}
	if err := bad.Err(); err != nil {
		return nil, err
	}
	cmd.Title = strings.TrimSpace(cmd.Title)
	return []CampaignEvent{CampaignOpened(cmd)}, nil
}

func checkTargets(bad *fault.Fields, cmd OpenCampaign, p *programme.Programme, live map[grid.CellCode]bool) {
	seen := make(map[grid.CellCode]bool, len(cmd.Targets))
	for i, t := range cmd.Targets {
		at := "targets." + strconv.Itoa(i)
		switch {
		case !cmd.Cell.Contains(t):
			bad.Add(at, "does not lie in the campaign's cell")
		case !p.Uses(t.Level()):
			bad.Add(at, "is not at a level the programme uses")
		case !live[t]:
			bad.Add(at, "is not a cell of the grid")
		case seen[t]:
			bad.Add(at, "is named twice")
		}
		seen[t] = true
	}
}
