package views

import (
	"cmp"
	"slices"
	"time"

	"gridward/domain/grid"
	"gridward/domain/inspection"
)

// How often a cell's subtree was patrolled: a cache of the inspections that stand, rolled up through the five levels.
// The row of role "" is about all roles together: done is the inspections that count for some duty, other those
// that count for none.
var patrolsTable = table{"patrols", []string{"cell", "programme", "day", "role"}, `
CREATE TABLE IF NOT EXISTS patrols (
	cell      TEXT NOT NULL,
	programme TEXT NOT NULL,
	day       BIGINT NOT NULL, -- local day of the start, yyyymmdd
	role      TEXT NOT NULL,   -- as the programme names it
	done      BIGINT NOT NULL,
	other     BIGINT NOT NULL,
	PRIMARY KEY (cell, programme, day, role)
)`}

// counted is what one inspection that stands contributes.
type counted struct {
	cell  grid.CellCode
	day   int64
	roles []string
}

// patrolGroup is the inspections that are counted together: those of one walk in one programme, or a single one.
type patrolGroup struct {
	programme string
	walk      string // empty: the single inspection
	id        string
}

// groupState is a group as the tables know it, and as the batch has made it so far.
type groupState struct {
	before, now map[string]counted // by inspection id
}

// patrolKey is one row of the table, less its programme.
type patrolKey struct {
	cell grid.CellCode
	day  int64
	role string
}

// tally is what a row counts.
type tally struct{ done, other int }

// contributions tells what a group adds to the rows. On a premises (level 5) every inspection counts; from the area
// upward the inspections of one walk count once a day, for each role and altogether (design: time, "Patrol duty").
// There a walk counts as done when anybody acted under a duty.
func contributions(walk bool, group map[string]counted, add func(patrolKey, tally)) {
	var met map[patrolKey]bool
	if walk {
		met = make(map[patrolKey]bool, 4*len(group))
	}
	once := func(k patrolKey, t tally) {
		if walk && k.cell.Level() < grid.Site {
			if met[k] {
				return
			}
			met[k] = true
		}
		add(k, t)
	}
	for _, in := range group {
		if len(in.roles) == 0 {
			continue
		}
		for level := grid.District; level <= in.cell.Level(); level++ {
			cell := in.cell.AtLevel(level)
			once(patrolKey{cell, in.day, ""}, tally{done: 1})
			for _, r := range in.roles {
				once(patrolKey{cell, in.day, r}, tally{done: 1})
			}
		}
	}
	for _, in := range group { // behind the others: where the walk is done already it is not "other" too
		if len(in.roles) > 0 {
			continue
		}
		for level := grid.District; level <= in.cell.Level(); level++ {
			once(patrolKey{in.cell.AtLevel(level), in.day, ""}, tally{other: 1})
		}
	}
}

func groupFor(in Inspection) patrolGroup {
	if in.Walk == "" {
		return patrolGroup{programme: in.Programme, id: in.ID}
	}
	return patrolGroup{programme: in.Programme, walk: in.Walk}
}

func newGroup() *groupState {
	return &groupState{before: map[string]counted{}, now: map[string]counted{}}
}

// groupOf gives the group of an inspection. A walk's was read before the batch began; one of a single inspection begins
// empty.
func (b *batch) groupOf(in Inspection) *groupState {
	g := groupFor(in)
	s := b.patrols[g]
	if s == nil {
		s = newGroup()
		b.patrols[g] = s
	}
	return s
}

// counts is what an inspection that stands contributes.
func (b *batch) counts(cell string, started int64, roles []string) counted {
	return counted{grid.CellCode(cell), dayNumber(time.UnixMicro(started), b.p.loc), roles}
}

// count adds an inspection that stands from now on. Re-checks never count.
func (b *batch) count(in Inspection, roles []string) {
	if in.Kind != inspection.Recheck {
		b.groupOf(in).now[in.ID] = b.counts(string(in.Cell), micros(in.StartedAt), roles)
	}
}

// uncount takes an inspection out that stood until now. Re-checks never counted.
func (b *batch) uncount(in Inspection, roles []string) {
	if in.Kind == inspection.Recheck {
		return
	}
	known := b.patrols[groupFor(in)] != nil
	g := b.groupOf(in)
	if in.Walk == "" && !known {
		g.before[in.ID] = b.counts(string(in.Cell), micros(in.StartedAt), roles)
	}
	delete(g.now, in.ID)
}

// patrolChange is what a row changes by.
type patrolChange struct {
	patrolKey
	programme string
	tally
}

// patrolChanges is what the groups of the batch come to, in the order of the table, so that neighbours are written one
// after the other.
func (b *batch) patrolChanges() []patrolChange {
	type rowKey struct {
		patrolKey
		programme string
	}
	changes := make(map[rowKey]tally, 4*len(b.patrols))
	for group, s := range b.patrols {
		count := func(sign int) func(patrolKey, tally) {
			return func(k patrolKey, t tally) {
				row := rowKey{k, group.programme}
				old := changes[row]
				changes[row] = tally{old.done + sign*t.done, old.other + sign*t.other}
			}
		}
		contributions(group.walk != "", s.before, count(-1))
		contributions(group.walk != "", s.now, count(1))
	}
	out := make([]patrolChange, 0, len(changes))
	for k, t := range changes {
		if t != (tally{}) {
			out = append(out, patrolChange{k.patrolKey, k.programme, t})
		}
	}
	slices.SortFunc(out, func(x, y patrolChange) int {
		return cmp.Or(cmp.Compare(x.cell, y.cell), cmp.Compare(x.programme, y.programme), cmp.Compare(x.day, y.day), cmp.Compare(x.role, y.role))
	})
	return out
}

// flushPatrols writes what changed, each row once.
func (b *batch) flushPatrols(changes []patrolChange) error {
	args := make([]any, 0, 6*len(changes))
	for _, c := range changes {
		args = append(args, string(c.cell), c.programme, c.day, c.role, c.done, c.other)
	}
	if err := b.insertMany(`INSERT INTO patrols (cell, programme, day, role, done, other) VALUES `, 6, args,
		` ON CONFLICT (cell, programme, day, role) DO UPDATE SET done = patrols.done + excluded.done, other = patrols.other + excluded.other`); err != nil {
		return err
	}
	for _, c := range changes {
		if c.done < 0 || c.other < 0 {
			if err := b.exec(`DELETE FROM patrols WHERE cell = $1 AND programme = $2 AND day = $3 AND role = $4 AND done = 0 AND other = 0`,
				string(c.cell), c.programme, c.day, c.role); err != nil {
				return err
			}
		}
	}
	return nil
}
