package rest_test

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"gridward/app"
	"gridward/app/views"
	"gridward/domain/fault"
)

// book is a workbook read back.
type book struct {
	t *testing.T
	*excelize.File
}

// bookAt reads the workbook a path answers, under the name it is filed by.
func bookAt(h *house, path, ascii string) book {
	h.t.Helper()
	sep := "?"
	if strings.Contains(path, "?") {
		sep = "&"
	}
	r := h.get(path + sep + "format=xlsx").want(http.StatusOK)
	if got := r.header.Get("Content-Disposition"); !strings.HasPrefix(got, `attachment; filename="`+ascii+`.xlsx"; filename*=UTF-8''`) {
		h.t.Errorf("%s: Content-Disposition %q", path, got)
	}
	f, err := excelize.OpenReader(bytes.NewReader(r.raw))
	if err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() { _ = f.Close() })
	return book{h.t, f}
}

// sheets fails unless the workbook has exactly these, each with its headings in sight.
func (b book) sheets(want ...string) {
	b.t.Helper()
	if got := b.GetSheetList(); !slices.Equal(got, want) {
		b.t.Errorf("worksheets %v, want %v", got, want)
	}
	for _, name := range b.GetSheetList() {
		if p, err := b.GetPanes(name); err != nil || !p.Freeze || p.YSplit != 1 {
			b.t.Errorf("%s: the headings are not frozen: %+v %v", name, p, err)
		}
	}
}

// lines gives a worksheet's rows, each cell under its heading.
func (b book) lines(sheet string) []map[string]string {
	b.t.Helper()
	rows, err := b.GetRows(sheet)
	if err != nil || len(rows) == 0 {
		b.t.Fatalf("%s: %v", sheet, err)
	}
	out := make([]map[string]string, len(rows)-1)
	for i, row := range rows[1:] {
		out[i] = map[string]string{}
		for k, cell := range row {
			out[i][rows[0][k]] = cell
		}
	}
	return out
}

// line fails unless a row says this, as pairs of heading and text.
func (b book) line(sheet string, n int, want ...string) {
	b.t.Helper()
	lines := b.lines(sheet)
	if n >= len(lines) {
		b.t.Fatalf("%s has %d rows", sheet, len(lines))
	}
	for i := 0; i < len(want); i += 2 {
		if got := lines[n][want[i]]; got != want[i+1] {
			b.t.Errorf("%s, row %d, %s: %q, want %q", sheet, n, want[i], got, want[i+1])
		}
	}
}

