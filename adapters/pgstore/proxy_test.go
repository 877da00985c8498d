package pgstore

import (
	"bytes"
	"context"
	"errors"
	"net"
	"net/url"
	"sync"
	"testing"
	"time"

	"gridward/adapters/pgtest"
	"gridward/app"
	"gridward/app/commits"
	"gridward/domain/fault"
)

// proxy stands between a store and its server, and cuts a connection when it sees rows go by.
type proxy struct {
	t        *testing.T
	server   string
	listener net.Listener
	mu       sync.Mutex
	when     moment // zero: let everything pass
	refusing bool
	conns    []net.Conn
	late     chan struct{} // closed: what was held back goes to the server
	arrived  chan struct{} // closed when it has
}

// moment is where a connection is cut that carries an append.
type moment int

const (
	beforeServer moment = iota + 1 // the server never sees it
	afterServer                    // the server commits it, its answer is lost
	overtaken                      // the client is cut off, the server sees it when late is closed
)

// marker is in every append's rows: a type of the tests.
var marker = []byte("test.cut")

func newProxy(t *testing.T, server string) *proxy {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &proxy{t: t, server: server, listener: l, late: make(chan struct{}), arrived: make(chan struct{})}
	go p.accept()
	t.Cleanup(p.refuse)
	return p
}

// url is that of a database of the server, through the proxy.
func (p *proxy) url(t *testing.T, database string) string {
	t.Helper()
	u, err := url.Parse(database)
	if err != nil {
		t.Fatal(err)
	}
	u.Host = p.listener.Addr().String()
	return u.String()
}

// cut has the next connection that carries the marker cut.
func (p *proxy) cut(at moment) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.when = at
}

// refuse ends all connections and takes no more.
func (p *proxy) refuse() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.refusing = true
	_ = p.listener.Close()
	for _, c := range p.conns {
		_ = c.Close()
	}
}

func (p *proxy) accept() {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial("tcp", p.server)
		if err != nil {
			_ = client.Close()
			continue
		}
		p.mu.Lock()
		p.conns = append(p.conns, client, server)
		p.mu.Unlock()
		link := &link{p: p, client: client, server: server}
		go link.up()
		go link.down()
	}
}

// link is one connection through the proxy.
type link struct {
	p              *proxy
	client, server net.Conn
	mu             sync.Mutex
	deaf           moment // why what the server answers is thrown away; zero: it is not
}

func (l *link) up() {
	buffer := make([]byte, 1<<20)
	for {
		n, err := l.client.Read(buffer)
		if err != nil {
			_ = l.server.Close()
			return
		}
		switch l.p.take(buffer[:n]) {
		case beforeServer:
			_ = l.client.Close()
			_ = l.server.Close()
			return
		case afterServer:
			l.turnDeaf(afterServer)
			_, _ = l.server.Write(buffer[:n])
			return
		case overtaken:
			_ = l.client.Close()
			<-l.p.late
			l.turnDeaf(overtaken)
			_, _ = l.server.Write(buffer[:n])
			return
		default:
			_, _ = l.server.Write(buffer[:n])
		}
	}
}

// take tells what is to be done with what a client sent.
func (p *proxy) take(sent []byte) moment {
	p.mu.Lock()
	defer p.mu.Unlock()
	at := p.when
	if at == 0 || !bytes.Contains(sent, marker) {
		return 0
	}
	p.when = 0
	return at
}

func (l *link) turnDeaf(why moment) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.deaf = why
}

func (l *link) down() {
	buffer := make([]byte, 1<<16)
	for {
		n, err := l.server.Read(buffer)
		if err != nil {
			_ = l.client.Close()
			return
		}
		l.mu.Lock()
		deaf := l.deaf
		l.mu.Unlock()
		switch deaf {
		case afterServer: // it has answered: it has committed
			_ = l.client.Close()
		case overtaken:
			close(l.p.arrived)
			return
		default:
			_, _ = l.client.Write(buffer[:n])
		}
	}
}

func cutRec(name string, n int) app.Record {
	r := rec(name, n)
	r.Type = string(marker)
	return r
}

// However a connection is cut in the middle of an append, the append is acknowledged and there once.
func TestAnAppendThatIsCutOffIsThereOnce(t *testing.T) {
	database := pgtest.Start(t)
	u, err := url.Parse(database)
	if err != nil {
		t.Fatal(err)
	}
	p := newProxy(t, u.Host)
	s := open(t, p.url(t, database), Options{})
	version := mustAppend(t, s, "a", 0, rec("a", 1)).Version
	for i, at := range []moment{beforeServer, afterServer, beforeServer, overtaken, afterServer} {
		p.cut(at)
		got := mustAppend(t, s, "a", version, cutRec("a", 10*i+2), cutRec("a", 10*i+3))
		if version += 2; got.Version != version {
			t.Fatalf("cut %d: acknowledged as %+v, want version %d", at, got, version)
		}
		if at == overtaken {
			close(p.late)
			<-p.arrived
		}
		got = mustAppend(t, s, "a", version, rec("a", 10*i+4))
		if version++; got.Version != version {
			t.Fatalf("after cut %d: acknowledged as %+v, want version %d", at, got, version)
		}
		all := wantVersions(t, s, map[string]uint64{"a": version})
		if len(all) != int(version) || all[version-2].ID != cutRec("a", 10*i+3).ID {
			t.Fatalf("after cut %d there are %d records, want %d", at, len(all), version)
		}
	}
}

// Callers of one batch are answered each for itself when it is decided anew: what is refused stays refused.
func TestAConflictInABatchThatIsCutOffStaysOne(t *testing.T) {
	database := pgtest.Start(t)
	u, err := url.Parse(database)
	if err != nil {
		t.Fatal(err)
	}
	p := newProxy(t, u.Host)
	in, out := make(chan struct{}), make(chan struct{})
	var once sync.Once
	s := open(t, p.url(t, database), Options{OnCommit: func(commits.Batch) {
		once.Do(func() {
			close(in)
			<-out
		})
	}})
	mustAppend(t, s, "a", 0, rec("a", 1))
	<-in
	put := func(stream string, expected uint64, r app.Record) <-chan error {
		before, done := s.Queue(), make(chan error, 1)
		go func() { done <- second(s.Append(context.Background(), stream, expected, []app.Record{r})) }()
		for s.Queue() == before {
			time.Sleep(50 * time.Microsecond) // polls a length; nothing depends on how long
		}
		return done
	}
	wins, loses, other := put("a", 1, cutRec("a", 2)), put("a", 1, rec("a", 9)), put("b", 0, rec("b", 1))
	p.cut(afterServer)
	close(out)
	if err := errors.Join(<-wins, <-other); err != nil {
		t.Fatal(err)
	}
	wantConflict(t, <-loses, 1, 2)
	wantVersions(t, s, map[string]uint64{"a": 2, "b": 1})
}

// The tail of a cut listener comes back, and tells what was committed meanwhile.
func TestAListenerThatIsCutOffComesBack(t *testing.T) {
	database := pgtest.Start(t)
	a, b := open(t, database, Options{}), open(t, database, Options{})
	for n := range 5 {
		run(t, raw(t, database), `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE datname = current_database() AND query LIKE 'SELECT coalesce(max(position)%' AND pid <> pg_backend_pid()`)
		head := mustAppend(t, a, "a", uint64(n), rec("a", n)).Position
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		for {
			err := b.Wait(ctx, head-1)
			if err == nil {
				break
			}
			if e, ok := fault.As(err); !ok || e.Code != "log_unreachable" {
				t.Fatal(err)
			}
			time.Sleep(time.Millisecond)
		}
		cancel()
	}
}
