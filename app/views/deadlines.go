package views

import (
	"context"
	"time"

	"gridward/domain/programme"
)

// DerivedStage is one clock of a case and how its deadline came about.
type DerivedStage struct {
	Round            int              `json:"round"`
	Stage            string           `json:"stage"`
	Holder           *Answering       `json:"holder"` // the last who had it; null for clocks beside the road
	Limit            *programme.Limit `json:"limit"`  // null: none, or a date
	Basis            string           `json:"basis"`  // limit, listing (a date), none
	ProgrammeVersion int              `json:"programme_version"`
	CalendarVersion  int              `json:"calendar_version"`
	Start            time.Time        `json:"start"`
	Runs             []Stretch        `json:"runs"` // when the clock ran: a rework goes on where the rectification stopped
	Pauses           []Stretch        `json:"pauses"`
	Extensions       []AddedTime      `json:"extensions"`
	Deadline         *time.Time       `json:"deadline"` // null: no limit, or suspended
	EndedAt          *time.Time       `json:"ended_at"`
	UsedSeconds      int64            `json:"used_seconds"` // in the limit's own time
	Verdict          string           `json:"verdict"`
	Exempt           bool             `json:"exempt"`
	UnpublishedYears []int            `json:"unpublished_years,omitempty"` // touched years without published days: weekends only
}

// Stretch is a stretch of time; To is null while it goes on.
type Stretch struct {
	From time.Time  `json:"from"`
	To   *time.Time `json:"to"`
}

// AddedTime is one granted extension.
type AddedTime struct {
	N         int       `json:"n"`
	Unit      string    `json:"unit"`
	GrantedAt time.Time `json:"granted_at"`
}

// Deadlines derives every clock of a case anew from its facts, as of an instant (zero: now).
func (v *Views) Deadlines(ctx context.Context, id string, now, asOf time.Time) ([]DerivedStage, error) {
	h, err := v.history(ctx, id, asOf)
	if err != nil {
		return nil, err
	}
	if !asOf.IsZero() {
		now = asOf
	}
	out := make([]DerivedStage, len(h.track.Stages))
	for i, s := range h.track.Stages {
		cal := h.rules.calendars.Version(s.CalendarVersion)
		d := DerivedStage{Round: s.Round, Stage: s.Name, Basis: "none", ProgrammeVersion: s.ProgrammeVersion, CalendarVersion: max(s.CalendarVersion, 1),
			Start: instant(s.Started(), v.loc), Runs: []Stretch{}, Pauses: []Stretch{}, Extensions: []AddedTime{}, Verdict: s.Verdict(cal, now), Exempt: s.Exempt,
			UsedSeconds: int64(s.Used(cal, now) / time.Second)}
		switch {
		case !s.Fixed.IsZero():
			d.Basis = "listing"
		case s.Limit != nil:
			d.Basis, d.Limit = "limit", s.Limit
		}
		for _, r := range s.Runs {
			d.Runs = append(d.Runs, v.stretch(r.From, r.To))
			if r.Holder != nil {
				holder := answering(*r.Holder)
				d.Holder = &holder
			}
		}
		for _, p := range s.Pauses {
			d.Pauses = append(d.Pauses, v.stretch(p.From, p.To))
		}
		for _, x := range s.Extensions {
			d.Extensions = append(d.Extensions, AddedTime{x.Limit.N, x.Limit.Unit, instant(x.Granted, v.loc)})
		}
		end := now
		if at, ok := s.Deadline(cal); ok {
			at = instant(at, v.loc)
			d.Deadline, end = &at, at
		}
		if at := s.Ended(); !at.IsZero() {
			at = instant(at, v.loc)
			d.EndedAt = &at
		}
		if cal != nil && s.Limit != nil && s.Limit.Working() {
			d.UnpublishedYears = cal.Unpublished(s.Started(), end)
		}
		out[i] = d
	}
	return out, nil
}

func (v *Views) stretch(from, to time.Time) Stretch {
	s := Stretch{From: instant(from, v.loc)}
	if !to.IsZero() {
		to = instant(to, v.loc)
		s.To = &to
	}
	return s
}
