package rest

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"

	"github.com/labstack/echo/v4"

	"gridward/api/rest/gen"
	"gridward/app"
	"gridward/app/views"
	"gridward/domain/fault"
	"gridward/domain/inspection"
)

// LogInspection implements POST /inspections.
func (s *Server) LogInspection(c echo.Context, _ gen.LogInspectionParams) error {
	cmd, err := decode[inspection.Log](c)
	lowerIDs(&cmd)
	var r app.InspectionReceipt
	if err == nil {
		r, err = s.App.LogInspection(c.Request().Context(), byOf(c), cmd)
	}
	s.outcome(c, r.Replayed, err)
	if err != nil {
		return err
	}
	status := created(c, "/inspections/"+r.ID, r.Receipt)
	return c.JSON(status, gen.InspectionReceipt{Id: r.ID, Version: int64(r.Version), Position: r.Position.String(), Cases: list(r.Cases)})
}

// list is never null on the wire.
func list[T any](items []T) []T {
	if items == nil {
		return []T{}
	}
	return items
}

// lowerIDs writes the ids a client made as the log has them.
func lowerIDs(cmd *inspection.Log) {
	cmd.ID = strings.ToLower(cmd.ID)
	for i := range cmd.Hazards {
		cmd.Hazards[i].ID = strings.ToLower(cmd.Hazards[i].ID)
	}
}

// ListInspections implements GET /inspections.
func (s *Server) ListInspections(c echo.Context, p gen.ListInspectionsParams) error {
	from, to, err := s.span(p.From, p.To)
	if err != nil {
		return err
	}
	f := views.InspectionFilter{Cell: p.Cell, Programme: p.Programme, Officer: p.Officer, From: from, To: to}
	return page(s, c, p.AtLeast, p.Limit, p.Cursor, func(ctx context.Context, at views.Paging) (views.Page[views.Inspection], error) {
		return s.Views.Inspections(ctx, f, at)
	})
}

// GetInspection implements GET /inspections/{id}.
func (s *Server) GetInspection(c echo.Context, id gen.IDPath, p gen.GetInspectionParams) error {
	return one(s, c, p.AtLeast, func(ctx context.Context) (views.Inspection, uint64, error) {
		v, err := s.Views.Inspection(ctx, id)
		return v, v.Version, err
	})
}

// AmendInspection implements POST /inspections/{id}/amend.
func (s *Server) AmendInspection(c echo.Context, id gen.IDPath, _ gen.AmendInspectionParams) error {
	return command(s, c, func(ctx context.Context, by app.By, cmd inspection.Amend) (app.Receipt, error) {
		return s.App.AmendInspection(ctx, by, id, cmd)
	})
}

// VoidInspection implements POST /inspections/{id}/void.
func (s *Server) VoidInspection(c echo.Context, id gen.IDPath, _ gen.VoidInspectionParams) error {
	return command(s, c, func(ctx context.Context, by app.By, cmd inspection.Void) (app.Receipt, error) {
		return s.App.VoidInspection(ctx, by, id, cmd)
	})
}

// LogInspections implements POST /inspections/batch. Each item stands for itself: one that is malformed is
// rejected with its problem, and the others go on.
func (s *Server) LogInspections(c echo.Context, _ gen.LogInspectionsParams) error {
	batch, err := decode[struct {
		Items []json.RawMessage `json:"items"`
	}](c)
	if err != nil {
		return err
	}
	results := make([]gen.BatchResult, len(batch.Items))
	var sound []inspection.Log
	var places []int // of sound items in results
	for i, raw := range batch.Items {
		cmd, err := s.batchItem(raw)
		if err != nil {
			results[i] = s.rejected(c, idIn(raw), err)
			continue
		}
		sound, places = append(sound, cmd), append(places, i)
	}
	var highest app.Position
	if len(sound) > 0 {
		logged, err := s.App.LogInspections(c.Request().Context(), byOf(c), sound)
		if err != nil {
			s.outcome(c, false, err)
			return err
		}
		for n, r := range logged {
			highest = max(highest, r.Position)
			if r.Problem != nil {
				results[places[n]] = s.rejected(c, r.ID, r.Problem)
				continue
			}
			s.outcome(c, r.Status == app.BatchDuplicate, nil)
			results[places[n]] = gen.BatchResult{Id: r.ID, Status: gen.BatchResultStatus(r.Status)}
		}
	}
	return c.JSON(http.StatusOK, gen.BatchReceipt{Results: results, Position: highest.String()})
}

// batchItem holds one item against the schema of a single inspection.
func (s *Server) batchItem(raw json.RawMessage) (inspection.Log, error) {
	value, err := parseJSON(raw)
	if err != nil {
		return inspection.Log{}, err
	}
	bad := s.contract.check(s.contract.doc.Components.Schemas["LogInspection"].Value, value, "")
	text(&bad, value, "")
	fields, _ := value.(map[string]any)
	if fields["id"] == nil {
		bad.Add("id", "is required in a batch")
	}
	if err := bad.Err(); err != nil {
		return inspection.Log{}, err
	}
	var item struct {
		inspection.Log
		OccurredAt string `json:"occurred_at"`
	}
	if err := unmarshal(raw, &item); err != nil {
		return inspection.Log{}, err
	}
	lowerIDs(&item.Log)
	if at, err := when("occurred_at", item.OccurredAt, s.Zone, false); err != nil || (!at.IsZero() && !at.Equal(item.EndedAt)) {
		return inspection.Log{}, fault.BadField("occurred_at", "differs from ended_at, which says when an inspection happened")
	}
	return item.Log, nil
}

func (s *Server) rejected(c echo.Context, id string, err error) gen.BatchResult {
	return gen.BatchResult{Id: id, Status: gen.BatchResultStatus(app.BatchRejected), Problem: s.itemProblem(c, err)}
}

// itemProblem says why one item of several was refused, and counts it.
func (s *Server) itemProblem(c echo.Context, err error) *gen.Problem {
	s.outcome(c, false, err)
	p, _ := problem(err)
	p.Instance = requestIDOf(c)
	return &p
}

// idIn digs for the id of an item that is not as it should be, "" when there is none.
func idIn(raw json.RawMessage) string {
	var item struct {
		ID any `json:"id"`
	}
	if json.Unmarshal(raw, &item) != nil {
		return ""
	}
	id, _ := item.ID.(string)
	return id
}
