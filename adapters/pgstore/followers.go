package pgstore

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"

	"gridward/app"
	"gridward/app/react"
)

// sharedTimeout bounds each look at what nodes share.
const sharedTimeout = 10 * time.Second

// Checkpoint is how far a follower of the log has come, whichever node it runs on. It is a bus.Checkpoint.
type Checkpoint struct {
	n     *Nodes
	name  string
	epoch func() int64
}

// Checkpoint names the follower. epoch is this node's: what an earlier leader saves is refused with code not_leading.
func (n *Nodes) Checkpoint(name string, epoch func() int64) *Checkpoint {
	return &Checkpoint{n: n, name: name, epoch: epoch}
}

// Load gives the position saved last; found is false if there is none.
func (c *Checkpoint) Load(ctx context.Context) (at app.Position, found bool, err error) {
	var position int64
	err = c.n.pool.QueryRow(ctx, `SELECT position FROM gridward_nodes.checkpoints WHERE log = $1 AND name = $2`, c.n.log, c.name).Scan(&position)
	if errors.Is(err, pgx.ErrNoRows) {
		return 0, false, nil
	}
	return app.Position(position), err == nil, c.n.wrote("checkpoint", err) //nolint:gosec // never negative
}

// Save replaces the position.
func (c *Checkpoint) Save(ctx context.Context, at app.Position) error {
	tag, err := c.n.pool.Exec(ctx, `
INSERT INTO gridward_nodes.checkpoints AS k (log, name, position, epoch) VALUES ($1, $2, $3, $4)
ON CONFLICT (log, name) DO UPDATE SET position = excluded.position, epoch = excluded.epoch WHERE k.epoch <= excluded.epoch`,
		c.n.log, c.name, int64(at), c.epoch()) //nolint:gosec // positions fit
	if err == nil && tag.RowsAffected() == 0 {
		return fenced()
	}
	return c.n.wrote("checkpoint", err)
}

// Parking is where a reaction or an outlet parks what it could not handle, whichever node it runs on: a react.Parking.
type Parking struct {
	n    *Nodes
	name string
}

var _ react.Parking = (*Parking)(nil)

// Parking names the reaction or outlet.
func (n *Nodes) Parking(name string) *Parking { return &Parking{n: n, name: name} }

// Parkings names all that have parked something.
func (n *Nodes) Parkings(ctx context.Context) ([]string, error) {
	rows, err := n.pool.Query(ctx, `SELECT DISTINCT name FROM gridward_nodes.parked WHERE log = $1 ORDER BY name`, n.log)
	if err != nil {
		return nil, n.wrote("parking", err)
	}
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	return names, n.wrote("parking", err)
}

func (p *Parking) exec(text string, args ...any) (int64, error) {
	ctx, cancel := context.WithTimeout(context.Background(), sharedTimeout)
	defer cancel()
	tag, err := p.n.pool.Exec(ctx, text, append([]any{p.n.log, p.name}, args...)...)
	return tag.RowsAffected(), p.n.wrote("parking", err)
}

// Put implements react.Parking.
func (p *Parking) Put(r react.Parked) error {
	r.Log = p.n.log
	body, err := json.Marshal(r)
	if err != nil {
		return err
	}
	_, err = p.exec(`INSERT INTO gridward_nodes.parked (log, name, position, body) VALUES ($1, $2, $3, $4)
ON CONFLICT (log, name, position) DO UPDATE SET body = excluded.body`, int64(r.Position), string(body)) //nolint:gosec // positions fit
	return err
}

// List implements react.Parking.
func (p *Parking) List() ([]react.Parked, error) {
	ctx, cancel := context.WithTimeout(context.Background(), sharedTimeout)
	defer cancel()
	rows, err := p.n.pool.Query(ctx, `SELECT body, asked FROM gridward_nodes.parked WHERE log = $1 AND name = $2 ORDER BY position`, p.n.log, p.name)
	if err != nil {
		return nil, p.n.wrote("parking", err)
	}
	out, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (r react.Parked, err error) {
		var body string
		var asked bool
		if err = row.Scan(&body, &asked); err == nil {
			err = json.Unmarshal([]byte(body), &r)
		}
		r.Asked = asked
		return r, err
	})
	return out, p.n.wrote("parking", err)
}

// Ask implements react.Parking.
func (p *Parking) Ask(positions ...app.Position) error {
	for _, at := range positions {
		n, err := p.exec(`UPDATE gridward_nodes.parked SET asked = true WHERE log = $1 AND name = $2 AND position = $3`, int64(at)) //nolint:gosec // likewise
		if err == nil && n == 0 {
			err = react.NotParked(at)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// Answer implements react.Parking.
func (p *Parking) Answer(at app.Position, handled bool) error {
	text := `UPDATE gridward_nodes.parked SET asked = false WHERE log = $1 AND name = $2 AND position = $3`
	if handled {
		text = `DELETE FROM gridward_nodes.parked WHERE log = $1 AND name = $2 AND position = $3`
	}
	_, err := p.exec(text, int64(at)) //nolint:gosec // likewise
	return err
}
