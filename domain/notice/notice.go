// Package notice is what people are told of limits and supervision (提醒、督办通知): cards, escalations and supervision
// of the cases they answer for, gathered in one digest a person and day, so that many cards are no flood.
package notice

import (
	"slices"
	"time"

	"gridward/domain/hazard"
)

// The kinds of notices.
const (
	Yellow      = hazard.Yellow
	Red         = hazard.Red
	Escalation  = "escalation"
	Supervision = "supervision"
)

// Notice is what one event of a case tells, and whom.
type Notice struct {
	Kind     string
	Stage    string
	At       time.Time // when it happened: for what the ladder did, when it was due
	Deadline time.Time // of the stage or the listing; zero where there is none
	Told     []string  // person ids, each once
	ByHand   bool      // no rung did it: whoever has the case is told too (Tell), for the event does not name them
}

// Of is the notice an event gives; ok is false when it gives none.
func Of(e hazard.Event) (n Notice, ok bool) {
	var ladder *hazard.Climb
	switch e := e.(type) {
	case hazard.CardGiven:
		n, ladder = Notice{Kind: e.Colour}, &e.Ladder
		n.Tell(e.Told...)
	case hazard.Escalated:
		n, ladder = Notice{Kind: Escalation, Stage: e.Stage}, e.Ladder
		n.Tell(e.Told...)
		if e.Office != nil {
			n.Tell(e.Office.Person)
		}
	case hazard.Supervised:
		n, ladder = Notice{Kind: Supervision}, e.Ladder
		n.Tell(e.Told...)
		if e.Plan != nil {
			n.Deadline = e.Plan.Deadline
		}
	default:
		return n, false
	}
	n.At = e.Stamped().At
	if ladder == nil {
		n.ByHand = true
	} else {
		n.Stage, n.Deadline = ladder.Stage, ladder.Deadline
	}
	return n, true
}

// Tell adds to those who are told; nobody (an empty id) and somebody twice are passed over.
func (n *Notice) Tell(persons ...string) {
	for _, p := range persons {
		if p != "" && !slices.Contains(n.Told, p) {
			n.Told = append(slices.Clip(n.Told), p)
		}
	}
}

// HolderOf is the person who has a case, "" if nobody has it.
func HolderOf(c hazard.Case) string {
	if i, ok := c.Current(); ok {
		runs := c.Stages[i].Runs
		if h := runs[len(runs)-1].Holder; h != nil {
			return h.Person
		}
	}
	return ""
}

// Event is what can happen to one month of a person's digests ("notices-<person>-<yyyymm>").
//
//sumtype:decl
type Event interface{ noticeEvent() }

// DigestOpened says that a person has something to read that day. What it holds is read when they look; it fills up
// until the day is over.
type DigestOpened struct {
	Person string    `json:"person"`
	Day    string    `json:"day"` // local, as 2026-02-10: when the log took it, which is when they can know
	At     time.Time `json:"at"`
}

func (DigestOpened) noticeEvent() {}

// Digests is the days of one month on which a person has a digest.
type Digests struct{ Days []string }

// Evolve folds an event into the month.
func Evolve(d Digests, e Event) Digests {
	if e, ok := e.(DigestOpened); ok {
		d.Days = append(slices.Clip(d.Days), e.Day)
	}
	return d
}

// DecideOpen opens the digest of a day, once.
func DecideOpen(d Digests, person, day string, at time.Time) []Event {
	if slices.Contains(d.Days, day) {
		return nil
	}
	return []Event{DigestOpened{Person: person, Day: day, At: at}}
}
