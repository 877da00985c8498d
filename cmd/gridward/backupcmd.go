package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"go.uber.org/zap"

	"gridward/app"
	"gridward/app/backup"
	"gridward/domain/fault"
)

type backupCommand struct {
	storage
	To string `required:"" help:"The backup's directory. One that holds a backup of the same log is continued with what came since." placeholder:"DIR"`
}

// Run backs the log up; a server may run meanwhile. The views are not in it: they are built from the log.
func (c backupCommand) Run(e *env) (err error) {
	log, err := c.read(e.ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, log.Close()) }()
	m, err := backup.Write(e.ctx, log, c.To, time.Now(), progress(e.stderr, "backup"))
	if err != nil {
		return err
	}
	e.say("log %s: %d events up to position %s in %d parts\n", m.Log, m.Events, m.Head, len(m.Parts))
	return nil
}

type restoreCommand struct {
	storage
	From     string    `required:"" type:"existingdir" help:"The backup's directory." placeholder:"DIR"`
	Position string    `help:"Only up to this position. What was appended together stays together: of an append that lies across it nothing is taken." placeholder:"POSITION"`
	Until    time.Time `help:"Only what the log had taken by this instant (RFC 3339)." placeholder:"TIME"`
}

// Run fills an empty place from a backup, and builds the views. Cut off and run again it finishes what is missing.
func (c restoreCommand) Run(e *env) (err error) {
	defer e.roomy()()
	until := backup.Until{At: c.Until}
	if c.Position != "" {
		if until.Position, err = app.ParsePosition("position", c.Position); err != nil {
			return fmt.Errorf("--position %s: %w", c.Position, err)
		}
	}
	m, err := backup.Open(c.From)
	if err != nil {
		return err
	}
	at, _, err := c.places()
	if err != nil {
		return err
	}
	n := 0
	if err := at.fill(e.ctx, m.Log, func(r backup.Target) error {
		n, err = backup.Restore(e.ctx, c.From, m, r, until, progress(e.stderr, "restore"))
		return err
	}); err != nil {
		return err
	}
	h, err := open(e.ctx, plan{at: c.storage, logger: zap.NewNop(), bare: true, progress: progress(e.stderr, "views")})
	if err != nil {
		return err
	}
	head, err := h.log.Head(e.ctx)
	if err = errors.Join(err, h.close()); err != nil {
		return err
	}
	e.say("log %s: %d events restored, up to position %s\n", h.log.ID(), n, head)
	e.tellSuccession(m.Log, h.log.ID())
	return nil
}

type copyCommand struct {
	From string `required:"" help:"The log that is copied: a URL as for --log. A server may run on it; what it takes behind the end is copied by the next run." placeholder:"URL"`
	To   string `required:"" help:"Where it is copied to: an empty place, or a copy to be continued. On EventStoreDB it becomes a new log, with new positions." placeholder:"URL"`
}

// Run copies a log to another engine and then holds the two against each other, record by record. Cut off and run again
// it goes on where it was.
func (c copyCommand) Run(e *env) (err error) {
	from, err := placeOf("from", c.From, place{})
	if err != nil {
		return err
	}
	to, err := placeOf("to", c.To, place{})
	if err != nil {
		return err
	}
	if from == to {
		return fault.New(fault.Invalid, "to_url_invalid", "--to: it is where the log is already")
	}
	log, err := from.read(e.ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, log.Close()) }()
	n := 0
	if err := to.fill(e.ctx, log.ID(), func(r backup.Target) error {
		n, err = backup.Copy(e.ctx, log, r, progress(e.stderr, "copy  "))
		return err
	}); err != nil {
		return err
	}
	copied, err := to.read(e.ctx)
	if err != nil {
		return err
	}
	compare := backup.Compare
	if to.onEventStoreDB() {
		compare = backup.CompareSuccessor
	}
	all, err := compare(e.ctx, log, copied, progress(e.stderr, "verify"))
	if err = errors.Join(err, copied.Close()); err != nil {
		return err
	}
	e.say("log %s: %d events copied, %d are the same in both; the views are built when a server first starts on the copy\n", log.ID(), n, all)
	e.tellSuccession(log.ID(), copied.ID())
	return nil
}

// tellSuccession says what a log is that took another one's records over without their positions.
func (e *env) tellSuccession(of, log uuid.UUID) {
	if of != log {
		e.say("EventStoreDB gave every event a new position, so this is a new log, %s: what points into the old one (clients' cursors, "+
			"checkpoints of what is told outside, backups to be continued) does not point into it\n", log)
	}
}

// fill opens a place to be filled, as the only process that works on it. EventStoreDB has no lock; whoever fills it too
// is met there by versions that are not those expected.
func (p place) fill(ctx context.Context, id uuid.UUID, do func(backup.Target) error) error {
	r, err := p.target(ctx, id)
	if err != nil {
		return err
	}
	release, err := p.hold(ctx, id)
	if err != nil {
		return errors.Join(err, r.Close())
	}
	return errors.Join(do(r), r.Close(), release())
}
