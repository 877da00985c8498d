package backup_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"gridward/adapters/memstore"
	"gridward/adapters/sqlstore"
	"gridward/app"
	"gridward/app/backup"
	"gridward/domain/fault"
)

var begin = time.Date(2026, 2, 10, 1, 0, 0, 0, time.UTC)

// town is a log in which every command appends one to three records, a second apart.
type town struct {
	*memstore.Store
	t        *testing.T
	now      time.Time
	versions map[string]uint64
	n        int
}

func newTown(t *testing.T) *town {
	w := &town{t: t, now: begin, versions: map[string]uint64{}}
	w.Store = memstore.New(func() time.Time { return w.now })
	return w
}

func (w *town) commands(n int) {
	w.t.Helper()
	for range n {
		w.n++
		stream := fmt.Sprintf("case-%d", w.n%7)
		records := make([]app.Record, 1+w.n%3)
		for i := range records {
			records[i] = app.Record{ID: uuid.NewSHA1(uuid.Nil, fmt.Append(nil, w.n, i)), Type: "case.noted", Schema: 1,
				Meta: app.Meta{OccurredAt: w.now, ReceivedAt: w.now, Actor: "p-1", CommandID: uuid.NewSHA1(uuid.Nil, fmt.Append(nil, w.n))},
				Data: fmt.Appendf(nil, "{\"text\": \"第 %d\\n件\"}\n", w.n)}
		}
		got, err := w.Append(context.Background(), stream, w.versions[stream], records)
		if err != nil {
			w.t.Fatal(err)
		}
		w.versions[stream] = got.Version
		w.now = w.now.Add(time.Second)
	}
}

func (w *town) backup(dir string) backup.Manifest {
	w.t.Helper()
	m, err := backup.Write(w.t.Context(), w, dir, w.now, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	return m
}

// replica is an empty place for the log.
func (w *town) replica(dir string) app.Replica {
	w.t.Helper()
	r, err := sqlstore.OpenReplica(w.t.Context(), dir, w.ID())
	if err != nil {
		w.t.Fatal(err)
	}
	return r
}

// restored opens what was restored, and holds that it is the original up to its end.
func (w *town) restored(dir string) *sqlstore.Store {
	w.t.Helper()
	s, err := sqlstore.OpenReadOnly(w.t.Context(), dir)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { _ = s.Close() })
	if _, err := backup.Compare(w.t.Context(), w, s, nil); err != nil {
		w.t.Error(err)
	}
	return s
}

func (w *town) restore(from string, m backup.Manifest, until backup.Until) (*sqlstore.Store, int) {
	w.t.Helper()
	dir := w.t.TempDir()
	r := w.replica(dir)
	n, err := backup.Restore(w.t.Context(), from, m, r, until, nil)
	if err = errors.Join(err, r.Close()); err != nil {
		w.t.Fatal(err)
	}
	return w.restored(dir), n
}

func head(t *testing.T, log app.Log) app.Position {
	t.Helper()
	at, err := log.Head(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return at
}

func TestWhatIsBackedUpIsRestoredToTheByte(t *testing.T) {
	w, dir := newTown(t), t.TempDir()
	w.commands(3000)
	m := w.backup(dir)
	if m.Log != w.ID() || m.Head != head(t, w) || m.Events != int(m.Head) {
		t.Errorf("the manifest says %+v", m)
	}
	s, n := w.restore(dir, m, backup.Until{})
	if n != m.Events || head(t, s) != m.Head || s.ID() != w.ID() {
		t.Errorf("%d restored, to %s", n, head(t, s))
	}
	w.commands(1) // what comes later is not in it
	if head(t, s) == head(t, w) {
		t.Error("the copy grew")
	}
}

// A second run adds a part and leaves the first as it is.
func TestABackupIsContinued(t *testing.T) {
	w, dir := newTown(t), t.TempDir()
	if m := w.backup(dir); len(m.Parts) != 0 {
		t.Errorf("of an empty log it has %d parts", len(m.Parts))
	}
	w.commands(100)
	first := w.backup(dir)
	w.commands(50)
	second := w.backup(dir)
	if again := w.backup(dir); len(first.Parts) != 1 || len(second.Parts) != 2 || len(again.Parts) != 2 || second.Parts[0] != first.Parts[0] {
		t.Errorf("%d parts, then %d, then %d", len(first.Parts), len(second.Parts), len(again.Parts))
	}
	w.restore(dir, second, backup.Until{})
	other := newTown(t)
	if _, err := backup.Write(t.Context(), other, dir, begin, nil); !errors.Is(err, fault.New(fault.Conflict, "backup_other", "")) {
		t.Errorf("another log's: %v", err)
	}
	if _, err := backup.Open(t.TempDir()); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no backup: %v", err)
	}
}

