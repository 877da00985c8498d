package rest

import (
	"context"

	"github.com/labstack/echo/v4"

	"gridward/api/rest/gen"
	"gridward/app/views"
)

// GetPatrols implements GET /cells/{code}/patrols; without a period it is the current month.
func (s *Server) GetPatrols(c echo.Context, code gen.CellPath, p gen.GetPatrolsParams) error {
	text := p.Period
	if text == "" {
		text = s.Clock().In(s.Zone).Format("2006-01")
	}
	period, err := views.ParsePeriod(text, s.Zone)
	if err != nil {
		return err
	}
	return one(s, c, p.AtLeast, func(ctx context.Context) (views.Patrols, uint64, error) {
		v, err := s.Views.Patrols(ctx, code, p.Programme, period)
		return v, 0, err
	})
}

// ListEscalations implements GET /escalations.
func (s *Server) ListEscalations(c echo.Context, p gen.ListEscalationsParams) error {
	return page(s, c, p.AtLeast, p.Limit, p.Cursor, func(ctx context.Context, at views.Paging) (views.Page[views.QueueItem], error) {
		return s.Views.Escalations(ctx, p.Cell, p.Programme, at)
	})
}
