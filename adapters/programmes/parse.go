package programmes

import (
	"fmt"
	"maps"
	"slices"

	"gridward/domain/fault"
	"gridward/domain/programme"
)

// MaxSize is the largest file that is read, in bytes: some thousand catalogue items.
const MaxSize = 256 << 10

// maxProblems bounds the answer to a file that is wrong throughout.
const maxProblems = 50

// file is what an author writes. It is programme.Programme without its version and with defaults for limits.
type file struct {
	Code            string                 `yaml:"code"`
	Name            string                 `yaml:"name"`
	NameEn          string                 `yaml:"name_en"`
	Levels          []int                  `yaml:"levels"`
	OfficeLevel     *int                   `yaml:"office_level"` // 0 means something, so its absence must show
	Steps           string                 `yaml:"steps"`
	TransferLevel   int                    `yaml:"transfer_level"`
	Roles           []programme.Role       `yaml:"roles"`
	MandatoryFields []string               `yaml:"mandatory_fields"`
	Classes         []programme.Class      `yaml:"classes"`
	PremisesFields  []programme.Field      `yaml:"premises_fields"`
	Checklist       []programme.CheckItem  `yaml:"checklist"`
	Limits          map[string]stageLimits `yaml:"limits"`       // severity -> defaults of every item at that severity
	ClassLimits     map[string]stageLimits `yaml:"class_limits"` // cell class -> defaults of every item in such cells
	Catalogue       []programme.Item       `yaml:"catalogue"`
	Duties          []programme.DutyRule   `yaml:"duties"`
	Ladder          []programme.Ladder     `yaml:"ladder"`
	Night           *programme.Night       `yaml:"night"`
	Filing          *programme.Limit       `yaml:"filing"`
	Corrects        *int                   `yaml:"corrects"` // a pointer, so that 0 is refused and not taken for its absence
}

type stageLimits = map[string]programme.Limit

// Parse reads one programme; name is the file's, for the message. Whatever is wrong is told at once, in one
// *fault.Error of kind Invalid and code invalid_programme: each field says line, column and path
// ("line 12, column 7: catalogue[3].limits.check"). What parses is sound by programme.Validate; its version is 0.
func Parse(name string, src []byte) (programme.Programme, error) {
	var f file
	r, err := read(src, &f)
	if err != nil {
		return programme.Programme{}, invalid(name, fault.Field{Field: err.place.String(), Reason: err.reason})
	}
	if len(r.problems) > 0 {
		return programme.Programme{}, invalid(name, r.problems...)
	}
	bad := f.checkDefaults()
	if len(bad) == 0 {
		f.fillIn()
	}
	p := f.programme()
	bad = append(bad, programme.Validate(p)...)
	if len(bad) > 0 {
		for i := range bad {
			bad[i].Field = r.locate(bad[i].Field)
		}
		return programme.Programme{}, invalid(name, bad...)
	}
	return p, nil
}

func invalid(name string, problems ...fault.Field) error {
	err := fault.New(fault.Invalid, "invalid_programme", "%s is not a programme", name)
	if n := len(problems); n > maxProblems {
		err.Message += fmt.Sprintf("; the first %d of %d problems", maxProblems, n)
		problems = problems[:maxProblems]
	}
	err.Fields = problems
	return err
}

// checkDefaults looks at what programme.Validate never sees: the defaults, and keys whose absence means nothing.
func (f *file) checkDefaults() fault.Fields {
	var bad fault.Fields
	if f.OfficeLevel == nil {
		bad.Add("office_level", "is required (0: the parent cell)")
	}
	if f.Corrects != nil && *f.Corrects == 0 {
		bad.Add("corrects", "must be the number of a version, from 1")
	}
	for _, severity := range slices.Sorted(maps.Keys(f.Limits)) {
		if programme.SeverityRank(severity) == 0 {
			bad.Add("limits."+severity, "%q is not one of %v", severity, programme.Severities)
		}
		bad = append(bad, programme.ValidateLimits("limits."+severity, f.Limits[severity])...)
	}
	for _, class := range slices.Sorted(maps.Keys(f.ClassLimits)) {
		if !slices.ContainsFunc(f.Classes, func(c programme.Class) bool { return c.Code == class }) {
			bad.Add("class_limits."+class, "class %q is not one of the programme's", class)
		}
		bad = append(bad, programme.ValidateLimits("class_limits."+class, f.ClassLimits[class])...)
	}
	return bad
}

// fillIn completes every item: its own limits from the defaults of its severity, its severity_limits for the
// other severities, its class_limits. What the item says itself stays. An item whose limit is set on dispatch
// gets no default for rectification. A rung that escalates goes one level up where it says no number.
func (f *file) fillIn() {
	for i := range f.Catalogue {
		it := &f.Catalogue[i]
		it.Limits = merged(f.Limits[it.Severity], it.Limits, it.SetOnDispatch)
		for severity, defaults := range f.Limits {
			if severity != it.Severity {
				put(&it.SeverityLimits, severity, merged(defaults, it.SeverityLimits[severity], it.SetOnDispatch))
			}
		}
		for class, defaults := range f.ClassLimits {
			put(&it.ClassLimits, class, merged(defaults, it.ClassLimits[class], it.SetOnDispatch))
		}
	}
	for _, l := range f.Ladder {
		for i := range l.Rungs {
			if r := &l.Rungs[i]; r.Do == programme.DoEscalate && r.Levels == 0 {
				r.Levels = 1
			}
		}
	}
}

func merged(defaults, own stageLimits, setOnDispatch bool) stageLimits {
	out := make(stageLimits, len(defaults)+len(own))
	maps.Copy(out, defaults)
	if setOnDispatch {
		delete(out, programme.StageRectification)
	}
	maps.Copy(out, own)
	return out
}

func put(m *map[string]stageLimits, key string, limits stageLimits) {
	if len(limits) == 0 {
		return
	}
	if *m == nil {
		*m = map[string]stageLimits{}
	}
	(*m)[key] = limits
}

// programme is the definition, with lists where the author left them out, so that it reads as lists everywhere.
func (f *file) programme() programme.Programme {
	p := programme.Programme{Code: f.Code, Name: f.Name, NameEn: f.NameEn, Levels: list(f.Levels), Steps: f.Steps,
		TransferLevel: f.TransferLevel, Roles: list(f.Roles), MandatoryFields: list(f.MandatoryFields),
		Classes: list(f.Classes), PremisesFields: list(f.PremisesFields), Checklist: list(f.Checklist),
		Catalogue: list(f.Catalogue), Duties: list(f.Duties), Ladder: list(f.Ladder), Night: f.Night,
		Filing: f.Filing}
	if f.OfficeLevel != nil {
		p.OfficeLevel = *f.OfficeLevel
	}
	if f.Corrects != nil {
		p.Corrects = *f.Corrects
	}
	for i := range p.Catalogue { // what JSON omits when empty is nil here too: a definition reads back as it was
		it := &p.Catalogue[i]
		if it.Limits == nil {
			it.Limits = stageLimits{}
		}
		if len(it.ClassLimits) == 0 {
			it.ClassLimits = nil
		}
		if len(it.SeverityLimits) == 0 {
			it.SeverityLimits = nil
		}
	}
	for i := range p.PremisesFields {
		if len(p.PremisesFields[i].Choices) == 0 {
			p.PremisesFields[i].Choices = nil
		}
	}
	return p
}

func list[T any](s []T) []T {
	if s == nil {
		return []T{}
	}
	return s
}
