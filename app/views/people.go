package views

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"gridward/domain/grid"
)

var personsTable = table{"persons", []string{"id"}, `
CREATE TABLE IF NOT EXISTS persons (
	id   TEXT PRIMARY KEY,
	name TEXT NOT NULL,
	body TEXT NOT NULL -- a Person
)`}

var departmentsTable = table{"departments", []string{"code"}, `
CREATE TABLE IF NOT EXISTS departments (
	code TEXT PRIMARY KEY,
	name TEXT NOT NULL,
	body TEXT NOT NULL -- a Department
)`}

var dutiesTable = table{"duties", []string{"id"}, `
CREATE TABLE IF NOT EXISTS duties (
	id         TEXT PRIMARY KEY,
	programme  TEXT NOT NULL,
	role       TEXT NOT NULL,
	acts_as    TEXT NOT NULL,
	person     TEXT NOT NULL,
	department TEXT,
	cells      TEXT NOT NULL, -- JSON
	from_at    BIGINT NOT NULL,
	to_at      BIGINT,
	given_at        BIGINT NOT NULL, -- the position it was given at: who was there first stands for a post
	recorded_at     BIGINT NOT NULL,
	end_recorded_at BIGINT
);
CREATE INDEX IF NOT EXISTS duties_person ON duties (person);
CREATE INDEX IF NOT EXISTS duties_programme ON duties (programme);
CREATE INDEX IF NOT EXISTS duties_department ON duties (department, programme) WHERE department IS NOT NULL`}

var dutyCellsTable = table{"duty_cells", []string{"cell", "duty"}, `
CREATE TABLE IF NOT EXISTS duty_cells (
	cell TEXT NOT NULL,
	duty TEXT NOT NULL,
	PRIMARY KEY (cell, duty)
)`}

func (b *batch) applyPerson(e entry, event grid.PersonEvent) error {
	switch ev := event.(type) {
	case grid.PersonRegistered:
		body, err := toJSON(Person{ID: ev.ID, Name: ev.Name.Reveal(), Unit: ev.Unit, Phone: ev.Phone.Reveal(),
			Version: e.Version, Position: e.Position.String()})
		if err != nil {
			return err
		}
		return b.exec(`INSERT INTO persons (id, name, body) VALUES ($1, $2, $3)
ON CONFLICT (id) DO UPDATE SET name = excluded.name, body = excluded.body`, ev.ID, ev.Name.Reveal(), body)
	}
	return fmt.Errorf("the view of persons knows no %T", event)
}

func (b *batch) applyDepartment(e entry, event grid.DepartmentEvent) error {
	switch ev := event.(type) {
	case grid.DepartmentCreated:
		body, err := toJSON(Department{Code: ev.Code, Name: ev.Name, Cell: ev.Cell, Version: e.Version, Position: e.Position.String()})
		if err != nil {
			return err
		}
		b.p.duties.seats[ev.Code] = ev.Cell
		return b.exec(`INSERT INTO departments (code, name, body) VALUES ($1, $2, $3)
ON CONFLICT (code) DO UPDATE SET name = excluded.name, body = excluded.body`, ev.Code, ev.Name, body)
	}
	return fmt.Errorf("the view of departments knows no %T", event)
}

// applyDuty: a duty over several cells comes once from the stream of each, under one id and with the same words.
func (b *batch) applyDuty(e entry, event grid.DutyEvent) error {
	switch ev := event.(type) {
	case grid.DutyGiven:
		cells := ev.Cells
		if cells == nil {
			cells = []grid.CellCode{}
		}
		body, err := toJSON(cells)
		if err != nil {
			return err
		}
		if err := b.exec(`
INSERT INTO duties (id, programme, role, acts_as, person, department, cells, from_at, given_at, recorded_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
ON CONFLICT (id) DO NOTHING`, // it comes once from the stream of each cell
			ev.Duty, ev.Programme, ev.Role, ev.ActsAs, ev.Person, nullText(ev.Department), body, micros(ev.From), int64(e.Position), micros(e.RecordedAt)); err != nil {
			return err
		}
		b.dutyMoved(ev.Programme, cells, ev.Department, ev.From)
		for _, c := range cells {
			if err := b.exec(`INSERT INTO duty_cells (cell, duty) VALUES ($1, $2) ON CONFLICT (cell, duty) DO NOTHING`, string(c), ev.Duty); err != nil {
				return err
			}
		}
		return nil
	case grid.DutyEnded:
		return b.endDuty(e, ev)
	}
	return fmt.Errorf("the view of duties knows no %T", event)
}

