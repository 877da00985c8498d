package views

import (
	"time"

	"gridward/domain/hazard"
)

// Said is something that somebody said about a case, in their words.
type Said struct {
	Type       string    `json:"type"` // the stored name of the event, e.g. "case.dispatched"
	At         time.Time `json:"at"`
	RecordedAt time.Time `json:"recorded_at"`
	By         string    `json:"by"`
	Text       string    `json:"text"`
}

// said gives all words that were given about the case, in the order of the log.
func (h *history) said(loc *time.Location) []Said {
	out := make([]Said, 0, len(h.facts))
	for _, f := range h.facts {
		if text := textOf(f.event); text != "" {
			st := f.event.Stamped()
			out = append(out, Said{Type: f.Type, At: instant(st.At, loc), RecordedAt: instant(f.RecordedAt, loc), By: st.By, Text: text})
		}
	}
	return out
}

// textOf is the words an event carries.
func textOf(event hazard.Event) string {
	switch e := event.(type) {
	case hazard.Reported:
		return e.Description.Reveal()
	case hazard.VerificationRequested:
		return e.Note
	case hazard.Verified:
		return e.Note
	case hazard.Filed:
		return e.Reason
	case hazard.Voided:
		return e.Reason
	case hazard.Dispatched:
		return e.Instruction
	case hazard.Returned:
		return e.Reason
	case hazard.Rectified:
		return e.Measures
	case hazard.Checked:
		return e.Note
	case hazard.Closed:
		return e.Note
	case hazard.Reopened:
		return e.Reason
	case hazard.Reclassified:
		return e.Reason
	case hazard.Escalated:
		if e.Automatic {
			return ""
		}
		return e.Reason
	case hazard.EscalationAcknowledged:
		return e.Instruction
	case hazard.SupervisionLifted:
		return e.Note
	case hazard.Transferred:
		return e.Note
	case hazard.TransferReplied:
		return e.Outcome
	case hazard.ExtensionRequested:
		return e.Reason
	case hazard.ExtensionDecided:
		return e.Note
	case hazard.Suspended:
		return e.Reason
	case hazard.Appealed:
		return e.Reason
	case hazard.AppealDecided:
		return e.Note
	case hazard.Noted:
		return e.Text.Reveal()
	case hazard.FeedbackGiven:
		return e.Note.Reveal()
	default:
		return ""
	}
}
