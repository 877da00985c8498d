package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"
	"go.uber.org/zap"

	"gridward/adapters/bus"
	"gridward/adapters/pgstore"
	"gridward/adapters/sqlstore"
	"gridward/api/rest"
	"gridward/app"
	"gridward/app/react"
	"gridward/domain/fault"
)

// Where the views are in PostgreSQL, several processes may serve one log. One of them leads: it keeps the views, does what
// time makes due, finishes what a crash cut and tells the outside. It has a lease, which the others take when it is over;
// its epoch fences what an earlier leader still has under way (docs/decisions/0023).

// crew is what this process shares with the others.
type crew struct {
	*pgstore.Nodes
	holder string // this node's own name, for ever
	epoch  atomic.Int64
	leads  atomic.Bool
	term   atomic.Pointer[leadership] // in which this node leads, or led last; nil before
	leader atomic.Pointer[leader]     // another node, which leads; nil where none is known
}

// leader is another node that leads.
type leader struct {
	rest.Leader
	epoch int64
	lose  func()
}

// leadership is the time in which a node leads without a break.
type leadership struct{ ctx context.Context }

// nodeFile keeps the name of the node whose data directory it is.
const nodeFile = "node"

// shard says that this node has some districts' views: for reading, beside the nodes that have all of them
// (docs/decisions/0024). It leads nobody, follows nobody, and does nothing by itself.
func (h *house) shard() bool { return len(h.districts) > 0 }

// join opens what is shared, if anything is. The data directory is this process's own by then. A shard shares nothing; where
// its views are in a database, it keeps others from them there.
func (h *house) join(ctx context.Context) error {
	url := sharedIn(h.logAt, h.viewsAt)
	if h.shard() {
		url = sharedIn(place{}, h.viewsAt)
	}
	if url == "" {
		return nil
	}
	holder, err := nodeName(filepath.Join(h.dir, nodeFile))
	if err != nil {
		return err
	}
	nodes, err := pgstore.OpenNodes(ctx, url, h.log.ID())
	if err != nil {
		return err
	}
	h.crew = &crew{Nodes: nodes, holder: holder}
	return nil
}

// sharedIn is the database with what nodes share: that of the views, or else of the log; "" where neither is in one.
func sharedIn(log, tables place) string {
	for _, p := range []place{tables, log} {
		if isPostgres(p.url) {
			return p.url
		}
	}
	return ""
}

func isPostgres(url string) bool {
	return strings.HasPrefix(url, "postgres://") || strings.HasPrefix(url, "postgresql://")
}

// nodeName reads the node's name, or gives it one.
func nodeName(path string) (string, error) {
	raw, err := os.ReadFile(path)
	if err == nil && len(raw) > 0 {
		return strings.TrimSpace(string(raw)), nil
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", err
	}
	host, err := os.Hostname()
	if err != nil {
		host = "node"
	}
	name := host + "/" + uuid.NewString()
	return name, os.WriteFile(path, []byte(name+"\n"), 0o600)
}

// own makes the data directory this process's own, and that of views in files; a log on SQLite in it does that itself.
func (h *house) own() error {
	if h.logAt.url == "" {
		return os.MkdirAll(h.dir, 0o750) // the log may be elsewhere
	}
	dirs := []string{h.dir}
	if at := h.viewsAt.dir; at != "" && filepath.Clean(at) != filepath.Clean(h.dir) {
		dirs = append(dirs, at)
	}
	for _, dir := range dirs {
		release, err := sqlstore.HoldDir(dir)
		if err != nil {
			return err
		}
		h.closers = append(h.closers, release)
	}
	return nil
}

// alone opens the views for a command that works on them by itself, or for the only server there can be.
func (h *house) alone(ctx context.Context, progress func(done, total app.Position)) error {
	if h.crew == nil || h.readOnly != nil {
		return h.views.Open(ctx, progress)
	}
	release, err := h.crew.Keep(ctx, h.crew.holder, pgstore.DefaultTerms, h.lead)
	if err != nil {
		return err
	}
	h.closers = append(h.closers, release)
	h.crew.leads.Store(true)
	return h.views.Lead(ctx, h.crew.epoch.Load(), progress)
}

