package inspection

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"gridward/domain/evidence"
	"gridward/domain/fault"
	"gridward/domain/grid"
	"gridward/domain/personal"
	"gridward/domain/programme"
)

// Lengths of texts, in characters, and of lists.
const (
	maxName         = 200
	maxReason       = 1000
	maxNote         = 1000
	maxText         = 10000
	maxWalk         = 64
	maxParticipants = 100
	maxEvidence     = 100
	maxHazards      = 50
)

// longest is how long one inspection may last.
const longest = 24 * time.Hour

// checkReport notes what is wrong with a report by its programme's rules.
func checkReport(bad *fault.Fields, r Report, foundSomething bool, f Facts) {
	if r.Officer == "" {
		bad.Add("officer", "is required")
	} else if !f.Persons[r.Officer] {
		bad.Add("officer", "there is no such person")
	}
	if !slices.Contains([]string{Routine, Campaigns, SelfCheck, Recheck}, r.Kind) {
		bad.Add("kind", "is not one of routine, campaign, self_check, recheck")
	}
	if r.Kind == Campaigns && r.Campaign == "" {
		bad.Add("campaign", "is required with the kind campaign")
	}
	if r.Kind == Recheck && r.Campaign != "" {
		bad.Add("campaign", "is not for a recheck")
	}
	checkTimes(bad, r)
	bad.AtMost("walk", r.Walk, maxWalk)
	bad.AtMost("content", r.Content, maxText)
	bad.AtMost("measures", r.Measures, maxText)
	r.Location.Check(bad, "location")
	checkEvidence(bad, "evidence", r.Evidence)
	checkMandatory(bad, r, f.Programme)
	checkChecklist(bad, r, foundSomething, f)
}

func checkTimes(bad *fault.Fields, r Report) {
	if r.StartedAt.IsZero() {
		bad.Add("started_at", "is required")
	}
	if r.EndedAt.IsZero() {
		bad.Add("ended_at", "is required")
	}
	if r.StartedAt.IsZero() || r.EndedAt.IsZero() {
		return
	}
	if r.EndedAt.Before(r.StartedAt) {
		bad.Add("ended_at", "lies before started_at")
	}
	if r.EndedAt.Sub(r.StartedAt) > longest {
		bad.Add("ended_at", "lies more than 24 hours after started_at")
	}
}

func checkEvidence(bad *fault.Fields, field string, files []evidence.File) {
	if len(files) > maxEvidence {
		bad.Add(field, "are more than %d", maxEvidence)
		return
	}
	evidence.Check(bad, field, files)
}

// checkMandatory notes each field the programme asks for that is empty. Time and area are always asked for.
func checkMandatory(bad *fault.Fields, r Report, p *programme.Programme) {
	for _, field := range p.MandatoryFields {
		var missing bool
		switch field {
		case "content":
			missing = strings.TrimSpace(r.Content) == ""
		case "participants":
			missing = len(r.Participants) == 0
		case "measures":
			missing = strings.TrimSpace(r.Measures) == ""
		case "location":
			missing = r.Location == nil
		case "evidence":
			missing = len(r.Evidence) == 0
		case "checklist":
			missing = len(r.Checklist) == 0
		}
		if missing {
			bad.Add(field, "is required by the programme")
		}
	}
}

// checkChecklist notes unknown, repeated and unfinished lines. A routine patrol goes through the whole list where
// the programme makes it mandatory; a campaign's inspection through the campaign's.
func checkChecklist(bad *fault.Fields, r Report, foundSomething bool, f Facts) {
	seen := map[string]bool{}
	for i, line := range r.Checklist {
		at := "checklist." + strconv.Itoa(i)
		switch {
		case !slices.ContainsFunc(f.Programme.Checklist, func(c programme.CheckItem) bool { return c.Item == line.Item }):
			bad.Add(at+".item", "is not an item of the programme's checklist")
		case seen[line.Item]:
			bad.Add(at+".item", "is answered twice")
		}
		seen[line.Item] = true
		switch line.Result {
		case Pass, NotApplicable:
		case Fail:
			if strings.TrimSpace(line.Note) == "" && !foundSomething {
				bad.Add(at+".note", "is required where the item failed and no hazard is named")
			}
		default:
			bad.Add(at+".result", "is not one of pass, fail, na")
		}
		bad.AtMost(at+".note", line.Note, maxNote)
	}
	for _, item := range mustAnswer(r, f) {
		if !seen[item] {
			bad.Add("checklist", "item %s has no result", item)
		}
	}
}

