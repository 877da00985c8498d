package hazard_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"

	"gridward/domain/grid"
	"gridward/domain/hazard"
)

// walk is a random story: whatever somebody may do at that moment, at random, with time going on.
type walk struct {
	*story
	rand  *rand.Rand
	now   time.Time
	begun map[int]time.Time // rounds, by their first instant
	ended map[int]time.Time
}

func newWalk(t testing.TB, seed uint64) *walk {
	w := &walk{story: tell(t), rand: rand.New(rand.NewPCG(seed, 1)), now: local("03-02 09:00"), begun: map[int]time.Time{}, ended: map[int]time.Time{}}
	w.p, w.cal = timed, corrected
	return w
}

// goesOn takes one step; done tells what came of it.
func (w *walk) goesOn() (done []hazard.Event) {
	w.t.Helper()
	if !w.c.Exists() {
		w.reported(short(w.now))
		return w.log
	}
	w.now = w.now.Add(time.Duration(w.rand.IntN(12*60)) * time.Minute)
	n := len(w.log)
	w.passes(w.now, w.rand.IntN(2) == 0)
	switch w.rand.IntN(40) {
	case 0:
		old := []grid.CellCode{site, area, community}[w.rand.IntN(3)]
		w.happens(hazard.DecideReplaced(w.c, w.world("admin", w.now, nil), old)...)
	case 1:
		w.happens(hazard.DecideRederived(w.c, w.world("admin", w.now, nil), 1+w.rand.IntN(2), w.p, nil)...)
	default:
		w.tries(w.command())
	}
	return w.log[n:]
}

// tries gives the command by whoever may, now or told late.
func (w *walk) tries(cmd hazard.Command) {
	at, explicit := w.now, false
	if back := w.now.Sub(w.c.LastChange); back > 0 && w.rand.IntN(4) == 0 {
		at, explicit = w.now.Add(-time.Duration(w.rand.Int64N(int64(back)+1)).Truncate(time.Minute)), true
	}
	people := everybody()
	w.rand.Shuffle(len(people), func(i, j int) { people[i], people[j] = people[j], people[i] })
	for _, person := range people {
		s := w.world(person, at, cmd)
		if s.Explicit = explicit; explicit && w.now.Sub(at) > 72*time.Hour {
			s.Judged = w.now
		}
		if out, err := hazard.Decide(w.c, s, cmd); err == nil {
			w.happens(out.Events...)
			return
		}
	}
}

func everybody() []string {
	out := []string{"bureau"}
	for _, cell := range site.Upward() {
		for _, d := range duties(cell, posts[cell]...) {
			out = append(out, d.Person)
		}
	}
	return append(out, "b.chief")
}

// command is a random one, more often than not one that leads on from the state.
func (w *walk) command() hazard.Command {
	pick := func(n int) int { return w.rand.IntN(n) }
	item := []string{"exit", "gas", "blast", "redo", "permit"}[pick(5)]
	until := w.now.Add(time.Duration(1+pick(10*24*60)) * time.Minute)
	toCell := hazard.Dispatch{Cell: []grid.CellCode{area, otherArea, community, site}[pick(4)]}
	listing := hazard.Supervise{Measure: "listed", Level: 1, Plan: &hazard.Plan{Goal: "g", Measures: "m", Funds: "f", ResponsibleBody: "b",
		Deadline: until, SafetyPlan: "s"}}
	any := []hazard.Command{hazard.Escalate{Reason: "r"}, hazard.AcknowledgeEscalation{Instruction: "i"}, hazard.Supervise{Measure: "order", Level: 2},
		hazard.LiftSupervision{}, listing, hazard.Reclassify{Item: item, Reason: "r"}, hazard.Transfer{Authority: "a", DocumentNo: fmt.Sprint(pick(99))},
		hazard.Note{Text: "t"}}
	clocks := []hazard.Command{hazard.Suspend{Reason: "r", Until: &until}, hazard.Resume{}, hazard.Return{Reason: "r"}, toCell}
	on := map[string][]hazard.Command{
		hazard.StateReported:   {hazard.File{Item: item, Reason: "r"}, hazard.File{Item: item, Reason: "r"}, hazard.Void{Reason: "r"}, hazard.Merge{Into: "other"}},
		hazard.StateFiled:      {toCell, toCell, hazard.Dispatch{Department: "fire-brigade"}, listing, hazard.Void{Reason: "r"}},
		hazard.StateDispatched: append(clocks, hazard.Accept{}, hazard.Accept{}, hazard.Accept{}),
		hazard.StateRectifying: append(clocks, hazard.Rectify{Measures: "m", Evidence: photo}, hazard.Rectify{Measures: "m", PerformedBy: "李老板", Evidence: photo},
			hazard.RequestExtension{Limit: lim("4 working_hour"), Reason: "r"}, hazard.DecideExtension{Granted: pick(3) > 0}),
		hazard.StateRectified: {hazard.Check{Result: "passed"}, hazard.Check{Result: "passed"}, hazard.Check{Result: "failed"}, hazard.Close{Rating: "good"},
			hazard.LiftSupervision{}},
		hazard.StateClosed: {hazard.Appeal{Reason: "r"}, hazard.DecideAppeal{Upheld: pick(2) > 0}, hazard.Reopen{Reason: "r"}},
		hazard.StateVoided: {hazard.Reopen{Reason: "r"}},
	}[w.c.State]
	if pick(4) == 0 {
		return any[pick(len(any))]
	}
	return on[pick(len(on))]
}

