package pgstore

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"math/bits"
	"slices"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
)

// pipelined makes connections on which, within a transaction, a prepared statement that writes is sent without
// waiting for its answer: a projector writes thousands of rows by statements of its own, and most of their time is
// the way there and back. Whoever asks for the rows affected, or reads, or commits, waits for all that was sent. A
// statement that failed is told by then, at the latest by Commit, and nothing of the transaction stays.
type pipelined struct {
	driver.Connector
	filling string // the schema that is filled from nothing, "" if none is
}

// Connect implements driver.Connector.
func (p pipelined) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := p.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	inner, ok := conn.(*stdlib.Conn)
	if !ok {
		return nil, fmt.Errorf("the driver made a %T", conn)
	}
	return &pipeConn{Conn: inner, filling: p.filling}, nil
}

// pipeConn is one connection. Like any of a driver it is used by one goroutine at a time.
type pipeConn struct {
	*stdlib.Conn
	filling string
	commits int
	inTx    bool
	pipe    *pgconn.Pipeline // nil while nothing is under way
	sent    []*pipeResult
	bytes   int
	err     error // the first one of the transaction
	build   pgx.ExtendedQueryBuilder
}

// What is sent before it is handed to the network, before the server is asked to hand over its answers, and before the
// older half of the answers is read: sender and server go on meanwhile.
const (
	pipeBytes = 32 << 10
	pipeAsked = 256
	pipeSent  = 4 * pipeAsked
)

// pipeResult is the answer to a statement that may still be under way.
type pipeResult struct {
	c    *pipeConn
	done bool
	rows int64
	err  error
}

// LastInsertId implements driver.Result: the server has none.
func (r *pipeResult) LastInsertId() (int64, error) {
	return 0, errors.New("PostgreSQL has no last insert id")
}

// RowsAffected implements driver.Result. It waits for the answer.
func (r *pipeResult) RowsAffected() (int64, error) {
	if !r.done {
		_ = r.c.settle() // each result has its own error
	}
	return r.rows, r.err
}

// send puts a statement on its way.
func (c *pipeConn) send(sd *pgconn.StatementDescription, argsV []driver.NamedValue) (driver.Result, error) {
	args := make([]any, len(argsV))
	for i, a := range argsV {
		args[i] = a.Value
	}
	conn := c.Conn.Conn()
	if err := c.build.Build(conn.TypeMap(), sd, args); err != nil {
		return nil, err
	}
	if c.pipe == nil {
		c.pipe = conn.PgConn().StartPipeline(context.Background())
	}
	c.pipe.SendQueryStatement(sd, c.build.ParamValues, c.build.ParamFormats, c.build.ResultFormats)
	for _, v := range c.build.ParamValues {
		c.bytes += len(v)
	}
	c.bytes += 64
	r := &pipeResult{c: c}
	c.sent = append(c.sent, r)
	if len(c.sent)%pipeAsked == 0 {
		c.pipe.SendFlushRequest()
	}
	if len(c.sent) == pipeSent {
		return r, c.advance()
	}
	if c.bytes >= pipeBytes {
		c.bytes = 0
		return r, c.pipe.Flush()
	}
	return r, nil
}

// advance waits for the older half of what is under way.
func (c *pipeConn) advance() error {
	c.bytes = 0
	err := c.pipe.Flush()
	for _, r := range c.sent[:pipeSent/2] {
		if err == nil {
			r.rows, err = answerOf(c.pipe)
		}
		r.done, r.err = true, err
	}
	c.sent = slices.Delete(c.sent, 0, pipeSent/2)
	if err == nil {
		return nil
	}
	c.err = err
	return c.settle()
}

// settle waits for all that is under way, and gives the first error of the transaction.
func (c *pipeConn) settle() error {
	if c.pipe == nil {
		return c.err
	}
	err := c.pipe.Sync()
	if c.err != nil { // nothing behind it was done
		err = c.err
	}
	for _, r := range c.sent {
		if err == nil {
			r.rows, err = answerOf(c.pipe)
		}
		r.done, r.err = true, err
	}
	if e := c.pipe.Close(); err == nil {
		err = e
	}
	clear(c.sent)
	c.pipe, c.sent, c.bytes = nil, c.sent[:0], 0
	if c.err == nil {
		c.err = err
	}
	return c.err
}

func answerOf(p *pgconn.Pipeline) (int64, error) {
	got, err := p.GetResults()
	if err != nil {
		return 0, err
	}
	r, ok := got.(*pgconn.ResultReader)
	if !ok {
		return 0, fmt.Errorf("a statement was answered by %T", got)
	}
	tag, err := r.Close()
	return tag.RowsAffected(), err
}

