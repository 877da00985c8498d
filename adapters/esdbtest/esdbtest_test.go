package esdbtest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"testing"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"github.com/google/uuid"
)

// The client of EventStoreDB speaks to the server here: what it understands is the protocol.

func connect(t *testing.T, url string) *esdb.Client {
	t.Helper()
	c, err := esdb.ParseConnectionString(url)
	if err != nil {
		t.Fatal(err)
	}
	c.Logger = esdb.NoopLogging()
	client, err := esdb.NewClient(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := client.Close(); err != nil {
			t.Error(err)
		}
	})
	return client
}

func testContext(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	t.Cleanup(cancel)
	return ctx
}

func events(from, to int) (out []esdb.EventData) {
	for n := from; n <= to; n++ {
		out = append(out, esdb.EventData{EventID: uuid.NewSHA1(uuid.Nil, []byte{byte(n)}), EventType: "happened", ContentType: esdb.ContentTypeJson,
			Data: fmt.Appendf(nil, `{"n":%d}`, n), Metadata: []byte(`{"m":1}`)})
	}
	return out
}

func TestAppend(t *testing.T) {
	server := Start(t, Options{Max: 1000})
	client := connect(t, server.URL())
	do := func(stream string, want esdb.ExpectedRevision, e ...esdb.EventData) (*esdb.WriteResult, error) {
		return client.AppendToStream(testContext(t), stream, esdb.AppendToStreamOptions{ExpectedRevision: want}, e...)
	}
	refused := func(code esdb.ErrorCode, err error) {
		t.Helper()
		if e, ok := esdb.FromError(err); ok || e.Code() != code {
			t.Errorf("got %v, want code %d", err, code)
		}
	}
	first, err := do("a", esdb.NoStream{}, events(1, 3)...)
	if err != nil || first.NextExpectedVersion != 2 {
		t.Fatalf("the first: %+v, %v", first, err)
	}
	again, err := do("a", esdb.NoStream{}, events(1, 3)...)
	if err != nil || *again != *first {
		t.Errorf("the same again: %+v, %v", again, err)
	}
	part, err := do("a", esdb.NoStream{}, events(1, 2)...)
	if err != nil || part.NextExpectedVersion != 1 || part.CommitPosition >= first.CommitPosition {
		t.Errorf("its beginning again: %+v, %v", part, err)
	}
	for _, want := range []esdb.ExpectedRevision{esdb.NoStream{}, esdb.Revision(0), esdb.Revision(7)} {
		_, err = do("a", want, events(3, 4)...)
		refused(esdb.ErrorCodeWrongExpectedVersion, err)
	}
	_, err = do("b", esdb.StreamExists{}, events(1, 1)...)
	refused(esdb.ErrorCodeWrongExpectedVersion, err)
	twice, err := do("a", esdb.Revision(2), events(1, 1)...) // at the current revision ids are not looked at
	if err != nil || twice.NextExpectedVersion != 3 || twice.CommitPosition <= first.CommitPosition+1 {
		t.Errorf("an id that is there, at the current revision: %+v, %v", twice, err)
	}
	if _, err := do("a", esdb.Any{}, events(9, 9)...); err != nil || server.Count("a") != 5 {
		t.Errorf("at any: %v, %d events", err, server.Count("a"))
	}
	large := events(1, 1)[0]
	large.Data = make([]byte, 1001)
	if _, err := do("c", esdb.NoStream{}, large); err == nil || server.Count("c") != 0 {
		t.Errorf("too much at once: %v, %d events", err, server.Count("c"))
	}
}

