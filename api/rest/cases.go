package rest

import (
	"context"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"gridward/api/rest/gen"
	"gridward/app"
	"gridward/app/views"
	"gridward/domain/fault"
	"gridward/domain/hazard"
)

// ReportCase implements POST /cases.
func (s *Server) ReportCase(c echo.Context, _ gen.ReportCaseParams) error {
	return create(s, c, func(id string) string { return "/cases/" + id }, func(ctx context.Context, by app.By, cmd hazard.Report) (app.Receipt, error) {
		cmd.Case = strings.ToLower(cmd.Case)
		return s.App.ReportCase(ctx, by, cmd)
	})
}

// ListCases implements GET /cases.
func (s *Server) ListCases(c echo.Context, p gen.ListCasesParams) error {
	from, to, err := s.span(p.From, p.To)
	if err != nil {
		return err
	}
	f := views.CaseFilter{Cell: p.Cell, Programme: p.Programme, State: string(p.State), Severity: string(p.Severity), Item: p.Item,
		Overdue: p.Overdue, Holder: p.Holder, Supervised: p.Supervised, From: from, To: to, Now: s.Clock()}
	return page(s, c, p.AtLeast, p.Limit, p.Cursor, func(ctx context.Context, at views.Paging) (views.Page[views.Case], error) {
		return s.Views.Cases(ctx, f, at)
	})
}

// GetCase implements GET /cases/{id}.
func (s *Server) GetCase(c echo.Context, id gen.IDPath, p gen.GetCaseParams) error {
	asOf, err := s.asOf(p.AsOf)
	if err != nil {
		return err
	}
	return one(s, c, p.AtLeast, func(ctx context.Context) (v views.Case, _ uint64, err error) {
		if asOf.IsZero() {
			v, err = s.Views.Case(ctx, id, s.Clock())
		} else {
			v, err = s.Views.CaseAsOf(ctx, id, asOf)
		}
		return v, v.Version, err
	})
}

// GetTimeline implements GET /cases/{id}/timeline.
func (s *Server) GetTimeline(c echo.Context, id gen.IDPath, p gen.GetTimelineParams) error {
	asOf, err := s.asOf(p.AsOf)
	if err != nil {
		return err
	}
	return page(s, c, p.AtLeast, p.Limit, p.Cursor, func(ctx context.Context, at views.Paging) (views.Page[views.Fact], error) {
		return s.Views.Timeline(ctx, id, asOf, at)
	})
}

// CloseCases implements POST /cases/close: each case by itself.
func (s *Server) CloseCases(c echo.Context, _ gen.CloseCasesParams) error {
	cmd, err := decode[struct {
		IDs []string `json:"ids"`
		hazard.Close
	}](c)
	if err != nil {
		return err
	}
	for i := range cmd.IDs {
		cmd.IDs[i] = strings.ToLower(cmd.IDs[i])
	}
	by := byOf(c)
	if by.IfMatch != nil {
		return fault.BadField("If-Match", "says nothing about many cases")
	}
	results, err := s.App.CloseCases(c.Request().Context(), by, cmd.IDs, cmd.Close)
	if err != nil {
		s.outcome(c, false, err)
		return err
	}
	out := gen.CloseReceipt{Results: make([]gen.CloseResult, len(results))}
	var highest app.Position
	for i, r := range results {
		highest = max(highest, r.Position)
		out.Results[i] = gen.CloseResult{Id: r.ID, Status: gen.CloseResultStatus(r.Status)}
		if r.Problem != nil {
			out.Results[i].Problem = s.itemProblem(c, r.Problem)
			continue
		}
		s.outcome(c, false, nil)
	}
	out.Position = highest.String()
	return c.JSON(http.StatusOK, out)
}
