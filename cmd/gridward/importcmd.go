package main

import (
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/google/uuid"
	"go.uber.org/zap"

	"gridward/app"
)

type importCommands struct {
	Cells importCellsCommand `cmd:"" help:"Take a register of cells: CSV with code,level,parent,name[,class]. All or nothing; a repeat changes nothing."`
}

type importCellsCommand struct {
	storage
	DryRun bool   `help:"Check and count only."`
	File   string `arg:"" type:"existingfile" help:"The file."`
}

// Run imports the file as the administrator, through the same handler as the API. No server may run meanwhile.
func (c importCellsCommand) Run(e *env) (err error) {
	file, err := os.Open(c.File)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	h, err := open(e.ctx, plan{at: c.storage, logger: zap.NewNop()})
	if err != nil {
		return askTheServer(err, "POST /api/v1/cells/import")
	}
	defer func() { err = errors.Join(err, h.close()) }()
	by := app.By{Actor: "admin", Admin: true, CommandID: uuid.New(), ReceivedAt: time.Now()}
	r, err := h.app.ImportCells(e.ctx, by, file, app.ImportOptions{DryRun: c.DryRun, Dir: c.Data, Progress: counted(e.stderr, "cells")})
	if err != nil {
		return err
	}
	if err := h.views.CatchUp(e.ctx); err != nil {
		return err
	}
	done := "imported"
	if c.DryRun {
		done = "checked, nothing written"
	}
	_, err = fmt.Fprintf(e.stdout, "%s: %d created, %d unchanged\n", done, r.Created, r.Unchanged)
	return err
}
