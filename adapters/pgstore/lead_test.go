package pgstore

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"

	"gridward/adapters/pgtest"
	"gridward/app"
	"gridward/app/react"
)

// quick are terms for tests: what takes seconds elsewhere takes tenths.
var quick = Terms{Term: 600 * time.Millisecond, Look: 50 * time.Millisecond, Margin: 200 * time.Millisecond}

func openNodes(t *testing.T, url string, log uuid.UUID) *Nodes {
	t.Helper()
	n, err := OpenNodes(t.Context(), url, log)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = n.Close() })
	return n
}

// leading is one node that leads whenever it may.
type leading struct {
	epochs chan int64 // as it begins
	over   chan int64 // as it ends
	stop   func()
	done   chan struct{}
}

func lead(t *testing.T, n *Nodes, holder string) *leading {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	l := &leading{epochs: make(chan int64, 100), over: make(chan int64, 100), stop: stop, done: make(chan struct{})}
	go func() {
		defer close(l.done)
		n.Lead(ctx, quick, Candidate{Holder: holder, Lead: func(ctx context.Context, epoch int64) {
			l.epochs <- epoch
			<-ctx.Done()
			l.over <- epoch
		}, Waiting: func(error) {}})
	}()
	t.Cleanup(func() { stop(); <-l.done })
	return l
}

// epoch waits for the next one.
func epochOf(t *testing.T, from chan int64, want int64) {
	t.Helper()
	select {
	case got := <-from:
		if got != want {
			t.Fatalf("epoch %d, want %d", got, want)
		}
	case <-time.After(time.Minute):
		t.Fatalf("epoch %d does not come", want)
	}
}

// One node leads; another one follows when it gives the lease up, with the next epoch.
func TestOneNodeLeads(t *testing.T) {
	url, log := pgtest.Start(t), uuid.New()
	first := lead(t, openNodes(t, url, log), "a")
	epochOf(t, first.epochs, 1)
	second := lead(t, openNodes(t, url, log), "b")
	other := lead(t, openNodes(t, url, uuid.New()), "b") // of another log
	epochOf(t, other.epochs, 1)
	time.Sleep(2 * quick.Term) // it is renewed all the while
	if len(second.epochs) > 0 || len(first.over) > 0 {
		t.Fatal("the lease changed hands by itself")
	}
	first.stop()
	<-first.done
	epochOf(t, second.epochs, 2)
}

// A leader that cannot reach the server stops before its lease is over, and another takes it then.
func TestALeaderThatIsCutOffStopsFirst(t *testing.T) {
	url, log := pgtest.Start(t), uuid.New()
	n := openNodes(t, url, log)
	first := lead(t, n, "a")
	epochOf(t, first.epochs, 1)
	second := lead(t, openNodes(t, url, log), "b")
	admin := raw(t, url)
	cut := time.Now()
	for len(first.over) == 0 { // its connections are cut as soon as it makes them
		if _, err := admin.Exec(t.Context(), `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'gridward' AND pid <> pg_backend_pid() AND query LIKE '%lease%'`); err != nil {
			t.Fatal(err)
		}
		if len(second.epochs) > 0 || time.Since(cut) > time.Minute {
			t.Fatal("another one leads, and the first does not know")
		}
	}
	<-first.over
	select { // whoever of the two is quicker
	case got := <-second.epochs:
		if got != 2 {
			t.Errorf("epoch %d", got)
		}
	case got := <-first.epochs:
		if got != 2 {
			t.Errorf("epoch %d", got)
		}
	case <-time.After(time.Minute):
		t.Fatal("nobody leads")
	}
}

// A node that died takes its own lease again at once when it is back; nobody else does before it is over.
func TestAHolderTakesItsOwnLeaseAgain(t *testing.T) {
	n := openNodes(t, pgtest.Start(t), uuid.New())
	for want := int64(1); want < 4; want++ {
		epoch, mine, err := n.take(t.Context(), "a", time.Hour)
		if err != nil || !mine || epoch != want {
			t.Fatalf("%d, %v, %v", epoch, mine, err)
		}
	}
	if _, mine, err := n.take(t.Context(), "b", time.Hour); err != nil || mine {
		t.Fatalf("b has it: %v, %v", mine, err)
	}
	if mine, err := n.renew(t.Context(), "a", 2, time.Hour); err != nil || mine {
		t.Errorf("an earlier life renews it: %v, %v", mine, err)
	}
	_, err := n.Keep(t.Context(), "b", quick, func(int64) {})
	refusedAs(t, err, "log_in_use")
}

