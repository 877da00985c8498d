package esdb

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/EventStore/EventStore-Client-Go/v4/esdb"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"gridward/domain/fault"
)

// Bounds of what is asked of the server.
const (
	openTimeout = 10 * time.Second // until the log is open, over all attempts
	callTimeout = 10 * time.Second // of one append, and of the wait for the next message of a read
)

// config is what is known of the server from its connection string.
type config struct {
	*esdb.Configuration
	call time.Duration // defaultDeadline, or callTimeout
}

// settings are the names a connection string may have behind its question mark, in small letters.
var settings = []string{"tls", "tlscafile", "tlsverifycert", "usercertfile", "userkeyfile", "nodepreference", "defaultdeadline", "connectionname",
	"maxdiscoverattempts", "discoveryinterval", "gossiptimeout", "keepaliveinterval", "keepalivetimeout", "throwonappendfailure"}

// configure reads the connection string. What it may hold is said in docs/eventstoredb.md; the client's own message
// about a wrong one is not passed on, for it may hold the password. The client would only log a setting it does not
// know, and would take a deadline it cannot read for one of no time at all.
func configure(text string) (*config, error) {
	invalid := func(format string, args ...any) error {
		return fault.New(fault.Invalid, "log_url_invalid", "the connection string of the log cannot be used: "+format, args...)
	}
	if _, query, ok := strings.Cut(text, "?"); ok {
		values, err := url.ParseQuery(query)
		if err != nil {
			return nil, invalid("what is behind the question mark cannot be read")
		}
		for name := range values {
			if !slices.Contains(settings, strings.ToLower(name)) {
				return nil, invalid("it has the setting %q, which EventStoreDB does not know", name)
			}
		}
	}
	parsed, err := esdb.ParseConnectionString(text)
	var file *fs.PathError
	switch {
	case errors.As(err, &file):
		return nil, invalid("the file that tlsCAFile names cannot be read")
	case err != nil:
		return nil, invalid("write esdb://user:password@host:2113 or esdb+discover://..., a password percent-encoded, with tls=false, tlsCAFile and the like behind a question mark")
	case parsed.Validate() != nil:
		return nil, invalid("userCertFile and userKeyFile go together")
	case parsed.DefaultDeadline != nil && *parsed.DefaultDeadline <= 0:
		return nil, invalid("defaultDeadline is a number of milliseconds above 0")
	case parsed.MaxDiscoverAttempts < 1 || parsed.GossipTimeout < 1 || parsed.DiscoveryInterval < 0:
		return nil, invalid("maxDiscoverAttempts, gossipTimeout (seconds) and discoveryInterval (milliseconds) are positive numbers")
	}
	c := &config{Configuration: parsed, call: callTimeout}
	c.Logger = esdb.NoopLogging()
	if parsed.DefaultDeadline != nil {
		c.call = *parsed.DefaultDeadline
	}
	return c, nil
}

// cluster says whether the node is found by gossip.
func (c *config) cluster() bool { return c.DnsDiscover || len(c.GossipSeeds) > 0 }

// candidates are the addresses of the connection string.
func (c *config) candidates() []string {
	if len(c.GossipSeeds) == 0 || c.DnsDiscover && c.Address != "" {
		return []string{c.Address}
	}
	var out []string
	for _, seed := range c.GossipSeeds {
		out = append(out, seed.String())
	}
	return out
}

// where names the server for people.
func (c *config) where() string { return strings.Join(c.candidates(), ", ") }

// unopened is why the log could not be opened, and what to do.
func unopened(ctx context.Context, c *config, cause error) error {
	if _, ok := fault.As(cause); ok || cause == nil {
		return cause
	}
	if err := ctx.Err(); err != nil && errors.Is(err, context.Canceled) {
		return err
	}
	say := func(code, format string, args ...any) error {
		e := fault.New(fault.Unavailable, code, format, args...)
		e.Cause = cause
		return e
	}
	switch status.Code(root(cause)) {
	case codes.Unauthenticated:
		who := "does not let anybody in without a user: put one into the connection string"
		if c.Username != "" {
			who = fmt.Sprintf("refuses the user %s: check the user and the password of the connection string", c.Username)
		}
		return say("log_login_refused", "EventStoreDB at %s %s", c.where(), who)
	case codes.PermissionDenied:
		return say("log_no_rights", "the user %q has not the rights it needs at EventStoreDB at %s: see docs/eventstoredb.md", c.Username, c.where())
	default:
	}
	tls := "it is asked over TLS: name its authority by tlsCAFile, or set tls=false if it has none"
	if c.DisableTLS {
		tls = "it is asked without TLS (tls=false)"
	}
	return say("log_unreachable", "no EventStoreDB answers at %s: start it, or correct host and port of the connection string; %s", c.where(), tls)
}
