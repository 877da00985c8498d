package rest

import (
	"bufio"
	"context"
	"strings"

	"github.com/labstack/echo/v4"

	"gridward/api/rest/gen"
	"gridward/app"
	"gridward/app/views"
	"gridward/domain/register"
)

const csvBuffer = 64 << 10

// GetLedger implements GET /cells/{code}/ledgers/{ledger}: a page of JSON, or the whole ledger as a file.
func (s *Server) GetLedger(c echo.Context, code gen.CellPath, ledger gen.GetLedgerParamsLedger, p gen.GetLedgerParams) error {
	from, to, err := s.span(p.From, p.To)
	if err != nil {
		return err
	}
	asOf, err := s.asOf(p.AsOf)
	if err != nil {
		return err
	}
	f := views.LedgerFilter{Programme: p.Programme, From: from, To: to, Now: s.Clock(), AsOf: asOf}
	if p.Format == "" || p.Format == "json" {
		return page(s, c, p.AtLeast, p.Limit, p.Cursor, func(ctx context.Context, at views.Paging) (views.Page[views.Row], error) {
			return s.Views.LedgerPage(ctx, code, string(ledger), f, at)
		})
	}
	if err := s.await(c, p.AtLeast); err != nil {
		return err
	}
	sheet, err := s.Views.Ledger(c.Request().Context(), code, string(ledger), f)
	if err != nil {
		return err
	}
	name := string(code) + "-" + string(ledger)
	if p.Format == "xlsx" {
		return s.spreadsheet(c, name, sheet.Title, tableOf(sheet, sheet.Title))
	}
	unhurried(c, fileTime)
	attach(c, "text/csv; charset=utf-8", name, sheet.Title, ".csv")
	out := bufio.NewWriterSize(c.Response(), csvBuffer) // until it overflows, an error still becomes a problem
	if err := sheet.WriteCSV(out); err != nil {
		return err
	}
	return out.Flush()
}

// RecordActivity implements POST /cells/{code}/activities.
func (s *Server) RecordActivity(c echo.Context, code gen.CellPath, _ gen.RecordActivityParams) error {
	return create(s, c, ledgerOf(code, "activities"), func(ctx context.Context, by app.By, cmd register.RecordActivity) (app.Receipt, error) {
		cmd.ID, cmd.Cell = strings.ToLower(cmd.ID), code
		return s.App.RecordActivity(ctx, by, cmd)
	})
}

// RegisterEquipment implements POST /cells/{code}/equipment.
func (s *Server) RegisterEquipment(c echo.Context, code gen.CellPath, _ gen.RegisterEquipmentParams) error {
	return create(s, c, ledgerOf(code, "equipment"), func(ctx context.Context, by app.By, cmd register.RegisterEquipment) (app.Receipt, error) {
		cmd.ID, cmd.Cell = strings.ToLower(cmd.ID), code
		return s.App.RegisterEquipment(ctx, by, cmd)
	})
}

// ServiceEquipment implements POST /equipment/{id}/service.
func (s *Server) ServiceEquipment(c echo.Context, id gen.IDPath, _ gen.ServiceEquipmentParams) error {
	return command(s, c, func(ctx context.Context, by app.By, cmd register.ServiceEquipment) (app.Receipt, error) {
		return s.App.ServiceEquipment(ctx, by, id, cmd)
	})
}

// RetireEquipment implements POST /equipment/{id}/retire.
func (s *Server) RetireEquipment(c echo.Context, id gen.IDPath, _ gen.RetireEquipmentParams) error {
	return command(s, c, func(ctx context.Context, by app.By, cmd register.RetireEquipment) (app.Receipt, error) {
		return s.App.RetireEquipment(ctx, by, id, cmd)
	})
}

// RegisterForce implements POST /cells/{code}/forces.
func (s *Server) RegisterForce(c echo.Context, code gen.CellPath, _ gen.RegisterForceParams) error {
	return create(s, c, ledgerOf(code, "forces"), func(ctx context.Context, by app.By, cmd register.RegisterForce) (app.Receipt, error) {
		cmd.ID, cmd.Cell = strings.ToLower(cmd.ID), code
		return s.App.RegisterForce(ctx, by, cmd)
	})
}

// ledgerOf is where an entry of a cell's register is read.
func ledgerOf(code gen.CellPath, name string) func(string) string {
	return func(string) string { return "/cells/" + string(code) + "/ledgers/" + name }
}
