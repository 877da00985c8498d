package rest

import (
	"context"
	"strings"

	"github.com/labstack/echo/v4"

	"gridward/api/rest/gen"
	"gridward/app"
	"gridward/app/views"
	"gridward/domain/inspection"
)

// OpenCampaign implements POST /campaigns.
func (s *Server) OpenCampaign(c echo.Context, _ gen.OpenCampaignParams) error {
	return create(s, c, func(id string) string { return "/campaigns/" + id }, func(ctx context.Context, by app.By, cmd inspection.OpenCampaign) (app.Receipt, error) {
		cmd.ID = strings.ToLower(cmd.ID)
		return s.App.OpenCampaign(ctx, by, cmd)
	})
}

// ListCampaigns implements GET /campaigns.
func (s *Server) ListCampaigns(c echo.Context, p gen.ListCampaignsParams) error {
	f := views.CampaignFilter{Cell: p.Cell, Programme: p.Programme}
	return page(s, c, p.AtLeast, p.Limit, p.Cursor, func(ctx context.Context, at views.Paging) (views.Page[views.Campaign], error) {
		return s.Views.Campaigns(ctx, f, at)
	})
}

// GetCampaign implements GET /campaigns/{id}.
func (s *Server) GetCampaign(c echo.Context, id gen.IDPath, p gen.GetCampaignParams) error {
	return one(s, c, p.AtLeast, func(ctx context.Context) (views.Campaign, uint64, error) {
		v, err := s.Views.Campaign(ctx, id)
		return v, v.Version, err
	})
}
