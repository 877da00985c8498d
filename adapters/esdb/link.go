package esdb

import (
	"context"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
	"sync"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/gossip"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/serverfeatures"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/status"
	"gridward/app/commits"
)

// maxMessage bounds one message from the server: an append of 16 MiB and what is around it.
const maxMessage = 17 << 20

// link is the way to the server: one connection to one node, found when it is needed and given up when it fails.
// Whoever waits for it waits no longer than its own context. It is safe for concurrent use.
type link struct {
	c       *config
	options []grpc.DialOption
	ctx     context.Context // ends with close
	stop    context.CancelFunc

	mu      sync.Mutex
	conn    *grpc.ClientConn // nil until found, and after it failed
	search  *search          // under way, or nil
	leader  string           // what a follower said last
	closed  bool
	running sync.WaitGroup
}

// search is one look for a node.
type search struct {
	done chan struct{}
	conn *grpc.ClientConn
	err  error
}

func newLink(c *config) (*link, error) {
	l := &link{c: c}
	transport := insecure.NewCredentials()
	if !c.DisableTLS {
		config := &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: c.RootCAs, InsecureSkipVerify: c.SkipCertificateVerification} //nolint:gosec // tlsVerifyCert=false asks for it
		if c.UserCertFile != "" {
			cert, err := tls.LoadX509KeyPair(c.UserCertFile, c.UserKeyFile)
			if err != nil {
				return nil, fmt.Errorf("the certificate of userCertFile and userKeyFile: %w", err)
			}
			config.Certificates = []tls.Certificate{cert}
		}
		transport = credentials.NewTLS(config)
	}
	l.options = []grpc.DialOption{grpc.WithTransportCredentials(transport), grpc.WithDisableServiceConfig(), grpc.WithContextDialer(dial),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(maxMessage))}
	if c.Username != "" && !c.DisableTLS { // never in clear text
		l.options = append(l.options, grpc.WithPerRPCCredentials(basic{c.Username, c.Password}))
	}
	if c.KeepAliveInterval > 0 {
		l.options = append(l.options, grpc.WithKeepaliveParams(keepalive.ClientParameters{
			Time: max(c.KeepAliveInterval, 10*time.Second), Timeout: c.KeepAliveTimeout, PermitWithoutStream: true}))
	}
	l.ctx, l.stop = context.WithCancel(context.Background()) //nolint:gosec // close calls it
	return l, nil
}

// dial connects so that what was not sent when the connection is given up is never sent: else the system would go on
// trying for a minute, and an append that was given up could come behind those of another node.
func dial(ctx context.Context, address string) (net.Conn, error) {
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		err = tcp.SetLinger(0)
	}
	if err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return conn, nil
}

// basic is a user and a password with every call.
type basic struct{ user, password string }

// GetRequestMetadata implements credentials.PerRPCCredentials.
func (b basic) GetRequestMetadata(context.Context, ...string) (map[string]string, error) {
	return map[string]string{"authorization": "Basic " + base64.StdEncoding.EncodeToString([]byte(b.user+":"+b.password))}, nil
}

// RequireTransportSecurity implements credentials.PerRPCCredentials.
func (basic) RequireTransportSecurity() bool { return true }

