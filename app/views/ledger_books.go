package views

import (
	"context"
	"database/sql"
	"encoding/json"
	"time"

	"gridward/domain/grid"
)

// books is every ledger under its name in the contract, as of a civil day.
func books(today string) map[string]book {
	return map[string]book{
		"premises":    premisesBook(),
		"inspections": inspectionsBook(),
		"hazards":     hazardsBook(),
		"activities":  activitiesBook(),
		"equipment":   equipmentBook(today),
		"transfers":   transfersBook(),
		"ratings":     ratingsBook(),
		"forces":      forcesBook(),
	}
}

// What the codes are called on a sheet.
var (
	severityNames = map[string]string{"minor": "一般隐患", "serious": "较大隐患", "major": "重大隐患"}
	stateNames    = map[string]string{"reported": "已上报", "filed": "已立案", "dispatched": "已派遣", "rectifying": "整改中",
		"rectified": "待核查", "closed": "已结案", "voided": "已作废"}
	kindNames     = map[string]string{"routine": "日常巡查", "campaign": "集中排查", "self_check": "自查", "recheck": "复查"}
	sourceNames   = map[string]string{"officer": "网格员", "resident": "群众", "department": "职能部门", "system": "系统"}
	ratingNames   = map[string]string{"good": "好", "fair": "较好", "average": "一般", "poor": "较差"}
	activityNames = map[string]string{"publicity": "宣传", "training": "培训", "drill": "演练", "meeting": "会议", "plan": "计划",
		"log": "日志", "report": "总结"}
	measureNames = map[string]string{"order": "督办令", "talk": "约谈", "bulletin": "通报", "onsite_check": "现场督查",
		"restriction": "限制措施", "listed": "挂牌督办"}
	standingNames = map[string]string{"in_use": "在用", "expiring": "即将到期", "expired": "已过期", "retired": "已停用"}
	forceNames    = map[string]string{"force": "队伍", "plan": "预案"}
)

// inspected is one line of the ledger of inspections.
type inspected struct {
	Inspection
	cellName, officerName string
}

func inspectionsBook() book {
	src := source[inspected]{
		query: `SELECT i.body, g.name, COALESCE(o.name, '') FROM cells g CROSS JOIN inspections i
LEFT JOIN persons o ON o.id = i.officer`,
		cell: "g.code", of: "i.cell", programme: "i.programme", at: "i.started_at", id: "i.id",
		narrow: func(w *where, f LedgerFilter) { w.known("i.", f.AsOf) },
		scan: func(_ *Views, r *sql.Rows) (in inspected, err error) {
			var body string
			if err := r.Scan(&body, &in.cellName, &in.officerName); err != nil {
				return in, err
			}
			return in, json.Unmarshal([]byte(body), &in.Inspection)
		},
		key: func(in *inspected) (grid.CellCode, int64, string) { return in.Cell, micros(in.StartedAt), in.ID },
	}
	type in = *inspected
	return bookOf("检查台账", src,
		col("id", "编号", nil, func(i in) any { return i.ID }),
		col("cell", "网格编码", nil, func(i in) any { return string(i.Cell) }),
		col("cell_name", "网格名称", nil, func(i in) any { return i.cellName }),
		col("programme", "业务条线", nil, func(i in) any { return i.Programme }).of(holdsProgramme),
		col("kind", "检查类型", kindNames, func(i in) any { return i.Kind }),
		col("surprise", "突击检查", nil, func(i in) any { return i.Surprise }),
		col("started_at", "开始时间", nil, func(i in) any { return i.StartedAt }),
		col("ended_at", "结束时间", nil, func(i in) any { return i.EndedAt }),
		col("officer", "检查人编号", nil, func(i in) any { return i.Officer }),
		col("officer_name", "检查人", nil, func(i in) any { return i.officerName }),
		col("participants", "参加人员", nil, func(i in) any { return i.Participants }).of(holdsPerson),
		col("content", "检查内容", nil, func(i in) any { return i.Content }),
		col("failed_items", "不合格项", nil, func(i in) any { return i.failedItems() }).of(holdsCheck),
		col("measures", "处置措施", nil, func(i in) any { return i.Measures }),
		col("hazard_count", "发现隐患数", nil, func(i in) any { return len(i.Hazards) }),
		col("cases", "案件编号", nil, func(i in) any { return i.Cases }),
		col("campaign", "专项行动", nil, func(i in) any { return i.Campaign }),
		col("revision", "修订次数", nil, func(i in) any { return i.Revision - 1 }),
		col("recorded_at", "登记时间", nil, func(i in) any { return i.RecordedAt }))
}

