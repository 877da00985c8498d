package hazard

import (
	"slices"
	"time"

	"gridward/domain/grid"
	"gridward/domain/programme"
)

// The states of a case.
const (
	StateReported   = "reported"
	StateFiled      = "filed"
	StateDispatched = "dispatched"
	StateRectifying = "rectifying"
	StateRectified  = "rectified"
	StateClosed     = "closed"
	StateVoided     = "voided"
)

// States lists them in the order of the road.
var States = []string{StateReported, StateFiled, StateDispatched, StateRectifying, StateRectified, StateClosed, StateVoided}

// Case is the state of one case. The zero Case is one that nobody reported.
type Case struct {
	ID               string
	Programme        string
	ProgrammeVersion int // 0 until it is filed
	Cell             grid.CellCode
	Item             string
	Severity         string
	State            string
	Round            int
	FirstContact     string
	ReportedBy       string
	LastChange       time.Time // when the state last changed: no later command may claim to be earlier

	Limits           map[string]programme.Limit
	EvidenceRequired bool
	SetOnDispatch    bool

	Office       *Holder       // who has it while nobody is dispatched
	Holder       *Holder       // who has it once dispatched
	DispatchedAt grid.CellCode // the cell of the office that dispatched
	Dispatcher   string

	Rectified  *Holder  // who rectified last in this round
	Performers []string // who performed a rectification in this round: person ids, and names of others
	Recorders  []string // who recorded one for somebody else
	Passed     bool     // the last check passed
	Checkers   []string // who checked in this round

	ListingAwaited bool
	Supervisions   []Supervision
	Escalation     *Escalation
	Transfers      []Handover
	Asked          *VerificationRequested
	MergedInto     string
	Duplicates     []string
	VoidedLevel    int
}

// The results of a check and of a verification.
const (
	Passed    = "passed"
	Failed    = "failed"
	Confirmed = "confirmed"
	NotFound  = "not_found"
)

// Ratings lists the four closing ratings, best first (好、较好、一般、较差).
var Ratings = []string{"good", "fair", "average", "poor"}

// Sources lists where a case may come from.
var Sources = []string{"officer", "resident", "department", "system"}

// Supervision is one supervision in force.
type Supervision struct {
	Measure string
	Level   int
	Cell    grid.CellCode
}

// Escalation is the escalation in force.
type Escalation struct {
	Cell         grid.CellCode
	Level        int
	Stage        string
	Acknowledged bool
}

// Handover is one transfer to an authority outside the grid.
type Handover struct {
	Authority  string
	DocumentNo string
	Replied    bool
}

// Exists reports whether the case was ever reported.
func (c Case) Exists() bool { return c.ID != "" }

// Open reports whether the case still asks something of somebody.
func (c Case) Open() bool { return c.Exists() && c.State != StateClosed && c.State != StateVoided }

// Listed reports whether the government has listed it and not lifted it.
func (c Case) Listed() bool {
	return slices.ContainsFunc(c.Supervisions, func(s Supervision) bool { return s.Measure == Listed })
}

// EndsEscalation reports whether an event ends an escalation that was made for the given stage: one that awaits
// the listing ends with it, any other with the stage it was made in; both end with the case.
func EndsEscalation(stage string, e Event) bool {
	switch e := e.(type) {
	case Closed, Voided, MergedInto, Reopened:
		return true
	case Supervised:
		return stage == programme.StageListing && e.Measure == Listed
	case Reclassified:
		return stage == programme.StageListing && e.Severity != programme.Major
	case Rectified:
		return e.Delivered || stage != programme.StageListing
	case Dispatched, Accepted, Returned, Checked:
		return stage != programme.StageListing
	case CellReplaced:
		return e.Returned && stage != programme.StageListing
	default:
		return false
	}
}

// Evolve folds one event of a case.
func Evolve(c Case, e Event) Case {
	if c.Escalation != nil && EndsEscalation(c.Escalation.Stage, e) {
		c.Escalation = nil
	}
	before := c.State
	c = evolve(c, e)
	if c.State != before {
		c.LastChange = e.Stamped().At
	}
	return c
}