// Up to an instant, up to a position; of an append that lies across it nothing is taken.
func TestAPointInTime(t *testing.T) {
	w, dir := newTown(t), t.TempDir()
	w.commands(60) // 2, 3, 1, 2, 3, 1, ... records
	m := w.backup(dir)
	for until, want := range map[backup.Until]app.Position{
		{At: begin.Add(10 * time.Second)}: 2 + 3 + 1 + 2 + 3 + 1 + 2 + 3 + 1 + 2 + 3,
		{At: begin.Add(-time.Second)}:     0,
		{Position: 5}:                     5,
		{Position: 4}:                     2,
		{Position: 1}:                     0,
		{Position: 6}:                     6,
		{Position: m.Head + 10}:           m.Head,
		{Position: 20, At: begin.Add(3*time.Second + 500_000)}: 8,
	} {
		if s, n := w.restore(dir, m, until); head(t, s) != want || n != int(want) {
			t.Errorf("until %+v: %d records, to %s, not %s", until, n, head(t, s), want)
		}
	}
}

// cut fails after so many calls.
type cut struct {
	app.Replica
	left int
}

var errCut = errors.New("cut off")

func (c *cut) Put(ctx context.Context, records []app.Record) error {
	if c.left--; c.left < 0 {
		return errCut
	}
	return c.Replica.Put(ctx, records)
}

func TestCutOffItGoesOn(t *testing.T) {
	w, dir := newTown(t), t.TempDir()
	w.commands(6000)
	m := w.backup(dir)
	for what, do := range map[string]func(app.Replica) error{
		"a restore": func(r app.Replica) error { return second(backup.Restore(t.Context(), dir, m, r, backup.Until{}, nil)) },
		"a copy":    func(r app.Replica) error { return second(backup.Copy(t.Context(), w, r, nil)) },
	} {
		to := t.TempDir()
		r := w.replica(to)
		if err := do(&cut{r, 2}); !errors.Is(err, errCut) {
			t.Fatalf("%s: %v", what, err)
		}
		if err := errors.Join(do(r), do(r), r.Close()); err != nil {
			t.Errorf("%s: %v", what, err)
		}
		if s := w.restored(to); head(t, s) != head(t, w) {
			t.Errorf("%s ended at %s", what, head(t, s))
		}
	}
}

func second[T any](_ T, err error) error { return err }

// A part that was touched is found out before anything is put.
func TestADamagedBackupIsRefused(t *testing.T) {
	w, dir := newTown(t), t.TempDir()
	w.commands(50)
	m := w.backup(dir)
	path := filepath.Join(dir, m.Parts[0].File)
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for what, damaged := range map[string][]byte{"a bit": append([]byte{raw[0] ^ 1}, raw[1:]...), "its end": raw[:len(raw)-1]} {
		if err := os.WriteFile(path, damaged, 0o600); err != nil {
			t.Fatal(err)
		}
		r := w.replica(t.TempDir())
		_, err := backup.Restore(t.Context(), dir, m, r, backup.Until{}, nil)
		if !errors.Is(err, fault.New(fault.Invalid, "backup_damaged", "")) || !strings.Contains(err.Error(), m.Parts[0].File) {
			t.Errorf("%s: %v", what, err)
		}
		if at, err := r.Head(t.Context()); at != 0 || err != nil {
			t.Errorf("%s: %s is there, %v", what, at, err)
		}
		_ = r.Close()
	}
}

