package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"
	"go.uber.org/zap"

	"gridward/adapters/bus"
	"gridward/adapters/natsbus"
	"gridward/adapters/webhooks"
	"gridward/app"
	"gridward/app/react"
)

// outboundFlags say who is told outside.
type outboundFlags struct {
	NATS       string `name:"nats" help:"Tell every event to NATS JetStream: nats://USER:PASSWORD@HOST:4222 (docs/outbound.md). Better set in the environment." placeholder:"URL"`
	NATSStream string `name:"nats-stream" default:"GRIDWARD" help:"The JetStream stream; it is made if there is none." placeholder:"NAME"`
	Webhooks   string `help:"Tell the webhooks this YAML file names (docs/outbound.md)." type:"path" placeholder:"FILE"`
}

// outlets are the receivers outside and the relays to them.
type outlets struct {
	relays     []*bus.Relay
	parkings   []parkingPlace
	publishers []message.Publisher
}

// webhookTries is how often an event is posted that its receiver calls wrong, before it is parked.
const webhookTries = 6

// natsOutlet is the name of the relay to NATS, and of its checkpoint.
const natsOutlet = "nats"

// openOutlets makes a relay for everybody the flags name. Nothing is sent before they run.
func (h *house) openOutlets(f outboundFlags, lookup func(string) (string, bool)) (_ *outlets, err error) {
	o := &outlets{}
	defer func() {
		if err != nil {
			err = errors.Join(err, o.close())
		}
	}()
	if f.NATS != "" {
		p, err := natsbus.Open(natsbus.Options{URL: f.NATS, Stream: f.NATSStream, Media: react.CloudEventType, Logger: h.logger})
		if err != nil {
			return o, err
		}
		if err := o.add(bus.Outlet{Name: natsOutlet, To: p, FromStart: true, Page: bus.Page, Checkpoint: h.checkpoint(natsOutlet)}, h); err != nil {
			return o, err
		}
	}
	if f.Webhooks == "" {
		return o, nil
	}
	raw, err := os.ReadFile(f.Webhooks)
	if err != nil {
		return o, fmt.Errorf("webhooks: %w", err)
	}
	hooks, err := webhooks.Parse(raw, lookup)
	if err != nil {
		return o, err
	}
	for _, hook := range hooks {
		if err := o.addHook(hook, h); err != nil {
			return o, err
		}
	}
	return o, nil
}

func (o *outlets) addHook(hook webhooks.Hook, h *house) error {
	p, err := webhooks.NewPublisher(hook, react.CloudEventType, time.Now) // receivers hold the stamp against the real time
	if err != nil {
		return err
	}
	name := webhookPrefix + hook.Name
	parking := h.parkingOf(name)
	o.parkings = append(o.parkings, parkingPlace{name, parking})
	registerParking(h.metrics, name, parking)
	return o.add(bus.Outlet{Name: name, To: p, Wants: hook.Filter().Wants, FromStart: hook.FromStart(), Page: 1, Checkpoint: h.checkpoint(name),
		Park: &bus.Park{In: parking, Attempts: webhookTries, Clock: h.clock}}, h)
}

// add completes an outlet with what all of them share.
func (o *outlets) add(out bus.Outlet, h *house) error {
	o.publishers = append(o.publishers, out.To)
	log, codec := h.log.ID(), h.codec
	out.Log, out.Topic, out.Pause, out.Logger = h.log, "gridward", retryPause, h.logger
	out.Payload = func(r app.Record) ([]byte, error) { return react.ToCloudEvent(log, codec, r) }
	r, err := bus.NewRelay(out)
	if err != nil {
		return err
	}
	o.relays = append(o.relays, r)
	registerOutlet(h.metrics, out.Name, func() bus.Status { return h.outletStatus(r) }, func() (app.Position, error) { return h.log.Head(context.Background()) })
	return nil
}

// outletStatus is how a relay does. Where another node runs it nothing is behind here.
func (h *house) outletStatus(r *bus.Relay) bus.Status {
	s := r.Status()
	if !h.leads() {
		s.At, s.Err = ^app.Position(0), nil
	}
	return s
}

// run starts the relays.
func (o *outlets) run(ctx context.Context, g *group, logger *zap.Logger) {
	for _, r := range o.relays {
		g.run(ctx, logger, "outlet "+r.Name, r.Run)
	}
}

// warnings are what an operator should know of the outlets.
func (o *outlets) warnings() (out []string) {
	for _, r := range o.relays {
		if s := r.Status(); s.Err != nil {
			out = append(out, fmt.Sprintf("outlet %s is held up: see the log", r.Name))
		}
	}
	for _, p := range o.parkings {
		if parked, err := p.in.List(); err == nil && len(parked) > 0 {
			out = append(out, fmt.Sprintf("%d events for %s are parked: gridward parked lists them", len(parked), p.name))
		}
	}
	return out
}

func (o *outlets) close() error {
	var errs []error
	for _, p := range o.publishers {
		errs = append(errs, p.Close())
	}
	return errors.Join(errs...)
}

// webhookPrefix begins the names of webhooks' relays, checkpoints and parkings.
const webhookPrefix = "webhook-"
