package main

import (
	"strings"
	"testing"

	"gridward/domain/fault"
)

func TestPlaces(t *testing.T) {
	here := place{dir: "./data"}
	for text, want := range map[string]place{
		"":                                  here,
		"sqlite:///srv/gridward":            {dir: "/srv/gridward"},
		"sqlite:///srv/with%20space":        {dir: "/srv/with space"},
		"postgres://u@h:5432/d?sslmode=off": {url: "postgres://u@h:5432/d?sslmode=off"},
		"postgresql://u@h/d":                {url: "postgresql://u@h/d"},
	} {
		if got, err := placeOf("log", text, here); err != nil || got != want {
			t.Errorf("%q is %+v, %v", text, got, err)
		}
	}
	for _, text := range []string{"/srv/gridward", "sqlite://gridward", "sqlite:///", "sqlite:", "mysql://u:secret@h/d", "sqlite:///a?b=secret"} {
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
	} {
		if log, views, err := c.places(); err != nil || log != c.log || views != c.views {
			t.Errorf("%+v: the log is at %+v, the views at %+v, %v", c.storage, log, views, err)
		}
	}
}
