package views

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"maps"
	"slices"
	"time"

	"gridward/domain/fault"
	"gridward/domain/grid"
	"gridward/domain/hazard"
	"gridward/domain/programme"
)

// whose is whom an accountability is about: a person, or a cell with all that lies in it.
type whose struct {
	person string
	cell   grid.CellCode
}

// narrow narrows rows that name a person and the cell of a post.
func (o whose) narrow(w *where, person, cell string) {
	if o.person != "" {
		w.and(person+" = ?", o.person)
		return
	}
	w.subtree(cell, "", o.cell)
}

// matches tells whether an interval or a card is theirs; seat is the cell of a department.
func (o whose) matches(h Answering, seat func(hazard.Holder) grid.CellCode) bool {
	if o.person != "" {
		return h.Person == o.person
	}
	cell := h.Cell
	if h.Department != "" {
		cell = seat(hazard.Holder{Department: h.Department})
	}
	return cell != "" && o.cell.Contains(cell)
}

// PersonAccountability is what a person answered for in a stretch of time (zero ends are open): every interval that
// touches it, cards and escalations in it, and the duties missed in periods that ended in it. As of an instant, it is
// what was known then.
func (v *Views) PersonAccountability(ctx context.Context, id string, from, to, now, asOf time.Time) (Accountability, error) {
	if _, err := v.Person(ctx, id); err != nil {
		return Accountability{}, err
	}
	if err := v.Holds(""); err != nil {
		return Accountability{}, err
	}
	return v.accountabilityOf(ctx, whose{person: id}, from, to, now, asOf)
}

// CellAccountability is the same for the posts of a cell and of everything below it.
func (v *Views) CellAccountability(ctx context.Context, cell grid.CellCode, from, to, now, asOf time.Time) (Accountability, error) {
	if _, err := v.Cell(ctx, cell); err != nil {
		return Accountability{}, err
	}
	return v.accountabilityOf(ctx, whose{cell: cell}, from, to, now, asOf)
}

func (v *Views) accountabilityOf(ctx context.Context, o whose, from, to, now, asOf time.Time) (Accountability, error) {
	d := during{from.Truncate(time.Microsecond), to.Truncate(time.Microsecond)}
	out := none()
	var err error
	if asOf.IsZero() {
		err = v.answered(ctx, o, d, now, &out)
	} else {
		err = v.answeredAsOf(ctx, o, d, asOf, &out)
	}
	if err != nil {
		return out, err
	}
	if out.MissedDuties, err = v.missedBy(ctx, o.person, o.cell, d.from, d.to, asOf); err != nil {
		return out, err
	}
	slices.SortStableFunc(out.Intervals, func(a, b Interval) int { return cmp.Or(a.From.Compare(b.From), cmp.Compare(a.Case, b.Case)) })
	out.sum()
	return out, nil
}

// during is the stretch an answer is about: from included, to not; a zero end is open.
type during struct{ from, to time.Time }

// holds reports whether an instant lies in it.
func (d during) holds(at time.Time) bool {
	return !at.Before(d.from) && (d.to.IsZero() || at.Before(d.to))
}

// touches reports whether an interval lies in it, in part at least.
func (d during) touches(in Interval) bool {
	return d.holds(in.From) || in.From.Before(d.from) && (in.To == nil || in.To.After(d.from))
}

// answered reads the tables. Cases with an interval that goes on, or that was late, are derived anew: how they stand
// depends on now, and who stood above on the rules they are under.
func (v *Views) answered(ctx context.Context, o whose, d during, now time.Time, out *Accountability) error {
	rows, err := v.intervalsIn(ctx, o, d, now)
	if err != nil {
		return err
	}
	anew := map[string]bool{}
	for _, r := range rows {
		if r.to == 0 || r.to > micros(now) || r.late {
			anew[r.id] = true
		}
	}
	for _, r := range rows {
		if anew[r.id] {
			continue
		}
		if in := r.interval(v, r.id); d.touches(in) {
			out.Intervals = append(out.Intervals, in)
		}
	}
	book := newDutyBook(v.read(ctx), time.Time{})
	for ids := slices.Sorted(maps.Keys(anew)); len(ids) > 0; {
		n := chunk(len(ids))
		lines, err := v.linesOf(ctx, ids[:n], now, book)
		if err != nil {
			return err
		}
		for _, line := range lines {
			out.Intervals = append(out.Intervals, o.part(line, d, book)...)
		}
		ids = ids[n:]
	}
	if book.err != nil {
		return book.err
	}
	if err := v.cardsOf(ctx, o, d, out); err != nil {
		return err
	}
	return v.escalationsOf(ctx, o, d, rows, out)
}

// heldInterval is an interval of a case.
type heldInterval struct {
	id string
	intervalRow
}

