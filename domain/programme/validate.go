package programme

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"gridward/domain/fault"
	"gridward/domain/grid"
)

// MandatoryFields are the fields of an inspection a programme may demand. Time and cell are always there.
var MandatoryFields = []string{"content", "participants", "measures", "location", "evidence", "checklist"}

// FieldKinds are the kinds of a premises field.
var FieldKinds = []string{"text", "number", "bool", "date", "choice"}

// Whats are the things a duty may ask for, Periods how often, Pers of whom or of what.
var (
	Whats   = []string{"patrol", "campaign", "self_check", "meeting", "publicity", "training", "drill"}
	Periods = []string{"day", "week", "month", "quarter", "half_year", "year", "before_holiday"}
	Pers    = []string{"cell", "holder", perPremises}
)

const perPremises = "premises"

// The things a rung of the ladder may do, and Does lists them.
const (
	DoYellow    = "yellow"
	DoRed       = "red"
	DoEscalate  = "escalate"
	DoSupervise = "supervise"
)

// Does lists what a rung may do.
var Does = []string{DoYellow, DoRed, DoEscalate, DoSupervise}

var (
	programmeCode = regexp.MustCompile(`^[a-z][a-z0-9-]{0,39}$`)
	anyCode       = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$`)
	fieldName     = regexp.MustCompile(`^[a-z][a-z0-9_]{0,63}$`)
)

// Validate says everything that is wrong with a definition, by path ("catalogue[3].limits.check.unit") and
// reason; nothing when it is sound. The version is not looked at: publishing sets it.
func Validate(p Programme) fault.Fields {
	v := validator{p: &p}
	v.head()
	v.roles()
	v.premises()
	for i, it := range p.Catalogue {
		v.item(at("catalogue", i), it)
	}
	v.unique("catalogue", "item", codes(p.Catalogue, func(it Item) string { return it.Item }))
	for i, d := range p.Duties {
		v.duty(at("duties", i), d)
	}
	v.unique("duties", "what", codes(p.Duties, dutyKey))
	for i, l := range p.Ladder {
		v.ladder(at("ladder", i), l)
	}
	v.unique("ladder", "stage", codes(p.Ladder, func(l Ladder) string { return l.Severity + " " + l.Stage }))
	return v.Fields
}

// ValidateLimits checks limits by stage: the stages are known and the limits sound.
func ValidateLimits(path string, limits map[string]Limit) fault.Fields {
	var bad fault.Fields
	for _, stage := range sorted(limits) {
		if !slices.Contains(Stages, stage) {
			bad.Add(join(path, stage), "%q is not one of the stages %v", stage, Stages)
		}
		bad = append(bad, limits[stage].Validate(join(path, stage))...)
	}
	return bad
}

type validator struct {
	fault.Fields

	p *Programme
}

func (v *validator) head() {
	p := v.p
	v.matches("code", p.Code, programmeCode)
	v.named("name", p.Name)
	if len(p.Levels) == 0 {
		v.Add("levels", "is required")
	}
	for i, level := range p.Levels {
		if level < grid.District || level > grid.Site {
			v.Add(at("levels", i), "must be 1 to 5")
		}
		if i > 0 && level <= p.Levels[i-1] {
			v.Add(at("levels", i), "must be above the level before it")
		}
	}
	if p.OfficeLevel != 0 {
		v.level("office_level", p.OfficeLevel)
	}
	if p.TransferLevel != 0 {
		v.level("transfer_level", p.TransferLevel)
	}
	if p.Steps != "" && p.Steps != StepsVerify && p.Steps != StepsDeliver {
		v.Add("steps", "must be %q, %q or left out", StepsVerify, StepsDeliver)
	}
	if p.Filing != nil {
		v.Fields = append(v.Fields, p.Filing.Validate("filing")...)
	}
	if p.Corrects < 0 {
		v.Add("corrects", "must be the number of a version, from 1")
	}
	for i, f := range p.MandatoryFields {
		oneOf(&v.Fields, at("mandatory_fields", i), f, MandatoryFields)
		if f == "checklist" && len(p.Checklist) == 0 {
			v.Add(at("mandatory_fields", i), "there is no checklist to fill in")
		}
	}
	v.unique("mandatory_fields", "", p.MandatoryFields)
	if n := p.Night; n != nil {
		v.night(n)
	}
}

func (v *validator) night(n *Night) {
	for _, f := range []struct{ path, value string }{{"night.from", n.From}, {"night.to", n.To}} {
		if _, err := time.Parse("15:04", f.value); err != nil || len(f.value) != len("15:04") {
			v.Add(f.path, "must be a time of day such as 20:00")
		}
	}
	if n.From == n.To {
		v.Add("night.to", "must differ from night.from")
	}
}

func (v *validator) roles() {
	for i, r := range v.p.Roles {
		path := at("roles", i)
		v.matches(path+".code", r.Code, fieldName)
		v.named(path+".name", r.Name)
		oneOf(&v.Fields, path+".acts_as", r.ActsAs, grid.Roles)
		if slices.Contains(grid.Roles, r.Code) && r.ActsAs != r.Code {
			v.Add(path+".acts_as", "%s is one of the six roles and acts as itself", r.Code)
		}
	}
	v.unique("roles", "code", codes(v.p.Roles, func(r Role) string { return r.Code }))
}

func (v *validator) premises() {
	for i, c := range v.p.Classes {
		v.matches(at("classes", i)+".code", c.Code, anyCode)
		v.named(at("classes", i)+".name", c.Name)
	}
	v.unique("classes", "code", codes(v.p.Classes, func(c Class) string { return c.Code }))
	for i, f := range v.p.PremisesFields {
		path := at("premises_fields", i)
		v.matches(path+".name", f.Name, fieldName)
		v.named(path+".label", f.Label)
		oneOf(&v.Fields, path+".kind", f.Kind, FieldKinds)
		if (f.Kind == "choice") != (len(f.Choices) > 0) {
			v.Add(path+".choices", "belong to the kind choice, and it needs some")
		}
		for j, c := range f.Choices {
			v.named(at(path+".choices", j), c)
		}
		v.unique(path+".choices", "", f.Choices)
	}
	v.unique("premises_fields", "name", codes(v.p.PremisesFields, func(f Field) string { return f.Name }))
	for i, c := range v.p.Checklist {
		v.matches(at("checklist", i)+".item", c.Item, anyCode)
		v.named(at("checklist", i)+".name", c.Name)
	}
	v.unique("checklist", "item", codes(v.p.Checklist, func(c CheckItem) string { return c.Item }))
}

// level demands one of the programme's levels.
func (v *validator) level(path string, level int) {
	if !v.p.Uses(level) {
		v.Add(path, "level %d is not one of the programme's levels %v", level, v.p.Levels)
	}
}

func (v *validator) class(path, class string) {
	if !v.p.HasClass(class) {
		v.Add(path, "class %q is not one of the programme's", class)
	}
}

func (v *validator) matches(path, code string, form *regexp.Regexp) {
	switch {
	case code == "":
		v.Add(path, "is required")
	case !form.MatchString(code):
		v.Add(path, "%q does not match %s", code, form)
	}
}

func (v *validator) named(path, name string) {
	if strings.TrimSpace(name) == "" {
		v.Add(path, "is required")
	}
}

// unique notes every code that came before in the same list, at its field ("" for a plain list).
func (v *validator) unique(list, field string, codes []string) {
	seen := make(map[string]int, len(codes))
	for i, c := range codes {
		path := at(list, i)
		if field != "" {
			path += "." + field
		}
		if first, ok := seen[c]; ok && c != "" {
			v.Add(path, "%q is already at %s", c, at(list, first))
			continue
		}
		seen[c] = i
	}
}

func codes[T any](list []T, code func(T) string) []string {
	out := make([]string, len(list))
	for i, e := range list {
		out[i] = code(e)
	}
	return out
}

func at(list string, i int) string { return fmt.Sprintf("%s[%d]", list, i) }
