package demo_test

import (
	"path/filepath"
	"slices"
	"testing"
	"time"

	"gridward/adapters/sqlstore"
	"gridward/app"
	"gridward/app/demo"
	"gridward/app/views"
	"gridward/domain/calendar"
	"gridward/domain/hazard"
	"gridward/domain/patrol"
	"gridward/domain/programme"
)

// What time does in the forty days around the Spring Festival of 2026, worked out by hand.
func TestTheFestival(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	s := h.run(t, demo.Options{Seed: 1, Scale: demo.Small})
	cases := h.cases(t)
	t.Run("limits run over it", func(t *testing.T) { limitsRunOverIt(t, cases) })
	t.Run("the ladder", func(t *testing.T) { theLadderIsClimbed(t, cases) })
	t.Run("more time", func(t *testing.T) { moreTimeIsAsked(t, cases) })
	t.Run("the calendar", func(t *testing.T) { theCalendarIsCorrected(t, h, cases) })
	t.Run("patrols", func(t *testing.T) { patrolsAreMissed(t, h) })
	t.Run("missed, then found", func(t *testing.T) { whatWasMissedIsFound(t, h, cases) })
	t.Run("digests", func(t *testing.T) { somebodyIsTold(t, h, s) })
	t.Run("the views agree with the log", func(t *testing.T) { theViewsAgree(t, h) })
}

// story is the events of one case.
type story struct {
	id     string
	events []hazard.Event
}

// cases gives every case's events, in the order of the cases' first.
func (h *house) cases(t *testing.T) []story {
	t.Helper()
	var out []story
	at := map[string]int{}
	for _, r := range h.records(t) {
		event, err := h.codec.Decode(r.Type, r.Schema, r.Data)
		if err != nil {
			t.Fatal(err)
		}
		e, ok := event.(hazard.Event)
		if !ok {
			continue
		}
		i, known := at[r.Stream]
		if !known {
			i = len(out)
			at[r.Stream], out = i, append(out, story{id: r.Stream[len("case-"):]})
		}
		out[i].events = append(out[i].events, e)
	}
	return out
}

// of gives a story's events of one type.
func of[E hazard.Event](s story) []E {
	var out []E
	for _, e := range s.events {
		if e, ok := e.(E); ok {
			out = append(out, e)
		}
	}
	return out
}

// acceptedAt finds the story of the case that was taken at that minute of 2026.
func acceptedAt(t *testing.T, cases []story, at string) story {
	t.Helper()
	i := slices.IndexFunc(cases, func(s story) bool {
		return slices.ContainsFunc(of[hazard.Accepted](s), func(e hazard.Accepted) bool { return local(e.At) == at })
	})
	if i < 0 {
		t.Fatalf("no case was taken at %s", at)
	}
	return cases[i]
}

func local(at time.Time) string { return at.In(china).Format("01-02 15:04") }

// cards lists a story's cards in a stage: colour and when they were due.
func cards(s story, stage string) (out []string) {
	for _, e := range of[hazard.CardGiven](s) {
		if e.Ladder.Stage == stage {
			out = append(out, e.Colour+" "+local(e.Ladder.Due))
		}
	}
	return out
}

// same compares two lists.
func same(t *testing.T, what string, is []string, want ...string) {
	t.Helper()
	if !slices.Equal(is, want) {
		t.Errorf("%s: %q, not %q", what, is, want)
	}
}

// Taken on Saturday 14 February, which is worked, three working days are over on Thursday 26: 5 h 40 on the 14th, eight
// each on the 24th and 25th, 2 h 20 on the 26th.
func limitsRunOverIt(t *testing.T, cases []story) {
	late := acceptedAt(t, cases, "02-14 10:20")
	same(t, "cards of the late one", cards(late, programme.StageRectification), "yellow 02-25 15:32", "red 02-26 10:20")
	if e := of[hazard.Escalated](late); len(e) != 1 || local(e[0].At) != "02-27 10:20" || e[0].Level != 3 || !e[0].Automatic {
		t.Errorf("escalated %+v", e)
	}
	same(t, "cards of the one in time", cards(acceptedAt(t, cases, "02-14 10:00"), programme.StageRectification))
}

