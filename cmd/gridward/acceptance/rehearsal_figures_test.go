//go:build acceptance

package acceptance

import (
	"bytes"
	"fmt"
	"strings"
)

// stageOf gives the item of a stage in a case's derivation.
func (w *walk) stageOf(id, stage string) any {
	w.t.Helper()
	for _, item := range w.read("/cases/" + id + "/deadlines").items() {
		if at(item, "stage") == stage {
			return item
		}
	}
	w.t.Fatalf("the derivation of %s knows no %s", id, stage)
	return nil
}

// rehearsedDeadlines holds the derivation of every case.
func (w *walk) rehearsedDeadlines() {
	hours := func(h float64) int { return int(h * 3600) }
	for _, c := range []struct {
		id, deadline, start, ended, verdict string
		used, calendar                      int
	}{
		{caseA, "02-26 10:00", "02-12 10:00", "02-27 15:00", "late", hours(51), 1},           // closed: no correction moves it
		{caseB, "02-11 16:30", "02-11 10:30", "02-11 16:20", "on_time", hours(3) + 50*60, 2}, // the others may be sent back by their checks
		{caseC, "02-18 04:00", "02-17 22:00", "02-25 09:00", "late", 644400, 2},
		{caseD, "02-25 09:00", "02-09 09:00", "02-25 08:30", "on_time", hours(39.5), 2},
		{caseE, "02-26 09:30", "02-09 09:30", "02-26 09:00", "on_time", hours(63.5), 2},
		{caseG, "03-02 15:00", "03-02 09:00", "03-02 14:30", "on_time", hours(3.5), 2},
	} {
		holds(w.t, "the rectification of "+c.id, w.stageOf(c.id, "rectification"), object{"round": 1, "deadline": at8(c.deadline),
			"start": at8(c.start), "ended_at": at8(c.ended), "verdict": c.verdict, "used_seconds": c.used, "programme_version": 1,
			"calendar_version": c.calendar, "holder.person": zheng, "holder.cell": areaA1, "exempt": false})
	}
	holds(w.t, "the pauses of D", w.stageOf(caseD, "rectification"), object{"pauses": []object{{"from": at8("02-10 15:00"), "to": at8("02-12 15:00")}}})
	holds(w.t, "the extensions of E", w.stageOf(caseE, "rectification"), object{
		"extensions.0.n": 2, "extensions.0.unit": "working_day", "extensions.0.granted_at": at8("02-14 15:00"),
		"extensions.1.n": 1, "extensions.1.granted_at": at8("02-24 11:00")})
	holds(w.t, "the listing of F", w.stageOf(caseF, "listing"), object{"deadline": at8("02-11 10:00"), "ended_at": at8("02-11 09:30"), "verdict": "on_time"})
	holds(w.t, "the rectification of F", w.stageOf(caseF, "rectification"), object{"deadline": at8("03-05 18:00"), "ended_at": at8("03-04 10:00"), "verdict": "on_time"})
	// H was accepted on 03-02 10:00; by 03-10 09:00 it has used 6 h, 8 (3rd), none (4th), 8 (5th), 8 (6th), 8 (9th), 1.
	holds(w.t, "the rectification of H", w.stageOf(caseH, "rectification"), object{"deadline": at8("03-10 10:00"), "ended_at": nil, "verdict": "open",
		"calendar_version": 2, "used_seconds": hours(39)})
	// The total of A: from its report on 02-12 09:00 to its closure on 02-27 17:00: 7 + 8x4 (13, 14, 24, 25) + 8 (26) + 7 = 54 h.
	holds(w.t, "the total of A", w.stageOf(caseA, "total"), object{"start": at8("02-12 09:00"), "ended_at": at8("02-27 17:00"), "verdict": "on_time",
		"used_seconds": hours(54)})
}