// intervalsIn gives the intervals that were theirs and touch a stretch, and had begun by now. A cell's are sought from each
// cell of its subtree.
func (v *Views) intervalsIn(ctx context.Context, o whose, d during, now time.Time) ([]heldInterval, error) {
	until := micros(now) + 1
	if !d.to.IsZero() {
		until = min(until, micros(d.to))
	}
	var out []heldInterval
	read := func(narrow func(*where)) error {
		var w where
		from := "intervals"
		if o.person != "" {
			w.and("person = ?", o.person)
		} else {
			from = "cells g CROSS JOIN intervals"
			w.subtree("g.code", "", o.cell)
			w.and("cell = g.code")
		}
		narrow(&w)
		return v.read(ctx)(`SELECT `+intervalColumns+` FROM `+from+w.text("from_at, case_id, seq", 0), w.args, func(r *sql.Rows) error {
			id, row, err := scanInterval(r)
			out = append(out, heldInterval{id, row})
			return err
		})
	}
	if d.from.IsZero() {
		return out, read(func(w *where) { w.and("from_at < ?", until) })
	}
	from := min(micros(d.from), micros(now)) // what ends later goes on
	lately := from - longAfter.Microseconds()
	touches := func(w *where) { w.and("(to_at IS NULL OR to_at > ? OR from_at >= ?)", from, from) }
	err := read(func(w *where) {
		w.and("from_at >= ? AND from_at < ?", lately, until)
		touches(w)
	})
	return out, errors.Join(err, read(func(w *where) {
		w.and("from_at < ? AND "+isLong, min(lately, until))
		touches(w)
	}))
}

// part is what of a case's line is theirs and touches a stretch.
func (o whose) part(line []Interval, d during, book *dutyBook) []Interval {
	return slices.DeleteFunc(line, func(in Interval) bool { return !d.touches(in) || !o.matches(in.Holder, book.seat) })
}

// interval is a row that has ended in time, as people read it.
func (r intervalRow) interval(v *Views, id string) Interval {
	to := v.at(r.to)
	in := Interval{Case: id, Programme: r.programme, Round: int(r.round), Stage: r.stage, From: v.at(r.from), To: &to, UsedSeconds: r.used,
		Exempt: r.exempt, Vacant: r.office == nobody, Verdict: hazard.VerdictOnTime, Chain: []Answering{},
		Holder: Answering{Person: r.person, Role: r.role, Cell: grid.CellCode(r.cell), Department: r.department}}
	if r.department != "" {
		in.Holder.Cell = ""
	}
	if !in.Vacant {
		in.Office = grid.CellCode(r.office)
	}
	if r.limit > 0 {
		in.Limit = &programme.Limit{N: int(r.limit), Unit: r.unit}
	}
	if r.deadline != 0 {
		deadline := v.at(r.deadline)
		in.Deadline = &deadline
	}
	return in
}

