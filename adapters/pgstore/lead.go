package pgstore

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"gridward/domain/fault"
)

// lockLead is the key of the advisory lock of whoever works on the log: keeps its views, does what time makes due.
const lockLead = 0x67726964_00000003

// How the lead is looked after: the connection that holds it is looked at every leadLook. When it broke, it is taken
// again; the server may take leadGrace to notice that the old one is gone, and if it still belongs to somebody then,
// that is another process.
const (
	leadLook  = 2 * time.Second
	leadGrace = time.Minute
)

// Lead is the part of the one process that works on the log of a database. Two at once would do no harm: whatever they
// do is decided by the log and the views' checkpoint. It keeps them from doing everything twice.
type Lead struct {
	c           *config
	look, grace time.Duration
	stop        context.CancelFunc
	done        chan struct{}
	once        sync.Once
}

// errTaken says that another process has the lead.
var errTaken = errors.New("another process has it")

// TakeLead takes the part. Where another process has it the error is Unavailable with code log_in_use. lost is called once
// if it had to be given up to another process.
func TakeLead(ctx context.Context, url string, lost func(error)) (*Lead, error) {
	return takeLead(ctx, url, lost, leadLook, leadGrace)
}

func takeLead(ctx context.Context, url string, lost func(error), look, grace time.Duration) (*Lead, error) {
	c, err := configure(url, Options{}.withDefaults())
	if err != nil {
		return nil, err
	}
	// The server finds out within half a minute that this process is out of reach, and gives the lock back.
	for name, value := range map[string]string{"tcp_keepalives_idle": "10", "tcp_keepalives_interval": "5", "tcp_keepalives_count": "3"} {
		c.conn.RuntimeParams[name] = value
	}
	l := &Lead{c: c, look: look, grace: grace, done: make(chan struct{})}
	conn, err := l.take(ctx)
	if errors.Is(err, errTaken) {
		return nil, fault.New(fault.Unavailable, "log_in_use", "the log in the database %s at %s is in use by another gridward", c.conn.Database, c.where())
	}
	if err != nil {
		return nil, unopened(c, err)
	}
	running, stop := context.WithCancel(context.WithoutCancel(ctx)) //nolint:gosec // Close calls stop
	l.stop = stop
	go l.keep(running, conn, lost)
	return l, nil
}

// take asks for the lock on a connection of its own.
func (l *Lead) take(ctx context.Context) (*pgx.Conn, error) {
	conn, err := pgx.ConnectConfig(ctx, l.c.conn)
	if err != nil {
		return nil, err
	}
	var mine bool
	if err = conn.QueryRow(ctx, `SELECT pg_try_advisory_lock($1)`, int64(lockLead)).Scan(&mine); err == nil && !mine {
		err = errTaken
	}
	if err != nil {
		_ = conn.Close(context.WithoutCancel(ctx)) // the error that led here is the one to tell
		return nil, err
	}
	return conn, nil
}

// keep looks after the connection until ctx ends.
func (l *Lead) keep(ctx context.Context, conn *pgx.Conn, lost func(error)) {
	defer close(l.done)
	look := time.NewTicker(l.look)
	defer look.Stop()
	var taken time.Time // since when somebody else seems to have it
	for {
		select {
		case <-look.C:
		case <-ctx.Done():
			if conn != nil {
				_ = conn.Close(context.WithoutCancel(ctx)) // and the lock with it
			}
			return
		}
		if conn != nil && l.answers(ctx, conn) {
			continue
		}
		if conn != nil {
			_ = conn.Close(context.WithoutCancel(ctx)) // it broke
		}
		var err error
		if conn, err = l.take(ctx); err == nil {
			taken = time.Time{}
			continue
		}
		conn = nil
		switch {
		case !errors.Is(err, errTaken): // nobody can take anything while the server is away
			taken = time.Time{}
		case taken.IsZero():
			taken = time.Now()
		case time.Since(taken) > l.grace:
			lost(fault.New(fault.Unavailable, "log_in_use", "another gridward has taken the log over"))
			return
		}
	}
}

func (l *Lead) answers(ctx context.Context, conn *pgx.Conn) bool {
	ctx, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	return conn.Ping(ctx) == nil
}

// Close gives the part up.
func (l *Lead) Close() error {
	l.once.Do(func() {
		l.stop()
		<-l.done
	})
	return nil
}
