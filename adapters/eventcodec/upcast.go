package eventcodec

import (
	"errors"
	"fmt"

	"gridward/domain/grid"
)

// textWasPlain lifts inspection.logged from schema 1, where the report named its officer "inspector", and where a
// hazard's description and who removed it on the spot (a person's id, or a name) were plain text: words about
// people now travel as personal data.
func textWasPlain(logged map[string]any) error {
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
	hazards, _ := logged["hazards"].([]any) // there may be none
	for i := range hazards {
		if err := hazardOf(hazards[i]); err != nil {
			return fmt.Errorf("hazard %d: %w", i, err)
		}
	}
	return nil
}

func hazardOf(hazard any) error {
	h, ok := hazard.(map[string]any)
	if !ok {
		return errors.New("it is no object")
	}
	subject := fmt.Sprint("case:", h["case"])
	h["description"] = map[string]any{"subject": subject, "value": h["description"]}
	spot, ok := h["on_the_spot"].(map[string]any)
	if !ok {
		return nil // it was not removed at once
	}
	text, ok := spot["performed_by"].(string)
	delete(spot, "performed_by")
	if !ok || text == "" {
		return nil
	}
	if grid.IsPersonID(text) {
		spot["performed_by"] = map[string]any{"person": text}
		return nil
	}
	spot["performed_by"] = map[string]any{"name": map[string]any{"subject": subject, "value": text}}
	return nil
}
