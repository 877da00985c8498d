package calendar

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// DecidePublish publishes a definition as the next version, whatever version it says it has. Name, zone and seasons
// that it leaves out, and years it does not mention, stay as they are in the last version; a year it mentions
// replaces that year. What then says the same as the last version yields no event, unless it corrects a version that
// the last one did not. What is not sound is a *fault.Error of kind Invalid with its fields.
func DecidePublish(s State, d Definition) ([]Event, error) {
	if last := s.Latest(); last != nil {
		d = d.over(last.Definition)
	}
	bad := Validate(d)
	if d.Corrects < 0 || d.Corrects > len(s.Versions) {
		bad.Add("corrects", "must be a version there is")
	}
	if err := bad.Err(); err != nil {
		return nil, err
	}
	d = d.ordered()
	if last := s.Latest(); last != nil && d.Corrects == 0 {
		same := d
		same.Corrects = last.Corrects
		if digest, err := Digest(same); err != nil || digest == s.Digest {
			return nil, err
		}
	}
	digest, err := Digest(d)
	if err != nil || digest == s.Digest {
		return nil, err
	}
	d.Version = len(s.Versions) + 1
	return []Event{Published{Calendar: d, Digest: digest}}, nil
}

// over fills what a definition leaves out from the version before it.
func (d Definition) over(last Definition) Definition {
	d.Name = cmp.Or(d.Name, last.Name)
	d.Zone = cmp.Or(d.Zone, last.Zone)
	if len(d.Seasons) == 0 {
		d.Seasons = last.Seasons
	}
	years := slices.Clone(d.Years)
	for _, y := range last.Years {
		if !slices.ContainsFunc(d.Years, func(mine Year) bool { return mine.Year == y.Year }) {
			years = append(years, y)
		}
	}
	d.Years = years
	return d
}

// ordered is a copy with everything in the order of time, so that what says the same is the same. It shares nothing
// with who published it.
func (d Definition) ordered() Definition {
	d.Seasons = slices.Clone(d.Seasons)
	for i := range d.Seasons {
		d.Seasons[i].Periods = slices.Clone(d.Seasons[i].Periods)
	}
	slices.SortFunc(d.Seasons, func(a, b Season) int { return strings.Compare(a.From, b.From) })
	d.Years = append([]Year{}, d.Years...)
	for i, y := range d.Years {
		d.Years[i].Days = append([]Day{}, y.Days...)
		slices.SortFunc(d.Years[i].Days, func(a, b Day) int { return strings.Compare(a.Date, b.Date) })
	}
	slices.SortFunc(d.Years, func(a, b Year) int { return cmp.Compare(a.Year, b.Year) })
	return d
}

// Digest is the SHA-256 of the definition without its version, in hex: equal definitions have equal digests.
func Digest(d Definition) (string, error) {
	d.Version = 0
	b, err := json.Marshal(d)
	if err != nil {
		return "", fmt.Errorf("digest of a calendar: %w", err)
	}
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:]), nil
}

// Evolve folds one event of the calendar's stream.
func Evolve(s State, e Event) State {
	switch e := e.(type) {
	case Published:
		s.Versions = append(slices.Clip(s.Versions), Compile(e.Calendar))
		s.Digest = e.Digest
	}
	return s
}
