package rest

import (
	"context"
	"strings"

	"github.com/labstack/echo/v4"

	"gridward/api/rest/gen"
	"gridward/app"
	"gridward/app/views"
	"gridward/domain/grid"
)

// RegisterPerson implements POST /persons.
func (s *Server) RegisterPerson(c echo.Context, _ gen.RegisterPersonParams) error {
	return create(s, c, func(id string) string { return "/persons/" + id }, func(ctx context.Context, by app.By, cmd grid.RegisterPerson) (app.Receipt, error) {
		cmd.ID = strings.ToLower(cmd.ID)
		return s.App.RegisterPerson(ctx, by, cmd)
	})
}

// ListPersons implements GET /persons.
func (s *Server) ListPersons(c echo.Context, p gen.ListPersonsParams) error {
	return page(s, c, p.AtLeast, p.Limit, p.Cursor, s.Views.Persons)
}

// GetPerson implements GET /persons/{id}.
func (s *Server) GetPerson(c echo.Context, id gen.IDPath, p gen.GetPersonParams) error {
	return one(s, c, p.AtLeast, func(ctx context.Context) (views.Person, uint64, error) {
		v, err := s.Views.Person(ctx, id)
		return v, v.Version, err
	})
}

// ListNotices implements GET /persons/{id}/notices.
func (s *Server) ListNotices(c echo.Context, id gen.IDPath, p gen.ListNoticesParams) error {
	return page(s, c, p.AtLeast, p.Limit, p.Cursor, func(ctx context.Context, at views.Paging) (views.Page[views.Digest], error) {
		return s.Views.Notices(ctx, id, at)
	})
}
