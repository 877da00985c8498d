package demo

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"gridward/app"
	"gridward/domain/grid"
	"gridward/domain/hazard"
	"gridward/domain/inspection"
	"gridward/domain/notice"
	shortfall "gridward/domain/patrol"
	"gridward/domain/programme"
	"gridward/domain/register"
)

// Summary is what the log holds after a demo, counted from its events.
type Summary struct {
	Events  int // in the log
	Written int // of them by this run; 0 when it was run before
	First   time.Time
	Last    time.Time // when the first and the last of them were recorded

	Commands int // carried out by this run
	Refused  int // of them refused, each as the script intended

	Cells       map[int]int // by level, in the grid at the end
	Persons     int
	Departments int
	Duties      int                       // in force at the end
	Inspections map[string]int            // by programme, void ones left out
	Cases       map[string]map[string]int // by severity ("" before filing says), then by state
	Campaigns   int
	Activities  int
	Equipment   int // in use
	Forces      int // and plans

	Cards       map[string]int // given, by colour; healed and withdrawn
	Escalations map[string]int // by the ladder, at once (a major hazard) and by hand
	Extensions  map[string]int // granted, refused
	Suspensions map[string]int // begun; resumed by the office and by themselves
	Appeals     map[string]int // upheld, rejected
	Shortfalls  map[string]int // stated when the period ended; stated anew
	Moved       int            // deadlines moved by corrections
	Digests     int
}

// Row is one line of the summary as a table: what is counted, of which kind, and how many.
type Row struct {
	What, Kind string
	Count      int
}

// Rows gives the summary as a table, always in the same order.
func (s Summary) Rows() []Row {
	var rows []Row
	for level := grid.District; level <= grid.Site; level++ {
		rows = append(rows, Row{"cells", fmt.Sprintf("level %d", level), s.Cells[level]})
	}
	rows = append(rows, Row{"persons", "", s.Persons}, Row{"departments", "", s.Departments}, Row{"duties", "", s.Duties})
	for _, code := range slices.Sorted(maps.Keys(s.Inspections)) {
		rows = append(rows, Row{"inspections", code, s.Inspections[code]})
	}
	for _, severity := range append(slices.Clone(programme.Severities), "") {
		for _, state := range hazard.States {
			if n := s.Cases[severity][state]; n > 0 {
				rows = append(rows, Row{"cases", strings.TrimPrefix(severity+", "+state, ", "), n})
			}
		}
	}
	rows = append(rows, s.timeRows()...)
	return append(rows, Row{"campaigns", "", s.Campaigns}, Row{"activities", "", s.Activities}, Row{"equipment", "", s.Equipment},
		Row{"forces and plans", "", s.Forces}, Row{"commands", "", s.Commands}, Row{"commands", "refused as intended", s.Refused},
		Row{"events", "written now", s.Written}, Row{"events", "in the log", s.Events})
}

// timeRows are those of what time does.
func (s Summary) timeRows() []Row {
	var rows []Row
	for _, of := range []struct {
		what   string
		counts map[string]int
	}{
		{"cards", s.Cards}, {"escalations", s.Escalations}, {"extensions", s.Extensions}, {"suspensions", s.Suspensions},
		{"appeals", s.Appeals}, {"shortfalls", s.Shortfalls},
	} {
		for _, kind := range slices.Sorted(maps.Keys(of.counts)) {
			rows = append(rows, Row{of.what, kind, of.counts[kind]})
		}
	}
	return append(rows, Row{"deadlines", "moved by a correction", s.Moved}, Row{"digests", "", s.Digests})
}

// pageOf is how many records are read at once.
const pageOf = 1000

// counting is a summary under way, with what it takes to count.
type counting struct {
	Summary
	cases       map[string]hazard.Case
	inspections map[string]string // by stream: the programme
	duties      map[string]bool
}

