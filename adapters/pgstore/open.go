package pgstore

import (
	"context"
	"errors"
	"net"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"gridward/domain/fault"
)

// The log's connections: one that writes, one that listens, and a pool that reads.
const (
	readConnections = 8
	connectTimeout  = 5 * time.Second
	writeTimeout    = 30 * time.Second // of one round trip that writes, beyond the wait for a lock
)

// keepAlive finds out within half a minute that a server is gone which can no longer say so.
var keepAlive = net.KeepAliveConfig{Enable: true, Idle: 15 * time.Second, Interval: 5 * time.Second, Count: 3}

// config is what is known of the server from its URL.
type config struct {
	conn *pgx.ConnConfig // of the writer and the listener
	pool *pgxpool.Config
	lock time.Duration
}

// settings are those of every connection to the log. Every statement goes by a key, also where the server's figures
// of a young table still say that it were quicker read whole, and each one sees what was committed before it.
func settings(into map[string]string, lockWait time.Duration) {
	for name, value := range map[string]string{
		"default_transaction_isolation": "read committed",
		"enable_seqscan":                "off", "enable_hashjoin": "off", "enable_mergejoin": "off", "jit": "off",
		"lock_timeout":                        strconv.FormatInt(lockWait.Milliseconds(), 10),
		"idle_in_transaction_session_timeout": "10000",
	} {
		into[name] = value
	}
	if into["application_name"] == "" {
		into["application_name"] = "gridward"
	}
}

// configure reads the URL. What a URL may hold is said in docs/postgres.md; the driver's own message about a wrong one
// is not passed on, for it may hold the password.
func configure(url string, o Options) (*config, error) {
	c := &config{lock: o.LockWait}
	pool, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, fault.New(fault.Invalid, "log_url_invalid",
			"the database's URL cannot be read: write postgres://user@host:5432/database, a password percent-encoded or in PGPASSWORD")
	}
	if pool.ConnConfig.ConnectTimeout == 0 || pool.ConnConfig.ConnectTimeout > time.Minute {
		pool.ConnConfig.ConnectTimeout = connectTimeout
	}
	if !strings.Contains(url, "pool_max_conns") {
		pool.MaxConns = readConnections
	}
	pool.ConnConfig.DialFunc = (&net.Dialer{KeepAliveConfig: keepAlive}).DialContext
	settings(pool.ConnConfig.RuntimeParams, o.LockWait)
	c.pool, c.conn = pool, pool.ConnConfig.Copy()
	return c, nil
}

// where names the server and the database for people.
func (c *config) where() string {
	if strings.HasPrefix(c.conn.Host, "/") {
		return "the socket in " + c.conn.Host
	}
	return net.JoinHostPort(c.conn.Host, strconv.Itoa(int(c.conn.Port)))
}

// The server's answers (SQLSTATE) that a person can do something about.
const (
	stateUnique         = "23505"
	stateReadOnly       = "25006"
	stateNoLogin        = "28000"
	stateBadPassword    = "28P01"
	stateNoDatabase     = "3D000"
	stateNoRights       = "42501"
	stateDiskFull       = "53100"
	stateTooManyClients = "53300"
	stateLockWait       = "55P03"
	stateStarting       = "57P03"
)

// state is the SQLSTATE of an error, "" if the server did not say one.
func state(err error) string {
	var e *pgconn.PgError
	if errors.As(err, &e) {
		return e.Code
	}
	return ""
}

// unopened is why the log could not be opened, and what to do.
func unopened(c *config, cause error) error {
	if _, ok := fault.As(cause); ok || cause == nil {
		return cause
	}
	say := func(code, format string, args ...any) error {
		e := fault.New(fault.Unavailable, code, format, args...)
		e.Cause = bare(cause)
		return e
	}
	at, user, database := c.where(), c.conn.User, c.conn.Database
	switch state(cause) {
	case stateNoLogin, stateBadPassword:
		return say("log_login_refused", "PostgreSQL at %s refuses the user %s: check the user and the password of the URL, or PGPASSWORD", at, user)
	case stateNoDatabase:
		return say("log_database_missing", "PostgreSQL at %s has no database %s: make it as docs/postgres.md shows, or correct the URL", at, database)
	case stateNoRights:
		return say("log_no_rights", "the user %s has not the rights it needs in the database %s: grant what docs/postgres.md lists", user, database)
	case stateReadOnly:
		return say("log_read_only", "PostgreSQL at %s takes no writes, it is a standby or set read-only: name the primary in the URL", at)
	case "":
		return say("log_unreachable", "no PostgreSQL answers at %s: start it, or correct host and port of the URL", at)
	case stateTooManyClients:
		return say("log_unreachable", "PostgreSQL at %s has no connection left: raise max_connections or lower pool_max_conns", at)
	default:
		return say("log_unreachable", "PostgreSQL at %s cannot be used", at)
	}
}

// bare is the innermost part of an error that says what happened, without the driver's account of how it connected.
func bare(err error) error {
	var server *pgconn.PgError
	var network *net.OpError
	var name *net.DNSError
	switch {
	case errors.As(err, &server):
		return server
	case errors.As(err, &name):
		return name
	case errors.As(err, &network):
		return network
	case errors.Is(err, context.DeadlineExceeded):
		return context.DeadlineExceeded
	case errors.Is(err, context.Canceled):
		return context.Canceled
	default:
		return errors.New("the connection broke")
	}
}
