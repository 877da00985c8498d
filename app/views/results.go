package views

import (
	"time"

	"gridward/domain/evidence"
	"gridward/domain/grid"
	"gridward/domain/hazard"
	"gridward/domain/inspection"
	"gridward/domain/programme"
)

// What the queries answer. The tags are the contract's names; times carry the zone the views were made with;
// positions are in their wire form. Absent lists are empty, not null.

// Cell is one cell of the grid.
type Cell struct {
	Code       grid.CellCode     `json:"code"`
	Level      int               `json:"level"`
	Parent     grid.CellCode     `json:"parent,omitempty"`
	Name       string            `json:"name"`
	Classes    map[string]string `json:"classes"`    // programme -> class
	Attributes map[string]any    `json:"attributes"` // premises fields and others
	Retired    bool              `json:"retired"`    // replaced included
	RetiredAt  *time.Time        `json:"retired_at,omitempty"`
	Reason     string            `json:"retire_reason,omitempty"`
	Successors []grid.CellCode   `json:"successors,omitempty"`
	Replaces   grid.CellCode     `json:"replaces,omitempty"`
	Version    uint64            `json:"version"`
	Position   string            `json:"position"`
}

// Person is one person of the grid; name and phone are personal.
type Person struct {
	ID       string `json:"id"`
	Name     string `json:"name"`
	Unit     string `json:"unit,omitempty"`
	Phone    string `json:"phone,omitempty"`
	Version  uint64 `json:"version"`
	Position string `json:"position"`
	Duties   []Duty `json:"duties,omitempty"` // only in the answer about one person
}

// Department is one department.
type Department struct {
	Code     string        `json:"code"`
	Name     string        `json:"name"`
	Cell     grid.CellCode `json:"cell"`
	Version  uint64        `json:"version"`
	Position string        `json:"position"`
}

// Duty is one person's role, on cells or in a department.
type Duty struct {
	ID         string          `json:"id"`
	Programme  string          `json:"programme"`
	Role       string          `json:"role"`
	ActsAs     string          `json:"acts_as"`
	Person     string          `json:"person"`
	From       time.Time       `json:"from"`
	To         *time.Time      `json:"to"` // null while it goes on
	Cells      []grid.CellCode `json:"cells"`
	Department string          `json:"department,omitempty"`
}

// Inspection is one inspection as it stands.
type Inspection struct {
	ID               string                   `json:"id"`
	Programme        string                   `json:"programme"`
	ProgrammeVersion int                      `json:"programme_version"`
	Cell             grid.CellCode            `json:"cell"`
	Officer          string                   `json:"officer"`
	Kind             string                   `json:"kind"`
	Surprise         bool                     `json:"surprise"`
	Walk             string                   `json:"walk,omitempty"`
	Campaign         string                   `json:"campaign,omitempty"`
	StartedAt        time.Time                `json:"started_at"`
	EndedAt          time.Time                `json:"ended_at"`
	Participants     []string                 `json:"participants"` // person ids or names
	Content          string                   `json:"content"`
	Checklist        []inspection.CheckResult `json:"checklist"`
	Measures         string                   `json:"measures"`
	Location         *evidence.Location       `json:"location,omitempty"`
	Evidence         []evidence.File          `json:"evidence"`
	Hazards          []Finding                `json:"hazards"`
	Cases            []string                 `json:"cases"`
	Acting           []inspection.Acting      `json:"acting"`
	Revision         int                      `json:"revision"` // from 1; each amendment one higher
	Reason           string                   `json:"reason,omitempty"`
	RecordedAt       time.Time                `json:"recorded_at"` // of this revision
	SupersededAt     *time.Time               `json:"superseded_at,omitempty"`
	Voided           bool                     `json:"voided"`
	VoidReason       string                   `json:"void_reason,omitempty"`
	Version          uint64                   `json:"version"`
	Position         string                   `json:"position"`
	Revisions        []Inspection             `json:"revisions,omitempty"` // earlier ones, only in the answer about one inspection
}

