package hazard

import (
	"slices"

	"gridward/domain/fault"
	"gridward/domain/grid"
	"gridward/domain/programme"
)

// separate refuses the one who performed the rectification of this round (separation of duties).
func (c Case) separate(person string) error {
	if slices.Contains(c.Performers, person) {
		return fault.Refuse("separation_of_duties", "who performed the rectification neither checks nor closes it")
	}
	return nil
}

// check is somebody else's look. Until closure the closing office may still record that it failed.
func check(c Case, s Scene, cmd Check) (Outcome, error) {
	if err := c.inState(StateRectified); err != nil {
		return Outcome{}, err
	}
	if cmd.Result != Passed && cmd.Result != Failed {
		return Outcome{}, fault.BadField("result", "is not one of passed, failed")
	}
	if err := c.separate(s.By); err != nil {
		return Outcome{}, err
	}
	duty, err := s.anyScope()
	if c.Passed {
		if cmd.Result == Passed {
			return Outcome{}, fault.Refuse("already_checked", "the last check passed already")
		}
		_, duty, err = s.officer(c.closers(s))
	}
	if err != nil {
		return Outcome{}, err
	}
	e := Checked{Stamp: s.stamp(c), Result: cmd.Result, Note: cmd.Note}
	if cmd.Result == Failed {
		e.Holder = c.Rectified
	}
	return did(duty, e)
}

// closers are the posts that may close: above the cell that rectified; for a department's work the office that
// dispatched it or above; at level 1, with nobody above, level 1 itself.
func (c Case) closers(s Scene) grid.Chain { return s.closers(c.DispatchedAt, *c.Rectified) }

func (s Scene) closers(dispatched grid.CellCode, r Holder) grid.Chain {
	held := s.Held
	if len(held) == 0 { // found and removed on the spot
		held = s.Chain
	}
	switch {
	case r.Department != "":
		return upTo(s.Programme, s.Chain, dispatched.Level())
	case r.Cell.Level() == grid.District:
		return upTo(s.Programme, held, grid.District)
	default:
		return upTo(s.Programme, held, r.Cell.Level()-1)
	}
}

// closeRound ends the round. A listed case waits for level 1 to lift it, a major one for its listing.
func closeRound(c Case, s Scene, cmd Close) (Outcome, error) {
	if err := c.inState(StateRectified); err != nil {
		return Outcome{}, err
	}
	if !slices.Contains(Ratings, cmd.Rating) {
		return Outcome{}, fault.BadField("rating", "is not one of good, fair, average, poor")
	}
	if err := c.separate(s.By); err != nil {
		return Outcome{}, err
	}
	if slices.Contains(c.Recorders, s.By) {
		return Outcome{}, fault.Refuse("separation_of_duties", "who recorded the rectification does not close it")
	}
	post, duty, err := s.officer(c.closers(s))
	if err != nil {
		return Outcome{}, err
	}
	atTop := c.Rectified.Department == "" && c.Rectified.Cell.Level() == grid.District
	if atTop && (slices.Contains(c.Checkers, s.By) || c.Dispatcher == s.By) {
		return Outcome{}, fault.Refuse("separation_of_duties", "at level 1 another one closes, who neither dispatched nor checked")
	}
	if atTop && duty.ActsAs == grid.RoleSupervisor {
		return Outcome{}, fault.Forbid("not_in_charge", "at level 1 a chief or sponsor closes")
	}
	verifies := s.Programme.Steps == programme.StepsVerify
	switch {
	case !c.Passed && !verifies:
		return Outcome{}, fault.Refuse("not_checked", "the last check has not passed")
	case c.ListingAwaited:
		return Outcome{}, fault.Refuse("listing_awaited", "a major hazard is listed before it is closed")
	case c.Listed():
		return Outcome{}, fault.Refuse("listed", "a listed case is closed after level 1 has lifted the listing")
	}
	closed := Closed{Stamp: s.stamp(c), Rating: cmd.Rating, Note: cmd.Note, Office: post.Cell, AtTop: atTop}
	if !c.Passed { // the level above verifies and closes in one act
		return did(duty, Checked{Stamp: closed.Stamp, Result: Passed, Note: cmd.Note}, closed)
	}
	return did(duty, closed)
}

// reopen begins a new round: a closed case goes back to the last cell's present holder, or to filed when there is
// none; a voided one, by the office above the one that voided it, to reported.
func reopen(c Case, s Scene, cmd Reopen) (Outcome, error) {
	if err := c.inState(StateClosed, StateVoided); err != nil {
		return Outcome{}, err
	}
	if err := required("reason", cmd.Reason); err != nil {
		return Outcome{}, err
	}
	e := Reopened{Stamp: s.stamp(c), Reason: cmd.Reason, Round: c.Round + 1}
	if c.State == StateVoided {
		level := officeLevel(s.Programme, c.Cell)
		if c.VoidedLevel > 0 {
			level = max(c.VoidedLevel-1, grid.District)
		}
		_, duty, err := s.officer(upTo(s.Programme, s.Chain, level))
		if err != nil {
			return Outcome{}, err
		}
		e.To = StateReported
		e.Office, _ = inCharge(s.offices())
		return did(duty, e)
	}
	_, duty, err := s.officer(s.offices())
	if err != nil {
		return Outcome{}, err
	}
	e.To = StateFiled
	if posts := s.holders(); len(posts) > 0 && len(posts[0].Held) > 0 {
		h := *c.Rectified
		if face, ok := posts[0].Face(); ok {
			h = h.under(face)
		}
		e.To, e.Holder = StateRectifying, &h
	} else {
		e.Office, _ = inCharge(s.offices())
	}
	return did(duty, e)
}
