package pgstore

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"gridward/domain/fault"
)

// Nodes is what the processes on one log share beside the log and its views: which of them leads, how far those have come
// that follow the log, and what they have parked. It is in the schema gridward_nodes of a database, by the log's id. It
// is safe for concurrent use.
type Nodes struct {
	c    *config
	pool *pgxpool.Pool
	log  uuid.UUID
}

// nodesSchema is what nodes share. A lease's end is the server's time, so that nodes' clocks do not matter.
const nodesSchema = `
CREATE TABLE gridward_nodes.lease (
  log     uuid PRIMARY KEY,
  holder  text NOT NULL,
  epoch   bigint NOT NULL, -- one more with each new holder
  until   timestamptz NOT NULL,
  address text NOT NULL DEFAULT '' -- where the holder takes commands; '' until it does
);
CREATE TABLE gridward_nodes.checkpoints (
  log      uuid,
  name     text,
  position bigint NOT NULL,
  epoch    bigint NOT NULL, -- of whoever saved it: an earlier leader saves nothing any more
  PRIMARY KEY (log, name)
);
CREATE TABLE gridward_nodes.parked (
  log      uuid,
  name     text, -- of the reaction or outlet
  position bigint,
  body     text NOT NULL,
  asked    boolean NOT NULL DEFAULT false,
  PRIMARY KEY (log, name, position)
)`

// nodeConnections is how many connections a node keeps for this: renewals must not wait for checkpoints.
const nodeConnections = 3

// OpenNodes opens what the nodes on the log with that id share, and makes the tables if there are none.
func OpenNodes(ctx context.Context, url string, log uuid.UUID) (_ *Nodes, err error) {
	c, err := configure(url, Options{}.withDefaults())
	if err != nil {
		return nil, err
	}
	c.pool.MaxConns = nodeConnections
	n := &Nodes{c: c, log: log}
	if n.pool, err = pgxpool.NewWithConfig(ctx, c.pool); err != nil {
		return nil, unopened(c, err)
	}
	err = pgx.BeginFunc(ctx, n.pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, `SET LOCAL lock_timeout = 0`); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `SELECT pg_advisory_xact_lock($1)`, int64(lockSchema)); err != nil {
			return err
		}
		if there, err := hasTable(ctx, tx, "gridward_nodes", "lease"); err != nil || there {
			return errors.Join(err, n.addAddress(ctx, tx))
		}
		if err := makeSchema(ctx, tx, "gridward_nodes"); err != nil {
			return err
		}
		_, err := tx.Exec(ctx, nodesSchema)
		return err
	})
	if err != nil {
		n.pool.Close()
		return nil, unopened(c, err)
	}
	return n, nil
}

// addAddress brings the lease of an earlier version up to this one's.
func (n *Nodes) addAddress(ctx context.Context, tx pgx.Tx) error {
	var there bool
	err := tx.QueryRow(ctx, `SELECT EXISTS (SELECT FROM information_schema.columns
WHERE table_schema = 'gridward_nodes' AND table_name = 'lease' AND column_name = 'address')`).Scan(&there)
	if err != nil || there {
		return err
	}
	_, err = tx.Exec(ctx, `ALTER TABLE gridward_nodes.lease ADD COLUMN address text NOT NULL DEFAULT ''`)
	return err
}

// Close ends the connections.
func (n *Nodes) Close() error {
	n.pool.Close()
	return nil
}

// take gives the lease to the holder, where it is over or was the holder's own in an earlier life, with a new epoch.
func (n *Nodes) take(ctx context.Context, holder string, term time.Duration) (epoch int64, mine bool, err error) {
	err = n.pool.QueryRow(ctx, `
INSERT INTO gridward_nodes.lease AS l (log, holder, epoch, until) VALUES ($1, $2, 1, clock_timestamp() + $3)
ON CONFLICT (log) DO UPDATE SET holder = excluded.holder, epoch = l.epoch + 1, until = excluded.until, address = ''
WHERE l.until <= clock_timestamp() OR l.holder = excluded.holder RETURNING epoch`, n.log, holder, term).Scan(&epoch)
	if errors.Is(err, pgx.ErrNoRows) {
		return 0, false, nil
	}
	return epoch, err == nil, err
}

// renew lets the lease begin anew, if nobody has taken it since.
func (n *Nodes) renew(ctx context.Context, holder string, epoch int64, term time.Duration) (mine bool, err error) {
	tag, err := n.pool.Exec(ctx, `UPDATE gridward_nodes.lease SET until = clock_timestamp() + $4 WHERE log = $1 AND holder = $2 AND epoch = $3`,
		n.log, holder, epoch, term)
	return tag.RowsAffected() == 1, err
}

// release ends the lease at once.
func (n *Nodes) release(ctx context.Context, holder string, epoch int64) error {
	_, err := n.pool.Exec(ctx, `UPDATE gridward_nodes.lease SET until = clock_timestamp() WHERE log = $1 AND holder = $2 AND epoch = $3`, n.log, holder, epoch)
	return err
}

// Announce says where the leader of that epoch takes commands.
func (n *Nodes) Announce(ctx context.Context, epoch int64, address string) error {
	_, err := n.pool.Exec(ctx, `UPDATE gridward_nodes.lease SET address = $3 WHERE log = $1 AND epoch = $2`, n.log, epoch, address)
	return n.wrote("the leader's address", err)
}

// Leader is where the node that leads takes commands, and its epoch; "" where none does.
func (n *Nodes) Leader(ctx context.Context) (address string, epoch int64, err error) {
	err = n.pool.QueryRow(ctx, `SELECT address, epoch FROM gridward_nodes.lease WHERE log = $1 AND until > clock_timestamp()`, n.log).Scan(&address, &epoch)
	if errors.Is(err, pgx.ErrNoRows) {
		return "", 0, nil
	}
	return address, epoch, n.wrote("the leader's address", err)
}

// fenced is the answer to somebody who has led once and leads no more.
func fenced() error {
	return fault.New(fault.Unavailable, "not_leading", "another node leads by now")
}

// wrote is an error of the shared tables, as callers are told.
func (n *Nodes) wrote(what string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", what, unopened(n.c, err))
}
