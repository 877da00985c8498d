//go:build acceptance

package acceptance

// The rehearsal, told first: from 2026-02-09 to 2026-03-10, across the Spring Festival. Every instant was counted by hand.
//
// Working days: Mon 9 to Fri 13 February and Sat 14 (make-up); off from Sun 15 to Mon 23; Tue 24 to Fri 27 and Sat 28
// (make-up); then Mon 2 March as usual. A working day is 8 hours: 08:00-12:00 and 14:00-18:00.
//
// The grid is one line: district 410104 - street 410104001 - community A - area a1. In both programmes zhao is the
// chief of the district, sun of the street, zhou of the community, zheng of the area; in "watch" feng is the officer
// of a1 until 11 February 00:00 and chu from then.
//
// The programme "watch" is published by the test (rehearsalProgramme). Its ladder of rectification: yellow at 0.8, red at
// the deadline, one level up 4 working hours behind it, two levels up 1 working day behind it.
//
//	A  5 working days across the festival. Accepted 02-12 10:00: 6 h that day, 8 on the 13th, 14th, 24th and 25th (38),
//	   so 40 h on 02-26 10:00. Yellow at 32 h: 02-25 10:00. Red 02-26 10:00. One level up behind 4 h: 02-26 16:00.
//	   Two levels up behind 8 h: 02-27 10:00. Sun acknowledges 11:00. Rectified 02-27 15:00: 40 + 6 + 5 = 51 h, late.
//	B  4 working hours over lunch. Accepted 02-11 10:30: 1.5 h to noon, 2.5 from 14:00: due 16:30. Yellow at 3.2 h: 15:42.
//	   Rectified 16:20: 3 h 50 min, on time.
//	C  6 urgent hours in the holiday. Accepted 02-17 22:00: due 02-18 04:00, yellow at 4.8 h: 02:48. The service is
//	   stopped from 02-17 22:30 to 02-20 22:30 and catches up. One level up 4 working hours behind: 02-24 12:00; two
//	   levels 8 behind: 02-24 18:00. Rectified 02-25 09:00, late: 7 d 11 h = 644,400 s.
//	D  5 working days with a suspension. Accepted 02-09 09:00; suspended 02-10 15:00 to 02-12 15:00: 3 + 8 + 5 = 16 h, two
//	   working days. Due 02-14 09:00 without it, 02-25 09:00 with it. Yellow at 4 days: 02-13 09:00 without it,
//	   02-24 09:00 with it. Rectified 02-25 08:30: 39.5 h, on time.
//	E  5 working days with two extensions. Accepted 02-09 09:30: due 02-14 09:30, yellow 02-13 09:30, red 02-14 09:30.
//	   2 days asked on 02-13 10:00 and granted on 02-14 15:00: due 02-25 09:30, both cards withdrawn; yellow at 5.6 days:
//	   02-14 09:30 + 4.8 h = 16:18. 1 day more asked on 02-24 10:00, granted 11:00: due 02-26 09:30, the card withdrawn,
//	   yellow at 6.4 days: 02-24 09:30 + 3.2 h = 14:42. A third is refused. Rectified 02-26 09:00: 63.5 h, on time.
//	F  a major fire hazard. Filed 02-10 10:00, to be listed within a working day: due 02-11 10:00, yellow at 6.4 h:
//	   02-11 08:24. Listed 02-11 09:30 until 03-05 18:00. Accepted 02-12 18:00: 21 days; yellow at 16.8: 03-01 13:12.
//	G  4 working hours, rectified offline. Accepted 03-02 09:00: due 15:00, yellow at 3.2 h: 14:12, red 15:00. Rectified at
//	   14:30, told at 17:00: on time, 3.5 h, the red card healed.
//	H  5 working days under a wrong calendar. Accepted 03-02 10:00: due 03-09 10:00. On 03-03 09:00 a version is
//	   published that gives Wednesday 03-04 off: due 03-10 10:00.
//
// Patrols of a1: 5 a month and 1 a week. Feng holds February for 10 days of 28 (5 x 10/28 = 1.79), chu for 18 (3.21):
// shares 2 and 3, the remainder to the larger. Feng walks on 02-10; chu on 02-18 and 02-19, told by a late batch on
// 02-25 10:30; and on 02-26. So February is short of 1 (feng's). Week 7 (9 to 15 February) is feng's for 2 days and chu's
// for 5: its one patrol is chu's, so it is short of 1 although feng walked, for one duty's surplus is never netted
// against another's. Week 8 (16 to 22 February) is short of 1 (chu's) until the batch. Week 6 ended before the programme
// was published: nothing was asked.

const rehearsalProgramme = `code: watch
name: 巡查试点
levels: [1, 2, 3, 4]
office_level: 3
roles:
  - {code: watcher, name: 巡查员, acts_as: officer}
mandatory_fields: [content]
classes: []
premises_fields: []
checklist: []
limits:
  minor: {filing: 1 working_day, dispatch: 1 working_day, acceptance: 1 working_day, rectification: 5 working_day, check: 2 working_day, closure: 2 working_day, total: 60 working_day}
catalogue:
  - {item: days, name: 五个工作日, severity: minor, dispatch_to: {level: 4}}
  - {item: hours, name: 四个工作时, severity: minor, dispatch_to: {level: 4}, limits: {rectification: 4 working_hour}}
  - {item: urgent, name: 六个紧急工作时, severity: minor, dispatch_to: {level: 4}, limits: {rectification: 6 urgent_hour}}
duties:
  - {what: patrol, role: watcher, level: 4, period: month, count: 5, per: cell}
  - {what: patrol, role: watcher, level: 4, period: week, count: 1, per: cell}
ladder:
  - severity: minor
    stage: rectification
    rungs:
      - {when: {share: 0.8}, do: yellow}
      - {when: {share: 1}, do: red}
      - {when: {past: 4 working_hour}, do: escalate, levels: 1}
      - {when: {past: 1 working_day}, do: escalate, levels: 2}
`

// The cases and patrols of the rehearsal.
const (
	caseA = "70000000-0000-4000-8000-00000000000a"
	caseB = "70000000-0000-4000-8000-00000000000b"
	caseC = "70000000-0000-4000-8000-00000000000c"
	caseD = "70000000-0000-4000-8000-00000000000d"
	caseE = "70000000-0000-4000-8000-00000000000e"
	caseF = "70000000-0000-4000-8000-00000000000f"
	caseG = "70000000-0000-4000-8000-000000000010"
	caseH = "70000000-0000-4000-8000-000000000011"

	walkFeng = "71000000-0000-4000-8000-000000000001"
	walkChu1 = "71000000-0000-4000-8000-000000000002"
	walkChu2 = "71000000-0000-4000-8000-000000000003"
	walkChu3 = "71000000-0000-4000-8000-000000000004"

	fengDuty = "72000000-0000-4000-8000-000000000001"
)
