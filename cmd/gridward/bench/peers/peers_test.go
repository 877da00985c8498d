// Package peers measures the stores beside other people's, and beside SQL as a user would write it: the same records,
// the same callers, the same disk, every answer durable. See make bench and docs/performance.md.
package peers

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/google/uuid"
	"github.com/hallgren/eventsourcing/core"
	hallgren "github.com/hallgren/eventsourcing/eventstore/sql"
	"github.com/jackc/pgx/v5/pgxpool"
	goes "github.com/modernice/goes/backend/postgres"
	"github.com/modernice/goes/codec"
	"github.com/modernice/goes/event"
	"github.com/modernice/goes/event/query"
	_ "modernc.org/sqlite"

	"gridward/adapters/pgstore"
	"gridward/adapters/pgtest"
	"gridward/adapters/sqlstore"
	"gridward/app"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

var smoke = os.Getenv("GRIDWARD_BENCH") == "smoke"

// A contender takes one record behind a stream, durably, and reads a stream back.
type contender struct {
	name string
	put  func(ctx context.Context, stream uuid.UUID, version int) error
	load func(ctx context.Context, stream uuid.UUID) (int, error)
}

// perStream is how many appends each stream gets; loaded is the length of the one that is read back.
const (
	perStream = 8
	loaded    = 20
)

// counts are the numbers of callers.
var counts = []int{64, 256}

// The record everybody keeps: some 400 bytes of data and as many of metadata.
var (
	data = []byte(`{"cell":"4101040010010020017","item":"fire-exit-blocked","severity":"serious","description":"` + strings.Repeat("second floor corridor, ", 14) + `"}`)
	at   = time.Date(2026, 2, 10, 9, 0, 0, 0, time.UTC)
	meta = app.Meta{Programme: "fire", ProgrammeVersion: 1, Cell: "410104001001002", OccurredAt: at, ReceivedAt: at, Actor: uuid.NewString(),
		Duty: uuid.NewString(), CommandID: uuid.New(), Correlation: uuid.New(), RequestHash: strings.Repeat("ab", 32)}
)

// rawSyncs is how often a second one goroutine can have a page forced onto the disk: what no commit of its own is quicker
// than.
func rawSyncs(t *testing.T) float64 {
	t.Helper()
	f, err := os.Create(filepath.Join(t.TempDir(), "disk"))
	must(t, err)
	defer func() { _ = f.Close() }()
	page := make([]byte, 4096)
	n, began := 0, time.Now()
	for ; time.Since(began) < time.Second; n++ {
		_, err := f.WriteAt(page, int64(n%1024)*int64(len(page)))
		must(t, err)
		must(t, syscall.Fdatasync(int(f.Fd()))) //nolint:gosec // a descriptor
	}
	return float64(n) / time.Since(began).Seconds()
}

func TestPeersOnSQLite(t *testing.T) {
	ours, err := sqlstore.Open(t.Context(), t.TempDir(), sqlstore.Options{Clock: time.Now})
	must(t, err)
	defer func() { _ = ours.Close() }()

	db := durable(t)
	peer, err := hallgren.NewSQLiteSingelWriter(db) // its own way to keep many writers from SQLITE_BUSY
	must(t, err)

	plain := durable(t)
	_, err = plain.Exec(`CREATE TABLE events (position INTEGER PRIMARY KEY AUTOINCREMENT, stream TEXT NOT NULL, version INTEGER NOT NULL, type TEXT NOT NULL,
  recorded_at INTEGER NOT NULL, meta BLOB NOT NULL, data BLOB NOT NULL, UNIQUE (stream, version))`)
	must(t, err)
	rawMeta, err := json.Marshal(meta)
	must(t, err)
	const insert = `INSERT INTO events (stream, version, type, recorded_at, meta, data) VALUES (?, ?, ?, ?, ?, ?)`
	t.Logf("the disk alone: %.0f pages a second, each forced onto it by fdatasync", rawSyncs(t))
	compete(t, 8, []contender{
		{"gridward", append1(ours), load1(ours)},
		{"hallgren/eventsourcing", func(_ context.Context, stream uuid.UUID, version int) error {
			return peer.Save([]core.Event{{AggregateID: stream.String(), Version: core.Version(version), AggregateType: "case", Timestamp: at, Reason: "case.step",
				Data: data, Metadata: rawMeta}})
		}, func(ctx context.Context, stream uuid.UUID) (n int, err error) {
			it, err := peer.Get(ctx, stream.String(), "case", 0)
			if err != nil {
				return 0, err
			}
			defer it.Close()
			for ; it.Next(); n++ {
				if _, err := it.Value(); err != nil {
					return n, err
				}
			}
			return n, nil
		}},
		{"one INSERT a transaction", func(ctx context.Context, stream uuid.UUID, version int) error {
			_, err := plain.ExecContext(ctx, insert, stream.String(), version, "case.step", time.Now().UnixMicro(), rawMeta, data)
			return err
		}, nil},
	})
}

