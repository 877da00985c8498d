package morning

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"time"
)

// open is a case that is on its way, and the steps before it once it is begun.
type open struct {
	id    string
	line  *line
	area  area
	item  item
	steps []string
}

// steps in the order in which a case takes them; the office dispatches what does not go by itself.
const (
	reports     = "report"
	files       = "file"
	dispatches  = "dispatch"
	accepts     = "accept"
	notes       = "note"
	escalates   = "escalate"
	acknowledge = "acknowledge-escalation"
	rectifies   = "rectify"
	checks      = "check"
	closes      = "close"
)

// theSteps is every step, in the table's order.
var theSteps = []string{reports, files, dispatches, accepts, notes, escalates, acknowledge, rectifies, checks, closes}

// road is the steps of the nth case that is begun: one of four has a note made, one of eight is escalated.
func road(i item, n int) []string {
	steps := []string{files}
	if i.DispatchTo == nil {
		steps = append(steps, dispatches)
	}
	steps = append(steps, accepts)
	if n%4 == 1 {
		steps = append(steps, notes)
	}
	if n%8 == 0 {
		steps = append(steps, escalates, acknowledge)
	}
	return append(steps, rectifies, checks, closes)
}

// office takes a case its next step. Where no case is open it takes a resident's call, which opens one.
func (c *client) office(ctx context.Context) answer {
	o := c.cases.take()
	if o == nil {
		return c.report(ctx)
	}
	step := o.steps[0]
	person, body := c.act(o, step)
	a := c.door.send(ctx, http.MethodPost, "/cases/"+o.id+"/"+step, person, body)
	c.tally.count(ctx, office, step, a)
	switch {
	case a.busy():
		c.cases.back(o)
	case a.ok():
		o.steps = o.steps[1:]
		c.cases.back(o)
	}
	return a
}

// report is a resident's call, which an officer takes.
func (c *client) report(ctx context.Context) answer {
	l, here := pick(c.random, c.lines), pick(c.random, c.d.areas)
	o := &open{id: c.id(), line: l, area: here, item: pick(c.random, l.catalogue)}
	a := c.door.send(ctx, http.MethodPost, "/cases", c.d.who(l, l.walks, here.code), object{"id": o.id, "programme": l.code, "cell": here.code,
		"item": o.item.Item, "description": "居民来电反映。", "source": "resident", "found_at": time.Now().Add(-time.Minute)})
	c.tally.count(ctx, office, reports, a)
	if a.ok() {
		c.cases.add(o)
	}
	return a
}

// act is who takes the step and what it says.
func (c *client) act(o *open, step string) (person string, body object) {
	at := func(role, cell string) string { return c.d.who(o.line, role, cell) }
	switch step {
	case files:
		return at(o.line.files, o.area.community), object{"item": o.item.Item}
	case dispatches:
		return at(o.line.files, o.area.community), object{"cell": o.area.code, "instruction": "尽快处置。"}
	case notes:
		return at(o.line.checks(), o.area.code), object{"text": "已到现场查看。"}
	case escalates:
		return at(o.line.checks(), o.area.code), object{"reason": "需要上级协调。"}
	case acknowledge:
		return at(o.line.closes(), o.area.community), object{"instruction": "已协调，继续整改。"}
	case rectifies:
		body = object{"measures": "已清理、更换到位。", "performed_by": "责任人"}
		if o.item.EvidenceRequired {
			body["evidence"] = []object{{"sha256": strings.Repeat("ab", 32), "media_type": "image/jpeg", "size": 120_000, "phase": "after"}}
		}
		return at(o.line.holds(), o.area.code), body
	case checks:
		return at(o.line.checks(), o.area.code), object{"result": "passed"}
	case closes:
		return at(o.line.closes(), o.area.community), object{"rating": "good"}
	default: // accepts
		return at(o.line.holds(), o.area.code), object{}
	}
}

// tray holds the cases that wait for their next step. A case begun goes before one that nobody has seen yet, so that
// each is taken to its end; what the offices will not come to in this morning is not kept.
type tray struct {
	mu    sync.Mutex
	begun []*open
	fresh []*open
	seen  []string // ids of cases somebody has begun, the first ones
	n     int      // begun in all
}

const (
	mostFresh = 10_000
	mostSeen  = 4_096
)

// add takes in a case that was just opened, if there is one.
func (t *tray) add(o *open) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if o != nil && len(t.fresh) < mostFresh {
		t.fresh = append(t.fresh, o)
	}
}

// back takes in one whose step was tried.
func (t *tray) back(o *open) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(o.steps) > 0 {
		t.begun = append(t.begun, o)
	}
}

// take gives the case that is next, and nobody else has it then; nil if there is none.
func (t *tray) take() *open {
	t.mu.Lock()
	defer t.mu.Unlock()
	from := &t.begun
	if len(t.begun) == 0 {
		from = &t.fresh
	}
	last := len(*from) - 1
	if last < 0 {
		return nil
	}
	o := (*from)[last]
	*from = (*from)[:last]
	if from == &t.fresh {
		o.steps = road(o.item, t.n)
		t.n++
		if len(t.seen) < mostSeen {
			t.seen = append(t.seen, o.id)
		}
	}
	return o
}

// known gives the id of a case that somebody has begun, by a number that was drawn; "" if there is none.
func (t *tray) known(drawn int) string {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.seen) == 0 {
		return ""
	}
	return t.seen[drawn%len(t.seen)]
}
