package storetest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/google/uuid"
	"gridward/app"
)

const (
	rivals  = 4  // writers of one stream
	shared  = 3  // streams
	eachHas = 20 // records each rival brings into its stream
	readers = 3
)

// concurrency has writers fight for the versions of a few streams while readers follow the log in small pages.
func concurrency(t *testing.T, open Open) {
	log := open(t, newClock().now).Log
	ctx, cancel := context.WithCancel(testContext(t))
	defer cancel()
	const total = rivals * shared * eachHas

	var follow, write sync.WaitGroup
	seen := make([][]app.Record, readers)
	for i := range readers {
		follow.Go(func() {
			got, err := followLog(ctx, log, total, i+1)
			if err != nil {
				t.Errorf("reader %d: %v", i, err)
			}
			seen[i] = got
		})
	}
	var mu sync.Mutex
	winners := map[string]map[uint64]uuid.UUID{}
	for s := range shared {
		stream := fmt.Sprintf("s%d", s)
		mine := map[uint64]uuid.UUID{} // guarded by mu
		mu.Lock()
		winners[stream] = mine
		mu.Unlock()
		for r := range rivals {
			write.Go(func() {
				err := compete(ctx, log, stream, r, func(version uint64, winner uuid.UUID) {
					mu.Lock()
					defer mu.Unlock()
					if before, taken := mine[version]; taken {
						t.Errorf("version %d of %s was given to %s and to %s", version, stream, before, winner)
					}
					mine[version] = winner
				})
				if err != nil {
					t.Error(err)
					cancel()
				}
			})
		}
	}
	write.Wait()
	follow.Wait()
	if t.Failed() {
		return
	}

	all := readAll(t, log, 17)
	if len(all) != total {
		t.Fatalf("the log has %d records, %d were acknowledged", len(all), total)
	}
	wantOrder(t, all)
	for _, r := range all {
		if winners[r.Stream][r.Version] != r.ID {
			t.Fatalf("version %d of %s is %s, acknowledged was %s", r.Version, r.Stream, r.ID, winners[r.Stream][r.Version])
		}
	}
	for _, got := range seen {
		for i := range all {
			wantSame(t, got[i], all[i])
		}
	}
}

// compete brings a rival's records into the stream, starting over at the current version after each conflict.
func compete(ctx context.Context, log app.Log, stream string, rival int, won func(uint64, uuid.UUID)) error {
	version := uint64(0)
	for n := range eachHas {
		r := record(fmt.Sprintf("%s/%d", stream, rival), n)
		for {
			got, err := log.Append(ctx, stream, version, []app.Record{r})
			if err == nil {
				if got.Version != version+1 {
					return fmt.Errorf("an append to %s at %d was acknowledged as %d", stream, version, got.Version)
				}
				won(got.Version, r.ID)
				version = got.Version
				break
			}
			var c *app.VersionConflict
			if !errors.As(err, &c) {
				return err
			}
			if c.Current <= version { // nobody else can have taken a version back
				return fmt.Errorf("conflict %+v of an append to %s at %d", *c, stream, version)
			}
			version = c.Current
		}
	}
	return nil
}

// followLog reads the log as a subscriber does until it has total records, and fails at the first skipped one.
func followLog(ctx context.Context, log app.Log, total, page int) ([]app.Record, error) {
	var got []app.Record
	after := app.Position(0)
	versions := map[string]uint64{}
	for len(got) < total {
		if err := log.Wait(ctx, after); err != nil {
			return nil, fmt.Errorf("wait after %d: %w", after, err)
		}
		records, err := log.Read(ctx, after, page)
		if err != nil {
			return nil, fmt.Errorf("read after %d: %w", after, err)
		}
		if len(records) == 0 {
			return nil, fmt.Errorf("wait said there is a record after %d, read found none", after)
		}
		for _, r := range records {
			if r.Position <= after {
				return nil, fmt.Errorf("position %d came behind %d", r.Position, after)
			}
			after = r.Position
			versions[r.Stream]++
			if r.Version != versions[r.Stream] {
				return nil, fmt.Errorf("position %d is version %d of %s, want %d", after, r.Version, r.Stream, versions[r.Stream])
			}
		}
		got = append(got, records...)
	}
	return got, nil
}
