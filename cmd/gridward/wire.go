package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/zap"

	"gridward/adapters/bus"
	"gridward/adapters/eventcodec"
	"gridward/adapters/programmes"
	"gridward/app"
	"gridward/app/react"
	"gridward/app/views"
	"gridward/domain/fault"
)

// cachedStreams is how many folded streams are kept in memory.
const cachedStreams = 8192

// zone is the zone of local days: the whole country keeps one.
func zone() *time.Location { return time.FixedZone("Asia/Shanghai", 8*60*60) }

// house is the program put together over one log, without its doors.
type house struct {
	dir    string // for what is neither log nor views
	clock  func() time.Time
	logger *zap.Logger

	districts      views.Districts // of a shard; none: all
	logAt, viewsAt place
	closers        []func() error // run in turn from the last when the house is closed
	crew           *crew          // what is shared with other nodes; nil where there are none
	address        string         // where they reach this one

	store    store
	log      app.Log // the store, or what stands before it while it cannot be written
	readOnly error   // why the log cannot be written; nil when it can
	codec    app.Codec
	app      *app.App
	gens     views.Generations
	views    *views.Views
	metrics  *prometheus.Registry

	completed reached // by the completer
}

// plan is what a house is opened with.
type plan struct {
	at       storage
	clock    *rehearsal // nil: the real one
	logger   *zap.Logger
	readOnly bool                           // serve reads when the directory cannot be written
	bare     bool                           // publish no programmes
	node     bool                           // be one of many, if there can be others: the views are opened by whoever leads
	address  string                         // where the others reach it
	progress func(done, total app.Position) // of views that have to be built; may be nil

	districts views.Districts // be a shard of these; none: have all
}

// open puts the house together. Where the plan allows it, a directory that cannot be written gives a house that
// only reads. Whoever opens it closes it.
func open(ctx context.Context, p plan) (*house, error) {
	h, err := assemble(ctx, p, nil)
	if !p.readOnly || !cannotWrite(err) {
		return h, err
	}
	h, readErr := assemble(ctx, p, err)
	if readErr != nil {
		return nil, errors.Join(err, readErr)
	}
	return h, nil
}

// cannotWrite tells a full disk or a read-only directory from other errors.
func cannotWrite(err error) bool {
	return errors.Is(err, fault.New(fault.Unavailable, "data_dir_unwritable", "")) ||
		errors.Is(err, fault.New(fault.Unavailable, "log_unwritable", ""))
}

// assemble opens the log first, then makes the rules' shell, then opens the views. readOnly is why nothing can be
// written, nil if everything can.
func assemble(ctx context.Context, p plan, readOnly error) (_ *house, err error) {
	h := &house{dir: p.at.Data, logger: p.logger, clock: time.Now, codec: eventcodec.New(), metrics: prometheus.NewRegistry(), readOnly: readOnly,
		districts: p.districts, address: p.address}
	if p.clock != nil {
		h.clock = p.clock.Now
	}
	if h.logAt, h.viewsAt, err = p.at.placesOf(p.districts); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, h.close())
		}
	}()
	if h.readOnly == nil {
		if err := h.own(); err != nil {
			return nil, err
		}
	}
	if err := h.openLog(ctx); err != nil {
		return nil, err
	}
	if h.readOnly == nil {
		if err := h.join(ctx); err != nil {
			return nil, err
		}
		if p.node && h.oneAppends() {
			h.log = led{h.log, h}
		}
	}
	if p.clock != nil {
		if err := p.clock.resume(ctx, h.log); err != nil {
			return nil, err
		}
	}
	if h.app, err = app.New(h.log, h.codec, cachedStreams); err != nil {
		return nil, err
	}
	if h.readOnly == nil && !p.bare && !h.shard() && !(p.node && h.oneAppends()) {
		if err := h.publishBuiltin(ctx); err != nil {
			return nil, err
		}
	}
	if h.gens, err = h.viewsAt.generations(h.readOnly != nil); err != nil {
		return nil, err
	}
	h.views = views.New(h.log, h.codec, h.gens, zone(), h.districts...)
	registerViews(h.metrics, func() views.Status { return h.views.Status(context.WithoutCancel(ctx)) })
	if p.node && !h.shard() && h.crew != nil && isPostgres(h.viewsAt.url) {
		return h, nil
	}
	if err := h.alone(ctx, p.progress); err != nil {
		if h.readOnly == nil {
			return nil, err
		}
		h.logger.Error("the views cannot be read", zap.Error(err)) // the log still can; Status says that they are closed
	}
	return h, nil
}

