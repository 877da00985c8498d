package rest

import (
	"context"
	"time"

	"github.com/labstack/echo/v4"

	"gridward/app/views"
	"gridward/domain/fault"
)

func (s *Server) casePage(echo.Context, string, string, time.Time) error {
	return fault.New(fault.Unavailable, "stub", "stub")
}
func (s *Server) accountabilityBook(echo.Context, string, string, views.Accountability) error {
	return fault.New(fault.Unavailable, "stub", "stub")
}
func (s *Server) patrolsBook(echo.Context, views.Patrols) error {
	return fault.New(fault.Unavailable, "stub", "stub")
}
func (s *Server) shortfallsBook(echo.Context, func(context.Context, views.Paging) (views.Page[views.Shortfall], error)) error {
	return fault.New(fault.Unavailable, "stub", "stub")
}
