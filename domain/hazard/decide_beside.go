package hazard

import (
	"slices"

	"gridward/domain/evidence"
	"gridward/domain/fault"
	"gridward/domain/grid"
	"gridward/domain/personal"
	"gridward/domain/programme"
)

// void says that it is no hazard. A serious or major one takes an office one level higher.
func void(c Case, s Scene, cmd Void) (Outcome, error) {
	if err := c.inState(StateReported, StateFiled); err != nil {
		return Outcome{}, err
	}
	if err := required("reason", cmd.Reason); err != nil {
		return Outcome{}, err
	}
	offices := s.offices()
	if higher := above(s.Programme, officeLevel(s.Programme, c.Cell)); c.Severity != "" && c.Severity != programme.Minor && higher > 0 {
		offices = upTo(s.Programme, offices, higher)
	}
	post, duty, err := s.officer(offices)
	if err != nil {
		return Outcome{}, err
	}
	return did(duty, Voided{Stamp: s.stamp(c), Reason: cmd.Reason, Level: post.Cell.Level(), Cell: post.Cell})
}

// above is the next of the programme's levels above one, 0 when there is none.
func above(p *programme.Programme, level int) int {
	higher := 0
	for _, l := range p.Levels {
		if l < level {
			higher = l
		}
	}
	return higher
}

func requestVerification(c Case, s Scene, cmd RequestVerification) (Outcome, error) {
	if err := c.inState(StateReported); err != nil {
		return Outcome{}, err
	}
	if (cmd.Cell == "") == (cmd.Person == "") {
		return Outcome{}, fault.BadField("cell", "exactly one of cell and person is required")
	}
	_, duty, err := s.officer(s.offices())
	if err != nil {
		return Outcome{}, err
	}
	return did(duty, VerificationRequested{Stamp: s.stamp(c), Cell: cmd.Cell, Person: cmd.Person, Note: cmd.Note})
}

// verify is the answer of whoever was asked; while nobody was, of anybody in scope.
func verify(c Case, s Scene, cmd Verify) (Outcome, error) {
	if err := c.inState(StateReported); err != nil {
		return Outcome{}, err
	}
	if cmd.Result != Confirmed && cmd.Result != NotFound {
		return Outcome{}, fault.BadField("result", "is not one of confirmed, not_found")
	}
	e := Verified{Stamp: s.stamp(c), Result: cmd.Result, Note: cmd.Note}
	switch asked := c.Asked; {
	case asked != nil && asked.Person != "":
		if asked.Person != s.By {
			return Outcome{}, fault.Forbid("not_asked", "another person was asked to verify")
		}
		return Outcome{Events: []Event{e}}, nil
	case asked != nil:
		own := s.asked(asked.Cell)
		if len(own) == 0 {
			return Outcome{}, fault.Forbid("not_asked", "another cell was asked to verify")
		}
		return did(own[0], e)
	default:
		duty, err := s.anyScope()
		if err != nil {
			return Outcome{}, err
		}
		return did(duty, e)
	}
}

// asked gives the actor's duties at the cell that was asked to verify.
func (s Scene) asked(cell grid.CellCode) grid.Duties {
	var own grid.Duties
	for _, chain := range []grid.Chain{s.Chain, s.Held} {
		for _, p := range chain {
			if p.Cell == cell {
				own = append(own, p.By(s.By)...)
			}
		}
	}
	for _, t := range s.Targets {
		if t.Cell.Code == cell && len(t.Chain) > 0 {
			own = append(own, t.Chain[0].By(s.By)...)
		}
	}
	return own
}

