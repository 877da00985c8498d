package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"

	"gridward/adapters/bus"
	"gridward/app"
)

type parkedCommand struct {
	storage
	Replay []string `help:"Have the records at these positions tried again: by the running server, or by the next one." placeholder:"POSITION"`
	All    bool     `help:"Have all of them tried again."`
}

// Run lists the notices that could not be given, and asks for a new try of those named. A server may run meanwhile.
func (c parkedCommand) Run(e *env) (err error) {
	log, err := c.read(e.ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, log.Close()) }()
	parking := parkingIn(c.Data, log)
	parked, err := parking.List()
	if err != nil {
		return err
	}
	positions, err := c.wanted(parked)
	if err != nil {
		return err
	}
	if err := parking.Ask(positions...); err != nil {
		return err
	}
	if parked, err = parking.List(); err != nil {
		return err
	}
	if len(parked) == 0 {
		e.say("nothing is parked\n")
		return nil
	}
	t := table.NewWriter()
	t.SetOutputMirror(e.stdout)
	t.AppendHeader(table.Row{"position", "type", "stream", "parked at", "tries", "asked again", "error"})
	for _, p := range parked {
		t.AppendRow(table.Row{p.Position, p.Type, p.Stream, p.ParkedAt.In(zone()).Format(time.DateTime), p.Attempts, p.Asked, p.Error})
	}
	t.Render()
	return nil
}

// wanted is what shall be tried again.
func (c parkedCommand) wanted(parked []bus.Parked) ([]app.Position, error) {
	var out []app.Position
	if c.All {
		for _, p := range parked {
			out = append(out, p.Position)
		}
		return out, nil
	}
	for _, text := range c.Replay {
		at, err := app.ParsePosition("replay", text)
		if err != nil {
			return nil, fmt.Errorf("--replay %s: %w", text, err)
		}
		out = append(out, at)
	}
	return out, nil
}
