// Package programme holds what one line of supervision (业务条线: fire safety, market, water law, ...) asks for:
// its levels, posts, duties, checklist, catalogue of hazards with their limits, and its ladder.
//
// A programme is data: adding one is writing a file (adapters/programmes reads it), publishing it puts it into
// the log. A case stays on the version it was filed under.
package programme

import (
	"slices"

	"gridward/domain/grid"
)

// Programme is one published version. It is immutable once built: share it freely.
type Programme struct {
	Code            string      `json:"code" yaml:"code"`
	Name            string      `json:"name" yaml:"name"` // Chinese
	NameEn          string      `json:"name_en,omitempty" yaml:"name_en"`
	Version         int         `json:"version" yaml:"version"`                         // from 1, each published version one higher
	Levels          []int       `json:"levels" yaml:"levels"`                           // the grid levels it uses, ascending
	OfficeLevel     int         `json:"office_level" yaml:"office_level"`               // filing, voiding and dispatch belong here or above; 0: the parent cell
	Steps           string      `json:"steps,omitempty" yaml:"steps"`                   // "" (the full road), "verify" (closing checks too) or "deliver" (rectify closes)
	TransferLevel   int         `json:"transfer_level,omitempty" yaml:"transfer_level"` // transfers only at this level or above; 0: any
	Roles           []Role      `json:"roles" yaml:"roles"`
	MandatoryFields []string    `json:"mandatory_fields" yaml:"mandatory_fields"` // of an inspection: content, participants, measures, location, evidence, checklist
	Classes         []Class     `json:"classes" yaml:"classes"`                   // classes a premises (or cell) may have
	PremisesFields  []Field     `json:"premises_fields" yaml:"premises_fields"`
	Checklist       []CheckItem `json:"checklist" yaml:"checklist"`
	Catalogue       []Item      `json:"catalogue" yaml:"catalogue"`
	Duties          []DutyRule  `json:"duties" yaml:"duties"`
	Ladder          []Ladder    `json:"ladder" yaml:"ladder"`
	Night           *Night      `json:"night,omitempty" yaml:"night"` // what counts as night; nil: 20:00-06:00
	// Filing is the limit for filing a report that nobody has classified yet; nil: none.
	Filing *Limit `json:"filing,omitempty" yaml:"filing"`
	// Corrects is the version that was wrong: open cases filed under it, or under one it corrected, are derived again
	// by this one. 0: cases filed later only.
	Corrects int `json:"corrects,omitempty" yaml:"corrects"`
}

// Role is one of the programme's own posts and which of the six roles it acts as.
type Role struct {
	Code   string `json:"code" yaml:"code"`
	Name   string `json:"name" yaml:"name"`
	ActsAs string `json:"acts_as" yaml:"acts_as"` // a role of package grid
}

// Class is one kind of premises or cell ("A", "restaurant", "town", "country").
type Class struct {
	Code string `json:"code" yaml:"code"`
	Name string `json:"name" yaml:"name"`
}

// Field is one attribute that premises carry in this programme.
type Field struct {
	Name     string   `json:"name" yaml:"name"`
	Label    string   `json:"label" yaml:"label"` // Chinese heading
	Kind     string   `json:"kind" yaml:"kind"`   // text, number, bool, date, choice
	Choices  []string `json:"choices,omitempty" yaml:"choices"`
	Required bool     `json:"required,omitempty" yaml:"required"`
}

// CheckItem is one line of the checklist.
type CheckItem struct {
	Item string `json:"item" yaml:"item"`
	Name string `json:"name" yaml:"name"`
}

// The severities of a hazard.
const (
	Minor   = "minor"
	Serious = "serious"
	Major   = "major"
)

// Severities lists them, mildest first.
var Severities = []string{Minor, Serious, Major}

// SeverityRank is 1 for minor to 3 for major, 0 for anything else.
func SeverityRank(s string) int { return slices.Index(Severities, s) + 1 }

