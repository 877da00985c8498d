package rest

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"time"

	"github.com/labstack/echo/v4"

	"gridward/domain/fault"
)

// Leader is another node, which leads.
type Leader struct {
	At   *url.URL        // its root; what follows is as here
	Lost <-chan struct{} // closed when it leads no more, as far as is known here
}

const (
	forwardedHeader = "Gridward-Forwarded" // of a request that came by way of another node: it is not sent on again
	forwardTime     = 30 * time.Second     // how long the leader may take for what has no time of its own
	reachTime       = 2 * time.Second      // how long it may take to reach it
	forwardIdle     = idleTimeout / 2      // how long a connection to it is kept, so that it is not the leader who ends it
)

var (
	errNotLeading = &fault.Error{Kind: fault.Unavailable, Code: "not_leading", Message: "the node that leads cannot be reached from this one: nothing was done", RetryAfter: time.Second}
	errLeaderLost = &fault.Error{Kind: fault.Unavailable, Code: "leader_lost", Message: "the node that leads did not answer to the end, and whether it has done this is not known; asked again with the same Idempotency-Key it does it once", RetryAfter: time.Second}
)

// newForwarder makes the connections to leaders; they go past any proxy.
func newForwarder() *http.Transport {
	return &http.Transport{DialContext: (&net.Dialer{Timeout: reachTime}).DialContext, MaxIdleConnsPerHost: admittedAtOnce, IdleConnTimeout: forwardIdle}
}

// leadersOnly are what only the node that leads can do, whatever the log is on.
var leadersOnly = map[string]bool{"moveClock": true, "rebuildViews": true}

// forward sends what only the leader can do on to it, where that is another node: as it came, once, and the answer as it
// comes. Where no leader is known the house refuses it.
func (s *Server) forward(op *operation) echo.MiddlewareFunc {
	return func(next echo.HandlerFunc) echo.HandlerFunc {
		if s.Leader == nil || !s.LeaderTakesAll && !leadersOnly[op.OperationID] {
			return next
		}
		return func(c echo.Context) error {
			r := c.Request()
			if r.Header.Get(forwardedHeader) != "" {
				return next(c)
			}
			leader := s.Leader()
			if leader == nil {
				return next(c)
			}
			if op.room.time > 0 {
				unhurried(c, op.room.time)
			}
			if err := op.bound(c); err != nil {
				return err
			}
			ctx, cancel := context.WithTimeout(r.Context(), max(forwardTime, op.room.time))
			defer cancel()
			go func() {
				select {
				case <-leader.Lost:
					cancel()
				case <-ctx.Done():
				}
			}()
			return s.sendOn(c, leader.At, r.WithContext(ctx))
		}
	}
}

func (s *Server) sendOn(c echo.Context, to *url.URL, r *http.Request) (err error) {
	answer := c.Response()
	proxy := httputil.ReverseProxy{
		Transport: s.forwarder,
		Rewrite: func(p *httputil.ProxyRequest) {
			p.SetURL(to)
			p.SetXForwarded()
			p.Out.Header.Set(forwardedHeader, "1")
			p.Out.Header.Set(echo.HeaderXRequestID, requestIDOf(c))
		},
		ModifyResponse: func(got *http.Response) error {
			for name := range answer.Header() { // said here already
				got.Header.Del(name)
			}
			return nil
		},
		ErrorHandler: func(_ http.ResponseWriter, _ *http.Request, broken error) { err = unanswered(broken) },
		ErrorLog:     s.http.ErrorLog,
	}
	proxy.ServeHTTP(answer, r)
	return err
}

// unanswered is what is said where the leader's answer did not come.
func unanswered(err error) error {
	var tooLarge *http.MaxBytesError
	var connection *net.OpError
	switch {
	case errors.As(err, &tooLarge):
		return errTooLarge
	case errors.As(err, &connection) && connection.Op == "dial":
		return errNotLeading
	}
	return errLeaderLost
}
