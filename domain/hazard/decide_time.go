package hazard

import (
	"slices"
	"time"

	"gridward/domain/calendar"
	"gridward/domain/fault"
	"gridward/domain/grid"
	"gridward/domain/programme"
)

// How often a round may be extended, and its appeal decided.
const (
	maxExtensions = 2
	maxDecisions  = 2
)

// overHolder finds the actor's office above the holder, which decides over the holder's clock: for a department's work
// the office that dispatched it or above. At level 1, with nobody above, another chief or sponsor of level 1 does. While
// a case is listed its deadline is level 1's, and so is every decision on it.
func (c Case) overHolder(s Scene) (grid.Post, grid.Duty, error) {
	var h Holder
	if c.Holder != nil {
		h = *c.Holder
	}
	posts := s.closers(c.DispatchedAt, h)
	if c.Listed() {
		posts = upTo(s.Programme, posts, grid.District)
	}
	post, duty, err := s.officer(posts)
	if err == nil && h.Cell.Level() == grid.District && duty.ActsAs == grid.RoleSupervisor {
		err = fault.Forbid("not_in_charge", "at level 1 another chief or sponsor decides")
	}
	return post, duty, err
}

// apart refuses whoever has the case or asked: under no other duty does anybody decide over a clock of their own.
func (c Case) apart(person string) error {
	if c.Holder != nil && c.Holder.Person == person || c.Asking != nil && c.Asking.By == person {
		return fault.Refuse("separation_of_duties", "who has the case, or asked for more time, does not decide over its clock")
	}
	return nil
}

// requestExtension asks for more time, before the deadline: never more than the limit was, and two are granted a round.
// It may be asked while a suspension stops the clock.
func requestExtension(c Case, s Scene, cmd RequestExtension) (Outcome, error) {
	if err := c.inState(StateRectifying); err != nil {
		return Outcome{}, err
	}
	duty, err := s.asHolder()
	if err != nil {
		return Outcome{}, err
	}
	var stage Stage
	if i, ok := c.Current(); ok {
		stage = *c.Stages[i]
	}
	cal := s.Calendars.Version(stage.CalendarVersion)
	var bad fault.Fields
	bad.Require("reason", cmd.Reason)
	if unsound := cmd.Limit.Validate("until_limit"); len(unsound) > 0 {
		bad = append(bad, unsound...)
	} else if !c.atMost(stage, cal, cmd.Limit) {
		bad.Add("until_limit", "is more than the limit was in the first place")
	}
	if err := bad.Err(); err != nil {
		return Outcome{}, err
	}
	e := ExtensionRequested{Stamp: s.stamp(c), Limit: cmd.Limit, Reason: cmd.Reason}
	switch due, ok := stage.Deadline(cal); {
	case c.Asking != nil:
		return Outcome{}, fault.Refuse("extension_asked", "an extension waits for its decision already")
	case c.Extended >= maxExtensions:
		return Outcome{}, fault.Refuse("extensions_used", "%d extensions were granted in this round", maxExtensions)
	case stage.Limit == nil && stage.Fixed.IsZero():
		return Outcome{}, fault.Refuse("no_limit", "the rectification has no limit to extend")
	case ok && e.When().After(due):
		return Outcome{}, fault.Refuse("deadline_passed", "the deadline passed at %s", due.Format(time.RFC3339))
	}
	return did(duty, e)
}

// atMost reports whether time added is no more than a stage was given in the first place; a listing gave it the time
// until its deadline, which is held against the calendar. Where there is no limit there is nothing to exceed.
func (c Case) atMost(s Stage, cal *calendar.Calendar, added programme.Limit) bool {
	if s.Fixed.IsZero() {
		return s.Limit == nil || programme.ShorterOrEqual(added, *s.Limit)
	}
	kind, d := added.Time()
	if cal == nil && kind == calendar.Working {
		return false
	}
	return cal.Reach(kind, s.Fixed, d).Sub(s.Fixed) <= s.Fixed.Sub(c.ListedSince)
}

// decideExtension answers the request that waits, also behind the deadline.
func decideExtension(c Case, s Scene, cmd DecideExtension) (Outcome, error) {
	if err := c.inState(StateRectifying); err != nil {
		return Outcome{}, err
	}
	post, duty, err := c.overHolder(s)
	if err != nil {
		return Outcome{}, err
	}
	if c.Asking == nil {
		return Outcome{}, fault.Refuse("no_extension_asked", "no extension waits for a decision")
	}
	if err := c.apart(s.By); err != nil {
		return Outcome{}, err
	}
	return did(duty, ExtensionDecided{Stamp: s.stamp(c), Granted: cmd.Granted, Note: cmd.Note, Cell: post.Cell})
}