// tiles holds that the road of every round is one line: it begins where the round does, each stretch where the one
// before ends, and it ends with the round or goes on with it.
func (w *walk) tiles() error {
	roads := map[int][]hazard.Run{}
	for _, st := range w.c.Stages {
		for _, r := range st.Runs {
			if r.Road {
				roads[st.Round] = append(roads[st.Round], r)
			}
		}
	}
	for round := 1; round <= w.c.Round; round++ {
		runs := roads[round]
		slices.SortStableFunc(runs, func(a, b hazard.Run) int {
			switch {
			case !a.From.Equal(b.From):
				return a.From.Compare(b.From)
			case a.To.IsZero() || b.To.IsZero():
				return map[bool]int{true: 1, false: -1}[a.To.IsZero()]
			default:
				return a.To.Compare(b.To)
			}
		})
		if len(runs) == 0 || !runs[0].From.Equal(w.begun[round]) {
			return fmt.Errorf("round %d does not begin at %s: %v", round, w.begun[round], runs)
		}
		for i, r := range runs[1:] {
			if !r.From.Equal(runs[i].To) {
				return fmt.Errorf("round %d: a stretch ends at %s, the next begins at %s", round, runs[i].To, r.From)
			}
		}
		last := runs[len(runs)-1].To
		if end, over := w.ended[round]; over != !last.IsZero() || over && !last.Equal(end) {
			return fmt.Errorf("round %d ended at %s (%t), its line at %s", round, end, over, last)
		}
	}
	return nil
}

// marks notes where rounds begin and end, which is never before the last step along the road.
func (w *walk) marks(before hazard.Case, e hazard.Event) {
	at := e.Stamped().When()
	if at.Before(before.LastChange) {
		at = before.LastChange
	}
	switch e := e.(type) {
	case hazard.Reported:
		w.begun[1] = at
	case hazard.Reopened:
		w.begun[e.Round] = at
	case hazard.Closed, hazard.Voided, hazard.MergedInto:
		w.ended[before.Round] = at
	}
}

// The laws of the line, over random stories: the road of every round is one line without a gap or an overlap; folding
// changes no state in place; the events alone rebuild the state; steps along the road never go back.
func TestEveryRoadIsOneLine(t *testing.T) {
	seen := map[string]int{}
	for seed := range uint64(30) {
		w := newWalk(t, seed)
		var c hazard.Case
		for range 150 {
			for _, e := range w.goesOn() {
				before, was := c, picture(t, c)
				w.marks(before, e)
				c = hazard.Evolve(c, e)
				seen[reflect.TypeOf(e).Name()]++
				if is := picture(t, before); is != was {
					t.Fatalf("seed %d: folding %T changed the state in place\nfrom %s\nto   %s", seed, e, was, is)
				}
				if c.LastChange.Before(before.LastChange) {
					t.Fatalf("seed %d: %T goes back from %s to %s", seed, e, before.LastChange, c.LastChange)
				}
			}
			if err := w.tiles(); err != nil {
				t.Fatalf("seed %d, behind %s:\n%v", seed, shown(w.log), err)
			}
		}
		if !reflect.DeepEqual(fold(w.log), w.c) {
			t.Fatalf("seed %d: the events do not rebuild the state", seed)
		}
	}
	for _, e := range []hazard.Event{hazard.Filed{}, hazard.Dispatched{}, hazard.Accepted{}, hazard.Returned{}, hazard.Rectified{}, hazard.Checked{},
		hazard.Closed{}, hazard.Reopened{}, hazard.Voided{}, hazard.MergedInto{}, hazard.Reclassified{}, hazard.Supervised{}, hazard.Escalated{},
		hazard.CellReplaced{}, hazard.Rederived{}, hazard.ExtensionRequested{}, hazard.ExtensionDecided{}, hazard.Suspended{}, hazard.Resumed{},
		hazard.Appealed{}, hazard.AppealDecided{}, hazard.CardGiven{}, hazard.CardHealed{}, hazard.CardWithdrawn{}, hazard.RungPassed{}} {
		if name := reflect.TypeOf(e).Name(); seen[name] < 10 {
			t.Errorf("%s happened %d times only", name, seen[name])
		}
	}
}

// picture is everything that is to be seen of a state.
func picture(t testing.TB, c hazard.Case) string {
	t.Helper()
	text, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// What time does comes to an end, in the order of time, and repeated it does nothing; nothing is done twice on one
// clock unless it was taken back.
func TestTimeComesToAnEnd(t *testing.T) {
	for seed := range uint64(30) {
		w := newWalk(t, seed+1000)
		for range 120 {
			w.goesOn()
			until := w.now.Add(time.Duration(w.rand.IntN(5*24)) * time.Hour)
			w.inOrder(seed, until)
			n := len(w.log)
			w.passes(until, true)
			if len(w.log) > n {
				t.Fatalf("seed %d: repeated, time does %s", seed, shown(w.log[n:]))
			}
			w.now = until
		}
		for i, st := range w.c.Stages {
			climbed := map[string]bool{}
			for _, r := range st.Rungs {
				key := fmt.Sprint(r.Rung, r.Do)
				if climbed[key] {
					t.Fatalf("seed %d: rung %s of stage %d was climbed twice", seed, key, i)
				}
				climbed[key] = r.Withdrawn.IsZero() && !r.Healed
			}
		}
	}
}

func (w *walk) inOrder(seed uint64, until time.Time) {
	w.t.Helper()
	var last time.Time
	for {
		due, ok := w.c.NextDue(w.cal, w.p)
		if !ok || due.At.After(until) {
			return
		}
		if due.At.Before(last) {
			w.t.Fatalf("seed %d: due at %s behind %s: %+v", seed, due.At, last, due)
		}
		last = due.At
		w.happens(hazard.DecideDue(w.c, w.world(hazard.System, due.At, nil), due)...)
	}
}