// Logs that are not the same are told apart, wherever they differ.
func TestCompareFindsTheFirstDifference(t *testing.T) {
	w := newTown(t)
	w.commands(40)
	records, err := w.Read(t.Context(), 0, 1000)
	if err != nil {
		t.Fatal(err)
	}
	for what, change := range map[string]func(*app.Record){
		"data":    func(r *app.Record) { r.Data = []byte(`{}`) },
		"meta":    func(r *app.Record) { r.Meta.Actor = "p-2" },
		"time":    func(r *app.Record) { r.Meta.OccurredAt = begin.Add(time.Hour) },
		"type":    func(r *app.Record) { r.Type = "case.filed" },
		"missing": func(r *app.Record) { r.Position += 1000 },
	} {
		changed := append([]app.Record{}, records...)
		change(&changed[len(changed)-1])
		dir := t.TempDir()
		r := w.replica(dir)
		if err := errors.Join(r.Put(t.Context(), changed), r.Close()); err != nil {
			t.Fatal(err)
		}
		s, err := sqlstore.OpenReadOnly(t.Context(), dir)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := backup.Compare(t.Context(), w, s, nil); !errors.Is(err, backup.ErrDiffers) {
			t.Errorf("%s: %v", what, err)
		}
		_ = s.Close()
	}
}

// pages is a target that remembers what was put together.
type pages struct{ puts [][]app.Record }

func (p *pages) Head(context.Context) (app.Position, error) { return 0, nil }

func (p *pages) Put(_ context.Context, records []app.Record) error {
	p.puts = append(p.puts, records)
	return nil
}

func TestACopyCutsNoAppend(t *testing.T) {
	w, to := newTown(t), &pages{}
	w.commands(3000) // 2,000 records into it an append is under way
	n, err := backup.Copy(t.Context(), w, to, nil)
	if err != nil || n != int(head(t, w)) {
		t.Fatalf("%d records, %v", n, err)
	}
	if len(to.puts) < 3 {
		t.Errorf("it took %d pages", len(to.puts))
	}
	var last *app.Record
	for _, put := range to.puts {
		if last != nil && app.OneAppend(last, &put[0]) {
			t.Errorf("an append was cut at position %s", put[0].Position)
		}
		for i := range put {
			if last != nil && put[i].Position <= last.Position {
				t.Fatalf("position %s comes behind %s", put[i].Position, last.Position)
			}
			last = &put[i]
		}
	}
}

// moved is a log whose positions are others.
type moved struct {
	app.Log
	change func([]app.Record) []app.Record
}

const by = 1000

func (m moved) Head(ctx context.Context) (app.Position, error) {
	at, err := m.Log.Head(ctx)
	return at * by, err
}

func (m moved) Read(ctx context.Context, after app.Position, limit int) ([]app.Record, error) {
	records, err := m.Log.Read(ctx, after/by, limit)
	for i := range records {
		records[i].Position *= by
	}
	if m.change != nil {
		records = m.change(records)
	}
	return records, err
}

func TestASuccessorIsHeldAgainstItsOriginal(t *testing.T) {
	w := newTown(t)
	w.commands(2000)
	all := int(head(t, w))
	if n, err := backup.CompareSuccessor(t.Context(), w, moved{Log: w}, nil); err != nil || n != all {
		t.Errorf("%d of %d are the same, %v", n, all, err)
	}
	for what, change := range map[string]func([]app.Record) []app.Record{
		"another byte": func(r []app.Record) []app.Record {
			r[len(r)/2].Data = append([]byte(" "), r[len(r)/2].Data...)
			return r
		},
		"another id":     func(r []app.Record) []app.Record { r[0].ID = uuid.Nil; return r },
		"another time":   func(r []app.Record) []app.Record { r[0].RecordedAt = begin.Add(-time.Hour); return r },
		"another person": func(r []app.Record) []app.Record { r[0].Meta.Actor = "p-2"; return r },
		"one left out":   func(r []app.Record) []app.Record { return append(r[:3:3], r[4:]...) },
		"another order":  func(r []app.Record) []app.Record { r[0], r[1] = r[1], r[0]; return r },
		"no more":        func([]app.Record) []app.Record { return nil },
	} {
		if _, err := backup.CompareSuccessor(t.Context(), w, moved{w, change}, nil); !errors.Is(err, backup.ErrDiffers) {
			t.Errorf("%s: %v", what, err)
		}
	}
	shorter := newTown(t)
	shorter.commands(1999)
	if n, err := backup.CompareSuccessor(t.Context(), w, moved{Log: shorter}, nil); err != nil || n >= all {
		t.Errorf("the original went on: %d, %v", n, err)
	}
	if _, err := backup.CompareSuccessor(t.Context(), shorter, moved{Log: w}, nil); !errors.Is(err, backup.ErrDiffers) {
		t.Errorf("the copy has more: %v", err)
	}
}