func TestTheAccountabilityBook(t *testing.T) {
	h := open(t, setup{programs: true})
	lateCase(h)
	b := bookAt(h, "/cases/"+lateID+"/accountability", "case-"+lateID)
	b.sheets("责任段", "黄牌红牌", "逐级上报", "欠查责任", "合计")
	if n := len(b.lines("责任段")); n != 7 {
		t.Errorf("%d intervals", n)
	}
	b.line("责任段", 0, "案件编号", lateID, "业务条线", "消防安全网格", "轮次", "1", "环节", "立案", "责任单位", "北顺城街社区", "单位编码", community,
		"岗位", "消防工作室主任", "责任人", "王五", "责任人编号", room, "用时", "1小时10分", "计时方式", "工作时间(每日8小时)", "时限", "1 工作日", "结论", "按时", "免责", "否")
	b.line("责任段", 2, "环节", "整改", "责任单位", "第一片区", "责任人", "李四", "起", "2026-03-03 11:00:00", "止", "2026-03-10 15:30:00", "用时", "5天2小时30分",
		"时限", "3 工作日", "到期", "2026-03-06 11:00:00", "结论", "超期",
		"逐级责任", "北顺城街社区 王五(消防工作室主任) → 北下街街道 赵六(消防工作站站长) → 管城回族区 孙七(安全生产委员会主任)")
	b.line("黄牌红牌", 1, "环节", "整改", "牌别", "红牌", "发牌时间", "2026-03-06 11:00:00", "责任单位", "第一片区", "岗位", "消防工作组组长", "责任人", "李四", "效力", "有效")
	b.line("逐级上报", 0, "上报至", "北顺城街社区", "网格编码", community, "层级", "社区(村)", "当时负责人", "王五", "上报时间", "2026-03-09 11:00:00",
		"原因", "按时限阶梯第 3 级自动上报", "自动上报", "是", "批示人", "王五", "批示内容", "=今日内更换到位，逾期约谈")
	b.line("欠查责任", 0, "业务条线", "消防安全网格", "职责", "巡查", "网格", "第一片区", "期间", "2026年第9周", "起", "2026-02-23", "止", "2026-03-01",
		"责任人", "张三", "岗位", "网格员", "欠查", "1", "空缺代行", "否")
	b.line("合计", 3, "项目", "超期", "数量", "2")
	at, err := b.SearchSheet("逐级上报", "=今日内更换到位，逾期约谈")
	if err != nil || len(at) != 1 {
		t.Fatalf("%v %v", at, err)
	}
	if kind, err := b.GetCellType("逐级上报", at[0]); err != nil || kind != excelize.CellTypeInlineString {
		t.Errorf("a text that begins with = became %v %v", kind, err)
	}
	if formula, err := b.GetCellFormula("逐级上报", at[0]); err != nil || formula != "" {
		t.Errorf("a text that begins with = became the formula %s %v", formula, err)
	}

	b = bookAt(h, "/persons/"+chief+"/accountability", "person-"+chief)
	b.sheets("责任段", "黄牌红牌", "逐级上报", "欠查责任", "合计")
	if n := len(b.lines("责任段")); n != 3 {
		t.Errorf("%d intervals were the chief's", n)
	}
	b.line("责任段", 1, "案件编号", lateID, "环节", "整改", "结论", "超期")
	b = bookAt(h, "/cells/"+district+"/accountability?from=2026-03-01&to=2026-03-31", "cell-"+district)
	if n := len(b.lines("责任段")); n != 7 {
		t.Errorf("%d intervals were the district's", n)
	}
	h.get("/cases/" + majorID + "/accountability?format=xlsx").want(http.StatusNotFound)
}

func TestTheAccountabilityBookOfASupervisedCase(t *testing.T) {
	h := open(t, setup{programs: true})
	majorCase(h)
	b := bookAt(h, "/cases/"+majorID+"/accountability", "case-"+majorID)
	b.sheets("责任段", "黄牌红牌", "逐级上报", "督办", "欠查责任", "合计")
	b.line("督办", 0, "督办方式", "挂牌督办", "督办单位", "管城回族区", "层级", "区(县)", "督办时间", "2026-02-10 10:00:00", "解除时间", "2026-02-26 09:00:00", "自动督办", "否",
		"治理目标", "恢复运行", "责任主体", "和平物业", "挂牌期限", "2026-03-10 18:00:00")
	b.line("责任段", 1, "责任单位", "消防救援大队", "单位编码", "brigade", "岗位", "消防救援机构监督员", "责任人", "周八", "用时", "3天", "计时方式", "自然时间", "时限", "")
	b.line("逐级上报", 0, "原因", "重大隐患待挂牌，自动上报")
}

func TestTheBookOfPatrols(t *testing.T) {
	h := open(t, setup{programs: true})
	posts(h)
	h.post("/inspections", patrol(nil), as(officer)...).want(http.StatusCreated)
	b := bookAt(h, "/cells/"+street+"/patrols?programme=fire&period=2026-02", street+"-patrols-2026-02")
	b.sheets("合计及按岗位", "下级网格")
	asked := body[views.Patrols](h.get("/cells/" + street + "/patrols?programme=fire&period=2026-02").want(http.StatusOK))
	b.line("合计及按岗位", 0, "网格", "北下街街道", "网格编码", street, "业务条线", "消防安全网格", "期间", "2026年2月", "岗位", "合计",
		"应查", fmt.Sprint(*asked.Required), "已查", "1", "欠查", fmt.Sprint(*asked.Short), "其他巡查", "0")
	if n := len(b.lines("合计及按岗位")); n != 1+len(asked.ByRole) {
		t.Errorf("%d rows for %d roles", n, len(asked.ByRole))
	}
	for i, role := range asked.ByRole {
		if role.Role == "officer" {
			b.line("合计及按岗位", i+1, "岗位", "网格员", "已查", "1")
		}
	}
	b.line("下级网格", 0, "网格", "北顺城街社区", "网格编码", community, "已查", "1")

	b = bookAt(h, "/cells/"+street+"/patrols?period=2026-Q1", street+"-patrols-2026-Q1")
	b.line("合计及按岗位", 0, "业务条线", "全部条线", "期间", "2026年第1季度")
	h.get("/cells/999999/patrols?format=xlsx").want(http.StatusNotFound)
}