// ExecContext implements driver.ExecerContext.
func (c *pipeConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	if err := c.settle(); err != nil {
		return nil, err
	}
	return c.Conn.ExecContext(ctx, query, args)
}

// QueryContext implements driver.QueryerContext.
func (c *pipeConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	if err := c.settle(); err != nil {
		return nil, err
	}
	return c.Conn.QueryContext(ctx, query, args)
}

// Ping implements driver.Pinger.
func (c *pipeConn) Ping(ctx context.Context) error {
	if err := c.settle(); err != nil {
		return err
	}
	return c.Conn.Ping(ctx)
}

// BeginTx implements driver.ConnBeginTx.
func (c *pipeConn) BeginTx(ctx context.Context, o driver.TxOptions) (driver.Tx, error) {
	tx, err := c.Conn.BeginTx(ctx, o)
	if err != nil {
		return nil, err
	}
	c.inTx, c.err = true, nil
	if c.filling == "" {
		c.keepPlans()
	}
	return &pipeTx{tx, c}, nil
}

// keepPlans lets the transaction's statements keep their plans: they are many and go by keys. What is asked outside of
// one is planned each time, for what is in the question: the server takes a span of time it does not know for half of a
// hundredth of the table, and reads a month of the district's cases for each cell of a ledger.
func (c *pipeConn) keepPlans() {
	c.pipe = c.Conn.Conn().PgConn().StartPipeline(context.Background())
	c.pipe.SendQueryParams(`SET LOCAL plan_cache_mode = auto`, nil, nil, nil, nil)
	c.sent = append(c.sent, &pipeResult{c: c})
}

// pipeTx is a transaction with statements under way.
type pipeTx struct {
	driver.Tx
	c *pipeConn
}

func (tx *pipeTx) end() error {
	err := tx.c.settle()
	tx.c.inTx, tx.c.err = false, nil
	return err
}

// Commit implements driver.Tx.
func (tx *pipeTx) Commit() error {
	if err := tx.end(); err != nil {
		return errors.Join(err, tx.Tx.Rollback())
	}
	if err := tx.Tx.Commit(); err != nil {
		return err
	}
	tx.c.count()
	return nil
}

// count has the server look anew at what is in tables that are filled, after the 1st, 16th, 256th ... commit: it would by
// itself, but only every minute, and until then it plans joins as if the tables were empty.
func (c *pipeConn) count() {
	if c.filling == "" {
		return
	}
	c.commits++
	if bits.OnesCount(uint(c.commits)) == 1 && bits.TrailingZeros(uint(c.commits))%4 == 0 { //nolint:gosec // never negative
		_ = analyse(context.Background(), c.Conn.Conn(), c.filling) // without it all is only slower
	}
}

// Rollback implements driver.Tx.
func (tx *pipeTx) Rollback() error {
	_ = tx.end() // it is undone anyway
	return tx.Tx.Rollback()
}

// PrepareContext implements driver.ConnPrepareContext.
func (c *pipeConn) PrepareContext(ctx context.Context, query string) (driver.Stmt, error) {
	if err := c.settle(); err != nil {
		return nil, err
	}
	s, err := c.Conn.PrepareContext(ctx, query)
	if err != nil {
		return nil, err
	}
	stmt, ok := s.(*stdlib.Stmt)
	if !ok {
		return nil, fmt.Errorf("the driver made a %T", s)
	}
	sd, err := c.Conn.Conn().Prepare(ctx, query, query) // the same again: it is there
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return &pipeStmt{stmt, c, sd}, nil
}

// Prepare implements driver.Conn.
func (c *pipeConn) Prepare(query string) (driver.Stmt, error) {
	return c.PrepareContext(context.Background(), query)
}

// pipeStmt is a prepared statement.
type pipeStmt struct {
	*stdlib.Stmt
	c  *pipeConn
	sd *pgconn.StatementDescription
}

// ExecContext implements driver.StmtExecContext.
func (s *pipeStmt) ExecContext(ctx context.Context, args []driver.NamedValue) (driver.Result, error) {
	if !s.c.inTx || len(s.sd.Fields) > 0 {
		if err := s.c.settle(); err != nil {
			return nil, err
		}
		return s.Stmt.ExecContext(ctx, args)
	}
	if s.c.err != nil {
		return nil, s.c.err
	}
	return s.c.send(s.sd, args)
}

// QueryContext implements driver.StmtQueryContext.
func (s *pipeStmt) QueryContext(ctx context.Context, args []driver.NamedValue) (driver.Rows, error) {
	if err := s.c.settle(); err != nil {
		return nil, err
	}
	return s.Stmt.QueryContext(ctx, args)
}

// Close implements driver.Stmt.
func (s *pipeStmt) Close() error {
	_ = s.c.settle() // whoever began the transaction is told
	return s.Stmt.Close()
}
