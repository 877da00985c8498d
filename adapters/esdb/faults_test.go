package esdb

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"github.com/google/uuid"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"gridward/adapters/esdbtest"
	"gridward/app"
	"gridward/domain/fault"
)

func TestAServerThatGoesAndReturnsLosesNothing(t *testing.T) {
	server := esdbtest.Start(t, esdbtest.Options{})
	s := mustOpen(t, server.URL(), Options{})
	const callers, each = 8, 60
	ctx, cancel := context.WithTimeout(context.Background(), 2*patience)
	defer cancel()

	var follow, write sync.WaitGroup
	var followed []app.Record
	follow.Go(func() {
		for len(followed) < callers*each && ctx.Err() == nil {
			after := app.Position(0)
			if n := len(followed); n > 0 {
				after = followed[n-1].Position
			}
			got, err := s.Read(ctx, after, 50)
			if err != nil || len(got) == 0 {
				_ = s.Wait(ctx, after) // it says at once that the server is away
				time.Sleep(time.Millisecond)
			}
			followed = append(followed, got...)
		}
	})
	acknowledged := make([]app.Appended, callers*each)
	written := make(chan struct{}, callers*each)
	for c := range callers {
		write.Go(func() {
			for n := range each {
				stream := fmt.Sprintf("s%d", c)
				eventually(t, func() (err error) {
					acknowledged[c*each+n], err = s.Append(ctx, stream, uint64(n), one(stream, n))
					return err
				})
				written <- struct{}{}
			}
		})
	}
	for round := range 6 {
		for range 40 {
			<-written
		}
		switch round % 3 {
		case 0:
			server.Stop()
			server.Run(t)
		case 1:
			server.LoseAnswers(3)
		case 2:
			server.DropAppends(3)
		}
	}
	write.Wait()
	follow.Wait()
	if len(followed) != callers*each {
		t.Fatalf("%d records were read of %d", len(followed), callers*each)
	}
	at := map[app.Position]app.Record{}
	for i, r := range followed {
		if i > 0 && (r.Position <= followed[i-1].Position || r.RecordedAt.Before(followed[i-1].RecordedAt)) {
			t.Fatalf("record %d at %d (%s) comes behind %d (%s)", i, r.Position, r.RecordedAt, followed[i-1].Position, followed[i-1].RecordedAt)
		}
		at[r.Position] = r
	}
	for c := range callers {
		for n := range each {
			got := acknowledged[c*each+n]
			if r := at[got.Position]; r.Version != got.Version || r.Version != uint64(n)+1 || r.Stream != fmt.Sprintf("s%d", c) || !r.RecordedAt.Equal(got.RecordedAt) {
				t.Fatalf("caller %d, append %d was acknowledged as %+v, there is %+v", c, n, got, r)
			}
		}
	}
}

// A stream of gRPC's whose head never reached the wire is begun again behind the caller's back with those messages that
// were sent until then, and without the others.
func TestAnAppendIsWholeWhereItsConnectionBreaks(t *testing.T) {
	server := esdbtest.Start(t, esdbtest.Options{})
	c, err := configure(server.URL())
	if err != nil {
		t.Fatal(err)
	}
	l, err := newLink(c)
	if err != nil {
		t.Fatal(err)
	}
	defer l.close()
	const size = 12
	var broke atomic.Int64
	var wg sync.WaitGroup
	var mu sync.Mutex
	taken := map[string]bool{}
	ctx := testContext(t)
	for end := time.Now().Add(2 * time.Second); time.Now().Before(end); {
		for g := range 32 {
			wg.Go(func() {
				stream := fmt.Sprintf("case-%d-%s", g, uuid.New())
				var events []*streams.AppendReq_ProposedMessage
				for _, r := range some(stream, 1, size) {
					events = append(events, proposal(&r, &envelope{Meta: []byte("{}")}))
				}
				_, err := l.append(ctx, stream, 0, events)
				if err != nil {
					broke.Add(1)
				}
				mu.Lock()
				defer mu.Unlock()
				taken[stream] = err == nil
			})
		}
		server.Break()
		wg.Wait()
	}
	for stream, ok := range taken {
		if n := server.Count(stream); n != size && (ok || n != 0) {
			t.Errorf("%s has %d of %d events, acknowledged: %v", stream, n, size, ok)
		}
	}
	if n := int(broke.Load()); n == 0 || n == len(taken) {
		t.Errorf("%d of %d appends broke", n, len(taken))
	}
}