// rehearsedLine holds the line of responsibility of A: from report to closure, without a gap.
func (w *walk) rehearsedLine() {
	a := w.read("/cases/" + caseA + "/accountability")
	intervals := list(a.at("intervals"))
	var line []string
	for _, i := range intervals {
		line = append(line, fmt.Sprintf("%v %v %v %s to %s %v", at(i, "stage"), at(i, "holder.cell"), nameOf(at(i, "holder.person")),
			short(at(i, "from")), short(at(i, "to")), at(i, "verdict")))
	}
	equal(w.t, "the line of A", line, []string{
		"filing " + commA + " 周建军 02-12 09:00 to 02-12 09:30 on_time",
		"acceptance " + areaA1 + " 郑海涛 02-12 09:30 to 02-12 10:00 on_time",
		"rectification " + areaA1 + " 郑海涛 02-12 10:00 to 02-27 15:00 late",
		"check " + commA + " 周建军 02-27 15:00 to 02-27 16:00 on_time",
		"closure " + commA + " 周建军 02-27 16:00 to 02-27 17:00 on_time",
	})
	var chain []string
	for _, p := range list(at(intervals[2], "chain")) {
		chain = append(chain, nameOf(at(p, "person")))
	}
	equal(w.t, "the chain above the late interval", chain, []string{"周建军", "孙国强", "赵立新"})
	equal(w.t, "the cards", column(list(a.at("cards")), "colour"), []string{"yellow", "red"})
	equal(w.t, "the escalations", column(list(a.at("escalations")), "cell"), []string{commA, street1})
	holds(w.t, "what was said", a.at("escalations.1"), object{"acknowledged_by": sun, "instruction": "今日内完成"})
}

func nameOf(person any) string {
	for _, p := range people {
		if p.id == person {
			return p.name
		}
	}
	return fmt.Sprint(person)
}

// shortfalls gives the statements about a1's watcher in a period.
func (w *walk) shortfalls(period string) []any {
	w.t.Helper()
	return w.read("/patrols/shortfalls?programme=watch&cell=" + areaA1 + "&period=" + period).items()
}

// week8Missed holds, on the 25th, that nobody had walked in week 8.
func (w *walk) week8Missed() {
	w.t.Helper()
	found := w.shortfalls("2026-W08")
	if len(found) != 1 {
		w.t.Fatalf("the shortfalls of week 8: %s", show(found))
	}
	holds(w.t, "week 8", found[0], object{"required": 1, "done": 0, "short": 1, "recorded_at": at8("02-23 00:00")})
	week7 := w.shortfalls("2026-W07")
	if len(week7) != 1 {
		w.t.Fatalf("the shortfalls of week 7: %s", show(week7))
	}
	holds(w.t, "week 7", week7[0], object{"required": 1, "done": 1, "short": 1, "lines.0.holders.0.person": feng, "lines.0.holders.0.required": 0,
		"lines.0.holders.1.person": chu, "lines.0.holders.1.short": 1})
	if week6 := w.shortfalls("2026-W06"); len(week6) != 0 {
		w.t.Errorf("the shortfalls of week 6: %s", show(week6))
	}
}

// rehearsedPatrols holds the figures of a1.
func (w *walk) rehearsedPatrols() {
	holds(w.t, "February", w.read("/cells/"+areaA1+"/patrols?programme=watch&period=2026-02").doc, object{"done": 4})
	month := w.read("/patrols/shortfalls?programme=watch&cell=" + areaA1 + "&period=2026-02").items()
	var of any
	for _, m := range month {
		if at(m, "period") == "2026-02" {
			of = m
		}
	}
	holds(w.t, "the month's shortfall", of, object{"required": 5, "done": 4, "short": 1})
	raw := show(of)
	for _, part := range []string{`"person":"` + feng + `"`, `"person":"` + chu + `"`, `"days":10`, `"days":18`} {
		if !strings.Contains(raw, part) {
			w.t.Errorf("the month's shortfall does not say %s: %s", part, raw)
		}
	}
	weeks := w.shortfalls("2026-W08")
	if len(weeks) != 1 {
		w.t.Fatalf("the shortfalls of week 8: %s", show(weeks))
	}
	holds(w.t, "week 8 after the batch", weeks[0], object{"short": 0, "done": 2, "recorded_at": at8("02-25 10:30"), "earlier.0.short": 1})
}

