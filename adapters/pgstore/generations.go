package pgstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"gridward/domain/fault"
)

// Generations keeps each generation of the views in a schema of its own, gridward_views_<n>, and the live one's
// number in the table gridward_views.live. It is a views.Generations, with the guarantees of that port: readers see
// the last commit and never wait; a commit of the views is not forced onto the disk, Switch forces all before it.
type Generations struct {
	c        *config
	readOnly bool
	fence    atomic.Pointer[fence] // nil: nobody else makes generations
}

// fence is the epoch of the leader who makes generations: in a later one it switches to none.
type fence struct {
	log   uuid.UUID
	epoch int64
}

// Fence has Switch refused (Unavailable, code not_leading) as soon as another node than the one with this epoch leads.
// The lease is in the same database.
func (g *Generations) Fence(log uuid.UUID, epoch int64) { g.fence.Store(&fence{log, epoch}) }

// viewConnections is how many connections one generation's pool has.
const viewConnections = 8

// NewGenerations names the database by its URL. With readOnly nothing in it is changed: a generation that is there
// can be opened, and everything else is Unavailable with code views_read_only.
func NewGenerations(url string, readOnly bool) (*Generations, error) {
	c, err := configure(url, Options{}.withDefaults())
	if err != nil {
		return nil, err
	}
	return &Generations{c: c, readOnly: readOnly}, nil
}

func schemaOf(generation int) string { return fmt.Sprintf("gridward_views_%d", generation) }

// with runs f on a connection of its own.
func (g *Generations) with(ctx context.Context, f func(*pgx.Conn) error) error {
	conn, err := pgx.ConnectConfig(ctx, g.c.conn)
	if err != nil {
		return unopened(g.c, err)
	}
	err = f(conn)
	_ = conn.Close(context.WithoutCancel(ctx)) // nothing is open in it
	if err != nil && ctx.Err() == nil {
		return unopened(g.c, err)
	}
	return errors.Join(err, ctx.Err())
}

// Current implements views.Generations. A pointer whose schema is gone counts as none.
func (g *Generations) Current(ctx context.Context) (generation int, fingerprint string, err error) {
	err = g.with(ctx, func(conn *pgx.Conn) error {
		there, err := hasTable(ctx, conn, "gridward_views", "live")
		if err != nil || !there {
			return err
		}
		err = conn.QueryRow(ctx, `SELECT generation, fingerprint FROM gridward_views.live
WHERE EXISTS (SELECT FROM pg_catalog.pg_namespace WHERE nspname = 'gridward_views_' || generation)`).Scan(&generation, &fingerprint)
		if errors.Is(err, pgx.ErrNoRows) {
			return nil
		}
		return err
	})
	return generation, fingerprint, err
}

// Open implements views.Generations.
func (g *Generations) Open(ctx context.Context, generation int) (*sql.DB, error) {
	live, _, err := g.Current(ctx)
	if err != nil {
		return nil, err
	}
	err = g.with(ctx, func(conn *pgx.Conn) error {
		if err := checkOrder(ctx, conn); err != nil {
			return err
		}
		if g.readOnly {
			return g.needSchema(ctx, conn, generation)
		}
		if err := pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error { return makeSchema(ctx, tx, schemaOf(generation)) }); err != nil {
			return err
		}
		if generation == live {
			return nil
		}
		if _, err := conn.Exec(ctx, `SET default_statistics_target = 30`); err != nil { // a third of the rows a server looks at by itself
			return err
		}
		return analyse(ctx, conn, schemaOf(generation)) // just filled, perhaps: queries are planned by what is in it now
	})
	if err != nil {
		return nil, err
	}
	return g.pool(ctx, generation, false)
}

// Build implements views.Generations.
func (g *Generations) Build(ctx context.Context, generation int) (*sql.DB, error) {
	if err := g.Drop(ctx, generation); err != nil {
		return nil, err
	}
	err := g.with(ctx, func(conn *pgx.Conn) error {
		if err := checkOrder(ctx, conn); err != nil {
			return err
		}
		return pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error { return makeSchema(ctx, tx, schemaOf(generation)) })
	})
	if err != nil {
		return nil, err
	}
	return g.pool(ctx, generation, true)
}

// pool opens the connections of one generation. While it is filled from nothing, the plans of the first batches are
// kept while the tables grow: they must go by keys from the beginning.
func (g *Generations) pool(ctx context.Context, generation int, fill bool) (*sql.DB, error) {
	c := g.c.conn.Copy()
	filling := ""
	if fill {
		filling = schemaOf(generation)
		c.RuntimeParams["default_statistics_target"] = "10" // a look of a few milliseconds; Open takes a better one
	} else {
		for _, name := range []string{"enable_seqscan", "enable_hashjoin", "enable_mergejoin"} {
			delete(c.RuntimeParams, name)
		}
		c.RuntimeParams["plan_cache_mode"] = "force_custom_plan" // see keepPlans
	}
	if err := g.with(ctx, func(conn *pgx.Conn) error { return compress(ctx, conn, c) }); err != nil {
		return nil, err
	}
	c.RuntimeParams["search_path"] = schemaOf(generation)
	c.RuntimeParams["application_name"] = schemaOf(generation) + " " + c.RuntimeParams["application_name"]
	c.RuntimeParams["synchronous_commit"] = "off"
	if g.readOnly {
		c.RuntimeParams["default_transaction_read_only"] = "on"
	}
	db := sql.OpenDB(pipelined{stdlib.GetConnector(*c), filling})
	db.SetMaxOpenConns(viewConnections)
	db.SetMaxIdleConns(viewConnections)
	if err := db.PingContext(ctx); err != nil {
		return nil, errors.Join(unopened(g.c, err), db.Close())
	}
	return db, nil
}

