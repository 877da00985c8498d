package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"go.uber.org/zap"

	"gridward/adapters/programmes"
	"gridward/app"
	"gridward/app/demo"
)

type demoCommand struct {
	storage
	Seed  uint64     `default:"1" help:"Everything invented comes from it: the same seed makes the same log."`
	Scale demo.Scale `default:"full" enum:"small,full" help:"small: areas and sites in a few communities, done in seconds. full: everywhere."`
	From  time.Time  `default:"2026-02-01T00:00:00+08:00" help:"The first day (RFC 3339)." placeholder:"TIME"`
	Days  int        `default:"40" help:"Days of work, at least 14. Forty from 1 February 2026 on have the Spring Festival in the middle."`
}

// Run fills the data directory. Cut off and run again it finishes what is missing.
func (c demoCommand) Run(e *env) (err error) {
	builtin, err := programmes.Builtin()
	if err != nil {
		return err
	}
	if c.Scale == demo.Full {
		defer e.roomy()()
	}
	clock := &rehearsal{now: time.Unix(0, 0)}
	h, err := open(e.ctx, plan{at: c.storage, clock: clock, logger: zap.NewNop(), bare: true})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, h.close()) }()
	before, err := h.log.Head(e.ctx)
	if err != nil {
		return err
	}
	var following group
	defer following.wait()
	ctx, stop := context.WithCancel(e.ctx)
	defer stop()
	following.run(ctx, h.logger, "views", h.project)
	summary, err := demo.Run(e.ctx, h.app, h.log, h.codec, demo.Options{
		Seed: c.Seed, Scale: c.Scale, From: c.From, Days: c.Days, Programmes: builtin, Progress: counted(e.stderr, "demo "),
		SetClock: clock.set, // a log that holds later records keeps their time
		Views:    &demo.Views{Tables: h.tables(), Due: h.views.Due, PeriodEnd: h.views.PeriodEnd, Visible: h.views.WaitFor},
	})
	if err != nil {
		return err
	}
	if err := errors.Join(h.skipCompleted(e.ctx, before), h.skipNotices(e.ctx, before)); err != nil {
		return err
	}
	if err := h.views.CatchUp(e.ctx); err != nil {
		return err
	}
	t := table.NewWriter()
	t.SetOutputMirror(e.stdout)
	t.AppendHeader(table.Row{"what", "kind", "count"})
	for _, r := range summary.Rows() {
		t.AppendRow(table.Row{r.What, r.Kind, r.Count})
	}
	t.Render()
	return nil
}

// tables is what the completer asks of the views.
func (h *house) tables() app.Tables {
	return app.Tables{Cases: h.views.OpenCasesOf, Under: h.views.OpenCasesUnder, Patrols: h.patrols()}
}

// skipNotices spares the notices what the demonstration has told already, as skipCompleted does for the completer.
func (h *house) skipNotices(ctx context.Context, before app.Position) error {
	kept := h.checkpoint("notices")
	if at, _, err := kept.Load(ctx); err != nil || at < before {
		return err
	}
	head, err := h.log.Head(ctx)
	if err != nil {
		return err
	}
	return kept.Save(ctx, head)
}

// The demonstration that serve --demo begins with: small, and over by yesterday.
const shortDemoDays = 30

// demonstrate fills a data directory without a log with a small demonstration that ends the day before now. While
// it is under way its first day is kept in a file, so that a start that was cut short is finished by the next.
func demonstrate(e *env, at storage, now time.Time) error {
	unfinished := filepath.Join(at.Data, "demo.unfinished")
	from := now.In(zone()).AddDate(0, 0, -shortDemoDays)
	kept, err := os.ReadFile(unfinished)
	switch {
	case err == nil:
		if from, err = time.Parse(time.RFC3339, string(kept)); err != nil {
			return fmt.Errorf("%s: %w", unfinished, err)
		}
	case !errors.Is(err, fs.ErrNotExist):
		return err
	default:
		empty, err := at.empty(e.ctx)
		if err != nil || !empty {
			return err
		}
		if err := os.MkdirAll(at.Data, 0o750); err != nil {
			return err
		}
		if err := os.WriteFile(unfinished, []byte(from.Format(time.RFC3339)), 0o600); err != nil {
			return err
		}
	}
	c := demoCommand{storage: at, Seed: 1, Scale: demo.Small, From: from, Days: shortDemoDays}
	if err := c.Run(e); err != nil {
		return err
	}
	return os.Remove(unfinished)
}
