package views

import (
	"context"
	"strconv"
	"strings"

	"gridward/domain/fault"
	"gridward/domain/grid"
	"gridward/domain/hazard"
	"gridward/domain/programme"
)

// Naming finds what codes are called, for a page or a workbook that people read. Each is looked up once; what has no
// name keeps its code. The first failure is kept: ask for Err when everything is named. One Naming serves one answer,
// and no two goroutines.
type Naming struct {
	ctx        context.Context
	names      names
	programmes map[string][]Programme // by code, the newest version; all of them under none
	err        error
}

// Naming begins one.
func (v *Views) Naming(ctx context.Context) *Naming {
	return &Naming{ctx: ctx, names: names{v, map[[3]string]string{}}, programmes: map[string][]Programme{}}
}

// Err is the first failure.
func (n *Naming) Err() error { return n.err }

func (n *Naming) find(holds, programme, code string) string {
	if n.err != nil {
		return code
	}
	name, err := n.names.find(n.ctx, holds, programme, code)
	if err != nil {
		n.err = err
		return code
	}
	return name
}

// Person names a person, or whoever else acts.
func (n *Naming) Person(id string) string {
	if name, ok := actorNames[id]; ok {
		return name
	}
	return n.find(holdsPerson, "", id)
}

// Post names a cell or a department.
func (n *Naming) Post(code string) string { return n.find(holdsPost, "", code) }

// Path names a cell with all it lies in, from the district down.
func (n *Naming) Path(cell grid.CellCode) string {
	up := cell.Upward()
	called := make([]string, len(up))
	for i, c := range up {
		called[len(up)-1-i] = n.Post(string(c))
	}
	return strings.Join(called, " / ")
}

// Programme names a programme.
func (n *Naming) Programme(code string) string { return n.find(holdsProgramme, "", code) }

// Item names an item of a programme's catalogue.
func (n *Naming) Item(programme, code string) string { return n.find(holdsItem, programme, code) }

// Role names a post as its programme does, or else as one of the six roles. Without a programme it is any that has it.
func (n *Naming) Role(programme, code string) string {
	for _, p := range n.read(programme) {
		for _, r := range p.Roles {
			if r.Code == code {
				return r.Name
			}
		}
	}
	return called(roleNames, code)
}

// Class names a class of a programme's premises.
func (n *Naming) Class(programme, code string) string {
	for _, p := range n.read(programme) {
		for _, c := range p.Classes {
			if c.Code == code {
				return c.Name
			}
		}
	}
	return code
}

// read gives the newest version of a programme, or of all of them, in the order of their codes.
func (n *Naming) read(code string) []Programme {
	if found, ok := n.programmes[code]; ok || n.err != nil {
		return found
	}
	var found []Programme
	var err error
	if code == "" {
		var all Page[Programme]
		all, err = n.names.v.Programmes(n.ctx, Paging{Limit: MaxLimit})
		found = all.Items
	} else {
		var p Programme
		p, err = n.names.v.Programme(n.ctx, code, 0)
		found = []Programme{p}
	}
	if f, ok := fault.As(err); err != nil && (!ok || f.Kind != fault.NotFound) {
		n.err = err
		return nil
	}
	n.programmes[code] = found
	return found
}

// What the codes are called that no table names.
var (
	actorNames = map[string]string{"admin": "管理员", hazard.System: "系统"}
	roleNames  = map[string]string{grid.RoleChief: "网格长", grid.RoleOfficer: "网格员", grid.RoleLead: "主办", grid.RoleAssistant: "协办",
		grid.RoleSponsor: "分包领导", grid.RoleSupervisor: "监管责任人"}
	stageNames = map[string]string{programme.StageFiling: "立案", programme.StageListing: "挂牌", programme.StageDispatch: "派遣",
		programme.StageAcceptance: "接收", programme.StageRectification: "整改", programme.StageRework: "返工", programme.StageCheck: "核查",
		programme.StageClosure: "结案", programme.StageTotal: "总时限", programme.StageStatutory: "法定时限"}
	verdictNames = map[string]string{hazard.VerdictOpen: "在办", hazard.VerdictOnTime: "按时", hazard.VerdictLate: "超期"}
	colourNames  = map[string]string{hazard.Yellow: "黄牌", hazard.Red: "红牌"}
	unitNames    = map[string]string{programme.UrgentMinute: "紧急工作分钟", programme.UrgentHour: "紧急工作时", programme.WorkingMinute: "工作分钟",
		programme.WorkingHour: "工作时", programme.WorkingDay: "工作日", programme.CalendarDay: "自然日"}
	levelNames = map[int]string{grid.District: "区(县)", grid.Street: "街道(乡镇)", grid.Community: "社区(村)", grid.Area: "责任片区", grid.Site: "单位场所"}
	factNames  = map[string]string{"case.reported": "上报", "case.verification_requested": "请求核实", "case.verified": "核实", "case.filed": "立案",
		"case.voided": "作废", "case.dispatched": "派遣", "case.returned": "回退", "case.rectified": "整改", "case.checked": "核查", "case.closed": "结案",
		"case.reopened": "重新立案", "case.reclassified": "重新定级", "case.escalated": "逐级上报", "case.escalation_acknowledged": "上级批示",
		"case.supervision_lifted": "解除督办", "case.transferred": "移交", "case.transfer_replied": "移交回复", "case.extension_requested": "申请延期",
		"case.extension_decided": "延期批复", "case.suspended": "挂账", "case.appealed": "申诉", "case.appeal_decided": "申诉裁定", "case.noted": "备注",
		"case.feedback_given": "回访"}
)

func called(names map[string]string, code string) string {
	if name, ok := names[code]; ok {
		return name
	}
	return code
}

// StageName is what a stage of a case, or one of its clocks, is called.
func StageName(code string) string { return called(stageNames, code) }

// VerdictName is what a verdict on a limit is called.
func VerdictName(code string) string { return called(verdictNames, code) }

// ColourName is what a card is called.
func ColourName(code string) string { return called(colourNames, code) }

// SeverityName is what a severity is called.
func SeverityName(code string) string { return called(severityNames, code) }

// StateName is what a state of a case is called.
func StateName(code string) string { return called(stateNames, code) }

// SourceName is what a source of reports is called.
func SourceName(code string) string { return called(sourceNames, code) }

// RatingName is what a closing rating is called.
func RatingName(code string) string { return called(ratingNames, code) }

// MeasureName is what a measure of supervision is called.
func MeasureName(code string) string { return called(measureNames, code) }

// LevelName is what a level of the grid is called.
func LevelName(level int) string {
	if name, ok := levelNames[level]; ok {
		return name
	}
	return strconv.Itoa(level)
}

// FactName is what an event of a case is called, by its stored name.
func FactName(code string) string { return called(factNames, code) }

// WhatName is what a duty asks for: patrols, inspections of a kind, or activities.
func WhatName(code string) string {
	if code == "patrol" {
		return "巡查"
	}
	if name, ok := kindNames[code]; ok {
		return name
	}
	return called(activityNames, code)
}

// LimitName is a limit as people write it: "5 工作日".
func LimitName(l programme.Limit) string { return strconv.Itoa(l.N) + " " + called(unitNames, l.Unit) }
