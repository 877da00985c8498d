//go:build acceptance

package acceptance

// The story, told first. Every figure the walk checks was counted by hand from these tables.
//
// The grid: 管城回族区, a district of 2 streets, 3 communities, 4 areas, 5 sites: 15 cells.
//
//	410104            管城回族区
//	  410104001       北下街街道
//	    410104001001  社区 A        areas a1 (sites s1 courtyard, s2 restaurant), a2 (site s3 hotel)
//	    410104001002  社区 B        area b1 (site s4 shop); nobody holds an office of fire here: vacant
//	  410104002       西大街街道
//	    410104002001  社区 C        area c1 (site s5 workshop)
//
// The people, 21, their duties since 2025-12-01:
//
//	fire    410104 zhao (chief), qian (sponsor until 03-12 10:30)   fire-brigade at 410104: shen (supervisor)
//	        001 sun (chief)   002 li (chief)   A zhou (chief), wei (police, supervisor)   C wu (chief)
//	        a1 zheng (chief)  a2 wang (chief)  a1 and a2 feng (officer)  b1 chen (officer)  c1 chu (officer)
//	        s1 jiang (chief)
//	market  410104 han (chief)   A yang (chief)   a1 zhu (lead), qin (assistant)
//	water   410104 he (supervisor)   001 and 002 you (chief)   001 xu (officer)
//
// The patrols. Those of fire; the roles are those somebody acted under:
//
//	i1   03-02 09:00 s1  feng, jiang, 刘大爷   officer, building_head    walk 1; finds h1
//	i2   03-02 09:25 s2  feng                  officer                   walk 1; finds h2, rectified on the spot
//	i3   03-02 10:00 s3  feng, wei             officer, police_officer   finds h3
//	i4   03-02 14:00 s5  chu, wu               officer, room_head        finds h4
//	i5   03-03 20:30 a1  feng, zheng           officer, group_head       at night, on the area itself
//	i6   03-03 08:00 s1  jiang                 building_head             self-check
//	i7   03-03 15:00 s4  feng                  none: "other"
//	i8   03-04 08:30 s1  feng, jiang           a recheck: never counts
//	i9   03-04 15:30 s4  chen                  officer                   voided on 03-05 10:00
//	i10  03-05 09:00 s4  chen                  officer                   amended on 03-06: it was 03-06 09:00
//	i11  03-05 11:00 s2  feng                  officer                   campaign
//	i12  03-05 11:40 s3  feng                  officer                   campaign
//	i13  03-06 09:10 s2  feng                  officer                   campaign, s2 a second time
//	b1   02-28 10:00 s4  chen                  officer                   b1 to b5 are one offline batch,
//	b2   2025-12-31  s4  chen                  officer                   sent twice on 03-09 08:30
//	b3   03-07 22:00 b1  chen                  officer                   over midnight: it is the 7th's
//	b4   03-08 08:00 s4  chen                  without content: rejected
//	b5   03-08 09:00 s4  chen                  officer                   finds h7
//
// of water: w1 without measures is refused; w2 03-10 19:30 A xu, he (inspector, brigade), finds h8;
// w3 03-12 09:00 C you (irrigation_head). Of market: m1 03-11 10:00 s2 zhu, qin (section_lead, section_assistant),
// finds h9.
//
// The cases:
//
//	h1   fire minor    s1  03-02 filed by zhou, goes to a1 by itself, zheng accepts late, rectifies; feng checks; zhou closes: good
//	h2   fire minor    s2  03-02 rectified on the spot by feng; 03-03 zheng checks, zhou closes in bulk: good
//	h3   fire serious  s3  03-02 to a2; 03-03 transferred to the police, escalated to A, acknowledged, escalated to 001,
//	                       supervised; 03-06 a contractor rectifies, wang records it; wei checks; zhou closes: fair
//	h4   fire major    s5  03-02 escalates to 410104 at filing; 03-03 listed by zhao, dispatched to C; 03-06 wu rectifies,
//	                       chu checks, zhao lifts the listing, li closes: good
//	h5   fire serious  B   03-04 a resident's report by way of chen; verified by b1; filed at s4, goes to b1, returned,
//	                       dispatched to the fire-brigade; 03-05 fails the check once (rework); sun closes: average
//	h6   fire          s4  03-04 an anonymous resident's report, merged into h5: voided
//	h7   fire minor    s4  found by b5; 03-12 filed under version 2 of the programme, goes to b1: dispatched
//	h8   water minor   A   found by w2; 03-11 filed by you, goes to A, where nobody is: you accepts: rectifying
//	h9   market serious s2 found by m1; 03-11 dispatched to a1 with 4 hours; the owner rectifies, zhu records it, qin checks,
//	                       yang closes: good
//	h10  fire          s3  03-12 reported, voided by zhou, reopened by sun: reported, round 2
//
// The program is stopped by SIGTERM and started again on 03-04 17:00.

