package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"gridward/cmd/gridward/morning"
	"gridward/domain/fault"
)

func TestAMorningIsPlayedWithoutAFault(t *testing.T) {
	s := serving(t, t.TempDir())
	o := morning.Options{Base: s.url, Token: testToken, Streets: 1, Clients: 4, For: time.Second, Seed: 3}
	var stages []string
	r, err := morning.Play(t.Context(), o, func(what string) { stages = append(stages, what) })
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	r.Print(&out)
	if r.Errors() > 0 || r.Patrols < 20 || !strings.Contains(out.String(), "  file ") || !strings.Contains(out.String(), "  queue of cases ") {
		t.Errorf("%d patrols\n%s", r.Patrols, &out)
	}
	if len(stages) != 2 || !strings.Contains(stages[0], "97 cells") {
		t.Errorf("it told %q", stages)
	}
	if _, err := morning.Play(t.Context(), o, func(string) {}); err == nil || !strings.Contains(err.Error(), "raise the district") {
		t.Errorf("a district was raised on another: %v", err)
	}
}

// The server's clock stands half an hour behind the clients': what they say they have just done lies in its future.
func TestWhatIsRefusedInAMorningIsCountedAndTold(t *testing.T) {
	s := serving(t, t.TempDir(), "--clock", time.Now().Add(-30*time.Minute).Format(time.RFC3339))
	o := morning.Options{Base: s.url, Token: testToken, Streets: 1, Clients: 4, For: time.Second, Seed: 3}
	r, err := morning.Play(t.Context(), o, func(string) {})
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	r.Print(&out)
	for _, want := range []string{"of single patrols failed, first: 422", "of officers' batches of 20 patrols failed, first: item ", " of a batch is rejected: ", "in_future"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in\n%s", want, &out)
		}
	}
	if r.Errors() == 0 || r.Patrols == 0 {
		t.Errorf("%d errors, and %d of the patrols of the hour before were logged", r.Errors(), r.Patrols)
	}
}

func TestAMorningIsNeverPlayedWhereAnythingIsKept(t *testing.T) {
	dir := t.TempDir()
	fill(t, dir)
	before, err := gridward(t, "log", "--data", dir)
	if err != nil {
		t.Fatal(err)
	}
	elsewhere := filepath.Join(t.TempDir(), "log")
	for _, c := range []struct {
		args []string
		code string
	}{
		{[]string{"--data", dir}, "log_not_empty"},
		{[]string{"--log", "sqlite://" + filepath.ToSlash(dir)}, "log_not_empty"},
		{[]string{"--log", "sqlite://" + filepath.ToSlash(elsewhere), "--views", "sqlite://" + filepath.ToSlash(dir)}, "views_not_empty"},
		{[]string{"--streets", "0"}, "bench_out_of_range"},
		{[]string{"--clients", "0"}, "bench_out_of_range"},
		{[]string{"--for", "0s"}, "bench_out_of_range"},
	} {
		_, err := gridward(t, append([]string{"bench", "http"}, c.args...)...)
		if f, ok := fault.As(err); !ok || f.Code != c.code {
			t.Errorf("%v: %v, want %s", c.args, err, c.code)
		}
	}
	if _, err := os.Stat(elsewhere); !os.IsNotExist(err) {
		t.Errorf("a refused one left a log: %v", err)
	}
	if after, err := gridward(t, "log", "--data", dir); err != nil || after != before {
		t.Errorf("the log has changed: %v\n%s", err, after)
	}
}

func TestWhereAMorningIsPlayedIsNotTakenFromTheEnvironment(t *testing.T) {
	dir := t.TempDir()
	fill(t, dir)
	filled := "sqlite://" + filepath.ToSlash(dir)
	for _, c := range []struct {
		lookup func(string) (string, bool)
		args   []string
		code   string
	}{
		{environment("GRIDWARD_LOG", "nonsense"), []string{"--data", dir}, "log_not_empty"},
		{environment("GRIDWARD_VIEWS", "nonsense"), []string{"--data", dir}, "log_not_empty"},
		{environment("GRIDWARD_DATA", dir, "GRIDWARD_LOG", filled), []string{"--views", filled}, "views_not_empty"},
		{environment("GRIDWARD_STREETS", "0"), []string{"--data", dir}, "bench_out_of_range"}, // what harms nobody may be
	} {
		var out strings.Builder
		err := run(t.Context(), append([]string{"bench", "http"}, c.args...), c.lookup, &out, &out)
		if f, ok := fault.As(err); !ok || f.Code != c.code {
			t.Errorf("%v: %v, want %s", c.args, err, c.code)
		}
	}
}
