package backup

import (
	"bufio"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/google/uuid"

	"gridward/app"
	"gridward/domain/fault"
)

// A backup is a directory: parts, which are never changed once they are written, and a manifest that names them with
// their hashes. A part is gzip of records one behind the other: one line of JSON (line), and behind it the event's own
// bytes as they are. Whatever engine the log is on, the backup is the same.

const (
	manifestFile = "manifest.json"
	format       = 1
	partRecords  = 50_000
)

// Manifest says what a backup holds.
type Manifest struct {
	Format    int          `json:"format"`
	Log       uuid.UUID    `json:"log"`
	CreatedAt time.Time    `json:"created_at"` // or last continued
	Head      app.Position `json:"head"`       // of the last record, as a number
	Events    int          `json:"events"`
	Parts     []Part       `json:"parts"`
}

// Part is one file of a backup.
type Part struct {
	File   string       `json:"file"`
	First  app.Position `json:"first"`
	Last   app.Position `json:"last"`
	Until  time.Time    `json:"until"` // when the log took the last
	Events int          `json:"events"`
	Bytes  int64        `json:"bytes"`
	SHA256 string       `json:"sha256"`
}

// line is what stands before an event's bytes.
type line struct {
	Position   app.Position `json:"position"`
	Stream     string       `json:"stream"`
	Version    uint64       `json:"version"`
	ID         uuid.UUID    `json:"id"`
	Type       string       `json:"type"`
	Schema     int          `json:"schema"`
	RecordedAt time.Time    `json:"recorded_at"`
	Meta       app.Meta     `json:"meta"`
	Size       int          `json:"size"` // of the event, in bytes
}

// Write backs a log up into a directory, as it stands when Write comes to its end; commands may go on. Where a backup
// of the same log is there already it is continued: what is in it stays, and only what came since is read. One of
// another log is a Conflict with code backup_other.
func Write(ctx context.Context, log app.Log, dir string, now time.Time, progress Progress) (Manifest, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return Manifest{}, err
	}
	m, err := Open(dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		m = Manifest{Format: format, Log: log.ID()}
	case err != nil:
		return m, err
	case m.Log != log.ID():
		return m, fault.New(fault.Conflict, "backup_other", "%s holds a backup of another log, %s", dir, m.Log)
	}
	for {
		p, err := writePart(ctx, log, dir, len(m.Parts)+1, m.Head, progress)
		if err != nil {
			return m, err
		}
		if p.Events > 0 {
			m.Parts = append(m.Parts, p)
			m.Head, m.Events = p.Last, m.Events+p.Events
		}
		m.CreatedAt = now.UTC().Truncate(time.Second)
		if err := m.save(dir); err != nil {
			return m, err
		}
		if p.Events < partRecords {
			return m, nil
		}
	}
}

// Open reads the manifest of a backup. A directory without one is fs.ErrNotExist.
func Open(dir string) (m Manifest, err error) {
	raw, err := os.ReadFile(filepath.Join(dir, manifestFile)) //nolint:gosec // the operator names the directory
	if err != nil {
		return m, fmt.Errorf("the backup's manifest: %w", err)
	}
	if err := json.Unmarshal(raw, &m); err != nil {
		return m, fmt.Errorf("the backup's manifest: %w", err)
	}
	if m.Format != format {
		return m, fault.New(fault.Invalid, "backup_format_unknown", "the backup has format %d, this program knows %d", m.Format, format)
	}
	return m, nil
}

func (m Manifest) save(dir string) error {
	raw, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return err
	}
	return replace(filepath.Join(dir, manifestFile), func(w io.Writer) error {
		_, err := w.Write(append(raw, '\n'))
		return err
	})
}

