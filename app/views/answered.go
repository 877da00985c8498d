package views

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
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
	out := none()
	var err error
	if asOf.IsZero() {
		err = v.answered(ctx, o, from, to, now, &out)
	} else {
		err = v.answeredAsOf(ctx, o, from, to, asOf, &out)
	}
	if err != nil {
		return out, err
	}
	if out.MissedDuties, err = v.missedBy(ctx, o.person, o.cell, from, to, asOf); err != nil {
		return out, err
	}
	slices.SortStableFunc(out.Intervals, func(a, b Interval) int { return a.From.Compare(b.From) })
	out.sum()
	return out, nil
}

// answered reads the tables. Cases with an interval that goes on are derived anew: how they stand depends on now.
func (v *Views) answered(ctx context.Context, o whose, from, to, now time.Time, out *Accountability) error {
	var w where
	o.narrow(&w, "person", "cell")
	if !from.IsZero() {
		w.and("(to_at IS NULL OR to_at > ?)", micros(from))
	}
	if to.IsZero() || to.After(now) {
		to = now
	}
	w.and("from_at <= ?", micros(to))
	type row struct {
		id string
		intervalRow
	}
	rows, err := collect(ctx, v, selectInterval+w.text("from_at, case_id, seq", 0), w.args, func(r *sql.Rows) (at row, err error) {
		at.id, at.intervalRow, err = scanInterval(r)
		return at, err
	})
	if err != nil {
		return err
	}
	book := newDutyBook(v.read(ctx), time.Time{})
	levels := map[string]func(int) bool{}
	open := map[string]bool{}
	out.Intervals = make([]Interval, 0, len(rows))
	for _, r := range rows {
		if r.to == 0 || r.to > micros(now) {
			open[r.id] = true
		}
	}
	for _, r := range rows {
		if open[r.id] {
			continue
		}
		in := r.interval(v, r.id)
		if in.Verdict == hazard.VerdictLate {
			if levels[r.programme] == nil {
				if levels[r.programme], err = v.levelsOf(ctx, r.programme); err != nil {
					return err
				}
			}
			in.chain(book, levels[r.programme])
		}
		out.Intervals = append(out.Intervals, in)
	}
	for id := range open {
		more, err := v.openLine(ctx, id, o, from, to, now, book)
		if err != nil {
			return err
		}
		out.Intervals = append(out.Intervals, more...)
	}
	if book.err != nil {
		return book.err
	}
	if err := v.cardsOf(ctx, o, from, to, out); err != nil {
		return err
	}
	return v.escalationsOf(ctx, o, from, to, out)
}

// interval is a row as people read it.
func (r intervalRow) interval(v *Views, id string) Interval {
	in := Interval{Case: id, Programme: r.programme, Round: int(r.round), Stage: r.stage, From: v.at(r.from), UsedSeconds: r.used, Exempt: r.exempt,
		Vacant: r.office == nobody, Verdict: hazard.VerdictOnTime, Chain: []Answering{},
		Holder: Answering{Person: r.person, Role: r.role, Cell: grid.CellCode(r.cell), Department: r.department}}
	if r.department != "" {
		in.Holder.Cell = ""
	}
	if !in.Vacant {
		in.Office = grid.CellCode(r.office)
	}
	if r.late {
		in.Verdict = hazard.VerdictLate
	}
	if r.limit > 0 {
		in.Limit = &programme.Limit{N: int(r.limit), Unit: r.unit}
	}
	if r.to != 0 {
		to := v.at(r.to)
		in.To = &to
	}
	if r.deadline != 0 {
		deadline := v.at(r.deadline)
		in.Deadline = &deadline
	}
	return in
}

// chain names who stood above when the interval became late.
func (in *Interval) chain(book *dutyBook, uses func(int) bool) {
	h := hazard.Holder{Cell: in.Holder.Cell, Department: in.Holder.Department, Person: in.Holder.Person}
	late := in.From
	if in.Deadline != nil && in.Deadline.After(late) {
		late = *in.Deadline
	}
	in.Chain = above(book.posted(in.Programme)(h), h, late, uses)
}

// levelsOf tells the levels of a programme's newest version.
func (v *Views) levelsOf(ctx context.Context, code string) (func(int) bool, error) {
	p, err := v.Programme(ctx, code, 0)
	if f, ok := fault.As(err); ok && f.Kind == fault.NotFound {
		return func(int) bool { return true }, nil
	}
	return p.Uses, err
}

