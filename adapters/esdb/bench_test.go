package esdb

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"github.com/google/uuid"
	"gridward/adapters/esdbtest"
	"gridward/app"
)

// The load of the benchmark: 64 callers, one append after the other each, a stream of its own for every eight of them,
// data and metadata of the size that cases and inspections have.
const (
	benchCallers = 64
	benchEach    = 200 // appends of one caller
	perStream    = 8
	benchRounds  = 7
)

// benchAppend is the nth append of a caller.
type benchAppend struct {
	stream   string
	expected uint64
	records  []app.Record
}

func benchID(name string, c, n int) uuid.UUID {
	return uuid.NewSHA1(uuid.NameSpaceOID, fmt.Appendf(nil, "%s/%d/%d", name, c, n))
}

func benchLoad(batch int) [][]benchAppend {
	load := make([][]benchAppend, benchCallers)
	at := time.Date(2026, 2, 10, 9, 0, 0, 0, time.FixedZone("", 8*3600))
	for c := range load {
		for n := range benchEach {
			a := benchAppend{stream: "case/" + benchID("stream", c, n/perStream).String(), expected: uint64(n % perStream * batch)}
			for i := range batch {
				a.records = append(a.records, app.Record{
					ID: benchID("event", c, n*batch+i), Type: fmt.Sprintf("case.step%d", n%perStream), Schema: 1, Data: benchData(c, n),
					Meta: app.Meta{
						Programme: "fire", ProgrammeVersion: 1, Cell: "410104001001002", OccurredAt: at, ReceivedAt: at.Add(time.Second),
						Actor: benchID("person", c, 0).String(), Duty: benchID("duty", c, 0).String(),
						CommandID: benchID("command", c, n), Correlation: benchID("command", c, 0),
					},
				})
			}
			load[c] = append(load[c], a)
		}
	}
	return load
}

func benchData(c, n int) []byte {
	return fmt.Appendf(nil, `{"cell":"4101040010010020017","item":"fire-exit-blocked","severity":"serious","description":`+
		`"second floor corridor, exit %d locked during opening hours, goods stacked along the wall","found_at":`+
		`"2026-02-10T09:00:00+08:00","evidence":[{"sha256":"%064x","media_type":"image/jpeg","size":%d}]}`, n%9, c, n)
}

// appending has each caller's appends done by do, all callers at once, and gives the appends a second.
func appending(b *testing.B, load [][]benchAppend, do func(benchAppend) error) float64 {
	b.Helper()
	var wg sync.WaitGroup
	began := time.Now()
	for _, mine := range load {
		wg.Go(func() {
			for _, a := range mine {
				if err := do(a); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	return benchCallers * benchEach / time.Since(began).Seconds()
}

func throughAdapter(b *testing.B, o esdbtest.Options, load [][]benchAppend) float64 {
	server := esdbtest.Start(b, o)
	defer server.Stop()
	s := mustOpen(b, server.URL(), Options{})
	defer mustClose(b, s)
	return appending(b, load, func(a benchAppend) error {
		_, err := s.Append(context.Background(), a.stream, a.expected, a.records)
		return err
	})
}

func throughClient(b *testing.B, o esdbtest.Options, load [][]benchAppend) float64 {
	server := esdbtest.Start(b, o)
	defer server.Stop()
	client := bareClient(b, server.URL())
	return appending(b, load, func(a benchAppend) error {
		events := make([]esdb.EventData, len(a.records))
		for i := range a.records {
			r := &a.records[i]
			meta, err := app.AppendMeta(nil, &r.Meta)
			if err != nil {
				return err
			}
			events[i] = esdb.EventData{EventID: r.ID, EventType: r.Type, ContentType: esdb.ContentTypeJson, Data: r.Data, Metadata: meta}
		}
		o := esdb.AppendToStreamOptions{ExpectedRevision: esdb.NoStream{}}
		if a.expected > 0 {
			o.ExpectedRevision = esdb.Revision(a.expected - 1)
		}
		_, err := client.AppendToStream(context.Background(), a.stream, o, events...)
		return err
	})
}

// BenchmarkAgainstTheBareClient appends the same load through the adapter and through the client of EventStoreDB, in
// turns, to servers in this process, and gives the medians and the median of the rounds' ratios.
func BenchmarkAgainstTheBareClient(b *testing.B) {
	for _, c := range []struct {
		batch int
		took  time.Duration
	}{{1, 0}, {4, 0}, {1, 2 * time.Millisecond}, {1, 10 * time.Millisecond}} {
		b.Run(fmt.Sprintf("records=%d/server=%s", c.batch, c.took), func(b *testing.B) {
			load, o := benchLoad(c.batch), esdbtest.Options{Took: c.took}
			var adapter, client, ratio []float64
			for i := range benchRounds * b.N {
				var a, c float64
				if i%2 == 0 {
					a, c = throughAdapter(b, o, load), throughClient(b, o, load)
				} else {
					c, a = throughClient(b, o, load), throughAdapter(b, o, load)
				}
				adapter, client, ratio = append(adapter, a), append(client, c), append(ratio, a/c)
			}
			b.ReportMetric(median(adapter), "adapter-appends/s")
			b.ReportMetric(median(client), "client-appends/s")
			b.ReportMetric(median(ratio), "ratio")
		})
	}
}

func median(x []float64) float64 {
	slices.Sort(x)
	return x[len(x)/2]
}

func bareClient(t testing.TB, url string) *esdb.Client {
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