// openLog opens the log for writing, or for reading if nothing can be written.
func (h *house) openLog(ctx context.Context) error {
	if h.readOnly != nil {
		store, err := h.logAt.read(ctx)
		if err != nil {
			return err
		}
		h.store, h.log = store, unwritable{store, h.readOnly}
		return nil
	}
	batches := newBatchMetrics(h.metrics)
	store, err := h.logAt.open(ctx, h.clock, batches.observe, h.term)
	if err != nil {
		return err
	}
	registerQueue(h.metrics, store)
	h.store, h.log = store, store
	return nil
}

// unwritable is a log that can only be read: commands are refused with the reason.
type unwritable struct {
	app.Log
	cause error
}

// Append implements app.Log.
func (u unwritable) Append(context.Context, string, uint64, []app.Record) (app.Appended, error) {
	return app.Appended{}, &fault.Error{Kind: fault.Unavailable, Code: "log_unwritable",
		Message: "the data directory cannot be written; reads go on", RetryAfter: time.Minute, Cause: u.cause}
}

// publishBuiltin publishes the calendar and the programmes the product ships, where the log has none.
func (h *house) publishBuiltin(ctx context.Context) error {
	builtin, err := programmes.Builtin()
	if err != nil {
		return err
	}
	by := app.By{Actor: "system", Admin: true, CommandID: uuid.NewSHA1(uuid.NameSpaceOID, []byte("gridward/builtin")), ReceivedAt: h.clock()}
	if err := h.app.PublishBuiltinCalendar(ctx, by); err != nil {
		return fmt.Errorf("built-in calendar: %w", err)
	}
	if err := h.app.PublishBuiltin(ctx, by, builtin); err != nil {
		return fmt.Errorf("built-in programmes: %w", err)
	}
	return nil
}

// live is the part of a house that works on its own while it is open.
type live struct {
	hub       *react.Hub
	scheduler *app.Scheduler // nil where nothing can be written
	outlets   *outlets       // likewise
	stop      context.CancelFunc
	workers   group
}

// goLive starts what follows the log (the views, the completer, the outward reactions, the relays to whom out names) and
// the scheduler. They work until end is called, whatever becomes of ctx.
func (h *house) goLive(ctx context.Context, out outboundFlags, lookup func(string) (string, bool)) (*live, error) {
	hub := react.NewHub(h.log)
	feed := bus.Reaction{Name: "live feed", Handle: react.LiveFeed(hub), Checkpoint: h.checkpoint(feedName)}
	router, err := bus.NewRouter(h.log, retryPause, h.logger, feed)
	if err != nil {
		return nil, err
	}
	l := &live{hub: hub}
	if h.readOnly == nil && !h.shard() {
		if l.outlets, err = h.openOutlets(out, lookup); err != nil {
			return nil, err
		}
	}
	ctx, l.stop = context.WithCancel(context.WithoutCancel(ctx))
	l.workers.run(ctx, h.logger, "live feed", router.Run)
	defer l.workers.run(ctx, h.logger, "watch", h.watchViews)
	if h.readOnly != nil {
		return l, nil
	}
	if h.shard() {
		registerLead(h.metrics, h)
		l.workers.run(ctx, h.logger, "views", h.project)
		return l, nil
	}
	l.scheduler = h.scheduler()
	registerSchedule(h.metrics, func() app.ScheduleStatus { return h.schedule(l) }, h.clock)
	registerParking(h.metrics, noticesName, h.parking())
	registerLead(h.metrics, h)
	if h.crew == nil || !isPostgres(h.viewsAt.url) {
		return l, h.work(ctx, l, &l.workers)
	}
	first := make(chan struct{})
	l.workers.run(ctx, h.logger, "nodes", func(ctx context.Context) error { return h.takeTurns(ctx, l, first) })
	<-first
	return l, nil
}

// schedule is how far what is due is done. Where another node does it nothing is behind here.
func (h *house) schedule(l *live) app.ScheduleStatus {
	s := l.scheduler.Status()
	if !h.leads() {
		return app.ScheduleStatus{Done: s.Done}
	}
	return s
}

// work starts what one process alone does on a log: the views, the completer, the scheduler, the reactions that write and
// the relays.
func (h *house) work(ctx context.Context, l *live, workers *group) error {
	router, err := bus.NewRouter(h.log, retryPause, h.logger, h.notices())
	if err != nil {
		return err
	}
	workers.run(ctx, h.logger, "views", h.project)
	workers.run(ctx, h.logger, "completer", h.complete)
	workers.run(ctx, h.logger, "scheduler", l.scheduler.Run)
	workers.run(ctx, h.logger, "reactions", router.Run)
	l.outlets.run(ctx, workers, h.logger)
	workers.run(ctx, h.logger, "parked notices", func(ctx context.Context) error { return bus.Replay(ctx, h.log, h.notices(), h.logger) })
	return nil
}

