package pgstore

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"gridward/app"
	"gridward/app/commits"
	"gridward/domain/fault"
)

// channel is what writers notify and listeners hear, in this database.
const channel = "gridward_log"

// The listener looks at the log's end by itself once a second, should it not have been told, and gives up a server
// that does not answer for listenTimeout. Without one it tries again after retryListen.
const (
	poll          = time.Second
	listenTimeout = 5 * time.Second
	retryListen   = 500 * time.Millisecond
)

// Wait implements app.Log. While the server cannot be reached it is an error of kind Unavailable.
func (s *Store) Wait(ctx context.Context, after app.Position) error { return s.tail.Wait(ctx, after) }

// listener follows the log's end on a connection of its own.
type listener struct {
	config *pgx.ConnConfig
	tail   *commits.Tail
}

// run listens until ctx ends, on one connection after the other.
func (l *listener) run(ctx context.Context) {
	for ctx.Err() == nil {
		heard, err := l.listen(ctx)
		if heard { // it was well before: perhaps it is again at once
			continue
		}
		e := fault.New(fault.Unavailable, "log_unreachable", "the log's server cannot be reached")
		e.RetryAfter, e.Cause = retryListen, bare(err)
		l.tail.Lose(e)
		select {
		case <-time.After(retryListen):
		case <-ctx.Done():
		}
	}
}

// listen follows the log on one connection until that breaks. It says whether it ever heard of the log.
func (l *listener) listen(ctx context.Context) (heard bool, err error) {
	conn, err := pgx.ConnectConfig(ctx, l.config)
	if err != nil {
		return false, err
	}
	defer func() {
		ending, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
		defer cancel()
		_ = conn.Close(ending)
	}()
	asking, cancel := context.WithTimeout(ctx, listenTimeout)
	defer cancel()
	if _, err := conn.Exec(asking, `LISTEN `+channel); err != nil {
		return false, err
	}
	for { // first a look, then the wait: what was committed before LISTEN is seen, what comes later is told
		if err := l.look(ctx, conn); err != nil {
			return heard, err
		}
		if !heard {
			heard = true
			l.tail.Lose(nil)
		}
		if err := l.wait(ctx, conn); err != nil {
			return heard, err
		}
	}
}

func (l *listener) look(ctx context.Context, conn *pgx.Conn) error {
	ctx, cancel := context.WithTimeout(ctx, listenTimeout)
	defer cancel()
	var head int64
	if err := conn.QueryRow(ctx, headSQL).Scan(&head); err != nil {
		return err
	}
	l.tail.Grow(app.Position(head)) //nolint:gosec // never negative
	return nil
}

// wait returns at a notification, or when it is time to look anyway.
func (l *listener) wait(ctx context.Context, conn *pgx.Conn) error {
	ctx, cancel := context.WithTimeout(ctx, poll)
	defer cancel()
	err := conn.PgConn().WaitForNotification(ctx)
	if err != nil && pgconn.Timeout(err) && errors.Is(err, context.DeadlineExceeded) {
		return nil
	}
	return err
}
