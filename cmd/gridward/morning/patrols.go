package morning

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"
)

// patrol logs one patrol as soon as it is over.
func (c *client) patrol(ctx context.Context) answer {
	l, here := pick(c.random, c.lines), pick(c.random, c.d.areas)
	c.single++
	body, found := c.walked(l, here, time.Now(), c.random.IntN(sites), c.single%findEvery == 0)
	a := c.door.send(ctx, http.MethodPost, "/inspections", c.d.who(l, l.walks, here.code), body)
	c.tally.count(ctx, singles, "", a)
	if a.ok() {
		c.tally.logged(1)
		c.cases.add(found)
	}
	return a
}

// batch uploads what an officer's phone has kept: a site every three minutes.
func (c *client) batch(ctx context.Context) answer {
	l, here := pick(c.random, c.lines), pick(c.random, c.d.areas)
	now := time.Now()
	items, found := make([]object, batchSize), make([]*open, batchSize)
	for n := range items {
		items[n], found[n] = c.walked(l, here, now.Add(time.Duration(n-batchSize)*3*time.Minute), n, n%findEvery == findEvery-1)
	}
	a := c.door.send(ctx, http.MethodPost, "/inspections/batch", c.d.who(l, l.walks, here.code), object{"items": items})
	if !a.ok() {
		c.tally.count(ctx, batches, "", a)
		return a
	}
	var became struct {
		Results []struct {
			Status  string
			Problem json.RawMessage
		}
	}
	if a.err = json.Unmarshal(a.body, &became); a.err == nil && len(became.Results) != batchSize {
		a.err = fmt.Errorf("%d results of a batch of %d", len(became.Results), batchSize)
	}
	for n, r := range became.Results {
		if r.Status != "created" {
			a.err = fmt.Errorf("item %d of a batch is %s: %s", n, r.Status, r.Problem)
			continue
		}
		c.tally.logged(1)
		c.cases.add(found[n])
	}
	c.tally.count(ctx, batches, "", a)
	return a
}

// walked is a patrol that ended a moment before, and the case it opens if it finds something.
func (c *client) walked(l *line, here area, before time.Time, n int, finds bool) (object, *open) {
	ended := before.Add(-time.Second)
	site := here.sites[n%sites]
	guide := "值班人员"
	if l.at == 4 {
		site = here.code
	} else if head := c.d.who(l, "building_head", site); head != "" {
		guide = head
	}
	body := object{"id": c.id(), "programme": l.code, "cell": site, "started_at": ended.Add(-2 * time.Minute), "ended_at": ended,
		"content": "查看通道、器材、用火用电", "participants": []string{guide}, "checklist": l.passed(),
		"location": object{"lon": 113.6, "lat": 34.7, "accuracy_m": 12}}
	if !finds {
		return body, nil
	}
	found := &open{id: c.id(), line: l, area: here, item: pick(c.random, l.catalogue)}
	body["hazards"] = []object{{"id": found.id, "item": found.item.Item, "description": "现场发现问题，已责令限期整改。"}}
	return body, found
}

// passed is the line's checklist with nothing amiss.
func (l *line) passed() []object {
	some := make([]object, 0, len(l.checklist))
	for _, item := range l.checklist {
		some = append(some, object{"item": item, "result": "pass"})
	}
	return some
}