// failedItems is the lines of the checklist that did not pass.
func (in *Inspection) failedItems() []string {
	out := []string{}
	for _, c := range in.Checklist {
		if c.Result == "fail" {
			out = append(out, c.Item)
		}
	}
	return out
}

// The cases that were reported by an instant, $1: those that have stayed in their cell since, and those that have not,
// where they were then.
const (
	casesStayed = `(SELECT k.id, k.cell, k.programme, k.reported_at, k.body FROM cases k
WHERE k.recorded_at <= $1 AND NOT EXISTS (SELECT 1 FROM case_moves m WHERE m.case_id = k.id AND m.until > $1))`
	casesMoved = `(SELECT k.id, m.cell, k.programme, k.reported_at, k.body FROM case_moves m JOIN cases k ON k.id = m.case_id
WHERE k.recorded_at <= $1 AND m.since <= $1 AND m.until > $1)`
)

// ledgered is one line of the ledger of hazards.
type ledgered struct {
	Case
	cellName string
}

func hazardsBook() book {
	from := func(cases string) string {
		return `SELECT c.body, g.name FROM cells g CROSS JOIN ` + cases + ` c`
	}
	src := source[ledgered]{
		query: from("cases"),
		past:  []string{from(casesStayed), from(casesMoved)},
		cell:  "g.code", of: "c.cell", programme: "c.programme", at: "c.reported_at", id: "c.id",
		scan: func(_ *Views, r *sql.Rows) (c ledgered, err error) {
			var body string
			if err := r.Scan(&body, &c.cellName); err != nil {
				return c, err
			}
			return c, json.Unmarshal([]byte(body), &c.Case)
		},
		key: func(c *ledgered) (grid.CellCode, int64, string) { return c.Cell, micros(c.ReportedAt), c.ID },
		retell: func(ctx context.Context, v *Views, c *ledgered, asOf time.Time) (err error) {
			c.Case, err = v.CaseAsOf(ctx, c.ID, asOf)
			return err
		},
	}
	type c = *ledgered
	return bookOf("隐患台账", src,
		col("id", "编号", nil, func(c c) any { return c.ID }),
		col("cell", "网格编码", nil, func(c c) any { return string(c.Cell) }),
		col("cell_name", "网格名称", nil, func(c c) any { return c.cellName }),
		col("programme", "业务条线", nil, func(c c) any { return c.Programme }).of(holdsProgramme),
		col("item", "事项", nil, func(c c) any { return c.Item }).of(holdsItem),
		col("severity", "隐患等级", severityNames, func(c c) any { return c.Severity }),
		col("state", "状态", stateNames, func(c c) any { return c.State }),
		col("source", "来源", sourceNames, func(c c) any { return c.Source }),
		col("description", "隐患描述", nil, func(c c) any { return c.Description }),
		col("found_at", "发现时间", nil, func(c c) any { return c.FoundAt }),
		col("reported_at", "上报时间", nil, func(c c) any { return c.ReportedAt }),
		col("first_contact", "首问责任人", nil, func(c c) any { return c.FirstContact }).of(holdsPerson),
		col("holder", "责任单位", nil, func(c c) any { return c.Holder.post() }).of(holdsPost),
		col("holder_person", "责任人", nil, func(c c) any { return c.Holder.who() }).of(holdsPerson),
		col("performed_by", "整改人", nil, func(c c) any { return c.PerformedBy }).of(holdsPerson),
		col("supervision", "督办", measureNames, func(c c) any { return c.Supervision.measure() }),
		col("round", "轮次", nil, func(c c) any { return c.Round }),
		col("rework_count", "返工次数", nil, func(c c) any { return c.ReworkCount }),
		col("rating", "评价", ratingNames, func(c c) any { return orNothing(c.Rating) }),
		col("closed_at", "结案时间", nil, func(c c) any { return c.ClosedAt }),
		col("inspection", "检查编号", nil, func(c c) any { return c.Inspection }))
}

// post is the cell or department that has a case.
func (h *Holder) post() string {
	switch {
	case h == nil:
		return ""
	case h.Department != "":
		return h.Department
	default:
		return string(h.Cell)
	}
}

// who is the person who has a case.
func (h *Holder) who() string {
	if h == nil {
		return ""
	}
	return h.Person
}

func (s *Supervision) measure() any {
	if s == nil {
		return nil
	}
	return s.Measure
}

// orNothing is a text that may be absent.
func orNothing(s *string) any {
	if s == nil {
		return nil
	}
	return *s
}
