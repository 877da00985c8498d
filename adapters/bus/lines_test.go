package bus_test

import (
	"fmt"
	"slices"
	"sync/atomic"
	"testing"

	"pgregory.net/rapid"

	"gridward/adapters/memstore"
	"gridward/app"
	"gridward/app/react"
)

// parkedAt is what is parked, in order.
func parkedAt(t *testing.T, in react.Parking) []app.Position {
	t.Helper()
	parked, err := in.List()
	if err != nil {
		t.Fatal(err)
	}
	var out []app.Position
	for _, p := range parked {
		out = append(out, p.Position)
	}
	return out
}

func TestNothingOvertakesAParkedRecordOfItsStream(t *testing.T) {
	log := newLog(t)
	grow(t, log, "a", "b", "a", "b", "a") // a: 1 3 5, b: 2 4
	to := &receiver{}
	to.judges(wrong(1))
	o := parks(t, outlet(t, log, to))
	r, stop := relay(t, o)
	until(t, "the end", func() bool { return r.Status().At == 5 })
	if got := to.all(); !slices.Equal(got, []app.Position{2, 4}) {
		t.Errorf("taken: %v", got)
	}
	if got := parkedAt(t, o.Park.In); !slices.Equal(got, []app.Position{1, 3, 5}) {
		t.Errorf("parked: %v", got)
	}
	parked, err := o.Park.In.List()
	if err != nil || parked[0].Attempts != 3 || parked[0].Error != "position 1 is wrong" || parked[1].Attempts != 0 || parked[1].Error != "waits behind the one at position 1" {
		t.Errorf("%+v, %v", parked, err)
	}
	stop()

	// The line stands over a restart, and what comes joins it.
	r, _ = relay(t, o)
	grow(t, log, "a", "b") // 6, 7
	until(t, "the end", func() bool { return r.Status().At == 7 })
	if got := parkedAt(t, o.Park.In); !slices.Equal(got, []app.Position{1, 3, 5, 6}) {
		t.Errorf("parked: %v", got)
	}

	// Whichever is asked for, the line begins at its beginning, and stops where it must.
	to.judges(wrong(5))
	if err := o.Park.In.Ask(6); err != nil {
		t.Fatal(err)
	}
	until(t, "the replay", func() bool {
		parked, err := o.Park.In.List()
		return err == nil && len(parked) == 2 && parked[0].Attempts == 1 && !parked[1].Asked
	})
	if got := to.all(); !slices.Equal(got, []app.Position{2, 4, 7, 1, 3}) {
		t.Errorf("taken: %v", got)
	}
	to.judges(nil)
	if err := o.Park.In.Ask(5); err != nil {
		t.Fatal(err)
	}
	until(t, "the replay", func() bool { return len(parkedAt(t, o.Park.In)) == 0 })
	grow(t, log, "a") // 8
	until(t, "the end", func() bool { return to.has(8) })
	if got := to.all(); !slices.Equal(got, []app.Position{2, 4, 7, 1, 3, 5, 6, 8}) {
		t.Errorf("taken: %v", got)
	}
}

func TestAReplayWaitsForAReceiverThatIsAway(t *testing.T) {
	log := newLog(t)
	grow(t, log, "a", "a")
	to := &receiver{}
	to.judges(wrong(1))
	o := parks(t, outlet(t, log, to))
	r, _ := relay(t, o)
	until(t, "the end", func() bool { return r.Status().At == 2 })
	to.judges(func(app.Position) error { return errAway })
	if err := o.Park.In.Ask(1); err != nil {
		t.Fatal(err)
	}
	until(t, "a failed replay", func() bool { return r.Status().Err != nil })
	if got := parkedAt(t, o.Park.In); !slices.Equal(got, []app.Position{1, 2}) {
		t.Errorf("parked: %v", got)
	}
	to.judges(nil)
	until(t, "the replay", func() bool { return slices.Equal(to.all(), []app.Position{1, 2}) })
}

func TestAnOutageDoesNotCountAgainstARecord(t *testing.T) {
	log := newLog(t)
	grow(t, log, "a")
	to := &receiver{}
	tries := 0
	to.judges(func(app.Position) error { // twice wrong, fifty times away: one try is left
		switch tries++; {
		case tries <= 2:
			return fmt.Errorf("wrong")
		case tries <= 52:
			return errAway
		}
		return nil
	})
	o := parks(t, outlet(t, log, to))
	relay(t, o)
	until(t, "the record", func() bool { return to.has(1) })
	if got := parkedAt(t, o.Park.In); len(got) > 0 {
		t.Errorf("parked: %v", got)
	}
}

// orderly holds what a receiver was sent, in the order it took it, against the log: of each stream every version, first
// seen in order; and what is seen again is never older than the last one, for each was taken before the next was sent.
func orderly(records []app.Record, taken []app.Position) error {
	last := map[string]uint64{}
	for _, at := range taken {
		r := records[at-1]
		if v := last[r.Stream]; r.Version != v && r.Version != v+1 {
			return fmt.Errorf("%s version %d came after %d", r.Stream, r.Version, v)
		}
		last[r.Stream] = r.Version
	}
	for _, r := range records {
		if last[r.Stream] < r.Version {
			return fmt.Errorf("%s version %d never came", r.Stream, r.Version)
		}
	}
	return nil
}

// Whatever fails, the relay is stopped and started between and parked lines are replayed: no stream is out of order.
func TestNoFailurePutsAStreamOutOfOrder(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		log := newLog(t)
		for range rapid.IntRange(1, 60).Draw(rt, "records") {
			grow(t, log, fmt.Sprintf("s-%d", rapid.IntRange(0, 4).Draw(rt, "stream")))
		}
		plan := rapid.SliceOfN(rapid.IntRange(0, 5), 0, 120).Draw(rt, "answers")
		var healed atomic.Bool
		to := &receiver{}
		to.judge = func(at app.Position) error { // under the receiver's lock
			if healed.Load() || len(plan) == 0 {
				return nil
			}
			answer := plan[0]
			plan = plan[1:]
			switch answer {
			case 0, 1:
				return fmt.Errorf("wrong")
			case 2:
				return errAway
			case 3: // taken, but nobody hears of it
				to.taken = append(to.taken, at)
				return errAway
			}
			return nil
		}
		o := parks(t, outlet(t, log, to))
		head := headOf(t, log)
		for range rapid.IntRange(0, 3).Draw(rt, "restarts") {
			enough := rapid.IntRange(0, 30).Draw(rt, "until")
			r, stop := relay(t, o)
			until(t, "some records", func() bool { return to.has(enough) || r.Status().At == head })
			stop()
		}
		r, stop := relay(t, o)
		until(t, "the end", func() bool { return r.Status().At == head })
		healed.Store(true)
		if lines := parkedAt(t, o.Park.In); len(lines) > 0 {
			if err := o.Park.In.Ask(lines...); err != nil {
				rt.Fatal(err)
			}
		}
		stop() // so that the new one looks at once
		_, stop = relay(t, o)
		until(t, "the replay", func() bool { return len(parkedAt(t, o.Park.In)) == 0 })
		stop()
		records, err := log.Read(t.Context(), 0, 1000)
		if err != nil {
			rt.Fatal(err)
		}
		if err := orderly(records, to.all()); err != nil {
			rt.Error(err)
		}
	})
}

func headOf(t *testing.T, log *memstore.Store) app.Position {
	t.Helper()
	head, err := log.Head(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return head
}
