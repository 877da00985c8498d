package views

import (
	"context"
	"slices"
	"strings"

	"gridward/app"
	"gridward/domain/fault"
	"gridward/domain/grid"
)

// Views may be divided by district (docs/decisions/0024): a shard holds what concerns some districts. What it does not
// hold it does not answer for.

// Districts are those a shard holds, in order; none is all there are.
type Districts []grid.CellCode

// ParseDistricts reads their codes, each once.
func ParseDistricts(codes []string) (Districts, error) {
	var d Districts
	for _, code := range codes {
		cell := grid.CellCode(strings.TrimSpace(code))
		if cell.Level() != grid.District {
			return nil, fault.BadField("districts", "has %q, which is not the code of a district: six digits", code)
		}
		d = append(d, cell)
	}
	slices.Sort(d)
	return slices.Compact(d), nil
}

// String lists them for people.
func (d Districts) String() string {
	codes := make([]string, len(d))
	for i, c := range d {
		codes[i] = string(c)
	}
	return strings.Join(codes, ", ")
}

// Districts are those the views hold; none is all there are.
func (v *Views) Districts() []grid.CellCode { return v.districts }

// districtDigits is how many digits of a cell's code tell its district.
const districtDigits = 6

// holds reports whether a cell lies in one of them.
func (d Districts) holds(cell string) bool {
	return len(d) == 0 || len(cell) >= districtDigits && slices.Contains(d, grid.CellCode(cell[:districtDigits]))
}

// Streams whose events concern every shard wherever they were recorded: people, departments and duties reach over
// districts. A duty over several cells comes from the stream of each, and the first one counts.
var everywhere = []string{"duties-", "person-", "department-"}

// concern reports whether the views of a shard apply a record; it is told without reading the event. What has no cell is
// everybody's, but for people's digests, which no shard can tell in full.
func (d Districts) concern(r *app.Record) bool {
	if len(d) == 0 {
		return true
	}
	if r.Meta.Cell == "" {
		return !strings.HasPrefix(r.Stream, "notices-")
	}
	return d.holds(r.Meta.Cell) || slices.ContainsFunc(everywhere, func(kind string) bool { return strings.HasPrefix(r.Stream, kind) })
}

// Holds refuses what these views cannot answer: a question about a cell in a district they do not hold, or, with no cell,
// about all districts together. The error is fault.Elsewhere with code district_elsewhere.
func (v *Views) Holds(cell grid.CellCode) error {
	switch {
	case v.districts.holds(string(cell)):
		return nil
	case len(cell) < districtDigits:
		return v.elsewhere("name a cell of one of them, or ask the node that holds all districts")
	}
	return v.elsewhere("ask a node that holds district " + string(cell[:districtDigits]))
}

func (v *Views) elsewhere(ask string) error {
	return fault.New(fault.Elsewhere, "district_elsewhere", "this node holds the districts %s only: %s", v.districts, ask)
}

// missing tells what the views have no row of: it is not there, or these views do not hold it.
func (v *Views) missing(ctx context.Context, what, id string) error {
	if len(v.districts) > 0 {
		records, err := v.log.Load(ctx, what+"-"+id, 0)
		if err != nil {
			return err
		}
		if err := v.holdsStream(records); err != nil {
			return err
		}
	}
	return fault.Missing(what, id)
}

// holdsStream refuses a question about a stream of another district. All of a stream is recorded in one.
func (v *Views) holdsStream(records []app.Record) error {
	if len(records) == 0 || records[0].Meta.Cell == "" {
		return nil
	}
	return v.Holds(grid.CellCode(records[0].Meta.Cell))
}
