package hazard

import (
	"cmp"
	"slices"
	"time"

	"gridward/domain/calendar"
	"gridward/domain/programme"
)

// Stage is one clock of a case. The road's stages follow one another; beside them run the total, a service item's
// statutory limit, and a listing that is still awaited after somebody has dispatched.
type Stage struct {
	Name             string           `json:"name"`
	Round            int              `json:"round"`
	Limit            *programme.Limit `json:"limit,omitempty"` // nil: none
	Fixed            time.Time        `json:"fixed,omitzero"`  // a listing's deadline, instead of the limit
	FixedSince       time.Time        `json:"fixed_since,omitzero"`
	ProgrammeVersion int              `json:"programme_version,omitempty"`
	CalendarVersion  int              `json:"calendar_version,omitempty"`
	Runs             []Run            `json:"runs"` // when it ran, in order; the last one may go on
	Pauses           []calendar.Span  `json:"pauses,omitempty"`
	Extensions       []Extended       `json:"extensions,omitempty"`
	Rungs            []Climbed        `json:"rungs,omitempty"` // of the ladder, as climbed
	Exempt           bool             `json:"exempt,omitempty"`
}

// Run is one stretch in which a stage's clock ran and one post answered for it.
type Run struct {
	From   time.Time `json:"from"`
	To     time.Time `json:"to,omitzero"` // zero: it goes on
	Holder *Holder   `json:"holder,omitempty"`
	Road   bool      `json:"road,omitempty"` // part of the line of responsibility: these follow each other without a gap
}

// Extended is one granted extension.
type Extended struct {
	Limit   programme.Limit `json:"limit"`
	Granted time.Time       `json:"granted"`
}

// Climbed is one rung that was climbed in a stage.
type Climbed struct {
	Rung      int       `json:"rung"`
	Do        string    `json:"do"`
	Due       time.Time `json:"due"`
	Holder    *Holder   `json:"holder,omitempty"` // of a card
	Healed    bool      `json:"healed,omitempty"`
	Withdrawn time.Time `json:"withdrawn,omitzero"`
}

// Running reports whether the stage's clock is on, a suspension aside.
func (s Stage) Running() bool { return len(s.Runs) > 0 && s.Runs[len(s.Runs)-1].To.IsZero() }

// Ended is when it last stopped; zero while it runs.
func (s Stage) Ended() time.Time {
	if len(s.Runs) == 0 {
		return time.Time{}
	}
	return s.Runs[len(s.Runs)-1].To
}

// Started is when it began.
func (s Stage) Started() time.Time { return s.Runs[0].From }

// Paused reports whether a suspension stops it now.
func (s Stage) Paused() bool { return len(s.Pauses) > 0 && s.Pauses[len(s.Pauses)-1].To.IsZero() }

// onRoad reports whether its last run is part of the line of responsibility.
func (s Stage) onRoad() bool { return s.Runs[len(s.Runs)-1].Road }

// Current is the road's stage that runs, as the index into Stages; ok is false when none does.
func (c Case) Current() (int, bool) {
	for i := len(c.Stages) - 1; i >= 0; i-- {
		if s := c.Stages[i]; s.Running() && s.onRoad() {
			return i, true
		}
	}
	return 0, false
}

// step is the road's stage that runs, -1 when none does.
func (c Case) step() int {
	if i, ok := c.Current(); ok {
		return i
	}
	return -1
}

// running finds the running stage of that name, on the road or beside it.
func (c Case) running(name string) (int, bool) {
	for i := len(c.Stages) - 1; i >= 0; i-- {
		if c.Stages[i].Name == name && c.Stages[i].Running() {
			return i, true
		}
	}
	return 0, false
}

// change gives the stage to change: states are shared, so nothing is changed in place.
func (c *Case) change(i int) *Stage {
	s := *c.Stages[i]
	s.Runs, s.Pauses = slices.Clone(s.Runs), slices.Clone(s.Pauses)
	s.Extensions, s.Rungs = slices.Clone(s.Extensions), slices.Clone(s.Rungs)
	c.Stages = slices.Clone(c.Stages)
	c.Stages[i] = &s
	return &s
}

// stop ends the run of a stage, whose suspension has ended by then.
func (c *Case) stop(i int, at time.Time) { c.change(i).cut(at) }

// cut ends the last run. Where that is told late, whoever was handed the stage after that instant never had it.
func (s *Stage) cut(at time.Time) {
	n := len(s.Runs)
	for n > 1 && s.Runs[n-1].From.After(at) {
		n--
	}
	s.Runs = s.Runs[:n]
	s.Runs[n-1].To = at
}

// leave ends the road's stage.
func (c *Case) leave(at time.Time) {
	if i, ok := c.Current(); ok {
		c.stop(i, at)
	}
}

// enter begins a stage of the road, with full limits; the one before ends.
func (c *Case) enter(name string, at time.Time, h *Holder) {
	c.leave(at)
	c.open(name, Run{From: at, Holder: h, Road: true})
}

