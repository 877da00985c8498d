// Package hazard is the life of one hazard, from report to closure: the case (案件).
//
// Decide says what a command comes to, Evolve folds what happened; design: case-lifecycle. Severity decides the
// road, separation of duties decides who may look, and nothing in here reads a clock or a table.
package hazard

import (
	"time"

	"gridward/domain/evidence"
	"gridward/domain/grid"
	"gridward/domain/personal"
	"gridward/domain/programme"
)

// Stamp is what every event of a case says of itself: when it happened and who answers for it.
type Stamp struct {
	At time.Time `json:"at"`
	By string    `json:"by"` // person id, "admin" or "system"
	// Judged is the instant limits are judged by where that is not At: the one it was received at, for what is told
	// more than 72 hours late (design: time).
	Judged time.Time `json:"judged,omitzero"`
}

// When is the instant limits are judged by.
func (s Stamp) When() time.Time {
	if s.Judged.IsZero() {
		return s.At
	}
	return s.Judged
}

// Event is what can happen to one case's stream ("case-<id>").
//
//sumtype:decl
type Event interface {
	Stamped() Stamp
	caseEvent()
}

// Holder is who has the case: the cell or the department, and the person who stands for it.
type Holder struct {
	Cell       grid.CellCode `json:"cell,omitempty"`
	Department string        `json:"department,omitempty"`
	Person     string        `json:"person,omitempty"` // who held the duty there at that instant
	Duty       string        `json:"duty,omitempty"`
	Role       string        `json:"role,omitempty"`
}

// Reporter is who reported from outside.
type Reporter struct {
	Name      personal.Value `json:"name,omitzero"`
	Phone     personal.Value `json:"phone,omitzero"`
	Anonymous bool           `json:"anonymous,omitempty"`
}

// Reported opens a case.
type Reported struct {
	Stamp
	Case         string             `json:"case"`
	Programme    string             `json:"programme"`
	Cell         grid.CellCode      `json:"cell"`
	Item         string             `json:"item,omitempty"`     // as the reporter sees it; filing decides
	Severity     string             `json:"severity,omitempty"` // as the reporter sees it; filing decides
	Description  personal.Value     `json:"description"`
	Source       string             `json:"source"` // officer, resident, department, system
	FoundAt      time.Time          `json:"found_at"`
	Location     *evidence.Location `json:"location,omitempty"`
	Reporter     *Reporter          `json:"reporter,omitempty"`
	FirstContact string             `json:"first_contact"` // 首问负责: stays on record
	Evidence     []evidence.File    `json:"evidence,omitempty"`
	Inspection   string             `json:"inspection,omitempty"` // the inspection that found it
	Office       *Holder            `json:"office,omitempty"`     // the office in charge: it holds the case until it is dispatched
	Vacant       []grid.CellCode    `json:"vacant,omitempty"`     // cells passed over to find the office

	ProgrammeVersion int              `json:"programme_version,omitempty"` // of the filing limit
	CalendarVersion  int              `json:"calendar_version,omitempty"`
	Limit            *programme.Limit `json:"limit,omitempty"` // of filing
}

// VerificationRequested asks a cell or a person to look whether there is something.
type VerificationRequested struct {
	Stamp
	Cell   grid.CellCode `json:"cell,omitempty"`
	Person string        `json:"person,omitempty"`
	Note   string        `json:"note"`
}

// Verified is the answer: confirmed or not_found.
type Verified struct {
	Stamp
	Result string `json:"result"`
	Note   string `json:"note,omitempty"`
}

// Filed makes the report a case with somebody to answer for it (立案).
type Filed struct {
	Stamp
	Item             string                     `json:"item"`
	Severity         string                     `json:"severity"`
	Cell             grid.CellCode              `json:"cell"` // as corrected
	ProgrammeVersion int                        `json:"programme_version"`
	Limits           map[string]programme.Limit `json:"limits,omitempty"` // by stage
	EvidenceRequired bool                       `json:"evidence_required,omitempty"`
	SetOnDispatch    bool                       `json:"set_on_dispatch,omitempty"`
	Reason           string                     `json:"reason,omitempty"`
	OnTheSpot        bool                       `json:"on_the_spot,omitempty"`
	Listing          bool                       `json:"listing,omitempty"` // a major hazard: it awaits its listing from now
	Office           *Holder                    `json:"office,omitempty"`
	Vacant           []grid.CellCode            `json:"vacant,omitempty"`
	CalendarVersion  int                        `json:"calendar_version,omitempty"`
}

