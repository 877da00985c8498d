package pgstore_test

import (
	"context"
	"database/sql"
	"testing"
	"time"

	"gridward/adapters/eventcodec"
	"gridward/adapters/memstore"
	"gridward/adapters/pgstore"
	"gridward/adapters/pgtest"
	"gridward/adapters/programmes"
	"gridward/adapters/sqlstore"
	"gridward/app"
	"gridward/app/demo"
	"gridward/app/views"
	"gridward/domain/fault"
)

var shanghai = time.FixedZone("Asia/Shanghai", 8*3600)

// demoLog is a log in memory with the small demo in it: every kind of event there is.
func demoLog(t testing.TB, days int) (app.Log, app.Codec) {
	t.Helper()
	return demoOf(t, demo.Options{Seed: 3, Scale: demo.Small, Days: days})
}

func demoOf(t testing.TB, o demo.Options) (app.Log, app.Codec) {
	t.Helper()
	var now time.Time
	log, codec := memstore.New(func() time.Time { return now }), eventcodec.New()
	house, err := app.New(log, codec, 10_000)
	if err != nil {
		t.Fatal(err)
	}
	builtin, err := programmes.Builtin()
	if err != nil {
		t.Fatal(err)
	}
	o.Programmes, o.SetClock = builtin, func(at time.Time) { now = at }
	if _, err := demo.Run(context.Background(), house, log, codec, o); err != nil {
		t.Fatal(err)
	}
	return log, codec
}

// live opens the views of a log in the generations, built from nothing, and gives their database too.
func live(t testing.TB, log app.Log, codec app.Codec, g views.Generations) (*views.Views, *sql.DB) {
	t.Helper()
	v := views.New(log, codec, g, shanghai)
	if err := v.Open(context.Background(), nil); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = v.Close() })
	n, _, err := g.Current(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	db, err := g.Open(context.Background(), n)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return v, db
}

func postgresGenerations(t testing.TB) *pgstore.Generations {
	t.Helper()
	g, err := pgstore.NewGenerations(pgtest.Start(t), false)
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// The same log gives the same rows in every table on either engine.
func TestTheViewsAreTheSameOnBothEngines(t *testing.T) {
	log, codec := demoLog(t, 14)
	_, embedded := live(t, log, codec, sqlstore.NewGenerations(t.TempDir(), false))
	began := time.Now()
	_, served := live(t, log, codec, postgresGenerations(t))
	head, err := log.Head(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d events in %s", head, time.Since(began))
	wantEqual(t, embedded, served)
}

// growing is a log that is known up to a position only.
type growing struct {
	app.Log
	upTo app.Position
}

func (g *growing) Read(ctx context.Context, after app.Position, limit int) ([]app.Record, error) {
	records, err := g.Log.Read(ctx, after, limit)
	for i, r := range records {
		if r.Position > g.upTo {
			return records[:i], err
		}
	}
	return records, err
}

func (g *growing) Head(context.Context) (app.Position, error) { return g.upTo, nil }

// What is projected in small batches, by one process after the other, is what is built in one go.
func TestTheViewsGrowOnPostgreSQLAsTheyAreBuilt(t *testing.T) {
	log, codec := demoLog(t, 14)
	_, whole := live(t, log, codec, sqlstore.NewGenerations(t.TempDir(), false))
	head, err := log.Head(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	grows, g := &growing{Log: log}, postgresGenerations(t)
	for grows.upTo < head {
		v := views.New(grows, codec, g, shanghai)
		if err := v.Open(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		for range 4 {
			grows.upTo = min(grows.upTo+53, head)
			if err := v.CatchUp(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if err := v.Close(); err != nil {
			t.Fatal(err)
		}
	}
	n, _, err := g.Current(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	db, err := g.Open(t.Context(), n)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = db.Close() }()
	wantEqual(t, whole, db)
}

func wantEqual(t *testing.T, a, b *sql.DB) {
	t.Helper()
	differences, err := views.Compare(t.Context(), a, b, 5)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range differences {
		t.Error(d)
	}
}

func asFault(err error) (string, bool) {
	f, ok := fault.As(err)
	if !ok || f.Kind == fault.Unavailable {
		return "", false
	}
	return f.Error(), true
}