const (
	district = "410104"
	street1  = "410104001"
	street2  = "410104002"
	commA    = "410104001001"
	commB    = "410104001002"
	commC    = "410104002001"
	areaA1   = "410104001001001"
	areaA2   = "410104001001002"
	areaB1   = "410104001002001"
	areaC1   = "410104002001001"
	site1    = "4101040010010010001"
	site2    = "4101040010010010002"
	site3    = "4101040010010020001"
	site4    = "4101040010020010001"
	site5    = "4101040020010010001"
)

const (
	zhao  = "10000000-0000-4000-8000-000000000001"
	qian  = "10000000-0000-4000-8000-000000000002"
	sun   = "10000000-0000-4000-8000-000000000003"
	li    = "10000000-0000-4000-8000-000000000004"
	zhou  = "10000000-0000-4000-8000-000000000005"
	wu    = "10000000-0000-4000-8000-000000000006"
	zheng = "10000000-0000-4000-8000-000000000007"
	wang  = "10000000-0000-4000-8000-000000000008"
	feng  = "10000000-0000-4000-8000-000000000009"
	chen  = "10000000-0000-4000-8000-000000000010"
	chu   = "10000000-0000-4000-8000-000000000011"
	wei   = "10000000-0000-4000-8000-000000000012"
	jiang = "10000000-0000-4000-8000-000000000013"
	shen  = "10000000-0000-4000-8000-000000000014"
	han   = "10000000-0000-4000-8000-000000000015"
	yang  = "10000000-0000-4000-8000-000000000016"
	zhu   = "10000000-0000-4000-8000-000000000017"
	qin   = "10000000-0000-4000-8000-000000000018"
	you   = "10000000-0000-4000-8000-000000000019"
	xu    = "10000000-0000-4000-8000-000000000020"
	he    = "10000000-0000-4000-8000-000000000021"
)

// steward is the administrator in its own name.
const steward = ""

// The ids the story's clients give; those of h3, h4, h8, h9 and h10 are the program's.
const (
	h1 = "20000000-0000-4000-8000-000000000001"
	h2 = "20000000-0000-4000-8000-000000000002"
	h5 = "20000000-0000-4000-8000-000000000005"
	h6 = "20000000-0000-4000-8000-000000000006"
	h7 = "20000000-0000-4000-8000-000000000007"

	i1  = "30000000-0000-4000-8000-000000000001"
	i2  = "30000000-0000-4000-8000-000000000002"
	i3  = "30000000-0000-4000-8000-000000000003"
	i4  = "30000000-0000-4000-8000-000000000004"
	i5  = "30000000-0000-4000-8000-000000000005"
	i6  = "30000000-0000-4000-8000-000000000006"
	i7  = "30000000-0000-4000-8000-000000000007"
	i8  = "30000000-0000-4000-8000-000000000008"
	i9  = "30000000-0000-4000-8000-000000000009"
	i10 = "30000000-0000-4000-8000-000000000010"
	i11 = "30000000-0000-4000-8000-000000000011"
	i12 = "30000000-0000-4000-8000-000000000012"
	i13 = "30000000-0000-4000-8000-000000000013"
	b1  = "30000000-0000-4000-8000-000000000021"
	b2  = "30000000-0000-4000-8000-000000000022"
	b3  = "30000000-0000-4000-8000-000000000023"
	b4  = "30000000-0000-4000-8000-000000000024"
	b5  = "30000000-0000-4000-8000-000000000025"
	w2  = "30000000-0000-4000-8000-000000000032"
	w3  = "30000000-0000-4000-8000-000000000033"
	m1  = "30000000-0000-4000-8000-000000000041"

	campaign1 = "40000000-0000-4000-8000-000000000001" // three small sites of street 1
	campaign2 = "40000000-0000-4000-8000-000000000002" // every small restaurant of the district

	extinguishers = "50000000-0000-4000-8000-000000000001"
	hoses         = "50000000-0000-4000-8000-000000000002"
	blanket       = "50000000-0000-4000-8000-000000000003"
	qianDuty      = "60000000-0000-4000-8000-000000000002"
)