// replace writes a file under another name, forces it onto the disk and gives it its own: it is there whole or not at
// all. Its owner alone can read it: it holds names and phones.
func replace(path string, write func(io.Writer) error) (err error) {
	tmp := path + ".tmp"
	f, err := os.OpenFile(tmp, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600) //nolint:gosec // the operator names the directory
	if err != nil {
		return err
	}
	if err = errors.Join(write(f), f.Sync(), f.Close()); err == nil {
		err = os.Rename(tmp, path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(tmp))
	}
	d, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// writePart writes up to partRecords records behind a position. A part without any is not kept.
func writePart(ctx context.Context, log app.Log, dir string, n int, after app.Position, progress Progress) (Part, error) {
	p := Part{File: fmt.Sprintf("part-%06d.gz", n), Last: after}
	records, err := log.Read(ctx, after, page)
	if err != nil || len(records) == 0 {
		return p, err
	}
	p.First = records[0].Position
	err = replace(filepath.Join(dir, p.File), func(w io.Writer) error {
		sum := &summed{w: w, hash: sha256.New()}
		z := gzip.NewWriter(sum)
		for len(records) > 0 {
			for i := range records {
				if err := writeRecord(z, &records[i]); err != nil {
					return err
				}
			}
			last := records[len(records)-1]
			p.Last, p.Until, p.Events = last.Position, last.RecordedAt, p.Events+len(records)
			head, err := log.Head(ctx)
			if err != nil {
				return err
			}
			if progress != nil {
				progress(p.Last, max(head, p.Last))
			}
			if p.Events == partRecords {
				break
			}
			if records, err = log.Read(ctx, p.Last, min(page, partRecords-p.Events)); err != nil {
				return err
			}
		}
		err := z.Close()
		p.Bytes, p.SHA256 = sum.n, hex.EncodeToString(sum.hash.Sum(nil))
		return err
	})
	return p, err
}

// summed counts and hashes what is written.
type summed struct {
	w    io.Writer
	hash hash.Hash
	n    int64
}

func (s *summed) Write(b []byte) (int, error) {
	n, err := s.w.Write(b)
	_, _ = s.hash.Write(b[:n]) // a hash never fails
	s.n += int64(n)
	return n, err
}

func writeRecord(w io.Writer, r *app.Record) error {
	head, err := json.Marshal(line{r.Position, r.Stream, r.Version, r.ID, r.Type, r.Schema, r.RecordedAt, r.Meta, len(r.Data)})
	if err != nil {
		return fmt.Errorf("position %s: %w", r.Position, err)
	}
	_, err = w.Write(slices.Concat(head, []byte("\n"), r.Data, []byte("\n")))
	return err
}

// Until is where a restore ends: at a position, or at what the log had taken by an instant; the zero of both is the
// backup's end.
type Until struct {
	Position app.Position
	At       time.Time
}

func (u Until) holds(r *app.Record) bool {
	return (u.Position == 0 || r.Position <= u.Position) && (u.At.IsZero() || !r.RecordedAt.After(u.At))
}

// Restore puts a backup's records into the target, up to a point in time; an append that lies across it is left out
// whole. Every part is held against its hash before the first record is put. Cut off and done again, it goes on where
// it was.
func Restore(ctx context.Context, dir string, m Manifest, to Target, until Until, progress Progress) (int, error) {
	if err := verify(ctx, dir, m); err != nil {
		return 0, err
	}
	at, err := to.Head(ctx)
	if err != nil {
		return 0, err
	}
	w := &restoring{to: to, until: until, head: at}
	for _, p := range m.Parts {
		if p.Last <= at {
			continue
		}
		if err := w.part(ctx, filepath.Join(dir, p.File)); err != nil {
			return w.n, fmt.Errorf("%s: %w", p.File, err)
		}
		if progress != nil {
			progress(p.Last, m.Head)
		}
		if w.over {
			break
		}
	}
	if !w.over {
		w.whole = len(w.records)
	}
	err = w.put(ctx)
	return w.n, err
}

// verify holds every part of a backup against its hash.
func verify(ctx context.Context, dir string, m Manifest) error {
	for _, p := range m.Parts {
		if err := ctx.Err(); err != nil {
			return err
		}
		f, err := os.Open(filepath.Join(dir, filepath.Base(p.File))) //nolint:gosec // the operator names the directory
		if err != nil {
			return err
		}
		sum := sha256.New()
		_, err = io.Copy(sum, f)
		if err = errors.Join(err, f.Close()); err != nil {
			return err
		}
		if got := hex.EncodeToString(sum.Sum(nil)); got != p.SHA256 {
			return fault.New(fault.Invalid, "backup_damaged", "%s is not what was written: its hash is %s, not %s", p.File, got, p.SHA256)
		}
	}
	return nil
}

// restoring gathers records and puts them page by page; whole of them are appends that are known to have ended.
type restoring struct {
	to      Target
	until   Until
	head    app.Position
	records []app.Record
	whole   int
	n       int
	over    bool
}

func (w *restoring) part(ctx context.Context, path string) (err error) {
	f, err := os.Open(path) //nolint:gosec // the operator names the directory
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	z, err := gzip.NewReader(bufio.NewReaderSize(f, 1<<20))
	if err != nil {
		return err
	}
	in := bufio.NewReaderSize(z, 1<<20)
	for !w.over {
		r, err := readRecord(in)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if r.Position <= w.head {
			continue
		}
		if err := w.take(ctx, r); err != nil {
			return err
		}
	}
	return nil
}

func (w *restoring) take(ctx context.Context, r app.Record) error {
	if k := len(w.records); k > 0 && !app.OneAppend(&w.records[k-1], &r) {
		w.whole = k
	}
	if w.over = !w.until.holds(&r); w.over {
		return nil
	}
	w.records = append(w.records, r)
	if w.whole >= page {
		return w.put(ctx)
	}
	return nil
}

// put puts the appends that are whole.
func (w *restoring) put(ctx context.Context) error {
	if w.whole == 0 {
		return nil
	}
	if err := w.to.Put(ctx, w.records[:w.whole]); err != nil {
		return err
	}
	w.n += w.whole
	w.records, w.whole = slices.Delete(w.records, 0, w.whole), 0
	return nil
}

// readRecord reads one record; io.EOF where there is none.
func readRecord(in *bufio.Reader) (app.Record, error) {
	head, err := in.ReadBytes('\n')
	if err != nil {
		if errors.Is(err, io.EOF) && len(head) > 0 {
			err = io.ErrUnexpectedEOF
		}
		return app.Record{}, err
	}
	var l line
	if err := json.Unmarshal(head, &l); err != nil {
		return app.Record{}, err
	}
	if l.Size < 0 || l.Size > 1<<30 {
		return app.Record{}, fmt.Errorf("position %s has %d bytes", l.Position, l.Size)
	}
	data := make([]byte, l.Size+1)
	if _, err := io.ReadFull(in, data); err != nil {
		return app.Record{}, fmt.Errorf("position %s: %w", l.Position, err)
	}
	return app.Record{ID: l.ID, Stream: l.Stream, Type: l.Type, Schema: l.Schema, Meta: l.Meta, Data: data[:l.Size],
		Version: l.Version, Position: l.Position, RecordedAt: l.RecordedAt}, nil
}