func TestAnAnswerThatWasLostIsFound(t *testing.T) {
	for name, lose := range map[string]func(*esdbtest.Server){
		"kept":               func(s *esdbtest.Server) { s.LoseAnswers(1) },
		"kept, twice":        func(s *esdbtest.Server) { s.LoseAnswers(2) },
		"not kept":           func(s *esdbtest.Server) { s.DropAppends(1) },
		"without a position": func(s *esdbtest.Server) { s.LoseAnswers(1); s.RepeatWithoutPlace(true) },
		"refused when it is sent again": func(s *esdbtest.Server) {
			s.LoseAnswers(1)
			s.RefuseRepeats(status.Error(codes.PermissionDenied, "Access Denied"))
		},
		"failed each time it is sent again": func(s *esdbtest.Server) {
			s.LoseAnswers(1)
			s.RefuseRepeats(status.Error(codes.Unknown, "Unexpected"))
		},
	} {
		t.Run(name, func(t *testing.T) {
			server := esdbtest.Start(t, esdbtest.Options{})
			s := mustOpen(t, server.URL(), Options{})
			mustAppend(t, s, "a", 0, some("a", 1, 2))
			lose(server)
			got := mustAppend(t, s, "a", 2, some("a", 3, 5))
			records := mustLoad(t, s, "a")
			if len(records) != 5 || got.Version != 5 || got.Position != records[4].Position || !got.RecordedAt.Equal(records[4].RecordedAt) {
				t.Errorf("acknowledged as %+v, the stream has %d records", got, len(records))
			}
		})
	}
}

func TestAnAppendWhoseOutcomeIsNotKnownHoldsNobody(t *testing.T) {
	server := esdbtest.Start(t, esdbtest.Options{})
	s := mustOpen(t, server.URL()+"&defaultDeadline=200", Options{})
	mustAppend(t, s, "a", 0, one("a", 1))
	server.Stall()
	ctx, cancel := context.WithTimeout(context.Background(), 600*time.Millisecond)
	defer cancel()
	_, err := s.Append(ctx, "a", 1, one("a", 2))
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Fatalf("its outcome: %v", err)
	}
	// Whoever comes while it is not known is told at once that nothing of theirs was written.
	late, stop := context.WithTimeout(context.Background(), patience)
	defer stop()
	_, err = s.Append(late, "b", 0, one("b", 1))
	wantFault(t, err, fault.Unavailable, "log_unreachable")
	server.Flow()
	var got app.Appended
	eventually(t, func() (err error) { got, err = s.Append(testContext(t), "a", 1, one("a", 2)); return err })
	if got.Version != 2 || len(mustLoad(t, s, "a")) != 2 || len(mustLoad(t, s, "b")) != 0 {
		t.Errorf("asked again it is at version %d", got.Version)
	}
}

func TestAReadOfAServerThatSaysNothingEnds(t *testing.T) {
	server := esdbtest.Start(t, esdbtest.Options{})
	s := mustOpen(t, server.URL()+"&defaultDeadline=200&gossipTimeout=1", Options{})
	mustAppend(t, s, "a", 0, one("a", 1))
	server.Stall()
	_, err := s.Load(context.Background(), "a", 0) // no deadline of its own
	wantFault(t, err, fault.Unavailable, "log_unreadable")
	_, err = s.Head(context.Background())
	wantFault(t, err, fault.Unavailable, "log_unreadable")
	eventually(t, func() error {
		if err := s.Wait(context.Background(), app.Position(1<<40)); err != nil {
			wantFault(t, err, fault.Unavailable, "log_unreachable")
			return nil
		}
		return errors.New("there is a record")
	})
	server.Stop()
	server.Run(t)
	eventually(t, func() error { // once the server is back whoever waits waits
		ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
		defer cancel()
		if err := s.Wait(ctx, app.Position(1<<40)); !errors.Is(err, context.DeadlineExceeded) {
			return fmt.Errorf("a wait gave %w", err)
		}
		return nil
	})
}

func TestARepeatIsToldWhatTheFirstWas(t *testing.T) {
	server := esdbtest.Start(t, esdbtest.Options{})
	now := time.Date(2026, 2, 10, 9, 0, 0, 0, time.UTC)
	a := mustOpen(t, server.URL(), Options{Clock: func() time.Time { return now }})
	first := mustAppend(t, a, "a", 0, some("a", 1, 2))
	mustAppend(t, a, "a", 2, one("a", 3))
	later := mustOpen(t, server.URL(), Options{Clock: func() time.Time { return now.Add(time.Hour) }})
	for _, placeless := range []bool{false, true} {
		server.RepeatWithoutPlace(placeless)
		for _, s := range []*Store{a, later} {
			for _, expected := range []uint64{0, 2, 3, 9} {
				if got := mustAppend(t, s, "a", expected, some("a", 1, 2)); got != first {
					t.Errorf("at %d: %+v, not %+v", expected, got, first)
				}
			}
		}
	}
	// Also where this node knew nothing of the stream and the server takes the append for the one it has.
	fresh := mustOpen(t, server.URL(), Options{Clock: func() time.Time { return now.Add(time.Hour) }})
	if got := mustAppend(t, fresh, "a", 0, some("a", 1, 2)); got != first {
		t.Errorf("on a node that has not seen it: %+v, not %+v", got, first)
	}
	if n := len(mustLoad(t, a, "a")); n != 3 {
		t.Errorf("the stream has %d records", n)
	}
}

