package rest

import (
	"context"

	"github.com/labstack/echo/v4"

	"gridward/api/rest/gen"
	"gridward/app"
	"gridward/domain/hazard"
)

// onCase runs one command on a case. The bodies are the rules' own commands.
func onCase[T hazard.Command](s *Server, c echo.Context, id string) error {
	return command(s, c, func(ctx context.Context, by app.By, cmd T) (app.Receipt, error) { return s.App.Case(ctx, by, id, cmd) })
}

// RequestVerificationCase implements POST /cases/{id}/request-verification.
func (s *Server) RequestVerificationCase(c echo.Context, id gen.IDPath, _ gen.RequestVerificationCaseParams) error {
	return onCase[hazard.RequestVerification](s, c, id)
}

// VerifyCase implements POST /cases/{id}/verify.
func (s *Server) VerifyCase(c echo.Context, id gen.IDPath, _ gen.VerifyCaseParams) error {
	return onCase[hazard.Verify](s, c, id)
}

// FileCase implements POST /cases/{id}/file.
func (s *Server) FileCase(c echo.Context, id gen.IDPath, _ gen.FileCaseParams) error {
	return onCase[hazard.File](s, c, id)
}

// VoidCase implements POST /cases/{id}/void.
func (s *Server) VoidCase(c echo.Context, id gen.IDPath, _ gen.VoidCaseParams) error {
	return onCase[hazard.Void](s, c, id)
}

// DispatchCase implements POST /cases/{id}/dispatch.
func (s *Server) DispatchCase(c echo.Context, id gen.IDPath, _ gen.DispatchCaseParams) error {
	return onCase[hazard.Dispatch](s, c, id)
}

// AcceptCase implements POST /cases/{id}/accept.
func (s *Server) AcceptCase(c echo.Context, id gen.IDPath, _ gen.AcceptCaseParams) error {
	return onCase[hazard.Accept](s, c, id)
}

// ReturnCase implements POST /cases/{id}/return.
func (s *Server) ReturnCase(c echo.Context, id gen.IDPath, _ gen.ReturnCaseParams) error {
	return onCase[hazard.Return](s, c, id)
}

// RectifyCase implements POST /cases/{id}/rectify.
func (s *Server) RectifyCase(c echo.Context, id gen.IDPath, _ gen.RectifyCaseParams) error {
	return onCase[hazard.Rectify](s, c, id)
}

// CheckCase implements POST /cases/{id}/check.
func (s *Server) CheckCase(c echo.Context, id gen.IDPath, _ gen.CheckCaseParams) error {
	return onCase[hazard.Check](s, c, id)
}

// CloseCase implements POST /cases/{id}/close.
func (s *Server) CloseCase(c echo.Context, id gen.IDPath, _ gen.CloseCaseParams) error {
	return onCase[hazard.Close](s, c, id)
}

// ReopenCase implements POST /cases/{id}/reopen.
func (s *Server) ReopenCase(c echo.Context, id gen.IDPath, _ gen.ReopenCaseParams) error {
	return onCase[hazard.Reopen](s, c, id)
}

// ReclassifyCase implements POST /cases/{id}/reclassify.
func (s *Server) ReclassifyCase(c echo.Context, id gen.IDPath, _ gen.ReclassifyCaseParams) error {
	return onCase[hazard.Reclassify](s, c, id)
}

// EscalateCase implements POST /cases/{id}/escalate.
func (s *Server) EscalateCase(c echo.Context, id gen.IDPath, _ gen.EscalateCaseParams) error {
	return onCase[hazard.Escalate](s, c, id)
}

// AcknowledgeEscalationCase implements POST /cases/{id}/acknowledge-escalation.
func (s *Server) AcknowledgeEscalationCase(c echo.Context, id gen.IDPath, _ gen.AcknowledgeEscalationCaseParams) error {
	return onCase[hazard.AcknowledgeEscalation](s, c, id)
}

// SuperviseCase implements POST /cases/{id}/supervise.
func (s *Server) SuperviseCase(c echo.Context, id gen.IDPath, _ gen.SuperviseCaseParams) error {
	return onCase[hazard.Supervise](s, c, id)
}

// LiftSupervisionCase implements POST /cases/{id}/lift-supervision.
func (s *Server) LiftSupervisionCase(c echo.Context, id gen.IDPath, _ gen.LiftSupervisionCaseParams) error {
	return onCase[hazard.LiftSupervision](s, c, id)
}

// TransferCase implements POST /cases/{id}/transfer.
func (s *Server) TransferCase(c echo.Context, id gen.IDPath, _ gen.TransferCaseParams) error {
	return onCase[hazard.Transfer](s, c, id)
}

// TransferReplyCase implements POST /cases/{id}/transfer-reply.
func (s *Server) TransferReplyCase(c echo.Context, id gen.IDPath, _ gen.TransferReplyCaseParams) error {
	return onCase[hazard.TransferReply](s, c, id)
}

// MergeCase implements POST /cases/{id}/merge.
func (s *Server) MergeCase(c echo.Context, id gen.IDPath, _ gen.MergeCaseParams) error {
	return onCase[hazard.Merge](s, c, id)
}

// NoteCase implements POST /cases/{id}/note.
func (s *Server) NoteCase(c echo.Context, id gen.IDPath, _ gen.NoteCaseParams) error {
	return onCase[hazard.Note](s, c, id)
}

// FeedbackCase implements POST /cases/{id}/feedback.
func (s *Server) FeedbackCase(c echo.Context, id gen.IDPath, _ gen.FeedbackCaseParams) error {
	return onCase[hazard.Feedback](s, c, id)
}

// RequestExtensionCase implements POST /cases/{id}/request-extension.
func (s *Server) RequestExtensionCase(c echo.Context, id gen.IDPath, _ gen.RequestExtensionCaseParams) error {
	return onCase[hazard.RequestExtension](s, c, id)
}

// DecideExtensionCase implements POST /cases/{id}/decide-extension.
func (s *Server) DecideExtensionCase(c echo.Context, id gen.IDPath, _ gen.DecideExtensionCaseParams) error {
	return onCase[hazard.DecideExtension](s, c, id)
}

// SuspendCase implements POST /cases/{id}/suspend.
func (s *Server) SuspendCase(c echo.Context, id gen.IDPath, _ gen.SuspendCaseParams) error {
	return onCase[hazard.Suspend](s, c, id)
}

// ResumeCase implements POST /cases/{id}/resume.
func (s *Server) ResumeCase(c echo.Context, id gen.IDPath, _ gen.ResumeCaseParams) error {
	return onCase[hazard.Resume](s, c, id)
}

// AppealCase implements POST /cases/{id}/appeal.
func (s *Server) AppealCase(c echo.Context, id gen.IDPath, _ gen.AppealCaseParams) error {
	return onCase[hazard.Appeal](s, c, id)
}

// DecideAppealCase implements POST /cases/{id}/decide-appeal.
func (s *Server) DecideAppealCase(c echo.Context, id gen.IDPath, _ gen.DecideAppealCaseParams) error {
	return onCase[hazard.DecideAppeal](s, c, id)
}