// mustAnswer gives the items the report must have a result for.
func mustAnswer(r Report, f Facts) []string {
	var items []string
	if r.Kind == Routine && len(r.Checklist) > 0 && slices.Contains(f.Programme.MandatoryFields, "checklist") {
		for _, c := range f.Programme.Checklist {
			items = append(items, c.Item)
		}
	}
	if f.Campaign != nil {
		for _, item := range f.Campaign.Checklist {
			if !slices.Contains(items, item) {
				items = append(items, item)
			}
		}
	}
	return items
}

// checkCampaign refuses an inspection its campaign did not ask for.
func checkCampaign(r Report, f Facts) error {
	switch {
	case f.Campaign == nil:
		return nil
	case f.Campaign.Programme != r.Programme:
		return fault.BadField("campaign", "belongs to another programme")
	case !f.Campaign.Assigns(f.Cell):
		return fault.Refuse("not_in_campaign", "cell %s is not one of the campaign's targets", r.Cell)
	case !f.Campaign.Covers(r.EndedAt):
		return fault.Refuse("campaign_not_running", "the campaign did not run then")
	}
	return nil
}

// found notes what is wrong with the hazards and gives them with their cases' ids.
func found(bad *fault.Fields, cmd Log, p *programme.Programme) []Hazard {
	if len(cmd.Hazards) > maxHazards {
		bad.Add("hazards", "are more than %d", maxHazards)
		return nil
	}
	var out []Hazard
	for i, h := range cmd.Hazards {
		at := "hazards." + strconv.Itoa(i)
		id := h.ID
		if id == "" {
			id = CaseID(cmd.ID, i)
		} else if u, err := uuid.Parse(id); err != nil || u.String() != id {
			bad.Add(at+".id", "is not a UUID")
		}
		if slices.ContainsFunc(out, func(o Hazard) bool { return o.Case == id }) {
			bad.Add(at+".id", "is given twice")
		}
		bad.Text(at+".description", h.Description, maxText)
		item, known := p.Item(h.Item)
		if h.Item != "" && !known {
			bad.Add(at+".item", "is not an item of the programme's catalogue")
		}
		switch rank := programme.SeverityRank(h.Severity); {
		case h.Severity != "" && rank == 0:
			bad.Add(at+".severity", "is not one of minor, serious, major")
		case h.Severity != "" && known && rank < programme.SeverityRank(item.Severity):
			bad.Add(at+".severity", "is below the item's: only filing lowers it, with a reason")
		}
		if h.OnTheSpot != nil {
			checkSpot(bad, at, h)
		}
		found := Hazard{Case: id, Item: h.Item, Description: personal.Of("case:"+id, h.Description), Severity: h.Severity}
		if spot := h.OnTheSpot; spot != nil {
			found.OnTheSpot = &Removed{Measures: spot.Measures, PerformedBy: grid.PartyOf(spot.PerformedBy, "case:"+id), Evidence: spot.Evidence}
		}
		out = append(out, found)
	}
	return out
}

func checkSpot(bad *fault.Fields, at string, h Found) {
	bad.Require(at+".item", h.Item)
	at += ".on_the_spot"
	bad.Text(at+".measures", h.OnTheSpot.Measures, maxText)
	bad.AtMost(at+".performed_by", h.OnTheSpot.PerformedBy, maxName)
	checkEvidence(bad, at+".evidence", h.OnTheSpot.Evidence)
	if !evidence.Has(h.OnTheSpot.Evidence, evidence.Before) || !evidence.Has(h.OnTheSpot.Evidence, evidence.After) {
		bad.Add(at+".evidence", "does not show it before and after")
	}
}

// checkOnTheSpot refuses a major hazard that would be removed without anybody seeing it.
func checkOnTheSpot(hazards []Hazard, p *programme.Programme) error {
	for i, h := range hazards {
		item, _ := p.Item(h.Item)
		if h.OnTheSpot != nil && (item.Severity == programme.Major || h.Severity == programme.Major) {
			return fault.Refuse("never_on_the_spot", "hazard %d is a major one: it takes the whole road", i)
		}
	}
	return nil
}
