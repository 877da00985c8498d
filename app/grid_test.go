package app_test

import (
	"reflect"
	"sync"
	"testing"

	"gridward/app"
	"gridward/domain/fault"
	"gridward/domain/grid"
	"gridward/domain/personal"
	"gridward/domain/programme"
)

func TestCellsAreSetUpByTheStewardAndTheOfficesAbove(t *testing.T) {
	h := newTown(t)
	ctx := t.Context()
	const next = grid.CellCode("4101040010010010003")
	h.twice(h.by(li), func(a *app.App, by app.By) (app.Receipt, error) {
		return a.CreateCell(ctx, by, grid.CreateCell{Code: next, Name: "超市", Classes: map[string]string{"fire": "B"}, Attributes: map[string]any{"seats": 3}})
	})
	want := []any{grid.CellCreated{Code: next, Name: "超市", Classes: map[string]string{"fire": "B"}, Attributes: map[string]any{"seats": 3.0}}}
	if got := h.events("cell-" + string(next)); !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
	rec := h.records("cell-" + string(next))[0]
	if duty := h.events("duties-fire-" + string(community))[0].(grid.DutyGiven).Duty; rec.Meta.Duty != duty || rec.Meta.Actor != li || rec.Meta.Cell != string(next) {
		t.Errorf("the event does not record what it relied on: %+v", rec.Meta)
	}

	create := func(by app.By, code grid.CellCode) func() error {
		return func() error { _, err := h.CreateCell(ctx, by, grid.CreateCell{Code: code, Name: "x"}); return err }
	}
	h.refused("not_in_charge", "", create(h.by(zhao), "4101040010010010004")) // an officer is no office
	h.refused("not_in_charge", "", create(h.by(wang), "410104002001"))        // another street
	h.refused("not_in_charge", "", create(h.by(wang), "410104003"))           // beside one's own
	h.refused("invalid_fields", "code", create(h.steward(), "4101"))
	h.refused("no_parent", "", create(h.steward(), "410104009001"))
	h.refused("id_reused", "", create(h.steward(), next))
	acting := h.by("admin")
	acting.Admin, acting.OnBehalfOf = true, zhao
	h.refused("not_in_charge", "", create(acting, "4101040010010010004")) // who acts for a person is that person

	set := func(by app.By) func() error {
		return func() error {
			_, err := h.SetCellClasses(ctx, by, site, grid.SetClasses{Classes: map[string]string{"fire": "A"}})
			return err
		}
	}
	h.refused("not_in_charge", "", set(h.by(zhao)))
	h.twice(h.by(li), func(a *app.App, by app.By) (app.Receipt, error) {
		return a.SetCellClasses(ctx, by, site, grid.SetClasses{Classes: map[string]string{"fire": "A"}})
	})
	h.twice(h.by(li), func(a *app.App, by app.By) (app.Receipt, error) {
		return a.SetCellAttributes(ctx, by, site, grid.SetAttributes{Attributes: map[string]any{"seats": 9}})
	})
	h.refused("cell_not_found", "", func() error {
		_, err := h.RetireCell(ctx, h.steward(), "4101040010010010009", grid.RetireCell{Reason: "x"})
		return err
	})
	h.twice(h.by(wang), func(a *app.App, by app.By) (app.Receipt, error) {
		return a.RetireCell(ctx, by, area, grid.RetireCell{Reason: "merged"})
	})
	h.refused("cell_retired", "", func() error {
		_, err := h.RetireCell(ctx, h.by(wang), area, grid.RetireCell{Reason: "merged"})
		return err
	})
	h.refused("parent_retired", "", create(h.steward(), "4101040010010010005"))
}