// The listing goes on where a page of it ends.
func TestTheBookOfShortfalls(t *testing.T) {
	h := open(t, setup{programs: true})
	posts(h)
	cells := []string{}
	for n := 2; n <= 40; n++ {
		code := fmt.Sprintf("%s%03d", community, n)
		h.post("/cells", obj{"code": code, "name": fmt.Sprintf("第%d片区", n)}).want(http.StatusCreated)
		cells = append(cells, code)
	}
	h.post("/cells/"+cells[0]+"/duties", obj{"programme": "fire", "role": "officer", "person": officer, "from": "2026-01-01T00:00:00+08:00", "cells": cells}).
		want(http.StatusCreated)
	passes(h, "2026-02-24 09:00")
	want := 0
	for at := ""; ; {
		page := body[views.Page[views.Shortfall]](h.get("/patrols/shortfalls?limit=500&cursor=" + at).want(http.StatusOK))
		for _, s := range page.Items {
			for _, l := range s.Lines {
				want += len(l.Holders)
			}
		}
		if page.NextCursor == nil {
			break
		}
		at = *page.NextCursor
	}
	b := bookAt(h, "/patrols/shortfalls?limit=1", "shortfalls")
	b.sheets("欠查")
	if got := len(b.lines("欠查")); got != want || want <= views.MaxLimit {
		t.Errorf("%d rows, want %d", got, want)
	}
	b.line("欠查", 0, "业务条线", "消防安全网格", "片区", "第一片区", "片区编码", area, "期间", "2026-02-10", "起", "2026-02-10", "止", "2026-02-10", "职责", "巡查",
		"网格", "第一片区", "岗位", "网格员", "责任人", "张三", "责任人编号", officer, "应查", "1", "已查", "0", "欠查", "1", "更正次数", "0",
		"逐级责任", "第一片区 李四(消防工作组组长) → 北顺城街社区 王五(消防工作室主任) → 北下街街道 赵六(消防工作站站长) → 管城回族区 孙七(安全生产委员会主任)")

	// A patrol told late: the statement stays in the list, and says that nothing is missing any more.
	h.post("/inspections", patrol(nil), as(officer)...).want(http.StatusCreated)
	completes(h)
	b = bookAt(h, "/patrols/shortfalls", "shortfalls")
	b.line("欠查", 0, "片区", "第一片区", "期间", "2026-02-10", "岗位", "网格员", "责任人", "", "应查", "1", "已查", "1", "欠查", "0", "更正次数", "1")
	if got := len(b.lines("欠查")); got != want {
		t.Errorf("%d rows, want %d", got, want)
	}
}

// completes does what follows from all that was recorded.
func completes(h *house) {
	h.t.Helper()
	head, err := h.log.Head(h.t.Context())
	if err != nil {
		h.t.Fatal(err)
	}
	ctx, stop := context.WithCancel(h.t.Context())
	defer stop()
	saved := func(at app.Position) error {
		if at >= head {
			stop()
		}
		return nil
	}
	err = h.app.Complete(ctx, 0, app.Tables{Cases: h.views.OpenCasesOf, Under: h.views.OpenCasesUnder,
		Patrols: app.PatrolTable{Ended: h.views.Ended, Again: h.views.Again}}, saved,
		func(r app.Record, f *fault.Error) { h.t.Errorf("%s: %v", r.Stream, f) })
	if head, err2 := h.log.Head(h.t.Context()); err != nil || err2 != nil || h.views.WaitFor(h.t.Context(), head) != nil {
		h.t.Fatal(err, err2)
	}
}
