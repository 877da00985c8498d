package rest

import (
	"context"
	"encoding/json"
	"net/http"

	"github.com/labstack/echo/v4"

	"gridward/api/rest/gen"
	"gridward/app"
	"gridward/app/views"
	"gridward/domain/grid"
)

// CreateCell implements POST /cells.
func (s *Server) CreateCell(c echo.Context, _ gen.CreateCellParams) error {
	return create(s, c, func(code string) string { return "/cells/" + code }, s.App.CreateCell)
}

// ListCells implements GET /cells.
func (s *Server) ListCells(c echo.Context, p gen.ListCellsParams) error {
	f := views.CellFilter{Parent: p.Parent, Level: p.Level, Class: p.Class, Q: p.Q}
	return page(s, c, p.AtLeast, p.Limit, p.Cursor, func(ctx context.Context, at views.Paging) (views.Page[views.Cell], error) {
		return s.Views.Cells(ctx, f, at)
	})
}

// GetCell implements GET /cells/{code}.
func (s *Server) GetCell(c echo.Context, code gen.CellPath, p gen.GetCellParams) error {
	return one(s, c, p.AtLeast, func(ctx context.Context) (views.Cell, uint64, error) {
		v, err := s.Views.Cell(ctx, code)
		return v, v.Version, err
	})
}

// ImportCells implements POST /cells/import: the house spools the body to disk as it comes.
func (s *Server) ImportCells(c echo.Context, p gen.ImportCellsParams) error {
	r, err := s.App.ImportCells(c.Request().Context(), byOf(c), c.Request().Body, app.ImportOptions{DryRun: p.DryRun, Dir: s.SpoolDir})
	s.outcome(c, false, err)
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, gen.ImportReceipt{Created: r.Created, Unchanged: r.Unchanged, Position: r.Position.String()})
}

// changeCell runs a command on the cell of the path.
func changeCell[T any](s *Server, c echo.Context, code grid.CellCode,
	run func(context.Context, app.By, grid.CellCode, T) (app.Receipt, error)) error {
	return command(s, c, func(ctx context.Context, by app.By, cmd T) (app.Receipt, error) { return run(ctx, by, code, cmd) })
}

// SetCellClasses implements PUT /cells/{code}/classes.
func (s *Server) SetCellClasses(c echo.Context, code gen.CellPath, _ gen.SetCellClassesParams) error {
	return changeCell(s, c, code, func(ctx context.Context, by app.By, code grid.CellCode, body map[string]json.RawMessage) (app.Receipt, error) {
		delete(body, "occurred_at")
		classes := make(map[string]string, len(body))
		for programme, raw := range body {
			var class string
			if err := unmarshal(raw, &class); err != nil {
				return app.Receipt{}, err
			}
			classes[programme] = class
		}
		return s.App.SetCellClasses(ctx, by, code, grid.SetClasses{Classes: classes})
	})
}

// SetCellAttributes implements PUT /cells/{code}/attributes.
func (s *Server) SetCellAttributes(c echo.Context, code gen.CellPath, _ gen.SetCellAttributesParams) error {
	return changeCell(s, c, code, s.App.SetCellAttributes)
}

// RetireCell implements POST /cells/{code}/retire.
func (s *Server) RetireCell(c echo.Context, code gen.CellPath, _ gen.RetireCellParams) error {
	return changeCell(s, c, code, s.App.RetireCell)
}

// ReplaceCell implements POST /cells/{code}/replace.
func (s *Server) ReplaceCell(c echo.Context, code gen.CellPath, _ gen.ReplaceCellParams) error {
	if err := s.Views.Holds(code); err != nil { // it moves open cases, which the views find
		s.outcome(c, false, err)
		return err
	}
	open := func(ctx context.Context, cell grid.CellCode, upTo app.Position) ([]string, error) {
		ctx, cancel := context.WithTimeout(ctx, patience)
		defer cancel()
		return s.Views.OpenCasesOf(ctx, cell, upTo)
	}
	return changeCell(s, c, code, func(ctx context.Context, by app.By, code grid.CellCode, cmd grid.ReplaceCell) (app.Receipt, error) {
		return s.App.ReplaceCell(ctx, by, code, cmd, open)
	})
}
