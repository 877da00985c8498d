//go:build acceptance

package acceptance

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// divisions is one district's register of divisions: how many cells of level 1, 2 and 3 it has.
type divisions struct {
	district                        string
	districts, streets, communities int
}

// The three real registers, counted by hand. They lie beside the repository on some machines.
var registers = []divisions{{"410104", 1, 14, 155}, {"620602", 1, 50, 550}, {"210103", 1, 11, 111}}

// TestImport imports registers: the real ones where they are, and one made up here: 1 district, 3 streets of 5
// communities each.
func TestImport(t *testing.T) {
	made := "code,level,parent,name\n330106,1,,某区\n"
	for i := 1; i <= 3; i++ {
		street := fmt.Sprintf("330106%03d", i)
		made += fmt.Sprintf("%s,2,330106,第%d街道\n", street, i)
		for j := 1; j <= 5; j++ {
			made += fmt.Sprintf("%s%03d,3,%s,第%d社区\n", street, j, street, j)
		}
	}
	t.Run("made up", func(t *testing.T) { imports(t, []divisions{{"330106", 1, 3, 15}}, []string{made}) })

	var files []string
	for _, r := range registers {
		raw, err := os.ReadFile(filepath.Join("..", "..", "..", "..", "shared", "data", "divisions", r.district+".csv"))
		if os.IsNotExist(err) {
			t.Logf("the real registers are not on this machine: only the made-up one was imported")
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, string(raw))
	}
	t.Run("real", func(t *testing.T) { imports(t, registers, files) })
}

// imports takes each file: checked only, then for good, then again; then wrong files, which change nothing; and at
// last the first file by the command line.
func imports(t *testing.T, of []divisions, files []string) {
	dir := t.TempDir()
	s := start(t, dir, "--clock", at8("03-02 08:00"))
	c := s.client().with("Content-Type", "text/csv")
	total := [4]int{}
	for i, r := range of {
		all := r.districts + r.streets + r.communities
		events := len(everyEvent(c, "cell.created"))
		holds(t, "dry run", c.post("/cells/import?dry_run=true", files[i]).ok(200).doc, object{"created": all, "unchanged": 0})
		equal(t, "cells after a dry run", len(everyEvent(c, "cell.created")), events)
		c.get("/cells/"+r.district).refused(404, "cell_not_found")
		first := c.post("/cells/import", files[i]).ok(200)
		holds(t, "import", first.doc, object{"created": all, "unchanged": 0})
		then := "&at_least=" + first.text("position")
		total[1], total[2], total[3] = total[1]+r.districts, total[2]+r.streets, total[3]+r.communities
		for level := 1; level <= 3; level++ {
			equal(t, fmt.Sprintf("cells of level %d", level), count(c, fmt.Sprintf("/cells?level=%d%s", level, then)), total[level])
		}
		equal(t, "streets of "+r.district, count(c, "/cells?parent="+r.district+then), r.streets)
		again := c.post("/cells/import", files[i]).ok(200)
		holds(t, "import again", again.doc, object{"created": 0, "unchanged": all})
		equal(t, "created", len(everyEvent(c, "cell.created")), total[1]+total[2]+total[3])
	}
	header := "code,level,parent,name\n"
	wrong := func(file string, fields ...string) {
		t.Helper()
		c.post("/cells/import", file).refused(422, "invalid_fields", fields...)
	}
	wrong(header+"990101,1,,某区\n990101001,2,990101,\n990101002,3,990101,某街道\n", "line 3.name", "line 4.level")
	wrong(header+"990101,1,,某区\n990101001,2,990102,某街道\n", "line 3.parent")
	wrong(header+"990101,1,,某区\n990101001001,3,990101001,某社区\n", "line 3.parent")
	wrong(header+"990101,1,,某区\n990101,1,,某区\n", "line 3.code")
	wrong(header+of[0].district+",1,,换个名字\n", "line 2.name")
	c.post("/cells/import", "").ok(422)
	c.as("").with("Content-Type", "application/json").post("/cells/import", header).refused(415, "unsupported_media_type")
	equal(t, "cells after wrong files", len(everyEvent(c, "cell.created")), total[1]+total[2]+total[3])
	s.stop()

	path := filepath.Join(t.TempDir(), "register.csv")
	if err := os.WriteFile(path, []byte(files[0]), 0o600); err != nil {
		t.Fatal(err)
	}
	all := of[0].districts + of[0].streets + of[0].communities
	for _, into := range []struct{ dir, want string }{
		{dir, fmt.Sprintf("0 created, %d unchanged", all)}, {t.TempDir(), fmt.Sprintf("%d created, 0 unchanged", all)}} {
		out, errOut, status := run(t, into.dir, "import", "cells", path)
		if status != 0 || !strings.Contains(out, into.want) {
			t.Errorf("import cells ended with %d and said %q, want %q\n%s", status, out, into.want, errOut)
		}
		if out, errOut, status := run(t, into.dir, "check"); status != 0 {
			t.Errorf("check ended with %d\n%s\n%s", status, out, errOut)
		}
	}
}

// count is how many items a listing has, page by page.
func count(c *client, path string) int {
	c.t.Helper()
	n, next := 0, path+"&limit=500"
	for {
		a := c.get(next).ok(200)
		n += len(a.items())
		if a.at("next_cursor") == nil {
			return n
		}
		next = path + "&limit=500&cursor=" + a.text("next_cursor")
	}
}
