package rest

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"gridward/api"
	"gridward/api/rest/gen"
	"gridward/domain/fault"
)

const (
	probeTime = 3 * time.Second
	farBehind = 10_000 // positions
)

// GetHealth implements GET /healthz: the process answers.
func (s *Server) GetHealth(c echo.Context) error {
	return c.JSON(http.StatusOK, gen.Health{Status: "ok"})
}

// GetReadiness implements GET /readyz: 503 only for a log that cannot be reached or views that stand still.
func (s *Server) GetReadiness(c echo.Context) error {
	ctx, cancel := context.WithTimeout(c.Request().Context(), probeTime)
	defer cancel()
	if _, err := s.Log.Head(ctx); err != nil {
		return &fault.Error{Kind: fault.Unavailable, Code: "log_unreachable", Message: "the log cannot be reached", Cause: err}
	}
	status := s.Views.Status(ctx)
	if status.Err != nil {
		return &fault.Error{Kind: fault.Unavailable, Code: "views_stopped", Message: "the views stand still; the log says why", Cause: status.Err}
	}
	warnings := []string{}
	if status.Head > status.Applied+farBehind {
		warnings = append(warnings, fmt.Sprintf("the views are %d positions behind the log", status.Head-status.Applied))
	}
	if s.Warnings != nil {
		warnings = append(warnings, s.Warnings()...)
	}
	role := "alone"
	if s.Role != nil {
		role = s.Role()
	}
	return c.JSON(http.StatusOK, gen.Readiness{Status: "ready", Warnings: warnings,
		ViewsPosition: status.Applied.String(), ViewsLag: int64(status.Lag()), Role: gen.ReadinessRole(role), Districts: s.Views.Districts()})
}

// GetVersion implements GET /version.
func (s *Server) GetVersion(c echo.Context) error { return c.JSON(http.StatusOK, s.Build) }

// GetContract implements GET /openapi.yaml.
func (s *Server) GetContract(c echo.Context) error {
	return c.Blob(http.StatusOK, "application/yaml; charset=utf-8", api.Contract)
}

// GetDocs implements GET /docs.
func (s *Server) GetDocs(c echo.Context) error {
	c.Response().Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'")
	page, err := s.docs()
	if err != nil {
		return err
	}
	return c.HTMLBlob(http.StatusOK, page)
}

// GetMetrics implements GET /metrics.
func (s *Server) GetMetrics(c echo.Context) error {
	promhttp.HandlerFor(s.Registry, promhttp.HandlerOpts{}).ServeHTTP(c.Response(), c.Request())
	return nil
}

// MoveClock implements POST /clock. It answers when the views show all that the move brought about.
func (s *Server) MoveClock(c echo.Context, _ gen.MoveClockParams) error {
	if err := steward(c); err != nil {
		return err
	}
	cmd, err := decode[gen.MoveClock](c)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(c.Request().Context(), rooms["moveClock"].time)
	defer cancel()
	if err := s.Rehearsal(ctx, cmd.Now); err != nil {
		return err
	}
	head, err := s.Log.Head(ctx)
	if err != nil {
		return err
	}
	if err := s.Views.WaitFor(ctx, head); err != nil {
		return err
	}
	return c.JSON(http.StatusOK, gen.ClockReading{Now: s.Clock().In(s.Zone)})
}

// RebuildViews implements POST /views/rebuild. It answers when the rebuilt views are live.
func (s *Server) RebuildViews(c echo.Context, _ gen.RebuildViewsParams) error {
	if err := steward(c); err != nil {
		return err
	}
	if err := s.Views.Rebuild(c.Request().Context(), nil); err != nil {
		return err
	}
	return c.JSON(http.StatusOK, gen.Rebuilt{Position: s.Views.Status(c.Request().Context()).Applied.String()})
}
