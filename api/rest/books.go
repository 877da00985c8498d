package rest

import (
	"context"
	"fmt"
	"iter"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"gridward/api/xlsx"
	"gridward/app/views"
	"gridward/domain/patrol"
	"gridward/domain/programme"
)

// The workbooks people file and hand round: names where the JSON has codes, and the codes beside them where they tell
// one from another.

// accountabilityBook answers an accountability as a workbook.
func (s *Server) accountabilityBook(c echo.Context, ascii, title string, a views.Accountability) error {
	n := s.Views.Naming(c.Request().Context())
	programmes := map[string]string{} // by case
	for _, i := range a.Intervals {
		programmes[i.Case] = i.Programme
	}
	sheets := []xlsx.Sheet{intervalSheet(n, a.Intervals), cardSheet(n, a.Cards, programmes), escalationSheet(n, a.Escalations)}
	if len(a.Supervisions) > 0 {
		sheets = append(sheets, supervisionSheet(n, a.Supervisions))
	}
	return s.spreadsheet(c, ascii, title, append(sheets, missedSheet(n, a.MissedDuties), totalSheet(a.Totals))...)
}

// named makes rows out of a list. A name that cannot be looked up ends them.
func named[T any](n *views.Naming, items []T, row func(T) []any) iter.Seq2[[]any, error] {
	return func(yield func([]any, error) bool) {
		for cells := range each(items, row) {
			if err := n.Err(); !yield(cells, err) || err != nil {
				return
			}
		}
	}
}

func intervalSheet(n *views.Naming, items []views.Interval) xlsx.Sheet {
	return xlsx.Sheet{Name: "责任段",
		Headings: []string{"案件编号", "业务条线", "轮次", "环节", "责任单位", "单位编码", "岗位", "责任人", "责任人编号", "空缺代行", "起", "止",
			"用时", "计时方式", "时限", "到期", "结论", "免责", "逐级责任"},
		Rows: named(n, items, func(i views.Interval) []any {
			row := append([]any{i.Case, n.Programme(i.Programme), i.Round, views.StageName(i.Stage)}, holderCells(n, i.Programme, i.Holder)...)
			limit := ""
			if i.Limit != nil {
				limit = views.LimitName(*i.Limit)
			}
			return append(row, standIn(n, i), i.From, i.To, usedText(i.UsedSeconds, i.Limit), countedIn(i.Limit), limit, i.Deadline,
				views.VerdictName(i.Verdict), i.Exempt, chainText(n, i.Programme, i.Chain))
		})}
}

func cardSheet(n *views.Naming, items []views.HeldCard, programmes map[string]string) xlsx.Sheet {
	return xlsx.Sheet{Name: "黄牌红牌",
		Headings: []string{"案件编号", "轮次", "环节", "牌别", "发牌时间", "责任单位", "单位编码", "岗位", "责任人", "责任人编号", "效力", "撤销时间"},
		Rows: named(n, items, func(k views.HeldCard) []any {
			row := append([]any{k.Case, k.Round, views.StageName(k.Stage), views.ColourName(k.Colour), k.At}, holderCells(n, programmes[k.Case], k.Holder)...)
			return append(row, standingOf(k), k.Withdrawn)
		})}
}

func escalationSheet(n *views.Naming, items []views.PastEscalation) xlsx.Sheet {
	return xlsx.Sheet{Name: "逐级上报",
		Headings: []string{"案件编号", "轮次", "上报至", "网格编码", "层级", "当时负责人", "负责人编号", "上报时间", "结束时间", "原因", "自动上报",
			"批示时间", "批示人", "批示内容"},
		Rows: named(n, items, func(e views.PastEscalation) []any {
			return []any{e.Case, e.Round, n.Post(string(e.Cell)), string(e.Cell), views.LevelName(e.Level), n.Person(e.Person), e.Person, e.Since, e.Ended,
				escalatedFor(e), e.Automatic, e.AcknowledgedAt, n.Person(e.AcknowledgedBy), e.Instruction}
		})}
}

func supervisionSheet(n *views.Naming, items []views.PastSupervision) xlsx.Sheet {
	return xlsx.Sheet{Name: "督办",
		Headings: []string{"案件编号", "督办方式", "督办单位", "网格编码", "层级", "督办时间", "解除时间", "自动督办", "治理目标", "治理措施", "经费保障",
			"责任主体", "挂牌期限", "安全措施"},
		Rows: named(n, items, func(p views.PastSupervision) []any {
			row := []any{p.Case, views.MeasureName(p.Measure), n.Post(string(p.Cell)), string(p.Cell), views.LevelName(p.Level), p.Since, p.Lifted, p.Automatic}
			if p.Plan == nil {
				return append(row, nil, nil, nil, nil, nil, nil)
			}
			return append(row, p.Plan.Goal, p.Plan.Measures, p.Plan.Funds, p.Plan.ResponsibleBody, p.Plan.Deadline, p.Plan.SafetyPlan)
		})}
}