// hold keeps every other process from leading on a log meanwhile: on SQLite the open log does that.
func (p place) hold(ctx context.Context, id uuid.UUID) (release func() error, err error) {
	if !isPostgres(p.url) {
		return func() error { return nil }, nil
	}
	nodes, err := pgstore.OpenNodes(ctx, p.url, id)
	if err != nil {
		return nil, err
	}
	end, err := nodes.Keep(ctx, "filling/"+uuid.NewString(), pgstore.DefaultTerms, func(int64) {}) // whoever takes it over meets the same records
	if err != nil {
		return nil, errors.Join(err, nodes.Close())
	}
	return func() error { return errors.Join(end(), nodes.Close()) }, nil
}

// lead takes note that this process leads from now on.
func (h *house) lead(epoch int64) {
	h.crew.epoch.Store(epoch)
	if g, ok := h.gens.(*pgstore.Generations); ok {
		g.Fence(h.log.ID(), epoch)
	}
}

// takeTurns leads whenever this node may, and follows otherwise, until ctx ends. first is closed when it is clear for the
// first time which of both it does.
func (h *house) takeTurns(ctx context.Context, l *live, first chan struct{}) error {
	var once sync.Once
	decided := func() { once.Do(func() { close(first) }) }
	defer decided()
	follow := h.follow(ctx)
	said := ""
	h.crew.Nodes.Lead(ctx, pgstore.DefaultTerms, pgstore.Candidate{
		Holder: h.crew.holder,
		May: func(ctx context.Context) error {
			_, err := h.log.Head(ctx)
			return err
		},
		Lead: func(leading context.Context, epoch int64) {
			h.crew.heed(nil)
			follow()
			said = ""
			if err := h.leadWith(leading, l, epoch, decided); err != nil {
				h.logger.Error("this node cannot lead", zap.Int64("epoch", epoch), zap.Error(err))
				decided() // it serves what it can, and /readyz says that it is not ready
			}
			follow = h.follow(ctx)
		},
		Waiting: func(err error) {
			h.look(ctx)
			decided()
			now := "another node leads"
			if err != nil {
				now = err.Error()
			}
			if now != said {
				h.logger.Info("this node follows", zap.String("why", now))
			}
			said = now
		},
	})
	h.crew.heed(nil)
	follow()
	return nil
}

// lookTime is how long a look for the leader may take.
const lookTime = time.Second

// look looks where the leader is reached. Where that cannot be known, what was known last may still be so.
func (h *house) look(ctx context.Context) {
	within, cancel := context.WithTimeout(ctx, lookTime)
	defer cancel()
	address, epoch, err := h.crew.Leader(within)
	if was := h.crew.leader.Load(); err != nil || was != nil && was.epoch == epoch {
		return
	}
	at, err := parseAddress(address)
	if err != nil {
		h.crew.heed(nil)
		return
	}
	lost := make(chan struct{})
	h.crew.heed(&leader{Leader: rest.Leader{At: at, Lost: lost}, epoch: epoch, lose: func() { close(lost) }})
}

// heed takes note of who leads, and gives up what is under way with who led before.
func (c *crew) heed(l *leader) {
	if was := c.leader.Swap(l); was != nil {
		was.lose()
	}
}

// otherLeader is the node that leads; nil where this one does, or none is known.
func (h *house) otherLeader() *rest.Leader {
	if l := h.crew.leader.Load(); l != nil && !h.leads() {
		return &l.Leader
	}
	return nil
}

// parseAddress reads where a node is reached.
func parseAddress(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.Path != "" && u.Path != "/" || u.User != nil || u.RawQuery != "" {
		return nil, fault.New(fault.Invalid, "advertise_invalid", "--advertise is not where this node is reached, as http://10.0.0.5:8080")
	}
	return u, nil
}

// follow has the views follow another node's until stop is called.
func (h *house) follow(ctx context.Context) (stop func()) {
	ctx, cancel := context.WithCancel(ctx) //nolint:gosec // stop calls it
	var following group
	following.run(ctx, h.logger, "following", h.views.Follow)
	return func() {
		cancel()
		following.wait()
	}
}