func TestWhatTheServerRefusesIsNotWritten(t *testing.T) {
	server := esdbtest.Start(t, esdbtest.Options{Max: 100_000})
	s := mustOpen(t, server.URL(), Options{})
	large := some("a", 1, 2)
	large[1].Data = bytes.Repeat([]byte("x"), 100_001)
	_, err := s.Append(testContext(t), "a", 0, large)
	wantFault(t, err, fault.Invalid, "log_append_too_large")
	for _, answer := range []error{
		status.Error(codes.PermissionDenied, "Access Denied"), // said at once
		status.Error(codes.Unknown, "Unexpected"),             // said three times, then looked for
	} {
		server.RefuseAppends(answer)
		_, err = s.Append(testContext(t), "a", 0, one("a", 1))
		wantFault(t, err, fault.Unavailable, "log_unwritable")
	}
	server.RefuseAppends(nil)
	if n := len(mustLoad(t, s, "a")); n != 0 {
		t.Errorf("%d records are there", n)
	}
	mustAppend(t, s, "a", 0, one("a", 1))
	for _, stream := range []string{"$x", own} {
		if _, err := s.Append(testContext(t), stream, 0, one("a", 1)); err == nil {
			t.Errorf("an append to %s was taken", stream)
		}
	}
}

func TestACluster(t *testing.T) {
	first := esdbtest.Start(t, esdbtest.Options{})
	second, third := first.Join(t), first.Join(t)
	t.Run("a follower sends to the leader", func(t *testing.T) {
		for _, url := range []string{second.URL(), second.ClusterURL()} {
			s := mustOpen(t, url, Options{})
			stream := fmt.Sprint("a", len(url))
			mustAppend(t, s, stream, 0, one(stream, 1))
			if n := len(mustLoad(t, s, stream)); n != 1 {
				t.Errorf("%d records", n)
			}
		}
	})
	t.Run("the leader says nothing", func(t *testing.T) {
		seeds := "esdb://" + first.Addr() + "," + second.Addr() + "?tls=false&defaultDeadline=200&gossipTimeout=1"
		s := mustOpen(t, seeds, Options{})
		mustAppend(t, s, "c", 0, one("c", 1))
		first.Stall()
		second.Follow("")
		mustAppend(t, s, "c", 1, one("c", 2))
		if n := len(mustLoad(t, s, "c")); n != 2 {
			t.Errorf("%d records", n)
		}
		first.Flow()
		second.Follow(first.Addr())
	})
	t.Run("the lead moves", func(t *testing.T) {
		s := mustOpen(t, "esdb://"+strings.Join([]string{first.Addr(), second.Addr(), third.Addr()}, ",")+"?tls=false", Options{})
		lead := func(leader *esdbtest.Server) {
			for _, node := range []*esdbtest.Server{first, second, third} {
				node.Follow(leader.Addr())
			}
			leader.Follow("")
		}
		mustAppend(t, s, "b", 0, one("b", 1))
		lead(second) // the old leader lives on
		mustAppend(t, s, "b", 1, one("b", 2))
		second.Stop() // the leader dies, and another one is elected
		lead(third)
		eventually(t, func() error { _, err := s.Append(testContext(t), "b", 2, one("b", 3)); return err })
		second.Run(t)
		first.Stop()
		lead(second)
		eventually(t, func() error { _, err := s.Append(testContext(t), "b", 3, one("b", 4)); return err })
		if n := len(mustLoad(t, s, "b")); n != 4 {
			t.Errorf("%d records", n)
		}
		awaitRecord(t, s, mustLoad(t, s, "b")[2].Position)
	})
}

func TestWhatIsTheServersOwnIsNotInTheLog(t *testing.T) {
	server := esdbtest.Start(t, esdbtest.Options{})
	noise := func() {
		for range 20 {
			server.Put("$stats-0", "$statsCollected", []byte("{}"), nil)
			server.Put("$$a", "$metadata", []byte("{}"), nil)
		}
	}
	noise()
	s := mustOpen(t, server.URL(), Options{})
	if head, err := s.Head(testContext(t)); err != nil || head != 0 {
		t.Fatalf("the head of an empty log is %d, %v", head, err)
	}
	var last app.Appended
	for n := 1; n <= 5; n++ {
		last = mustAppend(t, s, "a", uint64(n-1), one("a", n))
		noise()
	}
	for _, log := range []*Store{s, mustOpen(t, server.URL(), Options{})} {
		if head, err := log.Head(testContext(t)); err != nil || head != last.Position {
			t.Errorf("the head is %d, %v", head, err)
		}
		for _, page := range []int{1, 2, 5, 6} {
			n, after := 0, app.Position(0)
			for {
				got, err := log.Read(testContext(t), after, page)
				if err != nil {
					t.Fatal(err)
				}
				if n += len(got); len(got) < page {
					break
				}
				after = got[len(got)-1].Position
			}
			if n != 5 {
				t.Errorf("in pages of %d there are %d records", page, n)
			}
		}
	}
}

