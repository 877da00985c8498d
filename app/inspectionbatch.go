package app

import (
	"context"
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/google/uuid"

	"gridward/domain/fault"
	"gridward/domain/inspection"
)

// MaxBatch is how many inspections one batch may carry.
const MaxBatch = 500

// batchAtOnce is how many of a batch are on their way at once: they share the log's commits.
const batchAtOnce = 64

// The outcomes of one item of a batch.
const (
	BatchCreated   = "created"
	BatchDuplicate = "duplicate" // the log had it already, with the same content
	BatchRejected  = "rejected"  // Problem says why; sending it again as it is does not help
)

// BatchResult is what became of one item, in the order sent.
type BatchResult struct {
	ID       string
	Status   string
	Problem  *fault.Error // with rejected
	Position Position     // the highest of everything the item wrote; 0 with rejected
	Cases    []string
}

// LogInspections logs what an offline phone has kept. Each item is a command of its own, named by its id and the
// sender: a batch cut off anywhere and sent again changes nothing twice. Where the log cannot take more the whole
// call fails as unavailable; what was logged stays, and sending again is harmless.
func (a *App) LogInspections(ctx context.Context, by By, items []inspection.Log) ([]BatchResult, error) {
	if err := checkBatch(items); err != nil {
		return nil, err
	}
	results := make([]BatchResult, len(items))
	first := map[string]int{} // item id -> where it came first
	cases := map[string]string{}
	var later []int
	var wave []int
	for i := range items {
		if _, again := first[items[i].ID]; again {
			later = append(later, i)
			continue
		}
		first[items[i].ID] = i
		if at, taken := claim(cases, items[i]); taken {
			results[i] = rejected(items[i].ID, fault.BadField(at, "is given to another hazard of the batch"))
			continue
		}
		wave = append(wave, i)
	}
	if err := a.logWave(ctx, by, items, wave, results); err != nil {
		return nil, err
	}
	for _, i := range later { // one after the other: an id sent twice in one batch is created once
		if err := a.logItem(ctx, by, items[i], &results[i]); err != nil {
			return nil, err
		}
	}
	return results, nil
}

func checkBatch(items []inspection.Log) error {
	var bad fault.Fields
	if len(items) == 0 {
		bad.Add("items", "is required")
	}
	if len(items) > MaxBatch {
		bad.Add("items", "are more than %d", MaxBatch)
		return bad.Err()
	}
	for i := range items {
		id, err := uuid.Parse(items[i].ID)
		if err != nil || id.String() != items[i].ID {
			bad.Add("items."+strconv.Itoa(i)+".id", "is required in a batch, as a lower-case UUID")
		}
	}
	return bad.Err()
}

// claim notes the case ids an item gives, and finds one that another item has given.
func claim(cases map[string]string, item inspection.Log) (field string, taken bool) {
	for n, h := range item.Hazards {
		if h.ID == "" {
			continue
		}
		if owner, ok := cases[h.ID]; ok && owner != item.ID {
			return fmt.Sprintf("hazards.%d.id", n), true
		}
		cases[h.ID] = item.ID
	}
	return "", false
}

// logWave logs the items at those places concurrently. The first error that is no rejection ends it.
func (a *App) logWave(ctx context.Context, by By, items []inspection.Log, wave []int, results []BatchResult) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	work := make(chan int)
	var group sync.WaitGroup
	for range min(batchAtOnce, len(wave)) {
		group.Go(func() {
			for i := range work {
				if err := a.logItem(ctx, by, items[i], &results[i]); err != nil {
					stop(err)
				}
			}
		})
	}
	for _, i := range wave {
		select {
		case work <- i:
			continue
		case <-ctx.Done():
		}
		break
	}
	close(work)
	group.Wait()
	return context.Cause(ctx)
}

// logItem logs one item and says what became of it; an error is none of the item's doing.
func (a *App) logItem(ctx context.Context, by By, item inspection.Log, result *BatchResult) error {
	id, err := uuid.Parse(item.ID)
	if err != nil {
		return fmt.Errorf("item of a batch: %w", err) // checked before
	}
	by.CommandID = uuid.NewSHA1(id, []byte(by.Actor+"/"+by.OnBehalfOf))
	by.Keyed, by.IfMatch, by.OccurredAt = false, nil, time.Time{}
	r, err := a.LogInspection(ctx, by, item)
	if problem, ok := fault.As(err); ok && problem.Kind != fault.Unavailable {
		if problem.Code == errReused.Code { // the key is the id here
			problem = fault.New(fault.Conflict, "id_reused", "the id belongs to an inspection with other content")
		}
		*result = rejected(item.ID, problem)
		return nil
	}
	if err != nil {
		return err
	}
	*result = BatchResult{ID: r.ID, Status: BatchCreated, Position: r.Position, Cases: r.Cases}
	if r.Replayed {
		result.Status = BatchDuplicate
	}
	return nil
}

func rejected(id string, problem *fault.Error) BatchResult {
	return BatchResult{ID: id, Status: BatchRejected, Problem: problem}
}