// feedName is the live feed's checkpoint: each node has its own.
const feedName = "feed"

// project keeps the views up to date.
func (h *house) project(ctx context.Context) error { return h.views.Run(ctx) }

// noticeTries is how often a notice is tried before it is parked: some seconds, with the pauses in between.
const noticeTries = 6

// notices is the reaction that opens people's digests.
func (h *house) notices() bus.Reaction {
	return bus.Reaction{Name: noticesName, Handle: react.Notices(h.app, zone()), Checkpoint: h.checkpoint(noticesName),
		Park: &bus.Park{In: h.parking(), Attempts: noticeTries, Clock: h.clock}}
}

// parking is where notices stand that could not be given.
func (h *house) parking() react.Parking { return h.parkingOf(noticesName) }

// scheduler does what time makes due.
func (h *house) scheduler() *app.Scheduler {
	return app.NewScheduler(h.app, app.Schedule{
		Due: h.views.Due, Visible: h.views.WaitFor, PeriodEnd: h.views.PeriodEnd,
		ClosePeriods: func(ctx context.Context, at, received time.Time) (app.Position, error) {
			return h.app.ClosePeriods(ctx, at, received, h.patrols())
		},
		Clock: h.clock, Failed: h.scheduleFailed,
	})
}

func (h *house) patrols() app.PatrolTable {
	return app.PatrolTable{Ended: h.views.Ended, Again: h.views.Again}
}

// end stops the work and returns when what was under way is finished.
func (l *live) end() error {
	l.stop()
	l.workers.wait()
	if l.outlets == nil {
		return nil
	}
	return l.outlets.close()
}

// watchViews tells the log when the views come to stand still, why, and when they move again.
func (h *house) watchViews(ctx context.Context) error {
	look := time.NewTicker(time.Second)
	defer look.Stop()
	said := ""
	for {
		now := ""
		if err := h.views.Status(ctx).Err; err != nil && ctx.Err() == nil {
			now = err.Error()
		}
		switch {
		case now == said:
		case now == "":
			h.logger.Info("the views move again")
		default:
			h.logger.Error("the views stand still", zap.String("error", now))
		}
		said = now
		select {
		case <-look.C:
		case <-ctx.Done():
			return nil
		}
	}
}

// complete finishes what a crash cut, and goes on after a failure.
func (h *house) complete(ctx context.Context) error {
	kept := h.checkpoint("completer")
	for failures := 0; ctx.Err() == nil; failures++ {
		from, _, err := kept.Load(ctx)
		if err != nil { // from the beginning, then: what is done twice changes nothing
			h.logger.Warn("the completer begins at the log's beginning", zap.Error(err))
		}
		h.completed.set(from)
		save := func(at app.Position) error {
			failures = 0 // it moves: what holds it up next is another thing
			h.completed.set(at)
			return kept.Save(ctx, at)
		}
		refused := func(r app.Record, f *fault.Error) {
			h.logger.Error("not completed", zap.String("stream", r.Stream), zap.Uint64("version", r.Version), zap.String("rule", f.Code))
		}
		err = h.app.Complete(ctx, from, app.Tables{Cases: h.views.OpenCasesOf, Under: h.views.OpenCasesUnder, Patrols: h.patrols()}, save, refused)
		if err == nil || ctx.Err() != nil {
			return nil
		}
		h.logger.Error("the completer is held up", zap.Error(err), zap.Int("failures", failures+1))
		retryPause.Wait(ctx, failures)
	}
	return nil
}

// skipCompleted spares the completer what commands have finished themselves, in a process where nothing went wrong:
// everything above before. Where it had something left to do below that, it begins there.
func (h *house) skipCompleted(ctx context.Context, before app.Position) error {
	kept := h.checkpoint("completer")
	if at, _, err := kept.Load(ctx); err != nil || at < before {
		return err
	}
	head, err := h.log.Head(ctx)
	if err != nil {
		return err
	}
	return kept.Save(ctx, head)
}

// close closes the views, then commits what waits for the log and gives up the directory.
func (h *house) close() error {
	var errs []error
	if h.views != nil {
		errs = append(errs, h.views.Close())
	}
	if h.crew != nil {
		h.closers = append([]func() error{h.crew.Close}, h.closers...) // behind the lease
	}
	for _, end := range slices.Backward(h.closers) {
		errs = append(errs, end())
	}
	if h.store != nil {
		errs = append(errs, h.store.Close())
	}
	return errors.Join(errs...)
}