// reclassify changes item or severity. Lowering takes the level above; becoming major awaits the listing.
func reclassify(c Case, s Scene, cmd Reclassify) (Outcome, error) {
	if err := c.inState(StateFiled, StateDispatched, StateRectifying, StateRectified); err != nil {
		return Outcome{}, err
	}
	if err := required("reason", cmd.Reason); err != nil {
		return Outcome{}, err
	}
	if cmd.Item == "" && cmd.Severity == "" {
		return Outcome{}, fault.BadField("item", "is required, or severity")
	}
	code := cmd.Item
	if code == "" {
		code = c.Item
	}
	item, severity, err := classify(s.Programme, code, cmd.Severity)
	if err != nil {
		return Outcome{}, err
	}
	offices := s.offices()
	lowered := programme.SeverityRank(severity) < programme.SeverityRank(c.Severity)
	if higher := above(s.Programme, officeLevel(s.Programme, c.Cell)); lowered && higher > 0 {
		offices = upTo(s.Programme, offices, higher)
	}
	_, duty, err := s.officer(offices)
	if err != nil {
		return Outcome{}, err
	}
	if item.Item == c.Item && severity == c.Severity {
		return Outcome{Duty: duty.ID}, nil
	}
	e := Reclassified{Stamp: s.stamp(c), Item: item.Item, Severity: severity, Reason: cmd.Reason,
		Limits:           item.LimitsFor(severity, s.Cell.Classes[s.Programme.Code]),
		EvidenceRequired: item.EvidenceRequired, SetOnDispatch: item.SetOnDispatch}
	e.Listing = awaitsListing(severity, e.Limits) && !c.Listed()
	if e.Listing && !c.ListingAwaited {
		return did(duty, e, toTheTop(s, c, "the hazard became major and awaits its listing"))
	}
	return did(duty, e)
}

// escalate queues the case one level up, by anybody in scope. At level 1 there is nobody above.
func escalate(c Case, s Scene, cmd Escalate) (Outcome, error) {
	if !c.Open() {
		return Outcome{}, c.inState(StateReported, StateFiled, StateDispatched, StateRectifying, StateRectified)
	}
	if err := required("reason", cmd.Reason); err != nil {
		return Outcome{}, err
	}
	duty, err := s.anyScope()
	if err != nil {
		return Outcome{}, err
	}
	chain, from := c.responsible(s)
	if c.Escalation != nil {
		chain, from = s.Chain, c.Escalation.Level
	}
	higher := upTo(s.Programme, chain, from-1)
	if len(higher) == 0 {
		return Outcome{}, fault.Refuse("no_level_above", "the case is at the top already")
	}
	e := Escalated{Stamp: s.stamp(c), To: higher[0].Cell, Level: higher[0].Cell.Level(), Reason: cmd.Reason}
	if office, vacant := inCharge(higher); office != nil {
		e.To, e.Level, e.Office, e.Vacant = office.Cell, office.Cell.Level(), office, vacant
	}
	return did(duty, e)
}

// responsible is the chain and level the case is at: its holder's, or the office's that has it.
func (c Case) responsible(s Scene) (grid.Chain, int) {
	switch {
	case c.Holder != nil && c.Holder.Department != "":
		return s.Chain, c.DispatchedAt.Level()
	case c.Holder != nil:
		return s.Held, c.Holder.Cell.Level()
	case c.Office != nil && c.Office.Cell != "":
		return s.Chain, c.Office.Cell.Level()
	default:
		return s.Chain, c.Cell.Level()
	}
}

func acknowledge(c Case, s Scene, cmd AcknowledgeEscalation) (Outcome, error) {
	if c.Escalation == nil {
		return Outcome{}, fault.Refuse("not_escalated", "the case is in no escalation queue")
	}
	if err := required("instruction", cmd.Instruction); err != nil {
		return Outcome{}, err
	}
	post, duty, err := s.officer(upTo(s.Programme, s.Chain, c.Escalation.Level))
	if err != nil {
		return Outcome{}, err
	}
	if c.Escalation.Acknowledged {
		return Outcome{}, fault.Refuse("already_acknowledged", "the escalation was acknowledged already")
	}
	return did(duty, EscalationAcknowledged{Stamp: s.stamp(c), Cell: post.Cell, Instruction: cmd.Instruction})
}