// leadWith does what only one node does, until leading ends or the log cannot be reached any more from here: another node
// may reach it.
func (h *house) leadWith(leading context.Context, l *live, epoch int64, decided func()) error {
	leading, giveUp := context.WithCancel(leading)
	defer giveUp()
	h.lead(epoch)
	h.crew.term.Store(&leadership{leading})
	h.crew.leads.Store(true)
	defer h.crew.leads.Store(false)
	if h.oneAppends() {
		if err := h.publishBuiltin(leading); err != nil {
			return err
		}
	}
	if err := h.views.Lead(leading, epoch, logged(h.logger, "building the views")); err != nil {
		return err
	}
	if err := h.crew.Announce(leading, epoch, h.address); err != nil {
		return errors.Join(err, h.views.Resign())
	}
	h.logger.Info("this node leads", zap.Int64("epoch", epoch))
	decided()
	var workers group
	err := h.work(leading, l, &workers)
	if err == nil {
		err = h.reaches(leading)
		giveUp()
	}
	h.crew.leads.Store(false)
	workers.wait()
	h.logger.Info("this node leads no more", zap.Int64("epoch", epoch))
	return errors.Join(err, h.views.Resign())
}

// How often a leader looks whether it reaches the log, and after how long without it does not.
const (
	reachLook = time.Second
	reachLost = 4 * time.Second
)

// reaches returns when ctx ends, or with an error when the log was out of reach for so long.
func (h *house) reaches(ctx context.Context) error {
	look := time.NewTicker(reachLook)
	defer look.Stop()
	for last := time.Now(); ; {
		within, cancel := context.WithTimeout(ctx, reachLost)
		_, err := h.log.Head(within)
		cancel()
		switch {
		case ctx.Err() != nil:
			return nil
		case err == nil:
			last = time.Now()
		case time.Since(last) > reachLost:
			return fmt.Errorf("the log is out of reach: %w", err)
		}
		select {
		case <-look.C:
		case <-ctx.Done():
			return nil
		}
	}
}

// term is the time in which this process may append to a log to which only the leader does.
func (h *house) term() context.Context {
	if h.crew == nil {
		return context.Background()
	}
	if t := h.crew.term.Load(); t != nil {
		return t.ctx
	}
	return context.Background()
}

// oneAppends says that the leader takes all commands: EventStoreDB has nothing that would keep the times of recording of
// several appenders in order.
func (h *house) oneAppends() bool {
	if h.shard() {
		return h.logAt.onEventStoreDB()
	}
	return h.crew != nil && h.logAt.onEventStoreDB() && isPostgres(h.viewsAt.url)
}

// led is a log to which only the leader appends.
type led struct {
	app.Log
	h *house
}

// Append implements app.Log.
func (l led) Append(ctx context.Context, stream string, expected uint64, records []app.Record) (app.Appended, error) {
	if err := l.h.notLeading(); err != nil {
		return app.Appended{}, err
	}
	return l.Log.Append(ctx, stream, expected, records)
}

// leads says whether this process does what only one does on a log.
func (h *house) leads() bool { return !h.shard() && (h.crew == nil || h.crew.leads.Load()) }

// role is what this process is among the nodes on the log.
func (h *house) role() string {
	switch {
	case h.shard():
		return "shard"
	case h.crew == nil:
		return "alone"
	case h.leads():
		return "leading"
	default:
		return "following"
	}
}

// notLeading refuses what only the leader can do.
func (h *house) notLeading() error {
	if h.leads() {
		return nil
	}
	return &fault.Error{Kind: fault.Unavailable, Code: "not_leading", Message: "another node leads, or none does yet", RetryAfter: time.Second}
}

// checkpoint is where a follower of the log keeps how far it has come.
func (h *house) checkpoint(name string) bus.Checkpoint {
	if h.crew != nil && name != feedName {
		return h.crew.Checkpoint(name, h.crew.epoch.Load)
	}
	return bus.NewFileCheckpoint(filepath.Join(h.dir, name+".checkpoint"), h.log.ID())
}

// parkingOf is the parking of one reaction or outlet.
func (h *house) parkingOf(name string) react.Parking {
	if h.crew != nil {
		return h.crew.Parking(name)
	}
	return fileParking(h.dir, name, h.log.ID())
}
