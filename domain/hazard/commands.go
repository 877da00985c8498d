package hazard

import (
	"time"

	"gridward/domain/evidence"
	"gridward/domain/grid"
	"gridward/domain/programme"
)

// Report opens a case. The zero Case means that the house derives the id.
type Report struct {
	Case         string             `json:"id,omitempty"`
	Programme    string             `json:"programme"`
	Cell         grid.CellCode      `json:"cell"`
	Item         string             `json:"item,omitempty"`
	Severity     string             `json:"severity,omitempty"`
	Description  string             `json:"description"`
	Source       string             `json:"source"`
	FoundAt      time.Time          `json:"found_at"`
	Location     *evidence.Location `json:"location,omitempty"`
	Reporter     *ReportedBy        `json:"reporter,omitempty"`
	FirstContact string             `json:"first_contact,omitempty"` // person id; empty: the actor
	Evidence     []evidence.File    `json:"evidence,omitempty"`
}

// ReportedBy is who reported from outside, as the door takes it.
type ReportedBy struct {
	Name      string `json:"name,omitempty"`
	Phone     string `json:"phone,omitempty"`
	Anonymous bool   `json:"anonymous,omitempty"`
}

// Command is what can be asked of an open or closed case.
//
//sumtype:decl
type Command interface{ caseCommand() }

// The commands, named as in the contract; see the table in the design (case-lifecycle) for who, from where to
// where, and the rules of each.
type (
	// RequestVerification asks a cell or a person to look. Exactly one is set.
	RequestVerification struct {
		Cell   grid.CellCode `json:"cell,omitempty"`
		Person string        `json:"person,omitempty"`
		Note   string        `json:"note,omitempty"`
	}
	// Verify answers: confirmed or not_found.
	Verify struct {
		Result string `json:"result"`
		Note   string `json:"note,omitempty"`
	}
	// File makes the report a case.
	File struct {
		Item     string        `json:"item"`
		Cell     grid.CellCode `json:"cell,omitempty"`
		Severity string        `json:"severity,omitempty"`
		Reason   string        `json:"reason,omitempty"`
	}
	// Void says that it is no hazard.
	Void struct {
		Reason string `json:"reason"`
	}
	// Dispatch gives the case to one cell or department.
	Dispatch struct {
		Cell        grid.CellCode    `json:"cell,omitempty"`
		Department  string           `json:"department,omitempty"`
		Assisting   []Target         `json:"assisting,omitempty"`
		Limit       *programme.Limit `json:"limit,omitempty"`
		Instruction string           `json:"instruction,omitempty"`
	}
	// Target is a cell or a department. Exactly one is set.
	Target struct {
		Cell       grid.CellCode `json:"cell,omitempty"`
		Department string        `json:"department,omitempty"`
	}
	// Accept takes it.
	Accept struct{}
	// Return gives it back.
	Return struct {
		Reason string `json:"reason"`
	}
	// Rectify says that the hazard was removed.
	Rectify struct {
		Measures    string          `json:"measures"`
		PerformedBy string          `json:"performed_by,omitempty"`
		Evidence    []evidence.File `json:"evidence,omitempty"`
	}
	// Check looks at the rectification: passed or failed.
	Check struct {
		Result string `json:"result"`
		Note   string `json:"note,omitempty"`
	}
	// Close ends the round with a rating.
	Close struct {
		Rating string `json:"rating"`
		Note   string `json:"note,omitempty"`
	}
	// Reopen begins a new round.
	Reopen struct {
		Reason string `json:"reason"`
	}
	// Reclassify changes item or severity.
	Reclassify struct {
		Item     string `json:"item,omitempty"`
		Severity string `json:"severity,omitempty"`
		Reason   string `json:"reason"`
	}
	// Escalate hands the case one level up.
	Escalate struct {
		Reason string `json:"reason"`
	}
	// AcknowledgeEscalation says what the upper office wants done.
	AcknowledgeEscalation struct {
		Instruction string `json:"instruction"`
	}
	// Supervise takes the case under an upper office's eye.
	Supervise struct {
		Measure string `json:"measure"`
		Level   int    `json:"level"`
		Plan    *Plan  `json:"plan,omitempty"`
	}
	// LiftSupervision ends every supervision of the actor's office, listing included.
	LiftSupervision struct {
		Note string `json:"note,omitempty"`
	}
	// Transfer hands over in writing to an authority outside the grid.
	Transfer struct {
		Authority  string `json:"authority"`
		DocumentNo string `json:"document_no"`
		Note       string `json:"note,omitempty"`
	}
	// TransferReply is the authority's answer.
	TransferReply struct {
		DocumentNo string `json:"document_no"`
		Outcome    string `json:"outcome"`
	}
	// Merge marks the case a duplicate of another open one.
	Merge struct {
		Into string `json:"into"`
	}
	// Note is text or evidence from anyone in scope.
	Note struct {
		Text     string          `json:"text,omitempty"`
		Evidence []evidence.File `json:"evidence,omitempty"`
	}
	// Feedback is the reporter's side after closure.
	Feedback struct {
		Satisfied bool   `json:"satisfied"`
		Note      string `json:"note,omitempty"`
	}
	// RequestExtension asks for more time: until_limit is the time added.
	RequestExtension struct {
		Limit  programme.Limit `json:"until_limit"`
		Reason string          `json:"reason"`
	}
	// DecideExtension answers the request that waits.
	DecideExtension struct {
		Granted bool   `json:"granted"`
		Note    string `json:"note,omitempty"`
	}
	// Suspend stops the clock, for a year at most.
	Suspend struct {
		Reason string     `json:"reason"`
		Until  *time.Time `json:"until,omitempty"`
	}
	// Resume lets it run again.
	Resume struct{}
	// Appeal objects after closure.
	Appeal struct {
		Reason string `json:"reason"`
	}
	// DecideAppeal decides the objection.
	DecideAppeal struct {
		Upheld bool   `json:"upheld"`
		Note   string `json:"note,omitempty"`
	}
)

func (RequestVerification) caseCommand()   {}
func (Verify) caseCommand()                {}
func (File) caseCommand()                  {}
func (Void) caseCommand()                  {}
func (Dispatch) caseCommand()              {}
func (Accept) caseCommand()                {}
func (Return) caseCommand()                {}
func (Rectify) caseCommand()               {}
func (Check) caseCommand()                 {}
func (Close) caseCommand()                 {}
func (Reopen) caseCommand()                {}
func (Reclassify) caseCommand()            {}
func (Escalate) caseCommand()              {}
func (AcknowledgeEscalation) caseCommand() {}
func (Supervise) caseCommand()             {}
func (LiftSupervision) caseCommand()       {}
func (Transfer) caseCommand()              {}
func (TransferReply) caseCommand()         {}
func (Merge) caseCommand()                 {}
func (Note) caseCommand()                  {}
func (Feedback) caseCommand()              {}
func (RequestExtension) caseCommand()      {}
func (DecideExtension) caseCommand()       {}
func (Suspend) caseCommand()               {}
func (Resume) caseCommand()                {}
func (Appeal) caseCommand()                {}
func (DecideAppeal) caseCommand()          {}