// supervise takes the case under an upper office's eye. Listing is for major hazards, by level 1, with six parts.
func supervise(c Case, s Scene, cmd Supervise) (Outcome, error) {
	if !c.Open() {
		return Outcome{}, c.inState(StateReported, StateFiled, StateDispatched, StateRectifying, StateRectified)
	}
	if err := checkSupervise(s, cmd); err != nil {
		return Outcome{}, err
	}
	cell := c.Cell.AtLevel(cmd.Level)
	post, duty, err := s.officer(s.Chain.At(cell)[:min(1, len(s.Chain.At(cell)))])
	if err != nil {
		return Outcome{}, err
	}
	if cmd.Measure == Listed {
		switch {
		case cmd.Level != grid.District:
			return Outcome{}, fault.Refuse("listing_level", "level 1 lists a hazard")
		case c.Severity != programme.Major:
			return Outcome{}, fault.Refuse("not_major", "only a major hazard is listed")
		case c.Listed():
			return Outcome{}, fault.Refuse("already_listed", "the case is listed already")
		}
	}
	return did(duty, Supervised{Stamp: s.stamp(c), Measure: cmd.Measure, Level: cmd.Level, Cell: post.Cell, Plan: cmd.Plan})
}

func checkSupervise(s Scene, cmd Supervise) error {
	var bad fault.Fields
	if !slices.Contains(Measures, cmd.Measure) {
		bad.Add("measure", "is not one of order, talk, bulletin, onsite_check, restriction, listed")
	}
	if cmd.Level < grid.District || cmd.Level > grid.Site {
		bad.Add("level", "is not between 1 and 5")
	}
	switch {
	case cmd.Measure != Listed && cmd.Plan != nil:
		bad.Add("plan", "goes with listed only")
	case cmd.Measure == Listed && cmd.Plan == nil:
		bad.Add("plan", "is required: a listing carries six parts")
	case cmd.Measure == Listed:
		p := cmd.Plan
		bad.Require("plan.goal", p.Goal)
		bad.Require("plan.measures", p.Measures)
		bad.Require("plan.funds", p.Funds)
		bad.Require("plan.responsible_body", p.ResponsibleBody)
		bad.Require("plan.safety_plan", p.SafetyPlan)
		if !p.Deadline.After(s.At) {
			bad.Add("plan.deadline", "lies not after the listing")
		}
	}
	return bad.Err()
}

// liftSupervision ends every supervision the actor's offices placed; a listing only level 1 lifts, having placed it.
func liftSupervision(c Case, s Scene, cmd LiftSupervision) (Outcome, error) {
	if !c.Open() {
		return Outcome{}, c.inState(StateReported, StateFiled, StateDispatched, StateRectifying, StateRectified)
	}
	if len(c.Supervisions) == 0 {
		return Outcome{}, fault.Refuse("not_supervised", "the case is under no supervision")
	}
	_, duty, err := s.officer(s.Chain)
	if err != nil {
		return Outcome{}, err
	}
	var events []Event
	for _, sup := range c.Supervisions {
		if i := slices.IndexFunc(s.Chain, func(p grid.Post) bool { return p.Cell == sup.Cell }); i >= 0 {
			if d, ok := s.Chain[i].OfficeOf(s.By); ok {
				duty = d
				events = append(events, SupervisionLifted{Stamp: s.stamp(c), Measure: sup.Measure, Cell: sup.Cell, Note: cmd.Note})
			}
		}
	}
	if len(events) == 0 {
		return Outcome{}, fault.Forbid("not_in_charge", "the office that placed the supervision lifts it")
	}
	return did(duty, events...)
}

// transfer hands over in writing; neither holder nor clock moves.
func transfer(c Case, s Scene, cmd Transfer) (Outcome, error) {
	if !c.Open() {
		return Outcome{}, c.inState(StateReported, StateFiled, StateDispatched, StateRectifying, StateRectified)
	}
	var bad fault.Fields
	bad.Require("authority", cmd.Authority)
	bad.Require("document_no", cmd.DocumentNo)
	if err := bad.Err(); err != nil {
		return Outcome{}, err
	}
	level := grid.Site
	if s.Programme.TransferLevel > 0 {
		level = s.Programme.TransferLevel
	}
	post, duty, err := s.officer(upTo(s.Programme, s.Chain, level))
	if err != nil {
		return Outcome{}, err
	}
	if slices.ContainsFunc(c.Transfers, func(t Handover) bool { return t.DocumentNo == cmd.DocumentNo }) {
		return Outcome{}, fault.Refuse("already_transferred", "document %s was handed over already", cmd.DocumentNo)
	}
	return did(duty, Transferred{Stamp: s.stamp(c), Authority: cmd.Authority, DocumentNo: cmd.DocumentNo, Note: cmd.Note, Cell: post.Cell})
}

