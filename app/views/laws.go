package views

import (
	"context"
	"database/sql"
	"fmt"
	"sync"
	"time"

	"gridward/domain/calendar"
	"gridward/domain/patrol"
	"gridward/domain/programme"
)

// lawBook keeps what was published ready to judge by: to make a version ready takes a millisecond.
type lawBook struct {
	mu        sync.Mutex
	versions  map[string]patrol.Version
	calendars map[string]*calendar.Calendar
}

// laws gives every version of a programme's duties and of the calendar, and since when each is in force. Without a
// programme there are none.
func (v *Views) laws(ctx context.Context, code string, asOf time.Time) (*patrol.Laws, error) {
	var p, c where
	p.and("code = ?", code)
	p.recorded("", asOf)
	c.recorded("", asOf)
	versions, err := collect(ctx, v, `SELECT version, recorded_at, body FROM programmes`+p.text("version", 0), p.args, scanPublication)
	if err != nil {
		return nil, err
	}
	calendars, err := collect(ctx, v, `SELECT version, recorded_at, body FROM calendars`+c.text("version", 0), c.args, scanPublication)
	if err != nil {
		return nil, err
	}
	b := &v.lawBook
	b.mu.Lock()
	defer b.mu.Unlock()
	out := &patrol.Laws{Programme: code, Zone: v.loc}
	for _, x := range versions {
		law, err := ready(&b.versions, code, x, func(p programme.Programme) patrol.Version {
			return patrol.Version{Version: p.Version, Night: p.Night, Roles: p.Roles, Rules: p.Duties}
		})
		if err != nil {
			return nil, err
		}
		law.Published = x.at
		out.Versions = append(out.Versions, law)
	}
	for _, x := range calendars {
		cal, err := ready(&b.calendars, "", x, calendar.Compile)
		if err != nil {
			return nil, err
		}
		out.Calendars = append(out.Calendars, patrol.Edition{Published: x.at, Calendar: cal})
	}
	return out, nil
}

// publication is one published version as the tables have it.
type publication struct {
	version int
	at      time.Time
	body    string
}

func scanPublication(r *sql.Rows) (p publication, err error) {
	var recorded int64
	err = r.Scan(&p.version, &recorded, &p.body)
	p.at = time.UnixMicro(recorded)
	return p, err
}

// ready gives a version that was made ready before, or makes it so.
func ready[T, Body any](known *map[string]T, code string, p publication, compile func(Body) T) (T, error) {
	key := fmt.Sprint(code, "/", p.version)
	if t, ok := (*known)[key]; ok {
		return t, nil
	}
	body, err := marshaled[Body](p.body)
	if err != nil {
		var none T
		return none, err
	}
	if *known == nil {
		*known = map[string]T{}
	}
	(*known)[key] = compile(body)
	return (*known)[key], nil
}