// open begins a clock.
func (c *Case) open(name string, first Run) {
	s := &Stage{Name: name, Round: c.Round, Runs: []Run{first}}
	c.bind(s)
	c.fix(s, first.From)
	c.Stages = slices.Concat(c.Stages, []*Stage{s})
}

// bind puts a stage under the rules and the limit in force.
func (c *Case) bind(s *Stage) {
	s.ProgrammeVersion, s.CalendarVersion = cmp.Or(c.ProgrammeVersion, c.ReportedUnder), c.CalendarVersion
	s.Limit = nil
	if l, ok := c.limit(s.Name); ok {
		s.Limit = &l
	}
}

// fix puts a rectification that runs from that instant on under the deadline of a listing it does not know yet.
func (c *Case) fix(s *Stage, at time.Time) {
	if s.rectifies() && !c.ListedUntil.IsZero() && (s.Fixed.IsZero() || s.FixedSince.Before(c.ListedSince)) {
		s.Fixed, s.FixedSince = c.ListedUntil, at
	}
}

// rectifies reports whether the hazard is to be removed in the stage.
func (s Stage) rectifies() bool {
	return s.Name == programme.StageRectification || s.Name == programme.StageRework
}

// limit is the one in force for a stage: the dispatcher's own shortens the catalogue's.
func (c Case) limit(stage string) (programme.Limit, bool) {
	if stage == programme.StageRectification && c.OwnLimit != nil {
		return *c.OwnLimit, true
	}
	l, ok := c.Limits[stage]
	return l, ok
}

// goOn lets a stage of the road run again, on the same clock.
func (c *Case) goOn(i int, at time.Time, h *Holder) {
	c.leave(at)
	s := c.change(i)
	c.fix(s, at)
	s.Runs = append(s.Runs, Run{From: at, Holder: h, Road: true})
}

// hand gives the running stage to another holder, on the same clock.
func (c *Case) hand(at time.Time, h *Holder) {
	i, ok := c.Current()
	if !ok {
		return
	}
	s := c.change(i)
	s.cut(at)
	last := &s.Runs[len(s.Runs)-1]
	if same := h != nil && last.Holder != nil && *h == *last.Holder; same || last.From.Equal(at) {
		last.Holder, last.To = h, time.Time{}
		return
	}
	s.Runs = append(s.Runs, Run{From: at, Holder: h, Road: true})
}

// finish ends every clock of the case.
func (c *Case) finish(at time.Time) {
	for i := range c.Stages {
		if c.Stages[i].Running() {
			c.stop(i, at)
		}
	}
}

// resume lets the clocks run again that a suspension stopped. What ends the suspension may be told late, of an instant
// before it began: then it stopped nothing.
func (c *Case) resume(stopped Suspension, at time.Time) {
	for i := range c.Stages {
		if c.Stages[i].Paused() {
			s := c.change(i)
			last := &s.Pauses[len(s.Pauses)-1]
			last.To = later(at, last.From)
		}
	}
	if from := later(stopped.Since, c.ListedSince); c.ListedUntil.After(from) && at.After(from) {
		c.ListedUntil = c.ListedUntil.Add(at.Sub(from)) // for what is rectified after this stage
	}
}

func later(a, b time.Time) time.Time {
	if a.Before(b) {
		return b
	}
	return a
}

// begin opens the clock that runs from report to closure, for a round.
func (c *Case) begin(at time.Time) {
	c.open(programme.StageTotal, Run{From: at})
}

// statutory opens the law's clock of a service item, beside the committed one: from the filing of the round, and with
// the suspensions since.
func (c *Case) statutory() {
	_, service := c.Limits[programme.StageStatutory]
	if _, on := c.running(programme.StageStatutory); !service || on {
		return
	}
	total, _ := c.running(programme.StageTotal)
	for _, s := range c.Stages {
		if s.Round == c.Round && s.Runs[0].Road && s.Name != programme.StageFiling {
			c.open(programme.StageStatutory, Run{From: s.Started()})
			c.change(len(c.Stages) - 1).Pauses = slices.Clone(c.Stages[total].Pauses)
			return
		}
	}
}

// relimit puts the running stages, and a rectification that a check may send back, under the limits in force.
func (c *Case) relimit() {
	for i := range c.Stages {
		if c.Stages[i].Running() || c.mayGoOn(i) {
			c.bind(c.change(i))
		}
	}
	c.statutory()
}

// mayGoOn reports whether a stage that stopped may run again: the rectification of a case under check.
func (c Case) mayGoOn(i int) bool {
	last, ok := c.lastRectification()
	return ok && last == i && c.State == StateRectified
}

// lastRectification is the latest rectification or rework of the round.
func (c Case) lastRectification() (int, bool) {
	for i := len(c.Stages) - 1; i >= 0; i-- {
		if s := c.Stages[i]; s.Round == c.Round && s.rectifies() {
			return i, true
		}
	}
	return 0, false
}
