package register_test

import (
	"reflect"
	"testing"
	"time"

	"gridward/domain/fault"
	"gridward/domain/grid"
	"gridward/domain/personal"
	"gridward/domain/register"
)

const (
	id    = "0c0e1c35-5a75-4d5e-8f2e-0f4f9b6c0001"
	wang  = "11111111-1111-4111-8111-111111111111"
	where = grid.CellCode("410104001")
)

// expect asserts events exactly, or a refusal by its code and, for an invalid field, its name.
func expect[E any](t *testing.T, got []E, err error, want []E, code, field string) {
	t.Helper()
	if code == "" {
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("got %+v, %v\nwant %+v", got, err, want)
		}
		return
	}
	f, ok := fault.As(err)
	if !ok || f.Code != code || len(got) != 0 || field != "" && (len(f.Fields) != 1 || f.Fields[0].Field != field) {
		t.Errorf("got %+v, %v; want the refusal %s %s", got, err, code, field)
	}
}

func TestRecordActivity(t *testing.T) {
	held := time.Date(2026, 3, 10, 9, 0, 0, 0, time.UTC)
	right := register.RecordActivity{ID: id, Cell: where, Programme: "fire", Kind: "drill", HeldAt: held, Title: " 疏散演练 ", Minutes: "m", Participants: []string{wang, "张三"}}
	for _, row := range []struct {
		name  string
		when  func(*register.RecordActivity)
		field string
	}{
		{name: "a drill", when: func(*register.RecordActivity) {}},
		{name: "no programme", when: func(c *register.RecordActivity) { c.Programme = "" }, field: "programme"},
		{name: "an unknown kind", when: func(c *register.RecordActivity) { c.Kind = "party" }, field: "kind"},
		{name: "at no time", when: func(c *register.RecordActivity) { c.HeldAt = time.Time{} }, field: "held_at"},
		{name: "no title", when: func(c *register.RecordActivity) { c.Title = "" }, field: "title"},
		{name: "an unknown person", when: func(c *register.RecordActivity) { c.Participants = []string{id} }, field: "participants.0"},
	} {
		t.Run(row.name, func(t *testing.T) {
			cmd := right
			row.when(&cmd)
			got, err := register.DecideRecordActivity(register.Activity{}, cmd, map[string]bool{wang: true})
			if row.field != "" {
				expect(t, got, err, nil, "invalid_fields", row.field)
				return
			}
			expect(t, got, err, []register.ActivityEvent{register.ActivityRecorded{ID: id, Cell: where, Programme: "fire", Kind: "drill", HeldAt: held,
				Title: "疏散演练", Minutes: "m", Participants: []register.Attendee{{Person: wang}, {Name: personal.Of(id+"#p1", "张三")}}}}, "", "")
			again, err := register.DecideRecordActivity(register.EvolveActivity(register.Activity{}, got[0]), cmd, nil)
			expect(t, again, err, nil, "id_reused", "")
		})
	}
}

