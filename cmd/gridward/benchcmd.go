package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"gridward/cmd/gridward/morning"
	"gridward/domain/fault"
)

type benchCommands struct {
	HTTP benchHTTPCommand `cmd:"" name:"http" help:"Play a city's morning against a server of its own, and print throughput, percentiles and errors."`
}

type benchHTTPCommand struct {
	Data    string        `typed:"" help:"Keep the data in this directory, which must hold no log. Default: a temporary one that is removed." placeholder:"DIR"`
	Log     string        `typed:"" help:"Keep the log there, as in serve; it must be empty." placeholder:"URL"`
	Views   string        `typed:"" help:"Keep the views there, as in serve; there must be none." placeholder:"URL"`
	Streets int           `default:"14" help:"Streets of the district, 1 to 99: each has 5 communities of 3 areas of 5 sites."`
	Clients int           `default:"64" help:"How many ask at once, each as soon as its last answer is there."`
	For     time.Duration `default:"30s" help:"How long."`
	Seed    uint64        `default:"1" help:"The district and the order of each client's work come from it."`
}

// Help tells what is played; kong prints it.
func (benchHTTPCommand) Help() string {
	return "It lays out a district with fire, market and urban programmes and a person in every post, in an empty log, starts the program's " +
		"own serve on it as another process, and asks over HTTP. " + morning.Mix() + "\n\n--data, --log and --views are taken from the command line " +
		"only, never from the environment: what is played stays in the log, and nothing can be deleted from it."
}

// Run plays, and leaves nothing behind but what it was told to keep.
func (c benchHTTPCommand) Run(e *env) (err error) {
	if c.Streets < 1 || c.Streets > 99 || c.Clients < 1 || c.For <= 0 {
		return fault.New(fault.Invalid, "bench_out_of_range", "--streets is 1 to 99, --clients and --for above nothing")
	}
	at, remove, err := c.place(e.ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, remove()) }()
	result, err := c.play(e, at)
	if err != nil {
		return err
	}
	result.Print(e.stdout)
	e.say("%d patrols logged, %.0f a second; the views showed everything %s after the last answer\n",
		result.Patrols, morning.Rate(result.Patrols, result.Took), result.Behind.Round(time.Millisecond))
	if err := c.weigh(e, at); err != nil {
		return err
	}
	if n := result.Errors(); n > 0 {
		return fmt.Errorf("%d requests failed", n)
	}
	return nil
}

// errInterrupted is how a play ends that is stopped before its time.
var errInterrupted = errors.New("interrupted: nothing is told of a part")

// place is where everything is kept, empty, and what removes it afterwards.
func (c benchHTTPCommand) place(ctx context.Context) (at storage, remove func() error, err error) {
	at = storage{Data: c.Data, Log: c.Log, Views: c.Views}
	remove = func() error { return nil }
	if c.Data == "" {
		if at.Data, err = os.MkdirTemp("", "gridward-morning-"); err != nil {
			return at, nil, err
		}
		remove = func() error { return os.RemoveAll(at.Data) }
	}
	if err := unused(ctx, at); err != nil {
		return at, nil, errors.Join(err, remove())
	}
	return at, remove, nil
}

// unused refuses a place where anything is kept already.
func unused(ctx context.Context, at storage) error {
	empty, err := at.empty(ctx)
	if err != nil {
		return err
	}
	if !empty {
		return fault.Refuse("log_not_empty", "there is a log already, and what is played could never be deleted from it")
	}
	_, tables, err := at.places()
	if err != nil {
		return err
	}
	gens, err := tables.generations(true)
	if err != nil {
		return err
	}
	live, _, err := gens.Current(ctx)
	if err == nil && live != 0 {
		err = fault.Refuse("views_not_empty", "there are views of another log already")
	}
	return err
}

// play starts the server, plays and stops it, whatever happens.
func (c benchHTTPCommand) play(e *env, at storage) (result *morning.Result, err error) {
	s, err := startServer(e.ctx, at)
	if e.ctx.Err() != nil && err != nil {
		return nil, errInterrupted
	}
	if err != nil {
		return nil, err
	}
	defer func() {
		stopped := s.stop()
		if stopped != nil {
			stopped = fmt.Errorf("the server: %w", stopped)
		}
		if err = errors.Join(err, stopped); err != nil && e.ctx.Err() == nil {
			_, _ = fmt.Fprintf(e.stderr, "the server's last words:\n%s", s.words())
		}
		err = errors.Join(err, s.forget())
	}()
	o := morning.Options{Base: s.url, Token: s.token, Streets: c.Streets, Clients: c.Clients, For: c.For, Seed: c.Seed}
	result, err = morning.Play(e.ctx, o, func(what string) { _, _ = fmt.Fprintln(e.stderr, what) })
	if e.ctx.Err() != nil {
		err = errInterrupted
	}
	return result, err
}

// weigh says how large the log has become, where it is a file.
func (c benchHTTPCommand) weigh(e *env, at storage) (err error) {
	where, _, err := at.places()
	if err != nil {
		return err
	}
	log, err := where.read(e.ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, log.Close()) }()
	head, err := log.Head(e.ctx)
	if err != nil || where.url != "" || head == 0 {
		return err
	}
	size := int64(0)
	for _, name := range []string{"log.db", "log.db-wal"} {
		if info, err := os.Stat(filepath.Join(where.dir, name)); err == nil {
			size += info.Size()
		}
	}
	e.say("the log: %d events, %.1f MB, %d bytes an event\n", head, float64(size)/1e6, size/int64(head))
	return nil
}
