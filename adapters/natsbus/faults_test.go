package natsbus_test

import (
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/google/uuid"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"gridward/domain/fault"
)

func TestABrokerThatIsStoppedUnderLoadGetsEverythingOnceAndInOrder(t *testing.T) {
	b, log := startBroker(t), newLog()
	dir := t.TempDir()
	r, stop := carry(t, log, openPublisher(t, b.url()), dir, 64)
	var writing sync.WaitGroup
	writing.Go(func() {
		for range 30 {
			write(t, log, 100, 13)
			time.Sleep(5 * time.Millisecond)
		}
	})
	for round := range 4 {
		from := r.Status().Delivered
		eventually(t, "some events", func() bool { return r.Status().Delivered > from || r.Status().At == 3000 })
		b.stop()
		if round == 2 { // the relay comes back before the broker does
			stop()
			r, stop = carry(t, log, openPublisher(t, b.url()), dir, 64)
		}
		failed := r.Status().Failures
		eventually(t, "a failure", func() bool { return r.Status().Failures > failed || r.Status().At == 3000 })
		b.start(t)
	}
	writing.Wait()
	caughtUp(t, r, log)
	inOrder(t, b.stored(t), log)
}

func TestABrokerThatIsGoneForAnHourGetsEverythingAfterwards(t *testing.T) {
	b, log := startBroker(t), newLog()
	write(t, log, 100, 5)
	r, _ := carry(t, log, openPublisher(t, b.url()), t.TempDir(), 64)
	caughtUp(t, r, log)
	b.stop()
	write(t, log, 900, 5)
	// An hour of pauses of half a minute is 120 tries; the pauses themselves are short here.
	eventually(t, "an hour's tries", func() bool { return r.Status().Failures >= 120 })
	if s := r.Status(); s.Err == nil || s.At != 100 {
		t.Errorf("while nobody is there: %+v", s)
	}
	b.start(t)
	caughtUp(t, r, log)
	inOrder(t, b.stored(t), log)
	if err := r.Status().Err; err != nil {
		t.Errorf("afterwards: %v", err)
	}
}

// lossy is a line to the broker that is cut again and again, wherever it happens to be: what was sent last is lost, or was
// accepted and nobody hears of it.
type lossy struct {
	net.Listener
	to  string
	rnd *rand.Rand

	mu     sync.Mutex
	healed bool
	cuts   int
}

func startLossy(t *testing.T, to string) *lossy {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &lossy{Listener: l, to: strings.TrimPrefix(to, "nats://"), rnd: rand.New(rand.NewPCG(1, 2))}
	go p.serve()
	t.Cleanup(func() { _ = l.Close() })
	return p
}

func (p *lossy) serve() {
	for {
		in, err := p.Accept()
		if err != nil {
			return
		}
		out, err := net.Dial("tcp", p.to)
		if err != nil {
			_ = in.Close()
			continue
		}
		p.mu.Lock()
		there, back := int64(1<<40), int64(1<<40)
		if !p.healed {
			p.cuts++
			there, back = 500+p.rnd.Int64N(40_000), 500+p.rnd.Int64N(20_000)
		}
		p.mu.Unlock()
		end := sync.OnceFunc(func() { _, _ = in.Close(), out.Close() })
		pass := func(to, from net.Conn, bytes int64) {
			_, _ = io.CopyN(to, from, bytes)
			end()
		}
		go pass(out, in, there)
		go pass(in, out, back)
	}
}

func (p *lossy) heal() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.healed = true
	return p.cuts
}

func TestALineThatIsCutMidwayPutsNothingOutOfOrder(t *testing.T) {
	b, log := startBroker(t), newLog()
	write(t, log, 2000, 17)
	line := startLossy(t, b.url())
	r, _ := carry(t, log, openPublisher(t, "nats://"+line.Addr().String()), t.TempDir(), 100)
	eventually(t, "half of it over a bad line", func() bool { return r.Status().At >= 1200 })
	if cuts := line.heal(); cuts < 10 {
		t.Errorf("the line was cut %d times only", cuts)
	}
	caughtUp(t, r, log)
	inOrder(t, b.stored(t), log)
}

func TestABrokerThatLostItsNewestIsToldThemAgain(t *testing.T) {
	b, log := startBroker(t), newLog()
	write(t, log, 100, 3)
	r, _ := carry(t, log, openPublisher(t, b.url()), t.TempDir(), 64)
	caughtUp(t, r, log)
	b.stop()
	kept := t.TempDir()
	if err := os.CopyFS(kept, os.DirFS(b.dir)); err != nil {
		t.Fatal(err)
	}
	b.start(t)
	write(t, log, 50, 3)
	caughtUp(t, r, log)
	b.stop()
	b.dir = kept // as after its machine's crash, or from a backup
	b.start(t)
	write(t, log, 50, 3)
	caughtUp(t, r, log)
	inOrder(t, b.stored(t), log)
}

// one is a message as a relay makes it.
func one(t *testing.T, log uuid.UUID, position string) *message.Message {
	t.Helper()
	m := message.NewMessageWithContext(t.Context(), uuid.NewString(), []byte("{}"))
	m.Metadata = message.Metadata{"log": log.String(), "position": position, "type": "case.filed"}
	return m
}

