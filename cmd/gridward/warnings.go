package main

import (
	"context"
	"fmt"
	"time"

	"go.uber.org/zap"
)

// warnings is what an operator should know although the service is ready.
func (h *house) warnings(l *live) []string {
	ctx := context.Background()
	var out []string
	if h.readOnly != nil {
		out = append(out, "the data directory cannot be written: commands are refused, reads go on")
		if lag := h.views.Status(ctx).Lag(); lag > 0 {
			out = append(out, fmt.Sprintf("the views are %d positions behind the log and stay there", lag))
		}
	}
	if l.scheduler != nil {
		s := h.schedule(l)
		if s.Err != nil {
			out = append(out, "what is due is not being done: see the log")
		}
		if s.Stuck > 0 {
			out = append(out, fmt.Sprintf("%d cases or patrol periods are passed over because what is due on them fails: see the log", s.Stuck))
		}
	}
	if parked, err := h.parking().List(); err == nil && len(parked) > 0 {
		out = append(out, fmt.Sprintf("%d notices are parked: gridward parked lists them", len(parked)))
	}
	if l.outlets != nil && h.leads() {
		out = append(out, l.outlets.warnings()...)
	}
	return append(out, h.unpublished(ctx)...)
}

// unpublished names the years in which working time counts weekends only: this one, and those that limits under way
// reach into.
func (h *house) unpublished(ctx context.Context) []string {
	calendars, err := h.app.Calendars(ctx)
	latest := calendars.Latest()
	if err != nil || latest == nil {
		return nil
	}
	now := h.clock()
	until := now
	if last, ok, err := h.views.LastDeadline(ctx); err != nil {
		h.logger.Warn("the last deadline cannot be read", zap.Error(err))
	} else if ok && last.After(until) {
		until = last
	}
	if most := now.AddDate(10, 0, 0); until.After(most) {
		until = most
	}
	var out []string
	for _, year := range latest.Unpublished(now, until) {
		out = append(out, fmt.Sprintf("the days off of %d are not published: only weekends are counted off", year))
	}
	return out
}

// scheduleFailed says once what time could not do.
func (h *house) scheduleFailed(what string, err error) {
	h.logger.Error("what is due could not be done", zap.String("what", what), zap.Error(err), zap.Time("at", h.clock().UTC().Truncate(time.Second)))
}