// Voided says that it is no hazard, or was recorded by mistake (作废).
type Voided struct {
	Stamp
	Reason string        `json:"reason"`
	Level  int           `json:"level"` // of the office that voided it
	Cell   grid.CellCode `json:"cell"`
}

// Dispatched gives the case to a lead (派遣).
type Dispatched struct {
	Stamp
	To          Holder           `json:"to"`
	Assisting   []Holder         `json:"assisting,omitempty"`
	Limit       *programme.Limit `json:"limit,omitempty"` // of rectification, when the dispatcher set one
	Instruction string           `json:"instruction,omitempty"`
	Office      grid.CellCode    `json:"office"`              // the cell of the office that dispatched
	Automatic   bool             `json:"automatic,omitempty"` // by the programme's rule
	Vacant      []grid.CellCode  `json:"vacant,omitempty"`    // the target's cells without an office, passed over
}

// Accepted says that the receiver takes it.
type Accepted struct {
	Stamp
	Holder    Holder `json:"holder"`
	Automatic bool   `json:"automatic,omitempty"` // a service window that takes in handles at once
}

// Returned says that it is not theirs (回退).
type Returned struct {
	Stamp
	Reason string          `json:"reason"`
	Office *Holder         `json:"office,omitempty"` // who has it back
	Vacant []grid.CellCode `json:"vacant,omitempty"`
}

// Rectified says that the hazard was removed (整改、反馈).
type Rectified struct {
	Stamp
	Measures    string          `json:"measures"`
	PerformedBy personal.Party  `json:"performed_by"` // a person, or an owner or contractor by name
	Evidence    []evidence.File `json:"evidence,omitempty"`
	Holder      Holder          `json:"holder"` // who rectified: the cell or the department
	OnTheSpot   bool            `json:"on_the_spot,omitempty"`
	Delivered   bool            `json:"delivered,omitempty"` // the programme's last step: it closes the case
	Office      *Holder         `json:"office,omitempty"`    // who has to check and close
}

// Checked is somebody else's look (核查): passed or failed.
type Checked struct {
	Stamp
	Result string  `json:"result"`
	Note   string  `json:"note,omitempty"`
	Holder *Holder `json:"holder,omitempty"` // after a failed check: who rectifies again
}

// Closed ends the round (结案、销号).
type Closed struct {
	Stamp
	Rating string        `json:"rating"`
	Note   string        `json:"note,omitempty"`
	Office grid.CellCode `json:"office"`
	AtTop  bool          `json:"closed_at_top,omitempty"` // by another level-1 holder, there being nobody above
}

// Reclassified changes item or severity, and the limits with them.
type Reclassified struct {
	Stamp
	Item             string                     `json:"item"`
	Severity         string                     `json:"severity"`
	Limits           map[string]programme.Limit `json:"limits,omitempty"`
	EvidenceRequired bool                       `json:"evidence_required,omitempty"`
	SetOnDispatch    bool                       `json:"set_on_dispatch,omitempty"`
	Listing          bool                       `json:"listing,omitempty"` // it became major: it awaits its listing from now
	Reason           string                     `json:"reason"`
}

// Escalated queues the case at an upper office; the holder does not move (逐级上报).
type Escalated struct {
	Stamp
	To        grid.CellCode   `json:"to"`
	Level     int             `json:"level"`
	Reason    string          `json:"reason"`
	Stage     string          `json:"stage,omitempty"` // listing, total or statutory: it ends with that clock; else with the present stage
	Automatic bool            `json:"automatic,omitempty"`
	Office    *Holder         `json:"office,omitempty"` // who stands for the office there
	Vacant    []grid.CellCode `json:"vacant,omitempty"`
	Ladder    *Climb          `json:"ladder,omitempty"` // the rung that did it
	Told      []string        `json:"told,omitempty"`   // person ids
}

