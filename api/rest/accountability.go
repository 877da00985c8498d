package rest

import (
	"context"
	"time"

	"github.com/labstack/echo/v4"

	"gridward/api/rest/gen"
	"gridward/app/views"
)

// GetDeadlines implements GET /cases/{id}/deadlines.
func (s *Server) GetDeadlines(c echo.Context, id gen.IDPath, p gen.GetDeadlinesParams) error {
	asOf, err := s.asOf(p.AsOf)
	if err != nil {
		return err
	}
	type deadlines struct {
		Items []views.DerivedStage `json:"items"`
	}
	return one(s, c, p.AtLeast, func(ctx context.Context) (deadlines, uint64, error) {
		items, err := s.Views.Deadlines(ctx, id, s.Clock(), asOf)
		return deadlines{items}, 0, err
	})
}

// GetCaseAccountability implements GET /cases/{id}/accountability: JSON, a workbook, or a page to print and sign.
func (s *Server) GetCaseAccountability(c echo.Context, id gen.IDPath, p gen.GetCaseAccountabilityParams) error {
	asOf, err := s.asOf(p.AsOf)
	if err != nil {
		return err
	}
	if p.Format == "html" {
		return s.casePage(c, id, p.AtLeast, asOf)
	}
	return s.accountability(c, p.AtLeast, string(p.Format), "case-"+id, "案件责任追究 "+id, func(ctx context.Context) (views.Accountability, error) {
		return s.Views.CaseAccountability(ctx, id, s.Clock(), asOf)
	})
}

// GetPersonAccountability implements GET /persons/{id}/accountability.
func (s *Server) GetPersonAccountability(c echo.Context, id gen.IDPath, p gen.GetPersonAccountabilityParams) error {
	from, to, asOf, err := s.during(p.From, p.To, p.AsOf)
	if err != nil {
		return err
	}
	return s.accountability(c, p.AtLeast, string(p.Format), "person-"+id, "人员责任追究", func(ctx context.Context) (views.Accountability, error) {
		return s.Views.PersonAccountability(ctx, id, from, to, s.Clock(), asOf)
	})
}

// GetCellAccountability implements GET /cells/{code}/accountability: of the cell and its subtree.
func (s *Server) GetCellAccountability(c echo.Context, code gen.CellPath, p gen.GetCellAccountabilityParams) error {
	from, to, asOf, err := s.during(p.From, p.To, p.AsOf)
	if err != nil {
		return err
	}
	return s.accountability(c, p.AtLeast, string(p.Format), "cell-"+string(code), "网格责任追究 "+string(code), func(ctx context.Context) (views.Accountability, error) {
		return s.Views.CellAccountability(ctx, code, from, to, s.Clock(), asOf)
	})
}

// during reads from, to and as_of.
func (s *Server) during(from, to string, at time.Time) (a, b, asOf time.Time, err error) {
	if a, b, err = s.span(from, to); err != nil {
		return a, b, asOf, err
	}
	asOf, err = s.asOf(at)
	return a, b, asOf, err
}

// accountability answers one as JSON or as a workbook.
func (s *Server) accountability(c echo.Context, atLeast, format, ascii, title string, read func(context.Context) (views.Accountability, error)) error {
	if format != "xlsx" {
		return one(s, c, atLeast, func(ctx context.Context) (views.Accountability, uint64, error) {
			v, err := read(ctx)
			return v, 0, err
		})
	}
	if err := s.await(c, atLeast); err != nil {
		return err
	}
	v, err := read(c.Request().Context())
	if err != nil {
		return err
	}
	return s.accountabilityBook(c, ascii, title, v)
}