func theLadderIsClimbed(t *testing.T, cases []story) {
	s := acceptedAt(t, cases, "02-02 10:00")
	same(t, "cards", cards(s, programme.StageRectification), "yellow 02-06 10:00", "red 02-09 10:00")
	var levels []int
	for _, e := range of[hazard.Escalated](s) {
		levels = append(levels, e.Level)
	}
	if said := of[hazard.EscalationAcknowledged](s); !slices.Equal(levels, []int{3, 2}) || len(said) != 2 {
		t.Errorf("escalated to the levels %v, acknowledged %d times", levels, len(said))
	}
	var measures []int
	for _, e := range of[hazard.Supervised](acceptedAt(t, cases, "02-02 11:00")) {
		measures = append(measures, e.Level)
	}
	if !slices.Equal(measures, []int{2, 1}) {
		t.Errorf("what is left alone is supervised by the levels %v", measures)
	}
	twoUp := false
	for _, c := range cases {
		for _, e := range of[hazard.Escalated](c) {
			twoUp = twoUp || e.Ladder != nil && e.Ladder.Stage == programme.StageFiling && e.Level == 1
		}
	}
	if !twoUp {
		t.Error("nothing climbs two levels at once")
	}
	healed := acceptedAt(t, cases, "02-03 09:00")
	same(t, "cards while the phone had no signal", cards(healed, programme.StageRectification), "yellow 02-05 14:12", "red 02-06 09:00")
	if e := of[hazard.CardHealed](healed); len(e) != 1 || e[0].Colour != hazard.Red {
		t.Errorf("healed: %+v", e)
	}
}

func moreTimeIsAsked(t *testing.T, cases []story) {
	extended, suspensions, appeals := map[bool]int{}, map[bool]int{}, map[bool]int{}
	for _, s := range cases {
		for _, e := range of[hazard.ExtensionDecided](s) {
			extended[e.Granted]++
			if took := of[hazard.CardWithdrawn](s); e.Granted && (len(took) != 1 || took[0].Reason != "extension") {
				t.Errorf("the extension took back %+v", took)
			}
		}
		for _, e := range of[hazard.Resumed](s) {
			suspensions[e.Automatic]++
		}
		for _, e := range of[hazard.AppealDecided](s) {
			appeals[e.Upheld]++
			if len(of[hazard.Closed](s)) != 1 {
				t.Error("an appeal was decided on a case that was not closed")
			}
		}
	}
	for what, counts := range map[string]map[bool]int{"extensions": extended, "suspensions": suspensions, "appeals": appeals} {
		if counts[true] != 1 || counts[false] != 1 {
			t.Errorf("%s: %v", what, counts)
		}
	}
}

// Version 2 takes Saturday 14 February for a day off; version 3 says that it is worked. Taken on Friday at 9:40, a case
// had until the 26th by the one and has until the 25th by the other.
func theCalendarIsCorrected(t *testing.T, h *house, cases []story) {
	versions := events[calendar.Published](t, h)
	if len(versions) != 3 || versions[1].Calendar.Corrects != 0 || versions[2].Calendar.Corrects != 2 {
		t.Fatalf("%d versions of the calendar, or they correct something else", len(versions))
	}
	day := time.Date(2026, time.February, 14, 12, 0, 0, 0, china)
	for n, want := range []bool{true, false, true} {
		if calendar.Compile(versions[n].Calendar).WorkingDay(day) != want {
			t.Errorf("version %d says that 14 February is worked: %v", n+1, !want)
		}
	}
	var moved []string
	for _, e := range of[hazard.Rederived](acceptedAt(t, cases, "02-13 09:40")) {
		for _, m := range e.Moved {
			if m.Stage == programme.StageRectification {
				moved = append(moved, local(m.From)+" to "+local(m.To))
			}
		}
	}
	same(t, "the deadline moved", moved, "02-26 09:40 to 02-25 09:40")
}

// shortfalls gives the statements about an area's or a street's officers, by period.
func shortfalls(t *testing.T, h *house, area, role string) map[string][]patrol.Statement {
	t.Helper()
	out := map[string][]patrol.Statement{}
	add := func(s patrol.Statement) {
		if string(s.Area) == area && s.Role == role {
			out[s.Period] = append(out[s.Period], s)
		}
	}
	for _, r := range h.records(t) {
		event, err := h.codec.Decode(r.Type, r.Schema, r.Data)
		if err != nil {
			t.Fatal(err)
		}
		switch e := event.(type) {
		case patrol.Found:
			add(patrol.Statement(e))
		case patrol.Restated:
			add(patrol.Statement(e))
		}
	}
	return out
}

