package app_test

import (
	"reflect"
	"testing"
	"time"

	"gridward/app"
	"gridward/domain/grid"
	"gridward/domain/register"
)

func TestRegistersAreKeptByThoseWithADuty(t *testing.T) {
	h := newTown(t)
	ctx := t.Context()
	drill := register.RecordActivity{Cell: site, Programme: "fire", Kind: "drill", HeldAt: noon, Title: "演练", Participants: []string{wang, "张三"}}
	h.twice(h.by(zhao), func(a *app.App, by app.By) (app.Receipt, error) { return a.RecordActivity(ctx, by, drill) })
	record := func(by app.By, change func(*register.RecordActivity)) func() error {
		c := drill
		change(&c)
		return func() error { _, err := h.RecordActivity(ctx, by, c); return err }
	}
	h.ok(record(h.steward(), func(*register.RecordActivity) {})())
	h.refused("no_duty_here", "", record(h.by(qian), func(*register.RecordActivity) {})) // has one in water only
	h.refused("no_duty_here", "", record(h.by(zhao), func(c *register.RecordActivity) { c.Cell = community }))
	h.refused("in_future", "held_at", record(h.by(zhao), func(c *register.RecordActivity) { c.HeldAt = noon.Add(time.Hour) }))
	h.refused("invalid_fields", "programme", record(h.by(zhao), func(c *register.RecordActivity) { c.Programme = "" }))
	h.refused("invalid_fields", "participants.0", record(h.by(zhao), func(c *register.RecordActivity) {
		c.Participants = []string{"00000000-0000-4000-8000-00000000ffff"}
	}))
	h.refused("cell_not_found", "", record(h.by(zhao), func(c *register.RecordActivity) { c.Cell = "4101040010010010009" }))

	bottle := register.RegisterEquipment{Cell: site, Kind: "灭火器", Quantity: 2, BoughtOn: "2025-01-01", ValidUntil: "2027-01-01"}
	r := h.twice(h.by(qian), func(a *app.App, by app.By) (app.Receipt, error) { return a.RegisterEquipment(ctx, by, bottle) }) // of no programme: any duty will do
	service := register.ServiceEquipment{ServicedOn: "2026-01-01", ValidUntil: "2028-01-01"}
	h.twice(h.by(zhao), func(a *app.App, by app.By) (app.Receipt, error) { return a.ServiceEquipment(ctx, by, r.ID, service) })
	h.twice(h.by(zhao), func(a *app.App, by app.By) (app.Receipt, error) {
		return a.RetireEquipment(ctx, by, r.ID, register.RetireEquipment{Reason: "锈"})
	})
	h.refused("equipment_retired", "", func() error { _, err := h.ServiceEquipment(ctx, h.by(zhao), r.ID, service); return err })
	h.refused("equipment_not_found", "", func() error { _, err := h.ServiceEquipment(ctx, h.by(zhao), "x", service); return err })
	want := []any{register.EquipmentRegistered{ID: r.ID, Cell: site, Kind: "灭火器", Quantity: 2, BoughtOn: "2025-01-01", ValidUntil: "2027-01-01"},
		register.EquipmentServiced(service), register.EquipmentRetired{Reason: "锈"}}
	if got := h.events("equipment-" + r.ID); !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}

	station := register.RegisterForce{Cell: community, Programme: "fire", Kind: "force", Name: "微型消防站", Leader: "张三"}
	h.twice(h.by(li), func(a *app.App, by app.By) (app.Receipt, error) { return a.RegisterForce(ctx, by, station) })
	h.refused("no_duty_here", "", func() error { _, err := h.RegisterForce(ctx, h.by(zhao), station); return err })
}

func TestADutyThatHasEndedGivesNoRight(t *testing.T) {
	h := newTown(t)
	ctx := t.Context()
	duty := h.events("duties-fire-" + string(area))[0].(grid.DutyGiven).Duty
	h.done(h.EndDuty(ctx, h.by(li), area, grid.EndDuty{Duty: duty, At: noon.Add(-100 * time.Hour)}))
	enter := func(happened time.Time) error {
		by := h.by(zhao)
		by.OccurredAt = happened
		_, err := h.RegisterEquipment(ctx, by, register.RegisterEquipment{Cell: site, Programme: "fire", Kind: "x", Quantity: 1})
		return err
	}
	h.refused("no_duty_here", "", func() error { return enter(time.Time{}) })
	// Further back than 72 hours a command is judged by when it was received.
	h.refused("no_duty_here", "", func() error { return enter(noon.Add(-101 * time.Hour)) })

	h = newTown(t)
	duty = h.events("duties-fire-" + string(area))[0].(grid.DutyGiven).Duty
	h.done(h.EndDuty(ctx, h.by(li), area, grid.EndDuty{Duty: duty, At: noon.Add(-10 * time.Hour)}))
	h.ok(enter(noon.Add(-11 * time.Hour)))
}
