package hazard_test

import (
	"fmt"
	"reflect"
	"testing"

	"gridward/domain/hazard"
)

// every is one command of each kind, well formed.
var every = []hazard.Command{
	hazard.RequestVerification{Person: "a.officer"}, hazard.Verify{Result: "confirmed"}, hazard.File{Item: "exit"}, hazard.Void{Reason: "r"},
	hazard.Dispatch{Cell: area}, hazard.Accept{}, hazard.Return{Reason: "r"}, hazard.Rectify{Measures: "m"}, hazard.Check{Result: "passed"},
	hazard.Close{Rating: "good"}, hazard.Reopen{Reason: "r"}, hazard.Reclassify{Item: "gas", Reason: "r"}, hazard.Escalate{Reason: "r"},
	hazard.Supervise{Measure: "order", Level: 1}, hazard.Transfer{Authority: "a", DocumentNo: "1"}, hazard.Merge{Into: "other"},
	hazard.Note{Text: "t"}, hazard.Feedback{}, hazard.RequestExtension{Limit: lim("1 working_hour"), Reason: "r"}, hazard.DecideExtension{},
	hazard.Suspend{Reason: "r"}, hazard.Resume{}, hazard.Appeal{Reason: "r"}, hazard.DecideAppeal{},
}

// from is where each command may be given (design: case-lifecycle).
var from = map[string]string{
	"RequestVerification": "reported", "Verify": "reported", "File": "reported", "Void": "reported filed",
	"Dispatch": "filed dispatched rectifying", "Accept": "dispatched", "Return": "dispatched rectifying", "Rectify": "rectifying",
	"Check": "rectified", "Close": "rectified", "Reopen": "closed voided", "Reclassify": "filed dispatched rectifying rectified",
	"Escalate": open, "Supervise": open, "Transfer": open, "Merge": "reported filed", "Note": open + " closed voided", "Feedback": "closed",
	"RequestExtension": "rectifying", "DecideExtension": "rectifying", "Suspend": "dispatched rectifying", "Resume": "dispatched rectifying",
	"Appeal": "closed", "DecideAppeal": "closed",
}

const open = "reported filed dispatched rectifying rectified"

// waits are the commands that wait for something the histories here do not have: a check, a request, a suspension, an appeal.
var waits = map[string]bool{"Close": true, "DecideExtension": true, "Resume": true, "DecideAppeal": true}

// The law: in a state other than those of the table, nobody, whatever their duty, gets a command through.
func TestNoCommandOutsideItsStates(t *testing.T) {
	states := map[string][]hazard.Event{"reported": reported(), "filed": filed(), "dispatched": dispatched(), "rectifying": rectifying(),
		"rectified": rectified(), "closed": closed(), "voided": voided()}
	for _, cmd := range every {
		name := reflect.TypeOf(cmd).Name()
		for state, history := range states {
			allowed := contains(from[name], state)
			through := false
			for cell := range posts {
				for _, d := range duties(cell, posts[cell]...) {
					c := fold(history)
					_, err := hazard.Decide(c, scene(c, d.Person, now, cmd), cmd)
					through = through || err == nil
					if err != nil && !allowed {
						refusal(t, err, "wrong_state")
					}
				}
			}
			if through && !allowed {
				t.Errorf("%s went through in a case that is %s", name, state)
			}
			if !through && allowed && !waits[name] {
				t.Errorf("nobody can %s a case that is %s", name, state)
			}
		}
	}
}

func contains(list, word string) bool {
	for len(list) > 0 {
		var w string
		if _, err := fmt.Sscan(list, &w); err != nil {
			return false
		}
		if w == word {
			return true
		}
		list = list[min(len(list), len(w)+1):]
	}
	return false
}

func TestNothingPrecedesTheLastChange(t *testing.T) {
	c := fold(dispatched()) // dispatched at minute 2
	early := scene(c, "a.chief", 1, hazard.Accept{})
	_, err := hazard.Decide(c, early, hazard.Accept{})
	refusal(t, err, "out_of_order")
	_, err = hazard.Decide(c, early, hazard.Note{Text: "words may come in any order"})
	refusal(t, err, "")
	early.Explicit = false // the server's clock lies a little behind the phone's: the command happens now
	out, err := hazard.Decide(c, early, hazard.Accept{})
	refusal(t, err, "")
	if got := out.Events[0].Stamped().At; !got.Equal(at(2)) {
		t.Errorf("happened at %s", got)
	}
}

func TestAStewardHoldsNoDuty(t *testing.T) {
	for _, cmd := range []hazard.Command{hazard.File{Item: "exit"}, hazard.Void{Reason: "r"}} {
		c := fold(reported())
		s := scene(c, "admin", now, cmd)
		s.Steward = true
		_, err := hazard.Decide(c, s, cmd)
		refusal(t, err, "not_in_charge")
	}
}
