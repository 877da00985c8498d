package esdbtest

import (
	"math"
	"slices"
	"strings"

	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"github.com/google/uuid"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// Read implements the call of that name: pages of a stream or of $all, and subscriptions to $all.
func (x *streamsService) Read(req *streams.ReadReq, out streams.Streams_ReadServer) error {
	o := req.GetOptions()
	if o.GetFilter() != nil {
		return status.Error(codes.Unimplemented, "filters are not here")
	}
	if o.GetSubscription() != nil {
		if o.GetAll() == nil {
			return status.Error(codes.Unimplemented, "subscriptions are to $all here")
		}
		return x.subscribe(o.GetAll(), out)
	}
	events, err := x.server.pageOf(o)
	if err != nil {
		return err
	}
	if events == nil {
		name := o.GetStream().GetStreamIdentifier()
		return out.Send(&streams.ReadResp{Content: &streams.ReadResp_StreamNotFound_{StreamNotFound: &streams.ReadResp_StreamNotFound{StreamIdentifier: name}}})
	}
	cut := int(x.server.faults.cut.Load())
	for i, e := range *events {
		if cut > 0 && i == cut {
			return status.Error(codes.Unavailable, "cut")
		}
		if err := out.Send(x.server.wire(e, o.GetAll() != nil)); err != nil {
			return err
		}
	}
	return nil
}

// pageOf is what a read asks for; nil where there is no such stream.
func (s *Server) pageOf(o *streams.ReadReq_Options) (*[]*event, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	backwards := o.GetReadDirection() == streams.ReadReq_Options_Backwards
	if all := o.GetAll(); all != nil {
		from, err := s.index(all, backwards)
		if err != nil {
			return nil, err
		}
		events := page(s.all, from, o.GetCount(), backwards)
		return &events, nil
	}
	there := s.streams[string(o.GetStream().GetStreamIdentifier().GetStreamName())]
	if there == nil {
		return nil, nil
	}
	from := 0
	switch v := o.GetStream().GetRevisionOption().(type) {
	case *streams.ReadReq_Options_StreamOptions_End:
		from = len(there)
	case *streams.ReadReq_Options_StreamOptions_Revision:
		from = int(min(v.Revision, math.MaxInt32))
		if backwards {
			from++
		}
	}
	events := page(there, from, o.GetCount(), backwards)
	return &events, nil
}

// index is where a read of $all begins. A position is one of an event, or the server does not take it: a real one
// would look for a record in the middle of another. Forwards the event there is given again, backwards it is not.
func (s *Server) index(all *streams.ReadReq_Options_AllOptions, backwards bool) (int, error) {
	switch v := all.GetAllOption().(type) {
	case *streams.ReadReq_Options_AllOptions_End:
		return len(s.all), nil
	case *streams.ReadReq_Options_AllOptions_Position:
		commit := v.Position.GetCommitPosition()
		i, found := slices.BinarySearchFunc(s.all, commit, func(e *event, at uint64) int {
			switch {
			case e.place < at:
				return -1
			case e.place > at:
				return 1
			default:
				return 0
			}
		})
		if !found && commit != s.end {
			return 0, status.Errorf(codes.Unknown, "there is no record at %d", commit)
		}
		return i, nil
	default:
		if backwards {
			return 0, nil
		}
		return 0, nil
	}
}

// subscribe gives all that comes after a place, until the caller or the server ends it.
func (x *streamsService) subscribe(all *streams.ReadReq_Options_AllOptions, out streams.Streams_ReadServer) error {
	s := x.server
	s.mu.Lock()
	next, err := s.index(all, false)
	if p := all.GetPosition(); p != nil && next < len(s.all) && s.all[next].place == p.GetCommitPosition() {
		next++ // a subscription begins behind its place
	}
	s.mu.Unlock()
	if err != nil {
		return err
	}
	if err := out.Send(&streams.ReadResp{Content: &streams.ReadResp_Confirmation{Confirmation: &streams.ReadResp_SubscriptionConfirmation{SubscriptionId: uuid.NewString()}}}); err != nil {
		return err
	}
	for told := false; ; {
		s.mu.Lock()
		events, changed := slices.Clone(s.all[next:]), s.changed
		s.mu.Unlock()
		for _, e := range events {
			if err := out.Send(s.wire(e, true)); err != nil {
				return err
			}
		}
		next += len(events)
		if !told {
			told = true
			if err := out.Send(&streams.ReadResp{Content: &streams.ReadResp_CaughtUp_{CaughtUp: &streams.ReadResp_CaughtUp{}}}); err != nil {
				return err
			}
		}
		select {
		case <-changed:
		case <-out.Context().Done():
			return out.Context().Err()
		}
	}
}

// wire is the event as it is sent.
func (s *Server) wire(e *event, all bool) *streams.ReadResp {
	recorded := &streams.ReadResp_ReadEvent_RecordedEvent{
		Id: toWire(e.id), StreamIdentifier: &shared.StreamIdentifier{StreamName: []byte(e.stream)}, StreamRevision: e.revision,
		PreparePosition: e.place, CommitPosition: e.place, Metadata: e.system, CustomMetadata: e.custom, Data: e.data,
	}
	out := &streams.ReadResp_ReadEvent{Event: recorded, Position: &streams.ReadResp_ReadEvent_CommitPosition{CommitPosition: e.place}}
	if !all && s.faults.noPosition.Load() {
		recorded.PreparePosition, recorded.CommitPosition = math.MaxUint64, math.MaxUint64
		out.Position = &streams.ReadResp_ReadEvent_NoPosition{NoPosition: &shared.Empty{}}
	}
	return &streams.ReadResp{Content: &streams.ReadResp_Event{Event: out}}
}

// Spoil gives every event of the stream a time of creation that cannot be read.
func (s *Server) Spoil(stream string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, e := range s.streams[stream] {
		system := map[string]string{}
		for k, v := range e.system {
			system[k] = v
		}
		system["created"] = strings.Repeat("x", 4)
		e.system = system
	}
}