// Finding is one hazard an inspection found, and the case it opened.
type Finding struct {
	Case        string   `json:"case"`
	Item        string   `json:"item,omitempty"`
	Description string   `json:"description"`
	Severity    string   `json:"severity,omitempty"`
	OnTheSpot   *Removed `json:"on_the_spot,omitempty"`
}

// Removed says how a hazard was removed on the spot.
type Removed struct {
	Measures    string          `json:"measures"`
	PerformedBy string          `json:"performed_by,omitempty"` // person id or a name; absent: the officer
	Evidence    []evidence.File `json:"evidence"`
}

// Holder is who has a case and since when.
type Holder struct {
	Cell       grid.CellCode `json:"cell,omitempty"`
	Department string        `json:"department,omitempty"`
	Person     string        `json:"person,omitempty"`
	Role       string        `json:"role,omitempty"`
	Since      time.Time     `json:"since"`
}

// Deadline is a known deadline. Limit is null where the deadline was set as a date.
type Deadline struct {
	Stage string           `json:"stage"`
	At    time.Time        `json:"at"`
	Limit *programme.Limit `json:"limit"`
}

// Card is a yellow or red card, given at the instant it was due.
type Card struct {
	Colour    string     `json:"colour"`
	Stage     string     `json:"stage"`
	Round     int        `json:"round"`
	At        time.Time  `json:"at"`
	Healed    bool       `json:"healed,omitempty"`
	Withdrawn *time.Time `json:"withdrawn,omitempty"`
}

// Extension is more time asked for. Granted is null while nobody has decided.
type Extension struct {
	Round      int             `json:"round"`
	UntilLimit programme.Limit `json:"until_limit"` // time added
	AskedAt    time.Time       `json:"asked_at"`
	AskedBy    string          `json:"asked_by"`
	Reason     string          `json:"reason"`
	Granted    *bool           `json:"granted"`
	DecidedAt  *time.Time      `json:"decided_at,omitempty"`
	DecidedBy  string          `json:"decided_by,omitempty"`
	Note       string          `json:"note,omitempty"`
}

// Suspension is the one in force (挂账).
type Suspension struct {
	Since  time.Time     `json:"since"`
	Until  time.Time     `json:"until"`
	Reason string        `json:"reason"`
	Cell   grid.CellCode `json:"cell"` // of the office that suspended
}

// Appeal is an objection after a round was closed (申诉), with the decisions on it.
type Appeal struct {
	Round     int              `json:"round"`
	At        time.Time        `json:"at"`
	By        string           `json:"by"`
	Reason    string           `json:"reason"`
	Decisions []AppealDecision `json:"decisions"`
}

// AppealDecision is one of them; the last one counts.
type AppealDecision struct {
	Upheld bool          `json:"upheld"`
	Note   string        `json:"note,omitempty"`
	At     time.Time     `json:"at"`
	By     string        `json:"by"`
	Level  int           `json:"level"`
	Cell   grid.CellCode `json:"cell"`
}

// Escalation is the upper office a case is queued at.
type Escalation struct {
	Level          int           `json:"level"`
	Cell           grid.CellCode `json:"cell"`
	Since          time.Time     `json:"since"`
	Reason         string        `json:"reason,omitempty"`
	Stage          string        `json:"stage,omitempty"` // listing: it ends with the listing; else with the stage it was made in
	Automatic      bool          `json:"automatic,omitempty"`
	AcknowledgedAt *time.Time    `json:"acknowledged_at,omitempty"`
	AcknowledgedBy string        `json:"acknowledged_by,omitempty"`
	Instruction    string        `json:"instruction,omitempty"`
}

// Supervision is one supervision in force.
type Supervision struct {
	Measure string        `json:"measure"`
	Level   int           `json:"level"`
	Cell    grid.CellCode `json:"cell"`
	Since   time.Time     `json:"since"`
	Plan    *hazard.Plan  `json:"plan,omitempty"`
}

