//go:build acceptance

package acceptance

import (
	"archive/tar"
	"compress/gzip"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

// TestAnOlderProgramsData starts the program on the data directory that an older one left: the story of TestWalk as
// commit c957918 wrote it, before there were calendars, deadlines or shortfalls. testdata/before-time holds the
// directory and what that program itself answered then. Every record is read, the views are built anew, and every case
// and inspection says what it said, beside what time has done to it since.
func TestAnOlderProgramsData(t *testing.T) {
	embeddedOnly(t)
	dir := t.TempDir()
	unpack(t, "testdata/before-time/data.tar.gz", filepath.Join(dir, "data"))
	before, stderr, status := run(t, dir, "log", "--json")
	if lines := strings.Count(before, "\n"); status != 0 || lines != 180 {
		t.Fatalf("log read %d records, status %d: %s", lines, status, stderr)
	}
	s := start(t, dir, "--clock", at8("03-14 08:00"))
	c := s.client()
	sameAnswers(t, c, "cases", "overdue", "deadline", "cards", "escalation", "version", "position", "supervision", "supervisions", "suspended")
	sameAnswers(t, c, "inspections", "position")
	s.stop()
	if out, stderr, status := run(t, dir, "check"); status != 0 {
		t.Errorf("check: %s%s", out, stderr)
	}
	after, _, _ := run(t, dir, "log", "--json")
	if !strings.HasPrefix(after, before) || len(after) == len(before) {
		t.Error("what was in the log is not what is in front of the new records")
	}
}

// sameAnswers holds a whole list against what the older program answered, but for what may have changed since.
func sameAnswers(t *testing.T, c *client, what string, but ...string) {
	t.Helper()
	raw, err := os.ReadFile("testdata/before-time/" + what + ".json")
	if err != nil {
		t.Fatal(err)
	}
	var want []map[string]any
	if err := json.Unmarshal(raw, &want); err != nil {
		t.Fatal(err)
	}
	got, _ := c.get("/" + what + "?limit=100").ok(200).at("items").([]any)
	if len(got) != len(want) || len(want) == 0 {
		t.Fatalf("%d %s, there were %d", len(got), what, len(want))
	}
	for i := range want {
		now, _ := got[i].(map[string]any)
		for _, field := range but {
			delete(want[i], field)
		}
		for field, was := range want[i] {
			if !reflect.DeepEqual(was, now[field]) {
				t.Errorf("%s %v: %s was %v and is %v", what, want[i]["id"], field, was, now[field])
			}
		}
	}
}

// unpack unpacks an archive of plain files.
func unpack(t *testing.T, archive, dir string) {
	t.Helper()
	f, err := os.Open(archive)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(dir, 0o750); err != nil {
		t.Fatal(err)
	}
	for in := tar.NewReader(z); ; {
		h, err := in.Next()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		raw, err := io.ReadAll(in)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, filepath.Base(h.Name)), raw, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}
