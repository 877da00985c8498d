package views

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"gridward/domain/grid"
	"gridward/domain/hazard"
	"gridward/domain/notice"
)

// What each person was told, one row for each thing told; and the days on which a digest was opened for them.
var noticesTable = table{"notices", []string{"person", "day", "case_id", "version"}, `
CREATE TABLE IF NOT EXISTS notices (
	person      TEXT NOT NULL,
	day         TEXT NOT NULL, -- local day of recording, as 2026-02-10
	case_id     TEXT NOT NULL,
	version     BIGINT NOT NULL, -- of the event that told it
	kind        TEXT NOT NULL,
	stage       TEXT NOT NULL,
	at          BIGINT NOT NULL,
	deadline_at BIGINT,
	PRIMARY KEY (person, day, case_id, version)
)`}

var digestsTable = table{"digests", []string{"person", "day"}, `
CREATE TABLE IF NOT EXISTS digests (
	person    TEXT NOT NULL,
	day       TEXT NOT NULL,
	opened_at BIGINT NOT NULL,
	PRIMARY KEY (person, day)
)`}

// tell notes whom an event of a case tells something.
func (b *batch) tell(c *caseRow, e entry, event hazard.Event) error {
	n, ok := notice.Of(event)
	if !ok {
		return nil
	}
	if n.ByHand {
		n.Tell(notice.HolderOf(c.track))
	}
	deadline := any(nil)
	if !n.Deadline.IsZero() {
		deadline = micros(n.Deadline)
	}
	for _, person := range n.Told {
		b.told = append(b.told, person, e.RecordedAt.In(b.p.loc).Format(time.DateOnly), c.ID, e.Version, n.Kind, n.Stage, micros(n.At), deadline)
	}
	return nil
}

func (b *batch) flushNotices() error {
	return b.insertMany(`INSERT INTO notices (person, day, case_id, version, kind, stage, at, deadline_at) VALUES `, 8, b.told, ``)
}

func (b *batch) applyDigest(_ entry, event notice.Event) error {
	if ev, ok := event.(notice.DigestOpened); ok {
		return b.exec(`INSERT INTO digests (person, day, opened_at) VALUES ($1, $2, $3) ON CONFLICT (person, day) DO NOTHING`, ev.Person, ev.Day, micros(ev.At))
	}
	return fmt.Errorf("the view of digests knows no %T", event)
}

// Digest is what one person was told on one day.
type Digest struct {
	Day          string    `json:"day"`
	OpenedAt     time.Time `json:"opened_at"`
	Yellow       int       `json:"yellow"`
	Red          int       `json:"red"`
	Escalations  int       `json:"escalations"`
	Supervisions int       `json:"supervisions"`
	Items        []Told    `json:"items"`
}

// Told is one thing of a digest.
type Told struct {
	Kind      string        `json:"kind"` // yellow, red, escalation, supervision
	Case      string        `json:"case"`
	Programme string        `json:"programme"`
	Cell      grid.CellCode `json:"cell"`
	Item      string        `json:"item"`
	Severity  string        `json:"severity"`
	State     string        `json:"state"` // of the case now
	Stage     string        `json:"stage,omitempty"`
	At        time.Time     `json:"at"`
	Deadline  *time.Time    `json:"deadline"`
}

// Notices lists the digests of a person, the newest day first, each with all it holds.
func (v *Views) Notices(ctx context.Context, person string, p Paging) (Page[Digest], error) {
	if _, err := v.Person(ctx, person); err != nil {
		return Page[Digest]{}, err
	}
	if err := v.Holds(""); err != nil {
		return Page[Digest]{}, err
	}
	size, err := p.size()
	if err != nil {
		return Page[Digest]{}, err
	}
	k, ok, err := p.after("notices")
	if err != nil {
		return Page[Digest]{}, err
	}
	var w where
	w.is("d.person", person)
	if ok {
		w.and("d.day < ?", k.S)
	}
	days, err := collect(ctx, v, `SELECT d.day, d.opened_at FROM digests d`+w.text("d.day DESC", size+1), w.args, func(r *sql.Rows) (d Digest, err error) {
		var opened int64
		err = r.Scan(&d.Day, &opened)
		d.OpenedAt = v.at(opened)
		return d, err
	})
	if err != nil {
		return Page[Digest]{}, err
	}
	page := pageOf("notices", days, size, func(d Digest) key { return key{S: d.Day} })
	for i := range page.Items {
		if err := v.fillDigest(ctx, person, &page.Items[i]); err != nil {
			return Page[Digest]{}, err
		}
	}
	return page, nil
}

func (v *Views) fillDigest(ctx context.Context, person string, d *Digest) error {
	items, err := collect(ctx, v, `
SELECT n.kind, n.case_id, c.programme, c.cell, c.item, c.severity, c.state, n.stage, n.at, n.deadline_at FROM notices n JOIN cases c ON c.id = n.case_id
WHERE n.person = $1 AND n.day = $2 ORDER BY n.at, n.case_id, n.version`, []any{person, d.Day}, func(r *sql.Rows) (t Told, err error) {
		var at int64
		var deadline sql.NullInt64
		err = r.Scan(&t.Kind, &t.Case, &t.Programme, &t.Cell, &t.Item, &t.Severity, &t.State, &t.Stage, &at, &deadline)
		t.At, t.Deadline = v.at(at), v.maybeAt(deadline)
		return t, err
	})
	if err != nil {
		return err
	}
	d.Items = orEmpty(items)
	for _, t := range items {
		switch t.Kind {
		case notice.Yellow:
			d.Yellow++
		case notice.Red:
			d.Red++
		case notice.Escalation:
			d.Escalations++
		case notice.Supervision:
			d.Supervisions++
		}
	}
	return nil
}