// durable is a SQLite file whose commits are on disk. It has one connection: with more, writers of this driver fail with
// SQLITE_BUSY instead of waiting their turn.
func durable(t *testing.T) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+filepath.Join(t.TempDir(), "events.db")+"?_pragma=journal_mode(wal)&_pragma=synchronous(full)&_txlock=immediate")
	must(t, err)
	db.SetMaxOpenConns(1)
	t.Cleanup(func() { _ = db.Close() })
	var journal string
	var synchronous int
	must(t, db.QueryRow(`PRAGMA journal_mode`).Scan(&journal))
	must(t, db.QueryRow(`PRAGMA synchronous`).Scan(&synchronous))
	if journal != "wal" || synchronous != 2 {
		t.Fatalf("the peers' file is not as durable as ours: journal %s, synchronous %d", journal, synchronous)
	}
	return db
}

func TestPeersOnPostgres(t *testing.T) {
	server := pgtest.StartServer(t)
	ours, err := pgstore.Open(t.Context(), server.Database(t), pgstore.Options{Clock: time.Now})
	must(t, err)
	defer func() { _ = ours.Close() }()

	type step struct{ Meta, Data json.RawMessage }
	registry := codec.New()
	codec.Register[step](registry, "case.step")
	rawMeta, err := json.Marshal(meta)
	must(t, err)
	peer := goes.NewEventStore(registry, goes.URL(pooled(t, server.URL("postgres"))), goes.Database("goes"))
	must(t, peer.Connect(t.Context()))
	defer peer.Pool().Close()
	for _, setting := range []string{"fsync", "synchronous_commit", "full_page_writes"} {
		var is string
		must(t, peer.Pool().QueryRow(t.Context(), "SHOW "+setting).Scan(&is))
		if is != "on" {
			t.Fatalf("%s is %s: nobody's commits are certain to be on disk", setting, is)
		}
	}

	plain, err := pgxpool.New(t.Context(), pooled(t, server.Database(t)))
	must(t, err)
	defer plain.Close()
	_, err = plain.Exec(t.Context(), `CREATE TABLE events (position bigserial PRIMARY KEY, stream uuid NOT NULL, version bigint NOT NULL, type text NOT NULL,
  recorded_at bigint NOT NULL, meta bytea NOT NULL, data bytea NOT NULL, UNIQUE (stream, version))`)
	must(t, err)
	compete(t, 4, []contender{
		{"gridward", append1(ours), load1(ours)},
		{"modernice/goes", func(ctx context.Context, stream uuid.UUID, version int) error {
			return peer.Insert(ctx, event.New("case.step", step{rawMeta, data}, event.Aggregate(stream, "case", version)).Any())
		}, func(ctx context.Context, stream uuid.UUID) (n int, err error) {
			events, errs, err := peer.Query(ctx, query.New(query.AggregateName("case"), query.AggregateID(stream), query.SortBy(event.SortAggregateVersion, event.SortAsc)))
			if err != nil {
				return 0, err
			}
			for events != nil || errs != nil {
				select {
				case _, ok := <-events:
					if !ok {
						events = nil
						continue
					}
					n++
				case e, ok := <-errs:
					if !ok {
						errs = nil
						continue
					}
					err = e
				}
			}
			return n, err
		}},
		{"one INSERT a transaction", func(ctx context.Context, stream uuid.UUID, version int) error {
			_, err := plain.Exec(ctx, `INSERT INTO events (stream, version, type, recorded_at, meta, data) VALUES ($1, $2, $3, $4, $5, $6)`, [16]byte(stream), version,
				"case.step", time.Now().UnixMicro(), rawMeta, data)
			return err
		}, nil},
	})
}

// pooled asks for 64 connections; a pool's default is as many as there are cores, four at least.
func pooled(t *testing.T, text string) string {
	t.Helper()
	u, err := url.Parse(text)
	must(t, err)
	q := u.Query()
	q.Set("pool_max_conns", "64")
	u.RawQuery = q.Encode()
	return u.String()
}