// suspend stops the clocks, once a round and for a year at most.
func suspend(c Case, s Scene, cmd Suspend) (Outcome, error) {
	if err := c.inState(StateDispatched, StateRectifying); err != nil {
		return Outcome{}, err
	}
	post, duty, err := c.overHolder(s)
	if err != nil {
		return Outcome{}, err
	}
	e := Suspended{Stamp: s.stamp(c), Reason: cmd.Reason, Cell: post.Cell}
	e.Until = e.When().AddDate(1, 0, 0)
	var bad fault.Fields
	bad.Require("reason", cmd.Reason)
	if until := cmd.Until; until != nil {
		switch {
		case !until.After(e.When()):
			bad.Add("until", "lies not after the suspension")
		case until.After(e.Until):
			bad.Add("until", "lies more than a year after the suspension")
		}
		e.Until = *until
	}
	if err := bad.Err(); err != nil {
		return Outcome{}, err
	}
	if c.Suspended {
		return Outcome{}, fault.Refuse("suspended_already", "the case is or was suspended in this round")
	}
	if err := c.apart(s.By); err != nil {
		return Outcome{}, err
	}
	return did(duty, e)
}

// resume lets the clocks run again before the suspension ends by itself.
func resume(c Case, s Scene) (Outcome, error) {
	if err := c.inState(StateDispatched, StateRectifying); err != nil {
		return Outcome{}, err
	}
	_, duty, err := c.overHolder(s)
	if err != nil {
		return Outcome{}, err
	}
	if c.Suspension == nil {
		return Outcome{}, fault.Refuse("not_suspended", "the case is not suspended")
	}
	e := Resumed{Stamp: s.stamp(c)}
	if since := c.Suspension.Since; e.When().Before(since) {
		if s.Explicit {
			return Outcome{}, fault.Refuse("out_of_order", "the case was suspended at %s, after this command happened", since.Format(time.RFC3339))
		}
		e.At = since
	}
	return did(duty, e)
}

// appeal objects to a closed round, once: by anyone in scope, or by who was held to account in it under a duty held no
// more.
func appeal(c Case, s Scene, cmd Appeal) (Outcome, error) {
	if err := c.inState(StateClosed); err != nil {
		return Outcome{}, err
	}
	if err := required("reason", cmd.Reason); err != nil {
		return Outcome{}, err
	}
	duty, err := s.anyScope()
	if err != nil && (s.Steward || !c.accountable(s.By)) {
		return Outcome{}, err
	}
	if c.Appeals > 0 {
		return Outcome{}, fault.Refuse("already_appealed", "the round was appealed against already")
	}
	return did(duty, Appealed{Stamp: s.stamp(c), Reason: cmd.Reason})
}

// accountable reports whether a person had the case in this round, or a card in it, or rectified it.
func (c Case) accountable(person string) bool {
	is := func(h *Holder) bool { return h != nil && h.Person == person }
	return slices.Contains(c.Performers, person) || is(c.Rectified) || slices.ContainsFunc(c.Stages, func(s *Stage) bool {
		return s.Round == c.Round && (slices.ContainsFunc(s.Runs, func(r Run) bool { return is(r.Holder) }) ||
			slices.ContainsFunc(s.Rungs, func(r Climbed) bool { return is(r.Holder) }))
	})
}

// decideAppeal decides the objection, and decides again at most once, higher up. Who rectified, closed, appealed or
// decided first does not decide.
func decideAppeal(c Case, s Scene, cmd DecideAppeal) (Outcome, error) {
	if err := c.inState(StateClosed); err != nil {
		return Outcome{}, err
	}
	switch {
	case c.Appeals == 0:
		return Outcome{}, fault.Refuse("not_appealed", "nobody appealed against the round")
	case len(c.Appeal) >= maxDecisions:
		return Outcome{}, fault.Refuse("appeal_decided", "the appeal was decided %d times", maxDecisions)
	case len(c.Appeal) > 0 && c.Appeal[0].Level <= grid.District:
		return Outcome{}, fault.Refuse("no_level_above", "level 1 has decided")
	}
	post, duty, err := s.officer(c.judges(s))
	if err != nil {
		return Outcome{}, err
	}
	if c.ClosedAt.Level() == grid.District && duty.ActsAs == grid.RoleSupervisor {
		return Outcome{}, fault.Forbid("not_in_charge", "at level 1 another chief or sponsor decides")
	}
	barred := append([]string{c.Closer, c.Appellant}, c.Performers...)
	for _, v := range c.Appeal {
		barred = append(barred, v.By)
	}
	if slices.Contains(barred, s.By) {
		return Outcome{}, fault.Refuse("separation_of_duties", "who rectified, closed, appealed or decided before does not decide the appeal")
	}
	return did(duty, AppealDecided{Stamp: s.stamp(c), Upheld: cmd.Upheld, Note: cmd.Note, Level: post.Cell.Level(), Cell: post.Cell})
}

// judges are the posts that may decide the appeal: first those above the office that closed, at level 1 level 1
// itself; what the rectification closed, those above who rectified. The second time those above the first decision's.
func (c Case) judges(s Scene) grid.Chain {
	chain := s.Chain
	if over := s.Held.At(c.ClosedAt); len(over) > 0 { // it closed as an office over the holder's cell
		chain = over
	}
	switch {
	case len(c.Appeal) > 0:
		return upTo(s.Programme, chain, c.Appeal[0].Level-1)
	case c.ClosedAt != "":
		return upTo(s.Programme, chain, max(c.ClosedAt.Level()-1, grid.District))
	case c.Rectified != nil:
		return s.closers(c.DispatchedAt, *c.Rectified)
	default:
		return nil
	}
}