// at8 is an instant of the story, "03-02 09:00" of 2026 in China.
func at8(s string) string { return "2026-" + s[:5] + "T" + s[6:] + ":00+08:00" }

// people are the persons with their names and telephone numbers.
var people = []struct{ id, name, phone string }{
	{zhao, "赵立新", "13800000001"}, {qian, "钱文博", "13800000002"}, {sun, "孙国强", "13800000003"},
	{li, "李红梅", "13800000004"}, {zhou, "周建军", "13800000005"}, {wu, "吴秀英", "13800000006"},
	{zheng, "郑海涛", "13800000007"}, {wang, "王桂兰", "13800000008"}, {feng, "冯小刚", "13800000009"},
	{chen, "陈晓燕", "13800000010"}, {chu, "褚云飞", "13800000011"}, {wei, "卫东升", "13800000012"},
	{jiang, "蒋大明", "13800000013"}, {shen, "沈卫国", "13800000014"}, {han, "韩志远", "13800000015"},
	{yang, "杨丽华", "13800000016"}, {zhu, "朱文静", "13800000017"}, {qin, "秦岭松", "13800000018"},
	{you, "尤长河", "13800000019"}, {xu, "许清泉", "13800000020"}, {he, "何大江", "13800000021"},
}

var cells = []object{
	{"code": district, "name": "管城回族区"},
	{"code": street1, "name": "北下街街道"}, {"code": street2, "name": "西大街街道"},
	{"code": commA, "name": "代书胡同社区"}, {"code": commB, "name": "唐子巷社区"}, {"code": commC, "name": "塔湾路社区"},
	{"code": areaA1, "name": "代书胡同东片"}, {"code": areaA2, "name": "代书胡同西片"},
	{"code": areaB1, "name": "唐子巷一片"}, {"code": areaC1, "name": "塔湾路一片"},
	{"code": site1, "name": "建业楼院", "classes": object{"fire": "courtyard"}, "attributes": object{"kind": "楼院", "address": "代书胡同1号"}},
	{"code": site2, "name": "老马烩面馆", "classes": object{"fire": "small_restaurant"}, "attributes": object{"kind": "单位", "address": "代书胡同2号"}},
	{"code": site3, "name": "悦来宾馆", "classes": object{"fire": "B"}, "attributes": object{"kind": "单位", "address": "代书胡同9号", "exits": 2}},
	{"code": site4, "name": "便民超市", "classes": object{"fire": "small_shop", "market": "A"}, "attributes": object{"kind": "单位", "address": "唐子巷5号", "credit_class": "A"}},
	{"code": site5, "name": "兴旺服装厂", "classes": object{"fire": "A"}, "attributes": object{"kind": "单位", "address": "塔湾路7号"}},
}

