package rest

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/labstack/echo/v4"
	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"
)

// An answer that breaks off in the middle is cut off on the wire too: it never looks like a whole one.
func TestABrokenAnswerIsCutOff(t *testing.T) {
	m, err := newMetrics(prometheus.NewRegistry())
	if err != nil {
		t.Fatal(err)
	}
	core, lines := observer.New(zapcore.InfoLevel)
	s := &Server{Options: Options{Logger: zap.New(core)}, metrics: m}
	e := echo.New()
	e.HTTPErrorHandler = s.answerError
	e.Use(s.requestID, s.observe, s.recoverPanics)
	e.GET("/ledger", func(c echo.Context) error {
		c.Response().WriteHeader(http.StatusOK)
		if _, err := c.Response().Write([]byte("first rows\n")); err != nil {
			return err
		}
		return errors.New("the disk is gone")
	})
	server := httptest.NewServer(e)
	defer server.Close()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+"/ledger", nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(r)
	if err == nil {
		_, err = io.ReadAll(resp.Body)
		_ = resp.Body.Close()
	}
	if err == nil {
		t.Error("the client took half an answer for a whole one")
	}
	server.Close()
	if n := len(lines.FilterMessage("request failed").All()); n != 1 {
		t.Errorf("the failure was logged %d times", n)
	}
	if n := len(lines.FilterMessage("request").All()); n != 1 {
		t.Errorf("the request was logged %d times", n)
	}
}