func missedSheet(n *views.Naming, items []views.MissedDuty) xlsx.Sheet {
	return xlsx.Sheet{Name: "欠查责任",
		Headings: []string{"业务条线", "职责", "网格", "网格编码", "期间", "起", "止", "岗位", "责任人", "责任人编号", "应查", "已查", "欠查", "任职天数",
			"空缺代行", "共同任职", "认定时间", "逐级责任"},
		Rows: named(n, items, func(m views.MissedDuty) []any {
			return []any{n.Programme(m.Programme), views.WhatName(m.What), n.Post(string(m.Cell)), string(m.Cell), periodText(m.Period), firstDay(m.From), lastDay(m.To),
				n.Role(m.Programme, m.Role), personText(n, m.Person), m.Person, m.Required, m.Done, m.Short, m.Days, m.StandIn, m.Jointly, m.RecordedAt,
				chainText(n, m.Programme, inCharge(m.Chain))}
		})}
}

// totalLine is one line of a sum.
type totalLine struct {
	Name  string
	Count int
}

func totalLines(t views.Totals) []totalLine {
	return []totalLine{{"案件", t.Cases}, {"责任段", t.Intervals}, {"按时", t.OnTime}, {"超期", t.Late}, {"在办", t.Open}, {"免责", t.Exempt},
		{"黄牌", t.Yellow}, {"红牌", t.Red}, {"逐级上报", t.Escalations}, {"欠查次数", t.Missed}}
}

func totalSheet(t views.Totals) xlsx.Sheet {
	return xlsx.Sheet{Name: "合计", Headings: []string{"项目", "数量"},
		Rows: each(totalLines(t), func(l totalLine) []any { return []any{l.Name, l.Count} })}
}

// patrolsBook answers patrol counts as a workbook: those of the roles, and those of the cells directly below.
func (s *Server) patrolsBook(c echo.Context, p views.Patrols) error {
	n := s.Views.Naming(c.Request().Context())
	of := "全部条线"
	if p.Programme != "" {
		of = n.Programme(p.Programme)
	}
	place := n.Post(string(p.Cell))
	about := []any{place, string(p.Cell), of, periodText(p.Period)}
	roles := append([]views.RolePatrols{{Required: p.Required, Done: p.Done, Short: p.Short}}, p.ByRole...)
	return s.spreadsheet(c, string(p.Cell)+"-patrols-"+p.Period, "巡查统计 "+place+" "+periodText(p.Period),
		xlsx.Sheet{Name: "合计及按岗位", Headings: []string{"网格", "网格编码", "业务条线", "期间", "岗位", "应查", "已查", "欠查", "其他巡查"},
			Rows: named(n, roles, func(r views.RolePatrols) []any {
				if r.Role == "" {
					return append(about[:4:4], "合计", r.Required, r.Done, r.Short, p.Other)
				}
				return append(about[:4:4], n.Role(p.Programme, r.Role), r.Required, r.Done, r.Short, nil)
			})},
		xlsx.Sheet{Name: "下级网格", Headings: []string{"网格", "网格编码", "应查", "已查", "欠查", "其他巡查"},
			Rows: each(p.Children, func(k views.ChildPatrols) []any {
				return []any{k.Name, string(k.Cell), k.Required, k.Done, k.Short, k.Other}
			})})
}

// shortfallsBook answers the whole listing of what was missed as a workbook, read page by page while it is written.
func (s *Server) shortfallsBook(c echo.Context, read func(context.Context, views.Paging) (views.Page[views.Shortfall], error)) error {
	ctx := c.Request().Context()
	n := s.Views.Naming(ctx)
	return s.spreadsheet(c, "shortfalls", "欠查清单", xlsx.Sheet{Name: "欠查",
		Headings: []string{"业务条线", "片区", "片区编码", "期间", "起", "止", "职责", "网格", "网格编码", "对象类别", "岗位", "责任人", "责任人编号",
			"应查", "已查", "欠查", "任职天数", "空缺代行", "共同任职", "夜间应查(全岗)", "夜间已查(全岗)", "认定时间", "更正次数", "逐级责任"},
		Rows: func(yield func([]any, error) bool) {
			for at := (views.Paging{Limit: views.MaxLimit}); ; {
				page, err := read(ctx, at)
				if err != nil {
					yield(nil, err)
					return
				}
				for _, short := range page.Items {
					for _, row := range shortfallRows(n, short) {
						if err := n.Err(); !yield(row, err) || err != nil {
							return
						}
					}
				}
				if page.NextCursor == nil {
					return
				}
				at.Cursor = *page.NextCursor
			}
		}})
}

