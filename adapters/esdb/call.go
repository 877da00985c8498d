package esdb

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/shared"
	"github.com/EventStore/EventStore-Client-Go/v4/protos/streams"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"gridward/domain/fault"
)

// What the server writes behind a call that it refuses.
const (
	trailerException = "exception"
	notLeader        = "not-leader"
	wrongVersion     = "wrong-expected-version"
	tooLarge         = "maximum-append-size-exceeded"
	noStream         = "stream-not-found"
)

var (
	// errVersion says that the stream is not at the expected version.
	errVersion = errors.New("the stream is at another version")
	// errNoStream says that there is no such stream.
	errNoStream = errors.New("there is no such stream")
)

// errBroken says that a call did not come to its end: the connection broke, no answer came in time, the node is no
// leader. It may be worth another attempt.
type errBroken struct {
	cause error
	sent  bool // of an append: the server may have kept it
	said  bool // the server itself said no more than that it failed
	away  bool // there was no node to call
}

func (e *errBroken) Error() string { return "the call broke: " + e.cause.Error() }
func (e *errBroken) Unwrap() error { return e.cause }

// root is the innermost error that has a status of the server.
func root(err error) error {
	var s interface{ GRPCStatus() *status.Status }
	if errors.As(err, &s) {
		return s.GRPCStatus().Err()
	}
	return err
}

// leads has the call go to the leader only, unless the connection string prefers another node: what is not at the
// leader may be older than what was acknowledged.
func (l *link) leads(ctx context.Context) context.Context {
	if l.c.NodePreference == esdb.NodePreferenceLeader {
		return metadata.AppendToOutgoingContext(ctx, "requires-leader", "true")
	}
	return ctx
}

// failed is what became of a call that the server or the connection ended. ctx is the caller's, not the call's.
func (l *link) failed(ctx context.Context, conn *grpc.ClientConn, err error, trailer metadata.MD) error {
	if ctx.Err() != nil {
		return &errBroken{cause: ctx.Err()}
	}
	exception := first(trailer, trailerException)
	switch {
	case exception == notLeader:
		leader := ""
		if host, port := first(trailer, "leader-endpoint-host"), first(trailer, "leader-endpoint-port"); host != "" && port != "" {
			leader = host + ":" + port
		}
		l.drop(conn, leader)
		return &errBroken{cause: err}
	case exception == wrongVersion:
		return errVersion
	case exception == noStream:
		return errNoStream
	case exception == tooLarge, status.Code(err) == codes.ResourceExhausted:
		e := fault.New(fault.Invalid, "log_append_too_large", "nothing was written: it is more than the log's server takes at once")
		e.Cause = err
		return e
	}
	switch status.Code(err) {
	case codes.Unauthenticated, codes.PermissionDenied, codes.InvalidArgument, codes.FailedPrecondition, codes.NotFound,
		codes.AlreadyExists, codes.OutOfRange, codes.Unimplemented:
		return err // it said no
	case codes.Unknown, codes.Internal, codes.DataLoss:
		return &errBroken{cause: err, sent: true, said: true}
	default: // of Aborted too nobody knows the outcome: the nodes did not agree in time, and may still
		l.drop(conn, "")
		return &errBroken{cause: err, sent: true}
	}
}

func first(md metadata.MD, key string) string {
	if v := md.Get(key); len(v) > 0 {
		return v[0]
	}
	return ""
}

// placed is what the server says about an append that it took, or had taken before.
type placed struct {
	position uint64
	known    bool // there is a position
}

// append sends one append, and gives up after the time one may take. Errors: errVersion, a *fault.Error or a status
// if the server said no, *errBroken else.
func (l *link) append(ctx context.Context, stream string, expected uint64, events []*streams.AppendReq_ProposedMessage) (placed, error) {
	conn, err := l.get(ctx)
	if err != nil {
		return placed{}, &errBroken{cause: err, away: true}
	}
	calling, cancel := context.WithTimeout(l.leads(ctx), l.c.call)
	defer cancel()
	call, err := streams.NewStreamsClient(conn).Append(calling, grpc.MaxRetryRPCBufferSize(0)) // see finish
	if err != nil {
		l.drop(conn, "")
		return placed{}, &errBroken{cause: err}
	}
	err = call.Send(&streams.AppendReq{Content: &streams.AppendReq_Options_{Options: appendOptions(stream, expected)}})
	for i := 0; err == nil && i < len(events); i++ {
		err = call.Send(&streams.AppendReq{Content: &streams.AppendReq_ProposedMessage_{ProposedMessage: events[i]}})
	}
	if err != nil && !errors.Is(err, io.EOF) { // it takes an append only when its end was sent
		l.drop(conn, "")
		return placed{}, &errBroken{cause: err}
	}
	got, err := finish(call, err == nil)
	if err != nil {
		if broken := new(errBroken); ctx.Err() != nil {
			broken.cause, broken.sent = ctx.Err(), true
			return placed{}, broken
		}
		return placed{}, l.failed(ctx, conn, err, call.Trailer())
	}
	switch r := got.GetResult().(type) {
	case *streams.AppendResp_Success_:
		p, ok := r.Success.GetPositionOption().(*streams.AppendResp_Success_Position)
		if !ok {
			return placed{}, nil
		}
		return placed{p.Position.GetCommitPosition(), true}, nil
	case *streams.AppendResp_WrongExpectedVersion_:
		return placed{}, errVersion
	default:
		return placed{}, &errBroken{cause: fmt.Errorf("an append was answered by %T", r), sent: true, said: true}
	}
}

