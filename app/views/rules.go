package views

import (
	"context"
	"database/sql"
	"fmt"
	"sync"
	"time"

	"gridward/app"
	"gridward/domain/calendar"
	"gridward/domain/hazard"
	"gridward/domain/programme"
)

var calendarsTable = table{"calendars", []string{"version"}, `
CREATE TABLE IF NOT EXISTS calendars (
	version     BIGINT PRIMARY KEY,
	recorded_at BIGINT NOT NULL,
	body        TEXT NOT NULL -- a calendar.Definition
)`}

// rules is every published version of the calendar and of the programmes: what clocks are derived by.
type rules struct {
	calendars  calendar.State
	programmes map[string][]*programme.Programme // by code, the first version at index 0
}

// programme gives the version a case is derived under: its own, or the newest while it is not filed. nil is none.
func (r *rules) programme(c hazard.Case) *programme.Programme {
	return r.version(c.Programme, c.ProgrammeVersion)
}

func (r *rules) version(code string, n int) *programme.Programme {
	versions := r.programmes[code]
	if n == 0 {
		n = len(versions)
	}
	if n < 1 || n > len(versions) {
		return nil
	}
	return versions[n-1]
}

// nextDue is the next thing time will do to a case.
func (r *rules) nextDue(c hazard.Case) (hazard.Due, bool) {
	if !c.Open() {
		return hazard.Due{}, false
	}
	return c.NextDue(r.calendars, r.programme(c))
}

// readRules reads what the tables hold.
func readRules(ctx context.Context, conn *sql.Conn) (*rules, error) {
	r := &rules{programmes: map[string][]*programme.Programme{}}
	rows, err := conn.QueryContext(ctx, `SELECT body FROM calendars ORDER BY version`)
	if err != nil {
		return nil, fmt.Errorf("views: calendars: %w", err)
	}
	err = eachRow(rows, func(s *sql.Rows) error {
		d, err := scanBody[calendar.Definition](s)
		if err == nil {
			r.calendars = calendar.Evolve(r.calendars, calendar.Published{Calendar: d})
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("views: calendars: %w", err)
	}
	if rows, err = conn.QueryContext(ctx, `SELECT body FROM programmes ORDER BY code, version`); err != nil {
		return nil, fmt.Errorf("views: programmes: %w", err)
	}
	err = eachRow(rows, func(s *sql.Rows) error {
		p, err := scanBody[programme.Programme](s)
		r.programmes[p.Code] = append(r.programmes[p.Code], &p)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("views: programmes: %w", err)
	}
	return r, nil
}

// applyCalendar keeps a version. The deadlines derived under it come with the cases' own events.
func (b *batch) applyCalendar(e entry, event calendar.Event) error {
	switch ev := event.(type) {
	case calendar.Published:
		body, err := toJSON(ev.Calendar)
		if err != nil {
			return err
		}
		b.firstCalendar = b.firstCalendar || len(b.p.rules.calendars.Versions) == 0
		b.p.rules.calendars = calendar.Evolve(b.p.rules.calendars, ev)
		return b.exec(`INSERT INTO calendars (version, recorded_at, body) VALUES ($1, $2, $3)`, ev.Calendar.Version, micros(e.RecordedAt), body)
	}
	return fmt.Errorf("the view of calendars knows no %T", event)
}

// Calendars lists the versions of the calendar, the newest first.
func (v *Views) Calendars(ctx context.Context, p Paging) (Page[calendar.Definition], error) {
	return timed(ctx, v, `SELECT body FROM calendars`, &where{}, "version", "CAST(version AS TEXT)", true, p, scanBody[calendar.Definition],
		func(d *calendar.Definition) key { return key{N: int64(d.Version), S: fmt.Sprint(d.Version)} })
}

// publish keeps a programme's version at hand.
func (b *batch) publish(p programme.Programme) {
	b.p.rules.programmes[p.Code] = append(b.p.rules.programmes[p.Code], &p)
	b.republished = append(b.republished, p.Code)
}

// logRules is the same for queries that read a case's own stream: taken from the log itself, so never behind it.
type logRules struct {
	mu         sync.Mutex
	calendars  published[*calendar.Calendar]
	programmes map[string]*published[*programme.Programme]
}

// published is every version of something, and when the log took each.
type published[T any] struct {
	versions []T
	at       []time.Time
}

// by gives the versions that were published by an instant (zero: all).
func (p *published[T]) by(asOf time.Time) []T {
	n := len(p.versions)
	for n > 0 && !asOf.IsZero() && p.at[n-1].After(asOf) {
		n--
	}
	return p.versions[:n:n]
}

func (p *published[T]) add(version T, at time.Time) {
	p.versions, p.at = append(p.versions, version), append(p.at, at)
}

// rulesFor brings the rules up to date for cases of a programme, as the log stands, and gives them as of an instant:
// what was published later is left out.
func (v *Views) rulesFor(ctx context.Context, code string, asOf time.Time) (*rules, error) {
	v.rules.mu.Lock()
	defer v.rules.mu.Unlock()
	c := &v.rules.calendars
	if err := v.foldOn(ctx, "calendar-default", uint64(len(c.versions)), func(r app.Record, event any) {
		if e, ok := event.(calendar.Published); ok {
			c.add(calendar.Compile(e.Calendar), r.RecordedAt)
		}
	}); err != nil {
		return nil, err
	}
	if v.rules.programmes == nil {
		v.rules.programmes = map[string]*published[*programme.Programme]{}
	}
	p := v.rules.programmes[code]
	if p == nil {
		p = &published[*programme.Programme]{}
		v.rules.programmes[code] = p
	}
	if err := v.foldOn(ctx, "programme-"+code, uint64(len(p.versions)), func(r app.Record, event any) {
		if e, ok := event.(programme.Published); ok {
			p.add(&e.Programme, r.RecordedAt)
		}
	}); err != nil {
		return nil, err
	}
	return &rules{calendars: calendar.State{Versions: c.by(asOf)}, programmes: map[string][]*programme.Programme{code: p.by(asOf)}}, nil
}

// foldOn decodes what a stream holds behind a version.
func (v *Views) foldOn(ctx context.Context, stream string, after uint64, each func(app.Record, any)) error {
	records, err := v.log.Load(ctx, stream, after)
	if err != nil {
		return err
	}
	for _, r := range records {
		event, err := v.codec.Decode(r.Type, r.Schema, r.Data)
		if err != nil {
			return err
		}
		each(r, event)
	}
	return nil
}
