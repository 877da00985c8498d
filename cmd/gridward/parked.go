package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jedib0t/go-pretty/v6/table"

	"gridward/adapters/bus"
	"gridward/adapters/pgstore"
	"gridward/app"
	"gridward/app/react"
)

// parkingPlace is where one reaction or outlet parks what it could not handle.
type parkingPlace struct {
	name string
	in   react.Parking
}

const (
	noticesName = "notices"
	parkedDir   = ".parked"
)

// fileParking is the parking of one reaction or outlet where there is one process: a directory in the data directory.
func fileParking(dir, name string, log uuid.UUID) *bus.FileParking {
	return bus.NewFileParking(filepath.Join(dir, name+parkedDir), log)
}

// sharedParkings are all there are among nodes.
func sharedParkings(ctx context.Context, nodes *pgstore.Nodes) ([]parkingPlace, error) {
	names, err := nodes.Parkings(ctx)
	var out []parkingPlace
	for _, name := range names {
		out = append(out, parkingPlace{name, nodes.Parking(name)})
	}
	return out, err
}

// parkingPlaces are all there are in a data directory, whoever is configured now.
func parkingPlaces(dir string, log uuid.UUID) ([]parkingPlace, error) {
	dirs, err := filepath.Glob(filepath.Join(dir, "*"+parkedDir))
	if err != nil {
		return nil, err
	}
	slices.Sort(dirs)
	var out []parkingPlace
	for _, d := range dirs {
		name := strings.TrimSuffix(filepath.Base(d), parkedDir)
		out = append(out, parkingPlace{name, fileParking(dir, name, log)})
	}
	return out, nil
}

type parkedCommand struct {
	storage
	Of     string   `help:"Only those of this one: notices, or webhook- and the name of a webhook." placeholder:"NAME"`
	Replay []string `help:"Have the records at these positions tried again: by the running server, or by the next one. For a webhook this has everything tried that is parked of the same stream, in order." placeholder:"POSITION"`
	All    bool     `help:"Have all of them tried again."`
}

// Run lists what could not be told, and asks for a new try of those named. A server may run meanwhile.
func (c parkedCommand) Run(e *env) (err error) {
	log, err := c.read(e.ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, log.Close()) }()
	places, closeNodes, err := c.places(e.ctx, log.ID())
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closeNodes()) }()
	if c.Of != "" {
		places = slices.DeleteFunc(places, func(p parkingPlace) bool { return p.name != c.Of })
	}
	if err := c.ask(places); err != nil {
		return err
	}
	t := table.NewWriter()
	t.SetOutputMirror(e.stdout)
	t.AppendHeader(table.Row{"of", "position", "type", "stream", "parked at", "tries", "asked again", "error"})
	for _, place := range places {
		parked, err := place.in.List()
		if err != nil {
			return err
		}
		for _, p := range parked {
			t.AppendRow(table.Row{place.name, p.Position, p.Type, p.Stream, p.ParkedAt.In(zone()).Format(time.DateTime), p.Attempts, p.Asked, p.Error})
		}
	}
	if t.Length() == 0 {
		e.say("nothing is parked\n")
		return nil
	}
	t.Render()
	return nil
}

// places are where something may be parked.
func (c parkedCommand) places(ctx context.Context, log uuid.UUID) (out []parkingPlace, end func() error, err error) {
	logAt, viewsAt, err := c.storage.places()
	if err != nil {
		return nil, nil, err
	}
	url := sharedIn(logAt, viewsAt)
	if url == "" {
		out, err = parkingPlaces(c.Data, log)
		return out, func() error { return nil }, err
	}
	nodes, err := pgstore.OpenNodes(ctx, url, log)
	if err != nil {
		return nil, nil, err
	}
	if out, err = sharedParkings(ctx, nodes); err != nil {
		return nil, nil, errors.Join(err, nodes.Close())
	}
	return out, nodes.Close, nil
}

// ask has what is wanted tried again, wherever it is parked.
func (c parkedCommand) ask(places []parkingPlace) error {
	wanted := map[app.Position]bool{} // and whether it was found
	for _, text := range c.Replay {
		at, err := app.ParsePosition("replay", text)
		if err != nil {
			return fmt.Errorf("--replay %s: %w", text, err)
		}
		wanted[at] = false
	}
	for _, place := range places {
		parked, err := place.in.List()
		if err != nil {
			return err
		}
		for _, p := range parked {
			if _, is := wanted[p.Position]; !is && !c.All {
				continue
			}
			if err := place.in.Ask(p.Position); err != nil {
				return err
			}
			wanted[p.Position] = true
		}
	}
	for at, found := range wanted {
		if !found {
			return fmt.Errorf("nothing is parked at position %s", at)
		}
	}
	return nil
}