// A process that works alone takes its lease again, with a new epoch, where another had it while it was out of reach.
func TestTheLeaseOfALoneProcessIsTakenAgain(t *testing.T) {
	url, log := pgtest.Start(t), uuid.New()
	n, epochs := openNodes(t, url, log), make(chan int64, 100)
	release, err := n.Keep(t.Context(), "a", quick, func(epoch int64) { epochs <- epoch })
	if err != nil {
		t.Fatal(err)
	}
	epochOf(t, epochs, 1)
	if _, err := raw(t, url).Exec(t.Context(), `UPDATE gridward_nodes.lease SET holder = 'b', epoch = 2, until = clock_timestamp()`); err != nil {
		t.Fatal(err)
	}
	epochOf(t, epochs, 3)
	if err := release(); err != nil {
		t.Fatal(err)
	}
	if _, mine, err := n.take(t.Context(), "b", time.Hour); err != nil || !mine {
		t.Errorf("released, it is not free: %v, %v", mine, err)
	}
}

// What an earlier leader saves is refused.
func TestAnEarlierLeaderSavesNothing(t *testing.T) {
	n := openNodes(t, pgtest.Start(t), uuid.New())
	at := func(epoch int64) *Checkpoint { return n.Checkpoint("notices", func() int64 { return epoch }) }
	if _, found, err := at(1).Load(t.Context()); found || err != nil {
		t.Fatalf("%v, %v", found, err)
	}
	if err := errors.Join(at(1).Save(t.Context(), 10), at(2).Save(t.Context(), 7), at(2).Save(t.Context(), 8)); err != nil {
		t.Fatal(err)
	}
	refusedAs(t, at(1).Save(t.Context(), 11), "not_leading")
	if got, found, err := at(3).Load(t.Context()); got != 8 || !found || err != nil {
		t.Errorf("%d, %v, %v", got, found, err)
	}
	g, err := NewGenerations(pgtest.Start(t), false)
	if err != nil {
		t.Fatal(err)
	}
	shared := openNodes(t, g.c.conn.ConnString(), n.log)
	for range 2 {
		if _, mine, err := shared.take(t.Context(), "a", time.Hour); !mine || err != nil {
			t.Fatal(mine, err)
		}
	}
	g.Fence(n.log, 1)
	refusedAs(t, g.Switch(t.Context(), 1, "x"), "not_leading")
	g.Fence(n.log, 2)
	if err := g.Switch(t.Context(), 1, "x"); err != nil {
		t.Error(err)
	}
}

// What is parked is seen by every node, and asked for and answered from each.
func TestWhatIsParkedIsShared(t *testing.T) {
	url, log := pgtest.Start(t), uuid.New()
	a, b := openNodes(t, url, log).Parking("webhook-x"), openNodes(t, url, log).Parking("webhook-x")
	one := react.Parked{Position: 5, Type: "case.filed", Stream: "case-1", Error: "no", Attempts: 3, ParkedAt: time.Date(2026, 3, 2, 1, 0, 0, 0, time.UTC)}
	two := one
	two.Position, two.Stream = 4, "case-2"
	if err := errors.Join(a.Put(one), a.Put(two), a.Ask(5)); err != nil {
		t.Fatal(err)
	}
	one.Attempts = 4
	if err := a.Put(one); err != nil { // the request stands
		t.Fatal(err)
	}
	got, err := b.List()
	if err != nil || len(got) != 2 || got[0].Position != 4 || got[0].Asked || got[1].Attempts != 4 || !got[1].Asked || got[1].Log != log {
		t.Fatalf("%+v, %v", got, err)
	}
	if err := b.Ask(app.Position(9)); err == nil {
		t.Error("what is not parked was asked for")
	}
	if err := errors.Join(b.Answer(5, true), b.Ask(4), b.Answer(4, false)); err != nil {
		t.Fatal(err)
	}
	if got, err = a.List(); err != nil || len(got) != 1 || got[0].Asked {
		t.Errorf("%+v, %v", got, err)
	}
}

