//go:build bench

package bench

import (
	"bytes"
	"fmt"
	"io/fs"
	"iter"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"gridward/app"
	"gridward/domain/grid"
)

// quarters is in how many districts the demo happens at once, and demoDistrict where it does by itself.
const (
	quarters     = 4
	demoDistrict = "410104"
)

// TestShards builds the views of one district of four, and those of all of them, from the same log, in turn: how many of
// the log's events are passed in a second, and how large the views are.
func TestShards(t *testing.T) {
	f, s := fixture(t), sizes()
	log, events, own := t.TempDir(), 0, 0
	for r := range city(f.records) {
		events++
		if strings.HasPrefix(r.Meta.Cell, demoDistrict) {
			own++
		}
	}
	if err := fill(log, city(f.records), events); err != nil {
		t.Fatal(err)
	}
	var faster, smaller []float64
	for range s.rounds {
		whole, wholeSize := built(t, log)
		shard, shardSize := built(t, log, demoDistrict)
		faster, smaller = append(faster, whole.Seconds()/shard.Seconds()), append(smaller, float64(shardSize)/float64(wholeSize))
		t.Logf("of %d events, %d of them the district's: all views %.0f events/s, %d MB; a shard's %.0f events/s, %d MB", events, own,
			float64(events)/whole.Seconds(), wholeSize>>20, float64(events)/shard.Seconds(), shardSize>>20)
	}
	judge(t, "a shard of a quarter is built, of the whole's events a second", median(faster), true, 2.5, "")
	judge(t, "the views of a shard of a quarter, of the whole's size", median(smaller), false, 0.35, "")
}

// built builds views in a directory of their own, and gives how long that took and how large they are.
func built(t *testing.T, log string, districts ...grid.CellCode) (took time.Duration, size int64) {
	t.Helper()
	to := t.TempDir()
	began := time.Now()
	if err := buildViews(log, to, districts...); err != nil {
		t.Fatal(err)
	}
	took = time.Since(began)
	err := filepath.WalkDir(to, func(_ string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err == nil {
			size += info.Size()
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return took, size
}

// city gives the demo's records with each followed by those of the other districts: there the same happens at the same
// time, to other people, premises and cases. Rules, closed days and departments there is one of.
func city(records []app.Record) iter.Seq[app.Record] {
	return func(yield func(app.Record) bool) {
		for _, r := range records {
			if !yield(r) {
				return
			}
			if r.Meta.Cell == "" && !strings.HasPrefix(r.Stream, "person-") && !strings.HasPrefix(r.Stream, "notices-") || strings.HasPrefix(r.Stream, "department-") ||
				strings.Contains(r.Stream, "-dept-") {
				continue
			}
			for n := 1; n < quarters; n++ {
				if !yield(elsewhere(r, n)) {
					return
				}
			}
		}
	}
}

// elsewhere is the record as it would be in the n-th district beyond.
func elsewhere(r app.Record, n int) app.Record {
	code := fmt.Appendf(nil, "%d", 410_104+n)
	text := func(s string) string { return string(moved([]byte(s), code, n)) }
	r.ID, r.Stream, r.Data = other(r.ID, n), text(r.Stream), moved(r.Data, code, n)
	m := &r.Meta
	m.Cell, m.Actor, m.OnBehalfOf, m.Duty = text(m.Cell), text(m.Actor), text(m.OnBehalfOf), text(m.Duty)
	m.CommandID, m.Correlation, m.Causation = other(m.CommandID, n), other(m.Correlation, n), other(m.Causation, n)
	return r
}

func other(id uuid.UUID, n int) uuid.UUID {
	if id == uuid.Nil {
		return id
	}
	return uuid.NewSHA1(id, fmt.Append(nil, n))
}

// moved copies a text with the district's code and every id in it changed.
func moved(text, code []byte, n int) []byte {
	out := bytes.ReplaceAll(text, []byte(demoDistrict), code)
	for at := 0; at+36 <= len(out); at++ {
		d := out[at : at+36]
		if d[8] != '-' || d[13] != '-' || d[18] != '-' || d[23] != '-' {
			continue
		}
		if id, err := uuid.ParseBytes(d); err == nil {
			copy(d, other(id, n).String())
			at += 35
		}
	}
	return out
}
