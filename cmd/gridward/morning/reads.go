package morning

import (
	"context"
	"time"
)

// What leaders read, in the order of the table.
const (
	queue        = "queue of cases"
	ledger       = "ledger page"
	patrolCounts = "patrol counts"
	escalations  = "escalations"
	ofCase       = "accountability of a case"
	ofPerson     = "accountability of a person"
)

var theReads = []string{queue, ledger, patrolCounts, escalations, ofCase, ofPerson}

// read has a leader read the next thing, about its own cell: each is read as often as the others.
func (c *client) read(ctx context.Context) answer {
	l := pick(c.random, c.lines)
	level := 1 + c.random.IntN(3)
	if len(l.roles[level]) == 0 { // the line has nobody at the streets
		level++
	}
	cell := pick(c.random, c.d.level[level])
	what := theReads[c.reads%len(theReads)]
	c.reads++
	known := c.cases.known(c.random.IntN(mostSeen))
	if what == ofCase && known == "" { // no office has begun yet
		what = ofPerson
	}
	a := c.door.get(ctx, c.d.who(l, l.roles[level][0], cell), c.page(l, cell, what, known))
	c.tally.count(ctx, leaders, what, a)
	return a
}

// page is where it is read.
func (c *client) page(l *line, cell, what, known string) string {
	today := time.Now().In(china).Format(time.DateOnly)
	switch what {
	case queue:
		return "/cases?cell=" + cell + "&programme=" + l.code + "&state=reported"
	case ledger:
		return "/cells/" + cell + "/ledgers/" + pick(c.random, []string{"inspections", "hazards"}) + "?programme=" + l.code
	case patrolCounts:
		return "/cells/" + cell + "/patrols?programme=" + l.code + "&period=" + today
	case escalations:
		return "/escalations?cell=" + cell + "&programme=" + l.code
	case ofCase:
		return "/cases/" + known + "/accountability"
	default:
		return "/persons/" + c.d.who(l, l.holds(), pick(c.random, c.d.areas).code) + "/accountability?from=" + today + "&to=" + today
	}
}
