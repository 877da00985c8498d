package rest

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"gridward/api/rest/gen"
	"gridward/app"
	"gridward/app/views"
	"gridward/domain/fault"
)

// patience is how long a read waits for the views to reach at_least.
const patience = 2 * time.Second

// outcome counts one command.
func (s *Server) outcome(c echo.Context, replayed bool, err error) {
	what := "done"
	switch {
	case err != nil:
		what = outcomeOf(err)
	case replayed:
		what = "replayed"
	}
	operation, _ := c.Get(opKey).(string)
	s.metrics.command(operation, what)
}

// receipt answers a command. at is where what it created is read, "" if it creates nothing.
func (s *Server) receipt(c echo.Context, at string, r app.Receipt, err error) error {
	s.outcome(c, r.Replayed, err)
	if err != nil {
		return err
	}
	return c.JSON(created(c, at, r), gen.Receipt{Id: r.ID, Version: int64(r.Version), Position: r.Position.String()})
}

// created gives the status of a receipt, and says where the new thing is.
func created(c echo.Context, at string, r app.Receipt) int {
	if at == "" || !r.Created {
		return http.StatusOK
	}
	c.Response().Header().Set(echo.HeaderLocation, base+at)
	return http.StatusCreated
}

// command runs one command whose body is T.
func command[T any](s *Server, c echo.Context, run func(context.Context, app.By, T) (app.Receipt, error)) error {
	return create(s, c, func(string) string { return "" }, run)
}

// create runs one command that creates something; place says where that is read.
func create[T any](s *Server, c echo.Context, place func(id string) string, run func(context.Context, app.By, T) (app.Receipt, error)) error {
	cmd, err := decode[T](c)
	var r app.Receipt
	if err == nil {
		r, err = run(c.Request().Context(), byOf(c), cmd)
	}
	return s.receipt(c, place(r.ID), r, err)
}

// await waits until the views have reached what the caller has written itself.
func (s *Server) await(c echo.Context, atLeast string) error {
	if atLeast == "" {
		return nil
	}
	at, err := app.ParsePosition("at_least", atLeast)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(c.Request().Context(), patience)
	defer cancel()
	return s.Views.WaitFor(ctx, at)
}

// one answers a single read; its version is the entity tag.
func one[T any](s *Server, c echo.Context, atLeast string, read func(context.Context) (T, uint64, error)) error {
	if err := s.await(c, atLeast); err != nil {
		return err
	}
	v, version, err := read(c.Request().Context())
	if err != nil {
		return err
	}
	if version > 0 {
		c.Response().Header().Set("ETag", `"`+strconv.FormatUint(version, 10)+`"`)
	}
	return c.JSON(http.StatusOK, v)
}

// page answers one page of a listing.
func page[T any](s *Server, c echo.Context, atLeast string, limit int, cursor string,
	read func(context.Context, views.Paging) (views.Page[T], error)) error {
	if err := s.await(c, atLeast); err != nil {
		return err
	}
	p, err := read(c.Request().Context(), views.Paging{Limit: limit, Cursor: cursor})
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, p)
}

// unhurried gives a request more time than the server's own limits: zero is without end. A recorder in tests has
// no deadlines, and no trouble with them.
func unhurried(c echo.Context, d time.Duration) {
	var until time.Time
	if d > 0 {
		until = time.Now().Add(d)
	}
	control := http.NewResponseController(c.Response())
	_ = control.SetReadDeadline(until)
	_ = control.SetWriteDeadline(until)
}

// span reads from and to.
func (s *Server) span(from, to string) (a, b time.Time, err error) {
	if a, err = when("from", from, s.Zone, false); err != nil {
		return a, b, err
	}
	if b, err = when("to", to, s.Zone, true); err != nil {
		return a, b, err
	}
	if !a.IsZero() && !b.IsZero() && b.Before(a) {
		err = fault.BadField("to", "lies before from")
	}
	return a, b, err
}