// transferReply records the authority's answer, also when an integration brings it.
func transferReply(c Case, s Scene, cmd TransferReply) (Outcome, error) {
	if !c.Open() {
		return Outcome{}, c.inState(StateReported, StateFiled, StateDispatched, StateRectifying, StateRectified)
	}
	var bad fault.Fields
	bad.Require("document_no", cmd.DocumentNo)
	bad.Require("outcome", cmd.Outcome)
	if err := bad.Err(); err != nil {
		return Outcome{}, err
	}
	var duty grid.Duty
	if !s.Steward {
		var err error
		if duty, err = s.anyScope(); err != nil {
			return Outcome{}, err
		}
	}
	if c.unanswered(cmd.DocumentNo) < 0 {
		return Outcome{}, fault.Refuse("nothing_transferred", "no transfer waits for an answer")
	}
	return did(duty, TransferReplied{Stamp: s.stamp(c), DocumentNo: cmd.DocumentNo, Outcome: cmd.Outcome})
}

// merge voids a duplicate in favour of another open case of the programme.
func merge(c Case, s Scene, cmd Merge) (Outcome, error) {
	if err := c.inState(StateReported, StateFiled); err != nil {
		return Outcome{}, err
	}
	_, duty, err := s.officer(s.offices())
	if err != nil {
		return Outcome{}, err
	}
	switch {
	case cmd.Into == c.ID:
		return Outcome{}, fault.BadField("into", "is the case itself")
	case !s.Other.Exists():
		return Outcome{}, fault.Missing("case", cmd.Into)
	case s.Other.Programme != c.Programme:
		return Outcome{}, fault.BadField("into", "belongs to another programme")
	case !s.Other.Open():
		return Outcome{}, fault.Refuse("not_open", "the case to merge into is %s", s.Other.State)
	}
	return did(duty, MergedInto{Stamp: s.stamp(c), Into: cmd.Into})
}

// note keeps text or evidence from anyone in scope, the first contact and an integration included.
func note(c Case, s Scene, cmd Note) (Outcome, error) {
	var bad fault.Fields
	if cmd.Text == "" && len(cmd.Evidence) == 0 {
		bad.Add("text", "is required, or evidence")
	}
	evidence.Check(&bad, "evidence", cmd.Evidence)
	if err := bad.Err(); err != nil {
		return Outcome{}, err
	}
	duty, err := s.witness(c)
	if err != nil {
		return Outcome{}, err
	}
	return did(duty, Noted{Stamp: s.stamp(Case{}), Text: personal.Of("case:"+c.ID, cmd.Text), Evidence: cmd.Evidence})
}

// witness lets in who may add words: an integration, the first contact, who reported, anyone in scope.
func (s Scene) witness(c Case) (grid.Duty, error) {
	if s.Steward || s.By == c.FirstContact || s.By == c.ReportedBy {
		return grid.Duty{}, nil
	}
	return s.anyScope()
}

// feedback is the reporter's side after closure; whoever took the report, or anyone in scope, records it.
func feedback(c Case, s Scene, cmd Feedback) (Outcome, error) {
	if err := c.inState(StateClosed); err != nil {
		return Outcome{}, err
	}
	duty, err := s.witness(c)
	if err != nil {
		return Outcome{}, err
	}
	return did(duty, FeedbackGiven{Stamp: s.stamp(c), Satisfied: cmd.Satisfied, Note: personal.Of("case:"+c.ID, cmd.Note)})
}
