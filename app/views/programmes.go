package views

import (
	"context"
	"fmt"
	"time"

	"gridward/domain/programme"
)

var programmesTable = table{"programmes", []string{"code", "version"}, `
CREATE TABLE IF NOT EXISTS programmes (
	code    TEXT NOT NULL,
	version BIGINT NOT NULL,
	latest  BIGINT NOT NULL, -- 1 for the newest version
	recorded_at BIGINT NOT NULL,
	body    TEXT NOT NULL,   -- a Programme
	PRIMARY KEY (code, version)
)`}

func (b *batch) applyProgramme(e entry, event programme.Event) error {
	switch ev := event.(type) {
	case programme.Published:
		p := Programme{Programme: ev.Programme, Position: e.Position.String()}
		for n := 1; n <= p.Version; n++ {
			p.Versions = append(p.Versions, n)
		}
		body, err := toJSON(p)
		if err != nil {
			return err
		}
		if err := b.exec(`UPDATE programmes SET latest = 0 WHERE code = $1`, p.Code); err != nil {
			return err
		}
		b.publish(ev.Programme)
		return b.exec(`INSERT INTO programmes (code, version, latest, recorded_at, body) VALUES ($1, $2, 1, $3, $4)`, p.Code, p.Version, micros(e.RecordedAt), body)
	}
	return fmt.Errorf("the view of programmes knows no %T", event)
}

// Programmes lists the newest version of every programme, by code.
func (v *Views) Programmes(ctx context.Context, p Paging) (Page[Programme], error) {
	var w where
	w.and("latest = 1")
	return listed(ctx, v, `SELECT body FROM programmes`, &w, "code", p, func(p *Programme) string { return p.Code })
}

// Programme gives one version of a programme; 0 is the newest.
func (v *Views) Programme(ctx context.Context, code string, version int) (Programme, error) {
	if version == 0 {
		return single[Programme](ctx, v, "programme", code, `SELECT body FROM programmes WHERE code = $1 AND latest = 1`, code)
	}
	return single[Programme](ctx, v, "programme", code, `SELECT body FROM programmes WHERE code = $1 AND version = $2`, code, version)
}

// programmeThen gives the version that was the newest at an instant (zero: now).
func (v *Views) programmeThen(ctx context.Context, code string, asOf time.Time) (Programme, error) {
	var w where
	w.and("code = ?", code)
	w.recorded("", asOf)
	return single[Programme](ctx, v, "programme", code, `SELECT body FROM programmes`+w.text("version DESC", 1), w.args...)
}