// The stages of a case that may have a limit, and the total.
const (
	StageFiling        = "filing"
	StageListing       = "listing"
	StageDispatch      = "dispatch"
	StageAcceptance    = "acceptance"
	StageRectification = "rectification"
	StageCheck         = "check"
	StageClosure       = "closure"
	StageRework        = "rework"
	StageTotal         = "total"
	StageStatutory     = "statutory" // of service items: the law's limit, beside the committed one of rectification
)

// Stages lists the names under which a limit may be given. The statutory one is not among them: an item gives it
// under a key of its own.
var Stages = []string{StageFiling, StageListing, StageDispatch, StageAcceptance, StageRectification, StageCheck,
	StageClosure, StageRework, StageTotal}

// LadderStages lists the stages a ladder may be given for.
var LadderStages = append(slices.Clone(Stages), StageStatutory)

// Limit is n of a unit: urgent_minute, urgent_hour, working_minute, working_hour, working_day, calendar_day.
type Limit struct {
	N    int    `json:"n" yaml:"n"`
	Unit string `json:"unit" yaml:"unit"`
}

// The units a limit counts in (design: time, "Limits").
const (
	UrgentMinute  = "urgent_minute"
	UrgentHour    = "urgent_hour"
	WorkingMinute = "working_minute"
	WorkingHour   = "working_hour"
	WorkingDay    = "working_day"
	CalendarDay   = "calendar_day"
)

// Units lists them.
var Units = []string{UrgentMinute, UrgentHour, WorkingMinute, WorkingHour, WorkingDay, CalendarDay}

// Item is one kind of hazard in the catalogue: its severity, its limits and how it travels.
type Item struct {
	Item             string                      `json:"item" yaml:"item"`
	Name             string                      `json:"name" yaml:"name"`
	Group            string                      `json:"group,omitempty" yaml:"group"`
	Severity         string                      `json:"severity" yaml:"severity"`
	Limits           map[string]Limit            `json:"limits" yaml:"limits"`                       // by stage; complete, defaults filled in
	ClassLimits      map[string]map[string]Limit `json:"class_limits,omitempty" yaml:"class_limits"` // cell class -> stage -> limit
	EvidenceRequired bool                        `json:"evidence_required" yaml:"evidence_required"` // when rectified
	SetOnDispatch    bool                        `json:"set_on_dispatch,omitempty" yaml:"set_on_dispatch"`
	DispatchTo       *DispatchTo                 `json:"dispatch_to,omitempty" yaml:"dispatch_to"`
	FilingCondition  string                      `json:"filing_condition,omitempty" yaml:"filing_condition"`
	ClosingCondition string                      `json:"closing_condition,omitempty" yaml:"closing_condition"`
	Statutory        *Limit                      `json:"statutory,omitempty" yaml:"statutory"` // service items: the law's limit beside the committed one
	// Overrides of limits when a case of this item has another severity than the item's own.
	SeverityLimits map[string]map[string]Limit `json:"severity_limits,omitempty" yaml:"severity_limits"`
}

// DispatchTo says where a filed case of the item goes by itself: to the cell of that level over (or at) the
// case's cell, or to a department by code. Exactly one is set. A department gets the cases of its own district by itself;
// those of others are dispatched by a person.
type DispatchTo struct {
	Level      int    `json:"level,omitempty" yaml:"level"`
	Department string `json:"department,omitempty" yaml:"department"`
}

// DutyRule is what the programme asks of a role (design: time, "Patrol duty").
type DutyRule struct {
	What            string `json:"what" yaml:"what"` // patrol, campaign, self_check, meeting, publicity, training, drill
	Role            string `json:"role" yaml:"role"` // one of the six roles, or a role of the programme's own
	Level           int    `json:"level" yaml:"level"`
	Class           string `json:"class,omitempty" yaml:"class"`
	Period          string `json:"period" yaml:"period"` // day, week, month, quarter, half_year, year, before_holiday
	Count           int    `json:"count" yaml:"count"`
	Per             string `json:"per" yaml:"per"` // cell, holder, premises
	Night           int    `json:"night,omitempty" yaml:"night"`
	WorkingDaysOnly bool   `json:"working_days_only,omitempty" yaml:"working_days_only"`
	Peak            *Peak  `json:"peak,omitempty" yaml:"peak"`
}