var duties = []struct {
	id, programme, role, person string
	cells                       []string
}{
	{"", "fire", "safety_committee_director", zhao, []string{district}},
	{qianDuty, "fire", "sponsor", qian, []string{district}},
	{"", "fire", "station_head", sun, []string{street1}},
	{"", "fire", "station_head", li, []string{street2}},
	{"", "fire", "room_head", zhou, []string{commA}},
	{"", "fire", "room_head", wu, []string{commC}},
	{"", "fire", "group_head", zheng, []string{areaA1}},
	{"", "fire", "group_head", wang, []string{areaA2}},
	{"", "fire", "officer", feng, []string{areaA1, areaA2}},
	{"", "fire", "officer", chen, []string{areaB1}},
	{"", "fire", "officer", chu, []string{areaC1}},
	{"", "fire", "police_officer", wei, []string{commA}},
	{"", "fire", "building_head", jiang, []string{site1}},
	{"", "market", "bureau_head", han, []string{district}},
	{"", "market", "area_head", yang, []string{commA}},
	{"", "market", "section_lead", zhu, []string{areaA1}},
	{"", "market", "section_assistant", qin, []string{areaA1}},
	{"", "water", "irrigation_head", you, []string{street1, street2}},
	{"", "water", "inspector", xu, []string{street1}},
	{"", "water", "brigade", he, []string{district}},
}

// setUp builds the grid, on 03-02 08:00.
func (w *walk) setUp() {
	for _, c := range cells {
		w.cmd(steward, "/cells", c)
	}
	w.changed(w.admin.put("/cells/"+site2+"/classes", object{"market": "C"}))
	w.changed(w.admin.put("/cells/"+site1+"/attributes", object{"attributes": object{"kind": "楼院", "address": "代书胡同1号", "households": 120}}))
	for _, p := range people {
		w.cmd(steward, "/persons", object{"id": p.id, "name": p.name, "phone": p.phone})
	}
	w.cmd(steward, "/departments", object{"code": "fire-brigade", "name": "管城区消防救援大队", "cell": district})
	since := "2025-12-01T00:00:00+08:00"
	for _, d := range duties {
		duty := object{"programme": d.programme, "role": d.role, "person": d.person, "from": since}
		if d.id != "" {
			duty["id"] = d.id
		}
		if len(d.cells) > 1 {
			duty["cells"] = d.cells
		}
		w.cmd(steward, "/cells/"+d.cells[0]+"/duties", duty)
	}
	w.cmd(steward, "/departments/fire-brigade/duties", object{"programme": "fire", "role": "brigade_inspector", "person": shen, "from": since})

	w.cmd(sun, "/cells/"+street1+"/forces", object{"programme": "fire", "kind": "force", "name": "北下街微型消防站", "headcount": 6,
		"leader": "马队长", "phone": "13700000001"})
	w.cmd(wu, "/cells/"+commC+"/forces", object{"programme": "fire", "kind": "plan", "name": "社区灭火疏散预案", "content": "先疏散，后扑救"})
	w.cmd(feng, "/cells/"+site2+"/equipment", object{"id": extinguishers, "programme": "fire", "kind": "干粉灭火器", "quantity": 20,
		"bought_on": "2024-03-31", "valid_until": "2026-03-31", "place": "后厨"})
	w.cmd(zhou, "/cells/"+commA+"/equipment", object{"id": hoses, "programme": "fire", "kind": "消防水带", "quantity": 4,
		"place": `=HYPERLINK("http://example.org","点这里")`})
	w.cmd(wu, "/cells/"+commC+"/equipment", object{"id": blanket, "programme": "fire", "kind": "灭火毯", "quantity": 1})

	w.cmd(sun, "/campaigns", object{"id": campaign1, "programme": "fire", "cell": street1, "title": "小场所专项", "from": at8("03-03 00:00"),
		"to": at8("03-10 00:00"), "targets": []string{site2, site3, site4}, "checklist": []string{"evacuation", "electricity"}})
	w.cmd(zhao, "/campaigns", object{"id": campaign2, "programme": "fire", "cell": district, "title": "餐饮专项", "from": at8("03-03 00:00"),
		"to": at8("04-01 00:00"), "class": "small_restaurant"})
}
