package views

import (
	"time"

	"gridward/domain/grid"
)

// What the listings can be narrowed by. An empty field does not narrow; Cell always means the cell and its subtree;
// From is included, To is not.

// CellFilter narrows Cells.
type CellFilter struct {
	Parent grid.CellCode // the direct children of this cell
	Level  int           // 1-5; 0: any
	Class  string        // in any programme
	Q      string        // a part of the name, or the beginning of the code
}

// InspectionFilter narrows Inspections, by the start of the inspection.
type InspectionFilter struct {
	Cell      grid.CellCode
	Programme string
	Officer   string // person id
	From, To  time.Time
}

// CaseFilter narrows Cases. From and To are about the report.
type CaseFilter struct {
	Cell       grid.CellCode
	Programme  string
	State      string
	Severity   string
	Item       string
	Overdue    *bool  // a known deadline has passed at Now
	Holder     string // exactly this cell code, department code or person id
	Supervised *bool  // under any supervision
	From, To   time.Time
	Now        time.Time // the instant overdue is judged at
}

// LedgerFilter narrows a ledger. From and To are about when the thing happened; premises, equipment and forces
// have no such time and are not narrowed by it.
type LedgerFilter struct {
	Programme string
	From, To  time.Time
	Now       time.Time // the day by which equipment is in use, expiring or expired
	AsOf      time.Time // what was known then, and the day for equipment too; zero: now
}

// CampaignFilter narrows Campaigns.
type CampaignFilter struct {
	Cell      grid.CellCode
	Programme string
}
