package sqlstore

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"text/tabwriter"
	"time"

	"gridward/app"
)

// The logs the cost of size is measured on, and the work of one round: commands of 64 callers, every second one on a
// stream that is there (loaded first), the others on new ones.
const (
	smallLog    = 10_000
	largeLog    = 1_000_000
	costCallers = 64
	costEach    = 32
)

// fillLog makes a log of so many events, eight in a stream, without asking anyone.
func fillLog(b *testing.B, dir string, events int) {
	b.Helper()
	ctx := context.Background()
	f, _, err := openFile(ctx, filepath.Join(dir, logFile), Options{Clock: time.Now}.withDefaults())
	if err != nil {
		b.Fatal(err)
	}
	typ, err := f.typeID(ctx, "case.filed")
	if err != nil {
		b.Fatal(err)
	}
	sample := benchLoad("fill", 1, 1)[0][0].record[0]
	meta, err := json.Marshal(&sample.Meta)
	if err != nil {
		b.Fatal(err)
	}
	data := sample.Data[:150]
	for n := 0; n < events; {
		if _, err := f.begin.ExecContext(ctx); err != nil {
			b.Fatal(err)
		}
		for end := min(events, n+20_000); n < end; n++ {
			stream := int64(n/perStream + 1)
			if n%perStream == 0 {
				f.streams.row(stream, fillStream(n/perStream))
			}
			id := benchID("fill", 0, n)
			f.events.row(int64(n+1), stream, int64(n%perStream+1), id[:], typ, int64(1), int64(n), meta, data)
		}
		if err := f.flush(ctx); err != nil {
			b.Fatal(err)
		}
		if _, err := f.end.ExecContext(ctx); err != nil {
			b.Fatal(err)
		}
	}
	if err := f.close(); err != nil {
		b.Fatal(err)
	}
}

func fillStream(n int) string { return "case/" + benchID("fillstream", 0, n).String() }

// commandCost is the mean time of a command, in microseconds of one caller's wait.
func commandCost(b *testing.B, s *Store, round string, streams int) float64 {
	b.Helper()
	var wg sync.WaitGroup
	load := benchLoad(round, costCallers, costCallers*costEach)
	began := time.Now()
	for c, mine := range load {
		random := rand.New(rand.NewPCG(uint64(c), uint64(len(round))))
		wg.Go(func() {
			for i := range mine {
				stream, expected := "new/"+mine[i].record[0].ID.String(), uint64(0)
				if i%2 == 1 {
					stream = fillStream(random.IntN(streams))
				}
				for done := false; !done; {
					known, err := s.Load(context.Background(), stream, 0)
					if err != nil {
						b.Error(err)
						return
					}
					expected = uint64(len(known))
					_, err = s.Append(context.Background(), stream, expected, mine[i].record[:])
					var moved *app.VersionConflict
					if err != nil && !errors.As(err, &moved) {
						b.Error(err)
						return
					}
					done = err == nil
				}
			}
		})
	}
	wg.Wait()
	return float64(time.Since(began).Microseconds()) / costEach
}

// BenchmarkOpenMillion prints how long a log of a million events takes to open, and what a command costs on it
// beside one of ten thousand: medians of five alternating rounds. Run it with -benchtime=1x.
func BenchmarkOpenMillion(b *testing.B) {
	ctx := context.Background()
	small, large := b.TempDir(), b.TempDir()
	fillLog(b, small, smallLog)
	fillLog(b, large, largeLog)
	for b.Loop() {
		var opened, costs, ratios []float64
		for round := range benchRounds {
			began := time.Now()
			l, err := Open(ctx, large, Options{Clock: time.Now})
			opened = append(opened, float64(time.Since(began).Microseconds())/1000)
			if err != nil {
				b.Fatal(err)
			}
			s := open(b, small, Options{})
			name := fmt.Sprint("million", round)
			base := commandCost(b, s, name, smallLog/perStream)
			cost := commandCost(b, l, name, largeLog/perStream)
			costs, ratios = append(costs, cost), append(ratios, cost/base)
			mustClose(b, s)
			mustClose(b, l)
		}
		b.ReportMetric(median(opened), "ms-to-open")
		b.ReportMetric(median(ratios), "of-small-log")
		out := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
		_, _ = fmt.Fprintf(out, "\nevents\tms to open\tµs a command\tof a log of %d\t\n%d\t%.1f\t%.0f\t%.2f\t\n",
			smallLog, largeLog, median(opened), median(costs), median(ratios))
		if err := out.Flush(); err != nil {
			b.Fatal(err)
		}
	}
}
