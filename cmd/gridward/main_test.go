package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"gridward/adapters/eventcodec"
	"gridward/adapters/memstore"
	"gridward/adapters/sqlstore"
	"gridward/app"
)

func TestEveryCommandHasHelp(t *testing.T) {
	for _, args := range [][]string{{}, {"serve"}, {"demo"}, {"import", "cells"}, {"log"}, {"check"}, {"rebuild"}, {"bench", "http"}, {"version"}} {
		out, err := gridward(t, append(args, "--help")...)
		if err != nil || !strings.Contains(out, "Usage: gridward") {
			t.Errorf("%v --help: %v, %q", args, err, out)
		}
	}
	if _, err := gridward(t, "serve", "--no-such-flag"); err == nil {
		t.Error("an unknown flag was taken")
	}
	if out, err := gridward(t, "version"); err != nil || !strings.HasPrefix(out, "gridward ") {
		t.Errorf("version: %q, %v", out, err)
	}
}

func TestEveryFlagMayComeFromTheEnvironment(t *testing.T) {
	dir := t.TempDir()
	fill(t, dir)
	var out bytes.Buffer
	err := run(t.Context(), []string{"log"}, environment("GRIDWARD_DATA", dir, "GRIDWARD_JSON", "true", "GRIDWARD_TYPE", "cell.created"), &out, &out)
	if err != nil || strings.Count(out.String(), "\n") != 3 || !json.Valid([]byte(strings.SplitN(out.String(), "\n", 2)[0])) {
		t.Errorf("%v: %s", err, &out)
	}
}

// fill makes a data directory with three cells in it.
func fill(t *testing.T, dir string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "cells.csv")
	const cells = "code,level,parent,name\n410104,1,,管城\n410104001,2,410104,街道\n410104001001,3,410104001,社区\n"
	if err := os.WriteFile(file, []byte(cells), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct {
		want string
		args []string
	}{
		{"checked, nothing written: 3 created, 0 unchanged\n", []string{"--dry-run"}},
		{"imported: 3 created, 0 unchanged\n", nil},
		{"imported: 0 created, 3 unchanged\n", nil},
	} {
		out, err := gridward(t, append([]string{"import", "cells", file, "--data", dir}, step.args...)...)
		if err != nil || out != step.want {
			t.Fatalf("import %v: %q, %v", step.args, out, err)
		}
	}
}

func TestTheLogIsPrintedByStreamTypeAndTime(t *testing.T) {
	dir := t.TempDir()
	fill(t, dir)
	now := time.Now()
	for _, c := range []struct {
		args []string
		want int
	}{
		{[]string{"--stream", "cell-410104001"}, 1},
		{[]string{"--type", "cell.created"}, 3},
		{[]string{"--type", "cell.created,programme.published", "--json"}, 10},
		{[]string{"--type", "cell.created", "--from", now.Add(-time.Hour).Format(time.RFC3339)}, 3},
		{[]string{"--type", "cell.created", "--from", now.Add(time.Hour).Format(time.RFC3339)}, 0},
		{[]string{"--to", now.Add(-time.Hour).Format(time.RFC3339)}, 0},
	} {
		out, err := gridward(t, append([]string{"log", "--data", dir}, c.args...)...)
		if n := strings.Count(out, "\n"); err != nil || n != c.want {
			t.Errorf("log %v: %d lines, %v; want %d", c.args, n, err, c.want)
		}
	}
	if _, err := gridward(t, "log", "--data", t.TempDir()); err == nil || !strings.Contains(err.Error(), "log_not_found") {
		t.Errorf("a directory without a log: %v", err)
	}
}

func TestCheckFindsWhatIsWrongWithTheViewsAndRebuildMendsIt(t *testing.T) {
	dir := t.TempDir()
	fill(t, dir)
	if out, err := gridward(t, "check", "--data", dir); err != nil || !strings.Contains(out, "0 faults") || !strings.Contains(out, "0 differences") {
		t.Fatalf("a sound directory: %s, %v", out, err)
	}
	db, err := sqlstore.OpenViewsFile(filepath.Join(dir, "views-1.db"), false)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.ExecContext(t.Context(), `DELETE FROM cells WHERE code = '410104001'`); err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	if out, err := gridward(t, "check", "--data", dir); err == nil || !strings.Contains(out, "410104001: missing") {
		t.Errorf("a row was lost: %s, %v", out, err)
	}
	if out, err := gridward(t, "rebuild", "--data", dir); err != nil || !strings.HasPrefix(out, "views rebuilt up to position") {
		t.Fatalf("rebuild: %s, %v", out, err)
	}
	if out, err := gridward(t, "check", "--data", dir); err != nil {
		t.Errorf("after the rebuild: %s, %v", out, err)
	}
	if left, err := filepath.Glob(filepath.Join(dir, "check-*")); err != nil || len(left) > 0 {
		t.Errorf("check left %v, %v", left, err)
	}
}

func TestCheckMayRunBesideAServerAndRebuildMayNot(t *testing.T) {
	dir := t.TempDir()
	s := serving(t, dir)
	s.must(t, 201, "POST", "/api/v1/cells", createCell("410104"))
	if out, err := gridward(t, "check", "--data", dir); err != nil {
		t.Errorf("check: %s, %v", out, err)
	}
	if _, err := gridward(t, "rebuild", "--data", dir); err == nil || !strings.Contains(err.Error(), "/views/rebuild") {
		t.Errorf("rebuild: %v", err)
	}
	s.must(t, 200, "POST", "/api/v1/views/rebuild", "{}")
	s.must(t, 200, "GET", "/api/v1/cells/410104", "")
}

func TestCheckReadsTheLogWithSuspicion(t *testing.T) {
	at := time.Date(2026, 2, 10, 9, 0, 0, 0, time.UTC)
	log := memstore.New(func() time.Time { return at })
	record := app.Record{ID: uuid.New(), Type: "no.such.type", Schema: 1, Data: []byte("{}")}
	for _, stream := range []string{"a", "b"} {
		if _, err := log.Append(t.Context(), stream, 0, []app.Record{record}); err != nil {
			t.Fatal(err)
		}
	}
	_, wrong, err := checkLog(t.Context(), broken{log}, eventcodec.New(), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"no.such.type", "there twice", "should be version 1", "recorded before", "does not lie above"} {
		if !slices.ContainsFunc(wrong, func(w string) bool { return strings.Contains(w, want) }) {
			t.Errorf("%q was not found in %v", want, wrong)
		}
	}
}

func TestTheLogIsFollowedWhileAServerWrites(t *testing.T) {
	dir := t.TempDir()
	s := serving(t, dir)
	ctx, cancel := context.WithCancel(t.Context())
	printed, out := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		err := run(ctx, []string{"log", "--data", dir, "--follow", "--type", "cell.created"}, environment(), out, io.Discard)
		_ = out.Close()
		ended <- err
	}()
	lines := bufio.NewScanner(printed)
	for _, code := range []string{"410104", "410104001"} {
		s.must(t, 201, "POST", "/api/v1/cells", createCell(code))
		if !lines.Scan() || !strings.Contains(lines.Text(), "cell-"+code+"@1") {
			t.Fatalf("%s was created, and the log says %q", code, lines.Text())
		}
	}
	cancel()
	if lines.Scan() {
		t.Errorf("more came: %q", lines.Text())
	}
	if err := <-ended; err != nil {
		t.Errorf("it ended with %v", err)
	}
}