func TestAReplacedCellHasItsSuccessorsWhateverHappens(t *testing.T) {
	const east, west = grid.CellCode("410104001002"), grid.CellCode("410104001003")
	cmd := grid.ReplaceCell{Successors: []grid.Successor{{Code: east, Name: "东"}, {Code: west, Name: "西"}}}
	want := []any{grid.CellCreated{Code: west, Name: "西", Replaces: community}}
	t.Run("at once", func(t *testing.T) {
		h := newTown(t)
		r := h.twice(h.by(wang), func(a *app.App, by app.By) (app.Receipt, error) {
			return a.ReplaceCell(t.Context(), by, community, cmd, nil)
		})
		if r.Position != h.head() {
			t.Errorf("the answer's position is %d, the log is at %d", r.Position, h.head())
		}
		if got := h.events("cell-" + string(west)); !reflect.DeepEqual(got, want) {
			t.Errorf("got %+v, want %+v", got, want)
		}
		h.refused("cell_retired", "", func() error { _, err := h.ReplaceCell(t.Context(), h.by(wang), community, cmd, nil); return err })
		h.refused("successor_exists", "", func() error {
			_, err := h.ReplaceCell(t.Context(), h.by(wang), east, grid.ReplaceCell{Successors: []grid.Successor{{Code: west, Name: "x"}}}, nil)
			return err
		})
	})
	for name, finish := range map[string]func(*house, app.By){
		"by a retry":       func(h *house, by app.By) { h.done(h.ReplaceCell(t.Context(), by, community, cmd, nil)) },
		"by the completer": func(h *house, _ app.By) { h.complete() },
	} {
		t.Run(name, func(t *testing.T) {
			h := newTown(t)
			by := h.by(wang)
			h.log.cut("cell-" + string(west))
			if _, err := h.ReplaceCell(t.Context(), by, community, cmd, nil); err == nil {
				t.Fatal("it answered before everything was written")
			}
			h.log.mend()
			finish(h, by)
			if got := h.events("cell-" + string(west)); !reflect.DeepEqual(got, want) {
				t.Errorf("got %+v, want %+v", got, want)
			}
			head := h.head()
			h.complete()
			h.done(h.ReplaceCell(t.Context(), by, community, cmd, nil))
			if h.head() != head {
				t.Error("what is complete was written again")
			}
		})
	}
}

