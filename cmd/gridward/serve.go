package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"gridward/adapters/programmes"
	"gridward/api/rest"
	"gridward/api/rest/gen"
	"gridward/app"
	"gridward/app/views"
	"gridward/domain/programme"
)

// drain is how long requests in flight may take once the program was asked to stop.
const drain = 30 * time.Second

type serveCommand struct {
	storage
	shardFlags
	outboundFlags
	Listen    string    `default:"127.0.0.1:8080" help:"Where to listen. Port 0 takes a free one; the address is printed." placeholder:"ADDRESS"`
	Advertise string    `help:"Where the other nodes on the log reach this one, to send on what only the node that leads can do (docs/nodes.md). Default: where it listens, or this machine's name and that port." placeholder:"URL"`
	Clock     time.Time `help:"Rehearse: run on a clock that shows this instant (RFC 3339), stands still and moves only by POST /clock." placeholder:"TIME"`
	Demo      bool      `help:"Fill the log with a small demonstration first if it is empty, and print a token to try."`
}

// Run serves until the program is asked to stop, and then stops so that nothing is lost: no new connections,
// requests in flight finished, the log's queue committed.
func (c serveCommand) Run(e *env) (err error) {
	districts, err := views.ParseDistricts(c.Districts)
	if err != nil {
		return err
	}
	logger := newLogger(e)
	defer func() { _ = logger.Sync() }() // standard error cannot always be synced
	var clock *rehearsal
	if !c.Clock.IsZero() {
		clock = &rehearsal{now: c.Clock}
	}
	listener, err := (&net.ListenConfig{}).Listen(e.ctx, "tcp", c.Listen)
	if err != nil {
		return err
	}
	defer func() { _ = listener.Close() }() // once more, where nothing was served
	address, err := c.address(listener.Addr())
	if err != nil {
		return err
	}
	if err := checkToken(e.lookup); err != nil {
		return err
	}
	if c.Demo && len(districts) == 0 {
		now := time.Now()
		if clock != nil {
			now = clock.Now()
		}
		if err := demonstrate(e, c.storage, now); err != nil {
			return err
		}
	}
	back := e.roomy() // the views may have to be built
	h, err := open(e.ctx, plan{at: c.storage, clock: clock, logger: logger, readOnly: true, node: true, address: address, districts: districts,
		progress: logged(logger, "building the views")})
	back()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, h.close()) }()
	if h.readOnly != nil {
		logger.Error("the data directory cannot be written: only reads are served", zap.Error(h.readOnly))
	}
	token, err := adminToken(e.lookup, c.Data)
	if err != nil {
		return err
	}
	l, err := h.goLive(e.ctx, c.outboundFlags, e.lookup)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, l.end()) }()
	door, err := newDoor(h, l, clock, token.value, roomFor(e.lookup))
	if err != nil {
		return err
	}
	c.greet(e, listener.Addr().String(), token)
	if err := serve(e.ctx, door, l, listener, h); err != nil || h.readOnly != nil || !h.leads() {
		return err
	}
	h.settle(context.WithoutCancel(e.ctx))
	return nil
}

// address is where the other nodes reach this one: as it was told, or where it listens, by this machine's name where that
// is everywhere.
func (c serveCommand) address(listens net.Addr) (string, error) {
	if c.Advertise != "" {
		_, err := parseAddress(c.Advertise)
		return c.Advertise, err
	}
	host, port, err := net.SplitHostPort(listens.String())
	if err != nil {
		return "", err
	}
	if ip := net.ParseIP(host); ip.IsUnspecified() {
		if host, err = os.Hostname(); err != nil {
			return "", err
		}
	}
	return "http://" + net.JoinHostPort(host, port), nil
}

// newDoor puts the REST door before the house.
func newDoor(h *house, l *live, clock *rehearsal, token string, connections func(int)) (*rest.Server, error) {
	b := build()
	spool := filepath.Join(h.dir, "spool")
	if h.readOnly == nil {
		if err := os.MkdirAll(spool, 0o750); err != nil {
			return nil, err
		}
	}
	o := rest.Options{
		App: h.app, Views: h.views, Log: h.log, Codec: h.codec, Feed: l.hub, Clock: h.clock, Logger: h.logger, Registry: h.metrics,
		AdminToken: token, SpoolDir: spool, Zone: zone(), Connections: connections,
		ParseProgramme: func(src []byte) (programme.Programme, error) { return programmes.Parse("programme.yaml", src) },
		Warnings:       func() []string { return h.warnings(l) },
		Role:           h.role,
		Build:          gen.Version{Version: b.Version, Commit: b.Commit, Go: b.Go},
	}
	if h.crew != nil && !h.shard() {
		o.Leader, o.LeaderTakesAll = h.otherLeader, h.oneAppends()
	}
	if clock != nil && l.scheduler != nil {
		o.Rehearsal = func(ctx context.Context, to time.Time) error {
			if err := h.notLeading(); err != nil {
				return err
			}
			return clock.Advance(ctx, to, l.scheduler, h.settled)
		}
	}
	return rest.New(o)
}

// settled returns once the completer has finished what followed from everything in the log now.
func (h *house) settled(ctx context.Context) error {
	head, err := h.log.Head(ctx)
	if err != nil {
		return err
	}
	return h.completed.wait(ctx, head)
}

// settle brings the views up to the log's end, so that the next start, or a reader of the directory, finds them
// there. A disk that cannot take them is no reason to fail: the next start does it.
func (h *house) settle(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, drain)
	defer cancel()
	if err := h.views.CatchUp(ctx); err != nil {
		h.logger.Warn("the views were left behind the log", zap.Error(err))
	}
}

// serve takes connections until ctx ends, the listener fails or another process has taken the log over.
func serve(ctx context.Context, door *rest.Server, l *live, listener net.Listener, h *house) error {
	failed := make(chan error, 1)
	go func() { failed <- door.Serve(listener) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	h.logger.Info("stopping")
	l.hub.Close()
	stopping, cancel := context.WithTimeout(context.WithoutCancel(ctx), drain)
	defer cancel()
	if err := door.Shutdown(stopping); err != nil {
		return fmt.Errorf("requests were still in flight after %s: %w", drain, err)
	}
	return <-failed
}

// greet says on standard output where the service is and how to try it. A token the operator set is not shown.
func (c serveCommand) greet(e *env, address string, t token) {
	e.say("Gridward listens on http://%s\n", address)
	switch {
	case t.file == "":
		return
	case t.made || c.Demo:
		e.say("Administrator's token (kept in %s): %s\n", t.file, t.value)
	default:
		e.say("Administrator's token: in %s\n", t.file)
	}
	if c.Demo {
		e.say("Try: curl -H 'Authorization: Bearer %s' 'http://%s/api/v1/cases?limit=2'\nOr open http://%s/docs\n", t.value, address, address)
	}
}

// logged tells the log now and then how far some work is.
func logged(logger *zap.Logger, what string) func(done, total app.Position) {
	n := 0
	return func(done, total app.Position) {
		if n++; n%100 == 0 {
			logger.Info(what, zap.Uint64("done", uint64(done)), zap.Uint64("total", uint64(total)))
		}
	}
}

// newLogger writes JSON lines to standard error.
func newLogger(e *env) *zap.Logger {
	c := zap.NewProductionEncoderConfig()
	c.EncodeTime = zapcore.RFC3339NanoTimeEncoder
	return zap.New(zapcore.NewCore(zapcore.NewJSONEncoder(c), zapcore.Lock(zapcore.AddSync(e.stderr)), zap.InfoLevel))
}