// finish ends an append of which everything was sent, and waits for the answer. After a message that could not be sent
// the end must not be: gRPC keeps what was sent of a call and, if the server cannot have seen it, begins it again on
// another connection without telling anybody. It does so also for one that was broken off, and the server would take the
// beginning of an append for the whole. So the call keeps nothing either.
func finish(call streams.Streams_AppendClient, sent bool) (*streams.AppendResp, error) {
	if sent {
		return call.CloseAndRecv()
	}
	got := new(streams.AppendResp)
	return got, call.RecvMsg(got)
}

// appendOptions always names the version the stream is to have: an append without one goes anywhere.
func appendOptions(stream string, expected uint64) *streams.AppendReq_Options {
	o := &streams.AppendReq_Options{
		StreamIdentifier:       &shared.StreamIdentifier{StreamName: []byte(stream)},
		ExpectedStreamRevision: &streams.AppendReq_Options_NoStream{NoStream: &shared.Empty{}},
	}
	if expected > 0 {
		o.ExpectedStreamRevision = &streams.AppendReq_Options_Revision{Revision: expected - 1}
	}
	return o
}

// read sends one read, and gives each event to take until that wants no more. It comes to its end or is an error:
// errNoStream, a status if the server said no, *errBroken, or what take said. Events do not pass through the client's
// own types: those end the process where the time of an event's creation cannot be read.
func (l *link) read(ctx context.Context, options *streams.ReadReq_Options, take func(*streams.ReadResp_ReadEvent) (more bool, err error)) error {
	conn, err := l.get(ctx)
	if err != nil {
		return &errBroken{cause: err, away: true}
	}
	calling, cancel := context.WithCancel(l.leads(ctx))
	defer cancel()
	watch := time.AfterFunc(l.c.call, cancel)
	defer watch.Stop()
	call, err := streams.NewStreamsClient(conn).Read(calling, &streams.ReadReq{Options: options})
	if err != nil {
		return l.failed(ctx, conn, err, nil)
	}
	for {
		got, err := call.Recv()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return l.failed(ctx, conn, err, call.Trailer())
		}
		watch.Reset(l.c.call)
		switch content := got.GetContent().(type) {
		case *streams.ReadResp_Event:
			if more, err := take(content.Event); err != nil || !more {
				return err
			}
		case *streams.ReadResp_StreamNotFound_:
			return errNoStream
		default: // what newer servers say beside: where the stream begins and ends
		}
	}
}

// readOptions are those that every read shares.
func readOptions(count uint64, backwards bool) *streams.ReadReq_Options {
	o := &streams.ReadReq_Options{
		CountOption:  &streams.ReadReq_Options_Count{Count: count},
		FilterOption: &streams.ReadReq_Options_NoFilter{NoFilter: &shared.Empty{}},
		UuidOption:   &streams.ReadReq_Options_UUIDOption{Content: &streams.ReadReq_Options_UUIDOption_Structured{Structured: &shared.Empty{}}},
	}
	if backwards {
		o.ReadDirection = streams.ReadReq_Options_Backwards
	}
	return o
}

// ofStream reads a stream from behind a version on.
func ofStream(stream string, after, count uint64) *streams.ReadReq_Options {
	o := readOptions(count, false)
	o.StreamOption = &streams.ReadReq_Options_Stream{Stream: &streams.ReadReq_Options_StreamOptions{
		StreamIdentifier: &shared.StreamIdentifier{StreamName: []byte(stream)},
		RevisionOption:   &streams.ReadReq_Options_StreamOptions_Revision{Revision: after},
	}}
	return o
}

// ofAll reads $all from a place on, where 0 is the beginning; backwards from before it, where 0 is the end. Forwards
// the event at the place is given again.
func ofAll(place, count uint64, backwards bool) *streams.ReadReq_Options {
	all := &streams.ReadReq_Options_AllOptions{}
	switch {
	case place > 0:
		all.AllOption = &streams.ReadReq_Options_AllOptions_Position{Position: &streams.ReadReq_Options_Position{CommitPosition: place, PreparePosition: place}}
	case backwards:
		all.AllOption = &streams.ReadReq_Options_AllOptions_End{End: &shared.Empty{}}
	default:
		all.AllOption = &streams.ReadReq_Options_AllOptions_Start{Start: &shared.Empty{}}
	}
	o := readOptions(count, backwards)
	o.StreamOption = &streams.ReadReq_Options_All{All: all}
	return o
}
