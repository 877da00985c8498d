//go:build acceptance

package acceptance

import (
	"encoding/csv"
	"fmt"
	"strings"
)

var ledgers = []string{"premises", "inspections", "hazards", "activities", "equipment", "transfers", "ratings", "forces"}

// ledger reads a whole ledger of a cell and holds how many rows it has.
func (w *walk) ledger(cell, name, filter string, rows int) []any {
	w.t.Helper()
	items := w.read("/cells/" + cell + "/ledgers/" + name + "?limit=500" + filter).items()
	if len(items) != rows {
		w.t.Errorf("the ledger of %s at %s%s has %d rows, want %d", name, cell, filter, len(items), rows)
	}
	return items
}

// rowOf finds the row with a value in a column.
func (w *walk) rowOf(items []any, column, value string) any {
	w.t.Helper()
	for _, item := range items {
		if at(item, column) == value {
			return item
		}
	}
	w.t.Errorf("no row has %s %s", column, value)
	return nil
}

// ledgers holds every ledger: how many rows at which cell, and chosen cells of them.
func (w *walk) ledgers() {
	w.t.Helper()
	w.ledger(district, "premises", "", 5)
	w.ledger(street1, "premises", "", 4)
	w.ledger(commB, "premises", "", 1)
	w.ledger(site5, "premises", "", 1)
	w.ledger(district, "premises", "&programme=market", 2)
	row := w.rowOf(w.ledger(district, "premises", "&programme=fire", 5), "code", site3)
	holds(w.t, "premises", row, object{"name": "悦来宾馆", "parent": areaA2, "class": "B", "kind": "单位", "address": "代书胡同9号", "exits": 2, "retired": false})

	// 16 of fire that stand (i1 to i13 but i9, with b1, b2, b3 and b5), 2 of water, 1 of market.
	w.ledger(district, "inspections", "", 19)
	w.ledger(district, "inspections", "&programme=fire", 16)
	w.ledger(district, "inspections", "&programme=water", 2)
	w.ledger(street2, "inspections", "", 2)
	w.ledger(areaA1, "inspections", "&programme=fire", 7) // i1, i2, i5, i6, i8, i11, i13
	w.ledger(site4, "inspections", "", 5)                 // i7, i10, b1, b2, b5
	w.ledger(district, "inspections", "&programme=fire&from=2026-03-02&to=2026-03-02", 4)
	items := w.ledger(site1, "inspections", "", 3)
	holds(w.t, "inspections", w.rowOf(items, "id", i1), object{"cell": site1, "cell_name": "建业楼院", "officer": feng, "officer_name": "冯小刚",
		"kind": "routine", "participants": []string{jiang, "刘大爷"}, "hazard_count": 1, "cases": []string{h1}, "revision": 0,
		"started_at": at8("03-02 09:00"), "recorded_at": at8("03-02 09:25"), "failed_items": []string{}})
	items = w.ledger(areaB1, "inspections", "", 6)
	holds(w.t, "inspections", w.rowOf(items, "id", i10), object{"started_at": at8("03-06 09:00"), "revision": 1, "recorded_at": at8("03-06 14:00")})

	w.ledger(district, "hazards", "", 10)
	w.ledger(district, "hazards", "&programme=fire", 8)
	w.ledger(commA, "hazards", "", 6)
	w.ledger(street2, "hazards", "", 1)
	w.ledger(site4, "hazards", "", 3)
	items = w.ledger(district, "hazards", "", 10)
	holds(w.t, "hazards", w.rowOf(items, "id", h1), object{"item": "corridor_cluttered", "severity": "minor", "state": "closed", "rating": "good",
		"source": "officer", "cell_name": "建业楼院", "closed_at": at8("03-02 17:00"), "performed_by": zheng, "first_contact": feng, "inspection": i1})
	holds(w.t, "hazards", w.rowOf(items, "id", h5), object{"severity": "serious", "state": "closed", "rework_count": 1, "rating": "average",
		"source": "resident", "holder": "fire-brigade", "holder_person": shen})

	w.ledger(district, "activities", "", 4)
	w.ledger(commA, "activities", "", 2)
	w.ledger(commA, "activities", "&programme=market", 1)
	w.ledger(street2, "activities", "", 1)
	w.ledger(district, "activities", "&from=2026-03-06", 2)
	items = w.ledger(district, "activities", "&programme=fire", 3)
	holds(w.t, "activities", w.rowOf(items, "kind", "meeting"), object{"title": "一季度安委会例会", "minutes": "通报重大隐患一处", "cell": district,
		"held_at": at8("03-06 14:00"), "participants": []string{zhao, sun, li}})

	w.ledger(district, "equipment", "", 3)
	w.ledger(areaA1, "equipment", "", 1)
	items = w.ledger(commA, "equipment", "", 2)
	holds(w.t, "equipment", w.rowOf(items, "id", extinguishers), object{"kind": "干粉灭火器", "quantity": 20, "bought_on": "2024-03-31",
		"valid_until": "2027-03-31", "serviced_on": "2026-03-06", "retired_at": nil})
	holds(w.t, "equipment", w.ledger(commC, "equipment", "", 1)[0], object{"kind": "灭火毯", "retired_at": at8("03-06 16:30"), "retired_reason": "破损"})

	w.ledger(street2, "transfers", "", 0)
	items = w.ledger(district, "transfers", "", 1)
	holds(w.t, "transfers", items[0], object{"case": w.h3, "authority": "管城公安分局北下街派出所", "document_no": "北消移〔2026〕3号", "cell": site3,
		"transferred_at": at8("03-03 14:10"), "replied_at": at8("03-06 15:30"), "outcome": "已责令改正", "made_by": sun, "office": street1})

	w.ledger(commA, "ratings", "", 4)
	w.ledger(commB, "ratings", "", 1)
	w.ledger(street2, "ratings", "", 1)
	items = w.ledger(district, "ratings", "", 6)
	tally := map[string]int{}
	for _, r := range column(items, "rating") {
		tally[r]++
	}
	equal(w.t, "ratings", tally, map[string]int{"good": 4, "fair": 1, "average": 1})
	holds(w.t, "ratings", w.rowOf(items, "case", w.h3), object{"rating": "fair", "holder": areaA2, "holder_person": wang, "office": commA, "made_by": zhou,
		"closed_at": at8("03-06 16:20"), "round": 1, "rework_count": 0})

	w.ledger(street1, "forces", "", 1)
	items = w.ledger(district, "forces", "", 2)
	holds(w.t, "forces", w.rowOf(items, "kind", "force"), object{"name": "北下街微型消防站", "headcount": 6, "leader": "马队长", "phone": "13700000001"})
	w.admin.get("/cells/" + district + "/ledgers/secrets").ok(422)
	w.admin.get("/cells/999999/ledgers/hazards").refused(404, "cell_not_found")
}

