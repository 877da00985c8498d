package sqlstore

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"gridward/app"
)

// The test binary stands in for a server that dies: started with one of these in its environment it is that child.
const (
	crashDir    = "SQLSTORE_CRASH_DIR"
	readOnlyDir = "SQLSTORE_READ_ONLY_DIR"
)

func TestMain(m *testing.M) {
	var err error
	switch {
	case os.Getenv(crashDir) != "":
		err = appendUntilKilled(os.Getenv(crashDir), os.Getenv("SQLSTORE_CRASH_ROUND"))
	case os.Getenv(readOnlyDir) != "":
		err = useReadOnlyDir(os.Getenv(readOnlyDir))
	default:
		os.Exit(m.Run())
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// appendUntilKilled appends from many goroutines, one and three records at a time, and prints "+" or "-" and the ids
// of each append that was acknowledged or refused, by one write, after it was.
func appendUntilKilled(dir, round string) error {
	s, err := Open(context.Background(), dir, Options{Clock: time.Now, checkpointPages: 32}) // checkpoints are cut as well
	if err != nil {
		return err
	}
	failed := make(chan error)
	for g := range 24 {
		go func() {
			name := fmt.Sprintf("round%s/%d", round, g)
			version := uint64(0)
			for n := 0; ; n += 4 {
				three := []app.Record{bigRec(name, n, 700), rec(name, n+1), rec(name, n+2)}
				got, err := s.Append(context.Background(), name, version, three)
				if err != nil {
					failed <- err
					return
				}
				version = got.Version
				fmt.Printf("+ %s %s %s\n", three[0].ID, three[1].ID, three[2].ID)
				refused := rec(name, n+3)
				var conflict *app.VersionConflict
				if _, err := s.Append(context.Background(), name, version+1, []app.Record{refused}); !errors.As(err, &conflict) {
					failed <- fmt.Errorf("an append ahead of its stream: %w", err)
					return
				}
				fmt.Printf("- %s\n", refused.ID)
			}
		}()
	}
	return <-failed
}

// TestKilledServerKeepsWhatItAcknowledged kills a child with SIGKILL in the middle of its appends, round after round
// on the same log, and holds each time that what was acknowledged is there once and what was refused is not.
func TestKilledServerKeepsWhatItAcknowledged(t *testing.T) {
	const rounds = 10
	dir := t.TempDir()
	random := rand.New(rand.NewPCG(1, 2))
	acknowledged, refused := map[uuid.UUID]bool{}, map[uuid.UUID]bool{}
	for round := range rounds {
		runAndKill(t, dir, round, 1+random.IntN(1200), acknowledged, refused)
		s := open(t, dir, Options{})
		seen := map[uuid.UUID]bool{}
		versions := map[string]uint64{}
		last := app.Position(0)
		all, err := s.Read(context.Background(), 0, 1_000_000)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range all {
			versions[r.Stream]++
			switch {
			case r.Position <= last:
				t.Fatalf("round %d: position %d comes behind %d", round, r.Position, last)
			case r.Version != versions[r.Stream]:
				t.Fatalf("round %d: position %d is version %d of %s, want %d", round, r.Position, r.Version, r.Stream, versions[r.Stream])
			case seen[r.ID]:
				t.Fatalf("round %d: %s is there twice", round, r.ID)
			case refused[r.ID]:
				t.Fatalf("round %d: %s was refused and is there", round, r.ID)
			}
			seen[r.ID], last = true, r.Position
		}
		for stream, v := range versions {
			if v%3 != 0 {
				t.Fatalf("round %d: %s ends at version %d: an append of three is not whole", round, stream, v)
			}
		}
		for id := range acknowledged {
			if !seen[id] {
				t.Fatalf("round %d: %s was acknowledged and is gone", round, id)
			}
		}
		mustClose(t, s)
	}
	if len(acknowledged) < rounds*3 || len(refused) == 0 {
		t.Fatalf("only %d records were acknowledged and %d refused: this proves nothing", len(acknowledged), len(refused))
	}
}

// runAndKill runs the child until it has printed so many lines, kills it, and notes every whole line it printed.
func runAndKill(t *testing.T, dir string, round, lines int, acknowledged, refused map[uuid.UUID]bool) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), crashDir+"="+dir, fmt.Sprintf("SQLSTORE_CRASH_ROUND=%d", round))
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	r := bufio.NewReader(out)
	for n := 1; ; n++ {
		line, err := r.ReadString('\n')
		if errors.Is(err, io.EOF) { // a last line without its end was cut: nobody has seen that answer
			if n <= lines {
				t.Fatalf("round %d: the child ended by itself: %v", round, cmd.Wait())
			}
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		fields := strings.Fields(line)
		for _, f := range fields[1:] {
			if fields[0] == "+" {
				acknowledged[uuid.MustParse(f)] = true
			} else {
				refused[uuid.MustParse(f)] = true
			}
		}
		if n == lines {
			if err := cmd.Process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := cmd.Wait(); err == nil {
		t.Fatalf("round %d: the child was not killed", round)
	}
}
