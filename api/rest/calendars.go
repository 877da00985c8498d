package rest

import (
	"context"

	"github.com/labstack/echo/v4"

	"gridward/api/rest/gen"
	"gridward/app"
	"gridward/app/views"
	"gridward/domain/calendar"
)

// PublishCalendar implements POST /calendars.
func (s *Server) PublishCalendar(c echo.Context, _ gen.PublishCalendarParams) error {
	cmd, err := decode[calendar.Definition](c)
	var p app.Publication
	if err == nil {
		err = s.Views.Holds("")
	}
	if err == nil {
		p, err = s.App.PublishCalendar(c.Request().Context(), byOf(c), cmd, s.Views.OpenCasesUnder)
	}
	p.Created = err == nil && !p.Replayed // every version is a thing of its own
	return s.publication(c, "/calendars", p, err)
}

// publication answers a publication.
func (s *Server) publication(c echo.Context, at string, p app.Publication, err error) error {
	s.outcome(c, p.Replayed, err)
	if err != nil {
		return err
	}
	return c.JSON(created(c, at, p.Receipt), gen.PublishReceipt{Id: p.ID, Version: int64(p.Version), Position: p.Position.String(), Moved: p.Moved})
}

// ListCalendars implements GET /calendars: every version, the newest first.
func (s *Server) ListCalendars(c echo.Context, p gen.ListCalendarsParams) error {
	return page(s, c, p.AtLeast, p.Limit, p.Cursor, func(ctx context.Context, at views.Paging) (views.Page[calendar.Definition], error) {
		return s.Views.Calendars(ctx, at)
	})
}