func TestPersonsAndDepartments(t *testing.T) {
	h := newTown(t)
	ctx := t.Context()
	r := h.twice(h.by(wang), func(a *app.App, by app.By) (app.Receipt, error) {
		return a.RegisterPerson(ctx, by, grid.RegisterPerson{Name: "孙七", Phone: "13803711234", Cell: community})
	})
	want := []any{grid.PersonRegistered{ID: r.ID, Name: personal.Of(r.ID, "孙七"), Phone: personal.Of(r.ID, "13803711234")}}
	if got := h.events("person-" + r.ID); !reflect.DeepEqual(got, want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
	register := func(by app.By, cmd grid.RegisterPerson) func() error {
		return func() error { _, err := h.RegisterPerson(ctx, by, cmd); return err }
	}
	h.refused("not_in_charge", "", register(h.by(wang), grid.RegisterPerson{Name: "x"}))
	h.refused("not_in_charge", "", register(h.by(wang), grid.RegisterPerson{Name: "x", Cell: street2}))
	h.refused("not_in_charge", "", register(h.by(zhao), grid.RegisterPerson{Name: "x", Cell: area}))
	h.refused("id_reused", "", register(h.steward(), grid.RegisterPerson{ID: wang, Name: "x"}))
	h.refused("invalid_fields", "id", register(h.steward(), grid.RegisterPerson{ID: "x", Name: "x"}))

	h.twice(h.by(wang), func(a *app.App, by app.By) (app.Receipt, error) {
		return a.CreateDepartment(ctx, by, grid.CreateDepartment{Code: "police-1", Name: "派出所", Cell: street})
	})
	h.refused("not_in_charge", "", func() error {
		_, err := h.CreateDepartment(ctx, h.by(wang), grid.CreateDepartment{Code: "police-2", Name: "派出所", Cell: street2})
		return err
	})
	h.twice(h.by(wang), func(a *app.App, by app.By) (app.Receipt, error) {
		return a.GiveDepartmentDuty(ctx, by, "police-1", grid.GiveDuty{Programme: "fire", Role: "supervisor", Person: r.ID, From: noon})
	})
	given := h.events("duties-fire-dept-police-1")[0].(grid.DutyGiven)
	h.twice(h.by(wang), func(a *app.App, by app.By) (app.Receipt, error) {
		return a.EndDepartmentDuty(ctx, by, "police-1", grid.EndDuty{Duty: given.Duty, At: noon.AddDate(0, 0, 9)})
	})
}

func TestADutyIsOnAllItsCellsWhateverHappens(t *testing.T) {
	ctx := t.Context()
	give := grid.GiveDuty{ID: "00000000-0000-4000-8000-0000000000d1", Programme: "water", Role: "irrigation_head", Person: zhao, From: noon, Cells: []grid.CellCode{street2}}
	given := grid.DutyGiven{Duty: give.ID, Programme: "water", Role: "irrigation_head", ActsAs: "chief", Person: zhao, From: noon, Cells: []grid.CellCode{street, street2}}
	end := grid.EndDuty{Duty: give.ID, At: noon.AddDate(0, 1, 0)}
	other := "duties-water-" + string(street2)

	t.Run("at once", func(t *testing.T) {
		h := newTown(t)
		r := h.twice(h.steward(), func(a *app.App, by app.By) (app.Receipt, error) { return a.GiveDuty(ctx, by, street, give) })
		if got, want := h.events(other), []any{given}; !reflect.DeepEqual(got, want) || r.Position != h.head() {
			t.Errorf("got %+v at %d, want %+v at %d", got, r.Position, want, h.head())
		}
		h.refused("duty_overlaps", "", func() error {
			again := give
			again.ID = ""
			_, err := h.GiveDuty(ctx, h.steward(), street, again)
			return err
		})
		r = h.twice(h.steward(), func(a *app.App, by app.By) (app.Receipt, error) { return a.EndDuty(ctx, by, street2, end) })
		if got, want := h.events("duties-water-" + string(street))[2], any(grid.DutyEnded(end)); !reflect.DeepEqual(got, want) || r.Position != h.head() {
			t.Errorf("got %+v, want %+v", got, want)
		}
		h.refused("duty_ended", "", func() error {
			_, err := h.EndDuty(ctx, h.steward(), street, grid.EndDuty{Duty: give.ID, At: noon.AddDate(0, 2, 0)})
			return err
		})
		h.refused("duty_not_found", "", func() error {
			_, err := h.EndDuty(ctx, h.steward(), community, end)
			return err
		})
	})
	t.Run("after a cut", func(t *testing.T) {
		h := newTown(t)
		h.log.cut(other)
		if _, err := h.GiveDuty(ctx, h.steward(), street, give); err == nil {
			t.Fatal("it answered before everything was written")
		}
		h.log.mend()
		h.complete()
		h.log.cut(other)
		if _, err := h.EndDuty(ctx, h.steward(), street, end); err == nil {
			t.Fatal("it answered before everything was written")
		}
		h.log.mend()
		h.complete()
		if got, want := h.events(other), []any{given, grid.DutyEnded(end)}; !reflect.DeepEqual(got, want) {
			t.Errorf("got %+v, want %+v", got, want)
		}
		head := h.head()
		h.complete()
		h.done(h.EndDuty(ctx, h.steward(), street, end))
		if h.head() != head {
			t.Error("what is complete was written again")
		}
	})
}

func TestDutiesAreGivenByTheOfficesOfTheirProgramme(t *testing.T) {
	h := newTown(t)
	give := func(by app.By, cell grid.CellCode, cmd grid.GiveDuty) func() error {
		cmd.From = noon
		return func() error { _, err := h.GiveDuty(t.Context(), by, cell, cmd); return err }
	}
	h.refused("not_in_charge", "", give(h.by(wang), street, grid.GiveDuty{Programme: "water", Role: "inspector", Person: zhao}))
	h.refused("not_in_charge", "", give(h.by(wang), street, grid.GiveDuty{Programme: "fire", Role: "officer", Person: zhao, Cells: []grid.CellCode{street2}}))
	h.refused("post_taken", "", give(h.by(wang), street, grid.GiveDuty{Programme: "fire", Role: "chief", Person: zhao}))
	h.refused("invalid_fields", "role", give(h.by(wang), street, grid.GiveDuty{Programme: "fire", Role: "king", Person: zhao}))
	h.refused("programme_not_found", "", give(h.steward(), street, grid.GiveDuty{Programme: "ice", Role: "chief", Person: zhao}))
	h.refused("person_not_found", "", give(h.steward(), street2, grid.GiveDuty{Programme: "fire", Role: "chief", Person: "nobody"}))
	h.refused("cell_not_found", "", give(h.steward(), "410104009", grid.GiveDuty{Programme: "fire", Role: "chief", Person: zhao}))
	h.refused("invalid_fields", "cell", give(h.steward(), site, grid.GiveDuty{Programme: "water", Role: "inspector", Person: zhao}))
}

func TestOneOfManyGetsThePost(t *testing.T) {
	h := newTown(t)
	give := grid.GiveDuty{Programme: "fire", Role: "chief", From: noon}
	errs := make([]error, 4)
	var group sync.WaitGroup
	for i, person := range []string{wang, li, zhao, qian} {
		by, cmd := h.steward(), give
		cmd.Person = person
		group.Go(func() { _, errs[i] = h.GiveDuty(t.Context(), by, street2, cmd) })
	}
	group.Wait()
	given := 0
	for _, err := range errs {
		if f, ok := fault.As(err); err == nil {
			given++
		} else if !ok || f.Code != "post_taken" {
			t.Errorf("got %v", err)
		}
	}
	if given != 1 || len(h.events("duties-fire-"+string(street2))) != 1 {
		t.Errorf("%d of them got it", given)
	}
}

func TestProgrammesArePublishedOnceAndListed(t *testing.T) {
	h := newTown(t)
	ctx := t.Context()
	listed := func(a *app.App) map[string]int {
		all, err := a.Programmes(ctx)
		h.ok(err)
		out := map[string]int{}
		for _, p := range all {
			out[p.Code] = p.Version
		}
		return out
	}
	before := listed(h.App)
	if before["fire"] != 1 || before["water"] != 1 {
		t.Fatalf("the built-in programmes are %v", before)
	}
	head := h.head()
	var builtin []programme.Programme
	for code := range before {
		p, err := h.Programme(ctx, code, 1)
		h.ok(err)
		builtin = append(builtin, *p)
	}
	h.ok(h.PublishBuiltin(ctx, h.steward(), builtin))
	if h.head() != head {
		t.Error("a second start published again")
	}

	fire, err := h.Programme(ctx, "fire", 0)
	h.ok(err)
	changed := *fire
	changed.Name += "(试行)"
	publish := func(p programme.Programme) func(*app.App, app.By) (app.Receipt, error) {
		return func(a *app.App, by app.By) (app.Receipt, error) {
			r, err := a.PublishProgramme(ctx, by, p, nil)
			return r.Receipt, err
		}
	}
	h.refused("not_steward", "", func() error { _, err := h.PublishProgramme(ctx, h.by(wang), changed, nil); return err })
	h.twice(h.steward(), publish(changed))
	changed.Code = "ice"
	h.twice(h.steward(), publish(changed))
	h.refused("invalid_fields", "", func() error {
		broken := changed
		broken.Code, broken.Levels = "fog", nil
		_, err := h.PublishProgramme(ctx, h.steward(), broken, nil)
		return err
	})

	before["fire"], before["ice"] = 2, 1
	if after := listed(newApp(t, h.log)); !reflect.DeepEqual(after, before) {
		t.Errorf("after a restart they are %v, want %v", after, before)
	}
	if first, err := h.Programme(ctx, "fire", 1); err != nil || first.Name != fire.Name {
		t.Errorf("the first version became %v, %v", first, err)
	}
}