func append1(log app.Log) func(context.Context, uuid.UUID, int) error {
	return func(ctx context.Context, stream uuid.UUID, version int) error {
		_, err := log.Append(ctx, "case-"+stream.String(), uint64(version-1), []app.Record{{ID: uuid.New(), Type: "case.step", Schema: 1, Meta: meta, Data: data}})
		return err
	}
}

func load1(log app.Log) func(context.Context, uuid.UUID) (int, error) {
	return func(ctx context.Context, stream uuid.UUID) (int, error) {
		records, err := log.Load(ctx, "case-"+stream.String(), 0)
		return len(records), err
	}
}

// compete lets everybody append in alternating rounds, by 64 and by 256 callers, and read a stream back, and prints it
// all as one table. The first one has to make so many times the appends of the second: the median of the rounds' ratios.
func compete(t *testing.T, times float64, all []contender) {
	t.Helper()
	rounds, lasts := 5, 2*time.Second
	if smoke {
		rounds, lasts = 1, 200*time.Millisecond
	}
	var text strings.Builder
	table := tabwriter.NewWriter(&text, 0, 0, 2, ' ', tabwriter.AlignRight)
	say := func(format string, args ...any) { _, _ = fmt.Fprintf(table, format, args...) }
	say("\ncallers\t\tappends/s\tgridward/it\trounds\t\n")
	var behind []float64 // gridward to its peer, for each number of callers
	for _, callers := range counts {
		rates, ratios := make([][]float64, len(all)), make([][]float64, len(all))
		for round := range rounds {
			for turn := range all { // another one begins each round: what a server still does for the one before hits all alike
				i := (round + turn) % len(all)
				rates[i] = append(rates[i], all[i].appends(t, callers, lasts))
			}
			for i := range all {
				ratios[i] = append(ratios[i], rates[0][round]/rates[i][round])
			}
		}
		for i, c := range all {
			say("%d\t%s\t%.0f\t%.1f\t%.1f to %.1f\t\n", callers, c.name, median(rates[i]), median(ratios[i]), slices.Min(ratios[i]), slices.Max(ratios[i]))
		}
		behind = append(behind, median(ratios[1]))
	}
	say("\n\ta stream of %d events read\tµs\tit/gridward\t\t\n", loaded)
	var ours float64
	for _, c := range all {
		if c.load == nil {
			continue
		}
		took := c.loads(t)
		if ours == 0 {
			ours = took
		}
		say("\t%s\t%.0f\t%.1f\t\t\n", c.name, took, took/ours)
	}
	must(t, table.Flush())
	t.Log(text.String())
	for i, callers := range counts {
		judge(t, fmt.Sprintf("appends of %d callers, gridward to %s", callers, all[1].name), behind[i], times)
	}
}

// judge prints a ratio beside the least it has to be. In a full run one that misses it fails the test.
func judge(t *testing.T, what string, got, atLeast float64) {
	t.Helper()
	line := fmt.Sprintf("%s: %.1f (wanted: >= %g)", what, got, atLeast)
	switch {
	case smoke:
		t.Log(line + ": not judged in a short run")
	case got >= atLeast:
		t.Log(line + ": met")
	default:
		t.Error(line + ": MISSED")
	}
}

// loads is how many microseconds it takes to read a stream, when nobody else asks for anything.
func (c contender) loads(t *testing.T) float64 {
	t.Helper()
	stream := uuid.New()
	for v := range loaded {
		must(t, c.put(t.Context(), stream, v+1))
	}
	took := make([]float64, 200)
	for i := range took {
		began := time.Now()
		n, err := c.load(t.Context(), stream)
		took[i] = float64(time.Since(began).Microseconds())
		must(t, err)
		if n != loaded {
			t.Fatalf("%s read %d events of %d", c.name, n, loaded)
		}
	}
	return median(took)
}

// appends is how many a second so many callers get done.
func (c contender) appends(t *testing.T, callers int, lasts time.Duration) float64 {
	t.Helper()
	var all sync.WaitGroup
	done := make([]int, callers)
	began := time.Now()
	for i := range callers {
		all.Go(func() {
			var stream uuid.UUID
			for n := 0; time.Since(began) < lasts; n++ {
				if n%perStream == 0 {
					stream = uuid.New()
				}
				if err := c.put(context.Background(), stream, n%perStream+1); err != nil {
					t.Error(fmt.Errorf("%s: %w", c.name, err))
					return
				}
				done[i]++
			}
		})
	}
	all.Wait()
	sum := 0
	for _, n := range done {
		sum += n
	}
	return float64(sum) / time.Since(began).Seconds()
}

func median(xs []float64) float64 {
	s := slices.Sorted(slices.Values(xs))
	return s[len(s)/2]
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
