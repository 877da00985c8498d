package rest

import (
	"context"
	"io"

	"github.com/labstack/echo/v4"

	"gridward/api/rest/gen"
	"gridward/app"
	"gridward/app/views"
)

// PublishProgramme implements POST /programmes: the body is the file as it would be compiled in.
func (s *Server) PublishProgramme(c echo.Context, _ gen.PublishProgrammeParams) error {
	r, err := s.publish(c)
	return s.publication(c, "/programmes/"+r.ID, r, err)
}

func (s *Server) publish(c echo.Context) (app.Publication, error) {
	if err := s.Views.Holds(""); err != nil {
		return app.Publication{}, err
	}
	raw, err := io.ReadAll(c.Request().Body)
	if err != nil {
		return app.Publication{}, bodyError(err)
	}
	p, err := s.ParseProgramme(raw)
	if err != nil {
		return app.Publication{}, err
	}
	return s.App.PublishProgramme(c.Request().Context(), byOf(c), p, s.Views.OpenCasesUnder)
}

// ListProgrammes implements GET /programmes.
func (s *Server) ListProgrammes(c echo.Context, p gen.ListProgrammesParams) error {
	return page(s, c, p.AtLeast, p.Limit, p.Cursor, s.Views.Programmes)
}

// GetProgramme implements GET /programmes/{code}.
func (s *Server) GetProgramme(c echo.Context, code gen.CodePath, p gen.GetProgrammeParams) error {
	return one(s, c, p.AtLeast, func(ctx context.Context) (views.Programme, uint64, error) {
		v, err := s.Views.Programme(ctx, code, p.Version)
		return v, uint64(v.Version), err
	})
}
