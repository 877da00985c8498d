package rest

import (
	"context"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"gridward/api/rest/gen"
	"gridward/app"
	"gridward/app/views"
	"gridward/domain/grid"
)

// GiveDuty implements POST /cells/{code}/duties.
func (s *Server) GiveDuty(c echo.Context, code gen.CellPath, _ gen.GiveDutyParams) error {
	place := func(string) string { return "/cells/" + string(code) + "/duties" }
	return create(s, c, place, func(ctx context.Context, by app.By, cmd grid.GiveDuty) (app.Receipt, error) {
		cmd.ID = strings.ToLower(cmd.ID)
		return s.App.GiveDuty(ctx, by, code, cmd)
	})
}

// EndDuty implements POST /cells/{code}/duties/{id}/end.
func (s *Server) EndDuty(c echo.Context, code gen.CellPath, id gen.IDPath, _ gen.EndDutyParams) error {
	return command(s, c, func(ctx context.Context, by app.By, cmd grid.EndDuty) (app.Receipt, error) {
		cmd.Duty = id
		return s.App.EndDuty(ctx, by, code, cmd)
	})
}

// ListDuties implements GET /cells/{code}/duties.
func (s *Server) ListDuties(c echo.Context, code gen.CellPath, p gen.ListDutiesParams) error {
	var at time.Time
	if !p.At.IsZero() {
		at = p.At
	}
	return page(s, c, p.AtLeast, p.Limit, p.Cursor, func(ctx context.Context, paging views.Paging) (views.Page[views.Duty], error) {
		return s.Views.DutiesAt(ctx, code, p.Programme, at, paging)
	})
}

// CreateDepartment implements POST /departments.
func (s *Server) CreateDepartment(c echo.Context, _ gen.CreateDepartmentParams) error {
	return create(s, c, func(string) string { return "/departments" }, s.App.CreateDepartment)
}

// ListDepartments implements GET /departments.
func (s *Server) ListDepartments(c echo.Context, p gen.ListDepartmentsParams) error {
	return page(s, c, p.AtLeast, p.Limit, p.Cursor, s.Views.Departments)
}

// GiveDepartmentDuty implements POST /departments/{code}/duties.
func (s *Server) GiveDepartmentDuty(c echo.Context, code gen.CodePath, _ gen.GiveDepartmentDutyParams) error {
	return create(s, c, func(string) string { return "/departments" }, func(ctx context.Context, by app.By, cmd grid.GiveDuty) (app.Receipt, error) {
		cmd.ID = strings.ToLower(cmd.ID)
		return s.App.GiveDepartmentDuty(ctx, by, code, cmd)
	})
}

// EndDepartmentDuty implements POST /departments/{code}/duties/{id}/end.
func (s *Server) EndDepartmentDuty(c echo.Context, code gen.CodePath, id gen.IDPath, _ gen.EndDepartmentDutyParams) error {
	return command(s, c, func(ctx context.Context, by app.By, cmd grid.EndDuty) (app.Receipt, error) {
		cmd.Duty = id
		return s.App.EndDepartmentDuty(ctx, by, code, cmd)
	})
}
