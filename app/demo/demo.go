// Package demo fills a log with one district and a simulated month of work, so that everything the program shows
// has something to show.
//
// The district is real: Guancheng (管城回族区, 410104) with its 14 streets and 155 communities, as the national
// statistical division codes list them. All below is invented from a seed: areas, sites, departments,
// people, telephone numbers and what happens to them. Every fact goes through the same command handlers as the API,
// one command after the other, so that the same options make the same log byte for byte.
package demo

import (
	"context"
	"errors"
	"fmt"
	"time"

	"gridward/app"
	"gridward/domain/fault"
	"gridward/domain/programme"
)

// Scale is how much of the district is brought to life.
type Scale string

// The scales. Both hold all streets and communities.
const (
	Small Scale = "small" // areas and sites in a few communities; some thousand events
	Full  Scale = "full"  // areas and sites everywhere; tens of thousands of events
)

// Options are what a demo is made from. The same options make the same log; only SetClock is required.
type Options struct {
	Seed  uint64
	Scale Scale     // default Full
	From  time.Time // the first day; default 2026-02-01 in China, so that the Spring Festival lies in the middle
	Days  int       // of work; default 40, at least 14

	// Programmes are published first, where the log has none of that code. fire, water, market, service and urban are
	// needed: a caller that passes none has published them.
	Programmes []programme.Programme

	// SetClock moves the clock the log stamps its records with. It only moves forward, from a few days before From;
	// a log that holds later records keeps their time.
	SetClock func(time.Time)

	// Views are the views over the log, which keep themselves up to date. Without them time makes nothing due but what
	// a command finds on its own case: no patrol period is closed, and nobody has a digest.
	Views *Views

	// Progress is told how many commands of how many were carried out; it may be nil.
	Progress func(done, total int)
}

// china is the zone of the district, without need of a zone database.
var china = time.FixedZone("CST", 8*60*60)

func (o Options) withDefaults() (Options, error) {
	if o.Scale == "" {
		o.Scale = Full
	}
	if o.From.IsZero() {
		o.From = time.Date(2026, time.February, 1, 0, 0, 0, 0, china)
	}
	if o.Days == 0 {
		o.Days = 40
	}
	y, m, d := o.From.In(china).Date()
	o.From = time.Date(y, m, d, 0, 0, 0, 0, china)
	switch {
	case o.SetClock == nil:
		return o, errors.New("demo: Options.SetClock is required")
	case o.Scale != Small && o.Scale != Full:
		return o, fault.BadField("scale", "is not one of small, full")
	case o.Days < minDays:
		return o, fault.BadField("days", "is less than %d: a case needs some time", minDays)
	}
	return o, nil
}

// minDays is the shortest demo in which everything happens that shall.
const minDays = 14

// Run fills the log behind a and tells what is in it. A refusal the script does not intend ends it with that cause.
// Run again with the same options, or after it was cut off, it finishes what is missing and repeats nothing. While
// it runs nobody else may write to the log (App.Complete included), or the log is not the same any more.
func Run(ctx context.Context, a *app.App, log app.Log, codec app.Codec, o Options) (Summary, error) {
	o, err := o.withDefaults()
	if err != nil {
		return Summary{}, err
	}
	before, ended, err := endOf(ctx, log)
	if err != nil {
		return Summary{}, fmt.Errorf("demo: %w", err)
	}
	p := newPlan(o)
	p.ended = ended
	if err := p.programmesInForce(ctx, a); err != nil {
		return Summary{}, err
	}
	if err := p.draw(); err != nil {
		return Summary{}, err
	}
	h, err := newHours(ctx, a, log, o, p.from, ended)
	if err != nil {
		return Summary{}, fmt.Errorf("demo: %w", err)
	}
	counts, err := perform(ctx, a, p.inOrder(), h, o)
	if err == nil {
		err = h.pass(ctx, p.to, true)
	}
	if err != nil {
		return Summary{}, err
	}
	s, err := tally(ctx, log, codec, before)
	s.Commands, s.Refused = counts.commands, counts.refused
	return s, err
}

// programmesInForce publishes what is to be published, the calendar too, and reads the programmes the script works in.
func (p *plan) programmesInForce(ctx context.Context, a *app.App) error {
	at := p.setup
	p.o.SetClock(at)
	by := app.By{Actor: "admin", Admin: true, CommandID: p.uuid("programmes"), ReceivedAt: at}
	if err := a.PublishBuiltinCalendar(ctx, by); err != nil {
		return fmt.Errorf("demo: publish the calendar: %w", err)
	}
	if err := a.PublishBuiltin(ctx, by, p.o.Programmes); err != nil {
		return fmt.Errorf("demo: publish the programmes: %w", err)
	}
	for _, code := range []string{fire, water, market, service, urban} {
		found, err := a.Programme(ctx, code, 0)
		if err != nil {
			return fmt.Errorf("demo: programme %s: %w", code, err)
		}
		p.programmes[code] = found
	}
	return nil
}

type counts struct{ commands, refused int }

// perform carries the script out, one command after the other, each at its own instant, with the hours in between.
func perform(ctx context.Context, a *app.App, steps []step, h *hours, o Options) (counts, error) {
	var c counts
	again := false // the last command that wrote was found in the log
	for i, s := range steps {
		if err := ctx.Err(); err != nil {
			return c, err
		}
		if err := h.pass(ctx, s.by.ReceivedAt, false); err != nil {
			return c, err
		}
		if s.refused != "" && again {
			continue // the case has gone on: the refusal would be another one
		}
		steps[i] = step{} // it may be forgotten: a whole district's script is large
		o.SetClock(s.by.ReceivedAt)
		r, err := s.do(ctx, a, s.by)
		c.commands++
		switch f, isFault := fault.As(err); {
		case s.refused != "" && isFault && f.Code == s.refused:
			c.refused++
		case s.refused != "":
			return c, fmt.Errorf("demo: %s: should be refused with %s, not: %w", s.what, s.refused, orNothing(err))
		case err != nil:
			return c, fmt.Errorf("demo: command %d of %d, %s on %s: %w", i+1, len(steps), s.what, s.by.ReceivedAt.Format(time.DateTime), err)
		default:
			again = r.Replayed
		}
		if o.Progress != nil {
			o.Progress(i+1, len(steps))
		}
	}
	return c, nil
}

var errAccepted = errors.New("accepted")

func orNothing(err error) error {
	if err == nil {
		return errAccepted
	}
	return err
}
