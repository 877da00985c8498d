package pgstore

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"gridward/app/commits"
	"gridward/domain/fault"
)

// OpenReadOnly opens the log of the database for reading, also while others write it. Append answers log_read_only.
// A database without a log is NotFound with code log_not_found; other errors are those of Open.
func OpenReadOnly(ctx context.Context, url string) (*Store, error) {
	c, err := configure(url, Options{Clock: time.Now}.withDefaults())
	if err != nil {
		return nil, err
	}
	c.conn.RuntimeParams["default_transaction_read_only"] = "on"
	c.pool.ConnConfig.RuntimeParams["default_transaction_read_only"] = "on"
	id, err := findLog(ctx, c)
	if err != nil {
		return nil, unopened(c, err)
	}
	s := &Store{id: id, tail: commits.NewTail()}
	if s.reads, err = pgxpool.NewWithConfig(ctx, c.pool); err != nil {
		return nil, unopened(c, err)
	}
	s.listen(c)
	return s, nil
}

// findLog gives the id of the log that is there.
func findLog(ctx context.Context, c *config) (id uuid.UUID, err error) {
	conn, err := pgx.ConnectConfig(ctx, c.conn)
	if err != nil {
		return id, err
	}
	defer func() { err = errors.Join(err, conn.Close(context.WithoutCancel(ctx))) }()
	there, err := hasTable(ctx, conn, "gridward", "log")
	if err != nil {
		return id, err
	}
	if !there {
		return id, fault.New(fault.NotFound, "log_not_found", "there is no log in the database %s at %s", c.conn.Database, c.where())
	}
	return identify(ctx, conn)
}
