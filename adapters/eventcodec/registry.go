package eventcodec

import (
	"gridward/domain/calendar"
	"gridward/domain/grid"
	"gridward/domain/hazard"
	"gridward/domain/inspection"
	"gridward/domain/notice"
	"gridward/domain/patrol"
	"gridward/domain/programme"
	"gridward/domain/register"
)

// registry is every event under its stored name. A name is for ever; upcasters are only ever added at the end.
func registry() []*entry {
	return []*entry{
		of[grid.CellCreated]("cell.created"),
		of[grid.CellClassesSet]("cell.classes_set"),
		of[grid.CellAttributesSet]("cell.attributes_set"),
		of[grid.CellRetired]("cell.retired"),
		of[grid.CellReplaced]("cell.replaced"),
		of[grid.PersonRegistered]("person.registered"),
		of[grid.DepartmentCreated]("department.created"),
		of[grid.DutyGiven]("duty.given"),
		of[grid.DutyEnded]("duty.ended"),

		of[programme.Published]("programme.published"),
		of[programme.Listed]("programme.listed"),

		of[inspection.Logged]("inspection.logged", textWasPlain),
		of[inspection.Amended]("inspection.amended"),
		of[inspection.Voided]("inspection.voided"),
		of[inspection.CampaignOpened]("campaign.opened"),

		of[register.ActivityRecorded]("activity.recorded"),
		of[register.EquipmentRegistered]("equipment.registered"),
		of[register.EquipmentServiced]("equipment.serviced"),
		of[register.EquipmentRetired]("equipment.retired"),
		of[register.ForceRegistered]("force.registered"),

		of[hazard.Reported]("case.reported"),
		of[hazard.VerificationRequested]("case.verification_requested"),
		of[hazard.Verified]("case.verified"),
		of[hazard.Filed]("case.filed"),
		of[hazard.Voided]("case.voided"),
		of[hazard.Dispatched]("case.dispatched"),
		of[hazard.Accepted]("case.accepted"),
		of[hazard.Returned]("case.returned"),
		of[hazard.Rectified]("case.rectified"),
		of[hazard.Checked]("case.checked"),
		of[hazard.Closed]("case.closed"),
		of[hazard.Reclassified]("case.reclassified"),
		of[hazard.Escalated]("case.escalated"),
		of[hazard.EscalationAcknowledged]("case.escalation_acknowledged"),
		of[hazard.Supervised]("case.supervised"),
		of[hazard.SupervisionLifted]("case.supervision_lifted"),
		of[hazard.Transferred]("case.transferred"),
		of[hazard.TransferReplied]("case.transfer_replied"),
		of[hazard.Reopened]("case.reopened"),
		of[hazard.MergedInto]("case.merged_into"),
		of[hazard.DuplicateLinked]("case.duplicate_linked"),
		of[hazard.CellReplaced]("case.cell_replaced"),
		of[hazard.Noted]("case.noted"),
		of[hazard.FeedbackGiven]("case.feedback_given"),
		of[hazard.ExtensionRequested]("case.extension_requested"),
		of[hazard.ExtensionDecided]("case.extension_decided"),
		of[hazard.Suspended]("case.suspended"),
		of[hazard.Resumed]("case.resumed"),
		of[hazard.CardGiven]("case.card_given"),
		of[hazard.CardHealed]("case.card_healed"),
		of[hazard.CardWithdrawn]("case.card_withdrawn"),
		of[hazard.RungPassed]("case.rung_passed"),
		of[hazard.Rederived]("case.rederived"),
		of[hazard.Appealed]("case.appealed"),
		of[hazard.AppealDecided]("case.appeal_decided"),

		of[notice.DigestOpened]("notice.digest_opened"),

		of[calendar.Published]("calendar.published"),
		of[patrol.Found]("patrol.shortfall_found"),
		of[patrol.Restated]("patrol.shortfall_restated"),
		of[patrol.DayClosed]("patrol.day_closed"),
	}
}
