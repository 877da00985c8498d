package bus

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/google/uuid"

	"gridward/app"
	"gridward/app/react"
)

// FileParking is a react.Parking in a directory with one small file for each record. A second file beside it asks for the
// new try, so that a command on the directory and a running server need not know of each other.
type FileParking struct {
	dir string
	log uuid.UUID
}

// NewFileParking names the directory of one reaction; it is made when the first record is parked.
func NewFileParking(dir string, log uuid.UUID) *FileParking { return &FileParking{dir: dir, log: log} }

const (
	parkedFile = ".json"
	askedFile  = ".replay"
)

func (p *FileParking) file(at app.Position, kind string) string {
	return filepath.Join(p.dir, fmt.Sprintf("%020d%s", uint64(at), kind))
}

// Put parks a record, or replaces what is said of one that is parked. When it returns, that is on disk.
func (p *FileParking) Put(r react.Parked) (err error) {
	r.Log = p.log
	raw, err := json.Marshal(r)
	if err == nil {
		err = os.MkdirAll(p.dir, 0o750)
	}
	if err != nil {
		return fmt.Errorf("parking: %w", err)
	}
	half := p.file(r.Position, ".half")
	err = writeSynced(half, append(raw, '\n'))
	if err == nil {
		err = os.Rename(half, p.file(r.Position, parkedFile))
	}
	if err == nil {
		err = syncDir(p.dir)
	}
	if err != nil {
		return fmt.Errorf("parking: %w", err)
	}
	return nil
}

// List gives what is parked, in the log's order. A file that cannot be understood is an error.
func (p *FileParking) List() ([]react.Parked, error) {
	entries, err := os.ReadDir(p.dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("parking: %w", err)
	}
	var out []react.Parked
	asked := map[string]bool{}
	for _, e := range entries {
		if name, is := strings.CutSuffix(e.Name(), askedFile); is {
			asked[name] = true
		}
	}
	for _, e := range entries {
		name, is := strings.CutSuffix(e.Name(), parkedFile)
		if !is {
			continue
		}
		raw, err := os.ReadFile(filepath.Join(p.dir, e.Name()))
		if errors.Is(err, fs.ErrNotExist) {
			continue // handled meanwhile
		}
		r := react.Parked{Asked: asked[name]}
		if err == nil {
			err = json.Unmarshal(raw, &r)
		}
		if err != nil {
			return nil, fmt.Errorf("parking: %s: %w", e.Name(), err)
		}
		if r.Log == p.log {
			out = append(out, r)
		}
	}
	slices.SortFunc(out, func(a, b react.Parked) int { return int(int64(a.Position) - int64(b.Position)) })
	return out, nil
}

// Ask has parked records tried again: by the running server within a second or so, or else when one starts.
func (p *FileParking) Ask(positions ...app.Position) error {
	for _, at := range positions {
		if _, err := os.Stat(p.file(at, parkedFile)); errors.Is(err, fs.ErrNotExist) {
			return react.NotParked(at)
		} else if err != nil {
			return fmt.Errorf("parking: %w", err)
		}
		if err := writeSynced(p.file(at, askedFile), nil); err != nil {
			return fmt.Errorf("parking: %w", err)
		}
	}
	return nil
}

// Answer implements react.Parking. The record goes first: cut off in
// between, there is a request for nothing, which means nothing.
func (p *FileParking) Answer(at app.Position, handled bool) error {
	var gone error
	if handled {
		gone = remove(p.file(at, parkedFile))
	}
	return errors.Join(gone, remove(p.file(at, askedFile)))
}

func remove(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("parking: %w", err)
	}
	return nil
}

func writeSynced(path string, data []byte) (err error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if _, err := f.Write(data); err != nil {
		return err
	}
	return f.Sync()
}

func syncDir(dir string) (err error) {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, d.Close()) }()
	return d.Sync()
}