// EscalationAcknowledged says what the upper office wants done.
type EscalationAcknowledged struct {
	Stamp
	Cell        grid.CellCode `json:"cell"`
	Instruction string        `json:"instruction"`
}

// The measures of supervision.
const (
	Listed = "listed"
)

// Measures lists the measures of supervision (督办).
var Measures = []string{"order", "talk", "bulletin", "onsite_check", "restriction", Listed}

// Plan is the six parts of a listing (挂牌督办).
type Plan struct {
	Goal            string    `json:"goal"`
	Measures        string    `json:"measures"`
	Funds           string    `json:"funds"`
	ResponsibleBody string    `json:"responsible_body"`
	Deadline        time.Time `json:"deadline"`
	SafetyPlan      string    `json:"safety_plan"`
}

// Supervised takes the case under an upper office's eye (督办、挂牌督办).
type Supervised struct {
	Stamp
	Measure string        `json:"measure"`
	Level   int           `json:"level"`
	Cell    grid.CellCode `json:"cell"`
	Plan    *Plan         `json:"plan,omitempty"` // with listed
	Ladder  *Climb        `json:"ladder,omitempty"`
	Told    []string      `json:"told,omitempty"`
}

// SupervisionLifted ends it.
type SupervisionLifted struct {
	Stamp
	Measure string        `json:"measure"`
	Cell    grid.CellCode `json:"cell"`
	Note    string        `json:"note,omitempty"`
}

// Transferred is a written handover to an authority outside the grid (移交).
type Transferred struct {
	Stamp
	Authority  string        `json:"authority"`
	DocumentNo string        `json:"document_no"`
	Note       string        `json:"note"`
	Cell       grid.CellCode `json:"cell"` // of the office that handed it over
}

// TransferReplied is the authority's answer.
type TransferReplied struct {
	Stamp
	DocumentNo string `json:"document_no"`
	Outcome    string `json:"outcome"`
}

// Reopened begins a new round with full limits; earlier rounds stay readable.
type Reopened struct {
	Stamp
	Reason string  `json:"reason"`
	Round  int     `json:"round"`
	To     string  `json:"to"` // the state: rectifying, filed or reported
	Holder *Holder `json:"holder,omitempty"`
	Office *Holder `json:"office,omitempty"` // who has it where nobody rectifies
}

// MergedInto voids a duplicate in favour of another open case.
type MergedInto struct {
	Stamp
	Into string `json:"into"`
}

// DuplicateLinked is the other side of a merge.
type DuplicateLinked struct {
	Stamp
	From string `json:"from"`
}

// CellReplaced follows the replacement of the cell that had the case: it passes to the parent office.
type CellReplaced struct {
	Stamp
	Cell     grid.CellCode   `json:"cell"`     // the replaced one
	Office   Holder          `json:"office"`   // who has the case now
	Returned bool            `json:"returned"` // a dispatched or rectifying case is filed again
	Vacant   []grid.CellCode `json:"vacant,omitempty"`
}

// Noted is text or evidence from anyone in scope.
type Noted struct {
	Stamp
	Text     personal.Value  `json:"text"`
	Evidence []evidence.File `json:"evidence,omitempty"`
	Refused  *Refusal        `json:"refused,omitempty"` // the words come from a late command that was refused
}

// Refusal says which late command was refused, and by which rule.
type Refusal struct {
	Command string `json:"command"` // as the route names it: "rectify"
	Rule    string `json:"rule"`    // the refusal's code
}

// FeedbackGiven is the reporter's side after closure.
type FeedbackGiven struct {
	Stamp
	Satisfied bool           `json:"satisfied"`
	Note      personal.Value `json:"note,omitzero"`
}

// Stamped gives the event's own when and who.
func (s Stamp) Stamped() Stamp { return s }

func (Stamp) caseEvent() {}