func TestEquipment(t *testing.T) {
	registered := register.EquipmentRegistered{ID: id, Cell: where, Kind: "灭火器", Quantity: 2, BoughtOn: "2025-01-31", ValidUntil: "2027-01-31"}
	serviced := register.EquipmentServiced{ServicedOn: "2026-01-31", ValidUntil: "2028-01-31"}
	retired := register.EquipmentRetired{Reason: "rusty"}
	fold := func(events ...register.EquipmentEvent) register.Equipment {
		var s register.Equipment
		for _, e := range events {
			s = register.EvolveEquipment(s, e)
		}
		return s
	}
	if got := fold(registered, serviced, retired); got.ValidUntil != "2028-01-31" || !got.Retired {
		t.Errorf("folded into %+v", got)
	}
	enter := func(change func(*register.RegisterEquipment)) func(register.Equipment) ([]register.EquipmentEvent, error) {
		return func(s register.Equipment) ([]register.EquipmentEvent, error) {
			cmd := register.RegisterEquipment(registered)
			change(&cmd)
			return register.DecideRegisterEquipment(s, cmd)
		}
	}
	service := func(cmd register.ServiceEquipment) func(register.Equipment) ([]register.EquipmentEvent, error) {
		return func(s register.Equipment) ([]register.EquipmentEvent, error) {
			return register.DecideServiceEquipment(s, cmd)
		}
	}
	retire := func(reason string) func(register.Equipment) ([]register.EquipmentEvent, error) {
		return func(s register.Equipment) ([]register.EquipmentEvent, error) {
			return register.DecideRetireEquipment(s, register.RetireEquipment{Reason: reason})
		}
	}
	for _, row := range []struct {
		name  string
		given register.Equipment
		when  func(register.Equipment) ([]register.EquipmentEvent, error)
		then  register.EquipmentEvent
		code  string
		field string
	}{
		{name: "registered", when: enter(func(*register.RegisterEquipment) {}), then: registered},
		{name: "registered twice", given: fold(registered), when: enter(func(*register.RegisterEquipment) {}), code: "id_reused"},
		{name: "no kind", when: enter(func(c *register.RegisterEquipment) { c.Kind = "" }), code: "invalid_fields", field: "kind"},
		{name: "none of it", when: enter(func(c *register.RegisterEquipment) { c.Quantity = 0 }), code: "invalid_fields", field: "quantity"},
		{name: "bought on no day", when: enter(func(c *register.RegisterEquipment) { c.BoughtOn = "2025-02-29" }), code: "invalid_fields", field: "bought_on"},
		{name: "expired before it was bought", when: enter(func(c *register.RegisterEquipment) { c.ValidUntil = "2025-01-30" }), code: "invalid_fields", field: "valid_until"},
		{name: "valid on the day it was bought", when: enter(func(c *register.RegisterEquipment) { c.ValidUntil = "2025-01-31" }),
			then: register.EquipmentRegistered{ID: id, Cell: where, Kind: "灭火器", Quantity: 2, BoughtOn: "2025-01-31", ValidUntil: "2025-01-31"}},
		{name: "serviced", given: fold(registered), when: service(register.ServiceEquipment(serviced)), then: serviced},
		{name: "serviced on no day", given: fold(registered), when: service(register.ServiceEquipment{}), code: "invalid_fields", field: "serviced_on"},
		{name: "serviced before it was bought", given: fold(registered), when: service(register.ServiceEquipment{ServicedOn: "2025-01-30"}), code: "invalid_fields", field: "serviced_on"},
		{name: "expired before it was serviced", given: fold(registered), when: service(register.ServiceEquipment{ServicedOn: "2026-01-31", ValidUntil: "2026-01-30"}), code: "invalid_fields", field: "valid_until"},
		{name: "serviced once retired", given: fold(registered, retired), when: service(register.ServiceEquipment(serviced)), code: "equipment_retired"},
		{name: "service of nothing", when: service(register.ServiceEquipment(serviced)), code: "equipment_not_found"},
		{name: "retired", given: fold(registered), when: retire("rusty"), then: retired},
		{name: "retired without a reason", given: fold(registered), when: retire(""), code: "invalid_fields", field: "reason"},
		{name: "retired twice", given: fold(registered, retired), when: retire("rusty"), code: "equipment_retired"},
	} {
		t.Run(row.name, func(t *testing.T) {
			got, err := row.when(row.given)
			expect(t, got, err, []register.EquipmentEvent{row.then}, row.code, row.field)
		})
	}
}

func TestRegisterForce(t *testing.T) {
	right := register.RegisterForce{ID: id, Cell: where, Programme: "fire", Kind: "force", Name: "微型消防站", Headcount: 6, Leader: "张三", Phone: "13803711234"}
	for _, row := range []struct {
		name  string
		when  func(*register.RegisterForce)
		field string
	}{
		{name: "a micro fire station", when: func(*register.RegisterForce) {}},
		{name: "no programme", when: func(c *register.RegisterForce) { c.Programme = "" }, field: "programme"},
		{name: "an unknown kind", when: func(c *register.RegisterForce) { c.Kind = "band" }, field: "kind"},
		{name: "no name", when: func(c *register.RegisterForce) { c.Name = "" }, field: "name"},
		{name: "fewer than nobody", when: func(c *register.RegisterForce) { c.Headcount = -1 }, field: "headcount"},
		{name: "no telephone number", when: func(c *register.RegisterForce) { c.Phone = "x" }, field: "phone"},
		{name: "a plan that says nothing", when: func(c *register.RegisterForce) { c.Kind = "plan" }, field: "content"},
	} {
		t.Run(row.name, func(t *testing.T) {
			cmd := right
			row.when(&cmd)
			got, err := register.DecideRegisterForce(register.Force{}, cmd)
			if row.field != "" {
				expect(t, got, err, nil, "invalid_fields", row.field)
				return
			}
			expect(t, got, err, []register.ForceEvent{register.ForceRegistered{ID: id, Cell: where, Programme: "fire", Kind: "force", Name: "微型消防站",
				Headcount: 6, Leader: personal.Of(id, "张三"), Phone: personal.Of(id, "13803711234")}}, "", "")
			again, err := register.DecideRegisterForce(register.EvolveForce(register.Force{}, got[0]), cmd)
			expect(t, again, err, nil, "id_reused", "")
		})
	}
}
