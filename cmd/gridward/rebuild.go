package main

import (
	"errors"
	"fmt"

	"go.uber.org/zap"

	"gridward/app/views"
	"gridward/domain/fault"
)

type rebuildCommand struct {
	storage
	shardFlags
}

// Run builds the views anew. A running server does that itself, beside the live ones.
func (c rebuildCommand) Run(e *env) (err error) {
	defer e.roomy()()
	districts, err := views.ParseDistricts(c.Districts)
	if err != nil {
		return err
	}
	h, err := open(e.ctx, plan{at: c.storage, logger: zap.NewNop(), districts: districts})
	if err != nil {
		return askTheServer(err, "POST /api/v1/views/rebuild")
	}
	defer func() { err = errors.Join(err, h.close()) }()
	if err := h.views.Rebuild(e.ctx, progress(e.stderr, "views")); err != nil {
		return err
	}
	_, err = fmt.Fprintf(e.stdout, "views rebuilt up to position %s\n", h.views.Status(e.ctx).Applied)
	return err
}

// askTheServer adds to the refusal of a log in use what the server on it can be asked for instead.
func askTheServer(err error, route string) error {
	if errors.Is(err, fault.New(fault.Unavailable, "data_dir_locked", "")) || errors.Is(err, fault.New(fault.Unavailable, "log_in_use", "")) {
		return fmt.Errorf("%w; while a server runs, ask it: %s", err, route)
	}
	return err
}
