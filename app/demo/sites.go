package demo

import (
	"fmt"
	"math/rand/v2"

	"gridward/domain/grid"
)

// siteKind is one kind of premises: its class in fire, what it is used for, and what market knows of it.
type siteKind struct {
	class   string // in fire
	name    string // with the place of a name in it
	use     string
	file    string // 档案类别
	trade   bool   // a subject of market
	food    bool
	checks  bool // it checks itself every day
	weight  int
	heading string // 重点行业
}

// siteKinds are the kinds a site may be of. Every area's first site is a courtyard.
var siteKinds = []siteKind{
	{class: "courtyard", name: "%s%d号楼", use: "住宅", file: "楼院", weight: 5},
	{class: "small_shop", name: "%s便民超市", use: "商店", file: "单位", trade: true, food: true, checks: true, weight: 4, heading: "食品销售"},
	{class: "small_restaurant", name: "%s烩面馆", use: "餐饮", file: "单位", trade: true, food: true, checks: true, weight: 4, heading: "餐饮服务"},
	{class: "small_hotel", name: "%s宾馆", use: "旅馆", file: "单位", trade: true, checks: true, weight: 2},
	{class: "small_school", name: "%s幼儿园", use: "教育", file: "单位", food: true, checks: true, weight: 1},
	{class: "small_clinic", name: "%s诊所", use: "医疗", file: "单位", weight: 1},
	{class: "small_entertainment", name: "%s歌厅", use: "娱乐", file: "单位", trade: true, checks: true, weight: 1},
	{class: "small_internet_cafe", name: "%s网吧", use: "上网服务", file: "单位", trade: true, weight: 1},
	{class: "small_beauty_bath", name: "%s美容美发店", use: "美容洗浴", file: "单位", trade: true, weight: 2},
	{class: "small_workshop", name: "%s汽修加工部", use: "生产加工", file: "单位", trade: true, checks: true, weight: 2},
	{class: "A", name: "%s购物广场", use: "商场", file: "建筑", trade: true, checks: true, weight: 1, heading: "大型商超"},
	{class: "B", name: "%s批发市场", use: "市场", file: "建筑", trade: true, food: true, checks: true, weight: 1, heading: "集贸市场"},
	{class: "C", name: "%s写字楼", use: "办公", file: "建筑", weight: 1},
}

func drawKind(r *rand.Rand) siteKind {
	total := 0
	for _, k := range siteKinds {
		total += k.weight
	}
	n := r.IntN(total)
	for _, k := range siteKinds {
		if n -= k.weight; n < 0 {
			return k
		}
	}
	return siteKinds[0]
}

// drawSite puts the n-th site into an area.
func (p *plan) drawSite(r *rand.Rand, area *place, n int) {
	site := &place{code: area.code + grid.CellCode(fmt.Sprintf("%04d", n)), up: area, kind: siteKinds[0]}
	if n > 1 {
		site.kind = drawKind(r)
	}
	name := pick(r, shopNames)
	if site.kind.class == "courtyard" {
		site.name = fmt.Sprintf(site.kind.name, pick(r, compounds), 1+r.IntN(24))
	} else {
		site.name = fmt.Sprintf(site.kind.name, name)
	}
	site.address = fmt.Sprintf("管城回族区%s%d号", pick(r, streetsNear), 1+r.IntN(260))
	classes := map[string]string{}
	if p.programmes[fire].HasClass(site.kind.class) {
		classes[fire] = site.kind.class
	}
	if site.kind.trade {
		if site.credit = pick(r, []string{"A", "A", "A", "B", "B", "C", "D"}); p.programmes[market].HasClass(site.credit) {
			classes[market] = site.credit
		}
	}
	area.below = append(area.below, site)
	p.grid.sites = append(p.grid.sites, site)
	p.createCell(site, classes, attributes(r, site))
}

// attributes is a site's file, as far as it is known on the first day.
func attributes(r *rand.Rand, site *place) map[string]any {
	k := site.kind
	floors := 1 + r.IntN(6)
	supervisor := "公安派出所"
	if k.class == "A" {
		supervisor, floors = "消防救援机构", 5+r.IntN(16)
	}
	a := map[string]any{
		"kind": k.file, "address": site.address, "use": k.use, "supervised_by": supervisor,
		"structure": pick(r, []string{"砖混", "框架", "框架", "钢结构"}), "floors_above": float64(floors),
		"area_m2": float64((20 + r.IntN(400)) * floors), "exits": float64(1 + r.IntN(4)), "extinguishers": float64(2 + r.IntN(20)),
		"built_on": fmt.Sprintf("%d-%02d-01", 1985+r.IntN(38), 1+r.IntN(12)), "gas": pick(r, []string{"管道气", "瓶装气", "无"}),
	}
	if k.class == "courtyard" {
		a["households"], a["ebike_charging"] = float64(12*floors), chance(r, 0.5)
	}
	if k.class == "A" || k.class == "B" {
		a["alarm_system"], a["sprinklers"], a["control_room"] = true, true, k.class == "A"
	}
	if k.trade {
		a["credit_class"], a["food"], a["farm_supplies"] = site.credit, k.food, false
		a["subject_kind"] = pick(r, []string{"个体工商户", "个体工商户", "企业"})
		a["licence_no"] = fmt.Sprintf("92410104MA%08d", r.IntN(100_000_000))
		a["scope"] = k.use
		if k.heading != "" {
			a["key_trade"] = k.heading
		}
	}
	return a
}