// Transfer is one written handover and its answer.
type Transfer struct {
	Authority  string        `json:"authority"`
	DocumentNo string        `json:"document_no"`
	Note       string        `json:"note,omitempty"`
	Cell       grid.CellCode `json:"cell"` // of the office that handed it over
	At         time.Time     `json:"at"`
	RepliedAt  *time.Time    `json:"replied_at,omitempty"`
	ReplyNo    string        `json:"reply_document_no,omitempty"`
	Outcome    string        `json:"outcome,omitempty"`
	Version    uint64        `json:"version"` // of the case, as it was handed over
}

// Reporter is who reported from outside; name and phone are personal.
type Reporter struct {
	Name      string `json:"name,omitempty"`
	Phone     string `json:"phone,omitempty"`
	Anonymous bool   `json:"anonymous,omitempty"`
}

// Verification is the last request to look, and its result.
type Verification struct {
	Cell   grid.CellCode `json:"cell,omitempty"`
	Person string        `json:"person,omitempty"`
	Note   string        `json:"note,omitempty"`
	Result string        `json:"result,omitempty"` // confirmed, not_found; absent while nobody answered
}

// Feedback is the reporter's side after closure; the note is personal.
type Feedback struct {
	Satisfied bool      `json:"satisfied"`
	Note      string    `json:"note,omitempty"`
	At        time.Time `json:"at"`
}

// Case is one hazard as it stands.
type Case struct {
	ID               string                     `json:"id"`
	Programme        string                     `json:"programme"`
	ProgrammeVersion int                        `json:"programme_version"` // it was filed under; 0 before
	Cell             grid.CellCode              `json:"cell"`
	Item             string                     `json:"item"`
	Severity         string                     `json:"severity"`
	State            string                     `json:"state"`
	Round            int                        `json:"round"`
	Source           string                     `json:"source"`
	FirstContact     string                     `json:"first_contact"`
	Description      string                     `json:"description"`
	FoundAt          time.Time                  `json:"found_at"`
	ReportedAt       time.Time                  `json:"reported_at"`
	ClosedAt         *time.Time                 `json:"closed_at"`
	Location         *evidence.Location         `json:"location,omitempty"`
	Reporter         *Reporter                  `json:"reporter,omitempty"`
	Evidence         []evidence.File            `json:"evidence"`
	Limits           map[string]programme.Limit `json:"limits"` // by stage, since filing
	Holder           *Holder                    `json:"holder"`
	Deadline         *Deadline                  `json:"deadline"`
	Overdue          bool                       `json:"overdue"`
	Cards            []Card                     `json:"cards"`
	Escalation       *Escalation                `json:"escalation"`
	Supervision      *Supervision               `json:"supervision"`  // the weightiest in force
	Supervisions     []Supervision              `json:"supervisions"` // all in force
	Suspended        bool                       `json:"suspended"`
	Suspension       *Suspension                `json:"suspension,omitempty"`
	Extensions       []Extension                `json:"extensions"`
	Appeals          []Appeal                   `json:"appeals,omitempty"`
	Rating           *string                    `json:"rating"`
	ReworkCount      int                        `json:"rework_count"`
	Inspection       string                     `json:"inspection,omitempty"`
	Assisting        []Holder                   `json:"assisting"`
	MergedInto       string                     `json:"merged_into,omitempty"`
	Duplicates       []string                   `json:"duplicates"`
	Transfers        []Transfer                 `json:"transfers"`
	Verification     *Verification              `json:"verification,omitempty"`
	Feedback         *Feedback                  `json:"feedback,omitempty"`
	OnTheSpot        bool                       `json:"on_the_spot"`
	ListingAwaited   bool                       `json:"listing_awaited"`
	LastCheck        string                     `json:"last_check,omitempty"` // of this round: passed, failed
	PerformedBy      string                     `json:"performed_by,omitempty"`
	ClosedAtTop      bool                       `json:"closed_at_top"`
	Version          uint64                     `json:"version"`
	Position         string                     `json:"position"`
}