// get gives the connection, and looks for a node if there is none. Many callers share one look.
func (l *link) get(ctx context.Context) (*grpc.ClientConn, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	l.mu.Lock()
	if l.closed {
		l.mu.Unlock()
		return nil, commits.Closed()
	}
	if l.conn != nil {
		defer l.mu.Unlock()
		return l.conn, nil
	}
	s := l.search
	if s == nil {
		s = &search{done: make(chan struct{})}
		l.search = s
		leader := l.leader
		l.leader = ""
		l.running.Go(func() { l.run(s, leader) })
	}
	l.mu.Unlock()
	select {
	case <-s.done:
		return s.conn, s.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (l *link) run(s *search, leader string) {
	conn, err := l.look(leader)
	l.mu.Lock()
	defer l.mu.Unlock()
	if err == nil && l.closed {
		_ = conn.Close() // nobody has seen it
		conn, err = nil, commits.Closed()
	}
	s.conn, s.err = conn, err
	l.conn, l.search = conn, nil
	close(s.done)
}

// drop gives up a connection that failed, unless somebody did before; the next caller looks for a node, first where
// a follower said that the leader is.
func (l *link) drop(conn *grpc.ClientConn, leader string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.conn != conn || conn == nil {
		return
	}
	l.conn, l.leader = nil, leader
	_ = conn.Close() // whoever still uses it sees that it broke
}

// cut gives up the connection there is, with all that is on its way.
func (l *link) cut() {
	l.mu.Lock()
	conn := l.conn
	l.mu.Unlock()
	l.drop(conn, "")
}

// close ends everything that is under way, and waits for it.
func (l *link) close() {
	l.mu.Lock()
	l.closed = true
	conn := l.conn
	l.conn = nil
	l.mu.Unlock()
	l.stop()
	if conn != nil {
		_ = conn.Close()
	}
	l.running.Wait()
}

// look tries every address once, and gives a connection to a node that has answered.
func (l *link) look(leader string) (*grpc.ClientConn, error) {
	var failed error
	if leader != "" {
		conn, err := l.try(leader, false)
		if err == nil {
			return conn, nil
		}
		failed = err
	}
	for _, address := range l.c.candidates() {
		conn, err := l.try(address, l.c.cluster())
		if err == nil {
			return conn, nil
		}
		failed = err
		if l.ctx.Err() != nil {
			break
		}
	}
	return nil, failed
}

// try connects to the address, or to the node of its cluster that is to be asked.
func (l *link) try(address string, ask bool) (*grpc.ClientConn, error) {
	ctx, cancel := context.WithTimeout(l.ctx, time.Duration(l.c.GossipTimeout)*time.Second)
	defer cancel()
	conn, err := grpc.NewClient(address, l.options...)
	if err != nil {
		return nil, err
	}
	if ask {
		chosen, err := l.ask(ctx, conn)
		if err != nil {
			return nil, errors.Join(err, conn.Close())
		}
		if chosen != address {
			_ = conn.Close() // it was only asked
			if conn, err = grpc.NewClient(chosen, l.options...); err != nil {
				return nil, err
			}
		}
	}
	_, err = serverfeatures.NewServerFeaturesClient(conn).GetSupportedMethods(ctx, &shared.Empty{})
	switch status.Code(err) {
	case codes.OK, codes.Unimplemented, codes.NotFound: // it answers: that is what was to be known
		return conn, nil
	default:
		return nil, errors.Join(err, conn.Close())
	}
}

// ask finds out by gossip which node to use.
func (l *link) ask(ctx context.Context, conn *grpc.ClientConn) (string, error) {
	info, err := gossip.NewGossipClient(conn).Read(ctx, &shared.Empty{})
	if err != nil {
		return "", err
	}
	best, rank := (*gossip.MemberInfo)(nil), len(states)
	members := info.GetMembers()
	rand.Shuffle(len(members), func(i, j int) { members[i], members[j] = members[j], members[i] }) //nolint:gosec // only spreads the load
	for _, m := range members {
		if r := l.rank(m); r < rank && m.GetHttpEndPoint() != nil {
			best, rank = m, r
		}
	}
	if best == nil {
		return "", errors.New("no node of the cluster is ready")
	}
	e := best.GetHttpEndPoint()
	return net.JoinHostPort(e.GetAddress(), strconv.Itoa(int(e.GetPort()))), nil
}

// states are those of a node that can be asked, the best for a log first.
var states = []gossip.MemberInfo_VNodeState{gossip.MemberInfo_Leader, gossip.MemberInfo_Follower,
	gossip.MemberInfo_ReadOnlyReplica, gossip.MemberInfo_PreReadOnlyReplica, gossip.MemberInfo_ReadOnlyLeaderless}

// rank is how good a member is: the lower the better, len(states) if it is of no use.
func (l *link) rank(m *gossip.MemberInfo) int {
	if !m.GetIsAlive() {
		return len(states)
	}
	for i, s := range states {
		if s != m.GetState() {
			continue
		}
		switch l.c.NodePreference {
		case esdb.NodePreferenceLeader: // as they are listed
		case esdb.NodePreferenceRandom:
			return 0
		case esdb.NodePreferenceFollower:
			if s == gossip.MemberInfo_Follower {
				return -1
			}
		case esdb.NodePreferenceReadOnlyReplica:
			if i >= 2 {
				return i - len(states)
			}
		}
		return i
	}
	return len(states)
}