func evolve(c Case, e Event) Case {
	switch e := e.(type) {
	case Reported:
		c.ID, c.Programme, c.Cell, c.Item, c.Severity = e.Case, e.Programme, e.Cell, e.Item, e.Severity
		c.State, c.Round, c.FirstContact, c.ReportedBy, c.Office = StateReported, 1, e.FirstContact, e.By, e.Office
	case VerificationRequested:
		c.Asked = &e
	case Verified:
		c.Asked = nil
	case Filed:
		c.State, c.Item, c.Severity, c.Cell, c.Asked = StateFiled, e.Item, e.Severity, e.Cell, nil
		c.ProgrammeVersion, c.Limits, c.Office, c.ListingAwaited = e.ProgrammeVersion, e.Limits, e.Office, e.Listing
		c.EvidenceRequired, c.SetOnDispatch = e.EvidenceRequired, e.SetOnDispatch
	case Voided:
		c.State, c.VoidedLevel, c.ListingAwaited = StateVoided, e.Level, false
	case MergedInto:
		c.State, c.MergedInto, c.VoidedLevel, c.ListingAwaited = StateVoided, e.Into, 0, false
	case DuplicateLinked:
		c.Duplicates = append(slices.Clip(c.Duplicates), e.From)
	case Dispatched:
		c.State, c.Holder, c.DispatchedAt, c.Dispatcher = StateDispatched, &e.To, e.Office, e.By
	case Accepted:
		c.State, c.Holder = StateRectifying, &e.Holder
	case Returned:
		c.State, c.Holder, c.Office = StateFiled, nil, e.Office
	case Rectified:
		c = evolveRectified(c, e)
	case Checked:
		c.Checkers, c.Passed = append(slices.Clip(c.Checkers), e.By), e.Result == Passed
		if !c.Passed {
			c.State, c.Holder = StateRectifying, e.Holder
		}
	case Closed:
		c.State = StateClosed
	case Reopened:
		c.State, c.Round, c.Holder = e.To, e.Round, e.Holder
		c.Performers, c.Recorders, c.Checkers, c.Passed, c.Rectified = nil, nil, nil, false, nil
		c.MergedInto = ""
	default:
		c = evolveBeside(c, e)
	}
	return c
}

func evolveRectified(c Case, e Rectified) Case {
	c.State, c.Rectified, c.Holder, c.Passed = StateRectified, &e.Holder, &e.Holder, false
	c.Performers = append(slices.Clip(c.Performers), e.PerformedBy.Key())
	if e.By != e.PerformedBy.Key() {
		c.Recorders = append(slices.Clip(c.Recorders), e.By)
	}
	if e.Delivered {
		c.State = StateClosed
	}
	return c
}

// evolveBeside folds what stands beside the road.
func evolveBeside(c Case, e Event) Case {
	switch e := e.(type) {
	case Reclassified:
		c.Item, c.Severity, c.Limits = e.Item, e.Severity, e.Limits
		c.EvidenceRequired, c.SetOnDispatch, c.ListingAwaited = e.EvidenceRequired, e.SetOnDispatch, e.Listing
	case Escalated:
		c.Escalation = &Escalation{Cell: e.To, Level: e.Level, Stage: e.Stage}
	case EscalationAcknowledged:
		if c.Escalation != nil {
			esc := *c.Escalation
			esc.Acknowledged = true
			c.Escalation = &esc
		}
	case Supervised:
		c.Supervisions = append(slices.Clip(c.Supervisions), Supervision{e.Measure, e.Level, e.Cell})
		c.ListingAwaited = c.ListingAwaited && e.Measure != Listed
	case SupervisionLifted:
		c.Supervisions = slices.DeleteFunc(slices.Clone(c.Supervisions), func(s Supervision) bool {
			return s.Measure == e.Measure && s.Cell == e.Cell
		})
	case Transferred:
		c.Transfers = append(slices.Clip(c.Transfers), Handover{Authority: e.Authority, DocumentNo: e.DocumentNo})
	case TransferReplied:
		c.Transfers = slices.Clone(c.Transfers)
		if i := c.unanswered(e.DocumentNo); i >= 0 {
			c.Transfers[i].Replied = true
		}
	case CellReplaced:
		c.Office = &e.Office
		if e.Returned {
			c.State, c.Holder = StateFiled, nil
		}
	default: // words, and links that other events carry: nothing a decision relies on
	}
	return c
}

// unanswered is the transfer a reply answers: the one with that document number, else the latest without an
// answer (a reply often carries the authority's own number); -1 when there is none.
func (c Case) unanswered(documentNo string) int {
	last := -1
	for i, t := range c.Transfers {
		if t.Replied {
			continue
		}
		if t.DocumentNo == documentNo {
			return i
		}
		last = i
	}
	return last
}
