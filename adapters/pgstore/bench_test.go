package pgstore

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"sync"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"gridward/adapters/pgtest"
	"gridward/app"
	"gridward/app/commits"
)

// The load of the benchmarks: one record an append, a stream of its own for every eight of a caller's appends, data
// and metadata of the size that cases and inspections have.
const (
	perStream    = 8
	benchRounds  = 5
	benchRecords = 25_600
	aloneRecords = 5_120 // of the runs that commit each append alone
)

// benchAppend is the nth append of a caller.
type benchAppend struct {
	stream   string
	expected uint64
	record   [1]app.Record
}

func benchLoad(round string, callers, records int) [][]benchAppend {
	load := make([][]benchAppend, callers)
	at := time.Date(2026, 2, 10, 9, 0, 0, 0, time.FixedZone("", 8*3600))
	for c := range load {
		for n := range records / callers {
			stream := "case/" + benchID(round, c, n/perStream).String()
			a := benchAppend{stream: stream, expected: uint64(n % perStream)}
			a.record[0] = app.Record{
				ID: benchID(round+"event", c, n), Type: fmt.Sprintf("case.step%d", n%perStream), Schema: 1, Data: benchData(c, n),
				Meta: app.Meta{
					Programme: "fire", ProgrammeVersion: 1, Cell: "410104001001002", OccurredAt: at, ReceivedAt: at.Add(time.Second),
					Actor: benchID("person", c, 0).String(), Duty: benchID("duty", c, 0).String(),
					CommandID: benchID(round+"command", c, n), Correlation: benchID(round+"command", c, 0),
				},
			}
			load[c] = append(load[c], a)
		}
	}
	return load
}

func benchID(name string, c, n int) uuid.UUID {
	return uuid.NewSHA1(uuid.NameSpaceOID, fmt.Appendf(nil, "%s/%d/%d", name, c, n))
}

func benchData(c, n int) []byte {
	return fmt.Appendf(nil, `{"cell":"4101040010010020017","item":"fire-exit-blocked","severity":"serious","description":`+
		`"second floor corridor, exit %d locked during opening hours, goods stacked along the wall","found_at":`+
		`"2026-02-10T09:00:00+08:00","evidence":[{"sha256":"%064x","media_type":"image/jpeg","size":%d}],"location":{"lon":113.65,"lat":34.75}}`, n%9, c, n)
}

// result is one run: records a second, and the mean number of them in a commit.
type result struct{ rate, batch float64 }

