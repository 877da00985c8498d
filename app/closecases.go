package app

import (
	"context"
	"strconv"

	"github.com/google/uuid"

	"gridward/domain/fault"
	"gridward/domain/hazard"
)

// MaxClose is how many cases one command may close.
const MaxClose = 500

// BatchClosed says that a case of a bulk closing is closed now.
const BatchClosed = "closed"

// CloseCases closes several cases with one rating. Each is a command of its own, named by the bulk's command and
// the case: one that is refused leaves the others alone, and a repeat of the whole changes nothing twice.
func (a *App) CloseCases(ctx context.Context, by By, ids []string, cmd hazard.Close) ([]BatchResult, error) {
	var bad fault.Fields
	if len(ids) == 0 || len(ids) > MaxClose {
		bad.Add("ids", "are not 1 to %d", MaxClose)
	}
	for i, id := range ids {
		if _, err := uuid.Parse(id); err != nil {
			bad.Add("ids."+strconv.Itoa(i), "is not a UUID")
		}
	}
	if err := bad.Err(); err != nil {
		return nil, err
	}
	results := make([]BatchResult, len(ids))
	for i, id := range ids {
		one := by
		one.CommandID, one.Origin, one.IfMatch = uuid.NewSHA1(by.CommandID, []byte(id)), by.CommandID, nil
		r, err := a.Case(ctx, one, id, cmd)
		if f, refused := fault.As(err); refused && f.Kind != fault.Unavailable {
			results[i] = rejected(id, f)
			continue
		}
		if err != nil {
			return nil, err
		}
		results[i] = BatchResult{ID: id, Status: BatchClosed, Position: r.Position}
	}
	return results, nil
}
