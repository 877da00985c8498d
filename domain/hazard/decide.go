package hazard

import (
	"fmt"
	"slices"

	"gridward/domain/evidence"
	"gridward/domain/fault"
	"gridward/domain/grid"
	"gridward/domain/personal"
	"gridward/domain/programme"
)

// Outcome is what a command comes to: the events, and the duty the actor acted under.
type Outcome struct {
	Events []Event
	Duty   string
}

func did(d grid.Duty, events ...Event) (Outcome, error) { return Outcome{events, d.ID}, nil }

// Decide says what a command comes to in a case, or why it is refused.
func Decide(c Case, s Scene, cmd Command) (Outcome, error) {
	if !c.Exists() {
		return Outcome{}, fault.New(fault.NotFound, "case_not_found", "there is no such case")
	}
	if s.Explicit && s.At.Before(c.LastChange) && !isWords(cmd) {
		return Outcome{}, fault.Refuse("out_of_order", "the state of the case last changed at %s, after this command happened",
			c.LastChange.Format("2006-01-02T15:04:05Z07:00"))
	}
	out, err := decide(c, s, cmd)
	if err != nil {
		return Outcome{}, err
	}
	out.Events = consequences(c, s, out.Events)
	return out, nil
}

func decide(c Case, s Scene, cmd Command) (Outcome, error) {
	switch cmd := cmd.(type) {
	case RequestVerification:
		return requestVerification(c, s, cmd)
	case Verify:
		return verify(c, s, cmd)
	case File:
		return file(c, s, cmd)
	case Void:
		return void(c, s, cmd)
	case Dispatch:
		return dispatch(c, s, cmd)
	case Accept:
		return accept(c, s)
	case Return:
		return giveBack(c, s, cmd)
	case Rectify:
		return rectify(c, s, cmd)
	case Check:
		return check(c, s, cmd)
	case Close:
		return closeRound(c, s, cmd)
	case Reopen:
		return reopen(c, s, cmd)
	case Reclassify:
		return reclassify(c, s, cmd)
	case Escalate:
		return escalate(c, s, cmd)
	case AcknowledgeEscalation:
		return acknowledge(c, s, cmd)
	case Supervise:
		return supervise(c, s, cmd)
	case LiftSupervision:
		return liftSupervision(c, s, cmd)
	case Transfer:
		return transfer(c, s, cmd)
	case TransferReply:
		return transferReply(c, s, cmd)
	case Merge:
		return merge(c, s, cmd)
	case Note:
		return note(c, s, cmd)
	case Feedback:
		return feedback(c, s, cmd)
	case RequestExtension:
		return requestExtension(c, s, cmd)
	case DecideExtension:
		return decideExtension(c, s, cmd)
	case Suspend:
		return suspend(c, s, cmd)
	case Resume:
		return resume(c, s)
	case Appeal:
		return appeal(c, s, cmd)
	case DecideAppeal:
		return decideAppeal(c, s, cmd)
	}
	return Outcome{}, fmt.Errorf("no rule for the command %T", cmd)
}

// isWords reports whether a command only adds words, which may arrive in any order.
func isWords(cmd Command) bool {
	switch cmd.(type) {
	case Note, Feedback:
		return true
	default:
		return false
	}
}

// DecideReport opens a case. Anybody the door lets in may report.
func DecideReport(s Scene, cmd Report) (Outcome, error) {
	var bad fault.Fields
	bad.Require("description", cmd.Description)
	if !slices.Contains(Sources, cmd.Source) {
		bad.Add("source", "is not one of officer, resident, department, system")
	}
	if cmd.FoundAt.IsZero() {
		bad.Add("found_at", "is required")
	} else if cmd.FoundAt.After(s.At.Add(MaxAhead)) {
		bad.Add("found_at", "lies after the report")
	}
	checkClassification(&bad, s.Programme, "", cmd.Item, cmd.Severity)
	cmd.Location.Check(&bad, "location")
	evidence.Check(&bad, "evidence", cmd.Evidence)
	if err := bad.Err(); err != nil {
		return Outcome{}, err
	}
	e := Reported{
		Stamp: s.stamp(Case{}), Case: cmd.Case, Programme: cmd.Programme, Cell: cmd.Cell, Item: cmd.Item,
		Severity: cmd.Severity, Description: personal.Of("case:"+cmd.Case, cmd.Description), Source: cmd.Source,
		FoundAt: cmd.FoundAt, Location: cmd.Location, FirstContact: cmd.FirstContact, Evidence: cmd.Evidence,
	}
	if e.FirstContact == "" {
		e.FirstContact = s.By
	}
	if r := cmd.Reporter; r != nil {
		e.Reporter = &Reporter{Anonymous: r.Anonymous}
		if !r.Anonymous {
			subject := "reporter:" + cmd.Case
			e.Reporter.Name, e.Reporter.Phone = personal.Of(subject, r.Name), personal.Of(subject, r.Phone)
		}
	}
	e.Office, e.Vacant = inCharge(s.offices())
	e.ProgrammeVersion, e.CalendarVersion, e.Limit = s.Programme.Version, s.calendarVersion(), s.filingLimit(cmd.Item, cmd.Severity)
	return Outcome{Events: []Event{e}}, nil
}

// filingLimit is how soon a report has to be filed: by its item, or as the programme says for what nobody has
// classified.
func (s Scene) filingLimit(item, severity string) *programme.Limit {
	it, known := s.Programme.Item(item)
	if !known {
		return s.Programme.Filing
	}
	if severity == "" {
		severity = it.Severity
	}
	if l, ok := it.LimitsFor(severity, s.Cell.Classes[s.Programme.Code])[programme.StageFiling]; ok {
		return &l
	}
	return nil
}

// checkClassification notes an unknown item or severity, each if given.
func checkClassification(bad *fault.Fields, p *programme.Programme, prefix, item, severity string) {
	if _, known := p.Item(item); item != "" && !known {
		bad.Add(prefix+"item", "is not in the catalogue of %s", p.Code)
	}
	if severity != "" && programme.SeverityRank(severity) == 0 {
		bad.Add(prefix+"severity", "is not one of minor, serious, major")
	}
}