// endDuty: the end comes once from the stream of each cell, too; the first one counts.
func (b *batch) endDuty(e entry, ev grid.DutyEnded) error {
	n, err := b.changed(`UPDATE duties SET to_at = $2, end_recorded_at = $3 WHERE id = $1 AND to_at IS NULL`, ev.Duty, micros(ev.At), micros(e.RecordedAt))
	if err != nil {
		return err
	}
	var programme, cells string
	var department sql.NullString
	ok, err := b.row(`SELECT programme, cells, department FROM duties WHERE id = $1`, []any{ev.Duty}, &programme, &cells, &department)
	if err == nil && !ok {
		err = fmt.Errorf("there is no duty %s", ev.Duty)
	}
	if err != nil || n == 0 {
		return err
	}
	on, err := marshaled[[]grid.CellCode](cells)
	b.dutyMoved(programme, on, department.String, ev.At)
	return err
}

// dutyMoved notes that a post changes hands at an instant.
func (b *batch) dutyMoved(programme string, cells []grid.CellCode, department string, at time.Time) {
	moved := func(p post) {
		if since, known := b.moves[p]; !known || micros(at) < since {
			b.moves[p] = micros(at)
		}
	}
	if department != "" {
		b.p.duties.forget(programme, department)
		moved(post{programme: programme, seat: department})
	}
	for _, c := range cells {
		b.p.duties.forget(programme, string(c))
		moved(post{programme: programme, cell: c})
	}
}

const selectDuty = `SELECT d.id, d.programme, d.role, d.acts_as, d.person, d.department, d.cells, d.from_at, d.to_at FROM duties d`

func (v *Views) scanDuty(r *sql.Rows) (Duty, error) {
	var d Duty
	var department sql.NullString
	var cells string
	var from int64
	var to sql.NullInt64
	if err := r.Scan(&d.ID, &d.Programme, &d.Role, &d.ActsAs, &d.Person, &department, &cells, &from, &to); err != nil {
		return d, err
	}
	d.Department, d.From, d.To = department.String, v.at(from), v.maybeAt(to)
	return d, json.Unmarshal([]byte(cells), &d.Cells)
}

// DutiesAt lists the duties on exactly this cell, by id: those held at the instant, or all ever given when at is
// zero. An empty programme is any.
func (v *Views) DutiesAt(ctx context.Context, cell grid.CellCode, programme string, at time.Time, p Paging) (Page[Duty], error) {
	size, err := p.size()
	if err != nil {
		return Page[Duty]{}, err
	}
	k, ok, err := p.after("duties")
	if err != nil {
		return Page[Duty]{}, err
	}
	if _, err := v.Cell(ctx, cell); err != nil {
		return Page[Duty]{}, err
	}
	var w where
	w.and("k.cell = ?", string(cell))
	w.is("d.programme", programme)
	if !at.IsZero() {
		w.and("d.from_at <= ? AND (d.to_at IS NULL OR d.to_at > ?)", micros(at), micros(at))
	}
	if ok {
		w.and("k.duty > ?", k.S)
	}
	query := selectDuty + ` JOIN duty_cells k ON k.duty = d.id` + w.text("k.duty", size+1)
	rows, err := collect(ctx, v, query, w.args, v.scanDuty)
	if err != nil {
		return Page[Duty]{}, err
	}
	return pageOf("duties", rows, size, func(d Duty) key { return key{S: d.ID} }), nil
}

// Departments lists departments by code.
func (v *Views) Departments(ctx context.Context, p Paging) (Page[Department], error) {
	return listed(ctx, v, `SELECT body FROM departments`, &where{}, "code", p, func(d *Department) string { return d.Code })
}

// Persons lists persons by id, without their duties.
func (v *Views) Persons(ctx context.Context, p Paging) (Page[Person], error) {
	return listed(ctx, v, `SELECT body FROM persons`, &where{}, "id", p, func(d *Person) string { return d.ID })
}

// Person gives one person with all duties ever given.
func (v *Views) Person(ctx context.Context, id string) (Person, error) {
	p, err := single[Person](ctx, v, "person", id, `SELECT body FROM persons WHERE id = $1`, id)
	if err != nil {
		return Person{}, err
	}
	p.Duties, err = collect(ctx, v, selectDuty+` WHERE d.person = $1 ORDER BY d.from_at, d.id`, []any{id}, v.scanDuty)
	return p, err
}
