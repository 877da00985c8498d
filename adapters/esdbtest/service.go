package esdbtest

import (
	"context"
	"encoding/base64"
	"errors"
	"io"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/gossip"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/serverfeatures"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"github.com/google/uuid"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// allowed says whether the caller may come in.
func (s *Server) allowed(ctx context.Context) error {
	if s.o.User == "" {
		return nil
	}
	md, _ := metadata.FromIncomingContext(ctx)
	want := "Basic " + base64.StdEncoding.EncodeToString([]byte(s.o.User+":"+s.o.Password))
	for _, got := range md.Get("authorization") {
		if got == want {
			return nil
		}
	}
	return status.Error(codes.Unauthenticated, "Unauthenticated")
}

// stalls keeps a call that is not to be answered.
func (s *Server) stalls(ctx context.Context) error {
	released := s.faults.released()
	if !s.faults.stalled.Load() {
		return nil
	}
	select {
	case <-released:
		return status.Error(codes.Unavailable, "released")
	case <-ctx.Done():
		return ctx.Err()
	}
}

// asked stands before the calls that have one question and one answer: gossip and features are for everybody.
func (s *Server) asked(ctx context.Context, req any, _ *grpc.UnaryServerInfo, next grpc.UnaryHandler) (any, error) {
	if err := s.stalls(ctx); err != nil {
		return nil, err
	}
	return next(ctx, req)
}

func (s *Server) streamed(srv any, stream grpc.ServerStream, _ *grpc.StreamServerInfo, next grpc.StreamHandler) error {
	ctx := stream.Context()
	if err := errors.Join(s.stalls(ctx), s.allowed(ctx)); err != nil {
		return err
	}
	md, _ := metadata.FromIncomingContext(ctx)
	if leader, _ := s.faults.follower.Load().(string); leader != "" && len(md.Get("requires-leader")) > 0 {
		host, port, err := net.SplitHostPort(leader)
		if err != nil {
			return err
		}
		stream.SetTrailer(metadata.Pairs("exception", "not-leader", "leader-endpoint-host", host, "leader-endpoint-port", port))
		return status.Error(codes.NotFound, "Leader info available")
	}
	return next(srv, stream)
}

type streamsService struct {
	streams.UnimplementedStreamsServer
	server *Server
}

// Append implements the call of that name.
func (x *streamsService) Append(stream streams.Streams_AppendServer) error {
	s := x.server
	first, err := stream.Recv()
	if err != nil {
		return err
	}
	options := first.GetOptions()
	if options == nil {
		return status.Error(codes.InvalidArgument, "no options")
	}
	var events []proposed
	for size := 0; ; {
		m, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		p := m.GetProposedMessage()
		if size += len(p.GetData()); size > s.o.Max {
			stream.SetTrailer(metadata.Pairs("exception", "maximum-append-size-exceeded", "maximum-append-size", strconv.Itoa(s.o.Max)))
			return status.Errorf(codes.InvalidArgument, "Maximum Append Size of %d Exceeded.", s.o.Max)
		}
		if p.GetMetadata()["type"] == "" || p.GetMetadata()["content-type"] == "" {
			stream.SetTrailer(metadata.Pairs("exception", "missing-required-metadata-property"))
			return status.Error(codes.InvalidArgument, "Required Metadata Property is missing")
		}
		events = append(events, proposed{id: fromWire(p.GetId()), system: p.GetMetadata(), custom: p.GetCustomMetadata(), data: p.GetData()})
	}
	if refuse, _ := s.faults.refuse.Load().(*error); refuse != nil && *refuse != nil {
		return *refuse
	}
	if s.faults.drop.Add(-1) >= 0 {
		s.Break()
		return status.Error(codes.Unavailable, "broken")
	}
	want := expected(options)
	if want.any || want.exists {
		s.faults.unguarded.Add(1)
	}
	if s.o.Took > 0 {
		time.Sleep(s.o.Took)
	}
	done := s.append(string(options.GetStreamIdentifier().GetStreamName()), want, events)
	if s.faults.lose.Add(-1) >= 0 {
		s.Break()
		return status.Error(codes.Unavailable, "broken")
	}
	if refuse, _ := s.faults.repeats.Load().(*error); done.again && refuse != nil && *refuse != nil {
		return *refuse
	}
	return stream.SendAndClose(answer(want, done))
}

func expected(o *streams.AppendReq_Options) expectation {
	switch v := o.GetExpectedStreamRevision().(type) {
	case *streams.AppendReq_Options_Revision:
		return expectation{revision: v.Revision}
	case *streams.AppendReq_Options_NoStream:
		return expectation{none: true}
	case *streams.AppendReq_Options_StreamExists:
		return expectation{exists: true}
	default:
		return expectation{any: true}
	}
}

func answer(want expectation, done outcome) *streams.AppendResp {
	if done.wrong {
		w := &streams.AppendResp_WrongExpectedVersion{CurrentRevisionOption: &streams.AppendResp_WrongExpectedVersion_CurrentRevision{CurrentRevision: done.revision}}
		if done.empty {
			w.CurrentRevisionOption = &streams.AppendResp_WrongExpectedVersion_CurrentNoStream{CurrentNoStream: &shared.Empty{}}
		}
		switch {
		case want.none:
			w.ExpectedRevisionOption = &streams.AppendResp_WrongExpectedVersion_ExpectedNoStream{ExpectedNoStream: &shared.Empty{}}
		case want.exists:
			w.ExpectedRevisionOption = &streams.AppendResp_WrongExpectedVersion_ExpectedStreamExists{ExpectedStreamExists: &shared.Empty{}}
		default:
			w.ExpectedRevisionOption = &streams.AppendResp_WrongExpectedVersion_ExpectedRevision{ExpectedRevision: want.revision}
		}
		return &streams.AppendResp{Result: &streams.AppendResp_WrongExpectedVersion_{WrongExpectedVersion: w}}
	}
	ok := &streams.AppendResp_Success{
		CurrentRevisionOption: &streams.AppendResp_Success_CurrentRevision{CurrentRevision: done.revision},
		PositionOption:        &streams.AppendResp_Success_Position{Position: &streams.AppendResp_Position{CommitPosition: done.place, PreparePosition: done.place}},
	}
	if done.placeless {
		ok.PositionOption = &streams.AppendResp_Success_NoPosition{NoPosition: &shared.Empty{}}
	}
	if done.empty {
		ok.CurrentRevisionOption = &streams.AppendResp_Success_NoStream{NoStream: &shared.Empty{}}
	}
	return &streams.AppendResp{Result: &streams.AppendResp_Success_{Success: ok}}
}

func fromWire(id *shared.UUID) uuid.UUID {
	if x := id.GetStructured(); x != nil {
		var out uuid.UUID
		for i := range 8 {
			out[i] = byte(uint64(x.MostSignificantBits) >> (56 - 8*i))
			out[8+i] = byte(uint64(x.LeastSignificantBits) >> (56 - 8*i))
		}
		return out
	}
	out, err := uuid.Parse(id.GetString_())
	if err != nil {
		return uuid.Nil
	}
	return out
}

func toWire(id uuid.UUID) *shared.UUID {
	var most, least uint64
	for i := range 8 {
		most, least = most<<8|uint64(id[i]), least<<8|uint64(id[8+i])
	}
	return &shared.UUID{Value: &shared.UUID_Structured_{Structured: &shared.UUID_Structured{
		MostSignificantBits: int64(most), LeastSignificantBits: int64(least)}}}
}

type gossipService struct {
	gossip.UnimplementedGossipServer
	server *Server
}

// Read implements the call of that name: this node, and the leader if it is another one.
func (x *gossipService) Read(context.Context, *shared.Empty) (*gossip.ClusterInfo, error) {
	leader, _ := x.server.faults.follower.Load().(string)
	var out gossip.ClusterInfo
	for _, addr := range []string{x.server.addr, leader} {
		host, portText, ok := strings.Cut(addr, ":")
		if !ok {
			continue
		}
		port, err := strconv.ParseUint(portText, 10, 16)
		if err != nil {
			return nil, err
		}
		state := gossip.MemberInfo_Leader
		if leader != "" && addr == x.server.addr {
			state = gossip.MemberInfo_Follower
		}
		out.Members = append(out.Members, &gossip.MemberInfo{InstanceId: toWire(uuid.NewSHA1(uuid.Nil, []byte(addr))), State: state, IsAlive: true,
			HttpEndPoint: &gossip.EndPoint{Address: host, Port: uint32(port)}})
	}
	return &out, nil
}

type featuresService struct {
	serverfeatures.UnimplementedServerFeaturesServer
}

// GetSupportedMethods implements the call of that name.
func (featuresService) GetSupportedMethods(context.Context, *shared.Empty) (*serverfeatures.SupportedMethods, error) {
	const service = "event_store.client.streams.streams"
	return &serverfeatures.SupportedMethods{EventStoreServerVersion: "23.10.0", Methods: []*serverfeatures.SupportedMethod{
		{MethodName: "append", ServiceName: service}, {MethodName: "read", ServiceName: service, Features: []string{"stream", "all"}},
	}}, nil
}