func TestASecondSenderIsRefused(t *testing.T) {
	b, id := startBroker(t), uuid.New()
	first, second := openPublisher(t, b.url()), openPublisher(t, b.url())
	for _, p := range []interface {
		Publish(string, ...*message.Message) error
	}{first, second} {
		if err := p.Publish("", one(t, id, "1")); err != nil {
			t.Fatal(err)
		}
	}
	err := first.Publish("", one(t, id, "2"), one(t, id, "3"))
	if f, ok := fault.As(err); !ok || f.Kind != fault.Unavailable || !strings.Contains(err.Error(), "wrong last sequence") {
		t.Errorf("the first knows nothing of the second: %v", err)
	}
	if got := b.stored(t); len(got) != 2 || got[0].Subject() != "gridward._.case.filed" {
		t.Errorf("%d messages", len(got))
	}
}

func TestAnEventIsTakenOnceThoughItIsSentAgain(t *testing.T) {
	b, id := startBroker(t), uuid.New()
	a, c, d := one(t, id, "1"), one(t, id, "2"), one(t, id, "3")
	if err := openPublisher(t, b.url()).Publish("", a, c); err != nil {
		t.Fatal(err)
	}
	if err := openPublisher(t, b.url()).Publish("", a, c, d); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, m := range b.stored(t) {
		got = append(got, m.Headers().Get(jetstream.MsgIDHeader))
	}
	if want := []string{a.UUID, c.UUID, d.UUID}; fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%v, want %v", got, want)
	}
}

func TestTwoLogsDoNotShareAStream(t *testing.T) {
	b := startBroker(t)
	p := openPublisher(t, b.url())
	if err := p.Publish("", one(t, uuid.New(), "1")); err != nil {
		t.Fatal(err)
	}
	if _, _, _, err := p.Last(t.Context(), uuid.New()); err == nil || !strings.Contains(err.Error(), "another log") {
		t.Errorf("%v", err)
	}
}

func TestAStreamThatIsThereIsLeftAsItIs(t *testing.T) {
	b := startBroker(t)
	conn, err := nats.Connect(b.url())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	js, err := jetstream.New(conn)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := js.CreateStream(t.Context(), jetstream.StreamConfig{Name: "GRIDWARD", Subjects: []string{"gridward.>"}, MaxAge: time.Hour}); err != nil {
		t.Fatal(err)
	}
	p := openPublisher(t, b.url())
	id := uuid.New()
	m := one(t, id, "z")
	if err := p.Publish("", m); err != nil {
		t.Fatal(err)
	}
	at, event, found, err := p.Last(t.Context(), id)
	if at != 35 || event.String() != m.UUID || !found || err != nil {
		t.Errorf("%d, %s, %v, %v", at, event, found, err)
	}
	s, err := js.Stream(t.Context(), "GRIDWARD")
	if err != nil || s.CachedInfo().Config.MaxAge != time.Hour {
		t.Errorf("the stream was changed: %v", err)
	}
}

func TestAddressesAreReadAndNeverSaid(t *testing.T) {
	for _, url := range []string{"", "localhost", "http://u:hidden@h:1", "nats://u:hidden@h:port", "nats://u:hidden@", "nats://u:hidden@h:1?nothing=1",
		"nats://u:hidden@h:1?creds=" + filepath.Join(t.TempDir(), "none") + "&key=k", "nats://u:hidden@h:1?%zz", "nats://u:hidden@h:1,ftp://x"} {
		p, err := tryOpen(url, "GRIDWARD")
		if err == nil {
			_ = p.Close()
			t.Errorf("%s was taken", url)
		} else if strings.Contains(err.Error(), "hidden") {
			t.Errorf("the error tells the password: %v", err)
		}
	}
	if _, err := tryOpen("nats://localhost:4222", "no stream"); err == nil {
		t.Error("any name is taken for a stream's")
	}
}

func TestAStreamThatWasEmptiedGoesOnFromTheCheckpoint(t *testing.T) {
	b, log := startBroker(t), newLog()
	write(t, log, 100, 3)
	dir := t.TempDir()
	r, stop := carry(t, log, openPublisher(t, b.url()), dir, 64)
	caughtUp(t, r, log)
	stop()
	conn, err := nats.Connect(b.url())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	js, err := jetstream.New(conn)
	if err != nil {
		t.Fatal(err)
	}
	s, err := js.Stream(t.Context(), "GRIDWARD")
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Purge(t.Context()); err != nil {
		t.Fatal(err)
	}
	write(t, log, 5, 3)
	r, _ = carry(t, log, openPublisher(t, b.url()), dir, 64)
	caughtUp(t, r, log)
	got := b.stored(t)
	if len(got) != 5 || got[0].Headers().Get("Gridward-Position") != "2t" { // 101
		t.Errorf("%d messages", len(got))
	}
	if err := s.DeleteMsg(t.Context(), 105); err != nil { // the newest alone
		t.Fatal(err)
	}
	if _, _, found, err := openPublisher(t, b.url()).Last(t.Context(), log.ID()); found || err != nil {
		t.Errorf("what was deleted is found: %v, %v", found, err)
	}
}
