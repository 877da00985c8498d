package main

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"go.uber.org/zap"

	"gridward/adapters/esdbtest"
	"gridward/app"
	"gridward/app/views"
	"gridward/domain/fault"
	"gridward/domain/grid"
)

func TestPlaces(t *testing.T) {
	here := place{dir: "./data"}
	for text, want := range map[string]place{
		"":                                  here,
		"sqlite:///srv/gridward":            {dir: "/srv/gridward"},
		"sqlite:///srv/with%20space":        {dir: "/srv/with space"},
		"postgres://u@h:5432/d?sslmode=off": {url: "postgres://u@h:5432/d?sslmode=off"},
		"postgresql://u@h/d":                {url: "postgresql://u@h/d"},
		"esdb://u:p@h:2113?tls=false":       {url: "esdb://u:p@h:2113?tls=false"},
		"esdb+discover://u:p@h":             {url: "esdb+discover://u:p@h"},
	} {
		if got, err := placeOf("log", text, here); err != nil || got != want {
			t.Errorf("%q is %+v, %v", text, got, err)
		}
	}
	for _, text := range []string{"/srv/gridward", "sqlite://gridward", "sqlite:///", "sqlite:", "mysql://u:secret@h/d", "esdb:u:secret@h", "kurrentdb://u:secret@h", "sqlite:///a?b=secret"} {
		_, err := placeOf("views", text, here)
		f, ok := fault.As(err)
		if !ok || f.Code != "views_url_invalid" || !strings.Contains(err.Error(), "--views") || strings.Contains(err.Error(), "secret") {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestTheViewsAreWhereTheLogIs(t *testing.T) {
	for _, c := range []struct {
		storage
		log, views place
	}{
		{storage{Data: "d"}, place{dir: "d"}, place{dir: "d"}},
		{storage{Data: "d", Log: "postgres://h/x"}, place{url: "postgres://h/x"}, place{url: "postgres://h/x"}},
		{storage{Data: "d", Log: "postgres://h/x", Views: "sqlite:///v"}, place{url: "postgres://h/x"}, place{dir: "/v"}},
		{storage{Data: "d", Views: "postgres://h/x"}, place{dir: "d"}, place{url: "postgres://h/x"}},
		{storage{Data: "d", Log: "esdb://h"}, place{url: "esdb://h"}, place{dir: "d"}}, // EventStoreDB takes none
		{storage{Data: "d", Log: "esdb+discover://h", Views: "sqlite:///v"}, place{url: "esdb+discover://h"}, place{dir: "/v"}},
		{storage{Data: "d", Log: "esdb://h", Views: "postgres://h/x"}, place{url: "esdb://h"}, place{url: "postgres://h/x"}},
	} {
		if log, views, err := c.places(); err != nil || log != c.log || views != c.views {
			t.Errorf("%+v: the log is at %+v, the views at %+v, %v", c.storage, log, views, err)
		}
	}
}

// A shard has views of its own, on a log that others open too.
func TestAShardsViewsAreItsOwn(t *testing.T) {
	one := views.Districts{"330108"}
	for _, c := range []struct {
		storage
		views place
	}{
		{storage{Data: "d", Log: "postgres://h/x"}, place{dir: "d"}},
		{storage{Data: "d", Log: "postgres://h/x", Views: "postgres://h/y"}, place{url: "postgres://h/y"}},
		{storage{Data: "d", Log: "esdb://h"}, place{dir: "d"}},
		{storage{Data: "d", Log: "esdb://h", Views: "sqlite:///v"}, place{dir: "/v"}},
	} {
		if _, at, err := c.placesOf(one); err != nil || at != c.views {
			t.Errorf("%+v: the views are at %+v, %v", c.storage, at, err)
		}
	}
	for _, wrong := range []struct {
		code string
		at   storage
	}{
		{"districts_log_invalid", storage{Data: "d", Views: "postgres://h/y"}},
		{"districts_views_invalid", storage{Data: "d", Log: "postgres://u:secret@h/x", Views: "postgres://u:secret@h/x"}},
		{"districts_views_invalid", storage{Data: "d", Log: "postgres://u:secret@h/x?sslmode=disable", Views: "postgresql://other:secret@h/x"}},
	} {
		_, _, err := wrong.at.placesOf(one)
		f, ok := fault.As(err)
		if !ok || f.Kind != fault.Invalid || f.Code != wrong.code || !strings.Contains(err.Error(), "--districts") || strings.Contains(err.Error(), "secret") {
			t.Errorf("%+v: %v", wrong.at, err)
		}
	}
}

func TestViewsDoNotGoToEventStoreDB(t *testing.T) {
	for _, at := range []storage{{Data: "d", Views: "esdb://u:secret@h"}, {Data: "d", Log: "esdb://u:secret@h", Views: "esdb+discover://u:secret@h"}} {
		_, _, err := at.places()
		f, ok := fault.As(err)
		if !ok || f.Kind != fault.Invalid || f.Code != "views_url_invalid" || !strings.Contains(err.Error(), "PostgreSQL") || strings.Contains(err.Error(), "secret") {
			t.Errorf("%+v: %v", at, err)
		}
	}
}

// With the log on EventStoreDB it is the views' directory that one process holds, and gives back.
func TestOneProcessKeepsTheViewsOfALogOnEventStoreDB(t *testing.T) {
	at := storage{Data: t.TempDir(), Log: esdbtest.Start(t, esdbtest.Options{}).URL()}
	for range 2 {
		h, err := open(t.Context(), plan{at: at, logger: zap.NewNop()})
		if err != nil {
			t.Fatal(err)
		}
		if second, err := open(t.Context(), plan{at: at, logger: zap.NewNop()}); !errors.Is(err, fault.New(fault.Unavailable, "data_dir_locked", "")) {
			t.Errorf("a second one: %v, %v", second, err)
		}
		if err := h.close(); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := gridward(t, "rebuild", "--data", at.Data, "--log", at.Log); err != nil {
		t.Errorf("rebuild: %v", err)
	}
	if out, err := gridward(t, "check", "--data", at.Data, "--log", at.Log); err != nil || !strings.Contains(out, " 0 faults") || !strings.Contains(out, " 0 differences") {
		t.Errorf("check: %q, %v", out, err)
	}
}

// On EventStoreDB one process appends, and that is no shard: it refuses commands as a follower does, and writes nothing by
// itself. Its views are checked and built anew as its own.
func TestAShardOnEventStoreDBTakesNoCommands(t *testing.T) {
	log := esdbtest.Start(t, esdbtest.Options{}).URL()
	at := storage{Data: t.TempDir(), Log: log}
	shard := plan{at: at, logger: zap.NewNop(), node: true, districts: views.Districts{"330108"}}
	for _, begun := range []bool{false, true} { // the log by somebody else
		h, err := open(t.Context(), shard)
		if err != nil {
			t.Fatal(err)
		}
		head, err := h.log.Head(t.Context())
		if err != nil || head > 0 != begun || h.role() != "shard" || h.leads() {
			t.Errorf("the log ends at %s, %v; this is %s", head, err, h.role())
		}
		by := app.By{Actor: "admin", Admin: true, CommandID: uuid.New(), ReceivedAt: time.Now()}
		if _, err := h.app.CreateCell(t.Context(), by, grid.CreateCell{Code: "330108", Name: "区"}); !errors.Is(err, fault.New(fault.Unavailable, "not_leading", "")) {
			t.Errorf("a command: %v", err)
		}
		if err := h.close(); err != nil {
			t.Fatal(err)
		}
		whole, err := open(t.Context(), plan{at: storage{Data: t.TempDir(), Log: log}, logger: zap.NewNop()})
		if err != nil {
			t.Fatal(err)
		}
		if err := whole.close(); err != nil {
			t.Fatal(err)
		}
	}
	mine := []string{"--data", at.Data, "--log", log, "--districts", "330108"}
	if _, err := gridward(t, append([]string{"rebuild"}, mine...)...); err != nil {
		t.Errorf("rebuild: %v", err)
	}
	if out, err := gridward(t, append([]string{"check"}, mine...)...); err != nil || !strings.Contains(out, " 0 differences") {
		t.Errorf("check: %q, %v", out, err)
	}
	for _, wrong := range [][]string{{"--districts", "33"}, {"--districts", "330108", "--log", ""}} {
		_, err := gridward(t, append([]string{"serve", "--listen", "127.0.0.1:0", "--data", t.TempDir(), "--log", log}, wrong...)...)
		if f, ok := fault.As(err); !ok || f.Kind != fault.Invalid {
			t.Errorf("serve %v: %v", wrong, err)
		}
	}
}

// What goes wrong with a server that has a password is said without it.
func TestErrorsOfALogOnEventStoreDBHaveNoPassword(t *testing.T) {
	server := esdbtest.Start(t, esdbtest.Options{TLS: true, User: "gridward", Password: "secret"})
	wrong := strings.Replace(server.URL(), "secret", "secret%2C2", 1)
	here := "sqlite://" + t.TempDir()
	for _, args := range [][]string{
		{"log", "--log", server.URL()},
		{"log", "--log", wrong},
		{"check", "--log", wrong, "--data", t.TempDir()},
		{"serve", "--log", wrong, "--data", t.TempDir(), "--listen", "127.0.0.1:0"},
		{"serve", "--log", server.URL() + "&tlsCaFiel=x", "--data", t.TempDir(), "--listen", "127.0.0.1:0"},
		{"copy", "--from", wrong, "--to", here},
		{"copy", "--from", here, "--to", wrong},
		{"backup", "--log", wrong, "--to", t.TempDir()},
	} {
		out, err := gridward(t, args...)
		if err == nil {
			t.Errorf("%s %s went well", args[0], args[1])
			continue
		}
		if strings.Contains(out, "secret") || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s says %q, %v", args[0], out, err)
		}
	}
}
