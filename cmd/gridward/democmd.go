package main

import "errors"

type demoCommand struct {
	dataDir
}

// Run fills the data directory.
func (c demoCommand) Run(*env) error { return errors.New("not built yet") }

// fillDemo fills an empty log with a small demonstration.
func fillDemo(_ *env, _ *house) error { return errors.New("not built yet") }
