package hazard

import "gridward/domain/evidence"

// WordsOf gives a command's name as the route has it, its words and its evidence: what is kept when a late one is
// refused.
func WordsOf(cmd Command) (name, text string, files []evidence.File) {
	switch cmd := cmd.(type) {
	case RequestVerification:
		return "request-verification", cmd.Note, nil
	case Verify:
		return "verify", cmd.Note, nil
	case File:
		return "file", cmd.Reason, nil
	case Void:
		return "void", cmd.Reason, nil
	case Dispatch:
		return "dispatch", cmd.Instruction, nil
	case Accept:
		return "accept", "", nil
	case Return:
		return "return", cmd.Reason, nil
	case Rectify:
		return "rectify", cmd.Measures, cmd.Evidence
	case Check:
		return "check", cmd.Note, nil
	case Close:
		return "close", cmd.Note, nil
	case Reopen:
		return "reopen", cmd.Reason, nil
	case Reclassify:
		return "reclassify", cmd.Reason, nil
	case Escalate:
		return "escalate", cmd.Reason, nil
	case AcknowledgeEscalation:
		return "acknowledge-escalation", cmd.Instruction, nil
	case Supervise:
		return "supervise", "", nil
	case LiftSupervision:
		return "lift-supervision", cmd.Note, nil
	case Transfer:
		return "transfer", cmd.Note, nil
	case TransferReply:
		return "transfer-reply", cmd.Outcome, nil
	case Merge:
		return "merge", "", nil
	case RequestExtension:
		return "request-extension", cmd.Reason, nil
	case DecideExtension:
		return "decide-extension", cmd.Note, nil
	case Suspend:
		return "suspend", cmd.Reason, nil
	case Resume:
		return "resume", "", nil
	case Appeal:
		return "appeal", cmd.Reason, nil
	case DecideAppeal:
		return "decide-appeal", cmd.Note, nil
	case Note, Feedback:
		return "", "", nil // never refused for being late
	}
	return "", "", nil
}