// Fact is one line of a case's timeline: what happened, when, who, and the words that were given.
type Fact struct {
	Version    uint64         `json:"version"`
	Position   string         `json:"position"`
	Type       string         `json:"type"` // the stored name, e.g. "case.filed"
	OccurredAt time.Time      `json:"occurred_at"`
	RecordedAt time.Time      `json:"recorded_at"`
	Late       bool           `json:"late"` // recorded more than an hour after it happened
	Actor      string         `json:"actor"`
	OnBehalfOf string         `json:"on_behalf_of,omitempty"`
	Duty       string         `json:"duty,omitempty"`
	Words      map[string]any `json:"words"` // the event's own fields; personal values are revealed
}

// QueueItem is one case waiting at an upper office.
type QueueItem struct {
	Case           string        `json:"case"`
	Programme      string        `json:"programme"`
	Cell           grid.CellCode `json:"cell"` // of the case
	Item           string        `json:"item"`
	Severity       string        `json:"severity"`
	State          string        `json:"state"`
	Listed         bool          `json:"listed"`
	ListingAwaited bool          `json:"listing_awaited"`
	Office         grid.CellCode `json:"office"` // whose queue
	Level          int           `json:"level"`
	Holder         *Holder       `json:"holder"` // of the case
	Deadline       *Deadline     `json:"deadline"`
	PastSeconds    int64         `json:"past_seconds"` // since the deadline, by the clock; 0 while it has not passed
	Rung           *int          `json:"rung"`         // of the ladder, from 0; null where a person or a rule escalated
	Since          time.Time     `json:"since"`
	Reason         string        `json:"reason"`
	Automatic      bool          `json:"automatic"`
	By             string        `json:"by"`
	AcknowledgedAt *time.Time    `json:"acknowledged_at"`
	AcknowledgedBy string        `json:"acknowledged_by,omitempty"`
	Instruction    string        `json:"instruction,omitempty"`
}

// Campaign is inspections assigned from above, with its progress.
type Campaign struct {
	ID        string           `json:"id"`
	Programme string           `json:"programme"`
	Cell      grid.CellCode    `json:"cell"`
	Title     string           `json:"title"`
	From      time.Time        `json:"from"`
	To        time.Time        `json:"to"`
	Class     string           `json:"class,omitempty"`
	Checklist []string         `json:"checklist"`
	Progress  Progress         `json:"progress"`
	Targets   []CampaignTarget `json:"targets,omitempty"` // only in the answer about one campaign
	Version   uint64           `json:"version"`
	Position  string           `json:"position"`
}

// Progress is distinct targets inspected over targets.
type Progress struct {
	Targets   int `json:"targets"`
	Inspected int `json:"inspected"`
}

// CampaignTarget is one target and how often it was inspected.
type CampaignTarget struct {
	Cell        grid.CellCode `json:"cell"`
	Name        string        `json:"name"`
	Inspections int           `json:"inspections"`
}

// Patrols is what was done in one cell's subtree in one period. Required and Short are null until duties are
// reckoned.
type Patrols struct {
	Cell      grid.CellCode  `json:"cell"`
	Programme string         `json:"programme"`
	Period    string         `json:"period"`
	Required  *int           `json:"required"`
	Done      int            `json:"done"`
	Short     *int           `json:"short"`
	Other     int            `json:"other"`
	ByRole    []RolePatrols  `json:"by_role"`
	Children  []ChildPatrols `json:"children"`
}

// RolePatrols is the share of one role, under the programme's name for it.
type RolePatrols struct {
	Role     string `json:"role"`
	Required *int   `json:"required"`
	Done     int    `json:"done"`
	Short    *int   `json:"short"`
}

// ChildPatrols is the share of one cell directly below.
type ChildPatrols struct {
	Cell     grid.CellCode `json:"cell"`
	Name     string        `json:"name"`
	Required *int          `json:"required"`
	Done     int           `json:"done"`
	Short    *int          `json:"short"`
	Other    int           `json:"other"`
}

// Programme is a programme's newest definition and the versions there are.
type Programme struct {
	programme.Programme
	Versions []int  `json:"versions"`
	Position string `json:"position"`
}