// linesOf derives the lines of cases by what the tables hold.
func (v *Views) linesOf(ctx context.Context, ids []string, now time.Time, book *dutyBook) ([][]Interval, error) {
	var w where
	w.in("id", ids)
	tracks, err := collect(ctx, v, `SELECT track FROM cases`+w.text("id", 0), w.args, scanBody[hazard.Case])
	if err != nil {
		return nil, err
	}
	out := make([][]Interval, len(tracks))
	for i, track := range tracks {
		rules, err := v.rulesFor(ctx, track.Programme, time.Time{})
		if err != nil {
			return nil, err
		}
		if out[i], err = v.intervalsOf(track, rules, now, book); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (v *Views) cardsOf(ctx context.Context, o whose, d during, out *Accountability) error {
	var w where
	o.narrow(&w, "person", "cell")
	w.between("due_at", d.from, d.to)
	cards, err := collect(ctx, v, `SELECT case_id, round, stage, colour, cell, department, person, role, due_at, healed_at, withdrawn_at FROM cards`+
		w.text("due_at, case_id, run, version", 0), w.args, func(r *sql.Rows) (c HeldCard, err error) {
		var due int64
		var healed, withdrawn sql.NullInt64
		err = r.Scan(&c.Case, &c.Round, &c.Stage, &c.Colour, &c.Holder.Cell, &c.Holder.Department, &c.Holder.Person, &c.Holder.Role, &due, &healed, &withdrawn)
		if c.Holder.Department != "" {
			c.Holder.Cell = ""
		}
		c.At, c.Healed, c.Withdrawn = v.at(due), healed.Valid, v.maybeAt(withdrawn)
		return c, err
	})
	out.Cards = orEmpty(cards)
	return err
}

// escalationsOf gives the escalations to an office that was theirs, and those of cases they had at that instant, by the
// intervals in the stretch.
func (v *Views) escalationsOf(ctx context.Context, o whose, d during, had []heldInterval, out *Accountability) error {
	const columns = `SELECT e.case_id, e.version, e.round, e.office, e.level, e.person, e.since, e.ended_at, e.reason, e.automatic, e.rung, e.acknowledged_at,
	e.acknowledged_by, e.instruction FROM escalations e`
	type row struct {
		PastEscalation
		version int64
	}
	scan := func(r *sql.Rows) (e row, err error) {
		var since int64
		var ended, rung, acknowledged sql.NullInt64
		var person, by, instruction sql.NullString
		err = r.Scan(&e.Case, &e.version, &e.Round, &e.Cell, &e.Level, &person, &since, &ended, &e.Reason, &e.Automatic, &rung, &acknowledged, &by, &instruction)
		e.Person, e.Since, e.Ended, e.AcknowledgedAt = person.String, v.at(since), v.maybeAt(ended), v.maybeAt(acknowledged)
		e.AcknowledgedBy, e.Instruction = by.String, instruction.String
		if rung.Valid {
			n := int(rung.Int64)
			e.Rung = &n
		}
		return e, err
	}
	var theirs where
	o.narrow(&theirs, "e.person", "e.office")
	theirs.between("e.since", d.from, d.to)
	all, err := collect(ctx, v, columns+theirs.text("", 0), theirs.args, scan)
	if err != nil {
		return err
	}
	cases := map[string][]intervalRow{}
	for _, h := range had {
		cases[h.id] = append(cases[h.id], h.intervalRow)
	}
	for ids := slices.Sorted(maps.Keys(cases)); len(ids) > 0; {
		n := chunk(len(ids))
		var held where
		held.in("e.case_id", ids[:n])
		held.between("e.since", d.from, d.to)
		more, err := collect(ctx, v, columns+held.text("", 0), held.args, scan)
		if err != nil {
			return err
		}
		all = append(all, slices.DeleteFunc(more, func(e row) bool {
			since := micros(e.Since)
			return !slices.ContainsFunc(cases[e.Case], func(i intervalRow) bool { return since >= i.from && (i.to == 0 || since < i.to) })
		})...)
		ids = ids[n:]
	}
	slices.SortFunc(all, func(a, b row) int {
		return cmp.Or(a.Since.Compare(b.Since), cmp.Compare(a.Case, b.Case), cmp.Compare(a.version, b.version))
	})
	all = slices.CompactFunc(all, func(a, b row) bool { return a.Case == b.Case && a.version == b.version })
	out.Escalations = make([]PastEscalation, len(all))
	for i, e := range all {
		out.Escalations[i] = e.PastEscalation
	}
	return nil
}

// answeredAsOf tells each case that may be theirs as it was known at an instant.
func (v *Views) answeredAsOf(ctx context.Context, o whose, d during, asOf time.Time, out *Accountability) error {
	ids, err := v.mayBeTheirs(ctx, o)
	if err != nil {
		return err
	}
	book := newDutyBook(v.read(ctx), asOf)
	for _, id := range ids {
		h, err := v.history(ctx, id, asOf)
		if f, ok := fault.As(err); ok && f.Kind == fault.NotFound {
			continue
		}
		if err != nil {
			return err
		}
		line, err := v.intervalsOf(h.track, h.rules, asOf, book)
		if err != nil {
			return err
		}
		for _, c := range h.heldCards(v.loc) {
			if d.holds(c.At) && o.matches(c.Holder, book.seat) {
				out.Cards = append(out.Cards, c)
			}
		}
		for _, e := range h.escalations(v.loc) {
			if d.holds(e.Since) && (o.matches(Answering{Person: e.Person, Cell: e.Cell}, book.seat) || heldBy(line, e.Since, o, book.seat)) {
				out.Escalations = append(out.Escalations, e)
			}
		}
		out.Intervals = append(out.Intervals, o.part(line, d, book)...)
	}
	slices.SortStableFunc(out.Cards, func(a, b HeldCard) int { return a.At.Compare(b.At) })
	slices.SortStableFunc(out.Escalations, func(a, b PastEscalation) int { return a.Since.Compare(b.Since) })
	return book.err
}

// heldBy reports whether they had the case at an instant.
func heldBy(line []Interval, at time.Time, o whose, seat func(hazard.Holder) grid.CellCode) bool {
	return slices.ContainsFunc(line, func(in Interval) bool {
		return !in.From.After(at) && (in.To == nil || at.Before(*in.To)) && o.matches(in.Holder, seat)
	})
}

// mayBeTheirs gives the cases that any of their posts ever had, or that were ever queued with them: more than those
// that were theirs as of an instant, and never fewer.
func (v *Views) mayBeTheirs(ctx context.Context, o whose) ([]string, error) {
	var ids []string
	var failed error
	add := func(query string, args ...any) {
		found, err := collect(ctx, v, query, args, scanText)
		ids, failed = append(ids, found...), errors.Join(failed, err)
	}
	subtree := func(cell grid.CellCode) {
		add(`SELECT case_id FROM case_parties WHERE party >= $1 AND party < $2`, string(cell), prefixEnd(string(cell)))
		add(`SELECT case_id FROM escalations WHERE office >= $1 AND office < $2`, string(cell), prefixEnd(string(cell)))
	}
	if o.person == "" {
		subtree(o.cell)
	} else {
		add(`SELECT case_id FROM case_parties WHERE party = $1`, o.person)
		add(`SELECT case_id FROM escalations WHERE person = $1`, o.person)
		posts, err := collect(ctx, v, selectDuty+` WHERE d.person = $1`, []any{o.person}, v.scanDuty)
		failed = errors.Join(failed, err)
		for _, d := range posts {
			if d.Department != "" {
				add(`SELECT case_id FROM case_parties WHERE party = $1`, d.Department)
			}
			for _, c := range d.Cells {
				subtree(c) // below, too: an office stands in where a post is vacant
			}
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids), failed
}
