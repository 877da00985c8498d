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
	LastChange       time.Time // the last step along the road, to another state or stage: no later command may claim to be earlier
	ReportedUnder    int       // the programme's version that set the filing limit

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

	CalendarVersion int              // 0: older than calendars, which means the first
	OwnLimit        *programme.Limit // of rectification, when the dispatcher set one
	ListedUntil     time.Time        // a listing's deadline, for the round
	ListedSince     time.Time        // when it was listed
	Closing         *Holder          // who has to check and close what was rectified
	Stages          []*Stage         // every clock of the case, in the order they began; none is changed in place

	Suspension *Suspension // in force
	Suspended  bool        // once a round
	Asking     *Asking     // an extension that waits for its decision
	Extended   int         // granted in this round

	ClosedAt  grid.CellCode // of the office that closed the round; "" where the rectification itself closed it
	Closer    string        // who closed it
	Appeals   int           // of this round
	Appellant string        // who appealed
	Appeal    []Verdict     // the decisions on it
}

// Suspension is the one in force.
type Suspension struct {
	Since time.Time // the instant the clocks stopped
	Until time.Time
	Cell  grid.CellCode
}

// Asking is an extension asked for.
type Asking struct {
	At    time.Time
	By    string
	Limit programme.Limit
}

// Verdict is one decision on an appeal.
type Verdict struct {
	Upheld bool
	Level  int
	By     string
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

// EndsEscalation reports whether an event ends an escalation that was made for the given stage: one that awaits the
// listing ends with it; one over the whole road's time when somebody dispatches again; any other with the stage it was
// made in. All end with the case.
func EndsEscalation(stage string, e Event) bool {
	switch e := e.(type) {
	case Closed, Voided, MergedInto, Reopened:
		return true
	case Supervised:
		return stage == programme.StageListing && e.Measure == Listed
	case Reclassified:
		return stage == programme.StageListing && e.Severity != programme.Major
	case Rectified:
		return e.Delivered || !beside(stage)
	case Dispatched:
		return stage != programme.StageListing
	case Accepted, Returned, Checked:
		return !beside(stage)
	case CellReplaced:
		return e.Returned && !beside(stage)
	default:
		return false
	}
}

// beside reports whether a stage's clock runs beside the road, whatever becomes of the stage there.
func beside(stage string) bool {
	return stage == programme.StageListing || stage == programme.StageTotal || stage == programme.StageStatutory
}

// Evolve folds one event of a case.
func Evolve(c Case, e Event) Case {
	if c.Escalation != nil && EndsEscalation(c.Escalation.Stage, e) {
		c.Escalation = nil
	}
	before := c
	c = evolve(c, e)
	if _, again := e.(Dispatched); again || c.State != before.State {
		c.Suspension, c.Asking = nil, nil // both end with the stage
	}
	c = c.track(before, e)
	if c.State != before.State || c.step() != before.step() {
		c.LastChange = later(e.Stamped().When(), before.LastChange)
	}
	return c
}

func evolve(c Case, e Event) Case {
	switch e := e.(type) {
	case Reported:
		c.ID, c.Programme, c.Cell, c.Item, c.Severity = e.Case, e.Programme, e.Cell, e.Item, e.Severity
		c.State, c.Round, c.FirstContact, c.ReportedBy, c.Office = StateReported, 1, e.FirstContact, e.By, e.Office
		c.CalendarVersion, c.ReportedUnder = e.CalendarVersion, e.ProgrammeVersion
		if e.Limit != nil {
			c.Limits = map[string]programme.Limit{programme.StageFiling: *e.Limit}
		}
	case VerificationRequested:
		c.Asked = &e
	case Verified:
		c.Asked = nil
	case Filed:
		c.State, c.Item, c.Severity, c.Cell, c.Asked = StateFiled, e.Item, e.Severity, e.Cell, nil
		c.ProgrammeVersion, c.Limits, c.Office, c.ListingAwaited = e.ProgrammeVersion, e.Limits, e.Office, e.Listing
		c.EvidenceRequired, c.SetOnDispatch, c.CalendarVersion = e.EvidenceRequired, e.SetOnDispatch, e.CalendarVersion
	case Voided:
		c.State, c.VoidedLevel, c.ListingAwaited = StateVoided, e.Level, false
	case MergedInto:
		c.State, c.MergedInto, c.VoidedLevel, c.ListingAwaited = StateVoided, e.Into, 0, false
	case DuplicateLinked:
		c.Duplicates = append(slices.Clip(c.Duplicates), e.From)
	case Dispatched:
		c.State, c.Holder, c.DispatchedAt, c.Dispatcher = StateDispatched, &e.To, e.Office, e.By
		c.OwnLimit = e.Limit
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
		c.State, c.ClosedAt, c.Closer = StateClosed, e.Office, e.By
	case Reopened:
		c = evolveReopened(c, e)
	default:
		c = evolveBeside(c, e)
	}
	return c
}

// evolveReopened: a new round knows nothing of the old one's people, and its limits are full ones: the dispatcher's own
// counts on only where the item has no other.
func evolveReopened(c Case, e Reopened) Case {
	c.State, c.Round, c.Holder = e.To, e.Round, e.Holder
	c.Performers, c.Recorders, c.Checkers, c.Passed, c.Rectified = nil, nil, nil, false, nil
	c.MergedInto, c.ListedUntil, c.ListedSince, c.Closing = "", time.Time{}, time.Time{}, nil
	c.Suspended, c.Extended = false, 0
	c.ClosedAt, c.Closer, c.Appeals, c.Appellant, c.Appeal = "", "", 0, "", nil
	if !c.SetOnDispatch {
		c.OwnLimit = nil
	}
	if e.Office != nil {
		c.Office = e.Office
	}
	return c
}

func evolveRectified(c Case, e Rectified) Case {
	c.State, c.Rectified, c.Holder, c.Passed = StateRectified, &e.Holder, &e.Holder, false
	c.Closing = e.Office
	c.Performers = append(slices.Clip(c.Performers), e.PerformedBy.Key())
	if e.By != e.PerformedBy.Key() {
		c.Recorders = append(slices.Clip(c.Recorders), e.By)
	}
	if e.Delivered {
		c.State, c.Closer = StateClosed, e.By
	}
	return c
}

// shorten drops the dispatcher's own limit where the catalogue's has become shorter than that.
func (c *Case) shorten() {
	catalogue, has := c.Limits[programme.StageRectification]
	if own := c.OwnLimit; own != nil && has && !c.SetOnDispatch && !programme.ShorterOrEqual(*own, catalogue) {
		c.OwnLimit = nil
	}
}

// evolveBeside folds what stands beside the road.
func evolveBeside(c Case, e Event) Case {
	switch e := e.(type) {
	case Reclassified:
		c.Item, c.Severity, c.Limits = e.Item, e.Severity, e.Limits
		c.EvidenceRequired, c.SetOnDispatch, c.ListingAwaited = e.EvidenceRequired, e.SetOnDispatch, e.Listing
		c.shorten()
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
		if e.Measure == Listed && e.Plan != nil {
			c.ListedUntil, c.ListedSince = e.Plan.Deadline, e.When()
		}
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
		if c.Closing != nil && c.Closing.Cell == e.Cell {
			c.Closing = &e.Office
		}
		if e.Returned {
			c.State, c.Holder = StateFiled, nil
		}
	default:
		c = evolveTime(c, e)
	}
	return c
}

// evolveTime folds what is about time alone.
func evolveTime(c Case, e Event) Case {
	switch e := e.(type) {
	case ExtensionRequested:
		c.Asking = &Asking{At: e.At, By: e.By, Limit: e.Limit}
	case ExtensionDecided:
		c.Asking = nil
		if e.Granted {
			c.Extended++
		}
	case Suspended:
		c.Suspension, c.Suspended = &Suspension{Since: e.When(), Until: e.Until, Cell: e.Cell}, true
	case Resumed:
		c.Suspension = nil
	case Rederived:
		c.ProgrammeVersion, c.CalendarVersion = e.ProgrammeVersion, e.CalendarVersion
		if e.Limits != nil {
			c.Limits = e.Limits
			c.shorten()
		}
	case Appealed:
		c.Appeals, c.Appellant = c.Appeals+1, e.By
	case AppealDecided:
		c.Appeal = append(slices.Clip(c.Appeal), Verdict{e.Upheld, e.Level, e.By})
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