// openLine derives the line of one case and gives the part that is theirs.
func (v *Views) openLine(ctx context.Context, id string, o whose, from, to, now time.Time, book *dutyBook) ([]Interval, error) {
	tracks, err := collect(ctx, v, `SELECT track FROM cases WHERE id = $1`, []any{id}, scanBody[hazard.Case])
	if err != nil || len(tracks) == 0 {
		return nil, err
	}
	rules, err := v.rulesFor(ctx, tracks[0].Programme, time.Time{})
	if err != nil {
		return nil, err
	}
	line, err := v.intervalsOf(tracks[0], rules, now, book)
	return slices.DeleteFunc(line, func(in Interval) bool { return !in.touches(from, to) || !o.matches(in.Holder, book.seat) }), err
}

// touches reports whether an interval lies in a stretch in part.
func (in Interval) touches(from, to time.Time) bool {
	return (from.IsZero() || in.To == nil || in.To.After(from)) && (to.IsZero() || !in.From.After(to))
}

func (v *Views) cardsOf(ctx context.Context, o whose, from, to time.Time, out *Accountability) error {
	var w where
	o.narrow(&w, "person", "cell")
	w.between("due_at", from, to)
	cards, err := collect(ctx, v, `SELECT case_id, round, stage, colour, cell, department, person, role, due_at, healed_at, withdrawn_at FROM cards`+
		w.text("due_at, case_id, version", 0), w.args, func(r *sql.Rows) (c HeldCard, err error) {
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

// escalationsOf gives the escalations to an office that was theirs, and those of cases they had at that instant.
func (v *Views) escalationsOf(ctx context.Context, o whose, from, to time.Time, out *Accountability) error {
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
	var theirs, held where
	o.narrow(&theirs, "e.person", "e.office")
	theirs.between("e.since", from, to)
	o.narrow(&held, "i.person", "i.cell")
	held.between("e.since", from, to)
	held.and("e.since >= i.from_at AND (i.to_at IS NULL OR e.since < i.to_at)")
	all, err := collect(ctx, v, columns+theirs.text("", 0), theirs.args, scan)
	if err != nil {
		return err
	}
	more, err := collect(ctx, v, columns+` JOIN intervals i ON i.case_id = e.case_id`+held.text("", 0), held.args, scan)
	if err != nil {
		return err
	}
	all = append(all, more...)
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
func (v *Views) answeredAsOf(ctx context.Context, o whose, from, to, asOf time.Time, out *Accountability) error {
	ids, err := v.mayBeTheirs(ctx, o)
	if err != nil {
		return err
	}
	if to.IsZero() || to.After(asOf) {
		to = asOf
	}
	book := newDutyBook(v.read(ctx), asOf)
	within := func(at time.Time) bool { return (from.IsZero() || !at.Before(from)) && at.Before(to) }
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
		for _, in := range line {
			if in.touches(from, to) && o.matches(in.Holder, book.seat) {
				out.Intervals = append(out.Intervals, in)
			}
		}
		for _, c := range h.heldCards(v.loc) {
			if within(c.At) && o.matches(c.Holder, book.seat) {
				out.Cards = append(out.Cards, c)
			}
		}
		for _, e := range h.escalations(v.loc) {
			if within(e.Since) && (o.matches(Answering{Person: e.Person, Cell: e.Cell}, book.seat) || heldBy(line, e.Since, o, book.seat)) {
				out.Escalations = append(out.Escalations, e)
			}
		}
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
	add := func(query string, args ...any) error {
		found, err := collect(ctx, v, query, args, scanText)
		ids = append(ids, found...)
		return err
	}
	subtree := func(cell grid.CellCode) error {
		return errors.Join(
			add(`SELECT case_id FROM case_parties WHERE party >= $1 AND party < $2`, string(cell), prefixEnd(string(cell))),
			add(`SELECT p.case_id FROM intervals p WHERE p.cell >= $1 AND p.cell < $2`, string(cell), prefixEnd(string(cell))),
			add(`SELECT case_id FROM escalations WHERE office >= $1 AND office < $2`, string(cell), prefixEnd(string(cell))))
	}
	if o.person == "" {
		if err := subtree(o.cell); err != nil {
			return nil, err
		}
	} else {
		if err := errors.Join(add(`SELECT case_id FROM case_parties WHERE party = $1`, o.person),
			add(`SELECT case_id FROM escalations WHERE person = $1`, o.person)); err != nil {
			return nil, err
		}
		posts, err := collect(ctx, v, selectDuty+` WHERE d.person = $1`, []any{o.person}, v.scanDuty)
		if err != nil {
			return nil, err
		}
		for _, d := range posts {
			if d.Department != "" {
				err = add(`SELECT case_id FROM case_parties WHERE party = $1`, d.Department)
			}
			for _, c := range d.Cells {
				err = errors.Join(err, subtree(c)) // below, too: an office stands in where a post is vacant
			}
			if err != nil {
				return nil, err
			}
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids), nil
}
