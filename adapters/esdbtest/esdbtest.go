// Package esdbtest is an EventStoreDB server for tests: in this process, in memory, and on a real port with the real
// protocol, as far as the client of v4.2.0 and the adapter speak it. It stands in for a server in what the protocol
// promises and in what the server is known to do (idempotent appends, positions that jump, system events among the
// others), and it can be made to fail. It is no proof of how a real server behaves; that is what ESDB_URL is for.
package esdbtest

import (
	"crypto/tls"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/gossip"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/serverfeatures"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/keepalive"
)

// Options are what a server is started with.
type Options struct {
	Clock    func() time.Time // stamps what the server itself stamps; default the machine's
	TLS      bool             // with a certificate made for the test, for 127.0.0.1
	User     string           // over TLS: who may come in; everybody if empty
	Password string
	Max      int // bytes of data in one append; default 1 MiB, as the real server

	Took time.Duration // before an append is answered, as a disk and other nodes take time
}

// Server is one node. Its data live as long as it does, also while it is stopped. It is safe for concurrent use.
type Server struct {
	*data
	o      Options
	ca     string // the file of the certificate, "" without TLS
	cert   *tls.Config
	addr   string
	faults faults

	running sync.Mutex // guards the two below
	grpc    *grpc.Server
	conns   *connections
}

// data is what a cluster has.
type data struct {
	mu      sync.Mutex
	all     []*event
	streams map[string][]*event
	end     uint64        // the place the next event gets
	changed chan struct{} // closed and replaced whenever all grows
}

// Start starts a server, and ends it with the test.
func Start(t testing.TB, o Options) *Server {
	t.Helper()
	d := &data{streams: map[string][]*event{}, changed: make(chan struct{}), end: firstPlace}
	s := start(t, o, d)
	s.Put("$scavenges", "$scavengeIndexInitialized", []byte("{}"), nil)
	return s
}

// Join starts another node of the server's cluster: it has the same data at every instant, and follows.
func (s *Server) Join(t testing.TB) *Server {
	t.Helper()
	other := start(t, s.o, s.data)
	other.Follow(s.addr)
	return other
}

func start(t testing.TB, o Options, d *data) *Server {
	t.Helper()
	if o.Clock == nil {
		o.Clock = time.Now
	}
	if o.Max == 0 {
		o.Max = 1 << 20
	}
	s := &Server{o: o, data: d, addr: "127.0.0.1:0"}
	s.faults.release = make(chan struct{})
	if o.TLS {
		pem, config, err := certificate()
		if err != nil {
			t.Fatal(err)
		}
		s.ca, s.cert = filepath.Join(t.TempDir(), "ca.pem"), config
		if err := os.WriteFile(s.ca, pem, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s.Run(t)
	t.Cleanup(s.Stop)
	return s
}

// Run starts the server again where it was, after Stop.
func (s *Server) Run(t testing.TB) {
	t.Helper()
	s.running.Lock()
	defer s.running.Unlock()
	if s.grpc != nil {
		return
	}
	listener, err := listen(s.addr)
	if err != nil {
		t.Fatal(err)
	}
	s.addr = listener.Addr().String()
	var options []grpc.ServerOption
	if s.cert != nil {
		options = append(options, grpc.Creds(credentials.NewTLS(s.cert)))
	}
	s.conns = &connections{Listener: listener, faults: &s.faults}
	s.grpc = grpc.NewServer(append(options, grpc.MaxConcurrentStreams(100),
		grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{MinTime: time.Second, PermitWithoutStream: true}),
		grpc.StreamInterceptor(s.streamed), grpc.UnaryInterceptor(s.asked))...)
	streams.RegisterStreamsServer(s.grpc, &streamsService{server: s})
	gossip.RegisterGossipServer(s.grpc, &gossipService{server: s})
	serverfeatures.RegisterServerFeaturesServer(s.grpc, featuresService{})
	go func(g *grpc.Server, l net.Listener) { _ = g.Serve(l) }(s.grpc, s.conns) // ends with Stop
}

// listen waits for a port that the server had before: it may not be free at once.
func listen(addr string) (net.Listener, error) {
	for tries := 0; ; tries++ {
		l, err := net.Listen("tcp", addr) //nolint:noctx // it is there at once or not
		if err == nil || tries == 100 {
			return l, err
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// Stop ends the server as a kill would: its connections break, its port refuses, its data stay.
func (s *Server) Stop() {
	s.running.Lock()
	defer s.running.Unlock()
	if s.grpc != nil {
		s.Flow()
		s.grpc.Stop()
		s.grpc = nil
	}
}

// Addr is host and port.
func (s *Server) Addr() string { return s.addr }

// URL is the connection string, with everything that is needed; more of the query may be added to it.
func (s *Server) URL() string { return s.url("esdb") }

// ClusterURL is the connection string that finds the node by gossip.
func (s *Server) ClusterURL() string { return s.url("esdb+discover") }

func (s *Server) url(scheme string) string {
	if s.ca == "" {
		return fmt.Sprintf("%s://%s?tls=false", scheme, s.addr)
	}
	user := ""
	if s.o.User != "" {
		user = url.UserPassword(s.o.User, s.o.Password).String() + "@"
	}
	return fmt.Sprintf("%s://%s%s?tlsCAFile=%s", scheme, user, s.addr, s.ca)
}
