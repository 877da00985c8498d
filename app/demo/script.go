package demo

import (
	"cmp"
	"context"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/google/uuid"

	"gridward/app"
	"gridward/domain/calendar"
	"gridward/domain/inspection"
	"gridward/domain/programme"
)

// The programmes the script works in.
const (
	fire    = "fire"
	water   = "water"
	market  = "market"
	service = "service"
	urban   = "urban"
)

// action is one call of the house.
type action func(ctx context.Context, a *app.App, by app.By) (app.Receipt, error)

// step is one command of the script, with who sends it and when.
type step struct {
	by      app.By
	what    string
	do      action
	refused string // the code of the refusal it is there to show; empty: it must succeed
}

// plan draws the whole script before anything is carried out: chance never depends on an answer.
type plan struct {
	o          Options
	space      uuid.UUID // of all ids
	setup      time.Time // when the grid is set up
	from, to   time.Time // the days of work, to excluded
	ended      time.Time // when the log ended that the run began with
	programmes map[string]*programme.Programme
	calendar   *calendar.Calendar // as the product ships it
	holidays   []calendar.Holiday
	grid       *district
	steps      []step
	documents  int
	drawn      int // commands ever drawn, those after the end included
	decks      map[string]*deck
	dealt      map[string]int                        // hazards drawn, by programme
	lists      map[string][][]inspection.CheckResult // checklists filled in without a fault, by programme
}

func newPlan(o Options) *plan {
	name := fmt.Sprintf("gridward/demo/%d/%s/%s/%d", o.Seed, o.Scale, o.From.Format(time.DateOnly), o.Days)
	p := &plan{o: o, space: uuid.NewSHA1(uuid.NameSpaceURL, []byte(name)), setup: o.From.AddDate(0, 0, -3).Add(8 * time.Hour),
		from: o.From, to: o.From.AddDate(0, 0, o.Days), programmes: map[string]*programme.Programme{}, calendar: calendar.Compile(calendar.Builtin()),
		decks: map[string]*deck{}, dealt: map[string]int{}, lists: map[string][][]inspection.CheckResult{}}
	p.holidays = p.calendar.Holidays(p.from, p.to)
	return p
}

// draw draws everything, in the order in which it may rely on each other.
func (p *plan) draw() error {
	if err := p.drawDistrict(); err != nil {
		return err
	}
	p.drawPeople()
	p.drawHandovers()
	p.drawTales()
	p.drawRegisters()
	p.drawCampaigns()
	p.drawPatrols()
	p.drawReports()
	p.drawHalls()
	p.drawCity()
	return nil
}

// rand is a source of chance of its own for one topic, so that topics do not disturb each other.
func (p *plan) rand(topic string) *rand.Rand {
	h := fnv.New64a()
	h.Write([]byte(topic))
	return rand.New(rand.NewPCG(p.o.Seed, h.Sum64())) //nolint:gosec // chance that can be repeated is the point
}

func (p *plan) uuid(what string) uuid.UUID { return uuid.NewSHA1(p.space, []byte(what)) }

func (p *plan) id(what string) string { return p.uuid(what).String() }

// nextID is an id that nothing else has.
func (p *plan) nextID(what string) string {
	p.drawn++
	return p.id(fmt.Sprintf("%s/%d", what, p.drawn))
}

// add puts a command into the script. An empty person is the administrator in its own name. What would happen
// after the last day does not.
func (p *plan) add(at time.Time, person, what string, do action) {
	p.drawn++
	if !at.Before(p.to) {
		return
	}
	by := app.By{Actor: "admin", Admin: true, OnBehalfOf: person, CommandID: p.uuid(fmt.Sprintf("command/%d", p.drawn)), ReceivedAt: at}
	p.steps = append(p.steps, step{by: by, what: what, do: do})
}

// refuse puts a command into the script that is there to be refused with the code.
func (p *plan) refuse(code string, at time.Time, person, what string, do action) {
	n := len(p.steps)
	if p.add(at, person, what, do); len(p.steps) > n {
		p.steps[n].refused = code
	}
}

// inOrder gives the script as time goes.
func (p *plan) inOrder() []step {
	slices.SortStableFunc(p.steps, func(a, b step) int { return a.by.ReceivedAt.Compare(b.by.ReceivedAt) })
	return p.steps
}

// arrange puts a command of the setting-up into the script, one a second.
func (p *plan) arrange(what string, do action) {
	p.setup = p.setup.Add(time.Second)
	p.add(p.setup, "", what, do)
}

// number is the next of the numbers that documents carry.
func (p *plan) number() int {
	p.documents++
	return p.documents
}

// day is the beginning of a day of work, from 0.
func (p *plan) day(n int) time.Time { return p.from.AddDate(0, 0, n) }

// pick takes one at random.
func pick[T any](r *rand.Rand, from []T) T { return from[r.IntN(len(from))] }

// chance comes true in that share of the cases.
func chance(r *rand.Rand, share float64) bool { return r.Float64() < share }

// between is a length of time, to the second.
func between(r *rand.Rand, least, most time.Duration) time.Duration {
	return least + time.Duration(r.Int64N(int64((most-least)/time.Second)+1))*time.Second
}

// office moves an instant into the next office hours.
func office(r *rand.Rand, t time.Time) time.Time {
	local := t.In(china)
	y, m, d := local.Date()
	opens := time.Date(y, m, d, 8, 30, 0, 0, china)
	switch {
	case local.Before(opens):
		return opens.Add(between(r, 0, 90*time.Minute))
	case local.After(opens.Add(9*time.Hour + 30*time.Minute)):
		return opens.AddDate(0, 0, 1).Add(between(r, 0, 90*time.Minute))
	}
	return local
}

// deck deals each of its cards as often as it weighs before any comes more often: what is rare still happens, and
// early.
type deck struct {
	cards []func(*road)
	next  int
}

type card struct {
	weight int
	road   func(*road)
}

// deal gives the next card of the deck of that name, which is made of the cards the first time.
func (p *plan) deal(name string, cards []card) func(*road) {
	d := p.decks[name]
	if d == nil {
		r := p.rand("deck/" + name)
		type place struct {
			at   float64
			road func(*road)
		}
		var spread []place
		for _, c := range cards {
			for i := range c.weight { // its first comes in the deck's first part
				spread = append(spread, place{float64(i) + r.Float64(), c.road})
			}
		}
		slices.SortStableFunc(spread, func(a, b place) int { return cmp.Compare(a.at, b.at) })
		d = &deck{}
		for _, s := range spread {
			d.cards = append(d.cards, s.road)
		}
		p.decks[name] = d
	}
	c := d.cards[d.next]
	d.next = (d.next + 1) % len(d.cards)
	return c
}
