package rest

import (
	"fmt"
	"net/http"
	"regexp"
	"runtime"
	"runtime/debug"
	"time"

	"github.com/google/uuid"
	"github.com/labstack/echo/v4"
	"go.uber.org/zap"
)

// saneID is a request id that may be taken over from a client into a log line.
var saneID = regexp.MustCompile(`^[A-Za-z0-9._-]{1,64}$`)

// requestID takes over the client's request id if it is sane, makes one otherwise, and gives it back.
func (s *Server) requestID(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		id := c.Request().Header.Get(echo.HeaderXRequestID)
		if !saneID.MatchString(id) {
			id = uuid.NewString()
		}
		c.Response().Header().Set(echo.HeaderXRequestID, id)
		c.Response().Header().Set(echo.HeaderXContentTypeOptions, "nosniff")
		return next(c)
	}
}

func requestIDOf(c echo.Context) string { return c.Response().Header().Get(echo.HeaderXRequestID) }

// routeOf names the route's pattern, never the path: paths can carry what nobody wants in a log.
func routeOf(c echo.Context) string {
	if c.Path() == "" {
		return "none"
	}
	return c.Path()
}

// observe answers errors, then counts the request and writes one line about it: no query, no body, no token.
func (s *Server) observe(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		start := time.Now() // how long the machine took, whatever the service's clock says
		defer func() {
			took := time.Since(start)
			r, method, route := c.Response(), methodOf(c.Request().Method), routeOf(c)
			s.metrics.request(method, route, r.Status, took)
			s.Logger.Info("request",
				zap.String("method", method), zap.String("route", route), zap.Int("status", r.Status),
				zap.Duration("took", took), zap.Int64("bytes", r.Size), zap.String("request_id", requestIDOf(c)),
				zap.String("actor", byOf(c).Actor), zap.String("on_behalf_of", byOf(c).OnBehalfOf))
		}()
		if err := next(c); err != nil {
			c.Error(err)
		}
		return nil
	}
}

// methodOf keeps made-up methods out of logs and metrics.
func methodOf(m string) string {
	switch m {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return m
	}
	return "OTHER"
}

// recoverPanics turns a panic into an internal error, logged once with its stack.
func (s *Server) recoverPanics(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) (err error) {
		defer func() {
			v := recover()
			if v == nil {
				return
			}
			if v == http.ErrAbortHandler { //nolint:errorlint // the very value, by net/http's contract
				panic(v)
			}
			what := fmt.Sprintf("%T", v) // a panic's text may carry data; the stack says where
			if e, ok := v.(runtime.Error); ok {
				what = e.Error()
			}
			s.Logger.Error("panic", zap.String("request_id", requestIDOf(c)), zap.String("route", routeOf(c)),
				zap.String("what", what), zap.ByteString("stack", debug.Stack()))
			err = errInternal
		}()
		return next(c)
	}
}
