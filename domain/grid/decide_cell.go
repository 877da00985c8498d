package grid

import (
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"gridward/domain/fault"
)

// CreateCell puts a cell into the grid. Its level and parent are in its code.
type CreateCell struct {
	Code       CellCode          `json:"code"`
	Name       string            `json:"name"`
	Classes    map[string]string `json:"classes,omitempty"`
	Attributes map[string]any    `json:"attributes,omitempty"`
}

// DecideCreateCell decides on a new cell under its parent (the zero Cell for a district). Required premises
// fields are not asked for here: registers are filled in step by step.
func DecideCreateCell(c Cell, cmd CreateCell, parent Cell, schemes []Scheme) ([]CellEvent, error) {
	attributes := plain(cmd.Attributes)
	var bad fault.Fields
	if cmd.Code.Level() == 0 {
		bad.Add("code", "is not a cell code: 6, 9, 12, 15 or 19 digits")
	}
	bad.Text("name", cmd.Name, maxName)
	checkClasses(&bad, cmd.Classes, schemes, false)
	checkAttributes(&bad, attributes, schemes)
	if err := bad.Err(); err != nil {
		return nil, err
	}
	created := CellCreated{Code: cmd.Code, Name: strings.TrimSpace(cmd.Name), Classes: maps.Clone(cmd.Classes), Attributes: attributes}
	if c.Exists() {
		if c.Name == created.Name && sameMap(c.Classes, created.Classes) && sameAttributes(c.Attributes, attributes) {
			return nil, nil
		}
		return nil, fault.New(fault.Conflict, "cell_exists", "there is a cell %s already", cmd.Code)
	}
	if up := cmd.Code.Parent(); up != "" {
		if !parent.Exists() {
			return nil, fault.Refuse("no_parent", "there is no cell %s above it", up)
		}
		if parent.Retired {
			return nil, fault.Refuse("parent_retired", "cell %s above it is no longer in the grid", up)
		}
	}
	return []CellEvent{created}, nil
}

// SetClasses sets the classes of the programmes it names; an empty class takes the class away.
type SetClasses struct {
	Classes map[string]string `json:"classes"`
}

// DecideSetClasses keeps of the command what changes something.
func DecideSetClasses(c Cell, cmd SetClasses, schemes []Scheme) ([]CellEvent, error) {
	if err := live(c); err != nil {
		return nil, err
	}
	var bad fault.Fields
	checkClasses(&bad, cmd.Classes, schemes, true)
	if err := bad.Err(); err != nil {
		return nil, err
	}
	changed := map[string]string{}
	for programme, class := range cmd.Classes {
		if c.Classes[programme] != class {
			changed[programme] = class
		}
	}
	if len(changed) == 0 {
		return nil, nil
	}
	return []CellEvent{CellClassesSet{Classes: changed}}, nil
}

// SetAttributes replaces all attributes of a cell.
type SetAttributes struct {
	Attributes map[string]any `json:"attributes"`
}

// DecideSetAttributes decides on a cell's attributes.
func DecideSetAttributes(c Cell, cmd SetAttributes, schemes []Scheme) ([]CellEvent, error) {
	if err := live(c); err != nil {
		return nil, err
	}
	attributes := plain(cmd.Attributes)
	var bad fault.Fields
	checkAttributes(&bad, attributes, schemes)
	if err := bad.Err(); err != nil {
		return nil, err
	}
	if sameAttributes(c.Attributes, attributes) {
		return nil, nil
	}
	return []CellEvent{CellAttributesSet{Attributes: attributes}}, nil
}

// RetireCell takes a cell out of the grid.
type RetireCell struct {
	Reason string `json:"reason"`
}

// DecideRetireCell decides on a cell's retirement. What lies below it is known to other streams only: it stays,
// but nothing new can be created under a retired cell.
func DecideRetireCell(c Cell, cmd RetireCell, at time.Time) ([]CellEvent, error) {
	if err := live(c); err != nil {
		return nil, err
	}
	var bad fault.Fields
	bad.Text("reason", cmd.Reason, maxReason)
	if err := bad.Err(); err != nil {
		return nil, err
	}
	return []CellEvent{CellRetired{At: at, Reason: cmd.Reason}}, nil
}

// ReplaceCell retires a cell in favour of successors (a boundary change); its code is never edited.
type ReplaceCell struct {
	Successors []Successor `json:"successors"`
}

// DecideReplaceCell decides on a replacement. taken are those of the successors' codes that have a cell already.
func DecideReplaceCell(c Cell, cmd ReplaceCell, at time.Time, taken []CellCode) ([]CellEvent, error) {
	if err := live(c); err != nil {
		return nil, err
	}
	var bad fault.Fields
	if len(cmd.Successors) == 0 {
		bad.Add("successors", "is required")
	}
	if len(cmd.Successors) > 100 {
		bad.Add("successors", "are more than 100")
	}
	seen := map[CellCode]bool{}
	successors := make([]Successor, len(cmd.Successors))
	for i, s := range cmd.Successors {
		at := "successors." + strconv.Itoa(i)
		switch {
		case s.Code.Level() != c.Code.Level() || s.Code.Parent() != c.Code.Parent():
			bad.Add(at+".code", "is not a code at the same level under the same parent")
		case s.Code == c.Code:
			bad.Add(at+".code", "is the code of the cell itself")
		case seen[s.Code]:
			bad.Add(at+".code", "is named twice")
		}
		seen[s.Code] = true
		bad.Text(at+".name", s.Name, maxName)
		successors[i] = Successor{Code: s.Code, Name: strings.TrimSpace(s.Name)}
	}
	if err := bad.Err(); err != nil {
		return nil, err
	}
	if i := slices.IndexFunc(successors, func(s Successor) bool { return slices.Contains(taken, s.Code) }); i >= 0 {
		return nil, fault.Refuse("successor_exists", "there is a cell %s already: a successor has a new code", successors[i].Code)
	}
	return []CellEvent{CellReplaced{At: at, Successors: successors}}, nil
}

// live refuses a cell that is not there or no longer.
func live(c Cell) error {
	if !c.Exists() {
		return fault.New(fault.NotFound, "cell_not_found", "there is no such cell")
	}
	if c.Retired {
		return fault.Refuse("cell_retired", "cell %s is no longer in the grid", c.Code)
	}
	return nil
}

func sameMap(a, b map[string]string) bool { return maps.Equal(a, b) }

func sameAttributes(a, b map[string]any) bool {
	return len(a) == 0 && len(b) == 0 || reflect.DeepEqual(a, b)
}