// exports holds the ledgers as CSV: the byte order mark, the Chinese headings, the rows, codes as words, and no
// text that a spreadsheet would take for a formula.
func (w *walk) exports() {
	sheet := func(cell, name, filter string, rows int, headings ...string) []map[string]string {
		w.t.Helper()
		a := w.read("/cells/" + cell + "/ledgers/" + name + "?format=csv" + filter)
		if got := a.header.Get("Content-Type"); !strings.HasPrefix(got, "text/csv") {
			w.t.Errorf("%s: the type is %s", name, got)
		}
		body, marked := strings.CutPrefix(string(a.body), "\xef\xbb\xbf")
		if !marked {
			w.t.Errorf("%s: no byte order mark", name)
		}
		lines, err := csv.NewReader(strings.NewReader(body)).ReadAll()
		if err != nil {
			w.t.Fatalf("%s: %v", name, err)
		}
		if len(lines) != rows+1 {
			w.t.Errorf("%s: %d lines below the headings, want %d", name, len(lines)-1, rows)
		}
		for _, h := range headings {
			if !strings.Contains(","+strings.Join(lines[0], ",")+",", ","+h+",") {
				w.t.Errorf("%s: no heading %s in %v", name, h, lines[0])
			}
		}
		out := []map[string]string{}
		for _, line := range lines[1:] {
			row := map[string]string{}
			for i, value := range line {
				row[lines[0][i]] = value
				if value != "" && strings.ContainsAny(value[:1], "=+-@\t\r") {
					w.t.Errorf("%s: %s would be taken for a formula: %q", name, lines[0][i], value)
				}
			}
			out = append(out, row)
		}
		return out
	}
	row := func(rows []map[string]string, heading, value string) map[string]string {
		w.t.Helper()
		for _, r := range rows {
			if r[heading] == value {
				return r
			}
		}
		w.t.Errorf("no line has %s %s", heading, value)
		return nil
	}
	premises := sheet(district, "premises", "&programme=fire", 5, "网格编码", "单位场所名称", "类别", "档案类别", "详细地址", "安全出口数")
	equal(w.t, "premises as CSV", fmt.Sprint(row(premises, "网格编码", site3)["类别"], row(premises, "网格编码", site3)["安全出口数"]), "二级消防安全重点单位2")
	inspections := sheet(district, "inspections", "", 19, "检查类型", "检查人", "参加人员", "检查内容", "处置措施")
	equal(w.t, "inspections as CSV", row(inspections, "编号", i6)["检查类型"], "自查")
	hazards := sheet(district, "hazards", "", 10, "隐患等级", "状态", "来源", "评价")
	h := row(hazards, "编号", w.h4)
	equal(w.t, "hazards as CSV", []string{h["隐患等级"], h["状态"], h["来源"], h["评价"]}, []string{"重大隐患", "已结案", "网格员", "好"})
	h = row(hazards, "编号", w.h10)
	equal(w.t, "hazards as CSV", []string{h["状态"], h["评价"]}, []string{"已上报", ""})
	activities := sheet(district, "activities", "", 4, "活动类型", "主题")
	equal(w.t, "activities as CSV", row(activities, "主题", "消防宣传日")["活动类型"], "宣传")
	equipment := sheet(commA, "equipment", "", 2, "器材种类", "数量", "有效期至", "存放位置")
	equal(w.t, "equipment as CSV", row(equipment, "器材种类", "消防水带")["存放位置"], `'=HYPERLINK("http://example.org","点这里")`)
	sheet(district, "transfers", "", 1, "移交单位", "文书编号", "答复时间", "处理结果")
	ratings := sheet(district, "ratings", "", 6, "评价", "责任单位", "返工次数")
	equal(w.t, "ratings as CSV", row(ratings, "案件编号", h5)["评价"], "一般")
	sheet(district, "forces", "", 2, "名称", "人数", "负责人")
	sheet(street2, "transfers", "", 0, "移交单位")
}
