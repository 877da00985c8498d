package hazard

import (
	"time"

	"gridward/domain/grid"
	"gridward/domain/programme"
)

// What time does to a case: extensions, suspensions, the ladder's cards and queues, corrections and appeals.

// ExtensionRequested asks for more time (延期).
type ExtensionRequested struct {
	Stamp
	Limit  programme.Limit `json:"limit"` // time added
	Reason string          `json:"reason"`
}

// ExtensionDecided grants it or not. It answers the one request that waits.
type ExtensionDecided struct {
	Stamp
	Granted bool          `json:"granted"`
	Note    string        `json:"note,omitempty"`
	Cell    grid.CellCode `json:"cell"` // of the office that decided
}

// Suspended stops the clock (挂账).
type Suspended struct {
	Stamp
	Reason string        `json:"reason"`
	Until  time.Time     `json:"until"` // when it resumes by itself
	Cell   grid.CellCode `json:"cell"`  // of the office that suspended
}

// Resumed lets the clock run again.
type Resumed struct {
	Stamp
	Automatic bool `json:"automatic,omitempty"` // by itself at its until; a suspension whose stage ends needs no such event
}

// The colours of cards.
const (
	Yellow = "yellow"
	Red    = "red"
)

// Climb is one rung of the ladder as it was climbed: where, under which rules, against which deadline.
type Climb struct {
	Round            int       `json:"round"`
	Stage            string    `json:"stage"`
	Run              int       `json:"run"`  // which stage of the case's line, from 0 (Case.Stages)
	Rung             int       `json:"rung"` // in the ladder of the case's severity and stage, from 0
	ProgrammeVersion int       `json:"programme_version"`
	Deadline         time.Time `json:"deadline"`
	Due              time.Time `json:"due"`
}

// CardGiven is a yellow or red card to the holder (黄牌、红牌).
type CardGiven struct {
	Stamp
	Colour string   `json:"colour"`
	Ladder Climb    `json:"ladder"`
	Holder Holder   `json:"holder"`
	Told   []string `json:"told,omitempty"` // person ids: the holder, the chief of the next level, the sponsor
}

// CardHealed says that a card turned out undeserved: the stage had ended in time, which was told late. The card stays.
type CardHealed struct {
	Stamp
	Colour string `json:"colour"`
	Run    int    `json:"run"`
	Rung   int    `json:"rung"`
}

// CardWithdrawn takes a card back that a moved deadline overtook; it stays in the timeline.
type CardWithdrawn struct {
	Stamp
	Colour string `json:"colour"`
	Run    int    `json:"run"`
	Rung   int    `json:"rung"`
	Reason string `json:"reason"` // extension, suspension, correction, reclassification, listing
}

// RungPassed is a rung that came due and had nothing to do: the case is queued or supervised as high already, or
// there is nobody above.
type RungPassed struct {
	Stamp
	Do     string `json:"do"`
	Ladder Climb  `json:"ladder"`
	Reason string `json:"reason"` // the code of why
}

// Rederived moves the open stages to corrected rules.
type Rederived struct {
	Stamp
	ProgrammeVersion int                        `json:"programme_version"`
	CalendarVersion  int                        `json:"calendar_version"`
	Limits           map[string]programme.Limit `json:"limits,omitempty"` // nil: as they were
	Moved            []Moved                    `json:"moved,omitempty"`
}

// Moved is one deadline that a correction moved.
type Moved struct {
	Run   int       `json:"run"`
	Stage string    `json:"stage"`
	From  time.Time `json:"from"`
	To    time.Time `json:"to"`
}

// Appealed objects after closure (申诉).
type Appealed struct {
	Stamp
	Reason string `json:"reason"`
}

// AppealDecided decides the objection: upheld, the round's lateness is exempt; the raw result stays.
type AppealDecided struct {
	Stamp
	Upheld bool          `json:"upheld"`
	Note   string        `json:"note,omitempty"`
	Level  int           `json:"level"` // of the office that decided
	Cell   grid.CellCode `json:"cell"`
}