// Peak is the months in which a duty asks for more.
type Peak struct {
	Months []int `json:"months" yaml:"months"`
	Count  int   `json:"count" yaml:"count"`
	Night  int   `json:"night,omitempty" yaml:"night"`
}

// Ladder is the rungs of one severity and stage, climbed in order of their instants.
type Ladder struct {
	Severity string `json:"severity" yaml:"severity"`
	Stage    string `json:"stage" yaml:"stage"`
	Rungs    []Rung `json:"rungs" yaml:"rungs"`
}

// Rung is when something happens and what.
type Rung struct {
	When   When   `json:"when" yaml:"when"`
	Do     string `json:"do" yaml:"do"` // yellow, red, escalate, supervise
	Levels int    `json:"levels,omitempty" yaml:"levels"`
	Level  int    `json:"level,omitempty" yaml:"level"`
}

// When is a share of the limit used (0 < share <= 1), or a time past the deadline. Exactly one is set.
type When struct {
	Share float64 `json:"share,omitempty" yaml:"share"`
	Past  *Limit  `json:"past,omitempty" yaml:"past"`
}

// Night is the part of the day that counts as night, as local wall-clock times "15:04".
type Night struct {
	From string `json:"from" yaml:"from"`
	To   string `json:"to" yaml:"to"`
}

// The steps of a programme that does not go the full road.
const (
	// StepsVerify: the level above verifies and closes in one act. A closure without a passed check is one too.
	StepsVerify = "verify"
	// StepsDeliver: the rectification closes the case. No check, no closure by others.
	StepsDeliver = "deliver"
)

// Item finds an item of the catalogue.
func (p *Programme) Item(code string) (Item, bool) {
	i := slices.IndexFunc(p.Catalogue, func(it Item) bool { return it.Item == code })
	if i < 0 {
		return Item{}, false
	}
	return p.Catalogue[i], true
}

// ActsAs gives the one of the six roles that a role of this programme acts as, "" when it knows no such role.
// The six are always known.
func (p *Programme) ActsAs(role string) string {
	for _, r := range p.Roles {
		if r.Code == role {
			return r.ActsAs
		}
	}
	if slices.Contains(grid.Roles, role) {
		return role
	}
	return ""
}

// Uses reports whether the programme works at that level.
func (p *Programme) Uses(level int) bool { return slices.Contains(p.Levels, level) }

// HasClass reports whether the class is one of the programme's.
func (p *Programme) HasClass(code string) bool {
	return slices.ContainsFunc(p.Classes, func(c Class) bool { return c.Code == code })
}

// Rungs gives the ladder of a severity and stage, nil where there is none.
func (p *Programme) Rungs(severity, stage string) []Rung {
	for _, l := range p.Ladder {
		if l.Severity == severity && l.Stage == stage {
			return l.Rungs
		}
	}
	return nil
}

// LimitsFor gives the limits of an item at a severity in a cell of a class: the item's own, overridden first by
// the severity's, then by the class's.
func (it Item) LimitsFor(severity, class string) map[string]Limit {
	out := make(map[string]Limit, len(it.Limits))
	for stage, l := range it.Limits {
		out[stage] = l
	}
	if severity != it.Severity {
		for stage, l := range it.SeverityLimits[severity] {
			out[stage] = l
		}
	}
	for stage, l := range it.ClassLimits[class] {
		out[stage] = l
	}
	if it.Statutory != nil {
		out[StageStatutory] = *it.Statutory
	}
	return out
}

// Event is what can happen to a programme's stream.
//
//sumtype:decl
type Event interface{ programmeEvent() }

// Published puts a new version of a programme into the log. The definition is whole.
type Published struct {
	Programme Programme `json:"programme"`
	Digest    string    `json:"digest"` // SHA-256 of the definition without its version, hex: the same file published again is no new version
}

func (Published) programmeEvent() {}
