package sqlstore

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"gridward/domain/fault"
)

// Generations keeps each generation of the views in a file of its own in the data directory, views-<n>.db, and the
// live one's number in views.json. It is a views.Generations, with the guarantees of that port.
type Generations struct {
	dir      string
	readOnly bool
}

// NewGenerations names the directory, which must exist. With readOnly nothing in it is changed: a generation that
// is there can be opened, and everything else is Unavailable with code views_read_only.
func NewGenerations(dir string, readOnly bool) *Generations {
	return &Generations{dir: dir, readOnly: readOnly}
}

// pointer is the content of views.json.
type pointer struct {
	Generation  int    `json:"generation"`
	Fingerprint string `json:"fingerprint"`
}

func (g *Generations) pointerPath() string { return filepath.Join(g.dir, "views.json") }

func (g *Generations) path(generation int) string {
	return filepath.Join(g.dir, fmt.Sprintf("views-%d.db", generation))
}

// Current implements views.Generations. A pointer whose file is gone counts as none.
func (g *Generations) Current(context.Context) (int, string, error) {
	raw, err := os.ReadFile(g.pointerPath())
	if errors.Is(err, fs.ErrNotExist) {
		return 0, "", nil
	}
	if err != nil {
		return 0, "", unwritableDir(g.dir, err)
	}
	var p pointer
	if err := json.Unmarshal(raw, &p); err != nil {
		return 0, "", fmt.Errorf("%s: %w", g.pointerPath(), err)
	}
	if _, err := os.Stat(g.path(p.Generation)); errors.Is(err, fs.ErrNotExist) {
		return 0, "", nil
	}
	return p.Generation, p.Fingerprint, nil
}

// Open implements views.Generations.
func (g *Generations) Open(_ context.Context, generation int) (*sql.DB, error) {
	if g.readOnly {
		if _, err := os.Stat(g.path(generation)); errors.Is(err, fs.ErrNotExist) {
			return nil, g.refuse()
		}
	}
	db, err := OpenViewsFile(g.path(generation), g.readOnly)
	if err != nil {
		return nil, unopened(g.dir, err)
	}
	return db, nil
}

// Build implements views.Generations.
func (g *Generations) Build(ctx context.Context, generation int) (*sql.DB, error) {
	if err := g.Drop(ctx, generation); err != nil {
		return nil, err
	}
	db, err := BuildViewsFile(g.path(generation))
	if err != nil {
		return nil, unopened(g.dir, err)
	}
	return db, nil
}

// Switch implements views.Generations: the generation's files reach the disk first, then the pointer.
func (g *Generations) Switch(_ context.Context, generation int, fingerprint string) error {
	if g.readOnly {
		return g.refuse()
	}
	raw, err := json.Marshal(pointer{generation, fingerprint})
	if err != nil {
		return err
	}
	for _, path := range []string{g.path(generation), g.path(generation) + "-wal"} {
		if err := syncFile(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return unwritableDir(g.dir, err)
		}
	}
	next := g.pointerPath() + ".next"
	err = os.WriteFile(next, raw, 0o600)
	if err == nil {
		err = syncFile(next)
	}
	if err == nil {
		err = os.Rename(next, g.pointerPath())
	}
	if err == nil {
		err = syncFile(g.dir)
	}
	if err != nil {
		return unwritableDir(g.dir, err)
	}
	return nil
}

// Drop implements views.Generations.
func (g *Generations) Drop(_ context.Context, generation int) error {
	if g.readOnly {
		return g.refuse()
	}
	for _, suffix := range []string{"", "-wal", "-shm"} {
		if err := os.Remove(g.path(generation) + suffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return unwritableDir(g.dir, err)
		}
	}
	return nil
}

func (g *Generations) refuse() error {
	return fault.New(fault.Unavailable, "views_read_only", "the views in %s are open for reading only and are not those this program reads", g.dir)
}

// syncFile brings to the disk what was written to the file or directory, by whatever handle.
func syncFile(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}
