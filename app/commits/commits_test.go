package commits_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"gridward/app"
	"gridward/app/commits"
)

// took is what a commit takes, in the tests' own time.
const took = 8 * time.Millisecond

// slow is a log whose commits take their time however few are in them. It notes each batch: when it began, from the
// test's beginning on, and how many appends were in it.
type slow struct {
	began   time.Time
	batches []string
}

func (l *slow) commit(batch []*commits.Request) (commits.Batch, error) {
	l.batches = append(l.batches, fmt.Sprintf("%s: %d", time.Since(l.began), len(batch)))
	time.Sleep(took)
	return commits.Batch{Rows: len(batch), Took: took}, nil
}

// batchesOf has callers, each of whom first comes when it says and appends as often as it says, one behind the other.
func batchesOf(t *testing.T, o commits.Limits, callers ...caller) (got []string) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		l := &slow{began: time.Now()}
		q := commits.New(o, l.commit, nil)
		var wg sync.WaitGroup
		for i, c := range callers {
			wg.Go(func() {
				time.Sleep(c.comes)
				for range c.appends {
					if _, err := q.Append(context.Background(), fmt.Sprint("case/", i), 0, []app.Record{{Type: "case.filed"}}); err != nil {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
		q.Close()
		got = l.batches
	})
	return got
}

type caller struct {
	comes   time.Duration
	appends int
}

func TestABatchLingersForThoseOfTheOneBefore(t *testing.T) {
	const ms = time.Millisecond
	for _, tt := range []struct {
		name   string
		linger time.Duration
		given  []caller
		then   []string
	}{
		{
			"one caller comes back while four wait: all five go together from then on",
			time.Second,
			[]caller{{0, 3}, {1 * ms, 2}, {1 * ms, 2}, {2 * ms, 2}, {2 * ms, 2}},
			[]string{"0s: 1", "8ms: 5", "16ms: 5"},
		},
		{
			"one does not come back: those who wait do so for an eighth of a commit, each time anew",
			time.Second,
			[]caller{{0, 1}, {1 * ms, 1}, {1 * ms, 1}, {10 * ms, 1}},
			[]string{"0s: 1", "9ms: 2", "18ms: 1"},
		},
		{
			"or for the bound, if that is shorter",
			ms / 2,
			[]caller{{0, 1}, {1 * ms, 1}, {1 * ms, 1}},
			[]string{"0s: 1", "8.5ms: 2"},
		},
		{
			"without a bound nobody waits",
			0,
			[]caller{{0, 1}, {1 * ms, 1}, {1 * ms, 1}},
			[]string{"0s: 1", "8ms: 2"},
		},
		{
			"one alone waits for nobody, nor does one who comes later than the others could",
			time.Second,
			[]caller{{0, 2}, {30 * ms, 1}},
			[]string{"0s: 1", "8ms: 1", "30ms: 1"},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := batchesOf(t, commits.Limits{Linger: tt.linger}, tt.given...); !slices.Equal(got, tt.then) {
				t.Errorf("got %v, want %v", got, tt.then)
			}
		})
	}
}

func TestALogThatIsClosedDoesNotLinger(t *testing.T) {
	// given a caller who waits while the batch before is committed
	callers := []caller{{0, 1}, {time.Millisecond, 1}}
	synctest.Test(t, func(t *testing.T) {
		l := &slow{began: time.Now()}
		q := commits.New(commits.Limits{Linger: time.Second}, l.commit, nil)
		var wg sync.WaitGroup
		for i, c := range callers {
			wg.Go(func() {
				time.Sleep(c.comes)
				if _, err := q.Append(context.Background(), fmt.Sprint("case/", i), 0, []app.Record{{Type: "case.filed"}}); err != nil {
					t.Error(err)
				}
			})
		}
		// when the log is closed meanwhile
		time.Sleep(took / 2)
		q.Close()
		// then the caller's append is in, and without waiting for others who cannot come
		wg.Wait()
		if want := []string{"0s: 1", "8ms: 1"}; !slices.Equal(l.batches, want) {
			t.Errorf("got %v, want %v", l.batches, want)
		}
	})
}
