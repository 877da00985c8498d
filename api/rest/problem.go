package rest

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"math"
	"net/http"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"
	"go.uber.org/zap"

	"gridward/api/rest/gen"
	"gridward/domain/fault"
)

// refusal is what the door itself refuses, before the house is asked.
type refusal struct {
	status int
	code   string
	detail string
	fields []fault.Field
}

func (r *refusal) Error() string { return r.code + ": " + r.detail }

func refuse(status int, code, detail string) error {
	return &refusal{status: status, code: code, detail: detail}
}

// The refusals that have no words of their own.
var (
	errMalformed = refuse(http.StatusBadRequest, "malformed_json", "the body is not one JSON value")
	errTooLarge  = refuse(http.StatusRequestEntityTooLarge, "too_large", "the body is too large")
	errCutOff    = refuse(http.StatusBadRequest, "body_cut_off", "the body ended before its time")
	errToken     = refuse(http.StatusUnauthorized, "unauthenticated", "a valid bearer token is needed")
	errNoRoute   = refuse(http.StatusNotFound, "no_such_route", "there is no such route")
	errMethod    = refuse(http.StatusMethodNotAllowed, "method_not_allowed", "the route does not take this method")
	errInternal  = refuse(http.StatusInternalServerError, "internal", "something went wrong inside; the log has it under the request id")
)

// maxFields is how many invalid fields one problem names.
const maxFields = 100

// defaultRetry is what Retry-After says when the house does not.
const defaultRetry = time.Second

// statusOf is the one table from what the house refuses to HTTP.
func statusOf(k fault.Kind) int {
	switch k {
	case fault.Invalid:
		return http.StatusUnprocessableEntity
	case fault.NotFound:
		return http.StatusNotFound
	case fault.Conflict, fault.Refused:
		return http.StatusConflict
	case fault.Forbidden:
		return http.StatusForbidden
	case fault.Precondition:
		return http.StatusPreconditionFailed
	case fault.Unavailable:
		return http.StatusServiceUnavailable
	case fault.Elsewhere:
		return http.StatusMisdirectedRequest
	}
	return http.StatusInternalServerError
}

// outcomeOf names what became of a command, for the metrics.
func outcomeOf(err error) string {
	var r *refusal
	if errors.As(err, &r) && r.status < http.StatusInternalServerError {
		return "malformed"
	}
	f, ok := fault.As(err)
	if !ok {
		return "internal"
	}
	switch f.Kind {
	case fault.Invalid:
		return "invalid"
	case fault.NotFound:
		return "not_found"
	case fault.Conflict:
		return "conflict"
	case fault.Refused:
		return "refused"
	case fault.Forbidden:
		return "forbidden"
	case fault.Precondition:
		return "precondition"
	case fault.Unavailable:
		return "unavailable"
	case fault.Elsewhere:
		return "elsewhere"
	}
	return "internal"
}

// problem turns an error into what a client may see of it. retry is how long to wait before trying again, zero if
// that is no use. What is neither the door's nor the house's refusal is internal.
func problem(err error) (p gen.Problem, retry time.Duration) {
	if f, ok := fault.As(err); ok && statusOf(f.Kind) != http.StatusInternalServerError {
		p = newProblem(statusOf(f.Kind), f.Code, f.Message, f.Fields)
		if f.Kind == fault.Unavailable {
			retry = max(f.RetryAfter, defaultRetry)
		}
		return p, retry
	}
	var r *refusal
	if errors.As(err, &r) {
		return newProblem(r.status, r.code, r.detail, r.fields), 0
	}
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return problem(errTooLarge)
	}
	if errors.Is(err, io.ErrUnexpectedEOF) {
		return problem(errCutOff)
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return newProblem(http.StatusServiceUnavailable, "cut_off", "the request ended before its answer", nil), defaultRetry
	}
	return problem(errInternal)
}

func newProblem(status int, code, detail string, fields []fault.Field) gen.Problem {
	p := gen.Problem{Type: "urn:gridward:problem:" + code, Title: http.StatusText(status), Status: status, Detail: detail, Code: code}
	for _, f := range fields[:min(len(fields), maxFields)] {
		p.Errors = append(p.Errors, gen.FieldProblem{Field: f.Field, Reason: f.Reason})
	}
	return p
}

// answerError is echo's error handler: every error of every route ends here, the router's own included. When the
// answer has begun, the connection is cut off.
func (s *Server) answerError(err error, c echo.Context) {
	err = fromEcho(err)
	p, retry := problem(err)
	p.Instance = requestIDOf(c)
	if p.Status == http.StatusInternalServerError && !errors.Is(err, errInternal) {
		s.Logger.Error("request failed", zap.String("request_id", p.Instance), zap.String("route", routeOf(c)), zap.Error(err))
	}
	if c.Response().Committed {
		panic(http.ErrAbortHandler) // a broken answer must not look like a whole one
	}
	h := c.Response().Header()
	if retry > 0 {
		h.Set("Retry-After", strconv.Itoa(max(1, int(math.Ceil(retry.Seconds())))))
	}
	if p.Status == http.StatusUnauthorized {
		h.Set("WWW-Authenticate", "Bearer")
	}
	if p.Status == http.StatusRequestEntityTooLarge {
		h.Set("Connection", "close") // the rest of the body is not read
	}
	raw, err := json.Marshal(p)
	if err != nil {
		s.Logger.Error("problem not written", zap.Error(err))
		return
	}
	if err := c.Blob(p.Status, "application/problem+json", raw); err != nil {
		s.Logger.Debug("answer not delivered", zap.String("request_id", p.Instance))
	}
}

// fromEcho translates the errors the router and the generated bindings make.
func fromEcho(err error) error {
	var h *echo.HTTPError
	if !errors.As(err, &h) {
		return err
	}
	switch h.Code {
	case http.StatusNotFound:
		return errNoRoute
	case http.StatusMethodNotAllowed:
		return errMethod
	case http.StatusRequestEntityTooLarge:
		return errTooLarge
	case http.StatusBadRequest:
		return refuse(http.StatusBadRequest, "bad_request", "a parameter cannot be read")
	}
	return err
}