// tally counts the whole log.
func tally(ctx context.Context, log app.Log, codec app.Codec, before app.Position) (Summary, error) {
	c := counting{cases: map[string]hazard.Case{}, inspections: map[string]string{}, duties: map[string]bool{}}
	c.Cells, c.Inspections, c.Cases = map[int]int{}, map[string]int{}, map[string]map[string]int{}
	c.Cards, c.Escalations, c.Extensions = map[string]int{}, map[string]int{}, map[string]int{}
	c.Suspensions, c.Appeals, c.Shortfalls = map[string]int{}, map[string]int{}, map[string]int{}
	for after := app.Position(0); ; {
		page, err := log.Read(ctx, after, pageOf)
		if err != nil {
			return Summary{}, fmt.Errorf("demo: count the log: %w", err)
		}
		for _, rec := range page {
			event, err := codec.Decode(rec.Type, rec.Schema, rec.Data)
			if err != nil {
				return Summary{}, fmt.Errorf("demo: count the log: %w", err)
			}
			c.count(rec, event, rec.Position > before)
			after = rec.Position
		}
		if len(page) < pageOf {
			break
		}
	}
	for _, k := range c.cases {
		if c.Cases[k.Severity] == nil {
			c.Cases[k.Severity] = map[string]int{}
		}
		c.Cases[k.Severity][k.State]++
	}
	for _, code := range c.inspections {
		c.Inspections[code]++
	}
	c.Duties = len(c.duties)
	return c.Summary, nil
}

func (c *counting) count(rec app.Record, event any, now bool) {
	if c.Events++; c.Events == 1 {
		c.First = rec.RecordedAt
	}
	if c.Last = rec.RecordedAt; now {
		c.Written++
	}
	if e, ok := event.(hazard.Event); ok {
		c.cases[rec.Stream] = hazard.Evolve(c.cases[rec.Stream], e)
		c.countTime(e)
		return
	}
	switch e := event.(type) {
	case grid.CellCreated:
		c.Cells[e.Code.Level()]++
	case grid.CellRetired, grid.CellReplaced:
		c.Cells[grid.CellCode(rec.Meta.Cell).Level()]--
	case grid.PersonRegistered:
		c.Persons++
	case grid.DepartmentCreated:
		c.Departments++
	case grid.DutyGiven:
		c.duties[e.Duty] = true
	case grid.DutyEnded:
		delete(c.duties, e.Duty)
	case inspection.Logged:
		c.inspections[rec.Stream] = e.Report.Programme
	case inspection.Voided:
		delete(c.inspections, rec.Stream)
	case inspection.CampaignOpened:
		c.Campaigns++
	case register.ActivityRecorded:
		c.Activities++
	case register.EquipmentRegistered:
		c.Equipment++
	case register.EquipmentRetired:
		c.Equipment--
	case register.ForceRegistered:
		c.Forces++
	case shortfall.Found:
		c.Shortfalls["stated"]++
	case shortfall.Restated:
		c.Shortfalls["stated anew"]++
	case notice.DigestOpened:
		c.Digests++
	}
}

// countTime counts what time did to a case.
func (c *counting) countTime(e hazard.Event) {
	switch e := e.(type) {
	case hazard.CardGiven:
		c.Cards[e.Colour]++
	case hazard.CardHealed:
		c.Cards["healed"]++
	case hazard.CardWithdrawn:
		c.Cards["withdrawn"]++
	case hazard.Escalated:
		c.Escalations[either(e.Ladder != nil, "by the ladder", either(e.Automatic, "at once", "by hand"))]++
	case hazard.ExtensionDecided:
		c.Extensions[either(e.Granted, "granted", "refused")]++
	case hazard.Suspended:
		c.Suspensions["begun"]++
	case hazard.Resumed:
		c.Suspensions[either(e.Automatic, "resumed by themselves", "resumed by the office")]++
	case hazard.AppealDecided:
		c.Appeals[either(e.Upheld, "upheld", "rejected")]++
	case hazard.Rederived:
		c.Moved += len(e.Moved)
	default: // the state says the rest
	}
}

func either(is bool, one, other string) string {
	if is {
		return one
	}
	return other
}