// The areas of the tales: two to each community brought to life, in every third street.
const (
	handedOver = "410104004006001"
	irrigated  = "410104011"
	missed     = "410104007008002"
	late       = "410104010010001"
)

func patrolsAreMissed(t *testing.T, h *house) {
	for _, day := range []string{"2026-02-06", "2026-02-07", "2026-02-08"} {
		if s := shortfalls(t, h, missed, "officer")[day]; len(s) != 1 || s[0].Short != 1 {
			t.Errorf("nobody missed the patrol of %s: %+v", day, s)
		}
	}
	week := shortfalls(t, h, late, "officer")
	for _, period := range []string{"2026-02-02", "2026-02-05", "2026-02-08", "2026-W06"} {
		if s := week[period]; len(s) != 2 || s[0].Short != 1 || s[1].Short != 0 {
			t.Errorf("a late week heals %s: %+v", period, s)
		}
	}
	if s := shortfalls(t, h, handedOver, "officer")["2026-02-13"]; len(s) != 1 || s[0].Short != 1 {
		t.Errorf("nothing was missing two days before the post was handed over: %+v", s)
	}
	month := shortfalls(t, h, irrigated, "inspector")["2026-02"]
	if len(month) != 1 || len(month[0].Lines) != 1 {
		t.Fatalf("the month that two inspectors shared: %+v", month)
	}
	if l := month[0].Lines[0]; l.Required != 3 || l.Short < 1 || len(l.Holders) != 1 || l.Holders[0].Days != 14 {
		t.Errorf("the new inspector's part of the month: %+v", l)
	}
}

// Who missed the patrols of the days before stands beside the case that was found when somebody came again; and for
// water, who missed the month.
func whatWasMissedIsFound(t *testing.T, h *house, cases []story) {
	traced := map[string]bool{}
	for _, s := range cases {
		reported := of[hazard.Reported](s)[0]
		if day := local(reported.FoundAt)[:5]; string(reported.Cell) != missed && day != "03-03" {
			continue
		}
		line, err := h.views.CaseAccountability(t.Context(), s.id, h.clock, time.Time{})
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range line.MissedDuties {
			traced[reported.Programme+" "+m.Period] = true
		}
	}
	for _, want := range []string{"fire 2026-02-08", "water 2026-02"} {
		if !traced[want] {
			t.Errorf("nowhere beside a case: %s (of %v)", want, traced)
		}
	}
}

func somebodyIsTold(t *testing.T, h *house, s demo.Summary) {
	told := acceptedAt(t, h.cases(t), "02-14 10:20")
	card := of[hazard.CardGiven](told)[0]
	page, err := h.views.Notices(t.Context(), card.Told[0], views.Paging{})
	if err != nil {
		t.Fatal(err)
	}
	found := slices.ContainsFunc(page.Items, func(d views.Digest) bool {
		return d.Day == "2026-02-25" && slices.ContainsFunc(d.Items, func(i views.Told) bool { return i.Case == told.id && i.Kind == hazard.Yellow })
	})
	if !found || s.Digests == 0 {
		t.Errorf("no digest of 25 February tells %s of the yellow card: %+v", card.Told[0], page.Items)
	}
}

// The views that followed hour by hour are those a rebuild makes.
func theViewsAgree(t *testing.T, h *house) {
	if err := h.views.Close(); err != nil {
		t.Fatal(err)
	}
	gens := sqlstore.NewGenerations(h.dir, true)
	n, _, err := gens.Current(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	live, err := gens.Open(t.Context(), n)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = live.Close() }()
	fresh, err := sqlstore.BuildViewsFile(filepath.Join(t.TempDir(), "fresh.db"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = fresh.Close() }()
	differences, err := views.Check(t.Context(), h.log, h.codec, china, live, fresh, 5, func(app.Position, app.Position) {})
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range differences {
		t.Error(d)
	}
}