// Switch implements views.Generations. The pointer's commit is forced onto the disk, and with it, in the server's one
// write-ahead log, all that was committed before.
func (g *Generations) Switch(ctx context.Context, generation int, fingerprint string) error {
	if g.readOnly {
		return g.refuse()
	}
	return g.with(ctx, func(conn *pgx.Conn) error {
		return pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
			if _, err := tx.Exec(ctx, `SET LOCAL synchronous_commit = on`); err != nil {
				return err
			}
			if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock($1)`, int64(lockSchema)); err != nil {
				return err
			}
			if err := g.leads(ctx, tx); err != nil {
				return err
			}
			if err := makePointer(ctx, tx); err != nil {
				return err
			}
			_, err := tx.Exec(ctx, `INSERT INTO gridward_views.live (generation, fingerprint) VALUES ($1, $2)
ON CONFLICT (one) DO UPDATE SET generation = excluded.generation, fingerprint = excluded.fingerprint`, generation, fingerprint)
			return err
		})
	})
}

// leads holds that nobody else leads until the transaction's end.
func (g *Generations) leads(ctx context.Context, tx pgx.Tx) error {
	f := g.fence.Load()
	if f == nil {
		return nil
	}
	var epoch int64
	err := tx.QueryRow(ctx, `SELECT epoch FROM gridward_nodes.lease WHERE log = $1 FOR SHARE`, f.log).Scan(&epoch)
	if err == nil && epoch != f.epoch {
		return fenced()
	}
	return err
}

func makePointer(ctx context.Context, tx pgx.Tx) error {
	there, err := hasTable(ctx, tx, "gridward_views", "live")
	if err != nil || there {
		return err
	}
	if err := makeSchema(ctx, tx, "gridward_views"); err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `CREATE TABLE gridward_views.live (
  one         boolean PRIMARY KEY DEFAULT true CHECK (one),
  generation  integer NOT NULL,
  fingerprint text    NOT NULL
)`)
	return err
}

// readersMove is how long other nodes have to move their readers to a newer generation before the old one is dropped.
const readersMove = 3 * time.Second

// unread waits until no connection to the generation is left, readersMove at most.
func unread(ctx context.Context, conn *pgx.Conn, generation int) error {
	const look = 20 * time.Millisecond
	for end := time.Now().Add(readersMove); ; time.Sleep(look) {
		var read bool
		err := conn.QueryRow(ctx, `SELECT EXISTS (SELECT FROM pg_stat_activity
WHERE datname = current_database() AND split_part(application_name, ' ', 1) = $1)`, schemaOf(generation)).Scan(&read)
		if err != nil || !read || time.Now().After(end) {
			return err
		}
	}
}

// Drop implements views.Generations.
func (g *Generations) Drop(ctx context.Context, generation int) error {
	if g.readOnly {
		return g.refuse()
	}
	return g.with(ctx, func(conn *pgx.Conn) error {
		if err := unread(ctx, conn, generation); err != nil {
			return err
		}
		_, err := conn.Exec(ctx, `DROP SCHEMA IF EXISTS `+schemaOf(generation)+` CASCADE`)
		return err
	})
}

func (g *Generations) refuse() error {
	return fault.New(fault.Unavailable, "views_read_only", "the views in the database %s are open for reading only and are not those this program reads",
		g.c.conn.Database)
}

func (g *Generations) needSchema(ctx context.Context, conn *pgx.Conn, generation int) error {
	there, err := hasSchema(ctx, conn, schemaOf(generation))
	if err == nil && !there {
		return g.refuse()
	}
	return err
}

// checkOrder holds that the database orders texts by their bytes: the views ask for all cells of a district by a
// range of codes, and page through lists in the order that the program, too, takes texts to have.
func checkOrder(ctx context.Context, conn *pgx.Conn) error {
	var bytewise bool
	err := conn.QueryRow(ctx, `SELECT 'B' < 'a' AND '9' < ':' AND 'a-c' < 'ab' AND ':' < '一'`).Scan(&bytewise)
	if err == nil && !bytewise {
		return fault.New(fault.Unavailable, "views_order", "the database %s orders texts by the rules of a language: make one with "+
			"TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C', as docs/postgres.md shows", conn.Config().Database)
	}
	return err
}

// compress has long texts compressed by the quicker way of the two a server may have: it is half of the work of
// writing a case.
func compress(ctx context.Context, conn *pgx.Conn, c *pgx.ConnConfig) error {
	var quicker bool
	err := conn.QueryRow(ctx, `SELECT EXISTS (SELECT FROM pg_catalog.pg_settings
WHERE name = 'default_toast_compression' AND 'lz4' = ANY (enumvals))`).Scan(&quicker)
	if err == nil && quicker {
		c.RuntimeParams["default_toast_compression"] = "lz4"
	}
	return err
}

// analyse has the server count what is in the tables of a schema.
func analyse(ctx context.Context, conn *pgx.Conn, schema string) error {
	rows, err := conn.Query(ctx, `SELECT tablename FROM pg_tables WHERE schemaname = $1`, schema)
	if err != nil {
		return err
	}
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return err
	}
	for _, name := range names {
		if _, err := conn.Exec(ctx, `ANALYZE `+pgx.Identifier{schema, name}.Sanitize()); err != nil {
			return err
		}
	}
	return nil
}
