package rest

import (
	"context"

	"github.com/labstack/echo/v4"

	"gridward/api/rest/gen"
	"gridward/app/views"
)

// GetPatrols implements GET /cells/{code}/patrols; without a period it is the current month.
func (s *Server) GetPatrols(c echo.Context, code gen.CellPath, p gen.GetPatrolsParams) error {
	asOf, err := s.asOf(p.AsOf)
	if err != nil {
		return err
	}
	text := p.Period
	if text == "" {
		text = s.Clock().In(s.Zone).Format("2006-01")
	}
	period, err := views.ParsePeriod(text, s.Zone)
	if err != nil {
		return err
	}
	read := func(ctx context.Context) (views.Patrols, uint64, error) {
		v, err := s.Views.Patrols(ctx, code, p.Programme, period, s.Clock(), asOf)
		return v, 0, err
	}
	if p.Format != "xlsx" {
		return one(s, c, p.AtLeast, read)
	}
	if err := s.await(c, p.AtLeast); err != nil {
		return err
	}
	v, _, err := read(c.Request().Context())
	if err != nil {
		return err
	}
	return s.patrolsBook(c, v)
}

// ListShortfalls implements GET /patrols/shortfalls; without a period it is all of them.
func (s *Server) ListShortfalls(c echo.Context, p gen.ListShortfallsParams) error {
	asOf, err := s.asOf(p.AsOf)
	if err != nil {
		return err
	}
	var period views.Period
	if p.Period != "" {
		if period, err = views.ParsePeriod(p.Period, s.Zone); err != nil {
			return err
		}
	}
	read := func(ctx context.Context, at views.Paging) (views.Page[views.Shortfall], error) {
		return s.Views.Shortfalls(ctx, p.Cell, p.Programme, period, asOf, at)
	}
	if p.Format != "xlsx" {
		return page(s, c, p.AtLeast, p.Limit, p.Cursor, read)
	}
	if err := s.await(c, p.AtLeast); err != nil {
		return err
	}
	return s.shortfallsBook(c, read)
}

// ListEscalations implements GET /escalations.
func (s *Server) ListEscalations(c echo.Context, p gen.ListEscalationsParams) error {
	return page(s, c, p.AtLeast, p.Limit, p.Cursor, func(ctx context.Context, at views.Paging) (views.Page[views.QueueItem], error) {
		return s.Views.Escalations(ctx, p.Cell, p.Programme, s.Clock(), at)
	})
}