// shortfallRows gives one row for each holder of each line, and one for a statement that nothing is missing any more.
func shortfallRows(n *views.Naming, s views.Shortfall) [][]any {
	head := []any{n.Programme(s.Programme), n.Post(string(s.Area)), string(s.Area), periodText(s.Period), firstDay(s.From), lastDay(s.To)}
	tail := []any{s.RecordedAt, len(s.Earlier), chainText(n, s.Programme, inCharge(s.Chain))}
	row := func(middle ...any) []any { return append(append(head[:len(head):len(head)], middle...), tail...) }
	var out [][]any
	for _, l := range s.Lines {
		for _, h := range l.Holders {
			role := h.Role
			if role == "" {
				role = l.Role
			}
			out = append(out, row(views.WhatName(l.What), n.Post(string(l.Cell)), string(l.Cell), n.Class(s.Programme, l.Class), n.Role(s.Programme, role),
				personText(n, h.Person), h.Person, h.Required, h.Done, h.Short, h.Days, h.StandIn, h.Jointly, l.Night, l.NightDone))
		}
	}
	if len(out) == 0 {
		out = append(out, row(nil, nil, nil, nil, n.Role(s.Programme, s.Role), nil, nil, s.Required, s.Done, s.Short, nil, nil, nil, nil, nil))
	}
	return out
}

// holderCells is a post and who held it: unit and its code, post, person and its id.
func holderCells(n *views.Naming, programme string, h views.Answering) []any {
	code := unitOf(h)
	return []any{n.Post(code), code, n.Role(programme, h.Role), personText(n, h.Person), h.Person}
}

// unitOf is the code of a holder's department or cell.
func unitOf(h views.Answering) string {
	if h.Department != "" {
		return h.Department
	}
	return string(h.Cell)
}

// personText names who answers; nobody may.
func personText(n *views.Naming, id string) string {
	if id == "" {
		return "空缺"
	}
	return n.Person(id)
}

// standIn says who stood in for a vacant post.
func standIn(n *views.Naming, i views.Interval) string {
	switch {
	case i.Vacant:
		return "空缺无人代行"
	case i.Office != "":
		return n.Post(string(i.Office)) + "代行"
	}
	return ""
}

// standingOf says whether a card stands.
func standingOf(k views.HeldCard) string {
	switch {
	case k.Withdrawn != nil:
		return "已撤销"
	case k.Healed:
		return "已消除"
	}
	return "有效"
}

// escalatedFor says why a case went up.
func escalatedFor(e views.PastEscalation) string {
	switch {
	case e.Rung != nil:
		return fmt.Sprintf("按时限阶梯第 %d 级自动上报", *e.Rung+1)
	case e.Automatic:
		return "重大隐患待挂牌，自动上报"
	}
	return e.Reason
}

// chainText is who stood above, nearest first: "北下街街道 赵六(站长) → 管城回族区 孙七(主任)".
func chainText(n *views.Naming, programme string, chain []views.Answering) string {
	out := make([]string, len(chain))
	for i, h := range chain {
		out[i] = n.Post(unitOf(h)) + " " + personText(n, h.Person)
		if h.Role != "" {
			out[i] += "(" + n.Role(programme, h.Role) + ")"
		}
	}
	return strings.Join(out, " → ")
}

func inCharge(chain []patrol.InCharge) []views.Answering {
	out := make([]views.Answering, len(chain))
	for i, at := range chain {
		out[i] = views.Answering{Person: at.Person, Role: at.Role, Cell: at.Cell}
	}
	return out
}

// countedIn says which time a limit counts, and so what a day of the time used is.
func countedIn(limit *programme.Limit) string {
	if limit != nil && limit.Working() {
		return "工作时间(每日8小时)"
	}
	return "自然时间"
}

// usedText is time used as people say it: 3天2小时. A day has 8 hours where the limit counts working time, else 24.
func usedText(seconds int64, limit *programme.Limit) string {
	day := int64(24 * 3600)
	if limit != nil && limit.Working() {
		day = 8 * 3600
	}
	var out strings.Builder
	for _, part := range []struct {
		n    int64
		unit string
	}{{seconds / day, "天"}, {seconds % day / 3600, "小时"}, {seconds % 3600 / 60, "分"}} {
		if part.n > 0 {
			fmt.Fprintf(&out, "%d%s", part.n, part.unit)
		}
	}
	if out.Len() == 0 {
		return "不足1分"
	}
	return out.String()
}

func firstDay(from time.Time) xlsx.Day { return xlsx.Day(from.Format(time.DateOnly)) }

// lastDay is the last day of what ends, excluded, at an instant.
func lastDay(to time.Time) xlsx.Day { return xlsx.Day(to.Add(-time.Second).Format(time.DateOnly)) }

// periodText is a period as people say it: 2026-W09 is 2026年第9周. A day stays as it is.
func periodText(key string) string {
	year, rest, _ := strings.Cut(key, "-")
	n := strings.TrimLeft(rest, "HQW0")
	switch {
	case rest == "":
		return year + "年"
	case strings.HasSuffix(rest, "-holiday"):
		return strings.TrimSuffix(key, "-holiday") + "节前"
	case rest[0] == 'H':
		return year + "年" + map[string]string{"1": "上半年", "2": "下半年"}[n]
	case rest[0] == 'Q':
		return year + "年第" + n + "季度"
	case rest[0] == 'W':
		return year + "年第" + n + "周"
	case len(rest) == len("10"):
		return year + "年" + n + "月"
	}
	return key
}
