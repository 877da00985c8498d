package views

import (
	"context"
	"database/sql"
)

// Queries is a database that is read: the whole of it, or one transaction's view of it.
type Queries interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// Generations is where the views live: one database per generation (SQLite: a file; PostgreSQL: a schema), and a
// pointer that names the generation people read. Implemented by adapters/sqlstore.
//
//   - Open gives a database of its own for the generation, made empty if there is none; what was committed in an
//     earlier process is there. One goroutine writes through it while others read: readers never wait for the
//     writer and see whole transactions only. The caller closes it.
//   - Build is Open for a generation that is filled from nothing and read by nobody: as fast as the engine can,
//     with nothing to be relied on after a crash. Once it is closed Open opens it.
//   - Switch is atomic and durable: after a crash Current gives either the old answer or the new one, and it
//     returns only when everything committed to generation n before is durable too (a relaxed commit may
//     otherwise be lost in a crash of the machine, but only from the end, never out of order).
//   - A generation that Current never named, or names no longer, may be dropped at any time by Drop; dropping
//     what is not there is no error.
//   - The methods are called by one goroutine at a time. An error of kind fault.Unavailable says that the disk or
//     the server cannot take it now.
type Generations interface {
	// Current names the live generation and the fingerprint it was switched to with; 0 and "" before the first.
	Current(ctx context.Context) (generation int, fingerprint string, err error)
	// Open opens the database of a generation, from 1.
	Open(ctx context.Context, generation int) (*sql.DB, error)
	// Build opens an empty generation to be filled.
	Build(ctx context.Context, generation int) (*sql.DB, error)
	// Switch makes the generation the live one.
	Switch(ctx context.Context, generation int, fingerprint string) error
	// Drop removes a generation. It is closed by then; where other processes read it, they get some time to move on.
	Drop(ctx context.Context, generation int) error
}
