package rest

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"strings"

	"github.com/labstack/echo/v4"

	"gridward/app"
	"gridward/domain/fault"
	"gridward/domain/grid"
)

// Authenticator tells who a bearer token belongs to: it fills Actor and Admin. ok is false for a token nobody
// has. An error means that it could not find out. It is called concurrently, and never with the administrator's
// token.
type Authenticator func(ctx context.Context, token string) (by app.By, ok bool, err error)

const (
	byKey   = "by"
	adminID = "admin"
)

// authenticate lets nobody pass without a token, and stamps who it is.
func (s *Server) authenticate(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		by, err := s.who(c)
		if err != nil {
			return err
		}
		if by, err = s.actAs(c, by); err != nil {
			return err
		}
		by.ReceivedAt = s.Clock()
		c.Response().Header().Set(echo.HeaderCacheControl, "no-store") // answers may be personal
		c.Set(byKey, by)
		return next(c)
	}
}

func (s *Server) who(c echo.Context) (app.By, error) {
	scheme, token, _ := strings.Cut(c.Request().Header.Get(echo.HeaderAuthorization), " ")
	token = strings.TrimSpace(token)
	if !strings.EqualFold(scheme, "Bearer") || token == "" {
		return app.By{}, errToken
	}
	if sameToken(token, s.AdminToken) {
		return app.By{Actor: adminID, Admin: true}, nil
	}
	if s.Authenticate == nil {
		return app.By{}, errToken
	}
	by, ok, err := s.Authenticate(c.Request().Context(), token)
	if err == nil && !ok {
		err = errToken
	}
	return by, err
}

// sameToken compares in a time that tells nothing, not even the length.
func sameToken(a, b string) bool {
	x, y := sha256.Sum256([]byte(a)), sha256.Sum256([]byte(b))
	return subtle.ConstantTimeCompare(x[:], y[:]) == 1
}

// actAs lets an administrator or an integration act for a person who exists.
func (s *Server) actAs(c echo.Context, by app.By) (app.By, error) {
	person := c.Request().Header.Get("X-Act-As")
	if person == "" {
		return by, nil
	}
	if !by.Admin {
		return by, fault.Forbid("may_not_act_as", "this token acts in its own name only")
	}
	person = strings.ToLower(person)
	known := false
	if grid.IsPersonID(person) {
		var err error
		if known, err = s.App.KnowsPerson(c.Request().Context(), person); err != nil {
			return by, err
		}
	}
	if !known {
		return by, fault.Forbid("unknown_person", "X-Act-As names nobody")
	}
	by.OnBehalfOf = person
	return by, nil
}

// byOf gives who sent the request.
func byOf(c echo.Context) app.By {
	by, _ := c.Get(byKey).(app.By)
	return by
}

// steward refuses everybody but an administrator in its own name.
func steward(c echo.Context) error {
	if !byOf(c).Steward() {
		return fault.Forbid("not_steward", "only an administrator in its own name may do this")
	}
	return nil
}
