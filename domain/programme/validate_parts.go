package programme

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"gridward/domain/grid"
)

func (v *validator) item(path string, it Item) {
	v.matches(path+".item", it.Item, anyCode)
	v.named(path+".name", it.Name)
	oneOf(&v.Fields, path+".severity", it.Severity, Severities)
	v.Fields = append(v.Fields, ValidateLimits(path+".limits", it.Limits)...)
	for _, class := range sorted(it.ClassLimits) {
		v.class(join(path+".class_limits", class), class)
		v.Fields = append(v.Fields, ValidateLimits(join(path+".class_limits", class), it.ClassLimits[class])...)
	}
	for _, severity := range sorted(it.SeverityLimits) {
		oneOf(&v.Fields, join(path+".severity_limits", severity), severity, Severities)
		v.Fields = append(v.Fields, ValidateLimits(join(path+".severity_limits", severity), it.SeverityLimits[severity])...)
	}
	if it.DispatchTo != nil {
		v.dispatchTo(path+".dispatch_to", it)
	}
	if it.Statutory != nil {
		v.statutory(path+".statutory", it)
	}
}

func (v *validator) dispatchTo(path string, it Item) {
	to := it.DispatchTo
	if (to.Level != 0) == (to.Department != "") {
		v.Add(path, "needs exactly one of level and department")
		return
	}
	if to.Level != 0 {
		v.level(path+".level", to.Level)
	} else {
		v.matches(path+".department", to.Department, anyCode)
	}
	if _, listed := it.Limits[StageListing]; listed && it.Severity == Major {
		v.Add(path, "a major hazard with a listing stage awaits its listing: nothing dispatches it by itself")
	}
	if it.SetOnDispatch {
		v.Add(path, "an item whose limit is set on dispatch is dispatched by a person")
	}
}

// statutory: what an office commits itself to is never longer than what the law gives it.
func (v *validator) statutory(path string, it Item) {
	bad := it.Statutory.Validate(path)
	v.Fields = append(v.Fields, bad...)
	committed, ok := it.Limits[StageRectification]
	if ok && len(bad) == 0 && committed != *it.Statutory && ShorterOrEqual(*it.Statutory, committed) {
		v.Add(path, "%s is shorter than the committed rectification limit, %s", it.Statutory, committed)
	}
}

func (v *validator) duty(path string, d DutyRule) {
	oneOf(&v.Fields, path+".what", d.What, Whats)
	if v.p.ActsAs(d.Role) == "" {
		v.Add(path+".role", "%q is neither one of the six roles nor one of the programme's", d.Role)
	}
	v.level(path+".level", d.Level)
	if d.Class != "" {
		v.class(path+".class", d.Class)
	}
	oneOf(&v.Fields, path+".period", d.Period, Periods)
	oneOf(&v.Fields, path+".per", d.Per, Pers)
	if d.Per == perPremises && !v.p.Uses(grid.Site) {
		v.Add(path+".per", "premises lie at level %d, which is not one of the programme's levels %v", grid.Site, v.p.Levels)
	}
	v.counts(path, d.What, d.Count, d.Night)
	if d.Peak != nil {
		v.peak(path+".peak", d)
	}
}

// dutyKey is what one rule asks for; two rules with the same one would ask twice for one thing.
func dutyKey(d DutyRule) string {
	return fmt.Sprintf("%s %s %d %s %s %s", d.What, d.Role, d.Level, d.Class, d.Period, d.Per)
}

// peak: a period is a peak one by the month it lies in, so it may not be longer than a month.
func (v *validator) peak(path string, d DutyRule) {
	if slices.Contains([]string{"quarter", "half_year", "year"}, d.Period) {
		v.Add(path, "peak months are for periods of a month or less, not for a %s", d.Period)
	}
	if len(d.Peak.Months) == 0 {
		v.Add(path+".months", "is required")
	}
	seen := map[int]bool{}
	for i, m := range d.Peak.Months {
		if m < int(time.January) || m > int(time.December) || seen[m] {
			v.Add(at(path+".months", i), "must be a month, 1 to 12, once")
		}
		seen[m] = true
	}
	v.counts(path, d.What, d.Peak.Count, d.Peak.Night)
}

// counts: night patrols are part of the count, and only what is logged as an inspection can lie in the night.
func (v *validator) counts(path, what string, count, night int) {
	if count < 1 {
		v.Add(path+".count", "must be 1 or more")
	}
	if night < 0 || night > count {
		v.Add(path+".night", "must be 0 to the count, %d", count)
	}
	if night > 0 && slices.Contains([]string{"meeting", "publicity", "training", "drill"}, what) {
		v.Add(path+".night", "is for patrols, campaigns and self-checks, not for a %s", what)
	}
}

func (v *validator) ladder(path string, l Ladder) {
	oneOf(&v.Fields, path+".severity", l.Severity, Severities)
	oneOf(&v.Fields, path+".stage", l.Stage, LadderStages)
	if len(l.Rungs) == 0 {
		v.Add(path+".rungs", "is required")
	}
	problems := len(v.Fields)
	for i, r := range l.Rungs {
		v.rung(at(path+".rungs", i), r)
	}
	if len(v.Fields) > problems {
		return // rungs that are wrong in themselves have no order
	}
	for i := 1; i < len(l.Rungs); i++ {
		if l.Rungs[i].When.before(l.Rungs[i-1].When) {
			v.Add(at(path+".rungs", i)+".when", "comes before the rung above it")
		}
	}
}

// before reports whether w is certain to come earlier than o, whatever the calendar and the start.
func (w When) before(o When) bool {
	switch {
	case w.Past == nil && o.Past == nil:
		return w.Share < o.Share
	case w.Past == nil || o.Past == nil:
		return w.Past == nil // a share ends at the deadline, where the time past it begins
	default:
		return ShorterOrEqual(*w.Past, *o.Past) && !ShorterOrEqual(*o.Past, *w.Past)
	}
}

func (v *validator) rung(path string, r Rung) {
	switch {
	case (r.When.Share != 0) == (r.When.Past != nil):
		v.Add(path+".when", "needs exactly one of share and past")
	case r.When.Past != nil:
		v.Fields = append(v.Fields, r.When.Past.Validate(path+".when.past")...)
	case !(r.When.Share > 0 && r.When.Share <= 1): // written so that NaN is refused too
		v.Add(path+".when.share", "must be above 0 and at most 1 (1 is the deadline itself)")
	}
	oneOf(&v.Fields, path+".do", r.Do, Does)
	if r.Do == DoRed && r.When.Past == nil && r.When.Share != 1 {
		v.Add(path+".when", "a red card is for what is past its deadline: share 1 or past")
	}
	if r.Do == DoYellow && (r.When.Past != nil || r.When.Share == 1) {
		v.Add(path+".when", "a yellow card warns before the deadline: a share below 1")
	}
	switch {
	case r.Do == DoEscalate && (r.Levels < 1 || r.Levels > 4):
		v.Add(path+".levels", "must be 1 to 4 to escalate")
	case r.Do != DoEscalate && r.Levels != 0:
		v.Add(path+".levels", "belongs to escalate only")
	}
	switch {
	case r.Do == DoSupervise:
		v.level(path+".level", r.Level)
	case r.Level != 0:
		v.Add(path+".level", "belongs to supervise only")
	}
}

// sorted gives the keys in order, so that the same definition always has the same problems in the same order.
func sorted[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