func TestAnEventOfSomebodyElse(t *testing.T) {
	server := esdbtest.Start(t, esdbtest.Options{})
	s := mustOpen(t, server.URL(), Options{})
	mustAppend(t, s, "a", 0, one("a", 1))
	server.Put("orders-1", "placed", []byte("{}"), []byte(`{"$correlationId":"x"}`))
	_, err := s.Read(testContext(t), 0, 10)
	wantFault(t, err, fault.Unavailable, "log_foreign_event")
	if got, err := s.Read(testContext(t), 0, 1); err != nil || len(got) != 1 {
		t.Errorf("before it: %d records, %v", len(got), err)
	}

	theirs := esdbtest.Start(t, esdbtest.Options{})
	theirs.Put("orders-1", "placed", []byte("{}"), nil)
	_, err = Open(context.Background(), theirs.URL(), Options{Clock: time.Now})
	wantFault(t, err, fault.Unavailable, "log_foreign_event")
	if theirs.Count(own) != 0 {
		t.Error("a log was made among them")
	}
}

func TestNodesThatDoNotAgreeInTime(t *testing.T) {
	server := esdbtest.Start(t, esdbtest.Options{})
	s := mustOpen(t, server.URL(), Options{})
	server.RefuseAppends(status.Error(codes.Aborted, "Operation timed out"))
	ctx, cancel := context.WithTimeout(context.Background(), 500*time.Millisecond)
	defer cancel()
	if _, err := s.Append(ctx, "a", 0, one("a", 1)); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("nobody can know the outcome, but it is %v", err)
	}
	server.RefuseAppends(nil)
	eventually(t, func() error { _, err := s.Append(testContext(t), "a", 0, one("a", 1)); return err })
	if n := len(mustLoad(t, s, "a")); n != 1 {
		t.Errorf("%d records", n)
	}
}

func TestNodesWithDifferentClocks(t *testing.T) {
	server := esdbtest.Start(t, esdbtest.Options{})
	now := time.Date(2026, 2, 10, 9, 0, 0, 0, time.UTC)
	ahead := mustOpen(t, server.URL(), Options{Clock: func() time.Time { return now.Add(time.Hour) }})
	slow := mustOpen(t, server.URL(), Options{Clock: func() time.Time { return now }})
	first := mustAppend(t, ahead, "a", 0, one("a", 1))
	awaitRecord(t, slow, 0)
	if got := mustAppend(t, slow, "b", 0, one("b", 1)); got.RecordedAt.Before(first.RecordedAt) {
		t.Errorf("recorded at %s, behind %s", got.RecordedAt, first.RecordedAt)
	}
}

func TestCloseEndsEverything(t *testing.T) {
	server := esdbtest.Start(t, esdbtest.Options{})
	before := runtime.NumGoroutine()
	for _, away := range []func(){func() {}, server.Stall, server.Stop} {
		s, err := Open(context.Background(), server.URL()+"&defaultDeadline=300", Options{Clock: time.Now})
		if err != nil {
			t.Fatal(err)
		}
		mustAppend(t, s, fmt.Sprint(runtime.NumGoroutine(), time.Now()), 0, one("a", 1))
		away()
		ctx, cancel := context.WithTimeout(context.Background(), 700*time.Millisecond)
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				_, _ = s.Load(ctx, "a", 0)                 // whatever comes of it
				_, _ = s.Append(ctx, "b", 0, one("b", 1))  // whatever comes of it
				_ = s.Wait(ctx, app.Position(1<<40))       // whatever comes of it
				_, _ = s.Read(ctx, app.Position(1<<40), 1) // whatever comes of it
			})
		}
		wg.Wait()
		cancel()
		began := time.Now()
		mustClose(t, s)
		if took := time.Since(began); took > closeGrace+time.Second {
			t.Errorf("it took %s to close", took)
		}
		if _, err := s.Append(testContext(t), "c", 0, one("c", 1)); err == nil {
			t.Error("an append after Close was taken")
		}
		server.Stop()
		server.Run(t)
	}
	eventually(t, func() error {
		if n := runtime.NumGoroutine(); n > before+5 { // the server's own come and go
			return fmt.Errorf("there are %d goroutines, there were %d", n, before)
		}
		return nil
	})
}