// Who leads says where; whoever takes the lease over has to say it anew, and what an earlier leader says is not heard.
func TestTheLeaderSaysWhereItIs(t *testing.T) {
	n := openNodes(t, pgtest.Start(t), uuid.New())
	is := func(want string, epoch int64) {
		t.Helper()
		if address, at, err := n.Leader(t.Context()); err != nil || address != want || at != epoch {
			t.Errorf("the leader is at %q in epoch %d, %v; want %q in %d", address, at, err, want, epoch)
		}
	}
	takes := func(holder string, term time.Duration) {
		t.Helper()
		if _, mine, err := n.take(t.Context(), holder, term); err != nil || !mine {
			t.Fatalf("%s took it: %v, %v", holder, mine, err)
		}
	}
	says := func(epoch int64, address string) {
		t.Helper()
		if err := n.Announce(t.Context(), epoch, address); err != nil {
			t.Error(err)
		}
	}
	is("", 0)
	takes("a", time.Hour)
	is("", 1)
	says(1, "http://a:8080")
	is("http://a:8080", 1)
	if err := n.release(t.Context(), "a", 1); err != nil {
		t.Fatal(err)
	}
	is("", 0)
	takes("b", time.Hour)
	says(1, "http://a:8080")
	is("", 2)
	says(2, "http://b:8080")
	is("http://b:8080", 2)
}

// A lease that an earlier version of the program made has no address; it goes on, and takes one.
func TestALeaseOfAnEarlierVersion(t *testing.T) {
	url, log := pgtest.Start(t), uuid.New()
	old := openNodes(t, url, log)
	if _, _, err := old.take(t.Context(), "a", time.Hour); err != nil {
		t.Fatal(err)
	}
	if _, err := raw(t, url).Exec(t.Context(), `ALTER TABLE gridward_nodes.lease DROP COLUMN address`); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		n := openNodes(t, url, log)
		if address, epoch, err := n.Leader(t.Context()); err != nil || address != "" || epoch != 1 {
			t.Errorf("the leader is at %q in epoch %d, %v", address, epoch, err)
		}
	}
}

// A node that gives up to lead, or could not, does not stand in the way of one that can; alone it tries again.
func TestANodeThatCannotLeadLetsOthers(t *testing.T) {
	url, log := pgtest.Start(t), uuid.New()
	n := openNodes(t, url, log)
	ctx, stop := context.WithCancel(t.Context())
	tries, done := make(chan int64, 100), make(chan struct{})
	go func() {
		defer close(done)
		n.Lead(ctx, quick, Candidate{Holder: "a", Lead: func(_ context.Context, epoch int64) { tries <- epoch }, Waiting: func(error) {}})
	}()
	t.Cleanup(func() { stop(); <-done })
	epochOf(t, tries, 1)
	epochOf(t, tries, 2)
	able := lead(t, openNodes(t, url, log), "b")
	epoch := <-able.epochs // the first time it is free
	for len(tries) > 0 {
		if tried := <-tries; tried > epoch {
			t.Errorf("it tried in epoch %d, where another one leads since %d", tried, epoch)
		}
	}

	unable, told := errors.New("the log cannot be reached"), make(chan error, 100)
	stopped := make(chan struct{})
	go func() {
		defer close(stopped)
		openNodes(t, url, uuid.New()).Lead(ctx, quick, Candidate{Holder: "c", May: func(context.Context) error { return unable },
			Lead: func(context.Context, int64) { t.Error("it leads") }, Waiting: func(err error) { told <- err }})
	}()
	for range 2 {
		if err := <-told; !errors.Is(err, unable) {
			t.Errorf("it waits because of %v", err)
		}
	}
	stop()
	<-stopped
}
