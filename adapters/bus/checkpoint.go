package bus

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/google/uuid"

	"gridward/app"
)

// Checkpoint remembers how far a reaction has come.
type Checkpoint interface {
	// Load gives the position saved last; found is false if there is none.
	Load(ctx context.Context) (at app.Position, found bool, err error)
	// Save replaces the position. It may be lost in a crash: the reaction then sees some records again.
	Save(ctx context.Context, at app.Position) error
}

// FileCheckpoint keeps a position in a small file, bound to one log: another log's file counts as none.
type FileCheckpoint struct {
	path string
	log  uuid.UUID
}

// NewFileCheckpoint names the file; it is made when the first position is saved.
func NewFileCheckpoint(path string, log uuid.UUID) *FileCheckpoint {
	return &FileCheckpoint{path: path, log: log}
}

type checkpointFile struct {
	Log      uuid.UUID    `json:"log"`
	Position app.Position `json:"position"`
}

// Load implements Checkpoint. A file that cannot be read or understood is an error.
func (c *FileCheckpoint) Load(context.Context) (app.Position, bool, error) {
	raw, err := os.ReadFile(c.path)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, false, nil
	}
	if err != nil {
		return 0, false, fmt.Errorf("checkpoint: %w", err)
	}
	var kept checkpointFile
	if err := json.Unmarshal(raw, &kept); err != nil {
		return 0, false, fmt.Errorf("checkpoint %s: %w", c.path, err)
	}
	if kept.Log != c.log {
		return 0, false, nil
	}
	return kept.Position, true, nil
}

// width is the size of the file: one small block, so that a new position takes the old one's place whole.
const width = 128

// Save implements Checkpoint. It is not forced onto the disk: the machine's crash may bring back an older position.
func (c *FileCheckpoint) Save(_ context.Context, at app.Position) (err error) {
	raw, err := json.Marshal(checkpointFile{c.log, at})
	if err != nil {
		return fmt.Errorf("checkpoint: %w", err)
	}
	f, err := os.OpenFile(c.path, os.O_WRONLY|os.O_CREATE, 0o600)
	if err != nil {
		return fmt.Errorf("checkpoint: %w", err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if _, err := fmt.Fprintf(f, "%-*s\n", width-1, raw); err != nil {
		return fmt.Errorf("checkpoint: %w", err)
	}
	return nil
}