func TestRead(t *testing.T) {
	server := Start(t, Options{})
	client := connect(t, server.ClusterURL())
	for n := range 5 {
		if _, err := client.AppendToStream(testContext(t), "a", esdb.AppendToStreamOptions{}, events(n, n)...); err != nil {
			t.Fatal(err)
		}
		server.Put("$stats", "$statsCollected", []byte("{}"), nil)
	}
	all := readAll(t, client, esdb.ReadAllOptions{}, 100)
	if len(all) != 11 { // the first one is there from the beginning
		t.Fatalf("$all has %d events", len(all))
	}
	for i, e := range all {
		if i > 0 && e.Position.Commit <= all[i-1].Position.Commit+1 {
			t.Errorf("positions do not jump: %d, %d", all[i-1].Position.Commit, e.Position.Commit)
		}
	}
	from := esdb.ReadAllOptions{From: all[4].Position}
	if got := readAll(t, client, from, 3); len(got) != 3 || got[0].Position != all[4].Position {
		t.Errorf("forwards a read begins with the event at its place: %+v", got)
	}
	from.Direction = esdb.Backwards
	if got := readAll(t, client, from, 2); len(got) != 2 || got[0].Position != all[3].Position {
		t.Errorf("backwards it begins before it: %+v", got)
	}
	if got := readAll(t, client, esdb.ReadAllOptions{From: esdb.End{}, Direction: esdb.Backwards}, 1); got[0].Position != all[10].Position {
		t.Error("the end is elsewhere")
	}
	stream, err := client.ReadAll(testContext(t), esdb.ReadAllOptions{From: esdb.Position{Commit: all[4].Position.Commit + 1}}, 1)
	if err == nil {
		_, err = stream.Recv()
		stream.Close()
	}
	if err == nil || errors.Is(err, io.EOF) {
		t.Error("a place between two events was taken")
	}
	one, err := client.ReadStream(testContext(t), "a", esdb.ReadStreamOptions{From: esdb.Revision(3)}, 10)
	if err != nil {
		t.Fatal(err)
	}
	defer one.Close()
	e, err := one.Recv()
	if err != nil || e.Event.EventNumber != 3 || string(e.Event.Data) != `{"n":3}` || string(e.Event.UserMetadata) != `{"m":1}` || *e.Commit != e.Event.Position.Commit {
		t.Errorf("a stream from the fourth event on: %+v, %v", e, err)
	}
}

func readAll(t *testing.T, client *esdb.Client, o esdb.ReadAllOptions, count uint64) (out []*esdb.RecordedEvent) {
	t.Helper()
	stream, err := client.ReadAll(testContext(t), o, count)
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Close()
	for {
		e, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return out
		}
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, e.Event)
	}
}

func TestSubscribe(t *testing.T) {
	server := Start(t, Options{})
	client := connect(t, server.URL())
	place := server.Put("a", "happened", []byte("{}"), nil)
	server.Put("a", "happened", []byte("{}"), nil)
	sub, err := client.SubscribeToAll(testContext(t), esdb.SubscribeToAllOptions{From: esdb.Position{Commit: place, Prepare: place}})
	if err != nil {
		t.Fatal(err)
	}
	if e := sub.Recv().EventAppeared; e == nil || e.Event.EventNumber != 1 {
		t.Fatalf("it begins with %+v, not behind its place", e)
	}
	if sub.Recv().CaughtUp == nil {
		t.Error("it does not say that it is at the end")
	}
	server.Put("b", "happened", []byte("{}"), nil)
	if e := sub.Recv().EventAppeared; e == nil || e.Event.StreamID != "b" {
		t.Errorf("it goes on with %+v", e)
	}
	server.Break()
	if sub.Recv().SubscriptionDropped == nil {
		t.Error("it lives on without a connection")
	}
}

func TestItGoesAndReturns(t *testing.T) {
	server := Start(t, Options{TLS: true, User: "u", Password: "p:@,"})
	client := connect(t, server.URL())
	if _, err := client.AppendToStream(testContext(t), "a", esdb.AppendToStreamOptions{}, events(1, 1)...); err != nil {
		t.Fatal(err)
	}
	addr := server.Addr()
	server.Stop()
	if _, err := client.AppendToStream(testContext(t), "a", esdb.AppendToStreamOptions{}, events(2, 2)...); err == nil {
		t.Error("an append to a stopped server was taken")
	}
	server.Run(t)
	if got := readAll(t, connect(t, server.URL()), esdb.ReadAllOptions{}, 10); len(got) != 2 || server.Addr() != addr {
		t.Errorf("it came back at %s with %d events", server.Addr(), len(got))
	}
	other := connect(t, "esdb://u:wrong@"+addr+"?tlsVerifyCert=false")
	if _, err := other.AppendToStream(testContext(t), "a", esdb.AppendToStreamOptions{}, events(2, 2)...); err == nil {
		t.Error("another password was taken")
	}
}
