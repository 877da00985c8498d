package eventcodec

import "errors"

// officerWasInspector lifts inspection.logged from schema 1, where the report named its officer "inspector".
func officerWasInspector(logged map[string]any) error {
	report, ok := logged["report"].(map[string]any)
	if !ok {
		return errors.New("there is no report")
	}
	officer, ok := report["inspector"]
	if !ok {
		return errors.New("the report names no inspector")
	}
	delete(report, "inspector")
	report["officer"] = officer
	return nil
}