// rehearsedAsOf holds that the answers for now and for then differ by the late facts alone.
func (w *walk) rehearsedAsOf() {
	then := "&as_of=" + strings.ReplaceAll(at8("03-02 16:00"), "+", "%2B")
	before := w.read("/cases/" + caseG + "?" + then[1:])
	holds(w.t, "G as of 16:00", before.doc, object{"state": "rectifying", "overdue": true, "cards.1.colour": "red", "cards.1.healed": nil})
	after := w.read("/cases/" + caseG)
	holds(w.t, "G now", after.doc, object{"state": "rectified", "cards.1.healed": true})

	then = "&as_of=" + strings.ReplaceAll(at8("02-25 10:00"), "+", "%2B")
	path := "/cells/" + areaA1 + "/patrols?programme=watch&period=2026-W08"
	holds(w.t, "week 8 then", w.read(path+then).doc, object{"required": 1, "done": 0, "short": 1})
	holds(w.t, "week 8 now", w.read(path).doc, object{"required": 1, "done": 2, "short": 0})
}

// rehearsedPeople holds what a person answers for, and what they were told.
func (w *walk) rehearsedPeople() {
	span := "?from=" + strings.ReplaceAll(at8("02-09 00:00"), "+", "%2B") + "&to=" + strings.ReplaceAll(at8("03-10 09:00"), "+", "%2B")
	a := w.read("/persons/" + zheng + "/accountability" + span)
	late := map[string]bool{}
	for _, i := range list(a.at("intervals")) {
		if at(i, "verdict") == "late" {
			late[fmt.Sprint(at(i, "case"))] = true
		}
	}
	if len(late) != 2 || !late[caseA] || !late[caseC] {
		w.t.Errorf("zheng was late with %v, want A and C", late)
	}
	holds(w.t, "feng's missed duties", w.read("/persons/"+feng+"/accountability"+span).doc, object{"intervals": []object{}})
	if missed := list(w.read("/persons/" + feng + "/accountability" + span).at("missed_duties")); len(missed) == 0 {
		w.t.Error("feng missed nothing, yet February lacked a patrol of theirs")
	}
	told := map[string]bool{}
	for _, d := range w.read("/persons/" + zheng + "/notices").items() {
		if told[fmt.Sprint(at(d, "day"))] {
			w.t.Errorf("two digests on %v", at(d, "day"))
		}
		told[fmt.Sprint(at(d, "day"))] = true
	}
	if !told["2026-02-26"] || !told["2026-02-20"] {
		w.t.Errorf("zheng was told on %v", told)
	}
}

// rehearsedPapers holds that the sheets and the page a leader signs are there.
func (w *walk) rehearsedPapers() {
	for _, path := range []string{"/cases/" + caseA + "/accountability?format=xlsx", "/cells/" + areaA1 + "/accountability?format=xlsx&from=2026-02-01T00:00:00Z&to=2026-03-10T00:00:00Z",
		"/cells/" + district + "/ledgers/hazards?format=xlsx", "/cells/" + areaA1 + "/patrols?programme=watch&period=2026-02&format=xlsx"} {
		if a := w.admin.get(path).ok(200); !bytes.HasPrefix(a.body, []byte("PK")) {
			w.t.Errorf("%s is no workbook", path)
		}
	}
	page := string(w.admin.get("/cases/" + caseA + "/accountability?format=html").ok(200).body)
	for _, word := range []string{"责任追究", "郑海涛", "周建军", "今日内完成", "@page"} {
		if !strings.Contains(page, word) {
			w.t.Errorf("the page lacks %s", word)
		}
	}
}

// rehearsalUpkeep holds that the views are what the log says.
func (w *walk) rehearsalUpkeep() {
	w.server.stop()
	w.check()
}