// throughStore appends the load from one goroutine per caller; batch bounds the records of a commit.
func throughStore(b *testing.B, load [][]benchAppend, batch int) result {
	b.Helper()
	turns, rows := 0, 0
	s := open(b, pgtest.Start(b), Options{Clock: time.Now, Limits: commits.Limits{BatchRows: batch}, OnCommit: func(i commits.Batch) {
		turns, rows = turns+1, rows+i.Rows
	}})
	var wg sync.WaitGroup
	began := time.Now()
	for _, mine := range load {
		wg.Go(func() {
			for i := range mine {
				if _, err := s.Append(context.Background(), mine[i].stream, mine[i].expected, mine[i].record[:]); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	took := time.Since(began)
	mustClose(b, s)
	return result{float64(rows) / took.Seconds(), float64(rows) / float64(turns)}
}

// benchRow is a row as a program would hand it to COPY.
type benchRow struct {
	a    *benchAppend
	meta []byte
}

// alone writes the same rows from one goroutine that does nothing else, batch by batch, by COPY.
func alone(b *testing.B, load [][]benchAppend, batch int) result {
	b.Helper()
	ctx := context.Background()
	url := pgtest.Start(b)
	mustClose(b, open(b, url, Options{})) // the tables
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		b.Fatal(err)
	}
	var rows []benchRow
	for n := range load[0] {
		for c := range load {
			meta, err := json.Marshal(&load[c][n].record[0].Meta)
			if err != nil {
				b.Fatal(err)
			}
			rows = append(rows, benchRow{&load[c][n], meta})
		}
	}
	streams := map[string]int64{}
	began := time.Now()
	for first := 0; first < len(rows); first += batch {
		if err := copyBatch(ctx, conn, streams, int64(first), rows[first:min(first+batch, len(rows))]); err != nil {
			b.Fatal(err)
		}
	}
	took := time.Since(began)
	if err := conn.Close(ctx); err != nil {
		b.Fatal(err)
	}
	return result{float64(len(rows)) / took.Seconds(), float64(batch)}
}

func copyBatch(ctx context.Context, conn *pgx.Conn, streams map[string]int64, first int64, batch []benchRow) error {
	now := time.Now().UnixMicro()
	var events, begun [][]any
	for i, r := range batch {
		id, ok := streams[r.a.stream]
		if !ok {
			id = int64(len(streams) + 1)
			streams[r.a.stream] = id
			begun = append(begun, []any{id, r.a.stream})
		}
		e := &r.a.record[0]
		events = append(events, []any{first + int64(i) + 1, id, int64(r.a.expected + 1), now, [16]byte(e.ID), int32(e.Schema), e.Type, r.meta, e.Data})
	}
	return pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
		if len(begun) > 0 {
			if _, err := tx.CopyFrom(ctx, pgx.Identifier{"gridward", "streams"}, []string{"id", "name"}, pgx.CopyFromRows(begun)); err != nil {
				return err
			}
		}
		_, err := tx.CopyFrom(ctx, pgx.Identifier{"gridward", "events"},
			[]string{"position", "stream", "version", "recorded_at", "event_id", "schema", "type", "meta", "data"}, pgx.CopyFromRows(events))
		return err
	})
}

// BenchmarkDurableAppends compares (a) the store under many callers with (b) one goroutine that copies the same rows
// in transactions of (a)'s own mean size and (c) the store at one transaction an append: medians of five alternating
// rounds. Run it with -benchtime=1x.
func BenchmarkDurableAppends(b *testing.B) {
	out := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	_, _ = fmt.Fprintln(out, "\ncallers\tstore/s\tmean batch\tCOPY/s\tone tx each/s\tstore/COPY\tstore/one tx each\t")
	for _, callers := range []int{64, 256} {
		b.Run(fmt.Sprintf("callers=%d", callers), func(b *testing.B) {
			for b.Loop() {
				durableRounds(b, out, callers)
			}
		})
	}
	if err := out.Flush(); err != nil {
		b.Fatal(err)
	}
}

func durableRounds(b *testing.B, out *tabwriter.Writer, callers int) {
	var store, batch, single, each, toSingle, toEach []float64
	for round := range benchRounds {
		load := benchLoad(fmt.Sprint(round), callers, benchRecords)
		short := make([][]benchAppend, callers)
		for c := range load {
			short[c] = load[c][:aloneRecords/callers]
		}
		a := throughStore(b, load, 0)
		s := alone(b, load, max(1, int(a.batch+0.5)))
		e := throughStore(b, short, 1)
		store, batch, single, each = append(store, a.rate), append(batch, a.batch), append(single, s.rate), append(each, e.rate)
		toSingle, toEach = append(toSingle, a.rate/s.rate), append(toEach, a.rate/e.rate)
	}
	_, _ = fmt.Fprintf(out, "%d\t%.0f\t%.0f\t%.0f\t%.0f\t%.2f\t%.1f\t\n",
		callers, median(store), median(batch), median(single), median(each), median(toSingle), median(toEach))
	b.ReportMetric(median(store), "appends/s")
	b.ReportMetric(median(batch), "records/commit")
	b.ReportMetric(median(toSingle), "of-COPY")
	b.ReportMetric(median(toEach), "of-one-tx-each")
}

func median(xs []float64) float64 {
	s := slices.Sorted(slices.Values(xs))
	return s[len(s)/2]
}
