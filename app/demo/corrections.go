package demo

import (
	"context"
	"slices"
	"time"

	"gridward/app"
	"gridward/domain/calendar"
	"gridward/domain/hazard"
	"gridward/domain/programme"
)

// taleOfTheCalendar: somebody copies the year's days off and gets one wrong. A week later it is noticed and corrected,
// and the deadlines of the cases under way move; one of them was waiting just for that day.
func (p *plan) taleOfTheCalendar(area *place) {
	wrong, eve, ok := p.wrongDay()
	if !ok {
		return
	}
	year := p.yearOf(wrong)
	mistaken := year
	mistaken.Days = slices.Clone(year.Days)
	date := p.day(wrong).Format(time.DateOnly)
	if i := slices.IndexFunc(mistaken.Days, func(d calendar.Day) bool { return d.Date == date }); i >= 0 {
		mistaken.Days = slices.Delete(mistaken.Days, i, i+1) // the make-up day is forgotten
	} else {
		mistaken.Days = append(mistaken.Days, calendar.Day{Date: date, Name: "调休", Off: true})
	}
	r := p.rand("calendar")
	p.publish(p.clock(r, max(wrong-9, 2), 8, 0, 30*time.Minute), calendar.Definition{Years: []calendar.Year{mistaken}})
	p.publish(p.clock(r, eve, 15, 10, 30*time.Minute), calendar.Definition{Years: []calendar.Year{year}, Corrects: 2})

	c := p.tale("calendar/case", programme.Minor, area, p.day(eve).Add(8*time.Hour+35*time.Minute))
	c.t = p.day(eve).Add(9*time.Hour + 40*time.Minute)
	c.acceptNow()
	c.rectify()
	c.check(hazard.Passed)
	c.close()
}

// wrongDay is a make-up day in the second week or later if there is one, any working day from then on else; and the
// working day before it.
func (p *plan) wrongDay() (day, eve int, ok bool) {
	all := p.worked()
	for i := 1; i < len(all); i++ {
		weekday := p.day(all[i]).Weekday()
		switch makeUp := weekday == time.Saturday || weekday == time.Sunday; {
		case all[i-1] < 2:
		case makeUp && all[i] > 6:
			return all[i], all[i-1], true
		case !ok && all[i] > 8:
			day, eve, ok = all[i], all[i-1], true
		}
	}
	return day, eve, ok
}

// yearOf is the shipped calendar's year of a day, empty where it has none.
func (p *plan) yearOf(day int) calendar.Year {
	y := p.day(day).Year()
	for _, year := range p.calendar.Years {
		if year.Year == y {
			return year
		}
	}
	return calendar.Year{Year: y}
}

// publish has the administrator publish a version of the calendar.
func (p *plan) publish(at time.Time, d calendar.Definition) {
	p.add(at, "", "publish the calendar", func(ctx context.Context, a *app.App, by app.By) (app.Receipt, error) {
		open := p.openUnder
		if by.ReceivedAt.Before(p.ended) { // it has moved what was open then
			open = noneOpen
		}
		done, err := a.PublishCalendar(ctx, by, d, open)
		return done.Receipt, err
	})
}

func noneOpen(context.Context, string, []int, app.Position) ([]string, error) { return nil, nil }

// openUnder finds the open cases a correction moves, as the views show them; without views none.
func (p *plan) openUnder(ctx context.Context, programme string, versions []int, upTo app.Position) ([]string, error) {
	if p.o.Views == nil {
		return nil, nil
	}
	if err := p.o.Views.Visible(ctx, upTo); err != nil {
		return nil, err
	}
	return p.o.Views.Under(ctx, programme, versions, upTo)
}
