package programme_test

import (
	"errors"
	"reflect"
	"testing"

	"gridward/domain/fault"
	"gridward/domain/programme"
)

func fold(events ...programme.Event) programme.State {
	var s programme.State
	for _, e := range events {
		s = programme.Evolve(s, e)
	}
	return s
}

// published is the event of a definition as version n.
func published(t *testing.T, p programme.Programme, n int) programme.Event {
	t.Helper()
	digest, err := programme.Digest(p)
	if err != nil {
		t.Fatal(err)
	}
	p.Version = n
	return programme.Published{Programme: p, Digest: digest}
}

func TestPublish(t *testing.T) {
	first, renamed, foreign, wrong := lamps(), lamps(), lamps(), lamps()
	renamed.Name = "路灯照明"
	foreign.Code = "lanterns"
	wrong.Levels = nil
	numbered := lamps()
	numbered.Version = 7
	corrects, early := lamps(), lamps()
	corrects.Corrects, early.Corrects = 1, 2

	for _, tc := range []struct {
		name  string
		given []programme.Event
		when  programme.Programme
		then  []programme.Event
		fails error
	}{
		{name: "the first is version 1", when: first, then: []programme.Event{published(t, first, 1)}},
		{name: "its own number counts for nothing", when: numbered, then: []programme.Event{published(t, first, 1)}},
		{name: "another definition is the next version", given: []programme.Event{published(t, first, 1)},
			when: renamed, then: []programme.Event{published(t, renamed, 2)}},
		{name: "the same again is nothing new", given: []programme.Event{published(t, first, 1)}, when: first},
		{name: "the same under a number is nothing new", given: []programme.Event{published(t, first, 1)}, when: numbered},
		{name: "going back is a new version", given: []programme.Event{published(t, first, 1), published(t, renamed, 2)},
			when: first, then: []programme.Event{published(t, first, 3)}},
		{name: "a correction is the next version", given: []programme.Event{published(t, first, 1)},
			when: corrects, then: []programme.Event{published(t, corrects, 2)}},
		{name: "the same correction again is nothing new", given: []programme.Event{published(t, first, 1), published(t, corrects, 2)}, when: corrects},
		{name: "a correction of what was never published", given: []programme.Event{published(t, first, 1)}, when: early,
			fails: &fault.Error{Kind: fault.Invalid, Code: "invalid_fields"}},
		{name: "another programme's stream", given: []programme.Event{published(t, first, 1)}, when: foreign,
			fails: &fault.Error{Kind: fault.Refused, Code: "programme_code_differs"}},
		{name: "an unsound definition", when: wrong, fails: &fault.Error{Kind: fault.Invalid, Code: "invalid_fields"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			state := fold(tc.given...)
			got, err := programme.DecidePublish(state, tc.when)
			if !errors.Is(err, tc.fails) {
				t.Fatalf("err = %v, want %v", err, tc.fails)
			}
			if !reflect.DeepEqual(got, tc.then) {
				t.Fatalf("got %+v\nwant %+v", got, tc.then)
			}
			if err != nil {
				return
			}
			// The law: the same command sent twice changes nothing the second time.
			again, err := programme.DecidePublish(fold(append(tc.given, got...)...), tc.when)
			if err != nil || len(again) != 0 {
				t.Errorf("sent again: %v, %v", again, err)
			}
		})
	}
}

func TestEveryVersionStaysReadable(t *testing.T) {
	first, second := lamps(), lamps()
	second.Name = "路灯照明"
	s := fold(published(t, first, 1), published(t, second, 2))

	if p, ok := s.Version(1); !ok || p.Name != "路灯" || p.Version != 1 {
		t.Errorf("version 1 is %v %v", p.Name, ok)
	}
	if p, ok := s.Latest(); !ok || p.Name != "路灯照明" || p.Version != 2 {
		t.Errorf("latest is %v %v", p.Name, ok)
	}
	for _, n := range []int{-1, 0, 3} {
		if _, ok := s.Version(n); ok {
			t.Errorf("there is a version %d", n)
		}
	}
	if _, ok := (programme.State{}).Latest(); ok {
		t.Error("an empty stream has a latest version")
	}
}

// States are cached and shared: two futures of one state must not see each other.
func TestEvolveLeavesItsStateAlone(t *testing.T) {
	a, b, c := lamps(), lamps(), lamps()
	b.Name, c.Name = "b", "c"
	base := fold(published(t, a, 1), published(t, a, 2), published(t, a, 3))
	left := programme.Evolve(base, published(t, b, 4))
	right := programme.Evolve(base, published(t, c, 4))
	if l, _ := left.Latest(); l.Name != "b" {
		t.Errorf("the left future reads %q", l.Name)
	}
	if r, _ := right.Latest(); r.Name != "c" || len(base.Versions) != 3 {
		t.Errorf("the right future reads %q, the base has %d versions", r.Name, len(base.Versions))
	}
}
